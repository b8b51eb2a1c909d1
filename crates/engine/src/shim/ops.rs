//! What a server may ask of a shim.

use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::caps::CapSet;
use super::container::{Container, Phase, Waiter};
use super::executor::Workload;
use super::helper::{self, CreateJob, ExecJob};
use super::logs::LogWriter;
use super::mounts;
use super::poll::{Closing, ExecRun, PendingHelper, Purpose, Sandbox, Shim, fail};
use super::spec::{self, Staged};
use super::userns;
use crate::image::user::{self, MAX_FILE_BYTES, ResolvedUser};
use crate::proto::{Answer, CreateOp, ExecOp, Failure, FailureKind, InitOp, Op};
use crate::remove::remove_tree;
use crate::sys;

/// Containers of one sandbox (a task definition has at most 10, a pod some more).
const MAX_CONTAINERS: usize = 64;
/// Processes being added to one sandbox's containers at once.
const MAX_EXECS: usize = 64;
/// A helper that takes longer hangs.
const HELPER_DEADLINE_MS: i64 = 30_000;
const SHUTDOWN_DEADLINE_MS: i64 = 20_000;

type Outcome = Result<Option<Answer>, Failure>;

impl Shim {
    pub(super) fn serve(&mut self, waiter: Waiter, op: Op) {
        let outcome: Outcome = match op {
            Op::Init(init) => self.init(*init).map(|()| Some(Answer::Done)),
            Op::Create(create) => self.create(waiter, *create).map(|()| None),
            Op::Start { name } => self.start(waiter, &name).map(|()| None),
            Op::Kill { name, signal } => self.kill(&name, signal).map(|()| Some(Answer::Done)),
            Op::Exec(exec) => self.exec(waiter, *exec).map(|()| None),
            Op::Stats { name } => self.stats(name.as_deref()).map(Some),
            Op::Remove { name } => self.remove(&name).map(|()| Some(Answer::Done)),
            Op::AckLog { name, offset } => self.ack(&name, offset).map(|()| Some(Answer::Done)),
            Op::Status => Ok(Some(Answer::State(self.state()))),
            Op::Shutdown => {
                self.shutdown(waiter);
                Ok(None)
            }
        };
        match outcome {
            Ok(Some(answer)) => self.reply(waiter, Ok(answer)),
            Ok(None) => {}
            Err(failure) => self.reply(waiter, Err(failure)),
        }
    }

    fn init(&mut self, init: InitOp) -> Result<(), Failure> {
        if self.sandbox.is_some() {
            return fail(FailureKind::Exists, "the shim has a sandbox already");
        }
        let netns = fs::File::open(&init.netns).map_err(io_failure("open network namespace"))?.into();
        let cgroup = self.tree.group(&init.cgroup);
        cgroup.create().map_err(io_failure("create cgroup"))?;
        cgroup.apply(&init.limits).map_err(io_failure("set the sandbox's limits"))?;
        let userns = match init.userns {
            Some(range) => Some(userns::create(range).map_err(|e| Failure {
                kind: FailureKind::Unsupported,
                text: format!("user namespace: {}", sys::strerror(&e)),
            })?),
            None => None,
        };
        let owner = init.userns.map_or(0, |u| u.host_start);
        for (file, text) in
            [("resolv.conf", &init.resolv_conf), ("hosts", &init.hosts), ("hostname", &format!("{}\n", init.hostname))]
        {
            let path = self.mounts.path("etc").join(file);
            fs::write(&path, text)
                .and_then(|()| sys::lchown(&path, owner, owner))
                .map_err(io_failure("write etc files"))?;
        }
        self.sandbox = Some(Sandbox { init, cgroup, netns, userns });
        self.save();
        Ok(())
    }

    fn container(&mut self, name: &str) -> Result<&mut Container, Failure> {
        self.containers
            .get_mut(name)
            .ok_or_else(|| Failure { kind: FailureKind::NotFound, text: format!("no such container: {name}") })
    }

