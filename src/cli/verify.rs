//! `verify`: the whole ledger as an auditor reads it. It opens the store alone, so that a ledger whose entries do not
//! hold together can still be looked at.

use super::{DoesNotHold, Json, Outcome, Stop, given_checkpoint, key, output};
use crate::audit::checkpoint::{Checkpoint, CheckpointError, Head, Signed, once};
use crate::audit::key::PublicKey;
use crate::audit::verify::{Verified, verify};
use crate::copies::foreign;
use crate::report;
use crate::sealed::{Contents, VerifiedContents};
use crate::snapshot::Snapshot;
use crate::store::Place;
use crate::store::{self, Store};
use chrono::Utc;
use clap::Args;
use minutebook_events::{Position, codec};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What a ledger is held to, besides itself and the checkpoints it kept.
#[derive(Debug, Args)]
pub(super) struct Held {
    /// A checkpoint that you kept: nothing it covers may have been altered, dropped or put in between
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The public key that must have signed the checkpoints, or a file that holds it. Of several, all must have signed
    /// those that you give, and one those that the ledger kept
    #[arg(long, value_name = "KEY", value_parser = key::public)]
    pub(super) key: Vec<PublicKey>,
}

impl Held {
    /// The checkpoints that were given, each signed by every key.
    pub(super) fn checkpoints(&self) -> Result<Vec<Checkpoint>, Stop> {
        let read = |path: &PathBuf| given_checkpoint(path, &self.key).map(|(checkpoint, _)| checkpoint);
        self.checkpoint.iter().map(read).collect()
    }
}

/// A ledger, held to what it should be.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    held: Held,
    #[command(flatten)]
    json: Json,
}

impl Verify {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        match self.verify(place) {
            Err(stop) if self.json.json && stop.is::<DoesNotHold>() => {
                let fault = json!({ "verified": null, "head": null, "fault": stop.to_string(), "notes": [] });
                output::print_found(&(report::json(&fault) + "\n"))?;
                Ok(Outcome::Found)
            }
            other => other,
        }
    }

    fn verify(&self, place: &Place) -> Result<Outcome, Stop> {
        let given = self.held.checkpoints()?;
        let (store, folder) = (store::open(place)?, &*place.folder);
        let mut checkpoints = vec![];
        let all = Signed::of(folder).all().map_err(|error| match error {
            kept @ CheckpointError::Kept { .. } => DoesNotHold(kept.to_string()).into(),
            other => Stop::from(other),
        })?;
        for (kept, note) in all {
            let by = |key: &PublicKey| Checkpoint::open(&note, std::slice::from_ref(key)).is_ok();
            if !self.held.key.is_empty() && !self.held.key.iter().any(by) {
                let size = kept.head.size;
                let why = "is signed by none of the keys given: give the one that signed it too, or find out who did";
                let words = format!("the checkpoint of {size} entries that the ledger kept {why}");
                return Err(DoesNotHold(words).into());
            }
            checkpoints.push(kept);
        }
        let checkpoints = once(checkpoints.into_iter().chain(given));
        let mut progress = output::Progress::new("verifying");
        let started = Instant::now();
        let result =
            verify(&*store, Some(&Contents::beside(folder)), &checkpoints, |done, total| progress.tell(done, total))
                .and_then(|verified| {
                    // What the folder's own ledger was folded to says nothing of one on a server.
                    if place.server.is_none() {
                        Snapshot::hold(folder, &*store, |done, total| progress.tell(done, total))?;
                    }
                    Ok(verified)
                });
        let seconds = started.elapsed().as_secs_f64();
        let mut notes: Vec<String> = of_the_clock(&*store).into_iter().collect();
        if place.server.is_none() {
            notes.extend(of_the_folder(folder)?);
        }
        let text = match &result {
            Ok((verified, head)) if self.json.json => {
                let head = json!({ "size": head.size, "root": head.root, "streams": head.streams });
                report::json(&json!({ "verified": verified, "head": head, "fault": null, "notes": notes })) + "\n"
            }
            Err(fault) if self.json.json => {
                let fault = fault.to_string();
                report::json(&json!({ "verified": null, "head": null, "fault": fault, "notes": notes })) + "\n"
            }
            Ok((verified, head)) => words(verified, head, seconds, &self.held.key) + &as_lines(&notes),
            Err(fault) => format!("Fault: {}\n{}", report::visible(&fault.to_string()), as_lines(&notes)),
        };
        output::print_found(&text)?;
        Ok(if result.is_ok() { Outcome::Answered } else { Outcome::Found })
    }
}

