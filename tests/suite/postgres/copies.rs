//! One record in a folder and on a server: copied both ways byte for byte, with the same roots and the same answers.

use super::server::{Server, Setup};
use crate::run::{Place, ran};
use minutebook::copies::between;
use minutebook::store::{self, PostgresStore, Store};

/// Every question that a command line can be asked of Kent's record, as it is asked.
const QUESTIONS: [&[&str]; 12] = [
    &["state", "--as-of", "2018-06-01"],
    &["register"],
    &["value", "community-wellbeing"],
    &["lots", "live-well-kent-2016", "--as-of", "2018-06-01"],
    &["network", "live-well-kent-2016"],
    &["decisions", "--decided-by", "2022-03-01"],
    &["findings"],
    &["totals", "--by", "partner", "--as-of", "2025-11-22"],
    &["diff", "--from", "2025-10-01", "--to", "2026-04-01"],
    &["why", "community-wellbeing", "lot-4/holder"],
    &["replay", "--as-of", "2026-04-01"],
    &["explain", "7"],
];

#[test]
fn a_record_goes_to_a_server_and_back_as_it_was() {
    let Some(server) = Server::shared() else { return };
    let place = Place::kent();
    let url = server.url("minutes", "kent-copied", "");
    let there = place.run(&["store", "copy", "--from", "minutebook-ledger", "--to", &url]).ok();
    there.prints(&[
        "Copied 39 entries from minutebook-ledger to postgres://minutes@127.0.0.1:",
        "all 39 come to the same roots",
    ]);
    let back = place.run(&["store", "copy", "--from", &url, "--to", "back"]).ok();
    back.prints(&["to back.", "Merkle root "]);
    let again = place.run(&["store", "copy", "--from", &url, "--to", "back"]).ok();
    again.prints(&["Copied 0 entries", "where 39 were already"]);
    let bytes = |place: store::Place| -> Vec<Vec<u8>> {
        store::open(place).unwrap().scan(0..u64::MAX).map(|stored| stored.unwrap().bytes).collect()
    };
    let on_server = store::Place { server: Some(url.parse().unwrap()), ..store::Place::from("") };
    let original = bytes(store::Place::from(&place.ledger()));
    assert!(original == bytes(on_server), "the server holds other bytes");
    assert!(original == bytes(store::Place::from(&place.path().join("back"))), "they came back otherwise");

    let on = |args: &[&str]| ran(place.command().args(["--store", &url]).args(args));
    assert_eq!(on(&["rebuild", "--json"]).ok().json(), place.roots(), "the same roots");
    for question in QUESTIONS {
        let (ours, theirs) = (place.run(question).ok(), on(question).ok());
        assert!(ours.out == theirs.out, "{question:?} is answered otherwise:\n{}\n{}", ours.out, theirs.out);
    }
    on(&["verify"]).ok().prints(&["Verified 39 entries"]);
    on(&["backup", "--out", "kept"]).ends(2).says(&["leave out --store"]);
}

#[test]
fn a_ledger_on_a_server_is_archived_where_no_folder_is_beside_it() {
    let Some(server) = Server::shared() else { return };
    let (place, url) = (Place::empty(), server.url("minutes", "archived", ""));
    let run = |args: &[&str]| ran(place.command().args(["--store", &url]).args(args));
    run(&["demo"]).ok();
    assert!(!place.ledger().exists());
    run(&["archive", "--out", "archive"]).prints(&["Archived 39 entries"]);
    run(&["archive", "--out", "archive"]).ends(2);
}

#[test]
fn a_copy_that_was_interrupted_goes_on_and_one_of_another_ledger_is_refused() {
    let Some(server) = Server::new(&Setup::default()) else { return };
    let place = Place::kent();
    let kent = store::Place::from(&place.ledger());
    let at =
        |ledger: &str| store::Place { server: Some(server.address("minutes", ledger, "")), ..store::Place::from("") };
    between(&kent, &at("whole"), &mut |_, _, _| {}).unwrap();
    // What an interrupted copy leaves: a beginning of the ledger.
    server.sql(
        "insert into minutebook.ledger values ('begun');
         insert into minutebook.entry select 'begun', position, id, leaf, bytes from minutebook.entry
            where ledger = 'whole' and position < 17 order by position;
         insert into minutebook.led select 'begun', key, position from minutebook.led where ledger = 'whole' and position < 17",
    );
    let moved = between(&kent, &at("begun"), &mut |_, _, _| {}).unwrap();
    assert_eq!((moved.entries, moved.before), (39, 17));
    assert_eq!(PostgresStore::open(server.address("minutes", "begun", "")).unwrap().len(), 39);

    place.file("one.toml", crate::run::defines("somebody"));
    ran(place.command().args(["--ledger", "other", "record", "one.toml"])).ok();
    let other = between(&store::Place::from(&place.path().join("other")), &at("begun"), &mut |_, _, _| {}).unwrap_err();
    assert!(other.to_string().contains("it holds 39 entries, and the other 1"), "{other}");
    ran(place.command().args(["--store", &server.url("minutes", "short", ""), "record", "--new", "one.toml"])).ok();
    let other = between(&kent, &at("short"), &mut |_, _, _| {}).unwrap_err();
    assert!(
        other.to_string().contains("the entry at position 0 is another; nothing was written after that"),
        "{other}"
    );
    assert_eq!(PostgresStore::open(server.address("minutes", "short", "")).unwrap().len(), 1);
}

