//! An image of Debian's static busybox, and a registry of one image.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use gantry_engine::{BlobSource, Error, ImageRef, ImageSource, ManifestBytes, PullFailure, RegistryAuth};
use sha2::{Digest, Sha256};

/// Debian's static busybox, wherever it is on the `PATH`.
pub fn busybox() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("busybox")).find(|file| file.is_file())
}
const TOOLS: [&str; 16] = [
    "sh", "cat", "echo", "id", "sleep", "env", "wget", "nslookup", "touch", "test", "hostname", "kill", "true",
    "false", "usleep", "nc",
];

pub struct BusyboxSource {
    dir: PathBuf,
    manifest: Bytes,
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn entry(tar: &mut Vec<u8>, path: &str, flag: u8, mode: u32, link: &str, data: &[u8]) {
    let mut head = [0_u8; 512];
    head[..path.len()].copy_from_slice(path.as_bytes());
    let mut put = |at: usize, text: String| head[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(100, format!("{mode:07o}\0{:07o}\0{:07o}\0{:011o}\0{:011o}\0        ", 0, 0, data.len(), 1_700_000_000));
    head[156] = flag;
    head[157..157 + link.len()].copy_from_slice(link.as_bytes());
    head[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = head.iter().map(|b| u32::from(*b)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar.extend_from_slice(&head);
    tar.extend_from_slice(data);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

fn layer() -> Vec<u8> {
    let mut tar = Vec::new();
    for dir in ["bin", "etc", "root"] {
        entry(&mut tar, dir, b'5', 0o755, "", b"");
    }
    entry(&mut tar, "tmp", b'5', 0o1777, "", b"");
    entry(
        &mut tar,
        "bin/busybox",
        b'0',
        0o755,
        "",
        &fs::read(busybox().expect("busybox is on the PATH")).expect("busybox can be read"),
    );
    for tool in TOOLS {
        entry(&mut tar, &format!("bin/{tool}"), b'2', 0o777, "busybox", b"");
    }
    entry(&mut tar, "etc/passwd", b'0', 0o644, "", b"root:x:0:0:root:/root:/bin/sh\n");
    tar.resize(tar.len() + 1024, 0);
    tar
}

impl BusyboxSource {
    pub fn new(dir: &Path) -> Self {
        fs::create_dir_all(dir).expect("a directory");
        let tar = layer();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).expect("memory");
        let packed = gzip.finish().expect("memory");
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let config = serde_json::json!({
            "architecture": architecture, "os": "linux", "config": { "Env": ["PATH=/bin"] },
            "rootfs": { "type": "layers", "diff_ids": [digest(&tar)] },
        });
        let config = config.to_string().into_bytes();
        let part = |kind: &str, bytes: &[u8]| {
            fs::write(dir.join(digest(bytes)), bytes).expect("a file");
            let media_type = format!("application/vnd.oci.image.{kind}");
            serde_json::json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
        };
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": part("config.v1+json", &config), "layers": [part("layer.v1.tar+gzip", &packed)],
        });
        Self { dir: dir.to_owned(), manifest: manifest.to_string().into_bytes().into() }
    }
}

fn unknown(image: &ImageRef, reason: &str) -> Error {
    Error::Pull { kind: PullFailure::NotFound, image: image.to_string(), reason: reason.to_owned() }
}

#[async_trait]
impl ImageSource for BusyboxSource {
    async fn resolve(&self, image: &ImageRef, _: Option<&RegistryAuth>) -> gantry_engine::Result<ManifestBytes> {
        if image.tag.as_deref() != Some("v1") {
            return Err(unknown(image, "manifest unknown"));
        }
        let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
        Ok(ManifestBytes { media_type, digest: digest(&self.manifest), bytes: self.manifest.clone() })
    }

    async fn open_blob(&self, image: &ImageRef, digest: &str) -> gantry_engine::Result<BlobSource> {
        let file = fs::File::open(self.dir.join(digest)).map_err(|e| unknown(image, &e.to_string()))?;
        Ok(BlobSource::File(file))
    }
}
