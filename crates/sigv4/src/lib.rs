//! AWS Signature Version 4: reading, checking and making signatures. No I/O and no clock of its own.
//!
//! What always holds:
//! - A request passes only if `host` and every `x-amz-*` header it carries are covered by the signature.
//! - The body is covered: the hash that was signed is the hash of the body that came, unless the service
//!   takes `UNSIGNED-PAYLOAD` and the request says so.
//! - Signatures are compared in constant time; secrets and derived keys never appear in errors or `Debug`.
//!
//! A server's use: [`Presented::parse`], look the secret up by [`Presented::access_key_id`],
//! [`Presented::check_scope`], then [`verify`] (or [`verify_with_key`] with a cached [`SigningKey`]).
//!
//! Follows <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>.
#![forbid(unsafe_code)]

mod canonical;
mod error;
mod key;
mod parse;
mod sign;
mod verify;

pub use canonical::{RequestView, decode_query};
pub use error::Error;
pub use key::SigningKey;
pub use parse::{Kind, Presented, parse};
pub use sign::{Credentials, Signed, presign, sign};
pub use verify::{PayloadHash, Rules, verify, verify_with_key};

/// The one algorithm that is spoken here.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last part of every credential scope.
pub const TERMINATOR: &str = "aws4_request";
/// How far a client's clock may be from ours, either way: 5 minutes.
pub const MAX_SKEW_MS: i64 = 5 * 60 * 1000;
/// Longest life of a presigned URL: 7 days, in seconds.
pub const MAX_EXPIRES_SECS: u32 = 604_800;
/// Most bytes read of an `Authorization` header or a query string.
pub const MAX_AUTH_LEN: usize = 64 * 1024;
/// Most headers that a signature may cover.
pub const MAX_SIGNED_HEADERS: usize = 128;
