//! A paper for a committee: the state, and what changed since a day, as one printable file that needs nothing beside it. It shows
//! answers as tables and pictures, and must not word a figure.

use super::ReportError;
use super::cells::{Plain, Stands, meanings};
use super::folder::{Draft, FolderError, Output};
use super::matter::Matters;
use super::years::{self, AFTER, Amount, BEFORE, SUMS, Years};
use crate::question::{Answer, QuestionError, Topic};
use crate::report::draw::{Drawn, OfYear, Picture, pictures, stacked};
use crate::report::tables::{self, TableOf, capital};
use crate::report::words::words;
use askama::Template;
use minutebook_events::{ContractId, DateSpan, Day, Hash};
use minutebook_projections::By;
use rust_decimal::Decimal;

/// The file's name.
const NAME: &str = "paper.html";

/// Of how many contracts in force each has its own pictures and tables, and of how many contracts the state is shown at all: past
/// that nobody reads a paper.
const ALONE: usize = 20;
const MOST: usize = 200;

/// The most rows of a table: the register and the workbook have all.
const ROWS: usize = 500;

struct Section {
    title: String,
    heading: String,
    note: Option<String>,
    pictures: Vec<Picture>,
    tables: Vec<Table>,
}

/// A table: of each cell its lines.
struct Table {
    heading: String,
    columns: Vec<String>,
    rows: Vec<Vec<Vec<String>>>,
}

#[derive(Template)]
#[template(path = "paper.html")]
struct Paper {
    title: String,
    words: String,
    style: &'static str,
    /// Each word for how firmly a figure stands, and what it means.
    meanings: Vec<(&'static str, &'static str)>,
    sections: Vec<Section>,
    foot: String,
}

impl Section {
    fn of(title: impl Into<String>, answer: &Answer) -> Self {
        let mut left_out = 0;
        let tables = tables::tables(answer).map(|table| Table::of(&table, &mut left_out)).collect();
        let note = match answer.answer.is_empty() {
            true => Some("Nothing in the record at these coordinates.".to_owned()),
            false => (left_out > 0).then(|| format!("{left_out} more rows are not shown here.")),
        };
        Self { title: title.into(), heading: tables::heading(answer), note, pictures: pictures(answer), tables }
    }

    fn with_note(self, note: &str) -> Self {
        Self { note: Some(note.to_owned()), ..self }
    }
}

impl Table {
    fn of(TableOf { heading, columns, rows, .. }: &TableOf<'_>, left_out: &mut usize) -> Self {
        let shown = &rows[..rows.len().min(ROWS)];
        *left_out += rows.len() - shown.len();
        let cell = |cell: Option<&crate::question::Cell>| -> Vec<String> {
            cell.map(words).unwrap_or_default().lines().map(|line| line.trim().to_owned()).collect()
        };
        let row = |row: &crate::question::Row| columns.iter().map(|name| cell(row.get(name))).collect();
        Self {
            heading: heading.clone(),
            columns: columns.iter().map(|name| capital(&name.replace('-', " "))).collect(),
            rows: shown.iter().map(row).collect(),
        }
    }
}

/// Begins the file.
pub(super) fn begin(draft: &mut Draft) -> Result<Output, FolderError> {
    draft.file(NAME)
}

/// Writes the paper; `since` is the day from which on changes are told.
pub(super) fn write(
    mut file: Output,
    matters: &Matters<'_>,
    since: Option<Day>,
    root: &Hash,
) -> Result<(), ReportError> {
    let at = matters.at();
    let sections = sections(matters, since)?;
    let paper = Paper {
        title: format!("Contracts as of {}", DateSpan::day(at.as_of)),
        words: capital(&at.words()),
        style: include_str!("../templates/style.css"),
        meanings: meanings().map(|(word, _, meaning)| (word, meaning)).collect(),
        sections,
        foot: format!("Made of {} entries of the ledger, whose Merkle root is {root}.", at.head),
    };
    let html = paper.render().expect("a template that is compiled writes texts and numbers");
    file.write(html.as_bytes())?;
    Ok(file.end()?)
}

