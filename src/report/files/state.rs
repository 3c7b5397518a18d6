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
use minutebook_events::{Basis, ContractId, DateSpan, Day};
use minutebook_projections::{Figure, Knowing, Other, Val};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::rc::Rc;

/// The file's name.
const NAME: &str = "state.parquet";

const TOPICS: [Topic; 4] = [Topic::Register, Topic::Value, Topic::Lots, Topic::Network];

/// One row of the file: a figure, by its place in an answer about one contract.
struct Told {
    answer: Rc<Answer>,
    row: usize,
    cell: usize,
    figure: usize,
    says: Knowing,
}

const COLUMNS: &[Column<Told>] = &[
    ("topic", Of::Text(|it| it.answer.question.as_str().into())),
    ("contract", Of::Text(|it| it.contract().into())),
    ("row", Of::Text(|it| it.row().kind.into())),
    ("title", Of::MaybeText(|it| it.named("title"))),
    ("lot", Of::MaybeText(|it| it.named("lot"))),
    ("service", Of::MaybeText(|it| it.named("service"))),
    ("part", Of::MaybeText(|it| it.named("part"))),
    ("line", Of::MaybeText(|it| it.named("line"))),
    ("measure", Of::MaybeText(|it| it.named("measure"))),
    ("funder", Of::MaybeText(|it| it.named("funder"))),
    ("year", Of::MaybeText(|it| it.named("year"))),
    ("total", Of::MaybeText(|it| it.named("total"))),
    ("parts", Of::MaybeText(|it| it.named("parts"))),
    ("role", Of::MaybeText(|it| it.named("role"))),
    ("what", Of::MaybeText(|it| it.named("what"))),
    ("column", Of::Text(|it| it.cell().0.into())),
    ("fact", Of::Text(|it| it.figure().fact.as_str().into())),
    ("value", Of::Text(|it| it.says.words().into())),
    ("knowledge", Of::Text(|it| it.says.word().into())),
    ("amount", Of::Decimal(Told::amount)),
    ("basis", Of::MaybeText(|it| it.basis().map(|basis| basis.word().into()))),
    ("number", Of::Decimal(Told::number)),
    ("day", Of::Day(Told::day)),
    ("standing", Of::MaybeText(|it| it.figure().standing.map(|standing| standing.word().into()))),
    ("uncertain", Of::MaybeText(|it| it.figure().uncertain.as_ref().map(|doubt| doubt.to_string().into()))),
    ("because", Of::MaybeText(|it| it.figure().because.as_deref().map(Cow::Borrowed))),
    ("effective_earliest", Of::Day(|it| it.figure().effective.map(DateSpan::earliest))),
    ("effective_latest", Of::Day(|it| it.figure().effective.map(DateSpan::latest))),
    ("computed", Of::MaybeText(|it| it.figure().computed.as_ref().map(|how| how.to_string().into()))),
    ("sources", Of::Texts(|it| it.figure().sources().into_iter().map(ToString::to_string).collect())),
    ("entries", Of::Positions(|it| it.figure().entries())),
    ("acts", Of::Texts(|it| it.figure().acts().into_iter().map(ToString::to_string).collect())),
    ("beside", Of::Texts(|it| it.figure().others.iter().map(Other::words).collect())),
];

/// Begins the file.
pub(super) fn begin(draft: &mut Draft, matters: &Matters<'_>) -> Result<Table, FolderError> {
    Table::begin(draft, NAME, COLUMNS, matters.at())
}

/// The rows of some contracts.
pub(super) fn part(matter: &Matter<'_>) -> Rows {
    let mut told = vec![];
    for contract in matter.contracts {
        TOPICS.iter().for_each(|topic| told.extend(figures(&matter.answer_of(contract, topic))));
    }
    Rows::of(COLUMNS, &told)
}

/// Every figure of an answer.
fn figures(answer: &Rc<Answer>) -> impl Iterator<Item = Told> {
    let cells = answer.answer.iter().enumerate().flat_map(|(place, row)| {
        let cells = row.cells.iter().enumerate();
        cells.map(move |(cell, (_, held))| (place, cell, held.figures()))
    });
    cells.flat_map(move |(row, cell, figures)| {
        let told = move |(figure, held): (usize, &Figure)| Told {
            answer: Rc::clone(answer),
            row,
            cell,
            figure,
            says: held.value().into_owned(),
        };
        figures.iter().enumerate().map(told)
    })
}

impl Told {
    fn contract(&self) -> &str {
        self.answer.contract.as_ref().map_or("", ContractId::as_str)
    }

    fn row(&self) -> &Row {
        &self.answer.answer[self.row]
    }

    fn cell(&self) -> &(&'static str, Cell) {
        &self.row().cells[self.cell]
    }

    fn figure(&self) -> &Figure {
        &self.cell().1.figures()[self.figure]
    }

    /// What the row is about, by a name.
    fn named(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.row().get(name)? {
            Cell::Text(text) => Some(text.into()),
            _ => None,
        }
    }

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
