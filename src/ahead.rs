//! What can be made of each alone, made ahead on all cores: of the entries of a store in order, or of what is in hand. It
//! must not know what is made of them, nor what an order of entries has to keep to.

use crate::store::{Store, StoreError, Stored};
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, ScopedJoinHandle, available_parallelism, scope};

/// Entries that one thread reads before it is the next one's turn: several blocks, since it unpacks whole ones.
const TURN: u64 = 1024;

/// Entries that are handed over together, and how many times as many may wait for each thread.
const BATCH: usize = 128;
const WAIT: usize = 4;

/// The most threads that read: one that takes in what they make keeps up with no more.
const MOST: usize = 8;

fn cores() -> usize {
    available_parallelism().map_or(1, |cores| cores.get().min(MOST))
}

/// What can be made of each of these alone, made on all cores, in order.
pub(crate) fn all<T: Send, U: Send>(each: Vec<T>, make: impl Fn(T) -> U + Sync) -> Vec<U> {
    let share = each.len().div_ceil(cores()).max(1);
    let mut shares = vec![];
    let mut rest = each.into_iter();
    while rest.len() > 0 {
        shares.push(Mutex::new(Some(rest.by_ref().take(share).collect::<Vec<T>>())));
    }
    let take = |share: &Mutex<Option<Vec<T>>>| share.lock().unwrap_or_else(PoisonError::into_inner).take();
    let made = |share| take(share).into_iter().flatten().map(&make).collect::<Vec<U>>();
    scope(|scope| {
        // The last share is this thread's own; so are those for which the system gives no thread.
        let others = shares.len().saturating_sub(1);
        let threads: Vec<_> =
            shares[..others].iter().map(|share| Builder::new().spawn_scoped(scope, move || made(share)).ok()).collect();
        let own: Vec<Vec<U>> = shares.iter().skip(others).map(made).collect();
        let others =
            threads.into_iter().zip(&shares).flat_map(|(thread, share)| match thread.map(ScopedJoinHandle::join) {
                Some(Ok(made)) => made,
                Some(Err(panic)) => resume_unwind(panic),
                None => made(share),
            });
        others.chain(own.into_iter().flatten().collect::<Vec<U>>()).collect()
    })
}

/// What can be made of each of these alone, made on all cores and taken on this one, in order: while one is taken the next are made.
/// So many at the most are made, or being made, before their turn.
///
/// # Errors
/// Those of `take`: it stops there.
pub(crate) fn in_order<T: Send, U: Send, E>(
    each: Vec<T>,
    most: usize,
    make: impl Fn(T) -> U + Sync,
    mut take: impl FnMut(U) -> Result<(), E>,
) -> Result<(), E> {
    let count = each.len();
    let mut left = each.into_iter().enumerate();
    let (hand_out, work) = channel();
    let work = Mutex::new(work);
    let (done, made) = channel();
    scope(|scope| {
        // Once nothing is handed out any more the threads end.
        let hand_out = hand_out;
        let (work, make) = (&work, &make);
        let makes = move |done: Sender<_>| loop {
            let next: Result<(usize, T), _> = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((number, one)) = next else { return };
            let made = catch_unwind(AssertUnwindSafe(|| make(one)));
            if done.send((number, made)).is_err() {
                return;
            }
        };
        let start = |done: Sender<_>| Builder::new().spawn_scoped(scope, move || makes(done)).is_ok();
        if (0..cores()).filter(|_| start(done.clone())).count() == 0 {
            return left.try_for_each(|(_, one)| take(make(one)));
        }
        let mut next = || {
            if let Some(one) = left.next() {
                hand_out.send(one).expect("the other end lives as long as this");
            }
        };
        (0..most).for_each(|_| next());
        let mut early = BTreeMap::new();
        for number in 0..count {
            while !early.contains_key(&number) {
                early.extend([made.recv().expect("this thread could send to itself")]);
            }
            next();
            let made = early.remove(&number).into_iter();
            made.map(|made| made.unwrap_or_else(|panic| resume_unwind(panic))).try_for_each(&mut take)?;
        }
        Ok(())
    })
}

/// Reads a range of the entries of a store; `make` is called for each on any thread, `each` for what it made, in order on
/// this one. Where the store ends sooner, so does this.
///
/// # Errors
/// Those of the store, and those of `each`: it stops there.
pub(crate) fn each<T: Send, E: From<StoreError>>(
    store: &dyn Store,
    range: Range<u64>,
    make: impl Fn(Stored) -> T + Sync,
    mut each: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = cores() as u64;
    scope(|scope| {
        let make = &make;
        let start = |thread: u64| -> Result<Receiver<Made<T>>, StoreError> {
            let (batches, ready) = sync_channel(WAIT);
            let firsts = range.clone().step_by(TURN as usize).skip(thread as usize).step_by(threads as usize);
            let reads = move || turns(store, firsts, range.end, make, &batches);
            let started = Builder::new().name(format!("reader-{thread}")).spawn_scoped(scope, reads);
            started.map_err(StoreError::NoThread)?;
            Ok(ready)
        };
        let ready = (0..threads).map(start).collect::<Result<Vec<_>, _>>()?;
        for (first, ready) in range.clone().step_by(TURN as usize).zip(ready.iter().cycle()) {
            let mut left = TURN.min(range.end - first);
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

/// What was made of some entries.
type Made<T> = Vec<Result<T, StoreError>>;

/// Reads the turns that begin with these entries, until there are none or nobody takes them.
fn turns<T>(
    store: &dyn Store,
    firsts: impl Iterator<Item = u64>,
    end: u64,
    make: impl Fn(Stored) -> T,
    batches: &SyncSender<Made<T>>,
) {
    for first in firsts {
        let turn = first..end.min(first + TURN);
        let mut scan = store.scan(turn.clone());
        for _ in turn.step_by(BATCH) {
            let batch: Made<T> = scan.by_ref().take(BATCH).map(|stored| stored.map(&make)).collect();
            let ends = batch.last().is_none_or(Result::is_err);
            if batches.send(batch).is_err() || ends {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_ahead_is_taken_in_order_and_not_too_early() {
        let taken = Mutex::new(0);
        let number_taken = || *taken.lock().unwrap_or_else(PoisonError::into_inner);
        let make = |number: usize| {
            // Those with even numbers take longer.
            number.is_multiple_of(2).then(std::thread::yield_now);
            (number, number_taken())
        };
        let mut all = vec![];
        let done: Result<(), ()> = in_order((0..100).collect(), 3, make, |(number, before)| {
            assert!(number < before + 4, "{number} was made when {before} had been taken");
            *taken.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            all.push(number);
            Ok(())
        });
        assert_eq!((done, all), (Ok(()), (0..100).collect()));
    }

    #[test]
    fn it_stops_where_one_is_not_taken() {
        let mut all = vec![];
        let take = |number| {
            all.push(number);
            if number == 7 { Err(number) } else { Ok(()) }
        };
        assert_eq!(in_order((0..100).collect(), 3, |number: usize| number, take), Err(7));
        assert_eq!(all, (0..8).collect::<Vec<_>>(), "the eighth was not taken, and none after it was asked for");
    }
}
