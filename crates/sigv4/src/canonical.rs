//! The canonical request: the one text that both sides hash.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::{ALGORITHM, Presented};

/// A request as it came over the wire. Nothing in it has been decoded.
///
/// Over HTTP/2 the caller adds `("host", <:authority>)`. Header values that are not UTF-8 must be
/// refused before this.
#[derive(Clone, Copy, Debug)]
pub struct RequestView<'a> {
    pub method: &'a str,
    /// Path as sent, percent-encoding untouched.
    pub path: &'a str,
    /// Query as sent, without the `?`; empty if there is none.
    pub query: &'a str,
    /// Names in any case, in the order in which they came.
    pub headers: &'a [(&'a str, &'a str)],
}

impl<'a> RequestView<'a> {
    /// All values of a header, in order.
    pub(crate) fn header_values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.header_values(name).next()
    }
}

/// What RFC 3986 leaves unreserved stays; all else is encoded, with upper-case hex.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const UNRESERVED_AND_SLASH: &AsciiSet = &UNRESERVED.remove(b'/');

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Services whose paths are encoded once and never normalised.
pub(crate) fn is_s3(service: &str) -> bool {
    matches!(service, "s3" | "s3express" | "s3-outposts" | "s3-object-lambda")
}

/// The path's canonical form: normalised and encoded once more than on the wire, except for S3.
pub(crate) fn path(raw: &str, service: &str) -> String {
    if is_s3(service) {
        let plain: Vec<u8> = percent_decode_str(raw).collect();
        let text = percent_encoding::percent_encode(&plain, UNRESERVED_AND_SLASH).to_string();
        return if text.is_empty() { "/".to_owned() } else { text };
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let mut out = String::with_capacity(raw.len() + 8);
    for segment in &kept {
        out.push('/');
        let _ = write!(out, "{}", utf8_percent_encode(segment, UNRESERVED));
    }
    let ends_open = raw.ends_with('/') || raw.ends_with("/.") || raw.ends_with("/..");
    if kept.is_empty() || ends_open {
        out.push('/');
    }
    out
}

/// The pairs of a raw query, decoded: `+` is a space, a name without `=` has an empty value, empty
/// pieces are dropped. Bytes that are not UTF-8 become U+FFFD, so such a query never verifies.
pub fn decode_query(raw: &str) -> impl Iterator<Item = (String, String)> {
    raw.split('&').filter(|piece| !piece.is_empty()).map(|piece| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        (decode(name), decode(value))
    })
}

fn decode(text: &str) -> String {
    let text: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// Sorted, re-encoded pairs without `X-Amz-Signature`.
pub(crate) fn query(raw: &str) -> String {
    let mut pairs: Vec<(String, String)> = decode_query(raw)
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| (encode(&name), encode(&value)))
        .collect();
    pairs.sort_unstable();
    let mut out = String::with_capacity(raw.len() + 8);
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(&name);
        out.push('=');
        out.push_str(&value);
    }
    out
}

/// A header's value with outer blanks gone and runs of spaces made one.
fn squeeze(value: &str, out: &mut String) {
    let mut spaced = false;
    for c in value.trim().chars() {
        if c == ' ' {
            spaced = true;
            continue;
        }
        if std::mem::take(&mut spaced) {
            out.push(' ');
        }
        out.push(c);
    }
}

/// The canonical request. `signed_headers` are lower-case and sorted.
pub(crate) fn request(view: &RequestView<'_>, service: &str, signed_headers: &[String], payload: &str) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(view.method);
    out.push('\n');
    out.push_str(&path(view.path, service));
    out.push('\n');
    out.push_str(&query(view.query));
    out.push('\n');
    for name in signed_headers {
        out.push_str(name);
        out.push(':');
        for (nth, value) in view.header_values(name).enumerate() {
            if nth > 0 {
                out.push(',');
            }
            squeeze(value, &mut out);
        }
        out.push('\n');
    }
    out.push('\n');
    out.push_str(&signed_headers.join(";"));
    out.push('\n');
    out.push_str(payload);
    out
}

/// The string to sign.
pub(crate) fn string_to_sign(presented: &Presented, canonical_request: &str) -> String {
    format!(
        "{ALGORITHM}\n{}\n{}\n{}",
        presented.date.amz_date(),
        presented.scope(),
        hex::encode(Sha256::digest(canonical_request.as_bytes()))
    )
}
