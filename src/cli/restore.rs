//! `restore`: a ledger from a backup or an archive.

use super::backup::{progress, told};
use super::verify::Held;
use super::{Outcome, Stop, output};
use crate::copies::{self, Copied, CopyError, Kind, restore};
use crate::ledger::LedgerError;
use crate::report;
use clap::Args;
use std::path::{Path, PathBuf};

/// What to restore from, and what to hold it to.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The folder of a backup or an archive, which is only read; --ledger names the folder of the new ledger
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    held: Held,
}

impl Restore {
    pub(super) fn run(self, folder: &Path) -> Result<Outcome, Stop> {
        let checkpoints = self.held.checkpoints()?;
        let held = copies::Held { checkpoints: &checkpoints, keys: &self.held.key };
        match restore(&self.from, folder, held, &mut progress()) {
            Ok((kind, copied)) => {
                output::print(&(self.words(kind, &copied, folder) + &self.left(kind, folder)))?;
                Ok(Outcome::Answered)
            }
            Err(
                fault @ (CopyError::Spoilt { .. }
                | CopyError::Extra(_)
                | CopyError::Unsigned(_)
                | CopyError::Ledger(LedgerError::OtherName { .. })),
            ) => {
                output::complain(&format_args!("minutebook: {fault}\n"));
                Ok(Outcome::Found)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What lies in a backup and is no part of it, and was not taken along. An archive with more than it says is refused.
    fn left(&self, kind: Kind, folder: &Path) -> String {
        let foreign = if kind == Kind::Backup { copies::foreign(&self.from).unwrap_or_default() } else { vec![] };
        let left = foreign.into_iter().filter(|name| !folder.join(name).exists());
        let note = |name: String| format!("Note: {name} is no part of the backup: it was not taken along\n");
        left.map(|name| report::visible(&note(name))).collect()
    }

    fn words(&self, kind: Kind, copied: &Copied, folder: &Path) -> String {
        let kind = match kind {
            Kind::Backup => "the backup",
            Kind::Archive => "the archive",
        };
        let place = format!("from {kind} {} to {}, verified there", self.from.display(), folder.display());
        let Copied { entries, checkpoints, covered, .. } = copied;
        let mut text = told("Restored", copied, &place);
        text += &match checkpoints {
            0 => {
                "It was held to no checkpoint: this shows that it holds together, not whose record it is.\n".to_owned()
            }
            1 => format!("It is what its one checkpoint says, which covers {covered} of {entries} entries.\n"),
            n => format!("It is what {n} checkpoints say, which cover {covered} of {entries} entries.\n"),
        };
        if *checkpoints > 0 && self.held.key.is_empty() {
            text += "Whose signatures they are was not checked: give the public key with --key.\n";
        }
        text
    }
}
