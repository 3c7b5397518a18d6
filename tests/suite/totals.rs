//! Totals over contracts: the index, the way through all contracts and a naive reference made from what the existing answers say
//! of each contract alone agree, on any day, at any coordinates, after anything that is recorded; and golden figures of Kent's
//! record.

use crate::histories::{STANDINGS, asking, contract, entry, event, party, read, sources, span};
use crate::places::also_on_a_server;
use crate::run::Place as Folder;
use minutebook::ledger::{Ledger, View};
use minutebook::question::{Question, Topic};
use minutebook_events::*;
use minutebook_projections::{
    At, By, Course, Ending, Footed, Footing, Group, Key, Knowing, Lack, Lacking, Place, Projections, State, Sum, Total,
    Totals, Val, Window,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

// Histories in which contracts, terms, lots, amounts and funders meet.

const CONTRACTS: u8 = 3;
const LOTS: [&str; 2] = ["1", "2"];
const EVERY: [By; 6] = [By::All, By::Funder, By::Partner, By::Contract, By::Lot, By::Area];
const KEPT: [By; 3] = [By::All, By::Funder, By::Partner];

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        3 => Just(Part::Whole),
        2 => select(&LOTS[..]).prop_map(|lot| Part::Lot(read(lot))),
        1 => Just(Part::Service(read("help"))),
    ]
}

fn amount() -> impl Strategy<Value = Knowledge<Money>> {
    prop_oneof![
        5 => (-3..90i64).prop_map(|pounds| Knowledge::Known(Money::exact(Decimal::from(pounds * 1_000)))),
        1 => Just(Knowledge::Known(read("£0.99m"))),
        1 => Just(Knowledge::Unknown("not stated".into())),
        1 => Just(Knowledge::Withheld("paragraph 3".into())),
    ]
}

fn line() -> impl Strategy<Value = ValueLine> {
    let measure = select(vec![Measure::Value, Measure::Value, Measure::Envelope, Measure::Saving]);
    (measure, part(), option::of(0..2u8), option::of(0..3u8)).prop_map(|(measure, part, provider, funder)| ValueLine {
        measure,
        part,
        party: provider.map(party),
        funder: funder.map(party),
        name: None,
    })
}

fn basis() -> impl Strategy<Value = Basis> {
    select(vec![
        Basis::Year,
        Basis::Year,
        Basis::Year,
        Basis::FullYear,
        Basis::WholePeriod,
        Basis::Once,
        Basis::Unstated,
    ])
}

fn kind() -> impl Strategy<Value = EventKind> {
    let of = || (0..CONTRACTS).prop_map(contract);
    let months = || (1..14u32).prop_map(Months);
    prop_oneof![
        3 => (of(), part()).prop_map(|(contract, part)| EventKind::Commenced { contract, part }),
        2 => (of(), part()).prop_map(|(contract, part)| EventKind::Ended { contract, part }),
        2 => (of(), part(), span()).prop_map(|(contract, part, last_day)| EventKind::TermSet { contract, part, last_day }),
        1 => (of(), part(), span()).prop_map(|(contract, part, last_day)| EventKind::Extended { contract, part, last_day }),
        1 => (of(), part(), months())
            .prop_map(|(contract, part, months)| EventKind::OptionGranted { contract, part, months }),
        1 => (of(), part(), months()).prop_map(|(contract, part, months)| EventKind::ClauseSet {
            contract,
            part,
            clause: Clause::TermCap { months }
        }),
        2 => (of(), select(&LOTS[..]), option::of(select(vec!["North", "South"]))).prop_map(|(contract, lot, area)| {
            EventKind::LotDefined { contract, lot: read(lot), title: "A lot".to_owned(), area: area.map(str::to_owned) }
        }),
        6 => (of(), line(), amount(), basis(), option::weighted(0.15, of())).prop_map(
            |(contract, line, amount, basis, with)| {
                let with = with.into_iter().filter(|other| *other != contract).collect();
                EventKind::ValueSet { contract, line, amount, basis, with }
            }
        ),
        2 => (of(), line(), amount())
            .prop_map(|(contract, line, by)| EventKind::ValueChanged { contract, line, by, basis: Basis::Year }),
        1 => (0..3u8, option::of(0..3u8)).prop_map(|(number, arm_of)| EventKind::PartyDefined {
            party: party(number),
            name: format!("Party {number}"),
            arm_of: arm_of.filter(|whole| *whole != number).map(party),
        }),
    ]
}

