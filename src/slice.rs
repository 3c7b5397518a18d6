//! A slice of a ledger: the projections of what an answer about some subjects rests on, and of nothing else. It must give what
//! the whole ledger gives, byte for byte, to whoever asks about these subjects alone.

use crate::gather::gather;
use crate::ledger::{LedgerError, follows};
use crate::store::Store;
use minutebook_events::{ContractId, Position, codec};
use minutebook_projections::streams::named;
use minutebook_projections::{Projections, Recorded, Subject};
use std::collections::btree_map::Entry::Vacant;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

/// Where entries are kept.
trait Kept {
    type Error;

    /// The positions of the entries about a subject.
    fn positions_of(&self, subject: &Subject) -> Result<Vec<Position>, Self::Error>;

    /// The entry at a position to which a stream leads.
    fn read(&self, position: Position) -> Result<Arc<Recorded>, Self::Error>;
}

impl Kept for &dyn Store {
    type Error = LedgerError;

    fn positions_of(&self, subject: &Subject) -> Result<Vec<Position>, LedgerError> {
        Ok((*self as &dyn Store).positions_of(subject)?)
    }

    fn read(&self, position: Position) -> Result<Arc<Recorded>, LedgerError> {
        read(*self, position).map(Arc::new)
    }
}

impl Kept for &Projections {
    type Error = Infallible;

    fn positions_of(&self, subject: &Subject) -> Result<Vec<Position>, Infallible> {
        Ok(self.streams().of(subject).to_vec())
    }

    fn read(&self, position: Position) -> Result<Arc<Recorded>, Infallible> {
        Ok(self.entry(position).expect("a stream leads to entries"))
    }
}

/// Out of a store, with the last entry that is known, which stands for its instant.
///
/// # Errors
/// [`LedgerError`] where the entries cannot be read, or do not hold together.
pub fn of_store(
    store: &dyn Store,
    asked: impl IntoIterator<Item = Subject>,
    last: Position,
) -> Result<Projections, LedgerError> {
    let entries = entries(&store, asked, last)?;
    let mut before = None;
    for Recorded { position, entry, .. } in entries.values().map(|recorded| &**recorded) {
        let incoherent = |what| LedgerError::Incoherent { position: *position, what };
        follows(entry.expected_head, entry.recorded, *position, before).map_err(incoherent)?;
        before = Some(entry.recorded);
    }
    Ok(Projections::of_some(entries.into_values(), Position(store.len())))
}

/// Out of a ledger that is open: what an answer about some contracts rests on, with the last entry that is known.
pub(crate) fn of_projections<'a>(
    all: &Projections,
    contracts: impl IntoIterator<Item = &'a ContractId>,
    last: Position,
) -> Projections {
    let Ok(entries) = entries(&all, contracts.into_iter().cloned().map(Subject::Contract), last);
    Projections::of_some(entries.into_values(), all.head())
}

/// Out of a ledger that is open: the entries about some subjects and about no other, by which a draft that names no other can be
/// decided; nothing where they are more than `most`.
pub(crate) fn of_streams(all: &Projections, subjects: &BTreeSet<Subject>, most: usize) -> Option<Projections> {
    let mut positions = BTreeSet::new();
    for subject in subjects {
        positions.extend(all.streams().of(subject).iter().copied());
        if positions.len() > most {
            return None;
        }
    }
    let entries = positions.into_iter().map(|position| all.entry(position).expect("a stream leads to entries"));
    Some(Projections::of_some(entries, all.head()))
}

type Entries = BTreeMap<Position, Arc<Recorded>>;

fn entries<K: Kept>(kept: &K, asked: impl IntoIterator<Item = Subject>, last: Position) -> Result<Entries, K::Error> {
    let mut entries = Entries::new();
    gather(
        asked,
        |subject| kept.positions_of(subject),
        |position| {
            let read = kept.read(position)?;
            let names = named(&read.entry);
            entries.insert(position, read);
            Ok(names)
        },
    )?;
    if let Vacant(place) = entries.entry(last) {
        place.insert(kept.read(last)?);
    }
    Ok(entries)
}

/// The entry of a store at a position.
///
/// # Errors
/// [`LedgerError`] where it is not there, or not as it was recorded.
pub(crate) fn read(store: &dyn Store, position: Position) -> Result<Recorded, LedgerError> {
    let missing = || LedgerError::Incoherent { position, what: "the ledger ends before this entry".to_owned() };
    let stored = store.read(position)?.ok_or_else(missing)?;
    let entry = codec::decode(&stored.bytes).map_err(|source| LedgerError::Bytes { position, source })?;
    Ok(Recorded { position, leaf: stored.leaf, entry })
}
