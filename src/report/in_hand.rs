//! A decision file in hand: its text, the draft that it reads as, and why it is not taken, each reason at its place in the
//! file, with what would be right. It must not decide whether it is, nor read files.

use crate::ledger::{Receipt, RecordError};
use crate::sealed::{ERASES, Unready, erasures};
use minutebook_events::decision_file::{DecisionFile, FileError, render};
use minutebook_events::{ContractId, Event, EventKind, Slug};
use std::fmt;

/// A decision file in hand: its name and text, to point into, and the draft that it reads as.
pub struct InHand {
    name: String,
    text: String,
    /// What it reads as.
    pub parsed: DecisionFile,
}

/// Why a file was not taken.
#[derive(Debug)]
pub struct Fault {
    reasons: Vec<Reason>,
    /// Whether the file is wrong; or else the ledger or the disk is not as it should be.
    pub is_of_the_file: bool,
}

/// One of the reasons.
#[derive(Debug)]
pub struct Reason {
    /// Where in the file it is, where it is of a place in it.
    pub place: Option<FileError>,
    /// As a person reads it beside the file: place, excerpt and explanation, ended by a line feed.
    pub shown: String,
}

impl Fault {
    /// One that is of the file.
    pub fn in_file(reason: String) -> Self {
        Self { reasons: vec![Reason { place: None, shown: reason }], is_of_the_file: true }
    }

    /// One that is of something else.
    pub fn elsewhere(reason: String) -> Self {
        Self { is_of_the_file: false, ..Self::in_file(reason) }
    }

    /// Those of places in a file.
    fn placed(name: &str, text: &str, errors: impl IntoIterator<Item = FileError>) -> Self {
        let reason = |error: FileError| {
            let shown = render(name, text, error.span.clone(), &error.reason, error.remedy.as_deref());
            Reason { place: Some(error), shown }
        };
        Self { reasons: errors.into_iter().map(reason).collect(), is_of_the_file: true }
    }

    /// The reasons, in the order of the file.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<&str> = self.reasons.iter().map(|reason| reason.shown.as_str()).collect();
        out.write_str(&shown.join("\n"))
    }
}
impl std::error::Error for Fault {}

impl InHand {
    /// What a file of this name holds.
    ///
    /// # Errors
    /// [`Fault`]: it is no decision file.
    pub fn parse(name: String, bytes: &[u8]) -> Result<Self, Fault> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        match DecisionFile::from_bytes(bytes) {
            Ok(parsed) => Ok(Self { name, text, parsed }),
            Err(errors) => Err(Fault::placed(&name, &text, errors)),
        }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The contents that it erases.
    ///
    /// # Errors
    /// [`Fault`]: there are none.
    pub fn erases(&self) -> Result<Vec<(ContractId, Slug)>, Fault> {
        let erased = erasures(&self.parsed.draft);
        if erased.is_empty() {
            let words = "nothing in it erases a content: record it with `minutebook record`";
            return Err(Fault::in_file(format!("{}: {words}\n", self.name)));
        }
        Ok(erased)
    }

    /// That it erases nothing: what cannot be undone is asked for by its name.
    ///
    /// # Errors
    /// [`Fault`]: it does.
    pub fn erases_nothing(&self) -> Result<(), Fault> {
        let erases = |event: &Event| matches!(event.kind, EventKind::ContentErased { .. });
        let Some(at) = self.parsed.draft.events.iter().position(erases) else { return Ok(()) };
        Err(self.at(Some(at), "kind", ERASES.to_owned()))
    }

    /// That something is wrong with a field of it.
    fn at(&self, event: Option<usize>, field: &str, reason: String) -> Fault {
        Fault::placed(&self.name, &self.text, [self.parsed.fault(event, Some(field), reason, None)])
    }

    /// Why the ledger did not take it, at its place in the file where it has one.
    pub fn fault(&self, error: RecordError) -> Fault {
        match error {
            RecordError::Rejected(rejections) => {
                let errors = rejections.iter().map(|rejection| self.parsed.place(rejection));
                Fault::placed(&self.name, &self.text, errors)
            }
            taken @ RecordError::OtherContent { .. } => self.at(None, "id", taken.to_string()),
            RecordError::Unready(Unready { event, field, why }) => self.at(Some(event), field, why.to_string()),
            error => {
                let words = format!("{}: {error}\n", self.name);
                let elsewhere = matches!(
                    error,
                    RecordError::Store(_)
                        | RecordError::Parted(_)
                        | RecordError::CopyOf(_)
                        | RecordError::Closed
                        | RecordError::ClockWentBack { .. }
                        | RecordError::NotErased { .. }
                );
                if elsewhere { Fault::elsewhere(words) } else { Fault::in_file(words) }
            }
        }
    }

    /// A line about it, where it went through.
    pub fn said(&self, receipt: &Receipt, done: &str) -> String {
        let events = self.parsed.draft.events.len();
        let plural = if events == 1 { "" } else { "s" };
        if receipt.repeated {
            format!("{}: already recorded at position {}\n", self.name, receipt.position)
        } else {
            format!("{}: {done} at position {}, {events} event{plural}\n", self.name, receipt.position)
        }
    }
}
