//! A figure: one value with how it is known, how firmly it stands, where it comes from and what stands beside it.
//! Every answer is made of figures; none is made anywhere else. A figure keeps facts and amounts, and is worded only
//! where it is shown.

use crate::prelude::*;
use crate::register::State;
use crate::timeline::{Fact, Presence, Selection};
use crate::value::Lack;
use core::fmt;
use minutebook_events::{
    ActRef, Basis, DateSpan, Day, Event, EventKind, Knowledge, Money, Months, PartyId, Position, Source, Standing,
    TimeRange,
};
use serde::{Serialize, Serializer};

/// A value that a figure can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Val {
    /// Words.
    Text(Cow<'static, str>),
    /// Several, in order.
    List(Vec<String>),
    /// A date, as precisely as it is known.
    Date(DateSpan),
    /// Money, and what it is for.
    Money(Money, Option<Basis>),
    /// A count.
    Count(u64),
    /// Whether something is in force.
    State(State),
    /// An organisation: its id, and what it is called, where whoever asked wants to know.
    Party(PartyId, Option<String>),
}

impl Val {
    /// The value as a person reads it.
    pub fn words(&self) -> String {
        match self {
            Self::Text(text) => text.clone().into_owned(),
            Self::List(items) => items.join(", "),
            Self::Date(date) => date.to_string(),
            Self::Money(money, None) => money.to_string(),
            Self::Money(money, Some(basis)) => format!("{money} {}", basis.words()),
            Self::Count(count) => count.to_string(),
            Self::State(state) => state.to_string(),
            Self::Party(id, None) => id.to_string(),
            Self::Party(_, Some(name)) => name.clone(),
        }
    }
}

impl Serialize for Val {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::List(items) => items.serialize(to),
            Self::Date(date) => date.serialize(to),
            // Decimal strings to the penny: no reader of JSON makes a float of them.
            Self::Money(money, _) => to.serialize_str(&format!("{:.2}", money.pounds())),
            Self::Count(count) => to.serialize_u64(*count),
            Self::State(state) => to.collect_str(state),
            Self::Party(id, _) => id.serialize(to),
        }
    }
}

/// How a figure is known: one of four, never an empty cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knowing {
    /// The value.
    Known(Val),
    /// Not in the record, and why we say so.
    Unknown(Why),
    /// Exempt, and on which ground.
    Withheld(Arc<str>),
    /// Sources differ; each of them stands under `others` too.
    Conflicting(Vec<String>),
}

impl Knowing {
    /// As a person reads it.
    pub fn words(&self) -> String {
        match self {
            Self::Known(value) => value.words(),
            Self::Unknown(why) => format!("not determined: {why}"),
            Self::Withheld(ground) => format!("withheld: {ground}"),
            Self::Conflicting(values) => format!("sources conflict: {}", values.join(" / ")),
        }
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::Unknown(_) => "unknown",
            Self::Withheld(_) => "withheld",
            Self::Conflicting(_) => "conflicting",
        }
    }

    /// The value, where there is one.
    pub fn known(&self) -> Option<&Val> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }
}

impl From<Knowledge<Val>> for Knowing {
    fn from(knowledge: Knowledge<Val>) -> Self {
        match knowledge {
            Knowledge::Known(value) => Self::Known(value),
            Knowledge::Unknown(why) => Self::Unknown(Why::Stated(why)),
            Knowledge::Withheld(ground) => Self::Withheld(ground),
        }
    }
}

/// Why a figure has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// In our words.
    Words(Cow<'static, str>),
    /// In those of a source.
    Stated(Arc<str>),
    /// Nothing is in effect on the day.
    Nothing,
    /// Nothing is in effect, and what stands around the day.
    NotOnTheDay {
        /// What was in effect last.
        last: Option<(Fact, DateSpan)>,
        /// Whether anything stands beside that takes effect later.
        later: bool,
    },
    /// A sum is not whole.
    Sum {
        /// What it lacks first.
        lacks: Lack,
        /// On which other grounds amounts of it are withheld.
        withheld: Vec<Arc<str>>,
        /// How much it lacks.
        lacking: usize,
        /// How many amounts it has.
        added: usize,
    },
}

