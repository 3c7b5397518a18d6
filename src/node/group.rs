//! What is decided at once and appended to the log at once: by what is known here, without a change of it, since another node may
//! be first. It must not append.
//!
//! Most drafts of a group know nothing of each other and are decided by the ledger as it is. One that names what a draft before it
//! in the group is about is decided by a slice of those streams with that draft taken in. Such a slice only ever lets through: what
//! it would reject is left for the next group, which is decided by the ledger again, and so is what strikes or seals.

use crate::ledger::{Clock, Receipt, RecordError, Stamped, decided, recorder, repeat};
use crate::sealed::{Contents, may_concern_contents};
use crate::slice;
use crate::store::StoreError;
use crate::writer::{Claim, GROUP, Reply, Run};
use chrono::{DateTime, TimeDelta, Utc};
use minutebook_events::{Draft, Entry, Hash, Instant, Position};
use minutebook_projections::streams::named;
use minutebook_projections::{Projections, Subject};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How far the clock of one machine may be behind that of another whose entry came last. What is recorded here is then a step after
/// that entry.
const APART: TimeDelta = TimeDelta::seconds(1);

/// The most entries that a slice is made of.
const SLICE: usize = 512;

/// A draft that waits, until it is answered.
pub(super) struct Asked {
    pub(super) draft: Draft,
    pub(super) claim: Claim,
    pub(super) reply: Reply<Receipt>,
    /// The hash under which it was appended before, where nobody knew what came of that, and what is said then.
    pub(super) tried: Option<(Hash, Arc<StoreError>)>,
    /// Whether it was decided before, and taken back.
    pub(super) again: bool,
}

impl Asked {
    fn refuse(self, error: RecordError) {
        if let Claim::Run(run) = &self.claim {
            run.going().refused = true;
        }
        // What may have been kept is not told as what was not.
        let error = self.tried.map_or(error, |(_, unknown)| RecordError::Store(unknown));
        // Whoever asked may have gone.
        drop(self.reply.send(Err(error)));
    }
}

/// What was decided of a draft.
enum Told {
    /// A new entry.
    New(Box<Stamped>),
    /// What was recorded before. Ours where it was this very draft's, when nobody knew.
    Known { receipt: Receipt, ours: bool },
    /// What another draft of this group is decided to be.
    Same,
    /// It is decided in the next group.
    Later,
}

/// Drafts that wait, in order.
#[derive(Default)]
pub(super) struct Waiting {
    drafts: VecDeque<Asked>,
    /// Runs of which a draft was refused that comes after those that were taken back: they are refused once these are decided.
    refused: Vec<Run>,
}

impl Waiting {
    pub(super) fn push(&mut self, draft: Draft, claim: Claim, reply: Reply<Receipt>) {
        self.drafts.push_back(Asked { draft, claim, reply, tried: None, again: false });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// Answers all that wait.
    pub(super) fn refuse(&mut self, error: impl Fn() -> RecordError) {
        self.drafts.drain(..).for_each(|asked| asked.refuse(error()));
        self.refused.clear();
    }

    /// Takes back what was decided, to be decided again, before all others; `unknown` where nobody knows whether it was appended.
    pub(super) fn take_back(&mut self, group: Group, unknown: Option<&Arc<StoreError>>) {
        for Member { mut asked, place } in group.members.into_iter().rev() {
            if let (Claim::Run(run), Some(place)) = (&asked.claim, &place) {
                let mut going = run.going();
                if going.expected.is_some() {
                    going.expected = Some(place.receipt.position);
                }
                if std::mem::take(&mut going.refused) {
                    self.refused.push(run.clone());
                }
            }
            asked.again = true;
            let tried = place.zip(unknown).map(|(place, unknown)| (place.receipt.leaf, Arc::clone(unknown)));
            asked.tried = tried.or(asked.tried);
            self.drafts.push_front(asked);
        }
    }

    /// Decides those that wait, as far as they can be appended at once. Who is refused, or recorded it before, is answered; nobody is
    /// refused unless what is known is `fresh`: the log may have more by now.
    pub(super) fn decide(&mut self, known: &Projections, contents: &Contents, clock: &Clock, fresh: bool) -> Group {
        let mut deciding = Deciding::new(known, contents, clock(), fresh);
        let mut group = Group { first: known.head(), members: vec![] };
        while let Some(asked) = self.drafts.pop_front() {
            if !asked.again {
                self.refused.drain(..).for_each(|run| run.going().refused = true);
            }
            let new = |told: &Told| match told {
                Told::New(stamped) => Some(stamped.receipt.position),
                Told::Known { receipt, ours: true } => Some(receipt.position),
                _ => None,
            };
            match asked.claim.hold(deciding.next, |expected| deciding.decide(&asked, expected, &group), new) {
                Ok(Told::New(stamped)) => {
                    deciding.accept(&stamped);
                    group.members.push(Member { asked, place: Some(stamped) });
                }
                Ok(Told::Same) => group.members.push(Member { asked, place: None }),
                Ok(Told::Known { receipt, .. }) => drop(asked.reply.send(Ok(receipt))),
                Ok(Told::Later) => {
                    self.drafts.push_front(asked);
                    break;
                }
                Err(error) => drop(asked.reply.send(Err(error))),
            }
        }
        group
    }
}

/// What is appended at once.
pub(super) struct Group {
    pub(super) first: Position,
    members: Vec<Member>,
}

/// A draft of a group, and what it is to be; nothing where it is what another one is.
struct Member {
    asked: Asked,
    place: Option<Box<Stamped>>,
}

impl Group {
    /// The entries, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Stamped> {
        self.members.iter().filter_map(|member| member.place.as_deref())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Gives each its receipt.
    pub(super) fn receipts(self) {
        let receipts: Vec<Receipt> = self.entries().map(|stamped| stamped.receipt.clone()).collect();
        for Member { asked, place } in self.members {
            let receipt = match place {
                Some(stamped) => stamped.receipt,
                None => {
                    let same = receipts.iter().find(|receipt| receipt.id == asked.draft.id);
                    Receipt { repeated: true, ..same.expect("it is what another one is").clone() }
                }
            };
            // Whoever asked may have gone; what was recorded stands either way.
            drop(asked.reply.send(Ok(receipt)));
        }
    }

