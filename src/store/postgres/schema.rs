//! The tables of the log: made, migrated, granted. What holds for entries holds here for whoever comes by: positions without
//! a gap, nothing ever changed. It must not read or write an entry.
//!
//! Tables are parted by a hash of the ledger's name, into a fixed number: a new ledger is then a row and no change of tables,
//! so that who appends need not be who owns them, and the planner's work is the same for one ledger and for ten thousand.
//! A part a ledger would let one be put aside whole; `store copy` does that.

use super::address::Address;
use super::fault::Fault;
use super::line::{Line, Lines, Open};
use crate::store::OpenError;
use std::fmt::Write;
use tokio_postgres::types::Type;

/// The version of the tables that this program reads and writes.
pub(super) const VERSION: u64 = 1;

/// What the tables say where an entry would follow nothing.
pub(super) const GAP: &str = "MB001";

/// Into how many parts the tables are cut.
const PARTS: u32 = 16;

/// How often to begin again where somebody else migrates at the same time.
const TRIES: usize = 10;

/// Who may do what with the tables.
#[derive(Debug, Default, Clone)]
pub struct Grants {
    /// Roles that read and append.
    pub append: Vec<String>,
    /// Roles that read.
    pub read: Vec<String>,
}

/// What a migration came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Migrated {
    /// The tables were made.
    Made,
    /// They were there already.
    Already,
}

/// Makes the tables in the database of an address, or brings them up to this program, and grants what is asked. Once or
/// twice or by two at once comes to the same.
///
/// # Errors
/// [`OpenError::NoRole`] where a role to let in is not there, before anything is made; [`OpenError::Newer`] where a later program
/// made them; [`OpenError::Server`].
pub fn migrate(address: Address, grants: &Grants) -> Result<Migrated, OpenError> {
    let (lines, line) = (Lines::new(address)?, Line::default());
    let roles: Vec<String> = grants.append.iter().chain(&grants.read).cloned().collect();
    let missing = lines.ask(&line, |open| missing(open, roles.clone()));
    if let Some(role) = missing.map_err(|fault| fault.opening("look for the roles", &lines.address))? {
        return Err(OpenError::NoRole { server: lines.address.to_string(), role });
    }
    let mut migrated = Migrated::Already;
    in_turn(|| {
        if version(&lines, &line)? == Some(VERSION) {
            return Ok(Ok(()));
        }
        let made = run(&lines, &line, "make the tables", first())?;
        if made.is_ok() {
            migrated = Migrated::Made;
        }
        Ok(made)
    })?;
    in_turn(|| run(&lines, &line, "grant what is asked", granted(grants)))?;
    Ok(migrated)
}

/// The first of these roles that is not there.
async fn missing(open: Open, roles: Vec<String>) -> Result<Option<String>, Fault> {
    let sql = "select wanted from unnest($1::text[]) as wanted \
               where not exists (select 1 from pg_catalog.pg_roles where rolname = wanted) limit 1";
    let rows = open.client.query_typed(sql, &[(&roles, Type::TEXT_ARRAY)]).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
}

/// Does what others may be doing at the same time, and again where they were first.
fn in_turn(mut work: impl FnMut() -> Turn) -> Result<(), OpenError> {
    for _ in 1..TRIES {
        if work()?.is_ok() {
            return Ok(());
        }
    }
    work()?
}

/// What came of work; within, what others were doing at the same time.
type Turn = Result<Result<(), OpenError>, OpenError>;

/// Runs statements, all of them or none.
fn run(lines: &Lines, line: &Line, doing: &'static str, sql: String) -> Turn {
    let done = lines.once(line, |open| async move {
        let done = open.client.batch_execute(&format!("begin; {sql}; commit")).await;
        if done.is_err() {
            open.client.batch_execute("rollback").await?;
        }
        Ok(done?)
    });
    match done {
        Ok(()) => Ok(Ok(())),
        Err(fault) if met_another(&fault) => Ok(Err(fault.opening(doing, &lines.address))),
        Err(fault) => Err(fault.opening(doing, &lines.address)),
    }
}

/// Whether somebody else has just made what we were about to make.
fn met_another(fault: &Fault) -> bool {
    let Fault::Said(code, _) = fault else { return false };
    ["23505", "42P06", "42P07", "42710", "42723", "40001", "40P01", "XX000"].contains(&code.code())
}

