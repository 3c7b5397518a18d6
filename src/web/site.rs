//! The ledger that a server answers from: opened in the background, so that the server says how far it is meanwhile. It
//! must not know what is asked.

use super::problem::Problem;
use super::rate::Rate;
use super::sessions::Sessions;
use crate::access::openid::{self, Provider};
use crate::access::{Held, TokensError};
use crate::here::is_here;
use crate::ledger::{Ledger, RecordError};
use crate::node::{self, Standing, State};
use crate::sealed::ReadKey;
use crate::store::Place;
use axum::http::StatusCode;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// What all requests share.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

/// What all requests share, for as long as there are any.
pub struct Beside(Weak<Inner>);

impl Beside {
    /// Waits until all that was asked to be recorded is on disk, or was refused.
    ///
    /// # Errors
    /// [`RecordError`]: what came of it.
    pub async fn settled(&self) -> Result<(), RecordError> {
        match self.0.upgrade().as_ref().and_then(|inner| inner.opened.get()) {
            Some(Ok(ledger)) => ledger.settled().await,
            _ => Ok(()),
        }
    }
}

/// How a server is set up.
#[derive(Default)]
pub struct Settings {
    /// Whether whoever is on this machine may record, where nobody signs in: no token was ever made, and no provider is set.
    pub may_record: bool,
    /// The names that requests may be for, beside those of this machine itself.
    pub hosts: Vec<String>,
    /// What exempt content is read with; none where nobody reads it here.
    pub read_key: Option<ReadKey>,
    /// How many requests a second one address may send, apart from this machine; as many as it can where it is 0.
    pub rate: u32,
    /// How many working days a decision may be called in, by the council's constitution; none where that is not said.
    pub call_in: Option<u32>,
    /// Who knows the people of the organisation; none where they have tokens alone.
    pub openid: Option<openid::Settings>,
    /// How a log on a server is followed, where the ledger's is there.
    pub node: node::Settings,
}

struct Inner {
    place: Place,
    settings: Settings,
    tokens: Held,
    provider: Option<Provider>,
    sessions: Sessions,
    rate: Rate,
    /// How fast each address may give tokens that were not looked at before.
    tries: Rate,
    /// Who may have a token looked at: that takes a core for its time, and 19 MiB.
    looks: Arc<Semaphore>,
    /// Who may wait for the provider: each takes a thread, of which the answers need some.
    waits: Arc<Semaphore>,
    opened: OnceLock<Result<Ledger, String>>,
    done: AtomicU64,
    total: AtomicU64,
    asked: AtomicU64,
    /// Whether the server is being stopped.
    stopping: watch::Sender<bool>,
    /// Who may be answered at once: an answer over a whole large ledger takes a core for its time, and is made to its
    /// end even where whoever asked has gone.
    answers: Arc<Semaphore>,
    /// Who may still listen to new entries.
    listeners: Arc<Semaphore>,
}

/// The most that listen to new entries at once: each holds a few entries.
const LISTENERS: usize = 256;

/// The most tokens that are looked at at once, and of one address in a second.
const LOOKS: usize = 2;
const TRIES: u32 = 5;

/// How long a token waits for its turn.
const TURN: Duration = Duration::from_secs(10);

/// The most that wait for the provider at once.
const WAITS: usize = 4;

