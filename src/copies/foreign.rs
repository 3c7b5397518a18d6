//! What lies in a ledger's folder and is no part of a ledger: it is told, and left alone. It must not judge what is.

use super::beside::FOLDERS;
use super::sums::SUMS;
use crate::access;
use crate::audit::checkpoint::{self, is_kept};
use crate::durable;
use crate::store::is_of_the_store;
use minutebook_events::Commitment;
use std::fs;
use std::io;
use std::path::Path;

/// The names of files and folders in a ledger's folder that no ledger has, by their path in it, sorted.
///
/// # Errors
/// What the operating system says where a folder cannot be listed.
pub fn foreign(ledger: &Path) -> io::Result<Vec<String>> {
    let ours = |name: &str| is_of_the_store(name) || FOLDERS.contains(&name) || [SUMS, access::FOLDER].contains(&name);
    let mut found = names(ledger)?;
    found.retain(|name| !ours(name));
    for folder in FOLDERS {
        let path = ledger.join(folder);
        if !path.is_dir() {
            continue;
        }
        let other =
            names(&path)?.into_iter().filter(|name| !durable::is_draft(Path::new(name)) && !is_in(folder, name));
        found.extend(other.map(|name| format!("{folder}/{name}")));
    }
    found.sort();
    Ok(found)
}

fn is_in(folder: &str, name: &str) -> bool {
    if folder == checkpoint::FOLDER { is_kept(name) } else { name.parse::<Commitment>().is_ok() }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(folder)?.map(|item| Ok(item?.file_name().to_string_lossy().into_owned())).collect()
}
