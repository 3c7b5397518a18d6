//! What the report hands over as OCDS: valid by the standard's own schemas, merged as the standard merges, nothing said as a fact that
//! firm facts do not say, and nothing left out.

use crate::given::act;
use crate::histories::{self, asking, history};
use crate::places::also_on_a_server;
use crate::run::{Place, assigned_and_struck, defines, reopen};
use crate::sealed::{councils, publish, seal};
use crate::shared::shared;
use jsonschema::{Draft, Validator};
use minutebook::question::{Answer, Cell, Question, Row, Topic};
use minutebook::report::files::ocds::{Json, Merged, Pictures, Publication, Released, process};
use minutebook_events::{
    ContractId, DateSpan, Day, Entry, EventKind, Hash, Knowledge, PartyId, Position, Role, Standing,
};
use minutebook_projections::{At, Figure, Projections, State, Val};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::OnceLock;

/// The schemas of a package of releases and of one of records: the core's, then those of the profile of the United Kingdom.
fn schemas() -> Option<&'static [[Validator; 2]; 2]> {
    static SCHEMAS: OnceLock<Option<[[Validator; 2]; 2]>> = OnceLock::new();
    let schema = |name: &str| {
        let text = fs::read(shared(&format!("ocds/schema-{name}-package.json"))?).unwrap();
        let schema: Value = serde_json::from_slice(&text).unwrap();
        let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true);
        Some(options.build(&schema).unwrap())
    };
    let pair = |of: &str| Some([schema(&format!("{of}-release"))?, schema(&format!("{of}-record"))?]);
    SCHEMAS.get_or_init(|| Some([pair("core")?, pair("uk")?])).as_ref()
}

#[track_caller]
fn assert_valid([releases, records]: &[Value; 2]) {
    for [of_releases, of_records] in schemas().into_iter().flatten() {
        for (schema, package) in [(of_releases, releases), (of_records, records)] {
            let faults: Vec<_> = schema
                .iter_errors(package)
                .take(5)
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{}", faults.join("\n"));
        }
    }
}

/// The two packages of a report, with their bytes.
fn reported(place: &Place, more: &[&str]) -> ([Value; 2], [String; 2]) {
    let args = [&["report", "--out", "out", "--formats", "ocds"], more].concat();
    place.run(&args).ok();
    let read = |name: &str| fs::read_to_string(place.path().join("out/ocds").join(name)).unwrap();
    let texts = ["releases.json", "records.json"].map(read);
    (texts.each_ref().map(|text| serde_json::from_str(text).unwrap()), texts)
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn compiled<'v>(records: &'v Value, contract: &str) -> &'v Value {
    let ocid = format!("ocds-minutebook-{contract}");
    &list(records, "records").iter().find(|record| record["ocid"] == *ocid).unwrap()["compiledRelease"]
}

#[test]
fn what_kent_hands_over_is_valid_at_every_coordinate() {
    let place = Place::kent();
    let coordinates: [&[&str]; 5] = [
        &["--as-of", "2026-11-22"],
        &["--as-of", "2018-06-01"],
        &["--as-of", "2026-11-22", "--known-at", "0"],
        &["--as-of", "2026-11-22", "--known-at", "12"],
        &[
            "--as-of",
            "2022-04-01",
            "--decided-by",
            "2021-12-31",
            "--ocid-prefix",
            "ocds-abc123",
            "--ocds-uri",
            "https://data.example/o/",
        ],
    ];
    for coordinates in coordinates {
        if coordinates.contains(&"0") {
            // The first entry defines parties and offices, and no contract: the standard has no package without a release.
            let args = [&["report", "--out", "out", "--formats", "ocds"], coordinates].concat();
            place.run(&args).ok();
            assert!(!place.path().join("out/ocds").exists());
            continue;
        }
        let (packages, _) = reported(&place, coordinates);
        assert_valid(&packages);
        let [releases, records] = &packages;
        let mut releases_of: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for release in list(releases, "releases") {
            releases_of.entry(release["ocid"].as_str().unwrap()).or_default().push(release.clone());
        }
        let ocids: Vec<&str> = list(records, "records").iter().map(|record| record["ocid"].as_str().unwrap()).collect();
        assert_eq!(ocids, releases_of.keys().copied().collect::<Vec<_>>(), "{coordinates:?}");
        for record in list(records, "records") {
            let releases = &releases_of[record["ocid"].as_str().unwrap()];
            for (link, release) in list(record, "releases").iter().zip(releases) {
                let url = format!("{}#{}", packages[0]["uri"].as_str().unwrap(), release["id"].as_str().unwrap());
                assert_eq!(*link, json!({"url": url, "date": release["date"], "tag": release["tag"]}));
            }
            holds_together(releases, record);
        }
    }
}

