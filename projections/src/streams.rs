//! Streams: which entries are about one subject, in order, and the digest of that, so that leaving an entry out shows. It
//! must not know what the entries say of it.

use crate::index::Index;
use crate::lazy::Lazy;
use crate::prelude::*;
use core::{fmt, str::FromStr};
use hashbrown::HashMap;
use minutebook_events::decide::{Name, definition, references};
use minutebook_events::packed::{Names, Pack, Packer, Unpacker};
use minutebook_events::{Act, ActRef, ContractId, Entry, EventKind, Hash, OfficeId, PartyId, Position};
use serde::{Deserialize, Serialize};

const CONTRACT: &str = "contract";
const PARTY: &str = "party";
const OFFICE: &str = "office";
const ACT: &str = "act";

/// What a stream is about: a contract, or what questions of contracts look up besides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
        let (kind, id) = self.words();
        Hash::of([kind, " ", id].map(str::as_bytes))
    }

    /// Its text, as in "contract live-well-kent-2016", which [`str::parse`] reads.
    pub fn text(&self) -> String {
        let (kind, id) = self.words();
        [kind, " ", id].concat()
    }

    /// How many bytes that has.
    pub fn text_len(&self) -> usize {
        let (kind, id) = self.words();
        kind.len() + 1 + id.len()
    }

    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Contract(id) => (CONTRACT, id.as_str()),
            Self::Party(id) => (PARTY, id.as_str()),
            Self::Office(id) => (OFFICE, id.as_str()),
            Self::Act(reference) => (ACT, reference.as_str()),
        }
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
        out.pad(&self.text())
    }
}

impl FromStr for Subject {
    type Err = BadSubject;
    fn from_str(text: &str) -> Result<Self, BadSubject> {
        let read = || match text.split_once(' ')? {
            (CONTRACT, id) => id.parse().ok().map(Self::Contract),
            (PARTY, id) => id.parse().ok().map(Self::Party),
            (OFFICE, id) => id.parse().ok().map(Self::Office),
            (ACT, reference) => reference.parse().ok().map(Self::Act),
            _ => None,
        };
        read().ok_or_else(|| BadSubject(text.to_owned()))
    }
}

/// Why a text is no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a subject: write it as \"contract live-well-kent-2016\", or with party, office or act")]
pub struct BadSubject(String);

/// The subjects that an entry is about by itself: it belongs to their streams.
pub fn about(entry: &Entry) -> BTreeSet<Subject> {
    let contracts = entry.contracts().into_iter().cloned().map(Subject::Contract);
    let general = entry.events.iter().filter_map(|event| general(&event.kind));
    contracts.chain(general).chain(about_act(&entry.act)).collect()
}

/// The subjects that an act is about, whatever its events say: the acts that it answers.
pub(crate) fn about_act(act: &Act) -> Vec<Subject> {
    act.answers.iter().cloned().map(Subject::Act).collect()
}

/// The subjects that one event is about.
pub(crate) fn about_event(kind: &EventKind) -> Vec<Subject> {
    kind.contracts().cloned().map(Subject::Contract).chain(general(kind)).collect()
}

/// What else than contracts one is about.
fn general(kind: &EventKind) -> Option<Subject> {
    match kind {
        EventKind::PartyDefined { party, .. } | EventKind::AliasStated { party, .. } => {
            Some(Subject::Party(party.clone()))
        }
        EventKind::OfficeDefined { office, .. } => Some(Subject::Office(office.clone())),
        _ => None,
    }
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

/// The digest of a stream: of no entry the hash of nothing; then, entry by entry, the hash of the digest so far, the
/// position in eight bytes, and the leaf hash.
pub fn digest(entries: impl IntoIterator<Item = (Position, Hash)>) -> Hash {
    let digest =
        entries.into_iter().fold(None, |digest, (position, leaf)| Some(extend(digest.as_ref(), position, &leaf)));
    digest.unwrap_or_else(|| Hash::of([]))
}

/// The digest of a stream after one more entry.
pub(crate) fn extend(digest: Option<&Hash>, position: Position, leaf: &Hash) -> Hash {
    let so_far = digest.copied().unwrap_or_else(|| Hash::of([]));
    Hash::of([so_far.0.as_slice(), &position.0.to_be_bytes(), leaf.0.as_slice()])
}

/// The entries about one subject, and what they come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stream {
    positions: Vec<Position>,
    /// The timelines of the subject.
    pub(crate) index: Lazy<Index>,
}

