//! How long one durable append takes: our store beside a plain file and SQLite, on one disk, in one run.
//! `cargo bench -p minutebook-tools --bench append`; the last lines give the ratio of medians to the plain file, over
//! the appends themselves, in rounds that take turns, so that a busy moment of the machine falls on all alike.
#![allow(missing_docs, reason = "criterion's macro writes functions without")]

use criterion::{BenchmarkId, Criterion, criterion_group};
use minutebook::store::{NewEntry, Store, create};
use minutebook_events::{EntryId, Position};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Bytes of an entry: a small one as most are, and one with many events.
const SIZES: [usize; 2] = [425, 4096];
const ROUNDS: usize = 40;
const APPENDS_A_ROUND: usize = 50;

/// A JSON text of this size that differs from number to number.
fn json(number: u64, size: usize) -> Vec<u8> {
    let mut text = format!(r#"{{"v":1,"id":"{}","events":["#, EntryId::from_text(&number.to_string()));
    while text.len() + 2 < size {
        let n = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(text.len() as u64 * 7_919) % 10_000_000;
        text += &format!(r#"{{"kind":"value-set","contract":"cbw","line":"lot-{}","pounds":"{n}"}},"#, n % 12);
    }
    text.truncate(size - 2);
    text += "]}";
    text.into_bytes()
}

/// Something that appends one entry durably.
trait Appender {
    fn append(&mut self, number: u64, bytes: Vec<u8>);
}

struct Plain(File);
impl Appender for Plain {
    fn append(&mut self, _: u64, bytes: Vec<u8>) {
        self.0.write_all(&bytes).expect("the disk takes it");
        self.0.sync_data().expect("the disk flushes");
    }
}

struct Sqlite(rusqlite::Connection);
impl Appender for Sqlite {
    fn append(&mut self, number: u64, bytes: Vec<u8>) {
        let mut insert = self.0.prepare_cached("INSERT INTO entries VALUES (?1, ?2)").expect("good SQL");
        insert.execute((number as i64, bytes)).expect("the disk takes it");
    }
}

struct Ours(Arc<dyn Store>);
impl Appender for Ours {
    fn append(&mut self, number: u64, bytes: Vec<u8>) {
        let subjects = vec!["contract cbw".parse().expect("a good subject")];
        let entry = NewEntry::new(EntryId::from_text(&number.to_string()), subjects, bytes);
        self.0.append(Position(number), &[entry]).expect("the disk takes it");
    }
}

const NAMES: [&str; 3] = ["plain file + fdatasync", "SQLite, WAL, FULL", "our store"];

fn appender(name: &str, dir: &Path) -> Box<dyn Appender> {
    match name {
        "our store" => Box::new(Ours(create(&dir.join("ledger")).expect("a new ledger"))),
        "SQLite, WAL, FULL" => {
            let db = rusqlite::Connection::open(dir.join("sqlite")).expect("a new database");
            let setup = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE entries (position INTEGER PRIMARY KEY, bytes BLOB)";
            db.execute_batch(setup).expect("good SQL");
            Box::new(Sqlite(db))
        }
        _ => Box::new(Plain(File::create(dir.join("plain")).expect("a new file"))),
    }
}

/// A folder on the disk that the build is on, not in memory.
fn folder() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder")
}

/// The appends from number `first`, each timed by itself.
fn timed(appender: &mut dyn Appender, first: u64, count: usize, size: usize) -> Vec<Duration> {
    let one = |number| {
        let bytes = json(number, size);
        let start = Instant::now();
        appender.append(number, bytes);
        start.elapsed()
    };
    (first..).take(count).map(one).collect()
}

fn appends(criterion: &mut Criterion) {
    for size in SIZES {
        let mut group = criterion.benchmark_group(format!("durable append of {size} bytes"));
        group.sample_size(20).measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_millis(500));
        for name in NAMES {
            let dir = folder();
            let mut appender = appender(name, dir.path());
            let mut next = 0;
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter_custom(|count| {
                    let times = timed(&mut *appender, next, count as usize, size);
                    next += count;
                    times.iter().sum()
                });
            });
        }
        group.finish();
    }
}

/// The median and the 99th percentile of each, from appends in turns.
fn ratios() {
    for size in SIZES {
        let dirs: Vec<_> = NAMES.iter().map(|_| folder()).collect();
        let mut appenders: Vec<_> = NAMES.iter().zip(&dirs).map(|(name, dir)| appender(name, dir.path())).collect();
        let mut times = vec![Vec::new(); NAMES.len()];
        for round in 0..ROUNDS {
            for (appender, times) in appenders.iter_mut().zip(&mut times) {
                times.extend(timed(&mut **appender, (round * APPENDS_A_ROUND) as u64, APPENDS_A_ROUND, size));
            }
        }
        times.iter_mut().for_each(|times| times.sort_unstable());
        let plain = times[0][times[0].len() / 2];
        for (name, times) in NAMES.iter().zip(&times) {
            let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
            let ratio = p50.as_secs_f64() / plain.as_secs_f64();
            println!(
                "{size} bytes, {name}: p50 {} µs, p99 {} µs, {ratio:.2} × plain",
                p50.as_micros(),
                p99.as_micros()
            );
        }
    }
}

criterion_group!(benches, appends);

fn main() {
    benches();
    // `cargo test` runs benches once each, to see that they run.
    if std::env::args().any(|arg| arg == "--bench") {
        ratios();
        Criterion::default().configure_from_args().final_summary();
    }
}
