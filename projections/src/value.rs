//! The value projection: value lines and stated totals, and what they come to a year, over a term, with options and
//! from a day to the end. Stated and computed stay two things: nothing here corrects a source.

use crate::all::Projections;
use crate::coordinates::At;
use crate::figure::{Figure, Knowing, Val, uncertain};
use crate::index::Projection;
use crate::key::Key;
use crate::prelude::*;
use crate::register::{Terms, start_of};
use crate::timeline::{Fact, Presence, Timeline};
use core::cmp::Ordering;
use minutebook_events::{
    Basis, ContractId, Day, Entry, EventKind, Knowledge, Lines, Money, PartyId, Position, TimeRange, ValueLine,
};
use rust_decimal::Decimal;

/// Value lines and stated totals.
#[derive(Debug, Clone, Copy)]
pub struct Value;

impl Projection for Value {
    const NAME: &'static str = "value";
    const VERSION: u32 = 1;

    fn keys(entry: &Entry, place: u16, _: Position) -> Vec<Key> {
        match &entry.events[usize::from(place)].kind {
            EventKind::ValueSet { contract, line, .. } | EventKind::ValueChanged { contract, line, .. } => {
                vec![Key::Line(contract.clone(), line.clone())]
            }
            EventKind::TotalStated { contract, total, .. } => vec![Key::Total(contract.clone(), total.clone())],
            _ => vec![],
        }
    }
}

/// What a sum counts: a rate on the day of the question, or all that falls into a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// What the lines are on the day, as they are stated.
    Day,
    /// What the lines come to a year on the day.
    Yearly,
    /// What the lines come to over a range.
    Range(TimeRange),
}

/// A sum of value lines, with what it could not add.
#[derive(Debug, Clone, Default)]
pub struct Sum<'a> {
    /// The pounds that are known.
    pub pounds: Decimal,
    /// The most that the precision of the parts can hide, either way.
    pub slack: Decimal,
    /// How many amounts went in.
    pub added: usize,
    /// Why it is not the whole sum: amounts that are unknown, withheld or not stated by year.
    pub missing: Vec<String>,
    /// The days within the term for which no amount is stated at all.
    pub silent: Vec<TimeRange>,
    /// Why an amount in it may not hold on the day, where one may not.
    pub uncertain: Option<String>,
    /// The facts behind it.
    pub facts: Vec<&'a Fact>,
}

impl Window {
    /// The days that it looks at, in a question of a day.
    fn days(self, as_of: Day) -> TimeRange {
        match self {
            Self::Day | Self::Yearly => TimeRange::to_last_day(as_of, as_of).unwrap_or(EVER),
            Self::Range(range) => range,
        }
    }
}

impl<'a> Sum<'a> {
    /// The sum of some lines of one contract, seen on a day.
    pub fn of<'c>(lines: impl Iterator<Item = &'c Course<'a>> + Clone, window: Window, as_of: Day) -> Self
    where
        'a: 'c,
    {
        let mut sum = Self::default();
        for course in lines.clone() {
            sum.add_line(&course.steps, window, as_of);
        }
        if let Window::Range(range) = window {
            sum.silent = silent(lines, range);
        }
        sum
    }