fn sections(matters: &Matters<'_>, since: Option<Day>) -> Result<Vec<Section>, QuestionError> {
    let totals = matters.answer(Topic::Totals { by: By::Funder, ends_within: None })?;
    let totals = Section::of("What contracts are worth a year", &totals);
    let count = matters.contracts().len();
    if count > MOST {
        let note =
            format!("There are {count} contracts, which no paper holds: the register and the workbook have each.");
        return Ok(vec![totals.with_note(&note)]);
    }
    let state = matters.answer(Topic::State)?;
    let mut sections = vec![Section::of("State", &state)];
    if let Some(since) = since {
        let title = format!("What changed since {}", DateSpan::day(since));
        sections.push(Section::of(title, &matters.changed_since(since)?));
    }
    sections.push(totals);
    sections.extend(by_year(matters, &state)?);
    let in_force = in_force(&state);
    for contract in in_force.iter().take(ALONE) {
        for (what, topic) in [
            ("term, options and clauses", Topic::Register),
            ("value", Topic::Value),
            ("lots and services", Topic::Lots),
            ("network", Topic::Network),
        ] {
            let answer = matters.answer_of(contract, topic)?;
            if !answer.answer.is_empty() {
                sections.push(Section::of(format!("{contract}: {what}"), &answer));
            }
        }
    }
    sections.push(Section::of("Decisions", &matters.answer(Topic::Decisions)?));
    sections.push(Section::of("Findings", &matters.answer(Topic::Findings)?));
    Ok(sections)
}

/// What all contracts are worth by financial year, drawn by how firmly it stands; nothing where no year has an amount.
fn by_year(matters: &Matters<'_>, state: &Answer) -> Result<Option<Section>, QuestionError> {
    let mut years = Years::default();
    for contract in matters.contracts() {
        Amount::all(&matters.answer_of(contract, Topic::Value)?).for_each(|amount| years.add(amount));
    }
    let rows: Vec<years::Row<'_>> = years.rows().collect();
    let picture = |(measure, first, last): (_, usize, usize)| {
        stacked(years::title(measure), &rows[first..=last].iter().map(of_year).collect::<Vec<_>>())
    };
    let pictures: Vec<Picture> = years.drawn().into_iter().map(picture).collect();
    let text = |text: &str| vec![text.to_owned()];
    let number = |number| text(&Plain::Number(number).text());
    let row = |row: &years::Row<'_>| {
        let sums = row.sums.map_or_else(|| vec![text(years::PAST); SUMS.len()], |sums| sums.map(number).to_vec());
        let counts = row.counts.map(|count| number(count.into()));
        [row.measure, row.year].map(text).into_iter().chain(sums).chain(counts).collect()
    };
    let table = Table {
        heading: "Amounts of one measure and the same standing, added by financial year".to_owned(),
        columns: BEFORE
            .into_iter()
            .chain(SUMS.map(|(_, heading)| heading))
            .chain(AFTER)
            .map(ToOwned::to_owned)
            .collect(),
        rows: rows.iter().map(row).collect(),
    };
    let section = Section {
        title: "What contracts are worth by financial year".to_owned(),
        heading: capital(&state.words),
        note: None,
        pictures,
        tables: vec![table],
    };
    Ok((!rows.is_empty()).then_some(section))
}

/// What is drawn of a year.
fn of_year<'y>(row: &years::Row<'y>) -> OfYear<'y> {
    let drawn = |sums: [Decimal; 4]| SUMS.into_iter().zip(sums).map(|((stands, _), pounds)| drawn(stands, pounds));
    OfYear { year: row.year, sums: row.sums.map(|sums| drawn(sums).collect()), without: row.counts[1] }
}

/// How a sum is drawn, and the word for how firmly it stands.
fn drawn(stands: Stands, pounds: Decimal) -> (&'static str, &'static str, Decimal) {
    match stands {
        Stands::Firm => ("firm", "firm", pounds),
        Stands::Tentative => ("tentative", "proposed, endorsed or planned", pounds),
        Stands::Ours => ("ours", "inferred", pounds),
        Stands::Uncertain => ("uncertain", "that may not hold", pounds),
        Stands::NotKnown => ("unknown", "not known", pounds),
    }
}

/// The contracts that are in force, or may be, or are said to be.
fn in_force(state: &Answer) -> Vec<ContractId> {
    let kinds = ["in-force", "may-be-in-force", "said-to-be-in-force"];
    let rows = state.answer.iter().filter(|row| kinds.contains(&row.kind));
    rows.filter_map(|row| match row.get("contract") {
        Some(crate::question::Cell::Text(contract)) => contract.parse().ok(),
        _ => None,
    })
    .collect()
}
