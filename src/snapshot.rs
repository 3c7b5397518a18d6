//! The snapshot of a ledger's projections, `DIR/snapshot`; and, while they are rebuilt, what of that is done,
//! `DIR/rebuilding`: so that opening folds only the entries that came after it. It is
//! derived: whatever is the matter with it, it is discarded with a warning, and everything is folded from the entries. It must
//! not know what is in the projections.
//!
//! A snapshot is a line, `minutebook snapshot 1`, then parts: each a length (eight bytes, the lowest first), the SHA-256 of its
//! bytes, and the bytes; a part of no bytes is the end. The first part says in text of which version it is, how many entries it
//! covers and what their root is; the others are what [`minutebook_projections::saved`] makes. Opening holds every part to
//! its hash, the entries in it to the root, and the last of them to the store's. That it says what the stored bytes say is
//! what `verify` checks, which reads both.

use crate::durable::{folder_of, sync_folder};
use crate::ledger::{self, Folded, LedgerError};
use crate::merkle::Tree;
use crate::store::{Store, StoreError};
use minutebook_events::{Hash, Position};
use minutebook_projections::{Projections, saved};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

const FIRST_LINE: &[u8] = b"minutebook snapshot 1\n";

/// The longest part that is taken: what a spoilt length says must not be reserved.
const LONGEST: u64 = 1 << 32;

/// Where a snapshot is kept, and how many entries the one there covers.
pub(crate) struct Snapshot {
    path: PathBuf,
    covers: u64,
}

/// Why a snapshot counts for nothing.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(transparent)]
    Unread(#[from] io::Error),
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
        folder.join("snapshot")
    }

    /// Where a rebuild beside this one puts aside what is done.
    pub(crate) fn rebuilding(&self) -> PathBuf {
        self.path.with_file_name("rebuilding")
    }

    /// What the snapshot at a path holds; of none, or where it does not match, nothing folded.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub(crate) fn load(path: PathBuf, store: &dyn Store) -> Result<(Self, Folded), StoreError> {
        let folded = match read(&path) {
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
    /// What the operating system says; the one there is then as it was.
    pub(crate) fn save(&mut self, projections: &Projections, tree: &Tree) -> io::Result<()> {
        let draft = self.path.with_extension("draft");
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&draft)?);
        out.write_all(FIRST_LINE)?;
        let size = tree.size();
        let root = tree.root(size).expect("a tree has the root of its own size");
        write_part(&mut out, about(projections.head(), root).as_bytes())?;
        projections.save(|part| write_part(&mut out, part))?;
        write_part(&mut out, &[])?;
        out.into_inner()?.sync_all()?;
        fs::rename(&draft, &self.path)?;
        self.covers = size;
        sync_folder(folder_of(&self.path))
    }

    /// Removes it, where it is there.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn remove(self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether the one in a ledger's folder is what folding the entries comes to, byte for byte; true of none. It costs a
    /// fold of them.
    ///
    /// # Errors
    /// [`LedgerError`] where the entries cannot be read, and with the position up to which it says otherwise.
    pub(crate) fn hold(folder: &Path, store: &dyn Store, progress: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
        let (snapshot, found) = Self::load(Self::live(folder), store)?;
        let made = ledger::fold(Folded::default(), store, snapshot.covers, progress)?;
        match found.projections.digest() == made.projections.digest() {
            true => Ok(()),
            false => {
                let what = "the snapshot of the entries before this one says otherwise than they do: remove the file \
                            \"snapshot\" in the ledger's folder, and find out who wrote it; it will be made anew";
                Err(LedgerError::Incoherent { position: found.projections.head(), what: what.to_owned() })
            }
        }
    }
}

/// What a snapshot says of itself.
fn about(size: Position, root: Hash) -> String {
    format!("version {}\nentries {size}\nroot {root}\n", saved::VERSION)
}

fn write_part(out: &mut impl Write, part: &[u8]) -> io::Result<()> {
    out.write_all(&(part.len() as u64).to_le_bytes())?;
    out.write_all(&Hash::of([part]).0)?;
    out.write_all(part)
}

/// Reads part after part.
struct Parts<R> {
    from: R,
    read: usize,
}

impl<R: Read> Parts<R> {
    /// The next one; nothing at the end.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Unfit> {
        let (mut length, mut hash) = ([0; 8], [0; 32]);
        self.from.read_exact(&mut length)?;
        self.from.read_exact(&mut hash)?;
        let length = u64::from_le_bytes(length);
        self.read += 1;
        let mut part = vec![];
        if length > LONGEST || (&mut self.from).take(length).read_to_end(&mut part)? as u64 != length {
            return Err(Unfit::Spoilt(self.read));
        }
        if Hash::of([&*part]).0 != hash {
            return Err(Unfit::Spoilt(self.read));
        }
        Ok((!part.is_empty()).then_some(part))
    }
}

fn read(path: &Path) -> Result<Folded, Unfit> {
    let mut from = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut line = [0; FIRST_LINE.len()];
    from.read_exact(&mut line)?;
    if line != FIRST_LINE {
        return Err(Unfit::NoSnapshot);
    }
    let mut parts = Parts { from, read: 0 };
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
    match said == about(projections.head(), root).as_bytes() && tree.size() == projections.head().0 {
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
