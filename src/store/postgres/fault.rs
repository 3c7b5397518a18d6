//! What a server of the log would not do, or did not answer, as an error that names the server and the remedy. It must not
//! decide what becomes of an append.

use super::address::Host;
use crate::store::{OpenError, StoreError};
use std::error::Error as _;
use std::io;
use std::time::Duration;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// What went wrong.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server said no: by its code, in its words. What was asked has not happened.
    Said(SqlState, String),
    /// There is no connection, or it ended while an answer was waited for.
    Lost(String),
    /// No answer came in time.
    Late(Duration),
    /// It was answered with a warning, and so cannot be relied on.
    Warned(String),
    /// What was to be appended does not follow there on what it was decided by. Nothing was.
    Another,
}

impl Fault {
    /// That something came which is not what was asked for.
    pub(super) fn unfit(what: impl Into<String>) -> Self {
        Self::Said(SqlState::DATA_EXCEPTION, what.into())
    }

    /// That none of several hosts would do; of one, what it was.
    pub(super) fn of_hosts(mut faults: Vec<(&Host, Self)>) -> Self {
        if let [_] = &*faults {
            return faults.remove(0).1;
        }
        let words: Vec<String> = faults.iter().map(|(host, fault)| format!("{host}: {}", fault.cause())).collect();
        let words = words.join("; ");
        // What a server said of the password, say, has a remedy of its own.
        let said = faults.into_iter().find_map(|(_, fault)| match fault {
            Self::Said(code, _) => Some(code),
            _ => None,
        });
        said.map_or_else(|| Self::Lost(words.clone()), |code| Self::Said(code, words.clone()))
    }

    /// Whether the server's own table refused an entry, since its position is taken or the one before it is not.
    pub(super) fn is_lost_race(&self) -> bool {
        let Self::Said(code, _) = self else { return false };
        [SqlState::UNIQUE_VIOLATION, SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED]
            .contains(code)
            || code.code() == super::schema::GAP
    }

    /// What to do about it.
    fn remedy(&self) -> &'static str {
        let Self::Said(code, _) = self else {
            return match self {
                Self::Late(_) => "see how busy the server is, or allow more with statement_timeout, then try again",
                _ => "see whether the server runs and can be reached from here, then try again",
            };
        };
        match (code.code(), code.code().get(..2)) {
            ("53100", _) => "make room on the server's disk, then try again",
            ("53300", _) => "the server lets no more in: end other connections or let more in, then try again",
            ("42501", _) => "let this role do it, as in `minutebook store migrate --grant ROLE` by the tables' owner",
            ("42P01" | "3F000", _) => "make the tables with `minutebook store migrate`",
            ("23505", _) => "`minutebook verify` says what is there that no entry knows of",
            ("3D000", _) => "name a database that is there, or make it with `createdb`",
            ("25006", _) => "this server takes no writes, as a standby does: name the one that does",
            ("57014" | "55P03", _) => {
                "see what keeps the server busy, or allow more with statement_timeout, then try again"
            }
            (_, Some("28")) => {
                "give the role's password in MINUTEBOOK_STORE_PASSWORD, PGPASSWORD, ~/.pgpass or by password_file, and see \
                 what pg_hba.conf asks of it"
            }
            (_, Some("XX" | "22")) => {
                "what is stored there may be damaged: restore the database from its backup or the ledger from a copy, and \
                 compare the copy's last checkpoint"
            }
            _ => "the server's log may say more",
        }
    }

    fn cause(&self) -> String {
        match self {
            Self::Said(_, words) | Self::Lost(words) => words.clone(),
            Self::Late(waited) => format!("no answer within {} seconds", waited.as_secs()),
            Self::Warned(words) => format!("the server warned: {words}"),
            Self::Another => "the log goes on otherwise there".to_owned(),
        }
    }

    /// As an error of whoever reads or appends. Nothing was appended.
    pub(super) fn doing(self, doing: impl Into<String>, server: &impl ToString) -> StoreError {
        StoreError::Server {
            doing: doing.into(),
            server: server.to_string(),
            cause: self.cause(),
            remedy: self.remedy(),
        }
    }

    /// As an error of whoever opens.
    pub(super) fn opening(self, doing: &'static str, server: &impl ToString) -> OpenError {
        OpenError::Server { doing, server: server.to_string(), cause: self.cause(), remedy: self.remedy() }
    }

    /// As the operating system would put it, for an append whose outcome nobody knows.
    pub(super) fn into_io(self) -> io::Error {
        let kind = match &self {
            Self::Late(_) => io::ErrorKind::TimedOut,
            Self::Lost(_) => io::ErrorKind::ConnectionAborted,
            Self::Said(..) | Self::Warned(_) | Self::Another => io::ErrorKind::Other,
        };
        io::Error::new(kind, self.cause())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error.as_db_error() {
            // The server ends the connection, or says so itself: what became of a statement that was under way is not known.
            Some(said) if said.code().code().starts_with("57P") || said.code().code() == "40003" => {
                Self::Lost(said.message().to_owned())
            }
            Some(said) => {
                let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
                Self::Said(said.code().clone(), format!("{}{detail}", said.message()))
            }
            None => match with_sources(&error) {
                words if words.contains("password missing") => Self::Said(
                    SqlState::INVALID_PASSWORD,
                    "the server asks for a password, and none was given".to_owned(),
                ),
                words => Self::Lost(words),
            },
        }
    }
}

/// An error and what is behind it, each once.
fn with_sources(error: &Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(behind) = source {
        let more = behind.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        source = behind.source();
    }
    words
}
