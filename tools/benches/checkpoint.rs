//! What a checkpoint after an append costs, in time and in memory, at growing sizes of a synthetic ledger:
//! `cargo bench -p minutebook-tools --bench checkpoint [ENTRIES]`.
#![allow(clippy::panic, reason = "a benchmark that cannot go on stops")]

mod synthetic;

use minutebook::audit::checkpoint::{Signed, sign};
use minutebook::audit::key::PrivateKey;
use minutebook::durable;
use minutebook::ledger::Ledger;
use minutebook_events::decision_file::DecisionFile;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::path::Path;
use std::time::Duration;
use synthetic::{file, filled, median, timed};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const APPENDS: u64 = 200;

/// What checkpoints took.
struct Taken {
    /// The time of one.
    time: Duration,
    /// That of flushing a file and two folders, as a checkpoint does, and nothing else.
    flushes: Duration,
    /// Bytes allocated, usually and at most.
    bytes: [usize; 2],
}

/// A checkpoint after each of some appends, the entry's own recording apart.
fn checkpoints(ledger: &Ledger, folder: &Path, key: &PrivateKey) -> Taken {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let signed = Signed::of(folder);
    runtime.block_on(sign(ledger, &signed, key)).expect("a checkpoint");
    let (mut times, mut flushes, mut bytes) = (vec![], vec![], vec![]);
    let beside = TempDir::new_in(folder).expect("a folder beside the checkpoints");
    for _ in 0..APPENDS {
        let head = ledger.head();
        let draft = DecisionFile::parse(&file(head.0)).expect("a decision file").draft;
        runtime.block_on(ledger.record(draft, head)).expect("a receipt");
        let region = Region::new(ALLOCATOR);
        let (time, note) = timed(|| runtime.block_on(sign(ledger, &signed, key)).expect("a checkpoint"));
        bytes.push(region.change().bytes_allocated);
        times.push(time);
        let file = beside.path().join(head.to_string());
        let flushed = || durable::sync_folder(folder).and_then(|()| durable::put(&file, note.as_bytes()));
        flushes.push(timed(|| flushed().expect("the disk takes it")).0);
    }
    bytes.sort_unstable();
    Taken { time: median(times), flushes: median(flushes), bytes: [bytes[bytes.len() / 2], bytes[bytes.len() - 1]] }
}

fn main() {
    let entries = synthetic::asked(1_000_000);
    let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let key = PrivateKey::create(&dir.path().join("key"), "bench").expect("a key");
    for size in [entries / 100, entries / 10, entries] {
        let folder = dir.path().join(format!("ledger-{size}"));
        drop(filled(&folder, size));
        let ledger = Ledger::open(&folder, |_, _| {}).expect("a sound ledger");
        let Taken { time, flushes, bytes: [usual, most] } = checkpoints(&ledger, &folder, &key);
        println!(
            "at {size} entries: checkpoint after an append {} µs, of which its flushes alone {} µs; {usual} bytes allocated, {most} at most",
            time.as_micros(),
            flushes.as_micros()
        );
    }
}
