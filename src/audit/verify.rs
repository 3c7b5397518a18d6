//! The whole ledger read as an auditor reads it: bytes, order, claims, indexes, the checkpoints it was held to before, and
//! the contents that lie beside it.
//! It opens nothing and changes nothing.

use super::checkpoint::{Checkpoint, Head};
use crate::ledger::{Folded, LedgerError, fold_each};
use crate::sealed::{Contents, VerifiedContents};
use crate::store::{Store, Stored};
use minutebook_events::Position;
use minutebook_projections::Subject;

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
/// Stops at the first fault. What the entries come to is given back.
///
/// # Errors
/// [`LedgerError`], with the position of the first fault.
pub fn verify(
    store: &dyn Store,
    contents: Option<&Contents>,
    checkpoints: &[Checkpoint],
    mut progress: impl FnMut(u64, u64),
) -> Result<(Verified, Folded), LedgerError> {
    long_enough(store, checkpoints)?;
    let mut by_size: Vec<&Checkpoint> = checkpoints.iter().collect();
    by_size.sort_by_key(|checkpoint| checkpoint.head.size);
    let (mut bytes, mut other_versions) = (0, 0);
    let mut due = by_size.iter().peekable();
    let folded = fold_each(store, store.len(), |stored: &Stored, folded: &mut Folded| {
        bytes += stored.bytes.len() as u64;
        while let Some(checkpoint) = due.next_if(|checkpoint| checkpoint.head.size == stored.position.next()) {
            folded.projections.settle();
            other_versions += hold(folded, &checkpoint.head)?;
        }
        progress(stored.position.0 + 1, store.len());
        Ok(())
    })?;
    let streams = indexes(store, &folded)?;
    let events = folded.projections.entries().iter().map(|recorded| recorded.entry.events.len() as u64).sum();
    let checkpoints = checkpoints.len() as u64;
    let hold = |contents: &Contents| contents.hold(&folded.projections, folded.projections.head());
    let contents = contents.map(hold).transpose()?;
    let entries = folded.tree.size();
    let verified = Verified { entries, bytes, events, streams, checkpoints, other_versions, contents };
    Ok((verified, folded))
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

/// That something made of the entries up to a head is not what was signed of them.
pub(crate) fn differs(signed: &Head, what: &str) -> LedgerError {
    let what = format!(
        "the {what} of the {} entries up to here is not the one that was signed of them: either they were altered or the \
         checkpoint of that size, in checkpoints/{:020}-*.note where the ledger kept it; hold both to one kept elsewhere",
        signed.size, signed.size.0
    );
    LedgerError::Incoherent { position: Position(signed.size.0.saturating_sub(1)), what }
}

/// Holds what was folded so far to a head that was signed of as many entries; how many roots are of other versions.
fn hold(folded: &Folded, signed: &Head) -> Result<u64, LedgerError> {
    let ours = folded.head();
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

/// Holds the store's indexes to the entries, in one pass over each; how many streams there are.
fn indexes(store: &dyn Store, folded: &Folded) -> Result<u64, LedgerError> {
    let Folded { projections, .. } = folded;
    let fault = |position, what| Err(LedgerError::Incoherent { position, what });
    let (mut ids, mut wrong) = (0, None);
    store.each_id(&mut |id, position| {
        ids += 1;
        let known = projections.by_id(id).map(|recorded| recorded.position);
        if known != Some(position) {
            wrong.get_or_insert((position, format!("the index of ids says that {id} is here, and the entries do not")));
        }
    })?;
    if let Some((position, what)) = wrong {
        return fault(position, what);
    }
    if ids != folded.tree.size() {
        return fault(Position(ids), format!("the index of ids leads to {ids} of {} entries", folded.tree.size()));
    }
    let expected = projections.streams.all().filter(|(subject, _)| subject.contract().is_some()).count() as u64;
    let (mut streams, mut wrong) = (0, None);
    store.each_stream(&mut |contract, positions| {
        streams += 1;
        if projections.streams.of(&Subject::Contract(contract.clone())) != positions {
            wrong.get_or_insert((positions[0], contract.clone()));
        }
    })?;
    if let Some((position, contract)) = wrong {
        return fault(position, format!("the index of the stream {contract} does not list the entries that touch it"));
    }
    if streams != expected {
        return fault(
            Position(0),
            format!("the index of streams has {streams} contracts, and the entries touch {expected}"),
        );
    }
    Ok(streams)
}
