//! Totals over contracts on a day: what all of them are worth a year, by measure and by group, each footing in a column of
//! its own; what goes into no total; and what ends soon. It must not add anything up itself.

use super::{Cell, Row};
use crate::ledger::View;
use minutebook_events::{Basis, ContractId, Day, Months, Part, TimeRange};
use minutebook_projections::{
    At, By, Counts, Earlier, Ending, Figure, Footed, Footing, Group, How, Knowing, Lacking, Projections, Total, Totals,
    Val,
};
use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

/// The footings that are shown, as the state calls them; what has ended, or has not begun, is in no answer.
const COLUMNS: [(Footing, &str); 3] =
    [(Footing::InForce, "in-force"), (Footing::MayBe, "may-be-in-force"), (Footing::SaidToBe, "said-to-be-in-force")];

/// What was kept is changed to what it was before some entries, where these are no more than a part of all contracts, offices
/// and the like: past that, going through all contracts is as fast.
const MOST: u64 = 8;

pub(super) fn rows(
    view: &View<'_>,
    contract: Option<&ContractId>,
    at: At,
    by: By,
    ends_within: Option<Months>,
) -> Vec<Row> {
    let all = &*view.projections;
    let kept = kept(view, contract, at);
    let kept = kept.as_ref().map(|kept| kept.earlier(all, at.head));
    let asked = [By::All, by];
    let mut totals = match &kept {
        Some(kept) if by.is_over_contracts() => kept.on(&asked, at.as_of),
        _ => all.totals(contract, &asked, at),
    };
    // Lots stand in the order of their numbers.
    totals.sort_by_key(|total| match &total.place.group {
        Group::Lot(contract, Part::Lot(lot)) => (Some(contract.clone()), 1, lot.as_str().parse().unwrap_or(u32::MAX)),
        Group::Lot(contract, part) => (Some(contract.clone()), if part.is_whole() { 0 } else { 2 }, 0),
        _ => (None, 0, 0),
    });
    let (mut of_all, mut grouped, mut apart) = (vec![], vec![], vec![]);
    // Whose money or work it is, where that is told, before what names nobody.
    let nobody = |total: &&Total| matches!(total.place.group, Group::Funder(None) | Group::Partner(None));
    let (last, first): (Vec<&Total>, Vec<&Total>) = totals.iter().filter(|total| is_shown(total)).partition(nobody);
    for total in first.into_iter().chain(last) {
        match (&total.place.group, &total.place.covers) {
            (Group::All, None) => of_all.push(row(all, "total", total, at)),
            // It stands under its group.
            (Group::All, Some(_)) => {}
            (_, None) => grouped.push(row(all, kind(by), total, at)),
            (_, Some(_)) => apart.push(row(all, "total-apart", total, at)),
        }
    }
    let mut rows = [of_all, grouped, apart].concat();
    if let Some(months) = ends_within {
        rows.extend(endings(all, kept.as_ref(), contract, at, months));
    }
    rows
}

/// The totals that the ledger keeps, of all that is known, where they say something of these coordinates: they are of all
/// contracts, whenever decided.
fn kept<'v>(view: &View<'v>, contract: Option<&ContractId>, at: At) -> Option<MutexGuard<'v, Totals>> {
    let since = view.head.0.saturating_sub(at.head.0);
    if contract.is_some() || at.decided_by.is_some() || since > view.projections.streams().len() as u64 / MOST {
        return None;
    }
    // Whoever stopped while they followed left them half way.
    let mut kept = view.totals?.lock().unwrap_or_else(|poisoned| {
        let mut kept = PoisonError::into_inner(poisoned);
        *kept = Totals::default();
        kept
    });
    // Another question may have seen more of the ledger already.
    if kept.head() < view.head {
        kept.follow(&view.projections, view.head);
    }
    Some(kept)
}

fn is_shown(total: &Total) -> bool {
    total.on.keys().any(|footing| *footing != Footing::Not)
}

fn kind(by: By) -> &'static str {
    match by {
        By::All => "total",
        By::Funder => "total-by-funder",
        By::Partner => "total-by-partner",
        By::Contract => "total-by-contract",
        By::Lot => "total-by-lot",
        By::Area => "total-by-area",
    }
}

/// A row a total: whose it is, each footing with its sum, and what is lacking.
fn row(all: &Projections, kind: &'static str, total: &Total, at: At) -> Row {
    let (row, of) = named(all, Row::new(kind), &total.place.group, at);
    let measure = total.place.measure.map_or("any amount", |measure| measure.word());
    let mut row = row;
    if let Some((contract, others)) = &total.place.covers {
        if row.get("contract").is_none() {
            row = row.text("contract", contract);
        }
        row = row.cell("covers-too", Cell::List(others.iter().map(ToString::to_string).collect()));
    }
    row = row.text("measure", measure);
    for (footing, column) in COLUMNS {
        let name = [&of, "a-year/", measure, "/", column].concat();
        row = row.figure(column, figure(name, total.on.get(&footing)));
    }
    row.cell("lacking", Cell::List(lacking(total)))
}

