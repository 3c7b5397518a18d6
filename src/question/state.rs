//! The state on a day: contracts by whether they are in force, who runs which lot, who provides, what the record
//! shows of itself. It must only gather what the other questions answer in full.

use super::{About, Cell, Row, findings, lots, network, value};
use minutebook_events::ContractId;
use minutebook_projections::{At, Figure, Projections, State, Statuses};

pub(super) fn rows(all: &Projections, about: About<'_>, at: At) -> Vec<Row> {
    let of_each = |contract| (of(all, contract, at), contract);
    let mut contracts: Vec<((Table, Row), &ContractId)> = about.contracts(all, at).into_iter().map(of_each).collect();
    contracts.sort_by_key(|((table, _), _)| *table);
    let is_live = |table: Table| table <= Table::SaidToBe;
    let live: Vec<&ContractId> =
        contracts.iter().filter(|((table, _), _)| is_live(*table)).map(|(_, contract)| *contract).collect();
    let mut rows: Vec<Row> = contracts.into_iter().map(|((_, row), _)| row).collect();
    rows.extend(live.iter().flat_map(|contract| lots::of(all, contract, at)));
    rows.extend(live.iter().flat_map(|contract| network::summary(all, contract, at)));
    rows.extend(findings::summary(all, about, at));
    rows
}

/// What is said of a contract itself, and in which table.
pub(super) fn of(all: &Projections, contract: &ContractId, at: At) -> (Table, Row) {
    let held = all.registered(contract, at);
    let Statuses { state, whole: status, .. } = held.statuses();
    let table = Table::of(state, &status);
    let row = Row::new(table.kind())
        .text("contract", contract)
        .text("title", all.title(contract, at))
        .figure("status", status)
        .cell("value", Cell::Figures(value::yearly(all, contract, at)))
        .figure("term", held.whole.term_figure());
    (table, row)
}

/// The tables of the state, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    InForce,
    /// It started by a firm fact, and may not have by that day, or may have ended: whoever reads must see the doubt.
    MayBeInForce,
    SaidToBe,
    NotYet,
    NotDetermined,
    Ended,
}

impl Table {
    fn of(state: State, status: &Figure) -> Self {
        match state {
            State::InForce if status.uncertain.is_some() => Self::MayBeInForce,
            State::InForce => Self::InForce,
            State::SaidToBe(_) => Self::SaidToBe,
            State::NotYet => Self::NotYet,
            State::Unknown => Self::NotDetermined,
            State::Expired | State::Ended | State::SaidToHaveEnded(_) => Self::Ended,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::MayBeInForce => "may-be-in-force",
            Self::SaidToBe => "said-to-be-in-force",
            Self::NotYet => "not-yet-in-force",
            Self::NotDetermined => "not-determined",
            Self::Ended => "ended",
        }
    }
}
