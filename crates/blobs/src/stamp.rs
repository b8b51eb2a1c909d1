//! How the filesystem engine knows, without reading a blob, that its file is as it was when it was hashed.
//!
//! After a file's bytes were compared with its digest it gets an extended attribute with its size, inode,
//! modification and change times. A file whose times no longer fit was touched since: it is hashed before
//! another byte of it is served. The change time is the kernel's own and cannot be set back, but writing the
//! attribute moves it, so it may be later by [`SLACK_NS`]; of files that it stamped itself a process remembers
//! the exact time. Whatever else touches a file (a restored backup, a chmod) costs one more hash and nothing
//! else. Where the filesystem has no such attributes what is remembered is all there is.
//!
//! What this cannot see is a medium that returns other bytes than were written; for that there is
//! [`crate::Blobs::verify`], which reads past the page cache.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::XattrFlags;

const NAME: &str = "user.gantry.verified";
/// Between reading a file's change time and the attribute's own change of it.
const SLACK_NS: i128 = 50_000_000;
/// How often stamping is tried again on a machine that is too busy to do it within the slack.
const TRIES: usize = 4;
/// Characters of a stamp: five numbers.
const MAX_STAMP: usize = 192;
/// Files remembered; beyond it all are forgotten, and what they carry counts.
const MAX_REMEMBERED: usize = 16 * 1024;

/// What is compared of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Traits {
    size: u64,
    inode: u64,
    modified_ns: i128,
    changed_ns: i128,
}

impl Traits {
    pub(crate) fn of(meta: &Metadata) -> Self {
        let ns = |secs: i64, nanos: i64| i128::from(secs) * 1_000_000_000 + i128::from(nanos);
        Self {
            size: meta.len(),
            inode: meta.ino(),
            modified_ns: ns(meta.mtime(), meta.mtime_nsec()),
            changed_ns: ns(meta.ctime(), meta.ctime_nsec()),
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The same bytes, as far as times tell; the name may have gone meanwhile.
    pub(crate) fn same_bytes(&self, other: &Self) -> bool {
        (self.size, self.inode, self.modified_ns) == (other.size, other.inode, other.modified_ns)
    }

    pub(crate) fn same_file(&self, other: &Self) -> bool {
        self.inode == other.inode
    }

    /// An error if the file's bytes may have been changed since: what was read of it is then not to be trusted.
    pub(crate) fn still(&self, file: &File) -> io::Result<()> {
        if self.same_bytes(&Self::of(&file.metadata()?)) {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "the blob's file was changed while it was read"))
    }

    fn write(&self) -> String {
        format!("1 {} {} {} {}", self.size, self.inode, self.modified_ns, self.changed_ns)
    }

    fn read(text: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(text).ok()?.split(' ');
        if words.next()? != "1" {
            return None;
        }
        let found = Self {
            size: words.next()?.parse().ok()?,
            inode: words.next()?.parse().ok()?,
            modified_ns: words.next()?.parse().ok()?,
            changed_ns: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(found)
    }

    /// `self` is a file now, `stamped` what it was when it was stamped.
    fn fits(&self, stamped: &Self) -> bool {
        self.same_bytes(stamped) && (0..=SLACK_NS).contains(&(self.changed_ns - stamped.changed_ns))
    }
}

/// What this process knows of the files that it stamped, by inode.
#[derive(Default)]
pub(crate) struct Stamps(Mutex<HashMap<u64, Traits>>);

impl Stamps {
    fn known(&self) -> MutexGuard<'_, HashMap<u64, Traits>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing has touched the file since its bytes were compared with its digest.
    pub(crate) fn is_proven(&self, file: &File, now: &Traits) -> bool {
        if let Some(known) = self.known().get(&now.inode).copied() {
            return known == *now;
        }
        let mut value = [0; MAX_STAMP];
        match rustix::fs::fgetxattr(file, NAME, &mut value) {
            Ok(len) => Traits::read(&value[..len.min(MAX_STAMP)]).is_some_and(|stamped| now.fits(&stamped)),
            Err(_) => false,
        }
    }

    /// Stamps a file whose bytes have just been compared, when it had the traits `seen`. A file that has
    /// changed meanwhile stays without.
    pub(crate) fn prove(&self, file: &File, seen: &Traits) -> io::Result<()> {
        for _ in 0..TRIES {
            let before = Traits::of(&file.metadata()?);
            let carries = rustix::fs::fsetxattr(file, NAME, before.write().as_bytes(), XattrFlags::empty()).is_ok();
            let after = Traits::of(&file.metadata()?);
            if !after.same_bytes(seen) {
                self.known().remove(&after.inode);
                return Ok(());
            }
            if !carries || after.fits(&before) {
                let mut known = self.known();
                if known.len() >= MAX_REMEMBERED {
                    known.clear();
                }
                known.insert(after.inode, after);
                return Ok(());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_back_and_nothing_else_is() {
        let traits = Traits { size: 7, inode: 8, modified_ns: -5, changed_ns: 1_800_000_000_000_000_000 };
        assert_eq!(Traits::read(traits.write().as_bytes()), Some(traits));
        for bad in ["", "1", "2 7 8 9 10", "1 7 8 9", "1 7 8 9 10 11", "1 7 8 9 x", "1  8 9 10"] {
            assert_eq!(Traits::read(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Traits::read(&[0xff; MAX_STAMP]), None);
    }

    #[test]
    fn a_later_or_earlier_change_does_not_fit() {
        let stamped = Traits { size: 7, inode: 8, modified_ns: 5, changed_ns: 1_000_000_000 };
        for (more, fits) in [(0, true), (SLACK_NS, true), (SLACK_NS + 1, false), (-1, false)] {
            let now = Traits { changed_ns: stamped.changed_ns + more, ..stamped };
            assert_eq!(now.fits(&stamped), fits, "{more}");
        }
        assert!(!Traits { size: 6, ..stamped }.fits(&stamped));
        assert!(!Traits { modified_ns: 6, ..stamped }.fits(&stamped));
        assert!(!Traits { inode: 9, ..stamped }.fits(&stamped));
    }
}
