//! The releases of one contract, an entry a release, and the record that they come to.
//!
//! A release says what its entry changed, and not the whole picture again. After each entry the picture of the contract is made as
//! if it were the last one known (`picture`); the release is what has to be merged into those before it to come to that picture
//! (`merge::change`). So a correction needs no case of its own, the compiled release is the last picture, and what there is to write
//! grows with the entries and not with their square.
//!
//! Every event, whatever its standing, is in `minutebook`, a field of ours, with all that OCDS has no place for.

use super::Publication;
use super::json::Json;
use super::merge::{Compiled, change, versioned};
use super::picture::{Picture, Told, money};
use minutebook_events::{ContractId, Event, EventKind, Position, Standing};
use minutebook_projections::{At, Knowing, Projections, Recorded, Subject, Val, tell};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A contracting process: one contract, at the coordinates of a report.
pub(super) struct Process<'a> {
    pub(super) all: &'a Projections,
    pub(super) contract: &'a ContractId,
    pub(super) at: At,
    pub(super) publication: &'a Publication,
}

impl Process<'_> {
    /// The releases, in the order of their dates, and the record that they come to; nothing where no entry counts.
    pub(super) fn releases_and_record(&self) -> Option<(Vec<Json>, Json)> {
        let ocid = self.ocid(self.contract);
        let (mut releases, mut compiled) = (vec![], Compiled::default());
        let mut told = Told::default();
        for recorded in self.entries() {
            let at = At { head: recorded.position.next(), ..self.at };
            let id = self.release_id(recorded.position);
            told.hear(self, &recorded);
            let picture = Picture { of: self, at, told: &mut told }.sections();
            let mut release = vec![
                ("ocid".into(), Json::text(&ocid)),
                ("id".into(), Json::text(&id)),
                ("date".into(), Json::text(recorded.entry.recorded)),
                ("tag".into(), Json::texts(self.tags(&recorded, picture.get("awards").is_some()))),
                ("initiationType".into(), Json::text("tender")),
                ("language".into(), Json::text("en")),
            ];
            if let Some(Json::Object(changed)) = change(&sections(compiled.fields()), &picture) {
                release.extend(changed);
            }
            release.push(("minutebook".into(), self.besides(&recorded, at)));
            let release = Json::Object(release);
            compiled.take(&release);
            releases.push(release);
            told.released.push(recorded.position);
        }
        if releases.is_empty() {
            return None;
        }
        let record = Json::object([
            ("ocid", Json::text(ocid)),
            ("releases", Json::List(releases.clone())),
            ("compiledRelease", compiled.release()),
            ("versionedRelease", versioned(&releases)),
        ]);
        Some((releases, record))
    }

    pub(super) fn ocid(&self, contract: &ContractId) -> String {
        format!("{}-{contract}", self.publication.ocid_prefix)
    }

    pub(super) fn release_id(&self, position: Position) -> String {
        format!("{}-{position}", self.ocid(self.contract))
    }

    /// The entries about the contract that are known, and count by the decision coordinate. A correction counts whenever it was
    /// decided: what it strikes is known to be wrong.
    fn entries(&self) -> impl Iterator<Item = Arc<Recorded>> {
        let stream = self.all.streams().of(&Subject::Contract(self.contract.clone()));
        let known = stream.iter().filter(|position| **position < self.at.head);
        known.filter_map(|position| self.all.entry(*position)).filter(|recorded| {
            let decided = recorded.entry.act.decided;
            self.at.decided_by.is_none_or(|by| decided.latest() <= by) || self.struck_by(recorded).next().is_some()
        })
    }

    /// The events of an entry that are about the contract, with their places.
    pub(super) fn events<'r>(&self, recorded: &'r Recorded) -> impl Iterator<Item = (u16, &'r Event)> {
        let events = recorded.places().zip(&recorded.entry.events);
        events.filter(|(_, event)| event.kind.contracts().contains(&self.contract))
    }

    /// The events about the contract that an entry strikes: the entry they are in, their place in it, and that of the correction.
    fn struck_by(&self, recorded: &Recorded) -> impl Iterator<Item = (Arc<Recorded>, u16, u16)> {
        recorded.places().zip(&recorded.entry.events).filter_map(|(by, event)| {
            let EventKind::Correction { strikes, .. } = &event.kind else { return None };
            let struck = self.all.by_id(strikes.entry).filter(|struck| struck.position < recorded.position)?;
            let event = struck.entry.events.get(usize::from(strikes.event))?;
            event.kind.contracts().contains(&self.contract).then_some((struck, strikes.event, by))
        })
    }

    /// What an entry does, in the words of the codelist. What is not firm is planning, whatever it says, and so is all that comes
    /// before an award.
    fn tags(&self, recorded: &Recorded, is_let: bool) -> BTreeSet<&'static str> {
        let own = self.events(recorded).map(|(_, event)| tag(&event.kind, event.standing));
        let corrections = self.struck_by(recorded).map(|(struck, place, _)| {
            let firm = struck.entry.events[usize::from(place)].standing.is_firm();
            if firm { "contractUpdate" } else { "planningUpdate" }
        });
        let before = |tag: &'static str| if is_let || tag == "tender" { tag } else { "planning" };
        own.map(before).chain(corrections).collect()
    }

    /// What OCDS has no place for: the act, and each of its events with how firmly it stands and how it is known.
    fn besides(&self, recorded: &Recorded, at: At) -> Json {
        let act = &recorded.entry.act;
        let flag = |flag: Option<bool>| flag.map_or(Json::Null, Json::Flag);
        let office = act
            .office
            .as_ref()
            .map(|office| self.all.office(office, at).map_or_else(|| office.to_string(), |(title, _)| title));
        let act = Json::object([
            ("id", Json::text(recorded.position)),
            ("reference", Json::text(&act.reference)),
            ("title", Json::text(&act.title)),
            ("kind", Json::text(act.kind)),
            ("office", words(office)),
            ("decided", Json::text(act.decided.canonical())),
            ("keyDecision", flag(act.key_decision)),
            ("callableIn", flag(act.callable_in)),
            ("answers", Json::texts(&act.answers)),
        ]);
        let own = self.events(recorded).map(|(place, event)| {
            let said = Knowing::from(tell(event));
            let (text, value) = match &said {
                Knowing::Known(value) => (self.all.said(event, at), amount_of(value)),
                other => (other.words(), Json::Null),
            };
            Json::object([
                ("id", Json::text(event_id(recorded.position, place))),
                ("act", Json::text(recorded.position)),
                ("kind", Json::text(event.kind.name())),
                ("part", Json::text(event.kind.part())),
                ("standing", Json::text(event.standing)),
                ("effective", Json::text(event.effective.canonical())),
                ("until", words(event.until.map(|until| until.canonical()))),
                ("knowledge", Json::text(said.word())),
                ("text", Json::text(text)),
                ("amount", value),
                ("because", words(event.because.as_deref())),
                ("doubt", words(event.doubt.as_deref())),
                ("sources", Json::texts(&event.sources)),
            ])
        });
        let struck = self.struck_by(recorded).map(|(struck, place, by)| {
            Json::object([
                ("id", Json::text(event_id(struck.position, place))),
                ("struckBy", Json::text(event_id(recorded.position, by))),
                (
                    "reason",
                    words(match &recorded.entry.events[usize::from(by)].kind {
                        EventKind::Correction { reason, .. } => Some(reason),
                        _ => None,
                    }),
                ),
            ])
        });
        Json::object([("acts", Json::List(vec![act])), ("events", Json::List(own.chain(struck).collect()))])
    }
}

