//! A new place for a ledger, of every kind that there is: a folder, and a server where there is one.

use crate::postgres::server::Server;
use minutebook::ledger::{Clock, Ledger};
use minutebook::sealed::Contents;
use minutebook::store::{self, Place};
use std::sync::Arc;
use tempfile::TempDir;

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
