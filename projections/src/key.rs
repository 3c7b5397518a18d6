//! What a timeline is a timeline of. One closed list for all projections; a key's text is the name that `why` takes.

use crate::decisions::Decisions;
use crate::findings::Findings;
use crate::index::{KINDS, Projection};
use crate::log::Recorded;
use crate::lots::Lots;
use crate::network::Network;
use crate::prelude::*;
use crate::register::Register;
use crate::streams::Subject;
use crate::value::Value;
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
    Alias(PartyId, String),
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

impl Key {
    /// That of what an event says, and not of its act or of a doubt about its wording; nothing of a correction. Those of an event
    /// about several contracts have one text.
    pub fn of(recorded: &Recorded, place: u16) -> Option<Self> {
        let mut keys = KINDS.iter().flat_map(|kind| kind.keys(&recorded.entry, place, recorded.position));
        keys.find(|key| !matches!(key, Self::Act(_) | Self::Doubt(..)))
    }

    /// Whether it is a key of this subject; of none, whether it is of an act or a doubt, which nothing is asked of alone.
    pub(crate) fn is_of(&self, subject: Option<&Subject>) -> bool {
        match (self, subject) {
            (Self::Party(own) | Self::Alias(own, _), Some(Subject::Party(party))) => own == party,
            (Self::Office(own), Some(Subject::Office(office))) => own == office,
            (Self::Act(_) | Self::Doubt(..), subject) => subject.is_none(),
            (_, Some(Subject::Contract(contract))) => self.contract() == Some(contract),
            _ => false,
        }
    }

    /// Its subject, where it has one.
    pub(crate) fn subject(&self) -> Option<Subject> {
        match self {
            Self::Party(party) | Self::Alias(party, _) => Some(Subject::Party(party.clone())),
            Self::Office(office) => Some(Subject::Office(office.clone())),
            _ => self.contract().cloned().map(Subject::Contract),
        }
    }

    /// The projection that keeps it.
    pub fn projection(&self) -> &'static str {
        match self {
            Self::Title(_)
            | Self::Status(..)
            | Self::Term(..)
            | Self::Extension(..)
            | Self::Successor(_)
            | Self::Clause(..)
            | Self::Delegation(..)
            | Self::Milestone(..)
            | Self::Notice(..)
            | Self::Content(..) => Register::NAME,
            Self::Line(..) | Self::Total(..) => Value::NAME,
            Self::Lot(..) | Self::Holder(..) | Self::Service(..) => Lots::NAME,
            Self::Partner(..) | Self::Funding(..) | Self::Party(_) | Self::Alias(..) | Self::Office(_) => Network::NAME,
            Self::Act(_) => Decisions::NAME,
            Self::Count(..) | Self::Alternative(..) | Self::Performance(..) | Self::Doubt(..) => Findings::NAME,
        }
    }
}

/// What stands in front of the name of a part's figure, as in "lot-4/status" and "service-sis-hrs/term".
fn prefix(part: &Part) -> [&str; 3] {
    match part {
        Part::Whole => ["", "", ""],
        Part::Lot(lot) => ["lot-", lot.as_str(), "/"],
        Part::Service(service) => ["service-", service.as_str(), "/"],
    }
}

/// The name of a part's figure: "status", "lot-4/status".
pub fn of_part(part: &Part, what: &str) -> String {
    let [kind, id, end] = prefix(part);
    [kind, id, end, what].concat()
}

impl Key {
    /// Its text.
    pub fn name(&self) -> String {
        match self {
            Self::Title(_) => "title".to_owned(),
            Self::Status(_, part) => of_part(part, "status"),
            Self::Term(_, part) => of_part(part, "term"),
            Self::Extension(_, part) => of_part(part, "option"),
            Self::Successor(_) => "successor".to_owned(),
            Self::Clause(_, part, word) => {
                let [kind, id, end] = prefix(part);
                [kind, id, end, "clause/", word].concat()
            }
            Self::Delegation(_, office) => ["delegation/", office.as_str()].concat(),
            Self::Milestone(_, slug) => ["milestone/", slug.as_str()].concat(),
            Self::Notice(_, part) => of_part(part, "notice"),
            Self::Content(_, slug) => ["content/", slug.as_str()].concat(),
            Self::Line(_, line) => ["line/", &line.name()].concat(),
            Self::Total(_, slug) => ["total/", slug.as_str()].concat(),
            Self::Lot(_, lot) => ["lot-", lot.as_str(), "/title"].concat(),
            Self::Holder(_, lot) => ["lot-", lot.as_str(), "/holder"].concat(),
            Self::Service(_, service, None) => ["service-", service.as_str()].concat(),
            Self::Service(_, service, Some(party)) => ["service-", service.as_str(), "/", party.as_str()].concat(),
            Self::Partner(_, role, Holder::Party(party)) => [role.word(), "/", party.as_str()].concat(),
            Self::Partner(_, role, Holder::Under(party, under)) => {
                [role.word(), "/", party.as_str(), "/under-", under.as_str()].concat()
            }
            Self::Partner(_, role, Holder::Seat(seat)) => [role.word(), "/seat-", seat.as_str()].concat(),
            Self::Funding(_, part) => of_part(part, "funding"),
            Self::Count(_, slug) => ["count/", slug.as_str()].concat(),
            Self::Alternative(_, slug) => ["alternative/", slug.as_str()].concat(),
            Self::Performance(_, slug) => ["performance/", slug.as_str()].concat(),
            Self::Party(party) => ["party/", party.as_str()].concat(),
            Self::Alias(party, alias) => ["party/", party.as_str(), "/alias/", alias].concat(),
            Self::Office(office) => ["office/", office.as_str()].concat(),
            Self::Act(reference) => ["act/", reference.as_str()].concat(),
            Self::Doubt(position, place) => format!("doubt/{position}/{place}"),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.pad(&self.name())
    }
}
