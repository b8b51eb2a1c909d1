//! What goes wrong, in Secrets Manager's codes and wording.

use gantry_aws_api::secretsmanager::errors;
use gantry_aws_wire::AwsError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("Secrets Manager can't find the specified secret.")]
    NotFound,
    #[error("Secrets Manager can't find the specified secret value for {0}")]
    NoValue(String),
    #[error("You can't perform this operation on the secret because it was marked for deletion.")]
    Deleted,
    #[error("The operation failed because the secret {0} already exists.")]
    Exists(String),
    #[error("You can't create this secret because a secret with this name is already scheduled for deletion.")]
    NameScheduled,
    #[error(
        "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
    )]
    TokenUsed { token: String, arn: String },
    /// `InvalidRequestException`
    #[error("{0}")]
    Request(String),
    /// `InvalidParameterException`
    #[error("{0}")]
    Parameter(String),
    /// `ValidationException`
    #[error("{0}")]
    Validation(String),
    #[error("{0}")]
    Limit(String),
    #[error("The next token is invalid.")]
    Token,
    #[error("{0}")]
    Malformed(String),
    #[error("This resource policy grants broad access to the secret. Grant access to fewer principals.")]
    PublicPolicy,
    #[error("Gantry does not implement {0}.")]
    NotImplemented(&'static str),
    #[error("the key that secrets are sealed with cannot be read")]
    Key,
    #[error("failed to seal or open the value of {place}")]
    Seal { place: String },
    #[error("failed to read or write secrets' records: {0}")]
    Store(#[from] gantry_store::Error),
    /// Another service's answer, such as a refusal of the [`gantry_aws_wire::Authority`].
    #[error("{0}")]
    Aws(AwsError),
}

impl Error {
    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self::Request(message.into())
    }

    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::Parameter(message.into())
    }
}

impl From<Error> for AwsError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NotFound | Error::NoValue(_) => errors::resource_not_found_exception(text),
            Error::Deleted | Error::NameScheduled | Error::Request(_) => errors::invalid_request_exception(text),
            Error::Exists(_) | Error::TokenUsed { .. } => errors::resource_exists_exception(text),
            Error::Parameter(_) => errors::invalid_parameter_exception(text),
            Error::Validation(_) => Self::sender("ValidationException", text),
            Error::Limit(_) => errors::limit_exceeded_exception(text),
            Error::Token => errors::invalid_next_token_exception(text),
            Error::Malformed(_) => errors::malformed_policy_document_exception(text),
            Error::PublicPolicy => errors::public_policy_exception(text),
            Error::NotImplemented(what) => Self::not_implemented(what),
            Error::Aws(error) => error,
            Error::Seal { .. } => {
                tracing::error!(error = %text, "secrets");
                errors::decryption_failure("Secrets Manager can't decrypt the protected secret text.")
            }
            Error::Key | Error::Store(_) => {
                tracing::error!(error = %text, "secrets");
                errors::internal_service_error("An error occurred on the server side.")
            }
        }
    }
}
