//! Drafts recorded in a new ledger, for the benchmarks that need one to ask. It must measure nothing itself, nor know what is recorded.

use minutebook::ledger::Ledger;
use minutebook_events::Draft;
use std::path::Path;

/// Drafts that share commits.
const GROUP: usize = 1000;

/// Records drafts, in order, in a ledger that is made in a folder.
pub fn record(folder: &Path, drafts: impl Iterator<Item = Draft>) {
    let ledger = Ledger::create(folder).unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let mut drafts = drafts.peekable();
    while drafts.peek().is_some() {
        let group: Vec<Draft> = drafts.by_ref().take(GROUP).collect();
        for receipt in runtime.block_on(ledger.record_all(group, ledger.head())) {
            receipt.unwrap_or_else(|error| panic!("{error}"));
        }
    }
}
