//! Typed values of conditions: dates, addresses, base64.

use std::net::IpAddr;

use gantry_base::Timestamp;

/// A W3C date (`2026`, `2026-11`, `2026-11-22`, with time and zone) or seconds since 1970.
/// Answers milliseconds since 1970.
pub(crate) fn date(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(text.strip_prefix('-').unwrap_or(text)) && text.len() != 4 {
        return text.parse::<i64>().ok()?.checked_mul(1000);
    }
    if let Some(stamp) = Timestamp::parse_amz_date(text) {
        return Some(stamp.millis());
    }
    if !text.is_ascii() {
        return None;
    }
    let full = match text.len() {
        4 => format!("{text}-01-01T00:00:00Z"),
        7 => format!("{text}-01T00:00:00Z"),
        10 => format!("{text}T00:00:00Z"),
        // Minutes without seconds: `2026-11-22T10:00Z`, `2026-11-22T10:00+01:00`.
        _ if text.len() > 16 && matches!(text.as_bytes()[16], b'Z' | b'+' | b'-') => {
            format!("{}:00{}", &text[..16], &text[16..])
        }
        _ => text.to_owned(),
    };
    Timestamp::parse_rfc3339(&full).map(Timestamp::millis)
}

pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse::<f64>().ok().filter(|n| plain && n.is_finite())
}

/// An address range, RFC 4632 and RFC 4291. A bare address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    base: u128,
    mask: u128,
    is_v4: bool,
}

impl Cidr {
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let (bits, is_v4) = bits(address);
        let width = if is_v4 { 32 } else { 128 };
        let prefix = match prefix {
            Some(text) if text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit()) => text.parse::<u32>().ok()?,
            Some(_) => return None,
            None => width,
        };
        if prefix > width {
            return None;
        }
        let mask = u128::MAX.checked_shl(width - prefix).unwrap_or(0);
        Some(Self { base: bits & mask, mask, is_v4 })
    }

    pub fn contains(&self, address: &str) -> bool {
        let Ok(address) = address.trim().parse::<IpAddr>() else {
            return false;
        };
        let (bits, is_v4) = bits(address);
        is_v4 == self.is_v4 && bits & self.mask == self.base
    }
}

/// An IPv4 address mapped into IPv6 counts as IPv4: a dual-stack socket reports such.
fn bits(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), true),
        IpAddr::V6(v6) => (u128::from(v6), false),
    }
}

/// Standard base64, with or without padding.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut bits) = (0u32, 0u32);
    for b in text.bytes() {
        let six = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    (bits < 6).then_some(out)
}