/// A record is what its releases come to, and their dates are in order as strings.
#[track_caller]
fn holds_together(releases: &[Value], record: &Value) {
    assert_eq!(list(record, "releases").len(), releases.len());
    let dates: Vec<&str> = releases.iter().map(|release| release["date"].as_str().unwrap()).collect();
    assert!(dates.is_sorted_by(|a, b| a < b) && dates.iter().all(|date| date.ends_with('Z')), "{dates:?}");
    let ids: BTreeSet<&str> = releases.iter().map(|release| release["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), releases.len());
    let compiled = &record["compiledRelease"];
    let mut merged = Leaves::new();
    let mut versions: BTreeMap<Vec<String>, Vec<Value>> = BTreeMap::new();
    for release in releases {
        let mut own = Leaves::new();
        leaves(&without(release, &["id", "date", "tag"]), &mut vec![], &mut own);
        for (path, value) in own {
            let before = versions.entry(path.clone()).or_default();
            if before.last() != Some(&value) {
                before.push(value.clone());
            }
            merged.insert(path, value);
        }
    }
    merged.retain(|_, value| !value.is_null());
    let mut ours = Leaves::new();
    leaves(&without(compiled, &["id", "date", "tag"]), &mut vec![], &mut ours);
    assert_eq!(merged, ours);
    let last = releases.last().unwrap();
    assert_eq!(compiled["tag"], json!(["compiled"]));
    assert_eq!(compiled["date"], last["date"]);
    assert_eq!(compiled["id"], format!("{}-{}", record["ocid"].as_str().unwrap(), last["date"].as_str().unwrap()));
    // Of each field the versioned release has every value, in order.
    for (path, values) in versions.iter().filter(|(path, _)| !path.ends_with(&["id".to_owned()]) && *path != &["ocid"])
    {
        let at = path.iter().fold(&record["versionedRelease"], |at, step| match step.strip_prefix('#') {
            Some(id) => at.as_array().unwrap().iter().find(|item| item["id"].to_string().as_str() == id).unwrap(),
            None => &at[step.as_str()],
        });
        let told: Vec<&Value> = at.as_array().unwrap().iter().map(|version| &version["value"]).collect();
        assert_eq!(told, values.iter().collect::<Vec<_>>(), "{path:?}");
    }
}

/// Values by the names that lead to them; an item of a list of objects is "#" and its id.
type Leaves = BTreeMap<Vec<String>, Value>;

fn without(value: &Value, names: &[&str]) -> Value {
    let fields = value.as_object().unwrap().iter().filter(|(name, _)| !names.contains(&name.as_str()));
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

fn leaves(value: &Value, path: &mut Vec<String>, found: &mut Leaves) {
    let mut under = |step: String, value: &Value| {
        path.push(step);
        leaves(value, path, found);
        path.pop();
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| under(name.clone(), value)),
        Value::Array(items) if items.iter().all(Value::is_object) => {
            items.iter().for_each(|item| under(format!("#{}", item["id"]), item));
        }
        other => {
            found.insert(path.clone(), other.clone());
        }
    }
}

/// JSON as the merge takes it.
fn read(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Flag(*flag),
        Value::Number(number) => Json::Number(number.to_string().parse().unwrap()),
        Value::String(text) => Json::shown(text),
        Value::Array(items) => Json::List(items.iter().map(read).collect()),
        Value::Object(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.clone().into(), read(value))).collect())
        }
    }
}

