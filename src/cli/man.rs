//! `man`: the manual page, every command in it, from the same words as `--help`.

use super::{Cli, Outcome, Stop, output};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io;

pub(super) fn run() -> Result<Outcome, Stop> {
    let mut text = Vec::new();
    let mut command = Cli::command();
    command.build();
    render(&command, "minutebook", &mut text)?;
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Outcome::Answered)
}

/// A command, then those below it.
fn render(command: &Command, name: &str, text: &mut Vec<u8>) -> io::Result<()> {
    Man::new(command.clone()).title(name).render(text)?;
    let below = command.get_subcommands().filter(|sub| sub.get_name() != "help");
    below.into_iter().try_for_each(|sub| render(sub, &format!("{name}-{}", sub.get_name()), text))
}
