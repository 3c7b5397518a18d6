//! What can be wrong with a ledger's folder and the disk below it: each has its own words, says the way out, ends with
//! status 2, and leaves what was recorded as it was. Everything goes through the binary.

use crate::run::{BINARY, Place, Ran, defines, ran, reopen};
use assert_cmd::Command;
use minutebook::ledger::Ledger;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn what_is_no_ledger_is_not_touched() {
    let place = Place::empty();
    fs::create_dir(place.path().join("folder")).unwrap();
    place.file("folder/letters", "mine").file("file", "mine").file("a.toml", defines("somebody"));
    let way_out = "name the folder of a ledger, or an empty or new one to create it in";
    for (folder, words) in [
        ("folder", "folder is not a ledger: it holds letters and no minutebook.json"),
        ("file", "file is not a ledger: it is a file, or lies in one"),
        ("file/in", "file/in is not a ledger: it is a file, or lies in one"),
    ] {
        for command in [&["state"][..], &["verify"], &["record", "a.toml"], &["demo"]] {
            place.run(&[&["--ledger", folder], command].concat()).ends(2).says(&[words, way_out]);
        }
    }
    place.run(&["state"]).ends(2).says(&["there is no ledger at minutebook-ledger: check the path, or create one"]);
    assert_eq!(fs::read_dir(place.path().join("folder")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(place.path().join("file")).unwrap(), "mine");
    assert!(!place.ledger().exists());
}

/// A kill while a folder is made leaves what nobody recorded anything in: whoever would make one there finishes it.
#[test]
fn a_folder_that_a_kill_left_half_made_is_made() {
    let place = Place::kent();
    place.file("a.toml", defines("somebody"));
    for folder in ["recorded", "copied"] {
        fs::create_dir_all(place.path().join(folder).join("sled/blobs")).unwrap();
        place.file(&format!("{folder}/lock"), "").file(&format!("{folder}/sled/db"), "");
        place.run(&["--ledger", folder, "state"]).ends(2).says(&["there is no ledger at"]);
    }
    place.run(&["--ledger", "recorded", "record", "a.toml"]).ok();
    place.run(&["--ledger", "recorded", "verify"]).prints(&["Verified 1 entr"]);
    place.run(&["store", "copy", "--from", "minutebook-ledger", "--to", "copied"]).prints(&["Copied 39 entries"]);
    place.run(&["--ledger", "copied", "verify"]).prints(&["Verified 39 entries"]);
}

/// Whoever reads what is found may go away (`check | head`): a fault is none the less one.
#[test]
fn a_fault_is_in_the_exit_status_though_nobody_reads_of_it() {
    let place = Place::kent();
    let status = |words: &[&str]| {
        let mut command = std::process::Command::new(BINARY);
        command.current_dir(place.path()).args(words).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        child.wait().unwrap().code()
    };
    place.file("good.toml", defines("somebody")).file("bad.toml", "act = 3");
    assert_eq!(status(&["check", "good.toml", "bad.toml"]), Some(1));
    assert_eq!([status(&["check", "good.toml"]), status(&["verify"]), status(&["state"])], [Some(0); 3]);
}

/// What a link leads to would be read, locked, written or destroyed in the place of what belongs there.
#[test]
fn a_link_in_the_place_of_a_part_is_refused() {
    let place = Place::kent();
    place.run(&["key", "new", "kent.example/minutebook", "--out", "kent.key"]).ok();
    place.run(&["checkpoint", "--key", "kent.key"]).ok();
    let note = fs::read_dir(place.ledger().join("checkpoints")).unwrap().next().unwrap().unwrap().file_name();
    let note = format!("checkpoints/{}", note.to_str().unwrap());
    fs::create_dir(place.path().join("elsewhere")).unwrap();
    for part in ["sled", "sled/db", "lock", "minutebook.json", "size", "checkpoints", &note] {
        let (own, moved) = (place.ledger().join(part), place.path().join("elsewhere/moved"));
        fs::rename(&own, &moved).unwrap();
        symlink(&moved, &own).unwrap();
        let words = format!("minutebook-ledger/{part} is a symbolic link");
        for command in [&["state"][..], &["verify"], &["demo"], &["archive", "--out", "a"], &["check", "kent.key"]] {
            place.run(command).ends(2).says(&[&words, "put what it leads to in its place"]);
        }
        place.run(&["restore", "--from", "minutebook-ledger", "--ledger", "new"]).ends(2).says(&[&words]);
        fs::remove_file(&own).unwrap();
        fs::rename(&moved, &own).unwrap();
    }
    // A link that leads nowhere makes nothing there.
    for part in ["lock", "sealed", "minutebook.draft"] {
        let own = place.ledger().join(part);
        let _ = fs::remove_file(&own);
        symlink(place.path().join("elsewhere/made"), &own).unwrap();
        place.run(&["state"]).ends(2).says(&[&format!("minutebook-ledger/{part} is a symbolic link")]);
        fs::remove_file(&own).unwrap();
    }
    assert_eq!(fs::read_dir(place.path().join("elsewhere")).unwrap().count(), 0);
    symlink("minutebook-ledger", place.path().join("linked")).unwrap();
    place.run(&["--ledger", "linked", "verify"]).ok();
}

/// What is not the ledger's is told, and is no fault; a copy does not take it along.
#[test]
fn what_is_no_part_of_a_ledger_is_noted() {
    let place = Place::kent();
    place.run(&["backup", "--out", "backup"]).ok();
    for ledger in ["minutebook-ledger", "backup"] {
        let ran = place.run(&["--ledger", ledger, "verify"]).ok();
        assert!(!ran.out.contains("Note"), "{ran:#?}");
        fs::create_dir(place.path().join(ledger).join("letters")).unwrap();
        fs::create_dir(place.path().join(ledger).join("published")).unwrap();
        place.file(&format!("{ledger}/letters/one"), "mine").file(&format!("{ledger}/\u{202e}txt"), "mine");
        place.file(&format!("{ledger}/published/minutes"), "mine");
        let note =
            |name: &str| format!("Note: {name} is no part of the ledger: nothing was checked of it; move it away\n");
        let notes = [note("letters"), note("published/minutes"), note("\\u{202e}txt")];
        place.run(&["--ledger", ledger, "verify"]).ok().prints(&[&notes.concat()]);
    }
    let json = place.run(&["verify", "--json"]).ok().json();
    assert_eq!((json["notes"].as_array().unwrap().len(), &json["fault"]), (3, &serde_json::Value::Null));
    let restored = place.run(&["restore", "--from", "backup", "--ledger", "restored"]).ok();
    restored
        .prints(&["Note: letters is no part of the backup: it was not taken along\n", "Note: published/minutes is"]);
    assert!(
        !place.path().join("restored/letters").exists() && !place.path().join("restored/published/minutes").exists()
    );
}

#[test]
fn a_ledger_of_a_newer_program_is_left_to_it() {
    let place = Place::kent();
    let marker = place.ledger().join("minutebook.json");
    let text = fs::read_to_string(&marker).unwrap();
    fs::write(&marker, text.replace("\"format\": 3", "\"format\": 9")).unwrap();
    for command in [&["state"][..], &["demo"]] {
        place.run(command).ends(2).says(&["has format 9, and this program reads 3: use a newer minutebook"]);
    }
    fs::write(&marker, "{").unwrap();
    place.run(&["state"]).ends(2).says(&["is corrupt: its minutebook.json cannot be read", "restore the folder"]);
}

#[test]
fn a_second_process_hears_at_once_who_has_the_ledger() {
    let place = Place::kent();
    let ledger = Ledger::open(&place.ledger(), |_, _| {}).unwrap();
    let holder = format!("is in use by process {} (", std::process::id());
    place.file("a.toml", defines("somebody"));
    for command in [&["state"][..], &["record", "a.toml"], &["check", "a.toml"], &["verify"], &["demo"]] {
        place.run(command).ends(2).says(&[&holder, "stop that process or wait for it"]);
    }
    drop(ledger);
    reopen(&place.ledger());
}

/// A shell in a mount namespace of its own, where it may mount what it likes; nothing where that is not allowed.
pub fn with_mounts(place: &Place, script: &str) -> Option<Ran> {
    let shell = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", script]).current_dir(place.path()).env("MB", BINARY);
        command
    };
    let may = shell("mkdir -p trial && mount -t tmpfs none trial").ok();
    match may {
        Ok(_) => Some(ran(&mut shell(script))),
        Err(error) => {
            println!("skipped: no mounts here: {}", error.to_string().lines().last().unwrap_or_default());
            None
        }
    }
}

