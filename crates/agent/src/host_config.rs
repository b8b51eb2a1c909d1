//! What a container's definition means to the engine, with Fargate's and Docker's defaults.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use gantry_agent_api::ContainerSpec;
use gantry_engine::{ContainerConfig, DEFAULT_CAPABILITIES, Image, LogMode, ResolvConf, Tmpfs, Ulimit};

use crate::runtime::{ContainerSetup, OutputMode, RuntimeError, RuntimeResult};

/// Fargate's documented limit of open files, soft and hard.
pub(crate) const NOFILE: u64 = 65_535;
/// The unread output that a container without a log driver may have.
const DISCARD_BUFFER: u64 = 64 * 1024;
/// Docker's least CPU shares.
const LEAST_CPU_SHARES: u32 = 2;

pub(crate) fn container_config(setup: &ContainerSetup, image: &Image, nofile: u64) -> RuntimeResult<ContainerConfig> {
    let spec = &setup.spec;
    if spec.privileged {
        return Err(RuntimeError::new("privileged containers are not supported"));
    }
    let run = &image.config().config;
    let mut config = ContainerConfig::new(&*spec.name, image);
    config.args = run.command(spec.entry_point.as_deref(), spec.command.as_deref());
    config.env = run.environment(&setup.environment);
    if let Some(user) = spec.user.as_ref().filter(|u| !u.is_empty()) {
        config.user.clone_from(user);
    }
    if let Some(dir) = spec.working_directory.as_ref().filter(|d| !d.is_empty()) {
        config.working_dir.clone_from(dir);
    }
    config.read_only_rootfs = spec.read_only_root;
    config.tmpfs = spec.tmpfs.iter().map(tmpfs).collect();
    config.ulimits = ulimits(spec, nofile);
    config.cpu_shares = Some(spec.cpu_units.max(LEAST_CPU_SHARES));
    config.memory_limit = mebibytes(spec.memory_mib);
    config.memory_reservation = mebibytes(spec.memory_reservation_mib);
    config.caps = capabilities(spec);
    config.init = spec.init_process;
    config.tty = spec.pseudo_terminal;
    if let Some(bytes) = mebibytes(spec.shared_memory_mib) {
        config.shm_bytes = bytes;
    }
    config.sysctls.clone_from(&spec.sysctls);
    config.log = match setup.output {
        OutputMode::Discard => LogMode::NonBlocking { max_buffer: DISCARD_BUFFER },
        OutputMode::Blocking => LogMode::Blocking,
        OutputMode::NonBlocking { buffer_bytes } => LogMode::NonBlocking { max_buffer: buffer_bytes as u64 },
    };
    config.hostname.clone_from(&spec.hostname);
    config.extra_hosts = hosts(&spec.extra_hosts)?;
    if !spec.dns_servers.is_empty() || !spec.dns_search_domains.is_empty() {
        let servers: Vec<String> = match spec.dns_servers.as_slice() {
            [] => vec![crate::environment::DNS_ADDRESS.to_string()],
            given => given.to_vec(),
        };
        config.dns = Some(resolv_conf(&servers, &spec.dns_search_domains)?);
    }
    Ok(config)
}

pub(crate) fn mebibytes(mib: u32) -> Option<u64> {
    (mib > 0).then(|| u64::from(mib) << 20)
}

fn tmpfs(given: &gantry_agent_api::Tmpfs) -> Tmpfs {
    Tmpfs {
        destination: PathBuf::from(&given.path),
        size_bytes: u64::from(given.size_mib) << 20,
        options: given.options.clone(),
    }
}

