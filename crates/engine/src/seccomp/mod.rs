//! The system call filter of every container: default deny, always on.
//!
//! A small assembler turns the [`table`] into a classic BPF program. Three answers: allowed,
//! `EPERM`, and `ENOSYS` for calls that C libraries probe for. A process of another architecture
//! (32-bit, x32) gets `ENOSYS` for everything.

mod table;

use std::io;

/// Which filter a container gets. There is no "unconfined": privileged containers are not made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum SeccompProfile {
    #[default]
    Default,
}

const LD_W_ABS: u16 = 0x20;
const ALU_AND_K: u16 = 0x54;
const JEQ_K: u16 = 0x15;
const JGT_K: u16 = 0x25;
const JGE_K: u16 = 0x35;
const RET_K: u16 = 0x06;

const RET_ALLOW: u32 = 0x7fff_0000;
const RET_ERRNO: u32 = 0x0005_0000;
const EPERM: u32 = RET_ERRNO | libc::EPERM as u32;
const ENOSYS: u32 = RET_ERRNO | libc::ENOSYS as u32;

/// Offsets in `struct seccomp_data`.
const OFFSET_NR: u32 = 0;
const OFFSET_ARCH: u32 = 4;
const OFFSET_ARG0_LOW: u32 = 16;

#[cfg(target_arch = "x86_64")]
const AUDIT_ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const AUDIT_ARCH: u32 = 0xc000_00b7;

/// A compiled program, ready to install.
#[derive(Clone)]
pub(crate) struct Filter(Vec<libc::sock_filter>);

fn op(code: u16, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code, jt, jf, k }
}

impl Filter {
    pub(crate) fn compile(profile: SeccompProfile) -> Self {
        let SeccompProfile::Default = profile;
        let mut p = vec![
            op(LD_W_ABS, 0, 0, OFFSET_ARCH),
            op(JEQ_K, 1, 0, AUDIT_ARCH),
            op(RET_K, 0, 0, ENOSYS),
            op(LD_W_ABS, 0, 0, OFFSET_NR),
            // Beyond the known range (x32 too): pretend to be the kernel the table was made for.
            op(JGT_K, 0, 1, table::LAST_KNOWN),
            op(RET_K, 0, 0, ENOSYS),
        ];
        for nr in table::NOT_IMPLEMENTED {
            p.extend([op(JEQ_K, 0, 1, *nr as u32), op(RET_K, 0, 0, ENOSYS)]);
        }
        for (low, high) in allowed_ranges() {
            p.extend([op(JGE_K, 0, 2, low), op(JGT_K, 1, 0, high), op(RET_K, 0, 0, RET_ALLOW)]);
        }
        // clone: allowed unless a namespace flag is set.
        p.extend([
            op(JEQ_K, 0, 5, libc::SYS_clone as u32),
            op(LD_W_ABS, 0, 0, OFFSET_ARG0_LOW),
            op(ALU_AND_K, 0, 0, table::NAMESPACE_FLAGS),
            op(JEQ_K, 0, 1, 0),
            op(RET_K, 0, 0, RET_ALLOW),
            op(RET_K, 0, 0, EPERM),
        ]);
        p.extend([
            op(JEQ_K, 0, 4, libc::SYS_socket as u32),
            op(LD_W_ABS, 0, 0, OFFSET_ARG0_LOW),
            op(JEQ_K, 1, 0, table::DENIED_SOCKET_DOMAIN),
            op(RET_K, 0, 0, RET_ALLOW),
            op(RET_K, 0, 0, EPERM),
        ]);
        p.push(op(JEQ_K, 0, 1 + 2 * table::PERSONALITIES.len() as u8, libc::SYS_personality as u32));
        p.push(op(LD_W_ABS, 0, 0, OFFSET_ARG0_LOW));
        for value in table::PERSONALITIES {
            p.extend([op(JEQ_K, 0, 1, *value), op(RET_K, 0, 0, RET_ALLOW)]);
        }
        p.push(op(RET_K, 0, 0, EPERM));
        Self(p)
    }

