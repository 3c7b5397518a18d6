//! Two keys that belong together: whoever has the seal key can seal and not read; whoever has the read key can read. X25519,
//! as RFC 9180 uses it. It must not know what is sealed.
//!
//! A seal key is written `minutebook-seal+CHECK+KEY`, a read key `MINUTEBOOK-READ+CHECK+KEY`: 64 hexadecimal digits, and before
//! them the first eight of their SHA-256, because nothing else would tell a mistyped seal key, and what is sealed to it is lost.

use super::envelope::{Kem, Private, Public};
use crate::durable;
use crate::store::Shown;
use hpke::{Deserializable, Kem as _, Serializable};
use minutebook_events::Hash;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

const SEAL: &str = "minutebook-seal";
const READ: &str = "MINUTEBOOK-READ";

/// The key that seals.
#[derive(Clone)]
pub struct SealKey(pub(super) Public);

/// The key that reads what was sealed to its [`SealKey`].
pub struct ReadKey {
    pub(super) private: Private,
    seal: SealKey,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SealKeyError {
    /// Incorrect: no seal key. The text is not repeated: it may be a read key.
    #[error("this is not a seal key: write it as `minutebook content key` printed it, {SEAL}+CHECK+KEY")]
    NoSealKey,
    /// Conflict: a file is there.
    #[error("there is already a file at {0}: a key is never overwritten; name another file")]
    AlreadyThere(Shown),
    /// Incorrect: the file holds something else.
    #[error("{0} is not the file of a read key: name a file that `minutebook content key` made")]
    NoReadKey(Shown),
    /// Incorrect: others can read it.
    #[error(
        "others than its owner may read {0}: whoever read it can read what is sealed; chmod 600 {0}, or seal to a new key from now on"
    )]
    Exposed(Shown),
    /// Unavailable.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: Shown,
        /// What the operating system said.
        source: io::Error,
    },
}

impl SealKey {
    pub(super) fn bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    pub(super) fn of_bytes(bytes: &[u8; 32]) -> Option<Self> {
        Public::from_bytes(bytes).ok().map(Self)
    }
}

impl fmt::Display for SealKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&written(SEAL, self.bytes()))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for SealKey {
    type Err = SealKeyError;
    fn from_str(text: &str) -> Result<Self, SealKeyError> {
        let bytes = key_in(SEAL, text.trim()).ok_or(SealKeyError::NoSealKey)?;
        Self::of_bytes(&bytes).ok_or(SealKeyError::NoSealKey)
    }
}

impl fmt::Debug for ReadKey {
    /// Never the key itself.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the read key of {}", self.seal)
    }
}

impl ReadKey {
    /// Makes a key in a new file, which only its owner may read: a line with the read key, and one with the seal key.
    ///
    /// # Errors
    /// [`SealKeyError::AlreadyThere`], [`SealKeyError::Io`].
    pub fn create(path: &Path) -> Result<Self, SealKeyError> {
        let key = Self::of(Kem::gen_keypair().0);
        let text = format!("{}\n{}\n", written(READ, key.private.to_bytes().into()), key.seal);
        durable::write_new(path, text.as_bytes(), 0o600).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => SealKeyError::AlreadyThere(path.into()),
            _ => SealKeyError::Io { doing: "make", path: path.into(), source },
        })?;
        Ok(key)
    }

    /// Reads a key from its file.
    ///
    /// # Errors
    /// [`SealKeyError::NoReadKey`], [`SealKeyError::Exposed`], [`SealKeyError::Io`].
    pub fn read(path: &Path) -> Result<Self, SealKeyError> {
        let io = |source| SealKeyError::Io { doing: "read", path: path.into(), source };
        let no_key = || SealKeyError::NoReadKey(path.into());
        let about = fs::metadata(path).map_err(io)?;
        if !about.is_file() || about.len() > 4096 {
            return Err(no_key());
        }
        let bytes = fs::read(path).map_err(io)?;
        let text = String::from_utf8(bytes).map_err(|_| no_key())?;
        let private = text.lines().next().and_then(|line| key_in(READ, line)).ok_or_else(no_key)?;
        if durable::is_exposed(&about) {
            return Err(SealKeyError::Exposed(path.into()));
        }
        Private::from_bytes(&private).map(Self::of).map_err(|_| no_key())
    }

    fn of(private: Private) -> Self {
        let seal = SealKey(Kem::sk_to_pk(&private));
        Self { private, seal }
    }

    /// The key that seals what this one reads.
    pub fn seal_key(&self) -> &SealKey {
        &self.seal
    }
}

fn written(what: &str, key: [u8; 32]) -> String {
    let key = Hash(key).to_string();
    format!("{what}+{}+{key}", check(&key))
}

fn key_in(what: &str, text: &str) -> Option<[u8; 32]> {
    let (sum, key) = text.strip_prefix(what)?.strip_prefix('+')?.split_once('+')?;
    (sum == check(key)).then(|| key.parse().ok()).flatten().map(|Hash(bytes)| bytes)
}

fn check(key: &str) -> String {
    let mut sum = Hash::of([key.as_bytes()]).to_string();
    sum.truncate(8);
    sum
}
