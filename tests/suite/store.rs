//! The store against a model that is a `Vec`: what was appended is what is read, in order, by every way of asking, and
//! whatever goes wrong has its own error. Faults are in `survival`, flushes in `durability`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

use crate::postgres::server::Server;
use minutebook::store::{
    Folder, IndexKey, NewEntry, OpenError, Options, PostgresStore, SledStore, Store, StoreError, Tally, create, open,
};
use minutebook_events::codec::MAX_BYTES;
use minutebook_events::{EntryId, Hash, Position};
use minutebook_projections::Subject;
use proptest::prelude::*;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use tempfile::TempDir;

const CONTRACTS: [&str; 5] = ["live-well", "live-well-kent", "lwk", "cbw", "never-named"];

/// An entry of this size that no other number gives; every other one does not compress.
fn of_contract(name: &str) -> Subject {
    Subject::Contract(name.parse().unwrap())
}

fn entry(number: u64, size: usize) -> NewEntry {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if number.is_multiple_of(2) { b'a' + (number % 26) as u8 } else { (state >> 32) as u8 }
    };
    let bytes: Vec<u8> = (0..size).map(|_| next()).collect();
    let contracts = CONTRACTS[..4].iter().enumerate().filter(|(bit, _)| number >> bit & 1 == 1);
    let subjects = contracts.map(|(_, name)| of_contract(name)).collect();
    NewEntry::new(EntryId::from_text(&format!("entry {number}")), subjects, bytes)
}

fn small_blocks() -> Options {
    Options { block_entries: 5, block_bytes: 64 * 1024, run_entries: 2, ..Options::default() }
}

fn reopen(path: &Path) -> SledStore {
    SledStore::open(Folder::open(path).unwrap(), small_blocks()).unwrap()
}

fn new_store(path: &Path) -> SledStore {
    SledStore::open(Folder::create(path).unwrap(), small_blocks()).unwrap()
}

/// A new ledger of one kind of store, which can be opened as often as one likes.
type Kind = Box<dyn Fn() -> Box<dyn Store>>;

/// One of every kind: in a folder, and on a server where there is one.
fn kinds() -> Vec<Kind> {
    let dir = TempDir::new().unwrap();
    drop(new_store(dir.path()));
    let in_folder: Kind = Box::new(move || Box::new(reopen(dir.path())));
    let on_server = Server::shared().map(|server| {
        let address = server.new_ledger();
        drop(PostgresStore::create(address.clone()).unwrap());
        let open = move || {
            let _runs = &server;
            Box::new(PostgresStore::open(address.clone()).unwrap()) as Box<dyn Store>
        };
        Box::new(open) as Kind
    });
    [in_folder].into_iter().chain(on_server).collect()
}

/// Appends so many entries of some hundred bytes to an empty store.
fn filled(store: &dyn Store, count: u64) -> Vec<NewEntry> {
    let model: Vec<_> = (0..count).map(|n| entry(n, 200 + n as usize)).collect();
    for (position, entry) in (0..).map(Position).zip(&model) {
        store.append(position, std::slice::from_ref(entry)).unwrap();
    }
    model
}

/// A ledger of `count` entries of some hundred bytes.
fn ledger(path: &Path, count: u64) -> Vec<NewEntry> {
    filled(&new_store(path), count)
}

/// Holds the store to the model by every way of asking.
fn assert_equal(store: &dyn Store, model: &[NewEntry]) {
    assert_eq!(store.len(), model.len() as u64);
    let scanned: Vec<_> = store.scan(0..u64::MAX).map(Result::unwrap).collect();
    assert_eq!(scanned.len(), model.len());
    for ((position, expected), stored) in (0..).map(Position).zip(model).zip(&scanned) {
        assert_eq!((stored.position, &stored.bytes), (position, &expected.bytes));
        assert_eq!(stored.leaf, Hash::leaf(&expected.bytes));
        assert_eq!(store.read(position).unwrap().as_ref(), Some(stored));
        assert_eq!(store.position_of(expected.id).unwrap(), Some(position));
    }
    assert_eq!(store.read(Position(model.len() as u64)).unwrap(), None);
    assert_eq!(store.position_of(EntryId::from_text("nobody's")).unwrap(), None);
    for name in CONTRACTS {
        let subject = of_contract(name);
        let named = (0..).map(Position).zip(model).filter(|(_, entry)| entry.subjects.contains(&subject));
        let expected: Vec<_> = named.map(|(position, _)| position).collect();
        assert_eq!(store.positions_of(&subject).unwrap(), expected, "the stream of {name}");
    }
    let mut tally = Tally::default();
    store.leads(&mut |key, position| tally.add(key, position)).unwrap();
    let mut expected = tally.to_compare();
    for (position, entry) in (0..).map(Position).zip(model) {
        let subjects = entry.subjects.iter().map(IndexKey::of_subject);
        [IndexKey::of_id(entry.id)].into_iter().chain(subjects).for_each(|key| expected.add(key, position));
    }
    assert!(tally == expected, "the indexes lead elsewhere");
}

