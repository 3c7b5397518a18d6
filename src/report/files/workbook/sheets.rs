//! Which sheets the workbook has, and what stands in their columns. It must not know how a cell is written.

use crate::question::Topic;

/// A sheet of rows of an answer.
pub(super) struct Sheet {
    pub(super) name: &'static str,
    /// What it holds, for whoever opens the workbook.
    pub(super) holds: &'static str,
    /// The question that its rows answer.
    pub(super) topic: Topic,
    pub(super) asked: Asked,
    /// The kinds of rows that stand on it.
    pub(super) kinds: &'static [&'static str],
    pub(super) columns: &'static [Column],
}

/// Of what its question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Of each contract what the state says of it.
    State,
    /// Of each contract, at the length at which one is told.
    Each,
    /// Of the whole ledger: its rows may be about several contracts, or about none.
    All,
}

/// What stands under a heading: a figure takes three cells.
pub(super) struct Column {
    pub(super) heading: &'static str,
    pub(super) width: u16,
    pub(super) holds: Holds,
}

/// What a column holds of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// The title of its contract.
    Title,
    /// What rows of its kind are.
    Kind,
    /// The part of its contract that it is about.
    Part,
    /// Words of this name.
    Words(&'static str),
    /// When an act was decided.
    Decided,
    /// The figure of this name: its value, its standing, and where it is written.
    Figure(&'static str),
    /// The same of a term: the last day that it sets.
    Term(&'static str),
    /// The measures of the amounts of this name.
    Measures(&'static str),
    /// From when the figure of this name holds.
    Since(&'static str),
    /// How its figures were made, why they may not hold, and what stands beside them.
    Beside,
}

impl Holds {
    /// The name of the figure that it holds.
    pub(super) fn figure(self) -> Option<&'static str> {
        match self {
            Self::Figure(name) | Self::Term(name) => Some(name),
            _ => None,
        }
    }
}

impl Column {
    /// The headings of its cells, and how wide they are.
    pub(super) fn cells(&self) -> Vec<(String, u16)> {
        let Self { heading, width, holds } = self;
        let own = ((*heading).to_owned(), *width);
        match holds.figure() {
            Some(_) => {
                vec![own, (format!("{heading}: standing"), 11), (format!("{heading}: where it is written"), 15)]
            }
            None => vec![own],
        }
    }
}

const fn column(heading: &'static str, width: u16, holds: Holds) -> Column {
    Column { heading, width, holds }
}

const fn words(heading: &'static str, width: u16, name: &'static str) -> Column {
    column(heading, width, Holds::Words(name))
}

const fn pounds(heading: &'static str, name: &'static str) -> Column {
    column(heading, 16, Holds::Figure(name))
}

const CONTRACT: Column = words("Contract", 18, "contract");
const TITLE: Column = column("Title", 22, Holds::Title);
const BESIDE: Column = column("How it was made, doubts, and what stands beside", 36, Holds::Beside);

const STATE: &[&str] =
    &["in-force", "may-be-in-force", "said-to-be-in-force", "not-yet-in-force", "not-determined", "ended"];

/// In their order.
pub(super) static SHEETS: [Sheet; 12] = [
    Sheet {
        name: "State",
        holds: "a row a contract: whether it is in force, what it is worth a year on the day, its term",
        topic: Topic::State,
        asked: Asked::State,
        kinds: STATE,
        columns: &[
            CONTRACT,
            TITLE,
            column("Group", 18, Holds::Kind),
            column("Status", 16, Holds::Figure("status")),
            column("Amount a year (£)", 16, Holds::Figure("value")),
            column("Measure of it", 12, Holds::Measures("value")),
            column("Term to", 13, Holds::Term("term")),
            BESIDE,
        ],
    },
    Sheet {
        name: "Register",
        holds: "a row a contract and a row each of its lots: status, term, option to extend, latest end",
        topic: Topic::Register,
        asked: Asked::Each,
        kinds: &["contract", "lot"],
        columns: &[
            CONTRACT,
            TITLE,
            column("Part", 10, Holds::Part),
            column("Status", 16, Holds::Figure("status")),
            column("Status since", 13, Holds::Since("status")),
            column("Term to", 13, Holds::Term("term")),
            column("Option", 14, Holds::Figure("option")),
            column("Latest end", 13, Holds::Figure("latest-end")),
            BESIDE,
        ],
    },
    Sheet {
        name: "Clauses and steps",
        holds: "what else the register holds of a contract, a row a fact: clauses, steps, notices, powers, sealed contents",
        topic: Topic::Register,
        asked: Asked::Each,
        kinds: &["clause", "milestone", "content", "detail"],
        columns: &[
            CONTRACT,
            TITLE,
            column("Kind", 14, Holds::Kind),
            words("Fact", 30, "what"),
            column("Says", 44, Holds::Figure("says")),
            column("From", 14, Holds::Since("says")),
            BESIDE,
        ],
    },
    Sheet {
        name: "Value",
        holds: "a row a contract and measure: a year on the day, over the first term, with options, and of that what is left",
        topic: Topic::Value,
        asked: Asked::Each,
        kinds: &["value"],
        columns: &[
            CONTRACT,
            TITLE,
            words("Measure", 16, "measure"),
            pounds("A year (£)", "a-year"),
            pounds("First term (£)", "first-term"),
            pounds("With options (£)", "with-options"),
            pounds("Left, with options (£)", "left"),
            BESIDE,
        ],
    },
    Sheet {
        name: "Value by year",
        holds: "a row a contract, financial year and measure, options included",
        topic: Topic::Value,
        asked: Asked::Each,
        kinds: &["financial-year"],
        columns: &[
            CONTRACT,
            TITLE,
            words("Financial year", 12, "year"),
            words("Measure", 16, "measure"),
            pounds("Amount (£)", "amount"),
            BESIDE,
        ],
    },
    Sheet {
        name: "Value by funder",
        holds: "a row a contract, funder and measure; an arm funds with its organisation",
        topic: Topic::Value,
        asked: Asked::Each,
        kinds: &["by-funder"],
        columns: &[
            CONTRACT,
            TITLE,
            words("Funder", 24, "funder"),
            words("Measure", 16, "measure"),
            pounds("A year (£)", "a-year"),
            pounds("First term (£)", "first-term"),
            pounds("With options (£)", "with-options"),
            pounds("Left, with options (£)", "left"),
            BESIDE,
        ],
    },
    Sheet {
        name: "Stated totals",
        holds: "a row a total that a source states, and each reading of it: ours beside it, and the difference",
        topic: Topic::Value,
        asked: Asked::Each,
        kinds: &["stated-total"],
        columns: &[
            CONTRACT,
            TITLE,
            words("Total", 24, "total"),
            pounds("Stated (£)", "stated"),
            pounds("Computed (£)", "computed"),
            words("Of which parts", 24, "parts"),
            words("Difference", 16, "difference"),
            BESIDE,
        ],
    },
    Sheet {
        name: "Lots",
        holds: "the lot map, a row a lot: who runs it, since when, whether it is in force",
        topic: Topic::Lots,
        asked: Asked::Each,
        kinds: &["lot"],
        columns: &[
            CONTRACT,
            TITLE,
            words("Lot", 8, "lot"),
            words("Title of the lot", 36, "title"),
            column("Holder", 24, Holds::Figure("holder")),
            column("Since", 14, Holds::Since("holder")),
            column("Status", 16, Holds::Figure("status")),
            BESIDE,
        ],
    },
    Sheet {
        name: "Services",
        holds: "a row a service that a contract has or had",
        topic: Topic::Lots,
        asked: Asked::Each,
        kinds: &["service"],
        columns: &[
            CONTRACT,
            TITLE,
            words("Service", 24, "service"),
            column("Says", 40, Holds::Figure("says")),
            column("Status", 16, Holds::Figure("status")),
            BESIDE,
        ],
    },
    Sheet {
        name: "Partners",
        holds: "the partner network, a row a role that anybody has: who funds, commissions, provides and delivers",
        topic: Topic::Network,
        asked: Asked::Each,
        kinds: &["partner"],
        columns: &[
            CONTRACT,
            TITLE,
            words("Role", 20, "role"),
            column("Party", 30, Holds::Figure("party")),
            column("Since", 14, Holds::Since("party")),
            BESIDE,
        ],
    },
    Sheet {
        name: "Decisions",
        holds: "a row an act of governance: who, when, of what kind, and how firmly it speaks",
        topic: Topic::Decisions,
        asked: Asked::All,
        kinds: &["act", "perhaps-decided-by-then"],
        columns: &[
            words("Entry", 8, "position"),
            column("Decided", 16, Holds::Decided),
            column("Decided by the day asked for", 18, Holds::Kind),
            words("Reference", 16, "reference"),
            words("Title", 44, "title"),
            words("Kind", 20, "kind"),
            words("Office", 28, "office"),
            words("Key decision", 10, "key-decision"),
            words("Callable in", 10, "callable-in"),
            words("Standings in it", 18, "standings"),
            words("Answered by", 16, "answered-by"),
        ],
    },
    Sheet {
        name: "Findings",
        holds: "a row a finding: what the record itself shows, the heaviest first",
        topic: Topic::Findings,
        asked: Asked::All,
        kinds: &["finding"],
        columns: &[
            words("Weight", 12, "weight"),
            words("Rule", 18, "rule"),
            words("Contracts", 24, "contracts"),
            words("Finding", 60, "finding"),
            words("Stated", 18, "stated"),
            words("Computed", 18, "computed"),
            words("Difference", 18, "difference"),
            words("Law", 24, "law"),
            words("Sources", 24, "sources"),
            words("Entries", 12, "entries"),
        ],
    },
];
