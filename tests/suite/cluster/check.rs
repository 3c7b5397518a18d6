//! The log, read by PostgreSQL's own client, held to what each writer was told and when. It must not ask a node, nor use what
//! reads the log for us.

use super::clients::{Call, Told};
use crate::postgres::server::Server;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// An entry as the table has it.
#[derive(Debug, Clone)]
pub struct Row {
    pub position: u64,
    pub id: String,
    pub leaf: String,
    /// Whether the server itself makes that leaf of those bytes.
    pub is_of_bytes: bool,
    pub bytes: String,
}

/// All entries of a ledger.
pub fn log(server: &Server, ledger: &str) -> Vec<Row> {
    let sql = format!(
        "select position, id, encode(leaf, 'hex'), leaf = sha256('\\x00'::bytea || bytes), convert_from(bytes, 'UTF8') \
         from minutebook.entry where ledger = '{ledger}' order by position"
    );
    let row = |line: &str| {
        let parts: Vec<&str> = line.splitn(5, '|').collect();
        let [position, id, leaf, is_of_bytes, bytes] = parts[..] else { panic!("{line}") };
        let text = ToOwned::to_owned;
        Row {
            position: position.parse().expect("a position"),
            id: text(id),
            leaf: text(leaf),
            is_of_bytes: is_of_bytes == "t",
            bytes: text(bytes),
        }
    };
    server.sql(&sql).lines().map(row).collect()
}

/// How often what was told.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub kept: u64,
    pub conflicts: u64,
    pub refused: u64,
    pub unknown: u64,
    /// Of the entries of those that were not known, how many were in the log when they were asked for again.
    pub unknown_and_kept: u64,
}

/// Holds the log to what the writers were told.
///
/// # Errors
/// The first thing that is not true, in words.
pub fn check(log: &[Row], calls: &[Call]) -> Result<Counts, String> {
    is_linear(log)?;
    let ids: BTreeMap<&str, &Row> = log.iter().map(|row| (row.id.as_str(), row)).collect();
    if ids.len() != log.len() {
        return Err("an id is in the log twice".to_owned());
    }
    let mut counts = Counts::default();
    for call in calls {
        let row = ids.get(call.id.as_str());
        match &call.told {
            Told::Kept { position, leaf, .. } => {
                counts.kept += 1;
                let found = row.map(|row| (row.position, &*row.leaf));
                if found != Some((*position, leaf)) {
                    return Err(format!("a receipt is not true: {call:?}, and the log has {row:?}"));
                }
            }
            Told::Conflict { actual } => {
                counts.conflicts += 1;
                if *actual <= call.claim || log.len() < *actual as usize {
                    return Err(format!("a conflict is not true: {call:?}, and the log has {} entries", log.len()));
                }
                if row.is_some_and(|row| row.position < *actual) {
                    return Err(format!("it was told of a conflict, and was kept: {call:?}, {row:?}"));
                }
            }
            Told::Refused(_) => counts.refused += 1,
            Told::Unknown(_) => counts.unknown += 1,
        }
    }
    let by_id = by_id(calls);
    for calls in by_id.values() {
        counts.unknown_and_kept += u64::from(was_known(calls)?);
    }
    for row in log {
        // Somebody else's entry, from before.
        let Some(calls) = by_id.get(row.id.as_str()) else { continue };
        if !calls.iter().any(|call| matches!(call.told, Told::Kept { .. } | Told::Unknown(_))) {
            return Err(format!("every call was told that it was not kept: {calls:?}, {row:?}"));
        }
        let claims: BTreeSet<u64> = calls.iter().map(|call| call.claim).collect();
        if !claims.contains(&row.position) {
            return Err(format!("it was kept where nobody claimed: {row:?}, {claims:?}"));
        }
    }
    in_time(log, &by_id)?;
    Ok(counts)
}

/// Whether the first receipt of an entry tells that it was there before: then a call before that must have been told that nobody
/// knows.
fn was_known(calls: &[&Call]) -> Result<bool, String> {
    let kept = calls.iter().position(|call| matches!(call.told, Told::Kept { .. }));
    let Some(first) = kept else { return Ok(false) };
    if !matches!(calls[first].told, Told::Kept { repeated: true, .. }) {
        return Ok(false);
    }
    match calls[..first].iter().any(|call| matches!(call.told, Told::Unknown(_))) {
        true => Ok(true),
        false => Err(format!("it was kept by a call that was told that it was not: {calls:?}")),
    }
}

fn by_id(calls: &[Call]) -> BTreeMap<&str, Vec<&Call>> {
    let mut by_id: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    for call in calls {
        by_id.entry(&call.id).or_default().push(call);
    }
    by_id
}

/// Positions without a gap, each entry the one that expected so many before it, recorded later than the one before, and with
/// the leaf of its bytes.
fn is_linear(log: &[Row]) -> Result<(), String> {
    let mut last = String::new();
    for (position, row) in (0..).zip(log) {
        let entry: Value = serde_json::from_str(&row.bytes).map_err(|error| format!("{row:?}: {error}"))?;
        let recorded = entry["recorded"].as_str().unwrap_or_default().to_owned();
        let holds = row.position == position
            && row.is_of_bytes
            && entry["expected_head"].as_u64() == Some(position)
            && entry["id"].as_str() == Some(&row.id)
            && recorded > last;
        if !holds {
            return Err(format!(
                "the log does not hold together at position {position}, recorded after {last}: {row:?}"
            ));
        }
        last = recorded;
    }
    Ok(())
}

/// That an append which began after the receipt of another is later in the log, and that a conflict was told after others had
/// begun to append what it is told of.
fn in_time(log: &[Row], by_id: &BTreeMap<&str, Vec<&Call>>) -> Result<(), String> {
    // The latest moment at which an entry up to here was first sent.
    let mut began = (Duration::ZERO, "");
    for row in log {
        let Some(calls) = by_id.get(row.id.as_str()) else { continue };
        let first = calls.iter().map(|call| call.began).min().unwrap_or_default();
        let receipt = calls.iter().filter(|call| matches!(call.told, Told::Kept { .. })).map(|call| call.ended).min();
        if receipt.is_some_and(|receipt| receipt < began.0) {
            return Err(format!("{} is after {}, which began after its receipt", row.id, began.1));
        }
        began = began.max((first, &row.id));
        for call in calls {
            // Who was told at all was told of what had been sent by then.
            if let Told::Conflict { actual } = call.told {
                let taken = log.get(actual as usize - 1).and_then(|row| by_id.get(row.id.as_str()));
                let sent = taken.and_then(|calls| calls.iter().map(|call| call.began).min());
                if sent.is_some_and(|sent| sent > call.ended) {
                    return Err(format!("it was told of a conflict before that was so: {call:?}"));
                }
            }
        }
    }
    Ok(())
}
