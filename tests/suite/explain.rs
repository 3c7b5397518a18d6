//! What an auditor is told of one entry, redone by hand from what is printed; and proofs as files, which hold without the
//! ledger and break with any change.

use crate::checkpoints::{put_back, record, sign, signing};
use crate::places::also_on_a_server;
use crate::run::{Place, assigned_and_struck, copy};
use base64::prelude::{BASE64_STANDARD, Engine};
use minutebook::audit::checkpoint::Signed;
use minutebook::audit::explain::{bytes, explain};
use minutebook::ledger::Ledger;
use minutebook_events::{Position, codec};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(parts.concat()).to_vec()
}

/// From a leaf to the root, as `explain --help` tells a person to go.
fn by_hand(leaf: Vec<u8>, index: u64, size: u64, path: &Value) -> Vec<u8> {
    let (mut i, mut n) = (index, size - 1);
    path.as_array().unwrap().iter().map(unhex).fold(leaf, |hash, beside| {
        while i.is_multiple_of(2) && i == n {
            (i, n) = (i / 2, n / 2);
        }
        let next = if i % 2 == 1 { sha256(&[&[1], &beside, &hash]) } else { sha256(&[&[1], &hash, &beside]) };
        (i, n) = (i / 2, n / 2);
        next
    })
}

/// The one row of a kind.
fn row<'a>(answer: &'a Value, kind: &str) -> &'a Value {
    let rows: Vec<&Value> = rows(answer, kind);
    assert_eq!(rows.len(), 1, "{kind} in {answer:#}");
    rows[0]
}

fn rows<'a>(answer: &'a Value, kind: &str) -> Vec<&'a Value> {
    answer["answer"].as_array().unwrap().iter().filter(|row| row["row"] == kind).collect()
}

/// Holds the bytes and the proof of an explained entry to each other and to the root that a checkpoint has.
fn redo(answer: &Value, position: u64, stored: &[u8], size: u64, root: &[u8]) {
    let (said, proof) = (row(answer, "bytes"), row(answer, "proof"));
    let leaf = sha256(&[&[0], stored]);
    assert_eq!(said["length"], stored.len().to_string());
    assert_eq!((&said["sha256"], &said["leaf"]), (&hex(&sha256(&[stored])).into(), &hex(&leaf).into()));
    assert_eq!((&proof["index"], &proof["size"]), (&position.to_string().into(), &size.to_string().into()));
    assert_eq!(hex(&by_hand(leaf, position, size, &proof["path"])), hex(root), "entry {position}");
    assert_eq!(proof["root"], hex(root));
}

fn root_of(note: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(note.lines().nth(2).unwrap()).unwrap()
}

#[test]
fn every_entry_of_kent_can_be_checked_by_hand_against_the_checkpoint() {
    let (place, _) = signing();
    let root = root_of(&sign(&place));
    let printed = place.run(&["explain", "18", "--json"]).ok().json();
    let raw = place.run(&["explain", "18", "--bytes"]).ok().out;
    redo(&printed, 18, raw.as_bytes(), 39, &root);

    let ledger = Ledger::open(place.at(), |_, _| {}).unwrap();
    let signed = Signed::of(&place.ledger());
    for position in 0..39 {
        let answer = explain(&ledger, &signed, Position(position), "2026-11-22".parse().unwrap()).unwrap();
        let answer = serde_json::to_value(&answer).unwrap();
        let stored = bytes(&ledger, Position(position)).unwrap().bytes;
        redo(&answer, position, &stored, 39, &root);
        let said = row(&answer, "proof")["in"].clone();
        assert_eq!(said, "the checkpoint of 39 entries that the ledger kept in the name of kent.example/minutebook");

        let (entry, recorded) = (row(&answer, "entry"), codec::decode(&stored).unwrap());
        assert_eq!((&entry["position"], &entry["expected-head"]), (&position.into(), &position.to_string().into()));
        assert_eq!((&entry["id"], &entry["recorded"]), (&json!(recorded.id), &json!(recorded.recorded)));
        assert_eq!(entry["reference"], json!(recorded.act.reference));
        assert_eq!(entry["struck-since"], "nothing");

        // What it changed is what a replay says.
        let range = minutebook::question::Range::one(Position(position), false);
        let replayed = ledger.view().replay("2026-11-22".parse().unwrap(), &range).unwrap();
        let replayed = serde_json::to_value(&replayed).unwrap();
        assert_eq!(rows(&answer, "change"), rows(&replayed, "change"));
    }
}