/// sled never syncs `blobs/`: a value that lands there is not durable.
fn assert_no_blobs(path: &Path) {
    let blobs: Vec<_> = fs::read_dir(path.join("sled/blobs")).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert!(blobs.is_empty(), "values became files that sled never syncs: {blobs:?}");
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<usize>),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![8 => 1..600_usize, 3 => 600..20_000_usize, 1 => 20_000..200_000_usize];
    prop_oneof![
        5 => prop::collection::vec(size.clone(), 1..2).prop_map(Step::Append),
        3 => prop::collection::vec(size, 0..23).prop_map(Step::Append),
        2 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_was_appended_is_what_is_read(steps in prop::collection::vec(step(), 1..30)) {
        for open in kinds() {
            let mut store = open();
            let mut model: Vec<NewEntry> = Vec::new();
            for step in &steps {
                match step {
                    Step::Append(sizes) => {
                        let first = model.len() as u64;
                        let entries: Vec<_> = (first..).zip(sizes).map(|(number, size)| entry(number, *size)).collect();
                        store.append(Position(first), &entries).unwrap();
                        model.extend(entries);
                    }
                    Step::Reopen => {
                        drop(store);
                        store = open();
                        assert_equal(&*store, &model);
                    }
                }
            }
            assert_equal(&*store, &model);
        }
    }
}

#[test]
fn a_scan_starts_and_ends_anywhere() {
    for open in kinds() {
        let model = filled(&*open(), 23);
        let store = open();
        for (from, to) in (0..25).flat_map(|from| (0..25).map(move |to| (from, to))) {
            let scanned: Vec<_> = store.scan(from..to).map(|stored| stored.unwrap().position.0).collect();
            assert_eq!(scanned, (from..to.min(model.len() as u64)).collect::<Vec<_>>());
        }
    }
}

