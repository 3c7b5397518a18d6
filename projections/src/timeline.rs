//! A timeline: every fact ever applied to one key, and how a question selects among them. Nothing is ever removed; a
//! correction strikes a fact, and questions known earlier still see it.

use crate::coordinates::{At, Counted};
use crate::log::Recorded;
use crate::prelude::*;
use core::cmp::Reverse;
use minutebook_events::{Act, Class, DateSpan, Day, Event, Position, Standing};

/// One event on a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    recorded: Arc<Recorded>,
    place: u16,
    /// Boxed, since few facts are ever struck and every figure holds facts.
    struck: Option<Box<(Position, u16)>>,
    // Of its entry, once more: a question looks at these of every fact of a timeline, and at the entries of few.
    position: Position,
    standing: Standing,
    effective: DateSpan,
    until: Option<DateSpan>,
    decided: DateSpan,
}

/// Whether a fact holds on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presence {
    /// It does not, or not any more.
    No,
    /// The day falls inside one of its spans: it may.
    Uncertain,
    /// It does.
    Yes,
}

impl Fact {
    pub(crate) fn new(recorded: Arc<Recorded>, place: u16, struck: Option<(Position, u16)>) -> Self {
        let Recorded { position, entry, .. } = &*recorded;
        let Event { standing, effective, until, .. } = entry.events[usize::from(place)];
        let (position, decided) = (*position, entry.act.decided);
        Self { recorded, place, struck: struck.map(Box::new), position, standing, effective, until, decided }
    }

    /// The event.
    pub fn event(&self) -> &Event {
        &self.recorded.entry.events[usize::from(self.place)]
    }

    /// The act that established it.
    pub fn act(&self) -> &Act {
        &self.recorded.entry.act
    }

    /// The entry it came in, with its position.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// The same, to be kept.
    pub(crate) fn shared(&self) -> &Arc<Recorded> {
        &self.recorded
    }

    /// The position of its entry.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Its place in the entry, from 0.
    pub fn place(&self) -> u16 {
        self.place
    }

    /// Its standing.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The correction that struck it: position and place.
    pub fn struck(&self) -> Option<(Position, u16)> {
        self.struck.as_deref().copied()
    }

    /// From when it holds.
    pub fn effective(&self) -> DateSpan {
        self.effective
    }

    /// The last day on which it holds, where its source sets one.
    pub fn until(&self) -> Option<DateSpan> {
        self.until
    }

    /// When its act was decided.
    pub fn decided(&self) -> DateSpan {
        self.decided
    }

    /// Whether it is known, and stands, at the recorded coordinate.
    pub fn known(&self, head: Position) -> bool {
        self.position() < head && self.struck().is_none_or(|(by, _)| by >= head)
    }

    /// Whether it holds on a day.
    pub fn presence(&self, day: Day) -> Presence {
        if day < self.effective.earliest() || self.until.is_some_and(|until| day > until.latest()) {
            Presence::No
        } else if day < self.effective.latest() || self.until.is_some_and(|until| day > until.earliest()) {
            Presence::Uncertain
        } else {
            Presence::Yes
        }
    }

    /// Whether it says the same as another fact of the same key.
    pub fn agrees(&self, other: &Self) -> bool {
        self.event().kind == other.event().kind
    }

    /// Whether the two have a source in common: then the later one is the same source recorded again.
    pub fn shares_source(&self, other: &Self) -> bool {
        self.event().sources.iter().any(|source| other.event().sources.contains(source))
    }

    /// Whether the two are written in one document.
    pub fn shares_document(&self, other: &Self) -> bool {
        let documents = || other.event().sources.iter().map(|source| &source.document);
        self.event().sources.iter().any(|source| documents().any(|document| source.document == *document))
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        (self.position(), self.place) == (other.position(), other.place)
    }

    /// The later in effect wins; on the same day the stronger word, then the later recorded.
    fn rank(&self) -> (Day, Day, u8, Position, u16) {
        let effective = self.effective();
        (effective.latest(), effective.earliest(), self.standing().strength(), self.position(), self.place)
    }
}

