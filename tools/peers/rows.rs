//! The facts of the register as rows of numbers, which every peer is given, and the files that hand them to those that
//! read files. Nothing is lost on the way: what a row cannot hold stops the run.

use super::measure::Outcome;
use chrono::Datelike;
use minutebook_events::{Basis, Class, ContractId, Day, Draft, Knowledge, Money};
use minutebook_tools::facts::{Fact, facts};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// A fact; contract and line by number, days as they count from the first of the calendar.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub contract: u32,
    pub line: u32,
    pub position: u64,
    pub place: u16,
    pub from: [Day; 2],
    pub until: Option<[Day; 2]>,
    pub decided: Day,
    pub struck: Option<u64>,
    pub class: u8,
    pub strength: u8,
    pub is_change: bool,
    pub pence: Option<i64>,
}

/// A value line.
#[derive(Debug, Clone)]
pub struct Line {
    pub contract: u32,
    pub name: String,
    pub funder: String,
}

/// All facts, with the lines and contracts that they name by number.
pub struct Table {
    pub rows: Vec<Row>,
    pub lines: Vec<Line>,
    pub contracts: Vec<ContractId>,
}

/// A day as a number.
pub fn number(day: Day) -> i64 {
    i64::from(day.num_days_from_ce())
}

/// Pounds as pence; an error where they have less.
pub fn pence(pounds: Decimal) -> Outcome<i64> {
    let pence = pounds * Decimal::ONE_HUNDRED;
    let whole = pence.is_integer().then(|| pence.to_i64()).flatten();
    Ok(whole.ok_or_else(|| format!("£{pounds} is no whole number of pence that a column holds"))?)
}

pub fn known(amount: &Knowledge<Money>) -> Outcome<Option<i64>> {
    amount.known().map(|money| pence(money.pounds())).transpose()
}

impl Table {
    /// Of all drafts, in the order in which they are recorded.
    pub fn of<Drafts: Iterator<Item = Draft>>(drafts: impl Fn() -> Drafts) -> Outcome<Self> {
        let mut table = Self { rows: vec![], lines: vec![], contracts: vec![] };
        let mut contracts: HashMap<ContractId, u32> = HashMap::new();
        let mut lines: HashMap<(u32, String), u32> = HashMap::new();
        for fact in facts(drafts) {
            let contract = *contracts.entry(fact.contract.clone()).or_insert_with(|| {
                table.contracts.push(fact.contract.clone());
                table.contracts.len() as u32 - 1
            });
            let line = *lines.entry((contract, fact.line.clone())).or_insert_with(|| {
                let funder = fact.funder.as_ref().map(ToString::to_string).unwrap_or_default();
                table.lines.push(Line { contract, name: fact.line.clone(), funder });
                table.lines.len() as u32 - 1
            });
            table.rows.push(row(&fact, contract, line)?);
        }
        Ok(table)
    }

    /// Writes what DuckDB reads: `facts.csv` and `lines.csv`, with the columns of the peers' tables in their order.
    pub fn write_csv(&self, folder: &Path) -> Outcome<()> {
        let mut out = BufWriter::new(File::create(folder.join("lines.csv"))?);
        for (number, line) in self.lines.iter().enumerate() {
            let Line { contract, name, funder } = line;
            writeln!(out, "{number},{},{name},{funder}", self.contracts[*contract as usize])?;
        }
        out.flush()?;
        let mut out = BufWriter::new(File::create(folder.join("facts.csv"))?);
        for row in &self.rows {
            let numbers = row.numbers().map(|number| number.to_string());
            let pence = row.pence.map(|pence| pence.to_string()).unwrap_or_default();
            writeln!(out, "{},{pence}", numbers.join(","))?;
        }
        Ok(out.flush()?)
    }

    /// Writes what hledger reads: `amounts.journal`, a transaction for each amount that stands, and `balances.csv`,
    /// what they come to line by line on a day.
    pub fn write_journal(&self, folder: &Path, day: Day) -> Outcome<()> {
        let mut out = BufWriter::new(File::create(folder.join("amounts.journal"))?);
        let mut balances: BTreeMap<u32, i64> = BTreeMap::new();
        writeln!(out, "commodity £1000.00\n")?;
        for row in self.rows.iter().filter(|row| row.struck.is_none()) {
            let Some(pence) = row.pence else { continue };
            let [_, from] = row.from;
            let pounds = Decimal::new(pence, 2);
            writeln!(out, "{from} R{}\n    line-{}  £{pounds}\n    opening\n", row.position, row.line)?;
            if from <= day {
                *balances.entry(row.line).or_default() += pence;
            }
        }
        out.flush()?;
        let mut out = BufWriter::new(File::create(folder.join("balances.csv"))?);
        for (line, pence) in balances {
            writeln!(out, "line-{line},{pence}")?;
        }
        Ok(out.flush()?)
    }
}

fn row(fact: &Fact, contract: u32, line: u32) -> Outcome<Row> {
    if fact.basis != Basis::Year {
        return Err(format!("{}: an amount {} has no column", fact.line, fact.basis.words()).into());
    }
    let class = match fact.standing.class() {
        Class::Firm => 0,
        Class::Tentative => 1,
        Class::Ours => 2,
    };
    Ok(Row {
        contract,
        line,
        position: fact.position.0,
        place: fact.place,
        from: [fact.effective.earliest(), fact.effective.latest()],
        until: fact.until.map(|until| [until.earliest(), until.latest()]),
        decided: fact.decided.latest(),
        struck: fact.struck.map(|struck| struck.0),
        class,
        strength: fact.standing.strength(),
        is_change: fact.is_change,
        pence: known(&fact.amount)?,
    })
}

impl Row {
    /// All columns but the amount, in the order of the tables; what is not set has the largest number.
    pub fn numbers(&self) -> [i64; 12] {
        let until = self.until.map_or([i64::MAX; 2], |until| until.map(number));
        [
            i64::from(self.line),
            self.position as i64,
            i64::from(self.place),
            number(self.from[0]),
            number(self.from[1]),
            until[0],
            until[1],
            number(self.decided),
            self.struck.map_or(i64::MAX, |struck| struck as i64),
            i64::from(self.class),
            i64::from(self.strength),
            i64::from(self.is_change),
        ]
    }
}
