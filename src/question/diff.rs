//! What changed between two days, and which act changed it.

use super::{QuestionError, Row};
use minutebook_events::{ContractId, Day};
use minutebook_projections::{At, Fact, Figure, Key, Projections, Selection};

pub(super) fn rows(
    all: &Projections,
    contract: Option<&ContractId>,
    at: At,
    to: Day,
) -> Result<Vec<Row>, QuestionError> {
    if to < at.as_of {
        return Err(QuestionError::Backwards { from: at.as_of, to });
    }
    let mut rows = vec![];
    for (_, key, timeline) in all.timelines() {
        let Some(of) = key.contract() else { continue };
        if contract.is_some_and(|contract| contract != of) || matches!(key, Key::Total(..) | Key::Count(..)) {
            continue;
        }
        let (before, after) = (timeline.select(at), timeline.select(at.on(to)));
        if same(&before, &after) {
            continue;
        }
        let act = by(&before, &after).map_or_else(String::new, |fact| fact.act().reference.to_string());
        rows.push(
            Row::new("change")
                .text("contract", of)
                .text("fact", key)
                .figure("before", Figure::selected(key, &before, at.as_of))
                .figure("after", Figure::selected(key, &after, to))
                .text("act", act),
        );
    }
    Ok(rows)
}

/// The fact behind a change: the new answer, what newly stands beside the old one, or what lapsed.
fn by<'a>(before: &Selection<'a>, after: &Selection<'a>) -> Option<&'a Fact> {
    let is = |a: Option<&Fact>, b: &Fact| a.is_some_and(|a| std::ptr::eq(a, b));
    let new = after.answer.filter(|fact| !is(before.answer, fact));
    let newly = || after.beside.iter().copied().find(|fact| !before.beside.iter().any(|old| std::ptr::eq(*old, *fact)));
    new.or_else(newly).or(after.answer).or(before.answer)
}

fn same(before: &Selection<'_>, after: &Selection<'_>) -> bool {
    let alike = match (before.answer, after.answer) {
        (None, None) => true,
        (Some(a), Some(b)) => a.agrees(b) && a.standing() == b.standing(),
        _ => false,
    };
    // A plan that takes effect changes no answer, and stands beside it from then on.
    let beside = before.beside.len() == after.beside.len()
        && before.beside.iter().zip(&after.beside).all(|(a, b)| std::ptr::eq(*a, *b));
    alike && beside && before.uncertain == after.uncertain && before.conflicting.len() == after.conflicting.len()
}
