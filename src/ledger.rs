//! The ledger: record an entry, and see what is recorded. It owns the whole act of recording (check, decide, append,
//! apply) and the order of it; it must not know how entries are stored, nor how an answer is worded.

use crate::ahead;
use crate::audit::checkpoint::Head;
use crate::merkle::Tree;
use crate::node::{self, Copied, Following, Parted, Started};
use crate::question::{Answer, Page, Question, QuestionError};
use crate::sealed::{ContentError, ContentFault, Contents, Unready, erasures};
use crate::snapshot::{KeptTotals, Snapshot, Snapshots};
use crate::store::{self, Address, NewEntry, OpenError, Place, PostgresStore, Store, StoreError, Stored};
use crate::streams;
use crate::today::day_of;
use crate::writer::{Claim, Reply, Request, Shared, Writer};
use chrono::{DateTime, TimeDelta, Utc};
use minutebook_events::codec::{self, BadBytes};
use minutebook_events::decide::{Rejection, decide, decide_on};
use minutebook_events::{ContractId, Draft, Entry, EntryId, Hash, Instant, Position, Slug};
use minutebook_projections::{Projections, Recorded, Totals, Trace};
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use tokio::sync::{oneshot, watch};

pub use crate::writer::Run;

/// What tells the time: the clock of this machine, or a test's.
pub type Clock = Box<dyn Fn() -> DateTime<Utc> + Send>;

/// How far the clock may be behind the last recorded instant before that is an error: our own steps within a group
/// of entries recorded at one instant, and nothing more.
const STEPPED: TimeDelta = TimeDelta::milliseconds(1);

/// The most facts whose timelines are kept in memory for the questions to come: past it, they are made anew.
const MADE: usize = 1_000_000;

/// So many entries are rebuilt before what is done is put aside.
const ASIDE: u64 = 1 << 20;

/// That an entry is on disk, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry's id.
    pub id: EntryId,
    /// Its position.
    pub position: Position,
    /// When it was recorded.
    pub recorded: Instant,
    /// The leaf hash of its bytes.
    pub leaf: Hash,
    /// Whether it had been recorded before, so that this call changed nothing.
    pub repeated: bool,
}

/// Why an entry was not recorded. Unless it says otherwise, nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Incorrect: the entry does not hold together.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Rejected(Vec<Rejection>),
    /// Conflict: the ledger has another size than the writer claims.
    #[error(
        "the ledger holds {actual} entries, and {expected} were expected: look at what was recorded since, then try again with --expected-head {actual}"
    )]
    Conflict {
        /// What the writer claimed.
        expected: Position,
        /// What there is.
        actual: Position,
    },
    /// Conflict: the id is taken.
    #[error(
        "the id {id} is that of the entry at position {position}, whose content differs: an entry is never changed, so record a correction under a new id"
    )]
    OtherContent {
        /// The id.
        id: EntryId,
        /// Where it is.
        position: Position,
    },
    /// Unavailable: recorded instants would not increase.
    #[error(
        "the clock says {now}, and the last entry was recorded at {last}: where the clock is behind, set the clock right, then try again; where it was ahead when that entry was recorded, nothing can follow it until then: restore a copy from before it, and record again what that lacks"
    )]
    ClockWentBack {
        /// What the clock says.
        now: Instant,
        /// The last recorded instant.
        last: Instant,
    },
    /// Incorrect: too much for one entry.
    #[error("the entry takes {bytes} bytes, and the limit is {limit}: split the act into several entries")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Incorrect: the entry is about a content that does not lie beside the ledger as it says.
    #[error(transparent)]
    Unready(Unready),
    /// Unavailable: the entry is recorded, and the content that it erases is not all gone.
    #[error(
        "the erasure is recorded at position {position}, and the content is not all gone: {cause}; recording the same decision file again finishes it"
    )]
    NotErased {
        /// The entry.
        position: Position,
        /// What failed.
        cause: ContentError,
    },
    /// The store failed; the message says whether the outcome is known.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// Conflict: the log on the server is not what this node verified of it.
    #[error("{0}")]
    Parted(Arc<Parted>),
    /// Incorrect: the folder is a node's copy.
    #[error(
        "this folder is a node's copy of the log at {0}, and what is recorded here alone would part from it: record there, with --store, or through a node"
    )]
    CopyOf(String),
    /// Unavailable: the thread that writes is gone.
    #[error("the ledger was closed meanwhile: reopen it and look up the id of what was being recorded")]
    Closed,
}

