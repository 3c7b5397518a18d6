//! The log on a server: appending, and reading what is durable. It must not know what an entry means, and leaves connections
//! to `line`, the tables to `schema` and what the server is set to to `checked`.
//!
//! The server decides whose append is first: the primary key takes one entry a position, and a trigger none after a gap.

use super::address::Address;
use super::checked::{self, Set};
use super::fault::Fault;
use super::line::{Line, Lines, Open};
use super::schema;
use crate::store::index::{IndexKey, keys_of};
use crate::store::{NewEntry, OpenError, Scan, Store, StoreError, Stored};
use minutebook_events::codec::MAX_BYTES;
use minutebook_events::{EntryId, Hash, Position};
use minutebook_projections::Subject;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// The most that one statement takes: the protocol ends at a gigabyte, and a server's memory may before. More becomes several
/// in one transaction.
const STATEMENT_BYTES: usize = 16 * 1024 * 1024;

/// How many entries a scan asks for at once: so many first, then as many as have so many bytes by those that came before, and so many
/// at the most.
const FIRST_ROWS: u64 = 64;
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;
const MOST_ROWS: u64 = 1024;

/// How many rows of an index are asked for at once.
const INDEX_ROWS: i64 = 10_000;

/// The note that is written where the outcome of an append is to be settled.
const SETTLED: &str = "settled";

/// What a log was heard to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// How many entries.
    pub size: u64,
    /// The leaf hash at the position that was asked about, where there is an entry.
    pub leaf: Option<Hash>,
    /// The number of the connection on which it was heard: another one may be to another server.
    pub line: u64,
}

/// The last entry that was read of a log, or appended to it.
struct Last {
    position: Position,
    leaf: Hash,
    /// The number of the connection on which it was appended, where it was: what is appended there follows on it.
    appended_on: Option<u64>,
}

/// A [`Store`] on a server that speaks PostgreSQL's protocol. Others may append to the same ledger: [`Store::len`] is what
/// this one has seen to be durable.
pub struct PostgresStore {
    lines: Lines,
    appends: Line,
    reads: Line,
    len: AtomicU64,
    /// How many entries a scan asks for at once.
    window: AtomicU64,
    /// Where an append began whose outcome is unknown.
    failed_at: Mutex<Option<Position>>,
    /// What whoever appends next goes by: it is held to that, since it may be another server by then.
    last: Mutex<Option<Last>>,
    /// What the server was set to, and in a line.
    set: Set,
    told: String,
}

impl PostgresStore {
    /// Opens the ledger at an address.
    ///
    /// # Errors
    /// [`OpenError`]; above all [`OpenError::Server`], [`OpenError::Unmigrated`], [`OpenError::NotThere`] and
    /// [`OpenError::Unsafe`].
    pub fn open(address: Address) -> Result<Self, OpenError> {
        let mut store = Self::reach(address)?;
        let address = store.address();
        let ledger = address.ledger.clone();
        let sql = "select ledger from minutebook.ledger where ledger = $1";
        let there = store.lines.ask(&store.reads, move |open| {
            let ledger = ledger.clone();
            async move { Ok(!open.client.query_typed(sql, &[(&ledger, Type::TEXT)]).await?.is_empty()) }
        });
        if !there.map_err(|fault| fault.opening("look for the ledger", address))? {
            return Err(OpenError::NotThere { path: address.to_string().into() });
        }
        let end = store.end().map_err(|fault| fault.opening("find the end of the ledger", address))?;
        if let Some((position, leaf)) = end {
            *store.len.get_mut() = position.0 + 1;
            store.sees(position, leaf);
        }
        Ok(store)
    }

    /// Makes a ledger at an address, and opens it.
    ///
    /// # Errors
    /// As [`PostgresStore::open`], and [`OpenError::AlreadyThere`].
    pub fn create(address: Address) -> Result<Self, OpenError> {
        let store = Self::reach(address)?;
        let address = store.address();
        let ledger = address.ledger.clone();
        let sql = "insert into minutebook.ledger (ledger) values ($1) on conflict do nothing";
        let made = store.lines.once(&store.appends, move |open| async move {
            Ok(open.client.execute_typed(sql, &[(&ledger, Type::TEXT)]).await?)
        });
        match made.map_err(|fault| fault.opening("make the ledger", address))? {
            0 => Err(OpenError::AlreadyThere { path: address.to_string().into() }),
            _ => Ok(store),
        }
    }

