//! The reporting job as its user sees it: a folder that holds one whole report or another, bound to its inputs, and files that say
//! what the ledger says. Linux alone has the faults of the disk.

use crate::faults::layer::{self, Ended, Fault};
use crate::places::also_on_a_server;
use crate::run::{BINARY, Place};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Every file of a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for item in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = item.file_name().into_string().unwrap();
        match item.file_type().unwrap().is_dir() {
            true => {
                found.extend(files(&item.path()).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)))
            }
            false => drop(found.insert(name, fs::read(item.path()).unwrap())),
        }
    }
    found
}

/// The files of a report that is whole: each is in the manifest, with its length and its hash, and there is no other.
fn whole(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let all = files(folder);
    let manifest: Value = serde_json::from_slice(&all["manifest.json"]).unwrap();
    let listed = manifest["files"].as_array().unwrap();
    assert_eq!(listed.len() + 1, all.len(), "{manifest:#} {:?}", all.keys());
    for file in listed {
        let bytes = &all[file["name"].as_str().unwrap()];
        let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&file["sha256"], &file["bytes"]), (&hash.into(), &bytes.len().into()));
    }
    all
}

/// The rows of a CSV by their first cell, each cell by the name of its column.
fn register(place: &Place, folder: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut read = csv::Reader::from_path(place.path().join(folder).join("register.csv")).unwrap();
    let columns: Vec<String> = read.headers().unwrap().iter().map(ToOwned::to_owned).collect();
    let rows = read.records().map(|row| {
        let row = row.unwrap();
        let cells = columns.iter().cloned().zip(row.iter().map(ToOwned::to_owned)).collect();
        (row[0].to_owned(), cells)
    });
    rows.collect()
}

#[test]
fn the_same_ledger_and_coordinates_give_the_same_bytes() {
    let place = Place::kent();
    let report = |out: &str, more: &[&str]| {
        let args = [&["report", "--out", out, "--as-of", "2024-06-01"], more].concat();
        let line = place.run(&args).ok().json();
        let all = whole(&place.path().join(out));
        assert_eq!(line["files"].as_u64().unwrap() as usize + 1, all.len());
        all
    };
    let first = report("first", &[]);
    assert_eq!(report("second", &[]), first);
    // Into its own place again, and into one of other coordinates.
    assert_eq!(report("first", &[]), first);
    let other = report("second", &["--decided-by", "2021-12-31"]);
    for (name, bytes) in &first {
        assert_ne!(&other[name], bytes, "{name} is of other coordinates");
    }
    let known = report("second", &["--known-at", "20"]);
    let manifest: Value = serde_json::from_slice(&known["manifest.json"]).unwrap();
    assert_eq!((&manifest["known_at"], &manifest["entries"]), (&20.into(), &21.into()));
    // It is bound to the ledger as that was: what is recorded later changes nothing of it.
    place.file("later.toml", crate::given::defines("later")).run(&["record", "later.toml"]).ok();
    assert_eq!(report("second", &["--known-at", "20"]), known);
    // Fewer files were asked for: those of the last report are gone.
    let fewer = report("second", &["--formats", "csv", "--bom"]);
    assert_eq!(fewer.keys().collect::<Vec<_>>(), ["manifest.json", "register.csv"]);
    let marked = &fewer["register.csv"];
    assert_eq!((&marked[..3], &marked[3..]), ("\u{feff}".as_bytes(), first["register.csv"].as_slice()));
}

