//! What the generated adapters share.

use gantry_aws_wire::{AwsError, Shape};
use serde_json::{Map, Value};

/// An event stream's sending end lies with the service: `(event type, payload)`.
pub type Events = tokio::sync::mpsc::Receiver<(&'static str, Value)>;

/// The validator has checked the input against the same model, so a miss here is a type it lets through.
pub(crate) fn parse<T: Shape>(input: Value) -> Result<T, AwsError> {
    T::from_value(input).map_err(|e| AwsError::sender("SerializationException", e.to_string()))
}

/// The answer of an operation without output.
pub(crate) fn empty(_: ()) -> Value {
    Value::Object(Map::new())
}
