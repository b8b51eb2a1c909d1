//! Java archives, written here by hand: stored, deflated, with and without sizes, one inside of another.

use std::io::Write as _;

use gantry_inventory::GapKind;

use crate::layers::{file, told};

#[derive(Default)]
pub struct Zip {
    bytes: Vec<u8>,
    files: u16,
}

#[derive(Clone, Copy)]
pub enum How {
    Stored,
    Deflated,
    /// As Java's own tool streams: sizes behind the data.
    Streamed,
}

impl Zip {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(mut self, name: &str, content: impl AsRef<[u8]>, how: How) -> Self {
        let content = content.as_ref();
        let packed = match how {
            How::Stored => content.to_vec(),
            How::Deflated | How::Streamed => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
        };
        let streamed = matches!(how, How::Streamed);
        let mut sizes = Vec::new();
        sizes.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        sizes.extend_from_slice(&(content.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(b"PK\x03\x04\x14\x00");
        self.bytes.extend_from_slice(&[if streamed { 8 } else { 0 }, 0]);
        self.bytes.extend_from_slice(&[if matches!(how, How::Stored) { 0 } else { 8 }, 0]);
        self.bytes.extend_from_slice(&[0; 8]);
        self.bytes.extend_from_slice(if streamed { &[0; 8] } else { sizes.as_slice() });
        self.bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend(packed);
        if streamed {
            self.bytes.extend_from_slice(b"PK\x07\x08\x01\x02\x03\x04");
            self.bytes.extend(sizes);
        }
        self.files += 1;
        self
    }

    pub fn finish(mut self) -> Vec<u8> {
        // A directory that is only begun: readers from the front stop there.
        if self.files > 0 {
            self.bytes.extend_from_slice(b"PK\x01\x02");
            self.bytes.resize(self.bytes.len() + 42, 0);
        }
        self.bytes.extend_from_slice(b"PK\x05\x06");
        self.bytes.resize(self.bytes.len() + 18, 0);
        self.bytes
    }
}

fn pom(group: &str, artifact: &str, version: &str) -> (String, String) {
    let text = format!("#Generated\n#date\nversion={version}\ngroupId={group}\nartifactId={artifact}\n");
    (format!("META-INF/maven/{group}/{artifact}/pom.properties"), text)
}

pub fn library(group: &str, artifact: &str, version: &str, how: How) -> Vec<u8> {
    let (name, text) = pom(group, artifact, version);
    let manifest = "Manifest-Version: 1.0\r\nImplementation-Version: 0.0\r\n\r\n";
    Zip::new()
        .add("META-INF/", "", How::Stored)
        .add("META-INF/MANIFEST.MF", manifest, how)
        .add("a/B.class", vec![7; 3000], how)
        .add(&name, text, how)
        .finish()
}

#[test]
fn coordinates() {
    for how in [How::Stored, How::Deflated, How::Streamed] {
        assert_eq!(told("opt/x.jar", library("org.a", "b", "1.2", how)), ["org.a:b 1.2"]);
    }
    let prefixed =
        [b"#!/bin/sh\nexec java -jar \"$0\"\n".repeat(3000), library("org.a", "b", "1", How::Streamed)].concat();
    assert_eq!(told("opt/x.jar", prefixed), ["org.a:b 1"]);
    let shaded = library("org.a", "b", "1", How::Stored);
    let (name, text) = pom("org.c", "d", "2");
    let inside = Zip::new().add(&name, text, How::Deflated).add("lib/b.jar", shaded, How::Deflated).finish();
    assert_eq!(told("opt/x.jar", inside), ["org.a:b 1", "org.c:d 2"]);
}

#[test]
fn nested() {
    let inner = library("org.a", "b", "1", How::Streamed);
    for how in [How::Stored, How::Deflated, How::Streamed] {
        // A stored file whose size comes behind it cannot be read from the front; nobody writes them.
        let war =
            Zip::new().add("WEB-INF/lib/b-1.jar", &inner, how).add("WEB-INF/lib/c-2.0.jar", Zip::new().finish(), how);
        let war = war.finish();
        let ear = Zip::new().add("app.war", &war, how).finish();
        let inventory = file("opt/app.ear", &ear);
        assert_eq!(inventory.gaps, []);
        let lines: Vec<_> =
            inventory.packages.iter().map(|p| format!("{} {} {}", p.name, p.version, p.file_path)).collect();
        assert_eq!(
            lines,
            [
                "c 2.0 opt/app.ear!/app.war!/WEB-INF/lib/c-2.0.jar",
                "org.a:b 1 opt/app.ear!/app.war!/WEB-INF/lib/b-1.jar",
            ]
        );
    }
    let mut deep = inner;
    for _ in 0..6 {
        deep = Zip::new().add("x.jar", &deep, How::Stored).finish();
    }
    let inventory = file("opt/app.jar", &deep);
    assert_eq!((inventory.packages.len(), inventory.gaps[0].kind), (0, GapKind::TooMany));
}

#[test]
fn manifests_and_file_names() {
    let with = |text: &str| Zip::new().add("META-INF/MANIFEST.MF", text, How::Streamed).finish();
    let bundle = "Bundle-SymbolicName: org.osgi.co\r\n re;singleton:=true\r\nBundle-Version: 4.3.0\r\n\r\nName: x\r\nBundle-Version: 9\r\n";
    assert_eq!(told("lib/core.jar", with(bundle)), ["org.osgi:core 4.3.0"]);
    let vendor = "Implementation-Vendor-Id: com.acme\nImplementation-Version: 2.1\n";
    assert_eq!(told("lib/tool.jar", with(vendor)), ["com.acme:tool 2.1"]);
    assert_eq!(told("lib/some-tool-3.0-SNAPSHOT.jar", with("A: b\n")), ["some-tool 3.0-SNAPSHOT"]);
    assert_eq!(told("lib/tool.jar", with("A: b\n")), [""; 0]);
}

#[test]
fn damage_is_told_and_what_was_read_stays() {
    let whole = library("org.a", "b", "1", How::Deflated);
    let cut = &whole[..whole.len() - 80];
    let inventory = file("opt/x.jar", cut);
    assert_eq!(inventory.gaps[0].kind, GapKind::Damaged);
    assert_eq!(file("opt/x.jar", "not an archive").gaps[0].kind, GapKind::Damaged);
}
