//! A log that is not what a node has verified of it: found, told with the position, nothing appended, answers kept, and what was
//! acknowledged brought back.

use super::nodes::{draft, has, made, node, runtime, soon};
use super::server::{Server, Setup};
use crate::run::{Place, Ran, ran};
use minutebook::ledger::{Ledger, RecordError};
use minutebook::node::{Settings, State};
use minutebook::store::{Address, PostgresStore, Store};
use minutebook_events::Position;
use std::process::Stdio;

/// Runs what only a superuser who means it can: no trigger is asked.
pub fn behind_our_back(server: &Server, sql: &str) {
    server.sql(&format!("set session_replication_role = replica; {sql}"));
}

/// A ledger of so many entries, on a node in the folder `a`.
fn recorded(server: &Server, place: &Place, entries: u64) -> (Address, String, Ledger) {
    let address = server.new_ledger();
    made(&address);
    let ledger = node(&place.path().join("a"), &address);
    for n in 0..entries {
        runtime().block_on(ledger.record_next(draft(&format!("party-{n}")))).unwrap();
    }
    let name = address.ledger().to_string();
    (address, name, ledger)
}

fn on(place: &Place, server: &Server, name: &str, folder: &str, args: &[&str]) -> Ran {
    let url = server.url("minutes", name, "");
    ran(place.command().args(["--ledger", folder, "--store", &url]).args(args))
}

/// That a node says where it and the log part, appends nothing more, and answers.
#[track_caller]
pub fn parts(ledger: &Ledger, at: u64, words: &str) {
    let state = || ledger.following().unwrap().standing(ledger.head()).state;
    soon("to find it", || matches!(state(), State::Parted(_)));
    let State::Parted(parted) = state() else { unreachable!() };
    assert_eq!(parted.position, Position(at), "{parted}");
    assert!(parted.to_string().contains(words), "{parted}");
    let refused = runtime().block_on(ledger.record_next(draft("nobody"))).unwrap_err();
    assert!(matches!(&refused, RecordError::Parted(_)), "{refused}");
    assert!(
        ledger.following().unwrap().unready(ledger.head()).is_some_and(|why| why.contains(&format!("position {at}")))
    );
    assert!(ledger.view().projections.by_id(draft("party-0").id).is_some(), "it answers");
}

#[test]
fn a_log_cut_back_is_told_compared_and_brought_back() {
    let Some(server) = Server::shared() else { return };
    let place = Place::empty();
    let (address, name, ledger) = recorded(&server, &place, 10);
    behind_our_back(
        &server,
        &format!(
            "delete from minutebook.entry where ledger = '{name}' and position >= 7;
             delete from minutebook.led where ledger = '{name}' and position >= 7"
        ),
    );
    parts(&ledger, 7, "there nothing");
    drop(ledger);
    // Opened again, it still answers and still refuses.
    let ledger = node(&place.path().join("a"), &address);
    parts(&ledger, 7, "10 entries are here, and the log has 7");
    drop(ledger);
    let compared = on(&place, &server, &name, "a", &["store", "compare"]).ends(1);
    compared.prints(&["The log is behind", "In the copy and not in the log: 3 entries", "position 9"]);

    // Another node goes on with what is left, and records one of the lost again.
    let other = node(&place.path().join("b"), &address);
    assert_eq!(other.head(), Position(7));
    runtime().block_on(other.record_next(draft("somebody"))).unwrap();
    runtime().block_on(other.record_next(draft("party-8"))).unwrap();
    on(&place, &server, &name, "a", &["store", "compare"])
        .ends(1)
        .prints(&["They part at position 7", "In the copy and not in the log: 2 entries"]);
    on(&place, &server, &name, "a", &["store", "reappend", "--dry-run"]).ok().prints(&["Would append 2 entries"]);
    assert_eq!(other.head(), Position(9));
    let brought = on(&place, &server, &name, "a", &["store", "reappend"]).ok();
    brought.prints(&["Appended 2 entries", "first at position 7, now at 9", "first at position 9, now at 10"]);
    has(&other, 11);
    let stored = String::from_utf8(other.stored(Position(10)).unwrap().unwrap().bytes).unwrap();
    assert!(stored.contains("; first recorded at position 9 at 20"), "the entry itself says so: {stored}");
    let again = runtime().block_on(other.record_next(draft("party-9"))).unwrap();
    assert_eq!((again.position, again.repeated), (Position(10), true), "who records it again hears where it is now");
    on(&place, &server, &name, "a", &["store", "reappend"]).ok().prints(&[
        "Appended 0 entries",
        "The log has all that a has",
        "start the node with a new one",
    ]);
    drop(other);
    on(&place, &server, &name, "b", &["store", "compare"]).ok().prints(&["Equal: 11 entries"]);
    ran(place.command().args(["--ledger", "b", "verify"])).ok().prints(&["Verified 11 entries"]);
    ran(place.command().args(["--ledger", "a", "verify"])).ok().prints(&["Verified 10 entries"]);
}

