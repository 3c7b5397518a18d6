//! Sealed content beside the ledger: exempt appendices and personal data, which no entry holds. An entry commits to a
//! content by a salted hash; the content lies here, encrypted to one key, until it is published or erased. It must not know
//! what an entry is recorded for, nor let a content or its salt into an error, a log or an answer.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `key` | the key that seals, which recorders have, and the key that reads, which the officer has |
//! | `envelope` | encryption: RFC 9180 from one key to the other |
//! | `opening` | what is hashed: salt and content |
//! | `contents` | the files beside the ledger: written, read, published, destroyed |
//! | `held` | the files held to the entries: before one is recorded, after, and by an auditor |
//! | `certificate` | what an erasure destroyed, and what still holds |
//!
//! ```text
//! DIR/sealed/COMMITMENT     salt and content, encrypted (see `envelope`)
//! DIR/published/COMMITMENT  the content as it was sealed, once it is published; its salt is in the entry
//! ```
//!
//! A content is on disk before the entry that commits to it is appended, and is destroyed after the entry that says so: a
//! receipt of the first means that it is there, and a crash before a receipt of the second is made good by recording it again.

mod certificate;
mod contents;
mod envelope;
mod held;
mod key;
mod opening;

pub use certificate::certificate;
pub use contents::{ContentError, Contents, commits};
pub use held::{ContentFault, ERASES, NotReady, Unready, VerifiedContents, erasures, published};
pub(crate) use held::{erased_by, may_concern_contents};
pub use key::{ReadKey, SealKey, SealKeyError};
