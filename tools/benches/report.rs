//! How long a report takes, and how much memory: of a synthetic register of so many entries (`-- 1000000`, ten for each contract),
//! or of one whose contracts are as large as a council's (`-- 500000 council`, five for each), each format alone and then all of
//! them, or those that are named (`-- 500000 council csv all`). Memory is what the process held at the most beyond the open ledger, as Linux tells it.
#![allow(clippy::panic, reason = "a benchmark that cannot go on stops")]

mod recorded;

use minutebook::ledger::Ledger;
use minutebook::report::files::{self, Format, Settings, ocds};
use minutebook_projections::Subject;
use minutebook_tools::national::{National, Sizes};
use recorded::record;
use std::fs;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Without a number, as `cargo test` runs it.
const FEW: u64 = 300;

/// The memory that the process holds, or held at the most, in bytes; nothing where the system does not say so.
fn memory(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn main() {
    let entries = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(FEW);
    let (entries_a_contract, sizes) = match std::env::args().any(|word| word == "council") {
        true => (5, Sizes::Council),
        false => (10, Sizes::LongTail),
    };
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let national = National { seed: 1, entries_a_contract, sizes };
    record(&folder.path().join("ledger"), (0..entries).map(|number| national.draft(number)));
    let ledger = Ledger::open(&folder.path().join("ledger"), |_, _| {}).expect("what was recorded opens");
    let view = ledger.view();
    let streams = view.projections.streams();
    let largest =
        streams.contracts().iter().map(|contract| streams.of(&Subject::Contract(contract.clone())).len()).max();
    let (contracts, largest) = (streams.contracts().len(), largest.unwrap_or_default());
    println!("{entries} entries, {contracts} contracts, the largest of {largest} entries");
    drop(view);
    let named = |word: String| match word.as_str() {
        "all" => Some(Format::EACH.to_vec()),
        word => word.parse().ok().map(|format| vec![format]),
    };
    let mut asked: Vec<Vec<Format>> = std::env::args().filter_map(named).collect();
    if asked.is_empty() {
        asked = Format::EACH.map(|format| vec![format]).into_iter().chain([Format::EACH.to_vec()]).collect();
    }
    for formats in asked {
        let words: Vec<&str> = formats.iter().map(|format| format.word()).collect();
        let settings = Settings {
            as_of: "2024-06-01".parse().ok(),
            known_at: None,
            decided_by: None,
            since: None,
            formats,
            with_mark: false,
            call_in: None,
            publication: ocds::Publication::default(),
        };
        // What it held at the most is counted from here on (proc(5)).
        let resets = fs::write("/proc/self/clear_refs", "5").is_ok();
        let (before, began) = (memory("VmRSS"), Instant::now());
        let manifest = files::write(&ledger, &folder.path().join("report"), &settings, |_, _| {});
        let manifest = manifest.unwrap_or_else(|error| panic!("{error}"));
        let seconds = began.elapsed().as_secs_f64();
        let grew =
            memory("VmHWM").zip(before).filter(|_| resets).map(|(most, before)| most.saturating_sub(before) >> 20);
        let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
        println!(
            "{:<32} {seconds:>8.2} s, {:>6} MiB written, {} MiB of memory beside the ledger",
            words.join(","),
            bytes >> 20,
            grew.map_or_else(|| "unknown".to_owned(), |grew| grew.to_string())
        );
    }
}
