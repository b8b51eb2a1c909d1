//! A whole layer: compression, tar, and whatever files are in it.
#![no_main]

use gantry_inventory::{Collector, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut collector = Collector::with_limits(Limits { unpacked_bytes: 4 << 20, ..Limits::default() });
    for media_type in ["application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip"] {
        // Refused or read: both are right, a panic or a run without end is not.
        let _ = collector.add_layer("sha256:00", media_type, data);
    }
    let inventory = collector.finish();
    for package in &inventory.packages {
        assert!(!package.name.is_empty());
        let _ = package.purl();
    }
});
