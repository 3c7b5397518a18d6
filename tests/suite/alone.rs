//! A question of one contract is answered from its streams alone as from the whole ledger: the same bytes, or the same error;
//! for every topic, at any coordinates, of Kent's record and of histories that no council would make. And the pages of an
//! answer about all contracts, each made of a slice of the ledger, come together to the whole answer.

use crate::histories::{asking, history, read};
use crate::run::{Place, topics};
use minutebook::ledger::{Ledger, View};
use minutebook::question::{Answer, KnownAt, Page, Question, QuestionError, Topic};
use minutebook::store::{IndexKey, NewEntry, Scan, Store, StoreError, Stored};
use minutebook::streams;
use minutebook_events::{ContractId, Entry, EntryId, Hash, Instant, Position, codec};
use minutebook_projections::{By, Projections, Subject, Totals};
use proptest::prelude::*;
use serde_json::Value;
use std::convert::Infallible;

/// What the whole ledger says, and what the streams say: JSON or the words of an error.
fn both(store: &dyn Store, whole: &View<'_>, question: &Question) -> [String; 2] {
    let text = |answer: Result<Answer, QuestionError>| match answer {
        Ok(answer) => serde_json::to_string(&answer).unwrap() + &answer.words,
        Err(error) => error.to_string(),
    };
    let expected = text(whole.ask(question));
    let alone = streams::ask(store, question).unwrap().map_or_else(|| text(whole.ask(question)), text);
    [expected, alone]
}

#[test]
fn every_topic_of_every_contract_of_kent() {
    let place = Place::kent();
    let ledger = Ledger::open(&place.ledger(), |_, _| {}).unwrap();
    let view = ledger.view();
    let (mut asked, mut alone) = (0, 0);
    for contract in view.projections.contracts(view.head) {
        for (as_of, known_at, decided_by) in [
            ("2018-06-01", None, None),
            ("2023-03-31", Some(KnownAt::Position(Position(20))), None),
            ("2025-11-22", None, Some(read("2021-12-31"))),
            ("2031-01-01", Some(KnownAt::Instant(ledger_instant(&ledger, 30))), None),
        ] {
            for topic in topics(read("2032-01-01")) {
                let (contract, as_of) = (Some(contract.clone()), read(as_of));
                let question = Question { topic, contract, as_of, known_at, decided_by };
                let [expected, got] = both(ledger.store(), &view, &question);
                assert_eq!(got, expected, "{question:?}");
                asked += 1;
                alone += usize::from(streams::ask(ledger.store(), &question).unwrap().is_some());
            }
        }
    }
    assert!(asked > 200 && alone * 3 > asked * 2, "{alone} of {asked} questions were answered by streams");
}

fn ledger_instant(ledger: &Ledger, position: u64) -> Instant {
    codec::decode(&ledger.stored(Position(position)).unwrap().unwrap().bytes).unwrap().recorded
}

#[test]
fn what_only_the_whole_ledger_can_say_is_left_to_it() {
    let place = Place::kent();
    let ledger = Ledger::open(&place.ledger(), |_, _| {}).unwrap();
    let ask = |contract: Option<&str>, known_at| {
        let contract = contract.map(read);
        let question =
            Question { topic: Topic::State, contract, as_of: read("2023-03-31"), known_at, decided_by: None };
        streams::ask(ledger.store(), &question).unwrap()
    };
    assert!(ask(None, None).is_none(), "all contracts");
    assert!(ask(Some("no-such-contract"), None).is_none(), "the nearest is told by whoever knows all");
    assert!(ask(Some("live-well-kent-2016"), Some(KnownAt::Position(Position(4000)))).is_none(), "past the head");
    assert!(ask(Some("live-well-kent-2016"), Some(KnownAt::Instant(read("2001-01-01T00:00:00Z")))).is_none());
    // The command says so, as it did.
    drop(ledger);
    place.run(&["state", "no-such-contract"]).ends(2).says(&["there is no contract \"no-such-contract\""]);
    place
        .run(&["state", "live-well-kent", "--as-of", "2017-01-01"])
        .ends(2)
        .says(&["did you mean live-well-kent-2023?"]);
}

/// Entries as a store keeps them, with their subjects.
#[derive(Default)]
struct InMemory(Vec<(Vec<Subject>, Stored)>);

impl InMemory {
    /// These entries, and the projections of all of them.
    fn of(entries: &[Entry]) -> (Self, Projections) {
        let (mut store, mut projections) = (Self::default(), Projections::default());
        for entry in entries {
            let (position, bytes) = (projections.head(), codec::encode(entry));
            let leaf = Hash::leaf(&bytes);
            let subjects = projections.subjects(entry).into_iter().collect();
            store.0.push((subjects, Stored { position, bytes, leaf }));
            projections.apply(entry.clone(), leaf);
        }
        (store, projections)
    }
}

