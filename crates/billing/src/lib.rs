//! Bills from recorded usage (DESIGN D9): what was used, in AWS's own usage types, and what it costs
//! by a price book.
//!
//! What always holds:
//! - A bill is derived from the usage records and from nothing else. They are written in the same
//!   transaction as the change of state they stand for and keep their key for as long as the
//!   resource is metered, so neither a crash nor a repeated write loses or doubles anything.
//! - Amounts and money are exact fractions; rounding happens only when one is written out. The bills
//!   of two halves of a period therefore add up to the bill of the whole.
#![forbid(unsafe_code)]

mod bill;
mod error;
mod focus;
mod meter;
mod period;
mod price;
mod quantity;
mod read;
mod table;

pub use bill::{Bill, BillLine, Group, GroupBy};
pub use error::{Error, Result};
pub use focus::write_focus;
pub use meter::bill_records;
pub use period::Period;
pub use price::{Price, PriceBook, UnitPrice, usage_type};
pub use quantity::{Money, Quantity};
pub use read::bill;
pub use table::{Column, Table, lines_table, summary_table};

/// What a bill will not exceed.
pub mod limits {
    /// Lines of one bill; ask for a shorter period beyond that.
    pub const MAX_LINES: usize = 1_000_000;
    /// Usage records read from the store at a time.
    pub const PAGE: usize = 1000;
    /// Bytes of a price book's file.
    pub const MAX_BOOK_BYTES: u64 = 1 << 20;
    /// Entries of a price book.
    pub const MAX_PRICES: usize = 10_000;
    /// Days in one period.
    pub const MAX_PERIOD_DAYS: i64 = 3660;
    /// Groups that a grouping keeps apart.
    pub const MAX_GROUPS: usize = 100_000;
}
