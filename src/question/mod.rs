//! Questions and their answers: one `Question` with three coordinates in, one `Answer` of rows and figures out. Every
//! front end asks here and only formats what comes back; nothing here knows a terminal, a file or a store.

pub mod asked;
mod change;
mod decisions;
mod diff;
mod explain;
mod findings;
mod lots;
mod network;
mod register;
mod replay;
mod state;
mod totals;
mod value;
mod why;

pub use replay::{Bound, Range};

use crate::ledger::View;
use crate::slice;
use chrono::Timelike;
use minutebook_events::{ContractId, DateSpan, Day, Instant, Months, Position, nearest};
use minutebook_projections::{At, By, Figure, Projections};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::fmt;
use std::str::FromStr;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "topic", rename_all = "kebab-case")]
pub enum Topic {
    /// Everything that matters on a day: contracts in force, value, lots, partners, findings.
    State,
    /// Contracts with their terms, options and clauses.
    Register,
    /// What contracts are worth.
    Value,
    /// Who runs which lot.
    Lots,
    /// Who funds, commissions and provides.
    Network,
    /// Acts of governance.
    Decisions,
    /// What the record itself shows.
    Findings,
    /// What is worth how much a year over contracts, and what ends soon.
    Totals {
        /// By what the sums are grouped.
        by: By,
        /// Also what ends within so many months from the day on.
        ends_within: Option<Months>,
    },
    /// What changed up to another day, and which act changed it.
    Diff {
        /// The later day; the question's own day is the earlier.
        to: Day,
    },
    /// The chain of entries behind one figure.
    Why {
        /// The figure's name, as answers give it.
        fact: String,
    },
}

impl Topic {
    /// The word for it, as commands and answers use it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Register => "register",
            Self::Value => "value",
            Self::Lots => "lots",
            Self::Network => "network",
            Self::Decisions => "decisions",
            Self::Findings => "findings",
            Self::Totals { .. } => "totals",
            Self::Diff { .. } => "diff",
            Self::Why { .. } => "why",
        }
    }
}

impl Topic {
    /// Whether an answer goes through acts, entries or timelines that are about other contracts too, to find what is about one.
    pub(crate) fn goes_through_all(&self) -> bool {
        matches!(self, Self::State | Self::Decisions | Self::Findings | Self::Diff { .. } | Self::Why { .. })
    }
}

/// The recorded coordinate as it is asked for: in JSON a number, or an instant as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum KnownAt {
    /// Up to and with the entry at this position.
    Position(Position),
    /// With every entry recorded by this instant.
    Instant(Instant),
}

impl FromStr for KnownAt {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(position));
        }
        text.parse()
            .map(Self::Instant)
            .map_err(|_| format!("\"{text}\" is neither a position nor an instant: write 12, or 2026-11-22T09:30:00Z"))
    }
}

impl fmt::Display for KnownAt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => position.fmt(out),
            Self::Instant(instant) => instant.fmt(out),
        }
    }
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// What is asked.
    #[serde(flatten)]
    pub topic: Topic,
    /// Of one contract, or of all.
    pub contract: Option<ContractId>,
    /// The effective coordinate.
    pub as_of: Day,
    /// The recorded coordinate; the head where it is left out.
    pub known_at: Option<KnownAt>,
    /// The decision coordinate; whatever was decided where it is left out.
    pub decided_by: Option<Day>,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    /// Not found: the ledger does not go that far.
    #[error("position {asked} is past the head: the ledger holds {}", held(*.head))]
    PastHead {
        /// What was asked for.
        asked: Position,
        /// The size of the ledger.
        head: Position,
    },
    /// Not found: no contract of that id.
    #[error("there is no contract \"{asked}\"{}", .hint)]
    NoContract {
        /// What was asked for.
        asked: ContractId,
        /// The nearest, in words.
        hint: String,
    },
    /// Not found: the contract has no such fact.
    #[error("{contract} has no fact \"{asked}\"{}", .hint)]
    NoFact {
        /// The contract.
        contract: ContractId,
        /// What was asked for.
        asked: String,
        /// The nearest, in words.
        hint: String,
    },
    /// Incorrect: the ends of a replay are the wrong way round.
    #[error("{from} is after {to}: give the earlier one first")]
    LastFirst {
        /// The option of the first end, and what it says.
        from: String,
        /// Those of the last.
        to: String,
    },
    /// Incorrect: the days of a comparison are the wrong way round.
    #[error("--from {from} is after --to {to}: give the earlier day first")]
    Backwards {
        /// The first day.
        from: Day,
        /// The second.
        to: Day,
    },
}