fn happens() -> impl Strategy<Value = (Event, Option<Index>)> {
    let firmly = prop_oneof![3 => Just(Standing::Decided), 1 => Just(Standing::Happened), 2 => select(&STANDINGS[..])];
    let strikes = prop_oneof![9 => Just(None), 1 => any::<Index>().prop_map(Some)];
    (kind(), span(), option::weighted(0.3, span()), firmly, sources(), strikes).prop_map(
        |(kind, effective, until, standing, sources, strikes)| {
            (event(kind, effective, until, standing, &sources), strikes)
        },
    )
}

/// A ledger that defines every contract, but for those that it strikes again, and goes on at random.
fn ledger() -> impl Strategy<Value = Vec<Entry>> {
    let acts = vec((0..4u8, span(), vec(happens(), 1..=5)), 0..=9);
    (acts, 1..=CONTRACTS).prop_map(|(acts, defined)| {
        let defines = |number| {
            let kind = EventKind::ContractDefined { contract: contract(number), title: format!("Contract {number}") };
            event(kind, read("2020-01-01"), None, Standing::Decided, &["A 1"].into())
        };
        let mut entries = vec![entry(&[], 0, read("2019-12-01"), (0..defined).map(defines).collect())];
        let mut left: Vec<EventRef> =
            (0..defined).map(|at| EventRef { entry: entries[0].id, event: at.into() }).collect();
        for (reference, decided, happens) in acts {
            let mut events = vec![];
            for (mut event, strikes) in happens {
                if let Some(place) = strikes.filter(|_| !left.is_empty()) {
                    let strikes = left.swap_remove(place.index(left.len()));
                    event.kind = EventKind::Correction { strikes, reason: "it was wrong".to_owned() };
                }
                events.push(event);
            }
            let next = entry(&entries, reference, decided, events);
            let is_fact = |event: &Event| !matches!(event.kind, EventKind::Correction { .. });
            let facts = (0..).zip(&next.events).filter(|(_, event)| is_fact(event));
            left.extend(facts.map(|(at, _)| EventRef { entry: next.id, event: at }));
            entries.push(next);
        }
        entries
    })
}

/// A day at, before or after what happens; or any, for terms and caps end when nothing happens.
fn day() -> impl Strategy<Value = Day> {
    let any = (0..800i64).prop_map(|days| Day::from_ymd_opt(2019, 11, 1).unwrap() + chrono::Duration::days(days));
    prop_oneof![asking(), any]
}

fn project(entries: &[Entry]) -> Projections {
    let mut projections = Projections::default();
    entries.iter().for_each(|entry| drop(projections.apply(entry.clone(), Hash::leaf(&codec::encode(entry)))));
    projections
}

// The naive reference: each contract alone, each line alone, on the day alone, by the figures of the answers that there are.

fn state(knowing: &Knowing) -> State {
    match knowing.known() {
        Some(Val::State(state)) => *state,
        None => State::Unknown,
        Some(other) => panic!("{other:?} is no state"),
    }
}

fn of_status(state: State, uncertain: bool) -> Footing {
    match state {
        State::InForce if uncertain => Footing::MayBe,
        State::InForce => Footing::InForce,
        State::SaidToBe(_) => Footing::SaidToBe,
        State::Unknown => Footing::NotDetermined,
        _ => Footing::Not,
    }
}

fn of_amount(sum: &Sum) -> Footing {
    match () {
        () if sum.facts.iter().any(|fact| !fact.standing().is_firm()) => Footing::SaidToBe,
        () if sum.uncertain.is_some() => Footing::MayBe,
        () => Footing::InForce,
    }
}

/// Why an amount that is in effect alone is not known.
fn lacking(course: &Course<'_>, sum: &Sum, at: At) -> Option<Lacking> {
    let figure = course.figure();
    Some(match sum.missing.first()? {
        Lack::Withheld(..) => Lacking::Withheld,
        Lack::Unknown(_, why) if why.contains("conflict") => Lacking::Conflicting,
        Lack::Unknown(..) if matches!(&*figure.value(), Knowing::Conflicting(_)) => panic!("{figure:?} at {at:?}"),
        Lack::Unknown(..) => Lacking::Unknown,
        _ => Lacking::NotByYear,
    })
}

