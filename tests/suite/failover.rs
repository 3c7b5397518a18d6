//! Several nodes on several servers: many writers at once, servers and nodes that are killed and stopped; a sample of what
//! `tools/faults.rs` does at length. `MINUTEBOOK_SEED` repeats a run; `MINUTEBOOK_FAULTS` says how many rounds.

use crate::cluster::check::{Row, check, log};
use crate::cluster::clients::{Call, Client, History, Told, draft, write};
use crate::cluster::node::Node;
use crate::cluster::races::race;
use crate::cluster::rounds::{FAULTS, Rounds};
use crate::cluster::servers::{Cluster, MEMBERS, address};
use crate::cluster::until;
use crate::faults::random;
use crate::postgres::server::Server;
use crate::run::{BINARY, Place, ran};
use crate::survival::{count, seed};
use minutebook::store::PostgresStore;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

fn program() -> Command {
    Command::new(BINARY)
}

#[test]
fn of_writers_on_several_nodes_each_position_is_given_to_one() {
    let Some(raced) = race(program, 2_000) else { return };
    println!("{:?} in {:?}", raced.counts, raced.took);
}

#[test]
fn what_has_a_receipt_outlives_every_server_and_node() {
    let Some(mut rounds) = Rounds::new(program) else { return };
    let seed = seed();
    for (number, fault) in (0..count(FAULTS.len() as u64)).zip(FAULTS.into_iter().cycle()) {
        println!("{}", rounds.round(fault, random(seed, number)));
    }
}

/// A primary that waits for no standby is lost with entries that it acknowledged: whoever saw them says so, and has them.
#[test]
fn what_an_asynchronous_primary_took_with_it_is_told_and_brought_back() {
    let Some(mut cluster) = Cluster::new(false) else { return };
    let unsafe_ = address(&cluster.ports(), "asynchronous", "");
    let place = Place::empty();
    let on = |store: &str, folder: &Path, args: &[&str]| {
        ran(place.command().args(["--store", store, "--ledger"]).arg(folder).args(args))
    };
    on(&unsafe_, place.path(), &["state"]).ends(2).says(&["may lose entries that it acknowledged", "loss=allowed"]);
    let store = address(&cluster.ports(), "asynchronous", "&loss=allowed&connect_timeout=1&statement_timeout=1");
    drop(PostgresStore::create(store.parse().unwrap()).unwrap());
    let mut nodes = [Node::start(program, &store), Node::start(program, &store)];
    let ports = nodes.each_ref().map(|node| node.port);
    let history = History::default();
    write(&ports, 0, 0, 20, &history);
    let has = |server: &Server| server.sql("select count(*) from minutebook.entry where ledger = 'asynchronous'");
    until("the standbys have it", || (1..MEMBERS).all(|standby| has(cluster.member(standby)) == "20"));
    cluster.part();
    write(&ports, 1, 0, 10, &history);
    nodes.iter().for_each(|node| node.await_size(30));
    cluster.fail_over();
    assert_eq!(has(cluster.primary()), "20", "ten that were acknowledged are lost");

    for node in &nodes {
        until("the node says that it is so", || {
            node.ready().is_some_and(|(status, said)| status == 503 && said.contains("parted"))
        });
        let (_, said) = node.ready().unwrap();
        assert!(said.contains("position 20"), "{said}");
        let mut client = Client::of(node.port);
        let (status, refused) = client.ask("POST", "/api/v1/entries", &draft("late").1).unwrap();
        assert!(status == 503 && refused.contains("urn:minutebook:parted"), "{status} {refused}");
        let (status, answer) = client.ask("GET", "/api/v1/entries/29", "").unwrap();
        assert!(status == 200 && answer.contains("writer-1-9"), "it answers from what it has: {answer}");
    }
    assert_eq!(has(cluster.primary()), "20", "nothing was appended behind it");
    // A node that saw none of it goes on with what is left.
    let fresh = Node::start(program, &store);
    write(&[fresh.port], 2, 0, 3, &history);

    nodes.iter_mut().for_each(Node::kill);
    let copy = nodes[0].copy();
    let compared = on(&store, &copy, &["store", "compare"]).ends(1);
    compared.prints(&["They part at position 20", "In the copy and not in the log: 10 entries"]);
    on(&store, &copy, &["store", "reappend"]).ok().prints(&["Appended 10 entries", "first at position 29, now at 32"]);
    on(&store, &nodes[1].copy(), &["store", "reappend"]).ok().prints(&["Appended 0 entries"]);
    let log = log(cluster.primary(), "asynchronous");
    let acknowledged: BTreeSet<String> = history.calls().into_iter().map(|call| call.id).collect();
    let there: BTreeSet<String> = log.iter().map(|row| row.id.clone()).collect();
    assert_eq!((there, log.len()), (acknowledged, 33), "all of it is there, once");
    fresh.await_size(33);
    fresh.await_ready();
}

