//! A file that is made of the entries and lies beside them: parts, each with its hash, and over all of them a hash that
//! the store notes, so that a file which the ledger did not leave is not read. It must not know what the parts say.
//!
//! The file is a line, `minutebook snapshot 1`, then parts: each a length (eight bytes, the lowest first), the SHA-256
//! of its bytes, and the bytes; a part of no bytes is the end. The first part says in text what the file is of.

use crate::durable::{folder_of, sync_folder};
use crate::store::{Store, StoreError};
use minutebook_events::Hash;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

const FIRST_LINE: &[u8] = b"minutebook snapshot 1\n";

/// Why a file counts for nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
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

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Takes the next part.
pub(super) type Part<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<()>;

/// Writes a file in the place of the one there, and has the store note it: what it is of, and the parts that `save`
/// gives.
///
/// # Errors
/// What the operating system says; the one there is then as it was, or is discarded by whoever reads it next.
pub(super) fn put(
    path: &Path,
    store: &dyn Store,
    about: &str,
    save: impl FnOnce(Part) -> io::Result<()>,
) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let written = remove(&draft).and_then(|()| write(&draft, about, save));
    let placed = written.and_then(|hash| fs::rename(&draft, path).map(|()| hash));
    if placed.is_err() {
        // What is derived takes no room that entries may need.
        let _ = remove(&draft);
    }
    store.note(&name_of(path), &placed?).map_err(io::Error::other)?;
    sync_folder(folder_of(path))
}

/// Writes where there is no file, and gives the hash that the store notes of it.
fn write(path: &Path, about: &str, save: impl FnOnce(Part) -> io::Result<()>) -> io::Result<Hash> {
    let file = File::options().write(true).create_new(true).open(path)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    out.write_all(FIRST_LINE)?;
    let mut hashes = vec![];
    let mut part = |part: &[u8]| {
        let hash = Hash::of([part]);
        out.write_all(&(part.len() as u64).to_le_bytes())?;
        out.write_all(&hash.0)?;
        out.write_all(part)?;
        hashes.push(hash);
        Ok::<_, io::Error>(())
    };
    part(about.as_bytes())?;
    save(&mut part)?;
    part(&[])?;
    out.into_inner()?.sync_all()?;
    Ok(over(&hashes))
}

/// What `read` takes from a file that the ledger left: from what it is of, and from the parts. Where it does not match,
/// nothing, and a warning says why and that `instead` is done.
///
/// # Errors
/// [`StoreError`] where the store cannot be read.
pub(super) fn get<T>(
    path: &Path,
    store: &dyn Store,
    instead: &str,
    read: impl FnOnce(&str, &mut Parts) -> Result<Result<T, Unfit>, StoreError>,
) -> Result<Option<T>, StoreError> {
    let got = match open(path, store.noted(&name_of(path))?) {
        Ok((about, mut parts)) => read(&about, &mut parts)?,
        Err(unfit) => Err(unfit),
    };
    match got {
        Ok(got) => Ok(Some(got)),
        Err(Unfit::Unread(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(unfit) => {
            tracing::warn!(path = %path.display(), %unfit, "the snapshot is discarded: {instead}");
            Ok(None)
        }
    }
}

fn open(path: &Path, noted: Option<Hash>) -> Result<(String, Parts), Unfit> {
    if noted != Some(over(&Parts::of(path)?.hashes()?)) {
        return Err(Unfit::Stranger);
    }
    let mut parts = Parts::of(path)?;
    let about = parts.next()?.ok_or(Unfit::Undecoded)?;
    Ok((String::from_utf8(about).map_err(|_| Unfit::Undecoded)?, parts))
}

/// The hash over those of all parts.
fn over(hashes: &[Hash]) -> Hash {
    Hash::of(hashes.iter().map(|hash| hash.0.as_slice()))
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        if error.kind() == ErrorKind::UnexpectedEof { Self::Short } else { Self::Unread(error) }
    }
}

/// Reads part after part.
pub(super) struct Parts {
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
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Unfit> {
        let (length, hash) = self.head()?;
        let mut part = vec![];
        (&mut self.from).take(length).read_to_end(&mut part)?;
        if Hash::of([&*part]) != hash {
            return Err(Unfit::Spoilt(self.read));
        }
        Ok((!part.is_empty()).then_some(part))
    }
}
