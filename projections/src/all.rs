//! The six projections together: the one place where an entry is applied, and what `decide` asks of what is known.

use crate::index::{Index, KINDS, facts};
use crate::key::Key;
use crate::known::Defined;
use crate::lazy::Lazy;
use crate::log::{Log, Recorded};
use crate::prelude::*;
use crate::roots::{Roots, Trace};
use crate::streams::{self, Streams, Subject};
use crate::timeline::{Fact, Timeline};
use core::convert::Infallible;
use core::sync::atomic::{AtomicUsize, Ordering};
use hashbrown::HashMap;
use minutebook_events::decide::{Assignment, IdKind, Known, Name, Stepped, definition};
use minutebook_events::{
    ContractId, Entry, EntryId, EventKind, EventRef, Hash, LotId, OfficeId, Part, PartyId, Position, ServiceId, Version,
};

/// The most entries that room is made for at once: twenty bytes each.
const LIKELY: usize = 1 << 20;

/// All projections of one ledger, up to one head. The entries are kept packed, with what each stream is and what is
/// defined; timelines and roots are made of them when they are first asked for, and kept up from then on.
#[derive(Debug, Clone, Default)]
pub struct Projections {
    head: Position,
    log: Log,
    /// The entries about each contract, party, office and act, and the timelines of each.
    streams: Streams,
    /// The timelines of acts and doubts.
    general: Lazy<Index>,
    defined: Defined,
    roots: Lazy<Roots>,
    made: Made,
}

/// How many facts lie on timelines that were made.
#[derive(Debug, Default)]
struct Made(AtomicUsize);

impl Clone for Made {
    fn clone(&self) -> Self {
        // Nor are the timelines of a clone made.
        Self::default()
    }
}

impl Projections {
    /// What cannot be made of anything else in them: head, entries, streams, what is defined.
    pub(crate) fn parts(&self) -> (Position, &Log, &Streams, &Defined) {
        (self.head, &self.log, &self.streams, &self.defined)
    }

    pub(crate) fn of_parts(log: Log, streams: Streams, defined: Defined) -> Self {
        let head = log.end();
        Self { head, log, streams, defined, ..Self::default() }
    }

    /// Those that these entries come to, none passed over: what is not in a log is made of it anew. Nothing where what it was
    /// taken from is no entry.
    pub(crate) fn of_log(log: Log) -> Option<Self> {
        let mut projections = Self { log, ..Self::default() };
        for number in 0..projections.log.len() {
            let recorded = projections.log.nth(number)?;
            projections.follow(&recorded);
        }
        Some(projections)
    }

