//! Page tokens: opaque to clients, bound to what they were given for, and refused when forged.
//!
//! A token carries the last key of its page, not an offset, so that a listing neither skips nor repeats
//! what is there throughout, however much comes and goes in between. Tokens are encrypted and
//! authenticated in one (a synthetic IV, as RFC 5297 has it, over HMAC-SHA-256), so that the same page
//! has the same token and nothing is needed to remember it by.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Bytes of the authentication tag.
const TAG: usize = 16;
/// Longest token that is looked at.
pub const MAX_TOKEN: usize = 8192;

/// The token was not made here, or not for this operation, account or filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page token is not one of ours for this request")]
pub struct Forged;

/// Makes and reads page tokens under one server's key.
#[derive(Clone)]
pub struct PageTokens {
    tag_key: [u8; 32],
    stream_key: [u8; 32],
}

impl std::fmt::Debug for PageTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageTokens(…)")
    }
}

impl PageTokens {
    /// `key` is secret and outlives restarts, so that tokens do too; 32 random bytes are right.
    pub fn new(key: &[u8]) -> Self {
        Self { tag_key: mac(key, &[b"gantry page tag"]), stream_key: mac(key, &[b"gantry page stream"]) }
    }

    /// `scope` says what else the token belongs to: account, region and the request's filters.
    pub fn seal(&self, operation: &str, scope: &str, last_key: &str) -> String {
        let tag = self.tag(operation, scope, last_key.as_bytes());
        let mut out = tag.to_vec();
        out.extend_from_slice(last_key.as_bytes());
        self.apply_stream(&tag, &mut out[TAG..]);
        BASE64.encode(out)
    }

    /// The last key of the page before.
    ///
    /// # Errors
    /// [`Forged`] for anything that [`PageTokens::seal`] did not make for this operation and scope.
    pub fn open(&self, operation: &str, scope: &str, token: &str) -> Result<String, Forged> {
        if token.len() > MAX_TOKEN {
            return Err(Forged);
        }
        let mut raw = BASE64.decode(token).map_err(|_| Forged)?;
        if raw.len() < TAG {
            return Err(Forged);
        }
        let mut plain = raw.split_off(TAG);
        self.apply_stream(&raw, &mut plain);
        let expected = self.tag(operation, scope, &plain);
        if !bool::from(expected.ct_eq(&raw)) {
            return Err(Forged);
        }
        String::from_utf8(plain).map_err(|_| Forged)
    }

    fn tag(&self, operation: &str, scope: &str, key: &[u8]) -> [u8; TAG] {
        // Lengths first, so that no two triples hash the same text.
        let lengths = [(operation.len() as u64).to_be_bytes(), (scope.len() as u64).to_be_bytes()].concat();
        let full = mac(&self.tag_key, &[&lengths, operation.as_bytes(), scope.as_bytes(), key]);
        let mut tag = [0; TAG];
        tag.copy_from_slice(&full[..TAG]);
        tag
    }

    fn apply_stream(&self, tag: &[u8], text: &mut [u8]) {
        for (block, chunk) in text.chunks_mut(32).enumerate() {
            let pad = mac(&self.stream_key, &[tag, &(block as u64).to_be_bytes()]);
            chunk.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
        }
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_open_only_where_they_were_made_for() {
        let tokens = PageTokens::new(&[7; 32]);
        let token = tokens.seal("ListTasks", "123456789012|us-east-1|c1", "/aws/x/y");
        assert_eq!(tokens.open("ListTasks", "123456789012|us-east-1|c1", &token).as_deref(), Ok("/aws/x/y"));
        assert!(!token.contains("aws"));
        for (operation, scope) in
            [("ListTasks", "123456789012|us-east-1|c2"), ("ListClusters", "123456789012|us-east-1|c1")]
        {
            assert_eq!(tokens.open(operation, scope, &token), Err(Forged));
        }
        assert_eq!(PageTokens::new(&[8; 32]).open("ListTasks", "123456789012|us-east-1|c1", &token), Err(Forged));
        for forged in ["", "x", "////", &token[1..], &"A".repeat(10_000)] {
            assert_eq!(tokens.open("ListTasks", "123456789012|us-east-1|c1", forged), Err(Forged));
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let tokens = PageTokens::new(b"key");
        let token = tokens.seal("op", "scope", "last");
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            // The last character has bits that carry nothing; the decoder refuses those that are set.
            assert!(changed == token || tokens.open("op", "scope", &changed).is_err(), "{at}");
        }
    }
}
