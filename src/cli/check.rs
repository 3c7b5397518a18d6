//! `check`: decision files held to what the ledger knows, or to each other where there is no ledger yet. Nothing is
//! recorded. It owns reading a decision file from disk, for `record` too.

use super::{Outcome, Stop, output};
use crate::ledger::{Ledger, LedgerError, rehearse};
use crate::report::in_hand::{Fault, InHand};
use crate::sealed::Contents;
use crate::store::OpenError;
use crate::store::Place;
use clap::Args;
use minutebook_events::decision_file::MAX_FILE_BYTES;
use minutebook_events::{ActKind, EventKind, Standing};
use minutebook_projections::Projections;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Decision files to check.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Decision files, in the order in which they would be recorded
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// An example, and the words that a decision file may use.
pub(super) fn help() -> String {
    let kinds = EventKind::NAMES.chunks(5).map(|names| format!("  {}\n", names.join(", "))).collect::<String>();
    let standings = Standing::ALL.map(Standing::word).join(", ");
    let acts = ActKind::ALL.map(ActKind::word).join(", ");
    format!(
        "Example:\n  minutebook check events/kent/*.toml\n\nKinds of event:\n{kinds}\nStandings: {standings}\nKinds of act: {acts}"
    )
}

impl Check {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let mut projections = known(place, false)?;
        let contents = Contents::beside(&place.folder);
        let (mut wrong, mut unread) = (0, false);
        for path in &self.files {
            match read(path).and_then(|file| rehearsed(&file, &mut projections, &contents)) {
                Ok(line) => output::print_found(&line)?,
                Err(fault) => {
                    wrong += 1;
                    unread |= outcome(&fault) == Outcome::Unusable;
                    output::complain(&fault);
                }
            }
        }
        let (right, files) = (self.files.len() - wrong, self.files.len());
        let hold = if files == 1 { "file holds" } else { "files hold" };
        output::print_found(&format!("{right} of {files} {hold} together; nothing was recorded\n"))?;
        Ok(match wrong {
            _ if unread => Outcome::Unusable,
            0 => Outcome::Answered,
            _ => Outcome::Found,
        })
    }
}

/// What the ledger at a place knows; nothing, where there is no ledger. On a server there has to be one, unless it `is_new`: a name
/// that was mistyped would hold any file together.
pub(super) fn known(place: &Place, is_new: bool) -> Result<Projections, Stop> {
    match Ledger::open(place, |_, _| {}) {
        Ok(ledger) => Ok(ledger.view().projections.clone()),
        Err(LedgerError::Open(OpenError::NotThere { .. })) if place.server.is_none() || is_new => {
            Ok(Projections::default())
        }
        Err(error) => Err(may_be_new(error.into(), place)),
    }
}

/// Why a ledger does not open; of one that is not there on a server also how it is made.
pub(super) fn may_be_new(stop: Stop, place: &Place) -> Stop {
    match stop.downcast_ref() {
        Some(LedgerError::Open(OpenError::NotThere { .. })) => format!(
            "there is no ledger at {place}: check its name; `minutebook record --new` makes it there, and so does `minutebook store copy`"
        )
        .into(),
        _ => stop,
    }
}

/// Takes a file into projections that are thrown away, and says what recording it would do.
pub(super) fn rehearsed(file: &InHand, projections: &mut Projections, contents: &Contents) -> Result<String, Fault> {
    let receipt = rehearse(projections, contents, file.parsed.draft.clone()).map_err(|error| file.fault(error))?;
    Ok(file.said(&receipt, "would be recorded"))
}

/// How a command ends with a fault: the file is wrong, or something cannot be used.
pub(super) fn outcome(fault: &Fault) -> Outcome {
    if fault.is_of_the_file { Outcome::Found } else { Outcome::Unusable }
}

/// Reads a decision file, and never more of it than a decision file may have.
pub(super) fn read(path: &Path) -> Result<InHand, Fault> {
    let name = path.display().to_string();
    let fault = |what: String| Fault::in_file(format!("{name}: {what}\n"));
    let unread = |what: String| Fault::elsewhere(format!("{name}: {what}\n"));
    let unreadable = |error: io::Error| unread(format!("cannot be read: {error}; check the path and the permissions"));
    // Opening a pipe would wait for a writer, so what it is comes first.
    if !path.metadata().map_err(unreadable)?.is_file() {
        let what = if path.is_dir() { "is a folder" } else { "is a pipe or a device" };
        return Err(unread(format!("{what}, and a decision file belongs here: name a file, as FOLDER/*.toml")));
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_FILE_BYTES {
        let size = path.metadata().map_err(unreadable)?.len();
        return Err(fault(format!(
            "has {size} bytes, and a decision file has at most {MAX_FILE_BYTES}: write one act a file"
        )));
    }
    InHand::parse(name, &bytes)
}
