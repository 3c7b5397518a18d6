//! One entry as an auditor asks of it: what it is, its bytes as they are stored, the proof that they are in the ledger,
//! what it changed, and what came of it. It must not know how that is shown.

use super::checkpoint::{Checkpoint, CheckpointError, Signed};
use crate::ledger::Ledger;
use crate::question::{Answer, Cell, QuestionError, Row};
use crate::store::{StoreError, Stored};
use minutebook_events::{Day, Hash, Position};

/// Why an entry is not explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Not found.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// The entries cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// The checkpoints that the ledger kept cannot be read.
    #[error(transparent)]
    Kept(#[from] CheckpointError),
    /// Fault: the ledger ends before the checkpoint.
    #[error(
        "a checkpoint was signed of {signed} entries, and the ledger holds {size}: entries are missing; restore the ledger from a copy that has them"
    )]
    Missing {
        /// The size of that checkpoint.
        signed: Position,
        /// What there is.
        size: u64,
    },
    /// Fault: the ledger is not that of the checkpoint.
    #[error(
        "the first {size} entries are not those of the checkpoint that was signed of them: an entry was altered; `minutebook verify` finds it"
    )]
    Altered {
        /// The size of that checkpoint.
        size: Position,
    },
}

/// The bytes of an entry, exactly as they are stored and checked against their hash.
///
/// # Errors
/// [`ExplainError::Question`], [`ExplainError::Read`].
pub fn bytes(ledger: &Ledger, position: Position) -> Result<Stored, ExplainError> {
    let past = QuestionError::PastHead { asked: position, head: ledger.head() };
    Ok(ledger.stored(position)?.ok_or(past)?)
}

/// All about one entry: what it is, its bytes, the proof that they are in the ledger, then its streams, what it changed of
/// the state on a day, and which of its events were struck since.
///
/// # Errors
/// [`ExplainError`].
pub fn explain(ledger: &Ledger, signed: &Signed, position: Position, as_of: Day) -> Result<Answer, ExplainError> {
    let stored = bytes(ledger, position)?;
    let mut answer = ledger.view().explain(position, as_of)?;
    // Next to the entry, which is the first row.
    answer.answer.splice(1..1, [of_bytes(&stored), of_proof(ledger, signed, &stored)?]);
    Ok(answer)
}

fn of_bytes(stored: &Stored) -> Row {
    Row::new("bytes")
        .text("length", stored.bytes.len())
        .text("sha256", Hash::of([stored.bytes.as_slice()]))
        .text("leaf", stored.leaf)
}

/// The proof that an entry is in the ledger of the latest checkpoint; where that is older than the entry, or there is
/// none, in the ledger as it is now.
fn of_proof(ledger: &Ledger, signed: &Signed, stored: &Stored) -> Result<Row, ExplainError> {
    let latest = signed.latest()?.map(|(checkpoint, _)| checkpoint);
    let covering = latest.filter(|checkpoint| stored.position < checkpoint.head.size);
    let tree = ledger.tree();
    let size = covering.as_ref().map_or(tree.size(), |checkpoint| checkpoint.head.size.0);
    let missing = ExplainError::Missing { signed: Position(size), size: tree.size() };
    let proof = tree.inclusion(stored.position.0, size).ok_or(missing)?;
    let root = covering.as_ref().map(|checkpoint| checkpoint.head.root).or_else(|| tree.root(size));
    let root = root.expect("a size of which there is a proof has a root");
    proof.check(&stored.leaf, &root).map_err(|_| ExplainError::Altered { size: Position(size) })?;
    Ok(Row::new("proof")
        .text("in", in_words(covering.as_ref()))
        .text("size", size)
        .text("index", stored.position)
        .text("root", root)
        .cell("path", Cell::List(proof.path.iter().map(ToString::to_string).collect())))
}

fn in_words(covering: Option<&Checkpoint>) -> String {
    match covering {
        Some(checkpoint) => {
            let Checkpoint { origin, head } = checkpoint;
            format!("the checkpoint of {} entries that the ledger kept in the name of {origin}", head.size)
        }
        None => "the ledger as it is now: no checkpoint that it kept covers the entry".to_owned(),
    }
}