/// Why a ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store would not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store would not read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Fault or too new: the bytes at a position are not an entry.
    #[error("position {position}: {source}")]
    Bytes {
        /// The position.
        position: Position,
        /// Why.
        source: BadBytes,
    },
    /// Fault: what lies beside the ledger is not what the entries say.
    #[error(transparent)]
    Content(#[from] ContentFault),
    /// Fault: a snapshot says otherwise than the entries that it was made of.
    #[error(
        "{} says otherwise than the entries that it was made of, which are as they should be: remove that file, and find out \
         who wrote it; it will be made anew",
        .0.display()
    )]
    Snapshot(PathBuf),
    /// Fault: checkpoints are of ledgers of two names, and this is one.
    #[error(
        "one checkpoint is of {ours}, and another of {other}: a ledger signs under one name; leave out the one that is not this \
         ledger's, or find out who signed it"
    )]
    OtherName {
        /// The name in one of them.
        ours: String,
        /// The name in another.
        other: String,
    },
    /// Fault: the entries do not follow from each other.
    #[error("position {position}: {what}; nothing was changed: restore the ledger from a copy")]
    Incoherent {
        /// The position.
        position: Position,
        /// What is wrong.
        what: String,
    },
}

/// From how many entries on what is made of them is worth keeping for whoever asks next.
const WORTH_KEEPING: u64 = 4096;

/// The contents that a draft erases.
type Erased = Vec<(ContractId, Slug)>;
type Waiting<T> = oneshot::Receiver<Result<T, RecordError>>;

/// A ledger that is open. Questions and records may come from any thread; one process has it at a time.
pub struct Ledger {
    store: Arc<dyn Store>,
    contents: Contents,
    projections: Arc<RwLock<Projections>>,
    totals: Mutex<Totals>,
    tree: Arc<RwLock<Tree>>,
    /// How many entries are durable, for whoever waits for more.
    durable: Arc<watch::Sender<u64>>,
    /// Taken when it is dropped.
    writer: Option<Writer>,
    snapshots: Snapshots,
    /// Of a node: what is known of the log that it follows, and how far its copy is.
    node: Option<(Arc<Following>, Arc<Copied>)>,
}

/// The projections, and how much of them is durable: a question never sees an entry that is not on disk.
pub struct View<'a> {
    /// The projections; they may hold entries past `head` that are being committed.
    pub projections: Held<'a>,
    /// The number of durable entries.
    pub head: Position,
    /// Totals that follow the projections when they are asked for, where whoever asks will ask again.
    pub totals: Option<&'a Mutex<Totals>>,
}

impl<'a> View<'a> {
    /// A view of projections that belong to no open ledger, all of them.
    pub fn of(projections: &'a Projections) -> Self {
        Self { projections: Held::Apart(projections), head: projections.head(), totals: None }
    }
}

/// Projections while they are looked at: those of an open ledger, or others.
pub enum Held<'a> {
    /// Those of an open ledger, which nobody changes meanwhile.
    Live(RwLockReadGuard<'a, Projections>),
    /// Others.
    Apart(&'a Projections),
}

impl Deref for Held<'_> {
    type Target = Projections;
    fn deref(&self) -> &Projections {
        match self {
            Self::Live(projections) => projections,
            Self::Apart(projections) => projections,
        }
    }
}

impl Ledger {
    /// Opens the ledger at a place, checks every hash and folds every entry; `progress` hears how many are done, and of how many.
    ///
    /// # Errors
    /// [`LedgerError`], with the position where something is wrong, and the way out.
    pub fn open(place: impl Into<Place>, progress: impl FnMut(u64, u64)) -> Result<Self, LedgerError> {
        let place = &place.into();
        let (store, folder) = (store::open(place)?, &*place.folder);
        let contents = Contents::recover(folder).map_err(ContentFault::Unlisted)?;
        if place.server.is_some() {
            return Self::on(store, contents, Box::new(Utc::now), progress);
        }
        let kept = KeptTotals::load(folder, &*store)?;
        Self::with_snapshots(folder, store, contents, kept, progress)
    }

