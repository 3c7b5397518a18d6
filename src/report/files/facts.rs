//! Facts as Parquet: a row an event of every entry that is known at the coordinates, struck ones included, in the order of their
//! recording. It must not select: what follows from many facts is in the state.
//!
//! | columns | what they hold |
//! | --- | --- |
//! | `position`, `place`, `entry` | where it stands: the entry's position, the event's place in it from 0, the entry's id |
//! | `contract`, `contracts`, `part` | the contract it is about first of all, all that it is about, the part; null, none and null where it is about a party or an office |
//! | `kind`, `fact` | the kind of event as decision files write it; the name that `why` takes, null of a correction |
//! | `value`, `knowledge` | what it says in words, organisations by their ids; known, unknown, withheld: of what is withheld the legal ground alone |
//! | `amount`, `basis` | pounds that it states and what for; of a change the difference |
//! | `number`, `unit` | a count or a quantity that it states, and of what |
//! | `standing`, `because`, `doubt` | how firmly it stands, why it was inferred, why it may be read otherwise |
//! | `effective_…`, `until_…`, `decided_…` | its dates, each a span from an earliest to a latest day, the same for a day: from when it holds, the last day on which it does where its source says so, when its act was decided; null for an open end |
//! | `perhaps_decided` | whether its act may or may not have been decided by the decision coordinate; what certainly was not has no row |
//! | `recorded`, `recorder` | when it was recorded, and by whom |
//! | `act`, `act_kind`, `office`, `sources` | by which act, of which office, and where it is written |
//! | `struck_by` | the position of the correction that struck it, where one that is known did |

use super::columns::{Column, Of, Rows, Table};
use super::folder::{Draft, FolderError};
use super::matter::Matters;
use crate::ahead;
use minutebook_events::{
    Act, Basis, Clause, ContractId, DateSpan, Day, Event, EventKind, Money, OfficeId, Part, Position,
};
use minutebook_projections::{Counted, Key, Knowing, Recorded, tell};
use rust_decimal::Decimal;
use std::ops::Range;
use std::sync::Arc;

/// The file's name.
const NAME: &str = "facts.parquet";

/// How many entries are made into rows on one core at a time, and how many such parts are made before they are written, at
/// the most.
const TOGETHER: usize = 1024;
const AHEAD: usize = 16;

/// One row.
struct Said {
    recorded: Arc<Recorded>,
    place: u16,
    perhaps_decided: bool,
    struck_by: Option<Position>,
    fact: Option<String>,
    says: Knowing,
}

const COLUMNS: &[Column<Said>] = &[
    ("position", Of::Position(|it| it.recorded.position)),
    ("place", Of::Place(|it| it.place)),
    ("entry", Of::Text(|it, to| to.show(it.recorded.entry.id))),
    (
        "contract",
        Of::MaybeText(|it, to| to.add_each(it.event().kind.contracts().next().map(|contract| contract.as_str()))),
    ),
    ("contracts", Of::Texts(|it, to| to.add_each(it.event().kind.contracts().map(ContractId::as_str)))),
    ("part", Of::MaybeText(|it, to| to.show_each(it.part()))),
    ("kind", Of::Text(|it, to| to.add(it.event().kind.name()))),
    ("fact", Of::MaybeText(|it, to| to.add_each(&it.fact))),
    ("value", Of::Text(|it, to| to.add(&it.says.words()))),
    ("knowledge", Of::Text(|it, to| to.add(it.says.word()))),
    ("amount", Of::Decimal(|it| amount(it.event()).map(|(money, _)| money.pounds()))),
    ("basis", Of::MaybeText(|it, to| to.add_each(amount(it.event()).and_then(|(_, basis)| basis).map(Basis::word)))),
    ("number", Of::Decimal(|it| number(it.event()).map(|(number, _)| number))),
    ("unit", Of::MaybeText(|it, to| to.add_each(number(it.event()).and_then(|(_, unit)| unit)))),
    ("standing", Of::Text(|it, to| to.add(it.event().standing.word()))),
    ("effective_earliest", Of::Day(|it| Some(it.event().effective.earliest()))),
    ("effective_latest", Of::Day(|it| Some(it.event().effective.latest()))),
    ("until_earliest", Of::Day(|it| it.until(DateSpan::earliest))),
    ("until_latest", Of::Day(|it| it.until(DateSpan::latest))),
    ("decided_earliest", Of::Day(|it| Some(it.act().decided.earliest()))),
    ("decided_latest", Of::Day(|it| Some(it.act().decided.latest()))),
    ("perhaps_decided", Of::Flag(|it| it.perhaps_decided)),
    ("recorded", Of::Instant(|it| it.recorded.entry.recorded)),
    ("recorder", Of::Text(|it, to| to.add(it.recorded.entry.recorder.as_str()))),
    ("act", Of::Text(|it, to| to.add(it.act().reference.as_str()))),
    ("act_kind", Of::Text(|it, to| to.add(it.act().kind.word()))),
    ("office", Of::MaybeText(|it, to| to.add_each(it.act().office.as_ref().map(OfficeId::as_str)))),
    ("struck_by", Of::MaybePosition(|it| it.struck_by)),
    ("sources", Of::Texts(|it, to| to.show_each(&it.event().sources))),
    ("because", Of::MaybeText(|it, to| to.add_each(&it.event().because))),
    ("doubt", Of::MaybeText(|it, to| to.add_each(&it.event().doubt))),
];

