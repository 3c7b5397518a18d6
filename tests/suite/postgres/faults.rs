//! What is damaged, gone, full or set wrong: found, and told with the place and the remedy.

use super::server::{Server, Setup};
use crate::run::{Place, Ran, ran};
use minutebook::store::{NewEntry, OpenError, PostgresStore, Store, StoreError};
use minutebook_events::{EntryId, Position};

fn entry(number: u64, size: usize) -> NewEntry {
    NewEntry::new(EntryId::from_text(&format!("entry {number}")), vec![], vec![number as u8; size])
}

fn run(place: &Place, url: &str, args: &[&str]) -> Ran {
    ran(place.command().args(["--store", url]).args(args))
}

/// Runs what only a superuser who means it can: no trigger is asked.
fn behind_our_back(server: &Server, sql: &str) {
    server.sql(&format!("set session_replication_role = replica; {sql}"));
}

#[test]
fn a_row_that_was_altered_is_found_at_its_position() {
    let Some(server) = Server::shared() else { return };
    let alterations = [
        (
            "update minutebook.entry set bytes = bytes || ' ' where ledger = 'LEDGER' and position = 7",
            "position 7 is corrupt",
        ),
        (
            "update minutebook.entry set leaf = sha256('x') where ledger = 'LEDGER' and position = 38",
            "position 38 is corrupt",
        ),
        ("delete from minutebook.entry where ledger = 'LEDGER' and position = 11", "nothing is stored at position 11"),
        ("update minutebook.entry set id = gen_random_uuid() where ledger = 'LEDGER' and position = 5", "position 5"),
        (
            "delete from minutebook.led where ledger = 'LEDGER' and position = 3",
            "position 3: the index of the stream of contract live-well-kent-2016 does not lead here",
        ),
        (
            "insert into minutebook.led values ('LEDGER', decode(md5('x'), 'hex'), 30)",
            "position 30: the index of what no entry is about, by its key 9dd4e461268c8034f5c8564e155c67a6, leads here, and the \
             entry does not say so",
        ),
        (
            "insert into minutebook.led select ledger, key, 0 from minutebook.led where ledger = 'LEDGER' and position = 38",
            "position 0: the index of the stream of contract live-well-kent-2023 leads here, and the entry does not say so",
        ),
        // Entries are gone, and what led to them is not.
        (
            "delete from minutebook.entry where ledger = 'LEDGER' and position >= 37",
            "position 37: the index of the stream of contract community-wellbeing leads here, and nothing is recorded here",
        ),
    ];
    for (n, (alteration, words)) in alterations.into_iter().enumerate() {
        let (place, ledger) = (Place::empty(), format!("altered-{n}"));
        let url = server.url("minutes", &ledger, "");
        run(&place, &url, &["demo"]).ok();
        run(&place, &url, &["verify"]).ok();
        behind_our_back(&server, &alteration.replace("LEDGER", &ledger));
        let found = run(&place, &url, &["verify"]).ends(1);
        assert!(found.out.contains(words), "{alteration}: {found:#?}");
        assert!(!found.out.contains("folder"), "a server has no folder: {found:#?}");
    }
}

/// However many rows are asked for at once, whoever reads on gets all that is right before the one that is not.
#[test]
fn what_is_before_a_row_that_was_altered_is_read() {
    let Some(server) = Server::shared() else { return };
    let url = server.url("minutes", "before-altered", "");
    run(&Place::empty(), &url, &["demo"]).ok();
    behind_our_back(
        &server,
        "update minutebook.entry set leaf = sha256('x') where ledger = 'before-altered' and position = 23",
    );
    let store = PostgresStore::open(url.parse().unwrap()).unwrap();
    let mut read: Vec<_> = store.scan(0..39).collect();
    let last = read.pop().unwrap().unwrap_err();
    assert!(matches!(last, StoreError::Corrupt { position: Position(23), .. }), "{last}");
    assert_eq!(
        read.into_iter().map(|stored| stored.unwrap().position.0).collect::<Vec<_>>(),
        (0..23).collect::<Vec<_>>()
    );
}

