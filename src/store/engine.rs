//! sled while it is open, with a remedy for two things that it does where its disk fails: it lets whoever waits for a flush
//! wait for ever, and it panics when it closes. It must not know what is stored.

use super::guard::{self, Fault};
use std::io;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// sled, open. The parts are taken out only when it is dropped.
pub(super) struct Engine {
    db: Option<sled::Db>,
    waker: Option<Waker>,
}

impl Engine {
    /// Opens sled.
    pub(super) fn open(config: &sled::Config) -> Result<Self, Fault> {
        let db = guard::call(|| config.open())?;
        let mut engine = Self { db: Some(db.clone()), waker: None };
        engine.waker = Some(Waker::new(config.clone(), db).map_err(Fault::Io)?);
        Ok(engine)
    }

    pub(super) fn db(&self) -> &sled::Db {
        self.db.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Engine {
    /// sled flushes when it closes, and panics where it cannot. All that was acknowledged has been flushed before.
    fn drop(&mut self) {
        drop(self.waker.take());
        let db = self.db.take();
        let closed = guard::call(|| {
            drop(db);
            Ok(())
        });
        if let Err(fault) = closed {
            tracing::warn!(?fault, "cannot flush the log on closing; what was acknowledged is on disk");
        }
    }
}

/// How often to look whether someone waits in vain.
const PERIOD: Duration = Duration::from_secs(1);

/// Wakes whoever waits for sled in vain. Where a buffer was sealed while it was still being filled, as by every batch, and
/// its write fails, sled 0.34.7 notes the error without a word to those who wait for the write (`Log::exit_reservation`).
/// Whoever asks for a flush after that is told of the error, and wakes the others.
struct Waker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Waker {
    fn new(config: sled::Config, db: sled::Db) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let look = move || {
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                if config.global_error().is_err() {
                    // Its error is that of the append, which hears of it now.
                    let _ = guard::call(|| db.flush());
                }
            }
        };
        let thread = Builder::new().name("ledger-waker".to_owned()).spawn(look);
        let thread = thread.map_err(|error| io::Error::other(format!("the system gives no thread: {error}")))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
