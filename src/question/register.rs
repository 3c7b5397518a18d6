//! The register: every contract and lot with its status, term, options, latest end, clauses, steps and sealed contents.

use super::{Row, chosen};
use minutebook_events::{ContractId, EventKind, Part};
use minutebook_projections::{At, Key, Projections};

pub(super) fn rows(all: &Projections, contract: Option<&ContractId>, at: At) -> Vec<Row> {
    let mut rows = vec![];
    for id in chosen(all, contract, at) {
        rows.push(line(all, "contract", id, &Part::Whole, at));
    }
    if let Some(id) = contract {
        rows.extend(all.lots_of(id, at).into_iter().map(|lot| line(all, "lot", id, &Part::Lot(lot), at)));
        rows.extend(details(all, id, at));
    }
    rows
}

fn line(all: &Projections, kind: &'static str, contract: &ContractId, part: &Part, at: At) -> Row {
    let row = Row::new(kind).text("contract", contract);
    let row = match part {
        Part::Lot(lot) => row.text("lot", lot),
        _ => row.text("title", all.title(contract, at)),
    };
    row.figure_since("status", all.status(contract, part, at).1)
        .figure("term", all.term_figure(contract, part, at))
        .figure("option", all.option_figure(contract, part, at))
        .figure("latest-end", all.latest_end(contract, part, at))
}

/// Everything else the register holds of one contract, a row a fact.
fn details(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let shown = |key: &Key| {
        matches!(key, Key::Successor(_) | Key::Clause(..) | Key::Delegation(..) | Key::Milestone(..) | Key::Notice(..))
            || matches!(key, Key::Term(_, Part::Service(_)) | Key::Extension(_, Part::Service(_)) | Key::Content(..))
    };
    all.register
        .of(contract)
        .filter(|(key, timeline)| shown(key) && timeline.is_counted(at))
        .map(|(key, _)| {
            let kind = match key {
                Key::Clause(..) => "clause",
                Key::Milestone(..) => "milestone",
                Key::Content(..) => "content",
                _ => "detail",
            };
            let row = Row::new(kind).text("contract", contract).text("what", key);
            titled(row, all, key, at).figure("says", all.in_register(key, at))
        })
        .collect()
}

/// A content says what it is called, and what it can be checked against.
fn titled(row: Row, all: &Projections, key: &Key, at: At) -> Row {
    let Key::Content(contract, name) = key else { return row };
    let Some(content) = all.content(contract, name, at.head) else { return row };
    match &content.sealed.event().kind {
        EventKind::ContentSealed { title, commitment, .. } => row.text("title", title).text("commitment", commitment),
        _ => row,
    }
}
