//! Totals of all contracts by all that is known, whenever decided, kept day by day: a total on a day is found in its
//! history, and no contract is looked at. They follow the projections when they are asked to, and can be saved. It must
//! not add up otherwise than going through all contracts does.

use super::{By, Column, Group, Piece, Place, Tally, Total, total};
use crate::all::Projections;
use crate::coordinates::At;
use crate::prelude::*;
use crate::saved::digest_of;
use crate::streams::Subject;
use crate::value::EVER;
use core::ops::Bound;
use minutebook_events::packed::{self, Names, Pack, Packer, Unpacker};
use minutebook_events::{ContractId, Day, Hash, PartyId, Position, TimeRange};

/// A sum day by day: what it is from a day on.
#[derive(Debug, Clone, Default)]
struct Sums {
    /// What it is from each of these days to the next, in order.
    from: Vec<(Day, Tally)>,
    /// What is added from a day on, and is not in those yet.
    waiting: Vec<(Day, Tally)>,
}

/// How much may wait: whoever asks looks at all of it.
const WAITING: usize = 32;

impl Sums {
    fn add(&mut self, days: TimeRange, tally: Tally) {
        self.waiting.extend([(days.from, tally), (days.end, tally.negative())]);
        // As much as there is already: then each day is moved but a few times, however much comes.
        if self.waiting.len() > self.from.len().max(2 * WAITING) {
            self.settle();
        }
    }

    fn on(&self, day: Day) -> Tally {
        let before = self.from.partition_point(|(from, _)| *from <= day);
        let mut sum = before.checked_sub(1).map_or_else(Tally::default, |at| self.from[at].1);
        self.waiting.iter().filter(|(from, _)| *from <= day).for_each(|(_, tally)| sum.add(*tally));
        sum
    }

    /// What it is from day to day, with all that waits.
    fn settled(&self) -> Vec<(Day, Tally)> {
        let mut settled = self.clone();
        settled.settle();
        settled.from
    }

    fn settle(&mut self) {
        self.waiting.sort_unstable_by_key(|(day, _)| *day);
        let mut from = Vec::with_capacity(self.from.len() + self.waiting.len());
        let (mut before, mut more) = (Tally::default(), Tally::default());
        let (mut there, mut waiting) = (self.from.iter().peekable(), self.waiting.iter().peekable());
        let mut last = Tally::default();
        loop {
            let next = there.peek().map(|(day, _)| *day).into_iter().chain(waiting.peek().map(|(day, _)| *day)).min();
            let Some(day) = next else { break };
            if let Some((_, tally)) = there.next_if(|(from, _)| *from == day) {
                before = *tally;
            }
            while let Some((_, tally)) = waiting.next_if(|(from, _)| *from == day) {
                more.add(*tally);
            }
            let mut now = before;
            now.add(more);
            if now != last {
                from.push((day, now));
                last = now;
            }
        }
        from.shrink_to_fit();
        (self.from, self.waiting) = (from, vec![]);
    }
}

/// Totals that are kept.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    head: Position,
    places: BTreeMap<Place, BTreeMap<Column, Sums>>,
    /// The days on which anything of a contract may end or begin.
    borders: BTreeMap<Day, BTreeSet<ContractId>>,
}

/// The groupings that are kept.
const KEPT: [By; 3] = [By::All, By::Funder, By::Partner];

impl Totals {
    /// How many entries it follows.
    pub fn head(&self) -> Position {
        self.head
    }

    /// Follows the projections up to a head: contracts about which anything was recorded since are taken out as they
    /// were, and put in as they are.
    pub fn follow(&mut self, all: &Projections, head: Position) {
        assert!(self.head <= head && head <= all.head(), "what is kept follows what was recorded");
        if self.head == head {
            return;
        }
        let mut moved: BTreeSet<(Place, Column)> = BTreeSet::new();
        // The timelines of all contracts at once may be more than there is room for.
        let mut apart = (self.head == Position(0)).then(|| all.clone());
        for contract in touched(all, self.head, head) {
            let of = |head| of_contract(apart.as_ref().unwrap_or(all), &contract, head);
            let ((before, borders_before), (now, borders)) = (of(self.head), of(head));
            if let Some(apart) = &mut apart {
                apart.forget_contract(&contract);
            }
            if borders_before != borders {
                for day in &borders_before {
                    self.borders.entry(*day).or_default().remove(&contract);
                }
                for day in &borders {
                    self.borders.entry(*day).or_default().insert(contract.clone());
                }
            }
            if before == now {
                continue;
            }
            for piece in instead(before, now) {
                if self.head != Position(0) {
                    moved.insert((piece.place.clone(), piece.column));
                }
                self.add(piece);
            }
        }
        if self.head == Position(0) {
            self.places.values_mut().flat_map(BTreeMap::values_mut).for_each(Sums::settle);
        }
        for (place, column) in moved {
            let sums = self.places.get_mut(&place).and_then(|columns| columns.get_mut(&column));
            sums.into_iter().filter(|sums| sums.waiting.len() > WAITING).for_each(Sums::settle);
        }
        self.head = head;
    }

