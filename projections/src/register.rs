//! The register projection: which contracts there are, from when to when, under which options and clauses, and whether
//! each is in force. A contract is in force by firm facts alone. It must not know what anything is worth.

use crate::all::Projections;
use crate::coordinates::At;
use crate::figure::{Doubt, Figure, How, Knowing, Says, Val};
use crate::index::Projection;
use crate::key::{Key, of_part};
use crate::prelude::*;
use crate::timeline::{Fact, Presence, Selection, Timeline};
use core::fmt;
use minutebook_events::{
    Class, Clause, ContractId, DateSpan, Day, Entry, EventKind, LotId, Months, Part, Position, Standing, TimeRange,
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
    /// With the figure that says so, whatever the fact that it was found by says.
    fn with(self, figure: Figure) -> (Self, Figure) {
        (self, Figure { says: Says::Ours(Knowing::Known(Val::State(self))), ..figure })
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

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::InForce => out.write_str("in force"),
            Self::SaidToBe(standing) => write!(out, "{standing} to be in force"),
            Self::NotYet => out.write_str("not yet in force"),
            Self::Expired => out.write_str("term expired"),
            Self::Ended => out.write_str("ended"),
            Self::SaidToHaveEnded(standing) => write!(out, "{standing} to have ended"),
            Self::Unknown => out.write_str("not in the record"),
        }
    }
}

/// The term of a contract or a part of it, with what it may be extended to.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The first term.
    pub first: TimeRange,
    /// The first term and everything it may be, or was, extended by.
    pub with_options: TimeRange,
    /// The fact that set the first term.
    pub set: &'a Fact,
    /// The one that reaches furthest beyond it.
    pub further: Option<&'a Fact>,
}

impl<'a> Terms<'a> {
    /// What it follows from.
    pub fn facts(self) -> impl Iterator<Item = &'a Fact> {
        core::iter::once(self.set).chain(self.further)
    }

    /// What is left of it from a day on, options left out and included.
    pub fn left(self, from: Day) -> (Option<TimeRange>, Option<TimeRange>) {
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

pub(crate) fn last_day(fact: &Fact) -> Option<DateSpan> {
    match &fact.event().kind {
        EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } => Some(*last_day),
        _ => None,
    }
}

/// The longest term that a fact sets.
fn cap_of(fact: &Fact) -> Option<Months> {
    match &fact.event().kind {
        EventKind::ClauseSet { clause: Clause::TermCap { months }, .. } => Some(*months),
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

/// The term that some facts of these timelines make.
fn terms<'a>(
    term: Option<&'a Timeline>,
    option: Option<&'a Timeline>,
    at: At,
    among: &dyn Fn(&Fact) -> bool,
) -> Option<Terms<'a>> {
    let facts = |timeline: Option<&'a Timeline>| counted(timeline, at).filter(|fact| among(fact));
    let set = strongest(facts(term).filter(|fact| !is_extension(fact)))?;
    let last = last_day(set)?.latest();
    let first = TimeRange::to_last_day(start_of(set.effective()), last)?;
    let by_option = strongest(facts(option)).and_then(|option| match &option.event().kind {
        EventKind::OptionGranted { months, .. } => Some((months.last_day_from(last.succ_opt()?)?, option)),
        _ => None,
    });
    let by_extension = facts(term).filter(is_extension).filter_map(|fact| Some((last_day(fact)?.latest(), fact)));
    // Of several that reach as far the firmest carries it.
    let furthest = by_option.into_iter().chain(by_extension).max_by_key(|(day, fact)| (*day, firmness(fact)));
    let (end, further) = furthest.filter(|(day, _)| *day > last).unzip();
    let with_options = TimeRange::to_last_day(first.from, end.unwrap_or(last))?;
    Some(Terms { first, with_options, set, further })
}

fn counted(timeline: Option<&Timeline>, at: At) -> impl Iterator<Item = &Fact> {
    timeline.into_iter().flat_map(move |timeline| timeline.counted(at))
}

/// What the register holds of a contract or of one lot of it, at the coordinates of a question.
#[derive(Debug, Clone)]
pub struct Held<'a> {
    pub(crate) part: Part,
    at: At,
    status: Option<&'a Timeline>,
    term: Option<&'a Timeline>,
    option: Option<&'a Timeline>,
    cap: Option<&'a Timeline>,
}

