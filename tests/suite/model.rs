//! The naive reference: filter all events, sort, fold, written from the design's words and from the entries alone. It
//! must not use a timeline, nor anything else of `projections` but the keys; every projection is held to it at random
//! coordinates over random histories.

use crate::histories::{STANDINGS, asking, contract, entry, event, history, party, read, sources, span};
use crate::places::{self, Somewhere};
use crate::run::topics;
use minutebook::ledger::Ledger;
use minutebook::question::{Question, Topic};
use minutebook::store::{self, NewEntry};
use minutebook_events::*;
use minutebook_projections::{At, Fact, Holder, Key, Projections, Window};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// An event by its place in the ledger: position of the entry, place in it.
type Place = (u64, u16);

/// What a question selects, by places.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answered {
    answer: Option<Place>,
    uncertain: bool,
    conflicting: Vec<Place>,
    beside: Vec<Place>,
    later: Vec<Place>,
    perhaps: Vec<Place>,
}

/// What an event is a fact about, and which projection keeps it.
fn about(entry: &Entry, (position, place): Place) -> Vec<(&'static str, Key)> {
    use EventKind::*;
    let event = &entry.events[usize::from(place)];
    let of_many = |contracts: &[ContractId], key: &dyn Fn(ContractId) -> Key| -> BTreeSet<Key> {
        contracts.iter().cloned().map(key).collect()
    };
    let (projection, keys): (_, BTreeSet<Key>) = match event.kind.clone() {
        ContractDefined { contract, .. } => ("register", [Key::Title(contract)].into()),
        Commenced { contract, part } | Ended { contract, part } => ("register", [Key::Status(contract, part)].into()),
        Succeeded { contract, .. } => ("register", [Key::Successor(contract)].into()),
        TermSet { contract, part, .. } | Extended { contract, part, .. } => {
            ("register", [Key::Term(contract, part)].into())
        }
        OptionGranted { contract, part, .. } => ("register", [Key::Extension(contract, part)].into()),
        ClauseSet { contract, part, clause } => ("register", [Key::Clause(contract, part, clause.word())].into()),
        DelegationGranted { contracts, to, .. } => {
            ("register", of_many(&contracts, &|contract| Key::Delegation(contract, to.clone())))
        }
        Milestone { contract, milestone, .. } => ("register", [Key::Milestone(contract, milestone)].into()),
        NoticeGiven { contract, part, .. } => ("register", [Key::Notice(contract, part)].into()),
        ContentSealed { contract, content, .. }
        | ContentPublished { contract, content, .. }
        | ContentErased { contract, content, .. } => ("register", [Key::Content(contract, content)].into()),
        ValueSet { contract, line, .. } | ValueChanged { contract, line, .. } => {
            ("value", [Key::Line(contract, line)].into())
        }
        TotalStated { contract, total, .. } => ("value", [Key::Total(contract, total)].into()),
        LotDefined { contract, lot, .. } => ("lots", [Key::Lot(contract, lot)].into()),
        LotAssigned { contract, lot, .. } | LotReleased { contract, lot, .. } => {
            ("lots", [Key::Holder(contract, lot)].into())
        }
        ServiceAdded { contract, service, party, .. } | ServiceRemoved { contract, service, party } => {
            ("lots", [Key::Service(contract, service, party)].into())
        }
        PartnerJoined { contract, party, role, under, seat } | PartnerLeft { contract, party, role, under, seat } => {
            let holder = match (seat, under) {
                (Some(seat), _) => Holder::Seat(seat),
                (None, Some(under)) => Holder::Under(party, under),
                (None, None) => Holder::Party(party),
            };
            ("network", [Key::Partner(contract, role, holder)].into())
        }
        FundingSet { contract, part, .. } => ("network", [Key::Funding(contract, part)].into()),
        PartyDefined { party, .. } => ("network", [Key::Party(party)].into()),
        AliasStated { party, alias, .. } => ("network", [Key::Alias(party, alias)].into()),
        OfficeDefined { office, .. } => ("network", [Key::Office(office)].into()),
        CountStated { contract, count, .. } => ("findings", [Key::Count(contract, count)].into()),
        PerformanceReported { contract, measure, .. } => ("findings", [Key::Performance(contract, measure)].into()),
        AlternativeConsidered { contracts, alternative, .. } => {
            ("findings", of_many(&contracts, &|contract| Key::Alternative(contract, alternative.clone())))
        }
        Correction { .. } => ("", [].into()),
    };
    let mut about: Vec<_> = keys.into_iter().map(|key| (projection, key)).collect();
    if event.doubt.is_some() {
        about.push(("findings", Key::Doubt(Position(position), place)));
    }
    if place == 0 {
        about.push(("decisions", Key::Act(entry.act.reference.clone())));
    }
    about
}

