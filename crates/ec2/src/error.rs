//! What goes wrong, in EC2's own codes and wording.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>

use gantry_aws_wire::AwsError;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{0}` is not a network for a VPC: write it as in 172.31.0.0/16, with a prefix of 8 to 26 bits")]
    Cidr(String),
    #[error("failed to read network interfaces: {0}")]
    Store(#[from] gantry_store::Error),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A request that EC2 refuses.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("The {kind} '{id}' does not exist")]
    NotFound { code: &'static str, kind: &'static str, id: String },
    #[error("Invalid id: \"{id}\" (expecting \"{prefix}-...\")")]
    Malformed { code: &'static str, id: String, prefix: &'static str },
    #[error("The filter '{0}' is invalid")]
    UnknownFilter(String),
    #[error("The request must contain the parameter {0}")]
    Missing(&'static str),
    #[error("{0}")]
    Value(String),
    #[error("The parameter {0} cannot be used with the parameter {1}")]
    Combination(&'static str, &'static str),
    #[error("The token '{0}' is invalid")]
    Token(String),
    #[error("Request would have succeeded, but DryRun flag is set.")]
    DryRun,
}

impl Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { code, .. } | Self::Malformed { code, .. } => code,
            Self::UnknownFilter(_) | Self::Value(_) => "InvalidParameterValue",
            Self::Missing(_) => "MissingParameter",
            Self::Combination(..) => "InvalidParameterCombination",
            Self::Token(_) => "InvalidNextToken",
            Self::DryRun => "DryRunOperation",
        }
    }
}

impl From<Error> for AwsError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                let status = if matches!(refusal, Refusal::DryRun) { 412 } else { 400 };
                Self::sender(refusal.code(), refusal.to_string()).with_status(status)
            }
            // What the store or the setup says is for the operator's log, not for the caller.
            Error::Cidr(_) | Error::Store(_) => Self::receiver("InternalError", "An internal error has occurred"),
        }
    }
}
