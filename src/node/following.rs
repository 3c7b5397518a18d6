//! What a node knows of the log that it follows: how far the log is, when that was heard, and whether the two have parted. It must
//! not ask the log itself.

use super::Settings;
use minutebook_events::{Hash, Position};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many entries may be missing of what was heard before the node says that it catches up.
const CLOSE: u64 = 10_000;

/// That the log is not what this node has verified of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    /// The first position at which the two differ.
    pub position: Position,
    /// The leaf hash here; none where nothing is here.
    pub here: Option<Hash>,
    /// What the log has there, in words.
    pub there: String,
    /// How many entries are here.
    pub size: Position,
    /// How many the log has.
    pub log: u64,
}

impl fmt::Display for Parted {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Self { position, here, there, size, log } = self;
        let here = here.map_or_else(|| "nothing".to_owned(), |leaf| format!("leaf {leaf}"));
        write!(
            out,
            "the log parts from what is verified here at position {position}: here {here}, there {there}; {size} entries are here, \
             and the log has {log}: nothing is appended by this node any more, and answers are of what it verified; stop it, and \
             `minutebook store compare` says more, and what to do"
        )
    }
}

/// How a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It follows.
    Follows,
    /// It has far to go.
    CatchesUp,
    /// The log is not reached; why, in words.
    Unreached(String),
    /// The log is not what was verified of it.
    Parted(Arc<Parted>),
    /// The server of the log may lose what it acknowledges, and nothing is appended there; why, in words.
    Unsafe(String),
    /// The copy cannot be written; why, in words.
    Broken(String),
}

impl State {
    /// In one word, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Follows => "follows",
            Self::CatchesUp => "catches-up",
            Self::Unreached(_) => "unreached",
            Self::Parted(_) => "parted",
            Self::Unsafe(_) => "unsafe",
            Self::Broken(_) => "broken",
        }
    }
}

/// What a node knows of the log, for whoever asks.
#[derive(Debug)]
pub struct Following {
    silence: Duration,
    /// What the server of the log was set to at the start.
    set: Option<String>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    /// The size that the log was last heard to have.
    log: Option<u64>,
    /// When that was, or the beginning.
    heard: Instant,
    unreached: Option<String>,
    parted: Option<Arc<Parted>>,
    may_lose: Option<String>,
    broken: Option<String>,
}

/// How a node stands at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// How many entries are here.
    pub here: Position,
    /// How many the log was last heard to have; none where it was not heard yet.
    pub log: Option<u64>,
    /// How long ago that was.
    pub heard: Duration,
    /// How the node stands.
    pub state: State,
}

impl Following {
    pub(super) fn new(settings: &Settings, set: Option<&str>) -> Self {
        let heard = Instant::now();
        let known = Known { log: None, heard, unreached: None, parted: None, may_lose: None, broken: None };
        Self { silence: settings.silence, set: set.map(ToOwned::to_owned), known: Mutex::new(known) }
    }

    /// What the server of the log was set to at the start, in a line; nothing where it was not reached then.
    pub fn set(&self) -> Option<&str> {
        self.set.as_deref()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands, with so many entries here.
    pub fn standing(&self, here: Position) -> Standing {
        let known = self.known();
        let state = match &*known {
            Known { parted: Some(parted), .. } => State::Parted(Arc::clone(parted)),
            Known { broken: Some(why), .. } => State::Broken(why.clone()),
            Known { unreached: Some(why), .. } => State::Unreached(why.clone()),
            Known { may_lose: Some(why), .. } => State::Unsafe(why.clone()),
            Known { log: Some(log), .. } if log.saturating_sub(here.0) > CLOSE => State::CatchesUp,
            _ => State::Follows,
        };
        let log = match &state {
            State::Parted(parted) => Some(parted.log),
            // What the node itself appended is in the log.
            _ => known.log.map(|log| log.max(here.0)),
        };
        Standing { here, log, heard: known.heard.elapsed(), state }
    }

    /// Why the node is not ready, with so many entries here; nothing where it is.
    pub fn unready(&self, here: Position) -> Option<String> {
        let Standing { log, heard, state, .. } = self.standing(here);
        match state {
            State::Follows => None,
            State::CatchesUp => Some(format!("{here} entries are here, and the log has {}", log.unwrap_or_default())),
            State::Unreached(why) if log.is_none() => {
                Some(format!("the log was not heard since this node started, with {here} entries here: {why}"))
            }
            State::Unreached(why) if heard > self.silence => {
                Some(format!("the log was last heard {} s ago, with {here} entries here: {why}", heard.as_secs()))
            }
            State::Unreached(_) => None,
            State::Parted(parted) => Some(parted.to_string()),
            State::Unsafe(why) | State::Broken(why) => Some(why),
        }
    }

    pub(super) fn hears(&self, size: u64) {
        let mut known = self.known();
        (known.log, known.heard) = (Some(size), Instant::now());
        if known.unreached.take().is_some() {
            tracing::warn!(size, "the log is reached again");
        }
    }

    pub(super) fn unreached(&self, why: String) {
        let mut known = self.known();
        if known.unreached.is_none() {
            tracing::warn!(%why, "the log is not reached: this node answers from what it has verified");
        }
        known.unreached = Some(why);
    }

    /// That the server may lose what it acknowledges.
    pub(super) fn may_lose(&self, why: String) {
        let mut known = self.known();
        if known.may_lose.as_ref() != Some(&why) {
            tracing::error!(%why, "the log is not as durable as was asked for: this node records nothing, and answers");
        }
        known.may_lose = Some(why);
    }

    /// Whether it may.
    pub(super) fn is_unsafe(&self) -> bool {
        self.known().may_lose.is_some()
    }

    /// That what the server acknowledges is as durable as was asked for.
    pub(super) fn holds(&self) {
        if self.known().may_lose.take().is_some() {
            tracing::warn!("the log is as durable as was asked for again: this node records");
        }
    }

    pub(super) fn part(&self, parted: Parted) -> Arc<Parted> {
        let mut known = self.known();
        let parted = known.parted.get_or_insert_with(|| {
            tracing::error!(position = parted.position.0, "{parted}");
            Arc::new(parted)
        });
        Arc::clone(parted)
    }

    /// Where the two parted, where they did.
    pub(super) fn parted(&self) -> Option<Arc<Parted>> {
        self.known().parted.clone()
    }

    pub(super) fn breaks(&self, why: String) {
        self.known().broken = Some(why);
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Self { here, log, heard, state } = self;
        write!(out, "{here} entries")?;
        match (log, state) {
            (None, _) => write!(out, "; the log was not heard yet"),
            (Some(log), _) => write!(out, "; the log has {log}, heard {} ms ago", heard.as_millis()),
        }?;
        match state {
            State::Unreached(why) => write!(out, "; it is not reached: {why}"),
            State::Parted(parted) => write!(out, "; {parted}"),
            State::Unsafe(why) | State::Broken(why) => write!(out, "; {why}"),
            State::Follows | State::CatchesUp => Ok(()),
        }
    }
}
