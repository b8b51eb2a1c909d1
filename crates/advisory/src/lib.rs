//! What advisories say, and whether they mean a package: version orders, readers, matching. No I/O but
//! the reader that a caller hands in.
//!
//! What always holds: an order is a total one over the versions that it can read, and says of others that
//! it cannot; a reader keeps one record in memory, however long its file; input from outside never panics;
//! an advisory that says "not affected" makes no match, and one that cannot be compared is told apart from
//! one that does not match.
//!
//! [`read_document`] turns a file into [`Item`]s, [`affects`] compares one with a version.
#![forbid(unsafe_code)]

mod ecosystem;
mod matching;
mod record;
mod score;
pub mod source;
mod version;

pub use ecosystem::{Ecosystem, OsRelease};
pub use matching::{Verdict, affects};
pub use record::{Affected, Detail, Interval, Item, Severity, limits};
pub use score::{CvssScore, best_score, score};
pub use source::{Error, Format, Summary, read_document};
pub use version::{Scheme, compare};
