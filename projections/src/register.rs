//! The register projection: which contracts there are, from when to when, under which options and clauses, and whether
//! each is in force. A contract is in force by firm facts alone. It must not know what anything is worth.

use crate::all::Projections;
use crate::coordinates::At;
use crate::figure::{Figure, Knowing, Val};
use crate::index::Projection;
use crate::key::Key;
use crate::prelude::*;
use crate::timeline::{Fact, Presence, Selection, Timeline};
use minutebook_events::{
    Class, Clause, ContractId, DateSpan, Day, Entry, EventKind, LotId, Part, Position, Standing, TimeRange,
};

/// Contracts, terms, options, clauses, status, sealed contents.
#[derive(Debug, Clone, Copy)]
pub struct Register;

impl Projection for Register {
    const NAME: &'static str = "register";
    const VERSION: u32 = 1;

    fn keys(entry: &Entry, place: u16, _: Position) -> Vec<Key> {
        match &entry.events[usize::from(place)].kind {
            EventKind::ContractDefined { contract, .. } => vec![Key::Title(contract.clone())],
            EventKind::Commenced { contract, part } | EventKind::Ended { contract, part } => {
                vec![Key::Status(contract.clone(), part.clone())]
            }
            EventKind::Succeeded { contract, .. } => vec![Key::Successor(contract.clone())],
            EventKind::TermSet { contract, part, .. } | EventKind::Extended { contract, part, .. } => {
                vec![Key::Term(contract.clone(), part.clone())]
            }
            EventKind::OptionGranted { contract, part, .. } => vec![Key::Extension(contract.clone(), part.clone())],
            EventKind::ClauseSet { contract, part, clause } => {
                vec![Key::Clause(contract.clone(), part.clone(), clause.word())]
            }
            EventKind::DelegationGranted { contracts, to, .. } => {
                contracts.iter().map(|contract| Key::Delegation(contract.clone(), to.clone())).collect()
            }
            EventKind::Milestone { contract, milestone, .. } => {
                vec![Key::Milestone(contract.clone(), milestone.clone())]
            }
            EventKind::NoticeGiven { contract, part, .. } => vec![Key::Notice(contract.clone(), part.clone())],
            EventKind::ContentSealed { contract, content, .. }
            | EventKind::ContentPublished { contract, content, .. }
            | EventKind::ContentErased { contract, content, .. } => {
                vec![Key::Content(contract.clone(), content.clone())]
            }
            _ => vec![],
        }
    }
}

/// How the status of a part with none of its own was found.
pub const AS_THE_WHOLE: &str = "as the whole contract";

/// Whether a contract or a part of it is in force, in the order in which a contract takes it from its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// By a firm fact.
    InForce,
    /// By a tentative fact, or inferred: never more than that.
    SaidToBe(Standing),
    /// It starts after the day.
    NotYet,
    /// A firm term ran out with no firm extension.
    Expired,
    /// By a firm fact.
    Ended,
    /// By a tentative fact, or inferred, and no fact says that it ever was.
    SaidToHaveEnded(Standing),
    /// Nothing in the record.
    Unknown,
}

impl State {
    fn words(self) -> String {
        match self {
            Self::InForce => "in force".to_owned(),
            Self::SaidToBe(standing) => format!("{standing} to be in force"),
            Self::NotYet => "not yet in force".to_owned(),
            Self::Expired => "term expired".to_owned(),
            Self::Ended => "ended".to_owned(),
            Self::SaidToHaveEnded(standing) => format!("{standing} to have ended"),
            Self::Unknown => "not in the record".to_owned(),
        }
    }

    /// The order in which a contract takes it from its parts; of tentative words the stronger first.
    fn rank(self) -> (u8, core::cmp::Reverse<u8>) {
        let (rank, strength) = match self {
            Self::InForce => (0, 0),
            Self::SaidToBe(standing) => (1, standing.strength()),
            Self::NotYet => (2, 0),
            Self::Expired => (3, 0),
            Self::Ended => (4, 0),
            Self::SaidToHaveEnded(standing) => (5, standing.strength()),
            Self::Unknown => (6, 0),
        };
        (rank, core::cmp::Reverse(strength))
    }
}

/// The term of a contract or a part of it, with what it may be extended to.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// The first term.
    pub first: TimeRange,
    /// The first term and everything it may be, or was, extended by.
    pub with_options: TimeRange,
    /// What it follows from: the fact that set it, and the one that reaches furthest beyond it.
    pub facts: Vec<&'a Fact>,
}

impl<'a> Terms<'a> {
    /// The fact that set the first term.
    pub fn set(&self) -> &'a Fact {
        self.facts[0]
    }

    /// What is left of it from a day on, options left out and included.
    pub fn left(&self, from: Day) -> (Option<TimeRange>, Option<TimeRange>) {
        let rest = TimeRange { from, end: Day::MAX };
        (self.first.overlap(rest), self.with_options.overlap(rest))
    }
}