    /// The server, with tables that this program knows, and set so that it may be relied on.
    fn reach(address: Address) -> Result<Self, OpenError> {
        let (lines, reads) = (Lines::new(address)?, Line::default());
        let found = schema::version(&lines, &reads)?;
        if found != Some(schema::VERSION) {
            let server = lines.address.to_string();
            return Err(OpenError::Unmigrated { server, found, known: schema::VERSION });
        }
        let set = checked::check(&lines, &reads)?;
        let (appends, failed_at, last) = (Line::default(), Mutex::new(None), Mutex::new(None));
        let (len, window) = (AtomicU64::new(0), AtomicU64::new(FIRST_ROWS));
        Ok(Self { lines, appends, reads, len, window, failed_at, last, told: set.told(), set })
    }

    /// What the server was set to when it was opened, in a line.
    pub fn set(&self) -> &str {
        &self.told
    }

    /// Holds the server to what durable means once more, on the connection that appends, which is made where there is none: after a
    /// failover it is another server's, and what it is set to may change while it runs.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`]: nothing can be appended now; [`StoreError::Server`].
    pub fn hold(&self) -> Result<(), StoreError> {
        let open = self.lines.open(&self.appends);
        let open = open.map_err(|fault| fault.doing("make a connection that appends", self.address()))?;
        checked::hold_again(&self.lines, &self.appends, &open, &self.set)
    }

    /// That what is read is read on the connection of this number still: another one may be to another server.
    ///
    /// # Errors
    /// [`StoreError::Server`]: what was read is of none for certain.
    pub fn still(&self, line: u64) -> Result<(), StoreError> {
        match self.reads.number() == line {
            true => Ok(()),
            false => Err(StoreError::Server {
                doing: "read on".to_owned(),
                server: self.address().to_string(),
                cause: "the connection was made anew meanwhile, and may be to another server".to_owned(),
                remedy: "what was read is read again, and held to what was verified before",
            }),
        }
    }

