//! Where the log of a ledger is, and how its server is spoken to. An address never holds a password, so that it can be
//! shown and logged. It must not connect.

use crate::here::is_here;
use minutebook_events::Slug;
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// PostgreSQL's own port.
const PORT: u16 = 5432;

/// How long a connection may take to be made, and how long one answer, where the address does not say.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(30);

/// What an address may say after its question mark.
const KNOWN: &str =
    "ledger, sslmode, sslrootcert, password_file, passfile, connect_timeout, statement_timeout, plain and loss";

/// A ledger on a server: `postgres://user@host:port/database?ledger=name`. Where a server may be on one of several machines, as
/// after a failover, the address names all of them, as libpq has it: `user@one:port,other:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) user: String,
    /// In the order in which they are asked; at least one.
    pub(super) hosts: Vec<Host>,
    pub(super) database: String,
    /// The ledger in that database.
    pub(super) ledger: String,
    pub(super) tls: Tls,
    /// A file that holds the password alone.
    pub(super) password_file: Option<PathBuf>,
    /// A file of passwords as libpq has it, in place of `~/.pgpass`.
    pub(super) passfile: Option<PathBuf>,
    pub(super) connect: Duration,
    pub(super) answer: Duration,
    /// Whether a server will do that may lose what it acknowledged.
    pub(super) may_lose: bool,
}

/// A machine that a server may be on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) port: u16,
}

/// How the connection is kept from others, by libpq's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tls {
    /// `disable`: it is not.
    Plain,
    /// `require`: whoever only listens learns nothing; whoever answers in the server's place is not found out.
    Unverified,
    /// `verify-full`: the certificate must be the host's, and signed by one of those in the file, or that browsers trust.
    Verified(Option<PathBuf>),
}

/// Why an address is none. It never repeats what may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It holds a password.
    #[error(
        "the address of a store holds a password, which others of this machine and its logs would see: leave it out, change \
         it if it was shown, and give it in MINUTEBOOK_STORE_PASSWORD, in PGPASSWORD, in ~/.pgpass, or in a file that \
         password_file=FILE names"
    )]
    Password,
    /// It is not of the form.
    #[error("the address of a store is postgres://USER@HOST:PORT/DATABASE?ledger=NAME: {0}")]
    Form(String),
    /// It says what is not known, or what does not go.
    #[error("the address of a store: {0}")]
    Says(String),
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (text, others) = of_first_host(text);
        let url = parsed(&text)?;
        if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") {
            return Err(AddressError::Password);
        }
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(form("it begins with another word"));
        }
        let mut hosts = vec![Host::of(&url)?];
        for other in others {
            hosts.push(Host::of(&parsed(&format!("postgres://{other}/"))?)?);
        }
        let user = decoded(url.username(), "user")?;
        if user.contains(':') {
            return Err(AddressError::Password);
        }
        let database = decoded(url.path().trim_start_matches('/'), "database")?;
        if user.is_empty() || database.is_empty() {
            return Err(form(if user.is_empty() { "it names no user" } else { "it names no database" }));
        }
        if url.fragment().is_some() {
            return Err(form("it has a #: write that as %23"));
        }
        let (mut said, mut names) = (Said::default(), BTreeSet::new());
        for (name, value) in url.query_pairs() {
            if !names.insert(name.clone()) {
                return says(format!("it says {name:?} twice: say it once"));
            }
            said.take(&name, value.into_owned())?;
        }
        let tls = said.tls(hosts.iter().all(|host| is_here(&host.name)))?;
        let ledger = said.ledger.ok_or_else(|| form("it names no ledger"))?;
        Ok(Self {
            user,
            hosts,
            database,
            ledger,
            tls,
            password_file: said.password_file,
            passfile: said.passfile,
            connect: said.connect.unwrap_or(CONNECT),
            answer: said.answer.unwrap_or(ANSWER),
            may_lose: said.may_lose,
        })
    }
}

impl Address {
    /// The name of the ledger.
    pub fn ledger(&self) -> &str {
        &self.ledger
    }

    /// The database, whichever ledger in it.
    pub fn database(&self) -> String {
        let Self { user, hosts, database, .. } = self;
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        format!("postgres://{user}@{}/{database}", hosts.join(","))
    }
}

impl Host {
    fn of(url: &Url) -> Result<Self, AddressError> {
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| form("it names no host"))?;
        let name = decoded(host.trim_start_matches('[').trim_end_matches(']'), "host")?;
        Ok(Self { name, port: url.port().unwrap_or(PORT) })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Self { name, port } = self;
        if name.contains(':') { write!(out, "[{name}]:{port}") } else { write!(out, "{name}:{port}") }
    }
}

