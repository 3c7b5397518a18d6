//! The decisions projection: every act of governance, by its reference. It must not know what an act changed.

use crate::all::Projections;
use crate::coordinates::{At, Counted};
use crate::index::Projection;
use crate::key::Key;
use crate::log::Recorded;
use crate::prelude::*;
use crate::timeline::Fact;
use minutebook_events::{ActRef, Entry, Position};

/// Acts by reference.
#[derive(Debug, Clone, Copy)]
pub struct Decisions;

impl Projection for Decisions {
    const NAME: &'static str = "decisions";
    const VERSION: u32 = 1;

    fn keys(entry: &Entry, place: u16, _: Position) -> Vec<Key> {
        // An act is one fact, whatever number of events it has: it stands at the place of the first.
        if place == 0 { vec![Key::Act(entry.act.reference.clone())] } else { vec![] }
    }
}

impl Projections {
    /// Every entry, in the order of the references of their acts: unpacked once, for whoever asks again.
    pub fn recorded(&self) -> impl Iterator<Item = &Arc<Recorded>> {
        let acts = self.general().timelines().filter(|(key, _)| matches!(key, Key::Act(_)));
        acts.flat_map(|(_, timeline)| timeline.facts()).map(Fact::shared)
    }

    /// The acts that count at these coordinates and were taken by the day of the question, in the order of their
    /// dates, then of recording. An act whose date is a span that the day falls into is among them.
    pub fn acts(&self, at: At) -> Vec<Arc<Recorded>> {
        self.acts_that(Counted::Yes, at)
    }

    /// The acts whose date is a span that the decision coordinate falls into: they may have been taken by then.
    pub fn acts_perhaps(&self, at: At) -> Vec<Arc<Recorded>> {
        self.acts_that(Counted::Perhaps, at)
    }

    fn acts_that(&self, count: Counted, at: At) -> Vec<Arc<Recorded>> {
        let mut acts: Vec<Arc<Recorded>> = self
            .recorded()
            .filter(|recorded| recorded.position < at.head)
            .filter(|recorded| at.counts(recorded.entry.act.decided) == count)
            .filter(|recorded| recorded.entry.act.decided.earliest() <= at.as_of)
            .cloned()
            .collect();
        acts.sort_by_key(|recorded| (recorded.entry.act.decided.latest(), recorded.position));
        acts
    }

    /// The acts that answer others: by the reference of the act that asked, those that decide what it asked.
    pub fn answers(&self, at: At) -> BTreeMap<ActRef, Vec<Arc<Recorded>>> {
        let mut answers: BTreeMap<ActRef, Vec<Arc<Recorded>>> = BTreeMap::new();
        for recorded in self.acts(at) {
            for asked in &recorded.entry.act.answers {
                answers.entry(asked.clone()).or_default().push(Arc::clone(&recorded));
            }
        }
        answers
    }
}
