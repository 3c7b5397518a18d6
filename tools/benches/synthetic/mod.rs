//! A ledger of any size for the benchmarks of proving: contracts of ten entries, each with one amount. It must measure
//! nothing itself.

use minutebook::store::{NewEntry, Store, create};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Entry, Instant as Recorded, Position, codec};
use minutebook_projections::streams::about;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Entries of one commit while the ledger is made.
const GROUP: u64 = 1000;

/// A decision file with one amount of one contract; every tenth entry defines its contract first.
pub fn file(number: u64) -> String {
    let contract = number / 10;
    let id = minutebook_events::EntryId::from_text(&format!("entry {number}"));
    let defined = format!(
        "[[event]]\nkind = \"contract-defined\"\ncontract = \"c-{contract}\"\ntitle = \"Contract {contract}\"\n\
         effective = 2010-04-01\nstanding = \"decided\"\nsources = [\"A 1\"]\n"
    );
    let defined = if number.is_multiple_of(10) { defined } else { String::new() };
    format!(
        "id = \"{id}\"\n[act]\nreference = \"D-{number}\"\ntitle = \"Value of {contract}\"\nkind = \"decision\"\n\
         decided = 20{:02}-03-01\n[[document]]\ncode = \"A\"\ntitle = \"Report\"\n{defined}[[event]]\nkind = \"value-set\"\n\
         contract = \"c-{contract}\"\nline = {{ measure = \"budget\" }}\namount = \"£{}\"\nbasis = \"year\"\neffective = 20{:02}-04-01\n\
         standing = \"decided\"\nsources = [\"A {}\"]\n",
        10 + number % 10,
        10_000 + number * 7919 % 1_000_000,
        10 + number % 10,
        number % 90 + 1
    )
}

fn entry(number: u64) -> NewEntry {
    let draft = DecisionFile::parse(&file(number)).unwrap_or_else(|error| panic!("{number}: {error}")).draft;
    let recorded: Recorded = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let recorded = Recorded::new(recorded.utc() + Duration::from_micros(number + 1));
    let entry = Entry::stamp(draft, Position(number), recorded, "bench".to_owned());
    let subjects = about(&entry).into_iter().collect();
    NewEntry::new(entry.id, subjects, codec::encode(&entry))
}

/// Makes a ledger of this many entries, and one more later for each append.
pub fn filled(path: &Path, entries: u64) -> Arc<dyn Store> {
    let store = create(path).expect("a new ledger");
    let mut first = 0;
    while first < entries {
        let group: Vec<NewEntry> = (first..entries.min(first + GROUP)).map(entry).collect();
        store.append(Position(first), &group).expect("the disk takes it");
        first += group.len() as u64;
    }
    store
}

pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let out = work();
    (start.elapsed(), out)
}

/// How many entries were asked for on the command line; `cargo test` runs benches once each, to see that they run.
pub fn asked(usual: u64) -> u64 {
    let bench = std::env::args().any(|arg| arg == "--bench");
    let asked = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    asked.unwrap_or(if bench { usual } else { 200 })
}
