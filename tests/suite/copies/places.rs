//! Where copies go and come from: nothing is overwritten, a draft that a kill left is in nobody's way, and a disk that is full
//! or read-only is named.

use super::{answers, assert_no_draft, council, restore, tree};
use crate::folder::with_mounts;
use crate::run::{Place, reopen};
use minutebook::ledger::Ledger;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Every way to make a copy, into a folder of this name.
fn each_way(to: &str) -> [Vec<&str>; 4] {
    [
        vec!["backup", "--out", to],
        vec!["archive", "--out", to],
        vec!["restore", "--from", "b", "--ledger", to],
        vec!["restore", "--from", "a", "--ledger", to],
    ]
}

/// A place with a ledger, a backup of it and an archive.
fn copied() -> Place {
    let (place, _) = council();
    place.run(&["backup", "--out", "b"]).ok();
    place.run(&["archive", "--out", "a"]).ok();
    place
}

#[test]
fn nothing_is_ever_overwritten() {
    let place = copied();
    let at = |name: &str| place.path().join(name);
    place.file("file", "mine");
    fs::create_dir(at("letters")).unwrap();
    place.file("letters/one", "mine");
    fs::create_dir(at("other")).unwrap();
    drop(Ledger::create(&at("other")).unwrap());
    symlink("nowhere", at("link")).unwrap();
    let before = tree(place.path());
    for target in ["file", "letters", "other", "link", ".", "a", "b"] {
        for args in each_way(target) {
            let ran = place.run(&args).ends(2);
            if !(target == args[2] && args[0] == "restore") {
                ran.says(&[&format!("there is already something at {target}: a copy never takes the place")]);
            }
        }
    }
    for (target, words) in [
        ("nowhere/copy", "there is no folder nowhere to make it in: make that folder, or check that its disk is there"),
        ("file/copy", "there is no folder file to make it in"),
    ] {
        each_way(target).iter().for_each(|args| drop(place.run(args).ends(2).says(&[words])));
    }
    // Opening a ledger may write in it what its engine keeps, and how it was left; nothing else may have changed.
    let after = |mut files: std::collections::BTreeMap<String, Vec<u8>>| {
        files.retain(|name, _| !name.contains("/sled/") && !name.ends_with("/lock") && !name.ends_with("/whole"));
        files
    };
    assert_eq!(after(tree(place.path())), after(before));
    assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
}

#[test]
fn a_copy_is_no_part_of_what_it_is_of() {
    let place = copied();
    for (args, words) in [
        (&["backup", "--out", "minutebook-ledger/backup"], "minutebook-ledger/backup lies inside minutebook-ledger"),
        (&["archive", "--out", "minutebook-ledger/sealed/a"], "minutebook-ledger/sealed/a lies inside"),
    ] {
        place.run(args).ends(2).says(&[words, "name a folder outside of it"]);
    }
    restore(&place, "a", "a/new").ends(2).says(&["a/new lies inside a"]);
}

#[test]
fn a_draft_that_a_kill_left_is_removed_and_told() {
    let place = copied();
    for (number, left) in [&["lock", "copy/half"][..], &["lock"], &[]].into_iter().enumerate() {
        for args in each_way("new") {
            let draft = place.path().join("new.draft");
            fs::create_dir_all(draft.join("copy")).unwrap();
            left.iter().for_each(|name| fs::write(draft.join(name), "half").unwrap());
            let ran = place.run(&args).ok();
            assert!(ran.err.contains("a draft of new that was left unfinished was removed"), "{number}: {ran:#?}");
            assert_no_draft(place.path());
            fs::remove_dir_all(place.path().join("new")).unwrap();
        }
    }
}

#[test]
fn what_is_in_the_way_of_a_draft_is_somebody_elses() {
    let place = copied();
    fs::create_dir(place.path().join("new.draft")).unwrap();
    place.file("new.draft/letters", "mine").file("file.draft", "mine");
    for args in each_way("new") {
        place.run(&args).ends(2).says(&["new.draft is in the way of a draft, and holds letters"]);
    }
    place.run(&["backup", "--out", "file"]).ends(2).says(&["file.draft is in the way of a draft, and holds no folder"]);
    assert_eq!(fs::read(place.path().join("new.draft/letters")).unwrap(), b"mine");
}

