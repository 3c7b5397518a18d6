//! The whole ledger read as an auditor reads it: bytes, order, claims, indexes, the checkpoints it was held to before, and
//! the contents that lie beside it.
//! It opens nothing and changes nothing.

use super::checkpoint::{Checkpoint, Head};
use crate::ahead;
use crate::ledger::{LedgerError, Order};
use crate::merkle::Tree;
use crate::sealed::{Contents, VerifiedContents, may_concern_contents};
use crate::store::{IndexKey, Store, StoreError, Stored, Tally};
use minutebook_events::{Entry, EntryId, Hash, Instant, Position, codec};
use minutebook_projections::{Projections, Roots, Trace, streams};
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

/// What was verified of a ledger, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Verified {
    /// Entries read, each with its hash, position, claim and instant.
    pub entries: u64,
    /// Bytes hashed.
    pub bytes: u64,
    /// Events folded.
    pub events: u64,
    /// Streams whose index was compared with the entries.
    pub streams: u64,
    /// Checkpoints that the ledger was held to.
    pub checkpoints: u64,
    /// Roots of projections in those checkpoints that this program makes in another version, so that they say nothing.
    pub other_versions: u64,
    /// What lies beside the ledger, where that was asked for.
    pub contents: Option<VerifiedContents>,
}

/// Reads a whole store: every hash from the stored bytes, positions without a gap, claims true, instants increasing, the
/// indexes equal to what the entries say; and at the size of every checkpoint the same roots, so that nothing it covers was
/// altered, dropped or put in between; and, where they are given, every content there or gone as the entries say.
/// Stops at the first fault. The head of what was read is given back.
///
/// Entries are read and decoded on all cores; no entry is kept.
///
/// # Errors
/// [`LedgerError`], with the position of the first fault.
pub fn verify(
    store: &dyn Store,
    contents: Option<&Contents>,
    checkpoints: &[Checkpoint],
    mut progress: impl FnMut(u64, u64),
) -> Result<(Verified, Head), LedgerError> {
    long_enough(store, checkpoints)?;
    of_one_ledger(checkpoints)?;
    let size = store.len();
    let mut so_far = SoFar::with_capacity(size);
    let mut led = so_far.indexed.to_compare();
    let other_versions = thread::scope(|scope| {
        // Nothing but the disk is in the way of reading the index beside the entries.
        let reads = || store.leads(&mut |key, position| led.add(key, position));
        let index = thread::Builder::new().name("index-reader".to_owned()).spawn_scoped(scope, reads);
        let index = index.map_err(StoreError::NoThread)?;
        let mut by_size: Vec<&Checkpoint> = checkpoints.iter().collect();
        by_size.sort_by_key(|checkpoint| checkpoint.head.size);
        let mut due = by_size.iter().peekable();
        let mut other_versions = 0;
        ahead::each(store, 0..size, Seen::of, |seen| {
            so_far.take_in(seen?, store)?;
            let taken_in = so_far.tree.size();
            while let Some(checkpoint) = due.next_if(|checkpoint| checkpoint.head.size.0 == taken_in) {
                so_far.roots.settle();
                other_versions += hold(&so_far.head(), &checkpoint.head)?;
            }
            progress(taken_in, size);
            Ok::<(), LedgerError>(())
        })?;
        so_far.order.end(size)?;
        if let Some(unheld) = due.next() {
            return Err(differs(&unheld.head, "size"));
        }
        index.join().expect("it does not panic")?;
        Ok(other_versions)
    })?;
    if so_far.indexed != led {
        return Err(misled(store)?);
    }
    let streams = so_far.roots.subjects();
    let head = so_far.head();
    let SoFar { contents: mut known, bytes, events, .. } = so_far;
    known.pass(Position(size));
    let contents = contents.map(|contents| contents.hold(&known, Position(size))).transpose()?;
    let checkpoints = checkpoints.len() as u64;
    let verified = Verified { entries: size, bytes, events, streams, checkpoints, other_versions, contents };
    Ok((verified, head))
}

/// What is needed of one entry, found on any thread.
struct Seen {
    position: Position,
    id: EntryId,
    leaf: Hash,
    expected: Position,
    recorded: Instant,
    trace: Trace,
    bytes: u64,
    events: u64,
    /// The entry, where it may say something of contents.
    of_contents: Option<Entry>,
}

impl Seen {
    fn of(stored: Stored) -> Result<Self, LedgerError> {
        let Stored { position, bytes, leaf } = stored;
        let entry = codec::decode(&bytes).map_err(|source| LedgerError::Bytes { position, source })?;
        Ok(Self {
            position,
            id: entry.id,
            leaf,
            expected: entry.expected_head,
            recorded: entry.recorded,
            trace: Trace::of(&entry, position),
            bytes: bytes.len() as u64,
            events: entry.events.len() as u64,
            of_contents: may_concern_contents(&entry).then_some(entry),
        })
    }
}

/// What all entries up to one come to.
#[derive(Default)]
struct SoFar {
    order: Order,
    tree: Tree,
    roots: Roots,
    /// What the store's indexes must lead to.
    indexed: Tally,
    /// Of the entries that say what was done to contents, and of no others.
    contents: Projections,
    bytes: u64,
    events: u64,
}

impl SoFar {
    fn with_capacity(size: u64) -> Self {
        let size = usize::try_from(size).expect("entries that this machine keeps");
        Self { roots: Roots::with_capacity(size), ..Self::default() }
    }

