//! Rules on time: terms past a cap, contracts used past their term, ends with nothing after them.

use super::{Finding, Ground, Outcome, Rule, Weight};
use crate::all::Projections;
use crate::coordinates::At;
use crate::key::Key;
use crate::prelude::*;
use crate::register::start_of;
use crate::timeline::{Fact, Presence};
use minutebook_events::{Clause, ContractId, DateSpan, Day, EventKind, Months, Part, Standing};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "term-cap", checks: "the last day of every contract and lot against the cap on its term", run: caps },
    Rule {
        name: "past-its-term",
        checks: "contracts and lots that the record shows in use after their term, with no firm extension",
        run: past_term,
    },
    Rule {
        name: "option-notice",
        checks: "extensions for whether they were decided while notice could still be given to use the option",
        run: option_notices,
    },
    Rule {
        name: "no-successor",
        checks: "contracts whose planned or firm end has passed, for what took their place",
        run: successors,
    },
    Rule {
        name: "no-firm-end",
        checks: "contracts in force whose planned end or cap has passed, for a decision or report that they ended",
        run: no_firm_end,
    },
];

fn parts<'a>(all: &'a Projections, contract: &'a ContractId, at: At) -> impl Iterator<Item = Part> + 'a {
    core::iter::once(Part::Whole).chain(all.lots_of(contract, at).into_iter().map(Part::Lot))
}

fn facts_on<'a>(all: &'a Projections, key: &Key, at: At) -> Vec<&'a Fact> {
    all.timeline(key).map_or_else(Vec::new, |timeline| timeline.counted(at).collect())
}

fn known_contracts(all: &Projections, at: At) -> Vec<&ContractId> {
    all.contracts(at.head)
}

fn named(contract: &ContractId, part: &Part) -> String {
    if part.is_whole() { contract.to_string() } else { format!("{contract}, {part}") }
}

/// The last days stated for a part: of its term, of extensions, and of its end.
fn last_days<'a>(all: &'a Projections, contract: &ContractId, part: &Part, at: At) -> Vec<(&'a Fact, Day)> {
    let terms = facts_on(all, &Key::Term(contract.clone(), part.clone()), at);
    let status = facts_on(all, &Key::Status(contract.clone(), part.clone()), at);
    let mut days: Vec<(&Fact, Day)> = vec![];
    for fact in terms.into_iter().chain(status) {
        match &fact.event().kind {
            EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } => {
                days.push((fact, last_day.latest()))
            }
            EventKind::Ended { .. } => days.push((fact, fact.effective().plus_days(-1).earliest())),
            _ => {}
        }
    }
    days
}

fn start<'a>(all: &'a Projections, contract: &ContractId, part: &Part, at: At) -> Option<&'a Fact> {
    let commenced = |part: &Part| {
        facts_on(all, &Key::Status(contract.clone(), part.clone()), at)
            .into_iter()
            .filter(|fact| matches!(fact.event().kind, EventKind::Commenced { .. }))
            .max_by_key(|fact| fact.standing().strength())
    };
    commenced(part).or_else(|| commenced(&Part::Whole))
}

fn cap<'a>(all: &'a Projections, contract: &ContractId, part: &Part, at: At) -> Option<(&'a Fact, Months)> {
    let of = |part: &Part| {
        facts_on(all, &Key::Clause(contract.clone(), part.clone(), "term-cap"), at).into_iter().next_back().and_then(
            |fact| match &fact.event().kind {
                EventKind::ClauseSet { clause: Clause::TermCap { months }, .. } => Some((fact, *months)),
                _ => None,
            },
        )
    };
    of(part).or_else(|| of(&Part::Whole))
}

fn caps(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for contract in known_contracts(all, at) {
        for part in parts(all, contract, at) {
            let (Some((clause, months)), Some(start)) =
                (cap(all, contract, &part, at), start(all, contract, &part, at))
            else {
                continue;
            };
            let Some(limit) = months.last_day_from(start_of(start.effective())) else { continue };
            for (fact, last) in last_days(all, contract, &part, at) {
                outcome.examined += 1;
                // A start known to the month only may still be within the cap on its last day.
                let latest_limit = months.last_day_from(start.effective().latest()).unwrap_or(limit);
                if last > latest_limit && last != Day::MAX {
                    let name = named(contract, &part);
                    let (from, last, limit) = (start.effective(), DateSpan::day(last), DateSpan::day(limit));
                    let text = format!(
                        "{name} runs to {last} ({}), past its cap of {months} ({}) from {from} ({}): {limit}",
                        fact.standing(),
                        clause.standing(),
                        start.standing()
                    );
                    outcome.found.push(Finding::new(rule, Weight::Difference, text, [clause, start, fact]).compared(
                        last,
                        limit,
                        "past the cap",
                    ));
                }
            }
        }
    }
    outcome
}

