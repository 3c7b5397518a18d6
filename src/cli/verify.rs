//! `verify`: the whole ledger as an auditor reads it. It opens the store alone, so that a ledger whose entries do not
//! hold together can still be looked at.

use super::{Outcome, Stop, output};
use crate::ledger;
use crate::report;
use crate::store;
use serde_json::json;
use std::path::Path;
use std::time::Instant;

pub(super) fn run(folder: &Path, as_json: bool) -> Result<Outcome, Stop> {
    let store = store::open(folder)?;
    let mut progress = output::Progress::new("verifying");
    let started = Instant::now();
    let result = ledger::verify(&*store, |done, total| progress.tell(done, total));
    let seconds = started.elapsed().as_secs_f64();
    let text = match &result {
        Ok((verified, _)) if as_json => report::json(&json!({ "verified": verified, "fault": null })) + "\n",
        Err(fault) if as_json => report::json(&json!({ "verified": null, "fault": fault.to_string() })) + "\n",
        Ok((verified, _)) => format!(
            "Verified {} entries, {} events, {} bytes in {seconds:.3} s:\n  \
             every hash from the stored bytes, positions without a gap, expected heads true, instants increasing,\n  \
             the index of ids, and the index of {} streams.\n\
             No checkpoint is signed yet: this shows that the ledger holds together, not that nobody replaced all of it.\n",
            verified.entries, verified.events, verified.bytes, verified.streams
        ),
        Err(fault) => format!("Fault: {fault}\n"),
    };
    output::print(&text)?;
    Ok(if result.is_ok() { Outcome::Answered } else { Outcome::Found })
}