    /// That an entry was read.
    fn sees(&self, position: Position, leaf: Hash) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|last| last.position < position) {
            *last = Some(Last { position, leaf, appended_on: None });
        }
    }

    fn address(&self) -> &Address {
        &self.lines.address
    }

    /// Asks how many entries there are now, whoever appended them, and under which hash the one at a position is kept. From then
    /// on [`Store::len`] counts them.
    ///
    /// # Errors
    /// [`StoreError::Server`].
    pub fn hear(&self, about: Option<Position>) -> Result<Heard, StoreError> {
        let sql = "select (select max(position) from minutebook.entry where ledger = $1), \
                   (select leaf from minutebook.entry where ledger = $1 and position = $2)";
        let of = about.map_or_else(|| signed(-1), |position| number(position.0));
        let heard = self.ask_on(&self.reads, sql, vec![of]).and_then(|(rows, line)| {
            let row = rows.first().ok_or_else(|| Fault::unfit("nothing was answered"))?;
            let (last, leaf): (Option<i64>, Option<Vec<u8>>) = (row.try_get(0)?, row.try_get(1)?);
            let size = last.map_or(Ok(0), |last| Ok::<_, Fault>(position_in(last)?.0 + 1))?;
            Ok(Heard { size, leaf: leaf.map(hash_in).transpose()?, line })
        });
        let heard = heard.map_err(|fault| fault.doing("find the end of the ledger", self.address()))?;
        if let (Some(position), Some(leaf)) = (about, heard.leaf) {
            self.sees(position, leaf);
        }
        self.len.fetch_max(heard.size, Ordering::SeqCst);
        Ok(heard)
    }

    /// The leaf hashes as the server keeps them, from one position up to a size, in order; bytes are not looked at. It ends where
    /// `each` says so, or a position is missing.
    ///
    /// # Errors
    /// [`StoreError::Server`].
    pub fn leaves(&self, from: u64, to: u64, each: impl FnMut(Hash) -> bool) -> Result<(), StoreError> {
        self.leaves_on(&self.reads, from, to, each)
    }

    /// The same where an append would go.
    ///
    /// # Errors
    /// [`StoreError::Server`].
    pub fn leaves_where_it_appends(
        &self,
        from: u64,
        to: u64,
        each: impl FnMut(Hash) -> bool,
    ) -> Result<(), StoreError> {
        self.leaves_on(&self.appends, from, to, each)
    }

    fn leaves_on(&self, line: &Line, from: u64, to: u64, mut each: impl FnMut(Hash) -> bool) -> Result<(), StoreError> {
        let sql = "select position, leaf from minutebook.entry where ledger = $1 and position >= $2 and position < $3 \
                   order by position limit $4";
        let mut next = from;
        while next < to {
            let began = next;
            let unread = |fault| self.unread(Position(began), fault);
            let values = vec![number(next), number(to), signed(INDEX_ROWS)];
            for row in self.ask_on(line, sql, values).map_err(unread)?.0 {
                let position = row.try_get(0).map_err(Fault::from).and_then(position_in).map_err(unread)?;
                let leaf = row.try_get(1).map_err(Fault::from).and_then(hash_in).map_err(unread)?;
                if position.0 != next || !each(leaf) {
                    return Ok(());
                }
                next += 1;
            }
            if next == began {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Goes on after an append whose outcome is unknown. A note is written, as durably as an entry, on the connection of this number,
    /// on which all that the log has was read: with it, whatever the server showed there of that append is as durable as was asked
    /// for.
    ///
    /// What it does not show may still come: its transaction may be alive on the server. But it can only come at the position
    /// that it was sent for, with the ids that it was sent with, and the keys of the table take one entry a position and one an
    /// id, whichever transaction is first. So whoever has read what came since may append the same ids again at the end of what
    /// there is: at the same position one of the two transactions is refused, and at a later one the first can never be kept any
    /// more, since its position is taken.
    ///
    /// # Errors
    /// [`StoreError::Server`]: it is as unknown as before.
    pub fn settle(&self, line: u64) -> Result<(), StoreError> {
        let mut failed = self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = *failed else { return Ok(()) };
        let ledger = self.address().ledger.clone();
        let sql = "insert into minutebook.note (ledger, name, hash) values ($1, $2, $3) \
                   on conflict (ledger, name) do update set hash = excluded.hash";
        let doing = || format!("find out what became of the append at position {first}");
        let open = checked::held(&self.lines, &self.reads, &self.set, &doing())?;
        self.still(line)?;
        let noted = self.lines.with(&self.reads, open, |open| async move {
            open.take_warnings();
            let hash = Hash::of([first.0.to_be_bytes().as_slice()]).0.to_vec();
            open.client
                .execute_typed(sql, &[(&ledger, Type::TEXT), (&SETTLED, Type::TEXT), (&hash, Type::BYTEA)])
                .await?;
            match open.take_warnings() {
                warnings if warnings.is_empty() => Ok(()),
                warnings => Err(Fault::Warned(warnings.join("; "))),
            }
        });
        noted.map_err(|fault| fault.doing(doing(), self.address()))?;
        *failed = None;
        Ok(())
    }

    /// How many entries the server has.
    fn size(&self) -> Result<u64, Fault> {
        let sql = "select max(position) from minutebook.entry where ledger = $1";
        let rows = self.ask(sql, vec![])?;
        let last: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
        last.map_or(Ok(0), |last| Ok(position_in(last)?.0 + 1))
    }

    /// The last entry that the server has, and its leaf hash.
    fn end(&self) -> Result<Option<(Position, Hash)>, Fault> {
        let sql = "select position, leaf from minutebook.entry where ledger = $1 order by position desc limit 1";
        let rows = self.ask(sql, vec![])?;
        rows.first().map(|row| Ok((position_in(row.try_get(0)?)?, hash_in(row.try_get(1)?)?))).transpose()
    }

    /// Asks for rows of this ledger, whose name is the first value.
    fn ask(&self, sql: &'static str, values: Vec<(Value, Type)>) -> Result<Vec<Row>, Fault> {
        self.ask_on(&self.reads, sql, values).map(|(rows, _)| rows)
    }

    /// The same on a connection, whose number is given too.
    fn ask_on(&self, line: &Line, sql: &'static str, values: Vec<(Value, Type)>) -> Result<(Vec<Row>, u64), Fault> {
        let ledger = self.address().ledger.clone();
        let values = Arc::new(values);
        self.lines.ask(line, move |open| {
            let (ledger, values) = (ledger.clone(), Arc::clone(&values));
            async move {
                let types: Vec<Type> =
                    [Type::TEXT].into_iter().chain(values.iter().map(|(_, of)| of.clone())).collect();
                let statement = open.statement(sql, &types).await?;
                let mut all: Vec<&(dyn ToSql + Sync)> = vec![&ledger];
                all.extend(values.iter().map(|(value, _)| &**value as &(dyn ToSql + Sync)));
                Ok((open.client.query(&statement, &all).await?, open.number))
            }
        })
    }

    /// What an append that was refused is told: that it came too late, or else what the server said.
    fn refused(&self, first: Position, fault: Fault) -> StoreError {
        let doing = || format!("append at position {first}");
        if !fault.is_lost_race() {
            return fault.doing(doing(), self.address());
        }
        match self.size() {
            Ok(actual) if actual != first.0 => {
                let actual = Position(self.len.fetch_max(actual, Ordering::SeqCst).max(actual));
                StoreError::Conflict { expected: first, actual }
            }
            // Nobody is ahead: an id is taken, or who was ahead gave up.
            Ok(_) => fault.doing(doing(), self.address()),
            Err(unread) => unread.doing(doing(), self.address()),
        }
    }

    /// What must be there for an append at a position to be of this log; nothing where that is certain, or nothing is known.
    fn to_follow(&self, first: Position, line: u64) -> Option<Follows> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref().filter(|last| last.position.next() == first && last.appended_on != Some(line))?;
        Some(Follows { position: i64::try_from(last.position.0).ok()?, leaf: last.leaf.0.to_vec() })
    }

    /// So many entries from a position on, each checked; those before one that is wrong or missing.
    fn rows(&self, from: Position, count: u64) -> Result<VecDeque<Stored>, StoreError> {
        let sql = "select position, leaf, bytes from minutebook.entry \
                   where ledger = $1 and position >= $2 and position < $3 order by position limit $4";
        let values = vec![number(from.0), number(from.0 + count), number(count)];
        let rows = self.ask(sql, values).map_err(|fault| self.unread(from, fault))?;
        let mut stored = VecDeque::with_capacity(rows.len());
        for (next, row) in (from.0..).map(Position).zip(&rows) {
            let position = row.try_get(0).map_err(Fault::from).and_then(position_in);
            if position.map_err(|fault| self.unread(next, fault))? != next {
                break;
            }
            match self.checked(next, row.try_get(1), row.try_get(2)) {
                Ok(entry) => stored.push_back(entry),
                // Those before it are right; who reads on comes to it again.
                Err(_) if !stored.is_empty() => break,
                Err(wrong) => return Err(wrong),
            }
        }
        if let Some(last) = stored.back() {
            self.sees(last.position, last.leaf);
        }
        Ok(stored)
    }

    /// An entry as the server has it, held to its hash.
    fn checked(
        &self,
        position: Position,
        leaf: Result<&[u8], tokio_postgres::Error>,
        bytes: Result<&[u8], tokio_postgres::Error>,
    ) -> Result<Stored, StoreError> {
        let unread = |error: tokio_postgres::Error| self.unread(position, error.into());
        let (leaf, bytes) = (leaf.map_err(unread)?, bytes.map_err(unread)?);
        match <[u8; 32]>::try_from(leaf).map(Hash) {
            Ok(leaf) if Hash::leaf(bytes) == leaf => Ok(Stored { position, bytes: bytes.to_vec(), leaf }),
            _ => {
                let what = "its bytes do not match the hash that was stored with them".to_owned();
                Err(StoreError::Corrupt { position, what })
            }
        }
    }

    fn unread(&self, position: Position, fault: Fault) -> StoreError {
        fault.doing(format!("read the entry at position {position}"), self.address())
    }

    fn unread_index(&self, name: impl std::fmt::Display, fault: Fault) -> StoreError {
        fault.doing(format!("read the index of {name}"), self.address())
    }

    /// Asks for all rows, so many at a time, each time for those after the last.
    fn each_after<K: Clone>(
        &self,
        sql: &'static str,
        mut after: K,
        values: impl Fn(&K) -> Vec<(Value, Type)>,
        mut each: impl FnMut(&Row) -> Result<K, Fault>,
    ) -> Result<(), Fault> {
        loop {
            let rows = self.ask(sql, values(&after))?;
            for row in &rows {
                after = each(row)?;
            }
            if (rows.len() as i64) < INDEX_ROWS {
                return Ok(());
            }
        }
    }
}

impl Store for PostgresStore {
    fn len(&self) -> u64 {
        self.len.load(Ordering::SeqCst)
    }

    fn append(&self, first: Position, entries: &[NewEntry]) -> Result<(), StoreError> {
        let mut failed = self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed_at) = *failed {
            return Err(StoreError::Refusing { failed_at });
        }
        let mut sized = (0..).zip(entries.iter().map(|entry| entry.bytes.len()));
        let too_large = sized.find(|(_, bytes)| *bytes > MAX_BYTES);
        if too_large.is_some() || entries.is_empty() || i64::try_from(first.0).is_err() {
            // What goes to no server is held to its size all the same.
            let actual = self.size().map_err(|fault| fault.doing("find the end of the ledger", self.address()))?;
            if actual != first.0 {
                let actual = Position(self.len.fetch_max(actual, Ordering::SeqCst).max(actual));
                return Err(StoreError::Conflict { expected: first, actual });
            }
            return match too_large {
                Some((further, bytes)) => {
                    Err(StoreError::TooLarge { position: Position(first.0 + further), bytes, limit: MAX_BYTES })
                }
                None => Ok(()),
            };
        }
        let (ledger, statements) = (self.address().ledger.clone(), Insert::of(first, entries));
        // Without a connection nothing was sent.
        let doing = format!("append at position {first}");
        let open = checked::held(&self.lines, &self.appends, &self.set, &doing)?;
        let (line, follows) = (open.number, self.to_follow(first, open.number));
        match self.lines.with(&self.appends, open, |open| commit(open, ledger, statements, follows)) {
            Ok(()) => {
                let position = Position(first.0 + entries.len() as u64 - 1);
                self.len.fetch_max(position.0 + 1, Ordering::SeqCst);
                let leaf = entries.last().expect("there is one").leaf;
                let last = Last { position, leaf, appended_on: Some(line) };
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
                Ok(())
            }
            Err(fault @ Fault::Said(..)) => Err(self.refused(first, fault)),
            Err(Fault::Another) => {
                let (server, position) = (self.address().to_string(), Position(first.0.saturating_sub(1)));
                Err(StoreError::Another { server, position })
            }
            Err(fault) => {
                *failed = Some(first);
                let (count, server) = (entries.len(), self.address());
                tracing::error!(%first, count, ?fault, %server, "nobody knows whether an append was kept; no more are taken");
                Err(StoreError::Unknown { first, count, cause: fault.into_io() })
            }
        }
    }

    fn read(&self, position: Position) -> Result<Option<Stored>, StoreError> {
        if position.0 >= self.len() {
            return Ok(None);
        }
        match self.rows(position, 1)?.pop_front() {
            Some(stored) => Ok(Some(stored)),
            None => Err(missing(position)),
        }
    }

    fn scan(&self, range: Range<u64>) -> Scan<'_> {
        let end = self.len().min(range.end);
        Box::new(Scanner { store: self, next: Position(range.start), end, ready: VecDeque::new() })
    }

    fn positions_of(&self, subject: &Subject) -> Result<Vec<Position>, StoreError> {
        let sql = "select position from minutebook.led where ledger = $1 and key = $2 and position > $3 and position < $4 \
                   order by position limit $5";
        let key = IndexKey::of_subject(subject);
        let mut positions = vec![];
        let values = |after: &i64| vec![bytes(key), signed(*after), number(self.len()), signed(INDEX_ROWS)];
        let read = self.each_after(sql, -1, values, |row| {
            let position: i64 = row.try_get(0)?;
            positions.push(position_in(position)?);
            Ok(position)
        });
        read.map_err(|fault| self.unread_index(subject, fault))?;
        Ok(positions)
    }

    fn position_of(&self, id: EntryId) -> Result<Option<Position>, StoreError> {
        let sql = "select position from minutebook.entry where ledger = $1 and id = $2 and position < $3";
        let values = vec![(Arc::new(id.0) as Value, Type::UUID), number(self.len())];
        let found = self.ask(sql, values).and_then(|rows| match rows.first() {
            Some(row) => Ok(Some(position_in(row.try_get(0)?)?)),
            None => Ok(None),
        });
        found.map_err(|fault| self.unread_index(id, fault))
    }

    fn leads(&self, each: &mut dyn FnMut(IndexKey, Position)) -> Result<(), StoreError> {
        let ids = "select position, id from minutebook.entry where ledger = $1 and position > $2 and position < $3 \
                   order by position limit $4";
        let of_ids = |after: &i64| vec![signed(*after), number(self.len()), signed(INDEX_ROWS)];
        let given = self.each_after(ids, -1, of_ids, |row| {
            let (position, id): (i64, Uuid) = (row.try_get(0)?, row.try_get(1)?);
            each(IndexKey::of_id(EntryId(id)), position_in(position)?);
            Ok(position)
        });
        given.map_err(|fault| self.unread_index("ids", fault))?;
        let led = "select key, position from minutebook.led where ledger = $1 and (key, position) > ($2, $3) and position < $4 \
                   order by key, position limit $5";
        let none: (Vec<u8>, i64) = (vec![], -1);
        let of_led = |(key, position): &(Vec<u8>, i64)| {
            vec![bytes(key.clone()), signed(*position), number(self.len()), signed(INDEX_ROWS)]
        };
        let mut lead = |row: &Row| {
            let (key, position): (Vec<u8>, i64) = (row.try_get(0)?, row.try_get(1)?);
            let of = IndexKey::read(&key).ok_or_else(|| Fault::unfit(format!("a key has {} bytes", key.len())))?;
            each(of, position_in(position)?);
            Ok((key, position))
        };
        let given = self.each_after(led, none, of_led, &mut lead);
        given.map_err(|fault| self.unread_index("streams", fault))?;
        // Past the end, an index leads to what others appended meanwhile; or to nothing, of which some is enough to tell.
        let nowhere = "select key, position from minutebook.led as l where ledger = $1 and position >= $2 and not exists ( \
                           select 1 from minutebook.entry as e where e.ledger = $1 and e.position = l.position) \
                       order by position limit $3";
        let rows = self.ask(nowhere, vec![number(self.len()), signed(INDEX_ROWS)]);
        let given = rows.and_then(|rows| rows.iter().try_for_each(|row| lead(row).map(drop)));
        given.map_err(|fault| self.unread_index("streams", fault))
    }

    fn note(&self, notes: &[(String, Hash)]) -> Result<(), StoreError> {
        // Of one name in it twice, the last counts.
        let notes: std::collections::BTreeMap<&str, Hash> = notes.iter().map(|(name, hash)| (&**name, *hash)).collect();
        let names: Vec<String> = notes.keys().map(|name| (*name).to_owned()).collect();
        let hashes: Vec<Vec<u8>> = notes.values().map(|hash| hash.0.to_vec()).collect();
        let sql = "insert into minutebook.note (ledger, name, hash) select $1, n.name, n.hash \
                   from unnest($2::text[], $3::bytea[]) as n(name, hash) \
                   on conflict (ledger, name) do update set hash = excluded.hash";
        let values = vec![(Arc::new(names) as Value, Type::TEXT_ARRAY), (Arc::new(hashes) as _, Type::BYTEA_ARRAY)];
        self.ask(sql, values).map(drop).map_err(|fault| fault.doing("write notes", self.address()))
    }

    fn noted(&self, name: &str) -> Result<Option<Hash>, StoreError> {
        let sql = "select hash from minutebook.note where ledger = $1 and name = $2";
        let found = self.ask(sql, vec![(Arc::new(name.to_owned()) as Value, Type::TEXT)]);
        let hash = found.and_then(|rows| Ok(rows.first().map(|row| row.try_get::<_, Vec<u8>>(0)).transpose()?));
        let hash = hash.map_err(|fault| self.unread_index("notes", fault))?;
        Ok(hash.and_then(|hash| hash.try_into().ok()).map(Hash))
    }
}

