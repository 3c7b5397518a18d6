//! What makes an entry coherent. Pure: what is known and a draft in, nothing or typed rejections out. It must not
//! reject what merely breaks a rule: a council may decide that, and it becomes a finding.

use crate::date::DateSpan;
use crate::entry::{ActKind, Draft};
use crate::event::{Clause, Event, EventKind, Lines, ValueLine};
use crate::ids::{ContractId, EntryId, EventRef, LotId, OfficeId, Part, PartyId, ServiceId};
use crate::money::{Basis, Money};
use crate::nearest::nearest;
use crate::prelude::*;
use crate::source::DocumentCode;
use crate::standing::Standing;
use alloc::collections::BTreeSet;
use core::fmt;
use serde_json::Value;

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

/// A thing that entries define and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A contract.
    Contract(ContractId),
    /// A lot of a contract.
    Lot(ContractId, LotId),
    /// A service of a contract.
    Service(ContractId, ServiceId),
    /// An organisation.
    Party(PartyId),
    /// An office.
    Office(OfficeId),
}

impl Name {
    /// Which kind of name it is.
    pub fn kind(&self) -> IdKind {
        match self {
            Self::Contract(_) => IdKind::Contract,
            Self::Lot(..) => IdKind::Lot,
            Self::Service(..) => IdKind::Service,
            Self::Party(_) => IdKind::Party,
            Self::Office(_) => IdKind::Office,
        }
    }

    /// The id alone.
    pub fn id(&self) -> &str {
        match self {
            Self::Contract(id) => id.as_str(),
            Self::Lot(_, id) => id.as_str(),
            Self::Service(_, id) => id.as_str(),
            Self::Party(id) => id.as_str(),
            Self::Office(id) => id.as_str(),
        }
    }

    /// The contract that a lot or service is of.
    pub fn of(&self) -> Option<&ContractId> {
        match self {
            Self::Lot(contract, _) | Self::Service(contract, _) => Some(contract),
            Self::Contract(_) | Self::Party(_) | Self::Office(_) => None,
        }
    }

    /// The kind of event that defines it.
    fn definer(&self) -> &'static str {
        match self {
            Self::Contract(_) => "contract-defined",
            Self::Lot(..) => "lot-defined",
            Self::Service(..) => "service-added",
            Self::Party(_) => "party-defined",
            Self::Office(_) => "office-defined",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let kind = match self.kind() {
            IdKind::Contract => "contract",
            IdKind::Lot => "lot",
            IdKind::Service => "service",
            IdKind::Party => "party",
            IdKind::Office => "office",
        };
        write!(out, "{kind} \"{}\"", self.id())?;
        match self.of() {
            Some(contract) => write!(out, " of contract \"{contract}\""),
            None => Ok(()),
        }
    }
}

/// Who has a lot, from when to when, as recorded and not struck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The event that says so, so that an entry which strikes it may assign the lot anew.
    pub event: EventRef,
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
    /// What the event defines, so that an entry which strikes a definition may define the thing anew. Without it, that
    /// takes two entries.
    fn defines(&self, event: &EventRef) -> Option<Name> {
        let _ = event;
        None
    }
}

/// One thing that does not hold together, with its place in the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The event, from 0; `None` for the act and its documents.
    pub event: Option<usize>,
    /// The field, as a decision file names it: `line.part`, `sources.0`, `act.office`; `None` where one is missing.
    pub field: Option<String>,
    /// What is wrong.
    pub why: Reason,
}

impl fmt::Display for Rejection {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if let Some(event) = self.event {
            write!(out, "event {}: ", event + 1)?;
        }
        if let Some(field) = &self.field {
            write!(out, "`{field}`: ")?;
        }
        write!(out, "{}: {}", self.why, self.why.remedy())
    }
}
impl core::error::Error for Rejection {}