impl<T: Into<Cow<'static, str>>> From<T> for Why {
    fn from(words: T) -> Self {
        Self::Words(words.into())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Words(words) => out.write_str(words),
            Self::Stated(words) => out.write_str(words),
            Self::Nothing => out.write_str("nothing in effect on this day"),
            Self::NotOnTheDay { last: None, later: false } => out.write_str("not in the record"),
            Self::NotOnTheDay { last, later } => {
                Self::Nothing.fmt(out)?;
                if let Some((fact, until)) = last {
                    write!(out, "; the last was {} ({}), to {until}", said(fact), fact.standing())?;
                }
                out.write_str(if *later { "; what takes effect later stands beside" } else { "" })
            }
            Self::Sum { lacks, lacking: 1, added: 0, .. } => lacks.fmt(out),
            Self::Sum { lacks, withheld, lacking, added } => {
                write!(out, "{lacking} of {} amounts are not known; the first: {lacks}", lacking + added)?;
                withheld.iter().try_for_each(|ground| write!(out, "; withheld: {ground}"))
            }
        }
    }
}

/// How a figure was computed, where no source states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// In our words.
    Words(Cow<'static, str>),
    /// A lot with no status of its own has that of the whole contract.
    AsTheWhole,
    /// A contract with no status of its own has that of so many of its lots.
    OfLots(usize, usize),
    /// What was in force by a firm fact ended with its firm term.
    TermRan(DateSpan),
    /// A term may last so long from its start.
    CapFrom(Months, DateSpan),
    /// A sum of so many lines of a kind on the day.
    Lines(usize, Arc<str>),
    /// A sum over contracts.
    Total(Counts),
    /// A sum over a range, by how much of a year it is.
    Over(TimeRange),
    /// A sum over a financial year.
    Year(TimeRange),
    /// Of parts that are rounded, by so much at the most.
    Rounded(Box<How>, Money),
}

impl<T: Into<Cow<'static, str>>> From<T> for How {
    fn from(words: T) -> Self {
        Self::Words(words.into())
    }
}

impl fmt::Display for How {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Words(words) => out.write_str(words),
            Self::AsTheWhole => out.write_str("as the whole contract"),
            Self::OfLots(some, all) => write!(out, "by {some} of its {all} lots"),
            Self::TermRan(last) => {
                write!(out, "its firm term ran to {last}, and no firm extension is in the record")
            }
            Self::CapFrom(months, start) => write!(out, "{months} at the most from {start}"),
            Self::Lines(added, lines) => write!(out, "sum of {added} {lines} lines in effect on the day, by year"),
            Self::Total(counts) => counts.fmt(out),
            Self::Over(range) => write!(out, "{} over {range}", range.years()),
            Self::Year(year) => write!(out, "sum over {year}"),
            Self::Rounded(how, slack) => write!(out, "{how}; its parts are rounded, by {slack} at the most"),
        }
    }
}

impl How {
    /// Of how much a sum over contracts is.
    pub fn counts(&self) -> Option<Counts> {
        match self {
            Self::Total(counts) => Some(*counts),
            Self::Rounded(how, _) => how.counts(),
            _ => None,
        }
    }
}

/// Of how much a sum over contracts is: such a figure names no facts, which may be any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// How many contracts, each once.
    pub contracts: i64,
    /// How many amounts, known or not.
    pub amounts: i64,
    /// How many of them are known: those that were added.
    pub known: i64,
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Self { contracts, amounts, known } = *self;
        let s = |number: i64| if number == 1 { "" } else { "s" };
        match amounts {
            0 => out.write_str("no amount")?,
            _ if known == amounts => write!(out, "{amounts} amount{}", s(amounts))?,
            _ => write!(out, "{known} of {amounts} amount{}", s(amounts))?,
        }
        write!(out, " of {contracts} contract{}", s(contracts))
    }
}

/// Why a figure may not hold on the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The day falls into the span of its last day.
    LastDay(DateSpan),
    /// The day falls into the span in which it takes effect.
    TakesEffect(DateSpan),
    /// The day falls into a span of a fact that would replace it.
    Replaced(Fact),
    /// An end that was planned, proposed or inferred has passed: how firmly it was, and its last day.
    EndPassed(Standing, DateSpan),
    /// The longest term it may have ran to this day.
    PastCap(Months, Day),
    /// Its term ran to this day, and how firmly.
    TermRan(DateSpan, Standing),
}

