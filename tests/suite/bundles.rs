//! Answers that carry their evidence: what follows from the record passes with no ledger there, and what was altered, left
//! out or put in does not, and says which check failed.

use crate::places::also_on_a_server;
use crate::run::{Place, Ran, defines, ran, topics};
use chrono::Days;
use minutebook::audit::bundle::{Bundle, LIMIT, Record};
use minutebook::audit::checkpoint::Signed;
use minutebook::audit::key::PublicKey;
use minutebook::ledger::Ledger;
use minutebook::question::Question;
use minutebook_events::Day;
use serde_json::{Value, json};
use std::fs;

const LWK: &str = "live-well-kent-2016";

/// A place with Kent's record, signed.
fn signed() -> (Place, PublicKey) {
    let place = Place::kent();
    let public = place.run(&["key", "new", "kent.example/minutebook", "--out", "kent.key"]).ok().out;
    place.run(&["checkpoint", "--key", "kent.key"]).ok();
    (place, public.trim().parse().unwrap())
}

fn bundle(place: &Place, args: &[&str]) -> Vec<u8> {
    let file = place.path().join("bundle.json");
    let _ = fs::remove_file(&file);
    place.run(&[&["answer"], args, &["--bundle", "bundle.json"]].concat()).ok();
    fs::read(file).unwrap()
}

/// The check as a stranger runs it: somewhere else, with the file and the key alone.
fn elsewhere(file: &[u8], key: &PublicKey) -> Ran {
    let place = Place::empty();
    place.file("answer.json", file).run(&["verify-answer", "answer.json", "--key", &key.to_string()])
}

fn fault(file: &[u8], key: &PublicKey) -> String {
    let checked = Bundle::read(file).and_then(|bundle| bundle.check(std::slice::from_ref(key)));
    checked.map(drop).unwrap_err().to_string()
}

/// A bundle with one thing changed by somebody who writes it as we do.
fn changed(file: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(file).unwrap();
    change(&mut value);
    let mut bytes = serde_json::to_vec_pretty(&value).unwrap();
    bytes.push(b'\n');
    bytes
}

#[test]
fn every_topic_of_every_contract_is_bundled_and_checked_without_a_ledger() {
    let (place, key) = signed();
    let ledger = Ledger::open(place.at(), |_, _| {}).unwrap();
    let (_, note) = Signed::of(&place.ledger()).latest().unwrap().unwrap();
    let (view, tree) = (ledger.view(), ledger.tree());
    let record = Record { projections: &view.projections, tree: &tree, store: ledger.store() };
    let as_of: Day = "2023-03-31".parse().unwrap();
    let contracts = view.projections.contracts(view.head);
    assert!(contracts.len() > 5, "{contracts:?}");
    let (mut made, mut left) = (0, 0);
    for topic in topics(as_of + Days::new(1100)) {
        for contract in &contracts {
            let contract = Some((*contract).clone());
            let question = Question { topic: topic.clone(), contract, as_of, known_at: None, decided_by: None };
            let Ok(answer) = view.ask(&question) else {
                left += 1; // no such fact of that contract
                continue;
            };
            let file = Bundle::make(record, &note, &question, LIMIT).unwrap().write();
            let checked = Bundle::read(&file).and_then(|bundle| bundle.check(std::slice::from_ref(&key))).unwrap();
            assert!(checked.streams.is_some(), "{question:?} needed every entry");
            assert_eq!(checked.answer, answer);
            made += 1;
        }
    }
    assert!(made >= 8 * contracts.len() && left <= 3, "{made} made, {left} left");
}

