//! The command line: what may be typed, and what each command prints and exits with. A command only asks the library
//! and formats; none decides anything.

mod answer;
mod archive;
mod ask;
mod backup;
mod check;
mod checkpoint;
mod completions;
mod config;
mod content;
mod demo;
mod explain;
mod key;
mod lines;
mod man;
mod openid;
mod output;
mod prove;
mod rebuild;
mod record;
mod remote;
mod replay;
mod report;
mod restore;
mod serve;
mod store;
mod token;
mod verify;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use minutebook_events::{ContractId, Day, Months};
use minutebook_projections::By;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use crate::audit::checkpoint::Checkpoint;
use crate::audit::key::PublicKey;
use crate::question::KnownAt;
use crate::question::asked::{by, day, months, position};
use crate::store::{Address, Place};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "minutebook",
    version,
    about = "The ledger of record for what a council has decided about its contracts",
    after_help = "Examples:\n  \
        minutebook demo\n  \
        minutebook state --as-of 2018-06-01\n  \
        minutebook lots live-well-kent-2016 --as-of 2018-06-01\n  \
        minutebook why live-well-kent-2016 lot-2/holder --as-of 2018-06-01\n  \
        minutebook check events/kent/*.toml\n\n\
        Exit status: 0, 1 or 2\n  \
        0  answered, done, or it holds\n  \
        1  what was given or kept does not hold: a decision file is rejected; a note, a proof, a bundle or a copy is not in its\n     \
           form, is altered, or is not signed by the key; a check found a fault\n  \
        2  wrong use; a file cannot be read or written; the ledger cannot be used"
)]
pub struct Cli {
    /// The ledger's folder
    #[arg(long, global = true, env = "MINUTEBOOK_LEDGER", default_value = "minutebook-ledger", value_name = "DIR")]
    ledger: PathBuf,

    /// Where a server keeps the entries, in place of the folder: see `minutebook store --help`
    #[arg(
        long,
        global = true,
        env = "MINUTEBOOK_STORE",
        value_name = "postgres://…",
        hide_env_values = true,
        hide_default_value = true
    )]
    store: Option<String>,

    /// Ask a server that runs, in place of the folder: questions alone. A token for it is read from MINUTEBOOK_TOKEN
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,

    /// A file of settings: see `minutebook config --help`
    #[arg(long, global = true, env = "MINUTEBOOK_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// What is logged to standard error, as minutebook=info or minutebook=debug
    #[arg(long, global = true, env = "MINUTEBOOK_LOG", value_name = "FILTER", default_value = "minutebook=warn")]
    log: Targets,

    /// How it is logged
    #[arg(long, global = true, env = "MINUTEBOOK_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,

    #[command(subcommand)]
    command: Command,
}

