//! The thread that appends to a node's copy what the log has: after the receipt, which waits for the log alone. It must not know what
//! an entry means.
//!
//! What comes is gathered for a moment, since each commit of the copy takes its turn at a disk that may be the log's too; whoever
//! waits for the copy ends that.

use crate::snapshot::Snapshots;
use crate::store::{NewEntry, Store, StoreError};
use crate::writer::Chunk;
use minutebook_events::Position;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// For how long what comes is gathered, and how many entries are enough.
const GATHER: Duration = Duration::from_millis(50);
const ENOUGH: usize = 4096;

/// How many entries may wait before whoever brings more waits too.
const MOST: usize = 4 * ENOUGH;

/// Entries for the copy, the first of them at this position, and the chunks of the snapshot that are full with them.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) first: Position,
    pub(super) entries: Vec<NewEntry>,
    pub(super) chunks: Vec<Chunk>,
}

/// How far the copy is, and what it is given.
pub(crate) struct Copied {
    state: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Default)]
struct Progress {
    len: u64,
    /// How many entries somebody waits for.
    wanted: u64,
    /// What is gathered, and since when there is any.
    gathered: Batch,
    since: Option<Instant>,
    /// Whether no more comes.
    is_closed: bool,
    failed: Option<Arc<StoreError>>,
}

impl Progress {
    /// For how long more is gathered before what is there is appended; not at all where that is due.
    fn gathers(&self) -> Option<Duration> {
        let is_due = self.is_closed || self.wanted > self.len || self.gathered.entries.len() >= ENOUGH;
        match self.since {
            None => Some(Duration::MAX).filter(|_| !self.is_closed),
            Some(since) => GATHER.checked_sub(since.elapsed()).filter(|_| !is_due),
        }
    }
}

impl Copied {
    /// Waits until the copy has so many entries.
    ///
    /// # Errors
    /// That it will not have them: it could not be written.
    pub(crate) fn wait(&self, len: u64) -> Result<(), Arc<StoreError>> {
        let mut state = self.state();
        if state.len < len {
            state.wanted = state.wanted.max(len);
            self.changed.notify_all();
        }
        while state.len < len {
            if let Some(error) = &state.failed {
                return Err(Arc::clone(error));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    /// Why the copy grows no more, where it does not.
    pub(super) fn failed(&self) -> Option<Arc<StoreError>> {
        self.state().failed.clone()
    }

    fn state(&self) -> MutexGuard<'_, Progress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be appended next; nothing once there is no more.
    fn next(&self) -> Option<Batch> {
        let mut state = self.state();
        while let Some(left) = state.gathers() {
            state = match left {
                Duration::MAX => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                left => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        state.since.take().map(|_| std::mem::take(&mut state.gathered))
    }
}

/// The thread. Where it is dropped, it finishes what it was given.
pub(super) struct Copier {
    thread: Option<JoinHandle<()>>,
    copied: Arc<Copied>,
}

impl Copier {
    /// Starts it.
    ///
    /// # Errors
    /// [`StoreError::NoThread`].
    pub(super) fn start(copy: Arc<dyn Store>, snapshots: Snapshots) -> Result<Self, StoreError> {
        let state = Mutex::new(Progress { len: copy.len(), ..Progress::default() });
        let copied = Arc::new(Copied { state, changed: Condvar::new() });
        let work = Work { copy, snapshots, copied: Arc::clone(&copied) };
        let thread = Builder::new().name("node-copier".to_owned()).spawn(move || work.run());
        Ok(Self { thread: Some(thread.map_err(StoreError::NoThread)?), copied })
    }

    /// Has entries appended to the copy.
    ///
    /// # Errors
    /// Why an append before failed: the copy grows no more.
    pub(super) fn append(&self, batch: Batch) -> Result<(), Arc<StoreError>> {
        let mut state = self.copied.state();
        loop {
            if let Some(error) = &state.failed {
                return Err(Arc::clone(error));
            }
            if state.gathered.entries.len() < MOST {
                break;
            }
            state = self.copied.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.since.is_none() {
            (state.since, state.gathered.first) = (Some(Instant::now()), batch.first);
        }
        state.gathered.entries.extend(batch.entries);
        state.gathered.chunks.extend(batch.chunks);
        self.copied.changed.notify_all();
        Ok(())
    }

    pub(super) fn copied(&self) -> &Arc<Copied> {
        &self.copied
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.copied.state().is_closed = true;
        self.copied.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // Where it panicked, it has said so.
            let _ = thread.join();
        }
    }
}

struct Work {
    copy: Arc<dyn Store>,
    snapshots: Snapshots,
    copied: Arc<Copied>,
}

/// What is said from then on: no append to the log is in doubt by it.
fn ended(why: impl ToString) -> StoreError {
    let what = "this node's copy of the log, so that it follows no further and records nothing; mend that, and start the node again";
    StoreError::Io { what: what.to_owned(), source: io::Error::other(why.to_string()) }
}

impl Drop for Work {
    fn drop(&mut self) {
        // Whoever waits for more waits in vain.
        let ended = || Arc::new(ended("the thread that writes it has ended"));
        self.copied.state().failed.get_or_insert_with(ended);
        self.copied.changed.notify_all();
    }
}

impl Work {
    fn run(self) {
        while let Some(Batch { first, entries, chunks }) = self.copied.next() {
            // Whoever waits to bring more may.
            self.copied.changed.notify_all();
            if let Err(error) = self.copy.append(first, &entries) {
                tracing::error!(%error, "the copy of the log cannot be written: the node follows no further");
                self.copied.state().failed = Some(Arc::new(ended(error)));
                return;
            }
            self.copied.state().len = first.0 + entries.len() as u64;
            self.copied.changed.notify_all();
            if let Some((snapshot, _)) = &mut *self.snapshots.lock().unwrap_or_else(PoisonError::into_inner) {
                chunks.into_iter().for_each(|(number, chunk)| snapshot.add(&*self.copy, number, &chunk));
            }
        }
    }
}
