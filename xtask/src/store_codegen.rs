//! Writes the store's etcd client from its protocol files, without `protoc`.
//!
//! The generated code is committed, so that building Gantry needs neither protox nor a build script.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

const PROTO_DIR: &str = "crates/store/proto";
const PROTO_FILES: [&str; 2] = ["etcd.proto", "mvcc.proto"];
const GENERATED_DIR: &str = "crates/store/src/etcd/generated";

/// Writes the generated files; with `check` only tells whether they are what the protocol gives.
pub fn run(check: bool) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the checkout")?;
    let fresh = scratch_dir()?;
    let done = generate(root, &fresh).and_then(|()| install(&fresh, &root.join(GENERATED_DIR), check));
    std::fs::remove_dir_all(&fresh).with_context(|| format!("failed to remove {}", fresh.display()))?;
    done
}

fn scratch_dir() -> Result<PathBuf> {
    let dir = std::env::temp_dir().join(format!("gantry-store-codegen-{}", std::process::id()));
    std::fs::create_dir_all(&dir).with_context(|| format!("failed to make {}", dir.display()))?;
    Ok(dir)
}

fn generate(root: &Path, out: &Path) -> Result<()> {
    let described = protox::compile(PROTO_FILES, [root.join(PROTO_DIR)]).context("failed to read the protocol")?;
    tonic_prost_build::configure()
        .build_server(false)
        .bytes(".")
        .out_dir(out)
        .compile_fds(described)
        .context("failed to generate the client")
}

fn install(fresh: &Path, committed: &Path, check: bool) -> Result<()> {
    for entry in std::fs::read_dir(fresh).with_context(|| format!("failed to list {}", fresh.display()))? {
        let entry = entry?;
        let code = std::fs::read_to_string(entry.path())?;
        let target = committed.join(entry.file_name());
        if check {
            let there =
                std::fs::read_to_string(&target).with_context(|| format!("failed to read {}", target.display()))?;
            ensure!(there == code, "{} is not what the protocol gives: run the codegen", target.display());
        } else {
            std::fs::create_dir_all(committed)?;
            std::fs::write(&target, code).with_context(|| format!("failed to write {}", target.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_client_is_what_the_protocol_gives() {
        super::run(std::env::var_os("GANTRY_WRITE_GENERATED").is_none()).unwrap();
    }
}
