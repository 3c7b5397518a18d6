//! A ledger from a backup or an archive, which may have been damaged, cut short, converted or made up: everything that a copy
//! says of itself is checked in a draft, and only then does the draft become the ledger. It must not change the copy.

use super::archive::ENTRIES;
use super::beside::{self, carry, carry_unsettled, withhold};
use super::draft::Draft;
use super::error::CopyError;
use super::ledger::{Filling, verified};
use super::sums::{self, CONVERTED, SUMS, Sums};
use super::{Copied, Progress, Step};
use crate::audit::checkpoint::{self, Checkpoint, CheckpointError, Signed, once};
use crate::audit::key::PublicKey;
use crate::durable;
use crate::ledger::{LedgerError, follows, new_entry};
use crate::store::{self, MARKER, OpenError, StoreError};
use minutebook_events::codec::{self, BadBytes, MAX_BYTES};
use minutebook_events::{Entry, Hash, Position};
use minutebook_projections::Projections;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// What a ledger was restored from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ledger's folder.
    Backup,
    /// Entries as lines.
    Archive,
}

/// What a copy is held to, besides itself and the checkpoints that it brings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Held<'a> {
    /// Checkpoints that were kept somewhere else.
    pub checkpoints: &'a [Checkpoint],
    /// Of these keys, one must have signed every checkpoint that the copy brings: a ledger may have changed its key.
    pub keys: &'a [PublicKey],
}

/// Makes a ledger at `to` from the copy at `from`. It is there once every file was held to the copy's hashes, every entry to
/// the one before, and all of them to every checkpoint.
///
/// # Errors
/// [`CopyError`]: nothing is at `to`.
pub fn restore(from: &Path, to: &Path, held: Held, progress: Progress) -> Result<(Kind, Copied), CopyError> {
    let kind = Kind::of(from)?;
    let draft = Draft::of(to, from)?;
    let copy = Copy { from, kind, draft: draft.path() };
    let copied = copy.restored(held, progress).map_err(|error| draft.told(copy.told(error)))?;
    draft.finish()?;
    Ok((kind, copied))
}

impl Kind {
    /// What kind of copy a folder is.
    fn of(from: &Path) -> Result<Self, CopyError> {
        let no_copy = |why: String| Err(CopyError::NoCopy { path: from.into(), why });
        match fs::metadata(from) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(CopyError::NotThere(from.into())),
            Err(error) => return Err(CopyError::io("find", from)(error)),
            Ok(there) if !there.is_dir() => {
                return no_copy(
                    "it is a file, and a copy is a folder; what is packed must be unpacked first".to_owned(),
                );
            }
            Ok(_) => {}
        }
        let names = fs::read_dir(from).and_then(|list| list.map(|item| item.map(|item| item.file_name())).collect());
        let names: Vec<_> = names.map_err(CopyError::io("list", from))?;
        let has = |name: &str| names.iter().any(|found| found == name);
        let packed = names.iter().map(|name| name.to_string_lossy()).find(|name| name.starts_with(ENTRIES));
        match (has(MARKER), has(ENTRIES), packed, names.first()) {
            (true, ..) => Ok(Self::Backup),
            (_, true, ..) => Ok(Self::Archive),
            (.., Some(packed), _) => {
                no_copy(format!("it holds {packed} in place of {ENTRIES}, which must be unpacked first"))
            }
            (.., None) => no_copy("it is empty".to_owned()),
            (.., Some(name)) => {
                let name = name.to_string_lossy();
                no_copy(format!("it holds {name}, and neither {MARKER} nor {ENTRIES}"))
            }
        }
    }
}

/// A copy, and the draft of the ledger that is made of it.
struct Copy<'a> {
    from: &'a Path,
    kind: Kind,
    draft: PathBuf,
}

