//! `completions`: what a shell needs to complete commands and options.

use super::{Cli, Outcome, Stop, output};
use clap::CommandFactory;
use clap_complete::{Shell, generate};

pub(super) fn run(shell: Shell) -> Result<Outcome, Stop> {
    let mut text = Vec::new();
    generate(shell, &mut Cli::command(), "minutebook", &mut text);
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Outcome::Answered)
}