    /// By the snapshot in the folder, as far as there is one that matches, and by the totals that were kept.
    fn with_snapshots(
        folder: &Path,
        store: Arc<dyn Store>,
        contents: Contents,
        (kept, totals): (KeptTotals, Totals),
        progress: impl FnMut(u64, u64),
    ) -> Result<Self, LedgerError> {
        let (snapshot, folded) = Snapshot::load(Snapshot::live(folder), &*store)?;
        let before = (folded, totals, Some((snapshot, kept)));
        Self::from(store, contents, Box::new(Utc::now), before, progress)
    }

    /// Answers one question of the ledger at a place, which is opened for it alone: of a folder a question of one contract by the
    /// streams behind it, one of totals by those that are kept where they are of all entries; any other, and any of a server, by
    /// folding every entry, of which `progress` hears as in [`Ledger::open`].
    ///
    /// # Errors
    /// As [`Ledger::open`], and the inner one where there is no answer.
    pub fn ask_once(
        place: impl Into<Place>,
        question: &Question,
        progress: impl FnMut(u64, u64),
    ) -> Result<Result<Answer, QuestionError>, LedgerError> {
        let place = &place.into();
        let (store, folder) = (store::open(place)?, &*place.folder);
        let contents = Contents::recover(folder).map_err(ContentFault::Unlisted)?;
        if place.server.is_some() {
            // What leads to entries there was held to no entry on opening: where some of it is gone, a stream would be told without
            // them.
            let ledger = Self::on(store, contents, Box::new(Utc::now), progress)?;
            return Ok(ledger.view().ask(question));
        }
        if let Some(answer) = streams::ask(&*store, question)? {
            return Ok(answer);
        }
        let (kept, totals) = KeptTotals::load(folder, &*store)?;
        let are_of_all = !store.is_empty() && totals.head().0 == store.len();
        if are_of_all && streams::is_of_kept_totals(question) {
            return streams::ask_totals(&*store, totals, question);
        }
        let ledger = Self::with_snapshots(folder, store, contents, (kept, totals), progress)?;
        // Nobody asks this ledger a second time; but what is made of many entries is left for whoever asks next.
        let totals = Some(&ledger.totals).filter(|_| ledger.head().0 >= WORTH_KEEPING);
        Ok(View { totals, ..ledger.view() }.ask(question))
    }

    /// Makes a ledger at a place where there is none: an empty or new folder, or a server.
    ///
    /// # Errors
    /// [`LedgerError::Open`].
    pub fn create(place: impl Into<Place>) -> Result<Self, LedgerError> {
        let place = &place.into();
        let (store, folder) = (store::create(place)?, &*place.folder);
        if place.server.is_some() {
            return Self::on(store, Contents::beside(folder), Box::new(Utc::now), |_, _| {});
        }
        let kept = KeptTotals::load(folder, &*store)?;
        Self::with_snapshots(folder, store, Contents::beside(folder), kept, |_, _| {})
    }

