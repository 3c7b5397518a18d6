//! A question as an address holds it, so that a link is an answer: the same words as on the command line. It must not
//! answer it.

use super::problem::Problem;
use crate::question::{Page, Question, Topic, asked};
use crate::today::today;
use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use minutebook_events::{ContractId, Day, Position, nearest};
use minutebook_projections::By;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What an address says; what is empty was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Asked {
    /// One contract; all of them where it is left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) contract: String,
    /// The state on this day; today where it is left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) as_of: String,
    /// The same as three fields of a form.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) as_of_day: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) as_of_month: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) as_of_year: String,
    /// As the ledger knew it: a position, or an instant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) known_at: String,
    /// Only what had been decided by this day.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) decided_by: String,
    /// The same as three fields of a form.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) decided_by_day: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) decided_by_month: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) decided_by_year: String,
    /// Of a comparison: the later day.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) to: String,
    /// Of totals: by what they are grouped.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) by: String,
    /// Of totals: also what ends within so many months.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) ends_within: String,
    /// Of `why`: the figure.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) fact: String,
    /// Of all contracts: those from this one on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) from: String,
    /// Of all contracts: so many.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) limit: String,
}

impl From<&Question> for Asked {
    fn from(question: &Question) -> Self {
        let Question { topic, contract, as_of, known_at, decided_by } = question;
        let text = |it: Option<String>| it.unwrap_or_default();
        let mut asked = Self {
            contract: text(contract.as_ref().map(ToString::to_string)),
            as_of: as_of.to_string(),
            known_at: text(known_at.as_ref().map(ToString::to_string)),
            decided_by: text(decided_by.map(|day| day.to_string())),
            ..Self::default()
        };
        match topic {
            Topic::Diff { to } => asked.to = to.to_string(),
            Topic::Why { fact } => asked.fact.clone_from(fact),
            Topic::Totals { by, ends_within } => {
                by.word().clone_into(&mut asked.by);
                asked.ends_within = text(ends_within.map(|months| months.0.to_string()));
            }
            _ => {}
        }
        asked
    }
}

/// What an address may say, by the names of its fields.
pub(super) trait Fields: DeserializeOwned {
    /// Those that a person or a program gives.
    const NAMES: &'static [&'static str];
    /// Those that only forms give.
    const OF_FORMS: &'static [&'static str] = &[];
}

impl Fields for Asked {
    const NAMES: &'static [&'static str] =
        &["contract", "as-of", "known-at", "decided-by", "to", "by", "ends-within", "fact", "from", "limit"];
    const OF_FORMS: &'static [&'static str] =
        &["as-of-day", "as-of-month", "as-of-year", "decided-by-day", "decided-by-month", "decided-by-year"];
}

impl Fields for Entries {
    const NAMES: &'static [&'static str] = &["from", "limit"];
}

impl Fields for Expecting {
    const NAMES: &'static [&'static str] = &["expected-head"];
}

/// What an address says, read; a problem where there is no such field, one is given twice, or is no number where one is due.
pub(super) struct Read<T>(pub(super) T);

impl<S: Send + Sync, T: Fields> FromRequestParts<S> for Read<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let wrong = |_| {
            let what = unread::<T>(parts.uri.query().unwrap_or_default());
            Problem::new(StatusCode::BAD_REQUEST, "wrong-question", what)
        };
        Query::try_from_uri(&parts.uri).map(|Query(said)| Self(said)).map_err(wrong)
    }
}

/// Why an address is not read.
fn unread<T: Fields>(query: &str) -> String {
    let said: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let is_twice = |name: &String| said.iter().filter(|(other, _)| other == name).count() > 1;
    let is_ours = |name: &String| [T::NAMES, T::OF_FORMS].concat().contains(&name.as_str());
    match said.iter().find(|(name, _)| !is_ours(name)) {
        Some((name, _)) => {
            let hint = match nearest(name, T::NAMES.iter().copied()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("there are {}", T::NAMES.join(", ")),
            };
            format!("{name}: there is no such field: {hint}")
        }
        None => match said.iter().find(|(name, _)| is_twice(name)) {
            Some((name, _)) => format!("{name}: it is given twice: give it once"),
            None => match said.iter().find(|(_, value)| value.parse::<u64>().is_err()) {
                Some((name, value)) => format!("{name}: \"{value}\" is no whole number"),
                None => "the address cannot be read".to_owned(),
            },
        },
    }
}

