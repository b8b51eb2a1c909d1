//! The command line: one module a subcommand.

pub mod bill;
mod control;
mod doctor;
mod env;
mod sbom;
mod scan_db;
pub mod shim;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::datadir::{self, DataDir};

/// ECS, EKS, Fargate and ECR on machines you own.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine, in this process
    Up(up::Up),
    /// Print the export lines that point the AWS CLI and SDKs at the running server
    Env(env::Env),
    /// Show what ran and what it costs
    Bill(bill::Bill),
    /// Show what this host can and cannot do, and the mend
    Doctor(doctor::Doctor),
    /// Import the advisories that images are scanned with, and tell what there is
    #[command(name = "scan-db", subcommand)]
    ScanDb(scan_db::ScanDb),
    /// Print what is in an image, as SPDX or CycloneDX
    Sbom(sbom::Sbom),
    /// Empty a running `--auth off` stack
    Reset(control::Reset),
    /// Stop all tasks and the server, and leave nothing on the host
    Down(control::Down),
    /// The demo's own web page; runs inside its container
    #[command(hide = true)]
    DemoApp {
        #[arg(long, default_value_t = 80)]
        port: u16,
    },
}

/// Which instance a command is about.
#[derive(ClapArgs, Clone)]
pub struct Where {
    /// The directory that holds the instance [default: $GANTRY_DATA_DIR, or /var/lib/gantry for root]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Where {
    fn data(&self) -> DataDir {
        DataDir::at(&self.path())
    }

    fn path(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(datadir::default_path)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

pub fn run(args: Args) -> Result<ExitCode> {
    match args.command {
        Command::Up(up) => runtime()?.block_on(up.run()),
        Command::Env(env) => env.run(),
        Command::Bill(bill) => runtime()?.block_on(bill.run()),
        Command::Doctor(doctor) => runtime()?.block_on(doctor.run()),
        Command::ScanDb(scan_db) => runtime()?.block_on(scan_db.run()),
        Command::Sbom(sbom) => runtime()?.block_on(sbom.run()),
        Command::Reset(reset) => runtime()?.block_on(reset.run()),
        Command::Down(down) => runtime()?.block_on(down.run()),
        Command::DemoApp { port } => {
            let small =
                tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
            small.block_on(crate::demo::app::serve(port)).map(|()| ExitCode::SUCCESS)
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")
}

/// Columns padded to their widest cell; numbers to the right.
fn table(head: &[&str], right: &[usize], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..head.len())
        .map(|at| rows.iter().map(|row| row[at].chars().count()).chain([head[at].len()]).max().unwrap_or(0))
        .collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().enumerate().map(|(at, cell)| {
            let gap = " ".repeat(widths[at] - cell.chars().count());
            if right.contains(&at) { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut out = line(head.to_vec());
    for row in rows {
        out += &line(row.iter().map(String::as_str).collect());
    }
    out
}
