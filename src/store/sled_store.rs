//! The embedded store of record: appending, and reading what is durable. It must not know what an entry means, and
//! leaves bytes to `layout`, opening to `recover` and reading to `reader`.

use super::error::{OpenError, StoreError};
use super::folder::{Folder, sync_folder};
use super::guard::{self, Fault};
use super::index::{Growing, Index, IndexKey, pairs_of};
use super::kept::Kept;
use super::layout::{self, Record, Sealer, Written};
use super::reader::{Blocks, Reader};
use super::recover::{Check, Recovered, recover};
use super::watermark::Watermark;
use super::whole::Whole;
use super::{NewEntry, Scan, Store, Stored};
use minutebook_events::codec::MAX_BYTES;
use minutebook_events::{EntryId, Hash, Position};
use minutebook_projections::Subject;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Makes what was written to a file durable: `fdatasync`, or what a test puts in its place.
pub type SyncData = Arc<dyn Fn(&File) -> io::Result<()> + Send + Sync>;

/// What may differ between stores. Everyone but a test takes the default.
#[derive(Clone)]
pub struct Options {
    /// Entries that make a block: 64, which scans fastest for its size on disk.
    pub block_entries: usize,
    /// Bytes that make a block sooner, so that reading one entry never unpacks much: 128 KiB.
    pub block_bytes: usize,
    /// Entries that make the shortest run of the index: 1,024, of which an opening reads at most so many again.
    pub run_entries: usize,
    /// The flush that makes an append durable.
    pub sync: SyncData,
}

impl Default for Options {
    fn default() -> Self {
        Self { block_entries: 64, block_bytes: 128 * 1024, run_entries: 1024, sync: Arc::new(File::sync_data) }
    }
}

/// A [`Store`] in a folder of one machine, kept by sled.
pub struct SledStore {
    reader: Reader,
    state: RwLock<State>,
    writer: Mutex<Writer>,
    options: Options,
    // After sled has closed.
    as_found: Whole,
    // Last, so that the folder is unlocked after sled has closed.
    folder: Folder,
}

/// What is durable.
#[derive(Clone)]
struct State {
    /// Entries in blocks.
    sealed: u64,
    /// What leads to them; nothing once an append failed that was to merge runs, of which some may have gone.
    index: Option<Index>,
    /// The entries after them.
    tail: Vec<Arc<Record>>,
}

impl State {
    /// What leads to the entries in blocks: who asks must not hear that nothing does where that is not known.
    fn index(&self) -> Result<&Index, Fault> {
        let gone = || io::Error::other("an append that was to merge it failed half-way: reopen the ledger");
        self.index.as_ref().ok_or_else(|| Fault::Io(gone()))
    }

    fn len(&self) -> u64 {
        self.sealed + self.tail.len() as u64
    }
}

struct Writer {
    data: File,
    watermark: Watermark,
    sealer: Sealer,
    /// Where an append began that failed half-way; set while one is under way.
    failed_at: Option<Position>,
}

impl SledStore {
    /// Opens the store in a ledger's folder, whatever a crash left there; in a new folder, makes it. Where it cannot be
    /// opened with all that was durable, its files are as they were before: what is damaged is evidence.
    ///
    /// # Errors
    /// [`OpenError`]; above all [`OpenError::Corrupt`].
    pub fn open(mut folder: Folder, options: Options) -> Result<Self, OpenError> {
        assert!((1..=layout::MAX_BLOCK_ENTRIES).contains(&options.block_entries), "a block holds 1 to 1024 entries");
        assert!(options.run_entries > 0, "a run holds an entry");
        let (watermark, at_least) = Watermark::open(&folder.size(), folder.is_new())?;
        let sled = folder.sled();
        let (as_found, is_as_left) = Whole::take(&folder)?;
        let kept = if sled.is_dir() && !is_as_left { Some(Kept::aside(&sled)?) } else { None };
        let check = if is_as_left { Check::Tail } else { Check::All };
        let (reader, state, data) = match whole(&folder, &options, at_least, check) {
            Ok(parts) => parts,
            Err(error) => {
                if let Some(Err(failed)) = kept.map(Kept::restore) {
                    tracing::error!(%failed, "cannot put the entries back now: the next opening will");
                }
                return Err(error);
            }
        };
        if let Some(kept) = kept {
            kept.discard()?;
        }
        if folder.is_new() {
            finish(&mut folder)?;
        }
        let mut writer = Writer { data, watermark, sealer: Sealer::new(), failed_at: None };
        writer.watermark.note(state.len());
        as_found.checked();
        Ok(Self { reader, state: RwLock::new(state), writer: Mutex::new(writer), options, as_found, folder })
    }