/// Why an entry does not hold together, in the order of the checks. Those of the act come before those of its events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// An entry establishes something, or it is none.
    #[error("the entry has no events")]
    NoEvents,
    /// Two documents of the entry have one code.
    #[error("the document \"{0}\" is listed twice")]
    DocumentTwice(DocumentCode),
    /// The event cites nothing.
    #[error("the event has no source")]
    NoSource,
    /// The event cites a document that the entry does not list.
    #[error("the document \"{code}\" is cited and not listed")]
    UnlistedDocument {
        /// The code cited.
        code: DocumentCode,
        /// The nearest listed.
        nearest: Option<String>,
    },
    /// Inferred, and not why.
    #[error("the event is inferred, and nothing says why")]
    InferredWithoutReason,
    /// Why it is inferred, of what is not.
    #[error("`because` says why something is inferred, and the event is {0}")]
    ReasonWithoutInference(Standing),
    /// It ends before it starts.
    #[error("until, {until}, is before effective, {effective}")]
    UntilBeforeEffective {
        /// From when.
        effective: DateSpan,
        /// Until when.
        until: DateSpan,
    },
    /// Nothing of that name is known.
    #[error("{name} is not known")]
    Unknown {
        /// What was named.
        name: Name,
        /// The nearest of its kind.
        nearest: Option<String>,
    },
    /// A definition of what is defined.
    #[error("{0} is defined already")]
    DefinedTwice(Name),
    /// A term or extension that ends before it starts.
    #[error("the last day, {last_day}, is before the first, {effective}")]
    TermBackwards {
        /// The first day.
        effective: DateSpan,
        /// The last day.
        last_day: DateSpan,
    },
    /// An extension with no option to extend.
    #[error("{}contract \"{contract}\" has no option to extend", part_of(part))]
    NoOption {
        /// The contract.
        contract: ContractId,
        /// The part of it.
        part: Part,
    },
    /// A lot assigned firmly to two parties over the same days.
    #[error("lot \"{lot}\" is with \"{other}\" from {from}{}, and days of that are given to \"{party}\"",
        until.map(|until| format!(" to {until}")).unwrap_or_default())]
    AssignedTwice {
        /// The lot.
        lot: LotId,
        /// To whom it is assigned now.
        party: PartyId,
        /// Who has it.
        other: PartyId,
        /// From when the other has it.
        from: DateSpan,
        /// The other's last day.
        until: Option<DateSpan>,
    },
    /// A correction of an event that is not there.
    #[error("the ledger has no event {} of entry {}", .0.event, .0.entry)]
    StrikesNothing(EventRef),
    /// A correction of an event struck before.
    #[error("event {} of entry {} is struck already", .0.event, .0.entry)]
    StruckAlready(EventRef),
    /// An inference that claims to be a fact.
    #[error("the act is an inference, and the event claims to have {}", if *.0 == Standing::Decided { "been decided" } else { "happened" })]
    FirmInference(Standing),
    /// A proposal that claims to decide.
    #[error("the act is a proposal, and the event claims to be decided")]
    DecidedInProposal,
    /// An amount for a whole period that has no end.
    #[error("the amount is for a whole period, and the period has no end")]
    NoPeriod,
    /// A range of grants the wrong way round.
    #[error("the least, {least}, is more than the most, {most}")]
    RangeBackwards {
        /// The smallest.
        least: Money,
        /// The largest.
        most: Money,
    },
    /// A contract that takes its own place.
    #[error("contract \"{0}\" succeeds itself")]
    SucceedsItself(ContractId),
    /// An e-mail address or a telephone number.
    #[error("the text holds {0}")]
    Personal(&'static str),
}

fn part_of(part: &Part) -> String {
    if part.is_whole() { String::new() } else { format!("{part} of ") }
}

