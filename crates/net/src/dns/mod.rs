//! The resolver inside each sandbox (169.254.169.253 in AWS: VPC guide, "Amazon DNS server").
//!
//! It answers the names that a [`Names`] knows and sends everything else on, unchanged, to the
//! host's own resolvers. It keeps no cache: whoever wants one has it on either side. Whatever bytes
//! arrive, it answers, refuses or ignores; it never panics and never grows beyond its limits.

mod message;
mod names;
mod server;
mod upstream;

pub use message::{Kind, Record, RecordData};
pub use names::{Answer, Names, NoNames, VpcNames, parse_reverse_name, reverse_name};
pub use server::DnsServer;
pub use upstream::{Upstreams, parse_resolv_conf};

/// What one server will not exceed.
pub mod limits {
    use std::time::Duration;

    /// Questions on their way to a resolver; more are answered SERVFAIL at once.
    pub const MAX_FORWARDS: usize = 256;
    pub const MAX_TCP_CONNECTIONS: usize = 64;
    pub const MAX_QUERIES_PER_CONNECTION: usize = 1000;
    /// A TCP client that says nothing for this long is let go.
    pub const TCP_IDLE: Duration = Duration::from_secs(10);
    /// Bytes of a question over UDP; real ones are well below.
    pub const MAX_UDP_QUERY: usize = 4096;
    /// What one resolver gets to answer in.
    pub const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(2);
    /// Resolvers taken from a resolv.conf, as in resolv.conf(5).
    pub const MAX_UPSTREAMS: usize = 3;
    /// A longer resolv.conf is not read to its end.
    pub const MAX_RESOLV_CONF: u64 = 64 * 1024;
    /// Records in one of our own answers.
    pub const MAX_RECORDS: usize = 64;
}
