//! What contracts are worth: line by line, by lot, service and funder, a year, over the first term, with options, what
//! is left, by financial year; and every stated total with ours beside it.

use super::{Row, chosen};
use minutebook_events::{Basis, ContractId, EventKind, Measure, Money, Part, PartyId, ValueLine, financial_year};
use minutebook_projections::{At, Fact, Figure, Knowing, Projections, Terms, Timeline, Val, Window};
use std::collections::BTreeSet;

/// Lines that add up: of one measure, and covering the same other contracts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    measure: Measure,
    with: Vec<ContractId>,
}

impl Group {
    fn holds(&self, line: &ValueLine, timeline: &Timeline) -> bool {
        line.measure == self.measure && with(timeline) == self.with
    }

    /// The name of one of its figures, as `why` takes it.
    fn figure(&self, of: &str, what: &str) -> String {
        format!("{of}{what}/{}", self.name())
    }

    fn name(&self) -> String {
        let with: Vec<&str> = self.with.iter().map(ContractId::as_str).collect();
        if with.is_empty() { self.measure.to_string() } else { format!("{} with {}", self.measure, with.join(" and ")) }
    }
}

/// What stands in front of the name of a part's figure, as in keys.
fn prefix(part: &Part) -> String {
    match part {
        Part::Whole => String::new(),
        Part::Lot(lot) => format!("lot-{lot}/"),
        Part::Service(service) => format!("service-{service}/"),
    }
}

/// The other contracts that the amounts of a line cover too.
fn with(timeline: &Timeline) -> Vec<ContractId> {
    let mut with: Vec<ContractId> = timeline
        .facts()
        .iter()
        .flat_map(|fact| match &fact.event().kind {
            EventKind::ValueSet { with, .. } => with.clone(),
            _ => vec![],
        })
        .collect();
    with.sort();
    with.dedup();
    with
}

fn groups(all: &Projections, contract: &ContractId, at: At) -> BTreeSet<Group> {
    all.lines(contract, at).map(|(_, line, timeline)| Group { measure: line.measure, with: with(timeline) }).collect()
}

/// What a contract is worth a year on the day: a figure for each group of lines that say what it is worth.
pub(super) fn yearly(all: &Projections, contract: &ContractId, at: At) -> Vec<Figure> {
    groups(all, contract, at)
        .iter()
        .filter(|group| group.measure.is_worth())
        .map(|group| a_year(all, contract, group, "", at, |_| true))
        .filter(|figure| !figure.entries.is_empty())
        .collect()
}

/// What the lines of a group come to a year on the day; `of` says which of them, in front of the figure's name.
fn a_year(
    all: &Projections,
    contract: &ContractId,
    group: &Group,
    of: &str,
    at: At,
    which: impl Fn(&ValueLine) -> bool,
) -> Figure {
    let sum = all.sum(contract, Window::Yearly, at, |line, timeline| group.holds(line, timeline) && which(line));
    let how = format!("sum of {} {} lines in effect on the day, by year", sum.added, group.name());
    let basis = if group.measure.is_worth() { Basis::Year } else { Basis::FullYear };
    sum.figure(group.figure(of, "a-year"), how, Some(basis))
}

/// A sum over each of three ranges: the first term, with options, and what is left of it all from the day on. It rests
/// on what set the range as much as on the amounts.
fn over_terms(
    all: &Projections,
    contract: &ContractId,
    terms: Option<&Terms<'_>>,
    called: impl Fn(&str) -> String,
    at: At,
    which: impl Fn(&ValueLine, &Timeline) -> bool,
) -> [Figure; 3] {
    let left = terms.and_then(|terms| terms.left(at.as_of).1);
    let facts: &[&Fact] = terms.map_or(&[], |terms| &terms.facts);
    let whole = Some(Basis::WholePeriod);
    let ranges = [
        ("first-term", terms.map(|terms| terms.first), &facts[..facts.len().min(1)], whole),
        ("with-options", terms.map(|terms| terms.with_options), facts, whole),
        ("left", left, facts, None),
    ];
    ranges.map(|(name, range, set_by, basis)| {
        let fact = called(name);
        match range {
            None if name == "left" && terms.is_some() => Figure::unknown(fact, "no day of its term is left"),
            None => Figure::unknown(fact, "no term is in the record"),
            Some(range) => {
                let sum = all.sum(contract, Window::Range(range), at, &which);
                let mut figure = sum.figure(fact, format!("{} over {range}", range.years()), basis);
                if figure.value.known().is_some() {
                    set_by.iter().for_each(|fact| figure.rest_on(fact));
                }
                figure
            }
        }
    })
}

