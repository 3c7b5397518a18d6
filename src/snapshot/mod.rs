//! Snapshots: of a ledger's projections, `DIR/snapshot`; while they are rebuilt, of what of that is done,
//! `DIR/rebuilding`; and of the totals that are kept, `DIR/totals`. An opening folds only the entries that came after
//! them. They are derived: whatever is the matter with one, it is discarded with a warning, and made anew from the
//! entries. It must not know what is in the projections, nor in totals.
//!
//! `file` says how the bytes lie. A snapshot says of which version it is, how many entries it covers and what their
//! root is; an opening holds the entries in it to the root, and the last of them to the store's. One of totals has no
//! entries in it, and says what the leaf hash of the last one is. That snapshots say what the stored bytes say is what
//! `verify` checks, which reads both.

mod file;
mod totals;

pub(crate) use totals::KeptTotals;

use crate::ledger::{self, Folded, LedgerError};
use crate::merkle::Tree;
use crate::store::{REBUILDING, SNAPSHOT, Store, StoreError};
use file::{Parts, Unfit};
use minutebook_events::{Hash, Position};
use minutebook_projections::{Projections, Totals, saved};
use std::io;
use std::path::{Path, PathBuf};

/// Where a snapshot is kept, and how many entries the one there covers.
pub(crate) struct Snapshot {
    path: PathBuf,
    covers: u64,
}

impl Snapshot {
    /// The one of a ledger's folder that questions are answered from.
    pub(crate) fn live(folder: &Path) -> PathBuf {
        folder.join(SNAPSHOT)
    }

    /// Where a rebuild beside this one puts aside what is done.
    pub(crate) fn rebuilding(&self) -> PathBuf {
        self.path.with_file_name(REBUILDING)
    }

    /// What the snapshot at a path holds; of none, or where it does not match, nothing folded.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub(crate) fn load(path: PathBuf, store: &dyn Store) -> Result<(Self, Folded), StoreError> {
        let folded = file::get(&path, store, "all entries are folded", |about, parts| match read(about, parts) {
            Ok(folded) => {
                let last = folded.tree.size().checked_sub(1).and_then(|last| folded.tree.leaf(last)).copied();
                Ok(is_of(folded.tree.size(), last, store)?.map(|()| folded))
            }
            Err(unfit) => Ok(Err(unfit)),
        })?;
        let folded = folded.unwrap_or_default();
        Ok((Self { path, covers: folded.tree.size() }, folded))
    }

    /// Whether so many entries came after it that another is worth its time.
    pub(crate) fn is_behind(&self, entries: u64) -> bool {
        is_behind(self.covers, entries)
    }

    /// Writes a snapshot of what was folded, in the place of the one there.
    ///
    /// # Errors
    /// What the operating system says; the one there is then as it was, or is discarded by the next opening.
    pub(crate) fn save(&mut self, store: &dyn Store, projections: &Projections, tree: &Tree) -> io::Result<()> {
        let root = tree.root(tree.size()).expect("a tree has the root of its own size");
        file::put(&self.path, store, &about(projections.head(), root), |part| projections.save(part))?;
        self.covers = tree.size();
        Ok(())
    }

    /// Removes it, where it is there.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn remove(self) -> io::Result<()> {
        file::remove(&self.path)
    }

    /// Whether those in a ledger's folder are what folding the entries comes to, byte for byte; true of none. It costs
    /// a fold of them.
    ///
    /// # Errors
    /// [`LedgerError`] where the entries cannot be read; [`LedgerError::Snapshot`] where one says otherwise.
    pub(crate) fn hold(
        folder: &Path,
        store: &dyn Store,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(), LedgerError> {
        let (snapshot, found) = Self::load(Self::live(folder), store)?;
        let (kept, totals) = KeptTotals::load(folder, store)?;
        let made = ledger::fold(Folded::default(), store, snapshot.covers, &mut progress)?;
        if found.projections.digest() != made.projections.digest() {
            return Err(LedgerError::Snapshot(snapshot.path));
        }
        let up_to = totals.head();
        let made = match up_to.0 > snapshot.covers {
            true => ledger::fold(made, store, up_to.0, progress)?,
            false => made,
        };
        let mut right = Totals::default();
        right.follow(&made.projections, up_to);
        match totals.digest() == right.digest() {
            true => Ok(()),
            false => Err(LedgerError::Snapshot(kept.into_path())),
        }
    }
}

/// Whether a snapshot that covers so many of the entries is so far behind that another is worth its time.
fn is_behind(covers: u64, entries: u64) -> bool {
    entries.saturating_sub(covers) >= (entries / 16).max(4096)
}

/// What a snapshot of projections says of itself.
fn about(size: Position, root: Hash) -> String {
    format!("version {}\nentries {size}\nroot {root}\n", saved::VERSION)
}

fn read(said: &str, parts: &mut Parts) -> Result<Folded, Unfit> {
    if !said.starts_with(&format!("version {}\n", saved::VERSION)) {
        return Err(Unfit::OtherVersion);
    }
    let projections = Projections::load(|| parts.next())?.ok_or(Unfit::Undecoded)?;
    if parts.next()?.is_some() {
        return Err(Unfit::Undecoded);
    }
    let mut tree = Tree::default();
    projections.log().leaves().for_each(|leaf| tree.push(leaf));
    let root = tree.root(tree.size()).expect("a tree has the root of its own size");
    let whole = projections.log().position(projections.log().len().saturating_sub(1)).map_or(0, |last| last.0 + 1);
    match said == about(projections.head(), root) && [whole, tree.size()] == [projections.head().0; 2] {
        true => Ok(Folded { projections, tree }),
        false => Err(Unfit::OtherRoot),
    }
}

/// Whether what covers so many entries, the last of them with this leaf hash, is of this store.
fn is_of(covers: u64, leaf: Option<Hash>, store: &dyn Store) -> Result<Result<(), Unfit>, StoreError> {
    let holds = store.len();
    if covers > holds {
        return Ok(Err(Unfit::Longer { covers, holds }));
    }
    let Some(last) = covers.checked_sub(1) else { return Ok(Ok(())) };
    let stored = store.read(Position(last))?;
    let same = stored.is_some_and(|stored| leaf == Some(stored.leaf));
    Ok(same.then_some(()).ok_or(Unfit::OtherEntries))
}
