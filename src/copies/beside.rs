//! The folders beside the entries that are part of a ledger, under the same names in a ledger, a backup and an archive: what
//! carries them along. It must not know what is in their files.
//!
//! They are carried after it is settled which entries a copy has, so that what those need is there: it was put there before they
//! were recorded. What lies there for everybody before an entry says so is clear text of what is still withheld: no copy has it.

use super::error::CopyError;
use crate::durable;
use minutebook_events::Commitment;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use crate::store::BESIDE as FOLDERS;

const PUBLISHED: &str = "published";

/// Copies these folders from one copy of a ledger to another, but for what lies there for everybody.
pub(super) fn carry(from: &Path, to: &Path) -> Result<(), CopyError> {
    let private = FOLDERS.iter().filter(|name| **name != PUBLISHED);
    private.into_iter().try_for_each(|name| carry_folder(&from.join(name), &to.join(name)))
}

/// Copies what lies there for everybody, of these contents and of no other.
pub(super) fn carry_published(from: &Path, to: &Path, published: &[Commitment]) -> Result<(), CopyError> {
    let (from, to) = (from.join(PUBLISHED), to.join(PUBLISHED));
    let items = items(&from)?.into_iter().filter(|item| is_one_of(published, item));
    carry_items(&from, &to, items.collect())
}

/// Copies all that lies there for everybody, from a copy of which is not known yet what its entries publish.
pub(super) fn carry_unsettled(from: &Path, to: &Path) -> Result<(), CopyError> {
    carry_folder(&from.join(PUBLISHED), &to.join(PUBLISHED))
}

/// Takes out of a copy what lies there for everybody and is one of these contents, or none at all.
pub(super) fn withhold(unpublished: &[Commitment], copy: &Path) -> Result<(), CopyError> {
    let is_none = |item: &Item| item.name.parse::<Commitment>().is_err();
    let withheld = |item: &Item| is_none(item) || is_one_of(unpublished, item);
    for item in items(&copy.join(PUBLISHED))?.into_iter().filter(withheld) {
        let removed = if item.is_folder { fs::remove_dir_all(&item.path) } else { fs::remove_file(&item.path) };
        removed.map_err(CopyError::io("remove", item.path))?;
    }
    Ok(())
}

fn is_one_of(contents: &[Commitment], item: &Item) -> bool {
    item.name.parse().is_ok_and(|commitment| contents.contains(&commitment))
}

fn carry_folder(from: &Path, to: &Path) -> Result<(), CopyError> {
    carry_items(from, to, items(from)?)
}

fn carry_items(from: &Path, to: &Path, items: Vec<Item>) -> Result<(), CopyError> {
    if !items.is_empty() {
        let made = fs::create_dir(to).and_then(|()| durable::as_private_as(from, to));
        made.map_err(CopyError::io("make", to))?;
    }
    items.iter().try_for_each(|item| carry_item(item, &to.join(&item.name)))
}

fn carry_item(item: &Item, to: &Path) -> Result<(), CopyError> {
    if item.is_folder {
        return carry_folder(&item.path, to);
    }
    match durable::copy_file(&item.path, to) {
        // It was erased since it was listed.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        copied => copied.map_err(CopyError::io("copy to", to)),
    }
}

/// The files of these folders, by their path in the copy.
pub(super) fn files(copy: &Path) -> Result<Vec<String>, CopyError> {
    let mut found = vec![];
    FOLDERS.iter().try_for_each(|name| walk(&copy.join(name), name, &mut found))?;
    Ok(found)
}

/// Every file of a copy, by its path in it.
pub(super) fn all_files(copy: &Path) -> Result<Vec<String>, CopyError> {
    let mut found = vec![];
    walk(copy, "", &mut found)?;
    Ok(found)
}

fn walk(folder: &Path, name: &str, found: &mut Vec<String>) -> Result<(), CopyError> {
    for item in items(folder)? {
        let name = if name.is_empty() { item.name } else { format!("{name}/{}", item.name) };
        if item.is_folder {
            walk(&item.path, &name, found)?;
        } else {
            found.push(name);
        }
    }
    Ok(())
}

struct Item {
    path: PathBuf,
    name: String,
    is_folder: bool,
}

/// What a folder holds, but for what is just being written; nothing where there is no folder.
fn items(folder: &Path) -> Result<Vec<Item>, CopyError> {
    let list = match fs::read_dir(folder) {
        Ok(list) => list,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(CopyError::io("list", folder)(error)),
    };
    let mut items = vec![];
    for item in list {
        let item = item.map_err(CopyError::io("list", folder))?;
        let (path, kind) = (item.path(), item.file_type().map_err(CopyError::io("list", folder))?);
        let foreign = |why| CopyError::Foreign { path: path.clone().into(), why };
        if !kind.is_file() && !kind.is_dir() {
            return Err(foreign("is neither a file nor a folder"));
        }
        let name = item.file_name().into_string().ok().filter(|name| !name.contains(['\\', '\n', '\r']));
        let name = name.ok_or_else(|| foreign("has a name that a list of hashes cannot hold"))?;
        if !durable::is_draft(&path) {
            items.push(Item { path, name, is_folder: kind.is_dir() });
        }
    }
    Ok(items)
}