/// What is written, without what JSON does not tell apart: how a number is.
fn plain(written: &[u8]) -> Value {
    serde_json::from_slice(written).unwrap()
}

/// The releases of a contract, and the record that they come to.
fn told(Released { releases, record }: &Released) -> (Vec<Value>, Value) {
    (releases.iter().map(|release| plain(release)).collect(), plain(record))
}

#[test]
fn the_merge_is_that_of_the_standard() {
    for name in ["array", "field", "object"] {
        let Some(path) = shared(&format!("ocds/merging/deletions/{name}_record.json")) else { return };
        let package: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for record in list(&package, "records") {
            let mut releases: Vec<Json> = list(record, "releases").iter().map(read).collect();
            releases.sort_by_key(|release| plain(&release.bytes())["date"].to_string());
            let mut merged = Merged::default();
            releases.into_iter().for_each(|release| merged.take(release));
            let (mut compiled, mut versioned) = (vec![], vec![]);
            merged.write_compiled(&mut compiled);
            merged.write_versioned(&mut versioned);
            assert_eq!(plain(&compiled), plain(&read(&record["compiledRelease"]).bytes()), "{name}");
            assert_eq!(plain(&versioned), plain(&read(&record["versionedRelease"]).bytes()), "{name}");
        }
    }
}

fn figure<'r>(row: &'r Row, name: &str) -> Option<&'r Figure> {
    row.get(name)?.figures().first()
}

fn text<'r>(row: &'r Row, name: &str) -> &'r str {
    match row.get(name) {
        Some(Cell::Text(text)) => text,
        _ => "",
    }
}

#[test]
fn what_kent_hands_over_is_what_the_ledger_answers() {
    let place = Place::kent();
    let as_of: Day = "2022-06-01".parse().unwrap();
    let ([_, records], _) = reported(&place, &["--as-of", "2022-06-01"]);
    let ledger = reopen(place.at());
    let answers = |contract: &ContractId, topic| -> Answer {
        let contract = Some(contract.clone());
        let question = Question { topic, contract, as_of, known_at: None, decided_by: None };
        ledger.view().ask(&question).unwrap()
    };
    let (mut statuses, mut holders) = (0, 0);
    for record in list(&records, "records") {
        let contract: ContractId =
            record["ocid"].as_str().unwrap().trim_start_matches("ocds-minutebook-").parse().unwrap();
        let compiled = &record["compiledRelease"];
        let contracts = list(compiled, "contracts");
        let of = |part: &str| -> Vec<&Value> {
            let own = |own: &&Value| own["id"].as_str().unwrap().split('/').next() == Some(part);
            contracts.iter().filter(own).filter(|own| own["status"] != "cancelled").collect()
        };
        for row in &answers(&contract, Topic::Register).answer {
            let part = match row.kind {
                "contract" => "whole".to_owned(),
                "lot" => format!("lot-{}", text(row, "lot")),
                _ => continue,
            };
            let status = figure(row, "status").unwrap();
            let in_force = status.value().known() == Some(&Val::State(State::InForce)) && status.uncertain.is_none();
            for own in of(&part) {
                // Whoever had a lot before has a contract that came to its end.
                assert!(in_force == (own["status"] == "active") || own["status"] == "terminated", "{own:#}");
                assert_eq!(own["minutebook"]["status"], status.words());
                statuses += 1;
            }
        }
        for row in answers(&contract, Topic::Lots).answer.iter().filter(|row| row.kind == "lot") {
            let holder = figure(row, "holder").unwrap();
            let part = format!("lot-{}", text(row, "lot"));
            let Some(Val::Party(party, _)) = holder.value().known().cloned() else { continue };
            let award = format!("{part}/{party}");
            let awards = list(compiled, "awards");
            let named = awards.iter().find(|own| own["id"] == *award);
            assert_eq!(holder.standing.is_some_and(Standing::is_firm), named.is_some(), "{award}");
            if let Some(named) = named {
                assert_eq!(named["suppliers"][0]["id"], *party.as_str());
                assert_eq!(named["relatedLots"], json!([text(row, "lot")]));
                holders += 1;
            }
        }
        for row in &answers(&contract, Topic::Value).answer {
            let first = (row.kind == "value" && text(row, "measure") == "value").then(|| figure(row, "first-term"));
            let Some(first) = first.flatten() else { continue };
            let told = of("whole").first().and_then(|own| own["value"]["amount"].as_number()).map(ToString::to_string);
            let Some(Val::Money(money, _)) = first.value().known().cloned() else {
                assert_eq!(told, None, "{contract}");
                continue;
            };
            if let Some(told) = told.filter(|_| first.standing.is_some_and(Standing::is_firm)) {
                assert_eq!(told, money.pounds().normalize().to_string());
            }
        }
    }
    assert!(statuses > 9 && holders > 3, "{statuses} statuses, {holders} holders");
}

