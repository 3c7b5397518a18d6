//! A question of one contract, answered from the streams behind it alone, and one of totals from those that are kept: nothing
//! else of the ledger is folded. It must give what the whole ledger gives, byte for byte, and must not word an answer.

use crate::ledger::{LedgerError, View};
use crate::question::{Answer, KnownAt, Question, QuestionError, Topic};
use crate::slice;
use crate::store::Store;
use minutebook_events::{Instant, Position};
use minutebook_projections::{By, Subject, Totals};
use std::sync::Mutex;

/// Answers a question of one contract from its streams. Nothing where only the whole ledger has the answer: the question is
/// of all contracts, or of one that is not there, whose nearest are told.
///
/// # Errors
/// [`LedgerError`] where the entries cannot be read, or do not hold together; the inner one where there is no answer.
pub fn ask(store: &dyn Store, question: &Question) -> Result<Option<Result<Answer, QuestionError>>, LedgerError> {
    let Some(contract) = &question.contract else { return Ok(None) };
    let Some(last) = last_known(store, question.known_at)? else { return Ok(None) };
    let projections = slice::of_store(store, [Subject::Contract(contract.clone())], last)?;
    let known = Some(KnownAt::Position(last));
    match View::of(&projections).ask(&Question { known_at: known, ..question.clone() }) {
        Err(QuestionError::NoContract { .. }) => Ok(None),
        answer => Ok(Some(answer)),
    }
}

/// Whether kept totals have the answer to a question: it is of all contracts, by all that is known, whenever decided.
pub fn is_of_kept_totals(question: &Question) -> bool {
    let Question { topic, contract, as_of: _, known_at, decided_by } = question;
    let over_contracts = matches!(topic, Topic::Totals { by, ends_within: None } if by.is_over_contracts());
    over_contracts && contract.is_none() && known_at.is_none() && decided_by.is_none()
}

/// Answers a question of totals from those that are kept of all entries of a store, which has some.
///
/// # Errors
/// As [`ask`].
pub fn ask_totals(
    store: &dyn Store,
    totals: Totals,
    question: &Question,
) -> Result<Result<Answer, QuestionError>, LedgerError> {
    assert!(totals.head().0 == store.len() && !store.is_empty(), "totals are kept of all entries");
    let by = match question.topic {
        Topic::Totals { by, .. } => by,
        _ => By::All,
    };
    // What they are called is all that is needed of those whose totals they are.
    let parties = totals.parties(by, question.as_of).into_iter().map(Subject::Party);
    let projections = slice::of_store(store, parties, Position(store.len() - 1))?;
    let totals = Mutex::new(totals);
    Ok(View { totals: Some(&totals), ..View::of(&projections) }.ask(question))
}

/// The last entry that a question knows; nothing where it knows none, or asks past the head.
fn last_known(store: &dyn Store, known_at: Option<KnownAt>) -> Result<Option<Position>, LedgerError> {
    let size = match known_at {
        None => store.len(),
        Some(KnownAt::Position(asked)) if asked.0 < store.len() => asked.0 + 1,
        Some(KnownAt::Position(_)) => return Ok(None),
        Some(KnownAt::Instant(instant)) => recorded_by(store, instant)?,
    };
    Ok(size.checked_sub(1).map(Position))
}

/// How many entries had been recorded by an instant: the instants increase, so that a few entries tell.
fn recorded_by(store: &dyn Store, instant: Instant) -> Result<u64, LedgerError> {
    let (mut by, mut after) = (0, store.len());
    while by < after {
        let middle = by + (after - by) / 2;
        match slice::read(store, Position(middle))?.entry.recorded <= instant {
            true => by = middle + 1,
            false => after = middle,
        }
    }
    Ok(by)
}
