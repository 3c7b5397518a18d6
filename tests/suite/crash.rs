//! What a process that is killed had promised is there when the ledger is opened again. `MINUTEBOOK_KILLS` sets the
//! number of kills, `MINUTEBOOK_SEED` repeats a run; `tools/crash.rs` runs the same at length.

use crate::kills;
use std::process::Command;

/// Not a test: the process that the one below kills.
#[test]
fn child_appends_until_killed() {
    if let (Some(dir), Ok(seed)) = (std::env::var_os(kills::DIR), std::env::var(kills::SEED)) {
        kills::append_until_killed(dir.as_ref(), seed.parse().expect("the parent gives a number"));
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

#[test]
fn every_receipt_outlives_kill_9() {
    let seed = number("MINUTEBOOK_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("seed {seed}");
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    let child = || {
        let mut command = Command::new(std::env::current_exe().expect("this binary has a path"));
        command.args(["--exact", "crash::child_appends_until_killed", "--nocapture"]);
        command
    };
    let rounds = number("MINUTEBOOK_KILLS").unwrap_or(12);
    kills::rounds(dir.path(), seed, rounds, child, |round, size| println!("kill {}: {size} entries", round + 1));
}
