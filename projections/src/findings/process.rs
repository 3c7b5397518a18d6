//! Rules on governance: proposals with no outcome, and offices said to have done what they have no power to do.

use super::{Finding, Ground, Outcome, Rule, Weight};
use crate::coordinates::At;
use crate::prelude::*;
use minutebook_events::{ActKind, DateSpan, Event, EventKind, Power, Standing, working_days};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "no-outcome",
        checks: "proposals and endorsements for an act that decided what they asked",
        run: outcomes,
    },
    Rule {
        name: "call-in",
        checks: "decisions that can be called in, for what took effect before a working day had passed",
        run: call_ins,
    },
    Rule { name: "verb", checks: "acts of offices that only advise for verbs that decide", run: verbs },
];

/// A finding about an act rests on its whole entry.
fn of_act(rule: &Rule, weight: Weight, text: String, recorded: &crate::log::Recorded) -> Finding {
    let mut finding = Finding::new(rule, weight, text, []);
    finding.contracts = recorded.entry.contracts().into_iter().cloned().collect();
    finding.sources =
        recorded.entry.events.iter().flat_map(|event| event.sources.iter().take(1).cloned()).take(3).collect();
    finding.entries = vec![recorded.position];
    finding.tidy();
    finding
}

fn outcomes(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    let answers = all.answers(at);
    for recorded in all.acts(at) {
        let act = &recorded.entry.act;
        if act.kind != ActKind::Proposal {
            continue;
        }
        outcome.examined += 1;
        if !answers.contains_key(&act.reference) {
            let text = format!(
                "{} ({}) asks for a decision, and whether it was taken is not in the record",
                act.reference, act.title
            );
            outcome.found.push(of_act(rule, Weight::Gap, text, &recorded));
        }
    }
    outcome
}

/// However long a call-in lasts, it lasts a working day: what certainly takes effect by then was implemented within it. Of how
/// long it lasts, and of what was not said to be open to call-in, nothing is made.
fn call_ins(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for recorded in all.acts(at) {
        let entry = &recorded.entry;
        let Some(first) = working_days::call_in_ends(&entry.act, 1).and_then(DateSpan::exact) else { continue };
        outcome.examined += 1;
        let counts = |place: u16| all.struck(recorded.position, place).is_none_or(|(by, _)| by >= at.head);
        let events = (0..).zip(&entry.events).filter(|(place, _)| counts(*place)).map(|(_, event)| event);
        let early = |event: &&Event| {
            event.standing == Standing::Decided && implements(event) && event.effective.latest() <= first
        };
        if let Some(event) = events.into_iter().filter(early).min_by_key(|event| event.effective) {
            let reference = &entry.act.reference;
            let text = format!(
                "{reference} was taken on {} and can be called in, and takes effect {}, before a working day after it had passed",
                entry.act.decided,
                match event.effective.exact() {
                    Some(_) => format!("on {}", event.effective),
                    None => event.effective.to_string(),
                }
            );
            outcome.found.push(of_act(rule, Weight::Difference, text, &recorded));
        }
    }
    outcome
}

/// Whether an event carries out what was decided, and does not only say it.
fn implements(event: &Event) -> bool {
    use EventKind::{
        Commenced, Ended, Extended, LotAssigned, LotReleased, NoticeGiven, PartnerJoined, PartnerLeft, ServiceAdded,
        ServiceRemoved,
    };
    matches!(
        event.kind,
        Commenced { .. }
            | Ended { .. }
            | Extended { .. }
            | LotAssigned { .. }
            | LotReleased { .. }
            | NoticeGiven { .. }
            | PartnerJoined { .. }
            | PartnerLeft { .. }
            | ServiceAdded { .. }
            | ServiceRemoved { .. }
    )
}

/// Verbs that claim a power to decide.
const DECIDING: [&str; 6] = ["approved", "agreed", "decided", "resolved", "authorised", "awarded"];

fn verbs(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for recorded in all.acts(at) {
        let act = &recorded.entry.act;
        let Some((title, Power::Advises)) = act.office.as_ref().and_then(|office| all.office(office, at)) else {
            continue;
        };
        outcome.examined += 1;
        if let Some(verb) = act.verb.as_deref().filter(|verb| DECIDING.contains(verb)) {
            let text = format!(
                "{} is said to have {verb} {}, and it advises: held as an {}, with the verb kept",
                title, act.reference, act.kind
            );
            outcome.found.push(of_act(rule, Weight::Conflict, text, &recorded));
        }
    }
    outcome
}
