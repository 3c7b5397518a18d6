//! Facts and the state as Parquet, read back: a row an event, as its entry has it, and a row a figure, as the answers have it; of
//! Kent's record and of histories that no council would make.

use crate::given::act;
use crate::histories::{history, read};
use crate::places::also_on_a_server;
use crate::run::{Place, reopen};
use minutebook::ledger::Ledger;
use minutebook::report::files::{self, Format, Settings, ocds};
use minutebook::sealed::Contents;
use minutebook::store::{self, NewEntry};
use minutebook_events::{DateSpan, Day, Entry, Event, EventKind, Knowledge, Money, Position, codec};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

pub type Row = BTreeMap<String, Field>;

/// The rows of a file, each cell by the name of its column.
pub fn rows(file: &Path) -> Vec<Row> {
    let reader = SerializedFileReader::new(File::open(file).unwrap()).unwrap();
    assert!(reader.metadata().file_metadata().created_by().unwrap().starts_with("minutebook "));
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns().into_iter().collect()).collect()
}

pub fn text(text: impl ToString) -> Field {
    Field::Str(text.to_string())
}

pub fn list(row: &Row, column: &str) -> Vec<Field> {
    let Field::ListInternal(list) = &row[column] else { panic!("{column} is no list in {row:?}") };
    list.elements().to_vec()
}

fn texts<T: ToString>(all: impl IntoIterator<Item = T>) -> Vec<Field> {
    all.into_iter().map(text).collect()
}

/// A decimal as text, with all its decimals; nothing where there is none.
fn decimal(field: &Field) -> Option<i128> {
    match field {
        Field::Null => None,
        Field::Decimal(number) => Some(i128::from_be_bytes(number.data().try_into().unwrap())),
        other => panic!("{other:?} is no decimal"),
    }
}

/// A number as its text has it, in units of its eighteenth decimal.
fn units(number: &str) -> i128 {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    format!("{whole}{fraction:0<18}").parse().unwrap()
}

fn day(day: Day) -> Field {
    let epoch = Day::from_ymd_opt(1970, 1, 1).unwrap();
    if day == Day::MIN || day == Day::MAX { Field::Null } else { Field::Date((day - epoch).num_days() as i32) }
}

fn span(row: &Row, column: &str) -> [Field; 2] {
    ["earliest", "latest"].map(|side| row[&format!("{column}_{side}")].clone())
}

fn days(span: Option<DateSpan>) -> [Field; 2] {
    span.map_or([Field::Null, Field::Null], |span| [day(span.earliest()), day(span.latest())])
}

/// The amount of a value line, and whether it is withheld.
fn amount(event: &Event) -> Option<&Knowledge<Money>> {
    match &event.kind {
        EventKind::ValueSet { amount, .. } | EventKind::ValueChanged { by: amount, .. } => Some(amount),
        _ => None,
    }
}

/// Every event of these entries has one row, that says what it says.
fn are_facts(rows: &[Row], entries: &[Entry]) {
    let events: Vec<(u64, &Entry, usize)> = (0..)
        .zip(entries)
        .flat_map(|(position, entry)| (0..entry.events.len()).map(move |place| (position, entry, place)))
        .collect();
    assert_eq!(rows.len(), events.len());
    let strikes = |event: &Event, entry: &Entry, place: usize| match &event.kind {
        EventKind::Correction { strikes, .. } => strikes.entry == entry.id && usize::from(strikes.event) == place,
        _ => false,
    };
    for (row, (position, entry, place)) in rows.iter().zip(events) {
        let event = &entry.events[place];
        assert_eq!(row["position"], Field::Long(position as i64));
        assert_eq!(row["place"], Field::Int(place as i32));
        assert_eq!(row["entry"], text(entry.id));
        assert_eq!(row["contract"], event.kind.contracts().next().map_or(Field::Null, text));
        assert_eq!(list(row, "contracts"), texts(event.kind.contracts()));
        assert_eq!(row["kind"], text(event.kind.name()));
        assert_eq!(row["fact"] == Field::Null, matches!(event.kind, EventKind::Correction { .. }));
        assert_eq!(row["standing"], text(event.standing));
        assert_eq!(span(row, "effective"), days(Some(event.effective)));
        assert_eq!(span(row, "until"), days(event.until));
        assert_eq!(span(row, "decided"), days(Some(entry.act.decided)));
        assert_eq!(row["perhaps_decided"], Field::Bool(false));
        assert_eq!(row["recorded"], Field::TimestampMicros(entry.recorded.utc().timestamp_micros()));
        assert_eq!(row["recorder"], text(&entry.recorder));
        assert_eq!(row["act"], text(&entry.act.reference));
        assert_eq!(row["act_kind"], text(entry.act.kind));
        assert_eq!(list(row, "sources"), texts(&event.sources));
        assert_eq!(row["because"], event.because.as_ref().map_or(Field::Null, text));
        assert_eq!(row["doubt"], event.doubt.as_ref().map_or(Field::Null, text));
        let by = (0..).zip(entries).find(|(_, other)| other.events.iter().any(|event| strikes(event, entry, place)));
        assert_eq!(row["struck_by"], by.map_or(Field::Null, |(by, _)| Field::Long(by)));
        match amount(event) {
            Some(Knowledge::Known(money)) => {
                assert_eq!(decimal(&row["amount"]), Some(units(&money.pounds().to_string())));
                assert_eq!(row["knowledge"], text("known"));
            }
            Some(Knowledge::Withheld(ground)) => {
                assert_eq!(row["value"], text(format!("withheld: {ground}")));
                assert_eq!((&row["knowledge"], &row["amount"]), (&text("withheld"), &Field::Null));
            }
            Some(Knowledge::Unknown(_)) => {
                assert_eq!((&row["knowledge"], &row["amount"]), (&text("unknown"), &Field::Null))
            }
            None => {}
        }
    }
}

