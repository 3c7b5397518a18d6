//! Where entries are kept: the `Store` trait, and what every store promises. It must know bytes and positions, and
//! nothing of what an entry means; nothing outside this folder names an engine.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `engine` | sled while it is open: it wakes who waits in vain, and closes without a panic |
//! | `error` | why opening, reading or appending failed, and what to do |
//! | `folder` | a ledger's folder: its format marker and the lock on it |
//! | `kept` | what sled may change while it opens, kept aside until the opening has ended well |
//! | `layout` | keys, chunks, records and sealed blocks, as bytes |
//! | `guard` | the one door to sled's calls that may panic |
//! | `index` | what leads from an id or a subject to its entries, as bytes |
//! | `place` | where a ledger is: in a folder, or on a server |
//! | `postgres` | the log on a server that speaks PostgreSQL's protocol |
//! | `reader` | blocks, tail and indexes, read from sled |
//! | `recover` | opening what a crash left, and checking all of it |
//! | `sled_store` | appending and reading |
//! | `watermark` | the size that the ledger had at least |
//! | `whole` | that the files are as an opening left them which checked all |

mod engine;
mod error;
mod folder;
mod guard;
mod index;
mod kept;
mod layout;
mod place;
mod postgres;
mod reader;
mod recover;
mod sled_store;
mod watermark;
mod whole;

pub use error::{OpenError, Shown, StoreError};
pub use folder::{BESIDE, FORMAT, Folder, MARKER, REBUILDING, SNAPSHOT, TOTALS, copy, is_of_the_store};
pub use index::{IndexKey, Tally};
pub use place::Place;
pub use postgres::{Address, AddressError, Grants, Heard, Migrated, PASSWORD, PostgresStore, migrate};
pub use sled_store::{Options, SledStore, SyncData};

use minutebook_events::{EntryId, Hash, Position};
use minutebook_projections::Subject;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// One stored entry: the bytes exactly as they were appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the ledger.
    pub position: Position,
    /// Its bytes, which have been checked against `leaf`.
    pub bytes: Vec<u8>,
    /// The hash it was stored with.
    pub leaf: Hash,
}

/// What to append: the bytes, and what the store indexes them by.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The entry's id.
    pub id: EntryId,
    /// The subjects to whose streams it belongs, each once, in order.
    pub subjects: Vec<Subject>,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Their leaf hash.
    leaf: Hash,
}

impl NewEntry {
    /// One of an id, about these subjects.
    pub fn new(id: EntryId, subjects: Vec<Subject>, bytes: Vec<u8>) -> Self {
        let leaf = Hash::leaf(&bytes);
        Self { id, subjects, bytes, leaf }
    }

    /// One whose bytes were made or read with this leaf hash: they are not hashed again. Whoever reads it back hashes them.
    pub(crate) fn of_leaf(id: EntryId, subjects: Vec<Subject>, bytes: Vec<u8>, leaf: Hash) -> Self {
        debug_assert_eq!(leaf, Hash::leaf(&bytes), "the leaf hash is that of the bytes");
        Self { id, subjects, bytes, leaf }
    }
}

/// Entries in order, as [`Store::scan`] gives them. It ends after the first error.
pub type Scan<'a> = Box<dyn Iterator<Item = Result<Stored, StoreError>> + 'a>;

/// Keeps entries in order, without a gap, and says so only when they are durable.
///
/// In a folder, one process writes at a time; on a server, several may, and whoever comes second hears of a conflict. Calls may
/// come from any thread; they block.
pub trait Store: Send + Sync {
    /// How many entries are durable; also the position that the next one gets.
    fn len(&self) -> u64;

    /// Whether nothing has been recorded yet.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the entries, the first of them at `first`: all of them or none. They are durable when this returns `Ok`,
    /// at the cost of one flush for the whole call, so that the caller decides what shares a commit.
    /// Ids are the caller's to keep unique.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when `first` is not [`Store::len`], [`StoreError::TooLarge`]: nothing was written.
    /// [`StoreError::Unknown`]: it may or may not have been kept; from then on [`StoreError::Refusing`].
    fn append(&self, first: Position, entries: &[NewEntry]) -> Result<(), StoreError>;

