//! Totals over contracts: what is worth how much a year on a day, by whose money, by whom, by lot and area, and on what
//! footing. It owns the shares of one contract, and their sums by going through contracts; `kept` has an index that keeps those
//! sums day by day. It must not word anything, nor make a plan a fact.
//!
//! What a total may hold:
//! - An amount counts on the weaker footing of two: that of the contract, or of its lot where the line is a lot's, and its
//!   own. A service's line stands as its contract does.
//! - Amounts of different measures are never added: an envelope is not a price.
//! - An amount that covers other contracts too goes into no total, since those may have amounts of their own: it stands
//!   apart with the contract that has it and those that it covers.
//! - An arm counts with the organisation that it is an arm of, as funder; a provider is the party that the line names.
//! - Lots and areas mean nothing outside their contract, so that neither is added over contracts.
//! - What is not known is counted, and by why it is not; so is a contract of which no amount stands as firmly as that it is
//!   in force.

mod kept;

pub use kept::{Earlier, Totals};

use crate::all::Projections;
use crate::coordinates::At;
use crate::figure::Counts;
use crate::key::Key;
use crate::prelude::*;
use crate::register::{InBrief, Registered, State};
use crate::value::{Amount, Lack, pieces, to_the_penny};
use minutebook_events::packed::{Pack, Packer, Unpacker};
use minutebook_events::{ContractId, Day, EventKind, LotId, Measure, Money, Part, PartyId, TimeRange, ValueLine};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How firmly an amount is worth something on a day, the firmest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Footing {
    /// The contract is in force by firm facts, and the amount stands by firm facts.
    InForce,
    /// The same, but one of the two may not hold on the day.
    MayBe,
    /// One of the two stands by tentative or inferred facts alone.
    SaidToBe,
    /// Whether the contract is in force is not in the record.
    NotDetermined,
    /// The contract, or the lot, has ended or has not begun.
    Not,
}

impl Footing {
    fn of(stands: InBrief) -> Self {
        match stands.state {
            State::InForce if stands.uncertain => Self::MayBe,
            State::InForce => Self::InForce,
            State::SaidToBe(_) => Self::SaidToBe,
            State::Unknown => Self::NotDetermined,
            State::NotYet | State::Expired | State::Ended | State::SaidToHaveEnded(_) => Self::Not,
        }
    }

    fn of_amount(amount: &Amount<'_>) -> Self {
        match (amount.is_firm(), &amount.uncertain) {
            (true, None) => Self::InForce,
            (true, Some(_)) => Self::MayBe,
            (false, _) => Self::SaidToBe,
        }
    }

    /// The weakest footing of amounts that stand as firmly as a contract on this one; none where nothing says that it is in
    /// force, and nothing is missed.
    fn with_amounts_on(self) -> Option<Self> {
        match self {
            Self::InForce | Self::MayBe => Some(Self::MayBe),
            Self::SaidToBe => Some(Self::SaidToBe),
            Self::NotDetermined | Self::Not => None,
        }
    }
}

/// Why an amount goes into no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// No source gives it.
    Unknown,
    /// It is withheld.
    Withheld,
    /// Two sources conflict.
    Conflicting,
    /// It is stated on a basis that does not tell what it is a year.
    NotByYear,
    /// No amount of the contract stands as firmly as that it is in force: this counts contracts, and no amounts.
    NoAmount,
}

impl Lacking {
    /// As a count of them is worded: "2 withheld".
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Withheld => "withheld",
            Self::Conflicting => "conflicting",
            Self::NotByYear => "not stated by year",
            Self::NoAmount => "with no amount that stands as firmly",
        }
    }

    fn of(amount: &Amount<'_>, lack: &Lack) -> Self {
        match lack {
            _ if amount.conflicts => Self::Conflicting,
            Lack::Withheld(..) => Self::Withheld,
            Lack::Unknown(..) => Self::Unknown,
            _ => Self::NotByYear,
        }
    }
}

/// A thousand millionth of a pound. Sums of whole numbers of them do not depend on the order in which they are made, and what
/// was added can be taken out again; what a year of a whole period comes to is rounded to one.
type Nanopounds = i128;

const DIGITS: u32 = 9;

fn nanopounds(pounds: Decimal) -> Nanopounds {
    let pounds = pounds.round_dp(DIGITS);
    // A decimal has 96 bits: with nine digits more it keeps within 127.
    pounds.mantissa() * 10_i128.pow(DIGITS - pounds.scale())
}