/// Every event of a ledger, in the order they were recorded.
fn places(ledger: &[Entry]) -> impl Iterator<Item = (Place, &Entry, &Event)> {
    (0..).zip(ledger).flat_map(|(position, entry)| {
        (0..).zip(&entry.events).map(move |(place, event)| ((position, place), entry, event))
    })
}

/// Whether a correction in this ledger strikes the event.
fn struck(ledger: &[Entry], entry: &Entry, place: u16) -> bool {
    let target = EventRef { entry: entry.id, event: place };
    places(ledger)
        .any(|(_, _, event)| matches!(&event.kind, EventKind::Correction { strikes, .. } if *strikes == target))
}

/// The answer that the design gives to a question about a key, from the entries alone.
fn ask(ledger: &[Entry], about_what: &(&'static str, Key), at: At) -> Answered {
    // Known at K: the ledger as it was then, corrections included. An act stays an act, whatever is struck of it.
    let ledger = &ledger[..ledger.len().min(usize::try_from(at.head.0).unwrap())];
    let known: Vec<(Place, &Entry, &Event)> = places(ledger)
        .filter(|(place, entry, _)| about(entry, *place).contains(about_what))
        .filter(|(place, entry, _)| about_what.0 == "decisions" || !struck(ledger, entry, place.1))
        .collect();
    // Decided by B: an act counts when its latest day is not after B; those that may have been are named.
    let by = at.decided_by.unwrap_or(Day::MAX);
    let places_of = |facts: &[(Place, &Entry, &Event)]| facts.iter().map(|fact| fact.0).collect::<Vec<_>>();
    let (counted, open): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|(_, entry, _)| entry.act.decided.latest() <= by);
    let perhaps: Vec<_> = open.into_iter().filter(|(_, entry, _)| entry.act.decided.earliest() <= by).collect();
    // As of D: what takes effect after D is later; what may have started and may not have ended may be in effect; what
    // has started and not ended, whichever days of its spans they were, is.
    let day = at.as_of;
    let mut later: Vec<_> = counted.iter().copied().filter(|(_, _, event)| event.effective.earliest() > day).collect();
    later.sort_by_key(|(place, _, event)| (event.effective.earliest(), *place));
    let certain =
        |event: &Event| event.effective.latest() <= day && event.until.is_none_or(|until| day <= until.earliest());
    let possible =
        |event: &Event| event.effective.earliest() <= day && event.until.is_none_or(|until| day <= until.latest());
    let in_effect: Vec<_> = counted.iter().copied().filter(|(_, _, event)| possible(event)).collect();
    let mut answered = Answered { later: places_of(&later), perhaps: places_of(&perhaps), ..Answered::default() };

    // The firm ones; where there are none, the tentative ones; where there are none, the inferred ones.
    let class = |event: &Event| match event.standing {
        Standing::Happened | Standing::Decided => 1,
        Standing::Planned | Standing::Endorsed | Standing::Proposed => 2,
        Standing::Inferred => 3,
    };
    let Some(best) = in_effect.iter().map(|(_, _, event)| class(event)).min() else { return answered };
    // The latest in effect, then the stronger word, then the latest recorded. What is certainly in effect goes before
    // what may be.
    let stronger = |event: &Event| match event.standing {
        Standing::Planned => 3,
        Standing::Endorsed => 2,
        _ => 1,
    };
    let lateness = |(place, _, event): &(Place, &Entry, &Event)| {
        (event.effective.latest(), event.effective.earliest(), stronger(event), *place)
    };
    let mut candidates: Vec<_> = in_effect.iter().copied().filter(|(_, _, event)| class(event) == best).collect();
    candidates.sort_by_key(|fact| (certain(fact.2), lateness(fact)));
    let answer = *candidates.last().unwrap();
    answered.answer = Some(answer.0);

    // Beside it stands what else is in effect and differs. No more in effect is what gave way to a certain fact, of its
    // own class or a firmer one, of a later day; what the same source was recorded to say anew for the same span; and what
    // a content was before the next was done to it for the same span.
    let step = |event: &Event| {
        use EventKind::{ContentErased, ContentPublished, ContentSealed};
        matches!(event.kind, ContentSealed { .. } | ContentPublished { .. } | ContentErased { .. })
    };
    let both_of_content = |a: &Event, b: &Event| step(a) && step(b);
    let same_source = |a: &Event, b: &Event| a.sources.iter().any(|source| b.sources.contains(source));
    let gave_way = |(place, _, old): &(Place, &Entry, &Event)| {
        in_effect.iter().filter(|(_, _, new)| certain(new)).any(|(new_place, _, new)| {
            let later = class(new) <= class(old) && new.effective.latest() > old.effective.latest();
            let anew = new.standing == old.standing && new.effective == old.effective && same_source(new, old);
            let next = both_of_content(new, old) && class(new) <= class(old) && new.effective == old.effective;
            later || (anew || next) && new_place > place
        })
    };
    let beside: Vec<_> = in_effect
        .iter()
        .copied()
        .filter(|fact| fact.0 != answer.0 && fact.2.kind != answer.2.kind && !gave_way(fact))
        .collect();
    answered.beside = places_of(&beside);
    // Two firm facts from different sources, in effect from the same day, that differ; but not of one content.
    let conflicts = |event: &Event| {
        !both_of_content(event, answer.2)
            && best == 1
            && class(event) == 1
            && event.effective == answer.2.effective
            && !same_source(event, answer.2)
    };
    answered.conflicting = beside.iter().filter(|fact| conflicts(fact.2)).map(|fact| fact.0).collect();
    // The question falls inside a span of the answer, or of what would have been the answer, had it started already.
    answered.uncertain = !certain(answer.2)
        || beside.iter().any(|fact| class(fact.2) == best && !certain(fact.2) && lateness(fact) > lateness(&answer));
    answered
}

