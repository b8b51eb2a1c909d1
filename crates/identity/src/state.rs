//! Every account's identities in memory, one immutable snapshot after another.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use gantry_store::{Event, EventKind, KeyValue, Store};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::record::{AccessKey, Facts, Group, InstanceProfile, ManagedPolicy, Role, User};

/// Accounts' records are below; IAM is global, so that no region is in it.
pub(crate) const PREFIX: &str = "/iam/";
/// Every change of an account writes this key, so that changes are made one after another.
const GENERATION: &str = "generation";

/// Secrets that all servers of one store share; they stay when the accounts' records go.
pub(crate) fn server_key(name: &str) -> String {
    format!("/gantry/server-keys/identity-{name}")
}

pub(crate) fn generation_key(account: &str) -> String {
    format!("{PREFIX}{account}/{GENERATION}/0")
}

/// A kind of record that accounts have many of.
pub(crate) trait Entity: Serialize + DeserializeOwned + Send + Sync + 'static {
    const KIND: &'static str;
    /// Unique in the account, without regard to case where IAM's names are.
    fn key(&self) -> String;
    fn map_mut(account: &mut Account) -> &mut BTreeMap<String, Arc<Self>>;
}

macro_rules! entities {
    ($($ty:ty, $kind:literal, $field:ident, |$it:ident| $key:expr;)*) => {$(
        impl Entity for $ty {
            const KIND: &'static str = $kind;
            fn key(&self) -> String {
                let $it = self;
                $key
            }
            fn map_mut(account: &mut Account) -> &mut BTreeMap<String, Arc<Self>> {
                &mut account.$field
            }
        }
    )*
        /// Applies one stored record, or its absence.
        fn apply(account: &mut Account, kind: &str, key: &str, value: Option<&[u8]>) -> Result<(), serde_json::Error> {
            match (kind, value) {
                $(
                    ($kind, Some(bytes)) => {
                        account.$field.insert(key.to_owned(), Arc::new(serde_json::from_slice(bytes)?));
                    }
                    ($kind, None) => {
                        account.$field.remove(key);
                    }
                )*
                _ => {}
            }
            Ok(())
        }
    };
}

entities! {
    User, "user", users, |it| it.name.to_lowercase();
    Group, "group", groups, |it| it.name.to_lowercase();
    Role, "role", roles, |it| it.name.to_lowercase();
    ManagedPolicy, "policy", policies, |it| it.name.to_lowercase();
    InstanceProfile, "instance-profile", profiles, |it| it.name.to_lowercase();
    AccessKey, "access-key", access_keys, |it| it.id.clone();
    Facts, "facts", facts, |_it| "0".to_owned();
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// The store's revision of the account's newest change.
    pub generation: u64,
    pub users: BTreeMap<String, Arc<User>>,
    pub groups: BTreeMap<String, Arc<Group>>,
    pub roles: BTreeMap<String, Arc<Role>>,
    pub policies: BTreeMap<String, Arc<ManagedPolicy>>,
    pub profiles: BTreeMap<String, Arc<InstanceProfile>>,
    pub access_keys: BTreeMap<String, Arc<AccessKey>>,
    pub facts: BTreeMap<String, Arc<Facts>>,
}

impl Account {
    /// By its exact name: IAM keeps names apart from their other spellings, yet allows only one.
    pub fn user(&self, name: &str) -> Option<&Arc<User>> {
        self.users.get(&name.to_lowercase()).filter(|user| user.name == name)
    }

    pub fn group(&self, name: &str) -> Option<&Arc<Group>> {
        self.groups.get(&name.to_lowercase()).filter(|group| group.name == name)
    }

    pub fn role(&self, name: &str) -> Option<&Arc<Role>> {
        self.roles.get(&name.to_lowercase()).filter(|role| role.name == name)
    }

    pub fn profile(&self, name: &str) -> Option<&Arc<InstanceProfile>> {
        self.profiles.get(&name.to_lowercase()).filter(|profile| profile.name == name)
    }

    pub fn facts(&self) -> Facts {
        self.facts.get("0").map(|facts| Facts::clone(facts)).unwrap_or_default()
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    accounts: HashMap<String, Arc<Account>>,
}

impl Snapshot {
    /// An account that nobody has written to is an empty one.
    pub fn account(&self, id: &str) -> Arc<Account> {
        self.accounts.get(id).cloned().unwrap_or_default()
    }

    pub async fn load(store: &Store) -> Result<(Self, u64), Error> {
        let found = store.list(PREFIX).await?;
        let mut accounts: HashMap<String, Account> = HashMap::new();
        for kv in &found.kvs {
            put(&mut accounts, kv, true)?;
        }
        let accounts = accounts.into_iter().map(|(id, account)| (id, Arc::new(account))).collect();
        Ok((Self { accounts }, found.revision))
    }

    /// The snapshot after one batch of the store's events.
    pub fn after(&self, events: &[Event]) -> Result<Self, Error> {
        let mut touched: HashMap<String, Account> = HashMap::new();
        for event in events {
            let Some((id, _, _)) = split(&event.kv.key) else {
                continue;
            };
            if !touched.contains_key(id) {
                touched.insert(id.to_owned(), Account::clone(&self.account(id)));
            }
            put(&mut touched, &event.kv, event.kind == EventKind::Put)?;
        }
        let mut accounts = self.accounts.clone();
        accounts.extend(touched.into_iter().map(|(id, account)| (id, Arc::new(account))));
        Ok(Self { accounts })
    }
}

fn put(accounts: &mut HashMap<String, Account>, kv: &KeyValue, exists: bool) -> Result<(), Error> {
    let Some((id, kind, key)) = split(&kv.key) else {
        return Ok(());
    };
    let account = accounts.entry(id.to_owned()).or_default();
    if kind == GENERATION {
        account.generation = if exists { kv.mod_revision } else { 0 };
        return Ok(());
    }
    apply(account, kind, key, exists.then_some(&kv.value)).map_err(|e| {
        let key = String::from_utf8_lossy(&kv.key).into_owned();
        Error::Store(gantry_store::Error::Decode { key, reason: e.to_string() })
    })
}

/// Account, kind and key of a stored record.
fn split(key: &[u8]) -> Option<(&str, &str, &str)> {
    let rest = std::str::from_utf8(key).ok()?.strip_prefix(PREFIX)?;
    let mut parts = rest.splitn(3, '/');
    Some((parts.next()?, parts.next()?, parts.next()?))
}
