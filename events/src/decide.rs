//! What makes an entry coherent. Pure: what is known and a draft in, nothing or typed rejections out. It must not
//! reject what merely breaks a rule: a council may decide that, and it becomes a finding.

mod contents;
mod known;
mod names;
mod rejection;
mod texts;

pub use known::{Assignment, IdKind, Known, Name, Stepped};
pub use names::{definition, references};
pub use rejection::{Reason, Rejection};
pub use texts::is_hidden;

use crate::Day;
use crate::date::DateSpan;
use crate::entry::{ActKind, Draft};
use crate::event::{Clause, Event, EventKind};
use crate::ids::PartyId;
use crate::knowledge::Knowledge;
use crate::money::Basis;
use crate::nearest::nearest;
use crate::prelude::*;
use crate::standing::Standing;
use known::Seen;

/// Whether a draft holds together, given what is known. What an event of it defines is known to the events after it.
///
/// # Errors
/// Every [`Rejection`], not only the first: those of the act, then those of each event in the order of [`Reason`].
pub fn decide(known: &dyn Known, draft: &Draft) -> Result<(), Vec<Rejection>> {
    let mut seen = Seen::new(known, draft.id);
    let mut rejections = check_act(&seen, draft);
    for (at, event) in draft.events.iter().enumerate() {
        let found = check_event(&seen, draft, event);
        rejections.extend(found.into_iter().map(|(field, why)| Rejection { event: Some(at), field, why }));
        seen.learn(at, event);
    }
    rejections.extend(check_definitions_left(known, draft));
    rejections.extend(contents::check_undone(known, draft));
    if rejections.is_empty() { Ok(()) } else { Err(rejections) }
}

/// Whether an act may be recorded on a day: it has been taken by then, or may have been.
///
/// # Errors
/// The [`Rejection`] of a decision of the future.
pub fn decide_on(today: Day, draft: &Draft) -> Result<(), Vec<Rejection>> {
    let decided = draft.act.decided;
    if decided.earliest() <= today {
        return Ok(());
    }
    let why = Reason::NotYetDecided { decided, today: DateSpan::day(today) };
    Err(vec![Rejection { event: None, field: field("act.decided"), why }])
}

/// The most events that an entry may have: one act, not a register.
const MOST_EVENTS: usize = 2_000;

type Found = Vec<(Option<String>, Reason)>;

fn check_act(seen: &Seen, draft: &Draft) -> Vec<Rejection> {
    let mut found = Found::new();
    if draft.events.is_empty() {
        found.push((None, Reason::NoEvents));
    }
    if draft.events.len() > MOST_EVENTS {
        found.push((None, Reason::TooManyEvents { count: draft.events.len(), limit: MOST_EVENTS }));
    }
    for (at, document) in draft.documents.iter().enumerate() {
        if draft.documents.iter().take(at).any(|other| other.code == document.code) {
            found.push((Some(format!("document.{at}.code")), Reason::DocumentTwice(document.code.clone())));
        }
    }
    if let Some(office) = &draft.act.office {
        let name = Name::Office(office.clone());
        let defines = |event: &Event| definition(&event.kind).is_some_and(|(_, defined)| defined == name);
        if !draft.events.iter().any(defines) {
            found.extend(seen.unknown("act.office".to_owned(), name));
        }
    }
    texts::check_act(draft, &mut found);
    found.into_iter().map(|(field, why)| Rejection { event: None, field, why }).collect()
}

fn check_event(seen: &Seen, draft: &Draft, event: &Event) -> Found {
    let mut found = Found::new();
    check_sources(draft, event, &mut found);
    check_reason(event, &mut found);
    check_until(event, &mut found);
    found.extend(references(&event.kind).into_iter().filter_map(|(field, name)| seen.unknown(field, name)));
    check_definition(seen, event, &mut found);
    check_term(seen, event, &mut found);
    check_assignment(seen, event, &mut found);
    check_correction(seen, event, &mut found);
    check_standing(draft.act.kind, event.standing, &mut found);
    check_amounts(event, &mut found);
    check_succession(event, &mut found);
    contents::check(seen, event, &mut found);
    texts::check_event(event, &mut found);
    found
}

/// What a correction leaves without a definition that others may rest on. A service may have several.
fn check_definitions_left(known: &dyn Known, draft: &Draft) -> Vec<Rejection> {
    let defined = |name: &Name| {
        draft.events.iter().any(|event| definition(&event.kind).is_some_and(|(_, defined)| defined == *name))
    };
    let struck = draft.events.iter().enumerate().filter_map(|(at, event)| match &event.kind {
        EventKind::Correction { strikes, .. } => known.defines(strikes).map(|name| (at, name)),
        _ => None,
    });
    struck
        .filter(|(_, name)| name.kind() != IdKind::Service && !defined(name))
        .map(|(at, name)| Rejection { event: Some(at), field: field("strikes"), why: Reason::LeavesUndefined(name) })
        .collect()
}

fn field(name: &str) -> Option<String> {
    Some(name.to_owned())
}

fn check_sources(draft: &Draft, event: &Event, found: &mut Found) {
    if event.sources.is_empty() {
        found.push((field("sources"), Reason::NoSource));
    }
    for (at, source) in event.sources.iter().enumerate() {
        if draft.documents.iter().any(|document| document.code == source.document) {
            continue;
        }
        let listed = draft.documents.iter().map(|document| document.code.as_str());
        let nearest = nearest(source.document.as_str(), listed).map(ToOwned::to_owned);
        let why = Reason::UnlistedDocument { code: source.document.clone(), nearest };
        found.push((Some(format!("sources.{at}")), why));
    }
}