    /// The entry at a position, its bytes checked against its hash; `None` past the end.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when what is stored is not what was appended; [`StoreError::Io`].
    fn read(&self, position: Position) -> Result<Option<Stored>, StoreError>;

    /// The entries at these positions, in order, each checked as in [`Store::read`]. Where the last durable one is before the end of
    /// the range, that is the last. What is right before one that is wrong is given, as far as the two are not stored together.
    fn scan(&self, range: Range<u64>) -> Scan<'_>;

    /// The stream of a subject: the positions of its entries, in order; a place in this list is a version.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn positions_of(&self, subject: &Subject) -> Result<Vec<Position>, StoreError>;

    /// Where the entry with this id is.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn position_of(&self, id: EntryId) -> Result<Option<Position>, StoreError>;

    /// Gives all that the indexes lead to, in any order: a key and a position for every id, and for every subject of every entry;
    /// also where that is no entry. Whoever checks them makes the same of the entries.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn leads(&self, each: &mut dyn FnMut(IndexKey, Position)) -> Result<(), StoreError>;

    /// Notes by their names the hashes of things that were made of the entries and lie elsewhere, so that nothing else is
    /// taken for them. They are no entries, and need not outlive a loss of power.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    fn note(&self, notes: &[(String, Hash)]) -> Result<(), StoreError>;

    /// What was noted last under a name.
    ///
    /// # Errors
    /// As [`Store::read`].
    fn noted(&self, name: &str) -> Result<Option<Hash>, StoreError>;

    /// Of which log it is a copy, where it is one: whoever appends to it appends what that log has, and nothing else.
    fn copy_of(&self) -> Option<&str> {
        None
    }
}

/// Makes a ledger at a place where there is none, and opens it: in a folder that is empty or not there, or on a server.
///
/// # Errors
/// [`OpenError`], each with its remedy.
pub fn create(place: impl Into<Place>) -> Result<Arc<dyn Store>, OpenError> {
    let place = place.into();
    match place.server {
        Some(address) => Ok(Arc::new(PostgresStore::create(address)?)),
        None => Ok(Arc::new(SledStore::open(Folder::create(&place.folder)?, Options::default())?)),
    }
}

/// Makes a copy of the log at an address, in a folder that is empty or not there; nothing is in it yet.
///
/// # Errors
/// [`OpenError`], each with its remedy.
pub fn create_copy(folder: &Path, of: &Address) -> Result<Arc<dyn Store>, OpenError> {
    Ok(Arc::new(SledStore::open(Folder::create_copy(folder, of.to_string())?, Options::default())?))
}

/// Opens the folder of a node that is a copy of the ledger at an address: of the same name, wherever its server is by now.
///
/// # Errors
/// [`OpenError`]; above all [`OpenError::NotItsCopy`].
pub fn open_copy(folder: &Path, of: &Address) -> Result<Arc<dyn Store>, OpenError> {
    let copy = open(folder)?;
    let is_of = |own: &str| own.parse().is_ok_and(|own: Address| own.ledger() == of.ledger());
    match copy.copy_of() {
        Some(own) if is_of(own) => Ok(copy),
        other => {
            Err(OpenError::NotItsCopy { path: folder.into(), of: other.map(ToOwned::to_owned), log: of.to_string() })
        }
    }
}

/// Opens the ledger at a place.
///
/// # Errors
/// [`OpenError`], each with its remedy.
pub fn open(place: impl Into<Place>) -> Result<Arc<dyn Store>, OpenError> {
    let place = place.into();
    match place.server {
        Some(address) => Ok(Arc::new(PostgresStore::open(address)?)),
        None => Ok(Arc::new(SledStore::open(Folder::open(&place.folder)?, Options::default())?)),
    }
}
