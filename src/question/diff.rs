//! What changed between two days, and which act changed it: fact by fact, each as the state tells it, and whether a contract is in
//! force, also where that follows from its lots. Sums and terms that follow from several facts follow from these.

use super::{About, QuestionError, Row, value};
use minutebook_events::{ContractId, Day, EventKind, Part};
use minutebook_projections::{At, Beside, Courses, Fact, Figure, Key, Other, Projections, Selection, Timeline};
use std::collections::BTreeMap;

pub(super) fn rows(all: &Projections, about: About<'_>, at: At, to: Day) -> Result<Vec<Row>, QuestionError> {
    if to < at.as_of {
        return Err(QuestionError::Backwards { from: at.as_of, to });
    }
    let (mut first, mut second) = (OneDay::of(all, at), OneDay::of(all, at.on(to)));
    let mut rows = vec![];
    for (key, timeline) in all.timelines() {
        let Some(of) = key.contract().filter(|of| about.any(std::iter::once(*of))) else { continue };
        match key {
            // What only findings are made of is told there.
            Key::Count(..) => {}
            Key::Total(..) => rows.extend(total((of, key), timeline, [at, at.on(to)])),
            _ => rows.extend(change((of, key), timeline, [&mut first, &mut second])),
        }
    }
    for of in about.contracts(all, at.on(to)) {
        rows.extend(followed(all, of, [&mut first, &mut second]));
    }
    Ok(rows)
}

/// What is told of one of the two days.
struct OneDay<'a> {
    all: &'a Projections,
    at: At,
    courses: Courses<'a>,
    /// Whether contracts and their lots are in force, each worked out once.
    statuses: BTreeMap<&'a ContractId, BTreeMap<Part, Figure>>,
}

impl<'a> OneDay<'a> {
    fn of(all: &'a Projections, at: At) -> Self {
        Self { all, at, courses: Courses::new(all, at), statuses: BTreeMap::new() }
    }

    /// A fact as the state tells it on the day, without what stands beside it: whether something is in force also follows from how
    /// long its term ran, and an amount from what it was before it was changed.
    fn figure(&mut self, of: &'a ContractId, key: &'a Key, selection: &Selection<'_>) -> Figure {
        let told = match (key, selection.answer.map(|fact| &fact.event().kind)) {
            (Key::Status(_, part), _) => self.statuses_of(of).get(part).cloned(),
            (Key::Line(..), Some(EventKind::ValueChanged { .. })) => {
                let courses = self.courses.of(of);
                let found = courses.binary_search_by(|course| course.key.cmp(key)).ok();
                found.map(|place| courses[place].figure())
            }
            _ => None,
        };
        let figure = match (told, selection.lapsed) {
            (Some(figure), _) => Figure { others: vec![], ..figure },
            // What was in effect last is told with what comes next.
            (None, Some(_)) => Figure::selected(key.name(), selection, self.at.as_of),
            (None, None) => Figure::in_effect(key.name(), selection, self.at.as_of),
        };
        self.all.with_names(figure, self.at)
    }

    fn statuses_of(&mut self, of: &'a ContractId) -> &BTreeMap<Part, Figure> {
        self.statuses.entry(of).or_insert_with(|| {
            let held = self.all.registered(of, self.at);
            let statuses = held.statuses();
            let lots = held.lots.into_iter().zip(statuses.lots).map(|((lot, _), figure)| (Part::Lot(lot), figure));
            lots.chain([(Part::Whole, statuses.whole)]).collect()
        })
    }
}

/// The row of a fact that is not the same on both days.
fn change<'a>((of, key): (&'a ContractId, &'a Key), timeline: &Timeline, days: [&mut OneDay<'a>; 2]) -> Option<Row> {
    let [(before, was), (after, is)] = days.map(|day| {
        let selection = timeline.select(day.at);
        let figure = day.figure(of, key, &selection);
        (selection, figure)
    });
    // What had its last day is not there any more by no act, whoever had said which day that is.
    let ran_out = after.answer.is_none()
        && before.answer.zip(after.lapsed).is_some_and(|(was, (lapsed, _))| std::ptr::eq(was, lapsed));
    let by = match same(&before, &after) {
        true if says_the_same(&was, &is) => return None,
        // A last day has passed.
        true => newly_behind(&was, &is).or(after.lapsed.map(|(fact, _)| fact)),
        false if ran_out => None,
        false => by(&before, &after),
    };
    let act = act(by);
    let is_same = alike(&before, &after) && says_the_same(&was, &is);
    let mut row = Row::new("change").text("contract", of).text("fact", key).figure("before", was).figure("after", is);
    // Where the answer is the same, what changed is what stands beside it.
    if let Some(fact) = newly_beside(&before, &after).filter(|_| is_same) {
        row = row.text("beside", Other::of(fact, Beside::Differs).words());
    }
    Some(row.text("act", act))
}

