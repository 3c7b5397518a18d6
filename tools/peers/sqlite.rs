//! SQLite as a peer: its tables, its questions, its writers. It must not compare anything.

use super::measure::Outcome;
use super::questions::{Asked, Fold, Lines, Portfolio, Told, Total};
use super::rows::{Table, number};
use minutebook_events::Day;
use rusqlite::{Connection, Row, named_params, params};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

pub const NAME: &str = "SQLite";
const SCHEMA: &str = include_str!("sqlite.sql");
const QUESTION: &str = include_str!("sqlite-question.sql");
const FOLD: &str = include_str!("fold.sql");
const PORTFOLIO: &str = include_str!("sqlite-portfolio.sql");
const APPEND: &str = "INSERT INTO entries (id, bytes) VALUES (?1, ?2)";

/// How it is set, in words.
pub const READING: &str = "prepared, clustered by line, 256 MB cache";
pub const WRITING: &str = "WAL, synchronous=FULL, id unique";

pub struct Sqlite(Connection);

impl Sqlite {
    /// Opens a database, or makes one.
    pub fn open(path: &Path) -> Outcome<Self> {
        let there = path.exists();
        let db = Connection::open(path)?;
        db.busy_timeout(Duration::from_secs(60))?;
        db.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-262144; PRAGMA mmap_size=4294967296",
        )?;
        if !there {
            db.execute_batch(SCHEMA)?;
        }
        Ok(Self(db))
    }

    /// Takes all facts, in the order of their key.
    pub fn load(&mut self, table: &Table) -> Outcome<()> {
        let all = self.0.transaction()?;
        {
            let mut insert = all.prepare("INSERT INTO lines VALUES (?1, ?2, ?3, ?4)")?;
            for (number, line) in table.lines.iter().enumerate() {
                let contract = table.contracts[line.contract as usize].as_str();
                insert.execute(params![number as i64, contract, line.name, line.funder])?;
            }
            let mut insert =
                all.prepare("INSERT INTO facts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")?;
            let mut order: Vec<usize> = (0..table.rows.len()).collect();
            order.sort_by_key(|at| table.rows[*at].line);
            for at in order {
                let [line, position, place, a, b, c, d, decided, struck, class, strength, change] =
                    table.rows[at].numbers();
                let pence = table.rows[at].pence;
                insert.execute(params![
                    line, position, place, a, b, c, d, decided, struck, class, strength, change, pence
                ])?;
            }
        }
        all.commit()?;
        self.0.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(())
    }

    pub fn lines(&self, asked: &Asked) -> Outcome<Lines> {
        let mut question = self.0.prepare_cached(QUESTION)?;
        let by = asked.decided_by.map_or(i64::MAX, number);
        let rows = question
            .query_map(params![asked.contract.as_str(), number(asked.as_of), asked.known as i64, by], told::<String>)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn fold(&self, day: Day) -> Outcome<Fold> {
        let mut question = self.0.prepare_cached(FOLD)?;
        let rows = question.query_map(named_params! { "$day": number(day) }, told::<u32>)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn portfolio(&self, day: Day) -> Outcome<Portfolio> {
        let mut question = self.0.prepare_cached(PORTFOLIO)?;
        let total = |row: &Row<'_>| {
            Ok((row.get(0)?, Total { pence: row.get(1)?, added: count(row, 2)?, lacking: count(row, 3)? }))
        };
        let rows = question.query_map(named_params! { "$day": number(day) }, total)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Entries in commits of so many.
    pub fn import(&mut self, entries: &[(Vec<u8>, Vec<u8>)], commit: usize) -> Outcome<()> {
        for group in entries.chunks(commit) {
            let all = self.0.transaction()?;
            let mut insert = all.prepare_cached(APPEND)?;
            for (id, bytes) in group {
                insert.execute(params![id, bytes])?;
            }
            drop(insert);
            all.commit()?;
        }
        Ok(())
    }

    fn append(&self, id: &[u8], bytes: &[u8]) -> Outcome<()> {
        self.0.prepare_cached(APPEND)?.execute(params![id, bytes])?;
        Ok(())
    }

    /// Moves what lies beside the database into it.
    pub fn settle(&self) -> Outcome<()> {
        Ok(self.0.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?)
    }
}

/// A number that is never below 0, which SQLite keeps with a sign.
fn count(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(at)?.unsigned_abs())
}

fn told<Line: rusqlite::types::FromSql>(row: &Row<'_>) -> rusqlite::Result<Told<Line>> {
    Ok(Told {
        line: row.get(0)?,
        position: count(row, 1)?,
        place: row.get(2)?,
        is_change: row.get(3)?,
        pence: row.get(4)?,
    })
}

/// Durable appends by some writers at once, each entry a commit; on one connection that they take turns at, or on one
/// each.
pub fn appends(path: &Path, entries: &[(Vec<u8>, Vec<u8>)], writers: usize, shared: bool) -> Outcome<Duration> {
    let one = Mutex::new(Sqlite::open(path)?);
    let own = (0..if shared { 0 } else { writers }).map(|_| Sqlite::open(path)).collect::<Outcome<Vec<_>>>()?;
    let mut own = own.into_iter();
    let start = Instant::now();
    thread::scope(|scope| {
        let one = &one;
        let writers: Vec<_> = entries
            .chunks(entries.len().div_ceil(writers))
            .map(|share| {
                let own = own.next();
                scope.spawn(move || {
                    share.iter().try_for_each(|(id, bytes)| match &own {
                        Some(own) => own.append(id, bytes),
                        None => one.lock().map_err(|_| "a writer has stopped")?.append(id, bytes),
                    })
                })
            })
            .collect();
        writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| "a writer has stopped")?)
    })
    .map(|()| start.elapsed())
}
