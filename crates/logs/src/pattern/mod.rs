//! Filter patterns: terms, JSON selectors, space-delimited fields.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

mod fields;
mod json;
mod lexer;

use std::collections::BTreeMap;

use regex::Regex;

use self::fields::Fields;
use self::json::Selector;
use self::lexer::Lexer;

/// Bytes that one compiled `%regex%` may take.
const MAX_REGEX_SIZE: usize = 1 << 20;

/// A pattern that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid filter pattern")]
pub struct Invalid;

#[derive(Debug)]
pub enum Pattern {
    All,
    Terms(Terms),
    Json(Selector),
    Fields(Fields),
}

/// Terms of an unstructured pattern; matching is by case and by substring.
#[derive(Debug, Default)]
pub struct Terms {
    all: Vec<Term>,
    any: Vec<Term>,
    none: Vec<Term>,
}

#[derive(Debug)]
enum Term {
    Text(String),
    Regex(Regex),
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

fn regex(text: &str) -> Result<Regex, Invalid> {
    regex::RegexBuilder::new(text).size_limit(MAX_REGEX_SIZE).build().map_err(|_| Invalid)
}

impl Pattern {
    /// # Errors
    /// [`Invalid`] if it does not follow the syntax.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() || text == "\"\"" {
            return Ok(Self::All);
        }
        if let Some(inner) = text.strip_prefix('{') {
            let inner = inner.strip_suffix('}').ok_or(Invalid)?;
            return json::parse(inner).map(Self::Json);
        }
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(Invalid)?;
            return fields::parse(inner).map(Self::Fields);
        }
        terms(text).map(Self::Terms)
    }

    pub fn matches(&self, message: &str) -> bool {
        match self {
            Self::All => true,
            Self::Terms(terms) => terms.matches(message),
            Self::Json(selector) => {
                // Cheap first: most lines of a mixed stream are not JSON at all.
                message.trim_start().starts_with('{')
                    && serde_json::from_str(message).is_ok_and(|value| selector.matches(&value))
            }
            Self::Fields(fields) => fields.matches(message),
        }
    }

    /// What a metric filter would take out of a matching message: `$.code` and the like.
    pub fn extract(&self, message: &str) -> BTreeMap<String, String> {
        match self {
            Self::All | Self::Terms(_) => BTreeMap::new(),
            Self::Json(selector) => {
                serde_json::from_str(message).map(|value| selector.extract(&value)).unwrap_or_default()
            }
            Self::Fields(fields) => fields.extract(message),
        }
    }
}

impl Terms {
    fn matches(&self, message: &str) -> bool {
        if self.none.iter().any(|term| term.is_in(message)) {
            return false;
        }
        // As AWS has it: optional terms count only where there is nothing else.
        if self.all.is_empty() && self.none.is_empty() {
            return self.any.iter().any(|term| term.is_in(message));
        }
        self.all.iter().all(|term| term.is_in(message))
    }
}

fn terms(text: &str) -> Result<Terms, Invalid> {
    let mut lexer = Lexer::new(text);
    let mut terms = Terms::default();
    while !lexer.at_end() {
        let list = match lexer.peek() {
            Some('?') => &mut terms.any,
            Some('-') => &mut terms.none,
            _ => &mut terms.all,
        };
        if matches!(lexer.peek(), Some('?' | '-')) {
            lexer.bump();
        }
        let term = match lexer.peek() {
            Some('"') => Term::Text(lexer.quoted()?),
            Some('%') => Term::Regex(regex(&lexer.regex()?)?),
            _ => {
                let word = lexer.word(|c| !c.is_whitespace() && c != '"');
                // AWS wants quotes around anything but letters, digits and underscores.
                if word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || "_.*@/:#=$".contains(c)) {
                    return Err(Invalid);
                }
                Term::Text(word)
            }
        };
        list.push(term);
        lexer.skip_space();
    }
    Ok(terms)
}

/// Text in which `*` stands for anything, as selectors compare with.
#[derive(Debug)]
pub struct Glob(Vec<String>);

