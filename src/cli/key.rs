//! `key`: a key that signs, made in a file of its own; and how other commands take keys.

use super::{Outcome, Stop, output};
use crate::audit::key::{PrivateKey, PublicKey};
use clap::Subcommand;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Make a key, in a new file that only you may read, and print its public key
    #[command(after_help = "Example:\n  minutebook key new kent.gov.uk/minutebook --out kent.key > kent.pub")]
    New {
        /// The ledger's name, which its checkpoints will carry: best one that is the council's own
        name: String,
        /// The file for the private key
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Print the public key of a private key
    #[command(after_help = "Example:\n  minutebook key show kent.key")]
    Show {
        /// The file of the private key
        file: PathBuf,
    },
}

impl Key {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let key = match self {
            Self::New { name, out } => PrivateKey::create(&out, &name)?,
            Self::Show { file } => PrivateKey::read(&file)?,
        };
        output::print(&format!("{}\n", key.public()))?;
        Ok(Outcome::Answered)
    }
}

/// A public key as it is given: its text, or a file that holds it.
pub(super) fn public(text: &str) -> Result<PublicKey, String> {
    let path = Path::new(text);
    let text = if path.is_file() { fs::read_to_string(path).map_err(|e| e.to_string())? } else { text.to_owned() };
    text.parse().map_err(|error: crate::audit::key::KeyError| error.to_string())
}
