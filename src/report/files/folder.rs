//! A folder that is made beside the one that stands, and takes its place at once: a reader sees the last report or the new one,
//! whole, and a run that fails leaves the last one standing. It must not know what is in the files.

use super::manifest::{MANIFEST, Manifest, Written};
use crate::durable;
use crate::lock::Lock;
use crate::store::MARKER;
use minutebook_events::Hash;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// How much of a file is written at once: some of them are gigabytes, in pieces of some kilobytes.
const BUFFER: usize = 1 << 18;

/// Why a report cannot be put where it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Incorrect: what is there is no report of ours.
    #[error("{path} {what}: name a new folder, an empty one, or one that a report was written to")]
    NotOurs {
        /// Where it is.
        path: PathBuf,
        /// What is there.
        what: String,
    },
    /// Unavailable: another run is at it.
    #[error("another run writes to {0}: wait for it, or stop it")]
    Busy(PathBuf),
    /// Unavailable.
    #[error("cannot {doing} {path}: {source}{}", remedy(.source))]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "; make room, and run it again: the last report stands",
        ErrorKind::PermissionDenied => "; let this user write there, or name another folder",
        _ => "",
    }
}

impl FolderError {
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

/// A report that is being written; where it is not kept, it goes.
pub(super) struct Draft {
    out: PathBuf,
    path: PathBuf,
    /// The files that were ended.
    written: Arc<Mutex<Vec<Written>>>,
    /// Held until the report is in its place, so that no second run is at the same folder.
    _lock: Lock,
}

impl Draft {
    /// A folder beside `out`, for this run alone.
    pub(super) fn of(out: &Path) -> Result<Self, FolderError> {
        let name = out
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| FolderError::NotOurs { path: out.to_owned(), what: "has no name of its own".to_owned() })?;
        // Before a lock is left beside what is somebody else's.
        is_ours(out)?;
        let folder = durable::folder_of(out);
        fs::create_dir_all(folder).map_err(FolderError::io("make", folder))?;
        let lock = folder.join(format!(".{name}.lock"));
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&lock);
        let file = file.map_err(FolderError::io("open", &lock))?;
        let lock = Lock::exclusive(file).map_err(|(_, error)| match error {
            None => FolderError::Busy(out.to_owned()),
            Some(source) => FolderError::Io { doing: "lock", path: lock, source },
        })?;
        is_ours(out)?;
        // Nobody else has a folder of this name; what is there a run left that was killed.
        let path = folder.join(format!(".{name}.minutebook-draft"));
        remove(&path)?;
        fs::create_dir(&path).map_err(FolderError::io("make", &path))?;
        Ok(Self { out: out.to_owned(), path, written: Arc::default(), _lock: lock })
    }

    /// Begins a file of the report; a name may have a folder in it.
    pub(super) fn file(&mut self, name: &str) -> Result<Output, FolderError> {
        let path = self.path.join(name);
        let folder = durable::folder_of(&path);
        fs::create_dir_all(folder).map_err(FolderError::io("make", folder))?;
        let file = File::create_new(&path).map_err(FolderError::io("write", &path))?;
        let (name, file) = (name.to_owned(), BufWriter::with_capacity(BUFFER, file));
        Ok(Output { name, path, file, hash: Sha256::new(), bytes: 0, written: Arc::clone(&self.written) })
    }

    /// Where it is, until it is kept.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The files that were written, in the order of their names.
    pub(super) fn files(&self) -> Vec<Written> {
        let mut files = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
        files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        files
    }

    /// Puts it in the place of what stood there.
    pub(super) fn keep(mut self, manifest: &Manifest) -> Result<(), FolderError> {
        let mut file = self.file(MANIFEST)?;
        file.write(manifest.text().as_bytes())?;
        file.end()?;
        durable::sync_folders_in(&self.path).map_err(FolderError::io("flush", &self.path))?;
        self.swap()?;
        let folder = durable::folder_of(&self.out);
        durable::sync_folder(folder).map_err(FolderError::io("flush", folder))?;
        // What stood there has the name of the draft now, and goes with it.
        Ok(())
    }

    fn swap(&self) -> Result<(), FolderError> {
        let rename = |flags| renameat_with(CWD, &self.path, CWD, &self.out, flags);
        let swapped = match rename(RenameFlags::NOREPLACE) {
            Err(Errno::EXIST | Errno::NOTEMPTY) => rename(RenameFlags::EXCHANGE),
            renamed => renamed,
        };
        swapped.map_err(io::Error::from).map_err(FolderError::io("put the report at", &self.out))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, "what is left of a report could not be removed: the next run does");
        }
    }
}

fn remove(path: &Path) -> Result<(), FolderError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(FolderError::io("remove", path)),
    }
}

/// A file of a report that is being written; it is one of the report's once it is ended. It is hashed as it is written: some are
/// gigabytes, and would have to be read again.
pub(super) struct Output {
    name: String,
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
    written: Arc<Mutex<Vec<Written>>>,
}

impl Output {
    /// Writes what comes next.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), FolderError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(FolderError::io("write", &self.path))
    }

    /// Ends it, on disk.
    pub(super) fn end(self) -> Result<(), FolderError> {
        let Self { name, path, file, hash, bytes, written } = self;
        let file = file.into_inner().map_err(|error| FolderError::io("write", &path)(error.into_error()))?;
        file.sync_all().map_err(FolderError::io("flush", &path))?;
        let file = Written { name, bytes, sha256: Hash(hash.finalize().into()) };
        written.lock().unwrap_or_else(PoisonError::into_inner).push(file);
        Ok(())
    }
}

/// Whether a report may take the place of what is there: nothing, an empty folder, or a report with nothing else in it.
fn is_ours(out: &Path) -> Result<(), FolderError> {
    let not_ours = |what: String| FolderError::NotOurs { path: out.to_owned(), what };
    // A backup takes what lies beside a ledger, and a check may not know it.
    let whole = std::path::absolute(out).map_err(FolderError::io("look at", out))?;
    if let Some(ledger) = whole.ancestors().find(|folder| folder.join(MARKER).is_file()) {
        return Err(not_ours(format!("lies in the folder of a ledger, {}", ledger.display())));
    }
    let about = match fs::symlink_metadata(out) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        about => about.map_err(FolderError::io("look at", out))?,
    };
    if !about.is_dir() {
        return Err(not_ours("is no folder".to_owned()));
    }
    let mut there = vec![];
    files_in(out, "", &mut there)?;
    if there.is_empty() {
        return Ok(());
    }
    let manifest = fs::read(out.join(MANIFEST)).ok().and_then(|text| Manifest::names(&text));
    let names = manifest.ok_or_else(|| not_ours("holds files and is no report".to_owned()))?;
    match there.into_iter().find(|name| name != MANIFEST && !names.contains(name)) {
        Some(other) => Err(not_ours(format!("holds {other}, which is no file of the report there"))),
        None => Ok(()),
    }
}

fn files_in(folder: &Path, before: &str, found: &mut Vec<String>) -> Result<(), FolderError> {
    for item in fs::read_dir(folder).map_err(FolderError::io("list", folder))? {
        let item = item.map_err(FolderError::io("list", folder))?;
        let name = format!("{before}{}", item.file_name().to_string_lossy());
        match item.file_type().map_err(FolderError::io("look at", item.path()))?.is_dir() {
            true => files_in(&item.path(), &format!("{name}/"), found)?,
            false => found.push(name),
        }
    }
    Ok(())
}
