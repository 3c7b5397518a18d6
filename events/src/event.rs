//! Events: the closed list of what a decision or document can establish about a contract, a party or a figure. An
//! event says what one source says; what follows from many is for the projections.

use crate::content::{Classification, Commitment, Salt, Step};
use crate::date::{DateSpan, Day, Months};
use crate::ids::{ActRef, ContractId, EventRef, LotId, OfficeId, Part, PartyId, ServiceId, Slug};
use crate::knowledge::Knowledge;
use crate::money::{Basis, Measure, Money, Percent, Quantity};
use crate::prelude::*;
use crate::source::Source;
use crate::standing::Standing;
use core::fmt;
use serde::{Deserialize, Serialize};

/// One fact, with the day it takes effect, how firmly it stands and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// From when the fact holds in the world (valid time). What ends takes effect on the first day without it.
    pub effective: DateSpan,
    /// The last day on which it holds, where the source sets one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<DateSpan>,
    /// How firmly it stands.
    pub standing: Standing,
    /// Why it is inferred; always there when it is, and what it is inferred from stands under `sources`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub because: Option<Arc<str>>,
    /// Why its standing or wording may be read otherwise; shown as a finding.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub doubt: Option<Arc<str>>,
    /// Where it is written; at least one.
    pub sources: Vec<Source>,
    /// What it is.
    pub kind: EventKind,
}

/// The value line that an amount belongs to: lines are the parts that add up, and are never totals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueLine {
    /// What kind of figure it is.
    pub measure: Measure,
    /// The lot or service it is for; left out for the whole contract.
    #[serde(skip_serializing_if = "Part::is_whole", default)]
    pub part: Part,
    /// The provider it goes to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub party: Option<PartyId>,
    /// Who pays it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub funder: Option<PartyId>,
    /// A name that tells it from other lines of the same contract, where the rest does not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<Slug>,
}

impl ValueLine {
    /// Its name, as in keys: "envelope/lot-4/from-kcc".
    pub fn name(&self) -> String {
        let mut name = String::with_capacity(64);
        let mut add = |what: &str, id: &str| {
            name.push_str(what);
            name.push_str(id);
        };
        add("", self.measure.word());
        match &self.part {
            Part::Whole => {}
            Part::Lot(lot) => add("/lot-", lot.as_str()),
            Part::Service(service) => add("/service-", service.as_str()),
        }
        self.party.iter().for_each(|party| add("/to-", party.as_str()));
        self.funder.iter().for_each(|funder| add("/from-", funder.as_str()));
        self.name.iter().for_each(|own| add("/", own.as_str()));
        name
    }
}

/// Which value lines a stated total claims to add up. An empty list means all; lines must match every word given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// The contract they belong to.
    pub contract: ContractId,
    /// What kind of figure they are.
    pub measure: Measure,
    /// Lots or services; empty for all of them.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parts: Vec<Part>,
    /// Providers; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub parties: Vec<PartyId>,
    /// Funders, their arms included; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub funders: Vec<PartyId>,
    /// Names of lines; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub names: Vec<Slug>,
    /// The first day that the total counts; left out, the lines count as they are on the day of the total.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Day>,
    /// The last day that the total counts.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<Day>,
}

/// One way to read which parts a stated total or count covers. Most have one; an ambiguous statement has several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading<Parts> {
    /// The reading in a few words.
    pub label: String,
    /// What it adds up or counts.
    pub parts: Vec<Parts>,
}

/// A funder and the share it is stated to pay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Funder {
    /// Who funds.
    pub party: PartyId,
    /// The share as stated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub share: Option<Percent>,
}

/// What a party does in a contract's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Pays for it.
    Funder,
    /// Commissions it.
    Commissioner,
    /// Holds the contract and stewards the network.
    StrategicPartner,
    /// Provides under a contract with the council.
    Provider,
    /// Provides under a strategic partner.
    DeliveryPartner,
}

