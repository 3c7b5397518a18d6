//! What all commands share: opening the ledger with progress, printing an answer. It must not know what is asked.

use super::{Outcome, Stop};
use crate::durable;
use crate::ledger::Ledger;
use crate::question::Answer;
use crate::report::{self, Terminal};
use crate::store::Place;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Opens the ledger, with progress where that takes long.
pub(super) fn open(place: impl Into<Place>) -> Result<Ledger, Stop> {
    let mut progress = Progress::new("opening");
    Ok(Ledger::open(place, |done, total| progress.tell(done, total))?)
}

/// Writes a file that somebody asked for, where there is none.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    Ok(durable::write_new(path, bytes, 0o666).map_err(|error| cannot_write(path, &error))?)
}

/// Why a new file was not written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("cannot write {path}: File exists, and none is ever overwritten; name a new file")
        }
        _ => format!("cannot write {path}: {error}; name a new file in a folder that can be written"),
    }
}

/// Waits for what the ledger does.
pub(super) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime with no driver always builds")
        .block_on(work)
}

/// Progress of long work, on standard error, where that is a terminal: nothing before a second has passed.
pub(super) struct Progress {
    what: &'static str,
    of: &'static str,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Of work on entries.
    pub(super) fn new(what: &'static str) -> Self {
        Self::of(what, "entries")
    }

    /// Of work on such things.
    pub(super) fn of(what: &'static str, of: &'static str) -> Self {
        Self { what, of, started: Instant::now(), bar: None }
    }

    pub(super) fn tell(&mut self, done: u64, total: u64) {
        if self.bar.is_none() && self.started.elapsed() > Duration::from_secs(1) && io::stderr().is_terminal() {
            let style = ProgressStyle::with_template(&format!(
                "{{msg}} {{bar:40}} {{pos}}/{{len}} {}, {{per_sec}}, {{eta}} left",
                self.of
            ));
            let bar = ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar = Some(bar.with_message(self.what));
        }
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            if done == total {
                bar.finish_and_clear();
            }
        }
    }
}

/// Prints an answer, as a table or as JSON.
pub(super) fn answer(answer: &Answer, json: bool) -> Result<Outcome, Stop> {
    let text = if json { report::json(answer) + "\n" } else { report::text(answer, Terminal::of_stdout()) };
    print(&text)?;
    Ok(Outcome::Answered)
}

/// Prints to standard output; a reader that went away (`| head`) is no fault.
pub(super) fn print(text: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Prints what is found, which the exit status says too: where the reader went away, that still does.
pub(super) fn print_found(text: &str) -> Result<(), Stop> {
    print(text).or_else(|stop| if is_closed_pipe(&*stop) { Ok(()) } else { Err(stop) })
}

/// Says on standard error what is wrong. Where nobody can read that either, the exit status still says it.
pub(super) fn complain(words: &impl std::fmt::Display) {
    let _ = write!(io::stderr().lock(), "{}", report::visible(&words.to_string()));
}

pub(super) fn is_closed_pipe(stop: &(dyn std::error::Error + 'static)) -> bool {
    stop.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
