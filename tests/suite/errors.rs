//! Every error that a person can meet from `check` and `record`: its words, as golden files have them, its exit status,
//! and that nothing was appended. `errors/NAME.toml` is the file, `errors/NAME.snap` what is said of it.

use crate::places::also_on_a_server;
use crate::run::{Place, copy, defines, ran, reopen};
use minutebook::ledger::Ledger;
use minutebook_events::decision_file::DecisionFile;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/errors")
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = files.filter(|name| name.ends_with(".toml")).collect();
    names.sort();
    names
}

#[test]
fn every_error_has_its_words() {
    let place = Place::kent();
    let before = place.roots();
    copy(&folder(), place.path());
    let names = names();
    let checked = ran(place.command().arg("check").args(&names)).ends(1);
    let said = by_file(&checked.err, &names);
    for name in &names {
        let said = said.get(name.as_str()).unwrap_or_else(|| panic!("{name} holds together: {checked:#?}"));
        let settings = [folder()].map(|path| {
            let mut settings = insta::Settings::new();
            settings.set_snapshot_path(path);
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings
        });
        settings[0].bind(|| insta::assert_snapshot!(name.trim_end_matches(".toml"), said));
    }
    assert_eq!(place.roots(), before, "a check records nothing");
}

/// What was said of each file: every line belongs to the last file that was named at the start of one.
fn by_file<'a>(said: &str, names: &'a [String]) -> BTreeMap<&'a str, String> {
    let mut by_file = BTreeMap::<&str, String>::new();
    let mut current = "";
    for line in said.lines() {
        if let Some(name) = names.iter().find(|name| line.starts_with(&format!("{name}:"))) {
            current = name;
        }
        let text = by_file.entry(current).or_default();
        text.push_str(line);
        text.push('\n');
    }
    by_file
}

#[test]
fn every_error_says_where_and_what_would_be_right() {
    for name in names() {
        let snap = fs::read_to_string(folder().join(name.replace(".toml", ".snap"))).unwrap();
        let said = snap.split_once("\n---\n").unwrap().1;
        let (place, rest) = said.split_once('\n').unwrap();
        let place: Vec<_> = place.split(':').collect();
        assert!(
            matches!(place[..], [file, line, column] if file == name
            && line.parse::<u32>().is_ok() && column.parse::<u32>().is_ok()),
            "{name}: {place:?}"
        );
        assert!(rest.contains("^"), "{name} shows no excerpt");
        let explanation = rest.split_once("^\n\n").unwrap().1;
        let (reason, remedy) = explanation.split_once('\n').unwrap();
        assert!(!remedy.trim().is_empty() || reason.contains(": "), "{name} says nothing of what would be right");
    }
}

/// It names the day, so that no golden file can have its words.
#[test]
fn a_decision_of_the_future_is_told_at_its_place() {
    let place = Place::empty();
    place.file("future.toml", defines("a").replace("decided = 2021-12-20", "decided = 2999-01-01"));
    for command in ["check", "record"] {
        place.run(&[command, "future.toml"]).ends(1).says(&[
            "future.toml:7:11\n",
            "decided, 1 January 2999, is after today, ",
            "a decision of the future is a plan: write the day on which it was said, and call its events planned or proposed",
        ]);
    }
}

#[tokio::test]
async fn no_rejected_file_is_recorded() {
    let place = Place::kent();
    let ledger = Ledger::open(place.at(), |_, _| {}).unwrap();
    let head = ledger.head();
    for name in names() {
        if let Ok(file) = DecisionFile::parse(&fs::read_to_string(folder().join(&name)).unwrap()) {
            ledger.record(file.draft, head).await.expect_err(&name);
            assert_eq!(ledger.head(), head, "{name}");
        }
    }
    drop(ledger);
    assert_eq!(reopen(place.at()).head(), head);
}

#[test]
fn record_says_the_same_as_check_and_records_nothing() {
    let place = Place::kent();
    let before = place.roots();
    copy(&folder(), place.path());
    for name in ["unknown-contract.toml", "float.toml"] {
        let checked = place.run(&["check", name]).ends(1);
        let recorded = place.run(&["record", name]).ends(1);
        assert!(recorded.err.starts_with(&checked.err), "{recorded:#?}");
        assert!(recorded.err.contains(&format!("stopped at {name}: 0 of 1 files are in the ledger")), "{recorded:#?}");
        let rehearsed = place.run(&["record", "--dry-run", name]).ends(1);
        assert_eq!(rehearsed.err, checked.err);
    }
    assert_eq!(place.roots(), before);
}

