//! What someone may do to a ledger who knows how it is stored: entries and blocks that change places, an older copy put
//! back, an entry of a later version. Single bytes are in `survival` and `evidence`.

use crate::faults::flips::kents;
use crate::run::{Place, copy, defines, ran};
use minutebook::audit::verify::verify;
use minutebook::sealed::Contents;
use minutebook::store::{Folder, NewEntry, Options, SledStore, Store};
use minutebook_events::codec;
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Entry, Instant, Position};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn options() -> Options {
    Options { block_entries: 4, run_entries: 4, ..Options::default() }
}

/// A ledger of ten of Kent's entries, in this order: two blocks, and a tail of two.
fn ledger(order: [u64; 10]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let store = SledStore::open(Folder::create(dir.path()).unwrap(), options()).unwrap();
    for (position, other) in (0..).zip(order) {
        store.append(Position(position), &[kents(Position(other))]).unwrap();
    }
    dir
}

const IN_ORDER: [u64; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/// What `verify` finds, or opening before it.
fn found(ledger: &Path) -> Result<u64, String> {
    let folder = Folder::open(ledger).map_err(|error| error.to_string())?;
    let store = SledStore::open(folder, options()).map_err(|error| error.to_string())?;
    verify(&store, Some(&Contents::beside(ledger)), &[], |_, _| {})
        .map(|(verified, _)| verified.entries)
        .map_err(|error| error.to_string())
}

/// sled, opened past the store.
fn past_the_store(ledger: &Path, change: impl FnOnce(&sled::Db)) {
    let config = sled::Config::new().path(ledger.join("sled")).segment_size(1024 * 1024).flush_every_ms(None);
    // sled gives up its own lock a little after it was dropped.
    let db = (0..500).find_map(|_| {
        let db = config.open().ok();
        if db.is_none() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        db
    });
    change(&db.expect("sled opens"));
}

/// All chunks of a kind at a position.
fn chunks(db: &sled::Db, kind: u8, position: u64) -> Vec<(Vec<u8>, Vec<u8>)> {
    let prefix = [&[kind], position.to_be_bytes().as_slice()].concat();
    db.scan_prefix(prefix).map(|item| item.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap()).collect()
}

fn swap(db: &sled::Db, kind: u8, one: u64, other: u64) {
    let (ones, others) = (chunks(db, kind, one), chunks(db, kind, other));
    assert!(!ones.is_empty() && !others.is_empty());
    ones.iter().chain(&others).for_each(|(key, _)| drop(db.remove(key).unwrap()));
    for (chunks, position) in [(ones, other), (others, one)] {
        for (key, value) in chunks {
            db.insert([&key[..1], position.to_be_bytes().as_slice(), &key[9..]].concat(), value).unwrap();
        }
    }
}

#[test]
fn blocks_that_change_places_are_found() {
    let dir = ledger(IN_ORDER);
    past_the_store(dir.path(), |db| swap(db, b'b', 0, 4));
    let error = found(dir.path()).unwrap_err();
    assert!(error.contains("is corrupt: an index does not lead to every entry"), "{error}");
    past_the_store(dir.path(), |db| swap(db, b'b', 0, 4));
    assert_eq!(found(dir.path()), Ok(10), "and back again");
}

#[test]
fn entries_of_the_tail_that_change_places_are_found() {
    let dir = ledger(IN_ORDER);
    past_the_store(dir.path(), |db| swap(db, b'e', 8, 9));
    let error = found(dir.path()).unwrap_err();
    assert!(error.starts_with("position 8: the entry was accepted although it expected 9 entries"), "{error}");
}

/// With its checksum made anew, as by someone who knows the format.
#[test]
fn records_that_change_places_within_a_block_are_found() {
    let dir = ledger(IN_ORDER);
    past_the_store(dir.path(), |db| {
        let value: Vec<u8> = chunks(db, b'b', 4).into_iter().flat_map(|(_, value)| value).collect();
        let (head, packed) = value[12..].split_at(6);
        let length = u32::from_be_bytes(head[2..].try_into().unwrap());
        let raw = zstd::bulk::decompress(packed, length as usize).unwrap();
        let mut records = records(&raw);
        records.swap(1, 2);
        let payload = [head, &zstd::bulk::compress(&records.concat(), 1).unwrap()].concat();
        let check = Sha256::digest(&payload);
        let framed = [&(payload.len() as u32).to_be_bytes(), &check[..8], &payload].concat();
        let old = chunks(db, b'b', 4);
        let size = old[0].1.len();
        assert_eq!(
            framed.chunks(size.max(framed.len() / old.len() + 1)).count(),
            old.len(),
            "as many chunks as before"
        );
        for ((key, _), bytes) in old.iter().zip(framed.chunks(size.max(framed.len() / old.len() + 1))) {
            db.insert(key.as_slice(), bytes).unwrap();
        }
    });
    let error = found(dir.path()).unwrap_err();
    assert!(error.contains("is corrupt: an index does not lead to every entry"), "{error}");
}

/// What leads to an entry taken away, changed, or put where it belongs to no run: a question of one contract would miss it.
#[test]
fn an_altered_index_is_found() {
    let of_kind = |db: &sled::Db, kind: u8| db.scan_prefix([kind]).map(Result::unwrap).next().unwrap();
    let alter = |change: &dyn Fn(&sled::Db)| {
        let dir = ledger(IN_ORDER);
        past_the_store(dir.path(), |db| change(db));
        found(dir.path()).unwrap_err()
    };
    let misled = "is corrupt: an index does not lead to every entry";
    let error = alter(&|db| drop(db.remove(of_kind(db, b'x').0).unwrap()));
    assert!(error.contains(misled), "{error}");
    let error = alter(&|db| {
        let (key, page) = of_kind(db, b'x');
        db.insert(key, &page[20..]).unwrap();
    });
    assert!(error.contains(misled), "{error}");
    let error = alter(&|db| {
        let (key, mut page) = of_kind(db, b'x');
        page[19] ^= 1;
        db.insert(key, page).unwrap();
    });
    assert!(error.contains(misled), "{error}");
    let error = alter(&|db| drop(db.remove(of_kind(db, b'r').0).unwrap()));
    assert!(error.contains("is corrupt: the parts of the index do not follow each other"), "{error}");
}

/// All that leads to entries is there, and a lookup does not find it: a page out of its order, under another name, or with what
/// belongs to another run.
#[test]
fn an_index_in_another_order_is_found() {
    type Change = dyn Fn(&sled::Db, Vec<(sled::IVec, sled::IVec)>);
    let alter = |change: &Change| {
        let dir = ledger(IN_ORDER);
        past_the_store(dir.path(), |db| change(db, db.scan_prefix(b"x").map(Result::unwrap).collect()));
        found(dir.path()).map(drop).unwrap_err()
    };
    let error = alter(&|db, pages| {
        let (key, page) = &pages[0];
        let backwards: Vec<u8> = page.chunks(20).rev().flatten().copied().collect();
        db.insert(key, backwards).unwrap();
    });
    assert!(error.contains("is corrupt: a page of the index"), "{error}");
    let error = alter(&|db, pages| {
        let (key, page) = &pages[0];
        db.remove(key).unwrap();
        let sooner = [&key[..10], &[0; 24]].concat();
        db.insert(sooner, page).unwrap();
    });
    assert!(error.contains("is corrupt: a page of the index"), "{error}");
    let error = alter(&|db, pages| {
        let [(key, one), (other_key, other)] = pages.as_slice() else { panic!("{pages:?}") };
        let (moved, stays) = other.split_at(20);
        let further = u32::from_be_bytes(moved[16..].try_into().unwrap()) + 4;
        let moved = [&moved[..16], &further.to_be_bytes()].concat();
        let mut pairs: Vec<&[u8]> = one.chunks(20).chain([&moved[..]]).collect();
        pairs.sort_unstable();
        let last = pairs.last().unwrap();
        let name = [&key[..10], &last[..16], &[0; 4], &last[16..]].concat();
        db.remove(key).unwrap();
        db.insert(name, pairs.concat()).unwrap();
        db.insert(other_key, stays).unwrap();
    });
    assert!(error.contains("is corrupt: a page of the index"), "{error}");
}

/// The records of a block, apart: id, subjects, leaf hash and bytes.
fn records(mut raw: &[u8]) -> Vec<&[u8]> {
    let mut records = vec![];
    while !raw.is_empty() {
        let mut end = 18;
        for _ in 0..u16::from_be_bytes(raw[16..18].try_into().unwrap()) {
            end += 2 + usize::from(u16::from_be_bytes(raw[end..end + 2].try_into().unwrap()));
        }
        end += 32;
        end += 4 + u32::from_be_bytes(raw[end..end + 4].try_into().unwrap()) as usize;
        let (record, rest) = raw.split_at(end);
        records.push(record);
        raw = rest;
    }
    records
}

/// Every hash and every index is right; the entries themselves say that they do not follow each other.
#[test]
fn a_ledger_written_anew_in_another_order_is_found() {
    let dir = ledger([0, 1, 2, 6, 4, 5, 3, 7, 8, 9]);
    let error = found(dir.path()).unwrap_err();
    assert!(error.starts_with("position 3: the entry was accepted although it expected 6 entries"), "{error}");
}

#[test]
fn a_ledger_that_lost_an_entry_in_the_middle_is_found() {
    let dir = ledger(IN_ORDER);
    past_the_store(dir.path(), |db| chunks(db, b'e', 8).iter().for_each(|(key, _)| drop(db.remove(key).unwrap())));
    let error = found(dir.path()).unwrap_err();
    assert!(error.contains("beyond position 8, entries follow a gap or lie there in part"), "{error}");
}

/// An older copy of the whole folder holds together, as an older ledger does: only what lies elsewhere can tell. One of
/// the entries alone is told by the size that the ledger had.
#[test]
fn an_older_copy_is_told_by_what_was_not_put_back() {
    let dir = ledger(IN_ORDER);
    let older = TempDir::new().unwrap();
    copy(dir.path(), older.path());
    let store = SledStore::open(Folder::open(dir.path()).unwrap(), options()).unwrap();
    store.append(Position(10), &[kents(Position(10))]).unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    copy(&older.path().join("sled"), &dir.path().join("sled"));
    let error = found(dir.path()).unwrap_err();
    assert!(error.contains("it ends at 10 entries, and 11 were durable"), "{error}");
    assert_eq!(found(older.path()), Ok(10));
}

#[test]
fn an_entry_of_a_later_version_is_left_to_a_later_program() {
    let place = Place::kent();
    let store = minutebook::store::open(&place.ledger()).unwrap();
    let next = Position(store.len());
    let last = store.read(Position(next.0 - 1)).unwrap().unwrap();
    let text = String::from_utf8(last.bytes).unwrap();
    let bytes = text.replacen("{\"v\":1,", "{\"v\":2,\"also\":[],", 1).into_bytes();
    let id = minutebook_events::EntryId::from_text("of a later version");
    store.append(next, &[NewEntry::new(id, vec![], bytes)]).unwrap();
    drop(store);
    let words =
        format!("position {next}: the entry has version 2, and this program reads up to 1: use a newer minutebook");
    for command in [&["state"][..], &["rebuild"], &["demo"]] {
        let ran = place.run(command).ends(2).says(&[&words]);
        assert_eq!(ran.out, "", "nothing is answered from it");
    }
    place.run(&["verify"]).ends(1).prints(&[&words]);
}

/// What `decide` rejects in a text, and another program could have written: a terminal neither obeys nor hides it.
#[test]
fn what_is_hidden_in_a_strangers_ledger_is_shown() {
    let place = Place::empty();
    let hidden = ['\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}', '\u{2028}', '\u{200b}', '\u{e0041}', '\u{1b}'];
    let title = format!("lot{} 2", String::from_iter(hidden));
    let mut draft = DecisionFile::parse(&defines("somebody")).unwrap().draft;
    draft.act.title = title.clone();
    let recorded = Instant::new("2022-01-01T00:00:00Z".parse().unwrap());
    let entry = Entry::stamp(draft, Position(0), recorded, "somebody".to_owned());
    let (id, bytes) = (entry.id, codec::encode(&entry));
    let store = minutebook::store::create(&place.ledger()).unwrap();
    store.append(Position(0), &[NewEntry::new(id, vec![], bytes)]).unwrap();
    drop(store);
    let shown = "lot\\u{202e}\\u{2066}\\u{200f}\\u{61c}\\u{2028}\\u{200b}\\u{e0041}\\u{1b} 2";
    for args in [&["decisions"][..], &["explain", "0"], &["replay"]] {
        let ran = ran(place.command().env("COLUMNS", "400").args(args)).ok().prints(&[shown]);
        assert!(!ran.out.contains(hidden), "{ran:#?}");
    }
    // JSON is for programs: it holds what the entry holds.
    let json = place.run(&["decisions", "--json"]).ok().json();
    assert_eq!(json["answer"][0]["title"], title.as_str());
    // Nor does an error repeat it: bytes that are no entry may hold anything.
    place.file("bad.toml", "id = \"\u{202e}\"");
    let ran = place.run(&["check", "bad.toml"]).ends(1);
    assert!(!ran.err.contains(hidden), "{ran:#?}");
}