    fn create(&mut self, waiter: Waiter, op: CreateOp) -> Result<(), Failure> {
        if self.containers.contains_key(&op.name) {
            return fail(FailureKind::Exists, format!("container {} already exists", op.name));
        }
        if self.containers.len() >= MAX_CONTAINERS || self.closing.is_some() {
            return fail(FailureKind::State, format!("no more than {MAX_CONTAINERS} containers, none while closing"));
        }
        if op.share_pid {
            return fail(FailureKind::Unsupported, "a process namespace shared by the task");
        }
        let name = op.name.clone();
        let made = self.make(waiter, op);
        if made.is_err() {
            self.discard(&name);
        }
        made
    }

    /// Everything up to the helper's start; what is half made is undone by the caller.
    fn make(&mut self, waiter: Waiter, mut op: CreateOp) -> Result<(), Failure> {
        let Some(sandbox) = &self.sandbox else { return fail(FailureKind::State, "the shim has no sandbox yet") };
        let name = op.name.clone();
        let caps = CapSet::parse(&op.caps)
            .map_err(|name| Failure { kind: FailureKind::Invalid, text: format!("unknown capability {name}") })?;
        let cgroup = sandbox.cgroup.child(&name);
        cgroup.create().map_err(io_failure("create cgroup"))?;
        cgroup.apply(&op.limits).map_err(io_failure("set limits"))?;
        let filtered = cgroup.restrict_devices().map_err(io_failure("restrict devices"))?;
        let userns = sandbox.userns.as_ref().map(AsFd::as_fd);
        let owner = sandbox.init.userns.map_or(0, |u| u.host_start);
        let layers = self.mounts.layers(&op.layers, userns).map_err(io_failure("mount layers"))?;
        let rootfs = self.mounts.overlay(&name, &layers, owner).map_err(io_failure("mount root file system"))?;
        let user = resolve_user(&rootfs, &op.user).map_err(|text| Failure { kind: FailureKind::CannotStart, text })?;
        let hostname = op.hostname.clone().unwrap_or_else(|| sandbox.init.hostname.clone());
        op.env = spec::complete_env(&op.env, &user.home, &hostname);
        let caps = if userns.is_none() && !filtered {
            // Without a device filter, making nodes would open the host's disks.
            caps.without(CapSet::parse(&["MKNOD"]).unwrap_or_default())
        } else {
            caps
        };
        let staged = self.stage(&op, &cgroup, owner)?;
        if !op.working_dir.is_empty() && op.working_dir != "/" {
            make_working_dir(&rootfs, &op.working_dir, owner, &user)
                .map_err(|text| Failure { kind: FailureKind::CannotStart, text })?;
        }
        let bundle = self.mounts.path("c").join(&name);
        let setup_caps = caps.with(CapSet::parse(&["SYS_ADMIN", "SETPCAP"]).unwrap_or_default());
        let config = spec::build(&spec::Inputs {
            op: &op,
            user: &user,
            rootfs: &rootfs,
            hostname: &hostname,
            userns_fd: userns.map(|fd| fd.as_raw_fd()),
            setup_caps,
            staged: &staged,
        });
        fs::write(bundle.join("config.json"), config.to_string()).map_err(io_failure("write configuration"))?;
        let logs = LogWriter::create(&self.mounts.path("s").join("containers").join(&name).join("logs"), op.log)
            .map_err(io_failure("create log"))?;
        let (status_read, status_write) = nonblocking_pipe()?;
        let (out_read, out_write) = nonblocking_pipe()?;
        let (err_read, err_write) = nonblocking_pipe()?;
        let stdin = fs::File::open("/dev/null").map_err(io_failure("open /dev/null"))?;
        // The container's user must be able to open its own /dev/stdout again.
        for fd in [&out_write, &err_write] {
            let (uid, gid) = (owner.saturating_add(user.uid), owner.saturating_add(user.gid));
            // SAFETY: no pointers. A failure only costs the program a reopen.
            unsafe { libc::fchown(fd.as_raw_fd(), uid, gid) };
        }
        let helper = helper::create(CreateJob {
            name: &name,
            cgroup: &cgroup,
            netns: sandbox.netns.as_fd(),
            pidns: None,
            userns,
            rootfs,
            bundle,
            base: self.mounts.path(""),
            runtime_root: self.mounts.path("rt"),
            ulimits: &op.ulimits,
            stdin: stdin.into(),
            stdout: out_write,
            stderr: err_write,
            workload: Workload {
                args: op.args.clone(),
                env: op.env.clone(),
                caps,
                status_fd: status_write.as_raw_fd(),
                init: op.init,
            },
        })
        .map_err(io_failure("start helper"))?;
        drop(status_write);
        let container = Container {
            phase: Phase::Creating(waiter),
            cgroup,
            pid: 0,
            pidfd: None,
            started_at: None,
            exit: None,
            logs,
            pipes: [Some(out_read), Some(err_read)],
            status: Some(status_read),
            status_text: Vec::new(),
            log_told: 0,
            op,
        };
        self.containers.insert(name.clone(), container);
        self.add_helper(helper, Purpose::Create { name });
        Ok(())
    }

