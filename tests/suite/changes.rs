//! Two reports of Kent's record, read back as Parquet, and what `diff` tells between their days: every fact of the state that is not
//! the same in both is told, as the two reports have it, and what is told is a difference between them. What follows from several
//! facts is not the same only where one of these is told, or a day has passed. It must not ask the ledger for what it expects.

use crate::parquet::{Row, list, rows, text};
use crate::places::also_on_a_server;
use crate::run::Place;
use parquet::record::Field;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A contract, and the name of a fact or a figure of it.
type Name = (String, String);

/// What a report says of a figure; several where a document states several.
type Said = BTreeMap<Name, Vec<Row>>;

struct Report {
    state: Said,
    facts: Vec<Row>,
}

fn words(field: &Field) -> String {
    match field {
        Field::Str(words) => words.clone(),
        Field::Null => String::new(),
        other => panic!("{other:?} is no text"),
    }
}

fn report(place: &Place, as_of: &str, more: &[&str]) -> Report {
    let args = [&["report", "--out", "out", "--formats", "parquet", "--as-of", as_of], more].concat();
    place.run(&args).ok();
    let file = |name: &str| rows(&place.path().join("out").join(name));
    let mut state = Said::new();
    for row in file("state.parquet") {
        let told = state.entry((words(&row["contract"]), words(&row["fact"]))).or_default();
        // The same figure may stand in two answers.
        if !told.iter().any(|known| says(known) == says(&row)) {
            told.push(row);
        }
    }
    Report { state, facts: file("facts.parquet") }
}

/// What a figure says, how firmly, and whether it may not hold. Of what is not in effect it also says whether something takes
/// effect later: that is of no day before.
fn says(row: &Row) -> (String, String, String) {
    let value = words(&row["value"]);
    let value = value.strip_suffix("; what takes effect later stands beside").unwrap_or(&value);
    let value = if value == "not determined: not in the record" {
        "not determined: nothing in effect on this day"
    } else {
        value
    };
    (value.to_owned(), words(&row["standing"]), words(&row["uncertain"]))
}

fn all_say(told: Option<&Vec<Row>>) -> Vec<(String, String, String)> {
    told.into_iter().flatten().map(says).collect()
}

/// The same of a figure of `diff`.
fn figure(figure: &Value) -> (String, String, String) {
    let of = |name: &str| figure[name].as_str().unwrap_or_default().to_owned();
    let row = [("value", "text"), ("standing", "standing"), ("uncertain", "uncertain")];
    says(&row.map(|(column, name)| (column.to_owned(), text(of(name)))).into())
}

fn nothing() -> (String, String, String) {
    ("not determined: nothing in effect on this day".to_owned(), String::new(), String::new())
}

fn entries(told: Option<&Vec<Row>>) -> BTreeSet<i64> {
    let entries = told.into_iter().flatten().flat_map(|row| list(row, "entries"));
    let numbers = entries.map(|entry| match entry {
        Field::Long(entry) => entry,
        other => panic!("{other:?} is no position"),
    });
    numbers.collect()
}

/// The days of facts by their names, first days and last ones: of those that no correction has struck.
fn days(report: &Report) -> BTreeMap<Name, Vec<[i32; 4]>> {
    let mut days: BTreeMap<Name, Vec<[i32; 4]>> = BTreeMap::new();
    let counts = |row: &&Row| row["struck_by"] == Field::Null && row["perhaps_decided"] == Field::Bool(false);
    for row in report.facts.iter().filter(counts) {
        let day = |column: &str, open: i32| match &row[column] {
            Field::Date(day) => *day,
            _ => open,
        };
        let (ever, never) = (i32::MIN, i32::MAX);
        let first = [day("effective_earliest", ever), day("effective_latest", never)];
        let last = [day("until_earliest", never), day("until_latest", never)];
        // A choice or a delegation is a fact of each of its contracts; anything else of the one that it is about first of all.
        let of_each = ["alternative-considered", "delegation-granted"].iter().any(|kind| row["kind"] == text(kind));
        let contracts = if of_each { list(row, "contracts") } else { vec![row["contract"].clone()] };
        for contract in contracts {
            let name = (words(&contract), words(&row["fact"]));
            days.entry(name).or_default().push([first[0], first[1], last[0], last[1]]);
        }
    }
    days
}

