//! `backup`: the ledger's folder, made again and verified. It owns how all copies are told of.

use super::{Outcome, Stop, output};
use crate::copies::{Copied, Step, backup};
use clap::Args;
use std::path::{Path, PathBuf};

/// Where the backup goes.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The folder of the backup, which must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Backup {
    pub(super) fn run(self, folder: &Path) -> Result<Outcome, Stop> {
        let ledger = output::open(folder)?;
        let head = output::wait(ledger.roots())?;
        let copied = backup(&ledger, &head, folder, &self.out, &mut progress())?;
        output::print(&told("Backed up", &copied, &format!("to {}, opened and verified there", self.out.display())))?;
        Ok(Outcome::Answered)
    }
}

/// Progress of a copy, step by step.
pub(super) fn progress() -> impl FnMut(Step, u64, u64) {
    let mut copying = output::Progress::new("copying");
    let mut verifying = output::Progress::new("verifying");
    move |step, done, total| match step {
        Step::Copying => copying.tell(done, total),
        Step::Verifying => verifying.tell(done, total),
    }
}

/// A line about a copy that is there.
pub(super) fn told(done: &str, copied: &Copied, place: &str) -> String {
    let Copied { entries, bytes, root, files, .. } = copied;
    let beside = match files {
        0 => String::new(),
        1 => " and 1 file beside them".to_owned(),
        n => format!(" and {n} files beside them"),
    };
    format!("{done} {entries} entries of {bytes} bytes{beside} {place}; Merkle root {root}\n")
}
