//! Removing trees that somebody else has filled.
//!
//! A container can nest directories as deep as its disk allows, far deeper than a path, a stack or
//! a table of descriptors reaches. [`std::fs::remove_dir_all`] recurses with an open descriptor per
//! level: on such a tree it fails for want of descriptors, or overflows the stack and takes the
//! whole server with it. Here a directory that lies too deep is moved up to the top first.

use std::ffi::{CStr, CString};
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::sys;

/// Levels that are walked down before directories are moved up.
const MAX_DEPTH: usize = 32;

/// Removes `path` and everything below it; nothing there is fine. Links are removed, not followed.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    let root = match open_child(None, &sys::cstr(path)?) {
        Ok(root) => root,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) if matches!(e.raw_os_error(), Some(libc::ENOTDIR | libc::ELOOP)) => return fs::remove_file(path),
        Err(e) => return Err(e),
    };
    Remover { root: root.as_fd(), moved: 0 }.empty(root.as_fd(), 0)?;
    fs::remove_dir(path)
}

struct Remover<'a> {
    root: BorrowedFd<'a>,
    /// Directories moved up so far; makes their names.
    moved: u64,
}

impl Remover<'_> {
    /// Looks until nothing is there: what is moved up turns up at the top again.
    fn empty(&mut self, dir: BorrowedFd<'_>, depth: usize) -> io::Result<()> {
        loop {
            let mut found = false;
            for entry in fs::read_dir(format!("/proc/self/fd/{}", dir.as_raw_fd()))? {
                found = true;
                let name = CString::new(entry?.file_name().as_bytes()).map_err(io::Error::other)?;
                self.remove(dir, &name, depth)?;
            }
            if !found {
                return Ok(());
            }
        }
    }

    fn remove(&mut self, dir: BorrowedFd<'_>, name: &CStr, depth: usize) -> io::Result<()> {
        match unlink(dir, name, 0) {
            Err(e) if matches!(e.raw_os_error(), Some(libc::EISDIR | libc::EPERM)) => {}
            other => return other,
        }
        match unlink(dir, name, libc::AT_REMOVEDIR) {
            Err(e) if matches!(e.raw_os_error(), Some(libc::ENOTEMPTY | libc::EEXIST)) => {}
            other => return other,
        }
        if depth >= MAX_DEPTH {
            return self.move_up(dir, name);
        }
        let child = open_child(Some(dir), name)?;
        self.empty(child.as_fd(), depth + 1)?;
        drop(child);
        unlink(dir, name, libc::AT_REMOVEDIR)
    }

    fn move_up(&mut self, dir: BorrowedFd<'_>, name: &CStr) -> io::Result<()> {
        loop {
            self.moved += 1;
            let target = sys::cstr(format!(".gone-{}", self.moved))?;
            // SAFETY: NUL-terminated names in open directories.
            let ret = unsafe { libc::renameat(dir.as_raw_fd(), name.as_ptr(), self.root.as_raw_fd(), target.as_ptr()) };
            match sys::check(i64::from(ret)) {
                // Somebody has used the name: the next one.
                Err(e) if matches!(e.raw_os_error(), Some(libc::ENOTEMPTY | libc::EEXIST | libc::ENOTDIR)) => {}
                other => return other.map(drop),
            }
        }
    }
}

fn unlink(dir: BorrowedFd<'_>, name: &CStr, flags: libc::c_int) -> io::Result<()> {
    // SAFETY: a NUL-terminated name in an open directory.
    sys::check(i64::from(unsafe { libc::unlinkat(dir.as_raw_fd(), name.as_ptr(), flags) })).map(drop)
}

fn open_child(dir: Option<BorrowedFd<'_>>, name: &CStr) -> io::Result<OwnedFd> {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    let at = dir.map_or(libc::AT_FDCWD, |dir| dir.as_raw_fd());
    // SAFETY: a NUL-terminated name and an open directory or the current one.
    sys::owned(i64::from(unsafe { libc::openat(at, name.as_ptr(), flags) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deeper than a thread's stack or a process's descriptors reach.
    const DEEP: usize = 3_000;

    #[test]
    fn a_tree_of_any_depth_goes() {
        let tmp = tempfile::tempdir().unwrap();
        let top = tmp.path().join("top");
        fs::create_dir(&top).unwrap();
        fs::create_dir(tmp.path().join("kept")).unwrap();
        fs::write(tmp.path().join("kept/file"), "x").unwrap();
        std::os::unix::fs::symlink(tmp.path().join("kept"), top.join("link")).unwrap();
        fs::write(top.join(".gone-1"), "in the way").unwrap();
        fs::create_dir_all(top.join(".gone-2/full")).unwrap();
        let mut at = open_child(None, &sys::cstr(&top).unwrap()).unwrap();
        for level in 0..DEEP {
            // SAFETY: a static name in an open directory.
            sys::check(i64::from(unsafe { libc::mkdirat(at.as_raw_fd(), c"d".as_ptr(), 0o700) })).unwrap();
            at = open_child(Some(at.as_fd()), c"d").unwrap();
            if level % 1000 == 0 {
                fs::write(format!("/proc/self/fd/{}/f", at.as_raw_fd()), "x").unwrap();
            }
        }
        drop(at);
        // As small as the stacks of blocking threads, or smaller.
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        thread.spawn(move || remove_tree(&top)).unwrap().join().unwrap().unwrap();
        assert!(!tmp.path().join("top").exists());
        assert!(tmp.path().join("kept/file").exists(), "a link was followed");
        remove_tree(&tmp.path().join("top")).unwrap();
        remove_tree(&tmp.path().join("kept/file")).unwrap();
        assert!(!tmp.path().join("kept/file").exists());
    }
}