/// All facts of one key, in the order they were recorded.
#[derive(Debug, Clone, Default)]
pub struct Timeline {
    facts: Vec<Fact>,
    /// Their places in that list, by the first day on which each may take effect: of many, a question looks at those around its day.
    by_day: Vec<u32>,
    /// The most days between the first and the last day on which one of them may take effect.
    widest: i64,
}

/// What a question selects on one timeline.
#[derive(Debug, Clone, Default)]
pub struct Selection<'a> {
    /// The answer, where any fact is in effect.
    pub answer: Option<&'a Fact>,
    /// Whether the answer may not hold: the day falls inside a span of it, or of a fact of its class that would
    /// replace it.
    pub uncertain: bool,
    /// Firm facts from other sources, in effect from the same day as the answer, that differ from it.
    pub conflicting: Vec<&'a Fact>,
    /// What else is in effect and differs.
    pub beside: Vec<&'a Fact>,
    /// Where nothing is in effect: what was last and is no more, with its last day: its own says so.
    pub lapsed: Option<(&'a Fact, DateSpan)>,
    /// On what, and at which coordinates: what else is there may be much, and is found when it is asked for.
    on: Option<(&'a Timeline, At)>,
}

impl<'a> Selection<'a> {
    /// Remembers a fact whose last day has passed, where none lasted longer.
    fn lapse(&mut self, fact: &'a Fact) {
        let until = fact.until.map(|until| (fact, until));
        let last = |(fact, until): &(&Fact, DateSpan)| (until.latest(), fact.rank());
        self.lapsed = self.lapsed.into_iter().chain(until).max_by_key(last);
    }

    /// What takes effect after the day of the question, the nearest first.
    pub fn later(&self) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.on.into_iter().flat_map(|(timeline, at)| {
            let later = timeline.by_day[timeline.begun(at.as_of)..].iter().map(|place| timeline.fact(*place));
            later.filter(move |fact| fact.known(at.head) && at.counts(fact.decided) == Counted::Yes)
        })
    }

    /// What may or may not have been decided by the decision coordinate, in the order it was recorded.
    pub fn perhaps(&self) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.on.filter(|(_, at)| at.decided_by.is_some()).into_iter().flat_map(|(timeline, at)| {
            let known = timeline.facts.iter().filter(move |fact| fact.known(at.head));
            known.filter(move |fact| at.counts(fact.decided) == Counted::Perhaps)
        })
    }

    /// Whether nothing is in effect, nothing takes effect later, and nothing may have been decided.
    pub fn is_empty(&self) -> bool {
        self.answer.is_none() && self.later().next().is_none() && self.perhaps().next().is_none()
    }
}

impl Timeline {
    pub(crate) fn push(&mut self, fact: Fact) {
        let place = u32::try_from(self.facts.len()).expect("memory holds fewer than four billion facts");
        let effective = fact.effective;
        self.widest = self.widest.max((effective.latest() - effective.earliest()).num_days());
        let at = self.by_day.partition_point(|other| self.fact(*other).effective.earliest() <= effective.earliest());
        self.by_day.insert(at, place);
        self.facts.push(fact);
    }

    fn fact(&self, place: u32) -> &Fact {
        &self.facts[place as usize]
    }

    /// How many, by their first days, may have taken effect by a day.
    fn begun(&self, day: Day) -> usize {
        self.by_day.partition_point(|place| self.fact(*place).effective.earliest() <= day)
    }

    pub(crate) fn strike(&mut self, position: Position, place: u16, by: (Position, u16)) {
        for fact in self.facts.iter_mut().filter(|fact| (fact.position(), fact.place) == (position, place)) {
            // Decide rejects a second correction of one event; a log that another program wrote may have one.
            fact.struck.get_or_insert_with(|| Box::new(by));
        }
    }