#[test]
fn the_answer_is_the_one_that_the_command_gives() {
    let (place, key) = signed();
    for args in
        [&["lots", LWK, "--as-of", "2018-06-01"][..], &["state", "--as-of", "2020-04-01", "--decided-by", "2019-12-31"]]
    {
        let file = bundle(&place, args);
        let asked = place.run(&[args, &["--json"]].concat()).ok().json();
        let place = Place::empty();
        place.file("answer.json", &file);
        let checked = place.run(&["verify-answer", "answer.json", "--key", &key.to_string(), "--json"]).ok().json();
        assert_eq!(checked["checked"]["answer"], asked, "{args:?}");
        assert_eq!(checked["fault"], Value::Null);
    }
    let file = bundle(&place, &["lots", LWK, "--as-of", "2018-06-01"]);
    elsewhere(&file, &key).ok().prints(&[
        "Porchlight (happened) [A 2.7, B 7.1]",
        "This follows from the record",
        "of the first 39 entries",
    ]);
}

#[test]
fn earlier_knowledge_and_an_earlier_checkpoint_are_bundled_too() {
    let (place, key) = signed();
    place.file("new.toml", defines("a-party")).run(&["record", "new.toml"]).ok();
    let file = bundle(&place, &["value", LWK, "--as-of", "2018-06-01", "--known-at", "9"]);
    elsewhere(&file, &key).ok().prints(&["position 9", "of the first 39 entries"]);
    place
        .run(&["answer", "state", "--known-at", "39", "--bundle", "b"])
        .ends(2)
        .says(&["the checkpoint covers 39 entries", "sign a later one"]);
    place
        .run(&["answer", "state", "--known-at", "2000-01-01T00:00:00Z", "--bundle", "b"])
        .ends(2)
        .says(&["nothing was recorded by that instant"]);
    place.run(&["answer", "state", "--known-at", "39", "--sign", "kent.key", "--bundle", "later.json"]).ok();
    elsewhere(&fs::read(place.path().join("later.json")).unwrap(), &key).ok().prints(&["40 entries, which are all"]);
}

#[test]
fn what_cannot_be_bundled_says_why() {
    let place = Place::kent();
    place.run(&["answer", "state", "--bundle", "b"]).ends(2).says(&["nothing was signed yet", "--sign KEY"]);
    let (place, key) = signed();
    place
        .run(&["answer", "state", "--limit", "1000", "--bundle", "b"])
        .ends(2)
        .says(&["the 39 entries behind this answer take", "the limit is 1000"]);
    place
        .run(&["answer", "lots", "live-well-kant-2016", "--bundle", "b"])
        .ends(2)
        .says(&["did you mean live-well-kent-2016?"]);
    place.run(&["answer", "diff", "--bundle", "b"]).ends(2).says(&["--to"]);
    place.run(&["answer", "lots", LWK, "--bundle", "no/such/folder"]).ends(2).says(&["cannot write no/such/folder"]);
    place.file("mine", "not to be lost");
    let taken = "cannot write mine: File exists, and none is ever overwritten; name a new file";
    place.run(&["answer", "lots", LWK, "--bundle", "mine"]).ends(2).says(&[taken]);
    place.run(&["rebuild", "--certify", "mine", "--key", "kent.key"]).ends(2).says(&[taken]);
    assert_eq!(fs::read_to_string(place.path().join("mine")).unwrap(), "not to be lost");
    assert!(!place.path().join("b").exists());
    let other = place.run(&["key", "new", "kent.example/minutebook", "--out", "other.key"]).ok().out;
    let file = bundle(&place, &["lots", LWK]);
    elsewhere(&file, &other.trim().parse().unwrap())
        .ends(1)
        .prints(&["does not hold: checkpoint: ", "it is not signed by"]);
    elsewhere(b"{}", &key).ends(1).prints(&["does not hold: form: it is not a bundle"]);
    let item = |it: &mut Value| it["entries"][1]["position"] = json!("one");
    for (file, words) in [
        (file[..file.len() / 2].to_vec(), "it is no JSON from line "),
        (b"[]".to_vec(), "it is JSON, and no object"),
        (changed(&file, |it| drop(it.as_object_mut().unwrap().remove("entries"))), "its part `entries` is missing"),
        (changed(&file, |it| it["question"]["as_of"] = json!(7)), "its part `question` is not in its form"),
        (changed(&file, item), "its part `entries`, item 2 of it, is not in its form"),
        (changed(&file, |it| it["streams"] = json!("all")), "its part `streams` is not in its form"),
        (changed(&file, |it| it["more"] = json!(1)), "it has a part `more`, which no bundle has"),
    ] {
        elsewhere(&file, &key).ends(1).prints(&["does not hold: form: it is not a bundle: ", words]);
    }
    let key = key.to_string();
    place.run(&["verify-answer", "nothing.json", "--key", &key]).ends(2).says(&["cannot read nothing.json"]);
    let mut command = place.command();
    ran(command.args(["verify-answer", "bundle.json"])).ends(2).says(&["--key"]);
}

