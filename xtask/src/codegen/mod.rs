//! `cargo xtask codegen`: AWS's public service models in, `crates/aws-api/src/generated` out.
//!
//! Names, shapes, constraints and error codes are taken; documentation is left where it is. The models
//! come from one pinned botocore release on PyPI, so that two runs write the same bytes.

mod emit;
mod model;
mod services;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// The models' release. Raise it here, run the codegen, and read the diff.
const BOTOCORE: &str = "1.44.5";

pub fn run(root: &Path, check: bool) -> Result<()> {
    let data = botocore_data(root)?;
    let out = root.join("crates/aws-api/src/generated");
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    let mut names = Vec::new();
    for service in services::ALL {
        let model = model::load(&data, service).with_context(|| format!("read the model of {}", service.name))?;
        for (file, text) in emit::service(&model, service)? {
            files.push((out.join(service.name).join(file), text));
        }
        names.push(service.name);
    }
    files.push((out.join("mod.rs"), emit::index(&names)));
    let stale = write(&files, check)?;
    if check && !stale.is_empty() {
        bail!(
            "generated files are not what the models give; run `cargo xtask codegen` and commit:\n  {}",
            stale.join("\n  ")
        );
    }
    crate::store_codegen::run(check)?;
    println!("codegen: {} services, {} files, {} changed", names.len(), files.len(), stale.len());
    Ok(())
}

/// Formats and writes what differs; returns the names of those files.
fn write(files: &[(PathBuf, String)], check: bool) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for (path, text) in files {
        let text = rustfmt(text).with_context(|| format!("format {}", path.display()))?;
        if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
            continue;
        }
        stale.push(path.display().to_string());
        if !check {
            std::fs::create_dir_all(path.parent().context("a file has a folder")?)?;
            std::fs::write(path, text)?;
        }
    }
    Ok(stale)
}

fn rustfmt(text: &str) -> Result<String> {
    use std::io::Write as _;
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=120,use_small_heuristics=Max"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .context("start rustfmt (rustup component add rustfmt)")?;
    let mut stdin = child.stdin.take().context("rustfmt has a standard input")?;
    let input = text.to_owned();
    let feeder = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let done = child.wait_with_output()?;
    feeder.join().map_err(|_| anyhow::anyhow!("the thread that feeds rustfmt panicked"))??;
    ensure!(done.status.success(), "rustfmt refused the text");
    Ok(String::from_utf8(done.stdout)?)
}

/// The `botocore/data` folder of the pinned release, fetched once into `target/codegen`.
fn botocore_data(root: &Path) -> Result<PathBuf> {
    let cache = root.join("target/codegen");
    let data = cache.join(format!("botocore-{BOTOCORE}/botocore/data"));
    if data.is_dir() {
        return Ok(data);
    }
    std::fs::create_dir_all(&cache)?;
    let pinned = format!("botocore=={BOTOCORE}");
    python(&["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "-d", path(&cache)?, &pinned])?;
    let wheel = cache.join(format!("botocore-{BOTOCORE}-py3-none-any.whl"));
    let target = cache.join(format!("botocore-{BOTOCORE}"));
    python(&["-m", "zipfile", "-e", path(&wheel)?, path(&target)?])?;
    ensure!(data.is_dir(), "{} holds no botocore/data", wheel.display());
    Ok(data)
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("the checkout's path is not UTF-8")
}

fn python(args: &[&str]) -> Result<()> {
    let status = Command::new("python3").args(args).status().context("start python3")?;
    ensure!(status.success(), "python3 {} failed", args.join(" "));
    Ok(())
}