/// Fargate's limit, or this process's own hard limit where that is lower and may not be raised (without
/// `CAP_SYS_RESOURCE`, as inside another container). A definition's own limits are not bent like that: what
/// cannot be set then fails the container's start.
pub(crate) fn default_nofile() -> u64 {
    const CAP_SYS_RESOURCE: u32 = 24;
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let status = read("/proc/self/status");
    let effective = status.lines().find_map(|l| l.strip_prefix("CapEff:"));
    let effective = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or_default();
    if effective >> CAP_SYS_RESOURCE & 1 == 1 {
        return NOFILE;
    }
    let limits = read("/proc/self/limits");
    let line = limits.lines().find_map(|l| l.strip_prefix("Max open files"));
    let hard = line.and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse().ok());
    hard.unwrap_or(NOFILE).min(NOFILE)
}

/// The default for open files, then what the definition says; -1 is without limit.
fn ulimits(spec: &ContainerSpec, nofile: u64) -> Vec<Ulimit> {
    let mut all = BTreeMap::from([("nofile".to_owned(), (nofile, nofile))]);
    let value = |given: i64| u64::try_from(given).unwrap_or(u64::MAX);
    all.extend(spec.ulimits.iter().map(|u| (u.name.clone(), (value(u.soft), value(u.hard)))));
    all.into_iter().map(|(name, (soft, hard))| Ulimit { name, soft, hard }).collect()
}

/// Docker's default set, with what is added and without what is dropped; `ALL` drops the whole set.
fn capabilities(spec: &ContainerSpec) -> Vec<String> {
    let plain = |name: &String| name.to_ascii_uppercase().trim_start_matches("CAP_").to_owned();
    let dropped: Vec<String> = spec.capabilities_drop.iter().map(plain).collect();
    let keeps = |name: &String| !dropped.iter().any(|d| d == name || d == "ALL");
    let mut caps: Vec<String> = DEFAULT_CAPABILITIES.iter().map(|c| (*c).to_owned()).filter(keeps).collect();
    for added in spec.capabilities_add.iter().map(plain) {
        if !caps.contains(&added) && !dropped.contains(&added) {
            caps.push(added);
        }
    }
    caps
}

fn address(text: &str) -> RuntimeResult<IpAddr> {
    text.parse().map_err(|_| RuntimeError::new(format!("`{text}` is not an IP address")))
}

pub(crate) fn hosts(lines: &[(String, String)]) -> RuntimeResult<Vec<(IpAddr, Vec<String>)>> {
    lines.iter().map(|(name, at)| Ok((address(at)?, vec![name.clone()]))).collect()
}

pub(crate) fn resolv_conf(servers: &[String], search: &[String]) -> RuntimeResult<ResolvConf> {
    let nameservers = servers.iter().map(|s| address(s)).collect::<RuntimeResult<_>>()?;
    Ok(ResolvConf { nameservers, search: search.to_vec(), options: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_added_and_dropped() {
        let caps = |add: &[&str], drop: &[&str]| {
            let text = |list: &[&str]| list.iter().map(|c| (*c).to_owned()).collect();
            capabilities(&ContainerSpec {
                capabilities_add: text(add),
                capabilities_drop: text(drop),
                ..ContainerSpec::default()
            })
        };
        assert_eq!(caps(&[], &[]).len(), DEFAULT_CAPABILITIES.len());
        assert_eq!(caps(&["SYS_PTRACE"], &["ALL"]), ["SYS_PTRACE"]);
        assert!(!caps(&[], &["CAP_CHOWN"]).contains(&"CHOWN".to_owned()));
        assert!(caps(&["SYS_PTRACE"], &[]).contains(&"SYS_PTRACE".to_owned()));
    }

    #[test]
    fn open_files_are_limited_as_on_fargate() {
        let spec = ContainerSpec::default();
        assert_eq!(ulimits(&spec, NOFILE), [Ulimit { name: "nofile".to_owned(), soft: NOFILE, hard: NOFILE }]);
        let own = gantry_agent_api::Ulimit { name: "nofile".to_owned(), soft: 1024, hard: -1 };
        let spec = ContainerSpec { ulimits: vec![own], ..ContainerSpec::default() };
        assert_eq!(ulimits(&spec, NOFILE), [Ulimit { name: "nofile".to_owned(), soft: 1024, hard: u64::MAX }]);
    }
}
