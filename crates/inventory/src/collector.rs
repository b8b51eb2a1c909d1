//! Layers in, an inventory out.

use std::collections::BTreeMap;
use std::io::Read;

use crate::error::Error;
use crate::findings::Findings;
use crate::layer::tar::{Entry, EntryKind, TarError, TarReader};
use crate::layer::{self, Watch};
use crate::limits::{Limits, MAX_GAPS, MAX_LAYERS, MAX_LINK_CHANGES, MAX_OWNED_FILES};
use crate::model::{Gap, GapKind, Inventory};
use crate::readers;
use crate::tree::{Kept, Tree};
use crate::wanted::Reader;
use crate::{finish, paths};

/// Magic of an ELF file.
const ELF: [u8; 4] = [0x7f, b'E', b'L', b'F'];

/// Takes an image's layers bottom to top. Reading blocks: callers run it where that is
/// allowed.
#[derive(Debug)]
pub struct Collector {
    limits: Limits,
    tree: Tree,
    layers: Vec<String>,
    gaps: Vec<Gap>,
    left_out_gaps: usize,
    entries: u64,
    unpacked: u64,
}

impl Default for Collector {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector {
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub fn with_limits(limits: Limits) -> Self {
        Self {
            limits,
            tree: Tree::new(),
            layers: Vec::new(),
            gaps: Vec::new(),
            left_out_gaps: 0,
            entries: 0,
            unpacked: 0,
        }
    }

    /// Reads the next layer up. `layer` is what packages and gaps name it by (a digest or diff id); `media_type`
    /// is the descriptor's: compression is told by the bytes, whatever the type says.
    ///
    /// After an error the inventory lacks the rest of that layer, and says so in a gap; a caller that wants all or
    /// nothing stops. [`Error::Read`] is worth another try (with a new collector), [`Error::Damaged`] is not.
    pub fn add_layer(&mut self, layer: &str, media_type: &str, reader: impl Read) -> Result<(), Error> {
        if self.layers.len() >= MAX_LAYERS {
            return Err(Error::TooManyLayers { layer: layer.to_owned(), limit: MAX_LAYERS });
        }
        self.layers.push(layer.to_owned());
        let opened = layer::open(reader, media_type, self.limits, self.unpacked);
        let (archive, watch) = match opened {
            Ok(opened) => opened,
            Err(why) => {
                self.gap(GapKind::Unsupported, "", why);
                return Ok(());
            }
        };
        let outcome = self.walk(&mut TarReader::new(archive));
        self.unpacked = self.unpacked.saturating_add(watch.unpacked());
        let Err(fault) = outcome else { return Ok(()) };
        self.explain(layer, &watch, fault)
    }

    /// The inventory of the layers so far.
    pub fn finish(mut self) -> Inventory {
        if self.tree.is_dizzy() {
            let detail = format!("links to databases change more than {MAX_LINK_CHANGES} times");
            self.gaps.push(Gap { kind: GapKind::TooMany, layer: String::new(), path: String::new(), detail });
        }
        if self.left_out_gaps > 0 {
            let detail = format!("{} more gaps are not listed", self.left_out_gaps);
            self.gaps.push(Gap { kind: GapKind::TooMany, layer: String::new(), path: String::new(), detail });
        }
        finish::inventory(&self.tree, &self.layers, self.gaps)
    }

    /// Whose fault it is that the walk ended early.
    fn explain(&mut self, layer: &str, watch: &Watch, fault: Stop) -> Result<(), Error> {
        let fault = match fault {
            Stop::Cut(why) => {
                self.gap(GapKind::LayerCut, "", why);
                return Ok(());
            }
            Stop::Archive(fault) => fault,
        };
        if let Some(why) = watch.take_cut() {
            self.gap(GapKind::LayerCut, "", why);
            return Ok(());
        }
        self.gap(GapKind::LayerCut, "", format!("the rest of the layer could not be read: {fault}"));
        match watch.take_failure() {
            Some(source) => Err(Error::Read { layer: layer.to_owned(), source }),
            None => Err(Error::Damaged { layer: layer.to_owned(), reason: fault.to_string() }),
        }
    }

    fn walk<R: std::io::BufRead>(&mut self, archive: &mut TarReader<R>) -> Result<(), Stop> {
        while let Some(entry) = archive.next_entry()? {
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(Stop::Cut(format!("more than {} entries in all layers", self.limits.entries)));
            }
            self.entry(entry, archive)?;
        }
        Ok(())
    }

    fn entry<R: std::io::BufRead>(&mut self, entry: Entry, archive: &mut TarReader<R>) -> Result<(), Stop> {
        let Some(path) = paths::clean(&entry.path).and_then(|path| self.tree.resolve(&path, false)) else {
            let shown: String = entry.path.chars().take(200).collect();
            self.gap(GapKind::Damaged, &shown, "the path leaves the image, is too long, or its links loop".to_owned());
            return Ok(());
        };
        if path.is_empty() {
            return Ok(());
        }
        let layer = self.layer();
        let (parent, name) = paths::split(&path);
        if let Some(hidden) = name.strip_prefix(".wh.") {
            match hidden {
                ".wh..opq" => self.tree.remove_below(parent, layer),
                // aufs' own book-keeping.
                hidden if hidden.starts_with(".wh.") => {}
                hidden if parent.is_empty() => self.tree.remove(hidden, layer),
                hidden => self.tree.remove(&format!("{parent}/{hidden}"), layer),
            }
            return Ok(());
        }
        match entry.kind {
            EntryKind::Directory => self.tree.directory(&path),
            EntryKind::SymLink => {
                self.tree.clear(&path);
                self.tree.link(&path, layer, &entry.link);
            }
            EntryKind::HardLink => self.hard_link(&path, &entry.link),
            EntryKind::Other => drop(self.tree.clear(&path)),
            EntryKind::SparseFile => {
                self.tree.clear(&path);
                if self.tree.reader(&path).is_some() {
                    self.file_gap(path, GapKind::Unsupported, "the layer has it as a sparse file".to_owned());
                }
            }
            EntryKind::File => self.file(path, entry.size, archive)?,
        }
        Ok(())
    }