    /// Those that some entries of a ledger come to, in order, the others up to a head passed over: what is folded for one answer
    /// is not the whole ledger. All timelines are made at once, since what an answer is about is why these entries were taken.
    pub fn of_some(entries: impl IntoIterator<Item = Arc<Recorded>>, head: Position) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let mut some = Self { log: Log::of(entries.clone()), ..Self::default() };
        for recorded in &entries {
            some.follow(recorded);
        }
        some.pass(head);
        some.make(&entries);
        some
    }

    /// Makes the timelines of these entries, which are all.
    fn make(&mut self, entries: &[Arc<Recorded>]) {
        let mut indexes: HashMap<Option<Subject>, Index> = HashMap::new();
        let struck = |position, place| self.defined.struck(position, place);
        for recorded in entries {
            for (key, fact) in facts(recorded, &struck) {
                indexes.entry(key.subject()).or_default().add(key, fact);
            }
        }
        self.general = Lazy::made(indexes.remove(&None).unwrap_or_default());
        for (subject, stream) in self.streams.each_mut() {
            // Where nothing is said of it, nothing is to be looked for again.
            stream.index = Lazy::made(indexes.remove(&Some(subject.clone())).unwrap_or_default());
        }
        assert!(indexes.is_empty(), "an entry is in the stream of whatever it says something of");
    }

    /// Makes room for so many more entries, as far as is likely: whoever says how many there are may be wrong.
    pub fn reserve(&mut self, entries: u64) {
        self.log.reserve(usize::try_from(entries).unwrap_or(usize::MAX).min(LIKELY));
    }

    /// Applies the next entry, whose stored bytes have this leaf hash. What it was decided against must be all that came
    /// before. It gives the entry at its position.
    pub fn apply(&mut self, entry: Entry, leaf: Hash) -> Arc<Recorded> {
        self.apply_traced(entry, leaf, None)
    }

    /// Whether the roots were asked for, so that they are kept up: by the trace of each entry.
    pub fn keeps_roots(&self) -> bool {
        self.roots.is_made()
    }

    /// The same as [`Projections::apply`], with the trace of the entry, where another thread found it.
    pub fn apply_traced(&mut self, entry: Entry, leaf: Hash, trace: Option<Trace>) -> Arc<Recorded> {
        self.apply_about(entry, leaf, trace).0
    }

    /// The same, with the subjects to whose streams the entry belongs, for whoever stores it too.
    pub fn apply_about(
        &mut self,
        entry: Entry,
        leaf: Hash,
        trace: Option<Trace>,
    ) -> (Arc<Recorded>, BTreeSet<Subject>) {
        let recorded = Arc::new(Recorded { position: self.head, leaf, entry });
        self.keep_roots(&recorded, trace);
        self.log.push(&recorded);
        let subjects = self.follow(&recorded);
        (recorded, subjects)
    }

    /// Takes in what the next entry says, which is in the log, and gives the subjects to whose streams it belongs.
    fn follow(&mut self, recorded: &Arc<Recorded>) -> BTreeSet<Subject> {
        let subjects = self.subjects(&recorded.entry);
        let struck = self.take_in(recorded);
        self.keep_timelines(recorded, &subjects, struck);
        self.head = recorded.position.next();
        subjects
    }

    fn keep_roots(&mut self, recorded: &Recorded, trace: Option<Trace>) {
        let Self { log, roots, .. } = self;
        if let Some(roots) = roots.get_mut() {
            let trace = trace.unwrap_or_else(|| Trace::of(&recorded.entry, recorded.position));
            take_root(roots, log, recorded, &trace);
        }
    }

    /// Takes in what the entry defines and what it strikes, and gives what it strikes: the entry and the place of the event,
    /// and the place of the correction.
    fn take_in(&mut self, recorded: &Recorded) -> Vec<(Arc<Recorded>, u16, u16)> {
        let mut struck = vec![];
        for place in recorded.places() {
            self.defined.add(&recorded.entry, place);
            let EventKind::Correction { strikes, .. } = &recorded.entry.events[usize::from(place)].kind else {
                continue;
            };
            // An entry that strikes an event of its own strikes nothing: see `struck_by`.
            let earlier = self.by_id(strikes.entry).filter(|target| target.position < recorded.position);
            let Some(target) = earlier else { continue };
            if target.places().contains(&strikes.event) {
                let event = (target.position, &target.entry, strikes.event);
                if self.defined.strike(event, (recorded.position, place)) {
                    struck.push((target, strikes.event, place));
                }
            }
        }
        struck
    }

    /// Adds the entry to the streams of its subjects, and to the timelines that were made.
    fn keep_timelines(
        &mut self,
        recorded: &Arc<Recorded>,
        subjects: &BTreeSet<Subject>,
        struck: Vec<(Arc<Recorded>, u16, u16)>,
    ) {
        let Self { streams, general, defined, made, .. } = self;
        let by = |position, place| defined.struck(position, place);
        for subject in subjects {
            let stream = streams.of_mut(subject.clone());
            stream.add(recorded.position);
            if let Some(index) = stream.index.get_mut() {
                *made.0.get_mut() += index.apply(recorded, Some(subject), &by);
            }
        }
        if let Some(index) = general.get_mut() {
            *made.0.get_mut() += index.apply(recorded, None, &by);
        }
        for (target, place, by) in struck {
            let by = (recorded.position, by);
            let subjects = streams::about_event(&target.entry.events[usize::from(place)].kind);
            for subject in subjects {
                if let Some(index) = streams.get_mut(&subject).and_then(|stream| stream.index.get_mut()) {
                    index.strike(&target, place, by);
                }
            }
            if let Some(index) = general.get_mut() {
                index.strike(&target, place, by);
            }
        }
    }

    /// Passes over entries, up to this head: what is folded for one answer is not the whole ledger.
    pub fn pass(&mut self, head: Position) {
        assert!(self.head <= head, "entries come in order");
        self.head = head;
    }

    /// How many facts lie on timelines that were made: what [`Projections::forget`] gives back the memory of.
    pub fn made(&self) -> usize {
        self.made.0.load(Ordering::Relaxed)
    }

    /// Forgets the timelines that were made. Those that are asked for again are made again.
    pub fn forget(&mut self) {
        self.streams.each_mut().for_each(|(_, stream)| stream.index.forget());
        self.general.forget();
        self.made = Made::default();
    }

    /// Forgets the timelines of one contract.
    pub(crate) fn forget_contract(&mut self, contract: &ContractId) {
        if let Some(stream) = self.streams.get_mut(&Subject::Contract(contract.clone())) {
            stream.index.forget();
        }
    }

    /// The roots of all that was applied.
    pub fn roots(&self) -> &Roots {
        self.roots.get_or_make(|| {
            let mut roots = Roots::with_capacity(self.log.len());
            for recorded in self.log.iter() {
                take_root(&mut roots, &self.log, &recorded, &Trace::of(&recorded.entry, recorded.position));
            }
            roots.settle();
            roots
        })
    }

    /// Makes the hashes under every root that are still to be made, so that roots and proofs need not; nothing where nobody
    /// has asked for a root.
    pub fn settle(&mut self) {
        if let Some(roots) = self.roots.get_mut() {
            roots.settle();
        }
    }

    /// The entries about each contract, party, office and act.
    pub fn streams(&self) -> &Streams {
        &self.streams
    }

    /// The subjects to whose streams an entry belongs: those it is about, and those of the events that it strikes.
    pub fn subjects(&self, entry: &Entry) -> BTreeSet<Subject> {
        let mut subjects = streams::about(entry);
        for (struck, place) in self.struck_by(entry) {
            subjects.extend(streams::about_event(&struck.entry.events[usize::from(place)].kind));
        }
        subjects
    }

    /// The events that an entry strikes: entry, and place in it. Decide rejects a correction of what is not there, or comes
    /// later; a log that another program wrote may have one, and it strikes nothing.
    fn struck_by(&self, entry: &Entry) -> impl Iterator<Item = (Arc<Recorded>, u16)> {
        entry.events.iter().filter_map(|event| match &event.kind {
            EventKind::Correction { strikes, .. } => {
                let struck = self.by_id(strikes.entry).filter(|struck| struck.position < entry.expected_head)?;
                struck.places().contains(&strikes.event).then_some((struck, strikes.event))
            }
            _ => None,
        })
    }

    /// The position of the next entry, so the number of entries applied or passed over.
    pub fn head(&self) -> Position {
        self.head
    }

    /// The entries applied, in order.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The entry at a position.
    pub fn entry(&self, position: Position) -> Option<Arc<Recorded>> {
        self.log.at(position)
    }

    /// The entry with an id.
    pub fn by_id(&self, id: EntryId) -> Option<Arc<Recorded>> {
        self.log.at(self.log.position_of(id)?)
    }

    /// The correction that struck an event, where one did: position and place.
    pub fn struck(&self, position: Position, place: u16) -> Option<(Position, u16)> {
        self.defined.struck(position, place)
    }

    /// An entry's place in the stream of a contract, where it touches it.
    pub fn version(&self, contract: &ContractId, position: Position) -> Option<Version> {
        let stream = self.streams.of(&Subject::Contract(contract.clone()));
        stream.binary_search(&position).ok().map(|place| Version(place as u64))
    }

    /// The timelines of a subject, made where they were not; nothing where no entry is about it.
    fn index(&self, subject: &Subject) -> Option<&Index> {
        let stream = self.streams.get(subject)?;
        let make = || self.fold(stream.positions().iter().filter_map(|position| self.log.at(*position)), Some(subject));
        Some(stream.index.get_or_make(make))
    }

    pub(crate) fn general(&self) -> &Index {
        self.general.get_or_make(|| self.fold(self.log.iter(), None))
    }

    fn fold(&self, entries: impl Iterator<Item = Arc<Recorded>>, subject: Option<&Subject>) -> Index {
        let mut index = Index::default();
        let struck = |position, place| self.defined.struck(position, place);
        let facts = entries.map(|recorded| index.apply(&recorded, subject, &struck)).sum();
        self.made.0.fetch_add(facts, Ordering::Relaxed);
        index
    }

    /// The timeline of a key.
    pub fn timeline(&self, key: &Key) -> Option<&Timeline> {
        match key.subject() {
            Some(subject) => self.index(&subject)?.timeline(key),
            None => self.general().timeline(key),
        }
    }

    /// Every timeline, by the order of the projections and of their keys.
    pub fn timelines(&self) -> impl Iterator<Item = (&Key, &Timeline)> {
        let (contracts, others): (Vec<_>, Vec<_>) =
            self.streams.all().map(|(subject, _)| subject).partition(|subject| subject.contract().is_some());
        let of_subjects = others.into_iter().chain(contracts).filter_map(|subject| self.index(subject));
        let mut of_kinds = KINDS.map(|_| vec![]);
        for (key, timeline) in core::iter::once(self.general()).chain(of_subjects).flat_map(Index::timelines) {
            let kind = KINDS.iter().position(|kind| kind.name == key.projection());
            of_kinds[kind.expect("a key is one of a projection's")].push((key, timeline));
        }
        of_kinds.into_iter().flatten()
    }

    /// The timelines to which an entry came, or on which it struck a fact, by the order of the projections. Found by the
    /// entry's own events, so that it costs the same in a ledger of any size.
    pub fn touched(&self, recorded: &Recorded) -> Vec<(Key, &Timeline)> {
        let struck: Vec<(Arc<Recorded>, u16)> = self.struck_by(&recorded.entry).collect();
        let mut touched = vec![];
        for kind in &KINDS {
            let of = |recorded: &Recorded, place: u16| kind.keys(&recorded.entry, place, recorded.position);
            let mut keys: BTreeSet<Key> = recorded.places().flat_map(|place| of(recorded, place)).collect();
            if kind.is_struck {
                keys.extend(struck.iter().flat_map(|(recorded, place)| of(recorded, *place)));
            }
            touched.extend(keys.into_iter().filter_map(|key| {
                let timeline = self.timeline(&key)?;
                Some((key, timeline))
            }));
        }
        touched
    }

    /// The contracts defined at a head, in order.
    pub fn contracts(&self, head: Position) -> Vec<&ContractId> {
        self.contracts_from(None, head).collect()
    }

    /// The same from one on, whether it is there or not; each is looked at when it is asked for.
    pub fn contracts_from(&self, from: Option<&ContractId>, head: Position) -> impl Iterator<Item = &ContractId> {
        let known = self.streams.contracts();
        let first = from.map_or(0, |from| known.partition_point(|contract| contract < from));
        known[first..].iter().filter(move |contract| self.is_defined(contract, head))
    }

    /// Whether a contract is defined at a head. It makes no timelines: who goes through all contracts would make those of each.
    pub fn is_defined(&self, contract: &ContractId, head: Position) -> bool {
        if head == self.head {
            return self.defined.contract(contract);
        }
        let stream = self.streams.of(&Subject::Contract(contract.clone()));
        let mut known =
            stream.iter().take_while(|position| **position < head).filter_map(|position| self.entry(*position));
        let defines =
            |kind: &EventKind| matches!(kind, EventKind::ContractDefined { contract: own, .. } if own == contract);
        known.any(|recorded| {
            let struck = |place| self.defined.struck(recorded.position, place).is_some_and(|(by, _)| by < head);
            recorded.places().any(|place| defines(&recorded.entry.events[usize::from(place)].kind) && !struck(place))
        })
    }

    /// The contracts that ever had a sealed content, in order.
    pub(crate) fn sealed_in(&self) -> impl Iterator<Item = &ContractId> {
        self.defined.sealed_in().iter()
    }

    /// Every timeline of one contract, of every projection, sorted by key.
    pub fn timelines_of(&self, contract: &ContractId) -> impl Iterator<Item = (&Key, &Timeline)> {
        self.index(&Subject::Contract(contract.clone())).into_iter().flat_map(Index::timelines)
    }
}

