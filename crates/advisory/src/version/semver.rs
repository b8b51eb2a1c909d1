//! Semantic versions, read leniently as package managers do: a `v` in front, any number of components,
//! numbers of any length.

use std::cmp::Ordering;

use super::cmp_digits;

#[derive(Clone, Debug)]
pub(super) struct Version {
    core: Vec<String>,
    /// Empty: a release.
    pre: Vec<String>,
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('=').unwrap_or(text).trim_start();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        // What is built of it does not order it.
        let text = text.split('+').next().unwrap_or_default();
        let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
        let core: Vec<String> = core.split('.').map(str::to_owned).collect();
        if !core.iter().all(|part| is_number(part)) {
            return None;
        }
        let pre: Vec<String> = pre.map(|pre| pre.split('.').map(str::to_owned).collect()).unwrap_or_default();
        let word = |part: &String| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        pre.iter().all(word).then_some(Self { core, pre })
    }

    /// The toolchain numbers itself `go1.21rc2` and `1.21.3`, vendors add ` X:experiment` or `-suffix`.
    pub(super) fn parse_go(text: &str) -> Option<Self> {
        let text = text.strip_prefix("go").unwrap_or(text).split_whitespace().next()?;
        if let Some(read) = Self::parse(text) {
            return Some(read);
        }
        for word in ["rc", "beta"] {
            if let Some((core, count)) = text.split_once(word).filter(|(_, count)| is_number(count)) {
                return Self::parse(&format!("{core}-{word}.{count}"));
            }
        }
        None
    }
}

fn compare_identifiers(a: &str, b: &str) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => cmp_digits(a, b),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        for at in 0..self.core.len().max(other.core.len()) {
            let part = |version: &'_ Self| version.core.get(at).cloned().unwrap_or_default();
            match cmp_digits(&part(self), &part(other)) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let pairs = self.pre.iter().zip(&other.pre).map(|(a, b)| compare_identifiers(a, b));
        let unequal = pairs.into_iter().find(|order| *order != Ordering::Equal);
        unequal.unwrap_or_else(|| self.pre.len().cmp(&other.pre.len()))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}
