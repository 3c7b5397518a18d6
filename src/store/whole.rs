//! That sled's files are those that were found whole: as they were when a store was closed which had checked all of them and
//! appended nothing. An opening that finds them so need not copy them aside, nor check every entry once more; what is read
//! later is checked then, as ever. It must not know what is in the files, nor judge an opening.
//!
//! `DIR/whole` holds a line for each file: name, length, and when the system last changed anything of it (its ctime, which no
//! program can set); of sled's snapshot, which leads to everything else, its SHA-256 too. It is derived and needs no flush: it
//! is removed when a ledger is opened, so that none is left by a crash, and where it does not match it counts for nothing.

use super::error::OpenError;
use super::folder::Folder;
use minutebook_events::Hash;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The file, in a ledger's folder.
pub(super) const WHOLE: &str = "whole";

/// Writes [`WHOLE`] when it is dropped, so after sled has closed, unless something was appended.
pub(super) struct Whole {
    path: PathBuf,
    sled: PathBuf,
    /// Whether all was checked and nothing appended.
    holds: AtomicBool,
}

impl Whole {
    /// Whether sled's files are as they were left; what was noted of them is removed.
    pub(super) fn take(folder: &Folder) -> Result<(Self, bool), OpenError> {
        let this = Self { path: folder.whole(), sled: folder.sled(), holds: AtomicBool::new(false) };
        let noted = match fs::read_to_string(&this.path) {
            Ok(noted) => noted,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => String::new(),
            Err(error) => return Err(OpenError::io("read", &this.path, error)),
        };
        let as_left = !noted.is_empty() && describe(&this.sled).is_ok_and(|now| now == Some(noted));
        match fs::remove_file(&this.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(OpenError::io("remove", &this.path, error)),
            _ => Ok((this, as_left)),
        }
    }

    /// All was checked, or was as it had been left.
    pub(super) fn checked(&self) {
        self.holds.store(true, Ordering::Release);
    }

    /// Something is about to be appended.
    pub(super) fn spoil(&self) {
        self.holds.store(false, Ordering::Release);
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.holds.load(Ordering::Acquire) {
            return;
        }
        let noted = describe(&self.sled).and_then(|now| match now {
            Some(now) => fs::write(&self.path, now),
            None => Ok(()),
        });
        if let Err(error) = noted {
            tracing::debug!(%error, "the next opening will check everything");
        }
    }
}

/// The lines; none where the system does not say when a file was changed.
fn describe(sled: &Path) -> io::Result<Option<String>> {
    let mut lines = vec![];
    for item in fs::read_dir(sled)? {
        let item = item?;
        let (name, about) = (item.file_name().to_string_lossy().into_owned(), item.metadata()?);
        let Some(changed) = changed(&about) else { return Ok(None) };
        let content =
            if name.starts_with("snap.") { Hash::of([&*fs::read(item.path())?]).to_string() } else { "-".into() };
        lines.push(format!("{name} {} {changed} {content}\n", about.len()));
    }
    lines.sort();
    Ok(Some(lines.concat()))
}

#[cfg(unix)]
fn changed(about: &Metadata) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    Some(format!("{}.{:09}", about.ctime(), about.ctime_nsec()))
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> Option<String> {
    None
}