impl<'a> Held<'a> {
    pub(crate) fn name(&self, what: &str) -> String {
        of_part(&self.part, what)
    }

    /// Whether it holds anything from which a term follows.
    fn is_of_its_own(&self) -> bool {
        counted(self.status, self.at).chain(counted(self.term, self.at)).next().is_some()
    }

    /// The last day of the term as it stands on the day of the question.
    pub fn term_figure(&self) -> Figure {
        match self.term {
            Some(_) => selected(self.term, self.name("term"), self.at),
            None => Figure::unknown(self.name("term"), "no term is in the record"),
        }
    }

    /// By when notice has to be given to use its option, where it has one in effect and a clause says how long before.
    pub fn last_notice_figure(&self, all: &Projections, contract: &ContractId) -> Option<Figure> {
        let option = self.option?.select(self.at).answer?;
        let LastNotice { day, term, clause } = all.last_notice(contract, &self.part, self.at)?;
        let value = Knowing::Known(Val::Date(DateSpan::day(day)));
        let how = "by the notice period, before the last day of the term that the option extends";
        Some(Figure::computed(self.name("last-notice"), value, how, [option, term, clause].map(Fact::clone)))
    }

    /// The last day, by how much it may be extended, and the latest day on which it ends.
    pub fn term_figures(&self) -> [Figure; 3] {
        [self.term_figure(), selected(self.option, self.name("option"), self.at), self.latest_end()]
    }

    /// The latest day on which what is in effect on the day of the question allows it to end: by its cap where it has
    /// one, by its options where it has none.
    fn latest_end(&self) -> Figure {
        let name = self.name("latest-end");
        let in_effect = |fact: &Fact| fact.presence(self.at.as_of) != Presence::No;
        let of = |timeline| counted(timeline, self.at).filter(|fact| in_effect(fact));
        let start = strongest(of(self.status).filter(|fact| matches!(fact.event().kind, EventKind::Commenced { .. })));
        let day = |day| Knowing::Known(Val::Date(DateSpan::day(day)));
        if let (Some(cap), Some(start)) = (strongest(of(self.cap)), start)
            && let Some(months) = cap_of(cap)
            && let Some(last) = months.last_day_from(start_of(start.effective()))
        {
            let how = How::CapFrom(months, start.effective());
            return Figure::computed(name, day(last), how, [cap, start].map(Fact::clone));
        }
        match terms(self.term, self.option, self.at, &in_effect) {
            Some(terms) => {
                let last = day(terms.with_options.last_day());
                Figure::computed(name, last, "the term with every option", terms.facts().cloned())
            }
            None => Figure::unknown(name, "neither a term nor a cap on it is in effect on the day"),
        }
    }

