//! An entry: one act of governance with the events it establishes. What the recorder writes is a draft; the ledger
//! makes an entry of it by stamping the instant, the recorder and the expected head, and by nothing else.

use crate::date::DateSpan;
use crate::event::{Answers, Event};
use crate::ids::{ActRef, ContractId, EntryId, OfficeId, Position};
use crate::prelude::*;
use crate::source::Document;
use crate::text::text_serde;
use chrono::{DateTime, SecondsFormat, Utc};
use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

/// An instant in UTC, to the microsecond (transaction time).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(DateTime<Utc>);

impl Instant {
    /// The instant, cut to whole microseconds.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at))
    }

    /// The instant as a date and time in UTC.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    fn canonical(&self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Micros, true)
    }
}
impl FromStr for Instant {
    type Err = BadInstant;
    fn from_str(text: &str) -> Result<Self, BadInstant> {
        DateTime::parse_from_rfc3339(text).map(|at| Self::new(at.to_utc())).map_err(|_| BadInstant(text.to_owned()))
    }
}
impl fmt::Display for Instant {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.pad(&self.canonical())
    }
}
text_serde!(Instant, "an instant, as 2026-11-22T09:30:00Z", canonical);

/// Why a text is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an instant: write it as 2026-11-22T09:30:00Z")]
pub struct BadInstant(String);

/// What kind of act an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActKind {
    /// Someone with the power decided.
    Decision,
    /// A body that advises endorsed, or commented.
    Endorsement,
    /// A report asks for a decision; whether it was taken must come from another act.
    Proposal,
    /// Something is reported to be so.
    Report,
    /// We conclude something from the record.
    Inference,
    /// The record was wrong.
    Correction,
    /// Names that other entries use: parties, offices.
    Definition,
}

impl ActKind {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Decision,
        Self::Endorsement,
        Self::Proposal,
        Self::Report,
        Self::Inference,
        Self::Correction,
        Self::Definition,
    ];

    /// The kind in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Endorsement => "endorsement",
            Self::Proposal => "proposal",
            Self::Report => "report",
            Self::Inference => "inference",
            Self::Correction => "correction",
            Self::Definition => "definition",
        }
    }
}
impl fmt::Display for ActKind {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.pad(self.word())
    }
}

/// The act of governance itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// The council's reference, or a short one of the recorder's where it has none.
    pub reference: ActRef,
    /// What it is about, in a few words of our own.
    pub title: String,
    /// What kind of act it is.
    pub kind: ActKind,
    /// The verb that the source uses, where it is not the kind's own: a committee may be said to have "approved".
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verb: Option<String>,
    /// The office that acted or is asked to; never its holder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub office: Option<OfficeId>,
    /// When it was decided (decision time): for a report, when it said so.
    pub decided: DateSpan,
    /// Whether it is a key decision.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_decision: Option<bool>,
    /// Whether it can be called in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub callable_in: Option<bool>,
    /// The acts that it answers: a decision answers the proposal that asked for it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub answers: Answers,
}

/// An entry as the recorder writes it, before it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The idempotency key.
    pub id: EntryId,
    /// The act.
    pub act: Act,
    /// The documents that the events cite.
    #[serde(default)]
    pub documents: Vec<Document>,
    /// What it establishes; at least one.
    pub events: Vec<Event>,
}

/// An entry as it is stored. The order of the fields is the order of the stored bytes, which are never written again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The version of this shape: 1.
    pub v: u8,
    /// The idempotency key.
    pub id: EntryId,
    /// The size of the ledger that the writer expected: its own position, for whoever reads the log alone.
    pub expected_head: Position,
    /// When the ledger appended it; strictly later than the entry before.
    pub recorded: Instant,
    /// Who recorded it: an office or a system, not a person.
    pub recorder: String,
    /// The act.
    pub act: Act,
    /// The documents that the events cite.
    pub documents: Vec<Document>,
    /// What it establishes.
    pub events: Vec<Event>,
}

impl Entry {
    /// The one way from a draft to an entry.
    pub fn stamp(draft: Draft, expected_head: Position, recorded: Instant, recorder: String) -> Self {
        let Draft { id, act, documents, events } = draft;
        Self { v: 1, id, expected_head, recorded, recorder, act, documents, events }
    }

    /// Whether it records this draft and nothing else: what makes a repeat a repeat.
    pub fn records(&self, draft: &Draft) -> bool {
        self.id == draft.id && self.act == draft.act && self.documents == draft.documents && self.events == draft.events
    }

    /// Whether it records what another entry does, whenever and wherever that was recorded.
    pub fn is_record_of(&self, other: &Self) -> bool {
        self.id == other.id && self.act == other.act && self.documents == other.documents && self.events == other.events
    }

    /// The contracts whose streams it belongs to, each once, in order.
    pub fn contracts(&self) -> Vec<&ContractId> {
        let mut contracts: Vec<_> = self.events.iter().flat_map(|event| event.kind.contracts()).collect();
        contracts.sort_unstable();
        contracts.dedup();
        contracts
    }
}
