//! `replay`: entry by entry, what each changed.

use super::{Entries, Json, Outcome, Stop, day, output};
use crate::question::{self, Question, QuestionError, Topic};
use crate::report;
use crate::today::today;
use clap::Args;
use minutebook_events::{Day, Position};
use serde_json::json;
use std::path::Path;

/// A range of entries, and the day on which the state is looked at.
#[derive(Debug, Args)]
pub(super) struct Replay {
    #[command(flatten)]
    entries: Entries,
    /// What each entry changed of the state on this day; today where it is left out
    #[arg(long, value_name = "DAY", value_parser = day)]
    as_of: Option<Day>,
    #[command(flatten)]
    json: Json,
}

impl Replay {
    pub(super) fn run(self, folder: &Path) -> Result<Outcome, Stop> {
        let ledger = output::open(folder)?;
        let view = ledger.view();
        let as_of = self.as_of.unwrap_or_else(today);
        let last = Position(view.head.0.saturating_sub(1));
        let (from, to) = (self.entries.from.unwrap_or_default(), self.entries.to.unwrap_or(last));
        if from > last {
            return Err(QuestionError::PastHead { asked: from, head: view.head }.into());
        }
        if from > to {
            return Err(format!("--from {from} is after --to {to}: give the earlier entry first").into());
        }
        let known_at = (view.head.0 > 0).then_some(question::KnownAt::Position(to));
        let asked = Question { topic: Topic::State, contract: None, as_of, known_at, decided_by: None };
        let at = view.at(&asked)?;
        let rows = question::replay(&view, as_of, from, to);
        if self.json.json {
            let object = json!({
                "question": "replay", "from": from, "to": to, "as_of": as_of,
                "known_at": at.head.0.checked_sub(1), "decided_by": null, "answer": rows,
            });
            output::print(&(report::json(&object) + "\n"))?;
        } else {
            let answer = question::Answer {
                question: format!("replay of entries {from} to {to}"),
                contract: None,
                as_of,
                known_at: question::Known { position: at.head.0.checked_sub(1).map(Position), recorded: None },
                decided_by: None,
                words: format!("seen in the state {}", at.words()),
                answer: rows,
            };
            output::answer(&answer, false)?;
        }
        Ok(Outcome::Answered)
    }
}
