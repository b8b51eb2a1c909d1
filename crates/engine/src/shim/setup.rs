//! Turning a fresh process into a shim: own session, group, mount namespace and socket. All of it
//! happens before a sandbox is known, so that warm shims have it behind them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::conn::Conn;
use super::mounts::{Mounts, set_mode};
use super::poll::Shim;
use crate::cgroup::CgroupTree;
use crate::proto::SOCKET;
use crate::sys;

/// What a shim must know before it knows its sandbox; in the sandbox's directory.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Boot {
    /// The group shims live in, below each hierarchy's root.
    pub(crate) shims_cgroup: PathBuf,
}

pub(crate) const BOOT: &str = "boot.json";

/// The kernel kills nearly anything before a shim, which would take its containers with it.
const OOM_SCORE_ADJ: &str = "-900";

pub(super) fn prepare(dir: &Path) -> io::Result<Shim> {
    let state_dir = sys::open_dir(dir)?;
    let boot: Boot = serde_json::from_slice(&fs::read(dir.join(BOOT))?)?;
    let control = take_control().map_err(at("take the control socket"))?;
    become_daemon().map_err(at("become a daemon"))?;
    let tree = CgroupTree::detect().map_err(at("find cgroups"))?;
    let shims = tree.group(boot.shims_cgroup);
    shims.create().map_err(at("make the shims' cgroup"))?;
    shims.enter(false).map_err(at("enter the shims' cgroup"))?;
    let _ = fs::write("/proc/self/oom_score_adj", OOM_SCORE_ADJ);
    // By descriptor: a warm shim's directory is renamed when it gets its sandbox.
    let socket = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", state_dir.as_raw_fd()));
    let _ = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).map_err(at("bind the socket"))?;
    set_mode(&socket, 0o600)?;
    listener.set_nonblocking(true)?;
    let state_path = fs::canonicalize(dir)?;
    let mounts = Mounts::isolate(state_dir.as_fd(), &state_path).map_err(at("set up mounts"))?;
    let tree = mounts.adopt_cgroups(tree).map_err(at("take over cgroups"))?;
    let mut conns = BTreeMap::new();
    // The engine waits for this before it renames the directory.
    let mut control = control;
    io::Write::write_all(&mut control, b"\n")?;
    conns.insert(0, Conn::new(control)?);
    Ok(Shim {
        mounts,
        tree,
        sandbox: None,
        containers: BTreeMap::new(),
        helpers: BTreeMap::new(),
        execs: BTreeMap::new(),
        conns,
        listener,
        signals: signal_fd()?,
        strays: HashMap::new(),
        next_id: 1,
        closing: None,
    })
}

/// Names the step that failed.
fn at(step: &'static str) -> impl Fn(io::Error) -> io::Error {
    move |e| io::Error::new(e.kind(), format!("{step}: {e}"))
}

/// Standard input is the engine's socket: move it away and put /dev/null there.
fn take_control() -> io::Result<UnixStream> {
    // SAFETY: plain descriptor calls; the result of F_DUPFD_CLOEXEC is owned by nobody else.
    unsafe {
        let fd = sys::check(i64::from(libc::fcntl(0, libc::F_DUPFD_CLOEXEC, 3)))? as RawFd;
        let control = OwnedFd::from_raw_fd(fd);
        let null = sys::check(i64::from(libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC)))? as RawFd;
        let null = OwnedFd::from_raw_fd(null);
        for fd in [0, 1] {
            sys::check(i64::from(libc::dup2(null.as_raw_fd(), fd)))?;
        }
        Ok(UnixStream::from(control))
    }
}

fn become_daemon() -> io::Result<()> {
    // SAFETY: plain calls without pointers, but for a null group list of length zero.
    unsafe {
        // Fails only for a process group leader, which then is its own session already.
        libc::setsid();
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        libc::prctl(libc::PR_SET_NAME, c"gantry-shim".as_ptr());
        libc::umask(0o022);
        sys::check(i64::from(libc::setgroups(0, std::ptr::null())))?;
    }
    std::env::set_current_dir("/")
}

fn signal_fd() -> io::Result<OwnedFd> {
    // SAFETY: the set is initialised before use; the new descriptor is owned by nobody else.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        // The others end a session, not a shim: its orders come over the socket.
        for signal in [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            libc::sigaddset(&raw mut set, signal);
        }
        sys::check(i64::from(libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut())))?;
        let fd = libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC);
        Ok(OwnedFd::from_raw_fd(sys::check(i64::from(fd))? as RawFd))
    }
}