/// A value of a statement, which the thread that drives connections shares.
type Value = Arc<dyn ToSql + Send + Sync>;

fn signed(value: i64) -> (Value, Type) {
    (Arc::new(value), Type::INT8)
}

/// A position or a size; past what the server can count, nothing is.
fn number(value: u64) -> (Value, Type) {
    signed(i64::try_from(value).unwrap_or(i64::MAX))
}

fn bytes(value: impl Into<Vec<u8>>) -> (Value, Type) {
    (Arc::new(value.into()), Type::BYTEA)
}

fn position_in(value: i64) -> Result<Position, Fault> {
    u64::try_from(value).map(Position).map_err(|_| Fault::unfit(format!("there is an entry at position {value}")))
}

fn hash_in(value: Vec<u8>) -> Result<Hash, Fault> {
    value.try_into().map(Hash).map_err(|_| Fault::unfit("a leaf hash has not 32 bytes"))
}

fn missing(position: Position) -> StoreError {
    StoreError::Corrupt { position, what: format!("nothing is stored at position {position}") }
}

/// What one statement inserts.
struct Insert {
    positions: Vec<i64>,
    ids: Vec<Uuid>,
    leaves: Vec<Vec<u8>>,
    bytes: Vec<Vec<u8>>,
    keys: Vec<Vec<u8>>,
    lead_to: Vec<i64>,
}

