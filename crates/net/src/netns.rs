//! Network namespaces: entering one for the length of a call, and keeping one alive by a bind mount
//! of its file (as `ip netns` does), so that it outlives the process that made it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::statfs::{NSFS_MAGIC, statfs};

use crate::{Error, Result};

const OWN: &str = "/proc/thread-self/ns/net";

/// Runs `work` on a thread of its own, which may change its namespace at will: it ends afterwards.
pub fn on_own_thread<T: Send + 'static>(subject: &str, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    std::thread::Builder::new()
        .name("netns".to_owned())
        .spawn(work)
        .map_err(|source| Error::Thread { subject: subject.to_owned(), source })?
        .join()
        .map_err(|_| Error::Worker(format!("the thread for {subject} panicked")))?
}

/// Runs `work` inside the namespace that is kept at `path`.
pub fn inside<T: Send + 'static>(path: &Path, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let file = File::open(path).map_err(|e| Error::file("open the namespace", path, e))?;
    let shown = path.to_owned();
    on_own_thread(&path.to_string_lossy(), move || {
        setns(&file, CloneFlags::CLONE_NEWNET).map_err(|e| Error::file("enter the namespace", shown, e.into()))?;
        work()
    })
}

/// Moves the calling thread into a new namespace. Only for threads of [`on_own_thread`].
pub fn enter_new(subject: &str) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|e| Error::kernel("make a network namespace for", subject, e.into()))
}

/// Keeps the calling thread's namespace alive at `path`, which must not exist yet.
pub fn pin(path: &Path) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| Error::file("create", path, e))?;
    mount(Some(OWN), path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .map_err(io::Error::from)
        .and_then(|()| File::open(path))
        .map_err(|e| {
            // Best effort: the error that matters is the one above.
            let _ = unpin(path);
            Error::file("mount the namespace at", path, e)
        })
}

/// Whether a namespace, not just a file, is at `path`.
pub fn is_pinned(path: &Path) -> bool {
    statfs(path).is_ok_and(|s| s.filesystem_type() == NSFS_MAGIC)
}

/// Lets go of the namespace at `path` and removes the file; nothing there is fine.
pub fn unpin(path: &Path) -> Result<()> {
    match umount2(path, MntFlags::MNT_DETACH) {
        Ok(()) | Err(Errno::EINVAL | Errno::ENOENT) => {}
        Err(e) => return Err(Error::file("unmount", path, e.into())),
    }
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", path, e)),
        _ => Ok(()),
    }
}

/// Writes a setting under `/proc/sys/net` of the calling thread's namespace; `None` where the
/// kernel does not have it.
pub fn sysctl(name: &str, value: &str) -> Result<Option<()>> {
    let path = format!("/proc/sys/net/{name}");
    match fs::write(&path, value) {
        Ok(()) => Ok(Some(())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::file("set", path, e)),
    }
}
