//! Versions of two lines: every order is an order.
#![no_main]

use gantry_advisory::{Scheme, compare};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(2, '\n');
    let (Some(a), Some(b)) = (lines.next(), lines.next()) else { return };
    for scheme in Scheme::ALL {
        assert_eq!(compare(scheme, a, b), compare(scheme, b, a).map(std::cmp::Ordering::reverse), "{scheme:?}");
        if let Some(same) = compare(scheme, a, a) {
            assert!(same.is_eq(), "{scheme:?}");
        }
    }
});
