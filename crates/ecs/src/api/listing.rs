//! Pages: sizes, tokens, and the listings of task definitions.

use gantry_aws_api::ecs as model;
use gantry_aws_wire::{AwsError, Context};
use gantry_store::{KeyRange, RangeRequest};

use super::EcsApi;
use crate::error::Error;
use crate::names;
use crate::records::{DefinitionStatus, FamilyRecord, Scope};
use crate::validate::invalid;

const MAX_PAGE: i32 = 100;
/// Keys read at once while a page is filled.
const READ_AT_ONCE: usize = 128;

pub(super) fn page_size(asked: Option<i32>, most: i32) -> Result<usize, AwsError> {
    match asked {
        None => Ok(most as usize),
        Some(n) if (1..=most).contains(&n) => Ok(n as usize),
        Some(_) => Err(invalid(format!("maxResults must be between 1 and {most}."))),
    }
}

/// What a token belongs to: account, region and the request's filters.
pub(super) fn page_scope(scope: &Scope, filters: &[Option<&str>]) -> String {
    let mut text = format!("{}|{}", scope.account, scope.region);
    for filter in filters {
        text.push('|');
        if let Some(filter) = filter {
            text.push('=');
            text.push_str(filter);
        }
    }
    text
}

pub(super) fn open(
    api: &EcsApi,
    operation: &str,
    scope: &str,
    token: Option<&str>,
) -> Result<Option<String>, AwsError> {
    token.map(|t| api.pages.open(operation, scope, t).map_err(|_| invalid("Invalid token"))).transpose()
}

fn status(text: Option<&str>) -> Result<DefinitionStatus, AwsError> {
    text.map_or(Some(DefinitionStatus::Active), DefinitionStatus::parse).ok_or_else(|| invalid("Invalid status."))
}

pub(super) async fn definitions(
    api: &EcsApi,
    context: &Context,
    input: model::ListTaskDefinitionsRequest,
) -> Result<model::ListTaskDefinitionsResponse, AwsError> {
    let scope = Scope::of(context);
    let limit = page_size(input.max_results, MAX_PAGE)?;
    let status = status(input.status.as_deref())?;
    let descending = match input.sort.as_deref() {
        None | Some("ASC") => false,
        Some("DESC") => true,
        Some(_) => return Err(invalid("Invalid sort.")),
    };
    let family = input.family_prefix.as_deref().filter(|f| !f.is_empty());
    if family.is_some_and(|f| !names::is_name(f)) {
        return Ok(model::ListTaskDefinitionsResponse { task_definition_arns: Some(Vec::new()), next_token: None });
    }
    let filters = page_scope(&scope, &[family, input.status.as_deref(), input.sort.as_deref()]);
    let after = open(api, "ListTaskDefinitions", &filters, input.next_token.as_deref())?;

    let root = scope.definition_index_key(status, "", 0);
    let root = root.trim_end_matches(|c: char| c.is_ascii_digit() || c == '/').to_owned() + "/";
    let mut range = KeyRange::prefix(family.map_or_else(|| root.clone(), |f| format!("{root}{f}/")));
    match after {
        Some(last) if descending => range.end = Some(last.into()),
        Some(mut last) => {
            last.push('\0');
            range.start = last.into();
        }
        None => {}
    }
    let mut request = RangeRequest::new(range).first(limit);
    request.reverse = descending;
    request.keys_only = true;
    let found = api.store.range(request).await.map_err(Error::store("list", root.clone()))?;
    let arns = found.kvs.iter().filter_map(|kv| {
        let (family, revision) = std::str::from_utf8(&kv.key).ok()?.strip_prefix(&root)?.rsplit_once('/')?;
        Some(scope.arn(format!("task-definition/{family}:{}", revision.parse::<i32>().ok()?)))
    });
    let last = found.kvs.last().filter(|_| found.more).map(|kv| String::from_utf8_lossy(&kv.key).into_owned());
    Ok(model::ListTaskDefinitionsResponse {
        task_definition_arns: Some(arns.collect()),
        next_token: last.map(|key| api.pages.seal("ListTaskDefinitions", &filters, &key)),
    })
}

pub(super) async fn families(
    api: &EcsApi,
    context: &Context,
    input: model::ListTaskDefinitionFamiliesRequest,
) -> Result<model::ListTaskDefinitionFamiliesResponse, AwsError> {
    let scope = Scope::of(context);
    let limit = page_size(input.max_results, MAX_PAGE)?;
    let wanted: fn(&FamilyRecord) -> bool = match input.status.as_deref() {
        None | Some("ALL") => |f| f.active + f.inactive > 0,
        Some("ACTIVE") => |f| f.active > 0,
        Some("INACTIVE") => |f| f.active == 0 && f.inactive > 0,
        Some(_) => return Err(invalid("Invalid status.")),
    };
    let prefix = input.family_prefix.as_deref().unwrap_or_default();
    let filters = page_scope(&scope, &[Some(prefix), input.status.as_deref()]);
    let after = open(api, "ListTaskDefinitionFamilies", &filters, input.next_token.as_deref())?;
    let root = scope.family_key("");
    let mut range = KeyRange::prefix(format!("{root}{prefix}"));
    if let Some(last) = after {
        range.start = format!("{root}{last}\0").into();
    }
    let mut families: Vec<String> = Vec::new();
    // One more than the page holds tells whether there is another page.
    'reading: loop {
        let request = RangeRequest::new(range.clone()).first(READ_AT_ONCE);
        let found = api.store.range(request).await.map_err(Error::store("list", root.clone()))?;
        for kv in &found.kvs {
            let record =
                gantry_store::Versioned::<FamilyRecord>::decode(kv).map_err(Error::store("read", root.clone()))?;
            let name = std::str::from_utf8(&kv.key).ok().and_then(|k| k.strip_prefix(&root));
            if let Some(name) = name.filter(|_| wanted(&record.value)) {
                families.push(name.to_owned());
                if families.len() > limit {
                    break 'reading;
                }
            }
        }
        match found.kvs.last() {
            Some(last) if found.more => range.start = [&last.key[..], b"\0"].concat().into(),
            _ => break,
        }
    }
    let more = families.len() > limit;
    families.truncate(limit);
    let next_token =
        families.last().filter(|_| more).map(|last| api.pages.seal("ListTaskDefinitionFamilies", &filters, last));
    Ok(model::ListTaskDefinitionFamiliesResponse { families: Some(families), next_token })
}
