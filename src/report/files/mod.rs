//! The reporting job: files that officers, publishers and analysts use as they are, made of one ledger at one set of coordinates,
//! in a folder that is swapped in at once. The same ledger and the same coordinates give the same bytes. It must only format: no
//! figure is made or changed here.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `calendar` | key dates, as iCalendar |
//! | `cells` | what a figure is in a cell |
//! | `columns` | a table as columns, in Parquet |
//! | `facts` | what every entry says, a row an event, as Parquet |
//! | `folder` | a folder that is made beside the one that stands, and takes its place |
//! | `manifest` | which files there are, and what they were made of |
//! | `matter` | what the files are made of, so many contracts at a time |
//! | `ocds` | the contracts as OCDS has them: releases and records |
//! | `paper` | a paper for a committee, in HTML |
//! | `register` | the contracts register, as CSV |
//! | `state` | the state at the coordinates, a row a figure, as Parquet |
//! | `workbook` | the workbook, as XLSX |
//! | `years` | what all contracts are worth by financial year, for a chart |

mod calendar;
mod cells;
mod columns;
mod facts;
mod folder;
mod manifest;
mod matter;
pub mod ocds;
mod paper;
mod register;
mod state;
mod workbook;
mod years;

pub use folder::FolderError;
pub use manifest::{Manifest, Written};

use crate::ahead;
use crate::ledger::{Ledger, LedgerError};
use crate::question::{KnownAt, Question, QuestionError, Topic};
use crate::today::today;
use calendar::KeyDates;
use columns::{Rows, Table};
use folder::{Draft, Output};
use matter::{Matter, Matters};
use minutebook_events::{ContractId, Day, Hash};
use ocds::{Ocds, Publication};
use register::Register;
use std::panic::resume_unwind;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;
use workbook::{Full, Workbook};

/// What a report may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The contracts register, as CSV.
    Csv,
    /// Key dates, as iCalendar.
    KeyDates,
    /// A paper for a committee, in HTML.
    Paper,
    /// Releases and records of the Open Contracting Data Standard.
    Ocds,
    /// Facts and the state, as Parquet.
    Parquet,
    /// The workbook, as XLSX.
    Workbook,
}