/// The rows of the state are the figures of the answers about each contract, in their order.
fn are_the_answers(rows: &[Row], answers: &[(&str, Value)]) {
    let mut told = rows.iter();
    for (topic, answer) in answers {
        for row in answer["answer"].as_array().unwrap() {
            for (column, cell) in row.as_object().unwrap() {
                let figures = match cell {
                    Value::Array(figures) => figures.as_slice(),
                    one => std::slice::from_ref(one),
                };
                for figure in figures.iter().filter(|figure| figure["knowledge"].is_string()) {
                    let told = told.next().unwrap_or_else(|| panic!("{topic} {column} is missing: {figure:#}"));
                    is_figure(told, topic, row, column, figure);
                }
            }
        }
    }
    assert_eq!(told.next(), None);
}

fn is_figure(told: &Row, topic: &str, row: &Value, column: &str, figure: &Value) {
    let or_null = |value: &Value| value.as_str().map_or(Field::Null, text);
    assert_eq!((&told["topic"], &told["column"]), (&text(topic), &text(column)), "{figure:#}");
    assert_eq!((&told["row"], &told["contract"]), (&or_null(&row["row"]), &or_null(&row["contract"])));
    for about in ["lot", "service", "part", "line", "measure", "funder", "year", "total", "parts", "role", "what"] {
        assert_eq!(told[about], or_null(&row[about]), "{about} of {row:#}");
    }
    for (column, name) in [("fact", "fact"), ("value", "text"), ("knowledge", "knowledge"), ("basis", "basis")] {
        assert_eq!(told[column], or_null(&figure[name]), "{figure:#}");
    }
    for column in ["standing", "uncertain", "because", "computed"] {
        assert_eq!(told[column], or_null(&figure[column]), "{figure:#}");
    }
    let effective = figure["effective"].as_str().map(|span| span.parse::<DateSpan>().unwrap());
    assert_eq!(span(told, "effective"), days(effective));
    assert_eq!(
        list(told, "sources"),
        texts(figure["sources"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()))
    );
    assert_eq!(list(told, "acts"), texts(figure["acts"].as_array().unwrap().iter().map(|it| it.as_str().unwrap())));
    let entries = figure["entries"].as_array().unwrap().iter().map(|entry| Field::Long(entry.as_i64().unwrap()));
    assert_eq!(list(told, "entries"), entries.collect::<Vec<_>>());
    assert_eq!(list(told, "beside").len(), figure["others"].as_array().unwrap().len());
    assert_eq!(decimal(&told["number"]), figure["value"].as_i64().map(|number| units(&number.to_string())));
    if let Some(amount) = decimal(&told["amount"]) {
        // JSON has it to the penny.
        assert_eq!(amount, units(figure["value"].as_str().unwrap()), "{figure:#}");
    }
    assert!(told["knowledge"] == text("known") || told["amount"] == Field::Null, "{told:?}");
}

const TOPICS: [&str; 4] = ["register", "value", "lots", "network"];

#[test]
fn kents_facts_and_state_are_what_the_ledger_says() {
    let place = Place::kent();
    place.run(&["report", "--out", "out", "--as-of", "2024-06-01", "--formats", "parquet"]).ok();
    let facts = rows(&place.path().join("out/facts.parquet"));
    let entries: Vec<Entry> = {
        let ledger = reopen(place.at());
        let view = ledger.view();
        view.projections.log().iter().map(|recorded| recorded.entry.clone()).collect()
    };
    assert!(entries.len() > 30);
    are_facts(&facts, &entries);
    assert!(facts.iter().any(|row| row["knowledge"] == text("withheld")), "Kent's record withholds something");
    let register = place.run(&["register", "--as-of", "2024-06-01", "--json"]).ok().json();
    let contracts = register["answer"].as_array().unwrap().iter().filter(|row| row["row"] == "contract");
    let mut answers = vec![];
    for contract in contracts.map(|row| row["contract"].as_str().unwrap()) {
        for topic in TOPICS {
            let args = [topic, contract, "--as-of", "2024-06-01", "--json"];
            answers.push((topic, place.run(&args).ok().json()));
        }
    }
    let state = rows(&place.path().join("out/state.parquet"));
    are_the_answers(&state, &answers);
    assert!(state.iter().filter(|row| row["amount"] != Field::Null).count() > 50);
}