fn places_of(facts: &[&Fact]) -> Vec<Place> {
    facts.iter().map(|fact| (fact.position().0, fact.place())).collect()
}

/// The same question to the projections.
fn select_on(projections: &Projections, (projection, key): &(&'static str, Key), at: At) -> Answered {
    assert_eq!(key.projection(), *projection);
    let selection = projections.timeline(key).map(|timeline| timeline.select(at)).unwrap_or_default();
    Answered {
        answer: selection.answer.map(|fact| (fact.position().0, fact.place())),
        uncertain: selection.uncertain,
        conflicting: places_of(&selection.conflicting),
        beside: places_of(&selection.beside),
        later: places_of(&selection.later().collect::<Vec<_>>()),
        perhaps: places_of(&selection.perhaps().collect::<Vec<_>>()),
    }
}

fn project(entries: &[Entry]) -> Projections {
    let mut projections = Projections::default();
    for entry in entries {
        projections.apply(entry.clone(), Hash::leaf(&codec::encode(entry)));
    }
    projections
}

fn roots(entries: &[Entry]) -> BTreeMap<String, String> {
    project(entries).roots().projections().into_iter().map(|root| (root.name.into(), root.root.to_string())).collect()
}

fn all_keys(entries: &[Entry]) -> BTreeSet<(&'static str, Key)> {
    places(entries).flat_map(|(place, entry, _)| about(entry, place)).collect()
}

/// Coordinates; the head is a share of the ledger it is asked of.
fn questions() -> impl Strategy<Value = Vec<(Day, Index, Option<Day>)>> {
    proptest::collection::vec((asking(), any::<Index>(), option::of(asking())), 8)
}

fn at(entries: &[Entry], (as_of, head, decided_by): (Day, Index, Option<Day>)) -> At {
    At { as_of, head: Position(head.index(entries.len() + 1) as u64), decided_by }
}

/// What can differ between two records of one event.
#[derive(Debug, Clone)]
enum Edit {
    Effective(DateSpan),
    Until(Option<DateSpan>),
    Standing(Standing),
    Sources(BTreeSet<&'static str>),
    Doubt,
    Decided(DateSpan),
    Title,
}

impl Edit {
    fn make(&self, entry: &mut Entry, place: usize) {
        let event = &mut entry.events[place];
        match self {
            Self::Effective(span) => event.effective = *span,
            Self::Until(until) => event.until = *until,
            Self::Standing(standing) => event.standing = *standing,
            Self::Sources(sources) => event.sources = sources.iter().map(read).collect(),
            Self::Doubt => event.doubt = Some("another doubt".into()),
            Self::Decided(span) => entry.act.decided = *span,
            Self::Title => entry.act.title = "Another act".to_owned(),
        }
    }
}

fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        span().prop_map(Edit::Effective),
        option::of(span()).prop_map(Edit::Until),
        select(&STANDINGS[..]).prop_map(Edit::Standing),
        sources().prop_map(Edit::Sources),
        Just(Edit::Doubt),
        span().prop_map(Edit::Decided),
        Just(Edit::Title),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn every_projection_answers_as_the_reference_does(entries in history(), questions in questions()) {
        let projections = project(&entries);
        let kept: BTreeSet<_> = projections.timelines().map(|(key, _)| (key.projection(), key.clone())).collect();
        prop_assert_eq!(&kept, &all_keys(&entries));
        for question in questions {
            let at = at(&entries, question);
            for key in &kept {
                prop_assert_eq!(select_on(&projections, key, at), ask(&entries, key, at), "{:?} {}", key, at.words());
            }
        }
    }

    #[test]
    fn a_question_is_not_changed_by_what_is_recorded_after_its_head(entries in history(), questions in questions()) {
        let projections = project(&entries);
        for question in questions {
            let at = at(&entries, question);
            let before = project(&entries[..usize::try_from(at.head.0).unwrap()]);
            for key in &all_keys(&entries) {
                prop_assert_eq!(select_on(&projections, key, at), select_on(&before, key, at), "{:?}", key);
                let whole = At { head: Position(u64::MAX), ..at };
                prop_assert_eq!(select_on(&before, key, whole), select_on(&before, key, at), "{:?}", key);
            }
        }
    }

    #[test]
    fn what_is_kept_up_is_what_is_made_at_last(entries in history(), asked in any::<Index>(), forgotten in any::<Index>()) {
        prop_assume!(!entries.is_empty());
        let mut live = Projections::default();
        // Everything is made at one moment, forgotten at another, and kept up for the rest.
        let (asked, forgotten) = (asked.index(entries.len()), forgotten.index(entries.len()));
        for (place, entry) in entries.iter().enumerate() {
            if place == forgotten {
                live.forget();
                prop_assert_eq!(live.made(), 0);
            }
            if place == asked {
                live.roots();
                live.timelines().for_each(drop);
            }
            live.apply(entry.clone(), Hash::leaf(&codec::encode(entry)));
            let found = live.by_id(entry.id).map(|found| found.entry.clone());
            prop_assert_eq!(found.as_ref(), Some(entry));
        }
        let kept: Vec<Entry> = live.log().iter().map(|recorded| recorded.entry.clone()).collect();
        prop_assert_eq!(&kept, &*entries);
        let made = project(&kept);
        prop_assert_eq!(live.roots().projections(), made.roots().projections());
        prop_assert_eq!(live.roots().streams(), made.roots().streams());
        let facts = |all: &Projections| -> Vec<_> {
            all.timelines().map(|(key, timeline)| (key.clone(), timeline.facts().to_vec())).collect()
        };
        prop_assert_eq!(facts(&live), facts(&made));
        prop_assert_eq!(live.made(), made.made());
    }

    #[test]
    fn roots_differ_where_a_fact_does(entries in history(), place in any::<Index>(), edit in edits()) {
        let kept: Vec<Place> =
            places(&entries).filter(|(place, entry, _)| !about(entry, *place).is_empty()).map(|(place, ..)| place).collect();
        prop_assume!(!kept.is_empty());
        let (position, place) = kept[place.index(kept.len())];
        let position = usize::try_from(position).unwrap();
        let mut other = entries.to_vec();
        edit.make(&mut other[position], place.into());
        prop_assume!(other != *entries);
        // Every projection that keeps the event shows it, and not only one of them.
        let (before, after) = (roots(&entries), roots(&other));
        for (projection, _) in about(&entries[position], (position as u64, place)) {
            prop_assert_ne!(&before[projection], &after[projection], "{}", projection);
        }
    }

    #[test]
    fn roots_differ_where_entries_are_missing_or_out_of_order(entries in history()) {
        prop_assume!(entries.len() > 1);
        prop_assert_ne!(roots(&entries), roots(&entries[1..]));
        prop_assert_ne!(roots(&entries), roots(&entries[..entries.len() - 1]));
        let swapped: Vec<Entry> = entries.iter().rev().cloned().collect();
        prop_assert_ne!(roots(&entries), roots(&swapped));
    }
}

// Wherever entries are kept.

/// A history kept at a place as it is, and read again by whoever opens the ledger there.
fn kept_at(at: &Somewhere, entries: &[Entry]) -> Ledger {
    let store = store::create(&at.place).unwrap();
    let mut projections = Projections::default();
    for entry in entries {
        let bytes = codec::encode(entry);
        let (first, leaf) = (projections.head(), Hash::leaf(&bytes));
        let subjects = projections.subjects(entry).into_iter().collect();
        store.append(first, &[NewEntry::new(entry.id, subjects, bytes)]).unwrap();
        projections.apply(entry.clone(), leaf);
    }
    drop(store);
    at.open()
}

/// All that a ledger shows: its bytes, its roots, and an answer of every kind about all contracts and about each.
fn shown(ledger: &Ledger, as_of: Day, to: Day) -> Vec<String> {
    let stored = ledger.store().scan(0..u64::MAX).map(|stored| format!("{:?}", stored.unwrap()));
    let view = ledger.view();
    let root = ledger.tree().root(view.head.0);
    let roots = format!("{root:?} {:?} {:?}", view.projections.roots().projections(), view.projections.digest());
    let contracts = view.projections.contracts(view.head).into_iter().cloned().map(Some).chain([None]);
    let answers = contracts.flat_map(|contract| {
        let asked = topics(to).into_iter().filter(|topic| contract.is_some() || !matches!(topic, Topic::Why { .. }));
        let ask = |topic| {
            let contract = contract.clone();
            match view.ask(&Question { topic, contract, as_of, known_at: None, decided_by: None }) {
                Ok(answer) => serde_json::to_string(&answer).unwrap() + &answer.words,
                Err(error) => error.to_string(),
            }
        };
        asked.map(ask).collect::<Vec<_>>()
    });
    stored.chain([roots]).chain(answers).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn wherever_entries_are_kept_the_same_is_there(entries in history(), questions in questions(), days in (asking(), asking())) {
        let mut all: Vec<Vec<String>> = vec![];
        for place in places::places() {
            let ledger = kept_at(&place, &entries);
            let view = ledger.view();
            for question in &questions {
                let at = at(&entries, *question);
                for key in &all_keys(&entries) {
                    prop_assert_eq!(select_on(&view.projections, key, at), ask(&entries, key, at), "{:?} {}", key, at.words());
                }
            }
            drop(view);
            all.push(shown(&ledger, days.0.min(days.1), days.0.max(days.1)));
        }
        prop_assert!(all.iter().all(|shown| *shown == all[0]));
    }
}

// Sums.

fn month(number: u32) -> Day {
    Months(number).after(Day::from_ymd_opt(2020, 4, 1).unwrap()).unwrap()
}

fn line(name: u8) -> ValueLine {
    let name = Some(read(format!("line-{name}")));
    ValueLine { measure: Measure::Value, part: Part::Whole, party: Some(party(0)), funder: None, name }
}

/// One step of a line, by whole months: set to, or changed by, twelves of pounds a year.
#[derive(Debug, Clone)]
struct Step {
    line: u8,
    sets: bool,
    twelves: Option<i64>,
    from: u32,
    months: Option<u32>,
    standing: Standing,
    sources: BTreeSet<&'static str>,
    decided: DateSpan,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let amount = (0..2u8, proptest::bool::weighted(0.7), option::weighted(0.9, -50..500i64));
    let firmly = select(vec![Standing::Decided, Standing::Decided, Standing::Happened, Standing::Planned]);
    let step = (amount, 0..24u32, option::weighted(0.4, 1..18u32), firmly, sources(), span()).prop_map(
        |((line, sets, twelves), from, months, standing, sources, decided)| Step {
            line,
            sets,
            twelves,
            from,
            months,
            standing,
            sources,
            decided,
        },
    );
    proptest::collection::vec(step, 0..=8)
}

fn entries_of(steps: &[Step]) -> Vec<Entry> {
    let mut entries = vec![];
    for step in steps {
        let amount = match step.twelves {
            Some(twelves) => Knowledge::Known(Money::exact(Decimal::from(twelves * 12))),
            None => Knowledge::Withheld("paragraph 3".into()),
        };
        let (contract, line, basis) = (contract(0), line(step.line), Basis::Year);
        let kind = if step.sets {
            EventKind::ValueSet { contract, line, amount, basis, with: vec![] }
        } else {
            EventKind::ValueChanged { contract, line, by: amount, basis }
        };
        let last_day = |months| month(step.from + months).pred_opt().unwrap();
        let until = step.months.map(last_day).map(DateSpan::day);
        let event = event(kind, DateSpan::day(month(step.from)), until, step.standing, &step.sources);
        entries.push(entry(&entries, 0, step.decided, vec![event]));
    }
    entries
}

/// What a line comes to a year on a day, where that is known: as set, with every change since.
fn rate(entries: &[Entry], key: &(&'static str, Key), at: At) -> Option<Result<Decimal, ()>> {
    let answered = ask(entries, key, at);
    let (position, place) = answered.answer?;
    if !answered.conflicting.is_empty() {
        return Some(Err(()));
    }
    let event = &entries[usize::try_from(position).unwrap()].events[usize::from(place)];
    Some(match &event.kind {
        EventKind::ValueSet { amount, .. } => amount.known().map(|money| money.pounds()).ok_or(()),
        EventKind::ValueChanged { by, .. } => {
            let eve = event.effective.exact().unwrap().pred_opt().unwrap();
            let before = rate(entries, key, at.on(eve)).unwrap_or(Err(()));
            before.and_then(|before| by.known().map(|by| before + by.pounds()).ok_or(()))
        }
        other => panic!("{other:?} is no amount of a line"),
    })
}

fn sum(entries: &[Entry], range: (u32, u32), at: At) -> (Decimal, bool) {
    let window = Window::Range(TimeRange { from: month(range.0), end: month(range.1) });
    let projections = project(entries);
    let contract = contract(0);
    let sum = projections.sum(&contract, window, at, |_, _| true);
    (sum.pounds, sum.missing.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 384, ..ProptestConfig::default() })]

    #[test]
    fn a_sum_over_months_is_that_of_each_month(
        steps in steps(),
        question in (asking(), any::<Index>(), option::of(asking())),
        (from, months) in (0..24u32, 1..24u32),
    ) {
        let entries = entries_of(&steps);
        let at = at(&entries, question);
        let (mut pounds, mut complete) = (Decimal::ZERO, true);
        for key in [0, 1].map(|name| ("value", Key::Line(contract(0), line(name)))) {
            for number in from..from + months {
                match rate(&entries, &key, at.on(month(number))) {
                    Some(Ok(yearly)) => pounds += yearly / Decimal::from(12),
                    Some(Err(())) => complete = false,
                    None => {}
                }
            }
        }
        prop_assert_eq!(sum(&entries, (from, from + months), at), (pounds, complete));
    }
}

