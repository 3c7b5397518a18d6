//! Snapshots: of a ledger's projections, `DIR/snapshot`; while they are rebuilt, of what of that is done,
//! `DIR/rebuilding`; and of the totals that are kept, `DIR/totals`. An opening folds only the entries that came after
//! them. They are derived: whatever is the matter with one, it is discarded with a warning, and made anew from the
//! entries. It must not know what is in the projections, nor in totals.
//!
//! `file` says how the bytes lie. A snapshot of projections is first of all the typed copy of the entries: chunk after
//! chunk of them, packed, each written when it is full, while the ledger records. When the ledger closes, the chunk that
//! is not full follows, what is made of the entries, and their number and root; the next chunk takes the place of that.
//! What is missing of it after a crash is made of the chunks that are there. Each part is held to what the store noted
//! of it, the whole to its root, and the last entry to the store's: where one does not match, those before it count. A
//! snapshot of totals has no entries in it, and says what the leaf hash of the last one is. That snapshots say what the
//! stored bytes say is what `verify` checks, which reads both.

mod file;
mod totals;

pub(crate) use totals::KeptTotals;

use crate::ledger::{self, Folded, LedgerError};
use crate::merkle::Tree;
use crate::store::{REBUILDING, SNAPSHOT, Store, StoreError};
use file::{Extent, Parts, Unfit};
use minutebook_events::{Hash, Position};
use minutebook_projections::saved::{self, Loading};
use minutebook_projections::{Projections, Totals};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Those of a ledger's projections and of its totals, where it lies in a folder.
pub(crate) type Snapshots = Arc<Mutex<Option<(Snapshot, KeptTotals)>>>;

/// Where a snapshot is kept, and how much of it is there.
pub(crate) struct Snapshot {
    path: PathBuf,
    /// How many entries one covers that a ledger left on closing.
    covers: u64,
    /// The chunks in it, with what comes before them.
    chunks: Chunks,
    /// That no chunk can be added: said once.
    is_barred: bool,
}

