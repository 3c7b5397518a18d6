//! A sorted Merkle map from hashes to hashes: one root for all it holds, whatever the order in which it came, and a short
//! proof of what one key has, or that it has nothing. It must not know what the keys and values are hashes of.
//!
//! It is a binary trie over the bits of the keys, without the nodes that have one child. Every hash names its kind, and a
//! branch names the bit it parts at, so that no part of one map can pass for a part of another:
//!
//! | node | hash |
//! | --- | --- |
//! | the empty map | SHA-256 of nothing |
//! | a leaf | SHA-256 of a byte 0, the key and the value |
//! | a branch | SHA-256 of a byte 1, the number of the bit, and the hashes of the side where it is 0 and of the other |

use crate::prelude::*;
use minutebook_events::Hash;
use serde::{Deserialize, Serialize};

/// The map. What is set waits until [`MerkleMap::settle`] takes it in: a few changes walk from the root, and cost a hash a
/// branch on the way; many are sorted, and the trie is made again from all leaves, which costs far less than many walks.
#[derive(Debug, Clone, Default)]
pub struct MerkleMap {
    nodes: Vec<Node>,
    root: Option<u32>,
    /// Set and not taken in yet, the later the stronger.
    waiting: Vec<(Hash, Hash)>,
}

/// How many changes may wait, beside as many as the map has nodes.
const WAIT: usize = 4096;

#[derive(Debug, Clone)]
enum Node {
    Leaf {
        key: Hash,
        value: Hash,
    },
    Branch {
        bit: u8,
        sides: [u32; 2],
        /// Nothing where something below has changed since.
        hash: Option<Hash>,
    },
}

impl Node {
    fn leaf(&self) -> Option<(Hash, Hash)> {
        match self {
            Self::Leaf { key, value } => Some((*key, *value)),
            Self::Branch { .. } => None,
        }
    }
}

/// The way from a leaf to the root: what a key has in a map, or that it has nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapProof {
    /// The leaf where a walk by the bits of the key ends: its key and value; nothing in an empty map.
    pub leaf: Option<(Hash, Hash)>,
    /// The branches of that walk, from the root down: the bit, and the hash of the side that was not taken.
    pub path: Vec<(u8, Hash)>,
}

/// Bit `n` of a key, counted from the first byte's highest.
fn bit(key: &Hash, n: u8) -> usize {
    usize::from(key.0[usize::from(n / 8)] >> (7 - n % 8) & 1)
}

/// The first bit in which two keys differ.
fn first_difference(a: &Hash, b: &Hash) -> Option<u8> {
    let (at, differ) = a.0.iter().zip(&b.0).map(|(a, b)| a ^ b).enumerate().find(|(_, differ)| *differ != 0)?;
    u8::try_from(at * 8 + differ.leading_zeros() as usize).ok()
}

fn leaf_hash(key: &Hash, value: &Hash) -> Hash {
    Hash::of([&[0], key.0.as_slice(), value.0.as_slice()])
}

fn branch_hash(bit: u8, sides: [&Hash; 2]) -> Hash {
    Hash::of([&[1, bit], sides[0].0.as_slice(), sides[1].0.as_slice()])
}

impl MerkleMap {
    /// Gives a key a value, in place of the one it had.
    pub fn set(&mut self, key: Hash, value: Hash) {
        self.waiting.push((key, value));
        if self.waiting.len() > WAIT.max(self.nodes.len()) {
            self.settle();
        }
    }

    /// Takes in what waits, and makes every hash that is still to be made.
    pub fn settle(&mut self) {
        let waiting = core::mem::take(&mut self.waiting);
        if waiting.len() > self.nodes.len() / 16 {
            self.remake(waiting);
        } else {
            waiting.into_iter().for_each(|(key, value)| self.insert(key, value));
            if let Some(root) = self.root {
                self.settle_at(root);
            }
        }
    }

    /// The root: equal of two maps that hold the same, and of no others. Where something waits it costs what
    /// [`MerkleMap::settle`] costs, and a copy.
    pub fn root(&self) -> Hash {
        self.settled(|map| map.root.map_or_else(|| Hash::of([]), |root| map.hash(root)))
    }

    fn settled<T>(&self, look: impl FnOnce(&Self) -> T) -> T {
        if self.waiting.is_empty() {
            return look(self);
        }
        let mut map = self.clone();
        map.settle();
        look(&map)
    }