    fn add_line(&mut self, steps: &[Step<'a>], window: Window, day: Day) {
        match window {
            Window::Range(range) => add_range(self, steps, range),
            Window::Day | Window::Yearly => {
                if let Some((_, amount)) = steps.iter().find(|(days, _)| days.contains(day)) {
                    add_amount(self, amount, window == Window::Yearly);
                }
            }
        }
    }

    fn add(&mut self, pounds: Decimal, slack: Decimal) {
        self.pounds += pounds;
        self.slack += slack;
        self.added += 1;
    }

    /// Why it is not the whole sum, where it is not.
    pub fn lacks(&self) -> Vec<String> {
        let silent = self.silent.iter().map(|days| format!("{days}: no amount is in the record"));
        self.missing.iter().cloned().chain(silent).collect()
    }

    /// The sum as a figure, with how it was made.
    pub fn figure(&self, fact: impl ToString, how: impl ToString, basis: Option<Basis>) -> Figure {
        let missing = self.lacks();
        let value = match (missing.first(), self.added) {
            (Some(why), 0) if missing.len() == 1 => Knowing::Unknown(why.clone()),
            (Some(why), added) => {
                let missing = missing.len();
                Knowing::Unknown(format!("{missing} of {} amounts are not known; the first: {why}", missing + added))
            }
            (None, 0) => Knowing::Unknown("no amount for it is in the record".to_owned()),
            (None, _) => Knowing::Known(Val::Money(to_the_penny(self.pounds), basis)),
        };
        let mut how = how.to_string();
        if value.known().is_some() && !self.slack.is_zero() {
            how = format!("{how}; its parts are rounded, by {} at the most", to_the_penny(self.slack));
        }
        let figure = Figure::computed(fact, value, how, self.facts.iter().copied());
        Figure { uncertain: self.uncertain.clone(), ..figure }
    }
}

/// An amount that we computed, as money is written: to the penny.
pub(crate) fn to_the_penny(pounds: Decimal) -> Money {
    let mut pounds = pounds.round_dp(2);
    pounds.rescale(2);
    Money::exact(pounds)
}

/// All days but the last of the calendar, which no record reaches.
const EVER: TimeRange = TimeRange { from: Day::MIN, end: Day::MAX };

/// A value line over time: what it is on every day at one recorded and one decision coordinate.
#[derive(Debug, Clone)]
pub struct Course<'a> {
    /// Its key.
    pub key: &'a Key,
    /// The line.
    pub line: &'a ValueLine,
    /// Its facts.
    pub timeline: &'a Timeline,
    /// The term of its part.
    pub terms: Option<Terms<'a>>,
    steps: Vec<Step<'a>>,
}

/// Days within which nothing changes, and the amount on each of them.
type Step<'a> = (TimeRange, Amount<'a>);

/// The days of a range, within the term of each part, for which no amount is stated of what the part is worth: what
/// is summed is then not all of it. Lines that differ in name only stand in for each other.
fn silent<'c, 'a: 'c>(lines: impl Iterator<Item = &'c Course<'a>>, range: TimeRange) -> Vec<TimeRange> {
    let mut streams: BTreeMap<_, Vec<&Course<'_>>> = BTreeMap::new();
    for course in lines.filter(|course| course.line.measure.is_worth()) {
        let ValueLine { measure, part, party, funder, name: _ } = course.line;
        streams.entry((*measure, part, party, funder)).or_default().push(course);
    }
    let of_stream = |lines: Vec<&Course<'_>>| {
        let term = lines.first().and_then(|course| course.terms.as_ref()).map_or(range, |terms| terms.with_options);
        range.overlap(term).map_or_else(Vec::new, |due| gaps(lines.iter().flat_map(|course| &course.steps), due))
    };
    streams.into_values().flat_map(of_stream).collect()
}

/// What a line is on a day: its amount with every change since it was set.
#[derive(Debug, Clone)]
struct Amount<'a> {
    amount: Knowledge<Money>,
    basis: Basis,
    facts: Vec<&'a Fact>,
    uncertain: Option<String>,
}

impl Amount<'_> {
    /// Whether it is the same amount by the same facts, and not just another of the same size.
    fn same(&self, other: &Self) -> bool {
        self.amount == other.amount
            && self.facts.len() == other.facts.len()
            && self.facts.iter().zip(&other.facts).all(|(a, b)| a.same(b))
    }
}

type Among<'p> = &'p dyn Fn(&Fact) -> bool;

fn all(_: &Fact) -> bool {
    true
}