impl Reason {
    /// What would be right.
    pub fn remedy(&self) -> String {
        let fixed = match self {
            Self::UnlistedDocument { nearest: Some(near), .. } | Self::Unknown { nearest: Some(near), .. } => {
                return format!("did you mean \"{near}\"?");
            }
            Self::UnlistedDocument { code, .. } => {
                return format!("list it, as [[document]] with code = \"{code}\" and its title");
            }
            Self::Unknown { name, .. } => return format!("define it first, with {}", name.definer()),
            Self::DefinedTwice(Name::Party(_)) => {
                "another name for it is an alias-stated; a wrong definition is struck with a correction"
            }
            Self::NoEvents => "add what the act establishes, as [[event]]",
            Self::DocumentTwice(_) => "list it once, or give the other its own code",
            Self::NoSource => "say where it is written, as sources = [\"C 4.1\"]",
            Self::InferredWithoutReason => "add because = …, and cite what it is inferred from",
            Self::ReasonWithoutInference(_) => "leave `because` out, or call the standing inferred",
            Self::UntilBeforeEffective { .. } => "until is the last day, on or after the first",
            Self::DefinedTwice(_) => "use it as it is; a wrong definition is struck with a correction",
            Self::TermBackwards { .. } => "the last day is on or after the first",
            Self::NoOption { .. } => "record the option first, with option-granted; a term set anew is a term-set",
            Self::AssignedTwice { .. } => "record first when that ended, with lot-released",
            Self::StrikesNothing(_) => "name an entry recorded earlier by its id, and its event from 0",
            Self::StruckAlready(_) => "leave the correction out",
            Self::FirmInference(_) => "call the standing inferred, and say why",
            Self::DecidedInProposal => "call the standing proposed; the decision is an act of its own",
            Self::NoPeriod => "add until = …, the last day; where the source does not say, the basis is unstated",
            Self::RangeBackwards { .. } => "least is the smallest grant, most the largest",
            Self::SucceedsItself(_) => "`by` is the contract that took its place",
            Self::Personal(_) => "offices decide, not names: leave it out",
        };
        fixed.to_owned()
    }
}

/// Whether a draft holds together, given what is known. What an event of it defines is known to the events after it.
///
/// # Errors
/// Every [`Rejection`], not only the first: those of the act, then those of each event in the order of [`Reason`].
pub fn decide(known: &dyn Known, draft: &Draft) -> Result<(), Vec<Rejection>> {
    let mut seen = Seen::new(known, draft.id);
    let mut rejections = check_act(&seen, draft);
    for (at, event) in draft.events.iter().enumerate() {
        let found = check_event(&seen, draft, event);
        rejections.extend(found.into_iter().map(|(field, why)| Rejection { event: Some(at), field, why }));
        seen.learn(at, event);
    }
    if rejections.is_empty() { Ok(()) } else { Err(rejections) }
}

type Found = Vec<(Option<String>, Reason)>;

fn check_act(seen: &Seen, draft: &Draft) -> Vec<Rejection> {
    let mut found = Found::new();
    if draft.events.is_empty() {
        found.push((None, Reason::NoEvents));
    }
    for (at, document) in draft.documents.iter().enumerate() {
        if draft.documents.iter().take(at).any(|other| other.code == document.code) {
            found.push((Some(format!("document.{at}.code")), Reason::DocumentTwice(document.code.clone())));
        }
    }
    if let Some(office) = &draft.act.office {
        let name = Name::Office(office.clone());
        let defines = |event: &Event| definition(&event.kind).is_some_and(|(_, defined)| defined == name);
        if !draft.events.iter().any(defines) {
            found.extend(seen.unknown("act.office".to_owned(), name));
        }
    }
    personal("act", &json(&draft.act), &mut found);
    personal("document", &json(&draft.documents), &mut found);
    found.into_iter().map(|(field, why)| Rejection { event: None, field, why }).collect()
}

fn check_event(seen: &Seen, draft: &Draft, event: &Event) -> Found {
    let mut found = Found::new();
    check_sources(draft, event, &mut found);
    check_reason(event, &mut found);
    check_until(event, &mut found);
    found.extend(references(&event.kind).into_iter().filter_map(|(field, name)| seen.unknown(field, name)));
    check_definition(seen, event, &mut found);
    check_term(seen, event, &mut found);
    check_assignment(seen, event, &mut found);
    check_correction(seen, event, &mut found);
    check_standing(draft.act.kind, event.standing, &mut found);
    check_amounts(event, &mut found);
    check_succession(event, &mut found);
    check_personal(event, &mut found);
    found
}

fn field(name: &str) -> Option<String> {
    Some(name.to_owned())
}

fn check_sources(draft: &Draft, event: &Event, found: &mut Found) {
    if event.sources.is_empty() {
        found.push((field("sources"), Reason::NoSource));
    }
    for (at, source) in event.sources.iter().enumerate() {
        if draft.documents.iter().any(|document| document.code == source.document) {
            continue;
        }
        let listed = draft.documents.iter().map(|document| document.code.as_str());
        let nearest = nearest(source.document.as_str(), listed).map(ToOwned::to_owned);
        let why = Reason::UnlistedDocument { code: source.document.clone(), nearest };
        found.push((Some(format!("sources.{at}")), why));
    }
}

