//! What can go wrong beside the caller's own mistakes, which are [`AwsError`]s from the start.

use gantry_aws_wire::AwsError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("identity store: {0}")]
    Store(#[from] gantry_store::Error),
    #[error("the key that seals session tokens is damaged")]
    SessionKey,
    #[error("a stored policy cannot be read: {0}")]
    StoredPolicy(#[from] gantry_iam::PolicyError),
    /// `task_credentials`: no such role, or one that does not trust the service.
    #[error("{0}")]
    Role(String),
    #[error("{0}")]
    Refused(AwsError),
}

impl From<Error> for AwsError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(error) => error,
            Error::Role(message) => AwsError::access_denied(message),
            other => {
                tracing::error!(error = %other, "identity failed");
                AwsError::receiver("ServiceFailure", "The request processing has failed because of an unknown error.")
            }
        }
    }
}
