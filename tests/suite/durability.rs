//! Every acknowledged append reached the disk: counted from outside, by the flushes that the operating system saw.
//! sled's own `flush` does not flush on Linux, and no test of what is read can tell.
#![cfg(target_os = "linux")]

use minutebook::store::{NewEntry, create};
use minutebook_events::{EntryId, Position};
use std::path::Path;
use std::process::Command;

const DIR: &str = "MINUTEBOOK_DURABILITY_DIR";
const APPENDS: usize = 150; // two blocks are sealed on the way

/// Not a test: the process that is watched. Each receipt is a write of its own, so that the trace shows the order.
#[test]
fn child_appends() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let store = create(Path::new(&dir)).expect("a new ledger");
    for n in 0..APPENDS as u64 {
        let subjects = vec!["contract cbw".parse().expect("a good subject")];
        let entry = NewEntry::new(EntryId::from_text(&n.to_string()), subjects, vec![b'x'; 400]);
        store.append(Position(n), &[entry]).expect("an append on a sound disk succeeds");
        println!("\nreceipt {n}");
    }
}

#[test]
fn each_receipt_follows_a_flush_of_the_log() {
    if !Command::new("strace").args(["-qq", "true"]).output().is_ok_and(|run| run.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "strace is missing or may not trace: CI must have it");
        println!("skipped: strace is missing or may not trace");
        return;
    }
    let dir = tempfile::TempDir::new().expect("a temporary folder");
    let trace = dir.path().join("trace");
    let run = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=fdatasync,fsync,write", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().expect("this binary has a path"))
        .args(["--exact", "durability::child_appends", "--nocapture"])
        .env(DIR, dir.path().join("ledger"))
        .output()
        .expect("strace runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let trace = std::fs::read_to_string(trace).expect("strace wrote its trace");
    assert_eq!(receipts_after_a_flush(&trace), APPENDS, "receipts that no flush came before");
}

/// Counts the receipts that have a flush of sled's log between them and the receipt before.
fn receipts_after_a_flush(trace: &str) -> usize {
    let (mut flushed, mut count) = (false, 0);
    for line in trace.lines() {
        if line.contains("sync(") && line.contains("/sled/db>") {
            flushed = true;
        } else if line.contains("write(1<") && line.contains("receipt ") {
            count += usize::from(flushed);
            flushed = false;
        }
    }
    count
}