    fn add(&mut self, piece: Piece) {
        let Piece { place, column, days, tally } = piece;
        self.places.entry(place).or_default().entry(column).or_default().add(days, tally);
    }

    /// What they were at an earlier head: with that of each contract about which anything was recorded since, which costs as
    /// much as there are of these.
    pub fn earlier(&self, all: &Projections, head: Position) -> Earlier<'_> {
        assert!(head <= self.head, "what is kept is of all that was recorded up to its head");
        let mut change = Self::default();
        if head == self.head {
            return Earlier { kept: self, change };
        }
        for contract in touched(all, head, self.head) {
            let ((now, _), (then, borders)) =
                (of_contract(all, &contract, self.head), of_contract(all, &contract, head));
            if now != then {
                instead(now, then).for_each(|piece| change.add(piece));
            }
            for day in borders {
                change.borders.entry(day).or_default().insert(contract.clone());
            }
        }
        Earlier { kept: self, change }
    }

    /// The totals on a day, by what is kept alone; sorted. They are those of [`Projections::totals`] at its head,
    /// whenever decided.
    pub fn on(&self, by: &[By], day: Day) -> Vec<Total> {
        self.changed(None, by, day)
    }

    /// The same, with a change added.
    fn changed(&self, change: Option<&Self>, by: &[By], day: Day) -> Vec<Total> {
        assert!(by.iter().all(|by| by.is_over_contracts()), "what is kept reaches over contracts");
        if day.succ_opt().is_none() {
            return vec![];
        }
        let mut totals = vec![];
        for by in KEPT.iter().filter(|kept| by.contains(kept)) {
            let first = totals.len();
            for (place, columns) in self.places_by(*by) {
                let changed = change.and_then(|change| change.places.get(place));
                let of_both = columns.iter().map(|(column, sums)| {
                    let mut sum = sums.on(day);
                    changed.and_then(|changed| changed.get(column)).into_iter().for_each(|sums| sum.add(sums.on(day)));
                    (*column, sum)
                });
                let new = changed.into_iter().flatten().filter(|(column, _)| !columns.contains_key(column));
                let total = total(place.clone(), of_both.chain(new.map(|(column, sums)| (*column, sums.on(day)))));
                totals.extend((!total.on.is_empty()).then_some(total));
            }
            let new = change.into_iter().flat_map(|change| change.places_by(*by));
            for (place, columns) in new.filter(|(place, _)| !self.places.contains_key(place)) {
                let total = total(place.clone(), columns.iter().map(|(column, sums)| (*column, sums.on(day))));
                totals.extend((!total.on.is_empty()).then_some(total));
            }
            totals[first..].sort_by(|a, b| a.place.cmp(&b.place));
        }
        totals
    }

    /// The places of a grouping.
    fn places_by(&self, by: By) -> impl Iterator<Item = (&Place, &BTreeMap<Column, Sums>)> {
        let (first, is_of): (Group, fn(&Group) -> bool) = match by {
            By::Funder => (Group::Funder(None), |group| matches!(group, Group::Funder(_))),
            By::Partner => (Group::Partner(None), |group| matches!(group, Group::Partner(_))),
            _ => (Group::All, |group| matches!(group, Group::All)),
        };
        let first = Place { group: first, measure: None, covers: None };
        let places = self.places.range((Bound::Included(first), Bound::Unbounded));
        places.take_while(move |(place, _)| is_of(&place.group))
    }

    /// The parties that totals on a day are of.
    pub fn parties(&self, by: By, day: Day) -> BTreeSet<PartyId> {
        let party = |total: Total| match total.place.group {
            Group::Funder(party) | Group::Partner(party) => party,
            _ => None,
        };
        self.on(&[by], day).into_iter().filter_map(party).collect()
    }

    /// The contracts of which anything may end on one of these days: all that do, and others.
    pub fn may_end(&self, days: TimeRange) -> BTreeSet<&ContractId> {
        // A last day is the one before a border.
        self.borders.range((Bound::Excluded(days.from), Bound::Included(days.end))).flat_map(|(_, of)| of).collect()
    }

    /// Raised whenever the same totals would be saved otherwise.
    pub const VERSION: u32 = packed::VERSION << 16 | 1;

    /// Gives their bytes to `part`, part by part: names, sums, and when what may end.
    ///
    /// # Errors
    /// Those of `part`.
    pub fn save<E>(&self, mut part: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut names = Names::default();
        let (mut sums, mut borders) = (vec![], vec![]);
        let mut to = Packer::new(&mut sums, &mut names);
        self.head.pack(&mut to);
        let places = self.places.iter().map(|(place, columns)| {
            let settled = columns.iter().map(|(column, sums)| (*column, sums.settled()));
            (place, settled.filter(|(_, from)| !from.is_empty()).collect::<Vec<_>>())
        });
        // However they came about, the same totals are saved alike.
        let places: Vec<_> = places.filter(|(_, columns)| !columns.is_empty()).collect();
        to.number(places.len() as u128);
        for (place, columns) in places {
            place.pack(&mut to);
            columns.pack(&mut to);
        }
        let mut to = Packer::new(&mut borders, &mut names);
        let days: Vec<_> = self.borders.iter().filter(|(_, contracts)| !contracts.is_empty()).collect();
        to.number(days.len() as u128);
        for (day, contracts) in days {
            day.pack(&mut to);
            to.number(contracts.len() as u128);
            contracts.iter().for_each(|contract| contract.pack(&mut to));
        }
        let mut all = vec![];
        names.all().to_vec().pack(&mut Packer::new(&mut all, &mut Names::default()));
        part(&all)?;
        part(&sums)?;
        part(&borders)
    }

    /// The hash of all that is saved: equal of two that are of the same entries.
    pub fn digest(&self) -> Hash {
        digest_of(|part| self.save(part))
    }

    /// Takes them back from their parts; nothing where these are not all parts of what was saved, in order.
    ///
    /// # Errors
    /// Those of `part`.
    pub fn load<E>(mut part: impl FnMut() -> Result<Option<Vec<u8>>, E>) -> Result<Option<Self>, E> {
        let (Some(names), Some(sums), Some(borders)) = (part()?, part()?, part()?) else { return Ok(None) };
        let read = || {
            let names: Vec<Arc<str>> = Pack::unpack(&mut Unpacker::new(&names, &[]))?;
            let mut from = Unpacker::new(&sums, &names);
            let mut totals = Self { head: Pack::unpack(&mut from)?, ..Self::default() };
            for _ in 0..u32::unpack(&mut from)? {
                let place = Place::unpack(&mut from)?;
                let columns: Vec<(Column, Vec<(Day, Tally)>)> = Pack::unpack(&mut from)?;
                let columns = columns.into_iter().map(|(column, from)| (column, Sums { from, waiting: vec![] }));
                totals.places.insert(place, columns.collect());
            }
            let mut from = Unpacker::new(&borders, &names);
            for _ in 0..u32::unpack(&mut from)? {
                let (day, contracts): (Day, Vec<ContractId>) = Pack::unpack(&mut from)?;
                totals.borders.insert(day, contracts.into_iter().collect());
            }
            Some(totals)
        };
        Ok(read())
    }
}