    /// A ledger on a store, with contents beside it, by a clock.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn on(
        store: Arc<dyn Store>,
        contents: Contents,
        clock: Clock,
        progress: impl FnMut(u64, u64),
    ) -> Result<Self, LedgerError> {
        Self::from(store, contents, clock, (Folded::default(), Totals::default(), None), progress)
    }

    /// The same, where the first entries were folded before, and totals of them kept.
    fn from(
        store: Arc<dyn Store>,
        contents: Contents,
        clock: Clock,
        (folded, totals, snapshots): (Folded, Totals, Option<(Snapshot, KeptTotals)>),
        progress: impl FnMut(u64, u64),
    ) -> Result<Self, LedgerError> {
        let start = |shared, _: &mut dyn FnMut(u64, u64)| Ok((Writer::start(shared)?, None));
        Self::started(store, contents, clock, (folded, totals, snapshots), progress, start)
    }

    /// Opens a node of the ledger on a server: its copy in the folder, which is made where there is none, and then what is in the
    /// log after that. Where the log is not reached, or has parted from the copy, the node answers all the same from what it has.
    ///
    /// # Errors
    /// As [`Ledger::open`]; a log that is not reached where the copy is empty.
    pub fn follow(
        folder: &Path,
        server: Address,
        settings: node::Settings,
        progress: impl FnMut(u64, u64),
    ) -> Result<Self, LedgerError> {
        let store = match store::open_copy(folder, &server) {
            Err(OpenError::NotThere { .. }) => {
                // A server that is not there is no reason to make a folder.
                drop(PostgresStore::open(server.clone())?);
                store::create_copy(folder, &server)?
            }
            opened => opened?,
        };
        let contents = Contents::recover(folder).map_err(ContentFault::Unlisted)?;
        let (kept, totals) = KeptTotals::load(folder, &*store)?;
        let (snapshot, folded) = Snapshot::load(Snapshot::live(folder), &*store)?;
        let before = (folded, totals, Some((snapshot, kept)));
        let start = |shared, progress: &mut dyn FnMut(u64, u64)| {
            let Started { writer, following, copied } = node::start(shared, folder, server, settings, progress)?;
            Ok((writer, Some((following, copied))))
        };
        Self::started(store, contents, Box::new(Utc::now), before, progress, start)
    }

    /// Folds what a store has, and starts what writes.
    fn started(
        store: Arc<dyn Store>,
        contents: Contents,
        clock: Clock,
        (folded, totals, snapshots): (Folded, Totals, Option<(Snapshot, KeptTotals)>),
        mut progress: impl FnMut(u64, u64),
        start: impl FnOnce(
            Shared,
            &mut dyn FnMut(u64, u64),
        ) -> Result<(Writer, Option<(Arc<Following>, Arc<Copied>)>), LedgerError>,
    ) -> Result<Self, LedgerError> {
        let Folded { projections, tree } = fold(folded, &*store, store.len(), &mut progress)?;
        let (projections, tree) = (Arc::new(RwLock::new(projections)), Arc::new(RwLock::new(tree)));
        let durable = Arc::new(watch::Sender::new(store.len()));
        let snapshots = Arc::new(Mutex::new(snapshots));
        let shared = Shared {
            store: Arc::clone(&store),
            contents: contents.clone(),
            projections: Arc::clone(&projections),
            tree: Arc::clone(&tree),
            durable: Arc::clone(&durable),
            snapshots: Arc::clone(&snapshots),
            clock,
        };
        let (writer, node) = start(shared, &mut progress)?;
        let (writer, totals) = (Some(writer), Mutex::new(totals));
        Ok(Self { store, contents, projections, totals, tree, durable, writer, snapshots, node })
    }

    /// Records a draft as the entry at `expected`, which claims that the ledger holds that many entries. Entries
    /// recorded at once share a commit. A draft recorded before gives its first receipt, whatever it expects. What it
    /// erases is gone when this returns.
    ///
    /// # Errors
    /// [`RecordError`].
    pub async fn record(&self, draft: Draft, expected: Position) -> Result<Receipt, RecordError> {
        let erased = erasures(&draft);
        let receipt = self.ask(|reply| Request::Record(draft, Claim::Size(expected), reply)).await?;
        self.erase(&erased, receipt)
    }

    /// Destroys what an entry erases, once there is a receipt for it.
    fn erase(&self, erased: &[(ContractId, Slug)], receipt: Receipt) -> Result<Receipt, RecordError> {
        if erased.is_empty() {
            return Ok(receipt);
        }
        let view = self.view();
        let gone = self.contents.erase(erased, &view.projections, view.head);
        gone.map_err(|cause| RecordError::NotErased { position: receipt.position, cause })?;
        Ok(receipt)
    }

    /// Records a draft as the next entry, whatever the ledger holds by then: for writers that do not depend on what others
    /// record meanwhile. Otherwise as [`Ledger::record`].
    ///
    /// # Errors
    /// [`RecordError`], and no conflict.
    pub async fn record_next(&self, draft: Draft) -> Result<Receipt, RecordError> {
        self.send_all(&Run::default(), vec![draft]).receipts().await.pop().expect("one was sent")
    }

    /// Records drafts in order, the first as the entry at `expected`, each of the others after those before it. They share
    /// commits. Where one is refused, none after it is recorded; what is there already takes no position.
    ///
    /// # Errors
    /// For each draft in order, as [`Ledger::record`]; after the first that is refused the others conflict.
    pub async fn record_all(&self, drafts: Vec<Draft>, expected: Position) -> Vec<Result<Receipt, RecordError>> {
        self.send_all(&Run::from(expected), drafts).receipts().await
    }

    /// Sends drafts to be recorded one after the other in a run, and does not wait for them: more of the run can be sent
    /// meanwhile, and is decided while these are committed.
    pub fn send_all(&self, run: &Run, drafts: Vec<Draft>) -> Sent<'_> {
        let send =
            |draft| (erasures(&draft), self.send(|reply| Request::Record(draft, Claim::Run(run.clone()), reply)));
        Sent { ledger: self, answers: drafts.into_iter().map(send).collect() }
    }

    /// The size and the roots at a moment when all that was decided is durable.
    ///
    /// # Errors
    /// [`RecordError::Store`] after an append failed, [`RecordError::Closed`].
    pub async fn roots(&self) -> Result<Head, RecordError> {
        self.ask(Request::Roots).await
    }

    /// Waits until all that was asked to be recorded before is on disk, or was refused.
    ///
    /// # Errors
    /// [`RecordError::Store`] after an append failed, [`RecordError::Closed`].
    pub async fn settled(&self) -> Result<(), RecordError> {
        self.ask(Request::Settled).await
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, RecordError> {
        self.send(request)?.await.map_err(|_| RecordError::Closed)?
    }

    /// Asks, and does not wait for the answer.
    fn send<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<Waiting<T>, RecordError> {
        let (reply, answer) = oneshot::channel();
        let request = request(reply);
        if let (Request::Record(..), None, Some(of)) = (&request, &self.node, self.store.copy_of()) {
            return Err(RecordError::CopyOf(of.to_owned()));
        }
        self.writer.as_ref().ok_or(RecordError::Closed)?.send(request)?;
        Ok(answer)
    }

    /// The Merkle tree over all that is durable.
    pub fn tree(&self) -> RwLockReadGuard<'_, Tree> {
        self.tree.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is recorded, for a question.
    pub fn view(&self) -> View<'_> {
        if self.projections.read().unwrap_or_else(PoisonError::into_inner).made() > MADE {
            self.projections.write().unwrap_or_else(PoisonError::into_inner).forget();
        }
        let projections = Held::Live(self.projections.read().unwrap_or_else(PoisonError::into_inner));
        View { projections, head: self.head(), totals: Some(&self.totals) }
    }

    /// Answers a question, or a page of one, while others go on: nobody waits for what goes through all that is about some
    /// contracts, apart from the time that it takes to gather that.
    ///
    /// # Errors
    /// [`QuestionError`].
    pub fn answer(&self, question: &Question, page: Option<&Page>) -> Result<Answer, QuestionError> {
        let slice = match page {
            Some(page) => Some(self.view().page(question, page)?),
            None if question.topic.goes_through_all() => self.view().slice(question)?,
            None => None,
        };
        slice.map_or_else(|| self.view().ask(question), |slice| slice.ask(question))
    }

    /// The number of durable entries: the position of the next.
    pub fn head(&self) -> Position {
        Position(*self.durable.borrow())
    }

    /// The number of durable entries, now and whenever it grows.
    pub fn heads(&self) -> watch::Receiver<u64> {
        self.durable.subscribe()
    }

    /// The stored bytes at a position, checked against their hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stored(&self, position: Position) -> Result<Option<Stored>, StoreError> {
        // What is asked for may be far past the end, where it is not waited for.
        if position < self.head() {
            self.wait_for(position.next());
        }
        self.store.read(position)
    }

    /// Projections and tree rebuilt from the entries, apart from the live ones; with the entry that this began at. It is
    /// entry 0, unless it `resumes` a rebuild that was interrupted: of what that had done, all but the last million entries
    /// was put aside.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn rebuild(
        &self,
        resumes: bool,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<(Folded, Position), LedgerError> {
        let (store, size) = (&*self.store, self.store.len());
        let aside = self.snapshots().as_ref().map(|(snapshot, _)| snapshot.rebuilding());
        let (mut aside, mut folded) = match aside.filter(|_| resumes) {
            Some(path) => Snapshot::load(path, store).map(|(aside, folded)| (Some(aside), folded))?,
            None => (None, Folded::default()),
        };
        let began = folded.projections.head();
        // Roots are made entry by entry, while other threads read the next: they are what a rebuild is compared by.
        folded.projections.roots();
        while let Some(next) = (folded.tree.size() / ASIDE + 1).checked_mul(ASIDE).filter(|next| *next < size) {
            folded = fold(folded, store, next, |done, _| progress(done, size))?;
            if let Some(Err(error)) = aside.as_mut().map(|aside| aside.save(store, &folded.projections, &folded.tree)) {
                tracing::warn!(%error, "nothing is put aside: a rebuild that is interrupted begins anew");
            }
        }
        let folded = fold(folded, store, size, progress)?;
        if let Some(Err(error)) = aside.map(Snapshot::remove) {
            tracing::warn!(%error, "what was put aside for a rebuild stays: the next one goes on from it");
        }
        Ok((folded, began))
    }

    /// Rebuilds the projections beside the live ones, which go on answering and taking entries, and puts what was rebuilt in
    /// their place at once: no question waits for more than the entries that came meanwhile. Whoever calls it holds no view.
    ///
    /// # Errors
    /// As [`Ledger::open`]; the live ones are then as they were.
    pub fn renew(&self, progress: impl FnMut(u64, u64)) -> Result<(), LedgerError> {
        let (rebuilt, _) = self.rebuild(false, progress)?;
        // What came while it was rebuilt, most of it before anybody has to wait.
        let rebuilt = fold(rebuilt, &*self.store, self.store.len(), |_, _| {})?;
        let mut live = self.projections.write().unwrap_or_else(PoisonError::into_inner);
        let mut renewed = fold(rebuilt, &*self.store, self.store.len(), |_, _| {})?.projections;
        // Those that are decided and not on disk yet are in the live ones alone.
        for recorded in live.log().since(renewed.head()) {
            renewed.apply(recorded.entry.clone(), recorded.leaf);
        }
        assert_eq!(renewed.head(), live.head(), "nothing is decided while the live ones are held");
        *live = renewed;
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner) = Totals::default();
        Ok(())
    }

    /// What the first entries come to, apart from the live projections: the ledger as it was at that size.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn at_size(&self, size: Position) -> Result<Folded, LedgerError> {
        self.wait_for(size);
        fold(Folded::default(), &*self.store, size.0, |_, _| {})
    }

    /// How a node stands with the log that it follows; nothing of a ledger that is no node.
    pub fn following(&self) -> Option<&Following> {
        self.node.as_ref().map(|(following, _)| &**following)
    }

    /// Waits until the store has so many entries, where there are so many: a node's copy is a moment behind what it answers.
    fn wait_for(&self, size: Position) {
        if let Some((_, copied)) = &self.node
            && let Err(error) = copied.wait(size.min(self.head()).0)
        {
            tracing::debug!(%error, "the copy of the log grows no more");
        }
    }

    /// The contents that lie beside it.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The store, for verification.
    pub fn store(&self) -> &dyn Store {
        self.wait_for(self.head());
        &*self.store
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // The writer finishes what was asked of it, then lets go of the store: the folder is free when this returns.
        drop(self.writer.take());
        self.leave_snapshots();
    }
}