    /// Installs the filter on the calling thread for good. Wants `no_new_privs` or
    /// `CAP_SYS_ADMIN` in the caller's user namespace.
    pub(crate) fn install(&self) -> io::Result<()> {
        const SECCOMP_SET_MODE_FILTER: libc::c_uint = 1;
        let program = libc::sock_fprog { len: self.0.len() as u16, filter: self.0.as_ptr().cast_mut() };
        // SAFETY: `program` points at `len` instructions that outlive the call; the kernel only reads.
        let ret = unsafe { libc::syscall(libc::SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
        crate::sys::check(ret).map(drop)
    }
}

/// The allowed calls as inclusive ranges, ascending.
fn allowed_ranges() -> Vec<(u32, u32)> {
    let mut numbers: Vec<u32> =
        table::ALLOWED.iter().flat_map(|g| g.iter()).chain(table::LEGACY).map(|n| *n as u32).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for n in numbers {
        match ranges.last_mut() {
            Some((_, high)) if *high + 1 == n => *high = n,
            _ => ranges.push((n, n)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the program as the kernel would.
    fn run(filter: &Filter, arch: u32, nr: u32, arg0: u32) -> u32 {
        let (mut pc, mut acc) = (0usize, 0u32);
        loop {
            let i = filter.0[pc];
            pc += 1;
            let jump = |cond: bool| usize::from(if cond { i.jt } else { i.jf });
            match i.code {
                LD_W_ABS => {
                    acc = match i.k {
                        OFFSET_ARCH => arch,
                        OFFSET_NR => nr,
                        OFFSET_ARG0_LOW => arg0,
                        other => panic!("loads {other}"),
                    }
                }
                ALU_AND_K => acc &= i.k,
                JEQ_K => pc += jump(acc == i.k),
                JGT_K => pc += jump(acc > i.k),
                JGE_K => pc += jump(acc >= i.k),
                RET_K => return i.k,
                other => panic!("instruction {other:#x}"),
            }
        }
    }

    #[test]
    fn every_listed_call_is_allowed_and_the_rest_is_not() {
        let filter = Filter::compile(SeccompProfile::Default);
        assert!(filter.0.len() < 4096, "the kernel takes 4096 instructions");
        let listed: Vec<i64> = table::ALLOWED.iter().flat_map(|g| g.iter()).chain(table::LEGACY).copied().collect();
        for nr in 0..600 {
            let got = run(&filter, AUDIT_ARCH, nr, 0);
            if listed.contains(&i64::from(nr)) {
                assert_eq!(got, RET_ALLOW, "call {nr}");
            } else if nr > table::LAST_KNOWN || i64::from(nr) == libc::SYS_clone3 {
                assert_eq!(got, ENOSYS, "call {nr}");
            } else if [libc::SYS_clone, libc::SYS_socket, libc::SYS_personality].contains(&i64::from(nr)) {
                assert_eq!(got, RET_ALLOW, "call {nr} with argument 0");
            } else {
                assert_eq!(got, EPERM, "call {nr}");
            }
        }
    }

    #[test]
    fn arguments_are_looked_at() {
        let filter = Filter::compile(SeccompProfile::Default);
        let call = |nr: i64, arg0: u32| run(&filter, AUDIT_ARCH, nr as u32, arg0);
        assert_eq!(call(libc::SYS_clone, libc::CLONE_NEWUSER as u32), EPERM);
        assert_eq!(call(libc::SYS_clone, (libc::CLONE_VM | libc::CLONE_FILES) as u32), RET_ALLOW);
        assert_eq!(call(libc::SYS_socket, 40), EPERM);
        assert_eq!(call(libc::SYS_socket, libc::AF_INET as u32), RET_ALLOW);
        assert_eq!(call(libc::SYS_personality, 0xffff_ffff), RET_ALLOW);
        assert_eq!(call(libc::SYS_personality, 0x4_0000), EPERM);
        for nr in [libc::SYS_mount, libc::SYS_unshare, libc::SYS_setns, libc::SYS_bpf, libc::SYS_keyctl] {
            assert_eq!(call(nr, 0), EPERM);
        }
        assert_eq!(run(&filter, 0x4000_0003, libc::SYS_read as u32, 0), ENOSYS, "32-bit");
        assert_eq!(call(0x4000_0000, 0), ENOSYS, "x32");
    }
}
