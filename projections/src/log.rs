//! The entries of a ledger in memory: packed, one after the other, each unpacked for whoever looks at it. It must not know
//! what they say, nor where their canonical bytes are.

use crate::prelude::*;
use core::hash::BuildHasher;
use hashbrown::{DefaultHashBuilder, HashTable};
use minutebook_events::packed::{self, Names, Pack, Packer, Unpacker};
use minutebook_events::{Entry, EntryId, Hash, Instant, Position};

/// An entry at its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the ledger.
    pub position: Position,
    /// The leaf hash of its stored bytes.
    pub leaf: Hash,
    /// The entry.
    pub entry: Entry,
}

impl Recorded {
    /// The places of its events.
    pub fn places(&self) -> core::ops::Range<u16> {
        0..u16::try_from(self.entry.events.len()).expect("an entry's size limit keeps its events few")
    }
}

/// A chunk takes no more entries once it holds so many bytes: what is full is never moved, nor copied with a clone.
const CHUNK: usize = 1 << 20;

/// Entries in the order of their positions; some may be passed over.
#[derive(Debug, Clone, Default)]
pub struct Log {
    names: Names,
    chunks: Vec<Arc<Vec<u8>>>,
    places: Vec<Place>,
    /// By the hash of its id, which entry of `places` it is.
    ids: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    position: Position,
    chunk: u32,
    at: u32,
}

impl Pack for Place {
    fn pack(&self, to: &mut Packer) {
        self.position.pack(to);
        self.chunk.pack(to);
        self.at.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Some(Self { position: Pack::unpack(from)?, chunk: Pack::unpack(from)?, at: Pack::unpack(from)? })
    }
}

impl Log {
    /// Adds an entry, at a position after all others.
    pub(crate) fn push(&mut self, recorded: &Recorded) {
        let Recorded { position, leaf, entry } = recorded;
        assert!(self.places.last().is_none_or(|last| last.position < *position), "entries come in order");
        if self.chunks.last().is_none_or(|chunk| chunk.len() >= CHUNK) {
            self.chunks.push(Arc::new(Vec::with_capacity(0)));
        }
        let chunk = u32::try_from(self.chunks.len() - 1).expect("chunks are as few as their megabytes");
        let bytes = Arc::make_mut(self.chunks.last_mut().expect("one was pushed where none was"));
        let at = u32::try_from(bytes.len()).expect("a chunk is full long before");
        let mut to = Packer::new(bytes, &mut self.names);
        entry.id.pack(&mut to);
        leaf.pack(&mut to);
        entry.pack(&mut to);
        let number = u32::try_from(self.places.len()).expect("memory holds fewer than four billion entries");
        self.places.push(Place { position: *position, chunk, at });
        let Self { places, chunks, names, hasher, .. } = self;
        let hash = |place: &u32| hasher.hash_one(id(chunks, names, places[*place as usize]));
        self.ids.insert_unique(hasher.hash_one(entry.id), number, hash);
    }

