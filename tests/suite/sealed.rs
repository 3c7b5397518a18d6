//! Sealed content: nobody without its key reads it, a receipt means that it is there, what is erased is gone, and every
//! proof made before still holds. Through the binary, as its users have it; and through the library, where sizes matter.

use crate::given::{act, erasing, lwk, publishing, sealing};
use crate::places::also_on_a_server;
use crate::run::{Place, Ran, copy, ran, reopen};
use minutebook::sealed::{ContentError, Contents, ReadKey, commits};
use minutebook_events::{Commitment, EntryId, Salt};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What nobody may find in the ledger's folder.
pub const SECRET: &[u8] = b"the second bidder asked for 4,711 pounds a week";

/// A ledger with one contract, an officer's keys, and a content.
pub fn council() -> Place {
    let place = Place::empty();
    councils(&place);
    place
}

/// The same in a ledger that is there.
pub fn councils(place: &Place) {
    place.file("defined.toml", lwk()).file("appendix", SECRET);
    place.run(&["record", "defined.toml"]).ok();
    let public = place.run(&["content", "key", "--out", "officer.key"]).ok().out;
    place.file("officer.pub", public);
}

/// Seals a file and records it, as the line that the decision file has.
pub fn seal(place: &Place, file: &str, content: &str) -> String {
    let line = place.run(&["content", "seal", file, "--to", "officer.pub"]).ok().out.trim().to_owned();
    place.file("sealing.toml", sealing(&format!("seal-{content}"), content, &line));
    place.run(&["record", "sealing.toml"]).ok();
    line
}

pub fn publish(place: &Place, content: &str) -> String {
    let line = place.run(&["content", "publish", "lwk", content, "--key", "officer.key"]).ok().out.trim().to_owned();
    place.file("publishing.toml", publishing(&format!("publish-{content}"), content, &line));
    place.run(&["record", "publishing.toml"]).ok();
    line
}

pub fn erase(place: &Place, content: &str) -> Ran {
    place.file("erasing.toml", erasing(&format!("erase-{content}"), content));
    place.run(&["content", "erase", "erasing.toml"])
}

/// The value in `commitment = "…"` or `salt = "…"`.
pub fn quoted(line: &str) -> &str {
    line.split('"').nth(1).unwrap()
}

fn sealed_file(place: &Place, line: &str) -> PathBuf {
    place.ledger().join("sealed").join(quoted(line))
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for item in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match item.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => drop(found.insert(path.clone(), fs::read(path).unwrap())),
        }
    }
    found
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[track_caller]
fn nowhere(place: &Place, what: &[u8]) {
    let mut files = files(&place.ledger());
    if place.at().server.is_some() {
        let stored = reopen(place.at()).store().scan(0..u64::MAX).map(|stored| stored.unwrap()).collect::<Vec<_>>();
        files.extend(stored.into_iter().map(|stored| (format!("entry {}", stored.position).into(), stored.bytes)));
    }
    assert!(files.len() > 1);
    let found: Vec<_> = files.iter().filter(|(_, bytes)| holds(bytes, what)).map(|(path, _)| path).collect();
    assert!(found.is_empty(), "{found:?}");
}

const READ: [&str; 6] = ["content", "read", "lwk", "bids", "--key", "officer.key"];

#[test]
fn whoever_has_the_key_reads_it_and_anyone_else_is_told_its_ground() {
    let place = council();
    seal(&place, "appendix", "bids");
    nowhere(&place, SECRET);
    assert_eq!(place.run(&READ).ok().out.as_bytes(), SECRET);
    place.run(&[&READ[..], &["--out", "read"]].concat()).ok().prints(&[]);
    let read = place.path().join("read");
    assert_eq!(fs::read(&read).unwrap(), SECRET);
    assert_eq!(fs::metadata(&read).unwrap().permissions().mode() & 0o777, 0o600);
    place
        .run(&[&READ[..], &["--out", "read"]].concat())
        .ends(2)
        .says(&["cannot write read: File exists", "name a new file"]);
    let ground = "withheld: Schedule 12A, paragraph 3 (financial or business affairs); public interest: bidders would not bid again";
    let anyone = place.run(&["content", "read", "lwk", "bids"]).ends(1).says(&[ground, "whoever holds its read key"]);
    assert_eq!(anyone.out, "");
    let register = place.run(&["register", "lwk", "--json"]).ok().json();
    let row = register["answer"].as_array().unwrap().iter().find(|row| row["row"] == "content").unwrap().clone();
    assert_eq!((&row["what"], &row["title"]), (&"content/bids".into(), &"Exempt appendix".into()));
    assert_eq!((&row["says"]["knowledge"], &row["says"]["text"]), (&"withheld".into(), &ground.into()));
    place.run(&["why", "lwk", "content/bids"]).ok().prints(&["withheld: Schedule 12A"]);
    place
        .run(&["content", "read", "lwk", "bid"])
        .ends(2)
        .says(&["contract \"lwk\" has no content \"bid\": did you mean bids?"]);
    place.run(&["content", "read", "cbw", "bids"]).ends(2).says(&["the ledger knows no content of it"]);
}

