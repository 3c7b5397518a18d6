//! What all contracts are worth by financial year, as a chart: amounts of one measure and of the same class of standing are added,
//! and nothing else; what goes into no sum is counted beside it. It must not add what covers other contracts too.

use super::super::cells::{Plain, Stands};
use super::rows::Told;
use crate::question::{Cell, Row};
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

/// The headings before and after them, and how wide they are.
pub(super) const BEFORE: [(&str, u16); 2] = [("Measure", 16), ("Financial year", 14)];
pub(super) const AFTER: [(&str, u16); 3] = [
    ("Amounts added", 12),
    ("Amounts without a value, in no sum", 16),
    ("Amounts that cover several contracts, in no sum", 20),
];

/// An amount of a contract in a financial year.
pub(super) struct Amount {
    measure: String,
    year: String,
    stands: Stands,
    pounds: Option<Decimal>,
    is_shared: bool,
}

impl Amount {
    /// That of a row by financial year.
    pub(super) fn of(row: &Row) -> Option<Self> {
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
    pub(super) fn rows(&self) -> Vec<Vec<Told>> {
        let number = |number: u64| Told { says: Plain::Number(number.into()), ..Told::words("") };
        let row = |((measure, name), year): (&(String, String), &Year)| {
            let sums = SUMS.iter().map(|(stands, _)| match year.sums.get(stands) {
                _ if year.is_past => Told::words("more than can be written as a number"),
                sum => {
                    let says = Plain::Number(sum.copied().unwrap_or_default());
                    Told { says, stands: Some(*stands), is_money: true }
                }
            });
            let after = [year.added, year.without, year.shared].map(number);
            [measure, name].map(Told::words).into_iter().chain(sums).chain(after).collect()
        };
        self.0.iter().map(row).collect()
    }

    /// What a chart is drawn of: the measure, and its first and last row.
    pub(super) fn charts(&self) -> Vec<(Measure, usize, usize)> {
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
