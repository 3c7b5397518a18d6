//! `report`: the files that the reporting job hands over, and one line of JSON for whoever runs it.

use super::{Coordinates, Outcome, Stop, call_in, day, output, said};
use crate::report::files::{self, Format, Settings, ocds};
use crate::store::Place;
use crate::today::today;
use clap::Args;
use minutebook_events::Day;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

pub(super) const HELP: &str = "\
Examples:
  minutebook report --out report
  minutebook report --out /srv/minutebook/report --as-of 2026-04-01
  minutebook report --out committee --formats csv --decided-by 2021-12-31

It opens the ledger, so that nobody else has it open meanwhile: where it is served, report on a backup (`minutebook backup`).

The folder is put in place at once: a reader sees the last report or the new one, whole. A run that fails leaves the last one. \
The same ledger and the same coordinates give the same bytes: manifest.json has the hash of each file, the coordinates, and the \
roots of what it was made of. The last line is JSON.

Exit status: 0 where the report is in place, 2 where it is not.";

/// What is reported, and where to.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// The folder: a new one, an empty one, or one that a report was written to, which the new one takes the place of
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    at: Coordinates,
    /// The paper also says what changed since this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    since: Option<Day>,
    /// Which files; all where it is left out
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    formats: Vec<Format>,
    /// Begin CSV with the mark by which some programs know that it is UTF-8
    #[arg(long)]
    bom: bool,
    /// How many working days a decision may be called in, by the constitution: key dates then say when it may be implemented
    #[arg(long, value_name = "DAYS", env = "MINUTEBOOK_CALL_IN", value_parser = call_in())]
    call_in: Option<u32>,
    /// What every ocid begins with; yours, registered with the Open Contracting Partnership. The default is registered by nobody
    #[arg(long, value_name = "PREFIX", default_value = "ocds-minutebook", value_parser = ocds::prefix)]
    ocid_prefix: String,
    /// The address at which the report is published, for the packages of OCDS to name themselves by
    #[arg(long, value_name = "URI", default_value = "urn:minutebook:report", value_parser = ocds::uri)]
    ocds_uri: String,
    /// Who publishes, for the packages of OCDS
    #[arg(long, value_name = "NAME", default_value = "not stated", value_parser = said)]
    ocds_publisher: String,
}

impl Report {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let Self { out, at, since, mut formats, bom, call_in, ocid_prefix, ocds_uri, ocds_publisher } = self;
        if formats.is_empty() {
            formats = Format::EACH.to_vec();
        }
        formats.sort_unstable();
        formats.dedup();
        if let (Some(since), as_of) = (since, at.as_of.unwrap_or_else(today))
            && since > as_of
        {
            return Err(format!("--since {since} is after --as-of {as_of}: give an earlier day").into());
        }
        let settings = Settings {
            as_of: at.as_of,
            known_at: at.known_at,
            decided_by: at.decided_by,
            since,
            formats,
            with_mark: bom,
            call_in,
            publication: ocds::Publication { ocid_prefix, uri: ocds_uri, publisher: ocds_publisher },
        };
        let started = Instant::now();
        let ledger = output::open(place)?;
        let mut progress = output::Progress::of("reporting", "contracts");
        let manifest = files::write(&ledger, &out, &settings, |done, total| progress.tell(done, total))?;
        let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
        let line = json!({
            "report": out.display().to_string(), "as_of": manifest.as_of.to_string(), "known_at": manifest.known_at,
            "files": manifest.files.len(), "bytes": bytes, "seconds": (started.elapsed().as_secs_f64() * 1e3).round() / 1e3,
        });
        output::print(&format!("{line}\n"))?;
        Ok(Outcome::Answered)
    }
}