#[test]
fn each_check_names_what_it_found() {
    let (place, key) = signed();
    let file = bundle(&place, &["lots", LWK, "--as-of", "2018-06-01"]);
    let value: Value = serde_json::from_slice(&file).unwrap();
    let stream =
        |subject: &Value| value["streams"].as_array().unwrap().iter().position(|it| &it["subject"] == subject).unwrap();
    let own = stream(&json!({ "contract": LWK }));
    let last = value["streams"][own]["positions"].as_array().unwrap().last().unwrap().clone();
    let place_of = |position: &Value| {
        value["entries"].as_array().unwrap().iter().position(|entry| &entry["position"] == position).unwrap()
    };
    let drop_entry = |value: &mut Value, position: &Value| {
        value["entries"].as_array_mut().unwrap().remove(place_of(position));
        for stream in value["streams"].as_array_mut().unwrap() {
            stream["positions"].as_array_mut().unwrap().retain(|it| it != position);
        }
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("form: it is not written as", [file.as_slice(), b" "].concat()),
        ("form: it is not written as", changed(&file, |it| it["bundle"] = json!(2))),
        ("answer: the entries give another", changed(&file, |it| it["answer"]["answer"][0]["lot"] = json!("9"))),
        ("answer: the entries give another", changed(&file, |it| it["question"]["as_of"] = json!("2018-06-02"))),
        (
            "inclusion: the entry at position 0 ",
            changed(&file, |it| {
                let bytes = it["entries"][0]["bytes"].as_str().unwrap().replacen("Kent", "Kant", 1);
                it["entries"][0]["bytes"] = json!(bytes);
            }),
        ),
        (
            "inclusion: the entry at position 0 ",
            changed(&file, |it| it["entries"][0]["path"][0] = json!("0".repeat(64))),
        ),
        ("completeness: these are not all the entries about ", changed(&file, |it| drop_entry(it, &last))),
        (
            "completeness: these are not all the entries about ",
            changed(&file, |it| {
                it["entries"].as_array_mut().unwrap().remove(place_of(&last));
            }),
        ),
        (
            "completeness: these are not all the entries about contract",
            changed(&file, |it| {
                it["streams"].as_array_mut().unwrap().remove(own);
            }),
        ),
        (
            "names party porchlight, and its entries are not bundled",
            changed(&file, |it| {
                it["streams"].as_array_mut().unwrap().remove(stream(&json!({ "party": "porchlight" })));
            }),
        ),
        (
            "completeness: the entries from position 0 on are not in order",
            changed(&file, |it| {
                let entries = it["entries"].as_array_mut().unwrap();
                entries.insert(0, entries[0].clone());
            }),
        ),
        ("completeness: the answer is of all contracts", changed(&file, |it| it["question"]["contract"] = Value::Null)),
        (
            "completeness: these are not all the entries about contract no-such",
            changed(&file, |it| {
                it["question"]["contract"] = json!("no-such");
            }),
        ),
        ("question: position 39 is past the head", changed(&file, |it| it["question"]["known_at"] = json!(39))),
        (
            "checkpoint: it is no checkpoint of this key: the signature of",
            changed(&file, |it| {
                let note = it["checkpoint"].as_str().unwrap().replacen("\n39\n", "\n38\n", 1);
                it["checkpoint"] = json!(note);
            }),
        ),
    ];
    for (words, file) in cases {
        let fault = fault(&file, &key);
        assert!(fault.contains(words), "\"{words}\" is not in: {fault}");
    }
}