/// What a total says, as far as it can be seen.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    pence: i128,
    slack: i128,
    amounts: BTreeMap<Option<Lacking>, i64>,
    contracts: BTreeMap<Option<Lacking>, BTreeSet<ContractId>>,
}

type Naive = BTreeMap<(Place, Footing), Seen>;

fn pence(pounds: Decimal) -> i128 {
    let pence = (pounds * Decimal::ONE_HUNDRED).round();
    pence.mantissa() / 10_i128.pow(pence.scale())
}

fn naive(all: &Projections, by: By, at: At) -> Naive {
    let mut seen = Naive::new();
    for contract in all.contracts(at.head) {
        let statuses = all.registered(contract, at).statuses();
        let whole = of_status(statuses.state, statuses.whole.uncertain.is_some());
        assert_eq!(state(&statuses.whole.value()), statuses.state);
        let lots: BTreeMap<LotId, Footing> = all
            .lots_of(contract, at)
            .into_iter()
            .zip(&statuses.lots)
            .map(|(lot, figure)| (lot, of_status(state(&figure.value()), figure.uncertain.is_some())))
            .collect();
        let mut own: Vec<Footing> = vec![];
        for course in all.courses(contract, at).filter(|course| course.line.measure.is_worth()) {
            let sum = Sum::of(&[&course], Window::Yearly, at.as_of);
            if sum.added == 0 && sum.missing.is_empty() {
                continue;
            }
            let (lot, area) = match &course.line.part {
                Part::Lot(lot) => (lots.get(lot).copied(), lots.get(lot).and_then(|_| area(all, contract, lot, at))),
                _ => (None, None),
            };
            let footing = whole.max(lot.unwrap_or(whole)).max(of_amount(&sum));
            own.push(footing);
            let with: BTreeSet<ContractId> = course
                .timeline
                .counted(at)
                .filter_map(|fact| match &fact.event().kind {
                    EventKind::ValueSet { with, .. } => Some(with.clone()),
                    _ => None,
                })
                .flatten()
                .collect();
            let covers = (!with.is_empty()).then(|| (contract.clone(), with.into_iter().collect()));
            let ValueLine { measure, part, party, funder, .. } = course.line.clone();
            let group = match by {
                By::All => Group::All,
                By::Funder => Group::Funder(funder.map(|funder| all.whole_party(&funder, at))),
                By::Partner => Group::Partner(party),
                By::Contract => Group::Contract(contract.clone()),
                By::Lot => Group::Lot(contract.clone(), part),
                By::Area => Group::Area(contract.clone(), area),
            };
            let lacking = lacking(&course, &sum, at);
            let seen = seen.entry((Place { group, measure: Some(measure), covers }, footing)).or_default();
            seen.pence += pence(sum.pounds);
            seen.slack += pence(sum.slack);
            *seen.amounts.entry(lacking).or_default() += 1;
            for why in [None, lacking] {
                seen.contracts.entry(why).or_default().insert(contract.clone());
            }
        }
        let firm = match whole {
            Footing::InForce | Footing::MayBe => Footing::MayBe,
            Footing::SaidToBe => Footing::SaidToBe,
            _ => continue,
        };
        if own.iter().all(|footing| *footing > firm) {
            let group = match by {
                By::All => Group::All,
                By::Funder => Group::Funder(None),
                By::Partner => Group::Partner(None),
                By::Contract => Group::Contract(contract.clone()),
                By::Lot => Group::Lot(contract.clone(), Part::Whole),
                By::Area => Group::Area(contract.clone(), None),
            };
            let seen = seen.entry((Place { group, measure: None, covers: None }, whole)).or_default();
            for why in [None, Some(Lacking::NoAmount)] {
                seen.contracts.entry(why).or_default().insert(contract.clone());
            }
        }
    }
    seen
}

fn area(all: &Projections, contract: &ContractId, lot: &LotId, at: At) -> Option<String> {
    let selection = all.timeline(&Key::Lot(contract.clone(), lot.clone()))?.select(at);
    match &selection.answer.filter(|_| selection.conflicting.is_empty())?.event().kind {
        EventKind::LotDefined { area, .. } => area.clone(),
        _ => None,
    }
}

/// For each total pence, their slack, and by why they lack, where they do, how many amounts of how many contracts.
type Shown = BTreeMap<(Place, Footing), (i128, i128, BTreeMap<Option<Lacking>, [i64; 2]>)>;

