//! What is known of one contract after an entry, in the fields of OCDS.
//!
//! A plan never becomes a fact. OCDS has no standing: what readers take as fact (parties with their roles, awards, contracts, the
//! budget) is said by firm facts that no other firm fact contradicts, and by nothing else. Tentative ones are in `tender` and
//! `planning.milestones`, where OCDS has plans; inferred ones in neither.
//!
//! A contract has a picture after each of its entries. Only those parts of it are made that what came since the last one may have
//! changed: an answer rests on the timelines of a few keys, and on the names of parties. So a contract of many entries costs what
//! they say, and not what they say times how many they are. Tests hold it to pictures that are made anew.

use super::json::{Json, Name};
use super::merge::Now;
use super::release::{Process, words};
use minutebook_events::{
    Class, Clause, ContractId, DateSpan, Day, DocumentCode, EventKind, Funder, Knowledge, LotId, Measure, Part,
    PartyId, Position, Role, Slug, Standing, TimeRange, ValueLine,
};
use minutebook_projections::{
    At, Counted, Course, Fact, Figure, How, Key, Projections, Recorded, Registered, State, Statuses, Sum, Timeline,
    Val, Window,
};
use rust_decimal::Decimal;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The measures of what is set aside, of which the first that is known is the budget.
const BUDGETS: [Measure; 3] = [Measure::Budget, Measure::Envelope, Measure::Funding];

/// The day as OCDS writes it: the first instant of a day that begins something, the last of one that ends it.
fn first(day: Day) -> Json {
    Json::text(format!("{day}T00:00:00Z"))
}

fn last(day: Day) -> Json {
    Json::text(format!("{day}T23:59:59Z"))
}

/// Pounds.
pub(super) fn money(pounds: Decimal) -> Json {
    Json::object([("amount", Json::Number(pounds)), ("currency", Json::text("GBP"))])
}

/// The firm facts of a timeline that were the answer on the day they took effect, and that no other firm fact contradicts.
fn undisputed(timeline: Option<&Timeline>, at: At) -> impl Iterator<Item = &Fact> {
    let facts = move |timeline| Timeline::counted(timeline, at).map(move |fact| (timeline, fact));
    timeline.into_iter().flat_map(facts).filter(|(_, fact)| fact.standing().is_firm()).filter_map(
        move |(timeline, fact)| {
            let selection = timeline.select(at.on(fact.effective().latest()));
            let place = |fact: &Fact| (fact.position(), fact.place());
            let is_answer = selection.answer.is_some_and(|answer| place(answer) == place(fact));
            (is_answer && selection.conflicting.is_empty()).then_some(fact)
        },
    )
}

/// What came since the last picture.
#[derive(Default)]
pub(super) struct Since {
    /// Whether any part may have changed.
    pub(super) anew: bool,
    keys: BTreeSet<Key>,
    /// The entries that came, and those of which an event was struck.
    entries: BTreeMap<Position, Arc<Recorded>>,
    documents: BTreeSet<DocumentCode>,
}

impl Since {
    /// What the first picture comes from: all of it.
    pub(super) fn ever() -> Self {
        Self { anew: true, ..Self::default() }
    }

    /// Adds what an entry says of the contract, and what it strikes.
    pub(super) fn add(&mut self, of: &Process<'_>, recorded: &Arc<Recorded>) {
        self.keys.extend(of.events(recorded).filter_map(|(place, _)| Key::of(recorded, place)));
        self.documents.extend(recorded.entry.documents.iter().map(|document| document.code.clone()));
        for (struck, place, _) in of.struck_by(recorded) {
            self.keys.extend(Key::of(&struck, place));
            self.entries.insert(struck.position, struck);
        }
        self.entries.insert(recorded.position, Arc::clone(recorded));
    }

    /// Whether what rests on such keys may have changed.
    fn touches(&self, which: impl Fn(&Key) -> bool) -> bool {
        self.anew || self.keys.iter().any(which)
    }

    fn lines(&self) -> impl Iterator<Item = &ValueLine> {
        self.keys.iter().filter_map(|key| match key {
            Key::Line(_, line) => Some(line),
            _ => None,
        })
    }
}

/// What the pictures so far have said, and the releases cannot take back; and what the next one takes from the last.
#[derive(Default)]
pub(super) struct Told<'a> {
    pub(super) released: Vec<Position>,
    documents: BTreeMap<DocumentCode, String>,
    /// The contracts whose place it is said to have taken.
    prior: BTreeSet<ContractId>,
    /// The awards, each with its contract.
    pub(super) awards: BTreeSet<String>,
    /// The award that is not of a lot, and whom it named.
    whole: Option<(String, BTreeSet<PartyId>)>,
    buyer: bool,
    /// The awards of the last picture.
    lets: Vec<Let<'a>>,
    /// When each of them had begun.
    starts: BTreeMap<String, Option<Day>>,
    /// Who funded it.
    funders: BTreeMap<&'a PartyId, Vec<String>>,
}

