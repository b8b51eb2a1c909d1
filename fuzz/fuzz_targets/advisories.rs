//! Advisory files of all formats.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut items = 0_u64;
    let _ = gantry_advisory::read_document(data, &mut |_| {
        items += 1;
        if items < 10_000 { Ok(()) } else { Err("enough".to_owned()) }
    });
});
