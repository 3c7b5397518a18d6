//! The register: every contract and lot with its status, term, options, latest end, clauses, steps and sealed contents.

use super::{About, Row};
use minutebook_events::{ContractId, EventKind, Part};
use minutebook_projections::{At, Figure, Held, Key, Projections};

pub(super) fn rows(all: &Projections, about: About<'_>, at: At) -> Vec<Row> {
    let mut rows = vec![];
    for id in about.contracts(all, at) {
        let held = all.registered(id, at);
        let statuses = held.statuses();
        let terms = held.whole.term_figures();
        let lots = if about.one().is_some() { held.lot_term_figures(&terms) } else { vec![] };
        let row = Row::new("contract").text("contract", id.as_str()).text("title", all.title(id, at));
        let notice = |held: &Held<'_>| about.one().and_then(|_| held.last_notice_figure(all, id));
        rows.push(line(row, statuses.whole, terms, notice(&held.whole)));
        for (((lot, own), status), terms) in held.lots.iter().zip(statuses.lots).zip(lots) {
            let row = Row::new("lot").text("contract", id.as_str()).text("lot", lot.as_str());
            rows.push(line(row, status, terms, notice(own)));
        }
    }
    rows.extend(about.one().into_iter().flat_map(|id| details(all, id, at)));
    rows
}

fn line(row: Row, status: Figure, [term, option, latest_end]: [Figure; 3], last_notice: Option<Figure>) -> Row {
    let row = row.figure_since("status", status).figure("term", term).figure("option", option);
    // Where the record sets none, nothing is said of notice: it may need some.
    let row = last_notice.into_iter().fold(row, |row, last| row.figure("last-notice", last));
    row.figure("latest-end", latest_end)
}

/// Everything else the register holds of one contract, a row a fact.
fn details(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let shown = |key: &Key| {
        matches!(key, Key::Successor(_) | Key::Clause(..) | Key::Delegation(..) | Key::Milestone(..) | Key::Notice(..))
            || matches!(key, Key::Term(_, Part::Service(_)) | Key::Extension(_, Part::Service(_)) | Key::Content(..))
    };
    all.timelines_of(contract)
        .filter(|(key, timeline)| shown(key) && timeline.is_counted(at))
        .map(|(key, timeline)| {
            let kind = match key {
                Key::Clause(..) => "clause",
                Key::Milestone(..) => "milestone",
                Key::Content(..) => "content",
                _ => "detail",
            };
            let says = Figure::selected(key.name(), &timeline.select(at), at.as_of);
            let row = Row::new(kind).text("contract", contract.as_str()).text("what", &*says.fact);
            titled(row, all, key, at).figure("says", says)
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
