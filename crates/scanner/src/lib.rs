//! Image scanning: a database of advisories, the inventory of an image, and a worker that matches them.
//!
//! What always holds: a scan that could not look never says that it found nothing; what it did not cover
//! is said in its description; an image's layers are read once, and scanned anew from what was kept of
//! them; the worker may be killed at any line, since what is to be done stands in the store.
//!
//! [`import`] fills the database ([`ScanDb`]), [`Scanner::start`] runs the worker.
#![forbid(unsafe_code)]

mod assess;
pub mod db;
mod error;
mod image;
pub mod import;
mod sbom;
mod sweep;
mod worker;

pub use assess::{Assessed, Assessment, assess};
pub use db::{ScanDb, SourceInfo};
pub use error::{Error, Result};
pub use sbom::{Sbom, SbomFormat};
pub use worker::Scanner;
