//! What the record itself shows: every rule with what it checked, and every finding with its sources.

use super::{About, Cell, Row};
use minutebook_events::Source;
use minutebook_projections::{At, Checked, Finding, Projections, Weight};

pub(super) fn rows(all: &Projections, about: About<'_>, at: At) -> Vec<Row> {
    let checked = all.check(at);
    let rules = checked.iter().map(|rule| {
        let found = rule.found.iter().filter(|finding| is_about(finding, about)).count();
        let row = Row::new("rule").text("rule", rule.rule).text("checks", rule.checks);
        // How much of it is about some contracts no rule counts.
        let row = if matches!(about, About::All) { row.text("examined", rule.examined) } else { row };
        row.text("found", found)
    });
    rules.chain(sorted(&checked, about).into_iter().map(row)).collect()
}

/// The differences and conflicts, a line each, and how many there are of the rest.
pub(super) fn summary(all: &Projections, about: About<'_>, at: At) -> Vec<Row> {
    let checked = all.check(at);
    let found = sorted(&checked, about);
    let (shown, rest): (Vec<&Finding>, Vec<&Finding>) =
        found.into_iter().partition(|finding| finding.weight <= Weight::Conflict);
    let lines = shown.into_iter().map(|finding| {
        let row = Row::new("finding").text("weight", finding.weight.word()).text("finding", &finding.text);
        row.cell("sources", Cell::List(texts(&finding.sources)))
    });
    let counts = rest.chunk_by(|a, b| a.weight == b.weight).filter_map(|same| {
        let plural = if same.len() == 1 { "" } else { "s" };
        let more = format!("{} {}{plural}: minutebook findings", same.len(), same.first()?.weight.word());
        Some(Row::new("more-findings").text("found", more))
    });
    lines.chain(counts).collect()
}

fn texts(items: &[Source]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn is_about(finding: &Finding, about: About<'_>) -> bool {
    about.any(finding.contracts.iter())
}

/// The findings of a contract, or all: the heaviest first.
fn sorted<'a>(checked: &'a [Checked], about: About<'_>) -> Vec<&'a Finding> {
    let mut found: Vec<&Finding> =
        checked.iter().flat_map(|rule| &rule.found).filter(|finding| is_about(finding, about)).collect();
    found.sort_by_key(|finding| finding.weight);
    found
}

fn row(finding: &Finding) -> Row {
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
    row.cell("sources", Cell::List(texts(&finding.sources))).cell("entries", Cell::Positions(finding.entries.clone()))
}
