//! `demo`: a ledger with Kent's record in it, the projections rebuilt and compared, the state as of today, and what to
//! try next. Run again, it changes nothing.

use super::record::{open_or_create, record};
use super::{Outcome, Stop, output};
use crate::kent;
use crate::ledger::Ledger;
use crate::question::{Question, Topic};
use crate::report::in_hand::InHand;
use crate::report::{self, Terminal};
use crate::store::Place;
use crate::today::today;

pub(super) fn run(place: &Place) -> Result<Outcome, Stop> {
    let (ledger, _) = open_or_create(place)?;
    let files = kent::decision_files();
    let files: Vec<InHand> = files
        .iter()
        .map(|(name, text)| InHand::parse((*name).to_owned(), text.as_bytes()))
        .collect::<Result<_, _>>()?;
    only_kents(&ledger, &files, place)?;
    let mut new = 0;
    for file in &files {
        let receipt = record(&ledger, file, ledger.head())?;
        new += usize::from(!receipt.repeated);
    }
    output::print(&told(&ledger, place, files.len(), new)?)?;
    let question = Question { topic: Topic::State, contract: None, as_of: today(), known_at: None, decided_by: None };
    let answer = ledger.view().ask(&question)?;
    output::print(&format!("\n{}", report::text(&answer, Terminal::of_stdout())))?;
    output::print(NEXT)?;
    Ok(Outcome::Answered)
}

/// A ledger with a record of its own is no place for a demonstration.
fn only_kents(ledger: &Ledger, files: &[InHand], place: &Place) -> Result<(), Stop> {
    let view = ledger.view();
    let foreign = view
        .projections
        .log()
        .iter()
        .find(|recorded| files.iter().all(|file| file.parsed.draft.id != recorded.entry.id));
    match foreign {
        None => Ok(()),
        Some(recorded) => Err(format!(
            "the ledger at {} has a record of its own (position {}: {}): name another folder, as --ledger demo-ledger",
            place, recorded.position, recorded.entry.act.reference
        )
        .into()),
    }
}

fn told(ledger: &Ledger, place: &Place, files: usize, new: usize) -> Result<String, Stop> {
    let rebuilt = ledger.rebuild(false, |_, _| {})?.0.projections.roots().projections();
    let equal = rebuilt == ledger.view().projections.roots().projections();
    let recorded = match new {
        0 => format!("All {files} decisions are already recorded in {}: nothing was changed.", place),
        new if new == files => format!("Recorded {new} decisions in {}, each on disk.", place),
        new => format!("Recorded {new} decisions in {}; the other {} already were.", place, files - new),
    };
    let roots = if equal { "every root equals the live one" } else { "A ROOT DIFFERS from the live one" };
    Ok(format!("{recorded}\nRebuilt {} projections from entry 0: {roots}.\n", rebuilt.len()))
}

const NEXT: &str = "
Worth trying next:
  minutebook lots live-well-kent-2016 --as-of 2018-06-01      who ran which lot on a day
  minutebook why community-wellbeing lot-4/holder             why a figure is what it is
  minutebook diff --from 2025-10-01 --to 2026-04-01           what the decision of October 2025 changes
";
