//! Kills a process with `kill -9` while it appends, and holds what it had been promised to what is there: shared by
//! `tests/suite/crash.rs`, which does a few rounds, and `tools/crash.rs`, which does many. A kill does not test a loss of power.

use minutebook::store::{Folder, NewEntry, Options, SledStore, Store};
use minutebook_events::{EntryId, Position};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// The variables that make a process the one to be killed: the ledger's folder, and the seed.
pub const DIR: &str = "MINUTEBOOK_KILLS_DIR";
/// See [`DIR`].
pub const SEED: &str = "MINUTEBOOK_KILLS_SEED";

/// SplitMix64: small, and the same everywhere.
fn random(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The entry at a position: mostly some hundred bytes, now and then many chunks.
fn entry(seed: u64, position: u64) -> NewEntry {
    let dice = random(seed, position);
    let size = match dice % 100 {
        0 => 20_000 + dice % 180_000,
        1..=9 => 1_000 + dice % 19_000,
        _ => 1 + dice % 1_000,
    };
    // Half of the entries compress, as real ones do.
    let byte = |n: u64| if dice & 1 == 0 { b'a' + (n % 23) as u8 } else { random(dice, n) as u8 };
    let contract = format!("contract-{}", dice % 7).parse().expect("a good id");
    let id = EntryId::from_text(&format!("{seed} {position}"));
    NewEntry { id, contracts: vec![contract], bytes: (0..size).map(byte).collect() }
}

/// How many entries the append takes that begins at a position.
fn group(seed: u64, first: u64) -> u64 {
    let dice = random(!seed, first);
    if dice.is_multiple_of(2) { 1 } else { 1 + (dice >> 8) % 90 }
}

fn hex_sha(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The process to be killed: appends for ever, and prints a receipt of each entry once its append has returned.
pub fn append_until_killed(dir: &Path, seed: u64) -> ! {
    let store = SledStore::open(Folder::open(dir).expect("the folder opens"), Options::default()).expect("it opens");
    println!("\nopened");
    loop {
        let first = store.len();
        let entries: Vec<_> = (first..first + group(seed, first)).map(|position| entry(seed, position)).collect();
        store.append(Position(first), &entries).expect("an append on a sound disk succeeds");
        let receipt = |(position, entry): (u64, &NewEntry)| format!("{position} {}\n", hex_sha(&entry.bytes));
        let receipts: String = (first..).zip(&entries).map(receipt).collect();
        std::io::stdout().write_all(receipts.as_bytes()).expect("the parent listens");
    }
}

/// Kills children on one ledger, `rounds` times, and checks it after each. `child` is a program that calls
/// [`append_until_killed`] when it finds [`DIR`]; `report` hears of each round.
pub fn rounds(dir: &Path, seed: u64, rounds: u64, child: impl Fn() -> Command, mut report: impl FnMut(u64, u64)) {
    drop(SledStore::open(Folder::create(dir).expect("a new folder"), Options::default()).expect("a new store"));
    let mut promised = Vec::new();
    for round in 0..rounds {
        let mut running = start(child(), dir, seed);
        let mut lines = BufReader::new(running.stdout.take().expect("its output is piped"));
        let dice = random(seed ^ 0xDEAD, round);
        // One in four is killed while it opens the ledger, the others up to 400 ms into their appends.
        let opening = dice.is_multiple_of(4);
        if !opening {
            let mut line = String::new();
            while line != "opened\n" {
                line.clear();
                assert!(lines.read_line(&mut line).expect("text") > 0, "seed {seed}: the child ended by itself");
            }
        }
        let listener = std::thread::spawn(move || receipts(lines));
        sleep(Duration::from_micros((dice >> 8) % if opening { 60_000 } else { 400_000 }));
        running.kill().expect("it runs");
        running.wait().expect("it ends");
        promised.extend(listener.join().expect("receipts are well formed"));
        let size = check(dir, seed, &promised);
        // What was there beyond the last receipt was kept, and later rounds build on it.
        promised = (0..size).map(|position| (position, hex_sha(&entry(seed, position).bytes))).collect();
        report(round, size);
    }
}

fn start(mut child: Command, dir: &Path, seed: u64) -> Child {
    let child = child.env(DIR, dir).env(SEED, seed.to_string()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    child.spawn().expect("the child starts")
}

/// The whole receipts that it printed; the kill may have cut the last line.
fn receipts(mut lines: BufReader<ChildStdout>) -> Vec<(u64, String)> {
    let mut receipts = Vec::new();
    let mut line = String::new();
    while lines.read_line(&mut line).expect("receipts are text") > 0 {
        if let Some((position, sha)) = line.strip_suffix('\n').and_then(|line| line.split_once(' '))
            && let Ok(position) = position.parse()
        {
            receipts.push((position, sha.to_owned()));
        }
        line.clear();
    }
    receipts
}

/// Every promised entry is there byte for byte, and beyond them nothing but whole appends, one at most.
fn check(dir: &Path, seed: u64, promised: &[(u64, String)]) -> u64 {
    let store = SledStore::open(Folder::open(dir).expect("the folder opens again"), Options::default());
    let store = store.expect("the store opens again after a kill");
    let size = store.len();
    let mut seen = 0;
    for (stored, position) in store.scan(Position(0)).zip(0..) {
        let stored = stored.expect("every entry reads, and matches its hash");
        let expected = entry(seed, position);
        assert_eq!((stored.position.0, &stored.bytes), (position, &expected.bytes), "seed {seed}: other bytes");
        assert_eq!(store.position_of(expected.id).expect("the index reads"), Some(stored.position), "seed {seed}");
        if let Some((promised_at, sha)) = promised.get(position as usize) {
            assert_eq!((*promised_at, sha), (position, &hex_sha(&stored.bytes)), "seed {seed}: not what was promised");
        }
        seen = position + 1;
    }
    assert_eq!(seen, size, "seed {seed}: the scan ended early");
    let promised = promised.len() as u64;
    assert!(promised <= size, "seed {seed}: {promised} entries were promised, {size} are there");
    let boundaries = std::iter::successors(Some(0), |first| Some(first + group(seed, *first)));
    let mut beyond = boundaries.skip_while(|end| *end < promised);
    // A cut receipt leaves `promised` inside an append: that one, and one more that had not returned.
    let whole = beyond.next().is_some_and(|end| end == size) || beyond.next().is_some_and(|end| end == size);
    assert!(whole, "seed {seed}: {size} entries, {promised} promised: not whole appends, or more than one beyond");
    size
}
