//! A report of Kent's record in every format, as golden files: `report/NAME.snap` is what a reader that is not ours finds in the
//! file, in lines that a person can review. What differs from run to run, instants of recording and hashes, is left out or masked.
//!
//! `INSTA_UPDATE=always cargo test --test suite golden_files` writes them anew; read the difference before it is kept, and hold what
//! is new in it to the record.

use crate::parquet::{Row, list, rows};
use crate::places::{also_on_a_server, is_on_a_server};
use crate::run::Place;
use calamine::{Data, Reader, Xlsx, open_workbook};
use icalendar::{Calendar, CalendarComponent, Component, DatePerhapsTime};
use parquet::record::Field;
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Live Well Kent in its first term, by what had been decided when two services were proposed for it.
const COORDINATES: [&str; 4] = ["--as-of", "2018-06-01", "--decided-by", "2017-03-31"];

/// The report, made once of each store.
fn report() -> PathBuf {
    static MADE: [OnceLock<Place>; 2] = [const { OnceLock::new() }; 2];
    let place = MADE[usize::from(is_on_a_server())].get_or_init(|| {
        let place = Place::kent();
        place.run(&[&["report", "--out", "out", "--since", "2016-03-31"][..], &COORDINATES].concat()).ok();
        place
    });
    place.path().join("out")
}

fn is(name: &str, found: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/report"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, masked(found)));
}

/// A text without what is of one run alone: instants of this ledger, and hashes over them.
fn masked(text: &str) -> String {
    let known = |line: &str| {
        let known = ["as known at ", "recorded "].into_iter().find_map(|word| Some((line.find(word)?, word)));
        let Some((at, word)) = known.filter(|_| line.contains(" UTC")) else { return line.to_owned() };
        let end = line[at..].find(" UTC").map_or(line.len(), |end| at + end);
        format!("{}{word}…{}", &line[..at], &line[end..])
    };
    let word = |word: &str| {
        let bare = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let is_hash = bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_instant = bare.len() > 19 && bare.as_bytes()[10] == b'T' && bare.contains('.') && bare.ends_with('Z');
        if is_hash || is_instant { word.replace(bare, "…") } else { word.to_owned() }
    };
    let lines = text.lines().map(|line| known(line).split(' ').map(word).collect::<Vec<_>>().join(" "));
    lines.map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_register() {
    let mut read = csv::Reader::from_path(report().join("register.csv")).unwrap();
    let columns = read.headers().unwrap().clone();
    let mut found = String::new();
    for row in read.records().map(Result::unwrap) {
        for (column, cell) in columns.iter().zip(&row) {
            writeln!(found, "{column}: {cell}").unwrap();
        }
        found.push('\n');
    }
    is("register", &found);
}

#[test]
fn the_key_dates() {
    let calendar: Calendar = fs::read_to_string(report().join("key-dates.ics")).unwrap().parse().unwrap();
    let mut found = String::new();
    for component in &calendar.components {
        let CalendarComponent::Event(event) = component else { panic!("{component:?}") };
        let day = |day: Option<DatePerhapsTime>| match day {
            Some(DatePerhapsTime::Date(day)) => day,
            other => panic!("{other:?} is no day"),
        };
        let (from, before) = (day(event.get_start()), day(event.get_end()));
        writeln!(found, "{from} to before {before}, {:?}", event.get_status().unwrap()).unwrap();
        writeln!(
            found,
            "{}\n{}\n",
            event.get_summary().unwrap(),
            event.get_description().unwrap().replace("\\n", "\n")
        )
        .unwrap();
    }
    is("key-dates", &found);
}

#[test]
fn the_workbook() {
    let mut book: Xlsx<_> = open_workbook(report().join("contracts.xlsx")).unwrap();
    let mut found = String::new();
    for name in book.sheet_names() {
        writeln!(found, "== {name}").unwrap();
        let range = book.worksheet_range(&name).unwrap();
        let (headings, rows) = match range.rows().collect::<Vec<_>>().as_slice() {
            [] => continue,
            [headings, rows @ ..] => (headings.to_vec(), rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>()),
        };
        let words = |cells: &[Data]| cells.iter().map(cell).collect::<Vec<_>>();
        writeln!(found, "{}", words(&headings).join(" | ")).unwrap();
        rows.iter().for_each(|row| writeln!(found, "- {}", words(row).join(" | ").trim_end_matches(" | ")).unwrap());
        found.push('\n');
    }
    is("contracts", &found);
}

/// A cell; several lines of it are one.
fn cell(cell: &Data) -> String {
    let said = match cell {
        // A spreadsheet counts days from this one.
        Data::DateTime(day) => {
            let first = minutebook_events::Day::from_ymd_opt(1899, 12, 30).unwrap();
            (first + chrono::Days::new(day.as_f64() as u64)).to_string()
        }
        other => other.to_string(),
    };
    said.replace('\n', " / ")
}

/// The cells of a row of Parquet that say something.
fn said(row: &Row, columns: &[&str]) -> String {
    let word = |field: &Field| match field {
        Field::Null => String::new(),
        Field::Str(words) => words.clone(),
        Field::Long(number) => number.to_string(),
        Field::Int(number) => number.to_string(),
        Field::Date(day) => minutebook_events::Day::from_epoch_days(*day).unwrap().to_string(),
        Field::Decimal(number) => {
            let units = i128::from_be_bytes(number.data().try_into().unwrap());
            rust_decimal::Decimal::from_i128_with_scale(units, 18).normalize().to_string()
        }
        other => panic!("{other:?} is not told"),
    };
    let cells = columns.iter().map(|column| match &row[*column] {
        Field::ListInternal(_) => list(row, column).iter().map(word).collect::<Vec<_>>().join(", "),
        one => word(one),
    });
    cells.collect::<Vec<_>>().join(" | ")
}

#[test]
fn the_state() {
    const TOLD: [&str; 10] =
        ["contract", "row", "fact", "value", "standing", "uncertain", "amount", "basis", "day", "sources"];
    let rows = rows(&report().join("state.parquet"));
    let lines: Vec<String> = rows.iter().map(|row| said(row, &TOLD)).collect();
    is("state", &format!("{}\n{}", TOLD.join(" | "), lines.join("\n")));
}

#[test]
fn the_facts() {
    const TOLD: [&str; 13] = [
        "position",
        "place",
        "contracts",
        "kind",
        "fact",
        "value",
        "amount",
        "standing",
        "effective_earliest",
        "effective_latest",
        "act",
        "sources",
        "struck_by",
    ];
    let rows = rows(&report().join("facts.parquet"));
    let lines: Vec<String> = rows.iter().map(|row| said(row, &TOLD)).collect();
    is("facts", &format!("{}\n{}", TOLD.join(" | "), lines.join("\n")));
}

/// A value of JSON, a line each thing in it.
fn flat(path: &str, value: &Value, to: &mut String) {
    let below =
        |name: &dyn std::fmt::Display| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| flat(&below(name), value, to)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, item)| flat(&format!("{path}[{place}]"), item, to))
        }
        one => writeln!(to, "{path} = {one}").unwrap(),
    }
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&fs::read(report().join(name)).unwrap()).unwrap()
}