    /// The one commit point: what is appended is durable when `sync` returns, and not before. sled's own `flush` only
    /// hands the bytes to the disk's cache (its issues 1351 and 1452). Where `sync` fails, Linux may drop what it could not
    /// write and still show it from memory: this is why nothing is appended on top, and why a failing disk wants a copy.
    fn commit(&self, writer: &Writer, put: Puts) -> Result<(), Fault> {
        let db = self.reader.db();
        guard::call(|| match put {
            Puts::One(key, value) => db.insert(key, value).map(drop),
            Puts::Batch(batch) => db.apply_batch(batch),
        })?;
        guard::call(|| db.flush())?;
        (self.options.sync)(&writer.data).map_err(Fault::Io)
    }

    /// What to write for these entries, and what is durable once it is. Blocks and runs depend on the entries alone, not on
    /// how they were grouped into appends.
    fn plan(&self, sealer: &mut Sealer, state: &State, entries: &[NewEntry]) -> Result<(Writes, State), Fault> {
        let new = (state.len()..).map(Position).zip(entries).map(|(position, entry)| Written::new(position, entry));
        let mut open: Vec<Written> = Vec::with_capacity(state.tail.len() + 1);
        let mut index = Growing::from(state.index()?);
        let (mut puts, mut removals, mut sealed, mut bytes) = (Vec::new(), Vec::new(), state.sealed, 0);
        for record in state.tail.iter().map(|record| record.written()).chain(new) {
            bytes += record.size();
            open.push(record);
            if open.len() >= self.options.block_entries || bytes >= self.options.block_bytes {
                let written = open.iter().filter(|record| record.position.0 < state.len());
                removals.extend(written.flat_map(layout::tail_keys));
                puts.extend(sealer.block_puts(&open));
                index.seal(&open, self.options.run_entries as u64, |run| self.reader.pairs(run))?;
                sealed += open.len() as u64;
                open.clear();
                bytes = 0;
            }
        }
        let unwritten = open.iter().filter(|record| record.position.0 >= state.len());
        puts.extend(unwritten.flat_map(layout::tail_puts));
        // Those that were in the tail before are there as they are.
        let stay = if sealed == state.sealed { &state.tail[..] } else { &[] };
        let tail = stay.iter().cloned().chain(open[stay.len()..].iter().map(|record| Arc::new(record.record())));
        let tail = tail.collect();
        let (index, of_index, replaced) = index.finish();
        let replaces_runs = !replaced.is_empty();
        puts.extend(of_index);
        removals.extend(replaced);
        Ok((Writes::new(puts, removals, replaces_runs), State { sealed, index: Some(index), tail }))
    }

    /// Where a key leads to in blocks, in order.
    fn in_blocks(&self, state: &State, key: IndexKey) -> Result<Vec<Position>, Fault> {
        let (index, mut positions) = (state.index()?, Vec::new());
        for run in &index.runs {
            positions.extend(self.reader.look_up(run, key)?);
        }
        positions.extend(index.in_open(key));
        Ok(positions)
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A thread that panicked half-way left `failed_at` set, which refuses appends.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The durable record at a position and those that are stored together with it after it. `len` is a size that was
    /// durable. What lies in the tail is read from sled all the same: a read says what is stored, not what we remember.
    fn records_from(&self, position: Position, len: u64) -> Result<Vec<Record>, Fault> {
        if position.0 >= self.state().sealed
            && let Some(record) = self.reader.tail_record(position)?
        {
            return Ok(vec![record]);
        }
        // A seal may have moved it from the tail into a block since we looked.
        let mut records = self.reader.block_with(position)?.ok_or_else(|| Fault::missing(position))?;
        records.retain(|record| record.stored.position >= position && record.stored.position.0 < len);
        Ok(records)
    }
}

impl Store for SledStore {
    fn len(&self) -> u64 {
        self.state().len()
    }

