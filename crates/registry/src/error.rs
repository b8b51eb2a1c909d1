//! What can go wrong, and how OCI Distribution says it on the wire.

use gantry_base::AccountId;
use gantry_blobs::{Digest, DigestError};
use http::StatusCode;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("The repository with name '{name}' does not exist in the registry with id '{account}'")]
    RepositoryNotFound { name: String, account: AccountId },
    #[error("The repository with name '{name}' already exists in the registry with id '{account}'")]
    RepositoryExists { name: String, account: AccountId },
    #[error(
        "The repository with name '{name}' in registry with id '{account}' cannot be deleted because it still contains images"
    )]
    RepositoryNotEmpty { name: String, account: AccountId },
    #[error("invalid repository name: '{0}'")]
    NameSyntax(String),
    #[error("invalid tag: '{0}'")]
    TagSyntax(String),
    #[error("{0}")]
    Digest(DigestError),
    #[error("Requested image not found")]
    ImageNotFound { name: String, reference: String },
    #[error(
        "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the tag is immutable."
    )]
    TagImmutable { tag: String, name: String },
    #[error("an image may have at most {limit} tags")]
    TooManyTags { limit: usize },
    #[error("Invalid image manifest: {0}")]
    ManifestInvalid(String),
    #[error("the manifest has over {limit} bytes")]
    ManifestTooLarge { limit: usize },
    #[error("the manifest's digest is {actual}, not {expected}")]
    ManifestDigest { expected: Digest, actual: Digest },
    #[error("Layers with digests '{}' required for pushing image into repository '{name}' in the registry with id '{account}' do not exist", join(.missing))]
    LayersNotFound { name: String, account: AccountId, missing: Vec<Digest> },
    #[error("Images with digests '{}' required for pushing image into repository with name '{name}' in the registry with id '{account}' do not exist", join(.missing))]
    ReferencedImagesNotFound { name: String, account: AccountId, missing: Vec<Digest> },
    #[error("image {digest} is referenced by manifest list {parent}")]
    ReferencedByManifestList { digest: Digest, parent: Digest },
    #[error("image {digest} changed meanwhile")]
    Changed { digest: Digest },
    #[error("The image with digest '{digest}' is archived. Restore it before you pull it.")]
    Archived { digest: Digest },
    #[error("blob unknown to registry: {0}")]
    BlobNotFound(Digest),
    #[error("blob {0} is part of an image of this repository; delete the image")]
    BlobInUse(Digest),
    #[error("blob upload unknown to registry")]
    UploadNotFound,
    #[error("another request is writing to this upload")]
    UploadBusy,
    #[error("the upload has {have} bytes, so the next byte is {have}, not {start}")]
    UploadRange { have: u64, start: u64 },
    #[error("{0}")]
    UploadInvalid(String),
    #[error("the length does not match: {0}")]
    SizeInvalid(String),
    #[error("the upload's bytes have digest {actual}, not {expected}")]
    UploadDigest { expected: Digest, actual: Digest },
    #[error("a layer may have at most {limit} bytes")]
    BlobTooLarge { limit: u64 },
    #[error("requested range not satisfiable")]
    RangeNotSatisfiable { size: u64 },
    #[error("Not Authorized")]
    Unauthenticated,
    #[error("{0}")]
    Denied(String),
    #[error("{0}")]
    TokenInvalid(String),
    #[error("the operation is unsupported")]
    Unsupported,
    #[error("no such page")]
    NoRoute,
    #[error("invalid pagination parameter: {0}")]
    Pagination(String),
    #[error("invalid scope: '{0}'")]
    Scope(String),
    #[error("`{subject}` kept changing; gave up after {tries} tries")]
    Contended { subject: String, tries: usize },
    #[error("{reason}")]
    Upstream { fault: crate::UpstreamFault, reason: String },
    #[error("the state store failed: {0}")]
    Store(#[from] gantry_store::Error),
    #[error("the blob store failed: {0}")]
    Blobs(gantry_blobs::Error),
    #[error("failed to make an answer: {0}")]
    Internal(String),
}

fn join(digests: &[Digest]) -> String {
    /// Digests named in one message; a manifest may lack thousands.
    const NAMED: usize = 10;
    let mut text = digests.iter().take(NAMED).map(Digest::as_str).collect::<Vec<_>>().join(", ");
    if digests.len() > NAMED {
        text.push_str(", ...");
    }
    text
}

impl From<gantry_blobs::Error> for Error {
    fn from(e: gantry_blobs::Error) -> Self {
        use gantry_blobs::Error as B;
        match e {
            B::NotFound(digest) => Self::BlobNotFound(digest),
            B::UploadNotFound(_) | B::UploadIdSyntax(_) => Self::UploadNotFound,
            B::UploadBusy(_) => Self::UploadBusy,
            B::DigestMismatch { expected, actual } => Self::UploadDigest { expected, actual },
            B::TooLarge { limit, .. } => Self::BlobTooLarge { limit },
            B::Range { size, .. } => Self::RangeNotSatisfiable { size },
            other @ (B::Io { .. } | B::Store { .. } | B::Address { .. }) => Self::Blobs(other),
        }
    }
}

