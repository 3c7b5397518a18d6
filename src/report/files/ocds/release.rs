//! The releases of one contract, an entry a release, and the record that they come to.
//!
//! A release says what its entry changed, and not the whole picture again. After each entry the picture of the contract is as
//! if it were the last one known (`picture`); the release is what has to be merged into those before it to come to that picture
//! (`merge`). So a correction needs no case of its own, the compiled release is the last picture, and what there is to write
//! grows with the entries and not with their square.
//!
//! Every event, whatever its standing, is in `minutebook`, a field of ours, with all that OCDS has no place for.

use super::json::{Json, write_text};
use super::merge::Merged;
use super::picture::{Picture, Since, Told, money};
use super::{Publication, RELEASES};
use minutebook_events::{ContractId, Event, EventKind, Position, Standing};
use minutebook_projections::streams::named;
use minutebook_projections::{At, Knowing, Projections, Recorded, Subject, Val, tell};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A contracting process: one contract, at the coordinates of a report.
pub(super) struct Process<'a> {
    pub(super) all: &'a Projections,
    pub(super) contract: &'a ContractId,
    pub(super) at: At,
    pub(super) publication: &'a Publication,
    pub(super) pictures: Pictures,
}

/// How the picture of a contract after an entry is made. What it comes to is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// Those parts that what came since the last one may have changed.
    Kept,
    /// All of it: what tests hold the others to.
    Anew,
}

/// The releases of a contract in the order of their dates, as they are written, and the record that they come to.
#[derive(Debug)]
pub struct Released {
    /// Each release.
    pub releases: Vec<Vec<u8>>,
    /// The record, which says where each of them is.
    pub record: Vec<u8>,
}

impl<'a> Process<'a> {
    /// The releases, and the record that they come to; nothing where no entry counts.
    pub(super) fn released(&self) -> Option<Released> {
        let ocid = self.ocid(self.contract);
        let (mut releases, mut links, mut merged) = (vec![], vec![], Merged::default());
        let (mut told, mut since) = (Told::default(), Since::ever());
        let (renamed, mut names) = (self.renamed(), Position(0));
        for recorded in self.known() {
            since.add(self, &recorded);
            if !self.counts(&recorded) {
                continue;
            }
            let at = At { head: recorded.position.next(), ..self.at };
            since.anew |= self.pictures == Pictures::Anew || renamed.range(names..at.head).next().is_some();
            names = at.head;
            told.hear(self, &recorded);
            let picture = Picture { of: self, at, since: &since, told: &mut told, lines: OnceCell::new() }.sections();
            since = Since::default();
            let is_let = !told.awards.is_empty();
            let id = self.release_id(recorded.position);
            let [date, tag] = [Json::shown(recorded.entry.recorded), Json::all_shown(self.tags(&recorded, is_let))];
            let url = Json::text(format!("{}#{id}", self.publication.address_of(RELEASES)));
            links.push(Json::object([("url", url), ("date", date.clone()), ("tag", tag.clone())]));
            let mut release = vec![
                ("ocid".into(), Json::shown(&ocid)),
                ("id".into(), Json::text(id)),
                ("date".into(), date),
                ("tag".into(), tag),
                ("initiationType".into(), Json::text("tender")),
                ("language".into(), Json::text("en")),
            ];
            release.extend(merged.change(picture));
            release.push(("minutebook".into(), self.besides(&recorded, at)));
            let release = Json::Object(release);
            releases.push(release.bytes());
            merged.take(release);
            told.released.push(recorded.position);
        }
        if releases.is_empty() {
            return None;
        }
        // It holds what the releases come to, and every value that they had, each with whose it is: many times what they say.
        let said: usize = releases.iter().map(Vec::len).sum();
        let mut record = Vec::with_capacity(8 * said);
        record.extend_from_slice(b"{\"ocid\":");
        write_text(&ocid, &mut record);
        record.extend_from_slice(b",\"releases\":");
        Json::List(links).write(&mut record);
        record.extend_from_slice(b",\"compiledRelease\":");
        merged.write_compiled(&mut record);
        record.extend_from_slice(b",\"versionedRelease\":");
        merged.write_versioned(&mut record);
        record.push(b'}');
        Some(Released { releases, record })
    }