/// The version of the tables that are there, which this program knows; nothing where there are none.
///
/// # Errors
/// [`OpenError::Newer`], [`OpenError::Server`].
pub(super) fn version(lines: &Lines, line: &Line) -> Result<Option<u64>, OpenError> {
    let address = &lines.address;
    let found = lines.ask(line, found).map_err(|fault| fault.opening("look for the tables", address))?;
    match found {
        Some(found) if found > VERSION => {
            Err(OpenError::Newer { path: address.to_string().into(), found, known: VERSION, program: None })
        }
        found => Ok(found),
    }
}

async fn found(open: Open) -> Result<Option<u64>, Fault> {
    let sql = "select 1 from pg_catalog.pg_tables where schemaname = $1 and tablename = $2";
    let names = [(&"minutebook" as _, Type::TEXT), (&"schema_version" as _, Type::TEXT)];
    if open.client.query_typed(sql, &names).await?.is_empty() {
        return Ok(None);
    }
    let row = open.client.query_typed_one("select version from minutebook.schema_version", &[]).await?;
    let version: i64 = row.try_get(0)?;
    u64::try_from(version).map(Some).map_err(|_| Fault::unfit(format!("the version of the tables is {version}")))
}

/// The first version of the tables.
fn first() -> String {
    let mut sql = String::from(
        "
        create schema if not exists minutebook;
        create table minutebook.schema_version (one boolean primary key check (one), version bigint not null);
        insert into minutebook.schema_version values (true, 1);

        -- The ledgers that there are: a name that was mistyped is none.
        create table minutebook.ledger (ledger text primary key, made timestamptz not null default now());

        create table minutebook.entry (
            ledger text not null,
            position bigint not null check (position >= 0),
            id uuid not null,
            leaf bytea not null check (octet_length(leaf) = 32),
            bytes bytea not null,
            primary key (ledger, position),
            unique (ledger, id)
        ) partition by hash (ledger);

        -- Where a subject leads to, by the first half of its hash.
        create table minutebook.led (
            ledger text not null,
            key bytea not null check (octet_length(key) = 16),
            position bigint not null,
            primary key (ledger, key, position)
        ) partition by hash (ledger);

        -- Hashes of what was made of the entries and lies elsewhere. The only rows that change.
        create table minutebook.note (
            ledger text not null, name text not null, hash bytea not null, primary key (ledger, name)
        );

        create function minutebook.follow() returns trigger language plpgsql as $$
        begin
            if new.position > 0 and not exists (
                select 1 from minutebook.entry as before
                where before.ledger = new.ledger and before.position = new.position - 1
            ) then
                raise exception 'nothing is stored before position % of %', new.position, new.ledger
                    using errcode = 'MB001';
            end if;
            return new;
        end $$;
        create trigger follow before insert on minutebook.entry
            for each row execute function minutebook.follow();

        create function minutebook.refuse() returns trigger language plpgsql as $$
        begin
            raise exception 'what is recorded is never changed: % on % is refused', lower(tg_op), tg_table_name
                using errcode = 'MB002';
        end $$;
        ",
    );
    let mut tables = vec!["ledger".to_owned()];
    for table in ["entry", "led"] {
        tables.push(table.to_owned());
        for part in 0..PARTS {
            let _ = write!(
                sql,
                "create table minutebook.{table}_{part} partition of minutebook.{table}
                    for values with (modulus {PARTS}, remainder {part});"
            );
            tables.push(format!("{table}_{part}"));
        }
    }
    // A trigger on rows counts for the parts of a table, one on statements for itself alone.
    for table in ["ledger", "entry", "led"] {
        let _ = write!(
            sql,
            "create trigger refuse before update or delete on minutebook.{table}
                for each row execute function minutebook.refuse();"
        );
    }
    for table in tables {
        let _ = write!(
            sql,
            "create trigger refuse_truncate before truncate on minutebook.{table}
                for each statement execute function minutebook.refuse();"
        );
    }
    sql
}

/// What lets roles at the tables, as little as they need.
fn granted(grants: &Grants) -> String {
    let mut sql = String::new();
    for role in grants.append.iter().chain(&grants.read) {
        let role = quoted(role);
        let _ = write!(
            sql,
            "grant usage on schema minutebook to {role};
             grant select on minutebook.schema_version, minutebook.ledger, minutebook.entry, minutebook.led, minutebook.note
                to {role};"
        );
    }
    for role in &grants.append {
        let role = quoted(role);
        let _ = write!(
            sql,
            "grant insert on minutebook.ledger, minutebook.entry, minutebook.led, minutebook.note to {role};
             grant update on minutebook.note to {role};"
        );
    }
    sql
}

/// A name as SQL takes any.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
