//! The rows of an answer as cells of a sheet. It must not know how a cell is written, nor add anything up.

use super::super::cells::{Plain, Stands, last_day, standing};
use super::sheets::{Holds, Sheet};
use crate::question::{Cell, Row};
use crate::report::{tables, visible, words};
use minutebook_events::{ContractId, DateSpan, Hash};
use minutebook_projections::{At, Figure, Projections, Val};

/// What is in no entry.
const NOT_HELD: &str = "not in the record";

/// What there is none of.
const NONE: &str = "none";

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub(super) says: Plain,
    /// How firmly it stands; nothing where it needs no standing.
    pub(super) stands: Option<Stands>,
    pub(super) is_money: bool,
}

impl Told {
    pub(super) fn words(words: impl Into<String>) -> Self {
        Self { says: Plain::Words(words.into()), stands: None, is_money: false }
    }

    fn date(date: Option<DateSpan>, stands: Option<Stands>) -> Self {
        let says = match date.map(|date| (date.exact(), date)) {
            Some((Some(day), _)) => Plain::Day(day),
            Some((None, span)) => Plain::Words(span.to_string()),
            None => Plain::Words(NOT_HELD.to_owned()),
        };
        Self { says, stands, is_money: false }
    }
}

/// What the cells of a row are made of.
pub(super) struct Rows<'a> {
    pub(super) all: &'a Projections,
    pub(super) at: At,
}

impl Rows<'_> {
    /// The cells of a row on a sheet.
    pub(super) fn cells(&self, sheet: &Sheet, row: &Row) -> Vec<Told> {
        let mut cells = Vec::with_capacity(3 * sheet.columns.len());
        sheet.columns.iter().for_each(|column| self.add(sheet, column.holds, row, &mut cells));
        cells
    }

    fn add(&self, sheet: &Sheet, holds: Holds, row: &Row, cells: &mut Vec<Told>) {
        cells.push(match holds {
            Holds::Title => Told::words(held(self.title(row))),
            Holds::Kind => Told::words(kind(row.kind)),
            Holds::Part => Told::words(match text(row, "lot") {
                lot if row.kind == "lot" => format!("lot {lot}"),
                _ => "whole".to_owned(),
            }),
            Holds::Words(name) => self.plain(row, name),
            Holds::Decided => self.decided(row),
            Holds::Figure(name) => return cells.extend(told(figures(row, name), Plain::of)),
            Holds::Term(name) => {
                let day = |term: &Figure| last_day(term).map_or_else(|| Plain::of(term), Plain::Day);
                return cells.extend(told(figures(row, name), day));
            }
            Holds::Measures(name) => {
                let measures: Vec<&str> = figures(row, name).iter().filter_map(measure).collect();
                Told::words(if measures.is_empty() { NOT_HELD.to_owned() } else { visible(&measures.join("; ")) })
            }
            // A planned day is no less planned for standing in a cell of its own.
            Holds::Since(name) => {
                let figure = figures(row, name).first();
                Told::date(figure.and_then(|figure| figure.effective), figure.map(Stands::of))
            }
            Holds::Beside => Told::words(beside(sheet, row)),
        });
    }

    fn title(&self, row: &Row) -> String {
        let contract: Option<ContractId> = text(row, "contract").parse().ok();
        contract.map(|contract| visible(&self.all.title(&contract, self.at))).unwrap_or_default()
    }

    /// Words, or a place in the ledger.
    fn plain(&self, row: &Row, name: &str) -> Told {
        match row.get(name) {
            Some(Cell::Position(position)) => {
                Told { says: Plain::Number(position.0.into()), stands: None, is_money: false }
            }
            Some(cell) => Told::words(some(words::words(cell))),
            None => Told::words(NONE),
        }
    }

    /// The day of an act: the row has it in words.
    fn decided(&self, row: &Row) -> Told {
        let Some(Cell::Position(position)) = row.get("position") else { return Told::date(None, None) };
        Told::date(self.all.entry(*position).map(|recorded| recorded.entry.act.decided), None)
    }
}

/// What tells a row about several contracts from every other, so that it stands once.
pub(super) fn mark(row: &Row) -> Hash {
    let cell = |name| row.get(name).map(words::words).unwrap_or_default();
    let names = ["position", "rule", "contracts", "entries", "finding"];
    let cells = names.map(|name| cell(name).into_bytes());
    Hash::of(cells.iter().flat_map(|cell| [cell.as_slice(), b"\0"]))
}

