//! A process that appends to a store at length, and prints a receipt of each entry; and what must be there of that after
//! a fault: every promised entry, byte for byte, and beyond them nothing but whole appends. It knows no faults.

use super::{MOST_RUNS, random};
use minutebook::store::{Folder, NewEntry, Options, SledStore, Store};
use minutebook_events::codec::MAX_BYTES;
use minutebook_events::{EntryId, Position};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;
use std::process::Command;

const DIR: &str = "MINUTEBOOK_FAULTS_APPENDS";
const SEED: &str = "MINUTEBOOK_FAULTS_SEED";
const GREAT: &str = "MINUTEBOOK_FAULTS_GREAT";
const COUNT: &str = "MINUTEBOOK_FAULTS_COUNT";

/// What is appended: the same entries, in the same groups, wherever it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Appends {
    pub seed: u64,
    /// Whether entries and groups are as large as they may be, so that one append fills many of the store's segments.
    pub great: bool,
}

impl Appends {
    /// The entry at a position: mostly some hundred bytes, now and then many chunks.
    fn entry(self, position: u64) -> NewEntry {
        let dice = random(self.seed, position);
        let size = match (dice % 100, self.great) {
            (0..=3, true) => 200_000 + dice % (MAX_BYTES as u64 - 200_000),
            (0, false) => 20_000 + dice % 180_000,
            (_, true) | (1..=9, false) => 1_000 + dice % 19_000,
            _ => 1 + dice % 1_000,
        };
        // Half of the entries compress, as real ones do.
        let byte = |n: u64| if dice & 1 == 0 { b'a' + (n % 23) as u8 } else { random(dice, n) as u8 };
        let contract = format!("contract contract-{}", dice % 7).parse().expect("a good subject");
        let id = EntryId::from_text(&format!("{} {position}", self.seed));
        NewEntry::new(id, vec![contract], (0..size).map(byte).collect())
    }

    /// How many entries the append takes that begins at a position.
    fn group(self, first: u64) -> u64 {
        let dice = random(!self.seed, first);
        match (dice % 4, self.great) {
            (0 | 2, _) => 1,
            (1, true) => 200 + (dice >> 8) % 300,
            _ => 1 + (dice >> 8) % 90,
        }
    }

    /// Where appends end, one after the other, from the start.
    fn ends(self) -> impl Iterator<Item = u64> {
        std::iter::successors(Some(0), move |first| Some(first + self.group(*first)))
    }

    /// Appends the next group, and tells its receipts.
    fn append(self, store: &dyn Store) -> String {
        let first = store.len();
        let entries: Vec<_> = (first..first + self.group(first)).map(|position| self.entry(position)).collect();
        store.append(Position(first), &entries).unwrap_or_else(|error| {
            eprintln!("the append failed: {error}");
            std::process::exit(2)
        });
        let receipt = |(position, entry): (u64, &NewEntry)| format!("{position} {}\n", hex_sha(&entry.bytes));
        (first..).zip(&entries).map(receipt).collect()
    }

    /// Makes the ledger, with some appends in it.
    pub fn create(self, ledger: &Path, appends: u64) {
        let store = open(Folder::create(ledger).expect("a new folder"));
        (0..appends).for_each(|_| drop(self.append(&store)));
    }

    /// Makes a process append to a ledger, so many times or until it is killed.
    pub fn told(self, mut command: Command, ledger: &Path, count: Option<u64>) -> Command {
        command.env(DIR, ledger).env(SEED, self.seed.to_string()).env(GREAT, self.great.to_string());
        if let Some(count) = count {
            command.env(COUNT, count.to_string());
        }
        command
    }

    /// The receipts of the entries that are at these positions.
    pub fn receipts(self, size: u64) -> String {
        (0..size).map(|position| format!("{position} {}\n", hex_sha(&self.entry(position).bytes))).collect()
    }

    /// As [`Appends::check`], where the first few appends had returned before; then the next append is taken.
    pub fn holds(self, ledger: &Path, before: usize, printed: &str) {
        let before = self.ends().nth(before).expect("it goes on for ever");
        self.check(ledger, &(self.receipts(before) + printed), MOST_RUNS);
        self.append(&open(Folder::open(ledger).expect("the folder opens once more")));
    }

    /// Every promised entry is there byte for byte, and beyond them nothing but whole appends: one at most for each process
    /// that was cut short. Returns how many entries there are.
    pub fn check(self, ledger: &Path, printed: &str, cut_short: u64) -> u64 {
        let seed = self.seed;
        let promised = promised(printed);
        let store = open(Folder::open(ledger).expect("the folder opens again"));
        let size = store.len();
        let mut seen = 0;
        for (stored, position) in store.scan(0..u64::MAX).zip(0..) {
            let stored = stored.expect("every entry reads, and matches its hash");
            let expected = self.entry(position);
            assert_eq!((stored.position.0, &stored.bytes), (position, &expected.bytes), "seed {seed}: other bytes");
            assert_eq!(store.position_of(expected.id).expect("the index reads"), Some(stored.position), "seed {seed}");
            seen = position + 1;
        }
        assert_eq!(seen, size, "seed {seed}: the scan ended early");
        for (position, sha) in &promised {
            assert!(*position < size, "seed {seed}: entry {position} was promised, and {size} are there");
            assert_eq!(*sha, hex_sha(&self.entry(*position).bytes), "seed {seed}: not what was promised");
        }
        let promised = promised.iter().map(|(position, _)| position + 1).max().unwrap_or(0);
        // A receipt that was cut off leaves `promised` inside an append, which has returned.
        let mut beyond = self.ends().skip_while(|end| *end < promised).take(1 + cut_short as usize);
        let whole = beyond.any(|end| end == size);
        assert!(whole, "seed {seed}: {size} entries, {promised} promised: not whole appends, or too many beyond");
        size
    }
}

fn open(folder: Folder) -> SledStore {
    SledStore::open(folder, Options::default()).expect("the store opens")
}

fn hex_sha(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The whole receipts among what was printed; a fault may have cut the last.
fn promised(printed: &str) -> Vec<(u64, String)> {
    let lines = printed.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.split_once(' '));
    let numbered = lines.filter_map(|(position, sha)| Some((position.parse().ok()?, sha.to_owned())));
    numbered.filter(|(_, sha)| sha.len() == 64).collect()
}

/// The process: appends, and prints a receipt of each entry once its append has returned.
pub fn be_child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let told = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let great = std::env::var(GREAT).is_ok_and(|text| text == "true");
    let appends = Appends { seed: told(SEED).expect("the parent gives a seed"), great };
    let folder = Folder::open(Path::new(&dir)).map_err(|error| error.to_string());
    let store = folder.and_then(|folder| SledStore::open(folder, Options::default()).map_err(|e| e.to_string()));
    let store = store.unwrap_or_else(|error| {
        eprintln!("cannot open: {error}");
        std::process::exit(2)
    });
    println!("\nopened");
    for _ in 0..told(COUNT).unwrap_or(u64::MAX) {
        let receipts = appends.append(&store);
        std::io::stdout().write_all(receipts.as_bytes()).expect("the parent listens");
    }
    drop(store);
    std::process::exit(0);
}
