//! The derived key that signs a day's requests of one credential to one service in one region.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::TERMINATOR;

/// `HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request")`.
///
/// Callers may keep one per (access key, date, region, service); it opens nothing beyond that scope.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// `date` is the scope's eight digits, `YYYYMMDD`.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        let start = format!("AWS4{secret}");
        let mut key = mac(start.as_bytes(), date.as_bytes());
        for part in [region, service, TERMINATOR] {
            key = mac(&key, part.as_bytes());
        }
        Self(key)
    }

    pub(crate) fn sign(&self, text: &str) -> [u8; 32] {
        mac(&self.0, text.as_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}
