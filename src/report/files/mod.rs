//! The reporting job: files that officers, publishers and analysts use as they are, made of one ledger at one set of coordinates,
//! in a folder that is swapped in at once. The same ledger and the same coordinates give the same bytes. It must only format: no
//! figure is made or changed here.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `calendar` | key dates, as iCalendar |
//! | `cells` | what a figure is in a cell |
//! | `folder` | a folder that is made beside the one that stands, and takes its place |
//! | `manifest` | which files there are, and what they were made of |
//! | `matter` | what the files are made of, so many contracts at a time |
//! | `register` | the contracts register, as CSV |
//! | `workbook` | the workbook, as XLSX |

mod calendar;
mod cells;
mod folder;
mod manifest;
mod matter;
mod register;
mod workbook;

pub use folder::FolderError;
pub use manifest::{Manifest, Written};

use crate::ahead;
use crate::ledger::{Ledger, LedgerError};
use crate::question::{KnownAt, Question, QuestionError, Topic};
use crate::today::today;
use calendar::KeyDates;
use folder::Draft;
use matter::Matters;
use minutebook_events::Day;
use register::Register;
use std::path::Path;
use std::str::FromStr;
use workbook::Workbook;

/// What a report may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The contracts register, as CSV.
    Csv,
    /// Key dates, as iCalendar.
    KeyDates,
    /// The workbook, as XLSX.
    Workbook,
}

impl Format {
    /// All of them.
    pub const EACH: [Self; 3] = [Self::Csv, Self::KeyDates, Self::Workbook];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::KeyDates => "ics",
            Self::Workbook => "xlsx",
        }
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let words = || Self::EACH.map(Self::word).join(", ");
        let format = Self::EACH.into_iter().find(|format| format.word() == text);
        format.ok_or_else(|| format!("\"{text}\" is no format of a report: there are {}", words()))
    }
}

/// What a report is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The effective coordinate; today where it is left out.
    pub as_of: Option<Day>,
    /// The recorded coordinate; the head where it is left out.
    pub known_at: Option<KnownAt>,
    /// The decision coordinate; whatever was decided where it is left out.
    pub decided_by: Option<Day>,
    /// Which files.
    pub formats: Vec<Format>,
    /// Whether a CSV begins with the mark by which some programs know that it is UTF-8.
    pub with_mark: bool,
    /// How many working days a decision may be called in, by the council's constitution; nothing where that is not said.
    pub call_in: Option<u32>,
}

/// Why there is no new report; the last one stands.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder cannot be had, or a file cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The coordinates are not in the ledger.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// How many contracts are made into files on one core at a time.
const TOGETHER: usize = 64;

/// How many such parts are made before they are written: what is in memory at a time.
const AHEAD: usize = 16;

/// What some contracts come to in each file.
struct Part {
    contracts: u64,
    register: Option<Vec<u8>>,
    calendar: Option<Vec<u8>>,
    workbook: Option<workbook::Part>,
}

/// Writes a report into a folder; `progress` is told how many contracts are done, of how many.
///
/// # Errors
/// [`ReportError`]: what was in the folder is as it was.
pub fn write(
    ledger: &Ledger,
    out: &Path,
    settings: &Settings,
    mut progress: impl FnMut(u64, u64),
) -> Result<Manifest, ReportError> {
    let mut draft = Draft::of(out)?;
    let as_of = settings.as_of.unwrap_or_else(today);
    let Settings { known_at, decided_by, .. } = *settings;
    let question = Question { topic: Topic::State, contract: None, as_of, known_at, decided_by };
    let view = ledger.view();
    let matters = Matters::of(&view, question)?;
    let (mut register, mut calendar, mut workbook) = (None, None, None);
    for format in &settings.formats {
        match format {
            Format::Csv => register = Some(Register::begin(&mut draft, settings.with_mark)?),
            Format::KeyDates => calendar = Some(KeyDates::begin(&mut draft, &matters)?),
            Format::Workbook => workbook = Some(Workbook::begin(&mut draft, &matters)?),
        }
    }
    let (mut done, total) = (0, matters.contracts().len() as u64);
    let parts: Vec<_> = matters.contracts().chunks(TOGETHER).collect();
    for parts in parts.chunks(AHEAD) {
        let made = ahead::all(parts.to_vec(), |contracts| {
            let matter = matters.some(contracts);
            Part {
                contracts: contracts.len() as u64,
                register: register.is_some().then(|| register::part(&matter)),
                calendar: calendar.is_some().then(|| calendar::part(&matter, settings.call_in)),
                workbook: workbook.is_some().then(|| workbook::part(&matters, &matter)),
            }
        });
        for part in made {
            if let (Some(register), Some(rows)) = (&mut register, part.register) {
                register.take(&rows)?;
            }
            if let (Some(calendar), Some(events)) = (&mut calendar, part.calendar) {
                calendar.take(&events)?;
            }
            if let (Some(workbook), Some(rows)) = (&mut workbook, part.workbook) {
                workbook.take(rows);
            }
            done += part.contracts;
            progress(done, total);
        }
    }
    if let Some(register) = register {
        register.end()?;
    }
    if let Some(calendar) = calendar {
        calendar.end()?;
    }
    if let Some(workbook) = workbook {
        workbook.end(&matters)?;
    }
    let manifest = Manifest::of(ledger, &matters, draft.files()?)?;
    draft.keep(&manifest)?;
    Ok(manifest)
}
