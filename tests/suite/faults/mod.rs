//! The faults that a ledger must survive, and how they are made to happen. `tests/suite/survival.rs` does a seeded sample
//! of them, `tools/faults.rs` does all. Each is put under the real program, or under its store; what must hold after it
//! is the same for all, and is said in `scenarios`.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `scenarios` | what a process does when a fault befalls it, what is there before, and what must be there after |
//! | `contents` | the same for contents beside the ledger |
//! | `appends` | the process that appends at length to a store, and what must be there of that |
//! | `layer` | the layer between a process and its disk: starting a process on it, and reading what it journalled |
//! | `kills` | `kill -9`, at a call that writes or at any moment |
//! | `disk` | what a disk may hold when the power goes |
//! | `cuts` | the power going |
//! | `errors` | a full disk, a failing disk, short writes |
//! | `flips` | bytes changed and files cut short, while no process looks |

pub mod appends;
mod contents;
pub mod cuts;
pub mod disk;
pub mod errors;
pub mod flips;
pub mod kills;
pub mod layer;
pub mod scenarios;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

/// How many processes a fault may cut short, one after the other, before what is there is checked.
pub const MOST_RUNS: u64 = 3;

/// How this program starts itself again, to suffer a fault.
pub struct Program {
    /// `minutebook`, as its user starts it.
    pub minutebook: fn() -> Command,
    /// A process that calls [`be_child`].
    pub child: fn() -> Command,
}

/// Makes this process one that suffers a fault, where its parent has asked for that; it does not return then.
pub fn be_child() {
    appends::be_child();
    flips::be_child();
}

/// SplitMix64: small, and the same everywhere.
pub fn random(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Checks that go on after one that failed, so that a long run tells all of them.
#[derive(Debug, Default)]
pub struct Checks {
    done: u64,
    failed: Vec<String>,
}

impl Checks {
    /// Runs one check, which panics with what is wrong.
    pub fn check(&mut self, words: &str, check: impl FnOnce()) {
        self.done += 1;
        if catch_unwind(AssertUnwindSafe(check)).is_err() {
            println!("FAILED: {words}");
            self.failed.push(words.to_owned());
        }
    }

    /// How many there were.
    ///
    /// # Panics
    /// Where one failed.
    pub fn end(self) -> u64 {
        assert!(self.failed.is_empty(), "{} of {} failed:\n{}", self.failed.len(), self.done, self.failed.join("\n"));
        self.done
    }
}
