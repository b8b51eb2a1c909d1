//! Debian Policy section 5.6.12: `[epoch:]upstream[-revision]`.

use std::cmp::Ordering;

use super::cmp_digits;

#[derive(Clone, Copy, Debug)]
pub(super) struct Version<'a> {
    epoch: &'a str,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Version<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
        if epoch.is_empty() || !epoch.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        (!upstream.is_empty()).then_some(Self { epoch, upstream, revision })
    }
}

/// Letters before everything else, and a tilde before even the end.
fn weight(byte: Option<u8>) -> i32 {
    match byte {
        None => 0,
        Some(b'~') => -1,
        Some(b) if b.is_ascii_alphabetic() => i32::from(b),
        Some(b) => i32::from(b) + 256,
    }
}

fn digits_from(text: &str, at: usize) -> usize {
    text.bytes().skip(at).take_while(u8::is_ascii_digit).count()
}

/// Stretches without digits and numbers by turns.
fn compare_part(a: &str, b: &str) -> Ordering {
    let (mut i, mut j) = (0, 0);
    loop {
        loop {
            let word = |text: &str, at: usize| text.as_bytes().get(at).copied().filter(|b| !b.is_ascii_digit());
            let (left, right) = (word(a, i), word(b, j));
            if left.is_none() && right.is_none() {
                break;
            }
            match weight(left).cmp(&weight(right)) {
                Ordering::Equal => {}
                other => return other,
            }
            i += usize::from(left.is_some());
            j += usize::from(right.is_some());
        }
        let (left, right) = (digits_from(a, i), digits_from(b, j));
        match cmp_digits(a.get(i..i + left).unwrap_or_default(), b.get(j..j + right).unwrap_or_default()) {
            Ordering::Equal => {}
            other => return other,
        }
        (i, j) = (i + left, j + right);
        if i >= a.len() && j >= b.len() {
            return Ordering::Equal;
        }
    }
}

impl Ord for Version<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        cmp_digits(self.epoch, other.epoch)
            .then_with(|| compare_part(self.upstream, other.upstream))
            .then_with(|| compare_part(self.revision, other.revision))
    }
}

impl PartialOrd for Version<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version<'_> {}
