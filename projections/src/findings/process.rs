//! Rules on governance: proposals with no outcome, and offices said to have done what they have no power to do.

use super::{Finding, Outcome, Rule, Weight};
use crate::all::Projections;
use crate::coordinates::At;
use crate::prelude::*;
use minutebook_events::{ActKind, Power};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "no-outcome",
        checks: "proposals and endorsements for an act that decided what they asked",
        run: outcomes,
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

fn outcomes(rule: &Rule, all: &Projections, at: At) -> Outcome {
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

/// Verbs that claim a power to decide.
const DECIDING: [&str; 6] = ["approved", "agreed", "decided", "resolved", "authorised", "awarded"];

fn verbs(rule: &Rule, all: &Projections, at: At) -> Outcome {
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