#[test]
fn another_key_reads_nothing_and_says_why() {
    let place = council();
    seal(&place, "appendix", "bids");
    let other = place.run(&["content", "key", "--out", "other.key"]).ok().out;
    let public = fs::read_to_string(place.path().join("officer.pub")).unwrap();
    let read = |key: &str| place.run(&["content", "read", "lwk", "bids", "--key", key]).ends(2);
    assert_eq!(read("other.key").says(&[&format!("sealed to {}", public.trim()), other.trim()]).out, "");
    read("officer.pub").says(&["officer.pub is not the file of a read key"]);
    read("appendix").says(&["appendix is not the file of a read key"]);
    read(".").says(&["is not the file of a read key"]);
    read("nowhere").says(&["cannot read nowhere: No such file or directory"]);
    fs::set_permissions(place.path().join("officer.key"), fs::Permissions::from_mode(0o640)).unwrap();
    read("officer.key").says(&["others than its owner may read officer.key", "chmod 600 officer.key"]);
}

#[test]
fn a_key_is_made_once_and_a_mistyped_one_is_refused() {
    let place = council();
    let key = place.path().join("officer.key");
    let made = fs::read(&key).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    place.run(&["content", "key", "--out", "officer.key"]).ends(2).says(&["there is already a file at officer.key"]);
    assert_eq!(fs::read(&key).unwrap(), made);
    let public = fs::read_to_string(place.path().join("officer.pub")).unwrap().trim().to_owned();
    place.run(&["content", "seal", "appendix", "--to", &public]).ok();
    // The words before the key, its check, and some of its digits.
    for at in (0..25).chain((25..public.len()).step_by(13)) {
        let mut typed = public.clone().into_bytes();
        typed[at] = if typed[at] == b'0' { b'1' } else { b'0' };
        let refused = place.run(&["content", "seal", "appendix", "--to", &String::from_utf8(typed).unwrap()]).ends(2);
        refused.says(&["this is not a seal key: write it as `minutebook content key` printed it"]);
    }
    // The read key in the place of the seal key is refused, and not repeated.
    let read_key = String::from_utf8(made).unwrap().lines().next().unwrap().to_owned();
    place.file("read.txt", &read_key);
    let refused = place.run(&["content", "seal", "appendix", "--to", "read.txt"]).ends(2);
    assert!(!refused.err.contains(&read_key), "{refused:#?}");
}

#[test]
fn a_sealed_file_that_was_changed_gives_nothing_out() {
    let place = council();
    let line = seal(&place, "appendix", "bids");
    let path = sealed_file(&place, &line);
    let whole = fs::read(&path).unwrap();
    assert_eq!(whole.len(), 20 + 32 + 32 + 86 + SECRET.len() + 16);
    let contents = Contents::beside(&place.ledger());
    let key = ReadKey::read(&place.path().join("officer.key")).unwrap();
    let commitment: Commitment = quoted(&line).parse().unwrap();
    let read = || {
        let mut out = vec![];
        let read = contents.read(&commitment, &key, &mut out);
        assert!(read.is_ok() || out.is_empty(), "nothing is given out before all was checked");
        read.map(|_| out)
    };
    assert_eq!(read().unwrap(), SECRET);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, changed).unwrap();
        let error = read().unwrap_err();
        // The public key in it is not secret: changed, it is another's.
        let wrong_key = (20..52).contains(&at) && matches!(error, ContentError::WrongKey { .. });
        assert!(wrong_key || matches!(error, ContentError::Damaged(_)), "byte {at}: {error}");
        fs::write(&path, &whole[..at]).unwrap();
        assert!(matches!(read(), Err(ContentError::Damaged(_))), "cut at {at}");
    }
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    place
        .run(&[&READ[..], &["--out", "read"]].concat())
        .ends(2)
        .says(&["is damaged: it is not what the entry commits to"]);
    assert!(!place.path().join("read").exists());
    // What another entry commits to, whole as it is, is not this.
    let other = place.run(&["content", "seal", "defined.toml", "--to", "officer.pub"]).ok().out;
    fs::copy(sealed_file(&place, &other), &path).unwrap();
    assert_eq!(place.run(&READ).ends(2).says(&["is damaged"]).out, "");
    fs::write(&path, whole).unwrap();
    place.run(&READ).ok();
}

