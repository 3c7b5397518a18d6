//! Random histories of a small council: few contracts, parties, days and sources, so that facts meet, contradict and
//! replace each other. They hold what `decide` would accept in shape; what they say need not make sense.

use minutebook_events::*;
use proptest::collection::vec;
use proptest::option::{self, weighted};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::ops::Deref;
use std::str::FromStr;

/// One event in small numbers; `kind` counts from the first kind of its history.
#[derive(Debug, Clone)]
pub struct Said {
    kind: usize,
    contract: u8,
    thing: u8,
    value: u8,
    effective: DateSpan,
    until: Option<DateSpan>,
    standing: Standing,
    sources: BTreeSet<&'static str>,
    doubt: bool,
    /// Where there is an earlier event to strike, the event is a correction of it.
    strikes: Option<Index>,
}

/// A ledger; a failing test shows it as its stored lines.
#[derive(Clone)]
pub struct History(Vec<Entry>);

impl Deref for History {
    type Target = [Entry];
    fn deref(&self) -> &[Entry] {
        &self.0
    }
}

impl Debug for History {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.iter().try_for_each(|entry| writeln!(out, "{}", String::from_utf8_lossy(&codec::encode(entry))))
    }
}

/// One act: when it was decided, and what it says.
#[derive(Debug, Clone)]
pub struct Acted {
    reference: u8,
    decided: DateSpan,
    events: Vec<Said>,
}

pub const STANDINGS: [Standing; 6] = [
    Standing::Happened,
    Standing::Decided,
    Standing::Planned,
    Standing::Endorsed,
    Standing::Proposed,
    Standing::Inferred,
];

/// Reads an id or any other small value.
pub fn read<T: FromStr<Err: Debug>>(text: impl AsRef<str>) -> T {
    text.as_ref().parse().unwrap()
}

/// The days on which things happen: three weeks apart, so that months and spans overlap some of them.
fn happening() -> impl Strategy<Value = Day> {
    (0..12i64).prop_map(|step| Day::from_ymd_opt(2020, 1, 1).unwrap() + chrono::Duration::days(step * 21))
}

/// The days of questions: at, just before and just after what happens.
pub fn asking() -> impl Strategy<Value = Day> {
    (happening(), -1..=1i64).prop_map(|(day, off)| day + chrono::Duration::days(off))
}

pub fn span() -> impl Strategy<Value = DateSpan> {
    prop_oneof![
        6 => happening().prop_map(DateSpan::day),
        2 => (happening(), happening()).prop_map(|(a, b)| DateSpan::new(a.min(b), a.max(b)).unwrap()),
        1 => happening().prop_map(|day| read(day.format("%Y-%m").to_string())),
        1 => happening().prop_map(|day| DateSpan::new(Day::MIN, day).unwrap()),
        1 => happening().prop_map(|day| DateSpan::new(day, Day::MAX).unwrap()),
    ]
}

pub fn sources() -> impl Strategy<Value = BTreeSet<&'static str>> {
    proptest::collection::btree_set(select(vec!["A 1", "A 2", "B 1", "C 7"]), 1..=2)
}

fn said() -> impl Strategy<Value = Said> {
    let about = (any::<Index>().prop_map(|kind| kind.index(PALETTE)), 0..2u8, 0..4u8, 0..3u8);
    let strikes = prop_oneof![5 => Just(None), 1 => any::<Index>().prop_map(Some)];
    (about, span(), option::of(span()), select(&STANDINGS[..]), sources(), weighted(0.1, Just(())), strikes).prop_map(
        |((kind, contract, thing, value), effective, until, standing, sources, doubt, strikes)| Said {
            kind,
            contract,
            thing,
            value,
            effective,
            until,
            standing,
            sources,
            doubt: doubt.is_some(),
            strikes,
        },
    )
}

const PALETTE: usize = 3;

/// The entries of a random ledger. Every history keeps to a few kinds of event that stand beside each other in the list
/// below, so that they meet on the same keys.
pub fn history() -> impl Strategy<Value = History> {
    let acted = (0..4u8, span(), vec(said(), 1..=4)).prop_map(|(reference, decided, events)| Acted {
        reference,
        decided,
        events,
    });
    (0..KINDS, vec(acted, 0..=9)).prop_map(|(first, acts)| {
        let mut entries = vec![];
        for acted in acts {
            let said = events(first, &acted.events, &entries);
            entries.push(entry(&entries, acted.reference, acted.decided, said));
        }
        History(entries)
    })
}

/// The next entry of a ledger.
pub fn entry(earlier: &[Entry], reference: u8, decided: DateSpan, events: Vec<Event>) -> Entry {
    let position = earlier.len() as u64;
    let act = Act {
        reference: read(format!("20/{reference:05}")),
        title: "An act".to_owned(),
        kind: ActKind::Decision,
        verb: None,
        office: None,
        decided,
        key_decision: None,
        callable_in: None,
        answers: vec![],
    };
    let id = EntryId::from_text(&format!("entry {position}"));
    let draft = Draft { id, act, documents: vec![], events };
    let recorded = read(format!("2026-11-22T09:00:00.{position:06}Z"));
    Entry::stamp(draft, Position(position), recorded, "the recorder".to_owned())
}

/// One event, with what an inferred one needs.
pub fn event(
    kind: EventKind,
    effective: DateSpan,
    until: Option<DateSpan>,
    standing: Standing,
    sources: &BTreeSet<&str>,
) -> Event {
    let because = (standing == Standing::Inferred).then(|| "it follows".into());
    Event { effective, until, standing, because, doubt: None, sources: sources.iter().map(read).collect(), kind }
}

