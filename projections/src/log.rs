//! The entries of a ledger in memory, by position and by id. Those of a whole ledger are packed (`chunks`), and unpacked for whoever
//! looks at one; those that were taken for one answer stay as they are. It must not know what they say.

use crate::chunks::Chunks;
use crate::prelude::*;
use core::hash::BuildHasher;
use hashbrown::{DefaultHashBuilder, HashTable};
use minutebook_events::packed::Names;
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

/// Entries in the order of their positions; some may be passed over.
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: Entries,
    /// By the hash of its id, which of the entries it is.
    ids: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

#[derive(Debug, Clone)]
enum Entries {
    Packed(Chunks),
    AsTheyAre(Vec<Arc<Recorded>>),
}

impl Default for Entries {
    fn default() -> Self {
        Self::Packed(Chunks::default())
    }
}

impl Entries {
    fn len(&self) -> usize {
        match self {
            Self::Packed(chunks) => chunks.len(),
            Self::AsTheyAre(all) => all.len(),
        }
    }

    fn position(&self, number: usize) -> Option<Position> {
        match self {
            Self::Packed(chunks) => chunks.position(number),
            Self::AsTheyAre(all) => all.get(number).map(|recorded| recorded.position),
        }
    }

    fn id(&self, number: usize) -> EntryId {
        match self {
            Self::Packed(chunks) => chunks.id(number),
            Self::AsTheyAre(all) => all[number].entry.id,
        }
    }

    fn leaf(&self, number: usize) -> Hash {
        match self {
            Self::Packed(chunks) => chunks.leaf(number),
            Self::AsTheyAre(all) => all[number].leaf,
        }
    }

    fn recorded(&self, number: usize) -> Instant {
        match self {
            Self::Packed(chunks) => chunks.recorded(number),
            Self::AsTheyAre(all) => all[number].entry.recorded,
        }
    }

    fn get(&self, number: usize) -> Option<Arc<Recorded>> {
        match self {
            Self::Packed(chunks) => chunks.get(number),
            Self::AsTheyAre(all) => all.get(number).cloned(),
        }
    }

    /// How many come before the first of which this does not hold, as it does of all before that one.
    fn partition_point(&self, holds: impl Fn(usize) -> bool) -> usize {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from.midpoint(to);
            if holds(middle) { from = middle + 1 } else { to = middle }
        }
        from
    }
}

impl Log {
    /// Entries as they are, in the order of their positions: none can be added.
    pub(crate) fn of(entries: Vec<Arc<Recorded>>) -> Self {
        let in_order = entries.windows(2).all(|pair| pair[0].position < pair[1].position);
        assert!(in_order, "entries come in order");
        let mut log = Self { entries: Entries::AsTheyAre(entries), ..Self::default() };
        (0..log.len()).for_each(|number| log.note_id(number, log.entries.id(number)));
        log
    }

    /// Adds an entry, at a position after all others.
    pub(crate) fn push(&mut self, recorded: &Arc<Recorded>) {
        let number = self.len();
        let last = number.checked_sub(1).and_then(|last| self.position(last));
        assert!(last.is_none_or(|last| last < recorded.position), "entries come in order");
        match &mut self.entries {
            Entries::Packed(chunks) => chunks.push(recorded),
            Entries::AsTheyAre(all) => all.push(Arc::clone(recorded)),
        }
        self.note_id(number, recorded.entry.id);
    }

    /// Makes room for so many more entries at once: whoever takes in many would make room again and again, and look at every id each
    /// time.
    pub(crate) fn reserve(&mut self, entries: usize) {
        let Self { entries: own, ids, hasher } = self;
        if let Entries::Packed(chunks) = own {
            chunks.reserve(entries);
        }
        ids.reserve(entries, |number| hasher.hash_one(own.id(*number as usize)));
    }

    /// Notes which entry it is that has an id.
    fn note_id(&mut self, number: usize, id: EntryId) {
        let Self { entries, ids, hasher } = self;
        let place = u32::try_from(number).expect("memory holds fewer than four billion entries");
        ids.insert_unique(hasher.hash_one(id), place, |number| hasher.hash_one(entries.id(*number as usize)));
    }