/// An address with the first of its hosts alone, which is all that the parser knows, and the hosts after it.
fn of_first_host(text: &str) -> (String, Vec<&str>) {
    let start = text.find("://").map_or(0, |at| at + 3);
    let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |at| start + at);
    let start = text[start..end].rfind('@').map_or(start, |at| start + at + 1);
    let mut hosts = text[start..end].split(',');
    let first = hosts.next().unwrap_or_default();
    (format!("{}{first}{}", &text[..start], &text[end..]), hosts.collect())
}

/// What the parser says is of the form alone, and does not repeat the text.
fn parsed(text: &str) -> Result<Url, AddressError> {
    Url::parse(text).map_err(|error| AddressError::Form(error.to_string()))
}

fn form(what: &str) -> AddressError {
    AddressError::Form(what.to_owned())
}

fn decoded(text: &str, what: &str) -> Result<String, AddressError> {
    let bytes = percent(text).ok_or_else(|| form(&format!("the {what} is not encoded right")))?;
    String::from_utf8(bytes).map_err(|_| form(&format!("the {what} is no text")))
}

/// What stands after the question mark.
#[derive(Default)]
struct Said {
    ledger: Option<String>,
    mode: Option<String>,
    roots: Option<PathBuf>,
    plain: bool,
    password_file: Option<PathBuf>,
    passfile: Option<PathBuf>,
    connect: Option<Duration>,
    answer: Option<Duration>,
    may_lose: bool,
}

impl Said {
    fn take(&mut self, name: &str, value: String) -> Result<(), AddressError> {
        let seconds = |value: &str| match value.parse() {
            Ok(seconds @ 1..=3600) => Ok(Some(Duration::from_secs(seconds))),
            _ => says(format!("{name} is a number of seconds from 1 to 3600")),
        };
        match name {
            "ledger" => match value.parse::<Slug>() {
                Ok(_) => self.ledger = Some(value),
                Err(error) => return says(format!("ledger: {error}")),
            },
            "sslmode" => self.mode = Some(value),
            "sslrootcert" => self.roots = Some(value.into()),
            "password_file" => self.password_file = Some(value.into()),
            "passfile" => self.passfile = Some(value.into()),
            "connect_timeout" => self.connect = seconds(&value)?,
            "statement_timeout" => self.answer = seconds(&value)?,
            "plain" if value == "allowed" => self.plain = true,
            "loss" if value == "allowed" => self.may_lose = true,
            "plain" | "loss" => return says(format!("{name} is \"allowed\", or is left out")),
            _ => return says(format!("there is no {name:?} in it: there are {KNOWN}")),
        }
        Ok(())
    }

    /// How to speak to hosts that are all this machine, or not. Nobody is left in doubt: what libpq calls `prefer` is open to
    /// whoever stands between.
    fn tls(&self, is_here: bool) -> Result<Tls, AddressError> {
        let verified = Tls::Verified(self.roots.clone());
        let tls = match self.mode.as_deref() {
            None if is_here && self.roots.is_none() => Tls::Plain,
            None => verified,
            Some("disable") => Tls::Plain,
            Some("require") => Tls::Unverified,
            Some("verify-full") => verified,
            Some("allow" | "prefer") => {
                return says(
                    "sslmode allow and prefer give way to whoever stands between and says that there is no TLS: say \
                     verify-full, or require where nobody can answer in the server's place, or disable on this machine",
                );
            }
            Some("verify-ca") => {
                return says("sslmode verify-ca takes any host's certificate for the server's: say verify-full");
            }
            Some(_) => return says("sslmode is disable, require or verify-full"),
        };
        match tls {
            Tls::Plain if !is_here && !self.plain => says(
                "without TLS, what is recorded and the password's proof go over the network in the open: leave sslmode \
                 out, which then is verify-full, or say plain=allowed where nobody can listen",
            ),
            Tls::Plain | Tls::Unverified if self.roots.is_some() => {
                says("sslrootcert is for sslmode verify-full alone: with another, no certificate is held to it")
            }
            tls => Ok(tls),
        }
    }
}

fn says<T>(what: impl Into<String>) -> Result<T, AddressError> {
    Err(AddressError::Says(what.into()))
}

/// What percent signs stand for.
fn percent(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = vec![];
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(decoded)
}

