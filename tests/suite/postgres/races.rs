//! Many writers at once, each claiming the size of the ledger, and connections cut in the middle of a commit. What came of it
//! is read by PostgreSQL's own client, and held to what each writer was told.

use super::proxy::{CUTS_AFTER, CUTS_BEFORE, PASSES, Proxy};
use super::server::Server;
use crate::run::{Place as At, defines, ran};
use minutebook::ledger::{Ledger, RecordError};
use minutebook::report::in_hand::InHand;
use minutebook::store::{Address, NewEntry, Place, PostgresStore, Store, StoreError};
use minutebook_events::{EntryId, Hash, Position};
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;

const WRITERS: u64 = 8;
const EACH: u64 = 25;

fn entry(name: &str) -> NewEntry {
    let subjects = vec!["contract cbw".parse().unwrap()];
    NewEntry::new(EntryId::from_text(name), subjects, name.as_bytes().to_vec())
}

/// What the table holds: position, id and bytes of every entry of a ledger, as another program reads them.
fn table(server: &Server, ledger: &str) -> Vec<(u64, String, String)> {
    let sql = format!(
        "select position, id, convert_from(bytes, 'UTF8') from minutebook.entry where ledger = '{ledger}' order by position"
    );
    let row = |line: &str| {
        let parts: Vec<&str> = line.splitn(3, '|').collect();
        (parts[0].parse().unwrap(), parts[1].to_owned(), parts[2].to_owned())
    };
    server.sql(&sql).lines().map(row).collect()
}

