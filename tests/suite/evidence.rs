//! Looking at a damaged ledger takes nothing away: where opening refuses, sled's files are byte for byte what they were,
//! and once the damage is mended all entries are there. What is refused, and in which words, is tested in `folder`.

use crate::run::{Place, copy};
use minutebook::store::{Folder, NewEntry, Options, SledStore, Store};
use minutebook_events::{EntryId, Position};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use tempfile::TempDir;

/// SplitMix64: the same offsets in every run.
fn random(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^ (z >> 31)
}

/// Entries that do not compress, so that a hundred of them fill several of sled's segments.
fn entry(number: u64) -> NewEntry {
    let size = if number.is_multiple_of(7) { 40_000 } else { 9_000 };
    let bytes = (0..size).map(|n| random(number << 32 | n) as u8).collect();
    let subjects = vec![format!("contract contract-{}", number % 3).parse().unwrap()];
    NewEntry::new(EntryId::from_text(&number.to_string()), subjects, bytes)
}

fn open(path: &Path) -> Option<SledStore> {
    let options = Options { block_entries: 5, ..Options::default() };
    SledStore::open(Folder::open(path).unwrap(), options).ok()
}

fn append(store: &SledStore, count: u64) {
    for number in store.len()..store.len() + count {
        store.append(Position(number), &[entry(number)]).unwrap();
    }
}

/// A ledger of several segments. The first `before` entries are in sled's snapshot, the others only in its log.
fn ledger(before: u64, after: u64) -> TempDir {
    let dir = TempDir::new().unwrap();
    append(&SledStore::open(Folder::create(dir.path()).unwrap(), Options::default()).unwrap(), before);
    append(&open(dir.path()).unwrap(), after);
    dir
}

/// What lies in `sled`, and whether anything lies beside it that does not belong there.
fn files(ledger: &Path) -> BTreeMap<String, Vec<u8>> {
    assert!(!ledger.join("sled.kept").exists() && !ledger.join("sled.spare").exists(), "a copy was left behind");
    let items = fs::read_dir(ledger.join("sled")).unwrap().map(Result::unwrap);
    let files = items.filter(|item| item.file_type().unwrap().is_file());
    files.map(|item| (item.file_name().into_string().unwrap(), fs::read(item.path()).unwrap())).collect()
}

fn flip(ledger: &Path, file: &str, offset: usize) {
    let path = ledger.join("sled").join(file);
    let mut bytes = fs::read(&path).unwrap();
    bytes[offset] ^= 1 << (offset % 8);
    fs::write(path, bytes).unwrap();
}

fn assert_whole(store: &SledStore, count: u64, what: &str) {
    static MODEL: OnceLock<Vec<NewEntry>> = OnceLock::new();
    let model = MODEL.get_or_init(|| (0..120).map(entry).collect());
    assert_eq!(store.len(), count, "{what}");
    for (number, expected) in (0..count).zip(model) {
        assert_eq!(store.read(Position(number)).unwrap().unwrap().bytes, expected.bytes, "{what}");
        assert_eq!(store.position_of(expected.id).unwrap(), Some(Position(number)), "{what}");
    }
    let streams = (0..3).map(|n| store.positions_of(&format!("contract contract-{n}").parse().unwrap()).unwrap().len());
    assert_eq!(streams.sum::<usize>() as u64, count, "{what}");
}

/// Flips single bits of a ledger's files, each in a copy of its own, and tells how many made opening refuse.
fn flips(original: &Path, count: u64, samples: u64) -> usize {
    let mut refused = 0;
    for (file, bytes) in files(original) {
        // What lies after the last byte that sled wrote is zero, and says nothing.
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let samples = if file == "db" { samples } else { 3 };
        for sample in 0..samples {
            // The end of the file, segment headers, and anywhere.
            let segment = (random(sample) as usize % used) >> 20 << 20;
            let offset = match sample % 8 {
                0 => used - 1 - random(sample) as usize % 2_000.min(used),
                1 => segment + sample as usize % 20,
                _ => random(sample) as usize % used,
            };
            let place = TempDir::new().unwrap();
            copy(original, place.path());
            flip(place.path(), &file, offset);
            let what = format!("{file} at {offset}");
            let damaged = files(place.path());
            match open(place.path()) {
                Some(store) => assert_whole(&store, count, &what),
                None => {
                    refused += 1;
                    assert!(files(place.path()) == damaged, "{what}: opening refused, and changed something");
                    flip(place.path(), &file, offset);
                    assert_whole(&open(place.path()).unwrap_or_else(|| panic!("{what}: mended")), count, &what);
                }
            }
        }
    }
    refused
}

