//! JSON records over raw bytes: reading, creating, and changing by compare-and-swap.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Compare, Error, KeyValue, Op, Result, Revision, Store, Txn};

/// How often [`Store::update`] starts anew when others change the key in between.
const MAX_UPDATE_TRIES: usize = 64;

/// A decoded record and the revision it had when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    pub value: T,
    pub mod_revision: Revision,
}

impl<T: DeserializeOwned> Versioned<T> {
    pub fn decode(kv: &KeyValue) -> Result<Self> {
        let value = serde_json::from_slice(&kv.value)
            .map_err(|e| Error::Decode { key: String::from_utf8_lossy(&kv.key).into_owned(), reason: e.to_string() })?;
        Ok(Self { value, mod_revision: kv.mod_revision })
    }
}

impl Store {
    /// Encodes a record for an [`Op::Put`].
    pub fn encode<T: Serialize>(key: &str, value: &T) -> Result<Bytes> {
        serde_json::to_vec(value)
            .map(Bytes::from)
            .map_err(|e| Error::Decode { key: key.to_owned(), reason: e.to_string() })
    }

    pub async fn get_as<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Versioned<T>>> {
        self.get(key.to_owned()).await?.map(|kv| Versioned::decode(&kv)).transpose()
    }

    pub async fn list_as<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<Versioned<T>>> {
        self.list(prefix.to_owned()).await?.kvs.iter().map(|kv| Versioned::decode(kv)).collect()
    }

    pub async fn put_as<T: Serialize>(&self, key: &str, value: &T) -> Result<Revision> {
        self.put(key.to_owned(), Self::encode(key, value)?).await
    }

    /// Puts the record only if the key does not exist; tells whether it did so.
    pub async fn create_as<T: Serialize>(&self, key: &str, value: &T) -> Result<bool> {
        let txn =
            Txn::new().when(Compare::absent(key.to_owned())).then(Op::put(key.to_owned(), Self::encode(key, value)?));
        Ok(self.txn(txn).await?.succeeded)
    }

    /// Reads, changes and writes back, again from the start if somebody else wrote in between.
    ///
    /// `change` gets `None` where the key does not exist. `Ok(None)` from it leaves all as it is.
    /// Returns what the key holds afterwards.
    pub async fn update<T, E, F>(&self, key: &str, mut change: F) -> Result<Option<T>, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<Error>,
        F: FnMut(Option<T>) -> Result<Option<T>, E>,
    {
        for _ in 0..MAX_UPDATE_TRIES {
            let before = self.get_as::<T>(key).await?;
            let seen = before.as_ref().map_or(0, |v| v.mod_revision);
            let Some(after) = change(before.map(|v| v.value))? else {
                return Ok(self.get_as(key).await?.map(|v| v.value));
            };
            let txn = Txn::new()
                .when(Compare::unchanged(key.to_owned(), seen))
                .then(Op::put(key.to_owned(), Self::encode(key, &after)?));
            if self.txn(txn).await?.succeeded {
                return Ok(Some(after));
            }
        }
        Err(Error::Contended { key: key.to_owned(), tries: MAX_UPDATE_TRIES }.into())
    }
}
