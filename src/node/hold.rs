//! The log held to what the copy has: every leaf hash when the log is reached anew, the last one whenever it is asked, older bytes in
//! turn, and the checkpoints that lie beside the copy. It must not change either.

use super::following::Parted;
use crate::audit::checkpoint::Checkpoint;
use crate::merkle::Tree;
use crate::store::{Heard, PostgresStore, Store, StoreError};
use minutebook_events::{Hash, Position};

/// Where the two part, and what the log has there.
fn parted(tree: &Tree, log: u64, position: u64, there: String) -> Parted {
    let here = tree.leaf(position).copied();
    Parted { position: Position(position), here, there, size: Position(tree.size()), log }
}

fn leaf_or_nothing(leaf: Option<Hash>) -> String {
    leaf.map_or_else(|| "nothing".to_owned(), |leaf| format!("leaf {leaf}"))
}

/// Holds every leaf hash of the log to the copy's: where they part, where they do.
///
/// # Errors
/// [`StoreError::Server`].
pub(super) fn leaves(log: &PostgresStore, tree: &Tree, size: u64) -> Result<Option<Parted>, StoreError> {
    held(tree, size, |each| log.leaves(0, tree.size(), each))
}

/// The same of the log where an append would go.
///
/// # Errors
/// [`StoreError::Server`].
pub(super) fn leaves_where_it_appends(log: &PostgresStore, tree: &Tree) -> Result<Option<Parted>, StoreError> {
    let mut there = 0;
    log.leaves_where_it_appends(0, u64::MAX, |_| {
        there += 1;
        true
    })?;
    held(tree, there, |each| log.leaves_where_it_appends(0, tree.size(), each))
}

fn held(
    tree: &Tree,
    size: u64,
    leaves: impl FnOnce(&mut dyn FnMut(Hash) -> bool) -> Result<(), StoreError>,
) -> Result<Option<Parted>, StoreError> {
    let (mut next, mut other) = (0, None);
    leaves(&mut |leaf| {
        let same = tree.leaf(next) == Some(&leaf);
        if same {
            next += 1;
        } else {
            other = Some(leaf);
        }
        same
    })?;
    Ok((next < tree.size()).then(|| parted(tree, size, next, leaf_or_nothing(other))))
}

/// Whether what was heard of the log goes on from the copy: by its size, and by the copy's last entry.
pub(super) fn goes_on(heard: Heard, tree: &Tree) -> bool {
    let last = tree.size().checked_sub(1).and_then(|last| tree.leaf(last));
    heard.size >= tree.size() && heard.leaf.as_ref() == last
}

/// Reads some entries of the log again, from their bytes to the copy's hashes: where they part, where they do.
///
/// # Errors
/// [`StoreError::Server`].
pub(super) fn bytes(log: &PostgresStore, tree: &Tree, from: u64, count: u64) -> Result<Option<Parted>, StoreError> {
    let to = from.saturating_add(count).min(tree.size());
    for (position, stored) in (from..to).zip(log.scan(from..to)) {
        let there = match stored {
            Ok(stored) if tree.leaf(position) == Some(&stored.leaf) => continue,
            Ok(stored) => leaf_or_nothing(Some(stored.leaf)),
            Err(StoreError::Corrupt { what, .. }) => what,
            Err(error) => return Err(error),
        };
        return Ok(Some(parted(tree, log.len(), position, there)));
    }
    Ok(None)
}

/// Holds copy and log to checkpoints that were signed: what is missing or other of what one covers, where anything is.
pub(super) fn signed(checkpoints: &[Checkpoint], tree: &Tree, size: u64) -> Option<Parted> {
    checkpoints.iter().map(|checkpoint| &checkpoint.head).find_map(|signed| match tree.root(signed.size.0) {
        Some(root) if root == signed.root => None,
        Some(_) => {
            let what = format!("a checkpoint that was signed of {} entries with another Merkle root", signed.size);
            Some(parted(tree, size, signed.size.0.saturating_sub(1), what))
        }
        None => {
            let what = format!("nothing, and a checkpoint was signed of {} entries", signed.size);
            Some(parted(tree, size, tree.size(), what))
        }
    })
}
