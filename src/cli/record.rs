//! `record`: decision files into the ledger, one entry each. Each is whole or not there; the first that is refused
//! stops the rest, and the command says where.

use super::check::{self, Fault, Read1};
use super::{Outcome, Stop, output};
use crate::ledger::{Ledger, Receipt};
use crate::store::OpenError;
use clap::Args;
use minutebook_events::Position;
use std::path::{Path, PathBuf};

/// Decision files to record.
#[derive(Debug, Args)]
pub(super) struct Record {
    /// Decision files, in the order in which they are recorded
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
    /// Record only if the ledger holds this many entries; what it holds on opening where it is left out
    #[arg(long, value_name = "N")]
    expected_head: Option<Position>,
}

impl Record {
    pub(super) fn run(self, folder: &Path) -> Result<Outcome, Stop> {
        if self.dry_run { self.rehearse(folder) } else { self.record(folder) }
    }

    fn rehearse(&self, folder: &Path) -> Result<Outcome, Stop> {
        let mut projections = check::known(folder)?;
        if let Some(expected) = self.expected_head.filter(|expected| *expected != projections.head()) {
            eprintln!("minutebook: the ledger holds {} entries, and {expected} were expected", projections.head());
            return Ok(Outcome::Found);
        }
        for path in &self.files {
            match check::read(path).and_then(|file| check::rehearsed(&file, &mut projections)) {
                Ok(line) => output::print(&line)?,
                Err(fault) => {
                    eprint!("{fault}");
                    return Ok(Outcome::Found);
                }
            }
        }
        output::print("nothing was recorded: this was a dry run\n")?;
        Ok(Outcome::Answered)
    }

    fn record(&self, folder: &Path) -> Result<Outcome, Stop> {
        let ledger = open_or_create(folder)?;
        let mut expected = self.expected_head.unwrap_or_else(|| ledger.head());
        for (done, path) in self.files.iter().enumerate() {
            match check::read(path).and_then(|file| one(&ledger, &file, &mut expected)) {
                Ok(line) => output::print(&line)?,
                Err(fault) => {
                    eprint!("{fault}");
                    eprintln!(
                        "minutebook: stopped at {}: {done} of {} files are in the ledger, this one and those after it are not",
                        path.display(),
                        self.files.len()
                    );
                    return Ok(Outcome::Found);
                }
            }
        }
        Ok(Outcome::Answered)
    }
}

fn one(ledger: &Ledger, file: &Read1, expected: &mut Position) -> Result<String, Fault> {
    let receipt = record(ledger, file, *expected)?;
    if !receipt.repeated {
        *expected = receipt.position.next();
    }
    Ok(check::said(file, &receipt, "recorded"))
}

/// Records one file and waits for its receipt.
pub(super) fn record(ledger: &Ledger, file: &Read1, expected: Position) -> Result<Receipt, Fault> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime with no driver always builds");
    runtime.block_on(ledger.record(file.parsed.draft.clone(), expected)).map_err(|error| file.fault(error))
}

/// The ledger at a folder, made where there is none.
pub(super) fn open_or_create(folder: &Path) -> Result<Ledger, Stop> {
    match Ledger::create(folder) {
        Err(crate::ledger::LedgerError::Open(OpenError::AlreadyThere { .. })) => output::open(folder),
        other => Ok(other?),
    }
}