    /// Whether it is in force on a day by what the register holds of itself.
    pub(crate) fn own(&self, day: Day) -> Option<Own<'a>> {
        let selection = self.status?.select(self.at.on(day));
        if selection.is_empty() {
            return None;
        }
        let mut state = match selection.answer {
            None => State::NotYet,
            Some(fact) => match (&fact.event().kind, fact.standing()) {
                (EventKind::Ended { .. }, standing) if standing.is_firm() => State::Ended,
                (EventKind::Ended { .. }, standing) => State::SaidToHaveEnded(standing),
                (_, standing) if standing.is_firm() => State::InForce,
                (_, standing) => State::SaidToBe(standing),
            },
        };
        let firm_term = || self.firm_term(day).filter(|(_, last)| day > last.latest());
        let ran = (state == State::InForce).then(firm_term).flatten();
        if ran.is_some() {
            state = State::Expired;
        }
        let doubt = match state {
            State::InForce => end_passed(&selection, day).or_else(|| self.cap_passed(day)),
            State::SaidToBe(_) => self.term_run_out(day),
            _ => None,
        };
        Some(Own { state, selection, ran, doubt })
    }

    /// The facts of its status and of its term that matter on a day or take effect later.
    pub(crate) fn ahead(&self, day: Day) -> impl Iterator<Item = &'a Fact> {
        let timelines = [self.status, self.term].into_iter().flatten();
        timelines.flat_map(move |timeline| {
            let selection = timeline.select(self.at.on(day));
            let later = selection.later();
            selection.answer.into_iter().chain(selection.beside).chain(later)
        })
    }

    /// The same as the word and the figure behind it, on the day of the question.
    fn own_status(&self) -> Option<(State, Figure)> {
        self.status_on(self.at.as_of)
    }

    /// The same on another day.
    pub(crate) fn status_on(&self, day: Day) -> Option<(State, Figure)> {
        let own = self.own(day)?;
        let mut figure = Figure::selected(self.name("status"), &own.selection, day);
        if let Some((term, last)) = own.ran {
            figure.computed = Some(How::TermRan(last));
            figure.rest_on([term.clone()]);
        }
        figure.uncertain = figure.uncertain.or(own.doubt);
        Some(own.state.with(figure))
    }

    /// Every day on which what it is by itself may begin to be something else.
    pub(crate) fn borders(&self, borders: &mut Vec<Day>) {
        for fact in counted(self.status, self.at) {
            let ends = fact.until().map(|until| until.plus_days(1));
            let spans = core::iter::once(fact.effective()).chain(ends);
            borders.extend(spans.flat_map(|span| [span.earliest(), span.latest()]));
        }
        for fact in counted(self.term, self.at) {
            borders.push(fact.effective().earliest());
            borders.extend(last_day(fact).and_then(|last| last.latest().succ_opt()));
        }
        borders.extend(self.cap_runs().and_then(|(_, last)| last.succ_opt()));
    }

    /// That the term had run out by the day, as extended so far as anything says that it was. Options do not count: to
    /// have one is not to use it.
    fn term_run_out(&self, day: Day) -> Option<Doubt> {
        let last = counted(self.term, self.at).max_by_key(|fact| last_day(fact).map(DateSpan::latest))?;
        let ran = last_day(last).filter(|ran| ran.latest() < day)?;
        Some(Doubt::TermRan(ran, last.standing()))
    }

    /// That the longest term it may have had passed by the day.
    fn cap_passed(&self, day: Day) -> Option<Doubt> {
        self.cap_runs().filter(|(_, last)| *last < day).map(|(months, last)| Doubt::PastCap(months, last))
    }

    /// The longest term it may have, and the day to which that runs, where both the cap and its start are firm.
    fn cap_runs(&self) -> Option<(Months, Day)> {
        let firm = |timeline| strongest(counted(timeline, self.at).filter(|fact| fact.standing().is_firm()));
        let (cap, start) = (firm(self.cap)?, firm(self.status)?);
        let months = cap_of(cap)?;
        months.last_day_from(start.effective().latest()).map(|last| (months, last))
    }

    /// The firm term in effect on the day: the first one, or the firm extension that took its place.
    fn firm_term(&self, day: Day) -> Option<(&'a Fact, DateSpan)> {
        let began = |fact: &&Fact| fact.standing().is_firm() && fact.effective().earliest() <= day;
        let terms = counted(self.term, self.at).filter(began);
        terms
            .filter_map(|fact| last_day(fact).map(|last| (fact, last)))
            .max_by_key(|(fact, last)| (last.latest(), fact.position()))
    }
}

/// Whether a part is in force on a day by what the register holds of itself, and what that follows from.
pub(crate) struct Own<'a> {
    pub(crate) state: State,
    selection: Selection<'a>,
    /// The firm term that ran out, where one did.
    ran: Option<(&'a Fact, DateSpan)>,
    /// Why it may not hold on the day, besides what the selection tells.
    doubt: Option<Doubt>,
}

/// Whether a contract or a lot is in force on a day, without what that follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InBrief {
    /// The word.
    pub(crate) state: State,
    /// Whether it may not hold on the day.
    pub(crate) uncertain: bool,
}

/// A contract as the register holds it, with its lots in their order.
#[derive(Debug, Clone)]
pub struct Registered<'a> {
    /// The whole contract.
    pub whole: Held<'a>,
    /// Its lots.
    pub lots: Vec<(LotId, Held<'a>)>,
}

/// Whether a contract and each of its lots is in force.
#[derive(Debug, Clone)]
pub struct Statuses {
    /// Of the whole contract: the word.
    pub state: State,
    /// The figure behind it.
    pub whole: Figure,
    /// Of each lot, in their order.
    pub lots: Vec<Figure>,
}

