//! The entries of one store in another of any kind, byte for byte: what is there already is held to them, and what is missing
//! is appended, so that a copy that was interrupted goes on. It must not look beside the entries.

use super::error::CopyError;
use super::ledger::{GROUP_BYTES, GROUP_ENTRIES};
use super::{Progress, Step};
use crate::audit::checkpoint::Head;
use crate::audit::verify::verify;
use crate::ledger::{LedgerError, Order, new_entry};
use crate::merkle::Tree;
use crate::store::{self, NewEntry, OpenError, Place, Store, Stored};
use minutebook_events::{Position, codec};
use minutebook_projections::Projections;
use std::sync::Arc;

/// What a copy between stores came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// How many entries both hold.
    pub entries: u64,
    /// How many of them were there before.
    pub before: u64,
    /// The size and the roots of both.
    pub head: Head,
}

/// Copies the entries of a ledger to a place where there is none, or one that begins as it does. All of them are then read
/// again there, and come to the same roots.
///
/// # Errors
/// [`CopyError::Other`] where the two part; where either cannot be opened, read or written.
pub fn between(from: &Place, to: &Place, progress: Progress) -> Result<Moved, CopyError> {
    let source = store::open(from)?;
    let target = match store::open(to) {
        Err(OpenError::NotThere { .. }) => None,
        opened => Some(opened?),
    };
    let (size, before) = (source.len(), target.as_ref().map_or(0, |target| target.len()));
    let other = |what: String| CopyError::Other { from: from.to_string(), to: to.to_string(), what };
    if before > size {
        return Err(other(format!("it holds {before} entries, and the other {size}")));
    }
    let mut there = target.as_ref().map(|target| target.scan(0..before));
    let mut copying = Copying { to, target: target.clone(), waiting: vec![], bytes: 0 };
    let (mut order, mut tree, mut projections) = (Order::default(), Tree::default(), Projections::default());
    for stored in source.scan(0..size) {
        let Stored { position, bytes, leaf } = stored?;
        let entry = codec::decode(&bytes).map_err(|source| LedgerError::Bytes { position, source })?;
        order.hold(position, &entry)?;
        if position.0 < before {
            if there.as_mut().and_then(Iterator::next).transpose()?.is_none_or(|there| there.bytes != bytes) {
                return Err(other(format!("the entry at position {position} is another")));
            }
        } else {
            copying.add(new_entry(&projections, &entry, bytes))?;
        }
        tree.push(leaf);
        projections.apply(entry, leaf);
        progress(Step::Copying, position.0 + 1, size);
    }
    order.end(size)?;
    copying.commit()?;
    let target = copying.made()?;
    let head = Head::of(projections.roots(), &tree);
    let (_, read) = verify(&*target, None, &[], |done, total| progress(Step::Verifying, done, total))?;
    if read != head {
        return Err(other("read again, it comes to other roots".to_owned()));
    }
    Ok(Moved { entries: size, before, head })
}

/// What is appended in large commits.
struct Copying<'a> {
    to: &'a Place,
    /// Where there is none, it is made once there is something to append: what cannot be read leaves no empty ledger.
    target: Option<Arc<dyn Store>>,
    waiting: Vec<NewEntry>,
    bytes: usize,
}

impl Copying<'_> {
    fn add(&mut self, entry: NewEntry) -> Result<(), CopyError> {
        self.bytes += entry.bytes.len();
        self.waiting.push(entry);
        if self.waiting.len() < GROUP_ENTRIES && self.bytes < GROUP_BYTES { Ok(()) } else { self.commit() }
    }

    fn made(&mut self) -> Result<Arc<dyn Store>, CopyError> {
        if self.target.is_none() {
            self.target = Some(store::create(self.to)?);
        }
        Ok(Arc::clone(self.target.as_ref().expect("it was made where it was not")))
    }

    fn commit(&mut self) -> Result<(), CopyError> {
        let target = self.made()?;
        let appended = target.append(Position(target.len()), &self.waiting);
        appended.map_err(|error| match target.len() {
            0 => CopyError::Nothing { to: self.to.to_string(), cause: Box::new(error.into()) },
            _ => error.into(),
        })?;
        self.waiting.clear();
        self.bytes = 0;
        Ok(())
    }
}