fn check_reason(event: &Event, found: &mut Found) {
    let reason = event.because.as_deref().map(str::trim).unwrap_or_default();
    match event.standing {
        Standing::Inferred if reason.is_empty() => found.push((field("standing"), Reason::InferredWithoutReason)),
        Standing::Inferred => {}
        standing if event.because.is_some() => {
            found.push((field("because"), Reason::ReasonWithoutInference(standing)));
        }
        _ => {}
    }
}

fn check_until(event: &Event, found: &mut Found) {
    let effective = event.effective;
    if let Some(until) = event.until.filter(|until| until.latest() < effective.earliest()) {
        found.push((field("until"), Reason::UntilBeforeEffective { effective, until }));
    }
}

fn check_definition(seen: &Seen, event: &Event, found: &mut Found) {
    // A service may be added again, after it was removed or by a firmer source.
    if let Some((field, name)) = definition(&event.kind)
        && name.kind() != IdKind::Service
        && seen.has(&name)
    {
        found.push((Some(field.to_owned()), Reason::DefinedTwice(name)));
    }
}

fn check_term(seen: &Seen, event: &Event, found: &mut Found) {
    let effective = event.effective;
    if let EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } = event.kind
        && last_day.latest() < effective.earliest()
    {
        found.push((field("last_day"), Reason::TermBackwards { effective, last_day }));
    }
    if let EventKind::Extended { contract, part, .. } = &event.kind
        && seen.has(&Name::Contract(contract.clone()))
        && !seen.option(contract, part)
    {
        let place = field(if part.is_whole() { "contract" } else { "part" });
        found.push((place, Reason::NoOption { contract: contract.clone(), part: part.clone() }));
    }
}

fn check_assignment(seen: &Seen, event: &Event, found: &mut Found) {
    let EventKind::LotAssigned { contract, lot, party } = &event.kind else { return };
    let Some(party) = party.known().filter(|_| event.standing.is_firm()) else { return };
    for other in seen.assignments(contract, lot) {
        let overlaps = certain(other.effective, other.until)
            .zip(certain(event.effective, event.until))
            .is_some_and(|((a_from, a_to), (b_from, b_to))| a_from <= b_to && b_from <= a_to);
        if let Some(holder) = other.party.filter(|holder| holder != party && other.standing.is_firm() && overlaps) {
            let (from, until) = (other.effective, other.until);
            let why = Reason::AssignedTwice { lot: lot.clone(), party: party.clone(), other: holder, from, until };
            found.push((field("lot"), why));
        }
    }
}

/// The days on which something that holds from a span to a span holds for certain; none where that may be no day.
fn certain(effective: DateSpan, until: Option<DateSpan>) -> Option<(crate::Day, crate::Day)> {
    let (from, to) = (effective.latest(), until.map_or(crate::Day::MAX, DateSpan::earliest));
    (from <= to).then_some((from, to))
}

fn check_correction(seen: &Seen, event: &Event, found: &mut Found) {
    let EventKind::Correction { strikes, .. } = event.kind else { return };
    match seen.stands(&strikes) {
        None => found.push((field("strikes"), Reason::StrikesNothing(strikes))),
        Some(false) => found.push((field("strikes"), Reason::StruckAlready(strikes))),
        Some(true) => {}
    }
}

fn check_standing(act: ActKind, standing: Standing, found: &mut Found) {
    match (act, standing) {
        (ActKind::Inference, firm) if firm.is_firm() => found.push((field("standing"), Reason::FirmInference(firm))),
        (ActKind::Proposal, Standing::Decided) => found.push((field("standing"), Reason::DecidedInProposal)),
        _ => {}
    }
}

fn check_amounts(event: &Event, found: &mut Found) {
    match &event.kind {
        EventKind::ValueSet { basis: Basis::WholePeriod, .. } if event.until.is_none() => {
            found.push((field("basis"), Reason::NoPeriod));
        }
        EventKind::ClauseSet { clause: Clause::GrantRange { least, most }, .. } if least.pounds() > most.pounds() => {
            let why = Reason::RangeBackwards { least: *least, most: *most };
            found.push((field("clause.grant-range.least"), why));
        }
        _ => {}
    }
}

