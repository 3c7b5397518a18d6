//! Bringing back what a log lost: entries that a copy has and the log lacks are appended to it as new ones, under their own ids. It
//! must not drop one in silence, nor take anything from the copy.
//!
//! Each says in its recorder where it was first recorded: position, instant and leaf hash. What was recorded is otherwise the same,
//! so that whoever records it again is told where it is now. Where another program is first, all is decided again.

use crate::copies::{Lost, compare};
use crate::ledger::{Folded, LedgerError, Stamped, decided, fold, recorder, taken_in};
use crate::sealed::Contents;
use crate::slice;
use crate::store::{NewEntry, Store, StoreError};
use chrono::Utc;
use minutebook_events::{Draft, Entry, EntryId, Position};

/// So many entries are appended at once.
const GROUP: usize = 500;

/// How often it is begun again where others append meanwhile.
const TRIES: usize = 10;

/// What the recorder of such an entry begins to say after its name.
const FIRST: &str = "; first recorded at position ";

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reappended {
    /// What was appended: its id, where it was first, and where it is now.
    pub appended: Vec<(EntryId, Position, Position)>,
    /// What was not: its id, where it was first, and why.
    pub refused: Vec<(EntryId, Position, String)>,
    /// Whether the log is other than the copy, so that no node goes on from that.
    pub has_parted: bool,
}

/// Appends to the log what the copy has and the log lacks; nothing is appended where `rehearses`, which says what would be.
///
/// # Errors
/// [`LedgerError`]: where an append failed, it says whether its outcome is known. What was appended before stays, and is not appended
/// again by whoever asks again.
pub fn reappend(
    copy: &dyn Store,
    contents: &Contents,
    log: &dyn Store,
    rehearses: bool,
) -> Result<Reappended, LedgerError> {
    let mut done = Reappended::default();
    for _ in 1..TRIES {
        match once(copy, contents, log, rehearses, &mut done) {
            Err(LedgerError::Store(StoreError::Conflict { .. })) => {}
            other => return other.map(|()| done),
        }
    }
    once(copy, contents, log, rehearses, &mut done).map(|()| done)
}

fn once(
    copy: &dyn Store,
    contents: &Contents,
    log: &dyn Store,
    rehearses: bool,
    done: &mut Reappended,
) -> Result<(), LedgerError> {
    let compared = compare(copy, log, |_, _| {})?;
    done.has_parted |= !compared.is_beginning();
    let Folded { mut projections, .. } = fold(Folded::default(), log, log.len(), |_, _| {})?;
    let (mut first, mut group, mut told) = (projections.head(), vec![], vec![]);
    done.refused.clear();
    let commit = |first: &mut Position, group: &mut Vec<NewEntry>, told: &mut Vec<_>, done: &mut Reappended| {
        if !rehearses {
            log.append(*first, group)?;
        }
        *first = Position(first.0 + group.len() as u64);
        group.clear();
        done.appended.append(told);
        Ok::<(), LedgerError>(())
    };
    for Lost { id, position, other, .. } in compared.lost {
        if let Some(other) = other {
            done.refused.push((id, position, format!("the log has another entry of this id at position {other}")));
            continue;
        }
        let was = slice::read(copy, position)?.entry;
        let (by, draft) = (recorder_of(&was, position, copy)?, draft_of(was));
        let at = (projections.head(), projections.log().last_recorded());
        match decided(&projections, contents, draft, at, Utc::now(), by) {
            Ok(stamped) => {
                let Stamped { receipt, .. } = &stamped;
                told.push((id, position, receipt.position));
                group.push(taken_in(&mut projections, stamped).0);
            }
            Err(error) => done.refused.push((id, position, error.to_string())),
        }
        if group.len() == GROUP {
            commit(&mut first, &mut group, &mut told, done)?;
        }
    }
    commit(&mut first, &mut group, &mut told, done)
}

/// Who records an entry again, and where it was first recorded: what it says of that already, where it was brought back before.
fn recorder_of(was: &Entry, position: Position, copy: &dyn Store) -> Result<String, LedgerError> {
    let first = match was.recorder.find(FIRST) {
        Some(at) => was.recorder[at..].to_owned(),
        None => {
            let leaf = slice::read(copy, position)?.leaf;
            format!("{FIRST}{position} at {} with leaf {leaf}", was.recorded)
        }
    };
    Ok(recorder() + &first)
}

fn draft_of(Entry { id, act, documents, events, .. }: Entry) -> Draft {
    Draft { id, act, documents, events }
}
