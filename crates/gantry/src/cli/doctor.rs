//! `gantry doctor`: what this host can and cannot do, and the mend.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::{Format, Where, table};

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    place: Where,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Serialize)]
struct Check {
    name: String,
    ok: bool,
    /// Without it no task can run; the rest is good to have.
    needed: bool,
    detail: String,
    /// What to do about it; empty where nothing is wrong.
    mend: String,
}

#[derive(Serialize)]
struct Report {
    checks: Vec<Check>,
    /// The grade that Fargate tasks get on this host, or null if they cannot run.
    fargate_isolation: Option<&'static str>,
}

impl Doctor {
    pub async fn run(self) -> Result<ExitCode> {
        let at = self.place.path();
        let checks = tokio::task::spawn_blocking(move || checks(&at)).await?;
        let runs = checks.iter().all(|check| check.ok || !check.needed);
        let report = Report { fargate_isolation: runs.then_some("namespace"), checks };
        match self.output {
            Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
            Format::Table => print(&report),
        }
        Ok(if runs { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn checks(data: &std::path::Path) -> Vec<Check> {
    let engine = gantry_engine::probe(data).checks.into_iter().map(|c| Check {
        name: c.name.to_owned(),
        ok: c.ok,
        needed: c.required,
        detail: c.found,
        mend: c.mend.to_owned(),
    });
    let network = gantry_net::probe().into_iter().map(|c| Check {
        name: c.name.to_owned(),
        ok: c.ok,
        needed: true,
        detail: c.detail,
        mend: c.mend.to_owned(),
    });
    engine.chain(network).collect()
}

fn print(report: &Report) {
    let rows: Vec<Vec<String>> = report
        .checks
        .iter()
        .map(|c| vec![if c.ok { "✓" } else { "✗" }.to_owned(), c.name.clone(), c.detail.clone()])
        .collect();
    print!("{}", table(&["", "CHECK", "FOUND"], &[], &rows));
    for check in report.checks.iter().filter(|c| !c.ok && !c.mend.is_empty()) {
        println!("\n{}: {}", check.name, check.mend);
    }
    match report.fargate_isolation {
        Some(grade) => println!("\nFargate tasks run here, isolated by: {grade}"),
        None => println!("\nFargate tasks cannot run here until what is marked ✗ above is mended."),
    }
}
