//! An entry's stored bytes: JSON, fields in a fixed order, no floats. Writing happens once, when an entry is
//! appended; older versions are upcast on reading and never written again.

use crate::entry::Entry;
use crate::prelude::*;
use serde::Deserialize;

/// The version that this program writes.
pub const VERSION: u64 = 1;

/// The most that an entry may take, in bytes: with it a full block stays one leaf of the store.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Why bytes are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBytes {
    /// Written by a later program.
    #[error("the entry has version {0}, and this program reads up to {VERSION}: use a newer minutebook")]
    TooNew(u64),
    /// Not an entry of a version we know.
    #[error("the bytes are not an entry: {0}")]
    NoEntry(String),
}

#[derive(Deserialize)]
struct Head {
    v: u64,
}

/// The bytes to store.
pub fn encode(entry: &Entry) -> Vec<u8> {
    serde_json::to_vec(entry).expect("an entry has only text, whole numbers and lists, which JSON always holds")
}

/// The entry in stored bytes, upcast from whichever version they have.
///
/// # Errors
/// [`BadBytes`]: a later version, or no entry at all. The caller knows the position and should say it.
pub fn decode(bytes: &[u8]) -> Result<Entry, BadBytes> {
    serde_json::from_slice(bytes)
        .or_else(|error| {
            // The version is read on its own only when the whole is not version 1: the common path parses once.
            let head: Head = serde_json::from_slice(bytes).map_err(|_| BadBytes::NoEntry(error.to_string()))?;
            if head.v > VERSION { Err(BadBytes::TooNew(head.v)) } else { Err(BadBytes::NoEntry(error.to_string())) }
        })
        .and_then(|entry: Entry| {
            if u64::from(entry.v) == VERSION {
                Ok(entry)
            } else if u64::from(entry.v) > VERSION {
                Err(BadBytes::TooNew(entry.v.into()))
            } else {
                Err(BadBytes::NoEntry(format!("version {} never was", entry.v)))
            }
        })
}
