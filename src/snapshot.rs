//! The snapshot of a ledger's projections, `DIR/snapshot`; and, while they are rebuilt, what of that is done,
//! `DIR/rebuilding`: so that opening folds only the entries that came after it. It is derived: whatever is the matter with it,
//! it is discarded with a warning, and everything is folded from the entries. It must not know what is in the projections.
//!
//! A snapshot is a line, `minutebook snapshot 1`, then parts: each a length (eight bytes, the lowest first), the SHA-256 of its
//! bytes, and the bytes; a part of no bytes is the end. The first part says in text of which version it is, how many entries it
//! covers and what their root is; the others are what [`minutebook_projections::saved`] makes. The store notes the hash over
//! the hashes of all parts: a file that the ledger did not leave is not read further. Opening holds every part to its hash,
//! the entries in it to the root, and the last of them to the store's. That it says what the stored bytes say is what `verify`
//! checks, which reads both.

use crate::durable::{folder_of, sync_folder};
use crate::ledger::{self, Folded, LedgerError};
use crate::merkle::Tree;
use crate::store::{REBUILDING, SNAPSHOT, Store, StoreError};
use minutebook_events::{Hash, Position};
use minutebook_projections::{Projections, saved};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

const FIRST_LINE: &[u8] = b"minutebook snapshot 1\n";

/// Where a snapshot is kept, and how many entries the one there covers.
pub(crate) struct Snapshot {
    path: PathBuf,
    covers: u64,
}

