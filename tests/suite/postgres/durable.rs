//! A server that is set otherwise while a node appends there, as after a failover to one that waits for nobody: the node records
//! nothing, says so, answers, and goes on once that is mended.

use super::nodes::{draft, made, soon};
use super::server::{Server, Setup};
use crate::run::Place;
use crate::served::Server as Http;
use minutebook::store::{NewEntry, PostgresStore, Store, StoreError};
use minutebook_events::{EntryId, Position};

/// Ends all connections of the role that appends: the next ones are made anew, as those to another server are.
fn cut(server: &Server) {
    server.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'minutes'");
}

#[test]
fn a_node_records_nothing_where_it_may_be_lost_and_goes_on_when_that_is_mended() {
    let Some(server) = Server::new(&Setup::default()) else { return };
    let address = server.address("minutes", "kent", "");
    made(&address);
    let node = Http::node(Place::empty(), address);
    let send = |party: &str| node.append("", &serde_json::to_value(draft(party)).unwrap());
    send("first").gives(201);
    server.sql("alter role minutes set synchronous_commit = off");
    cut(&server);
    // Nobody has to record for that to be told.
    soon("to find it", || node.get("/ready").status == 503);
    let why = node.get("/ready").problem(503, "not-ready");
    assert_eq!(why["log"]["state"], "unsafe", "{why}");
    let told = why["detail"].as_str().unwrap();
    for words in ["nothing was appended", "synchronous_commit=off", "set that to on"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let refused = send("second").problem(503, "unsafe");
    assert!(refused["detail"].as_str().unwrap().contains("synchronous_commit=off"), "{refused}");
    node.get("/api/v1/state").gives(200);
    assert!(
        node.get("/state").gives(200).body.contains("Nothing is recorded here: nothing was appended: the server of")
    );
    assert_eq!(server.sql("select count(*) from minutebook.entry"), "1");

    server.sql("alter role minutes reset synchronous_commit");
    soon("to go on", || node.get("/ready").status == 200);
    assert_eq!(send("second").gives(201).json()["position"], 1);
}

#[test]
fn each_connection_that_appends_is_held_to_what_was_asked_for() {
    let Some(server) = Server::new(&Setup::default()) else { return };
    let store = PostgresStore::create(server.address("minutes", "kent", "")).unwrap();
    let append = |number: u64| {
        let id = EntryId::from_text(&number.to_string());
        store.append(Position(number), &[NewEntry::new(id, vec![], vec![number as u8])])
    };
    append(0).unwrap();
    server.sql("alter role minutes set synchronous_commit = off");
    append(1).expect("a connection is as it was made");
    cut(&server);
    // A connection that has ended is heard of by whoever asks on it.
    soon("to find it", || matches!(store.hold(), Err(StoreError::Unsafe { .. })));
    for _ in 0..2 {
        let refused = append(2).unwrap_err();
        assert!(matches!(&refused, StoreError::Unsafe { set, .. } if set == "synchronous_commit=off"), "{refused}");
    }
    assert_eq!(server.sql("select count(*) from minutebook.entry"), "2");
    server.sql("alter role minutes reset synchronous_commit");
    append(2).unwrap();
}
