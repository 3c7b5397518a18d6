//! Who funds, commissions and provides: an edge a row, from the funder to the delivery network.

use super::{About, Cell, Row};
use minutebook_events::{ContractId, EventKind, Role};
use minutebook_projections::{At, Fact, Figure, Key, Projections};

/// The roles in the way of the money: funder, commissioner, partner, delivery network.
const ROLES: [(Role, &str); 5] = [
    (Role::Funder, "funders"),
    (Role::Commissioner, "commissioners"),
    (Role::StrategicPartner, "strategic partners"),
    (Role::Provider, "providers"),
    (Role::DeliveryPartner, "delivery network"),
];

pub(super) fn rows(all: &Projections, about: About<'_>, at: At) -> Vec<Row> {
    about.contracts(all, at).into_iter().flat_map(|contract| edges(all, contract, at)).collect()
}

/// A row an edge: who funds each part, then every role.
fn edges(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let funding = all.timelines_of(contract).filter_map(|(key, timeline)| match key {
        Key::Funding(_, part) if timeline.is_counted(at) => {
            Some((format!("funding of {part}"), Figure::selected(key.name(), &timeline.select(at), at.as_of)))
        }
        _ => None,
    });
    let roles = ROLES.iter().flat_map(|(role, _)| {
        figures(all, contract, *role, at, Left::In).into_iter().map(|figure| (role.word().replace('-', " "), figure))
    });
    let row = |(role, figure)| {
        Row::new("partner").text("contract", contract).text("role", role).figure_since("party", figure)
    };
    funding.chain(roles).map(row).collect()
}

/// A row a role that anybody has, in the way of the money.
pub(super) fn summary(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    ROLES
        .into_iter()
        .map(|(role, name)| (name, figures(all, contract, role, at, Left::Out)))
        .filter(|(_, figures)| !figures.is_empty())
        .map(|(name, figures)| {
            Row::new("partners").text("contract", contract).text("role", name).cell("parties", Cell::Figures(figures))
        })
        .collect()
}

/// Whether those who gave up a role are listed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    In,
    Out,
}

fn figures(all: &Projections, contract: &ContractId, wanted: Role, at: At, left: Left) -> Vec<Figure> {
    all.timelines_of(contract)
        .filter(|(key, timeline)| matches!(key, Key::Partner(_, role, _) if *role == wanted) && timeline.is_counted(at))
        .map(|(key, timeline)| (key, timeline.select(at)))
        .filter(|(_, selection)| left == Left::In || !selection.answer.is_some_and(has_left))
        .map(|(key, selection)| all.with_names(Figure::selected(key.name(), &selection, at.as_of), at))
        .collect()
}

fn has_left(fact: &Fact) -> bool {
    matches!(fact.event().kind, EventKind::PartnerLeft { .. })
}
