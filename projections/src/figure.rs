//! A figure: one value with how it is known, how firmly it stands, where it comes from and what stands beside it.
//! Every answer is made of figures; none is made anywhere else, and none is formatted here beyond its words.

use crate::key::Key;
use crate::prelude::*;
use crate::timeline::{Fact, Presence, Selection};
use minutebook_events::{
    ActRef, Basis, DateSpan, Day, Event, EventKind, Knowledge, Money, PartyId, Position, Source, Standing,
};
use serde::{Serialize, Serializer};

/// Why a figure has no value where nothing is in effect.
pub const NOTHING: &str = "nothing in effect on this day";

/// A value that a figure can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Val {
    /// Words.
    Text(String),
    /// Several, in order.
    List(Vec<String>),
    /// A date, as precisely as it is known.
    Date(DateSpan),
    /// Money, and what it is for.
    Money(Money, Option<Basis>),
    /// A count.
    Count(u64),
    /// An organisation: its id, and what it is called, where whoever asked wants to know.
    Party(PartyId, Option<String>),
}

impl Val {
    /// The value as a person reads it.
    pub fn words(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(items) => items.join(", "),
            Self::Date(date) => date.to_string(),
            Self::Money(money, None) => money.to_string(),
            Self::Money(money, Some(basis)) => format!("{money} {}", basis.words()),
            Self::Count(count) => count.to_string(),
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
    Unknown(String),
    /// Exempt, and on which ground.
    Withheld(String),
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
            Knowledge::Unknown(why) => Self::Unknown(why.to_string()),
            Knowledge::Withheld(ground) => Self::Withheld(ground.to_string()),
        }
    }
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
    pub value: Knowing,
    /// How firmly.
    pub standing: Standing,
    /// From when.
    pub effective: DateSpan,
    /// Where it is written.
    pub sources: Vec<Source>,
    /// Its entry.
    pub entry: Position,
    /// The act that established it.
    pub act: ActRef,
    ends: bool,
}

impl Other {
    /// A fact, and why it stands there.
    pub fn of(fact: &Fact, beside: Beside) -> Self {
        Self {
            beside,
            value: tell(fact.event()).into(),
            standing: fact.standing(),
            effective: fact.effective(),
            sources: fact.event().sources.clone(),
            entry: fact.position(),
            act: fact.act().reference.clone(),
            ends: ends(&fact.event().kind),
        }
    }

    /// Whether it says that something ended.
    pub fn is_end(&self) -> bool {
        self.ends
    }

    /// As a person reads it: "planned: ended, last day 31 March 2023".
    pub fn words(&self) -> String {
        let perhaps = if self.beside == Beside::PerhapsDecided { "perhaps decided by then, " } else { "" };
        format!("{perhaps}{}: {}, {}", self.standing, self.value.words(), when(self.ends, self.effective))
    }
}

/// Whether an event takes effect on the first day without something.
fn ends(kind: &EventKind) -> bool {
    use EventKind::{Ended, LotReleased, PartnerLeft, ServiceRemoved};
    matches!(kind, Ended { .. } | LotReleased { .. } | ServiceRemoved { .. } | PartnerLeft { .. })
}

/// From when something holds, or its last day where it ends.
fn when(ends: bool, effective: DateSpan) -> String {
    match (ends, effective.exact()) {
        (true, _) => format!("last day {}", effective.plus_days(-1)),
        (false, Some(_)) => format!("from {effective}"),
        (false, None) => effective.to_string(),
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
        Shape {
            beside: self.beside,
            value: self.value.known(),
            knowledge: self.value.word(),
            text: self.value.words(),
            standing: self.standing,
            effective: self.effective,
            sources: &self.sources,
            entries: [self.entry],
            acts: [&self.act],
        }
        .serialize(to)
    }
}

