//! The workbook: what people look at, filter and print, with real dates and numbers. A first sheet says the coordinates and what
//! each standing means; what is not firm is told by its standing, and stands in italics besides. A text is always a text: no cell
//! holds a formula. It must not make a figure: the sums by year are those of the chart alone, and say what is in them.
//!
//! The rows of a sheet go to disk as they are made, and are packed at the end. A sheet ends after so many rows, and says so.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `book` | a workbook on its way to disk: cells, their look, how a sheet prints |
//! | `rows` | the rows of an answer as cells |
//! | `sheets` | which sheets there are, and their columns |

mod book;
mod rows;
mod sheets;

use super::ReportError;
use super::cells::{Plain, meanings};
use super::folder::{Draft, FolderError, Output};
use super::matter::{Matter, Matters};
use super::years::{self, AFTER, Amount, BEFORE, SUMS, Years};
use crate::question::{Answer, Row, Topic};
use book::Book;
use minutebook_events::{DateSpan, Hash};
use rows::{Rows, Told, mark};
use sheets::{Asked, SHEETS, Sheet};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The file's name.
const NAME: &str = "contracts.xlsx";

/// Up to how many contracts decisions and findings are those of the whole ledger, in its order. Of more they are gathered so many
/// contracts at a time, and what is about no contract is left out.
const SMALL: usize = 1_000;

const ABOUT: &str = "About";
const YEARS: &str = "Years together";
const CHARTS: &str = "Charts";

/// How wide its columns are.
const YEARS_WIDE: [u16; 9] = [16, 14, 20, 20, 20, 20, 12, 16, 20];
const YEARS_HOLD: &str = "a row a measure and financial year, over all contracts, drawn on the last sheet: amounts of one measure and the same \
                          standing are added, and nothing else";

const HOW_TO_READ: [[&str; 2]; 5] = [
    [
        "Figures",
        "A figure is three cells: what it says, how firmly it stands, and where it is written, with the entries of the ledger.",
    ],
    [
        "Plans",
        "A plan is not a fact: what is not firm stands in italics. Read the standing before you add anything up; filter by it.",
    ],
    [
        "Gaps",
        "Nothing is left empty: what is not in the record, is withheld, or is told differently by two sources says so in words.",
    ],
    [
        "Amounts",
        "Amounts are as stated or as computed; what an amount is for, how it was rounded and what stands beside it is in the last \
         column. An envelope is not a price: measures are never added to one another.",
    ],
    ["This file", "The same ledger at the same coordinates gives the same file; manifest.json binds it to them."],
];

/// The workbook while it is made.
pub(super) struct Workbook {
    output: Output,
    book: Book,
    years: Years,
    /// What stands there already of what may be about several contracts.
    told: BTreeSet<Hash>,
    coordinates: Vec<[String; 2]>,
    is_small: bool,
    full: Arc<Full>,
}

/// What some contracts come to.
pub(super) struct Part {
    /// By sheet.
    rows: Vec<Vec<OnSheet>>,
    amounts: Vec<Amount>,
}

/// A row of a sheet, with its mark where others may hold it too; without cells where the sheet is full, and only counts it.
type OnSheet = (Option<Hash>, Option<Vec<Told>>);

/// Which sheets take no more rows: what they would hold need not be made.
pub(super) struct Full(Vec<AtomicBool>);

impl Default for Full {
    fn default() -> Self {
        Self(SHEETS.iter().map(|_| AtomicBool::new(false)).collect())
    }
}

fn is_small(matters: &Matters<'_>) -> bool {
    matters.contracts().len() <= SMALL
}

/// What stands on the sheets of some contracts.
pub(super) fn part(matters: &Matters<'_>, matter: &Matter<'_>, full: &Full) -> Part {
    let rows = Rows { all: matter.all(), at: matter.at() };
    let is_small = is_small(matters);
    let on = |(sheet, full): (&Sheet, &AtomicBool)| -> Vec<OnSheet> {
        let is_full = full.load(Ordering::Relaxed);
        let all_of = |answer: &Answer| on_sheet(sheet, answer).map(|row| held(&rows, sheet, row, is_full)).collect();
        let of_each = |contract| -> Vec<OnSheet> { all_of(&matter.answer_of(contract, &sheet.topic)) };
        match sheet.asked {
            Asked::State => matter.states().iter().map(|row| held(&rows, sheet, row, is_full)).collect(),
            Asked::Each => matter.contracts.iter().flat_map(of_each).collect(),
            Asked::All if is_small => vec![],
            Asked::All => all_of(&matter.answer(&sheet.topic)),
        }
    };
    let values = matter.contracts.iter().map(|contract| matter.answer_of(contract, &Topic::Value));
    Part {
        rows: SHEETS.iter().zip(&full.0).map(on).collect(),
        amounts: values.flat_map(|answer| Amount::all(&answer).collect::<Vec<_>>()).collect(),
    }
}

/// The cells of a measure in a financial year.
fn year(row: &years::Row<'_>) -> Vec<Told> {
    let number = |number: u64| Told { says: Plain::Number(number.into()), ..Told::words("") };
    let sum = |(stands, pounds)| Told { says: Plain::Number(pounds), stands: Some(stands), is_money: true };
    let sums = match row.sums {
        Some(sums) => SUMS.map(|(stands, _)| stands).into_iter().zip(sums).map(sum).collect(),
        None => vec![Told::words(years::PAST); SUMS.len()],
    };
    [row.measure, row.year].map(Told::words).into_iter().chain(sums).chain(row.counts.map(number)).collect()
}