fn amount_on<'a>(timeline: &'a Timeline, at: At, among: Among<'_>) -> Option<Amount<'a>> {
    let selection = timeline.select_among(at, among);
    let fact = selection.answer?;
    if !selection.conflicting.is_empty() {
        return Some(Amount {
            amount: Knowledge::Unknown("two sources conflict".into()),
            basis: basis_of(fact),
            facts: vec![fact],
            uncertain: None,
        });
    }
    let uncertain = uncertain(&selection, fact, at.as_of);
    match &fact.event().kind {
        EventKind::ValueSet { amount, basis, .. } => {
            Some(Amount { amount: amount.clone(), basis: *basis, facts: vec![fact], uncertain })
        }
        EventKind::ValueChanged { by, basis, .. } => {
            Some(Amount { uncertain, ..changed(timeline, fact, by, *basis, at, among) })
        }
        _ => None,
    }
}

fn basis_of(fact: &Fact) -> Basis {
    match &fact.event().kind {
        EventKind::ValueSet { basis, .. } | EventKind::ValueChanged { basis, .. } => *basis,
        _ => Basis::Unstated,
    }
}

/// What was there the day before, and the change: unknown where either is.
fn changed<'a>(
    timeline: &'a Timeline,
    change: &'a Fact,
    by: &Knowledge<Money>,
    basis: Basis,
    at: At,
    among: Among<'_>,
) -> Amount<'a> {
    let before = start_of(change.effective()).pred_opt().filter(|day| *day < at.as_of);
    let before = before.and_then(|day| amount_on(timeline, at.on(day), among));
    let (amount, basis, mut facts) = match (before, by) {
        (Some(before), Knowledge::Known(by)) => match before.amount {
            Knowledge::Known(old) => {
                (Knowledge::Known(Money::exact(old.pounds() + by.pounds())), before.basis, before.facts)
            }
            unknown => (unknown, before.basis, before.facts),
        },
        (Some(before), _) => {
            let why = match &before.amount {
                Knowledge::Known(old) => {
                    format!("it was {old} {}, and was changed by an amount that is not stated", before.basis.words())
                }
                _ => "changed by an amount that is not stated".to_owned(),
            };
            (Knowledge::Unknown(why.into()), before.basis, before.facts)
        }
        (None, _) => {
            (Knowledge::Unknown("what it was before it was changed is not in the record".into()), basis, vec![])
        }
    };
    facts.push(change);
    Amount { amount, basis, facts, uncertain: None }
}

impl Projections {
    /// What a value line is on the day, with what stands beside it.
    pub fn line_figure(&self, key: &Key, at: At) -> Figure {
        let Some(timeline) = self.value.timeline(key) else {
            return Figure::unknown(key, "not in the record");
        };
        let selection = timeline.select(at);
        let mut figure = Figure::selected(key, &selection, at.as_of);
        let is_change =
            selection.answer.is_some_and(|fact| matches!(fact.event().kind, EventKind::ValueChanged { .. }));
        if is_change && let Some(amount) = amount_on(timeline, at, &all) {
            let value = match amount.amount {
                Knowledge::Known(money) => Knowing::Known(Val::Money(money, Some(amount.basis))),
                Knowledge::Unknown(why) => Knowing::Unknown(why.to_string()),
                Knowledge::Withheld(ground) => Knowing::Withheld(ground.to_string()),
            };
            let computed = Figure::computed(key, value, "as set, with every change since", amount.facts);
            figure = Figure { others: figure.others, uncertain: figure.uncertain, ..computed };
        }
        figure
    }

