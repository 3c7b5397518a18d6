//! An archive: the entries as lines of a text, with their checkpoints and with what it takes to check them, so that nothing of
//! ours is needed to read it. It is written in memory that grows with the ledger's sealed contents and corrections, and with
//! nothing else of it. It must not read the store's own files.

use super::beside::{self, carry, carry_published};
use super::draft::Draft;
use super::error::CopyError;
use super::ledger::signed_up_to;
use super::sums::Sums;
use super::{Copied, Progress, Step};
use crate::audit::checkpoint::{Checkpoint, Head};
use crate::audit::verify::differs;
use crate::durable;
use crate::ledger::{LedgerError, Order};
use crate::merkle::Peaks;
use crate::sealed::{Contents, may_concern_contents, published};
use crate::store::{Store, Stored};
use base64::prelude::{BASE64_STANDARD, Engine};
use minutebook_events::{Hash, Position, codec};
use minutebook_projections::Projections;
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The file of the entries: line n, without its line feed, is the stored bytes of the n-th.
pub const ENTRIES: &str = "entries.jsonl";

const README: &str = "README.txt";

/// Makes an archive at `to` of the ledger in the folder `from`, whose store this is. Every entry is held to the one before,
/// the entries to the root of every checkpoint, contents to the entries, and what was written to what was read. Others may
/// record meanwhile.
///
/// # Errors
/// [`CopyError`]: nothing is at `to`.
pub fn archive(store: &dyn Store, from: &Path, to: &Path, progress: Progress) -> Result<Copied, CopyError> {
    let draft = Draft::of(to, from)?;
    let copied = make(store, from, &draft.path(), progress).map_err(|error| draft.told(error))?;
    draft.finish()?;
    Ok(copied)
}

fn make(store: &dyn Store, from: &Path, folder: &Path, progress: Progress) -> Result<Copied, CopyError> {
    fs::create_dir(folder).map_err(CopyError::io("make", folder))?;
    if from.is_dir() {
        durable::as_private_as(from, folder).map_err(CopyError::io("make", folder))?;
    }
    let size = Position(store.len());
    carry(from, folder)?;
    let checkpoints = signed_up_to(size, folder, store)?;
    let lines = write_lines(store, size, Lines::create(folder.join(ENTRIES), &checkpoints)?, progress)?;
    carry_published(from, folder, &published(&lines.contents, size))?;
    let held = Contents::beside(folder).hold(&lines.contents, size);
    held.map_err(|fault| CopyError::Contents(CopyError::of_content(&fault, folder, from)))?;
    let readme = folder.join(README);
    fs::write(&readme, words(size, &lines.peaks.root())).map_err(CopyError::io("write", readme))?;
    // Every file is read again here.
    let sums = Sums::of(folder, beside::all_files(folder)?)?;
    if sums.get(ENTRIES) != Some(&Hash(lines.written.finalize().into())) {
        return Err(CopyError::Unlike { target: folder.into(), what: format!("{ENTRIES} reads back as other bytes") });
    }
    sums.write(folder)?;
    Copied::new(size.0, lines.bytes, lines.peaks.root(), &checkpoints, folder)
}

/// Writes the entries up to a position.
fn write_lines<'a>(
    store: &dyn Store,
    size: Position,
    mut lines: Lines<'a>,
    progress: Progress,
) -> Result<Lines<'a>, CopyError> {
    for stored in store.scan(0..size.0) {
        lines.add(stored?)?;
        progress(Step::Copying, lines.peaks.size(), size.0);
    }
    if lines.peaks.size() != size.0 {
        let what = format!("the ledger ends here, and {size} entries were recorded");
        return Err(LedgerError::Incoherent { position: Position(lines.peaks.size()), what }.into());
    }
    lines.file.flush().map_err(CopyError::io("write", &lines.path))?;
    Ok(lines)
}

/// The file of the entries, while it is written.
struct Lines<'a> {
    path: PathBuf,
    file: BufWriter<File>,
    /// Of the whole file so far.
    written: Sha256,
    /// Of the entries so far.
    bytes: u64,
    order: Order,
    peaks: Peaks,
    /// Of the entries that say what was done to contents, and of no others.
    contents: Projections,
    /// What was signed of more entries than there are, the smallest last.
    due: Vec<&'a Head>,
}

impl<'a> Lines<'a> {
    fn create(path: PathBuf, checkpoints: &'a [Checkpoint]) -> Result<Self, CopyError> {
        let file = BufWriter::new(File::create(&path).map_err(CopyError::io("make", &path))?);
        let mut due: Vec<&Head> = checkpoints.iter().map(|checkpoint| &checkpoint.head).collect();
        due.sort_by_key(|head| Reverse(head.size));
        let (written, order, peaks) = (Sha256::new(), Order::default(), Peaks::default());
        let mut lines = Self { path, file, written, bytes: 0, order, peaks, contents: Projections::default(), due };
        lines.hold()?;
        Ok(lines)
    }

    /// Adds an entry, held to the one before.
    fn add(&mut self, stored: Stored) -> Result<(), CopyError> {
        let position = stored.position;
        let entry = codec::decode(&stored.bytes).map_err(|source| LedgerError::Bytes { position, source })?;
        self.order.hold(position, &entry)?;
        if may_concern_contents(&entry) {
            self.contents.pass(stored.position);
            self.contents.apply(entry, stored.leaf);
        }
        self.bytes += stored.bytes.len() as u64;
        self.peaks.push(stored.leaf);
        let line = line(stored)?;
        self.written.update(&line);
        self.file.write_all(&line).map_err(CopyError::io("write", &self.path))?;
        self.hold()
    }

    /// Holds the entries so far to what was signed of as many.
    fn hold(&mut self) -> Result<(), CopyError> {
        while let Some(signed) = self.due.pop_if(|signed| signed.size.0 == self.peaks.size()) {
            if signed.root != self.peaks.root() {
                return Err(differs(signed, "Merkle root").into());
            }
        }
        Ok(())
    }
}

/// The line of an entry. JSON as we write it has no line feed; a line feed in what is stored would be two lines.
fn line(stored: Stored) -> Result<Vec<u8>, CopyError> {
    let Stored { position, bytes: mut line, .. } = stored;
    if line.contains(&b'\n') {
        let what = "its bytes hold a line feed, so that they are no line of an archive".to_owned();
        return Err(LedgerError::Incoherent { position, what }.into());
    }
    line.push(b'\n');
    Ok(line)
}

/// What whoever finds the archive needs to know. It names no instant and no machine: the same ledger makes the same archive.
fn words(size: Position, root: &Hash) -> String {
    format!(include_str!("archive.txt"), size = size, root = root, base64 = BASE64_STANDARD.encode(root.0))
}
