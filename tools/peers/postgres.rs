//! PostgreSQL as a peer: its tables, its questions, its writers. It must not compare anything, nor start the server.

use super::measure::Outcome;
use super::questions::{Asked, Fold, Lines, Portfolio, Told, Total};
use super::rows::{Row, Table};
use minutebook_events::Day;
use postgres::types::FromSql;
use postgres::{Client, NoTls, Statement};
use std::fmt::Write as _;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

pub const NAME: &str = "PostgreSQL 15";
const SCHEMA: &str = include_str!("postgres.sql");
const INDEXES: &str = include_str!("postgres-indexes.sql");
const QUESTION: &str = include_str!("postgres-question.sql");
const FOLD: &str = include_str!("postgres-fold.sql");
const PORTFOLIO: &str = include_str!("postgres-portfolio.sql");
const APPEND: &str = "INSERT INTO entries (id, bytes) VALUES ($1::text::uuid, $2)";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// How it is set, in words.
pub const READING: &str = "prepared, over a Unix socket, ranges, covering btree and GiST, 1 GB buffers";
pub const WRITING: &str = "fsync, synchronous_commit=on, over a Unix socket, id unique";

pub struct Postgres {
    client: Client,
    question: Option<Statement>,
}

impl Postgres {
    pub fn connect(to: &str) -> Outcome<Self> {
        Ok(Self { client: Client::connect(to, NoTls)?, question: None })
    }

    /// Makes the tables anew.
    pub fn create(&mut self) -> Outcome<()> {
        self.client.batch_execute("DROP TABLE IF EXISTS entries, lines, facts")?;
        Ok(self.client.batch_execute(SCHEMA)?)
    }

    /// Takes all facts, then makes the indexes.
    pub fn load(&mut self, table: &Table) -> Outcome<()> {
        let mut copy = self.client.copy_in("COPY lines FROM STDIN (FORMAT csv)")?;
        for (number, line) in table.lines.iter().enumerate() {
            let contract = &table.contracts[line.contract as usize];
            writeln!(copy, "{number},{contract},{},{}", line.name, line.funder)?;
        }
        copy.finish()?;
        let mut copy = self.client.copy_in("COPY facts FROM STDIN (FORMAT csv)")?;
        let mut text = String::new();
        for row in &table.rows {
            text.clear();
            write_row(&mut text, row)?;
            copy.write_all(text.as_bytes())?;
        }
        copy.finish()?;
        for statement in INDEXES.split_inclusive(';') {
            // VACUUM runs in no transaction, so that each is sent alone.
            self.client.batch_execute(statement)?;
        }
        Ok(())
    }

    pub fn lines(&mut self, asked: &Asked) -> Outcome<Lines> {
        let question = match &self.question {
            Some(question) => question.clone(),
            None => self.question.insert(self.client.prepare(QUESTION)?).clone(),
        };
        let last = asked.known as i64 - 1;
        // Later than any that is recorded.
        let by = asked.decided_by.unwrap_or(Day::from_ymd_opt(9999, 12, 31).expect("a day"));
        let rows = self.client.query(&question, &[&asked.contract.as_str(), &asked.as_of, &last, &by])?;
        Ok(rows.iter().map(told::<String>).collect())
    }

    /// Whether the server may answer by several processes at once, as it does unless it is told otherwise.
    pub fn parallel(&mut self, may: bool) -> Outcome<()> {
        let gather = "max_parallel_workers_per_gather";
        let set = if may { format!("RESET {gather}") } else { format!("SET {gather} = 0") };
        Ok(self.client.batch_execute(&set)?)
    }

    pub fn fold(&mut self, day: Day, entries: u64) -> Outcome<Fold> {
        let rows = self.client.query(FOLD, &[&day, &(entries as i64 - 1)])?;
        Ok(rows.iter().map(|row| told::<i32>(row).with(|line| line as u32)).collect())
    }

