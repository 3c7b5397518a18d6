//! Entries in order, with what can be made of each alone made ahead on all cores. It must not know what is made of them,
//! nor what an order of entries has to keep to.

use crate::store::{Store, StoreError, Stored};
use minutebook_events::Position;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, available_parallelism, scope};

/// Entries that one thread reads before it is the next one's turn: several blocks, since it unpacks whole ones.
const TURN: u64 = 1024;

/// Entries that are handed over together, and how many times as many may wait for each thread.
const BATCH: usize = 128;
const WAIT: usize = 4;

/// The most threads that read: one that takes in what they make keeps up with no more.
const MOST: usize = 8;

/// Reads the first `size` entries of a store; `make` is called for each on any thread, `each` for what it made, in order on
/// this one. Where the store ends sooner, so does this.
///
/// # Errors
/// Those of the store, and those of `each`: it stops there.
pub(crate) fn each<T: Send, E: From<StoreError>>(
    store: &dyn Store,
    size: u64,
    make: impl Fn(Stored) -> T + Sync,
    mut each: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = available_parallelism().map_or(1, |cores| cores.get().min(MOST)) as u64;
    scope(|scope| {
        let make = &make;
        let start = |thread| {
            let (batches, ready) = sync_channel(WAIT);
            let reads = move || turns(store, (thread..).step_by(threads as usize), size, make, &batches);
            let started = Builder::new().name(format!("reader-{thread}")).spawn_scoped(scope, reads);
            started.expect("a process that can open a ledger can start a thread");
            ready
        };
        let ready: Vec<Made<T>> = (0..threads).map(start).collect();
        for (turn, ready) in (0..size.div_ceil(TURN)).zip(ready.iter().cycle()) {
            let mut left = size.min((turn + 1) * TURN) - turn * TURN;
            while left > 0 {
                let Ok(batch) = ready.recv() else { return Ok(()) };
                for made in batch {
                    each(made?)?;
                    left = left.saturating_sub(1);
                }
            }
        }
        Ok(())
    })
}

type Made<T> = Receiver<Vec<Result<T, StoreError>>>;

/// Reads the entries of these turns, until there are none or nobody takes them.
fn turns<T>(
    store: &dyn Store,
    turns: impl Iterator<Item = u64>,
    size: u64,
    make: impl Fn(Stored) -> T,
    batches: &SyncSender<Vec<Result<T, StoreError>>>,
) {
    for first in turns.map(|turn| turn * TURN).take_while(|first| *first < size) {
        let count = TURN.min(size - first) as usize;
        let mut scan = store.scan(Position(first)).take(count);
        for _ in 0..count.div_ceil(BATCH) {
            let batch: Vec<_> = scan.by_ref().take(BATCH).map(|stored| stored.map(&make)).collect();
            let ends = batch.last().is_none_or(Result::is_err);
            if batches.send(batch).is_err() || ends {
                return;
            }
        }
    }
}
