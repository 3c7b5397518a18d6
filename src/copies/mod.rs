//! Copies of a ledger: a backup, which opens as it is; an archive, which a text editor opens; and a ledger made again from
//! either. None of them takes the place of anything, and each is checked before it is there. It must not record anything,
//! nor know how the store keeps entries.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `draft` | a folder that is there whole, or not at all |
//! | `beside` | the folders beside the entries that are part of a ledger, and carrying them along |
//! | `between` | the entries of one store in another, whichever kind |
//! | `compare` | a copy against the log that it follows |
//! | `sums` | the SHA-256 of every file of a copy |
//! | `ledger` | a ledger in a draft: filled, opened, verified |
//! | `backup` | a ledger's folder, made again entry by entry while the ledger is written to |
//! | `archive` | the entries as lines, with what it takes to check them |
//! | `restore` | a ledger from either kind, held to everything that it says of itself |
//! | `foreign` | what lies in a ledger's folder and is no part of it |
//! | `error` | why there is no copy, and what to do |
//!
//! Blocks of the store depend on the entries alone, but not on when they were appended: a backup holds the same entries,
//! checkpoints and files byte for byte, and not the same bytes of the store's own.

mod archive;
mod backup;
mod beside;
mod between;
mod compare;
mod draft;
mod error;
mod foreign;
mod ledger;
mod restore;
mod sums;

pub use archive::{ENTRIES, archive};
pub use backup::backup;
pub use beside::FOLDERS;
pub use between::{Moved, between};
pub use compare::{Compared, Lost, Parting, compare};
pub use error::CopyError;
pub use foreign::foreign;
pub use restore::{Held, Kind, restore};
pub use sums::SUMS;

use crate::audit::checkpoint::Checkpoint;
use minutebook_events::{Hash, Position};
use std::path::Path;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Entries, each byte for byte.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The root of the Merkle tree over them.
    pub root: Hash,
    /// Checkpoints that the copy was held to.
    pub checkpoints: u64,
    /// How many of the entries those checkpoints cover.
    pub covered: Position,
    /// Files beside the entries, checkpoints among them.
    pub files: u64,
}

impl Copied {
    fn new(entries: u64, bytes: u64, root: Hash, checkpoints: &[Checkpoint], folder: &Path) -> Result<Self, CopyError> {
        let covered = checkpoints.iter().map(|checkpoint| checkpoint.head.size).max().unwrap_or_default();
        let files = beside::files(folder)?.len() as u64;
        Ok(Self { entries, bytes, root, checkpoints: checkpoints.len() as u64, covered, files })
    }
}

/// What is being done for a copy, for whoever waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Entries are written.
    Copying,
    /// Entries are read again, and held to each other and to checkpoints.
    Verifying,
}

/// Hears how many entries a step is done with, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(Step, u64, u64);
