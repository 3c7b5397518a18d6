//! What leads from an id or a subject to its entries, as bytes: keys, pages and runs. Pure: it must not call sled.
//!
//! What was sealed lately is indexed in memory alone. Once it is [`Options::run_entries`](super::Options) entries, what
//! leads to them is written as a *run*: sorted, in pages. Sixteen runs of one level become one of the next, so that a
//! lookup asks few runs, and an entry's index is written at most three times. Runs, like blocks, depend on the entries
//! alone.
//!
//! | key | value |
//! | --- | --- |
//! | `r` first-position | a run: its level, and the position after its last |
//! | `x` level first-position key position | a page of a run: keys and positions, sorted; the last of them names the page |

use super::guard::Fault;
use super::layout::{self, Put, Record, Torn, Written};
use minutebook_events::{EntryId, Hash, Position};
use minutebook_projections::Subject;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// How many runs of one level become one of the next.
const FAN: usize = 16;

/// The level whose runs stay as they are, of a quarter of a million entries each: merging them would hold up an append
/// for too long, and what it frees of sled's log would have to be zeroed on opening. At ten million entries it made the
/// store half as large again, and an opening three times as slow.
const TOP: u8 = 2;

/// Keys with their positions on one page: two thousand bytes.
const PAGE: usize = 100;
const PAIR: usize = 16 + 4;
const _: () = assert!(PAGE * PAIR <= layout::CHUNK, "a page must stay one chunk");

/// What an entry is found by: the first sixteen bytes of a SHA-256, of which nobody can find two that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexKey([u8; 16]);

impl IndexKey {
    /// That of an entry's id.
    pub fn of_id(id: EntryId) -> Self {
        Self::of_hash(&Hash::of([b"entry ".as_slice(), id.0.as_bytes()]))
    }

    /// That of a subject.
    pub fn of_subject(subject: &Subject) -> Self {
        Self::of_hash(&subject.key())
    }

    /// One as it was stored; nothing where that has another length.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// That of a subject, by its [`Subject::key`].
    pub fn of_hash(hash: &Hash) -> Self {
        Self(std::array::from_fn(|n| hash.0[n]))
    }
}

/// A sum over keys and the positions that they lead to, whatever the order: it is the same of the entries and of the
/// indexes, or an index does not lead to its entries. It is keyed at random, so that nobody can alter an index and keep
/// the sum.
#[derive(Debug, Default)]
pub struct Tally {
    hasher: RandomState,
    count: u64,
    sum: u64,
}

impl Tally {
    /// An empty one that can be compared with this.
    pub fn to_compare(&self) -> Self {
        Self { hasher: self.hasher.clone(), count: 0, sum: 0 }
    }

    /// Adds that a key leads to a position.
    pub fn add(&mut self, key: IndexKey, position: Position) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(self.hasher.hash_one((key, position.0)));
    }

    /// Adds all that leads to a record.
    pub(super) fn add_record(&mut self, record: &Record) {
        pairs_of(&record.written()).for_each(|(key, position)| self.add(key, position));
    }
}

impl PartialEq for Tally {
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.sum) == (other.count, other.sum)
    }
}

/// That a key leads to a position.
pub(super) type Pair = (IndexKey, Position);

/// Its digits, where nobody knows what it is of.
impl fmt::Display for IndexKey {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl From<IndexKey> for Vec<u8> {
    fn from(key: IndexKey) -> Self {
        key.0.to_vec()
    }
}

/// The keys of subjects, sorted. A caller that names one twice in an entry still gets one position.
pub(super) fn keys_of(subjects: &[Subject]) -> Vec<IndexKey> {
    let mut keys: Vec<IndexKey> = subjects.iter().map(IndexKey::of_subject).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// All that leads to a record.
pub(super) fn pairs_of(record: &Written) -> impl Iterator<Item = Pair> + use<> {
    let position = record.position;
    let keys = std::iter::once(IndexKey::of_id(record.id)).chain(keys_of(record.subjects));
    keys.map(move |key| (key, position))
}

/// Entries that follow each other, and what leads to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    level: u8,
    /// The first position.
    first: u64,
    /// The position after the last.
    pub(super) end: u64,
}

impl Run {
    /// The run in a key and value of kind `r`.
    pub(super) fn read(key: &[u8], mut value: &[u8]) -> Result<Self, Torn> {
        let Position(first) = layout::key_position(key)?;
        let [level] = layout::array(&mut value)?;
        Ok(Self { level, first, end: layout::array(&mut value).map(u64::from_be_bytes)? })
    }