/// How lines are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// A line of JSON each, for programs.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The state as of a date: contracts in force, value, lots, partners, findings
    #[command(
        after_help = "Examples:\n  minutebook state\n  minutebook state live-well-kent-2016 --as-of 2020-04-01 --decided-by 2019-12-31"
    )]
    State(Ask),
    /// Contracts with their terms, options, clauses and milestones
    #[command(
        after_help = "Examples:\n  minutebook register\n  minutebook register live-well-kent-2016 --as-of 2020-04-01"
    )]
    Register(Ask),
    /// What contracts are worth: a year, over the first term, with options, what is left; stated beside computed
    #[command(after_help = "Examples:\n  minutebook value\n  minutebook value community-wellbeing --as-of 2022-06-01")]
    Value(Ask),
    /// Who runs which lot, and which services there are
    #[command(
        after_help = "Examples:\n  minutebook lots live-well-kent-2016 --as-of 2018-06-01\n  minutebook lots community-wellbeing --decided-by 2022-03-01"
    )]
    Lots(Ask),
    /// Who funds, commissions and provides
    #[command(after_help = "Example:\n  minutebook network live-well-kent-2016 --as-of 2019-01-01")]
    Network(Ask),
    /// Acts of governance: decisions, endorsements, proposals, reports, inferences
    #[command(after_help = "Example:\n  minutebook decisions --decided-by 2022-03-01")]
    Decisions(Ask),
    /// What the record itself shows: totals that do not add up, sources that conflict, plans with no outcome
    #[command(after_help = "Example:\n  minutebook findings community-wellbeing")]
    Findings(Ask),
    /// What is worth how much a year over all contracts, by funder, partner, lot, area or contract; what ends soon
    #[command(
        after_help = "Examples:\n  minutebook totals\n  minutebook totals --by partner --as-of 2022-06-01\n  minutebook totals --by lot community-wellbeing --as-of 2022-06-01\n  minutebook totals --as-of 2022-12-01 --ends-within 6"
    )]
    Totals(ask::Totals),
    /// What changed between two days, and which act changed it
    #[command(after_help = "Example:\n  minutebook diff live-well-kent-2016 --from 2017-09-30 --to 2018-04-01")]
    Diff(ask::Diff),
    /// The chain of entries behind one figure, with sources, and what it displaced
    #[command(
        after_help = "Examples:\n  minutebook why live-well-kent-2016 lot-2/holder --as-of 2018-06-01\n  minutebook why community-wellbeing lot-4/holder"
    )]
    Why(ask::Why),
    /// Entry by entry, what each changed, forward or back
    #[command(after_help = replay::HELP)]
    Replay(replay::Replay),
    /// One entry: its bytes, the proof that they are in the ledger, what it changed, what came of it
    #[command(after_help = explain::HELP)]
    Explain(explain::Explain),
    /// Rebuild every projection from entry 0, and compare with the live ones
    ///
    /// One that was interrupted goes on after the last full 1,048,576 entries that it had done, unless it is certified.
    /// It leaves a snapshot, from which the next opening goes on.
    #[command(
        after_help = "Examples:\n  minutebook rebuild\n  minutebook rebuild --certify rebuilt.note --key kent.key"
    )]
    Rebuild(rebuild::Rebuild),
    /// Check decision files, without recording anything
    #[command(after_help = check::help())]
    Check(check::Check),
    /// Record decision files, one entry each
    #[command(
        after_help = "Examples:\n  minutebook record decision.toml\n  minutebook record --dry-run decision.toml\n  minutebook record --expected-head 12 decision.toml\n  minutebook record --lines register.jsonl\n  minutebook record --new --store 'postgres://minutes@db.example/council?ledger=kent' decision.toml"
    )]
    Record(record::Record),
    /// Check every hash, position, claim, instant and index of the ledger, and hold it to its checkpoints
    #[command(
        after_help = "Examples:\n  minutebook verify\n  minutebook verify --checkpoint kept.note --key kent.pub\n  minutebook verify --json"
    )]
    Verify(verify::Verify),
    /// Sign the size and the roots of the ledger, and print them
    #[command(
        after_help = "Examples:\n  minutebook checkpoint --key kent.key > kept.note\n  minutebook checkpoint --countersign kept.note --signed-by kent.pub --key auditor.key"
    )]
    Checkpoint(checkpoint::Checkpoint),
    /// Answer a question with everything that shows the answer follows from the record, in one file
    #[command(
        after_help = "Examples:\n  minutebook answer lots live-well-kent-2016 --as-of 2018-06-01 --bundle lots.json\n  minutebook answer why live-well-kent-2016 lot-2/holder --bundle why.json\n  minutebook answer state --sign kent.key --bundle state.json"
    )]
    Answer(answer::Answer),
    /// Check such a file, with no ledger and no network
    #[command(after_help = "Example:\n  minutebook verify-answer lots.json --key kent.pub")]
    VerifyAnswer(answer::VerifyAnswer),
    /// Prove that an entry is in the ledger, or that the ledger begins as it once was, and check such proofs
    #[command(
        subcommand,
        after_help = "Examples:\n  minutebook prove inclusion 7 > proof.json\n  minutebook prove consistency --from 20\n  minutebook prove check proof.json --checkpoint kept.note --key kent.pub"
    )]
    Prove(prove::Prove),
    /// Exempt and personal content beside the ledger: seal, read, check, publish, erase
    #[command(
        subcommand,
        after_help = "Examples:\n  minutebook content key --out officer.key > officer.pub\n  minutebook content seal appendix-1.pdf --to officer.pub\n  minutebook content read live-well-kent-2016 appendix-1 --key officer.key --out appendix-1.pdf\n  minutebook content erase erasure.toml --sign kent.key > erasure.note"
    )]
    Content(content::Content),
    /// Make a key that signs checkpoints, or print its public key
    #[command(
        subcommand,
        after_help = "Examples:\n  minutebook key new kent.gov.uk/minutebook --out kent.key > kent.pub\n  minutebook key show kent.key\n  minutebook key check rebuilt.note --key kent.pub"
    )]
    Key(key::Key),
    /// Copy the ledger to a folder that opens as it is, and verify the copy
    #[command(
        after_help = "Examples:\n  minutebook backup --out /mnt/backups/monday\n  minutebook backup --out \"/mnt/backups/$(date +%F)\" && minutebook --ledger \"/mnt/backups/$(date +%F)\" state"
    )]
    Backup(backup::Backup),
    /// Write the ledger as lines of JSON with its checkpoints, for whoever has nothing of ours
    #[command(after_help = "Example:\n  minutebook archive --out /mnt/archive/2026")]
    Archive(archive::Archive),
    /// Make a ledger from a backup or an archive, once all of it was checked; nothing is ever overwritten
    #[command(
        after_help = "Examples:\n  minutebook restore --from /mnt/backups/monday --ledger restored\n  minutebook restore --from /mnt/archive/2026 --ledger restored --checkpoint kept.note --key kent.pub"
    )]
    Restore(restore::Restore),
    /// Files for officers, publishers and analysts, at one set of coordinates, in a folder that is swapped in at once
    #[command(after_help = report::HELP)]
    Report(report::Report),
    /// Pages in a browser and an API, on the ledger, until it is stopped
    #[command(after_help = serve::HELP)]
    Serve(Box<serve::Serve>),
    /// A log on a server, for several machines: its tables
    #[command(subcommand, after_help = store::HELP)]
    Store(store::StoreCommand),
    /// Who may do more than ask where the ledger is served: make, list and revoke tokens
    #[command(after_help = token::HELP)]
    Token(token::Tokening),
    /// Make a ledger, record Kent's decisions in it, and show the state as of today
    #[command(after_help = "Examples:\n  minutebook demo --ledger demo-ledger\n  minutebook demo --serve")]
    Demo {
        /// Then show it in a browser, at http://127.0.0.1:8080
        #[arg(long)]
        serve: bool,
    },
    /// Settings, and where each is said
    #[command(after_help = config::HELP)]
    Config(config::Config),
    /// Print completions for a shell
    #[command(after_help = "Example:\n  minutebook completions bash > /etc/bash_completion.d/minutebook")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  minutebook man | man -l -")]
    Man,
}

