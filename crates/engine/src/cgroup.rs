//! Control groups, version 1, 2 and the two side by side.
//!
//! One [`CgroupTree`] names the hierarchies the engine uses; one [`Cgroup`] is the same relative
//! path in all of them. On version 1 a process moves *itself* by writing `0` to `tasks`: the kernel
//! then skips the lock over all thread groups that a write to `cgroup.procs` takes, which costs
//! about 15 ms a time on a host where moves are rare. On version 2 processes are born in place
//! (`CLONE_INTO_CGROUP`).

use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::sys;

/// How control groups are mounted on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CgroupMode {
    V1,
    V2,
    /// Controllers on version 1, and a version 2 tree beside them that has none.
    Hybrid,
}

/// The version 1 controllers that the engine uses where they are mounted.
const V1_CONTROLLERS: [&str; 6] = ["cpu", "cpuacct", "memory", "pids", "devices", "systemd"];

/// Those without which limits cannot be kept.
const REQUIRED: [&str; 3] = ["cpu", "memory", "pids"];

/// Where one hierarchy is mounted and what it controls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) mount: PathBuf,
    /// Controllers of version 1; empty for version 2.
    pub(crate) controllers: Vec<String>,
    pub(crate) v2: bool,
}

impl Hierarchy {
    fn has(&self, controller: &str) -> bool {
        self.controllers.iter().any(|c| c == controller)
    }
}

/// The hierarchies of this host that matter to the engine.
#[derive(Clone, Debug)]
pub struct CgroupTree {
    pub(crate) hierarchies: Vec<Hierarchy>,
    mode: CgroupMode,
}

/// Limits of one group; `None` leaves the kernel's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// CPU quota in 1024ths of a processor, as ECS counts.
    pub cpu_quota: Option<u32>,
    /// Relative weight when processors are scarce, as ECS container `cpu` (2 to 262144).
    pub cpu_shares: Option<u32>,
    pub memory_bytes: Option<u64>,
    /// Memory kept for the group when the host is short (ECS `memoryReservation`).
    pub memory_reservation_bytes: Option<u64>,
    pub pids: Option<u32>,
}

/// What a group has used. Figures that the host cannot tell are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub cpu_ns: u64,
    pub memory_bytes: u64,
    pub memory_peak_bytes: u64,
    pub memory_limit_bytes: u64,
    /// Page cache that could be given back; working set = `memory_bytes` less this.
    pub memory_inactive_file_bytes: u64,
    pub pids: u64,
    pub throttled_ns: u64,
}

impl CgroupTree {
    /// Reads `/proc/self/mountinfo`.
    pub fn detect() -> io::Result<Self> {
        let text = fs::read_to_string("/proc/self/mountinfo")?;
        Self::parse(&text).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no control groups are mounted"))
    }

    fn parse(mountinfo: &str) -> Option<Self> {
        let mut hierarchies: Vec<Hierarchy> = Vec::new();
        for line in mountinfo.lines() {
            let (left, right) = line.split_once(" - ")?;
            let mut left = left.split(' ').skip(3);
            let (root, mount) = (left.next()?, left.next()?);
            let mut right = right.split(' ');
            let (fstype, options) = (right.next()?, right.nth(1).unwrap_or(""));
            // A bind mount of a part of a tree is somebody's container view, not the host's.
            if root != "/" || !mount.starts_with("/sys/fs/cgroup") {
                continue;
            }
            let controllers: Vec<String> = options
                .split(',')
                .map(|o| o.strip_prefix("name=").unwrap_or(o))
                .filter(|o| V1_CONTROLLERS.contains(o))
                .map(str::to_owned)
                .collect();
            let v2 = fstype == "cgroup2";
            if (v2 || fstype == "cgroup" && !controllers.is_empty())
                && !hierarchies.iter().any(|h| h.mount == Path::new(mount))
            {
                hierarchies.push(Hierarchy { mount: mount.into(), controllers, v2 });
            }
        }
        let has_v1 = hierarchies.iter().any(|h| h.has("memory"));
        let has_v2 = hierarchies.iter().any(|h| h.v2);
        let mode = match (has_v1, has_v2) {
            (true, true) => CgroupMode::Hybrid,
            (true, false) => CgroupMode::V1,
            (false, true) => CgroupMode::V2,
            (false, false) => return None,
        };
        Some(Self { hierarchies, mode })
    }

    pub fn mode(&self) -> CgroupMode {
        self.mode
    }

    /// Controllers that limits need and this host does not offer.
    pub fn missing_controllers(&self) -> Vec<String> {
        let offered: Vec<String> = match self.mode {
            CgroupMode::V2 => self
                .hierarchies
                .iter()
                .filter_map(|h| fs::read_to_string(h.mount.join("cgroup.controllers")).ok())
                .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
                .collect(),
            _ => self.hierarchies.iter().flat_map(|h| h.controllers.clone()).collect(),
        };
        REQUIRED.iter().filter(|c| !offered.iter().any(|o| o == *c)).map(|c| (*c).to_owned()).collect()
    }

