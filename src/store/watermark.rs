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

#[derive(Debug)]
pub(super) struct Watermark(File);

impl Watermark {
    /// Opens it; makes it only for a ledger that is being made. Where an existing ledger has none, a shortened log would
    /// look whole, so that is refused.
    pub(super) fn open(path: &Path, is_new: bool) -> Result<(Self, u64), OpenError> {
        let at_least = match fs::read_to_string(path) {
            Ok(text) => text.trim_end().parse().map_err(|_| unreadable(path))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_new => {
                let what = "this file is missing, and without it nobody can tell whether entries are".to_owned();
                return Err(OpenError::Corrupt { path: path.into(), what });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                durable::write(path, line(0).as_bytes()).map_err(|e| OpenError::io("write", path, e))?;
                0
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(unreadable(path)),
            Err(error) => return Err(OpenError::io("read", path, error)),
        };
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

fn line(size: u64) -> String {
    format!("{size:0WIDTH$}\n")
}

fn unreadable(path: &Path) -> OpenError {
    let what = "this file should hold the number of entries, and does not".to_owned();
    OpenError::Corrupt { path: path.into(), what }
}
