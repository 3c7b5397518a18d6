//! An answer as tables: which rows stand together, under which heading, in which columns. Whoever shows them, on a
//! terminal, a page or in a file, asks here, so that all of them show the same. It must not know how a cell is worded.

use super::words::words;
use crate::question::{Answer, Cell, Row};

/// Rows that stand together.
pub(crate) struct TableOf<'a> {
    /// What they are.
    pub(crate) heading: String,
    /// The names of their cells, in order.
    pub(crate) columns: Vec<&'static str>,
    /// The rows.
    pub(crate) rows: &'a [Row],
    /// Whether they have more words than a table has room for.
    pub(crate) is_long: bool,
}

/// What an answer is, and its coordinates.
pub(crate) fn heading(answer: &Answer) -> String {
    let of = answer.contract.as_ref().map(|contract| format!(" of {contract}")).unwrap_or_default();
    format!("{}{of} {}", capital(&answer.question), answer.words)
}

/// The tables of an answer, in order.
pub(crate) fn tables(answer: &Answer) -> impl Iterator<Item = TableOf<'_>> {
    answer.answer.chunk_by(|a, b| a.kind == b.kind && own_table(a) == own_table(b)).map(|rows| {
        let one_contract = answer.contract.is_some() || rows.iter().any(|row| row.kind == "lot");
        let (heading, columns) = (heading_of(rows), columns(rows, one_contract));
        TableOf { heading, columns, rows, is_long: is_long(rows) }
    })
}

/// Whether rows have more words than a table has room for.
fn is_long(rows: &[Row]) -> bool {
    rows.iter().any(|row| {
        matches!(row.kind, "fact" | "figure" | "entry" | "bytes" | "proof")
            || row.kind == "finding" && row.get("rule").is_some()
    })
}

/// Whether the headings of a replay have said what is in a cell.
pub(super) fn in_heading(kind: &str, name: &str) -> bool {
    matches!((kind, name), ("entry" | "change", "position") | ("change", "projection"))
}

/// What parts rows of one kind into tables: a lot means nothing outside its contract, a replay shows one entry after
/// the other, and what each changed projection by projection.
fn own_table(row: &Row) -> Option<&Cell> {
    match row.kind {
        "lot" => row.get("contract"),
        "entry" => row.get("position"),
        "change" => row.get("projection"),
        _ => None,
    }
}

/// The names of the cells of all rows, in their order, without those that are empty in every row, without the contract
/// where there is only one, and without what the headings of a replay have said.
fn columns(rows: &[Row], one_contract: bool) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = vec![];
    for (row, (name, cell)) in rows.iter().flat_map(|row| row.cells.iter().map(move |cell| (row, cell))) {
        let told = *name == "contract" && one_contract || in_heading(row.kind, name);
        if !told && !names.contains(name) && !words(cell).is_empty() {
            names.push(name);
        }
    }
    names
}

fn heading_of(rows: &[Row]) -> String {
    let kind = rows.first().map_or("", |row| row.kind);
    let of = rows.first().and_then(own_table).map(words).unwrap_or_default();
    match kind {
        "entry" => format!("Entry {of}"),
        "bytes" => "Bytes, as they are stored".to_owned(),
        "proof" => "Proof that they are in the ledger".to_owned(),
        "lot" => format!("Lots of {of} ({})", rows.len()),
        "change" => format!("{} ({})", capital(&of), rows.len()),
        kind => format!("{} ({})", plural(kind), rows.len()),
    }
}

/// What rows of a kind are.
pub(crate) fn plural(kind: &str) -> String {
    match kind {
        "in-force" => "In force, by firm facts".to_owned(),
        "may-be-in-force" => "May be in force: started by firm facts, and not certain on this day".to_owned(),
        "said-to-be-in-force" => {
            "Proposed, planned or inferred to be in force, and not in force by any firm fact".to_owned()
        }
        "not-yet-in-force" => "Not yet in force".to_owned(),
        "not-determined" => "Whether in force is not in the record".to_owned(),
        "ended" => "Ended, or term expired".to_owned(),
        "total" => "All together, a year on the day".to_owned(),
        "total-by-funder" => "By funder".to_owned(),
        "total-by-partner" => "By partner".to_owned(),
        "total-by-lot" => "By lot".to_owned(),
        "total-by-area" => "By area".to_owned(),
        "total-by-contract" => "By contract".to_owned(),
        "total-apart" => "In no total: amounts that cover other contracts too".to_owned(),
        "ending" => "In force by firm facts, and ending or said to end soon".to_owned(),
        "partners" | "partner" => "Partners, from the funder to the delivery network".to_owned(),
        "more-findings" => "And besides".to_owned(),
        "finding" => "Findings: what the record itself shows".to_owned(),
        "rule" => "Rules: what was checked".to_owned(),
        "act" => "Acts".to_owned(),
        "raised" => "Findings that it raised".to_owned(),
        "settled" => "Findings that it settled".to_owned(),
        "stream" => "Streams that it belongs to".to_owned(),
        "struck-event" => "Events of it that were struck since".to_owned(),
        other => {
            let words = capital(&other.replace('-', " "));
            match words.strip_suffix('y') {
                Some(stem) => format!("{stem}ies"),
                None if words.ends_with('s') => words,
                None => words + "s",
            }
        }
    }
}

pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}