/// The same shape of totals as of the reference; contracts are counted alone.
fn shown(totals: &[Total]) -> Shown {
    let each =
        totals.iter().flat_map(|total| total.on.iter().map(move |(footing, footed)| ((total, *footing), footed)));
    let money = |money: Option<Money>| money.map_or(0, |money| pence(money.pounds()));
    each.map(|((total, footing), Footed { known, lacking })| {
        let mut counts: BTreeMap<Option<Lacking>, [i64; 2]> =
            lacking.iter().map(|(why, tally)| (Some(*why), [tally.amounts, tally.contracts])).collect();
        counts.insert(None, [known.amounts, known.contracts]);
        ((total.place.clone(), footing), (money(known.pounds()), money(known.slack()), counts))
    })
    .collect()
}

fn naively(naive: Naive) -> Shown {
    naive
        .into_iter()
        .map(|(place, seen)| {
            let counts = seen
                .contracts
                .iter()
                .map(|(why, contracts)| (*why, [seen.amounts.get(why).copied().unwrap_or(0), contracts.len() as i64]));
            (place, (seen.pence, seen.slack, counts.collect()))
        })
        .collect()
}

/// Whether an amount is one that needs rounding by us: whole periods whose year is no whole number of pence.
fn is_rounded(entries: &[Entry]) -> bool {
    let period = |event: &Event| matches!(event.kind, EventKind::ValueSet { basis: Basis::WholePeriod, .. });
    entries.iter().flat_map(|entry| &entry.events).any(period)
}

/// The two are the same; to a penny an amount where something had to be rounded.
fn agree(all: &Projections, totals: &[Total], by: By, at: At, rounded: bool) -> Result<(), TestCaseError> {
    let (ours, naive) = (shown(totals), naively(naive(all, by, at)));
    if !rounded {
        prop_assert_eq!(ours, naive, "{:?} {}", by, at.words());
        return Ok(());
    }
    prop_assert_eq!(ours.keys().collect::<Vec<_>>(), naive.keys().collect::<Vec<_>>(), "{:?} {}", by, at.words());
    for (place, (pence, slack, counts)) in &ours {
        let (others, other_slack, other_counts) = &naive[place];
        let amounts = i128::from(counts[&None][0]);
        prop_assert!((pence - others).abs() <= amounts, "{:?}: {} and {}", place, pence, others);
        prop_assert_eq!((slack, counts), (other_slack, other_counts), "{:?} {}", place, at.words());
    }
    Ok(())
}

/// The ends of a contract's parts, by asking day after day whether they are in force.
fn naive_ends(all: &Projections, contract: &ContractId, at: At, by: Day) -> BTreeMap<Part, Day> {
    let mut ends = BTreeMap::new();
    let lots = all.lots_of(contract, at);
    let parts: Vec<Part> = [Part::Whole].into_iter().chain(lots.iter().cloned().map(Part::Lot)).collect();
    for part in parts {
        let has_own = all.timeline(&Key::Status(contract.clone(), part.clone()));
        if has_own.is_none_or(|timeline| timeline.select(at).is_empty()) {
            continue;
        }
        let in_force = |day: Day| {
            let statuses = all.registered(contract, at.on(day)).statuses();
            let figure = match &part {
                Part::Lot(lot) => &statuses.lots[lots.iter().position(|other| other == lot).unwrap()],
                _ => &statuses.whole,
            };
            state(&figure.value()) == State::InForce
        };
        if !in_force(at.as_of) {
            continue;
        }
        let after = at.as_of.iter_days().skip(1).find(|day| !in_force(*day) || *day > by.succ_opt().unwrap());
        let last = after.and_then(|day| day.pred_opt()).filter(|last| *last <= by);
        ends.extend(last.map(|last| (part, last)));
    }
    ends
}

