//! The state as Parquet: a row a figure of the register, of what contracts are worth, of their lots and their network, contract by
//! contract, each at the length at which one contract is told. It must only format: no figure is made here.
//!
//! | columns | what they hold |
//! | --- | --- |
//! | `topic`, `contract`, `row`, `column` | which answer, of which contract, the kind of its row and the cell of it |
//! | `title`, `lot`, … | what the row is about, null where it is not about such a thing |
//! | `fact` | the name that `why` takes |
//! | `value`, `knowledge` | the figure in words; known, unknown, withheld, conflicting |
//! | `amount`, `basis`, `number`, `day` | the same as pounds and what for, as a count, as a day that is known as one |
//! | `standing`, `uncertain`, `because` | how firmly it stands, null where nothing is recorded; why it may not hold on the day; why it was inferred |
//! | `effective_…` | from when it holds: the earliest and the latest day, null for an open end |
//! | `computed` | how it was computed, where no source states it |
//! | `sources`, `entries`, `acts`, `beside` | what it rests on, and what stands beside it |

use super::columns::{Column, Of, Rows, Table};
use super::folder::{Draft, FolderError};
use super::matter::{Matter, Matters};
use crate::question::{Answer, Cell, Row, Topic};
use minutebook_events::{ActRef, Basis, ContractId, DateSpan, Day, Standing};
use minutebook_projections::{Figure, Knowing, Other, Val};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::rc::Rc;

/// The file's name.
const NAME: &str = "state.parquet";

const TOPICS: [Topic; 4] = [Topic::Register, Topic::Value, Topic::Lots, Topic::Network];

/// What a row of an answer is about, by the names of its cells.
#[derive(Default)]
struct Names<'a> {
    title: Option<&'a str>,
    lot: Option<&'a str>,
    service: Option<&'a str>,
    part: Option<&'a str>,
    line: Option<&'a str>,
    measure: Option<&'a str>,
    funder: Option<&'a str>,
    year: Option<&'a str>,
    total: Option<&'a str>,
    parts: Option<&'a str>,
    role: Option<&'a str>,
    what: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn of(row: &'a Row) -> Self {
        let mut names = Self::default();
        for (name, cell) in &row.cells {
            let Cell::Text(text) = cell else { continue };
            let place = match *name {
                "title" => &mut names.title,
                "lot" => &mut names.lot,
                "service" => &mut names.service,
                "part" => &mut names.part,
                "line" => &mut names.line,
                "measure" => &mut names.measure,
                "funder" => &mut names.funder,
                "year" => &mut names.year,
                "total" => &mut names.total,
                "parts" => &mut names.parts,
                "role" => &mut names.role,
                "what" => &mut names.what,
                _ => continue,
            };
            *place = Some(text);
        }
        names
    }
}

/// One row of the file: a figure, in the answer about a contract.
struct Told<'a> {
    answer: &'a Answer,
    row: &'a Row,
    names: Rc<Names<'a>>,
    column: &'static str,
    figure: &'a Figure,
    says: Cow<'a, Knowing>,
}