#[test]
fn a_read_only_disk_is_named() {
    let place = Place::kent();
    let script = "mount --bind minutebook-ledger minutebook-ledger && mount -o remount,ro,bind minutebook-ledger \
                  && exec $MB state";
    if let Some(ran) = with_mounts(&place, script) {
        ran.ends(2).says(&["Read-only file system", "a ledger must be writable even to be read"]);
    }
}

#[test]
fn a_ledger_of_someone_else_is_named() {
    let place = Place::kent();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Its folder may not be readable to anyone else, so the program goes where it is.
    let program = place.path().join("minutebook");
    fs::copy(BINARY, &program).unwrap();
    let nobody = |program: &str, args: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", program]).args(args);
        command.current_dir(place.path());
        command
    };
    if let Err(error) = nobody("true", &[]).ok() {
        println!("skipped: cannot become another user: {}", error.to_string().lines().last().unwrap_or_default());
        return;
    }
    let program = program.to_str().unwrap();
    for folder in ["minutebook-ledger", "new"] {
        ran(&mut nobody(program, &["--ledger", folder, "demo"]))
            .ends(2)
            .says(&["Permission denied", "give this user write access"]);
    }
}

/// The entries that a process said were recorded before its disk was full are there once there is space again.
#[test]
fn a_full_disk_loses_nothing_that_was_said_to_be_recorded() {
    let place = Place::empty();
    // The files fill a disk of this size half-way through, however they are compressed.
    for number in 100..300_u32 {
        let mut state = number;
        let mut noise = |_: u32| {
            let letters = (0..950).map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                char::from(b'a' + (state >> 24) as u8 % 26)
            });
            letters.collect::<String>()
        };
        let mut file = defines(&format!("party-{number}"));
        for part in 1..=4 {
            let event = defines(&format!("party-{number}-{part}"));
            let doubt = format!("doubt = \"{}\"\nsources = [", noise(part));
            file += &event[event.find("[[event]]").unwrap()..].replace("sources = [", &doubt);
        }
        place.file(&format!("{number}.toml"), file);
    }
    let script = "mkdir disk && mount -t tmpfs -o size=400k none disk && $MB --ledger disk/ledger record [0-9]*.toml; \
                  status=$?; cp -r disk/ledger minutebook-ledger; exit $status";
    let Some(ran) = with_mounts(&place, script) else { return };
    let ran = ran.ends(2).says(&["No space left on device", "record the same files again"]);
    let recorded = ran.out.matches(": recorded at position").count();
    assert!(recorded > 0, "{ran:#?}");
    let files: Vec<String> = (100..300).map(|number| format!("{number}.toml")).collect();
    let again = crate::run::ran(place.command().arg("record").args(&files)).ok();
    assert!(again.out.matches("already recorded").count() >= recorded, "{again:#?}");
    assert_eq!(place.roots()["entries"], 200);
}