/// As money is written; nothing where it is more than money can be.
fn written(pounds: Nanopounds) -> Option<Money> {
    Decimal::try_from_i128_with_scale(pounds, DIGITS).ok().map(to_the_penny)
}

/// What one line of a contract comes to a year on some days, on each of which nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share<'a> {
    /// The days.
    pub days: TimeRange,
    /// How firmly.
    pub footing: Footing,
    /// The line; none where the contract has no amount on these days.
    pub line: Option<&'a ValueLine>,
    /// The other contracts that the amount covers too.
    pub with: Vec<&'a ContractId>,
    /// The area of the line's lot.
    pub area: Option<&'a str>,
    /// What it comes to, and the most that its precision can hide; or why that is not known.
    pub yearly: Result<(Nanopounds, Nanopounds), Lacking>,
}

/// By what totals are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// All contracts together.
    All,
    /// Whose money it is.
    Funder,
    /// Who provides.
    Partner,
    /// Each contract.
    Contract,
    /// Each lot of each contract.
    Lot,
    /// Each area of each contract.
    Area,
}

impl By {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Funder => "funder",
            Self::Partner => "partner",
            Self::Contract => "contract",
            Self::Lot => "lot",
            Self::Area => "area",
        }
    }

    /// Those that whoever asks can choose from.
    pub const EACH: [Self; 5] = [Self::Funder, Self::Partner, Self::Lot, Self::Area, Self::Contract];

    /// Whether its groups reach over contracts. The others have as many groups as there are contracts, or more, so that
    /// whoever lists them goes through all contracts anyway.
    pub fn is_over_contracts(self) -> bool {
        matches!(self, Self::All | Self::Funder | Self::Partner)
    }
}

/// A group of amounts; nobody and nothing where the line names none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// All of them.
    All,
    /// Those of a funder, its arms included.
    Funder(Option<PartyId>),
    /// Those of a provider.
    Partner(Option<PartyId>),
    /// Those of a contract.
    Contract(ContractId),
    /// Those of a part of a contract.
    Lot(ContractId, Part),
    /// Those of an area of a contract.
    Area(ContractId, Option<String>),
}

/// What adds up: amounts of a group, of one measure, that cover one contract each; or those of one contract that cover the same
/// others too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The group.
    pub group: Group,
    /// The measure; none of what a contract has no amount of.
    pub measure: Option<Measure>,
    /// The contract that has them, and the others that they cover.
    pub covers: Option<(ContractId, Vec<ContractId>)>,
}

/// A sum: a whole number of everything, so that it can be added to and taken from in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pounds: Nanopounds,
    slack: Nanopounds,
    /// How many amounts.
    pub amounts: i64,
    /// Of how many contracts, each once.
    pub contracts: i64,
}

impl Tally {
    const CONTRACT: Self = Self { pounds: 0, slack: 0, amounts: 0, contracts: 1 };

    fn amount(pounds: Nanopounds, slack: Nanopounds) -> Self {
        Self { pounds, slack, amounts: 1, contracts: 0 }
    }

    fn add(&mut self, other: Self) {
        self.pounds += other.pounds;
        self.slack += other.slack;
        self.amounts += other.amounts;
        self.contracts += other.contracts;
    }

    fn negative(self) -> Self {
        Self { pounds: -self.pounds, slack: -self.slack, amounts: -self.amounts, contracts: -self.contracts }
    }

    fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// The pounds a year, to the penny; nothing where they are more than money can be.
    pub fn pounds(self) -> Option<Money> {
        written(self.pounds)
    }

    /// The most that rounded parts can hide, where any is rounded.
    pub fn slack(self) -> Option<Money> {
        written(self.slack).filter(|slack| !slack.pounds().is_zero())
    }
}

/// What there is on one footing: contracts, and the sum of what is known; and how much is not, by why it is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footed {
    /// The sum of the known amounts, and how many they are; the contracts of all amounts, known or not.
    pub known: Tally,
    /// How many amounts are not known, of how many contracts.
    pub lacking: BTreeMap<Lacking, Tally>,
}

impl Footed {
    /// How many amounts are not known.
    pub fn lacks(&self) -> i64 {
        self.lacking.values().map(|lacking| lacking.amounts).sum()
    }

