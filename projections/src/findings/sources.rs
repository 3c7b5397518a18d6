//! Rules on sources: two that state one fact differently, names that do not agree, wording that may be read otherwise.

use super::{Finding, Ground, Outcome, Rule, Weight};
use crate::coordinates::At;
use crate::figure::{Knowing, tell};
use crate::key::Key;
use crate::prelude::*;
use crate::timeline::Fact;
use minutebook_events::{DateSpan, EventKind, PartyId};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "two-sources",
        checks: "facts that two sources state of the same thing, from the same day, with the same standing",
        run: two_sources,
    },
    Rule {
        name: "estimates",
        checks: "figures that sources of different dates give for the same measure",
        run: estimates,
    },
    Rule {
        name: "names",
        checks: "abbreviations of one organisation against the names they are said to stand for",
        run: names,
    },
    Rule {
        name: "wording",
        checks: "events whose wording or standing the recorder marked as open to another reading",
        run: wording,
    },
];

fn words(fact: &Fact) -> String {
    let sources: Vec<String> = fact.event().sources.iter().map(ToString::to_string).collect();
    format!("{} ({}, {})", Knowing::from(tell(fact.event())).words(), fact.standing(), sources.join(", "))
}

/// Facts on one timeline that can contradict each other, pair by pair: they have one standing, and are in effect from the same day.
/// A milestone happens once, so its dates must agree too.
fn pairs<'a>(once: bool, facts: &[&'a Fact]) -> impl Iterator<Item = (&'a Fact, &'a Fact)> {
    let mut alike: BTreeMap<(Option<DateSpan>, &str), Vec<&'a Fact>> = BTreeMap::new();
    for fact in facts {
        alike.entry((Some(fact.effective()).filter(|_| !once), fact.standing().word())).or_default().push(fact);
    }
    let all = alike.into_values().flat_map(|facts| {
        (1..facts.len()).flat_map(move |b| facts[..b].iter().map(|a| (*a, facts[b])).collect::<Vec<_>>())
    });
    all.filter(move |(a, b)| (!a.agrees(b) || once && a.effective() != b.effective()) && !a.shares_source(b))
}

fn two_sources(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for (key, timeline) in
        all.timelines().filter(|(key, _)| !matches!(key, Key::Act(_) | Key::Doubt(..) | Key::Total(..)))
    {
        let facts: Vec<&Fact> = timeline.stated(at).collect();
        outcome.examined += usize::from(facts.len() > 1);
        for (a, b) in pairs(matches!(key, Key::Milestone(..)), &facts) {
            let text = format!("{key}: {}; but {}", words(a), words(b));
            outcome.found.push(Finding::new(rule, Weight::Conflict, text, [a, b]));
        }
    }
    outcome
}

fn estimates(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for (key, timeline) in all.timelines().filter(|(key, _)| matches!(key, Key::Performance(..))) {
        let facts: Vec<&Fact> = timeline.stated(at).collect();
        outcome.examined += usize::from(facts.len() > 1);
        for pair in
            facts.windows(2).filter(|pair| !pair[0].agrees(pair[1]) && pair[0].effective() != pair[1].effective())
        {
            let text = format!(
                "{key}: {} from {}; {} from {}: cite either with its date",
                words(pair[0]),
                pair[0].effective(),
                words(pair[1]),
                pair[1].effective()
            );
            outcome.found.push(Finding::new(rule, Weight::Note, text, pair.iter().copied()));
        }
    }
    outcome
}

fn names(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut expansions: BTreeMap<(PartyId, String), Vec<(&Fact, String)>> = BTreeMap::new();
    for fact in all.timelines().flat_map(|(_, timeline)| timeline.stated(at)) {
        if let EventKind::AliasStated { party, alias, expands: Some(short) } = &fact.event().kind {
            let known = expansions.entry((party.clone(), short.clone())).or_default();
            if !known.iter().any(|(_, name)| name == alias) {
                known.push((fact, alias.clone()));
            }
        }
    }
    let mut outcome = Outcome { examined: expansions.len(), found: vec![] };
    for ((party, short), names) in expansions.into_iter().filter(|(_, names)| names.len() > 1) {
        let listed: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
        let text = format!("{short} is said to stand for {}: held as one party, {party}", listed.join(" and for "));
        outcome.found.push(Finding::new(rule, Weight::Conflict, text, names.iter().map(|(fact, _)| *fact)));
    }
    outcome
}

fn wording(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome {
        examined: all.recorded().filter(|e| e.position < at.head).map(|e| e.entry.events.len()).sum(),
        found: vec![],
    };
    for fact in
        all.timelines().filter(|(key, _)| matches!(key, Key::Doubt(..))).flat_map(|(_, timeline)| timeline.stated(at))
    {
        let doubt = fact.event().doubt.as_deref().unwrap_or_default();
        let text = format!("{}: {doubt}", words(fact));
        outcome.found.push(Finding::new(rule, Weight::Note, text, [fact]));
    }
    outcome
}
