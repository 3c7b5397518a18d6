//! `man`: the manual page, every command in it, from the same words as `--help`.

use super::{Cli, Outcome, Stop, output};
use clap::CommandFactory;
use clap_mangen::Man;

pub(super) fn run() -> Result<Outcome, Stop> {
    let mut text = Vec::new();
    let mut command = Cli::command();
    command.build();
    Man::new(command.clone()).render(&mut text)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        Man::new(sub.clone()).title(format!("minutebook-{}", sub.get_name())).render(&mut text)?;
    }
    output::print(&String::from_utf8_lossy(&text))?;
    Ok(Outcome::Answered)
}