    /// Makes the trie again, of all leaves and what waits.
    fn remake(&mut self, waiting: Vec<(Hash, Hash)>) {
        let mut leaves: Vec<(Hash, Hash)> = self.nodes.iter().filter_map(Node::leaf).chain(waiting).collect();
        // A stable sort leaves the last that was set at the end of its key's run.
        leaves.sort_by_key(|(key, _)| *key);
        let runs = leaves.chunk_by(|a, b| a.0 == b.0);
        let leaves: Vec<(Hash, Hash)> = runs.filter_map(|run| run.last().copied()).collect();
        self.nodes.clear();
        self.root = (!leaves.is_empty()).then(|| self.make(&leaves).0);
    }

    /// The node over these leaves, which are sorted and not none, and its hash.
    fn make(&mut self, leaves: &[(Hash, Hash)]) -> (u32, Hash) {
        let (first, last) = (leaves[0], leaves[leaves.len() - 1]);
        let Some(parts_at) = first_difference(&first.0, &last.0) else {
            let (key, value) = first;
            return (self.add(Node::Leaf { key, value }), leaf_hash(&key, &value));
        };
        let (left, right) = leaves.split_at(leaves.partition_point(|(key, _)| bit(key, parts_at) == 0));
        let (left, right) = (self.make(left), self.make(right));
        let hash = branch_hash(parts_at, [&left.1, &right.1]);
        (self.add(Node::Branch { bit: parts_at, sides: [left.0, right.0], hash: Some(hash) }), hash)
    }

    fn insert(&mut self, key: Hash, value: Hash) {
        let Some(root) = self.root else {
            self.root = Some(self.add(Node::Leaf { key, value }));
            return;
        };
        let near = self.nearest(root, &key);
        let Some(differs) = first_difference(&near, &key) else {
            self.put(root, &key, value);
            return;
        };
        let leaf = self.add(Node::Leaf { key, value });
        // The new branch belongs above the first one that parts at a later bit.
        let (mut at, mut above) = (root, None);
        while let Node::Branch { bit: parts_at, sides, hash } = &mut self.nodes[at as usize]
            && *parts_at < differs
        {
            *hash = None;
            above = Some(at);
            at = sides[bit(&key, *parts_at)];
        }
        let mut sides = [at; 2];
        sides[bit(&key, differs)] = leaf;
        let branch = self.add(Node::Branch { bit: differs, sides, hash: None });
        match above.map(|above| &mut self.nodes[above as usize]) {
            Some(Node::Branch { bit: parts_at, sides, .. }) => sides[bit(&key, *parts_at)] = branch,
            _ => self.root = Some(branch),
        }
    }

    /// What a key has, or that it has nothing, with the way to the root.
    pub fn prove(&self, key: &Hash) -> MapProof {
        self.settled(|map| map.way_to(key))
    }

    fn way_to(&self, key: &Hash) -> MapProof {
        let mut path = vec![];
        let Some(mut at) = self.root else { return MapProof { leaf: None, path } };
        loop {
            match &self.nodes[at as usize] {
                Node::Leaf { key, value } => return MapProof { leaf: Some((*key, *value)), path },
                Node::Branch { bit: parts_at, sides, .. } => {
                    let side = bit(key, *parts_at);
                    path.push((*parts_at, self.hash(sides[1 - side])));
                    at = sides[side];
                }
            }
        }
    }

    fn add(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        u32::try_from(self.nodes.len() - 1).expect("a map has at most two billion keys")
    }

    /// The key of the leaf where a walk by the bits of `key` ends.
    fn nearest(&self, mut at: u32, key: &Hash) -> Hash {
        loop {
            match &self.nodes[at as usize] {
                Node::Leaf { key, .. } => return *key,
                Node::Branch { bit: parts_at, sides, .. } => at = sides[bit(key, *parts_at)],
            }
        }
    }

    /// Puts a value to a key that is there.
    fn put(&mut self, mut at: u32, key: &Hash, new: Hash) {
        loop {
            match &mut self.nodes[at as usize] {
                Node::Leaf { value, .. } => return *value = new,
                Node::Branch { bit: parts_at, sides, hash } => {
                    *hash = None;
                    at = sides[bit(key, *parts_at)];
                }
            }
        }
    }

    fn settle_at(&mut self, at: u32) -> Hash {
        match &self.nodes[at as usize] {
            Node::Leaf { key, value } => leaf_hash(key, value),
            Node::Branch { hash: Some(hash), .. } => *hash,
            &Node::Branch { bit, sides, .. } => {
                let made = branch_hash(bit, [&self.settle_at(sides[0]), &self.settle_at(sides[1])]);
                self.nodes[at as usize] = Node::Branch { bit, sides, hash: Some(made) };
                made
            }
        }
    }