fn held(head: Position) -> String {
    head.0.checked_sub(1).map_or_else(|| "no entry".to_owned(), |last| format!("{head} entries, 0 to {last}"))
}

/// One cell of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words that need no standing: names, references.
    Text(String),
    /// A figure.
    Figure(Box<Figure>),
    /// Several figures of one kind.
    Figures(Vec<Figure>),
    /// Several words.
    List(Vec<String>),
    /// An entry, by its place in the ledger.
    Position(Position),
    /// Several entries.
    Positions(Vec<Position>),
    /// A yes or no that may not be in the record.
    Flag(Option<bool>),
    /// Rows of its own.
    Rows(Vec<Row>),
}

impl Cell {
    /// The figures in it.
    pub fn figures(&self) -> &[Figure] {
        match self {
            Self::Figure(figure) => std::slice::from_ref(figure.as_ref()),
            Self::Figures(figures) => figures,
            _ => &[],
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Figure(figure) => figure.serialize(to),
            Self::Figures(figures) => figures.serialize(to),
            Self::List(items) => items.serialize(to),
            Self::Position(position) => position.serialize(to),
            Self::Positions(positions) => positions.serialize(to),
            Self::Flag(flag) => flag.serialize(to),
            Self::Rows(rows) => rows.serialize(to),
        }
    }
}

/// One row: its kind, and its cells in the order in which they are read.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What the row is about, which is also the table it stands in.
    pub kind: &'static str,
    /// Names and contents.
    pub cells: Vec<(&'static str, Cell)>,
}

impl Row {
    pub(crate) fn new(kind: &'static str) -> Self {
        // No row has many more.
        Self { kind, cells: Vec::with_capacity(8) }
    }

    pub(crate) fn text(mut self, name: &'static str, text: impl fmt::Display) -> Self {
        self.cells.push((name, Cell::Text(text.to_string())));
        self
    }

    fn figure(mut self, name: &'static str, figure: Figure) -> Self {
        self.cells.push((name, Cell::Figure(Box::new(figure))));
        self
    }

    /// A figure, and from when it holds.
    fn figure_since(self, name: &'static str, figure: Figure) -> Self {
        let since = figure.effective.map(|effective| effective.to_string()).unwrap_or_default();
        self.figure(name, figure).text("since", since)
    }

    pub(crate) fn cell(mut self, name: &'static str, cell: Cell) -> Self {
        self.cells.push((name, cell));
        self
    }

    /// The cell of a name.
    pub fn get(&self, name: &str) -> Option<&Cell> {
        self.cells.iter().find(|(known, _)| *known == name).map(|(_, cell)| cell)
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.cells.len() + 1))?;
        map.serialize_entry("row", self.kind)?;
        for (name, cell) in &self.cells {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}

/// Where the recorded coordinate of an answer lies.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Known {
    /// The last position that is known; nothing in an empty ledger.
    pub position: Option<Position>,
    /// When that entry was recorded.
    pub recorded: Option<Instant>,
}

/// The entries that a replay went through, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Entries {
    /// The first.
    pub from: Position,
    /// The last.
    pub to: Position,
    /// Of them only acts that may have been decided on this day or later.
    pub decided_from: Option<Day>,
    /// Of them only acts that may have been decided on this day or earlier.
    pub decided_to: Option<Day>,
    /// Whether from the last to the first, each undone.
    pub back: bool,
}

/// An answer: its coordinates and its rows.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Answer {
    /// What was asked.
    pub question: String,
    /// Of which contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractId>,
    /// Of which entries, in a replay.
    #[serde(flatten)]
    pub entries: Option<Entries>,
    /// The effective coordinate.
    pub as_of: Day,
    /// The later day of a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Day>,
    /// The recorded coordinate.
    pub known_at: Known,
    /// The decision coordinate.
    pub decided_by: Option<Day>,
    /// Of a page: the contract with which the next one begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<ContractId>,
    /// The rows.
    pub answer: Vec<Row>,
    /// The coordinates in words, with which every printed answer begins.
    #[serde(skip)]
    pub words: String,
}

/// Some of the contracts that a question of all of them is about, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The first, whether it is there or not; the first of all where it is left out.
    pub from: Option<ContractId>,
    /// How many, from 1.
    pub limit: usize,
}

