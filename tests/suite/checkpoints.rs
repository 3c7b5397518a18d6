//! Keys and checkpoints through the binary: what is signed, what is never signed, and what `verify` finds when a ledger is
//! held to what it signed before.

use crate::places::also_on_a_server;
use crate::run::{Place, copy, defines};
use minutebook::audit::checkpoint::{Checkpoint, Head};
use minutebook::audit::key::PrivateKey;
use minutebook::audit::note;
use minutebook::audit::verify::verify;
use minutebook::store;
use minutebook_events::{Hash, Position};
use std::fs;
use std::path::Path;

/// A place with Kent's record, a key, and its public key.
pub fn signing() -> (Place, String) {
    let place = Place::kent();
    let public = place.run(&["key", "new", "kent.example/minutebook", "--out", "kent.key"]).ok().out;
    (place, public.trim().to_owned())
}

pub fn sign(place: &Place) -> String {
    place.run(&["checkpoint", "--key", "kent.key"]).ok().out
}

pub fn record(place: &Place, party: &str) {
    place.file("new.toml", defines(party)).run(&["record", "new.toml"]).ok();
}

#[cfg(unix)]
#[test]
fn a_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (place, public) = signing();
    let file = place.path().join("kent.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(public.starts_with("kent.example/minutebook+"), "{public}");
    assert_eq!(place.run(&["key", "show", "kent.key"]).ok().out.trim(), public);
    let private = fs::read(&file).unwrap();
    place
        .run(&["key", "new", "kent.example/minutebook", "--out", "kent.key"])
        .ends(2)
        .says(&["a key is never overwritten"]);
    assert_eq!(fs::read(&file).unwrap(), private);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    place
        .run(&["checkpoint", "--key", "kent.key"])
        .ends(2)
        .says(&["others than its owner may read kent.key", "chmod 600"]);
}

