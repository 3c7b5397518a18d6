//! What a ledger survives: kills, losses of power, full and failing disks, changed bytes; a seeded sample of each, and
//! `tools/faults.rs` does all. `MINUTEBOOK_SEED` repeats a run; `MINUTEBOOK_FAULTS` says how many of each.

use crate::faults::{self, Program, cuts, errors, flips, kills, layer, scenarios};
use crate::run::{BINARY, Place, defines, ran};
use std::process::Command;
use tempfile::TempDir;

const PROGRAM: Program = Program {
    minutebook: || Command::new(BINARY),
    child: || {
        let mut command = Command::new(std::env::current_exe().expect("this binary has a path"));
        command.args(["--exact", "survival::child", "--nocapture"]);
        command
    },
};

/// Not a test: the process that the others start, to suffer.
#[test]
fn child() {
    faults::be_child();
}

fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

pub fn seed() -> u64 {
    let seed = told("MINUTEBOOK_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("seed {seed}");
    seed
}

pub fn count(usual: u64) -> u64 {
    told("MINUTEBOOK_FAULTS").unwrap_or(usual)
}

/// Whether the layer below the program is there.
fn layer_is_there() -> bool {
    let Err(why) = layer::library() else { return true };
    assert!(std::env::var_os("CI").is_none(), "{why}: CI must have it");
    println!("skipped: {why}");
    false
}

fn say(line: &str) {
    println!("{line}");
}

#[test]
fn every_receipt_outlives_kill_9() {
    let dir = TempDir::new().unwrap();
    kills::at_any_moment(&PROGRAM, dir.path(), seed(), count(12), |round, size| {
        println!("kill {}: {size} entries", round + 1);
    });
}

#[test]
fn every_receipt_outlives_a_kill_at_any_call() {
    if !layer_is_there() {
        return;
    }
    kills::at_calls(&PROGRAM, &scenarios::named(""), seed(), count(30), say);
}

#[test]
fn every_receipt_outlives_a_loss_of_power() {
    if !layer_is_there() {
        return;
    }
    cuts::cuts(&PROGRAM, &scenarios::named(""), seed(), count(40), say);
}

/// The test above would find it if nothing were synced.
#[test]
fn a_loss_of_power_takes_what_was_not_synced() {
    if !layer_is_there() {
        return;
    }
    let [recording] = scenarios::named("recording")[..] else { panic!("one scenario is named so") };
    let lost = cuts::cuts_without_syncs(&PROGRAM, &[recording], seed(), 80, say);
    assert!(lost > 0, "80 cuts lost nothing");
}

#[test]
fn a_failing_disk_is_told_and_loses_nothing_that_was_acknowledged() {
    if !layer_is_there() {
        return;
    }
    let every = told("MINUTEBOOK_FAULTS").map_or(40, |count| (2_000 / count).max(1));
    let seen = errors::errors(&PROGRAM, &scenarios::named(""), seed(), every, say);
    assert!(seen.told > 0, "{seen:?}");
}

#[test]
fn changed_bytes_and_cut_files_are_found_or_do_no_harm() {
    let plan = flips::Plan { seed: seed(), every: (60_000 / count(300)).max(1), every_zero: 20_000, shares: 2 };
    let seen = flips::flips(&PROGRAM, plan);
    println!("{seen:?}");
    assert!(seen.found > 0 && seen.harmless > 0, "{seen:?}");
}

#[test]
fn a_clock_set_back_is_named_and_nothing_is_recorded() {
    if !layer_is_there() {
        return;
    }
    let place = Place::empty();
    place.file("a.toml", defines("a")).file("b.toml", defines("b"));
    place.run(&["record", "a.toml"]).ok();
    let before = place.roots();
    let yesterday = |words: &[&str]| {
        let mut command = place.command();
        command.env("LD_PRELOAD", layer::library().unwrap()).env("MINUTEBOOK_LAYER_CLOCK", "-86400");
        ran(command.args(words))
    };
    let stopped = yesterday(&["record", "b.toml"]).ends(2);
    stopped.says(&[
        "b.toml: the clock says ",
        ", and the last entry was recorded at ",
        "where the clock is behind, set the clock right, then try",
        "where it was ahead when that entry was recorded, nothing can follow it until then: restore a copy from before it",
    ]);
    let words = "Note: the last entry was recorded at ";
    yesterday(&["verify"]).ok().prints(&[words, "which is after now, ", "the clock is behind, or was ahead then"]);
    assert!(!place.run(&["verify"]).ok().out.contains(words));
    assert_eq!(place.roots(), before);
    place.run(&["record", "b.toml"]).ok();
}

#[test]
fn processes_at_once_take_turns_or_are_told_to() {
    let place = Place::empty();
    let parties = ["a", "b", "c", "d", "e", "f"];
    let files = parties.map(|party| format!("{party}.toml"));
    for (file, party) in files.iter().zip(parties) {
        place.file(file, defines(party));
    }
    // All of them find no ledger, and try to make it.
    let at_once = std::thread::scope(|scope| {
        let started = files.each_ref().map(|file| scope.spawn(|| place.run(&["record", file])));
        started.map(|process| process.join().unwrap())
    });
    let mut recorded = 0;
    for ran in at_once {
        if ran.code == 0 {
            recorded += ran.out.matches(": recorded at position ").count();
        } else {
            ran.ends(2).says(&["is in use by ", "stop that process or wait for it"]);
        }
    }
    assert!(recorded > 0);
    let again = ran(place.command().arg("record").args(&files)).ok();
    assert_eq!(again.out.matches("already recorded").count(), recorded, "{again:#?}");
    place.run(&["verify"]).ok().prints(&["Verified 6 entries"]);
}
