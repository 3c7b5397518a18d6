//! Days by which something has to be done, counted once for calendar, pages, answers and findings: when notice of a key decision was
//! due, when a call-in ends, when notice to use an option has to be given.

use crate::given::act;
use crate::places::also_on_a_server;
use crate::run::Place;
use crate::served::Server;
use minutebook::web::Settings;
use serde_json::Value;
use std::fs;

/// An event of the contract `care`, decided; `more` is what its kind needs.
fn event(kind: &str, effective: &str, more: &str) -> String {
    format!(
        "[[event]]\nkind = \"{kind}\"\neffective = {effective}\nstanding = \"decided\"\nsources = [\"R 1\"]\n\
         contract = \"care\"\n{more}\n"
    )
}

/// A contract to the end of March 2024 with an option of a year, and six months' notice.
fn care() -> String {
    let events = [
        event("contract-defined", "2021-04-01", "title = \"Care\""),
        event("commenced", "2021-04-01", ""),
        event("term-set", "2021-04-01", "last_day = 2024-03-31"),
        event("option-granted", "2021-04-01", "months = 12"),
        event("clause-set", "2021-04-01", "clause = { notice-period = { months = 6 } }"),
    ];
    act("R", "2021-01-04", &events.concat())
}

fn recorded(entries: &[String]) -> Place {
    let place = Place::empty();
    for (number, entry) in entries.iter().enumerate() {
        let name = format!("{number}.toml");
        place.file(&name, entry).run(&["record", &name]).ok();
    }
    place
}

