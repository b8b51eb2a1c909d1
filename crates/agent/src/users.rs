//! Ranges of user ids: every sandbox has one of its own, so that a process that escapes from one is nobody
//! in all others and on the host.

use std::collections::HashSet;

use crate::runtime::UserRange;
use crate::{Error, Result};

/// Ids in one range, as in `/etc/subuid`'s usual entries.
pub const RANGE_SIZE: u32 = 65_536;
/// The first range's first id: above what distributions give to people and services, and above systemd's
/// container ranges' start.
pub const FIRST_BASE: u32 = 0x1000_0000;
/// Ranges that may be in use at once.
pub const MAX_RANGES: usize = 8_192;

/// Which ranges are taken. What stands in the sandboxes' records is taken at the start.
#[derive(Debug, Default)]
pub(crate) struct UserRanges {
    taken: HashSet<u32>,
    /// Where to look next: a range is not used again at once.
    next: usize,
}

impl UserRanges {
    pub fn take(&mut self) -> Result<UserRange> {
        for step in 0..MAX_RANGES {
            let slot = (self.next + step) % MAX_RANGES;
            let base = FIRST_BASE + slot as u32 * RANGE_SIZE;
            if self.taken.insert(base) {
                self.next = (slot + 1) % MAX_RANGES;
                return Ok(UserRange { base, size: RANGE_SIZE });
            }
        }
        Err(Error::NoUserIds(MAX_RANGES))
    }

    /// Marks a recorded range as taken.
    pub fn keep(&mut self, base: u32) {
        self.taken.insert(base);
    }

    pub fn release(&mut self, base: u32) {
        self.taken.remove(&base);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_distinct_kept_and_given_back() {
        let mut ranges = UserRanges::default();
        ranges.keep(FIRST_BASE);
        let bases: HashSet<u32> = (0..MAX_RANGES - 1).map(|_| ranges.take().expect("there is one left").base).collect();
        assert_eq!(bases.len(), MAX_RANGES - 1);
        assert!(!bases.contains(&FIRST_BASE));
        assert!(bases.iter().all(|b| b.is_multiple_of(RANGE_SIZE) && b.checked_add(RANGE_SIZE).is_some()));
        assert!(matches!(ranges.take(), Err(Error::NoUserIds(_))));
        ranges.release(FIRST_BASE + RANGE_SIZE);
        assert_eq!(ranges.take().expect("one was given back").base, FIRST_BASE + RANGE_SIZE);
    }
}
