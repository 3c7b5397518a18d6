//! A file that is made of the entries and lies beside them: parts, each with its hash, which the store notes too, so that a
//! part which the ledger did not leave is not read. It can be cut after any part and go on from there. It must not know
//! what the parts say.
//!
//! The file is a line, `minutebook snapshot 2`, then parts: each a length (eight bytes, the lowest first), the SHA-256
//! of its bytes, and the bytes. The first part says in text what the file is of.

use crate::store::{Store, StoreError};
use minutebook_events::Hash;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

const FIRST_LINE: &[u8] = b"minutebook snapshot 2\n";

/// How many bytes say of a part how long it is, and its hash.
const HEAD: u64 = 40;

/// Why a file, or what comes after its first parts, counts for nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error(transparent)]
    Unread(io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("it is no file")]
    NoFile,
    #[error("it ends before its end")]
    Short,
    #[error("part {0} is not one that the ledger left")]
    Stranger(usize),
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

impl Unfit {
    /// Whether there is just none.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Unread(error) if error.kind() == ErrorKind::NotFound)
    }
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::UnexpectedEof { Self::Short } else { Self::Unread(error) }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Under which name the store notes a part.
fn note_of(name: &str, part: usize) -> String {
    format!("{name} {part}")
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How much of a file counts: so many parts, and so many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) parts: usize,
    bytes: u64,
}

/// Takes the next part.
pub(super) type Part<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;

/// Writes the parts that `save` gives after those of a file that count, has the store note them, and gives how much of the
/// file counts then. What was there after those is gone.
///
/// # Errors
/// What the operating system says, or the store; the parts that counted do so still.
pub(super) fn write(
    path: &Path,
    store: &dyn Store,
    after: Extent,
    save: impl FnOnce(Part) -> io::Result<()>,
) -> io::Result<Extent> {
    match fs::symlink_metadata(path) {
        // A pipe would keep who opens it waiting; a link leads elsewhere.
        Ok(about) if !about.is_file() => return Err(io::Error::other(format!("{} is no file", path.display()))),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create(true).truncate(false).open(path)?;
    file.set_len(after.bytes)?;
    file.seek(SeekFrom::Start(after.bytes))?;
    let written = append(&file, after, &name_of(path), save);
    if written.is_err() {
        // What is derived takes no room that entries may need.
        let _ = file.set_len(after.bytes);
    }
    let (extent, notes) = written?;
    store.note(&notes).map_err(io::Error::other)?;
    Ok(extent)
}

/// What the store is to note of parts.
type Notes = Vec<(String, Hash)>;

fn append(
    file: &File,
    after: Extent,
    name: &str,
    save: impl FnOnce(Part) -> io::Result<()>,
) -> io::Result<(Extent, Notes)> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let (mut extent, mut notes) = (after, vec![]);
    if extent.parts == 0 {
        out.write_all(FIRST_LINE)?;
        extent.bytes = FIRST_LINE.len() as u64;
    }
    save(&mut |part| {
        let hash = Hash::of([part]);
        out.write_all(&(part.len() as u64).to_le_bytes())?;
        out.write_all(&hash.0)?;
        out.write_all(part)?;
        notes.push((note_of(name, extent.parts), hash));
        extent = Extent { parts: extent.parts + 1, bytes: extent.bytes + HEAD + part.len() as u64 };
        Ok(())
    })?;
    out.flush()?;
    Ok((extent, notes))
}

/// Reads the parts of a file one after the other, each held to what the store noted of it.
pub(super) struct Parts<'a> {
    from: BufReader<File>,
    /// How many bytes are left.
    left: u64,
    read: Extent,
    name: String,
    store: &'a dyn Store,
}

impl<'a> Parts<'a> {
    /// What a file says that it is of, and the parts after that.
    pub(super) fn of(path: &Path, store: &'a dyn Store) -> Result<(String, Self), Unfit> {
        // A pipe would keep who opens it waiting.
        let about = fs::symlink_metadata(path)?;
        if !about.is_file() {
            return Err(Unfit::NoFile);
        }
        let mut from = BufReader::with_capacity(1 << 20, File::open(path)?);
        let mut line = [0; FIRST_LINE.len()];
        from.read_exact(&mut line)?;
        if line != FIRST_LINE {
            return Err(Unfit::NoSnapshot);
        }
        let bytes = line.len() as u64;
        let left = about.len().saturating_sub(bytes);
        let mut parts = Self { from, left, read: Extent { parts: 0, bytes }, name: name_of(path), store };
        let about = parts.next()?.ok_or(Unfit::Short)?;
        Ok((String::from_utf8(about).map_err(|_| Unfit::Undecoded)?, parts))
    }

    /// How much was read.
    pub(super) fn read(&self) -> Extent {
        self.read
    }

    /// The next one; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Unfit> {
        if self.left == 0 {
            return Ok(None);
        }
        let number = self.read.parts;
        let (mut length, mut hash) = ([0; 8], [0; 32]);
        self.from.read_exact(&mut length)?;
        self.from.read_exact(&mut hash)?;
        let (length, hash) = (u64::from_le_bytes(length), Hash(hash));
        if self.store.noted(&note_of(&self.name, number))? != Some(hash) {
            return Err(Unfit::Stranger(number));
        }
        self.left = self.left.checked_sub(HEAD).and_then(|left| left.checked_sub(length)).ok_or(Unfit::Short)?;
        let mut part = vec![];
        (&mut self.from).take(length).read_to_end(&mut part)?;
        if Hash::of([&*part]) != hash {
            return Err(Unfit::Spoilt(number));
        }
        self.read = Extent { parts: number + 1, bytes: self.read.bytes + HEAD + length };
        Ok(Some(part))
    }
}