/// The error codes of OCI Distribution 1.1, section "Error Codes".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OciCode {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    SizeInvalid,
    TagInvalid,
    Unauthorized,
    Denied,
    Unsupported,
    TooManyRequests,
    Unknown,
}

impl OciCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Self::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameInvalid => "NAME_INVALID",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::SizeInvalid => "SIZE_INVALID",
            Self::TagInvalid => "TAG_INVALID",
            Self::Unauthorized => "UNAUTHORIZED",
            Self::Denied => "DENIED",
            Self::Unsupported => "UNSUPPORTED",
            Self::TooManyRequests => "TOOMANYREQUESTS",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl Error {
    /// Status and code on the wire.
    pub fn oci(&self) -> (StatusCode, OciCode) {
        use OciCode as C;
        use StatusCode as S;
        match self {
            Self::RepositoryNotFound { .. } => (S::NOT_FOUND, C::NameUnknown),
            Self::RepositoryExists { .. } | Self::RepositoryNotEmpty { .. } => (S::CONFLICT, C::Denied),
            Self::NameSyntax(_) => (S::BAD_REQUEST, C::NameInvalid),
            Self::TagSyntax(_) | Self::TagImmutable { .. } | Self::TooManyTags { .. } => {
                (S::BAD_REQUEST, C::TagInvalid)
            }
            Self::Digest(_) | Self::ManifestDigest { .. } | Self::UploadDigest { .. } => {
                (S::BAD_REQUEST, C::DigestInvalid)
            }
            Self::ImageNotFound { .. } | Self::Archived { .. } => (S::NOT_FOUND, C::ManifestUnknown),
            Self::ManifestInvalid(_) => (S::BAD_REQUEST, C::ManifestInvalid),
            Self::ManifestTooLarge { .. } => (S::PAYLOAD_TOO_LARGE, C::SizeInvalid),
            Self::LayersNotFound { .. } | Self::ReferencedImagesNotFound { .. } => {
                (S::NOT_FOUND, C::ManifestBlobUnknown)
            }
            Self::ReferencedByManifestList { .. } => (S::CONFLICT, C::Denied),
            Self::BlobNotFound(_) => (S::NOT_FOUND, C::BlobUnknown),
            Self::UploadNotFound => (S::NOT_FOUND, C::BlobUploadUnknown),
            Self::UploadBusy => (S::CONFLICT, C::BlobUploadInvalid),
            Self::UploadRange { .. } => (S::RANGE_NOT_SATISFIABLE, C::BlobUploadInvalid),
            Self::UploadInvalid(_) => (S::BAD_REQUEST, C::BlobUploadInvalid),
            Self::SizeInvalid(_) => (S::BAD_REQUEST, C::SizeInvalid),
            Self::BlobTooLarge { .. } => (S::PAYLOAD_TOO_LARGE, C::SizeInvalid),
            Self::RangeNotSatisfiable { .. } => (S::RANGE_NOT_SATISFIABLE, C::SizeInvalid),
            Self::Unauthenticated => (S::UNAUTHORIZED, C::Unauthorized),
            Self::Denied(_) => (S::FORBIDDEN, C::Denied),
            Self::TokenInvalid(_) => (S::BAD_REQUEST, C::Denied),
            Self::Unsupported => (S::METHOD_NOT_ALLOWED, C::Unsupported),
            Self::NoRoute => (S::NOT_FOUND, C::NameUnknown),
            Self::Pagination(_) | Self::Scope(_) => (S::BAD_REQUEST, C::Unsupported),
            // What the specification has a registry say that does not delete.
            Self::BlobInUse(_) => (S::METHOD_NOT_ALLOWED, C::Unsupported),
            Self::Changed { .. } | Self::Contended { .. } => (S::TOO_MANY_REQUESTS, C::TooManyRequests),
            Self::Upstream { fault, .. } => fault.oci(),
            Self::Blobs(e) if e.is_storage_full() => (S::INSUFFICIENT_STORAGE, C::Unknown),
            Self::Store(_) | Self::Blobs(_) | Self::Internal(_) => (S::INTERNAL_SERVER_ERROR, C::Unknown),
        }
    }

    /// What a client may read: nothing about our own disks.
    pub fn public_message(&self) -> String {
        match self {
            Self::Blobs(e) if e.is_storage_full() => "the registry's disk is full".to_owned(),
            Self::Store(_) | Self::Blobs(_) | Self::Internal(_) => "internal error".to_owned(),
            other => other.to_string(),
        }
    }
}
