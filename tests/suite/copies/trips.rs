//! Round trips: every byte and every root comes back, and who knows nothing of us reads an archive.

use super::{answers, archived, assert_no_draft, beside, council, restore, restored, sum_again, tree};
use crate::run::{Place, Ran, copy, defines, ran, reopen};
use crate::sealed;
use assert_cmd::Command;
use minutebook::copies::{archive, backup};
use minutebook::ledger::Ledger;
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Hash, Position};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tempfile::TempDir;

#[test]
fn a_backup_opens_as_it_is_and_is_restored_whole() {
    let (place, public) = council();
    let root = place.run(&["verify", "--json"]).ok().json()["head"]["root"].as_str().unwrap().to_owned();
    let told = place.run(&["backup", "--out", "backup"]).ok();
    told.prints(&["Backed up 41 entries of ", " and 5 files beside them to backup", &format!("Merkle root {root}\n")]);
    let before = answers(&place, "minutebook-ledger");
    assert_eq!(answers(&place, "backup"), before);
    place.run(&["--ledger", "backup", "verify", "--key", &public]).ok().prints(&["It is what 2 checkpoints say"]);
    let told = place.run(&["restore", "--from", "backup", "--ledger", "restored", "--key", &public]).ok();
    told.prints(&["from the backup backup to restored", "2 checkpoints say, which cover 40 of 41 entries", &root]);
    assert_eq!(answers(&place, "restored"), before);
    for copy in ["backup", "restored"] {
        assert_eq!(beside(&place.path().join(copy)), beside(&place.ledger()), "{copy}");
    }
    // What was restored is a ledger like any other.
    place.run(&["--ledger", "restored", "checkpoint", "--key", "kent.key"]).ok();
    place.file("c.toml", defines("c-party")).run(&["--ledger", "restored", "record", "c.toml"]).ok();
    assert_no_draft(place.path());
}

#[test]
fn an_archive_is_restored_whole_and_archived_again_byte_for_byte() {
    let (place, public) = council();
    let told = place.run(&["archive", "--out", "archive"]).ok();
    told.prints(&["Archived 41 entries of ", " and 5 files beside them in archive"]);
    let told = place.run(&["restore", "--from", "archive", "--ledger", "restored", "--key", &public]).ok();
    told.prints(&["from the archive archive to restored", "2 checkpoints say, which cover 40 of 41 entries"]);
    assert_eq!(answers(&place, "restored"), answers(&place, "minutebook-ledger"));
    assert_eq!(beside(&place.path().join("restored")), beside(&place.ledger()));
    place.run(&["--ledger", "restored", "archive", "--out", "again"]).ok();
    assert_eq!(tree(&place.path().join("again")), tree(&place.path().join("archive")));
    assert_no_draft(place.path());
}

#[test]
fn a_line_of_an_archive_is_what_was_stored() {
    let (place, _) = council();
    place.run(&["archive", "--out", "archive"]).ok();
    let text = fs::read(place.path().join("archive/entries.jsonl")).unwrap();
    let ledger = Ledger::open(&place.ledger(), |_, _| {}).unwrap();
    let mut lines = text.split(|byte| *byte == b'\n');
    for position in (0..ledger.head().0).map(Position) {
        assert_eq!(lines.next().unwrap(), ledger.stored(position).unwrap().unwrap().bytes, "position {position}");
    }
    assert_eq!((lines.next(), lines.next()), (Some(&b""[..]), None));
}

#[test]
fn what_was_private_stays_so() {
    let (place, _) = council();
    fs::set_permissions(place.ledger(), fs::Permissions::from_mode(0o750)).unwrap();
    place.run(&["backup", "--out", "backup"]).ok();
    place.run(&["archive", "--out", "archive"]).ok();
    restore(&place, "archive", "restored").ok();
    let mode = |path: String| fs::metadata(place.path().join(path)).unwrap().permissions().mode() & 0o777;
    for copy in ["backup", "archive", "restored"] {
        let modes = ["", "sealed", "sealed/5e"].map(|name| mode(format!("{copy}/{name}")));
        // Its owner may always write: a ledger that came from a read-only disk must be usable.
        assert_eq!(modes, [0o750, 0o700, 0o600], "{copy}");
    }
}

#[test]
fn an_empty_ledger_comes_back_empty() {
    let place = Place::empty();
    drop(Ledger::create(&place.ledger()).unwrap());
    for (command, copy) in [("backup", "backup"), ("archive", "archive")] {
        place.run(&[command, "--out", copy]).ok().prints(&["0 entries of 0 bytes", &Hash::of([]).to_string()]);
        let restored = format!("from-{copy}");
        restore(&place, copy, &restored).ok().prints(&["Restored 0 entries", "It was held to no checkpoint"]);
        assert_eq!(answers(&place, &restored)[0]["entries"], 0);
    }
    // A folder that is there and empty may become the ledger.
    fs::create_dir(place.path().join("made")).unwrap();
    restore(&place, "archive", "made").ok();
}