    fn put(&self) -> Put {
        let key = [b"r".as_slice(), &self.first.to_be_bytes()].concat();
        (key, [[self.level].as_slice(), &self.end.to_be_bytes()].concat())
    }

    /// What the keys of all its pages start with.
    pub(super) fn prefix(&self) -> Vec<u8> {
        [[b'x', self.level].as_slice(), &self.first.to_be_bytes()].concat()
    }

    /// Where the first page is that can lead from a key: no page before it does.
    pub(super) fn page_from(&self, key: IndexKey) -> Vec<u8> {
        self.page((key, Position(0)))
    }

    fn page(&self, (key, position): Pair) -> Vec<u8> {
        [self.prefix().as_slice(), &key.0, &position.0.to_be_bytes()].concat()
    }

    fn pages<'a>(&self, pairs: &'a [Pair]) -> impl Iterator<Item = (Vec<u8>, &'a [Pair])> {
        pairs.chunks(PAGE).map(|page| (self.page(*page.last().expect("a chunk has a pair")), page))
    }

    /// The pairs on one of its pages, in order.
    pub(super) fn read_page(&self, value: &[u8]) -> Result<Vec<Pair>, Torn> {
        if value.is_empty() || !value.len().is_multiple_of(PAIR) {
            return Err(Torn(format!("a page of the index has {} bytes", value.len())));
        }
        let read = |mut pair: &[u8]| {
            let key = IndexKey(layout::array(&mut pair)?);
            let further = u32::from_be_bytes(layout::array(&mut pair)?);
            Ok((key, Position(self.first + u64::from(further))))
        };
        value.chunks_exact(PAIR).map(read).collect()
    }

    /// Holds a page to what a lookup relies on: it has the name of its last pair, its pairs are in order and come after
    /// those `before`, and each leads to an entry of the run. A sum over all of them would say nothing of that.
    pub(super) fn hold(&self, page: &[u8], before: Option<&Pair>, pairs: &[Pair]) -> Result<(), Torn> {
        let named = pairs.last().is_some_and(|last| self.page(*last) == page);
        let in_order = before.into_iter().chain(pairs).is_sorted_by(|a, b| a < b);
        let in_run = pairs.iter().all(|(_, position)| position.0 < self.end);
        match named && in_order && in_run {
            true => Ok(()),
            false => Err(Torn("a page of the index is not in its place, or not in order".to_owned())),
        }
    }

    fn write_page(&self, pairs: &[Pair]) -> Vec<u8> {
        let mut value = Vec::with_capacity(pairs.len() * PAIR);
        for (key, position) in pairs {
            let further =
                u32::try_from(position.0 - self.first).expect("a run has far fewer than four billion entries");
            value.extend_from_slice(&key.0);
            value.extend_from_slice(&further.to_be_bytes());
        }
        value
    }
}

/// What is indexed: runs that follow each other, and what comes after them.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    pub(super) runs: Vec<Run>,
    /// What leads to the sealed entries that are in no run yet, in the order of their positions.
    open: Arc<Vec<Pair>>,
}

