//! Coordinates and shape: what a question does not see, and what every JSON answer is made of.

use super::ask::{Answer, of_view, on, run};
use crate::places::also_on_a_server;
use minutebook_events::Position;
use serde_json::Value;

const TOPICS: [&str; 7] = ["state", "register", "value", "lots", "network", "decisions", "findings"];

/// The position of the entry of an act.
fn position(reference: &str) -> u64 {
    of_view(|view| {
        let entries = view.projections.log();
        let found = entries.iter().find(|recorded| recorded.entry.act.reference.to_string() == reference);
        found.expect("the act is recorded").position.0
    })
}

/// Every figure and every fact beside one, wherever it stands.
fn figures<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| figures(item, found)),
        Value::Object(map) => {
            if map.contains_key("knowledge") {
                found.push(value);
            }
            map.values().for_each(|item| figures(item, found));
        }
        _ => {}
    }
}

fn all_figures(answer: &Answer) -> Vec<&Value> {
    let mut found = vec![];
    figures(&answer.0, &mut found);
    found
}

#[test]
fn a_question_known_before_an_entry_does_not_see_it() {
    let of_act = position("3022");
    let before =
        run(&["value", "community-wellbeing", "--as-of", "2026-06-01", "--known-at", &(of_act - 1).to_string()]);
    let before: Value = serde_json::from_str(&before).expect("JSON");
    let answer = Answer(before);
    let line = &answer.row(&[("row", "line"), ("line", "value/to-sek/east-kent")])["on-the-day"];
    assert_eq!((&line["value"], &line["standing"]), (&"1240000.00".into(), &"happened".into()));
    for figure in all_figures(&answer) {
        let entries = figure["entries"].as_array().expect("a list");
        assert!(entries.iter().all(|entry| entry.as_u64().is_some_and(|entry| entry < of_act)), "{figure:#}");
    }
    assert_eq!(answer.0["known_at"]["position"], of_act - 1);
}

#[test]
fn nothing_is_known_of_a_contract_before_it_is_recorded() {
    let start = on("register", "", "2026-06-01").known_at("0").answer();
    assert!(start.rows().is_empty(), "the first entry names parties and offices only");
}

#[test]
fn decided_by_counts_an_act_when_its_latest_day_has_come_and_names_those_that_may_have_been() {
    let answer = on("decisions", "", "2026-06-01").decided_by("2017-03-15").answer();
    let named = |kind: &str, reference: &str| answer.has(&[("row", kind), ("reference", reference)]);
    assert!(named("act", "Live Well Kent commencement 2016"));
    assert!(named("perhaps-decided-by-then", "B 2017 SIS/HRS variation"));
    assert!(!named("act", "B 2017 SIS/HRS variation"));
    assert!(!named("act", "18/00041") && !named("perhaps-decided-by-then", "18/00041"));
    let value = on("value", "live-well-kent-2016", "2017-10-01").decided_by("2017-03-15").answer();
    assert!(!value.has(&[("row", "stated-total"), ("total", "sis-hrs-without-extension")]));
}

#[test]
fn a_day_inside_a_span_is_answered_as_uncertain() {
    for (topic, contract, day, fact) in [
        ("register", "live-well-medway", "2021-05-10", "status"),
        ("lots", "live-well-kent-2016", "2018-06-01", "service-debt-counselling/shaw-trust"),
        ("register", "community-navigation", "2026-03-01", "status"),
        ("value", "community-wellbeing", "2023-06-01", "a-year/value"),
    ] {
        let answer = on(topic, contract, day).answer();
        let found = all_figures(&answer).into_iter().find(|figure| figure["fact"] == fact);
        let figure = found.unwrap_or_else(|| unreachable!("{fact} in {:#}", answer.0));
        assert!(figure["uncertain"].is_string(), "{figure:#}");
    }
    // Before the record has anything of the contract there is no figure at all.
    let before = on("value", "community-wellbeing", "2021-03-31").answer();
    let a_year = &before.row(&[("row", "value"), ("measure", "value")])["a-year"];
    assert_eq!(a_year["knowledge"], "unknown");
}

#[test]
fn a_total_is_not_told_before_it_was_stated_or_its_period_began() {
    let before = on("value", "live-well-kent-2016", "2018-06-01").answer();
    assert!(!before.has(&[("row", "stated-total"), ("total", "annual-value-2021-22")]));
    assert!(before.has(&[("row", "stated-total"), ("total", "sis-hrs-without-extension")]));
}

/// How strong the word of the fact at a place is.
fn strength((position, place): (Position, u16)) -> u8 {
    of_view(|view| {
        let recorded = view.projections.entry(position).expect("what a figure rests on is recorded");
        recorded.entry.events[usize::from(place)].standing.strength()
    })
}

