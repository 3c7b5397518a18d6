//! The value projection: value lines and stated totals, and what they come to a year, over a term, with options and
//! from a day to the end. Stated and computed stay two things: nothing here corrects a source.

use crate::all::Projections;
use crate::coordinates::At;
use crate::figure::{Doubt, Figure, How, Knowing, Val, Why, money, uncertain};
use crate::index::Projection;
use crate::key::Key;
use crate::prelude::*;
use crate::register::{Terms, start_of};
use crate::timeline::{ByDay, Fact, Timeline};
use core::{cell::OnceCell, cmp::Ordering, fmt};
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
pub struct Sum {
    /// The pounds that are known.
    pub pounds: Decimal,
    /// The most that the precision of the parts can hide, either way.
    pub slack: Decimal,
    /// How many amounts went in.
    pub added: usize,
    /// Why it is not the whole sum: amounts that are unknown, withheld or not stated by year.
    pub missing: Vec<Lack>,
    /// The days within the term for which no amount is stated at all.
    pub silent: Vec<TimeRange>,
    /// Why an amount in it may not hold on the day, where one may not.
    pub uncertain: Option<Doubt>,
    /// The facts behind it.
    pub facts: Vec<Fact>,
}

/// What a sum lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// An amount that no source gives, and the days it would be for.
    Unknown(Option<TimeRange>, Arc<str>),
    /// One that is withheld.
    Withheld(Option<TimeRange>, Arc<str>),
    /// What an amount on this basis is a year.
    Yearly(Money, Basis),
    /// What of an amount on this basis falls into these days.
    Share(Money, Basis, TimeRange),
    /// The days of the whole period that an amount is for.
    Period(Money),
    /// An amount for these days.
    Amount(TimeRange),
    /// The days themselves: they end before they start.
    Days,
}

impl Lack {
    fn is_withheld_on(&self, ground: &str) -> bool {
        matches!(self, Self::Withheld(_, own) if **own == *ground)
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if let Self::Unknown(Some(days), _) | Self::Withheld(Some(days), _) = self {
            write!(out, "{days}: ")?;
        }
        match self {
            Self::Unknown(_, why) => out.write_str(why),
            Self::Withheld(_, ground) => write!(out, "withheld: {ground}"),
            Self::Yearly(money, basis) => write!(out, "{money} is stated {}, not by year", basis.words()),
            Self::Share(money, basis, days) => {
                write!(out, "{money} is stated {}, and not what of it falls into {days}", basis.words())
            }
            Self::Period(money) => write!(out, "{money} is for a whole period whose days are not exact"),
            Self::Amount(days) => write!(out, "{days}: no amount is in the record"),
            Self::Days => out.write_str("the total is said to be over days that end before they start"),
        }
    }
}