    /// Of how much it is.
    pub fn counts(&self) -> Counts {
        let Tally { amounts: known, contracts, .. } = self.known;
        Counts { contracts, amounts: known + self.lacks(), known }
    }
}

/// A total on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Of what.
    pub place: Place,
    /// What there is on each footing that anything is on.
    pub on: BTreeMap<Footing, Footed>,
}

/// One sum of a place: of the known amounts on a footing, or of those that lack for one reason.
type Column = (Footing, Option<Lacking>);

/// A part of a total, of one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    place: Place,
    column: Column,
    days: TimeRange,
    tally: Tally,
}

impl Projections {
    /// What a contract is worth a year on some days, share by share, whatever day is asked about. A contract that anything
    /// says is in force has a share of nothing known on the days on which it has none that stands as firmly.
    pub fn shares<'a>(&'a self, contract: &'a ContractId, at: At, within: TimeRange) -> Vec<Share<'a>> {
        if !self.is_defined(contract, at.head) {
            return vec![];
        }
        self.shares_of(contract, &self.registered(contract, at), at, within)
    }

    fn shares_of<'a>(
        &'a self,
        contract: &'a ContractId,
        held: &Registered<'a>,
        at: At,
        within: TimeRange,
    ) -> Vec<Share<'a>> {
        let stands = stands(held, within);
        let mut shares = vec![];
        for course in self.courses(contract, at).filter(|course| course.line.measure.is_worth()) {
            let lot = held.lots.iter().position(|(lot, _)| matches!(&course.line.part, Part::Lot(of) if of == lot));
            let areas = match lot {
                Some(lot) => self.areas(contract, &held.lots[lot].0, at, within),
                None => vec![(within, None)],
            };
            let with = course.with();
            let own = shares.len();
            for (days, amount) in course.steps_within(within) {
                let yearly = amount.yearly().map_err(|lack| Lacking::of(&amount, &lack));
                let yearly = yearly.map(|(pounds, slack)| (nanopounds(pounds), nanopounds(slack)));
                for (held_on, stand) in &stands {
                    let Some(days) = days.overlap(*held_on) else { continue };
                    let footing = stand.of(lot).max(Footing::of_amount(&amount));
                    for (area_on, area) in &areas {
                        let Some(days) = days.overlap(*area_on) else { continue };
                        let (line, with) = (Some(course.line), with.clone());
                        push(&mut shares, own, Share { days, footing, line, with, area: *area, yearly });
                    }
                }
            }
        }
        let silent = silent(&stands, &shares);
        shares.extend(silent);
        shares
    }

    /// The areas of a lot, as they are on the days.
    fn areas<'a>(
        &'a self,
        contract: &ContractId,
        lot: &LotId,
        at: At,
        within: TimeRange,
    ) -> Vec<(TimeRange, Option<&'a str>)> {
        let Some(timeline) = self.timeline(&Key::Lot(contract.clone(), lot.clone())) else {
            return vec![(within, None)];
        };
        let mut borders = vec![];
        for fact in timeline.counted(at) {
            let ends = fact.until().map(|until| until.plus_days(1));
            let spans = core::iter::once(fact.effective()).chain(ends);
            borders.extend(spans.flat_map(|span| [span.earliest(), span.latest()]));
        }
        let area = |day: Day| {
            let selection = timeline.select(at.on(day));
            let fact = selection.answer.filter(|_| selection.conflicting.is_empty())?;
            match &fact.event().kind {
                EventKind::LotDefined { area, .. } => area.as_deref(),
                _ => None,
            }
        };
        pieces(borders, within).map(|days| (days, area(days.from))).collect()
    }

    fn group(&self, by: By, contract: &ContractId, share: &Share<'_>, at: At) -> Group {
        let line = share.line;
        match by {
            By::All => Group::All,
            By::Funder => {
                let funder = line.and_then(|line| line.funder.as_ref());
                Group::Funder(funder.map(|funder| self.whole_party(funder, at)))
            }
            By::Partner => Group::Partner(line.and_then(|line| line.party.clone())),
            By::Contract => Group::Contract(contract.clone()),
            By::Lot => Group::Lot(contract.clone(), line.map_or(Part::Whole, |line| line.part.clone())),
            By::Area => Group::Area(contract.clone(), share.area.map(ToOwned::to_owned)),
        }
    }

    /// The shares of a contract as parts of totals: each contract once in each.
    fn pieces_of(&self, contract: &ContractId, shares: &[Share<'_>], by: By, at: At, pieces: &mut Vec<Piece>) {
        let mut days_of: BTreeMap<(Place, Column), Vec<TimeRange>> = BTreeMap::new();
        for share in shares {
            let covers = (!share.with.is_empty())
                .then(|| (contract.clone(), share.with.iter().map(|other| (*other).clone()).collect()));
            let measure = share.line.map(|line| line.measure);
            let place = Place { group: self.group(by, contract, share, at), measure, covers };
            let (lacking, tally) = match share.yearly {
                Ok((pounds, slack)) => (None, Tally::amount(pounds, slack)),
                Err(Lacking::NoAmount) => (Some(Lacking::NoAmount), Tally::default()),
                Err(lacking) => (Some(lacking), Tally::amount(0, 0)),
            };
            let (column, days) = ((share.footing, lacking), share.days);
            if lacking.is_some() {
                days_of.entry((place.clone(), column)).or_default().push(days);
            }
            days_of.entry((place.clone(), (share.footing, None))).or_default().push(days);
            pieces.push(Piece { place, column, days, tally });
        }
        for ((place, column), days) in days_of {
            let once = union(days).into_iter();
            pieces.extend(once.map(|days| Piece { place: place.clone(), column, days, tally: Tally::CONTRACT }));
        }
    }

    /// The totals on the day of a question, of one contract or of all that are known, by going through them; sorted.
    pub fn totals(&self, contract: Option<&ContractId>, by: &[By], at: At) -> Vec<Total> {
        // Whoever asks twice for one grouping is not told the double of it.
        let by: BTreeSet<By> = by.iter().copied().collect();
        let Some(end) = at.as_of.succ_opt() else { return vec![] };
        let day = TimeRange { from: at.as_of, end };
        let contracts = contract.map_or_else(|| self.contracts(at.head), |contract| vec![contract]);
        let mut places: BTreeMap<Place, BTreeMap<Column, Tally>> = BTreeMap::new();
        let mut pieces = vec![];
        for contract in contracts {
            let shares = self.shares(contract, at, day);
            by.iter().for_each(|by| self.pieces_of(contract, &shares, *by, at, &mut pieces));
            for Piece { place, column, tally, .. } in pieces.drain(..) {
                places.entry(place).or_default().entry(column).or_default().add(tally);
            }
        }
        places.into_iter().map(|(place, columns)| total(place, columns)).collect()
    }
}

