//! The six projections together: the one place where an entry is applied, and what `decide` asks of what is known.

use crate::decisions::Decisions;
use crate::findings::Findings;
use crate::index::{Index, Projection, Root};
use crate::key::Key;
use crate::lots::Lots;
use crate::network::Network;
use crate::prelude::*;
use crate::register::Register;
use crate::timeline::{Fact, Timeline};
use crate::value::Value;
use minutebook_events::decide::{Assignment, IdKind, Known, Name, definition};
use minutebook_events::{
    ContractId, Entry, EntryId, EventKind, EventRef, LotId, OfficeId, Part, PartyId, Position, ServiceId, Version,
};

/// An entry at its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the ledger.
    pub position: Position,
    /// The entry.
    pub entry: Entry,
}

/// All projections of one ledger, up to one head.
#[derive(Debug, Clone, Default)]
pub struct Projections {
    entries: Vec<Arc<Recorded>>,
    ids: BTreeMap<EntryId, Position>,
    streams: BTreeMap<ContractId, Vec<Position>>,
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

/// A projection's name, version and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootOf {
    /// The projection.
    pub name: &'static str,
    /// Its version.
    pub version: u32,
    /// Its root.
    pub root: Root,
}

impl Projections {
    /// Applies the next entry to every projection. What it was decided against must be all that came before.
    pub fn apply(&mut self, entry: Entry) {
        let recorded = Arc::new(Recorded { position: self.head(), entry });
        self.ids.insert(recorded.entry.id, recorded.position);
        for contract in recorded.entry.contracts() {
            self.streams.entry(contract.clone()).or_default().push(recorded.position);
        }
        for place in 0..u16::try_from(recorded.entry.events.len()).expect("an entry's size limit keeps its events few")
        {
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
    }

    fn strike(&mut self, target: &EventRef, by: &Recorded, place: u16) {
        let struck = match self.ids.get(&target.entry) {
            Some(position) if *position < self.head() => Arc::clone(&self.entries[index(*position)]),
            // A correction in the same entry would strike what it says itself: decide knows no such event yet.
            _ => return,
        };
        let by = (by.position, place);
        self.register.strike(&struck, target.event, by);
        self.value.strike(&struck, target.event, by);
        self.lots.strike(&struck, target.event, by);
        self.network.strike(&struck, target.event, by);
        self.findings.strike(&struck, target.event, by);
    }

    /// The position of the next entry, so the number of entries applied.
    pub fn head(&self) -> Position {
        Position(self.entries.len() as u64)
    }

    /// The entries applied, in order.
    pub fn entries(&self) -> &[Arc<Recorded>] {
        &self.entries
    }

    /// The entry at a position.
    pub fn entry(&self, position: Position) -> Option<&Recorded> {
        self.entries.get(index(position)).map(AsRef::as_ref)
    }

    /// The entry with an id.
    pub fn by_id(&self, id: EntryId) -> Option<&Recorded> {
        self.ids.get(&id).and_then(|position| self.entry(*position))
    }

    /// The positions of the entries that touch a contract.
    pub fn stream(&self, contract: &ContractId) -> &[Position] {
        self.streams.get(contract).map_or(&[], Vec::as_slice)
    }

    /// Every stream: a contract and the positions of the entries that touch it.
    pub fn streams(&self) -> impl Iterator<Item = (&ContractId, &[Position])> {
        self.streams.iter().map(|(contract, positions)| (contract, positions.as_slice()))
    }

    /// An entry's place in the stream of a contract, where it touches it.
    pub fn version(&self, contract: &ContractId, position: Position) -> Option<Version> {
        self.stream(contract).binary_search(&position).ok().map(|place| Version(place as u64))
    }

    /// The root of every projection, in the order of the design.
    pub fn roots(&self) -> Vec<RootOf> {
        fn root<P: Projection>(index: &Index<P>) -> RootOf {
            RootOf { name: P::NAME, version: P::VERSION, root: index.root() }
        }
        vec![
            root(&self.register),
            root(&self.value),
            root(&self.lots),
            root(&self.network),
            root(&self.decisions),
            root(&self.findings),
        ]
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

    /// The contracts defined at a head, in order.
    pub fn contracts(&self, head: Position) -> Vec<&ContractId> {
        self.streams.keys().filter(|contract| self.defined(contract, head)).collect()
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

fn index(position: Position) -> usize {
    usize::try_from(position.0).unwrap_or(usize::MAX)
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

    fn stands(&self, event: &EventRef) -> Option<bool> {
        let recorded = self.by_id(event.entry)?;
        let target = recorded.entry.events.get(usize::from(event.event))?;
        if matches!(target.kind, EventKind::Correction { .. }) {
            return None;
        }
        let struck = self.timelines().any(|(_, _, timeline)| {
            timeline.facts().iter().any(|fact| {
                (fact.position(), fact.place()) == (recorded.position, event.event) && fact.struck().is_some()
            })
        });
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