/// Writes the file, so many entries at a time.
pub(super) fn write(draft: &mut Draft, matters: &Matters<'_>) -> Result<(), FolderError> {
    let mut table = Table::begin(draft, NAME, COLUMNS, matters.at())?;
    let head = matters.at().head.0;
    let parts: Vec<Range<u64>> =
        (0..head).step_by(TOGETHER).map(|first| first..head.min(first + TOGETHER as u64)).collect();
    ahead::in_order(parts, AHEAD, |entries| part(matters, entries), |rows| table.take(rows))?;
    table.end()
}

fn part(matters: &Matters<'_>, entries: Range<u64>) -> Rows {
    let entries: Vec<_> = entries.filter_map(|position| matters.all().entry(Position(position))).collect();
    let mut facts = Vec::with_capacity(entries.iter().map(|recorded| recorded.entry.events.len()).sum());
    facts.extend(entries.iter().flat_map(|recorded| of(matters, recorded)));
    Rows::of(COLUMNS, &facts)
}

/// What an entry says, where its act counts or may count.
fn of(matters: &Matters<'_>, recorded: &Arc<Recorded>) -> Vec<Said> {
    let at = matters.at();
    let counted = at.counts(recorded.entry.act.decided);
    let places = recorded.places().filter(|_| counted != Counted::No);
    let said = |place: u16| {
        let struck = matters.all().struck(recorded.position, place);
        Said {
            recorded: Arc::clone(recorded),
            place,
            perhaps_decided: counted == Counted::Perhaps,
            struck_by: struck.map(|(by, _)| by).filter(|by| *by < at.head),
            fact: Key::of(recorded, place).map(|key| key.name()),
            says: tell(&recorded.entry.events[usize::from(place)]).into(),
        }
    };
    places.map(said).collect()
}

impl Said {
    fn event(&self) -> &Event {
        &self.recorded.entry.events[usize::from(self.place)]
    }

    fn act(&self) -> &Act {
        &self.recorded.entry.act
    }

    /// Nothing where it is about no contract.
    fn part(&self) -> Option<Part> {
        let kind = &self.event().kind;
        kind.contracts().next().map(|_| kind.part())
    }

    fn until(&self, side: fn(DateSpan) -> Day) -> Option<Day> {
        self.event().until.map(side)
    }
}

/// The one amount that an event states, where it states one.
fn amount(event: &Event) -> Option<(Money, Option<Basis>)> {
    match &event.kind {
        EventKind::ValueSet { amount, basis, .. } | EventKind::ValueChanged { by: amount, basis, .. } => {
            amount.known().map(|money| (*money, Some(*basis)))
        }
        EventKind::TotalStated { amount, basis, .. } => Some((*amount, Some(*basis))),
        EventKind::ClauseSet { clause: Clause::ValueCap { amount }, .. } => amount.known().map(|money| (*money, None)),
        EventKind::AlternativeConsidered { saving, .. } => saving.map(|money| (money, None)),
        _ => None,
    }
}

/// The number of something that an event states, and of what.
fn number(event: &Event) -> Option<(Decimal, Option<&str>)> {
    match &event.kind {
        EventKind::CountStated { number, .. } => Some(((*number).into(), None)),
        EventKind::PerformanceReported { value, .. } => Some((value.number, Some(&value.unit))),
        _ => None,
    }
}