#[test]
fn contents_of_every_size_come_back_and_no_two_commitments_are_alike() {
    let dir = tempfile::tempdir().unwrap();
    let contents = Contents::beside(dir.path());
    let key = ReadKey::create(&dir.path().join("key")).unwrap();
    let mut commitments = vec![];
    let chunk = 65_536;
    for size in [1, 85, 86, 87, chunk - 87, chunk - 86, chunk - 85, chunk, 2 * chunk - 86, 1_000_003] {
        let content: Vec<u8> = (0..size).map(|n: usize| (n * n / 7) as u8).collect();
        for _ in 0..2 {
            let commitment = contents.seal(content.as_slice(), key.seal_key()).unwrap();
            let mut out = vec![];
            let salt = contents.read(&commitment, &key, &mut out).unwrap();
            assert!(out == content, "{size} bytes");
            assert_eq!(commits(&mut content.as_slice(), &salt).unwrap(), commitment);
            assert_ne!(commits(&mut &content[1..], &salt).unwrap(), commitment);
            commitments.push(commitment);
        }
    }
    let count = commitments.len();
    commitments.sort_unstable();
    commitments.dedup();
    assert_eq!(commitments.len(), count);
    assert!(matches!(contents.seal([].as_slice(), key.seal_key()), Err(ContentError::Empty)));
}

#[test]
fn what_is_no_content_is_refused() {
    let place = council();
    place.file("empty", "");
    for (file, words) in [
        (".", ". is a folder, and a content is one file: pack it into one first"),
        ("nowhere", "cannot read nowhere: No such file or directory (os error 2); check the path"),
        ("empty", "empty: the content is empty: there is nothing to seal"),
    ] {
        place.run(&["content", "seal", file, "--to", "officer.pub"]).ends(2).says(&[words]);
    }
    assert!(!place.ledger().join("sealed").exists());
    place
        .run(&["--ledger", "nowhere", "content", "seal", "appendix", "--to", "officer.pub"])
        .ends(2)
        .says(&["no ledger at"]);
}

#[test]
fn anyone_checks_what_was_disclosed_with_a_salt() {
    let place = council();
    let line = seal(&place, "appendix", "bids");
    let salt = place.run(&[&READ[..], &["--salt"]].concat()).ok().out.trim().to_owned();
    let check =
        |file: &str, salt: &str| place.run(&["content", "check", "lwk", "bids", "--file", file, "--salt", salt]);
    check("appendix", &salt).ok().prints(&[quoted(&line), "to which the entry at position 1 commits"]);
    check("defined.toml", &salt)
        .ends(1)
        .prints(&["defined.toml is not content bids of lwk, or the salt is not its own"]);
    check("appendix", &"0".repeat(64)).ends(1).prints(&["is not content bids of lwk"]);
    let refused = check("appendix", &salt[1..]).ends(2).says(&["--salt: the text is not a salt: write its 64"]);
    assert!(!refused.err.contains(&salt[1..]));
    place
        .run(&["content", "check", "lwk", "bids", "--file", "appendix"])
        .ends(2)
        .says(&["the content is not published"]);
    // As the documentation says, with nothing of ours.
    let script = format!("{{ printf 'minutebook content 1\\n%s\\n' {salt}; cat appendix; }} | sha256sum");
    let shell = Command::new("sh").args(["-c", &script]).current_dir(place.path()).output().unwrap();
    assert_eq!(String::from_utf8(shell.stdout).unwrap().split(' ').next(), Some(quoted(&line)));
}

