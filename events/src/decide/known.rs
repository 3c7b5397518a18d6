//! What the ledger already holds, as far as deciding needs it, and what the events of a draft add to it. It must not
//! judge: it only answers whether something is there.

use super::names::definition;
use super::rejection::Reason;
use crate::content::Step;
use crate::date::DateSpan;
use crate::event::{Event, EventKind};
use crate::ids::{ContractId, EntryId, EventRef, LotId, OfficeId, Part, PartyId, ServiceId, Slug};
use crate::nearest::nearest;
use crate::prelude::*;
use crate::standing::Standing;
use alloc::collections::BTreeSet;
use core::fmt;

/// Which kind of name an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// A contract.
    Contract,
    /// A lot of a contract.
    Lot,
    /// A service of a contract.
    Service,
    /// An organisation.
    Party,
    /// An office.
    Office,
    /// A sealed content of a contract.
    Content,
}

/// A thing that entries define and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A contract.
    Contract(ContractId),
    /// A lot of a contract.
    Lot(ContractId, LotId),
    /// A service of a contract.
    Service(ContractId, ServiceId),
    /// An organisation.
    Party(PartyId),
    /// An office.
    Office(OfficeId),
    /// A sealed content of a contract.
    Content(ContractId, Slug),
}

impl Name {
    /// Which kind of name it is.
    pub fn kind(&self) -> IdKind {
        match self {
            Self::Contract(_) => IdKind::Contract,
            Self::Lot(..) => IdKind::Lot,
            Self::Service(..) => IdKind::Service,
            Self::Party(_) => IdKind::Party,
            Self::Office(_) => IdKind::Office,
            Self::Content(..) => IdKind::Content,
        }
    }

    /// The id alone.
    pub fn id(&self) -> &str {
        match self {
            Self::Contract(id) => id.as_str(),
            Self::Lot(_, id) => id.as_str(),
            Self::Service(_, id) => id.as_str(),
            Self::Party(id) => id.as_str(),
            Self::Office(id) => id.as_str(),
            Self::Content(_, id) => id.as_str(),
        }
    }

    /// The contract that a lot, service or content is of.
    pub fn of(&self) -> Option<&ContractId> {
        match self {
            Self::Lot(contract, _) | Self::Service(contract, _) | Self::Content(contract, _) => Some(contract),
            Self::Contract(_) | Self::Party(_) | Self::Office(_) => None,
        }
    }

    /// The kind of event that defines it.
    pub(super) fn definer(&self) -> &'static str {
        match self {
            Self::Contract(_) => "contract-defined",
            Self::Lot(..) => "lot-defined",
            Self::Service(..) => "service-added",
            Self::Party(_) => "party-defined",
            Self::Office(_) => "office-defined",
            Self::Content(..) => "content-sealed",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let kind = match self.kind() {
            IdKind::Contract => "contract",
            IdKind::Lot => "lot",
            IdKind::Service => "service",
            IdKind::Party => "party",
            IdKind::Office => "office",
            IdKind::Content => "content",
        };
        write!(out, "{kind} \"{}\"", self.id())?;
        match self.of() {
            Some(contract) => write!(out, " of contract \"{contract}\""),
            None => Ok(()),
        }
    }
}

/// Who has a lot, from when to when, as recorded and not struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The event that says so, so that an entry which strikes it may assign the lot anew.
    pub event: EventRef,
    /// Who; `None` where it is withheld or unknown.
    pub party: Option<PartyId>,
    /// From when.
    pub effective: DateSpan,
    /// The last day, where one is set or the lot was released.
    pub until: Option<DateSpan>,
    /// How firmly.
    pub standing: Standing,
}

/// What was done to a sealed content, as recorded and not struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stepped {
    /// The event that says so, so that an entry which strikes it may record it anew.
    pub event: EventRef,
    /// The contract.
    pub contract: ContractId,
    /// Which content.
    pub content: Slug,
    /// What was done.
    pub step: Step,
    /// From when.
    pub effective: DateSpan,
}

impl Stepped {
    /// The content's name.
    pub(super) fn name(&self) -> Name {
        Name::Content(self.contract.clone(), self.content.clone())
    }

    /// What an event does to a content, where it does.
    pub fn of(event: &Event, at: EventRef) -> Option<Self> {
        let (contract, content, step) = event.kind.content_step()?;
        let (contract, content) = (contract.clone(), content.clone());
        Some(Self { event: at, contract, content, step, effective: event.effective })
    }
}

/// What the ledger already holds, as far as deciding needs it. Projections implement it.
pub trait Known {
    /// Whether the contract is defined.
    fn contract(&self, contract: &ContractId) -> bool;
    /// Whether the contract has the lot.
    fn lot(&self, contract: &ContractId, lot: &LotId) -> bool;
    /// Whether the contract has the service.
    fn service(&self, contract: &ContractId, service: &ServiceId) -> bool;
    /// Whether the party is defined.
    fn party(&self, party: &PartyId) -> bool;
    /// Whether the office is defined.
    fn office(&self, office: &OfficeId) -> bool;
    /// Whether an option to extend this part was recorded, of whatever standing.
    fn option(&self, contract: &ContractId, part: &Part) -> bool;
    /// The assignments of a lot that stand.
    fn assignments(&self, contract: &ContractId, lot: &LotId) -> Vec<Assignment>;
    /// What was done to sealed contents, of every contract, and stands.
    fn contents(&self) -> Vec<Stepped>;
    /// What one event did to a sealed content, where it did and stands.
    fn step(&self, event: &EventRef) -> Option<Stepped> {
        self.contents().into_iter().find(|one| one.event == *event)
    }
    /// Whether the event is there and stands: `Some(false)` when it was struck already.
    fn stands(&self, event: &EventRef) -> Option<bool>;
    /// All ids of a kind (lots, services and contents of the one contract), to suggest the nearest.
    fn ids(&self, kind: IdKind, contract: Option<&ContractId>) -> Vec<String>;
    /// What the event defines (by [`definition`]), so that an entry which strikes a definition may define the thing
    /// anew. Without it, that takes two entries.
    fn defines(&self, event: &EventRef) -> Option<Name> {
        let _ = event;
        None
    }
}

