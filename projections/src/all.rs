//! The six projections together: the one place where an entry is applied, and what `decide` asks of what is known.

use crate::decisions::Decisions;
use crate::findings::Findings;
use crate::index::{Index, Projection};
use crate::key::Key;
use crate::lots::Lots;
use crate::network::Network;
use crate::prelude::*;
use crate::register::Register;
use crate::roots::{Roots, Trace};
use crate::streams::{self, Streams, Subject};
use crate::timeline::{Fact, Timeline};
use crate::value::Value;
use core::convert::Infallible;
use hashbrown::HashMap;
use minutebook_events::decide::{Assignment, IdKind, Known, Name, Stepped, definition};
use minutebook_events::{
    ContractId, Entry, EntryId, EventKind, EventRef, Hash, LotId, OfficeId, Part, PartyId, Position, ServiceId, Version,
};

/// An entry at its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the ledger.
    pub position: Position,
    /// The leaf hash of its stored bytes.
    pub leaf: Hash,
    /// The entry.
    pub entry: Entry,
}

/// All projections of one ledger, up to one head.
#[derive(Debug, Clone, Default)]
pub struct Projections {
    head: Position,
    entries: Vec<Arc<Recorded>>,
    ids: HashMap<EntryId, Position>,
    /// The roots of all that follows.
    pub roots: Roots,
    /// The entries about each contract, party, office and act.
    pub streams: Streams,
    /// Contracts, terms, options, clauses, status.
    pub register: Index<Register>,
    /// Value lines and stated totals.
    pub value: Index<Value>,
    /// Lots and services, and who runs them.
    pub lots: Index<Lots>,
    /// Parties, offices, roles and funding.
    pub network: Index<Network>,
    /// Acts.
    pub decisions: Index<Decisions>,
    /// What findings are made from: counts, alternatives, performance, doubts.
    pub findings: Index<Findings>,
}

impl Projections {
    /// Applies the next entry, whose stored bytes have this leaf hash, to every projection. What it was decided against
    /// must be all that came before.
    pub fn apply(&mut self, mut entry: Entry, leaf: Hash) {
        fit(&mut entry);
        for subject in self.subjects(&entry) {
            self.streams.add(subject, self.head);
        }
        let recorded = Arc::new(Recorded { position: self.head, leaf, entry });
        let Self { roots, entries, ids, .. } = self;
        let earlier = |id: EntryId| {
            let found = ids.get(&id).and_then(|position| at(entries, *position)).map(|at| &entries[at]);
            Ok::<_, Infallible>(found.map(|found| (found.position, Trace::of(&found.entry, found.position))))
        };
        let Ok(()) = roots.apply(recorded.position, &leaf, &Trace::of(&recorded.entry, recorded.position), earlier);
        ids.insert(recorded.entry.id, recorded.position);
        for place in places(&recorded.entry) {
            self.register.apply(&recorded, place);
            self.value.apply(&recorded, place);
            self.lots.apply(&recorded, place);
            self.network.apply(&recorded, place);
            self.decisions.apply(&recorded, place);
            self.findings.apply(&recorded, place);
            if let EventKind::Correction { strikes, .. } = &recorded.entry.events[usize::from(place)].kind {
                self.strike(strikes, &recorded, place);
            }
        }
        self.entries.push(recorded);
        self.head = self.head.next();
    }

    /// Passes over entries, up to this head: what is folded for one answer is not the whole ledger.
    pub fn pass(&mut self, head: Position) {
        assert!(self.head <= head, "entries come in order");
        self.head = head;
    }

    /// Makes the hashes under every root that are still to be made, so that roots and proofs need not.
    pub fn settle(&mut self) {
        self.roots.settle();
    }

    /// The subjects to whose streams an entry belongs: those it is about, and those of the events that it strikes.
    pub fn subjects(&self, entry: &Entry) -> BTreeSet<Subject> {
        let mut subjects = streams::about(entry);
        let struck = self.struck_by(entry).map(|(struck, place)| &struck.entry.events[usize::from(place)].kind);
        subjects.extend(struck.flat_map(streams::about_event));
        subjects
    }

    /// The events that an entry strikes: entry, and place in it. Decide rejects a correction of what is not there, or comes
    /// later; a log that another program wrote may have one, and it strikes nothing.
    fn struck_by<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = (&'a Recorded, u16)> {
        entry.events.iter().filter_map(|event| match &event.kind {
            EventKind::Correction { strikes, .. } => {
                let struck = self.by_id(strikes.entry).filter(|struck| struck.position < entry.expected_head)?;
                places(&struck.entry).contains(&strikes.event).then_some((struck, strikes.event))
            }
            _ => None,
        })
    }