#[test]
fn a_server_that_is_gone_is_told_and_found_again() {
    let Some(server) = Server::new(&Setup::default()) else { return };
    let url = server.url("minutes", "kent", "&connect_timeout=2");
    let place = Place::empty();
    run(&place, &url, &["demo"]).ok();
    let store = PostgresStore::open(url.parse().unwrap()).unwrap();
    // Whoever ends our connections while nothing is under way is not noticed.
    server.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'minutes'");
    assert_eq!(store.scan(0..u64::MAX).map(Result::unwrap).count(), 39);
    store.append(Position(39), &[entry(39, 10)]).unwrap();
    let unused = PostgresStore::open(url.parse().unwrap()).unwrap();
    server.stop();
    let gone = store.read(Position(3)).unwrap_err();
    assert!(matches!(gone, StoreError::Server { .. }), "{gone}");
    let gone = gone.to_string();
    assert!(gone.contains("read the entry at position 3") && gone.contains("see whether the server runs"), "{gone}");
    let refused = unused.append(Position(40), &[entry(40, 10)]).unwrap_err();
    assert!(matches!(refused, StoreError::Server { .. }), "nothing was sent, so nothing is unknown: {refused}");
    let words = ["cannot look for the tables at postgres://minutes@127.0.0.1:", "see whether the server runs"];
    run(&place, &url, &["state"]).ends(2).says(&words);
}

#[test]
fn a_server_that_may_lose_what_it_acknowledges_is_refused() {
    let Some(server) = Server::new(&Setup { settings: &["fsync=off"], ..Setup::default() }) else { return };
    let unsafe_ = PostgresStore::create(server.address("minutes", "kent", "")).map(drop).unwrap_err();
    assert!(matches!(unsafe_, OpenError::Unsafe { .. }), "{unsafe_}");
    assert!(unsafe_.to_string().contains("has fsync=off, and may lose entries"), "{unsafe_}");
    drop(PostgresStore::create(server.address("minutes", "kent", "&loss=allowed")).unwrap());
    server.sql("alter role minutes set synchronous_commit = off");
    let both = PostgresStore::open(server.address("minutes", "kent", "")).map(drop).unwrap_err().to_string();
    assert!(both.contains("fsync=off and synchronous_commit=off"), "{both}");
}

#[test]
fn a_role_that_may_do_more_is_warned_of() {
    let Some(server) = Server::shared() else { return };
    let place = Place::empty();
    run(&place, &server.url("minutes", "roles", ""), &["demo"]).ok();
    let warned = |role: &str| {
        let url = server.url(role, "roles", "");
        run(&place, &url, &["decisions"]).ok().err
    };
    assert_eq!(warned("minutes"), "", "a role that reads and appends is as it should be");
    let of_super = warned("super");
    for words in ["may do more than read and append", "is a superuser", "may update", "may truncate"] {
        assert!(of_super.contains(words), "{of_super}");
    }
    let of_owner = warned("owner");
    assert!(of_owner.contains("owns the tables") && !of_owner.contains("superuser"), "{of_owner}");
}

#[test]
fn what_the_server_is_set_to_is_told() {
    let Some(server) = Server::shared() else { return };
    let place = Place::empty();
    let url = server.url("minutes", "told", "");
    let told = ran(place.command().args(["--store", &url, "--log", "minutebook=info", "demo"])).ok().err;
    for words in ["synchronous_commit=\"on\"", "fsync=\"on\"", "full_page_writes=\"on\"", "standbys=\"\""] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

/// The disk under the entries is full: the server says so, nothing is kept of the append, and what was is there.
#[test]
fn a_full_disk_at_the_server_takes_nothing_half() {
    let mounts = std::process::Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !mounts.is_ok_and(|run| run.status.success()) {
        println!("skipped: this user may not mount a small disk");
        return;
    }
    let Some(server) = Server::new(&Setup { small: Some(4), ..Setup::default() }) else { return };
    let small = server.folder().join("small");
    server.sql(&format!("create tablespace small location '{}'", small.display()));
    for part in
        server.sql("select inhrelid::regclass from pg_inherits where inhparent = 'minutebook.entry'::regclass").lines()
    {
        server.sql(&format!("alter table {part} set tablespace small"));
    }
    let store = PostgresStore::create(server.address("minutes", "kent", "")).unwrap();
    // What does not compress, and is too long for a row, lies in a table of its own: that of the same disk.
    let noise = |number: u64| {
        let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        NewEntry::new(entry(number, 0).id, vec![], (0..200_000).map(|_| next()).collect())
    };
    let mut kept = 0;
    let full = loop {
        assert!(kept < 100, "the disk takes no more than it has");
        match store.append(Position(kept), &[noise(kept)]) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(kept > 0, "{full}");
    assert!(matches!(full, StoreError::Server { .. }), "{full}");
    assert!(full.to_string().contains("make room on the server's disk"), "{full}");
    assert_eq!(store.scan(0..u64::MAX).map(Result::unwrap).count() as u64, kept);
    let again = PostgresStore::open(server.address("minutes", "kent", "")).unwrap();
    assert_eq!((again.len(), again.position_of(noise(kept).id).unwrap()), (kept, None));
    store.append(Position(kept), &[entry(kept, 10)]).unwrap();
}