    /// Every fact, struck ones included, in the order they were recorded.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Those that an entry brought, struck ones included.
    pub fn of_entry(&self, position: Position) -> &[Fact] {
        let from = self.facts.partition_point(|fact| fact.position < position);
        let facts = &self.facts[from..];
        &facts[..facts.partition_point(|fact| fact.position == position)]
    }

    /// The facts that count at these coordinates, whatever day they take effect.
    pub fn counted(&self, at: At) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(move |fact| fact.known(at.head) && at.counts(fact.decided) == Counted::Yes)
    }

    /// Of those what had been stated, or had begun, by the day: what a document says is of no day.
    pub fn stated(&self, at: At) -> impl Iterator<Item = &Fact> {
        let begun = move |fact: &Fact| fact.presence(at.as_of) != Presence::No;
        self.counted(at).filter(move |fact| fact.decided().earliest() <= at.as_of || begun(fact))
    }

    /// Whether anything counts at these coordinates.
    pub fn is_counted(&self, at: At) -> bool {
        self.counted(at).next().is_some()
    }

    /// The one answer to a question, and what stands beside it (design, "Standing").
    pub fn select(&self, at: At) -> Selection<'_> {
        let (mut lapsed, mut present) = (Selection::default(), vec![]);
        // The last day on which a firm fact certainly took effect: it leaves nothing of those before, whatever they are.
        let mut last: Option<Day> = None;
        for place in self.by_day[..self.begun(at.as_of)].iter().rev() {
            let fact = self.fact(*place);
            // Nor do those that follow here take effect later.
            if last.is_some_and(|last| (last - fact.effective.earliest()).num_days() > self.widest) {
                break;
            }
            if !fact.known(at.head) || at.counts(fact.decided) != Counted::Yes {
                continue;
            }
            match fact.presence(at.as_of) {
                Presence::No => lapsed.lapse(fact),
                Presence::Yes if fact.standing.is_firm() => {
                    last = last.max(Some(fact.effective.latest()));
                    present.push(fact);
                }
                _ => present.push(fact),
            }
        }
        present.retain(|fact| last.is_none_or(|last| fact.effective.latest() >= last));
        present.sort_unstable_by_key(|fact| (fact.position, fact.place));
        let in_effect = Selection::in_effect(&present, at.as_of);
        Selection { lapsed: lapsed.lapsed.filter(|_| in_effect.answer.is_none()), on: Some((self, at)), ..in_effect }
    }
}

impl<'a> Selection<'a> {
    /// The answer among facts that count, in the order they were recorded, and what is in effect beside it on a day: nothing of
    /// other days.
    fn in_effect(facts: &[&'a Fact], day: Day) -> Self {
        let mut selection = Self::default();
        let effective = || {
            let present = facts.iter().map(|fact| (*fact, fact.presence(day)));
            present.filter(|(_, presence)| *presence != Presence::No)
        };
        let firmest =
            |(fact, presence): &(&Fact, Presence)| (fact.standing.class(), Reverse(*presence), Reverse(fact.rank()));
        let Some((answer, presence)) = effective().min_by_key(firmest) else { return selection };
        let certain = || effective().filter(|(_, presence)| *presence == Presence::Yes).map(|(fact, _)| fact);
        let last = LastDays::of(certain());
        let displaced = |fact: &Fact| certain().any(|other| displaces(other, fact));
        // Of many facts nearly all were replaced by a later day: that is looked at first.
        selection.beside = effective()
            .map(|(fact, _)| fact)
            .filter(|fact| !last.are_after(fact) && !fact.same(answer) && !fact.agrees(answer) && !displaced(fact))
            .collect();
        selection.conflicting = selection.beside.iter().copied().filter(|fact| conflicts(fact, answer)).collect();
        // A fact of its class whose span the day falls into may have taken the answer's place already.
        selection.uncertain = presence == Presence::Uncertain
            || selection.beside.iter().any(|fact| {
                fact.standing.class() == answer.standing.class()
                    && fact.presence(day) == Presence::Uncertain
                    && fact.rank() > answer.rank()
            });
        selection.answer = Some(answer);
        selection
    }
}

/// Facts by the days on which they take effect: of many, those that matter on a day are found without a look at the rest.
pub(crate) struct ByDay<'a> {
    /// Those that take effect on a day that is known, the latest first.
    exact: Vec<&'a Fact>,
    /// The others.
    spans: Vec<&'a Fact>,
}

