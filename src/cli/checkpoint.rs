//! `checkpoint`: the size and the roots of the ledger, signed and printed, for whoever will hold the ledger to them.

use super::{Outcome, Stop, given_checkpoint, key, output};
use crate::audit::checkpoint::{Signed, sign};
use crate::audit::key::{PrivateKey, PublicKey};
use crate::audit::note;
use crate::store::Place;
use clap::Args;
use std::path::PathBuf;

/// Which key signs what.
#[derive(Debug, Args)]
pub(super) struct Checkpoint {
    /// The private key, a file that `minutebook key new` made
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Sign this checkpoint too, beside the signatures that it has, instead of the ledger's head: verify the ledger first
    #[arg(long, value_name = "FILE", requires = "signed_by")]
    countersign: Option<PathBuf>,
    /// The public key that must have signed it already, or a file that holds it
    #[arg(long, value_name = "KEY", value_parser = key::public, requires = "countersign")]
    signed_by: Vec<PublicKey>,
}

impl Checkpoint {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let key = PrivateKey::read(&self.key)?;
        let note = match self.countersign {
            Some(path) => {
                let (_, there) = given_checkpoint(&path, &self.signed_by)?;
                note::add_signature(&there, &key)?
            }
            None => {
                let ledger = output::open(place)?;
                output::wait(sign(&ledger, &Signed::of(&place.folder), &key))?
            }
        };
        output::print(&note)?;
        Ok(Outcome::Answered)
    }
}
