//! Identifiers and ARNs as IAM forms them.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>

use gantry_base::Entropy;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `prefix` and 17 random characters: `AIDA…` for users, `AROA…` for roles.
pub(crate) fn unique_id(entropy: &dyn Entropy, prefix: &str) -> String {
    let mut random = [0; 17];
    entropy.fill(&mut random);
    random.iter().fold(prefix.to_owned(), |id, b| id + char_of(*b))
}

fn char_of(byte: u8) -> &'static str {
    const CHARS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let at = usize::from(byte & 31);
    &CHARS[at..=at]
}

/// `AKIA` or `ASIA` and 16 characters which, as AWS's do, hold the account's number.
pub(crate) fn access_key_id(entropy: &dyn Entropy, prefix: &str, account: &str) -> String {
    let number: u64 = account.parse().unwrap_or(0);
    let mut random = [0; 5];
    entropy.fill(&mut random);
    let head = (1 << 47) | (number << 7) | u64::from(random[4] & 0x7f);
    let mut bytes = [0; 10];
    bytes[..6].copy_from_slice(&head.to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&random[..4]);
    let value = bytes.iter().fold(0u128, |value, b| (value << 8) | u128::from(*b));
    (0..16).rev().fold(prefix.to_owned(), |id, nth| id + char_of((value >> (nth * 5)) as u8))
}

/// The account in a key id of [`access_key_id`]'s form.
pub(crate) fn account_of_key(id: &str) -> Option<String> {
    let digits = id.strip_prefix("AKIA").or_else(|| id.strip_prefix("ASIA"))?;
    if digits.len() != 16 {
        return None;
    }
    let mut value = 0u128;
    for b in digits.bytes() {
        value = (value << 5) | BASE32.iter().position(|c| *c == b)? as u128;
    }
    let head = (value >> 32) as u64;
    let number = (head & 0x7fff_ffff_ffff) >> 7;
    (number < 1_000_000_000_000).then(|| format!("{number:012}"))
}

/// 40 characters, 240 random bits.
pub(crate) fn secret(entropy: &dyn Entropy) -> String {
    let mut random = [0; 40];
    entropy.fill(&mut random);
    random.iter().map(|b| char::from(SECRET[usize::from(b & 63)])).collect()
}

/// `arn:aws:iam::<account>:<kind><path><name>`; `path` begins and ends with a slash.
pub(crate) fn arn(account: &str, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{kind}{path}{name}")
}

/// Account, kind and last name of an IAM ARN.
pub(crate) fn split_arn(arn: &str) -> Option<(&str, &str, &str)> {
    let rest = arn.strip_prefix("arn:aws:iam::")?;
    let (account, resource) = rest.split_once(':')?;
    let (kind, _) = resource.split_once('/')?;
    let (_, name) = resource.rsplit_once('/')?;
    Some((account, kind, name))
}

#[cfg(test)]
mod tests {
    use gantry_base::SeededEntropy;

    use super::*;

    #[test]
    fn key_ids_hold_their_account() {
        let entropy = SeededEntropy::new(1);
        for account in ["000000000000", "123456789012", "999999999999"] {
            let id = access_key_id(&*entropy, "AKIA", account);
            assert_eq!(id.len(), 20);
            assert_eq!(account_of_key(&id).as_deref(), Some(account));
        }
        for bad in ["", "AKIA", "AKIAIOSFODNN7EXAMPL1", "XXXXIOSFODNN7EXAMPLE"] {
            assert_eq!(account_of_key(bad), None, "{bad}");
        }
        assert_eq!(secret(&*entropy).len(), 40);
        assert_eq!(unique_id(&*entropy, "AIDA").len(), 21);
    }

    #[test]
    fn arns_come_apart() {
        let arn = arn("123456789012", "role", "/a/b/", "r");
        assert_eq!(arn, "arn:aws:iam::123456789012:role/a/b/r");
        assert_eq!(split_arn(&arn), Some(("123456789012", "role", "r")));
        assert_eq!(split_arn("arn:aws:iam::1:root"), None);
    }
}
