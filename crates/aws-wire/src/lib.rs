//! AWS's wire protocols: from HTTP bytes to a checked [`Value`](serde_json::Value) and back.
//!
//! A service's model is a table of constants ([`schema`]); one set of decoders, validators and
//! encoders walks it, so that no operation has code of its own here. What a service handler sees has
//! been decoded, authenticated, validated and authorised, in that order AWS has it.
#![forbid(unsafe_code)]

pub mod call;
pub mod error;
pub mod frontend;
pub mod page;
pub mod protocol;
pub mod schema;
pub mod shape;
pub mod validate;

pub use call::{Access, Authority, Caller, CallerKind, Context, Credential, Output, Service};
pub use error::{AwsError, Fault};
pub use frontend::{Defaults, Frontend, Limits, ResponseBody};
pub use page::{Forged, PageTokens};
pub use shape::{Shape, ShapeError};

/// For the expansion of [`shapes!`] only.
#[doc(hidden)]
pub mod __private {
    pub use serde::{Deserialize, Deserializer, Serialize, Serializer};
    pub use serde_json::{Map, Value};

    pub fn custom<'de, D: Deserializer<'de>>(error: crate::ShapeError) -> D::Error {
        serde::de::Error::custom(error)
    }
}