impl Insert {
    /// The statements for entries from a position on.
    fn of(first: Position, entries: &[NewEntry]) -> Vec<Self> {
        let mut all: Vec<Self> = vec![];
        let mut size = STATEMENT_BYTES;
        for (position, entry) in (first.0..).zip(entries) {
            if size + entry.bytes.len() > STATEMENT_BYTES {
                all.push(Self::empty());
                size = 0;
            }
            size += entry.bytes.len();
            let last = all.last_mut().expect("the first entry begins one");
            // Past what the server can count, its own check refuses it.
            let position = i64::try_from(position).unwrap_or(-1);
            last.positions.push(position);
            last.ids.push(entry.id.0);
            last.leaves.push(entry.leaf.0.to_vec());
            last.bytes.push(entry.bytes.clone());
            for key in keys_of(&entry.subjects) {
                last.keys.push(key.into());
                last.lead_to.push(position);
            }
        }
        all
    }

    fn empty() -> Self {
        Self { positions: vec![], ids: vec![], leaves: vec![], bytes: vec![], keys: vec![], lead_to: vec![] }
    }

    async fn run(&self, open: &Open, ledger: &String, follows: Option<&Follows>) -> Result<(), Fault> {
        if let Some(follows) = follows {
            return self.run_after(open, ledger, follows).await;
        }
        let sql = "with entries as ( \
                       insert into minutebook.entry (ledger, position, id, leaf, bytes) \
                       select $1, e.position, e.id, e.leaf, e.bytes \
                       from unnest($2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[]) as e(position, id, leaf, bytes) \
                       order by e.position \
                   ) \
                   insert into minutebook.led (ledger, key, position) \
                   select $1, l.key, l.position from unnest($6::bytea[], $7::bigint[]) as l(key, position)";
        let statement = open.statement(sql, &INSERT).await?;
        open.client.execute(&statement, &self.values(ledger)).await?;
        Ok(())
    }