impl Copy<'_> {
    fn restored(&self, held: Held, progress: Progress) -> Result<Copied, CopyError> {
        let checkpoints = match self.kind {
            Kind::Backup => self.unpack_backup(held)?,
            Kind::Archive => self.unpack_archive(held, progress)?,
        };
        durable::as_private_as(self.from, &self.draft).map_err(CopyError::io("make", &self.draft))?;
        let (verified, head) = verified(&self.draft, &checkpoints, progress)?;
        let unpublished = verified.contents.as_ref().map_or(&[][..], |contents| &contents.unpublished);
        withhold(unpublished, &self.draft)?;
        Copied::new(verified.entries, verified.bytes, head.root, &checkpoints, &self.draft)
    }

    fn unpack_backup(&self, held: Held) -> Result<Vec<Checkpoint>, CopyError> {
        store::copy(self.from, &self.draft)?;
        self.carry()?;
        // A folder that was copied by hand has no hashes.
        if let Some(sums) = Sums::read(self.from)? {
            sums.hold(self.from, |name| sums::of_file_there(&self.draft.join(name)))?;
        }
        self.checkpoints(held)
    }

    fn unpack_archive(&self, held: Held, progress: Progress) -> Result<Vec<Checkpoint>, CopyError> {
        let files = beside::all_files(self.from)?;
        let sums = Sums::read(self.from)?;
        let sums = sums.ok_or_else(|| CopyError::spoilt(self.from.join(SUMS).display(), "it is not there"))?;
        if let Some(other) = files.iter().find(|name| *name != SUMS && sums.get(name).is_none()) {
            return Err(CopyError::Extra(self.from.join(other).into()));
        }
        let mut filling = Filling::create(&self.draft)?;
        self.carry()?;
        let checkpoints = self.checkpoints(held)?;
        let lines = Lines::open(self.from.join(ENTRIES))?.fill(&mut filling, progress)?;
        filling.finish()?;
        sums.hold(self.from, |name| match self.draft.join(name) {
            _ if name == ENTRIES => Ok(Some(lines)),
            // What will be the ledger's is held to its hash where it will be.
            carried if carried.exists() => sums::of_file_there(&carried),
            _ => sums::of_file_there(&self.from.join(name)),
        })?;
        Ok(checkpoints)
    }

    /// Takes all that lies beside the entries.
    fn carry(&self) -> Result<(), CopyError> {
        carry(self.from, &self.draft)?;
        carry_unsettled(self.from, &self.draft)
    }

    /// The checkpoints that the draft has now, and those that were kept elsewhere.
    fn checkpoints(&self, held: Held) -> Result<Vec<Checkpoint>, CopyError> {
        let brought = Signed::of(&self.draft).files()?.into_iter().map(|path| read_signed_by_one(&path, held.keys));
        let brought = brought.collect::<Result<Vec<_>, _>>()?.into_iter().map(|(checkpoint, _)| checkpoint);
        let all = once(held.checkpoints.iter().cloned().chain(brought));
        if all.is_empty() && !held.keys.is_empty() { Err(CopyError::Unsigned(self.from.into())) } else { Ok(all) }
    }

    /// An error of the draft, as one of the copy that it was made of.
    fn told(&self, error: CopyError) -> CopyError {
        match error {
            CopyError::Checkpoint(CheckpointError::Kept { path, source }) => {
                CopyError::spoilt(self.original(&path.0).display(), source)
            }
            CopyError::Ledger(LedgerError::Open(OpenError::Corrupt { path, what })) => {
                CopyError::spoilt(self.original(&path.0).display(), what)
            }
            CopyError::Ledger(
                LedgerError::Incoherent { position, what } | LedgerError::Store(StoreError::Corrupt { position, what }),
            ) => CopyError::spoilt(self.place(position), what),
            CopyError::Ledger(LedgerError::Bytes { position, source: source @ BadBytes::NoEntry(_) }) => {
                CopyError::spoilt(self.place(position), source)
            }
            CopyError::Ledger(LedgerError::Content(fault)) => {
                CopyError::spoilt(self.from.display(), CopyError::of_content(&fault, &self.draft, self.from))
            }
            CopyError::Ledger(LedgerError::Store(StoreError::CorruptIndex { name, what })) => {
                CopyError::spoilt(self.from.display(), format!("the index of {name}: {what}"))
            }
            other => other,
        }
    }

    fn original(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(&self.draft) {
            Ok(within) if within.as_os_str().is_empty() => self.from.to_owned(),
            Ok(within) => self.from.join(within),
            Err(_) => path.to_owned(),
        }
    }

    fn place(&self, position: Position) -> String {
        match self.kind {
            Kind::Backup => format!("{}, position {position}", self.from.display()),
            Kind::Archive => format!("{}:{}", self.from.join(ENTRIES).display(), position.0 + 1),
        }
    }
}