fn epoch(day: &str) -> i32 {
    let day: minutebook_events::Day = day.parse().unwrap();
    day.to_epoch_days()
}

/// Holds what is told to the two reports; how many facts of the state, other facts, and what follows from facts were not the same.
fn hold(place: &Place, [from, to]: [&str; 2], more: &[&str]) -> [usize; 3] {
    let (first, second) = (report(place, from, more), report(place, to, more));
    let diff = place.run(&[&["diff", "--from", from, "--to", to, "--json"], more].concat()).ok().json();
    let mut told: BTreeMap<Name, Vec<&Value>> = BTreeMap::new();
    for row in diff["answer"].as_array().unwrap() {
        let name = |column: &str| row[column].as_str().unwrap().to_owned();
        told.entry((name("contract"), name("fact"))).or_default().push(row);
    }
    let days = days(&second);
    let (from, to) = (epoch(from), epoch(to));
    let names: BTreeSet<&Name> = first.state.keys().chain(second.state.keys()).collect();
    let mut differ = [0; 3];
    for name in &names {
        let (before, after) = (first.state.get(*name), second.state.get(*name));
        let (was, is) = (all_say(before), all_say(after));
        let rows = told.get(*name).map(Vec::as_slice).unwrap_or_default();
        let one = |said: &[(String, String, String)]| match said {
            [] => nothing(),
            [one] => one.clone(),
            several => panic!("{name:?} is told as {several:?}"),
        };
        if name.1.starts_with("total/") && days.contains_key(*name) {
            let new: Vec<_> = is.iter().filter(|said| !was.contains(said)).cloned().collect();
            assert_eq!(rows.iter().map(|row| figure(&row["after"])).collect::<Vec<_>>(), new, "{name:?}");
            assert!(was.iter().all(|said| is.contains(said)), "{name:?}: what was stated stays so");
            differ[0] += rows.len();
        } else if days.contains_key(*name) {
            match rows {
                [] => assert_eq!(one(&was), one(&is), "{name:?} is not told"),
                [row] => {
                    assert_eq!((figure(&row["before"]), figure(&row["after"])), (one(&was), one(&is)), "{name:?}");
                    let beside = |told: Option<&Vec<Row>>| {
                        told.into_iter().flatten().flat_map(|row| list(row, "beside")).collect::<Vec<_>>()
                    };
                    let is_beside =
                        one(&was) == one(&is) && beside(before) != beside(after) || row["beside"].is_string();
                    assert!(one(&was) != one(&is) || is_beside, "{name:?} is told, and is the same");
                    differ[0] += 1;
                }
                several => panic!("{name:?} is told {} times", several.len()),
            }
        } else if name.1 == "status" {
            // It follows from lots, and is told all the same: whether a contract is in force is what is asked first.
            let says: Vec<_> = rows.iter().map(|row| (figure(&row["before"]), figure(&row["after"]))).collect();
            let said = (one(&was), one(&is));
            assert_eq!(says, Vec::from_iter(Some(said.clone()).filter(|(was, is)| was != is)), "{name:?}");
            differ[2] += rows.len();
        } else {
            assert!(rows.is_empty(), "{name:?} is told, and is no fact");
            if was != is {
                follows(name, [before, after], &told);
                differ[2] += 1;
            }
        }
    }
    // What is in no figure of the state: what contracts and lots are called, performance, what was weighed.
    for (name, facts) in &days {
        if names.contains(name) || name.1.starts_with("count/") || name.1.starts_with("total/") {
            continue;
        }
        let passes = |[first, first_latest, last, last_latest]: &[i32; 4]| {
            [first, first_latest].iter().any(|day| (from + 1..=to).contains(*day))
                || [last, last_latest].iter().any(|day| (from..to).contains(*day))
        };
        let is_new = |[first, _, last, _]: &[i32; 4]| *first > from && *first <= to && *last >= to;
        if told.contains_key(name) {
            assert!(facts.iter().any(passes), "{name:?} is told, and no day of it has passed");
            differ[1] += 1;
        } else {
            let all_new = facts.iter().all(|[first, ..]| *first > from) && facts.iter().any(is_new);
            assert!(!all_new, "{name:?} is not told");
        }
    }
    assert!(told.keys().all(|name| days.contains_key(name) || name.1 == "status"));
    differ
}

