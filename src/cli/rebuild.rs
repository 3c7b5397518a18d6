//! `rebuild`: every projection from entry 0, and whether each root equals the live one; signed, where asked.

use super::{Json, Outcome, Stop, output};
use crate::audit::certificate::Certificate;
use crate::audit::checkpoint::Head;
use crate::audit::key::PrivateKey;
use crate::ledger::LedgerError;
use crate::report;
use crate::store::Place;
use crate::store::SNAPSHOT;
use chrono::Utc;
use clap::Args;
use minutebook_events::{Instant, Position};
use minutebook_projections::RootOf;
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;
use std::time;

/// What becomes of the result.
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    /// Sign what was rebuilt, and whether it equals the live one, into this file, which must not be there yet
    #[arg(long, value_name = "FILE", requires = "key")]
    certify: Option<PathBuf>,
    /// The private key that signs
    #[arg(long, value_name = "FILE", requires = "certify")]
    key: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

impl Rebuild {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let key = self.key.as_deref().map(PrivateKey::read).transpose()?;
        let ledger = output::open(place)?;
        let mut progress = output::Progress::new("rebuilding");
        let started = time::Instant::now();
        // What is certified is rebuilt as a whole.
        let (rebuilt, began) = ledger.rebuild(self.certify.is_none(), |done, total| progress.tell(done, total))?;
        let head = rebuilt.head();
        let seconds = started.elapsed().as_secs_f64();
        let events: usize = rebuilt.projections.log().iter().map(|recorded| recorded.entry.events.len()).sum();
        let live = output::wait(ledger.roots())?;
        // The roots are over the hashes of stored bytes: that what answers says what those bytes say is to be seen besides.
        if rebuilt.projections.digest() != ledger.view().projections.digest() {
            return Err(LedgerError::Snapshot(place.folder.join(SNAPSHOT)).into());
        }
        ledger.save_snapshots(&rebuilt);
        let certificate = Certificate { at: Instant::new(Utc::now()), rebuilt: head, live };
        let mut text = if self.json.json {
            as_json(&certificate, events, began)
        } else {
            words(&certificate, events, began, seconds)?
        };
        if let (Some(file), Some(key)) = (&self.certify, &key) {
            output::write_new(file, certificate.sign(key).as_bytes())?;
            if !self.json.json {
                writeln!(text, "Certified by {} in {}", key.public(), file.display())?;
            }
        }
        output::print_found(&text)?;
        Ok(if certificate.is_equal() { Outcome::Answered } else { Outcome::Found })
    }
}

/// Each projection as it was rebuilt, and whether the live one is equal.
fn pairs(certificate: &Certificate) -> impl Iterator<Item = (&RootOf, bool)> {
    let live = &certificate.live.projections;
    certificate.rebuilt.projections.iter().map(|rebuilt| (rebuilt, live.contains(rebuilt)))
}

fn as_json(certificate: &Certificate, events: usize, began: Position) -> String {
    let row = |(rebuilt, equal): (&RootOf, bool)| json!({ "projection": rebuilt.name, "version": rebuilt.version, "root": rebuilt.root, "equal": equal });
    let rows: Vec<_> = pairs(certificate).map(row).collect();
    let Head { size, root, streams, .. } = certificate.rebuilt;
    let object = json!({
        "began": began, "entries": size, "events": events, "equal": certificate.is_equal(), "root": root, "streams": streams, "projections": rows,
    });
    report::json(&object) + "\n"
}

fn words(certificate: &Certificate, events: usize, began: Position, seconds: f64) -> Result<String, Stop> {
    let Certificate { rebuilt, live, .. } = certificate;
    let mut text = format!("Rebuilt from entry {began}: {} entries, {events} events in {seconds:.3} s\n", rebuilt.size);
    let word = |equal| if equal { "equal to the live one" } else { "DIFFERS from the live one" };
    for (root, equal) in pairs(certificate) {
        writeln!(text, "  {:<10} v{}  {}  {}", root.name, root.version, root.root, word(equal))?;
    }
    writeln!(text, "  {:<14}{}  {}", "streams", rebuilt.streams, word(rebuilt.streams == live.streams))?;
    writeln!(text, "  {:<14}{}  {}", "entries", rebuilt.root, word(rebuilt.root == live.root))?;
    Ok(text)
}