    pub fn portfolio(&mut self, day: Day, entries: u64) -> Outcome<Portfolio> {
        let rows = self.client.query(PORTFOLIO, &[&day, &(entries as i64 - 1)])?;
        let count = |row: &postgres::Row, at: usize| row.get::<_, i64>(at) as u64;
        let total = |row: &postgres::Row| Total { pence: row.get(1), added: count(row, 2), lacking: count(row, 3) };
        Ok(rows.iter().map(|row| (row.get(0), total(row))).collect())
    }

    /// Entries in commits of so many.
    pub fn import(&mut self, entries: &[(String, Vec<u8>)], commit: usize) -> Outcome<()> {
        for group in entries.chunks(commit) {
            let mut copy = self.client.copy_in("COPY entries (id, bytes) FROM STDIN")?;
            let mut text = String::new();
            for (id, bytes) in group {
                text.clear();
                write!(text, "{id}\t\\\\x")?;
                let digit = |half: u8| char::from(HEX[usize::from(half)]);
                text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
                text.push('\n');
                copy.write_all(text.as_bytes())?;
            }
            copy.finish()?;
        }
        Ok(())
    }

    /// What some tables take on disk, their indexes included.
    pub fn size(&mut self, tables: &[&str]) -> Outcome<u64> {
        self.client.batch_execute("CHECKPOINT")?;
        let mut bytes = 0;
        for table in tables {
            let row = self.client.query_one("SELECT pg_total_relation_size($1::text::regclass)", &[table])?;
            bytes += row.get::<_, i64>(0) as u64;
        }
        Ok(bytes)
    }
}

fn told<'a, Line: FromSql<'a>>(row: &'a postgres::Row) -> Told<Line> {
    Told {
        line: row.get(0),
        position: row.get::<_, i64>(1) as u64,
        place: row.get::<_, i32>(2) as u16,
        is_change: row.get(3),
        pence: row.get(4),
    }
}

/// The fact of a row as COPY takes it.
fn write_row(out: &mut String, row: &Row) -> Outcome<()> {
    let date = |day: Day| match day {
        Day::MIN => "-infinity".to_owned(),
        Day::MAX => "infinity".to_owned(),
        day => day.to_string(),
    };
    let range = |first: Day, last: Option<Day>| match last {
        Some(last) if last < first => "empty".to_owned(),
        Some(last) => format!("[{},{}]", date(first), date(last)),
        None => format!("[{},)", date(first)),
    };
    let [earliest, latest] = row.from;
    let surely = range(latest, row.until.map(|[earliest, _]| earliest));
    let perhaps = range(earliest, row.until.map(|[_, latest]| latest));
    let struck = row.struck.map(|struck| struck.to_string()).unwrap_or_default();
    let pence = row.pence.map(|pence| pence.to_string()).unwrap_or_default();
    writeln!(
        out,
        "{},{},{},\"{surely}\",\"{perhaps}\",\"[{},{struck})\",{},{},{},{},{},{},{pence}",
        row.line,
        row.position,
        row.place,
        row.position,
        date(earliest),
        date(latest),
        date(row.decided),
        row.class,
        row.strength,
        row.is_change,
    )?;
    Ok(())
}

/// Durable appends by some writers at once, each with a connection of its own, each entry a commit.
pub fn appends(to: &str, entries: &[(String, Vec<u8>)], writers: usize) -> Outcome<Duration> {
    let shares = entries.chunks(entries.len().div_ceil(writers));
    let ready = shares
        .map(|share| {
            let mut client = Client::connect(to, NoTls)?;
            let append = client.prepare(APPEND)?;
            Ok((client, append, share))
        })
        .collect::<Outcome<Vec<_>>>()?;
    let start = Instant::now();
    thread::scope(|scope| {
        let write = |(mut client, append, share): (Client, Statement, &[(String, Vec<u8>)])| {
            share.iter().try_for_each(|(id, bytes)| client.execute(&append, &[id, bytes]).map(drop))
        };
        let writers: Vec<_> = ready.into_iter().map(|ready| scope.spawn(move || write(ready))).collect();
        writers.into_iter().try_for_each(|writer| Ok(writer.join().map_err(|_| "a writer has stopped")??))
    })
    .map(|()| start.elapsed())
}
