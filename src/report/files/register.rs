//! The contracts register as CSV, a row a contract, with what the Local Government Transparency Code 2015 asks for of a contract
//! (paragraphs 31 and 32, and ecosystem.md), and how firmly each figure stands. RFC 4180, UTF-8. What the record does not hold is
//! said in words, as what is withheld is: never an empty cell, never the content.

use super::cells::{Plain, defused, last_day, standing};
use super::folder::{Draft, FolderError, Output};
use super::matter::Matter;
use crate::question::{Cell, Row, Topic};
use crate::report::visible;
use minutebook_events::{ContractId, Measure};
use minutebook_projections::Figure;

/// The file's name.
const NAME: &str = "register.csv";

/// The mark by which some programs know that a file is UTF-8.
const MARK: &str = "\u{feff}";

const COLUMNS: [&str; 27] = [
    "Reference",
    "Title",
    "Department",
    "Description",
    "Supplier",
    "Sum over the first term (£)",
    "Sum over the first term: standing",
    "Sum with options (£)",
    "Sum with options: standing",
    "Value a year (£)",
    "Value a year: standing",
    "Irrecoverable VAT (£)",
    "Start",
    "Start: standing",
    "End",
    "End: standing",
    "Latest end",
    "Latest end: standing",
    "Review",
    "Quotation or tender",
    "SME",
    "VCSE",
    "Registration number",
    "Status",
    "Status: standing",
    "Sources",
    "Entries",
];

/// What the record has no event for.
const NOT_HELD: &str = "not in the record";

/// The file while it is written.
pub(super) struct Register(Output);

impl Register {
    pub(super) fn begin(draft: &mut Draft, with_mark: bool) -> Result<Self, FolderError> {
        let mut file = draft.file(NAME)?;
        if with_mark {
            file.write(MARK.as_bytes())?;
        }
        file.write(&lines([COLUMNS.map(ToOwned::to_owned).to_vec()]))?;
        Ok(Self(file))
    }

    pub(super) fn take(&mut self, rows: &[u8]) -> Result<(), FolderError> {
        self.0.write(rows)
    }

    pub(super) fn end(self) -> Result<(), FolderError> {
        self.0.end()
    }
}

/// The rows of some contracts.
pub(super) fn part(matter: &Matter<'_>) -> Vec<u8> {
    lines(matter.contracts.iter().map(|contract| {
        let made =
            [Topic::Register, Topic::Value, Topic::Lots, Topic::Network].map(|topic| matter.brief_of(contract, &topic));
        let [register, value, lots, network] = made.each_ref().map(|answer| answer.answer.as_slice());
        Answers { register, value, lots, network }.row(contract)
    }))
}

fn lines(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut to = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    for row in rows {
        to.write_record(&row).expect("every row has the same number of cells, and memory takes them");
    }
    to.into_inner().expect("memory takes what is written to it")
}

/// The rows of the answers about a contract.
struct Answers<'a> {
    register: &'a [Row],
    value: &'a [Row],
    lots: &'a [Row],
    network: &'a [Row],
}

/// The rows of a kind.
fn rows<'a>(answer: &'a [Row], kind: &'static str) -> impl Iterator<Item = &'a Row> {
    answer.iter().filter(move |row| row.kind == kind)
}

fn text(row: &Row, name: &str) -> String {
    match row.get(name) {
        Some(Cell::Text(text)) => visible(text),
        _ => String::new(),
    }
}

fn figure<'a>(row: &'a Row, name: &str) -> Option<&'a Figure> {
    row.get(name)?.figures().first()
}

/// The cells of a figure: what it says, and how firmly that stands.
fn told(figure: Option<&Figure>) -> [String; 2] {
    match figure {
        Some(figure) => [defused_words(Plain::of(figure)), standing(figure)],
        None => [NOT_HELD, "unknown"].map(ToOwned::to_owned),
    }
}

/// The last day that a term sets, where one does, and how firmly.
fn end(term: Option<&Figure>) -> [String; 2] {
    let [words, standing] = told(term);
    [term.and_then(last_day).map_or(words, |day| day.to_string()), standing]
}

/// A number is no formula, whatever its sign.
fn defused_words(plain: Plain) -> String {
    if matches!(plain, Plain::Words(_)) { defused(&plain.text()) } else { plain.text() }
}

