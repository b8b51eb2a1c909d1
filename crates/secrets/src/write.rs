//! Making secrets and new versions of them.

use std::collections::BTreeMap;

use bytes::Bytes;
use gantry_aws_api::secretsmanager::{
    CreateSecretRequest, CreateSecretResponse, PutSecretValueRequest, PutSecretValueResponse, UpdateSecretRequest,
    UpdateSecretResponse,
};
use gantry_aws_wire::Context;
use gantry_base::{Timestamp, hex_id, uuid};
use gantry_store::{Compare, KeyRange, Op, Store, Txn};

use crate::change::alive;
use crate::id::{Found, check_name, fresh_suffix};
use crate::records::{CURRENT, Scope, SecretRecord, Version, limits};
use crate::seal::{Sealed, SecretValue};
use crate::{Error, Secrets, stages, tags};

/// Hex digits of a secret's uid.
const UID: usize = 32;
/// How often a creation looks again when others make and delete the same name.
const MAX_TRIES: usize = 16;

/// The value that a request carries, in one of two ways.
fn value_of(text: Option<String>, binary: Option<Bytes>) -> Result<Option<SecretValue>, Error> {
    let value = match (text, binary) {
        (Some(_), Some(_)) => {
            let message = "You can't specify both a binary secret value and a string secret value in the same secret.";
            return Err(Error::request(message));
        }
        (Some(text), None) => SecretValue::text(text),
        (None, Some(bytes)) => SecretValue::Binary(bytes),
        (None, None) => return Ok(None),
    };
    if value.as_bytes().len() > limits::MAX_VALUE {
        // Without the value, which a message is not to repeat.
        let message = format!(
            "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to {}",
            limits::MAX_VALUE
        );
        return Err(Error::Validation(message));
    }
    Ok(Some(value))
}

/// Takes the oldest deprecated version away where there are as many as may be.
fn make_room(record: &mut SecretRecord, now: Timestamp) -> Result<Option<String>, Error> {
    if record.versions.len() < limits::MAX_VERSIONS {
        return Ok(None);
    }
    let old = |v: &Version| v.stages.is_empty() && now.since_ms(v.created_at) >= limits::KEEP_MS;
    match record.versions.iter().position(old) {
        Some(at) => Ok(Some(record.versions.remove(at).id)),
        None => Err(Error::Limit(format!(
            "You've reached the limit of {} versions of the secret. Versions that were created in the last 24 hours are not removed.",
            limits::MAX_VERSIONS
        ))),
    }
}

/// What a new version is to be.
struct Draft<'a> {
    id: &'a str,
    value: &'a SecretValue,
    stages: &'a [String],
}

impl Secrets {
    fn token(&self, given: Option<String>) -> String {
        given.unwrap_or_else(|| uuid(&*self.entropy))
    }

