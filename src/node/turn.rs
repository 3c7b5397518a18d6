//! The thread of a node that follows the log and records: one thing after the other, so that whatever it decides is decided by all
//! that the log had when it was asked. It must not know what makes an entry coherent, nor how it is stored.
//!
//! A lost race is no fault: what came first is taken in, and the group decided again. Where nobody knows whether a group was kept,
//! that is found out, by its ids, before anything else is done; where the log is not reached for so long, whoever asked is told that
//! it is unknown.

use super::copier::{Copied, Copier};
use super::following::{Following, Parted};
use super::group::{Group, Waiting};
use super::live::{Live, Read};
use super::log::Log;
use super::{Settings, hold};
use crate::ahead;
use crate::audit::checkpoint::{Head, Signed};
use crate::ledger::{Clock, LedgerError, RecordError, Stamped, new_entry};
use crate::store::{Address, Heard, NewEntry, PostgresStore, Store, StoreError, Stored};
use crate::writer::{GROUP, Request, Shared, Writer};
use minutebook_events::{Position, codec};
use minutebook_projections::Trace;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread::{Builder, sleep};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// For how long it is tried to find out what became of an append before whoever asked is told that nobody knows.
const SETTLING: Duration = Duration::from_secs(10);

/// How long a log that is not reached is left alone before it is tried again.
const AGAIN: Duration = Duration::from_millis(250);

/// So often some older entries are read again: an altered one is found while the node runs.
const REREAD_EVERY: Duration = Duration::from_secs(1);

/// All of them in so many turns, and how few and how many in one: what a server is asked does not grow with the log past that.
const REREADS: u64 = 600;
const REREAD_LEAST: u64 = 10;
const REREAD_MOST: u64 = 1000;

/// How often it is seen whether an append would be as durable as was asked for: what a server is set to may change, and after a
/// failover it is another one.
const HOLD_EVERY: Duration = Duration::from_secs(10);

/// What is taken in at once; and from how many on other threads read ahead.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
const AHEAD: u64 = 512;

/// A node that was started.
pub(crate) struct Started {
    pub(crate) writer: Writer,
    pub(crate) following: Arc<Following>,
    pub(crate) copied: Arc<Copied>,
}