impl Sum {
    /// The sum of some lines of one contract, in the order of their keys, seen on a day.
    pub fn of(lines: &[&Course<'_>], window: Window, as_of: Day) -> Self {
        let mut sum = Self::default();
        for course in lines {
            sum.add_line(course.steps(), window, as_of);
        }
        if let Window::Range(range) = window {
            // Lines that differ in name only stand in for each other.
            for same in lines.chunk_by(|a, b| a.stands_in_for(b)).filter(|same| same[0].line.measure.is_worth()) {
                let silent = overlaps(&[range], same[0].silent());
                sum.silent.extend(same[1..].iter().fold(silent, |silent, other| overlaps(&silent, other.silent())));
            }
        }
        sum
    }

    fn add_line(&mut self, steps: &[Step<'_>], window: Window, day: Day) {
        match window {
            Window::Range(range) => add_range(self, steps, range),
            Window::Day | Window::Yearly => {
                if let Some(amount) = on_day(steps, day) {
                    add_amount(self, amount, window == Window::Yearly);
                }
            }
        }
    }

    fn add(&mut self, pounds: Decimal, slack: Decimal) {
        self.pounds += pounds;
        if !slack.is_zero() {
            self.slack += slack;
        }
        self.added += 1;
    }

    /// Why it is not the whole sum, where it is not.
    pub fn lacks(&self) -> impl Iterator<Item = Lack> {
        self.missing.iter().cloned().chain(self.silent.iter().copied().map(Lack::Amount))
    }

    /// The grounds on which amounts of it are withheld, each once.
    fn grounds(&self) -> Vec<Arc<str>> {
        let mut grounds: Vec<Arc<str>> = vec![];
        for lack in &self.missing {
            if let Lack::Withheld(_, ground) = lack
                && !grounds.contains(ground)
            {
                grounds.push(Arc::clone(ground));
            }
        }
        grounds
    }

    /// The sum as a figure, with how it was made.
    pub fn figure(self, fact: impl Into<String>, how: How, basis: Option<Basis>) -> Figure {
        let value = match self.lacks().next() {
            Some(lacks) => {
                let lacking = self.missing.len() + self.silent.len();
                let withheld = self.grounds().into_iter().filter(|ground| !lacks.is_withheld_on(ground)).collect();
                Knowing::Unknown(Why::Sum { lacks, withheld, lacking, added: self.added })
            }
            None if self.added == 0 => Knowing::Unknown("no amount in the record covers it".into()),
            None => Knowing::Known(Val::Money(to_the_penny(self.pounds), basis)),
        };
        let rounded = value.known().is_some() && !self.slack.is_zero();
        let how = if rounded { How::Rounded(Box::new(how), to_the_penny(self.slack)) } else { how };
        Figure { uncertain: self.uncertain, ..Figure::computed(fact, value, how, self.facts) }
    }
}

/// An amount that we computed, as money is written: to the penny.
pub(crate) fn to_the_penny(pounds: Decimal) -> Money {
    let mut pounds = pounds.round_dp(2);
    pounds.rescale(2);
    Money::exact(pounds)
}

/// All days but the last of the calendar, which no record reaches.
pub(crate) const EVER: TimeRange = TimeRange { from: Day::MIN, end: Day::MAX };

/// A value line over time: what it is on every day at one recorded and one decision coordinate.
#[derive(Debug)]
pub struct Course<'a> {
    /// Its key.
    pub key: &'a Key,
    /// The line.
    pub line: &'a ValueLine,
    /// Its facts.
    pub timeline: &'a Timeline,
    at: At,
    terms: Option<Terms<'a>>,
    /// Worked out when it is first asked for.
    steps: OnceCell<Vec<Step<'a>>>,
    silent: OnceCell<Vec<TimeRange>>,
}

/// The courses of contracts as they are asked for, each worked out once.
#[derive(Debug)]
pub struct Courses<'a> {
    all: &'a Projections,
    at: At,
    of: BTreeMap<&'a ContractId, Vec<Course<'a>>>,
}

impl<'a> Courses<'a> {
    /// At these coordinates, whatever day is asked about.
    pub fn new(all: &'a Projections, at: At) -> Self {
        Self { all, at, of: BTreeMap::new() }
    }

    /// Those of a contract, in the order of their keys.
    pub fn of(&mut self, contract: &'a ContractId) -> &[Course<'a>] {
        self.of.entry(contract).or_insert_with(|| self.all.courses(contract, self.at).collect())
    }
}

impl<'a> Course<'a> {
    /// What it is, step by step.
    fn steps(&self) -> &[Step<'a>] {
        self.steps.get_or_init(|| steps(self.timeline, self.at, &all, EVER))
    }

