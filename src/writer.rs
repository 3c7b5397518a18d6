//! The two threads of a ledger that append: one decides request after request, the other commits what was decided, all that
//! waits at once, so that the next group is decided while the one before goes to the disk. They own the order of that, and
//! must not know what makes an entry coherent, nor how it is stored.

use crate::audit::checkpoint::Head;
use crate::ledger::{Clock, Decided, Receipt, RecordError, accept};
use crate::merkle::Tree;
use crate::sealed::Contents;
use crate::snapshot::Snapshots;
use crate::store::{NewEntry, Store, StoreError};
use minutebook_events::{Draft, Position, codec};
use minutebook_projections::Projections;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::thread::{Builder, JoinHandle};
use tokio::sync::{mpsc, oneshot, watch};

/// The most entries that share one commit.
pub(crate) const GROUP: usize = 1024;

/// What a request is answered with.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, RecordError>>;

/// What is asked of the writer.
pub(crate) enum Request {
    Record(Draft, Claim, Reply<Receipt>),
    Roots(Reply<Head>),
    /// That all that was asked before is on disk, or was refused.
    Settled(Reply<()>),
}

/// What whoever records claims of the ledger.
pub(crate) enum Claim {
    /// That it holds so many entries.
    Size(Position),
    /// That it goes on in a run.
    Run(Run),
}

/// Drafts that are recorded one after the other: once one is refused, so are those after it.
#[derive(Clone, Default)]
pub struct Run(Arc<Mutex<Going>>);

#[derive(Default)]
pub(crate) struct Going {
    /// How many entries the ledger must hold; whatever it holds, where nothing is claimed.
    pub(crate) expected: Option<Position>,
    pub(crate) refused: bool,
}

impl From<Position> for Run {
    /// One whose first new entry is that of this position, with nobody else's between them.
    fn from(expected: Position) -> Self {
        Self(Arc::new(Mutex::new(Going { expected: Some(expected), refused: false })))
    }
}

impl Claim {
    /// Lets a draft be decided as what it claims to be, of a ledger that holds so many entries; `new` says where what was
    /// decided is new.
    pub(crate) fn hold<T>(
        &self,
        head: Position,
        decide: impl FnOnce(Position) -> Result<T, RecordError>,
        new: impl FnOnce(&T) -> Option<Position>,
    ) -> Result<T, RecordError> {
        let run = match self {
            Self::Size(expected) => return decide(*expected),
            Self::Run(run) => run,
        };
        let mut run = run.going();
        if run.refused {
            // One is missing that it comes after.
            return Err(RecordError::Conflict { expected: head.next(), actual: head });
        }
        let decided = decide(run.expected.unwrap_or(head));
        match &decided {
            Ok(decided) => {
                if let (Some(expected), Some(position)) = (&mut run.expected, new(decided)) {
                    *expected = position.next();
                }
            }
            Err(_) => run.refused = true,
        }
        decided
    }
}

impl Run {
    /// How far it is, for whoever has to take something back.
    pub(crate) fn going(&self) -> MutexGuard<'_, Going> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the two threads and the ledger share.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) contents: Contents,
    pub(crate) projections: Arc<RwLock<Projections>>,
    pub(crate) tree: Arc<RwLock<Tree>>,
    pub(crate) durable: Arc<watch::Sender<u64>>,
    pub(crate) snapshots: Snapshots,
    pub(crate) clock: Clock,
}

/// The threads. Where it is dropped, they finish what was asked of them.
pub(crate) struct Writer {
    requests: Option<mpsc::UnboundedSender<Request>>,
    threads: Vec<JoinHandle<()>>,
}

impl Writer {
    /// Starts them.
    ///
    /// # Errors
    /// [`StoreError::NoThread`].
    pub(crate) fn start(shared: Shared) -> Result<Self, StoreError> {
        let Shared { store, contents, projections, tree, durable, snapshots, clock } = shared;
        let (requests, inbox) = mpsc::unbounded_channel();
        // One group waits while another is committed: more would only be decided sooner than it can be kept.
        let (groups, decided) = sync_channel(1);
        let broken = Arc::default();
        let locked = snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        let next_chunk = locked.as_ref().map(|(snapshot, _)| snapshot.next_chunk());
        drop(locked);
        let committer = Committer { store, tree: Arc::clone(&tree), durable, snapshots, broken: Arc::clone(&broken) };
        let decider = Decider { contents, projections, tree, clock, next_chunk, groups, broken };
        let start = |name: &str, work: Box<dyn FnOnce() + Send>| {
            Builder::new().name(name.to_owned()).spawn(work).map_err(StoreError::NoThread)
        };
        // Whichever is started alone ends: the other end of what it waits for is gone.
        let threads = vec![
            start("ledger-decider", Box::new(move || decider.run(inbox)))?,
            start("ledger-committer", Box::new(move || committer.run(&decided)))?,
        ];
        Ok(Self::of(requests, threads))
    }

