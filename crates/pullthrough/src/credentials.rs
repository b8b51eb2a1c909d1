//! Credentials for upstream registries, which lie in Secrets Manager, and roles for those of this server.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html>

use async_trait::async_trait;
use gantry_registry::{CredentialFault, RegistryId, RepoId};
use gantry_upstream::Basic;
use serde_json::Value;

/// Reads secrets on behalf of a registry's cache.
#[async_trait]
pub trait Secrets: Send + Sync + 'static {
    /// The text of a secret's current value.
    async fn text(&self, registry: &RegistryId, secret_arn: &str) -> Result<String, CredentialFault>;
}

/// Decides about pulls from other registries of this server.
#[async_trait]
pub trait Roles: Send + Sync + 'static {
    /// Whether the cache of `registry` may pull from `upstream`, as the rule's role where it has one; if not, why.
    async fn may_pull(&self, registry: &RegistryId, role_arn: Option<&str>, upstream: &RepoId) -> Result<(), String>;
}

/// Reads `{"username": …, "accessToken": …}`.
///
/// # Errors
/// [`CredentialFault::Malformed`]
pub fn read_credentials(text: &str) -> Result<Basic, CredentialFault> {
    // The parser's own message could repeat what it read.
    let value: Value = serde_json::from_str(text).map_err(|_| CredentialFault::Malformed)?;
    let part = |key: &str| value[key].as_str().filter(|text| !text.is_empty()).ok_or(CredentialFault::Malformed);
    Ok(Basic::new(part("username")?, part("accessToken")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_form_is_read() {
        let good = read_credentials(r#"{"username":"me","accessToken":"t","more":1}"#).unwrap();
        assert_eq!(good, Basic::new("me", "t"));
        for bad in ["", "{}", "me:t", r#"{"username":"me"}"#, r#"{"username":"","accessToken":"t"}"#, r#"["me","t"]"#] {
            assert_eq!(read_credentials(bad), Err(CredentialFault::Malformed), "{bad}");
        }
    }
}