/// More entries than one commit takes.
#[tokio::test]
async fn many_entries_come_back() {
    const ENTRIES: u64 = 1_100;
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let ledger = Arc::new(Ledger::create(&at("ledger")).unwrap());
    let record = |number: u64| {
        let draft = DecisionFile::parse(&defines(&format!("party-{number}"))).unwrap().draft;
        let ledger = Arc::clone(&ledger);
        async move { ledger.record(draft, Position(number)).await }
    };
    for task in (0..ENTRIES).map(|number| tokio::spawn(record(number))).collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    let head = ledger.roots().await.unwrap();
    let mut steps = vec![];
    backup(&ledger, &head, &at("ledger"), &at("backup"), &mut |step, done, total| steps.push((step, done, total)))
        .unwrap();
    assert_eq!((steps.first().unwrap().1, steps.last().unwrap().1, steps.len() as u64), (1, ENTRIES, 2 * ENTRIES));
    assert!(steps.iter().all(|(_, done, total)| done <= total && *total == ENTRIES));
    archive(ledger.store(), &at("ledger"), &at("archive"), &mut |_, _, _| {}).unwrap();
    for from in ["backup", "archive"] {
        let to = at(&format!("from-{from}"));
        let copied = restored(&at(from), &to);
        assert_eq!((copied.entries, copied.root), (ENTRIES, head.root));
        assert_eq!(reopen(&to).roots().await.unwrap(), head);
    }
}

fn python(place: &Place) -> Option<Ran> {
    let has_python = std::process::Command::new("python3").arg("-V").output().is_ok_and(|run| run.status.success());
    if !has_python {
        assert!(std::env::var_os("CI").is_none(), "python3 is missing: CI must have it");
        println!("skipped: python3 is missing");
        return None;
    }
    let mut python = Command::new("python3");
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tools/check_archive.py")).arg("archive");
    Some(ran(python.current_dir(place.path())))
}

#[test]
fn another_language_finds_the_same_root_from_the_archive_alone() {
    let (place, _) = council();
    let root = place.run(&["verify", "--json"]).ok().json()["head"]["root"].as_str().unwrap().to_owned();
    place.run(&["archive", "--out", "archive"]).ok();
    let Some(ran) = python(&place) else { return };
    ran.ok().prints(&[
        &format!("41 entries, Merkle root {root}\n"),
        "the first 39 are those of a checkpoint of kent.example/minutebook\n",
        "the first 40 are those of a checkpoint of kent.example/minutebook\n",
    ]);
    let entries = place.path().join("archive/entries.jsonl");
    let text = fs::read_to_string(&entries).unwrap();
    fs::write(&entries, text.replacen("Porchlight", "Porchlamp", 1)).unwrap();
    python(&place).unwrap().ends(1).says(&["entries.jsonl: not the file of which SHA256SUMS has the hash"]);
    sum_again(&place.path().join("archive"));
    python(&place).unwrap().ends(1).says(&["the first 39 entries are not those that kent.example/minutebook signed"]);
}

#[test]
fn the_commands_in_the_archives_readme_do_what_it_says() {
    let (place, _) = archived();
    let readme = fs::read_to_string(place.path().join("archive/README.txt")).unwrap();
    let command = |words: &str| {
        let line = readme.lines().find(|line| line.contains(words)).unwrap().trim();
        let mut shell = Command::new("sh");
        ran(shell.args(["-c", line.split("   ").next().unwrap()]).current_dir(place.path().join("archive"))).ok().out
    };
    assert_eq!(command("sha256sum -c").matches(": OK\n").count(), 3);
    let ledger = Ledger::open(&place.ledger(), |_, _| {}).unwrap();
    let leaf = ledger.stored(Position(0)).unwrap().unwrap().leaf;
    assert!(command("printf").starts_with(&leaf.to_string()));
    assert!(readme.contains(&format!("Merkle root:  {}\n", ledger.tree().root(39).unwrap())));
}

/// A ledger with three contents: one sealed, one published, one erased.
fn sealing() -> (Place, [String; 2]) {
    let place = sealed::council();
    let lines = ["bids", "prices", "names"].map(|content| sealed::seal(&place, "appendix", content));
    sealed::publish(&place, "prices");
    sealed::erase(&place, "names").ok();
    let [bids, prices, _] = lines;
    (place, [bids, prices].map(|line| sealed::quoted(&line).to_owned()))
}

#[test]
fn contents_go_where_their_entries_go() {
    let (place, _) = sealing();
    for (command, copy) in [("backup", "backup"), ("archive", "archive")] {
        place.run(&[command, "--out", copy]).ok().prints(&[" and 3 files beside them "]);
        let restored = format!("from-{copy}");
        restore(&place, copy, &restored).ok();
        place
            .run(&["--ledger", &restored, "verify"])
            .ok()
            .prints(&["1 sealed and there, 1 published and equal to what was committed to, 1 erased and gone"]);
        let read = ["--ledger", &restored, "content", "read", "lwk"];
        let bids = place.run(&[&read[..], &["bids", "--key", "officer.key"]].concat()).ok();
        assert_eq!(bids.out.as_bytes(), sealed::SECRET);
        assert_eq!(place.run(&[&read[..], &["prices"]].concat()).ok().out.as_bytes(), sealed::SECRET);
    }
}