impl Role {
    /// The role in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Funder => "funder",
            Self::Commissioner => "commissioner",
            Self::StrategicPartner => "strategic-partner",
            Self::Provider => "provider",
            Self::DeliveryPartner => "delivery-partner",
        }
    }
}
impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.pad(self.word())
    }
}

/// Whether an office can decide, or only advises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
    /// It has the power to decide.
    Decides,
    /// It endorses, comments, recommends.
    Advises,
}

/// A rule that a contract sets for itself. Numbers first, so that findings can hold the record to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Clause {
    /// The longest term it may have, options and additions included.
    TermCap {
        /// In months from commencement.
        months: Months,
    },
    /// The most it may be worth.
    ValueCap {
        /// The threshold.
        amount: Knowledge<Money>,
    },
    /// The most that a strategic partner may deliver itself.
    SelfDeliveryCap {
        /// As a share of the contract's value.
        share: Knowledge<Percent>,
    },
    /// The least by which it rises every year.
    UpliftFloor {
        /// A year.
        percent: Percent,
        /// Who pays for it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        funder: Option<PartyId>,
    },
    /// How long notice must be.
    NoticePeriod {
        /// In months.
        months: Months,
    },
    /// What a grant from it may be.
    GrantRange {
        /// The smallest.
        least: Money,
        /// The largest.
        most: Money,
    },
    /// How far activity may move before a block payment does.
    Tolerance {
        /// The lower limit.
        lower: Knowledge<Percent>,
        /// The upper limit.
        upper: Knowledge<Percent>,
    },
    /// Who may use it, by age in years.
    Eligibility {
        /// The lowest age.
        from_age: u8,
        /// The highest age, where there is one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        to_age: Option<u8>,
    },
    /// That elements may be added while it runs.
    Additions {
        /// Whether both parties must agree.
        agreed_by_both: bool,
        /// Whether an addition may carry another term.
        own_term: bool,
    },
    /// How it was or is to be procured: a procedure or a regulation.
    Procedure {
        /// As the field calls it.
        name: String,
    },
    /// How it is paid.
    Payment {
        /// In a few words: block, payment by results.
        method: String,
    },
    /// The agreement between those who fund it.
    FundingAgreement {
        /// As the field calls it: Section 256.
        name: String,
    },
}

impl Clause {
    /// The clause's name, as in keys.
    pub fn word(&self) -> &'static str {
        match self {
            Self::TermCap { .. } => "term-cap",
            Self::ValueCap { .. } => "value-cap",
            Self::SelfDeliveryCap { .. } => "self-delivery-cap",
            Self::UpliftFloor { .. } => "uplift-floor",
            Self::NoticePeriod { .. } => "notice-period",
            Self::GrantRange { .. } => "grant-range",
            Self::Tolerance { .. } => "tolerance",
            Self::Eligibility { .. } => "eligibility",
            Self::Additions { .. } => "additions",
            Self::Procedure { .. } => "procedure",
            Self::Payment { .. } => "payment",
            Self::FundingAgreement { .. } => "funding-agreement",
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::TermCap { months } => write!(out, "at most {months}"),
            Self::ValueCap { amount } => write!(out, "at most {amount}"),
            Self::SelfDeliveryCap { share } => write!(out, "at most {share} by the partner itself"),
            Self::UpliftFloor { percent, funder: None } => write!(out, "at least {percent} a year"),
            Self::UpliftFloor { percent, funder: Some(funder) } => {
                write!(out, "at least {percent} a year, funded by {funder}")
            }
            Self::NoticePeriod { months } => write!(out, "{months}"),
            Self::GrantRange { least, most } => write!(out, "{least} to {most} a grant"),
            Self::Tolerance { lower, upper } => write!(out, "lower {lower}, upper {upper}"),
            Self::Eligibility { from_age, to_age: None } => write!(out, "aged {from_age} and over"),
            Self::Eligibility { from_age, to_age: Some(to_age) } => write!(out, "aged {from_age} to {to_age}"),
            Self::Additions { agreed_by_both, own_term } => {
                let both = if *agreed_by_both { "agreed by both parties" } else { "by one party" };
                write!(out, "{both}, {} another term", if *own_term { "may carry" } else { "not with" })
            }
            Self::Procedure { name } | Self::FundingAgreement { name } => out.pad(name),
            Self::Payment { method } => out.pad(method),
        }
    }
}

