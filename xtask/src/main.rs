//! The project's chores: `cargo xtask <chore>`.

mod bench;
mod codegen;
mod store_codegen;
mod test;
mod tidy;
mod tools;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Gantry's chores")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Installs what the tests need into target/tools, and runs all of them
    Test {
        /// Only this step
        step: Option<String>,
    },
    /// Formatting, lints and the house's rules; no test runs
    Check,
    /// Writes the generated code from AWS's public models and etcd's interface
    Codegen {
        /// Only tell whether the committed files are what the models give
        #[arg(long)]
        check: bool,
    },
    /// The rules no compiler knows: layers, file sizes
    Tidy,
    /// Measures against podman and etcd, side by side; prints the tables of bench/README.md
    Bench {
        /// Only this figure
        name: Option<String>,
        /// What the figure's own script takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
}

fn main() -> Result<()> {
    let root = root()?;
    match Args::parse().chore {
        Chore::Test { step } => test::run(&root, step.as_deref()),
        Chore::Check => test::check(&root),
        Chore::Codegen { check } => codegen::run(&root, check),
        Chore::Tidy => tidy::run(&root),
        Chore::Bench { name, rest } => bench::run(&root, name.as_deref(), &rest),
    }
}

/// The checkout that this xtask was built from.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask lies in the checkout")?.to_path_buf())
}
