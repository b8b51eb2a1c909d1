//! Putting a layer's archive on disk as an overlayfs lower directory.
//!
//! Nothing outside the target directory is touched whatever the archive says: paths are walked by
//! `openat2(RESOLVE_BENEATH)`, `..` and absolute paths are refused outright, and links are made,
//! never followed, when they are an entry's last component. Whiteouts become overlayfs's own
//! (character device 0/0, `trusted.overlay.opaque`), as
//! <https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts> defines them.

use std::ffi::{CStr, CString};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use super::tar::{Entry, Kind, TarError, TarReader};
use crate::sys;

/// Entries of one layer.
pub(crate) const MAX_ENTRIES: u64 = 2_000_000;
/// Longest path component, as the kernel has it.
const MAX_COMPONENT_BYTES: usize = 255;
/// Directories whose times are set at the end.
const MAX_DIRECTORIES: usize = 500_000;

/// What came out of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unpacked {
    pub(crate) entries: u64,
    /// Bytes of file content.
    pub(crate) bytes: u64,
}

/// Unpacks the archive into `target`, an empty directory, as root.
pub(crate) fn unpack<R: Read>(tar: &mut TarReader<R>, target: &Path) -> Result<Unpacked, TarError> {
    let root = sys::open_dir(target)?;
    let mut unpacker = Unpacker { root, parent: None, directories: Vec::new(), buffer: vec![0; 128 << 10] };
    let mut done = Unpacked::default();
    while let Some(entry) = tar.next_entry()? {
        done.entries += 1;
        if done.entries > MAX_ENTRIES {
            return Err(TarError::Limit(format!("more than {MAX_ENTRIES} entries in a layer")));
        }
        done.bytes += entry.size;
        unpacker.entry(tar, &entry)?;
    }
    unpacker.finish()?;
    Ok(done)
}

struct Unpacker {
    root: OwnedFd,
    /// The directory of the entry before: archives are mostly in order.
    parent: Option<(Vec<u8>, OwnedFd)>,
    directories: Vec<(CString, i64)>,
    buffer: Vec<u8>,
}

impl Unpacker {
    fn entry<R: Read>(&mut self, tar: &mut TarReader<R>, entry: &Entry) -> Result<(), TarError> {
        let path = clean(&entry.path)?;
        let Some(name) = path.last().copied() else {
            // The root itself.
            if entry.kind == Kind::Directory {
                Self::set_attributes(self.root.as_fd(), c".", entry)?;
                self.remember(b".", entry.mtime_secs)?;
            }
            return Ok(());
        };
        let parents = path[..path.len() - 1].join(&b'/');
        let parent = self.open_parent(&parents)?;
        let result = self.place(tar, entry, parent.as_fd(), name, &path.join(&b'/'));
        self.parent = Some((parents, parent));
        result.map_err(|e| match e {
            TarError::Io(e) => named(&entry.path, e),
            other => other,
        })
    }

    fn place<R: Read>(
        &mut self,
        tar: &mut TarReader<R>,
        entry: &Entry,
        parent: BorrowedFd<'_>,
        name: &[u8],
        path: &[u8],
    ) -> Result<(), TarError> {
        if let Some(hidden) = name.strip_prefix(b".wh.") {
            return whiteout(parent, hidden);
        }
        let name = c_string(name)?;
        match entry.kind {
            Kind::Directory => {
                make_directory(parent, &name)?;
                Self::set_attributes(parent, &name, entry)?;
                self.remember(path, entry.mtime_secs)?;
            }
            Kind::File => self.write_file(tar, entry, parent, &name)?,
            Kind::Symlink => {
                clear(parent, &name)?;
                let link = c_string(&entry.link)?;
                // SAFETY: NUL-terminated strings and an open directory.
                check(unsafe { libc::symlinkat(link.as_ptr(), parent.as_raw_fd(), name.as_ptr()) })?;
                Self::set_attributes(parent, &name, entry)?;
                set_time(parent, &name, entry.mtime_secs)?;
            }
            Kind::HardLink => self.hard_link(entry, parent, &name)?,
            Kind::Fifo => {
                clear(parent, &name)?;
                // SAFETY: a NUL-terminated name in an open directory.
                check(unsafe { libc::mkfifoat(parent.as_raw_fd(), name.as_ptr(), 0o600) })?;
                Self::set_attributes(parent, &name, entry)?;
            }
            // Containers get the devices they may have in a /dev of their own.
            Kind::Device => {}
        }
        Ok(())
    }

