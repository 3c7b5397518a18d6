//! Bytes changed and files cut short, one at a time, while no process looks. What a reader gets after that is what was
//! there before, or an error that says where; never anything else, never a panic, never nothing.
//!
//! Children do it, each its share, so that whatever ends a process or makes it hang is seen.

use super::scenarios::Scene;
use super::{Program, layer, random};
use crate::given::copy;
use minutebook::audit::checkpoint::Head;
use minutebook::audit::verify::verify;
use minutebook::kent::decision_files;
use minutebook::sealed::Contents;
use minutebook::store::{Folder, NewEntry, Options, SledStore, Store, Stored};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{Entry, Instant, Position, codec};
use minutebook_projections::streams::about;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

const DIR: &str = "MINUTEBOOK_FAULTS_FLIPS";
const PLAN: &str = "MINUTEBOOK_FAULTS_PLAN";

/// Nothing here takes this long: what does, hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which bytes are changed, and at which lengths files are cut.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    /// One in so many of the bytes up to the last that is not zero, and some beyond it.
    pub every: u64,
    /// One in so many of the zeros after them.
    pub every_zero: u64,
    /// How many processes share the work.
    pub shares: u64,
}

/// What was seen.
#[derive(Debug, Default, Clone, Copy)]
pub struct Seen {
    /// Damages that were found, and told with the place.
    pub found: u64,
    /// Damages of what nothing reads: every entry, root and index was as before.
    pub harmless: u64,
}

/// Numbers that a parent tells its child, or a child its parent.
fn numbers<const N: usize>(text: &str) -> [u64; N] {
    let numbers: Vec<_> = text.split(' ').map(|number| number.parse().expect("a number")).collect();
    numbers.try_into().expect("as many as were told")
}

/// Damages copies of a small ledger in turns, and tells what was seen.
pub fn flips(program: &Program, plan: Plan) -> Seen {
    let scene = Scene::of(|work| ledger(&work.join("ledger")));
    let children: Vec<_> = (0..plan.shares).map(|share| start(program, &scene, plan, share)).collect();
    let mut seen = Seen::default();
    for (mut child, notes) in children {
        let status = child.wait().expect("it can be waited for");
        let [out, err] = ["out", "err"].map(|name| fs::read_to_string(notes.join(name)).expect("it is text"));
        let last = out.lines().last().unwrap_or_default();
        assert!(status.success() && !err.contains("panicked"), "{status}, at: {last}\n{err}");
        let [found, harmless] = numbers(last);
        seen = Seen { found: seen.found + found, harmless: seen.harmless + harmless };
    }
    seen
}

fn start(program: &Program, scene: &Scene, plan: Plan, share: u64) -> (Child, PathBuf) {
    let notes = scene.work().join(format!("share-{share}"));
    fs::create_dir(&notes).expect("a folder in our own");
    let file = |name| File::create(notes.join(name)).expect("a file in our own folder");
    let mut command = (program.child)();
    let Plan { seed, every, every_zero, shares } = plan;
    command.env(DIR, scene.ledger()).env(PLAN, format!("{seed} {every} {every_zero} {shares} {share}"));
    command.current_dir(&notes);
    // Without it all is the same and slower: nothing need reach the disk.
    if let Ok(library) = layer::library() {
        command.env("LD_PRELOAD", library).env("MINUTEBOOK_LAYER_ROOT", scene.work());
    }
    (command.stdout(file("out")).stderr(file("err")).spawn().expect("the child starts"), notes)
}

fn options() -> Options {
    Options { block_entries: 4, run_entries: 4, ..Options::default() }
}

/// A ledger of real entries: a block, a tail, a snapshot of sled's and some log after it.
fn ledger(path: &Path) {
    let mut store = SledStore::open(Folder::create(path).expect("a new folder"), options()).expect("a new store");
    for position in (0..7).map(Position) {
        if position.0 == 6 {
            drop(store);
            store = open(path).expect("it opens");
        }
        store.append(position, &[kents(position)]).expect("it is appended");
    }
}

/// The entry of Kent's record at a position.
pub fn kents(position: Position) -> NewEntry {
    let text = decision_files()[position.0 as usize].1;
    let draft = DecisionFile::parse(text).expect("Kent's record holds together").draft;
    let recorded: Instant = format!("2026-11-22T12:00:{:02}Z", position.0).parse().expect("an instant");
    let entry = Entry::stamp(draft, position, recorded, "a test".to_owned());
    let subjects = about(&entry).into_iter().collect();
    NewEntry::new(entry.id, subjects, codec::encode(&entry))
}

