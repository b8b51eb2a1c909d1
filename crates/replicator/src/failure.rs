//! Why a copy did not come about, as ECR's `failureCode` and in words, and whether another try may help.

use std::time::Duration;

use gantry_registry::{AccessError, Error};
use gantry_upstream::Kind;

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cure {
    /// Another try, at the earliest after this.
    Retry(Option<Duration>),
    /// The same, and the destination as a whole is out of reach.
    Unreachable,
    /// None: the copy has failed.
    None,
    /// Nothing is left to copy.
    Gone,
}

#[derive(Clone, Debug)]
pub struct Failure {
    pub code: &'static str,
    pub reason: String,
    pub cure: Cure,
    /// Codes of the images of an index that failed.
    pub sub_images: Vec<&'static str>,
}

pub const ACCESS_DENIED: &str = "AccessDenied";
pub const TAG_EXISTS: &str = "ImageTagAlreadyExists";
pub const INVALID: &str = "InvalidManifest";
pub const UNAVAILABLE: &str = "DestinationUnavailable";
pub const SUB_IMAGES: &str = "ReferencedImagesFailed";
const TOO_MANY_TAGS: &str = "LimitExceeded";
const SERVER: &str = "ServerError";

impl Failure {
    pub fn new(code: &'static str, cure: Cure, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), cure, sub_images: Vec::new() }
    }

    pub fn gone() -> Self {
        Self::new("ImageNotFound", Cure::Gone, "the image is gone")
    }

    pub fn is_temporary(&self) -> bool {
        matches!(self.cure, Cure::Retry(_) | Cure::Unreachable)
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        let (code, cure) = match &e {
            Error::TagImmutable { .. } => (TAG_EXISTS, Cure::None),
            Error::TooManyTags { .. } => (TOO_MANY_TAGS, Cure::None),
            Error::ManifestInvalid(_) | Error::ManifestTooLarge { .. } | Error::ManifestDigest { .. } => {
                (INVALID, Cure::None)
            }
            Error::Denied(_) | Error::Unauthenticated => (ACCESS_DENIED, Cure::None),
            // What went meanwhile is seen to be gone by the next try.
            _ => (SERVER, Cure::Retry(None)),
        };
        Self::new(code, cure, e.to_string())
    }
}

impl From<AccessError> for Failure {
    fn from(e: AccessError) -> Self {
        let (code, cure) = match e {
            AccessError::Failed(_) => (SERVER, Cure::Retry(None)),
            AccessError::Denied(_) | AccessError::Unauthenticated | AccessError::Invalid(_) => {
                (ACCESS_DENIED, Cure::None)
            }
        };
        Self::new(code, cure, e.to_string())
    }
}

impl From<gantry_upstream::Error> for Failure {
    fn from(e: gantry_upstream::Error) -> Self {
        let (code, cure) = match e.kind {
            Kind::Network => (UNAVAILABLE, Cure::Unreachable),
            Kind::Unavailable | Kind::TooManyRequests => (UNAVAILABLE, Cure::Retry(e.retry_after)),
            // A token that has expired is said to be denied, and got anew.
            Kind::Denied if e.reason.contains("expired") => (ACCESS_DENIED, Cure::Retry(None)),
            Kind::Unauthorized => (ACCESS_DENIED, Cure::Retry(None)),
            Kind::Denied => (ACCESS_DENIED, Cure::None),
            Kind::Refused if e.has_code("TAG_INVALID") => (TAG_EXISTS, Cure::None),
            Kind::Refused if e.has_code("MANIFEST_INVALID") || e.has_code("NAME_INVALID") => (INVALID, Cure::None),
            Kind::TooLarge => (TOO_MANY_TAGS, Cure::None),
            Kind::NotFound | Kind::Refused | Kind::Malformed | Kind::Source => (SERVER, Cure::Retry(None)),
        };
        Self::new(code, cure, e.to_string())
    }
}