/// A ledger that changed its key has checkpoints of both, and none of anyone else's.
#[test]
fn a_ledger_that_changed_its_key_is_restored_by_both() {
    let (place, old) = council();
    let new = place.run(&["key", "new", "kent.example/minutebook", "--out", "next.key"]).ok().out;
    let other = place.run(&["key", "new", "kent.example/minutebook", "--out", "other.key"]).ok().out;
    let (new, other) = (new.trim(), other.trim());
    place.run(&["checkpoint", "--key", "next.key"]).ok();
    place.run(&["archive", "--out", "a"]).ok();
    let restore = |to: &str, keys: &[&str]| {
        let keys = keys.iter().flat_map(|key| ["--key", key]);
        place.run(&["restore", "--from", "a", "--ledger", to].into_iter().chain(keys).collect::<Vec<_>>())
    };
    restore("one", &[&old]).ends(1).says(&["it is not signed by kent.example/minutebook+"]);
    restore("both", &[&old, new]).ok().prints(&["It is what 3 checkpoints say"]);
    restore("others", &[new, other]).ends(1).says(&["it is not signed by kent.example/minutebook+"]);
}

/// What is laid open before the entry that publishes it is recorded stays in the ledger's own folder.
#[test]
fn what_no_entry_publishes_yet_is_in_no_copy_in_the_clear() {
    let place = sealed::council();
    sealed::seal(&place, "appendix", "bids");
    place.run(&["content", "publish", "lwk", "bids", "--key", "officer.key"]).ok();
    place.file("minutebook-ledger/published/bids.txt", sealed::SECRET);
    // As whoever copies the folder by hand has it.
    copy(&place.ledger(), &place.path().join("by-hand"));
    for (command, name) in [("backup", "backup"), ("archive", "archive")] {
        place.run(&[command, "--out", name]).ok().prints(&[" and 1 file beside them "]);
    }
    let holds = |bytes: &[u8]| bytes.windows(sealed::SECRET.len()).any(|window| window == sealed::SECRET);
    for from in ["backup", "archive", "by-hand"] {
        let ledger = format!("from-{from}");
        restore(&place, from, &ledger).ok().prints(&[" and 1 file beside them "]);
        for name in [from, &ledger].into_iter().filter(|name| *name != "by-hand") {
            let found: Vec<_> = tree(&place.path().join(name)).into_iter().filter(|(_, bytes)| holds(bytes)).collect();
            assert!(found.is_empty(), "{name}: {found:?}");
        }
        place.run(&["--ledger", &ledger, "verify"]).ok().prints(&["1 sealed and there, 0 published"]);
        let read = place.run(&["--ledger", &ledger, "content", "read", "lwk", "bids", "--key", "officer.key"]).ok();
        assert_eq!(read.out.as_bytes(), sealed::SECRET);
    }
    // Once it is recorded, copies have it.
    sealed::publish(&place, "bids");
    place.run(&["backup", "--out", "after"]).ok().prints(&[" and 2 files beside them "]);
    let read = place.run(&["--ledger", "after", "content", "read", "lwk", "bids"]).ok();
    assert_eq!(read.out.as_bytes(), sealed::SECRET);
}

/// Whoever writes the hashes anew is held to what the entries commit to; and a ledger that lost a content has no copy.
#[test]
fn a_copy_without_a_content_that_its_entries_promise_is_none() {
    let (place, [bids, prices]) = sealing();
    place.run(&["archive", "--out", "archive"]).ok();
    let archive = place.path().join("archive");
    let published = archive.join("published").join(&prices);
    fs::write(&published, "another price").unwrap();
    sum_again(&archive);
    let words = format!("archive: content prices of lwk, sealed at position 2: archive/published/{prices} is damaged");
    restore(&place, "archive", "new").ends(1).says(&[&words, "nothing was restored"]);
    fs::write(&published, sealed::SECRET).unwrap();
    fs::remove_file(archive.join("sealed").join(&bids)).unwrap();
    sum_again(&archive);
    let words = format!("archive: content bids of lwk, sealed at position 1: there is no archive/sealed/{bids}");
    restore(&place, "archive", "new").ends(1).says(&[&words, "nothing was restored"]);
    fs::remove_file(place.ledger().join("sealed").join(&bids)).unwrap();
    for command in ["backup", "archive"] {
        let words = format!("content bids of lwk, sealed at position 1: there is no minutebook-ledger/sealed/{bids}");
        place.run(&[command, "--out", "new"]).ends(2).says(&[&words, "nothing was copied"]);
    }
    assert!(!place.path().join("new").exists());
    assert_no_draft(place.path());
}