#[test]
fn a_published_content_is_for_everybody_and_was_not_before() {
    let place = council();
    let line = seal(&place, "appendix", "bids");
    nowhere(&place, SECRET);
    let salt = publish(&place, "bids");
    let published = place.ledger().join("published").join(quoted(&line));
    assert_eq!(fs::read(&published).unwrap(), SECRET);
    assert_eq!(place.run(&["content", "read", "lwk", "bids"]).ok().out.as_bytes(), SECRET);
    assert_eq!(place.run(&["content", "read", "lwk", "bids", "--salt"]).ok().out.trim(), quoted(&salt));
    place.run(&["content", "check", "lwk", "bids", "--file", "appendix"]).ok();
    place
        .run(&["verify"])
        .ok()
        .prints(&["0 sealed and there, 1 published and equal to what was committed to, 0 erased"]);
    let says = |args: &[&str]| {
        let register = place.run(&[&["register", "lwk", "--json"], args].concat()).ok().json();
        let rows = register["answer"].as_array().unwrap().clone();
        let row = rows.iter().find(|row| row["row"] == "content").cloned().unwrap_or_default();
        format!("{} {}", row["says"]["knowledge"], row["says"]["text"]).replace('"', "")
    };
    assert_eq!(says(&[]), "known published");
    assert!(says(&["--known-at", "1"]).starts_with("withheld withheld: "));
    assert!(says(&["--decided-by", "2022-05-31"]).starts_with("withheld withheld: "));
    assert!(says(&["--as-of", "2022-05-31"]).starts_with("withheld withheld: "));
    assert_eq!(says(&["--known-at", "0"]), "null null");
    erase(&place, "bids").ok().prints(&["\npublished 2: its salt stays in that entry"]);
    assert_eq!(says(&[]), "unknown not determined: erased, 1 January 2023: kept no longer than needed");
    assert_eq!(says(&["--known-at", "2"]), "known published");
    assert_eq!(says(&["--as-of", "2022-12-31"]), "known published");
    assert!(!published.exists());
}

#[test]
fn an_erasure_leaves_no_trace_but_the_entries_and_breaks_no_proof() {
    let place = council();
    let line = seal(&place, "appendix", "bids");
    let salt = place.run(&[&READ[..], &["--salt"]].concat()).ok().out.trim().to_owned();
    let public = place.run(&["key", "new", "kent.example/minutebook", "--out", "kent.key"]).ok().out;
    let note = place.run(&["checkpoint", "--key", "kent.key"]).ok().out;
    place.file("before.note", note);
    let leaves = |upto: u64| -> Vec<String> {
        let ledger = reopen(place.at());
        (0..upto).map(|at| ledger.stored(minutebook_events::Position(at)).unwrap().unwrap().leaf.to_string()).collect()
    };
    let before = leaves(2);
    let sealed = fs::read(sealed_file(&place, &line)).unwrap();
    let certificate = erase(&place, "bids").ok().says(&["erasing.toml: recorded at position 2, 1 event"]).out;
    assert!(!sealed_file(&place, &line).exists());
    for what in [SECRET, salt.as_bytes(), &sealed[84..]] {
        nowhere(&place, what);
    }
    assert_eq!(leaves(2), before);
    place.run(&["verify", "--checkpoint", "before.note", "--key", public.trim()]).ok().prints(&[
        "It is what its one checkpoint says",
        "0 sealed and there, 0 published and equal to what was committed to, 1 erased and gone",
    ]);
    assert_eq!(place.roots()["equal"], true);
    let after = leaves(3);
    for words in [
        "unsigned erasure certificate\nentries 3\nprogram minutebook ",
        &format!("\nerased 2 {}\n", after[2]),
        &format!("\nsealed 1 {}\n", after[1]),
        &format!("\ncontent bids of lwk\ncommitment {}\n", quoted(&line)),
        "\ndecided 1 January 2023, erase-bids: An act\nreason kept no longer than needed\nrecorded 20",
        "\nnot reached copies of that folder made before, what was disclosed,",
        "\npublished never\n",
        "\nholds every entry as it was recorded, and with it every hash, proof and checkpoint\n",
    ] {
        assert!(certificate.contains(words), "\"{words}\" is not in\n{certificate}");
    }
    let signed = place.run(&["content", "certificate", "lwk", "bids", "--sign", "kent.key"]).ok().out;
    assert!(signed.starts_with("kent.example/minutebook erasure certificate\nentries 3\n"), "{signed}");
    place.file("erasure.note", signed);
    place.run(&["key", "check", "erasure.note", "--key", public.trim()]).ok();
    place
        .run(&READ)
        .ends(1)
        .says(&["content bids of lwk: not determined: erased, 1 January 2023: kept no longer than needed\n"]);
    place.run(&["content", "publish", "lwk", "bids", "--key", "officer.key"]).ends(1).says(&["erased, 1 January 2023"]);
    // Who kept what was disclosed can still prove that it is what was decided on.
    place.run(&["content", "check", "lwk", "bids", "--file", "appendix", "--salt", &salt]).ok();
    // The sealing is recorded: to record it again changes nothing, and asks for nothing.
    place.run(&["record", "sealing.toml"]).ok().prints(&["already recorded at position 1"]);
}

