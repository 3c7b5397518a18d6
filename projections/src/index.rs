//! The timelines of one subject, of all six projections. It must not know what a key means.

use crate::decisions::Decisions;
use crate::findings::Findings;
use crate::key::Key;
use crate::log::Recorded;
use crate::lots::Lots;
use crate::network::Network;
use crate::prelude::*;
use crate::register::Register;
use crate::streams::Subject;
use crate::timeline::{Fact, Timeline};
use crate::value::Value;
use minutebook_events::{Entry, Position};

/// Which facts a projection keeps, and under which keys.
pub trait Projection {
    /// Its name, as commands and roots use it.
    const NAME: &'static str;
    /// Raised whenever the same entries would give other timelines: the projection is then rebuilt.
    const VERSION: u32;
    /// The keys that an event belongs to; none where it is not this projection's.
    fn keys(entry: &Entry, place: u16, position: Position) -> Vec<Key>;
}

/// A projection, as what goes through all of them sees it.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    keys: fn(&Entry, u16, Position) -> Vec<Key>,
    /// Whether a correction of an event strikes what this projection has of it.
    pub(crate) is_struck: bool,
}

const fn kind<P: Projection>(is_struck: bool) -> Kind {
    Kind { name: P::NAME, version: P::VERSION, keys: P::keys, is_struck }
}

/// All of them, in the order of the design. A correction strikes no act.
pub(crate) const KINDS: [Kind; 6] = [
    kind::<Register>(true),
    kind::<Value>(true),
    kind::<Lots>(true),
    kind::<Network>(true),
    kind::<Decisions>(false),
    kind::<Findings>(true),
];

impl Kind {
    /// The keys of an event, sorted and each once: an event that names a contract twice is still one fact about it.
    pub(crate) fn keys(&self, entry: &Entry, place: u16, position: Position) -> Vec<Key> {
        let mut keys = (self.keys)(entry, place, position);
        if keys.len() > 1 {
            keys.sort_unstable();
            keys.dedup();
        }
        keys
    }
}

/// The correction that struck an event, where one did.
pub(crate) type Struck<'a> = &'a dyn Fn(Position, u16) -> Option<(Position, u16)>;

/// The keys that an entry belongs to, each with the place of the event and the projection that keeps it.
fn keys(recorded: &Recorded) -> impl Iterator<Item = (Key, u16, &'static Kind)> {
    let all = recorded.places().flat_map(|place| KINDS.iter().map(move |kind| (place, kind)));
    all.flat_map(|(place, kind)| {
        let keys = kind.keys(&recorded.entry, place, recorded.position);
        keys.into_iter().map(move |key| (key, place, kind))
    })
}

fn fact(recorded: &Arc<Recorded>, place: u16, kind: &Kind, struck: Struck) -> Fact {
    let by = kind.is_struck.then(|| struck(recorded.position, place)).flatten();
    Fact::new(Arc::clone(recorded), place, by)
}

/// What an entry says: facts, each with a key that it belongs to.
pub(crate) fn facts(recorded: &Arc<Recorded>, struck: Struck) -> impl Iterator<Item = (Key, Fact)> {
    keys(recorded).map(move |(key, place, kind)| (key, fact(recorded, place, kind, struck)))
}

/// The timelines of one subject; or, of none, those of acts and doubts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index(BTreeMap<Key, Timeline>);

impl Index {
    /// Adds what an entry says of the subject: so many facts.
    pub(crate) fn apply(&mut self, recorded: &Arc<Recorded>, subject: Option<&Subject>, struck: Struck) -> usize {
        let of_subject = keys(recorded).filter(|(key, ..)| key.is_of(subject));
        of_subject.map(|(key, place, kind)| self.add(key, fact(recorded, place, kind, struck))).count()
    }

    /// Adds a fact of the subject.
    pub(crate) fn add(&mut self, key: Key, fact: Fact) {
        self.0.entry(key).or_default().push(fact);
    }

    /// Strikes what is said of the subject by an event that was applied.
    pub(crate) fn strike(&mut self, struck: &Recorded, place: u16, by: (Position, u16)) {
        for kind in KINDS.iter().filter(|kind| kind.is_struck) {
            for key in kind.keys(&struck.entry, place, struck.position) {
                if let Some(timeline) = self.0.get_mut(&key) {
                    timeline.strike(struck.position, place, by);
                }
            }
        }
    }

    /// The timeline of a key.
    pub(crate) fn timeline(&self, key: &Key) -> Option<&Timeline> {
        self.0.get(key)
    }

    /// All of them, sorted by key.
    pub(crate) fn timelines(&self) -> impl Iterator<Item = (&Key, &Timeline)> {
        self.0.iter()
    }
}