/// A checkpoint that one of these keys has signed; with no key, whoever signed it.
fn read_signed_by_one(path: &Path, keys: &[PublicKey]) -> Result<(Checkpoint, String), CheckpointError> {
    let by_each = || keys.iter().map(|key| checkpoint::read_signed(path, std::slice::from_ref(key)));
    match by_each().find(Result::is_ok).or_else(|| by_each().next()) {
        Some(read) => read,
        None => checkpoint::read_signed(path, &[]),
    }
}

/// The lines of an archive, read from the first to the last.
struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    size: u64,
    position: Position,
}

impl Lines {
    fn open(path: PathBuf) -> Result<Self, CopyError> {
        let open = || {
            let file = File::open(&path)?;
            let size = file.metadata()?.len();
            Ok((BufReader::new(file), size))
        };
        let (file, size) = open().map_err(CopyError::io("open", &path))?;
        Ok(Self { path, file, size, position: Position(0) })
    }

    /// Fills a ledger with every entry; the SHA-256 of all that was read.
    fn fill(mut self, filling: &mut Filling, progress: Progress) -> Result<Hash, CopyError> {
        let mut projections = Projections::default();
        let (mut hash, mut line, mut done) = (Sha256::new(), vec![], 0);
        while self.read(&mut line)? > 0 {
            hash.update(&line);
            done += line.len() as u64;
            let bytes = without_end(&line).map_err(|what| self.spoilt(what))?;
            let entry = self.entry(bytes, &projections)?;
            filling.add(new_entry(&projections, &entry, bytes.to_vec()))?;
            projections.apply(entry, Hash::leaf(bytes));
            self.position = self.position.next();
            // How many lines there will be is as many as there are bytes left for.
            progress(
                Step::Copying,
                self.position.0,
                (u128::from(self.position.0) * u128::from(self.size) / u128::from(done)) as u64,
            );
        }
        Ok(Hash(hash.finalize().into()))
    }

    fn read(&mut self, line: &mut Vec<u8>) -> Result<usize, CopyError> {
        line.clear();
        let most = MAX_BYTES as u64 + 1;
        self.file.by_ref().take(most).read_until(b'\n', line).map_err(CopyError::io("read", &self.path))
    }

    /// The entry of a line, held to those before it.
    fn entry(&self, bytes: &[u8], before: &Projections) -> Result<Entry, CopyError> {
        let position = self.position;
        let entry = codec::decode(bytes).map_err(|source| LedgerError::Bytes { position, source })?;
        if entry.expected_head != position {
            let what = format!(
                "this is the entry of line {}: a line is missing, doubled or moved",
                entry.expected_head.0.saturating_add(1)
            );
            return Err(self.spoilt(what));
        }
        if let Some(taken) = before.by_id(entry.id) {
            return Err(self.spoilt(format!("the entry has the id of the one in line {}", taken.position.0 + 1)));
        }
        let last = before.log().last_recorded();
        follows(entry.expected_head, entry.recorded, position, last).map_err(|what| self.spoilt(what))?;
        Ok(entry)
    }

    fn spoilt(&self, what: impl ToString) -> CopyError {
        CopyError::spoilt(format_args!("{}:{}", self.path.display(), self.position.0 + 1), what)
    }
}

/// The bytes of an entry in a line.
fn without_end(line: &[u8]) -> Result<&[u8], String> {
    if line.starts_with(&[0x1f, 0x8b]) {
        return Err("the file is packed with gzip: unpack it first".to_owned());
    }
    let bytes = line.strip_suffix(b"\n").ok_or_else(|| match line.len() > MAX_BYTES {
        true => format!("the line has more than {MAX_BYTES} bytes, the most that an entry may take"),
        false => "the last line is cut short: it does not end with a line feed".to_owned(),
    })?;
    if bytes.ends_with(b"\r") { Err(CONVERTED.to_owned()) } else { Ok(bytes) }
}
