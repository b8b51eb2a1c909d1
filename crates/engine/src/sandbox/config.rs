//! What callers say a sandbox and its containers should be.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cgroup::Limits;
use crate::error::{Error, Result};
use crate::image::Image;
use crate::proto::{BindMount, CreateOp, InitOp, LogMode, Tmpfs, UidRange, Ulimit};
use crate::seccomp::SeccompProfile;

/// Docker's and Fargate's default set.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_KernelCapabilities.html>
pub const DEFAULT_CAPABILITIES: [&str; 14] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

/// Docker's default size of `/dev/shm`.
const DEFAULT_SHM_BYTES: u64 = 64 << 20;
/// Longest id or name; they are file names and cgroup names.
const MAX_NAME_BYTES: usize = 255;

/// A sandbox to be made. The network namespace must exist; whoever made it ends it.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Letters, digits, `-`, `_` and `.`; unique on the host.
    pub id: String,
    pub hostname: String,
    pub netns: PathBuf,
    /// The whole sandbox's processors, in 1024ths (Fargate's `cpu`).
    pub cpu_quota: Option<u32>,
    pub memory_bytes: Option<u64>,
    pub pids_limit: Option<u32>,
    /// Run all containers in a user namespace of these host ids; wants kernel 5.19.
    pub userns: Option<UidRange>,
    pub dns: ResolvConf,
    /// Lines of `/etc/hosts` besides localhost.
    pub hosts: Vec<(IpAddr, Vec<String>)>,
}

impl SandboxConfig {
    pub fn new(id: impl Into<String>, netns: impl Into<PathBuf>) -> Self {
        let id = id.into();
        Self {
            hostname: id.clone(),
            id,
            netns: netns.into(),
            cpu_quota: None,
            memory_bytes: None,
            pids_limit: None,
            userns: None,
            dns: ResolvConf::default(),
            hosts: Vec::new(),
        }
    }
}

/// `/etc/resolv.conf`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvConf {
    pub nameservers: Vec<IpAddr>,
    pub search: Vec<String>,
    pub options: Vec<String>,
}

impl ResolvConf {
    fn text(&self) -> String {
        let mut text = String::new();
        for server in &self.nameservers {
            text += &format!("nameserver {server}\n");
        }
        for (word, list) in [("search", &self.search), ("options", &self.options)] {
            if !list.is_empty() {
                text += &format!("{word} {}\n", list.join(" "));
            }
        }
        text
    }
}

fn hosts_text(hosts: &[(IpAddr, Vec<String>)]) -> String {
    let mut text = String::new();
    for (address, names) in hosts {
        text += &format!("{address}\t{}\n", names.join(" "));
    }
    text
}

/// A container to be made. [`ContainerConfig::new`] fills in the image's and Docker's defaults.
#[derive(Clone, Debug)]
pub struct ContainerConfig {
    /// Letters, digits, `-`, `_` and `.`; unique in the sandbox.
    pub name: String,
    pub image: Image,
    /// The whole command; see [`crate::RunConfig::command`].
    pub args: Vec<String>,
    /// `NAME=value`; see [`crate::RunConfig::environment`].
    pub env: Vec<String>,
    /// `user[:group]`, names or numbers; empty is root.
    pub user: String,
    /// Absolute; made if the image does not have it. Empty is `/`.
    pub working_dir: String,
    pub read_only_rootfs: bool,
    pub tmpfs: Vec<Tmpfs>,
    pub mounts: Vec<BindMount>,
    pub ulimits: Vec<Ulimit>,
    /// Relative weight within the sandbox (ECS container `cpu`).
    pub cpu_shares: Option<u32>,
    /// Hard limit (ECS container `memory`).
    pub memory_limit: Option<u64>,
    /// ECS container `memoryReservation`.
    pub memory_reservation: Option<u64>,
    pub pids_limit: Option<u32>,
    /// The whole set, names with or without `CAP_`.
    pub caps: Vec<String>,
    pub seccomp: SeccompProfile,
    pub no_new_privileges: bool,
    /// Run a small init as the first process (ECS `initProcessEnabled`).
    pub init: bool,
    /// Not supported yet: refused when set.
    pub tty: bool,
    pub stop_signal: String,
    pub shm_bytes: u64,
    pub sysctls: Vec<(String, String)>,
    pub log: LogMode,
    /// Differs from the sandbox's if set.
    pub hostname: Option<String>,
    /// ECS `extraHosts`.
    pub extra_hosts: Vec<(IpAddr, Vec<String>)>,
    /// ECS `dnsServers` and `dnsSearchDomains`; instead of the sandbox's.
    pub dns: Option<ResolvConf>,
}

