//! What can go wrong inside, and how it is told to callers.

use gantry_aws_wire::AwsError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("failed to {operation} `{subject}`: {source}")]
    Store {
        operation: &'static str,
        subject: String,
        #[source]
        source: gantry_store::Error,
    },
}

impl Error {
    pub(crate) fn store(
        operation: &'static str,
        subject: impl Into<String>,
    ) -> impl FnOnce(gantry_store::Error) -> Self {
        let subject = subject.into();
        move |source| Self::Store { operation, subject, source }
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Logged whole, answered in general words: keys and disks are not the caller's business.
impl From<Error> for AwsError {
    fn from(error: Error) -> Self {
        tracing::error!(%error, "ecs answers a server error");
        gantry_aws_api::ecs::errors::server_exception("Service Unavailable. Please try again later.")
    }
}