/// The cells that name a group, and what stands in front of the names of its figures.
fn named(all: &Projections, row: Row, group: &Group, at: At) -> (Row, String) {
    let not_stated = "not stated";
    match group {
        Group::All => (row, String::new()),
        Group::Funder(Some(party)) => (row.text("funder", all.party_name(party, at)), format!("from-{party}/")),
        Group::Funder(None) => (row.text("funder", not_stated), "from-nobody/".to_owned()),
        Group::Partner(Some(party)) => (row.text("partner", all.party_name(party, at)), format!("to-{party}/")),
        Group::Partner(None) => (row.text("partner", not_stated), "to-nobody/".to_owned()),
        Group::Contract(contract) => {
            (row.text("contract", contract).text("title", all.title(contract, at)), format!("{contract}/"))
        }
        Group::Lot(contract, part) => {
            (row.text("contract", contract).text("part", part), format!("{contract}/{part}/"))
        }
        Group::Area(contract, area) => {
            let area = area.as_deref().unwrap_or(not_stated);
            (row.text("contract", contract).text("area", area), format!("{contract}/{area}/"))
        }
    }
}

/// The sum on one footing. What it lacks makes it no less known, and stands in the row and in its counts.
fn figure(name: String, footed: Option<&Footed>) -> Figure {
    let Some(footed) = footed else { return Figure::unknown(name, minutebook_projections::Why::Nothing) };
    let counts = footed.counts();
    let value = match footed.known.pounds() {
        _ if counts.amounts == 0 => Knowing::Unknown("no amount stands as firmly".into()),
        _ if counts.known == 0 => Knowing::Unknown("no amount of it is known".into()),
        Some(pounds) => Knowing::Known(Val::Money(pounds, Some(Basis::Year))),
        None => Knowing::Unknown("it is more than money can be written as".into()),
    };
    let how = match footed.known.slack().filter(|_| value.known().is_some()) {
        Some(slack) => How::Rounded(Box::new(How::Total(counts)), slack),
        None => How::Total(counts),
    };
    Figure::computed(name, value, how, [])
}

/// What goes into no sum of a row, by why.
fn lacking(total: &Total) -> Vec<String> {
    let mut lacking = vec![];
    for (footing, column) in COLUMNS {
        for (why, tally) in total.on.get(&footing).into_iter().flat_map(|footed| &footed.lacking) {
            let number = match (why, tally.contracts) {
                (Lacking::NoAmount, 1) => "1 contract".to_owned(),
                (Lacking::NoAmount, contracts) => format!("{contracts} contracts"),
                _ => tally.amounts.to_string(),
            };
            lacking.push(format!("{}: {number} {}", column.replace('-', " "), why.words()));
        }
    }
    if let Some(footed) = total.on.get(&Footing::NotDetermined) {
        let counts = footed.counts();
        let counts = Counts { known: counts.amounts, ..counts };
        lacking.push(format!("whether in force is not in the record: {counts}"));
    }
    lacking
}

/// A row a contract or lot in force that ends, or is said to end, within so many months from the day on.
fn endings(
    all: &Projections,
    kept: Option<&Earlier<'_>>,
    contract: Option<&ContractId>,
    at: At,
    months: Months,
) -> Vec<Row> {
    let by = months.last_day_from(at.as_of).unwrap_or(Day::MAX);
    let days = TimeRange { from: at.as_of, end: by.succ_opt().unwrap_or(Day::MAX) };
    let contracts: BTreeSet<&ContractId> = match (contract, kept) {
        (Some(contract), _) => [contract].into(),
        (None, Some(kept)) => {
            kept.may_end(days).into_iter().filter(|contract| all.is_defined(contract, at.head)).collect()
        }
        (None, None) => all.contracts(at.head).into_iter().collect(),
    };
    let mut endings: Vec<(&ContractId, Ending)> = vec![];
    for contract in contracts {
        endings.extend(all.endings(contract, at, by).into_iter().map(|ending| (contract, ending)));
    }
    let row = |(contract, ending): (&ContractId, Ending)| {
        let Ending { part, status, last_day, said, option } = ending;
        let row = Row::new("ending").text("contract", contract).text("title", all.title(contract, at));
        let row = row.text("part", part).figure("status", status).figure("last-day", last_day);
        row.cell("said-to-end", Cell::Figures(said)).figure("option", option)
    };
    endings.into_iter().map(row).collect()
}