/// Which ledger where, and nothing of how it is reached.
impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{}?ledger={}", self.database(), self.ledger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Address, String> {
        text.parse().map_err(|error: AddressError| error.to_string())
    }

    #[test]
    fn an_address_says_which_ledger_where() {
        let address = read("postgres://minutes@127.0.0.1:5433/council?ledger=kent&statement_timeout=7")
            .expect("it is an address");
        assert_eq!((address.hosts[0].port, address.answer, &address.tls), (5433, Duration::from_secs(7), &Tls::Plain));
        assert_eq!(address.to_string(), "postgres://minutes@127.0.0.1:5433/council?ledger=kent");
        let address = read("postgresql://m%40x@[::1]/c%2Fd?ledger=kent").expect("it is an address");
        assert_eq!(address.to_string(), "postgres://m@x@[::1]:5432/c/d?ledger=kent");
    }

    #[test]
    fn a_server_may_be_on_one_of_several_machines() {
        let address = read("postgres://m@one.example:5433,[::1],two.example/c?ledger=kent").expect("it is an address");
        assert_eq!(address.to_string(), "postgres://m@one.example:5433,[::1]:5432,two.example:5432/c?ledger=kent");
        assert_eq!(address.to_string().parse(), Ok(address.clone()), "what is shown is the same address");
        assert_eq!(address.tls, Tls::Verified(None), "one of them is elsewhere");
        assert_eq!(read("postgres://m@[::1],localhost/c?ledger=kent").map(|address| address.tls), Ok(Tls::Plain));
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for text in [
            "postgres://minutes:hunter2@db.example/council?ledger=kent",
            "postgres://minutes%3Ahunter2@db.example/council?ledger=kent",
            "postgres://minutes@db.example/council?ledger=kent&password=hunter2",
            "postgres://minutes:hun/ter2@db.example/council?ledger=kent",
            "postgres://minutes:hun,ter2@db.example/council?ledger=kent",
            "postgres://minutes@db.example,minutes:hunter2@other.example/council?ledger=kent",
            "postgres://minutes:hunter2",
            "hunter2://minutes:hunter2@db.example/council",
            "postgres:minutes:hunter2@db.example",
            "postgres://minutes@db.example/council?ledger=kent&plain=hunter2",
            "postgres://minutes@db.example/council?ledger=kent&sslmode=hunter2",
        ] {
            let error = read(text).map(drop).expect_err("it is refused");
            assert!(!error.contains("hunter2") && !error.contains("ter2"), "{error}");
        }
    }

    #[test]
    fn each_fault_says_what_would_be_right() {
        let cases = [
            ("postgres://db.example/council?ledger=kent", "it names no user"),
            ("postgres://minutes@db.example/?ledger=kent", "it names no database"),
            ("postgres://minutes@/council?ledger=kent", "host"),
            ("postgres://minutes@db.example,/council?ledger=kent", "host"),
            ("postgres://minutes@db.example/council", "it names no ledger"),
            ("mysql://minutes@db.example/council?ledger=kent", "it begins with another word"),
            ("postgres://minutes@db.example/council?ledger=Kent%20County", "ledger: "),
            (
                "postgres://minutes@db.example/council?ledger=kent&sslmod=require",
                "there is no \"sslmod\" in it: there are",
            ),
            ("postgres://minutes@db.example/council?ledger=kent&sslmode=prefer", "say verify-full"),
            ("postgres://minutes@db.example/council?ledger=kent&sslmode=verify-ca", "say verify-full"),
            ("postgres://minutes@db.example/council?ledger=kent&sslmode=disable", "say plain=allowed"),
            (
                "postgres://minutes@db.example/council?ledger=kent&sslmode=require&sslrootcert=a.pem",
                "verify-full alone",
            ),
            (
                "postgres://minutes@db.example/council?ledger=kent&connect_timeout=0",
                "a number of seconds from 1 to 3600",
            ),
            ("postgres://minutes@db.example/council?ledger=kent&loss=perhaps", "\"allowed\", or is left out"),
        ];
        for (text, words) in cases {
            let error = read(text).map(drop).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn nothing_goes_in_the_open_over_a_network_unless_told() {
        let tls = |text: &str| read(text).map(|address| address.tls);
        assert_eq!(tls("postgres://m@localhost/c?ledger=kent"), Ok(Tls::Plain));
        assert_eq!(tls("postgres://m@db.example/c?ledger=kent"), Ok(Tls::Verified(None)));
        assert_eq!(
            tls("postgres://m@localhost/c?ledger=kent&sslrootcert=r.pem"),
            Ok(Tls::Verified(Some("r.pem".into())))
        );
        assert_eq!(tls("postgres://m@db.example/c?ledger=kent&sslmode=require"), Ok(Tls::Unverified));
        assert_eq!(tls("postgres://m@db.example/c?ledger=kent&sslmode=disable&plain=allowed"), Ok(Tls::Plain));
    }
}