#[test]
fn of_writers_at_once_one_is_first_and_the_others_are_told() {
    let Some(server) = Server::shared() else { return };
    let address = server.address("minutes", "raced", "");
    drop(PostgresStore::create(address.clone()).unwrap());
    let together = Barrier::new(WRITERS as usize);
    // Each writer: what it appended where, and how often it was told that another was first.
    let histories: Vec<(Vec<(u64, String)>, u64)> = thread::scope(|scope| {
        let write = |writer: u64| {
            let store = PostgresStore::open(address.clone()).unwrap();
            let (mut kept, mut lost) = (vec![], 0);
            let mut head = store.len();
            // All of them claim the same size first.
            together.wait();
            for n in 0..EACH {
                // Of every third append two entries: none or both.
                let names: Vec<String> =
                    (0..1 + u64::from(n.is_multiple_of(3))).map(|at| format!("{writer}/{n}/{at}")).collect();
                let entries: Vec<NewEntry> = names.iter().map(|name| entry(name)).collect();
                loop {
                    match store.append(Position(head), &entries) {
                        Ok(()) => break,
                        Err(StoreError::Conflict { expected, actual }) => {
                            assert!(expected.0 == head && actual.0 > head, "{expected} {actual}");
                            assert_eq!(store.len(), actual.0, "who is told can read what came");
                            store.read(Position(head)).unwrap().expect("it was taken");
                            lost += 1;
                            head = actual.0;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                kept.extend((head..).zip(names));
                head += entries.len() as u64;
            }
            (kept, lost)
        };
        let all: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let table = table(&server, "raced");
    assert!(table.iter().map(|row| row.0).eq(0..table.len() as u64), "every position, once");
    let told: BTreeMap<u64, String> = histories.iter().flat_map(|(kept, _)| kept.iter().cloned()).collect();
    let told_count: usize = histories.iter().map(|(kept, _)| kept.len()).sum();
    assert_eq!(told.len(), told_count, "no position was given twice");
    let found: BTreeMap<u64, String> = table.iter().map(|row| (row.0, row.2.clone())).collect();
    assert_eq!(found, told, "what was acknowledged is there where that was said, and nothing else");
    assert!(histories.iter().map(|(_, lost)| lost).sum::<u64>() >= WRITERS - 1, "the first append was one writer's");
    let store = PostgresStore::open(address).unwrap();
    assert_eq!(store.positions_of(&"contract cbw".parse().unwrap()).unwrap().len(), told_count);
}

#[test]
fn who_decides_on_what_another_machine_has_passed_is_told_of_a_conflict() {
    let Some(server) = Server::shared() else { return };
    let place = Place { server: Some(server.address("minutes", "two-machines", "")), ..Place::from("nowhere") };
    let (one, two) = (Ledger::create(&place).unwrap(), Ledger::open(&place, |_, _| {}).unwrap());
    let record = |ledger: &Ledger, party: &str| {
        let file = InHand::parse(party.to_owned(), defines(party).as_bytes()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(ledger.record(file.parsed.draft, Position(0)))
    };
    record(&one, "first").unwrap();
    let late = record(&two, "second").unwrap_err();
    assert!(matches!(late, RecordError::Conflict { expected: Position(0), actual: Position(1) }), "{late}");
    assert_eq!(
        (two.head(), table(&server, "two-machines").len()),
        (Position(0), 1),
        "nothing of it is there, nor shown"
    );
}

#[test]
fn an_append_whose_connection_is_cut_is_unknown_until_its_id_is_asked_for() {
    let Some(server) = Server::shared() else { return };
    let direct = server.address("minutes", "cut", "");
    drop(PostgresStore::create(direct).unwrap());
    let proxy = Proxy::new(server.port);
    let through: Address =
        server.url("minutes", "cut", "").replace(&server.port.to_string(), &proxy.port.to_string()).parse().unwrap();
    let (mut was_kept, mut was_not) = (0, 0);
    for round in 0..12_u64 {
        let new = entry(&format!("round {round}"));
        proxy.mode.store(PASSES, Ordering::SeqCst);
        let store = PostgresStore::open(through.clone()).unwrap();
        let head = Position(store.len());
        assert_eq!(head.0, round);
        proxy.mode.store(if round.is_multiple_of(2) { CUTS_BEFORE } else { CUTS_AFTER }, Ordering::SeqCst);
        let unknown = store.append(head, std::slice::from_ref(&new)).unwrap_err();
        assert!(matches!(unknown, StoreError::Unknown { first, count: 1, .. } if first == head), "{unknown}");
        assert!(unknown.to_string().contains("look up its id before you append it again"), "{unknown}");
        proxy.mode.store(PASSES, Ordering::SeqCst);
        let refusing = store.append(head, std::slice::from_ref(&new)).unwrap_err();
        assert!(matches!(refusing, StoreError::Refusing { .. }), "{refusing}");
        // What the error says is to be done.
        let store = PostgresStore::open(through.clone()).unwrap();
        match store.position_of(new.id).unwrap() {
            Some(position) => {
                assert_eq!((position, round % 2), (head, 1));
                was_kept += 1;
            }
            None => {
                store.append(Position(store.len()), std::slice::from_ref(&new)).unwrap();
                was_not += 1;
            }
        }
    }
    assert_eq!((was_kept, was_not, proxy.cuts.load(Ordering::SeqCst)), (6, 6, 12));
    let found: Vec<(u64, String)> = table(&server, "cut").into_iter().map(|row| (row.0, row.2)).collect();
    assert_eq!(
        found,
        (0..12).map(|round| (round, format!("round {round}"))).collect::<Vec<_>>(),
        "none lost, none twice"
    );
    assert_eq!(Hash::leaf(b"round 3"), PostgresStore::open(through).unwrap().read(Position(3)).unwrap().unwrap().leaf);
}

/// Several who record the same files at once: each file is recorded once, and whoever comes late is told so.
#[test]
fn who_records_the_same_files_at_once_is_told_that_they_are_recorded() {
    let Some(server) = Server::shared() else { return };
    let place = At::empty();
    let files: Vec<String> = (0..6).map(|n| format!("{n}.toml")).collect();
    for (n, name) in files.iter().enumerate() {
        place.file(name, defines(&format!("party-{n}")));
    }
    let url = server.url("minutes", "at-once", "");
    drop(PostgresStore::create(url.parse().unwrap()).unwrap());
    let record = || ran(place.command().args(["--store", &url, "record"]).args(&files)).ok().out;
    let told: Vec<String> = thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|_| scope.spawn(record)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let new = told.iter().flat_map(|told| told.lines()).filter(|line| line.contains(": recorded at position")).count();
    assert_eq!((new, table(&server, "at-once").len()), (6, 6), "{told:#?}");
    for (n, name) in files.iter().enumerate() {
        let again = format!("{name}: already recorded at position {n}");
        assert_eq!(told.iter().filter(|told| told.contains(&again)).count(), 5, "{told:#?}");
    }
    // What nobody recorded is a conflict still.
    place.file("new.toml", defines("new"));
    ran(place.command().args(["--store", &url, "record", "--expected-head", "3", "0.toml", "new.toml"]))
        .ends(1)
        .prints(&["0.toml: already recorded at position 0"])
        .says(&["new.toml: the ledger holds 6 entries, and 3 were expected"]);
}