#[test]
fn what_is_not_ours_is_not_touched() {
    let place = Place::kent();
    let refused = |what: &[&str]| {
        // Opening the ledger leaves its traces there.
        let beside = || {
            let mut all = files(place.path());
            all.retain(|name, _| !name.starts_with("minutebook-ledger"));
            all
        };
        let before = beside();
        place.run(&["report", "--out", "out"]).ends(2).says(what);
        assert_eq!(beside(), before);
    };
    place.file(".out.lock", "");
    place.file("out", "a file");
    refused(&["out is no folder", "name a new folder"]);
    place
        .run(&["report", "--out", "minutebook-ledger/report"])
        .ends(2)
        .says(&["lies in the folder of a ledger", "name a new folder"]);
    fs::remove_file(place.path().join("out")).unwrap();
    fs::create_dir(place.path().join("out")).unwrap();
    place.file("out/notes.txt", "somebody's");
    refused(&["out holds files and is no report"]);
    place.file("out/manifest.json", "{}");
    refused(&["out holds files and is no report"]);
    fs::remove_dir_all(place.path().join("out")).unwrap();
    place.run(&["report", "--out", "out"]).ok();
    place.file("out/notes.txt", "somebody's");
    refused(&["out holds notes.txt, which is no file of the report there"]);
    fs::remove_file(place.path().join("out/notes.txt")).unwrap();
    place.run(&["report", "--out", "out"]).ok();
    // A second run does not come between.
    let lock = fs::File::open(place.path().join(".out.lock")).unwrap();
    lock.lock().unwrap();
    refused(&["another run writes to out"]);
    drop(lock);
    place.run(&["report", "--out", "out", "--known-at", "4000"]).ends(2).says(&["position 4000 is past the head"]);
    place.run(&["report", "--out", "out", "--formats", "docx"]).ends(2).says(&["\"docx\" is no format of a report"]);
    whole(&place.path().join("out"));
}

#[test]
fn nothing_in_the_record_is_a_report_too() {
    let place = Place::kent();
    place.run(&["report", "--out", "early", "--as-of", "1990-01-01", "--decided-by", "1990-01-01"]).ok();
    whole(&place.path().join("early"));
    assert!(register(&place, "early").is_empty());
    let empty = Place::empty();
    empty.file("later.toml", crate::given::defines("later")).run(&["record", "later.toml"]).ok();
    empty.run(&["report", "--out", "out"]).ok();
    whole(&empty.path().join("out"));
}

/// Whatever call to the disk fails, or is the last of a process, there is the last report or the new one, whole; and the next run
/// puts its own there.
#[test]
#[cfg(target_os = "linux")]
fn a_run_that_fails_leaves_the_last_report() {
    let place = Place::kent();
    let (reports, notes) = (place.path().join("reports"), place.path().join("notes"));
    fs::create_dir_all(&notes).unwrap();
    let report = |as_of: &str| {
        let mut command = Command::new(BINARY);
        let at = ["--ledger", place.ledger().to_str().unwrap(), "report", "--as-of", as_of].map(ToOwned::to_owned);
        command.args(at).arg("--out").arg(reports.join("out"));
        command
    };
    let run = |as_of, fault| layer::run(report(as_of), &reports, &notes, fault);
    assert_eq!(run("2018-06-01", None).ended, Ended::With(0));
    let last = whole(&reports.join("out"));
    let calls = run("2024-06-01", None);
    let new = whole(&reports.join("out"));
    let count = calls.count();
    assert!(count > 10 && last != new, "{calls:?}");
    for fault in [Fault::Full, Fault::Dead, Fault::Kill] {
        for at in 1..=count {
            assert_eq!(run("2018-06-01", None).ended, Ended::With(0));
            let ran = run("2024-06-01", Some((at, fault)));
            let there = whole(&reports.join("out"));
            match ran.ended {
                Ended::With(0) => assert!(there == new, "{fault:?} at {at}: {ran:?}"),
                _ => assert!(there == last || there == new, "{fault:?} at {at}: {ran:?}"),
            }
            if fault == Fault::Full && ran.ended != Ended::With(0) {
                assert!(ran.ended == Ended::With(2) && ran.err.contains("make room"), "{at}: {ran:?}");
            }
        }
    }
}