/// A text that says something: an option that is given and says nothing is a mistake, as of a variable that is not set.
fn said(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it says nothing: give it a value, or leave the option out".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// How many working days a call-in lasts.
fn call_in() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=60)
}

/// The coordinates of a question.
#[derive(Debug, Args)]
struct Coordinates {
    /// The state on this day (effective): 2018-06-01; today where it is left out
    #[arg(long, value_name = "DAY", value_parser = day)]
    as_of: Option<Day>,
    /// As the ledger knew it (recorded): a position, or an instant as 2026-11-22T09:30:00Z
    #[arg(long, value_name = "POSITION|INSTANT")]
    known_at: Option<KnownAt>,
    /// Only what had been decided by this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    decided_by: Option<Day>,
}

/// A question of one contract or of all.
#[derive(Debug, Args)]
struct Ask {
    /// One contract; all of them where it is left out
    contract: Option<ContractId>,
    #[command(flatten)]
    at: Coordinates,
    #[command(flatten)]
    json: Json,
}

/// What totals are asked for.
#[derive(Debug, Args)]
struct Grouped {
    /// By what they are grouped
    #[arg(long, value_name = "GROUP", value_parser = by, default_value = "funder")]
    by: By,
    /// Also what ends, or is said to end, within so many months from that day on
    #[arg(long, value_name = "MONTHS", value_parser = months)]
    ends_within: Option<Months>,
}

#[derive(Debug, Args)]
struct Json {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// It answered.
    Answered,
    /// A check found something, or an entry was rejected.
    Found,
    /// The ledger could not be used, and the command has said why.
    Unusable,
}

/// What stops a command: wrong use, or a ledger that cannot be used. The message is for a person.
pub type Stop = Box<dyn std::error::Error>;

/// What stops a command since something that it was given does not hold, as a check finds it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct DoesNotHold(String);

/// A checkpoint in a file that was given, signed by every one of these keys, and the note as it was signed.
fn given_checkpoint(path: &Path, keys: &[PublicKey]) -> Result<(Checkpoint, String), Stop> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    // What is no text is no note either.
    let note = String::from_utf8_lossy(&bytes).into_owned();
    let checkpoint = Checkpoint::open(&note, keys).map_err(|error| DoesNotHold(format!("{shown}: {error}")))?;
    Ok((checkpoint, note))
}

/// Reads the command line, runs the command, says what went wrong on standard error.
pub fn main() -> ExitCode {
    match settled().and_then(run) {
        Ok(Outcome::Answered) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Ok(Outcome::Unusable) => ExitCode::from(2),
        Err(stop) if output::is_closed_pipe(&*stop) => ExitCode::SUCCESS,
        Err(stop) => {
            output::complain(&format_args!("minutebook: {}\n", stop.to_string().trim_end()));
            ExitCode::from(if stop.is::<DoesNotHold>() { 1 } else { 2 })
        }
    }
}

