//! Who funds, commissions and provides: an edge a row, from the funder to the delivery network.

use super::{Cell, Row, chosen};
use minutebook_events::{ContractId, Role};
use minutebook_projections::{At, Figure, Key, Projections};

/// The roles in the way of the money: funder, commissioner, partner, delivery network.
const ROLES: [(Role, &str); 5] = [
    (Role::Funder, "funders"),
    (Role::Commissioner, "commissioners"),
    (Role::StrategicPartner, "strategic-partners"),
    (Role::Provider, "providers"),
    (Role::DeliveryPartner, "delivery-network"),
];

pub(super) fn rows(all: &Projections, contract: Option<&ContractId>, at: At) -> Vec<Row> {
    chosen(all, contract, at).into_iter().flat_map(|contract| edges(all, contract, at)).collect()
}

/// A row an edge: who funds each part, then every role.
fn edges(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let funding = all.network.of(contract).filter_map(|(key, timeline)| match key {
        Key::Funding(_, part) if timeline.counted(at).next().is_some() => {
            Some((format!("funding of {part}"), Figure::selected(key, &timeline.select(at), at.as_of)))
        }
        _ => None,
    });
    let roles = ROLES.iter().flat_map(|(role, _)| {
        figures(all, contract, *role, at).into_iter().map(|figure| (role.word().replace('-', " "), figure))
    });
    let row =
        |(role, figure)| Row::new("partner").text("contract", contract).text("role", role).figure("party", figure);
    funding.chain(roles).map(row).collect()
}

/// One row for a contract, a cell a role; nothing where nobody is in the record.
pub(super) fn summary(all: &Projections, contract: &ContractId, at: At) -> Option<Row> {
    let mut row = Row::new("partners").text("contract", contract);
    for (role, name) in ROLES {
        let figures = figures(all, contract, role, at);
        if !figures.is_empty() {
            row = row.cell(name, Cell::Figures(figures));
        }
    }
    (row.cells.len() > 1).then_some(row)
}

fn figures(all: &Projections, contract: &ContractId, wanted: Role, at: At) -> Vec<Figure> {
    all.network
        .of(contract)
        .filter(|(key, timeline)| {
            matches!(key, Key::Partner(_, role, _) if *role == wanted) && timeline.counted(at).next().is_some()
        })
        .map(|(key, timeline)| Figure::selected(key, &timeline.select(at), at.as_of))
        .collect()
}
