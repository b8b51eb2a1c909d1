//! Changing a secret's record, with the values that come and go in the same transaction.

use gantry_aws_wire::Context;
use gantry_store::{Compare, Op, Store, Txn};

use crate::id::Found;
use crate::records::SecretRecord;
use crate::{Error, Secrets};

/// How often a change starts anew when others change the secret in between.
const MAX_TRIES: usize = 64;

impl Secrets {
    /// `change` sees the secret as it is, returns what else the transaction writes and what to answer; where it
    /// leaves the record as it was and writes nothing, nothing is written.
    pub(crate) async fn change<T>(
        &self,
        id: &str,
        context: &Context,
        mut change: impl FnMut(&mut Found) -> Result<(Vec<Op>, T), Error>,
    ) -> Result<(Found, T), Error> {
        for _ in 0..MAX_TRIES {
            let mut found = self.secret(id, context).await?;
            let before = found.record.clone();
            let (ops, answer) = change(&mut found)?;
            if ops.is_empty() && found.record == before {
                return Ok((found, answer));
            }
            let key = found.scope.secret_key(&found.record.name);
            let mut txn = Txn::new()
                .when(Compare::unchanged(key.clone(), found.mod_revision))
                .then(Op::put(key.clone(), Store::encode(&key, &found.record)?));
            txn = ops.into_iter().fold(txn, Txn::then);
            if self.store.txn(txn).await?.succeeded {
                return Ok((found, answer));
            }
        }
        Err(gantry_store::Error::Contended { key: id.to_owned(), tries: MAX_TRIES }.into())
    }
}

/// Refuses a secret that is scheduled for deletion.
pub fn alive(record: &SecretRecord) -> Result<(), Error> {
    if record.deletion_at.is_some() { Err(Error::Deleted) } else { Ok(()) }
}
