//! The demo's image, made on the spot: this very binary, the loader and the libraries it runs with.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Where the binary lies inside the image.
pub const BINARY: &str = "/gantry";

/// One layer, its configuration and its manifest, ready to push.
pub struct DemoImage {
    pub layer: Vec<u8>,
    pub layer_digest: String,
    pub config: Vec<u8>,
    pub config_digest: String,
    pub manifest: Vec<u8>,
}

pub const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

pub fn build(port: u16) -> Result<DemoImage> {
    let layer = layer()?;
    let layer_digest = digest(&layer);
    let config = serde_json::to_vec(&json!({
        "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
        "os": "linux",
        "config": {
            "Entrypoint": [BINARY, "demo-app"],
            "Cmd": ["--port", port.to_string()],
            "User": "65534:65534",
            "ExposedPorts": { (format!("{port}/tcp")): {} },
            "Env": ["PATH=/"],
        },
        // Nothing is compressed, so the layer's digest is its diff id too.
        "rootfs": { "type": "layers", "diff_ids": [&layer_digest] },
        "history": [{ "created_by": "gantry up --demo" }],
    }))?;
    let config_digest = digest(&config);
    let part = |media: &str, digest: &str, size: usize| -> Value {
        json!({ "mediaType": format!("application/vnd.oci.image.{media}"), "digest": digest, "size": size })
    };
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": part("config.v1+json", &config_digest, config.len()),
        "layers": [part("layer.v1.tar", &layer_digest, layer.len())],
    }))?;
    Ok(DemoImage { layer, layer_digest, config, config_digest, manifest })
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn layer() -> Result<Vec<u8>> {
    let exe = fs::read_link("/proc/self/exe").context("find this binary")?;
    let mut tar = tar::Builder::new(Vec::new());
    add(&mut tar, Path::new(BINARY), Path::new("/proc/self/exe"))?;
    let mut files = mapped_files(&exe)?;
    files.extend(interpreter(Path::new("/proc/self/exe"))?);
    for file in files {
        add(&mut tar, &file, &file)?;
    }
    tar.into_inner().context("finish the layer")
}

fn add(tar: &mut tar::Builder<Vec<u8>>, inside: &Path, from: &Path) -> Result<()> {
    let mut file = File::open(from).with_context(|| format!("read {}", from.display()))?;
    let mut header = tar::Header::new_gnu();
    header.set_size(file.metadata()?.len());
    header.set_mode(0o755);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    let inside = inside.strip_prefix("/").unwrap_or(inside);
    tar.append_data(&mut header, inside, &mut file).with_context(|| format!("pack {}", from.display()))
}

/// The shared libraries that this process runs with, by the paths the loader found them at.
fn mapped_files(exe: &Path) -> Result<BTreeSet<PathBuf>> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    let files = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).filter(|path| path.starts_with('/'));
    let libraries = files.filter(|path| path.contains(".so")).map(PathBuf::from).filter(|path| path != exe);
    Ok(libraries.collect())
}

/// The loader that the ELF header asks for (PT_INTERP); `None` for a static binary.
fn interpreter(exe: &Path) -> Result<Option<PathBuf>> {
    const PT_INTERP: u32 = 3;
    let mut file = File::open(exe)?;
    let mut header = [0; 64];
    file.read_exact(&mut header)?;
    let number = |bytes: &[u8], at: usize, len: usize| -> u64 {
        bytes[at..at + len].iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
    };
    let (table, entry_len, entries) = (number(&header, 32, 8), number(&header, 54, 2), number(&header, 56, 2));
    for at in 0..entries {
        let mut entry = [0; 56];
        file.seek(SeekFrom::Start(table + at * entry_len))?;
        file.read_exact(&mut entry)?;
        if number(&entry, 0, 4) != u64::from(PT_INTERP) {
            continue;
        }
        let mut path = vec![0; usize::try_from(number(&entry, 32, 8))?.min(4096)];
        file.seek(SeekFrom::Start(number(&entry, 8, 8)))?;
        file.read_exact(&mut path)?;
        let text = String::from_utf8(path).context("the loader's path is not UTF-8")?;
        return Ok(Some(PathBuf::from(text.trim_end_matches('\0'))));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_holds_binary_and_loader() {
        let image = build(80).expect("built");
        assert_eq!(digest(&image.layer), image.layer_digest);
        let mut archive = tar::Archive::new(&image.layer[..]);
        let names: Vec<PathBuf> = archive
            .entries()
            .expect("a tar")
            .map(|e| e.expect("an entry").path().expect("a path").into_owned())
            .collect();
        assert!(names.contains(&PathBuf::from("gantry")), "{names:?}");
        assert!(names.iter().any(|n| n.to_string_lossy().contains("ld-linux")), "{names:?}");
    }
}