    /// Takes in the next entry; it gives the keys of the subjects that it is about, also through what it corrects.
    fn take_in(&mut self, seen: Seen, store: &dyn Store) -> Result<Vec<Hash>, LedgerError> {
        let Seen { position, id, leaf, expected, recorded, trace, bytes, events, of_contents } = seen;
        self.order.follow(position, expected, recorded)?;
        self.tree.push(leaf);
        self.indexed.add(IndexKey::of_id(id), position);
        // By the store's index, which is held to the entries besides.
        let earlier = |id: EntryId| {
            let at = store.position_of(id)?.filter(|at| *at < position);
            let struck = at.map(|at| store.read(at)).transpose()?.flatten().map(Seen::of).transpose()?;
            Ok::<_, LedgerError>(struck.filter(|struck| struck.id == id).map(|struck| (struck.position, struck.trace)))
        };
        let subjects = self.roots.apply(position, &leaf, &trace, earlier)?;
        subjects.iter().for_each(|key| self.indexed.add(IndexKey::of_hash(key), position));
        if let Some(entry) = of_contents {
            self.contents.pass(position);
            self.contents.apply(entry, leaf);
        }
        self.bytes += bytes;
        self.events += events;
        Ok(subjects)
    }

    fn head(&self) -> Head {
        Head::of(&self.roots, &self.tree)
    }
}

/// That a store has all the entries that checkpoints were signed of.
pub(crate) fn long_enough(store: &dyn Store, checkpoints: &[Checkpoint]) -> Result<(), LedgerError> {
    match checkpoints.iter().map(|checkpoint| checkpoint.head.size).max() {
        Some(size) if size.0 > store.len() => {
            let what = format!("the ledger ends here, and a checkpoint was signed of {size} entries");
            Err(LedgerError::Incoherent { position: Position(store.len()), what })
        }
        _ => Ok(()),
    }
}

/// That checkpoints are all of one ledger, by its name.
fn of_one_ledger(checkpoints: &[Checkpoint]) -> Result<(), LedgerError> {
    let Some(first) = checkpoints.first() else { return Ok(()) };
    match checkpoints.iter().find(|other| other.origin != first.origin) {
        Some(other) => Err(LedgerError::OtherName { ours: first.origin.clone(), other: other.origin.clone() }),
        None => Ok(()),
    }
}

/// That something made of the entries up to a head is not what was signed of them.
pub(crate) fn differs(signed: &Head, what: &str) -> LedgerError {
    let what = format!(
        "the {what} of the {} entries up to here is not the one that was signed of them: either they were altered or the \
         checkpoint of that size, in checkpoints/{:020}-*.note where the ledger kept it; hold both to one kept elsewhere",
        signed.size, signed.size.0
    );
    LedgerError::Incoherent { position: Position(signed.size.0.saturating_sub(1)), what }
}

/// Holds a head to one that was signed of as many entries; how many roots are of other versions.
fn hold(ours: &Head, signed: &Head) -> Result<u64, LedgerError> {
    if ours.root != signed.root {
        return Err(differs(signed, "Merkle root"));
    }
    if ours.streams != signed.streams {
        return Err(differs(signed, "root over the streams"));
    }
    let mut other_versions = 0;
    for root in &signed.projections {
        match ours.projections.iter().find(|ours| ours.name == root.name && ours.version == root.version) {
            Some(ours) if ours.root == root.root => {}
            Some(_) => return Err(differs(signed, &format!("root of the projection {}", root.name))),
            None => other_versions += 1,
        }
    }
    Ok(other_versions)
}

/// What is wrong with indexes that do not lead to what the entries say. It holds all that they lead to in memory, so that the place
/// can be told.
fn misled(store: &dyn Store) -> Result<LedgerError, LedgerError> {
    let mut led = BTreeSet::new();
    store.leads(&mut |key, position| {
        led.insert((position, key));
    })?;
    let (mut so_far, mut names) = (SoFar::default(), BTreeMap::new());
    for stored in store.scan(0..store.len()) {
        let stored = stored?;
        let (position, source) = (stored.position, |source| LedgerError::Bytes { position: stored.position, source });
        let entry = codec::decode(&stored.bytes).map_err(source)?;
        names.insert(IndexKey::of_id(entry.id), format!("ids, from {},", entry.id));
        for subject in streams::about(&entry) {
            names.insert(IndexKey::of_subject(&subject), format!("the stream of {subject}"));
        }
        let id = IndexKey::of_id(entry.id);
        let subjects = so_far.take_in(Seen::of(stored)?, store)?;
        for key in subjects.iter().map(IndexKey::of_hash).chain([id]) {
            if !led.remove(&(position, key)) {
                let what = format!("the index of {} does not lead here", named(&names, &key));
                return Ok(LedgerError::Incoherent { position, what });
            }
        }
    }
    // What is left leads to nothing; or all of it came to the same by now.
    let (position, what) = match led.pop_first() {
        Some((position, key)) if position.0 < store.len() => {
            (position, format!("the index of {} leads here, and the entry does not say so", named(&names, &key)))
        }
        Some((position, key)) => {
            (position, format!("the index of {} leads here, and nothing is recorded here", named(&names, &key)))
        }
        None => (Position(0), "the indexes did not lead to what the entries say, and do now: verify again".to_owned()),
    };
    Ok(LedgerError::Incoherent { position, what })
}

/// What a key of an index is of, as far as any entry says.
fn named(names: &BTreeMap<IndexKey, String>, key: &IndexKey) -> String {
    names.get(key).cloned().unwrap_or_else(|| format!("what no entry is about, by its key {key},"))
}
