//! Where entries are kept: the `Store` trait, and what every store promises. It must know bytes and positions, and
//! nothing of what an entry means; nothing outside this folder names sled.

use minutebook_events::{ContractId, EntryId, Position};

/// The RFC 6962 leaf hash of stored bytes: SHA-256 of a zero byte and the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeafHash(pub [u8; 32]);

/// One stored entry: the bytes exactly as they were appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the ledger.
    pub position: Position,
    /// Its bytes, which have been checked against `leaf`.
    pub bytes: Vec<u8>,
    /// The hash it was stored with.
    pub leaf: LeafHash,
}

/// What to append: the bytes, and what the store indexes them by.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The entry's id.
    pub id: EntryId,
    /// The contracts whose streams it belongs to, each once, in order.
    pub contracts: Vec<ContractId>,
    /// The bytes.
    pub bytes: Vec<u8>,
}