#[test]
fn two_at_once_do_not_make_the_same_copy() {
    let place = copied();
    fs::create_dir(place.path().join("new.draft")).unwrap();
    let lock = File::create(place.path().join("new.draft/lock")).unwrap();
    lock.lock().unwrap();
    for args in each_way("new") {
        place
            .run(&args)
            .ends(2)
            .says(&["another process is making new: wait for it, or stop it; its draft is new.draft"]);
    }
    drop(lock);
    place.run(&["backup", "--out", "new"]).ok();
}

#[test]
fn a_ledger_that_another_process_has_open_is_told_as_everywhere() {
    let place = copied();
    let ledger = Ledger::open(&place.ledger(), |_, _| {}).unwrap();
    let holder = format!("is in use by process {} (", std::process::id());
    place.run(&["backup", "--out", "new"]).ends(2).says(&[&holder, "stop that process or wait for it"]);
    place.run(&["archive", "--out", "new"]).ends(2).says(&[&holder]);
    // Its files may change under whoever copies them.
    restore(&place, "minutebook-ledger", "new").ends(2).says(&[&holder]);
    assert!(!place.path().join("new").exists());
    drop(ledger);
    reopen(&place.ledger());
}

#[test]
fn a_copy_is_only_read() {
    let place = copied();
    let script = "for it in a b; do mount --bind $it $it && mount -o remount,ro,bind $it || exit 9; done; \
                  $MB restore --from b --ledger from-b && $MB restore --from a --ledger from-a";
    let before = [tree(&place.path().join("a")), tree(&place.path().join("b"))];
    if let Some(ran) = with_mounts(&place, script) {
        ran.ok();
        assert_eq!(answers(&place, "from-b"), answers(&place, "from-a"));
    }
    restore(&place, "a", "new").ok();
    restore(&place, "b", "newer").ok();
    assert_eq!([tree(&place.path().join("a")), tree(&place.path().join("b"))], before);
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let place = copied();
    for args in each_way("disk/new") {
        // Large enough for a start, and too small for all of it.
        let size = if args[0] == "archive" { "64k" } else { "600k" };
        let script = format!(
            "mkdir -p disk && mount -t tmpfs -o size={size} none disk && $MB {}; status=$?; ls -A disk; exit $status",
            args.join(" ")
        );
        let Some(ran) = with_mounts(&place, &script) else { return };
        let ran = ran.ends(2).says(&["free some space", " disk/new"]);
        assert!(!ran.err.contains("draft"), "nobody asked for a draft: {ran:#?}");
        assert_eq!(ran.out, "", "something was left: {ran:#?}");
    }
}

#[test]
fn a_read_only_place_is_named() {
    let place = copied();
    for args in each_way("disk/new") {
        let script = format!("mkdir -p disk && mount -t tmpfs -o ro none disk && exec $MB {}", args.join(" "));
        let Some(ran) = with_mounts(&place, &script) else { return };
        ran.ends(2).says(&["cannot make disk/new.draft: Read-only file system", "on a disk that can be written"]);
    }
}

#[test]
fn what_is_no_plain_file_is_not_carried_along() {
    let place = copied();
    symlink("/etc/hostname", place.ledger().join("sealed/link")).unwrap();
    for command in ["backup", "archive"] {
        place.run(&[command, "--out", "new"]).ends(2).says(&["minutebook-ledger/sealed/link is a symbolic link"]);
    }
    fs::remove_file(place.ledger().join("sealed/link")).unwrap();
    let pipe = place.ledger().join("sealed/pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for command in ["backup", "archive"] {
        place
            .run(&[command, "--out", "new"])
            .ends(2)
            .says(&["minutebook-ledger/sealed/pipe is neither a file nor a folder"]);
    }
    fs::remove_file(pipe).unwrap();
    // What is just being written has no name of its own yet.
    fs::write(place.ledger().join("sealed/0c.draft"), "half").unwrap();
    place.run(&["backup", "--out", "new"]).ok();
    assert!(!Path::new(&place.path().join("new/sealed/0c.draft")).exists());
}
