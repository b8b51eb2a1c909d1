//! What goes wrong, in CloudWatch Logs' own codes and wording.

use std::io;

use gantry_agent_api::ServiceError;
use gantry_aws_wire::AwsError;

use crate::storage::stream::AppendError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("failed to read or write log records: {0}")]
    Store(#[from] gantry_store::Error),
    #[error("failed to read or write log events: {0}")]
    Io(#[from] io::Error),
}

/// A request that the service refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The specified log group does not exist.")]
    NoGroup,
    #[error("The specified log stream does not exist.")]
    NoStream,
    #[error("The specified resource does not exist.")]
    NoResource,
    #[error("The specified log group already exists")]
    GroupExists,
    #[error("The specified log stream already exists")]
    StreamExists,
    #[error("The specified nextToken is invalid.")]
    Token,
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    TooManyTags(String),
    #[error("The maximum number of live tail sessions has been reached.")]
    TooManySessions,
    #[error("{0}")]
    Protected(String),
    #[error("Gantry does not implement {0}.")]
    NotImplemented(&'static str),
}

impl Refusal {
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoGroup | Self::NoStream | Self::NoResource => "ResourceNotFoundException",
            Self::GroupExists | Self::StreamExists => "ResourceAlreadyExistsException",
            Self::Token | Self::Invalid(_) => "InvalidParameterException",
            Self::TooManyTags(_) => "TooManyTagsException",
            Self::TooManySessions => "LimitExceededException",
            Self::Protected(_) => "ValidationException",
            Self::NotImplemented(_) => "NotImplemented",
        }
    }
}

impl From<AppendError> for Error {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Gone => Refusal::NoStream.into(),
            AppendError::TooLarge => Refusal::invalid("The batch of log events is too large.").into(),
            AppendError::Io(error) => error.into(),
        }
    }
}

impl From<Error> for AwsError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(Refusal::NotImplemented(what)) => Self::not_implemented(what),
            Error::Refused(refusal) => Self::sender(refusal.code(), refusal.to_string()),
            Error::Store(_) | Error::Io(_) => {
                tracing::error!(%error, "logs");
                Self::receiver("ServiceUnavailableException", "The service cannot complete the request.")
            }
        }
    }
}

impl From<Error> for ServiceError {
    fn from(error: Error) -> Self {
        let retryable = !matches!(error, Error::Refused(_));
        let message = match &error {
            Error::Refused(refusal) => refusal.to_string(),
            // A full disk is worth telling the one whose logs wait for it.
            other => other.to_string(),
        };
        let code = match &error {
            Error::Refused(refusal) => refusal.code(),
            _ => "ServiceUnavailableException",
        };
        Self { code: code.to_owned(), message, retryable }
    }
}