    /// The same of some days alone.
    pub(crate) fn steps_within(&self, days: TimeRange) -> Vec<Step<'a>> {
        steps(self.timeline, self.at, &all, days)
    }

    /// The other contracts that its amounts cover too, in order.
    pub fn with(&self) -> Vec<&'a ContractId> {
        let with = self.timeline.counted(self.at).filter_map(|fact| match &fact.event().kind {
            EventKind::ValueSet { with, .. } => Some(with),
            _ => None,
        });
        let mut with: Vec<&ContractId> = with.flatten().collect();
        with.sort();
        with.dedup();
        with
    }

    /// Its steps by those of its facts that stand as a stated total does: of the same standing where the total's own
    /// document has such, else of the same document, else all.
    fn steps_alike(&self, total: &Fact) -> Cow<'_, [Step<'a>]> {
        let same_document = |fact: &Fact| fact.shares_document(total);
        let same_standing = |fact: &Fact| fact.standing() == total.standing() && same_document(fact);
        let facts = || self.timeline.counted(self.at);
        let among: Among<'_> = match () {
            () if facts().any(same_standing) => &same_standing,
            () if facts().any(same_document) => &same_document,
            () => &all,
        };
        match facts().all(among) {
            true => Cow::Borrowed(self.steps()),
            false => Cow::Owned(steps(self.timeline, self.at, among, EVER)),
        }
    }

    /// The term of its part.
    pub fn terms(&self) -> Option<Terms<'a>> {
        self.terms
    }

    /// The days on which it is due: the term of its part, or all days where none is in the record.
    fn due(&self) -> TimeRange {
        self.terms().map_or(EVER, |terms| terms.with_options)
    }

    /// The days on which it is due and no amount is stated.
    fn silent(&self) -> &[TimeRange] {
        self.silent.get_or_init(|| gaps(self.steps(), self.due()))
    }

    /// What it is on the day of the question, with what stands beside it.
    pub fn figure(&self) -> Figure {
        let selection = self.timeline.select(self.at);
        let figure = Figure::selected(self.key.name(), &selection, self.at.as_of);
        let is_change = |fact: &&Fact| matches!(fact.event().kind, EventKind::ValueChanged { .. });
        let changed = selection.answer.filter(is_change).and_then(|_| on_day(self.steps(), self.at.as_of));
        let Some(amount) = changed else { return figure };
        let value = money(&amount.amount, amount.basis).into();
        let facts = amount.facts().cloned();
        let computed = Figure::computed(figure.fact, value, "as set, with every change since", facts);
        Figure { others: figure.others, uncertain: figure.uncertain, ..computed }
    }

    fn stands_in_for(&self, other: &Self) -> bool {
        let ValueLine { measure, part, party, funder, name: _ } = self.line;
        let line = other.line;
        (measure, part, party, funder) == (&line.measure, &line.part, &line.party, &line.funder)
    }
}

/// The days that are in both.
fn overlaps(days: &[TimeRange], others: &[TimeRange]) -> Vec<TimeRange> {
    days.iter().flat_map(|days| others.iter().filter_map(|other| days.overlap(*other))).collect()
}

/// Days within which nothing changes, and the amount on each of them.
pub(crate) type Step<'a> = (TimeRange, Amount<'a>);

/// What a line is on a day: its amount with every change since it was set.
#[derive(Debug, Clone)]
pub(crate) struct Amount<'a> {
    amount: Knowledge<Money>,
    /// Whether it is unknown since two sources conflict.
    pub(crate) conflicts: bool,
    basis: Basis,
    /// The fact that set it, or the first change where none did.
    set: &'a Fact,
    changes: Vec<&'a Fact>,
    pub(crate) uncertain: Option<Doubt>,
}