impl Index {
    /// One of these runs, and of the records that are sealed after them; nothing where the runs do not follow each
    /// other.
    pub(super) fn of(runs: Vec<Run>, after: &[Record]) -> Option<Self> {
        let firsts = std::iter::once(0).chain(runs.iter().map(|run| run.end));
        let follow = firsts.zip(&runs).all(|(first, run)| run.first == first && run.end > first);
        follow.then(|| Self {
            runs,
            open: Arc::new(after.iter().flat_map(|record| pairs_of(&record.written())).collect()),
        })
    }

    /// Where the runs end.
    pub(super) fn end(&self) -> Position {
        Position(self.runs.last().map_or(0, |run| run.end))
    }

    /// Where a key leads to outside the runs.
    pub(super) fn in_open(&self, key: IndexKey) -> impl Iterator<Item = Position> {
        self.open.iter().filter(move |(of, _)| *of == key).map(|(_, position)| *position)
    }

    pub(super) fn open(&self) -> &[Pair] {
        &self.open
    }
}

/// An index that is to take in what is sealed: what is to be written for it, and what goes.
pub(super) struct Growing {
    /// The runs, with the pairs of those that are not written yet.
    runs: Vec<(Run, Option<Vec<Pair>>)>,
    open: Arc<Vec<Pair>>,
    removals: Vec<Vec<u8>>,
}

impl From<&Index> for Growing {
    fn from(index: &Index) -> Self {
        let runs = index.runs.iter().map(|run| (*run, None)).collect();
        Self { runs, open: Arc::clone(&index.open), removals: vec![] }
    }
}

impl Growing {
    /// Takes in the records of one block. `read` gives the pairs of a run that was written before.
    ///
    /// # Errors
    /// Those of `read`.
    pub(super) fn seal(
        &mut self,
        block: &[Written],
        run_entries: u64,
        read: impl Fn(&Run) -> Result<Vec<Pair>, Fault>,
    ) -> Result<(), Fault> {
        let open = Arc::make_mut(&mut self.open);
        open.extend(block.iter().flat_map(pairs_of));
        let first = self.runs.last().map_or(0, |(run, _)| run.end);
        let end = block.last().map_or(first, |last| last.position.0 + 1);
        if end - first < run_entries {
            return Ok(());
        }
        let mut pairs = std::mem::take(open);
        pairs.sort_unstable();
        self.runs.push((Run { level: 0, first, end }, Some(pairs)));
        while let Some(level) = self.due() {
            let mut pairs = vec![];
            let merged = self.runs.split_off(self.runs.len() - FAN);
            let (first, end) = (merged[0].0.first, merged[FAN - 1].0.end);
            for (run, unwritten) in merged {
                match unwritten {
                    Some(unwritten) => pairs.extend(unwritten),
                    None => {
                        let written = read(&run)?;
                        self.removals.extend(run.pages(&written).map(|(key, _)| key));
                        self.removals.push(run.put().0);
                        pairs.extend(written);
                    }
                }
            }
            // Each is sorted: a sort that merges what is.
            pairs.sort();
            self.runs.push((Run { level: level + 1, first, end }, Some(pairs)));
        }
        Ok(())
    }

    /// The level of the last runs, where they are to become one.
    fn due(&self) -> Option<u8> {
        let last = &self.runs[self.runs.len().checked_sub(FAN)?..];
        let level = last[0].0.level;
        (level < TOP && last.iter().all(|(run, _)| run.level == level)).then_some(level)
    }

    /// The index as it will be, what to write for it, and the keys that go before that is written.
    pub(super) fn finish(self) -> (Index, Vec<Put>, Vec<Vec<u8>>) {
        let Self { runs, open, removals } = self;
        let mut puts = vec![];
        for (run, unwritten) in &runs {
            let Some(pairs) = unwritten else { continue };
            puts.push(run.put());
            puts.extend(run.pages(pairs).map(|(key, page)| (key, run.write_page(page))));
        }
        (Index { runs: runs.into_iter().map(|(run, _)| run).collect(), open }, puts, removals)
    }
}
