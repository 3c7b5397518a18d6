//! Why an entry does not hold together, in words, with what would be right. It must not find it: the checks do.

use super::known::{IdKind, Name};
use crate::content::{Commitment, Step};
use crate::date::DateSpan;
use crate::ids::{ContractId, EventRef, LotId, Part, PartyId};
use crate::money::{Money, Percent};
use crate::prelude::*;
use crate::source::DocumentCode;
use crate::standing::Standing;
use core::fmt;

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
    /// More than one act.
    #[error("the entry has {count} events, and the limit is {limit}")]
    TooManyEvents {
        /// How many it has.
        count: usize,
        /// The limit.
        limit: usize,
    },
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
    #[error("{} is {} already", .0, if .0.kind() == IdKind::Content { "sealed" } else { "defined" })]
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
    /// A term, an option or a notice of no time at all.
    #[error("0 months are no time at all")]
    NoMonths,
    /// A decision of the future.
    #[error("decided, {decided}, is after today, {today}")]
    NotYetDecided {
        /// When it would be decided.
        decided: DateSpan,
        /// The day of recording.
        today: DateSpan,
    },
    /// A contract that takes its own place.
    #[error("contract \"{0}\" succeeds itself")]
    SucceedsItself(ContractId),
    /// An amount of something below nothing.
    #[error("the amount {0} is below nothing")]
    BelowNothing(Money),
    /// A share of more than all.
    #[error("a share of {0} is more than all of it")]
    ShareOver(Percent),
    /// A content that is planned, proposed or inferred to be sealed, published or erased: it would be done all the same.
    #[error("recording the event is what does it to the content, and the event is {0}")]
    OnlySaid(Standing),
    /// Exempt under no paragraph.
    #[error("no paragraph of Schedule 12A is named")]
    NoParagraph,
    /// Two names for one sealed content.
    #[error("the commitment {commitment} is that of {name}")]
    SealedAs {
        /// What it commits to.
        commitment: Commitment,
        /// The name it was sealed under.
        name: Name,
    },
    /// A content that was published or erased before.
    #[error("{name} was {} already, {since}", step.word())]
    DoneAlready {
        /// Which content.
        name: Name,
        /// What was done.
        step: Step,
        /// From when.
        since: DateSpan,
    },
    /// A content published before it was sealed, erased before it was published, and the like.
    #[error("effective, {effective}, and the day from which it was {}, {since}, are the wrong way round", step.word())]
    OutOfOrder {
        /// From when the event would hold.
        effective: DateSpan,
        /// What else was done to it.
        step: Step,
        /// From when.
        since: DateSpan,
    },
    /// A text with nothing in it.
    #[error("the text is empty")]
    EmptyText,
    /// A text that nobody would read.
    #[error("the text has {length} characters, and the limit is {limit}")]
    TextTooLong {
        /// How long it is, in characters.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// A character that is not shown, or changes how others are.
    #[error("the text holds the character {}, which is not shown or changes how others are", .0.escape_unicode())]
    HiddenCharacter(char),
    /// An e-mail address or a telephone number.
    #[error("the text holds {0}")]
    Personal(&'static str),
    /// A correction that strikes what others rest on.
    #[error("striking the definition of {0} would leave what rests on it without one")]
    LeavesUndefined(Name),
    /// A correction that strikes what was done to a content.
    #[error("{name} was {}, and striking that does not undo it", step.word())]
    NotUndone {
        /// Which content.
        name: Name,
        /// What was done.
        step: Step,
    },
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
            Self::DefinedTwice(Name::Content(..)) => {
                "give the other content a name of its own; a wrong sealing is struck with a correction"
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
            Self::StrikesNothing(_) => {
                "name an entry recorded earlier by its id, and its event from 0; a correction is not corrected: record the fact again"
            }
            Self::StruckAlready(_) => "leave the correction out",
            Self::FirmInference(_) => "call the standing inferred, and say why",
            Self::DecidedInProposal => "call the standing proposed; the decision is an act of its own",
            Self::NoPeriod => "add until = …, the last day; where the source does not say, the basis is unstated",
            Self::RangeBackwards { .. } => "least is the smallest grant, most the largest",
            Self::NoMonths => "write how many months it is; where the source does not say, leave the event out",
            Self::NotYetDecided { .. } => {
                "a decision of the future is a plan: write the day on which it was said, and call its events planned or proposed"
            }
            Self::SucceedsItself(_) => "`by` is the contract that took its place",
            Self::TooManyEvents { .. } => "split the act into several entries",
            Self::BelowNothing(_) => "a reduction is a value-changed, with by = \"-£…\"",
            Self::ShareOver(_) => "a share is at most 100%",
            Self::OnlySaid(_) => "call the standing decided or happened; what is only planned is a milestone",
            Self::NoParagraph => "write those it falls within, as paragraphs = [3]",
            Self::SealedAs { .. } => "use that name, or seal the content again: it then has a commitment of its own",
            Self::DoneAlready { .. } => "leave the event out",
            Self::OutOfOrder { .. } => {
                "a content is sealed, then published, then erased: write the day from which it holds"
            }
            Self::EmptyText => "write it, or leave the field out",
            Self::TextTooLong { .. } => "say it in fewer words",
            Self::HiddenCharacter(_) => "write the text in visible characters, on one line",
            Self::LeavesUndefined(_) => "define it anew in the same entry",
            Self::NotUndone { .. } => "where the record of it is wrong, record it anew in the same entry",
            Self::Personal(_) => "offices decide, not names: leave it out",
        };
        fixed.to_owned()
    }
}
