//! The vocabulary of the ledger: what an entry is, and what makes one coherent.
//!
//! It owns ids, date spans, money, standing, knowledge, sources, entries, events, `decide`, the JSON codec and the
//! decision file. It does no I/O, reads no clock and is not async: the crate has no `std`, so that the compiler
//! refuses a file or a socket, and `tests/suite/tidy.rs` and `clippy.toml` refuse the rest.
//!
//! ```
//! use minutebook_events::{DateSpan, Money};
//! assert_eq!("2021-05".parse().map(|span: DateSpan| span.to_string()), Ok("May 2021".to_owned()));
//! assert_eq!("£0.99m".parse().map(|money: Money| money.to_string()), Ok("£0.99 million".to_owned()));
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod prelude;

pub mod codec;
mod content;
mod date;
pub mod decide;
pub mod decision_file;
mod entry;
mod event;
pub mod fields;
mod hash;
mod ids;
mod knowledge;
mod money;
mod nearest;
pub mod packed;
mod source;
mod standing;
mod text;
pub mod working_days;

pub use content::{Classification, Commitment, Paragraph, Salt, Step};
pub use date::{DateSpan, Day, Months, TimeRange, YearFraction, financial_year};
pub use entry::{Act, ActKind, Draft, Entry, Instant};
pub use event::*;
pub use hash::Hash;
pub use ids::{
    ActRef, ContractId, EntryId, EventRef, LotId, OfficeId, Part, PartyId, Position, ServiceId, Slug, Version,
};
pub use knowledge::Knowledge;
pub use money::{Basis, Measure, Money, Percent, Quantity};
pub use nearest::nearest;
pub use source::{Document, DocumentCode, Source};
pub use standing::{Class, Standing};
