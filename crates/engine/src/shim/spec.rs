//! The OCI runtime configuration of a container, as `config.json` for libcontainer.
//! Follows <https://github.com/opencontainers/runtime-spec/blob/main/config.md>.
//!
//! Absent on purpose: cgroup resources (the shim sets them), the network namespace (the process is
//! in it already), seccomp (see [`super::executor`]), rlimits (set before the user namespace).

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::caps::CapSet;
use crate::image::user::ResolvedUser;
use crate::proto::CreateOp;

/// Kernel interfaces that are hidden from containers, as Docker's default.
const MASKED: [&str; 12] = [
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];

const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// A file or directory staged by the shim, to be bound into the container.
pub(super) struct Staged {
    pub(super) source: PathBuf,
    pub(super) destination: PathBuf,
    pub(super) read_only: bool,
}

pub(super) struct Inputs<'a> {
    pub(super) op: &'a CreateOp,
    pub(super) user: &'a ResolvedUser,
    pub(super) rootfs: &'a Path,
    pub(super) hostname: &'a str,
    pub(super) userns_fd: Option<i32>,
    /// Held until the filter is on: what the program gets, and what installing the filter takes.
    pub(super) setup_caps: CapSet,
    pub(super) staged: &'a [Staged],
}

pub(super) fn build(inputs: &Inputs<'_>) -> Value {
    let op = inputs.op;
    let caps = inputs.setup_caps.names();
    let mut namespaces = vec![json!({"type": "mount"}), json!({"type": "ipc"}), json!({"type": "uts"})];
    if !op.share_pid {
        namespaces.push(json!({"type": "pid"}));
    }
    namespaces.push(json!({"type": "cgroup"}));
    if let Some(fd) = inputs.userns_fd {
        namespaces.push(json!({"type": "user", "path": format!("/proc/self/fd/{fd}")}));
    }
    let cwd = if op.working_dir.is_empty() { "/" } else { &op.working_dir };
    let sysctl: serde_json::Map<String, Value> =
        op.sysctls.iter().map(|(k, v)| (k.clone(), Value::String(v.clone()))).collect();
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": {"uid": inputs.user.uid, "gid": inputs.user.gid, "additionalGids": inputs.user.additional_gids},
            "args": op.args,
            "env": op.env,
            "cwd": cwd,
            "capabilities": {"bounding": caps, "effective": caps, "permitted": caps},
            "noNewPrivileges": op.no_new_privileges,
            "oomScoreAdj": 0,
        },
        "root": {"path": inputs.rootfs, "readonly": op.read_only_rootfs},
        "hostname": inputs.hostname,
        "mounts": mounts(inputs),
        "linux": {
            "namespaces": namespaces,
            // Nowhere: the shim has put the process where it belongs. Were a mount found after all, the
            // groups of this name would be nobody else's.
            "cgroupsPath": "/gantry-unused",
            "sysctl": sysctl,
            "maskedPaths": MASKED,
            "readonlyPaths": READ_ONLY,
        },
    })
}

fn mounts(inputs: &Inputs<'_>) -> Vec<Value> {
    let tmpfs = |destination: &Path, options: Vec<String>| json!({"destination": destination, "type": "tmpfs", "source": "tmpfs", "options": options});
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let shm = format!("nosuid noexec nodev mode=1777 size={}", inputs.op.shm_bytes);
    let mut list = vec![
        json!({"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]}),
        tmpfs(Path::new("/dev"), words("nosuid strictatime mode=755 size=65536k")),
        json!({"destination": "/dev/pts", "type": "devpts", "source": "devpts",
               "options": words("nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5")}),
        tmpfs(Path::new("/dev/shm"), words(&shm)),
        json!({"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
               "options": ["nosuid", "noexec", "nodev"]}),
    ];
    for mount in inputs.staged {
        let mut options = vec!["bind", "rprivate"];
        if mount.read_only {
            options.push("ro");
        }
        list.push(
            json!({"destination": mount.destination, "type": "bind", "source": mount.source, "options": options}),
        );
    }
    for mount in &inputs.op.tmpfs {
        let mut options = words("nosuid nodev noexec");
        options.push(format!("size={}", mount.size_bytes));
        options.retain(|o| !mount.options.iter().any(|m| opposite(m) == Some(o)));
        options.extend(mount.options.iter().filter(|o| !o.is_empty() && *o != "defaults").cloned());
        list.push(tmpfs(&mount.destination, options));
    }
    list
}

fn opposite(option: &str) -> Option<&'static str> {
    match option {
        "exec" => Some("noexec"),
        "dev" => Some("nodev"),
        "suid" => Some("nosuid"),
        _ => None,
    }
}

/// Environment with what Docker adds when it is missing.
pub(super) fn complete_env(env: &[String], home: &str, hostname: &str) -> Vec<String> {
    let has = |key: &str| env.iter().any(|e| e.split('=').next() == Some(key));
    let mut full = Vec::with_capacity(env.len() + 3);
    if !has("PATH") {
        full.push(format!("PATH={}", super::executor::DEFAULT_PATH));
    }
    if !has("HOSTNAME") {
        full.push(format!("HOSTNAME={hostname}"));
    }
    full.extend(env.iter().cloned());
    if !has("HOME") {
        full.push(format!("HOME={home}"));
    }
    full
}

/// ECS's and Docker's names of resource limits.
pub(crate) fn rlimit(name: &str) -> Option<u32> {
    Some(match name {
        "core" => libc::RLIMIT_CORE,
        "cpu" => libc::RLIMIT_CPU,
        "data" => libc::RLIMIT_DATA,
        "fsize" => libc::RLIMIT_FSIZE,
        "locks" => libc::RLIMIT_LOCKS,
        "memlock" => libc::RLIMIT_MEMLOCK,
        "msgqueue" => libc::RLIMIT_MSGQUEUE,
        "nice" => libc::RLIMIT_NICE,
        "nofile" => libc::RLIMIT_NOFILE,
        "nproc" => libc::RLIMIT_NPROC,
        "rss" => libc::RLIMIT_RSS,
        "rtprio" => libc::RLIMIT_RTPRIO,
        "rttime" => libc::RLIMIT_RTTIME,
        "sigpending" => libc::RLIMIT_SIGPENDING,
        "stack" => libc::RLIMIT_STACK,
        _ => return None,
    })
}