#[test]
fn blocks_depend_on_the_entries_alone() {
    let size = |groups: &[usize]| {
        let dir = TempDir::new().unwrap();
        let store = new_store(dir.path());
        let entries: Vec<_> = (0..40).map(|n| entry(n, 300)).collect();
        let mut rest = entries.as_slice();
        for group in groups.iter().cycle() {
            let (now, later) = rest.split_at((*group).min(rest.len()));
            store.append(Position(store.len()), now).unwrap();
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        assert_equal(&store, &entries);
    };
    size(&[1]);
    size(&[40]);
    size(&[3, 11]);
}

#[test]
fn entries_of_every_size_stay_in_the_log() {
    let dir = TempDir::new().unwrap();
    let store = SledStore::open(Folder::create(dir.path()).unwrap(), Options::default()).unwrap();
    let sizes = [1, 11_000, 12_200, 12_360, 12_370, 13_000, 24_720, 30_000, 131_072, MAX_BYTES];
    let mut model = Vec::new();
    // Odd numbers do not compress. Large entries beside each other fill one page with whole chunks.
    for (number, size) in (0..).map(|n| 2 * n + 1).zip(sizes.into_iter().cycle().take(60)) {
        let new = entry(number, size);
        store.append(Position(model.len() as u64), std::slice::from_ref(&new)).unwrap();
        model.push(new);
    }
    assert_equal(&store, &model);
    assert_no_blobs(dir.path());
    drop(store);
    assert_equal(&*open(dir.path()).unwrap(), &model);
    assert_no_blobs(dir.path());
}

#[test]
fn a_busy_contract_keeps_its_index_small() {
    let dir = TempDir::new().unwrap();
    let store = SledStore::open(Folder::create(dir.path()).unwrap(), Options::default()).unwrap();
    let of_one = |NewEntry { id, bytes, .. }: NewEntry| NewEntry::new(id, vec![of_contract("cbw")], bytes);
    let model: Vec<_> = (0..6_000).map(|n| of_one(entry(n, 20))).collect();
    for group in model.chunks(500) {
        store.append(Position(store.len()), group).unwrap();
    }
    assert_eq!(store.positions_of(&of_contract("cbw")).unwrap().len(), 6_000);
    assert_no_blobs(dir.path());
}

#[test]
fn an_append_states_where_it_begins() {
    for open in kinds() {
        let model = filled(&*open(), 7);
        let store = open();
        for wrong in [0, 6, 8, u64::MAX - 1] {
            for entries in [&[entry(99, 10)][..], &[entry(98, 10), entry(99, 10)], &[]] {
                let error = store.append(Position(wrong), entries).unwrap_err();
                assert!(
                    matches!(error, StoreError::Conflict { expected, actual } if expected.0 == wrong && actual.0 == 7),
                    "{error}"
                );
            }
        }
        store.append(Position(7), &[]).unwrap();
        assert_equal(&*store, &model);
    }
}

#[test]
fn an_entry_over_the_limit_is_refused_whole() {
    for open in kinds() {
        let mut model = filled(&*open(), 3);
        let store = open();
        let error = store.append(Position(3), &[entry(3, 10), entry(4, MAX_BYTES + 1)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the entry for position 4 takes 1048577 bytes, and the limit is 1048576: split the act into several entries"
        );
        model.push(entry(3, MAX_BYTES));
        store.append(Position(3), &model[3..]).unwrap();
        assert_equal(&*store, &model);
    }
}

/// More than one statement takes is several in one transaction: all of it, or none.
#[test]
fn a_group_of_many_bytes_is_appended_whole_or_not_at_all() {
    for open in kinds() {
        let store = open();
        let mut group: Vec<_> = (0..20).map(|n| entry(n, MAX_BYTES)).collect();
        store.append(Position(0), &group[19..]).unwrap();
        let late = store.append(Position(0), &group[..19]).unwrap_err();
        assert!(matches!(late, StoreError::Conflict { .. }), "{late}");
        store.append(Position(1), &group[..19]).unwrap();
        group.rotate_right(1);
        drop(store);
        assert_equal(&*open(), &group);
    }
}

#[test]
fn what_is_noted_last_under_a_name_is_what_was_noted() {
    for open in kinds() {
        let store = open();
        let (one, two) = (Hash::leaf(b"one"), Hash::leaf(b"two"));
        assert_eq!(store.noted("snapshot").unwrap(), None);
        store.note(&[("snapshot".to_owned(), one), ("totals".to_owned(), one)]).unwrap();
        store.note(&[("snapshot".to_owned(), two)]).unwrap();
        assert_eq!((store.noted("snapshot").unwrap(), store.noted("totals").unwrap()), (Some(two), Some(one)));
        drop(store);
        assert_eq!(open().noted("snapshot").unwrap(), Some(two));
    }
}

/// A flush that fails, before or after it reached the disk.
fn failing(when: &Arc<AtomicU8>) -> Options {
    let when = Arc::clone(when);
    let sync = move |file: &fs::File| match when.load(SeqCst) {
        0 => file.sync_data(),
        1 => Err(io::Error::other("no such luck")),
        _ => file.sync_data().and(Err(io::Error::other("no such luck"))),
    };
    Options { sync: Arc::new(sync), ..small_blocks() }
}

#[test]
fn after_a_failed_flush_the_store_refuses_until_it_is_reopened() {
    for (how, count) in [(1, 1), (2, 1), (1, 12), (2, 12)] {
        let dir = TempDir::new().unwrap();
        let model = ledger(dir.path(), 4);
        let when = Arc::new(AtomicU8::new(0));
        let store = SledStore::open(Folder::open(dir.path()).unwrap(), failing(&when)).unwrap();
        when.store(how, SeqCst);
        let new: Vec<_> = (4..4 + count).map(|n| entry(n, 100)).collect();
        let error = store.append(Position(4), &new).unwrap_err();
        assert!(matches!(error, StoreError::Unknown { first: Position(4), .. }), "{error}");
        let (what, whose) = match count {
            1 => ("the entry at position 4 was".to_owned(), "its id before you append it again"),
            _ => (format!("the {count} entries from position 4 were"), "their ids before you append them again"),
        };
        let words = format!("whether {what} kept is unknown: no such luck; reopen the ledger and look up {whose}");
        assert_eq!(error.to_string(), words);
        when.store(0, SeqCst);
        for first in [4, 5] {
            let error = store.append(Position(first), &new).unwrap_err();
            assert!(matches!(error, StoreError::Refusing { failed_at: Position(4) }), "{error}");
        }
        assert_equal(&store, &model);
        drop(store);
        // Reopened, it holds all of that append or none of it, and goes on.
        let store = reopen(dir.path());
        let kept = store.position_of(new[0].id).unwrap().is_some();
        let all: Vec<_> = model.iter().chain(&new).cloned().collect();
        assert_equal(&store, if kept { &all } else { &model });
        store.append(Position(store.len()), &[entry(77, 10)]).unwrap();
    }
}

/// Runs one test of this binary as a process of its own.
fn child(test: &str, dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("MINUTEBOOK_TEST_CHILD", dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Not a test: the process that holds a ledger open in the one below, until its input ends.
#[test]
fn child_holds_the_ledger() {
    let Some(dir) = std::env::var_os("MINUTEBOOK_TEST_CHILD") else { return };
    let _store = open(Path::new(&dir)).unwrap();
    println!("\nheld");
    io::stdin().lock().lines().count();
}

#[test]
fn a_second_opener_is_told_who_holds_the_ledger() {
    let dir = TempDir::new().unwrap();
    ledger(dir.path(), 2);
    let mut holder = child("store::child_holds_the_ledger", dir.path());
    let held = BufReader::new(holder.stdout.take().unwrap()).lines().any(|line| line.unwrap() == "held");
    assert!(held);
    let start = std::time::Instant::now();
    let error = open(dir.path()).map(drop).unwrap_err();
    assert!(start.elapsed().as_secs() < 1, "the answer must not wait for the lock");
    let expected = format!("is in use by process {} (suite-", holder.id());
    assert!(error.to_string().contains(&expected) && error.to_string().contains(" since 20"), "{error}");
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert_eq!(open(dir.path()).unwrap().len(), 2, "a holder that was killed holds nothing");
}

#[test]
fn the_same_process_cannot_open_it_twice_either() {
    let dir = TempDir::new().unwrap();
    let store = create(dir.path()).unwrap();
    assert!(matches!(open(dir.path()).map(drop), Err(OpenError::Locked { .. })));
    drop(store);
    open(dir.path()).unwrap();
}

/// The message, with the folder's own path cut short.
fn message(result: Result<impl Sized, OpenError>, dir: &TempDir) -> String {
    let error = result.map(drop).unwrap_err();
    error.to_string().replace(dir.path().to_str().unwrap(), "DIR")
}

#[test]
fn each_folder_that_is_no_ledger_says_why() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("empty")).unwrap();
    fs::create_dir(at("photos")).unwrap();
    fs::write(at("photos/one.jpg"), "x").unwrap();
    fs::write(at("file"), "x").unwrap();
    ledger(&at("ledger"), 1);
    insta::assert_snapshot!(message(open(&at("nowhere")), &dir), @"there is no ledger at DIR/nowhere: check the path, or create one there");
    insta::assert_snapshot!(message(open(&at("empty")), &dir), @"there is no ledger at DIR/empty: check the path, or create one there");
    let remedy = "; name the folder of a ledger, or an empty or new one to create it in";
    for result in [open(&at("photos")), create(&at("photos"))] {
        let expected = format!("DIR/photos is not a ledger: it holds one.jpg and no minutebook.json{remedy}");
        assert_eq!(message(result, &dir), expected);
    }
    for (result, path) in
        [(open(&at("file")), "file"), (create(&at("file")), "file"), (create(&at("file/in")), "file/in")]
    {
        let expected = format!("DIR/{path} is not a ledger: it is a file, or lies in one{remedy}");
        assert_eq!(message(result, &dir), expected);
    }
    insta::assert_snapshot!(message(create(&at("ledger")), &dir), @"there is already a ledger at DIR/ledger: open it, or name another place");
    create(&at("deep/er/ledger")).unwrap();
    create(&at("empty")).unwrap();
}

#[test]
fn another_format_names_the_program_that_made_it() {
    let dir = TempDir::new().unwrap();
    ledger(dir.path(), 1);
    let marker = dir.path().join("minutebook.json");
    let text = fs::read_to_string(&marker).unwrap();
    fs::write(
        &marker,
        text.replace("\"format\": 3", "\"format\": 4, \"also\": []").replace(env!("CARGO_PKG_VERSION"), "7.0.0"),
    )
    .unwrap();
    insta::assert_snapshot!(message(open(dir.path()), &dir), @"the ledger at DIR has format 4, and this program reads 3: use a newer minutebook (it was made with 7.0.0)");
    fs::write(&marker, text.replace("\"format\": 3", "\"format\": 1").replace(env!("CARGO_PKG_VERSION"), "0.1.0"))
        .unwrap();
    insta::assert_snapshot!(message(open(dir.path()), &dir), @"the ledger at DIR has format 1, and this program reads 3: with the program that made it (0.1.0) run `minutebook archive`, and with this one `minutebook restore`");
    fs::write(&marker, "{\"name\": \"minute").unwrap();
    assert!(matches!(open(dir.path()).map(drop), Err(OpenError::Corrupt { .. })));
    fs::write(&marker, "{\"name\": \"other\", \"format\": 1}").unwrap();
    assert!(matches!(open(dir.path()).map(drop), Err(OpenError::NotALedger { .. })));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    ledger(dir.path(), 1);
    let mode = |mode| fs::set_permissions(dir.path().join("lock"), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o444);
    if fs::OpenOptions::new().write(true).open(dir.path().join("lock")).is_ok() {
        println!("skipped: this user writes whatever the mode says, as root does");
        return;
    }
    let error = open(dir.path()).map(drop).unwrap_err();
    mode(0o644);
    assert!(matches!(error, OpenError::Denied { .. }), "{error}");
    assert!(error.to_string().contains("give this user write access"), "{error}");
}

#[test]
fn a_creation_that_was_cut_short_is_finished_by_the_next() {
    let dir = TempDir::new().unwrap();
    create(dir.path()).map(drop).unwrap();
    fs::rename(dir.path().join("minutebook.json"), dir.path().join("minutebook.draft")).unwrap();
    assert!(matches!(open(dir.path()).map(drop), Err(OpenError::NotALedger { .. })));
    create(dir.path()).map(drop).unwrap();
    assert!(open(dir.path()).unwrap().is_empty());
}

#[test]
fn entries_without_a_marker_are_never_taken_for_an_empty_ledger() {
    let dir = TempDir::new().unwrap();
    ledger(dir.path(), 3);
    fs::remove_file(dir.path().join("minutebook.json")).unwrap();
    let text = message(create(dir.path()), &dir);
    assert!(text.starts_with("DIR is not a ledger: it holds 3 entries and no marker"), "{text}");
}

#[test]
fn a_ledger_without_its_entries_is_corrupt_not_empty() {
    let dir = TempDir::new().unwrap();
    ledger(dir.path(), 3);
    fs::write(dir.path().join("sled/db"), "").unwrap();
    assert!(matches!(open(dir.path()).map(drop), Err(OpenError::Corrupt { .. })));
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let text = message(open(dir.path()), &dir);
    assert!(text.starts_with("the ledger at DIR is corrupt: its file sled/db is missing"), "{text}");
}

/// sled's issues 1527 and 1533: killed while it writes its snapshot, it does not open again.
#[test]
fn a_snapshot_that_was_cut_short_does_not_block_the_next_opening() {
    let dir = TempDir::new().unwrap();
    let model = ledger(dir.path(), 30);
    reopen(dir.path());
    let snapshot = |ending: &str| {
        let items = fs::read_dir(dir.path().join("sled")).unwrap().map(|item| item.unwrap().path());
        let mut found = items.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap."));
        let path = found.next().unwrap();
        path.with_file_name(format!("{}{ending}", path.file_name().unwrap().to_string_lossy()))
    };
    fs::write(dir.path().join("sled/snap.00000000FFFFFFFF.generating"), "half a snap").unwrap();
    assert_equal(&reopen(dir.path()), &model);
    let whole = fs::read(snapshot("")).unwrap();
    fs::write(snapshot(""), &whole[..whole.len() / 2]).unwrap();
    assert_equal(&reopen(dir.path()), &model);
    fs::write(snapshot(""), "").unwrap();
    assert_equal(&reopen(dir.path()), &model);
}

fn files_in(dir: &Path) -> Vec<PathBuf> {
    let items = fs::read_dir(dir).unwrap().map(|item| item.unwrap().path());
    items.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

/// Copies a ledger's files, with one byte changed.
fn copy_with_flip(from: &Path, to: &Path, file: &Path, offset: usize) {
    for path in files_in(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        if path == file {
            bytes[offset] ^= 1 << (offset % 8);
        }
        fs::write(target, bytes).unwrap();
    }
}

/// What a reader gets from a damaged ledger: all of it, or an error; never other bytes, and never fewer entries.
fn assert_equal_or_error(path: &Path, model: &[NewEntry], flip: &str) -> bool {
    let Ok(folder) = Folder::open(path) else { return false };
    let Ok(store) = SledStore::open(folder, small_blocks()) else { return false };
    assert_eq!(store.len(), model.len() as u64, "{flip}");
    let mut equal = true;
    for (position, expected) in (0..).map(Position).zip(model) {
        match store.read(position) {
            Ok(Some(stored)) => assert_eq!(stored.bytes, expected.bytes, "{flip}"),
            Ok(None) => panic!("{flip}: nothing at {position}, in silence"),
            Err(_) => equal = false,
        }
    }
    let scanned: Vec<_> = store.scan(0..u64::MAX).map_while(Result::ok).collect();
    assert!(scanned.iter().zip(model).all(|(stored, expected)| stored.bytes == expected.bytes), "{flip}");
    assert!(!equal || scanned.len() == model.len(), "{flip}");
    equal
}

#[test]
fn a_flipped_byte_is_found_or_does_no_harm() {
    let dir = TempDir::new().unwrap();
    let model = ledger(dir.path(), 23);
    reopen(dir.path());
    let (mut equal, mut refused) = (0, 0);
    for file in files_in(dir.path()) {
        // What lies after the last byte that sled wrote is zero, and says nothing.
        let used = fs::read(&file).unwrap().iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for offset in (0..used).step_by((used / 40).max(1)) {
            let copy = TempDir::new().unwrap();
            copy_with_flip(dir.path(), copy.path(), &file, offset);
            let flip = format!("{} at {offset}", file.strip_prefix(dir.path()).unwrap().display());
            if assert_equal_or_error(copy.path(), &model, &flip) { equal += 1 } else { refused += 1 }
        }
    }
    println!("{refused} flips were found, {equal} did no harm");
    assert!(refused > 0);
}

/// Blocks of one and runs of one: every sixteenth entry merges runs.
fn tiny_runs(when: &Arc<AtomicU8>) -> Options {
    Options { block_entries: 1, run_entries: 1, ..failing(when) }
}

#[test]
fn runs_of_every_level_lead_to_every_entry() {
    // Sixteen times sixteen times sixteen make one that stays as it is.
    let model: Vec<_> = (0..4_200).map(|n| entry(n, 8)).collect();
    let calm = Arc::default();
    let mut store;
    for groups in [&[4_200][..], &[1, 15, 16, 17, 255, 256, 257, 1_000]] {
        let dir = TempDir::new().unwrap();
        store = SledStore::open(Folder::create(dir.path()).unwrap(), tiny_runs(&calm)).unwrap();
        let (mut sizes, mut rest) = (groups.iter().cycle(), model.as_slice());
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            store.append(Position(store.len()), now).unwrap();
            rest = later;
            drop(store);
            store = SledStore::open(Folder::open(dir.path()).unwrap(), tiny_runs(&calm)).unwrap();
        }
        assert_equal(&store, &model);
    }
}

#[test]
fn nobody_is_told_of_nothing_where_a_merge_failed() {
    for how in [1, 2] {
        let dir = TempDir::new().unwrap();
        let when = Arc::new(AtomicU8::new(0));
        let store = SledStore::open(Folder::create(dir.path()).unwrap(), tiny_runs(&when)).unwrap();
        let model: Vec<_> = (0..16).map(|n| entry(n, 100)).collect();
        store.append(Position(0), &model[..15]).unwrap();
        when.store(how, SeqCst);
        store.append(Position(15), &model[15..]).unwrap_err();
        when.store(0, SeqCst);
        assert_eq!(store.scan(0..u64::MAX).filter_map(Result::ok).count(), 15);
        let error = store.position_of(model[3].id).unwrap_err().to_string();
        assert!(error.contains("an append that was to merge it failed half-way: reopen the ledger"), "{error}");
        store.positions_of(&of_contract("lwk")).unwrap_err();
        drop(store);
        let store = SledStore::open(Folder::open(dir.path()).unwrap(), tiny_runs(&when)).unwrap();
        assert_equal(&store, &model[..store.len() as usize]);
    }
}
