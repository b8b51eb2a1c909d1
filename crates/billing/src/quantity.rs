//! Exact amounts and money. Both are whole numbers of a small fixed fraction, so sums are exact in
//! whatever order they are made; they are rounded (half up) only when written out.

use std::iter::Sum;
use std::ops::Add;

/// Parts of one unit-hour: a unit is metered in 1024ths (CPU units of a vCPU, MiB of a GB), an hour
/// in milliseconds.
const PARTS_PER_UNIT_HOUR: u128 = 1024 * 3_600_000;
const NANOS_PER_DOLLAR: u128 = 1_000_000_000;
/// 10^18 is the finest that is ever written.
const MAX_DIGITS: u32 = 18;

/// An amount of a resource over time, in unit-hours; exact to a 1024th of a unit for a millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u128);

impl Quantity {
    pub const ZERO: Self = Self(0);

    /// `parts` 1024ths of a unit for so many milliseconds.
    pub fn of(parts: u64, millis: u64) -> Self {
        Self(u128::from(parts) * u128::from(millis))
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// So many times as much.
    pub fn times(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(factor)))
    }

    /// What it costs at so many nano-dollars for each unit-hour. (Within the limits of prices and
    /// periods this never reaches the end of its range.)
    pub fn at(self, nanos_per_unit_hour: u64) -> Money {
        Money(self.0.saturating_mul(u128::from(nanos_per_unit_hour)))
    }

    /// Unit-hours with `digits` decimals.
    pub fn decimal(self, digits: u32) -> String {
        decimal(self.0, PARTS_PER_UNIT_HOUR, digits)
    }
}

/// An amount of US dollars, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u128);

impl Money {
    pub const ZERO: Self = Self(0);

    /// Dollars with `digits` decimals, without a sign: `0.1235`.
    pub fn decimal(self, digits: u32) -> String {
        decimal(self.0, PARTS_PER_UNIT_HOUR * NANOS_PER_DOLLAR, digits)
    }

    /// For people: `$12.35`; small amounts get the digits that make them visible, up to six.
    pub fn dollars(self) -> String {
        let visible = |digits: &u32| self.decimal(*digits).bytes().any(|b| (b'1'..=b'9').contains(&b));
        let digits = if self >= Self(PARTS_PER_UNIT_HOUR * NANOS_PER_DOLLAR) || self == Self::ZERO {
            2
        } else {
            // Two figures beyond the first that is not zero.
            (2..=6).find(visible).map_or(6, |d| (d + 2).min(6))
        };
        format!("${}", self.decimal(digits))
    }
}

/// `parts / whole` with `digits` decimals, rounded half up.
fn decimal(parts: u128, whole: u128, digits: u32) -> String {
    let digits = digits.min(MAX_DIGITS);
    let mut integer = parts / whole;
    let (mut rest, mut fraction) = (parts % whole, 0u128);
    // Digit by digit: `rest * 10` cannot overflow where `rest * 10^digits` could.
    for _ in 0..digits {
        rest *= 10;
        fraction = fraction * 10 + rest / whole;
        rest %= whole;
    }
    if rest * 2 >= whole {
        fraction += 1;
        if fraction == 10u128.pow(digits) {
            fraction = 0;
            integer += 1;
        }
    }
    if digits == 0 {
        return integer.to_string();
    }
    format!("{integer}.{fraction:0width$}", width = digits as usize)
}

macro_rules! adds {
    ($name:ident) => {
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
                all.fold(Self::ZERO, Add::add)
            }
        }
    };
}
adds!(Quantity);
adds!(Money);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_decimals() {
        let hour = Quantity::of(1024, 3_600_000);
        assert_eq!(hour.decimal(10), "1.0000000000");
        assert_eq!(hour.at(40_480_000).decimal(5), "0.04048");
        assert_eq!(Quantity::of(256, 1000).decimal(10), "0.0000694444");
        assert_eq!(Quantity::of(1024, 3_599_999).decimal(2), "1.00");
        assert_eq!(Quantity::of(1024, 1_800_000).decimal(0), "1");
        assert_eq!(Quantity::of(1024, 1_799_999).decimal(0), "0");
        for (nanos, want) in [
            (0, "$0.00"),
            (1, "$0.000000"),
            (1_000, "$0.000001"),
            (40_480_000, "$0.0405"),
            (999_999_999, "$1.0000"),
            (1_234_500_000, "$1.23"),
            (7_000_000_000_000, "$7000.00"),
        ] {
            assert_eq!(hour.at(nanos).dollars(), want, "{nanos}");
        }
    }

    proptest! {
        #[test]
        fn rounding_is_never_off_by_more_than_half(parts in 0u64..1 << 40, digits in 0u32..=9) {
            let text = Quantity::of(1, parts).decimal(digits);
            let written: u128 = text.replace('.', "").parse().unwrap();
            let exact = u128::from(parts) * 10u128.pow(digits);
            prop_assert!((written * PARTS_PER_UNIT_HOUR).abs_diff(exact) * 2 <= PARTS_PER_UNIT_HOUR);
        }

        #[test]
        fn sums_are_exact(a in 0u64..1 << 40, b in 0u64..1 << 40, price in 0u64..1 << 40) {
            let whole = Quantity::of(1, a + b).at(price);
            prop_assert_eq!(Quantity::of(1, a).at(price) + Quantity::of(1, b).at(price), whole);
        }
    }
}
