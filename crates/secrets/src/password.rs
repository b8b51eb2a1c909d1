//! GetRandomPassword.

use gantry_aws_api::secretsmanager::{GetRandomPasswordRequest, GetRandomPasswordResponse};
use gantry_base::Entropy;

use crate::{Error, Secrets};

const DEFAULT_LENGTH: i64 = 32;
const MAX_LENGTH: i64 = 4096;
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// A number below `bound`, every one as likely: bytes that would favour some are thrown away.
fn below(bound: usize, entropy: &dyn Entropy) -> usize {
    let bound = u32::try_from(bound).unwrap_or(u32::MAX).max(1);
    let fair = u32::MAX - u32::MAX % bound;
    loop {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        let drawn = u32::from_le_bytes(bytes);
        if drawn < fair {
            return (drawn % bound) as usize;
        }
    }
}

fn password(input: &GetRandomPasswordRequest, entropy: &dyn Entropy) -> Result<String, Error> {
    let length = input.password_length.unwrap_or(DEFAULT_LENGTH);
    if !(1..=MAX_LENGTH).contains(&length) {
        return Err(Error::parameter(format!("The password length must be between 1 and {MAX_LENGTH}.")));
    }
    let length = usize::try_from(length).unwrap_or_default();
    let without = input.exclude_characters.as_deref().unwrap_or_default();
    let is = |flag: Option<bool>| flag == Some(true);
    let kinds = [
        (LOWER, !is(input.exclude_lowercase)),
        (UPPER, !is(input.exclude_uppercase)),
        (NUMBERS, !is(input.exclude_numbers)),
        (PUNCTUATION, !is(input.exclude_punctuation)),
        (" ", is(input.include_space)),
    ];
    let kinds: Vec<Vec<char>> = kinds
        .iter()
        .filter(|(_, wanted)| *wanted)
        .map(|(letters, _)| letters.chars().filter(|c| !without.contains(*c)).collect())
        .filter(|letters: &Vec<char>| !letters.is_empty())
        .collect();
    let all: Vec<char> = kinds.iter().flatten().copied().collect();
    if all.is_empty() {
        return Err(Error::request("The combination of settings excludes all characters."));
    }
    let mut letters: Vec<char> = Vec::with_capacity(length);
    if input.require_each_included_type != Some(false) {
        if kinds.len() > length {
            return Err(Error::request(format!(
                "The password length {length} is too short based on the required types."
            )));
        }
        letters.extend(kinds.iter().map(|kind| kind[below(kind.len(), entropy)]));
    }
    while letters.len() < length {
        letters.push(all[below(all.len(), entropy)]);
    }
    // Those of each kind must not always stand first.
    for at in (1..letters.len()).rev() {
        letters.swap(at, below(at + 1, entropy));
    }
    Ok(letters.into_iter().collect())
}

impl Secrets {
    pub(crate) fn random_password(&self, input: &GetRandomPasswordRequest) -> Result<GetRandomPasswordResponse, Error> {
        Ok(GetRandomPasswordResponse { random_password: Some(password(input, &*self.entropy)?) })
    }
}

#[cfg(test)]
mod tests {
    use gantry_base::SeededEntropy;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn passwords_have_what_is_asked_for(
            seed: u64, length in 5_i64..200, flags in proptest::collection::vec(any::<bool>(), 6), without in "[a-zA-Z!-9]{0,12}",
        ) {
            let input = GetRandomPasswordRequest {
                password_length: Some(length),
                exclude_characters: Some(without.clone()),
                exclude_numbers: Some(flags[0]),
                exclude_punctuation: Some(flags[1]),
                exclude_uppercase: Some(flags[2]),
                exclude_lowercase: Some(flags[3]),
                include_space: Some(flags[4]),
                require_each_included_type: Some(flags[5]),
            };
            let Ok(made) = password(&input, &*SeededEntropy::new(seed)) else {
                prop_assert!(flags[..4].iter().all(|f| *f) || without.len() >= 10);
                return Ok(());
            };
            prop_assert_eq!(made.chars().count(), usize::try_from(length).unwrap());
            prop_assert!(!made.chars().any(|c| without.contains(c)));
            for (letters, barred) in [(NUMBERS, flags[0]), (PUNCTUATION, flags[1]), (UPPER, flags[2]), (LOWER, flags[3]), (" ", !flags[4])] {
                let has = made.chars().any(|c| letters.contains(c));
                prop_assert!(!(barred && has));
                let left = letters.chars().any(|c| !without.contains(c));
                prop_assert!(barred || !left || !flags[5] || has);
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let entropy = SeededEntropy::new(1);
        for (length, expected) in
            [(Some(0), false), (Some(3), false), (Some(4), true), (Some(4097), false), (None, true)]
        {
            let input = GetRandomPasswordRequest { password_length: length, ..Default::default() };
            assert_eq!(password(&input, &*entropy).is_ok(), expected, "{length:?}");
        }
    }
}
