//! A minimal init for containers that ask for one (`initProcessEnabled`): reaps orphans, passes
//! signals on, and ends with the program's own exit code.

use std::os::fd::RawFd;

/// Forks. The child returns and goes on to become the program; the parent stays as init and never
/// returns. On failure the caller goes on without an init, which is what it would have been.
pub(super) fn split(status_fd: RawFd) {
    // Block everything before the fork, so that no signal falls between it and the loop.
    // SAFETY: the sets are initialised before use; the process is single-threaded.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let child = libc::fork();
        if child <= 0 {
            libc::sigprocmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
            if child == 0 {
                libc::setpgid(0, 0);
            }
            return;
        }
        libc::close(status_fd);
        libc::syscall(libc::SYS_close_range, 0, u32::MAX, 0);
        run(child, &all)
    }
}

fn run(child: libc::pid_t, all: &libc::sigset_t) -> ! {
    loop {
        // SAFETY: `all` is an initialised set; a null siginfo is allowed.
        let signal = unsafe { libc::sigwaitinfo(all, std::ptr::null_mut()) };
        if signal == libc::SIGCHLD {
            loop {
                let mut status = 0;
                // SAFETY: `status` is a valid out pointer.
                let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
                if pid <= 0 {
                    break;
                }
                if pid == child {
                    let code =
                        if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) };
                    // SAFETY: ends the process; the kernel kills the rest of the pid namespace.
                    unsafe { libc::_exit(code) }
                }
            }
        } else if signal > 0 {
            // SAFETY: no pointers; `child` has not been reaped.
            unsafe { libc::kill(child, signal) };
        }
    }
}