    fn add_helper(&mut self, helper: helper::Helper, purpose: Purpose) {
        let id = self.id();
        let deadline_ms = sys::monotonic_ms() + HELPER_DEADLINE_MS;
        self.helpers.insert(id, PendingHelper { helper, text: Vec::new(), deadline_ms, purpose });
    }

    /// Files and volumes of a container, put where its init can bind them.
    fn stage(&self, op: &CreateOp, cgroup: &crate::cgroup::Cgroup, owner: u32) -> Result<Vec<Staged>, Failure> {
        let mut staged = Vec::new();
        let etc = self.mounts.path("etc");
        let own = self.mounts.path("c").join(&op.name);
        for (file, text) in
            [("hosts", op.extra_hosts.as_str()), ("resolv.conf", op.resolv_conf.as_deref().unwrap_or(""))]
        {
            if text.is_empty() {
                continue;
            }
            let shared =
                if file == "hosts" { fs::read_to_string(etc.join(file)).unwrap_or_default() } else { String::new() };
            let path = own.join(file);
            fs::write(&path, shared + text)
                .and_then(|()| sys::lchown(&path, owner, owner))
                .map_err(io_failure("write etc files"))?;
        }
        for file in ["resolv.conf", "hosts", "hostname"] {
            let destination = Path::new("/etc").join(file);
            if op.mounts.iter().any(|m| m.destination == destination) {
                continue;
            }
            let source = if own.join(file).exists() { own.join(file) } else { etc.join(file) };
            staged.push(Staged { source, destination, read_only: false });
        }
        self.stage_cgroups(cgroup, &mut staged).map_err(io_failure("show cgroups"))?;
        for (i, mount) in op.mounts.iter().enumerate() {
            let source = self.mounts.stage(&mount.source, &op.name, i).map_err(|e| Failure {
                kind: FailureKind::CannotStart,
                text: format!(
                    "error while creating mount source path '{}': {}",
                    mount.source.display(),
                    sys::strerror(&e)
                ),
            })?;
            staged.push(Staged { source, destination: mount.destination.clone(), read_only: mount.read_only });
        }
        Ok(staged)
    }

    /// A read-only view of the container's own groups, from which runtimes learn their limits.
    fn stage_cgroups(&self, cgroup: &crate::cgroup::Cgroup, staged: &mut Vec<Staged>) -> io::Result<()> {
        let root = Path::new("/sys/fs/cgroup");
        let places = cgroup.places();
        if let [(hierarchy, dir)] = &places[..]
            && hierarchy.v2
        {
            staged.push(Staged { source: dir.clone(), destination: root.to_owned(), read_only: true });
            return Ok(());
        }
        let frame = self.mounts.path("cg");
        let named: Vec<(String, std::path::PathBuf)> = places
            .into_iter()
            .filter(|(h, _)| !h.v2)
            .flat_map(|(h, dir)| h.controllers.into_iter().map(move |c| (c, dir.clone())))
            .collect();
        for (controller, _) in &named {
            fs::create_dir_all(frame.join(controller))?;
        }
        staged.push(Staged { source: frame, destination: root.to_owned(), read_only: true });
        for (controller, dir) in named {
            staged.push(Staged { source: dir, destination: root.join(controller), read_only: true });
        }
        Ok(())
    }

