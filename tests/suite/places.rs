//! A new place for a ledger, of every kind that there is: a folder, and a server where there is one. A test of the ledger is
//! written once and run on both: by going through `places`, or by its name in `also_on_a_server`, which runs it a second time with
//! every ledger that it makes by `run::Place` on the server, and every one that it serves a node of that.
//!
//! What runs on one store alone, and why:
//!
//! | module | on | reason |
//! | --- | --- | --- |
//! | `copies`, `snapshots`, `whole` | a folder | backups, snapshots and what was checked are files of a folder; `postgres::copies` is of both |
//! | `durability`, `evidence`, `faults`, `folder`, `survival`, `tampering` | a folder | what becomes of its files and its lock; of a server: `postgres`, `cluster` |
//! | of `checkpoints`, `explain`, `sealed`, `report`, `cli`, `web` | a folder | what puts an older folder back, damages one, looks for its files, or asks one that is in use |
//! | of `cli`, `errors`, `lines` | a folder | what makes a ledger where there is none, which on a server is asked for |
//! | `alone` | a folder | a question of one contract is answered by its streams there alone; of a server all is folded |
//! | `openid`, `crowds` | a folder | who signs in, and how many come, whatever is behind it; `access` is of both |
//! | `readme` | a folder | it runs what the page says |
//! | `histories`, `streams`, `merkle`, most of `model` and `totals` | none | they fold in memory and keep nothing; what `model` keeps is kept at every place |
//! | `postgres`, `cluster`, `failover` | a server | they are about the server |

use crate::postgres::server::Server;
use minutebook::ledger::{Clock, Ledger};
use minutebook::sealed::Contents;
use minutebook::store::{self, Address, Place};
use std::cell::Cell;
use std::sync::Arc;
use tempfile::TempDir;

thread_local! {
    /// Of a test that runs on a server: how often it has asked for a ledger there.
    static MADE: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Runs these tests of a module a second time, on a server.
macro_rules! also_on_a_server {
    ($($test:ident),* $(,)?) => {
        mod on_a_server {
            $(
                #[test]
                fn $test() {
                    crate::places::on_a_server(super::$test);
                }
            )*
        }
    };
}
pub(crate) use also_on_a_server;

/// Runs a test with its ledgers on a server, where there is one.
pub fn on_a_server(test: fn()) {
    /// The thread may run other tests.
    struct Ends;
    impl Drop for Ends {
        fn drop(&mut self) {
            MADE.set(None);
        }
    }
    let Some(_server) = Server::shared() else { return };
    let _ends = Ends;
    MADE.set(Some(0));
    test();
    assert_ne!(MADE.get(), Some(0), "it made no ledger on the server: it says nothing of it");
}

/// Whether the test that runs here has its ledgers on a server.
pub fn is_on_a_server() -> bool {
    MADE.set(MADE.get().map(|made| made + 1));
    MADE.get().is_some()
}

/// Where on the server the test that runs here makes its next ledger; nothing where it makes it in a folder.
pub fn on_the_server() -> Option<(Arc<Server>, Address)> {
    let server = is_on_a_server().then(Server::shared)?.expect("the test has begun with it");
    let address = server.new_ledger();
    Some((server, address))
}

/// Where a ledger can be made. What is there goes away with this.
pub struct Somewhere {
    pub place: Place,
    _folder: TempDir,
    _server: Option<Arc<Server>>,
}

/// One of every kind.
pub fn places() -> Vec<Somewhere> {
    let at = |server: Option<Arc<Server>>| {
        let folder = TempDir::new().unwrap();
        let place = Place { server: server.as_ref().map(|server| server.new_ledger()), ..Place::from(folder.path()) };
        Somewhere { place, _folder: folder, _server: server }
    };
    [None].into_iter().chain(Server::shared().map(Some)).map(at).collect()
}

impl Somewhere {
    /// A new ledger here.
    pub fn create(&self) -> Ledger {
        Ledger::create(&self.place).unwrap()
    }

    /// A new ledger here, by a clock.
    pub fn by(&self, clock: Clock) -> Ledger {
        let store = store::create(&self.place).unwrap();
        Ledger::on(store, Contents::beside(&self.place.folder), clock, |_, _| {}).unwrap()
    }

    /// The ledger that was made here.
    pub fn open(&self) -> Ledger {
        Ledger::open(&self.place, |_, _| {}).unwrap()
    }
}