/// Each release by its tags, and each contract as it is compiled, without the extension that repeats every event.
#[test]
fn the_packages_of_ocds() {
    let mut found = String::new();
    for release in json("ocds/releases.json")["releases"].as_array().unwrap() {
        writeln!(found, "{} {}", release["id"].as_str().unwrap(), release["tag"]).unwrap();
    }
    for record in json("ocds/records.json")["records"].as_array().unwrap() {
        let mut compiled = record["compiledRelease"].clone();
        for own in ["minutebook", "date", "id"] {
            compiled.as_object_mut().unwrap().remove(own);
        }
        found.push('\n');
        flat("", &compiled, &mut found);
    }
    is("ocds", &found);
}

/// The paper as it is read: its headings, what its pictures show, and of each table how many rows it has; the state in full.
#[test]
fn the_paper() {
    let html = fs::read_to_string(report().join("paper.html")).unwrap();
    let (mut found, mut section, mut cells) = (String::new(), String::new(), vec![]);
    let mut in_cell = false;
    for part in html[html.find("<main>").unwrap()..].split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        let (tag, text) = (tag.split(' ').next().unwrap(), plain(text));
        match tag {
            "h1" | "caption" | "figcaption" | "desc" => writeln!(found, "{tag}: {text}").unwrap(),
            "h2" => {
                section = text;
                writeln!(found, "\nh2: {section}").unwrap();
            }
            "th" | "td" => {
                cells.push(text);
                in_cell = true;
            }
            "/th" | "/td" => in_cell = false,
            "br" if in_cell => cells.last_mut().unwrap().push_str(&format!(" / {text}")),
            "/tr" => {
                let row = std::mem::take(&mut cells).join(" | ");
                if section == "State" {
                    writeln!(found, "- {row}").unwrap();
                }
            }
            _ => {}
        }
    }
    is("paper", &found);
}

fn plain(text: &str) -> String {
    let text = text.replace("&#38;", "&").replace("&#39;", "'").replace("&#34;", "\"").replace("&#60;", "<");
    text.replace("&#62;", ">").trim().to_owned()
}

#[test]
fn the_manifest() {
    let mut manifest = json("manifest.json");
    for file in manifest["files"].as_array_mut().unwrap() {
        file["bytes"] = "…".into();
    }
    manifest["program"] = "minutebook …".into();
    let mut found = String::new();
    flat("", &manifest, &mut found);
    is("manifest", &found);
}

also_on_a_server! {
    the_register,
    the_key_dates,
    the_workbook,
    the_state,
    the_facts,
    the_packages_of_ocds,
    the_paper,
    the_manifest,
}
