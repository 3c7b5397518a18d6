//! Several servers and several nodes on them, what befalls them under load, and what must hold after it.
//! `tests/suite/failover.rs` does a seeded sample, `tools/faults.rs` does it at length.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `servers` | a primary and two standbys, one of which takes its place |
//! | `node` | `minutebook serve` on them, as a process |
//! | `clients` | writers that claim the ledger's size, and what each call was told |
//! | `check` | the log, read by another program, held to what the writers were told |
//! | `races` | many writers on several nodes, and nothing else |
//! | `rounds` | a fault under load, and going on after it |

pub mod check;
pub mod clients;
pub mod node;
pub mod races;
pub mod rounds;
pub mod servers;

use std::thread;
use std::time::{Duration, Instant};

/// Nothing here takes this long: what does, hangs.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something holds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