impl ContainerConfig {
    pub fn new(name: impl Into<String>, image: &Image) -> Self {
        let run = &image.config().config;
        Self {
            name: name.into(),
            args: run.command(None, None),
            env: run.env.clone(),
            user: run.user.clone(),
            working_dir: run.working_dir.clone(),
            stop_signal: run.stop_signal.clone(),
            image: image.clone(),
            read_only_rootfs: false,
            tmpfs: Vec::new(),
            mounts: Vec::new(),
            ulimits: Vec::new(),
            cpu_shares: None,
            memory_limit: None,
            memory_reservation: None,
            pids_limit: None,
            caps: DEFAULT_CAPABILITIES.iter().map(|c| (*c).to_owned()).collect(),
            seccomp: SeccompProfile::Default,
            no_new_privileges: false,
            init: false,
            tty: false,
            shm_bytes: DEFAULT_SHM_BYTES,
            sysctls: Vec::new(),
            log: LogMode::Blocking,
            hostname: None,
            extra_hosts: Vec::new(),
            dns: None,
        }
    }

    /// The signal that asks the container to end: `stop_signal` as a name or number, else SIGTERM.
    pub fn stop_signal_number(&self) -> i32 {
        signal_number(&self.stop_signal).unwrap_or(libc::SIGTERM)
    }

    pub(crate) fn wire(self) -> Result<CreateOp> {
        check_name("container name", &self.name)?;
        if self.tty {
            return Err(Error::Unsupported {
                feature: "a terminal (pseudoTerminal)",
                mend: "run the container without one".to_owned(),
            });
        }
        for path in self.tmpfs.iter().map(|t| &t.destination).chain(self.mounts.iter().map(|m| &m.destination)) {
            if !path.is_absolute() || path.components().any(|c| c == std::path::Component::ParentDir) {
                return Err(Error::Invalid {
                    what: "mount path",
                    reason: format!("{} is not absolute", path.display()),
                });
            }
        }
        if let Some(bad) = self.ulimits.iter().find(|u| crate::shim::rlimit(&u.name).is_none() || u.soft > u.hard) {
            return Err(Error::Invalid { what: "ulimit", reason: format!("{} {}:{}", bad.name, bad.soft, bad.hard) });
        }
        if let Some((bad, _)) = self.sysctls.iter().find(|(name, _)| !is_namespaced(name)) {
            return Err(Error::Invalid { what: "sysctl", reason: format!("{bad:?} is not one of a container's own") });
        }
        let SeccompProfile::Default = self.seccomp;
        Ok(CreateOp {
            name: self.name,
            layers: self.image.inner.layer_dirs.clone(),
            args: self.args,
            env: self.env,
            user: self.user,
            working_dir: self.working_dir,
            read_only_rootfs: self.read_only_rootfs,
            tmpfs: self.tmpfs,
            mounts: self.mounts,
            ulimits: self.ulimits,
            limits: Limits {
                cpu_quota: None,
                cpu_shares: self.cpu_shares,
                memory_bytes: self.memory_limit,
                memory_reservation_bytes: self.memory_reservation,
                pids: self.pids_limit,
            },
            caps: self.caps,
            no_new_privileges: self.no_new_privileges,
            shm_bytes: self.shm_bytes,
            sysctls: self.sysctls,
            log: self.log,
            hostname: self.hostname,
            share_pid: false,
            init: self.init,
            extra_hosts: hosts_text(&self.extra_hosts),
            resolv_conf: self.dns.map(|d| d.text()),
        })
    }
}

/// A process to be run inside a running container (health checks, ECS Exec).
#[derive(Clone, Debug)]
pub struct ExecConfig {
    pub args: Vec<String>,
    /// `NAME=value`, over the container's own.
    pub env: Vec<String>,
    /// Instead of the container's user.
    pub user: Option<String>,
    pub working_dir: Option<String>,
    pub timeout: std::time::Duration,
    /// Bytes of stdout and stderr that are kept.
    pub output_limit: usize,
}

impl ExecConfig {
    pub fn new<S: Into<String>>(args: impl IntoIterator<Item = S>) -> Self {
        Self {
            args: args.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            user: None,
            working_dir: None,
            timeout: std::time::Duration::from_secs(30),
            output_limit: 4096,
        }
    }
}

/// A sandbox as written in its directory, for a server that comes later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SandboxRecord {
    pub(crate) id: String,
    pub(crate) netns: PathBuf,
    pub(crate) cgroup: PathBuf,
    pub(crate) init: InitOp,
}

