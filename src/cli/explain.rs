//! `explain`: all about one entry.

use super::{Json, Outcome, Stop, day, output, position};
use crate::audit::checkpoint::Signed;
use crate::audit::explain::{bytes, explain};
use crate::store::Place;
use crate::today::today;
use clap::Args;
use minutebook_events::{Day, Position};
use std::io::{self, Write};

pub(super) const HELP: &str = "\
Examples:
  minutebook explain 7
  minutebook explain 7 --bytes > entry.json

It says what the entry is, how its bytes are stored, the proof that they are in the ledger of the latest checkpoint that \
the ledger kept (where none covers the entry, in the ledger as it is), its version in every stream, what it changed of \
the state on a day, which findings it raised or settled, and which of its events were struck since.

To redo the check by hand: the leaf hash is the SHA-256 of a zero byte and the bytes,
  minutebook explain 7 --bytes | (printf '\\0'; cat) | sha256sum
From there to the root (RFC 6962, section 2.1): let i be the index, and n the size less one. For each hash of the path, \
while i is even and equal to n, halve both; then the next hash is the SHA-256 of a byte 1 and two hashes, that of the path \
first where i is odd, the one so far first where i is even; then halve both, and drop what is left over. The last is the \
root, which a checkpoint has in base64. `minutebook prove inclusion 7` gives the same proof to a program, `minutebook prove check` checks it without a ledger, \
and `minutebook verify --key KEY` says who signed the checkpoints.";

/// Which entry, and the day on which the state is looked at.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The entry
    #[arg(value_parser = position)]
    position: Position,
    /// What it changed of the state on this day; today where it is left out
    #[arg(long, value_name = "DAY", value_parser = day)]
    as_of: Option<Day>,
    /// Print its stored bytes and nothing else, as they are
    #[arg(long, conflicts_with = "json")]
    bytes: bool,
    #[command(flatten)]
    json: Json,
}

impl Explain {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let ledger = output::open(place)?;
        if self.bytes {
            let mut out = io::stdout().lock();
            out.write_all(&bytes(&ledger, self.position)?.bytes)?;
            out.flush()?;
            return Ok(Outcome::Answered);
        }
        let as_of = self.as_of.unwrap_or_else(today);
        output::answer(&explain(&ledger, &Signed::of(&place.folder), self.position, as_of)?, self.json.json)
    }
}