    fn write_file<R: Read>(
        &mut self,
        tar: &mut TarReader<R>,
        entry: &Entry,
        parent: BorrowedFd<'_>,
        name: &CStr,
    ) -> Result<(), TarError> {
        clear(parent, name)?;
        let flags = libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY | libc::O_NOFOLLOW;
        let file = sys::openat2(parent, name, flags, 0o600, sys::RESOLVE_BENEATH | sys::RESOLVE_NO_SYMLINKS)?;
        let mut file = std::fs::File::from(file);
        loop {
            let n = tar.read_content(&mut self.buffer)?;
            if n == 0 {
                break;
            }
            io::Write::write_all(&mut file, &self.buffer[..n])?;
        }
        let fd = file.as_raw_fd();
        // SAFETY: calls on an open descriptor; the capability's pointer and length are its own.
        unsafe {
            check(libc::fchown(fd, entry.uid, entry.gid))?;
            // After the owner, whose change clears set-user-id.
            check(libc::fchmod(fd, entry.mode))?;
            if let Some(value) = &entry.capability {
                let key = c"security.capability";
                check(libc::fsetxattr(fd, key.as_ptr(), value.as_ptr().cast(), value.len(), 0))?;
            }
            check(libc::futimens(fd, times(entry.mtime_secs).as_ptr()))?;
        }
        Ok(())
    }

    fn hard_link(&self, entry: &Entry, parent: BorrowedFd<'_>, name: &CStr) -> Result<(), TarError> {
        let target = clean(&entry.link)?;
        let Some(last) = target.last() else {
            return Err(TarError::Malformed("a hard link to the root".to_owned()));
        };
        let dir = self.walk(&target[..target.len() - 1].join(&b'/')).map_err(|e| named(&entry.link, e))?;
        clear(parent, name)?;
        let last = c_string(last)?;
        // SAFETY: NUL-terminated names in open directories; flags 0 does not follow a link.
        let ret = unsafe { libc::linkat(dir.as_raw_fd(), last.as_ptr(), parent.as_raw_fd(), name.as_ptr(), 0) };
        check(ret).map_err(|e| named(&entry.link, e))
    }

    /// Opens a directory below the root. Links on the way may lead anywhere below it, not out.
    fn walk(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let path = if path.is_empty() { c".".to_owned() } else { sys::cstr(os(path))? };
        let resolve = sys::RESOLVE_BENEATH | sys::RESOLVE_NO_MAGICLINKS;
        sys::openat2(self.root.as_fd(), &path, libc::O_PATH | libc::O_DIRECTORY, 0, resolve)
    }

    fn open_parent(&mut self, path: &[u8]) -> Result<OwnedFd, TarError> {
        if let Some((known, fd)) = self.parent.take()
            && known == path
        {
            return Ok(fd);
        }
        match self.walk(path) {
            Ok(fd) => return Ok(fd),
            Err(e) if e.raw_os_error() == Some(libc::ENOENT) => {}
            Err(e) => return Err(named(path, e)),
        }
        // Archives may leave directories out: make them, level by level.
        let mut at = 0;
        loop {
            let end = path[at..].iter().position(|b| *b == b'/').map_or(path.len(), |i| at + i);
            let upto = &path[..end];
            if self.walk(upto).is_err() {
                let (dir, name) = match upto.iter().rposition(|b| *b == b'/') {
                    Some(i) => (self.walk(&upto[..i]).map_err(|e| named(path, e))?, &upto[i + 1..]),
                    None => (self.walk(b"").map_err(|e| named(path, e))?, upto),
                };
                make_directory(dir.as_fd(), &c_string(name)?).map_err(|e| named(path, e))?;
            }
            if end == path.len() {
                return self.walk(path).map_err(|e| named(path, e));
            }
            at = end + 1;
        }
    }

    fn set_attributes(parent: BorrowedFd<'_>, name: &CStr, entry: &Entry) -> io::Result<()> {
        let flags = libc::AT_SYMLINK_NOFOLLOW;
        // SAFETY: a NUL-terminated name in an open directory.
        unsafe {
            check(libc::fchownat(parent.as_raw_fd(), name.as_ptr(), entry.uid, entry.gid, flags))?;
            if entry.kind != Kind::Symlink {
                // The name was just made or is a directory: it is no link that could be followed.
                check(libc::fchmodat(parent.as_raw_fd(), name.as_ptr(), entry.mode, 0))?;
            }
        }
        Ok(())
    }

    fn remember(&mut self, path: &[u8], mtime_secs: i64) -> Result<(), TarError> {
        if self.directories.len() >= MAX_DIRECTORIES {
            return Err(TarError::Limit(format!("more than {MAX_DIRECTORIES} directories in a layer")));
        }
        self.directories.push((c_string(path)?, mtime_secs));
        Ok(())
    }

    /// Directories' times, last: making entries changed them. Parents were met before children, so
    /// backwards.
    fn finish(&mut self) -> io::Result<()> {
        let resolve = sys::RESOLVE_BENEATH | sys::RESOLVE_NO_SYMLINKS;
        for (path, mtime_secs) in self.directories.drain(..).rev() {
            // A later entry may have replaced the directory.
            if let Ok(fd) = sys::openat2(self.root.as_fd(), &path, libc::O_RDONLY | libc::O_DIRECTORY, 0, resolve) {
                // SAFETY: an open descriptor and two timespecs.
                check(unsafe { libc::futimens(fd.as_raw_fd(), times(mtime_secs).as_ptr()) })?;
            }
        }
        Ok(())
    }
}