    fn append(&self, first: Position, entries: &[NewEntry]) -> Result<(), StoreError> {
        let mut writer = self.writer();
        if let Some(failed_at) = writer.failed_at {
            return Err(StoreError::Refusing { failed_at });
        }
        let (writes, after) = {
            let state = self.state();
            admit(&state, first, entries)?;
            let planned = self.plan(&mut writer.sealer, &state, entries);
            let (writes, after) = planned.map_err(|fault| fault.in_index_of("ids and streams"))?;
            assert_eq!(after.len(), state.len() + entries.len() as u64, "a plan keeps every entry");
            (writes, after)
        };
        if entries.is_empty() {
            return Ok(());
        }
        writer.failed_at = Some(first);
        self.as_found.spoil();
        // Nobody looks up in runs while they go.
        let mut held = writes.replaces_runs.then(|| self.state_mut());
        if let Err(fault) = self.commit(&writer, writes.puts) {
            if let Some(state) = &mut held {
                state.index = None;
            }
            return Err(unknown(first, entries, fault));
        }
        writer.failed_at = None;
        let len = after.len();
        *held.unwrap_or_else(|| self.state_mut()) = after;
        writer.watermark.note(len);
        Ok(())
    }

    fn read(&self, position: Position) -> Result<Option<Stored>, StoreError> {
        let len = self.len();
        if position.0 >= len {
            return Ok(None);
        }
        let records = self.records_from(position, len).map_err(|fault| fault.at(position))?;
        Ok(records.into_iter().next().map(|record| record.stored))
    }

    fn scan(&self, range: Range<u64>) -> Scan<'_> {
        let state = self.state();
        let (sealed, end) = (state.sealed, state.len().min(range.end));
        Box::new(Scanner {
            store: self,
            next: Position(range.start),
            sealed,
            end,
            blocks: None,
            ready: vec![].into_iter(),
        })
    }

    fn positions_of(&self, subject: &Subject) -> Result<Vec<Position>, StoreError> {
        let state = self.state();
        let found = self.in_blocks(&state, IndexKey::of_subject(subject));
        let mut positions = found.map_err(|fault| fault.in_index_of(subject))?;
        let tail = state.tail.iter().filter(|record| record.subjects.contains(subject));
        positions.extend(tail.map(|record| record.stored.position));
        Ok(positions)
    }

    fn position_of(&self, id: EntryId) -> Result<Option<Position>, StoreError> {
        let state = self.state();
        if let Some(record) = state.tail.iter().find(|record| record.id == id) {
            return Ok(Some(record.stored.position));
        }
        let found = self.in_blocks(&state, IndexKey::of_id(id)).map_err(|fault| fault.in_index_of(id))?;
        Ok(found.first().copied())
    }

    fn leads(&self, each: &mut dyn FnMut(IndexKey, Position)) -> Result<(), StoreError> {
        let state = self.state();
        let given = state.index().and_then(|index| self.reader.leads(index, each));
        given.map_err(|fault| fault.in_index_of("ids and streams"))?;
        state
            .tail
            .iter()
            .flat_map(|record| pairs_of(&record.written()))
            .for_each(|(key, position)| each(key, position));
        Ok(())
    }

    fn note(&self, notes: &[(String, Hash)]) -> Result<(), StoreError> {
        // After a failed append nothing more is written.
        let writer = self.writer();
        if let Some(failed_at) = writer.failed_at {
            return Err(StoreError::Refusing { failed_at });
        }
        let mut batch = sled::Batch::default();
        notes.iter().for_each(|(name, hash)| batch.insert(layout::note_key(name), &hash.0));
        self.on_note(|db| db.apply_batch(batch).and_then(|()| db.flush()).map(drop))
    }

    fn noted(&self, name: &str) -> Result<Option<Hash>, StoreError> {
        let found = self.on_note(|db| db.get(layout::note_key(name)))?;
        Ok(found.and_then(|value| value.as_ref().try_into().ok()).map(Hash))
    }

    fn copy_of(&self) -> Option<&str> {
        self.folder.copy_of()
    }
}

impl SledStore {
    fn on_note<T>(&self, call: impl FnOnce(&sled::Db) -> Result<T, sled::Error>) -> Result<T, StoreError> {
        guard::call(|| call(self.reader.db())).map_err(|fault| fault.in_index_of("notes"))
    }
}

/// Entries of a range: those that were in blocks when it began, block by block, then the others.
struct Scanner<'a> {
    store: &'a SledStore,
    next: Position,
    sealed: u64,
    end: u64,
    /// The blocks, once one was read.
    blocks: Option<Blocks>,
    ready: std::vec::IntoIter<Stored>,
}

impl Scanner<'_> {
    /// The entry at the next position, and those that are stored together with it after it.
    fn read(&mut self) -> Result<Vec<Stored>, Fault> {
        if self.next.0 >= self.sealed {
            let records = self.store.records_from(self.next, self.end)?;
            return Ok(records.into_iter().map(|record| record.stored).collect());
        }
        let blocks = match &mut self.blocks {
            Some(blocks) => blocks,
            none => none.insert(self.store.reader.blocks(self.next)?),
        };
        let (first, value) = blocks.next().unwrap_or_else(|| Err(Fault::missing(self.next)))?;
        let mut entries = layout::block_entries(first, &value)?;
        entries.retain(|stored| stored.position >= self.next && stored.position.0 < self.end);
        match entries.first() {
            Some(stored) if stored.position == self.next => Ok(entries),
            _ => Err(Fault::missing(self.next)),
        }
    }
}

