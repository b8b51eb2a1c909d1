//! The models' patterns, which are Java regular expressions matched against the whole text, run on the
//! `regex` crate. Those it cannot express (look-around, backreferences) are not enforced; the test
//! of the generated models counts them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use regex::Regex;

/// Bytes that one compiled pattern may take; the models' own are small, so a larger one is a mistake.
const MAX_COMPILED: usize = 16 * 1024 * 1024;

type Cache = RwLock<HashMap<&'static str, Option<Arc<Regex>>>>;

static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// Whether the whole text matches; true for patterns that cannot be compiled.
pub fn matches(pattern: &'static str, text: &str) -> bool {
    compiled(pattern).is_none_or(|regex| regex.is_match(text))
}

/// The pattern, compiled once; `None` if `regex` has no equivalent.
pub fn compiled(pattern: &'static str) -> Option<Arc<Regex>> {
    if let Some(known) = CACHE.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return known.clone();
    }
    let made = compile(pattern).map(Arc::new);
    CACHE.write().unwrap_or_else(PoisonError::into_inner).entry(pattern).or_insert(made).clone()
}

fn compile(pattern: &str) -> Option<Regex> {
    regex::RegexBuilder::new(&format!(r"\A(?:{})\z", translate(pattern))).size_limit(MAX_COMPILED).build().ok()
}

/// Java to `regex`: the models write planes beyond the first as `\u10000`, which neither reads so;
/// Java's `\p{ASCII}` and its like are spelt with a class; `\w`, `\d` and `\s` are ASCII in Java.
fn translate(pattern: &str) -> String {
    let mut out = pattern.replace("\\u10000-\\u10FFFF", "\\x{10000}-\\x{10FFFF}");
    for (java, here) in [
        ("\\p{ASCII}", "\\x00-\\x7F"),
        ("\\p{Alnum}", "a-zA-Z0-9"),
        ("\\p{Alpha}", "a-zA-Z"),
        ("\\p{Graph}", "!-~"),
        ("\\p{Print}", " -~"),
    ] {
        let at_top = !out.contains('[');
        let here = if at_top { format!("[{here}]") } else { here.to_owned() };
        out = out.replace(java, &here);
    }
    // `(?-u)` would forbid matching beyond ASCII at all, so the three classes are written out.
    let mut ascii = String::with_capacity(out.len() + 32);
    let mut chars = out.chars().peekable();
    let mut depth = 0u32;
    while let Some(c) = chars.next() {
        let within = match c {
            '\\' => match chars.next() {
                Some('w') => "a-zA-Z0-9_",
                Some('d') => "0-9",
                Some('s') => " \\t\\n\\x0B\\f\\r",
                Some(other) => {
                    ascii.extend(['\\', other]);
                    continue;
                }
                None => "\\",
            },
            other => {
                depth = match other {
                    '[' => depth + 1,
                    ']' => depth.saturating_sub(1),
                    _ => depth,
                };
                ascii.push(other);
                continue;
            }
        };
        if depth == 0 {
            ascii.extend(["[", within, "]"]);
        } else {
            ascii.push_str(within);
            // After a class a dash is itself, not a range.
            if chars.next_if_eq(&'-').is_some() {
                ascii.push_str("\\-");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_the_whole_text() {
        for (pattern, text, expected) in [
            ("[\\.\\-_/#A-Za-z0-9]+", "/ecs/app", true),
            ("[\\.\\-_/#A-Za-z0-9]+", "/ecs/app ", false),
            ("[\\w+=,.@-]+", "a-b@c", true),
            ("[\\w+=,.@-]+", "é", false),
            ("[\\w+=,.@-]+", "a\n", false),
            ("^\\d{12}$", "123456789012", true),
            ("^\\d{12}$", "12345678901٣", false),
            ("[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+", "plain\ttext é", true),
            ("a|b", "ab", false),
            ("[\\w-.]+", "a-b.c", true),
            ("[\\w-.]+", "a+b", false),
            ("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", "Ünï 1", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_cannot_be_compiled_is_not_enforced() {
        assert!(compiled("^(?!aws).*$").is_none());
        assert!(matches("^(?!aws).*$", "anything"));
    }
}