    /// Threads that work on requests, until there are none and nobody sends any.
    pub(crate) fn of(requests: mpsc::UnboundedSender<Request>, threads: Vec<JoinHandle<()>>) -> Self {
        Self { requests: Some(requests), threads }
    }

    pub(crate) fn send(&self, request: Request) -> Result<(), RecordError> {
        let requests = self.requests.as_ref().ok_or(RecordError::Closed)?;
        requests.send(request).map_err(|_| RecordError::Closed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.requests.take());
        for thread in self.threads.drain(..) {
            // One that panicked has said so, and whoever waits hears that the ledger was closed.
            let _ = thread.join();
        }
    }
}

/// The append that failed, where one did: the projections are ahead of the disk then. Questions stop at the durable head, and
/// nothing more is recorded until the ledger is opened again.
type Broken = Arc<OnceLock<Arc<StoreError>>>;

/// That no append has failed.
fn sound(broken: &Broken) -> Result<(), RecordError> {
    broken.get().map_or(Ok(()), |error| Err(told(error)))
}

/// What whoever records is told of an append that failed.
fn told(error: &Arc<StoreError>) -> RecordError {
    match **error {
        // Another machine appended to the same log.
        StoreError::Conflict { expected, actual } => RecordError::Conflict { expected, actual },
        _ => RecordError::Store(Arc::clone(error)),
    }
}

/// What was decided at once, and is committed at once.
struct Group {
    first: Position,
    accepted: Vec<Accepted>,
    /// A repeat may repeat an entry of this very group, or of one before it: it is answered once that is on disk.
    repeats: Vec<(Receipt, Reply<Receipt>)>,
    /// What it made full, or what was full and is not in the snapshot.
    chunks: Vec<Chunk>,
    /// Told once all of it is durable.
    done: Option<oneshot::Sender<()>>,
}

type Accepted = (Decided, Receipt, Reply<Receipt>);

/// A full chunk of packed entries, with its number.
pub(crate) type Chunk = (usize, Vec<u8>);

/// The most chunks that go with one group, which fewer entries of the usual size fill: others wait for the groups after it, or
/// until the ledger closes.
const CHUNKS: usize = 4;

/// The chunks that are full and come next, where there is a snapshot.
pub(crate) fn full_chunks(projections: &Projections, next_chunk: &mut Option<usize>) -> Vec<Chunk> {
    let Some(next) = next_chunk else { return vec![] };
    let full: Vec<Chunk> =
        (*next..*next + CHUNKS).map_while(|number| Some((number, projections.full_chunk(number)?))).collect();
    *next += full.len();
    full
}

struct Decider {
    contents: Contents,
    projections: Arc<RwLock<Projections>>,
    tree: Arc<RwLock<Tree>>,
    clock: Clock,
    /// The number of the chunk that the snapshot lacks, where there is a snapshot.
    next_chunk: Option<usize>,
    groups: SyncSender<Group>,
    broken: Broken,
}

