//! Who runs which lot, and which services a contract has.

use super::{About, Row};
use minutebook_events::ContractId;
use minutebook_projections::{At, Figure, Key, Knowing, Projections, Timeline, tell};

pub(super) fn rows(all: &Projections, about: About<'_>, at: At) -> Vec<Row> {
    let contracts = about.contracts(all, at);
    let lots = contracts.iter().flat_map(|contract| of(all, contract, at));
    lots.chain(contracts.iter().flat_map(|contract| services(all, contract, at))).collect()
}

pub(super) fn of(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let held = all.registered(contract, at);
    let statuses = held.statuses().lots;
    held.lots
        .iter()
        .zip(statuses)
        .map(|((lot, _), status)| {
            let title = Key::Lot(contract.clone(), lot.clone());
            let holder = Key::Holder(contract.clone(), lot.clone());
            Row::new("lot")
                .text("contract", contract.as_str())
                .text("lot", lot.as_str())
                .text("title", title_of(all, &title, at))
                .figure_since("holder", all.with_names(selected(all.timeline(&holder), &holder, at), at))
                .figure("status", status)
        })
        .collect()
}

fn services(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    all.timelines_of(contract)
        .filter(|(key, timeline)| matches!(key, Key::Service(..)) && timeline.is_counted(at))
        .map(|(key, timeline)| {
            let name = match key {
                Key::Service(_, service, _) => service.to_string(),
                _ => key.to_string(),
            };
            Row::new("service")
                .text("contract", contract.as_str())
                .text("service", name)
                .figure("says", selected(Some(timeline), key, at))
                .figure("status", all.service_status(key, timeline, at).1)
        })
        .collect()
}

fn selected(timeline: Option<&Timeline>, key: &Key, at: At) -> Figure {
    match timeline {
        Some(timeline) => Figure::selected(key.name(), &timeline.select(at), at.as_of),
        None => Figure::unknown(key.name(), "not in the record"),
    }
}

/// What a lot is called holds whatever the day; from when the lot itself holds is its status.
fn title_of(all: &Projections, key: &Key, at: At) -> String {
    let last = all.timeline(key).and_then(|timeline| timeline.counted(at).last());
    last.map_or_else(String::new, |fact| Knowing::from(tell(fact.event())).words())
}