impl Registered<'_> {
    /// Whether the whole contract and each lot is in force on a day, as [`Self::statuses`] says at more length.
    pub(crate) fn in_brief(&self, day: Day) -> (InBrief, Vec<InBrief>) {
        let own = |held: &Held<'_>| {
            held.own(day)
                .map(|own| InBrief { state: own.state, uncertain: own.selection.uncertain || own.doubt.is_some() })
        };
        let lots: Vec<Option<InBrief>> = self.lots.iter().map(|(_, lot)| own(lot)).collect();
        let whole = own(&self.whole).unwrap_or_else(|| {
            let best = lots.iter().flatten().min_by_key(|lot| lot.state.rank());
            let state = best.map_or(State::Unknown, |lot| lot.state);
            let uncertain = lots.iter().flatten().any(|lot| lot.state == state && lot.uncertain);
            InBrief { state, uncertain }
        });
        (whole, lots.into_iter().map(|own| own.unwrap_or(whole)).collect())
    }

    /// Every day on which any of that may begin to be something else: within the days between two of them nothing changes.
    pub(crate) fn borders(&self) -> Vec<Day> {
        let mut borders = vec![];
        self.whole.borders(&mut borders);
        self.lots.iter().for_each(|(_, lot)| lot.borders(&mut borders));
        borders.sort_unstable();
        borders.dedup();
        borders
    }

    /// Whether it is in force. A lot with no status of its own has that of the whole contract; a contract with none
    /// has that of its lots.
    pub fn statuses(&self) -> Statuses {
        let own: Vec<Option<(State, Figure)>> = self.lots.iter().map(|(_, lot)| lot.own_status()).collect();
        let (state, whole) = self.whole.own_status().unwrap_or_else(|| status_of_lots(&own));
        let lots = own.into_iter().zip(&self.lots).map(|(own, (_, lot))| match own {
            Some((_, figure)) => figure,
            None => Figure { computed: Some(How::AsTheWhole), others: vec![], ..whole.named(lot.name(&whole.fact)) },
        });
        Statuses { state, lots: lots.collect(), whole }
    }

    /// What a part of it is on a day: by what is held of it, or of the whole contract where nothing is, or of its lots.
    pub(crate) fn status_on(&self, part: &Held<'_>, day: Day) -> (State, Figure) {
        let of_lots = || status_of_lots(&self.lots.iter().map(|(_, lot)| lot.status_on(day)).collect::<Vec<_>>());
        part.status_on(day).or_else(|| self.whole.status_on(day)).unwrap_or_else(of_lots)
    }

    /// The terms of each lot, given those of the whole contract, which a lot has with none of its own.
    pub fn lot_term_figures(&self, whole: &[Figure; 3]) -> Vec<[Figure; 3]> {
        let of = |lot: &Held<'_>| {
            if lot.is_of_its_own() {
                return lot.term_figures();
            }
            whole.each_ref().map(|figure| figure.named(lot.name(&figure.fact)))
        };
        self.lots.iter().map(|(_, lot)| of(lot)).collect()
    }
}

/// A contract that is held as its lots is in force as far as any of them is.
fn status_of_lots(lots: &[Option<(State, Figure)>]) -> (State, Figure) {
    let own = || lots.iter().flatten();
    let Some(best) = own().map(|(state, _)| *state).min_by_key(|state| state.rank()) else {
        return (State::Unknown, Figure::unknown("status", "whether it is in force is not in the record"));
    };
    let of_best: Vec<&Figure> = own().filter(|(state, _)| *state == best).map(|(_, lot)| lot).collect();
    let mut figure = Figure::unknown("status", "");
    figure.computed = Some(How::OfLots(of_best.len(), lots.len()));
    for lot in of_best {
        figure.standing = figure.standing.or(lot.standing);
        figure.rests_on.extend_from_slice(&lot.rests_on);
        figure.uncertain = figure.uncertain.or_else(|| lot.uncertain.clone());
    }
    best.with(figure)
}

/// By when notice has to be given to use an option: so long before the last day of the term that it extends.
#[derive(Debug, Clone, Copy)]
pub struct LastNotice<'a> {
    /// The last day on which it can be.
    pub day: Day,
    /// The term, of which that follows.
    pub term: &'a Fact,
    /// The firm clause that sets how long before.
    pub clause: &'a Fact,
}

