//! Makes the faults happen that a ledger must survive, at length: `cargo run --release -p minutebook-tools --bin faults --
//! --help`. What they are and what must hold is in `tests/suite/faults` and `tests/suite/cluster`; here is only the command.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what must hold and does not ends the run, and says what")]

#[path = "../tests/suite/cluster/mod.rs"]
#[allow(dead_code, reason = "the suite loses what an asynchronous primary has, too")]
mod cluster;
#[path = "../tests/suite/faults/mod.rs"]
mod faults;
#[path = "../tests/suite/given.rs"]
mod given;
#[path = "../tests/suite/postgres/proxy.rs"]
mod proxy;
#[path = "../tests/suite/postgres/server.rs"]
#[allow(dead_code, reason = "the suite asks more of a server than happens to one here")]
mod server;

/// By the name that the suite has for them.
mod postgres {
    pub(crate) use crate::{proxy, server};
}

use clap::{Parser, Subcommand};
use cluster::races::{Raced, race};
use cluster::rounds::{FAULTS, Rounds};
use faults::{Program, cuts, errors, flips, kills, layer, scenarios};
use std::env;
use std::process::{Command, ExitCode};

/// Makes the faults happen that a ledger must survive, and checks what is there after each
#[derive(Parser)]
#[command(after_help = "Every run prints its seed, which repeats its choices. TMPDIR says where the ledgers lie: \
                  a disk in memory, as /dev/shm, makes it faster.\n\n\
                  Exit status: 0 all survived; 1 there is no layer below the program here, or no PostgreSQL; 101 something did not survive.")]
struct Faults {
    #[command(subcommand)]
    which: Which,
    /// Repeats a run
    #[arg(long, global = true)]
    seed: Option<u64>,
    /// Only the scenarios whose name has these words
    #[arg(long, global = true, default_value = "", hide_default_value = true, value_name = "WORDS")]
    only: String,
}

#[derive(Subcommand)]
enum Which {
    /// `kill -9` at calls that write or sync, and every fifth at any moment of appends
    Kills {
        #[arg(long, default_value_t = 500)]
        count: u64,
    },
    /// Loss of power: what was not synced is there, or not, or in part
    Cuts {
        #[arg(long, default_value_t = 200)]
        count: u64,
        /// As if nothing had ever been synced: checks then fail, which shows that a cut takes something
        #[arg(long)]
        without_syncs: bool,
    },
    /// Servers and nodes killed and stopped under load, and connections cut: PostgreSQL, a primary and two standbys, three nodes
    Failover {
        #[arg(long, default_value_t = 50)]
        count: u64,
    },
    /// Eight writers on three nodes on such servers, every append with an expected head; nothing fails
    Races {
        #[arg(long, default_value_t = 10_000)]
        appends: u64,
    },
    /// Each byte of a small ledger changed in turn, and its files cut at each length
    Flips {
        /// One in so many of the bytes that were written
        #[arg(long, default_value_t = 1, value_name = "N")]
        every: u64,
        /// One in so many of the zeros that the store keeps after them
        #[arg(long, default_value_t = 64, value_name = "N")]
        every_zero: u64,
    },
    /// A full disk, a failing disk and short writes, at every call that writes or syncs
    Errors {
        /// One in so many
        #[arg(long, default_value_t = 1, value_name = "N")]
        every: u64,
    },
}

/// Kills at any moment of the appends to one ledger: after more, checking all of it takes longest.
const A_LEDGER: u64 = 20;

const AS_MINUTEBOOK: &str = "MINUTEBOOK_FAULTS_AS_MINUTEBOOK";

fn me() -> Command {
    Command::new(env::current_exe().expect("this program has a path"))
}

/// The program under test is this one: it has all of `minutebook` in it.
const PROGRAM: Program = Program {
    minutebook: || {
        let mut command = me();
        command.env(AS_MINUTEBOOK, "1");
        command
    },
    child: me,
};

fn main() -> ExitCode {
    if env::var_os(AS_MINUTEBOOK).is_some() {
        return minutebook::cli::main();
    }
    faults::be_child();
    let Faults { which, seed, only } = Faults::parse();
    let is_below = !matches!(which, Which::Failover { .. } | Which::Races { .. });
    if let (true, Err(why)) = (is_below, layer::library()) {
        eprintln!("faults: {why}");
        return ExitCode::FAILURE;
    }
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("seed {seed}");
    let scenarios = scenarios::named(&only);
    let said = match which {
        Which::Kills { count } => {
            let ledgers = count / 5 / A_LEDGER;
            kills::at_calls(&PROGRAM, &scenarios, seed, count - ledgers * A_LEDGER, say);
            for ledger in 0..ledgers {
                let dir = tempfile::TempDir::new().expect("a temporary folder");
                kills::at_any_moment(&PROGRAM, dir.path(), seed + ledger, A_LEDGER, |round, size| {
                    println!("at any moment, ledger {ledger}, kill {}: {size} entries", round + 1);
                });
            }
            format!("{count} kills: no receipt was lost, and every ledger opened again")
        }
        Which::Cuts { count, without_syncs: true } => {
            let failed = cuts::cuts_without_syncs(&PROGRAM, &scenarios, seed, count, say);
            format!("{count} cuts of power as if nothing had been synced: {failed} checks failed, as they should")
        }
        Which::Cuts { count, without_syncs: false } => {
            cuts::cuts(&PROGRAM, &scenarios, seed, count, say);
            format!("{count} cuts of power: no receipt was lost, and every ledger opened again")
        }
        Which::Errors { every } => {
            let seen = errors::errors(&PROGRAM, &scenarios, seed, every, say);
            format!(
                "{} calls failed: {} were told, the others did no harm; no receipt was lost, and every ledger worked again",
                seen.met, seen.told
            )
        }
        Which::Failover { count } => {
            let Some(mut rounds) = Rounds::new(PROGRAM.minutebook) else { return ExitCode::FAILURE };
            for (number, fault) in (0..count).zip(FAULTS.into_iter().cycle()) {
                say(&rounds.round(fault, faults::random(seed, number)));
            }
            format!("{count} rounds: no receipt was lost, nothing is there twice, and every node went on")
        }
        Which::Races { appends } => {
            let Some(Raced { counts, took }) = race(PROGRAM.minutebook, appends) else { return ExitCode::FAILURE };
            let cluster::check::Counts { kept, conflicts, .. } = counts;
            format!(
                "{kept} appends in {:.1} s: each position was given to one, and {conflicts} who came second were told",
                took.as_secs_f64()
            )
        }
        Which::Flips { every, every_zero } => {
            let shares = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
            let seen = flips::flips(&PROGRAM, flips::Plan { seed, every, every_zero, shares });
            format!(
                "{} bytes changed and files cut: {} were found, {} did no harm; nothing else was ever read",
                seen.found + seen.harmless,
                seen.found,
                seen.harmless
            )
        }
    };
    println!("{said} (seed {seed})");
    ExitCode::SUCCESS
}

fn say(line: &str) {
    println!("{line}");
}
