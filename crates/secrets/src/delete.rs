//! Deleting, restoring, and the sweep of what nobody can restore any more.

use std::sync::Arc;
use std::time::Duration;

use gantry_aws_api::secretsmanager::{
    DeleteSecretRequest, DeleteSecretResponse, RestoreSecretRequest, RestoreSecretResponse,
};
use gantry_aws_wire::Context;
use gantry_store::{Compare, KeyRange, Op, RangeRequest, Txn, Versioned};
use tokio::sync::oneshot;

use crate::change::alive;
use crate::id::{Found, SecretId, fresh_suffix};
use crate::records::{Scope, SecretRecord};
use crate::{Error, Secrets};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const DEFAULT_WINDOW_DAYS: i64 = 30;
const WINDOW_DAYS: std::ops::RangeInclusive<i64> = 7..=30;
const FIRST_SWEEP: Duration = Duration::from_mins(2);
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// Records looked at in one read.
const SWEEP_PAGE: usize = 500;
/// How often a deletion starts anew when others change the secret in between.
const MAX_TRIES: usize = 16;

/// `ended` resolves when the service is dropped.
pub fn start_sweep(secrets: &Arc<Secrets>, mut ended: oneshot::Receiver<()>) {
    let weak = Arc::downgrade(secrets);
    tokio::spawn(async move {
        let mut sweep = tokio::time::interval_at(tokio::time::Instant::now() + FIRST_SWEEP, SWEEP_EVERY);
        loop {
            tokio::select! {
                _ = sweep.tick() => {
                    let Some(secrets) = weak.upgrade() else { return };
                    if let Err(error) = secrets.sweep().await {
                        tracing::warn!(%error, "failed to sweep deleted secrets");
                    }
                }
                _ = &mut ended => return,
            }
        }
    });
}

/// Account and region of a record's key, `/aws/<account>/<region>/secretsmanager/secret/<name>`.
fn scope_of_key(key: &str) -> Option<Scope> {
    let mut parts = key.strip_prefix("/aws/")?.splitn(5, '/');
    let (account, region) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let is_secret = parts.next()? == "secretsmanager" && parts.next()? == "secret";
    is_secret.then_some(Scope { account, region })
}

impl Secrets {
    /// Deletes for good what is past its recovery window; tells how many.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let mut gone = 0;
        for account in self.scopes().await? {
            let mut range = KeyRange::prefix(account.secret_key(""));
            loop {
                let found = self.store.range(RangeRequest::new(range.clone()).first(SWEEP_PAGE)).await?;
                for kv in &found.kvs {
                    let seen = Versioned::<SecretRecord>::decode(kv)?;
                    if seen.value.is_expired(self.clock.now())
                        && self.erase(&account, &seen.value, seen.mod_revision).await?
                    {
                        gone += 1;
                    }
                }
                match found.kvs.last() {
                    Some(last) if found.more => range.start = [&last.key[..], b"\0"].concat().into(),
                    _ => break,
                }
            }
        }
        Ok(gone)
    }

    /// Accounts and regions that have secrets, found by skipping from one to the next.
    async fn scopes(&self) -> Result<Vec<Scope>, Error> {
        let mut scopes = Vec::new();
        let mut range = KeyRange::prefix("/aws/");
        loop {
            let mut request = RangeRequest::new(range.clone()).first(1);
            request.keys_only = true;
            let found = self.store.range(request).await?;
            let Some(first) = found.kvs.first() else { return Ok(scopes) };
            let key = String::from_utf8_lossy(&first.key).into_owned();
            // On past everything of this account, region and service.
            let service: Vec<&str> = key.splitn(6, '/').take(5).collect();
            let next = format!("{}0", service.join("/"));
            if let Some(scope) = scope_of_key(&key) {
                scopes.push(scope);
            }
            if next.as_bytes() <= &range.start[..] {
                return Ok(scopes);
            }
            range.start = next.into();
        }
    }

    /// False if somebody changed it meanwhile.
    async fn erase(&self, scope: &Scope, record: &SecretRecord, seen: gantry_store::Revision) -> Result<bool, Error> {
        let key = scope.secret_key(&record.name);
        let txn = Txn::new()
            .when(Compare::unchanged(key.clone(), seen))
            .then(Op::delete(key))
            .then(Op::Delete(KeyRange::prefix(scope.values_prefix(&record.uid))));
        Ok(self.store.txn(txn).await?.succeeded)
    }

    pub(crate) async fn delete(
        &self,
        context: &Context,
        input: DeleteSecretRequest,
    ) -> Result<DeleteSecretResponse, Error> {
        let force = input.force_delete_without_recovery == Some(true);
        match input.recovery_window_in_days {
            Some(_) if force => {
                let message = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
                return Err(Error::parameter(message));
            }
            Some(days) if !WINDOW_DAYS.contains(&days) => {
                let message = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
                return Err(Error::parameter(message));
            }
            _ => {}
        }
        if force {
            return self.delete_now(context, &input.secret_id).await;
        }
        let days = input.recovery_window_in_days.unwrap_or(DEFAULT_WINDOW_DAYS);
        let at = context.now.plus_ms(days * DAY_MS);
        let changed = self.change(&input.secret_id, context, |found| {
            alive(&found.record)?;
            found.record.deletion_at = Some(at);
            Ok((Vec::new(), ()))
        });
        let (found, ()) = changed.await?;
        Ok(DeleteSecretResponse { arn: Some(found.arn()), name: Some(found.record.name), deletion_date: Some(at) })
    }

    async fn delete_now(&self, context: &Context, id: &str) -> Result<DeleteSecretResponse, Error> {
        for _ in 0..MAX_TRIES {
            let Some(Found { scope, record, mod_revision }) = self.look_up(id, context).await? else {
                // AWS answers as if it had been there.
                return Ok(self.never_was(id, context));
            };
            if self.erase(&scope, &record, mod_revision).await? {
                return Ok(DeleteSecretResponse {
                    arn: Some(scope.arn_of(&record)),
                    name: Some(record.name),
                    deletion_date: Some(context.now),
                });
            }
        }
        Err(gantry_store::Error::Contended { key: id.to_owned(), tries: MAX_TRIES }.into())
    }

    fn never_was(&self, id: &str, context: &Context) -> DeleteSecretResponse {
        let (arn, name) = match SecretId::parse(id, context) {
            Some(SecretId::Name(scope, name)) => (scope.arn(&format!("{name}-{}", fresh_suffix(&*self.entropy))), name),
            Some(SecretId::Arn(_, tail)) => (id.to_owned(), tail),
            None => (id.to_owned(), id.to_owned()),
        };
        DeleteSecretResponse { arn: Some(arn), name: Some(name), deletion_date: Some(context.now) }
    }

    pub(crate) async fn restore(
        &self,
        context: &Context,
        input: RestoreSecretRequest,
    ) -> Result<RestoreSecretResponse, Error> {
        let changed = self.change(&input.secret_id, context, |found| {
            found.record.deletion_at = None;
            Ok((Vec::new(), ()))
        });
        let (found, ()) = changed.await?;
        Ok(RestoreSecretResponse { arn: Some(found.arn()), name: Some(found.record.name) })
    }
}
