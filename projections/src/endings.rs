//! What comes to its end soon: of contracts and lots in force by firm facts, the last day by firm facts, and beside it the
//! ends that are only planned, proposed or inferred, and the options. An option is no end that was moved, and a plan ends
//! nothing.

use crate::all::Projections;
use crate::coordinates::At;
use crate::figure::{Figure, How, Knowing, Val};
use crate::prelude::*;
use crate::register::{Held, Registered, State, last_day};
use crate::timeline::Fact;
use minutebook_events::{ContractId, DateSpan, Day, EventKind, Part};

/// A contract or a lot of which something ends within some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Which part of the contract.
    pub part: Part,
    /// Whether it is in force on the day of the question.
    pub status: Figure,
    /// Its last day by firm facts: before it ends, or its firm term runs out.
    pub last_day: Figure,
    /// The last days that other facts say: such a fact ends nothing.
    pub said: Vec<Figure>,
    /// By how much it may be extended.
    pub option: Figure,
}

impl Projections {
    /// What of a contract is in force on the day of the question and ends, or is said to end, by a last day.
    pub fn endings(&self, contract: &ContractId, at: At, by: Day) -> Vec<Ending> {
        let held = self.registered(contract, at);
        core::iter::once(&held.whole)
            .chain(held.lots.iter().map(|(_, lot)| lot))
            .filter_map(|part| ending(&held, part, at.as_of, by))
            .collect()
    }
}

fn ending(all: &Registered<'_>, held: &Held<'_>, day: Day, by: Day) -> Option<Ending> {
    let (_, status) = held.status_on(day).filter(|(state, _)| *state == State::InForce)?;
    let name = held.name("last-day");
    let said: Vec<Figure> = held.ahead(day).filter_map(|fact| said(held, fact, day, by)).collect();
    let last_day = match first_day_without(all, held, day, by) {
        Some((first, state)) => {
            let last = first.pred_opt().unwrap_or(Day::MIN);
            let how = match state {
                State::Expired => "its firm term runs out, and no firm extension is in the record",
                State::Ended => "it ends by a firm fact",
                _ => "no firm fact says that it is in force any longer",
            };
            let facts = all.status_on(held, first).1.rests_on;
            Figure::computed(name, Knowing::Known(Val::Date(DateSpan::day(last))), How::Words(how.into()), facts)
        }
        None if said.is_empty() => return None,
        None => Figure::unknown(name, "no firm fact ends it within these months"),
    };
    let [_, option, _] = held.term_figures();
    Some(Ending { part: held.part.clone(), status, last_day, said, option })
}

/// The first day on which it is not in force by firm facts any more, where its last is not after a day; and what it is then. A
/// lot of which nothing holds by itself any longer is what the whole contract is.
fn first_day_without(all: &Registered<'_>, held: &Held<'_>, day: Day, by: Day) -> Option<(Day, State)> {
    let mut borders = all.borders();
    borders.retain(|border| day < *border && border.pred_opt().is_some_and(|last| last <= by));
    let states = borders.into_iter().map(|border| (border, all.status_on(held, border).0));
    states.into_iter().find(|(_, state)| *state != State::InForce)
}

/// The last day that a fact says which is not firm, where it is one of these days.
fn said(held: &Held<'_>, fact: &Fact, day: Day, by: Day) -> Option<Figure> {
    let (what, last) = match &fact.event().kind {
        EventKind::Ended { .. } => ("status", fact.effective().plus_days(-1)),
        _ => ("term", last_day(fact)?),
    };
    if fact.standing().is_firm() || last.latest() < day || by < last.latest() {
        return None;
    }
    let said = Figure::computed(held.name(what), Knowing::Known(Val::Date(last)), "", [fact.clone()]);
    Some(Figure { computed: None, effective: Some(fact.effective()), because: fact.event().because.clone(), ..said })
}
