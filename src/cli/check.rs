//! `check`: decision files held to what the ledger knows, or to each other where there is no ledger yet. Nothing is
//! recorded. It owns reading a decision file from disk, for `record` too.

use super::{Outcome, Stop, output};
use crate::ledger::{Ledger, LedgerError, Receipt, RecordError, rehearse};
use crate::sealed::{Contents, Unready, erasures};
use crate::store::OpenError;
use clap::Args;
use minutebook_events::decision_file::{DecisionFile, FileError, MAX_FILE_BYTES, render};
use minutebook_events::{ActKind, ContractId, Event, EventKind, Slug, Standing};
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
    pub(super) fn run(self, folder: &Path) -> Result<Outcome, Stop> {
        let mut projections = known(folder)?;
        let contents = Contents::beside(folder);
        let (mut wrong, mut unread) = (0, false);
        for path in &self.files {
            match read(path).and_then(|file| rehearsed(&file, &mut projections, &contents)) {
                Ok(line) => output::print(&line)?,
                Err(fault) => {
                    wrong += 1;
                    unread |= fault.outcome == Outcome::Unusable;
                    output::complain(&fault);
                }
            }
        }
        let (right, files) = (self.files.len() - wrong, self.files.len());
        let hold = if files == 1 { "file holds" } else { "files hold" };
        output::print(&format!("{right} of {files} {hold} together; nothing was recorded\n"))?;
        Ok(match wrong {
            _ if unread => Outcome::Unusable,
            0 => Outcome::Answered,
            _ => Outcome::Found,
        })
    }
}

/// What the ledger at a folder knows; nothing, where there is no ledger.
pub(super) fn known(folder: &Path) -> Result<Projections, Stop> {
    match Ledger::open(folder, |_, _| {}) {
        Ok(ledger) => Ok(ledger.view().projections.clone()),
        Err(LedgerError::Open(OpenError::NotThere { .. })) => Ok(Projections::default()),
        Err(error) => Err(error.into()),
    }
}

/// Takes a file into projections that are thrown away, and says what recording it would do.
pub(super) fn rehearsed(file: &InHand, projections: &mut Projections, contents: &Contents) -> Result<String, Fault> {
    let receipt = rehearse(projections, contents, file.parsed.draft.clone()).map_err(|error| file.fault(error))?;
    Ok(said(file, &receipt, "would be recorded"))
}

/// A line about a file that went through.
pub(super) fn said(file: &InHand, receipt: &Receipt, done: &str) -> String {
    let events = file.parsed.draft.events.len();
    let plural = if events == 1 { "" } else { "s" };
    if receipt.repeated {
        format!("{}: already recorded at position {}\n", file.name, receipt.position)
    } else {
        format!("{}: {done} at position {}, {events} event{plural}\n", file.name, receipt.position)
    }
}

/// A decision file in hand: its name and text, to point into, and the draft that it reads as.
pub(super) struct InHand {
    name: String,
    text: String,
    pub(super) parsed: DecisionFile,
}

/// Why a file was not taken, as a person reads it: place, excerpt, explanation. It ends with a line feed.
#[derive(Debug)]
pub(super) struct Fault {
    words: String,
    /// How the command ends with it: the file is wrong, or the ledger cannot be used.
    pub(super) outcome: Outcome,
}

impl Fault {
    fn in_file(words: String) -> Self {
        Self { words, outcome: Outcome::Found }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.words)
    }
}
impl std::error::Error for Fault {}

impl InHand {
    /// Reads a file of the record that the program carries.
    pub(super) fn carried(name: &str, text: &str) -> Result<Self, Fault> {
        Self::parse(name.to_owned(), text.as_bytes())
    }

    fn parse(name: String, bytes: &[u8]) -> Result<Self, Fault> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        match DecisionFile::from_bytes(bytes) {
            Ok(parsed) => Ok(Self { name, text, parsed }),
            Err(error) => Err(Fault::in_file(placed(&name, &text, error))),
        }
    }

    /// The contents that it erases.
    pub(super) fn erases(&self) -> Result<Vec<(ContractId, Slug)>, Fault> {
        let erased = erasures(&self.parsed.draft);
        if erased.is_empty() {
            let words = "nothing in it erases a content: record it with `minutebook record`";
            return Err(Fault::in_file(format!("{}: {words}\n", self.name)));
        }
        Ok(erased)
    }

    /// That it erases nothing: what cannot be undone is asked for by its name.
    pub(super) fn erases_nothing(&self) -> Result<(), Fault> {
        let erases = |event: &Event| matches!(event.kind, EventKind::ContentErased { .. });
        let Some(at) = self.parsed.draft.events.iter().position(erases) else { return Ok(()) };
        let place = self.parsed.place_of(Some(at), Some("kind"));
        let why = "recording this destroys a content for good: record it with `minutebook content erase`";
        Err(Fault::in_file(render(&self.name, &self.text, place, why, None)))
    }

    /// Why the ledger did not take it, at its place in the file where it has one.
    pub(super) fn fault(&self, error: RecordError) -> Fault {
        match error {
            RecordError::Rejected(rejections) => {
                let placed =
                    rejections.iter().map(|rejection| placed(&self.name, &self.text, self.parsed.place(rejection)));
                Fault::in_file(placed.collect::<Vec<_>>().join("\n"))
            }
            taken @ RecordError::OtherContent { .. } => {
                let id = self.parsed.place_of(None, Some("id"));
                Fault::in_file(render(&self.name, &self.text, id, &taken.to_string(), None))
            }
            RecordError::Unready(Unready { event, field, why }) => {
                let place = self.parsed.place_of(Some(event), Some(field));
                Fault::in_file(render(&self.name, &self.text, place, &why.to_string(), None))
            }
            error => {
                let words = format!("{}: {error}\n", self.name);
                let unusable = matches!(
                    error,
                    RecordError::Store(_)
                        | RecordError::Closed
                        | RecordError::ClockWentBack { .. }
                        | RecordError::NotErased { .. }
                );
                Fault { words, outcome: if unusable { Outcome::Unusable } else { Outcome::Found } }
            }
        }
    }
}

fn placed(name: &str, text: &str, error: FileError) -> String {
    render(name, text, error.span, &error.reason, error.remedy.as_deref())
}

/// Reads a decision file, and never more of it than a decision file may have.
pub(super) fn read(path: &Path) -> Result<InHand, Fault> {
    let name = path.display().to_string();
    let fault = |what: String| Fault::in_file(format!("{name}: {what}\n"));
    let unread = |what: String| Fault { outcome: Outcome::Unusable, ..fault(what) };
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
