//! Tokens that have been verified, so that a client's next request costs a look-up instead of a MAC and
//! a decoding. A token stays what it is until it expires; what its bearer may do is asked anew each time.

use std::collections::HashMap;

use gantry_base::Timestamp;
use parking_lot::RwLock;

use crate::token::Opened;

/// Tokens that are remembered; beyond it all are forgotten and verified anew.
const MAX_LOGINS: usize = 1024;

/// By the whole token. The table's hash is keyed at random, so that the time of a miss tells nothing
/// about what is in it.
#[derive(Default)]
pub(crate) struct Logins(RwLock<HashMap<Box<str>, Opened>>);

impl Logins {
    pub(crate) fn get(&self, token: &str, now: Timestamp) -> Option<Opened> {
        self.0.read().get(token).filter(|known| now < known.expires).cloned()
    }

    pub(crate) fn remember(&self, token: &str, opened: Opened) {
        let mut all = self.0.write();
        if all.len() >= MAX_LOGINS {
            all.clear();
        }
        all.insert(token.into(), opened);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gantry_aws_wire::{Caller, CallerKind};
    use gantry_registry::RegistryId;

    use super::*;

    #[test]
    fn a_login_ends_when_its_token_does() {
        let registry = RegistryId { account: "123456789012".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let caller = Arc::new(Caller {
            arn: "arn:aws:iam::123456789012:root".to_owned(),
            account: registry.account.clone(),
            user_id: String::new(),
            kind: CallerKind::Root,
            access_key_id: String::new(),
            session_context: Vec::new(),
            session_policies: Vec::new(),
        });
        let opened = Opened { registry, caller, scopes: None, expires: Timestamp::from_secs(10) };
        let logins = Logins::default();
        for n in 0..=MAX_LOGINS {
            logins.remember(&n.to_string(), opened.clone());
            assert!(logins.0.read().len() <= MAX_LOGINS);
        }
        let last = MAX_LOGINS.to_string();
        assert!(logins.get(&last, Timestamp::from_secs(9)).is_some());
        assert!(logins.get(&last, Timestamp::from_secs(10)).is_none());
        assert!(logins.get("else", Timestamp::from_secs(9)).is_none());
    }
}
