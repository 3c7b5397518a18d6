//! Tokens: made, shown once, held to their Argon2 hashes, revoked. They lie in `DIR/access/tokens.json`, which only its
//! owner can read, and which no copy of a ledger takes along. It must not know what a token lets its holder do.
//!
//! A token is `minutebook_`, its id in 16 hexadecimal digits, `_`, and 256 random bits in 64. The file holds what RFC 9106
//! makes of all of it, so that who reads the file has no token.

use super::{FOLDER, Holder, KnownBy, Role};
use crate::durable::{self, Draft};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use chrono::{DateTime, Utc};
use minutebook_events::{Day, Hash};
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const FILE: &str = "tokens.json";
/// Locked by whoever changes them.
const LOCK: &str = "lock";
const BEGINS: &str = "minutebook";

/// A token as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    /// What it is known by.
    pub id: String,
    /// What it is for, in the words of who made it.
    pub label: String,
    /// The roles of who has it.
    pub roles: Vec<Role>,
    /// When it was made.
    pub made: DateTime<Utc>,
    /// The last day on which it counts; none where it counts until it is revoked.
    pub until: Option<Day>,
    /// When it was revoked, where it was.
    pub revoked: Option<DateTime<Utc>>,
    /// What Argon2 makes of it, as a PHC string.
    hash: String,
}

/// Whether a token counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It does.
    Valid,
    /// Its last day is over.
    Expired,
    /// It was revoked.
    Revoked,
}

impl Token {
    /// Whether it counts on a day.
    pub fn life(&self, today: Day) -> Life {
        match (self.revoked, self.until) {
            (Some(_), _) => Life::Revoked,
            (None, Some(until)) if until < today => Life::Expired,
            _ => Life::Valid,
        }
    }
}

/// A token's text, which is shown once and kept nowhere.
pub struct Secret(String);

impl Secret {
    /// What is shown.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// Why a token does not count. What is wrong with it is not said to who gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none of ours, or not as it was made.
    #[error("unknown")]
    Unknown,
    /// Its last day is over.
    #[error("expired")]
    Expired,
    /// It was revoked.
    #[error("revoked")]
    Revoked,
}

/// Why tokens could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// Not found.
    #[error("there is no token {0}: `minutebook token list` names them")]
    NoToken(String),
    /// Fault: the file is not ours.
    #[error("{path} is not a list of tokens: {what}; move it away and make new tokens, or restore it")]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Unavailable.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    tokens: Vec<Token>,
}

/// The tokens of one ledger.
#[derive(Debug, Clone)]
pub struct Tokens {
    folder: PathBuf,
}

impl Tokens {
    /// Those of the ledger in a folder.
    pub fn of(ledger: &Path) -> Self {
        Self { folder: ledger.join(FOLDER) }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// All that were ever made, in the order in which they were.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn all(&self) -> Result<Vec<Token>, TokensError> {
        let path = self.path();
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
            read => read.map_err(|source| TokensError::Io { doing: "read", path: path.clone(), source })?,
        };
        let kept: Result<Kept, _> = serde_json::from_slice(&text);
        kept.map(|kept| kept.tokens).map_err(|error| TokensError::Unreadable { path, what: error.to_string() })
    }

    /// What of them others than their owner may read or change: their folder, their file. Who changes it takes any role.
    pub fn exposed(&self) -> Vec<PathBuf> {
        let is_exposed = |path: &PathBuf| fs::metadata(path).is_ok_and(|about| durable::is_exposed(&about));
        [self.folder.clone(), self.path()].into_iter().filter(is_exposed).collect()
    }

    /// Makes a token, and gives its text, which is nowhere kept.
    ///
    /// # Errors
    /// [`TokensError`]; nothing was made.
    pub fn make(&self, label: &str, roles: Vec<Role>, until: Option<Day>) -> Result<(Token, Secret), TokensError> {
        let (id, secret) = (random::<8>(), random::<32>());
        let text = format!("{BEGINS}_{id}_{secret}");
        let salt = SaltString::generate(&mut OsRng);
        let hash = Argon2::default().hash_password(text.as_bytes(), &salt);
        let hash = hash.expect("a salt of ours and a text of some bytes can be hashed").to_string();
        let label = label.to_owned();
        let token = Token { id, label, roles, made: Utc::now(), until, revoked: None, hash };
        self.change(|tokens| {
            tokens.push(token.clone());
            Ok(())
        })?;
        Ok((token, Secret(text)))
    }

    /// Revokes a token: from then on it counts for nothing.
    ///
    /// # Errors
    /// [`TokensError`]; it counts as before.
    pub fn revoke(&self, id: &str) -> Result<Token, TokensError> {
        let mut revoked = None;
        self.change(|tokens| {
            let token = tokens.iter_mut().find(|token| token.id == id);
            let token = token.ok_or_else(|| TokensError::NoToken(id.to_owned()))?;
            token.revoked.get_or_insert_with(Utc::now);
            revoked = Some(token.clone());
            Ok(())
        })?;
        Ok(revoked.expect("it was found"))
    }

    /// Puts other tokens in the place of those there, whole and flushed; one process at a time.
    fn change(&self, change: impl FnOnce(&mut Vec<Token>) -> Result<(), TokensError>) -> Result<(), TokensError> {
        let (path, lock) = (self.path(), self.folder.join(LOCK));
        let io = |doing, path: &Path| {
            let path = path.to_owned();
            move |source| TokensError::Io { doing, path, source }
        };
        let folder = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        folder.map_err(io("make", &self.folder))?;
        let locked = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock);
        let locked = locked.and_then(|file| file.lock().map(|()| file)).map_err(io("lock", &lock))?;
        let mut tokens = self.all()?;
        change(&mut tokens)?;
        let text = serde_json::to_vec_pretty(&Kept { tokens }).expect("texts, numbers and dates are JSON");
        let put = Draft::new_in(&self.folder, 0o600).and_then(|mut draft| {
            draft.file().write_all(&text)?;
            draft.keep(&path)
        });
        put.map_err(io("write", &path))?;
        drop(locked);
        Ok(())
    }
}