    /// The value of a version that has the draft's id already.
    async fn existing(&self, found: &Found, id: &str) -> Result<Option<SecretValue>, Error> {
        match found.record.version(id) {
            Some(_) => self.open_value(found, id).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn open_value(&self, found: &Found, version: &str) -> Result<SecretValue, Error> {
        let key = found.scope.value_key(&found.record.uid, version);
        let sealed = self.store.get_as::<Sealed>(&key).await?;
        let sealed = sealed.ok_or_else(|| Error::NoValue(format!("VersionId: {version}")))?;
        self.key.open(&found.record.place(version), &sealed.value)
    }

    /// Adds a version to the record; the operations put its value in the same transaction.
    fn add_version(
        &self,
        scope: &Scope,
        record: &mut SecretRecord,
        draft: &Draft<'_>,
        now: Timestamp,
    ) -> Result<Vec<Op>, Error> {
        let mut ops = Vec::new();
        if let Some(dropped) = make_room(record, now)? {
            ops.push(Op::delete(scope.value_key(&record.uid, &dropped)));
        }
        let key = scope.value_key(&record.uid, draft.id);
        let sealed = self.key.seal(&record.place(draft.id), draft.value, &*self.entropy)?;
        ops.push(Op::put(key.clone(), Store::encode(&key, &sealed)?));
        let is_first = record.versions.is_empty();
        record.versions.push(Version {
            id: draft.id.to_owned(),
            stages: Vec::new(),
            created_at: now,
            accessed_at: None,
            kms_key_id: record.kms_key_id.clone(),
        });
        for stage in draft.stages {
            stages::attach(record, stage, draft.id);
        }
        if is_first || draft.stages.is_empty() {
            stages::attach(record, CURRENT, draft.id);
        }
        stages::check_count(record)?;
        record.changed_at = now;
        Ok(ops)
    }

    pub(crate) async fn create(
        &self,
        context: &Context,
        input: CreateSecretRequest,
    ) -> Result<CreateSecretResponse, Error> {
        if input.add_replica_regions.is_some_and(|regions| !regions.is_empty()) {
            return Err(Error::NotImplemented("CreateSecret with AddReplicaRegions"));
        }
        if input.cross_account_primary_arn.is_some() {
            return Err(Error::NotImplemented("CreateSecret with CrossAccountPrimaryARN"));
        }
        if input.r#type.is_some() {
            return Err(Error::NotImplemented("CreateSecret with Type"));
        }
        check_name(&input.name)?;
        let value = value_of(input.secret_string, input.secret_binary)?;
        let tags = tags::merge(&BTreeMap::new(), input.tags.unwrap_or_default())?;
        let token = self.token(input.client_request_token);
        let scope = Scope { account: context.account.clone(), region: context.region.clone() };
        let key = scope.secret_key(&input.name);
        for _ in 0..MAX_TRIES {
            if let Some(found) = self.named(&scope, &input.name).await? {
                return self.created_before(found, &token, value.as_ref()).await;
            }
            let mut record = SecretRecord {
                name: input.name.clone(),
                uid: hex_id(&*self.entropy, UID),
                suffix: fresh_suffix(&*self.entropy),
                description: input.description.clone(),
                kms_key_id: input.kms_key_id.clone(),
                created_at: context.now,
                changed_at: context.now,
                accessed_at: None,
                deletion_at: None,
                tags: tags.clone(),
                policy: None,
                versions: Vec::new(),
            };
            let mut ops = Vec::new();
            if let Some(value) = &value {
                let draft = Draft { id: &token, value, stages: &[] };
                ops = self.add_version(&scope, &mut record, &draft, context.now)?;
            }
            // One past its recovery window may still lie there.
            let expired = self.store.get_as::<SecretRecord>(&key).await?;
            if let Some(old) = &expired {
                ops.push(Op::Delete(KeyRange::prefix(scope.values_prefix(&old.value.uid))));
            }
            let mut txn = Txn::new()
                .when(Compare::unchanged(key.clone(), expired.map_or(0, |old| old.mod_revision)))
                .then(Op::put(key.clone(), Store::encode(&key, &record)?));
            txn = ops.into_iter().fold(txn, Txn::then);
            if self.store.txn(txn).await?.succeeded {
                return Ok(CreateSecretResponse {
                    arn: Some(scope.arn_of(&record)),
                    name: Some(record.name),
                    version_id: value.is_some().then_some(token),
                    replication_status: None,
                });
            }
        }
        Err(gantry_store::Error::Contended { key, tries: MAX_TRIES }.into())
    }

    /// The same request once more succeeds and does nothing.
    async fn created_before(
        &self,
        found: Found,
        token: &str,
        value: Option<&SecretValue>,
    ) -> Result<CreateSecretResponse, Error> {
        if found.record.deletion_at.is_some() {
            return Err(Error::NameScheduled);
        }
        match (self.existing(&found, token).await?, value) {
            (Some(before), Some(value)) if before.same(value) => Ok(CreateSecretResponse {
                arn: Some(found.arn()),
                name: Some(found.record.name),
                version_id: Some(token.to_owned()),
                replication_status: None,
            }),
            _ => Err(Error::Exists(found.record.name)),
        }
    }

    /// Adds a version, or finds that it is there with the same value.
    async fn put_version(
        &self,
        context: &Context,
        id: &str,
        draft: &Draft<'_>,
        mut edit: impl FnMut(&mut SecretRecord),
    ) -> Result<Found, Error> {
        let found = self.living(id, context).await?;
        if let Some(before) = self.existing(&found, draft.id).await? {
            if before.same(draft.value) {
                return Ok(found);
            }
            return Err(Error::TokenUsed { token: draft.id.to_owned(), arn: found.arn() });
        }
        let changed = self.change(id, context, |found| {
            alive(&found.record)?;
            if found.record.version(draft.id).is_some() {
                // Somebody else's, made just now under the same token.
                return Err(Error::TokenUsed { token: draft.id.to_owned(), arn: found.arn() });
            }
            edit(&mut found.record);
            let ops = self.add_version(&found.scope, &mut found.record, draft, context.now)?;
            Ok((ops, ()))
        });
        Ok(changed.await?.0)
    }

    pub(crate) async fn put_value(
        &self,
        context: &Context,
        input: PutSecretValueRequest,
    ) -> Result<PutSecretValueResponse, Error> {
        if input.rotation_token.is_some() {
            return Err(Error::NotImplemented("PutSecretValue with RotationToken"));
        }
        let value = value_of(input.secret_string, input.secret_binary)?
            .ok_or_else(|| Error::request("You must provide either SecretString or SecretBinary."))?;
        let token = self.token(input.client_request_token);
        let stages = input.version_stages.unwrap_or_default();
        let draft = Draft { id: &token, value: &value, stages: &stages };
        let found = self.put_version(context, &input.secret_id, &draft, |_| ()).await?;
        Ok(PutSecretValueResponse {
            arn: Some(found.arn()),
            version_stages: found.record.version(&token).map(|v| v.stages.clone()),
            name: Some(found.record.name),
            version_id: Some(token),
        })
    }

    pub(crate) async fn update(
        &self,
        context: &Context,
        input: UpdateSecretRequest,
    ) -> Result<UpdateSecretResponse, Error> {
        if input.r#type.is_some() {
            return Err(Error::NotImplemented("UpdateSecret with Type"));
        }
        let value = value_of(input.secret_string, input.secret_binary)?;
        let edit = |record: &mut SecretRecord| {
            if let Some(description) = &input.description {
                record.description = Some(description.clone());
            }
            if let Some(key) = &input.kms_key_id {
                record.kms_key_id = (!key.is_empty()).then(|| key.clone());
            }
        };
        let (found, version_id) = match &value {
            Some(value) => {
                let token = self.token(input.client_request_token.clone());
                let draft = Draft { id: &token, value, stages: &[] };
                (self.put_version(context, &input.secret_id, &draft, edit).await?, Some(token))
            }
            None => {
                let changed = self.change(&input.secret_id, context, |found| {
                    alive(&found.record)?;
                    edit(&mut found.record);
                    found.record.changed_at = context.now;
                    Ok((Vec::new(), ()))
                });
                (changed.await?.0, None)
            }
        };
        Ok(UpdateSecretResponse { arn: Some(found.arn()), name: Some(found.record.name), version_id })
    }
}
