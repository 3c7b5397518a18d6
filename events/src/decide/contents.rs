//! What sealed contents must hold to: each is sealed once, then published or erased, in that order and for good. It must
//! not know whether a content is there: the entry only commits to it.

use super::known::{Known, Name, Seen, Stepped};
use super::rejection::{Reason, Rejection};
use super::{Found, field};
use crate::content::{Classification, Step};
use crate::entry::Draft;
use crate::event::{Event, EventKind};
use crate::ids::EventRef;
use crate::prelude::*;

pub(super) fn check(seen: &Seen, event: &Event, found: &mut Found) {
    let Some((contract, content, step)) = event.kind.content_step() else { return };
    let name = Name::Content(contract.clone(), content.clone());
    if !event.standing.is_firm() {
        found.push((field("standing"), Reason::OnlySaid(event.standing)));
    }
    check_classification(&event.kind, found);
    let (own, others): (Vec<Stepped>, Vec<Stepped>) = seen.contents().into_iter().partition(|one| one.name() == name);
    if let Step::Sealed(commitment) = step
        && let Some(other) = others.iter().find(|one| one.step == step)
    {
        found.push((field("commitment"), Reason::SealedAs { commitment, name: other.name() }));
    }
    check_order(event, step, &own, found);
}

fn check_classification(kind: &EventKind, found: &mut Found) {
    if let EventKind::ContentSealed { classification: Classification::Exempt { paragraphs, .. }, .. } = kind
        && paragraphs.is_empty()
    {
        found.push((field("classification.exempt.paragraphs"), Reason::NoParagraph));
    }
}

/// The order of the steps in the life of a content; what was published may still be erased.
fn place(step: Step) -> u8 {
    match step {
        Step::Sealed(_) => 0,
        Step::Published(_) => 1,
        Step::Erased => 2,
    }
}

/// Nothing is done twice, and nothing after the erasure; the days follow the order of the steps.
fn check_order(event: &Event, step: Step, done: &[Stepped], found: &mut Found) {
    let same = |one: &&Stepped| place(one.step) == place(step);
    let wrong_way = |one: &&Stepped| {
        place(one.step) < place(step) && event.effective.earliest() < one.effective.latest()
            || place(one.step) > place(step) && one.effective.earliest() < event.effective.latest()
    };
    let again = match step {
        // That it was sealed before is told where names are.
        Step::Sealed(_) if done.iter().any(|one| same(&one)) => return,
        Step::Sealed(_) => None,
        _ => done.iter().find(|one| same(one) || one.step == Step::Erased),
    };
    if let Some(one) = again {
        let why = Reason::DoneAlready { name: one.name(), step: one.step, since: one.effective };
        found.push((field("content"), why));
    } else if let Some(one) = done.iter().find(wrong_way) {
        let why = Reason::OutOfOrder { effective: event.effective, step: one.step, since: one.effective };
        found.push((field("effective"), why));
    }
}

/// What was published is known to whoever read it, and what was erased is gone: a correction changes only the record of
/// it. That a sealing is not struck without another is checked as for every definition.
pub(super) fn check_undone(known: &dyn Known, draft: &Draft) -> Vec<Rejection> {
    let struck = draft.events.iter().enumerate().filter_map(|(at, event)| match &event.kind {
        EventKind::Correction { strikes, .. } => Some((at, *strikes)),
        _ => None,
    });
    let anew = |one: &Stepped| {
        draft.events.iter().filter_map(|event| event.kind.content_step()).any(|(contract, content, step)| {
            (contract, content, step.word()) == (&one.contract, &one.content, one.step.word())
        })
    };
    let undone = |(at, strikes): (usize, EventRef)| {
        let one = known.step(&strikes)?;
        let gone = !matches!(one.step, Step::Sealed(_)) && !anew(&one);
        let why = Reason::NotUndone { name: one.name(), step: one.step };
        gone.then_some(Rejection { event: Some(at), field: field("strikes"), why })
    };
    struck.filter_map(undone).collect()
}
