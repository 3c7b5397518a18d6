//! Files that are there after a loss of power: written, flushed, and named in a folder that is flushed too. It must not
//! know what is in them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file and flushes it. Its name is durable once its folder is: see [`sync_folder`].
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Puts a file in place, whole or not at all: a draft beside it is written and flushed, then takes its name.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    write(&draft, bytes)?;
    fs::rename(&draft, path)?;
    sync_folder(folder_of(path))
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
