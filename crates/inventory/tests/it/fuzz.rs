//! Whatever the bytes: no panic, no run-away time, no run-away memory. Every run makes the same inputs; a failure
//! names its round. `GANTRY_LONG=1` makes many more.

use std::time::{Duration, Instant};

use gantry_inventory::{Collector, Inventory};

use crate::binaries::{auditable, go_inline, go_pointers};
use crate::jars::{How, Zip, library};
use crate::layers::{Layer, TAR, data};
use crate::memory::peak_of;

/// For one input of at most a few hundred KiB, on a slow and busy machine.
const MAX_ROUND: Duration = Duration::from_secs(10);
/// Buffers and the largest thing that such an input can honestly become.
const MAX_BYTES: usize = 48 << 20;

/// xorshift64*: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// A few faults in a copy of `seed`: flips, cuts, splices, and numbers at their ends in place of whatever was there.
fn mutate(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(6) {
        if bytes.is_empty() {
            return random.bytes(64);
        }
        // Headers are where the numbers are: half of the faults go near the front.
        let reach = if random.below(2) == 0 { bytes.len().min(1024) } else { bytes.len() };
        let at = random.below(reach);
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes.truncate(at),
            3 => {
                let length = random.below(32);
                let inserted = random.bytes(length);
                bytes.splice(at..at, inserted);
            }
            4 => {
                let end = (at + random.below(64)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let from = random.below(bytes.len());
                let end = (from + random.below(256)).min(bytes.len());
                let copied = bytes[from..end].to_vec();
                bytes.splice(at..at, copied);
            }
            _ => {
                let width = [1, 2, 4, 8][random.below(4)];
                let values =
                    [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, u64::MAX, u64::MAX >> 1];
                let value = values[random.below(values.len())];
                let raw = if random.below(2) == 0 { value.to_le_bytes() } else { value.swap_bytes().to_le_bytes() };
                let raw = if random.below(2) == 0 { &raw[..width] } else { &raw[8 - width..] };
                let end = (at + width).min(bytes.len());
                bytes[at..end].copy_from_slice(&raw[..end - at]);
            }
        }
    }
    bytes
}

fn rounds(short: usize) -> usize {
    if std::env::var_os("GANTRY_LONG").is_some() { short * 50 } else { short }
}

/// Takes the layer and checks what always holds of the outcome.
fn take(layer: &[u8], what: &str, round: usize) -> Inventory {
    let started = Instant::now();
    let (inventory, bytes) = peak_of(|| {
        let mut collector = Collector::new();
        // Damaged or not: either is an answer.
        let outcome = collector.add_layer("l", TAR, layer);
        let inventory = collector.finish();
        assert!(outcome.is_ok() || !inventory.gaps.is_empty(), "{what} round {round}: an error without a gap");
        inventory
    });
    assert!(bytes < MAX_BYTES, "{what} round {round}: {bytes} bytes at once");
    assert!(started.elapsed() < MAX_ROUND, "{what} round {round}: {:?}", started.elapsed());
    for package in &inventory.packages {
        assert!(!package.name.is_empty() && !package.version.is_empty(), "{what} round {round}");
        assert!(package.purl().starts_with("pkg:"), "{what} round {round}");
    }
    inventory
}

/// Mutants of each seed, and plain noise, as the file at `path`.
fn files(path: &str, seeds: &[Vec<u8>], short: usize) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ path.len() as u64);
    for seed in seeds {
        assert!(
            !take(&Layer::new().file(path, seed).tar(), path, 0).packages.is_empty(),
            "{path}: a seed without packages"
        );
    }
    for round in 1..=rounds(short) {
        let content = match round % 16 {
            0 => {
                let length = random.below(2000);
                random.bytes(length)
            }
            _ => mutate(&seeds[round % seeds.len()], &mut random),
        };
        take(&Layer::new().file(path, content).tar(), path, round);
    }
}

#[test]
fn archives_and_compressions() {
    let layer = || {
        let long = format!("{}/package.json", "node_modules/a/".repeat(12));
        Layer::new()
            .dir("etc")
            .symlink("etc/os-release", "../usr/lib/os-release")
            .symlink("var", "srv/var")
            .file("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n")
            .file("var/lib/dpkg/status", "Package: a\nVersion: 1\n\n".repeat(30))
            .file(&long, r#"{"name": "a", "version": "1"}"#)
            .hardlink("etc/other", "etc/os-release")
            .entry("pax", b'x', "", b"30 path=var/lib/dpkg/status.d\n20 size=12345678901\n")
            .file("x", "y")
            .whiteout("var/lib/x")
            .opaque("opt")
    };
    let seeds = [layer().tar(), layer().gzip(), layer().zstd()];
    let mut random = Random(7);
    for round in 1..=rounds(3000) {
        take(&mutate(&seeds[round % 3], &mut random), "layer", round);
    }
}

#[test]
fn sums_that_are_right_again() {
    // A wrong checksum ends an archive at once; these mutants have theirs put right, to get further in.
    let seed = Layer::new()
        .file("var/lib/dpkg/status", "Package: a\nVersion: 1\n")
        .symlink("lib", "usr/lib")
        .file("a", "b")
        .tar();
    let mut random = Random(11);
    for round in 1..=rounds(3000) {
        let mut bytes = seed.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len() / 512) * 512 + random.below(512);
            bytes[at] =
                if random.below(2) == 0 { random.next() as u8 } else { b"01234567xgLKS\x80\xff"[random.below(15)] };
        }
        for block in bytes.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
            block[148..156].copy_from_slice(b"        ");
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        take(&bytes, "summed layer", round);
    }
}