fn found(place: &Place, rule: &str) -> Vec<String> {
    let findings = place.run(&["findings", "--as-of", "2026-06-01", "--json"]).ok().json();
    let rows = findings["answer"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["row"] == "finding" && row["rule"] == rule);
    rows.map(|row| row["finding"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_last_day_of_notice_is_the_same_wherever_it_is_told() {
    let place = recorded(&[care()]);
    let register = place.run(&["register", "care", "--as-of", "2023-06-01", "--json"]).ok().json();
    let row = register["answer"].as_array().unwrap().iter().find(|row| row["row"] == "contract").unwrap();
    // Six months run from 30 September to the end of March.
    assert_eq!(
        (&row["last-notice"]["value"], &row["last-notice"]["standing"]),
        (&"2023-09-30".into(), &"decided".into())
    );
    place.run(&["report", "--out", "out", "--as-of", "2023-06-01", "--formats", "ics"]).ok();
    let calendar = fs::read_to_string(place.path().join("out/key-dates.ics")).unwrap();
    let calendar = calendar.replace("\r\n ", "");
    assert!(calendar.contains("last day of notice to use the option") && calendar.contains("20230930"), "{calendar}");
    let server = Server::of(place, Settings::default());
    let page = server.get("/contracts/care?as-of=2023-06-01").gives(200);
    assert!(page.body.contains("30 September 2023"), "the page of the contract has it");
    // Where no clause says how long notice is, no day of it is told.
    let place = recorded(&[care().split("[[event]]\nkind = \"clause-set\"").next().unwrap().to_owned()]);
    let register = place.run(&["register", "care", "--as-of", "2023-06-01", "--json"]).ok().json();
    assert_eq!(register["answer"][0]["last-notice"], Value::Null);
}

#[test]
fn an_extension_decided_too_late_for_its_option_is_found() {
    let extended = |decided: &str| {
        recorded(&[
            care(),
            act("E", decided, &event("extended", "2024-04-01", "last_day = 2025-03-31").replace("R 1", "E 1")),
        ])
    };
    let late = found(&extended("2023-10-02"), "option-notice");
    assert!(late.len() == 1 && late[0].contains("30 September 2023"), "{late:?}");
    assert!(found(&extended("2023-09-30"), "option-notice").is_empty(), "on the last day it is in time");
    // That it was decided some time in autumn is no proof that it was late.
    assert!(found(&extended("\"2023-09/2023-12\""), "option-notice").is_empty());
}

/// An act of 2 October 2025, a Thursday, with what is said of its being open to call-in; a lot of services ends on a day.
fn ends(says: &str, effective: &str) -> String {
    let end = event("ended", effective, "").replace("R 1", "N 1");
    act("N", "2025-10-02", &end).replace("decided = 2025-10-02\n", &format!("decided = 2025-10-02\n{says}"))
}

#[test]
fn what_takes_effect_within_any_call_in_is_found() {
    let care = || care().replace("last_day = 2024-03-31", "last_day = 2027-03-31");
    let callable = "key_decision = true\ncallable_in = true\n";
    // Last days 2 and 5 October; the first working day after the act is Friday the third.
    let early = found(&recorded(&[care(), ends(callable, "2025-10-03")]), "call-in");
    assert!(early.len() == 1 && early[0].contains("2 October 2025"), "{early:?}");
    assert!(found(&recorded(&[care(), ends(callable, "2025-10-06")]), "call-in").is_empty());
    // What nobody said is not taken for granted.
    assert!(found(&recorded(&[care(), ends("", "2025-10-03")]), "call-in").is_empty());
    assert!(found(&Place::kent(), "call-in").is_empty() && found(&Place::kent(), "option-notice").is_empty());
}

#[test]
fn the_page_of_a_decision_says_when_it_may_be_implemented() {
    let position = |place: &Place| {
        let decisions = place.run(&["decisions", "--json"]).ok().json();
        let rows = decisions["answer"].as_array().unwrap().clone();
        rows.iter().find(|row| row["reference"] == "3022").unwrap()["position"].as_u64().unwrap()
    };
    let place = Place::kent();
    let entry = position(&place);
    // 28 clear days before 2 October 2025: 3 September is the day before the first of them.
    let explained: Value = place.run(&["explain", &entry.to_string(), "--json"]).ok().json();
    let due = explained["answer"][0]["notice-due"].as_str().unwrap().to_owned();
    assert!(due.starts_with("on 3 September 2025 at the latest") && due.contains("not in the record"), "{due}");
    let server = Server::of(place, Settings { call_in: Some(5), ..Settings::default() });
    let page = server.get(&format!("/entries/{entry}")).gives(200).body;
    // As the calendar has it with --call-in 5.
    assert!(page.contains("after 9 October 2025, unless it is called in") && page.contains("3 September 2025"));
    let unset = Server::start(false).get(&format!("/entries/{entry}")).gives(200).body;
    assert!(!unset.contains("unless it is called in"), "nobody said how long");
    let other = Server::of(Place::kent(), Settings { call_in: Some(5), ..Settings::default() });
    assert!(!other.get("/entries/1").gives(200).body.contains("unless it is called in"), "it cannot be called in");
}

/// Of an act that was decided some day in January a call-in ends as precisely as that: the first of January 2026 was a holiday, the
/// last a Saturday.
#[test]
fn a_call_in_ends_as_precisely_as_the_day_of_the_act_is_known() {
    let callable = |decided: &str| {
        let end = event("ended", "2026-03-01", "").replace("R 1", "N 1");
        let act = act("N", decided, &end);
        act.replace(&format!("decided = {decided}\n"), &format!("decided = {decided}\ncallable_in = true\n"))
    };
    let place = recorded(&[care(), callable("\"2026-01\"")]);
    place.run(&["report", "--out", "out", "--as-of", "2026-06-01", "--formats", "ics", "--call-in", "5"]).ok();
    let calendar = fs::read_to_string(place.path().join("out/key-dates.ics")).unwrap().replace("\r\n ", "");
    let may = calendar.split("BEGIN:VEVENT").find(|event| event.contains("N: may be implemented")).expect(&calendar);
    for what in ["DTSTART;VALUE=DATE:20260108", "DTEND;VALUE=DATE:20260207", "STATUS:TENTATIVE", "inferred"] {
        assert!(may.contains(what), "{what}: {may}");
    }
    let server = Server::of(place, Settings { call_in: Some(5), ..Settings::default() });
    let page = server.get("/entries/1").gives(200).body;
    assert!(page.contains("after a day of") && page.contains("unless it is called in"), "{page}");
}

also_on_a_server! {
    the_last_day_of_notice_is_the_same_wherever_it_is_told,
    an_extension_decided_too_late_for_its_option_is_found,
    what_takes_effect_within_any_call_in_is_found,
    the_page_of_a_decision_says_when_it_may_be_implemented,
    a_call_in_ends_as_precisely_as_the_day_of_the_act_is_known,
}