fn check_succession(event: &Event, found: &mut Found) {
    if let EventKind::Succeeded { contract, by } = &event.kind
        && contract == by
    {
        found.push((field("by"), Reason::SucceedsItself(by.clone())));
    }
}

fn check_personal(event: &Event, found: &mut Found) {
    let Value::Object(mut fields) = json(event) else { return };
    // The fields of a kind stand inside it in an entry, and beside the others in a decision file.
    if let Some(Value::Object(kind)) = fields.remove("kind") {
        kind.values().for_each(|own| personal("", own, found));
    }
    personal("", &Value::Object(fields), found);
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("an entry has only text, whole numbers and lists, which JSON always holds")
}

/// Walks every text, whatever its field, so that a field added later is guarded too.
fn personal(path: &str, value: &Value, found: &mut Found) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::String(text) => found.extend(personal_in(text).map(|what| (field(path), Reason::Personal(what)))),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| personal(&inner(&at.to_string()), item, found));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, item)| personal(&inner(key), item, found)),
        _ => {}
    }
}

fn personal_in(text: &str) -> Option<&'static str> {
    if text.split_whitespace().any(is_email) {
        Some("an e-mail address")
    } else if has_telephone(text) {
        Some("a telephone number")
    } else {
        None
    }
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    })
}

/// 10 or 11 digits that begin with 0, or with +44 in its place, in one or more groups.
fn has_telephone(text: &str) -> bool {
    let groups: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(|c| "().,;:".contains(c))).collect();
    (0..groups.len()).any(|from| is_telephone(groups.get(from..).unwrap_or_default()))
}

fn is_telephone(groups: &[&str]) -> bool {
    let mut digits = String::new();
    for (at, group) in groups.iter().enumerate() {
        let local = match group.strip_prefix("+44") {
            Some(rest) if at == 0 => format!("0{rest}"),
            _ => (*group).to_owned(),
        };
        digits.push_str(&local);
        let possible = digits.starts_with('0') && digits.len() <= 11 && digits.bytes().all(|b| b.is_ascii_digit());
        if !possible || digits.len() >= 10 {
            return possible;
        }
    }
    false
}

/// What is known, and what the events before one have added to it.
struct Seen<'a> {
    known: &'a dyn Known,
    entry: EntryId,
    defined: BTreeSet<Name>,
    undefined: BTreeSet<Name>,
    struck: BTreeSet<EventRef>,
    options: BTreeSet<(ContractId, Part)>,
    assigned: Vec<(ContractId, LotId, Assignment)>,
    released: Vec<(ContractId, LotId, PartyId, DateSpan)>,
}

impl<'a> Seen<'a> {
    fn new(known: &'a dyn Known, entry: EntryId) -> Self {
        Self {
            known,
            entry,
            defined: BTreeSet::new(),
            undefined: BTreeSet::new(),
            struck: BTreeSet::new(),
            options: BTreeSet::new(),
            assigned: vec![],
            released: vec![],
        }
    }

    fn has(&self, name: &Name) -> bool {
        let known = || match name {
            Name::Contract(contract) => self.known.contract(contract),
            Name::Lot(contract, lot) => self.known.lot(contract, lot),
            Name::Service(contract, service) => self.known.service(contract, service),
            Name::Party(party) => self.known.party(party),
            Name::Office(office) => self.known.office(office),
        };
        self.defined.contains(name) || !self.undefined.contains(name) && known()
    }

    fn unknown(&self, field: String, name: Name) -> Option<(Option<String>, Reason)> {
        // Lots of an unknown contract are unknown with it: one fault, told once.
        let told = name.of().is_some_and(|contract| !self.has(&Name::Contract(contract.clone())));
        if told || self.has(&name) {
            return None;
        }
        let mut ids = self.known.ids(name.kind(), name.of());
        let ours = self.defined.iter().filter(|other| other.kind() == name.kind() && other.of() == name.of());
        ids.extend(ours.map(|other| other.id().to_owned()));
        let nearest = nearest(name.id(), ids.iter().map(String::as_str)).map(ToOwned::to_owned);
        Some((Some(field), Reason::Unknown { name, nearest }))
    }

