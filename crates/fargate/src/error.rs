//! Why the controller could not do something.

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
