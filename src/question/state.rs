//! The state on a day: contracts by whether they are in force, who runs which lot, who provides, what the record
//! shows of itself. It must only gather what the other questions answer in full.

use super::{Cell, Row, chosen, findings, lots, network, value};
use minutebook_events::{ContractId, Part};
use minutebook_projections::{At, Projections, State};

pub(super) fn rows(all: &Projections, contract: Option<&ContractId>, at: At) -> Vec<Row> {
    let mut contracts: Vec<(State, Row, &ContractId)> = chosen(all, contract, at)
        .into_iter()
        .map(|contract| {
            let (state, status) = all.status(contract, &Part::Whole, at);
            let row = Row::new(table(state))
                .text("contract", contract)
                .text("title", all.title(contract, at))
                .figure("status", status)
                .cell("value", Cell::Figures(value::yearly(all, contract, at)))
                .figure("term", all.term_figure(contract, &Part::Whole, at))
                .figure("latest-end", all.latest_end(contract, &Part::Whole, at));
            (state, row, contract)
        })
        .collect();
    contracts.sort_by_key(|(state, _, _)| table_order(*state));
    let live: Vec<&ContractId> =
        contracts.iter().filter(|(state, _, _)| table_order(*state) < 2).map(|(_, _, contract)| *contract).collect();
    let mut rows: Vec<Row> = contracts.iter().map(|(_, row, _)| row.clone()).collect();
    rows.extend(live.iter().flat_map(|contract| lots::of(all, contract, at)));
    rows.extend(live.iter().flat_map(|contract| network::of(all, contract, at)));
    rows.extend(findings::found(all, contract, at));
    rows
}

fn table_order(state: State) -> u8 {
    match state {
        State::InForce => 0,
        State::SaidToBe(_) => 1,
        State::NotYet => 2,
        State::Unknown => 3,
        State::Expired | State::Ended | State::SaidToHaveEnded(_) => 4,
    }
}

fn table(state: State) -> &'static str {
    match table_order(state) {
        0 => "in-force",
        1 => "said-to-be-in-force",
        2 => "not-yet-in-force",
        3 => "not-determined",
        _ => "ended",
    }
}
