//! Why there is no copy, or no ledger from one. Every message names the place, the reason and the remedy; nothing here decides
//! anything.

use crate::audit::checkpoint::CheckpointError;
use crate::ledger::LedgerError;
use crate::sealed::ContentFault;
use crate::store::{OpenError, Shown, StoreError};
use std::io;
use std::path::{Path, PathBuf};

/// Why a copy was not made, or not taken. What was to be copied is as it was, and nothing took the place of anything.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Conflict: something is there.
    #[error(
        "there is already something at {0}: a copy never takes the place of anything; name a folder that is not there, or move this one away"
    )]
    Taken(Shown),
    /// Conflict: another process is at it.
    #[error("another process is making {target}: wait for it, or stop it; its draft is {draft}")]
    Busy {
        /// What is being made.
        target: Shown,
        /// Where.
        draft: Shown,
    },
    /// Conflict: what is in the way is not a draft of ours.
    #[error(
        "{draft} is in the way of a draft, and holds {found}, which no copy left there: move it away, or name another folder than {target}"
    )]
    InTheWay {
        /// Where the draft would be.
        draft: Shown,
        /// What is there.
        found: String,
        /// What was to be made.
        target: Shown,
    },
    /// Incorrect: nowhere to put it.
    #[error("there is no folder {0} to make it in: make that folder, or check that its disk is there")]
    NoPlace(Shown),
    /// Incorrect: the copy would be part of what is copied.
    #[error("{target} lies inside {from}: name a folder outside of it, best one on another disk")]
    Inside {
        /// What was to be made.
        target: Shown,
        /// What was to be copied.
        from: Shown,
    },
    /// Not found.
    #[error("there is nothing at {0}: check the path")]
    NotThere(Shown),
    /// Incorrect: something else is there.
    #[error(
        "{path} is neither a backup nor an archive: {why}; name the folder that `minutebook backup` or `minutebook archive` made"
    )]
    NoCopy {
        /// The place.
        path: Shown,
        /// What is there instead.
        why: String,
    },
    /// Fault: the copy is not what was copied once.
    #[error("{place}: {what}; nothing was restored, and the copy was left as it is: take another copy of it")]
    Spoilt {
        /// The file, and the line or the position in it.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// Incorrect: an archive holds more than it says.
    #[error(
        "{0}: SHA256SUMS does not name this file: it was no part of the archive; nothing was restored, and the copy was left as it is: where the file was added, move it out of there and restore again; otherwise take another copy"
    )]
    Extra(Shown),
    /// Incorrect: nothing that a key could have signed.
    #[error(
        "{0} has no checkpoint, so nothing shows that this key's ledger was copied: give a checkpoint that you kept, or leave --key out to take the copy as it is"
    )]
    Unsigned(Shown),
    /// Fault: what was written reads back as something else.
    #[error(
        "what was written to {target} is not what the ledger holds: {what}; it was removed: verify the ledger, check the disk, then try again"
    )]
    Unlike {
        /// What was to be made.
        target: Shown,
        /// What is wrong.
        what: String,
    },
    /// Conflict: what is to be filled up is no beginning of what is copied.
    #[error(
        "{to} is not what {from} begins with: {what}; nothing was written after that: these are two ledgers, or one was altered; \
         verify both, with the checkpoints that you kept"
    )]
    Other {
        /// What was to be copied.
        from: String,
        /// Where to.
        to: String,
        /// Where they part.
        what: String,
    },
    /// The first entries could not be appended.
    #[error(
        "{cause}; the ledger that was made at {to} holds nothing as far as is known: the same copy goes on with it"
    )]
    Nothing {
        /// Where to.
        to: String,
        /// Why not.
        cause: Box<LedgerError>,
    },
    /// Incorrect: a file that no copy can have.
    #[error("{path} {why}: it cannot be part of a ledger; move it away")]
    Foreign {
        /// The file.
        path: Shown,
        /// Why not.
        why: &'static str,
    },
    /// Fault: a content is not there, or still there; it may have been erased while it was copied.
    #[error("{0}; nothing was copied: where it is being erased, try again")]
    Contents(String),
    /// The ledger to copy does not hold together.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A checkpoint of the ledger cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Unavailable.
    #[error("cannot {doing} {path}: {source}; {}", remedy(.source))]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: Shown,
        /// What the operating system said.
        source: io::Error,
    },
}

impl From<OpenError> for CopyError {
    fn from(error: OpenError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<StoreError> for CopyError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl CopyError {
    /// What is wrong with a copy, and where.
    pub(super) fn spoilt(place: impl ToString, what: impl ToString) -> Self {
        Self::Spoilt { place: place.to_string(), what: what.to_string() }
    }

    /// What is wrong with a content in a draft, as it is told of what the draft is a copy of.
    pub(super) fn of_content(fault: &ContentFault, draft: &Path, from: &Path) -> String {
        fault.to_string().replace(&draft.display().to_string(), &from.display().to_string())
    }

    /// An error about something in a draft, as one about what it is to be; a checkpoint is as what was copied has it.
    pub(super) fn told(mut self, draft: &Path, target: &Path, from: &Path) -> Self {
        let (path, to) = match &mut self {
            Self::Io { path, .. } | Self::Unlike { target: path, .. } => (Some(path), target),
            Self::Ledger(LedgerError::Open(error)) => (error.path_mut(), target),
            Self::Checkpoint(CheckpointError::Kept { path, .. }) => (Some(path), from),
            _ => (None, target),
        };
        if let Some(Shown(path)) = path
            && let Ok(within) = path.strip_prefix(draft)
        {
            *path = if within.as_os_str().is_empty() { to.to_owned() } else { to.join(within) };
        }
        self
    }

    /// What the operating system said while something was done to a path.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = Shown(path.into());
        move |source| Self::Io { doing, path, source }
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space, and try again",
        io::ErrorKind::PermissionDenied => "give this user the right to it, or name another place",
        io::ErrorKind::ReadOnlyFilesystem => "name a place on a disk that can be written",
        _ => "try again, and check the disk if it persists",
    }
}
