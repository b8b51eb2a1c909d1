//! What a secret is, without its value.

use gantry_aws_api::secretsmanager::{
    DescribeSecretRequest, DescribeSecretResponse, ListSecretVersionIdsRequest, ListSecretVersionIdsResponse,
    SecretVersionsListEntry,
};
use gantry_aws_wire::Context;

use crate::records::Version;
use crate::{Error, Secrets, tags};

/// Versions in a page where the request does not say.
const PAGE: usize = 100;

impl Secrets {
    pub(crate) async fn describe(
        &self,
        context: &Context,
        input: DescribeSecretRequest,
    ) -> Result<DescribeSecretResponse, Error> {
        let found = self.secret(&input.secret_id, context).await?;
        let arn = found.arn();
        let record = found.record;
        Ok(DescribeSecretResponse {
            arn: Some(arn),
            version_ids_to_stages: record.stages_by_version(),
            name: Some(record.name),
            description: record.description,
            kms_key_id: record.kms_key_id,
            last_changed_date: Some(record.changed_at),
            last_accessed_date: record.accessed_at,
            deleted_date: record.deletion_at,
            tags: tags::view(&record.tags),
            created_date: Some(record.created_at),
            ..DescribeSecretResponse::default()
        })
    }

    pub(crate) async fn list_versions(
        &self,
        context: &Context,
        input: ListSecretVersionIdsRequest,
    ) -> Result<ListSecretVersionIdsResponse, Error> {
        const OPERATION: &str = "ListSecretVersionIds";
        let found = self.secret(&input.secret_id, context).await?;
        let deprecated = input.include_deprecated == Some(true);
        let scope = format!("{}|{deprecated}", found.record.uid);
        let after = match &input.next_token {
            Some(token) => Some(self.pages.open(OPERATION, &scope, token).map_err(|_| Error::Token)?),
            None => None,
        };
        // By age and id, so that a version dropped between two pages is neither skipped over nor repeated.
        let key = |v: &Version| format!("{:020} {}", v.created_at.millis(), v.id);
        let mut versions: Vec<&Version> = found.record.versions.iter().collect();
        versions.retain(|v| deprecated || !v.stages.is_empty());
        versions.retain(|v| after.as_ref().is_none_or(|after| key(v) > *after));
        versions.sort_by_key(|v| key(v));
        let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).clamp(1, PAGE);
        let more = versions.len() > limit;
        versions.truncate(limit);
        let next_token = versions.last().filter(|_| more).map(|v| self.pages.seal(OPERATION, &scope, &key(v)));
        let view = |v: &&Version| SecretVersionsListEntry {
            version_id: Some(v.id.clone()),
            version_stages: (!v.stages.is_empty()).then(|| v.stages.clone()),
            last_accessed_date: v.accessed_at,
            created_date: Some(v.created_at),
            kms_key_ids: Some(vec![v.kms_key_id.clone().unwrap_or_else(|| "DefaultEncryptionKey".to_owned())]),
        };
        Ok(ListSecretVersionIdsResponse {
            versions: Some(versions.iter().map(view).collect()),
            next_token,
            arn: Some(found.arn()),
            name: Some(found.record.name),
        })
    }
}
