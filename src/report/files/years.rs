//! What all contracts are worth by financial year, for a chart: amounts of one measure and of the same class of standing are added,
//! and nothing else; what goes into no sum is counted beside it. It must not add what covers other contracts too.

use super::cells::Stands;
use crate::question::{self, Cell};
use crate::report::tables::capital;
use minutebook_events::Measure;
use minutebook_projections::Val;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The sums, in the order in which they stand.
pub(super) const SUMS: [(Stands, &str); 4] = [
    (Stands::Firm, "Firm (£)"),
    (Stands::Tentative, "Planned, endorsed or proposed (£)"),
    (Stands::Ours, "Inferred (£)"),
    (Stands::Uncertain, "May not hold on the day (£)"),
];

/// The headings before and after them.
pub(super) const BEFORE: [&str; 2] = ["Measure", "Financial year"];
pub(super) const AFTER: [&str; 3] =
    ["Amounts added", "Amounts without a value, in no sum", "Amounts that cover several contracts, in no sum"];

/// An amount of a contract in a financial year.
pub(super) struct Amount {
    measure: String,
    year: String,
    stands: Stands,
    pounds: Option<Decimal>,
    is_shared: bool,
}

impl Amount {
    /// Those of an answer about what contracts are worth.
    pub(super) fn all(answer: &question::Answer) -> impl Iterator<Item = Self> {
        answer.answer.iter().filter(|row| row.kind == "financial-year").filter_map(Self::of)
    }

    fn of(row: &question::Row) -> Option<Self> {
        let text = |name| match row.get(name) {
            Some(Cell::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let (name, figure) = (text("measure")?, row.get("amount")?.figures().first()?);
        let (measure, is_shared) = name.split_once(" with ").map_or((name, false), |(measure, _)| (measure, true));
        let pounds = match figure.value().known() {
            Some(Val::Money(money, _)) => Some(money.pounds()),
            _ => None,
        };
        let (measure, year) = (measure.to_owned(), text("year")?.to_owned());
        Some(Self { measure, year, stands: Stands::of(figure), pounds, is_shared })
    }
}

/// What a year comes to.
#[derive(Default)]
struct Year {
    sums: BTreeMap<Stands, Decimal>,
    added: u64,
    without: u64,
    shared: u64,
    /// Whether a sum is more than can be written as a number.
    is_past: bool,
}

/// All years, by measure.
#[derive(Default)]
pub(super) struct Years(BTreeMap<(String, String), Year>);

impl Years {
    pub(super) fn add(&mut self, amount: Amount) {
        let year = self.0.entry((amount.measure, amount.year)).or_default();
        match amount.pounds {
            _ if amount.is_shared => year.shared += 1,
            None => year.without += 1,
            Some(pounds) => {
                let sum = year.sums.entry(amount.stands).or_default();
                match sum.checked_add(pounds) {
                    Some(more) => *sum = more,
                    None => year.is_past = true,
                }
                year.added += 1;
            }
        }
    }

    /// A row a measure and year.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.0.iter().map(|((measure, name), year)| Row {
            measure,
            year: name,
            sums: (!year.is_past).then(|| SUMS.map(|(stands, _)| year.sums.get(&stands).copied().unwrap_or_default())),
            counts: [year.added, year.without, year.shared],
        })
    }

    /// What is drawn: each measure that says what contracts are worth, and its first and last row.
    pub(super) fn drawn(&self) -> Vec<(Measure, usize, usize)> {
        let drawn = |measure: &Measure| {
            let of = |((name, _), _): &(&(String, String), &Year)| name == measure.word();
            let first = self.0.iter().position(|year| of(&year))?;
            let years = self.0.iter().filter(of);
            let has_sum = years.clone().any(|(_, year)| year.added > 0);
            has_sum.then(|| (*measure, first, first + years.count() - 1))
        };
        Measure::EACH.iter().filter(|measure| measure.is_worth()).filter_map(drawn).collect()
    }
}

/// What is drawn of a measure.
pub(super) fn title(measure: Measure) -> String {
    capital(&format!("{measure} of all contracts by financial year (£), by how firmly it stands"))
}

/// A measure in a financial year.
pub(super) struct Row<'a> {
    pub(super) measure: &'a str,
    pub(super) year: &'a str,
    /// The sums in their order; nothing where one is more than can be written as a number.
    pub(super) sums: Option<[Decimal; 4]>,
    /// The counts in theirs.
    pub(super) counts: [u64; 3],
}

/// In place of sums that are more than that.
pub(super) const PAST: &str = "more than can be written as a number";