/// What happened: past tense, closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EventKind {
    /// A contract, or a thing held as one, is named for the first time.
    ContractDefined {
        /// Its id.
        contract: ContractId,
        /// What it is called.
        title: String,
    },
    /// It, or a part of it, started.
    Commenced {
        /// The contract.
        contract: ContractId,
        /// The part.
        #[serde(skip_serializing_if = "Part::is_whole", default)]
        part: Part,
    },
    /// It, or a part of it, ended: `effective` is the first day without it.
    Ended {
        /// The contract.
        contract: ContractId,
        /// The part.
        #[serde(skip_serializing_if = "Part::is_whole", default)]
        part: Part,
    },
    /// Another contract took its place.
    Succeeded {
        /// The earlier contract.
        contract: ContractId,
        /// The one that took its place.
        by: ContractId,
    },
    /// Its term was set, from `effective` to `last_day`.
    TermSet {
        /// The contract.
        contract: ContractId,
        /// The part.
        #[serde(skip_serializing_if = "Part::is_whole", default)]
        part: Part,
        /// The last day of the term.
        last_day: DateSpan,
    },
    /// An option to extend was granted.
    OptionGranted {
        /// The contract.
        contract: ContractId,
        /// The part.
        #[serde(skip_serializing_if = "Part::is_whole", default)]
        part: Part,
        /// The most by which it may be extended, all options together.
        months: Months,
    },
    /// The term was extended under an option; `effective` is the first day of the extension.
    Extended {
        /// The contract.
        contract: ContractId,
        /// The part.
        #[serde(skip_serializing_if = "Part::is_whole", default)]
        part: Part,
        /// The last day of the term as extended.
        last_day: DateSpan,
    },
    /// A lot of a contract is named for the first time.
    LotDefined {
        /// The contract.
        contract: ContractId,
        /// The lot, which means nothing outside it.
        lot: LotId,
        /// What it is called.
        title: String,
        /// Where it is, in the words of the scheme; areas of two schemes are not the same for having the same name.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        area: Option<String>,
    },
    /// A lot was given to a party.
    LotAssigned {
        /// The contract.
        contract: ContractId,
        /// The lot.
        lot: LotId,
        /// To whom.
        party: Knowledge<PartyId>,
    },
    /// A party no longer has a lot: `effective` is the first day without it.
    LotReleased {
        /// The contract.
        contract: ContractId,
        /// The lot.
        lot: LotId,
        /// Who had it.
        party: PartyId,
    },
    /// A service was added to a contract.
    ServiceAdded {
        /// The contract.
        contract: ContractId,
        /// The service.
        service: ServiceId,
        /// What it is called.
        title: String,
        /// Where it is provided.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        area: Option<String>,
        /// The lots it is provided in; empty for all, or where it has none.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        lots: Vec<LotId>,
        /// Who manages it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        party: Option<PartyId>,
    },
    /// A service was taken out of a contract: `effective` is the first day without it.
    ServiceRemoved {
        /// The contract.
        contract: ContractId,
        /// The service.
        service: ServiceId,
        /// Whose part of it; left out, everybody's.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        party: Option<PartyId>,
    },
    /// The amount of a value line was set, from `effective` to `until`.
    ValueSet {
        /// The contract.
        contract: ContractId,
        /// The line.
        line: ValueLine,
        /// How much.
        amount: Knowledge<Money>,
        /// For what.
        basis: Basis,
        /// Other contracts that the amount covers too: then the contract's own share of it is unknown.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        with: Vec<ContractId>,
    },
    /// The amount of a value line was changed by a difference.
    ValueChanged {
        /// The contract.
        contract: ContractId,
        /// The line.
        line: ValueLine,
        /// By how much; less than nothing for a reduction.
        by: Knowledge<Money>,
        /// For what.
        basis: Basis,
    },
    /// A total was stated, beside which ours is computed.
    TotalStated {
        /// The contract it is about first of all.
        contract: ContractId,
        /// Which total.
        total: Slug,
        /// What the source says.
        amount: Money,
        /// For what.
        basis: Basis,
        /// What it should be the sum of.
        readings: Vec<Reading<Lines>>,
    },
    /// A number of things was stated, beside which those listed are counted.
    CountStated {
        /// The contract it is about first of all.
        contract: ContractId,
        /// Which count.
        count: Slug,
        /// What the source says.
        number: u32,
        /// What there is to count.
        readings: Vec<Reading<String>>,
    },
    /// Who funds a contract or a part of it.
    FundingSet {
        /// The contract.
        contract: ContractId,
        /// The part.
        #[serde(skip_serializing_if = "Part::is_whole", default)]
        part: Part,
        /// The funders, all of them.
        funders: Vec<Funder>,
    },
    /// An organisation is named for the first time.
    PartyDefined {
        /// Its id.
        party: PartyId,
        /// What it is called.
        name: String,
        /// The organisation it is an arm of.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        arm_of: Option<PartyId>,
    },
    /// An organisation is called by another name.
    AliasStated {
        /// The organisation.
        party: PartyId,
        /// The other name.
        alias: String,
        /// The abbreviation that the name is given as the expansion of: two for one conflict.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expands: Option<String>,
    },
    /// An office of a body is named for the first time.
    OfficeDefined {
        /// Its id.
        office: OfficeId,
        /// What it is called.
        title: String,
        /// The body it is an office of.
        body: PartyId,
        /// Whether it decides or advises.
        power: Power,
    },
    /// A party took a role in a contract's network.
    PartnerJoined {
        /// The contract.
        contract: ContractId,
        /// Who.
        party: PartyId,
        /// As what.
        role: Role,
        /// Whom it works under.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        under: Option<PartyId>,
        /// A seat that only one party can hold: two parties stated for one seat conflict.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        seat: Option<Slug>,
    },
    /// A party gave up a role: `effective` is the first day without it.
    PartnerLeft {
        /// The contract.
        contract: ContractId,
        /// Who.
        party: PartyId,
        /// What it was.
        role: Role,
        /// Whom it worked under.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        under: Option<PartyId>,
        /// The seat it held.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        seat: Option<Slug>,
    },
    /// A rule of the contract was set.
    ClauseSet {
        /// The contract.
        contract: ContractId,
        /// The part.
        #[serde(skip_serializing_if = "Part::is_whole", default)]
        part: Part,
        /// The rule.
        clause: Clause,
    },
    /// The power to act was handed to an office.
    DelegationGranted {
        /// The contracts it is about.
        contracts: Vec<ContractId>,
        /// Who may act.
        to: OfficeId,
        /// To do what, in a few words.
        scope: String,
    },
    /// A step on the way: `effective` is its date.
    Milestone {
        /// The contract.
        contract: ContractId,
        /// Which step.
        milestone: Slug,
        /// What it is called.
        title: String,
    },
    /// Notice to end was given, or is to be: `effective` is the day it is served.
    NoticeGiven {
        /// The contract.
        contract: ContractId,
        /// The part.
        #[serde(skip_serializing_if = "Part::is_whole", default)]
        part: Part,
        /// How long it runs.
        months: Months,
    },
    /// A figure of performance or need was reported.
    PerformanceReported {
        /// The contract it is about.
        contract: ContractId,
        /// The measure.
        measure: Slug,
        /// What the source says.
        value: Quantity,
    },
    /// A choice was weighed: taken up or not, and what it was said to save.
    AlternativeConsidered {
        /// The contracts it is about.
        contracts: Vec<ContractId>,
        /// Which choice.
        alternative: Slug,
        /// What it is, in a few words.
        title: String,
        /// The saving stated for it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        saving: Option<Money>,
        /// Whether it is the one taken forward.
        taken: bool,
    },
    /// A content was sealed: the entry commits to it and does not hold it. `effective` is the day from which it is withheld.
    ContentSealed {
        /// The contract.
        contract: ContractId,
        /// Which content, by a name that means nothing outside its contract.
        content: Slug,
        /// What it is called; never what it says.
        title: String,
        /// Why it is withheld.
        classification: Classification,
        /// What it can be checked against.
        commitment: Commitment,
    },
    /// A sealed content was published: `effective` is the first day on which everybody may read it.
    ContentPublished {
        /// The contract.
        contract: ContractId,
        /// Which content.
        content: Slug,
        /// With which anyone can check it against its commitment.
        salt: Salt,
    },
    /// A sealed content was erased, and its salt with it: the commitment stays, and nothing is left to check against it.
    ContentErased {
        /// The contract.
        contract: ContractId,
        /// Which content.
        content: Slug,
        /// Why.
        reason: String,
    },
    /// An event recorded earlier was wrong: struck, and still shown to questions known earlier.
    Correction {
        /// The event that was wrong.
        strikes: EventRef,
        /// What was wrong with it.
        reason: String,
    },
}

