//! A ledger's folder: its format marker, and the lock that one process holds on it. It must not look inside the store.
//!
//! ```text
//! DIR/minutebook.json   what this folder is, and its format; written last, so that it marks a finished ledger
//! DIR/lock              locked while a process has the ledger open; says which
//! DIR/size              how many entries were durable at least (see `watermark`)
//! DIR/whole           that the files below are those that were found whole (see `whole`); may be removed
//! DIR/sled/             the entries; beside it, while it is being opened, what they were before (see `kept`)
//! ```

use super::error::{OpenError, Shown};
use super::kept::{self, Kept};
use super::whole::WHOLE;
use crate::durable;
use crate::lock::Lock;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// The format of ledger folders that this program writes and reads. Format 1 had streams of contracts alone, format 2
/// a key of its own for each id, and for each subject in each block.
pub const FORMAT: u64 = 3;

/// The file that marks a folder as a ledger's.
pub const MARKER: &str = "minutebook.json";
const MARKER_DRAFT: &str = "minutebook.draft";
const LOCK: &str = "lock";
const SIZE: &str = "size";
/// The file from which an opening goes on. It is derived of the entries, and may go; so may the others here.
pub const SNAPSHOT: &str = "snapshot";
/// The file from which a rebuild goes on that was interrupted.
pub const REBUILDING: &str = "rebuilding";
/// The file of the totals that are kept.
pub const TOTALS: &str = "totals";
const SLED: &str = "sled";

/// The folders beside the entries that are part of a ledger: what it signed of itself, and content of which its entries hold
/// only a commitment. What is in them is not the store's business.
pub const BESIDE: [&str; 3] = ["checkpoints", "sealed", "published"];

#[derive(Serialize, Deserialize)]
struct Marker {
    name: String,
    format: u64,
    created_with: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_of: Option<String>,
}

/// The part of a marker that every format keeps.
#[derive(Deserialize)]
struct AnyMarker {
    name: String,
    format: u64,
    created_with: Option<String>,
    copy_of: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Holder {
    pid: u32,
    command: String,
    since: String,
}

/// A ledger's folder, locked for this process until it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    created: bool,
    /// Of which log it is a copy, where it is one.
    copy_of: Option<String>,
    _lock: Lock,
}

impl Folder {
    /// Makes a ledger's folder, or finishes one that a crash left half-made. Call [`Folder::seal`] once the store is there.
    ///
    /// # Errors
    /// [`OpenError::AlreadyThere`], [`OpenError::NotALedger`] when something else is there, and what [`Folder::open`] gives.
    pub fn create(path: &Path) -> Result<Self, OpenError> {
        Self::make(path, None)
    }

    /// The same for a copy of a log elsewhere; what lies beside the entries of that may be there already.
    ///
    /// # Errors
    /// As [`Folder::create`].
    pub fn create_copy(path: &Path, of: String) -> Result<Self, OpenError> {
        Self::make(path, Some(of))
    }

    fn make(path: &Path, copy_of: Option<String>) -> Result<Self, OpenError> {
        no_links(path)?;
        if path.join(MARKER).exists() {
            return Err(OpenError::AlreadyThere { path: path.into() });
        }
        fs::create_dir_all(path).map_err(|e| no_folder(path, e))?;
        only_leftovers(path, if copy_of.is_some() { &BESIDE } else { &[] })?;
        let lock = lock(path)?;
        // Another process may have finished its own creation while this one waited to look.
        if path.join(MARKER).exists() {
            return Err(OpenError::AlreadyThere { path: path.into() });
        }
        Kept::settle(&path.join(SLED))?;
        clear_half_made(path)?;
        Ok(Self { path: path.to_owned(), created: true, copy_of, _lock: lock })
    }

    /// Opens a ledger's folder.
    ///
    /// # Errors
    /// [`OpenError`]: not there, not a ledger, of a newer format, locked, not writable.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        no_links(path)?;
        let copy_of = read_marker(path)?;
        let lock = lock(path)?;
        Kept::settle(&path.join(SLED))?;
        if !path.join(SLED).join("db").is_file() {
            let what = format!("its file {SLED}/db is missing");
            return Err(OpenError::Corrupt { path: path.into(), what });
        }
        Ok(Self { path: path.to_owned(), created: false, copy_of, _lock: lock })
    }

    /// Of which log it is a copy: only a node that follows that log appends to it.
    pub fn copy_of(&self) -> Option<&str> {
        self.copy_of.as_deref()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is being made, and has no marker yet.
    pub(super) fn is_new(&self) -> bool {
        self.created
    }

    pub(super) fn sled(&self) -> PathBuf {
        self.path.join(SLED)
    }

    pub(super) fn size(&self) -> PathBuf {
        self.path.join(SIZE)
    }

    pub(super) fn whole(&self) -> PathBuf {
        self.path.join(WHOLE)
    }

    /// Marks a new ledger as finished, once all of it is durable: without the marker nobody takes it for a ledger.
    pub(super) fn seal(&mut self) -> Result<(), OpenError> {
        let marker = Marker {
            name: "minutebook".to_owned(),
            format: FORMAT,
            created_with: env!("CARGO_PKG_VERSION").to_owned(),
            copy_of: self.copy_of.clone(),
        };
        let mut text = serde_json::to_string_pretty(&marker).expect("a marker has only text and a number");
        text.push('\n');
        let path = self.path.join(MARKER);
        // Whoever sees the marker takes all other names for durable: those beside it, and the folder's own.
        sync_up(&self.path)?;
        durable::put(&path, text.as_bytes()).map_err(|e| OpenError::io("write", &path, e))?;
        self.created = false;
        Ok(())
    }
}

