//! A bill as a table: rows of text for whoever draws it, and a plain drawing.

use std::fmt;

use crate::bill::{Bill, Group, GroupBy};

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    /// Numbers are set to the right.
    pub right: bool,
}

/// Rows that all have as many cells as there are columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
    pub total: Vec<String>,
}

const fn left(name: &'static str) -> Column {
    Column { name, right: false }
}

const fn right(name: &'static str) -> Column {
    Column { name, right: true }
}

/// Decimals of hours: a second of a quarter vCPU still shows.
const HOUR_DIGITS: u32 = 6;
/// Decimals of a line's cost: tasks of a minute still show.
const COST_DIGITS: u32 = 6;
const SECOND_DIGITS: u32 = 0;
const SECONDS_PER_HOUR: u64 = 3600;

impl Group {
    fn cells(&self) -> Vec<String> {
        // An hour of a unit is 3600 seconds of it: multiplying the exact amount keeps it exact.
        let seconds = |hours: crate::Quantity| hours.times(SECONDS_PER_HOUR).decimal(SECOND_DIGITS);
        vec![seconds(self.vcpu_hours), seconds(self.memory_gb_hours), self.cost.dollars()]
    }
}

/// One row for each group, with vCPU-seconds and GB-seconds, and last what ECS itself costs: nothing.
pub fn summary_table(bill: &Bill, by: &GroupBy) -> Table {
    let name = match by {
        GroupBy::Service => "SERVICE",
        GroupBy::UsageType => "USAGE TYPE",
        GroupBy::Resource => "RESOURCE",
        GroupBy::Region => "REGION",
        GroupBy::Cluster => "CLUSTER",
        GroupBy::EcsService => "ECS SERVICE",
        GroupBy::CapacityProvider => "CAPACITY PROVIDER",
        GroupBy::Tag(_) => "TAG",
    };
    let shown = |key: &str| if key.is_empty() { "(none)".to_owned() } else { key.to_owned() };
    let row = |group: &Group| [vec![shown(&group.key)], group.cells()].concat();
    let mut rows: Vec<_> = bill.group(by).iter().map(row).collect();
    let free = ["Amazon ECS control plane", "", "", "$0.00"];
    rows.push(free.map(str::to_owned).to_vec());
    let all = Group {
        key: "TOTAL".to_owned(),
        cost: bill.total(),
        vcpu_hours: bill.lines.iter().filter(|l| l.unit == "vCPU-Hours").map(|l| l.amount).sum(),
        memory_gb_hours: bill.group(by).iter().map(|g| g.memory_gb_hours).sum(),
        lines: bill.lines.len(),
    };
    let columns = vec![left(name), right("vCPU-SECONDS"), right("GB-SECONDS"), right("COST")];
    Table { columns, rows, total: row(&all) }
}

/// One row for each line of the bill.
pub fn lines_table(bill: &Bill) -> Table {
    let rows = bill.lines.iter().map(|line| {
        let name = line.labels.resource.rsplit('/').next().unwrap_or_default();
        let state = if line.running { "running" } else { "stopped" };
        vec![
            name.to_owned(),
            state.to_owned(),
            line.usage_type.clone(),
            line.amount.decimal(HOUR_DIGITS),
            line.unit.clone(),
            format!("${}", line.unit_price.decimal()),
            format!("${}", line.cost.decimal(COST_DIGITS)),
        ]
    });
    let columns = vec![
        left("TASK"),
        left("STATE"),
        left("USAGE TYPE"),
        right("AMOUNT"),
        left("UNIT"),
        right("PRICE"),
        right("COST"),
    ];
    let mut total = vec![String::new(); columns.len()];
    "TOTAL".clone_into(&mut total[0]);
    if let Some(last) = total.last_mut() {
        *last = bill.total().dollars();
    }
    Table { rows: rows.collect(), columns, total }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header: Vec<String> = self.columns.iter().map(|c| c.name.to_owned()).collect();
        let all = || std::iter::once(&header).chain(&self.rows).chain(std::iter::once(&self.total));
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| all().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0))
            .collect();
        for row in all() {
            let cells = row.iter().zip(&widths).zip(&self.columns).map(|((cell, width), column)| {
                // Control characters in a tag must not reach the terminal.
                let cell: String = cell.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
                if column.right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}
