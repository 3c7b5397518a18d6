//! What sled may change while it opens, kept aside until what it opened is known to be whole. sled overwrites the end of
//! its log where it finds a checksum that fails, before it knows whether it can open at all; nobody may lose a ledger by
//! looking at it. This file owns the copy and the way back; it must not know what is in the files, nor judge the opening.
//!
//! | folder | what it is |
//! | --- | --- |
//! | `sled` | what sled works on |
//! | `sled.kept` | all of it as it was before an opening that has not ended: this is what holds |
//! | `sled.spare` | a copy half-made, or one that is no longer wanted: nothing |
//!
//! A folder changes its part by a rename alone, so that a crash at any point leaves one that holds. A copy is flushed
//! before it is `sled.kept`, and ceases to be it durably before anything is appended, so that it is never older than an
//! entry that was acknowledged.
//!
//! The cost: an opening writes the log once more, and needs that much free space until it ends. Where the file system
//! shares blocks between files (Btrfs, XFS, APFS) that takes no time and no space; elsewhere it takes as long as the
//! disk takes to write: milliseconds for a megabyte, seconds for a gigabyte. It grows no faster than the reading of
//! every entry that an opening is anyway. Keeping less would mean to know which parts of its log sled will touch.

use super::error::OpenError;
use super::folder::sync_folder;
use crate::durable;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What a ledger's folder may hold beside `sled` after a crash.
pub(super) const NAMES: [&str; 2] = [KEPT, SPARE];
pub(super) const KEPT: &str = "sled.kept";
const SPARE: &str = "sled.spare";

/// A copy that is kept aside. Dropped without a verdict it stays, and the next opening goes back to it.
#[must_use = "what is kept aside is restored or discarded"]
pub(super) struct Kept {
    sled: PathBuf,
    kept: PathBuf,
    spare: PathBuf,
}

impl Kept {
    /// Goes back to what an opening kept that did not end, and clears what nobody wants. The folder must be locked.
    pub(super) fn settle(sled: &Path) -> Result<(), OpenError> {
        let this = Self::beside(sled);
        if exists(&this.kept)? { this.restore() } else { this.clear() }
    }

    /// Keeps a copy of sled's folder aside. Where it fails, nothing was changed.
    pub(super) fn aside(sled: &Path) -> Result<Self, OpenError> {
        let this = Self::beside(sled);
        let copied = copy(&this.sled, &this.spare).and_then(|()| rename(&this.spare, &this.kept));
        if copied.is_err() {
            // A copy half-made must not be what fills the disk.
            let _ = fs::remove_dir_all(&this.spare);
        }
        copied.map(|()| this)
    }

    /// Puts everything back as it was. sled may go on writing for a moment: to files that no longer have a name.
    pub(super) fn restore(self) -> Result<(), OpenError> {
        // Not there when a crash came between the two renames.
        if exists(&self.sled)? {
            self.clear()?;
            rename(&self.sled, &self.spare)?;
        }
        rename(&self.kept, &self.sled)?;
        self.clear()
    }

    /// Lets go of the copy: what is there is whole.
    pub(super) fn discard(self) -> Result<(), OpenError> {
        rename(&self.kept, &self.spare)?;
        self.clear()
    }

    fn beside(sled: &Path) -> Self {
        Self { sled: sled.to_owned(), kept: sled.with_file_name(KEPT), spare: sled.with_file_name(SPARE) }
    }

    fn clear(&self) -> Result<(), OpenError> {
        match fs::remove_dir_all(&self.spare) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(OpenError::io("remove", &self.spare, error)),
            _ => Ok(()),
        }
    }
}

fn exists(path: &Path) -> Result<bool, OpenError> {
    path.try_exists().map_err(|e| OpenError::io("find", path, e))
}

/// Renames a folder beside itself, durably.
fn rename(from: &Path, to: &Path) -> Result<(), OpenError> {
    fs::rename(from, to).map_err(|e| OpenError::io("rename", from, e))?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// Copies a folder, durably.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), OpenError> {
    fs::create_dir(to).map_err(|e| OpenError::io("keep a copy in", to, e))?;
    for item in fs::read_dir(from).map_err(|e| OpenError::io("list", from, e))? {
        let item = item.map_err(|e| OpenError::io("list", from, e))?;
        let (source, target) = (item.path(), to.join(item.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            let copied = durable::copy_file(&source, &target).and_then(|()| File::open(&target)?.sync_all());
            copied.map_err(|e| OpenError::io("keep a copy in", target, e))?;
        }
    }
    sync_folder(to)
}
