//! Streams against a naive reference: every entry is in the stream of each subject it is about, a correction in that of
//! what it strikes; one root over all of them, and a proof for each that none is left out.

use crate::given::{act, defines};
use crate::histories::{contract, history, read};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::*;
use minutebook_projections::streams::digest;
use minutebook_projections::{Key, MerkleMap, Projections, Subject};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What one event is about; for a correction, what the event that it strikes is about.
fn about(event: &Event, earlier: &[Entry]) -> BTreeSet<Subject> {
    let mut subjects: BTreeSet<Subject> = event.kind.contracts().cloned().map(Subject::Contract).collect();
    match &event.kind {
        EventKind::PartyDefined { party, .. } | EventKind::AliasStated { party, .. } => {
            subjects.insert(Subject::Party(party.clone()));
        }
        EventKind::OfficeDefined { office, .. } => {
            subjects.insert(Subject::Office(office.clone()));
        }
        EventKind::Correction { strikes, .. } => {
            if let Some(struck) = earlier.iter().find(|entry| entry.id == strikes.entry) {
                subjects.extend(about(&struck.events[usize::from(strikes.event)], &[]));
            }
        }
        _ => {}
    }
    subjects
}

fn naive(entries: &[Entry]) -> BTreeMap<Subject, Vec<(Position, Hash)>> {
    let mut streams: BTreeMap<Subject, Vec<(Position, Hash)>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        let events = entry.events.iter().flat_map(|event| about(event, &entries[..at]));
        let acts = entry.act.answers.iter().cloned().map(Subject::Act);
        for subject in events.chain(acts).collect::<BTreeSet<_>>() {
            streams.entry(subject).or_default().push((Position(at as u64), Hash::leaf(&codec::encode(entry))));
        }
    }
    streams
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_contract_is_defined_while_an_event_that_defines_it_stands(entries in history()) {
        let mut projections = Projections::default();
        for entry in entries.iter() {
            projections.apply(entry.clone(), Hash([0; 32]));
        }
        for (contract, head) in (0..2).flat_map(|number| (0..=entries.len()).map(move |head| (contract(number), head))) {
            let head = Position(head as u64);
            let title = projections.timeline(&Key::Title(contract.clone()));
            let stands = title.is_some_and(|title| title.facts().iter().any(|fact| fact.known(head)));
            prop_assert_eq!(projections.is_defined(&contract, head), stands, "{} at {:?}", contract, head);
        }
    }

    #[test]
    fn every_stream_is_whole_and_proven(entries in history()) {
        let mut projections = Projections::default();
        for entry in entries.iter() {
            projections.apply(entry.clone(), Hash::leaf(&codec::encode(entry)));
        }
        let expected = naive(&entries);
        let (streams, roots) = (projections.streams(), projections.roots());
        let ours: BTreeMap<&Subject, &[Position]> = streams.all().collect();
        let theirs: BTreeMap<&Subject, Vec<Position>> =
            expected.iter().map(|(subject, entries)| (subject, entries.iter().map(|(position, _)| *position).collect())).collect();
        prop_assert_eq!(ours.len(), theirs.len());
        let mut map = MerkleMap::default();
        for (subject, entries) in &expected {
            prop_assert_eq!(ours[subject], theirs[subject].as_slice(), "{}", subject);
            map.set(subject.key(), digest(entries.iter().copied()));
        }
        prop_assert_eq!(map.root(), roots.streams());
        let nobody = Subject::Party(read("nobody"));
        prop_assert!(roots.prove(&nobody).shows(&roots.streams(), &nobody.key(), None));
        for (subject, entries) in &expected {
            let (proof, root) = (roots.prove(subject), roots.streams());
            prop_assert!(proof.shows(&root, &subject.key(), Some(&digest(entries.iter().copied()))));
            // One entry fewer is another stream.
            for left_out in 0..entries.len() {
                let rest: Vec<_> = entries.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, entry)| *entry).collect();
                prop_assert!(!proof.shows(&root, &subject.key(), Some(&digest(rest))));
            }
            prop_assert!(!proof.shows(&root, &subject.key(), None));
        }
    }
}

/// Another program's log may correct what comes later: that strikes nothing, and nobody who asks afterwards finds that it did.
#[test]
fn an_entry_strikes_nothing_that_comes_after_it() {
    let defines = |party: &str| DecisionFile::parse(&defines(party)).unwrap().draft;
    let target = act("1/1", "2021-12-20", &lwk_event());
    let target = DecisionFile::parse(&target).unwrap().draft;
    let mut early = defines("a-party");
    early.events[0].kind = EventKind::Correction {
        strikes: EventRef { entry: target.id, event: 0 },
        reason: "it is not there yet".to_owned(),
    };
    let mut projections = Projections::default();
    let entries: Vec<Entry> = [early, target]
        .into_iter()
        .zip(0..)
        .map(|(draft, at)| {
            Entry::stamp(draft, Position(at), read(format!("2026-01-0{}T00:00:00Z", at + 1)), "test".to_owned())
        })
        .collect();
    for entry in &entries {
        projections.apply(entry.clone(), Hash::leaf(&codec::encode(entry)));
    }
    let contract = Subject::Contract(read("lwk"));
    assert_eq!(projections.streams().of(&contract), [Position(1)]);
    assert_eq!(projections.subjects(&entries[0]), BTreeSet::new());
    assert_eq!(projections.subjects(&entries[1]), BTreeSet::from([contract.clone()]));
    assert_eq!(
        projections.roots().stream(&contract),
        Some(&digest([(Position(1), Hash::leaf(&codec::encode(&entries[1])))]))
    );
}

fn lwk_event() -> String {
    "[[event]]\nkind = \"contract-defined\"\neffective = 2016-04-01\nstanding = \"decided\"\nsources = [\"1/1 1\"]\n\
     contract = \"lwk\"\ntitle = \"A contract\"\n"
        .to_owned()
}