impl Format {
    /// All of them.
    pub const EACH: [Self; 6] = [Self::Csv, Self::KeyDates, Self::Ocds, Self::Parquet, Self::Paper, Self::Workbook];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::KeyDates => "ics",
            Self::Paper => "html",
            Self::Ocds => "ocds",
            Self::Parquet => "parquet",
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
    /// The day from which on changes are told in the paper.
    pub since: Option<Day>,
    /// Which files.
    pub formats: Vec<Format>,
    /// Whether a CSV begins with the mark by which some programs know that it is UTF-8.
    pub with_mark: bool,
    /// How many working days a decision may be called in, by the council's constitution; nothing where that is not said.
    pub call_in: Option<u32>,
    /// How the files of OCDS are published.
    pub publication: Publication,
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

/// How many such parts are made before they are written, at the most: what is in memory at a time.
const AHEAD: usize = 6;

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
    let root = ledger.tree().root(matters.at().head.0).expect("the coordinates are those of the ledger");
    // The roots of all projections, which nobody may have asked for yet, are made beside the files.
    let (done, known) = thread::scope(|scope| {
        let known = scope.spawn(|| manifest::known(ledger, &matters));
        let done = files(&mut draft, &matters, settings, &root, &mut progress);
        (done, known.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    done?;
    let manifest = Manifest::of(&matters, known?, draft.files());
    draft.keep(&manifest)?;
    Ok(manifest)
}

/// Writes the files.
fn files(
    draft: &mut Draft,
    matters: &Matters<'_>,
    settings: &Settings,
    root: &Hash,
    progress: &mut impl FnMut(u64, u64),
) -> Result<(), ReportError> {
    let full = Arc::new(Full::default());
    let mut files = Files::begin(draft, matters, settings, &full)?;
    let (mut done, total) = (0, matters.contracts().len() as u64);
    let parts: Vec<_> = matters.contracts().chunks(TOGETHER).collect();
    let make = |contracts: &[ContractId]| {
        (contracts.len() as u64, Part::of(matters, &matters.some(contracts), settings, &full))
    };
    ahead::in_order(parts, AHEAD, make, |(contracts, part)| {
        files.take(draft, part)?;
        done += contracts;
        progress(done, total);
        Ok::<_, FolderError>(())
    })?;
    files.end(matters, settings.since, root)
}

/// The files that are not whole until all parts are, as far as they were asked for.
#[derive(Default)]
struct Files<'a> {
    /// Nothing of it is made part by part.
    paper: Option<Output>,
    register: Option<Register>,
    calendar: Option<KeyDates>,
    ocds: Option<Ocds<'a>>,
    state: Option<Table>,
    workbook: Option<Workbook>,
}

/// What some contracts come to in each of them.
struct Part {
    register: Option<Vec<u8>>,
    calendar: Option<Vec<u8>>,
    ocds: Option<ocds::Made>,
    state: Option<Rows>,
    workbook: Option<workbook::Part>,
}

impl Part {
    fn of(matters: &Matters<'_>, matter: &Matter<'_>, settings: &Settings, full: &Full) -> Self {
        let asked = |format| settings.formats.contains(&format);
        // In this order: the register does with the answers that others are made of.
        Self {
            state: asked(Format::Parquet).then(|| state::part(matter)),
            workbook: asked(Format::Workbook).then(|| workbook::part(matters, matter, full)),
            register: asked(Format::Csv).then(|| register::part(matter)),
            calendar: asked(Format::KeyDates).then(|| calendar::part(matter, settings.call_in)),
            ocds: asked(Format::Ocds).then(|| ocds::part(matter, &settings.publication)),
        }
    }
}

impl<'a> Files<'a> {
    /// Begins those that were asked for; the facts, which are not made part by part, it writes whole.
    fn begin(
        draft: &mut Draft,
        matters: &Matters<'_>,
        settings: &'a Settings,
        full: &Arc<Full>,
    ) -> Result<Self, ReportError> {
        let mut files = Self::default();
        for format in &settings.formats {
            match format {
                Format::Csv => files.register = Some(Register::begin(draft, settings.with_mark)?),
                Format::KeyDates => files.calendar = Some(KeyDates::begin(matters)),
                Format::Ocds => files.ocds = Some(Ocds::begin(&settings.publication, matters)),
                Format::Parquet => {
                    facts::write(draft, matters)?;
                    files.state = Some(state::begin(draft, matters)?);
                }
                Format::Workbook => files.workbook = Some(Workbook::begin(draft, matters, Arc::clone(full))?),
                Format::Paper => files.paper = Some(paper::begin(draft)?),
            }
        }
        Ok(files)
    }

    fn take(&mut self, draft: &mut Draft, part: Part) -> Result<(), FolderError> {
        let Self { register, calendar, ocds, state, workbook, .. } = self;
        register.iter_mut().zip(part.register).try_for_each(|(file, rows)| file.take(&rows))?;
        calendar.iter_mut().zip(part.calendar).try_for_each(|(file, events)| file.take(draft, &events))?;
        ocds.iter_mut().zip(part.ocds).try_for_each(|(file, made)| file.take(draft, &made))?;
        state.iter_mut().zip(part.state).try_for_each(|(file, rows)| file.take(rows))?;
        workbook.iter_mut().zip(part.workbook).try_for_each(|(file, rows)| file.take(rows))
    }

    /// Ends them, each on disk. The paper is written, and what is whole is flushed, beside the workbook, which one thread packs.
    fn end(self, matters: &Matters<'_>, since: Option<Day>, root: &Hash) -> Result<(), ReportError> {
        let Self { paper, register, calendar, ocds, state, workbook } = self;
        thread::scope(|scope| {
            let paper = scope.spawn(|| paper.map_or(Ok(()), |file| paper::write(file, matters, since, root)));
            let others = scope.spawn(|| {
                register.map_or(Ok(()), Register::end)?;
                calendar.map_or(Ok(()), KeyDates::end)?;
                ocds.map_or(Ok(()), Ocds::end)?;
                state.map_or(Ok(()), Table::end)
            });
            workbook.map_or(Ok(()), |workbook| workbook.end(matters))?;
            others.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            paper.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}