impl<'a> Told<'a> {
    const COLUMNS: &'a [Column<Self>] = &[
        ("topic", Of::Text(|it, to| to.add(&it.answer.question))),
        ("contract", Of::Text(|it, to| to.add(it.answer.contract.as_ref().map_or("", ContractId::as_str)))),
        ("row", Of::Text(|it, to| to.add(it.row.kind))),
        ("title", Of::MaybeText(|it, to| to.add_each(it.names.title))),
        ("lot", Of::MaybeText(|it, to| to.add_each(it.names.lot))),
        ("service", Of::MaybeText(|it, to| to.add_each(it.names.service))),
        ("part", Of::MaybeText(|it, to| to.add_each(it.names.part))),
        ("line", Of::MaybeText(|it, to| to.add_each(it.names.line))),
        ("measure", Of::MaybeText(|it, to| to.add_each(it.names.measure))),
        ("funder", Of::MaybeText(|it, to| to.add_each(it.names.funder))),
        ("year", Of::MaybeText(|it, to| to.add_each(it.names.year))),
        ("total", Of::MaybeText(|it, to| to.add_each(it.names.total))),
        ("parts", Of::MaybeText(|it, to| to.add_each(it.names.parts))),
        ("role", Of::MaybeText(|it, to| to.add_each(it.names.role))),
        ("what", Of::MaybeText(|it, to| to.add_each(it.names.what))),
        ("column", Of::Text(|it, to| to.add(it.column))),
        ("fact", Of::Text(|it, to| to.add(&it.figure.fact))),
        ("value", Of::Text(|it, to| to.add(&it.says.words()))),
        ("knowledge", Of::Text(|it, to| to.add(it.says.word()))),
        ("amount", Of::Decimal(Self::amount)),
        ("basis", Of::MaybeText(|it, to| to.add_each(it.basis().map(Basis::word)))),
        ("number", Of::Decimal(Self::number)),
        ("day", Of::Day(Self::day)),
        ("standing", Of::MaybeText(|it, to| to.add_each(it.figure.standing.map(Standing::word)))),
        ("uncertain", Of::MaybeText(|it, to| to.show_each(&it.figure.uncertain))),
        ("because", Of::MaybeText(|it, to| to.add_each(&it.figure.because))),
        ("effective_earliest", Of::Day(|it| it.figure.effective.map(DateSpan::earliest))),
        ("effective_latest", Of::Day(|it| it.figure.effective.map(DateSpan::latest))),
        ("computed", Of::MaybeText(|it, to| to.show_each(&it.figure.computed))),
        ("sources", Of::Texts(|it, to| to.show_each(it.figure.sources()))),
        ("entries", Of::Positions(|it| it.figure.entries())),
        ("acts", Of::Texts(|it, to| to.add_each(it.figure.acts().into_iter().map(ActRef::as_str)))),
        ("beside", Of::Texts(|it, to| to.add_each(it.figure.others.iter().map(Other::words)))),
    ];
}

/// Begins the file.
pub(super) fn begin(draft: &mut Draft, matters: &Matters<'_>) -> Result<Table, FolderError> {
    Table::begin(draft, NAME, Told::COLUMNS, matters.at())
}

/// The rows of some contracts.
pub(super) fn part(matter: &Matter<'_>) -> Rows {
    let of_contract = |contract| TOPICS.iter().map(move |topic| matter.answer_of(contract, topic));
    let answers: Vec<Rc<Answer>> = matter.contracts.iter().flat_map(of_contract).collect();
    let count = |row: &Row| row.cells.iter().map(|(_, cell)| cell.figures().len()).sum::<usize>();
    // They are many: to move them each time they outgrow their room takes longer than to count them.
    let mut told = Vec::with_capacity(answers.iter().flat_map(|answer| &answer.answer).map(count).sum());
    told.extend(answers.iter().flat_map(|answer| figures(answer)));
    Rows::of(Told::COLUMNS, &told)
}

/// Every figure of an answer.
fn figures(answer: &Answer) -> impl Iterator<Item = Told<'_>> {
    answer.answer.iter().flat_map(move |row| {
        let names = Rc::new(Names::of(row));
        let figures = row.cells.iter().flat_map(|(column, cell)| cell.figures().iter().map(move |it| (*column, it)));
        figures.map(move |(column, figure)| Told {
            answer,
            row,
            names: Rc::clone(&names),
            column,
            figure,
            says: figure.value(),
        })
    })
}

impl Told<'_> {
    fn amount(&self) -> Option<Decimal> {
        match self.says.known()? {
            Val::Money(money, _) => Some(money.pounds()),
            _ => None,
        }
    }

    fn basis(&self) -> Option<Basis> {
        match self.says.known()? {
            Val::Money(_, basis) => *basis,
            _ => None,
        }
    }

    fn number(&self) -> Option<Decimal> {
        match self.says.known()? {
            Val::Count(count) => Some((*count).into()),
            _ => None,
        }
    }

    fn day(&self) -> Option<Day> {
        match self.says.known()? {
            Val::Date(date) => date.exact(),
            _ => None,
        }
    }
}