fn firm_ends(endings: &[Ending]) -> BTreeMap<Part, Day> {
    let last = |ending: &Ending| match ending.last_day.value().known() {
        Some(Val::Date(last)) => last.exact(),
        _ => None,
    };
    endings.iter().filter_map(|ending| Some((ending.part.clone(), last(ending)?))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn totals_are_those_of_each_contract_alone(
        entries in ledger(),
        questions in vec((day(), any::<Index>(), option::of(asking())), 6),
    ) {
        let (all, rounded) = (project(&entries), is_rounded(&entries));
        for (as_of, head, decided_by) in questions {
            let at = At { as_of, head: Position(head.index(entries.len() + 1) as u64), decided_by };
            for by in EVERY {
                agree(&all, &all.totals(None, &[by], at), by, at, rounded)?;
            }
        }
    }

    #[test]
    fn the_index_follows_whatever_is_recorded(
        entries in ledger(),
        stops in vec(any::<Index>(), 0..4),
        days in vec(day(), 1..8),
    ) {
        let (all, rounded) = (project(&entries), is_rounded(&entries));
        let mut heads: Vec<u64> = stops.iter().map(|stop| stop.index(entries.len() + 1) as u64).collect();
        heads.push(entries.len() as u64);
        heads.sort_unstable();
        let mut kept = Totals::default();
        for head in heads.iter().copied().map(Position) {
            // It may be behind the projections, as a question is that sees only what is on disk.
            kept.follow(&all, head);
            let mut anew = Totals::default();
            anew.follow(&project(&entries[..head.0 as usize]), head);
            prop_assert_eq!(kept.digest(), anew.digest(), "however they came about, they are saved alike");
            for as_of in days.iter().copied() {
                let at = At { as_of, head, decided_by: None };
                for by in KEPT {
                    let totals = kept.on(&[by], as_of);
                    prop_assert_eq!(&totals, &all.totals(None, &[by], at), "{:?} {}", by, at.words());
                    prop_assert_eq!(&totals, &anew.on(&[by], as_of), "{:?} {}", by, at.words());
                    agree(&all, &totals, by, at, rounded)?;
                }
            }
        }
        // What is kept says what it was before, too.
        for head in heads.into_iter().map(Position) {
            let earlier = kept.earlier(&all, head);
            for as_of in days.iter().copied() {
                let at = At { as_of, head, decided_by: None };
                for by in KEPT {
                    prop_assert_eq!(earlier.on(&[by], as_of), all.totals(None, &[by], at), "{:?} {}", by, at.words());
                }
            }
        }
    }

    #[test]
    fn shares_of_all_days_are_those_of_each_day(entries in ledger(), days in vec(day(), 1..8), of in 0..CONTRACTS) {
        let all = project(&entries);
        let contract = contract(of);
        let at = At { as_of: Day::MIN, head: all.head(), decided_by: None };
        let whole = all.shares(&contract, at, TimeRange { from: Day::MIN, end: Day::MAX });
        for day in days {
            let within = TimeRange { from: day, end: day.succ_opt().unwrap() };
            let on_the_day: Vec<_> = whole
                .iter()
                .filter(|share| share.days.contains(day))
                .map(|share| minutebook_projections::Share { days: within, ..share.clone() })
                .collect();
            prop_assert_eq!(on_the_day, all.shares(&contract, at, within));
        }
    }

    #[test]
    fn what_ends_is_what_is_in_force_no_more(
        entries in ledger(),
        as_of in day(),
        months in 1..14u32,
        decided_by in option::of(asking()),
        earlier in any::<Index>(),
    ) {
        let all = project(&entries);
        let by = Months(months).last_day_from(as_of).unwrap();
        let at = At { as_of, head: all.head(), decided_by };
        let mut kept = Totals::default();
        kept.follow(&all, all.head());
        let may_end = kept.may_end(TimeRange { from: as_of, end: by.succ_opt().unwrap() });
        for contract in all.contracts(all.head()) {
            let endings = all.endings(contract, at, by);
            prop_assert_eq!(firm_ends(&endings), naive_ends(&all, contract, at, by), "{} {}", contract, at.words());
            let known = all.endings(contract, At { decided_by: None, ..at }, by);
            prop_assert!(known.is_empty() || may_end.contains(contract), "{}: {:?}", contract, known);
        }
        let head = Position(earlier.index(entries.len() + 1) as u64);
        let earlier = kept.earlier(&all, head);
        let may_end = earlier.may_end(TimeRange { from: as_of, end: by.succ_opt().unwrap() });
        for contract in all.contracts(head) {
            let known = all.endings(contract, At { decided_by: None, head, ..at }, by);
            prop_assert!(known.is_empty() || may_end.contains(contract), "{}: {:?}", contract, known);
        }
    }
}

// Kent's record: each figure from the paragraph that it is in, and what is no fact in no column of facts.

fn ask(folder: &Folder, args: &[&str]) -> Vec<serde_json::Value> {
    let answer = folder.run(&[&["totals"], args, &["--json"]].concat()).ok().json();
    assert_eq!(answer["question"], "totals");
    answer["answer"].as_array().unwrap().clone()
}

/// The one row with these cells.
#[track_caller]
fn row<'a>(rows: &'a [serde_json::Value], cells: &[(&str, &str)]) -> &'a serde_json::Value {
    let found: Vec<_> = rows.iter().filter(|row| cells.iter().all(|(name, said)| row[*name] == *said)).collect();
    assert_eq!(found.len(), 1, "{cells:?} in {rows:#?}");
    found[0]
}

