//! What a checkpoint after an append costs, in time and in memory, at growing sizes of a synthetic ledger:
//! `cargo bench -p minutebook-tools --bench checkpoint [ENTRIES]`.
#![allow(clippy::panic, reason = "a benchmark that cannot go on stops")]

mod synthetic;

use minutebook::audit::checkpoint::{Signed, sign};
use minutebook::audit::key::PrivateKey;
use minutebook::ledger::Ledger;
use minutebook_events::decision_file::DecisionFile;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use synthetic::{file, filled, median, timed};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const APPENDS: u64 = 200;

/// A checkpoint after each of some appends: its time, and what it takes of memory, usually and at most, the entry's own
/// recording apart.
fn checkpoints(ledger: &Ledger, folder: &Path, key: &PrivateKey) -> (Duration, usize, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let signed = Signed::of(folder);
    runtime.block_on(sign(ledger, &signed, key)).expect("a checkpoint");
    let (mut times, mut bytes) = (vec![], vec![]);
    for _ in 0..APPENDS {
        let head = ledger.head();
        let draft = DecisionFile::parse(&file(head.0)).expect("a decision file").draft;
        runtime.block_on(ledger.record(draft, head)).expect("a receipt");
        let region = Region::new(ALLOCATOR);
        let (time, note) = timed(|| runtime.block_on(sign(ledger, &signed, key)).expect("a checkpoint"));
        bytes.push(region.change().bytes_allocated);
        black_box(note);
        times.push(time);
    }
    bytes.sort_unstable();
    (median(times), bytes[bytes.len() / 2], bytes[bytes.len() - 1])
}

fn main() {
    let entries = synthetic::asked(1_000_000);
    let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let key = PrivateKey::create(&dir.path().join("key"), "bench").expect("a key");
    for size in [entries / 100, entries / 10, entries] {
        let folder = dir.path().join(format!("ledger-{size}"));
        drop(filled(&folder, size));
        let ledger = Ledger::open(&folder, |_, _| {}).expect("a sound ledger");
        let (time, usual, most) = checkpoints(&ledger, &folder, &key);
        println!(
            "at {size} entries: checkpoint after an append {} µs and {usual} bytes allocated, {most} at most",
            time.as_micros()
        );
    }
}