impl Ledger {
    fn snapshots(&self) -> MutexGuard<'_, Option<(Snapshot, KeptTotals)>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes snapshots of what was rebuilt, and of its totals: from them the next opening goes on. Nothing of a ledger in no
    /// folder.
    pub fn save_snapshots(&self, rebuilt: &Folded) {
        let mut snapshots = self.snapshots();
        let Some((snapshot, kept)) = &mut *snapshots else { return };
        told(snapshot.save(&*self.store, &rebuilt.projections, &rebuilt.tree));
        let mut totals = Totals::default();
        totals.follow(&rebuilt.projections, rebuilt.projections.head());
        told(kept.save(&*self.store, &totals));
    }

    /// Writes other snapshots, where those there are far behind.
    fn leave_snapshots(&self) {
        let head = self.head();
        let mut snapshots = self.snapshots();
        let Some((snapshot, kept)) = &mut *snapshots else { return };
        // Whoever stopped while they followed left them half way.
        if let Ok(totals) = self.totals.lock()
            && kept.is_behind(&totals)
        {
            told(kept.save(&*self.store, &totals));
        }
        let projections = self.projections.read().unwrap_or_else(PoisonError::into_inner);
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        // After an append failed, the projections are ahead of the disk.
        if snapshot.is_behind(head.0) && projections.head() == head && tree.size() == head.0 {
            told(snapshot.save(&*self.store, &projections, &tree));
        }
    }
}

