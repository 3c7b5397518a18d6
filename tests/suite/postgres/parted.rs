//! Two servers that take themselves for the primary, since somebody made a standby one and did not end the old one: whoever reaches
//! first one and then the other takes them for two logs, and never for one.

use super::nodes::{draft, has, made, node, runtime, soon};
use super::proxy::{CUTS_ALL, PASSES, Proxy};
use super::server::{Server, Setup, free_port};
use super::trust::parts;
use crate::run::{Place, ran};
use minutebook::ledger::{Ledger, RecordError};
use minutebook::node::Settings;
use minutebook::store::{Address, NewEntry, PostgresStore, Store, StoreError};
use minutebook_events::{EntryId, Position};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// An old primary, behind a proxy that may cut it off, and a standby of it.
struct Two {
    old: Server,
    proxy: Proxy,
    new: Server,
}

impl Two {
    /// With a ledger `kent` of so many entries on both.
    fn new(entries: u64) -> Option<Self> {
        let old = Server::new(&Setup { settings: &["wal_retrieve_retry_interval=100ms"], ..Setup::default() })?;
        let new = old.standby("standby", free_port());
        soon("to follow", || old.sql("select count(*) from pg_stat_replication where state = 'streaming'") == "1");
        let proxy = Proxy::new(old.port);
        let two = Self { old, proxy, new };
        made(&two.address(&[two.old.port]));
        let place = Place::empty();
        let ledger = node(&place.path().join("a"), &two.address(&[two.old.port]));
        for n in 0..entries {
            runtime().block_on(ledger.record_next(draft(&format!("party-{n}")))).unwrap();
        }
        let count = "select count(*) from minutebook.entry";
        soon("to have all", || two.new.sql(count) == entries.to_string());
        Some(two)
    }

    fn address(&self, ports: &[u16]) -> Address {
        crate::cluster::servers::address(ports, "kent", "&loss=allowed&connect_timeout=2").parse().unwrap()
    }

    /// Either of them, the old one first.
    fn either(&self) -> Address {
        self.address(&[self.proxy.port, self.new.port])
    }

    fn only_new(&self) -> Address {
        self.address(&[self.new.port])
    }

    /// Makes the standby a primary beside the old one, with so many entries that the old one has not.
    fn part(&self, entries: u64) {
        assert_eq!(self.new.sql("select pg_promote()"), "t");
        let place = Place::empty();
        let ledger = node(&place.path().join("b"), &self.only_new());
        for n in 0..entries {
            runtime().block_on(ledger.record_next(draft(&format!("other-{n}")))).unwrap();
        }
    }

    fn cut(&self) {
        self.proxy.mode.store(CUTS_ALL, Ordering::SeqCst);
    }
}

#[test]
fn a_node_that_reaches_the_other_one_parts_and_all_that_was_recorded_is_brought_together() {
    let Some(two) = Two::new(5) else { return };
    let place = Place::empty();
    let ledger = node(&place.path().join("a"), &two.either());
    assert_eq!(ledger.head(), Position(5));
    two.part(3);
    // It still reaches the old one, and records there.
    for n in 5..7 {
        runtime().block_on(ledger.record_next(draft(&format!("party-{n}")))).unwrap();
    }
    two.cut();
    parts(&ledger, 5, "7 entries are here, and the log has 8");
    assert_eq!(ledger.head(), Position(7), "nothing of the other is taken in");
    two.proxy.mode.store(PASSES, Ordering::SeqCst);
    let still = runtime().block_on(ledger.record_next(draft("nobody"))).unwrap_err();
    assert!(matches!(still, RecordError::Parted(_)), "it is for people to decide: {still}");
    drop(ledger);

    // The old one is ended, and what it alone has is brought to the new one.
    two.old.stop();
    let url = two.only_new().to_string();
    let on = |folder: &str, args: &[&str]| ran(place.command().args(["--ledger", folder, "--store", &url]).args(args));
    on("a", &["store", "compare"])
        .ends(1)
        .prints(&["They part at position 5", "In the copy and not in the log: 2 entries"]);
    on("a", &["store", "reappend"]).ok().prints(&["Appended 2 entries", "first at position 6, now at 9"]);
    let whole = node(&place.path().join("b"), &two.only_new());
    has(&whole, 10);
    for party in ["party-4", "party-6", "other-2"] {
        assert!(whole.view().projections.by_id(draft(party).id).is_some(), "{party}");
    }
    runtime().block_on(whole.record_next(draft("party-10"))).unwrap();
    drop(whole);
    ran(place.command().args(["--ledger", "b", "verify"])).ok().prints(&["Verified 11 entries"]);
}

/// Both have as many entries, and whoever appends has not looked since: where the append goes is what it is held to.
#[test]
fn an_append_that_reaches_the_other_one_is_refused_there() {
    let Some(two) = Two::new(4) else { return };
    let place = Place::empty();
    // This one does not look by itself for as long as the test takes.
    let slow = Settings { every: Duration::from_secs(60), ..Settings::default() };
    two.part(1);
    let recorder = node(&place.path().join("a"), &two.address(&[two.old.port]));
    runtime().block_on(recorder.record_next(draft("party-4"))).unwrap();
    drop(recorder);
    let ledger = Ledger::follow(&place.path().join("b"), two.either(), slow, |_, _| {}).unwrap();
    let store = PostgresStore::open(two.either()).unwrap();
    assert_eq!((ledger.head(), store.len()), (Position(5), 5));
    let (reader, last) = (PostgresStore::open(two.either()).unwrap(), |store: &PostgresStore| {
        store.scan(4..u64::MAX).map(|stored| stored.unwrap().leaf).collect::<Vec<_>>()
    });
    let (heard, of_the_old) = (reader.hear(None).unwrap(), last(&reader));
    reader.still(heard.line).unwrap();
    two.cut();

    // What is read goes on at the other one, and whoever asks hears that it is of another connection.
    assert_ne!(last(&reader), of_the_old);
    let moved = reader.still(heard.line).unwrap_err();
    assert!(moved.to_string().contains("may be to another server"), "{moved}");

    let new = NewEntry::new(EntryId::from_text("new"), vec![], vec![7]);
    let refused = store.append(Position(5), std::slice::from_ref(&new)).unwrap_err();
    assert!(matches!(refused, StoreError::Another { position: Position(4), .. }), "{refused}");
    assert!(refused.to_string().contains("two servers take themselves for the primary"), "{refused}");

    let refused = runtime().block_on(ledger.record_next(draft("party-5"))).unwrap_err();
    assert!(refused.to_string().contains("nothing"), "{refused}");
    parts(&ledger, 4, "5 entries are here, and the log has 5");
    assert_eq!(two.new.sql("select count(*) from minutebook.entry"), "5", "nothing came to the other");
}
