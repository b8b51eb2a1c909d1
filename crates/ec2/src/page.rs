//! Picking by id, and pages.

use std::fmt::Write as _;

use gantry_agent_api::default_network::is_resource_id;
use gantry_aws_api::ec2::Filter;
use gantry_aws_wire::{Context, PageTokens};

use crate::error::{Error, Refusal};

/// A kind of thing with ids.
#[derive(Clone, Copy)]
pub struct Kind {
    pub prefix: &'static str,
    pub not_found: &'static str,
    pub malformed: &'static str,
    pub word: &'static str,
}

pub const VPC: Kind =
    Kind { prefix: "vpc", not_found: "InvalidVpcID.NotFound", malformed: "InvalidVpcID.Malformed", word: "vpc ID" };
pub const SUBNET: Kind = Kind {
    prefix: "subnet",
    not_found: "InvalidSubnetID.NotFound",
    malformed: "InvalidSubnetId.Malformed",
    word: "subnet ID",
};
pub const GROUP: Kind = Kind {
    prefix: "sg",
    not_found: "InvalidGroup.NotFound",
    malformed: "InvalidGroupId.Malformed",
    word: "security group",
};
pub const RULE: Kind = Kind {
    prefix: "sgr",
    not_found: "InvalidSecurityGroupRuleId.NotFound",
    malformed: "InvalidSecurityGroupRuleId.Malformed",
    word: "security group rule ID",
};
pub const INTERFACE: Kind = Kind {
    prefix: "eni",
    not_found: "InvalidNetworkInterfaceID.NotFound",
    malformed: "InvalidNetworkInterfaceId.Malformed",
    word: "networkInterface ID",
};

/// Keeps the things with the ids asked for; each must be there.
pub fn pick<T>(
    items: Vec<T>,
    wanted: Option<&[String]>,
    kind: Kind,
    id_of: impl Fn(&T) -> Option<&String>,
) -> Result<Vec<T>, Error> {
    let wanted = wanted.unwrap_or_default();
    if wanted.is_empty() {
        return Ok(items);
    }
    for id in wanted {
        if !is_resource_id(id, kind.prefix) {
            let refusal = Refusal::Malformed { code: kind.malformed, id: id.clone(), prefix: kind.prefix };
            return Err(refusal.into());
        }
        if !items.iter().any(|item| id_of(item) == Some(id)) {
            return Err(Refusal::NotFound { code: kind.not_found, kind: kind.word, id: id.clone() }.into());
        }
    }
    Ok(items.into_iter().filter(|item| id_of(item).is_some_and(|id| wanted.contains(id))).collect())
}

pub fn refuse_dry_run(flag: Option<bool>) -> Result<(), Error> {
    if flag == Some(true) { Err(Refusal::DryRun.into()) } else { Ok(()) }
}

/// What a listing was asked for.
pub struct Paging<'a> {
    pub operation: &'static str,
    pub token: Option<&'a str>,
    pub max_results: Option<i32>,
    pub filters: Option<&'a [Filter]>,
}

/// The page after the token and, if more follow, the next token. Pages go by id.
pub fn page<T>(
    tokens: &PageTokens,
    context: &Context,
    mut items: Vec<T>,
    paging: &Paging<'_>,
    id_of: impl Fn(&T) -> Option<&String>,
) -> Result<(Vec<T>, Option<String>), Error> {
    let mut scope = format!("{}|{}", context.account, context.region);
    for filter in paging.filters.unwrap_or_default() {
        let _ = write!(scope, "|{:?}={:?}", filter.name, filter.values);
    }
    items.sort_by(|a, b| id_of(a).cmp(&id_of(b)));
    if let Some(token) = paging.token.filter(|t| !t.is_empty()) {
        let shown = || token.chars().take(64).collect();
        let last = tokens.open(paging.operation, &scope, token).map_err(|_| Refusal::Token(shown()))?;
        items.retain(|item| id_of(item).is_some_and(|id| *id > last));
    }
    let limit = paging.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    if items.len() <= limit {
        return Ok((items, None));
    }
    items.truncate(limit);
    let next = items.last().and_then(id_of).map(|last| tokens.seal(paging.operation, &scope, last));
    Ok((items, next))
}
