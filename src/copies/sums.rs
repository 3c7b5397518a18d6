//! The SHA-256 of every file of a copy, in a file that `sha256sum -c` reads: what tells a byte that changed and a file that is
//! missing, where no checkpoint does. It shows accidents, and nothing of who made the copy. It must not know what the files are.

use super::error::CopyError;
use minutebook_events::Hash;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path};

/// The file of the sums: a line for each file, its hash, two spaces, its path; sorted by path.
pub const SUMS: &str = "SHA256SUMS";

/// Files by their path in a copy, and their hashes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sums(BTreeMap<String, Hash>);

impl Sums {
    /// Those of these files of a folder.
    pub(super) fn of(folder: &Path, files: Vec<String>) -> Result<Self, CopyError> {
        let sum = |name: String| of_file(&folder.join(&name)).map(|hash| (name, hash));
        Ok(Self(files.into_iter().map(sum).collect::<Result<_, _>>()?))
    }

    /// The hash of a file.
    pub(super) fn get(&self, name: &str) -> Option<&Hash> {
        self.0.get(name)
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), CopyError> {
        let text: String = self.0.iter().map(|(name, hash)| line(name, hash)).collect();
        let path = folder.join(SUMS);
        fs::write(&path, text).map_err(CopyError::io("write", path))
    }

    /// Those that a copy brings; nothing where it has none.
    pub(super) fn read(copy: &Path) -> Result<Option<Self>, CopyError> {
        let path = copy.join(SUMS);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CopyError::io("read", path)(error)),
        };
        let mut sums = BTreeMap::new();
        for (line, number) in String::from_utf8_lossy(&bytes).split_inclusive('\n').zip(1..) {
            let spoilt = |what| CopyError::spoilt(format_args!("{}:{number}", path.display()), what);
            let (name, hash) = parse(line).map_err(spoilt)?;
            if sums.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return Err(spoilt("the line is not in its place: they are sorted by path"));
            }
            sums.insert(name, hash);
        }
        Ok(Some(Self(sums)))
    }

    /// Holds the files that are written here to their hashes, as `found` gives them; none where a file is not there.
    pub(super) fn hold(
        &self,
        copy: &Path,
        found: impl Fn(&str) -> Result<Option<Hash>, CopyError>,
    ) -> Result<(), CopyError> {
        for (name, hash) in &self.0 {
            let what = match found(name)? {
                Some(found) if found == *hash => continue,
                Some(_) => format!("it is not the file of which {SUMS} has the hash: it was changed, or cut short"),
                None => format!("it is not there, and {SUMS} names it"),
            };
            return Err(CopyError::spoilt(copy.join(name).display(), what));
        }
        Ok(())
    }
}

/// The hash of a file, where it is there.
pub(super) fn of_file_there(path: &Path) -> Result<Option<Hash>, CopyError> {
    if path.is_file() { of_file(path).map(Some) } else { Ok(None) }
}

fn of_file(path: &Path) -> Result<Hash, CopyError> {
    let hash = || {
        let (mut file, mut hash, mut part) = (File::open(path)?, Sha256::new(), vec![0; 64 * 1024]);
        loop {
            match file.read(&mut part)? {
                0 => return Ok(Hash(hash.finalize().into())),
                read => hash.update(&part[..read]),
            }
        }
    };
    hash().map_err(CopyError::io("read", path))
}

fn line(name: &str, hash: &Hash) -> String {
    format!("{hash}  {name}\n")
}

/// The file and the hash of a line that is written as we would write it.
fn parse(text: &str) -> Result<(String, Hash), &'static str> {
    let inner = text.strip_suffix('\n').ok_or("the last line is cut short: it does not end with a line feed")?;
    if inner.ends_with('\r') {
        return Err(CONVERTED);
    }
    let parsed = inner.split_once("  ").and_then(|(hash, name)| Some((name, hash.parse().ok()?)));
    let (name, hash) = parsed.ok_or("the line is not a SHA-256 and a file")?;
    let within = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    if within && line(name, &hash) == text { Ok((name.to_owned(), hash)) } else { Err("the line was changed") }
}

/// What is wrong with a line of a text that was converted.
pub(super) const CONVERTED: &str =
    "the line ends with a carriage return: the file was converted on its way, and must be copied byte for byte";