    fn hard_link(&mut self, path: &str, target: &str) {
        let target = paths::clean(target).and_then(|target| self.tree.resolve(&target, false));
        if target.as_deref() == Some(path) {
            return;
        }
        let source = target.as_ref().and_then(|target| self.tree.files().get(target)).cloned();
        self.tree.clear(path);
        let reader = self.tree.reader(path);
        match source {
            // A well-known name decides who reads a file; the bytes are read only once, by the first name.
            Some(kept) if reader.is_none_or(|reader| reader == kept.reader) => {
                self.put(path.to_owned(), Kept { layer: self.layer(), ..kept });
            }
            Some(_) => {}
            None => {
                let was_read = target.as_ref().and_then(|target| self.tree.reader(target)).is_some();
                if reader.is_some() && !was_read {
                    let why = format!("a hard link to {:.200}, which was not kept", target.unwrap_or_default());
                    self.file_gap(path.to_owned(), GapKind::BrokenLink, why);
                }
            }
        }
    }

    fn file<R: std::io::BufRead>(&mut self, path: String, size: u64, data: &mut TarReader<R>) -> Result<(), Stop> {
        let before = self.tree.clear(&path);
        let mut magic = Vec::new();
        let reader = match self.tree.reader(&path) {
            Some(reader) => reader,
            None if size < ELF.len() as u64 => return Ok(()),
            None => {
                let read = data.by_ref().take(ELF.len() as u64).read_to_end(&mut magic);
                read.map_err(TarError::Io)?;
                if magic != ELF {
                    return Ok(());
                }
                Reader::Elf
            }
        };
        let limit = reader.limit(&self.limits);
        if size > limit {
            self.file_gap(path, GapKind::FileTooLarge, format!("{size} bytes, the limit is {limit}"));
            return Ok(());
        }
        let mut content = magic.as_slice().chain(data.by_ref().take(reader.head().unwrap_or(u64::MAX)));
        let mut findings = readers::read(reader, &path, &mut content);
        if let Some(failure) = data.take_failure() {
            return Err(Stop::Archive(TarError::Io(failure)));
        }
        if reader == Reader::RpmLog && size > 0 {
            findings.fault(GapKind::Unsupported, format!("{size} bytes of a write-ahead log are not in the database"));
        }
        if !findings.is_empty() || self.tree.is_well_known(&path) {
            let package_layers = self.first_layers(&findings, before.as_ref());
            self.put(path, Kept { layer: self.layer(), reader, findings, package_layers });
        }
        Ok(())
    }

    /// A package that the earlier file at the same path had was not brought by this layer.
    fn first_layers(&self, now: &Findings, before: Option<&Kept>) -> Vec<u16> {
        let known: BTreeMap<_, u16> = before.map_or_else(BTreeMap::new, |before| {
            let packages = before.findings.packages.iter().zip(&before.package_layers);
            packages.map(|(package, layer)| ((&package.name, &package.version, &package.arch), *layer)).collect()
        });
        let layer_of = |package: &crate::model::Package| {
            known.get(&(&package.name, &package.version, &package.arch)).copied().unwrap_or_else(|| self.layer())
        };
        now.packages.iter().map(layer_of).collect()
    }

    fn put(&mut self, path: String, mut kept: Kept) {
        let files = self.tree.files().len() >= self.limits.kept_files;
        if files || self.tree.packages() + kept.findings.packages.len() > self.limits.packages {
            let what = if files { "files" } else { "packages" };
            let limit = if files { self.limits.kept_files } else { self.limits.packages };
            let detail = format!("left out, there are {limit} {what} already");
            return self.gap(GapKind::TooMany, &path, detail);
        }
        if self.tree.owned() + kept.findings.owned.len() > MAX_OWNED_FILES {
            kept.findings.owned.clear();
            let detail = format!("which files are whose is not kept for more than {MAX_OWNED_FILES} files");
            kept.findings.fault(GapKind::TooMany, detail);
        }
        self.tree.put(path, kept);
    }

    /// A gap that goes when an upper layer removes or replaces the file.
    fn file_gap(&mut self, path: String, kind: GapKind, detail: String) {
        let mut findings = Findings::default();
        findings.fault(kind, detail);
        let reader = self.tree.reader(&path).unwrap_or(Reader::Elf);
        self.put(path, Kept { layer: self.layer(), reader, findings, package_layers: Vec::new() });
    }

    fn gap(&mut self, kind: GapKind, path: &str, detail: String) {
        if self.gaps.len() >= MAX_GAPS {
            self.left_out_gaps += 1;
            return;
        }
        let layer = self.layers.last().cloned().unwrap_or_default();
        self.gaps.push(Gap { kind, layer, path: path.to_owned(), detail });
    }

    fn layer(&self) -> u16 {
        u16::try_from(self.layers.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }
}

/// Why a layer was not walked to its end.
#[derive(Debug)]
enum Stop {
    Cut(String),
    Archive(TarError),
}

impl From<TarError> for Stop {
    fn from(fault: TarError) -> Self {
        Self::Archive(fault)
    }
}
