//! Letting go of images and layers that no sandbox uses, so that the disk does not fill for ever.
//!
//! Pruning and pulling keep out of each other's way by a gate: pulls hold it together, pruning has
//! it alone or does not take place. What a sandbox was made from is marked in the sandbox's own
//! directory before its container is made, and so is known after a restart too.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gantry_base::Timestamp;

use super::Image;
use super::pull::ImageStore;
use crate::error::{Error, IoContext, Result};
use crate::remove::remove_tree;

/// Where a sandbox's directory says what its containers were made from.
const MARKS: &str = "images";

/// When images go that no sandbox uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrunePolicy {
    /// Whatever nobody has used for so long.
    pub max_idle: Duration,
    /// While all layers together have more bytes than this, the longest unused go first...
    pub max_bytes: u64,
    /// ...but none that was used within this time: a container may be about to be made from it.
    pub min_idle: Duration,
}

impl Default for PrunePolicy {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        // The least age is that of the ECS agent's own clean-up (`ECS_IMAGE_MINIMUM_CLEANUP_AGE`).
        Self { max_idle: 7 * DAY, max_bytes: 40 << 30, min_idle: Duration::from_hours(1) }
    }
}

/// What pruning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    pub images: usize,
    pub layers: usize,
    /// Bytes of the layers that went, as unpacked.
    pub freed_bytes: u64,
    /// Bytes of the layers that are left.
    pub left_bytes: u64,
}

struct Kept {
    path: PathBuf,
    digest: String,
    idle: Duration,
    layers: Vec<PathBuf>,
}

