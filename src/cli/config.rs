//! Settings that are always the same, in a file: what a flag or the environment says counts before it. `config show` says what
//! counts and where it is said. It must not know what a setting does.
//!
//! The file is TOML with the long names of flags; `--config FILE` or `MINUTEBOOK_CONFIG` names it. Its settings become the
//! defaults of the flags, so that there is one way in which a setting is read.

use super::{Cli, Outcome, Stop, output, remote};
use crate::store::PASSWORD;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, Subcommand};
use minutebook_events::nearest;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

pub(super) const HELP: &str = "\
Examples:
  minutebook config show
  minutebook --config /etc/minutebook.toml config show
  MINUTEBOOK_CONFIG=/etc/minutebook.toml minutebook serve

A file, as it may be:
  ledger = \"/var/lib/minutebook\"
  store = \"postgres://minutes@db.example.gov.uk/council?ledger=kent\"
  listen = \"127.0.0.1:8080\"
  host = [\"minutes.example.gov.uk\"]
  read-key = \"/etc/minutebook/read.key\"
  call-in = 5
  log = \"minutebook=info\"
  log-format = \"json\"

  # Where people of the organisation sign in with OpenID Connect. The secret's file is for its owner alone: chmod 600.
  address = \"https://minutes.example.gov.uk\"
  openid-issuer = \"https://login.example.gov.uk/realms/council\"
  openid-client = \"minutebook\"
  openid-secret-file = \"/etc/minutebook/openid.secret\"
  openid-roles-claim = \"roles\"
  openid-roles = [\"Contracts-Officers=officer\", \"Contracts-Office=recorder\", \"Internal-Audit=auditor\"]

A flag counts before the environment, and that before the file. An environment variable that is empty is none. Tokens \
and passwords are in no file of settings: see `minutebook token --help` and `minutebook store --help`.";

/// What every environment variable of ours begins with, and the one that names the file of settings.
const OURS: &str = "MINUTEBOOK_";
const CONFIG: &str = "MINUTEBOOK_CONFIG";

/// A setting: its name, and the commands that it is of; of every command where none is named.
struct Setting {
    name: &'static str,
    of: &'static [&'static str],
    takes: Takes,
}

enum Takes {
    Text,
    Texts,
    Number,
    YesOrNo,
}

const SETTINGS: [Setting; 19] = [
    Setting { name: "ledger", of: &[], takes: Takes::Text },
    Setting { name: "store", of: &[], takes: Takes::Text },
    Setting { name: "log", of: &[], takes: Takes::Text },
    Setting { name: "log-format", of: &[], takes: Takes::Text },
    Setting { name: "listen", of: &["serve"], takes: Takes::Text },
    Setting { name: "host", of: &["serve"], takes: Takes::Texts },
    Setting { name: "read-key", of: &["serve"], takes: Takes::Text },
    Setting { name: "rate", of: &["serve"], takes: Takes::Number },
    Setting { name: "call-in", of: &["serve", "report"], takes: Takes::Number },
    Setting { name: "follow-every", of: &["serve"], takes: Takes::Number },
    Setting { name: "log-silence", of: &["serve"], takes: Takes::Number },
    Setting { name: "may-record", of: &["serve"], takes: Takes::YesOrNo },
    Setting { name: "open-to-network", of: &["serve"], takes: Takes::YesOrNo },
    Setting { name: "address", of: &["serve"], takes: Takes::Text },
    Setting { name: "openid-issuer", of: &["serve"], takes: Takes::Text },
    Setting { name: "openid-client", of: &["serve"], takes: Takes::Text },
    Setting { name: "openid-secret-file", of: &["serve"], takes: Takes::Text },
    Setting { name: "openid-roles-claim", of: &["serve"], takes: Takes::Text },
    Setting { name: "openid-roles", of: &["serve"], takes: Takes::Texts },
];

/// What to do with settings.
#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(subcommand)]
    command: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every setting, what it is, and where that is said
    #[command(
        after_help = "Examples:\n  minutebook config show\n  minutebook --config /etc/minutebook.toml config show"
    )]
    Show,
}

/// The file of settings that the arguments or the environment name.
pub(super) fn named() -> Option<PathBuf> {
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--config" {
            return args.next().map(PathBuf::from);
        }
        if let Some(path) = arg.to_str().and_then(|arg| arg.strip_prefix("--config=")) {
            return Some(path.into());
        }
    }
    std::env::var_os(CONFIG).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The command line, for which an environment variable that is empty is as one that is not set.