fn check_reason(event: &Event, found: &mut Found) {
    match event.standing {
        Standing::Inferred if event.because.is_none() => found.push((field("standing"), Reason::InferredWithoutReason)),
        Standing::Inferred => {}
        standing if event.because.is_some() => {
            found.push((field("because"), Reason::ReasonWithoutInference(standing)));
        }
        _ => {}
    }
}

fn check_until(event: &Event, found: &mut Found) {
    let effective = event.effective;
    if let Some(until) = event.until.filter(|until| until.latest() < effective.earliest()) {
        found.push((field("until"), Reason::UntilBeforeEffective { effective, until }));
    }
}

fn check_definition(seen: &Seen, event: &Event, found: &mut Found) {
    // A service may be added again, after it was removed or by a firmer source.
    if let Some((field, name)) = definition(&event.kind)
        && name.kind() != IdKind::Service
        && seen.has(&name)
    {
        found.push((Some(field.to_owned()), Reason::DefinedTwice(name)));
    }
}

fn check_term(seen: &Seen, event: &Event, found: &mut Found) {
    let effective = event.effective;
    if let EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } = event.kind
        && last_day.latest() < effective.earliest()
    {
        found.push((field("last_day"), Reason::TermBackwards { effective, last_day }));
    }
    if let EventKind::Extended { contract, part, .. } = &event.kind
        && seen.has(&Name::Contract(contract.clone()))
        && !seen.option(contract, part)
    {
        let place = field(if part.is_whole() { "contract" } else { "part" });
        found.push((place, Reason::NoOption { contract: contract.clone(), part: part.clone() }));
    }
}

fn check_assignment(seen: &Seen, event: &Event, found: &mut Found) {
    let EventKind::LotAssigned { contract, lot, party } = &event.kind else { return };
    // A party that is unknown is one fault, told once.
    let known = |party: &&PartyId| seen.has(&Name::Party((*party).clone()));
    let Some(party) = party.known().filter(|_| event.standing.is_firm()).filter(known) else { return };
    for other in seen.assignments(contract, lot) {
        let overlaps = certain(other.effective, other.until)
            .zip(certain(event.effective, event.until))
            .is_some_and(|((a_from, a_to), (b_from, b_to))| a_from <= b_to && b_from <= a_to);
        if let Some(holder) = other.party.filter(|holder| holder != party && other.standing.is_firm() && overlaps) {
            let (from, until) = (other.effective, other.until);
            let why = Reason::AssignedTwice { lot: lot.clone(), party: party.clone(), other: holder, from, until };
            found.push((field("lot"), why));
        }
    }
}

/// The days on which something that holds from a span to a span holds for certain; none where that may be no day.
fn certain(effective: DateSpan, until: Option<DateSpan>) -> Option<(Day, Day)> {
    let (from, to) = (effective.latest(), until.map_or(Day::MAX, DateSpan::earliest));
    (from <= to).then_some((from, to))
}

fn check_correction(seen: &Seen, event: &Event, found: &mut Found) {
    let EventKind::Correction { strikes, .. } = event.kind else { return };
    match seen.stands(&strikes) {
        None => found.push((field("strikes"), Reason::StrikesNothing(strikes))),
        Some(false) => found.push((field("strikes"), Reason::StruckAlready(strikes))),
        Some(true) => {}
    }
}

fn check_standing(act: ActKind, standing: Standing, found: &mut Found) {
    match (act, standing) {
        (ActKind::Inference, firm) if firm.is_firm() => found.push((field("standing"), Reason::FirmInference(firm))),
        (ActKind::Proposal, Standing::Decided) => found.push((field("standing"), Reason::DecidedInProposal)),
        _ => {}
    }
}

fn check_amounts(event: &Event, found: &mut Found) {
    match &event.kind {
        EventKind::ValueSet { basis: Basis::WholePeriod, .. } if event.until.is_none() => {
            found.push((field("basis"), Reason::NoPeriod));
        }
        EventKind::ValueSet { amount: Knowledge::Known(amount), .. } if amount.pounds().is_sign_negative() => {
            found.push((field("amount"), Reason::BelowNothing(*amount)));
        }
        EventKind::FundingSet { funders, .. } => {
            let shares = funders.iter().enumerate().filter_map(|(at, funder)| funder.share.map(|share| (at, share)));
            let over = shares.filter(|(_, share)| share.value() > rust_decimal::Decimal::ONE_HUNDRED);
            found.extend(over.map(|(at, share)| (Some(format!("funders.{at}.share")), Reason::ShareOver(share))));
        }
        EventKind::ClauseSet { clause: Clause::GrantRange { least, most }, .. } if least.pounds() > most.pounds() => {
            let why = Reason::RangeBackwards { least: *least, most: *most };
            found.push((field("clause.grant-range.least"), why));
        }
        EventKind::OptionGranted { months, .. } | EventKind::NoticeGiven { months, .. } if months.0 == 0 => {
            found.push((field("months"), Reason::NoMonths));
        }
        EventKind::ClauseSet { clause: Clause::TermCap { months }, .. } if months.0 == 0 => {
            found.push((field("clause.term-cap.months"), Reason::NoMonths));
        }
        EventKind::ClauseSet { clause: Clause::NoticePeriod { months }, .. } if months.0 == 0 => {
            found.push((field("clause.notice-period.months"), Reason::NoMonths));
        }
        _ => {}
    }
}

fn check_succession(event: &Event, found: &mut Found) {
    if let EventKind::Succeeded { contract, by } = &event.kind
        && contract == by
    {
        found.push((field("by"), Reason::SucceedsItself(by.clone())));
    }
}
