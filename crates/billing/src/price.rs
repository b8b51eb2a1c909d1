//! The price book: what a unit of each usage type costs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use gantry_base::Region;
use serde::Deserialize;

use crate::limits::{MAX_BOOK_BYTES, MAX_PRICES};
use crate::{Error, Result};

const BUILT_IN: &str = include_str!("prices.toml");
/// The only currency that AWS's list prices are in.
const CURRENCY: &str = "USD";
const DECIMALS: usize = 9;
/// Dollars for one unit; keeps every product of amount and price in range.
const MAX_DOLLARS: u64 = 10_000;

/// Nano-dollars for one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct UnitPrice(u64);

impl UnitPrice {
    pub fn nanos(self) -> u64 {
        self.0
    }

    /// Dollars without zeros at the end: `0.04048`.
    pub fn decimal(self) -> String {
        let (whole, rest) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let text = format!("{whole}.{rest:09}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl FromStr for UnitPrice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::Book(format!("`{}` is not a price in dollars", text.chars().take(32).collect::<String>()));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > DECIMALS {
            return Err(bad());
        }
        let whole: u64 = whole.parse().ok().filter(|w| *w < MAX_DOLLARS).ok_or_else(bad)?;
        let fraction: u64 = format!("{fraction:0<DECIMALS$}").parse().map_err(|_| bad())?;
        Ok(Self(whole * 1_000_000_000 + fraction))
    }
}

impl TryFrom<String> for UnitPrice {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// AWS's product code, such as `AmazonECS`.
    pub service: String,
    /// The usage type without the region's prefix.
    pub usage: String,
    /// `None`: every region without an entry of its own.
    pub region: Option<Region>,
    pub unit: String,
    pub usd: UnitPrice,
    pub description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookFile {
    currency: Option<String>,
    #[serde(default)]
    price: Vec<Price>,
}

/// All prices. Starts from AWS's list prices for us-east-1, which are part of the program.
#[derive(Clone, Debug)]
pub struct PriceBook {
    prices: BTreeMap<(String, Option<Region>), Price>,
}

impl PriceBook {
    /// The list prices alone.
    pub fn built_in() -> Result<Self> {
        let mut book = Self { prices: BTreeMap::new() };
        book.merge(BUILT_IN)?;
        Ok(book)
    }

    /// The list prices with the entries of `file` over them.
    pub fn with_file(path: &Path) -> Result<Self> {
        let wrap = |source| Error::BookFile { path: path.to_owned(), source };
        if fs::metadata(path).map_err(wrap)?.len() > MAX_BOOK_BYTES {
            return Err(Error::Book(format!("{} is larger than {MAX_BOOK_BYTES} bytes", path.display())));
        }
        let mut book = Self::built_in()?;
        book.merge(&fs::read_to_string(path).map_err(wrap)?)?;
        Ok(book)
    }

    /// Adds the entries in `text`, which replace those for the same usage and region.
    pub fn merge(&mut self, text: &str) -> Result<()> {
        let file: BookFile = toml::from_str(text).map_err(|e| Error::Book(e.to_string()))?;
        if let Some(other) = file.currency.filter(|c| c != CURRENCY) {
            return Err(Error::Book(format!("prices are in {CURRENCY}, not in {other}")));
        }
        for price in file.price {
            self.prices.insert((price.usage.clone(), price.region.clone()), price);
        }
        if self.prices.len() > MAX_PRICES {
            return Err(Error::Book(format!("it has more than {MAX_PRICES} entries")));
        }
        Ok(())
    }

    /// The price of a usage type in a region.
    pub fn price(&self, usage: &str, region: &Region) -> Result<&Price> {
        let find = |region| self.prices.get(&(usage.to_owned(), region));
        find(Some(region.clone()))
            .or_else(|| find(None))
            .ok_or_else(|| Error::NoPrice { usage: usage.to_owned(), region: region.to_string() })
    }

    pub fn currency(&self) -> &'static str {
        CURRENCY
    }

    pub fn prices(&self) -> impl Iterator<Item = &Price> {
        self.prices.values()
    }
}

