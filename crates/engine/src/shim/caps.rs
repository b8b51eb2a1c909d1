//! Capabilities by name, and setting a process's own.

use std::io;

/// A set of capabilities, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CapSet(pub(crate) u64);

/// In the kernel's order: the position is the number.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

impl CapSet {
    /// From names with or without `CAP_`, as ECS writes them; the unknown name on failure.
    pub(crate) fn parse<S: AsRef<str>>(names: &[S]) -> Result<Self, String> {
        let mut set = 0;
        for name in names {
            let name = name.as_ref();
            let bare = name.strip_prefix("CAP_").unwrap_or(name);
            let bit = NAMES.iter().position(|n| *n == bare).ok_or_else(|| name.to_owned())?;
            set |= 1 << bit;
        }
        Ok(Self(set))
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) fn names(self) -> Vec<String> {
        let named = NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        named.map(|(_, name)| format!("CAP_{name}")).collect()
    }
}

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Default)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Makes `set` the calling process's bounding, permitted and effective set, and empties the
/// inheritable and ambient ones. Wants `CAP_SETPCAP` when the bounding set shrinks.
pub(super) fn settle(set: CapSet) -> io::Result<()> {
    for bit in 0..64u64 {
        // SAFETY: prctl with plain numbers.
        let has = unsafe { libc::prctl(libc::PR_CAPBSET_READ, bit, 0, 0, 0) };
        if has < 0 {
            // Past the last capability this kernel knows.
            break;
        }
        if has == 1 && set.0 & (1 << bit) == 0 {
            // SAFETY: as above.
            crate::sys::check(i64::from(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, bit, 0, 0, 0) }))?;
        }
    }
    // SAFETY: as above. EINVAL only on kernels without ambient capabilities, where there is nothing to clear.
    unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) };
    settle_effective(set)
}

/// Makes `set` the permitted and effective set and leaves the bounding set alone.
pub(super) fn settle_effective(set: CapSet) -> io::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header { version: VERSION_3, pid: 0 };
    let part = |bits: u64| Data { effective: bits as u32, permitted: bits as u32, inheritable: 0 };
    let data = [part(set.0), part(set.0 >> 32)];
    // SAFETY: the header and the two data words that version 3 wants live across the call.
    crate::sys::check(unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bits() {
        let set = CapSet::parse(&["CHOWN", "CAP_SYS_ADMIN", "CHECKPOINT_RESTORE"]).unwrap();
        assert_eq!(set.0, 1 | 1 << 21 | 1 << 40);
        assert_eq!(set.names(), ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"]);
        assert_eq!(CapSet::parse(&["ALL"]), Err("ALL".to_owned()));
        assert_eq!(set.without(CapSet(1)).0, 1 << 21 | 1 << 40);
    }
}