fn open(path: &Path) -> Result<SledStore, String> {
    let folder = Folder::open(path).map_err(|error| error.to_string())?;
    SledStore::open(folder, options()).map_err(|error| error.to_string())
}

/// All that a reader can get.
#[derive(Debug, PartialEq)]
struct All {
    entries: Vec<Stored>,
    head: Head,
    streams: BTreeMap<String, Vec<Position>>,
}

fn read(path: &Path) -> Result<All, String> {
    let store = open(path)?;
    let (_, head) = verify(&store, Some(&Contents::beside(path)), &[], |_, _| {}).map_err(|error| error.to_string())?;
    let entries = store.scan(0..u64::MAX).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    let mut streams = BTreeMap::new();
    for subject in (0..decision_files().len() as u64).flat_map(|position| kents(Position(position)).subjects) {
        streams.insert(subject.to_string(), store.positions_of(&subject).map_err(|error| error.to_string())?);
    }
    Ok(All { entries, head, streams })
}

#[derive(Debug, Clone, Copy)]
enum Damage {
    /// The byte there is this one instead.
    Byte(u8),
    /// The file ends there.
    End,
}

/// The child.
pub fn be_child() {
    let (Some(original), Ok(plan)) = (std::env::var_os(DIR), std::env::var(PLAN)) else { return };
    let original = PathBuf::from(original);
    let [seed, every, every_zero, shares, share] = numbers(&plan);
    let plan = Plan { seed, every, every_zero, shares };
    let whole = read(&copied(&original)).expect("the ledger is whole");
    let mut seen = Seen::default();
    let mut number = 0;
    for file in files(&original) {
        let bytes = fs::read(original.join(&file)).expect("it reads");
        for (at, damage) in damages(&file, &bytes, plan) {
            number += 1;
            if number % shares == share {
                println!("{} at {at}: {damage:?}", file.display());
                look(&original, &file, &bytes, at, damage, &whole, &mut seen);
            }
        }
    }
    println!("{} {}", seen.found, seen.harmless);
    std::process::exit(0);
}

fn damages(file: &Path, bytes: &[u8], plan: Plan) -> Vec<(usize, Damage)> {
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 65).min(bytes.len());
    let seed = random(plan.seed, file.as_os_str().len() as u64);
    let mut damages = vec![];
    for (at, byte) in bytes.iter().enumerate() {
        let dice = random(seed, at as u64);
        let every = if at < used { plan.every } else { plan.every_zero };
        if dice.is_multiple_of(every) {
            damages.push((at, Damage::Byte(byte ^ (1 << ((dice >> 32) % 8)))));
        }
        if (dice >> 8).is_multiple_of(every) {
            damages.push((at, Damage::End));
        }
    }
    damages
}

fn look(original: &Path, file: &Path, bytes: &[u8], at: usize, damage: Damage, whole: &All, seen: &mut Seen) {
    let place = copied(original);
    let mut damaged = bytes.to_vec();
    match damage {
        Damage::Byte(byte) => damaged[at] = byte,
        Damage::End => damaged.truncate(at),
    }
    fs::write(place.join(file), damaged).expect("a file in our own folder");
    match in_time(|| catch_unwind(AssertUnwindSafe(|| read(&place)))) {
        Err(_) => panic!("a panic came through"),
        Ok(Ok(all)) => {
            assert!(all == *whole, "something else is there, in silence: {all:?}");
            seen.harmless += 1;
        }
        Ok(Err(error)) => {
            println!("  {error}");
            let place = place.display().to_string();
            assert!(error.contains("position") || error.contains(&place), "{error} does not say where");
            assert!(!error.contains("IO thread unexpectedly"), "sled's threads are gone: nothing else is tested");
            seen.found += 1;
        }
    }
}

/// A copy of the ledger, in place of the last.
fn copied(original: &Path) -> PathBuf {
    let place = std::env::current_dir().expect("the parent gives one").join("ledger");
    let _ = fs::remove_dir_all(&place);
    copy(original, &place);
    place
}

fn files(ledger: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for folder in ["", "sled"] {
        let items = fs::read_dir(ledger.join(folder)).expect("it reads").map(|item| item.expect("it reads"));
        let found = items.filter(|item| item.path().is_file());
        files.extend(found.map(|item| Path::new(folder).join(item.file_name())));
    }
    files.sort();
    files
}

/// Ends the process where this takes too long: what was printed last says at what.
fn in_time<T>(f: impl FnOnce() -> T) -> T {
    let (done, waiting) = channel::<()>();
    let watch = std::thread::spawn(move || {
        if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("it hangs");
            std::process::exit(3);
        }
    });
    let result = f();
    drop(done);
    watch.join().expect("it only waits");
    result
}
