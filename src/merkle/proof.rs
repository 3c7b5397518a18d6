//! Proofs about the Merkle tree, and their checks, which need no tree and no ledger. They must not know how a proof is made.

use ct_merkle::{ConsistencyProof, ConsistencyVerifError, RootHash};
use minutebook_events::Hash;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// That a leaf is at an index of the tree of a size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    /// The leaf's index: the entry's position.
    pub index: u64,
    /// The size of the tree.
    pub size: u64,
    /// The hashes beside the way from the leaf to the root, the leaf's neighbour first.
    pub path: Vec<Hash>,
}

/// That the tree of a size begins with the tree of an earlier size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// The earlier size, from 1.
    pub earlier: u64,
    /// The later size.
    pub size: u64,
    /// The hashes of RFC 6962, section 2.1.2, in its order.
    pub path: Vec<Hash>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// It is not of the length, or not for sizes, that a proof can have.
    #[error("it is no proof for these sizes")]
    Shape,
    /// It leads to another root.
    #[error("it leads to another root")]
    Root,
}

impl Inclusion {
    /// Checks that the tree with this root has this leaf hash at the index (RFC 9162, section 2.1.3.2).
    ///
    /// # Errors
    /// [`BadProof`].
    pub fn check(&self, leaf: &Hash, root: &Hash) -> Result<(), BadProof> {
        let mut node = self.index;
        let mut last = self.size.checked_sub(1).filter(|last| node <= *last).ok_or(BadProof::Shape)?;
        let mut hash = *leaf;
        for beside in &self.path {
            if last == 0 {
                return Err(BadProof::Shape);
            }
            if node % 2 == 1 || node == last {
                hash = Hash::node(beside, &hash);
                // The last node of a level may have no neighbour on the levels above.
                while node.is_multiple_of(2) && node != 0 {
                    (node, last) = (node / 2, last / 2);
                }
            } else {
                hash = Hash::node(&hash, beside);
            }
            (node, last) = (node / 2, last / 2);
        }
        match last {
            0 if hash == *root => Ok(()),
            0 => Err(BadProof::Root),
            _ => Err(BadProof::Shape),
        }
    }
}

impl Consistency {
    /// Checks that the tree with the later root begins with the tree of the earlier root (RFC 9162, section 2.1.4.2).
    ///
    /// # Errors
    /// [`BadProof`].
    pub fn check(&self, earlier: &Hash, root: &Hash) -> Result<(), BadProof> {
        let of = |root: &Hash, size| RootHash::<Sha256>::new(root.0.into(), size);
        let path = ConsistencyProof::try_from_bytes(self.path.iter().flat_map(|hash| hash.0).collect());
        let path = path.map_err(|_| BadProof::Shape)?;
        of(root, self.size).verify_consistency(&of(earlier, self.earlier), &path).map_err(|error| match error {
            ConsistencyVerifError::VerificationFailure => BadProof::Root,
            _ => BadProof::Shape,
        })
    }
}
