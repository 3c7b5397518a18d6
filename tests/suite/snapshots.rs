//! Snapshots: an opening goes on from one that matches, and says so of one that does not; what it says is never trusted
//! against the entries.

use crate::given::defines;
use crate::run::{Place, Ran, reopen, topics};
use minutebook::ledger::View;
use minutebook::question::Question;
use minutebook::store;
use minutebook_events::{Event, EventKind, Hash, Knowledge};
use minutebook_projections::{Projections, Totals, saved};
use std::fs;
use std::path::PathBuf;

fn snapshot(place: &Place) -> PathBuf {
    place.ledger().join("snapshot")
}

/// Kent's ledger with a snapshot of all of it, and its bytes.
fn rebuilt() -> (Place, Vec<u8>) {
    let place = Place::kent();
    place.run(&["rebuild"]).ok();
    let bytes = fs::read(snapshot(&place)).unwrap();
    (place, bytes)
}

/// What the ledger answers to every topic, of all contracts.
fn answers(place: &Place) -> Vec<String> {
    let (ledger, to) = (reopen(&place.ledger()), "2026-11-22".parse().unwrap());
    let ask = |topic| {
        let question = Question { topic, contract: None, as_of: to, known_at: None, decided_by: None };
        serde_json::to_string(&ledger.view().ask(&question).unwrap()).unwrap()
    };
    let of_all = topics(to).into_iter().filter(|topic| topic.word() != "why");
    of_all.map(ask).collect()
}

fn state(place: &Place) -> Ran {
    place.run(&["state", "--as-of", "2024-06-01"]).ok()
}

/// A snapshot of these parts, each with its hash made right.
fn of_parts(parts: &[Vec<u8>]) -> Vec<u8> {
    let part = |part: &Vec<u8>| [&(part.len() as u64).to_le_bytes()[..], &Hash::of([&**part]).0, part].concat();
    [b"minutebook snapshot 1\n".to_vec(), parts.iter().flat_map(part).collect()].concat()
}

/// A snapshot of other projections, said to be of the same entries.
fn forged(of: &Projections, head: &[u8]) -> Vec<u8> {
    let mut parts = vec![head.to_vec()];
    of.save(|part| {
        parts.push(part.to_vec());
        Ok::<_, std::convert::Infallible>(())
    })
    .unwrap();
    parts.push(vec![]);
    of_parts(&parts)
}

/// The parts of a snapshot, the last of no bytes.
fn parts_of(snapshot: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut rest) = (vec![], &snapshot[22..]);
    while let Some((length, after)) = rest.split_first_chunk() {
        let (part, after) = after[32..].split_at(u64::from_le_bytes(*length) as usize);
        parts.push(part.to_vec());
        rest = after;
    }
    parts
}

/// Puts a snapshot in place as the ledger would have left it: the store has noted it.
fn leave(place: &Place, name: &str, snapshot: &[u8]) {
    fs::write(place.ledger().join(name), snapshot).unwrap();
    let hashes: Vec<Hash> = parts_of(snapshot).iter().map(|part| Hash::of([&**part])).collect();
    let store = store::open(&place.ledger()).unwrap();
    store.note(name, &Hash::of(hashes.iter().map(|hash| hash.0.as_slice()))).unwrap();
}

/// The first part, which says what the snapshot is of.
fn head_of(snapshot: &[u8]) -> Vec<u8> {
    let from = snapshot.iter().position(|byte| *byte == b'\n').unwrap() + 1 + 8 + 32;
    let length = snapshot[from - 40..from - 32].try_into().map(u64::from_le_bytes).unwrap();
    snapshot[from..from + length as usize].to_vec()
}

#[test]
fn an_opening_goes_on_from_a_snapshot() {
    let (place, bytes) = rebuilt();
    let with = answers(&place);
    fs::remove_file(snapshot(&place)).unwrap();
    assert_eq!(with, answers(&place));
    // What it says is what is answered, until somebody compares: so it is read, and not only written.
    leave(&place, "snapshot", &forged(&altered(&place), &head_of(&bytes)));
    assert_ne!(with, answers(&place));
}

