//! An archive: the entries as lines of a text, with their checkpoints and with what it takes to check them, so that nothing of
//! ours is needed to read it. It is written in memory that grows with the ledger's sealed contents and corrections, and with
//! nothing else of it. It must not read the store's own files.

use super::beside::{self, carry};
use super::draft::Draft;
use super::error::CopyError;
use super::ledger::signed_up_to;
use super::sums::Sums;
use super::{Copied, Progress, Step};
use crate::audit::checkpoint::Checkpoint;
use crate::audit::verify::differs;
use crate::durable;
use crate::ledger::{LedgerError, read};
use crate::merkle::Peaks;
use crate::sealed::Contents;
use crate::store::{Store, Stored};
use base64::prelude::{BASE64_STANDARD, Engine};
use minutebook_events::{Entry, EventKind, Hash, Position};
use minutebook_projections::Projections;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

/// The file of the entries: line n, without its line feed, is the stored bytes of the n-th.
pub const ENTRIES: &str = "entries.jsonl";

const README: &str = "README.txt";

/// What was written of the entries.
struct Lines {
    bytes: u64,
    root: Hash,
    file: Hash,
    /// Of the entries that say what was done to contents, and of no others.
    contents: Projections,
}

/// Makes an archive at `to` of the ledger in the folder `from`, whose store this is. Every entry is held to the one before,
/// the entries to the root of every checkpoint, contents to the entries, and what was written to what was read. Others may
/// record meanwhile.
///
/// # Errors
/// [`CopyError`]: nothing is at `to`.
pub fn archive(store: &dyn Store, from: &Path, to: &Path, progress: Progress) -> Result<Copied, CopyError> {
    let draft = Draft::of(to, from)?;
    let folder = draft.path();
    let made = fs::create_dir(&folder).and_then(|()| durable::as_private_as(from, &folder));
    made.map_err(CopyError::io("make", &folder))?;
    let size = Position(store.len());
    carry(from, &folder)?;
    let checkpoints = signed_up_to(size, &folder, store)?;
    let lines = write_lines(store, size, &checkpoints, &folder.join(ENTRIES), progress)?;
    let held = Contents::beside(&folder).hold(&lines.contents, size);
    held.map_err(|fault| CopyError::Contents(CopyError::of_content(&fault, &folder, from)))?;
    let readme = folder.join(README);
    fs::write(&readme, words(size, &lines.root)).map_err(CopyError::io("write", readme))?;
    // Every file is read again here.
    let sums = Sums::of(&folder, beside::all_files(&folder)?)?;
    if sums.get(ENTRIES) != Some(&lines.file) {
        return Err(CopyError::Unlike { target: to.into(), what: format!("{ENTRIES} reads back as other bytes") });
    }
    sums.write(&folder)?;
    let copied = Copied::new(size.0, lines.bytes, lines.root, &checkpoints, &folder)?;
    draft.finish()?;
    Ok(copied)
}

/// Writes the entries up to a position, a line each.
fn write_lines(
    store: &dyn Store,
    size: Position,
    checkpoints: &[Checkpoint],
    path: &Path,
    progress: Progress,
) -> Result<Lines, CopyError> {
    let mut file = BufWriter::new(File::create(path).map_err(CopyError::io("make", path))?);
    let (mut bytes, mut last, mut peaks, mut hash) = (0, None, Peaks::default(), Sha256::new());
    let mut contents = Projections::default();
    hold(&peaks, checkpoints)?;
    for stored in store.scan(Position(0)) {
        let stored = stored?;
        if stored.position >= size {
            break;
        }
        let entry = read(&stored, Position(peaks.size()), last)?;
        last = Some(entry.recorded);
        if may_concern_contents(&entry) {
            contents.pass(stored.position);
            contents.apply(entry, stored.leaf);
        }
        let line = line(stored)?;
        file.write_all(&line).map_err(CopyError::io("write", path))?;
        hash.update(&line);
        bytes += line.len() as u64 - 1;
        peaks.push(Hash::leaf(&line[..line.len() - 1]));
        hold(&peaks, checkpoints)?;
        progress(Step::Copying, peaks.size(), size.0);
    }
    if peaks.size() != size.0 {
        let what = format!("the ledger ends here, and {size} entries were recorded");
        return Err(LedgerError::Incoherent { position: Position(peaks.size()), what }.into());
    }
    file.flush().map_err(CopyError::io("write", path))?;
    Ok(Lines { bytes, root: peaks.root(), file: Hash(hash.finalize().into()), contents })
}

/// Whether an entry seals, publishes or erases, or may strike one that did.
fn may_concern_contents(entry: &Entry) -> bool {
    let concerns = |kind: &EventKind| kind.content_step().is_some() || matches!(kind, EventKind::Correction { .. });
    entry.events.iter().any(|event| concerns(&event.kind))
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

/// Holds the entries so far to the checkpoints that were signed of as many.
fn hold(peaks: &Peaks, checkpoints: &[Checkpoint]) -> Result<(), CopyError> {
    let of_this_size = checkpoints.iter().filter(|checkpoint| checkpoint.head.size.0 == peaks.size());
    match of_this_size.into_iter().find(|checkpoint| checkpoint.head.root != peaks.root()) {
        Some(checkpoint) => Err(differs(&checkpoint.head, "Merkle root").into()),
        None => Ok(()),
    }
}

/// What whoever finds the archive needs to know. It names no instant and no machine: the same ledger makes the same archive.
fn words(size: Position, root: &Hash) -> String {
    format!(include_str!("archive.txt"), size = size, root = root, base64 = BASE64_STANDARD.encode(root.0))
}
