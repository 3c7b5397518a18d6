//! Entries packed one after the other in chunks, as a snapshot keeps them too. It must not know what they say, nor where their
//! canonical bytes are.

use crate::log::Recorded;
use crate::prelude::*;
use minutebook_events::packed::{self, Names, Pack, Packer, Unpacker};
use minutebook_events::{Entry, EntryId, Hash, Instant, Position};

/// A chunk takes no more entries once it holds so many bytes: what is full is never moved, nor copied with a clone.
const CHUNK: usize = 1 << 18;

/// Entries in the order of their positions; some may be passed over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chunks {
    names: Names,
    chunks: Vec<Arc<Chunk>>,
    places: Vec<Place>,
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

/// Why what was packed here can be unpacked.
const UNPACKS: &str = "what was packed unpacks";

impl Chunks {
    /// Adds an entry, at a position after all others.
    pub(crate) fn push(&mut self, recorded: &Recorded) {
        let Recorded { position, leaf, entry } = recorded;
        if self.is_full() {
            let (entries, names) = (self.places.len(), self.names.all().len());
            // Room for all of it, so that its end makes it no twice as large; the first one may stay small.
            let bytes = if self.chunks.is_empty() { vec![] } else { Vec::with_capacity(CHUNK + CHUNK / 16) };
            self.chunks.push(Arc::new(Chunk { bytes, entries, names }));
        }
        let chunk = u32::try_from(self.chunks.len() - 1).expect("chunks are fewer than the entries in them");
        let bytes = &mut Arc::make_mut(self.chunks.last_mut().expect("one was pushed where none was")).bytes;
        let at = u32::try_from(bytes.len()).expect("a chunk is full long before");
        let mut to = Packer::new(bytes, &mut self.names);
        entry.id.pack(&mut to);
        leaf.pack(&mut to);
        entry.pack(&mut to);
        self.places.push(Place { position: *position, chunk, at });
    }

    /// Makes room for where so many more entries are.
    pub(crate) fn reserve(&mut self, entries: usize) {
        self.places.reserve(entries);
    }

    /// Whether the next entry begins a chunk.
    fn is_full(&self) -> bool {
        self.chunks.last().is_none_or(|chunk| chunk.is_full())
    }

    /// How many chunks there are, and how many of them take no more entries.
    pub(crate) fn chunks(&self) -> (usize, usize) {
        (self.chunks.len(), self.chunks.iter().rposition(|chunk| chunk.is_full()).map_or(0, |last| last + 1))
    }

    /// Adds a chunk to bytes, as [`Chunks::load`] takes it: the names that are new in it, where its entries are, and the entries.
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
            EntryId::unpack(&mut from)?;
            Hash::unpack(&mut from)?;
            if self.places.last().is_some_and(|last| last.position >= place.position) {
                return None;
            }
            self.places.push(place);
        }
        Some(())
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// How many entries it holds.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// The position of an entry, by its number from 0.
    pub(crate) fn position(&self, number: usize) -> Option<Position> {
        self.places.get(number).map(|place| place.position)
    }

    /// Its id.
    pub(crate) fn id(&self, number: usize) -> EntryId {
        EntryId::unpack(&mut self.unpacker(self.places[number])).expect(UNPACKS)
    }

    /// Its leaf hash.
    pub(crate) fn leaf(&self, number: usize) -> Hash {
        let mut from = self.unpacker(self.places[number]);
        let read = |from: &mut Unpacker| EntryId::unpack(from).and_then(|_| Hash::unpack(from));
        read(&mut from).expect(UNPACKS)
    }

    /// When it was recorded.
    pub(crate) fn recorded(&self, number: usize) -> Instant {
        let mut from = self.unpacker(self.places[number]);
        let read = |from: &mut Unpacker| {
            EntryId::unpack(from)?;
            Hash::unpack(from)?;
            packed::recorded_of(from)
        };
        read(&mut from).expect(UNPACKS)
    }

    /// The entry; nothing where it was taken from bytes that are none.
    pub(crate) fn get(&self, number: usize) -> Option<Arc<Recorded>> {
        let place = *self.places.get(number)?;
        let mut from = self.unpacker(place);
        EntryId::unpack(&mut from)?;
        let leaf = Hash::unpack(&mut from)?;
        Some(Arc::new(Recorded { position: place.position, leaf, entry: Entry::unpack(&mut from)? }))
    }

    fn unpacker(&self, place: Place) -> Unpacker<'_> {
        Unpacker::new(&self.chunks[place.chunk as usize].bytes[place.at as usize..], self.names.all())
    }
}
