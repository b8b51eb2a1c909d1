//! An error as an AWS client sees it: code, HTTP status, wording, and the members of its shape.

use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller's: `<Type>Sender</Type>` in the XML protocols.
    Sender,
    Receiver,
}

/// The only error that crosses from a service to the wire.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    pub code: String,
    pub message: String,
    pub status: u16,
    pub fault: Fault,
    /// Further members of the error's shape, by their names in the model.
    pub fields: Map<String, Value>,
}

impl AwsError {
    /// The caller's mistake, answered with 400.
    pub fn sender(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400, fault: Fault::Sender, fields: Map::new() }
    }

    /// Ours, answered with 500. `message` must not name anything internal that is secret.
    pub fn receiver(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 500, fault: Fault::Receiver, ..Self::sender(code, message) }
    }

    /// An operation of the model that Gantry does not have: 501, by name.
    pub fn not_implemented(operation: &str) -> Self {
        Self {
            status: 501,
            fault: Fault::Receiver,
            ..Self::sender("NotImplemented", format!("Gantry does not implement {operation}."))
        }
    }

    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::sender("AccessDeniedException", message)
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn with_field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }
}
