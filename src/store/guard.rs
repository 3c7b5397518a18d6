//! The one door to sled: its errors, and the panics that it answers corrupt files with, become [`Fault`]s. It must not
//! know what the calls are for.

use super::error::StoreError;
use super::layout::Torn;
use crate::contained::{contained, os_error};
use minutebook_events::Position;
use std::fmt::Display;
use std::io;

/// What sled would not do.
#[derive(Debug)]
pub(super) enum Fault {
    /// The files do not hold together.
    Corrupt(String),
    /// The operating system refused.
    Io(io::Error),
}

impl Fault {
    /// An entry that must be there and is not.
    pub(super) fn missing(position: Position) -> Self {
        Self::Corrupt(format!("nothing is stored at position {position}"))
    }

    /// The fault with the position in its words.
    pub(super) fn named(self, position: Position) -> Self {
        match self {
            Self::Corrupt(what) => Self::Corrupt(format!("the entries from position {position}: {what}")),
            io => io,
        }
    }

    /// The fault as an error of whoever asked for this position.
    pub(super) fn at(self, position: Position) -> StoreError {
        match self {
            Self::Corrupt(what) => StoreError::Corrupt { position, what },
            Self::Io(source) => StoreError::Io { what: format!("the entry at position {position}"), source },
        }
    }

    /// The fault as an error of whoever asked an index for this contract or id.
    pub(super) fn in_index_of(self, name: impl Display) -> StoreError {
        match self {
            Self::Corrupt(what) => StoreError::CorruptIndex { name: name.to_string(), what },
            Self::Io(source) => StoreError::Io { what: format!("the index of {name}"), source },
        }
    }

    /// The fault as the operating system would put it, for messages that take any cause.
    pub(super) fn into_io(self) -> io::Error {
        match self {
            Self::Corrupt(what) => io::Error::new(io::ErrorKind::InvalidData, what),
            Self::Io(error) => error,
        }
    }
}

impl From<Torn> for Fault {
    fn from(torn: Torn) -> Self {
        Self::Corrupt(torn.0)
    }
}

impl From<sled::Error> for Fault {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(error) if error.raw_os_error().is_none() && error.kind() != io::ErrorKind::Other => {
                Self::Io(os_error(&error.to_string()).unwrap_or(error))
            }
            sled::Error::Io(error) => Self::Io(error),
            sled::Error::Corruption { .. } => Self::Corrupt("a checksum in its files does not match".to_owned()),
            sled::Error::Unsupported(what) | sled::Error::ReportableBug(what) => Self::Corrupt(what),
            other => Self::Corrupt(other.to_string()),
        }
    }
}

/// Calls sled, and turns its panics into faults without a word on stderr.
///
/// What sled holds in memory is not trusted after a panic: appends stop, and reads check every hash.
pub(super) fn call<T>(f: impl FnOnce() -> sled::Result<T>) -> Result<T, Fault> {
    match contained(f) {
        Ok(result) => Ok(result?),
        Err(panicked) => {
            let corrupt = || Fault::Corrupt(format!("sled stopped: {}", panicked.line()));
            Err(panicked.os_error().map_or_else(corrupt, Fault::Io))
        }
    }
}
