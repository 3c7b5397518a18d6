//! The ledger by a clock that a test sets, and with many writers at once: recorded instants strictly increase, a
//! position is given once, and a receipt means that the entry is on disk. Wherever the entries are kept.

use crate::places::places;
use crate::run::defines;
use chrono::{DateTime, TimeDelta, Utc};
use minutebook::audit::verify::verify;
use minutebook::ledger::{Clock, Ledger, LedgerError, Receipt, RecordError, Run};
use minutebook::sealed::Contents;
use minutebook::store;
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Draft, Instant, Position};
use std::sync::{Arc, Mutex};

fn draft(party: &str) -> Draft {
    DecisionFile::parse(&defines(party)).unwrap().draft
}

fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// A clock that stands still until it is set.
fn clock() -> (Arc<Mutex<DateTime<Utc>>>, Clock) {
    let hand = Arc::new(Mutex::new(noon()));
    let read = Arc::clone(&hand);
    (hand, Box::new(move || *read.lock().unwrap()))
}

#[tokio::test]
async fn a_clock_that_goes_back_is_refused_and_one_that_stands_still_is_not() {
    for at in places() {
        let (hand, clock) = clock();
        let ledger = at.by(clock);
        let mut last = None;
        for number in 0..20 {
            let receipt = ledger.record(draft(&format!("party-{number}")), Position(number)).await.unwrap();
            assert!(last < Some(receipt.recorded), "{last:?}, then {receipt:?}");
            last = Some(receipt.recorded);
        }
        *hand.lock().unwrap() = noon() - TimeDelta::seconds(1);
        let error = ledger.record(draft("too-early"), Position(20)).await.unwrap_err();
        let last = last.unwrap();
        assert!(
            matches!(error, RecordError::ClockWentBack { now, last: told } if now == Instant::new(noon() - TimeDelta::seconds(1)) && told == last),
            "{error}"
        );
        let words = error.to_string();
        assert!(words.contains(&last.to_string()) && words.contains("2026-11-22T11:59:59"), "{words}");
        assert_eq!(ledger.head(), Position(20));
        *hand.lock().unwrap() = noon() + TimeDelta::seconds(1);
        let receipt = ledger.record(draft("too-early"), Position(20)).await.unwrap();
        assert_eq!(receipt.recorded, Instant::new(noon() + TimeDelta::seconds(1)));
    }
}