impl ImageStore {
    /// Marks the image as what a container of the sandbox in `dir` is made from, and makes sure that
    /// it is still whole.
    pub(crate) async fn hold(&self, dir: &Path, image: &Image) -> Result<()> {
        let _open = self.gate.read().await;
        let marks = dir.join(MARKS);
        // Not its parent: a sandbox that was destroyed must not come back as a directory.
        match fs::create_dir(&marks) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            other => other.during("make", marks.display())?,
        }
        let mark = marks.join(hex_part(image.digest()));
        let names = image.inner.layer_dirs.iter().filter_map(|dir| dir.file_name()?.to_str());
        fs::write(&mark, names.collect::<Vec<_>>().join("\n")).during("write", mark.display())?;
        match image.inner.layer_dirs.iter().find(|dir| !dir.is_dir()) {
            Some(_) => Err(Error::NotFound { kind: "image on this host any more", name: image.digest().to_owned() }),
            None => Ok(()),
        }
    }

    /// Removes what the policy lets go. `None`: a pull is under way, and nothing was looked at.
    pub(crate) fn prune(&self, policy: &PrunePolicy, sandboxes: &Path, now: Timestamp) -> Result<Option<Pruned>> {
        let mut doomed = Vec::new();
        let pruned = {
            let Ok(_alone) = self.gate.try_write() else { return Ok(None) };
            self.decide(policy, &held(sandboxes)?, now, &mut doomed)?
        };
        for dir in doomed {
            remove_tree(&dir).during("remove", dir.display())?;
        }
        Ok(Some(pruned))
    }

    /// Takes images' records away and puts layers aside, into `doomed`.
    fn decide(&self, policy: &PrunePolicy, held: &Held, now: Timestamp, doomed: &mut Vec<PathBuf>) -> Result<Pruned> {
        let mut images = self.kept_images(now)?;
        images.sort_by_key(|image| std::cmp::Reverse(image.idle));
        let mut users: HashMap<PathBuf, usize> = HashMap::new();
        let layers = self.root.join("layers");
        let mounted = held.layers.iter().map(|name| layers.join(name));
        for layer in images.iter().flat_map(|i| i.layers.iter().cloned()).chain(mounted) {
            *users.entry(layer).or_default() += 1;
        }
        let mut done = Pruned::default();
        let all = list(&layers)?;
        done.left_bytes = all.iter().map(|layer| self.size_of(layer)).sum();
        let mut unused: Vec<PathBuf> = Vec::new();
        for layer in all.iter().filter(|layer| !users.contains_key(*layer)) {
            // Left by a pull that failed, which may be about to be tried again.
            let since = fs::metadata(layer).map_or(i64::MAX, |m| m.ctime().saturating_mul(1000));
            if idle(since, now) >= policy.min_idle {
                unused.push(layer.clone());
            }
        }
        for layer in unused {
            self.put_aside(&layer, &mut done, doomed)?;
        }
        for image in images {
            let due = image.idle >= policy.max_idle || done.left_bytes > policy.max_bytes;
            if !due || image.idle < policy.min_idle || held.images.contains(hex_part(&image.digest)) {
                continue;
            }
            fs::remove_file(&image.path).during("remove", image.path.display())?;
            done.images += 1;
            for layer in &image.layers {
                let left = users.entry(layer.clone()).or_insert(1);
                *left = left.saturating_sub(1);
                if *left == 0 && layer.exists() {
                    self.put_aside(layer, &mut done, doomed)?;
                }
            }
        }
        Ok(done)
    }

    fn kept_images(&self, now: Timestamp) -> Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for path in list(&self.root.join("images"))? {
            let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let digest = format!("sha256:{stem}");
            let used = fs::metadata(&path).map_or(i64::MAX, |m| m.mtime().saturating_mul(1000));
            // One that is not whole has no layers to count; it is pulled again when it is wanted.
            let layers = self.find(&digest).map(|image| image.inner.layer_dirs.clone()).unwrap_or_default();
            let layers: HashSet<PathBuf> = layers.into_iter().collect();
            kept.push(Kept { path, digest, idle: idle(used, now), layers: layers.into_iter().collect() });
        }
        Ok(kept)
    }

    /// Out of the way first: a half-removed layer must not look whole.
    fn put_aside(&self, layer: &Path, done: &mut Pruned, doomed: &mut Vec<PathBuf>) -> Result<()> {
        let bytes = self.size_of(layer);
        let aside = self.tmp("gone");
        fs::rename(layer, &aside).during("remove", layer.display())?;
        let _ = fs::remove_file(self.size_path(layer));
        doomed.push(aside);
        done.layers += 1;
        done.freed_bytes += bytes;
        done.left_bytes = done.left_bytes.saturating_sub(bytes);
        Ok(())
    }

    fn size_path(&self, layer: &Path) -> PathBuf {
        self.root.join("sizes").join(layer.file_name().unwrap_or_default())
    }

    fn size_of(&self, layer: &Path) -> u64 {
        fs::read_to_string(self.size_path(layer)).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Remembers a layer's size, once it is in place. Without it the layer counts for nothing.
    pub(super) fn note_size(&self, layer: &Path, bytes: u64) {
        if let Err(error) = fs::write(self.size_path(layer), bytes.to_string()) {
            tracing::debug!(layer = %layer.display(), %error, "the size of a layer was not noted");
        }
    }
}

fn idle(since_ms: i64, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(now.millis().saturating_sub(since_ms)).unwrap_or(0))
}

fn hex_part(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let paths: io::Result<Vec<PathBuf>> =
        fs::read_dir(dir).and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect());
    paths.during("list", dir.display())
}

/// What sandboxes have containers of, by file names.
#[derive(Default)]
struct Held {
    images: HashSet<String>,
    /// Said again, for an image's record may be lost while its layers are mounted.
    layers: HashSet<String>,
}

/// An error is no "none": the caller must stop.
fn held(sandboxes: &Path) -> Result<Held> {
    let mut held = Held::default();
    for sandbox in list(sandboxes)? {
        let marks = sandbox.join(MARKS);
        match fs::read_dir(&marks) {
            Ok(entries) => {
                for mark in entries {
                    let mark = mark.during("list", marks.display())?;
                    held.images.insert(mark.file_name().to_string_lossy().into_owned());
                    // A sandbox that is being destroyed takes its marks along.
                    let text = fs::read_to_string(mark.path()).unwrap_or_default();
                    held.layers.extend(text.lines().map(str::to_owned));
                }
            }
            // It has no container yet, or went away just now.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e).during("list", marks.display()),
        }
    }
    Ok(held)
}
