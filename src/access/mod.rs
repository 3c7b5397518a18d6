//! Who may do what with a ledger that is served: roles, the tokens that carry them, and the people to whom a provider of
//! OpenID Connect gives them. It must not know what is asked of the ledger, nor how it is asked.
//!
//! | who | may |
//! | --- | --- |
//! | public, without a role | ask everything; nothing exempt is in any answer |
//! | officer | the same, and read what is exempt |
//! | recorder | ask, and record |
//! | auditor | ask, read what is exempt, take entries as they are stored, and their proofs |

pub mod openid;
mod tokens;

pub(crate) use tokens::random;
pub use tokens::{Held, Life, Refused, Secret, Token, Tokens, TokensError};

use openid::Subject;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where it is kept in a ledger's folder. It is no part of what was recorded, and no copy takes it along.
pub const FOLDER: &str = "access";

/// What somebody may do more than the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads what is exempt.
    Officer,
    /// Records entries.
    Recorder,
    /// Reads everything, with its proofs.
    Auditor,
}

/// What not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Read the content of what is exempt.
    ReadExempt,
    /// Record entries.
    Record,
    /// Take entries as they are stored, and proofs.
    Prove,
}

impl Role {
    /// All of them.
    pub const EACH: [Self; 3] = [Self::Officer, Self::Recorder, Self::Auditor];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Recorder => "recorder",
            Self::Auditor => "auditor",
        }
    }

    /// Whether who has it may do that.
    pub fn may(self, right: Right) -> bool {
        match self {
            Self::Officer => right == Right::ReadExempt,
            Self::Recorder => right == Right::Record,
            Self::Auditor => matches!(right, Right::ReadExempt | Right::Prove),
        }
    }
}

/// Who holds roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// By what they are known here.
    pub known_by: KnownBy,
    /// What a page calls them: the label of a token, or where a person signed in; never a person's name.
    pub label: String,
    /// Their roles.
    pub roles: Vec<Role>,
}

impl Holder {
    /// Whether one of the roles allows that.
    pub fn may(&self, right: Right) -> bool {
        self.roles.iter().any(|role| role.may(right))
    }
}

/// By what somebody is known who holds roles. As text it is what the log names them by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownBy {
    /// The token of this id.
    Token(String),
    /// What a provider of OpenID Connect says of them.
    Provider(Subject),
}

impl fmt::Display for KnownBy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(id) => write!(out, "token {id}"),
            Self::Provider(subject) => write!(out, "person {subject}"),
        }
    }
}

/// Why a word is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no role: name officer, recorder or auditor")]
pub struct NoRole(String);

impl FromStr for Role {
    type Err = NoRole;
    fn from_str(text: &str) -> Result<Self, NoRole> {
        Self::EACH.into_iter().find(|role| role.word() == text).ok_or_else(|| NoRole(text.to_owned()))
    }
}