#[test]
fn opening_a_damaged_log_changes_nothing() {
    for (before, after) in [(0, 120), (60, 60), (120, 0)] {
        let dir = ledger(before, after);
        let refused = flips(dir.path(), 120, 10);
        println!("{before} entries before sled's snapshot and {after} after: {refused} flips were refused");
        assert!(refused > 0);
    }
}

#[test]
fn asking_a_damaged_ledger_changes_nothing() {
    let whole = Place::kent();
    // As it is in every copy: to rebuild notes something, and makes the file longer.
    let used = files(&whole.ledger())["db"].iter().rposition(|byte| *byte != 0).unwrap();
    let roots = whole.roots();
    let mut refused = 0;
    for sample in 0..12 {
        let place = Place::kent();
        let offset = random(sample) as usize % used;
        flip(&place.ledger(), "db", offset);
        let damaged = files(&place.ledger());
        if place.run(&["rebuild"]).code == 0 {
            assert_eq!(place.roots(), roots, "offset {offset}");
            continue;
        }
        refused += 1;
        for command in ["state", "rebuild", "verify"] {
            place.run(&[command]).ends(2).says(&["is corrupt: ", "restore the folder from a copy"]);
            assert!(files(&place.ledger()) == damaged, "offset {offset}: {command} changed something");
        }
        flip(&place.ledger(), "db", offset);
        assert_eq!(place.roots(), roots, "offset {offset}, mended");
        place.run(&["verify"]).ok();
    }
    assert!(refused > 0);
}

/// Every state that a kill can leave between the steps of keeping aside, putting back and letting go.
#[test]
fn a_ledger_that_lost_its_size_is_refused() {
    let ledger = ledger(3, 2);
    for lost in [None, Some(""), Some("many")] {
        let size = ledger.path().join("size");
        let before = fs::read(&size).unwrap();
        match lost {
            None => fs::remove_file(&size).unwrap(),
            Some(text) => fs::write(&size, text).unwrap(),
        }
        assert!(open(ledger.path()).is_none(), "with {lost:?} for its size, a shortened ledger would look whole");
        fs::write(&size, before).unwrap();
        assert_whole(&open(ledger.path()).unwrap(), 5, "its size is back");
    }
}

#[test]
fn a_crash_while_a_copy_is_kept_leaves_all_entries() {
    let original = ledger(20, 20);
    let in_each_state: [fn(&Path); 6] = [
        // Half a copy, or half of one that is no longer wanted, beside what sled works on.
        |ledger| {
            fs::create_dir(ledger.join("sled.spare")).unwrap();
            fs::write(ledger.join("sled.spare/db"), "half").unwrap();
        },
        // A copy that is whole, and what sled works on untouched.
        |ledger| copy(&ledger.join("sled"), &ledger.join("sled.kept")),
        // The same, and sled had begun to write.
        |ledger| {
            copy(&ledger.join("sled"), &ledger.join("sled.kept"));
            fs::write(ledger.join("sled/db"), [0; 4096]).unwrap();
            fs::write(ledger.join("sled/snap.00000000FFFFFFFF.generating"), "half a snap").unwrap();
        },
        // Putting back, between the renames.
        |ledger| {
            fs::rename(ledger.join("sled"), ledger.join("sled.kept")).unwrap();
            fs::create_dir(ledger.join("sled.spare")).unwrap();
        },
        // Putting back, with an older spare in the way.
        |ledger| {
            copy(&ledger.join("sled"), &ledger.join("sled.kept"));
            copy(&ledger.join("sled"), &ledger.join("sled.spare"));
            fs::write(ledger.join("sled/db"), "").unwrap();
        },
        // Put back, and the spare half removed.
        |ledger| fs::create_dir(ledger.join("sled.spare")).unwrap(),
    ];
    for (state, make) in in_each_state.into_iter().enumerate() {
        let place = TempDir::new().unwrap();
        copy(original.path(), place.path());
        make(place.path());
        let store = open(place.path()).unwrap_or_else(|| panic!("state {state}"));
        assert_whole(&store, 40, &format!("state {state}"));
        append(&store, 1);
        drop(store);
        files(place.path());
        assert_whole(&open(place.path()).unwrap(), 41, &format!("state {state}, appended to"));
    }
}
