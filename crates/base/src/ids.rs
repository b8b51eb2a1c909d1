//! Account ids, regions and the random identifiers that AWS gives its resources.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Entropy;

/// The one partition that Gantry speaks for.
pub const PARTITION: &str = "aws";

/// Why a string is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("`{0}` is not an account id: an account id has 12 digits")]
    Account(String),
    #[error("`{0}` is not a region: use lower-case letters, digits and dashes, as in us-east-1")]
    Region(String),
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }
    };
}

text_id! {
    /// A 12-digit AWS account id.
    AccountId
}
text_id! {
    /// A region's name, such as `us-east-1`.
    Region
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Account(text.chars().take(64).collect()))
        }
    }
}

impl FromStr for Region {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.into())) } else { Err(IdError::Region(text.chars().take(64).collect())) }
    }
}

/// `digits` random lower-case hex digits: 32 for an ECS task, 17 for an EC2 resource.
pub fn hex_id(entropy: &dyn Entropy, digits: usize) -> String {
    let mut bytes = vec![0; digits.div_ceil(2)];
    entropy.fill(&mut bytes);
    let mut text = hex::encode(bytes);
    text.truncate(digits);
    text
}

/// A random (version 4) UUID, RFC 9562.
pub fn uuid(entropy: &dyn Entropy) -> String {
    let mut b = [0; 16];
    entropy.fill(&mut b);
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    let h = hex::encode(b);
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn ids_have_their_shape() {
        let entropy = SeededEntropy::new(7);
        assert_eq!(hex_id(&*entropy, 17).len(), 17);
        let id = uuid(&*entropy);
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
    }

    #[test]
    fn accounts_and_regions_are_checked() {
        assert!("123456789012".parse::<AccountId>().is_ok());
        for bad in ["", "12345678901", "1234567890123", "12345678901a"] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
        assert!("eu-central-1".parse::<Region>().is_ok());
        for bad in ["", "US-EAST-1", "a/b", "a b"] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
