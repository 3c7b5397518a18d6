//! Rules on figures: totals against their parts, counts, shares, changes of value, uplifts, alternatives.

use super::{Finding, Ground, Outcome, Rule, Weight};
use crate::all::Projections;
use crate::coordinates::At;
use crate::key::Key;
use crate::prelude::*;
use crate::register::start_of;
use crate::timeline::{Fact, Timeline};
use crate::value::{Courses, Sum, Window, compare, to_the_penny as pounds};
use core::cmp::Ordering;
use minutebook_events::{Clause, ContractId, EventKind, Knowledge, Measure, Money, Part, PartyId, Standing};
use rust_decimal::Decimal;

pub(super) const RULES: &[Rule] = &[
    Rule { name: "stated-total", checks: "every stated total against the sum of the parts it names", run: totals },
    Rule { name: "stated-count", checks: "every stated number of things against the things listed", run: counts },
    Rule { name: "shares", checks: "stated shares of funding against 100 per cent", run: shares },
    Rule {
        name: "value-change",
        checks: "every change of a value line against 10 and 50 per cent of what it was first",
        run: changes,
    },
    Rule { name: "uplift", checks: "yearly figures against the least uplift that the contract sets", run: uplifts },
    Rule {
        name: "carried-over",
        checks: "what each funder pays a year against the contract that this one succeeds",
        run: carried_over,
    },
    Rule {
        name: "alternatives",
        checks: "the saving stated for a rejected alternative against the one taken",
        run: alternatives,
    },
];

fn signed(amount: Decimal) -> String {
    if amount.is_sign_positive() { format!("+{}", pounds(amount)) } else { pounds(amount).to_string() }
}

fn totals(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    let mut courses = Courses::new(all, at);
    let totals = all.timelines().filter(|(key, _)| matches!(key, Key::Total(..)));
    for fact in totals.flat_map(|(_, timeline)| timeline.stated(at)) {
        let EventKind::TotalStated { total, amount, .. } = &fact.event().kind else { continue };
        outcome.examined += 1;
        let readings = all.readings(fact, &mut courses);
        let agrees = |sum: &Sum| {
            sum.lacks().next().is_none()
                && sum.added > 0
                && compare(amount.pounds(), sum.pounds, amount.slack() + sum.slack) == Ordering::Equal
        };
        if !readings.iter().any(|(_, sum)| agrees(sum)) {
            outcome.found.extend(
                readings.iter().map(|(label, sum)| total_finding(rule, fact, total.as_str(), *amount, label, sum)),
            );
        }
    }
    outcome
}

fn total_finding(rule: &Rule, fact: &Fact, total: &str, amount: Money, label: &str, sum: &Sum) -> Finding {
    let facts = core::iter::once(fact).chain(&sum.facts);
    if let Some(why) = sum.lacks().next() {
        let text = format!("{total} is stated as {amount}; {label} cannot be added up: {why}");
        return Finding::new(rule, Weight::Gap, text, facts);
    }
    if sum.facts.is_empty() {
        let text = format!("{total} is stated as {amount}; none of the amounts of {label} is in the record");
        return Finding::new(rule, Weight::Gap, text, facts);
    }
    let difference = amount.pounds() - sum.pounds;
    let words = if difference.is_sign_positive() { "too high" } else { "too low" };
    let computed = pounds(sum.pounds);
    let text = format!(
        "{total} is stated as {amount}; {label} come to {computed}: stated {} {words}",
        pounds(difference.abs())
    );
    Finding::new(rule, Weight::Difference, text, facts).compared(amount, computed, signed(difference))
}

