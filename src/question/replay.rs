//! Replay: entry by entry, what each changed. It must not apply anything again: a timeline already holds every state.

use super::{Answer, Cell, Entries, QuestionError, Row, View};
use minutebook_events::{Day, Position};
use minutebook_projections::{At, Key, Knowing, Projections, Selection, tell};

impl View<'_> {
    /// Replays the entries from one position to another, both included and all of them where left out, with what each
    /// changed of the state on a day.
    ///
    /// # Errors
    /// [`QuestionError::PastHead`], [`QuestionError::LastEntryFirst`].
    pub fn replay(&self, as_of: Day, from: Option<Position>, to: Option<Position>) -> Result<Answer, QuestionError> {
        let last = Position(self.head.0.saturating_sub(1));
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or(last));
        if let Some(asked) = [from, to].into_iter().find(|asked| *asked > last) {
            return Err(QuestionError::PastHead { asked, head: self.head });
        }
        if from > to {
            return Err(QuestionError::LastEntryFirst { from, to });
        }
        let at = At { as_of, head: to.next().min(self.head), decided_by: None };
        let answer = self.answer("replay", at, replay(self, as_of, from, to));
        let words = format!("of entries {from} to {to} seen in the state {}", answer.words);
        Ok(Answer { entries: Some(Entries { from, to }), words, ..answer })
    }
}

/// The entries from one position to another, both included, each with what it changed of the state on a day.
pub fn replay(view: &View<'_>, as_of: Day, from: Position, to: Position) -> Vec<Row> {
    let all = &*view.projections;
    let mut rows = vec![];
    for recorded in all.entries().iter().take_while(|recorded| recorded.position < view.head) {
        if recorded.position < from || recorded.position > to {
            continue;
        }
        let act = &recorded.entry.act;
        rows.push(
            Row::new("entry")
                .cell("position", Cell::Position(recorded.position))
                .text("recorded", recorded.entry.recorded)
                .text("reference", &act.reference)
                .text("title", &act.title)
                .text("kind", act.kind)
                .text("decided", act.decided)
                .text("events", recorded.entry.events.len()),
        );
        rows.extend(changes(all, as_of, recorded.position));
    }
    rows
}

fn changes(all: &Projections, as_of: Day, position: Position) -> Vec<Row> {
    let at = |head| At { as_of, head, decided_by: None };
    all.timelines()
        .filter(|(_, key, timeline)| !matches!(key, Key::Act(_)) && touched(timeline, position))
        .map(|(projection, key, timeline)| {
            Row::new("change")
                .cell("position", Cell::Position(position))
                .text("projection", projection)
                .text("contract", key.contract().map_or("", |contract| contract.as_str()))
                .text("fact", key)
                .text("before", words(&timeline.select(at(position))))
                .text("after", words(&timeline.select(at(position.next()))))
        })
        .collect()
}

fn touched(timeline: &minutebook_projections::Timeline, position: Position) -> bool {
    timeline
        .facts()
        .iter()
        .any(|fact| fact.position() == position || fact.struck().is_some_and(|(by, _)| by == position))
}

fn words(selection: &Selection<'_>) -> String {
    let said = |fact: &minutebook_projections::Fact| {
        format!("{} ({})", Knowing::from(tell(fact.event())).words(), fact.standing())
    };
    match (selection.answer, selection.later.first()) {
        (Some(fact), _) => said(fact),
        (None, Some(later)) => format!("from {}: {}", later.effective(), said(later)),
        (None, None) => "nothing".to_owned(),
    }
}