/// One decided event.
fn event(kind: &str, effective: &str, standing: &str, more: &str) -> String {
    format!(
        "[[event]]\nkind = \"{kind}\"\neffective = {effective}\nstanding = \"{standing}\"\nsources = [\"X 1\"]\n{more}\n"
    )
}

#[test]
fn a_correction_takes_back_what_an_earlier_release_said() {
    let place = Place::empty();
    let (assigned, struck) = assigned_and_struck();
    place.file("assigned.toml", assigned).file("struck.toml", struck);
    place.run(&["record", "assigned.toml"]).ok();
    let ([_, before], _) = reported(&place, &[]);
    let award = &compiled(&before, "lwk")["awards"][0];
    assert_eq!((&award["status"], &award["suppliers"][0]["name"]), (&json!("active"), &json!("somebody")));
    place.run(&["record", "struck.toml"]).ok();
    let (packages, _) = reported(&place, &[]);
    assert_valid(&packages);
    let [releases, after] = &packages;
    let after = compiled(after, "lwk");
    // The standard's merge takes nobody out of a list: the award is withdrawn, and nobody is a supplier.
    let award = json!({
        "id": "lot-1/somebody", "status": "cancelled", "suppliers": [{"id": "somebody"}], "minutebook": {"withdrawn": true},
    });
    assert_eq!(after["awards"], json!([award]));
    assert_eq!(after["contracts"][0]["status"], "cancelled");
    assert_eq!(after["parties"], json!([{"id": "somebody"}]));
    let struck = list(&after["minutebook"], "events").iter().find(|event| event["id"] == "0/3").unwrap();
    assert_eq!((&struck["struckBy"], &struck["knowledge"]), (&json!("1/0"), &json!("known")));
    assert_eq!(list(releases, "releases")[1]["tag"], json!(["contractUpdate"]));
}

