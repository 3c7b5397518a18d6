//! Checkpoints: the size and the roots of a ledger at one moment, signed, and those that a ledger has signed, kept beside
//! its entries. It must not know how a root is made.
//!
//! The text is that of a C2SP tlog-checkpoint, whose first three lines every tool of that kind reads; the lines after them
//! are ours:
//!
//! ```text
//! kent.gov.uk/minutebook                               the ledger's name: the name of its key
//! 39                                                   how many entries
//! tAmT…=                                               the root of the Merkle tree over them
//! streams 7GXk…=                                       the root over the streams
//! register/1 YWJj…=                                    the root of a projection of that version
//! ```

use super::key::{PrivateKey, PublicKey};
use super::note::{self, BadNote};
use crate::durable;
use crate::ledger::{Ledger, RecordError};
use crate::merkle::Tree;
use crate::store::{Shown, StoreError};
use base64::prelude::{BASE64_STANDARD, Engine};
use minutebook_events::{Hash, Position};
use minutebook_projections::{RootOf, Roots};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

/// The size and the roots of a ledger at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many entries.
    pub size: Position,
    /// The root of the Merkle tree over their stored bytes (RFC 6962).
    pub root: Hash,
    /// The root over the streams.
    pub streams: Hash,
    /// The root of every projection.
    pub projections: Vec<RootOf>,
}

impl Head {
    /// The head of a ledger of which both are made, entry by entry.
    pub fn of(roots: &Roots, tree: &Tree) -> Self {
        let size = Position(tree.size());
        let root = tree.root(size.0).expect("a tree has a root of its own size");
        Self { size, root, streams: roots.streams(), projections: roots.projections_by(&both) }
    }
}

/// Makes two hashes at once, on two threads.
fn both(left: &(dyn Fn() -> Hash + Sync), right: &(dyn Fn() -> Hash + Sync)) -> (Hash, Hash) {
    thread::scope(|scope| {
        // Where the system gives no thread, one after the other.
        let beside = thread::Builder::new().spawn_scoped(scope, left).ok();
        let right = right();
        let left = beside.map_or_else(left, |beside| beside.join().expect("a hash can always be made"));
        (left, right)
    })
}

/// A head and the ledger it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's name.
    pub origin: String,
    /// Its head.
    pub head: Head,
}

/// Why a text is no checkpoint that counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// Its signatures do not count.
    #[error("it is no checkpoint of this key: {0}")]
    Note(#[from] BadNote),
    /// Its text is not a checkpoint's.
    #[error("it is no checkpoint: line {line} is not {expected}")]
    Text {
        /// The line, from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// It says that it is of a ledger that has not signed it.
    #[error(
        "it says that it is of {0}, and no key of that name has signed it: ask whoever runs that ledger for it again"
    )]
    OtherName(String),
    /// It is not what its file was named for.
    #[error(
        "it is not the checkpoint that its name has the size and the hash of: this file was altered, and not the ledger by that"
    )]
    NotAsKept,
}

/// A hash as notes write it.
pub(super) fn base64(hash: &Hash) -> String {
    BASE64_STANDARD.encode(hash.0)
}

fn unbase64(text: &str) -> Option<Hash> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(Hash)
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let Head { size, root, streams, projections } = &self.head;
        let mut text = format!("{}\n{size}\n{}\nstreams {}\n", self.origin, base64(root), base64(streams));
        for RootOf { name, version, root } in projections {
            text += &format!("{name}/{version} {}\n", base64(root));
        }
        text
    }

    fn parse(text: &str) -> Result<Self, BadCheckpoint> {
        let bad = |line, expected| BadCheckpoint::Text { line, expected };
        let mut lines = text.lines();
        let mut next = || lines.next().unwrap_or_default();
        let origin = Some(next()).filter(|line| !line.is_empty()).ok_or(bad(1, "the name of a ledger"))?;
        // Nobody signs of no entry, and such a note would hold a ledger to nothing.
        let size = next().parse().ok().filter(|size: &Position| size.0 > 0).ok_or(bad(2, "a number of entries"))?;
        let root = unbase64(next()).ok_or(bad(3, "a root in base64"))?;
        let streams = next().strip_prefix("streams ").and_then(unbase64).ok_or(bad(4, "\"streams\" and a root"))?;
        let projections = lines
            .zip(5..)
            .map(|(text, line)| root_of(text).ok_or(bad(line, "a projection, as register/1, and its root")));
        let projections = projections.collect::<Result<_, _>>()?;
        let checkpoint = Self { origin: origin.to_owned(), head: Head { size, root, streams, projections } };
        // Nothing that was signed may say the same in another way.
        if checkpoint.text() == text { Ok(checkpoint) } else { Err(bad(2, "written as a checkpoint is")) }
    }

    /// Reads a checkpoint that every one of these keys has signed; with no key, whoever signed it.
    ///
    /// # Errors
    /// [`BadCheckpoint`].
    pub fn open(note: &str, keys: &[PublicKey]) -> Result<Self, BadCheckpoint> {
        let checkpoint = Self::parse(&note::open(note, keys)?)?;
        // Whoever countersigns has a name of their own; the ledger's own signature is there first (C2SP tlog-checkpoint).
        match note::signers(note).any(|name| name == checkpoint.origin) {
            true => Ok(checkpoint),
            false => Err(BadCheckpoint::OtherName(checkpoint.origin)),
        }
    }
}