fn counts(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    let counts = all.timelines().filter(|(key, _)| matches!(key, Key::Count(..)));
    for fact in counts.flat_map(|(_, timeline)| timeline.stated(at)) {
        let EventKind::CountStated { count, number, readings, .. } = &fact.event().kind else { continue };
        outcome.examined += 1;
        let fits = readings.iter().filter(|reading| reading.parts.len() == *number as usize).count();
        if fits == 0 || fits < readings.len() {
            for reading in readings.iter().filter(|reading| reading.parts.len() != *number as usize) {
                let listed = reading.parts.len();
                let text = format!("{count} is stated as {number}; {} number {listed}", reading.label);
                let difference = i64::from(*number) - i64::try_from(listed).unwrap_or(i64::MAX);
                outcome
                    .found
                    .push(Finding::new(rule, Weight::Difference, text, [fact]).compared(number, listed, difference));
            }
        } else if fits > 1 {
            let labels: Vec<&str> = readings.iter().map(|reading| reading.label.as_str()).collect();
            let text = format!("{count} is stated as {number}, and several readings fit: {}", labels.join("; or "));
            outcome.found.push(Finding::new(rule, Weight::Conflict, text, [fact]));
        }
    }
    outcome
}

fn shares(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    let fundings = all.timelines().filter(|(key, _)| matches!(key, Key::Funding(..)));
    for fact in fundings.flat_map(|(_, timeline)| timeline.stated(at)) {
        let EventKind::FundingSet { funders, .. } = &fact.event().kind else { continue };
        let stated: Vec<_> = funders.iter().filter_map(|funder| funder.share).collect();
        if stated.is_empty() {
            continue;
        }
        outcome.examined += 1;
        let sum: Decimal = stated.iter().map(|share| share.value()).sum();
        let slack: Decimal = stated.iter().map(|share| share.slack()).sum();
        let difference = sum - Decimal::ONE_HUNDRED;
        if difference.is_zero() {
            continue;
        }
        let rounding = difference.abs() <= slack && stated.len() == funders.len();
        let (weight, why) = if rounding {
            (Weight::Note, "rounding explains it")
        } else {
            (Weight::Difference, "rounding does not explain it")
        };
        let text = format!("the stated shares come to {sum} %: {why}");
        outcome.found.push(Finding::new(rule, weight, text, [fact]).compared("100 %", format!("{sum} %"), difference));
    }
    outcome
}

fn changes(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    let lines = all.timelines().filter(|(key, _)| matches!(key, Key::Line(_, line) if line.measure.is_worth()));
    for (key, timeline) in lines {
        let mut facts: Vec<&Fact> = timeline.stated(at).collect();
        facts.sort_by_key(|fact| (fact.effective().latest(), fact.position(), fact.place()));
        let first = facts.iter().find_map(|fact| set_amount(fact).map(|amount| (*fact, amount)));
        let Some((first, original)) = first.filter(|(_, original)| !original.pounds().is_zero()) else { continue };
        for fact in facts.into_iter().filter(|fact| fact.effective().latest() > first.effective().latest()) {
            // Steps stated together are the price of a contract, not changes to it.
            if fact.position() == first.position() && fact.standing() == first.standing() {
                continue;
            }
            outcome.examined += 1;
            outcome.found.extend(change_finding(rule, key, first, original, fact));
        }
    }
    outcome
}

fn set_amount(fact: &Fact) -> Option<Money> {
    match &fact.event().kind {
        EventKind::ValueSet { amount, .. } => amount.known().copied(),
        _ => None,
    }
}