/// A line of £120,000 a year, and one thing more that is said of it.
fn with(effective: &str, until: Option<&str>, standing: Standing, first_until: Option<&str>) -> Vec<Entry> {
    let set = |pounds: i64| EventKind::ValueSet {
        contract: contract(0),
        line: line(0),
        amount: Knowledge::Known(Money::exact(Decimal::from(pounds))),
        basis: Basis::Year,
        with: vec![],
    };
    let sources = ["A 1"].into();
    let first = event(set(120_000), read("2020-04-01"), first_until.map(read), Standing::Decided, &sources);
    let more = event(set(240_000), read(effective), until.map(read), standing, &sources);
    vec![entry(&[], 0, read("2020-01-01"), vec![first, more])]
}

fn over_the_year(entries: &[Entry]) -> Decimal {
    let at = At { as_of: month(0), head: Position(1), decided_by: None };
    sum(entries, (0, 12), at).0
}

#[test]
fn a_sum_is_not_changed_by_what_is_no_answer_on_any_day() {
    let planned = with("2020-06-15", Some("2020-09-03"), Standing::Planned, None);
    assert_eq!(over_the_year(&planned), Decimal::from(120_000));
}

#[test]
fn a_sum_ends_with_the_last_day_on_which_an_amount_may_hold() {
    let ended = with("2030-01-01", None, Standing::Decided, Some("2020-09"));
    assert_eq!(over_the_year(&ended), Decimal::from(60_000));
}

#[test]
fn a_sum_starts_with_the_first_day_on_which_an_amount_may_hold() {
    let mut started = with("2030-01-01", None, Standing::Decided, None);
    started[0].events[0].effective = read("2020-10");
    assert_eq!(over_the_year(&started), Decimal::from(60_000));
}