#[test]
fn a_plan_is_no_fact_and_what_is_withheld_has_no_amount() {
    let place = Place::empty();
    let line = "line = { measure = \"value\" }\nbasis = \"year\"";
    let about = "contract = \"lwk\"";
    let events = [
        event("party-defined", "2020-01-01", "decided", "party = \"council\"\nname = \"Council\""),
        event("party-defined", "2020-01-01", "decided", "party = \"maker\"\nname = \"Maker\""),
        event("contract-defined", "2020-01-01", "decided", &format!("{about}\ntitle = \"Live Well\"")),
        event("lot-defined", "2020-01-01", "decided", &format!("{about}\nlot = \"1\"\ntitle = \"Lot 1\"")),
        event("term-set", "2020-04-01", "planned", &format!("{about}\nlast_day = 2022-03-31")),
        event("commenced", "2020-04-01", "proposed", about),
        event("lot-assigned", "2020-04-01", "endorsed", &format!("{about}\nlot = \"1\"\nparty = \"maker\"")),
        event(
            "value-set",
            "2020-04-01",
            "planned",
            &format!("{about}\n{line}\namount = \"£250k\"\nuntil = 2022-03-31"),
        ),
    ];
    place.file("planned.toml", act("X", "2019-12-20", &events.concat()));
    place.run(&["record", "planned.toml"]).ok();
    let (packages, _) = reported(&place, &["--as-of", "2020-06-01"]);
    assert_valid(&packages);
    let own = compiled(&packages[1], "lwk");
    for fact in ["awards", "contracts", "parties", "buyer"] {
        assert!(own.get(fact).is_none(), "{fact}: {own:#}");
    }
    assert_eq!(own["tender"]["status"], "planned");
    assert_eq!(own["tender"]["value"]["amount"], 500_000);
    assert_eq!(own["tender"]["contractPeriod"]["endDate"], "2022-03-31T23:59:59Z");

    let let_out = [
        event("term-set", "2020-04-01", "decided", &format!("{about}\nlast_day = 2022-03-31")),
        event("commenced", "2020-04-01", "happened", about),
        event("lot-assigned", "2020-04-01", "decided", &format!("{about}\nlot = \"1\"\nparty = \"maker\"")),
        event(
            "value-set",
            "2020-04-01",
            "decided",
            &format!(
                "{about}\nline = {{ measure = \"value\", part = \"lot 1\" }}\nbasis = \"year\"\namount = {{ withheld = \"paragraph 3 of Schedule 12A\" }}"
            ),
        ),
        event("extended", "2022-04-01", "decided", &format!("{about}\nlast_day = 2023-03-31")),
    ];
    place.file("let.toml", act("Y", "2020-02-01", &let_out[..4].concat().replace("X 1", "Y 1")));
    place.run(&["record", "let.toml"]).ok();
    let options = event("option-granted", "2020-04-01", "decided", &format!("{about}\nmonths = 24"));
    place.file("more.toml", act("Z", "2022-01-10", &(options + &let_out[4]).replace("X 1", "Z 1")));
    place.run(&["record", "more.toml"]).ok();
    let (packages, _) = reported(&place, &["--as-of", "2022-06-01"]);
    assert_valid(&packages);
    let own = compiled(&packages[1], "lwk");
    let lot = &own["contracts"][0];
    assert_eq!(lot["id"], "lot-1/maker");
    assert_eq!(lot["status"], "active");
    assert_eq!(lot["period"]["endDate"], "2023-03-31T23:59:59Z");
    assert_eq!(lot["period"]["maxExtentDate"], "2024-03-31T23:59:59Z");
    assert!(lot["value"]["amount"].is_null(), "{lot:#}");
    assert_eq!(lot["amendments"][0]["rationale"], "Z: An act");
    assert_eq!(lot["amendments"][0]["amendsReleaseID"], "ocds-minutebook-lwk-1");
    let withheld = list(&own["minutebook"], "events").iter().find(|event| event["knowledge"] == "withheld").unwrap();
    assert_eq!(withheld["text"], "withheld: paragraph 3 of Schedule 12A");
    assert!(withheld.get("amount").is_none());
    assert_eq!(own["tender"]["status"], "complete");
    assert_eq!(own["parties"], json!([{"id": "maker", "name": "Maker", "roles": ["supplier"]}]));
}

#[test]
fn sealed_contents_and_recorders_are_nowhere() {
    let place = Place::empty();
    councils(&place);
    seal(&place, "appendix", "prices");
    publish(&place, "prices");
    let secret = fs::read_to_string(place.path().join("appendix")).unwrap();
    let recorder = reopen(place.at()).view().projections.entry(Position(0)).unwrap().entry.recorder.clone();
    let (packages, texts) = reported(&place, &[]);
    assert_valid(&packages);
    for text in texts {
        assert!(!text.contains(&secret) && !text.contains(&format!("\"{recorder}\"")));
        assert!(text.contains("withheld"));
    }
}