impl Iterator for Scanner<'_> {
    type Item = Result<Stored, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.len() == 0 {
            if self.next.0 >= self.end {
                return None;
            }
            match self.read() {
                Ok(entries) => self.ready = entries.into_iter(),
                Err(fault) => {
                    let failed = std::mem::replace(&mut self.next, Position(self.end));
                    return Some(Err(fault.at(failed)));
                }
            }
        }
        let stored = self.ready.next()?;
        self.next = stored.position.next();
        Some(Ok(stored))
    }
}

/// What one append writes.
struct Writes {
    puts: Puts,
    /// Whether runs go into another.
    replaces_runs: bool,
}

/// A single put goes without a batch, which would cost it a third more.
enum Puts {
    One(Vec<u8>, Vec<u8>),
    Batch(sled::Batch),
}

impl Writes {
    fn new(mut puts: Vec<layout::Put>, removals: Vec<Vec<u8>>, replaces_runs: bool) -> Self {
        if puts.len() == 1 && removals.is_empty() {
            let (key, value) = puts.remove(0);
            return Self { puts: Puts::One(key, value), replaces_runs };
        }
        let mut batch = sled::Batch::default();
        // Of a key in both, the put counts: a run takes the place of the first that it was made of.
        removals.into_iter().for_each(|key| batch.remove(key));
        puts.into_iter().for_each(|(key, value)| batch.insert(key, value));
        Self { puts: Puts::Batch(batch), replaces_runs }
    }
}

/// Whether these entries may follow what is there.
fn admit(state: &State, first: Position, entries: &[NewEntry]) -> Result<(), StoreError> {
    let actual = Position(state.len());
    if first != actual {
        return Err(StoreError::Conflict { expected: first, actual });
    }
    let sized = (first.0..).map(Position).zip(entries.iter().map(|entry| entry.bytes.len()));
    match sized.into_iter().find(|(_, bytes)| *bytes > MAX_BYTES) {
        Some((position, bytes)) => Err(StoreError::TooLarge { position, bytes, limit: MAX_BYTES }),
        None => Ok(()),
    }
}

fn unknown(first: Position, entries: &[NewEntry], fault: Fault) -> StoreError {
    tracing::error!(%first, count = entries.len(), ?fault, "an append failed half-way; no more are taken");
    StoreError::Unknown { first, count: entries.len(), cause: fault.into_io() }
}

/// Opens what is in sled, and holds it to what was durable.
fn whole(folder: &Folder, options: &Options, at_least: u64, check: Check) -> Result<(Reader, State, File), OpenError> {
    let Recovered { reader, sealed, index, tail } = recover(&folder.sled(), check)?;
    let state = State { sealed, index: Some(index), tail };
    if state.len() < at_least {
        let what = format!("it ends at {} entries, and {at_least} were durable", state.len());
        return Err(OpenError::Corrupt { path: folder.path().into(), what });
    }
    if folder.is_new() && state.len() > 0 {
        let why = format!("it holds {} entries and no marker", state.len());
        return Err(OpenError::NotALedger { path: folder.path().into(), why });
    }
    let data = data_file(folder, options)?;
    Ok((reader, state, data))
}

/// sled's log, to flush it. What a killed process wrote may lie in the system's cache alone, so that nothing that was
/// found is called durable before it has been flushed once. The same goes for the name of the snapshot that sled has just
/// made: it has overwritten what only the one before would lead to.
fn data_file(folder: &Folder, options: &Options) -> Result<File, OpenError> {
    let path = folder.sled().join("db");
    let data = OpenOptions::new().read(true).write(true).open(&path).map_err(|e| OpenError::io("open", &path, e))?;
    (options.sync)(&data).map_err(|e| OpenError::io("flush", path, e))?;
    sync_folder(&folder.sled())?;
    Ok(data)
}

/// Makes a new store durable, and then the folder a ledger.
fn finish(folder: &mut Folder) -> Result<(), OpenError> {
    let conf = folder.sled().join("conf");
    File::open(&conf).and_then(|file| file.sync_all()).map_err(|e| OpenError::io("flush", conf, e))?;
    folder.seal()
}