/// What the three columns say.
fn columns(row: &serde_json::Value) -> [&serde_json::Value; 3] {
    ["in-force", "may-be-in-force", "said-to-be-in-force"].map(|column| &row[column]["value"])
}

#[test]
fn what_covers_other_contracts_too_is_in_no_total() {
    // A 2.19: the three funders of 2021/22, with services of Live Well Medway in the amounts.
    let folder = Folder::kent();
    let rows = ask(&folder, &["--as-of", "2021-06-01"]);
    for (funder, pounds) in [
        ("Kent County Council", "5290185.00"),
        ("Kent and Medway Clinical Commissioning Group", "1488837.00"),
        ("Medway Council", "22850.00"),
    ] {
        let row = row(&rows, &[("row", "total-apart"), ("funder", funder), ("measure", "value")]);
        assert_eq!(columns(row), [&pounds.into(), &serde_json::Value::Null, &serde_json::Value::Null]);
        assert_eq!(row["covers-too"][0], "live-well-medway");
        assert!(!rows.iter().any(|row| row["row"] == "total-by-funder" && row["funder"] == funder), "{funder}");
    }
    assert_eq!(columns(row(&rows, &[("row", "total"), ("measure", "value")]))[0], &serde_json::Value::Null);
}

#[test]
fn a_planned_lot_is_worth_nothing_by_firm_facts_in_a_contract_that_is_in_force() {
    // C 4.1: the envelopes of lots 4 to 12 in 2022/23; C T1, rec b: planned and proposed to begin.
    let rows = ask(&Folder::kent(), &["community-wellbeing", "--by", "lot", "--as-of", "2022-06-01"]);
    let lots: Vec<&str> =
        rows.iter().filter(|row| row["measure"] == "envelope").filter_map(|row| row["part"].as_str()).collect();
    assert_eq!(lots, ["lot 4", "lot 5", "lot 6", "lot 7", "lot 8", "lot 9", "lot 10", "lot 11", "lot 12"]);
    for (lot, pounds) in [("lot 4", "997350.68"), ("lot 5", "734460.80"), ("lot 12", "564064.00")] {
        let row = row(&rows, &[("row", "total-by-lot"), ("part", lot)]);
        assert_eq!(columns(row), [&serde_json::Value::Null, &serde_json::Value::Null, &pounds.into()]);
    }
}

#[test]
fn what_partners_have_is_rounded_as_it_is_stated() {
    // E: 0.99 + 0.66 to Involve Kent, 1.24 to SEK, 0.98 to Imago: £3.87 million, each to the nearest £0.01 million.
    let folder = Folder::kent();
    let rows = ask(&folder, &["--by", "partner", "--as-of", "2025-11-22"]);
    for (partner, pounds) in [("Involve Kent", "1650000.00"), ("SEK", "1240000.00"), ("Imago Community", "980000.00")] {
        assert_eq!(columns(row(&rows, &[("partner", partner)]))[0], pounds);
    }
    let all = &row(&rows, &[("row", "total"), ("measure", "value")])["in-force"];
    assert_eq!(all["value"], "3870000.00");
    assert_eq!(all["counts"], serde_json::json!({ "contracts": 1, "amounts": 4, "known": 4 }));
    assert!(all["computed"].as_str().unwrap().ends_with("rounded, by £20,000 at the most"), "{all:#}");
    // E-dec: changed by amounts that nobody states. What is not known is counted, and no sum.
    let rows = ask(&folder, &["--by", "partner", "--as-of", "2026-11-22"]);
    let all = row(&rows, &[("row", "total"), ("measure", "value")]);
    assert_eq!(
        (&all["in-force"]["value"], &all["in-force"]["counts"]["amounts"]),
        (&serde_json::Value::Null, &4.into())
    );
    assert!(all["lacking"].as_array().unwrap().contains(&"in force: 4 unknown".into()), "{all:#}");
}