impl<'a> Amount<'a> {
    fn facts(&self) -> impl Iterator<Item = &'a Fact> {
        core::iter::once(self.set).chain(self.changes.iter().copied())
    }

    fn stand_behind(&self, sum: &mut Sum) {
        sum.facts.push(self.set.clone());
        sum.facts.extend(self.changes.iter().copied().cloned());
    }

    /// The amount, or what a sum lacks without it over these days.
    fn known(&self, days: Option<TimeRange>) -> Result<Money, Lack> {
        match &self.amount {
            Knowledge::Known(money) => Ok(*money),
            Knowledge::Unknown(why) => Err(Lack::Unknown(days, Arc::clone(why))),
            Knowledge::Withheld(ground) => Err(Lack::Withheld(days, Arc::clone(ground))),
        }
    }

    /// What it comes to a year, and the most that its precision can hide; or what a sum lacks without it.
    pub(crate) fn yearly(&self) -> Result<(Decimal, Decimal), Lack> {
        let money = self.known(None)?;
        match (self.basis, own_range(self.set)) {
            (Basis::Year | Basis::FullYear, _) => Ok((money.pounds(), money.slack())),
            (Basis::WholePeriod, Some(range)) => Ok((range.years().yearly(money.pounds()), money.slack())),
            _ => Err(Lack::Yearly(money, self.basis)),
        }
    }

    /// Whether all of it is by firm facts.
    pub(crate) fn is_firm(&self) -> bool {
        self.facts().all(|fact| fact.standing().is_firm())
    }

    /// Whether it is the same amount by the same facts, and not just another of the same size.
    fn same(&self, other: &Self) -> bool {
        self.amount == other.amount
            && self.changes.len() == other.changes.len()
            && self.facts().zip(other.facts()).all(|(a, b)| a.same(b))
    }
}

type Among<'p> = &'p dyn Fn(&Fact) -> bool;

fn all(_: &Fact) -> bool {
    true
}

