//! The size that the ledger is known to have had at least: a number in `DIR/size`. sled drops the end of its log where
//! a checksum fails, as it must after a crash; without this number a damaged end would look like a shorter ledger.
//! It must never be more than what is durable, and needs no flush of its own: after a loss of power it may lag.

use super::error::OpenError;
use crate::durable;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::Path;

/// Digits, so that each number overwrites the one before in place and needs no space.
const WIDTH: usize = 20;

const UNREADABLE: &str = "this file should hold the number of entries, and does not";

#[derive(Debug)]
pub(super) struct Watermark(File);

impl Watermark {
    /// Opens it; makes it only for a ledger that is being made, whatever an earlier try left there, on disk or not yet. Where
    /// an existing ledger has none, a shortened log would look whole, so that is refused.
    pub(super) fn open(path: &Path, is_new: bool) -> Result<(Self, u64), OpenError> {
        let at_least = match read(path) {
            Err(OpenError::Corrupt { .. }) if is_new => 0,
            other => other?,
        };
        if is_new {
            durable::write(path, line(at_least).as_bytes()).map_err(|e| OpenError::io("write", path, e))?;
        }
        let file = OpenOptions::new().write(true).open(path).map_err(|e| OpenError::io("open", path, e))?;
        Ok((Self(file), at_least))
    }

    /// Notes a size that is durable. A failure leaves an older number, which is still true.
    pub(super) fn note(&mut self, size: u64) {
        if let Err(error) = self.0.rewind().and_then(|()| self.0.write_all(line(size).as_bytes())) {
            tracing::warn!(%error, size, "cannot note the size of the ledger");
        }
    }
}

fn read(path: &Path) -> Result<u64, OpenError> {
    let corrupt = |what: &str| OpenError::Corrupt { path: path.into(), what: what.to_owned() };
    match fs::read_to_string(path) {
        Ok(text) if text.len() == WIDTH + 1 => text.trim_end().parse().map_err(|_| corrupt(UNREADABLE)),
        Ok(_) => Err(corrupt(UNREADABLE)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(corrupt(UNREADABLE)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(corrupt("this file is missing, and without it nobody can tell whether entries are"))
        }
        Err(error) => Err(OpenError::io("read", path, error)),
    }
}

fn line(size: u64) -> String {
    format!("{size:0WIDTH$}\n")
}
