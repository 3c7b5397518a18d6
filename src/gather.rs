//! What an answer rests on: the entries about some subjects, and about everything that they name. Where entries are kept is
//! whoever asks's business; what is asked of them is, too.

use minutebook_events::Position;
use minutebook_projections::Subject;
use std::collections::BTreeSet;

/// Entries, and the streams that are whole with them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Gathered {
    /// The positions of the entries.
    pub(crate) entries: BTreeSet<Position>,
    /// The subjects of the streams, those without an entry included.
    pub(crate) streams: BTreeSet<Subject>,
}

/// Follows names, from some subjects on: `stream` gives the positions of the entries about a subject, `named` the subjects that
/// the entry at a position names, and is asked once for each entry.
///
/// # Errors
/// Those of `stream` and `named`.
pub(crate) fn gather<E>(
    asked: impl IntoIterator<Item = Subject>,
    mut stream: impl FnMut(&Subject) -> Result<Vec<Position>, E>,
    mut named: impl FnMut(Position) -> Result<BTreeSet<Subject>, E>,
) -> Result<Gathered, E> {
    let mut gathered = Gathered::default();
    let mut next: BTreeSet<Subject> = asked.into_iter().collect();
    while let Some(subject) = next.pop_first() {
        for position in stream(&subject)? {
            if gathered.entries.insert(position) {
                let new = named(position)?.into_iter().filter(|subject| !gathered.streams.contains(subject));
                next.extend(new);
            }
        }
        // An entry about a subject may name it.
        next.remove(&subject);
        gathered.streams.insert(subject);
    }
    Ok(gathered)
}