    fn option(&self, contract: &ContractId, part: &Part) -> bool {
        [part, &Part::Whole]
            .into_iter()
            .any(|part| self.options.contains(&(contract.clone(), part.clone())) || self.known.option(contract, part))
    }

    fn stands(&self, event: &EventRef) -> Option<bool> {
        if self.struck.contains(event) { Some(false) } else { self.known.stands(event) }
    }

    fn assignments(&self, contract: &ContractId, lot: &LotId) -> Vec<Assignment> {
        let ours = self.assigned.iter().filter(|(c, l, _)| c == contract && l == lot).map(|(_, _, ours)| ours.clone());
        let mut all: Vec<_> = self.known.assignments(contract, lot).into_iter().chain(ours).collect();
        all.retain(|assignment| !self.struck.contains(&assignment.event));
        for (_, _, party, first_without) in self.released.iter().filter(|(c, l, ..)| c == contract && l == lot) {
            let theirs = all.iter_mut().filter(|one| one.party.as_ref() == Some(party));
            for one in theirs.filter(|one| one.effective.earliest() <= first_without.latest()) {
                one.until = Some(first_without.plus_days(-1));
            }
        }
        all
    }

    fn learn(&mut self, at: usize, event: &Event) {
        if let Some((_, name)) = definition(&event.kind) {
            self.defined.insert(name);
        }
        match &event.kind {
            EventKind::OptionGranted { contract, part, .. } => {
                self.options.insert((contract.clone(), part.clone()));
            }
            EventKind::LotAssigned { contract, lot, party } => {
                let assignment = Assignment {
                    event: EventRef { entry: self.entry, event: u16::try_from(at).unwrap_or(u16::MAX) },
                    party: party.known().cloned(),
                    effective: event.effective,
                    until: event.until,
                    standing: event.standing,
                };
                self.assigned.push((contract.clone(), lot.clone(), assignment));
            }
            EventKind::LotReleased { contract, lot, party } if event.standing.is_firm() => {
                self.released.push((contract.clone(), lot.clone(), party.clone(), event.effective));
            }
            EventKind::Correction { strikes, .. } => {
                self.struck.insert(*strikes);
                self.undefined.extend(self.known.defines(strikes));
            }
            _ => {}
        }
    }
}

/// What the event names for the first time, and in which field.
fn definition(kind: &EventKind) -> Option<(&'static str, Name)> {
    match kind {
        EventKind::ContractDefined { contract, .. } => Some(("contract", Name::Contract(contract.clone()))),
        EventKind::LotDefined { contract, lot, .. } => Some(("lot", Name::Lot(contract.clone(), lot.clone()))),
        EventKind::ServiceAdded { contract, service, .. } => {
            Some(("service", Name::Service(contract.clone(), service.clone())))
        }
        EventKind::PartyDefined { party, .. } => Some(("party", Name::Party(party.clone()))),
        EventKind::OfficeDefined { office, .. } => Some(("office", Name::Office(office.clone()))),
        _ => None,
    }
}

/// Every name that the event uses and does not define, with its field.
fn references(kind: &EventKind) -> Vec<(String, Name)> {
    let mut names = Names(vec![]);
    if let Some(contract) = own_contract(kind) {
        names.contract("contract", contract);
        if let Some(field) = part_field(kind) {
            names.part(field, contract, &kind.part());
        }
    }
    names.of_contracts(kind);
    names.of_parties(kind);
    names.0
}

fn own_contract(kind: &EventKind) -> Option<&ContractId> {
    match kind {
        EventKind::ContractDefined { .. }
        | EventKind::DelegationGranted { .. }
        | EventKind::AlternativeConsidered { .. } => None,
        _ => kind.contracts().first().copied(),
    }
}

fn part_field(kind: &EventKind) -> Option<&'static str> {
    match kind {
        EventKind::LotDefined { .. } | EventKind::ServiceAdded { .. } => None,
        EventKind::LotAssigned { .. } | EventKind::LotReleased { .. } => Some("lot"),
        EventKind::ServiceRemoved { .. } => Some("service"),
        EventKind::ValueSet { .. } | EventKind::ValueChanged { .. } => Some("line.part"),
        _ => Some("part"),
    }
}