/// The register says what the record of Kent says (record.md, and the paragraphs that it cites), and how firmly.
#[test]
fn the_register_says_what_the_record_says() {
    let place = Place::kent();
    place.run(&["report", "--out", "out", "--as-of", "2018-06-01", "--formats", "csv"]).ok();
    let register = register(&place, "out");
    let says = |contract: &str, column: &str| register[contract][column].as_str();
    let of_2016 = |column| says("live-well-kent-2016", column);
    // A 2.7, B 7.1; A 1.4, B 7.2; computed from B 10.2 and A 2.16.
    assert_eq!(
        of_2016("Supplier"),
        "lot 1: Porchlight (happened); lot 2: Shaw Trust (happened); lot 3: Shaw Trust (happened); lot 4: Porchlight (happened)"
    );
    assert_eq!((of_2016("Status"), of_2016("Status: standing")), ("in force", "happened"));
    assert_eq!((of_2016("Start"), of_2016("Start: standing")), ("2016-04-01", "happened"));
    assert_eq!((of_2016("End"), of_2016("End: standing")), ("2021-03-31", "inferred"));
    assert_eq!((of_2016("Latest end"), of_2016("Latest end: standing")), ("2023-03-31", "happened"));
    // B 11.2: the sum of the budget, which nobody has decided.
    assert!(of_2016("Sum over the first term (£)").contains("budget: £16,925,000 for the whole period (inferred)"));
    assert!(of_2016("Sum with options (£)").contains("budget: £26,525,000 for the whole period (inferred)"));
    // Which figure is written where: B 2.2 has the cap of seven years, B 11.2 the sums.
    let sources = of_2016("Sources");
    for (column, source) in [("Supplier", "A 2.7, B 7.1"), ("Latest end", "B 2.2"), ("Sum with options", "B 11.2")] {
        let of = sources.split("; ").find(|part| part.starts_with(&format!("{column}: ")));
        assert!(of.is_some_and(|of| of.contains(source)), "{column}: {sources}");
    }
    // What the record does not hold is said, in every cell.
    assert_eq!(of_2016("Irrecoverable VAT (£)"), "not in the record");
    // E: what was decided and not stated; C 4.1 and Exempt Appendix 1: who runs a lot is withheld, and stays so.
    place.run(&["report", "--out", "out", "--as-of", "2024-06-01", "--formats", "csv"]).ok();
    let later = self::register(&place, "out");
    assert!(later["community-wellbeing"]["Supplier"].contains("withheld: Exempt Appendix 1: Schedule 12A"));
    for row in register.values().chain(later.values()) {
        for (column, cell) in row.iter().filter(|(column, _)| *column != "Entries") {
            assert!(!cell.is_empty(), "{column} of {row:?}");
        }
    }
}