#[test]
fn what_was_recorded_since_is_there() {
    let (place, bytes) = rebuilt();
    place.file("party.toml", defines("somebody")).run(&["record", "party.toml"]).ok();
    assert_eq!(fs::read(snapshot(&place)).unwrap(), bytes, "one entry is worth no other snapshot");
    place.run(&["explain", "39"]).ok().prints(&["somebody"]);
    place.run(&["verify"]).ok();
    place.run(&["record", "party.toml"]).ok().prints(&["already"]);
    assert_eq!(place.roots()["equal"], true);
    assert_ne!(fs::read(snapshot(&place)).unwrap(), bytes);
}

#[test]
fn a_snapshot_that_does_not_match_is_discarded_with_a_warning() {
    let (place, bytes) = rebuilt();
    let right = state(&place).out;
    let spoilt = |at: usize| {
        let mut spoilt = bytes.clone();
        spoilt[at] ^= 1;
        spoilt
    };
    let version = String::from_utf8(head_of(&bytes)).unwrap();
    let other = version.replace(&format!("version {}", saved::VERSION), &format!("version {}", saved::VERSION + 1));
    let ledger = reopen(&place.ledger());
    let other_version = forged(&ledger.view().projections, other.as_bytes());
    drop(ledger);
    let mut wrong: Vec<Vec<u8>> = (0..bytes.len()).step_by(bytes.len() / 24 + 1).map(spoilt).collect();
    wrong.extend([0, 10, 22, 60, 200, bytes.len() / 2, bytes.len() - 1].map(|end| bytes[..end].to_vec()));
    wrong.extend([other_version, spoilt(25), b"minutebook snapshot 1\n".repeat(40)]);
    for wrong in wrong {
        fs::write(snapshot(&place), &wrong).unwrap();
        let ran = state(&place).says(&["the snapshot is discarded"]);
        assert_eq!(ran.out, right, "{} bytes", wrong.len());
    }
    // One with other content and right hashes, which the ledger did not leave.
    fs::write(snapshot(&place), forged(&altered(&place), &head_of(&bytes))).unwrap();
    assert_eq!(state(&place).says(&["the snapshot is discarded", "not the one that the ledger left"]).out, right);
    // No file at all.
    for make in ["mkdir", "mkfifo"] {
        fs::remove_file(snapshot(&place)).unwrap_or_else(|_| fs::remove_dir(snapshot(&place)).unwrap());
        assert!(std::process::Command::new(make).arg(snapshot(&place)).status().unwrap().success());
        assert_eq!(state(&place).says(&["the snapshot is discarded"]).out, right, "{make}");
    }
    fs::remove_file(snapshot(&place)).unwrap();
    // One of a longer ledger says of entries what is not there.
    let longer = Place::kent();
    longer.file("party.toml", defines("somebody")).run(&["record", "party.toml"]).ok();
    longer.run(&["rebuild"]).ok();
    let other = fs::read(snapshot(&longer)).unwrap();
    leave(&place, "snapshot", &other);
    assert_eq!(state(&place).says(&["the snapshot is discarded", "40 entries"]).out, right);
    // One of as many other entries.
    place.file("party.toml", defines("somebody-else")).run(&["record", "party.toml"]).ok();
    leave(&place, "snapshot", &other);
    state(&place).says(&["the snapshot is discarded", "its last entry"]);
}

/// The projections of a ledger with another amount on every value line, and the same hashes.
fn altered(place: &Place) -> Projections {
    let ledger = reopen(&place.ledger());
    let alter = |event: &mut Event| {
        if let EventKind::ValueSet { amount: amount @ Knowledge::Known(_), .. } = &mut event.kind {
            *amount = Knowledge::Known("£1".parse().unwrap());
        }
    };
    let mut altered = Projections::default();
    for recorded in ledger.view().projections.log().iter() {
        let mut entry = recorded.entry.clone();
        entry.events.iter_mut().for_each(alter);
        altered.apply(entry, recorded.leaf);
    }
    assert_eq!(View::of(&altered).head, ledger.head());
    altered
}

#[test]
fn a_snapshot_that_says_otherwise_than_the_entries_is_found() {
    let (place, bytes) = rebuilt();
    place.run(&["verify"]).ok();
    leave(&place, "snapshot", &forged(&altered(&place), &head_of(&bytes)));
    place.run(&["verify"]).ends(1).prints(&["Fault: ", "snapshot says otherwise than the entries", "remove that file"]);
    place.run(&["rebuild"]).ends(2).says(&["snapshot says otherwise than the entries", "remove that file"]);
    fs::remove_file(snapshot(&place)).unwrap();
    place.run(&["verify"]).ok();
    assert_eq!(place.roots()["equal"], true);
}