    pub(crate) fn group(&self, path: impl Into<PathBuf>) -> Cgroup {
        Cgroup { tree: self.clone(), path: path.into() }
    }
}

/// One group: the same path below the root of every hierarchy.
#[derive(Clone, Debug)]
pub(crate) struct Cgroup {
    tree: CgroupTree,
    path: PathBuf,
}

impl Cgroup {
    fn dirs(&self) -> impl Iterator<Item = (&Hierarchy, PathBuf)> {
        self.tree.hierarchies.iter().map(|h| (h, h.mount.join(&self.path)))
    }

    fn dir(&self, controller: &str) -> Option<PathBuf> {
        let v2 = self.tree.mode == CgroupMode::V2;
        self.dirs().find(|(h, _)| if v2 { h.v2 } else { h.has(controller) }).map(|(_, dir)| dir)
    }

    fn v2_dir(&self) -> Option<PathBuf> {
        self.dirs().find(|(h, _)| h.v2).map(|(_, dir)| dir)
    }

    /// Hierarchies with the group's directory in each, for the view inside a container.
    pub(crate) fn places(&self) -> Vec<(Hierarchy, PathBuf)> {
        self.dirs().map(|(h, d)| (h.clone(), d)).collect()
    }

    pub(crate) fn child(&self, name: &str) -> Self {
        Self { tree: self.tree.clone(), path: self.path.join(name) }
    }

    /// Makes the group, and on version 2 hands its parents' controllers down to it.
    pub(crate) fn create(&self) -> io::Result<()> {
        for (hierarchy, dir) in self.dirs() {
            if hierarchy.v2 && self.tree.mode == CgroupMode::V2 {
                self.delegate(hierarchy)?;
            }
            fs::create_dir_all(&dir)?;
        }
        Ok(())
    }

    fn delegate(&self, hierarchy: &Hierarchy) -> io::Result<()> {
        let mut dir = hierarchy.mount.clone();
        let mut parts = self.path.components().peekable();
        while let Some(part) = parts.next() {
            let control = dir.join("cgroup.subtree_control");
            let enabled = fs::read_to_string(&control)?;
            for controller in ["cpu", "memory", "pids", "io"] {
                if enabled.split_whitespace().any(|c| c == controller) {
                    continue;
                }
                match fs::write(&control, format!("+{controller}")) {
                    // Optional ones may be missing from the kernel or held back by the parent.
                    Err(e) if REQUIRED.contains(&controller) => return Err(e),
                    _ => {}
                }
            }
            dir.push(part);
            if parts.peek().is_some() {
                fs::create_dir_all(&dir)?;
            }
        }
        Ok(())
    }

    /// A descriptor for `CLONE_INTO_CGROUP`, where there is a version 2 tree.
    pub(crate) fn v2_fd(&self) -> io::Result<Option<OwnedFd>> {
        self.v2_dir().map(|dir| sys::open_dir_read(&dir)).transpose()
    }

    /// Moves the calling process, which must be single-threaded, into the group. With
    /// `v2_done` the version 2 tree is left out: the process was born in place there.
    pub(crate) fn enter(&self, v2_done: bool) -> io::Result<()> {
        for (hierarchy, dir) in self.dirs() {
            if hierarchy.v2 {
                if !v2_done {
                    fs::write(dir.join("cgroup.procs"), "0")?;
                }
            } else {
                fs::write(dir.join("tasks"), "0")?;
            }
        }
        Ok(())
    }

    pub(crate) fn apply(&self, limits: &Limits) -> io::Result<()> {
        match self.tree.mode {
            CgroupMode::V2 => self.apply_v2(limits),
            CgroupMode::V1 | CgroupMode::Hybrid => self.apply_v1(limits),
        }
    }

    fn set(&self, controller: &str, file: &str, value: &str) -> io::Result<()> {
        let dir = self
            .dir(controller)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no {controller} controller")))?;
        let mut open = fs::OpenOptions::new().write(true).open(dir.join(file))?;
        open.write_all(value.as_bytes())
    }