#[test]
fn what_is_no_key_is_refused() {
    let (place, public) = signing();
    place.run(&["key", "new", "two words", "--out", "k"]).ends(2).says(&["\"two words\" cannot name a key"]);
    place.run(&["checkpoint", "--key", "nothing"]).ends(2).says(&["cannot read nothing"]);
    place.file("public", &public);
    #[cfg(unix)]
    fs::set_permissions(place.path().join("public"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    place.run(&["checkpoint", "--key", "public"]).ends(2).says(&["public is not the file of a private key"]);
    let other = public.replace("kent", "kant");
    place.run(&["verify", "--key", &other]).ends(2).says(&["is not a public key: write it as"]);
}

#[test]
fn a_checkpoint_has_the_form_that_other_tools_read() {
    let (place, public) = signing();
    let note = sign(&place);
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!(lines[..2], ["kent.example/minutebook", "39"]);
    let names: Vec<&str> = lines[3..10].iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["streams", "register/1", "value/1", "lots/1", "network/1", "decisions/1", "findings/1"]);
    assert_eq!(lines[10], "");
    assert!(lines[11].starts_with("— kent.example/minutebook "), "{note}");
    // A reader of signed notes that knows nothing of us.
    let key = signed_note::StandardVerifier::new(&public).unwrap();
    let note = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
    assert_eq!(note.verify(&signed_note::VerifierList::new(vec![Box::new(key)])).unwrap().0.len(), 1);
}

#[test]
fn the_same_ledger_is_signed_the_same_and_a_longer_one_follows_from_it() {
    let (place, public) = signing();
    let first = sign(&place);
    assert_eq!(sign(&place), first);
    record(&place, "a-party");
    let second = sign(&place);
    assert_eq!(second.lines().nth(1), Some("40"));
    place.file("first.note", &first).file("second.note", &second);
    let verified =
        place.run(&["verify", "--checkpoint", "first.note", "--checkpoint", "second.note", "--key", &public]).ok();
    // Those given are those that the ledger kept: each counts once.
    verified.prints(&["It is what 2 checkpoints say"]);
    place.run(&["verify"]).ok().prints(&["It is what 2 checkpoints say", "give the public key with --key"]);
    let other = place.run(&["key", "new", "kent.example/minutebook", "--out", "other.key"]).ok().out;
    place.run(&["verify", "--key", other.trim()]).ends(1).says(&["is signed by none of the keys given"]);
}

#[test]
fn a_second_office_signs_the_same_text() {
    let (place, public) = signing();
    place.file("kept.note", sign(&place));
    let auditor = place.run(&["key", "new", "auditor.example", "--out", "auditor.key"]).ok().out;
    let both = place
        .run(&["checkpoint", "--countersign", "kept.note", "--signed-by", &public, "--key", "auditor.key"])
        .ok()
        .out;
    place.file("both.note", &both);
    assert_eq!(both.lines().filter(|line| line.starts_with("— ")).count(), 2);
    place.run(&["verify", "--checkpoint", "both.note", "--key", &public]).ok();
    // What is given must have both signatures; what the ledger kept needs one of them.
    place.run(&["verify", "--checkpoint", "both.note", "--key", &public, "--key", auditor.trim()]).ok();
    place
        .run(&["verify", "--checkpoint", "kept.note", "--key", &public, "--key", auditor.trim()])
        .ends(1)
        .says(&["kept.note: it is no checkpoint of this key: it is not signed by auditor.example+"]);
    place.run(&["checkpoint", "--countersign", "kept.note", "--key", "auditor.key"]).ends(2).says(&["--signed-by"]);
    let forged = fs::read_to_string(place.path().join("kept.note")).unwrap().replacen("\n39\n", "\n38\n", 1);
    place
        .file("forged.note", forged)
        .run(&["checkpoint", "--countersign", "forged.note", "--signed-by", &public, "--key", "auditor.key"])
        .ends(1)
        .says(&["is not of this text"]);
    place.run(&["checkpoint", "--key", "auditor.key"]).ends(2).says(&["this ledger signs as kent.example/minutebook"]);
}

/// A checkpoint is of the ledger that it names: another ledger's is none of this one, whoever signed it.
#[test]
fn a_checkpoint_of_another_name_is_refused() {
    use signed_note::{Note, StandardSigner};
    let (place, public) = signing();
    let note = sign(&place);
    let key = fs::read_to_string(place.path().join("kent.key")).unwrap();
    let ours = StandardSigner::new(key.lines().next().unwrap()).unwrap();
    let text =
        note.split_once("\n\n").unwrap().0.replacen("kent.example/minutebook", "kant.example/minutebook", 1) + "\n";
    let mut other = Note::new(text.as_bytes(), &[]).unwrap();
    other.add_sigs(&[&ours]).unwrap();
    place.file("other.note", other.to_bytes());
    let refused = place.run(&["verify", "--checkpoint", "other.note", "--key", &public]).ends(1);
    refused.says(&["other.note: it says that it is of kant.example/minutebook, and no key of that name has signed it"]);
    place.run(&["verify", "--checkpoint", "other.note"]).ends(1).says(&["no key of that name has signed it"]);
    // One that a key of that name has signed too is of another ledger.
    place.run(&["key", "new", "kant.example/minutebook", "--out", "kant.key"]).ok();
    let key = fs::read_to_string(place.path().join("kant.key")).unwrap();
    other.add_sigs(&[&StandardSigner::new(key.lines().next().unwrap()).unwrap()]).unwrap();
    place.file("both.note", other.to_bytes());
    let words = "one checkpoint is of kent.example/minutebook, and another of kant.example/minutebook";
    place.run(&["verify", "--checkpoint", "both.note", "--key", &public]).ends(1).prints(&[words]);
    place.run(&["backup", "--out", "backup"]).ok();
    let restored =
        ["--ledger", "restored", "restore", "--from", "backup", "--checkpoint", "both.note", "--key", &public];
    place.run(&restored).ends(1).says(&["one checkpoint is of kant.example/minutebook, and another of kent"]);
}

#[test]
fn a_changed_byte_of_a_checkpoint_is_refused() {
    let (place, public) = signing();
    let note = sign(&place).into_bytes();
    let key: minutebook::audit::key::PublicKey = public.parse().unwrap();
    let open = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).ok()?;
        minutebook::audit::checkpoint::Checkpoint::open(text, std::slice::from_ref(&key)).ok()
    };
    assert!(open(&note).is_some());
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut changed = note.clone();
            changed[at] ^= 1 << bit;
            assert_eq!(
                open(&changed),
                None,
                "bit {bit} of byte {at} was changed: {}",
                String::from_utf8_lossy(&changed)
            );
        }
        assert_eq!(open(&note[..at]), None, "cut at {at}");
    }
}

