//! Snapshots: an opening goes on from one that matches, and says so of one that does not; what it says is never trusted
//! against the entries.

use crate::given::defines;
use crate::run::{Place, Ran, reopen, topics};
use minutebook::ledger::View;
use minutebook::question::Question;
use minutebook::store;
use minutebook_events::decision_file::DecisionFile;
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
    [b"minutebook snapshot 2\n".to_vec(), parts.iter().flat_map(part).collect()].concat()
}

/// A snapshot of other projections, said to be of the same entries as this one.
fn forged(of: &Projections, snapshot: &[u8]) -> Vec<u8> {
    let parts = parts_of(snapshot);
    let mut forged = vec![parts[0].clone()];
    let saved = of.save(0, |part| {
        forged.push(part.to_vec());
        Ok::<_, std::convert::Infallible>(())
    });
    saved.unwrap();
    forged.extend(parts.last().cloned());
    of_parts(&forged)
}

/// The parts of a snapshot: what it is of, chunks, what is made of them, what it covers.
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
    let hashes = parts_of(snapshot).into_iter().map(|part| Hash::of([&*part]));
    let notes: Vec<_> = hashes.enumerate().map(|(number, hash)| (format!("{name} {number}"), hash)).collect();
    store::open(&place.ledger()).unwrap().note(&notes).unwrap();
}

#[test]
fn an_opening_goes_on_from_a_snapshot() {
    let (place, bytes) = rebuilt();
    let with = answers(&place);
    fs::remove_file(snapshot(&place)).unwrap();
    assert_eq!(with, answers(&place));
    // What it says is what is answered, until somebody compares: so it is read, and not only written.
    leave(&place, "snapshot", &forged(&altered(&place), &bytes));
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
    let mut other_version = parts_of(&bytes);
    other_version[0] = format!("version {}\n", saved::VERSION + 1).into_bytes();
    let other_version = of_parts(&other_version);
    let mut wrong: Vec<Vec<u8>> = (0..bytes.len()).step_by(bytes.len() / 24 + 1).map(spoilt).collect();
    wrong.extend([0, 10, 22, 60, 200, bytes.len() / 2, bytes.len() - 1].map(|end| bytes[..end].to_vec()));
    wrong.extend([other_version, spoilt(25), b"minutebook snapshot 2\n".repeat(40)]);
    for wrong in wrong {
        fs::write(snapshot(&place), &wrong).unwrap();
        let ran = state(&place).says(&["the snapshot is discarded"]);
        assert_eq!(ran.out, right, "{} bytes", wrong.len());
    }
    // One with other content and right hashes, which the ledger did not leave.
    fs::write(snapshot(&place), forged(&altered(&place), &bytes)).unwrap();
    assert_eq!(state(&place).says(&["the snapshot is discarded", "not one that the ledger left"]).out, right);
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
    leave(&place, "snapshot", &forged(&altered(&place), &bytes));
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
    for (number, part) in parts.iter().enumerate().skip(1) {
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

/// Records so many entries after those there, each of some bytes, and gives how long the snapshot is before the ledger closes.
async fn record_more(place: &Place, more: u64) -> u64 {
    let ledger = reopen(&place.ledger());
    let head = ledger.head();
    let title = "An act whose title is long enough that few entries fill a chunk. ".repeat(8);
    let draft = |number: u64| {
        let text = defines(&format!("party-{number}")).replace("\"A party\"", &format!("\"{title}\""));
        DecisionFile::parse(&text).unwrap().draft
    };
    let told = ledger.record_all((head.0..head.0 + more).map(draft).collect(), head).await;
    assert!(told.iter().all(Result::is_ok));
    // What one commit leaves out comes after another.
    for number in 0..8 {
        ledger.record(draft(head.0 + more + number), ledger.head()).await.unwrap();
    }
    fs::metadata(snapshot(place)).unwrap().len()
}

#[tokio::test]
async fn a_snapshot_grows_while_the_ledger_records_and_what_is_missing_is_made_of_that() {
    let place = Place::kent();
    let grown = record_more(&place, 2000).await;
    let bytes = fs::read(snapshot(&place)).unwrap();
    assert_eq!(bytes.len() as u64, grown, "so few entries are worth no more on closing: it is as a crash leaves it");
    let chunks = parts_of(&bytes);
    assert!(chunks.len() > 3 && chunks[1..].iter().all(|part| part[0] == 0), "{}", chunks.len());
    let right = answers(&place);
    place.run(&["verify"]).ok();
    // One chunk is spoilt: those before it count, and those after it come back.
    let mut spoilt = bytes.clone();
    let second = 22 + 40 + chunks[0].len() + 40 + chunks[1].len();
    spoilt[second + 1000] ^= 1;
    fs::write(snapshot(&place), &spoilt).unwrap();
    let told =
        state(&place).says(&["the snapshot is discarded: all entries from ", "part 2 is not what its hash says"]);
    assert!(!told.err.contains("all entries from 0 on"), "{}", told.err);
    assert_eq!(answers(&place), right);
    // It is what it was, and more, as soon as more is recorded.
    record_more(&place, 10).await;
    let again = fs::read(snapshot(&place)).unwrap();
    assert_eq!(again[..bytes.len()], bytes);
    // A chunk of other entries, noted as ours, is found by whoever compares.
    let mut forged = parts_of(&again);
    let at = forged[1].windows(6).position(|some| some == b"chunk.").unwrap();
    forged[1][at] = b'k';
    leave(&place, "snapshot", &of_parts(&forged));
    place.run(&["verify"]).ends(1).prints(&["Fault: ", "snapshot says otherwise than the entries"]);
    // Where something bars it, entries are recorded all the same.
    fs::remove_file(snapshot(&place)).unwrap();
    fs::create_dir(snapshot(&place)).unwrap();
    place.file("party.toml", defines("somebody"));
    place.run(&["record", "party.toml"]).ok().says(&["the snapshot does not grow", "is no file"]);
    let told = place.run(&["rebuild"]).ok().says(&["no snapshot was written", "is no file"]);
    assert_eq!(told.err.matches("does not grow").count(), 1, "it is said once: {}", told.err);
    fs::remove_dir(snapshot(&place)).unwrap();
    assert_eq!(place.roots()["equal"], true);
    place.run(&["verify"]).ok();
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
    let mut parts = vec![parts_of(&bytes)[0].clone()];
    let saved = otherwise.save(|part| {
        parts.push(part.to_vec());
        Ok::<_, std::convert::Infallible>(())
    });
    saved.unwrap();
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
