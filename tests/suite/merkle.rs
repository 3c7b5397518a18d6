//! The Merkle tree against the RFC's own constants, the published vectors, its definition, and another implementation.

use crate::shared::shared;
use base64::prelude::{BASE64_STANDARD, Engine};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use minutebook::merkle::{Consistency, Inclusion, Peaks, Tree};
use minutebook_events::Hash;
use proptest::prelude::*;
use serde_json::Value;
use sha2::Sha256;
use std::fs;
use std::path::Path;

/// The inputs of the reference tests of Certificate Transparency, eight leaves, and their roots by size.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn tree(leaves: &[Hash]) -> Tree {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| Hash::leaf(&n.to_be_bytes())).collect()
}

/// The root by its definition (RFC 6962, section 2.1).
fn naive(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of([]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Hash::node(&naive(left), &naive(right))
        }
    }
}

#[test]
fn roots_are_those_of_the_reference() {
    let tree = tree(&LEAVES.map(Hash::leaf));
    assert_eq!(tree.root(0).unwrap().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(tree.root(size).unwrap().to_string(), root, "of {size} leaves");
    }
    assert_eq!(tree.root(9), None);
}

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// A hash of a vector; nothing where it is none, which no proof of ours can be held to.
fn hash(value: &Value) -> Option<Hash> {
    bytes(value).try_into().ok().map(Hash)
}

/// A root of a vector. Some have words in their place, where only whether they are equal matters: each stands for a hash.
fn root(value: &Value) -> Hash {
    hash(value).unwrap_or_else(|| Hash::of([b"no hash".as_slice(), &bytes(value)]))
}

/// A proof of a vector; nothing where a part of it is no hash, which no proof of ours can hold.
fn path(value: &Value) -> Option<Vec<Hash>> {
    let parts = value["proof"].as_array().map(Vec::as_slice).unwrap_or_default();
    parts.iter().map(hash).collect()
}

/// Every vector in a folder: whether it must fail, and whether it does.
fn vectors(folder: &str, passes: impl Fn(&Value) -> bool) -> usize {
    fn walk(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() { walk(&path, files) } else { files.push(path) }
        }
    }
    let Some(folder) = shared(&format!("vectors/rfc6962/{folder}")) else { return 0 };
    let mut files = vec![];
    walk(&folder, &mut files);
    for file in &files {
        let vector: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert_eq!(!passes(&vector), vector["wantErr"].as_bool().unwrap(), "{}: {}", file.display(), vector["desc"]);
    }
    assert!(files.len() > 50, "{} vectors", files.len());
    files.len()
}

#[test]
fn inclusion_vectors_pass_and_fail_as_they_must() {
    vectors("inclusion", |vector| {
        let known = (path(vector), hash(&vector["leafHash"]), hash(&vector["root"]));
        let (Some(path), Some(leaf), Some(root)) = known else { return false };
        let (index, size) = (vector["leafIdx"].as_u64().unwrap(), vector["treeSize"].as_u64().unwrap());
        Inclusion { index, size, path }.check(&leaf, &root).is_ok()
    });
}

#[test]
fn consistency_vectors_pass_and_fail_as_they_must() {
    vectors("consistency", |vector| {
        let Some(path) = path(vector) else { return false };
        let (earlier, size) = (vector["size1"].as_u64().unwrap(), vector["size2"].as_u64().unwrap());
        Consistency { earlier, size, path }.check(&root(&vector["root1"]), &root(&vector["root2"])).is_ok()
    });
}

#[test]
fn every_root_and_every_proof_up_to_a_size() {
    const SIZE: u64 = 70;
    let leaves = leaves(SIZE);
    let (tree, mut peaks) = (tree(&leaves), Peaks::default());
    for size in 0..=SIZE {
        let root = tree.root(size).unwrap();
        assert_eq!(root, naive(&leaves[..size as usize]), "of {size} leaves");
        assert_eq!((peaks.root(), peaks.size()), (root, size));
        leaves.get(size as usize).into_iter().for_each(|leaf| peaks.push(*leaf));
        for index in 0..size {
            let proof = tree.inclusion(index, size).unwrap();
            assert_eq!(proof.check(&leaves[index as usize], &root), Ok(()), "{index} of {size}");
        }
        for earlier in 1..=size {
            let proof = tree.consistency(earlier, size).unwrap();
            assert_eq!(proof.check(&tree.root(earlier).unwrap(), &root), Ok(()), "{earlier} in {size}");
        }
        assert_eq!((tree.inclusion(size, size), tree.consistency(0, size)), (None, None));
    }
    assert_eq!((tree.inclusion(0, SIZE + 1), tree.consistency(1, SIZE + 1)), (None, None));
}

proptest! {
    /// Another implementation makes the same roots and the same proofs.
    #[test]
    fn another_implementation_agrees(size in 1..300_u64, index in any::<proptest::sample::Index>(), earlier in any::<proptest::sample::Index>()) {
        let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        (0..size).for_each(|n| theirs.push(n.to_be_bytes().to_vec()));
        let ours = tree(&leaves(size));
        let (our_root, their_root) = (ours.root(size).unwrap(), theirs.root());
        prop_assert_eq!(our_root.0.as_slice(), their_root.as_bytes().as_slice());
        let index = index.index(size as usize);
        let inclusion: Vec<u8> = ours.inclusion(index as u64, size).unwrap().path.iter().flat_map(|hash| hash.0).collect();
        let their_inclusion = theirs.prove_inclusion(index);
        prop_assert_eq!(&inclusion, their_inclusion.as_bytes());
        let earlier = 1 + earlier.index(size as usize);
        let consistency: Vec<u8> =
            ours.consistency(earlier as u64, size).unwrap().path.iter().flat_map(|hash| hash.0).collect();
        let their_consistency = theirs.prove_consistency(size as usize - earlier);
        prop_assert_eq!(&consistency, their_consistency.as_bytes());
    }

    /// A proof with one bit changed, one hash more or less, another index or size, proves nothing.
    #[test]
    fn an_altered_proof_proves_nothing(size in 2..200_u64, at in any::<proptest::sample::Index>(), bit in 0..256_usize, pick in any::<proptest::sample::Index>()) {
        let leaves = leaves(size);
        let tree = tree(&leaves);
        let (index, root) = (at.index(size as usize), tree.root(size).unwrap());
        let good = tree.inclusion(index as u64, size).unwrap();
        let pick = pick.index(good.path.len());
        let mut flipped = good.clone();
        flipped.path[pick].0[bit / 8] ^= 1 << (bit % 8);
        let mut shorter = good.clone();
        shorter.path.remove(pick);
        let mut longer = good.clone();
        longer.path.insert(pick, Hash::of([]));
        let mut elsewhere = good.clone();
        elsewhere.index ^= 1;
        for bad in [flipped, shorter, longer, elsewhere] {
            prop_assert!(bad.check(&leaves[index], &root).is_err(), "{:?}", bad);
        }
        prop_assert!(good.check(&Hash::of([]), &root).is_err());
    }
}