    /// The value lines of a contract, with their timelines.
    pub fn lines<'a>(
        &'a self,
        contract: &'a ContractId,
        at: At,
    ) -> impl Iterator<Item = (&'a Key, &'a ValueLine, &'a Timeline)> {
        self.value.of(contract).filter_map(move |(key, timeline)| match key {
            Key::Line(_, line) if timeline.is_counted(at) => Some((key, line, timeline)),
            _ => None,
        })
    }

    /// The value lines of a contract, with what each is on every day.
    pub fn courses<'a>(&'a self, contract: &'a ContractId, at: At) -> impl Iterator<Item = Course<'a>> {
        let course = move |(key, line, timeline)| self.course(contract, key, line, timeline, EVER, at);
        self.lines(contract, at).map(course)
    }

    fn course<'a>(
        &'a self,
        contract: &ContractId,
        key: &'a Key,
        line: &'a ValueLine,
        timeline: &'a Timeline,
        days: TimeRange,
        at: At,
    ) -> Course<'a> {
        let terms = self.terms(contract, &line.part, at);
        Course { key, line, timeline, terms, steps: steps(timeline, days, at, &all) }
    }

    /// The sum of some value lines of a contract.
    pub fn sum<'a>(
        &'a self,
        contract: &'a ContractId,
        window: Window,
        at: At,
        which: impl Fn(&ValueLine, &Timeline) -> bool,
    ) -> Sum<'a> {
        let lines = self.lines(contract, at).filter(|(_, line, timeline)| which(line, timeline));
        let courses: Vec<Course<'a>> = lines
            .map(|(key, line, timeline)| self.course(contract, key, line, timeline, window.days(at.as_of), at))
            .collect();
        Sum::of(courses.iter(), window, at.as_of)
    }

    /// The sum that a stated total claims to be, of figures that stand as the total does: of the same standing where
    /// its own document has such, else of the same document, else of any.
    pub fn sum_for_total<'a>(&'a self, total: &Fact, parts: &'a [Lines], at: At) -> Sum<'a> {
        let mut sum = Sum::default();
        let day = total.effective().exact().unwrap_or_else(|| match total.effective().latest() {
            Day::MAX => total.effective().earliest(),
            latest => latest,
        });
        for lines in parts {
            let window = match (lines.from, lines.until) {
                (None, None) => Some(Window::Day),
                (from, until) => {
                    TimeRange::to_last_day(from.unwrap_or(day), until.unwrap_or(Day::MAX)).map(Window::Range)
                }
            };
            let Some(window) = window else {
                sum.missing.push("the total is said to be over days that end before they start".to_owned());
                continue;
            };
            for (_, line, timeline) in
                self.lines(&lines.contract, at).filter(|(_, line, _)| self.matches(lines, line, at))
            {
                let steps = steps(timeline, window.days(day), at, &*alike(total, timeline, at));
                sum.add_line(&steps, window, day);
                // A day of the part's own term with no amount is not a day that costs nothing.
                let due = match (window, self.terms(&lines.contract, &line.part, at)) {
                    (Window::Range(range), Some(terms)) => range.overlap(terms.with_options),
                    (Window::Range(range), None) => Some(range),
                    (Window::Day | Window::Yearly, _) => None,
                };
                sum.silent.extend(due.into_iter().flat_map(|due| gaps(steps.iter(), due)));
            }
        }
        sum
    }

    fn matches(&self, lines: &Lines, line: &ValueLine, at: At) -> bool {
        let is_among =
            |funder: &PartyId| lines.funders.contains(funder) || lines.funders.contains(&self.whole_party(funder, at));
        line.measure == lines.measure
            && (lines.parts.is_empty() || lines.parts.contains(&line.part))
            && (lines.parties.is_empty() || line.party.as_ref().is_some_and(|party| lines.parties.contains(party)))
            && (lines.funders.is_empty() || line.funder.as_ref().is_some_and(is_among))
            && (lines.names.is_empty() || line.name.as_ref().is_some_and(|name| lines.names.contains(name)))
    }
}