pub(super) fn rows(all: &Projections, contract: Option<&ContractId>, at: At) -> Vec<Row> {
    let mut rows = vec![];
    for id in chosen(all, contract, at) {
        rows.extend(totals(all, id, at));
        rows.extend(alone(all, id, at));
    }
    if let Some(id) = contract {
        rows.extend(lines(all, id, at));
        rows.extend(by_part(all, id, at));
        rows.extend(by_funder(all, id, at));
        rows.extend(by_year(all, id, at));
    }
    for id in chosen(all, contract, at) {
        rows.extend(stated(all, id, at));
    }
    rows
}

/// A row a group: the whole contract.
fn totals(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let terms = all.terms(contract, &Part::Whole, at);
    groups(all, contract, at)
        .into_iter()
        .map(|group| {
            let row = Row::new("value").text("contract", contract).text("measure", group.name());
            let row = row.figure("a-year", a_year(all, contract, &group, "", at, |_| true));
            let holds = |line: &ValueLine, timeline: &Timeline| group.holds(line, timeline);
            spread(row, over_terms(all, contract, terms.as_ref(), |it| group.figure("", it), at, holds))
        })
        .collect()
}

/// A row a measure of which every amount covers other contracts too: what this one alone is worth is not known.
fn alone(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let groups = groups(all, contract, at);
    let shared = |measure| groups.iter().filter(move |group| group.measure == measure);
    let measures: BTreeSet<Measure> = groups.iter().map(|group| group.measure).filter(|it| it.is_worth()).collect();
    measures
        .into_iter()
        .filter(|measure| shared(*measure).all(|group| !group.with.is_empty()))
        .map(|measure| {
            let others: BTreeSet<&str> =
                shared(measure).flat_map(|group| group.with.iter().map(ContractId::as_str)).collect();
            let others: Vec<&str> = others.into_iter().collect();
            let why = format!("every amount in the record covers {} too", others.join(" and "));
            let unknown = |name| Figure::unknown(format!("{name}/{measure} alone"), &why);
            let row = Row::new("value").text("contract", contract);
            let row =
                row.text("measure", format!("{measure} of this contract alone")).figure("a-year", unknown("a-year"));
            spread(row, ["first-term", "with-options", "left"].map(unknown))
        })
        .collect()
}

fn spread(row: Row, [first, options, left]: [Figure; 3]) -> Row {
    row.figure("first-term", first).figure("with-options", options).figure("left", left)
}

/// A row a line: as it stands on the day, and over the term of its part.
fn lines(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    all.lines(contract, at)
        .map(|(key, line, _)| {
            let terms = all.terms(contract, &line.part, at);
            let row = Row::new("line")
                .text("contract", contract)
                .text("line", line)
                .figure("on-the-day", all.line_figure(key, at));
            spread(
                row,
                over_terms(all, contract, terms.as_ref(), |it| format!("{key}/{it}"), at, |other, _| other == line),
            )
        })
        .collect()
}

/// A row a lot and service that has lines of its own, and a row that says so for every lot that has none.
fn by_part(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let lots: Vec<Part> = all.lots_of(contract, at).into_iter().map(Part::Lot).collect();
    let place = |part: &Part| lots.iter().position(|lot| lot == part);
    let mut rows = vec![];
    let mut known: BTreeSet<Part> = BTreeSet::new();
    for group in groups(all, contract, at) {
        let of_group = all.lines(contract, at).filter(|(_, line, timeline)| group.holds(line, timeline));
        let parts: BTreeSet<Part> =
            of_group.map(|(_, line, _)| line.part.clone()).filter(|part| !part.is_whole()).collect();
        let mut parts: Vec<Part> = parts.into_iter().collect();
        parts.sort_by_key(place);
        for part in &parts {
            let of = prefix(part);
            let terms = all.terms(contract, part, at);
            let row = Row::new("by-part").text("contract", contract).text("part", part).text("measure", group.name());
            let row = row.figure("a-year", a_year(all, contract, &group, &of, at, |line| line.part == *part));
            let holds = |line: &ValueLine, timeline: &Timeline| group.holds(line, timeline) && line.part == *part;
            rows.push(spread(row, over_terms(all, contract, terms.as_ref(), |it| group.figure(&of, it), at, holds)));
        }
        known.extend(parts);
    }
    for lot in lots.iter().filter(|lot| !known.contains(lot)) {
        let why = "no amount in the record is for this lot alone";
        let unknown = |it: &str| Figure::unknown(format!("{}{it}/any amount", prefix(lot)), why);
        let row = Row::new("by-part").text("contract", contract).text("part", lot).text("measure", "any amount");
        let row = row.figure("a-year", unknown("a-year"));
        rows.push(spread(row, ["first-term", "with-options", "left"].map(unknown)));
    }
    rows
}

