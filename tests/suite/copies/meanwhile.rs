//! Copies while others record, and copies that are killed or watched: what is there is whole and on disk.

use super::{council, restored, tree};
use crate::run::{BINARY, Place, defines, reopen};
use minutebook::audit::checkpoint::{Signed, sign};
use minutebook::audit::key::PrivateKey;
use minutebook::copies::{Step, archive, backup};
use minutebook::ledger::{Ledger, Receipt, RecordError};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Hash, Position};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// Records until it is told to stop.
fn writer(ledger: &Ledger, name: &str, stop: &AtomicBool, receipts: &Mutex<Vec<Receipt>>) {
    for number in 0.. {
        let draft = DecisionFile::parse(&defines(&format!("{name}-{number}"))).unwrap().draft;
        let mut expected = ledger.head();
        let receipt = loop {
            match wait(ledger.record(draft.clone(), expected)) {
                Ok(receipt) => break receipt,
                Err(RecordError::Conflict { actual, .. }) => expected = actual,
                Err(error) => panic!("{error}"),
            }
        };
        receipts.lock().unwrap().push(receipt);
        if stop.load(SeqCst) {
            return;
        }
    }
}

#[test]
fn copies_made_while_others_record_hold_all_that_was_there_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let ledger = Ledger::create(&at("ledger")).unwrap();
    let key = PrivateKey::create(&at("key"), "kent.example/minutebook").unwrap();
    let (stop, receipts) = (AtomicBool::new(false), Mutex::new(vec![]));
    let until = |size: Position| {
        while ledger.head() < size {
            sleep(Duration::from_millis(1));
        }
    };
    let signed = || wait(sign(&ledger, &Signed::of(&at("ledger")), &key)).unwrap();
    let (before, head) = thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let (ledger, stop, receipts) = (&ledger, &stop, &receipts);
            scope.spawn(move || writer(ledger, name, stop, receipts));
        }
        until(Position(80));
        signed();
        let before = receipts.lock().unwrap().clone();
        let head = wait(ledger.roots()).unwrap();
        let mut seen = 0;
        // Others record while entries are copied and while they are verified, and a larger ledger is signed.
        backup(&ledger, &head, &at("ledger"), &at("backup"), &mut |step, done, _| {
            if done == 1 {
                until(Position(head.size.0 + 40 * (1 + u64::from(step == Step::Verifying))));
                signed();
                seen += 1;
            }
        })
        .unwrap();
        assert_eq!(seen, 2);
        archive(ledger.store(), &at("ledger"), &at("archive"), &mut |_, done, total| {
            if done == 1 {
                until(Position(total + 40));
                signed();
            }
        })
        .unwrap();
        stop.store(true, SeqCst);
        (before, head)
    });
    assert!(ledger.head().0 > head.size.0 + 80);
    let copy = reopen(&at("backup"));
    assert_eq!(copy.head(), head.size);
    assert!(before.len() >= 77 && before.iter().all(|receipt| receipt.position < head.size));
    for receipt in &before {
        assert_eq!(copy.stored(receipt.position).unwrap().unwrap().leaf, receipt.leaf);
    }
    for position in (0..head.size.0).map(Position) {
        assert_eq!(copy.stored(position).unwrap(), ledger.stored(position).unwrap());
    }
    assert_eq!(wait(copy.roots()).unwrap(), head);
    assert_eq!(Signed::of(&at("backup")).all().unwrap().len(), 1, "only one was signed of what is in the copy");
    drop(copy);
    for from in ["backup", "archive"] {
        let to = at(&format!("from-{from}"));
        restored(&at(from), &to);
        let copy = reopen(&to);
        assert!(copy.head() >= head.size);
        assert_eq!(copy.tree().root(copy.head().0), ledger.tree().root(copy.head().0));
    }
}

fn random(seed: u64, n: u64) -> u64 {
    let digest = Hash::of([&seed.to_be_bytes()[..], &n.to_be_bytes()]);
    u64::from_be_bytes(digest.0[..8].try_into().unwrap())
}

