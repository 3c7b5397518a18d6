//! What makes an entry coherent. Pure: what is known and a draft in, nothing or typed rejections out. It must not
//! reject what merely breaks a rule: a council may decide that, and it becomes a finding.

use crate::date::DateSpan;
use crate::ids::{ContractId, EventRef, LotId, OfficeId, Part, PartyId, ServiceId};
use crate::prelude::*;
use crate::standing::Standing;

/// Which kind of name an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// A contract.
    Contract,
    /// A lot of a contract.
    Lot,
    /// A service of a contract.
    Service,
    /// An organisation.
    Party,
    /// An office.
    Office,
}

/// Who has a lot, from when to when, as recorded and not struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Who; `None` where it is withheld or unknown.
    pub party: Option<PartyId>,
    /// From when.
    pub effective: DateSpan,
    /// The last day, where one is set or the lot was released.
    pub until: Option<DateSpan>,
    /// How firmly.
    pub standing: Standing,
}

/// What the ledger already holds, as far as deciding needs it. Projections implement it.
pub trait Known {
    /// Whether the contract is defined.
    fn contract(&self, contract: &ContractId) -> bool;
    /// Whether the contract has the lot.
    fn lot(&self, contract: &ContractId, lot: &LotId) -> bool;
    /// Whether the contract has the service.
    fn service(&self, contract: &ContractId, service: &ServiceId) -> bool;
    /// Whether the party is defined.
    fn party(&self, party: &PartyId) -> bool;
    /// Whether the office is defined.
    fn office(&self, office: &OfficeId) -> bool;
    /// Whether an option to extend this part was recorded, of whatever standing.
    fn option(&self, contract: &ContractId, part: &Part) -> bool;
    /// The assignments of a lot that stand.
    fn assignments(&self, contract: &ContractId, lot: &LotId) -> Vec<Assignment>;
    /// Whether the event is there and stands: `Some(false)` when it was struck already.
    fn stands(&self, event: &EventRef) -> Option<bool>;
    /// All ids of a kind (lots and services of the one contract), to suggest the nearest.
    fn ids(&self, kind: IdKind, contract: Option<&ContractId>) -> Vec<String>;
}