#[test]
fn an_erasure_that_a_crash_cut_short_is_told_and_finished() {
    let place = council();
    let line = seal(&place, "appendix", "bids");
    publish(&place, "bids");
    let kept = place.path().join("kept");
    copy(&place.ledger(), &kept);
    erase(&place, "bids").ok();
    for part in ["sealed", "published"] {
        // As if the process had died after the entry was on disk.
        let path = place.ledger().join(part).join(quoted(&line));
        fs::copy(kept.join(part).join(quoted(&line)), &path).unwrap();
        let words =
            format!("content bids of lwk was erased at position 3, and {} is still there", path_in(part, &line));
        place.run(&["verify"]).ends(1).prints(&[&words, "erase it again with the same decision file"]);
        assert_eq!(place.run(&["verify", "--json"]).ends(1).json()["fault"].as_str().unwrap().find(&words), Some(0));
        place.run(&["content", "certificate", "lwk", "bids"]).ends(1).says(&[&words]);
        place
            .run(&["content", "discard", quoted(&line)])
            .ends(1)
            .says(&["what an entry asks for is erased by a decision"]);
        erase(&place, "bids")
            .ok()
            .says(&["already recorded at position 3"])
            .prints(&["erasure certificate\nentries 4\n"]);
        assert!(!path.exists());
        place.run(&["verify"]).ok();
    }
}

/// Where a content lies, as a message names it.
fn path_in(part: &str, line: &str) -> String {
    format!("minutebook-ledger/{part}/{}", quoted(line))
}

#[test]
fn a_receipt_needs_the_content_to_be_there() {
    let place = council();
    let before = place.roots();
    let refused = |file: &str, underlined: &str, words: &str| {
        for command in ["check", "record"] {
            let ran = place.run(&[command, file]).ends(1).says(&[words]);
            let line = ran.err.lines().find(|line| line.contains(underlined)).unwrap_or_else(|| panic!("{ran:#?}"));
            let at = line.find(underlined).unwrap();
            let carets = ran.err.lines().find(|line| line.trim_start_matches([' ', '|']).starts_with('^')).unwrap();
            assert_eq!(carets.find('^'), Some(at), "{ran:#?}");
        }
    };
    let nothing = "0".repeat(64);
    place.file("a.toml", sealing("A", "bids", &format!("commitment = \"{nothing}\"")));
    refused("a.toml", &format!("\"{nothing}\""), "no content is sealed here under this commitment: seal it first");
    assert_eq!(place.roots(), before);
    let line = seal(&place, "appendix", "bids");
    place.file("b.toml", publishing("B", "bids", &format!("salt = \"{nothing}\"")));
    refused("b.toml", &format!("\"{nothing}\""), "the content does not lie here for everybody: put it there first");
    let salt = place.run(&["content", "publish", "lwk", "bids", "--key", "officer.key"]).ok().out;
    refused("b.toml", &format!("\"{nothing}\""), "with this salt the content is not what was committed to");
    place.file(
        "c.toml",
        publishing("C", "bids", salt.trim()).replace("effective = 2022-06-01", "effective = 2999-01-01"),
    );
    refused("c.toml", "2999-01-01", "effective, 1 January 2999, is after today,");
    place.file("d.toml", erasing("E", "bids").replace("effective = 2023-01-01", "effective = 2999-01-01"));
    place.run(&["content", "erase", "d.toml"]).ends(1).says(&["d.toml:12:13", "is after today"]);
    // A damaged file is no content either.
    let path = sealed_file(&place, &place.run(&["content", "seal", "defined.toml", "--to", "officer.pub"]).ok().out);
    fs::write(&path, "what the disk left of it").unwrap();
    let commitment = path.file_name().unwrap().to_str().unwrap();
    place.file("e.toml", sealing("F", "other", &format!("commitment = \"{commitment}\"")));
    refused("e.toml", &format!("\"{commitment}\""), "is damaged");
    assert_eq!(place.roots()["entries"], 2);
    assert!(sealed_file(&place, &line).exists());
}