/// A firm or inferred fact of a lot that is later than the last day of its first term, with no firm extension.
fn past_term(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for contract in known_contracts(all, at) {
        for part in parts(all, contract, at) {
            let Some(terms) = all.terms(contract, &part, at) else { continue };
            outcome.examined += 1;
            let last = terms.first.last_day();
            let days = last_days(all, contract, &part, at);
            let is_firm_extension =
                |fact: &Fact| fact.standing().is_firm() && matches!(fact.event().kind, EventKind::Extended { .. });
            if last >= at.as_of && days.iter().all(|(fact, _)| fact.decided().latest() <= last)
                || days.iter().any(|(fact, _)| is_firm_extension(fact))
            {
                continue;
            }
            let beyond = |fact: &Fact| fact.standing().is_firm() || fact.standing() == Standing::Inferred;
            let shown = days.iter().find(|(fact, day)| *day > last && beyond(fact) && fact.decided().latest() > last);
            if let Some((fact, _)) = shown {
                let text = format!(
                    "{} has a first term to {} ({}) and is {} to run beyond it; the decision to extend it is not in the record",
                    named(contract, &part),
                    DateSpan::day(last),
                    terms.set.standing(),
                    if fact.standing().is_firm() { "taken" } else { "inferred" },
                );
                let facts = core::iter::once(*fact).chain(terms.facts());
                outcome.found.push(Finding::new(rule, Weight::Gap, text, facts));
            }
        }
    }
    outcome
}

/// An extension that was decided for certain after the last day of notice that the contract itself sets.
fn option_notices(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for contract in known_contracts(all, at) {
        for part in parts(all, contract, at) {
            let Some(notice) = all.last_notice(contract, &part, at) else { continue };
            let Some(option) = facts_on(all, &Key::Extension(contract.clone(), part.clone()), at).into_iter().next()
            else {
                continue;
            };
            let is_extension =
                |fact: &&Fact| fact.standing().is_firm() && matches!(fact.event().kind, EventKind::Extended { .. });
            for fact in facts_on(all, &Key::Term(contract.clone(), part.clone()), at).into_iter().filter(is_extension) {
                outcome.examined += 1;
                if fact.decided().earliest() > notice.day {
                    let (decided, last) = (fact.decided(), DateSpan::day(notice.day));
                    let text = format!(
                        "{} was extended by a decision of {decided}, after {last}, the last day of notice to use its option",
                        named(contract, &part)
                    );
                    let facts = [fact, option, notice.term, notice.clause];
                    let finding = Finding::new(rule, Weight::Difference, text, facts);
                    outcome.found.push(finding.compared(fact.decided().earliest(), notice.day, "too late"));
                }
            }
        }
    }
    outcome
}

fn ends<'a>(all: &'a Projections, contract: &'a ContractId, at: At) -> Option<(&'a Fact, Day)> {
    last_days(all, contract, &Part::Whole, at)
        .into_iter()
        .filter(|(fact, day)| {
            *day < at.as_of && matches!(fact.event().kind, EventKind::Ended { .. } | EventKind::TermSet { .. })
        })
        .max_by_key(|(_, day)| *day)
}

fn successors(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for contract in known_contracts(all, at) {
        let Some((fact, day)) = ends(all, contract, at) else { continue };
        // An end that is known to a span only has not passed for certain: the span says so.
        let last = match fact.event().kind {
            EventKind::Ended { .. } => fact.effective().plus_days(-1),
            _ => DateSpan::day(day),
        };
        outcome.examined += 1;
        let successor = all.timeline(&Key::Successor(contract.clone()));
        let extended = last_days(all, contract, &Part::Whole, at).iter().any(|(_, last)| *last >= at.as_of);
        if !extended && successor.is_none_or(|timeline| timeline.counted(at).next().is_none()) {
            let text = format!(
                "the last day of {contract} is {last} ({}), and nothing in the record says what took its place",
                fact.standing()
            );
            outcome.found.push(Finding::new(rule, Weight::Gap, text, [fact]));
        }
    }
    outcome
}

fn no_firm_end(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for contract in known_contracts(all, at) {
        let key = Key::Status(contract.clone(), Part::Whole);
        let Some(timeline) = all.timeline(&key) else { continue };
        let selection = timeline.select(at);
        let in_force = selection
            .answer
            .filter(|fact| fact.standing().is_firm() && matches!(fact.event().kind, EventKind::Commenced { .. }));
        let Some(answer) = in_force else { continue };
        outcome.examined += 1;
        let passed = selection.beside.iter().copied().find(|fact| {
            !fact.standing().is_firm()
                && matches!(fact.event().kind, EventKind::Ended { .. })
                && fact.presence(at.as_of) == Presence::Yes
        });
        if let Some(end) = passed {
            let text = format!(
                "{contract} started {} and was {} to end, last day {}; no decision or report that it ended is in the record",
                match answer.effective().exact() {
                    Some(_) => format!("on {}", answer.effective()),
                    None => answer.effective().to_string(),
                },
                end.standing(),
                end.effective().plus_days(-1)
            );
            outcome.found.push(Finding::new(rule, Weight::Gap, text, [answer, end]));
        }
    }
    outcome
}