/// Whether a contract and its lots are in force.
#[derive(Debug, PartialEq, Eq)]
struct Stands {
    whole: Footing,
    lots: Vec<Footing>,
}

impl Stands {
    /// Of the whole contract, or of a lot of it: no firmer than the contract.
    fn of(&self, lot: Option<usize>) -> Footing {
        lot.map_or(self.whole, |lot| self.lots[lot].max(self.whole))
    }
}

/// Whether a contract and its lots are in force, from border to border of all that this depends on.
fn stands(held: &Registered<'_>, within: TimeRange) -> Vec<(TimeRange, Stands)> {
    let mut stands: Vec<(TimeRange, Stands)> = vec![];
    for days in pieces(held.borders(), within) {
        let (whole, lots) = held.in_brief(days.from);
        let now = Stands { whole: Footing::of(whole), lots: lots.into_iter().map(Footing::of).collect() };
        match stands.last_mut() {
            Some((before, same)) if *same == now => before.end = days.end,
            _ => stands.push((days, now)),
        }
    }
    stands
}

/// Adds a share to those of a line, which begin at `own`: to the last of them where it only goes on.
fn push<'a>(shares: &mut Vec<Share<'a>>, own: usize, share: Share<'a>) {
    let goes_on = |last: &&mut Share<'a>| {
        last.days.end == share.days.from
            && (last.footing, last.area, &last.yearly) == (share.footing, share.area, &share.yearly)
    };
    match shares[own..].last_mut().filter(goes_on) {
        Some(last) => last.days.end = share.days.end,
        None => shares.push(share),
    }
}

