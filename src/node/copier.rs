//! The thread that appends to a node's copy what the log has: after the receipt, which waits for the log alone, and all that waits
//! at once. It must not know what an entry means.

use crate::snapshot::Snapshots;
use crate::store::{NewEntry, Store, StoreError};
use crate::writer::Chunk;
use minutebook_events::Position;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// How many batches may wait before whoever brings the next one waits too.
const WAIT: usize = 8;

/// So many entries, and no more than one batch beyond, share a commit.
const COMMIT: usize = 4096;

/// Entries for the copy, the first of them at this position, and the chunks of the snapshot that are full with them.
pub(super) struct Batch {
    pub(super) first: Position,
    pub(super) entries: Vec<NewEntry>,
    pub(super) chunks: Vec<Chunk>,
}

/// How far the copy is.
pub(crate) struct Copied {
    state: Mutex<Progress>,
    grown: Condvar,
}

struct Progress {
    len: u64,
    failed: Option<Arc<StoreError>>,
}

impl Copied {
    /// Waits until the copy has so many entries.
    ///
    /// # Errors
    /// That it will not have them: it could not be written.
    pub(crate) fn wait(&self, len: u64) -> Result<(), Arc<StoreError>> {
        let mut state = self.state();
        while state.len < len {
            if let Some(error) = &state.failed {
                return Err(Arc::clone(error));
            }
            state = self.grown.wait(state).unwrap_or_else(PoisonError::into_inner);
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
}

/// The thread. Where it is dropped, it finishes what it was given.
pub(super) struct Copier {
    batches: Option<SyncSender<Batch>>,
    thread: Option<JoinHandle<()>>,
    copied: Arc<Copied>,
}

impl Copier {
    /// Starts it.
    ///
    /// # Errors
    /// [`StoreError::NoThread`].
    pub(super) fn start(copy: Arc<dyn Store>, snapshots: Snapshots) -> Result<Self, StoreError> {
        let state = Mutex::new(Progress { len: copy.len(), failed: None });
        let copied = Arc::new(Copied { state, grown: Condvar::new() });
        let (batches, inbox) = sync_channel(WAIT);
        let work = Work { copy, snapshots, copied: Arc::clone(&copied) };
        let thread = Builder::new().name("node-copier".to_owned()).spawn(move || work.run(&inbox));
        Ok(Self { batches: Some(batches), thread: Some(thread.map_err(StoreError::NoThread)?), copied })
    }

    /// Has entries appended to the copy.
    ///
    /// # Errors
    /// Why an append before failed: the copy grows no more.
    pub(super) fn append(&self, batch: Batch) -> Result<(), Arc<StoreError>> {
        let sent = self.batches.as_ref().is_some_and(|batches| batches.send(batch).is_ok());
        match self.copied.failed() {
            Some(error) => Err(error),
            None if sent => Ok(()),
            None => unreachable!("it takes batches until it fails or is dropped"),
        }
    }

    pub(super) fn copied(&self) -> &Arc<Copied> {
        &self.copied
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        drop(self.batches.take());
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

impl Drop for Work {
    fn drop(&mut self) {
        // Whoever waits for more waits in vain.
        let ended = || {
            let source = io::Error::other("the thread that writes it has ended");
            Arc::new(StoreError::Io { what: "the copy of the log".to_owned(), source })
        };
        self.copied.state().failed.get_or_insert_with(ended);
        self.copied.grown.notify_all();
    }
}

impl Work {
    fn run(self, inbox: &Receiver<Batch>) {
        while let Ok(Batch { first, mut entries, mut chunks }) = inbox.recv() {
            while entries.len() < COMMIT
                && let Ok(more) = inbox.try_recv()
            {
                entries.extend(more.entries);
                chunks.extend(more.chunks);
            }
            if let Err(error) = self.copy.append(first, &entries) {
                tracing::error!(%error, "the copy of the log cannot be written: the node follows no further");
                self.copied.state().failed = Some(Arc::new(error));
                self.copied.grown.notify_all();
                return;
            }
            self.copied.state().len = first.0 + entries.len() as u64;
            self.copied.grown.notify_all();
            if let Some((snapshot, _)) = &mut *self.snapshots.lock().unwrap_or_else(PoisonError::into_inner) {
                chunks.into_iter().for_each(|(number, chunk)| snapshot.add(&*self.copy, number, &chunk));
            }
        }
    }
}
