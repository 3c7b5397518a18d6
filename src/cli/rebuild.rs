//! `rebuild`: every projection from entry 0, and whether each root equals the live one.

use super::{Outcome, Stop, output};
use crate::report;
use serde_json::json;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

pub(super) fn run(folder: &Path, as_json: bool) -> Result<Outcome, Stop> {
    let ledger = output::open(folder)?;
    let mut progress = output::Progress::new("rebuilding");
    let started = Instant::now();
    let rebuilt = ledger.rebuild(|done, total| progress.tell(done, total))?;
    let seconds = started.elapsed().as_secs_f64();
    let view = ledger.view();
    let pairs: Vec<_> = rebuilt.roots().into_iter().zip(view.projections.roots()).collect();
    let equal = pairs.iter().all(|(rebuilt, live)| rebuilt == live);
    let events: usize = rebuilt.entries().iter().map(|recorded| recorded.entry.events.len()).sum();
    if as_json {
        let rows: Vec<_> = pairs
            .iter()
            .map(|(rebuilt, live)| {
                json!({ "projection": rebuilt.name, "version": rebuilt.version, "root": rebuilt.root.to_string(), "equal": rebuilt == live })
            })
            .collect();
        let object = json!({ "entries": rebuilt.head(), "events": events, "equal": equal, "projections": rows });
        output::print(&(report::json(&object) + "\n"))?;
    } else {
        let mut text = format!("Rebuilt from entry 0: {} entries, {events} events in {seconds:.3} s\n", rebuilt.head());
        for (rebuilt, live) in &pairs {
            let word = if rebuilt == live { "equal to the live one" } else { "DIFFERS from the live one" };
            writeln!(text, "  {:<10} v{}  {}  {word}", rebuilt.name, rebuilt.version, rebuilt.root)?;
        }
        output::print(&text)?;
    }
    Ok(if equal { Outcome::Answered } else { Outcome::Found })
}
