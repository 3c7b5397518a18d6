//! Opening what a clean stop or a crash left: the only place that repairs, and all that it repairs is sled's snapshot,
//! which sled can make again from its log. It must not change an entry.

use super::engine::Engine;
use super::error::OpenError;
use super::guard::Fault;
use super::index::{Index, Tally};
use super::layout::{self, Record};
use super::reader::Reader;
use minutebook_events::Position;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What sled may keep of its pages in memory, in bytes.
const CACHE: u64 = 64 * 1024 * 1024;

/// sled's threads give up its own lock a little after it was dropped; the ledger's lock, which we hold, is the real one.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is checked of entries before any is used. Each is checked again when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// All entries, and that the indexes lead to each.
    All,
    /// Those of the tail: the files are as an opening left them that checked all.
    Tail,
}

/// A store that holds together: `sealed` entries in blocks with what leads to them, and the tail after them.
pub(super) struct Recovered {
    pub(super) reader: Reader,
    pub(super) sealed: u64,
    pub(super) index: Index,
    pub(super) tail: Vec<Arc<Record>>,
}

/// Opens the store in this folder, and makes an empty one where there is none.
///
/// A kill while sled writes its snapshot leaves a file that blocks the next opening (sled's issues 1527 and 1533): it is
/// removed first. Where sled still finds corruption, all snapshots go.
pub(super) fn recover(sled: &Path, check: Check) -> Result<Recovered, OpenError> {
    remove_snapshots(sled, |name| name.ends_with(".generating"))?;
    let (engine, check) = match open(sled) {
        Err(Fault::Corrupt(what)) => {
            tracing::warn!(what, "sled found corruption: its snapshots go");
            remove_snapshots(sled, |_| true)?;
            // What it makes of its log alone may lack pages, whatever was found of the files before.
            (open(sled), Check::All)
        }
        outcome => (outcome, check),
    };
    engine.and_then(|engine| load(engine, check)).map_err(|fault| unopened(sled, fault))
}

fn open(sled: &Path) -> Result<Engine, Fault> {
    let config =
        sled::Config::new().path(sled).segment_size(layout::SEGMENT).cache_capacity(CACHE).flush_every_ms(None);
    let start = Instant::now();
    loop {
        match Engine::open(&config) {
            Err(Fault::Io(error)) if is_own_lock(&error) && start.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(5))
            }
            outcome => return outcome,
        }
    }
}

fn is_own_lock(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Other && error.to_string().contains("could not acquire lock")
}

/// Finds where the blocks end, and takes the tail after them into memory.
fn load(engine: Engine, check: Check) -> Result<Recovered, Fault> {
    let reader = Reader::new(engine);
    let sealed = reader.sealed()?;
    let tail = reader.tail(Position(sealed))?;
    let index = reader.index(sealed)?;
    let recovered = Recovered { reader, sealed, index, tail };
    if check == Check::All {
        verify(&recovered)?;
    }
    Ok(recovered)
}

/// Every entry held to its hash, and the indexes to the entries: what sled opened may lack pages in the middle, where
/// it skipped the rest of a segment. The tail was checked when it was loaded.
fn verify(recovered: &Recovered) -> Result<(), Fault> {
    let (mut next, mut expected) = (Position(0), Tally::default());
    let mut blocks = recovered.reader.blocks(next)?;
    while next.0 < recovered.sealed {
        let block = blocks.next().ok_or_else(|| Fault::missing(next))?;
        let block = block.and_then(|(first, value)| Ok(layout::block_records(first, &value)?));
        for record in block.map_err(|fault| fault.named(next))? {
            if record.stored.position != next {
                return Err(Fault::missing(next));
            }
            expected.add_record(&record);
            next = record.stored.position.next();
        }
    }
    let mut indexed = expected.to_compare();
    recovered.reader.leads(&recovered.index, &mut |key, position| indexed.add(key, position))?;
    if indexed == expected { Ok(()) } else { Err(Fault::Corrupt("an index does not lead to every entry".to_owned())) }
}

fn remove_snapshots(sled: &Path, which: impl Fn(&str) -> bool) -> Result<(), OpenError> {
    let items = match fs::read_dir(sled) {
        Ok(items) => items,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(OpenError::io("list", sled, error)),
    };
    for item in items {
        let item = item.map_err(|e| OpenError::io("list", sled, e))?;
        let name = item.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("snap.") && which(name)) {
            fs::remove_file(item.path()).map_err(|e| OpenError::io("remove", item.path(), e))?;
        }
    }
    Ok(())
}

fn unopened(sled: &Path, fault: Fault) -> OpenError {
    match fault {
        Fault::Corrupt(what) => OpenError::Corrupt { path: sled.into(), what },
        Fault::Io(error) => OpenError::io("open", sled, error),
    }
}