/// So many random bytes, in hexadecimal.
pub(crate) fn random<const N: usize>() -> String {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Tokens while a ledger is served: read again when their file changes, and each held to its Argon2 hash once.
pub struct Held {
    tokens: Tokens,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    read: Option<Stamp>,
    tokens: Vec<Token>,
    /// The id and the hash of tokens that were held to it, by the SHA-256 of their texts: 256 random bits are not guessed.
    known: HashMap<Hash, (String, String)>,
}

/// By what a file is known to have changed: when, how long it is, and which file it is.
type Stamp = (i64, i64, u64, u64);

impl Held {
    /// Those of the ledger in a folder.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn of(ledger: &Path) -> Result<Self, TokensError> {
        let held = Self { tokens: Tokens::of(ledger), state: Mutex::default() };
        for path in held.tokens.exposed() {
            let (path, remedy) = (path.display(), format!("chmod go= {}", path.display()));
            tracing::warn!(%path, remedy, "others than its owner may read or change who may do what");
        }
        held.refresh(&mut held.state())?;
        Ok(held)
    }

    /// Whether any token was ever made: whether there is a file of them, whatever is left in it. Where none was, nobody is
    /// asked for one.
    ///
    /// # Errors
    /// [`TokensError`]: it is not known whether there are some, and whoever asks lets nobody in.
    pub fn are_there(&self) -> Result<bool, TokensError> {
        let mut state = self.state();
        self.refresh(&mut state)?;
        Ok(state.read.is_some())
    }

    /// Who holds a token, on a day, where it was held to its hash before.
    pub fn known(&self, text: &str, today: Day) -> Option<Result<Holder, Refused>> {
        let state = self.fresh().ok()?;
        let (id, _) = state.known.get(&digest(text))?;
        Some(state.holder(id, today))
    }

    /// Who holds a token, on a day. The first time it takes some tens of milliseconds of a core: whoever calls it sees to
    /// it that not all are taken. A wrong secret costs its token nothing: 256 random bits are not guessed.
    ///
    /// # Errors
    /// [`Refused`]. Where the file cannot be read, no token counts, and the log says why.
    pub fn holder(&self, text: &str, today: Day) -> Result<Holder, Refused> {
        let parts: Vec<&str> = text.splitn(3, '_').collect();
        let [BEGINS, id, _] = parts[..] else { return Err(Refused::Unknown) };
        let hash = self.fresh()?.token(id)?.hash.clone();
        // Others are not kept waiting meanwhile.
        if !is_hash_of(&hash, text) {
            return Err(Refused::Unknown);
        }
        let mut state = self.fresh()?;
        state.known.insert(digest(text), (id.to_owned(), hash));
        state.holder(id, today)
    }

    /// Who holds the token of an id, where that counts still.
    ///
    /// # Errors
    /// As [`Held::holder`].
    pub fn still(&self, id: &str, today: Day) -> Result<Holder, Refused> {
        self.fresh()?.holder(id, today)
    }

    fn fresh(&self) -> Result<MutexGuard<'_, State>, Refused> {
        let mut state = self.state();
        match self.refresh(&mut state) {
            Ok(()) => Ok(state),
            Err(error) => {
                tracing::error!(%error, "no token counts until this is mended");
                Err(Refused::Unknown)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads them again, where their file is another one.
    fn refresh(&self, state: &mut State) -> Result<(), TokensError> {
        let path = self.tokens.path();
        let stamp = match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(source) => return Err(TokensError::Io { doing: "read", path, source }),
            Ok(about) => Some((about.mtime(), about.mtime_nsec(), about.len(), about.ino())),
        };
        if stamp.is_none() && state.read.is_some() {
            // Who had no token is not let in because the list of those who have one went.
            return Err(TokensError::Unreadable { path, what: "it was there, and is gone".to_owned() });
        }
        if stamp != state.read {
            state.tokens = self.tokens.all()?;
            let State { tokens, known, .. } = state;
            known.retain(|_, (id, hash)| tokens.iter().any(|token| token.id == *id && token.hash == *hash));
            state.read = stamp;
        }
        Ok(())
    }
}

impl State {
    fn token(&self, id: &str) -> Result<&Token, Refused> {
        self.tokens.iter().find(|token| token.id == id).ok_or(Refused::Unknown)
    }

    fn holder(&self, id: &str, today: Day) -> Result<Holder, Refused> {
        let Token { id, label, roles, .. } = self.token(id)?;
        match self.token(id)?.life(today) {
            Life::Valid => {
                let known_by = KnownBy::Token(id.clone());
                Ok(Holder { known_by, label: label.clone(), roles: roles.clone() })
            }
            Life::Expired => Err(Refused::Expired),
            Life::Revoked => Err(Refused::Revoked),
        }
    }
}

fn digest(text: &str) -> Hash {
    Hash::of([text.as_bytes()])
}

fn is_hash_of(hash: &str, text: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(text.as_bytes(), &hash).is_ok()
}