#[test]
fn names_survive_as_they_are() {
    // What holds a line break is refused by whoever records; another program may have written it.
    for name in ["=1+1, \"Maker\"", "@SUM(A1)", "מרכז קהילתי", "a\\b <script>", "two\r\nlines"] {
        let contract: ContractId = histories::read("lwk");
        let party: PartyId = histories::read("maker");
        let kinds = [
            EventKind::PartyDefined { party: party.clone(), name: name.to_owned(), arm_of: None },
            EventKind::ContractDefined { contract: contract.clone(), title: name.to_owned() },
            EventKind::PartnerJoined {
                contract: contract.clone(),
                party,
                role: Role::Provider,
                under: None,
                seat: None,
            },
        ];
        let day = DateSpan::day("2020-01-01".parse().unwrap());
        let event = |kind| histories::event(kind, day, None, Standing::Decided, &["A 1"].into());
        let all = projections(&[histories::entry(&[], 0, day, kinds.map(event).into())]);
        let at = At { as_of: day.latest(), head: all.head(), decided_by: None };
        let (releases, record) = told(&process(&all, &contract, at, &Publication::default(), Pictures::Kept).unwrap());
        let own = &record["compiledRelease"];
        let names = [&own["parties"][0]["name"], &own["tender"]["title"], &own["awards"][0]["suppliers"][0]["name"]];
        assert_eq!(names, [name; 3]);
        assert_valid(&packages(releases, vec![record]));
    }
}

/// Two packages of what a test made.
fn packages(releases: Vec<Value>, records: Vec<Value>) -> [Value; 2] {
    [("releases", releases), ("records", records)].map(|(name, items)| {
        json!({
            "uri": "urn:minutebook:test", "version": "1.1", "publishedDate": "2026-11-22T09:00:00Z",
            "publisher": {"name": "A council"}, name: items,
        })
    })
}

#[test]
fn a_firm_value_is_the_sum_over_the_firm_term() {
    let place = Place::empty();
    let about = "contract = \"lwk\"";
    let value = |more: &str| {
        format!(
            "{about}\nline = {{ measure = \"value\"{more} }}\nbasis = \"year\"\nuntil = 2022-03-31\namount = \"£250.55\""
        )
    };
    let decided = |kind: &str, more: &str| event(kind, "2020-04-01", "decided", more);
    let events = [
        decided("party-defined", "party = \"council\"\nname = \"Council\""),
        decided("party-defined", "party = \"maker\"\nname = \"Maker\""),
        decided("contract-defined", &format!("{about}\ntitle = \"Live Well\"")),
        decided("term-set", &format!("{about}\nlast_day = 2022-03-31")),
        decided("partner-joined", &format!("{about}\nparty = \"council\"\nrole = \"commissioner\"")),
        decided("partner-joined", &format!("{about}\nparty = \"maker\"\nrole = \"provider\"")),
        decided("value-set", &value(", funder = \"council\"")),
    ];
    place.file("let.toml", act("X", "2019-12-20", &events.concat()));
    place.run(&["record", "let.toml"]).ok();
    let (packages, [releases, _]) = reported(&place, &["--as-of", "2020-06-01"]);
    assert_valid(&packages);
    let own = compiled(&packages[1], "lwk");
    // As it is written: no float made it longer.
    assert!(releases.contains("\"value\":{\"amount\":501.1,\"currency\":\"GBP\"}"), "{releases}");
    let ledger = reopen(place.at());
    let as_of = "2020-06-01".parse().unwrap();
    let question = Question { topic: Topic::Value, contract: None, as_of, known_at: None, decided_by: None };
    let answer = ledger.view().ask(&question).unwrap();
    let first_term = figure(answer.answer.iter().find(|row| row.kind == "value").unwrap(), "first-term").unwrap();
    assert!(matches!(first_term.value().known(), Some(Val::Money(money, _)) if money.pounds().to_string() == "501.10"));
    assert_eq!(own["buyer"], json!({"id": "council", "name": "Council"}));
    let share = &own["planning"]["budget"]["budgetBreakdown"][0];
    assert_eq!((&share["id"], share["amount"]["amount"].to_string()), (&json!("council"), "501.1".to_owned()));
    assert_eq!(share["period"]["endDate"], "2022-03-31T23:59:59Z");
}

