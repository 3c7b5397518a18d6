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
const CHUNK: usize = 1 << 18;

/// Entries in the order of their positions; some may be passed over.
#[derive(Debug, Clone, Default)]
pub struct Log {
    names: Names,
    chunks: Vec<Arc<Chunk>>,
    places: Vec<Place>,
    /// By the hash of its id, which entry of `places` it is.
    ids: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// Entries that are packed together.
#[derive(Debug, Clone)]
struct Chunk {
    bytes: Vec<u8>,
    /// How many entries come before it, and how many names.
    entries: usize,
    names: usize,
}

impl Chunk {
    fn is_full(&self) -> bool {
        self.bytes.len() >= CHUNK
    }
}

#[derive(Debug, Clone, Copy)]
struct Place {
    position: Position,
    chunk: u32,
    at: u32,
}

impl Log {
    /// Adds an entry, at a position after all others.
    pub(crate) fn push(&mut self, recorded: &Recorded) {
        let Recorded { position, leaf, entry } = recorded;
        assert!(self.places.last().is_none_or(|last| last.position < *position), "entries come in order");
        if self.is_full() {
            let (entries, names) = (self.places.len(), self.names.all().len());
            self.chunks.push(Arc::new(Chunk { bytes: vec![], entries, names }));
        }
        let chunk = u32::try_from(self.chunks.len() - 1).expect("chunks are fewer than the entries in them");
        let bytes = &mut Arc::make_mut(self.chunks.last_mut().expect("one was pushed where none was")).bytes;
        let at = u32::try_from(bytes.len()).expect("a chunk is full long before");
        let mut to = Packer::new(bytes, &mut self.names);
        entry.id.pack(&mut to);
        leaf.pack(&mut to);
        entry.pack(&mut to);
        self.places.push(Place { position: *position, chunk, at });
        self.note_id(entry.id);
    }

    /// Notes where the last entry is, which has this id.
    fn note_id(&mut self, own: EntryId) {
        let Self { places, chunks, names, ids, hasher } = self;
        let number = u32::try_from(places.len() - 1).expect("memory holds fewer than four billion entries");
        let hash = |place: &u32| hasher.hash_one(id(chunks, names, places[*place as usize]));
        ids.insert_unique(hasher.hash_one(own), number, hash);
    }

    /// Whether the next entry begins a chunk.
    fn is_full(&self) -> bool {
        self.chunks.last().is_none_or(|chunk| chunk.is_full())
    }

    /// How many chunks there are, and how many of them take no more entries.
    pub(crate) fn chunks(&self) -> (usize, usize) {
        (self.chunks.len(), self.chunks.iter().rposition(|chunk| chunk.is_full()).map_or(0, |last| last + 1))
    }

    /// The position after the last entry.
    pub(crate) fn end(&self) -> Position {
        self.places.last().map_or(Position(0), |last| last.position.next())
    }

    /// Adds a chunk to bytes, as [`Log::load`] takes it: the names that are new in it, where its entries are, and the entries.
    pub(crate) fn save(&self, number: usize, to: &mut Vec<u8>) {
        let chunk = &self.chunks[number];
        let (places, names) = match self.chunks.get(number + 1) {
            Some(next) => (&self.places[chunk.entries..next.entries], &self.names.all()[chunk.names..next.names]),
            None => (&self.places[chunk.entries..], &self.names.all()[chunk.names..]),
        };
        // What has a name is in the entries.
        let mut none = Names::default();
        let mut packer = Packer::new(to, &mut none);
        names.to_vec().pack(&mut packer);
        packer.number(places.len() as u128);
        for place in places {
            place.position.pack(&mut packer);
            place.at.pack(&mut packer);
        }
        to.extend_from_slice(&chunk.bytes);
    }

    /// Takes in the chunk that comes next; nothing where these bytes are none, and then no more can be taken.
    pub(crate) fn load(&mut self, bytes: &[u8]) -> Option<()> {
        let mut from = Unpacker::new(bytes, &[]);
        let (entries, names) = (self.places.len(), self.names.all().len());
        let new: Vec<Arc<str>> = Pack::unpack(&mut from)?;
        let count = u32::unpack(&mut from)?;
        let chunk = u32::try_from(self.chunks.len()).ok()?;
        let mut places = vec![];
        for _ in 0..count {
            places.push(Place { position: Pack::unpack(&mut from)?, chunk, at: Pack::unpack(&mut from)? });
        }
        if !self.is_full() || places.is_empty() || !new.iter().all(|name| self.names.add(name)) {
            return None;
        }
        let bytes = from.rest().to_vec();
        self.chunks.push(Arc::new(Chunk { bytes, entries, names }));
        for place in places {
            let mut from = Unpacker::new(self.chunks[chunk as usize].bytes.get(place.at as usize..)?, &[]);
            let id = EntryId::unpack(&mut from)?;
            Hash::unpack(&mut from)?;
            if self.places.last().is_some_and(|last| last.position >= place.position) {
                return None;
            }
            self.places.push(place);
            self.note_id(id);
        }
        Some(())
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
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

    /// The entry of this number, from 0, among those that it holds; nothing where it was taken from bytes that are none.
    pub(crate) fn nth(&self, number: usize) -> Option<Arc<Recorded>> {
        self.places.get(number).and_then(|place| self.try_unpack(*place))
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
        self.try_unpack(place).expect("what was packed unpacks")
    }

    fn try_unpack(&self, place: Place) -> Option<Arc<Recorded>> {
        let mut from = unpacker(&self.chunks, &self.names, place);
        EntryId::unpack(&mut from)?;
        let leaf = Hash::unpack(&mut from)?;
        Some(Arc::new(Recorded { position: place.position, leaf, entry: Entry::unpack(&mut from)? }))
    }
}

fn unpacker<'a>(chunks: &'a [Arc<Chunk>], names: &'a Names, place: Place) -> Unpacker<'a> {
    Unpacker::new(&chunks[place.chunk as usize].bytes[place.at as usize..], names.all())
}

fn id(chunks: &[Arc<Chunk>], names: &Names, place: Place) -> EntryId {
    EntryId::unpack(&mut unpacker(chunks, names, place)).expect("what was packed unpacks")
}