/// The days on which anything says that the contract is in force, and no amount of it stands as firmly.
fn silent<'a>(stands: &[(TimeRange, Stands)], shares: &[Share<'a>]) -> Vec<Share<'a>> {
    let mut silent = vec![];
    for (days, Stands { whole, .. }) in stands {
        let Some(firm) = whole.with_amounts_on() else { continue };
        let there = shares.iter().filter(|share| share.footing <= firm);
        let covered = union(there.filter_map(|share| share.days.overlap(*days)).collect());
        let mut from = days.from;
        for next in covered.into_iter().chain([TimeRange { from: days.end, end: days.end }]) {
            if from < next.from {
                let days = TimeRange { from, end: next.from };
                let yearly = Err(Lacking::NoAmount);
                silent.push(Share { days, footing: *whole, line: None, with: vec![], area: None, yearly });
            }
            from = next.end;
        }
    }
    silent
}

/// The days that are in any of these, each once, in order.
fn union(mut days: Vec<TimeRange>) -> Vec<TimeRange> {
    days.sort_unstable();
    let mut union: Vec<TimeRange> = vec![];
    for days in days {
        match union.last_mut().filter(|last| days.from <= last.end) {
            Some(last) => last.end = last.end.max(days.end),
            None => union.push(days),
        }
    }
    union
}

fn total(place: Place, columns: impl IntoIterator<Item = (Column, Tally)>) -> Total {
    let mut on: BTreeMap<Footing, Footed> = BTreeMap::new();
    for ((footing, lacking), tally) in columns.into_iter().filter(|(_, tally)| !tally.is_nothing()) {
        let footed = on.entry(footing).or_default();
        match lacking {
            None => footed.known = tally,
            Some(lacking) => drop(footed.lacking.insert(lacking, tally)),
        }
    }
    Total { place, on }
}

/// What has a number among these, packed as it.
fn pack_one<T: PartialEq>(of: &[T], it: &T, to: &mut Packer) {
    let number = of.iter().position(|one| one == it).expect("all of them are listed");
    to.number(number as u128);
}

fn unpack_one<T: Copy>(of: &[T], from: &mut Unpacker) -> Option<T> {
    of.get(usize::from(u8::unpack(from)?)).copied()
}

impl Footing {
    const ALL: [Self; 5] = [Self::InForce, Self::MayBe, Self::SaidToBe, Self::NotDetermined, Self::Not];
}

impl Lacking {
    const ALL: [Self; 5] = [Self::Unknown, Self::Withheld, Self::Conflicting, Self::NotByYear, Self::NoAmount];
}

impl Pack for Footing {
    fn pack(&self, to: &mut Packer) {
        pack_one(&Self::ALL, self, to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        unpack_one(&Self::ALL, from)
    }
}

impl Pack for Lacking {
    fn pack(&self, to: &mut Packer) {
        pack_one(&Self::ALL, self, to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        unpack_one(&Self::ALL, from)
    }
}

impl Pack for Tally {
    fn pack(&self, to: &mut Packer) {
        let Self { pounds, slack, amounts, contracts } = self;
        for number in [*pounds, *slack, (*amounts).into(), (*contracts).into()] {
            to.signed(number);
        }
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        let (pounds, slack) = (from.signed()?, from.signed()?);
        let mut count = || i64::try_from(from.signed()?).ok();
        Some(Self { pounds, slack, amounts: count()?, contracts: count()? })
    }
}

impl Pack for Group {
    fn pack(&self, to: &mut Packer) {
        match self {
            Self::All => drop(to.variant(0)),
            Self::Funder(party) => party.pack(to.variant(1)),
            Self::Partner(party) => party.pack(to.variant(2)),
            Self::Contract(contract) => contract.pack(to.variant(3)),
            Self::Lot(contract, part) => {
                contract.pack(to.variant(4));
                part.pack(to);
            }
            Self::Area(contract, area) => {
                contract.pack(to.variant(5));
                area.pack(to);
            }
        }
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Some(Self::All),
            1 => Pack::unpack(from).map(Self::Funder),
            2 => Pack::unpack(from).map(Self::Partner),
            3 => Pack::unpack(from).map(Self::Contract),
            4 => Some(Self::Lot(Pack::unpack(from)?, Pack::unpack(from)?)),
            5 => Some(Self::Area(Pack::unpack(from)?, Pack::unpack(from)?)),
            _ => None,
        }
    }
}

impl Pack for Place {
    fn pack(&self, to: &mut Packer) {
        self.group.pack(to);
        self.measure.pack(to);
        self.covers.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Some(Self { group: Pack::unpack(from)?, measure: Pack::unpack(from)?, covers: Pack::unpack(from)? })
    }
}