impl SandboxRecord {
    pub(crate) fn from_config(config: SandboxConfig, cgroup: PathBuf) -> Result<Self> {
        check_name("sandbox id", &config.id)?;
        if config.hostname.is_empty() || config.hostname.len() > 64 {
            return Err(Error::Invalid { what: "hostname", reason: format!("{:?}", config.hostname) });
        }
        let mut hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n".to_owned();
        hosts += &hosts_text(&config.hosts);
        let init = InitOp {
            id: config.id.clone(),
            hostname: config.hostname,
            netns: config.netns.clone(),
            cgroup: cgroup.clone(),
            limits: Limits {
                cpu_quota: config.cpu_quota,
                cpu_shares: None,
                memory_bytes: config.memory_bytes,
                memory_reservation_bytes: None,
                pids: config.pids_limit,
            },
            userns: config.userns,
            resolv_conf: config.dns.text(),
            hosts,
        };
        Ok(Self { id: config.id, netns: config.netns, cgroup, init })
    }
}

/// Whether a kernel parameter belongs to namespaces that a container has to itself. All others are
/// the host's: `kernel.core_pattern`, for one, names a program that the host runs.
fn is_namespaced(name: &str) -> bool {
    const IPC: [&str; 8] = [
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ];
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let own = IPC.contains(&name) || ["net.", "fs.mqueue."].iter().any(|prefix| name.starts_with(prefix));
    own && name.bytes().all(plain) && !name.contains("..")
}

/// Ids and names become file and cgroup names.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<()> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.starts_with('.') || !name.bytes().all(plain) {
        return Err(Error::Invalid { what, reason: format!("{:?}", name.chars().take(300).collect::<String>()) });
    }
    Ok(())
}

/// `SIGTERM`, `TERM` or `15`.
fn signal_number(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<i32>() {
        return (1..=64).contains(&number).then_some(number);
    }
    const NAMES: [(&str, i32); 14] = [
        ("HUP", libc::SIGHUP),
        ("INT", libc::SIGINT),
        ("QUIT", libc::SIGQUIT),
        ("ABRT", libc::SIGABRT),
        ("KILL", libc::SIGKILL),
        ("USR1", libc::SIGUSR1),
        ("USR2", libc::SIGUSR2),
        ("PIPE", libc::SIGPIPE),
        ("ALRM", libc::SIGALRM),
        ("TERM", libc::SIGTERM),
        ("CONT", libc::SIGCONT),
        ("STOP", libc::SIGSTOP),
        ("WINCH", libc::SIGWINCH),
        ("PWR", libc::SIGPWR),
    ];
    let bare = text.strip_prefix("SIG").unwrap_or(text);
    if let Some(offset) = bare.strip_prefix("RTMIN+") {
        return offset.parse::<i32>().ok().filter(|n| (0..=30).contains(n)).map(|n| 34 + n);
    }
    NAMES.iter().find(|(name, _)| *name == bare).map(|(_, number)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_name_and_number() {
        for (text, want) in [
            ("SIGTERM", Some(15)),
            ("TERM", Some(15)),
            ("9", Some(9)),
            ("SIGRTMIN+3", Some(37)),
            ("SIGQUIT", Some(3)),
            ("0", None),
            ("65", None),
            ("SIGNOPE", None),
            ("", None),
        ] {
            assert_eq!(signal_number(text), want, "{text}");
        }
    }

    #[test]
    fn only_a_containers_own_kernel_parameters_can_be_set() {
        for own in ["net.core.somaxconn", "net.ipv4.ip_unprivileged_port_start", "kernel.shmmax", "fs.mqueue.msg_max"] {
            assert!(is_namespaced(own), "{own}");
        }
        for host in ["kernel.core_pattern", "vm.swappiness", "fs.file-max", "net", "net/../kernel.core_pattern"] {
            assert!(!is_namespaced(host), "{host}");
        }
        assert!(!is_namespaced("net...kernel.core_pattern") && !is_namespaced("kernel.semantics"));
    }

    #[test]
    fn names_that_could_climb_are_refused() {
        for bad in ["", ".", "..", ".x", "a/b", "a b", "ä", "a\0"] {
            assert!(check_name("id", bad).is_err(), "{bad:?}");
        }
        assert!(check_name("id", "web_1.x-Y").is_ok());
        assert!(check_name("id", &"x".repeat(256)).is_err());
    }

    #[test]
    fn resolv_conf_text() {
        let dns = ResolvConf {
            nameservers: vec!["169.254.169.253".parse().unwrap()],
            search: vec!["a.b".into(), "c".into()],
            options: vec![],
        };
        assert_eq!(dns.text(), "nameserver 169.254.169.253\nsearch a.b c\n");
    }
}
