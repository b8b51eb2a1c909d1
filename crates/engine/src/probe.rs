//! What this host can do for the engine, and how to mend what it cannot: for `gantry doctor`.

use std::ffi::CString;
use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use crate::cgroup::{CgroupMode, CgroupTree};
use crate::sys;

/// Below this there is no room for images and writable layers.
const MIN_FREE_BYTES: u64 = 2 << 30;
/// Kernel with idmapped mounts on overlayfs's lower layers, cgroup.kill and all calls the engine makes.
const MIN_KERNEL: (u32, u32) = (5, 19);

/// One thing looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// The engine cannot work without it.
    pub required: bool,
    /// What was found.
    pub found: String,
    /// What to do about it; empty when `ok`.
    pub mend: &'static str,
}

/// All of it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct HostReport {
    pub checks: Vec<Check>,
}

impl HostReport {
    /// Whether containers can be run here.
    pub fn usable(&self) -> bool {
        self.checks.iter().all(|c| c.ok || !c.required)
    }
}

/// Looks at this host; `data_dir` is where the engine keeps (or will keep) its files. Reads, and
/// clones one mount that nobody sees; changes nothing. Blocks for some milliseconds.
pub fn probe(data_dir: &Path) -> HostReport {
    HostReport {
        checks: vec![
            root(),
            kernel(),
            cgroups(),
            overlayfs(),
            idmap(data_dir),
            userns(),
            seccomp(),
            disk(data_dir),
            kvm(),
        ],
    }
}

fn check(name: &'static str, required: bool, found: Result<String, String>, mend: &'static str) -> Check {
    match found {
        Ok(found) => Check { name, ok: true, required, found, mend: "" },
        Err(found) => Check { name, ok: false, required, found, mend },
    }
}

fn root() -> Check {
    // SAFETY: no arguments.
    let uid = unsafe { libc::geteuid() };
    let found = if uid == 0 { Ok("root".to_owned()) } else { Err(format!("user id {uid}")) };
    check("privileges", true, found, "run Gantry as root: it makes namespaces, mounts and cgroups")
}

fn kernel() -> Check {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned();
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).filter_map(|p| p.parse::<u32>().ok());
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    let found = if version >= MIN_KERNEL { Ok(release) } else { Err(release) };
    check("kernel", true, found, "use Linux 5.19 or later")
}

fn cgroups() -> Check {
    let found = match CgroupTree::detect() {
        Err(e) => Err(e.to_string()),
        Ok(tree) => {
            let mode = match tree.mode() {
                CgroupMode::V1 => "version 1",
                CgroupMode::V2 => "version 2",
                CgroupMode::Hybrid => "version 1 with an empty version 2 tree (hybrid)",
            };
            let missing = tree.missing_controllers();
            if missing.is_empty() {
                Ok(mode.to_owned())
            } else {
                Err(format!("{mode}, without {}", missing.join(", ")))
            }
        }
    };
    check(
        "cgroups",
        true,
        found,
        "boot with cgroup2 at /sys/fs/cgroup and the cpu, memory and pids controllers enabled",
    )
}

fn overlayfs() -> Check {
    let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let found = if known.lines().any(|l| l.trim_start_matches("nodev").trim() == "overlay") {
        Ok("available".to_owned())
    } else {
        Err("not in /proc/filesystems".to_owned())
    };
    check("overlayfs", true, found, "load the module: modprobe overlay")
}

/// Tries on the file system that will hold the layers: not every one supports it.
fn idmap(data_dir: &Path) -> Check {
    let near = data_dir.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("/"));
    let attempt = || -> std::io::Result<()> {
        let mount = sys::open_tree_clone(near)?;
        let own = fs::File::open("/proc/self/ns/user")?;
        sys::mount_setattr(mount.as_fd(), sys::MOUNT_ATTR_IDMAP, Some(own.as_fd()))
    };
    let found = match attempt() {
        // The initial namespace maps nothing, which is refused after all else was looked at.
        Ok(()) => Ok("supported".to_owned()),
        Err(e) if e.raw_os_error() == Some(libc::EPERM) => Ok("supported".to_owned()),
        Err(e) => Err(format!("{}: {}", near.display(), sys::strerror(&e))),
    };
    check(
        "idmapped mounts",
        false,
        found,
        "keep the data directory on ext4, xfs or btrfs; without them tasks share the host's user ids",
    )
}

fn userns() -> Check {
    let max: u64 =
        fs::read_to_string("/proc/sys/user/max_user_namespaces").ok().and_then(|t| t.trim().parse().ok()).unwrap_or(0);
    let found = if max > 0 { Ok(format!("up to {max}")) } else { Err("user.max_user_namespaces is 0".to_owned()) };
    check(
        "user namespaces",
        false,
        found,
        "sysctl -w user.max_user_namespaces=65536; without them Fargate tasks have no isolation grade",
    )
}

fn seccomp() -> Check {
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    let found = if actions.split_whitespace().any(|a| a == "errno") {
        Ok("filters available".to_owned())
    } else {
        Err("no filters".to_owned())
    };
    check("seccomp", true, found, "use a kernel with CONFIG_SECCOMP_FILTER")
}

fn disk(data_dir: &Path) -> Check {
    let near = data_dir.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("/"));
    let free = sys::cstr(near).ok().map_or(0, |path: CString| {
        // SAFETY: a zeroed statvfs is valid, and `path` is NUL-terminated.
        unsafe {
            let mut stat: libc::statvfs = std::mem::zeroed();
            if libc::statvfs(path.as_ptr(), &raw mut stat) == 0 { stat.f_bavail * stat.f_frsize } else { 0 }
        }
    });
    let text = format!("{:.1} GB free at {}", free as f64 / 1e9, near.display());
    let found = if free >= MIN_FREE_BYTES { Ok(text) } else { Err(text) };
    check("disk", true, found, "free some space, or choose another --data-dir")
}

fn kvm() -> Check {
    let found = match fs::OpenOptions::new().read(true).write(true).open("/dev/kvm") {
        // Whether a guest really boots is for the microVM part to try.
        Ok(_) => Ok("/dev/kvm opens; whether a guest boots under it has not been tried".to_owned()),
        Err(e) => Err(format!("/dev/kvm: {}", sys::strerror(&e))),
    };
    check("kvm", false, found, "enable virtualisation in firmware or hypervisor to run tasks in microVMs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_finding_and_failures_a_mend() {
        let report = probe(Path::new("/var/tmp/not/there/yet"));
        assert_eq!(report.checks.len(), 9);
        for c in &report.checks {
            eprintln!("{}: {} {}", c.name, c.ok, c.found);
            assert!(!c.found.is_empty());
            assert_eq!(c.ok, c.mend.is_empty());
        }
    }
}
