//! `cargo xtask bench`: builds the release binary and runs `bench/` beside its peers.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::tools;

pub fn run(root: &Path, only: Option<&str>, rest: &[String]) -> Result<()> {
    let tools = tools::install(root)?;
    let cargo = |args: &[&str]| tools::run(Command::new("cargo").args(args).current_dir(root));
    cargo(&["build", "--release", "--package", "gantry", "--package", "gantry-bench"])?;
    if only.is_none_or(|name| name == "store") {
        cargo(&["run", "--release", "--quiet", "--package", "gantry-store", "--example", "bench_store"])?;
    }
    if only == Some("store") {
        return Ok(());
    }
    let release = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into).join("release");
    let mut script = Command::new(&tools.python);
    script.arg("bench/run.py").args(only).args(rest).current_dir(root).env("PATH", tools.search_path()?);
    tools::run(script.env("GANTRY", release.join("gantry")).env("GANTRY_BENCH", release.join("gantry-bench")))
}
