//! A synthetic register of a nation's contracts, of any size: every draft follows from the seed and its number alone, so that
//! the same seed gives the same bytes, in any order and on any thread. What it says need not be likely; `decide` takes all
//! of it in order. It must not record anything, nor know what is measured of it.
//!
//! Sizes are those of a long tail: contract 0 has about one entry in a hundred of a million contracts' ten million; or, where it
//! is asked for, those of a council, whose largest contracts have some tens of entries however many contracts there are. One in
//! five amounts takes effect after it was decided, one in ten before; one in five is not firm; one entry in twenty corrects
//! an earlier one.

use minutebook_events::{
    Act, ActKind, Basis, ContractId, DateSpan, Day, Document, Draft, EntryId, Event, EventKind, EventRef, Funder,
    Knowledge, LotId, Measure, Money, Months, Part, PartyId, Role, Source, Standing, ValueLine,
};
use std::fmt::Debug;
use std::str::FromStr;
use uuid::Builder;

/// A register: its seed, and how many entries it has for each contract.
///
/// ```
/// use minutebook_tools::national::National;
/// use minutebook_tools::national::Sizes;
/// let national = National { seed: 1, entries_a_contract: 10, sizes: Sizes::LongTail };
/// assert_eq!(national.draft(7), national.draft(7));
/// assert_ne!(national.draft(7).id, National { seed: 2, ..national }.draft(7).id);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct National {
    /// What all of it follows from.
    pub seed: u64,
    /// Entries for each contract on average, the one that defines it included; at least 1.
    pub entries_a_contract: u64,
    /// How many each has.
    pub sizes: Sizes,
}

/// How many entries contracts have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sizes {
    /// Ever more for the first ones, as the register grows: the hardest case.
    LongTail,
    /// As a council's have: of so many contracts that were let one after the other a few have most of the entries, and no contract
    /// has more as the register grows.
    Council,
}

/// Of so many contracts of a council, let one after the other, the first has a quarter of the entries.
const LET_TOGETHER: u64 = 16;

const FUNDERS: u64 = 50;
const PROVIDERS: u64 = 400;

/// How far back a correction looks for something to correct.
const LOOK_BACK: u64 = 20;

/// What an entry that defines no contract does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    SetsAmount,
    Corrects,
    ChangesAmount,
    Extends,
    Joins,
    Leaves,
    Reports,
    Plans,
}

/// The dice of one entry: the same roll is the same number again.
#[derive(Clone, Copy)]
struct Dice {
    seed: u64,
    number: u64,
}