/// One writer: it claims the head it sees until its entry is in, and counts how often it lost.
async fn write(ledger: Arc<Ledger>, party: String) -> (Receipt, usize) {
    let mut lost = 0;
    let mut expected = ledger.head();
    loop {
        match ledger.record(draft(&party), expected).await {
            Ok(receipt) => return (receipt, lost),
            Err(RecordError::Conflict { expected: claimed, actual }) => {
                assert_eq!(claimed, expected);
                assert!(actual > expected, "someone else was first");
                (lost, expected) = (lost + 1, actual);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn of_writers_at_once_each_position_is_given_to_one() {
    const WRITERS: usize = 24;
    for at in places() {
        let ledger = Arc::new(at.create());
        let writers = (0..WRITERS).map(|number| tokio::spawn(write(Arc::clone(&ledger), format!("party-{number}"))));
        let mut receipts = vec![];
        let mut losses = 0;
        for writer in writers.collect::<Vec<_>>() {
            let (receipt, lost) = writer.await.unwrap();
            receipts.push(receipt);
            losses += lost;
        }
        assert!(losses > 0, "they did not meet");
        receipts.sort_by_key(|receipt| receipt.position);
        let positions: Vec<_> = receipts.iter().map(|receipt| receipt.position.0).collect();
        assert_eq!(positions, (0..WRITERS as u64).collect::<Vec<_>>());
        assert!(receipts.is_sorted_by(|a, b| a.recorded < b.recorded));
        drop(ledger);
        let ledger = at.open();
        for receipt in &receipts {
            assert_eq!(ledger.stored(receipt.position).unwrap().unwrap().leaf, receipt.leaf);
            let view = ledger.view();
            let entry = &view.projections.entry(receipt.position).unwrap().entry;
            assert_eq!(
                (entry.id, entry.recorded, entry.expected_head),
                (receipt.id, receipt.recorded, receipt.position)
            );
        }
        assert_eq!(verify(ledger.store(), None, &[], |_, _| {}).unwrap().0.entries, WRITERS as u64);
    }
}

#[tokio::test]
async fn the_same_draft_from_many_writers_is_recorded_once() {
    for at in places() {
        let ledger = Arc::new(at.create());
        let writers = (0..8).map(|_| tokio::spawn(write(Arc::clone(&ledger), "somebody".to_owned())));
        let mut fresh = 0;
        for writer in writers.collect::<Vec<_>>() {
            let (receipt, _) = writer.await.unwrap();
            assert_eq!(receipt.position, Position(0));
            fresh += usize::from(!receipt.repeated);
        }
        assert_eq!((fresh, ledger.head()), (1, Position(1)));
    }
}

#[tokio::test]
async fn a_claim_ahead_of_the_ledger_is_a_conflict_too() {
    for at in places() {
        let ledger = at.create();
        let error = ledger.record(draft("somebody"), Position(7)).await.unwrap_err();
        assert!(matches!(error, RecordError::Conflict { expected: Position(7), actual: Position(0) }), "{error}");
    }
}

/// The log itself shows that no engine accepted a stale write: bytes that claim another head are refused on opening.
#[tokio::test]
async fn an_entry_that_claims_another_head_is_refused_on_opening() {
    for at in places() {
        let store = store::create(&at.place).unwrap();
        let (_, hand) = clock();
        let ledger = Ledger::on(Arc::clone(&store), Contents::beside(&at.place.folder), hand, |_, _| {}).unwrap();
        ledger.record(draft("somebody"), Position(0)).await.unwrap();
        drop(ledger);
        let first = store.read(Position(0)).unwrap().unwrap();
        let id = draft("other").id;
        store.append(Position(1), &[store::NewEntry::new(id, vec![], first.bytes)]).unwrap();
        let (_, hand) = clock();
        let error = Ledger::on(store, Contents::beside(&at.place.folder), hand, |_, _| {}).err().unwrap();
        assert!(matches!(error, LedgerError::Incoherent { position: Position(1), .. }), "{error}");
        assert!(error.to_string().contains("although it expected 0 entries"), "{error}");
    }
}

/// What has not been decided yet, by the day in London, is no decision.
#[tokio::test]
async fn a_decision_of_the_future_is_refused_until_its_day() {
    for at in places() {
        let (hand, clock) = clock();
        let ledger = at.by(clock);
        let decided = |party: &str, day: &str| {
            let text = defines(party).replace("decided = 2021-12-20", &format!("decided = {day}"));
            DecisionFile::parse(&text).unwrap().draft
        };
        let set = |instant: &str| *hand.lock().unwrap() = instant.parse().unwrap();
        // Half past midnight in London is the day before in UTC.
        set("2026-06-30T22:30:00Z");
        let error = ledger.record(decided("a", "2026-07-01"), Position(0)).await.unwrap_err().to_string();
        assert!(error.contains("`act.decided`: decided, 1 July 2026, is after today, 30 June 2026"), "{error}");
        assert!(error.contains("call its events planned or proposed"), "{error}");
        assert!(ledger.record(decided("a", "\"2026-07/2026-08\""), Position(0)).await.is_err());
        assert_eq!(ledger.head(), Position(0));
        set("2026-06-30T23:30:00Z");
        ledger.record(decided("a", "2026-07-01"), Position(0)).await.unwrap();
        // A span that has begun may have been decided.
        ledger.record(decided("b", "\"2026-07/2026-08\""), Position(1)).await.unwrap();
    }
}

#[tokio::test]
async fn writers_who_claim_nothing_are_never_in_conflict() {
    for at in places() {
        let ledger = Arc::new(at.create());
        let writers: Vec<_> = (0..64)
            .map(|writer| {
                let ledger = Arc::clone(&ledger);
                tokio::spawn(async move {
                    let mut positions = vec![];
                    for number in 0..5 {
                        let draft = draft(&format!("party-{writer}-{number}"));
                        let receipt = ledger.record_next(draft.clone()).await.unwrap();
                        let again = ledger.record_next(draft).await.unwrap();
                        assert_eq!(again, Receipt { repeated: true, ..receipt.clone() });
                        positions.push(receipt.position);
                    }
                    assert!(positions.is_sorted(), "each waits for its receipt");
                    positions
                })
            })
            .collect();
        let mut positions = vec![];
        for writer in writers {
            positions.extend(writer.await.unwrap());
        }
        positions.sort_unstable();
        assert_eq!(positions, (0..320).map(Position).collect::<Vec<_>>());
        drop(ledger);
        let store = store::open(&at.place).unwrap();
        assert_eq!(verify(&*store, None, &[], |_, _| {}).unwrap().0.entries, 320);
    }
}

/// The same party once more, under another id: what no ledger takes that has the first.
fn twice(party: &str) -> Draft {
    Draft { id: minutebook_events::EntryId::from_text("another"), ..draft(party) }
}

#[tokio::test]
async fn what_was_sent_after_a_refusal_is_refused() {
    for at in places() {
        let ledger = Arc::new(at.create());
        let group = |names: &[&str]| names.iter().map(|name| draft(name)).collect::<Vec<_>>();
        for run in [Run::default(), Run::from(Position(0))] {
            // The first time nothing is there; the second all that may be is there already, and takes no position.
            let sent = [
                ledger.send_all(&run, group(&["a", "b"])),
                ledger.send_all(&run, vec![draft("c"), twice("a"), draft("d")]),
                ledger.send_all(&run, group(&["e", "f"])),
            ];
            let mut told = vec![];
            for sent in sent {
                told.extend(sent.receipts().await);
            }
            let words: Vec<_> = told
                .iter()
                .map(|told| match told {
                    Ok(receipt) => receipt.position.to_string(),
                    Err(RecordError::Rejected(_)) => "rejected".to_owned(),
                    Err(RecordError::Conflict { actual, .. }) => format!("conflict at {actual}"),
                    Err(other) => panic!("{other}"),
                })
                .collect();
            assert_eq!(words[..3], ["0", "1", "2"]);
            assert!(matches!(told[3], Err(RecordError::Rejected(_) | RecordError::Conflict { .. })), "{words:?}");
            assert_eq!(words[4..], ["conflict at 3"; 3]);
        }
        assert_eq!(ledger.head(), Position(3));
    }
}

#[tokio::test]
async fn nobody_comes_between_the_entries_of_a_run_that_claims_a_size() {
    for at in places() {
        let ledger = Arc::new(at.create());
        let run = Run::from(Position(0));
        assert!(ledger.send_all(&run, vec![draft("a")]).receipts().await[0].is_ok());
        ledger.record_next(draft("stranger")).await.unwrap();
        let told = ledger.send_all(&run, vec![draft("b"), draft("c")]).receipts().await;
        assert!(told.iter().all(|told| matches!(told, Err(RecordError::Conflict { .. }))), "{told:?}");
        assert_eq!(ledger.head(), Position(2));
    }
}

#[tokio::test]
async fn projections_are_renewed_while_entries_come_and_questions_are_answered() {
    for at in places() {
        let ledger = Arc::new(at.create());
        let writer = tokio::spawn({
            let ledger = Arc::clone(&ledger);
            async move {
                let run = Run::from(Position(0));
                for group in 0..40 {
                    let drafts = (0..10).map(|number| draft(&format!("party-{group}-{number}"))).collect();
                    assert!(ledger.send_all(&run, drafts).receipts().await.iter().all(Result::is_ok));
                }
            }
        });
        let mut renewed = 0;
        while !writer.is_finished() || renewed < 3 {
            let ledger = Arc::clone(&ledger);
            let (before, after) = tokio::task::spawn_blocking(move || {
                let before = ledger.head();
                ledger.renew(|_, _| {}).unwrap();
                let view = ledger.view();
                assert!(view.projections.head() >= view.head && view.head >= before);
                let known = view.projections.entry(Position(0)).is_some();
                (before, known)
            })
            .await
            .unwrap();
            assert!(after || before == Position(0));
            renewed += 1;
        }
        writer.await.unwrap();
        assert_eq!(ledger.head(), Position(400));
        let (rebuilt, _) = ledger.rebuild(false, |_, _| {}).unwrap();
        assert_eq!(rebuilt.head(), ledger.roots().await.unwrap());
        assert_eq!(rebuilt.projections.digest(), ledger.view().projections.digest());
    }
}
