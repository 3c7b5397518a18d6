//! Replay, entry by entry: each says what it changed, from what the one before left, and what the last left is the state;
//! back it says what it leaves; and nothing that was ever recorded is left out of it.

use crate::histories::history;
use crate::places::{Somewhere, also_on_a_server, places};
use crate::run::{Place, Ran, assigned_and_struck, defines};
use chrono::{DateTime, Utc};
use minutebook::ledger::{Ledger, View};
use minutebook::question::{Bound, Cell, Range, Row};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Day, Entry, Hash, Position, codec};
use minutebook_projections::{At, Key, Knowing, Projections, Selection, tell};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A fact: its projection, contract and name.
type Of = (String, String, String);
type State = BTreeMap<Of, String>;

const DAYS: [&str; 4] = ["2016-04-01", "2018-06-01", "2026-11-22", "2030-01-01"];

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn range(from: u64, to: u64) -> Range {
    let bound = |position| Some(Bound::Position(Position(position)));
    Range { from: bound(from), to: bound(to), ..Range::default() }
}

fn text(row: &Row, name: &str) -> String {
    match row.get(name) {
        Some(Cell::Text(text)) => text.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

fn key(row: &Row) -> Of {
    (text(row, "projection"), text(row, "contract"), text(row, "fact"))
}

/// The events in a cell of a change, as "7.10".
fn events(row: &Row, name: &str) -> Vec<String> {
    match row.get(name) {
        Some(Cell::Rows(rows)) => rows.iter().map(|row| text(row, "entry")).collect(),
        other => panic!("{name} is {other:?}"),
    }
}

fn changes(rows: &[Row]) -> impl DoubleEndedIterator<Item = &Row> {
    rows.iter().filter(|row| row.kind == "change")
}

/// Folds what a replay says was changed, and holds each change to the state before it.
fn fold(state: &mut State, rows: &[Row]) {
    for row in changes(rows) {
        let before = state.insert(key(row), text(row, "after"));
        assert_eq!(before.unwrap_or_else(|| "nothing".to_owned()), text(row, "before"), "{row:?}");
    }
}

/// A selection in the words of a replay.
fn words(selected: &Selection<'_>) -> Option<String> {
    let says = |fact: &minutebook_projections::Fact| Knowing::from(tell(fact.event())).words();
    let Some(answer) = selected.answer else {
        let later = selected.later().next()?;
        return Some(format!("from {}: {} ({})", later.effective(), says(later), later.standing()));
    };
    let mut said = says(answer);
    if !selected.conflicting.is_empty() {
        let all: Vec<String> = std::iter::once(&answer).chain(&selected.conflicting).map(|fact| says(fact)).collect();
        said = format!("sources conflict: {}", all.join(" / "));
    }
    let uncertain = if selected.uncertain { " (uncertain)" } else { "" };
    Some(format!("{said} ({}){uncertain}", answer.standing()))
}

/// What the timelines themselves answer after an entry.
fn state(view: &View<'_>, as_of: Day, last: Position) -> State {
    let at = At { as_of, head: last.next(), decided_by: None };
    let timelines = view.projections.timelines().filter(|(key, timeline)| {
        !matches!(key, Key::Act(_)) && timeline.facts().iter().any(|fact| fact.position() <= last)
    });
    let told = timelines.map(|(key, timeline)| {
        let words = words(&timeline.select(at));
        let contract = key.contract().map(ToString::to_string).unwrap_or_default();
        ((key.projection().to_owned(), contract, key.to_string()), words.unwrap_or_else(|| "nothing".to_owned()))
    });
    told.collect()
}

/// Every event of every timeline: where it stands, and itself; then the same of those that were struck.
fn everything(view: &View<'_>) -> [Vec<(Of, String)>; 2] {
    let mut all = [vec![], vec![]];
    for (key, timeline) in view.projections.timelines() {
        if matches!(key, Key::Act(_)) {
            continue;
        }
        let contract = key.contract().map(ToString::to_string).unwrap_or_default();
        for fact in timeline.facts() {
            let event = format!("{}.{}", fact.position(), fact.place());
            let told = ((key.projection().to_owned(), contract.clone(), key.to_string()), event);
            if fact.struck().is_some() {
                all[1].push(told.clone());
            }
            all[0].push(told);
        }
    }
    all.each_mut().iter_mut().for_each(|told| told.sort());
    all
}

/// Every event that a replay tells in cells of this name, with where it stands.
fn told(rows: &[Row], name: &str) -> Vec<(Of, String)> {
    let mut told: Vec<_> =
        changes(rows).flat_map(|row| events(row, name).into_iter().map(|event| (key(row), event))).collect();
    told.sort();
    told
}

/// A whole replay adds up to the state, tells every event once where it belongs, and back it is the mirror of itself.
fn holds_together(view: &View<'_>, as_of: Day) {
    let forward = view.replay(as_of, &Range::default()).unwrap().answer;
    let mut folded = State::new();
    fold(&mut folded, &forward);
    let last = Position(view.head.0 - 1);
    assert_eq!(folded, state(view, as_of, last));

    let [all, struck] = everything(view);
    assert_eq!(told(&forward, "brings"), all);
    assert_eq!(told(&forward, "strikes"), struck);

    let back = view.replay(as_of, &Range { back: true, ..Range::default() }).unwrap().answer;
    fold(&mut folded, &back);
    assert!(folded.values().all(|left| left == "nothing"), "all undone, there is something left: {folded:?}");
    let seen = |row: &Row, [before, after, brings, strikes]: [&str; 4]| {
        let position = row.get("position").cloned();
        (position, key(row), text(row, before), text(row, after), events(row, brings), events(row, strikes))
    };
    let mut forward: Vec<_> =
        changes(&forward).map(|row| seen(row, ["before", "after", "brings", "strikes"])).collect();
    let mut back: Vec<_> =
        changes(&back).rev().map(|row| seen(row, ["after", "before", "takes-away", "restores"])).collect();
    // Within one entry the order of its facts is the same both ways.
    forward.sort_by_key(|seen| format!("{seen:?}"));
    back.sort_by_key(|seen| format!("{seen:?}"));
    assert_eq!(forward, back);
}

#[test]
fn what_each_entry_changed_adds_up_to_the_state() {
    let place = Place::kent();
    let ledger = Ledger::open(place.at(), |_, _| {}).unwrap();
    let view = ledger.view();
    let last = view.head.0 - 1;
    for as_of in DAYS.map(day) {
        let mut folded = State::new();
        for (from, to) in [(0, 0), (1, 9), (10, 12), (13, last)] {
            let rows = view.replay(as_of, &range(from, to)).unwrap().answer;
            let entries: Vec<&Cell> =
                rows.iter().filter(|row| row.kind == "entry").filter_map(|row| row.get("position")).collect();
            let positions: Vec<Cell> = (from..=to).map(|position| Cell::Position(Position(position))).collect();
            assert_eq!(entries, positions.iter().collect::<Vec<_>>());
            fold(&mut folded, &rows);
            assert_eq!(folded, state(&view, as_of, Position(to)), "after entry {to}, as of {as_of}");
        }
        let whole = view.replay(as_of, &range(0, last)).unwrap().answer;
        let mut at_once = State::new();
        fold(&mut at_once, &whole);
        assert_eq!(at_once, folded);
    }
}

#[test]
fn all_of_kents_record_is_in_a_replay_once_forward_and_back() {
    let place = Place::kent();
    let printed = place.run(&["replay", "--as-of", "2020-01-01"]).ok().out;
    let ledger = Ledger::open(place.at(), |_, _| {}).unwrap();
    let view = ledger.view();
    for as_of in DAYS.map(day) {
        holds_together(&view, as_of);
    }
    // Nothing that is said is about no fact at all.
    let whole = view.replay(day("2020-01-01"), &Range::default()).unwrap().answer;
    let mut told: Vec<String> = changes(&whole).flat_map(|row| events(row, "brings")).collect();
    told.sort();
    told.dedup();
    let said: usize = view.projections.log().iter().map(|recorded| recorded.entry.events.len()).sum();
    assert_eq!(told.len(), said);
    // And a person sees each of them.
    for event in told {
        assert!(printed.contains(&format!(" {event}: ")), "{event} is not printed");
    }
}

fn view_of<T>(entries: &[Entry], see: impl FnOnce(&View<'_>) -> T) -> T {
    let mut projections = Projections::default();
    entries.iter().for_each(|entry| drop(projections.apply(entry.clone(), Hash::leaf(&codec::encode(entry)))));
    see(&View::of(&projections))
}

proptest! {
    /// Also where entries correct, repeat, contradict and back-date each other.
    #[test]
    fn any_record_is_in_a_replay_once_forward_and_back(entries in history(), as_of in crate::histories::asking()) {
        prop_assume!(!entries.is_empty());
        view_of(&entries, |view| holds_together(view, as_of));
    }
}

#[test]
fn the_command_names_the_entries_and_what_each_changed() {
    let place = Place::kent();
    let ran = place.run(&["replay", "--from", "10", "--to", "12", "--as-of", "2018-06-01", "--json"]).ok();
    let json = ran.json();
    let rows = json["answer"].as_array().unwrap();
    let of = |kind: &str| rows.iter().filter(|row| row["row"] == kind).count();
    assert_eq!(of("entry"), 3);
    assert!(of("change") > 0, "{ran:#?}");
    assert!(rows.iter().all(|row| row["row"] == "entry" || row["before"].is_string() && row["after"].is_string()));
    assert_eq!((&json["from"], &json["to"], &json["known_at"]["position"]), (&10.into(), &12.into(), &12.into()));
    place.run(&["replay", "--from", "12", "--to", "10"]).ends(2).says(&["--from 12 is after --to 10"]);
    place.run(&["replay", "--from", "900"]).ends(2).says(&["position 900 is past the head"]);
    place.run(&["replay", "--to", "900"]).ends(2).says(&["position 900 is past the head"]);
}

#[test]
fn what_is_wrong_with_the_ends_is_said() {
    let place = Place::kent();
    for (args, words) in [
        (["--from", "2026-02-30"], "\"2026-02-30\" is neither a position, nor a day, nor an instant: write 12, 2026-"),
        (["--from", "2026-02"], "neither a position, nor a day"),
        (["--decided-from", "2022"], "is more than one day"),
    ] {
        place.run(&[&["replay"][..], &args].concat()).ends(2).says(&[words]);
    }
    for (from, to) in [
        (["--from", "2026-02-02"], ["--to", "2026-02-01"]),
        (["--from", "2026-02-01T00:00:01.000000Z"], ["--to", "2026-02-01T00:00:00.000000Z"]),
        (["--decided-from", "2022-02-02"], ["--decided-to", "2022-02-01"]),
    ] {
        let words = format!("{} is after {}: give the earlier one first", from.join(" "), to.join(" "));
        place.run(&[&["replay"][..], &from, &to].concat()).ends(2).says(&[&words]);
    }
}

#[test]
fn what_changes_no_answer_is_shown_beside_it_or_for_later() {
    let place = Place::kent();
    // Inferred, where a proposal of 2022 is the answer.
    let beside = place.run(&["replay", "--from", "37", "--to", "37", "--as-of", "2026-11-22"]).ok();
    beside.prints(&["no answer of this day", "37.0: stands beside the", "37.1: stands beside the"]);
    // Decided in 2025, of 2026.
    let later = place.run(&["replay", "--from", "33", "--to", "33", "--as-of", "2025-12-01", "--json"]).ok().json();
    let rows = later["answer"].as_array().unwrap();
    let brings = rows.iter().filter_map(|row| row["brings"].as_array()).flatten();
    assert!(brings.filter(|fact| fact["counts-as"] == "takes effect later").count() > 3, "{later:#}");
}

#[test]
fn a_correction_shows_what_it_strikes_and_undone_what_stands_again() {
    let place = Place::empty();
    let (assigned, struck) = assigned_and_struck();
    place.file("assigned.toml", assigned).file("struck.toml", struck);
    place.run(&["record", "assigned.toml", "struck.toml"]).ok();
    let change = |args: &[&str]| {
        let args = [&["replay", "--from", "1", "--as-of", "2023-01-01", "--json"], args].concat();
        let answer = place.run(&args).ok().json()["answer"].clone();
        assert_eq!(answer.as_array().unwrap().len(), 2, "{answer:#}");
        answer[1].clone()
    };
    let forward = change(&[]);
    assert_eq!((&forward["before"], &forward["after"]), (&"somebody (decided)".into(), &"nothing".into()));
    let strikes = &forward["strikes"][0];
    assert_eq!((&strikes["entry"], &strikes["counted-as"]), (&"0.3".into(), &"the answer".into()));
    assert_eq!((&strikes["struck-by"], &strikes["reason"]), (&"1.0".into(), &"the paper names someone else".into()));
    let back = change(&["--back"]);
    assert_eq!((&back["before"], &back["after"]), (&forward["after"], &forward["before"]));
    assert_eq!(
        (&back["restores"][0]["entry"], &back["restores"][0]["counts-as"]),
        (&"0.3".into(), &"the answer".into())
    );
    place.run(&["replay", "--from", "1"]).ok().prints(&["0.3: the answer", "struck by 1.0: the paper names someone"]);
}

/// A ledger whose four entries were recorded at these instants.
async fn recorded(at: &Somewhere, instants: [&str; 4]) -> Ledger {
    let hand = Arc::new(Mutex::new(DateTime::<Utc>::MIN_UTC));
    let read = Arc::clone(&hand);
    let clock = Box::new(move || *read.lock().unwrap());
    let ledger = at.by(clock);
    for (position, instant) in (0..).zip(instants) {
        *hand.lock().unwrap() = instant.parse().unwrap();
        let draft = DecisionFile::parse(&defines(&format!("party-{position}"))).unwrap().draft;
        ledger.record(draft, Position(position)).await.unwrap();
    }
    ledger
}

/// In summer a day begins at 23:00 UTC of the day before, for a council in London.
#[tokio::test]
async fn a_day_of_recording_is_a_day_of_the_council() {
    let instants = ["2026-06-30T22:59:59Z", "2026-06-30T23:00:00Z", "2026-07-01T22:59:59Z", "2026-07-05T12:00:00Z"];
    for at in places() {
        let ledger = recorded(&at, instants).await;
        let view = ledger.view();
        let found = |from: &str, to: &str| {
            let end = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
            let answer =
                view.replay(day("2026-08-01"), &Range { from: end(from), to: end(to), ..Range::default() }).unwrap();
            let entries = answer.answer.iter().filter(|row| row.kind == "entry").count();
            assert_eq!(answer.entries.map_or(0, |found| found.to.0 + 1 - found.from.0), entries as u64);
            answer.entries.map(|found| (found.from.0, found.to.0))
        };
        for (from, to, entries) in [
            ("2026-07-01", "2026-07-01", Some((1, 2))),
            ("", "2026-06-30", Some((0, 0))),
            ("2026-07-02", "", Some((3, 3))),
            ("2026-07-02", "2026-07-04", None),
            ("2026-07-06", "", None),
            ("", "2026-06-29", None),
            ("2", "2026-07-01", Some((2, 2))),
            ("3", "2026-07-01", None),
            ("2026-06-30T23:00:00Z", "2026-07-05T11:59:59Z", Some((1, 2))),
            ("2026-06-30T23:00:00.000001Z", "2026-07-05T12:00:00Z", Some((2, 3))),
        ] {
            assert_eq!(found(from, to), entries, "from {from} to {to}");
        }
    }
}

#[test]
fn acts_are_chosen_by_their_own_date_and_stay_in_the_order_of_recording() {
    let place = Place::kent();
    let positions = |args: &[&str]| {
        let json = place.run(&[&["replay", "--json"], args].concat()).ok().json();
        let rows = json["answer"].as_array().unwrap();
        rows.iter().filter(|row| row["row"] == "entry").map(|row| row["position"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    // Entries 8 and 9 are of 23 November 2017 and 27 September 2018; 10 of 2019, 11 of 2019 or 2020, 12 of 16 January
    // 2020, 13 of that month or a later one; and of 28 nothing is known but that it was by 31 March 2022.
    assert_eq!(positions(&["--decided-from", "2017-11-01", "--decided-to", "2018-12-31"]), [8, 9, 28]);
    assert_eq!(positions(&["--decided-from", "2019-06-01", "--decided-to", "2020-01-16"]), [10, 11, 12, 13, 28]);
    assert_eq!(
        positions(&["--decided-from", "2019-06-01", "--decided-to", "2020-01-16", "--back"]),
        [28, 13, 12, 11, 10]
    );
    assert_eq!(positions(&["--decided-from", "2019-06-01", "--decided-to", "2020-01-16", "--to", "11"]), [10, 11]);
    assert!(positions(&["--decided-from", "2100-01-01"]).is_empty());
}

/// The entries that a stepping shows, in order, `back` where one is undone.
fn stepped(place: &Place, args: &[&str], said: &str) -> (Vec<String>, Ran) {
    let ran = crate::run::ran(place.command().args([&["replay", "--step"], args].concat()).write_stdin(said)).ok();
    let heads = ran.out.lines().filter_map(|line| line.strip_prefix("Replay of entry "));
    let shown = heads.map(|line| line.split(" seen").next().unwrap().trim_end_matches(',').to_owned()).collect();
    (shown, ran)
}

#[test]
fn stepping_goes_forward_and_back_as_it_is_told() {
    let place = Place::kent();
    let steps = |args: &[&str], said: &str| stepped(&place, args, said).0;
    assert_eq!(steps(&[], ""), ["0"]);
    assert_eq!(steps(&[], "n\n\nb\nb\n\n"), ["0", "1", "2", "2, undone", "1, undone", "1"]);
    assert_eq!(steps(&[], "b\nb\nn\n"), ["0", "0, undone", "0"]);
    assert_eq!(steps(&["--from", "37"], "\n\nb\n"), ["37", "38", "38, undone"]);
    assert_eq!(steps(&["--to", "12", "--back"], "\n\nn\n"), ["12, undone", "11, undone", "10, undone", "10"]);
    assert_eq!(steps(&[], "20\nb\nb\nq\nn\n"), ["0", "20", "20, undone", "19, undone"]);
    assert_eq!(steps(&[], "d 2018-01-01\n2000-01-01\n"), ["0", "9", "0"]);
    assert_eq!(steps(&[], "no newline"), ["0"]);
}

#[test]
fn stepping_says_what_it_cannot_do_and_goes_on() {
    let place = Place::kent();
    let said = "900\n5\n2999-01-01\nd 2999-01-01\nd soon\nwhat\n\u{fffd}\n?\n\n\nn\n";
    let (shown, ran) = stepped(&place, &["--from", "37"], said);
    assert_eq!(shown, ["37", "38"]);
    ran.says(&[
        "position 900 is past the head",
        "none of the entries asked for is at position 5",
        "none of the entries asked for is recorded on 1 January 2999 or later",
        "none of the entries asked for is of an act decided on 1 January 2999 or later",
        "\"soon\" is not a day",
        "\"what\" is not understood: ? lists what is",
        "d DAY ",
        "there is no entry after this",
    ]);
    let (shown, ran) = stepped(&place, &["--decided-from", "2100-01-01"], "b\n");
    assert!(shown.is_empty());
    ran.says(&["there is no entry after this", "there is no entry before this"]);
}

#[test]
fn steps_are_json_one_object_each() {
    let place = Place::kent();
    let (_, ran) = stepped(&place, &["--json"], "n\nb\n");
    let objects = serde_json::Deserializer::from_str(&ran.out).into_iter::<serde_json::Value>();
    let seen: Vec<_> =
        objects.map(|object| object.unwrap()).map(|it| (it["from"].clone(), it["back"].clone())).collect();
    assert_eq!(seen, [(0.into(), false.into()), (1.into(), false.into()), (1.into(), true.into())]);
}

also_on_a_server! {
    what_each_entry_changed_adds_up_to_the_state,
    all_of_kents_record_is_in_a_replay_once_forward_and_back,
    the_command_names_the_entries_and_what_each_changed,
    what_is_wrong_with_the_ends_is_said,
    what_changes_no_answer_is_shown_beside_it_or_for_later,
    a_correction_shows_what_it_strikes_and_undone_what_stands_again,
    acts_are_chosen_by_their_own_date_and_stay_in_the_order_of_recording,
    stepping_goes_forward_and_back_as_it_is_told,
    stepping_says_what_it_cannot_do_and_goes_on,
    steps_are_json_one_object_each,
}