pub(super) fn without_empty(command: Command) -> Command {
    let without = |arg: Arg| {
        let is_empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if is_empty { arg.env(None::<&'static str>) } else { arg }
    };
    command.mut_args(without).mut_subcommands(move |command| command.mut_args(without))
}

/// Says which environment variables are called like ours, and are none: what they say would not be heard.
pub(super) fn complain_of_unknown() {
    let command = Cli::command();
    let commands = std::iter::once(&command).chain(command.get_subcommands());
    let flags = commands.flat_map(Command::get_arguments).filter_map(Arg::get_env).filter_map(|name| name.to_str());
    let ours: Vec<&str> = flags.chain([CONFIG, remote::TOKEN, PASSWORD]).collect();
    let set =
        std::env::vars_os().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.into_string().ok());
    for name in set.filter(|name| name.starts_with(OURS) && !ours.contains(&name.as_str())) {
        // What they all begin with makes none nearer.
        let near = nearest(&name[OURS.len()..], ours.iter().map(|ours| &ours[OURS.len()..]));
        let hint = near.map_or_else(String::new, |near| format!(": did you mean {OURS}{near}?"));
        output::complain(&format_args!("minutebook: {name} is set, and is no setting: nothing comes of it{hint}\n"));
    }
}

/// The command line, with the settings of a file as its defaults.
pub(super) fn with_defaults(mut command: Command, path: &Path) -> Result<Command, Stop> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read {shown}: {error}; see --config"))?;
    let table: Table = text.parse().map_err(|error| format!("{shown} is no file of settings: {error}"))?;
    for (name, value) in &table {
        let names = || SETTINGS.map(|setting| setting.name).join(", ");
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        let setting =
            setting.ok_or_else(|| format!("{shown}: there is no setting \"{name}\": there are {}", names()))?;
        let values = values(setting, value).map_err(|what| format!("{shown}: {name} {what}"))?;
        let id = name.replace('-', "_");
        let first = setting.of.first().map(|name| command.find_subcommand(name).expect("there is such a command"));
        let arg = first
            .unwrap_or(&command)
            .get_arguments()
            .find(|arg| *arg.get_id() == *id)
            .expect("every setting is a flag");
        fits(arg, &values).map_err(|what| format!("{shown}: {name}: {what}"))?;
        let default = |command: Command| command.mut_arg(&id, |arg| arg.default_values(values.clone()));
        command = match setting.of {
            [] => default(command),
            of => of.iter().fold(command, |command, name| command.mut_subcommand(name, default)),
        };
    }
    Ok(command)
}

/// That a flag takes these values; what is wrong with them, as it is said of a flag.
fn fits(arg: &Arg, values: &[String]) -> Result<(), String> {
    let alone =
        Command::new("serve").no_binary_name(true).disable_help_flag(true).arg(arg.clone().env(None::<&'static str>));
    let Some(flag) = arg.get_long().filter(|_| arg.get_action().takes_values()) else { return Ok(()) };
    let typed = values.iter().map(|value| format!("--{flag}={value}"));
    alone.try_get_matches_from(typed).map(drop).map_err(|error| {
        let said = error.render().to_string();
        let said = said.strip_prefix("error: ").unwrap_or(&said);
        said.split("\n\n").next().unwrap_or_default().replace("\n ", "")
    })
}

fn values(setting: &Setting, value: &Value) -> Result<Vec<String>, &'static str> {
    match (&setting.takes, value) {
        (Takes::Text, Value::String(text)) => Ok(vec![text.clone()]),
        (Takes::Number, Value::Integer(number)) => Ok(vec![number.to_string()]),
        (Takes::YesOrNo, Value::Boolean(is)) => Ok(vec![is.to_string()]),
        (Takes::Texts, Value::Array(all)) => {
            let texts = all.iter().map(|one| one.as_str().map(ToOwned::to_owned));
            texts.collect::<Option<_>>().ok_or("is a list of texts")
        }
        (Takes::Text, _) => Err("is a text: write it in quotation marks"),
        (Takes::Number, _) => Err("is a number"),
        (Takes::YesOrNo, _) => Err("is true or false"),
        (Takes::Texts, _) => Err("is a list of texts: write it in brackets"),
    }
}

impl Config {
    /// Shows the settings of every command and those of `serve`, which `matches` of a command line without more give.
    pub(super) fn run(self, file: Option<&Path>, all: &ArgMatches, serve: &ArgMatches) -> Result<Outcome, Stop> {
        let What::Show = self.command;
        let mut lines = String::new();
        for Setting { name, of, .. } in &SETTINGS {
            let matches = if of.is_empty() { all } else { serve };
            let id = name.replace('-', "_");
            let raw = matches.try_get_raw(&id).ok().flatten();
            let values: Vec<String> = raw.into_iter().flatten().map(|value| value.to_string_lossy().into()).collect();
            let from = match matches.value_source(&id) {
                Some(ValueSource::CommandLine) => "the command line".to_owned(),
                Some(ValueSource::EnvVariable) => format!("MINUTEBOOK_{}", id.to_uppercase()),
                _ => match file.filter(|path| is_in(path, name)) {
                    Some(path) => path.display().to_string(),
                    None => "nowhere: this is the default".to_owned(),
                },
            };
            let value = if values.is_empty() { "none".to_owned() } else { values.join(", ") };
            lines += &format!("{name:<18} {value:<32} said by {from}\n");
        }
        output::print(&lines)?;
        Ok(Outcome::Answered)
    }
}

/// Whether a file of settings, which was read before, has one of this name.
fn is_in(path: &Path, name: &str) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.parse::<Table>().is_ok_and(|table| table.contains_key(name))
}