    fn start(&mut self, waiter: Waiter, name: &str) -> Result<(), Failure> {
        let socket = self.mounts.path("rt").join(name).join("notify.sock");
        let container = self.container(name)?;
        if container.phase != Phase::Created {
            return fail(FailureKind::State, format!("container {name} was started already"));
        }
        let mut stream = UnixStream::connect(socket).map_err(io_failure("reach the container's init"))?;
        stream.write_all(b"start").map_err(io_failure("start"))?;
        container.phase = Phase::Starting(waiter);
        Ok(())
    }

    fn kill(&mut self, name: &str, signal: i32) -> Result<(), Failure> {
        if !(1..=64).contains(&signal) {
            return fail(FailureKind::Invalid, format!("signal {signal}"));
        }
        let container = self.container(name)?;
        let Some(pidfd) = &container.pidfd else {
            return fail(FailureKind::State, format!("container {name} is not running"));
        };
        match sys::pidfd_send_signal(pidfd.as_fd(), signal) {
            Err(e) if e.raw_os_error() == Some(libc::ESRCH) => {
                fail(FailureKind::State, format!("container {name} is not running"))
            }
            Err(e) => Err(io_failure("kill")(e)),
            Ok(()) => Ok(()),
        }
    }

    fn exec(&mut self, waiter: Waiter, op: ExecOp) -> Result<(), Failure> {
        if self.execs.len() >= MAX_EXECS {
            return fail(FailureKind::State, format!("{MAX_EXECS} processes are being run already"));
        }
        let userns = self.sandbox.as_ref().is_some_and(|s| s.userns.is_some());
        let rootfs = self.mounts.path("c").join(&op.name).join("rootfs");
        let container = self.container(&op.name)?;
        let Some(pidfd) = container.pidfd.as_ref().filter(|_| container.phase == Phase::Running) else {
            return fail(FailureKind::State, format!("container {} is not running", op.name));
        };
        let user_spec = op.user.as_deref().unwrap_or(&container.op.user);
        let user = resolve_user(&rootfs, user_spec).map_err(|text| Failure { kind: FailureKind::CannotStart, text })?;
        let caps = CapSet::parse(&container.op.caps).unwrap_or_default();
        let mut env: Vec<String> = container.op.env.clone();
        for entry in &op.env {
            let key = entry.split('=').next();
            env.retain(|e| e.split('=').next() != key);
            env.push(entry.clone());
        }
        let (status_read, status_write) = nonblocking_pipe()?;
        let (out_read, out_write) = nonblocking_pipe()?;
        let own_dir = if container.op.working_dir.is_empty() { "/" } else { &container.op.working_dir };
        let helper = helper::exec(ExecJob {
            cgroup: &container.cgroup,
            init: pidfd.as_fd(),
            userns,
            user,
            working_dir: op.working_dir.as_deref().unwrap_or(own_dir),
            ulimits: &container.op.ulimits,
            no_new_privileges: container.op.no_new_privileges,
            output: out_write,
            workload: Workload { args: op.args, env, caps, status_fd: status_write.as_raw_fd(), init: false },
        })
        .map_err(io_failure("start helper"))?;
        drop(status_write);
        let exec = self.id();
        let timeout_ms = i64::try_from(op.timeout_ms).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
        self.execs.insert(
            exec,
            ExecRun {
                waiter,
                pid: None,
                output: Some(out_read),
                text: Vec::new(),
                limit: op.output_limit,
                truncated: false,
                status: Some(status_read),
                status_text: Vec::new(),
                deadline_ms: sys::monotonic_ms() + timeout_ms,
                timed_out: false,
                code: None,
            },
        );
        self.add_helper(helper, Purpose::Exec { exec });
        Ok(())
    }

