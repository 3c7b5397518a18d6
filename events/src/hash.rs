//! A SHA-256 hash, and the two ways in which the ledger's Merkle tree makes one (RFC 6962, section 2.1); and 32 bytes as
//! hexadecimal digits, for whatever has as many. It must not know what is hashed.

use crate::prelude::*;
use crate::text::text_serde;
use core::{fmt, str::FromStr};
use sha2::{Digest, Sha256};

/// A SHA-256 hash: 32 bytes, shown as 64 hexadecimal digits.
///
/// ```
/// use minutebook_events::Hash;
/// let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// assert_eq!(Hash::of([]).to_string(), empty);
/// assert_eq!(empty.parse(), Ok(Hash::of([])));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The SHA-256 of these parts, one after the other.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self(parts.into_iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into())
    }

    /// The hash of a leaf: of a zero byte and the stored bytes (RFC 6962, section 2.1).
    pub fn leaf(bytes: &[u8]) -> Self {
        Self::of([&[0], bytes])
    }

    /// The hash of a node over two others: of a byte 1 and the two (RFC 6962, section 2.1).
    pub fn node(left: &Self, right: &Self) -> Self {
        Self::of([&[1], left.0.as_slice(), right.0.as_slice()])
    }
}

/// Writes 32 bytes as 64 lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8; 32], out: &mut fmt::Formatter) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

/// Reads 64 hexadecimal digits, of either case.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        to_hex(&self.0, out)
    }
}

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a SHA-256 hash: write its 64 hexadecimal digits")]
pub struct BadHash(String);

impl FromStr for Hash {
    type Err = BadHash;
    fn from_str(text: &str) -> Result<Self, BadHash> {
        from_hex(text).map(Self).ok_or_else(|| BadHash(text.to_owned()))
    }
}

text_serde!(Hash, "a SHA-256 hash in 64 hexadecimal digits");
