//! Taking in entries that are in the log: into the projections, the tree and the copy, so that who asks sees them, in this order. It
//! must not decide whether they belong there.

use super::copier::{Batch, Copier};
use crate::ledger::Order;
use crate::merkle::Tree;
use crate::sealed::{Contents, erased_by};
use crate::store::{NewEntry, StoreError};
use crate::writer::full_chunks;
use minutebook_events::{Entry, Hash, Position};
use minutebook_projections::{Projections, Trace};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::watch;

/// An entry of the log, whose bytes have this hash.
pub(super) struct Read {
    pub(super) entry: Entry,
    pub(super) bytes: Vec<u8>,
    pub(super) leaf: Hash,
    /// What it is to the roots, where those are kept up.
    pub(super) trace: Option<Trace>,
}

/// What a node answers from.
pub(super) struct Live {
    pub(super) projections: Arc<RwLock<Projections>>,
    pub(super) tree: Arc<RwLock<Tree>>,
    pub(super) contents: Contents,
    pub(super) durable: Arc<watch::Sender<u64>>,
    pub(super) next_chunk: Option<usize>,
    pub(super) copier: Copier,
}

impl Live {
    /// How many entries are here.
    pub(super) fn head(&self) -> Position {
        self.projections().head()
    }

    /// What the next entry of the log is held to.
    pub(super) fn order(&self) -> Order {
        let projections = self.projections();
        Order::after(projections.head(), projections.log().last_recorded())
    }

    pub(super) fn projections(&self) -> RwLockReadGuard<'_, Projections> {
        self.projections.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tree(&self) -> RwLockReadGuard<'_, Tree> {
        self.tree.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes room for so many more entries.
    pub(super) fn reserve(&self, entries: u64) {
        self.projections.write().unwrap_or_else(PoisonError::into_inner).reserve(entries);
    }

    /// Takes in the next entries.
    ///
    /// # Errors
    /// Why the copy cannot be written: nothing more is taken in then, and what was is in the log.
    pub(super) fn take_in(&mut self, read: Vec<Read>) -> Result<(), Arc<StoreError>> {
        if read.is_empty() {
            return Ok(());
        }
        let first = self.head();
        let (mut entries, mut leaves) = (Vec::with_capacity(read.len()), Vec::with_capacity(read.len()));
        let mut erased = vec![];
        let mut projections = self.projections.write().unwrap_or_else(PoisonError::into_inner);
        for Read { entry, bytes, leaf, trace } in read {
            erased.extend(erased_by(&entry));
            let id = entry.id;
            let (_, subjects) = projections.apply_about(entry, leaf, trace);
            entries.push(NewEntry::of_leaf(id, subjects.into_iter().collect(), bytes, leaf));
            leaves.push(leaf);
        }
        let chunks = full_chunks(&projections, &mut self.next_chunk);
        drop(projections);
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        let size = tree.size();
        drop(tree);
        self.copier.append(Batch { first, entries, chunks })?;
        self.durable.send_replace(size);
        self.erase(&erased, Position(size));
        Ok(())
    }

    /// Destroys what lies here of contents that another node erased. Who recorded it here hears of it otherwise, too.
    fn erase(&self, erased: &[(minutebook_events::ContractId, minutebook_events::Slug)], head: Position) {
        if erased.is_empty() {
            return;
        }
        if let Err(error) = self.contents.erase(erased, &self.projections(), head) {
            tracing::error!(%error, "what an entry erases is not all gone here: record that entry again here, which finishes it");
        }
    }
}
