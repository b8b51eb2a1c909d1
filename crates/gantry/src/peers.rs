//! `--peers FILE`: other Gantry servers, and the regions that are theirs.
//!
//! ```toml
//! [[peer]]
//! region = "eu-west-1"
//! accounts = ["123456789012"]      # optional; without it every registry of the region is the peer's
//! endpoint = "https://b.example:4566"
//! ca = "b-ca.pem"                  # optional; beside this file unless the path is absolute
//! access_key_id = "AKIA…"
//! secret_access_key = "…"
//! ```
//!
//! The file holds keys, so nobody but its owner may read it.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use gantry_base::{AccountId, Region};
use gantry_replicator::PeerConfig;
use serde::Deserialize;

/// Bytes of the file, and of a peer's certificates.
const MAX_FILE: u64 = 1 << 20;
const MAX_PEERS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    peer: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    region: Region,
    accounts: Option<Vec<AccountId>>,
    endpoint: String,
    ca: Option<String>,
    access_key_id: String,
    secret_access_key: String,
}

/// Reads the file; says what is wrong with it without showing what it holds.
pub fn read(path: &Path) -> Result<Vec<PeerConfig>> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let about = file.metadata().with_context(|| format!("cannot look at {shown}"))?;
    let mode = about.permissions().mode() & 0o777;
    // Of the open file, so that nobody swaps it in between.
    if mode & 0o077 != 0 {
        bail!("{shown} holds keys and others may read it (mode {mode:04o}): run chmod 600 {shown}");
    }
    ensure!(about.len() <= MAX_FILE, "{shown} has more than {MAX_FILE} bytes");
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(|| format!("cannot read {shown}"))?;
    parse(&text, path.parent().unwrap_or(Path::new("."))).with_context(|| format!("cannot use {shown}"))
}

fn parse(text: &str, beside: &Path) -> Result<Vec<PeerConfig>> {
    // The parser's own message shows the line, which may hold a key.
    let document: Document = toml::from_str(text).map_err(|e| {
        let line = e.span().map_or(0, |s| text[..s.start.min(text.len())].matches('\n').count() + 1);
        anyhow::anyhow!("line {line}: {}", e.message())
    })?;
    ensure!(document.peer.len() <= MAX_PEERS, "there may be at most {MAX_PEERS} peers");
    let mut peers = Vec::with_capacity(document.peer.len());
    for entry in document.peer {
        let ca = match &entry.ca {
            None => None,
            Some(name) => {
                let path = beside.join(name);
                let mut pem = Vec::new();
                let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
                file.take(MAX_FILE).read_to_end(&mut pem).with_context(|| format!("cannot read {}", path.display()))?;
                Some(pem)
            }
        };
        peers.push(PeerConfig {
            region: entry.region,
            accounts: entry.accounts,
            endpoint: entry.endpoint,
            ca,
            access_key_id: entry.access_key_id,
            secret_access_key: entry.secret_access_key,
        });
    }
    Ok(peers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[peer]]
        region = "eu-west-1"
        endpoint = "http://127.0.0.1:4567"
        access_key_id = "AKIAEXAMPLE"
        secret_access_key = "hush"
    "#;

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("peers.toml");
        std::fs::write(&path, GOOD).expect("written");
        for (mode, good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o660, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
            let read = read(&path);
            assert_eq!(read.is_ok(), good, "{mode:o}");
            let shown = format!("{read:?}");
            assert!(!shown.contains("hush"), "{shown}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_keys() {
        let here = Path::new("/nonexistent");
        assert_eq!(parse(GOOD, here).expect("good")[0].region.as_str(), "eu-west-1");
        assert!(parse("", here).expect("no peers").is_empty());
        for (text, why) in [
            (GOOD.replace("region", "regoin"), "regoin"),
            (GOOD.replace("\"eu-west-1\"", "\"not a region\""), "region"),
            (format!("{GOOD}\n        accounts = [\"1\"]"), "account"),
            (format!("{GOOD}\n        ca = \"none.pem\""), "none.pem"),
            (GOOD.replace("\"hush\"", "\"hush"), "line 6"),
        ] {
            let error = format!("{:#}", parse(&text, here).expect_err(why));
            assert!(error.contains(why) && !error.contains("hush"), "{why}: {error}");
        }
    }
}