/// What is known, and what the events before one have added to it.
pub(super) struct Seen<'a> {
    known: &'a dyn Known,
    entry: EntryId,
    defined: BTreeSet<Name>,
    undefined: BTreeSet<Name>,
    struck: BTreeSet<EventRef>,
    options: BTreeSet<(ContractId, Part)>,
    assigned: Vec<(ContractId, LotId, Assignment)>,
    released: Vec<(ContractId, LotId, PartyId, DateSpan)>,
    stepped: Vec<Stepped>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(known: &'a dyn Known, entry: EntryId) -> Self {
        Self {
            known,
            entry,
            defined: BTreeSet::new(),
            undefined: BTreeSet::new(),
            struck: BTreeSet::new(),
            options: BTreeSet::new(),
            assigned: vec![],
            released: vec![],
            stepped: vec![],
        }
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        let known = || match name {
            Name::Contract(contract) => self.known.contract(contract),
            Name::Lot(contract, lot) => self.known.lot(contract, lot),
            Name::Service(contract, service) => self.known.service(contract, service),
            Name::Party(party) => self.known.party(party),
            Name::Office(office) => self.known.office(office),
            Name::Content(..) => {
                self.known.contents().iter().any(|one| matches!(one.step, Step::Sealed(_)) && one.name() == *name)
            }
        };
        self.defined.contains(name) || !self.undefined.contains(name) && known()
    }

    pub(super) fn unknown(&self, field: String, name: Name) -> Option<(Option<String>, Reason)> {
        // Lots of an unknown contract are unknown with it: one fault, told once.
        let told = name.of().is_some_and(|contract| !self.has(&Name::Contract(contract.clone())));
        if told || self.has(&name) {
            return None;
        }
        let mut ids = self.known.ids(name.kind(), name.of());
        let ours = self.defined.iter().filter(|other| other.kind() == name.kind() && other.of() == name.of());
        ids.extend(ours.map(|other| other.id().to_owned()));
        let nearest = nearest(name.id(), ids.iter().map(String::as_str)).map(ToOwned::to_owned);
        Some((Some(field), Reason::Unknown { name, nearest }))
    }

    pub(super) fn option(&self, contract: &ContractId, part: &Part) -> bool {
        [part, &Part::Whole]
            .into_iter()
            .any(|part| self.options.contains(&(contract.clone(), part.clone())) || self.known.option(contract, part))
    }

    pub(super) fn stands(&self, event: &EventRef) -> Option<bool> {
        if self.struck.contains(event) { Some(false) } else { self.known.stands(event) }
    }

    pub(super) fn assignments(&self, contract: &ContractId, lot: &LotId) -> Vec<Assignment> {
        let ours = self.assigned.iter().filter(|(c, l, _)| c == contract && l == lot).map(|(_, _, ours)| ours.clone());
        let mut all: Vec<_> = self.known.assignments(contract, lot).into_iter().chain(ours).collect();
        all.retain(|assignment| !self.struck.contains(&assignment.event));
        for (_, _, party, first_without) in self.released.iter().filter(|(c, l, ..)| c == contract && l == lot) {
            let theirs = all.iter_mut().filter(|one| one.party.as_ref() == Some(party));
            for one in theirs.filter(|one| one.effective.earliest() <= first_without.latest()) {
                one.until = Some(first_without.plus_days(-1));
            }
        }
        all
    }

    pub(super) fn contents(&self) -> Vec<Stepped> {
        let mut all = self.known.contents();
        all.extend(self.stepped.iter().cloned());
        all.retain(|one| !self.struck.contains(&one.event));
        all
    }

    pub(super) fn learn(&mut self, at: usize, event: &Event) {
        let place = EventRef { entry: self.entry, event: u16::try_from(at).unwrap_or(u16::MAX) };
        if let Some((_, name)) = definition(&event.kind) {
            self.defined.insert(name);
        }
        self.stepped.extend(Stepped::of(event, place));
        match &event.kind {
            EventKind::OptionGranted { contract, part, .. } => {
                self.options.insert((contract.clone(), part.clone()));
            }
            EventKind::LotAssigned { contract, lot, party } => {
                let assignment = Assignment {
                    event: place,
                    party: party.known().cloned(),
                    effective: event.effective,
                    until: event.until,
                    standing: event.standing,
                };
                self.assigned.push((contract.clone(), lot.clone(), assignment));
            }
            EventKind::LotReleased { contract, lot, party } if event.standing.is_firm() => {
                self.released.push((contract.clone(), lot.clone(), party.clone(), event.effective));
            }
            EventKind::Correction { strikes, .. } => {
                self.struck.insert(*strikes);
                // A service may have been added by other events too, so striking one does not undo it.
                let gone = self.known.defines(strikes).filter(|name| name.kind() != IdKind::Service);
                self.undefined.extend(gone);
            }
            _ => {}
        }
    }
}
