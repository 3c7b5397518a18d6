//! The files of sealed contents: put in place whole and flushed, read only once all of it was checked, destroyed by
//! overwriting. It must not know which of them an entry asks for.

use super::envelope::{self, Unopened};
use super::key::{ReadKey, SealKey};
use super::opening::{Apart, opening};
use crate::durable::{self, Draft};
use crate::store::Shown;
use minutebook_events::{Commitment, Salt};
use rand_core::{OsRng, RngCore};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

const SEALED: &str = "sealed";
const PUBLISHED: &str = "published";

/// Where the contents of a ledger lie. Who writes must hold the ledger's lock.
#[derive(Debug, Clone)]
pub struct Contents {
    ledger: PathBuf,
}

/// Why a content could not be sealed, read or destroyed.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// Incorrect: nothing to seal.
    #[error("the content is empty: there is nothing to seal")]
    Empty,
    /// Not found.
    #[error("there is no {0}: restore it from a copy of the ledger's folder")]
    NotThere(Shown),
    /// Incorrect: not a holder of this content's key.
    #[error(
        "the content is sealed to {sealed_to}, and the key given reads what is sealed to {given}: give its own read key"
    )]
    WrongKey {
        /// The key it is sealed to.
        sealed_to: SealKey,
        /// The seal key of the read key that was given.
        given: SealKey,
    },
    /// Fault: it is not what the entry commits to.
    #[error("{0} is damaged: it is not what the entry commits to; restore it from a copy of the ledger's folder")]
    Damaged(Shown),
    /// Unavailable: the content cannot be read, or written to where it is asked for.
    #[error("cannot {doing} the content: {source}; try again")]
    Content {
        /// What was being done.
        doing: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// Unavailable.
    #[error("cannot {doing} {path}: {source}; try again, and check the disk if it persists")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: Shown,
        /// What the operating system said.
        source: io::Error,
    },
}

impl ContentError {
    /// The error with the place that the content was to be written to, or read from.
    pub fn at(self, path: &Path) -> Self {
        match self {
            Self::Content { doing, source } => Self::Io { doing, path: path.into(), source },
            other => other,
        }
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ContentError {
    let path = path.into();
    move |source| ContentError::Io { doing, path, source }
}

impl Contents {
    /// The contents beside a ledger.
    pub fn beside(ledger: &Path) -> Self {
        Self { ledger: ledger.to_owned() }
    }

    /// The same, where what a crash left half-written is cleared away.
    ///
    /// # Errors
    /// [`ContentError::Io`].
    pub fn recover(ledger: &Path) -> Result<Self, ContentError> {
        let contents = Self::beside(ledger);
        for path in contents.files(SEALED)?.into_iter().chain(contents.files(PUBLISHED)?) {
            if durable::is_draft(&path) {
                destroy(&path)?;
            }
        }
        Ok(contents)
    }

    /// Encrypts a content under a new salt. It is on disk when this returns, and its commitment is for an entry.
    ///
    /// # Errors
    /// [`ContentError`]; then nothing was kept.
    pub fn seal(&self, mut content: impl Read, to: &SealKey) -> Result<Commitment, ContentError> {
        let reading = |source| ContentError::Content { doing: "read", source };
        let mut first = [0];
        if content.read(&mut first).map_err(reading)? == 0 {
            return Err(ContentError::Empty);
        }
        let mut salt = Salt([0; 32]);
        OsRng.fill_bytes(&mut salt.0);
        let mut opening = opening(&salt, first.as_slice().chain(content));
        let mut draft = self.draft(SEALED, 0o600)?;
        envelope::close(to, &mut opening, draft.file()).map_err(io_error("seal into", draft.path()))?;
        let commitment = opening.commitment().map_err(reading)?;
        let path = self.sealed(&commitment);
        draft.keep(&path).map_err(io_error("write", &path))?;
        Ok(commitment)
    }

    /// Writes a sealed content to `out`, once all of it has been checked against its commitment, and gives its salt.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn read(&self, commitment: &Commitment, key: &ReadKey, out: &mut dyn Write) -> Result<Salt, ContentError> {
        self.read_once(commitment, key, &mut io::sink())?;
        self.read_once(commitment, key, out)
    }

    fn read_once(&self, commitment: &Commitment, key: &ReadKey, out: &mut dyn Write) -> Result<Salt, ContentError> {
        let path = self.sealed(commitment);
        let mut sealed = io::BufReader::new(open(&path)?);
        let mut apart = Apart::new(out);
        envelope::open(key, &mut sealed, &mut apart).map_err(|error| match error {
            Unopened::WrongKey(sealed_to) => ContentError::WrongKey { sealed_to, given: key.seal_key().clone() },
            Unopened::Damaged => ContentError::Damaged(path.clone().into()),
            Unopened::Reading(source) => ContentError::Io { doing: "read", path: path.clone().into(), source },
            Unopened::Writing(source) => ContentError::Content { doing: "write", source },
        })?;
        match apart.finish() {
            Some((salt, found)) if found == *commitment => Ok(salt),
            _ => Err(ContentError::Damaged(path.into())),
        }
    }

    /// Puts a sealed content beside the ledger for everybody, and gives the salt for the entry that publishes it.
    ///
    /// # Errors
    /// [`ContentError`]; then nothing was put.
    pub fn publish(&self, commitment: &Commitment, key: &ReadKey) -> Result<Salt, ContentError> {
        let mut draft = self.draft(PUBLISHED, 0o666)?;
        let path = draft.path().to_owned();
        let salt = self.read(commitment, key, draft.file()).map_err(|error| error.at(&path))?;
        let path = self.published(commitment);
        draft.keep(&path).map_err(io_error("write", &path))?;
        Ok(salt)
    }

    /// A published content, which has been checked against its commitment.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn open_published(&self, commitment: &Commitment, salt: &Salt) -> Result<File, ContentError> {
        let path = self.published(commitment);
        let mut file = open(&path)?;
        if commits(&mut file, salt).map_err(io_error("read", &path))? != *commitment {
            return Err(ContentError::Damaged(path.into()));
        }
        file.rewind().map_err(io_error("read", &path))?;
        Ok(file)
    }