#[test]
fn an_entry_is_at_its_place_in_the_stream_of_each_contract() {
    let place = Place::kent();
    let ledger = Ledger::open(place.at(), |_, _| {}).unwrap();
    let entries: Vec<_> = ledger.view().projections.log().iter().collect();
    for recorded in &entries {
        let answer =
            explain(&ledger, &Signed::of(&place.ledger()), recorded.position, "2026-11-22".parse().unwrap()).unwrap();
        let answer = serde_json::to_value(&answer).unwrap();
        let streams = rows(&answer, "stream");
        for contract in recorded.entry.contracts() {
            let of_it: Vec<Position> = entries
                .iter()
                .filter(|other| other.entry.contracts().contains(&contract))
                .map(|other| other.position)
                .collect();
            let version = of_it.iter().position(|position| *position == recorded.position).unwrap();
            let stream = json!({
                "row": "stream", "stream": format!("contract {contract}"),
                "version": version.to_string(), "entries": of_it.len().to_string(),
            });
            assert!(streams.contains(&&stream), "{stream} is not in {streams:#?}");
        }
    }
}

#[test]
fn an_entry_that_no_checkpoint_covers_is_proved_in_the_ledger_as_it_is() {
    let (place, _) = signing();
    place.run(&["explain", "5"]).ok().prints(&["no checkpoint that it kept covers the entry"]);
    sign(&place);
    record(&place, "a-party");
    place.run(&["explain", "5"]).ok().prints(&["the checkpoint of 39 entries"]);
    let new = place.run(&["explain", "39", "--json"]).ok().json();
    assert_eq!(row(&new, "proof")["size"], "40");
    place.run(&["explain", "39"]).ok().prints(&["no checkpoint that it kept covers the entry"]);
    // Signed again, it is the latest that counts.
    sign(&place);
    for position in ["5", "39"] {
        place.run(&["explain", position]).ok().prints(&["the checkpoint of 40 entries"]);
    }
}

#[test]
fn a_ledger_that_is_not_the_one_of_its_checkpoint_proves_nothing() {
    let (place, _) = signing();
    let older = place.path().join("older");
    copy(&place.ledger(), &older);
    record(&place, "a-party");
    sign(&place);
    put_back(&older, &place.ledger());
    let missing = "a checkpoint was signed of 40 entries, and the ledger holds 39: entries are missing";
    place.run(&["explain", "5"]).ends(2).says(&[missing]);
    record(&place, "another-party");
    place.run(&["explain", "5"]).ends(2).says(&["the first 40 entries are not those of the checkpoint"]);
    // The bytes can still be looked at.
    place.run(&["explain", "39", "--bytes"]).ok().prints(&["another-party"]);
}

#[test]
fn what_was_struck_since_is_told_and_by_what() {
    let place = Place::empty();
    let (assigned, struck) = assigned_and_struck();
    place.file("assigned.toml", assigned).file("struck.toml", struck);
    place.run(&["record", "assigned.toml", "struck.toml"]).ok();
    let first = place.run(&["explain", "0", "--as-of", "2023-01-01", "--json"]).ok().json();
    assert_eq!(row(&first, "entry")["struck-since"], "1 of its events");
    let event = row(&first, "struck-event");
    assert_eq!((&event["entry"], &event["says"]), (&"0.3".into(), &"somebody".into()));
    assert_eq!((&event["struck-by"], &event["reason"]), (&"1.0".into(), &"the paper names someone else".into()));
    // What it changed when it was recorded stays what it was.
    let holder = rows(&first, "change").into_iter().find(|row| row["fact"] == "lot-1/holder").unwrap();
    assert_eq!(holder["after"], "somebody (decided)");
    // The correction belongs to the stream of what it strikes.
    let second = place.run(&["explain", "1", "--json"]).ok().json();
    assert!(rows(&second, "stream").iter().any(|row| row["stream"] == "contract lwk" && row["version"] == "1"));
    assert_eq!(rows(&second, "change").len(), 1);
}

