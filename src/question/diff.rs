//! What changed between two days, and which act changed it.

use super::{About, QuestionError, Row};
use minutebook_events::Day;
use minutebook_projections::{At, Beside, Fact, Figure, Key, Other, Projections, Selection};

pub(super) fn rows(all: &Projections, about: About<'_>, at: At, to: Day) -> Result<Vec<Row>, QuestionError> {
    if to < at.as_of {
        return Err(QuestionError::Backwards { from: at.as_of, to });
    }
    let mut rows = vec![];
    for (key, timeline) in all.timelines() {
        let Some(of) = key.contract() else { continue };
        if !about.any(std::iter::once(of)) || matches!(key, Key::Total(..) | Key::Count(..)) {
            continue;
        }
        let (before, after) = (timeline.select(at), timeline.select(at.on(to)));
        if same(&before, &after) {
            continue;
        }
        let act = by(&before, &after).map_or_else(String::new, |fact| fact.act().reference.to_string());
        let mut row = Row::new("change")
            .text("contract", of)
            .text("fact", key)
            .figure("before", Figure::in_effect(key.name(), &before, at.as_of))
            .figure("after", Figure::in_effect(key.name(), &after, to));
        // Where the answer is the same, what changed is what stands beside it.
        if let Some(fact) = newly_beside(&before, &after).filter(|_| alike(&before, &after)) {
            row = row.text("beside", Other::of(fact, Beside::Differs).words());
        }
        rows.push(row.text("act", act));
    }
    Ok(rows)
}

/// The fact behind a change: the new answer, what newly stands beside the old one, or what lapsed.
fn by<'a>(before: &Selection<'a>, after: &Selection<'a>) -> Option<&'a Fact> {
    let is = |a: Option<&Fact>, b: &Fact| a.is_some_and(|a| std::ptr::eq(a, b));
    let new = after.answer.filter(|fact| !is(before.answer, fact));
    new.or_else(|| newly_beside(before, after)).or(after.answer).or(before.answer)
}

fn newly_beside<'a>(before: &Selection<'a>, after: &Selection<'a>) -> Option<&'a Fact> {
    after.beside.iter().copied().find(|fact| !before.beside.iter().any(|old| std::ptr::eq(*old, *fact)))
}

/// Whether both days have the same answer, as firmly.
fn alike(before: &Selection<'_>, after: &Selection<'_>) -> bool {
    match (before.answer, after.answer) {
        (None, None) => true,
        (Some(a), Some(b)) => a.agrees(b) && a.standing() == b.standing(),
        _ => false,
    }
}

fn same(before: &Selection<'_>, after: &Selection<'_>) -> bool {
    // A plan that takes effect changes no answer, and stands beside it from then on.
    let beside = before.beside.len() == after.beside.len()
        && before.beside.iter().zip(&after.beside).all(|(a, b)| std::ptr::eq(*a, *b));
    alike(before, after)
        && beside
        && before.uncertain == after.uncertain
        && before.conflicting.len() == after.conflicting.len()
}