struct Names(Vec<(String, Name)>);

impl Names {
    fn add(&mut self, field: impl Into<String>, name: Name) {
        self.0.push((field.into(), name));
    }

    fn contract(&mut self, field: impl Into<String>, contract: &ContractId) {
        self.add(field, Name::Contract(contract.clone()));
    }

    fn contracts(&mut self, field: &str, contracts: &[ContractId]) {
        contracts.iter().enumerate().for_each(|(at, contract)| self.contract(format!("{field}.{at}"), contract));
    }

    fn part(&mut self, field: impl Into<String>, contract: &ContractId, part: &Part) {
        match part {
            Part::Whole => {}
            Part::Lot(lot) => self.add(field, Name::Lot(contract.clone(), lot.clone())),
            Part::Service(service) => self.add(field, Name::Service(contract.clone(), service.clone())),
        }
    }

    fn party(&mut self, field: impl Into<String>, party: Option<&PartyId>) {
        if let Some(party) = party {
            self.add(field, Name::Party(party.clone()));
        }
    }

    fn of_contracts(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Succeeded { by, .. } => self.contract("by", by),
            EventKind::ServiceAdded { contract, lots, .. } => {
                for (at, lot) in lots.iter().enumerate() {
                    self.part(format!("lots.{at}"), contract, &Part::Lot(lot.clone()));
                }
            }
            EventKind::ValueSet { with, .. } => self.contracts("with", with),
            EventKind::TotalStated { readings, .. } => {
                for (reading, lines) in readings.iter().enumerate() {
                    for (at, lines) in lines.parts.iter().enumerate() {
                        self.lines(&format!("readings.{reading}.parts.{at}"), lines);
                    }
                }
            }
            EventKind::AlternativeConsidered { contracts, .. } => self.contracts("contracts", contracts),
            EventKind::DelegationGranted { contracts, to, .. } => {
                self.contracts("contracts", contracts);
                self.add("to", Name::Office(to.clone()));
            }
            _ => {}
        }
    }

    fn of_parties(&mut self, kind: &EventKind) {
        match kind {
            EventKind::LotAssigned { party, .. } => self.party("party", party.known()),
            EventKind::LotReleased { party, .. }
            | EventKind::AliasStated { party, .. }
            | EventKind::PartnerLeft { party, .. } => self.party("party", Some(party)),
            EventKind::ServiceAdded { party, .. } | EventKind::ServiceRemoved { party, .. } => {
                self.party("party", party.as_ref());
            }
            EventKind::ValueSet { line, .. } | EventKind::ValueChanged { line, .. } => self.line(line),
            EventKind::FundingSet { funders, .. } => {
                for (at, funder) in funders.iter().enumerate() {
                    self.party(format!("funders.{at}.party"), Some(&funder.party));
                }
            }
            EventKind::PartyDefined { arm_of, .. } => self.party("arm_of", arm_of.as_ref()),
            EventKind::OfficeDefined { body, .. } => self.party("body", Some(body)),
            EventKind::PartnerJoined { party, under, .. } => {
                self.party("party", Some(party));
                self.party("under", under.as_ref());
            }
            EventKind::ClauseSet { clause: Clause::UpliftFloor { funder, .. }, .. } => {
                self.party("clause.uplift-floor.funder", funder.as_ref());
            }
            _ => {}
        }
    }

    fn line(&mut self, line: &ValueLine) {
        self.party("line.party", line.party.as_ref());
        self.party("line.funder", line.funder.as_ref());
    }

    fn lines(&mut self, field: &str, lines: &Lines) {
        self.contract(format!("{field}.contract"), &lines.contract);
        for (at, part) in lines.parts.iter().enumerate() {
            self.part(format!("{field}.parts.{at}"), &lines.contract, part);
        }
        for (word, parties) in [("parties", &lines.parties), ("funders", &lines.funders)] {
            for (at, party) in parties.iter().enumerate() {
                self.party(format!("{field}.{word}.{at}"), Some(party));
            }
        }
    }
}
