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
use core::hash::BuildHasher;
use hashbrown::{DefaultHashBuilder, HashTable};
use minutebook_events::Hash;
use serde::{Deserialize, Serialize};

/// The map. What a key has is found at once. The trie over the keys waits until [`MerkleMap::settle`] takes in what was set
/// since: a few changes walk from the root, and cost a hash a branch on the way; of many the trie is made again from all
/// leaves, sorted, which costs far less than many walks.
#[derive(Debug, Clone, Default)]
pub struct MerkleMap {
    /// Keys and values, in the order in which the keys came.
    leaves: Vec<(Hash, Hash)>,
    /// Where the leaf of each key is.
    places: HashTable<u32>,
    /// Whoever chooses names cannot choose what they come to here, so that no keys can be made to lie in one place.
    hasher: DefaultHashBuilder,
    branches: Vec<Branch>,
    root: Option<Node>,
    waiting: Waiting,
}

/// A place in the trie.
#[derive(Debug, Clone, Copy)]
enum Node {
    Leaf(u32),
    Branch(u32),
}

#[derive(Debug, Clone, Copy)]
struct Branch {
    bit: u8,
    sides: [Node; 2],
    /// Nothing where something below has changed since.
    hash: Option<Hash>,
}

/// The leaves that were set and are not taken in yet.
#[derive(Debug, Clone)]
enum Waiting {
    /// These.
    Few(Vec<u32>),
    /// So many that it is better to make the trie again than to list them.
    Many,
}

impl Default for Waiting {
    fn default() -> Self {
        Self::Few(vec![])
    }
}

/// Leaves in the order of their keys: the first bytes of each key, which nearly always tell it from others without a look at
/// the leaf, and where the leaf is.
type Leaves<'a> = &'a [(u64, u32)];

/// How many changes may always wait in a list.
const FEW: usize = 64;

