//! Amazon Resource Names: `arn:partition:service:region:account-id:resource`.
//!
//! Source: AWS General Reference, "Identify AWS resources with Amazon Resource Names (ARNs)".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{AccountId, PARTITION, Region};

/// Longest ARN accepted from outside, in bytes (IAM's own documented limit for ARNs).
pub const MAX_ARN_LEN: usize = 2048;

/// A parsed ARN. `region` and `account` are empty for global resources such as IAM's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn {
    pub partition: String,
    pub service: String,
    pub region: String,
    pub account: String,
    /// Everything after the fifth colon; may itself hold colons and slashes.
    pub resource: String,
}

/// Why a string is not an ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ARN: expected arn:partition:service:region:account-id:resource")]
pub struct ArnError(pub String);

impl Arn {
    /// An ARN in the `aws` partition.
    pub fn new(service: &str, region: &Region, account: &AccountId, resource: impl Into<String>) -> Self {
        Self {
            partition: PARTITION.to_owned(),
            service: service.to_owned(),
            region: region.as_str().to_owned(),
            account: account.as_str().to_owned(),
            resource: resource.into(),
        }
    }

    /// An ARN of a service without regions, such as IAM.
    pub fn global(service: &str, account: &AccountId, resource: impl Into<String>) -> Self {
        Self {
            partition: PARTITION.to_owned(),
            service: service.to_owned(),
            region: String::new(),
            account: account.as_str().to_owned(),
            resource: resource.into(),
        }
    }

    /// `cluster` of `cluster/web`, `log-group` of `log-group:/ecs/app`; the whole if it has neither.
    pub fn resource_type(&self) -> &str {
        self.resource.split(['/', ':']).next().unwrap_or(&self.resource)
    }

    /// What follows the resource type and its separator; empty if there is none.
    pub fn resource_name(&self) -> &str {
        self.resource.find(['/', ':']).map_or("", |at| &self.resource[at + 1..])
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:{}:{}:{}:{}", self.partition, self.service, self.region, self.account, self.resource)
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let bad = || ArnError(text.chars().take(256).collect());
        if text.len() > MAX_ARN_LEN {
            return Err(bad());
        }
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or_else(bad);
        let (head, partition, service, region, account, resource) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        if head != "arn" || partition.is_empty() || service.is_empty() || resource.is_empty() {
            return Err(bad());
        }
        Ok(Self {
            partition: partition.to_owned(),
            service: service.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource: resource.to_owned(),
        })
    }
}

impl Serialize for Arn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Arn {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_parse_and_print() {
        for (text, kind, name) in [
            ("arn:aws:ecs:us-east-1:123456789012:cluster/web", "cluster", "web"),
            ("arn:aws:iam::123456789012:role/path/to/r", "role", "path/to/r"),
            ("arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/app:*", "log-group", "/ecs/app:*"),
            ("arn:aws:iam::123456789012:root", "root", ""),
        ] {
            let arn: Arn = text.parse().expect(text);
            assert_eq!(arn.to_string(), text);
            assert_eq!((arn.resource_type(), arn.resource_name()), (kind, name), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_arn_is_refused() {
        for text in ["", "arn", "arn:aws:ecs", "urn:aws:ecs:r:a:x", "arn::ecs:r:a:x", "arn:aws:ecs:r:a:"] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
        assert!(format!("arn:aws:ecs:r:a:{}", "x".repeat(MAX_ARN_LEN)).parse::<Arn>().is_err());
    }
}