    /// The same, where the log has a certain entry before it.
    async fn run_after(&self, open: &Open, ledger: &String, follows: &Follows) -> Result<(), Fault> {
        let sql = "with follows as ( \
                       select 1 from minutebook.entry where ledger = $1 and position = $8 and leaf = $9 \
                   ), entries as ( \
                       insert into minutebook.entry (ledger, position, id, leaf, bytes) \
                       select $1, e.position, e.id, e.leaf, e.bytes \
                       from unnest($2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[]) as e(position, id, leaf, bytes) \
                       where exists (select 1 from follows) order by e.position \
                   ), leads as ( \
                       insert into minutebook.led (ledger, key, position) \
                       select $1, l.key, l.position from unnest($6::bytea[], $7::bigint[]) as l(key, position) \
                       where exists (select 1 from follows) \
                   ) \
                   select 1 from follows";
        let types = [&INSERT[..], &[Type::INT8, Type::BYTEA]].concat();
        let after: [&(dyn ToSql + Sync); 2] = [&follows.position, &follows.leaf];
        let statement = open.statement(sql, &types).await?;
        let done = open.client.query(&statement, &[&self.values(ledger)[..], &after].concat()).await?;
        if done.is_empty() { Err(Fault::Another) } else { Ok(()) }
    }