    /// Those of these parts, as [`Log::names`], [`Log::pack_places`] and [`Log::chunks`] gave them; nothing where they are not.
    pub(crate) fn of(names: Vec<Arc<str>>, places: &[u8], chunks: Vec<Vec<u8>>) -> Option<Self> {
        let mut log =
            Self { names: Names::of(names), chunks: chunks.into_iter().map(Arc::new).collect(), ..Self::default() };
        let mut from = Unpacker::new(places, &[]);
        log.places = Pack::unpack(&mut from)?;
        let Self { places, chunks, ids, hasher, .. } = &mut log;
        let id = |number: u32| {
            let place = places[number as usize];
            let mut from = Unpacker::new(chunks.get(place.chunk as usize)?.get(place.at as usize..)?, &[]);
            let id = EntryId::unpack(&mut from)?;
            Hash::unpack(&mut from).map(|_| id)
        };
        let hash = |number: &u32| id(*number).map_or(0, |id| hasher.hash_one(id));
        ids.reserve(places.len(), hash);
        for number in 0..u32::try_from(places.len()).ok()? {
            ids.insert_unique(hasher.hash_one(id(number)?), number, hash);
        }
        places.is_sorted_by(|a, b| a.position < b.position).then_some(log)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The packed entries.
    pub(crate) fn chunks(&self) -> &[Arc<Vec<u8>>] {
        &self.chunks
    }

    /// Where each entry is in the chunks.
    pub(crate) fn pack_places(&self, to: &mut Packer) {
        self.places.pack(to);
    }

    /// The leaf hashes of the entries, in order.
    pub fn leaves(&self) -> impl Iterator<Item = Hash> {
        self.places.iter().map(|place| {
            let mut from = unpacker(&self.chunks, &self.names, *place);
            let read = |from: &mut Unpacker| EntryId::unpack(from).and_then(|_| Hash::unpack(from));
            read(&mut from).expect("what was packed unpacks")
        })
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Arc<Recorded>> + ExactSizeIterator {
        self.places.iter().map(|place| self.unpack(*place))
    }

    /// The entries from a position on, in order.
    pub fn since(&self, position: Position) -> impl Iterator<Item = Arc<Recorded>> {
        let first = self.places.partition_point(|place| place.position < position);
        self.places[first..].iter().map(|place| self.unpack(*place))
    }

    /// How many entries come before the first of which this does not hold, as it does of all before that one.
    pub fn partition_point(&self, holds: impl Fn(&Recorded) -> bool) -> usize {
        self.places.partition_point(|place| holds(&self.unpack(*place)))
    }

    /// The position of the entry of this number, from 0, among those that it holds.
    pub fn position(&self, number: usize) -> Option<Position> {
        self.places.get(number).map(|place| place.position)
    }

    /// When the last one was recorded.
    pub fn last_recorded(&self) -> Option<Instant> {
        self.places.last().map(|place| self.recorded(*place))
    }

    /// How many entries had been recorded by an instant.
    pub fn recorded_by(&self, instant: Instant) -> usize {
        self.places.partition_point(|place| self.recorded(*place) <= instant)
    }

    /// The last one.
    pub fn last(&self) -> Option<Arc<Recorded>> {
        self.places.last().map(|place| self.unpack(*place))
    }

    /// The entry at a position, where it was not passed over.
    pub fn at(&self, position: Position) -> Option<Arc<Recorded>> {
        self.place(position).map(|place| self.unpack(place))
    }

    /// The position of the entry with an id.
    pub fn position_of(&self, asked: EntryId) -> Option<Position> {
        let Self { places, chunks, names, hasher, .. } = self;
        let same = |place: &u32| id(chunks, names, places[*place as usize]) == asked;
        self.ids.find(hasher.hash_one(asked), same).map(|place| places[*place as usize].position)
    }

    /// Where a position is: in its own place, where none was passed over.
    fn place(&self, position: Position) -> Option<Place> {
        let own = usize::try_from(position.0).ok().and_then(|place| self.places.get(place)).copied();
        own.filter(|place| place.position == position).or_else(|| {
            let found = self.places.binary_search_by_key(&position, |place| place.position).ok()?;
            Some(self.places[found])
        })
    }

    fn recorded(&self, place: Place) -> Instant {
        let mut from = unpacker(&self.chunks, &self.names, place);
        let read = |from: &mut Unpacker| {
            EntryId::unpack(from)?;
            Hash::unpack(from)?;
            packed::recorded_of(from)
        };
        read(&mut from).expect("what was packed unpacks")
    }

    fn unpack(&self, place: Place) -> Arc<Recorded> {
        let mut from = unpacker(&self.chunks, &self.names, place);
        let read = |from: &mut Unpacker| {
            EntryId::unpack(from)?;
            let leaf = Hash::unpack(from)?;
            Some(Recorded { position: place.position, leaf, entry: Entry::unpack(from)? })
        };
        Arc::new(read(&mut from).expect("what was packed unpacks"))
    }
}

fn unpacker<'a>(chunks: &'a [Arc<Vec<u8>>], names: &'a Names, place: Place) -> Unpacker<'a> {
    Unpacker::new(&chunks[place.chunk as usize][place.at as usize..], names.all())
}

fn id(chunks: &[Arc<Vec<u8>>], names: &Names, place: Place) -> EntryId {
    EntryId::unpack(&mut unpacker(chunks, names, place)).expect("what was packed unpacks")
}
