//! What can be wrong with a copy: each is told with its place, and nothing is restored.

use super::{archived, assert_no_draft, council, restore, sum_again, tree};
use crate::run::{Place, Ran, copy, defines, reopen};
use minutebook::audit::checkpoint::{Signed, sign};
use minutebook::audit::key::PrivateKey;
use minutebook::copies::{self, CopyError, archive};
use minutebook::ledger::Ledger;
use minutebook::store::{self, NewEntry};
use minutebook_events::Position;
use minutebook_events::decision_file::DecisionFile;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

type Damage = fn(&Path);

/// A copy of the archive with something done to it; what restoring it says.
fn damaged(place: &Place, damage: impl FnOnce(&Path), args: &[&str]) -> Ran {
    let folder = place.path().join("damaged");
    let _ = fs::remove_dir_all(&folder);
    copy(&place.path().join("archive"), &folder);
    damage(&folder);
    let before = tree(&folder);
    let ran = place.run(&[&["restore", "--from", "damaged", "--ledger", "new"], args].concat());
    assert!(ran.code == 0 || !place.path().join("new").exists(), "{ran:#?}");
    assert_eq!(tree(&folder), before, "the copy was changed");
    assert_no_draft(place.path());
    ran
}

/// Changes the lines of an archive.
fn lines(folder: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let path = folder.join("entries.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines = text.split_inclusive('\n').map(str::to_owned).collect();
    change(&mut lines);
    fs::write(path, lines.concat()).unwrap();
}

fn edit(path: PathBuf, change: impl FnOnce(String) -> String) {
    let text = change(fs::read_to_string(&path).unwrap());
    fs::write(path, text).unwrap();
}

fn note(folder: &Path) -> PathBuf {
    fs::read_dir(folder.join("checkpoints")).unwrap().next().unwrap().unwrap().path()
}

const NOTHING_RESTORED: &str = "; nothing was restored, and the copy was left as it is: take another copy of it\n";

#[test]
fn an_accident_is_told_with_its_file_and_line() {
    let (place, _) = archived();
    let table: [(&str, Damage); 12] = [
        ("damaged/entries.jsonl:1: the line ends with a carriage return", |it| {
            edit(it.join("entries.jsonl"), |text| text.replace('\n', "\r\n"));
        }),
        ("damaged/SHA256SUMS:1: the line ends with a carriage return", |it| {
            edit(it.join("SHA256SUMS"), |text| text.replace('\n', "\r\n"));
        }),
        ("damaged/entries.jsonl:1: the file is packed with gzip: unpack it first", |it| {
            let run = std::process::Command::new("gzip").arg(it.join("entries.jsonl")).status();
            assert!(run.unwrap().success());
            fs::rename(it.join("entries.jsonl.gz"), it.join("entries.jsonl")).unwrap();
        }),
        ("damaged/entries.jsonl:39: the last line is cut short: it does not end with a line feed", |it| {
            edit(it.join("entries.jsonl"), |text| text[..text.len() - 1].to_owned());
        }),
        ("damaged/entries.jsonl:5: this is the entry of line 6: a line is missing, doubled or moved", |it| {
            lines(it, |lines| lines.swap(4, 5));
        }),
        ("damaged/entries.jsonl:8: this is the entry of line 7: a line is missing, doubled or moved", |it| {
            lines(it, |lines| lines.insert(7, lines[6].clone()));
        }),
        ("damaged/entries.jsonl:1: the bytes are not an entry: EOF while parsing", |it| {
            lines(it, |lines| lines.insert(0, "\n".to_owned()));
        }),
        ("damaged/entries.jsonl: it is not the file of which SHA256SUMS has the hash", |it| {
            lines(it, |lines| lines.truncate(38));
        }),
        ("damaged/README.txt: it is not there, and SHA256SUMS names it", |it| {
            fs::remove_file(it.join("README.txt")).unwrap();
        }),
        ("damaged/SHA256SUMS: it is not there", |it| fs::remove_file(it.join("SHA256SUMS")).unwrap()),
        ("damaged/SHA256SUMS:3: the last line is cut short", |it| {
            edit(it.join("SHA256SUMS"), |text| text.trim_end().to_owned());
        }),
        ("damaged/SHA256SUMS:2: the line is not in its place", |it| {
            edit(it.join("SHA256SUMS"), |text| text.lines().rev().map(|line| format!("{line}\n")).collect());
        }),
    ];
    for (words, damage) in table {
        damaged(&place, damage, &[]).ends(1).says(&[words, NOTHING_RESTORED]);
    }
    // Another copy of it would not help.
    damaged(&place, |it| fs::write(it.join("letters"), "mine").unwrap(), &[]).ends(1).says(&[
        "damaged/letters: SHA256SUMS does not name this file",
        "nothing was restored, and the copy was left as it is: where the file was added, move it out",
    ]);
    damaged(&place, |_| {}, &[]).ok();
}

#[test]
fn whoever_writes_the_hashes_anew_is_still_held_to_the_entries_and_to_what_was_signed() {
    let (place, public) = archived();
    let table: [(&str, Damage); 10] = [
        ("damaged/entries.jsonl:39: the ledger ends here, and a checkpoint was signed of 39 entries", |it| {
            lines(it, |lines| lines.truncate(38));
        }),
        (
            "damaged/entries.jsonl:39: the Merkle root of the 39 entries up to here is not the one that was signed",
            |it| {
                lines(it, |lines| lines[6] = lines[6].replace("2.8m", "2.9m"));
            },
        ),
        (
            "damaged/entries.jsonl:39: the Merkle root of the 39 entries up to here is not the one that was signed",
            |it| {
                lines(it, |lines| lines[6] = format!(" {}", lines[6]));
            },
        ),
        ("damaged/entries.jsonl:7: the bytes are not an entry: ", |it| lines(it, |lines| lines[6] = "{}\n".to_owned())),
        ("damaged/entries.jsonl:7: the entry was recorded at 1999-01-01T00:00:00.000000Z, not after ", |it| {
            lines(it, |lines| {
                let at = lines[6].find("\"recorded\":\"").unwrap() + 12;
                lines[6].replace_range(at..at + 27, "1999-01-01T00:00:00.000000Z");
            });
        }),
        ("damaged/entries.jsonl:7: the entry has the id of the one in line 6", |it| {
            lines(it, |lines| {
                let id = lines[5][13..49].to_owned();
                lines[6].replace_range(13..49, &id);
            });
        }),
        ("damaged/entries.jsonl:7: the line has more than 1048576 bytes, the most that an entry may take", |it| {
            lines(it, |lines| lines[6].insert_str(1, &" ".repeat(1024 * 1024)));
        }),
        (".note: it is no checkpoint of this key: it is not a signed note", |it| edit(note(it), |text| text + "\n")),
        (".note: it is no checkpoint of this key: the signature of kent.example/minutebook+", |it| {
            edit(note(it), |text| text.replacen("\n39\n", "\n38\n", 1));
        }),
        ("damaged has no checkpoint, so nothing shows that this key's ledger was copied", |it| {
            fs::remove_dir_all(it.join("checkpoints")).unwrap();
        }),
    ];
    for (words, damage) in table {
        let again = |folder: &Path| {
            damage(folder);
            sum_again(folder);
        };
        damaged(&place, again, &["--key", &public]).ends(1).says(&[words]);
    }
    let without = |folder: &Path| {
        fs::remove_dir_all(folder.join("checkpoints")).unwrap();
        lines(folder, |lines| lines.truncate(38));
        sum_again(folder);
    };
    let kept = ["--checkpoint", "kept.note", "--key", &public];
    damaged(&place, without, &kept).ends(1).says(&["damaged/entries.jsonl:39: the ledger ends here"]);
    damaged(&place, without, &[]).ok().prints(&["Restored 38 entries", "It was held to no checkpoint"]);
    fs::remove_dir_all(place.path().join("new")).unwrap();
    let other = place.run(&["key", "new", "kent.example/minutebook", "--out", "other.key"]).ok().out;
    damaged(&place, |_| {}, &["--key", other.trim()]).ends(1).says(&[".note: ", "it is not signed by kent.example"]);
    damaged(&place, |_| {}, &["--key", &public, "--checkpoint", "kept.note"])
        .ok()
        .prints(&["its one checkpoint says, which covers 39 of 39 entries"]);
}

#[test]
fn an_entry_of_a_newer_program_is_left_to_it() {
    let (place, _) = archived();
    let newer = |it: &Path| lines(it, |lines| lines[3] = lines[3].replacen("{\"v\":1,", "{\"v\":2,", 1));
    damaged(&place, newer, &[]).ends(2).says(&["position 3: the entry has version 2", "use a newer minutebook"]);
}

#[test]
fn what_is_no_copy_is_told() {
    let place = Place::empty();
    fs::create_dir_all(place.path().join("empty")).unwrap();
    for folder in ["photos", "packed"] {
        fs::create_dir(place.path().join(folder)).unwrap();
    }
    place.file("photos/one.jpg", "x").file("packed/entries.jsonl.gz", "x").file("archive.zip", "x");
    for (from, words) in [
        ("nowhere", "there is nothing at nowhere: check the path"),
        ("empty", "empty is neither a backup nor an archive: it is empty; name the folder that `minutebook backup`"),
        ("photos", "it holds one.jpg, and neither minutebook.json nor entries.jsonl"),
        ("packed", "it holds entries.jsonl.gz in place of entries.jsonl, which must be unpacked first"),
        ("archive.zip", "it is a file, and a copy is a folder; what is packed must be unpacked first"),
    ] {
        restore(&place, from, "new").ends(2).says(&[words]);
        assert!(!place.path().join("new").exists());
    }
    assert_no_draft(place.path());
}

#[test]
fn a_damaged_backup_is_told_and_left_as_it_is() {
    let (place, public) = council();
    place.run(&["backup", "--out", "archive"]).ok();
    let written = |it: &Path| fs::read(it.join("sled/db")).unwrap().iter().rposition(|byte| *byte != 0).unwrap();
    let flip = |path: PathBuf, at: usize| {
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 4;
        fs::write(path, bytes).unwrap();
    };
    let hash = "it is not the file of which SHA256SUMS has the hash";
    let ran = damaged(&place, |it| flip(it.join("sled/db"), written(it) / 2), &[]);
    ran.ends(1).says(&["minutebook: damaged: it ends at ", " and 41 were durable", NOTHING_RESTORED]);
    damaged(&place, |it| flip(it.join("sealed/5e"), 2), &[]).ends(1).says(&["damaged/sealed/5e: ", hash]);
    damaged(&place, |it| flip(note(it), 9), &[]).ends(1).says(&[".note: ", hash]);
    damaged(&place, |it| fs::remove_file(it.join("sealed/07")).unwrap(), &[])
        .ends(1)
        .says(&["damaged/sealed/07: it is not there, and SHA256SUMS names it"]);
    damaged(&place, |it| fs::remove_file(it.join("size")).unwrap(), &[])
        .ends(1)
        .says(&["damaged/size: this file is missing"]);
    damaged(&place, |it| fs::write(it.join("minutebook.json"), "{").unwrap(), &[])
        .ends(1)
        .says(&["minutebook: damaged: its minutebook.json cannot be read", NOTHING_RESTORED]);
    let newer = |it: &Path| edit(it.join("minutebook.json"), |text| text.replace("\"format\": 3", "\"format\": 9"));
    damaged(&place, newer, &[]).ends(2).says(&["has format 9", "use a newer minutebook"]);
    // A folder that was copied by hand has no hashes, and is held to all else.
    let by_hand = |it: &Path| fs::remove_file(it.join("SHA256SUMS")).unwrap();
    damaged(&place, by_hand, &["--key", &public]).ok();
}

/// Where the ledger itself lost entries, the copies that are left are not joined by one that has lost them too.
#[test]
fn a_ledger_that_lost_entries_is_not_copied() {
    let (place, _) = council();
    let older = Place::kent();
    for name in ["sled", "size"] {
        let (from, to) = (older.ledger().join(name), place.ledger().join(name));
        if from.is_dir() {
            fs::remove_dir_all(&to).unwrap();
            copy(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
    for command in ["backup", "archive"] {
        let words = "position 39: the ledger ends here, and a checkpoint was signed of 40 entries";
        place.run(&[command, "--out", "copy"]).ends(2).says(&[words]);
        assert!(!place.path().join("copy").exists());
        assert_no_draft(place.path());
    }
}

/// SplitMix64: the same in every run of a seed.
fn random(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z ^ (z >> 31)
}

/// A small archive with a file of every kind.
fn small(dir: &Path) {
    let folder = dir.join("ledger");
    let ledger = Ledger::create(&folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let key = PrivateKey::create(&dir.join("key"), "kent.example/minutebook").unwrap();
    for number in 0..5 {
        let draft = DecisionFile::parse(&defines(&format!("party-{number}"))).unwrap().draft;
        runtime.block_on(ledger.record(draft, Position(number))).unwrap();
        if number == 3 {
            runtime.block_on(sign(&ledger, &Signed::of(&folder), &key)).unwrap();
        }
    }
    fs::create_dir(folder.join("sealed")).unwrap();
    for name in ["0a", "0b"] {
        fs::write(folder.join("sealed").join(name), "content").unwrap();
    }
    archive(ledger.store(), &folder, &dir.join("archive"), &mut |_, _, _| {}).unwrap();
}

/// Whatever byte of whatever file of an archive is changed, whatever its end is cut off: it is refused, or made no difference.
#[test]
fn every_change_of_an_archive_is_refused_or_makes_no_difference() {
    let seed = std::env::var("MINUTEBOOK_SEED").map_or(7, |text| text.parse().unwrap());
    println!("seed {seed}");
    let dir = TempDir::new().unwrap();
    small(dir.path());
    let whole = tree(&dir.path().join("archive"));
    let (mut tried, mut refused) = (0, 0);
    for (file, bytes) in &whole {
        for sample in 0..(bytes.len() as u64).min(32) {
            let dice = random(seed ^ bytes.len() as u64, sample);
            let (at, cut) = (dice as usize % bytes.len(), dice >> 32 & 7 == 0);
            let mut changed = bytes.clone();
            if cut {
                changed.truncate(at);
            } else {
                changed[at] ^= 1 << (dice >> 40 & 7);
            }
            let what = format!("seed {seed}: {file} {} at {at}", if cut { "cut" } else { "flipped" });
            fs::write(dir.path().join("archive").join(&file[1..]), changed).unwrap();
            let to = dir.path().join("restored");
            tried += 1;
            match copies::restore(&dir.path().join("archive"), &to, Default::default(), &mut |_, _, _| {}) {
                Err(error) => {
                    refused += 1;
                    assert!(
                        matches!(error, CopyError::Spoilt { .. } | CopyError::Extra(_) | CopyError::Ledger(_)),
                        "{what}: {error}"
                    );
                    assert!(!to.exists(), "{what}: {error}");
                }
                Ok(_) => {
                    let again = dir.path().join("again");
                    archive(reopen(&to).store(), &to, &again, &mut |_, _, _| {}).unwrap();
                    assert_eq!(tree(&again), whole, "{what}");
                    fs::remove_dir_all(&to).unwrap();
                    fs::remove_dir_all(&again).unwrap();
                }
            }
        }
        fs::write(dir.path().join("archive").join(&file[1..]), bytes).unwrap();
    }
    println!("{refused} of {tried} changes were refused");
    assert!(refused > 80);
    copies::restore(&dir.path().join("archive"), &dir.path().join("restored"), Default::default(), &mut |_, _, _| {})
        .unwrap();
}

/// What another program may have stored: JSON over two lines is an entry, and no line of an archive.
#[test]
fn an_entry_of_two_lines_is_told_before_it_is_an_archive() {
    let dir = TempDir::new().unwrap();
    small(dir.path());
    let whole = reopen(&dir.path().join("ledger"));
    let bytes = whole.stored(Position(0)).unwrap().unwrap().bytes;
    let id = whole.view().projections.entry(Position(0)).unwrap().entry.id;
    let folder = dir.path().join("other");
    let other = store::create(&folder).unwrap();
    let bytes = [b"\n", bytes.as_slice()].concat();
    other.append(Position(0), &[NewEntry::new(id, vec![], bytes)]).unwrap();
    let error = archive(&*other, &folder, &dir.path().join("new"), &mut |_, _, _| {}).unwrap_err().to_string();
    assert!(error.starts_with("position 0: its bytes hold a line feed"), "{error}");
    assert!(!dir.path().join("new").exists());
}
