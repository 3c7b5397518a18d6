//! Tables for a terminal: as wide as it is, with colour only where it is one and the person allows it.

use crate::question::{Answer, Cell, Row};
use comfy_table::{Attribute, Cell as TableCell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use minutebook_projections::{Figure, How, Knowing, Other, Says, Why};
use std::io::IsTerminal;

/// How wide lines are where nothing says how wide the terminal is.
const WIDTH: u16 = 120;

/// Below this width a table of more than three columns is a column of slivers: rows become blocks.
const NARROW: u16 = 100;

/// How wide a column of names is at the most.
const NAME: u16 = 28;

/// How many facts are shown beside a figure in a table; `why` shows all.
const BESIDE: usize = 1;

/// What the person looks through.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    width: u16,
    colour: bool,
}

impl Terminal {
    /// Standard output as it is: its width, or what COLUMNS says, and colour where it is a terminal and NO_COLOR is not
    /// set.
    pub fn of_stdout() -> Self {
        let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let own = || terminal_size::terminal_size().map(|(width, _)| width.0);
        let width = said.or_else(own).unwrap_or(WIDTH).max(60);
        let colour =
            std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { width, colour }
    }

    /// A fixed width, without colour.
    pub fn plain(width: u16) -> Self {
        Self { width, colour: false }
    }

    pub(super) fn answer(self, answer: &Answer) -> String {
        let of = answer.contract.as_ref().map(|contract| format!(" of {contract}")).unwrap_or_default();
        let mut out = format!("{}{of} {}\n", capital(&answer.question), answer.words);
        if answer.answer.is_empty() {
            out.push_str("\nNothing in the record at these coordinates.\n");
        }
        for rows in answer.answer.chunk_by(|a, b| a.kind == b.kind && (a.kind != "lot" || same_contract(a, b))) {
            // A lot means nothing outside its contract: its table is the contract's own.
            let of = rows.first().filter(|row| row.kind == "lot").and_then(|row| row.get("contract"));
            let heading = of.map(|contract| format!("Lots of {}", words(contract)));
            let one_contract = answer.contract.is_some() || heading.is_some();
            let title = heading.unwrap_or_else(|| heading_of(rows));
            let title = format!("{title} ({})", rows.len());
            let title = if self.colour { format!("\u{1b}[1m{title}\u{1b}[0m") } else { title };
            let narrow = self.width < NARROW && columns(rows, one_contract).len() > 3;
            let body = if narrow || is_long(rows) { self.stanzas(rows) } else { self.table(rows, one_contract) };
            out.push_str(&format!("\n{title}\n{body}\n"));
        }
        if out.contains(" more beside: why ") {
            out.push_str("\nAll that stands beside a figure: minutebook why CONTRACT FACT, with the same options.\n");
        }
        out
    }

    fn table(self, rows: &[Row], one_contract: bool) -> String {
        let columns = columns(rows, one_contract);
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width);
        table.force_no_tty();
        if self.colour {
            table.enforce_styling();
        }
        table.set_header(columns.iter().map(|name| {
            let cell = TableCell::new(name.replace('-', " "));
            if self.colour { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
        for row in rows {
            table.add_row(columns.iter().map(|name| row.get(name).map(words).unwrap_or_default()));
        }
        table.discover_columns();
        for (column, name) in table.column_iter_mut().zip(&columns) {
            column.set_padding((0, 1));
            if whole(name) {
                let widest = rows.iter().filter_map(|row| row.get(name)).map(|cell| words(cell).chars().count()).max();
                let width = widest.unwrap_or(0).max(name.len());
                let width = u16::try_from(width + 1).unwrap_or(NAME).min(NAME);
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            }
        }
        table.to_string()
    }

    /// A block a row, a line a cell: for rows with more words than a table has room for.
    fn stanzas(self, rows: &[Row]) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(self.width);
        table.force_no_tty();
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                table.add_row(["", ""]);
            }
            for (name, cell) in row.cells.iter().filter(|(_, cell)| !words(cell).is_empty()) {
                let said = match cell {
                    // Whoever asks why is told all of it.
                    Cell::Figure(figure) if row.kind == "figure" => figure_words(figure, true),
                    cell => words(cell),
                };
                table.add_row([name.replace('-', " "), said]);
            }
        }
        table.to_string()
    }
}

/// Whether rows have more words than a table has room for.
fn is_long(rows: &[Row]) -> bool {
    rows.iter().any(|row| matches!(row.kind, "fact" | "figure") || row.kind == "finding" && row.get("rule").is_some())
}

