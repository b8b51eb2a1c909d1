//! The stretch of time that a bill covers.

use gantry_base::Timestamp;

use crate::limits::MAX_PERIOD_DAYS;
use crate::{Error, Result};

const DAY_MS: i64 = 86_400_000;

/// From `start` up to, not including, `end`; in UTC, as AWS bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    start: Timestamp,
    end: Timestamp,
}

fn midnight(date: &str) -> Option<Timestamp> {
    let shaped = date.len() == 10 && date.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    Timestamp::parse_rfc3339(&format!("{date}T00:00:00Z")).filter(|_| shaped)
}

/// `yyyy-mm`, and the month after it.
fn month(text: &str) -> Option<(Timestamp, Timestamp)> {
    let (year, number) = text.split_once('-')?;
    let shaped = year.len() == 4 && number.len() == 2 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let (year, number): (u32, u32) = (year.parse().ok().filter(|_| shaped)?, number.parse().ok()?);
    let next = if number == 12 { (year + 1, 1) } else { (year, number + 1) };
    Some((midnight(&format!("{text}-01"))?, midnight(&format!("{:04}-{:02}-01", next.0, next.1))?))
}

impl Period {
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Self> {
        let length_ms = end.since_ms(start);
        if length_ms <= 0 || length_ms > MAX_PERIOD_DAYS * DAY_MS {
            return Err(Error::PeriodLength);
        }
        Ok(Self { start, end })
    }

    /// The calendar month that `at` is in.
    pub fn month_of(at: Timestamp) -> Result<Self> {
        let text = at.rfc3339();
        let (start, end) = text.get(..7).and_then(month).ok_or(Error::PeriodLength)?;
        Self::new(start, end)
    }

    /// `2026-11`, `2026-11-22`, or `2026-11-01..2026-11-15` (to the end of the second day).
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || Error::Period(text.chars().take(64).collect());
        if let Some((start, end)) = month(text) {
            return Self::new(start, end);
        }
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (midnight(first).ok_or_else(bad)?, midnight(last).ok_or_else(bad)?);
        Self::new(first, last.plus_ms(DAY_MS))
    }

    pub fn start(self) -> Timestamp {
        self.start
    }

    pub fn end(self) -> Timestamp {
        self.end
    }

    /// The part of `[from, until)` that is in the period, if any.
    pub fn overlap(self, from: Timestamp, until: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let (from, until) = (from.max(self.start), until.min(self.end));
        (from < until).then_some((from, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, start, end) in [
            ("2026-11", "2026-11-01", "2026-12-01"),
            ("2026-12", "2026-12-01", "2027-01-01"),
            ("2028-02-29", "2028-02-29", "2028-03-01"),
            ("2026-11-01..2026-11-15", "2026-11-01", "2026-11-16"),
        ] {
            let want = Period::new(midnight(start).unwrap(), midnight(end).unwrap()).unwrap();
            assert_eq!(Period::parse(text).unwrap(), want, "{text}");
        }
        for bad in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-02-30",
            "2026-11-02..2026-11-01",
            "..",
            "+026-11",
            "2026-1-1",
            "2000-01-01..2026-01-01",
        ] {
            assert!(Period::parse(bad).is_err(), "{bad}");
        }
        let at = Timestamp::parse_rfc3339("2026-11-30T23:59:59.999Z").unwrap();
        assert_eq!(Period::month_of(at).unwrap(), Period::parse("2026-11").unwrap());
    }
}
