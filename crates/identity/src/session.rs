//! Temporary credentials: all that a session is stands in its token, sealed.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gantry_base::{Entropy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Bound into every token, so that it cannot be taken for anything else sealed under the key.
const PURPOSE: &[u8] = b"gantry session token 1";
/// AWS's limit is of the same order; longer tokens are not looked at.
pub(crate) const MAX_TOKEN: usize = 16 * 1024;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// GetSessionToken of a user.
    User {
        name: String,
    },
    /// GetSessionToken of the root user.
    Root,
    Role {
        arn: String,
        name: String,
        session: String,
    },
    /// GetFederationToken.
    Federated {
        name: String,
        /// The ARN of the user who asked for it.
        user: String,
        user_id: String,
    },
}

/// A session as its token holds it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub access_key_id: String,
    pub secret: Arc<str>,
    pub account: String,
    /// As GetCallerIdentity says them.
    pub arn: String,
    pub user_id: String,
    pub kind: Kind,
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// Condition values, by their full keys.
    pub context: Vec<(String, Vec<String>)>,
    pub policies: Vec<Arc<str>>,
}

/// Seals and opens tokens under the installation's key.
pub(crate) struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    pub fn new(key: &[u8]) -> Result<Self, Error> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::SessionKey)?;
        Ok(Self { key: LessSafeKey::new(key) })
    }

    pub fn seal(&self, session: &Session, entropy: &dyn Entropy) -> Result<String, Error> {
        let mut sealed = serde_json::to_vec(session).map_err(|_| Error::SessionKey)?;
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(PURPOSE), &mut sealed)
            .map_err(|_| Error::SessionKey)?;
        Ok(BASE64.encode([&nonce[..], &sealed].concat()))
    }

    /// `None` for a token that was not sealed here.
    pub fn open(&self, token: &str) -> Option<Session> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let mut raw = BASE64.decode(token).ok()?;
        if raw.len() < NONCE_LEN {
            return None;
        }
        let mut sealed = raw.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&raw).ok()?;
        let plain = self.key.open_in_place(nonce, Aad::from(PURPOSE), &mut sealed).ok()?;
        serde_json::from_slice(plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use gantry_base::SeededEntropy;

    use super::*;

    #[test]
    fn tokens_tell_nothing_and_cannot_be_changed() {
        let sealer = Sealer::new(&[1; 32]).expect("32 bytes");
        let entropy = SeededEntropy::new(1);
        let session = Session {
            access_key_id: "ASIAX".into(),
            secret: "very secret".into(),
            account: "123456789012".into(),
            arn: "arn".into(),
            user_id: "id".into(),
            kind: Kind::Root,
            issued: Timestamp::default(),
            expires: Timestamp::default(),
            context: Vec::new(),
            policies: Vec::new(),
        };
        let token = sealer.seal(&session, &*entropy).expect("seals");
        assert_eq!(sealer.open(&token).expect("opens").secret, session.secret);
        let raw = BASE64.decode(&token).expect("base64");
        assert!(!String::from_utf8_lossy(&raw).contains("secret"));
        for at in 0..raw.len() {
            let mut changed = raw.clone();
            changed[at] ^= 1;
            assert!(sealer.open(&BASE64.encode(changed)).is_none(), "{at}");
        }
        assert!(Sealer::new(&[2; 32]).expect("32 bytes").open(&token).is_none());
        for bad in ["", "x", "AAAA", &token[4..]] {
            assert!(sealer.open(bad).is_none());
        }
        assert!(Sealer::new(b"short").is_err());
    }
}
