//! The root alone, of leaves that come one after the other, in memory that does not grow with them. It must not know proofs.

use minutebook_events::Hash;

/// The whole subtrees that a tree of some size is made of, the largest first: one for each bit of the size that is set.
#[derive(Debug, Clone, Default)]
pub struct Peaks {
    size: u64,
    peaks: Vec<Hash>,
}

impl Peaks {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        // Each set bit below the first that is not is a subtree that is whole now, with the one beside it.
        let joined = self.size.trailing_ones() as usize;
        let left = self.peaks.split_off(self.peaks.len() - joined);
        self.peaks.push(left.iter().rev().fold(leaf, |right, left| Hash::node(left, &right)));
        self.size += 1;
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over them (RFC 6962, section 2.1).
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        peaks.next().map_or(Hash::of([]), |last| peaks.fold(*last, |right, left| Hash::node(left, &right)))
    }
}
