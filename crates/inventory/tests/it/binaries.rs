//! Binaries that say what they were built from, crafted: a header, filler, and the marks where a linker puts them.

use std::io::Write as _;

use gantry_inventory::{Evidence, GapKind};

use crate::layers::{file, told};

const START: &[u8] = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const END: &[u8] = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
const MODULES: &str = "path\texample.com/cmd\nmod\texample.com/cmd\t(devel)\t\ndep\tgolang.org/x/net\tv0.17.0\th1:x=\n\
                       dep\texample.com/old\tv1.0.0\n=>\texample.com/new\tv1.5.0\th1:y=\nbuild\t-compiler=gc\n";
/// Where the crafted files' one segment is loaded.
const BASE: u64 = 0x40_0000;

/// An ELF header with one segment that maps all of the file.
pub fn elf(wide: bool) -> Vec<u8> {
    let mut file = vec![0; 128];
    file[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', if wide { 2 } else { 1 }, 1, 1]);
    if wide {
        file[0x20] = 64;
        file[0x36] = 56;
        file[0x38] = 1;
        file[64] = 1;
        file[64 + 16..64 + 24].copy_from_slice(&BASE.to_le_bytes());
        file[64 + 32..64 + 40].copy_from_slice(&(64_u64 << 20).to_le_bytes());
    } else {
        file[0x1c] = 64;
        file[0x2a] = 32;
        file[0x2c] = 1;
        file[64] = 1;
        file[64 + 8..64 + 12].copy_from_slice(&(BASE as u32).to_le_bytes());
        file[64 + 16..64 + 20].copy_from_slice(&(64_u32 << 20).to_le_bytes());
    }
    file
}

fn framed() -> Vec<u8> {
    [START, MODULES.as_bytes(), END].concat()
}

fn uvarint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// As linkers since Go 1.18 write it, `at` bytes into the file.
pub fn go_inline(toolchain: &str, at: usize) -> Vec<u8> {
    let mut file = elf(true);
    file.resize(at.next_multiple_of(16), 0x90);
    file.extend_from_slice(b"\xff Go buildinf:\x08\x02");
    file.resize(file.len() + 16, 0);
    file.extend(uvarint(toolchain.len()));
    file.extend_from_slice(toolchain.as_bytes());
    file.extend(uvarint(framed().len()));
    file.extend(framed());
    file.resize(file.len() + 5000, 0);
    file
}

/// As linkers before wrote it: text in front, pointers to string headers that follow.
pub fn go_pointers(wide: bool, toolchain: &str, far: usize) -> Vec<u8> {
    let word = if wide { 8 } else { 4 };
    let push = |file: &mut Vec<u8>, value: u64| file.extend_from_slice(&value.to_le_bytes()[..word]);
    let mut file = elf(wide);
    file.extend_from_slice(b"go1.4go1.99.9");
    let text = file.len() as u64;
    file.extend_from_slice(toolchain.as_bytes());
    file.extend_from_slice(b"go1.0 tail");
    file.extend(framed());
    file.resize((file.len() + far).next_multiple_of(16), 0x90);
    let header_at = (file.len() + 32 + far) as u64;
    file.extend_from_slice(b"\xff Go buildinf:");
    file.extend_from_slice(&[word as u8, 0]);
    push(&mut file, BASE + header_at);
    push(&mut file, 0);
    file.resize(header_at as usize, 0);
    push(&mut file, BASE + text);
    push(&mut file, toolchain.len() as u64);
    file
}

pub fn auditable(at: usize) -> Vec<u8> {
    let json = r#"{"packages":[{"name":"serde","version":"1.0.1","source":"crates.io"},{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},{"name":"own","version":"0.1.0","source":"local","root":true}]}"#;
    audited(json, at)
}

fn audited(json: &str, at: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(json.as_bytes()).unwrap();
    let mut file = elf(true);
    // Plenty of what looks like zlib's first bytes.
    while file.len() < at {
        file.extend_from_slice(b"x\x9cx\x01\x00xx\xda");
    }
    file.extend(encoder.finish().unwrap());
    file.resize(file.len() + 3000, 0);
    file
}

const EXPECT: [&str; 3] = ["example.com/new v1.5.0", "golang.org/x/net v0.17.0", "stdlib v1.21.3"];

#[test]
fn go_inline_wherever_it_lies() {
    // Around the edges of the window that moves over the file, too.
    for at in [128, 4096, (256 << 10) - 64, (256 << 10) - 48, (256 << 10) - 16, 256 << 10, 3 << 20] {
        assert_eq!(told("app/server", go_inline("go1.21.3", at)), EXPECT, "{at}");
    }
    assert_eq!(file("x", go_inline("go1.21.3", 128)).packages[0].evidence, Evidence::Binary);
    for (toolchain, version) in [
        ("go1.20", "v1.20.0"),
        ("go1.21rc2", "v1.21.0-rc.2"),
        ("go1.22.1 X:boringcrypto", "v1.22.1"),
        ("go1.20.12-2.el9", "v1.20.12"),
    ] {
        let packages = file("x", go_inline(toolchain, 128)).packages;
        assert_eq!(packages[2].version, version, "{toolchain}");
    }
    let devel = file("x", go_inline("devel go1.23-abc", 128));
    assert_eq!((devel.packages.len(), devel.gaps[0].kind), (2, GapKind::Unsupported));
}

#[test]
fn go_by_pointers() {
    for wide in [true, false] {
        for far in [0, 1000, 300 << 10] {
            assert_eq!(told("app/server", go_pointers(wide, "go1.21.3", far)), EXPECT, "{wide} {far}");
        }
    }
}

#[test]
fn go_marks_that_are_none() {
    let mut unaligned = elf(true);
    unaligned.extend_from_slice(b"12345\xff Go buildinf:\x08\x02................\x08go1.21.3\x00");
    unaligned.resize(4096, 0);
    assert_eq!(told("usr/bin/go-tool", unaligned), [""; 0]);
    let mut cut = go_inline("go1.21.3", 128);
    cut.truncate(128 + 60);
    assert_eq!(told("usr/bin/cut", cut), [""; 0]);
    assert_eq!(told("usr/bin/c", elf(true)), [""; 0]);
    // Not an ELF file, whatever it has inside.
    let mut script = go_inline("go1.21.3", 128);
    script[0] = b'#';
    assert_eq!(told("usr/bin/script", script), [""; 0]);
}

#[test]
fn crates() {
    for at in [128, (256 << 10) - 8, 1 << 20] {
        assert_eq!(told("app/server", auditable(at)), ["serde 1.0.1"], "{at}");
    }
    // A long list, whose stream begins with tables of its own: nothing comes out of its first 64 bytes.
    let one =
        |n: u32| format!(r#"{{"name":"crate-{:x}","version":"{n}.{}.0"}}"#, n.wrapping_mul(2_654_435_761), n * 7 % 13);
    let json = format!(r#"{{"packages":[{}]}}"#, (0..3000).map(one).collect::<Vec<_>>().join(","));
    for at in [128, (256 << 10) - 300] {
        assert_eq!(told("app/server", audited(&json, at)).len(), 3000, "{at}");
    }
}

#[test]
fn go_as_the_toolchain_itself_has_it() {
    let Some(go) = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).map(|dir| dir.join("go")).find(|go| go.is_file()))
    else {
        eprintln!("SKIP go_as_the_toolchain_itself_has_it: no go on the PATH");
        return;
    };
    let version = std::process::Command::new(&go).arg("version").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap().split(' ').nth(2).unwrap().to_owned();
    let expect = format!("v{}", version.trim_start_matches("go"));
    let inventory = file("usr/bin/go", std::fs::read(go).unwrap());
    let library = inventory.packages.iter().find(|package| package.name == "stdlib").unwrap();
    assert!(library.version.starts_with(&expect), "{} {expect}", library.version);
}