#[test]
fn no_figure_is_firmer_than_what_it_rests_on() {
    let mut checked = 0;
    for (contract, day) in [
        ("live-well-kent-2016", "2017-10-01"),
        ("live-well-kent-2016", "2021-06-30"),
        ("live-well-kent-2023", "2023-06-30"),
        ("live-well-kent-2023", "2026-06-01"),
        ("community-wellbeing", "2022-06-30"),
        ("community-wellbeing", "2025-10-02"),
        ("community-wellbeing", "2027-06-30"),
        ("carers-short-breaks-2022", "2022-06-30"),
        ("housing-related-support", "2017-06-30"),
    ] {
        for topic in ["register", "value", "lots", "network", "state"] {
            let rows = on(topic, contract, day).library().answer;
            for figure in rows.iter().flat_map(|row| &row.cells).flat_map(|(_, cell)| cell.figures()) {
                let Some(standing) = figure.standing else { continue };
                let behind = figure.rests_on.iter().map(|fact| strength((fact.position(), fact.place()))).min();
                assert_eq!(Some(standing.strength()), behind, "{contract} {topic} {day}: {figure:#?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 500, "{checked} figures stand on facts");
    // What is only asked for or planned is never in force by name either.
    for (contract, kinds) in [
        ("live-well-kent-2023", ["said-to-be-in-force", "planned to be in force"]),
        ("carers-short-breaks-2022", ["not-determined", ""]),
    ] {
        let state = on("state", contract, "2023-06-30").answer();
        let row = state.row(&[("row", kinds[0]), ("contract", contract)]);
        let status = row["status"]["value"].as_str().unwrap_or_default();
        assert_eq!(status, kinds[1], "{row:#}");
    }
}

#[test]
fn a_contract_is_not_ended_by_a_plan() {
    let answer = on("state", "live-well-kent-2016", "2024-01-01").answer();
    let row = answer.row(&[("row", "may-be-in-force"), ("contract", "live-well-kent-2016")]);
    assert_eq!((&row["status"]["value"], &row["status"]["standing"]), (&"in force".into(), &"happened".into()));
    assert_eq!(row["status"]["others"][0]["standing"], "planned");
    let doubt = row["status"]["uncertain"].as_str().expect("whoever reads must see the doubt");
    assert!(doubt.contains("an end was planned, last day 31 March 2023"), "{doubt}");
}

#[test]
fn every_answer_has_one_shape() {
    for topic in TOPICS {
        let answer = on(topic, "", "2022-06-30").answer();
        let object = answer.0.as_object().expect("one object");
        let names: Vec<&str> = object.keys().map(String::as_str).collect();
        assert_eq!(names, ["question", "as_of", "known_at", "decided_by", "answer"], "{topic}");
        assert_eq!((&answer.0["question"], &answer.0["as_of"]), (&topic.into(), &"2022-06-30".into()));
        assert!(answer.rows().iter().all(|row| row["row"].is_string()), "every row says what it is");
        for figure in all_figures(&answer) {
            for name in ["value", "knowledge", "text", "standing", "sources", "entries"] {
                assert!(figure.get(name).is_some(), "{topic} has no {name} in {figure:#}");
            }
            assert!(figure.get("others").is_some() || figure.get("beside").is_some(), "{figure:#}");
            let knowledge = figure["knowledge"].as_str().expect("a word");
            assert!(["known", "unknown", "withheld", "conflicting"].contains(&knowledge));
            assert_eq!(knowledge == "known", !figure["value"].is_null(), "{figure:#}");
            assert!(!figure["text"].as_str().expect("words").is_empty(), "never an empty cell: {figure:#}");
        }
    }
}

#[test]
fn no_answer_holds_a_float_and_money_is_a_decimal_string() {
    fn no_floats(value: &Value) {
        match value {
            Value::Number(number) => assert!(number.is_u64(), "{number}"),
            Value::Array(items) => items.iter().for_each(no_floats),
            Value::Object(map) => map.values().for_each(no_floats),
            _ => {}
        }
    }
    for topic in TOPICS {
        let answer = on(topic, "", "2025-10-02").answer();
        no_floats(&answer.0);
    }
    let answer = on("value", "live-well-kent-2023", "2025-10-02").answer();
    let money: Vec<&Value> = all_figures(&answer).into_iter().filter(|figure| figure["basis"].is_string()).collect();
    assert!(money.len() > 20);
    for figure in money {
        let (pounds, pence) = figure["value"].as_str().and_then(|text| text.split_once('.')).expect("pounds.pence");
        assert!(pounds.chars().all(|c| c.is_ascii_digit() || c == '-') && pence.len() == 2, "{figure:#}");
    }
}

#[test]
fn every_figure_of_an_answer_can_be_asked_why() {
    let answer = on("value", "community-wellbeing", "2022-06-30").answer();
    let lot = answer.row(&[("row", "by-part"), ("part", "lot 5")]);
    let fact = lot["with-options"]["fact"].as_str().expect("a name");
    let why = run(&["why", "community-wellbeing", fact, "--as-of", "2022-06-30"]);
    let why = Answer(serde_json::from_str(&why).expect("JSON"));
    assert_eq!(why.row(&[("row", "figure")])["answer"]["value"], "3324460.80");
    // Five years, the term and the option: the very facts, and no others.
    assert_eq!(why.rows().iter().filter(|row| row["row"] == "fact").count(), 7);
    let names: Vec<&Value> = all_figures(&answer).into_iter().filter_map(|figure| figure.get("fact")).collect();
    let mut unique: Vec<&str> = names.iter().filter_map(|name| name.as_str()).collect();
    unique.sort_unstable();
    unique.dedup();
    let lines = ["computed/", "total/"];
    let stated =
        names.iter().filter(|name| lines.iter().any(|it| name.as_str().is_some_and(|n| n.contains(it)))).count();
    assert!(names.len() - unique.len() <= stated, "a name is one figure's");
}

also_on_a_server! {
    a_question_known_before_an_entry_does_not_see_it,
    nothing_is_known_of_a_contract_before_it_is_recorded,
    decided_by_counts_an_act_when_its_latest_day_has_come_and_names_those_that_may_have_been,
    a_day_inside_a_span_is_answered_as_uncertain,
    a_total_is_not_told_before_it_was_stated_or_its_period_began,
    no_figure_is_firmer_than_what_it_rests_on,
    a_contract_is_not_ended_by_a_plan,
    every_answer_has_one_shape,
    no_answer_holds_a_float_and_money_is_a_decimal_string,
    every_figure_of_an_answer_can_be_asked_why,
}