#[test]
fn a_rebuild_that_was_interrupted_goes_on() {
    let (place, bytes) = rebuilt();
    place.file("party.toml", defines("somebody")).run(&["record", "party.toml"]).ok();
    let aside = place.ledger().join("rebuilding");
    // One that nobody noted is not gone on from.
    fs::write(&aside, &bytes).unwrap();
    place.run(&["rebuild"]).ok().prints(&["Rebuilt from entry 0: 40 entries"]).says(&["is discarded"]);
    leave(&place, "rebuilding", &bytes);
    place.run(&["rebuild"]).ok().prints(&["Rebuilt from entry 39: 40 entries", "equal to the live one"]);
    assert!(!aside.exists());
    place.run(&["rebuild"]).ok().prints(&["Rebuilt from entry 0: 40 entries"]);
    // What is certified goes on from nothing.
    leave(&place, "rebuilding", &bytes);
    place.run(&["key", "new", "--out", "key", "council"]).ok();
    place.run(&["rebuild", "--certify", "certificate", "--key", "key"]).ok().prints(&["Rebuilt from entry 0"]);
}

#[test]
fn parts_that_say_nonsense_are_discarded() {
    let (place, bytes) = rebuilt();
    let right = state(&place).out;
    let parts = parts_of(&bytes);
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    // Another count, or nothing, or the wrong half, where each part begins.
    for (number, part) in parts.iter().enumerate().take(parts.len() - 1).skip(1) {
        let half = part[..part.len() / 2].to_vec();
        let other_half = part[part.len() / 2..].to_vec();
        for wrong in [half, other_half, [&huge[..], part].concat()] {
            let mut parts = parts.clone();
            parts[number] = if wrong.is_empty() { vec![0] } else { wrong };
            leave(&place, "snapshot", &of_parts(&parts));
            assert_eq!(state(&place).says(&["is discarded"]).out, right, "part {number}");
        }
    }
}

#[test]
fn a_draft_that_was_left_is_in_nobodys_way() {
    let (place, _) = rebuilt();
    let draft = place.ledger().join("snapshot.draft");
    fs::write(&draft, "half").unwrap();
    assert_eq!(place.roots()["equal"], true);
    assert!(!draft.exists());
    state(&place);
}

/// What `totals` says of Kent's record.
fn totals(place: &Place) -> Ran {
    place.run(&["totals", "--as-of", "2024-06-01", "--json"]).ok()
}

#[test]
fn totals_are_answered_from_those_that_are_kept() {
    let place = Place::kent();
    let right = totals(&place).out;
    place.run(&["rebuild"]).ok();
    let kept = place.ledger().join("totals");
    let bytes = fs::read(&kept).unwrap();
    assert_eq!(totals(&place).out, right);
    place.run(&["verify"]).ok();
    // What they say is what is answered, until somebody compares: so they are read, and not only written.
    let other = altered(&place);
    let mut otherwise = Totals::default();
    otherwise.follow(&other, other.head());
    let mut parts = vec![head_of(&bytes)];
    let saved = otherwise.save(|part| {
        parts.push(part.to_vec());
        Ok::<_, std::convert::Infallible>(())
    });
    saved.unwrap();
    parts.push(vec![]);
    leave(&place, "totals", &of_parts(&parts));
    assert_ne!(totals(&place).out, right);
    place.run(&["verify"]).ends(1).prints(&["Fault: ", "totals says otherwise than the entries", "remove that file"]);
    for spoilt in [&bytes[..bytes.len() - 50], &of_parts(&parts[..2]), b"nothing of the kind"] {
        fs::write(&kept, spoilt).unwrap();
        let told = totals(&place).says(&["is discarded: whoever asks for totals has them made anew"]);
        assert_eq!((told.out, told.err.matches("is discarded").count()), (right.clone(), 1));
    }
    // They are of fewer entries than there are: what came since is in the answer.
    leave(&place, "totals", &bytes);
    place.file("party.toml", defines("somebody")).run(&["record", "party.toml"]).ok();
    let answer = |out: &str| serde_json::from_str::<serde_json::Value>(out).unwrap()["answer"].clone();
    assert_eq!(answer(&totals(&place).out), answer(&right));
    place.run(&["verify"]).ok();
}
