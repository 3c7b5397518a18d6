//! What proving costs, on a synthetic ledger of a million entries: `cargo bench -p minutebook-tools --bench audit [ENTRIES]`.
//! Verification beside hashing and decoding the same bytes on one core, in turns in one run; a checkpoint after an append,
//! and an inclusion proof, at growing sizes.
#![allow(clippy::panic, reason = "a benchmark that cannot go on stops")]

use minutebook::audit::checkpoint::{Signed, sign};
use minutebook::audit::key::PrivateKey;
use minutebook::audit::verify::verify;
use minutebook::ledger::Ledger;
use minutebook::store::{NewEntry, Store, create};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Entry, Hash, Instant as Recorded, Position, codec};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Entries of one commit while the ledger is made.
const GROUP: u64 = 1000;
const APPENDS: u64 = 200;

/// A decision file with one amount of one contract; every tenth entry defines its contract first.
fn file(number: u64) -> String {
    let contract = number / 10;
    let id = minutebook_events::EntryId::from_text(&format!("entry {number}"));
    let defined = format!(
        "[[event]]\nkind = \"contract-defined\"\ncontract = \"c-{contract}\"\ntitle = \"Contract {contract}\"\n\
         effective = 2020-04-01\nstanding = \"decided\"\nsources = [\"A 1\"]\n"
    );
    let defined = if number.is_multiple_of(10) { defined } else { String::new() };
    format!(
        "id = \"{id}\"\n[act]\nreference = \"D-{number}\"\ntitle = \"Value of {contract}\"\nkind = \"decision\"\n\
         decided = 20{:02}-03-01\n[[document]]\ncode = \"A\"\ntitle = \"Report\"\n{defined}[[event]]\nkind = \"value-set\"\n\
         contract = \"c-{contract}\"\nline = {{ measure = \"budget\" }}\namount = \"£{}\"\nbasis = \"year\"\neffective = 20{:02}-04-01\n\
         standing = \"decided\"\nsources = [\"A {}\"]\n",
        20 + number % 10,
        10_000 + number * 7919 % 1_000_000,
        20 + number % 10,
        number % 90 + 1
    )
}

fn entry(number: u64) -> NewEntry {
    let draft = DecisionFile::parse(&file(number)).unwrap_or_else(|error| panic!("{number}: {error}")).draft;
    let recorded: Recorded = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let recorded = Recorded::new(recorded.utc() + Duration::from_micros(number + 1));
    let entry = Entry::stamp(draft, Position(number), recorded, "bench".to_owned());
    let contracts = entry.contracts().into_iter().cloned().collect();
    NewEntry { id: entry.id, contracts, bytes: codec::encode(&entry) }
}

/// Makes a ledger of this many entries, and one more later for each append.
fn filled(path: &Path, entries: u64) -> Arc<dyn Store> {
    let store = create(path).expect("a new ledger");
    let mut first = 0;
    while first < entries {
        let group: Vec<NewEntry> = (first..entries.min(first + GROUP)).map(entry).collect();
        store.append(Position(first), &group).expect("the disk takes it");
        first += group.len() as u64;
    }
    store
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let out = work();
    (start.elapsed(), out)
}

/// Every hash and every entry, on one core: the least that whoever verifies must do.
fn hash_and_decode(bytes: &[Vec<u8>]) {
    for bytes in bytes {
        black_box(Hash::leaf(bytes));
        black_box(codec::decode(bytes).expect("an entry"));
    }
}

fn verification(store: &dyn Store) {
    let bytes: Vec<Vec<u8>> = store.scan(Position(0)).map(|stored| stored.expect("an entry").bytes).collect();
    let total: usize = bytes.iter().map(Vec::len).sum();
    let (mut least, mut ours) = (vec![], vec![]);
    for _ in 0..3 {
        least.push(timed(|| hash_and_decode(&bytes)).0);
        ours.push(timed(|| verify(store, None, &[], |_, _| {}).expect("a sound ledger")).0);
    }
    let (least, ours) = (median(least), median(ours));
    println!(
        "verify {} entries of {} bytes: {:.2} s; hashing and decoding them on one core: {:.2} s; ratio {:.2}",
        bytes.len(),
        total / bytes.len(),
        ours.as_secs_f64(),
        least.as_secs_f64(),
        ours.as_secs_f64() / least.as_secs_f64()
    );
}

/// A checkpoint after each of some appends: its time, and what it takes of memory, the entry's own recording apart.
fn checkpoints(ledger: &Ledger, folder: &Path, key: &PrivateKey) -> (Duration, usize, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let signed = Signed::of(folder);
    runtime.block_on(sign(ledger, &signed, key)).expect("a checkpoint");
    let (mut times, mut bytes, mut proofs) = (vec![], 0, vec![]);
    for _ in 0..APPENDS {
        let head = ledger.head();
        let draft = DecisionFile::parse(&file(head.0)).expect("a decision file").draft;
        runtime.block_on(ledger.record(draft, head)).expect("a receipt");
        let region = Region::new(ALLOCATOR);
        let (time, note) = timed(|| runtime.block_on(sign(ledger, &signed, key)).expect("a checkpoint"));
        bytes = bytes.max(region.change().bytes_allocated);
        black_box(note);
        times.push(time);
        let index = head.0 * 7919 % head.0;
        proofs.push(timed(|| black_box(ledger.tree().inclusion(index, head.0))).0);
    }
    (median(times), bytes, median(proofs))
}

fn main() {
    // `cargo test` runs benches once each, to see that they run.
    let bench = std::env::args().any(|arg| arg == "--bench");
    let asked = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let entries = asked.unwrap_or(if bench { 1_000_000 } else { 200 });
    let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let key = PrivateKey::create(&dir.path().join("key"), "bench").expect("a key");
    let (time, store) = timed(|| filled(&dir.path().join("ledger"), entries));
    println!("made a ledger of {entries} entries in {:.1} s", time.as_secs_f64());
    verification(&*store);
    drop(store);
    for size in [entries / 100, entries / 10, entries] {
        let folder = dir.path().join(format!("ledger-{size}"));
        drop(filled(&folder, size));
        let ledger = Ledger::open(&folder, |_, _| {}).expect("a sound ledger");
        let (time, bytes, proof) = checkpoints(&ledger, &folder, &key);
        println!(
            "at {size} entries: checkpoint after an append {} µs and {bytes} bytes allocated; inclusion proof {:.1} µs",
            time.as_micros(),
            proof.as_secs_f64() * 1e6
        );
    }
}
