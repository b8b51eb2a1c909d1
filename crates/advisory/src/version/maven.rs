//! Maven's order (<https://maven.apache.org/pom.html>, "Version Order Specification").
//!
//! A version is a list of numbers, words and lists: a dash, or a change between digits and letters, opens
//! a list inside. Zeros and empty words at the end of a list do not count.

use std::cmp::Ordering;

#[derive(Clone, Debug)]
enum Part {
    /// Digits without leading zeros; empty for zero.
    Number(String),
    Word(String),
    List(Vec<Part>),
}

#[derive(Clone, Debug)]
pub(super) struct Version(Vec<Part>);

/// Words that stand before and after a release, which is the empty one.
const WORDS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
const RELEASE: usize = 5;

fn word(text: &str, digit_follows: bool) -> Part {
    let full = match text {
        "a" if digit_follows => "alpha",
        "b" if digit_follows => "beta",
        "m" if digit_follows => "milestone",
        "ga" | "final" | "release" => "",
        "cr" => "rc",
        other => other,
    };
    Part::Word(full.to_owned())
}

fn number(digits: &str) -> Part {
    Part::Number(digits.trim_start_matches('0').to_owned())
}

/// Where a word stands: known ones by their place, others behind them by their letters.
fn rank(word: &str) -> (usize, &str) {
    WORDS.iter().position(|known| *known == word).map_or((WORDS.len(), word), |at| (at, ""))
}

impl Part {
    fn is_null(&self) -> bool {
        match self {
            Self::Number(digits) => digits.is_empty(),
            Self::Word(word) => word.is_empty(),
            Self::List(parts) => parts.is_empty(),
        }
    }

    /// Against nothing, as the end of a list is.
    fn compare_to_nothing(&self) -> Ordering {
        match self {
            Self::Number(digits) => digits.len().cmp(&0),
            Self::Word(word) => rank(word).cmp(&(RELEASE, "")),
            Self::List(parts) => {
                parts.iter().map(Self::compare_to_nothing).find(|o| *o != Ordering::Equal).unwrap_or(Ordering::Equal)
            }
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => super::cmp_digits(a, b),
            (Self::Word(a), Self::Word(b)) => rank(a).cmp(&rank(b)),
            (Self::List(a), Self::List(b)) => compare_lists(a, b),
            (Self::Number(_), _) => Ordering::Greater,
            (_, Self::Number(_)) => Ordering::Less,
            (Self::Word(_), Self::List(_)) => Ordering::Less,
            (Self::List(_), Self::Word(_)) => Ordering::Greater,
        }
    }
}

fn compare_lists(a: &[Part], b: &[Part]) -> Ordering {
    for at in 0..a.len().max(b.len()) {
        let order = match (a.get(at), b.get(at)) {
            (Some(x), Some(y)) => x.compare(y),
            (Some(x), None) => x.compare_to_nothing(),
            (None, Some(y)) => y.compare_to_nothing().reverse(),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Drops what says nothing: null parts at the end, also those just before a list.
fn normalize(parts: &mut Vec<Part>) {
    let mut at = parts.len();
    while at > 0 {
        at -= 1;
        if parts[at].is_null() {
            parts.remove(at);
        } else if !matches!(parts[at], Part::List(_)) {
            break;
        }
    }
}

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let text = text.to_ascii_lowercase();
        // The lists that are open, the innermost last.
        let mut open: Vec<Vec<Part>> = vec![Vec::new()];
        let mut token = String::new();
        let take = |token: &mut String, open: &mut Vec<Vec<Part>>, digit_follows: bool, separator: bool| {
            let part = match token.bytes().next() {
                None if separator => number(""),
                None => return,
                Some(b) if b.is_ascii_digit() => number(token),
                Some(_) => word(token, digit_follows),
            };
            token.clear();
            if let Some(list) = open.last_mut() {
                list.push(part);
            }
        };
        for c in text.chars() {
            let was_digit = token.bytes().next().is_some_and(|b| b.is_ascii_digit());
            match c {
                '.' => take(&mut token, &mut open, false, true),
                '-' => {
                    take(&mut token, &mut open, false, true);
                    open.push(Vec::new());
                }
                c if !token.is_empty() && c.is_ascii_digit() != was_digit => {
                    take(&mut token, &mut open, c.is_ascii_digit(), false);
                    open.push(Vec::new());
                    token.push(c);
                }
                c => token.push(c),
            }
        }
        take(&mut token, &mut open, false, false);
        // Each list is the last part of the one around it.
        let mut inner = open.pop()?;
        normalize(&mut inner);
        while let Some(mut outer) = open.pop() {
            outer.push(Part::List(inner));
            normalize(&mut outer);
            inner = outer;
        }
        Some(Self(inner))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_lists(&self.0, &other.0)
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
