//! Why opening, reading or appending failed. Every message names the value, the place and the remedy; nothing here
//! decides anything.

use minutebook_events::Position;
use std::io;
use std::path::PathBuf;

/// Why a store could not read or append.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Conflict: someone else appended first. Read what is new, decide again, append at `actual`.
    #[error(
        "the append expected the ledger to hold {expected} entries, and it holds {actual}: read the new ones and try again"
    )]
    Conflict {
        /// The size that the caller claimed.
        expected: Position,
        /// The size that the ledger has.
        actual: Position,
    },
    /// Incorrect: the entry can never be stored as it is.
    #[error(
        "the entry for position {position} takes {bytes} bytes, and the limit is {limit}: split the act into several entries"
    )]
    TooLarge {
        /// Where it would have been.
        position: Position,
        /// Its size.
        bytes: usize,
        /// The most that an entry may take.
        limit: usize,
    },
    /// Fault: what is stored is not what was appended. Nothing repairs it here.
    #[error(
        "the entry at position {position} is corrupt: {what}; nothing was changed: restore the ledger from a copy, and compare the copy's last checkpoint"
    )]
    Corrupt {
        /// The entry that was asked for.
        position: Position,
        /// What is wrong with it.
        what: String,
    },
    /// Fault: an index does not hold together; the entries themselves may.
    #[error(
        "the index of {name} is corrupt: {what}; nothing was changed: restore the ledger from a copy, and compare the copy's last checkpoint"
    )]
    CorruptIndex {
        /// The contract or the id that was looked up.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// Unavailable: an append failed half-way. It may be durable or not; only reopening tells.
    #[error(
        "whether {} kept is unknown: {cause}; {}reopen the ledger and look up {} again", entries_were(*.first, *.count), room_first(.cause), what_to_look_up(*.count)
    )]
    Unknown {
        /// Where the first of them would be.
        first: Position,
        /// How many were to be appended.
        count: usize,
        /// What failed.
        cause: io::Error,
    },
    /// Unavailable: an earlier append failed half-way, and the store takes no more.
    #[error(
        "the ledger refuses to append since an append at position {failed_at} failed with unknown outcome: reopen the ledger and look up the id of what was being appended"
    )]
    Refusing {
        /// Where the append that failed began.
        failed_at: Position,
    },
    /// Unavailable: the disk or the operating system would not read.
    #[error("cannot read {what}: {source}; try again, and check the disk if it persists")]
    Io {
        /// What was asked for.
        what: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Unavailable: the server that keeps the entries would not do it, or was not reached. Nothing was appended.
    #[error("cannot {doing} at {server}: {cause}; {remedy}")]
    Server {
        /// What was to be done.
        doing: String,
        /// The ledger's address.
        server: String,
        /// What the server said, or why it was not reached.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Unavailable: the server that was reached may lose what it acknowledges. Nothing was appended.
    #[error("nothing was appended: {}", may_lose(.server, .set, .remedy))]
    Unsafe {
        /// The ledger's address.
        server: String,
        /// What it is set to.
        set: String,
        /// What would be right.
        remedy: &'static str,
    },
    /// Conflict: the server that was reached has another log than what was read before. Nothing was appended.
    #[error(
        "nothing was appended: the log that was reached at {server} has not the entry at position {position} that was read of it, \
         as where two servers take themselves for the primary: end the one that is not, then open the ledger again"
    )]
    Another {
        /// The ledger's address.
        server: String,
        /// The last entry that was read.
        position: Position,
    },
    /// Unavailable: the system lets this process do no more at once.
    #[error(
        "the system gives no thread to read or append with: {0}; end other processes, or let this user have more (`ulimit -u`), then try again"
    )]
    NoThread(io::Error),
}