fn change_finding(rule: &Rule, key: &Key, first: &Fact, original: Money, fact: &Fact) -> Option<Finding> {
    let by = match &fact.event().kind {
        EventKind::ValueSet { amount: Knowledge::Known(amount), .. } => amount.pounds() - original.pounds(),
        EventKind::ValueChanged { by: Knowledge::Known(by), .. } => by.pounds(),
        _ => return None,
    };
    let percent = (by / original.pounds() * Decimal::ONE_HUNDRED).round_dp(1);
    let (limit, law) = match percent.abs() {
        p if p > Decimal::from(50) => (
            50,
            "Public Contracts Regulations 2015, regulation 72(1)(b) and (c): an increase by modification is at most 50 % of the original value; Procurement Act 2023, section 74, where it applies (a prompt, not legal advice)",
        ),
        p if p > Decimal::TEN => (
            10,
            "Public Contracts Regulations 2015, regulation 72(1)(f) and (5): below 10 % for services; Procurement Act 2023, section 74(4), where it applies (a prompt, not legal advice)",
        ),
        _ => return None,
    };
    let text = format!(
        "{key} goes from {original} to {} ({}), {percent} % of what it was first and past {limit} %",
        pounds(original.pounds() + by),
        fact.standing()
    );
    let mut finding = Finding::new(rule, Weight::Prompt, text, [first, fact]);
    finding.law = Some(law);
    Some(finding.compared(original, pounds(original.pounds() + by), signed(by)))
}

/// The yearly sum of the worth of a contract in each of the steps that its lines are stated for.
fn uplifts(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    for (key, timeline) in all.timelines() {
        let Key::Clause(contract, _, "uplift-floor") = key else { continue };
        for fact in timeline.stated(at) {
            let EventKind::ClauseSet { clause: Clause::UpliftFloor { percent, .. }, .. } = &fact.event().kind else {
                continue;
            };
            for measure in measures(all, contract, at) {
                outcome.examined += 1;
                outcome.found.extend(uplift_finding(rule, all, contract, measure, fact, percent.value(), at));
            }
        }
    }
    outcome
}

fn measures(all: &Projections, contract: &ContractId, at: At) -> BTreeSet<Measure> {
    all.lines(contract, at).map(|(_, line, _)| line.measure).filter(|measure| measure.is_worth()).collect()
}

fn uplift_finding(
    rule: &Rule,
    all: &Projections,
    contract: &ContractId,
    measure: Measure,
    clause: &Fact,
    floor: Decimal,
    at: At,
) -> Option<Finding> {
    let lines: Vec<&Timeline> = all
        .lines(contract, at)
        .filter(|(_, line, _)| line.measure == measure)
        .map(|(_, _, timeline)| timeline)
        .collect();
    let mut starts: Vec<_> =
        lines.iter().flat_map(|timeline| timeline.counted(at)).map(|fact| start_of(fact.effective())).collect();
    starts.sort_unstable();
    starts.dedup();
    let yearly: Vec<Sum> = starts
        .iter()
        .map(|day| all.sum(contract, Window::Yearly, at.on(*day), |line, _| line.measure == measure))
        .filter(|sum| sum.missing.is_empty() && sum.added > 0)
        .collect();
    let (first, last) = (yearly.first()?, yearly.last()?);
    if yearly.len() < 2 || first.pounds.is_zero() {
        return None;
    }
    let rise = (last.pounds - first.pounds) / first.pounds * Decimal::ONE_HUNDRED;
    if rise >= floor {
        return None;
    }
    let text = format!(
        "an uplift of at least {floor} % a year is stated ({}), and the {measure} figures go from {} to {} a year: the uplift is not in them, and nothing says so",
        clause.standing(),
        pounds(first.pounds),
        pounds(last.pounds)
    );
    let facts = core::iter::once(clause).chain(&first.facts).chain(&last.facts);
    Some(Finding::new(rule, Weight::Difference, text, facts).compared(
        format!("at least {floor} % a year"),
        format!("{} %", rise.round_dp(2)),
        format!("{} %", (rise - floor).round_dp(2)),
    ))
}