/// The contracts that an answer is about.
#[derive(Debug, Clone, Copy)]
enum About<'a> {
    /// One.
    One(&'a ContractId),
    /// Some.
    Some(&'a [ContractId]),
    /// Each.
    All,
}

impl<'a> About<'a> {
    fn one(self) -> Option<&'a ContractId> {
        match self {
            Self::One(contract) => Some(contract),
            Self::Some(_) | Self::All => None,
        }
    }

    /// Whether it is about one of these contracts.
    fn any<'c>(self, mut contracts: impl Iterator<Item = &'c ContractId>) -> bool {
        match self {
            Self::One(one) => contracts.any(|contract| contract == one),
            Self::Some(some) => contracts.any(|contract| some.binary_search(contract).is_ok()),
            Self::All => true,
        }
    }

    /// Those that anything is known of that counts by the decision coordinate.
    fn contracts(self, all: &'a Projections, at: At) -> Vec<&'a ContractId> {
        match self {
            Self::One(contract) => vec![contract],
            Self::Some(some) => some.iter().collect(),
            Self::All => all.contracts_from(None, at.head).filter(|contract| counted(all, contract, at)).collect(),
        }
    }
}

/// Of how many entries a ledger is so large that an answer about some contracts is made of a slice of it: what goes through
/// all timelines, acts or entries would take longer.
const LARGE: usize = 2_000;

/// What answers about some contracts rest on, out of a ledger that others go on with meanwhile: nobody waits for these answers,
/// and none of them knows what was recorded since.
pub struct Slice {
    projections: Projections,
    head: Position,
    /// Of a page: its contracts, and the one with which the next begins.
    page: Option<(Vec<ContractId>, Option<ContractId>)>,
}

impl Slice {
    /// The projections of it.
    pub(crate) fn projections(&self) -> &Projections {
        &self.projections
    }

    /// Answers a question of the contract, or the page, that it was made for.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub fn ask(&self, question: &Question) -> Result<Answer, QuestionError> {
        let view = self.view();
        let Some((contracts, next)) = self.page.as_ref().filter(|_| question.contract.is_none()) else {
            return view.ask(question);
        };
        let mut answer = view.about(About::Some(contracts), question, view.at(question)?)?;
        if let (Some(first), Some(last)) = (contracts.first(), contracts.last()) {
            answer.words = format!("{}, contracts {first} to {last}", answer.words);
        }
        answer.next.clone_from(next);
        Ok(answer)
    }

    /// Answers a question of one of its contracts, at the length at which one of several is told.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub(crate) fn brief(&self, contract: &ContractId, question: &Question) -> Result<Answer, QuestionError> {
        let view = self.view();
        view.about(About::Some(std::slice::from_ref(contract)), question, view.at(question)?)
    }

    /// Of the answer to what the state is the rows of these contracts, in their order.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub(crate) fn states(&self, question: &Question) -> Result<Vec<Row>, QuestionError> {
        let contracts = self.page.as_ref().map_or(&[][..], |(contracts, _)| contracts);
        let at = self.view().at(question)?;
        Ok(contracts.iter().map(|contract| state::of(&self.projections, contract, at).1).collect())
    }

    fn view(&self) -> View<'_> {
        View { head: self.head, ..View::of(&self.projections) }
    }
}