/// One figure of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The name that `why` takes.
    pub fact: String,
    /// The value, and how it is known.
    pub value: Knowing,
    /// How firmly it stands; nothing where nothing is recorded. Of a computed figure, the weakest of its parts.
    pub standing: Option<Standing>,
    /// From when it holds.
    pub effective: Option<DateSpan>,
    /// Why it may not hold on the day, where it may not.
    pub uncertain: Option<String>,
    /// How it was computed, where no source states it.
    pub computed: Option<String>,
    /// Why it was inferred, where it was.
    pub because: Option<String>,
    /// Where it is written.
    pub sources: Vec<Source>,
    /// The entries behind it.
    pub entries: Vec<Position>,
    /// The very facts behind it: entry, and place in it.
    pub rests_on: Vec<(Position, u16)>,
    /// The acts that established it: who decided, or said so.
    pub acts: Vec<ActRef>,
    /// What stands beside it.
    pub others: Vec<Other>,
}

impl Figure {
    /// Nothing in the record about it.
    pub fn unknown(fact: impl ToString, why: impl ToString) -> Self {
        Self {
            fact: fact.to_string(),
            value: Knowing::Unknown(why.to_string()),
            standing: None,
            effective: None,
            uncertain: None,
            computed: None,
            because: None,
            sources: vec![],
            entries: vec![],
            rests_on: vec![],
            acts: vec![],
            others: vec![],
        }
    }

    /// What a question selected on the timeline of a key, with what stands beside it.
    pub fn selected(key: &Key, selection: &Selection<'_>, as_of: Day) -> Self {
        let mut figure = match selection.answer {
            Some(_) => Self::in_effect(key, selection, as_of),
            None => Self::unknown(key, nothing(selection)),
        };
        figure.beside(selection);
        figure
    }

    /// What is in effect of what a question selected, and nothing else: [`NOTHING`] where nothing is.
    pub fn in_effect(key: &Key, selection: &Selection<'_>, as_of: Day) -> Self {
        let Some(fact) = selection.answer else { return Self::unknown(key, NOTHING) };
        let event = fact.event();
        let value = if selection.conflicting.is_empty() {
            tell(event).into()
        } else {
            let all = core::iter::once(fact).chain(selection.conflicting.iter().copied());
            Knowing::Conflicting(all.map(|fact| Knowing::from(tell(fact.event())).words()).collect())
        };
        let mut figure = Self {
            value,
            standing: Some(event.standing),
            effective: Some(event.effective),
            uncertain: uncertain(selection, fact, as_of),
            because: event.because.as_deref().map(ToOwned::to_owned),
            sources: event.sources.clone(),
            entries: vec![fact.position()],
            rests_on: vec![(fact.position(), fact.place())],
            acts: vec![fact.act().reference.clone()],
            ..Self::unknown(key, "")
        };
        // Each side of a conflict is told with where it is written.
        figure.rest_on(selection.conflicting.iter().copied());
        figure
    }

    /// Adds what stands beside the answer.
    pub fn beside(&mut self, selection: &Selection<'_>) {
        let answer = selection.answer;
        let later = selection.later.iter().filter(|fact| answer.is_none_or(|answer| !answer.agrees(fact)));
        self.others.extend(selection.beside.iter().map(|fact| Other::of(fact, Beside::Differs)));
        self.others.extend(later.map(|fact| Other::of(fact, Beside::Later)));
        self.others.extend(selection.perhaps.iter().map(|fact| Other::of(fact, Beside::PerhapsDecided)));
    }