    fn strike(&mut self, target: &EventRef, by: &Recorded, place: u16) {
        // An entry that strikes an event of its own strikes nothing: see `struck_by`.
        let Some(at) = self.ids.get(&target.entry).and_then(|position| at(&self.entries, *position)) else {
            return;
        };
        let struck = Arc::clone(&self.entries[at]);
        if !places(&struck.entry).contains(&target.event) {
            return;
        }
        let by = (by.position, place);
        self.register.strike(&struck, target.event, by);
        self.value.strike(&struck, target.event, by);
        self.lots.strike(&struck, target.event, by);
        self.network.strike(&struck, target.event, by);
        self.findings.strike(&struck, target.event, by);
    }

    /// The position of the next entry, so the number of entries applied or passed over.
    pub fn head(&self) -> Position {
        self.head
    }

    /// The entries applied, in order.
    pub fn entries(&self) -> &[Arc<Recorded>] {
        &self.entries
    }

    /// The entry at a position.
    pub fn entry(&self, position: Position) -> Option<&Recorded> {
        at(&self.entries, position).map(|at| self.entries[at].as_ref())
    }

    /// The entry with an id.
    pub fn by_id(&self, id: EntryId) -> Option<&Recorded> {
        self.ids.get(&id).and_then(|position| self.entry(*position))
    }

    /// An entry's place in the stream of a contract, where it touches it.
    pub fn version(&self, contract: &ContractId, position: Position) -> Option<Version> {
        let stream = self.streams.of(&Subject::Contract(contract.clone()));
        stream.binary_search(&position).ok().map(|place| Version(place as u64))
    }

    /// Every timeline of every projection: key, projection's name, timeline.
    pub fn timelines(&self) -> impl Iterator<Item = (&'static str, &Key, &Timeline)> {
        fn named<P: Projection>(index: &Index<P>) -> impl Iterator<Item = (&'static str, &Key, &Timeline)> {
            index.timelines().map(|(key, timeline)| (P::NAME, key, timeline))
        }
        named(&self.register)
            .chain(named(&self.value))
            .chain(named(&self.lots))
            .chain(named(&self.network))
            .chain(named(&self.decisions))
            .chain(named(&self.findings))
    }

    /// The timelines to which an entry came, or on which it struck a fact: the projection's name, key, timeline. Found by
    /// the entry's own events, so that it costs the same in a ledger of any size.
    pub fn touched<'a>(&'a self, recorded: &'a Recorded) -> Vec<(&'static str, Key, &'a Timeline)> {
        fn on<'a, P: Projection>(
            index: &'a Index<P>,
            events: &[(&Recorded, u16)],
        ) -> impl Iterator<Item = (&'static str, Key, &'a Timeline)> {
            let keys: BTreeSet<Key> =
                events.iter().flat_map(|(recorded, place)| Index::<P>::keys(recorded, *place)).collect();
            keys.into_iter().filter_map(|key| {
                let timeline = index.timeline(&key)?;
                Some((P::NAME, key, timeline))
            })
        }
        let own: Vec<(&Recorded, u16)> = places(&recorded.entry).map(|place| (recorded, place)).collect();
        let struck: Vec<(&Recorded, u16)> = self.struck_by(&recorded.entry).collect();
        let both = [own.as_slice(), struck.as_slice()].concat();
        on(&self.register, &both)
            .chain(on(&self.value, &both))
            .chain(on(&self.lots, &both))
            .chain(on(&self.network, &both))
            // A correction strikes no act.
            .chain(on(&self.decisions, &own))
            .chain(on(&self.findings, &both))
            .collect()
    }

    /// The timelines that have a fact of an event, acts apart.
    fn timelines_with<'a>(&'a self, recorded: &'a Recorded, place: u16) -> impl Iterator<Item = &'a Timeline> {
        fn on<'a, P: Projection>(
            index: &'a Index<P>,
            recorded: &Recorded,
            place: u16,
        ) -> impl Iterator<Item = &'a Timeline> {
            Index::<P>::keys(recorded, place).into_iter().filter_map(|key| index.timeline(&key))
        }
        on(&self.register, recorded, place)
            .chain(on(&self.value, recorded, place))
            .chain(on(&self.lots, recorded, place))
            .chain(on(&self.network, recorded, place))
            .chain(on(&self.findings, recorded, place))
    }

    /// The contracts defined at a head, in order.
    pub fn contracts(&self, head: Position) -> Vec<&ContractId> {
        let known = self.streams.all().filter_map(|(subject, _)| subject.contract());
        known.filter(|contract| self.defined(contract, head)).collect()
    }

    /// Whether a contract is defined at a head.
    pub fn defined(&self, contract: &ContractId, head: Position) -> bool {
        let title = self.register.timeline(&Key::Title(contract.clone()));
        title.is_some_and(|timeline| timeline.facts().iter().any(|fact| fact.known(head)))
    }

    /// Every timeline of one contract, of every projection.
    pub fn timelines_of(&self, contract: &ContractId) -> impl Iterator<Item = (&Key, &Timeline)> {
        let first = self.register.of(contract).chain(self.value.of(contract)).chain(self.lots.of(contract));
        first.chain(self.network.of(contract)).chain(self.findings.of(contract))
    }
}

