//! Why a request is not taken for its sender's. Messages are AWS's own wording.

/// A refusal. [`Error::code`] is AWS's error code; `Display` is its message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Neither an `Authorization` header nor presigned query parameters.
    #[error("Request is missing Authentication Token")]
    MissingAuthenticationToken,

    /// The signature's parts are absent, malformed or said twice.
    #[error("{0}")]
    IncompleteSignature(String),

    /// The signature is well formed but is not this request's.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    SignatureDoesNotMatch,

    /// A header that must be covered by the signature is not.
    #[error("'{0}' must be a 'SignedHeader' in the AWS Authorization.")]
    UnsignedHeader(String),

    /// Scope of the credential (date, region, service, terminator) is not this request's.
    #[error("{0}")]
    WrongScope(String),

    /// The signature is too old. Times are in SigV4's compact form.
    #[error("Signature expired: {signed} is now earlier than {earliest} ({now} - {allowed_min} min.)")]
    Expired { signed: String, earliest: String, now: String, allowed_min: i64 },

    /// A presigned URL whose `X-Amz-Expires` has run out.
    #[error("Signature expired: {expired} is now earlier than {now}")]
    PresignExpired { expired: String, now: String },

    /// The signature is from the future.
    #[error("Signature not yet current: {signed} is still later than {latest} ({now} + {allowed_min} min.)")]
    NotYetCurrent { signed: String, latest: String, now: String, allowed_min: i64 },

    /// The hash that was declared is not the body's.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    PayloadMismatch,

    /// A kind of payload signing (`STREAMING-…`, `UNSIGNED-PAYLOAD`) that this service does not take.
    #[error("The value of 'x-amz-content-sha256' is not supported here: {0}")]
    UnsupportedPayload(String),
}

impl Error {
    /// The code of the query and XML protocols, as IAM and STS answer.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationToken",
            Self::IncompleteSignature(_) => "IncompleteSignature",
            Self::SignatureDoesNotMatch
            | Self::UnsignedHeader(_)
            | Self::WrongScope(_)
            | Self::Expired { .. }
            | Self::PresignExpired { .. }
            | Self::NotYetCurrent { .. } => "SignatureDoesNotMatch",
            Self::PayloadMismatch => "XAmzContentSHA256Mismatch",
            Self::UnsupportedPayload(_) => "NotImplemented",
        }
    }

    /// The code of the JSON protocols, as ECS, ECR and EKS answer.
    pub fn json_code(&self) -> &'static str {
        match self.code() {
            "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
            "IncompleteSignature" => "IncompleteSignatureException",
            "SignatureDoesNotMatch" => "InvalidSignatureException",
            other => other,
        }
    }

    /// The HTTP status that goes with [`Error::code`] in the query protocol. The JSON protocols answer 400 for all.
    pub fn status(&self) -> u16 {
        match self {
            Self::IncompleteSignature(_) | Self::PayloadMismatch => 400,
            Self::UnsupportedPayload(_) => 501,
            _ => 403,
        }
    }
}