impl Projections {
    /// By when notice has to be given to use the option of a part, where a firm clause of it or of the whole sets how long before.
    pub fn last_notice(&self, contract: &ContractId, part: &Part, at: At) -> Option<LastNotice<'_>> {
        let of = |part: &Part| {
            let timeline = self.timeline(&Key::Clause(contract.clone(), part.clone(), "notice-period"))?;
            let clause = timeline.select(at).answer.filter(|fact| fact.standing().is_firm())?;
            match &clause.event().kind {
                EventKind::ClauseSet { clause: Clause::NoticePeriod { months }, .. } => Some((clause, *months)),
                _ => None,
            }
        };
        let (clause, months) = of(part).or_else(|| of(&Part::Whole))?;
        let terms = self.terms(contract, part, at)?;
        let day = months.before(terms.first.last_day())?;
        Some(LastNotice { day, term: terms.set, clause })
    }

    /// The term of a part; a part with none of its own has the contract's. The day of the question does not matter:
    /// the term is what is known of it at the other coordinates.
    pub fn terms(&self, contract: &ContractId, part: &Part, at: At) -> Option<Terms<'_>> {
        let of = |part: &Part| {
            let term = self.timeline(&Key::Term(contract.clone(), part.clone()))?;
            let option = self.timeline(&Key::Extension(contract.clone(), part.clone()));
            terms(Some(term), option, at, &|_| true)
        };
        of(part).or_else(|| of(&Part::Whole))
    }

    /// What the register holds of a contract and its lots.
    pub fn registered(&self, contract: &ContractId, at: At) -> Registered<'_> {
        let held = |part: Part| {
            let of = |key: fn(ContractId, Part) -> Key| self.timeline(&key(contract.clone(), part.clone()));
            Held {
                at,
                status: of(Key::Status),
                term: of(Key::Term),
                option: of(Key::Extension),
                cap: of(|contract, part| Key::Clause(contract, part, "term-cap")),
                part,
            }
        };
        let lots = self.lots_of(contract, at).into_iter().map(|lot| (lot.clone(), held(Part::Lot(lot))));
        Registered { whole: held(Part::Whole), lots: lots.collect() }
    }

    /// The lots of a contract that are known, numbers in their order, then names.
    pub fn lots_of(&self, contract: &ContractId, at: At) -> Vec<LotId> {
        let mut lots: Vec<LotId> = self
            .timelines_of(contract)
            .filter_map(|(key, timeline)| match key {
                Key::Lot(_, lot) if timeline.is_counted(at) => Some(lot.clone()),
                _ => None,
            })
            .collect();
        let number = |lot: &LotId| lot.as_str().parse::<u32>().unwrap_or(u32::MAX);
        lots.sort_by(|a, b| number(a).cmp(&number(b)).then_with(|| a.cmp(b)));
        lots
    }

    /// Whether a service is in force: by firm facts alone, as a contract is. The word, and the figure behind it.
    pub fn service_status(&self, key: &Key, timeline: &Timeline, at: At) -> (State, Figure) {
        let selection = timeline.select(at);
        let figure = Figure::selected([&key.name(), "/status"].concat(), &selection, at.as_of);
        let state = match selection.answer {
            None => State::NotYet,
            Some(fact) => match (&fact.event().kind, fact.standing()) {
                (EventKind::ServiceRemoved { .. }, standing) if standing.is_firm() => State::Ended,
                (EventKind::ServiceRemoved { .. }, standing) => State::SaidToHaveEnded(standing),
                (_, standing) if standing.is_firm() => State::InForce,
                (_, standing) => State::SaidToBe(standing),
            },
        };
        state.with(figure)
    }
}

/// That the day of an end that was planned, proposed or inferred has passed: it ends nothing, and whoever reads must
/// see it.
fn end_passed(selection: &Selection<'_>, day: Day) -> Option<Doubt> {
    let is_end = |fact: &&&Fact| matches!(fact.event().kind, EventKind::Ended { .. });
    let end = selection.beside.iter().filter(is_end).find(|fact| fact.presence(day) != Presence::No)?;
    Some(Doubt::EndPassed(end.standing(), end.effective().plus_days(-1)))
}

/// A figure selected on a timeline that may not be there.
pub(crate) fn selected(timeline: Option<&Timeline>, name: String, at: At) -> Figure {
    match timeline {
        Some(timeline) => Figure::selected(name, &timeline.select(at), at.as_of),
        None => Figure::unknown(name, "not in the record"),
    }
}
