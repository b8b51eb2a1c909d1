//! Whether a version is one of those that an advisory means.

use std::cmp::Ordering;

use crate::{Affected, Interval, Scheme, compare};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    No,
    /// `fixed`: the version that ends the stretch, where there is one.
    Yes {
        fixed: Option<String>,
    },
    /// The version or the advisory's bounds cannot be read.
    Unknown,
}

/// OSV's evaluation (<https://ossf.github.io/osv-schema/>, "Evaluation"): in a stretch, or named.
pub fn affects(scheme: Scheme, affected: &Affected, version: &str) -> Verdict {
    let mut unknown = false;
    for interval in &affected.intervals {
        match within(scheme, interval, version) {
            Some(true) => return Verdict::Yes { fixed: interval.fixed.clone() },
            Some(false) => {}
            None => unknown = true,
        }
    }
    let named = |listed: &String| listed == version || compare(scheme, listed, version) == Some(Ordering::Equal);
    if affected.versions.iter().any(named) {
        return Verdict::Yes { fixed: None };
    }
    if unknown { Verdict::Unknown } else { Verdict::No }
}

pub(crate) fn within(scheme: Scheme, interval: &Interval, version: &str) -> Option<bool> {
    if !interval.introduced.is_empty() && compare(scheme, version, &interval.introduced)? == Ordering::Less {
        return Some(false);
    }
    if let Some(fixed) = &interval.fixed {
        return Some(compare(scheme, version, fixed)? == Ordering::Less);
    }
    if let Some(last) = &interval.last {
        return Some(compare(scheme, version, last)? != Ordering::Greater);
    }
    Some(true)
}
