//! What software an image holds, found from its layers without running them.
//!
//! Feed a [`Collector`] the layers bottom to top, then [`Collector::finish`] it into an [`Inventory`]:
//! the operating system, every package of every database, lock file and binary that a reader
//! understands, and the [`Gap`]s: what could not be looked at, and why. [`sbom`] writes an inventory down
//! as SPDX or CycloneDX.
//!
//! What always holds:
//! - Bytes in, values out: no files, no network, no clock, no process.
//! - Nothing is passed over in silence. A limit that was hit, a file that is damaged or of a form no reader
//!   knows, is a [`Gap`]; only a layer that cannot be read at all is an [`Error`].
//! - The answer is for the image as a container sees it: whiteouts, replaced files and links count.
//! - Memory does not grow with a layer: it is read as a stream, and only files that a reader wants are held,
//!   one at a time, each up to its [`limits`] entry. Binaries and archives are read through, never held.
//! - No input panics, loops or allocates by a length that the input only claims.
#![forbid(unsafe_code)]

mod collector;
mod error;
mod findings;
mod finish;
mod layer;
pub mod limits;
mod model;
mod paths;
mod purl;
mod readers;
pub mod sbom;
mod tree;
mod wanted;

pub use collector::Collector;
pub use error::Error;
pub use limits::Limits;
pub use model::{Evidence, Gap, GapKind, Inventory, OsRelease, Package, PackageKind, SourcePackage};
