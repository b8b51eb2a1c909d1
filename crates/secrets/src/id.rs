//! Which secret a `SecretId` means: by name, by ARN, or by an ARN without its six random characters.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen>

use gantry_aws_wire::Context;
use gantry_base::{Arn, Entropy};

use crate::records::{Scope, SecretRecord};
use crate::{Error, Secrets};

/// Random characters at the end of an ARN, after a hyphen.
const SUFFIX: usize = 6;
const MAX_NAME: usize = 512;

/// A secret that is there.
pub struct Found {
    pub scope: Scope,
    pub record: SecretRecord,
    pub mod_revision: gantry_store::Revision,
}

impl Found {
    pub fn arn(&self) -> String {
        self.scope.arn_of(&self.record)
    }
}

/// What a `SecretId` says, before anything is looked up.
#[derive(Debug, PartialEq, Eq)]
pub enum SecretId {
    Name(Scope, String),
    /// What follows `secret:`.
    Arn(Scope, String),
}

impl SecretId {
    /// `None` for an ARN of something else, or of a region that this endpoint is not.
    pub fn parse(id: &str, context: &Context) -> Option<Self> {
        let own = Scope { account: context.account.clone(), region: context.region.clone() };
        if !id.starts_with("arn:") {
            return Some(Self::Name(own, id.to_owned()));
        }
        let arn: Arn = id.parse().ok()?;
        let tail = arn.resource.strip_prefix("secret:").filter(|tail| !tail.is_empty())?;
        if arn.service != "secretsmanager" || arn.region != own.region.as_str() {
            return None;
        }
        let account = arn.account.parse().ok()?;
        Some(Self::Arn(Scope { account, ..own }, tail.to_owned()))
    }

    pub fn scope(&self) -> &Scope {
        match self {
            Self::Name(scope, _) | Self::Arn(scope, _) => scope,
        }
    }
}

/// Name and suffix of `name-AbCdEf`.
pub fn split_suffix(tail: &str) -> Option<(&str, &str)> {
    let (name, suffix) = tail.rsplit_once('-')?;
    let fits = suffix.len() == SUFFIX && suffix.bytes().all(|b| b.is_ascii_alphanumeric()) && !name.is_empty();
    fits.then_some((name, suffix))
}

pub fn fresh_suffix(entropy: &dyn Entropy) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = [0_u8; SUFFIX];
    entropy.fill(&mut bytes);
    bytes.iter().map(|b| char::from(LETTERS[usize::from(*b) % LETTERS.len()])).collect()
}

pub fn check_name(name: &str) -> Result<(), Error> {
    let fits = name.len() <= MAX_NAME && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-/_+=.@!".contains(&b));
    if fits && !name.is_empty() {
        return Ok(());
    }
    let message =
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    Err(Error::Validation(message.to_owned()))
}

impl Secrets {
    /// The secret of this name, unless its recovery window is over.
    pub(crate) async fn named(&self, scope: &Scope, name: &str) -> Result<Option<Found>, Error> {
        // Also keeps keys within the store's limit.
        if check_name(name).is_err() {
            return Ok(None);
        }
        let found = self.store.get_as::<SecretRecord>(&scope.secret_key(name)).await?;
        let found = found.filter(|f| !f.value.is_expired(self.clock.now()));
        Ok(found.map(|f| Found { scope: scope.clone(), record: f.value, mod_revision: f.mod_revision }))
    }

    pub(crate) async fn look_up(&self, id: &str, context: &Context) -> Result<Option<Found>, Error> {
        match SecretId::parse(id, context) {
            None => Ok(None),
            Some(SecretId::Name(scope, name)) => self.named(&scope, &name).await,
            Some(SecretId::Arn(scope, tail)) => {
                if let Some((name, suffix)) = split_suffix(&tail)
                    && let Some(found) = self.named(&scope, name).await?.filter(|f| f.record.suffix == suffix)
                {
                    return Ok(Some(found));
                }
                self.named(&scope, &tail).await
            }
        }
    }

    /// # Errors
    /// [`Error::NotFound`]
    pub(crate) async fn secret(&self, id: &str, context: &Context) -> Result<Found, Error> {
        self.look_up(id, context).await?.ok_or(Error::NotFound)
    }

    /// # Errors
    /// [`Error::NotFound`], [`Error::Deleted`]
    pub(crate) async fn living(&self, id: &str, context: &Context) -> Result<Found, Error> {
        let found = self.secret(id, context).await?;
        if found.record.deletion_at.is_some() { Err(Error::Deleted) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_told_from_names() {
        for (tail, expected) in [
            ("app-AbCdE1", Some(("app", "AbCdE1"))),
            ("a/b-c-AbCdE1", Some(("a/b-c", "AbCdE1"))),
            ("app-secret", Some(("app", "secret"))),
            ("app-AbCdE", None),
            ("app-AbCdE!", None),
            ("-AbCdE1", None),
            ("app", None),
        ] {
            assert_eq!(split_suffix(tail), expected, "{tail}");
        }
        let entropy = gantry_base::SeededEntropy::new(3);
        let suffix = fresh_suffix(&*entropy);
        assert_eq!(split_suffix(&format!("n-{suffix}")), Some(("n", suffix.as_str())));
    }

    #[test]
    fn names_have_their_characters() {
        for good in ["a", "ecr-pullthroughcache/hub", "A_b+c=d.e@f-g/h!", &"n".repeat(512)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "a:b", "ä", "a\n", "a*", &"n".repeat(513)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
