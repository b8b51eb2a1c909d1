//! The last steps before a container's program runs: signals, filter, capabilities, execve.
//!
//! libcontainer calls [`Workload::exec`] in the container's first process, in its namespaces and
//! as its user. The filter goes on while `CAP_SYS_ADMIN` (of the container's user namespace) is
//! still held, so it works without `no_new_privs`; the capabilities meant for the program come
//! after. Failures are told through a pipe that execve closes: its end means the program runs.

use std::collections::HashMap;
use std::ffi::CString;
use std::io;
use std::os::fd::RawFd;

use libcontainer::oci_spec::runtime::Spec;
use libcontainer::workload::{Executor, ExecutorError, ExecutorSetEnvsError, ExecutorValidationError};

use super::caps::{self, CapSet};
use crate::seccomp::{Filter, SeccompProfile};
use crate::sys::{self, cstr, strerror};

/// What a container's first process, or one added to it, has to become.
#[derive(Clone)]
pub(super) struct Workload {
    pub(super) args: Vec<String>,
    pub(super) env: Vec<String>,
    pub(super) caps: CapSet,
    pub(super) status_fd: RawFd,
    pub(super) init: bool,
}

impl Workload {
    /// The file that `args[0]` names, looked up in the program's own PATH.
    fn program(&self) -> Result<CString, String> {
        let name = self.args.first().filter(|a| !a.is_empty()).ok_or("no command specified")?;
        if name.contains('/') {
            return match executable(name) {
                Ok(path) => Ok(path),
                Err(e) if e.raw_os_error() == Some(libc::EACCES) => Err(format!("exec: \"{name}\": permission denied")),
                Err(e) => Err(format!("exec: \"{name}\": stat {name}: {}", strerror(&e))),
            };
        }
        let path = self.env.iter().find_map(|e| e.strip_prefix("PATH=")).unwrap_or(DEFAULT_PATH);
        let mut denied = false;
        for dir in path.split(':') {
            let dir = if dir.is_empty() { "." } else { dir };
            match executable(&format!("{dir}/{name}")) {
                Ok(path) => return Ok(path),
                Err(e) => denied |= e.raw_os_error() == Some(libc::EACCES),
            }
        }
        if denied {
            return Err(format!("exec: \"{name}\": permission denied"));
        }
        Err(format!("exec: \"{name}\": executable file not found in $PATH"))
    }

    /// Becomes the program. Returns only if that failed, with runc's wording.
    pub(super) fn become_program(&self) -> String {
        let program = match self.program() {
            Ok(program) => program,
            Err(text) => return text,
        };
        let strings = |list: &[String]| list.iter().map(cstr).collect::<io::Result<Vec<CString>>>();
        let (Ok(args), Ok(env)) = (strings(&self.args), strings(&self.env)) else {
            return "exec: a NUL byte in an argument or variable".to_owned();
        };
        reset_signals();
        // SAFETY: plain prctl. The sandbox's shim is the parent: a container does not outlive it.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        if let Err(e) = Filter::compile(SeccompProfile::Default).install() {
            return format!("seccomp: {}", strerror(&e));
        }
        if let Err(e) = caps::settle(self.caps) {
            return format!("capabilities: {}", strerror(&e));
        }
        if self.init {
            super::init::split(self.status_fd);
        }
        let pointers = |list: &[CString]| {
            list.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect::<Vec<*const libc::c_char>>()
        };
        let (argv, envp) = (pointers(&args), pointers(&env));
        // SAFETY: NUL-terminated strings in null-terminated arrays, all alive across the call.
        unsafe { libc::execve(program.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
        let err = io::Error::last_os_error();
        format!("exec {}: {}", program.to_string_lossy(), strerror(&err))
    }

    pub(super) fn report(&self, text: &str) {
        // SAFETY: the pointer and length are those of `text`. Nobody to tell if this fails.
        unsafe { libc::write(self.status_fd, text.as_ptr().cast(), text.len()) };
    }
}

pub(super) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Executor for Workload {
    fn exec(&self, _spec: &Spec) -> Result<(), ExecutorError> {
        let text = self.become_program();
        self.report(&text);
        // SAFETY: ends the process without running the shim's exit handlers a second time.
        unsafe { libc::_exit(127) }
    }

    fn validate(&self, _spec: &Spec) -> Result<(), ExecutorValidationError> {
        self.program().map(drop).map_err(|text| {
            self.report(&text);
            ExecutorValidationError::ArgValidationError(text)
        })
    }

    fn setup_envs(&self, _envs: HashMap<String, String>) -> Result<(), ExecutorSetEnvsError> {
        // execve gets the variables in their own order; the process's own table is not used.
        Ok(())
    }
}

fn executable(path: &str) -> io::Result<CString> {
    let meta = std::fs::metadata(path)?;
    if meta.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EISDIR));
    }
    let path = cstr(path)?;
    // SAFETY: a NUL-terminated path.
    sys::check(i64::from(unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), libc::X_OK, libc::AT_EACCESS) }))?;
    Ok(path)
}

/// The shim blocks signals it reads from a descriptor, and Rust ignores SIGPIPE: both are inherited.
pub(super) fn reset_signals() {
    // SAFETY: the set is initialised before use; SIG_DFL is a valid handler.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}
