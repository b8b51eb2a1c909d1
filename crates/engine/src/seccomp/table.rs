//! Which system calls a container may make, grouped by what they are for.
//!
//! Modelled on the default profile that Docker documents
//! (<https://docs.docker.com/engine/security/seccomp/>). What is absent is denied: mounting and
//! namespaces (`mount`, `unshare`, `setns`, `pivot_root`), kernel code and memory (`bpf`, `kexec_*`,
//! `*_module`, `userfaultfd`, `perf_event_open`), the machine's state (`reboot`, `settimeofday`,
//! `swapon`, `quotactl`, `acct`), and keyrings (`add_key`, `keyctl`, `request_key`).

use libc as c;

/// Allowed whatever the arguments, on every architecture.
pub(super) const ALLOWED: &[&[i64]] =
    &[FILES, PATHS, EVENTS, MEMORY, PROCESS, IDENTITY, SIGNALS, TIME, SOCKETS, IPC, MISC];

const FILES: &[i64] = &[
    c::SYS_read,
    c::SYS_write,
    c::SYS_readv,
    c::SYS_writev,
    c::SYS_pread64,
    c::SYS_pwrite64,
    c::SYS_preadv,
    c::SYS_pwritev,
    c::SYS_preadv2,
    c::SYS_pwritev2,
    c::SYS_close,
    c::SYS_close_range,
    c::SYS_lseek,
    c::SYS_dup,
    c::SYS_dup3,
    c::SYS_fcntl,
    c::SYS_ioctl,
    c::SYS_flock,
    c::SYS_fsync,
    c::SYS_fdatasync,
    c::SYS_sync,
    c::SYS_syncfs,
    c::SYS_sync_file_range,
    c::SYS_ftruncate,
    c::SYS_truncate,
    c::SYS_fallocate,
    c::SYS_fadvise64,
    c::SYS_readahead,
    c::SYS_copy_file_range,
    c::SYS_sendfile,
    c::SYS_splice,
    c::SYS_tee,
    c::SYS_vmsplice,
    c::SYS_fstat,
    c::SYS_statx,
    c::SYS_fstatfs,
    c::SYS_statfs,
    c::SYS_getdents64,
    c::SYS_pipe2,
    c::SYS_memfd_create,
    c::SYS_fgetxattr,
    c::SYS_flistxattr,
    c::SYS_fremovexattr,
    c::SYS_fsetxattr,
    c::SYS_fchmod,
    c::SYS_fchown,
];

const PATHS: &[i64] = &[
    c::SYS_openat,
    c::SYS_openat2,
    c::SYS_newfstatat,
    c::SYS_faccessat,
    c::SYS_faccessat2,
    c::SYS_fchmodat,
    c::SYS_fchownat,
    c::SYS_linkat,
    c::SYS_symlinkat,
    c::SYS_unlinkat,
    c::SYS_renameat,
    c::SYS_renameat2,
    c::SYS_mkdirat,
    c::SYS_mknodat,
    c::SYS_readlinkat,
    c::SYS_utimensat,
    c::SYS_chdir,
    c::SYS_fchdir,
    c::SYS_getcwd,
    c::SYS_umask,
    c::SYS_getxattr,
    c::SYS_lgetxattr,
    c::SYS_listxattr,
    c::SYS_llistxattr,
    c::SYS_setxattr,
    c::SYS_lsetxattr,
    c::SYS_removexattr,
    c::SYS_lremovexattr,
    c::SYS_name_to_handle_at,
    // In the default set of capabilities, and harmless without it.
    c::SYS_chroot,
    FCHMODAT2,
];

const EVENTS: &[i64] = &[
    c::SYS_ppoll,
    c::SYS_pselect6,
    c::SYS_epoll_create1,
    c::SYS_epoll_ctl,
    c::SYS_epoll_pwait,
    c::SYS_epoll_pwait2,
    c::SYS_eventfd2,
    c::SYS_signalfd4,
    c::SYS_timerfd_create,
    c::SYS_timerfd_gettime,
    c::SYS_timerfd_settime,
    c::SYS_inotify_init1,
    c::SYS_inotify_add_watch,
    c::SYS_inotify_rm_watch,
    c::SYS_fanotify_mark,
    c::SYS_io_setup,
    c::SYS_io_submit,
    c::SYS_io_getevents,
    IO_PGETEVENTS,
    c::SYS_io_cancel,
    c::SYS_io_destroy,
];

