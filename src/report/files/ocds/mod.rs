//! The contracts as the Open Contracting Data Standard has them (OCDS 1.1.5): a package of releases, an entry a release, and a package
//! of records, each with what its releases come to and with links to them ("Linked releases"): no release stands in both. Written as
//! they are made, so that memory does not grow with the contracts.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `json` | JSON whose numbers are decimals |
//! | `merge` | the standard's merge, and what a release has to say for it |
//! | `picture` | what is known of one contract after an entry, in the fields of OCDS |
//! | `release` | the releases of one contract, and the record that they come to |

mod json;
mod merge;
mod picture;
mod release;

pub use json::{Json, Name};
pub use merge::Merged;
pub use release::{Pictures, Released};

use super::folder::{Draft, FolderError, Output};
use super::matter::{Matter, Matters};
use minutebook_events::{ContractId, Instant};
use minutebook_projections::{At, Projections};
use release::Process;

/// The files' names.
const RELEASES: &str = "ocds/releases.json";
const RECORDS: &str = "ocds/records.json";

/// What of OCDS is used beyond its core: both are in the profile of the United Kingdom.
const EXTENSIONS: [&str; 2] = [
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_lots_extension/master/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_budget_breakdown_extension/master/extension.json",
];

/// How the files are published, which no ledger says.
#[derive(Debug, Clone)]
pub struct Publication {
    /// What every ocid begins with. Publishers register theirs; the one that stands here where none is named is registered by nobody.
    pub ocid_prefix: String,
    /// The address in front of the files' names.
    pub uri: String,
    /// Who publishes.
    pub publisher: String,
}

impl Default for Publication {
    fn default() -> Self {
        Self {
            ocid_prefix: "ocds-minutebook".to_owned(),
            uri: "urn:minutebook:report".to_owned(),
            publisher: "not stated".to_owned(),
        }
    }
}

impl Publication {
    /// The address of a file.
    fn address_of(&self, name: &str) -> String {
        format!("{}/{name}", self.uri)
    }
}

/// Reads the prefix of ocids.
///
/// # Errors
/// Why it is none.
pub fn prefix(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if good { Ok(text.to_owned()) } else { Err("use letters, digits and hyphens, as ocds-h6vhtk".to_owned()) }
}

/// Reads the address in front of the files' names.
///
/// # Errors
/// Why it is none.
pub fn uri(text: &str) -> Result<String, String> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&b);
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && text.bytes().all(is_part);
    if good {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("write it as https://data.example/ocds".to_owned())
    }
}

/// The releases of a contract in the order of their dates, and the record that they come to; nothing where no entry counts.
pub fn process(
    all: &Projections,
    contract: &ContractId,
    at: At,
    publication: &Publication,
    pictures: Pictures,
) -> Option<Released> {
    Process { all, contract, at, publication, pictures }.released()
}

/// The releases and the records of some contracts, each as it is written. They are many megabytes, and are copied nowhere but to
/// their files.
#[derive(Default)]
pub(super) struct Made {
    releases: Vec<Vec<u8>>,
    records: Vec<Vec<u8>>,
}

/// What is made of some contracts.
pub(super) fn part(matter: &Matter<'_>, publication: &Publication) -> Made {
    let mut made = Made::default();
    for contract in matter.contracts {
        let released = process(matter.all(), contract, matter.at(), publication, Pictures::Kept);
        if let Some(Released { releases, record }) = released {
            made.releases.extend(releases);
            made.records.push(record);
        }
    }
    made
}

/// The two packages while they are written. The standard has none without a release: where nothing is known there is no file.
pub(super) struct Ocds<'a> {
    publication: &'a Publication,
    published: Option<Instant>,
    files: Option<[Output; 2]>,
}

impl<'a> Ocds<'a> {
    pub(super) fn begin(publication: &'a Publication, matters: &Matters<'_>) -> Self {
        Self { publication, published: matters.recorded(), files: None }
    }

    pub(super) fn take(&mut self, draft: &mut Draft, made: &Made) -> Result<(), FolderError> {
        if made.releases.is_empty() {
            return Ok(());
        }
        let is_begun = self.files.is_some();
        let files = match &mut self.files {
            Some(files) => files,
            None => {
                let mut files = [draft.file(RELEASES)?, draft.file(RECORDS)?];
                for ((file, name), list) in files.iter_mut().zip([RELEASES, RECORDS]).zip(["releases", "records"]) {
                    file.write(&self.head(name, list))?;
                }
                self.files.insert(files)
            }
        };
        for (file, items) in files.iter_mut().zip([&made.releases, &made.records]) {
            for (number, item) in items.iter().enumerate() {
                if is_begun || number > 0 {
                    file.write(b",\n")?;
                }
                file.write(item)?;
            }
        }
        Ok(())
    }

    /// A package up to its list. What it says of its own time is when the last entry that is known was recorded.
    fn head(&self, name: &str, list: &str) -> Vec<u8> {
        let head = Json::object([
            ("uri", Json::text(self.publication.address_of(name))),
            ("version", Json::text("1.1")),
            ("extensions", Json::all_shown(EXTENSIONS)),
            ("publishedDate", self.published.map_or(Json::Null, Json::shown)),
            ("publisher", Json::object([("name", Json::shown(&self.publication.publisher))])),
        ]);
        let mut bytes = head.bytes();
        bytes.pop();
        bytes.extend_from_slice(format!(",\"{list}\":[\n").as_bytes());
        bytes
    }

    pub(super) fn end(self) -> Result<(), FolderError> {
        for mut file in self.files.into_iter().flatten() {
            file.write(b"\n]}\n")?;
            file.end()?;
        }
        Ok(())
    }
}
