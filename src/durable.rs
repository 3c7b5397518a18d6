//! Files that are there after a loss of power: written, flushed, and named in a folder that is flushed too. It must not
//! know what is in them.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// What the name of a file ends with that is not in place yet.
pub const DRAFT: &str = "draft";

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
    for item in fs::read_dir(folder)? {
        let path = item?.path();
        if path.is_dir() { sync_all_in(&path)? } else { File::open(&path)?.sync_all()? }
    }
    sync_folder(folder)
}

/// Writes a new file that only its owner may read, durably.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where there is a file; what the operating system says.
pub fn new_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_folder(folder_of(path))
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
