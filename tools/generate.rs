//! Writes a synthetic register, a draft a line as JSON, to standard output: `cargo run --release -p minutebook-tools --bin
//! generate -- --entries 1000000 --seed 1`. What is in it is in `national`; here is only the command.

use clap::Parser;
use minutebook_tools::national::{National, Sizes};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

/// Writes a synthetic register of contracts, a draft a line as JSON
#[derive(Parser)]
#[command(after_help = "The same seed writes the same bytes; a longer register begins with a shorter one.\n\n\
                  Exit status: 0 written; 1 it could not be written.")]
struct Generate {
    /// How many entries
    #[arg(long, default_value_t = 10_000)]
    entries: u64,
    /// How many of them there are for each contract, on average
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    entries_a_contract: u64,
    /// That no contract has more than some tens of them, as a council's; some have hundreds where it is left out
    #[arg(long)]
    council: bool,
    /// What all of it follows from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let Generate { entries, entries_a_contract, council, seed } = Generate::parse();
    match write(
        National { seed, entries_a_contract, sizes: if council { Sizes::Council } else { Sizes::LongTail } },
        entries,
    ) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: cannot write the register: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(national: National, entries: u64) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for number in 0..entries {
        serde_json::to_writer(&mut out, &national.draft(number))?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