fn root_of(line: &str) -> Option<RootOf> {
    let (name, rest) = line.split_once('/')?;
    let (version, root) = rest.split_once(' ')?;
    Some(RootOf { name: name.to_owned().into(), version: version.parse().ok()?, root: unbase64(root)? })
}

/// These checkpoints, each once: who gives one that the ledger kept, or gives one twice, gives one.
pub fn once(checkpoints: impl IntoIterator<Item = Checkpoint>) -> Vec<Checkpoint> {
    let mut each = vec![];
    for checkpoint in checkpoints {
        if !each.contains(&checkpoint) {
            each.push(checkpoint);
        }
    }
    each
}

/// Why no checkpoint was signed. Nothing left the ledger.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Fault: it signed a larger ledger before.
    #[error(
        "this ledger has {size} entries, and it signed a checkpoint of {signed}: entries are missing; nothing was signed: restore the ledger from a copy that has them"
    )]
    Shorter {
        /// What there is.
        size: Position,
        /// What was signed.
        signed: Position,
    },
    /// Fault: it signed other entries before.
    #[error(
        "the first {signed} entries are not those of the checkpoint that was signed of them: an entry was altered, or that checkpoint; nothing was signed: `minutebook verify` says more"
    )]
    Inconsistent {
        /// The size of that checkpoint.
        signed: Position,
    },
    /// Fault: what is stored is not what the ledger has in memory.
    #[error(
        "the stored bytes at position {0} are not those that were recorded; nothing was signed: restore the ledger from a copy"
    )]
    Stored(Position),
    /// Incorrect: the ledger has another name.
    #[error("this ledger signs as {signed}, and the key is of {key}: use the key of that name, or keep ledgers apart")]
    OtherName {
        /// The name of its checkpoints.
        signed: String,
        /// The name of the key.
        key: String,
    },
    /// Incorrect: an empty ledger has nothing to sign.
    #[error("the ledger holds no entry yet: record one, then sign")]
    Empty,
    /// Fault: a checkpoint that it kept is none.
    #[error("{path}: {source}; restore the file from a copy, or move it away where it was never this ledger's")]
    Kept {
        /// The file.
        path: Shown,
        /// Why.
        source: BadCheckpoint,
    },
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] RecordError),
    /// The entries cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// Unavailable: the note could not be kept, and did not leave.
    #[error("cannot write {path}: {source}; nothing was signed")]
    NotKept {
        /// The file.
        path: Shown,
        /// What the operating system said.
        source: io::Error,
    },
    /// Unavailable.
    #[error("cannot {doing} {path}: {source}; try again, and check the disk if it persists")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: Shown,
        /// What the operating system said.
        source: io::Error,
    },
}

/// The folder of a ledger's checkpoints in the ledger's own.
pub const FOLDER: &str = "checkpoints";

/// The most bytes of a note, as the readers of notes take it.
const MOST_BYTES: u64 = 1_000_000;

/// The checkpoints that a ledger has signed: a file each, named by its size and its hash, in the folder `checkpoints` of
/// the ledger's. None is ever overwritten.
#[derive(Debug, Clone)]
pub struct Signed(PathBuf);

impl Signed {
    /// Those of the ledger at a folder.
    pub fn of(ledger: &Path) -> Self {
        Self(ledger.join(FOLDER))
    }

    /// Every one of them as it was signed, the smallest first; none where nothing was signed yet.
    ///
    /// # Errors
    /// [`CheckpointError::Kept`], [`CheckpointError::Io`].
    pub fn all(&self) -> Result<Vec<(Checkpoint, String)>, CheckpointError> {
        let mut all = self.files()?.into_iter().map(|path| read(&path)).collect::<Result<Vec<_>, _>>()?;
        all.sort_by_key(|(checkpoint, _)| checkpoint.head.size);
        Ok(all)
    }

    /// The latest.
    ///
    /// # Errors
    /// As [`Signed::all`].
    pub fn latest(&self) -> Result<Option<(Checkpoint, String)>, CheckpointError> {
        self.files()?.pop().map(|path| read(&path)).transpose()
    }