fn amount_on<'a>(facts: &ByDay<'a>, day: Day) -> Option<Amount<'a>> {
    let selection = facts.in_effect(day);
    let fact = selection.answer?;
    if !selection.conflicting.is_empty() {
        return Some(Amount {
            amount: Knowledge::Unknown("two sources conflict".into()),
            conflicts: true,
            basis: basis_of(fact),
            set: fact,
            changes: vec![],
            uncertain: None,
        });
    }
    let uncertain = uncertain(&selection, fact, day);
    match &fact.event().kind {
        EventKind::ValueSet { amount, basis, .. } => {
            let amount = amount.clone();
            Some(Amount { amount, conflicts: false, basis: *basis, set: fact, changes: vec![], uncertain })
        }
        EventKind::ValueChanged { by, basis, .. } => {
            Some(Amount { uncertain, ..changed(facts, fact, by, *basis, day) })
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
fn changed<'a>(facts: &ByDay<'a>, change: &'a Fact, by: &Knowledge<Money>, basis: Basis, day: Day) -> Amount<'a> {
    let before = start_of(change.effective()).pred_opt().filter(|before| *before < day);
    let before = before.and_then(|before| amount_on(facts, before));
    let Some(mut changed) = before else {
        let amount = Knowledge::Unknown("what it was before it was changed is not in the record".into());
        return Amount { amount, conflicts: false, basis, set: change, changes: vec![], uncertain: None };
    };
    changed.amount = match (changed.amount, by) {
        (Knowledge::Known(old), Knowledge::Known(by)) => Knowledge::Known(Money::exact(old.pounds() + by.pounds())),
        (unknown, Knowledge::Known(_)) => unknown,
        (Knowledge::Known(old), _) => {
            let basis = changed.basis.words();
            Knowledge::Unknown(format!("it was {old} {basis}, and was changed by an amount that is not stated").into())
        }
        _ => Knowledge::Unknown("changed by an amount that is not stated".into()),
    };
    changed.changes.push(change);
    changed
}

impl Projections {
    /// The value lines of a contract, with their timelines.
    pub fn lines<'a>(
        &'a self,
        contract: &'a ContractId,
        at: At,
    ) -> impl Iterator<Item = (&'a Key, &'a ValueLine, &'a Timeline)> {
        self.timelines_of(contract).filter_map(move |(key, timeline)| match key {
            Key::Line(_, line) if timeline.is_counted(at) => Some((key, line, timeline)),
            _ => None,
        })
    }

    /// The value lines of a contract, with what each is on every day.
    pub fn courses<'a>(&'a self, contract: &'a ContractId, at: At) -> impl Iterator<Item = Course<'a>> {
        self.lines(contract, at).map(move |(key, line, timeline)| Course {
            key,
            line,
            timeline,
            at,
            terms: self.terms(contract, &line.part, at),
            steps: OnceCell::new(),
            silent: OnceCell::new(),
        })
    }

    /// The sum of some value lines of a contract.
    pub fn sum<'a>(
        &'a self,
        contract: &'a ContractId,
        window: Window,
        at: At,
        which: impl Fn(&ValueLine, &Timeline) -> bool,
    ) -> Sum {
        let courses: Vec<Course<'a>> =
            self.courses(contract, at).filter(|course| which(course.line, course.timeline)).collect();
        Sum::of(&courses.iter().collect::<Vec<_>>(), window, at.as_of)
    }

    /// The sum that a stated total claims to be, of figures that stand as the total does.
    pub fn sum_for_total<'a>(&'a self, total: &Fact, parts: &'a [Lines], courses: &mut Courses<'a>) -> Sum {
        let at = courses.at;
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
                sum.missing.push(Lack::Days);
                continue;
            };
            for course in courses.of(&lines.contract).iter().filter(|course| self.matches(lines, course.line, at)) {
                let steps = course.steps_alike(total);
                sum.add_line(&steps, window, day);
                // A day of the part's own term with no amount is not a day that costs nothing.
                if let Window::Range(range) = window
                    && let Some(due) = range.overlap(course.due())
                {
                    sum.silent.extend(gaps(&steps, due));
                }
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

fn add_amount(sum: &mut Sum, amount: &Amount<'_>, yearly: bool) {
    amount.stand_behind(sum);
    sum.uncertain = sum.uncertain.take().or_else(|| amount.uncertain.clone());
    let known = match yearly {
        true => amount.yearly(),
        false => amount.known(None).map(|money| (money.pounds(), money.slack())),
    };
    match known {
        Ok((pounds, slack)) => sum.add(pounds, slack),
        Err(lack) => sum.missing.push(lack),
    }
}

/// The range that an amount for a whole period is for.
fn own_range(set: &Fact) -> Option<TimeRange> {
    let event = set.event();
    TimeRange::to_last_day(event.effective.exact()?, event.until?.exact()?)
}

/// What a line is on some days, step by step, where any amount is stated.
fn steps<'a>(timeline: &'a Timeline, at: At, among: Among<'_>, days: TimeRange) -> Vec<Step<'a>> {
    let mut borders = Vec::with_capacity(2 + 4 * timeline.facts().len());
    let facts = || timeline.counted(at).filter(|fact| among(fact));
    for fact in facts() {
        let ends = fact.until().map(|until| until.plus_days(1));
        let spans = core::iter::once(fact.effective()).chain(ends);
        borders.extend(spans.flat_map(|span| [span.earliest(), span.latest()]));
    }
    // Nothing changes within a step, so any day of it tells; its last is never before all days.
    let by_day = ByDay::of(facts());
    let step = |days: TimeRange| Some((days, amount_on(&by_day, days.last_day())?));
    pieces(borders, days).filter_map(step).collect()
}

/// Some days, cut at these borders.
pub(crate) fn pieces(mut borders: Vec<Day>, days: TimeRange) -> impl Iterator<Item = TimeRange> {
    borders.retain(|day| days.from < *day && *day < days.end);
    borders.extend([days.from, days.end]);
    borders.sort_unstable();
    borders.dedup();
    let ends: Vec<Day> = borders.iter().copied().skip(1).collect();
    borders.into_iter().zip(ends).map(|(from, end)| TimeRange { from, end })
}

fn on_day<'s, 'a>(steps: &'s [Step<'a>], day: Day) -> Option<&'s Amount<'a>> {
    steps.iter().find(|(days, _)| days.contains(day)).map(|(_, amount)| amount)
}

