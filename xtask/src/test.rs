//! `cargo xtask test`: everything that must hold, from formatting to real clients.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::tools::{self, Tools};
use crate::{codegen, tidy};

/// A step's name, and what it runs.
type Step<'a> = (&'static str, Box<dyn Fn() -> Result<()> + 'a>);

pub fn run(root: &Path, only: Option<&str>) -> Result<()> {
    let tools = tools::install(root).context("install what the tests need")?;
    let steps: Vec<Step> = vec![
        ("tidy", Box::new(|| tidy::run(root))),
        ("format", Box::new(|| cargo(root, &tools, &["fmt", "--all", "--check"]))),
        ("codegen", Box::new(|| codegen::run(root, true))),
        (
            "clippy",
            Box::new(|| {
                cargo(root, &tools, &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])
            }),
        ),
        // The binary is what the clients drive; the crates' tests share its build.
        ("build", Box::new(|| cargo(root, &tools, &["build", "--workspace", "--quiet"]))),
        ("unit", Box::new(|| cargo(root, &tools, &["test", "--workspace", "--quiet", "--no-fail-fast"]))),
        ("clients", Box::new(|| clients(root, &tools))),
    ];
    if let Some(name) = only
        && !steps.iter().any(|(step, _)| *step == name)
    {
        let names: Vec<_> = steps.iter().map(|(step, _)| *step).collect();
        bail!("there is no step `{name}`; there are {}", names.join(", "));
    }
    let mut failed = Vec::new();
    for (name, step) in steps.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
        println!("── {name}");
        let since = Instant::now();
        if let Err(error) = step() {
            println!("✗ {name}: {error:#}");
            failed.push(*name);
        } else {
            println!("✓ {name} ({:.0} s)", since.elapsed().as_secs_f64());
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    println!("all steps passed");
    Ok(())
}

pub fn cargo(root: &Path, tools: &Tools, args: &[&str]) -> Result<()> {
    tools::run(Command::new("cargo").args(args).current_dir(root).env("PATH", tools.search_path()?))
}

/// The stock clients against the binary: `tests/` with pytest.
fn clients(root: &Path, tools: &Tools) -> Result<()> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let mut pytest = Command::new(&tools.python);
    pytest
        .args(["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "tests"])
        .current_dir(root)
        .env("PATH", tools.search_path()?)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("GANTRY", target.join("debug/gantry"));
    if let Some(aws) = &tools.aws_v2 {
        pytest.env("AWS_CLI_V2", aws);
    }
    tools::run(&mut pytest)
}

/// What a change needs before its tests are worth running.
pub fn check(root: &Path) -> Result<()> {
    tidy::run(root)?;
    tools::run(Command::new("cargo").args(["fmt", "--all", "--check"]).current_dir(root))?;
    tools::run(
        Command::new("cargo")
            .args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
            .current_dir(root),
    )
}
