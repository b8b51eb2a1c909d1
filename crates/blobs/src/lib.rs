//! Content-addressed bytes: image layers, configurations and manifests (DESIGN D3).
//!
//! What always holds, whichever engine: a blob can be opened under a digest only after bytes with
//! that digest were hashed and made durable; a failed commit leaves nothing; no blob is ever held in
//! memory whole; an upload cut off by a crash can be taken up where its stored bytes end; bytes that were
//! changed where they are kept are not served.
//!
//! There is one trait, [`Blobs`], and here its engines: [`FsBlobs`] in a directory, [`S3Blobs`] in a bucket
//! of any S3-compatible store. The suite in `tests/it/suite.rs` takes any engine.
#![forbid(unsafe_code)]

mod api;
mod digest;
mod error;
mod file_source;
mod fs;
mod fs_upload;
mod reader;
mod s3;
mod sessions;
mod stamp;

pub use api::{BlobStat, Blobs, Upload, UploadId, limits};
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use error::{Error, Result};
pub use fs::FsBlobs;
pub use reader::{BlobReader, ChunkSource};
pub use s3::{PART, S3Blobs, S3Key, S3Options};