/// The prefixes that AWS's bills give regions whose prefix does not follow from the name.
const PREFIXES: [(&str, &str); 6] = [
    ("eu-west-1", "EU"),
    ("ap-south-1", "APS3"),
    ("ap-southeast-1", "APS1"),
    ("ap-southeast-2", "APS2"),
    ("us-gov-west-1", "UGW1"),
    ("us-gov-east-1", "UGE1"),
];

/// `USE1-Fargate-GB-Hours`: the region's short name as AWS's cost and usage reports have it (`us-east-1`
/// is USE1, `eu-central-1` EUC1), then the usage.
pub fn usage_type(region: &Region, usage: &str) -> String {
    let name = region.as_str();
    if let Some((_, prefix)) = PREFIXES.iter().find(|(r, _)| *r == name) {
        return format!("{prefix}-{usage}");
    }
    let parts: Vec<&str> = name.split('-').collect();
    let prefix = match parts[..] {
        [area, direction, number] => {
            // `northeast` is N here: AWS has APN1 beside APS1.
            let letter = direction.get(..1).unwrap_or_default();
            format!("{area}{letter}{number}").to_uppercase()
        }
        _ => name.replace('-', "").to_uppercase(),
    };
    format!("{prefix}-{usage}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_are_awss() {
        for (region, want) in [
            ("us-east-1", "USE1-x"),
            ("us-west-2", "USW2-x"),
            ("eu-west-1", "EU-x"),
            ("eu-central-1", "EUC1-x"),
            ("ap-northeast-1", "APN1-x"),
            ("ap-southeast-2", "APS2-x"),
            ("ap-south-1", "APS3-x"),
            ("sa-east-1", "SAE1-x"),
            ("us-gov-west-1", "UGW1-x"),
            ("lab", "LAB-x"),
        ] {
            assert_eq!(usage_type(&region.parse().unwrap(), "x"), want);
        }
    }

    #[test]
    fn prices_are_exact() {
        for (text, nanos) in [("0", 0), ("0.04048", 40_480_000), ("12", 12_000_000_000), ("0.000000001", 1)] {
            let price: UnitPrice = text.parse().unwrap();
            assert_eq!((price.nanos(), price.decimal().as_str()), (nanos, text));
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "0.0000000001", "10000", "NaN", "1,5"] {
            assert!(bad.parse::<UnitPrice>().is_err(), "{bad}");
        }
    }

    #[test]
    fn entries_replace_and_fall_back() {
        let mut book = PriceBook::built_in().unwrap();
        let (here, there): (Region, Region) = ("eu-central-1".parse().unwrap(), "us-east-1".parse().unwrap());
        let usage = "Fargate-GB-Hours";
        assert_eq!(book.price(usage, &here).unwrap().usd.decimal(), "0.004445");
        book.merge(
            "[[price]]\nservice = \"AmazonECS\"\nusage = \"Fargate-GB-Hours\"\nregion = \"eu-central-1\"\n\
             unit = \"GB-Hours\"\nusd = \"0.00511\"\ndescription = \"ours\"",
        )
        .unwrap();
        assert_eq!(book.price(usage, &here).unwrap().usd.decimal(), "0.00511");
        assert_eq!(book.price(usage, &there).unwrap().usd.decimal(), "0.004445");
        assert!(matches!(book.price("Nothing", &here), Err(Error::NoPrice { .. })));
        assert_eq!(book.price("ECS-ControlPlane", &here).unwrap().usd.nanos(), 0);
        for bad in ["currency = \"EUR\"", "[[price]]", "x = 1", "[[price]]\nusd = 0.04", "="] {
            assert!(book.merge(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn written_prices_read_back(nanos in 0u64..10_000_000_000_000) {
            let price = UnitPrice(nanos);
            prop_assert_eq!(price.decimal().parse::<UnitPrice>().unwrap(), price);
        }

        #[test]
        fn any_region_has_a_prefix(name in "[a-z0-9-]{1,32}") {
            let region: Region = name.parse().unwrap();
            prop_assert!(usage_type(&region, "x").ends_with("-x"));
        }
    }
}
