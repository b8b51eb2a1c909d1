//! What is set for a registry as a whole: texts by name, whose meaning the ECR service knows.

use gantry_store::{Compare, Op, Txn};

use crate::{Error, Registry, RegistryId, Result, keys, limits};

/// Names of [`Registry::setting`] that mean something here.
pub mod setting {
    /// The registry's scanning configuration, ECR's `RegistryScanningConfiguration` as JSON.
    pub const SCANNING: &str = "scanning";
    /// The registry's replication rules, ECR's `ReplicationConfiguration` as JSON; absent without rules.
    pub const REPLICATION: &str = "replication";
    /// `DISABLED`: a mount is answered as if the source were not there.
    pub const BLOB_MOUNTING: &str = "account/BLOB_MOUNTING";
    /// One setting for each principal whose pulls are not recorded, named by its ARN.
    pub const PULL_EXCLUSION: &str = "pull-exclusion/";
}

impl Registry {
    pub async fn setting(&self, registry: &RegistryId, name: &str) -> Result<Option<String>> {
        let found = self.store.get(keys::setting(registry, name)).await?;
        Ok(found.map(|kv| String::from_utf8_lossy(&kv.value).into_owned()))
    }

    /// Sets or, with `None`, removes; returns what was there.
    pub async fn set_setting(&self, registry: &RegistryId, name: &str, value: Option<&str>) -> Result<Option<String>> {
        let key = keys::setting(registry, name);
        for _ in 0..limits::MAX_TRIES {
            let before = self.store.get(key.clone()).await?;
            let op = match value {
                Some(value) => Op::put(key.clone(), value.to_owned()),
                None => Op::delete(key.clone()),
            };
            let seen = before.as_ref().map_or(0, |kv| kv.mod_revision);
            let txn = Txn::new().when(Compare::unchanged(key.clone(), seen)).then(op);
            if self.store.txn(txn).await?.succeeded {
                return Ok(before.map(|kv| String::from_utf8_lossy(&kv.value).into_owned()));
            }
        }
        Err(Error::Contended { subject: name.to_owned(), tries: limits::MAX_TRIES })
    }

    /// Sets what is not set yet; whether it did.
    pub async fn create_setting(&self, registry: &RegistryId, name: &str, value: &str) -> Result<bool> {
        let key = keys::setting(registry, name);
        let txn = Txn::new().when(Compare::absent(key.clone())).then(Op::put(key, value.to_owned()));
        Ok(self.store.txn(txn).await?.succeeded)
    }

    /// Settings whose names begin with `prefix`, by what follows it, after `after`.
    pub async fn settings(
        &self,
        registry: &RegistryId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<crate::Page<(String, String)>> {
        let prefix = keys::setting(registry, prefix);
        let (kvs, more) = self.page(&prefix, after, limit).await?;
        let items: Vec<_> = kvs
            .iter()
            .map(|kv| (crate::images::after_prefix(kv, &prefix), String::from_utf8_lossy(&kv.value).into_owned()))
            .collect();
        let next = more.then(|| items.last().map(|(name, _)| name.clone())).flatten();
        Ok(crate::Page { items, next })
    }

    /// Whether this caller's pulls leave an image's last pull as it is.
    pub(crate) async fn is_pull_excluded(&self, registry: &RegistryId, caller: &str) -> Result<bool> {
        let principals = self.settings(registry, setting::PULL_EXCLUSION, None, limits::MAX_PULL_EXCLUSIONS).await?;
        Ok(principals.items.iter().any(|(arn, _)| is_principal(arn, caller)))
    }
}

/// Whether `caller` is the user or role `arn`; an assumed role's ARN does not have the role's path.
fn is_principal(arn: &str, caller: &str) -> bool {
    if arn == caller {
        return true;
    }
    let Some((head, role)) = arn.split_once(":role/") else { return false };
    let Some((assumed_head, assumed)) = caller.split_once(":assumed-role/") else { return false };
    let name = role.rsplit('/').next().unwrap_or(role);
    // `arn:aws:iam::<account>` and `arn:aws:sts::<account>`
    head.replacen(":iam:", ":sts:", 1) == assumed_head && assumed.split('/').next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_users_and_roles() {
        let role = "arn:aws:iam::123456789012:role/ci/scanner";
        for (arn, caller, same) in [
            ("arn:aws:iam::123456789012:user/dev", "arn:aws:iam::123456789012:user/dev", true),
            ("arn:aws:iam::123456789012:user/dev", "arn:aws:iam::123456789012:user/dev2", false),
            (role, "arn:aws:sts::123456789012:assumed-role/scanner/session", true),
            (role, "arn:aws:sts::999999999999:assumed-role/scanner/session", false),
            (role, "arn:aws:sts::123456789012:assumed-role/scanners/session", false),
            (role, "arn:aws:iam::123456789012:user/scanner", false),
        ] {
            assert_eq!(is_principal(arn, caller), same, "{arn} {caller}");
        }
    }
}
