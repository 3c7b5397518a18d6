//! Kills a process with `kill -9` while it appends, at length: `cargo run --release --bin crash [ROUNDS] [SEED]`.
//! What it checks is in `tests/suite/kills.rs`; here is only the command.

#[path = "../tests/suite/kills.rs"]
mod kills;

use std::env;
use std::process::Command;

fn main() {
    if let (Some(dir), Ok(seed)) = (env::var_os(kills::DIR), env::var(kills::SEED)) {
        kills::append_until_killed(dir.as_ref(), seed.parse().expect("the parent gives a number"));
    }
    let number = |n| env::args().nth(n).map(|text| text.parse().expect("ROUNDS and SEED are whole numbers"));
    let rounds = number(1).unwrap_or(200);
    let seed = number(2).unwrap_or_else(|| u64::from(std::process::id()));
    println!("{rounds} kills, seed {seed}");
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    let child = || Command::new(env::current_exe().expect("this program has a path"));
    kills::rounds(dir.path(), seed, rounds, child, |round, size| println!("kill {}: {size} entries", round + 1));
    println!("{rounds} kills: every receipt was kept, every entry is as it was appended");
}