fn carried_over(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    let mut seen = BTreeSet::new();
    for fact in all
        .timelines()
        .filter(|(key, _)| matches!(key, Key::Successor(_)))
        .flat_map(|(_, timeline)| timeline.stated(at))
    {
        let EventKind::Succeeded { contract, by } = &fact.event().kind else { continue };
        if !seen.insert((contract.clone(), by.clone())) {
            continue;
        }
        let (before, after) = (last_by_funder(all, contract, at, false), last_by_funder(all, by, at, true));
        for (funder, old) in &before {
            let Some(new) = after.get(funder) else { continue };
            outcome.examined += 1;
            let difference = new.pounds - old.pounds;
            if compare(new.pounds, old.pounds, old.slack + new.slack) == Ordering::Equal {
                continue;
            }
            let name = all.party_name(funder, at);
            let text = format!(
                "{name}: {} a year for {by} ({}), and {} a year for {contract} ({}): {} a year",
                pounds(new.pounds),
                weakest(new),
                pounds(old.pounds),
                weakest(old),
                signed(difference)
            );
            let facts = core::iter::once(fact).chain(&old.facts).chain(&new.facts);
            outcome.found.push(Finding::new(rule, Weight::Difference, text, facts).compared(
                pounds(new.pounds),
                pounds(old.pounds),
                signed(difference),
            ));
        }
    }
    outcome
}

/// What each funder, its arms counted in, pays a year: on the last day that lines are stated from, or the first.
fn last_by_funder<'a>(all: &'a Projections, contract: &'a ContractId, at: At, first: bool) -> BTreeMap<PartyId, Sum> {
    let funded = |timeline: &Timeline| timeline.counted(at).any(|fact| set_amount(fact).is_some());
    let lines: Vec<_> = all
        .lines(contract, at)
        .filter(|(_, line, timeline)| line.funder.is_some() && line.measure.is_worth() && funded(timeline))
        .collect();
    let days = lines.iter().flat_map(|(_, _, timeline)| timeline.counted(at)).map(|fact| start_of(fact.effective()));
    let Some(day) = (if first { days.min() } else { days.max() }) else { return BTreeMap::new() };
    let funders: BTreeSet<PartyId> = lines
        .iter()
        .filter_map(|(_, line, _)| line.funder.as_ref())
        .map(|funder| all.whole_party(funder, at))
        .collect();
    funders
        .into_iter()
        .map(|funder| {
            let sum = all.sum(contract, Window::Yearly, at.on(day), |line, _| {
                line.part == Part::Whole
                    && line.measure.is_worth()
                    && line.funder.as_ref().is_some_and(|party| all.whole_party(party, at) == funder)
            });
            (funder, sum)
        })
        .filter(|(_, sum)| sum.missing.is_empty() && sum.added > 0)
        .collect()
}

/// The weakest standing of what a sum is made of.
fn weakest(sum: &Sum) -> Standing {
    let standings = sum.facts.iter().map(Fact::standing);
    standings.min_by_key(|standing| standing.strength()).unwrap_or(Standing::Inferred)
}

fn alternatives(rule: &Rule, all: &Ground<'_>, at: At) -> Outcome {
    let mut outcome = Outcome::default();
    let mut seen = BTreeSet::new();
    let weighed: Vec<&Fact> = all
        .timelines()
        .filter(|(key, _)| matches!(key, Key::Alternative(..)))
        .flat_map(|(_, timeline)| timeline.stated(at))
        .filter(|fact| seen.insert((fact.position(), fact.place())))
        .collect();
    let saving = |fact: &Fact, wanted: bool| match &fact.event().kind {
        EventKind::AlternativeConsidered { saving: Some(saving), taken, .. } if *taken == wanted => Some(*saving),
        _ => None,
    };
    for (rejected, amount) in weighed.iter().filter_map(|fact| saving(fact, false).map(|amount| (*fact, amount))) {
        for taken in weighed.iter().filter(|fact| fact.act().reference == rejected.act().reference) {
            let Some(adopted) = saving(taken, true) else { continue };
            outcome.examined += 1;
            if adopted.pounds() == amount.pounds() {
                let text =
                    format!("a rejected alternative is said to save {amount}, and the one taken exactly the same");
                outcome.found.push(
                    Finding::new(rule, Weight::Difference, text, [rejected, taken]).compared(amount, adopted, "none"),
                );
            }
        }
    }
    outcome
}