#[test]
fn only_its_own_command_erases() {
    let place = council();
    let line = seal(&place, "appendix", "bids");
    place.file("erasing.toml", erasing("E", "bids")).file("other.toml", erasing("E", "bid"));
    place.run(&["check", "erasing.toml"]).ok();
    place.run(&["record", "--dry-run", "erasing.toml"]).ok();
    place
        .run(&["record", "erasing.toml"])
        .ends(1)
        .says(&["erasing.toml:11:8", "record it with `minutebook content erase`"]);
    place.run(&["content", "erase", "sealing.toml"]).ends(1).says(&["nothing in it erases a content"]);
    place.run(&["content", "erase", "other.toml"]).ends(1).says(&["other.toml:16:11", "did you mean \"bids\"?"]);
    place
        .run(&["content", "erase", "--expected-head", "1", "erasing.toml"])
        .ends(1)
        .says(&["the ledger holds 2 entries"]);
    place
        .run(&["content", "certificate", "lwk", "bids"])
        .ends(1)
        .says(&["was not erased: there is nothing to certify"]);
    assert!(sealed_file(&place, &line).exists());
    place.run(&["verify"]).ok();
}

#[test]
fn verify_tells_the_first_content_that_is_not_as_the_entries_say() {
    let place = council();
    let bids = seal(&place, "appendix", "bids");
    seal(&place, "defined.toml", "names");
    publish(&place, "names");
    place.run(&["verify"]).ok().prints(&["1 sealed and there, 1 published", "shows only with its read key"]);
    let fault = |words: &str| {
        place.run(&["verify"]).ends(1).prints(&["Fault: content ", words]);
    };
    let path = sealed_file(&place, &bids);
    let whole = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fault("content bids of lwk, sealed at position 1: there is no minutebook-ledger/sealed/");
    fs::write(&path, &whole[1..]).unwrap();
    fault("content bids of lwk, sealed at position 1: minutebook-ledger/sealed/");
    fs::write(&path, whole).unwrap();
    let published = fs::read_dir(place.ledger().join("published")).unwrap().next().unwrap().unwrap().path();
    fs::write(&published, "another text").unwrap();
    fault("content names of lwk, sealed at position 2: minutebook-ledger/published/");
    place.run(&["content", "read", "lwk", "names"]).ends(2).says(&["is damaged"]);
    fs::remove_file(&published).unwrap();
    fault("there is no minutebook-ledger/published/");
    // The officer's key mends it.
    place.run(&["content", "publish", "lwk", "names", "--key", "officer.key"]).ok();
    place.run(&["verify"]).ok();
}

#[test]
fn what_no_entry_asks_for_is_told_and_can_be_destroyed() {
    let place = council();
    let bids = seal(&place, "appendix", "bids");
    let stray = place.run(&["content", "seal", "appendix", "--to", "officer.pub"]).ok().out;
    place.run(&["content", "publish", "lwk", "bids", "--key", "officer.key"]).ok();
    let verified = place.run(&["verify"]).ok();
    let verified = verified.prints(&[
        &format!("No entry that stands commits to what is sealed under {}: record it, or destroy it", quoted(&stray)),
        &format!("No entry publishes what lies here for everybody under {}: record it, or take it back", quoted(&bids)),
    ]);
    assert_eq!(verified.out.matches("No entry").count(), 2);
    let held = place.run(&["verify", "--json"]).ok().json()["verified"]["contents"].clone();
    assert_eq!(held["unrecorded"][0], quoted(&stray));
    assert_eq!(held["unpublished"][0], quoted(&bids));
    for line in [&stray, &bids] {
        place.run(&["content", "discard", quoted(line)]).ok().prints(&["destroyed what lay here for no entry"]);
        place.run(&["content", "discard", quoted(line)]).ends(1).says(&["nothing lies here for no entry"]);
    }
    assert!(!place.run(&["verify"]).ok().out.contains("No entry"));
    place.run(&READ).ok();
    // What a crash left half-written goes on the next opening.
    let draft = place.ledger().join("sealed/half.draft");
    fs::write(&draft, "half").unwrap();
    place.run(&["state"]).ok();
    assert!(!draft.exists());
}

#[test]
fn another_file_that_was_meant_takes_the_place_and_the_wrong_one_can_go() {
    for discarded in [false, true] {
        correct_and_erase(discarded);
    }
}