/// A row a funder, arms counted with the organisation they are an arm of.
fn by_funder(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let mut rows = vec![];
    let terms = all.terms(contract, &Part::Whole, at);
    let whole = |party: &PartyId| all.whole_party(party, at);
    for group in groups(all, contract, at) {
        let of_group = all.lines(contract, at).filter(|(_, line, timeline)| group.holds(line, timeline));
        let funders: BTreeSet<PartyId> = of_group.filter_map(|(_, line, _)| line.funder.as_ref()).map(whole).collect();
        for funder in funders {
            let of = format!("from-{funder}/");
            let pays = |line: &ValueLine| line.funder.as_ref().map(whole).as_ref() == Some(&funder);
            let row = Row::new("by-funder")
                .text("contract", contract)
                .text("funder", all.party_name(&funder, at))
                .text("measure", group.name());
            let row = row.figure("a-year", a_year(all, contract, &group, &of, at, pays));
            let holds = |line: &ValueLine, timeline: &Timeline| group.holds(line, timeline) && pays(line);
            rows.push(spread(row, over_terms(all, contract, terms.as_ref(), |it| group.figure(&of, it), at, holds)));
        }
    }
    rows
}

/// A row a financial year that any line falls into, options included; of an amount with no last day, its first year.
fn by_year(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let mut rows = vec![];
    for group in groups(all, contract, at) {
        let lines: Vec<_> = all.lines(contract, at).filter(|(_, line, timeline)| group.holds(line, timeline)).collect();
        let days: Vec<_> = lines
            .iter()
            .flat_map(|(_, _, timeline)| timeline.counted(at))
            .filter_map(|fact| {
                let from = fact.effective().exact()?;
                Some((from, fact.event().until.map_or(Some(from), |until| until.exact())?))
            })
            .collect();
        let (Some(first), Some(last)) = (days.iter().map(|d| d.0).min(), days.iter().map(|d| d.1).max()) else {
            continue;
        };
        let (mut year, mut name) = financial_year(first);
        while year.from <= last {
            let sum = all.sum(contract, Window::Range(year), at, |line, timeline| group.holds(line, timeline));
            if sum.added > 0 || !sum.missing.is_empty() || !sum.silent.is_empty() {
                let figure = sum.figure(format!("year/{name}/{}", group.name()), format!("sum over {year}"), None);
                rows.push(
                    Row::new("financial-year")
                        .text("contract", contract)
                        .text("year", &name)
                        .text("measure", group.name())
                        .figure("amount", figure),
                );
            }
            (year, name) = financial_year(year.end);
        }
    }
    rows
}

/// A row a stated total and reading: what is stated, what we make of it, the difference.
fn stated(all: &Projections, contract: &ContractId, at: At) -> Vec<Row> {
    let mut rows = vec![];
    for (key, fact) in all.stated_totals(contract, at) {
        let EventKind::TotalStated { total, amount, basis, .. } = &fact.event().kind else { continue };
        let mut figure = Figure::computed(key, Knowing::Known(Val::Money(*amount, Some(*basis))), "", [fact]);
        figure.computed = None;
        figure.effective = Some(fact.effective());
        let row = || Row::new("stated-total").text("contract", contract).text("total", total);
        let readings = all.readings(fact, at);
        if readings.is_empty() {
            let none = Figure::unknown(format!("{key}/computed"), "no parts of it are stated");
            let row = row().figure("stated", figure.clone()).figure("computed", none);
            rows.push(row.text("parts", "none").text("difference", "not determined"));
        }
        for (label, sum) in readings {
            let computed = sum.figure(format!("{key}/computed/{label}"), label, Some(*basis));
            let difference = match computed.value.known() {
                Some(Val::Money(ours, _)) if (amount.pounds() - ours.pounds()).abs() <= amount.slack() + sum.slack => {
                    "none".to_owned()
                }
                Some(Val::Money(ours, _)) => Money::exact(amount.pounds() - ours.pounds()).to_string(),
                _ => "not determined".to_owned(),
            };
            let row = row().figure("stated", figure.clone()).figure("computed", computed);
            rows.push(row.text("parts", label).text("difference", difference));
        }
    }
    rows
}
