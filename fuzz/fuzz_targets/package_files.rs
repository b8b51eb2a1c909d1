//! Each reader of package databases and lock files; the first byte says which one the rest is for.
#![no_main]

use gantry_inventory::Collector;
use libfuzzer_sys::fuzz_target;

const FILES: &[&str] = &[
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/base",
    "lib/apk/db/installed",
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/Packages",
    "app/package-lock.json",
    "app/node_modules/a/package.json",
    "app/yarn.lock",
    "app/poetry.lock",
    "app/uv.lock",
    "app/Pipfile.lock",
    "app/requirements.txt",
    "usr/lib/python3/dist-packages/a-1.dist-info/METADATA",
    "app/Cargo.lock",
    "app/go.sum",
    "app/go.mod",
    "usr/bin/program",
    "app/a.jar",
    "etc/os-release",
];

fuzz_target!(|data: &[u8]| {
    let Some((which, content)) = data.split_first() else { return };
    let path = FILES[usize::from(*which) % FILES.len()];
    let mut archive = header(path, content.len());
    archive.extend_from_slice(content);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    let mut collector = Collector::new();
    let read = collector.add_layer("sha256:00", "application/vnd.oci.image.layer.v1.tar", &archive[..]);
    assert!(read.is_ok(), "the archive itself is whole: {read:?}");
    let _ = collector.finish();
});

/// A ustar header of a plain file.
fn header(path: &str, size: usize) -> Vec<u8> {
    let mut block = vec![0_u8; 512];
    block[..path.len()].copy_from_slice(path.as_bytes());
    block[100..108].copy_from_slice(b"0000755\0");
    block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    block[148..156].copy_from_slice(b"        ");
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|&b| u32::from(b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
