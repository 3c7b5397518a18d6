//! Proofs as files for other tools: one JSON object with the hashes that it is about, so that whoever has it needs no
//! ledger. It must not know how a proof is made or checked: `merkle` does.

use super::checkpoint::Checkpoint;
use crate::merkle::{BadProof, Consistency, Inclusion, Tree};
use crate::question::QuestionError;
use minutebook_events::{Hash, Position};
use serde::{Deserialize, Serialize};

/// What a proof shows, with the hashes and roots that it shows it of (RFC 6962, sections 2.1.1 and 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Proof {
    /// That an entry is in the ledger of a size.
    Inclusion {
        /// Its position.
        index: u64,
        /// How many entries the ledger had.
        size: u64,
        /// The leaf hash: SHA-256 of a zero byte and the stored bytes.
        leaf: Hash,
        /// The root of the tree of that size.
        root: Hash,
        /// The hashes beside the way from the leaf to the root.
        path: Vec<Hash>,
    },
    /// That the ledger of one size begins with the ledger of an earlier size.
    Consistency {
        /// The earlier size.
        earlier: u64,
        /// The later size.
        size: u64,
        /// The root of the tree of the earlier size.
        earlier_root: Hash,
        /// The root of the tree of the later size.
        root: Hash,
        /// The hashes that lead to both.
        path: Vec<Hash>,
    },
}

/// Why there is no such proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProof {
    /// Not found: no such entry.
    #[error(transparent)]
    NoEntry(#[from] QuestionError),
    /// Not found: the ledger does not go that far.
    #[error("the ledger never had a size of {asked}: it holds {size} entries")]
    NeverHad {
        /// The size asked for.
        asked: u64,
        /// The size that there is.
        size: u64,
    },
    /// Not found: the entry came later.
    #[error("the entry at position {position} is not among the first {size}: ask for a size from {}", .position.next())]
    Later {
        /// The entry.
        position: Position,
        /// The size asked for.
        size: u64,
    },
    /// Incorrect: nothing follows from an empty ledger, and nothing from a later one.
    #[error("no ledger of {size} entries begins with one of {earlier}: give an earlier size, from 1 to {size}")]
    Backwards {
        /// The earlier size.
        earlier: u64,
        /// The later.
        size: u64,
    },
}

/// Why a proof is not of what it was held to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOf {
    /// The checkpoint is of a size that the proof says nothing of.
    #[error("the checkpoint is of {0} entries, and the proof says nothing of that size")]
    Size(Position),
    /// The ledger of the checkpoint is another.
    #[error("the checkpoint of {0} entries has another root")]
    Root(Position),
    /// The bytes are others.
    #[error("the bytes have the leaf hash {0}, and the proof is of another")]
    Bytes(Hash),
    /// The proof is of no entry.
    #[error("a proof of consistency is of no entry's bytes")]
    NoEntry,
}

/// The root of a size that a ledger has had.
fn root(tree: &Tree, asked: u64) -> Result<Hash, NoProof> {
    tree.root(asked).ok_or(NoProof::NeverHad { asked, size: tree.size() })
}

impl Proof {
    /// That the entry at a position is in the ledger of a size.
    ///
    /// # Errors
    /// [`NoProof::NoEntry`], [`NoProof::NeverHad`], [`NoProof::Later`].
    pub fn inclusion(tree: &Tree, position: Position, size: u64) -> Result<Self, NoProof> {
        if position.0 >= tree.size() {
            return Err(QuestionError::PastHead { asked: position, head: Position(tree.size()) }.into());
        }
        let root = root(tree, size)?;
        let later = NoProof::Later { position, size };
        let proof = tree.inclusion(position.0, size).ok_or(later)?;
        let leaf = *tree.leaf(position.0).expect("what a tree includes is a leaf of it");
        Ok(Self::Inclusion { index: proof.index, size, leaf, root, path: proof.path })
    }

    /// That the ledger of one size begins with that of an earlier size.
    ///
    /// # Errors
    /// [`NoProof::NeverHad`], [`NoProof::Backwards`].
    pub fn consistency(tree: &Tree, earlier: u64, size: u64) -> Result<Self, NoProof> {
        let (earlier_root, root) = (root(tree, earlier)?, root(tree, size)?);
        let proof = tree.consistency(earlier, size).ok_or(NoProof::Backwards { earlier, size })?;
        Ok(Self::Consistency { earlier, size, earlier_root, root, path: proof.path })
    }

    /// Checks that the path leads from what it says to the roots that it says.
    ///
    /// # Errors
    /// [`BadProof`].
    pub fn check(&self) -> Result<(), BadProof> {
        match self {
            Self::Inclusion { index, size, leaf, root, path } => {
                Inclusion { index: *index, size: *size, path: path.clone() }.check(leaf, root)
            }
            Self::Consistency { earlier, size, earlier_root, root, path } => {
                Consistency { earlier: *earlier, size: *size, path: path.clone() }.check(earlier_root, root)
            }
        }
    }

    /// Holds a root that it says to a checkpoint of that size.
    ///
    /// # Errors
    /// [`NotOf::Size`], [`NotOf::Root`].
    pub fn hold(&self, checkpoint: &Checkpoint) -> Result<(), NotOf> {
        let of = checkpoint.head.size;
        let said = match self {
            Self::Inclusion { size, root, .. } | Self::Consistency { size, root, .. } if *size == of.0 => root,
            Self::Consistency { earlier, earlier_root, .. } if *earlier == of.0 => earlier_root,
            _ => return Err(NotOf::Size(of)),
        };
        if *said == checkpoint.head.root { Ok(()) } else { Err(NotOf::Root(of)) }
    }

    /// Holds the leaf that it says to the stored bytes of an entry.
    ///
    /// # Errors
    /// [`NotOf::Bytes`], [`NotOf::NoEntry`].
    pub fn hold_bytes(&self, bytes: &[u8]) -> Result<(), NotOf> {
        let Self::Inclusion { leaf, .. } = self else { return Err(NotOf::NoEntry) };
        let ours = Hash::leaf(bytes);
        if ours == *leaf { Ok(()) } else { Err(NotOf::Bytes(ours)) }
    }
}