impl Stream {
    pub(crate) fn add(&mut self, position: Position) {
        assert!(self.positions.last() < Some(&position), "an entry comes once to a stream, and in order");
        self.positions.push(position);
    }

    pub(crate) fn positions(&self) -> &[Position] {
        &self.positions
    }
}

/// All streams of a ledger.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    all: HashMap<Subject, Stream>,
    /// The contracts among them, sorted.
    contracts: Lazy<Vec<ContractId>>,
}

impl Pack for Subject {
    fn pack(&self, to: &mut Packer) {
        match self {
            Self::Contract(id) => id.pack(to.variant(0)),
            Self::Party(id) => id.pack(to.variant(1)),
            Self::Office(id) => id.pack(to.variant(2)),
            Self::Act(reference) => reference.pack(to.variant(3)),
        }
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        match u8::unpack(from)? {
            0 => Pack::unpack(from).map(Self::Contract),
            1 => Pack::unpack(from).map(Self::Party),
            2 => Pack::unpack(from).map(Self::Office),
            3 => Pack::unpack(from).map(Self::Act),
            _ => None,
        }
    }
}

impl Streams {
    /// The most streams in one part of what is saved.
    pub(crate) const PART: usize = 1 << 16;

    /// Gives all of them to `part`, so many at a time.
    pub(crate) fn save<E>(&self, names: &mut Names, part: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let all: Vec<_> = self.all().collect();
        for some in all.chunks(Self::PART) {
            let mut bytes = vec![];
            let mut to = Packer::new(&mut bytes, names);
            to.number(some.len() as u128);
            for (subject, positions) in some {
                subject.pack(&mut to);
                to.number(positions.len() as u128);
                let before = [Position(0)].iter().chain(*positions);
                before.zip(*positions).for_each(|(before, position)| to.number((position.0 - before.0).into()));
            }
            part(&bytes)?;
        }
        Ok(())
    }

    /// Takes in the streams of one part.
    pub(crate) fn load(&mut self, from: &mut Unpacker) -> Option<()> {
        let count = u32::unpack(from)?;
        self.all.reserve((count as usize).min(from.rest().len()));
        for _ in 0..count {
            let stream = self.of_mut(Subject::unpack(from)?);
            if !stream.positions.is_empty() {
                return None;
            }
            let mut last = Position(0);
            for place in 0..u32::unpack(from)? {
                let further = u64::unpack(from)?;
                last = Position(last.0.checked_add(further)?);
                if further == 0 && place > 0 {
                    return None;
                }
                stream.positions.push(last);
            }
        }
        Some(())
    }

    /// The positions of the entries about a subject.
    pub fn of(&self, subject: &Subject) -> &[Position] {
        self.get(subject).map_or(&[], Stream::positions)
    }

    /// Every subject with the positions of its entries, sorted.
    pub fn all(&self) -> impl Iterator<Item = (&Subject, &[Position])> {
        let mut all: Vec<_> = self.all.iter().map(|(subject, stream)| (subject, stream.positions())).collect();
        all.sort_unstable_by_key(|(subject, _)| *subject);
        all.into_iter()
    }

    /// Every contract that has a stream, sorted.
    pub fn contracts(&self) -> &[ContractId] {
        self.contracts.get_or_make(|| {
            let mut contracts: Vec<_> = self.all.keys().filter_map(Subject::contract).cloned().collect();
            contracts.sort_unstable();
            contracts
        })
    }

    /// How many subjects have a stream.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn get(&self, subject: &Subject) -> Option<&Stream> {
        self.all.get(subject)
    }

    /// The stream of a subject, which is new where nothing was about it.
    pub(crate) fn of_mut(&mut self, subject: Subject) -> &mut Stream {
        let Self { all, contracts } = self;
        if let (Some(contract), Some(contracts)) = (subject.contract(), contracts.get_mut())
            && let Err(place) = contracts.binary_search(contract)
        {
            contracts.insert(place, contract.clone());
        }
        all.entry(subject).or_default()
    }

    pub(crate) fn get_mut(&mut self, subject: &Subject) -> Option<&mut Stream> {
        self.all.get_mut(subject)
    }

    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = (&Subject, &mut Stream)> {
        self.all.iter_mut()
    }
}
