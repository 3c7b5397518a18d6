//! What drafts say of value lines, flattened: a row a fact, as a table of another database holds it. It must not select
//! anything; which fact is in effect is for whoever asks.

use minutebook_events::{
    Basis, ContractId, DateSpan, Draft, EntryId, EventKind, Knowledge, Money, PartyId, Position, Standing,
};
use std::collections::HashMap;

/// An amount that was set or changed, with all that decides whether it is the answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The position of its entry.
    pub position: Position,
    /// Its place in the entry, from 0.
    pub place: u16,
    /// The contract.
    pub contract: ContractId,
    /// The name of the value line within the contract.
    pub line: String,
    /// Who pays for the line.
    pub funder: Option<PartyId>,
    /// From when it holds.
    pub effective: DateSpan,
    /// The last day on which it holds, where one is set.
    pub until: Option<DateSpan>,
    /// When its act was decided.
    pub decided: DateSpan,
    /// Its standing.
    pub standing: Standing,
    /// Whether it changes what was there, and does not set it.
    pub is_change: bool,
    /// The amount, or what is said in its place.
    pub amount: Knowledge<Money>,
    /// What the amount is for.
    pub basis: Basis,
    /// The position of the entry that struck it.
    pub struck: Option<Position>,
}

/// The facts of drafts that are recorded one after the other from position 0, in that order. The drafts are made twice,
/// so that no more than the corrections need be kept of them.
pub fn facts<Drafts: Iterator<Item = Draft>>(drafts: impl Fn() -> Drafts) -> impl Iterator<Item = Fact> {
    let struck = strikes(drafts());
    (0..).map(Position).zip(drafts()).flat_map(move |(position, draft)| {
        let decided = draft.act.decided;
        let struck = |place| struck.get(&(draft.id, place)).copied();
        let facts = (0..).zip(draft.events).filter_map(|(place, event)| {
            let (contract, line, amount, basis, is_change) = match event.kind {
                EventKind::ValueSet { contract, line, amount, basis, .. } => (contract, line, amount, basis, false),
                EventKind::ValueChanged { contract, line, by, basis } => (contract, line, by, basis, true),
                _ => return None,
            };
            Some(Fact {
                position,
                place,
                contract,
                line: line.name(),
                funder: line.funder,
                effective: event.effective,
                until: event.until,
                decided,
                standing: event.standing,
                is_change,
                amount,
                basis,
                struck: struck(place),
            })
        });
        facts.collect::<Vec<_>>()
    })
}

/// Which events are struck, and by the entry at which position: the first that strikes one.
fn strikes(drafts: impl Iterator<Item = Draft>) -> HashMap<(EntryId, u16), Position> {
    let mut struck = HashMap::new();
    for (position, draft) in (0..).map(Position).zip(drafts) {
        for event in draft.events {
            if let EventKind::Correction { strikes, .. } = event.kind {
                struck.entry((strikes.entry, strikes.event)).or_insert(position);
            }
        }
    }
    struck
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::national::{National, Sizes};
    use minutebook::ledger::rehearse;
    use minutebook::sealed::Contents;
    use minutebook_projections::{Key, Projections};
    use std::collections::BTreeMap;

    #[test]
    fn facts_are_those_on_the_timelines_of_value_lines() {
        let national = National { seed: 1, entries_a_contract: 10, sizes: Sizes::LongTail };
        let drafts = || (0..2_000).map(|number| national.draft(number));
        let mut projections = Projections::default();
        let contents = Contents::beside(std::path::Path::new("nowhere"));
        for draft in drafts() {
            rehearse(&mut projections, &contents, draft).expect("a draft of the register is taken");
        }
        let lines = projections.timelines().filter_map(|(key, timeline)| match key {
            Key::Line(contract, line) => Some((contract, line.name(), timeline)),
            _ => None,
        });
        let known: BTreeMap<_, _> = lines
            .flat_map(|(contract, line, timeline)| {
                timeline.facts().iter().map(move |fact| {
                    let struck = fact.struck().map(|(by, _)| by);
                    ((fact.position(), fact.place()), (contract.clone(), line.clone(), fact.effective(), struck))
                })
            })
            .collect();
        let flattened: BTreeMap<_, _> = facts(drafts)
            .map(|fact| ((fact.position, fact.place), (fact.contract, fact.line, fact.effective, fact.struck)))
            .collect();
        assert_eq!(flattened, known);
        assert!(flattened.values().any(|(.., struck)| struck.is_some()), "none is struck");
    }
}