/// Takes an entry into roots, by those before it.
fn take_root(roots: &mut Roots, log: &Log, recorded: &Recorded, trace: &Trace) {
    let Recorded { position, leaf, .. } = recorded;
    let earlier = |id: EntryId| {
        let found = log.position_of(id).filter(|found| found < position).and_then(|found| log.at(found));
        Ok::<_, Infallible>(found.map(|found| (found.position, Trace::of(&found.entry, found.position))))
    };
    let Ok(_) = roots.apply(*position, leaf, trace, earlier);
}

fn standing(timeline: &Timeline) -> impl Iterator<Item = &Fact> {
    timeline.facts().iter().filter(|fact| fact.struck().is_none())
}

impl Known for Projections {
    fn contract(&self, contract: &ContractId) -> bool {
        self.defined.contract(contract)
    }

    fn lot(&self, contract: &ContractId, lot: &LotId) -> bool {
        self.defined.lot(contract, lot)
    }

    fn service(&self, contract: &ContractId, service: &ServiceId) -> bool {
        self.defined.service(contract, service)
    }

    fn party(&self, party: &PartyId) -> bool {
        self.defined.party(party)
    }

    fn office(&self, office: &OfficeId) -> bool {
        self.defined.office(office)
    }

    fn option(&self, contract: &ContractId, part: &Part) -> bool {
        self.defined.option(contract, part)
    }