/// Makes both of two hashes.
pub type Both<'a> = &'a dyn Fn(&(dyn Fn() -> Hash + Sync), &(dyn Fn() -> Hash + Sync)) -> (Hash, Hash);

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
    /// What a key has.
    pub fn get(&self, key: &Hash) -> Option<&Hash> {
        self.place(key).map(|place| &self.leaves[place as usize].1)
    }

    fn place(&self, key: &Hash) -> Option<u32> {
        self.places.find(self.hasher.hash_one(key), |place| self.leaves[*place as usize].0 == *key).copied()
    }

    /// Gives a key a value, in place of the one it had.
    pub fn set(&mut self, key: Hash, value: Hash) {
        self.change(key, |_| value);
    }

    /// Gives a key the value that follows from the one it has, if any.
    pub fn change(&mut self, key: Hash, change: impl FnOnce(Option<&Hash>) -> Hash) {
        let place = match self.place(&key) {
            Some(place) => {
                let value = &mut self.leaves[place as usize].1;
                *value = change(Some(value));
                place
            }
            None => self.add_leaf(key, change(None)),
        };
        match &mut self.waiting {
            Waiting::Few(few) if few.len() < FEW.max(self.leaves.len() / 16) => few.push(place),
            waiting => *waiting = Waiting::Many,
        }
    }

    fn add_leaf(&mut self, key: Hash, value: Hash) -> u32 {
        let Self { leaves, places, hasher, .. } = self;
        let place = u32::try_from(leaves.len()).expect("a map has at most four billion keys");
        leaves.push((key, value));
        places.insert_unique(hasher.hash_one(key), place, |place| hasher.hash_one(leaves[*place as usize].0));
        place
    }

    /// How many keys it has.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// Takes in what waits, and makes every hash that is still to be made.
    pub fn settle(&mut self) {
        match core::mem::take(&mut self.waiting) {
            Waiting::Few(few) => {
                few.into_iter().for_each(|leaf| self.take_in(leaf));
                if let Some(root) = self.root {
                    self.settle_at(root);
                }
            }
            Waiting::Many => {
                let mut branches = Vec::with_capacity(self.leaves.len());
                let order = self.order();
                self.root = (!order.is_empty()).then(|| self.over(&order, &mut |branch| add(&mut branches, branch)).0);
                self.branches = branches;
            }
        }
    }

    fn is_settled(&self) -> bool {
        matches!(&self.waiting, Waiting::Few(few) if few.is_empty())
    }

    /// An empty map, with room for so many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self { leaves: Vec::with_capacity(keys), places: HashTable::with_capacity(keys), ..Self::default() }
    }

    /// The root: equal of two maps that hold the same, and of no others. Where something waits, it costs a hash a key.
    pub fn root(&self) -> Hash {
        self.root_by(&|left, right| (left(), right()))
    }

    /// The same; where it costs a hash a key, `both` makes two halves of it, on two threads if it likes.
    pub fn root_by(&self, both: Both) -> Hash {
        let root = match self.is_settled() {
            true => self.root.map(|root| self.hash(root)),
            false => {
                let order = self.order();
                // No branch is kept, so that any place will do for each.
                let over = |order: Leaves| self.over(order, &mut |_| Node::Branch(0)).1;
                self.parts_at(&order)
                    .map(|(bit, [left, right])| {
                        let (left, right) = both(&|| over(left), &|| over(right));
                        branch_hash(bit, [&left, &right])
                    })
                    .or_else(|| order.first().map(|(_, leaf)| self.leaf_hash(*leaf)))
            }
        };
        root.unwrap_or_else(|| Hash::of([]))
    }

    /// All leaves in the order of their keys.
    fn order(&self) -> Vec<(u64, u32)> {
        let first = |key: &Hash| u64::from_be_bytes(core::array::from_fn(|n| key.0[n]));
        let mut order: Vec<(u64, u32)> = self.leaves.iter().map(|(key, _)| first(key)).zip(0..).collect();
        let key = |leaf: u32| &self.leaves[leaf as usize].0;
        order.sort_unstable_by(|(a, at), (b, bt)| a.cmp(b).then_with(|| key(*at).cmp(key(*bt))));
        order
    }

    /// The bit at which these leaves part, which are sorted, and both sides; nothing of fewer than two.
    fn parts_at<'a>(&self, order: Leaves<'a>) -> Option<(u8, [Leaves<'a>; 2])> {
        let key = |leaf: u32| &self.leaves[leaf as usize].0;
        let (first, last) = (order.first()?.1, order.last()?.1);
        let parts_at = first_difference(key(first), key(last))?;
        let (left, right) = order.split_at(order.partition_point(|(_, leaf)| bit(key(*leaf), parts_at) == 0));
        Some((parts_at, [left, right]))
    }

    /// The node over these leaves, which are sorted and not none, and its hash. `keep` takes each branch, and says where
    /// it is.
    fn over(&self, order: Leaves, keep: &mut impl FnMut(Branch) -> Node) -> (Node, Hash) {
        let Some((bit, [left, right])) = self.parts_at(order) else {
            let (_, leaf) = order[0];
            return (Node::Leaf(leaf), self.leaf_hash(leaf));
        };
        let (left, right) = (self.over(left, keep), self.over(right, keep));
        let hash = branch_hash(bit, [&left.1, &right.1]);
        (keep(Branch { bit, sides: [left.0, right.0], hash: Some(hash) }), hash)
    }

    /// Takes in a leaf whose value is new, or the leaf itself.
    fn take_in(&mut self, leaf: u32) {
        let key = self.leaves[leaf as usize].0;
        let Some(root) = self.root else {
            self.root = Some(Node::Leaf(leaf));
            return;
        };
        let near = self.nearest(root, &key);
        let differs = first_difference(&self.leaves[near as usize].0, &key);
        // Down to the leaf, or to the place of the new branch: above the first one that parts at a later bit.
        let (mut at, mut above) = (root, None);
        while let Node::Branch(branch) = at
            && let Branch { bit: parts_at, sides, hash } = &mut self.branches[branch as usize]
            && differs.is_none_or(|differs| *parts_at < differs)
        {
            *hash = None;
            above = Some(branch);
            at = sides[bit(&key, *parts_at)];
        }
        let Some(differs) = differs else { return };
        let mut sides = [at; 2];
        sides[bit(&key, differs)] = Node::Leaf(leaf);
        let branch = add(&mut self.branches, Branch { bit: differs, sides, hash: None });
        match above.map(|above| &mut self.branches[above as usize]) {
            Some(Branch { bit: parts_at, sides, .. }) => sides[bit(&key, *parts_at)] = branch,
            None => self.root = Some(branch),
        }
    }

    /// What a key has, or that it has nothing, with the way to the root.
    /// Where something waits, it costs what [`MerkleMap::settle`] costs, and a copy.
    pub fn prove(&self, key: &Hash) -> MapProof {
        if self.is_settled() {
            return self.way_to(key);
        }
        let mut map = self.clone();
        map.settle();
        map.way_to(key)
    }

    fn way_to(&self, key: &Hash) -> MapProof {
        let mut path = vec![];
        let Some(mut at) = self.root else { return MapProof { leaf: None, path } };
        loop {
            match at {
                Node::Leaf(leaf) => return MapProof { leaf: Some(self.leaves[leaf as usize]), path },
                Node::Branch(branch) => {
                    let Branch { bit: parts_at, sides, .. } = &self.branches[branch as usize];
                    let side = bit(key, *parts_at);
                    path.push((*parts_at, self.hash(sides[1 - side])));
                    at = sides[side];
                }
            }
        }
    }

    /// The leaf where a walk by the bits of `key` ends.
    fn nearest(&self, mut at: Node, key: &Hash) -> u32 {
        loop {
            match at {
                Node::Leaf(leaf) => return leaf,
                Node::Branch(branch) => {
                    let Branch { bit: parts_at, sides, .. } = &self.branches[branch as usize];
                    at = sides[bit(key, *parts_at)];
                }
            }
        }
    }

    fn leaf_hash(&self, leaf: u32) -> Hash {
        let (key, value) = &self.leaves[leaf as usize];
        leaf_hash(key, value)
    }

    fn settle_at(&mut self, at: Node) -> Hash {
        let branch = match at {
            Node::Leaf(leaf) => return self.leaf_hash(leaf),
            Node::Branch(branch) => branch as usize,
        };
        let Branch { bit, sides, hash } = self.branches[branch];
        hash.unwrap_or_else(|| {
            let made = branch_hash(bit, [&self.settle_at(sides[0]), &self.settle_at(sides[1])]);
            self.branches[branch].hash = Some(made);
            made
        })
    }

    fn hash(&self, at: Node) -> Hash {
        match at {
            Node::Leaf(leaf) => self.leaf_hash(leaf),
            Node::Branch(branch) => {
                let Branch { bit, sides, hash } = &self.branches[branch as usize];
                hash.unwrap_or_else(|| branch_hash(*bit, [&self.hash(sides[0]), &self.hash(sides[1])]))
            }
        }
    }
}

fn add(branches: &mut Vec<Branch>, branch: Branch) -> Node {
    branches.push(branch);
    Node::Branch(u32::try_from(branches.len() - 1).expect("a map has fewer branches than keys"))
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
            assert_eq!(forward.get(&hash(n % 350)), Some(&hash(n + 1000)));
            assert_eq!((forward.get(&hash(5000)), forward.len()), (None, content.len()));
            let halves = |left: &(dyn Fn() -> Hash + Sync), right: &(dyn Fn() -> Hash + Sync)| {
                let right = right();
                (left(), right)
            };
            assert_eq!(forward.root_by(&halves), naive(&content, 0), "after {n}");
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
