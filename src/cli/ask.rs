//! `state`, `register`, `value`, `lots`, `network`, `decisions`, `findings`, `totals`, `diff` and `why`: a question each.

use super::{Ask, Coordinates, Grouped, Json, Outcome, Stop, day, output, remote};
use crate::ledger::Ledger;
use crate::question::{Question, Topic};
use crate::store::Place;
use crate::today::today;
use clap::Args;
use minutebook_events::{ContractId, Day};

/// Where a question is asked.
pub(super) struct Where<'a> {
    /// The ledger's own place.
    pub(super) ledger: &'a Place,
    /// A server that has it open, in its place.
    pub(super) server: Option<&'a str>,
}

pub(super) fn run(at: &Where<'_>, topic: Topic, ask: Ask) -> Result<Outcome, Stop> {
    question(at, topic, ask.contract, ask.at, ask.json.json)
}

fn question(
    place: &Where<'_>,
    topic: Topic,
    contract: Option<ContractId>,
    at: Coordinates,
    json: bool,
) -> Result<Outcome, Stop> {
    let as_of = at.as_of.unwrap_or_else(today);
    let question = Question { topic, contract, as_of, known_at: at.known_at, decided_by: at.decided_by };
    if let Some(server) = place.server {
        return remote::ask(server, &question, json);
    }
    let mut progress = output::Progress::new("opening");
    let answer = Ledger::ask_once(place.ledger, &question, |done, total| progress.tell(done, total))??;
    output::answer(&answer, json)
}

/// Totals over contracts.
#[derive(Debug, Args)]
pub(super) struct Totals {
    #[command(flatten)]
    grouped: Grouped,
    #[command(flatten)]
    ask: Ask,
}

impl Totals {
    pub(super) fn run(self, place: &Where<'_>) -> Result<Outcome, Stop> {
        let Grouped { by, ends_within } = self.grouped;
        run(place, Topic::Totals { by, ends_within }, self.ask)
    }
}

/// What changed between two days.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// One contract; all of them where it is left out
    contract: Option<ContractId>,
    /// The earlier day
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Day,
    /// The later day
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Day,
    /// As the ledger knew it (recorded): a position, or an instant as 2026-11-22T09:30:00Z
    #[arg(long, value_name = "POSITION|INSTANT")]
    known_at: Option<crate::question::KnownAt>,
    /// Only what had been decided by this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    decided_by: Option<Day>,
    #[command(flatten)]
    json: Json,
}

impl Diff {
    pub(super) fn run(self, place: &Where<'_>) -> Result<Outcome, Stop> {
        let at = Coordinates { as_of: Some(self.from), known_at: self.known_at, decided_by: self.decided_by };
        question(place, Topic::Diff { to: self.to }, self.contract, at, self.json.json)
    }
}

/// The chain of entries behind one figure.
#[derive(Debug, Args)]
pub(super) struct Why {
    /// The contract
    contract: ContractId,
    /// The figure, by the name that --json gives it as "fact": status, lot-2/holder, line/envelope/lot-4/from-kcc
    fact: String,
    #[command(flatten)]
    at: Coordinates,
    #[command(flatten)]
    json: Json,
}

impl Why {
    pub(super) fn run(self, place: &Where<'_>) -> Result<Outcome, Stop> {
        question(place, Topic::Why { fact: self.fact }, Some(self.contract), self.at, self.json.json)
    }
}