/// The command line as it may be typed, with the settings of a file as its defaults.
fn command() -> Result<clap::Command, Stop> {
    let command = config::without_empty(Cli::command());
    match config::named() {
        Some(path) => config::with_defaults(command, &path),
        None => Ok(command),
    }
}

/// The command line as it was typed. Lines are logged from then on as it says.
fn settled() -> Result<Cli, Stop> {
    config::complain_of_unknown();
    let matches = command()?.get_matches();
    let is_typed = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
    if is_typed("server") && is_typed("store") {
        // One that the environment or a file names is left aside: a flag counts before it.
        let both = "--server is asked in place of what --store names: leave one of them out";
        Cli::command().error(ErrorKind::ArgumentConflict, both).exit();
    }
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log(&cli);
    Ok(cli)
}

/// `serve` as the environment and the file of settings have it.
fn serve_as_settled() -> Result<clap::ArgMatches, Stop> {
    let mut typed = command()?.get_matches_from(["minutebook", "serve"]);
    let (_, serve) = typed.remove_subcommand().expect("it was given");
    Ok(serve)
}

/// What the ledger does, on standard error.
fn log(cli: &Cli) {
    // Whoever asks over HTTP would log all that is said there: tokens, and who signs in.
    let filter = cli.log.clone().with_target("ureq", LevelFilter::OFF);
    let ansi = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry();
    match cli.log_format {
        LogFormat::Text => registry.with(lines.with_filter(filter)).init(),
        LogFormat::Json => registry.with(lines.json().with_filter(filter)).init(),
    }
}

/// The folder of a ledger that has its entries there: for what does not work with a log on a server.
fn folder_of(ledger: &Place) -> Result<&Path, Stop> {
    match &ledger.server {
        None => Ok(&ledger.folder),
        Some(_) => {
            Err("this works with a ledger that has its entries in its folder: leave out --store and MINUTEBOOK_STORE"
                .into())
        }
    }
}

fn run(cli: Cli) -> Result<Outcome, Stop> {
    use crate::question::Topic;
    // An address with a password in it goes no further.
    let server = cli.store.as_deref().map(str::parse::<Address>).transpose()?;
    let ledger = &Place { folder: cli.ledger, server };
    let place = &ask::Where { ledger, server: cli.server.as_deref() };
    match cli.command {
        Command::State(question) => ask::run(place, Topic::State, question),
        Command::Register(question) => ask::run(place, Topic::Register, question),
        Command::Value(question) => ask::run(place, Topic::Value, question),
        Command::Lots(question) => ask::run(place, Topic::Lots, question),
        Command::Network(question) => ask::run(place, Topic::Network, question),
        Command::Decisions(question) => ask::run(place, Topic::Decisions, question),
        Command::Findings(question) => ask::run(place, Topic::Findings, question),
        Command::Totals(question) => question.run(place),
        Command::Diff(question) => question.run(place),
        Command::Why(question) => question.run(place),
        _ if cli.server.is_some() => {
            let what = "--server is asked questions alone: state, register, value, lots, network, decisions, findings, totals, diff \
                        and why; leave it out for what works on the ledger itself";
            Err(what.into())
        }
        Command::Replay(replay) => replay.run(ledger),
        Command::Explain(explain) => explain.run(ledger),
        Command::Rebuild(rebuild) => rebuild.run(ledger),
        Command::Check(check) => check.run(ledger),
        Command::Record(record) => record.run(ledger),
        Command::Verify(verify) => verify.run(ledger),
        Command::Checkpoint(checkpoint) => checkpoint.run(ledger),
        Command::Answer(answer) => answer.run(ledger),
        Command::VerifyAnswer(bundle) => bundle.run(),
        Command::Prove(prove) => prove.run(ledger),
        Command::Key(key) => key.run(),
        Command::Backup(backup) => backup.run(folder_of(ledger)?),
        Command::Archive(archive) => archive.run(ledger),
        Command::Report(report) => report.run(ledger),
        Command::Restore(restore) => restore.run(folder_of(ledger)?),
        Command::Content(content) => content.run(ledger),
        Command::Serve(serve) => serve.run(ledger),
        // Who may do what on a node is said in its own folder.
        Command::Token(token) => token.run(&ledger.folder),
        Command::Demo { serve: true } => match demo::run(ledger)? {
            Outcome::Answered => serve::Serve::from_arg_matches(&serve_as_settled()?)?.run(ledger),
            outcome => Ok(outcome),
        },
        Command::Demo { serve: false } => demo::run(ledger),
        Command::Store(store) => store.run(ledger),
        Command::Config(config) => {
            let typed = command()?.get_matches();
            config.run(config::named().as_deref(), &typed, &serve_as_settled()?)
        }
        Command::Completions { shell } => completions::run(shell),
        Command::Man => man::run(),
    }
}
