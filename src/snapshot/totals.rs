//! The snapshot of the totals that are kept, `DIR/totals`: with it a total is found without opening the projections. It
//! must not know what is in them.

use super::file::{self, Extent, Parts, Unfit};
use super::{is_behind, is_of};
use crate::store::{Store, StoreError, TOTALS};
use minutebook_events::{Hash, Position};
use minutebook_projections::Totals;
use std::io;
use std::path::{Path, PathBuf};

/// Where it is kept, and how many entries the one there covers.
pub(crate) struct KeptTotals {
    path: PathBuf,
    covers: u64,
}

impl KeptTotals {
    /// What the one in a ledger's folder holds; of none, or where it does not match, nothing.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    pub(crate) fn load(folder: &Path, store: &dyn Store) -> Result<(Self, Totals), StoreError> {
        let path = folder.join(TOTALS);
        let totals = match read(&path, store) {
            Ok(totals) => totals,
            Err(Unfit::Store(error)) => return Err(error),
            Err(unfit) => {
                if !unfit.is_missing() {
                    tracing::warn!(
                        path = %path.display(), %unfit,
                        "the snapshot is discarded: whoever asks for totals has them made anew"
                    );
                }
                Totals::default()
            }
        };
        Ok((Self { path, covers: totals.head().0 }, totals))
    }

    /// Whether so many entries came after it that another is worth its time.
    pub(crate) fn is_behind(&self, totals: &Totals) -> bool {
        is_behind(self.covers, totals.head().0)
    }

    /// Writes these, in the place of those there.
    ///
    /// # Errors
    /// What the operating system says; those there are then discarded by whoever reads them.
    pub(crate) fn save(&mut self, store: &dyn Store, totals: &Totals) -> io::Result<()> {
        let last = totals.head().0.checked_sub(1).map(|last| store.read(Position(last))).transpose();
        let leaf = last.map_err(io::Error::other)?.flatten().map(|stored| stored.leaf);
        file::write(&self.path, store, Extent::default(), |part| {
            part(about(totals.head(), leaf).as_bytes())?;
            totals.save(part)
        })?;
        self.covers = totals.head().0;
        Ok(())
    }

    /// Where it is.
    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }
}

/// What it says of itself.
fn about(size: Position, last: Option<Hash>) -> String {
    let last = last.map_or_else(|| "none".to_owned(), |leaf| leaf.to_string());
    format!("version {}\nentries {size}\nlast {last}\n", Totals::VERSION)
}

fn read(path: &Path, store: &dyn Store) -> Result<Totals, Unfit> {
    let (said, mut parts) = Parts::of(path, store)?;
    if !said.starts_with(&format!("version {}\n", Totals::VERSION)) {
        return Err(Unfit::OtherVersion);
    }
    let last = said.lines().find_map(|line| line.strip_prefix("last ")).and_then(|leaf| leaf.parse().ok());
    let totals = Totals::load(|| parts.next())?.ok_or(Unfit::Undecoded)?;
    if parts.next()?.is_some() {
        return Err(Unfit::Undecoded);
    }
    if said != about(totals.head(), last) {
        return Err(Unfit::OtherRoot);
    }
    is_of(totals.head().0, last, store)?;
    Ok(totals)
}