/// What is wrong with one field, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Wrong {
    /// The field.
    pub(super) field: &'static str,
    /// What is wrong with it.
    pub(super) what: String,
}

/// What is read of a field, or what is wrong with it.
struct Reading(Vec<Wrong>);

impl Reading {
    fn of<T>(&mut self, field: &'static str, text: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if text.is_empty() {
            return None;
        }
        read(text).map_err(|what| self.0.push(Wrong { field, what })).ok()
    }
}

impl Asked {
    /// The same with each day in one field, where a form gave it in three; whether any was.
    pub(super) fn in_one_field(&mut self) -> bool {
        let joined = |whole: &mut String, parts: [&mut String; 3]| {
            let parts = parts.map(std::mem::take);
            if parts.iter().all(String::is_empty) {
                return false;
            }
            let [day, month, year] = parts.map(|part| part.trim().to_owned());
            let two = |text: String| if text.len() == 1 { format!("0{text}") } else { text };
            *whole = format!("{year}-{}-{}", two(month), two(day));
            true
        };
        let Self { as_of, as_of_day, as_of_month, as_of_year, .. } = self;
        let as_of = joined(as_of, [as_of_day, as_of_month, as_of_year]);
        let Self { decided_by, decided_by_day, decided_by_month, decided_by_year, .. } = self;
        as_of | joined(decided_by, [decided_by_day, decided_by_month, decided_by_year])
    }

    /// The coordinates alone, for another question at the same ones.
    pub(super) fn coordinates(&self) -> Self {
        let Self { as_of, known_at, decided_by, .. } = self.clone();
        Self { as_of, known_at, decided_by, ..Self::default() }
    }

    /// The fields that something is said in.
    fn said(&self) -> impl Iterator<Item = &'static str> {
        let Self { contract, as_of, known_at, decided_by, to, by, ends_within, fact, from, limit, .. } = self;
        let fields = [
            ("contract", contract),
            ("as-of", as_of),
            ("known-at", known_at),
            ("decided-by", decided_by),
            ("to", to),
            ("by", by),
            ("ends-within", ends_within),
            ("fact", fact),
            ("from", from),
            ("limit", limit),
        ];
        fields.into_iter().filter(|(_, said)| !said.is_empty()).map(|(field, _)| field)
    }

    /// The fields in which something is said that does nothing for a topic, as far as they are not in `kept`.
    pub(super) fn idle(&self, topic: &str, kept: &[&str]) -> Vec<Wrong> {
        let taken = taken(topic);
        let idle = self.said().filter(|field| !taken.contains(field) && !kept.contains(field));
        let what = || format!("it does nothing here: leave it out; what is taken here is {}", taken.join(", "));
        idle.map(|field| Wrong { field, what: what() }).collect()
    }

    /// As an address holds it, without a question mark where nothing is said.
    pub(crate) fn query(&self) -> String {
        match serde_urlencoded::to_string(self) {
            Ok(query) if !query.is_empty() => format!("?{query}"),
            _ => String::new(),
        }
    }

    /// Which contracts are asked for of a question of all of them; nothing where that is not said.
    pub(super) fn page(&self, most: usize) -> Option<Page> {
        let Self { from, limit, .. } = self;
        let limit = limit.parse().ok().or((!from.is_empty()).then_some(most))?;
        Some(Page { from: from.parse().ok(), limit })
    }

    /// The question of a topic.
    ///
    /// # Errors
    /// Each field that is wrong.
    pub(super) fn question(&self, topic: &str) -> Result<Question, Vec<Wrong>> {
        let mut reading = Reading(vec![]);
        let day = |text: &str| asked::day(text);
        let id = |text: &str| text.parse::<ContractId>().map_err(|error| error.to_string());
        let contract = reading.of("contract", &self.contract, id);
        let as_of = reading.of("as-of", &self.as_of, day);
        let known_at = reading.of("known-at", &self.known_at, str::parse);
        let decided_by = reading.of("decided-by", &self.decided_by, day);
        let to = reading.of("to", &self.to, day);
        let by = reading.of("by", &self.by, asked::by);
        let ends_within = reading.of("ends-within", &self.ends_within, asked::months);
        for (field, text) in [("from", &self.from), ("limit", &self.limit)] {
            reading.of(field, text, |text| match field {
                _ if contract.is_some() => Err("an answer about one contract has no pages: leave it out".to_owned()),
                "from" if topic == "diff" && asked::day(text).is_ok() => {
                    Err("the earlier day of a comparison is as-of; from is the contract with which a page begins"
                        .to_owned())
                }
                "from" => id(text).map(drop),
                _ => limit(text).map(drop),
            });
        }
        let mut needed = |field, what: &str| reading.0.push(Wrong { field, what: what.to_owned() });
        let topic = match topic {
            "state" | EXPLAINED | AUDIT => Topic::State,
            "register" | CONTRACT => Topic::Register,
            "value" => Topic::Value,
            "lots" => Topic::Lots,
            "network" => Topic::Network,
            "decisions" => Topic::Decisions,
            "findings" => Topic::Findings,
            "totals" => Topic::Totals { by: by.unwrap_or(By::Funder), ends_within },
            "diff" => {
                if self.to.is_empty() {
                    needed("to", "a comparison goes from one day to a later one: give the later as to=2026-04-01");
                }
                Topic::Diff { to: to.unwrap_or(Day::MAX) }
            }
            "why" => {
                if self.fact.is_empty() {
                    needed("fact", "give the figure by the name that answers give it as \"fact\", as lot-2/holder");
                }
                if self.contract.is_empty() {
                    needed("contract", "give the contract that the figure is of");
                }
                Topic::Why { fact: self.fact.clone() }
            }
            other => unreachable!("{other} is no topic that a route leads to"),
        };
        match reading.0.is_empty() {
            true => Ok(Question { topic, contract, as_of: as_of.unwrap_or_else(today), known_at, decided_by }),
            false => Err(reading.0),
        }
    }
}