#[test]
fn a_disk_too_full_to_open_safely_is_named_and_nothing_changes() {
    let place = Place::kent();
    let script = "mkdir disk && mount -t tmpfs -o size=3m none disk && cp -r minutebook-ledger disk/ledger \
                  && dd if=/dev/zero of=disk/rest 2>/dev/null; $MB --ledger disk/ledger state; status=$?; \
                  diff -r minutebook-ledger/sled disk/ledger/sled && test ! -e disk/ledger/sled.spare || exit 9; \
                  rm disk/rest; $MB --ledger disk/ledger verify || exit 9; exit $status";
    if let Some(ran) = with_mounts(&place, script) {
        ran.ends(2).says(&[
            "cannot keep a copy in ",
            "the disk is full; free some space and try again: of a ledger's own files, `snapshot`",
        ]);
    }
}

#[test]
fn a_limit_on_file_sizes_is_told_like_a_full_disk() {
    let place = Place::empty();
    let mut shell = Command::new("bash");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$MB\" demo"]).env("MB", BINARY).current_dir(place.path());
    ran(&mut shell).ends(2).says(&["minutebook: "]);
}

#[test]
fn a_flipped_byte_is_found_and_told_where() {
    let place = Place::kent();
    let log = place.ledger().join("sled/db");
    let mut bytes = fs::read(&log).unwrap();
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[written / 2] ^= 0x10;
    fs::write(&log, bytes).unwrap();
    for command in [&["state"][..], &["rebuild"], &["verify"], &["demo"]] {
        let ran = place.run(command).ends(2);
        let ran = ran.says(&["is corrupt: it ends at ", "entries, and ", "restore the folder from a copy"]);
        assert_eq!(ran.out, "", "nothing is answered from it");
    }
}
