//! A change of one account in the making.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use gantry_store::{Compare, Op, Store, Txn};

use crate::state::{Account, Entity, PREFIX, generation_key};

/// A copy of the account with the changes made to it so far.
pub(crate) struct Draft {
    id: String,
    account: Account,
    /// By stored key; `None` deletes.
    changes: BTreeMap<String, Option<Bytes>>,
    failed: Option<gantry_store::Error>,
}

impl std::ops::Deref for Draft {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.account
    }
}

impl Draft {
    pub fn new(id: &str, account: Arc<Account>) -> Self {
        Self { id: id.to_owned(), account: Account::clone(&account), changes: BTreeMap::new(), failed: None }
    }

    fn stored_key<T: Entity>(&self, key: &str) -> String {
        format!("{PREFIX}{}/{}/{key}", self.id, T::KIND)
    }

    pub fn put<T: Entity>(&mut self, entity: T) {
        let key = entity.key();
        let stored = self.stored_key::<T>(&key);
        match Store::encode(&stored, &entity) {
            Ok(bytes) => {
                self.changes.insert(stored, Some(bytes));
                T::map_mut(&mut self.account).insert(key, Arc::new(entity));
            }
            Err(error) => self.failed = Some(error),
        }
    }

    /// Deletes by [`Entity::key`].
    pub fn remove<T: Entity>(&mut self, key: &str) {
        let stored = self.stored_key::<T>(key);
        self.changes.insert(stored, None);
        T::map_mut(&mut self.account).remove(key);
    }

    /// `None` if nothing was changed.
    pub fn into_txn(self) -> Result<Option<Txn>, gantry_store::Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.changes.is_empty() {
            return Ok(None);
        }
        let generation = generation_key(&self.id);
        let mut txn = Txn::new()
            .when(Compare::unchanged(generation.clone(), self.account.generation))
            .then(Op::put(generation, Bytes::from_static(b"1")));
        for (key, value) in self.changes {
            txn = txn.then(match value {
                Some(value) => Op::put(key, value),
                None => Op::delete(key),
            });
        }
        Ok(Some(txn))
    }
}