/// Why a snapshot counts for nothing.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(transparent)]
    Unread(io::Error),
    #[error("it is no file")]
    NoFile,
    #[error("it ends before its end")]
    Short,
    #[error("it is not the one that the ledger left")]
    Stranger,
    #[error("it does not begin as a snapshot does")]
    NoSnapshot,
    #[error("it was made by another version of the program")]
    OtherVersion,
    #[error("part {0} is not what its hash says")]
    Spoilt(usize),
    #[error("it does not decode")]
    Undecoded,
    #[error("it covers {covers} entries, and the ledger holds {holds}")]
    Longer { covers: u64, holds: u64 },
    #[error("its entries are not those that it was made of")]
    OtherRoot,
    #[error("its last entry is not the one in the ledger")]
    OtherEntries,
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
        let noted = store.noted(&name_of(&path))?;
        let folded = match read(&path, noted) {
            Ok(folded) => is_of(&folded, store)?.map(|()| folded),
            Err(unfit) => Err(unfit),
        };
        let folded = folded.unwrap_or_else(|unfit| {
            let is_none = matches!(&unfit, Unfit::Unread(error) if error.kind() == ErrorKind::NotFound);
            if !is_none {
                tracing::warn!(path = %path.display(), %unfit, "the snapshot is discarded: all entries are folded");
            }
            Folded::default()
        });
        Ok((Self { path, covers: folded.tree.size() }, folded))
    }

    /// Whether so many entries came after it that another is worth its time.
    pub(crate) fn is_behind(&self, entries: u64) -> bool {
        entries.saturating_sub(self.covers) >= (entries / 16).max(4096)
    }

    /// Writes a snapshot of what was folded, in the place of the one there.
    ///
    /// # Errors
    /// What the operating system says; the one there is then as it was, or is discarded by the next opening.
    pub(crate) fn save(&mut self, store: &dyn Store, projections: &Projections, tree: &Tree) -> io::Result<()> {
        let draft = self.path.with_extension("draft");
        let written = remove(&draft).and_then(|()| write(&draft, projections, tree));
        let placed = written.and_then(|hash| fs::rename(&draft, &self.path).map(|()| hash));
        if placed.is_err() {
            // What is derived takes no room that entries may need.
            let _ = remove(&draft);
        }
        store.note(&name_of(&self.path), &placed?).map_err(io::Error::other)?;
        self.covers = tree.size();
        sync_folder(folder_of(&self.path))
    }

    /// Removes it, where it is there.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn remove(self) -> io::Result<()> {
        remove(&self.path)
    }

    /// Whether the one in a ledger's folder is what folding the entries comes to, byte for byte; true of none. It costs a
    /// fold of them.
    ///
    /// # Errors
    /// [`LedgerError`] where the entries cannot be read; [`LedgerError::Snapshot`] where it says otherwise.
    pub(crate) fn hold(folder: &Path, store: &dyn Store, progress: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
        let (snapshot, found) = Self::load(Self::live(folder), store)?;
        let made = ledger::fold(Folded::default(), store, snapshot.covers, progress)?;
        match found.projections.digest() == made.projections.digest() {
            true => Ok(()),
            false => Err(LedgerError::Snapshot(snapshot.path)),
        }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a snapshot where there is no file, and gives the hash that the store notes of it.
fn write(path: &Path, projections: &Projections, tree: &Tree) -> io::Result<Hash> {
    let file = File::options().write(true).create_new(true).open(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(FIRST_LINE)?;
    let root = tree.root(tree.size()).expect("a tree has the root of its own size");
    let mut hashes = vec![];
    let mut part = |part: &[u8]| {
        let hash = Hash::of([part]);
        out.write_all(&(part.len() as u64).to_le_bytes())?;
        out.write_all(&hash.0)?;
        out.write_all(part)?;
        hashes.push(hash);
        Ok::<_, io::Error>(())
    };
    part(about(projections.head(), root).as_bytes())?;
    projections.save(&mut part)?;
    part(&[])?;
    out.into_inner()?.sync_all()?;
    Ok(over(&hashes))
}

/// The hash over those of all parts.
fn over(hashes: &[Hash]) -> Hash {
    Hash::of(hashes.iter().map(|hash| hash.0.as_slice()))
}

/// What a snapshot says of itself.
fn about(size: Position, root: Hash) -> String {
    format!("version {}\nentries {size}\nroot {root}\n", saved::VERSION)
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::UnexpectedEof { Self::Short } else { Self::Unread(error) }
    }
}

/// Reads part after part.
struct Parts {
    from: BufReader<File>,
    /// How many bytes are left.
    left: u64,
    read: usize,
}

impl Parts {
    /// Those after the first line.
    fn of(path: &Path) -> Result<Self, Unfit> {
        // A pipe would keep who opens it waiting.
        let about = fs::symlink_metadata(path)?;
        if !about.is_file() {
            return Err(Unfit::NoFile);
        }
        let mut from = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut line = [0; FIRST_LINE.len()];
        from.read_exact(&mut line)?;
        let left = about.len().saturating_sub(line.len() as u64);
        if line == FIRST_LINE { Ok(Self { from, left, read: 0 }) } else { Err(Unfit::NoSnapshot) }
    }

    /// The length of the next part, which the file has, and its hash.
    fn head(&mut self) -> Result<(u64, Hash), Unfit> {
        let (mut length, mut hash) = ([0; 8], [0; 32]);
        self.from.read_exact(&mut length)?;
        self.from.read_exact(&mut hash)?;
        let length = u64::from_le_bytes(length);
        self.read += 1;
        self.left = self.left.checked_sub(40).and_then(|left| left.checked_sub(length)).ok_or(Unfit::Short)?;
        Ok((length, Hash(hash)))
    }

    /// The hashes of all parts that are left, by what is written of them.
    fn hashes(mut self) -> Result<Vec<Hash>, Unfit> {
        let mut hashes = vec![];
        loop {
            let (length, hash) = self.head()?;
            hashes.push(hash);
            if length == 0 {
                return if self.left == 0 { Ok(hashes) } else { Err(Unfit::Undecoded) };
            }
            self.from.seek_relative(i64::try_from(length).map_err(|_| Unfit::Short)?)?;
        }
    }

    /// The next one; nothing at the end.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Unfit> {
        let (length, hash) = self.head()?;
        let mut part = vec![];
        (&mut self.from).take(length).read_to_end(&mut part)?;
        if Hash::of([&*part]) != hash {
            return Err(Unfit::Spoilt(self.read));
        }
        Ok((!part.is_empty()).then_some(part))
    }
}

fn read(path: &Path, noted: Option<Hash>) -> Result<Folded, Unfit> {
    if noted != Some(over(&Parts::of(path)?.hashes()?)) {
        return Err(Unfit::Stranger);
    }
    let mut parts = Parts::of(path)?;
    let said = parts.next()?.ok_or(Unfit::Undecoded)?;
    if !said.starts_with(format!("version {}\n", saved::VERSION).as_bytes()) {
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
    match said == about(projections.head(), root).as_bytes() && [whole, tree.size()] == [projections.head().0; 2] {
        true => Ok(Folded { projections, tree }),
        false => Err(Unfit::OtherRoot),
    }
}

/// Whether it covers entries of this store.
fn is_of(folded: &Folded, store: &dyn Store) -> Result<Result<(), Unfit>, StoreError> {
    let (covers, holds) = (folded.tree.size(), store.len());
    if covers > holds {
        return Ok(Err(Unfit::Longer { covers, holds }));
    }
    let Some(last) = covers.checked_sub(1) else { return Ok(Ok(())) };
    let stored = store.read(Position(last))?;
    let same = stored.is_some_and(|stored| folded.tree.leaf(last) == Some(&stored.leaf));
    Ok(same.then_some(()).ok_or(Unfit::OtherEntries))
}
