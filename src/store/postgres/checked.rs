//! What the server is set to, and what our role may do there: read, told, and refused where what is acknowledged may be lost. On
//! opening, and on every connection that appends: after a failover it is another server's. It must not change either.

use super::address::Address;
use super::fault::Fault;
use super::line::{Line, Lines, Open};
use crate::store::{OpenError, StoreError};
use std::sync::atomic::Ordering;
use tokio_postgres::types::Type;

/// What a server is set to; nothing where it has no such setting.
#[derive(PartialEq, Eq)]
pub(super) struct Set {
    synchronous_commit: Option<String>,
    fsync: Option<String>,
    full_page_writes: Option<String>,
    synchronous_standby_names: Option<String>,
    /// How many others read its log as it grows, as far as our role sees; nothing where it cannot say.
    standbys: Option<i64>,
}

/// What our role may do that it need not be able to do, in words.
struct Rights(Vec<&'static str>);

/// A server that may lose what it acknowledges: what it is set to, and what would be right.
struct Unsafe(String, &'static str);

const ASKING: &str = "ask what the server is set to";

/// Holds the server to what durable means, and gives what it is set to.
///
/// # Errors
/// [`OpenError::Unsafe`] where it may lose what it acknowledges, and the address does not allow that; [`OpenError::Server`].
pub(super) fn check(lines: &Lines, line: &Line) -> Result<Set, OpenError> {
    let address = &lines.address;
    let opening = |fault: Fault| fault.opening(ASKING, address);
    let set = lines.open(line).and_then(|open| read(lines, line, &open)).map_err(opening)?;
    let Rights(rights) = lines.ask(line, rights).map_err(opening)?;
    if !rights.is_empty() {
        let may = rights.join(", ");
        tracing::warn!(
            %address, may,
            "this role may do more than read and append: give the program one that `minutebook store migrate --grant` let in"
        );
    }
    set.tell(address);
    match set.hold(address) {
        Ok(()) => Ok(set),
        Err(Unsafe(set, remedy)) => Err(OpenError::Unsafe { server: address.to_string(), set, remedy }),
    }
}

/// The connection of a line, whose server was held to what durable means when the connection was made; `known` is what the last
/// one was set to.
///
/// # Errors
/// [`StoreError::Unsafe`], [`StoreError::Server`].
pub(super) fn held(lines: &Lines, line: &Line, known: &Set, doing: &str) -> Result<Open, StoreError> {
    let address = &lines.address;
    let open = lines.open(line).map_err(|fault| fault.doing(doing, address))?;
    if line.held.load(Ordering::SeqCst) != open.number {
        hold_again(lines, line, &open, known)?;
    }
    Ok(open)
}

/// Holds the server of a connection to what durable means. Where it is not, the connection ends: what a role is set to counts for
/// the next one.
///
/// # Errors
/// As [`held`].
pub(super) fn hold_again(lines: &Lines, line: &Line, open: &Open, known: &Set) -> Result<(), StoreError> {
    let address = &lines.address;
    let set = read(lines, line, open).map_err(|fault| fault.doing(ASKING, address))?;
    if set != *known {
        set.tell(address);
    }
    if let Err(Unsafe(set, remedy)) = set.hold(address) {
        line.held.store(0, Ordering::SeqCst);
        line.end();
        return Err(StoreError::Unsafe { server: address.to_string(), set, remedy });
    }
    line.held.store(open.number, Ordering::SeqCst);
    Ok(())
}

/// What the server of a connection is set to.
fn read(lines: &Lines, line: &Line, open: &Open) -> Result<Set, Fault> {
    let mut set = lines.with(line, open.clone(), settings)?;
    set.standbys = match lines.with(line, open.clone(), standbys) {
        // Not every database that speaks this protocol says so.
        Err(Fault::Said(..)) => None,
        standbys => Some(standbys?),
    };
    Ok(set)
}

async fn settings(open: Open) -> Result<Set, Fault> {
    let names = ["synchronous_commit", "fsync", "full_page_writes", "synchronous_standby_names"];
    let sql = "select current_setting($1, true), current_setting($2, true), current_setting($3, true), \
               current_setting($4, true)";
    let row = open.client.query_typed_one(sql, &names.each_ref().map(|name| (name as _, Type::TEXT))).await?;
    Ok(Set {
        synchronous_commit: row.try_get(0)?,
        fsync: row.try_get(1)?,
        full_page_writes: row.try_get(2)?,
        synchronous_standby_names: row.try_get(3)?,
        standbys: None,
    })
}

/// Who reads the server's log as it grows. A role of no rank sees that there are such, and not what they are at: a backup that runs
/// is then one of them.
async fn standbys(open: Open) -> Result<i64, Fault> {
    let sql = "select count(*) from pg_catalog.pg_stat_replication where coalesce(state, 'streaming') in ('streaming', 'catchup')";
    Ok(open.client.query_typed_one(sql, &[]).await?.try_get(0)?)
}

async fn rights(open: Open) -> Result<Rights, Fault> {
    let sql = "select r.rolsuper, pg_has_role(c.relowner, 'usage'), has_table_privilege(c.oid, 'update'), \
               has_table_privilege(c.oid, 'delete'), has_table_privilege(c.oid, 'truncate') \
               from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace \
               join pg_catalog.pg_roles as r on r.rolname = current_user \
               where n.nspname = 'minutebook' and c.relname = 'entry'";
    let row = open.client.query_typed_one(sql, &[]).await?;
    let words = ["is a superuser", "owns the tables", "may update", "may delete", "may truncate"];
    let mut rights = vec![];
    for (n, words) in words.into_iter().enumerate() {
        if row.try_get(n)? {
            rights.push(words);
        }
    }
    Ok(Rights(rights))
}

impl Set {
    /// In a line.
    pub(super) fn told(&self) -> String {
        let Self { synchronous_commit, fsync, full_page_writes, synchronous_standby_names, standbys } = self;
        let said = |name: &str, set: &Option<String>| format!("{name}={}", set.as_deref().unwrap_or("not said"));
        let standbys = standbys.map_or_else(|| "not said".to_owned(), |standbys| standbys.to_string());
        [
            said("synchronous_commit", synchronous_commit),
            said("fsync", fsync),
            said("full_page_writes", full_page_writes),
            said("synchronous_standby_names", synchronous_standby_names),
            format!("standbys seen: {standbys}"),
        ]
        .join(", ")
    }

    /// What may lose entries that were acknowledged, and what would not.
    fn risks(&self) -> Vec<(String, &'static str)> {
        let off = [("fsync", &self.fsync), ("synchronous_commit", &self.synchronous_commit)];
        let off = off.into_iter().filter(|(_, set)| set.as_deref() == Some("off"));
        let mut risks: Vec<_> = off.map(|(name, _)| (format!("{name}=off"), "set that to on")).collect();
        let waits_for = self.synchronous_standby_names.as_deref().unwrap_or_default();
        let standbys = self.standbys.unwrap_or_default();
        if waits_for.is_empty() && standbys > 0 {
            let what =
                format!("synchronous_standby_names=\"\" with {standbys} that read its log (pg_stat_replication)");
            risks.push((what, "name the standbys that a commit waits for in synchronous_standby_names"));
        }
        if !waits_for.is_empty() && self.synchronous_commit.as_deref() == Some("local") {
            let what = format!("synchronous_commit=local with synchronous_standby_names=\"{waits_for}\"");
            risks.push((what, "set synchronous_commit to on, so that a commit waits for them"));
        }
        risks
    }

    /// In the log of this program.
    fn tell(&self, address: &Address) {
        let Self { synchronous_commit, fsync, full_page_writes, synchronous_standby_names, standbys } = self;
        tracing::info!(
            %address, synchronous_commit = synchronous_commit.as_deref(), fsync = fsync.as_deref(),
            full_page_writes = full_page_writes.as_deref(),
            standbys = synchronous_standby_names.as_deref().unwrap_or_default(), standbys_seen = standbys,
            "the server of the log is set so"
        );
        if address.may_lose && !self.risks().is_empty() {
            let set = self.risked();
            tracing::warn!(%address, set, "the server of the log may lose what it acknowledged, as loss=allowed has it");
        }
        if full_page_writes.as_deref() == Some("off") {
            tracing::warn!(%address, "full_page_writes=off: after a loss of power, pages of the log may be torn");
        }
    }

    fn risked(&self) -> String {
        self.risks().into_iter().map(|(what, _)| what).collect::<Vec<_>>().join(" and ")
    }

    fn hold(&self, address: &Address) -> Result<(), Unsafe> {
        match self.risks().first() {
            Some((_, remedy)) if !address.may_lose => Err(Unsafe(self.risked(), remedy)),
            _ => Ok(()),
        }
    }
}