    fn hash(&self, at: u32) -> Hash {
        match &self.nodes[at as usize] {
            Node::Leaf { key, value } => leaf_hash(key, value),
            Node::Branch { hash: Some(hash), .. } => *hash,
            Node::Branch { bit, sides, .. } => branch_hash(*bit, [&self.hash(sides[0]), &self.hash(sides[1])]),
        }
    }
}

impl MapProof {
    /// Whether the map with this root gives this key this value; with no value, whether it has none for it.
    pub fn shows(&self, root: &Hash, key: &Hash, value: Option<&Hash>) -> bool {
        let said = self.leaf.as_ref().filter(|(found, _)| found == key).map(|(_, value)| value);
        said == value && self.root(key) == Some(*root)
    }

    /// The root that the way leads to; nothing where it is no way of a well-formed map.
    fn root(&self, key: &Hash) -> Option<Hash> {
        let Some((found, value)) = &self.leaf else { return self.path.is_empty().then(|| Hash::of([])) };
        let downwards = self.path.is_sorted_by(|(above, _), (below, _)| above < below);
        // The leaf must lie where the bits of the key lead.
        let leads = self.path.iter().all(|(parts_at, _)| bit(found, *parts_at) == bit(key, *parts_at));
        (downwards && leads).then(|| {
            self.path.iter().rev().fold(leaf_hash(found, value), |hash, (parts_at, other)| {
                let sides = if bit(key, *parts_at) == 0 { [&hash, other] } else { [other, &hash] };
                branch_hash(*parts_at, sides)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u32) -> Hash {
        Hash::of([n.to_be_bytes().as_slice()])
    }

    /// The root of a map, by its definition alone.
    fn naive(entries: &BTreeMap<Hash, Hash>, from: u8) -> Hash {
        let (Some((first, value)), Some((last, _))) = (entries.first_key_value(), entries.last_key_value()) else {
            return Hash::of([]);
        };
        let Some(parts_at) = first_difference(first, last) else { return leaf_hash(first, value) };
        assert!(parts_at >= from);
        let side = |n| entries.iter().filter(|(key, _)| bit(key, parts_at) == n).map(|(k, v)| (*k, *v)).collect();
        branch_hash(parts_at, [&naive(&side(0), parts_at), &naive(&side(1), parts_at)])
    }

    #[test]
    fn the_root_is_of_the_content_alone() {
        let mut content = BTreeMap::new();
        let (mut forward, mut back) = (MerkleMap::default(), MerkleMap::default());
        for n in 0..400 {
            content.insert(hash(n % 350), hash(n + 1000));
            forward.set(hash(n % 350), hash(n + 1000));
            // Now and then, so that some changes walk and some make the trie again.
            if n % 7 == 0 || n > 390 {
                forward.settle();
            }
            assert_eq!(forward.root(), naive(&content, 0), "after {n}");
        }
        content.iter().rev().for_each(|(key, value)| back.set(*key, *value));
        assert_eq!(back.root(), forward.root());
    }

    #[test]
    fn proofs_show_what_is_there_and_what_is_not() {
        let mut map = MerkleMap::default();
        assert!(map.prove(&hash(1)).shows(&map.root(), &hash(1), None));
        (0..100).for_each(|n| map.set(hash(n), hash(n + 1000)));
        let root = map.root();
        for n in 0..200 {
            let (proof, value) = (map.prove(&hash(n)), Some(hash(n + 1000)).filter(|_| n < 100));
            assert!(proof.shows(&root, &hash(n), value.as_ref()), "{n}");
            assert!(!proof.shows(&root, &hash(n), Some(&hash(5))), "{n}: another value");
            assert!(!proof.shows(&hash(9), &hash(n), value.as_ref()), "{n}: another root");
            assert_eq!(proof.shows(&root, &hash(n), None), n >= 100, "{n}: that there is none");
        }
    }

    #[test]
    fn a_way_to_another_leaf_shows_no_absence() {
        let mut map = MerkleMap::default();
        (0..100).for_each(|n| map.set(hash(n), hash(n + 1000)));
        let root = map.root();
        for n in 1..100 {
            assert!(!map.prove(&hash(n)).shows(&root, &hash(0), None), "the way to {n} hides nothing");
        }
    }
}
