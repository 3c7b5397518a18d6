//! Archives: a folder of files from a stranger becomes a ledger that holds together, or is refused and leaves nothing.
//! The input is the files one after the other, each behind a line `=== NAME`; the sums are made to fit, so that what lies
//! behind them is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutebook::copies::{ENTRIES, Held, SUMS, restore};
use minutebook_events::Hash;
use std::collections::BTreeMap;
use std::fs;

/// The files that an archive may hold, by the number of their line.
const NAMES: [&str; 4] = [ENTRIES, "README.txt", "checkpoints/a.note", "checkpoints/b.note"];

fuzz_target!(|text: &str| {
    let mut files: BTreeMap<&str, String> = BTreeMap::from([(ENTRIES, String::new()), ("README.txt", String::new())]);
    let mut name = ENTRIES;
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("=== ").and_then(|told| NAMES.iter().find(|name| told.trim_end() == **name)) {
            Some(found) => name = found,
            None => files.entry(name).or_default().push_str(line),
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (from, to) = (folder.path().join("archive"), folder.path().join("ledger"));
    fs::create_dir_all(from.join("checkpoints")).expect("a folder");
    let mut sums = String::new();
    for (name, content) in &files {
        fs::write(from.join(name), content).expect("a file");
        sums += &format!("{}  {name}\n", Hash::of([content.as_bytes()]));
    }
    fs::write(from.join(SUMS), sums).expect("a file");
    let held = Held { checkpoints: &[], keys: &[] };
    match restore(&from, &to, held, &mut |_, _, _| {}) {
        Ok((_, copied)) => {
            let entries = files[ENTRIES].split_inclusive('\n').count();
            assert_eq!(copied.entries, entries as u64, "every line is an entry");
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(!to.exists(), "what is refused leaves nothing");
        }
    }
});
