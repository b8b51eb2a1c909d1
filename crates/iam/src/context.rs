//! A request's condition context: what is known about the call beside who, what and on which.

use std::collections::BTreeMap;

/// Condition keys and their values. Keys are compared without regard to case, values with.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key to one value, in place of what it had.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_all(key, vec![value.into()]);
    }

    /// Sets a key to several values, in place of what it had. No values is the same as no key.
    pub fn set_all(&mut self, key: &str, values: Vec<String>) {
        self.0.insert(key.to_lowercase(), values);
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
        self.0.iter().map(|(key, values)| (key.as_str(), values.as_slice()))
    }

    /// [`Context::get`] with a key already lower-case.
    pub(crate) fn lookup(&self, lower: &str) -> Option<&[String]> {
        self.0.get(lower).map(Vec::as_slice).filter(|values| !values.is_empty())
    }

    /// The value of a policy variable: keys with several values cannot be variables.
    pub(crate) fn variable(&self, lower: &str) -> Option<&str> {
        match self.lookup(lower) {
            Some([one]) => Some(one),
            _ => None,
        }
    }
}