    fn apply_v1(&self, limits: &Limits) -> io::Result<()> {
        if let Some(units) = limits.cpu_quota {
            let (quota, period) = cpu_quota_us(units);
            self.set("cpu", "cpu.cfs_period_us", &period.to_string())?;
            self.set("cpu", "cpu.cfs_quota_us", &quota.to_string())?;
        }
        if let Some(shares) = limits.cpu_shares {
            self.set("cpu", "cpu.shares", &shares.clamp(2, 262_144).to_string())?;
        }
        if let Some(bytes) = limits.memory_bytes {
            self.set("memory", "memory.limit_in_bytes", &bytes.to_string())?;
            // Swap accounting may be off; without it the memory limit alone has to do.
            let _ = self.set("memory", "memory.memsw.limit_in_bytes", &bytes.to_string());
        }
        if let Some(bytes) = limits.memory_reservation_bytes {
            self.set("memory", "memory.soft_limit_in_bytes", &bytes.to_string())?;
        }
        if let Some(pids) = limits.pids {
            self.set("pids", "pids.max", &pids.to_string())?;
        }
        Ok(())
    }

    fn apply_v2(&self, limits: &Limits) -> io::Result<()> {
        if let Some(units) = limits.cpu_quota {
            let (quota, period) = cpu_quota_us(units);
            self.set("cpu", "cpu.max", &format!("{quota} {period}"))?;
        }
        if let Some(shares) = limits.cpu_shares {
            self.set("cpu", "cpu.weight", &shares_to_weight(shares).to_string())?;
        }
        if let Some(bytes) = limits.memory_bytes {
            self.set("memory", "memory.max", &bytes.to_string())?;
            let _ = self.set("memory", "memory.swap.max", "0");
        }
        if let Some(bytes) = limits.memory_reservation_bytes {
            self.set("memory", "memory.low", &bytes.to_string())?;
        }
        if let Some(pids) = limits.pids {
            self.set("pids", "pids.max", &pids.to_string())?;
        }
        Ok(())
    }

    /// Whether a device filter stands for the group: without one a container must not have
    /// `CAP_MKNOD` outside a user namespace.
    pub(crate) fn restrict_devices(&self) -> io::Result<bool> {
        let Some((_, dir)) = self.dirs().find(|(h, _)| h.has("devices")) else { return Ok(false) };
        fs::write(dir.join("devices.deny"), "a")?;
        // Any node may be made, few may be opened: null zero full random urandom tty ptmx pts.
        for rule in [
            "c *:* m",
            "b *:* m",
            "c 1:3 rwm",
            "c 1:5 rwm",
            "c 1:7 rwm",
            "c 1:8 rwm",
            "c 1:9 rwm",
            "c 5:0 rwm",
            "c 5:2 rwm",
            "c 136:* rwm",
        ] {
            fs::write(dir.join("devices.allow"), rule)?;
        }
        Ok(true)
    }

    /// Processes killed in this group for want of memory, since it was made.
    pub(crate) fn oom_kills(&self) -> u64 {
        let Some(dir) = self.dir("memory") else { return 0 };
        let file = if self.tree.mode == CgroupMode::V2 { "memory.events" } else { "memory.oom_control" };
        fs::read_to_string(dir.join(file)).map_or(0, |text| field(&text, "oom_kill"))
    }

    pub(crate) fn usage(&self) -> Usage {
        let number = |controller: &str, file: &str| -> u64 {
            self.dir(controller)
                .and_then(|dir| fs::read_to_string(dir.join(file)).ok())
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(0)
        };
        let text = |controller: &str, file: &str| -> String {
            self.dir(controller).and_then(|dir| fs::read_to_string(dir.join(file)).ok()).unwrap_or_default()
        };
        if self.tree.mode == CgroupMode::V2 {
            let cpu = text("cpu", "cpu.stat");
            return Usage {
                cpu_ns: field(&cpu, "usage_usec") * 1000,
                throttled_ns: field(&cpu, "throttled_usec") * 1000,
                memory_bytes: number("memory", "memory.current"),
                memory_peak_bytes: number("memory", "memory.peak"),
                memory_limit_bytes: number("memory", "memory.max"),
                memory_inactive_file_bytes: field(&text("memory", "memory.stat"), "inactive_file"),
                pids: number("pids", "pids.current"),
            };
        }
        Usage {
            cpu_ns: number("cpuacct", "cpuacct.usage"),
            throttled_ns: field(&text("cpu", "cpu.stat"), "throttled_time"),
            memory_bytes: number("memory", "memory.usage_in_bytes"),
            memory_peak_bytes: number("memory", "memory.max_usage_in_bytes"),
            memory_limit_bytes: number("memory", "memory.limit_in_bytes"),
            memory_inactive_file_bytes: field(&text("memory", "memory.stat"), "total_inactive_file"),
            pids: number("pids", "pids.current"),
        }
    }

    /// Every process in the group and below it, as the first hierarchy that knows tells.
    pub(crate) fn pids(&self) -> Vec<i32> {
        let mut found = Vec::new();
        if let Some((_, dir)) = self.dirs().find(|(h, _)| h.v2 || h.has("pids")) {
            collect_pids(&dir, &mut found, 0);
        }
        found
    }