/// What follows from several facts rests on an entry that is told, or counts from the day.
fn follows(name: &Name, [before, after]: [Option<&Vec<Row>>; 2], told: &BTreeMap<Name, Vec<&Value>>) {
    let is_left = |row: &Row| row["column"] == text("left");
    if before.into_iter().chain(after).flatten().any(is_left) {
        return;
    }
    // What a document states of a total has ours beside it.
    let stated = name.1.split_once("/computed").map(|(total, _)| (name.0.clone(), total.to_owned()));
    if stated.is_some_and(|stated| told.contains_key(&stated)) {
        return;
    }
    let behind: BTreeSet<i64> = entries(before).into_iter().chain(entries(after)).collect();
    let of_told = |figure: &Value| {
        let entries = figure["entries"].as_array().unwrap().iter().map(|entry| entry.as_i64().unwrap());
        entries.collect::<BTreeSet<_>>()
    };
    let is_behind = |row: &Value| ["before", "after"].iter().any(|side| !of_told(&row[*side]).is_disjoint(&behind));
    // The lines of a sum may be of other contracts.
    let follows = told.values().flatten().any(|row| is_behind(row));
    assert!(follows, "nothing is told from which {name:?} follows: entries {behind:?}");
}

#[test]
fn the_difference_between_two_reports_is_what_diff_tells() {
    let place = Place::kent();
    // Before the contract of 2016; its last planned day; and beyond the last decision.
    let [facts, others, follow] = hold(&place, ["2015-01-01", "2018-06-01"], &[]);
    assert!(facts > 30 && others > 5 && follow > 20, "{facts} {others} {follow}");
    let [facts, others, follow] = hold(&place, ["2023-03-31", "2026-06-01"], &[]);
    assert!(facts > 60 && others > 5 && follow > 50, "{facts} {others} {follow}");
    // Over one night: the day on which the contract of 2023 was to start.
    let [facts, ..] = hold(&place, ["2023-03-31", "2023-04-01"], &[]);
    assert!(facts > 5, "{facts}");
    assert_eq!(hold(&place, ["2024-06-01", "2024-06-01"], &[]), [0; 3]);
}

#[test]
fn so_it_is_as_known_earlier_and_as_decided_earlier() {
    let place = Place::kent();
    let [facts, ..] = hold(&place, ["2016-03-31", "2026-06-01"], &["--known-at", "20"]);
    let [decided, ..] = hold(&place, ["2016-03-31", "2026-06-01"], &["--decided-by", "2022-03-01"]);
    let [all, ..] = hold(&place, ["2016-03-31", "2026-06-01"], &[]);
    assert!(10 < facts && facts < all && 10 < decided && decided < all, "{facts} {decided} {all}");
}

/// A firm term that runs out with no extension changes whether the contract is in force, on no act of that day.
#[test]
fn a_term_that_runs_out_is_told() {
    let place = Place::empty();
    let event = |kind: &str, more: &str| {
        format!(
            "[[event]]\nkind = \"{kind}\"\neffective = 2021-04-01\nstanding = \"decided\"\nsources = [\"R 1\"]\n\
             contract = \"care\"\n{more}\n"
        )
    };
    let events = [
        event("contract-defined", "title = \"Care\""),
        event("commenced", ""),
        event("term-set", "last_day = 2022-03-31"),
    ];
    place.file("care.toml", crate::given::act("R", "2021-01-01", &events.concat())).run(&["record", "care.toml"]).ok();
    let diff = place.run(&["diff", "--from", "2022-03-31", "--to", "2022-04-01", "--json"]).ok().json();
    let [row] = diff["answer"].as_array().unwrap().as_slice() else { panic!("{diff:#}") };
    assert_eq!((&row["fact"], &row["act"]), (&"status".into(), &"R".into()));
    assert_eq!((&row["before"]["text"], &row["after"]["text"]), (&"in force".into(), &"term expired".into()));
    hold(&place, ["2022-03-31", "2022-04-01"], &[]);
}

also_on_a_server! {
    the_difference_between_two_reports_is_what_diff_tells,
    so_it_is_as_known_earlier_and_as_decided_earlier,
    a_term_that_runs_out_is_told,
}