#[test]
fn an_older_row_that_was_altered_is_found_while_the_node_runs() {
    let Some(server) = Server::shared() else { return };
    let not_mended = "nothing mends it in place";
    for (n, (alteration, words, way_out)) in [
        (
            "update minutebook.entry set bytes = bytes || ' ' where ledger = 'LEDGER' and position = 3",
            "do not match the hash",
            not_mended,
        ),
        (
            "update minutebook.entry set bytes = bytes || ' ', leaf = sha256('\\x00'::bytea || bytes || ' ') \
             where ledger = 'LEDGER' and position = 4",
            "there leaf ",
            // It still records the same, in other bytes.
            "The log has all that a has",
        ),
        (
            "delete from minutebook.entry where ledger = 'LEDGER' and position = 5",
            "nothing is stored at position 5",
            not_mended,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let place = Place::empty();
        let (_, name, ledger) = recorded(&server, &place, 8);
        behind_our_back(&server, &alteration.replace("LEDGER", &name));
        parts(&ledger, 3 + n as u64, words);
        drop(ledger);
        let compared = on(&place, &server, &name, "a", &["store", "compare"]).ends(1);
        let compared = compared.prints(&[&format!("They part at position {}", 3 + n)]);
        compared.prints(&[way_out]);
    }
}

/// What one log lost is nothing that another lacks, and a ledger by itself is no copy of any.
#[test]
fn a_folder_is_the_copy_of_one_log() {
    let Some(server) = Server::shared() else { return };
    let place = Place::kent();
    let (_, _, ledger) = recorded(&server, &place, 3);
    drop(ledger);
    let other = server.new_ledger();
    made(&other);
    for (folder, what) in [("a", "a node's copy of postgres://"), ("minutebook-ledger", "a ledger by itself")] {
        let refused = Ledger::follow(&place.path().join(folder), other.clone(), Settings::default(), |_, _| {});
        let refused = refused.map(drop).unwrap_err().to_string();
        assert!(refused.contains(what) && refused.contains("and not a node's copy of"), "{refused}");
        for command in ["compare", "reappend"] {
            on(&place, &server, other.ledger(), folder, &["store", command])
                .ends(2)
                .says(&[what, "name the folder of a node of that log"]);
        }
    }
    assert!(PostgresStore::open(other).unwrap().is_empty());
}

#[test]
fn a_log_that_goes_on_otherwise_is_not_followed() {
    let Some(server) = Server::shared() else { return };
    let place = Place::empty();
    let (address, name, ledger) = recorded(&server, &place, 6);
    drop(ledger);
    behind_our_back(
        &server,
        &format!(
            "delete from minutebook.entry where ledger = '{name}' and position >= 4;
             delete from minutebook.led where ledger = '{name}' and position >= 4"
        ),
    );
    let other = node(&place.path().join("b"), &address);
    for n in 0..4 {
        runtime().block_on(other.record_next(draft(&format!("other-{n}")))).unwrap();
    }
    let ledger = node(&place.path().join("a"), &address);
    parts(&ledger, 4, "6 entries are here, and the log has 8");
    assert_eq!(ledger.head(), Position(6), "nothing of the other is taken in");
}

/// Who reads the server's log and is not waited for, as a standby that is only asynchronous.
#[test]
fn standbys_that_are_not_waited_for_are_refused_unless_told() {
    let hba = "host replication all 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 trust";
    let Some(server) = Server::new(&Setup { hba, ..Setup::default() }) else { return };
    let address = |more: &str| server.address("minutes", "kent", more);
    drop(PostgresStore::create(address("")).unwrap());
    let folder = Place::empty();
    let mut reads = server.program("pg_receivewal");
    reads.args(["-h", "127.0.0.1", "-U", "super", "-p", &server.port.to_string(), "-D"]).arg(folder.path());
    let mut reads = reads.stderr(Stdio::null()).spawn().unwrap();
    soon("to read the log", || server.sql("select count(*) from pg_stat_replication where state = 'streaming'") == "1");
    let refused = PostgresStore::open(address("")).map(drop).unwrap_err().to_string();
    for words in
        ["synchronous_standby_names=\"\" with 1 that read its log", "name the standbys that a commit waits for"]
    {
        assert!(refused.contains(words), "{refused}");
    }
    let opened = PostgresStore::open(address("&loss=allowed")).unwrap();
    assert!(opened.set().contains("synchronous_standby_names=, standbys seen: 1"), "{}", opened.set());
    server.sql("alter system set synchronous_standby_names = 'ANY 1 (pg_receivewal)'");
    server.sql("alter role minutes set synchronous_commit = local");
    server.sql("select pg_reload_conf()");
    soon("to be set", || !server.sql("show synchronous_standby_names").is_empty());
    let refused = PostgresStore::open(address("")).map(drop).unwrap_err().to_string();
    assert!(refused.contains("synchronous_commit=local with synchronous_standby_names="), "{refused}");
    reads.kill().unwrap();
    reads.wait().unwrap();
}

#[test]
fn what_a_checkpoint_covers_and_the_log_lacks_is_told() {
    let Some(server) = Server::shared() else { return };
    let place = Place::empty();
    let (address, name, ledger) = recorded(&server, &place, 6);
    drop(ledger);
    let key = place.run(&["key", "new", "kent.gov.uk/minutebook", "--out", "kent.key"]).ok();
    place.file("kent.pub", key.out);
    ran(place.command().args(["--ledger", "a", "checkpoint", "--key", "kent.key"])).ok();
    behind_our_back(
        &server,
        &format!(
            "delete from minutebook.entry where ledger = '{name}' and position >= 4;
             delete from minutebook.led where ledger = '{name}' and position >= 4"
        ),
    );
    // A copy that was made after the loss knows nothing of it but by what was signed before.
    let short = node(&place.path().join("b"), &address);
    assert!(short.following().unwrap().unready(short.head()).is_none());
    drop(short);
    std::fs::rename(place.path().join("a/checkpoints"), place.path().join("b/checkpoints")).unwrap();
    let short = node(&place.path().join("b"), &address);
    parts(&short, 4, "there nothing, and a checkpoint was signed of 6 entries");
}
