//! `gantry scan-db`: the advisories that images are scanned with.
//!
//! An import writes a file of its own and puts it on the database's list, whether a server runs or not; a
//! server that runs is told, uses it from then on, and scans again what it concerns.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use gantry_base::{SystemClock, SystemEntropy};
use gantry_scanner::{SourceInfo, db, import};
use http::Method;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use super::{Format, Where, table};
use crate::client;
use crate::datadir::DataDir;
use crate::server::wiring::SCAN_DB;

/// Ecosystems of one source that a table names.
const NAMED: usize = 4;

#[derive(Subcommand)]
pub enum ScanDb {
    /// Import advisories: OSV (JSON, or an ecosystem's all.zip), Debian's security tracker, Alpine's secdb
    ///
    /// Files may be packed as .gz, .zst, .tar, .tar.gz or .zip. A source that was imported before under the
    /// same name is replaced.
    Import(Import),
    /// Show what is imported
    Status(Status),
    /// Take a source out
    Remove(Remove),
}

#[derive(Args)]
pub struct Import {
    /// A file, a directory, or an http(s) address
    #[arg(value_name = "FILE|DIR|URL")]
    from: String,
    /// What to call it [default: by what is in it, such as osv/npm]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    place: Where,
}

#[derive(Args)]
pub struct Status {
    #[arg(long, value_enum, default_value = "table")]
    output: Format,
    #[command(flatten)]
    place: Where,
}

#[derive(Args)]
pub struct Remove {
    name: String,
    #[command(flatten)]
    place: Where,
}

impl ScanDb {
    pub async fn run(self) -> Result<ExitCode> {
        match self {
            Self::Import(import) => import.run().await,
            Self::Status(status) => status.run(),
            Self::Remove(remove) => remove.run().await,
        }
    }
}

impl Import {
    async fn run(self) -> Result<ExitCode> {
        let data = DataDir::create(&self.place.path())?;
        let dir = data.join(SCAN_DB);
        let request = import::Request { name: self.name };
        let bar = Bar::new();
        let shown = bar.0.clone();
        let is_url = self.from.starts_with("http://") || self.from.starts_with("https://");
        let done = if is_url {
            import::import_url(&dir, &self.from, request, Arc::new(SystemClock), Arc::new(SystemEntropy), Box::new(bar))
                .await
        } else {
            let path = PathBuf::from(&self.from);
            tokio::task::spawn_blocking(move || {
                let mut bar = bar;
                import::import(&dir, &path, &request, (&SystemClock, &SystemEntropy), &mut bar)
            })
            .await?
        };
        shown.finish_and_clear();
        let source = done.with_context(|| format!("cannot import {}", self.from))?;
        println!(
            "imported {}: {} advisories about {} packages of {} ({} left out), {}",
            source.name,
            HumanCount(source.records - source.skipped.min(source.records)),
            HumanCount(source.ecosystems.values().sum()),
            ecosystems(&source),
            HumanCount(source.skipped),
            HumanBytes(source.bytes)
        );
        tell(&data).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A server that runs turns to the new list.
async fn tell(data: &DataDir) -> Result<()> {
    if data.control_socket().exists() {
        let told = client::control(data, Method::POST, "/_gantry/scan-db/reload").await;
        match told {
            Ok(_) => println!("the server uses it from now on"),
            // A socket that a killed server left behind.
            Err(_) if data.endpoint()?.is_none() => {}
            Err(error) => return Err(error.context("the server could not be told; it uses it after a restart")),
        }
    }
    Ok(())
}

impl Status {
    fn run(self) -> Result<ExitCode> {
        let sources = db::sources(&dir_of(&self.place))?;
        if self.output == Format::Json {
            println!("{}", serde_json::to_string_pretty(&serde_json::json!({ "sources": sources }))?);
            return Ok(ExitCode::SUCCESS);
        }
        if sources.is_empty() {
            println!("No advisories are imported: images cannot be scanned. Import some with `gantry scan-db import`.");
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<Vec<String>> = sources
            .iter()
            .map(|s| {
                vec![
                    s.name.clone(),
                    s.imported_at.rfc3339()[..16].replace('T', " "),
                    s.newest.map_or_else(|| "-".to_owned(), |at| at.rfc3339()[..10].to_owned()),
                    HumanCount(s.records).to_string(),
                    HumanBytes(s.bytes).to_string(),
                    ecosystems(s),
                ]
            })
            .collect();
        print!("{}", table(&["SOURCE", "IMPORTED (UTC)", "NEWEST", "RECORDS", "SIZE", "ABOUT"], &[3, 4], &rows));
        Ok(ExitCode::SUCCESS)
    }
}

impl Remove {
    async fn run(self) -> Result<ExitCode> {
        let gone = db::remove(&dir_of(&self.place), &self.name)?;
        println!("removed {}", gone.name);
        tell(&self.place.data()).await?;
        Ok(ExitCode::SUCCESS)
    }
}

fn dir_of(place: &Where) -> PathBuf {
    Path::new(&place.path()).join(SCAN_DB)
}

/// The largest first.
fn ecosystems(source: &SourceInfo) -> String {
    let mut all: Vec<_> = source.ecosystems.iter().collect();
    all.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
    let names: Vec<&str> = all.iter().take(NAMED).map(|(name, _)| name.as_str()).collect();
    let more = all.len().saturating_sub(NAMED);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}

struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let style = ProgressStyle::with_template("  {spinner} {bytes} of {total_bytes}, {msg} [{elapsed}]");
        let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_message("reading");
        Self(bar)
    }
}

impl import::Progress for Bar {
    fn total(&mut self, bytes: u64) {
        self.0.set_length(bytes);
        self.0.set_position(0);
    }

    fn read(&mut self, bytes: u64) {
        self.0.inc(bytes);
    }

    fn rows(&mut self, rows: u64) {
        self.0.set_message(format!("{} statements about packages", HumanCount(rows)));
    }
}
