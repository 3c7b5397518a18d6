//! What an auditor holds a ledger to, without trusting it: signed heads, proofs, certificates, answers that carry their
//! evidence. It must not record anything, nor know how an answer is shown.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `key` | keys that sign, and keys that check |
//! | `note` | a text with signatures (C2SP signed-note) |
//! | `checkpoint` | the signed size and roots of a ledger, and those that it has signed |
//! | `bundle` | an answer with its evidence, checked with no ledger |
//! | `certificate` | that the projections were rebuilt, and are what was live |
//! | `explain` | one entry with its bytes and the proof that they are in the ledger |
//! | `proof` | proofs as files for other tools |
//! | `verify` | the whole ledger read as an auditor reads it |

pub mod bundle;
pub mod certificate;
pub mod checkpoint;
pub mod explain;
pub mod key;
pub mod note;
pub mod proof;
pub mod verify;
