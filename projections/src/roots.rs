//! The roots of a ledger, kept up entry by entry without the facts under them: they are over digests, and a digest takes
//! the leaf hash of an entry, so that whoever only proves need keep no entry. It must not know what a fact says.

use crate::decisions::Decisions;
use crate::findings::Findings;
use crate::index::{Index, Projection};
use crate::lots::Lots;
use crate::map::{MapProof, MerkleMap};
use crate::network::Network;
use crate::prelude::*;
use crate::register::Register;
use crate::streams::{self, Subject};
use crate::value::Value;
use hashbrown::HashMap;
use minutebook_events::{Entry, EntryId, EventKind, EventRef, Hash, Position};

/// A projection's name, version and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootOf {
    /// The projection.
    pub name: Cow<'static, str>,
    /// Its version.
    pub version: u32,
    /// Its root.
    pub root: Hash,
}

/// What is to be known of a projection to make its root.
struct Kind {
    name: &'static str,
    version: u32,
    names: fn(&Entry, u16, Position) -> Vec<Hash>,
    /// Whether a correction of an event strikes what this projection has of it.
    is_struck: bool,
}

const fn kind<P: Projection>(is_struck: bool) -> Kind {
    Kind { name: P::NAME, version: P::VERSION, names: Index::<P>::names, is_struck }
}

/// All of them, in the order of the design. A correction strikes no act.
const KINDS: [Kind; 6] = [
    kind::<Register>(true),
    kind::<Value>(true),
    kind::<Lots>(true),
    kind::<Network>(true),
    kind::<Decisions>(false),
    kind::<Findings>(true),
];

/// What an entry adds to the roots, by the hashes of names alone. It follows from the entry and its position, so that any
/// thread can find it ahead.
#[derive(Debug, Clone)]
pub struct Trace {
    id: EntryId,
    act: Vec<Name>,
    events: Vec<EventTrace>,
}

#[derive(Debug, Clone)]
struct EventTrace {
    subjects: Vec<Name>,
    /// Which projection, and the hash of the key of a timeline in it.
    timelines: Vec<(usize, Hash)>,
    strikes: Option<EventRef>,
}

/// A subject, by the hash under which its stream lies, and whether it is a contract.
type Name = (Hash, bool);

fn name(subject: &Subject) -> Name {
    (subject.key(), subject.contract().is_some())
}

impl Trace {
    /// That of an entry at its position.
    pub fn of(entry: &Entry, position: Position) -> Self {
        let event = |(place, event): (u16, &minutebook_events::Event)| EventTrace {
            subjects: streams::about_event(&event.kind).iter().map(name).collect(),
            timelines: KINDS
                .iter()
                .enumerate()
                .flat_map(|(kind, of)| (of.names)(entry, place, position).into_iter().map(move |name| (kind, name)))
                .collect(),
            strikes: match &event.kind {
                EventKind::Correction { strikes, .. } => Some(*strikes),
                _ => None,
            },
        };
        let act = streams::about_act(&entry.act).iter().map(name).collect();
        Self { id: entry.id, act, events: (0..).zip(&entry.events).map(event).collect() }
    }

    /// The id of the entry.
    pub fn id(&self) -> EntryId {
        self.id
    }
}

/// The roots of the streams and of all projections, up to one head.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    ids: HashMap<EntryId, Position>,
    /// From the key of every subject to the digest of its stream.
    streams: MerkleMap,
    /// How many of the subjects are contracts.
    contracts: u64,
    /// For each projection, from the hash of every key to the digest of its timeline.
    projections: [MerkleMap; KINDS.len()],
}