impl fmt::Display for Doubt {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::LastDay(last) => write!(out, "its last day is {last}"),
            Self::TakesEffect(effective) => write!(out, "takes effect {effective}"),
            Self::Replaced(by) => {
                write!(out, "whether it still holds; {}", Other::of(by, Beside::Differs).words())
            }
            Self::EndPassed(standing, last) => {
                write!(out, "an end was {standing}, last day {last}; no decision or report says that it ended")
            }
            Self::PastCap(months, last) => {
                let last = DateSpan::day(*last);
                write!(out, "the longest term it may have, {months}, ran to {last}, and no end is in the record")
            }
            Self::TermRan(last, standing) => {
                write!(out, "its term ran to {last} ({standing}), and no extension beyond it is in the record")
            }
        }
    }
}

/// What a fact says, and what the organisation is called that it names, where whoever asked wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The fact.
    pub fact: Fact,
    /// The name.
    pub called: Option<String>,
}

impl Told {
    /// What it says.
    pub fn value(&self) -> Knowing {
        match Knowing::from(tell(self.fact.event())) {
            Knowing::Known(Val::Party(id, _)) => Knowing::Known(Val::Party(id, self.called.clone())),
            said => said,
        }
    }
}

impl From<&Fact> for Told {
    fn from(fact: &Fact) -> Self {
        Self { fact: fact.clone(), called: None }
    }
}

/// What a figure says: what one fact says, or what was made of several, or of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// A fact.
    Fact(Told),
    /// We.
    Ours(Knowing),
}

/// Why a fact stands beside an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Beside {
    /// In effect, and differs.
    Differs,
    /// Takes effect after the day of the question.
    Later,
    /// May or may not have been decided by the decision coordinate.
    PerhapsDecided,
}

/// A fact that stands beside an answer, labelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Why it stands there.
    pub beside: Beside,
    /// What it says.
    pub told: Told,
}

impl Other {
    /// A fact, and why it stands there.
    pub fn of(fact: &Fact, beside: Beside) -> Self {
        Self { beside, told: fact.into() }
    }

    /// As a person reads it: "planned: ended, last day 31 March 2023".
    pub fn words(&self) -> String {
        let perhaps = if self.beside == Beside::PerhapsDecided { "perhaps decided by then, " } else { "" };
        let fact = &self.told.fact;
        format!("{perhaps}{}: {}, {}", fact.standing(), self.told.value().words(), when(fact))
    }
}

/// From when a fact holds, or its last day where it takes effect on the first day without something.
fn when(fact: &Fact) -> String {
    use EventKind::{Ended, LotReleased, PartnerLeft, ServiceRemoved};
    let effective = fact.effective();
    match (&fact.event().kind, effective.exact()) {
        (Ended { .. } | LotReleased { .. } | ServiceRemoved { .. } | PartnerLeft { .. }, _) => {
            format!("last day {}", effective.plus_days(-1))
        }
        (_, Some(_)) => format!("from {effective}"),
        (_, None) => effective.to_string(),
    }
}

impl Serialize for Other {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            beside: Beside,
            value: Option<&'a Val>,
            knowledge: &'static str,
            text: String,
            standing: Standing,
            effective: DateSpan,
            sources: &'a [Source],
            entries: [Position; 1],
            acts: [&'a ActRef; 1],
        }
        let (fact, value) = (&self.told.fact, self.told.value());
        Shape {
            beside: self.beside,
            value: value.known(),
            knowledge: value.word(),
            text: value.words(),
            standing: fact.standing(),
            effective: fact.effective(),
            sources: &fact.event().sources,
            entries: [fact.position()],
            acts: [&fact.act().reference],
        }
        .serialize(to)
    }
}

/// One figure of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The name that `why` takes.
    pub fact: String,
    /// What it says.
    pub says: Says,
    /// How firmly it stands; nothing where nothing is recorded. Of a computed figure, the weakest of its parts.
    pub standing: Option<Standing>,
    /// From when it holds.
    pub effective: Option<DateSpan>,
    /// Why it may not hold on the day, where it may not.
    pub uncertain: Option<Doubt>,
    /// How it was computed, where no source states it.
    pub computed: Option<How>,
    /// Why it was inferred, where it was.
    pub because: Option<Arc<str>>,
    /// The facts behind it: its sources, entries and acts are theirs.
    pub rests_on: Vec<Fact>,
    /// What stands beside it.
    pub others: Vec<Other>,
}