impl Told<'_> {
    pub(super) fn hear(&mut self, of: &Process<'_>, recorded: &Recorded) {
        let documents = recorded.entry.documents.iter();
        self.documents.extend(documents.map(|document| (document.code.clone(), document.title.clone())));
        self.prior.extend(of.events(recorded).filter_map(|(_, event)| match &event.kind {
            EventKind::Succeeded { contract, by } if by == of.contract => Some(contract.clone()),
            _ => None,
        }));
    }
}

/// A contract as it is known after an entry.
pub(super) struct Picture<'p, 'a> {
    pub(super) of: &'p Process<'a>,
    pub(super) at: At,
    pub(super) since: &'p Since,
    pub(super) told: &'p mut Told<'a>,
    /// The value lines of the contract and of no other.
    pub(super) lines: OnceCell<Vec<Course<'a>>>,
}

/// An award, and the contract of it.
struct Let<'t> {
    id: String,
    part: Part,
    title: String,
    suppliers: BTreeSet<PartyId>,
    /// The fact that gave a lot.
    assigned: Option<&'t Fact>,
}

/// The term of a part by firm facts.
struct Term<'t> {
    facts: Vec<&'t Fact>,
    start: Option<Day>,
    end: Option<Day>,
    may_extend: Option<Day>,
}

impl Term<'_> {
    /// The days, where both ends are known.
    fn range(&self) -> Option<TimeRange> {
        TimeRange::to_last_day(self.start?, self.end?)
    }

    fn period(&self) -> Json {
        let furthest = self.may_extend.filter(|day| self.end.is_some_and(|end| end < *day));
        Json::object([
            ("startDate", self.start.map_or(Json::Null, first)),
            ("endDate", self.end.map_or(Json::Null, last)),
            ("maxExtentDate", furthest.map_or(Json::Null, last)),
        ])
    }
}