#[test]
fn what_is_no_decision_file_is_refused_at_once() {
    let place = Place::empty();
    let huge = fs::File::create(place.path().join("huge.toml")).unwrap();
    huge.set_len(5 << 30).unwrap();
    place.file("latin-1.toml", b"id = \"caf\xe9\"\n").file("empty.toml", "");
    let made = std::process::Command::new("mkfifo").arg(place.path().join("pipe")).status();
    for (name, words) in [
        ("huge.toml", "huge.toml: has 5368709120 bytes, and a decision file has at most 4194304: write one act a file"),
        ("/dev/zero", "/dev/zero: is a pipe or a device, and a decision file belongs here"),
        (".", ".: is a folder, and a decision file belongs here"),
        ("nowhere.toml", "nowhere.toml: cannot be read: No such file or directory"),
        ("latin-1.toml", "latin-1.toml:1:10\n"),
        ("latin-1.toml", "the byte 0xE9 at offset 9, in line 1, is not UTF-8\nsave the file as UTF-8\n"),
        ("empty.toml", "empty.toml:1:1\n"),
        ("pipe", "pipe: is a pipe or a device"),
    ] {
        if name == "pipe" && !made.as_ref().is_ok_and(std::process::ExitStatus::success) {
            println!("skipped: no mkfifo here");
            continue;
        }
        // What cannot be read is wrong use; what was read and does not hold together is a finding.
        let status = if ["/dev/zero", ".", "nowhere.toml", "pipe"].contains(&name) { 2 } else { 1 };
        place.run(&["check", name]).ends(status).says(&[words]);
        place.run(&["record", name]).ends(status).says(&[words, "nothing was recorded"]);
        assert!(!place.ledger().exists(), "{name}: no ledger is made for what cannot be read");
    }
}

#[test]
fn an_id_with_other_content_is_refused_and_with_the_same_repeats() {
    let place = Place::empty();
    let text = defines("porchlight");
    place.file("a.toml", &text).file("b.toml", text.replace("A party", "Another title"));
    place.run(&["record", "a.toml"]).ok().prints(&["a.toml: recorded at position 0, 1 event\n"]);
    let before = place.roots();
    place.run(&["record", "a.toml"]).ok().prints(&["a.toml: already recorded at position 0"]);
    for command in ["check", "record"] {
        place.run(&[command, "b.toml"]).ends(1).says(&[
            "b.toml:1:6\n",
            "is that of the entry at position 0, whose content differs",
            "record a correction under a new id",
        ]);
    }
    assert_eq!(place.roots(), before);
}

#[test]
fn a_stale_expected_head_names_expected_and_actual() {
    let place = Place::kent();
    place.file("a.toml", defines("somebody-new"));
    let before = place.roots();
    let head = before["entries"].to_string();
    let words = format!("the ledger holds {head} entries, and 12 were expected");
    let remedy = format!("try again with --expected-head {head}");
    for dry in [
        &["record", "--expected-head", "12", "a.toml"][..],
        &["record", "--dry-run", "--expected-head", "12", "a.toml"],
    ] {
        place.run(dry).ends(1).says(&[&words, &remedy]);
    }
    assert_eq!(place.roots(), before);
    place.run(&["record", "--expected-head", &head, "a.toml"]).ok();
    // The entry is there: to record it again is no conflict, whatever was expected.
    place.run(&["record", "--expected-head", "12", "a.toml"]).ok().prints(&["already recorded"]);
}

#[test]
fn an_entry_over_the_limit_is_refused() {
    let place = Place::empty();
    let doubts = |number: u32| {
        let (event, doubt) = (format!("party-{number}"), "long ".repeat(180));
        let named = defines(&event).replace("sources = [", &format!("doubt = \"{}\"\nsources = [", doubt.trim()));
        named[named.find("[[event]]").unwrap()..].to_owned()
    };
    place.file("long.toml", defines("somebody") + &(0..1_500).map(doubts).collect::<String>());
    for command in ["check", "record"] {
        let words = ["long.toml: the entry takes 1", "and the limit is 1048576: split the act into several entries"];
        place.run(&[command, "long.toml"]).ends(1).says(&words);
    }
    assert_eq!(place.roots()["entries"], 0);
}

also_on_a_server! {
    every_error_has_its_words,
    record_says_the_same_as_check_and_records_nothing,
    an_id_with_other_content_is_refused_and_with_the_same_repeats,
    a_stale_expected_head_names_expected_and_actual,
}