    fn stats(&mut self, name: Option<&str>) -> Result<Answer, Failure> {
        let usage = match (name, &self.sandbox) {
            (Some(name), _) => self.container(name)?.cgroup.usage(),
            (None, Some(sandbox)) => sandbox.cgroup.usage(),
            (None, None) => return fail(FailureKind::State, "the shim has no sandbox yet"),
        };
        Ok(Answer::Stats(usage))
    }

    fn remove(&mut self, name: &str) -> Result<(), Failure> {
        let container = self.container(name)?;
        match container.phase {
            Phase::Exited => {}
            Phase::Created => {
                // Never started: its init waits for a word that will not come.
                container.cgroup.kill();
                container.phase = Phase::Exited;
            }
            _ => return fail(FailureKind::State, format!("container {name} is running")),
        }
        self.discard(name);
        self.save();
        Ok(())
    }

    /// Undoes a container that has no process any more, log included.
    pub(super) fn discard(&mut self, name: &str) {
        self.mounts.release(name);
        let cgroup = match self.containers.remove(name) {
            Some(c) => Some(c.cgroup),
            None => self.sandbox.as_ref().map(|s| s.cgroup.child(name)),
        };
        if let Some(cgroup) = cgroup {
            // A killed process leaves its group a moment after it was reaped.
            for _ in 0..50 {
                match cgroup.remove() {
                    Ok(true) => break,
                    _ => std::thread::sleep(std::time::Duration::from_millis(1)),
                }
            }
        }
        let _ = remove_tree(&self.mounts.path("s").join("containers").join(name));
    }

    fn ack(&mut self, name: &str, offset: u64) -> Result<(), Failure> {
        self.container(name)?.logs.ack(offset);
        Ok(())
    }

    fn shutdown(&mut self, waiter: Waiter) {
        self.kill_all();
        self.closing = Some(Closing { waiter, until_ms: sys::monotonic_ms() + SHUTDOWN_DEADLINE_MS });
    }
}

pub(super) fn io_failure(what: &'static str) -> impl Fn(io::Error) -> Failure {
    move |e| Failure { kind: FailureKind::Io, text: format!("{what}: {}", sys::strerror(&e)) }
}

/// A pipe whose reading end does not block: (read, write).
fn nonblocking_pipe() -> Result<(OwnedFd, OwnedFd), Failure> {
    let make = || {
        let (read, write) = sys::pipe()?;
        sys::set_nonblocking(read.as_fd())?;
        Ok((read, write))
    };
    make().map_err(io_failure("make a pipe"))
}

fn resolve_user(rootfs: &Path, spec: &str) -> Result<ResolvedUser, String> {
    let passwd = mounts::read_in_root(rootfs, "etc/passwd", MAX_FILE_BYTES);
    let group = mounts::read_in_root(rootfs, "etc/group", MAX_FILE_BYTES);
    user::resolve(spec, &passwd, &group)
}

/// Docker makes a working directory that the image does not have, as root.
fn make_working_dir(rootfs: &Path, dir: &str, owner: u32, _user: &ResolvedUser) -> Result<(), String> {
    if !dir.starts_with('/') {
        return Err(format!("the working directory '{dir}' is invalid, it needs to be an absolute path"));
    }
    let mut walked = String::new();
    for part in dir.split('/').filter(|p| !p.is_empty() && *p != ".") {
        if part == ".." {
            return Ok(());
        }
        if !walked.is_empty() {
            walked.push('/');
        }
        walked.push_str(part);
        match mounts::make_dir_in_root(rootfs, &walked, owner) {
            Ok(()) => {}
            Err(e) => return Err(format!("mkdir {dir}: {}", sys::strerror(&e))),
        }
    }
    Ok(())
}