impl Glob {
    pub fn new(text: &str) -> Self {
        Self(text.split('*').map(str::to_owned).collect())
    }

    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_first() else { return text.is_empty() };
        let Some((last, middle)) = rest.split_last() else { return text == first };
        let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
        for piece in middle {
            let Some(at) = left.find(piece.as_str()) else { return false };
            left = &left[at + piece.len()..];
        }
        left.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_as_documented() {
        let json = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"cluster.name":"c","latency":50.5,"ok":true,"errorCode":400}"#;
        for (pattern, message, expected) in [
            ("", "anything", true),
            ("ERROR", "[ERROR 400] BAD REQUEST", true),
            ("ERROR", "[error 400]", false),
            ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true),
            ("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", false),
            ("?ERROR ?ARGUMENTS", "MISSING ARGUMENTS", true),
            ("?ERROR ?ARGUMENTS", "fine", false),
            ("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR", true),
            ("\"INTERNAL SERVER ERROR\"", "INTERNAL ERROR", false),
            ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", true),
            ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false),
            ("ERROR -\"BAD REQUEST\"", "[ERROR 400] BAD REQUEST", false),
            ("%4[0-9]{2}%", "code 419", true),
            ("%4[0-9]{2}%", "code 519", false),
            ("\"a\\\"b\"", "say a\"b", true),
            ("{ $.eventType = \"UpdateTrail\" }", json, true),
            ("{ $.eventType = UpdateTrail }", json, true),
            ("{ $.eventType = \"Update*\" }", json, true),
            ("{ $.eventType != \"UpdateTrail\" }", json, false),
            ("{ $.missing != \"x\" }", json, false),
            ("{ $.sourceIPAddress != 123.123.* }", json, true),
            ("{ $.arrayKey[0] = \"value\" }", json, true),
            ("{ $.arrayKey[*] = \"another value\" }", json, true),
            ("{ $.objectList[1].id = 2 }", json, true),
            ("{ $.objectList[*].id = 7 }", json, false),
            ("{ $.SomeObject IS NULL }", json, true),
            ("{ $.SomeOtherObject NOT EXISTS }", json, true),
            ("{ $.SomeObject EXISTS }", json, true),
            ("{ $.ok IS TRUE }", json, true),
            ("{ $.ok IS FALSE }", json, false),
            ("{ $.latency > 50 }", json, true),
            ("{ $.latency >= 50.5 && $.latency < 51 }", json, true),
            ("{ $.latency = 5.05e1 }", json, true),
            ("{ $.errorCode = 4* }", json, true),
            ("{ ($.errorCode = 400 || $.errorCode = 500) && $.ok IS TRUE }", json, true),
            ("{ $.errorCode = 1 || $.errorCode = 2 && $.ok IS TRUE }", json, false),
            ("{ $.['cluster.name'] = \"c\" }", json, true),
            ("{ $.eventType = %Update|Delete% }", json, true),
            ("{ $.errorCode = 400 }", "not JSON", false),
            (
                "[ip, user, name, time, request, status=4*, bytes]",
                "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534",
                true,
            ),
            (
                "[ip, user, name, time, request, status=5*, bytes]",
                "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534",
                false,
            ),
            ("[ip, ..., bytes > 1000]", "127.0.0.1 a b c 1534", true),
            ("[w1=ERROR, w2]", "ERROR x", true),
            ("[w1=ERROR && w1!=FATAL, w2]", "ERROR x", true),
            ("[w1, w2]", "only", false),
        ] {
            let parsed = Pattern::parse(pattern).unwrap_or_else(|_| panic!("{pattern}"));
            assert_eq!(parsed.matches(message), expected, "{pattern} on {message}");
        }
    }

    #[test]
    fn what_does_not_parse_is_refused() {
        for pattern in [
            "{ $.a = ",
            "{ a = 1 }",
            "{",
            "{ $.a == 1 }",
            "{ $.a = 1 && }",
            "{ ($.a = 1 }",
            "\"open",
            "ERROR-code!",
            "[a, b",
            "%(%",
            "{ $.a[x] = 1 }",
            "{ $.a IS MAYBE }",
            "?",
            "-",
            "[..., ...]",
            "{ $.a = 1 } x",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn values_are_extracted() {
        let pattern = Pattern::parse("{ $.code = 4* && $.where.x = 1 }").expect("a pattern");
        let got = pattern.extract(r#"{"code":404,"where":{"x":1}}"#);
        assert_eq!(got, [("$.code", "404"), ("$.where.x", "1")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    }

    proptest! {
        #[test]
        fn any_pattern_parses_or_not(pattern in "[{\\[]?[ $.a=\"%()&|*!<>0-9?\\-\\[\\]IS]{0,30}[}\\]]?", message in ".{0,40}") {
            if let Ok(pattern) = Pattern::parse(&pattern) {
                pattern.matches(&message);
            }
        }

        #[test]
        fn globs_match_themselves(text in "[ab]{0,6}", at in 0usize..7) {
            let at = at.min(text.len());
            let (head, tail) = (text[..at].to_owned() + "*", "*".to_owned() + &text[at..]);
            prop_assert!(Glob::new(&head).matches(&text));
            prop_assert!(Glob::new(&tail).matches(&text));
            prop_assert!(Glob::new(&text).matches(&text));
        }
    }
}