fn told(saved: io::Result<()>) {
    if let Err(error) = saved {
        tracing::warn!(%error, "no snapshot was written: whoever needs it next has to make it anew");
    }
}

/// What the first entries of a store come to.
#[derive(Default)]
pub struct Folded {
    /// The projections.
    pub projections: Projections,
    /// The Merkle tree.
    pub tree: Tree,
}

impl Folded {
    /// The size and all roots.
    pub fn head(&self) -> Head {
        Head::of(self.projections.roots(), &self.tree)
    }
}

/// Folds the entries of a store after those that were folded, up to a size, each held to what an honest log promises.
pub(crate) fn fold(
    mut folded: Folded,
    store: &dyn Store,
    size: u64,
    mut progress: impl FnMut(u64, u64),
) -> Result<Folded, LedgerError> {
    let last = folded.projections.log().last_recorded();
    let mut order = Order::after(folded.projections.head(), last);
    let keeps_roots = folded.projections.keeps_roots();
    folded.projections.reserve(size.saturating_sub(folded.tree.size()));
    let decoded = |stored: Stored| {
        let entry = codec::decode(&stored.bytes);
        let trace = entry.as_ref().ok().filter(|_| keeps_roots).map(|entry| Trace::of(entry, stored.position));
        (stored.position, stored.leaf, entry, trace)
    };
    ahead::each(store, folded.tree.size()..size, decoded, |(position, leaf, entry, trace)| {
        let entry = entry.map_err(|source| LedgerError::Bytes { position, source })?;
        order.hold(position, &entry)?;
        folded.tree.push(leaf);
        folded.projections.apply_traced(entry, leaf, trace);
        progress(position.0 + 1, size);
        Ok::<(), LedgerError>(())
    })?;
    order.end(size)?;
    folded.projections.settle();
    Ok(folded)
}

