//! Findings: what the record itself shows when it is held to its own figures. Every rule is general, says what it
//! checked, and reads all contracts alike; none may name a contract, a party or an amount.

mod figures;
mod process;
mod sources;
mod terms;

use crate::all::Projections;
use crate::coordinates::At;
use crate::index::Projection;
use crate::key::Key;
use crate::prelude::*;
use crate::timeline::{Fact, Timeline};
use core::ops::Deref;
use minutebook_events::{ContractId, Entry, EventKind, Position, Source};
use serde::Serialize;

/// What findings are made from and no other projection keeps: counts, alternatives, performance, doubts.
#[derive(Debug, Clone, Copy)]
pub struct Findings;

impl Projection for Findings {
    const NAME: &'static str = "findings";
    const VERSION: u32 = 1;

    fn keys(entry: &Entry, place: u16, position: Position) -> Vec<Key> {
        let event = &entry.events[usize::from(place)];
        let mut keys = match &event.kind {
            EventKind::CountStated { contract, count, .. } => vec![Key::Count(contract.clone(), count.clone())],
            EventKind::AlternativeConsidered { contracts, alternative, .. } => {
                contracts.iter().map(|contract| Key::Alternative(contract.clone(), alternative.clone())).collect()
            }
            EventKind::PerformanceReported { contract, measure, .. } => {
                vec![Key::Performance(contract.clone(), measure.clone())]
            }
            _ => vec![],
        };
        if event.doubt.is_some() {
            keys.push(Key::Doubt(position, place));
        }
        keys
    }
}

/// What kind of thing a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Figures that do not add up or do not fit a rule of the contract.
    Difference,
    /// Sources that contradict each other.
    Conflict,
    /// Something that the record should hold and does not.
    Gap,
    /// A matter to look at, with its legal source: a prompt, not legal advice.
    Prompt,
    /// Worth knowing when the figure is used.
    Note,
}

impl Weight {
    /// The weight in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Difference => "difference",
            Self::Conflict => "conflict",
            Self::Gap => "gap",
            Self::Prompt => "prompt",
            Self::Note => "note",
        }
    }
}

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// What kind of thing it is.
    pub weight: Weight,
    /// The contracts it is about.
    pub contracts: Vec<ContractId>,
    /// What is the matter, in one sentence.
    pub text: String,
    /// What the source states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated: Option<String>,
    /// What we make of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub computed: Option<String>,
    /// Stated less computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// The statute or regulation that a prompt rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub law: Option<&'static str>,
    /// Where it is written.
    pub sources: Vec<Source>,
    /// The entries behind it.
    pub entries: Vec<Position>,
}

impl Finding {
    fn new<'a>(rule: &Rule, weight: Weight, text: String, facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut finding = Self {
            rule: rule.name,
            weight,
            contracts: vec![],
            text,
            stated: None,
            computed: None,
            difference: None,
            law: None,
            sources: vec![],
            entries: vec![],
        };
        for fact in facts {
            finding.contracts.extend(fact.event().kind.contracts().take(1).cloned());
            finding.sources.extend(fact.event().sources.iter().cloned());
            finding.entries.push(fact.position());
        }
        finding.tidy();
        finding
    }

    fn tidy(&mut self) {
        self.contracts.sort();
        self.contracts.dedup();
        self.sources.sort();
        self.sources.dedup();
        self.entries.sort();
        self.entries.dedup();
    }

    fn compared(mut self, stated: impl ToString, computed: impl ToString, difference: impl ToString) -> Self {
        self.stated = Some(stated.to_string());
        self.computed = Some(computed.to_string());
        self.difference = Some(difference.to_string());
        self
    }
}

/// A rule: its name, what it checks, and how.
pub(crate) struct Rule {
    name: &'static str,
    checks: &'static str,
    run: fn(&Rule, &Ground<'_>, At) -> Outcome,
}

/// What rules look at: the projections, whose timelines are put in order once for all of them.
pub(crate) struct Ground<'a> {
    all: &'a Projections,
    timelines: Vec<(&'a Key, &'a Timeline)>,
}

impl<'a> Ground<'a> {
    /// Every timeline, as [`Projections::timelines`] has them.
    fn timelines(&self) -> impl Iterator<Item = (&'a Key, &'a Timeline)> {
        self.timelines.iter().copied()
    }
}

impl Deref for Ground<'_> {
    type Target = Projections;

    fn deref(&self) -> &Projections {
        self.all
    }
}

/// What a rule looked at and found.
#[derive(Default)]
pub(crate) struct Outcome {
    examined: usize,
    found: Vec<Finding>,
}

/// What a rule checked, and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The rule's name.
    pub rule: &'static str,
    /// What it checks, in one sentence.
    pub checks: &'static str,
    /// How many things it looked at.
    pub examined: usize,
    /// What it found.
    pub found: Vec<Finding>,
}

const RULES: [&[Rule]; 4] = [figures::RULES, sources::RULES, terms::RULES, process::RULES];

impl Projections {
    /// Every rule, with what it checked and found at these coordinates: all statements made or in effect by the day.
    pub fn check(&self, at: At) -> Vec<Checked> {
        let ground = Ground { all: self, timelines: self.timelines().collect() };
        RULES
            .iter()
            .flat_map(|rules| rules.iter())
            .map(|rule| {
                let mut outcome = (rule.run)(rule, &ground, at);
                outcome
                    .found
                    .sort_by(|a, b| (&a.contracts, &a.entries, &a.text).cmp(&(&b.contracts, &b.entries, &b.text)));
                Checked { rule: rule.name, checks: rule.checks, examined: outcome.examined, found: outcome.found }
            })
            .collect()
    }
}