    pub(super) fn ocid(&self, contract: &ContractId) -> String {
        format!("{}-{contract}", self.publication.ocid_prefix)
    }

    pub(super) fn release_id(&self, position: Position) -> String {
        format!("{}-{position}", self.ocid(self.contract))
    }

    /// The entries about the contract that are known.
    fn known(&self) -> impl Iterator<Item = Arc<Recorded>> {
        let stream = self.all.streams().of(&Subject::Contract(self.contract.clone()));
        let known = stream.iter().filter(|position| **position < self.at.head);
        known.filter_map(|position| self.all.entry(*position))
    }

    /// Whether an entry counts by the decision coordinate. A correction does whenever it was decided: what it strikes is known to be
    /// wrong.
    fn counts(&self, recorded: &Recorded) -> bool {
        let decided = recorded.entry.act.decided;
        self.at.decided_by.is_none_or(|by| decided.latest() <= by) || self.struck_by(recorded).next().is_some()
    }

    /// The entries with which a party that the contract names may have come by another name: they need not be about the contract.
    fn renamed(&self) -> BTreeSet<Position> {
        let named = self.known().flat_map(|recorded| named(&recorded.entry));
        let parties: BTreeSet<Subject> = named.filter(|subject| matches!(subject, Subject::Party(_))).collect();
        parties.iter().flat_map(|party| self.all.streams().of(party)).copied().collect()
    }

    /// The events of an entry that are about the contract, with their places.
    pub(super) fn events<'r>(&self, recorded: &'r Recorded) -> impl Iterator<Item = (u16, &'r Event)> {
        let events = recorded.places().zip(&recorded.entry.events);
        events.filter(|(_, event)| event.kind.contracts().any(|own| own == self.contract))
    }

    /// The events about the contract that an entry strikes: the entry they are in, their place in it, and that of the correction.
    pub(super) fn struck_by(&self, recorded: &Recorded) -> impl Iterator<Item = (Arc<Recorded>, u16, u16)> {
        recorded.places().zip(&recorded.entry.events).filter_map(|(by, event)| {
            let EventKind::Correction { strikes, .. } = &event.kind else { return None };
            let struck = self.all.by_id(strikes.entry).filter(|struck| struck.position < recorded.position)?;
            let event = struck.entry.events.get(usize::from(strikes.event))?;
            let is_own = event.kind.contracts().any(|own| own == self.contract);
            is_own.then_some((struck, strikes.event, by))
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
            ("id", Json::shown(recorded.position)),
            ("reference", Json::shown(&act.reference)),
            ("title", Json::shown(&act.title)),
            ("kind", Json::text(act.kind.word())),
            ("office", words(office)),
            ("decided", Json::text(act.decided.canonical())),
            ("keyDecision", flag(act.key_decision)),
            ("callableIn", flag(act.callable_in)),
            ("answers", Json::all_shown(&act.answers)),
        ]);
        let own = self.events(recorded).map(|(place, event)| {
            let said = Knowing::from(tell(event));
            let (text, value) = match &said {
                Knowing::Known(value) => (self.all.said(event, at), amount_of(value)),
                other => (other.words(), Json::Null),
            };
            Json::object([
                ("id", Json::text(event_id(recorded.position, place))),
                ("act", Json::shown(recorded.position)),
                ("kind", Json::text(event.kind.name())),
                ("part", Json::shown(event.kind.part())),
                ("standing", Json::text(event.standing.word())),
                ("effective", Json::text(event.effective.canonical())),
                ("until", words(event.until.map(|until| until.canonical()))),
                ("knowledge", Json::text(said.word())),
                ("text", Json::text(text)),
                ("amount", value),
                ("because", words(event.because.as_deref())),
                ("doubt", words(event.doubt.as_deref())),
                ("sources", Json::all_shown(&event.sources)),
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
    text.map_or(Json::Null, Json::shown)
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
