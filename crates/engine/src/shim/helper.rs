//! The short-lived processes between the shim and a container: one per create, one per exec.
//!
//! A helper is a fork of the (single-threaded) shim. It goes into the container's groups and
//! network, does what libcontainer does to a whole process (change directory, drop dumpability)
//! where it hurts nobody, makes the container's process a child of the shim, and ends. Helpers
//! never return and never run destructors.

use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::PathBuf;

use libcontainer::container::builder::ContainerBuilder;
use libcontainer::syscall::syscall::SyscallType;

use super::caps;
use super::executor::{Workload, reset_signals};
use super::mounts;
use crate::cgroup::Cgroup;
use crate::image::user::ResolvedUser;
use crate::proto::Ulimit;
use crate::sys;

/// A running helper, as the shim sees it.
pub(super) struct Helper {
    pub(super) pid: i32,
    /// The container process's pid in decimal, or `!` and an error text; then a NUL.
    pub(super) result: OwnedFd,
}

/// What making a container's process takes.
pub(super) struct CreateJob<'a> {
    pub(super) name: &'a str,
    pub(super) cgroup: &'a Cgroup,
    pub(super) netns: BorrowedFd<'a>,
    pub(super) pidns: Option<BorrowedFd<'a>>,
    pub(super) userns: Option<BorrowedFd<'a>>,
    pub(super) rootfs: PathBuf,
    pub(super) bundle: PathBuf,
    /// Of the shim's own mounts.
    pub(super) base: PathBuf,
    pub(super) runtime_root: PathBuf,
    pub(super) ulimits: &'a [Ulimit],
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    pub(super) workload: Workload,
}

pub(super) fn create(job: CreateJob<'_>) -> io::Result<Helper> {
    let mut keep = vec![
        job.netns.as_raw_fd(),
        job.stdin.as_raw_fd(),
        job.stdout.as_raw_fd(),
        job.stderr.as_raw_fd(),
        job.workload.status_fd,
    ];
    keep.extend(job.userns.map(|fd| fd.as_raw_fd()));
    keep.extend(job.pidns.map(|fd| fd.as_raw_fd()));
    spawn(job.cgroup, keep, move || run_create(job))
}

/// Forks a helper into the cgroup; `work` gives the pid of the process it made.
fn spawn(cgroup: &Cgroup, mut keep: Vec<RawFd>, work: impl FnOnce() -> Result<i32, String>) -> io::Result<Helper> {
    let (read, write) = sys::pipe()?;
    sys::set_nonblocking(read.as_fd())?;
    let into = cgroup.v2_fd()?;
    // SAFETY: the shim is single-threaded.
    let pid = unsafe { sys::fork(into.as_ref().map(AsFd::as_fd), false)? };
    if pid != 0 {
        return Ok(Helper { pid, result: read });
    }
    keep.push(write.as_raw_fd());
    close_others(&mut keep);
    // The shim's protection is not for what it starts. Raising the score back is always allowed.
    let _ = fs::write("/proc/self/oom_score_adj", "0");
    let mut text = match cgroup.enter(into.is_some()) {
        Err(e) => format!("!cgroup: {e}"),
        Ok(()) => match work() {
            Ok(pid) => pid.to_string(),
            Err(text) => format!("!{text}"),
        },
    };
    // The container's init still holds this pipe: its end cannot be the signal.
    text.push('\0');
    let mut write = fs::File::from(write);
    let _ = write.write_all(text.as_bytes());
    // SAFETY: ends the fork without running the shim's destructors.
    unsafe { libc::_exit(0) }
}

fn run_create(job: CreateJob<'_>) -> Result<i32, String> {
    let step = |what: &'static str| move |e: io::Error| format!("{what}: {}", sys::strerror(&e));
    set_ulimits(job.ulimits).map_err(step("ulimits"))?;
    sys::setns(job.netns, libc::CLONE_NEWNET).map_err(step("join network namespace"))?;
    if let Some(pidns) = job.pidns {
        sys::setns(pidns, libc::CLONE_NEWPID).map_err(step("join pid namespace"))?;
    }
    mount_sysfs(&job.rootfs).map_err(step("mount /sys"))?;
    mounts::hide_cgroups(&job.base).map_err(step("hide control groups"))?;
    let container = ContainerBuilder::new(job.name.to_owned(), SyscallType::default())
        .with_root_path(&job.runtime_root)
        .map_err(|e| chain(&e))?
        .with_executor(job.workload)
        .with_stdin(job.stdin)
        .with_stdout(job.stdout)
        .with_stderr(job.stderr)
        .as_init(&job.bundle)
        .with_systemd(false)
        .with_detach(true)
        .as_sibling(true)
        .build()
        .map_err(|e| chain(&e))?;
    container.pid().map(|pid| pid.as_raw()).ok_or_else(|| "the runtime gave no process".to_owned())
}

/// An error with its causes, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = cause.source();
    }
    text
}

/// The container's own view of its network's devices. Only real root may make it, and only from
/// inside the network namespace.
fn mount_sysfs(rootfs: &std::path::Path) -> io::Result<()> {
    let dir = mounts::dir_in_root(rootfs, "sys")?;
    let target = PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd()));
    let flags = libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    sys::mount("sysfs", &target, "sysfs", flags, None)
}

