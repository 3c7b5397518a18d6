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
    let bytes = serde_json::to_vec(entry);
    let bytes = bytes.expect("an entry has only text, whole numbers and lists, which JSON always holds");
    assert!(!bytes.contains(&b'\n'), "JSON without white space is one line: so it is in an archive");
    bytes
}

/// The entry in stored bytes, upcast from whichever version they have.
///
/// # Errors
/// [`BadBytes`]: a later version, or no entry at all. The caller knows the position and should say it.
pub fn decode(bytes: &[u8]) -> Result<Entry, BadBytes> {
    if bytes.len() > MAX_BYTES {
        return Err(BadBytes::NoEntry(format!("it takes {} bytes, and an entry has at most {MAX_BYTES}", bytes.len())));
    }
    // Held to UTF-8 once: by the bytes, each text would be again.
    let text = core::str::from_utf8(bytes).map_err(|error| BadBytes::NoEntry(error.to_string()))?;
    match serde_json::from_str::<Entry>(text) {
        Ok(entry) if u64::from(entry.v) == VERSION => Ok(entry),
        Ok(_) => Err(refuse(bytes, "another version")),
        Err(error) => Err(refuse(bytes, &error.to_string())),
    }
}

/// Why bytes are refused. The version is read on its own only here, so that what is accepted is parsed once.
fn refuse(bytes: &[u8], error: &str) -> BadBytes {
    match serde_json::from_slice(bytes) {
        Ok(Head { v }) if v > VERSION => BadBytes::TooNew(v),
        Ok(Head { v }) if v < VERSION => BadBytes::NoEntry(format!("version {v} never was")),
        _ => BadBytes::NoEntry(error.to_owned()),
    }
}
