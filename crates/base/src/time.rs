//! Points in time, at the millisecond grain that AWS's APIs have.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z. Stored and passed as that number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds with a fraction, as the AWS JSON protocols write timestamps.
    pub fn epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// From [`Timestamp::epoch_seconds`]; rounds to the millisecond and saturates.
    pub fn from_epoch_seconds(secs: f64) -> Self {
        Self((secs * 1000.0).round() as i64)
    }

    pub const fn plus_ms(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to `self`; negative if it is later.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// RFC 3339 with milliseconds, `2026-11-22T10:00:00.000Z`: the XML protocols' form.
    pub fn rfc3339(self) -> String {
        format!("{:.3}", self.jiff())
    }

    /// RFC 3339 in whole seconds, as events have it.
    pub fn rfc3339_secs(self) -> String {
        format!("{:.0}", Self::from_secs(self.secs()).jiff())
    }

    /// Parses RFC 3339; any offset is accepted.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_millisecond()))
    }

    /// SigV4's compact form, `20261122T100000Z`.
    pub fn amz_date(self) -> String {
        self.jiff().strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// Parses [`Timestamp::amz_date`]'s form, and nothing looser.
    pub fn parse_amz_date(text: &str) -> Option<Self> {
        if text.len() != 16 || !text.is_ascii() {
            return None;
        }
        let iso = format!(
            "{}-{}-{}T{}:{}:{}Z",
            &text[..4],
            &text[4..6],
            &text[6..8],
            &text[9..11],
            &text[11..13],
            &text[13..15]
        );
        let parsed = Self::parse_rfc3339(&iso)?;
        (parsed.amz_date() == text).then_some(parsed)
    }

    /// HTTP's date form, RFC 9110 section 5.6.7.
    pub fn http_date(self) -> String {
        self.jiff().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_round_trip() {
        let t = Timestamp::from_millis(1_795_341_600_123);
        assert_eq!(t.rfc3339(), "2026-11-22T10:00:00.123Z");
        assert_eq!(t.rfc3339_secs(), "2026-11-22T10:00:00Z");
        assert_eq!(Timestamp::parse_rfc3339(&t.rfc3339()), Some(t));
        assert_eq!(t.amz_date(), "20261122T100000Z");
        assert_eq!(Timestamp::parse_amz_date("20261122T100000Z"), Some(Timestamp::from_secs(t.secs())));
        assert_eq!(t.http_date(), "Sun, 22 Nov 2026 10:00:00 GMT");
        assert_eq!(Timestamp::from_epoch_seconds(t.epoch_seconds()), t);
    }

    #[test]
    fn loose_amz_dates_are_refused() {
        for bad in ["", "20261122T100000", "2026-11-22T10:00", "20261322T100000Z", "20261122 100000Z"] {
            assert_eq!(Timestamp::parse_amz_date(bad), None, "{bad}");
        }
    }
}