impl Site {
    /// Of the ledger at a place, which is not opened yet; where its log is on a server, as a node that keeps a copy in the folder.
    ///
    /// # Errors
    /// [`TokensError`]: who may do what cannot be read.
    pub fn of(place: impl Into<Place>, mut settings: Settings) -> Result<Self, TokensError> {
        let place = place.into();
        Ok(Self(Arc::new(Inner {
            provider: settings.openid.take().map(Provider::of),
            rate: Rate::of(settings.rate),
            tries: Rate::of(TRIES),
            looks: Arc::new(Semaphore::new(LOOKS)),
            waits: Arc::new(Semaphore::new(WAITS)),
            settings,
            tokens: Held::of(&place.folder)?,
            place,
            sessions: Sessions::default(),
            opened: OnceLock::new(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            stopping: watch::Sender::new(false),
            answers: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(2, |cores| 2 * cores.get()))),
            listeners: Arc::new(Semaphore::new(LISTENERS)),
        })))
    }

    /// Opens the ledger; requests hear how far that is. Whoever calls it waits.
    ///
    /// # Errors
    /// Why it cannot be opened, in words.
    pub fn open(&self) -> Result<(), String> {
        let opened = self.0.opened.get_or_init(|| {
            let progress = |done, total| {
                self.0.done.store(done, Ordering::Relaxed);
                self.0.total.store(total, Ordering::Relaxed);
            };
            let Place { folder, server } = &self.0.place;
            let opened = match server {
                Some(server) => Ledger::follow(folder, server.clone(), self.0.settings.node, progress),
                None => Ledger::open(folder, progress),
            };
            opened.map_err(|error| error.to_string())
        });
        opened.as_ref().map(drop).map_err(Clone::clone)
    }

    /// Why the ledger could not be opened, where it could not.
    pub fn failure(&self) -> Option<String> {
        self.0.opened.get().and_then(|opened| opened.as_ref().err().cloned())
    }

    /// What the server of a node's log is set to, in a line.
    pub fn log_set(&self) -> Option<&str> {
        self.ledger().ok()?.following()?.set()
    }

    /// The same, which keeps the ledger open no longer than others do.
    pub fn beside(&self) -> Beside {
        Beside(Arc::downgrade(&self.0))
    }

    /// The ledger, where it is open.
    pub(super) fn ledger(&self) -> Result<&Ledger, Problem> {
        let not_ready = |detail: String| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", detail);
        match self.0.opened.get() {
            Some(Ok(ledger)) => Ok(ledger),
            Some(Err(error)) => Err(not_ready(format!("the ledger cannot be opened: {error}"))),
            None => {
                let (done, total) = (self.0.done.load(Ordering::Relaxed), self.0.total.load(Ordering::Relaxed));
                Err(not_ready(format!("the ledger is being opened: {done} of {total} entries; try again")))
            }
        }
    }

    /// How a node stands, for people; nothing where this is none, or is not open.
    pub(super) fn node(&self) -> Option<String> {
        let ledger = self.ledger().ok()?;
        let Standing { here, log, heard, state } = ledger.following()?.standing(ledger.head());
        let log = log.map_or_else(
            || "not heard yet".to_owned(),
            |log| format!("{log} when last heard, {} s ago", heard.as_secs()),
        );
        let far = format!("This node has {here} entries; the log of the ledger, {log}.");
        Some(match state {
            State::Follows | State::CatchesUp => far,
            // Where the server is concerns nobody who reads pages.
            State::Unreached(_) => {
                format!("{far} The log is not reached now: what was recorded since then is not here.")
            }
            State::Parted(parted) => format!("{far} Nothing is recorded here: {parted}."),
            State::Unsafe(why) => format!("{far} Nothing is recorded here: {why}."),
            State::Broken(_) => format!("{far} Its copy of the log cannot be written, and it follows no further."),
        })
    }

    /// The ledger's folder.
    pub(super) fn folder(&self) -> &Path {
        &self.0.place.folder
    }

    /// Whether whoever is on this machine may record, where nobody signs in.
    pub(super) fn may_record(&self) -> bool {
        self.0.settings.may_record
    }

    /// How many working days a decision may be called in.
    pub(super) fn call_in(&self) -> Option<u32> {
        self.0.settings.call_in
    }

    /// What exempt content is read with.
    pub(super) fn read_key(&self) -> Option<&ReadKey> {
        self.0.settings.read_key.as_ref()
    }

    /// The tokens.
    pub(super) fn tokens(&self) -> &Held {
        &self.0.tokens
    }

    /// Whether people or programs sign in, by tokens or with a provider, so that who does not is the public.
    ///
    /// # Errors
    /// That nobody knows: the file of tokens cannot be read.
    pub fn asks_who(&self) -> Result<bool, TokensError> {
        Ok(self.0.tokens.are_there()? || self.0.provider.is_some())
    }

    /// Whether one address may have another token looked at, and when it is its turn, for as long as that is kept.
    ///
    /// # Errors
    /// That it gave too many, or that others give too many.
    pub(super) async fn looks(&self, address: Option<IpAddr>) -> Result<OwnedSemaphorePermit, Problem> {
        let too_many = |what| Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-often", what);
        if address.is_some_and(|address| !self.0.tries.may(address, Instant::now())) {
            return Err(too_many("too many tokens were given from this address: wait a second, then try again"));
        }
        let looks = Arc::clone(&self.0.looks).acquire_owned();
        let looks = tokio::time::timeout(TURN, looks).await;
        let looks = looks.map_err(|_| too_many("too many tokens are given at once: wait a second, then try again"))?;
        Ok(looks.expect("nobody closes it"))
    }

    /// Who knows the people of the organisation.
    pub(super) fn provider(&self) -> Option<&Provider> {
        self.0.provider.as_ref()
    }

    /// Asks the provider, where there is one, on a thread that may wait.
    ///
    /// # Errors
    /// That this failed, or that there is none.
    pub(super) async fn ask_provider<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Provider) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let site = self.clone();
        let waits = Arc::clone(&self.0.waits).acquire_owned().await;
        let asked = tokio::task::spawn_blocking(move || {
            let _until_done = waits;
            site.provider().map(ask)
        });
        asked.await.map_err(|fault| our_fault(&fault))?.ok_or_else(|| Problem::nothing_here("this address"))
    }

    /// How fast each address may ask.
    pub(super) fn rate(&self) -> &Rate {
        &self.0.rate
    }

    /// Who is signed in.
    pub(super) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// Whether a request may be for a host of this name.
    pub(super) fn is_host(&self, name: &str) -> bool {
        is_here(name) || self.0.settings.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    /// Says to whoever goes on for as long as it may that the server is being stopped.
    pub(super) fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Whether the server is being stopped, now and when it is.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// A place among those that listen to new entries, for as long as it is kept.
    ///
    /// # Errors
    /// That there is none.
    pub(super) fn listens(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.0.listeners).try_acquire_owned().map_err(|_| {
            let what = format!(
                "{LISTENERS} listen to new entries already: ask /api/v1/entries for a page of them, or try later"
            );
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", what)
        })
    }

    /// Counts a question.
    pub(super) fn count(&self) {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// How many questions there were.
    pub(super) fn questions(&self) -> u64 {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// Does what may take a while, or wait for the ledger, on a thread that may.
    ///
    /// # Errors
    /// Those of `work`, and that the ledger is not open.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Ledger) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let site = self.clone();
        let answers = Arc::clone(&self.0.answers).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _until_done = answers;
            work(site.ledger()?)
        });
        let done = done.await;
        done.unwrap_or_else(|fault| Err(our_fault(&fault)))
    }
}

fn our_fault(fault: &tokio::task::JoinError) -> Problem {
    tracing::error!(%fault, "an answer failed");
    let what = "the answer could not be made, and that is our fault: the log says more";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "our-fault", what)
}