    fn packed(&self) -> &Chunks {
        match &self.entries {
            Entries::Packed(chunks) => chunks,
            Entries::AsTheyAre(_) => unreachable!("what was taken for one answer is not saved"),
        }
    }

    /// How many chunks there are, and how many of them take no more entries.
    pub(crate) fn chunks(&self) -> (usize, usize) {
        self.packed().chunks()
    }

    /// Adds a chunk to bytes, as [`Log::load`] takes it.
    pub(crate) fn save(&self, number: usize, to: &mut Vec<u8>) {
        self.packed().save(number, to);
    }

    /// Takes in the chunk that comes next; nothing where these bytes are none, and then no more can be taken.
    pub(crate) fn load(&mut self, bytes: &[u8]) -> Option<()> {
        let before = self.len();
        let loaded = match &mut self.entries {
            Entries::Packed(chunks) => chunks.load(bytes),
            Entries::AsTheyAre(_) => None,
        };
        (before..self.len()).for_each(|number| self.note_id(number, self.entries.id(number)));
        loaded
    }

    pub(crate) fn names(&self) -> &Names {
        self.packed().names()
    }

    /// The position after the last entry.
    pub(crate) fn end(&self) -> Position {
        let last = self.len().checked_sub(1).and_then(|last| self.position(last));
        last.map_or(Position(0), Position::next)
    }

    /// The leaf hashes of the entries, in order.
    pub fn leaves(&self) -> impl Iterator<Item = Hash> {
        (0..self.len()).map(|number| self.entries.leaf(number))
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Arc<Recorded>> + ExactSizeIterator {
        (0..self.len()).map(|number| self.at_place(number))
    }

    /// The entries from a position on, in order.
    pub fn since(&self, position: Position) -> impl Iterator<Item = Arc<Recorded>> {
        let before = |number| self.position(number).is_some_and(|own| own < position);
        (self.entries.partition_point(before)..self.len()).map(|number| self.at_place(number))
    }

    /// How many entries come before the first of which this does not hold, as it does of all before that one.
    pub fn partition_point(&self, holds: impl Fn(&Recorded) -> bool) -> usize {
        self.entries.partition_point(|number| holds(&self.at_place(number)))
    }

    /// The entry of this number, from 0, among those that it holds; nothing where it was taken from bytes that are none.
    pub(crate) fn nth(&self, number: usize) -> Option<Arc<Recorded>> {
        self.entries.get(number)
    }

    /// The position of the entry of this number, from 0, among those that it holds.
    pub fn position(&self, number: usize) -> Option<Position> {
        self.entries.position(number)
    }

    /// When the last one was recorded.
    pub fn last_recorded(&self) -> Option<Instant> {
        self.len().checked_sub(1).map(|last| self.entries.recorded(last))
    }

    /// How many entries had been recorded by an instant.
    pub fn recorded_by(&self, instant: Instant) -> usize {
        self.entries.partition_point(|number| self.entries.recorded(number) <= instant)
    }

    /// The last one.
    pub fn last(&self) -> Option<Arc<Recorded>> {
        self.len().checked_sub(1).map(|last| self.at_place(last))
    }

    /// The entry at a position, where it was not passed over.
    pub fn at(&self, position: Position) -> Option<Arc<Recorded>> {
        self.number_of(position).map(|number| self.at_place(number))
    }

    /// The position of the entry with an id.
    pub fn position_of(&self, asked: EntryId) -> Option<Position> {
        let same = |number: &u32| self.entries.id(*number as usize) == asked;
        self.ids.find(self.hasher.hash_one(asked), same).and_then(|number| self.position(*number as usize))
    }

    /// Which of the entries is at a position: that of the same number, where none was passed over.
    fn number_of(&self, position: Position) -> Option<usize> {
        let is_there = |number: &usize| self.position(*number) == Some(position);
        usize::try_from(position.0).ok().filter(is_there).or_else(|| {
            let before = |number| self.position(number).is_some_and(|own| own < position);
            Some(self.entries.partition_point(before)).filter(is_there)
        })
    }

    fn at_place(&self, number: usize) -> Arc<Recorded> {
        self.nth(number).expect("what was packed unpacks")
    }
}