impl Store for InMemory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn append(&self, _: Position, _: &[NewEntry]) -> Result<(), StoreError> {
        unreachable!("whoever asks appends nothing")
    }

    fn read(&self, position: Position) -> Result<Option<Stored>, StoreError> {
        Ok(self.0.get(position.0 as usize).map(|(_, stored)| stored.clone()))
    }

    fn scan(&self, _: std::ops::Range<u64>) -> Scan<'_> {
        unreachable!("whoever asks of one contract reads no others")
    }

    fn positions_of(&self, subject: &Subject) -> Result<Vec<Position>, StoreError> {
        let about = self.0.iter().filter(|(subjects, _)| subjects.contains(subject));
        Ok(about.map(|(_, stored)| stored.position).collect())
    }

    fn position_of(&self, _: EntryId) -> Result<Option<Position>, StoreError> {
        unreachable!("whoever asks of one contract follows names")
    }

    fn leads(&self, _: &mut dyn FnMut(IndexKey, Position)) -> Result<(), StoreError> {
        unreachable!("whoever asks of one contract reads no others")
    }

    fn note(&self, _: &[(String, Hash)]) -> Result<(), StoreError> {
        unreachable!("whoever asks notes nothing")
    }

    fn noted(&self, _: &str) -> Result<Option<Hash>, StoreError> {
        unreachable!("whoever asks of one contract reads no snapshot")
    }
}

fn rows(answer: &Answer) -> Vec<Value> {
    answer.answer.iter().map(|row| serde_json::to_value(row).unwrap()).collect()
}

/// Whether a contract is defined, and anything is known of it, at the coordinates of a question.
fn is_counted(view: &View<'_>, contract: &ContractId, question: &Question) -> bool {
    let at = view.at(question).unwrap();
    view.projections.is_defined(contract, at.head)
        && view.projections.timelines_of(contract).any(|(_, timeline)| timeline.is_counted(at))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_history_at_any_coordinates(
        entries in history(),
        as_of in asking(),
        to in asking(),
        known in 0_usize..20,
        decided_by in proptest::option::of(asking()),
    ) {
        let (store, projections) = InMemory::of(&entries);
        let view = View::of(&projections);
        let known_at = match known % 3 {
            0 => None,
            1 => Some(KnownAt::Position(Position(known as u64))),
            _ => entries.get(known).map(|entry| KnownAt::Instant(entry.recorded)),
        };
        let contracts: Vec<ContractId> = projections.contracts(view.head).into_iter().cloned().collect();
        for contract in contracts {
            for topic in topics(to.max(as_of)) {
                let question = Question { topic, contract: Some(contract.clone()), as_of, known_at, decided_by };
                let [expected, got] = both(&store, &view, &question);
                prop_assert_eq!(got, expected, "{:?}", question);
            }
        }
    }

    #[test]
    fn pages_of_any_history(
        entries in history(),
        as_of in asking(),
        to in asking(),
        decided_by in proptest::option::of(asking()),
        limit in 1_usize..4,
    ) {
        let (_, projections) = InMemory::of(&entries);
        let view = View::of(&projections);
        for topic in topics(to.max(as_of)).into_iter().filter(|topic| !matches!(topic, Topic::Totals { .. } | Topic::Why { .. })) {
            let question = Question { topic, contract: None, as_of, known_at: None, decided_by };
            let (mut pages, mut from) = (vec![], None);
            loop {
                let page = view.page(&question, &Page { from, limit }).unwrap().ask(&question).unwrap();
                pages.extend(rows(&page));
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
            let is_of_one = |row: &Value| match row["row"].as_str().unwrap() {
                "rule" | "more-findings" => false,
                // An act about no contract, and a finding about none, are on no page.
                "act" | "perhaps-decided-by-then" => {
                    let entry = projections.entry(Position(row["position"].as_u64().unwrap())).unwrap();
                    entry.entry.contracts().into_iter().any(|contract| is_counted(&view, contract, &question))
                }
                "finding" => match row["contracts"].as_array() {
                    Some(contracts) => contracts.iter().any(|contract| is_counted(&view, &read(contract.as_str().unwrap()), &question)),
                    None => false,
                },
                // Another program's log may say something of a contract that nothing defines.
                _ => is_counted(&view, &read(row["contract"].as_str().unwrap()), &question),
            };
            let is_repeated = matches!(question.topic, Topic::Decisions | Topic::Findings);
            let texts = |rows: Vec<Value>| {
                let mut texts: Vec<String> = rows.into_iter().filter(is_of_one).map(|row| row.to_string()).collect();
                texts.sort();
                if is_repeated {
                    // What is about several contracts is on the page of each.
                    texts.dedup();
                }
                texts
            };
            prop_assert_eq!(texts(pages), texts(rows(&view.ask(&question).unwrap())), "{:?}", question);
        }
    }

    /// Kept totals that were saved and loaded give what going through all contracts gives.
    #[test]
    fn totals_by_those_that_are_kept(entries in history(), as_of in asking()) {
        prop_assume!(!entries.is_empty());
        let (store, projections) = InMemory::of(&entries);
        let view = View::of(&projections);
        let mut kept = Totals::default();
        kept.follow(&projections, view.head);
        let mut parts = vec![];
        kept.save(|part| { parts.push(part.to_vec()); Ok::<_, Infallible>(()) }).unwrap();
        for by in [By::Funder, By::Partner] {
            let topic = Topic::Totals { by, ends_within: None };
            let question = Question { topic, contract: None, as_of, known_at: None, decided_by: None };
            prop_assert!(streams::is_of_kept_totals(&question));
            let mut parts = parts.iter().cloned();
            let loaded = Totals::load(|| Ok::<_, Infallible>(parts.next())).unwrap().expect("what was saved loads");
            prop_assert_eq!(loaded.digest(), kept.digest());
            let got = streams::ask_totals(&store, loaded, &question).unwrap().unwrap();
            let expected = view.ask(&question).unwrap();
            prop_assert_eq!(serde_json::to_string(&got).unwrap(), serde_json::to_string(&expected).unwrap());
        }
    }
}
