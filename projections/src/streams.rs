//! Streams: which entries are about one subject, in order, and one root over all of them, so that leaving an entry out
//! shows. It must not know what the entries say of it.

use crate::map::{MapProof, MerkleMap};
use crate::prelude::*;
use core::fmt;
use minutebook_events::decide::{Name, definition, references};
use minutebook_events::{ActRef, ContractId, Entry, EventKind, Hash, OfficeId, PartyId, Position};
use serde::{Deserialize, Serialize};

/// What a stream is about: a contract, or what questions of contracts look up besides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The entries that touch a contract.
    Contract(ContractId),
    /// Those that say what an organisation is and is called.
    Party(PartyId),
    /// Those that say what an office is.
    Office(OfficeId),
    /// Those that answer an act of this reference.
    Act(ActRef),
}

impl Subject {
    /// Its key in the Merkle map: the SHA-256 of its text, as in "contract live-well-kent-2016".
    pub fn key(&self) -> Hash {
        Hash::of([self.to_string().as_bytes()])
    }

    /// The contract, where it is one.
    pub fn contract(&self) -> Option<&ContractId> {
        match self {
            Self::Contract(id) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Contract(id) => write!(out, "contract {id}"),
            Self::Party(id) => write!(out, "party {id}"),
            Self::Office(id) => write!(out, "office {id}"),
            Self::Act(reference) => write!(out, "act {reference}"),
        }
    }
}

/// The subjects that an entry is about by itself: it belongs to their streams.
pub(crate) fn about(entry: &Entry) -> BTreeSet<Subject> {
    let answered = entry.act.answers.iter().cloned().map(Subject::Act);
    answered.chain(entry.events.iter().flat_map(|event| about_event(&event.kind))).collect()
}

/// The subjects that one event is about.
pub(crate) fn about_event(kind: &EventKind) -> Vec<Subject> {
    let general = match kind {
        EventKind::PartyDefined { party, .. } | EventKind::AliasStated { party, .. } => {
            Some(Subject::Party(party.clone()))
        }
        EventKind::OfficeDefined { office, .. } => Some(Subject::Office(office.clone())),
        _ => None,
    };
    kind.contracts().into_iter().cloned().map(Subject::Contract).chain(general).collect()
}

/// The subjects that an entry names: whoever folds it for an answer needs the streams of all of them.
pub fn named(entry: &Entry) -> BTreeSet<Subject> {
    let names = entry.events.iter().flat_map(|event| {
        definition(&event.kind)
            .into_iter()
            .map(|(_, name)| name)
            .chain(references(&event.kind).into_iter().map(|(_, name)| name))
    });
    let act = [Subject::Act(entry.act.reference.clone())];
    let office = entry.act.office.clone().map(Subject::Office);
    names.map(of_name).chain(act).chain(office).chain(about(entry)).collect()
}

fn of_name(name: Name) -> Subject {
    match name {
        Name::Contract(id) | Name::Lot(id, _) | Name::Service(id, _) | Name::Content(id, _) => Subject::Contract(id),
        Name::Party(id) => Subject::Party(id),
        Name::Office(id) => Subject::Office(id),
    }
}

/// The entries about one subject, in order.
#[derive(Debug, Clone)]
struct Stream {
    positions: Vec<Position>,
    digest: Hash,
}

/// The digest of a stream: of no entry the hash of nothing; then, entry by entry, the hash of the digest so far, the
/// position in eight bytes, and the leaf hash.
pub fn digest(entries: impl IntoIterator<Item = (Position, Hash)>) -> Hash {
    entries.into_iter().fold(Hash::of([]), |digest, (position, leaf)| extend(&digest, position, &leaf))
}

fn extend(digest: &Hash, position: Position, leaf: &Hash) -> Hash {
    Hash::of([digest.0.as_slice(), &position.0.to_be_bytes(), leaf.0.as_slice()])
}

/// All streams of a ledger.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    streams: BTreeMap<Subject, Stream>,
    map: MerkleMap,
}

impl Streams {
    pub(crate) fn add(&mut self, subject: Subject, position: Position, leaf: &Hash) {
        let key = subject.key();
        let stream = self.streams.entry(subject).or_insert_with(|| Stream { positions: vec![], digest: digest([]) });
        assert!(stream.positions.last() < Some(&position), "an entry comes once to a stream, and in order");
        stream.positions.push(position);
        stream.digest = extend(&stream.digest, position, leaf);
        self.map.set(key, stream.digest);
    }

    pub(crate) fn settle(&mut self) {
        self.map.settle();
    }

    /// The positions of the entries about a subject.
    pub fn of(&self, subject: &Subject) -> &[Position] {
        self.streams.get(subject).map_or(&[], |stream| &stream.positions)
    }

    /// Every subject with the positions of its entries, sorted.
    pub fn all(&self) -> impl Iterator<Item = (&Subject, &[Position])> {
        self.streams.iter().map(|(subject, stream)| (subject, stream.positions.as_slice()))
    }

    /// The root over all streams: of a [`MerkleMap`] from [`Subject::key`] to [`digest`].
    pub fn root(&self) -> Hash {
        self.map.root()
    }

    /// That the entries of a stream are these and no others; of a subject with none, that it has none.
    pub fn prove(&self, subject: &Subject) -> MapProof {
        self.map.prove(&subject.key())
    }
}