impl Figure {
    /// Nothing in the record about it.
    pub fn unknown(fact: impl Into<String>, why: impl Into<Why>) -> Self {
        Self::ours(fact, Knowing::Unknown(why.into()))
    }

    fn ours(fact: impl Into<String>, value: Knowing) -> Self {
        Self {
            fact: fact.into(),
            says: Says::Ours(value),
            standing: None,
            effective: None,
            uncertain: None,
            computed: None,
            because: None,
            rests_on: vec![],
            others: vec![],
        }
    }

    /// What a question selected on a timeline, with what stands beside it.
    pub fn selected(fact: impl Into<String>, selection: &Selection<'_>, as_of: Day) -> Self {
        let mut figure = Self::in_effect(fact, selection, as_of);
        if selection.answer.is_none() {
            let last = selection.lapsed.map(|(fact, until)| (fact.clone(), until));
            let why = Why::NotOnTheDay { last, later: selection.later().next().is_some() };
            figure.says = Says::Ours(Knowing::Unknown(why));
        }
        figure.beside(selection);
        figure
    }

    /// What is in effect of what a question selected, and nothing else: [`Why::Nothing`] where nothing is.
    pub fn in_effect(fact: impl Into<String>, selection: &Selection<'_>, as_of: Day) -> Self {
        let mut figure = Self::ours(fact, Knowing::Unknown(Why::Nothing));
        let Some(fact) = selection.answer else { return figure };
        // Each side of a conflict is told with where it is written.
        let all = core::iter::once(fact).chain(selection.conflicting.iter().copied());
        figure.says = if selection.conflicting.is_empty() {
            Says::Fact(fact.into())
        } else {
            Says::Ours(Knowing::Conflicting(all.clone().map(said).collect()))
        };
        figure.effective = Some(fact.effective());
        figure.uncertain = uncertain(selection, fact, as_of);
        figure.because = fact.event().because.clone();
        figure.rest_on(all.cloned());
        figure
    }

    /// Adds what stands beside the answer.
    pub fn beside(&mut self, selection: &Selection<'_>) {
        let answer = selection.answer;
        let later = selection.later().filter(|fact| answer.is_none_or(|answer| !answer.agrees(fact)));
        self.others.extend(selection.beside.iter().map(|fact| Other::of(fact, Beside::Differs)));
        self.others.extend(later.map(|fact| Other::of(fact, Beside::Later)));
        self.others.extend(selection.perhaps().map(|fact| Other::of(fact, Beside::PerhapsDecided)));
    }

    /// A figure computed from facts: the weakest standing of its parts, all their sources and entries.
    pub fn computed(
        fact: impl Into<String>,
        value: Knowing,
        how: impl Into<How>,
        parts: impl IntoIterator<Item = Fact>,
    ) -> Self {
        let rests_on: Vec<Fact> = parts.into_iter().collect();
        let standing = weakest(None, &rests_on);
        Self { computed: Some(how.into()), standing, rests_on, ..Self::ours(fact, value) }
    }

    /// Adds facts to those that the figure rests on: their standing, where it is weaker, their sources, entries, acts.
    pub fn rest_on(&mut self, parts: impl IntoIterator<Item = Fact>) {
        let before = self.rests_on.len();
        self.rests_on.extend(parts);
        self.standing = weakest(self.standing, &self.rests_on[before..]);
    }

    /// The same under another name.
    pub fn named(&self, fact: impl Into<String>) -> Self {
        Self { fact: fact.into(), ..self.clone() }
    }