/// Which facts of a line a stated total is held to.
fn alike<'t>(total: &'t Fact, timeline: &Timeline, at: At) -> alloc::boxed::Box<dyn Fn(&Fact) -> bool + 't> {
    let same_document = move |fact: &Fact| {
        fact.event().sources.iter().any(|a| total.event().sources.iter().any(|b| a.document == b.document))
    };
    let same_standing = move |fact: &Fact| same_document(fact) && fact.standing() == total.standing();
    if timeline.counted(at).any(same_standing) {
        alloc::boxed::Box::new(same_standing)
    } else if timeline.counted(at).any(same_document) {
        alloc::boxed::Box::new(same_document)
    } else {
        alloc::boxed::Box::new(all)
    }
}

fn add_amount<'a>(sum: &mut Sum<'a>, amount: &Amount<'a>, yearly: bool) {
    sum.facts.extend(amount.facts.iter().copied());
    sum.uncertain = sum.uncertain.take().or_else(|| amount.uncertain.clone());
    match &amount.amount {
        Knowledge::Known(money) if !yearly || matches!(amount.basis, Basis::Year | Basis::FullYear) => {
            sum.add(money.pounds(), money.slack());
        }
        Knowledge::Known(money) => match (amount.basis, own_range(&amount.facts)) {
            (Basis::WholePeriod, Some(range)) => sum.add(range.years().yearly(money.pounds()), money.slack()),
            _ => sum.missing.push(format!("{money} is stated {}, not by year", amount.basis.words())),
        },
        unknown => sum.missing.push(reason(unknown)),
    }
}

/// The range that an amount for a whole period is for.
fn own_range(facts: &[&Fact]) -> Option<TimeRange> {
    let event = facts.first()?.event();
    TimeRange::to_last_day(event.effective.exact()?, event.until?.exact()?)
}

/// A range cut wherever a fact of a line takes effect or stops.
fn cut(timeline: &Timeline, range: TimeRange, at: At, among: Among<'_>) -> Vec<TimeRange> {
    let mut borders = vec![range.from, range.end];
    for fact in timeline.counted(at).filter(|fact| among(fact)) {
        let ends = fact.event().until.map(|until| until.plus_days(1));
        let spans = core::iter::once(fact.effective()).chain(ends);
        borders.extend(spans.flat_map(|span| [span.earliest(), span.latest()]).filter(|day| range.contains(*day)));
    }
    borders.sort_unstable();
    borders.dedup();
    borders.windows(2).map(|day| TimeRange { from: day[0], end: day[1] }).collect()
}

/// What a line is over a range, step by step, where any amount is stated.
fn steps<'a>(timeline: &'a Timeline, range: TimeRange, at: At, among: Among<'_>) -> Vec<Step<'a>> {
    // Nothing changes within a step, so any day of it tells; its last is never before all days.
    let step = |days: TimeRange| Some((days, amount_on(timeline, at.on(days.last_day()), among)?));
    cut(timeline, range, at, among).into_iter().filter_map(step).collect()
}

/// The days of a range on which none of these steps has an amount.
fn gaps<'s, 'a: 's>(steps: impl Iterator<Item = &'s Step<'a>>, range: TimeRange) -> Vec<TimeRange> {
    let mut stated: Vec<TimeRange> = steps.filter_map(|(days, _)| days.overlap(range)).collect();
    stated.sort_unstable_by_key(|days| days.from);
    let mut gaps = vec![];
    let mut from = range.from;
    for days in stated {
        gaps.extend((from < days.from).then_some(TimeRange { from, end: days.from }));
        from = from.max(days.end);
    }
    gaps.extend((from < range.end).then_some(TimeRange { from, end: range.end }));
    gaps
}

