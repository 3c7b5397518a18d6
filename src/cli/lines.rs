//! `record --lines`: drafts, a line each as JSON, into the ledger in groups that share a commit. What is in the ledger
//! already is passed over, so that an import which stopped goes on when it is started again. It must not decide anything.

use super::{Outcome, Stop, output};
use crate::ahead;
use crate::ledger::{Ledger, Receipt, RecordError, Run, Sent};
use crate::sealed::{ERASES, erasures};
use minutebook_events::codec::MAX_BYTES;
use minutebook_events::{Draft, Position};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;
use std::time::Instant;

/// Drafts that are recorded together, at most: they share a commit. Fewer, where so many bytes of lines are full of them. A few
/// groups are read ahead, and a few are sent before the receipts of the first have come.
const GROUP: usize = 1000;
const GROUP_BYTES: usize = 4 * MAX_BYTES;
const AHEAD: usize = 4;
const SENT: usize = 3;

/// Where lines are read from: as many as the cores are worth at once are in hand.
type From = BufReader<Box<dyn Read + Send>>;

/// A file of drafts, or standard input.
pub(super) struct Lines {
    path: PathBuf,
    bytes: Option<u64>,
    from: From,
}

/// A draft, the number of its line from 1, and how many bytes were read up to its end.
struct Line {
    number: u64,
    end: u64,
    draft: Draft,
}

/// Why the lines end sooner than the file: at which line, and whether the file or the machine is at fault.
struct Fault {
    number: u64,
    what: String,
    outcome: Outcome,
}

fn buffered(from: impl Read + Send + 'static) -> From {
    BufReader::with_capacity(MAX_BYTES, Box::new(from))
}

impl Lines {
    /// Opens a file of drafts; `-` is standard input.
    pub(super) fn open(path: &Path) -> Result<Self, Stop> {
        if path == Path::new("-") {
            return Ok(Self { path: "standard input".into(), bytes: None, from: buffered(io::stdin()) });
        }
        let open = || {
            let file = File::open(path)?;
            let bytes = file.metadata()?.is_file().then_some(file.metadata()?.len());
            Ok((file, bytes))
        };
        let (file, bytes) = open().map_err(|error: io::Error| format!("cannot read {}: {error}", path.display()))?;
        Ok(Self { path: path.into(), bytes, from: buffered(file) })
    }

    /// Records every draft in order; the first that is refused stops the rest.
    pub(super) fn record(self, ledger: &Ledger, expected: Option<Position>) -> Result<Outcome, Stop> {
        let Self { path, bytes, from } = self;
        let started = Instant::now();
        let mut progress = output::Progress::new("recording");
        let (run, mut done) = (expected.map(Run::from).unwrap_or_default(), Done::default());
        let (groups, ready) = sync_channel(AHEAD);
        // Nobody waits for it: where a line is refused, it may be waiting for a program that writes to a pipe.
        let reader = Builder::new().name("reader".to_owned());
        let reader = reader.spawn(move || read(from, &groups)).map_err(|error| format!("no thread: {error}"))?;
        let stopped = done.take(ledger, &run, ready, |lines, end| {
            // How many lines there will be is as many as there are bytes left for.
            let total = bytes.map_or(lines + 1, |bytes| (lines as u128 * bytes as u128 / u128::from(end)) as u64);
            progress.tell(lines, total);
        });
        // One that panicked says of no line that it is the last.
        if stopped.is_none()
            && let Err(panic) = reader.join()
        {
            resume_unwind(panic);
        }
        let Done { recorded, repeated, .. } = done;
        let there = if repeated == 0 { String::new() } else { format!(", and {repeated} were there already") };
        let Some(Fault { number, what, outcome }) = stopped else {
            let seconds = started.elapsed().as_secs_f64();
            let rate = (recorded as f64 / seconds.max(1e-9)) as u64;
            output::print(&format!("recorded {recorded} entries in {seconds:.3} s, {rate} a second{there}\n"))?;
            return Ok(Outcome::Answered);
        };
        let remedy = match outcome {
            Outcome::Unusable => "Give the same file again once that is mended",
            _ => "Mend the line and give the same file again",
        };
        output::complain(&format_args!(
            "{}:{number}: {what}\nminutebook: stopped at line {number}: {recorded} entries were recorded{there}; this one and \
             those after it are not. {remedy}: what is there is not recorded twice\n",
            path.display()
        ));
        Ok(outcome)
    }
}

/// Drafts that were sent to be recorded, with the numbers of their lines and where the last of them ends.
struct Group<'a> {
    numbers: Vec<u64>,
    end: u64,
    sent: Sent<'a>,
}

impl<'a> Group<'a> {
    fn send(lines: Vec<Line>, ledger: &'a Ledger, run: &Run) -> Self {
        let end = lines.last().map_or(0, |line| line.end);
        let (numbers, drafts) = lines.into_iter().map(|line| (line.number, line.draft)).unzip();
        Self { numbers, end, sent: ledger.send_all(run, drafts) }
    }
}

/// What was done so far.
#[derive(Default)]
struct Done {
    lines: u64,
    recorded: u64,
    repeated: u64,
}

