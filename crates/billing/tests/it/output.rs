//! The forms in which a bill is given out.

use gantry_base::Timestamp;
use gantry_billing::{Bill, GroupBy, Period, PriceBook, bill_records, lines_table, summary_table, write_focus};

use crate::replay::{ACCOUNT, record};

fn sample() -> Bill {
    let mut records: Vec<_> = (0..4).map(|n| record(n, 0, Some(3_600_000))).collect();
    records[3].stopped_at = None;
    records[1].tags.insert("note".to_owned(), "a,\"b\"\u{1b}[31m".to_owned());
    let period = Period::parse("1970-01").unwrap();
    let prices = PriceBook::built_in().unwrap();
    bill_records(&records, &prices, &ACCOUNT.parse().unwrap(), period, Timestamp::from_secs(7200)).unwrap()
}

#[test]
fn groups_add_up() {
    let bill = sample();
    let tag = |key: &str| GroupBy::Tag(key.to_owned());
    for by in [
        GroupBy::Service,
        GroupBy::UsageType,
        GroupBy::Resource,
        GroupBy::Region,
        GroupBy::Cluster,
        GroupBy::EcsService,
        GroupBy::CapacityProvider,
        tag("team"),
        tag("nothing"),
    ] {
        let groups = bill.group(&by);
        let sum: gantry_billing::Money = groups.iter().map(|g| g.cost).sum();
        assert_eq!(sum, bill.total(), "{by:?}");
        assert!(groups.is_sorted_by(|a, b| a.cost >= b.cost));
    }
    assert_eq!(bill.group(&GroupBy::EcsService).len(), 2);
    assert_eq!(bill.group(&tag("team")).len(), 3);
    assert_eq!(bill.group(&tag("nothing"))[0].key, "");
}

#[test]
fn tables() {
    let bill = sample();
    // vCPU: 0.25 + 0.5 + 1 for an hour, 2 for two; the same figures twice over in GB.
    let summary = summary_table(&bill, &GroupBy::EcsService);
    assert_eq!(summary.total[1..3], ["20700".to_owned(), "41400".to_owned()]);
    let text = summary.to_string();
    assert!(text.contains("Amazon ECS control plane") && text.contains("$0.00"), "{text}");
    let by_note = summary_table(&bill, &GroupBy::Tag("note".to_owned())).to_string();
    assert!(!by_note.contains('\u{1b}'), "{by_note}");
    let lines = lines_table(&bill);
    assert!(lines.rows.iter().all(|r| r.len() == lines.columns.len()));
    eprintln!("{text}\n{lines}");
    assert!(lines.to_string().contains("running"));
}

#[test]
fn focus() {
    let bill = sample();
    let mut out = Vec::new();
    write_focus(&bill, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let rows: Vec<Vec<String>> = text.lines().map(split_csv).collect();
    assert_eq!(rows.len(), bill.lines.len() + 1);
    let header = &rows[0];
    assert!(rows.iter().all(|r| r.len() == header.len()));
    let column = |row: &Vec<String>, name: &str| row[header.iter().position(|h| h == name).unwrap()].clone();
    assert_eq!(column(&rows[1], "BilledCost"), "0.0101200000");
    assert_eq!(column(&rows[1], "x_UsageType"), "USE1-Fargate-vCPU-Hours:perCPU");
    assert_eq!(column(&rows[1], "ConsumedQuantity"), "0.2500000000");
    let noted = rows.iter().find(|r| column(r, "Tags").contains("note")).unwrap();
    let tags: serde_json::Value = serde_json::from_str(&column(noted, "Tags")).unwrap();
    assert_eq!(tags["note"], "a,\"b\"\u{1b}[31m");
}

fn split_csv(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut inside) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}