#[test]
fn an_arm_funds_with_its_organisation() {
    // A Table 1: £5,330,185.00 a year of KCC, which is Adult Social Care and Public Health; Table 2: the CCG.
    let rows = ask(&Folder::kent(), &["--as-of", "2024-06-01"]);
    let row = row(&rows, &[("funder", "Kent County Council"), ("measure", "cost")]);
    assert_eq!(columns(row), [&serde_json::Value::Null, &serde_json::Value::Null, &"5330185.00".into()]);
    assert_eq!(row["said-to-be-in-force"]["counts"], serde_json::json!({ "contracts": 1, "amounts": 2, "known": 2 }));
}

#[test]
fn a_plan_ends_nothing_and_an_option_moves_no_end() {
    let folder = Folder::kent();
    // A 1.4, 2.16: the end of Live Well Kent 2016 is planned.
    let rows = ask(&folder, &["--as-of", "2022-12-01", "--ends-within", "6"]);
    let ending = row(&rows, &[("row", "ending"), ("contract", "live-well-kent-2016")]);
    assert_eq!(
        (&ending["last-day"]["value"], &ending["status"]["value"]),
        (&serde_json::Value::Null, &"in force".into())
    );
    let said: Vec<_> =
        ending["said-to-end"].as_array().unwrap().iter().map(|said| (&said["value"], &said["standing"])).collect();
    assert!(said.contains(&(&"2023-03-31".into(), &"planned".into())), "{ending:#}");
    assert_eq!(ending["option"]["value"], "up to 2 years more");
    // The period of four months from 1 December runs to 31 March; one of three does not reach it.
    let ends = |months| ask(&folder, &["--as-of", "2022-12-01", "--ends-within", months]);
    let has = |rows: &[serde_json::Value]| {
        rows.iter().any(|row| row["contract"] == "live-well-kent-2016" && row["row"] == "ending")
    };
    assert!(has(&ends("4")) && !has(&ends("3")));
    // E-dec a: decided to end 31 March 2027, which is a firm fact.
    let rows = ask(&folder, &["--as-of", "2026-11-22", "--ends-within", "12"]);
    let ending = row(&rows, &[("row", "ending"), ("part", "lot phase-one-west-kent")]);
    assert_eq!(
        (&ending["last-day"]["value"], &ending["last-day"]["standing"]),
        (&"2027-03-31".into(), &"decided".into())
    );
}

#[test]
fn wrong_questions_are_told_what_would_be_right() {
    let folder = Folder::kent();
    let wrong = |args: &[&str], words: &str| drop(folder.run(&[&["totals"], args].concat()).ends(2).says(&[words]));
    wrong(&["--by", "council"], "funder, partner, lot, area, contract");
    wrong(&["--ends-within", "0"], "no number of months from 1 to 1200");
    wrong(&["--ends-within", "soon"], "write it as 6");
    wrong(&["live-well-kent"], "did you mean live-well-kent-2023?");
    wrong(&["--as-of", "2022-02-30"], "not a day of the calendar");
    wrong(&["--known-at", "900"], "past the head");
    wrong(&["--from", "2022-02-03"], "unexpected argument");
}

#[test]
fn a_ledger_that_is_open_answers_as_one_that_is_opened_for_the_question() {
    let folder = Folder::kent();
    let ledger = Ledger::open(folder.at(), |_, _| {}).unwrap();
    for by in EVERY {
        for as_of in ["2016-04-01", "2019-01-01", "2022-06-01", "2023-04-01", "2025-11-22", "2031-01-01"] {
            let topic = Topic::Totals { by, ends_within: Some(Months(18)) };
            let as_of = read(as_of);
            let question = Question { topic, contract: None, as_of, known_at: None, decided_by: None };
            let kept = ledger.view().ask(&question).unwrap();
            let view = ledger.view();
            let alone = View { totals: None, ..view }.ask(&question).unwrap();
            assert_eq!(kept, alone, "{by:?} {as_of}");
        }
    }
}

also_on_a_server! {
    what_covers_other_contracts_too_is_in_no_total,
    a_planned_lot_is_worth_nothing_by_firm_facts_in_a_contract_that_is_in_force,
    what_partners_have_is_rounded_as_it_is_stated,
    an_arm_funds_with_its_organisation,
    a_plan_ends_nothing_and_an_option_moves_no_end,
    wrong_questions_are_told_what_would_be_right,
    a_ledger_that_is_open_answers_as_one_that_is_opened_for_the_question,
}
