//! `replay`: entry by entry, what each changed.

use super::{Entries, Json, Outcome, Stop, day, output};
use crate::today::today;
use clap::Args;
use minutebook_events::Day;
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
        let answer = ledger.view().replay(self.as_of.unwrap_or_else(today), self.entries.from, self.entries.to)?;
        output::answer(&answer, self.json.json)
    }
}