/// Three entries in the log, and who was told of them.
fn log_and_calls() -> (Vec<Row>, Vec<Call>) {
    let row = |position: u64| Row {
        position,
        id: format!("id-{position}"),
        leaf: format!("leaf-{position}"),
        is_of_bytes: true,
        bytes: format!(r#"{{"id":"id-{position}","expected_head":{position},"recorded":"2026-01-0{}"}}"#, position + 1),
    };
    let call = |id: u64, claim: u64, began: u64, ended: u64, told: Told| {
        let at = Duration::from_millis;
        Call { id: format!("id-{id}"), claim, began: at(began), ended: at(ended), told }
    };
    let kept = |position: u64| Told::Kept { position, leaf: format!("leaf-{position}"), repeated: position == 1 };
    let calls = vec![
        call(0, 0, 0, 10, kept(0)),
        call(2, 0, 1, 12, Told::Conflict { actual: 1 }),
        call(1, 1, 13, 20, Told::Unknown("cut".to_owned())),
        call(2, 1, 14, 25, Told::Conflict { actual: 2 }),
        call(2, 2, 26, 30, kept(2)),
        call(1, 2, 27, 31, kept(1)),
    ];
    ((0..3).map(row).collect(), calls)
}

/// Who checks finds whatever is not true.
#[test]
fn the_checker_finds_each_thing_that_is_not_true() {
    let (log, calls) = log_and_calls();
    let counts = check(&log, &calls).unwrap();
    assert_eq!((counts.kept, counts.conflicts, counts.unknown, counts.unknown_and_kept), (3, 2, 1, 1));
    type Change = fn(&mut Vec<Row>, &mut Vec<Call>);
    let changes: [(&str, Change); 13] = [
        ("an acknowledged entry is lost", |log, _| drop(log.pop())),
        ("a position is missing", |log, _| drop(log.remove(1))),
        ("an id is there twice", |log, _| {
            log[2].id = "id-1".to_owned();
            log[2].bytes = log[2].bytes.replace("id-2", "id-1");
        }),
        ("other bytes", |log, _| log[1].is_of_bytes = false),
        ("another entry than was acknowledged", |log, _| log[2].leaf = "another".to_owned()),
        ("a stale claim was accepted", |log, _| log[1].bytes = log[1].bytes.replace("head\":1", "head\":0")),
        ("instants go back", |log, _| log[1].bytes = log[1].bytes.replace("-02", "-00")),
        ("two receipts for one position", |_, calls| calls[0].told = calls[5].told.clone()),
        ("a conflict with what was claimed", |_, calls| calls[1].told = Told::Conflict { actual: 0 }),
        ("a conflict, and it was kept by that call", |_, calls| calls[4].told = Told::Conflict { actual: 3 }),
        ("refused, and it is there", |_, calls| {
            calls[2].told = Told::Refused("no".to_owned());
            calls.pop();
        }),
        ("refused, and it was there when it was asked for again", |_, calls| {
            calls[2].told = Told::Refused("no".to_owned());
        }),
        ("it began after the receipt of one that is later", |_, calls| calls[0].began = Duration::from_millis(40)),
    ];
    for (what, change) in changes {
        let (mut log, mut calls) = log_and_calls();
        change(&mut log, &mut calls);
        check(&log, &calls).expect_err(what);
    }
    let (log, mut calls) = log_and_calls();
    calls[3].ended = Duration::from_millis(12);
    check(&log, &calls).expect_err("a conflict was told before the other was sent");
}
