//! Acts of governance: who, when, of what kind, whether it was answered, and where it stands in the ledger.

use super::{About, Cell, Row};
use minutebook_events::ActRef;
use minutebook_projections::{At, Projections, Recorded};
use std::collections::BTreeMap;
use std::sync::Arc;

/// By the reference of the act that asked, the acts that answer it.
type Answers = BTreeMap<ActRef, Vec<Arc<Recorded>>>;

pub(super) fn rows(all: &Projections, about: About<'_>, at: At) -> Vec<Row> {
    let acts = all.acts(at).into_iter().map(|recorded| ("act", recorded));
    let perhaps = all.acts_perhaps(at).into_iter().map(|recorded| ("perhaps-decided-by-then", recorded));
    let answers = all.answers(at);
    acts.chain(perhaps)
        .filter(|(_, recorded)| about.any(recorded.entry.contracts().into_iter()))
        .map(|(kind, recorded)| row(all, kind, &recorded, &answers, at))
        .collect()
}

fn row(all: &Projections, kind: &'static str, recorded: &Recorded, answers: &Answers, at: At) -> Row {
    let act = &recorded.entry.act;
    let office = match &act.office {
        Some(office) => all.office(office, at).map_or_else(|| office.to_string(), |(title, _)| title),
        None => "not in the record".to_owned(),
    };
    let did = act.verb.clone().map_or_else(|| act.kind.to_string(), |verb| format!("{} (\"{verb}\")", act.kind));
    let mut standings: Vec<&str> = recorded.entry.events.iter().map(|event| event.standing.word()).collect();
    standings.sort_unstable();
    standings.dedup();
    let answered = answers.get(&act.reference).into_iter().flatten();
    let answered = answered.map(|answer| answer.entry.act.reference.to_string()).collect();
    Row::new(kind)
        .cell("position", Cell::Position(recorded.position))
        .text("decided", act.decided)
        .text("reference", &act.reference)
        .text("title", &act.title)
        .text("kind", did)
        .text("office", office)
        .cell("key-decision", Cell::Flag(act.key_decision))
        .cell("callable-in", Cell::Flag(act.callable_in))
        .cell("standings", Cell::List(standings.into_iter().map(str::to_owned).collect()))
        .cell("answered-by", Cell::List(answered))
}
