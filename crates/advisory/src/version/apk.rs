//! Alpine's package versions: `1.2.3a_rc1_p2~deadbeef-r4`.
//!
//! A version is read into tokens that compare one after another. What the next token *is* decides before
//! what it holds: a release candidate is below the end, the end below everything else.

use std::cmp::Ordering;

/// By rank. `End` is where a version stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// `_alpha`, `_beta`, `_pre`, `_rc`.
    Before,
    End,
    Revision,
    Commit,
    SuffixNumber,
    /// `_cvs`, `_svn`, `_git`, `_hg`, `_p`.
    After,
    Letter,
    Number,
    Component,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token<'a> {
    kind: Kind,
    /// Small things by value: a letter, a suffix's place, leading zeros counted downwards.
    value: i64,
    /// A number's digits without leading zeros, or a commit's.
    text: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version<'a>(Vec<Token<'a>>);

const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// The digits at the start of `text`, and what follows.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

fn number(kind: Kind, digits: &str) -> Token<'_> {
    Token { kind, value: 0, text: digits.trim_start_matches('0') }
}

impl<'a> Version<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (first, mut rest) = digits(text);
        if first.is_empty() {
            return None;
        }
        let mut tokens = vec![number(Kind::Number, first)];
        while let Some(after) = rest.strip_prefix('.') {
            let (component, next) = digits(after);
            if component.is_empty() {
                return None;
            }
            // `1.02` is below `1.1`, and `1.002` below that: zeros in front count by themselves.
            let zeros = component.len() - component.trim_start_matches('0').len();
            if zeros > 0 {
                tokens.push(Token { kind: Kind::Component, value: -(zeros as i64), text: "" });
                if zeros < component.len() {
                    tokens.push(number(Kind::Number, component));
                }
            } else {
                tokens.push(number(Kind::Component, component));
            }
            rest = next;
        }
        if let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) {
            tokens.push(Token { kind: Kind::Letter, value: i64::from(letter), text: "" });
            rest = &rest[1..];
        }
        while let Some(after) = rest.strip_prefix('_') {
            let (name, next) = after.split_at(after.bytes().take_while(u8::is_ascii_lowercase).count());
            let (kind, value) = match BEFORE.iter().position(|s| *s == name) {
                Some(at) => (Kind::Before, at),
                None => (Kind::After, AFTER.iter().position(|s| *s == name)?),
            };
            tokens.push(Token { kind, value: value as i64, text: "" });
            let (count, next) = digits(next);
            if !count.is_empty() {
                tokens.push(number(Kind::SuffixNumber, count));
            }
            rest = next;
        }
        if let Some(after) = rest.strip_prefix('~') {
            let (commit, next) = after.split_at(after.bytes().take_while(u8::is_ascii_hexdigit).count());
            if commit.is_empty() {
                return None;
            }
            tokens.push(Token { kind: Kind::Commit, value: 0, text: commit });
            rest = next;
        }
        if let Some(after) = rest.strip_prefix("-r") {
            let (revision, next) = digits(after);
            if revision.is_empty() {
                return None;
            }
            tokens.push(number(Kind::Revision, revision));
            rest = next;
        }
        rest.is_empty().then_some(Self(tokens))
    }
}

fn compare_tokens(a: &Token<'_>, b: &Token<'_>) -> Ordering {
    let by_text = || match a.kind {
        Kind::Commit => a.text.cmp(b.text),
        _ => super::cmp_digits(a.text, b.text),
    };
    a.kind.cmp(&b.kind).then_with(|| a.value.cmp(&b.value)).then_with(by_text)
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let end = Token { kind: Kind::End, value: 0, text: "" };
        for at in 0..self.0.len().max(other.0.len()) {
            let (a, b) = (self.0.get(at).unwrap_or(&end), other.0.get(at).unwrap_or(&end));
            match compare_tokens(a, b) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        Ordering::Equal
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