    /// The key that a content is sealed to: that it is there, and all that can be said of it without the other key.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn sealed_to(&self, commitment: &Commitment) -> Result<SealKey, ContentError> {
        let path = self.sealed(commitment);
        envelope::sealed_to(&mut open(&path)?).map_err(|error| match error {
            Unopened::Reading(source) => ContentError::Io { doing: "read", path: path.into(), source },
            _ => ContentError::Damaged(path.into()),
        })
    }

    /// Destroys a content, sealed and published; whether anything was there.
    ///
    /// # Errors
    /// [`ContentError::Io`]; then some of it may still be there.
    pub fn destroy(&self, commitment: &Commitment) -> Result<bool, ContentError> {
        let sealed = destroy(&self.sealed(commitment))?;
        Ok(self.unpublish(commitment)? || sealed)
    }

    /// Destroys what was put for everybody; whether anything was there.
    ///
    /// # Errors
    /// [`ContentError::Io`]; then some of it may still be there.
    pub fn unpublish(&self, commitment: &Commitment) -> Result<bool, ContentError> {
        destroy(&self.published(commitment))
    }

    /// The contents that lie sealed, and those that lie there for everybody.
    ///
    /// # Errors
    /// [`ContentError::Io`].
    pub(super) fn all(&self) -> Result<[Vec<Commitment>; 2], ContentError> {
        let named = |files: Vec<PathBuf>| {
            let names = files.iter().filter_map(|path| path.file_name()?.to_str()?.parse().ok());
            let mut names: Vec<Commitment> = names.collect();
            names.sort_unstable();
            names
        };
        Ok([named(self.files(SEALED)?), named(self.files(PUBLISHED)?)])
    }

    /// Where a content lies sealed.
    pub fn sealed(&self, commitment: &Commitment) -> PathBuf {
        self.ledger.join(SEALED).join(commitment.to_string())
    }

    /// Where a content lies for everybody.
    pub fn published(&self, commitment: &Commitment) -> PathBuf {
        self.ledger.join(PUBLISHED).join(commitment.to_string())
    }

    fn files(&self, folder: &str) -> Result<Vec<PathBuf>, ContentError> {
        let folder = self.ledger.join(folder);
        let items = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            items => items.map_err(io_error("list", &folder))?,
        };
        let paths = items.map(|item| item.map(|item| item.path()));
        paths.collect::<Result<_, _>>().map_err(io_error("list", &folder))
    }

    /// A draft in a folder of contents, which is made where there is none.
    fn draft(&self, folder: &str, mode: u32) -> Result<Draft, ContentError> {
        let folder = self.ledger.join(folder);
        let made = match fs::create_dir(&folder) {
            // A server keeps the entries, and nothing lies beside them yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&folder).and_then(|()| durable::sync_folder(durable::folder_of(&self.ledger)))
            }
            made => made,
        };
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made.and_then(|()| durable::sync_folder(&self.ledger)).map_err(io_error("make", &folder))?,
        }
        Draft::new_in(&folder, mode).map_err(io_error("write into", &folder))
    }
}

/// What a content commits to under a salt.
///
/// # Errors
/// What reading it gives.
pub fn commits(content: &mut dyn Read, salt: &Salt) -> io::Result<Commitment> {
    opening(salt, content).commitment()
}

fn open(path: &Path) -> Result<File, ContentError> {
    File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ContentError::NotThere(path.into()),
        _ => ContentError::Io { doing: "read", path: path.into(), source },
    })
}

/// Overwrites a file, then removes it, durably; whether it was there. What the disk keeps of overwritten blocks is beyond
/// any program.
fn destroy(path: &Path) -> Result<bool, ContentError> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file.map_err(io_error("destroy", path))?,
    };
    let overwritten = file.metadata().and_then(|about| io::copy(&mut io::repeat(0).take(about.len()), &mut file));
    let gone = overwritten
        .and_then(|_| file.sync_all())
        .and_then(|()| fs::remove_file(path))
        .and_then(|()| path.parent().map_or(Ok(()), durable::sync_folder));
    gone.map(|()| true).map_err(io_error("destroy", path))
}
