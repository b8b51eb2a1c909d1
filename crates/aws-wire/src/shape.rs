//! From a checked JSON value to a typed struct and back, for the generated types.
//!
//! The values are the ones decoders make whatever the protocol: timestamps are epoch seconds, blobs are
//! base64 text, members carry the model's names.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use gantry_base::Timestamp;
use serde_json::{Map, Number, Value};

/// A value that is not of the shape asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{member}`: expected {expected}")]
pub struct ShapeError {
    pub member: String,
    pub expected: &'static str,
}

impl ShapeError {
    pub fn new(expected: &'static str) -> Self {
        Self { member: String::new(), expected }
    }

    pub fn within(mut self, member: &str) -> Self {
        self.member = if self.member.is_empty() { member.to_owned() } else { format!("{member}.{}", self.member) };
        self
    }
}

/// A type of a service model.
pub trait Shape: Sized {
    fn from_value(value: Value) -> Result<Self, ShapeError>;
    fn to_value(&self) -> Value;
}

/// Takes a required member out of an object; absent is an error unless the type is a collection.
pub fn take<T: Shape>(object: &mut Map<String, Value>, name: &'static str) -> Result<T, ShapeError> {
    match object.remove(name) {
        None | Some(Value::Null) => Err(ShapeError::new("a value").within(name)),
        Some(value) => T::from_value(value).map_err(|e| e.within(name)),
    }
}

/// Takes an optional member; `null` counts as absent, as AWS has it.
pub fn take_opt<T: Shape>(object: &mut Map<String, Value>, name: &'static str) -> Result<Option<T>, ShapeError> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => T::from_value(value).map(Some).map_err(|e| e.within(name)),
    }
}

pub fn put<T: Shape>(object: &mut Map<String, Value>, name: &'static str, value: &T) {
    object.insert(name.to_owned(), value.to_value());
}

pub fn put_opt<T: Shape>(object: &mut Map<String, Value>, name: &'static str, value: Option<&T>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.to_value());
    }
}

pub fn object(value: Value) -> Result<Map<String, Value>, ShapeError> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(ShapeError::new("a structure")),
    }
}

impl Shape for Value {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        Ok(value)
    }

    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl Shape for String {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(ShapeError::new("a string")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Shape for bool {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        value.as_bool().ok_or(ShapeError::new("a boolean"))
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Shape for i32 {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        value.as_i64().and_then(|n| Self::try_from(n).ok()).ok_or(ShapeError::new("an integer"))
    }

    fn to_value(&self) -> Value {
        Value::from(*self)
    }
}

impl Shape for i64 {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        value.as_i64().ok_or(ShapeError::new("an integer"))
    }

    fn to_value(&self) -> Value {
        Value::from(*self)
    }
}

impl Shape for f64 {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        match value.as_str() {
            Some("NaN") => Ok(Self::NAN),
            Some("Infinity") => Ok(Self::INFINITY),
            Some("-Infinity") => Ok(Self::NEG_INFINITY),
            _ => value.as_f64().ok_or(ShapeError::new("a number")),
        }
    }

    /// What JSON has no number for is the text that all protocols have for it.
    fn to_value(&self) -> Value {
        let text = if self.is_nan() {
            "NaN"
        } else if *self > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        Number::from_f64(*self).map_or_else(|| Value::from(text), Value::Number)
    }
}

impl Shape for Timestamp {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        value.as_f64().map(Self::from_epoch_seconds).ok_or(ShapeError::new("a timestamp"))
    }

    fn to_value(&self) -> Value {
        if self.millis() % 1000 == 0 { Value::from(self.secs()) } else { self.epoch_seconds().to_value() }
    }
}

impl Shape for Bytes {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        let text = value.as_str().ok_or(ShapeError::new("base64 text"))?;
        BASE64.decode(text).map(Self::from).map_err(|_| ShapeError::new("base64 text"))
    }

    fn to_value(&self) -> Value {
        Value::String(BASE64.encode(self))
    }
}

impl<T: Shape> Shape for Box<T> {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        T::from_value(value).map(Self::new)
    }

    fn to_value(&self) -> Value {
        T::to_value(self)
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        match value {
            Value::Array(items) => items.into_iter().map(T::from_value).collect(),
            _ => Err(ShapeError::new("a list")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Array(self.iter().map(T::to_value).collect())
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    fn from_value(value: Value) -> Result<Self, ShapeError> {
        match value {
            Value::Object(map) => map.into_iter().map(|(k, v)| T::from_value(v).map(|v| (k, v))).collect(),
            _ => Err(ShapeError::new("a map")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Object(self.iter().map(|(k, v)| (k.clone(), v.to_value())).collect())
    }
}

/// Declares model structures: the struct, [`Shape`], and serde through it so that records can hold one.
///
/// ```ignore
/// shapes! { pub struct Tag { "key" req key: String, "value" opt value: String, } }
/// ```
#[macro_export]
macro_rules! shapes {
    ($($(#[$meta:meta])* pub struct $name:ident { $($wire:literal $need:ident $field:ident : $ty:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $(pub $field: $crate::shape_field!($need $ty),)*
        }
        impl $crate::Shape for $name {
            #[allow(unused_mut, unused_variables, reason = "structures without members")]
            fn from_value(value: $crate::__private::Value) -> Result<Self, $crate::ShapeError> {
                let mut object = $crate::shape::object(value)?;
                Ok(Self { $($field: $crate::shape_take!($need object $wire),)* })
            }
            #[allow(unused_mut, reason = "structures without members")]
            fn to_value(&self) -> $crate::__private::Value {
                let mut object = $crate::__private::Map::new();
                $($crate::shape_put!($need object $wire self.$field);)*
                $crate::__private::Value::Object(object)
            }
        }
        impl $crate::__private::Serialize for $name {
            fn serialize<S: $crate::__private::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::__private::Serialize::serialize(&$crate::Shape::to_value(self), serializer)
            }
        }
        impl<'de> $crate::__private::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <$crate::__private::Value as $crate::__private::Deserialize>::deserialize(deserializer)?;
                <Self as $crate::Shape>::from_value(value).map_err($crate::__private::custom::<D>)
            }
        }
    )*};
}

#[doc(hidden)]
#[macro_export]
macro_rules! shape_field {
    (req $ty:ty) => { $ty };
    (opt $ty:ty) => { Option<$ty> };
}

#[doc(hidden)]
#[macro_export]
macro_rules! shape_take {
    (req $object:ident $wire:literal) => {
        $crate::shape::take(&mut $object, $wire)?
    };
    (opt $object:ident $wire:literal) => {
        $crate::shape::take_opt(&mut $object, $wire)?
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! shape_put {
    (req $object:ident $wire:literal $self:ident . $field:ident) => {
        $crate::shape::put(&mut $object, $wire, &$self.$field)
    };
    (opt $object:ident $wire:literal $self:ident . $field:ident) => {
        $crate::shape::put_opt(&mut $object, $wire, $self.$field.as_ref())
    };
}