/// Kept totals as they were at an earlier head.
pub struct Earlier<'a> {
    kept: &'a Totals,
    change: Totals,
}

impl Earlier<'_> {
    /// As [`Totals::on`], at that head.
    pub fn on(&self, by: &[By], day: Day) -> Vec<Total> {
        self.kept.changed(Some(&self.change), by, day)
    }

    /// As [`Totals::may_end`], at that head.
    pub fn may_end(&self, days: TimeRange) -> BTreeSet<&ContractId> {
        let mut may_end = self.kept.may_end(days);
        may_end.extend(self.change.may_end(days));
        may_end
    }
}

/// Takes out what was there, and puts something in instead.
fn instead(out: Vec<Piece>, now: Vec<Piece>) -> impl Iterator<Item = Piece> {
    out.into_iter().map(|piece| Piece { tally: piece.tally.negative(), ..piece }).chain(now)
}

/// The contracts whose shares the entries from one head to another may have changed: those that they are about, and those
/// with a funder that has become an arm of another, or is none any more.
fn touched(all: &Projections, from: Position, to: Position) -> BTreeSet<ContractId> {
    if from == Position(0) {
        // Whether they are defined by then is to be seen, one by one.
        return all.streams().all().filter_map(|(subject, _)| subject.contract()).cloned().collect();
    }
    let mut touched = BTreeSet::new();
    let mut moved: BTreeSet<PartyId> = BTreeSet::new();
    let at = |head| At { as_of: EVER.from, head, decided_by: None };
    for recorded in (from.0..to.0).filter_map(|position| all.entry(Position(position))) {
        for subject in all.subjects(&recorded.entry) {
            match subject {
                Subject::Contract(contract) => {
                    touched.insert(contract);
                }
                Subject::Party(party) => {
                    if all.whole_party(&party, at(from)) != all.whole_party(&party, at(to)) {
                        moved.insert(party);
                    }
                }
                Subject::Office(_) | Subject::Act(_) => {}
            }
        }
    }
    let funds = |contract: &&ContractId| {
        let mut lines = all.lines(contract, at(to));
        lines.any(|(_, line, _)| line.funder.as_ref().is_some_and(|funder| moved.contains(funder)))
    };
    if !moved.is_empty() {
        touched.extend(all.contracts(to).into_iter().filter(funds).cloned());
    }
    touched
}

/// What a contract adds to totals at a head, and the days on which anything of it may end or begin.
fn of_contract(all: &Projections, contract: &ContractId, head: Position) -> (Vec<Piece>, Vec<Day>) {
    // The day of the question does not matter: shares are of all days.
    let at = At { as_of: EVER.from, head, decided_by: None };
    if !all.is_defined(contract, head) {
        return (vec![], vec![]);
    }
    let held = all.registered(contract, at);
    let shares = all.shares_of(contract, &held, at, EVER);
    let mut pieces = vec![];
    KEPT.iter().for_each(|by| all.pieces_of(contract, &shares, *by, at, &mut pieces));
    (pieces, held.borders())
}
