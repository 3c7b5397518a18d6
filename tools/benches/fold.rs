//! What folding costs an entry of the synthetic register, step by step, on one core: `cargo bench -p minutebook-tools
//! --bench fold [ENTRIES]`. The first two steps are the least that whoever rebuilds from canonical bytes must do:
//! nothing that reads JSON and checks hashes is faster.
#![allow(clippy::panic, reason = "a benchmark that cannot go on stops")]

use minutebook_events::{Entry, Hash, Position, codec};
use minutebook_projections::{Projections, Totals, Trace};
use minutebook_tools::national::{National, Sizes};
use serde::de::IgnoredAny;
use std::hint::black_box;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TURNS: usize = 5;

/// The quickest of some turns of `work`, each with a fresh `made`.
fn least<T>(mut made: impl FnMut() -> T, mut work: impl FnMut(T)) -> Duration {
    let turn = |_| {
        let it = made();
        let start = Instant::now();
        work(it);
        start.elapsed()
    };
    (0..TURNS).map(turn).min().expect("there is a turn")
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` runs benches once each, to see that they run.
    let usual = if words.iter().any(|word| word == "--bench") { 100_000 } else { 200 };
    let entries: u64 = words.iter().find_map(|word| word.parse().ok()).unwrap_or(usual);
    let national = National { seed: 1, entries_a_contract: 10, sizes: Sizes::LongTail };
    let bytes: Vec<Vec<u8>> = (0..entries)
        .map(|number| {
            let recorded = "2026-11-22T12:00:00Z".parse().expect("an instant");
            codec::encode(&Entry::stamp(national.draft(number), Position(number), recorded, "a benchmark".to_owned()))
        })
        .collect();
    let decoded = || -> Vec<(Entry, Hash)> {
        bytes.iter().map(|bytes| (codec::decode(bytes).expect("an entry"), Hash::leaf(bytes))).collect()
    };
    let folded = || {
        let mut projections = Projections::default();
        decoded().into_iter().for_each(|(entry, leaf)| drop(projections.apply(entry, leaf)));
        projections
    };
    let each = decoded();
    let events: usize = each.iter().map(|(entry, _)| entry.events.len()).sum();
    let total: usize = bytes.iter().map(Vec::len).sum();
    println!("{entries} entries of {} bytes and {:.2} events", total as u64 / entries, events as f64 / entries as f64);
    let tell = |step: &str, took: Duration| {
        let nanoseconds = took.as_nanos() as f64 / entries as f64;
        println!(
            "{step:<42} {nanoseconds:>7.0} ns an entry {:>7.2} M events/s",
            events as f64 / took.as_secs_f64() / 1e6
        );
    };
    let floor = |bytes: &Vec<u8>| {
        black_box(Hash::leaf(bytes));
        black_box(serde_json::from_slice::<IgnoredAny>(bytes).expect("JSON"));
    };
    tell("hash", least(|| (), |()| bytes.iter().for_each(|bytes| _ = black_box(Hash::leaf(bytes)))));
    tell("hash, and pass over the JSON", least(|| (), |()| bytes.iter().for_each(floor)));
    tell("decode", least(|| (), |()| bytes.iter().for_each(|bytes| drop(black_box(codec::decode(bytes))))));
    let trace = |()| (0..).zip(&each).for_each(|(at, (entry, _))| drop(black_box(Trace::of(entry, Position(at)))));
    tell("which roots it changes", least(|| (), trace));
    tell(
        "pack and apply",
        least(decoded, |entries| {
            let mut projections = Projections::default();
            entries.into_iter().for_each(|(entry, leaf)| drop(projections.apply(entry, leaf)));
            black_box(projections);
        }),
    );
    tell("unpack", least(folded, |all| all.log().iter().for_each(|recorded| drop(black_box(recorded)))));
    tell("make the timelines", least(folded, |all| _ = black_box(all.timelines().count())));
    tell("make the roots", least(folded, |all| drop(black_box(all.roots().projections()))));
    tell("make the totals", least(folded, |all| Totals::default().follow(&all, all.head())));
}