/// The strongest class first, then the stronger word.
fn firmness(fact: &Fact) -> (core::cmp::Reverse<Class>, u8) {
    (core::cmp::Reverse(fact.standing().class()), fact.standing().strength())
}

/// The firmest, then the latest recorded: which of several terms stated is the term.
fn strongest<'a>(facts: impl Iterator<Item = &'a Fact>) -> Option<&'a Fact> {
    facts.max_by_key(|fact| (firmness(fact), fact.position(), fact.place()))
}

fn last_day(fact: &Fact) -> Option<DateSpan> {
    match &fact.event().kind {
        EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } => Some(*last_day),
        _ => None,
    }
}

fn is_extension(fact: &&Fact) -> bool {
    matches!(fact.event().kind, EventKind::Extended { .. })
}

/// The first certain day of a span, as far as it has one.
pub(crate) fn start_of(span: DateSpan) -> Day {
    if span.earliest() == Day::MIN { span.latest() } else { span.earliest() }
}

impl Projections {
    fn facts_of<'a>(&'a self, key: &Key, at: At) -> impl Iterator<Item = &'a Fact> + use<'a> {
        self.register.timeline(key).into_iter().flat_map(move |timeline| timeline.counted(at))
    }

    /// The term of a part; a part with none of its own has the contract's. The day of the question does not matter:
    /// the term is what is known of it at the other coordinates.
    pub fn terms(&self, contract: &ContractId, part: &Part, at: At) -> Option<Terms<'_>> {
        self.own_terms(contract, part, at).or_else(|| self.own_terms(contract, &Part::Whole, at))
    }

    fn own_terms(&self, contract: &ContractId, part: &Part, at: At) -> Option<Terms<'_>> {
        self.terms_among(contract, part, at, &|_| true)
    }

    fn terms_among(
        &self,
        contract: &ContractId,
        part: &Part,
        at: At,
        among: &dyn Fn(&Fact) -> bool,
    ) -> Option<Terms<'_>> {
        let of = |key: &Key| self.facts_of(key, at).filter(|fact| among(fact));
        let term = Key::Term(contract.clone(), part.clone());
        let set = strongest(of(&term).filter(|fact| !is_extension(fact)))?;
        let last = last_day(set)?.latest();
        let first = TimeRange::to_last_day(start_of(set.effective()), last)?;
        let option = strongest(of(&Key::Extension(contract.clone(), part.clone())));
        let by_option = option.and_then(|option| match &option.event().kind {
            EventKind::OptionGranted { months, .. } => Some((months.last_day_from(last.succ_opt()?)?, option)),
            _ => None,
        });
        let extensions = of(&term).filter(is_extension);
        let by_extension = extensions.filter_map(|fact| Some((last_day(fact)?.latest(), fact)));
        // Of several that reach as far the firmest carries it.
        let furthest = by_option.into_iter().chain(by_extension).max_by_key(|(day, fact)| (*day, firmness(fact)));
        let (end, further) = furthest.filter(|(day, _)| *day > last).unzip();
        let with_options = TimeRange::to_last_day(first.from, end.unwrap_or(last))?;
        Some(Terms { first, with_options, facts: core::iter::once(set).chain(further).collect() })
    }

    /// The part that answers for a part: a lot of which the register holds nothing of its own is as its contract.
    fn answering<'a>(&self, contract: &ContractId, part: &'a Part, at: At) -> &'a Part {
        let keys = [Key::Status(contract.clone(), part.clone()), Key::Term(contract.clone(), part.clone())];
        if keys.iter().any(|key| self.facts_of(key, at).next().is_some()) { part } else { &Part::Whole }
    }

    /// The latest day on which what is in effect on the day of the question allows the contract to end: by its cap
    /// where it has one, by its options where it has none.
    pub fn latest_end(&self, contract: &ContractId, part: &Part, at: At) -> Figure {
        let name = Key::Term(contract.clone(), part.clone()).to_string().replace("term", "latest-end");
        let part = self.answering(contract, part, at);
        let in_effect = |fact: &Fact| fact.presence(at.as_of) != Presence::No;
        let of = |key| self.facts_of(&key, at).filter(|fact| in_effect(fact));
        let caps = of(Key::Clause(contract.clone(), part.clone(), "term-cap"));
        let starts = of(Key::Status(contract.clone(), part.clone()));
        let start = strongest(starts.filter(|fact| matches!(fact.event().kind, EventKind::Commenced { .. })));
        if let (Some(cap), Some(start)) = (strongest(caps), start)
            && let EventKind::ClauseSet { clause: Clause::TermCap { months }, .. } = &cap.event().kind
            && let Some(day) = months.last_day_from(start_of(start.effective()))
        {
            let how = format!("{months} at the most from {}", start.effective());
            return Figure::computed(name, Knowing::Known(Val::Date(DateSpan::day(day))), how, [cap, start]);
        }
        match self.terms_among(contract, part, at, &in_effect) {
            Some(terms) => {
                let day = DateSpan::day(terms.with_options.last_day());
                Figure::computed(name, Knowing::Known(Val::Date(day)), "the term with every option", terms.facts)
            }
            None => Figure::unknown(name, "neither a term nor a cap on it is in effect on the day"),
        }
    }

    /// Selects on a key of the register.
    pub fn in_register(&self, key: &Key, at: At) -> Figure {
        selected(self.register.timeline(key), key, at)
    }

    /// Whether a contract or a part of it is in force: the word, and the figure behind it.
    pub fn status(&self, contract: &ContractId, part: &Part, at: At) -> (State, Figure) {
        let key = Key::Status(contract.clone(), part.clone());
        match self.register.timeline(&key).map(|timeline| timeline.select(at)) {
            Some(selection) if !selection.is_empty() => self.own_status(&key, &selection, contract, part, at),
            _ if part.is_whole() => self.status_of_parts(&key, contract, at),
            _ => {
                let (state, mut figure) = self.status(contract, &Part::Whole, at);
                figure.computed = Some(AS_THE_WHOLE.to_owned());
                figure.others.clear();
                figure.fact = key.to_string();
                (state, figure)
            }
        }
    }

    fn own_status(
        &self,
        key: &Key,
        selection: &Selection<'_>,
        contract: &ContractId,
        part: &Part,
        at: At,
    ) -> (State, Figure) {
        let mut figure = Figure::selected(key, selection, at.as_of);
        let mut state = match selection.answer {
            None => State::NotYet,
            Some(fact) => match (&fact.event().kind, fact.standing()) {
                (EventKind::Ended { .. }, standing) if standing.is_firm() => State::Ended,
                (EventKind::Ended { .. }, standing) => State::SaidToHaveEnded(standing),
                (_, standing) if standing.is_firm() => State::InForce,
                (_, standing) => State::SaidToBe(standing),
            },
        };
        if state == State::InForce
            && let Some((term, last)) = self.firm_term(contract, part, at)
            && at.as_of > last.latest()
        {
            state = State::Expired;
            figure.computed = Some(format!("its firm term ran to {last}, and no firm extension is in the record"));
            figure.rest_on([term]);
        }
        let doubt = match state {
            State::InForce => end_passed(selection, at.as_of).or_else(|| self.cap_passed(contract, part, at)),
            State::SaidToBe(_) => self.term_run_out(contract, part, at),
            _ => None,
        };
        figure.uncertain = figure.uncertain.or(doubt);
        figure.value = Knowing::Known(Val::Text(state.words()));
        (state, figure)
    }

    /// That the term had run out by the day, as extended so far as anything says that it was. Options do not count: to
    /// have one is not to use it.
    fn term_run_out(&self, contract: &ContractId, part: &Part, at: At) -> Option<String> {
        let terms = self.facts_of(&Key::Term(contract.clone(), part.clone()), at);
        let last = terms.into_iter().max_by_key(|fact| last_day(fact).map(DateSpan::latest))?;
        let day = last_day(last).filter(|day| day.latest() < at.as_of)?;
        Some(format!("its term ran to {day} ({}), and no extension beyond it is in the record", last.standing()))
    }

    /// That the longest term it may have had passed by the day, where both the cap and its start are firm.
    fn cap_passed(&self, contract: &ContractId, part: &Part, at: At) -> Option<String> {
        let firm = |key: Key| strongest(self.facts_of(&key, at).filter(|fact| fact.standing().is_firm()));
        let cap = firm(Key::Clause(contract.clone(), part.clone(), "term-cap"))?;
        let start = firm(Key::Status(contract.clone(), part.clone()))?;
        let EventKind::ClauseSet { clause: Clause::TermCap { months }, .. } = &cap.event().kind else { return None };
        let last = months.last_day_from(start.effective().latest()).filter(|last| *last < at.as_of)?;
        Some(format!(
            "the longest term it may have, {months}, ran to {}, and no end is in the record",
            DateSpan::day(last)
        ))
    }

    /// The firm term in effect on the day: the first one, or the firm extension that took its place.
    fn firm_term(&self, contract: &ContractId, part: &Part, at: At) -> Option<(&Fact, DateSpan)> {
        let timeline = self.register.timeline(&Key::Term(contract.clone(), part.clone()))?;
        let firm =
            timeline.counted(at).filter(|fact| fact.standing().is_firm() && fact.effective().earliest() <= at.as_of);
        firm.filter_map(|fact| last_day(fact).map(|last| (fact, last)))
            .max_by_key(|(fact, last)| (last.latest(), fact.position()))
    }

    /// A contract that is held as its lots is in force as far as any of them is.
    fn status_of_parts(&self, key: &Key, contract: &ContractId, at: At) -> (State, Figure) {
        let lots = self.lots_of(contract, at);
        let own = lots.iter().map(|lot| Part::Lot(lot.clone())).filter(|lot| {
            let key = Key::Status(contract.clone(), lot.clone());
            self.register.timeline(&key).is_some_and(|timeline| !timeline.select(at).is_empty())
        });
        let states: Vec<(Part, State, Figure)> = own
            .map(|lot| {
                let (state, figure) = self.status(contract, &lot, at);
                (lot, state, figure)
            })
            .collect();
        let Some(best) = states.iter().map(|(_, state, _)| *state).min_by_key(|state| state.rank()) else {
            return (State::Unknown, Figure::unknown(key, "whether it is in force is not in the record"));
        };
        let of_best: Vec<&(Part, State, Figure)> = states.iter().filter(|(_, state, _)| *state == best).collect();
        let mut figure = Figure::unknown(key, "");
        figure.value = Knowing::Known(Val::Text(best.words()));
        figure.computed = Some(format!("by {} of its {} lots", of_best.len(), lots.len()));
        for (_, _, part) in of_best {
            figure.standing = figure.standing.or(part.standing);
            figure.cite(part);
            figure.uncertain = figure.uncertain.or_else(|| part.uncertain.clone());
        }
        (best, figure)
    }

    /// The lots of a contract that are known, numbers in their order, then names.
    pub fn lots_of(&self, contract: &ContractId, at: At) -> Vec<LotId> {
        let mut lots: Vec<LotId> = self
            .lots
            .of(contract)
            .filter_map(|(key, timeline)| match key {
                Key::Lot(_, lot) if timeline.is_counted(at) => Some(lot.clone()),
                _ => None,
            })
            .collect();
        lots.sort_by_key(|lot| (lot.as_str().parse::<u32>().unwrap_or(u32::MAX), lot.clone()));
        lots
    }

    /// The last day of a contract's term as it stands on the day of the question, as a figure.
    pub fn term_figure(&self, contract: &ContractId, part: &Part, at: At) -> Figure {
        let key = Key::Term(contract.clone(), part.clone());
        let answering = Key::Term(contract.clone(), self.answering(contract, part, at).clone());
        let Some(timeline) = self.register.timeline(&answering) else {
            return Figure::unknown(&key, "no term is in the record");
        };
        selected(Some(timeline), &key, at)
    }

    /// By how much a contract or part may be extended, as it stands on the day of the question.
    pub fn option_figure(&self, contract: &ContractId, part: &Part, at: At) -> Figure {
        let answering = Key::Extension(contract.clone(), self.answering(contract, part, at).clone());
        selected(self.register.timeline(&answering), &Key::Extension(contract.clone(), part.clone()), at)
    }

    /// Whether a service is in force: by firm facts alone, as a contract is. The word, and the figure behind it.
    pub fn service_status(&self, key: &Key, timeline: &Timeline, at: At) -> (State, Figure) {
        let selection = timeline.select(at);
        let mut figure = Figure::selected(key, &selection, at.as_of);
        figure.fact = format!("{key}/status");
        let state = match selection.answer {
            None => State::NotYet,
            Some(fact) => match (&fact.event().kind, fact.standing()) {
                (EventKind::ServiceRemoved { .. }, standing) if standing.is_firm() => State::Ended,
                (EventKind::ServiceRemoved { .. }, standing) => State::SaidToHaveEnded(standing),
                (_, standing) if standing.is_firm() => State::InForce,
                (_, standing) => State::SaidToBe(standing),
            },
        };
        figure.value = Knowing::Known(Val::Text(state.words()));
        (state, figure)
    }
}

/// That the day of an end that was planned, proposed or inferred has passed: it ends nothing, and whoever reads must
/// see it.
fn end_passed(selection: &Selection<'_>, day: Day) -> Option<String> {
    let end = selection
        .beside
        .iter()
        .find(|fact| matches!(fact.event().kind, EventKind::Ended { .. }) && fact.presence(day) != Presence::No)?;
    let last = end.effective().plus_days(-1);
    Some(format!("an end was {}, last day {last}; no decision or report says that it ended", end.standing()))
}

/// A figure selected on a timeline that may not be there.
pub(crate) fn selected(timeline: Option<&Timeline>, key: &Key, at: At) -> Figure {
    match timeline {
        Some(timeline) => Figure::selected(key, &timeline.select(at), at.as_of),
        None => Figure::unknown(key, "not in the record"),
    }
}
