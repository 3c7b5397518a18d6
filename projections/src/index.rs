//! One projection: timelines by key. It must not know what a key means.

use crate::all::Recorded;
use crate::key::Key;
use crate::prelude::*;
use crate::timeline::{Fact, Timeline};
use core::marker::PhantomData;
use minutebook_events::{ContractId, Entry, Hash, Position};

/// Which facts a projection keeps, and under which keys.
pub trait Projection {
    /// Its name, as commands and roots use it.
    const NAME: &'static str;
    /// Raised whenever the same entries would give other timelines: the projection is then rebuilt.
    const VERSION: u32;
    /// The keys that an event belongs to; none where it is not this projection's.
    fn keys(entry: &Entry, place: u16, position: Position) -> Vec<Key>;
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
    pub(crate) fn keys(recorded: &Recorded, place: u16) -> BTreeSet<Key> {
        P::keys(&recorded.entry, place, recorded.position).into_iter().collect()
    }

    /// The hashes of the same keys, each once, as they lie under the projection's root.
    pub(crate) fn names(entry: &Entry, place: u16, position: Position) -> Vec<Hash> {
        let mut names: Vec<Hash> = P::keys(entry, place, position).iter().map(hash_of).collect();
        names.sort_unstable();
        names.dedup();
        names
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
            let timeline = timeline.expect("what was applied has a timeline");
            timeline.strike(struck.position, place, by);
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
}

/// The hash of a key as JSON, in which no two keys are alike.
fn hash_of(key: &Key) -> Hash {
    Hash::of([serde_json::to_vec(key).expect("a key has only text and numbers, which JSON always holds").as_slice()])
}
