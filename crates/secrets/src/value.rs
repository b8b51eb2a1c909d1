//! Reading values: one, a batch, and for callers in this process.

use gantry_aws_api::secretsmanager::{
    APIErrorType, BatchGetSecretValueRequest, BatchGetSecretValueResponse, GetSecretValueRequest,
    GetSecretValueResponse, SecretValueEntry,
};
use gantry_aws_wire::{AwsError, Context};

use crate::id::Found;
use crate::records::{CURRENT, Version, day_of};
use crate::seal::SecretValue;
use crate::{Error, Secrets};

/// Values in one answer of a batch, where the request does not say.
const BATCH: usize = 20;

/// The version that a request means.
fn pick<'a>(found: &'a Found, id: Option<&str>, stage: Option<&str>) -> Result<&'a Version, Error> {
    let record = &found.record;
    let Some(id) = id else {
        let stage = stage.unwrap_or(CURRENT);
        return record.at_stage(stage).ok_or_else(|| Error::NoValue(format!("staging label: {stage}")));
    };
    let version = record.version(id).ok_or_else(|| Error::NoValue(format!("VersionId: {id}")))?;
    match stage {
        Some(stage) if !version.stages.iter().any(|s| s == stage) => {
            Err(Error::request("You provided a VersionStage that is not associated to the provided VersionId."))
        }
        _ => Ok(version),
    }
}

impl Secrets {
    /// A secret's current value, for a caller in this process: `context.caller` must be allowed
    /// `secretsmanager:GetSecretValue` as over the wire. `id` is a name or an ARN.
    ///
    /// # Errors
    /// As GetSecretValue answers.
    pub async fn value(&self, context: &Context, id: &str) -> Result<SecretValue, AwsError> {
        let access = self.access_to("GetSecretValue", id, context).await?;
        self.authority.authorize(context, &[access]).await?;
        let input = GetSecretValueRequest { secret_id: id.to_owned(), ..Default::default() };
        Ok(self.read(context, &input).await?.1)
    }

    async fn read(
        &self,
        context: &Context,
        input: &GetSecretValueRequest,
    ) -> Result<(SecretValueEntry, SecretValue), Error> {
        let found = self.living(&input.secret_id, context).await?;
        let version = pick(&found, input.version_id.as_deref(), input.version_stage.as_deref())?.clone();
        let value = self.open_value(&found, &version.id).await?;
        self.note_access(context, &found, &version.id).await;
        let (text, binary) = match &value {
            SecretValue::Text(text) => (Some(text.to_string()), None),
            SecretValue::Binary(bytes) => (None, Some(bytes.clone())),
        };
        let entry = SecretValueEntry {
            arn: Some(found.arn()),
            name: Some(found.record.name),
            version_id: Some(version.id),
            secret_binary: binary,
            secret_string: text,
            version_stages: Some(version.stages),
            created_date: Some(version.created_at),
        };
        Ok((entry, value))
    }

    /// At most one write a day and version; a failure is not the reader's.
    async fn note_access(&self, context: &Context, found: &Found, version: &str) {
        let today = Some(day_of(context.now));
        let known = found.record.version(version).is_some_and(|v| v.accessed_at == today);
        if known && found.record.accessed_at == today {
            return;
        }
        let context = scoped(context, found);
        let noted = self.change(&found.record.name, &context, |found| {
            found.record.accessed_at = today;
            found.record.versions.iter_mut().filter(|v| v.id == version).for_each(|v| v.accessed_at = today);
            Ok((Vec::new(), ()))
        });
        if let Err(error) = noted.await {
            tracing::warn!(%error, "failed to note a secret's last use");
        }
    }

    pub(crate) async fn get_value(
        &self,
        context: &Context,
        input: GetSecretValueRequest,
    ) -> Result<GetSecretValueResponse, Error> {
        let (entry, _) = self.read(context, &input).await?;
        Ok(GetSecretValueResponse {
            arn: entry.arn,
            name: entry.name,
            version_id: entry.version_id,
            secret_binary: entry.secret_binary,
            secret_string: entry.secret_string,
            version_stages: entry.version_stages,
            created_date: entry.created_date,
        })
    }

    /// Each secret is decided about on its own; what is refused is told beside what is not.
    pub(crate) async fn batch_get(
        &self,
        context: &Context,
        input: BatchGetSecretValueRequest,
    ) -> Result<BatchGetSecretValueResponse, Error> {
        let (ids, next_token) = match (input.secret_id_list, input.filters) {
            (Some(_), Some(_)) => {
                return Err(Error::parameter("You can't specify both SecretIdList and Filters in the same request."));
            }
            (Some(_), None) if input.max_results.is_some() || input.next_token.is_some() => {
                return Err(Error::parameter("You can't use MaxResults or NextToken with SecretIdList."));
            }
            (Some(ids), None) => (ids, None),
            (None, Some(filters)) => {
                let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(BATCH).clamp(1, BATCH);
                let page = self.filtered(context, &filters, input.next_token.as_deref(), limit).await?;
                (page.items.iter().map(Found::arn).collect(), page.next)
            }
            (None, None) => {
                return Err(Error::parameter("You must specify either SecretIdList or Filters."));
            }
        };
        let (mut values, mut failures) = (Vec::new(), Vec::new());
        for id in ids {
            match self.batch_one(context, &id).await {
                Ok(entry) => values.push(entry),
                Err(error) => {
                    let error = AwsError::from(error);
                    failures.push(APIErrorType {
                        secret_id: Some(id),
                        error_code: Some(error.code),
                        message: Some(error.message),
                    });
                }
            }
        }
        Ok(BatchGetSecretValueResponse { secret_values: Some(values), next_token, errors: Some(failures) })
    }

    async fn batch_one(&self, context: &Context, id: &str) -> Result<SecretValueEntry, Error> {
        let access = self.access_to("GetSecretValue", id, context).await?;
        self.authority.authorize(context, &[access]).await.map_err(Error::Aws)?;
        let input = GetSecretValueRequest { secret_id: id.to_owned(), ..Default::default() };
        Ok(self.read(context, &input).await?.0)
    }
}

/// The context in which a name means the secret that was found, maybe another account's.
fn scoped(context: &Context, found: &Found) -> Context {
    Context { account: found.scope.account.clone(), region: found.scope.region.clone(), ..context.clone() }
}
