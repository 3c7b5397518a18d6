//! The value projection: value lines and stated totals, and what they come to a year, over a term, with options and
//! from a day to the end. Stated and computed stay two things: nothing here corrects a source.

use crate::all::Projections;
use crate::coordinates::At;
use crate::figure::{Figure, Knowing, Val, uncertain};
use crate::index::Projection;
use crate::key::Key;
use crate::prelude::*;
use crate::register::start_of;
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

impl Sum<'_> {
    fn add(&mut self, pounds: Decimal, slack: Decimal) {
        self.pounds += pounds;
        self.slack += slack;
        self.added += 1;
    }

    /// The sum as a figure, with how it was made.
    pub fn figure(&self, fact: impl ToString, how: impl ToString, basis: Option<Basis>) -> Figure {
        let silent = self.silent.iter().map(|days| format!("{days}: no amount is in the record"));
        let missing: Vec<String> = self.missing.iter().cloned().chain(silent).collect();
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

/// What a line is on a day: its amount with every change since it was set.
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
            Key::Line(_, line) if timeline.counted(at).next().is_some() => Some((key, line, timeline)),
            _ => None,
        })
    }

    /// The sum of some value lines of a contract.
    pub fn sum<'a>(
        &'a self,
        contract: &'a ContractId,
        window: Window,
        at: At,
        which: impl Fn(&ValueLine, &Timeline) -> bool,
    ) -> Sum<'a> {
        let mut sum = Sum::default();
        let lines: Vec<(&ValueLine, &Timeline)> = self
            .lines(contract, at)
            .filter(|(_, line, timeline)| which(line, timeline))
            .map(|(_, line, timeline)| (line, timeline))
            .collect();
        for (_, timeline) in &lines {
            add_line(&mut sum, timeline, window, at, &all);
        }
        if let Window::Range(range) = window {
            sum.silent = self.silent(contract, &lines, range, at);
        }
        sum
    }

    /// The days of a range, within the term of each part, for which no amount is stated of what the part is worth: what
    /// is summed is then not all of it. Lines that differ in name only stand in for each other.
    fn silent(
        &self,
        contract: &ContractId,
        lines: &[(&ValueLine, &Timeline)],
        range: TimeRange,
        at: At,
    ) -> Vec<TimeRange> {
        let mut streams: BTreeMap<ValueLine, Vec<&Timeline>> = BTreeMap::new();
        for (line, timeline) in lines.iter().filter(|(line, _)| line.measure.is_worth()) {
            streams.entry(ValueLine { name: None, ..(*line).clone() }).or_default().push(timeline);
        }
        let mut silent: Vec<TimeRange> = vec![];
        for (line, timelines) in streams {
            let term = self.terms(contract, &line.part, at).map_or(range, |terms| terms.with_options);
            let Some(due) = range.overlap(term) else { continue };
            let stated = |day| timelines.iter().any(|timeline| amount_on(timeline, at.on(day), &all).is_some());
            let mut last: Option<TimeRange> = None;
            for step in cut(&timelines, due, at, &all).into_iter().filter(|step| !stated(step.from)) {
                match &mut last {
                    Some(last) if last.end == step.from => last.end = step.end,
                    _ => silent.extend(last.replace(step)),
                }
            }
            silent.extend(last);
        }
        silent
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
            for (_, _, timeline) in self.lines(&lines.contract, at).filter(|(_, line, _)| self.matches(lines, line, at))
            {
                let at = if window == Window::Day { at.on(day) } else { at };
                add_line(&mut sum, timeline, window, at, &*alike(total, timeline, at));
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

fn add_line<'a>(sum: &mut Sum<'a>, timeline: &'a Timeline, window: Window, at: At, among: Among<'_>) {
    match window {
        Window::Range(range) => add_range(sum, timeline, range, at, among),
        Window::Day | Window::Yearly => {
            if let Some(amount) = amount_on(timeline, at, among) {
                add_amount(sum, &amount, window == Window::Yearly);
            }
        }
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

/// A range cut wherever a fact of the lines takes effect or stops.
fn cut(timelines: &[&Timeline], range: TimeRange, at: At, among: Among<'_>) -> Vec<TimeRange> {
    let mut borders: BTreeSet<Day> = [range.from, range.end].into();
    for fact in timelines.iter().flat_map(|timeline| timeline.counted(at)).filter(|fact| among(fact)) {
        let ends = fact.event().until.map(|until| until.plus_days(1));
        let spans = core::iter::once(fact.effective()).chain(ends);
        borders.extend(spans.flat_map(|span| [span.earliest(), span.latest()]).filter(|day| range.contains(*day)));
    }
    let days: Vec<Day> = borders.into_iter().collect();
    days.windows(2).map(|day| TimeRange { from: day[0], end: day[1] }).collect()
}

/// What a line is over a range, step by step: one step as long as the same facts give the same amount, so that what
/// only stands beside them divides nothing.
fn steps<'a>(timeline: &'a Timeline, range: TimeRange, at: At, among: Among<'_>) -> Vec<(TimeRange, Amount<'a>)> {
    let mut steps: Vec<(TimeRange, Amount<'a>)> = vec![];
    for next in cut(&[timeline], range, at, among) {
        let Some(amount) = amount_on(timeline, at.on(next.from), among) else { continue };
        match steps.last_mut() {
            Some((step, before)) if step.end == next.from && before.same(&amount) => {
                step.end = next.end;
                before.uncertain = before.uncertain.take().or(amount.uncertain);
            }
            _ => steps.push((next, amount)),
        }
    }
    steps
}

/// Adds up a line over a range.
fn add_range<'a>(sum: &mut Sum<'a>, timeline: &'a Timeline, range: TimeRange, at: At, among: Among<'_>) {
    let mut once: Vec<&Fact> = vec![];
    for (step, amount) in steps(timeline, range, at, among) {
        let Some(&source) = amount.facts.first() else { continue };
        let Knowledge::Known(money) = &amount.amount else {
            sum.missing.push(format!("{}: {}", step, reason(&amount.amount)));
            sum.facts.extend(amount.facts);
            continue;
        };
        sum.uncertain = sum.uncertain.take().or_else(|| amount.uncertain.clone());
        match amount.basis {
            Basis::Year => sum.add(step.years().of(money.pounds()), step.years().of(money.slack())),
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
        sum.facts.extend(amount.facts);
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
