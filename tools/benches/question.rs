//! How long a question of one contract takes, totals over a synthetic register, and the whole demonstration. Run `cargo build --release` first: the
//! demonstration is the program itself, as its user starts it.
#![allow(
    missing_docs,
    clippy::panic,
    reason = "criterion's macro writes functions without; a benchmark that cannot go on stops"
)]

use chrono::{Days, TimeDelta};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use minutebook::kent;
use minutebook::ledger::{Held, Ledger, View};
use minutebook::question::{Question, Topic};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Day, Entry, Hash, Instant, Position};
use minutebook_projections::{By, Projections, Totals};
use minutebook_tools::national::{National, Sizes};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// A ledger with Kent's record in it.
fn ledger(folder: &std::path::Path) -> Ledger {
    let ledger = Ledger::create(folder).expect("an empty folder");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (name, text) in kent::decision_files() {
        let file = DecisionFile::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        runtime.block_on(ledger.record(file.draft, ledger.head())).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    ledger
}

fn questions(bench: &mut Criterion) {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let ledger = ledger(&folder.path().join("ledger"));
    let contract = Some("live-well-kent-2016".parse().expect("an id"));
    let as_of = Day::from_ymd_opt(2018, 6, 1).expect("a day");
    let why = Topic::Why { fact: "lot-2/holder".to_owned() };
    for topic in [Topic::Register, Topic::Value, Topic::Lots, Topic::Network, why] {
        let name = topic.word();
        let question = Question { topic, contract: contract.clone(), as_of, known_at: None, decided_by: None };
        bench.bench_function(&format!("one contract/{name}"), |b| {
            b.iter(|| ledger.view().ask(&question).expect("an answer"));
        });
    }
}

/// Entries of the register that totals are asked of, and how many of them there are to a contract; 100,000 and 10 where the
/// environment says nothing else.
fn size() -> (u64, u64) {
    let said = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    (said("MINUTEBOOK_ENTRIES").unwrap_or(100_000), said("MINUTEBOOK_ENTRIES_A_CONTRACT").unwrap_or(10))
}

/// The register in memory, and its last entry apart.
fn register(entries: u64, entries_a_contract: u64) -> (Projections, Entry) {
    let national = National { seed: 1, entries_a_contract, sizes: Sizes::LongTail };
    let start = "2026-11-22T09:00:00Z".parse::<Instant>().expect("an instant").utc();
    let entry = |number: u64| {
        let recorded = Instant::new(start + TimeDelta::microseconds(i64::try_from(number).expect("few enough")));
        Entry::stamp(national.draft(number), Position(number), recorded, "a bench".to_owned())
    };
    let mut projections = Projections::default();
    for number in 0..entries {
        projections.apply(entry(number), Hash::leaf(&number.to_be_bytes()));
    }
    // The last says what a contract is worth, or something else of it.
    (projections, entry(entries))
}

fn totals(bench: &mut Criterion) {
    let (entries, entries_a_contract) = size();
    let (mut projections, last) = register(entries, entries_a_contract);
    let start = std::time::Instant::now();
    let mut kept = Totals::default();
    kept.follow(&projections, projections.head());
    eprintln!("totals of {entries} entries, {} contracts, made in {:?}", entries / entries_a_contract, start.elapsed());
    let of = format!("totals of {entries} entries");
    let days: Vec<Day> =
        (0..4_000).filter_map(|n| Day::from_ymd_opt(2010, 1, 1)?.checked_add_days(Days::new(n))).collect();
    let mut day = days.iter().cycle();
    for by in [By::Funder, By::Partner] {
        bench.bench_function(&format!("{of}/kept, by {}", by.word()), |b| {
            b.iter(|| kept.on(&[by], *day.next().expect("a cycle")));
        });
    }
    let kept = Mutex::new(kept);
    let question = |as_of| Question {
        topic: Topic::Totals { by: By::Funder, ends_within: None },
        contract: None,
        as_of,
        known_at: None,
        decided_by: None,
    };
    bench.bench_function(&format!("{of}/the whole answer, by funder"), |b| {
        let view = || View { projections: Held::Apart(&projections), head: projections.head(), totals: Some(&kept) };
        b.iter(|| view().ask(&question(*day.next().expect("a cycle"))).expect("an answer"));
    });
    projections.apply(last, Hash::leaf(b"the last"));
    let kept = kept.into_inner().expect("nothing stopped");
    bench.benchmark_group(of).sample_size(10).bench_function("follow one entry more", |b| {
        b.iter_batched_ref(
            || kept.clone(),
            |kept| kept.follow(&projections, projections.head()),
            BatchSize::PerIteration,
        );
    });
}

/// The program beside this benchmark's own folder.
fn program() -> PathBuf {
    let here = std::env::current_exe().expect("this benchmark has a path");
    here.parent().and_then(|deps| deps.parent()).expect("target/release/deps").join("minutebook")
}

fn demo(bench: &mut Criterion) {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let mut run = 0;
    bench.benchmark_group("demo").sample_size(20).bench_function("into a new folder", |b| {
        b.iter(|| {
            run += 1;
            let ledger = folder.path().join(run.to_string());
            let status = Command::new(program()).arg("--ledger").arg(ledger).arg("demo").stdout(Stdio::null()).status();
            assert!(status.expect("run cargo build --release first").success());
        });
    });
}

criterion_group!(benches, questions, totals, demo);
criterion_main!(benches);
