//! Replay: which entries, which way, one after the other. What each changed is for `change`.

use super::change::changes;
use super::{Answer, Cell, Entries, QuestionError, Row, View};
use crate::today::day_of;
use minutebook_events::{Act, DateSpan, Day, Instant, Position, TimeRange};
use minutebook_projections::{At, Projections, Recorded};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One end of a replay, as it is asked for. An instant and a day are those of recording: as a start they mean the first
/// entry recorded then or later, as an end the last recorded then or earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The entry at this position.
    Position(Position),
    /// By when an entry was recorded.
    Instant(Instant),
    /// By the day on which it was recorded, in the council's zone.
    Day(Day),
}

impl Bound {
    /// Whether it comes after an entry.
    fn follows(self, recorded: &Recorded) -> bool {
        match self {
            Self::Position(position) => recorded.position < position,
            Self::Instant(instant) => recorded.entry.recorded < instant,
            Self::Day(day) => day_of(recorded.entry.recorded) < day,
        }
    }

    /// Whether an entry comes up to it.
    fn reaches(self, recorded: &Recorded) -> bool {
        match self {
            Self::Position(position) => recorded.position <= position,
            Self::Instant(instant) => recorded.entry.recorded <= instant,
            Self::Day(day) => day_of(recorded.entry.recorded) <= day,
        }
    }

    fn is_after(self, other: Self) -> bool {
        match (self, other) {
            (Self::Position(one), Self::Position(other)) => one > other,
            (Self::Instant(one), Self::Instant(other)) => one > other,
            (Self::Day(one), Self::Day(other)) => one > other,
            _ => false,
        }
    }
}

impl FromStr for Bound {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let day = || text.parse::<DateSpan>().ok().and_then(DateSpan::exact).map(Self::Day);
        let position = text.parse().ok().map(Self::Position);
        position.or_else(day).or_else(|| text.parse().ok().map(Self::Instant)).ok_or_else(|| {
            format!(
                "\"{text}\" is neither a position, nor a day, nor an instant: write 12, 2026-11-22, or 2026-11-22T09:30:00Z"
            )
        })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => position.fmt(out),
            Self::Instant(instant) => instant.fmt(out),
            Self::Day(day) => day.fmt(out),
        }
    }
}

/// Which entries a replay goes through, and which way; all of them, forward, where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: Option<Bound>,
    /// The last.
    pub to: Option<Bound>,
    /// Only acts that may have been decided on this day or later: they stay in the order of recording.
    pub decided_from: Option<Day>,
    /// Only acts that may have been decided on this day or earlier.
    pub decided_to: Option<Day>,
    /// From the last to the first, each undone.
    pub back: bool,
}

impl Range {
    /// One entry.
    pub fn one(position: Position, back: bool) -> Self {
        let bound = Some(Bound::Position(position));
        Self { from: bound, to: bound, back, ..Self::default() }
    }

    /// From one end on.
    pub fn since(from: Bound) -> Self {
        Self { from: Some(from), ..Self::default() }
    }

    /// Whether the act may have been decided in the days asked for.
    fn has(&self, act: &Act) -> bool {
        self.decided_from.is_none_or(|day| day <= act.decided.latest())
            && self.decided_to.is_none_or(|day| act.decided.earliest() <= day)
    }

    /// That each end comes before the other.
    fn in_order(&self) -> Result<(), QuestionError> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from.is_after(to)
        {
            return Err(QuestionError::LastFirst { from: format!("--from {from}"), to: format!("--to {to}") });
        }
        match (self.decided_from, self.decided_to) {
            (Some(from), Some(to)) if from > to => Err(QuestionError::LastFirst {
                from: format!("--decided-from {from}"),
                to: format!("--decided-to {to}"),
            }),
            _ => Ok(()),
        }
    }

    /// Which entries these are, in words; `entries` are the ends that were found.
    fn words(&self, entries: Option<&Entries>) -> String {
        let mut words = match entries {
            None => "of no entry: none was recorded there".to_owned(),
            Some(Entries { from, to, .. }) if from == to => format!("of entry {from}"),
            Some(Entries { from, to, .. }) if self.back => format!("of entries {to} to {from}"),
            Some(Entries { from, to, .. }) => format!("of entries {from} to {to}"),
        };
        let (from, to) = (self.decided_from.unwrap_or(Day::MIN), self.decided_to.unwrap_or(Day::MAX));
        if let Some(days) = TimeRange::to_last_day(from, to).filter(|_| (from, to) != (Day::MIN, Day::MAX)) {
            words += &format!(", of acts decided {days} alone");
        }
        let one = entries.is_some_and(|entries| entries.from == entries.to);
        words
            + if self.back && one {
                ", undone"
            } else if self.back {
                ", each undone"
            } else {
                ""
            }
    }
}

