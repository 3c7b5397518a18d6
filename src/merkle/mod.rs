//! The Merkle tree over the leaf hashes of all entries, as RFC 6962 section 2.1 defines it (RFC 9162 keeps it): roots and
//! proofs of any size it has had. A position is a leaf index. It must not know entries, files or keys.

mod peaks;
mod proof;

pub use peaks::Peaks;
pub use proof::{BadProof, Consistency, Inclusion};

use minutebook_events::Hash;

/// The tree, with the hash of every whole subtree: 64 bytes an entry. A new leaf costs one hash on average; a root or a
/// proof of any size costs at most one hash for each bit of that size.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// Level 0 holds the leaf hashes; each level above holds the hashes over whole pairs of the one below.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(vec![]);
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            match hashes.as_slice() {
                [.., left, right] if hashes.len().is_multiple_of(2) => hash = Hash::node(left, right),
                _ => return,
            }
        }
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The leaf hash at an index.
    pub fn leaf(&self, index: u64) -> Option<&Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?)
    }

    /// The root that it had with this many leaves; nothing where it has fewer.
    pub fn root(&self, size: u64) -> Option<Hash> {
        match size {
            0 => Some(Hash::of([])),
            size => (size <= self.size()).then(|| self.over(0, size)),
        }
    }

    /// That the leaf at an index is in the tree of a size (RFC 6962, section 2.1.1); nothing where it is not.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Inclusion> {
        if index >= size || size > self.size() {
            return None;
        }
        let mut path = vec![];
        let (mut from, mut to) = (0, size);
        while to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                path.push(self.over(middle, to));
                to = middle;
            } else {
                path.push(self.over(from, middle));
                from = middle;
            }
        }
        path.reverse();
        Some(Inclusion { index, size, path })
    }

    /// That the tree of one size begins as the one of an earlier size is (RFC 6962, section 2.1.2); nothing where one of
    /// the sizes is none it has had, or the earlier is 0 or the larger.
    pub fn consistency(&self, earlier: u64, size: u64) -> Option<Consistency> {
        if earlier == 0 || earlier > size || size > self.size() {
            return None;
        }
        let mut path = vec![];
        let (mut from, mut to) = (0, size);
        // Down to the subtree with which the earlier tree ends.
        while earlier < to {
            let middle = from + split(to - from);
            if earlier <= middle {
                path.push(self.over(middle, to));
                to = middle;
            } else {
                path.push(self.over(from, middle));
                from = middle;
            }
        }
        // Whoever checks knows the earlier root: where it is that subtree, it needs no telling.
        if from > 0 {
            path.push(self.over(from, to));
        }
        path.reverse();
        Some(Consistency { earlier, size, path })
    }

    /// The hash over the leaves from one index up to another: a whole subtree that is kept, or one made of those.
    fn over(&self, from: u64, to: u64) -> Hash {
        let count = to - from;
        if count.is_power_of_two() && from.is_multiple_of(count) {
            let place = usize::try_from(from / count).expect("an index of what is in memory");
            return self.levels[count.trailing_zeros() as usize][place];
        }
        let middle = from + split(count);
        Hash::node(&self.over(from, middle), &self.over(middle, to))
    }
}

/// Where a tree of more than one leaf parts: the largest power of two below its size.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