/// Holds the log to the copy, takes in what is new in it, and starts the thread that goes on with that. A log that is not reached,
/// or has parted from a copy with entries, is no reason not to answer.
///
/// # Errors
/// [`LedgerError`].
pub(crate) fn start(
    shared: Shared,
    folder: &Path,
    address: Address,
    settings: Settings,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Started, LedgerError> {
    let Shared { store, contents, projections, tree, durable, snapshots, clock } = shared;
    let (log, unreached) = Log::open(address)?;
    if let (Some(error), true) = (unreached, store.is_empty()) {
        return Err(error.into());
    }
    let locked = snapshots.lock().unwrap_or_else(PoisonError::into_inner);
    let next_chunk = locked.as_ref().map(|(snapshot, _)| snapshot.next_chunk());
    drop(locked);
    let copier = Copier::start(store, snapshots)?;
    let copied = Arc::clone(copier.copied());
    let live = Live { projections, tree, contents, durable, next_chunk, copier };
    let following = Arc::new(Following::new(&settings, log.set()));
    let now = Instant::now();
    let mut turn = Turn {
        log,
        live,
        following: Arc::clone(&following),
        settings,
        clock,
        held_on: None,
        is_alone: false,
        reached: true,
        tried: now,
        reread: (0, now),
        durable: None,
    };
    if let Err(halt) = turn.follow(progress) {
        turn.halted(halt);
    }
    turn.hold_signed(&Signed::of(folder));
    if let Some(error) = turn.live.copier.copied().failed() {
        return Err(Arc::try_unwrap(error).map_or_else(
            |error| LedgerError::Incoherent { position: turn.live.head(), what: error.to_string() },
            LedgerError::Store,
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(StoreError::NoThread)?;
    let (requests, inbox) = mpsc::unbounded_channel();
    let thread = Builder::new().name("node".to_owned()).spawn(move || turn.run(inbox, &runtime));
    let writer = Writer::of(requests, vec![thread.map_err(StoreError::NoThread)?]);
    Ok(Started { writer, following, copied })
}

/// Why a node does not go on now.
enum Halt {
    /// The log is not reached, or would not.
    Unreached(StoreError),
    /// The log is not what was verified of it.
    Parted(Parted),
    /// What the log has after that does not hold together.
    Unfit(Position, String),
    /// The copy cannot be written.
    Broken(Arc<StoreError>),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { position, what } => Self::Unfit(position, what),
            error => Self::Unreached(error),
        }
    }
}

/// Why nothing is recorded now.
enum Refusal {
    Parted(Arc<Parted>),
    Store(Arc<StoreError>),
}

impl Refusal {
    fn told(&self) -> RecordError {
        match self {
            Self::Parted(parted) => RecordError::Parted(Arc::clone(parted)),
            Self::Store(error) => RecordError::Store(Arc::clone(error)),
        }
    }
}

struct Turn {
    log: Log,
    live: Live,
    following: Arc<Following>,
    settings: Settings,
    clock: Clock,
    /// The number of the connection on which all of the log was held to the copy since it was reached.
    held_on: Option<u64>,
    /// Whether nobody else appended between the last two times that the log was asked.
    is_alone: bool,
    /// Whether it was reached when it was last tried, and when that was.
    reached: bool,
    tried: Instant,
    /// The entry that is read again next, and when the last ones were.
    reread: (u64, Instant),
    /// When it was last seen whether an append would be durable, and on which connection all was read then.
    durable: Option<(Instant, u64)>,
}

impl Turn {
    fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Request>, runtime: &Runtime) {
        let (mut requests, mut waiting) = (vec![], Waiting::default());
        loop {
            let came = async { tokio::time::timeout(self.settings.every, inbox.recv_many(&mut requests, GROUP)).await };
            if runtime.block_on(came) == Ok(0) {
                return;
            }
            let (mut roots, mut settled) = (vec![], vec![]);
            for request in requests.drain(..) {
                match request {
                    Request::Roots(reply) => roots.push(reply),
                    Request::Settled(reply) => settled.push(reply),
                    Request::Record(draft, claim, reply) => waiting.push(draft, claim, reply),
                }
            }
            let before = self.live.head();
            self.turn(&mut waiting);
            for reply in settled {
                drop(reply.send(self.copied()));
            }
            for reply in roots {
                drop(reply.send(self.copied().map(|()| Head::of(self.live.projections().roots(), &self.live.tree()))));
            }
            // Where more waits, the hashes under the roots are made for all of it at once, or when a root is asked for.
            if inbox.is_empty() && self.live.head() > before {
                self.live.projections.write().unwrap_or_else(PoisonError::into_inner).settle();
            }
        }
    }

    /// Follows the log, and records what waits.
    fn turn(&mut self, waiting: &mut Waiting) {
        if let Some(refusal) = self.barred() {
            return waiting.refuse(|| refusal.told());
        }
        if !self.reached && waiting.is_empty() && self.tried.elapsed() < AGAIN {
            return;
        }
        // Where nobody else appends, what was heard a moment ago is enough to take what waits: the log itself refuses it otherwise.
        let mut hears = !(self.is_alone && self.held_on.is_some() && self.tried.elapsed() < self.settings.every);
        loop {
            let reached = if hears { self.follow(&mut |_, _| {}) } else { self.log.reach().map_err(Halt::from) };
            let log = match reached {
                Ok(log) => log,
                Err(halt) => {
                    let refusal = self.halted(halt);
                    return waiting.refuse(|| refusal.told());
                }
            };
            if waiting.is_empty() {
                return self.read_again(&log);
            }
            let group = waiting.decide(&self.live.projections(), &self.live.contents, &self.clock, hears);
            if !group.is_empty() {
                self.append(&log, group, waiting);
            }
            if waiting.is_empty() {
                return;
            }
            hears = true;
        }
    }

    /// Why nothing more is appended, where nothing is.
    fn barred(&self) -> Option<Refusal> {
        if let Some(parted) = self.following.parted() {
            return Some(Refusal::Parted(parted));
        }
        let failed = self.live.copier.copied().failed()?;
        self.following.breaks(failed.to_string());
        Some(Refusal::Store(failed))
    }

    /// What comes of a halt, for whoever waits.
    fn halted(&mut self, halt: Halt) -> Refusal {
        let parted = match halt {
            Halt::Unreached(error) => {
                (self.held_on, self.reached) = (None, false);
                self.following.unreached(error.to_string());
                return Refusal::Store(Arc::new(error));
            }
            Halt::Broken(error) => {
                self.following.breaks(error.to_string());
                return Refusal::Store(error);
            }
            Halt::Parted(parted) => parted,
            Halt::Unfit(position, there) => {
                let tree = self.live.tree();
                let log = self.following.standing(self.live.head()).log.unwrap_or_default();
                Parted { position, here: tree.leaf(position.0).copied(), there, size: Position(tree.size()), log }
            }
        };
        Refusal::Parted(self.following.part(parted))
    }

    /// Asks the log how far it is, holds it to the copy, and takes in what is new.
    fn follow(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Arc<PostgresStore>, Halt> {
        self.tried = Instant::now();
        let log = self.log.reach()?;
        let tree = self.live.tree();
        let heard = log.hear(tree.size().checked_sub(1).map(Position))?;
        if !(self.held_on == Some(heard.line) && hold::goes_on(heard, &tree)) {
            let parted = hold::leaves(&log, &tree, heard.size)?;
            log.still(heard.line)?;
            if let Some(parted) = parted {
                return Err(Halt::Parted(parted));
            }
        }
        drop(tree);
        self.following.hears(heard.size);
        self.is_alone = heard.size == self.live.head().0;
        (self.held_on, self.reached) = (Some(heard.line), true);
        let read = self.read_on(&log, heard, progress);
        // What is wrong with an entry of another server is nothing of this log.
        log.still(heard.line)?;
        read?;
        log.settle(heard.line)?;
        self.see_to_durability(&log, heard.line);
        Ok(log)
    }

    /// Sees whether an append would be as durable as was asked for, where it is time to, or the log was reached anew: whoever asks how
    /// the node stands hears of it before somebody records.
    fn see_to_durability(&mut self, log: &PostgresStore, line: u64) {
        let every = if self.following.is_unsafe() { REREAD_EVERY } else { HOLD_EVERY };
        if self.durable.is_some_and(|(last, on)| on == line && last.elapsed() < every) {
            return;
        }
        self.durable = Some((Instant::now(), line));
        match log.hold() {
            Ok(()) => self.following.holds(),
            Err(error @ StoreError::Unsafe { .. }) => self.following.may_lose(error.to_string()),
            // Whoever appends hears of it.
            Err(error) => tracing::debug!(%error, "whether an append would be durable is not known"),
        }
    }

    /// Takes in what the log has up to a size, each entry held to what an honest log promises.
    fn read_on(&mut self, log: &PostgresStore, heard: Heard, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Halt> {
        let (from, size) = (self.live.head().0, heard.size);
        if from >= size {
            return Ok(());
        }
        if size - from >= AHEAD {
            self.live.reserve(size - from);
        }
        let (mut order, keeps_roots) = (self.live.order(), self.live.projections().keeps_roots());
        let (mut batch, mut bytes) = (vec![], 0);
        let make = |stored: Stored| decoded(stored, keeps_roots);
        let mut take = |(position, read): (Position, Result<Read, String>)| {
            let read = read.map_err(|what| Halt::Unfit(position, what))?;
            order.hold(position, &read.entry).map_err(|error| match error {
                LedgerError::Incoherent { position, what } => Halt::Unfit(position, what),
                error => Halt::Unfit(position, error.to_string()),
            })?;
            bytes += read.bytes.len();
            batch.push(read);
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                bytes = 0;
                log.still(heard.line)?;
                self.live.take_in(std::mem::take(&mut batch)).map_err(Halt::Broken)?;
                progress(position.0 + 1, size);
            }
            Ok(())
        };
        let read = match size - from {
            ..AHEAD => {
                log.scan(from..size).map(|stored| stored.map_err(Halt::from)).try_for_each(|stored| take(make(stored?)))
            }
            _ => ahead::each(log, from..size, make, take),
        };
        // Those before the one that is wrong are right, as far as all are of one server.
        log.still(heard.line)?;
        self.live.take_in(batch).map_err(Halt::Broken)?;
        read
    }

    /// Appends a group to the log; what it comes to is told, or taken back to be decided again.
    fn append(&mut self, log: &PostgresStore, group: Group, waiting: &mut Waiting) {
        let projections = self.live.projections();
        let entries: Vec<NewEntry> = group
            .entries()
            .map(|Stamped { entry, bytes, .. }| {
                assert_eq!(codec::decode(bytes).as_ref(), Ok(entry), "what is appended reads back as what was decided");
                new_entry(&projections, entry, bytes.clone())
            })
            .collect();
        drop(projections);
        match log.append(group.first, &entries) {
            Ok(()) => {
                tracing::debug!(first = group.first.0, entries = entries.len(), "committed");
                let read = |Stamped { entry, bytes, receipt }: &Stamped| Read {
                    entry: entry.clone(),
                    bytes: bytes.clone(),
                    leaf: receipt.leaf,
                    trace: None,
                };
                let taken = self.live.take_in(group.entries().map(read).collect());
                // They are in the log, whatever became of the copy.
                group.receipts();
                if let Err(error) = taken {
                    self.halted(Halt::Broken(error));
                }
            }
            Err(StoreError::Conflict { .. }) => {
                self.is_alone = false;
                waiting.take_back(group, None);
            }
            Err(unknown @ StoreError::Unknown { .. }) => self.settle(group, waiting, unknown),
            Err(error) => {
                match &error {
                    StoreError::Unsafe { .. } => self.following.may_lose(error.to_string()),
                    StoreError::Another { .. } => self.part_where_it_appends(log),
                    _ => {}
                }
                let error = Arc::new(error);
                group.refuse(|| RecordError::Store(Arc::clone(&error)));
            }
        }
    }

    /// Finds out where the log that an append was sent to parts from what is here.
    fn part_where_it_appends(&mut self, log: &PostgresStore) {
        let found = hold::leaves_where_it_appends(log, &self.live.tree());
        match found {
            Ok(Some(parted)) => drop(self.halted(Halt::Parted(parted))),
            // By now it is reached elsewhere again: all of it is held to what is here.
            Ok(None) => self.held_on = None,
            Err(error) => drop(self.halted(Halt::Unreached(error))),
        }
    }

    /// Finds out whether a group was kept: what was is found by its ids when it is decided again, and what was not is appended.
    fn settle(&mut self, group: Group, waiting: &mut Waiting, unknown: StoreError) {
        let (unknown, until) = (Arc::new(unknown), Instant::now() + SETTLING);
        loop {
            let halt = match self.follow(&mut |_, _| {}) {
                Ok(_) => return waiting.take_back(group, Some(&unknown)),
                Err(halt) => halt,
            };
            let may_change = matches!(halt, Halt::Unreached(_)) && Instant::now() < until;
            self.halted(halt);
            if !may_change {
                return group.refuse(|| RecordError::Store(Arc::clone(&unknown)));
            }
            sleep(AGAIN);
        }
    }

    /// Reads some older entries of the log again, where it is time to.
    fn read_again(&mut self, log: &PostgresStore) {
        let (next, last) = self.reread;
        if last.elapsed() < REREAD_EVERY {
            return;
        }
        let tree = self.live.tree();
        let count = (tree.size() / REREADS).clamp(REREAD_LEAST, REREAD_MOST);
        let found = hold::bytes(log, &tree, next, count);
        let after = next + count;
        self.reread = (if after < tree.size() { after } else { 0 }, Instant::now());
        drop(tree);
        if self.held_on.is_some_and(|line| log.still(line).is_err()) {
            // What was read may be of another server: all of it is held to what is here first.
            self.held_on = None;
            return;
        }
        match found {
            Ok(None) => {}
            Ok(Some(parted)) => drop(self.halted(Halt::Parted(parted))),
            Err(error) => drop(self.halted(Halt::Unreached(error))),
        }
    }

    /// Holds copy and log to the checkpoints that lie beside the copy.
    fn hold_signed(&mut self, signed: &Signed) {
        let checkpoints = match signed.all() {
            Ok(all) => all.into_iter().map(|(checkpoint, _)| checkpoint).collect::<Vec<_>>(),
            Err(error) => {
                tracing::error!(%error, "the log is not held to that checkpoint");
                return;
            }
        };
        let log = self.following.standing(self.live.head()).log;
        let found = hold::signed(&checkpoints, &self.live.tree(), log.unwrap_or_default());
        // What covers more than is here says nothing while the log is not heard.
        let found = found.filter(|parted| log.is_some() || parted.here.is_some());
        if let Some(parted) = found {
            self.halted(Halt::Parted(parted));
        }
    }

    /// Waits until the copy has all that is here.
    fn copied(&self) -> Result<(), RecordError> {
        self.live.copier.copied().wait(self.live.head().0).map_err(RecordError::Store)
    }
}

/// What the log has at a position, ready to be taken in; or what is wrong with it.
fn decoded(Stored { position, bytes, leaf }: Stored, keeps_roots: bool) -> (Position, Result<Read, String>) {
    let entry = match codec::decode(&bytes) {
        Ok(entry) => entry,
        Err(error) => return (position, Err(error.to_string())),
    };
    let trace = keeps_roots.then(|| Trace::of(&entry, position));
    (position, Ok(Read { entry, bytes, leaf, trace }))
}
