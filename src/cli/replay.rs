//! `replay`: entry by entry, what each changed, forward or back, at once or one after the other.

use super::{Json, Outcome, Stop, day, output};
use crate::ledger::View;
use crate::question::{Bound, Range};
use crate::store::Place;
use crate::today::today;
use clap::Args;
use minutebook_events::{DateSpan, Day, Position};
use minutebook_projections::Recorded;
use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;

pub(super) const HELP: &str = "\
Examples:
  minutebook replay --from 10 --to 12
  minutebook replay --from 2026-11-22 --to 2026-11-22 --as-of 2018-06-01
  minutebook replay --decided-from 2022-01-01 --decided-to 2022-03-31 --back
  minutebook replay --step

Days and instants of --from and --to are those of recording: --from a day begins with the first entry recorded on it \
or later, --to a day ends with the last recorded on it or earlier. A number is a position. An act may have been decided \
long before it was recorded: --decided-from and --decided-to choose acts by their own date, and leave them in the order \
of recording, for what an entry changed depends on what was recorded before it. An act whose date is known only to lie \
between two days is chosen where either end of them fits.

For every fact of which an entry says something, its row has the state before and after, and each event that the entry \
brings to the fact (position and place, what it counts as on the day) or strikes there. What is of another day, or \
stands beside the answer, changes no answer, and is shown all the same. With --back, before has the entry and after has \
not.";

const KEYS: &str = "  \
  n        the next entry
  b        back: the entry just passed, undone
  12       on to an entry, by its position
  DAY      on to the first recorded on that day or later; an instant does too
  d DAY    on to the first whose act was decided, or may have been, on that day or later
  Enter    goes on the same way: forward, or back with --back
  q        ends
";

/// Which entries, which way, and the day on which the state is looked at.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The first entry: a position, or a day or an instant of recording
    #[arg(long, value_name = "POSITION|DAY|INSTANT")]
    from: Option<Bound>,
    /// The last entry
    #[arg(long, value_name = "POSITION|DAY|INSTANT")]
    to: Option<Bound>,
    /// Only acts decided on this day or later, in the order of recording
    #[arg(long, value_name = "DAY", value_parser = day)]
    decided_from: Option<Day>,
    /// Only acts decided on this day or earlier
    #[arg(long, value_name = "DAY", value_parser = day)]
    decided_to: Option<Day>,
    /// What each entry changed of the state on this day; today where it is left out
    #[arg(long, value_name = "DAY", value_parser = day)]
    as_of: Option<Day>,
    /// From the last entry to the first, each undone: before and after change places
    #[arg(long)]
    back: bool,
    /// One entry at a time, as standard input says; ? lists what it may say
    #[arg(long)]
    step: bool,
    #[command(flatten)]
    json: Json,
}

impl Replay {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let ledger = output::open(place)?;
        let (view, as_of) = (ledger.view(), self.as_of.unwrap_or_else(today));
        let Self { from, to, decided_from, decided_to, back, .. } = self;
        let range = Range { from, to, decided_from, decided_to, back };
        if self.step {
            return Steps::over(&view, &range, as_of, self.json.json)?.run(&mut io::stdin().lock());
        }
        output::answer(&view.replay(as_of, &range)?, self.json.json)
    }
}

/// What standard input may say.
enum Said {
    Next,
    Back,
    /// On to the first entry of a range, and what it is the first of.
    To(Range, String),
    Help,
    Quit,
}

