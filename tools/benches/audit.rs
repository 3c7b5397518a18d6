//! What proving costs, on a synthetic ledger of a million entries: `cargo bench -p minutebook-tools --bench audit [ENTRIES]`.
//! Verification beside hashing and decoding the same bytes on one core, in turns in one run, with the allocator of the
//! program; and inclusion proofs.
#![allow(clippy::panic, reason = "a benchmark that cannot go on stops")]

mod synthetic;

use minutebook::audit::verify::verify;
use minutebook::merkle::Tree;
use minutebook::store::Store;
use minutebook_events::{Hash, codec};
use std::hint::black_box;
use synthetic::{filled, median, timed};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TURNS: usize = 5;
const PROOFS: u64 = 100_000;

/// Every hash and every entry, on one core: the least that whoever verifies must do.
fn hash_and_decode(bytes: &[Vec<u8>]) {
    for bytes in bytes {
        black_box(Hash::leaf(bytes));
        black_box(codec::decode(bytes).expect("an entry"));
    }
}

fn verification(store: &dyn Store) {
    let bytes: Vec<Vec<u8>> = store.scan(0..store.len()).map(|stored| stored.expect("an entry").bytes).collect();
    let total: usize = bytes.iter().map(Vec::len).sum();
    let (mut least, mut ours, mut ratios) = (vec![], vec![], vec![]);
    for _ in 0..TURNS {
        let one = timed(|| hash_and_decode(&bytes)).0;
        let other = timed(|| verify(store, None, &[], |_, _| {}).expect("a sound ledger")).0;
        ratios.push(other.as_secs_f64() / one.as_secs_f64());
        least.push(one);
        ours.push(other);
    }
    ratios.sort_unstable_by(f64::total_cmp);
    println!(
        "verify {} entries of {} bytes: {:.2} s; hashing and decoding them on one core: {:.2} s; ratio {:.2}, of {TURNS} turns {:.2} to {:.2}",
        bytes.len(),
        total / bytes.len(),
        median(ours).as_secs_f64(),
        median(least).as_secs_f64(),
        ratios[TURNS / 2],
        ratios[0],
        ratios[TURNS - 1]
    );
}

/// Inclusion proofs of entries anywhere, made one after the other.
fn proofs(store: &dyn Store) {
    let mut tree = Tree::default();
    store.scan(0..store.len()).for_each(|stored| tree.push(stored.expect("an entry").leaf));
    let size = tree.size();
    let (time, ()) = timed(|| {
        for n in 0..PROOFS {
            black_box(tree.inclusion(n * 104_729 % size, size).expect("it is in the tree"));
        }
    });
    println!(
        "inclusion proof at {size} entries: {:.2} µs, the mean of {PROOFS}",
        time.as_secs_f64() * 1e6 / PROOFS as f64
    );
}

fn main() {
    let entries = synthetic::asked(1_000_000);
    let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let (time, store) = timed(|| filled(&dir.path().join("ledger"), entries));
    println!("made a ledger of {entries} entries in {:.1} s", time.as_secs_f64());
    verification(&*store);
    proofs(&*store);
}