impl<'a> Answers<'a> {
    fn row(&self, contract: &ContractId) -> Vec<String> {
        let none = Row::new("contract");
        let of = rows(self.register, "contract").next().unwrap_or(&none);
        // A saving is no value, and what is set aside is no price: a number alone is the value, anything else says what it is.
        let worth: Vec<&str> = Measure::EACH.into_iter().filter(|it| it.is_worth()).map(Measure::word).collect();
        let is_worth = |row: &&Row| worth.iter().any(|word| text(row, "measure").starts_with(word));
        let values: Vec<&Row> = rows(self.value, "value").filter(is_worth).collect();
        let value = |name| match values.as_slice() {
            [] => told(None),
            [one] if text(one, "measure") == Measure::Value.word() => told(figure(one, name)),
            several => {
                let each = several.iter().filter_map(|row| {
                    figure(row, name).map(|figure| (text(row, "measure"), figure.words(), standing(figure)))
                });
                let (words, standings): (Vec<String>, Vec<String>) =
                    each.map(|(measure, words, standing)| (format!("{measure}: {words}"), standing)).unzip();
                [defused(&words.join("; ")), standings.join("; ")]
            }
        };
        let status = figure(of, "status");
        let started = status.and_then(|status| status.effective.map(|start| (status, start)));
        let started = started.map(|(status, start)| {
            // Whether it still holds on the day is no doubt of when it began.
            let standing = status.standing.map_or_else(|| standing(status), |standing| standing.word().to_owned());
            [start.exact().map_or_else(|| start.to_string(), |day| day.to_string()), standing]
        });
        let figures = self.all_about(&values);
        let written = figures.iter().filter_map(|(column, figures)| {
            let mut sources: Vec<String> =
                figures.iter().flat_map(|figure| figure.sources()).map(ToString::to_string).collect();
            sources.sort_unstable();
            sources.dedup();
            (!sources.is_empty()).then(|| format!("{column}: {}", sources.join(", ")))
        });
        let sources = written.collect::<Vec<_>>().join("; ");
        let figures = || figures.iter().flat_map(|(_, figures)| figures);
        let mut entries: Vec<u64> = figures().flat_map(|figure| figure.entries()).map(|entry| entry.0).collect();
        entries.sort_unstable();
        entries.dedup();
        let held = |words: String| if words.is_empty() { NOT_HELD.to_owned() } else { defused(&words) };
        let not_held = || vec![NOT_HELD.to_owned()];
        [
            vec![contract.to_string(), held(text(of, "title"))],
            not_held(),
            vec![held(self.services()), held(self.suppliers())],
            value("first-term").to_vec(),
            value("with-options").to_vec(),
            value("a-year").to_vec(),
            not_held(),
            started.unwrap_or_else(|| told(None)).to_vec(),
            end(figure(of, "term")).to_vec(),
            told(figure(of, "latest-end")).to_vec(),
            vec![NOT_HELD.to_owned(); 5],
            in_force(status).to_vec(),
            vec![held(sources), entries.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")],
        ]
        .concat()
    }

    /// Every figure that the row is made of, by the column that it is told in.
    fn all_about(&self, values: &[&'a Row]) -> Vec<(&'static str, Vec<&'a Figure>)> {
        let of =
            |rows: Vec<&'a Row>, name: &str| rows.into_iter().filter_map(|row| figure(row, name)).collect::<Vec<_>>();
        let (own, lots) = (rows(self.register, "contract"), rows(self.lots, "lot").collect::<Vec<_>>());
        let own: Vec<&Row> = own.collect();
        let services = rows(self.lots, "service").collect();
        let suppliers = match lots.as_slice() {
            [] => of(rows_of_suppliers(self.network).collect(), "party"),
            lots => of(lots.to_vec(), "holder"),
        };
        vec![
            ("Description", [of(lots, "status"), of(services, "says")].concat()),
            ("Supplier", suppliers),
            ("Sum over the first term", of(values.to_vec(), "first-term")),
            ("Sum with options", of(values.to_vec(), "with-options")),
            ("Value a year", of(values.to_vec(), "a-year")),
            ("End", of(own.clone(), "term")),
            ("Latest end", of(own.clone(), "latest-end")),
            ("Status", of(own, "status")),
        ]
    }

    /// What it is for: its lots, each with whether it is in force, and its services.
    fn services(&self) -> String {
        let lots = rows(self.lots, "lot").map(|row| {
            let status = figure(row, "status").map(firmly).unwrap_or_default();
            format!("lot {}: {}, {status}", text(row, "lot"), text(row, "title"))
        });
        let services = rows(self.lots, "service").filter_map(|row| Some(firmly(figure(row, "says")?)));
        lots.chain(services).collect::<Vec<_>>().join("; ")
    }

    /// Who runs its lots; where it has none, who provides it.
    fn suppliers(&self) -> String {
        let lots = rows(self.lots, "lot")
            .filter_map(|row| Some(format!("lot {}: {}", text(row, "lot"), firmly(figure(row, "holder")?))));
        let lots: Vec<String> = lots.collect();
        if !lots.is_empty() {
            return lots.join("; ");
        }
        let parties = rows_of_suppliers(self.network);
        parties.filter_map(|row| Some(firmly(figure(row, "party")?))).collect::<Vec<_>>().join("; ")
    }
}

/// The rows of those who provide a contract.
fn rows_of_suppliers(network: &[Row]) -> impl Iterator<Item = &Row> {
    let is_supplier = |row: &&Row| matches!(text(row, "role").as_str(), "strategic partner" | "provider");
    rows(network, "partner").filter(is_supplier)
}

/// What a figure says and how firmly, in one text: also of what is withheld, which may be proposed and no more.
fn firmly(figure: &Figure) -> String {
    format!("{} ({})", Plain::of(figure).text(), standing(figure))
}

/// Whether it is in force: by firm facts, and for certain on the day.
fn in_force(status: Option<&Figure>) -> [String; 2] {
    let [words, standing] = told(status);
    let is_doubtful = status.is_some_and(|status| status.uncertain.is_some());
    [if is_doubtful { format!("may be: {words}") } else { words }, standing]
}