impl View<'_> {
    /// Replays entries, each with what it changed of the state on a day, or, going back, with what undoing it leaves.
    ///
    /// # Errors
    /// [`QuestionError::PastHead`], [`QuestionError::LastFirst`].
    pub fn replay(&self, as_of: Day, range: &Range) -> Result<Answer, QuestionError> {
        let mut chosen = self.entries_of(range)?;
        if range.back {
            chosen.reverse();
        }
        let span = self.span(range)?;
        let at = At { as_of, head: Position(span.end as u64), decided_by: None };
        let rows = chosen.into_iter().flat_map(|recorded| step(&self.projections, as_of, &recorded, range.back));
        let entries = (!span.is_empty()).then(|| Entries {
            from: Position(span.start as u64),
            to: Position(span.end as u64 - 1),
            decided_from: range.decided_from,
            decided_to: range.decided_to,
            back: range.back,
        });
        let answer = self.answer("replay", at, rows.collect());
        let words = format!("{}, seen in the state {}", range.words(entries.as_ref()), answer.words);
        Ok(Answer { entries, words, ..answer })
    }

    /// The entries of a range, in the order of recording.
    ///
    /// # Errors
    /// As [`View::replay`].
    pub fn entries_of(&self, range: &Range) -> Result<Vec<Arc<Recorded>>, QuestionError> {
        let entries = self.projections.log().iter();
        let span = self.span(range)?;
        let inside = entries.skip(span.start).take(span.len());
        Ok(inside.filter(|recorded| range.has(&recorded.entry.act)).collect())
    }

    /// The entry at a position.
    ///
    /// # Errors
    /// [`QuestionError::PastHead`].
    pub fn entry(&self, asked: Position) -> Result<Arc<Recorded>, QuestionError> {
        let entry = self.projections.entry(asked).filter(|_| asked < self.head);
        entry.ok_or(QuestionError::PastHead { asked, head: self.head })
    }

    /// The places from the one end of a range to the other, which are also positions.
    fn span(&self, range: &Range) -> Result<std::ops::Range<usize>, QuestionError> {
        for end in [range.from, range.to].into_iter().flatten() {
            if let Bound::Position(asked) = end {
                self.entry(asked)?;
            }
        }
        range.in_order()?;
        let entries = self.projections.log();
        // Entries past the head are not on disk yet.
        let durable = entries.partition_point(|recorded| recorded.position < self.head);
        let from = range.from.map_or(0, |from| entries.partition_point(|recorded| from.follows(recorded)));
        let to = range.to.map_or(durable, |to| entries.partition_point(|recorded| to.reaches(recorded)));
        Ok(from.min(durable)..to.min(durable))
    }
}

/// One entry: what it is, then what it changed.
fn step(all: &Projections, as_of: Day, recorded: &Recorded, back: bool) -> Vec<Row> {
    let act = &recorded.entry.act;
    let changes = changes(all, as_of, recorded, back);
    let entry = Row::new("entry")
        .cell("position", Cell::Position(recorded.position))
        .text("recorded", recorded.entry.recorded)
        .text("reference", &act.reference)
        .text("title", &act.title)
        .text("kind", act.kind)
        .text("decided", act.decided)
        .cell("answers", Cell::List(act.answers.iter().map(ToString::to_string).collect()))
        .text("events", recorded.entry.events.len())
        .text("changes", counted(&changes));
    std::iter::once(entry).chain(changes).collect()
}

/// How many facts have another answer on the day, by projection.
fn counted(changes: &[Row]) -> String {
    let differ = changes.iter().filter(|row| row.get("before") != row.get("after"));
    let names: Vec<&Cell> = differ.filter_map(|row| row.get("projection")).collect();
    let counts = names.chunk_by(PartialEq::eq).filter_map(|same| match same.first()? {
        Cell::Text(name) => Some(format!("{name} {}", same.len())),
        _ => None,
    });
    let counts: Vec<String> = counts.collect();
    match counts.as_slice() {
        [] if changes.is_empty() => "nothing".to_owned(),
        [] => "no answer of this day: what it brings or strikes is of other days, or stands beside".to_owned(),
        counts => counts.join(", "),
    }
}