impl Done {
    fn take(
        &mut self,
        ledger: &Ledger,
        run: &Run,
        ready: Receiver<Result<Vec<Line>, Fault>>,
        mut told: impl FnMut(u64, u64),
    ) -> Option<Fault> {
        let mut sent: VecDeque<Group> = VecDeque::new();
        let mut last = None;
        loop {
            // Where a group is under way, nobody waits for the next one: its receipts may say that there is none.
            let next = match sent.len() {
                _ if last.is_some() => None,
                0 => ready.recv().ok(),
                SENT => None,
                _ => ready.try_recv().ok(),
            };
            match next {
                Some(Ok(lines)) => sent.push_back(Group::send(lines, ledger, run)),
                Some(Err(fault)) => last = Some(fault),
                None => {
                    let Some(group) = sent.pop_front() else { return last };
                    let end = group.end;
                    if let Err(fault) = self.note_all(group) {
                        // What was sent after it is refused, and nothing is known of that before the ledger has said so.
                        sent.into_iter().for_each(|group| drop(output::wait(group.sent.receipts())));
                        return Some(fault);
                    }
                    told(self.lines, end);
                }
            }
        }
    }

    /// Waits for the receipts of a group.
    fn note_all(&mut self, group: Group) -> Result<(), Fault> {
        let Group { numbers, sent, .. } = group;
        for (number, receipt) in numbers.into_iter().zip(output::wait(sent.receipts())) {
            self.note(receipt).map_err(|error| refused(number, &error))?;
        }
        Ok(())
    }

    fn note(&mut self, receipt: Result<Receipt, RecordError>) -> Result<(), RecordError> {
        let receipt = receipt?;
        self.lines += 1;
        if receipt.repeated {
            self.repeated += 1;
        } else {
            self.recorded += 1;
        }
        Ok(())
    }
}

fn refused(number: u64, error: &RecordError) -> Fault {
    let outcome = match error {
        RecordError::Store(_)
        | RecordError::Parted(_)
        | RecordError::CopyOf(_)
        | RecordError::Closed
        | RecordError::ClockWentBack { .. } => Outcome::Unusable,
        _ => Outcome::Found,
    };
    Fault { number, what: error.to_string(), outcome }
}

/// A line as it was read.
struct Raw {
    number: u64,
    end: u64,
    bytes: Vec<u8>,
}

/// Reads drafts in groups, until the file ends, a line is none, or nobody takes them. Lines are made drafts on all cores.
fn read(mut from: From, groups: &SyncSender<Result<Vec<Line>, Fault>>) {
    let (mut number, mut end) = (0, 0);
    let mut ended = None;
    while ended.is_none() {
        let (mut group, first) = (vec![], end);
        while ended.is_none() && group.len() < GROUP && end - first < GROUP_BYTES as u64 {
            let raw;
            (raw, ended) = in_hand(&mut from, &mut number, &mut end, GROUP - group.len());
            for line in ahead::all(raw, Line::of) {
                match line {
                    Ok(line) => group.push(line),
                    Err(fault) => {
                        ended = Some(Some(fault));
                        break;
                    }
                }
            }
        }
        let fault = ended.as_mut().and_then(Option::take);
        // Where nobody takes them, whoever would have has stopped, and said why.
        let mut made = (!group.is_empty()).then_some(Ok(group)).into_iter().chain(fault.map(Err));
        if made.any(|made| groups.send(made).is_err()) {
            return;
        }
    }
}

/// The next lines, at most so many, up to one that is still to come: a wrong line is told before whoever writes to a pipe goes
/// on. And why there are no more, where there are none: the end of the file, or a fault.
fn in_hand(from: &mut From, number: &mut u64, end: &mut u64, most: usize) -> (Vec<Raw>, Option<Option<Fault>>) {
    let (mut raw, first) = (vec![], *end);
    loop {
        *number += 1;
        match next(from, *number, end) {
            Ok(Some(bytes)) => raw.push(Raw { number: *number, end: *end, bytes }),
            Ok(None) => return (raw, Some(None)),
            Err(fault) => return (raw, Some(Some(fault))),
        }
        if raw.len() == most || *end - first >= GROUP_BYTES as u64 || !from.buffer().contains(&b'\n') {
            return (raw, None);
        }
    }
}

fn fault(number: u64, outcome: Outcome) -> impl FnOnce(String) -> Fault {
    move |what| Fault { number, what, outcome }
}

/// The bytes of the next line; nothing at the end.
fn next(from: &mut impl BufRead, number: u64, end: &mut u64) -> Result<Option<Vec<u8>>, Fault> {
    let mut line = vec![];
    let read = from.take(MAX_BYTES as u64 + 1).read_until(b'\n', &mut line);
    *end += read.map_err(|error| fault(number, Outcome::Unusable)(format!("cannot be read: {error}")))? as u64;
    if line.len() > MAX_BYTES {
        let what = format!("the line has more than {MAX_BYTES} bytes, the most that an entry may take");
        return Err(fault(number, Outcome::Found)(what));
    }
    Ok((!line.is_empty()).then_some(line))
}

impl Line {
    fn of(raw: Raw) -> Result<Self, Fault> {
        let Raw { number, end, bytes } = raw;
        let wrong = fault(number, Outcome::Found);
        if bytes.trim_ascii().is_empty() {
            return Err(wrong("the line is empty: every line is a draft".to_owned()));
        }
        let draft: Draft = match serde_json::from_slice(&bytes) {
            Ok(draft) => draft,
            Err(error) => return Err(wrong(format!("column {}: it is no draft: {error}", error.column()))),
        };
        if !erasures(&draft).is_empty() {
            return Err(wrong(ERASES.to_owned()));
        }
        Ok(Self { number, end, draft })
    }
}
