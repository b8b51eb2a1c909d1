//! Everything that can go wrong here, with what was being done and to what.

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::Ipv4Net;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel refused a netlink request.
    #[error("the kernel refused to {operation} {subject}: {source}")]
    Kernel { operation: &'static str, subject: String, source: io::Error },
    #[error("failed to {operation} {}: {source}", path.display())]
    File { operation: &'static str, path: PathBuf, source: io::Error },
    #[error("failed to start a thread for {subject}: {source}")]
    Thread { subject: String, source: io::Error },
    #[error("failed to open a socket on {address} in the sandbox {sandbox}: {source}")]
    Socket { sandbox: String, address: String, source: io::Error },
    #[error("the record {} cannot be read: {reason}", path.display())]
    Record { path: PathBuf, reason: String },
    #[error("`{0}` is not an instance id: it has eight lower-case hex digits")]
    InstanceId(String),
    #[error("`{0}` is not a sandbox id: use 1 to 128 letters, digits, dashes and underscores")]
    SandboxId(String),
    #[error("{0} cannot be the VPC: its prefix must be /16 to /26")]
    VpcSize(Ipv4Net),
    #[error("{cidr} overlaps {taken}, which this host already routes elsewhere; choose another VPC CIDR")]
    Overlap { cidr: Ipv4Net, taken: Ipv4Net },
    #[error("every candidate VPC CIDR overlaps one of this host's routes; name one that does not")]
    NoFreeCidr,
    #[error("the network was made for {was}, and sandboxes still use it; it cannot become {asked}")]
    CidrChanged { was: Ipv4Net, asked: Ipv4Net },
    #[error("another process uses the network state in {}", .0.display())]
    InUse(PathBuf),
    #[error("another instance is opening its network and did not finish in time")]
    OpenContended,
    #[error("{address} is not an address that a sandbox can have in {vpc}")]
    Address { address: Ipv4Addr, vpc: Ipv4Net },
    #[error("the request for {sandbox} is not possible: {reason}")]
    Request { sandbox: String, reason: &'static str },
    #[error("{address} is already used by the sandbox {sandbox}")]
    AddressInUse { address: Ipv4Addr, sandbox: String },
    #[error("the sandbox {0} is already attached with another address")]
    AlreadyAttached(String),
    #[error("the sandbox {0} is not attached")]
    NotAttached(String),
    #[error("the bridge is full: it takes {0} sandboxes")]
    Full(usize),
    #[error("the network has been destroyed")]
    Closed,
    #[error("a worker of the network stopped: {0}")]
    Worker(String),
}

impl Error {
    pub(crate) fn file(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { operation, path: path.into(), source }
    }

    pub(crate) fn kernel(operation: &'static str, subject: impl Into<String>, source: io::Error) -> Self {
        Self::Kernel { operation, subject: subject.into(), source }
    }

    /// The kernel's error number, where there is one.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Kernel { source, .. }
            | Self::File { source, .. }
            | Self::Thread { source, .. }
            | Self::Socket { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }
}