const MEMORY: &[i64] = &[
    c::SYS_brk,
    c::SYS_mmap,
    c::SYS_munmap,
    c::SYS_mprotect,
    c::SYS_mremap,
    c::SYS_madvise,
    c::SYS_process_madvise,
    c::SYS_msync,
    c::SYS_mincore,
    c::SYS_mlock,
    c::SYS_mlock2,
    c::SYS_mlockall,
    c::SYS_munlock,
    c::SYS_munlockall,
    c::SYS_membarrier,
    c::SYS_remap_file_pages,
    c::SYS_pkey_alloc,
    c::SYS_pkey_free,
    c::SYS_pkey_mprotect,
    c::SYS_process_mrelease,
    c::SYS_memfd_secret,
    CACHESTAT,
    MSEAL,
];

const PROCESS: &[i64] = &[
    c::SYS_execve,
    c::SYS_execveat,
    c::SYS_exit,
    c::SYS_exit_group,
    c::SYS_wait4,
    c::SYS_waitid,
    c::SYS_getpid,
    c::SYS_getppid,
    c::SYS_gettid,
    c::SYS_getpgid,
    c::SYS_setpgid,
    c::SYS_getsid,
    c::SYS_setsid,
    c::SYS_prctl,
    c::SYS_getpriority,
    c::SYS_setpriority,
    c::SYS_getrlimit,
    c::SYS_setrlimit,
    c::SYS_prlimit64,
    c::SYS_getrusage,
    c::SYS_sched_yield,
    c::SYS_sched_getaffinity,
    c::SYS_sched_setaffinity,
    c::SYS_sched_getparam,
    c::SYS_sched_setparam,
    c::SYS_sched_getscheduler,
    c::SYS_sched_setscheduler,
    c::SYS_sched_getattr,
    c::SYS_sched_setattr,
    c::SYS_sched_get_priority_max,
    c::SYS_sched_get_priority_min,
    c::SYS_sched_rr_get_interval,
    c::SYS_ioprio_get,
    c::SYS_ioprio_set,
    c::SYS_set_tid_address,
    c::SYS_futex,
    c::SYS_futex_waitv,
    c::SYS_get_robust_list,
    c::SYS_set_robust_list,
    c::SYS_rseq,
    c::SYS_getcpu,
    c::SYS_pidfd_open,
    c::SYS_pidfd_send_signal,
    c::SYS_pidfd_getfd,
    c::SYS_ptrace,
    c::SYS_process_vm_readv,
    c::SYS_process_vm_writev,
    FUTEX_WAKE,
    FUTEX_WAIT,
    FUTEX_REQUEUE,
];

const IDENTITY: &[i64] = &[
    c::SYS_getuid,
    c::SYS_geteuid,
    c::SYS_getgid,
    c::SYS_getegid,
    c::SYS_getresuid,
    c::SYS_getresgid,
    c::SYS_getgroups,
    c::SYS_setuid,
    c::SYS_setgid,
    c::SYS_setreuid,
    c::SYS_setregid,
    c::SYS_setresuid,
    c::SYS_setresgid,
    c::SYS_setfsuid,
    c::SYS_setfsgid,
    c::SYS_setgroups,
    c::SYS_capget,
    c::SYS_capset,
    c::SYS_seccomp,
    c::SYS_landlock_create_ruleset,
    c::SYS_landlock_add_rule,
    c::SYS_landlock_restrict_self,
];

const SIGNALS: &[i64] = &[
    c::SYS_kill,
    c::SYS_tkill,
    c::SYS_tgkill,
    c::SYS_rt_sigaction,
    c::SYS_rt_sigpending,
    c::SYS_rt_sigprocmask,
    c::SYS_rt_sigqueueinfo,
    c::SYS_rt_tgsigqueueinfo,
    c::SYS_rt_sigreturn,
    c::SYS_rt_sigsuspend,
    c::SYS_rt_sigtimedwait,
    c::SYS_sigaltstack,
    c::SYS_restart_syscall,
];

const TIME: &[i64] = &[
    c::SYS_clock_gettime,
    c::SYS_clock_getres,
    c::SYS_clock_nanosleep,
    c::SYS_nanosleep,
    c::SYS_gettimeofday,
    c::SYS_times,
    c::SYS_getitimer,
    c::SYS_setitimer,
    c::SYS_timer_create,
    c::SYS_timer_delete,
    c::SYS_timer_getoverrun,
    c::SYS_timer_gettime,
    c::SYS_timer_settime,
    c::SYS_adjtimex,
    c::SYS_clock_adjtime,
];

