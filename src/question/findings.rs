//! What the record itself shows: every rule with what it checked, and every finding with its sources.

use super::{Cell, Row};
use minutebook_events::ContractId;
use minutebook_projections::{At, Checked, Finding, Projections};

pub(super) fn rows(all: &Projections, contract: Option<&ContractId>, at: At) -> Vec<Row> {
    let checked = all.check(at);
    let rules = checked.iter().map(|rule| {
        let found = rule.found.iter().filter(|finding| is_about(finding, contract)).count();
        Row::new("rule")
            .text("rule", rule.rule)
            .text("checks", rule.checks)
            .text("examined", rule.examined)
            .text("found", found)
    });
    rules.chain(rows_of(&checked, contract)).collect()
}

/// The findings alone, the heaviest first.
pub(super) fn found(all: &Projections, contract: Option<&ContractId>, at: At) -> Vec<Row> {
    rows_of(&all.check(at), contract).collect()
}

fn is_about(finding: &Finding, contract: Option<&ContractId>) -> bool {
    contract.is_none_or(|contract| finding.contracts.contains(contract))
}

fn rows_of<'a>(checked: &'a [Checked], contract: Option<&'a ContractId>) -> impl Iterator<Item = Row> {
    let mut found: Vec<&Finding> =
        checked.iter().flat_map(|rule| &rule.found).filter(|finding| is_about(finding, contract)).collect();
    found.sort_by_key(|finding| finding.weight);
    found.into_iter().map(row)
}

fn row(finding: &Finding) -> Row {
    let texts = |items: &[minutebook_events::Source]| items.iter().map(ToString::to_string).collect();
    let mut row = Row::new("finding")
        .text("weight", finding.weight.word())
        .text("rule", finding.rule)
        .cell("contracts", Cell::List(finding.contracts.iter().map(ToString::to_string).collect()))
        .text("finding", &finding.text);
    for (name, text) in
        [("stated", &finding.stated), ("computed", &finding.computed), ("difference", &finding.difference)]
    {
        if let Some(text) = text {
            row = row.text(name, text);
        }
    }
    if let Some(law) = finding.law {
        row = row.text("law", law);
    }
    row.cell("sources", Cell::List(texts(&finding.sources)))
        .cell("entries", Cell::List(finding.entries.iter().map(ToString::to_string).collect()))
}