/// What an honest log promises of the order of its entries: positions without a gap, claims true, instants increasing.
#[derive(Debug, Default)]
pub(crate) struct Order {
    next: Position,
    last: Option<Instant>,
}

impl Order {
    /// Of the entries after these many, of which the last was recorded at an instant.
    pub(crate) fn after(next: Position, last: Option<Instant>) -> Self {
        Self { next, last }
    }

    /// Holds the next entry to it, which says that it is at this position.
    pub(crate) fn hold(&mut self, position: Position, entry: &Entry) -> Result<(), LedgerError> {
        self.follow(position, entry.expected_head, entry.recorded)
    }

    /// The same by what counts of the entry: what it expected, and when it was recorded.
    pub(crate) fn follow(
        &mut self,
        position: Position,
        expected: Position,
        recorded: Instant,
    ) -> Result<(), LedgerError> {
        let incoherent = |what: String| LedgerError::Incoherent { position: self.next, what };
        if position != self.next {
            return Err(incoherent(format!("the entry here says that it is at {position}")));
        }
        follows(expected, recorded, self.next, self.last).map_err(incoherent)?;
        self.next = self.next.next();
        self.last = Some(recorded);
        Ok(())
    }

    /// That there were so many.
    pub(crate) fn end(&self, size: u64) -> Result<(), LedgerError> {
        if self.next.0 == size {
            return Ok(());
        }
        let what = format!("the ledger ends here, and {size} entries were recorded");
        Err(LedgerError::Incoherent { position: self.next, what })
    }
}

/// That what was recorded at an instant, and expected so many entries, may be the entry at a position, after one that was
/// recorded at `last`; or what speaks against it.
pub(crate) fn follows(
    expected: Position,
    recorded: Instant,
    position: Position,
    last: Option<Instant>,
) -> Result<(), String> {
    if expected != position {
        return Err(format!("the entry was accepted although it expected {expected} entries"));
    }
    match last {
        Some(last) if recorded <= last => Err(format!("the entry was recorded at {recorded}, not after {last}")),
        _ => Ok(()),
    }
}

/// Drafts that were sent to be recorded, whose receipts are waited for.
pub struct Sent<'a> {
    ledger: &'a Ledger,
    /// What each erases, and where its receipt will come; or why it was not sent.
    answers: Vec<(Erased, Result<Waiting<Receipt>, RecordError>)>,
}

impl Sent<'_> {
    /// A receipt for each, once it is on disk; what they erase is gone when this returns.
    ///
    /// # Errors
    /// For each draft in order, as [`Ledger::record`]; after the first of its run that is refused the others conflict.
    pub async fn receipts(self) -> Vec<Result<Receipt, RecordError>> {
        let mut receipts = vec![];
        for (erased, answer) in self.answers {
            let receipt = match answer {
                Ok(answer) => answer.await.unwrap_or(Err(RecordError::Closed)),
                Err(error) => Err(error),
            };
            receipts.push(receipt.and_then(|receipt| self.ledger.erase(&erased, receipt)));
        }
        receipts
    }
}

/// What the store takes of an entry that was decided, and the entry as it was.
pub(crate) type Decided = (NewEntry, Arc<Recorded>);

