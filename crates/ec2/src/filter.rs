//! `Filters`: every filter must match, by any of its values; `*` and `?` are wildcards, `\` escapes.

use gantry_aws_api::ec2::Filter;

use crate::error::{Error, Refusal};

/// Most filters and most values of one filter, as EC2 has it.
const MAX_FILTERS: usize = 50;
const MAX_VALUES: usize = 200;

/// One thing's values by filter name; `None` for names that its kind does not have.
pub trait Filtered {
    fn values(&self, filter: &str) -> Option<Vec<String>>;
}

/// Keeps what all filters match. `names` are the kind's filter names, so that a wrong one is noticed
/// even where there is nothing to filter.
pub fn apply<T: Filtered>(items: Vec<T>, filters: Option<&[Filter]>, names: &[&str]) -> Result<Vec<T>, Error> {
    let filters = filters.unwrap_or_default();
    if filters.len() > MAX_FILTERS {
        return Err(Refusal::Value(format!("The maximum number of filters is {MAX_FILTERS}")).into());
    }
    let mut checked = Vec::with_capacity(filters.len());
    for filter in filters {
        let name = filter.name.as_deref().ok_or(Refusal::Missing("Filter.Name"))?;
        let is_tag = name == "tag-key" || name.strip_prefix("tag:").is_some_and(|key| !key.is_empty());
        if !is_tag && !names.contains(&name) {
            return Err(Refusal::UnknownFilter(name.to_owned()).into());
        }
        let values = filter.values.as_deref().unwrap_or_default();
        if values.is_empty() {
            return Err(Refusal::Missing("Filter.Value").into());
        }
        if values.len() > MAX_VALUES {
            return Err(Refusal::Value(format!("The maximum number of filter values is {MAX_VALUES}")).into());
        }
        checked.push((name, values));
    }
    let keeps = |item: &T| {
        checked.iter().all(|(name, wanted)| {
            // Nothing here has tags, so a filter on one matches nothing.
            let has = item.values(name).unwrap_or_default();
            wanted.iter().any(|pattern| has.iter().any(|value| matches(pattern, value)))
        })
    };
    Ok(items.into_iter().filter(|item| keeps(item)).collect())
}

/// Glob match in time linear in the text for each star, without recursion.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<(char, bool)> = unescaped(pattern);
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(('*', true)) => {
                star = Some((p, t));
                p += 1;
            }
            Some((c, special)) if (*special && *c == '?') || (!(*special && *c == '*') && *c == text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == ('*', true))
}

/// Characters, each with whether it is a wildcard.
fn unescaped(pattern: &str) -> Vec<(char, bool)> {
    let mut out = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|next| (next, false))),
            c => out.push((c, matches!(c, '*' | '?'))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("default", "default", true),
            ("def*", "default", true),
            ("*t", "default", true),
            ("d*f*t", "default", true),
            ("d?fault", "default", true),
            ("d?ault", "default", false),
            ("*", "", true),
            ("?", "", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("", "x", false),
            ("a*b*c*d", "aXbXcX", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