impl<'a> ByDay<'a> {
    pub(crate) fn of(facts: impl Iterator<Item = &'a Fact>) -> Self {
        let (mut exact, spans): (Vec<&Fact>, _) = facts.partition(|fact| fact.effective.exact().is_some());
        exact.sort_by_key(|fact| Reverse(fact.effective.latest()));
        Self { exact, spans }
    }

    /// What is selected of them on a day, but for what stands beside of other days.
    pub(crate) fn in_effect(&self, day: Day) -> Selection<'a> {
        let mut facts: Vec<&Fact> = vec![];
        let present = |fact: &&Fact| fact.presence(day) != Presence::No;
        facts.extend(self.spans.iter().copied().filter(present));
        // The last day on which a firm fact certainly took effect: it leaves nothing of those before, whatever they are.
        let mut last = None;
        let begun = self.exact.partition_point(|fact| fact.effective.earliest() > day);
        for fact in self.exact.iter().skip(begun).copied() {
            let taken = fact.effective.latest();
            if last.is_some_and(|last| taken < last) {
                break;
            }
            match fact.presence(day) {
                Presence::No => continue,
                Presence::Yes if fact.standing.is_firm() => last = Some(taken),
                _ => {}
            }
            facts.push(fact);
        }
        facts.sort_unstable_by_key(|fact| (fact.position(), fact.place));
        Selection::in_effect(&facts, day)
    }
}

/// For each class, the last day on which a fact of it or of a firmer one took effect.
struct LastDays([(Class, Option<Day>); 3]);

impl LastDays {
    fn of<'a>(facts: impl Iterator<Item = &'a Fact>) -> Self {
        let mut last = [Class::Firm, Class::Tentative, Class::Ours].map(|class| (class, None));
        for fact in facts {
            let (own, day) = (fact.standing.class(), Some(fact.effective.latest()));
            last.iter_mut().filter(|(class, _)| own <= *class).for_each(|(_, last)| *last = day.max(*last));
        }
        Self(last)
    }

    /// Whether they displace a fact for this alone, as in [`displaces`]: later in effect, and as firm.
    fn are_after(&self, fact: &Fact) -> bool {
        let (own, day) = (fact.standing.class(), fact.effective.latest());
        self.0.iter().any(|(class, last)| *class == own && last.is_some_and(|last| last > day))
    }
}

/// Whether `newer` leaves nothing of `older`: later in effect and of the same class or a firmer one, or recorded later
/// for the same day by the same source, or as the next that was done to a content.
fn displaces(newer: &Fact, older: &Fact) -> bool {
    let (new, old) = (newer.standing.class(), older.standing.class());
    let (new_day, old_day) = (newer.effective.latest(), older.effective.latest());
    let same_day =
        newer.effective == older.effective && (newer.position(), newer.place) > (older.position(), older.place);
    let recorded_again = same_day && newer.standing == older.standing && newer.shares_source(older);
    let next_done = same_day && new <= old && are_steps(newer, older);
    new <= old && new_day > old_day || recorded_again || next_done
}

/// Two firm facts from different sources, in effect from the same day, that differ. What is done to a content follows one
/// upon the other, and may on one day.
fn conflicts(fact: &Fact, answer: &Fact) -> bool {
    [fact, answer].iter().all(|fact| fact.standing.class() == Class::Firm)
        && fact.effective == answer.effective
        && !fact.shares_source(answer)
        && !are_steps(fact, answer)
}

/// Whether both say what was done to a content.
fn are_steps(a: &Fact, b: &Fact) -> bool {
    [a, b].iter().all(|fact| fact.event().kind.content_step().is_some())
}