const SOCKETS: &[i64] = &[
    c::SYS_socketpair,
    c::SYS_bind,
    c::SYS_listen,
    c::SYS_accept,
    c::SYS_accept4,
    c::SYS_connect,
    c::SYS_getsockname,
    c::SYS_getpeername,
    c::SYS_getsockopt,
    c::SYS_setsockopt,
    c::SYS_sendto,
    c::SYS_recvfrom,
    c::SYS_sendmsg,
    c::SYS_recvmsg,
    c::SYS_sendmmsg,
    c::SYS_recvmmsg,
    c::SYS_shutdown,
];

const IPC: &[i64] = &[
    c::SYS_shmget,
    c::SYS_shmat,
    c::SYS_shmdt,
    c::SYS_shmctl,
    c::SYS_semget,
    c::SYS_semop,
    c::SYS_semtimedop,
    c::SYS_semctl,
    c::SYS_msgget,
    c::SYS_msgsnd,
    c::SYS_msgrcv,
    c::SYS_msgctl,
    c::SYS_mq_open,
    c::SYS_mq_unlink,
    c::SYS_mq_timedsend,
    c::SYS_mq_timedreceive,
    c::SYS_mq_notify,
    c::SYS_mq_getsetattr,
];

const MISC: &[i64] = &[c::SYS_uname, c::SYS_sysinfo, c::SYS_getrandom];

/// Calls that only the older architecture has.
#[cfg(target_arch = "x86_64")]
pub(super) const LEGACY: &[i64] = &[
    c::SYS_open,
    c::SYS_creat,
    c::SYS_stat,
    c::SYS_lstat,
    c::SYS_access,
    c::SYS_chmod,
    c::SYS_chown,
    c::SYS_lchown,
    c::SYS_link,
    c::SYS_symlink,
    c::SYS_unlink,
    c::SYS_rename,
    c::SYS_mkdir,
    c::SYS_rmdir,
    c::SYS_mknod,
    c::SYS_readlink,
    c::SYS_utime,
    c::SYS_utimes,
    c::SYS_futimesat,
    c::SYS_getdents,
    c::SYS_dup2,
    c::SYS_pipe,
    c::SYS_poll,
    c::SYS_select,
    c::SYS_epoll_create,
    c::SYS_epoll_ctl_old,
    c::SYS_epoll_wait,
    c::SYS_epoll_wait_old,
    c::SYS_eventfd,
    c::SYS_signalfd,
    c::SYS_inotify_init,
    c::SYS_fork,
    c::SYS_vfork,
    c::SYS_getpgrp,
    c::SYS_pause,
    c::SYS_alarm,
    c::SYS_time,
    c::SYS_arch_prctl,
    c::SYS_modify_ldt,
    c::SYS_sendfile,
];
#[cfg(not(target_arch = "x86_64"))]
pub(super) const LEGACY: &[i64] = &[];

/// Answered `ENOSYS` instead of `EPERM`, so that a C library falls back to the older call: the
/// flags of clone3 lie in memory, where a filter cannot look.
pub(super) const NOT_IMPLEMENTED: &[i64] = &[c::SYS_clone3];

/// `socket` domains that are refused: AF_VSOCK would reach the hypervisor.
pub(super) const DENIED_SOCKET_DOMAIN: u32 = 40;

/// `clone` flags that make namespaces: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
pub(super) const NAMESPACE_FLAGS: u32 = 0x7E02_0000;

/// `personality` values that only query or choose harmless variants.
pub(super) const PERSONALITIES: &[u32] = &[0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/// The highest call this table was written against (Linux 6.10); later ones answer `ENOSYS`.
pub(super) const LAST_KNOWN: u32 = 462;

// Numbers that are the same on every architecture and newer than the libc crate's lists.
const FCHMODAT2: i64 = 452;
const CACHESTAT: i64 = 451;
const MSEAL: i64 = 462;
const FUTEX_WAKE: i64 = 454;
const FUTEX_WAIT: i64 = 455;
const FUTEX_REQUEUE: i64 = 456;
#[cfg(target_arch = "x86_64")]
const IO_PGETEVENTS: i64 = 333;
#[cfg(target_arch = "aarch64")]
const IO_PGETEVENTS: i64 = 292;