/// Copies what the store keeps in a ledger's folder to a new folder, while no process has the ledger open. What is copied
/// from is only read: neither its lock nor anything else in it changes.
///
/// # Errors
/// As [`Folder::open`], and what the operating system says of the copy.
pub fn copy(from: &Path, to: &Path) -> Result<(), OpenError> {
    no_links(from)?;
    read_marker(from)?;
    let _still = still(from)?;
    fs::create_dir(to).map_err(|e| OpenError::io("create", to, e))?;
    for name in [SLED, kept::KEPT, SIZE, MARKER] {
        let (source, target) = (from.join(name), to.join(name));
        if source.is_dir() {
            kept::copy(&source, &target)?;
        } else if source.try_exists().map_err(|e| OpenError::io("find", &source, e))? {
            durable::copy_file(&source, &target).map_err(|e| OpenError::io("write", target, e))?;
        }
    }
    sync_folder(to)
}

/// Keeps other processes from opening a ledger, without a write. Where it has no lock, none has ever opened it there.
fn still(path: &Path) -> Result<Option<Lock>, OpenError> {
    let name = path.join(LOCK);
    let file = match File::open(&name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::io("open", name, error)),
    };
    Lock::shared(file).map(Some).map_err(|refused| refusal(path, name, refused))
}

/// Makes names durable: those in this folder, and the folder's own in those above it, which may be new as well.
fn sync_up(path: &Path) -> Result<(), OpenError> {
    let path = fs::canonicalize(path).map_err(|e| OpenError::io("find", path, e))?;
    for folder in path.ancestors() {
        match sync_folder(folder) {
            // A folder above that we may not read was there before us.
            Err(OpenError::Denied { .. }) if folder != path => break,
            other => other?,
        }
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), OpenError> {
    durable::sync_folder(path).map_err(|e| OpenError::io("flush", path, e))
}

fn no_folder(path: &Path, error: io::Error) -> OpenError {
    match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            OpenError::NotALedger { path: path.into(), why: "it is a file, or lies in one".to_owned() }
        }
        _ => OpenError::io("create", path, error),
    }
}

/// Whether there is a creation that was not finished, so that nothing was ever recorded.
fn is_half_made(path: &Path) -> bool {
    let log = path.join(SLED).join("db");
    only_leftovers(path, &BESIDE).is_ok() && log.metadata().map_or(true, |log| log.len() == 0)
}

/// Removes what a creation that was stopped may have left half-written.
fn clear_half_made(path: &Path) -> Result<(), OpenError> {
    let sled = path.join(SLED);
    if is_half_made(path) && sled.is_dir() {
        fs::remove_dir_all(&sled).map_err(|e| OpenError::io("remove", sled, e))?;
    }
    Ok(())
}

/// What a creation that a crash stopped may leave, or one that goes on beside this, and what may lie there besides; anything else
/// belongs to someone else.
fn only_leftovers(path: &Path, besides: &[&'static str]) -> Result<(), OpenError> {
    for item in fs::read_dir(path).map_err(|e| OpenError::io("list", path, e))? {
        let name = item.map_err(|e| OpenError::io("list", path, e))?.file_name();
        if !of_the_store().chain(besides.iter().copied()).any(|ours| name == ours) {
            return Err(no_marker(path, &name.to_string_lossy()));
        }
    }
    Ok(())
}

/// What the store may have in a ledger's folder.
fn of_the_store() -> impl Iterator<Item = &'static str> {
    [LOCK, SIZE, WHOLE, SLED, MARKER_DRAFT, MARKER].into_iter().chain([SNAPSHOT, REBUILDING, TOTALS]).chain(kept::NAMES)
}

/// Whether something in a ledger's folder has the name of what the store keeps there.
pub fn is_of_the_store(name: &str) -> bool {
    of_the_store().any(|ours| ours == name)
}

/// That nothing of a ledger's is a symbolic link: what it leads to would be read, written or destroyed in its place.
fn no_links(ledger: &Path) -> Result<(), OpenError> {
    of_the_store().chain(BESIDE).try_for_each(|name| no_link(&ledger.join(name)))
}