/// Puts the folder of a ledger in the place of another's entries; what was signed stays.
pub fn put_back(from: &Path, ledger: &Path) {
    for name in ["sled", "size"] {
        let (from, to) = (from.join(name), ledger.join(name));
        if from.is_dir() {
            fs::remove_dir_all(&to).unwrap();
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn an_older_copy_put_back_is_found_and_never_signed() {
    let (place, public) = signing();
    let older = place.path().join("older");
    copy(&place.ledger(), &older);
    record(&place, "a-party");
    place.file("kept.note", sign(&place));
    put_back(&older, &place.ledger());
    let missing = "a checkpoint was signed of 40 entries";
    place.run(&["verify"]).ends(1).prints(&["Fault: position 39", missing]);
    place
        .run(&["checkpoint", "--key", "kent.key"])
        .ends(2)
        .says(&["this ledger has 39 entries, and it signed a checkpoint of 40"]);
    // What was signed was put back too: only who kept the checkpoint can tell.
    fs::remove_dir_all(place.ledger().join("checkpoints")).unwrap();
    place.run(&["verify"]).ok().prints(&["It was held to no checkpoint"]);
    place.run(&["verify", "--checkpoint", "kept.note", "--key", &public]).ends(1).prints(&[missing]);
}

#[test]
fn another_entry_in_its_place_is_found_and_never_signed() {
    let (place, _) = signing();
    let older = place.path().join("older");
    copy(&place.ledger(), &older);
    record(&place, "a-party");
    sign(&place);
    put_back(&older, &place.ledger());
    record(&place, "another-party");
    record(&place, "a-third-party");
    place.run(&["verify"]).ends(1).prints(&["Fault: position 39", "the Merkle root of the 40 entries up to here"]);
    place
        .run(&["checkpoint", "--key", "kent.key"])
        .ends(2)
        .says(&["the first 40 entries are not those", "nothing was signed"]);
}

#[test]
fn nothing_is_signed_of_an_empty_ledger_and_a_spoilt_checkpoint_is_told() {
    let (place, _) = signing();
    place.file("bad.toml", "id = 1");
    place.run(&["--ledger", "none", "checkpoint", "--key", "kent.key"]).ends(2).says(&["there is no ledger at none"]);
    sign(&place);
    let kept = fs::read_dir(place.ledger().join("checkpoints")).unwrap().next().unwrap().unwrap().path();
    fs::write(&kept, "nothing").unwrap();
    place.run(&["checkpoint", "--key", "kent.key"]).ends(2).says(&["it is not a signed note", "restore the file"]);
    place.run(&["verify"]).ends(1).says(&["it is not a signed note"]);
    place.run(&["verify", "--json"]).ends(1).prints(&["it is not a signed note"]);
}

/// A note of no entry, were it held to, would stand before all others and hold the ledger to nothing.
#[test]
fn a_checkpoint_of_no_entry_is_none_and_hides_no_other() {
    let (place, public) = signing();
    let ours = Checkpoint::open(&sign(&place), &[]).unwrap();
    let of_none = Checkpoint { head: Head { size: Position(0), ..ours.head.clone() }, ..ours.clone() };
    let key = PrivateKey::read(&place.path().join("kent.key")).unwrap();
    place.file("none.note", note::sign(&of_none.text(), &key));
    place.run(&["verify", "--checkpoint", "none.note", "--key", &public]).ends(1).says(&["line 2 is not"]);
    // Nor does the library pass over another that does not hold.
    let store = store::open(place.at()).unwrap();
    let wrong = Checkpoint { head: Head { root: Hash::of([]), ..ours.head.clone() }, ..ours };
    let fault = verify(&*store, None, &[of_none, wrong], |_, _| {}).unwrap_err().to_string();
    assert!(fault.contains("is not the one that was signed of them"), "{fault}");
}

/// A checkpoint that the ledger kept and somebody edited is named itself, also by a copy of the ledger.
#[test]
fn an_edited_checkpoint_is_told_apart_from_an_altered_ledger() {
    let (place, _) = signing();
    sign(&place);
    let folder = place.ledger().join("checkpoints");
    let kept = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read_to_string(&kept).unwrap();
    let root = whole.lines().nth(2).unwrap();
    let edited = whole.replacen(root, &root.chars().rev().skip(1).collect::<String>(), 1);
    let edited = edited.replacen(
        &root.chars().rev().skip(1).collect::<String>(),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        1,
    );
    fs::write(&kept, &edited).unwrap();
    let name = kept.file_name().unwrap().to_str().unwrap();
    let words = format!("minutebook-ledger/checkpoints/{name}: it is not the checkpoint that its name has");
    // A check finds it; whoever would build on it cannot.
    for (args, code) in [
        (&["verify"][..], 1),
        (&["backup", "--out", "b"], 2),
        (&["archive", "--out", "a"], 2),
        (&["checkpoint", "--key", "kent.key"], 2),
    ] {
        place.run(args).ends(code).says(&[
            &words,
            "this file was altered, and not the ledger",
            "restore the file from a copy",
        ]);
    }
    fs::write(&kept, &whole).unwrap();
    // One that is given has no such name: either may be the altered one.
    place.file("edited.note", &edited);
    place.run(&["verify", "--checkpoint", "edited.note"]).ends(1).prints(&[
        "the Merkle root of the 39 entries up to here is not the one that was signed of them",
        "either they were altered or the checkpoint of that size, in checkpoints/00000000000000000039-*.note",
    ]);
    // What never was a checkpoint is in nobody's way.
    fs::write(folder.join("zzz.note"), "mine").unwrap();
    fs::write(folder.join("letter"), "mine").unwrap();
    place.run(&["checkpoint", "--key", "kent.key"]).ok();
    place.run(&["verify"]).ok().prints(&[
        "Note: checkpoints/letter is no part of the ledger",
        "Note: checkpoints/zzz.note is no part of the ledger",
    ]);
}

#[test]
fn a_note_that_was_converted_and_the_wrong_half_of_a_key_are_told() {
    let (place, public) = signing();
    let note = place.run(&["checkpoint", "--key", "kent.key"]).ok().out;
    place.file("kept.note", note.replace('\n', "\r\n")).file("kent.pub", &public);
    let converted = "its lines end with a carriage return: it was converted on its way";
    place.run(&["verify", "--checkpoint", "kept.note"]).ends(1).says(&["kept.note: ", converted]);
    place.run(&["key", "check", "kept.note", "--key", "kent.pub"]).says(&["kept.note: ", converted]);
    for args in [&["key", "show", "kent.pub"][..], &["checkpoint", "--key", "kent.pub"]] {
        place.run(args).ends(2).says(&[
            "kent.pub is not the file of a private key but of a public key",
            "name the file of the private key",
        ]);
    }
}

/// A key counts once, however often it signed or is given.
#[test]
fn one_key_is_not_two() {
    let (place, public) = signing();
    let note = place.run(&["checkpoint", "--key", "kent.key"]).ok().out;
    let signature = note.lines().last().unwrap();
    place.file("kept.note", &note).file("twice.note", format!("{note}{signature}\n"));
    let words = "it has two signatures of kent.example/minutebook, and a key signs once";
    place.run(&["verify", "--checkpoint", "twice.note"]).ends(1).says(&["twice.note: ", words]);
    place.run(&["key", "check", "twice.note", "--key", &public]).says(&["twice.note: ", words]);
    let again = ["checkpoint", "--key", "kent.key", "--countersign", "kept.note", "--signed-by", &public];
    assert_eq!(place.run(&again).ok().out, note);
    place.run(&["answer", "lots", "--bundle", "lots.json"]).ok();
    let answer = place.run(&["verify-answer", "lots.json", "--key", &public, "--key", &public]).ok();
    answer.prints(&[&format!("\nSigned by {public}, of the first 39 entries.\n")]);
    let bundle = fs::read_to_string(place.path().join("lots.json")).unwrap();
    place.file("twice.json", bundle.replacen(signature, &format!("{signature}\\n{signature}"), 1));
    let twice = place.run(&["verify-answer", "twice.json", "--key", &public]).ends(1);
    twice.prints(&["twice.json does not hold: checkpoint: ", words]);
}

#[test]
fn a_rebuild_is_certified_and_anyone_can_check_who_signed() {
    let (place, public) = signing();
    place.run(&["rebuild", "--certify", "rebuilt.note"]).ends(2).says(&["--key"]);
    place
        .run(&["rebuild", "--certify", "rebuilt.note", "--key", "kent.key"])
        .ok()
        .prints(&["Certified by kent.example"]);
    let text = place.run(&["key", "check", "rebuilt.note", "--key", &public]).ok().out;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["kent.example/minutebook rebuild certificate", "entries 39"]);
    assert_eq!(lines[2], concat!("program minutebook ", env!("CARGO_PKG_VERSION")));
    assert_eq!(lines[4..].len(), 8, "root, streams and six projections: {text}");
    assert!(lines[4..].iter().all(|line| line.ends_with(" equal")), "{text}");
    // The roots are those that a checkpoint of the same entries signs.
    let checkpoint = sign(&place);
    let roots: Vec<&str> = checkpoint.lines().skip(2).take(8).map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(lines[4..].iter().map(|line| line.split(' ').nth(1).unwrap()).collect::<Vec<_>>(), roots);
    place.file(
        "altered.note",
        fs::read_to_string(place.path().join("rebuilt.note")).unwrap().replace("entries 39", "entries 38"),
    );
    place.run(&["key", "check", "altered.note", "--key", &public]).ends(1).says(&["is not of this text"]);
    place.file("rebuilt.note", "no note");
    place.run(&["key", "check", "rebuilt.note", "--key", &public]).ends(1).says(&["it is not a signed note"]);
}

also_on_a_server! {
    a_key_is_its_owners_alone,
    what_is_no_key_is_refused,
    a_checkpoint_has_the_form_that_other_tools_read,
    the_same_ledger_is_signed_the_same_and_a_longer_one_follows_from_it,
    a_second_office_signs_the_same_text,
    a_changed_byte_of_a_checkpoint_is_refused,
    a_checkpoint_of_no_entry_is_none_and_hides_no_other,
    a_note_that_was_converted_and_the_wrong_half_of_a_key_are_told,
    one_key_is_not_two,
    a_rebuild_is_certified_and_anyone_can_check_who_signed,
}
