//! A ledger in a draft: filled in large commits, then opened and verified as anyone would. It must not know where its entries
//! come from.

use super::error::CopyError;
use super::{Progress, Step};
use crate::audit::checkpoint::{self, Checkpoint, Head, Signed};
use crate::audit::verify::{Verified, long_enough, verify};
use crate::sealed::Contents;
use crate::store::{self, NewEntry, Store, StoreError};
use minutebook_events::Position;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What one commit takes: enough that its flush costs little, and not so much that it is felt in memory.
pub(super) const GROUP_ENTRIES: usize = 1000;
pub(super) const GROUP_BYTES: usize = 4 * 1024 * 1024;

/// A new ledger, being filled.
pub(super) struct Filling {
    folder: PathBuf,
    store: Arc<dyn Store>,
    waiting: Vec<NewEntry>,
    bytes: usize,
}

impl Filling {
    pub(super) fn create(folder: &Path) -> Result<Self, CopyError> {
        let store = store::create(folder)?;
        Ok(Self { folder: folder.to_owned(), store, waiting: vec![], bytes: 0 })
    }

    /// Adds the next entry. It is durable once [`Filling::finish`] has returned.
    pub(super) fn add(&mut self, entry: NewEntry) -> Result<(), CopyError> {
        self.bytes += entry.bytes.len();
        self.waiting.push(entry);
        if self.waiting.len() < GROUP_ENTRIES && self.bytes < GROUP_BYTES { Ok(()) } else { self.commit() }
    }

    pub(super) fn finish(mut self) -> Result<(), CopyError> {
        self.commit()
    }

    fn commit(&mut self) -> Result<(), CopyError> {
        let appended = self.store.append(Position(self.store.len()), &self.waiting);
        self.waiting.clear();
        self.bytes = 0;
        appended.map_err(|error| match error {
            // Whether it was kept is of no interest in a draft.
            StoreError::Unknown { cause, .. } => CopyError::io("write to", &self.folder)(cause),
            error => error.into(),
        })
    }
}

/// Opens a ledger, and holds it to itself, to its contents and to checkpoints.
pub(super) fn verified(
    folder: &Path,
    checkpoints: &[Checkpoint],
    progress: Progress,
) -> Result<(Verified, Head), CopyError> {
    let store = store::open(folder)?;
    let contents = Contents::beside(folder);
    Ok(verify(&*store, Some(&contents), checkpoints, |done, total| progress(Step::Verifying, done, total))?)
}

/// Takes the checkpoints out of a copy that were signed of more entries than it has, while it was made; those that it has.
/// `store` is that of the ledger that was copied: where it does not have so many either, entries are missing from it.
pub(super) fn signed_up_to(size: Position, folder: &Path, store: &dyn Store) -> Result<Vec<Checkpoint>, CopyError> {
    let mut all = vec![];
    for path in Signed::of(folder).files()? {
        let (checkpoint, _) = checkpoint::read(&path)?;
        if checkpoint.head.size > size {
            fs::remove_file(&path).map_err(CopyError::io("remove", path))?;
        }
        all.push(checkpoint);
    }
    long_enough(store, &all)?;
    all.retain(|checkpoint| checkpoint.head.size <= size);
    Ok(all)
}
