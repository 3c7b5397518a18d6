//! What the server is set to, and what our role may do there: read, told, and refused where what is acknowledged may be lost.
//! It must not change either.

use super::address::Address;
use super::fault::Fault;
use super::line::{Line, Lines, Open};
use crate::store::OpenError;
use tokio_postgres::types::Type;

/// What a server is set to; nothing where it has no such setting.
struct Set {
    synchronous_commit: Option<String>,
    fsync: Option<String>,
    full_page_writes: Option<String>,
    synchronous_standby_names: Option<String>,
}

/// What our role may do that it need not be able to do, in words.
struct Rights(Vec<&'static str>);

/// Holds the server to what durable means.
///
/// # Errors
/// [`OpenError::Unsafe`] where it may lose what it acknowledges, and the address does not allow that; [`OpenError::Server`].
pub(super) fn check(lines: &Lines, line: &Line) -> Result<(), OpenError> {
    let address = &lines.address;
    let opening = |fault: Fault| fault.opening("ask what the server is set to", address);
    let set = lines.ask(line, settings).map_err(opening)?;
    let Rights(rights) = lines.ask(line, rights).map_err(opening)?;
    if !rights.is_empty() {
        let may = rights.join(", ");
        tracing::warn!(
            %address, may,
            "this role may do more than read and append: give the program one that `minutebook store migrate --grant` let in"
        );
    }
    set.hold(address)
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
    })
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
    fn hold(&self, address: &Address) -> Result<(), OpenError> {
        let Self { synchronous_commit: commit, fsync, full_page_writes, synchronous_standby_names: standbys } = self;
        let (commit, fsync) = (commit.as_deref(), fsync.as_deref());
        let standbys = standbys.as_deref().unwrap_or_default();
        let is_copied = !standbys.is_empty();
        tracing::info!(
            %address, synchronous_commit = commit, fsync, full_page_writes = full_page_writes.as_deref(), standbys,
            "the server of the log is set so"
        );
        let off: Vec<&str> = [("fsync", fsync), ("synchronous_commit", commit)]
            .into_iter()
            .filter_map(|(name, set)| (set == Some("off")).then_some(name))
            .collect();
        if !off.is_empty() {
            let off = off.iter().map(|name| format!("{name}=off")).collect::<Vec<_>>().join(" and ");
            if !address.may_lose {
                return Err(OpenError::Unsafe { server: address.to_string(), set: off });
            }
            tracing::warn!(%address, off, "the server of the log may lose what it acknowledged, as loss=allowed has it");
        }
        if full_page_writes.as_deref() == Some("off") {
            tracing::warn!(%address, "full_page_writes=off: after a loss of power, pages of the log may be torn");
        }
        if is_copied && commit == Some("local") {
            tracing::warn!(%address, "synchronous_commit=local: an entry is acknowledged before a standby has it");
        }
        Ok(())
    }
}
