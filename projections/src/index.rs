//! One projection: timelines by key, and the root that two equal ones share. It must not know what a key means.

use crate::all::Recorded;
use crate::key::Key;
use crate::prelude::*;
use crate::timeline::{Fact, Timeline};
use core::{fmt, marker::PhantomData};
use minutebook_events::{ContractId, Entry, Position};
use sha2::{Digest, Sha256};

/// Which facts a projection keeps, and under which keys.
pub trait Projection {
    /// Its name, as commands and roots use it.
    const NAME: &'static str;
    /// Raised whenever the same entries would give other timelines: the projection is then rebuilt.
    const VERSION: u32;
    /// The keys that an event belongs to; none where it is not this projection's.
    fn keys(entry: &Entry, place: u16, position: Position) -> Vec<Key>;
}

/// A SHA-256 over a projection's sorted content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Root(pub [u8; 32]);

impl fmt::Display for Root {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// The timelines of one projection.
#[derive(Debug, Clone)]
pub struct Index<P> {
    /// Those of no contract: parties, offices, acts.
    general: BTreeMap<Key, Timeline>,
    /// By contract: a question of one contract touches nothing of the others.
    contracts: BTreeMap<ContractId, BTreeMap<Key, Timeline>>,
    projection: PhantomData<P>,
}

impl<P> Default for Index<P> {
    fn default() -> Self {
        Self { general: BTreeMap::new(), contracts: BTreeMap::new(), projection: PhantomData }
    }
}

impl<P: Projection> Index<P> {
    /// The keys of an event, each once: an event that names a contract twice is still one fact about it.
    fn keys(recorded: &Recorded, place: u16) -> BTreeSet<Key> {
        P::keys(&recorded.entry, place, recorded.position).into_iter().collect()
    }

    pub(crate) fn apply(&mut self, recorded: &Arc<Recorded>, place: u16) {
        for key in Self::keys(recorded, place) {
            let timelines = match key.contract() {
                Some(contract) => self.contracts.entry(contract.clone()).or_default(),
                None => &mut self.general,
            };
            timelines.entry(key).or_default().push(Fact::new(Arc::clone(recorded), place));
        }
    }

    pub(crate) fn strike(&mut self, struck: &Recorded, place: u16, by: (Position, u16)) {
        for key in Self::keys(struck, place) {
            let timelines = match key.contract() {
                Some(contract) => self.contracts.get_mut(contract),
                None => Some(&mut self.general),
            };
            let timeline = timelines.and_then(|timelines| timelines.get_mut(&key));
            timeline.expect("what was applied has a timeline").strike(struck.position, place, by);
        }
    }

    /// The timeline of a key.
    pub fn timeline(&self, key: &Key) -> Option<&Timeline> {
        match key.contract() {
            Some(contract) => self.contracts.get(contract)?.get(key),
            None => self.general.get(key),
        }
    }

    /// All timelines: those of no contract, then contract by contract, each sorted by key.
    pub fn timelines(&self) -> impl Iterator<Item = (&Key, &Timeline)> {
        self.general.iter().chain(self.contracts.values().flatten())
    }

    /// The timelines of one contract, sorted by key.
    pub fn of(&self, contract: &ContractId) -> impl Iterator<Item = (&Key, &Timeline)> {
        self.contracts.get(contract).into_iter().flatten()
    }

    /// The root: name and version, then every key with every fact of it and the act that established it, whose date
    /// selects as much as the fact's own; struck ones with what struck them.
    pub fn root(&self) -> Root {
        let mut hash = Sha256::new();
        hash.update(format!("{} {}\n", P::NAME, P::VERSION));
        for (key, timeline) in self.timelines() {
            hash.update(format!("{} {key}\n", key.contract().map_or("", ContractId::as_str)));
            for fact in timeline.facts() {
                hash.update(format!("{} {} {:?}\n", fact.position(), fact.place(), fact.struck()));
                let content = serde_json::to_vec(&(fact.event(), fact.act()));
                hash.update(content.expect("an entry was read from JSON and is JSON again"));
            }
        }
        Root(hash.finalize().into())
    }
}