#[test]
fn text_databases() {
    let dpkg =
        "Package: libc6\nStatus: install ok installed\nSource: glibc (2.36)\nVersion: 2.36-9\nDescription: a\n b\n\n";
    files("var/lib/dpkg/status", &[dpkg.repeat(3).into_bytes()], 2000);
    let apk = "P:libssl3\nV:3.1.4-r5\nA:x86_64\no:openssl\nL:MIT\nF:lib\nR:libssl.so.3\n\n";
    files("lib/apk/db/installed", &[apk.repeat(3).into_bytes()], 2000);
}

#[test]
fn rpm_databases() {
    files("var/lib/rpm/rpmdb.sqlite", &[data("rpmdb.sqlite"), data("many.sqlite")], 1500);
    files("usr/lib/sysimage/rpm/Packages.db", &[data("Packages.db")], 2000);
    files("var/lib/rpm/Packages", &[data("little.bdb"), data("big.bdb")], 2000);
}

#[test]
fn lock_files() {
    let npm_one = r#"{"dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}}}"#;
    let npm_three =
        r#"{"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/@s/b": {"version": "2.0.0"}}}"#;
    files("package-lock.json", &[npm_one.into(), npm_three.into()], 2000);
    files(
        "yarn.lock",
        &["\"@a/b@^1\", \"@a/b@^2\":\n  version \"1.0.0\"\n\nc@npm:d@1:\n  version: 2.0.0\n".into()],
        2000,
    );
    let pnpm = "packages:\n\n  /@b/c/7.2.0:\n    dev: false\n  /foo@1.0.0(x@1):\n    dev: true\n  'a@1.0.0': {}\n";
    files("pnpm-lock.yaml", &[pnpm.into()], 2000);
    let toml = "[[package]]\nname = \"a\"\nversion = \"4.2\"\nsource = { registry = \"x\" }\n";
    files("uv.lock", &[toml.into()], 1000);
    files("Cargo.lock", &["[[package]]\nname = \"a\"\nversion = \"4.2\"\nsource = \"registry+x\"\n".into()], 1000);
    files("Pipfile.lock", &[r#"{"default": {"six": {"version": "==1.16.0"}}}"#.into()], 1000);
    files("requirements.txt", &["Django==4.2 ; x\nuvicorn[a] == 0.2 \\\n --hash=x\n".into()], 1000);
    files("x.dist-info/METADATA", &["Name: a_B.c\nVersion: 1\nLicense: x\n\ntext\n".into()], 1000);
    files("node_modules/a/package.json", &[r#"{"name": "a", "version": "1", "license": {"type": "x"}}"#.into()], 1000);
    let go_mod =
        "module x\nrequire (\n\ta.b/c v1.0.0 // indirect\n)\nrequire d.e/f v2.0.0\nreplace a.b/c => d.e/g v1.1.1\n";
    files("go.mod", &[go_mod.into()], 1000);
    files("go.sum", &["a.b/c v1.0.0 h1:x=\na.b/c v1.0.0/go.mod h1:x=\n".into()], 1000);
    files(
        "etc/../Cargo.lock",
        &["[[package]]\nname = \"a\"\nversion = \"4.2\"\nsource = \"registry+x\"\n".into()],
        100,
    );
}

#[test]
fn deep_nesting_is_refused() {
    for (path, open) in [
        ("package-lock.json", r#"{"dependencies":{"a":"#),
        ("package-lock.json", "["),
        ("uv.lock", "a=["),
        ("Cargo.lock", "a={b="),
    ] {
        let unit = if open.contains('=') { open.split_once('=').unwrap().1 } else { open };
        take(&Layer::new().file(path, format!("{open}{}", unit.repeat(200_000))).tar(), path, 0);
    }
}

#[test]
fn binaries() {
    let seeds = [
        go_inline("go1.21.3", 128),
        go_pointers(true, "go1.17.1", 64),
        go_pointers(false, "go1.17.1", 64),
        auditable(256),
    ];
    files("usr/bin/server", &seeds, 3000);
}

#[test]
fn archives_of_java() {
    let inner = library("org.a", "b", "1", How::Streamed);
    let war = Zip::new().add("WEB-INF/lib/b-1.jar", &inner, How::Deflated).add("c-2.jar", &inner, How::Stored).finish();
    files("opt/app.war", &[war, inner, library("org.a", "b", "1", How::Stored)], 3000);
}

#[test]
fn a_jar_of_zeros_in_a_jar_of_zeros_ends() {
    let zeros = vec![0; 64 << 20];
    let inner = Zip::new().add("zeros", &zeros, How::Streamed).finish();
    let mut outer = Zip::new();
    for at in 0..8 {
        outer = outer.add(&format!("{at}-1.jar"), &inner, How::Streamed);
    }
    take(&Layer::new().file("opt/bomb.jar", outer.finish()).tar(), "bomb", 0);
}

#[test]
fn false_marks_do_not_multiply_the_work() {
    let start = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
    let mut file = crate::binaries::elf(true);
    for _ in 0..100_000 {
        file.extend_from_slice(start);
        file.extend_from_slice(b"\xff Go buildinf:\x08\x02");
    }
    take(&Layer::new().file("usr/bin/marks", file).tar(), "marks", 0);
}
