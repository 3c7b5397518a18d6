//! Tables for a terminal: as wide as it is, with colour only where it is one and the person allows it.

use super::visible;
use crate::question::{Answer, Cell, Row};
use comfy_table::{Attribute, Cell as TableCell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use minutebook_projections::{Figure, How, Knowing, Other, Says, Why};
use std::io::IsTerminal;

/// How wide lines are where nothing says how wide the terminal is.
const WIDTH: u16 = 120;

/// What is narrower shows nothing.
const NARROWEST: u16 = 30;

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
    /// Whether somebody or something said how wide it is: then headings keep to it too.
    known: bool,
    colour: bool,
}

impl Terminal {
    /// Standard output as it is: its width, or what COLUMNS says, and colour where it is a terminal and NO_COLOR is not
    /// set.
    pub fn of_stdout() -> Self {
        let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let own = || terminal_size::terminal_size().map(|(width, _)| width.0);
        let known = said.or_else(own);
        let width = known.unwrap_or(WIDTH).max(NARROWEST);
        let colour =
            std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { width, known: known.is_some(), colour }
    }

    /// A fixed width, without colour.
    pub fn plain(width: u16) -> Self {
        Self { width, known: false, colour: false }
    }

    pub(super) fn answer(self, answer: &Answer) -> String {
        let of = answer.contract.as_ref().map(|contract| format!(" of {contract}")).unwrap_or_default();
        let heading = format!("{}{of} {}", capital(&answer.question), answer.words);
        let mut out = self.heading(&heading) + "\n";
        if answer.answer.is_empty() {
            out.push_str("\nNothing in the record at these coordinates.\n");
        }
        for rows in answer.answer.chunk_by(|a, b| a.kind == b.kind && own_table(a) == own_table(b)) {
            let one_contract = answer.contract.is_some() || rows.iter().any(|row| row.kind == "lot");
            let title = self.heading(&heading_of(rows));
            let title = if self.colour { format!("\u{1b}[1m{title}\u{1b}[0m") } else { title };
            let narrow = self.width < NARROW && columns(rows, one_contract).len() > 3;
            let body = if narrow || is_long(rows) { self.stanzas(rows) } else { self.table(rows, one_contract) };
            out.push_str(&format!("\n{title}\n{body}\n"));
        }
        if out.contains(" more beside: why ") {
            let all = "All that stands beside a figure: minutebook why CONTRACT FACT, with the same options.";
            out.push_str(&format!("\n{}\n", self.heading(all)));
        }
        out
    }

    /// A line of words, over several where it is wider than what the person looks through.
    fn heading(self, text: &str) -> String {
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let line = lines.last_mut().expect("there is always a line");
            let fits = line.chars().count() + 1 + word.chars().count() <= usize::from(self.width);
            match line.is_empty() {
                true => line.push_str(word),
                false if fits || !self.known => line.push_str(&format!(" {word}")),
                false => lines.push(word.to_owned()),
            }
        }
        lines.join("\n")
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
            if whole(name) && self.width >= 2 * NAME {
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
            let shown = |name: &str, cell: &Cell| !words(cell).is_empty() && !in_heading(row.kind, name);
            for (name, cell) in row.cells.iter().filter(|(name, cell)| shown(name, cell)) {
                let said = match cell {
                    // Whoever asks why is told all of it.
                    Cell::Figure(figure) if row.kind == "figure" => visible(&figure_words(figure, true)),
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
    rows.iter().any(|row| {
        matches!(row.kind, "fact" | "figure" | "entry" | "bytes" | "proof")
            || row.kind == "finding" && row.get("rule").is_some()
    })
}

/// Whether the headings of a replay have said what is in a cell.
fn in_heading(kind: &str, name: &str) -> bool {
    matches!((kind, name), ("entry" | "change", "position") | ("change", "projection"))
}

/// What parts rows of one kind into tables: a lot means nothing outside its contract, a replay shows one entry after the
/// other, and what each changed projection by projection.
fn own_table(row: &Row) -> Option<&Cell> {
    match row.kind {
        "lot" => row.get("contract"),
        "entry" => row.get("position"),
        "change" => row.get("projection"),
        _ => None,
    }
}

/// Whether the cells of a column are names, which are not broken over lines.
fn whole(name: &str) -> bool {
    matches!(
        name,
        "contract" | "lot" | "role" | "year" | "weight" | "rule" | "position" | "entry" | "standing" | "act" | "fact"
    )
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

fn plural(kind: &str) -> String {
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

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// A cell in words.
fn words(cell: &Cell) -> String {
    visible(&raw_words(cell))
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
        Cell::Rows(rows) => rows.iter().map(fact_words).collect::<Vec<_>>().join("\n"),
    }
}

/// A fact in the row of a change: what it is to the day, and what it says where the row does not tell that already.
fn fact_words(row: &Row) -> String {
    let cell = |name| row.get(name).map(words).unwrap_or_default();
    let counts = row.get("counts-as").or(row.get("counted-as")).map(words).unwrap_or_default();
    let mut out = format!("{}: {counts}", cell("entry"));
    if row.kind != "shown" {
        out += &format!(": {} ({}), {}", cell("says"), cell("standing"), cell("effective"));
    }
    if let Some(Cell::List(sources)) = row.get("sources") {
        out += &source_words(sources);
    }
    for (name, label) in [("doubt", "doubt".to_owned()), ("reason", format!("struck by {}", cell("struck-by")))] {
        if row.get(name).is_some() {
            out += &format!("; {label}: {}", cell(name));
        }
    }
    out
}

/// Where something is written: the first places, and how many more.
fn source_words(sources: &[String]) -> String {
    match sources {
        [] => String::new(),
        [first, second, rest @ ..] if rest.len() > 1 => format!(" [{first}, {second} and {} more]", rest.len()),
        few => format!(" [{}]", few.join(", ")),
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
    if let Some(how) = figure.computed.as_ref().filter(|how| how.counts().is_some()) {
        out.push_str(&format!("\n  {how}"));
    }
    out += &source_words(&figure.sources().iter().map(ToString::to_string).collect::<Vec<_>>());
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