/// Where the entry of a position is among those applied: in its own place, where none was passed over.
fn at(entries: &[Arc<Recorded>], position: Position) -> Option<usize> {
    let place = usize::try_from(position.0).ok()?;
    match entries.get(place) {
        Some(recorded) if recorded.position == position => Some(place),
        _ => entries.binary_search_by_key(&position, |recorded| recorded.position).ok(),
    }
}

/// Gives back the room for more that reading an entry leaves in its lists, several times what they hold: entries are kept.
fn fit(entry: &mut Entry) {
    entry.documents.shrink_to_fit();
    entry.events.shrink_to_fit();
    entry.events.iter_mut().for_each(|event| event.sources.shrink_to_fit());
}

/// The places of an entry's events.
fn places(entry: &Entry) -> core::ops::Range<u16> {
    0..u16::try_from(entry.events.len()).expect("an entry's size limit keeps its events few")
}

fn standing(timeline: &Timeline) -> impl Iterator<Item = &Fact> {
    timeline.facts().iter().filter(|fact| fact.struck().is_none())
}

impl Known for Projections {
    fn contract(&self, contract: &ContractId) -> bool {
        stands(self.register.timeline(&Key::Title(contract.clone())))
    }

    fn lot(&self, contract: &ContractId, lot: &LotId) -> bool {
        stands(self.lots.timeline(&Key::Lot(contract.clone(), lot.clone())))
    }

    fn service(&self, contract: &ContractId, service: &ServiceId) -> bool {
        self.ids(IdKind::Service, Some(contract)).iter().any(|id| id == service.as_str())
    }

    fn party(&self, party: &PartyId) -> bool {
        stands(self.network.timeline(&Key::Party(party.clone())))
    }

    fn office(&self, office: &OfficeId) -> bool {
        stands(self.network.timeline(&Key::Office(office.clone())))
    }

    fn option(&self, contract: &ContractId, part: &Part) -> bool {
        stands(self.register.timeline(&Key::Extension(contract.clone(), part.clone())))
    }

    fn assignments(&self, contract: &ContractId, lot: &LotId) -> Vec<Assignment> {
        self.lots
            .timeline(&Key::Holder(contract.clone(), lot.clone()))
            .map_or_else(Vec::new, |timeline| crate::lots::assignments(&standing(timeline).collect::<Vec<_>>()))
    }

    fn contents(&self) -> Vec<Stepped> {
        self.stepped()
    }

    fn step(&self, event: &EventRef) -> Option<Stepped> {
        let told = self.by_id(event.entry)?.entry.events.get(usize::from(event.event))?;
        let step = Stepped::of(told, *event)?;
        (self.stands(event) == Some(true)).then_some(step)
    }

    fn stands(&self, event: &EventRef) -> Option<bool> {
        let recorded = self.by_id(event.entry)?;
        let target = recorded.entry.events.get(usize::from(event.event))?;
        if matches!(target.kind, EventKind::Correction { .. }) {
            return None;
        }
        // Every projection that has the event has it struck, so that the first timeline found tells.
        let told = |timeline: &Timeline| {
            let facts = timeline.facts();
            let first =
                facts.partition_point(|fact| (fact.position(), fact.place()) < (recorded.position, event.event));
            facts[first].struck().is_some()
        };
        let struck = self.timelines_with(recorded, event.event).next().is_some_and(told);
        Some(!struck)
    }

    fn defines(&self, event: &EventRef) -> Option<Name> {
        let target = self.by_id(event.entry)?.entry.events.get(usize::from(event.event))?;
        definition(&target.kind).map(|(_, name)| name)
    }

    fn ids(&self, kind: IdKind, contract: Option<&ContractId>) -> Vec<String> {
        let mut ids: Vec<String> = self
            .timelines()
            .filter(|(_, _, timeline)| stands(Some(timeline)))
            .filter_map(|(_, key, _)| match (kind, key) {
                (IdKind::Contract, Key::Title(id)) => Some(id.to_string()),
                (IdKind::Lot, Key::Lot(of, id)) if Some(of) == contract => Some(id.to_string()),
                (IdKind::Service, Key::Service(of, id, _)) if Some(of) == contract => Some(id.to_string()),
                (IdKind::Content, Key::Content(of, id)) if Some(of) == contract => Some(id.to_string()),
                (IdKind::Party, Key::Party(id)) => Some(id.to_string()),
                (IdKind::Office, Key::Office(id)) => Some(id.to_string()),
                _ => None,
            })
            .collect();
        ids.dedup();
        ids
    }
}

fn stands(timeline: Option<&Timeline>) -> bool {
    timeline.is_some_and(|timeline| standing(timeline).next().is_some())
}