/// Adds up a line over a range: one step as long as the same facts give the same amount, so that what only stands
/// beside them divides nothing.
fn add_range<'a>(sum: &mut Sum<'a>, steps: &[Step<'a>], range: TimeRange) {
    let mut once: Vec<&Fact> = vec![];
    let mut steps = steps.iter().filter_map(|(days, amount)| Some((days.overlap(range)?, amount))).peekable();
    while let Some((mut step, amount)) = steps.next() {
        let mut uncertain = amount.uncertain.as_ref();
        while let Some((next, same)) = steps.next_if(|(next, other)| step.end == next.from && amount.same(other)) {
            step.end = next.end;
            uncertain = uncertain.or(same.uncertain.as_ref());
        }
        let Some(&source) = amount.facts.first() else { continue };
        let Knowledge::Known(money) = &amount.amount else {
            sum.missing.push(format!("{}: {}", step, reason(&amount.amount)));
            sum.facts.extend_from_slice(&amount.facts);
            continue;
        };
        sum.uncertain = sum.uncertain.take().or_else(|| uncertain.cloned());
        match amount.basis {
            Basis::Year => {
                let years = step.years();
                sum.add(years.of(money.pounds()), years.of(money.slack()));
            }
            Basis::WholePeriod => add_share(sum, *money, own_range(&amount.facts), step),
            // Once, however many steps it stands in.
            _ if once.iter().any(|seen| core::ptr::eq(*seen, source)) => continue,
            Basis::Once => {
                once.push(source);
                sum.add(money.pounds(), money.slack());
            }
            // A full year's amount for a year that lies in the range is the amount of that year.
            Basis::FullYear if own_range(&amount.facts) == Some(step) => sum.add(money.pounds(), money.slack()),
            Basis::FullYear | Basis::Unstated => {
                once.push(source);
                let basis = amount.basis.words();
                sum.missing.push(format!("{money} is stated {basis}, and not what of it falls into {step}"));
            }
        }
        sum.facts.extend_from_slice(&amount.facts);
    }
}

/// The share of an amount for a whole period that falls into a step of it, by months.
fn add_share(sum: &mut Sum<'_>, money: Money, whole: Option<TimeRange>, step: TimeRange) {
    let Some(whole) = whole else {
        sum.missing.push(format!("{money} is for a whole period whose days are not exact"));
        return;
    };
    let share = if step == whole { money.pounds() } else { step.years().of(whole.years().yearly(money.pounds())) };
    sum.add(share, money.slack());
}

/// Why an amount cannot be added.
fn reason(amount: &Knowledge<Money>) -> String {
    match amount {
        Knowledge::Known(money) => money.to_string(),
        Knowledge::Unknown(why) => why.to_string(),
        Knowledge::Withheld(ground) => format!("withheld: {ground}"),
    }
}

impl Projections {
    /// The totals of a contract that had been stated, or whose period had begun, by the day of the question.
    pub fn stated_totals<'a>(&'a self, contract: &'a ContractId, at: At) -> impl Iterator<Item = (&'a Key, &'a Fact)> {
        self.value.of(contract).filter(|(key, _)| matches!(key, Key::Total(..))).flat_map(move |(key, timeline)| {
            timeline.counted(at).filter(move |fact| spoken(fact, at.as_of)).map(move |fact| (key, fact))
        })
    }

    /// A stated total with ours beside it: for each reading, its label and our sum.
    pub fn readings<'a>(&'a self, total: &'a Fact, at: At) -> Vec<(&'a str, Sum<'a>)> {
        match &total.event().kind {
            EventKind::TotalStated { readings, .. } => readings
                .iter()
                .map(|reading| (reading.label.as_str(), self.sum_for_total(total, &reading.parts, at)))
                .collect(),
            _ => vec![],
        }
    }
}

/// Whether two amounts are the same as far as their precision shows.
pub(crate) fn compare(stated: Decimal, computed: Decimal, slack: Decimal) -> Ordering {
    if (stated - computed).abs() <= slack { Ordering::Equal } else { stated.cmp(&computed) }
}

/// Whether a statement had been made, or what it is about had begun, by the day of the question.
pub(crate) fn spoken(fact: &Fact, as_of: Day) -> bool {
    fact.act().decided.earliest() <= as_of || fact.presence(as_of) != Presence::No
}
