//! `answer` and `verify-answer`: an answer with its evidence in a file, and the check of one, which needs no ledger.

use super::{Coordinates, Grouped, Json, Outcome, Stop, day, key, output};
use crate::audit::bundle::{Bundle, Checked, LIMIT, Record};
use crate::audit::checkpoint::{Checkpoint, Signed, sign};
use crate::audit::key::{PrivateKey, PublicKey, once};
use crate::ledger::Ledger;
use crate::question::{Question, Topic};
use crate::report::{self, Terminal};
use crate::store::Place;
use crate::today::today;
use clap::{Args, ValueEnum};
use minutebook_events::{ContractId, Day};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    State,
    Register,
    Value,
    Lots,
    Network,
    Decisions,
    Findings,
    Totals,
    Diff,
    Why,
}

/// A question, and the file for its answer.
#[derive(Debug, Args)]
pub(super) struct Answer {
    /// What is asked, as the command of that name asks it
    topic: Word,
    /// One contract; all of them where it is left out
    contract: Option<ContractId>,
    /// The figure, of `why`
    #[arg(required_if_eq("topic", "why"))]
    fact: Option<String>,
    #[command(flatten)]
    at: Coordinates,
    #[command(flatten, next_help_heading = "Of `totals`")]
    grouped: Grouped,
    /// The later day, of `diff`; --as-of is the earlier
    #[arg(long, value_name = "DAY", value_parser = day, required_if_eq("topic", "diff"))]
    to: Option<Day>,
    /// The file to write, which must not be there yet
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// Sign the ledger as it is now with this private key; otherwise the latest checkpoint that it kept is used
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
    /// The most bytes of entries that a bundle may take
    #[arg(long, value_name = "BYTES", default_value_t = LIMIT)]
    limit: usize,
}

impl Answer {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let question = self.question();
        let ledger = output::open(place)?;
        let note = self.checkpoint(&ledger, &place.folder)?;
        let size = Checkpoint::open(&note, &[])?.head.size;
        let bundle = if size == ledger.head() {
            let (view, tree) = (ledger.view(), ledger.tree());
            let record = Record { projections: &view.projections, tree: &tree, store: ledger.store() };
            Bundle::make(record, &note, &question, self.limit)?
        } else {
            let then = ledger.at_size(size)?;
            let record = Record { projections: &then.projections, tree: &then.tree, store: ledger.store() };
            Bundle::make(record, &note, &question, self.limit)?
        };
        let checked =
            bundle.check(&[]).map_err(|error| format!("the bundle does not hold: {error}; this is our fault"))?;
        let bytes = bundle.write();
        output::write_new(&self.bundle, &bytes)?;
        output::print(&format!(
            "{}\n{}, {} bytes, are in {}: minutebook verify-answer checks it\n",
            report::text(&checked.answer, Terminal::of_stdout()),
            evidence(&checked),
            bytes.len(),
            self.bundle.display()
        ))?;
        Ok(Outcome::Answered)
    }

    fn question(&self) -> Question {
        let topic = match self.topic {
            Word::State => Topic::State,
            Word::Register => Topic::Register,
            Word::Value => Topic::Value,
            Word::Lots => Topic::Lots,
            Word::Network => Topic::Network,
            Word::Decisions => Topic::Decisions,
            Word::Findings => Topic::Findings,
            Word::Totals => Topic::Totals { by: self.grouped.by, ends_within: self.grouped.ends_within },
            Word::Diff => Topic::Diff { to: self.to.expect("the command line asks for it") },
            Word::Why => Topic::Why { fact: self.fact.clone().expect("the command line asks for it") },
        };
        let as_of = self.at.as_of.unwrap_or_else(today);
        let Coordinates { known_at, decided_by, .. } = self.at;
        Question { topic, contract: self.contract.clone(), as_of, known_at, decided_by }
    }

    fn checkpoint(&self, ledger: &Ledger, folder: &Path) -> Result<String, Stop> {
        let signed = Signed::of(folder);
        match &self.sign {
            Some(path) => Ok(output::wait(sign(ledger, &signed, &PrivateKey::read(path)?))?),
            None => match signed.latest()? {
                Some((_, note)) => Ok(note),
                None => Err("nothing was signed yet, and an answer is held to a checkpoint: give --sign KEY".into()),
            },
        }
    }
}

/// A file, and who must have signed.
#[derive(Debug, Args)]
pub(super) struct VerifyAnswer {
    /// The file that `minutebook answer` wrote
    file: PathBuf,
    /// The public key of the ledger, or a file that holds it; every key given must have signed
    #[arg(long, value_name = "KEY", value_parser = key::public, required = true)]
    key: Vec<PublicKey>,
    #[command(flatten)]
    json: Json,
}

impl VerifyAnswer {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let file = self.file.display();
        let bytes = fs::read(&self.file).map_err(|error| format!("cannot read {file}: {error}"))?;
        let checked = Bundle::read(&bytes).and_then(|bundle| bundle.check(&self.key));
        let text = match &checked {
            Ok(checked) if self.json.json => {
                let head = &checked.checkpoint.head;
                let checked = json!({
                    "signed_by": once(&self.key).into_iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "origin": checked.checkpoint.origin, "size": head.size, "root": head.root,
                    "entries": checked.entries, "streams": checked.streams, "answer": checked.answer,
                });
                report::json(&json!({ "checked": checked, "fault": null })) + "\n"
            }
            Err(fault) if self.json.json => {
                report::json(&json!({ "checked": null, "fault": fault.to_string() })) + "\n"
            }
            Ok(checked) => format!(
                "{}\nThis follows from the record: {}.\nSigned by {}, of the first {} entries.\n",
                report::text(&checked.answer, Terminal::of_stdout()),
                evidence(checked),
                once(&self.key).into_iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "),
                checked.checkpoint.head.size
            ),
            Err(fault) => format!("{file} does not hold: {}\n", report::visible(&fault.to_string())),
        };
        output::print_found(&text)?;
        Ok(if checked.is_ok() { Outcome::Answered } else { Outcome::Found })
    }
}

/// What was bundled, and what shows that nothing is missing.
fn evidence(checked: &Checked) -> String {
    match checked.streams {
        Some(streams) => format!("{} entries, with all that are about the {streams} names in them", checked.entries),
        None => format!("{} entries, which are all", checked.entries),
    }
}