fn set_ulimits(ulimits: &[Ulimit]) -> io::Result<()> {
    for limit in ulimits {
        let Some(resource) = super::spec::rlimit(&limit.name) else { continue };
        let value = libc::rlimit { rlim_cur: limit.soft, rlim_max: limit.hard };
        // SAFETY: `value` lives across the call.
        sys::check(i64::from(unsafe { libc::setrlimit(resource, &raw const value) }))?;
    }
    Ok(())
}

/// Closes every descriptor except the standard three and `keep`.
fn close_others(keep: &mut Vec<RawFd>) {
    keep.sort_unstable();
    keep.dedup();
    let mut next = 3u32;
    for fd in keep.iter().map(|fd| *fd as u32).filter(|fd| *fd >= 3).chain([u32::MAX]) {
        if fd > next {
            // SAFETY: no pointers; the fork never touches the descriptors it closes again.
            unsafe { libc::syscall(libc::SYS_close_range, next, fd - 1, 0) };
        }
        next = fd.saturating_add(1);
    }
}

/// What adding a process to a running container takes.
pub(super) struct ExecJob<'a> {
    pub(super) cgroup: &'a Cgroup,
    /// The container's first process, by pidfd: its namespaces are joined at once.
    pub(super) init: BorrowedFd<'a>,
    pub(super) userns: bool,
    pub(super) user: ResolvedUser,
    pub(super) working_dir: &'a str,
    pub(super) ulimits: &'a [Ulimit],
    pub(super) no_new_privileges: bool,
    pub(super) output: OwnedFd,
    pub(super) workload: Workload,
}

/// libcontainer's own way to add a process does not join the container's user namespace, so this
/// is ours: all namespaces in one call, then a child that is in the pid namespace too.
pub(super) fn exec(job: ExecJob<'_>) -> io::Result<Helper> {
    let keep = vec![job.init.as_raw_fd(), job.output.as_raw_fd(), job.workload.status_fd];
    spawn(job.cgroup, keep, move || run_exec(&job))
}

fn run_exec(job: &ExecJob<'_>) -> Result<i32, String> {
    let step = |what: &'static str| move |e: io::Error| format!("{what}: {}", sys::strerror(&e));
    set_ulimits(job.ulimits).map_err(step("ulimits"))?;
    let mut kinds = libc::CLONE_NEWNS | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS | libc::CLONE_NEWNET;
    kinds |= libc::CLONE_NEWCGROUP | libc::CLONE_NEWPID;
    if job.userns {
        kinds |= libc::CLONE_NEWUSER;
    }
    // Not dumpable before the container's processes can see this one.
    // SAFETY: plain prctl.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    sys::setns(job.init, kinds).map_err(step("join the container's namespaces"))?;
    // SAFETY: the helper is single-threaded; the child goes on to become the program.
    let pid = unsafe { sys::fork(None, true) }.map_err(step("fork"))?;
    if pid != 0 {
        return Ok(pid);
    }
    let text = match become_user(job) {
        Ok(()) => job.workload.become_program(),
        Err(text) => text,
    };
    job.workload.report(&text);
    // SAFETY: ends the fork without running destructors.
    unsafe { libc::_exit(126) }
}

fn become_user(job: &ExecJob<'_>) -> Result<(), String> {
    let step = |what: &'static str| move |e: io::Error| format!("{what}: {}", sys::strerror(&e));
    let check = |ret: libc::c_int| sys::check(i64::from(ret));
    reset_signals();
    let (uid, gid) = (job.user.uid, job.user.gid);
    let groups = &job.user.additional_gids;
    let cwd = sys::cstr(job.working_dir).map_err(step("working directory"))?;
    let setup = caps::CapSet::parse(&["SYS_ADMIN", "SETPCAP"]).unwrap_or_default();
    // SAFETY: plain system calls; every pointer is to a live value of this function.
    unsafe {
        check(libc::setsid()).map_err(step("setsid"))?;
        let null = OwnedFd::from_raw_fd(
            check(libc::open(c"/dev/null".as_ptr(), libc::O_RDWR)).map_err(step("/dev/null"))? as RawFd,
        );
        check(libc::dup2(null.as_raw_fd(), 0)).map_err(step("stdin"))?;
        check(libc::dup2(job.output.as_raw_fd(), 1)).map_err(step("stdout"))?;
        check(libc::dup2(job.output.as_raw_fd(), 2)).map_err(step("stderr"))?;
        libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        check(libc::setgroups(groups.len(), groups.as_ptr())).map_err(step("setgroups"))?;
        check(libc::prctl(libc::PR_SET_KEEPCAPS, 1, 0, 0, 0)).map_err(step("keep capabilities"))?;
        check(libc::setresgid(gid, gid, gid)).map_err(step("setgid"))?;
        check(libc::setresuid(uid, uid, uid)).map_err(step("setuid"))?;
        check(libc::prctl(libc::PR_SET_KEEPCAPS, 0, 0, 0, 0)).map_err(step("keep capabilities"))?;
        if job.no_new_privileges {
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)).map_err(step("no_new_privs"))?;
        }
    }
    caps::settle_effective(job.workload.caps.with(setup)).map_err(step("capabilities"))?;
    // SAFETY: a NUL-terminated path.
    check(unsafe { libc::chdir(cwd.as_ptr()) })
        .map_err(|e| format!("chdir to cwd (\"{}\"): {}", job.working_dir, sys::strerror(&e)))?;
    Ok(())
}