/// Kills each kind of copy at moments of its whole run: its target is whole or not there, what is copied is as it was, and
/// the same command then succeeds.
#[test]
fn a_copy_that_is_killed_is_whole_or_not_there() {
    let seed = std::env::var("MINUTEBOOK_SEED").map_or(u64::from(std::process::id()), |text| text.parse().unwrap());
    println!("seed {seed}");
    let (place, _) = council();
    place.run(&["backup", "--out", "b"]).ok();
    place.run(&["archive", "--out", "a"]).ok();
    let sources = [tree(&place.path().join("a")), tree(&place.path().join("b"))];
    let verified = place.run(&["verify", "--json"]).ok().out;
    let new = place.path().join("new");
    let (mut cut, mut whole) = (0, 0);
    for (args, number) in [
        &["backup", "--out", "new"][..],
        &["archive", "--out", "new"],
        &["restore", "--from", "b", "--ledger", "new"],
        &["restore", "--from", "a", "--ledger", "new"],
    ]
    .into_iter()
    .zip(0..)
    {
        let start = Instant::now();
        place.run(args).ok();
        let whole_run = start.elapsed();
        for round in 0..4 {
            fs::remove_dir_all(&new).unwrap();
            kill(&place, args, whole_run.mul_f64((random(seed, number * 4 + round) % 1_000) as f64 / 900.0));
            if new.exists() {
                whole += 1;
            } else {
                cut += 1;
                place.run(args).ok();
            }
            if args[0] == "archive" {
                assert!(tree(&new) == sources[0], "seed {seed}: another archive");
            } else {
                assert_eq!(place.run(&["--ledger", "new", "verify", "--json"]).ok().out, verified, "seed {seed}");
            }
        }
        fs::remove_dir_all(&new).unwrap();
        let now = [tree(&place.path().join("a")), tree(&place.path().join("b"))];
        assert!(now == sources, "seed {seed}: a copy was changed");
    }
    assert_eq!(place.run(&["verify", "--json"]).ok().out, verified);
    println!("{cut} were cut short, {whole} had finished");
    assert!(cut > 0, "seed {seed}: no kill came in time");
}

fn kill(place: &Place, args: &[&str], after: Duration) {
    let mut command = Command::new(BINARY);
    command.args(args).current_dir(place.path()).env_remove("MINUTEBOOK_LEDGER");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Every file of a copy is flushed before the copy gets its name, and the name after.
#[test]
#[cfg(target_os = "linux")]
fn a_copy_is_on_disk_before_it_has_its_name() {
    if !Command::new("strace").args(["-qq", "true"]).output().is_ok_and(|run| run.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "strace is missing or may not trace: CI must have it");
        println!("skipped: strace is missing or may not trace");
        return;
    }
    let (place, _) = council();
    for (kind, from) in [("backup", None), ("archive", None), ("restore", Some("archive"))] {
        let mut args = vec![kind, "--out", kind];
        if let Some(from) = from {
            args = vec![kind, "--from", from, "--ledger", kind];
        }
        let trace = place.path().join("trace");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-y", "-qq", "-e", "trace=fdatasync,fsync,rename,renameat,renameat2", "-o"]).arg(&trace);
        let run = strace.arg(BINARY).args(&args).current_dir(place.path()).env_remove("MINUTEBOOK_LEDGER").output();
        let run = run.unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert_flushed_then_named(&fs::read_to_string(trace).unwrap(), place.path(), kind);
    }
}

fn assert_flushed_then_named(trace: &str, place: &Path, kind: &str) {
    let lines: Vec<&str> = trace.lines().collect();
    let named =
        lines.iter().rposition(|line| line.contains("rename") && line.contains(&format!("{kind}.draft/copy\"")));
    let named = named.unwrap_or_else(|| panic!("{kind} was never named:\n{trace}"));
    let flushed = |lines: &[&str], path: &str| {
        let words = format!("{path}>");
        lines.iter().any(|line| line.contains("sync(") && line.contains(&words))
    };
    let files = tree(&place.join(kind));
    assert!(files.len() > 5, "{files:?}");
    for name in files.keys() {
        assert!(flushed(&lines[..named], &format!("{kind}.draft/copy{name}")), "{kind}{name} was not flushed before");
    }
    let home = fs::canonicalize(place).unwrap();
    assert!(flushed(&lines[named..], home.to_str().unwrap()), "the name of {kind} was not flushed");
}
