//! Tables for a terminal: as wide as it is, with colour only where it is one and the person allows it.

use super::tables::{self, TableOf, in_heading};
use super::visible;
use super::words::{figure_words, words};
use crate::question::{Answer, Cell, Row};
use comfy_table::{Attribute, Cell as TableCell, ColumnConstraint, ContentArrangement, Table, Width, presets};
use std::io::IsTerminal;

/// How wide lines are where nothing says how wide the terminal is.
const WIDTH: u16 = 120;

/// What is narrower shows nothing.
const NARROWEST: u16 = 30;

/// Below this width a table of more than three columns is a column of slivers: rows become blocks.
const NARROW: u16 = 100;

/// How wide a column of names is at the most.
const NAME: u16 = 28;

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
        Self { width: width.max(NARROWEST), known: false, colour: false }
    }

    /// As wide as where nothing says how wide it is.
    pub fn usual() -> Self {
        Self::plain(WIDTH)
    }

    /// How wide it is, in characters.
    pub fn width(self) -> u16 {
        self.width
    }

    pub(super) fn answer(self, answer: &Answer) -> String {
        let mut out = self.heading(&tables::heading(answer)) + "\n";
        if answer.answer.is_empty() {
            out.push_str("\nNothing in the record at these coordinates.\n");
        }
        for table in tables::tables(answer) {
            let title = self.heading(&table.heading);
            let title = if self.colour { format!("\u{1b}[1m{title}\u{1b}[0m") } else { title };
            let narrow = self.width < NARROW && table.columns.len() > 3;
            let body = if narrow || table.is_long { self.stanzas(table.rows) } else { self.table(&table) };
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

    fn table(self, TableOf { columns, rows, .. }: &TableOf<'_>) -> String {
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
        for row in *rows {
            table.add_row(columns.iter().map(|name| row.get(name).map(words).unwrap_or_default()));
        }
        table.discover_columns();
        for (column, name) in table.column_iter_mut().zip(columns) {
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

/// Whether the cells of a column are names, which are not broken over lines.
fn whole(name: &str) -> bool {
    matches!(
        name,
        "contract" | "lot" | "role" | "year" | "weight" | "rule" | "position" | "entry" | "standing" | "act" | "fact"
    )
}
