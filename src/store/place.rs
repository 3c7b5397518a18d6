//! Where a ledger is. It must not open anything.

use super::postgres::Address;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a ledger is: its folder, and the server that keeps its entries, where the folder does not. What lies beside the
/// entries, such as exempt content and signed checkpoints, is in the folder either way.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// The ledger's address on a server.
    pub server: Option<Address>,
}

impl<P: AsRef<Path> + ?Sized> From<&P> for Place {
    fn from(folder: &P) -> Self {
        Self { folder: folder.as_ref().to_owned(), server: None }
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

/// Where the entries are.
impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match &self.server {
            Some(address) => address.fmt(out),
            None => self.folder.display().fmt(out),
        }
    }
}