fn events(first: usize, said: &[Said], earlier: &[Entry]) -> Vec<Event> {
    let mut left = standing(earlier);
    let one = |said: &Said| {
        let kind = match said.strikes {
            Some(place) if !left.is_empty() => {
                let strikes = left.swap_remove(place.index(left.len()));
                EventKind::Correction { strikes, reason: "it was wrong".to_owned() }
            }
            _ => kind((first + said.kind) % KINDS, said),
        };
        let event = event(kind, said.effective, said.until, said.standing, &said.sources);
        Event { doubt: said.doubt.then(|| "it may be read otherwise".into()), ..event }
    };
    said.iter().map(one).collect()
}

/// What a correction can strike: events that are no corrections and that none has struck yet.
fn standing(entries: &[Entry]) -> Vec<EventRef> {
    let mut left = vec![];
    for entry in entries {
        for (place, event) in (0..).zip(&entry.events) {
            match &event.kind {
                EventKind::Correction { strikes, .. } => left.retain(|event| event != strikes),
                _ => left.push(EventRef { entry: entry.id, event: place }),
            }
        }
    }
    left
}

/// A party by number.
pub fn party(number: u8) -> PartyId {
    read(format!("party-{number}"))
}

/// A contract by number.
pub fn contract(number: u8) -> ContractId {
    read(format!("contract-{number}"))
}

const KINDS: usize = 31;

/// Every kind of event that says something of a key.
fn kind(number: usize, said: &Said) -> EventKind {
    let (thing, value) = (said.thing, said.value);
    let contract = contract(said.contract);
    let other = self::contract(value % 2);
    let party = party(value);
    let text = format!("text {value}");
    let months = Months(u32::from(value));
    let money: Money = read(format!("£{value}00k"));
    let known = [Knowledge::Known(money), Knowledge::Unknown("not stated".into()), Knowledge::Withheld("3".into())];
    let amount = known[usize::from(value)].clone();
    let last_day = DateSpan::day(Day::from_ymd_opt(2021, 1 + u32::from(value), 1).unwrap());
    let part = match thing {
        0 => Part::Lot(read("1")),
        1 => Part::Service(read("help")),
        _ => Part::Whole,
    };
    let slug: Slug = read(format!("name-{}", thing % 2));
    let line = ValueLine {
        measure: Measure::Value,
        part: part.clone(),
        party: (thing == 2).then(|| self::party(0)),
        funder: None,
        name: None,
    };
    let role = if thing < 2 { Role::DeliveryPartner } else { Role::Provider };
    let under = (thing % 2 == 1).then(|| self::party(2));
    let seat = (thing == 3).then(|| slug.clone());
    match number {
        0 => EventKind::ContractDefined { contract, title: text },
        1 => EventKind::Commenced { contract, part },
        2 => EventKind::Ended { contract, part },
        3 => EventKind::Succeeded { contract, by: other },
        4 => EventKind::TermSet { contract, part, last_day },
        5 => EventKind::OptionGranted { contract, part, months },
        6 => EventKind::Extended { contract, part, last_day },
        7 => EventKind::LotDefined { contract, lot: read("1"), title: text, area: None },
        8 => {
            let party = if value == 2 { Knowledge::Withheld("3".into()) } else { Knowledge::Known(party) };
            EventKind::LotAssigned { contract, lot: read("1"), party }
        }
        9 => EventKind::LotReleased { contract, lot: read("1"), party },
        10 => EventKind::ServiceAdded {
            contract,
            service: read("help"),
            title: text,
            area: None,
            lots: vec![],
            party: under,
        },
        11 => EventKind::ServiceRemoved { contract, service: read("help"), party: under },
        12 => EventKind::ValueSet { contract, line, amount, basis: Basis::Year, with: vec![] },
        13 => EventKind::ValueChanged { contract, line, by: amount, basis: Basis::Year },
        14 => EventKind::TotalStated { contract, total: slug, amount: money, basis: Basis::Year, readings: vec![] },
        15 => EventKind::CountStated { contract, count: slug, number: value.into(), readings: vec![] },
        16 => EventKind::FundingSet { contract, part, funders: vec![Funder { party, share: None }] },
        17 => EventKind::PartyDefined { party: self::party(thing), name: text, arm_of: None },
        18 => EventKind::AliasStated { party: self::party(thing), alias: text, expands: None },
        19 => EventKind::OfficeDefined {
            office: read("cabinet"),
            title: text,
            body: self::party(0),
            power: if thing == 0 { Power::Decides } else { Power::Advises },
        },
        20 => EventKind::PartnerJoined { contract, party, role, under, seat },
        21 => EventKind::PartnerLeft { contract, party, role, under, seat },
        22 => {
            let clause = if thing < 2 { Clause::TermCap { months } } else { Clause::ValueCap { amount } };
            EventKind::ClauseSet { contract, part, clause }
        }
        23 => EventKind::DelegationGranted { contracts: vec![contract, other], to: read("cabinet"), scope: text },
        24 => EventKind::Milestone { contract, milestone: slug, title: text },
        25 => EventKind::NoticeGiven { contract, part, months },
        26 => {
            let value = read(format!("{value} people"));
            EventKind::PerformanceReported { contract, measure: slug, value }
        }
        27 => EventKind::ContentSealed {
            contract,
            content: slug,
            title: text.clone(),
            classification: Classification::PersonalData { reason: text },
            commitment: Commitment(Hash([value; 32])),
        },
        28 => EventKind::ContentPublished { contract, content: slug, salt: Salt([value; 32]) },
        29 => EventKind::ContentErased { contract, content: slug, reason: text },
        _ => EventKind::AlternativeConsidered {
            contracts: vec![contract, other],
            alternative: slug,
            title: text,
            saving: None,
            taken: false,
        },
    }
}