/// How many full chunks a snapshot begins with, and how far they go.
#[derive(Debug, Clone, Copy, Default)]
struct Chunks {
    count: usize,
    extent: Extent,
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
        let Read { folded, chunks, is_whole, unfit } = match read(&path, store) {
            Ok(read) => read,
            Err(unfit) => Read { unfit: Some(unfit), ..Read::default() },
        };
        match unfit {
            Some(Unfit::Store(error)) => return Err(error),
            Some(unfit) if !unfit.is_missing() => {
                let (path, from) = (path.display(), folded.tree.size());
                tracing::warn!(%path, %unfit, "the snapshot is discarded: all entries from {from} on are folded");
            }
            _ => {}
        }
        let covers = if is_whole { folded.tree.size() } else { 0 };
        Ok((Self { path, covers, chunks, is_barred: false }, folded))
    }

    /// Whether so many entries came after it that another is worth its time.
    pub(crate) fn is_behind(&self, entries: u64) -> bool {
        is_behind(self.covers, entries)
    }

    /// The number of the chunk that comes next.
    pub(crate) fn next_chunk(&self) -> usize {
        self.chunks.count
    }

    /// Adds the chunk of this number, where it comes next. Where it cannot be written, none is from then on, and a warning
    /// says so.
    pub(crate) fn add(&mut self, store: &dyn Store, number: usize, chunk: &[u8]) {
        if self.is_barred || number != self.next_chunk() {
            return;
        }
        if let Err(error) = self.add_next(store, chunk) {
            tracing::warn!(%error, "the snapshot does not grow: an opening after a crash folds more entries");
            self.is_barred = true;
        }
    }

    fn add_next(&mut self, store: &dyn Store, chunk: &[u8]) -> io::Result<()> {
        // What a ledger left on closing makes room for it.
        self.covers = 0;
        let extent = file::write(&self.path, store, self.chunks.extent, |part| {
            begin(self.chunks, part)?;
            part(chunk)
        })?;
        self.chunks = Chunks { count: self.chunks.count + 1, extent };
        Ok(())
    }

    /// Writes all that is missing in a snapshot of what was folded.
    ///
    /// # Errors
    /// What the operating system says; the chunks that are there count still.
    pub(crate) fn save(&mut self, store: &dyn Store, projections: &Projections, tree: &Tree) -> io::Result<()> {
        while let Some(chunk) = projections.full_chunk(self.next_chunk()) {
            self.add_next(store, &chunk)?;
        }
        // Where this fails, what was there in its place is gone.
        self.covers = 0;
        file::write(&self.path, store, self.chunks.extent, |part| {
            begin(self.chunks, part)?;
            projections.save(self.chunks.count, &mut *part)?;
            part(end(tree).as_bytes())
        })?;
        self.covers = tree.size();
        // What barred it is gone.
        self.is_barred = false;
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
        let covers = found.tree.size();
        let made = ledger::fold(Folded::default(), store, covers, &mut progress)?;
        if found.projections.digest() != made.projections.digest() {
            return Err(LedgerError::Snapshot(snapshot.path));
        }
        let up_to = totals.head();
        let made = match up_to.0 > covers {
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
fn about() -> String {
    format!("version {}\n", saved::VERSION)
}

/// Writes what comes before the first chunk, where nothing is there.
fn begin(chunks: Chunks, part: file::Part) -> io::Result<()> {
    if chunks.extent == Extent::default() { part(about().as_bytes()) } else { Ok(()) }
}

/// The last part of one that a ledger left on closing: what it covers.
fn end(tree: &Tree) -> String {
    let root = tree.root(tree.size()).expect("a tree has the root of its own size");
    format!("entries {}\nroot {root}\n", tree.size())
}

/// What was read of a snapshot, and why the rest of it was not.
#[derive(Default)]
struct Read {
    folded: Folded,
    chunks: Chunks,
    is_whole: bool,
    unfit: Option<Unfit>,
}

fn read(path: &Path, store: &dyn Store) -> Result<Read, Unfit> {
    let (said, mut parts) = Parts::of(path, store)?;
    if said != about() {
        return Err(Unfit::OtherVersion);
    }
    let (mut loading, mut last) = (Loading::default(), None);
    let mut chunks = Chunks { count: 0, extent: parts.read() };
    let unfit = loop {
        match parts.next() {
            Ok(None) => break None,
            Ok(Some(part)) if loading.is_whole() && last.is_none() => last = Some(part),
            Ok(Some(part)) => {
                if loading.take(&part).is_none() {
                    break Some(Unfit::Undecoded);
                }
                if loading.full_chunks() > chunks.count {
                    chunks = Chunks { count: loading.full_chunks(), extent: parts.read() };
                }
            }
            Err(unfit) => break Some(unfit),
        }
    };
    let projections = loading.finish().ok_or(Unfit::Undecoded)?;
    let mut tree = Tree::default();
    projections.log().leaves().for_each(|leaf| tree.push(leaf));
    // What follows its end is cut when the ledger closes.
    let is_whole = last.is_some() && unfit.is_none();
    if projections.head().0 != tree.size() || last.is_some_and(|last| last != end(&tree).into_bytes()) {
        return Err(Unfit::OtherRoot);
    }
    is_of(tree.size(), tree.size().checked_sub(1).and_then(|last| tree.leaf(last)).copied(), store)?;
    Ok(Read { folded: Folded { projections, tree }, chunks, is_whole, unfit })
}

/// That what covers so many entries, the last of them with this leaf hash, is of this store.
fn is_of(covers: u64, leaf: Option<Hash>, store: &dyn Store) -> Result<(), Unfit> {
    let holds = store.len();
    if covers > holds {
        return Err(Unfit::Longer { covers, holds });
    }
    let Some(last) = covers.checked_sub(1) else { return Ok(()) };
    let same = store.read(Position(last))?.is_some_and(|stored| leaf == Some(stored.leaf));
    same.then_some(()).ok_or(Unfit::OtherEntries)
}
