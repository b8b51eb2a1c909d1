//! The project's chores: `cargo xtask <chore>`.

mod codegen;

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
    /// Writes crates/aws-api/src/generated from AWS's public service models
    Codegen {
        /// Only tell whether the committed files are what the models give
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    match Args::parse().chore {
        Chore::Codegen { check } => codegen::run(&root()?, check),
    }
}

/// The checkout that this xtask was built from.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask lies in the checkout")?.to_path_buf())
}