fn text(row: &Row, name: &str) -> String {
    match row.get(name) {
        Some(Cell::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

fn figures<'a>(row: &'a Row, name: &str) -> &'a [Figure] {
    row.get(name).map(Cell::figures).unwrap_or_default()
}

fn held(words: String) -> String {
    if words.is_empty() { NOT_HELD.to_owned() } else { words }
}

fn some(words: String) -> String {
    if words.is_empty() { NONE.to_owned() } else { words }
}

fn kind(kind: &str) -> String {
    match kind {
        "act" => "yes".to_owned(),
        "perhaps-decided-by-then" => "perhaps".to_owned(),
        "clause" | "milestone" | "content" | "detail" => kind.to_owned(),
        kind => tables::plural(kind),
    }
}

/// The measure of an amount a year.
fn measure(figure: &Figure) -> Option<&str> {
    figure.fact.strip_prefix("a-year/")
}

/// The three cells of a figure. Several are told in words; none is added to another.
fn told(figures: &[Figure], says: impl Fn(&Figure) -> Plain) -> [Told; 3] {
    match figures {
        [] => {
            let stands = Some(Stands::NotKnown);
            [
                Told { stands, ..Told::words(NOT_HELD) },
                Told { stands, ..Told::words("unknown") },
                Told::words("in no entry"),
            ]
        }
        [figure] => {
            let stands = Some(Stands::of(figure));
            let is_money = matches!(figure.value().known(), Some(Val::Money(..)));
            [
                Told { says: says(figure), stands, is_money },
                Told { stands, ..Told::words(standing(figure)) },
                Told::words(written(figure)),
            ]
        }
        several => {
            let each = |of: fn(&Figure) -> String| {
                let each = several.iter().map(|figure| match measure(figure) {
                    Some(measure) => format!("{measure}: {}", of(figure)),
                    None => of(figure),
                });
                visible(&each.collect::<Vec<_>>().join("\n"))
            };
            // It looks as firm as the least firm of those that have a value.
            let known = several.iter().map(Stands::of).filter(|stands| *stands != Stands::NotKnown);
            let stands = Some(known.max().unwrap_or(Stands::NotKnown));
            [
                Told { stands, ..Told::words(each(|figure| figure.value().words())) },
                Told { stands, ..Told::words(each(standing)) },
                Told::words(each(written)),
            ]
        }
    }
}

/// Where a figure is written: its sources, and the entries that hold them.
fn written(figure: &Figure) -> String {
    let entries: Vec<String> = figure.entries().iter().map(ToString::to_string).collect();
    let sources: Vec<String> = figure.sources().iter().map(ToString::to_string).collect();
    match entries.as_slice() {
        [] => "in no entry".to_owned(),
        [entry] => visible(&format!("{}; entry {entry}", sources.join(", "))),
        _ => visible(&format!("{}; entries {}", sources.join(", "), entries.join(", "))),
    }
}

/// What stands beside the figures of a row.
fn beside(sheet: &Sheet, row: &Row) -> String {
    let mut said = vec![];
    for column in sheet.columns {
        for figure in column.holds.figure().map(|name| figures(row, name)).unwrap_or_default() {
            let notes = notes(figure);
            if !notes.is_empty() {
                let heading = column.heading.strip_suffix(" (£)").unwrap_or(column.heading);
                let of = measure(figure).map(|measure| format!(" ({measure})")).unwrap_or_default();
                said.push(format!("{heading}{of}: {}", notes.join("; ")));
            }
        }
    }
    some(visible(&said.join("\n")))
}

fn notes(figure: &Figure) -> Vec<String> {
    let mut notes = vec![];
    // A number does not show what it is for, nor how it was rounded.
    if let Some(Val::Money(..)) = figure.value().known() {
        notes.push(figure.value().words());
    }
    notes.extend(figure.computed.as_ref().map(ToString::to_string).filter(|how| !how.is_empty()));
    notes.extend(figure.because.as_ref().map(|because| format!("inferred since: {because}")));
    notes.extend(figure.uncertain.as_ref().map(|doubt| format!("uncertain: {doubt}")));
    notes.extend(figure.others.iter().map(|other| format!("beside: {}", other.words())));
    notes
}
