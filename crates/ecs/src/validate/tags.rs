//! Tags, as "Tagging Amazon ECS resources" limits them.

use gantry_aws_api::ecs::Tag;
use gantry_aws_wire::AwsError;

use super::{Check, invalid};

/// Tags on one resource.
pub const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

pub fn check(tags: &[Tag]) -> Check {
    if tags.len() > MAX_TAGS {
        return Err(invalid(format!("A resource can have a maximum of {MAX_TAGS} tags.")));
    }
    let mut seen = std::collections::HashSet::new();
    for tag in tags {
        let key = tag.key.as_deref().unwrap_or_default();
        let value = tag.value.as_deref().unwrap_or_default();
        if key.is_empty() || key.chars().count() > MAX_KEY {
            return Err(invalid("Tag keys must be between 1 and 128 characters long."));
        }
        if value.chars().count() > MAX_VALUE {
            return Err(invalid("Tag values can be at most 256 characters long."));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys beginning with aws: are reserved."));
        }
        let fits = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c));
        if !fits(key) || !fits(value) {
            return Err(invalid("Tags may hold letters, numbers, spaces and the characters _ . : / = + - @."));
        }
        if !seen.insert(key) {
            return Err(invalid(format!("Duplicate tag key '{key}'.")));
        }
    }
    Ok(())
}

/// `old` with `new` on top, in the order of keys.
pub fn merge(old: &[Tag], new: &[Tag]) -> Result<Vec<Tag>, AwsError> {
    let mut all: std::collections::BTreeMap<&str, &Tag> = std::collections::BTreeMap::new();
    for tag in old.iter().chain(new) {
        all.insert(tag.key.as_deref().unwrap_or_default(), tag);
    }
    if all.len() > MAX_TAGS {
        return Err(invalid(format!("A resource can have a maximum of {MAX_TAGS} tags.")));
    }
    Ok(all.into_values().cloned().collect())
}