/// What others wrote is a text in every program: no formula, no second row, no other cell.
#[test]
fn names_stay_names() {
    let place = Place::empty();
    let events = |reference: &str, title: &str, contract: &str| {
        crate::given::act(
            reference,
            "2021-01-01",
            &format!(
                "[[event]]\nkind = \"contract-defined\"\neffective = 2021-01-01\nstanding = \"decided\"\n\
                 sources = [\"{reference} 1\"]\ncontract = \"{contract}\"\ntitle = {title}\n"
            ),
        )
    };
    for (number, title) in
        [r#""=HYPERLINK(1)""#, r#""Care, \"home\" and more""#, r#""عقد الرعاية""#, r#""+44""#].iter().enumerate()
    {
        let name = format!("{number}.toml");
        place.file(&name, events(&format!("r{number}"), title, &format!("c{number}"))).run(&["record", &name]).ok();
    }
    place.run(&["report", "--out", "out", "--as-of", "2022-01-01"]).ok();
    let titles: Vec<String> = register(&place, "out").values().map(|row| row["Title"].clone()).collect();
    assert_eq!(titles, ["'=HYPERLINK(1)", "Care, \"home\" and more", "عقد الرعاية", "'+44"]);
    let paper = fs::read_to_string(place.path().join("out/paper.html")).unwrap();
    assert!(paper.contains("Care, &#34;home&#34; and more") && paper.contains("عقد الرعاية"), "{paper}");
}

/// The calendar parsed back: what is a plan is tentative, an event keeps its UID, and days are those that contracts mean.
#[test]
fn key_dates_are_parsed_back() {
    use icalendar::{Calendar, CalendarComponent, Component, DatePerhapsTime, EventStatus};
    let place = Place::kent();
    let dates = |more: &[&str]| {
        place.run(&[&["report", "--out", "out", "--formats", "ics"], more].concat()).ok();
        let text = fs::read_to_string(place.path().join("out/key-dates.ics")).unwrap();
        assert!(text.lines().all(|line| line.len() <= 75), "lines are folded (RFC 5545, 3.1)");
        let calendar: Calendar = text.parse().unwrap();
        let events = calendar.components.iter().map(|component| {
            let CalendarComponent::Event(event) = component else { panic!("{component:?}") };
            let Some(DatePerhapsTime::Date(start)) = event.get_start() else { panic!("{event:?}") };
            let is_firm = event.get_status() == Some(EventStatus::Confirmed);
            (event.get_uid().unwrap().to_owned(), (event.get_summary().unwrap().to_owned(), start.to_string(), is_firm))
        });
        let all: BTreeMap<String, (String, String, bool)> = events.collect();
        assert_eq!(all.len(), calendar.components.len(), "no UID is there twice");
        all
    };
    let has = |dates: &BTreeMap<String, (String, String, bool)>, summary: &str, on: &str, is_firm: bool| {
        let found = dates.values().find(|(said, day, _)| said.starts_with(summary) && day == on);
        assert!(found.is_some_and(|(_, _, firm)| *firm == is_firm), "{summary} on {on}: {dates:#?}");
    };
    let now = dates(&["--as-of", "2026-06-01", "--call-in", "5"]);
    has(&now, "Live Well Kent (Community Mental Health and Wellbeing): starts (happened)", "2016-04-01", true);
    // What was proposed, and no more; and the option, which is in the contract, of a term whose end is inferred from 42 months
    // after 1 October 2017.
    has(&now, "Live Well Kent (Community Mental Health and Wellbeing): term ends (proposed)", "2023-03-31", false);
    let option = "Live Well Kent (Community Mental Health and Wellbeing): last day of the term that the option extends";
    has(&now, &format!("{option} (inferred)"), "2021-03-31", false);
    // Three months after 2 October 2025.
    has(
        &now,
        "Community Navigation services: notice runs out on or after 2 January 2026 (decided)",
        "2026-01-02",
        false,
    );
    // 2 October 2025 was a Thursday. That it may be implemented then is inferred, and it may still be called in.
    has(&now, "3022: may be implemented after this day", "2025-10-09", false);
    let earlier = dates(&["--as-of", "2018-06-01"]);
    has(&earlier, "Live Well Kent (Community Mental Health and Wellbeing): term ends (inferred)", "2021-03-31", false);
    assert!(!earlier.values().any(|(summary, ..)| summary.contains("may be implemented")), "nobody said how long");
    let kept = now.keys().filter(|uid| earlier.contains_key(*uid)).count();
    assert!(kept * 2 > earlier.len(), "{kept} of {}", earlier.len());
}

/// More contracts than are made into files at a time: each has its rows in every file, once, in the order of their ids.
#[test]
fn many_contracts_are_all_there() {
    use calamine::Reader;
    const MANY: usize = 560;
    let place = Place::empty();
    let events = |contract: &str, pounds: usize| {
        let event = |kind: &str, more: &str| {
            format!(
                "[[event]]\nkind = \"{kind}\"\neffective = 2021-04-01\nstanding = \"decided\"\nsources = [\"P 1\"]\n\
                 contract = \"{contract}\"\n{more}\n"
            )
        };
        let line = format!("line = {{ measure = \"value\" }}\namount = \"£{pounds}\"\nbasis = \"year\"");
        [
            event("contract-defined", "title = \"Care\""),
            event("commenced", ""),
            event("term-set", "last_day = 2025-03-31"),
            event("value-set", &line),
        ]
        .concat()
    };
    let ids: Vec<String> = (0..MANY).map(|number| format!("care-{number:04}")).collect();
    for (number, ids) in ids.chunks(40).enumerate() {
        let all: String = ids.iter().map(|id| events(id, 1000 + id[5..].parse::<usize>().unwrap())).collect();
        let name = format!("{number}.toml");
        place.file(
            &name,
            crate::given::act(&format!("P{number}"), "2021-01-01", &all.replace("P 1", &format!("P{number} 1"))),
        );
        place.run(&["record", &name]).ok();
    }
    let line = place.run(&["report", "--out", "out", "--as-of", "2022-06-01"]).ok().json();
    let out = place.path().join("out");
    assert_eq!(whole(&out).len(), line["files"].as_u64().unwrap() as usize + 1);
    let register = register(&place, "out");
    assert_eq!(register.keys().collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
    assert!(
        register
            .iter()
            .all(|(id, row)| row["Value a year (£)"] == (1000 + id[5..].parse::<usize>().unwrap()).to_string())
    );
    let state = crate::parquet::rows(&out.join("state.parquet"));
    let of_state: Vec<String> = state
        .iter()
        .filter(|row| row["row"] == crate::parquet::text("contract") && row["column"] == crate::parquet::text("status"))
        .map(|row| row["contract"].to_string().trim_matches('"').to_owned())
        .collect();
    assert_eq!(of_state, ids);
    assert_eq!(crate::parquet::rows(&out.join("facts.parquet")).len(), MANY * 4);
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(out.join("contracts.xlsx")).unwrap();
    let sheet = book.worksheet_range("Register").unwrap();
    assert_eq!(sheet.rows().skip(1).map(|row| row[0].to_string()).collect::<Vec<_>>(), ids);
    let calendar = fs::read_to_string(out.join("key-dates.ics")).unwrap();
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), MANY * 2, "each starts, and its term ends");
    let records: Value = serde_json::from_slice(&fs::read(out.join("ocds/records.json")).unwrap()).unwrap();
    let ocids = records["records"].as_array().unwrap().iter().map(|record| record["ocid"].as_str().unwrap().to_owned());
    assert_eq!(ocids.collect::<Vec<_>>(), ids.iter().map(|id| format!("ocds-minutebook-{id}")).collect::<Vec<_>>());
    let paper = fs::read_to_string(out.join("paper.html")).unwrap();
    assert!(paper.contains("There are 560 contracts, which no paper holds"), "and it says where they are");
}