/// Takes a draft into the projections as the entry at `expected`, or says why not; no new entry for a repeat.
pub(crate) fn accept(
    projections: &mut Projections,
    contents: &Contents,
    draft: Draft,
    expected: Position,
    now: DateTime<Utc>,
) -> Result<(Option<Decided>, Receipt), RecordError> {
    if let Some(known) = projections.by_id(draft.id) {
        return repeat(&draft, &known).map(|receipt| (None, receipt));
    }
    let position = projections.head();
    if expected != position {
        return Err(RecordError::Conflict { expected, actual: position });
    }
    let last = projections.log().last_recorded();
    let stamped = decided(projections, contents, draft, (position, last), now, recorder())?;
    let receipt = stamped.receipt.clone();
    Ok((Some(taken_in(projections, stamped)), receipt))
}

/// An entry that was decided, as it will be stored, and the receipt for it.
#[derive(Clone)]
pub(crate) struct Stamped {
    pub(crate) entry: Entry,
    pub(crate) bytes: Vec<u8>,
    pub(crate) receipt: Receipt,
}

/// Decides a draft by what is known, as the entry at a position, after one that was recorded at `last`; or says why not. Nothing
/// is taken in.
pub(crate) fn decided(
    known: &Projections,
    contents: &Contents,
    draft: Draft,
    (position, last): (Position, Option<Instant>),
    now: DateTime<Utc>,
    recorder: String,
) -> Result<Stamped, RecordError> {
    decide(known, &draft).map_err(RecordError::Rejected)?;
    let today = day_of(Instant::new(now));
    decide_on(today, &draft).map_err(RecordError::Rejected)?;
    contents.ready(known, &draft, today).map_err(RecordError::Unready)?;
    let recorded = after(last, Instant::new(now))?;
    let entry = Entry::stamp(draft, position, recorded, recorder);
    let bytes = codec::encode(&entry);
    if bytes.len() > codec::MAX_BYTES {
        return Err(RecordError::TooLarge { bytes: bytes.len(), limit: codec::MAX_BYTES });
    }
    let leaf = Hash::leaf(&bytes);
    let receipt = Receipt { id: entry.id, position, recorded, leaf, repeated: false };
    Ok(Stamped { entry, bytes, receipt })
}

/// Takes an entry that was decided into the projections, as the next.
pub(crate) fn taken_in(projections: &mut Projections, Stamped { entry, bytes, receipt }: Stamped) -> Decided {
    let (recorded, subjects) = projections.apply_about(entry, receipt.leaf, None);
    let new = NewEntry::of_leaf(recorded.entry.id, subjects.into_iter().collect(), bytes, receipt.leaf);
    (new, recorded)
}

/// What the store takes of an entry with these bytes, which comes after what the projections hold.
pub(crate) fn new_entry(projections: &Projections, entry: &Entry, bytes: Vec<u8>) -> NewEntry {
    NewEntry::new(entry.id, projections.subjects(entry).into_iter().collect(), bytes)
}

/// An instant for the next entry: now, or a step after the last one where the clock has not moved on.
fn after(last: Option<Instant>, now: Instant) -> Result<Instant, RecordError> {
    match last {
        Some(last) if now <= last && last.utc() - now.utc() > STEPPED => Err(RecordError::ClockWentBack { now, last }),
        Some(last) if now <= last => Ok(Instant::new(last.utc() + TimeDelta::microseconds(1))),
        _ => Ok(now),
    }
}

/// Takes a draft into projections that no ledger will keep: what recording it would do, without recording it.
///
/// # Errors
/// As [`Ledger::record`], apart from the store's.
pub fn rehearse(projections: &mut Projections, contents: &Contents, draft: Draft) -> Result<Receipt, RecordError> {
    let expected = projections.head();
    accept(projections, contents, draft, expected, Utc::now()).map(|(_, receipt)| receipt)
}

pub(crate) fn repeat(draft: &Draft, known: &Recorded) -> Result<Receipt, RecordError> {
    let Recorded { position, leaf, entry } = known;
    if !entry.records(draft) {
        return Err(RecordError::OtherContent { id: draft.id, position: *position });
    }
    Ok(Receipt { id: draft.id, position: *position, recorded: entry.recorded, leaf: *leaf, repeated: true })
}

/// Who records: the system, and never a person's name.
pub(crate) fn recorder() -> String {
    concat!("minutebook ", env!("CARGO_PKG_VERSION")).to_owned()
}
