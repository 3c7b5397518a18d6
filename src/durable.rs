//! Files that are there after a loss of power: written, flushed, and named in a folder that is flushed too. It must not
//! know what is in them.

use rand_core::{OsRng, RngCore};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the name of a file ends with that is not in place yet.
const DRAFT: &str = "draft";

/// Whether a file was still being written.
pub fn is_draft(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == DRAFT)
}

/// Writes a file and flushes it. Its name is durable once its folder is: see [`sync_folder`].
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Puts a file in place, whole or not at all: a draft beside it is written and flushed, then takes its name.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(DRAFT);
    write(&draft, bytes)?;
    fs::rename(&draft, path)?;
    sync_folder(folder_of(path))
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Copies a file: its bytes, and who may read it. Its owner may write the copy, even where a read-only disk said otherwise.
/// It is not flushed yet.
pub fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    as_private_as(from, to)
}

/// Lets the same people at a file or a folder as at another, and its owner at all of it.
pub fn as_private_as(like: &Path, path: &Path) -> io::Result<()> {
    let permissions = fs::metadata(like)?.permissions();
    #[cfg(unix)]
    let permissions = {
        use std::os::unix::fs::PermissionsExt;
        let owner = if path.is_dir() { 0o700 } else { 0o600 };
        fs::Permissions::from_mode(permissions.mode() & 0o777 | owner)
    };
    fs::set_permissions(path, permissions)
}

/// Flushes every file in a folder and in those below it, and makes their names durable.
pub fn sync_all_in(folder: &Path) -> io::Result<()> {
    sync_in(folder, &|file| File::open(file)?.sync_all())
}

/// Makes the names in a folder and in those below it durable, of files that were flushed.
pub fn sync_folders_in(folder: &Path) -> io::Result<()> {
    sync_in(folder, &|_| Ok(()))
}

fn sync_in(folder: &Path, sync_file: &dyn Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        if path.is_dir() { sync_in(&path, sync_file)? } else { sync_file(&path)? }
    }
    sync_folder(folder)
}

/// A file that is not there until it is whole: it has a name that no other draft has, and goes where it is dropped before
/// [`Draft::keep`].
pub struct Draft {
    path: PathBuf,
    file: File,
}

impl Draft {
    /// Starts one in a folder, for those whom `mode` and the process let at it.
    pub fn new_in(folder: &Path, mode: u32) -> io::Result<Self> {
        let path = folder.join(format!("{:016x}.{DRAFT}", OsRng.next_u64()));
        let file = create_new(&path, mode)?;
        Ok(Self { path, file })
    }

    /// Where it is until it is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// To write to it.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Flushes it and gives it its name, durably. It takes the place of what is there.
    pub fn keep(self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, path)?;
        sync_folder(folder_of(path))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Where it was kept, it is there no more; what cannot be removed is in nobody's way.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes a file where there is none, for those whom `mode` and the process let at it.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where there is a file; what the operating system says.
pub fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    options.open(path)
}

/// Writes a new file for those whom `mode` and the process let at it, durably; where that fails, there is none.
///
/// # Errors
/// As [`create_new`].
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = create_new(path, mode)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| sync_folder(folder_of(path)));
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// Whether others than its owner may read or write a file.
pub fn is_exposed(file: &Metadata) -> bool {
    #[cfg(unix)]
    let exposed = std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o077 != 0;
    #[cfg(not(unix))]
    let exposed = false;
    exposed
}

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
