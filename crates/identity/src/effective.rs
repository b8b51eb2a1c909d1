//! The policies that bear on a principal.

use std::sync::Arc;

use gantry_iam::{Policy, PolicyKind};

use crate::aws_managed;
use crate::error::Error;
use crate::record::{Document, Holdings, ManagedPolicy, Role, User};
use crate::state::Account;

/// What simulations name a policy's source by.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// An ARN, or the name of an inline policy with its owner.
    pub id: String,
    /// `IAM Policy`: the simulations' word for all of them.
    pub text: Arc<str>,
    pub policy: Arc<Policy>,
}

/// A principal's own side of a decision.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effective {
    pub identity: Vec<Named>,
    pub boundary: Option<Named>,
}

impl Effective {
    pub fn policies(&self) -> Vec<Arc<Policy>> {
        self.identity.iter().map(|named| named.policy.clone()).collect()
    }
}

pub(crate) fn managed<'a>(account: &'a Account, account_id: &str, arn: &str) -> Option<&'a ManagedPolicy> {
    if let Some(found) = aws_managed::find(arn) {
        return Some(found);
    }
    let rest = arn.strip_prefix("arn:aws:iam::")?.strip_prefix(account_id)?.strip_prefix(":policy")?;
    let (_, name) = rest.rsplit_once('/')?;
    let found = account.policies.get(&name.to_lowercase())?;
    (rest.strip_prefix(found.path.as_str()) == Some(found.name.as_str())).then_some(found)
}

pub(crate) fn of_user(account: &Account, id: &str, user: &User) -> Result<Effective, Error> {
    let mut identity = Vec::new();
    held(account, id, &user.holdings, &format!("user_{}", user.name), &mut identity)?;
    for group in user.groups.iter().filter_map(|name| account.group(name)) {
        held(account, id, &group.holdings, &format!("group_{}", group.name), &mut identity)?;
    }
    Ok(Effective { identity, boundary: boundary(account, id, user.boundary.as_deref())? })
}

pub(crate) fn of_role(account: &Account, id: &str, role: &Role) -> Result<Effective, Error> {
    let mut identity = Vec::new();
    held(account, id, &role.holdings, &format!("role_{}", role.name), &mut identity)?;
    Ok(Effective { identity, boundary: boundary(account, id, role.boundary.as_deref())? })
}

pub(crate) fn of_group(account: &Account, id: &str, name: &str, holdings: &Holdings) -> Result<Effective, Error> {
    let mut identity = Vec::new();
    held(account, id, holdings, &format!("group_{name}"), &mut identity)?;
    Ok(Effective { identity, boundary: None })
}

fn held(account: &Account, id: &str, holdings: &Holdings, owner: &str, out: &mut Vec<Named>) -> Result<(), Error> {
    for (name, document) in &holdings.inline {
        out.push(named(format!("{owner}_{name}"), document)?);
    }
    for arn in &holdings.attached {
        if let Some(document) = managed(account, id, arn).and_then(ManagedPolicy::default_document) {
            out.push(named(arn.clone(), document)?);
        }
    }
    Ok(())
}

fn named(id: String, document: &Document) -> Result<Named, Error> {
    Ok(Named { id, text: document.text.clone(), policy: document.policy(PolicyKind::Identity)? })
}

/// A boundary whose policy is gone bounds to nothing.
fn boundary(account: &Account, id: &str, arn: Option<&str>) -> Result<Option<Named>, Error> {
    const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let Some(arn) = arn else {
        return Ok(None);
    };
    let found = managed(account, id, arn).and_then(ManagedPolicy::default_document);
    Ok(Some(match found {
        Some(document) => named(arn.to_owned(), document)?,
        None => named(arn.to_owned(), &Document::new(NOTHING))?,
    }))
}