impl Decider {
    fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Request>) {
        let mut waiting = Vec::new();
        while inbox.blocking_recv_many(&mut waiting, GROUP) > 0 {
            let first = self.projections.read().unwrap_or_else(PoisonError::into_inner).head();
            let mut group = Group { first, accepted: vec![], repeats: vec![], chunks: vec![], done: None };
            let (mut roots, mut settled) = (vec![], vec![]);
            for request in waiting.drain(..) {
                match request {
                    Request::Roots(reply) => roots.push(reply),
                    Request::Settled(reply) => settled.push(reply),
                    Request::Record(draft, claim, reply) => match self.decide(draft, &claim) {
                        Ok((None, receipt)) => group.repeats.push((receipt, reply)),
                        Ok((Some(entry), receipt)) => group.accepted.push((entry, receipt, reply)),
                        // Whoever asked may have gone; what was decided stands either way.
                        Err(error) => drop(reply.send(Err(error))),
                    },
                }
            }
            group.chunks = self.full_chunks();
            let (done, durable) = oneshot::channel();
            let is_waited_for = !roots.is_empty() || !settled.is_empty();
            group.done = is_waited_for.then_some(done);
            // Where nobody takes it, the committer panicked: who waits hears that the ledger was closed.
            if self.groups.send(group).is_err() {
                return;
            }
            if is_waited_for && durable.blocking_recv().is_err() {
                return;
            }
            for reply in settled {
                drop(reply.send(sound(&self.broken)));
            }
            // Nothing is decided and not durable now, so that all roots are of the same entries.
            for reply in roots {
                drop(reply.send(sound(&self.broken).map(|()| self.head())));
            }
            // Where more waits, the hashes under the roots are made for all of it at once, or when a root is asked for.
            if inbox.is_empty() {
                self.projections.write().unwrap_or_else(PoisonError::into_inner).settle();
            }
        }
    }

    fn full_chunks(&mut self) -> Vec<Chunk> {
        let projections = self.projections.read().unwrap_or_else(PoisonError::into_inner);
        full_chunks(&projections, &mut self.next_chunk)
    }

    /// Checks one draft against everything decided so far, and applies it.
    fn decide(&self, draft: Draft, claim: &Claim) -> Result<(Option<Decided>, Receipt), RecordError> {
        sound(&self.broken)?;
        let mut projections = self.projections.write().unwrap_or_else(PoisonError::into_inner);
        let head = projections.head();
        let decide = |expected| accept(&mut projections, &self.contents, draft, expected, (self.clock)());
        claim.hold(head, decide, |(new, receipt)| new.as_ref().map(|_| receipt.position))
    }

    fn head(&self) -> Head {
        let projections = self.projections.read().unwrap_or_else(PoisonError::into_inner);
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(tree.size(), projections.head().0, "what was applied is durable");
        Head::of(projections.roots(), &tree)
    }
}

struct Committer {
    store: Arc<dyn Store>,
    tree: Arc<RwLock<Tree>>,
    durable: Arc<watch::Sender<u64>>,
    snapshots: Snapshots,
    broken: Broken,
}

impl Committer {
    fn run(self, decided: &Receiver<Group>) {
        for Group { first, accepted, repeats, chunks, done } in decided {
            self.commit(first, accepted);
            for (receipt, reply) in repeats {
                drop(reply.send(sound(&self.broken).map(|()| receipt)));
            }
            if let Some(done) = done {
                let _ = done.send(());
            }
            self.grow_snapshot(chunks);
        }
    }

    /// Adds to the snapshot the chunks that are full now, and on disk.
    fn grow_snapshot(&self, chunks: Vec<Chunk>) {
        if chunks.is_empty() || self.broken.get().is_some() {
            return;
        }
        if let Some((snapshot, _)) = &mut *self.snapshots.lock().unwrap_or_else(PoisonError::into_inner) {
            chunks.into_iter().for_each(|(number, chunk)| snapshot.add(&*self.store, number, &chunk));
        }
    }

    fn commit(&self, first: Position, accepted: Vec<Accepted>) {
        if accepted.is_empty() {
            return;
        }
        let (decided, replies): (Vec<Decided>, Vec<_>) =
            accepted.into_iter().map(|(decided, receipt, reply)| (decided, (receipt, reply))).unzip();
        decided.iter().for_each(reads_back);
        let entries: Vec<NewEntry> = decided.into_iter().map(|(entry, _)| entry).collect();
        let appended = match self.broken.get() {
            // It was decided on top of what is not there.
            Some(error) => Err(Arc::clone(error)),
            None => self.store.append(first, &entries).map_err(Arc::new),
        };
        match appended {
            Ok(()) => {
                let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
                replies.iter().for_each(|(receipt, _)| tree.push(receipt.leaf));
                drop(tree);
                self.durable.send_replace(first.0 + entries.len() as u64);
                tracing::debug!(first = first.0, entries = entries.len(), "committed");
                for (receipt, reply) in replies {
                    drop(reply.send(Ok(receipt)));
                }
            }
            Err(error) => {
                // The first that failed is told from then on.
                let error = self.broken.get_or_init(|| error);
                for (_, reply) in replies {
                    drop(reply.send(Err(told(error))));
                }
            }
        }
    }
}

/// What is appended reads back as what was decided: nothing else is worth a receipt.
pub(crate) fn reads_back((new, decided): &Decided) {
    let read = codec::decode(&new.bytes);
    assert_eq!(read.as_ref(), Ok(&decided.entry), "what is appended reads back as what was decided");
}