fn same_contract(a: &Row, b: &Row) -> bool {
    a.get("contract") == b.get("contract")
}

/// Whether the cells of a column are names, which are not broken over lines.
fn whole(name: &str) -> bool {
    matches!(
        name,
        "contract" | "lot" | "role" | "year" | "weight" | "rule" | "position" | "entry" | "standing" | "act" | "fact"
    )
}

/// The names of the cells of all rows, in their order, without those that are empty in every row, and without the
/// contract where there is only one.
fn columns(rows: &[Row], one_contract: bool) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = vec![];
    for (name, cell) in rows.iter().flat_map(|row| &row.cells) {
        let told = *name == "contract" && one_contract;
        if !told && !names.contains(name) && !words(cell).is_empty() {
            names.push(name);
        }
    }
    names
}

fn heading_of(rows: &[Row]) -> String {
    match rows.first().map_or("", |row| row.kind) {
        "in-force" => "In force, by firm facts".to_owned(),
        "may-be-in-force" => "May be in force: started by firm facts, and not certain on this day".to_owned(),
        "said-to-be-in-force" => {
            "Proposed, planned or inferred to be in force, and not in force by any firm fact".to_owned()
        }
        "not-yet-in-force" => "Not yet in force".to_owned(),
        "not-determined" => "Whether in force is not in the record".to_owned(),
        "ended" => "Ended, or term expired".to_owned(),
        "lot" => "Lots".to_owned(),
        "partners" | "partner" => "Partners, from the funder to the delivery network".to_owned(),
        "more-findings" => "And besides".to_owned(),
        "finding" => "Findings: what the record itself shows".to_owned(),
        "rule" => "Rules: what was checked".to_owned(),
        "act" => "Acts".to_owned(),
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

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// A cell in words. No entry may hold a control character; a ledger written by another program might, and the terminal
/// must not obey it.
fn words(cell: &Cell) -> String {
    let mut words = raw_words(cell);
    words.retain(|c| c == '\n' || !c.is_control());
    words
}

fn raw_words(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Figure(figure) => figure_words(figure, false),
        Cell::Figures(figures) if figures.is_empty() => "not in the record".to_owned(),
        Cell::Figures(figures) => figures.iter().map(labelled).collect::<Vec<_>>().join("\n"),
        Cell::List(items) => items.join(", "),
        Cell::Position(position) => position.to_string(),
        Cell::Positions(positions) => positions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Cell::Flag(Some(true)) => "yes".to_owned(),
        Cell::Flag(Some(false)) => "no".to_owned(),
        Cell::Flag(None) => "not stated".to_owned(),
    }
}

/// Among several figures a sum says of what it is: an envelope is not a price.
fn labelled(figure: &Figure) -> String {
    let label = figure.fact.strip_prefix("a-year/").map(|measure| format!("{measure}: ")).unwrap_or_default();
    format!("{label}{}", figure_words(figure, false))
}

/// The figure, where it comes from, and the nearest of what stands beside it.
fn figure_words(figure: &Figure, all: bool) -> String {
    if let Some(how @ How::AsTheWhole) = &figure.computed {
        return how.to_string();
    }
    if matches!(&figure.says, Says::Ours(Knowing::Unknown(Why::Nothing))) {
        return "nothing".to_owned();
    }
    let mut out = figure.words();
    let sources: Vec<String> = figure.sources().iter().map(ToString::to_string).collect();
    match sources.as_slice() {
        [] => {}
        [first, second, rest @ ..] if rest.len() > 1 => {
            out.push_str(&format!(" [{first}, {second} and {} more]", rest.len()));
        }
        few => out.push_str(&format!(" [{}]", few.join(", "))),
    }
    let uncertain = figure.uncertain.as_ref().map(ToString::to_string);
    if let Some(uncertain) = &uncertain {
        out.push_str(&format!("\n  uncertain: {uncertain}"));
    }
    let shown = if all { usize::MAX } else { BESIDE };
    // What makes a figure uncertain has been said already.
    let said = |other: &&Other| uncertain.as_ref().is_some_and(|why| why.ends_with(&other.words()));
    let others: Vec<&Other> = figure.others.iter().filter(|other| !said(other)).collect();
    for other in others.iter().take(shown) {
        out.push_str(&format!("\n  beside: {}", other.words()));
    }
    if others.len() > shown {
        out.push_str(&format!("\n  and {} more beside: why {}", others.len() - shown, figure.fact));
    }
    out
}
