//! What one entry changed of the state on a day, or what undoing it would leave. It must not apply anything again: a
//! timeline already holds every state.

use super::why::{counts_as, effective};
use super::{Cell, Row};
use minutebook_events::{Day, EventKind};
use minutebook_projections::{At, Fact, Figure, Key, Knowing, Projections, Recorded, Selection, Timeline, tell};

/// What an entry changed: a row for every fact of which it says something. Every event that it brings to a fact, and
/// every one that it strikes there, stands in that row once.
pub(super) fn changes(all: &Projections, as_of: Day, recorded: &Recorded, back: bool) -> Vec<Row> {
    let at = |head| At { as_of, head, decided_by: None };
    let step = Step { all, without: at(recorded.position), with: at(recorded.position.next()), back };
    // The entry itself is what the timeline of its act says.
    let touched = all.touched(recorded).into_iter().filter(|(key, _)| !matches!(key, Key::Act(_)));
    touched.map(|(key, timeline)| step.change(&key, timeline)).collect()
}

/// The two states that an entry lies between, and which way it is gone through.
struct Step<'a> {
    all: &'a Projections,
    without: At,
    with: At,
    back: bool,
}

impl Step<'_> {
    fn change(&self, key: &Key, timeline: &Timeline) -> Row {
        let position = self.without.head;
        let (without, with) = (timeline.select(self.without), timeline.select(self.with));
        let (left, right) = (words(key, &without, self.without), words(key, &with, self.with));
        let (before, after) = if self.back { (right, left) } else { (left, right) };
        let row = Row::new("change")
            .cell("position", Cell::Position(position))
            .text("projection", key.projection())
            .text("contract", key.contract().map_or("", |contract| contract.as_str()))
            .text("fact", key)
            .text("before", before)
            .text("after", after);
        let (came, went) = if self.back { ("restores", "takes-away") } else { ("brings", "strikes") };
        let own = timeline.facts().iter().filter(|fact| fact.position() == position);
        let own = own.map(|fact| self.brought(key, fact, &with)).collect();
        let struck = timeline.facts().iter().filter(|fact| fact.struck().is_some_and(|(by, _)| by == position));
        let struck = struck.map(|fact| self.struck(fact, &without)).collect();
        let (coming, going) = if self.back { (struck, own) } else { (own, struck) };
        row.cell(came, Cell::Rows(coming)).cell(went, Cell::Rows(going))
    }

    /// An event of the entry, by what it counts as with it.
    fn brought(&self, key: &Key, fact: &Fact, with: &Selection<'_>) -> Row {
        let counts = if self.back { "counted-as" } else { "counts-as" };
        let row = told(fact, counts, with, self.with);
        match (key, &fact.event().doubt) {
            (Key::Doubt(..), Some(doubt)) => row.text("doubt", doubt),
            _ => row,
        }
    }

    /// An event that the entry strikes, by what it counts as without it.
    fn struck(&self, fact: &Fact, without: &Selection<'_>) -> Row {
        let counts = if self.back { "counts-as" } else { "counted-as" };
        let (by, reason) = correction(self.all, fact);
        told(fact, counts, without, self.without).text("struck-by", by).text("reason", reason)
    }
}

/// The correction that struck a fact, as entry and place, and its reason.
pub(super) fn correction(all: &Projections, fact: &Fact) -> (String, String) {
    let Some((by, place)) = fact.struck() else { return Default::default() };
    let recorded = all.entry(by);
    let event = recorded.as_ref().and_then(|recorded| recorded.entry.events.get(usize::from(place)));
    let reason = match event.map(|event| &event.kind) {
        Some(EventKind::Correction { reason, .. }) => reason.clone(),
        _ => String::new(),
    };
    (format!("{by}.{place}"), reason)
}

/// One fact: what it is to the day, by the word for that; `shown` where the state itself tells it.
fn told(fact: &Fact, counts: &'static str, selection: &Selection<'_>, at: At) -> Row {
    let event = fact.event();
    let kind = if shown(selection).is_some_and(|shown| std::ptr::eq(shown, fact)) { "shown" } else { "fact" };
    Row::new(kind)
        .text("entry", format!("{}.{}", fact.position(), fact.place()))
        .text(counts, counts_as(fact, selection, at))
        .text("says", said(fact))
        .text("standing", event.standing)
        .text("effective", effective(event))
        .text("because", event.because.as_deref().unwrap_or_default())
        .cell("sources", Cell::List(event.sources.iter().map(ToString::to_string).collect()))
}

/// The fact that a state tells: the answer, or what takes effect first where nothing is in effect.
fn shown<'a>(selection: &Selection<'a>) -> Option<&'a Fact> {
    selection.answer.or_else(|| selection.later().next())
}

fn said(fact: &Fact) -> String {
    Knowing::from(tell(fact.event())).words()
}

/// A state in words.
fn words(key: &Key, selection: &Selection<'_>, at: At) -> String {
    match (selection.answer, shown(selection)) {
        (Some(answer), _) => {
            let figure = Figure::in_effect(key.name(), selection, at.as_of);
            let uncertain = if figure.uncertain.is_some() { " (uncertain)" } else { "" };
            format!("{} ({}){uncertain}", figure.value().words(), answer.standing())
        }
        (None, Some(later)) => format!("from {}: {} ({})", later.effective(), said(later), later.standing()),
        (None, None) => "nothing".to_owned(),
    }
}
