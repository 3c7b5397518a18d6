//! What contracts are worth: line by line, by lot, service and funder, a year, over the first term, with options, what
//! is left, by financial year; and every stated total with ours beside it.

use super::{About, Row};
use minutebook_events::{Basis, ContractId, EventKind, Measure, Money, Part, PartyId, TimeRange, financial_year};
use minutebook_projections::{
    At, Course, Courses, Fact, Figure, How, Key, Knowing, Projections, Sum, Terms, Val, Window, of_part, tell,
};
use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::sync::Arc;

/// The ranges of a term that lines are summed over.
const RANGES: [&str; 3] = ["first-term", "with-options", "left"];

/// What is asked of one contract, and what every row of the answer is made from.
struct Worth<'w, 'a> {
    all: &'a Projections,
    contract: &'a ContractId,
    at: At,
    terms: Option<Terms<'a>>,
    lines: &'w [Course<'a>],
}

/// Lines that add up: of one measure, and covering the same other contracts.
struct Group<'w, 'a> {
    measure: Measure,
    with: Vec<&'a ContractId>,
    name: Arc<str>,
    lines: Vec<&'w Course<'a>>,
}

impl<'w, 'a> Group<'w, 'a> {
    /// The name of one of its figures, as `why` takes it.
    fn figure(&self, of: &str, what: &str) -> String {
        [of, what, "/", &self.name].concat()
    }

    /// Those of its lines that are of one kind, by kind.
    fn by<K: Ord>(&self, kind: impl Fn(&Course<'a>) -> Option<K>) -> BTreeMap<K, Vec<&'w Course<'a>>> {
        let mut kinds: BTreeMap<K, Vec<&Course<'a>>> = BTreeMap::new();
        for course in &self.lines {
            if let Some(kind) = kind(course) {
                kinds.entry(kind).or_default().push(course);
            }
        }
        kinds
    }
}

/// What a contract is worth a year on the day: a figure for each group of lines that say what it is worth.
pub(super) fn yearly(all: &Projections, contract: &ContractId, at: At) -> Vec<Figure> {
    let mut courses = Courses::new(all, at);
    let worth = Worth::of(all, contract, &mut courses, at);
    let groups = worth.groups();
    let groups = groups.iter().filter(|group| group.measure.is_worth());
    groups.map(|group| worth.a_year(group, "", &group.lines)).filter(|figure| !figure.rests_on.is_empty()).collect()
}

pub(super) fn rows(all: &Projections, about: About<'_>, at: At) -> Vec<Row> {
    let mut rows = vec![];
    let mut courses = Courses::new(all, at);
    for id in about.contracts(all, at) {
        let worth = Worth::of(all, id, &mut courses, at);
        let groups = worth.groups();
        rows.extend(worth.totals(&groups));
        rows.extend(worth.alone(&groups));
        if about.one().is_some() {
            rows.extend(worth.each_line());
            rows.extend(worth.by_part(&groups));
            rows.extend(worth.by_funder(&groups));
            rows.extend(worth.by_year(&groups));
        }
    }
    for id in about.contracts(all, at) {
        rows.extend(stated(all, id, &mut courses, at));
    }
    rows
}

fn spread(row: Row, [first, options, left]: [Figure; 3]) -> Row {
    row.figure("first-term", first).figure("with-options", options).figure("left", left)
}

impl<'w, 'a> Worth<'w, 'a> {
    fn of(all: &'a Projections, contract: &'a ContractId, courses: &'w mut Courses<'a>, at: At) -> Self {
        let terms = all.terms(contract, &Part::Whole, at);
        Self { all, contract, at, terms, lines: courses.of(contract) }
    }

