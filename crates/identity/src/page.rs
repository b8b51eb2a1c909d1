//! IAM's paging: `Marker`, `MaxItems`, `IsTruncated`.

use gantry_aws_wire::AwsError;

use crate::core::Call;

/// Items where `MaxItems` is not given.
const DEFAULT_MAX_ITEMS: usize = 100;

/// One page of a listing.
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    pub is_truncated: bool,
    pub marker: Option<String>,
}

impl<T> Page<T> {
    /// `all` in order of its keys; `scope` names what else was asked for, so that a marker fits no
    /// other listing.
    pub fn cut(
        call: &Call<'_>,
        operation: &str,
        scope: &str,
        marker: Option<&str>,
        max_items: Option<i32>,
        all: impl IntoIterator<Item = (String, T)>,
    ) -> Result<Self, AwsError> {
        let scope = format!("{}|{scope}", call.account_id());
        let tokens = &call.inner.pages;
        let after = match marker {
            None => None,
            Some(marker) => Some(
                tokens
                    .open(operation, &scope, marker)
                    .map_err(|_| AwsError::sender("ValidationError", "Invalid Marker."))?,
            ),
        };
        let limit = max_items.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(DEFAULT_MAX_ITEMS);
        let mut rest = all.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).peekable();
        let mut items = Vec::new();
        let mut last = String::new();
        while items.len() < limit
            && let Some((key, item)) = rest.next()
        {
            items.push(item);
            last = key;
        }
        let is_truncated = rest.peek().is_some();
        let marker = is_truncated.then(|| tokens.seal(operation, &scope, &last));
        Ok(Self { items, is_truncated, marker })
    }
}