/// Sums by financial year in the paper: drawn by how firmly they stand, and the same in words and in a table.
#[test]
fn the_paper_stacks_years_by_standing() {
    let place = Place::kent();
    place.run(&["report", "--out", "out", "--as-of", "2024-06-01", "--formats", "html,xlsx"]).ok();
    let paper = fs::read_to_string(place.path().join("out/paper.html")).unwrap();
    let section =
        paper.split("<h2").find(|part| part.contains("What contracts are worth by financial year</h2>")).unwrap();
    let envelope = section.split("<figure").find(|part| part.contains("Envelope of all contracts")).unwrap();
    // C 4.1: £4,075,595.68 in 2022/23, all of it proposed; never one bar of everything.
    assert!(envelope.contains("2022/23: £4.076m proposed, endorsed or planned"), "{envelope}");
    assert!(envelope.contains("<rect class=\"tentative\"") && !envelope.contains("<rect class=\"firm\""), "{envelope}");
    // The table has what the workbook has.
    use calamine::Reader;
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(place.path().join("out/contracts.xlsx")).unwrap();
    let sheet = book.worksheet_range("Years together").unwrap();
    let rows = section.split("<tr>").skip(2).map(|row| {
        let cells = row.split("</t").filter_map(|cell| cell.rsplit_once('>').map(|(_, text)| text.trim().to_owned()));
        cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
    });
    let cell = |cell: &calamine::Data| match cell {
        calamine::Data::Float(number) => number.to_string(),
        other => other.to_string(),
    };
    let of_book: Vec<Vec<String>> = sheet.rows().skip(1).map(|row| row.iter().map(cell).collect()).collect();
    assert_eq!(rows.collect::<Vec<_>>(), of_book);
}

also_on_a_server! {
    the_same_ledger_and_coordinates_give_the_same_bytes,
    nothing_in_the_record_is_a_report_too,
    the_register_says_what_the_record_says,
    names_stay_names,
    key_dates_are_parsed_back,
    many_contracts_are_all_there,
    the_paper_stacks_years_by_standing,
}