#[test]
fn the_findings_that_an_entry_raised_and_settled_are_told() {
    let place = Place::kent();
    let found = |position: &str, kind: &str| {
        let answer = place.run(&["explain", position, "--as-of", "2026-11-22", "--json"]).ok().json();
        rows(&answer, kind).iter().map(|row| row["finding"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let has = |findings: Vec<String>, words: &str| findings.iter().any(|finding| finding.contains(words));
    // The report with the amounts of the lots, whose totals do not add up.
    assert!(has(found("18", "raised"), "phase-2-lifetime is stated as £8,949,043.88"));
    assert!(!has(found("17", "raised"), "phase-2-lifetime"));
    // The variation names what succeeds the two services.
    assert!(has(found("6", "raised"), "supporting-independence"));
    assert!(has(found("7", "settled"), "supporting-independence"));
}

#[test]
fn a_bad_position_is_refused() {
    let place = Place::kent();
    for command in [&["explain"][..], &["prove", "inclusion"]] {
        let with = |position| place.run(&[command, &[position]].concat()).ends(2);
        with("39").says(&["position 39 is past the head: the ledger holds 39 entries, 0 to 38"]);
        with("first").says(&["\"first\" is not a position: write the number of an entry"]);
        with("18446744073709551616").says(&["is not a position"]);
        with("18446744073709551615").says(&["is past the head"]);
    }
    place.run(&["explain", "39", "--bytes"]).ends(2).says(&["position 39 is past the head"]);
    place.run(&["explain", "1", "--bytes", "--json"]).ends(2).says(&["cannot be used with"]);
}

fn prove(place: &Place, args: &[&str]) -> Value {
    place.run(&[&["prove"], args].concat()).ok().json()
}

#[test]
fn a_proof_is_one_object_for_any_program() {
    let place = Place::kent();
    let root = |size: &str| prove(&place, &["inclusion", "0", "--size", size])["root"].clone();
    let inclusion = prove(&place, &["inclusion", "7", "--size", "20"]);
    let names: Vec<&String> = inclusion.as_object().unwrap().keys().collect();
    assert_eq!(names, ["kind", "index", "size", "leaf", "root", "path"]);
    assert_eq!(
        (&inclusion["kind"], &inclusion["index"], &inclusion["size"]),
        (&json!("inclusion"), &json!(7), &json!(20))
    );
    assert_eq!(
        hex(&by_hand(unhex(&inclusion["leaf"]), 7, 20, &inclusion["path"])),
        inclusion["root"].as_str().unwrap()
    );
    assert_eq!(inclusion["root"], root("20"));
    assert_eq!(prove(&place, &["inclusion", "7"])["size"], 39);

    let consistency = prove(&place, &["consistency", "--from", "20"]);
    let names: Vec<&String> = consistency.as_object().unwrap().keys().collect();
    assert_eq!(names, ["kind", "earlier", "size", "earlier_root", "root", "path"]);
    assert_eq!((&consistency["earlier"], &consistency["size"]), (&json!(20), &json!(39)));
    assert_eq!((&consistency["earlier_root"], &consistency["root"]), (&root("20"), &root("39")));
    assert_eq!(prove(&place, &["consistency", "--from", "39"])["path"], json!([]));
}

#[test]
fn sizes_that_never_were_have_no_proof() {
    let place = Place::kent();
    for (args, words) in [
        (&["inclusion", "7", "--size", "40"][..], "the ledger never had a size of 40: it holds 39 entries"),
        (&["inclusion", "7", "--size", "7"], "the entry at position 7 is not among the first 7: ask for a size from 8"),
        (&["inclusion", "7", "--size", "0"], "is not among the first 0"),
        (&["consistency", "--from", "20", "--to", "40"], "the ledger never had a size of 40"),
        (&["consistency", "--from", "40"], "the ledger never had a size of 40"),
        (&["consistency", "--from", "20", "--to", "19"], "no ledger of 19 entries begins with one of 20"),
        (&["consistency", "--from", "0"], "no ledger of 39 entries begins with one of 0"),
        (&["consistency", "--from", "x"], "invalid value 'x'"),
    ] {
        place.run(&[&["prove"], args].concat()).ends(2).says(&[words]);
    }
}

#[test]
fn a_proof_holds_without_the_ledger_and_against_the_checkpoint() {
    let (place, public) = signing();
    place.file("kent.pub", &public).file("early.note", sign(&place));
    record(&place, "a-party");
    place.file("late.note", sign(&place));
    place.file("in.json", prove(&place, &["inclusion", "7"]).to_string());
    place.file("then.json", prove(&place, &["consistency", "--from", "39"]).to_string());
    place.file("7.json", place.run(&["explain", "7", "--bytes"]).ok().out);
    place.file("8.json", place.run(&["explain", "8", "--bytes"]).ok().out);
    fs::remove_dir_all(place.ledger()).unwrap();

    let check = |args: &[&str]| place.run(&[&["prove", "check"], args].concat());
    check(&["in.json"]).ok().prints(&[
        "The entry at position 7",
        "of 40 entries",
        "was not checked: give a checkpoint",
    ]);
    check(&["in.json", "--checkpoint", "late.note"]).ok().prints(&["Whose signature it bears was not checked"]);
    let all = ["in.json", "--checkpoint", "late.note", "--key", "kent.pub", "--bytes", "7.json"];
    let all = check(&all).ok().prints(&["of 40 entries, signed by kent.example/minutebook", "The bytes are those"]);
    assert!(!all.out.contains("not checked"), "{all:?}");
    let both = ["then.json", "--checkpoint", "early.note", "--checkpoint", "late.note", "--key", &public];
    check(&both).ok().prints(&["root of 39 entries, signed by", "root of 40 entries, signed by"]);

    check(&["in.json", "--checkpoint", "early.note"]).ends(1).prints(&["Fault: the checkpoint is of 39 entries"]);
    check(&["in.json", "--bytes", "8.json"]).ends(1).prints(&["Fault: the bytes have the leaf hash"]);
    check(&["then.json", "--bytes", "7.json"]).ends(1).prints(&["a proof of consistency is of no entry"]);
    let other = place.run(&["key", "new", "kent.example/minutebook", "--out", "other.key"]).ok().out;
    let forged = ["in.json", "--checkpoint", "late.note", "--key", other.trim()];
    check(&forged).ends(1).says(&["late.note: it is no checkpoint of this key"]);
    check(&["in.json", "--key", "kent.pub"]).ends(2).says(&["--checkpoint"]);
    check(&["nothing.json"]).ends(2).says(&["cannot read nothing.json"]);
}

#[test]
fn another_ledger_of_that_size_is_not_the_one_of_the_checkpoint() {
    let (place, public) = signing();
    let note = sign(&place);
    // The same record, recorded at other instants.
    let other = Place::empty();
    other.run(&["demo"]).ok();
    other.file("kept.note", note);
    other.file("in.json", prove(&other, &["inclusion", "7"]).to_string());
    other.file("then.json", prove(&other, &["consistency", "--from", "20"]).to_string());
    for file in ["in.json", "then.json"] {
        let checked = other.run(&["prove", "check", file, "--checkpoint", "kept.note", "--key", &public]);
        checked.ends(1).prints(&["Fault: the checkpoint of 39 entries has another root"]);
    }
}

#[test]
fn a_proof_with_any_change_is_none() {
    let place = Place::kent();
    let check = |changed: &Value| place.file("p.json", changed.to_string()).run(&["prove", "check", "p.json"]);
    for proof in [prove(&place, &["inclusion", "7", "--size", "39"]), prove(&place, &["consistency", "--from", "20"])] {
        check(&proof).ok();
        for (name, value) in proof.as_object().unwrap() {
            let mut changed = proof.clone();
            changed[name] = match value {
                Value::Number(number) => json!(number.as_u64().unwrap() + 1),
                Value::Array(path) => json!(path[1..]),
                Value::String(hash) if hash.len() == 64 => json!(hex(&sha256(&[hash.as_bytes()]))),
                _ => continue,
            };
            // With one entry more the way is the same here: what binds a root to its size is the checkpoint.
            if name == "size" {
                check(&changed).ok().prints(&["Whether a ledger has such a size and root was not checked"]);
                continue;
            }
            check(&changed).ends(1).prints(&["Fault: it "]);
        }
        let mut more = proof.clone();
        more["note"] = json!("trust me");
        check(&more).ends(1).says(&["p.json is not a proof as `minutebook prove` prints it", "unknown field `note`"]);
        let mut short = proof.clone();
        short["path"][0] = json!("00");
        check(&short).ends(1).says(&["is not a SHA-256 hash: write its 64 hexadecimal digits"]);
    }
    check(&json!({ "kind": "absence" })).ends(1).says(&["unknown variant `absence`"]);
    check(&json!([])).ends(1).says(&["is not a proof"]);
}

also_on_a_server! {
    every_entry_of_kent_can_be_checked_by_hand_against_the_checkpoint,
    an_entry_is_at_its_place_in_the_stream_of_each_contract,
    an_entry_that_no_checkpoint_covers_is_proved_in_the_ledger_as_it_is,
    what_was_struck_since_is_told_and_by_what,
    the_findings_that_an_entry_raised_and_settled_are_told,
    a_bad_position_is_refused,
    a_proof_is_one_object_for_any_program,
    sizes_that_never_were_have_no_proof,
    a_proof_holds_without_the_ledger_and_against_the_checkpoint,
    another_ledger_of_that_size_is_not_the_one_of_the_checkpoint,
    a_proof_with_any_change_is_none,
}
