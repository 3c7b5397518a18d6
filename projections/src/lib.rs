//! Timelines of what was decided, and selection along three coordinates: as of, known at, decided by.
//!
//! It owns the six projections, their keys, roots and versions, the figures selected from them, and the rules behind
//! findings. It does no I/O, reads no clock, is not async and has no `std`; it must not know where entries are kept,
//! nor how an answer is shown.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod prelude;

mod all;
mod chunks;
mod contents;
mod coordinates;
mod decisions;
mod endings;
mod figure;
pub mod findings;
mod index;
mod key;
mod known;
mod lazy;
mod log;
mod lots;
mod map;
mod network;
mod register;
mod roots;
pub mod saved;
pub mod streams;
mod timeline;
mod totals;
mod value;

pub use all::Projections;
pub use contents::Content;
pub use coordinates::{At, Counted};
pub use decisions::Decisions;
pub use endings::Ending;
pub use figure::{Beside, Counts, Doubt, Figure, How, Knowing, Other, Says, Told, Val, Why, tell};
pub use findings::{Checked, Finding, Findings, Weight};
pub use index::Projection;
pub use key::{Holder, Key, of_part};
pub use log::{Log, Recorded};
pub use lots::Lots;
pub use map::{Both, MapProof, MerkleMap};
pub use network::Network;
pub use register::{Held, LastNotice, Register, Registered, State, Statuses, Terms};
pub use roots::{RootOf, Roots, Trace};
pub use streams::{Streams, Subject};
pub use timeline::{Fact, Presence, Selection, Timeline};
pub use totals::{By, Earlier, Footed, Footing, Group, Lacking, Place, Share, Tally, Total, Totals};
pub use value::{Course, Courses, Lack, Sum, Value, Window};
