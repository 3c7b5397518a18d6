//! A ledger that was left whole is opened without copying it aside and checking all of it again; one that was appended to,
//! changed, copied or killed is not. What an opening does shows in the folders that it makes, so strace tells.

use crate::given::{copy, defines};
use crate::run::Place;
use minutebook::store::{Folder, NewEntry, Options, SledStore, Store};
use minutebook_events::{EntryId, Position};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Whether a question makes the ledger keep a copy aside, so checks all of it; nothing where calls cannot be traced.
fn checks_all(place: &Place) -> Option<bool> {
    if !Command::new("strace").args(["-qq", "true"]).output().is_ok_and(|run| run.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "strace is missing or may not trace: CI must have it");
        println!("skipped: strace is missing or may not trace");
        return None;
    }
    let asked = place.command();
    let run = Command::new("strace")
        .args(["-f", "-e", "trace=/^rename"])
        .arg(asked.get_program())
        .args(["state", "live-well-kent-2016", "--as-of", "2018-06-01"])
        .current_dir(place.path())
        .output()
        .unwrap();
    let trace = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{trace}");
    Some(trace.contains("sled.kept"))
}

#[test]
fn what_was_left_whole_is_not_checked_again() {
    let place = Place::kent();
    let Some(first) = checks_all(&place) else { return };
    assert!(first, "a copy of a ledger is no ledger that was left whole");
    assert_eq!(checks_all(&place), Some(false), "nothing was appended since all was checked");
    assert_eq!(checks_all(&place), Some(false), "nor since then");
    place.file("party.toml", defines("somebody")).run(&["record", "party.toml"]).ok();
    assert_eq!(checks_all(&place), Some(true), "an entry was appended");
    assert_eq!(checks_all(&place), Some(false));
    fs::write(place.ledger().join("whole"), "db 1 1 -\n").unwrap();
    assert_eq!(checks_all(&place), Some(true), "what was noted is of other files");
    fs::write(place.ledger().join("whole"), [0xff, 0]).unwrap();
    assert_eq!(checks_all(&place), Some(true), "what was noted is damaged");
    // The same bytes, written once more: somebody was there.
    let log = place.ledger().join("sled/db");
    fs::write(&log, fs::read(&log).unwrap()).unwrap();
    assert_eq!(checks_all(&place), Some(true), "the log was written");
    place.run(&["verify"]).ok();
}

fn open(path: &Path) -> SledStore {
    SledStore::open(Folder::open(path).unwrap(), Options::default()).unwrap()
}

fn entry(number: u64) -> NewEntry {
    NewEntry::new(EntryId::from_text(&number.to_string()), vec![], number.to_string().into_bytes())
}

#[test]
fn it_is_noted_only_where_all_was_checked_and_nothing_appended() {
    let place = Place::empty();
    let (ledger, whole) = (place.ledger(), place.ledger().join("whole"));
    let store = SledStore::open(Folder::create(&ledger).unwrap(), Options::default()).unwrap();
    store.append(Position(0), &[entry(0)]).unwrap();
    drop(store);
    assert!(!whole.exists(), "something was appended");
    let store = open(&ledger);
    assert!(!whole.exists(), "a ledger that is open is not left");
    drop(store);
    assert!(whole.exists());
    let store = open(&ledger);
    assert!(!whole.exists(), "a kill now leaves nothing noted");
    assert_eq!(store.read(Position(0)).unwrap().unwrap().bytes, b"0");
    store.append(Position(1), &[entry(1)]).unwrap();
    drop(store);
    assert!(!whole.exists(), "something was appended");
    // A copy has its own times, so that what was noted of the original says nothing of it.
    drop(open(&ledger));
    let other = place.path().join("copy");
    copy(&ledger, &other);
    let noted = fs::read_to_string(other.join("whole")).unwrap();
    drop(open(&other));
    assert_ne!(fs::read_to_string(other.join("whole")).unwrap(), noted);
}
