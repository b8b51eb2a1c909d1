//! A request's condition context: what is known about the call beside who, what and on which.

use std::borrow::Cow;

/// Condition keys and their values. Keys are compared without regard to case, values with.
///
/// One is made for every request, so it is a short sorted list: it costs an allocation for a key only
/// where the key is not this program's own text.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(Vec<(Cow<'static, str>, Values)>);

/// Most keys have one value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    One([String; 1]),
    Many(Vec<String>),
}

impl Values {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => one,
            Self::Many(many) => many,
        }
    }
}

impl Context {
    pub fn new() -> Self {
        Self::default()
    }

    /// Room for this many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self(Vec::with_capacity(keys))
    }

    /// Sets a key to one value, in place of what it had.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.insert(key.to_lowercase().into(), Values::One([value.into()]));
    }

    /// [`Context::set`] for a key that is written in lower case already.
    pub fn set_lower(&mut self, key: &'static str, value: impl Into<String>) {
        debug_assert_eq!(key, key.to_lowercase(), "the key would never be found");
        self.insert(Cow::Borrowed(key), Values::One([value.into()]));
    }

    /// Sets a key to several values, in place of what it had. No values is the same as no key.
    pub fn set_all(&mut self, key: &str, values: Vec<String>) {
        let values = match <[String; 1]>::try_from(values) {
            Ok(one) => Values::One(one),
            Err(values) => Values::Many(values),
        };
        self.insert(key.to_lowercase().into(), values);
    }

    fn insert(&mut self, key: Cow<'static, str>, values: Values) {
        match self.0.binary_search_by(|(k, _)| k.as_ref().cmp(&key)) {
            Ok(at) => self.0[at].1 = values,
            Err(at) => self.0.insert(at, (key, values)),
        }
    }

    /// [`Context::set`], for building.
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.set(key, value);
        self
    }

    /// [`Context::set_all`], for building.
    pub fn with_all<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.set_all(key, values.into_iter().map(Into::into).collect());
        self
    }

    /// A key's values; `None` if there are none.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.lookup(&key.to_lowercase())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(key, values)| (key.as_ref(), values.as_slice()))
    }

    /// [`Context::get`] with a key already lower-case.
    pub(crate) fn lookup(&self, lower: &str) -> Option<&[String]> {
        let at = self.0.binary_search_by(|(key, _)| key.as_ref().cmp(lower)).ok()?;
        Some(self.0[at].1.as_slice()).filter(|values| !values.is_empty())
    }

    /// The value of a policy variable: keys with several values cannot be variables.
    pub(crate) fn variable(&self, lower: &str) -> Option<&str> {
        match self.lookup(lower) {
            Some([one]) => Some(one),
            _ => None,
        }
    }
}
