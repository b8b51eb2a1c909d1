//! One user namespace per sandbox, mapped to a range of host ids that belongs to it alone.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use crate::proto::UidRange;
use crate::sys;

/// Makes the namespace and maps it. It lives as long as the returned descriptor or a process in it.
pub(super) fn create(range: UidRange) -> io::Result<OwnedFd> {
    let (ready_read, ready_write) = sys::pipe()?;
    let (done_read, done_write) = sys::pipe()?;
    // SAFETY: the shim is single-threaded; the child only makes system calls and ends.
    let child = unsafe { sys::fork(None, false)? };
    if child == 0 {
        holder(ready_read, ready_write, done_read, done_write);
    }
    drop(ready_write);
    drop(done_read);
    let made = map(child, range, &ready_read);
    drop(done_write);
    let mut status = 0;
    // SAFETY: `status` is a valid out pointer, `child` is ours and ends once `done_write` is closed.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    made
}

fn holder(ready_read: OwnedFd, ready_write: OwnedFd, done_read: OwnedFd, done_write: OwnedFd) -> ! {
    // Keep only this side of the pipes; ending without destructors is what a forked child does.
    drop(ready_read);
    drop(done_write);
    let mut byte = [0u8; 1];
    let failed = sys::unshare(libc::CLONE_NEWUSER).err().and_then(|e| e.raw_os_error()).unwrap_or(0);
    // SAFETY: one byte from and into valid buffers; then the process ends.
    unsafe {
        libc::write(ready_write.as_raw_fd(), [failed as u8].as_ptr().cast(), 1);
        libc::read(done_read.as_raw_fd(), byte.as_mut_ptr().cast(), 1);
        libc::_exit(0)
    }
}

fn map(child: i32, range: UidRange, ready: &OwnedFd) -> io::Result<OwnedFd> {
    let mut byte = [0u8; 1];
    // SAFETY: one byte into a valid buffer.
    let n = unsafe { libc::read(ready.as_raw_fd(), byte.as_mut_ptr().cast(), 1) };
    if n != 1 {
        return Err(io::Error::other("the namespace's first process ended early"));
    }
    if byte[0] != 0 {
        return Err(io::Error::from_raw_os_error(i32::from(byte[0])));
    }
    let line = format!("0 {} {}\n", range.host_start, range.len);
    fs::write(format!("/proc/{child}/uid_map"), &line)?;
    fs::write(format!("/proc/{child}/gid_map"), &line)?;
    Ok(fs::File::open(format!("/proc/{child}/ns/user"))?.into())
}