fn no_link(path: &Path) -> Result<(), OpenError> {
    let kind = match fs::symlink_metadata(path) {
        Ok(about) => about.file_type(),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(OpenError::io("find", path, error)),
    };
    if kind.is_symlink() {
        return Err(OpenError::Link { path: path.into() });
    }
    if !kind.is_dir() {
        return Ok(());
    }
    for item in fs::read_dir(path).map_err(|e| OpenError::io("list", path, e))? {
        no_link(&item.map_err(|e| OpenError::io("list", path, e))?.path())?;
    }
    Ok(())
}

fn no_marker(path: &Path, found: &str) -> OpenError {
    OpenError::NotALedger { path: path.into(), why: format!("it holds {found} and no {MARKER}") }
}

/// That there is a ledger of this format; of which log it is a copy, where it is one.
fn read_marker(path: &Path) -> Result<Option<String>, OpenError> {
    let file = path.join(MARKER);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(why_no_marker(path)),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Err(no_folder(path, error)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(OpenError::Corrupt { path: path.into(), what: format!("its {MARKER} is not text") });
        }
        Err(error) => return Err(OpenError::io("read", file, error)),
    };
    let bad = |why: String| OpenError::Corrupt { path: path.into(), what: format!("its {MARKER} {why}") };
    let marker: AnyMarker = serde_json::from_str(&text).map_err(|e| bad(format!("cannot be read: {e}")))?;
    if marker.name != "minutebook" {
        return Err(OpenError::NotALedger {
            path: path.into(),
            why: format!("its {MARKER} names \"{}\"", marker.name),
        });
    }
    match marker.format {
        0 => Err(bad("says format 0, which never was".to_owned())),
        FORMAT => Ok(marker.copy_of),
        found if found < FORMAT => {
            Err(OpenError::Older { path: path.into(), found, known: FORMAT, program: marker.created_with })
        }
        found => Err(OpenError::Newer { path: path.into(), found, known: FORMAT, program: marker.created_with }),
    }
}

/// Nothing there, an empty folder, one that a crash left half-made or with what lies beside the entries of a server, or a folder of
/// something else.
fn why_no_marker(path: &Path) -> OpenError {
    let mut items = match fs::read_dir(path) {
        Ok(items) => items,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return OpenError::NotThere { path: path.into() },
        Err(error) => return OpenError::io("list", path, error),
    };
    let is_beside = |item: &io::Result<fs::DirEntry>| {
        item.as_ref().is_ok_and(|item| BESIDE.iter().any(|beside| item.file_name() == *beside))
    };
    match items.find(|item| !is_beside(item)) {
        None => OpenError::NotThere { path: path.into() },
        // Nothing was ever recorded there: whoever would make a ledger finishes that one.
        Some(_) if is_half_made(path) => OpenError::NotThere { path: path.into() },
        Some(Ok(item)) => no_marker(path, &item.file_name().to_string_lossy()),
        Some(Err(error)) => OpenError::io("list", path, error),
    }
}

fn lock(path: &Path) -> Result<Lock, OpenError> {
    let name = path.join(LOCK);
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&name)
        .map_err(|e| OpenError::io("open", &name, e))?;
    let mut lock = Lock::exclusive(file).map_err(|refused| refusal(path, name.clone(), refused))?;
    sign(lock.file()).map_err(|e| OpenError::io("write", name, e))?;
    Ok(lock)
}

/// Why a lock was not to be had.
fn refusal(ledger: &Path, name: PathBuf, (mut file, error): (File, Option<io::Error>)) -> OpenError {
    match error {
        None => OpenError::Locked { path: Shown(ledger.to_owned()), holder: holder(&mut file) },
        Some(error) => OpenError::io("lock", name, error),
    }
}

/// Says in the lock who holds it.
fn sign(file: &mut File) -> io::Result<()> {
    let now = DateTime::<Utc>::from(SystemTime::now());
    let holder =
        Holder { pid: std::process::id(), command: command(), since: now.to_rfc3339_opts(SecondsFormat::Secs, true) };
    let mut text = serde_json::to_vec(&holder).expect("a holder has only text and a number");
    text.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&text)
}

/// The program and its first word, as `minutebook serve`; further words may hold what is nobody else's business.
fn command() -> String {
    let mut words = std::env::args_os();
    let program =
        words.next().map(PathBuf::from).and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let first = words.next().map(|word| word.to_string_lossy().into_owned());
    program.into_iter().chain(first).collect::<Vec<_>>().join(" ")
}

/// Who holds the lock, in words. A holder signs just after it locks, so an empty lock is worth a second look.
fn holder(file: &mut File) -> String {
    for _ in 0..5 {
        let mut text = String::new();
        let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
        if let (Ok(_), Ok(Holder { pid, command, since })) = (read, serde_json::from_str(&text)) {
            return format!("process {pid} ({command}, since {since})");
        }
        sleep(Duration::from_millis(10));
    }
    "another process, which has not said which".to_owned()
}
