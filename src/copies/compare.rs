//! A node's copy against the log that it follows, every entry by its bytes: whether one is a beginning of the other, or where they
//! part, and what the copy has that the log lacks. It must not change either.

use crate::ledger::LedgerError;
use crate::merkle::Tree;
use crate::slice;
use crate::store::{Store, StoreError, Stored};
use minutebook_events::{Entry, EntryId, Hash, Instant, Position, codec};

/// What a comparison comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// How many entries the copy has.
    pub copy: u64,
    /// How many the log has.
    pub log: u64,
    /// The root of the Merkle tree over the entries that both begin with.
    pub root: Hash,
    /// Where they part; nothing where one is a beginning of the other.
    pub parting: Option<Parting>,
    /// What the copy has and the log lacks, in order.
    pub lost: Vec<Lost>,
}

impl Compared {
    /// Whether the copy is a beginning of the log, as that of a node which follows it is.
    pub fn is_beginning(&self) -> bool {
        self.parting.is_none() && self.copy <= self.log
    }
}

/// The first position at which two hold other entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// The position.
    pub position: Position,
    /// What the copy has there.
    pub here: (EntryId, Hash),
    /// What the log has there, or what is wrong with it.
    pub there: Result<(EntryId, Hash), String>,
}

/// An entry that was recorded, and is not in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Its id.
    pub id: EntryId,
    /// Where it was recorded.
    pub position: Position,
    /// When that was.
    pub recorded: Instant,
    /// The leaf hash of its bytes.
    pub leaf: Hash,
    /// Where the log has another entry of that id, where it has one.
    pub other: Option<Position>,
}

/// Compares a copy with the log.
///
/// # Errors
/// [`LedgerError`] where the copy cannot be read, or the log is not reached.
pub fn compare(copy: &dyn Store, log: &dyn Store, mut progress: impl FnMut(u64, u64)) -> Result<Compared, LedgerError> {
    let both = copy.len().min(log.len());
    let (mut tree, mut parting) = (Tree::default(), None);
    let mut theirs = log.scan(0..both);
    for ours in copy.scan(0..both) {
        let ours = ours?;
        let there = match theirs.next().unwrap_or_else(|| Err(missing(ours.position))) {
            Ok(theirs) if theirs.bytes == ours.bytes => {
                tree.push(ours.leaf);
                progress(tree.size(), both);
                continue;
            }
            Ok(theirs) => entry(&theirs).map(|entry| (entry.id, theirs.leaf)).map_err(|error| error.to_string()),
            Err(StoreError::Corrupt { what, .. }) => Err(what),
            Err(error) => return Err(error.into()),
        };
        parting = Some(Parting { position: ours.position, here: (entry(&ours)?.id, ours.leaf), there });
        break;
    }
    progress(both, both);
    let same = tree.size();
    let root = tree.root(same).expect("a tree has the root of its own size");
    let lost = lost(copy, log, Position(same))?;
    Ok(Compared { copy: copy.len(), log: log.len(), root, parting, lost })
}

/// What a copy has from a position on that the log lacks: by its ids, wherever they are.
fn lost(copy: &dyn Store, log: &dyn Store, from: Position) -> Result<Vec<Lost>, LedgerError> {
    let mut lost = vec![];
    for stored in copy.scan(from.0..copy.len()) {
        let stored = stored?;
        let entry = entry(&stored)?;
        let Stored { position, leaf, .. } = stored;
        let there = log.position_of(entry.id)?;
        let is_same = |at: Position| match slice::read(log, at) {
            Ok(there) => Ok(there.entry.is_record_of(&entry)),
            // Whatever it was, it is not what was recorded.
            Err(LedgerError::Store(StoreError::Corrupt { .. }) | LedgerError::Bytes { .. }) => Ok(false),
            Err(error) => Err(error),
        };
        if !there.map(is_same).transpose()?.unwrap_or_default() {
            lost.push(Lost { id: entry.id, position, recorded: entry.recorded, leaf, other: there });
        }
    }
    Ok(lost)
}

fn missing(position: Position) -> StoreError {
    StoreError::Corrupt { position, what: "nothing is stored there".to_owned() }
}

fn entry(stored: &Stored) -> Result<Entry, LedgerError> {
    codec::decode(&stored.bytes).map_err(|source| LedgerError::Bytes { position: stored.position, source })
}