    fn values<'a>(&'a self, ledger: &'a String) -> [&'a (dyn ToSql + Sync); 7] {
        [ledger, &self.positions, &self.ids, &self.leaves, &self.bytes, &self.keys, &self.lead_to]
    }
}

/// The types of what is inserted.
const INSERT: [Type; 7] = [
    Type::TEXT,
    Type::INT8_ARRAY,
    Type::UUID_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::BYTEA_ARRAY,
    Type::INT8_ARRAY,
];

/// The entry that comes before what is inserted.
struct Follows {
    position: i64,
    leaf: Vec<u8>,
}

/// The one commit point. A statement alone is a transaction: it is durable when the server has answered, as it is set to be,
/// and there is nothing of it where the server has said no. Where it warns, as of a standby that it waited for in vain, what it
/// acknowledges is not what was asked for.
async fn commit(open: Open, ledger: String, statements: Vec<Insert>, follows: Option<Follows>) -> Result<(), Fault> {
    open.take_warnings();
    match &*statements {
        [all] => all.run(&open, &ledger, follows.as_ref()).await?,
        several => {
            open.client.batch_execute("begin").await?;
            // What comes after the first follows on that.
            let mut follows = follows.as_ref();
            for statement in several {
                if let Err(fault) = statement.run(&open, &ledger, follows.take()).await {
                    open.client.batch_execute("rollback").await?;
                    return Err(fault);
                }
            }
            open.client.batch_execute("commit").await?;
        }
    }
    match open.take_warnings() {
        warnings if warnings.is_empty() => Ok(()),
        warnings => Err(Fault::Warned(warnings.join("; "))),
    }
}

/// Entries of a range, a window of rows at a time.
struct Scanner<'a> {
    store: &'a PostgresStore,
    next: Position,
    end: u64,
    ready: VecDeque<Stored>,
}

impl Scanner<'_> {
    fn refill(&mut self) -> Result<(), StoreError> {
        let window = &self.store.window;
        let asked = window.load(Ordering::Relaxed);
        self.ready = self.store.rows(self.next, asked.min(self.end - self.next.0))?;
        let bytes: u64 = self.ready.iter().map(|stored| stored.bytes.len() as u64).sum();
        let each = bytes / (self.ready.len() as u64).max(1);
        // Those that come next may be larger: it grows a step at a time.
        window.store((WINDOW_BYTES / each.max(1)).clamp(1, MOST_ROWS.min(asked * 4)), Ordering::Relaxed);
        if self.ready.is_empty() { Err(missing(self.next)) } else { Ok(()) }
    }
}

impl Iterator for Scanner<'_> {
    type Item = Result<Stored, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty()
            && self.next.0 < self.end
            && let Err(error) = self.refill()
        {
            self.next = Position(self.end);
            return Some(Err(error));
        }
        let stored = self.ready.pop_front()?;
        self.next = stored.position.next();
        Some(Ok(stored))
    }
}