/// An event's name among those of a contract: entry, and place in it.
fn event_id(position: Position, place: u16) -> String {
    format!("{position}/{place}")
}

pub(super) fn words(text: Option<impl ToString>) -> Json {
    text.map_or(Json::Null, Json::text)
}

/// The sections that a picture is of.
fn sections(fields: &Json) -> Json {
    const OTHERS: [&str; 4] = ["ocid", "initiationType", "language", "minutebook"];
    match fields {
        Json::Object(fields) => {
            Json::Object(fields.iter().filter(|(name, _)| !OTHERS.contains(&name.as_ref())).cloned().collect())
        }
        other => other.clone(),
    }
}

fn tag(kind: &EventKind, standing: Standing) -> &'static str {
    use EventKind::{
        ClauseSet, Commenced, ContentErased, ContentPublished, ContentSealed, Ended, Extended, LotAssigned, LotDefined,
        LotReleased, NoticeGiven, OptionGranted, PartnerJoined, PartnerLeft, PerformanceReported, ServiceAdded,
        ServiceRemoved, Succeeded, TermSet, ValueChanged, ValueSet,
    };
    match kind {
        _ if !standing.is_firm() => "planning",
        LotDefined { .. } => "tender",
        LotAssigned { .. } | PartnerJoined { .. } => "award",
        Commenced { .. } | TermSet { .. } | OptionGranted { .. } | ValueSet { .. } | ClauseSet { .. } => "contract",
        Extended { .. } | ValueChanged { .. } | ServiceAdded { .. } | ServiceRemoved { .. } => "contractAmendment",
        LotReleased { .. } | PartnerLeft { .. } | NoticeGiven { .. } | Succeeded { .. } => "contractUpdate",
        ContentSealed { .. } | ContentPublished { .. } | ContentErased { .. } => "contractUpdate",
        Ended { .. } => "contractTermination",
        PerformanceReported { .. } => "implementation",
        _ => "planning",
    }
}

/// An amount that an event states, and for what.
fn amount_of(value: &Val) -> Json {
    match value {
        Val::Money(amount, _) => money(amount.pounds()),
        _ => Json::Null,
    }
}
