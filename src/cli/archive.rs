//! `archive`: the ledger as lines of JSON. It opens the store alone, so that what it takes does not grow with the ledger.

use super::backup::{progress, told};
use super::{Outcome, Stop, output};
use crate::copies::archive;
use crate::store;
use crate::store::Place;
use clap::Args;
use std::path::PathBuf;

/// Where the archive goes.
#[derive(Debug, Args)]
pub(super) struct Archive {
    /// The folder of the archive, which must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Archive {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let store = store::open(place)?;
        let copied = archive(&*store, &place.folder, &self.out, &mut progress())?;
        output::print(&told("Archived", &copied, &format!("in {}, read again there", self.out.display())))?;
        Ok(Outcome::Answered)
    }
}
