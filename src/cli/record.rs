//! `record`: decision files into the ledger, one entry each. Each is whole or not there; the first that is refused
//! stops the rest, and the command says where.

use super::check;
use super::lines::Lines;
use super::{Outcome, Stop, output};
use crate::ahead;
use crate::ledger::{Ledger, LedgerError, Receipt, RecordError, Run};
use crate::report::in_hand::{Fault, InHand};
use crate::sealed::Contents;
use crate::store::OpenError;
use crate::store::Place;
use clap::Args;
use minutebook_events::Position;
use std::path::{Path, PathBuf};

/// The most files that share a commit.
const GROUP: usize = 32;

/// Decision files to record.
#[derive(Debug, Args)]
pub(super) struct Record {
    /// Decision files, in the order in which they are recorded
    #[arg(required_unless_present = "lines")]
    files: Vec<PathBuf>,
    /// Instead of decision files a file of drafts, a line each as JSON, which share commits; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "dry_run"])]
    lines: Option<PathBuf>,
    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
    /// Record only if the ledger holds this many entries; what it holds on opening where it is left out
    #[arg(long, value_name = "N")]
    expected_head: Option<Position>,
    /// Make the ledger on the server that --store names, where it has none of that name; in a folder it is made anyway
    #[arg(long)]
    new: bool,
}

impl Record {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        match &self.lines {
            Some(path) => self.record_lines(Lines::open(path)?, place),
            None if self.dry_run => self.rehearse(place),
            None => self.record(place),
        }
    }

    fn rehearse(&self, place: &Place) -> Result<Outcome, Stop> {
        let mut projections = check::known(place, self.new)?;
        let contents = Contents::beside(&place.folder);
        if let Some(expected) = self.expected_head.filter(|expected| *expected != projections.head()) {
            let conflict = RecordError::Conflict { expected, actual: projections.head() };
            output::complain(&format_args!("minutebook: {conflict}\n"));
            return Ok(Outcome::Found);
        }
        for path in &self.files {
            match check::read(path).and_then(|file| check::rehearsed(&file, &mut projections, &contents)) {
                Ok(line) => output::print(&line)?,
                Err(fault) => {
                    output::complain(&fault);
                    return Ok(check::outcome(&fault));
                }
            }
        }
        output::print("nothing was recorded: this was a dry run\n")?;
        Ok(Outcome::Answered)
    }

    fn record_lines(&self, lines: Lines, place: &Place) -> Result<Outcome, Stop> {
        let ledger = self.opened_or_made(place)?;
        lines.record(&ledger, self.expected_head)
    }

    fn record(&self, place: &Place) -> Result<Outcome, Stop> {
        // A file that cannot be read, or that erases, is told before anything is recorded, or a ledger made.
        let read = ahead::all(self.files.iter().collect(), |path: &PathBuf| {
            check::read(path).and_then(|file| file.erases_nothing().map(|()| file))
        });
        let mut files = vec![];
        for (file, path) in read.into_iter().zip(&self.files) {
            match file {
                Ok(file) => files.push((file, path)),
                Err(fault) => return Ok(self.stopped(0, path, &fault, ", and nothing was recorded")),
            }
        }
        let mut ledger = self.opened_or_made(place)?;
        let claimed = self.expected_head.unwrap_or_else(|| ledger.head());
        let (mut run, mut done, mut last) = (Run::from(claimed), 0, place.server.is_none());
        'again: while done < files.len() {
            let group = &files[done..files.len().min(done + GROUP)];
            let drafts = group.iter().map(|(file, _)| file.parsed.draft.clone()).collect();
            let receipts = output::wait(ledger.send_all(&run, drafts).receipts());
            for ((file, path), receipt) in group.iter().zip(receipts) {
                if let (Err(RecordError::Conflict { .. }), false) = (&receipt, last) {
                    // Somebody else was first on the server; what is recorded by now is told so, whatever is claimed.
                    ledger = output::open(place)?;
                    let is_theirs = self.expected_head.is_none() && holds_only(&ledger, claimed, &files);
                    run = Run::from(if is_theirs { ledger.head() } else { claimed });
                    last = !is_theirs;
                    continue 'again;
                }
                match receipt.map_err(|error| file.fault(error)) {
                    Ok(receipt) => {
                        let line = file.said(&receipt, "recorded");
                        output::print(&line).map_err(|stop| unprinted(&line, group, &*stop))?;
                        done += 1;
                    }
                    Err(fault) => {
                        let rest = match check::outcome(&fault) {
                            Outcome::Unusable => "; record the same files again: what was kept is not recorded twice",
                            _ if done == 0 => ", and nothing was recorded",
                            _ => ", this one and those after it are not",
                        };
                        return Ok(self.stopped(done, path, &fault, rest));
                    }
                }
            }
        }
        Ok(Outcome::Answered)
    }

    /// The ledger at a place, made where there is none, which is said. On a server, whose ledgers nobody removes, a name that was
    /// mistyped makes none.
    fn opened_or_made(&self, place: &Place) -> Result<Ledger, Stop> {
        if place.server.is_some() && !self.new {
            return output::open(place).map_err(|stop| check::may_be_new(stop, place));
        }
        let (ledger, made) = open_or_create(place)?;
        if made {
            output::print(&format!("there was no ledger at {}: a new one was made\n", place))?;
        }
        Ok(ledger)
    }

    fn stopped(&self, done: usize, path: &Path, fault: &Fault, rest: &str) -> Outcome {
        let (path, files) = (path.display(), self.files.len());
        output::complain(&format_args!(
            "{fault}minutebook: stopped at {path}: {done} of {files} files are in the ledger{rest}\n"
        ));
        check::outcome(fault)
    }
}

/// Whether what was recorded from a position on is what these files say, and nothing else: to go on from there passes over nothing
/// that whoever records has not seen.
fn holds_only(ledger: &Ledger, from: Position, files: &[(InHand, &PathBuf)]) -> bool {
    let view = ledger.view();
    let is_of_them = |position| {
        let recorded = view.projections.entry(Position(position));
        recorded.is_some_and(|recorded| files.iter().any(|(file, _)| recorded.entry.records(&file.parsed.draft)))
    };
    (from.0..view.head.0).all(is_of_them)
}

/// Entries are on disk, and whoever recorded them could not be told: said where it may still be read.
fn unprinted(line: &str, group: &[(InHand, &PathBuf)], stop: &(dyn std::error::Error + 'static)) -> Stop {
    let (line, last) = (line.trim_end(), group.last().map_or_else(String::new, |(_, path)| path.display().to_string()));
    format!(
        "{line}; this is on disk, and could not be printed: {stop}; files after {last} were not recorded, those up to it were, \
         as far as they hold together: record the same files again to see"
    )
    .into()
}

/// Records one file and waits for its receipt.
pub(super) fn record(ledger: &Ledger, file: &InHand, expected: Position) -> Result<Receipt, Fault> {
    output::wait(ledger.record(file.parsed.draft.clone(), expected)).map_err(|error| file.fault(error))
}

/// The ledger at a place, made where there is none, and whether it was.
pub(super) fn open_or_create(place: &Place) -> Result<(Ledger, bool), Stop> {
    match Ledger::create(place) {
        Err(LedgerError::Open(OpenError::AlreadyThere { .. })) => Ok((output::open(place)?, false)),
        made => Ok((made?, true)),
    }
}
