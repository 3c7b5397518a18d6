//! What a decision file may hold, field by field: what each is called, what it takes, and whether it must be there. Forms are
//! drawn from it, and the reader of decision files goes on by it after a fault. It must not read a file, nor judge whether
//! what stands in a field holds together; a test holds it to the types that files are read into.

use crate::decide::IdKind;

/// One field, by the name that a decision file gives it.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in a file.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What belongs there, in a few words; may be empty.
    pub hint: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// Whether it must be there.
    pub required: bool,
}

/// What a field takes.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// The UUID of an entry.
    EntryId,
    /// The reference of an act.
    Reference,
    /// The code of a document.
    Code,
    /// A document's code and a paragraph.
    Source,
    /// A few words.
    Words,
    /// A sentence or two.
    Prose,
    /// A short name that nothing defines.
    Slug,
    /// The name of something that events define.
    Name(IdKind),
    /// A part of a contract: the whole, a lot, a service.
    Part,
    /// A day, or a span of days.
    Span,
    /// One day.
    Day,
    /// A whole number.
    Number,
    /// An amount of money.
    Amount,
    /// A share of a hundred.
    Percent,
    /// A number of something.
    Quantity,
    /// 64 hexadecimal digits.
    Digits,
    /// True or false.
    YesNo,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A value, or why it is unknown or withheld.
    Known(&'static Takes),
    /// A list of values.
    List(&'static Takes),
    /// Fields of its own.
    Table(&'static [Field]),
    /// A list of tables, each with these fields.
    Tables(&'static [Field]),
    /// One of a few tables, by its word.
    OneOf(&'static [(&'static str, &'static [Field])]),
}

/// A kind of event, with the fields that are its own.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The kind, as files name it.
    pub name: &'static str,
    /// What it says happened.
    pub says: &'static str,
    /// Its own fields.
    pub own: &'static [Field],
    /// Whether its `effective` is the first day without something, so that a file may give the last day with it.
    pub is_ending: bool,
}

impl Kind {
    /// All its fields, in the order in which a file has them.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.own.iter().chain(if self.is_ending { ENDING } else { COMMON })
    }
}

/// The kind of this name; none where there is no such kind.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

const fn must(name: &'static str, label: &'static str, hint: &'static str, takes: Takes) -> Field {
    Field { name, label, hint, takes, required: true }
}

const fn may(name: &'static str, label: &'static str, hint: &'static str, takes: Takes) -> Field {
    Field { name, label, hint, takes, required: false }
}

/// The entry itself.
pub const ENTRY: &[Field] = &[must(
    "id",
    "Id",
    "The entry's own. A file that was recorded keeps its id: recorded again, it changes nothing",
    Takes::EntryId,
)];

/// The act.
pub const ACT: &[Field] = &[
    must("reference", "Reference", "The council's own, as 21/00110; or a short one of yours", Takes::Reference),
    must("title", "Title", "What it is about, in a few words", Takes::Words),
    must(
        "kind",
        "Kind of act",
        "A report that asks for a decision is a proposal",
        Takes::Choice(&["decision", "endorsement", "proposal", "report", "inference", "correction", "definition"]),
    ),
    may("verb", "Verb", "Where the source uses one of its own, as approved", Takes::Words),
    may("office", "Office", "Who acted or is asked to, never its holder", Takes::Name(IdKind::Office)),
    must(
        "decided",
        "Decided",
        "The day, as 2021-12-20; 2021-12 where only the month is known; 2021-12-01/2021-12-20 for a span",
        Takes::Span,
    ),
    may("key_decision", "Key decision", "", Takes::YesNo),
    may("callable_in", "Can be called in", "", Takes::YesNo),
    may("answers", "Answers", "The references of the acts that it answers, one a line", Takes::List(&Takes::Reference)),
];

/// A document that the events cite.
pub const DOCUMENT: &[Field] = &[
    must("code", "Code", "One word, by which sources name it, as C", Takes::Code),
    must("title", "Title", "", Takes::Words),
    may("dated", "Published", "As precisely as is known: 2021-12-20, 2021-12, 2021", Takes::Span),
];

const UNTIL: Field = may("until", "Until", "The last day on which it holds, where the source sets one", Takes::Span);
const STANDING: Field = must(
    "standing",
    "Standing",
    "How firmly it stands. A plan never becomes a fact",
    Takes::Choice(&["happened", "decided", "planned", "endorsed", "proposed", "inferred"]),
);
const BECAUSE: Field = may("because", "Because", "Why it is inferred; only where it is", Takes::Prose);
const DOUBT: Field = may("doubt", "Doubt", "Why it may be read otherwise; shown as a finding", Takes::Prose);
const SOURCES: Field = must(
    "sources",
    "Sources",
    "Where it is written: a document's code and the paragraph, as C 4.1; one a line",
    Takes::List(&Takes::Source),
);

/// The fields of every event beside those of its kind.
pub const COMMON: &[Field] = &[
    must("effective", "Effective", "From when it holds: 2021-12-20, 2021-12, 2021-12-01/2021-12-20", Takes::Span),
    UNTIL,
    STANDING,
    BECAUSE,
    DOUBT,
    SOURCES,
];

/// The same, of what ends.
const ENDING: &[Field] = &[
    must(
        "effective",
        "Effective",
        "The first day without it, as 2022-04-01; or give the last day with it",
        Takes::Span,
    ),
    may("last_day", "Last day", "In place of the first day without it, as 2022-03-31", Takes::Span),
    UNTIL,
    STANDING,
    BECAUSE,
    DOUBT,
    SOURCES,
];

const CONTRACT: Field = must("contract", "Contract", "As live-well-kent-2016", Takes::Name(IdKind::Contract));
const CONTRACTS: Field =
    must("contracts", "Contracts", "Those it is about, one a line", Takes::List(&Takes::Name(IdKind::Contract)));
const PART: Field = may("part", "Part", "As lot 4 or service sis-hrs; empty for the whole", Takes::Part);
const LOT: Field = must("lot", "Lot", "Its id within the contract, as 4", Takes::Name(IdKind::Lot));
const SERVICE: Field =
    must("service", "Service", "Its id within the contract, as sis-hrs", Takes::Name(IdKind::Service));
const TITLE: Field = must("title", "Title", "What it is called", Takes::Words);
const AREA: Field = may("area", "Area", "Where it is, in the words of the source", Takes::Words);
const MONTHS: Field = must("months", "Months", "", Takes::Number);
const AMOUNT: Takes = Takes::Amount;
const AMOUNT_HINT: &str = "As the source rounds it: £997,350.68 or £0.99m";
const PARTY: Takes = Takes::Name(IdKind::Party);
const BASIS: Field = must(
    "basis",
    "Basis",
    "What the amount is for",
    Takes::Choice(&["year", "whole-period", "once", "full-year", "unstated"]),
);
const MEASURE: Field = must(
    "measure",
    "Measure",
    "What kind of figure it is",
    Takes::Choice(&["value", "envelope", "budget", "cost", "funding", "saving", "added-cost"]),
);
const LINE: Field = must(
    "line",
    "Value line",
    "The part of the contract's value that the amount belongs to",
    Takes::Table(&[
        MEASURE,
        PART,
        may("party", "Provider", "To whom it goes", PARTY),
        may("funder", "Funder", "Who pays it", PARTY),
        may("name", "Name", "What tells it from other lines, where the rest does not", Takes::Slug),
    ]),
);
const LINES: &[Field] = &[
    CONTRACT,
    MEASURE,
    may("parts", "Parts", "Lots or services, one a line; empty for all", Takes::List(&Takes::Part)),
    may("parties", "Providers", "One a line; empty for all", Takes::List(&PARTY)),
    may("funders", "Funders", "One a line; empty for all", Takes::List(&PARTY)),
    may("names", "Names of lines", "One a line; empty for all", Takes::List(&Takes::Slug)),
    may("from", "From", "The first day that counts, as 2022-04-01", Takes::Day),
    may("until", "Until", "The last day that counts", Takes::Day),
];
const LABEL: Field = must("label", "What it covers", "In a few words", Takes::Words);
const ROLE: Field = must(
    "role",
    "Role",
    "",
    Takes::Choice(&["funder", "commissioner", "strategic-partner", "provider", "delivery-partner"]),
);
const UNDER: Field = may("under", "Under", "Whom it works under", PARTY);
const SEAT: Field = may("seat", "Seat", "Where only one party can hold it", Takes::Slug);
const CONTENT: Field = must("content", "Content", "Its name within the contract", Takes::Name(IdKind::Content));
const SHARE: Takes = Takes::Percent;

const CLAUSES: &[(&str, &[Field])] = &[
    ("term-cap", &[must("months", "Months", "The longest term from commencement, options included", Takes::Number)]),
    ("value-cap", &[must("amount", "Amount", "The most it may be worth", Takes::Known(&AMOUNT))]),
    (
        "self-delivery-cap",
        &[must("share", "Share", "The most that a strategic partner may deliver itself, as 30%", Takes::Known(&SHARE))],
    ),
    (
        "uplift-floor",
        &[
            must("percent", "Percent a year", "The least by which it rises, as 1%", SHARE),
            may("funder", "Funder", "Who pays for it", PARTY),
        ],
    ),
    ("notice-period", &[MONTHS]),
    (
        "grant-range",
        &[must("least", "Least", "The smallest grant", AMOUNT), must("most", "Most", "The largest grant", AMOUNT)],
    ),
    (
        "tolerance",
        &[
            must("lower", "Lower", "The lower limit, as 10%", Takes::Known(&SHARE)),
            must("upper", "Upper", "The upper limit, as 10%", Takes::Known(&SHARE)),
        ],
    ),
    (
        "eligibility",
        &[
            must("from_age", "From the age of", "", Takes::Number),
            may("to_age", "To the age of", "Empty where there is no highest age", Takes::Number),
        ],
    ),
    (
        "additions",
        &[
            must("agreed_by_both", "Both parties must agree", "", Takes::YesNo),
            must("own_term", "An addition may carry another term", "", Takes::YesNo),
        ],
    ),
    ("procedure", &[must("name", "Name", "The procedure or regulation, as the field calls it", Takes::Words)]),
    ("payment", &[must("method", "Method", "As block, or payment by results", Takes::Words)]),
    ("funding-agreement", &[must("name", "Name", "As Section 256", Takes::Words)]),
];

const CLASSIFICATIONS: &[(&str, &[Field])] = &[
    (
        "exempt",
        &[
            must("paragraphs", "Paragraphs", "Of Schedule 12A, 1 to 7, one a line", Takes::List(&Takes::Number)),
            must(
                "public_interest",
                "Public interest",
                "Why that in keeping it exempt outweighs that in disclosing it",
                Takes::Prose,
            ),
        ],
    ),
    (
        "personal-data",
        &[must("reason", "Reason", "Whose and why it is kept, in a few words; never the data", Takes::Prose)],
    ),
];

const fn of(name: &'static str, says: &'static str, own: &'static [Field]) -> Kind {
    Kind { name, says, own, is_ending: false }
}

const fn ending(name: &'static str, says: &'static str, own: &'static [Field]) -> Kind {
    Kind { name, says, own, is_ending: true }
}

/// Every kind of event, in the order of [`crate::EventKind::NAMES`].
pub const KINDS: [Kind; 32] = [
    of("contract-defined", "A contract is named for the first time", &[CONTRACT, TITLE]),
    of("commenced", "A contract, or a part of it, started", &[CONTRACT, PART]),
    ending("ended", "A contract, or a part of it, ended", &[CONTRACT, PART]),
    of(
        "succeeded",
        "Another contract took its place",
        &[CONTRACT, must("by", "By", "The contract that took its place", Takes::Name(IdKind::Contract))],
    ),
    of(
        "term-set",
        "Its term was set",
        &[CONTRACT, PART, must("last_day", "Last day", "Of the term, as 2027-03-31", Takes::Span)],
    ),
    of(
        "option-granted",
        "An option to extend was granted",
        &[
            CONTRACT,
            PART,
            must("months", "Months", "The most by which it may be extended, all options together", Takes::Number),
        ],
    ),
    of(
        "extended",
        "The term was extended under an option",
        &[CONTRACT, PART, must("last_day", "Last day", "Of the term as extended, as 2027-03-31", Takes::Span)],
    ),
    of("lot-defined", "A lot of a contract is named for the first time", &[CONTRACT, LOT, TITLE, AREA]),
    of(
        "lot-assigned",
        "A lot was given to a party",
        &[CONTRACT, LOT, must("party", "Party", "To whom, as porchlight", Takes::Known(&PARTY))],
    ),
    ending(
        "lot-released",
        "A party no longer has a lot",
        &[CONTRACT, LOT, must("party", "Party", "Who had it", PARTY)],
    ),
    of(
        "service-added",
        "A service was added to a contract",
        &[
            CONTRACT,
            SERVICE,
            TITLE,
            AREA,
            may(
                "lots",
                "Lots",
                "Those it is provided in, one a line; empty for all",
                Takes::List(&Takes::Name(IdKind::Lot)),
            ),
            may("party", "Party", "Who manages it", PARTY),
        ],
    ),
    ending(
        "service-removed",
        "A service was taken out of a contract",
        &[CONTRACT, SERVICE, may("party", "Party", "Whose part of it; empty for everybody's", PARTY)],
    ),
    of(
        "value-set",
        "The amount of a value line was set",
        &[
            CONTRACT,
            LINE,
            must("amount", "Amount", AMOUNT_HINT, Takes::Known(&AMOUNT)),
            BASIS,
            may(
                "with",
                "With",
                "Other contracts that the amount covers too, one a line",
                Takes::List(&Takes::Name(IdKind::Contract)),
            ),
        ],
    ),
    of(
        "value-changed",
        "The amount of a value line was changed by a difference",
        &[CONTRACT, LINE, must("by", "By", "As £12,000, or -£12,000 for a reduction", Takes::Known(&AMOUNT)), BASIS],
    ),
    of(
        "total-stated",
        "A total was stated, beside which ours is computed",
        &[
            CONTRACT,
            must("total", "Total", "A short name for it, as lot-4-five-years", Takes::Slug),
            must("amount", "Amount", AMOUNT_HINT, AMOUNT),
            BASIS,
            must(
                "readings",
                "Reading",
                "What it should be the sum of: several where that can be read in several ways, none where the source does not say",
                Takes::Tables(&[
                    LABEL,
                    must(
                        "parts",
                        "Line",
                        "Which value lines it adds up; none where the source does not say",
                        Takes::Tables(LINES),
                    ),
                ]),
            ),
        ],
    ),
    of(
        "count-stated",
        "A number of things was stated, beside which those listed are counted",
        &[
            CONTRACT,
            must("count", "Count", "A short name for it, as phase-one-contracts", Takes::Slug),
            must("number", "Number", "What the source says", Takes::Number),
            must(
                "readings",
                "Reading",
                "What there is to count; several where that can be read in several ways",
                Takes::Tables(&[
                    LABEL,
                    must("parts", "Parts", "What is counted, one a line", Takes::List(&Takes::Words)),
                ]),
            ),
        ],
    ),
    of(
        "funding-set",
        "Who funds a contract, or a part of it",
        &[
            CONTRACT,
            PART,
            must(
                "funders",
                "Funder",
                "All of them",
                Takes::Tables(&[
                    must("party", "Party", "Who funds, as kcc", PARTY),
                    may("share", "Share", "As stated: 77.78%", SHARE),
                ]),
            ),
        ],
    ),
    of(
        "party-defined",
        "An organisation is named for the first time",
        &[
            must("party", "Party", "Its id, as porchlight", PARTY),
            must("name", "Name", "What it is called; never a person", Takes::Words),
            may("arm_of", "Arm of", "The organisation it is an arm of", PARTY),
        ],
    ),
    of(
        "alias-stated",
        "An organisation is called by another name",
        &[
            must("party", "Party", "Which, as porchlight", PARTY),
            must("alias", "Alias", "The other name", Takes::Words),
            may("expands", "Expands", "The abbreviation that the name stands for", Takes::Words),
        ],
    ),
    of(
        "office-defined",
        "An office of a body is named for the first time",
        &[
            must("office", "Office", "Its id, as cabinet", Takes::Name(IdKind::Office)),
            must("title", "Title", "What it is called; never its holder", Takes::Words),
            must("body", "Body", "Whose office it is, as kcc", PARTY),
            must("power", "Power", "Whether it decides or advises", Takes::Choice(&["decides", "advises"])),
        ],
    ),
    of(
        "partner-joined",
        "A party took a role in a contract's network",
        &[CONTRACT, must("party", "Party", "Who, as porchlight", PARTY), ROLE, UNDER, SEAT],
    ),
    ending(
        "partner-left",
        "A party gave up a role",
        &[CONTRACT, must("party", "Party", "Who, as porchlight", PARTY), ROLE, UNDER, SEAT],
    ),
    of(
        "clause-set",
        "A rule of the contract was set",
        &[CONTRACT, PART, must("clause", "Clause", "The rule", Takes::OneOf(CLAUSES))],
    ),
    of(
        "delegation-granted",
        "The power to act was handed to an office",
        &[
            CONTRACTS,
            must("to", "To", "The office that may act", Takes::Name(IdKind::Office)),
            must("scope", "Scope", "To do what, in a few words", Takes::Prose),
        ],
    ),
    of(
        "milestone",
        "A step on the way",
        &[CONTRACT, must("milestone", "Milestone", "A short name for it, as bids-due", Takes::Slug), TITLE],
    ),
    of(
        "notice-given",
        "Notice to end was given, or is to be",
        &[CONTRACT, PART, must("months", "Months", "How long it runs", Takes::Number)],
    ),
    of(
        "performance-reported",
        "A figure of performance or need was reported",
        &[
            CONTRACT,
            must("measure", "Measure", "A short name for it, as people-referred", Takes::Slug),
            must("value", "Value", "With what it counts, as 17,608 people or about 60 grants", Takes::Quantity),
        ],
    ),
    of(
        "alternative-considered",
        "A choice was weighed",
        &[
            CONTRACTS,
            must("alternative", "Alternative", "A short name for it, as option-4", Takes::Slug),
            must("title", "Title", "What it is, in a few words", Takes::Prose),
            may("saving", "Saving", "As stated for it", AMOUNT),
            must("taken", "Taken forward", "", Takes::YesNo),
        ],
    ),
    of(
        "content-sealed",
        "A content was sealed: the entry commits to it and does not hold it",
        &[
            CONTRACT,
            CONTENT,
            must("title", "Title", "What it is called; never what it says", Takes::Words),
            must("classification", "Classification", "Why it is withheld", Takes::OneOf(CLASSIFICATIONS)),
            must("commitment", "Commitment", "What minutebook content seal printed", Takes::Digits),
        ],
    ),
    of(
        "content-published",
        "A sealed content was published",
        &[CONTRACT, CONTENT, must("salt", "Salt", "What minutebook content publish printed", Takes::Digits)],
    ),
    of(
        "content-erased",
        "A sealed content was erased, and its salt with it",
        &[CONTRACT, CONTENT, must("reason", "Reason", "Why", Takes::Prose)],
    ),
    of(
        "correction",
        "An event recorded earlier was wrong",
        &[
            must(
                "strikes",
                "Strikes",
                "The event that was wrong",
                Takes::Table(&[
                    must("entry", "Entry", "Its id, as the entry's page shows it", Takes::EntryId),
                    must("event", "Event", "Its place in that entry, from 0", Takes::Number),
                ]),
            ),
            must("reason", "Reason", "What was wrong with it", Takes::Prose),
        ],
    ),
];
