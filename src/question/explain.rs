//! One entry, as the entries and the projections have it: what it is, whose streams it belongs to, what it changed, what
//! was struck of it since. Its bytes and their proof are for whoever has the store.

use super::change::{changes, correction};
use super::{Answer, Cell, QuestionError, Row, View};
use minutebook_events::{Act, DateSpan, Day, Position, working_days};
use minutebook_projections::{At, Checked, Fact, Finding, Projections, Recorded};
use std::collections::BTreeMap;

impl View<'_> {
    /// One entry, and what it changed of the state on a day.
    ///
    /// # Errors
    /// [`QuestionError::PastHead`].
    pub fn explain(&self, position: Position, as_of: Day) -> Result<Answer, QuestionError> {
        let recorded = self.entry(position)?;
        let all = &*self.projections;
        let at = At { as_of, head: self.head, decided_by: None };
        let struck = struck(all, &recorded, at);
        let mut rows = vec![entry(&recorded, struck.len())];
        rows.extend(all.subjects(&recorded.entry).iter().map(|subject| {
            let stream = all.streams().of(subject);
            Row::new("stream")
                .text("stream", subject)
                .text("version", stream.partition_point(|before| *before < position))
                .text("entries", stream.partition_point(|known| *known < self.head))
        }));
        rows.extend(changes(all, as_of, &recorded, false));
        rows.extend(findings(all, &recorded, as_of));
        rows.extend(struck);
        let answer = self.answer("explain", at, rows);
        let words = format!("of entry {position}, seen in the state {}", answer.words);
        Ok(Answer { words, ..answer })
    }
}

fn entry(recorded: &Recorded, struck: usize) -> Row {
    let entry = &recorded.entry;
    let Act { reference, title, kind, verb, office, decided, key_decision, callable_in, answers } = &entry.act;
    let struck = match struck {
        0 => "nothing".to_owned(),
        events => format!("{events} of its events"),
    };
    Row::new("entry")
        .cell("position", Cell::Position(recorded.position))
        .text("id", entry.id)
        .text("recorded", entry.recorded)
        .text("recorder", &entry.recorder)
        .text("expected-head", entry.expected_head)
        .text("reference", reference)
        .text("title", title)
        .text("kind", kind)
        .text("verb", verb.as_deref().unwrap_or_default())
        .text("office", office.as_ref().map_or("", |office| office.as_str()))
        .text("decided", decided)
        .cell("key-decision", Cell::Flag(*key_decision))
        .text("notice-due", notice_due(&entry.act))
        .cell("callable-in", Cell::Flag(*callable_in))
        .cell("answers", Cell::List(answers.iter().map(ToString::to_string).collect()))
        .cell("documents", Cell::List(entry.documents.iter().map(|it| format!("{}: {}", it.code, it.title)).collect()))
        .text("events", entry.events.len())
        .text("struck-since", struck)
}

/// By when notice of a key decision was due; nothing of other acts.
fn notice_due(act: &Act) -> String {
    let due = working_days::notice_due(act).map(DateSpan::day);
    let words =
        |due| format!("on {due} at the latest, 28 clear days before; whether it was given is not in the record");
    due.map(words).unwrap_or_default()
}

/// The events of an entry that later ones struck, each once.
fn struck(all: &Projections, recorded: &Recorded, at: At) -> Vec<Row> {
    let touched = all.touched(recorded);
    let facts = touched.iter().flat_map(|(_, timeline)| timeline.facts());
    let is_struck = |fact: &&Fact| fact.struck().is_some_and(|(by, _)| by < at.head);
    let own = facts.filter(|fact| fact.position() == recorded.position).filter(is_struck);
    let each: BTreeMap<u16, &Fact> = own.map(|fact| (fact.place(), fact)).collect();
    let row = |fact: &Fact| {
        let (by, reason) = correction(all, fact);
        Row::new("struck-event")
            .text("entry", format!("{}.{}", fact.position(), fact.place()))
            .text("says", all.said(fact.event(), at))
            .text("struck-by", by)
            .text("reason", reason)
    };
    each.into_values().map(row).collect()
}

/// The findings that are there on a day since an entry, and those that are there no more.
fn findings(all: &Projections, recorded: &Recorded, as_of: Day) -> Vec<Row> {
    let at = |head| all.check(At { as_of, head, decided_by: None });
    let (without, with) = (at(recorded.position), at(recorded.position.next()));
    let raised = beyond(&with, &without).map(|finding| row("raised", finding));
    let settled = beyond(&without, &with).map(|finding| row("settled", finding));
    raised.chain(settled).collect()
}

/// What some rules found and others did not.
fn beyond<'a>(these: &'a [Checked], others: &'a [Checked]) -> impl Iterator<Item = &'a Finding> {
    let found = |rules: &'a [Checked]| rules.iter().flat_map(|rule| &rule.found);
    found(these).filter(move |finding| found(others).all(|other| other != *finding))
}

fn row(kind: &'static str, finding: &Finding) -> Row {
    Row::new(kind)
        .text("weight", finding.weight.word())
        .text("rule", finding.rule)
        .text("finding", &finding.text)
        .cell("sources", Cell::List(finding.sources.iter().map(ToString::to_string).collect()))
}
