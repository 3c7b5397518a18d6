//! How long a question of one contract takes, and the whole demonstration. Run `cargo build --release` first: the
//! demonstration is the program itself, as its user starts it.
#![allow(
    missing_docs,
    clippy::panic,
    reason = "criterion's macro writes functions without; a benchmark that cannot go on stops"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use minutebook::kent;
use minutebook::ledger::Ledger;
use minutebook::question::{Question, Topic};
use minutebook_events::Day;
use minutebook_events::decision_file::DecisionFile;
use std::path::PathBuf;
use std::process::{Command, Stdio};

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

criterion_group!(benches, questions, demo);
criterion_main!(benches);
