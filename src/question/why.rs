//! Why a figure is what it is: every fact ever recorded of its key, what each counts for in this question, and the
//! facts behind a figure that was computed.

use super::{About, Cell, QuestionError, Row, lots, register, value};
use minutebook_events::{ActKind, ContractId, Event, nearest};
use minutebook_projections::{At, Fact, Figure, Key, Projections, Selection, Timeline};

pub(super) fn rows(
    all: &Projections,
    contract: Option<&ContractId>,
    fact: &str,
    at: At,
) -> Result<Vec<Row>, QuestionError> {
    let contract = contract.expect("the command line asks why of one contract");
    let mut names: Vec<String> = vec![];
    for (key, timeline) in all.timelines_of(contract) {
        let name = key.to_string();
        if name == fact {
            return Ok(chain(all, key, timeline, at));
        }
        names.push(name);
    }
    let rows =
        [value::rows, register::rows, lots::rows].into_iter().flat_map(|rows| rows(all, About::One(contract), at));
    for figure in rows.flat_map(|row| row.cells).flat_map(|(_, cell)| cell.figures().to_vec()) {
        if figure.fact == fact {
            return Ok(behind(all, figure, at));
        }
        names.push(figure.fact);
    }
    let hint = match nearest(fact, names.iter().map(String::as_str)) {
        Some(near) => format!(": did you mean {near}?"),
        None => format!(": it has {}", names.join(", ")),
    };
    Err(QuestionError::NoFact { contract: contract.clone(), asked: fact.to_owned(), hint })
}

/// The whole timeline, in the order of recording.
fn chain(all: &Projections, key: &Key, timeline: &Timeline, at: At) -> Vec<Row> {
    let selection = timeline.select(at);
    let figure = all.with_names(Figure::selected(key.name(), &selection, at.as_of), at);
    let answer = Row::new("figure").text("fact", key).figure("answer", figure);
    let facts = timeline.facts().iter().map(|fact| row(all, fact, counts_as(fact, &selection, at), at));
    std::iter::once(answer).chain(facts).collect()
}

/// What a fact is to the question.
pub(super) fn counts_as(fact: &Fact, selection: &Selection<'_>, at: At) -> String {
    let is = |others: &[&Fact]| others.iter().any(|other| std::ptr::eq(*other, fact));
    match fact.struck() {
        Some((by, _)) if by < at.head => return format!("struck by the correction at position {by}"),
        _ => {}
    }
    if fact.position() >= at.head {
        return "recorded after the question".to_owned();
    }
    if selection.answer.is_some_and(|answer| std::ptr::eq(answer, fact)) {
        return "the answer".to_owned();
    }
    if is(&selection.conflicting) {
        "conflicts with the answer".to_owned()
    } else if is(&selection.beside) {
        "stands beside the answer".to_owned()
    } else if selection.later().any(|later| std::ptr::eq(later, fact)) {
        "takes effect later".to_owned()
    } else if selection.perhaps().any(|perhaps| std::ptr::eq(perhaps, fact)) {
        "perhaps not decided by then".to_owned()
    } else if at.decided_by.is_some_and(|by| fact.act().decided.earliest() > by) {
        "decided after the question".to_owned()
    } else if selection.answer.is_some_and(|answer| answer.agrees(fact)) {
        "says the same".to_owned()
    } else {
        "displaced, or over".to_owned()
    }
}

/// From when an event holds, and to when where it says so.
pub(super) fn effective(event: &Event) -> String {
    match event.until {
        Some(until) => format!("{}, to {until}", event.effective),
        None => event.effective.to_string(),
    }
}

fn row(all: &Projections, fact: &Fact, counts_as: String, at: At) -> Row {
    let (event, act) = (fact.event(), fact.act());
    let office =
        act.office.as_ref().map(|office| all.office(office, at).map_or_else(|| office.to_string(), |(title, _)| title));
    // Only a decision decides: of other acts the date is when they said so.
    let dated = if act.kind == ActKind::Decision { "decided" } else { "said" };
    Row::new("fact")
        .text("entry", format!("{}.{}", fact.position(), fact.place()))
        .text("counts-as", counts_as)
        .text("says", all.said(event, at))
        .text("standing", event.standing)
        .text("effective", effective(event))
        .text(dated, act.decided)
        .text("act", format!("{} ({}: {})", act.reference, act.kind, act.title))
        .text("office", office.unwrap_or_else(|| "not in the record".to_owned()))
        .text("because", event.because.as_deref().unwrap_or_default())
        .text("doubt", event.doubt.as_deref().unwrap_or_default())
        .cell("sources", Cell::List(event.sources.iter().map(ToString::to_string).collect()))
}

/// A computed figure, and the facts it was computed from.
fn behind(all: &Projections, figure: Figure, at: At) -> Vec<Row> {
    let mut seen = vec![];
    let mut rows = vec![];
    for (key, timeline) in all.timelines() {
        for fact in timeline.facts() {
            let place = (fact.position(), fact.place());
            if figure.rests_on.iter().any(|behind| (behind.position(), behind.place()) == place)
                && !seen.contains(&place)
                && !matches!(key, Key::Doubt(..) | Key::Act(_))
            {
                seen.push(place);
                rows.push(row(all, fact, format!("behind it: {key}"), at));
            }
        }
    }
    let answer = Row::new("figure").text("fact", figure.fact.clone()).figure("answer", figure);
    std::iter::once(answer).chain(rows).collect()
}
