//! ListSecrets: filters, order, pages.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_search-secret.html>

use gantry_aws_api::secretsmanager::{Filter, ListSecretsRequest, ListSecretsResponse, SecretListEntry};
use gantry_aws_wire::Context;
use gantry_base::Timestamp;

use crate::id::Found;
use crate::records::{Scope, SecretRecord};
use crate::{Error, Secrets, tags};

/// Secrets in a page where the request does not say, and at the most.
const PAGE: usize = 100;

pub struct Page {
    pub items: Vec<Found>,
    pub next: Option<String>,
}

/// What a listing is of and in which order.
struct Query<'a> {
    operation: &'static str,
    filters: &'a [Filter],
    planned: bool,
    by: &'a str,
    descending: bool,
}

fn starts(text: &str, value: &str) -> bool {
    text.starts_with(value)
}

fn starts_ignoring_case(text: &str, value: &str) -> bool {
    text.to_lowercase().starts_with(&value.to_lowercase())
}

/// Whether any word of `text`, or the text as a whole, begins with the value.
fn word_starts(text: &str, value: &str) -> bool {
    starts_ignoring_case(text, value)
        || text.split(|c: char| !c.is_alphanumeric()).any(|word| !word.is_empty() && starts_ignoring_case(word, value))
}

/// Values of one filter are alternatives; one that begins with `!` excludes.
fn matches(record: &SecretRecord, scope: &Scope, filter: &Filter) -> bool {
    let key = filter.key.as_deref().unwrap_or_default();
    let values = filter.values.as_deref().unwrap_or_default();
    let one = |value: &str| match key {
        "name" => starts(&record.name, value),
        "description" => word_starts(record.description.as_deref().unwrap_or_default(), value),
        "tag-key" => record.tags.keys().any(|k| starts(k, value)),
        "tag-value" => record.tags.values().any(|v| starts(v, value)),
        // Every secret is its own primary, and the account's.
        "primary-region" => scope.region.as_str() == value,
        "owning-service" => false,
        _ => value.split_whitespace().all(|word| {
            word_starts(&record.name, word)
                || record.description.as_deref().is_some_and(|d| word_starts(d, word))
                || record.tags.iter().any(|(k, v)| word_starts(k, word) || word_starts(v, word))
        }),
    };
    let (barred, wanted): (Vec<&String>, Vec<&String>) = values.iter().partition(|v| v.starts_with('!'));
    !barred.iter().any(|v| one(v.trim_start_matches('!'))) && (wanted.is_empty() || wanted.iter().any(|v| one(v)))
}

impl Secrets {
    pub(crate) async fn filtered(
        &self,
        context: &Context,
        filters: &[Filter],
        token: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        let query =
            Query { operation: "BatchGetSecretValue", filters, planned: false, by: "created-date", descending: true };
        self.page(context, &query, token, limit).await
    }

    async fn page(
        &self,
        context: &Context,
        query: &Query<'_>,
        token: Option<&str>,
        limit: usize,
    ) -> Result<Page, Error> {
        let Query { operation, filters, planned, by, descending } = *query;
        let scope = Scope { account: context.account.clone(), region: context.region.clone() };
        let token_scope = format!("{}|{}|{filters:?}|{planned}|{by}|{descending}", scope.account, scope.region);
        let after = match token {
            Some(token) => Some(self.pages.open(operation, &token_scope, token).map_err(|_| Error::Token)?),
            None => None,
        };
        let time = |at: Option<Timestamp>| format!("{:020}", at.map_or(0, Timestamp::millis).max(0));
        let order = |record: &SecretRecord| {
            let first = match by {
                "name" => String::new(),
                "last-accessed-date" => time(record.accessed_at),
                "last-changed-date" => time(Some(record.changed_at)),
                _ => time(Some(record.created_at)),
            };
            format!("{first}\u{1}{}", record.name)
        };
        let mut found = Vec::new();
        for versioned in self.store.list_as::<SecretRecord>(&scope.secret_key("")).await? {
            let record = versioned.value;
            let shown = !record.is_expired(context.now) && (planned || record.deletion_at.is_none());
            if !shown || !filters.iter().all(|f| matches(&record, &scope, f)) {
                continue;
            }
            let key = order(&record);
            let is_after = after.as_ref().is_none_or(|after| if descending { key < *after } else { key > *after });
            if is_after {
                found.push((key, Found { scope: scope.clone(), record, mod_revision: versioned.mod_revision }));
            }
        }
        found.sort_by(|(a, _), (b, _)| if descending { b.cmp(a) } else { a.cmp(b) });
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(key, _)| self.pages.seal(operation, &token_scope, key));
        Ok(Page { items: found.into_iter().map(|(_, found)| found).collect(), next })
    }

    pub(crate) async fn list(
        &self,
        context: &Context,
        input: ListSecretsRequest,
    ) -> Result<ListSecretsResponse, Error> {
        let filters = input.filters.unwrap_or_default();
        let query = Query {
            operation: "ListSecrets",
            filters: &filters,
            planned: input.include_planned_deletion == Some(true),
            by: input.sort_by.as_deref().unwrap_or("created-date"),
            descending: input.sort_order.as_deref() != Some("asc"),
        };
        let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).clamp(1, PAGE);
        let page = self.page(context, &query, input.next_token.as_deref(), limit).await?;
        let entry = |found: Found| {
            let arn = found.arn();
            let record = found.record;
            SecretListEntry {
                arn: Some(arn),
                secret_versions_to_stages: record.stages_by_version(),
                name: Some(record.name),
                description: record.description,
                kms_key_id: record.kms_key_id,
                last_changed_date: Some(record.changed_at),
                last_accessed_date: record.accessed_at,
                deleted_date: record.deletion_at,
                tags: tags::view(&record.tags),
                created_date: Some(record.created_at),
                ..SecretListEntry::default()
            }
        };
        Ok(ListSecretsResponse {
            secret_list: Some(page.items.into_iter().map(entry).collect()),
            next_token: page.next,
        })
    }
}