    fn groups(&self) -> Vec<Group<'w, 'a>> {
        let mut groups: BTreeMap<(Measure, Vec<&'a ContractId>), Vec<&'w Course<'a>>> = BTreeMap::new();
        for course in self.lines {
            groups.entry((course.line.measure, course.with())).or_default().push(course);
        }
        let group = |((measure, with), lines): ((Measure, Vec<&'a ContractId>), _)| {
            let names: Vec<&str> = with.iter().map(|contract| contract.as_str()).collect();
            let name =
                if names.is_empty() { measure.to_string() } else { format!("{measure} with {}", names.join(" and ")) };
            Group { measure, with, name: name.into(), lines }
        };
        groups.into_iter().map(group).collect()
    }

    fn row(&self, kind: &'static str) -> Row {
        Row::new(kind).text("contract", self.contract.as_str())
    }

    /// What some lines of a group come to a year on the day; `of` says which, in front of the figure's name.
    fn a_year(&self, group: &Group<'_, 'a>, of: &str, lines: &[&Course<'a>]) -> Figure {
        let sum = Sum::of(lines, Window::Yearly, self.at.as_of);
        let how = How::Lines(sum.added, Arc::clone(&group.name));
        let basis = if group.measure.is_worth() { Basis::Year } else { Basis::FullYear };
        sum.figure(group.figure(of, "a-year"), how, Some(basis))
    }

    /// A sum over each of three ranges: the first term, with options, and what is left of it all from the day on. It
    /// rests on what set the range as much as on the amounts.
    fn over_terms(
        &self,
        terms: Option<Terms<'a>>,
        called: impl Fn(&str) -> String,
        lines: &[&Course<'a>],
    ) -> [Figure; 3] {
        let Some(terms) = terms else {
            return RANGES.map(|name| Figure::unknown(called(name), "no term is in the record"));
        };
        let whole = Some(Basis::WholePeriod);
        let left = terms.left(self.at.as_of).1;
        let [first_term, with_options, left_of_it] = RANGES;
        let ranges = [
            (first_term, Some(terms.first), None, whole),
            (with_options, Some(terms.with_options), terms.further, whole),
            (left_of_it, left, terms.further, None),
        ];
        ranges.map(|(name, range, further, basis)| {
            let fact = called(name);
            let Some(range) = range else { return Figure::unknown(fact, "no day of its term is left") };
            let sum = Sum::of(lines, Window::Range(range), self.at.as_of);
            let mut figure = sum.figure(fact, How::Over(range), basis);
            if figure.value().known().is_some() {
                figure.rest_on(iter::once(terms.set).chain(further).cloned());
            }
            figure
        })
    }

    /// The cells of some lines of a group: a year, and over each range.
    fn sums(&self, row: Row, group: &Group<'_, 'a>, of: &str, terms: Option<Terms<'a>>, lines: &[&Course<'a>]) -> Row {
        let row = row.text("measure", &*group.name).figure("a-year", self.a_year(group, of, lines));
        spread(row, self.over_terms(terms, |it| group.figure(of, it), lines))
    }

    /// A row a group: the whole contract.
    fn totals(&self, groups: &[Group<'_, 'a>]) -> Vec<Row> {
        groups.iter().map(|group| self.sums(self.row("value"), group, "", self.terms, &group.lines)).collect()
    }

    /// A row a measure of which every amount covers other contracts too: what this one alone is worth is not known.
    fn alone(&self, groups: &[Group<'_, 'a>]) -> Vec<Row> {
        let of_measures = groups.chunk_by(|a, b| a.measure == b.measure);
        of_measures
            .filter(|shared| shared.iter().all(|group| group.measure.is_worth() && !group.with.is_empty()))
            .map(|shared| {
                let measure = shared[0].measure;
                let others: BTreeSet<&str> =
                    shared.iter().flat_map(|group| group.with.iter().map(|contract| contract.as_str())).collect();
                let others: Vec<&str> = others.into_iter().collect();
                let why = format!("every amount in the record covers {} too", others.join(" and "));
                let unknown = |name: &str| Figure::unknown(format!("{name}/{measure} alone"), why.clone());
                let row = self.row("value").text("measure", format!("{measure} of this contract alone"));
                spread(row.figure("a-year", unknown("a-year")), RANGES.map(unknown))
            })
            .collect()
    }

    /// A row a line: as it stands on the day, and over the term of its part.
    fn each_line(&self) -> Vec<Row> {
        let row = |course: &Course<'a>| {
            let figure = course.figure();
            let called = |it: &str| [&figure.fact, "/", it].concat();
            let over_terms = self.over_terms(course.terms(), called, &[course]);
            spread(self.row("line").text("line", course.line.name()).figure("on-the-day", figure), over_terms)
        };
        self.lines.iter().map(row).collect()
    }

    /// A row a lot and service that has lines of its own, and a row that says so for every lot that has none.
    fn by_part(&self, groups: &[Group<'_, 'a>]) -> Vec<Row> {
        let lots: Vec<Part> = self.all.lots_of(self.contract, self.at).into_iter().map(Part::Lot).collect();
        let place = |part: &Part| lots.iter().position(|lot| lot == part);
        let mut rows = vec![];
        let mut known: BTreeSet<&Part> = BTreeSet::new();
        for group in groups {
            let parts = group.by(|course| Some(&course.line.part).filter(|part| !part.is_whole()));
            let mut parts: Vec<(&Part, Vec<&Course<'_>>)> = parts.into_iter().collect();
            parts.sort_by_key(|(part, _)| place(part));
            for (part, lines) in parts {
                let row = self.row("by-part").text("part", part);
                rows.push(self.sums(row, group, &of_part(part, ""), lines[0].terms(), &lines));
                known.insert(part);
            }
        }
        for lot in lots.iter().filter(|lot| !known.contains(lot)) {
            let why = "no amount in the record is for this lot alone";
            let of = of_part(lot, "");
            let unknown = |it: &str| Figure::unknown([&of, it, "/any amount"].concat(), why);
            let row = self.row("by-part").text("part", lot).text("measure", "any amount");
            let row = row.figure("a-year", unknown("a-year"));
            rows.push(spread(row, RANGES.map(unknown)));
        }
        rows
    }

    /// A row a funder, arms counted with the organisation they are an arm of.
    fn by_funder(&self, groups: &[Group<'_, 'a>]) -> Vec<Row> {
        let whole = |party: &PartyId| self.all.whole_party(party, self.at);
        let mut rows = vec![];
        for group in groups {
            for (funder, lines) in group.by(|course| course.line.funder.as_ref().map(whole)) {
                let row = self.row("by-funder").text("funder", self.all.party_name(&funder, self.at));
                rows.push(self.sums(row, group, &["from-", funder.as_str(), "/"].concat(), self.terms, &lines));
            }
        }
        rows
    }

    /// A row a financial year that any line falls into, options included; of an amount with no last day, its first
    /// year.
    fn by_year(&self, groups: &[Group<'_, 'a>]) -> Vec<Row> {
        let mut rows = vec![];
        for group in groups {
            let facts = group.lines.iter().flat_map(|course| course.timeline.counted(self.at));
            let days = facts.filter_map(|fact| {
                let from = fact.effective().exact()?;
                Some((from, fact.event().until.map_or(Some(from), |until| until.exact())?))
            });
            let span = days.reduce(|(first, last), (from, until)| (first.min(from), last.max(until)));
            let Some((first, last)) = span else { continue };
            let (mut year, mut name) = financial_year(first);
            while year.from <= last {
                let sum = Sum::of(&group.lines, Window::Range(year), self.at.as_of);
                if sum.added > 0 || !sum.missing.is_empty() || !sum.silent.is_empty() {
                    rows.push(self.year(group, &name, year, sum));
                }
                (year, name) = financial_year(year.end);
            }
        }
        rows
    }

    fn year(&self, group: &Group<'_, 'a>, name: &str, year: TimeRange, sum: Sum) -> Row {
        let figure = sum.figure(["year/", name, "/", &group.name].concat(), How::Year(year), None);
        self.row("financial-year").text("year", name).text("measure", &*group.name).figure("amount", figure)
    }
}

/// What a document states of a total.
pub(super) fn stated_figure(key: &Key, fact: &Fact) -> Figure {
    let stated = Knowing::from(tell(fact.event()));
    let figure = Figure::computed(key.name(), stated, "", [fact.clone()]);
    Figure { computed: None, effective: Some(fact.effective()), ..figure }
}

/// A row a stated total and reading: what is stated, what we make of it, the difference.
fn stated<'a>(all: &'a Projections, contract: &'a ContractId, courses: &mut Courses<'a>, at: At) -> Vec<Row> {
    let mut rows = vec![];
    for (key, fact) in all.stated_totals(contract, at) {
        let EventKind::TotalStated { total, amount, basis, .. } = &fact.event().kind else { continue };
        let figure = stated_figure(key, fact);
        let row = || Row::new("stated-total").text("contract", contract.as_str()).text("total", total.as_str());
        let readings = all.readings(fact, courses);
        if readings.is_empty() {
            let none = Figure::unknown([&figure.fact, "/computed"].concat(), "no parts of it are stated");
            let row = row().figure("stated", figure.clone()).figure("computed", none);
            rows.push(row.text("parts", "none").text("difference", "not determined"));
        }
        for (label, sum) in readings {
            let name = [&figure.fact, "/computed/", label].concat();
            let slack = amount.slack() + sum.slack;
            let computed = sum.figure(name, label.to_owned().into(), Some(*basis));
            let difference = match computed.value().known() {
                Some(Val::Money(ours, _)) if (amount.pounds() - ours.pounds()).abs() <= slack => "none".to_owned(),
                Some(Val::Money(ours, _)) => Money::exact(amount.pounds() - ours.pounds()).to_string(),
                _ => "not determined".to_owned(),
            };
            let row = row().figure("stated", figure.clone()).figure("computed", computed);
            rows.push(row.text("parts", label).text("difference", difference));
        }
    }
    rows
}