impl Roots {
    /// Takes in the next entry: its position, the leaf hash of its stored bytes, and its trace. `trace` gives that of an
    /// earlier entry which this one corrects; nothing where that was passed over.
    ///
    /// # Errors
    /// Those of `trace`; the entry is then taken in half.
    pub fn apply<E>(
        &mut self,
        position: Position,
        leaf: &Hash,
        of: &Trace,
        trace: impl Fn(Position) -> Result<Option<Trace>, E>,
    ) -> Result<(), E> {
        let mut subjects: BTreeSet<Name> = of.act.iter().copied().collect();
        for (place, event) in (0..).zip(&of.events) {
            subjects.extend(event.subjects.iter().copied());
            for (kind, name) in &event.timelines {
                self.projections[*kind].change(*name, |digest| told(digest, (position, place), leaf));
            }
            // Decide rejects a correction of what is not there; a log that another program wrote may have one, and it
            // strikes nothing. Nor does one of the entry's own.
            let Some(strikes) = event.strikes else { continue };
            let Some(at) = self.ids.get(&strikes.entry).copied() else { continue };
            let Some(struck) = trace(at)? else { continue };
            let Some(struck) = struck.events.get(usize::from(strikes.event)) else { continue };
            subjects.extend(struck.subjects.iter().copied());
            for (kind, name) in struck.timelines.iter().filter(|(kind, _)| KINDS[*kind].is_struck) {
                let target = (at, strikes.event);
                self.projections[*kind].change(*name, |digest| struck_by(digest, target, (position, place)));
            }
        }
        for (subject, is_contract) in subjects {
            self.streams.change(subject, |digest| {
                self.contracts += u64::from(is_contract && digest.is_none());
                streams::extend(digest, position, leaf)
            });
        }
        self.ids.insert(of.id, position);
        Ok(())
    }

    /// Makes the hashes under every root that are still to be made, so that roots and proofs need not.
    pub fn settle(&mut self) {
        self.streams.settle();
        self.projections.iter_mut().for_each(MerkleMap::settle);
    }

    /// The position of the entry with an id.
    pub fn position(&self, id: EntryId) -> Option<Position> {
        self.ids.get(&id).copied()
    }

    /// How many contracts have a stream.
    pub fn contracts(&self) -> u64 {
        self.contracts
    }

    /// The digest of a stream, as [`streams::digest`] makes it; nothing where no entry is about the subject.
    pub fn stream(&self, subject: &Subject) -> Option<&Hash> {
        self.streams.get(&subject.key())
    }

    /// The root over all streams: of a [`MerkleMap`] from [`Subject::key`] to [`streams::digest`].
    pub fn streams(&self) -> Hash {
        self.streams.root()
    }

    /// That the entries of a stream are these and no others; of a subject with none, that it has none.
    pub fn prove(&self, subject: &Subject) -> MapProof {
        self.streams.prove(&subject.key())
    }

    /// The root of every projection, in the order of the design: of its name and version, and of a [`MerkleMap`] from the
    /// hash of every key to the digest of its timeline. That is of nothing the hash of nothing; for a fact the hash of a byte
    /// 0, the digest so far, its position and place, and the leaf hash of its entry, so of the stored bytes that say it; for
    /// a strike that of a byte 1, the digest so far, what was struck and by what.
    pub fn projections(&self) -> Vec<RootOf> {
        let root = |(kind, map): (&Kind, &MerkleMap)| RootOf {
            name: kind.name.into(),
            version: kind.version,
            root: Hash::of([format!("{} {}\n", kind.name, kind.version).as_bytes(), map.root().0.as_slice()]),
        };
        KINDS.iter().zip(&self.projections).map(root).collect()
    }
}

/// The digest of a timeline after a fact that is said at a position and place.
fn told(digest: Option<&Hash>, event: (Position, u16), leaf: &Hash) -> Hash {
    let so_far = digest.copied().unwrap_or_else(|| Hash::of([]));
    Hash::of([&[0], so_far.0.as_slice(), &bytes(event), leaf.0.as_slice()])
}

/// The digest of a timeline after one of its facts was struck.
fn struck_by(digest: Option<&Hash>, event: (Position, u16), by: (Position, u16)) -> Hash {
    let so_far = digest.expect("what is struck was told");
    Hash::of([&[1], so_far.0.as_slice(), &bytes(event), &bytes(by)])
}

/// An event's position and place, as a digest takes them.
fn bytes((position, place): (Position, u16)) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&position.0.to_be_bytes());
    bytes[8..].copy_from_slice(&place.to_be_bytes());
    bytes
}