/// The act that changed something; where no act did, why it is another.
fn act(by: Option<&Fact>) -> String {
    by.map_or_else(|| "none: its time ran out".to_owned(), |fact| fact.act().reference.to_string())
}

/// Whether a contract is in force, where that follows from its lots alone and is not the same on both days.
fn followed<'a>(all: &'a Projections, of: &'a ContractId, days: [&mut OneDay<'a>; 2]) -> Option<Row> {
    let key = Key::Status(of.clone(), Part::Whole);
    if all.timeline(&key).is_some() {
        return None;
    }
    let [was, is] = days.map(|day| {
        let figure = day.statuses_of(of).get(&Part::Whole).cloned();
        figure.map(|figure| day.all.with_names(Figure { others: vec![], ..figure }, day.at))
    });
    let (was, is) = was.zip(is).filter(|(was, is)| !says_the_same(was, is))?;
    let act = act(newly_behind(&was, &is));
    let row = Row::new("change").text("contract", of).text("fact", key).figure("before", was).figure("after", is);
    Some(row.text("act", act))
}

fn says_the_same(before: &Figure, after: &Figure) -> bool {
    before.value() == after.value() && before.standing == after.standing && before.uncertain == after.uncertain
}

fn newly_behind<'a>(before: &Figure, after: &'a Figure) -> Option<&'a Fact> {
    let place = |fact: &Fact| (fact.position(), fact.place());
    after.rests_on.iter().find(|fact| !before.rests_on.iter().any(|old| place(old) == place(fact)))
}

/// A row a total that a document states, where it had on one of the days and had not on the other: such a total is of no day.
fn total((of, key): (&ContractId, &Key), timeline: &Timeline, days: [At; 2]) -> Vec<Row> {
    let [before, after] = days.map(|at| timeline.stated(at).collect::<Vec<_>>());
    let without = |others: &[&Fact], fact: &&Fact| !others.iter().any(|other| std::ptr::eq(*other, *fact));
    let nothing = || Figure::in_effect(key.name(), &Selection::default(), days[0].as_of);
    let row = |before: Figure, after: Figure, fact: &Fact| {
        let row = Row::new("change").text("contract", of).text("fact", key);
        row.figure("before", before).figure("after", after).text("act", &fact.act().reference)
    };
    let gone = before.iter().filter(|fact| without(&after, fact));
    let gone = gone.map(|fact| row(value::stated_figure(key, fact), nothing(), fact));
    let new = after.iter().filter(|fact| without(&before, fact));
    gone.chain(new.map(|fact| row(nothing(), value::stated_figure(key, fact), fact))).collect()
}

/// The fact behind a change: the new answer, what newly stands beside the old one, or what lapsed.
fn by<'a>(before: &Selection<'a>, after: &Selection<'a>) -> Option<&'a Fact> {
    let is = |a: Option<&Fact>, b: &Fact| a.is_some_and(|a| std::ptr::eq(a, b));
    let new = after.answer.filter(|fact| !is(before.answer, fact));
    new.or_else(|| newly_beside(before, after)).or(after.answer).or(before.answer)
}

fn newly_beside<'a>(before: &Selection<'a>, after: &Selection<'a>) -> Option<&'a Fact> {
    after.beside.iter().copied().find(|fact| !before.beside.iter().any(|old| std::ptr::eq(*old, *fact)))
}

/// Whether both days have the same answer, as firmly.
fn alike(before: &Selection<'_>, after: &Selection<'_>) -> bool {
    match (before.answer, after.answer) {
        (None, None) => true,
        (Some(a), Some(b)) => a.agrees(b) && a.standing() == b.standing(),
        _ => false,
    }
}

fn same(before: &Selection<'_>, after: &Selection<'_>) -> bool {
    // A plan that takes effect changes no answer, and stands beside it from then on.
    let beside = before.beside.len() == after.beside.len()
        && before.beside.iter().zip(&after.beside).all(|(a, b)| std::ptr::eq(*a, *b));
    alike(before, after)
        && beside
        && before.uncertain == after.uncertain
        && before.conflicting.len() == after.conflicting.len()
}
