//! Why a policy document is refused.

/// A document that is not a policy. `Display` is IAM's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not JSON, or JSON of another shape.
    #[error("Syntax errors in policy.")]
    Syntax,
    /// A policy in shape, but one that IAM does not take; the text is IAM's own.
    #[error("{0}")]
    Malformed(String),
    /// Longer than [`crate::limits::MAX_DOCUMENT_LEN`].
    #[error("Policy document is longer than {0} characters.")]
    TooLong(usize),
}

impl PolicyError {
    /// AWS's error code.
    pub fn code(&self) -> &'static str {
        "MalformedPolicyDocument"
    }

    pub(crate) fn malformed(text: impl Into<String>) -> Self {
        Self::Malformed(text.into())
    }
}