impl View<'_> {
    /// Answers a question.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub fn ask(&self, question: &Question) -> Result<Answer, QuestionError> {
        let at = self.at(question)?;
        let about = question.contract.as_ref().map_or(About::All, About::One);
        if let About::One(contract) = about {
            known_contract(&self.projections, contract, at)?;
        }
        self.about(about, question, at)
    }

    /// What a question of all contracts rests on for some of them. What the record shows that is about none of them is left out.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub fn page(&self, question: &Question, page: &Page) -> Result<Slice, QuestionError> {
        let at = self.at(question)?;
        let all = &*self.projections;
        let known = all.contracts_from(page.from.as_ref(), at.head).filter(|contract| counted(all, contract, at));
        let mut some: Vec<ContractId> = known.take(page.limit.saturating_add(1)).cloned().collect();
        let next = some.get(page.limit).cloned();
        some.truncate(page.limit);
        Ok(self.sliced(&some, at, Some((some.clone(), next))))
    }

    /// What questions of one contract rest on, where the ledger is so large that it is worth to leave the rest out.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub fn slice(&self, question: &Question) -> Result<Option<Slice>, QuestionError> {
        let at = self.at(question)?;
        let all = &*self.projections;
        let contract = question.contract.as_ref().filter(|contract| all.is_defined(contract, at.head));
        let contract = contract.filter(|_| all.log().len() > LARGE);
        Ok(contract.map(|contract| self.sliced(std::slice::from_ref(contract), at, None)))
    }

    /// What a question of all contracts rests on for these, which are in the order of their ids.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub(crate) fn slice_of(&self, some: &[ContractId], question: &Question) -> Result<Slice, QuestionError> {
        Ok(self.sliced(some, self.at(question)?, Some((some.to_vec(), None))))
    }

    /// The contracts of which anything is known at these coordinates, in the order of their ids.
    pub(crate) fn known_contracts(&self, at: At) -> Vec<&ContractId> {
        About::All.contracts(&self.projections, at)
    }

    fn sliced(&self, some: &[ContractId], at: At, page: Option<(Vec<ContractId>, Option<ContractId>)>) -> Slice {
        let last = at.head.0.checked_sub(1).map(Position);
        let projections = last.map(|last| slice::of_projections(&self.projections, some, last)).unwrap_or_default();
        Slice { projections, head: self.head, page }
    }

    fn about(&self, about: About<'_>, question: &Question, at: At) -> Result<Answer, QuestionError> {
        let all = &*self.projections;
        let rows = match &question.topic {
            Topic::State => state::rows(all, about, at),
            Topic::Register => register::rows(all, about, at),
            Topic::Value => value::rows(all, about, at),
            Topic::Lots => lots::rows(all, about, at),
            Topic::Network => network::rows(all, about, at),
            Topic::Decisions => decisions::rows(all, about, at),
            Topic::Findings => findings::rows(all, about, at),
            Topic::Totals { by, ends_within } => totals::rows(self, about.one(), at, *by, *ends_within),
            Topic::Diff { to } => diff::rows(all, about, at, *to)?,
            Topic::Why { fact } => why::rows(all, about.one(), fact, at)?,
        };
        let mut answer = self.answer(question.topic.word(), at, rows);
        answer.contract = question.contract.clone();
        if let Topic::Diff { to } = &question.topic {
            answer.to = Some(*to);
            answer.words = format!("from {} to {}: {}", DateSpan::day(at.as_of), DateSpan::day(*to), answer.words);
        }
        Ok(answer)
    }

    /// The coordinates of a question in this ledger.
    ///
    /// # Errors
    /// [`QuestionError::PastHead`].
    pub fn at(&self, question: &Question) -> Result<At, QuestionError> {
        let head = match question.known_at {
            None => self.head,
            Some(KnownAt::Position(asked)) if asked < self.head => asked.next(),
            Some(KnownAt::Position(asked)) => return Err(QuestionError::PastHead { asked, head: self.head }),
            Some(KnownAt::Instant(instant)) => {
                // Some of them may have been passed over.
                let entries = self.projections.log();
                let known = entries.recorded_by(instant);
                let last = known.checked_sub(1).and_then(|last| entries.position(last));
                last.map_or(Position(0), Position::next).min(self.head)
            }
        };
        Ok(At { as_of: question.as_of, head, decided_by: question.decided_by })
    }

    fn answer(&self, question: &str, at: At, rows: Vec<Row>) -> Answer {
        let last = at.head.0.checked_sub(1).map(Position);
        let recorded =
            last.and_then(|position| self.projections.entry(position)).map(|recorded| recorded.entry.recorded);
        let mut words = at.words();
        if let Some(recorded) = recorded {
            let utc = recorded.utc();
            let day = DateSpan::day(utc.date_naive());
            let instant = format!("as known at {day} {:02}:{:02} UTC, position", utc.hour(), utc.minute());
            words = words.replace("as known at position", &instant);
        }
        Answer {
            question: question.to_owned(),
            contract: None,
            entries: None,
            as_of: at.as_of,
            to: None,
            known_at: Known { position: last, recorded },
            decided_by: at.decided_by,
            next: None,
            answer: rows,
            words,
        }
    }
}

/// The most contracts that are named in place of one that is not there.
const NAMED: usize = 12;

fn known_contract(all: &Projections, asked: &ContractId, at: At) -> Result<(), QuestionError> {
    if all.is_defined(asked, at.head) {
        return Ok(());
    }
    let known: Vec<&str> = all.contracts_from(None, at.head).take(NAMED + 1).map(ContractId::as_str).collect();
    let names = all.streams().contracts().iter().map(ContractId::as_str);
    let hint = match nearest(asked.as_str(), names) {
        Some(near) if near.parse().is_ok_and(|near| all.is_defined(&near, at.head)) => {
            format!(": did you mean {near}?")
        }
        _ if known.is_empty() => ": nothing is recorded at this coordinate".to_owned(),
        _ if known.len() > NAMED => format!(": there are {}, and more", known[..NAMED].join(", ")),
        _ => format!(": there are {}", known.join(", ")),
    };
    Err(QuestionError::NoContract { asked: asked.clone(), hint })
}

/// Whether anything that counts by the decision coordinate is known of a contract that is defined: where there is no such coordinate,
/// that it is defined counts. No timelines are made for that, which would be those of each contract.
fn counted(all: &Projections, contract: &ContractId, at: At) -> bool {
    at.decided_by.is_none() || all.timelines_of(contract).any(|(_, timeline)| timeline.is_counted(at))
}