/// Why a ledger could not be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Incorrect: there is something else at that place.
    #[error("{path} is not a ledger: {why}; name the folder of a ledger, or an empty or new one to create it in")]
    NotALedger {
        /// The place.
        path: Shown,
        /// What is there instead.
        why: String,
    },
    /// Not found.
    #[error("there is no ledger at {path}: check the path, or create one there")]
    NotThere {
        /// The place.
        path: Shown,
    },
    /// Conflict: create found a ledger.
    #[error("there is already a ledger at {path}: open it, or name another place")]
    AlreadyThere {
        /// The place.
        path: Shown,
    },
    /// Incorrect: a later program wrote it.
    #[error("the ledger at {path} has format {found}, and this program reads {known}: use a newer minutebook{}", made_with(.program))]
    Newer {
        /// The ledger.
        path: Shown,
        /// Its format.
        found: u64,
        /// The newest that this program knows.
        known: u64,
        /// The version of the program that made it, where it says so.
        program: Option<String>,
    },
    /// Incorrect: an earlier program wrote it.
    #[error("the ledger at {path} has format {found}, and this program reads {known}: with the program that made it{} run `minutebook archive`, and with this one `minutebook restore`", .program.as_ref().map(|version| format!(" ({version})")).unwrap_or_default())]
    Older {
        /// The ledger.
        path: Shown,
        /// Its format.
        found: u64,
        /// The one that this program knows.
        known: u64,
        /// The version of the program that made it, where it says so.
        program: Option<String>,
    },
    /// Unavailable: the server that keeps the entries would not do it, or was not reached.
    #[error("cannot {doing} at {server}: {cause}; {remedy}")]
    Server {
        /// What was to be done.
        doing: &'static str,
        /// The ledger's address.
        server: String,
        /// What the server said, or why it was not reached.
        cause: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Incorrect: the database has no tables of ours, or those of an earlier program.
    #[error("the database of {server} has {}: run `minutebook store migrate` as their owner", tables(*.found, *.known))]
    Unmigrated {
        /// The ledger's address.
        server: String,
        /// The version of the tables that are there.
        found: Option<u64>,
        /// The one that this program needs.
        known: u64,
    },
    /// Not found: a role to let at the tables.
    #[error(
        "there is no role {role} at the server of {server}, and nothing was made or granted: make it with `createuser {role}`, or check its name"
    )]
    NoRole {
        /// The ledger's address.
        server: String,
        /// The role.
        role: String,
    },
    /// Incorrect: the server may lose what it acknowledges.
    #[error("{}", may_lose(.server, .set, .remedy))]
    Unsafe {
        /// The ledger's address.
        server: String,
        /// What it is set to.
        set: String,
        /// What would be right.
        remedy: &'static str,
    },
    /// Incorrect: the folder is not a node's copy of this log.
    #[error(
        "the folder {path} is {}, and not a node's copy of {log}: name the folder of a node of that log, or a new one for a new node",
        copy_of(.of.as_deref())
    )]
    NotItsCopy {
        /// The folder.
        path: Shown,
        /// Of which log it is a copy; none where it is a ledger by itself.
        of: Option<String>,
        /// The log's address.
        log: String,
    },
    /// Unavailable: another process has it.
    #[error("the ledger at {path} is in use by {holder}: stop that process or wait for it, then try again")]
    Locked {
        /// The ledger.
        path: Shown,
        /// Who holds it: process id, command and since when, or "another process".
        holder: String,
    },
    /// Incorrect: the folder cannot be written by this user, or its disk is mounted read-only.
    #[error("cannot {doing} {path}: {source}; a ledger must be writable even to be read: give this user write access")]
    Denied {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: Shown,
        /// What the operating system said.
        source: io::Error,
    },
    /// Unavailable: no space.
    #[error("cannot {doing} {path}: the disk is full; {}", ROOM)]
    DiskFull {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: Shown,
    },
    /// Fault: what is stored does not hold together.
    #[error(
        "the ledger at {path} is corrupt: {what}; restore the folder from a copy, and compare the copy's last checkpoint"
    )]
    Corrupt {
        /// The ledger.
        path: Shown,
        /// What is wrong.
        what: String,
    },
    /// Incorrect: something of a ledger's lies elsewhere, where it could be anything.
    #[error(
        "{path} is a symbolic link, and what is in a ledger's folder must lie there itself: put what it leads to in its place; to keep a ledger elsewhere, link its whole folder"
    )]
    Link {
        /// The link.
        path: Shown,
    },
    /// Unavailable: anything else that the operating system said.
    #[error("cannot {doing} {path}: {source}; try again, and check the disk if it persists")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: Shown,
        /// What the operating system said.
        source: io::Error,
    },
}

impl OpenError {
    /// The path that an operation failed at; nothing where the error is about a whole ledger.
    pub(crate) fn path_mut(&mut self) -> Option<&mut Shown> {
        match self {
            Self::Denied { path, .. } | Self::DiskFull { path, .. } | Self::Io { path, .. } => Some(path),
            _ => None,
        }
    }

    /// The variant that fits what the operating system said.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = Shown(path.into());
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied { doing, path, source },
            kind if is_full(kind) => Self::DiskFull { doing, path },
            _ => Self::Io { doing, path, source },
        }
    }
}

/// How room is made where a disk is full. What is made of the entries is made anew from them.
const ROOM: &str = "free some space and try again: of a ledger's own files, `snapshot`, `rebuilding` and `totals` may be removed, \
                    since they are made anew from the entries";

fn room_first(cause: &io::Error) -> String {
    if is_full(cause.kind()) { format!("{ROOM}: ") } else { String::new() }
}

fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn entries_were(first: Position, count: usize) -> String {
    if count == 1 {
        format!("the entry at position {first} was")
    } else {
        format!("the {count} entries from position {first} were")
    }
}

fn what_to_look_up(count: usize) -> &'static str {
    if count == 1 { "its id before you append it" } else { "their ids before you append them" }
}

fn may_lose(server: &str, set: &str, remedy: &str) -> String {
    format!(
        "the server of {server} has {set}, and may lose entries that it acknowledged: {remedy}, or say loss=allowed in the \
         address where that may be"
    )
}

fn copy_of(of: Option<&str>) -> String {
    of.map_or_else(|| "a ledger by itself".to_owned(), |of| format!("a node's copy of {of}"))
}

fn tables(found: Option<u64>, known: u64) -> String {
    match found {
        Some(found) => format!("tables of version {found}, and this program needs {known}"),
        None => "no tables of Minutebook".to_owned(),
    }
}

fn made_with(program: &Option<String>) -> String {
    program.as_ref().map(|version| format!(" (it was made with {version})")).unwrap_or_default()
}

/// A path in a message, or a server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(pub PathBuf);

impl std::fmt::Display for Shown {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.0.display().fmt(out)
    }
}

impl<P: Into<PathBuf>> From<P> for Shown {
    fn from(path: P) -> Self {
        Self(path.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_what_may_be_removed() {
        let unknown = |kind| StoreError::Unknown { first: Position(4), count: 1, cause: kind };
        let full = unknown(io::Error::from(io::ErrorKind::StorageFull)).to_string();
        assert!(
            full.contains("`snapshot`, `rebuilding` and `totals` may be removed, since they are made anew"),
            "{full}"
        );
        assert!(full.ends_with("reopen the ledger and look up its id before you append it again"), "{full}");
        assert!(!unknown(io::Error::from(io::ErrorKind::TimedOut)).to_string().contains("removed"));
    }
}