    /// Tells each why it was not recorded, or that nobody knows.
    pub(super) fn refuse(self, error: impl Fn() -> RecordError) {
        self.members.into_iter().for_each(|member| member.asked.refuse(error()));
    }
}

/// What a group is decided by.
struct Deciding<'a> {
    known: &'a Projections,
    contents: &'a Contents,
    now: DateTime<Utc>,
    is_fresh: bool,
    /// The position of the next entry, and when the one before it is recorded.
    next: Position,
    last: Option<Instant>,
    /// What the entries of the group are about.
    about: BTreeSet<Subject>,
    /// Whether one of them seals or strikes, so that nothing more is decided beside it.
    is_closed: bool,
    /// Some streams with the group's entries after them.
    slice: Option<(BTreeSet<Subject>, Projections)>,
}

impl<'a> Deciding<'a> {
    fn new(known: &'a Projections, contents: &'a Contents, now: DateTime<Utc>, is_fresh: bool) -> Self {
        let (next, last) = (known.head(), known.log().last_recorded());
        Self { known, contents, now, is_fresh, next, last, about: BTreeSet::new(), is_closed: false, slice: None }
    }

    fn decide(&mut self, asked: &Asked, expected: Position, group: &Group) -> Result<Told, RecordError> {
        match self.told(asked, expected, group) {
            Err(_) if !self.is_fresh => Ok(Told::Later),
            told => told,
        }
    }

    fn told(&mut self, asked: &Asked, expected: Position, group: &Group) -> Result<Told, RecordError> {
        let Asked { draft, tried, .. } = asked;
        if let Some(known) = self.known.by_id(draft.id) {
            let receipt = repeat(draft, &known)?;
            let ours = tried.as_ref().is_some_and(|(leaf, _)| *leaf == receipt.leaf);
            return Ok(Told::Known { receipt: Receipt { repeated: !ours, ..receipt }, ours });
        }
        if let Some(same) = group.entries().find(|stamped| stamped.entry.id == draft.id) {
            return match same.entry.records(draft) {
                true => Ok(Told::Same),
                false => Err(RecordError::OtherContent { id: draft.id, position: same.receipt.position }),
            };
        }
        let head = self.known.head();
        if expected != self.next {
            // Whether those of this group come before it is known once they are appended.
            let may_yet_be = (head..self.next).contains(&expected);
            return if may_yet_be { Ok(Told::Later) } else { Err(RecordError::Conflict { expected, actual: head }) };
        }
        let is_first = self.next == head;
        if is_first {
            return self.by(self.known, draft).map(|stamped| Told::New(Box::new(stamped)));
        }
        // As far as what it names goes, it is the entry that it would be.
        let entry = Entry::stamp(draft.clone(), self.next, Instant::new(self.now), String::new());
        if self.is_closed || may_concern_contents(&entry) || group.members.len() >= GROUP {
            return Ok(Told::Later);
        }
        let mut names = named(&entry);
        if names.is_disjoint(&self.about) {
            return self.by(self.known, draft).map(|stamped| Told::New(Box::new(stamped)));
        }
        if self.slice.as_ref().is_none_or(|(covered, _)| !names.is_subset(covered)) {
            names.extend(self.slice.take().into_iter().flat_map(|(covered, _)| covered));
            let Some(mut slice) = slice::of_streams(self.known, &names, SLICE) else { return Ok(Told::Later) };
            for Stamped { entry, receipt, .. } in group.entries() {
                slice.apply(entry.clone(), receipt.leaf);
            }
            self.slice = Some((names, slice));
        }
        let (_, slice) = self.slice.as_ref().expect("it was made where it was not");
        Ok(self.by(slice, draft).map_or(Told::Later, |stamped| Told::New(Box::new(stamped))))
    }

    fn by(&self, known: &Projections, draft: &Draft) -> Result<Stamped, RecordError> {
        let last = self.last.map(Instant::utc).filter(|last| *last > self.now && *last - self.now <= APART);
        let now = last.unwrap_or(self.now);
        decided(known, self.contents, draft.clone(), (self.next, self.last), now, recorder())
    }

    fn accept(&mut self, stamped: &Stamped) {
        let Stamped { entry, receipt, .. } = stamped;
        self.about.extend(self.known.subjects(entry));
        self.is_closed = may_concern_contents(entry);
        if let Some((_, slice)) = &mut self.slice {
            slice.apply(entry.clone(), receipt.leaf);
        }
        (self.next, self.last) = (receipt.position.next(), Some(receipt.recorded));
    }
}