/// Whether an answer of a topic about all contracts can be given for some of them.
pub(super) fn has_pages(topic: &str) -> bool {
    TOPICS.contains(&topic) && taken(topic).contains(&"limit")
}

/// The most contracts on one page.
pub(super) const MOST_CONTRACTS: usize = 1000;

fn limit(text: &str) -> Result<usize, String> {
    let limit = text.parse().ok().filter(|limit| (1..=MOST_CONTRACTS).contains(limit));
    limit.ok_or_else(|| format!("a page has from 1 to {MOST_CONTRACTS} contracts"))
}

/// The topics of questions, as addresses name them.
pub(super) const TOPICS: [&str; 10] =
    ["state", "register", "value", "lots", "network", "decisions", "findings", "totals", "diff", "why"];

/// What is asked beside those: all about one contract, one entry explained, and what the last one changed.
pub(super) const CONTRACT: &str = "contract";
pub(super) const EXPLAINED: &str = "explained";
pub(super) const AUDIT: &str = "audit";

/// The fields that are coordinates: a page keeps them for its links, also where it takes no notice of them itself.
pub(super) const COORDINATES: [&str; 3] = ["as-of", "known-at", "decided-by"];

/// The fields that each topic takes: any other does nothing there, and is refused.
pub(super) fn taken(topic: &str) -> &'static [&'static str] {
    match topic {
        "totals" => &["contract", "as-of", "known-at", "decided-by", "by", "ends-within"],
        "diff" => &["contract", "as-of", "known-at", "decided-by", "to", "from", "limit"],
        "why" => &["contract", "as-of", "known-at", "decided-by", "fact"],
        CONTRACT => &COORDINATES,
        EXPLAINED => &["as-of"],
        AUDIT => &["as-of", "known-at"],
        _ => &["contract", "as-of", "known-at", "decided-by", "from", "limit"],
    }
}

/// A page of entries: from which, and how many.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Entries {
    /// The first.
    pub(super) from: Option<u64>,
    /// How many.
    pub(super) limit: Option<usize>,
}

/// What whoever appends expects.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Expecting {
    /// The size of the ledger; whatever it holds, where it is left out.
    pub(super) expected_head: Option<u64>,
}

impl Expecting {
    pub(super) fn head(self) -> Option<Position> {
        self.expected_head.map(Position)
    }
}
