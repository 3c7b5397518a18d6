//! Who funds, commissions and provides: an edge a row, from the funder to the delivery network.

use super::{Row, chosen};
use minutebook_events::{ContractId, Role};
use minutebook_projections::{At, Figure, Key, Projections};

pub(super) fn rows(all: &Projections, contract: Option<&ContractId>, at: At) -> Vec<Row> {
    chosen(all, contract, at).into_iter().flat_map(|contract| of(all, contract, at)).collect()
}

pub(super) fn of(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let mut rows: Vec<(u8, Row)> = all
        .network
        .of(contract)
        .filter(|(_, timeline)| timeline.counted(at).next().is_some())
        .map(|(key, timeline)| {
            let figure = Figure::selected(key, &timeline.select(at), at.as_of);
            let (order, role) = match key {
                Key::Funding(_, part) => (0, format!("funding of {part}")),
                Key::Partner(_, role, _) => (order(*role), role.word().replace('-', " ")),
                _ => (u8::MAX, key.to_string()),
            };
            (order, Row::new("partner").text("contract", contract).text("role", role).figure("party", figure))
        })
        .collect();
    rows.sort_by_key(|(order, _)| *order);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The way of the money: funder, commissioner, partner, delivery network.
fn order(role: Role) -> u8 {
    match role {
        Role::Funder => 1,
        Role::Commissioner => 2,
        Role::StrategicPartner => 3,
        Role::Provider => 4,
        Role::DeliveryPartner => 5,
    }
}