fn correct_and_erase(discarded: bool) {
    let place = council();
    let wrong = seal(&place, "defined.toml", "bids");
    let right = place.run(&["content", "seal", "appendix", "--to", "officer.pub"]).ok().out;
    let strikes = format!(
        "[[event]]\nkind = \"correction\"\neffective = 2022-01-01\nstanding = \"decided\"\nsources = [\"X 1\"]\n\
         strikes = {{ entry = \"{}\", event = 0 }}\nreason = \"another file was meant\"\n",
        EntryId::from_text("seal-bids")
    );
    let anew = sealing("X", "bids", right.trim());
    let anew = &anew[anew.find("[[event]]").unwrap()..];
    place.file("correction.toml", act("X", "2022-01-01", &(strikes + anew)));
    place.run(&["record", "correction.toml"]).ok();
    assert_eq!(place.run(&READ).ok().out.as_bytes(), SECRET);
    place
        .run(&["verify"])
        .ok()
        .prints(&[&format!("No entry that stands commits to what is sealed under {}", quoted(&wrong))]);
    if discarded {
        place.run(&["content", "discard", quoted(&wrong)]).ok();
        place.run(&READ).ok();
    }
    let certificate = erase(&place, "bids").ok().out;
    for line in [&wrong, &right] {
        assert!(!sealed_file(&place, line).exists());
        assert!(certificate.contains(quoted(line)), "{certificate}");
    }
    place.run(&["verify"]).ok();
}

#[test]
fn neither_content_nor_salt_is_in_a_log_or_an_answer_before_it_is_published() {
    let place = council();
    seal(&place, "appendix", "bids");
    let salt = place.run(&[&READ[..], &["--salt"]].concat()).ok().out.trim().to_owned();
    place.run(&["content", "seal", "appendix", "--to", "officer.pub"]).ok();
    let commands: [&[&str]; 8] = [
        &["content", "seal", "appendix", "--to", "officer.pub"],
        &[READ.as_slice(), &["--out", "read"]].concat(),
        &["content", "check", "lwk", "bids", "--file", "defined.toml", "--salt", &salt],
        &["content", "read", "lwk", "bids"],
        &["register", "lwk", "--json"],
        &["why", "lwk", "content/bids", "--json"],
        &["replay", "--json"],
        &["verify", "--json"],
    ];
    for args in commands {
        let ran = ran(place.command().env("MINUTEBOOK_LOG", "trace").args(args));
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!holds(said.as_bytes(), SECRET) && !said.contains(&salt), "{args:?}");
        assert!(said.contains("DEBUG") || said.contains("TRACE"), "{args:?} logs nothing: {said}");
    }
    nowhere(&place, SECRET);
    nowhere(&place, salt.as_bytes());
    let binary: Salt = salt.parse().unwrap();
    nowhere(&place, &binary.0);
    assert_eq!(format!("{binary:?}"), "a salt");
    let key = ReadKey::read(&place.path().join("officer.key")).unwrap();
    let public = fs::read_to_string(place.path().join("officer.pub")).unwrap();
    assert_eq!(format!("{key:?}"), format!("the read key of {}", public.trim()));
}

#[test]
fn the_event_in_readme_reads_as_it_stands() {
    let readme = include_str!("../../README.md");
    let block =
        readme.split("```toml\n").find(|block| block.contains("content-sealed")).unwrap().split("```").next().unwrap();
    let text = act("C", "2021-12-20", &block.replace('…', &"0".repeat(64)));
    let file = minutebook_events::decision_file::DecisionFile::parse(&text).unwrap();
    assert_eq!(file.draft.events[0].kind.name(), "content-sealed");
}

/// What one of several drafts erases is gone once there is a receipt for it; where one before it is refused, nothing is erased.
#[test]
fn what_one_of_several_drafts_erases_is_gone_with_its_receipt() {
    let place = council();
    let (bids, names) = (seal(&place, "appendix", "bids"), seal(&place, "defined.toml", "names"));
    let draft = |text: &str| minutebook_events::decision_file::DecisionFile::parse(text).unwrap().draft;
    let erases = |content: &str| draft(&erasing(&format!("erase-{content}"), content));
    let ledger = reopen(place.at());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let record = |drafts| runtime.block_on(ledger.record_all(drafts, ledger.head()));
    let told =
        record(vec![draft(&crate::given::defines("before")), erases("bids"), draft(&crate::given::defines("after"))]);
    let positions: Vec<u64> = told.into_iter().map(|told| told.unwrap().position.0).collect();
    assert_eq!(positions, [3, 4, 5]);
    assert!(!sealed_file(&place, &bids).exists() && sealed_file(&place, &names).exists());
    let unheard = draft(&publishing("publish-nothing", "no-such", &format!("salt = \"{}\"", "0".repeat(64))));
    let told = record(vec![unheard, erases("names")]);
    assert!(told.iter().all(Result::is_err), "{told:?}");
    assert!(sealed_file(&place, &names).exists(), "nothing was recorded that erases it");
    drop(ledger);
    place.run(&["verify"]).ok().prints(&["1 sealed and there", "1 erased and gone"]);
}