#[test]
fn a_stream_comes_once_and_in_its_place() {
    let (place, key) = signed();
    let file = bundle(&place, &["lots", LWK, "--as-of", "2018-06-01"]);
    let twice = changed(&file, |it| {
        let streams = it["streams"].as_array_mut().unwrap();
        streams.insert(0, streams[0].clone());
    });
    let back = changed(&file, |it| it["streams"].as_array_mut().unwrap().reverse());
    for file in [twice, back] {
        assert!(fault(&file, &key).starts_with("completeness: these are not all the entries about"));
    }
    let at_any_time = changed(&file, |it| it["question"]["known_at"] = Value::Null);
    assert!(fault(&at_any_time, &key).starts_with("form: it is not written as"));
}

#[test]
fn an_answer_of_all_contracts_rests_on_every_entry() {
    let (place, key) = signed();
    let file = bundle(&place, &["state", "--as-of", "2023-03-31"]);
    for at in [0, 20, 38] {
        let without = changed(&file, |it| {
            it["entries"].as_array_mut().unwrap().remove(at);
        });
        assert!(fault(&without, &key).starts_with("completeness: the entries from position"), "without {at}");
    }
    let longer = changed(&file, |it| {
        let entries = it["entries"].as_array_mut().unwrap();
        let mut more = entries[38].clone();
        more["position"] = json!(39);
        entries.push(more);
    });
    assert!(fault(&longer, &key).starts_with("completeness"));
}

/// A small ledger: of one contract, one party and one office.
fn small() -> (Vec<u8>, PublicKey) {
    let place = Place::empty();
    let public = place.run(&["key", "new", "small.example", "--out", "small.key"]).ok().out;
    place.file("a.toml", defines("a-party")).run(&["record", "a.toml"]).ok();
    place.file(
        "b.toml",
        "id = \"0b6fd2ad-4b0e-4a8e-9c5b-6f0e5a3f7d11\"\n[act]\nreference = \"b\"\ntitle = \"a contract\"\nkind = \"report\"\ndecided = 2020-01-01\n\
         [[document]]\ncode = \"X\"\ntitle = \"a report\"\n\
         [[event]]\nkind = \"contract-defined\"\ncontract = \"c\"\ntitle = \"C\"\neffective = 2020-01-01\nstanding = \"happened\"\nsources = [\"X 1\"]\n",
    );
    place.run(&["record", "b.toml"]).ok();
    place
        .run(&["answer", "register", "c", "--as-of", "2020-06-01", "--sign", "small.key", "--bundle", "bundle.json"])
        .ok();
    (fs::read(place.path().join("bundle.json")).unwrap(), public.trim().parse().unwrap())
}

#[test]
fn a_changed_byte_anywhere_is_refused() {
    let (file, key) = small();
    elsewhere(&file, &key).ok();
    for at in 0..file.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut changed = file.clone();
            changed[at] ^= flip;
            let checked = Bundle::read(&changed).and_then(|bundle| bundle.check(std::slice::from_ref(&key)));
            assert!(checked.is_err(), "byte {at} of {}: {:?}", file.len(), String::from_utf8_lossy(&changed));
        }
        assert!(Bundle::read(&file[..at]).is_err(), "cut at {at}");
    }
}

also_on_a_server! {
    every_topic_of_every_contract_is_bundled_and_checked_without_a_ledger,
    the_answer_is_the_one_that_the_command_gives,
    earlier_knowledge_and_an_earlier_checkpoint_are_bundled_too,
    what_cannot_be_bundled_says_why,
    each_check_names_what_it_found,
    a_stream_comes_once_and_in_its_place,
    an_answer_of_all_contracts_rests_on_every_entry,
    a_changed_byte_anywhere_is_refused,
}
