//! What is defined and stands, and what was struck: as much as deciding needs of every contract, kept up entry by entry. It
//! must not select: what stands is what nothing recorded so far has struck.

use crate::prelude::*;
use core::hash::Hash;
use hashbrown::HashMap;
use minutebook_events::decide::{Name, Stepped, definition};
use minutebook_events::packed::{Pack, Packer, Unpacker};
use minutebook_events::{ContractId, Entry, EventKind, EventRef, LotId, OfficeId, Part, PartyId, Position, ServiceId};

/// A thing that events define, with how many events that stand do so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defined {
    names: HashMap<Name, u32>,
    options: HashMap<(ContractId, Part), u32>,
    struck: HashMap<(Position, u16), (Position, u16)>,
    steps: Vec<Stepped>,
    sealed_in: BTreeSet<ContractId>,
}

impl Defined {
    /// Takes in an event of an entry.
    pub(crate) fn add(&mut self, entry: &Entry, place: u16) {
        let event = &entry.events[usize::from(place)];
        if let Some(name) = name(&event.kind) {
            *self.names.entry(name).or_default() += 1;
        }
        if let Some(option) = option(&event.kind) {
            *self.options.entry(option).or_default() += 1;
        }
        if let Some(step) = Stepped::of(event, EventRef { entry: entry.id, event: place }) {
            self.sealed_in.insert(step.contract.clone());
            self.steps.push(step);
        }
    }

    /// Strikes an event that was taken in, by a correction; whether nothing had struck it before. Decide rejects a second
    /// correction of one event; a log that another program wrote may have one.
    pub(crate) fn strike(&mut self, struck: (Position, &Entry, u16), by: (Position, u16)) -> bool {
        let (position, entry, place) = struck;
        if self.struck.contains_key(&(position, place)) {
            return false;
        }
        self.struck.insert((position, place), by);
        let kind = &entry.events[usize::from(place)].kind;
        if let Some(count) = name(kind).and_then(|name| self.names.get_mut(&name)) {
            *count -= 1;
        }
        if let Some(count) = option(kind).and_then(|option| self.options.get_mut(&option)) {
            *count -= 1;
        }
        let event = EventRef { entry: entry.id, event: place };
        self.steps.retain(|step| step.event != event);
        true
    }

    /// The correction that struck an event, where one did: position and place.
    pub(crate) fn struck(&self, position: Position, place: u16) -> Option<(Position, u16)> {
        self.struck.get(&(position, place)).copied()
    }

    fn has(&self, name: &Name) -> bool {
        self.names.get(name).is_some_and(|count| *count > 0)
    }

    pub(crate) fn contract(&self, contract: &ContractId) -> bool {
        self.has(&Name::Contract(contract.clone()))
    }

    pub(crate) fn lot(&self, contract: &ContractId, lot: &LotId) -> bool {
        self.has(&Name::Lot(contract.clone(), lot.clone()))
    }

    pub(crate) fn service(&self, contract: &ContractId, service: &ServiceId) -> bool {
        self.has(&Name::Service(contract.clone(), service.clone()))
    }

    pub(crate) fn party(&self, party: &PartyId) -> bool {
        self.has(&Name::Party(party.clone()))
    }

    pub(crate) fn office(&self, office: &OfficeId) -> bool {
        self.has(&Name::Office(office.clone()))
    }

    pub(crate) fn option(&self, contract: &ContractId, part: &Part) -> bool {
        self.options.get(&(contract.clone(), part.clone())).is_some_and(|count| *count > 0)
    }

    /// What was done to sealed contents, and stands.
    pub(crate) fn steps(&self) -> &[Stepped] {
        &self.steps
    }

    /// The contracts that ever had a sealed content.
    pub(crate) fn sealed_in(&self) -> &BTreeSet<ContractId> {
        &self.sealed_in
    }

    /// The names that stand, in order.
    pub(crate) fn names(&self) -> Vec<&Name> {
        let standing = self.names.iter().filter(|(_, count)| **count > 0);
        let mut names: Vec<&Name> = standing.map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }
}

impl Pack for Defined {
    fn pack(&self, to: &mut Packer) {
        let Self { names, options, struck, steps, sealed_in } = self;
        pack_all(names, to);
        pack_all(options, to);
        pack_all(struck, to);
        steps.pack(to);
        sealed_in.iter().cloned().collect::<Vec<_>>().pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Some(Self {
            names: unpack_all(from)?,
            options: unpack_all(from)?,
            struck: unpack_all(from)?,
            steps: Pack::unpack(from)?,
            sealed_in: Vec::unpack(from)?.into_iter().collect(),
        })
    }
}

/// In the order of the keys, so that the same comes to the same bytes.
fn pack_all<K: Pack + Ord, V: Pack>(all: &HashMap<K, V>, to: &mut Packer) {
    let mut sorted: Vec<(&K, &V)> = all.iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    to.number(sorted.len() as u128);
    for (key, value) in sorted {
        key.pack(to);
        value.pack(to);
    }
}

fn unpack_all<K: Pack + Eq + Hash, V: Pack>(from: &mut Unpacker) -> Option<HashMap<K, V>> {
    let count = u32::unpack(from)?;
    let mut all = HashMap::with_capacity((count as usize).min(from.rest().len()));
    for _ in 0..count {
        all.insert(K::unpack(from)?, V::unpack(from)?);
    }
    Some(all)
}

/// The name that an event is about, and keeps known while it stands. That a service was removed says that there is one.
fn name(kind: &EventKind) -> Option<Name> {
    match kind {
        EventKind::ServiceRemoved { contract, service, .. } => Some(Name::Service(contract.clone(), service.clone())),
        EventKind::ContentPublished { contract, content, .. } | EventKind::ContentErased { contract, content, .. } => {
            Some(Name::Content(contract.clone(), content.clone()))
        }
        kind => definition(kind).map(|(_, name)| name),
    }
}

fn option(kind: &EventKind) -> Option<(ContractId, Part)> {
    match kind {
        EventKind::OptionGranted { contract, part, .. } => Some((contract.clone(), part.clone())),
        _ => None,
    }
}
