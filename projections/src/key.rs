//! What a timeline is a timeline of. One closed list for all projections; a key's text is the name that `why` takes.

use core::fmt;
use minutebook_events::{
    ActRef, ContractId, LotId, OfficeId, Part, PartyId, Position, Role, ServiceId, Slug, ValueLine,
};
use serde::Serialize;

/// A key: what a fact is about, without what it says of it. Keys of one contract sort together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Key {
    /// What the contract is called.
    Title(ContractId),
    /// Whether it is in force.
    Status(ContractId, Part),
    /// From when to when.
    Term(ContractId, Part),
    /// By how much it may be extended.
    Extension(ContractId, Part),
    /// What took its place.
    Successor(ContractId),
    /// A rule it sets.
    Clause(ContractId, Part, &'static str),
    /// Who may act on it.
    Delegation(ContractId, OfficeId),
    /// A step on the way.
    Milestone(ContractId, Slug),
    /// Notice to end it.
    Notice(ContractId, Part),
    /// A sealed content.
    Content(ContractId, Slug),
    /// A value line.
    Line(ContractId, ValueLine),
    /// A stated total.
    Total(ContractId, Slug),
    /// A lot's name and area.
    Lot(ContractId, LotId),
    /// Who runs a lot.
    Holder(ContractId, LotId),
    /// A service, and who manages it.
    Service(ContractId, ServiceId, Option<PartyId>),
    /// A role in the network: of a party, or of the one who holds a seat.
    Partner(ContractId, Role, Holder),
    /// Who funds it.
    Funding(ContractId, Part),
    /// A stated count.
    Count(ContractId, Slug),
    /// A choice that was weighed.
    Alternative(ContractId, Slug),
    /// A figure of performance.
    Performance(ContractId, Slug),
    /// An organisation.
    Party(PartyId),
    /// Another name of an organisation.
    Alias(PartyId, alloc::string::String),
    /// An office.
    Office(OfficeId),
    /// An act.
    Act(ActRef),
    /// An event whose wording may be read otherwise.
    Doubt(Position, u16),
}

/// Who holds a role: a party, or whoever holds a seat that only one can.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Holder {
    /// A party.
    Party(PartyId),
    /// A party in its place under another.
    Under(PartyId, PartyId),
    /// A seat.
    Seat(Slug),
}

impl Key {
    /// The contract it belongs to, where it belongs to one.
    pub fn contract(&self) -> Option<&ContractId> {
        match self {
            Self::Title(c)
            | Self::Status(c, _)
            | Self::Term(c, _)
            | Self::Extension(c, _)
            | Self::Successor(c)
            | Self::Clause(c, _, _)
            | Self::Delegation(c, _)
            | Self::Milestone(c, _)
            | Self::Notice(c, _)
            | Self::Content(c, _)
            | Self::Line(c, _)
            | Self::Total(c, _)
            | Self::Lot(c, _)
            | Self::Holder(c, _)
            | Self::Service(c, _, _)
            | Self::Partner(c, _, _)
            | Self::Funding(c, _)
            | Self::Count(c, _)
            | Self::Alternative(c, _)
            | Self::Performance(c, _) => Some(c),
            Self::Party(_) | Self::Alias(..) | Self::Office(_) | Self::Act(_) | Self::Doubt(..) => None,
        }
    }
}

/// "status", "lot-4/status", "service-sis-hrs/term".
fn part(out: &mut fmt::Formatter, part: &Part, what: &str) -> fmt::Result {
    match part {
        Part::Whole => out.write_str(what),
        Part::Lot(lot) => write!(out, "lot-{lot}/{what}"),
        Part::Service(service) => write!(out, "service-{service}/{what}"),
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Title(_) => out.write_str("title"),
            Self::Status(_, p) => part(out, p, "status"),
            Self::Term(_, p) => part(out, p, "term"),
            Self::Extension(_, p) => part(out, p, "option"),
            Self::Successor(_) => out.write_str("successor"),
            Self::Clause(_, p, word) => {
                part(out, p, "clause")?;
                write!(out, "/{word}")
            }
            Self::Delegation(_, office) => write!(out, "delegation/{office}"),
            Self::Milestone(_, slug) => write!(out, "milestone/{slug}"),
            Self::Notice(_, p) => part(out, p, "notice"),
            Self::Content(_, slug) => write!(out, "content/{slug}"),
            Self::Line(_, line) => write!(out, "line/{line}"),
            Self::Total(_, slug) => write!(out, "total/{slug}"),
            Self::Lot(_, lot) => write!(out, "lot-{lot}/title"),
            Self::Holder(_, lot) => write!(out, "lot-{lot}/holder"),
            Self::Service(_, service, None) => write!(out, "service-{service}"),
            Self::Service(_, service, Some(party)) => write!(out, "service-{service}/{party}"),
            Self::Partner(_, role, Holder::Party(party)) => write!(out, "{role}/{party}"),
            Self::Partner(_, role, Holder::Under(party, under)) => write!(out, "{role}/{party}/under-{under}"),
            Self::Partner(_, role, Holder::Seat(seat)) => write!(out, "{role}/seat-{seat}"),
            Self::Funding(_, p) => part(out, p, "funding"),
            Self::Count(_, slug) => write!(out, "count/{slug}"),
            Self::Alternative(_, slug) => write!(out, "alternative/{slug}"),
            Self::Performance(_, slug) => write!(out, "performance/{slug}"),
            Self::Party(party) => write!(out, "party/{party}"),
            Self::Alias(party, alias) => write!(out, "party/{party}/alias/{alias}"),
            Self::Office(office) => write!(out, "office/{office}"),
            Self::Act(reference) => write!(out, "act/{reference}"),
            Self::Doubt(position, place) => write!(out, "doubt/{position}/{place}"),
        }
    }
}