#[test]
fn copies_carry_contents_and_an_erasure_does_not_reach_those_made_before() {
    let place = council();
    seal(&place, "appendix", "bids");
    seal(&place, "defined.toml", "names");
    let names = publish(&place, "names");
    place.run(&["backup", "--out", "backup"]).ok();
    place.run(&["archive", "--out", "archive"]).ok();
    erase(&place, "bids").ok();
    for (at, from) in ["backup", "archive"].into_iter().enumerate() {
        let ledger = format!("restored-{at}");
        place.run(&["restore", "--from", from, "--ledger", &ledger]).ok();
        let there = |args: &[&str]| place.run(&[&["--ledger", &ledger], args].concat());
        assert_eq!(there(&READ).ok().out.as_bytes(), SECRET);
        there(&["content", "read", "lwk", "names", "--salt"]).ok().prints(&[quoted(&names)]);
        there(&["verify"]).ok().prints(&["1 sealed and there, 1 published"]);
    }
    // Who takes it out of an older copy by hand has no copy any more: a new one takes its place.
    fs::remove_dir_all(place.path().join("backup/sealed")).unwrap();
    let sums = place.path().join("backup/SHA256SUMS");
    let lines = fs::read_to_string(&sums).unwrap();
    let kept = lines.lines().filter(|line| !line.contains("sealed/")).map(|line| format!("{line}\n"));
    fs::write(&sums, kept.collect::<String>()).unwrap();
    place
        .run(&["restore", "--from", "backup", "--ledger", "other"])
        .ends(1)
        .says(&["content bids of lwk, sealed at position 1: there is no backup/sealed/"]);
    place.run(&["backup", "--out", "after"]).ok();
    place
        .run(&["--ledger", "after", "verify"])
        .ok()
        .prints(&["1 published and equal to what was committed to, 1 erased"]);
}

#[test]
fn an_answer_about_contents_is_checked_without_a_ledger() {
    let place = council();
    seal(&place, "appendix", "bids");
    let public = place.run(&["key", "new", "kent.example/minutebook", "--out", "kent.key"]).ok().out;
    let salt = place.run(&[&READ[..], &["--salt"]].concat()).ok().out.trim().to_owned();
    place.run(&["answer", "register", "lwk", "--sign", "kent.key", "--bundle", "sealed.json"]).ok();
    publish(&place, "bids");
    place.run(&["answer", "register", "lwk", "--sign", "kent.key", "--bundle", "published.json"]).ok();
    for (bundle, words, salted) in
        [("sealed.json", "withheld: Schedule 12A", false), ("published.json", "published", true)]
    {
        place.run(&["verify-answer", bundle, "--key", public.trim()]).ok().prints(&[words]);
        let bytes = fs::read(place.path().join(bundle)).unwrap();
        assert_eq!(holds(&bytes, salt.as_bytes()), salted, "{bundle}");
        assert!(!holds(&bytes, SECRET));
    }
}

also_on_a_server! {
    whoever_has_the_key_reads_it_and_anyone_else_is_told_its_ground,
    another_key_reads_nothing_and_says_why,
    a_key_is_made_once_and_a_mistyped_one_is_refused,
    a_sealed_file_that_was_changed_gives_nothing_out,
    anyone_checks_what_was_disclosed_with_a_salt,
    a_published_content_is_for_everybody_and_was_not_before,
    an_erasure_leaves_no_trace_but_the_entries_and_breaks_no_proof,
    an_erasure_that_a_crash_cut_short_is_told_and_finished,
    a_receipt_needs_the_content_to_be_there,
    only_its_own_command_erases,
    verify_tells_the_first_content_that_is_not_as_the_entries_say,
    what_no_entry_asks_for_is_told_and_can_be_destroyed,
    another_file_that_was_meant_takes_the_place_and_the_wrong_one_can_go,
    neither_content_nor_salt_is_in_a_log_or_an_answer_before_it_is_published,
    what_one_of_several_drafts_erases_is_gone_with_its_receipt,
    an_answer_about_contents_is_checked_without_a_ledger,
}