    /// Their files in the order of their sizes: each name has as many digits.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, CheckpointError> {
        let io = |source| CheckpointError::Io { doing: "list", path: self.0.clone().into(), source };
        let items = match fs::read_dir(&self.0) {
            Ok(items) => items,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(io(error)),
        };
        let files = items.map(|item| item.map(|item| item.path())).collect::<Result<Vec<_>, _>>();
        let mut files = files.map_err(io)?;
        files.retain(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_kept));
        files.sort();
        Ok(files)
    }

    /// Keeps a note under a size, durably.
    fn keep(&self, size: Position, note: &str) -> Result<(), CheckpointError> {
        let path = self.0.join(name_of(size, note));
        let kept = fs::create_dir_all(&self.0)
            .and_then(|()| durable::sync_folder(durable::folder_of(&self.0)))
            .and_then(|()| durable::put(&path, note.as_bytes()));
        kept.map_err(|source| CheckpointError::NotKept { path: path.into(), source })
    }
}

/// The name of the file that keeps a note: its size and its hash.
fn name_of(size: Position, note: &str) -> String {
    let hash = Hash::of([note.as_bytes()]).to_string();
    format!("{:020}-{}.note", size.0, &hash[..16])
}

/// Whether a file has the name of one that keeps a checkpoint.
pub fn is_kept(name: &str) -> bool {
    let parts = name.strip_suffix(".note").and_then(|stem| stem.split_once('-'));
    parts.is_some_and(|(size, hash)| {
        let hexadecimal = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        (size.len(), hash.len()) == (20, 16)
            && size.bytes().all(|c| c.is_ascii_digit())
            && hash.bytes().all(hexadecimal)
    })
}

/// The checkpoint in a file that keeps one, whoever signed it, and the note as it was signed.
pub(crate) fn read(path: &Path) -> Result<(Checkpoint, String), CheckpointError> {
    read_signed(path, &[])
}

/// The same, where every one of these keys has signed it.
pub(crate) fn read_signed(path: &Path, keys: &[PublicKey]) -> Result<(Checkpoint, String), CheckpointError> {
    let io = |source| CheckpointError::Io { doing: "read", path: path.into(), source };
    let kept = |source| CheckpointError::Kept { path: path.into(), source };
    // What waits for a writer, or leads elsewhere, is no file that we kept.
    let about = fs::symlink_metadata(path).map_err(io)?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return Err(kept(BadNote::Form.into()));
    }
    let bytes = fs::read(path).map_err(io)?;
    let note = String::from_utf8(bytes).map_err(|_| kept(BadNote::Form.into()))?;
    let checkpoint = Checkpoint::open(&note, keys).map_err(kept)?;
    if path.file_name().is_some_and(|name| name != name_of(checkpoint.head.size, &note).as_str()) {
        return Err(kept(BadCheckpoint::NotAsKept));
    }
    Ok((checkpoint, note))
}

/// Signs the head of a ledger. What came since the last checkpoint is read back from the store first; a head that is
/// smaller than one signed before, or does not begin as it does, is never signed; and the note is durable beside the
/// entries before it leaves. Signed again with nothing new, it is the same note.
///
/// # Errors
/// [`CheckpointError`]: nothing was signed.
pub async fn sign(ledger: &Ledger, signed: &Signed, key: &PrivateKey) -> Result<String, CheckpointError> {
    let head = ledger.roots().await?;
    let origin = key.public().name().to_owned();
    let latest = signed.latest()?;
    let mut checked = Position(0);
    if let Some((last, _)) = latest {
        checked = last.head.size;
        if last.origin != origin {
            return Err(CheckpointError::OtherName { signed: last.origin, key: origin });
        }
        if head.size < checked {
            return Err(CheckpointError::Shorter { size: head.size, signed: checked });
        }
        if ledger.tree().root(checked.0) != Some(last.head.root) {
            return Err(CheckpointError::Inconsistent { signed: checked });
        }
    }
    if head.size.0 == 0 {
        return Err(CheckpointError::Empty);
    }
    read_back(ledger, checked, head.size)?;
    let checkpoint = Checkpoint { origin, head };
    // An Ed25519 signature is a function of key and text: signed again, it is the same note in the same file.
    let note = note::sign(&checkpoint.text(), key);
    signed.keep(checkpoint.head.size, &note)?;
    Ok(note)
}

/// Reads the entries from one position up to another from the store, and holds them to the tree.
fn read_back(ledger: &Ledger, from: Position, to: Position) -> Result<(), CheckpointError> {
    let mut next = from;
    for stored in ledger.store().scan(from.0..to.0) {
        let stored = stored?;
        let leaf = Hash::leaf(&stored.bytes);
        if stored.position != next || ledger.tree().leaf(next.0) != Some(&leaf) {
            return Err(CheckpointError::Stored(next));
        }
        next = next.next();
    }
    if next == to { Ok(()) } else { Err(CheckpointError::Stored(next)) }
}