impl Dice {
    /// SplitMix64: small, and the same everywhere.
    fn roll(self, which: u64) -> u64 {
        let mut z = self.seed ^ (self.number << 8 | which).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(self, which: u64, end: u64) -> u64 {
        self.roll(which) % end
    }

    /// A number below `end`, the small ones far more often: a third of the cubes of evenly spread numbers lie below 0.04.
    fn low(self, which: u64, end: u64) -> u64 {
        let even = self.even(which);
        ((even * even * even * end as f64) as u64).min(end - 1)
    }

    /// A number below `end`, the small ones more often: a third of the squares lie below 0.11.
    fn lowish(self, which: u64, end: u64) -> u64 {
        let even = self.even(which);
        ((even * even * end as f64) as u64).min(end - 1)
    }

    /// A number from 0 to below 1, any of them as often.
    fn even(self, which: u64) -> f64 {
        (self.roll(which) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn read<T: FromStr<Err: Debug>>(text: impl AsRef<str>) -> T {
    text.as_ref().parse().expect("what is made here is well formed")
}

/// What is fixed of a contract from its definition on.
struct Contract {
    id: ContractId,
    number: u64,
    start: Day,
    last_day: Day,
    lots: u64,
    dice: Dice,
}

impl Contract {
    fn lot(lot: u64) -> LotId {
        read((lot + 1).to_string())
    }

    /// Who has a lot, and who pays for it.
    fn party(&self, lot: u64) -> PartyId {
        provider(self.dice.low(20 + lot, PROVIDERS))
    }

    fn funder(&self, lot: u64) -> PartyId {
        funder(self.dice.low(40 + lot, FUNDERS))
    }

    fn line(&self, lot: u64) -> ValueLine {
        let part = Part::Lot(Self::lot(lot));
        let (party, funder) = (Some(self.party(lot)), Some(self.funder(lot)));
        ValueLine { measure: Measure::Value, part, party, funder, name: None }
    }
}

fn provider(number: u64) -> PartyId {
    read(format!("provider-{number}"))
}

fn funder(number: u64) -> PartyId {
    read(format!("funder-{number}"))
}

fn day(year: i32, month: u32) -> Day {
    Day::from_ymd_opt(year, month, 1).expect("a month of a year")
}

impl National {
    /// The draft of this number, from 0: parties first, then contracts and what is decided about them. It is to be recorded
    /// when all before it are.
    pub fn draft(&self, number: u64) -> Draft {
        let dice = self.dice(number);
        match self.defines(number) {
            _ if number == 0 => self.parties(),
            Some(contract) => self.definition(number, &self.contract(contract)),
            None => self.about(number, &self.contract(self.chosen(number, dice)), dice),
        }
    }

    fn dice(&self, number: u64) -> Dice {
        Dice { seed: self.seed, number }
    }

    /// The contract that an entry defines, where it defines one.
    fn defines(&self, number: u64) -> Option<u64> {
        let after = number.checked_sub(1)?;
        after.is_multiple_of(self.entries_a_contract).then_some(after / self.entries_a_contract)
    }

    /// The contract that an entry is about.
    fn chosen(&self, number: u64, dice: Dice) -> u64 {
        let contracts = self.contracts(number);
        match (self.sizes, (contracts / LET_TOGETHER).checked_sub(1)) {
            (Sizes::LongTail, _) | (Sizes::Council, None) => dice.low(1, contracts),
            (Sizes::Council, Some(last)) => last * LET_TOGETHER + dice.lowish(1, LET_TOGETHER),
        }
    }

    /// How many contracts are defined before an entry.
    fn contracts(&self, number: u64) -> u64 {
        (number - 1).div_ceil(self.entries_a_contract)
    }

    fn contract(&self, number: u64) -> Contract {
        let dice = Dice { seed: !self.seed, number };
        let start = day(2010 + dice.below(0, 13) as i32, 4);
        let last_day = Months(12 * (1 + dice.below(1, 5) as u32)).last_day_from(start).expect("within the calendar");
        Contract { id: read(format!("contract-{number}")), number, start, last_day, lots: 1 + dice.low(2, 12), dice }
    }

    fn id(&self, number: u64) -> EntryId {
        let (high, low) = (Dice { seed: self.seed, number: !number }.roll(0), self.dice(number).roll(0));
        let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
        EntryId(Builder::from_random_bytes(bytes).into_uuid())
    }

    fn draft_of(&self, number: u64, kind: ActKind, title: String, decided: DateSpan, events: Vec<Event>) -> Draft {
        let act = Act {
            reference: read(format!("{:02}/{number:05}", chrono::Datelike::year(&decided.latest()) % 100)),
            title,
            kind,
            verb: None,
            office: None,
            decided,
            key_decision: Some(number.is_multiple_of(3)),
            callable_in: None,
            answers: vec![],
        };
        let document = Document { code: read(format!("R{number}")), title: "Report".to_owned(), dated: None };
        Draft { id: self.id(number), act, documents: vec![document], events }
    }

    fn parties(&self) -> Draft {
        let named = |party: PartyId| EventKind::PartyDefined { name: format!("Party {party}"), party, arm_of: None };
        let all = (0..FUNDERS).map(funder).chain((0..PROVIDERS).map(provider));
        let start = DateSpan::day(day(2009, 4));
        let events = all.map(|party| event(0, start, Standing::Happened, named(party))).collect();
        self.draft_of(0, ActKind::Definition, "Funders and providers".to_owned(), start, events)
    }

    fn definition(&self, number: u64, of: &Contract) -> Draft {
        let (contract, start) = (&of.id, DateSpan::day(of.start));
        let until = Some(DateSpan::day(of.last_day));
        let decided = |kind| event(number, start, Standing::Decided, kind);
        let mut events = vec![
            decided(EventKind::ContractDefined {
                contract: contract.clone(),
                title: format!("Contract {}", of.number),
            }),
            decided(EventKind::Commenced { contract: contract.clone(), part: Part::Whole }),
            decided(EventKind::TermSet {
                contract: contract.clone(),
                part: Part::Whole,
                last_day: DateSpan::day(of.last_day),
            }),
            decided(EventKind::OptionGranted { contract: contract.clone(), part: Part::Whole, months: Months(24) }),
            decided(EventKind::FundingSet {
                contract: contract.clone(),
                part: Part::Whole,
                funders: vec![Funder { party: of.funder(0), share: None }],
            }),
        ];
        for lot in 0..of.lots {
            let (title, party) = (format!("Lot {}", lot + 1), Knowledge::Known(of.party(lot)));
            let id = Contract::lot(lot);
            events.push(decided(EventKind::LotDefined {
                contract: contract.clone(),
                lot: id.clone(),
                title,
                area: Some(format!("Area {}", of.dice.below(60 + lot, 340))),
            }));
            events.push(decided(EventKind::LotAssigned { contract: contract.clone(), lot: id, party }));
            let amount = amount(of.dice.roll(80 + lot));
            let (line, basis) = (of.line(lot), Basis::Year);
            let kind = EventKind::ValueSet { contract: contract.clone(), line, amount, basis, with: vec![] };
            events.push(Event { until, ..decided(kind) });
        }
        let before = DateSpan::day(of.start - chrono::Days::new(30 + of.dice.below(3, 150)));
        self.draft_of(number, ActKind::Decision, format!("Award of contract {}", of.number), before, events)
    }

    /// What the dice of an entry say that it does, whether or not it can.
    fn does(dice: Dice) -> Does {
        match dice.below(2, 100) {
            0..50 => Does::SetsAmount,
            50..55 => Does::Corrects,
            55..65 => Does::ChangesAmount,
            65..70 => Does::Extends,
            70..80 => Does::Joins,
            80..85 => Does::Leaves,
            85..95 => Does::Reports,
            _ => Does::Plans,
        }
    }

    /// The entry before this one that a correction strikes: the nearest that set an amount, unless an earlier correction
    /// lies between, which may have struck it already.
    fn struck(&self, number: u64) -> Option<u64> {
        let back = (number.saturating_sub(LOOK_BACK).max(1)..number).rev();
        let others = back.filter(|number| self.defines(*number).is_none());
        let mut told = others.map(|number| (number, Self::does(self.dice(number))));
        told.find(|(_, does)| matches!(does, Does::SetsAmount | Does::Corrects))
            .and_then(|(number, does)| (does == Does::SetsAmount).then_some(number))
    }

    fn about(&self, number: u64, of: &Contract, dice: Dice) -> Draft {
        let contract = of.id.clone();
        let decided_on = of.start + chrono::Days::new(dice.below(3, 700));
        // A third of the dates of acts are known to the month alone.
        let decided = match dice.below(4, 3) {
            0 => read(decided_on.format("%Y-%m").to_string()),
            _ => DateSpan::day(decided_on),
        };
        let effective = DateSpan::day(match dice.below(5, 10) {
            0 => decided_on - chrono::Days::new(dice.below(6, 300)),
            1 | 2 => decided_on + chrono::Days::new(dice.below(6, 500)),
            _ => decided_on,
        });
        let (act, standing) = match dice.below(7, 20) {
            0..2 => (ActKind::Proposal, Standing::Proposed),
            2 => (ActKind::Report, Standing::Planned),
            3 => (ActKind::Inference, Standing::Inferred),
            4..6 => (ActKind::Report, Standing::Happened),
            _ => (ActKind::Decision, Standing::Decided),
        };
        let lot = dice.low(8, of.lots);
        let (under, seat, party) = (Some(of.party(lot)), None, provider(dice.low(9, PROVIDERS)));
        let role = Role::DeliveryPartner;
        let kind = match Self::does(dice) {
            Does::Corrects if let Some(struck) = self.struck(number) => {
                let strikes = EventRef { entry: self.id(struck), event: 0 };
                let kind = EventKind::Correction { strikes, reason: "misread".to_owned() };
                let events = vec![event(number, decided, Standing::Happened, kind)];
                return self.draft_of(number, ActKind::Correction, "Correction".to_owned(), decided, events);
            }
            Does::SetsAmount | Does::Corrects => EventKind::ValueSet {
                contract,
                line: of.line(lot),
                amount: amount(dice.roll(10)),
                basis: Basis::Year,
                with: vec![],
            },
            Does::ChangesAmount => EventKind::ValueChanged {
                contract,
                line: of.line(lot),
                by: amount(dice.roll(10) % 50),
                basis: Basis::Year,
            },
            Does::Extends => {
                let last_day = Months(12).last_day_from(of.last_day + chrono::Days::new(1)).expect("in the calendar");
                EventKind::Extended { contract, part: Part::Whole, last_day: DateSpan::day(last_day) }
            }
            Does::Joins => EventKind::PartnerJoined { contract, party, role, under, seat },
            Does::Leaves => EventKind::PartnerLeft { contract, party, role, under, seat },
            Does::Reports => EventKind::PerformanceReported {
                contract,
                measure: read(format!("measure-{}", dice.below(11, 5))),
                value: read(format!("{} people", dice.below(10, 1000))),
            },
            Does::Plans => EventKind::Milestone {
                contract,
                milestone: read(format!("milestone-{}", dice.below(11, 5))),
                title: "Review".to_owned(),
            },
        };
        // An extension takes effect when the term ends, whoever decided it when.
        let effective = match &kind {
            EventKind::Extended { .. } => DateSpan::day(of.last_day + chrono::Days::new(1)),
            _ => effective,
        };
        let events = vec![event(number, effective, standing, kind)];
        self.draft_of(number, act, format!("About contract {}", of.number), decided, events)
    }
}

fn event(number: u64, effective: DateSpan, standing: Standing, kind: EventKind) -> Event {
    let because = (standing == Standing::Inferred).then(|| "it follows from the report".into());
    let sources = vec![read::<Source>(format!("R{number} 4.{}", number % 9))];
    Event { effective, until: None, standing, because, doubt: None, sources, kind }
}

fn amount(roll: u64) -> Knowledge<Money> {
    match roll % 50 {
        49 => Knowledge::Withheld("Schedule 12A paragraph 3".into()),
        _ => Knowledge::Known(read((5_000 + roll / 50 % 2_000_000).to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutebook::ledger::rehearse;
    use minutebook::sealed::Contents;
    use minutebook_projections::Projections;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn every_draft_is_taken_in_order_and_sizes_have_a_long_tail() {
        for seed in [1, 2] {
            let national = National { seed, entries_a_contract: 10, sizes: Sizes::LongTail };
            let (sizes, corrections) = sizes_of(national, 3_000);
            assert!((60..200).contains(&corrections), "{corrections} corrections");
            assert_eq!(sizes.len(), 300);
            let most = sizes.values().max();
            assert!(most > Some(&(3_000 / 20)), "the largest has {most:?} entries");
        }
    }

    #[test]
    fn of_a_council_no_contract_grows_with_the_register() {
        let national = National { seed: 1, entries_a_contract: 5, sizes: Sizes::Council };
        let largest =
            [1_500, 6_000].map(|entries| sizes_of(national, entries).0.into_values().max().unwrap_or_default());
        assert!(largest.iter().all(|largest| (15..60).contains(largest)), "the largest have {largest:?} entries");
    }

    /// How many entries each contract has, and how many of all are corrections; each is taken.
    fn sizes_of(national: National, entries: u64) -> (BTreeMap<ContractId, usize>, usize) {
        let mut projections = Projections::default();
        let contents = Contents::beside(std::path::Path::new("nowhere"));
        let (mut corrections, mut sizes) = (0, BTreeMap::<ContractId, usize>::new());
        for number in 0..entries {
            let draft = national.draft(number);
            corrections += usize::from(matches!(draft.events[0].kind, EventKind::Correction { .. }));
            let contracts: BTreeSet<_> =
                draft.events.iter().flat_map(|event| event.kind.contracts()).cloned().collect();
            contracts.into_iter().for_each(|contract| *sizes.entry(contract).or_default() += 1);
            let receipt = rehearse(&mut projections, &contents, draft);
            assert!(receipt.is_ok(), "{national:?}, {number}: {receipt:?}");
        }
        (sizes, corrections)
    }
}
