//! A folder that is there whole, or not at all: made as a draft beside its target, flushed, and given its name by one rename,
//! which takes the place of nothing. It must not know what is in it.
//!
//! ```text
//! NAME.draft/lock   locked while a process makes NAME
//! NAME.draft/copy   what will be NAME
//! ```
//!
//! What a kill leaves is a draft that nobody has locked: the next one for the same target removes it, and says so.

use super::error::CopyError;
use crate::durable;
use crate::lock::Lock;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
const COPY: &str = "copy";

/// A draft of a folder; dropped before [`Draft::finish`] it goes.
pub(super) struct Draft {
    target: PathBuf,
    from: PathBuf,
    home: PathBuf,
    _lock: Lock,
}

impl Draft {
    /// Starts a draft of `target`, which must not be there, or be an empty folder; it may not lie in `from`, of which it
    /// will be a copy.
    pub(super) fn of(target: &Path, from: &Path) -> Result<Self, CopyError> {
        let draft = Self::beside(target, from)?;
        if draft.path().exists() {
            fs::remove_dir_all(draft.path()).map_err(CopyError::io("remove", draft.path()))?;
            tracing::warn!("a draft of {} that was left unfinished was removed", target.display());
        }
        free(target)?;
        Ok(draft)
    }

    /// The draft's place, locked for this process.
    fn beside(target: &Path, from: &Path) -> Result<Self, CopyError> {
        let Some(name) = target.file_name() else { return Err(CopyError::Taken(target.into())) };
        let mut name = name.to_owned();
        name.push(".draft");
        outside(target, from)?;
        let home = target.with_file_name(name);
        match fs::create_dir(&home) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => only_ours(&home, target)?,
            made => made.map_err(CopyError::io("make", &home))?,
        }
        let lock = lock(&home, target)?;
        Ok(Self { target: target.to_owned(), from: from.to_owned(), home, _lock: lock })
    }

    /// Where to make the folder; nothing is there yet.
    pub(super) fn path(&self) -> PathBuf {
        self.home.join(COPY)
    }

    /// An error about what is in the draft, as one about the folder that was asked for: nobody asked for a draft.
    pub(super) fn told(&self, error: CopyError) -> CopyError {
        error.told(&self.path(), &self.target, &self.from)
    }

    /// The commit point: the draft takes its name.
    pub(super) fn finish(self) -> Result<(), CopyError> {
        durable::sync_all_in(&self.path()).map_err(CopyError::io("flush", self.path()))?;
        // A folder takes the place of an empty one, and of nothing else.
        fs::rename(self.path(), &self.target).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                CopyError::Taken(self.target.clone().into())
            }
            _ => CopyError::io("make", &self.target)(error),
        })?;
        let parent = parent(&self.target);
        durable::sync_folder(parent).map_err(CopyError::io("flush", parent))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What stays is in nobody's way, and the next draft removes it.
        let _ = fs::remove_dir_all(&self.home);
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn free(target: &Path) -> Result<(), CopyError> {
    match fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CopyError::io("find", target)(error)),
        Ok(there) if !there.is_dir() => Err(CopyError::Taken(target.into())),
        Ok(_) => match fs::read_dir(target).map_err(CopyError::io("list", target))?.next() {
            None => Ok(()),
            Some(_) => Err(CopyError::Taken(target.into())),
        },
    }
}

/// That a target will lie in a folder that is there, outside of what is copied.
fn outside(target: &Path, from: &Path) -> Result<(), CopyError> {
    let parent = parent(target);
    if !parent.is_dir() {
        return Err(CopyError::NoPlace(parent.into()));
    }
    let place = fs::canonicalize(parent).map_err(CopyError::io("find", parent))?;
    match fs::canonicalize(from) {
        Ok(whole) if place.starts_with(&whole) => Err(CopyError::Inside { target: target.into(), from: from.into() }),
        Ok(_) => Ok(()),
        // Beside a ledger on a server there may be no folder.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CopyError::io("find", from)(error)),
    }
}

fn only_ours(home: &Path, target: &Path) -> Result<(), CopyError> {
    let in_the_way = |found: String| CopyError::InTheWay { draft: home.into(), found, target: target.into() };
    let items = fs::read_dir(home).map_err(|error| match error.kind() {
        io::ErrorKind::NotADirectory => in_the_way("no folder".to_owned()),
        _ => CopyError::io("list", home)(error),
    })?;
    for item in items {
        let name = item.map_err(CopyError::io("list", home))?.file_name();
        if name != LOCK && name != COPY {
            return Err(in_the_way(name.to_string_lossy().into_owned()));
        }
    }
    Ok(())
}

fn lock(home: &Path, target: &Path) -> Result<Lock, CopyError> {
    let path = home.join(LOCK);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(CopyError::io("make", &path))?;
    Lock::exclusive(file).map_err(|(_, error)| match error {
        None => CopyError::Busy { target: target.into(), draft: home.into() },
        Some(error) => CopyError::io("lock", path)(error),
    })
}
