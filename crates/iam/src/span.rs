//! Where statements stand in a document, for the simulation operations' answers.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Line and column, both from 1, as IAM counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Start and end (exclusive) of each statement, in order. Empty if the document is not a policy.
pub fn statement_spans(document: &str) -> Vec<(Position, Position)> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow, rename = "Statement")]
        statement: &'a RawValue,
    }
    let Ok(outline) = serde_json::from_str::<Outline<'_>>(document) else {
        return Vec::new();
    };
    let all = outline.statement;
    let items: Vec<&RawValue> =
        if all.get().starts_with('[') { serde_json::from_str(all.get()).unwrap_or_default() } else { vec![all] };
    // Raw values borrow from the document: their addresses tell where they stand in it.
    let offset = |item: &RawValue| (item.get().as_ptr() as usize).saturating_sub(document.as_ptr() as usize);
    items
        .into_iter()
        .map(|item| {
            let start = offset(item);
            (position(document, start), position(document, start + item.get().len()))
        })
        .collect()
}

fn position(document: &str, offset: usize) -> Position {
    let before = document.get(..offset).unwrap_or(document);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}
