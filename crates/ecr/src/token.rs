//! Authorization tokens and download grants: a signed statement of who calls, or of which blob may be
//! fetched, and until when. Nothing is stored for them, and verifying one costs a MAC.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use gantry_aws_wire::{Caller, CallerKind};
use gantry_base::{AccountId, Entropy, Timestamp};
use gantry_registry::{RegistryId, Scope};
use gantry_store::Store;
use hmac::{Hmac, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::logins::Logins;

/// How long an authorization token holds: ECR's 12 hours.
pub const TOKEN_LIFETIME_MS: i64 = 12 * 3600 * 1000;
/// How long a layer's download URL holds: an hour, as the URLs that ECR gives out.
pub(crate) const GRANT_LIFETIME_MS: i64 = 3600 * 1000;
/// Characters of the longest token that is looked at.
const MAX_TOKEN: usize = 64 * 1024;

/// What the MACs are made with. Secret; outlives restarts, so that tokens do too.
#[derive(Clone)]
pub struct TokenKey {
    key: [u8; 32],
    logins: Arc<Logins>,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

impl TokenKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, logins: Arc::default() }
    }

    /// For the page tokens of the same service.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.key
    }
}

/// The key that all servers over this store share; made at first use.
pub async fn token_key(store: &Store, entropy: &dyn Entropy) -> Result<TokenKey, gantry_store::Error> {
    const KEY: &str = "/secrets/ecr/token-key";
    let mut fresh = [0_u8; 32];
    entropy.fill(&mut fresh);
    store.create_as(KEY, &fresh).await?;
    // Whoever came first made it; everybody reads it back.
    match store.get_as::<[u8; 32]>(KEY).await? {
        Some(key) => Ok(TokenKey::new(key.value)),
        None => Err(gantry_store::Error::Contended { key: KEY.to_owned(), tries: 1 }),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// Not made here, or changed since.
    Forged,
    Expired,
}

/// What a token is for; part of the MAC, so that one cannot stand for another.
#[derive(Clone, Copy)]
enum Purpose {
    Login,
    Download,
}

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    expires: Timestamp,
    body: T,
}

#[derive(Serialize, Deserialize)]
struct Login {
    registry: RegistryName,
    caller: CallerRecord,
    /// What a bearer token is narrowed to; a password is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<Scope>>,
}