#[test]
fn only_what_is_known_at_the_coordinates_is_in_it() {
    let place = Place::kent();
    let facts = |more: &[&str]| {
        place.run(&[&["report", "--out", "out", "--formats", "parquet"], more].concat()).ok();
        rows(&place.path().join("out/facts.parquet"))
    };
    let all = facts(&[]);
    let known = facts(&["--known-at", "20"]);
    let positions = |rows: &[Row]| rows.iter().map(|row| row["position"].to_string()).collect::<Vec<_>>();
    let of_all: Vec<Row> = all.iter().filter(|row| matches!(row["position"], Field::Long(..=20))).cloned().collect();
    assert_eq!(positions(&known), positions(&of_all));
    assert!(known.iter().all(|row| matches!(row["struck_by"], Field::Null | Field::Long(..=20))));
    // What certainly had not been decided has no row; what may have been says so.
    let by = facts(&["--decided-by", "2021-12-31"]);
    let last = day(read("2021-12-31"));
    let (Field::Date(last), true) = (last, by.len() < all.len()) else { panic!("nothing was decided since") };
    for row in &by {
        let [Field::Date(_) | Field::Null, Field::Date(latest)] = span(row, "decided") else { panic!("{row:?}") };
        assert_eq!(row["perhaps_decided"], Field::Bool(latest > last));
    }
}

#[test]
fn an_empty_ledger_has_tables_with_no_rows() {
    let place = Place::empty();
    drop(Ledger::create(place.at()).unwrap());
    place.run(&["report", "--out", "out", "--formats", "parquet"]).ok();
    for (file, column) in [("facts", "recorded"), ("state", "amount")] {
        let file = place.path().join(format!("out/{file}.parquet"));
        assert!(rows(&file).is_empty());
        let reader = SerializedFileReader::new(File::open(&file).unwrap()).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        assert!(schema.columns().iter().any(|it| it.name() == column), "{schema:?}");
    }
}

#[test]
fn names_are_as_they_were_recorded() {
    let place = Place::empty();
    let name = "=1+1, \"ça\" 'n' ; | \\ 100 % 𝔘 £";
    let named = format!(
        "[[event]]\nkind = \"party-defined\"\neffective = 2022-04-01\nstanding = \"decided\"\nsources = [\"D 1\"]\n\
         party = \"a\"\nname = '''{name}'''\n"
    );
    place.file("named.toml", act("D", "2022-01-01", &named)).run(&["record", "named.toml"]).ok();
    place.run(&["report", "--out", "out", "--formats", "parquet"]).ok();
    let facts = rows(&place.path().join("out/facts.parquet"));
    assert_eq!((facts.len(), &facts[0]["value"]), (1, &text(name)));
    assert_eq!((&facts[0]["contract"], &facts[0]["part"]), (&Field::Null, &Field::Null));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_facts_of_any_record_are_its_events(entries in history()) {
        let dir = TempDir::new().unwrap();
        let store = store::create(&dir.path().join("ledger")).unwrap();
        for (position, entry) in (0..).zip(entries.iter()) {
            let new = NewEntry::new(entry.id, vec![], codec::encode(entry));
            store.append(Position(position), &[new]).unwrap();
        }
        let contents = Contents::beside(&dir.path().join("ledger"));
        let ledger = Ledger::on(Arc::clone(&store), contents, Box::new(chrono::Utc::now), |_, _| {}).unwrap();
        let settings = Settings {
            as_of: Some(read("2020-06-01")),
            known_at: None,
            decided_by: None,
            formats: vec![Format::Parquet],
            with_mark: false,
            call_in: None, since: None, publication: ocds::Publication::default() };
        let report = |out: &str| {
            files::write(&ledger, &dir.path().join(out), &settings, |_, _| {}).unwrap();
            ["facts", "state"].map(|name| fs::read(dir.path().join(out).join(format!("{name}.parquet"))).unwrap())
        };
        prop_assert!(report("out") == report("again"), "the same gives the same bytes");
        are_facts(&rows(&dir.path().join("out/facts.parquet")), &entries);
        for row in rows(&dir.path().join("out/state.parquet")) {
            prop_assert!(row["knowledge"] == text("known") || row["amount"] == Field::Null, "{row:?}");
        }
    }
}

also_on_a_server! {
    kents_facts_and_state_are_what_the_ledger_says,
    only_what_is_known_at_the_coordinates_is_in_it,
    an_empty_ledger_has_tables_with_no_rows,
    names_are_as_they_were_recorded,
}