impl EventKind {
    /// Every kind, as files name it.
    pub const NAMES: [&'static str; 32] = [
        "contract-defined",
        "commenced",
        "ended",
        "succeeded",
        "term-set",
        "option-granted",
        "extended",
        "lot-defined",
        "lot-assigned",
        "lot-released",
        "service-added",
        "service-removed",
        "value-set",
        "value-changed",
        "total-stated",
        "count-stated",
        "funding-set",
        "party-defined",
        "alias-stated",
        "office-defined",
        "partner-joined",
        "partner-left",
        "clause-set",
        "delegation-granted",
        "milestone",
        "notice-given",
        "performance-reported",
        "alternative-considered",
        "content-sealed",
        "content-published",
        "content-erased",
        "correction",
    ];

    /// The kind, as files name it.
    pub fn name(&self) -> &'static str {
        let place = match self {
            Self::ContractDefined { .. } => 0,
            Self::Commenced { .. } => 1,
            Self::Ended { .. } => 2,
            Self::Succeeded { .. } => 3,
            Self::TermSet { .. } => 4,
            Self::OptionGranted { .. } => 5,
            Self::Extended { .. } => 6,
            Self::LotDefined { .. } => 7,
            Self::LotAssigned { .. } => 8,
            Self::LotReleased { .. } => 9,
            Self::ServiceAdded { .. } => 10,
            Self::ServiceRemoved { .. } => 11,
            Self::ValueSet { .. } => 12,
            Self::ValueChanged { .. } => 13,
            Self::TotalStated { .. } => 14,
            Self::CountStated { .. } => 15,
            Self::FundingSet { .. } => 16,
            Self::PartyDefined { .. } => 17,
            Self::AliasStated { .. } => 18,
            Self::OfficeDefined { .. } => 19,
            Self::PartnerJoined { .. } => 20,
            Self::PartnerLeft { .. } => 21,
            Self::ClauseSet { .. } => 22,
            Self::DelegationGranted { .. } => 23,
            Self::Milestone { .. } => 24,
            Self::NoticeGiven { .. } => 25,
            Self::PerformanceReported { .. } => 26,
            Self::AlternativeConsidered { .. } => 27,
            Self::ContentSealed { .. } => 28,
            Self::ContentPublished { .. } => 29,
            Self::ContentErased { .. } => 30,
            Self::Correction { .. } => 31,
        };
        Self::NAMES[place]
    }

    /// The contracts it is about, first of all and besides: the streams its entry belongs to. Empty for parties,
    /// offices and corrections.
    pub fn contracts(&self) -> impl Iterator<Item = &ContractId> {
        let (own, others, readings): (Option<&ContractId>, &[ContractId], &[Reading<Lines>]) = match self {
            Self::ContractDefined { contract, .. }
            | Self::Commenced { contract, .. }
            | Self::Ended { contract, .. }
            | Self::TermSet { contract, .. }
            | Self::OptionGranted { contract, .. }
            | Self::Extended { contract, .. }
            | Self::LotDefined { contract, .. }
            | Self::LotAssigned { contract, .. }
            | Self::LotReleased { contract, .. }
            | Self::ServiceAdded { contract, .. }
            | Self::ServiceRemoved { contract, .. }
            | Self::ValueChanged { contract, .. }
            | Self::CountStated { contract, .. }
            | Self::FundingSet { contract, .. }
            | Self::PartnerJoined { contract, .. }
            | Self::PartnerLeft { contract, .. }
            | Self::ClauseSet { contract, .. }
            | Self::Milestone { contract, .. }
            | Self::NoticeGiven { contract, .. }
            | Self::PerformanceReported { contract, .. }
            | Self::ContentSealed { contract, .. }
            | Self::ContentPublished { contract, .. }
            | Self::ContentErased { contract, .. } => (Some(contract), &[], &[]),
            Self::Succeeded { contract, by } => (Some(contract), core::slice::from_ref(by), &[]),
            Self::ValueSet { contract, with, .. } => (Some(contract), with, &[]),
            Self::TotalStated { contract, readings, .. } => (Some(contract), &[], readings),
            Self::DelegationGranted { contracts, .. } | Self::AlternativeConsidered { contracts, .. } => {
                (None, contracts, &[])
            }
            Self::PartyDefined { .. }
            | Self::AliasStated { .. }
            | Self::OfficeDefined { .. }
            | Self::Correction { .. } => (None, &[], &[]),
        };
        let read = readings.iter().flat_map(|reading| &reading.parts).map(|lines| &lines.contract);
        own.into_iter().chain(others).chain(read)
    }

    /// The content that it seals, publishes or erases, and which of these it does.
    pub fn content_step(&self) -> Option<(&ContractId, &Slug, Step)> {
        match self {
            Self::ContentSealed { contract, content, commitment, .. } => {
                Some((contract, content, Step::Sealed(*commitment)))
            }
            Self::ContentPublished { contract, content, salt } => Some((contract, content, Step::Published(*salt))),
            Self::ContentErased { contract, content, .. } => Some((contract, content, Step::Erased)),
            _ => None,
        }
    }

    /// The part of the contract it is about.
    pub fn part(&self) -> Part {
        match self {
            Self::Commenced { part, .. }
            | Self::Ended { part, .. }
            | Self::TermSet { part, .. }
            | Self::OptionGranted { part, .. }
            | Self::Extended { part, .. }
            | Self::FundingSet { part, .. }
            | Self::ClauseSet { part, .. }
            | Self::NoticeGiven { part, .. } => part.clone(),
            Self::ValueSet { line, .. } | Self::ValueChanged { line, .. } => line.part.clone(),
            Self::LotDefined { lot, .. } | Self::LotAssigned { lot, .. } | Self::LotReleased { lot, .. } => {
                Part::Lot(lot.clone())
            }
            Self::ServiceAdded { service, .. } | Self::ServiceRemoved { service, .. } => Part::Service(service.clone()),
            _ => Part::Whole,
        }
    }
}

/// What an act answers: the reference of the act that asked for it.
pub type Answers = Vec<ActRef>;
