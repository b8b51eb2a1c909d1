//! Everything that can go wrong with a bill.

use std::path::PathBuf;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("failed to read the usage of account {account}: {source}")]
    Store { account: String, source: gantry_store::Error },
    #[error("the usage record `{key}` cannot be billed: {reason}")]
    Record { key: String, reason: String },
    #[error("`{0}` is not a period: write a month (2026-11), a day (2026-11-22) or two days with `..` between them")]
    Period(String),
    #[error("a period must end after it begins, at most {limit} days later", limit = crate::limits::MAX_PERIOD_DAYS)]
    PeriodLength,
    #[error("failed to read the price book {}: {source}", path.display())]
    BookFile { path: PathBuf, source: std::io::Error },
    #[error("the price book is not valid: {0}")]
    Book(String),
    #[error("the price book has no price for {usage} in {region}")]
    NoPrice { usage: String, region: String },
    #[error("the bill has more than {limit} lines; ask for a shorter period", limit = crate::limits::MAX_LINES)]
    TooManyLines,
    #[error("failed to write the bill: {0}")]
    Write(std::io::Error),
}