/// Components of an archive path, `.` and empty ones left out.
fn clean(path: &[u8]) -> Result<Vec<&[u8]>, TarError> {
    let shown = || String::from_utf8_lossy(&path[..path.len().min(200)]).into_owned();
    if path.first() == Some(&b'/') {
        return Err(TarError::Malformed(format!("absolute path {:?} in the archive", shown())));
    }
    let mut parts = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(TarError::Malformed(format!("path {:?} climbs out of the archive", shown()))),
            _ if part.len() > MAX_COMPONENT_BYTES => {
                return Err(TarError::Limit(format!(
                    "a file name longer than {MAX_COMPONENT_BYTES} bytes: {:?}",
                    shown()
                )));
            }
            _ if part.contains(&0) => return Err(TarError::Malformed(format!("NUL in path {:?}", shown()))),
            _ => parts.push(part),
        }
    }
    Ok(parts)
}

fn whiteout(parent: BorrowedFd<'_>, hidden: &[u8]) -> Result<(), TarError> {
    if hidden == b".wh..opq" {
        let dir = std::path::PathBuf::from(format!("/proc/self/fd/{}", parent.as_raw_fd()));
        let dir = sys::cstr(dir)?;
        let (key, value) = (c"trusted.overlay.opaque", b"y");
        // SAFETY: NUL-terminated strings, and a value of the length given.
        let ret = unsafe { libc::setxattr(dir.as_ptr(), key.as_ptr(), value.as_ptr().cast(), 1, 0) };
        return check(ret).map_err(TarError::from);
    }
    if hidden.starts_with(b".wh.") {
        // Bookkeeping of aufs.
        return Ok(());
    }
    if matches!(hidden, b"" | b"." | b"..") {
        return Err(TarError::Malformed("a whiteout of nothing".to_owned()));
    }
    let name = c_string(hidden)?;
    // SAFETY: a NUL-terminated name in an open directory.
    match check(unsafe { libc::mknodat(parent.as_raw_fd(), name.as_ptr(), libc::S_IFCHR, 0) }) {
        // A whiteout hides what is below, not what this layer brings itself.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(TarError::from),
    }
}

/// Makes a directory unless one is there; anything else by that name goes.
fn make_directory(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    for _ in 0..2 {
        // SAFETY: a NUL-terminated name in an open directory.
        match check(unsafe { libc::mkdirat(parent.as_raw_fd(), name.as_ptr(), 0o755) }) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let flags = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW;
                if sys::openat2(parent, name, flags, 0, sys::RESOLVE_BENEATH | sys::RESOLVE_NO_SYMLINKS).is_ok() {
                    return Ok(());
                }
                clear(parent, name)?;
            }
            other => return other,
        }
    }
    Err(io::Error::from_raw_os_error(libc::EEXIST))
}

/// Takes away what an earlier entry of the same layer left by this name. A directory goes only if
/// it is empty.
fn clear(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
    // SAFETY: a NUL-terminated name in an open directory.
    match check(unsafe { libc::unlinkat(parent.as_raw_fd(), name.as_ptr(), 0) }) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) if e.raw_os_error() == Some(libc::EISDIR) => {
            // SAFETY: as above.
            check(unsafe { libc::unlinkat(parent.as_raw_fd(), name.as_ptr(), libc::AT_REMOVEDIR) })
        }
        other => other,
    }
}

fn set_time(parent: BorrowedFd<'_>, name: &CStr, mtime_secs: i64) -> io::Result<()> {
    let flags = libc::AT_SYMLINK_NOFOLLOW;
    // SAFETY: a NUL-terminated name in an open directory, and two timespecs.
    check(unsafe { libc::utimensat(parent.as_raw_fd(), name.as_ptr(), times(mtime_secs).as_ptr(), flags) })
}

fn times(secs: i64) -> [libc::timespec; 2] {
    let at = libc::timespec { tv_sec: secs, tv_nsec: 0 };
    [at, at]
}

fn check(ret: libc::c_int) -> io::Result<()> {
    sys::check(i64::from(ret)).map(drop)
}

fn os(bytes: &[u8]) -> &std::ffi::OsStr {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes)
}

fn c_string(bytes: &[u8]) -> Result<CString, TarError> {
    CString::new(bytes).map_err(|_| TarError::Malformed("NUL in a path".to_owned()))
}

/// Tells an archive that misbehaves from a disk that fails.
fn named(path: &[u8], e: io::Error) -> TarError {
    let shown = String::from_utf8_lossy(&path[..path.len().min(200)]).into_owned();
    match e.raw_os_error() {
        Some(libc::EXDEV) => TarError::Malformed(format!("path {shown:?} leads out of the archive through a link")),
        Some(
            libc::ELOOP | libc::ENOTDIR | libc::ENOENT | libc::EEXIST | libc::ENOTEMPTY | libc::EPERM | libc::EINVAL,
        ) => TarError::Malformed(format!("path {shown:?}: {}", sys::strerror(&e))),
        _ => TarError::Io(e),
    }
}