fn on_sheet<'a>(sheet: &'a Sheet, answer: &'a Answer) -> impl Iterator<Item = &'a Row> {
    answer.answer.iter().filter(|row| sheet.kinds.contains(&row.kind))
}

fn held(rows: &Rows<'_>, sheet: &Sheet, row: &Row, is_full: bool) -> OnSheet {
    ((sheet.asked == Asked::All).then(|| mark(row)), (!is_full).then(|| rows.cells(sheet, row)))
}

impl Workbook {
    pub(super) fn begin(draft: &mut Draft, matters: &Matters<'_>, full: Arc<Full>) -> Result<Self, FolderError> {
        let output = draft.file(NAME)?;
        let mut book = Book::begin("Contracts", &matters.at().words(), matters.recorded(), draft.path())?;
        book.about(ABOUT, [20, 16, 100]);
        for sheet in &SHEETS {
            book.sheet(sheet.name, &sheet.columns.iter().flat_map(sheets::Column::cells).collect::<Vec<_>>())?;
        }
        let headings = BEFORE.into_iter().chain(SUMS.map(|(_, heading)| heading)).chain(AFTER);
        book.drawn(YEARS, &headings.map(ToOwned::to_owned).zip(YEARS_WIDE).collect::<Vec<_>>());
        let coordinates = coordinates(matters);
        let (years, told) = (Years::default(), BTreeSet::new());
        Ok(Self { output, book, years, told, coordinates, is_small: is_small(matters), full })
    }

    /// Takes what is of the whole ledger, where that is small.
    fn take_whole(&mut self, matters: &Matters<'_>) -> Result<(), ReportError> {
        if !self.is_small {
            return Ok(());
        }
        let rows = Rows { all: matters.all(), at: matters.at() };
        for (place, sheet) in SHEETS.iter().enumerate().filter(|(_, sheet)| sheet.asked == Asked::All) {
            let answer = matters.answer(sheet.topic.clone())?;
            for row in on_sheet(sheet, &answer) {
                self.book.row(place + 1, rows.cells(sheet, row))?;
            }
        }
        Ok(())
    }

    pub(super) fn take(&mut self, part: Part) -> Result<(), FolderError> {
        for (place, rows) in part.rows.into_iter().enumerate() {
            for (mark, cells) in rows {
                if mark.is_none_or(|mark| self.told.insert(mark)) {
                    match cells {
                        Some(cells) => self.book.row(place + 1, cells)?,
                        None => self.book.leave(place + 1),
                    }
                }
            }
            self.full.0[place].store(self.book.is_full(place + 1), Ordering::Relaxed);
        }
        part.amounts.into_iter().for_each(|amount| self.years.add(amount));
        Ok(())
    }

    pub(super) fn end(mut self, matters: &Matters<'_>) -> Result<(), ReportError> {
        self.take_whole(matters)?;
        let place = SHEETS.len() + 1;
        for row in self.years.rows() {
            self.book.row(place, year(&row))?;
        }
        let titled = |(measure, first, last)| (years::title(measure), first, last);
        let charts: Vec<_> = self.years.drawn().into_iter().map(titled).collect();
        self.book.charts(CHARTS, place, &charts);
        self.about()?;
        Ok(self.book.end(self.output)?)
    }

    fn about(&mut self) -> Result<(), FolderError> {
        let Self { book, coordinates, is_small, .. } = self;
        book.heading("Contracts");
        for [name, says] in coordinates {
            book.line([name, "", says])?;
        }
        book.heading("How to read it");
        for [name, says] in HOW_TO_READ {
            book.line([name, "", says])?;
        }
        book.heading("How firmly a figure stands");
        for (word, stands, means) in meanings() {
            book.sample(word, stands, means)?;
        }
        book.heading("Sheets");
        let holds =
            SHEETS.iter().map(|sheet| (sheet.name, sheet.holds, sheet.asked)).chain([(YEARS, YEARS_HOLD, Asked::Each)]);
        for (place, (name, holds, asked)) in holds.enumerate() {
            let whole = match (asked, *is_small) {
                (Asked::All, true) => "; of the whole ledger",
                (Asked::All, false) => "; each once, in the order of contracts. What is about no contract is not there",
                _ => "",
            };
            let (rows, left) = book.rows(place + 1);
            let left =
                if left == 0 { String::new() } else { format!(". {left} more rows are not there: a sheet ends") };
            book.line([name, &format!("{rows} rows"), &format!("{holds}{whole}{left}")])?;
        }
        Ok(())
    }
}

fn coordinates(matters: &Matters<'_>) -> Vec<[String; 2]> {
    let at = matters.at();
    let known = match (at.head.0.checked_sub(1), matters.recorded()) {
        (Some(last), Some(recorded)) => {
            format!("position {last}, recorded {}", recorded.utc().format("%-d %B %Y %H:%M UTC"))
        }
        _ => "nothing is recorded".to_owned(),
    };
    let decided = at.decided_by.map_or_else(|| "whenever decided".to_owned(), |by| DateSpan::day(by).to_string());
    let as_of = DateSpan::day(at.as_of).to_string();
    let contracts = matters.contracts().len().to_string();
    [("As of", as_of), ("As known at", known), ("Decided by", decided), ("Contracts", contracts)]
        .map(|(name, says)| [name.to_owned(), says])
        .to_vec()
}
