//! The roots of a ledger, kept up entry by entry without the facts under them: they are over digests, and a digest takes
//! the leaf hash of an entry, so that whoever only proves need keep no entry. It must not know what a fact says.

use crate::decisions::Decisions;
use crate::index::{KINDS, Kind, Projection};
use crate::key::Key;
use crate::map::{Both, MapProof, MerkleMap};
use crate::prelude::*;
use crate::streams::{self, Subject};
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

/// What an entry adds to the roots, by the hashes of names alone. It follows from the entry and its position, so that any
/// thread can find it ahead.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The hashes of the subjects that the entry is about by itself, each with the place of the event that is about it, where
    /// one is.
    subjects: Vec<(Option<u16>, Hash)>,
    /// By the places of its events: which projection, and the hash of the key of a timeline in it.
    timelines: Vec<(u16, usize, Hash)>,
    /// The events that correct: their places, and what each strikes.
    strikes: Vec<(u16, EventRef)>,
}

impl Trace {
    /// That of an entry at its position.
    pub fn of(entry: &Entry, position: Position) -> Self {
        let answered = streams::about_act(&entry.act).into_iter().map(|subject| (None, subject.key()));
        let mut trace = Self { subjects: answered.collect(), timelines: vec![], strikes: vec![] };
        for (place, event) in (0..).zip(&entry.events) {
            let about = streams::about_event(&event.kind).into_iter().map(|subject| (Some(place), subject.key()));
            trace.subjects.extend(about);
            for (kind, of) in KINDS.iter().enumerate() {
                let names = of.keys(entry, place, position).into_iter().map(|key| hash_of(&key));
                trace.timelines.extend(names.map(|name| (place, kind, name)));
            }
            if let EventKind::Correction { strikes, .. } = &event.kind {
                trace.strikes.push((place, *strikes));
            }
        }
        trace
    }
}

/// The roots of the streams and of all projections, up to one head.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    /// From the key of every subject to the digest of its stream.
    streams: MerkleMap,
    /// For each projection, from the hash of every key to the digest of its timeline.
    projections: [MerkleMap; KINDS.len()],
}

impl Roots {
    /// Those of no entry, with room for so many.
    pub fn with_capacity(entries: usize) -> Self {
        let mut roots = Self::default();
        // Every entry has an act of its own, as a rule; contracts, parties and figures come again.
        let acts = KINDS.iter().zip(&mut roots.projections).filter(|(kind, _)| kind.name == Decisions::NAME);
        acts.for_each(|(_, map)| *map = MerkleMap::with_capacity(entries));
        roots
    }

    /// Takes in the next entry: its position, the leaf hash of its stored bytes, and its trace. `earlier` gives an earlier
    /// entry by its id, which this one corrects: position and trace; nothing where it was passed over, or never was. It gives
    /// the keys of the subjects to whose streams the entry belongs, sorted.
    ///
    /// # Errors
    /// Those of `earlier`; the entry is then taken in half.
    pub fn apply<E>(
        &mut self,
        position: Position,
        leaf: &Hash,
        trace: &Trace,
        earlier: impl Fn(EntryId) -> Result<Option<(Position, Trace)>, E>,
    ) -> Result<Vec<Hash>, E> {
        let mut subjects: Vec<Hash> = trace.subjects.iter().map(|(_, name)| *name).collect();
        for (place, kind, name) in &trace.timelines {
            self.projections[*kind].change(*name, |digest| told(digest, (position, *place), leaf));
        }
        for (place, strikes) in &trace.strikes {
            // Decide rejects a correction of what is not there; a log that another program wrote may have one, and it
            // strikes nothing. Nor does one of the entry's own.
            let Some((at, struck)) = earlier(strikes.entry)? else { continue };
            let of_event = struck.subjects.iter().filter(|(event, _)| *event == Some(strikes.event));
            subjects.extend(of_event.map(|(_, name)| *name));
            for (event, kind, name) in &struck.timelines {
                if *event == strikes.event && KINDS[*kind].is_struck {
                    let target = (at, strikes.event);
                    self.projections[*kind].change(*name, |digest| struck_by(digest, target, (position, *place)));
                }
            }
        }
        subjects.sort_unstable();
        subjects.dedup();
        for subject in &subjects {
            self.streams.change(*subject, |digest| streams::extend(digest, position, leaf));
        }
        Ok(subjects)
    }

    /// Makes the hashes under every root that are still to be made, so that roots and proofs need not.
    pub fn settle(&mut self) {
        self.streams.settle();
        self.projections.iter_mut().for_each(MerkleMap::settle);
    }

    /// How many subjects have a stream.
    pub fn subjects(&self) -> u64 {
        self.streams.len() as u64
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
        self.projections_by(&|left, right| (left(), right()))
    }

    /// The same, with the work of [`MerkleMap::root_by`] shared.
    pub fn projections_by(&self, both: Both) -> Vec<RootOf> {
        let root = |(kind, map): (&Kind, &MerkleMap)| RootOf {
            name: kind.name.into(),
            version: kind.version,
            root: Hash::of([format!("{} {}\n", kind.name, kind.version).as_bytes(), map.root_by(both).0.as_slice()]),
        };
        KINDS.iter().zip(&self.projections).map(root).collect()
    }
}

/// The hash of a key as JSON, in which no two keys are alike.
fn hash_of(key: &Key) -> Hash {
    Hash::of([serde_json::to_vec(key).expect("a key has only text and numbers, which JSON always holds").as_slice()])
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
