//! The manifest of a report: every file with its hash, and what the files were made of, so that a report is bound to its inputs.
//! It must not know how a file is written.

use super::ReportError;
use super::matter::Matters;
use crate::audit::checkpoint::Head;
use crate::ledger::Ledger;
use crate::report;
use minutebook_events::{Day, Hash, Instant, Position};
use minutebook_projections::At;
use serde::{Deserialize, Serialize};

/// The file's name.
pub(super) const MANIFEST: &str = "manifest.json";

/// What a manifest of this form begins with.
const FORM: &str = "minutebook report 1";

/// A file of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Its path in the report's folder.
    pub name: String,
    /// How long it is.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Hash,
}

/// What a report was made of, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    report: &'static str,
    program: &'static str,
    /// The effective coordinate.
    pub as_of: Day,
    /// The last entry that is known; nothing where none is.
    pub known_at: Option<Position>,
    /// When that was recorded.
    pub recorded: Option<Instant>,
    /// The decision coordinate.
    pub decided_by: Option<Day>,
    /// The ledger up to that entry: how many entries, their Merkle root, the root over the streams.
    entries: Position,
    root: Hash,
    streams: Hash,
    projections: Vec<Root>,
    /// The files, in the order of their names.
    pub files: Vec<Written>,
}

/// The root of a projection of some version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Root {
    name: String,
    version: u32,
    root: Hash,
}

/// The ledger up to the last entry that is known: how many entries, and all roots.
pub(super) fn known(ledger: &Ledger, matters: &Matters<'_>) -> Result<Head, ReportError> {
    let head = matters.at().head;
    if head == matters.all().head() {
        return Ok(Head::of(matters.all().roots(), &ledger.tree()));
    }
    Ok(ledger.at_size(head)?.head())
}

impl Manifest {
    /// That of files which were made of these, in a ledger of this head.
    pub(super) fn of(matters: &Matters<'_>, known: Head, files: Vec<Written>) -> Self {
        let At { as_of, head, decided_by } = matters.at();
        let root = |of: &minutebook_projections::RootOf| Root {
            name: of.name.to_string(),
            version: of.version,
            root: of.root,
        };
        Self {
            report: FORM,
            program: concat!("minutebook ", env!("CARGO_PKG_VERSION")),
            as_of,
            known_at: head.0.checked_sub(1).map(Position),
            recorded: matters.recorded(),
            decided_by,
            entries: known.size,
            root: known.root,
            streams: known.streams,
            projections: known.projections.iter().map(root).collect(),
            files,
        }
    }

    /// As it is written.
    pub(super) fn text(&self) -> String {
        report::json(self) + "\n"
    }

    /// The names of the files of a manifest; nothing where a text is none.
    pub(super) fn names(text: &[u8]) -> Option<Vec<String>> {
        #[derive(Deserialize)]
        struct Read {
            report: String,
            files: Vec<Written>,
        }
        let Read { report, files } = serde_json::from_slice(text).ok()?;
        (report == FORM).then(|| files.into_iter().map(|file| file.name).collect())
    }
}
