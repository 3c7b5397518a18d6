//! `key`: a key that signs, made in a file of its own; and how other commands take keys.

use super::{DoesNotHold, Outcome, Stop, output};
use crate::audit::key::{PrivateKey, PublicKey};
use crate::audit::note;
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
    /// Check who signed a note, a checkpoint or a certificate, and print what it says
    #[command(after_help = "Example:\n  minutebook key check rebuilt.note --key kent.pub")]
    Check {
        /// The note
        file: PathBuf,
        /// The public key that must have signed, or a file that holds it
        #[arg(long, value_name = "KEY", value_parser = public, required = true)]
        key: Vec<PublicKey>,
    },
}

impl Key {
    pub(super) fn run(self) -> Result<Outcome, Stop> {
        let text = match self {
            Self::New { name, out } => format!("{}\n", PrivateKey::create(&out, &name)?.public()),
            Self::Show { file } => format!("{}\n", PrivateKey::read(&file)?.public()),
            Self::Check { file, key } => {
                let bytes = fs::read(&file);
                let file = file.display();
                let bytes = bytes.map_err(|error| format!("cannot read {file}: {error}"))?;
                let text = note::open(&String::from_utf8_lossy(&bytes), &key);
                text.map_err(|fault| DoesNotHold(format!("{file}: {fault}")))?
            }
        };
        output::print(&text)?;
        Ok(Outcome::Answered)
    }
}

/// A public key as it is given: its text, or a file that holds it.
pub(super) fn public(text: &str) -> Result<PublicKey, String> {
    let path = Path::new(text);
    let text = if path.is_file() { fs::read_to_string(path).map_err(|e| e.to_string())? } else { text.to_owned() };
    text.parse().map_err(|error: crate::audit::key::KeyError| format!("{error}; and there is no such file"))
}