#[test]
fn many_ledgers_in_one_database_know_nothing_of_each_other() {
    let Some(server) = Server::shared() else { return };
    let place = Place::empty();
    for council in ["ashford", "dover", "swale"] {
        place.file("one.toml", crate::run::defines(council));
        let url = server.url("minutes", &format!("of-{council}"), "");
        let on = |args: &[&str]| ran(place.command().args(["--store", &url]).args(args)).ok();
        on(&["record", "--new", "one.toml"]).prints(&["there was no ledger at postgres://", "position 0"]);
        on(&["record", "one.toml"]).prints(&["already"]);
        on(&["verify"]).prints(&["Verified 1 entries"]);
        let other = on(&["replay"]);
        assert!(
            ["ashford", "dover", "swale"].iter().all(|name| *name == council || !other.out.contains(name)),
            "{other:?}"
        );
    }
}

/// What cannot be read leaves no empty ledger, and what was made in vain is told.
#[test]
fn a_copy_that_fails_at_its_first_entries_leaves_none_or_says_so() {
    let Some(server) = Server::new(&Setup::default()) else { return };
    let place = Place::kent();
    let at =
        |ledger: &str| store::Place { server: Some(server.address("minutes", ledger, "")), ..store::Place::from("") };
    between(&store::Place::from(&place.ledger()), &at("altered"), &mut |_, _, _| {}).unwrap();
    server.sql(
        "set session_replication_role = replica;
         update minutebook.entry set bytes = bytes || ' ' where ledger = 'altered' and position = 2",
    );
    let target = place.path().join("target");
    let unread = between(&at("altered"), &store::Place::from(&target), &mut |_, _, _| {}).unwrap_err().to_string();
    assert!(unread.contains("position 2 is corrupt") && !target.exists(), "{unread}");
    // The server makes a ledger, and takes no entry.
    server.sql("revoke insert on minutebook.entry from minutes");
    let refused = between(&store::Place::from(&place.ledger()), &at("empty"), &mut |_, _, _| {}).unwrap_err();
    let refused = refused.to_string();
    for words in ["permission denied", "the ledger that was made at postgres://", "holds nothing", "goes on with it"] {
        assert!(refused.contains(words), "{refused}");
    }
    server.sql("grant insert on minutebook.entry to minutes");
    let moved = between(&store::Place::from(&place.ledger()), &at("empty"), &mut |_, _, _| {}).unwrap();
    assert_eq!((moved.entries, moved.before), (39, 0));
}

/// Nobody removes a ledger from a server: a name that was mistyped makes none.
#[test]
fn a_name_that_was_mistyped_makes_no_ledger() {
    let Some(server) = Server::shared() else { return };
    let place = Place::empty();
    place.file("one.toml", crate::run::defines("somebody"));
    let url = server.url("minutes", "mistyped", "");
    let on = |args: &[&str]| ran(place.command().args(["--store", &url]).args(args));
    for args in [&["record", "one.toml"][..], &["record", "--dry-run", "one.toml"], &["check", "one.toml"]] {
        on(args)
            .ends(2)
            .says(&["there is no ledger at postgres://", "check its name; `minutebook record --new` makes it"]);
    }
    on(&["state"]).ends(2).says(&["there is no ledger at postgres://"]);
    assert_eq!(server.sql("select count(*) from minutebook.ledger where ledger = 'mistyped'"), "0");
    on(&["record", "--new", "--dry-run", "one.toml"]).ok().prints(&["would be recorded at position 0"]);
    on(&["record", "--new", "one.toml"]).ok().prints(&["a new one was made", "recorded at position 0"]);
    on(&["record", "--new", "one.toml"]).ok().prints(&["already recorded at position 0"]);
}
