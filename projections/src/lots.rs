//! The lots projection: the lots and services of a contract, and who runs each. A lot means nothing outside its
//! contract, so no key here compares two contracts.

use crate::index::Projection;
use crate::key::Key;
use crate::prelude::*;
use crate::timeline::Fact;
use minutebook_events::decide::Assignment;
use minutebook_events::{Entry, EventKind, EventRef, Position};

/// Lots, who holds them, services.
#[derive(Debug, Clone, Copy)]
pub struct Lots;

impl Projection for Lots {
    const NAME: &'static str = "lots";
    const VERSION: u32 = 1;

    fn keys(entry: &Entry, place: u16, _: Position) -> Vec<Key> {
        match &entry.events[usize::from(place)].kind {
            EventKind::LotDefined { contract, lot, .. } => vec![Key::Lot(contract.clone(), lot.clone())],
            EventKind::LotAssigned { contract, lot, .. } | EventKind::LotReleased { contract, lot, .. } => {
                vec![Key::Holder(contract.clone(), lot.clone())]
            }
            EventKind::ServiceAdded { contract, service, party, .. }
            | EventKind::ServiceRemoved { contract, service, party } => {
                vec![Key::Service(contract.clone(), service.clone(), party.clone())]
            }
            _ => vec![],
        }
    }
}

/// The assignments on a lot's timeline, each ended by its own last day or by the release that follows it.
pub(crate) fn assignments(facts: &[&Fact]) -> Vec<Assignment> {
    facts
        .iter()
        .filter_map(|fact| match &fact.event().kind {
            EventKind::LotAssigned { party, .. } => Some((fact, party)),
            _ => None,
        })
        .map(|(fact, party)| {
            let released = facts.iter().find_map(|other| match &other.event().kind {
                EventKind::LotReleased { party: released, .. }
                    if Some(released) == party.known()
                        && other.standing().is_firm()
                        && other.effective() >= fact.effective() =>
                {
                    Some(other.effective().plus_days(-1))
                }
                _ => None,
            });
            Assignment {
                event: EventRef { entry: fact.recorded().entry.id, event: fact.place() },
                party: party.known().cloned(),
                effective: fact.effective(),
                until: fact.until().or(released),
                standing: fact.standing(),
            }
        })
        .collect()
}
