//! Layers written for tests: tar entries in order, any of them wrong on purpose.

use std::io::Write as _;

pub const TAR: &str = "application/vnd.oci.image.layer.v1.tar";

/// A tar archive in the making.
#[derive(Default)]
pub struct Layer {
    bytes: Vec<u8>,
}

impl Layer {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.entry(path, b'0', "", content.as_ref())
    }

    pub fn dir(self, path: &str) -> Self {
        self.entry(path, b'5', "", b"")
    }

    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(path, b'2', target, b"")
    }

    pub fn hardlink(self, path: &str, target: &str) -> Self {
        self.entry(path, b'1', target, b"")
    }

    pub fn whiteout(self, path: &str) -> Self {
        let (parent, name) = path.rsplit_once('/').map_or((String::new(), path), |(p, n)| (format!("{p}/"), n));
        self.file(&format!("{parent}.wh.{name}"), b"")
    }

    pub fn opaque(self, directory: &str) -> Self {
        self.file(&format!("{directory}/.wh..wh..opq"), b"")
    }

    pub fn entry(mut self, path: &str, flag: u8, link: &str, content: &[u8]) -> Self {
        if path.len() > 100 {
            self.header("././@LongLink", b'L', "", path.len() + 1);
            self.data(&[path.as_bytes(), b"\0"].concat());
        }
        self.header(&path.chars().take(100).collect::<String>(), flag, link, content.len());
        self.data(content);
        self
    }

    fn header(&mut self, path: &str, flag: u8, link: &str, size: usize) {
        let mut block = [0_u8; 512];
        block[..path.len()].copy_from_slice(path.as_bytes());
        block[100..108].copy_from_slice(b"0000755\0");
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[156] = flag;
        block[157..157 + link.len()].copy_from_slice(link.as_bytes());
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].copy_from_slice(b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend_from_slice(&block);
    }

    fn data(&mut self, content: &[u8]) {
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
    }

    pub fn tar(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&[0; 1024]);
        self.bytes
    }

    pub fn gzip(self) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&self.tar()).unwrap();
        encoder.finish().unwrap()
    }

    pub fn zstd(self) -> Vec<u8> {
        zstd::encode_all(self.tar().as_slice(), 1).unwrap()
    }
}

/// What one file in an image of its own tells.
pub fn file(path: &str, content: impl AsRef<[u8]>) -> gantry_inventory::Inventory {
    let mut collector = gantry_inventory::Collector::new();
    collector.add_layer("l", TAR, Layer::new().file(path, content).tar().as_slice()).unwrap();
    collector.finish()
}

/// `name version` of each package of [`file`], without any gap.
pub fn told(path: &str, content: impl AsRef<[u8]>) -> Vec<String> {
    let inventory = file(path, content);
    assert_eq!(inventory.gaps, [], "{path}");
    inventory.packages.iter().map(|p| format!("{} {}", p.name, p.version)).collect()
}

/// A committed file, unpacked.
pub fn data(name: &str) -> Vec<u8> {
    use std::io::Read as _;
    let path = format!("{}/tests/it/data/{name}.gz", env!("CARGO_MANIFEST_DIR"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}