#[test]
fn what_is_no_prefix_and_no_address_is_refused() {
    let place = Place::empty();
    place.file("party.toml", defines("somebody"));
    place.run(&["record", "party.toml"]).ok();
    let report = |option: &str, value: &str| place.run(&["report", "--out", "out", option, value]);
    report("--ocid-prefix", "ocds 1").ends(2).says(&["use letters, digits and hyphens"]);
    report("--ocds-uri", "nowhere").ends(2).says(&["write it as https://data.example/ocds"]);
}

fn projections(entries: &[Entry]) -> Projections {
    let mut all = Projections::default();
    entries.iter().for_each(|entry| drop(all.apply(entry.clone(), Hash([0; 32]))));
    all
}

/// What stands of a ledger and is firm.
fn firm(entries: &[Entry]) -> impl Iterator<Item = &EventKind> {
    let struck: BTreeSet<_> = entries
        .iter()
        .flat_map(|entry| &entry.events)
        .filter_map(|event| match &event.kind {
            EventKind::Correction { strikes, .. } => Some((strikes.entry, strikes.event)),
            _ => None,
        })
        .collect();
    let events =
        entries.iter().flat_map(|entry| (0..).zip(&entry.events).map(move |(place, event)| (entry.id, place, event)));
    let standing = events.filter(move |(entry, place, _)| !struck.contains(&(*entry, *place)));
    standing.filter(|(_, _, event)| event.standing.is_firm()).map(|(_, _, event)| &event.kind)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_history_is_valid_merges_and_says_no_plan_as_a_fact(entries in history(), as_of in asking(), by in proptest::option::of(asking())) {
        let all = projections(&entries);
        let (mut releases, mut records) = (vec![], vec![]);
        let at = At { as_of, head: all.head(), decided_by: by };
        for contract in all.contracts(at.head) {
            let process = |pictures| process(&all, contract, at, &Publication::default(), pictures);
            let Some(kept) = process(Pictures::Kept) else { continue };
            let (own, record) = told(&kept);
            holds_together(&own, &record);
            // What is taken from one picture to the next is what it would be if each were made anew.
            prop_assert_eq!(&(own.clone(), record.clone()), &told(&process(Pictures::Anew).unwrap()));
            releases.extend(own);
            let compiled = &record["compiledRelease"];
            let suppliers: BTreeSet<&str> = firm(&entries).filter_map(|kind| match kind {
                EventKind::LotAssigned { contract: own, party: Knowledge::Known(party), .. } if own == contract => Some(party.as_str()),
                EventKind::PartnerJoined { contract: own, party, role: Role::StrategicPartner | Role::Provider, .. } if own == contract => Some(party.as_str()),
                _ => None,
            }).collect();
            for award in list(compiled, "awards").iter().filter(|award| award["status"] != "cancelled") {
                for supplier in list(award, "suppliers") {
                    prop_assert!(suppliers.contains(supplier["id"].as_str().unwrap()), "{award:#}");
                }
            }
            let is_let = firm(&entries).any(|kind| kind.contracts().any(|own| own == contract));
            prop_assert!(is_let || list(compiled, "contracts").iter().all(|own| own["status"] == "cancelled"), "{compiled:#}");
            prop_assert!(is_let || list(compiled, "parties").iter().all(|party| party.get("roles").is_none()), "{compiled:#}");
            records.push(record);
        }
        if !releases.is_empty() {
            assert_valid(&packages(releases, records));
        }
    }
}

also_on_a_server! {
    what_kent_hands_over_is_valid_at_every_coordinate,
    what_kent_hands_over_is_what_the_ledger_answers,
    a_correction_takes_back_what_an_earlier_release_said,
    a_plan_is_no_fact_and_what_is_withheld_has_no_amount,
    sealed_contents_and_recorders_are_nowhere,
    a_firm_value_is_the_sum_over_the_firm_term,
    what_is_no_prefix_and_no_address_is_refused,
}