/// What a token said that was made here and has not expired.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Opened {
    pub(crate) registry: RegistryId,
    pub(crate) caller: Arc<Caller>,
    pub(crate) scopes: Option<Arc<[Scope]>>,
    pub(crate) expires: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Download {
    registry: RegistryName,
    repository: String,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct RegistryName {
    account: AccountId,
    region: gantry_base::Region,
}

impl TokenKey {
    fn mac(&self, purpose: Purpose, payload: &str) -> [u8; 32] {
        // An HMAC takes a key of any length, so this cannot fail; an all-zero MAC would match nothing we issue.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(&self.key) else { return [0; 32] };
        mac.update(match purpose {
            Purpose::Login => b"gantry ecr login\0",
            Purpose::Download => b"gantry ecr fetch\0",
        });
        mac.update(payload.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn seal<T: Serialize>(&self, purpose: Purpose, sealed: &Sealed<T>) -> Result<String, serde_json::Error> {
        let payload = BASE64.encode(serde_json::to_vec(sealed)?);
        let mac = BASE64.encode(self.mac(purpose, &payload));
        Ok(format!("{payload}.{mac}"))
    }

    fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        token: &str,
        now: Timestamp,
    ) -> Result<Sealed<T>, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Forged);
        }
        let (payload, mac) = token.split_once('.').ok_or(TokenError::Forged)?;
        let mac = BASE64.decode(mac).map_err(|_| TokenError::Forged)?;
        if !bool::from(self.mac(purpose, payload).ct_eq(&mac[..])) {
            return Err(TokenError::Forged);
        }
        let json = BASE64.decode(payload).map_err(|_| TokenError::Forged)?;
        let sealed: Sealed<T> = serde_json::from_slice(&json).map_err(|_| TokenError::Forged)?;
        if now >= sealed.expires { Err(TokenError::Expired) } else { Ok(sealed) }
    }

    /// The password of an authorization token.
    pub(crate) fn login(
        &self,
        registry: &RegistryId,
        caller: &Caller,
        expires: Timestamp,
    ) -> Result<String, serde_json::Error> {
        self.bearer(registry, caller, None, expires)
    }

    /// A bearer token, for `scopes` only where they are given; without them it is as good as a password.
    pub(crate) fn bearer(
        &self,
        registry: &RegistryId,
        caller: &Caller,
        scopes: Option<Vec<Scope>>,
        expires: Timestamp,
    ) -> Result<String, serde_json::Error> {
        let body = Login { registry: registry.into(), caller: caller.into(), scopes };
        self.seal(Purpose::Login, &Sealed { expires, body })
    }

    pub(crate) fn open_login(&self, password: &str, now: Timestamp) -> Result<Opened, TokenError> {
        if let Some(known) = self.logins.get(password, now) {
            return Ok(known);
        }
        let Sealed { expires, body } = self.open::<Login>(Purpose::Login, password, now)?;
        let opened = Opened {
            registry: body.registry.into(),
            caller: Arc::new(body.caller.into()),
            scopes: body.scopes.map(Arc::from),
            expires,
        };
        self.logins.remember(password, opened.clone());
        Ok(opened)
    }

    pub(crate) fn download(
        &self,
        registry: &RegistryId,
        repository: &str,
        digest: &str,
        expires: Timestamp,
    ) -> Result<String, serde_json::Error> {
        let body = Download { registry: registry.into(), repository: repository.to_owned(), digest: digest.to_owned() };
        self.seal(Purpose::Download, &Sealed { expires, body })
    }

    pub(crate) fn open_download(
        &self,
        repository: &str,
        digest: &str,
        grant: &str,
        now: Timestamp,
    ) -> Result<RegistryId, TokenError> {
        let granted: Download = self.open(Purpose::Download, grant, now)?.body;
        if granted.repository == repository && granted.digest == digest {
            Ok(granted.registry.into())
        } else {
            Err(TokenError::Forged)
        }
    }
}

impl From<&RegistryId> for RegistryName {
    fn from(id: &RegistryId) -> Self {
        Self { account: id.account.clone(), region: id.region.clone() }
    }
}

impl From<RegistryName> for RegistryId {
    fn from(name: RegistryName) -> Self {
        Self { account: name.account, region: name.region }
    }
}