    /// The value, and how it is known.
    pub fn value(&self) -> Cow<'_, Knowing> {
        match &self.says {
            Says::Fact(told) => Cow::Owned(told.value()),
            Says::Ours(value) => Cow::Borrowed(value),
        }
    }

    /// The facts that it tells: its own, where it is one, and those beside it.
    pub(crate) fn told_mut(&mut self) -> impl Iterator<Item = &mut Told> {
        let own = match &mut self.says {
            Says::Fact(told) => Some(told),
            Says::Ours(_) => None,
        };
        own.into_iter().chain(self.others.iter_mut().map(|other| &mut other.told))
    }

    /// Where it is written.
    pub fn sources(&self) -> Vec<&Source> {
        sorted(self.rests_on.iter().flat_map(|fact| &fact.event().sources))
    }

    /// The entries behind it.
    pub fn entries(&self) -> Vec<Position> {
        sorted(self.rests_on.iter().map(Fact::position))
    }

    /// The acts that established it: who decided, or said so.
    pub fn acts(&self) -> Vec<&ActRef> {
        sorted(self.rests_on.iter().map(|fact| &fact.act().reference))
    }

    /// The value with its standing, as a person reads it in a table: "£0.99 million a year (happened)".
    pub fn words(&self) -> String {
        let value = self.value();
        let mut words = value.words();
        if let (Some(standing), Knowing::Known(_) | Knowing::Conflicting(_)) = (self.standing, &*value) {
            words = format!("{words} ({standing})");
        }
        if self.uncertain.is_some() {
            words.push_str(" (uncertain)");
        }
        words
    }
}

/// The weakest standing of some facts and of what is there already.
fn weakest(standing: Option<Standing>, facts: &[Fact]) -> Option<Standing> {
    let standings = standing.into_iter().chain(facts.iter().map(Fact::standing));
    standings.min_by_key(|standing| standing.strength())
}

/// What a fact says, in words.
fn said(fact: &Fact) -> String {
    Knowing::from(tell(fact.event())).words()
}

/// Items in their order, each once.
fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    // Facts that follow each other are often of one entry.
    items.dedup();
    items.sort_unstable();
    items.dedup();
    items
}

/// Why what was selected may not hold on the day, where it may not.
pub(crate) fn uncertain(selection: &Selection<'_>, answer: &Fact, as_of: Day) -> Option<Doubt> {
    if !selection.uncertain {
        return None;
    }
    if answer.presence(as_of) == Presence::Uncertain {
        return Some(match answer.until() {
            Some(until) if as_of > until.earliest() => Doubt::LastDay(until),
            _ => Doubt::TakesEffect(answer.effective()),
        });
    }
    let replaces = |fact: &&&Fact| {
        fact.standing().class() == answer.standing().class() && fact.presence(as_of) == Presence::Uncertain
    };
    selection.beside.iter().find(replaces).map(|fact| Doubt::Replaced((*fact).clone()))
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            fact: &'a str,
            value: Option<&'a Val>,
            knowledge: &'static str,
            text: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            basis: Option<Basis>,
            standing: Option<Standing>,
            #[serde(skip_serializing_if = "Option::is_none")]
            effective: Option<DateSpan>,
            #[serde(skip_serializing_if = "Option::is_none")]
            uncertain: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            computed: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            counts: Option<Counts>,
            #[serde(skip_serializing_if = "Option::is_none")]
            because: &'a Option<Arc<str>>,
            sources: Vec<&'a Source>,
            entries: Vec<Position>,
            acts: Vec<&'a ActRef>,
            others: &'a [Other],
        }
        let value = self.value();
        let basis = match &*value {
            Knowing::Known(Val::Money(_, basis)) => *basis,
            _ => None,
        };
        Shape {
            fact: &self.fact,
            value: value.known(),
            knowledge: value.word(),
            text: value.words(),
            basis,
            standing: self.standing,
            effective: self.effective,
            uncertain: self.uncertain.as_ref().map(ToString::to_string),
            computed: self.computed.as_ref().map(ToString::to_string),
            counts: self.computed.as_ref().and_then(How::counts),
            because: &self.because,
            sources: self.sources(),
            entries: self.entries(),
            acts: self.acts(),
            others: &self.others,
        }
        .serialize(to)
    }
}

fn text(text: impl ToString) -> Knowledge<Val> {
    Knowledge::Known(Val::Text(text.to_string().into()))
}

/// An amount as a figure has it.
pub(crate) fn money(amount: &Knowledge<Money>, basis: Basis) -> Knowledge<Val> {
    match amount {
        Knowledge::Known(money) => Knowledge::Known(Val::Money(*money, Some(basis))),
        Knowledge::Unknown(why) => Knowledge::Unknown(why.clone()),
        Knowledge::Withheld(ground) => Knowledge::Withheld(ground.clone()),
    }
}

