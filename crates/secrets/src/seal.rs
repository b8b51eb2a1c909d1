//! Sealing values for the store: AES-256-GCM under one key of the servers that share a store.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use gantry_base::Entropy;
use gantry_store::Store;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::Error;

/// Where the key lies, in hex.
const KEY: &str = "/gantry/server-keys/secretsmanager";
const KEY_BYTES: usize = 32;

/// A secret's value. Its `Debug` says how long it is and no more.
#[derive(Clone)]
pub enum SecretValue {
    Text(Arc<str>),
    Binary(Bytes),
}

impl SecretValue {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// `None` for a binary value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// In constant time for values of one length.
    pub fn same(&self, other: &Self) -> bool {
        self.as_text().is_some() == other.as_text().is_some() && bool::from(self.as_bytes().ct_eq(other.as_bytes()))
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretValue(… {} bytes)", self.as_bytes().len())
    }
}

/// A sealed value, as the store has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    /// Base64 of nonce, ciphertext and tag.
    sealed: String,
    binary: bool,
}

/// What values are sealed with.
#[derive(Clone)]
pub struct SealKey(Arc<LessSafeKey>);

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// The key that all servers over this store share; made at first use.
///
/// # Errors
/// [`Error::Store`]; [`Error::Key`] if what the store has is no key.
pub async fn seal_key(store: &Store, entropy: &dyn Entropy) -> Result<SealKey, Error> {
    let mut fresh = [0_u8; KEY_BYTES];
    entropy.fill(&mut fresh);
    store.create_as(KEY, &hex::encode(fresh)).await?;
    // Whoever came first made it; everybody reads it back.
    let kept = store.get_as::<String>(KEY).await?.ok_or(Error::Key)?;
    SealKey::new(&hex::decode(kept.value).map_err(|_| Error::Key)?)
}

impl SealKey {
    /// # Errors
    /// [`Error::Key`] unless it has 32 bytes.
    pub fn new(key: &[u8]) -> Result<Self, Error> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::Key)?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    /// `place` is the secret and version; a sealed value opens nowhere else. The nonce is random, which is safe
    /// for four thousand million values of one key.
    pub(crate) fn seal(&self, place: &str, value: &SecretValue, entropy: &dyn Entropy) -> Result<Sealed, Error> {
        let mut nonce = [0_u8; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut text = value.as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.as_bytes()), &mut text)
            .map_err(|_| Error::Seal { place: place.to_owned() })?;
        let sealed = BASE64.encode([&nonce[..], &text].concat());
        Ok(Sealed { sealed, binary: matches!(value, SecretValue::Binary(_)) })
    }

    pub(crate) fn open(&self, place: &str, sealed: &Sealed) -> Result<SecretValue, Error> {
        let broken = || Error::Seal { place: place.to_owned() };
        let mut raw = BASE64.decode(&sealed.sealed).map_err(|_| broken())?;
        if raw.len() < NONCE_LEN {
            return Err(broken());
        }
        let mut text = raw.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&raw).map_err(|_| broken())?;
        let plain = self.0.open_in_place(nonce, Aad::from(place.as_bytes()), &mut text).map_err(|_| broken())?;
        if sealed.binary {
            return Ok(SecretValue::Binary(Bytes::copy_from_slice(plain)));
        }
        Ok(SecretValue::text(std::str::from_utf8(plain).map_err(|_| broken())?))
    }
}

#[cfg(test)]
mod tests {
    use gantry_base::SeededEntropy;

    use super::*;

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let entropy = SeededEntropy::new(1);
        let key = SealKey::new(&[7; 32]).unwrap();
        let value = SecretValue::text("hunter2");
        let sealed = key.seal("uid/v1", &value, &*entropy).unwrap();
        assert!(key.open("uid/v1", &sealed).unwrap().same(&value));
        assert!(key.open("uid/v2", &sealed).is_err());
        assert!(SealKey::new(&[8; 32]).unwrap().open("uid/v1", &sealed).is_err());
        assert_ne!(sealed, key.seal("uid/v1", &value, &*entropy).unwrap(), "nonces differ");
        let mut raw = BASE64.decode(&sealed.sealed).unwrap();
        for at in 0..raw.len() {
            raw[at] ^= 1;
            assert!(key.open("uid/v1", &Sealed { sealed: BASE64.encode(&raw), binary: false }).is_err(), "{at}");
            raw[at] ^= 1;
        }
        for cut in 0..raw.len() {
            let short = Sealed { sealed: BASE64.encode(&raw[..cut]), binary: false };
            assert!(key.open("uid/v1", &short).is_err());
        }
    }

    #[test]
    fn values_do_not_show_in_debug_text() {
        for value in [SecretValue::text("hunter2"), SecretValue::Binary(Bytes::from_static(b"hunter2"))] {
            let shown = format!("{value:?} {:?}", SealKey::new(&[7; 32]).unwrap());
            assert!(!shown.contains("hunter") && shown.contains('7'), "{shown}");
        }
        assert!(!SecretValue::text("a").same(&SecretValue::Binary(Bytes::from_static(b"a"))));
    }
}