/// [`Caller`] as a token carries it.
#[derive(Serialize, Deserialize)]
struct CallerRecord {
    arn: String,
    account: AccountId,
    user_id: String,
    kind: KindRecord,
    access_key_id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    session_context: Vec<(String, Vec<String>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    session_policies: Vec<Arc<str>>,
}

#[derive(Serialize, Deserialize)]
enum KindRecord {
    Root,
    User { name: String },
    AssumedRole { role_arn: String, role_name: String, session_name: String },
    FederatedUser { name: String },
    Service { principal: String },
    Anonymous,
}

impl From<&Caller> for CallerRecord {
    fn from(c: &Caller) -> Self {
        let kind = match c.kind.clone() {
            CallerKind::Root => KindRecord::Root,
            CallerKind::User { name } => KindRecord::User { name },
            CallerKind::AssumedRole { role_arn, role_name, session_name } => {
                KindRecord::AssumedRole { role_arn, role_name, session_name }
            }
            CallerKind::FederatedUser { name } => KindRecord::FederatedUser { name },
            CallerKind::Service { principal } => KindRecord::Service { principal },
            CallerKind::Anonymous => KindRecord::Anonymous,
        };
        Self {
            arn: c.arn.clone(),
            account: c.account.clone(),
            user_id: c.user_id.clone(),
            kind,
            access_key_id: c.access_key_id.clone(),
            session_context: c.session_context.clone(),
            session_policies: c.session_policies.clone(),
        }
    }
}

impl From<CallerRecord> for Caller {
    fn from(c: CallerRecord) -> Self {
        let kind = match c.kind {
            KindRecord::Root => CallerKind::Root,
            KindRecord::User { name } => CallerKind::User { name },
            KindRecord::AssumedRole { role_arn, role_name, session_name } => {
                CallerKind::AssumedRole { role_arn, role_name, session_name }
            }
            KindRecord::FederatedUser { name } => CallerKind::FederatedUser { name },
            KindRecord::Service { principal } => CallerKind::Service { principal },
            KindRecord::Anonymous => CallerKind::Anonymous,
        };
        Self {
            arn: c.arn,
            account: c.account,
            user_id: c.user_id,
            kind,
            access_key_id: c.access_key_id,
            session_context: c.session_context,
            session_policies: c.session_policies,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller() -> Caller {
        Caller {
            arn: "arn:aws:sts::123456789012:assumed-role/R/s".into(),
            account: "123456789012".parse().unwrap(),
            user_id: "AROA:s".into(),
            kind: CallerKind::AssumedRole {
                role_arn: "arn:aws:iam::123456789012:role/R".into(),
                role_name: "R".into(),
                session_name: "s".into(),
            },
            access_key_id: "ASIA".into(),
            session_context: vec![("aws:PrincipalTag/team".into(), vec!["a".into()])],
            session_policies: vec!["{}".into()],
        }
    }

    fn registry() -> RegistryId {
        RegistryId { account: "123456789012".parse().unwrap(), region: "us-east-1".parse().unwrap() }
    }

    #[test]
    fn a_login_comes_back_whole_until_it_expires() {
        let key = TokenKey::new([7; 32]);
        let token = key.login(&registry(), &caller(), Timestamp::from_secs(100)).unwrap();
        let expected = Opened {
            registry: registry(),
            caller: Arc::new(caller()),
            scopes: None,
            expires: Timestamp::from_secs(100),
        };
        assert_eq!(key.open_login(&token, Timestamp::from_secs(99)).unwrap(), expected);
        assert_eq!(key.open_login(&token, Timestamp::from_secs(100)).unwrap_err(), TokenError::Expired);
        let scopes = vec![Scope { repository: "app".into(), pull: true, push: false, delete: false }];
        let narrow = key.bearer(&registry(), &caller(), Some(scopes.clone()), Timestamp::from_secs(100)).unwrap();
        let back = key.open_login(&narrow, Timestamp::from_secs(99)).unwrap();
        assert_eq!(back, Opened { scopes: Some(scopes.into()), ..expected });
    }

    #[test]
    fn what_was_not_made_here_is_forged() {
        let key = TokenKey::new([7; 32]);
        let token = key.login(&registry(), &caller(), Timestamp::from_secs(100)).unwrap();
        let now = Timestamp::from_secs(1);
        for at in (0..token.len()).step_by(7) {
            let mut bad = token.clone().into_bytes();
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            let bad = String::from_utf8(bad).unwrap();
            assert_eq!(key.open_login(&bad, now).unwrap_err(), TokenError::Forged, "byte {at}");
        }
        for bad in ["", ".", "x", "x.y", &token[..token.len() - 1], &format!("{token}.")] {
            assert_eq!(key.open_login(bad, now).unwrap_err(), TokenError::Forged, "{bad}");
        }
        assert!(TokenKey::new([8; 32]).open_login(&token, now).is_err());
        let grant = key.download(&registry(), "app", "sha256:x", Timestamp::from_secs(100)).unwrap();
        assert_eq!(key.open_download("app", "sha256:x", &grant, now), Ok(registry()));
        assert!(key.open_download("app", "sha256:y", &grant, now).is_err());
        assert!(key.open_download("other", "sha256:x", &grant, now).is_err());
        assert!(key.open_login(&grant, now).is_err(), "one kind does not stand for the other");
        assert!(key.open_download("app", "sha256:x", &token, now).is_err());
    }
}
