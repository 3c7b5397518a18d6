//! A decision file in hand: its text, the draft that it reads as, and why it is not taken, each reason at its place in the
//! file, with what would be right. It must not decide whether it is, nor read files.

use crate::ledger::{Receipt, RecordError};
use crate::sealed::{Unready, erasures};
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

/// Why a file was not taken, as a person reads it: each reason with its place, an excerpt and an explanation, ended by a line
/// feed.
#[derive(Debug)]
pub struct Fault {
    reasons: Vec<String>,
    /// Whether the file is wrong; or else the ledger or the disk is not as it should be.
    pub is_of_the_file: bool,
}

impl Fault {
    /// One that is of the file.
    pub fn in_file(reason: String) -> Self {
        Self { reasons: vec![reason], is_of_the_file: true }
    }

    /// One that is of something else.
    pub fn elsewhere(reason: String) -> Self {
        Self { reasons: vec![reason], is_of_the_file: false }
    }

    /// The reasons, each with its place.
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.reasons.join("\n"))
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
            Err(error) => Err(Fault::in_file(placed(&name, &text, error))),
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
        let place = self.parsed.place_of(Some(at), Some("kind"));
        let why = "recording this destroys a content for good: record it with `minutebook content erase`";
        Err(Fault::in_file(render(&self.name, &self.text, place, why, None)))
    }

    /// Why the ledger did not take it, at its place in the file where it has one.
    pub fn fault(&self, error: RecordError) -> Fault {
        match error {
            RecordError::Rejected(rejections) => {
                let placed =
                    rejections.iter().map(|rejection| placed(&self.name, &self.text, self.parsed.place(rejection)));
                Fault { reasons: placed.collect(), is_of_the_file: true }
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
                let elsewhere = matches!(
                    error,
                    RecordError::Store(_)
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

fn placed(name: &str, text: &str, error: FileError) -> String {
    render(name, text, error.span, &error.reason, error.remedy.as_deref())
}
