//! Names that entries use for things: contracts, lots, parties, offices, acts, entries and places in the ledger.
//! Nothing here knows whether a thing of that name exists.

use crate::packed::{Pack, Packer, Unpacker};
use crate::prelude::*;
use crate::text::text_serde;
use core::{fmt, num::ParseIntError, str::FromStr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" is not {what}: use 1 to 64 lower-case letters, digits and hyphens, starting with a letter or digit"
)]
pub struct BadId {
    text: String,
    what: &'static str,
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let good = (1..=64).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                    && !text.starts_with('-');
                if good { Ok(Self(text.into())) } else { Err(BadId { text: text.to_owned(), what: $what }) }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.pad(&self.0)
            }
        }
        text_serde!($name, $what);
        impl Pack for $name {
            fn pack(&self, to: &mut Packer) {
                to.name(&self.0);
            }
            fn unpack(from: &mut Unpacker) -> Option<Self> {
                from.name().map(Self)
            }
        }
    };
}

slug!(/// A contract, which is also a stream. 1 to 64 of `a-z`, `0-9`, `-`.
    ContractId, "a contract id");
slug!(/// A lot, which means nothing outside its contract: `4`, or `phase-one-west-kent` where no number is stated.
    LotId, "a lot id");
slug!(/// A service within a contract.
    ServiceId, "a service id");
slug!(/// An organisation: a council, a funder, a provider. Never a person.
    PartyId, "a party id");
slug!(/// An office that proposes, endorses or decides. Never its holder.
    OfficeId, "an office id");
slug!(/// Any other short name: a milestone, a measure of performance.
    Slug, "a short name");

/// The council's own reference of an act: `21/00110`, `decision 3022`. 1 to 64 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActRef(Arc<str>);

impl ActRef {
    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl FromStr for ActRef {
    type Err = BadActRef;
    fn from_str(text: &str) -> Result<Self, BadActRef> {
        let good =
            (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control) && text.trim() == text;
        if good { Ok(Self(text.into())) } else { Err(BadActRef(text.to_owned())) }
    }
}
impl fmt::Display for ActRef {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.pad(&self.0)
    }
}
text_serde!(ActRef, "the reference of an act");

impl Pack for ActRef {
    fn pack(&self, to: &mut Packer) {
        self.0.pack(to);
    }
    fn unpack(from: &mut Unpacker) -> Option<Self> {
        Pack::unpack(from).map(Self)
    }
}

/// Why a text is not the reference of an act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a reference: use 1 to 64 characters with no line breaks and no spaces at the ends")]
pub struct BadActRef(String);

/// The part of a contract that a fact is about: all of it, one lot, or one service. Written `lot 4`, `service sis-hrs`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Part {
    /// The whole contract.
    #[default]
    Whole,
    /// One lot.
    Lot(LotId),
    /// One service.
    Service(ServiceId),
}

impl Part {
    /// Whether this is the whole contract.
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}
impl FromStr for Part {
    type Err = BadPart;
    fn from_str(text: &str) -> Result<Self, BadPart> {
        let bad = |why: String| BadPart(text.to_owned(), why);
        match text.split_once(' ') {
            None if text == "whole" => Ok(Self::Whole),
            Some(("lot", id)) => id.parse().map(Self::Lot).map_err(|e: BadId| bad(e.to_string())),
            Some(("service", id)) => id.parse().map(Self::Service).map_err(|e: BadId| bad(e.to_string())),
            _ => Err(bad("write \"whole\", \"lot 4\" or \"service sis-hrs\"".to_owned())),
        }
    }
}
impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Whole => out.pad("whole"),
            Self::Lot(id) => write!(out, "lot {id}"),
            Self::Service(id) => write!(out, "service {id}"),
        }
    }
}
text_serde!(Part, "a part of a contract");

/// Why a text is not a part of a contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a part of a contract: {1}")]
pub struct BadPart(String, String);

/// An entry's own id: the idempotency key of recording it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub Uuid);

impl EntryId {
    /// An id that follows from a text, for suggesting one where a decision file has none: the same text gives the same id.
    pub fn from_text(text: &str) -> Self {
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()))
    }
}
impl FromStr for EntryId {
    type Err = BadEntryId;
    fn from_str(text: &str) -> Result<Self, BadEntryId> {
        Uuid::try_parse(text).map(Self).map_err(|_| BadEntryId(text.to_owned()))
    }
}
impl fmt::Display for EntryId {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(out)
    }
}
text_serde!(EntryId, "an entry's id, a UUID in quotes");

/// Why a text is not an entry's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an entry's id: write a UUID, as ab61f2c8-6d3b-4a37-9d3c-5f0c6f1f2a10")]
pub struct BadEntryId(String);

/// An entry's place in the ledger: 0, 1, 2 … with no gap; also its Merkle leaf index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// The position after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
impl FromStr for Position {
    type Err = ParseIntError;
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}
impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// A place in the stream of one contract: 0 is its first entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

/// One event of one entry, by the entry's id, so that a correction means the same in every copy of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRef {
    /// The entry.
    pub entry: EntryId,
    /// The event's place in that entry, from 0.
    pub event: u16,
}
