//! `prove`: proofs for other tools, and their check, which opens no ledger.

use super::{DoesNotHold, Outcome, Stop, given_checkpoint, key, output, position};
use crate::audit::checkpoint::Checkpoint;
use crate::audit::key::{PublicKey, once};
use crate::audit::proof::Proof;
use crate::report;
use crate::store::Place;
use clap::{Args, Subcommand};
use minutebook_events::Position;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Prove {
    /// That an entry is in the ledger, as one JSON object
    #[command(after_help = "Example:\n  minutebook prove inclusion 7 --size 39 > proof.json")]
    Inclusion {
        /// The entry
        #[arg(value_parser = position)]
        position: Position,
        /// In the ledger when it held so many entries; as it is now where it is left out
        #[arg(long, value_name = "N")]
        size: Option<u64>,
    },
    /// That the ledger begins as it did when it was smaller, as one JSON object
    #[command(after_help = "Example:\n  minutebook prove consistency --from 20 --to 39 > proof.json")]
    Consistency {
        /// How many entries it held then
        #[arg(long, value_name = "N")]
        from: u64,
        /// How many it held later; as it is now where it is left out
        #[arg(long, value_name = "N")]
        to: Option<u64>,
    },
    /// Whether a proof holds, without a ledger
    #[command(
        after_help = "Examples:\n  minutebook prove check proof.json --bytes entry.json\n  minutebook prove check proof.json --checkpoint kept.note --key kent.pub"
    )]
    Check(Check),
}

/// A proof, and what it is held to besides itself.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The proof, as `minutebook prove` printed it
    file: PathBuf,
    /// A checkpoint whose size and root the proof must have; again for the other size of a proof of consistency
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The public key that must have signed every checkpoint, or a file that holds it
    #[arg(long, value_name = "KEY", value_parser = key::public, requires = "checkpoint")]
    key: Vec<PublicKey>,
    /// The stored bytes that the entry must have, as `minutebook explain POSITION --bytes` printed them
    #[arg(long, value_name = "FILE")]
    bytes: Option<PathBuf>,
}

impl Prove {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let proof = match self {
            Self::Check(check) => return check.run(),
            Self::Inclusion { position, size } => {
                let ledger = output::open(place)?;
                let tree = ledger.tree();
                Proof::inclusion(&tree, position, size.unwrap_or(tree.size()))?
            }
            Self::Consistency { from, to } => {
                let ledger = output::open(place)?;
                let tree = ledger.tree();
                Proof::consistency(&tree, from, to.unwrap_or(tree.size()))?
            }
        };
        output::print(&(report::json(&proof) + "\n"))?;
        Ok(Outcome::Answered)
    }
}

impl Check {
    fn run(self) -> Result<Outcome, Stop> {
        let text = fs::read(&self.file).map_err(|error| cannot_read(&self.file, &error))?;
        let proof: Proof = serde_json::from_slice(&text).map_err(|error| {
            DoesNotHold(format!("{} is not a proof as `minutebook prove` prints it: {error}", self.file.display()))
        })?;
        let checkpoints = self.checkpoint.iter().map(|path| self.checkpoint(path)).collect::<Result<Vec<_>, _>>()?;
        let bytes = self.bytes.as_ref().map(|path| fs::read(path).map_err(|error| cannot_read(path, &error)));
        let fault = self.fault(&proof, &checkpoints, bytes.transpose()?.as_deref());
        output::print(
            &fault.as_ref().map_or_else(
                || self.words(&proof, &checkpoints),
                |fault| format!("Fault: {}\n", report::visible(fault)),
            ),
        )?;
        Ok(if fault.is_some() { Outcome::Found } else { Outcome::Answered })
    }

    fn checkpoint(&self, path: &Path) -> Result<Checkpoint, Stop> {
        Ok(given_checkpoint(path, &self.key)?.0)
    }

    fn fault(&self, proof: &Proof, checkpoints: &[Checkpoint], bytes: Option<&[u8]>) -> Option<String> {
        let proved = proof.check().map_err(|error| error.to_string());
        let held = checkpoints.iter().try_for_each(|checkpoint| proof.hold(checkpoint));
        let same = bytes.map_or(Ok(()), |bytes| proof.hold_bytes(bytes));
        proved.and(held.and(same).map_err(|error| error.to_string())).err()
    }

    fn words(&self, proof: &Proof, checkpoints: &[Checkpoint]) -> String {
        let mut words = match proof {
            Proof::Inclusion { index, size, leaf, root, .. } => format!(
                "The entry at position {index}, with leaf hash {leaf},\nis in a ledger of {size} entries with root {root}.\n"
            ),
            Proof::Consistency { earlier, size, earlier_root, root, .. } => format!(
                "A ledger of {size} entries with root {root}\nbegins with the ledger of {earlier} entries with root {earlier_root}.\n"
            ),
        };
        if self.bytes.is_some() {
            words += "The bytes are those of the entry.\n";
        }
        let signed = once(&self.key).into_iter().map(|key| format!(", signed by {}", key.name())).collect::<String>();
        for Checkpoint { origin, head } in checkpoints {
            words += &format!(
                "The checkpoint of {} has that root of {} entries{signed}.\n",
                report::visible(origin),
                head.size
            );
        }
        words += match (checkpoints, self.key.as_slice()) {
            ([], _) => {
                "Whether a ledger has such a size and root was not checked: give a checkpoint with --checkpoint.\n"
            }
            (_, []) => "Whose signature it bears was not checked: give the public key with --key.\n",
            _ => "",
        };
        words
    }
}

fn cannot_read(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}
