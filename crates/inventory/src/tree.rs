//! The image's file tree as far as it matters: files that told something, and the links on the way to the
//! well-known ones. Upper layers replace, hide and remove as a container's root file system has it.

use std::collections::BTreeMap;

use crate::findings::Findings;
use crate::limits::{MAX_LINK_CHANGES, MAX_LINK_HOPS};
use crate::paths::{join, split};
use crate::wanted::{DPKG_INFO, DPKG_STATUS_D, Reader, WELL_KNOWN};

/// A file that told something.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// Index of the layer that has the file.
    pub(crate) layer: u16,
    pub(crate) reader: Reader,
    pub(crate) findings: Findings,
    /// For each package the layer that brought it: an earlier one where an earlier file at this path had it.
    pub(crate) package_layers: Vec<u16>,
}

#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, Kept>,
    links: BTreeMap<String, (u16, String)>,
    /// Well-known files and directories where the links really put them.
    aliases: BTreeMap<String, Reader>,
    status_d: String,
    info: String,
    packages: usize,
    owned: usize,
    link_changes: usize,
}

impl Tree {
    pub(crate) fn new() -> Self {
        let mut tree = Self::default();
        tree.follow_links();
        tree
    }

    pub(crate) fn files(&self) -> &BTreeMap<String, Kept> {
        &self.files
    }

    /// At a fixed place, or where a link puts one: remembered even when there is nothing in it.
    pub(crate) fn is_well_known(&self, path: &str) -> bool {
        self.aliases.contains_key(path)
    }

    pub(crate) fn packages(&self) -> usize {
        self.packages
    }

    pub(crate) fn owned(&self) -> usize {
        self.owned
    }

    /// Links on the way to a database changed too often to be followed any further.
    pub(crate) fn is_dizzy(&self) -> bool {
        self.link_changes > MAX_LINK_CHANGES
    }

    /// Who reads the file at `path`, which [`Tree::resolve`] gave.
    pub(crate) fn reader(&self, path: &str) -> Option<Reader> {
        if let Some(reader) = self.aliases.get(path) {
            return Some(*reader);
        }
        let (parent, name) = split(path);
        if parent == self.status_d {
            return Some(if name.ends_with(".md5sums") { Reader::DpkgFiles } else { Reader::Dpkg });
        }
        if parent == self.info {
            return name.ends_with(".list").then_some(Reader::DpkgFiles);
        }
        crate::wanted::by_name(path)
    }

    /// `path` with the links among its directories followed; with `last`, its last part too.
    pub(crate) fn resolve(&self, path: &str, last: bool) -> Option<String> {
        let mut path = path.to_owned();
        if self.links.is_empty() {
            return Some(path);
        }
        'hops: for _ in 0..MAX_LINK_HOPS {
            let ends = path.match_indices('/').map(|(at, _)| at).chain(last.then_some(path.len()));
            for end in ends {
                if let Some((_, target)) = self.links.get(&path[..end]) {
                    let rest = path[end..].trim_start_matches('/');
                    let base = join(&path[..end], target)?;
                    path =
                        [base.as_str(), rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
                    continue 'hops;
                }
            }
            return Some(path);
        }
        None
    }

    /// A directory comes to `path`: what is below stays.
    pub(crate) fn directory(&mut self, path: &str) {
        self.forget(path);
        if self.links.remove(path).is_some() {
            self.follow_links();
        }
    }

    /// Anything but a directory comes to `path`: what was there goes. Gives back the file that was.
    pub(crate) fn clear(&mut self, path: &str) -> Option<Kept> {
        self.remove_below(path, u16::MAX);
        if self.links.remove(path).is_some() {
            self.follow_links();
        }
        self.forget(path)
    }

    pub(crate) fn put(&mut self, path: String, kept: Kept) {
        self.packages += kept.findings.packages.len();
        self.owned += kept.findings.owned.len();
        self.files.insert(path, kept);
    }

    pub(crate) fn link(&mut self, path: &str, layer: u16, target: &str) {
        if self.is_watched(path) {
            self.links.insert(path.to_owned(), (layer, target.to_owned()));
            self.follow_links();
        }
    }

    /// A whiteout: what layers before `layer` have at `path` is gone.
    pub(crate) fn remove(&mut self, path: &str, layer: u16) {
        self.remove_below(path, layer);
        if self.files.get(path).is_some_and(|kept| kept.layer < layer) {
            self.forget(path);
        }
        if self.links.get(path).is_some_and(|(of, _)| *of < layer) {
            self.links.remove(path);
            self.follow_links();
        }
    }

    /// An opaque directory: what layers before `layer` have below `path` is gone.
    pub(crate) fn remove_below(&mut self, path: &str, layer: u16) {
        let gone: Vec<String> =
            below(&self.files, path).filter(|(_, kept)| kept.layer < layer).map(|(path, _)| path.clone()).collect();
        for path in gone {
            self.forget(&path);
        }
        let gone: Vec<String> =
            below(&self.links, path).filter(|(_, (of, _))| *of < layer).map(|(path, _)| path.clone()).collect();
        if !gone.is_empty() {
            for path in gone {
                self.links.remove(&path);
            }
            self.follow_links();
        }
    }

    /// The well-known files that are links, or behind one, and where they lead.
    pub(crate) fn well_known_links(&self) -> impl Iterator<Item = (&'static str, Reader, u16, Option<String>)> {
        WELL_KNOWN.iter().filter_map(|(path, reader)| {
            let (layer, _) = self.links.get(*path)?;
            Some((*path, *reader, *layer, self.resolve(path, true)))
        })
    }

    fn forget(&mut self, path: &str) -> Option<Kept> {
        let kept = self.files.remove(path)?;
        self.packages -= kept.findings.packages.len();
        self.owned -= kept.findings.owned.len();
        Some(kept)
    }

    /// On the way to something well known, as far as the links so far lead.
    fn is_watched(&self, path: &str) -> bool {
        let leads_to =
            |known: &str| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        WELL_KNOWN.iter().any(|(known, _)| leads_to(known))
            || leads_to(DPKG_STATUS_D)
            || leads_to(DPKG_INFO)
            || self.aliases.keys().any(|known| leads_to(known))
            || leads_to(&self.status_d)
    }

    fn follow_links(&mut self) {
        self.link_changes += 1;
        if self.is_dizzy() {
            return;
        }
        let resolved = WELL_KNOWN.iter().filter_map(|(path, reader)| Some((self.resolve(path, true)?, *reader)));
        // A link of one kind of file to another's place does not change who reads that.
        let mut aliases: BTreeMap<String, Reader> = resolved.collect();
        aliases.extend(WELL_KNOWN.iter().map(|(path, reader)| ((*path).to_owned(), *reader)));
        self.aliases = aliases;
        let directory = |path: &str| self.resolve(path, true).unwrap_or_else(|| path.to_owned());
        (self.status_d, self.info) = (directory(DPKG_STATUS_D), directory(DPKG_INFO));
    }
}

/// Entries whose path is inside of the directory `path`; all of them for the root.
fn below<'a, T>(map: &'a BTreeMap<String, T>, path: &str) -> Box<dyn Iterator<Item = (&'a String, &'a T)> + 'a> {
    if path.is_empty() {
        return Box::new(map.iter());
    }
    // '0' comes right after '/'.
    Box::new(map.range(format!("{path}/")..format!("{path}0")))
}