fn understand(line: &str, back: bool) -> Result<Said, String> {
    Ok(match line {
        "" if back => Said::Back,
        "" | "n" => Said::Next,
        "b" => Said::Back,
        "q" => Said::Quit,
        "?" => Said::Help,
        _ => match line.strip_prefix("d ") {
            Some(rest) => {
                let since = day(rest.trim())?;
                let words = format!("of an act decided on {} or later", DateSpan::day(since));
                Said::To(Range { decided_from: Some(since), ..Range::default() }, words)
            }
            None => match line.parse().map_err(|_| format!("\"{line}\" is not understood: ? lists what is"))? {
                Bound::Position(asked) => Said::To(Range::one(asked, false), format!("at position {asked}")),
                since @ Bound::Day(day) => {
                    Said::To(Range::since(since), format!("recorded on {} or later", DateSpan::day(day)))
                }
                since @ Bound::Instant(instant) => {
                    Said::To(Range::since(since), format!("recorded at {instant} or later"))
                }
            },
        },
    })
}

/// A way through some entries, one at a time.
struct Steps<'a> {
    view: &'a View<'a>,
    entries: Vec<Position>,
    as_of: Day,
    back: bool,
    json: bool,
    /// How many of the entries are applied: the next is the one at this place.
    applied: usize,
}

impl<'a> Steps<'a> {
    fn over(view: &'a View<'a>, range: &Range, as_of: Day, json: bool) -> Result<Self, Stop> {
        let entries = positions(view.entries_of(range)?);
        let applied = if range.back { entries.len() } else { 0 };
        Ok(Self { view, entries, as_of, back: range.back, json, applied })
    }

    fn run(mut self, input: &mut impl BufRead) -> Result<Outcome, Stop> {
        self.on()?;
        loop {
            self.prompt();
            let mut line = vec![];
            if input.read_until(b'\n', &mut line)? == 0 {
                return Ok(Outcome::Answered);
            }
            match understand(String::from_utf8_lossy(&line).trim(), self.back) {
                Ok(Said::Quit) => return Ok(Outcome::Answered),
                Ok(Said::Next) => self.next()?,
                Ok(Said::Back) => self.undo()?,
                Ok(Said::To(range, words)) => self.go(&range, &words)?,
                Ok(Said::Help) => output::complain(&KEYS),
                Err(words) => output::complain(&format_args!("{words}\n")),
            }
        }
    }

    /// Only a person needs to be asked.
    fn prompt(&self) {
        if io::stdin().is_terminal() {
            output::complain(&"n next, b back, q quit, ? more: ");
        }
    }

    /// One step the way that was asked for.
    fn on(&mut self) -> Result<(), Stop> {
        if self.back { self.undo() } else { self.next() }
    }

    fn next(&mut self) -> Result<(), Stop> {
        let Some(position) = self.entries.get(self.applied).copied() else {
            output::complain(&"there is no entry after this: b goes back, q ends\n");
            return Ok(());
        };
        self.applied += 1;
        self.show(position, false)
    }

    fn undo(&mut self) -> Result<(), Stop> {
        let Some(place) = self.applied.checked_sub(1) else {
            output::complain(&"there is no entry before this: n goes on, q ends\n");
            return Ok(());
        };
        self.applied = place;
        self.show(self.entries[place], true)
    }

    /// On to the first of the entries that a range has too.
    fn go(&mut self, range: &Range, words: &str) -> Result<(), Stop> {
        let found = match self.view.entries_of(range) {
            Ok(found) => positions(found),
            Err(error) => {
                output::complain(&format_args!("{error}\n"));
                return Ok(());
            }
        };
        let Some(place) = self.entries.iter().position(|position| found.binary_search(position).is_ok()) else {
            output::complain(&format_args!("none of the entries asked for is {words}\n"));
            return Ok(());
        };
        let position = self.entries[place];
        if range.to.is_none() {
            output::complain(&format_args!("entry {position} is the first {words}\n"));
        }
        self.applied = place + 1;
        self.show(position, false)
    }

    fn show(&self, position: Position, back: bool) -> Result<(), Stop> {
        let answer = self.view.replay(self.as_of, &Range::one(position, back))?;
        output::answer(&answer, self.json)?;
        Ok(())
    }
}

fn positions(entries: Vec<Arc<Recorded>>) -> Vec<Position> {
    entries.into_iter().map(|recorded| recorded.position).collect()
}