    fn assignments(&self, contract: &ContractId, lot: &LotId) -> Vec<Assignment> {
        self.timeline(&Key::Holder(contract.clone(), lot.clone()))
            .map_or_else(Vec::new, |timeline| crate::lots::assignments(&standing(timeline).collect::<Vec<_>>()))
    }

    fn contents(&self) -> Vec<Stepped> {
        self.defined.steps().to_vec()
    }

    fn step(&self, event: &EventRef) -> Option<Stepped> {
        self.defined.steps().iter().find(|step| step.event == *event).cloned()
    }

    fn stands(&self, event: &EventRef) -> Option<bool> {
        let recorded = self.by_id(event.entry)?;
        let target = recorded.entry.events.get(usize::from(event.event))?;
        if matches!(target.kind, EventKind::Correction { .. }) {
            return None;
        }
        Some(self.defined.struck(recorded.position, event.event).is_none())
    }

    fn defines(&self, event: &EventRef) -> Option<Name> {
        let recorded = self.by_id(event.entry)?;
        let target = recorded.entry.events.get(usize::from(event.event))?;
        definition(&target.kind).map(|(_, name)| name)
    }

    fn ids(&self, kind: IdKind, contract: Option<&ContractId>) -> Vec<String> {
        let names = self.defined.names().into_iter();
        let wanted = names.filter(|name| name.kind() == kind && (name.of().is_none() || name.of() == contract));
        wanted.map(|name| name.id().to_owned()).collect()
    }
}