/// The organisation that an event says, where it says nothing more.
pub(crate) fn party(event: &Event) -> Option<&PartyId> {
    match &event.kind {
        EventKind::LotAssigned { party, .. } => party.known(),
        EventKind::PartnerJoined { party, under: None, .. } => Some(party),
        _ => None,
    }
}

/// What an event says, apart from what it says it of.
pub fn tell(event: &Event) -> Knowledge<Val> {
    match &event.kind {
        EventKind::ContractDefined { title, .. } => text(title),
        EventKind::Commenced { .. } => text("in force"),
        EventKind::Ended { .. } => text("ended"),
        EventKind::Succeeded { by, .. } => text(by),
        EventKind::TermSet { last_day, .. } => text(format!("to {last_day}")),
        EventKind::Extended { last_day, .. } => text(format!("extended to {last_day}")),
        EventKind::OptionGranted { months, .. } => text(format!("up to {months} more")),
        EventKind::LotDefined { title, area, .. } => text(match area {
            Some(area) if area != title => format!("{title} ({area})"),
            _ => title.clone(),
        }),
        EventKind::LotAssigned { party, .. } => match party {
            Knowledge::Known(party) => Knowledge::Known(Val::Party(party.clone(), None)),
            Knowledge::Unknown(why) => Knowledge::Unknown(why.clone()),
            Knowledge::Withheld(ground) => Knowledge::Withheld(ground.clone()),
        },
        EventKind::LotReleased { party, .. } => text(format!("released by {party}")),
        EventKind::ServiceAdded { title, lots, area, party, .. } => {
            let mut words = title.clone();
            if !lots.is_empty() {
                words =
                    format!("{words}, lots {}", lots.iter().map(|lot| lot.as_str()).collect::<Vec<_>>().join(" and "));
            }
            if let Some(area) = area {
                words = format!("{words}, {area}");
            }
            if let Some(party) = party {
                words = format!("{words}, by {party}");
            }
            text(words)
        }
        EventKind::ServiceRemoved { .. } => text("removed"),
        EventKind::ValueSet { amount, basis, .. } => money(amount, *basis),
        EventKind::ValueChanged { by: Knowledge::Known(by), basis, .. } => {
            text(format!("changed by {by} {}", basis.words()))
        }
        EventKind::ValueChanged { by, basis, .. } => money(by, *basis),
        EventKind::TotalStated { amount, basis, .. } => Knowledge::Known(Val::Money(*amount, Some(*basis))),
        EventKind::CountStated { number, .. } => Knowledge::Known(Val::Count(u64::from(*number))),
        EventKind::FundingSet { funders, .. } => Knowledge::Known(Val::List(
            funders
                .iter()
                .map(|funder| match funder.share {
                    Some(share) => format!("{} {share}", funder.party),
                    None => funder.party.to_string(),
                })
                .collect(),
        )),
        EventKind::PartyDefined { name, .. } => text(name),
        EventKind::AliasStated { alias, .. } => text(alias),
        EventKind::OfficeDefined { title, .. } => text(title),
        EventKind::PartnerJoined { party, under: None, .. } => Knowledge::Known(Val::Party(party.clone(), None)),
        EventKind::PartnerJoined { party, under: Some(under), .. } => text(format!("{party} under {under}")),
        EventKind::PartnerLeft { party, .. } => text(format!("{party} left")),
        EventKind::ClauseSet { clause, .. } => text(clause),
        EventKind::DelegationGranted { scope, .. } => text(scope),
        EventKind::Milestone { title, .. } => text(format!("{title}: {}", event.effective)),
        EventKind::NoticeGiven { months, .. } => text(format!("{months} from {}", event.effective)),
        EventKind::PerformanceReported { value, .. } => text(value),
        EventKind::AlternativeConsidered { title, saving, taken, .. } => {
            let taken = if *taken { "taken" } else { "not taken" };
            text(match saving {
                Some(saving) => format!("{title}, saving {saving}: {taken}"),
                None => format!("{title}: {taken}"),
            })
        }
        EventKind::ContentSealed { classification, .. } => Knowledge::Withheld(classification.to_string().into()),
        EventKind::ContentPublished { .. } => text("published"),
        EventKind::ContentErased { reason, .. } => {
            Knowledge::Unknown(format!("erased, {}: {reason}", event.effective).into())
        }
        EventKind::Correction { reason, .. } => text(reason),
    }
}
