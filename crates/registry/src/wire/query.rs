//! Query strings and the two kinds of range header.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{Error, Result};

/// Parameters of one query string; the rest is not looked at.
const MAX_PARAMETERS: usize = 32;

/// What a value in a `Link` may hold unescaped.
const LINK_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A decoded query string, in order.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: Option<&str>) -> Self {
        let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = text.unwrap_or_default().split('&').filter(|p| !p.is_empty()).take(MAX_PARAMETERS);
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    // A digest's or artifact type's plus sign is meant as such by every client.
                    let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
                    (decode(name), value)
                })
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

pub(super) fn escape(value: &str) -> String {
    utf8_percent_encode(value, LINK_VALUE).to_string()
}

/// An upload's `Content-Range: <first>-<last>`, both inclusive. A leading `bytes ` and a trailing
/// `/total`, which HTTP has and the specification has not, are let pass.
pub(super) fn content_range(text: &str) -> Result<(u64, u64)> {
    let bad = || Error::UploadInvalid("Content-Range must be <first>-<last>".to_owned());
    let text = text.trim();
    let text = text.strip_prefix("bytes").map_or(text, |t| t.trim_start_matches([' ', '=']));
    let text = text.split('/').next().unwrap_or_default();
    let (first, last) = text.split_once('-').ok_or_else(bad)?;
    let (first, last) = (number(first).ok_or_else(bad)?, number(last).ok_or_else(bad)?);
    if first > last { Err(bad()) } else { Ok((first, last)) }
}

fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) { None } else { text.parse().ok() }
}

/// What a `Range` header asks of a blob of `size` bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// All of it: no range, or one that RFC 9110 lets a server ignore.
    Whole,
    Part {
        start: u64,
        end: u64,
    },
    Unsatisfiable,
}

pub(super) fn byte_range(text: Option<&str>, size: u64) -> Span {
    let Some(set) = text.and_then(|t| t.trim().strip_prefix("bytes=")) else { return Span::Whole };
    // Several ranges would need a multipart answer; the whole is allowed instead.
    if set.contains(',') {
        return Span::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else { return Span::Whole };
    match (first, last) {
        ("", suffix) => match number(suffix) {
            Some(0) => Span::Unsatisfiable,
            Some(_) if size == 0 => Span::Unsatisfiable,
            Some(n) => Span::Part { start: size.saturating_sub(n), end: size },
            None => Span::Whole,
        },
        (first, last) => match (number(first), last, number(last)) {
            (Some(start), "", _) if start < size => Span::Part { start, end: size },
            (Some(start), _, Some(last)) if start <= last && start < size => {
                Span::Part { start, end: last.saturating_add(1).min(size) }
            }
            (Some(start), "", _) if start >= size => Span::Unsatisfiable,
            (Some(start), _, Some(last)) if start <= last => Span::Unsatisfiable,
            _ => Span::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_blobs() {
        let part = |start, end| Span::Part { start, end };
        for (text, size, expected) in [
            (None, 10, Span::Whole),
            (Some("bytes=0-4"), 10, part(0, 5)),
            (Some("bytes=5-"), 10, part(5, 10)),
            (Some("bytes=-3"), 10, part(7, 10)),
            (Some("bytes=-30"), 10, part(0, 10)),
            (Some("bytes=0-99"), 10, part(0, 10)),
            (Some("bytes=9-9"), 10, part(9, 10)),
            (Some("bytes=10-"), 10, Span::Unsatisfiable),
            (Some("bytes=10-20"), 10, Span::Unsatisfiable),
            (Some("bytes=0-0"), 0, Span::Unsatisfiable),
            (Some("bytes=-0"), 10, Span::Unsatisfiable),
            (Some("bytes=4-2"), 10, Span::Whole),
            (Some("bytes=0-1,3-4"), 10, Span::Whole),
            (Some("lines=0-1"), 10, Span::Whole),
            (Some("bytes=x-1"), 10, Span::Whole),
            (Some("bytes=0-18446744073709551615"), 10, part(0, 10)),
            (Some("bytes=0-99999999999999999999"), 10, Span::Whole),
        ] {
            assert_eq!(byte_range(text, size), expected, "{text:?} of {size}");
        }
    }

    #[test]
    fn ranges_of_chunks() {
        for (text, expected) in [("0-4", (0, 4)), ("bytes 5-9", (5, 9)), ("bytes 5-9/10", (5, 9)), ("7-7", (7, 7))] {
            assert_eq!(content_range(text).unwrap(), expected, "{text}");
        }
        for bad in ["", "-", "4-2", "a-b", "1", "-5", "5-", "+1-2", "99999999999999999999-99999999999999999999"] {
            assert!(content_range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse(Some("digest=sha256%3Aab&tag=a&tag=b&n&artifactType=a%2Fb+json"));
        assert_eq!(query.get("digest"), Some("sha256:ab"));
        assert_eq!(query.all("tag").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(query.get("n"), Some(""));
        assert_eq!(query.get("artifactType"), Some("a/b+json"));
        assert_eq!(query.get("absent"), None);
    }
}