    /// Kills everything in the group and below: at once where there is `cgroup.kill`, else
    /// process by process (the caller repeats until [`Cgroup::pids`] is empty).
    pub(crate) fn kill(&self) {
        if let Some(dir) = self.v2_dir()
            && fs::write(dir.join("cgroup.kill"), "1").is_ok()
        {
            return;
        }
        for pid in self.pids() {
            // SAFETY: no pointers; the pid was in our own group a moment ago.
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
    }

    /// Removes the group itself, if nothing is in it or below it.
    pub(crate) fn remove_if_empty(&self) -> io::Result<()> {
        self.dirs().try_for_each(|(_, dir)| fs::remove_dir(dir))
    }

    /// Removes the group and everything below it. `Ok(false)`: processes still hold it.
    pub(crate) fn remove(&self) -> io::Result<bool> {
        let mut gone = true;
        for (_, dir) in self.dirs() {
            gone &= remove_tree(&dir, 0)?;
        }
        Ok(gone)
    }
}

/// Groups nest three deep at most (instance, sandbox, container); containers may add some.
const MAX_DEPTH: usize = 16;

fn remove_tree(dir: &Path, depth: usize) -> io::Result<bool> {
    match fs::remove_dir(dir) {
        Ok(()) => return Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(e) if depth > MAX_DEPTH => return Err(e),
        Err(_) => {}
    }
    let mut gone = true;
    match fs::read_dir(dir) {
        Ok(entries) => {
            for entry in entries.flatten() {
                if entry.file_type().is_ok_and(|t| t.is_dir()) {
                    gone &= remove_tree(&entry.path(), depth + 1)?;
                }
            }
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(e) => return Err(e),
    }
    match fs::remove_dir(dir) {
        Ok(()) => Ok(gone),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(gone),
        Err(e) if e.raw_os_error() == Some(libc::EBUSY) => Ok(false),
        Err(e) => Err(e),
    }
}

fn collect_pids(dir: &Path, into: &mut Vec<i32>, depth: usize) {
    if let Ok(text) = fs::read_to_string(dir.join("cgroup.procs")) {
        into.extend(text.lines().filter_map(|l| l.parse::<i32>().ok()).filter(|p| *p > 0));
    }
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if depth < MAX_DEPTH && entry.file_type().is_ok_and(|t| t.is_dir()) {
            collect_pids(&entry.path(), into, depth + 1);
        }
    }
}

/// (quota, period) in microseconds for a number of 1024ths of a processor.
pub(crate) fn cpu_quota_us(units: u32) -> (u64, u64) {
    const PERIOD_US: u64 = 100_000;
    // The kernel refuses quotas below a millisecond.
    ((u64::from(units) * PERIOD_US / 1024).max(1000), PERIOD_US)
}

/// Version 1 shares (2 to 262144) as a version 2 weight (1 to 10000), as runc does it.
fn shares_to_weight(shares: u32) -> u64 {
    let shares = u64::from(shares.clamp(2, 262_144));
    1 + (shares - 2) * 9999 / 262_142
}

/// The number after `key` at the start of a line.
fn field(text: &str, key: &str) -> u64 {
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
24 1 0:20 / /sys/fs/cgroup rw - tmpfs tmpfs rw
25 24 0:21 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
26 24 0:22 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
27 24 0:23 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
28 24 0:24 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
29 24 0:25 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
30 1 0:22 /x /elsewhere/memory rw - cgroup cgroup rw,memory";

    #[test]
    fn modes_are_told_apart() {
        let tree = CgroupTree::parse(HYBRID).unwrap();
        assert_eq!(tree.mode(), CgroupMode::Hybrid);
        assert_eq!(tree.hierarchies.len(), 5);
        assert!(tree.missing_controllers().is_empty());
        assert_eq!(tree.group("a/b").dir("cpuacct").unwrap(), Path::new("/sys/fs/cgroup/cpu,cpuacct/a/b"));

        let v2 = CgroupTree::parse("30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate").unwrap();
        assert_eq!(v2.mode(), CgroupMode::V2);
        assert_eq!(v2.group("a").dir("memory").unwrap(), Path::new("/sys/fs/cgroup/a"));
        assert!(CgroupTree::parse("").is_none());
    }

    #[test]
    fn units_are_converted() {
        assert_eq!(cpu_quota_us(256), (25_000, 100_000));
        assert_eq!(cpu_quota_us(16_384), (1_600_000, 100_000));
        assert_eq!(cpu_quota_us(1), (1000, 100_000));
        assert_eq!((shares_to_weight(2), shares_to_weight(1024), shares_to_weight(262_144)), (1, 39, 10_000));
        assert_eq!(field("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill"), 3);
    }
}