impl<'a> Picture<'_, 'a> {
    fn all(&self) -> &'a Projections {
        self.of.all
    }

    fn timeline(&self, key: impl FnOnce(ContractId) -> Key) -> Option<&'a Timeline> {
        self.all().timeline(&key(self.of.contract.clone()))
    }

    fn timelines(&self) -> impl Iterator<Item = (&'a Key, &'a Timeline)> + use<'a> {
        self.all().timelines_of(self.of.contract)
    }

    /// What may have changed of it.
    pub(super) fn sections(mut self) -> Vec<(Name, Now)> {
        let is_partner = |key: &Key| matches!(key, Key::Partner(..));
        // Who has which role matters to awards where no lot was given to anybody.
        let by_lots = self.told.lets.iter().any(|one| !one.part.is_whole());
        let gives = |key: &Key| matches!(key, Key::Lot(..) | Key::Holder(..)) || !by_lots && is_partner(key);
        let begins = |key: &Key| matches!(key, Key::Status(..) | Key::Term(..) | Key::Title(_));
        let funds = |key: &Key| matches!(key, Key::Funding(..) | Key::Line(..));
        if self.since.touches(|key| gives(key) || begins(key)) {
            self.told.lets = self.lets();
        }
        let lets = std::mem::take(&mut self.told.lets);
        let mut has_others = false;
        if self.since.touches(funds) {
            let funders = self.funders();
            has_others = !funders.keys().eq(self.told.funders.keys());
            self.told.funders = funders;
        }
        let mut sections = vec![];
        if has_others || self.since.touches(|key| gives(key) || is_partner(key)) {
            sections.push(("parties", self.parties(&lets).into()));
        }
        if self.since.touches(is_partner) {
            sections.push(("buyer", self.buyer().into()));
        }
        sections.push(("planning", self.planning()));
        let plans = |key: &Key| funds(key) || matches!(key, Key::Extension(..) | Key::Clause(..));
        if self.since.touches(|key| gives(key) || begins(key) || plans(key)) {
            sections.push(("tender", self.tender(!lets.is_empty()).into()));
        }
        let lasts = |key: &Key| matches!(key, Key::Extension(..) | Key::Clause(_, _, "term-cap"));
        let all = self.since.touches(|key| gives(key) || begins(key) || lasts(key));
        if all {
            sections.push(("awards", self.awards(&lets)));
        }
        sections.push(("contracts", self.contracts(&lets, all)));
        sections.push(("relatedProcesses", self.related().into()));
        self.told.lets = lets;
        sections.into_iter().map(|(name, now)| (name.into(), now)).collect()
    }

    fn named(&self, party: &PartyId) -> Json {
        Json::object([("id", Json::shown(party)), ("name", Json::text(self.all().party_name(party, self.at)))])
    }

    /// Who took which role by firm facts.
    fn partners(&self) -> impl Iterator<Item = (Role, &'a PartyId)> + use<'a> {
        let at = self.at;
        self.timelines().filter(|(key, _)| matches!(key, Key::Partner(..))).flat_map(move |(_, timeline)| {
            undisputed(Some(timeline), at).filter_map(|fact| match &fact.event().kind {
                EventKind::PartnerJoined { party, role, .. } => Some((*role, party)),
                _ => None,
            })
        })
    }

    /// The lots that firm facts give to somebody; where there are none, the contract as a whole, where firm facts say that it was let.
    fn lets(&mut self) -> Vec<Let<'a>> {
        let mut lets: Vec<Let<'a>> = vec![];
        for lot in self.all().lots_of(self.of.contract, self.at) {
            let holders = self.timeline(|contract| Key::Holder(contract, lot.clone()));
            for fact in undisputed(holders, self.at) {
                let EventKind::LotAssigned { party: Knowledge::Known(party), .. } = &fact.event().kind else {
                    continue;
                };
                let id = format!("lot-{lot}/{party}");
                lets.retain(|earlier| earlier.id != id);
                let (title, suppliers) = (self.lot_title(&lot), [party.clone()].into());
                lets.push(Let { id, part: Part::Lot(lot.clone()), title, suppliers, assigned: Some(fact) });
            }
        }
        if !lets.is_empty() {
            return lets;
        }
        let is_supplier = |(role, _): &(Role, &PartyId)| matches!(role, Role::StrategicPartner | Role::Provider);
        let suppliers: BTreeSet<PartyId> =
            self.partners().filter(is_supplier).map(|(_, party)| party.clone()).collect();
        let of = |key: fn(ContractId, Part) -> Key| self.timeline(|contract| key(contract, Part::Whole));
        let was_let = [of(Key::Status), of(Key::Term)].into_iter().any(|of| undisputed(of, self.at).next().is_some());
        if suppliers.is_empty() && !was_let {
            return vec![];
        }
        let title = self.all().title(self.of.contract, self.at);
        vec![Let { id: self.whole(&suppliers), part: Part::Whole, title, suppliers, assigned: None }]
    }

    /// The id of the award that is not of a lot. Nobody is taken out of a list of suppliers again, so whoever is not one after all
    /// stays in an award that is withdrawn.
    fn whole(&mut self, suppliers: &BTreeSet<PartyId>) -> String {
        let position = Position(self.at.head.0.saturating_sub(1));
        match &mut self.told.whole {
            Some((id, named)) if named.is_subset(suppliers) => {
                named.clone_from(suppliers);
                id.clone()
            }
            whole => {
                let id = if whole.is_none() { "whole".to_owned() } else { format!("whole/{position}") };
                *whole = Some((id.clone(), suppliers.clone()));
                id
            }
        }
    }

    fn lot_title(&self, lot: &LotId) -> String {
        let timeline = self.timeline(|contract| Key::Lot(contract, lot.clone()));
        let last = timeline.and_then(|timeline| timeline.counted(self.at).last());
        match last.map(|fact| &fact.event().kind) {
            Some(EventKind::LotDefined { title, .. }) => title.clone(),
            _ => lot.to_string(),
        }
    }

    /// The term of a part; one with none of its own has that of the whole contract.
    fn term(&self, part: &Part) -> Term<'a> {
        let of = |part: &Part, key: fn(ContractId, Part) -> Key| {
            self.timeline(|contract| key(contract, part.clone())).filter(|timeline| timeline.is_counted(self.at))
        };
        let own = of(part, Key::Term).is_some() || of(part, Key::Status).is_some();
        let part = if own { part } else { &Part::Whole };
        let is_start = |fact: &&Fact| matches!(fact.event().kind, EventKind::Commenced { .. });
        let statuses: Vec<&Fact> = undisputed(of(part, Key::Status), self.at).collect();
        let terms: Vec<&Fact> = undisputed(of(part, Key::Term), self.at).collect();
        let last_day = |fact: &Fact| match &fact.event().kind {
            EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } => Some(*last_day),
            _ => None,
        };
        let set = terms.iter().rfind(|fact| matches!(fact.event().kind, EventKind::TermSet { .. }));
        let furthest = terms.iter().filter_map(|fact| last_day(fact)).max_by_key(|day| day.latest());
        let exact = |fact: &&Fact| fact.effective().exact();
        let started = statuses.iter().filter(|fact| is_start(fact)).find_map(exact);
        let start = started.or_else(|| set.and_then(exact));
        let ended = statuses.iter().max_by_key(|fact| fact.effective().latest()).filter(|fact| !is_start(fact));
        let ended = ended.map(|fact| fact.effective().plus_days(-1));
        let end = furthest.into_iter().chain(ended).min_by_key(|day| day.latest()).and_then(DateSpan::exact);
        let months = undisputed(of(part, Key::Extension), self.at).last().and_then(|fact| match &fact.event().kind {
            EventKind::OptionGranted { months, .. } => Some(*months),
            _ => None,
        });
        let first_end = set.and_then(|fact| last_day(fact)).and_then(DateSpan::exact);
        let may_extend = months.and_then(|months| months.last_day_from(first_end?.succ_opt()?));
        Term { facts: terms, start, end, may_extend }
    }

    /// What some lines of a contract come to over days, where it is wholly known.
    fn sum(&self, lines: &[&Course<'_>], range: TimeRange, facts: &[&Fact]) -> Option<(Figure, Decimal)> {
        let sum = Sum::of(lines, Window::Range(range), self.at.as_of);
        let mut figure = sum.figure("value", How::Over(range), None);
        figure.rest_on(facts.iter().copied().cloned());
        let pounds = match figure.value().known() {
            Some(Val::Money(money, _)) if figure.uncertain.is_none() => money.pounds(),
            _ => return None,
        };
        Some((figure, pounds))
    }

    /// The same, where it is so by firm facts.
    fn firm_sum(&self, lines: &[&Course<'_>], term: &Term<'_>) -> Option<(Figure, Decimal)> {
        let sum = self.sum(lines, term.range()?, &term.facts)?;
        sum.0.standing.is_some_and(Standing::is_firm).then_some(sum)
    }

    fn lines(&self) -> &[Course<'a>] {
        let courses = || self.all().courses(self.of.contract, self.at).filter(|course| course.with().is_empty());
        self.lines.get_or_init(|| courses().collect())
    }

    /// What a figure says of an award: that of its lot, or of the whole contract.
    fn status_of<'s>(one: &Let<'_>, registered: &Registered<'_>, statuses: &'s Statuses) -> &'s Figure {
        let place = match &one.part {
            Part::Lot(lot) => registered.lots.iter().position(|(own, _)| own == lot),
            _ => None,
        };
        place.map_or(&statuses.whole, |place| &statuses.lots[place])
    }

    /// The awards, and those that were withdrawn.
    fn awards(&mut self, lets: &[Let<'a>]) -> Now {
        let registered = self.all().registered(self.of.contract, self.at);
        let statuses = registered.statuses();
        let award =
            |one: &Let<'a>| self.award(one, &self.term(&one.part), Self::status_of(one, &registered, &statuses));
        let mut awards: Vec<Json> = lets.iter().map(award).collect();
        awards.extend(self.withdrawn(lets).map(|id| withdrawn(id, None)));
        self.told.awards.extend(lets.iter().map(|one| one.id.clone()));
        Json::List(awards).into()
    }

    fn withdrawn(&self, lets: &[Let<'a>]) -> impl Iterator<Item = &String> {
        self.told.awards.iter().filter(|id| lets.iter().all(|one| one.id != **id))
    }

    /// Their contracts: all that is said of them, or of each what may have changed.
    fn contracts(&mut self, lets: &[Let<'a>], all: bool) -> Now {
        let registered = all.then(|| self.all().registered(self.of.contract, self.at));
        let statuses = registered.as_ref().map(|registered| (registered, registered.statuses()));
        let (mut contracts, mut starts) = (vec![], BTreeMap::new());
        for one in lets {
            let term = self.term(&one.part);
            let mut fields: Vec<(&'static str, Now)> = vec![];
            let status = statuses.as_ref().map(|(registered, statuses)| Self::status_of(one, registered, statuses));
            if let Some(status) = status {
                fields.extend([
                    ("id", Json::shown(&one.id).into()),
                    ("awardID", Json::shown(&one.id).into()),
                    ("title", Json::shown(&one.title).into()),
                    ("status", self.status(one, status).into()),
                    ("period", term.period().into()),
                    ("hasRenewal", term.may_extend.map_or(Json::Null, |_| Json::Flag(true)).into()),
                ]);
            }
            let is_own = |line: &ValueLine| one.part.is_whole() || line.part == one.part;
            let sum = (all || self.since.lines().any(is_own)).then(|| {
                let is_value = |course: &&Course<'_>| is_own(course.line) && course.line.measure == Measure::Value;
                let own: Vec<&Course<'_>> = self.lines().iter().filter(is_value).collect();
                self.firm_sum(&own, &term)
            });
            if let Some(sum) = &sum {
                fields.push(("value", sum.as_ref().map_or(Json::Null, |(_, pounds)| money(*pounds)).into()));
            }
            fields.push(("amendments", self.amendments(one, &term)));
            let words_of_status = status.map(|status| ("status", Json::text(status.words()).into()));
            let words_of_value = sum.map(|sum| ("value", words(sum.and_then(|(figure, _)| figure.computed)).into()));
            let said = words_of_status.into_iter().chain(words_of_value);
            // An award that had been withdrawn says so no more.
            let said = said.chain(all.then_some(("withdrawn", Json::Null.into())));
            fields.push(("minutebook", Now::fields(said)));
            contracts.push((Json::shown(&one.id), Now::fields(fields)));
            starts.insert(one.id.clone(), term.start);
        }
        if all {
            let withdrawn = |id: &String| (Json::shown(id), withdrawn(id, Some(("awardID", Json::shown(id)))).into());
            contracts.extend(self.withdrawn(lets).map(withdrawn));
        }
        self.told.starts = starts;
        Now::Items(contracts)
    }

    fn award(&self, one: &Let<'a>, term: &Term<'_>, status: &Figure) -> Json {
        let decided = one.assigned.filter(|fact| fact.standing() == Standing::Decided);
        let lots = match &one.part {
            Part::Lot(lot) => Json::all_shown([lot]),
            _ => Json::Null,
        };
        Json::object([
            ("id", Json::shown(&one.id)),
            ("title", Json::shown(&one.title)),
            ("status", self.award_status(status)),
            ("date", decided.and_then(|fact| fact.decided().exact()).map_or(Json::Null, first)),
            ("suppliers", Json::List(one.suppliers.iter().map(|party| self.named(party)).collect())),
            ("contractPeriod", term.period()),
            ("relatedLots", lots),
        ])
    }

    /// Whether an award is in effect on the day of the report, where that is certain: by whether its contract has begun.
    fn award_status(&self, status: &Figure) -> Json {
        match status.value().known() {
            _ if status.uncertain.is_some() => Json::Null,
            Some(Val::State(State::NotYet | State::SaidToBe(_))) => Json::text("pending"),
            // Who has it is firm, and nothing says that it has not begun.
            _ => Json::text("active"),
        }
    }

    /// Whether a contract is in force on the day of the report, where that is certain and by firm facts.
    fn status(&self, one: &Let<'a>, status: &Figure) -> Json {
        let as_of = self.at.as_of;
        if let (Some(fact), Part::Lot(lot)) = (one.assigned, &one.part) {
            let holders = self.timeline(|contract| Key::Holder(contract, lot.clone()));
            let answer = holders.and_then(|holders| holders.select(self.at).answer);
            if !answer.is_some_and(|answer| answer.agrees(fact)) {
                let word = if as_of < fact.effective().earliest() { "pending" } else { "terminated" };
                return Json::text(word);
            }
        }
        match status.value().known() {
            _ if status.uncertain.is_some() => Json::Null,
            Some(Val::State(State::InForce)) => Json::text("active"),
            Some(Val::State(State::Expired | State::Ended)) => Json::text("terminated"),
            Some(Val::State(State::NotYet | State::SaidToBe(_))) => Json::text("pending"),
            _ => Json::Null,
        }
    }

    /// The variations of a part by firm facts, one an entry: all of them, or those of entries that came or were struck.
    fn amendments(&self, one: &Let<'a>, term: &Term<'_>) -> Now {
        let had_begun = self.told.starts.get(&one.id);
        if self.since.anew || had_begun.is_none_or(|start| *start != term.start) {
            let mut of_entries: BTreeMap<Position, Vec<(&Key, &Fact)>> = BTreeMap::new();
            for (key, timeline) in self.timelines() {
                for fact in timeline.facts().iter().filter(|fact| self.varies(fact, one, term)) {
                    of_entries.entry(fact.position()).or_default().push((key, fact));
                }
            }
            let amendments = of_entries.into_iter().map(|(position, facts)| self.amendment(position, &facts));
            return Json::List(amendments.collect()).into();
        }
        let of_entry = |(position, recorded): (&Position, &Arc<Recorded>)| {
            let events = self.of.events(recorded).filter(|(_, event)| can_vary(&event.kind));
            let keys: BTreeSet<Key> = events.filter_map(|(place, _)| Key::of(recorded, place)).collect();
            let facts = keys.iter().flat_map(|key| {
                let timeline = self.all().timeline(key);
                let own = timeline.into_iter().flat_map(|timeline| timeline.of_entry(*position));
                own.filter(|fact| self.varies(fact, one, term)).map(move |fact| (key, fact))
            });
            let facts: Vec<(&Key, &Fact)> = facts.collect();
            let amendment = if facts.is_empty() { Json::Null } else { self.amendment(*position, &facts) };
            (Json::shown(position), amendment.into())
        };
        Now::Items(self.since.entries.iter().map(of_entry).collect())
    }

    /// Whether a fact counts, and varies a part of the contract.
    fn varies(&self, fact: &Fact, one: &Let<'a>, term: &Term<'_>) -> bool {
        let kind = &fact.event().kind;
        let begins = matches!(kind, EventKind::ServiceAdded { .. } | EventKind::ServiceRemoved { .. });
        let after_start = || term.start.is_some_and(|start| start < fact.effective().earliest());
        let own = kind.part();
        can_vary(kind)
            && fact.standing().is_firm()
            && fact.known(self.at.head)
            && self.at.counts(fact.decided()) == Counted::Yes
            && (!begins || after_start())
            && (own == one.part || own.is_whole() || one.part.is_whole())
    }

    /// The amendment that an entry is by these facts, which are not none.
    fn amendment(&self, position: Position, facts: &[(&Key, &Fact)]) -> Json {
        let (_, first_fact) = facts[0];
        let act = first_fact.act();
        let said = facts.iter().map(|(key, fact)| {
            format!("{}: {}, from {}", key.name(), self.all().said(fact.event(), self.at), fact.effective())
        });
        let released = &self.told.released;
        let before = released[..released.partition_point(|released| *released < position)].last();
        Json::object([
            ("id", Json::shown(position)),
            ("date", first_fact.effective().exact().map_or(Json::Null, first)),
            ("rationale", Json::text(format!("{}: {}", act.reference, act.title))),
            ("description", Json::text(said.collect::<Vec<_>>().join("; "))),
            ("amendsReleaseID", words(before.map(|before| self.of.release_id(*before)))),
            ("releaseID", Json::text(self.of.release_id(position))),
        ])
    }

    fn parties(&self, lets: &[Let<'a>]) -> Json {
        let mut roles: BTreeMap<&PartyId, BTreeSet<&'static str>> = BTreeMap::new();
        for (role, party) in self.partners() {
            roles.entry(party).or_default().insert(match role {
                Role::Funder => "funder",
                Role::Commissioner => "buyer",
                Role::StrategicPartner | Role::Provider => "supplier",
                Role::DeliveryPartner => "subcontractor",
            });
        }
        for party in lets.iter().flat_map(|one| &one.suppliers) {
            roles.entry(party).or_default().insert("supplier");
        }
        for party in self.told.funders.keys() {
            roles.entry(party).or_default().insert("funder");
        }
        let party = |(party, roles): (&PartyId, BTreeSet<&str>)| {
            let name = Json::text(self.all().party_name(party, self.at));
            Json::object([("id", Json::shown(party)), ("name", name), ("roles", Json::all_shown(roles))])
        };
        Json::List(roles.into_iter().map(party).collect())
    }

    /// Who buys, where firm facts name one and no other. The standard lets no buyer be deleted.
    fn buyer(&mut self) -> Json {
        let commissioners = self.partners().filter(|(role, _)| *role == Role::Commissioner);
        let commissioners: BTreeSet<&PartyId> = commissioners.map(|(_, party)| party).collect();
        if let [buyer] = commissioners.into_iter().collect::<Vec<_>>().as_slice() {
            self.told.buyer = true;
            return self.named(buyer);
        }
        let none = "not in the record, or several";
        if self.told.buyer {
            Json::object([("id", "none"), ("name", none)].map(|(name, text)| (name, Json::text(text))))
        } else {
            Json::Null
        }
    }

    /// Who funds it by firm facts, with what is said of the share.
    fn funders(&self) -> BTreeMap<&'a PartyId, Vec<String>> {
        let mut funders: BTreeMap<&PartyId, Vec<String>> = BTreeMap::new();
        for (key, timeline) in self.timelines() {
            match key {
                Key::Funding(_, part) => {
                    let Some(set) = undisputed(Some(timeline), self.at).last() else { continue };
                    let EventKind::FundingSet { funders: all, .. } = &set.event().kind else { continue };
                    for Funder { party, share } in all {
                        let shares = funders.entry(party).or_default();
                        shares.extend(share.map(|share| format!("{share} of {}", part_words(part))));
                    }
                }
                Key::Line(_, line) if undisputed(Some(timeline), self.at).next().is_some() => {
                    if let Some(funder) = &line.funder {
                        funders.entry(funder).or_default();
                    }
                }
                _ => {}
            }
        }
        funders
    }

    fn planning(&self) -> Now {
        let of_whole =
            |key: &Key| matches!(key, Key::Term(..) | Key::Status(..) | Key::Extension(..) | Key::Funding(..));
        let is_budget = |key: &Key| matches!(key, Key::Line(_, line) if BUDGETS.contains(&line.measure));
        let budget = if self.since.touches(|key| of_whole(key) || is_budget(key)) {
            self.budget().into()
        } else {
            let term = self.term(&Part::Whole);
            let funders: BTreeSet<&PartyId> = self.since.lines().filter_map(|line| line.funder.as_ref()).collect();
            let share = |funder: &PartyId| {
                let share = self.told.funders.get(funder).map(|shares| self.share(funder, shares, &term));
                (Json::shown(funder), share.unwrap_or(Json::Null).into())
            };
            Now::fields([("budgetBreakdown", Now::Items(funders.into_iter().map(share).collect()))])
        };
        Now::fields([("budget", budget), ("documents", self.documents()), ("milestones", self.milestones())])
    }

    /// What some lines come to over the firm term: those of a measure, and of a funder where one is asked for.
    fn set_aside(&self, measure: Measure, funder: Option<&PartyId>, term: &Term<'_>) -> Option<(Measure, Decimal)> {
        let is_of = |course: &&Course<'_>| {
            course.line.measure == measure && (funder.is_none() || course.line.funder.as_ref() == funder)
        };
        let lines: Vec<&Course<'_>> = self.lines().iter().filter(is_of).collect();
        self.firm_sum(&lines, term).map(|(_, pounds)| (measure, pounds))
    }

    /// What is set aside, and by whom, over the firm term.
    fn budget(&self) -> Json {
        let term = self.term(&Part::Whole);
        let whole = BUDGETS.into_iter().find_map(|measure| self.set_aside(measure, None, &term));
        let breakdown = self.told.funders.iter().map(|(funder, shares)| self.share(funder, shares, &term));
        let said = whole.map(|(measure, _)| format!("{measure}, over the term"));
        Json::object([
            ("description", words(said)),
            ("amount", whole.map_or(Json::Null, |(_, pounds)| money(pounds))),
            ("budgetBreakdown", Json::List(breakdown.collect())),
        ])
    }

    /// What one who funds it sets aside.
    fn share(&self, funder: &PartyId, shares: &[String], term: &Term<'_>) -> Json {
        let mut measures = BUDGETS.into_iter().chain([Measure::Value, Measure::Cost]);
        let amount = measures.find_map(|measure| self.set_aside(measure, Some(funder), term));
        let said = amount.map(|(measure, _)| format!("{measure}, over the term"));
        let said: Vec<String> = shares.iter().cloned().chain(said).collect();
        Json::object([
            ("id", Json::shown(funder)),
            ("description", if said.is_empty() { Json::Null } else { Json::text(said.join("; ")) }),
            ("amount", amount.map_or(Json::Null, |(_, pounds)| money(pounds))),
            ("period", if amount.is_some() { term.period() } else { Json::Null }),
            ("sourceParty", self.named(funder)),
        ])
    }

    /// The documents that entries so far rest on; none has an address, and none is taken back.
    fn documents(&self) -> Now {
        let known = &self.told.documents;
        let came: Vec<(&DocumentCode, &String)> = match self.since.anew {
            true => known.iter().collect(),
            false => self.since.documents.iter().filter_map(|code| known.get_key_value(code)).collect(),
        };
        let document = |(code, title): (&DocumentCode, &String)| {
            let said = [("id", Json::shown(code)), ("title", Json::shown(title))];
            (Json::shown(code), Json::object(said).into())
        };
        Now::Items(came.into_iter().map(document).collect())
    }

    /// The steps on the way.
    fn milestones(&self) -> Now {
        if !self.since.touches(|key| matches!(key, Key::Milestone(..))) {
            return Now::Items(vec![]);
        }
        let came = self.timelines().filter(|(key, _)| self.since.anew || self.since.keys.contains(*key));
        let milestone = |(key, timeline): (&Key, &Timeline)| match key {
            Key::Milestone(_, id) => Some((Json::shown(id), self.milestone(id, timeline).unwrap_or(Json::Null).into())),
            _ => None,
        };
        Now::Items(came.filter_map(milestone).collect())
    }

    /// A step: met where it is said to have happened, scheduled where it is decided, planned or less.
    fn milestone(&self, id: &Slug, timeline: &Timeline) -> Option<Json> {
        let facts = || timeline.counted(self.at);
        let met = undisputed(Some(timeline), self.at).filter(|fact| fact.standing() == Standing::Happened).last();
        let fact = met.or_else(|| facts().filter(|fact| fact.standing().class() != Class::Ours).last())?;
        let EventKind::Milestone { title, .. } = &fact.event().kind else { return None };
        // One that takes several days is met on the last.
        let day = fact.until().unwrap_or(fact.effective()).exact().map_or(Json::Null, first);
        let (when, status) = if met.is_some() { ("dateMet", "met") } else { ("dueDate", "scheduled") };
        let said =
            [("id", Json::shown(id)), ("title", Json::shown(title)), (when, day), ("status", Json::text(status))];
        Some(Json::object(said))
    }

    /// What is planned: all of it where nothing was let yet, and what it was that was let.
    fn tender(&self, was_let: bool) -> Json {
        let contract = self.of.contract;
        let lots = self.all().lots_of(contract, self.at).into_iter().map(|lot| {
            let title = Json::text(self.lot_title(&lot));
            Json::object([("id", Json::shown(&lot)), ("title", title)])
        });
        let of = |key: fn(ContractId, Part) -> Key| self.timeline(|contract| key(contract, Part::Whole));
        let counted = [of(Key::Status), of(Key::Term)].into_iter().flatten().flat_map(|of| of.counted(self.at));
        let firmest = counted.map(Fact::standing).max_by_key(|standing| standing.strength());
        let status = match firmest {
            _ if was_let => Some("complete"),
            Some(Standing::Proposed) => Some("planning"),
            None | Some(Standing::Inferred) => None,
            Some(_) => Some("planned"),
        };
        let clause = self.timeline(|contract| Key::Clause(contract, Part::Whole, "procedure"));
        let procedure = undisputed(clause, self.at).last().and_then(|fact| match &fact.event().kind {
            EventKind::ClauseSet { clause: Clause::Procedure { name }, .. } => Some(name),
            _ => None,
        });
        let planned =
            self.all().terms(contract, &Part::Whole, self.at).filter(|terms| is_tentative(terms.set.standing()));
        let days = planned.map(|terms| (terms.set.effective().exact(), end_of(terms.set)));
        let period = days.map_or(Json::Null, |(start, end)| {
            Json::object([("startDate", start.map_or(Json::Null, first)), ("endDate", end.map_or(Json::Null, last))])
        });
        let value = planned.and_then(|terms| {
            let lines = self.lines();
            let value = lines.iter().filter(|course| course.line.measure == Measure::Value).collect::<Vec<_>>();
            let (figure, pounds) = self.sum(&value, terms.first, &[terms.set])?;
            figure.standing.is_some_and(is_tentative).then(|| money(pounds))
        });
        Json::object([
            ("id", Json::text(self.of.ocid(contract))),
            ("title", Json::text(self.all().title(contract, self.at))),
            ("status", words(status)),
            ("procurementMethodDetails", words(procedure)),
            ("value", value.unwrap_or(Json::Null)),
            ("contractPeriod", period),
            ("lots", Json::List(lots.collect())),
        ])
    }

    /// The contracts whose place it took by firm facts.
    fn related(&self) -> Json {
        let prior = self.told.prior.iter().filter(|earlier| {
            let successor = self.all().timeline(&Key::Successor((*earlier).clone()));
            undisputed(successor, self.at)
                .any(|fact| matches!(&fact.event().kind, EventKind::Succeeded { by, .. } if by == self.of.contract))
        });
        let related = prior.map(|prior| {
            Json::object([
                ("id", Json::text(format!("prior-{prior}"))),
                ("relationship", Json::all_shown(["prior"])),
                ("title", Json::text(self.all().title(prior, self.at))),
                ("scheme", Json::text("ocid")),
                ("identifier", Json::text(self.of.ocid(prior))),
            ])
        });
        Json::List(related.collect())
    }
}

/// Whether an event of this kind can vary a contract.
fn can_vary(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Extended { .. }
            | EventKind::ValueChanged { .. }
            | EventKind::ServiceAdded { .. }
            | EventKind::ServiceRemoved { .. }
    )
}

/// An award that was withdrawn, or the contract of it.
fn withdrawn(id: &str, extra: Option<(&'static str, Json)>) -> Json {
    let said = Json::object([("withdrawn", Json::Flag(true))]);
    let said = [("status", Json::text("cancelled")), ("minutebook", said)];
    Json::object([("id", Json::shown(id))].into_iter().chain(extra).chain(said))
}

fn is_tentative(standing: Standing) -> bool {
    standing.class() == Class::Tentative
}

fn end_of(term: &Fact) -> Option<Day> {
    match &term.event().kind {
        EventKind::TermSet { last_day, .. } => last_day.exact(),
        _ => None,
    }
}

fn part_words(part: &Part) -> String {
    match part {
        Part::Whole => "the whole contract".to_owned(),
        other => other.to_string(),
    }
}
