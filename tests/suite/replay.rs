//! Replay, entry by entry: each says what it changed, from what the one before left, and what the last left is the state.

use crate::run::Place;
use minutebook::ledger::{Ledger, View};
use minutebook::question::{Cell, Row, replay};
use minutebook_events::{Day, Position};
use minutebook_projections::{At, Key, Knowing, tell};
use std::collections::BTreeMap;

type State = BTreeMap<(String, String, String), String>;

fn text(row: &Row, name: &str) -> String {
    match row.get(name) {
        Some(Cell::Text(text)) => text.clone(),
        other => panic!("{name} is {other:?}"),
    }
}

/// Folds what a replay says was changed, and holds each change to the state before it.
fn fold(state: &mut State, rows: &[Row]) {
    for row in rows.iter().filter(|row| row.kind == "change") {
        let key = (text(row, "projection"), text(row, "contract"), text(row, "fact"));
        let before = state.insert(key.clone(), text(row, "after"));
        assert_eq!(before.unwrap_or_else(|| "nothing".to_owned()), text(row, "before"), "{key:?}");
    }
}

/// What the timelines themselves answer after an entry.
fn state(view: &View<'_>, as_of: Day, last: Position) -> State {
    let at = At { as_of, head: last.next(), decided_by: None };
    let timelines = view.projections.timelines().filter(|(_, key, timeline)| {
        !matches!(key, Key::Act(_)) && timeline.facts().iter().any(|fact| fact.position() <= last)
    });
    let told = timelines.map(|(projection, key, timeline)| {
        let selected = timeline.select(at);
        let words = selected.answer.or(selected.later.first().copied()).map(|fact| {
            let from = if selected.answer.is_none() { format!("from {}: ", fact.effective()) } else { String::new() };
            format!("{from}{} ({})", Knowing::from(tell(fact.event())).words(), fact.standing())
        });
        let contract = key.contract().map(ToString::to_string).unwrap_or_default();
        ((projection.to_owned(), contract, key.to_string()), words.unwrap_or_else(|| "nothing".to_owned()))
    });
    told.collect()
}

#[test]
fn what_each_entry_changed_adds_up_to_the_state() {
    let place = Place::kent();
    let ledger = Ledger::open(&place.ledger(), |_, _| {}).unwrap();
    let view = ledger.view();
    let last = Position(view.head.0 - 1);
    for as_of in ["2016-04-01", "2018-06-01", "2026-11-22", "2030-01-01"] {
        let as_of: Day = as_of.parse().unwrap();
        let mut folded = State::new();
        for (from, to) in [(0, 0), (1, 9), (10, 12), (13, last.0)] {
            let rows = replay(&view, as_of, Position(from), Position(to));
            let entries: Vec<&Cell> =
                rows.iter().filter(|row| row.kind == "entry").filter_map(|row| row.get("position")).collect();
            let positions: Vec<Cell> = (from..=to).map(|position| Cell::Position(Position(position))).collect();
            assert_eq!(entries, positions.iter().collect::<Vec<_>>());
            fold(&mut folded, &rows);
            assert_eq!(folded, state(&view, as_of, Position(to)), "after entry {to}, as of {as_of}");
        }
        let whole = replay(&view, as_of, Position(0), last);
        let mut at_once = State::new();
        fold(&mut at_once, &whole);
        assert_eq!(at_once, folded);
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