    /// A figure computed from facts: the weakest standing of its parts, all their sources and entries.
    pub fn computed<'a>(
        fact: impl ToString,
        value: Knowing,
        how: impl ToString,
        parts: impl IntoIterator<Item = &'a Fact>,
    ) -> Self {
        let mut figure = Self::unknown(fact, "");
        figure.value = value;
        figure.computed = Some(how.to_string());
        figure.rest_on(parts);
        figure
    }

    /// Adds facts to those that the figure rests on: their standing, where it is weaker, their sources, entries, acts.
    pub fn rest_on<'a>(&mut self, parts: impl IntoIterator<Item = &'a Fact>) {
        let parts: Vec<&Fact> = parts.into_iter().collect();
        let standings = self.standing.into_iter().chain(parts.iter().map(|part| part.standing()));
        self.standing = standings.min_by_key(|standing| standing.strength());
        add(&mut self.sources, parts.iter().flat_map(|part| &part.event().sources));
        add(&mut self.entries, parts.iter().map(|part| &part.recorded().position));
        add(&mut self.acts, parts.iter().map(|part| &part.act().reference));
        self.rests_on.extend(parts.iter().map(|part| (part.position(), part.place())));
    }

    /// Adds what another figure rests on, its standing left out.
    pub(crate) fn cite(&mut self, other: &Self) {
        add(&mut self.sources, &other.sources);
        add(&mut self.entries, &other.entries);
        add(&mut self.acts, &other.acts);
        self.rests_on.extend_from_slice(&other.rests_on);
    }

    /// The value with its standing, as a person reads it in a table: "£0.99 million a year (happened)".
    pub fn words(&self) -> String {
        let mut words = self.value.words();
        if let (Some(standing), Knowing::Known(_) | Knowing::Conflicting(_)) = (self.standing, &self.value) {
            words = format!("{words} ({standing})");
        }
        if self.uncertain.is_some() {
            words.push_str(" (uncertain)");
        }
        words
    }
}

/// Why a figure has no value where nothing is in effect: what was before, and whether anything takes effect later.
fn nothing(selection: &Selection<'_>) -> String {
    let lapsed = selection.lapsed.map(|(fact, until)| {
        let said = Knowing::from(tell(fact.event())).words();
        format!("; the last was {said} ({}), to {until}", fact.standing())
    });
    let later = if selection.later.is_empty() { "" } else { "; what takes effect later stands beside" };
    match lapsed {
        None if later.is_empty() => "not in the record".to_owned(),
        lapsed => format!("{NOTHING}{}{later}", lapsed.unwrap_or_default()),
    }
}

/// Adds items to those that are there: sorted, each once.
fn add<'a, T: Ord + Clone + 'a>(to: &mut Vec<T>, more: impl IntoIterator<Item = &'a T>) {
    let mut all: Vec<&T> = more.into_iter().collect();
    all.extend(to.iter());
    all.sort_unstable();
    all.dedup();
    *to = all.into_iter().cloned().collect();
}

/// Why what was selected may not hold on the day, where it may not.
pub(crate) fn uncertain(selection: &Selection<'_>, answer: &Fact, as_of: Day) -> Option<String> {
    if !selection.uncertain {
        return None;
    }
    if answer.presence(as_of) == Presence::Uncertain {
        return Some(match answer.event().until {
            Some(until) if as_of > until.earliest() => format!("its last day is {until}"),
            _ => format!("takes effect {}", answer.effective()),
        });
    }
    let replaces = |fact: &&&Fact| {
        fact.standing().class() == answer.standing().class() && fact.presence(as_of) == Presence::Uncertain
    };
    let replacing = selection.beside.iter().find(replaces)?;
    Some(format!("whether it still holds; {}", Other::of(replacing, Beside::Differs).words()))
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
            uncertain: &'a Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            computed: &'a Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            because: &'a Option<String>,
            sources: &'a [Source],
            entries: &'a [Position],
            acts: &'a [ActRef],
            others: &'a [Other],
        }
        let basis = match &self.value {
            Knowing::Known(Val::Money(_, basis)) => *basis,
            _ => None,
        };
        Shape {
            fact: &self.fact,
            value: self.value.known(),
            knowledge: self.value.word(),
            text: self.value.words(),
            basis,
            standing: self.standing,
            effective: self.effective,
            uncertain: &self.uncertain,
            computed: &self.computed,
            because: &self.because,
            sources: &self.sources,
            entries: &self.entries,
            acts: &self.acts,
            others: &self.others,
        }
        .serialize(to)
    }
}

fn text(text: impl ToString) -> Knowledge<Val> {
    Knowledge::Known(Val::Text(text.to_string()))
}

fn money(amount: &Knowledge<Money>, basis: Basis) -> Knowledge<Val> {
    match amount {
        Knowledge::Known(money) => Knowledge::Known(Val::Money(*money, Some(basis))),
        Knowledge::Unknown(why) => Knowledge::Unknown(why.clone()),
        Knowledge::Withheld(ground) => Knowledge::Withheld(ground.clone()),
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
