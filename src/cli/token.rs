//! `token`: who may do more than ask where the ledger is served. A token is shown once. It must not know how tokens are kept.

use super::{Outcome, Stop, day, output};
use crate::access::{Life, Role, Token, Tokens};
use crate::report::visible;
use crate::store::MARKER;
use crate::today::today;
use clap::{Args, Subcommand};
use minutebook_events::decide::is_hidden;
use minutebook_events::{DateSpan, Day};
use std::path::Path;

pub(super) const HELP: &str = "\
Examples:
  minutebook token new --role recorder --label 'contract office'
  minutebook token new --role officer --role auditor --label 'monitoring officer' --until 2027-03-31
  minutebook token list
  minutebook token revoke 0c1d2e3f4a5b6c7d
  curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/api/v1/entries

Without a token anybody may ask, and reads nothing exempt. Roles:
  officer   also reads what is exempt, where the server was given the read key
  recorder  also records entries
  auditor   also reads what is exempt, and takes entries as they are stored, with their proofs

A server that runs hears of it at once. Say which desk has a token, not who sits there.";

/// What to do with tokens.
#[derive(Debug, Args)]
pub(super) struct Tokening {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token; standard output has it, once and for all
    #[command(
        after_help = "Example:\n  minutebook token new --role recorder --label 'contract office' --until 2027-03-31"
    )]
    New {
        /// What its holder may do; may be given several times
        #[arg(long, required = true)]
        role: Vec<Role>,
        /// What it is for: an office or a job, never a person's name
        #[arg(long)]
        label: String,
        /// The last day on which it counts; until it is revoked where it is left out
        #[arg(long, value_name = "DATE", value_parser = day)]
        until: Option<Day>,
    },
    /// All that were ever made, and whether they count
    #[command(after_help = "Example:\n  minutebook token list")]
    List,
    /// Revoke a token: from then on it counts for nothing
    #[command(after_help = "Example:\n  minutebook token revoke 0c1d2e3f4a5b6c7d")]
    Revoke {
        /// Its id, as `list` gives it
        id: String,
    },
}

impl Tokening {
    pub(super) fn run(self, folder: &Path) -> Result<Outcome, Stop> {
        if !folder.join(MARKER).is_file() {
            return Err(format!("there is no ledger at {}: name one with --ledger", folder.display()).into());
        }
        let tokens = Tokens::of(folder);
        match self.command {
            Command::New { mut role, label, until } => {
                let label = label.trim().to_owned();
                if label.is_empty() || label.len() > 200 || label.chars().any(is_hidden) {
                    return Err("a label is a line of 1 to 200 bytes that says what the token is for".into());
                }
                if let Some(over) = until.filter(|until| *until < today()) {
                    return Err(format!("{} is over: give a day from today on", DateSpan::day(over)).into());
                }
                role.sort();
                role.dedup();
                let (token, secret) = tokens.make(&label, role, until)?;
                output::print(&format!("{}\n", secret.text()))?;
                output::complain(&format_args!(
                    "{}\nThis token is shown once: keep it where secrets are kept, and revoke it with `minutebook token revoke {}`\n",
                    said(&token),
                    token.id
                ));
            }
            Command::List => {
                let all = tokens.all()?;
                let lines: String = all.iter().map(|token| said(token) + "\n").collect();
                let none = "no token was ever made: a server asks nobody for one\n";
                output::print(if all.is_empty() { none } else { &lines })?;
            }
            Command::Revoke { id } => output::print(&format!("{}\n", said(&tokens.revoke(&id)?)))?,
        }
        Ok(Outcome::Answered)
    }
}

fn said(token: &Token) -> String {
    let roles: Vec<&str> = token.roles.iter().map(|role| role.word()).collect();
    let life = match (token.life(today()), token.until) {
        (Life::Revoked, _) => "revoked".to_owned(),
        (Life::Expired, Some(until)) => format!("counted until {}", DateSpan::day(until)),
        (_, Some(until)) => format!("counts until {}", DateSpan::day(until)),
        (_, None) => "counts until it is revoked".to_owned(),
    };
    let made = DateSpan::day(token.made.date_naive());
    format!("{}  {}  {}  made {made}  {life}", token.id, roles.join(", "), visible(&token.label))
}
