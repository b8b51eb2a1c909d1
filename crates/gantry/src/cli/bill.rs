//! `gantry bill`: what ran, in vCPU-seconds and GB-seconds, and what it costs.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use gantry_base::{AccountId, Clock as _, SystemClock};
use gantry_billing::{Bill as Usage, GroupBy, Period, PriceBook, lines_table, summary_table, write_focus};
use gantry_store::Store;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::Where;
use crate::client;
use crate::server::wiring;

/// Decimals of amounts and costs in JSON: a second of a quarter vCPU is 0.0000694 vCPU-hours.
const DIGITS: u32 = 9;

#[derive(Args)]
pub struct Bill {
    #[command(flatten)]
    place: Where,
    /// 2026-11, 2026-11-22, or 2026-11-01..2026-11-15, in UTC [default: this month]
    #[arg(long)]
    period: Option<String>,
    /// What to add up by
    #[arg(long, value_enum, default_value_t = By::Task)]
    by: By,
    /// Add up by the value of this tag instead
    #[arg(long, value_name = "KEY", conflicts_with = "by")]
    tag: Option<String>,
    /// The account [default: the instance's own]
    #[arg(long)]
    account_id: Option<AccountId>,
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Task,
    UsageType,
    Cluster,
    Service,
    CapacityProvider,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Json,
    /// FinOps FOCUS, one line a charge
    Csv,
}

impl By {
    fn group(self) -> GroupBy {
        match self {
            Self::Task => GroupBy::Resource,
            Self::UsageType => GroupBy::UsageType,
            Self::Cluster => GroupBy::Cluster,
            Self::Service => GroupBy::EcsService,
            Self::CapacityProvider => GroupBy::CapacityProvider,
        }
    }
}

impl Bill {
    pub async fn run(self) -> Result<ExitCode> {
        let data = self.place.data();
        // A running server has the store to itself, so it is asked; otherwise the store is read here.
        if data.control_socket().exists()
            && let Ok(answer) = client::control(&data, Method::GET, &self.path()).await
        {
            print!("{}", answer.get("text").and_then(Value::as_str).unwrap_or_default());
            return Ok(ExitCode::SUCCESS);
        }
        let instance = data.instance()?.with_context(|| client::not_running(data.path()))?;
        let store = wiring::state(&data, &instance).await?;
        let prices = PriceBook::built_in()?;
        print!("{}", render(&store, &prices, &instance.account_id, &self.query()).await?);
        Ok(ExitCode::SUCCESS)
    }

    fn query(&self) -> String {
        const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
        let word = |value: &dyn ValueEnumName| value.name();
        let mut parts = vec![("by", word(&self.by)), ("output", word(&self.output))];
        parts.extend(self.period.clone().map(|p| ("period", p)));
        parts.extend(self.tag.clone().map(|t| ("tag", t)));
        parts.extend(self.account_id.as_ref().map(|a| ("account", a.to_string())));
        let pairs = parts.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, KEEP)));
        pairs.collect::<Vec<_>>().join("&")
    }

    fn path(&self) -> String {
        format!("/_gantry/bill?{}", self.query())
    }
}

trait ValueEnumName {
    fn name(&self) -> String;
}

impl<T: ValueEnum> ValueEnumName for T {
    fn name(&self) -> String {
        self.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default()
    }
}

/// The bill that `query` asks for (see [`Bill::query`]), as text to print.
pub async fn render(store: &Store, prices: &PriceBook, account: &AccountId, query: &str) -> Result<String> {
    let value = |name: &str| {
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.map(|text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned())
    };
    let now = SystemClock.now();
    let account = value("account").map_or_else(|| Ok(account.clone()), |text| text.parse())?;
    let period = value("period").map_or_else(|| Period::month_of(now), |text| Period::parse(&text))?;
    let by = value("by").and_then(|name| By::from_str(&name, true).ok()).unwrap_or(By::Task).group();
    let by = value("tag").map_or(by, GroupBy::Tag);
    let bill = gantry_billing::bill(store, prices, &account, period, now).await?;
    Ok(match value("output").and_then(|name| Output::from_str(&name, true).ok()).unwrap_or(Output::Table) {
        Output::Table => tables(&bill, &by),
        Output::Json => serde_json::to_string_pretty(&to_json(&bill, prices.currency()))? + "\n",
        Output::Csv => {
            let mut out = Vec::new();
            write_focus(&bill, &mut out)?;
            String::from_utf8(out)?
        }
    })
}

fn tables(bill: &Usage, by: &GroupBy) -> String {
    let (from, until) = (bill.period.start().rfc3339(), bill.period.end().rfc3339());
    let head = format!("Account {}, {} up to {} (UTC)\n\n", bill.account, &from[..10], &until[..10]);
    format!("{head}{}\n{}", summary_table(bill, by), lines_table(bill))
}

fn to_json(bill: &Usage, currency: &str) -> Value {
    let lines: Vec<Value> = bill
        .lines
        .iter()
        .map(|line| {
            json!({
                "service": line.service,
                "usage_type": line.usage_type,
                "operation": line.operation,
                "resource": line.labels.resource,
                "cluster": line.labels.cluster,
                "tags": line.labels.tags,
                "amount": line.amount.decimal(DIGITS),
                "unit": line.unit,
                "unit_price": line.unit_price.decimal(),
                "cost": line.cost.decimal(DIGITS),
                "from": line.from.rfc3339(),
                "until": line.until.rfc3339(),
                "running": line.running,
            })
        })
        .collect();
    json!({
        "account": bill.account,
        "period": { "from": bill.period.start().rfc3339(), "until": bill.period.end().rfc3339() },
        "as_of": bill.as_of.rfc3339(),
        "currency": currency,
        "lines": lines,
        "ecs_control_plane": "0",
        "total": bill.total().decimal(DIGITS),
    })
}