/// The days of a range on which none of these steps has an amount.
fn gaps(steps: &[Step<'_>], range: TimeRange) -> Vec<TimeRange> {
    let mut gaps = vec![];
    let mut from = range.from;
    for days in steps.iter().filter_map(|(days, _)| days.overlap(range)) {
        gaps.extend((from < days.from).then_some(TimeRange { from, end: days.from }));
        from = days.end;
    }
    gaps.extend((from < range.end).then_some(TimeRange { from, end: range.end }));
    gaps
}

/// Adds up a line over a range: one step as long as the same facts give the same amount, so that what only stands
/// beside them divides nothing.
fn add_range(sum: &mut Sum, steps: &[Step<'_>], range: TimeRange) {
    let mut once: Vec<&Fact> = vec![];
    let mut steps = steps.iter().filter_map(|(days, amount)| Some((days.overlap(range)?, amount))).peekable();
    while let Some((mut step, amount)) = steps.next() {
        let mut uncertain = amount.uncertain.as_ref();
        while let Some((next, same)) = steps.next_if(|(next, other)| step.end == next.from && amount.same(other)) {
            step.end = next.end;
            uncertain = uncertain.or(same.uncertain.as_ref());
        }
        let money = match amount.known(Some(step)) {
            Ok(money) => money,
            Err(lack) => {
                sum.missing.push(lack);
                amount.stand_behind(sum);
                continue;
            }
        };
        sum.uncertain = sum.uncertain.take().or_else(|| uncertain.cloned());
        match amount.basis {
            Basis::Year => {
                let (years, slack) = (step.years(), money.slack());
                sum.add(years.of(money.pounds()), if slack.is_zero() { slack } else { years.of(slack) });
            }
            Basis::WholePeriod => add_share(sum, money, own_range(amount.set), step),
            // Once, however many steps it stands in.
            _ if once.iter().any(|seen| core::ptr::eq(*seen, amount.set)) => continue,
            Basis::Once => {
                once.push(amount.set);
                sum.add(money.pounds(), money.slack());
            }
            // A full year's amount for a year that lies in the range is the amount of that year.
            Basis::FullYear if own_range(amount.set) == Some(step) => sum.add(money.pounds(), money.slack()),
            Basis::FullYear | Basis::Unstated => {
                once.push(amount.set);
                sum.missing.push(Lack::Share(money, amount.basis, step));
            }
        }
        amount.stand_behind(sum);
    }
}

/// The share of an amount for a whole period that falls into a step of it, by months.
fn add_share(sum: &mut Sum, money: Money, whole: Option<TimeRange>, step: TimeRange) {
    let Some(whole) = whole else {
        sum.missing.push(Lack::Period(money));
        return;
    };
    let share = if step == whole { money.pounds() } else { step.years().of(whole.years().yearly(money.pounds())) };
    sum.add(share, money.slack());
}

impl Projections {
    /// The totals of a contract that had been stated, or whose period had begun, by the day of the question.
    pub fn stated_totals<'a>(&'a self, contract: &'a ContractId, at: At) -> impl Iterator<Item = (&'a Key, &'a Fact)> {
        self.timelines_of(contract)
            .filter(|(key, _)| matches!(key, Key::Total(..)))
            .flat_map(move |(key, timeline)| timeline.stated(at).map(move |fact| (key, fact)))
    }

    /// A stated total with ours beside it: for each reading, its label and our sum.
    pub fn readings<'a>(&'a self, total: &'a Fact, courses: &mut Courses<'a>) -> Vec<(&'a str, Sum)> {
        match &total.event().kind {
            EventKind::TotalStated { readings, .. } => readings
                .iter()
                .map(|reading| (reading.label.as_str(), self.sum_for_total(total, &reading.parts, courses)))
                .collect(),
            _ => vec![],
        }
    }
}

/// Whether two amounts are the same as far as their precision shows.
pub(crate) fn compare(stated: Decimal, computed: Decimal, slack: Decimal) -> Ordering {
    if (stated - computed).abs() <= slack { Ordering::Equal } else { stated.cmp(&computed) }
}