/// What is worth a look and no fault: that the last entry was recorded after now, where it was.
fn of_the_clock(store: &dyn Store) -> Option<String> {
    let last = Position(store.len().checked_sub(1)?);
    let last = codec::decode(&store.read(last).ok()??.bytes).ok()?.recorded;
    let now = minutebook_events::Instant::new(Utc::now());
    (last > now).then(|| {
        format!(
            "the last entry was recorded at {last}, which is after now, {now}: the clock is behind, or was ahead then; \
             nothing can be recorded until it has passed"
        )
    })
}

/// What lies in the folder and is no part of the ledger.
fn of_the_folder(folder: &Path) -> Result<Vec<String>, Stop> {
    let foreign = foreign(folder).map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    let note = |name: String| format!("{name} is no part of the ledger: nothing was checked of it; move it away");
    Ok(foreign.into_iter().map(note).collect())
}

fn as_lines(notes: &[String]) -> String {
    notes.iter().map(|note| format!("Note: {}\n", report::visible(note))).collect()
}

fn words(verified: &Verified, head: &Head, seconds: f64, keys: &[PublicKey]) -> String {
    let Verified { entries, bytes, events, streams, checkpoints, other_versions, contents } = verified;
    let rate = (*entries as f64 / seconds.max(1e-9)) as u64;
    let mut text = format!(
        "Verified {entries} entries, {events} events, {bytes} bytes in {seconds:.3} s, {rate} entries/s:\n  \
         every hash from the stored bytes, positions without a gap, expected heads true, instants increasing,\n  \
         the index of ids, and the index of {streams} streams.\n\
         Merkle root {}\n",
        head.root
    );
    text += &match (checkpoints, keys) {
        (0, _) => {
            "It was held to no checkpoint: this shows that the ledger holds together, not that nobody replaced all of \
                   it. Sign one: minutebook checkpoint\n"
                .to_owned()
        }
        (1, _) => {
            "It is what its one checkpoint says: nothing that it covers was altered, dropped or put in between.\n"
                .to_owned()
        }
        (n, _) => {
            format!("It is what {n} checkpoints say: nothing that they cover was altered, dropped or put in between.\n")
        }
    };
    if *checkpoints > 0 && keys.is_empty() {
        text += "Whose signatures they are was not checked: give the public key with --key.\n";
    }
    text += &contents.as_ref().map(of_contents).unwrap_or_default();
    if *other_versions > 0 {
        text += &format!(
            "{other_versions} roots of projections in them are of versions that this program does not make: not compared.\n"
        );
    }
    text
}

/// What lies beside the ledger; nothing where nothing does.
fn of_contents(verified: &VerifiedContents) -> String {
    let VerifiedContents { sealed, published, erased, unrecorded, unpublished } = verified;
    let mut text = String::new();
    if sealed + published + erased > 0 {
        text += &format!(
            "Contents beside it: {sealed} sealed and there, {published} published and equal to what was committed to, \
             {erased} erased and gone.\n"
        );
    }
    if *sealed > 0 {
        text += "Whether what is sealed can still be read shows only with its read key: minutebook content read\n";
    }
    for commitment in unrecorded {
        text += &format!(
            "No entry that stands commits to what is sealed under {commitment}: record it, or destroy it: minutebook content discard {commitment}\n"
        );
    }
    for commitment in unpublished {
        text += &format!(
            "No entry publishes what lies here for everybody under {commitment}: record it, or take it back: minutebook content discard {commitment}\n"
        );
    }
    text
}
