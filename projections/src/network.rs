//! The network projection: parties with their names, offices, who takes which part in a contract, and who funds it.
//! It must not know amounts.

use crate::all::Projections;
use crate::coordinates::At;
use crate::figure::{Figure, Knowing, party, tell};
use crate::index::Projection;
use crate::key::{Holder, Key};
use crate::prelude::*;
use crate::timeline::Fact;
use minutebook_events::{ContractId, Entry, Event, EventKind, OfficeId, PartyId, Position, Power, Slug};

/// Parties, offices, roles, funding.
#[derive(Debug, Clone, Copy)]
pub struct Network;

fn holder(party: &PartyId, seat: Option<&Slug>) -> Holder {
    seat.map_or_else(|| Holder::Party(party.clone()), |seat| Holder::Seat(seat.clone()))
}

impl Projection for Network {
    const NAME: &'static str = "network";
    const VERSION: u32 = 1;

    fn keys(entry: &Entry, place: u16, _: Position) -> Vec<Key> {
        match &entry.events[usize::from(place)].kind {
            EventKind::PartyDefined { party, .. } => vec![Key::Party(party.clone())],
            EventKind::AliasStated { party, alias, .. } => vec![Key::Alias(party.clone(), alias.clone())],
            EventKind::OfficeDefined { office, .. } => vec![Key::Office(office.clone())],
            EventKind::PartnerJoined { contract, party, role, seat, under: Some(under) } if seat.is_none() => {
                // One party may work under several: each is an edge of its own.
                vec![Key::Partner(contract.clone(), *role, Holder::Under(party.clone(), under.clone()))]
            }
            EventKind::PartnerJoined { contract, party, role, seat, .. } => {
                vec![Key::Partner(contract.clone(), *role, holder(party, seat.as_ref()))]
            }
            EventKind::PartnerLeft { contract, party, role, seat, under: Some(under) } if seat.is_none() => {
                vec![Key::Partner(contract.clone(), *role, Holder::Under(party.clone(), under.clone()))]
            }
            EventKind::PartnerLeft { contract, party, role, seat, .. } => {
                vec![Key::Partner(contract.clone(), *role, holder(party, seat.as_ref()))]
            }
            EventKind::FundingSet { contract, part, .. } => vec![Key::Funding(contract.clone(), part.clone())],
            _ => vec![],
        }
    }
}

impl Projections {
    /// What a party is called; its id where no name is known.
    pub fn party_name(&self, party: &PartyId, at: At) -> String {
        self.first_known(&Key::Party(party.clone()), at)
            .and_then(|fact| match &fact.event().kind {
                EventKind::PartyDefined { name, .. } => Some(name.clone()),
                _ => None,
            })
            .unwrap_or_else(|| party.to_string())
    }

    /// A figure with organisations called by their names, its own and those beside it.
    pub fn with_names(&self, mut figure: Figure, at: At) -> Figure {
        for told in figure.told_mut() {
            if let Some(party) = party(told.fact.event()) {
                told.called = Some(self.party_name(party, at));
            }
        }
        figure
    }

    /// What an event says, in words, with organisations called by their names.
    pub fn said(&self, event: &Event, at: At) -> String {
        match party(event) {
            Some(party) => self.party_name(party, at),
            None => Knowing::from(tell(event)).words(),
        }
    }

    /// The organisation that a party is an arm of, or the party itself.
    pub fn whole_party(&self, party: &PartyId, at: At) -> PartyId {
        self.first_known(&Key::Party(party.clone()), at)
            .and_then(|fact| match &fact.event().kind {
                EventKind::PartyDefined { arm_of, .. } => arm_of.clone(),
                _ => None,
            })
            .unwrap_or_else(|| party.clone())
    }

    /// An office's title and power, where it is defined.
    pub fn office(&self, office: &OfficeId, at: At) -> Option<(String, Power)> {
        self.first_known(&Key::Office(office.clone()), at).and_then(|fact| match &fact.event().kind {
            EventKind::OfficeDefined { title, power, .. } => Some((title.clone(), *power)),
            _ => None,
        })
    }

    /// The names of things hold whatever the day: what they are called is no claim about when they were.
    fn first_known(&self, key: &Key, at: At) -> Option<&Fact> {
        self.timeline(key)?.facts().iter().find(|fact| fact.known(at.head))
    }

    /// The contract's title, or its id.
    pub fn title(&self, contract: &ContractId, at: At) -> String {
        self.timeline(&Key::Title(contract.clone()))
            .and_then(|timeline| timeline.facts().iter().find(|fact| fact.known(at.head)))
            .and_then(|fact| match &fact.event().kind {
                EventKind::ContractDefined { title, .. } => Some(title.clone()),
                _ => None,
            })
            .unwrap_or_else(|| contract.to_string())
    }
}
