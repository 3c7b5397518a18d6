//! The questions that all are asked, and their answers in the one shape that can be compared. It must not know who
//! answers.

use super::measure::Outcome;
use super::rows::Row;
use chrono::Days;
use minutebook_events::{ContractId, Day};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A question of one contract: of each of its value lines the fact in effect.
#[derive(Debug, Clone)]
pub struct Asked {
    pub contract: ContractId,
    pub as_of: Day,
    /// How many entries are known; at least 1.
    pub known: u64,
    pub decided_by: Option<Day>,
}

/// The fact in effect on one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told<Line> {
    pub line: Line,
    pub position: u64,
    pub place: u16,
    pub is_change: bool,
    /// Not there where the amount is withheld or unknown.
    pub pence: Option<i64>,
}

impl<Line> Told<Line> {
    /// The same of a line that is named otherwise.
    pub fn with<Other>(self, name: impl FnOnce(Line) -> Other) -> Told<Other> {
        let Self { line, position, place, is_change, pence } = self;
        Told { line: name(line), position, place, is_change, pence }
    }
}

/// The same on the lines of one contract, by name.
pub type Lines = Vec<Told<String>>;
/// The same on every line there is, by number.
pub type Fold = Vec<Told<u32>>;

/// What the lines of a funder come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    pub pence: i64,
    /// How many lines went in.
    pub added: u64,
    /// How many are in effect, and not known.
    pub lacking: u64,
}

/// What is funded, by funder.
pub type Portfolio = BTreeMap<String, Total>;

/// A small generator that is the same everywhere: SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }
}

/// Questions at random coordinates, from when the contract's first fact is known, of contracts drawn evenly or by how
/// many facts they have. Half of them ask by what had been decided.
pub fn drawn(rows: &[Row], contracts: &[ContractId], by_weight: bool, count: usize, entries: u64) -> Vec<Asked> {
    let mut dice = Dice(if by_weight { 1 } else { 2 });
    let mut firsts: BTreeMap<u32, u64> = BTreeMap::new();
    for row in rows {
        firsts.entry(row.contract).or_insert(row.position);
    }
    let start = Day::from_ymd_opt(2010, 1, 1).expect("a day");
    let day = |dice: &mut Dice| start + Days::new(dice.below(18 * 365));
    (0..count)
        .map(|_| {
            let contract = match by_weight {
                true => rows[dice.below(rows.len() as u64) as usize].contract,
                false => dice.below(contracts.len() as u64) as u32,
            };
            let first = firsts[&contract];
            let as_of = day(&mut dice);
            let known = first + 1 + dice.below(entries - first);
            let decided_by = (dice.below(2) == 0).then(|| day(&mut dice));
            Asked { contract: contracts[contract as usize].clone(), as_of, known, decided_by }
        })
        .collect()
}

/// Holds an answer of a peer to ours.
///
/// # Errors
/// Says what differs first.
pub fn same<T: Debug + PartialEq>(who: &str, what: &dyn Debug, theirs: &[T], ours: &[T]) -> Outcome<()> {
    if theirs == ours {
        return Ok(());
    }
    let places = 0..theirs.len().max(ours.len());
    let differs = places.map(|at| (theirs.get(at), ours.get(at))).find(|(theirs, ours)| theirs != ours);
    let (theirs, ours) = differs.expect("lists that are not equal differ somewhere");
    Err(format!("{who} answers {what:?} otherwise: it says {theirs:?}, and Minutebook {ours:?}").into())
}
