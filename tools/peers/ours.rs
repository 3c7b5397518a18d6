//! Minutebook, asked what the peers are asked, in process and as the program that its user starts. It must not compare
//! anything.

use super::measure::{Fault, Outcome, timed};
use super::questions::{Asked, Fold, Lines, Portfolio, Told, Total};
use super::rows::{Table, known, pence};
use minutebook::ledger::Ledger;
use minutebook::question::{KnownAt, Question, Topic};
use minutebook_events::{ContractId, Day, Draft, EventKind, Position};
use minutebook_projections::{At, By, Fact, Group, Key, Timeline};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::future::Future;
use std::hint::black_box;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, spawn_local};

pub const NAME: &str = "Minutebook";

fn at(asked: &Asked) -> At {
    At { as_of: asked.as_of, head: Position(asked.known), decided_by: asked.decided_by }
}

/// The fact in effect on each value line of a contract, as it lies in the projections.
pub fn in_effect<'a>(
    all: &'a minutebook_projections::Projections,
    asked: &'a Asked,
) -> impl Iterator<Item = (&'a Key, &'a Fact)> {
    let at = at(asked);
    let lines = all.lines(&asked.contract, at);
    lines.filter_map(move |(key, _, timeline)| Some((key, timeline.select(at).answer?)))
}

fn told<Line>(line: Line, fact: &Fact) -> Outcome<Told<Line>> {
    let (amount, is_change) = amount(fact)?;
    Ok(Told { line, position: fact.position().0, place: fact.place(), is_change, pence: amount })
}

fn amount(fact: &Fact) -> Outcome<(Option<i64>, bool)> {
    match &fact.event().kind {
        EventKind::ValueSet { amount, .. } => Ok((known(amount)?, false)),
        EventKind::ValueChanged { by, .. } => Ok((known(by)?, true)),
        other => Err(format!("position {}: {other:?} is on a value line", fact.position()).into()),
    }
}

/// The same in the shape that is compared.
pub fn lines(ledger: &Ledger, asked: &Asked) -> Outcome<Lines> {
    let view = ledger.view();
    let name = |key: &Key| match key {
        Key::Line(_, line) => line.name(),
        other => other.name(),
    };
    let mut lines =
        in_effect(&view.projections, asked).map(|(key, fact)| told(name(key), fact)).collect::<Outcome<Lines>>()?;
    lines.sort();
    Ok(lines)
}

/// The whole answer about what a contract is worth.
pub fn value(ledger: &Ledger, asked: &Asked) -> Outcome<usize> {
    let question = Question {
        topic: Topic::Value,
        contract: Some(asked.contract.clone()),
        as_of: asked.as_of,
        known_at: Some(KnownAt::Position(Position(asked.known - 1))),
        decided_by: asked.decided_by,
    };
    Ok(ledger.view().ask(&question)?.answer.len())
}

/// Every value line of every contract, as it is now, with its number in the table.
pub fn each_line<T>(
    ledger: &Ledger,
    table: &Table,
    mut each: impl FnMut(u32, &Timeline) -> Outcome<Option<T>>,
) -> Outcome<Vec<T>> {
    let numbers: HashMap<(&ContractId, &str), u32> = (0..)
        .zip(&table.lines)
        .map(|(number, line)| ((&table.contracts[line.contract as usize], line.name.as_str()), number))
        .collect();
    let view = ledger.view();
    let mut all = vec![];
    for contract in &table.contracts {
        for (key, timeline) in view.projections.timelines_of(contract) {
            let Key::Line(_, line) = key else { continue };
            let name = line.name();
            let number = *numbers.get(&(contract, name.as_str())).ok_or_else(|| format!("{key}: no such line"))?;
            all.extend(each(number, timeline)?);
        }
    }
    Ok(all)
}

/// The fact in effect on every line, in the shape that is compared.
pub fn fold(ledger: &Ledger, table: &Table, day: Day) -> Outcome<Fold> {
    let at = At { as_of: day, head: ledger.head(), decided_by: None };
    let mut fold = each_line(ledger, table, |number, timeline| {
        timeline.select(at).answer.map(|fact| told(number, fact)).transpose()
    })?;
    fold.sort();
    Ok(fold)
}

/// The same rows, each by the key of its line, which has no number here; how many they are.
pub fn fold_alone(ledger: &Ledger, day: Day) -> Outcome<usize> {
    let at = At { as_of: day, head: ledger.head(), decided_by: None };
    let view = ledger.view();
    let lines = view.projections.timelines().filter(|(key, _)| matches!(key, Key::Line(..)));
    let in_effect = lines.filter_map(|(key, timeline)| Some(told(key, timeline.select(at).answer?)));
    Ok(black_box(in_effect.collect::<Outcome<Vec<_>>>()?).len())
}

/// What the lines of each funder come to, from the totals that the ledger keeps, which are made when they are first asked
/// for. They are added over every footing, since peers are told nothing of whether a contract is in force.
pub fn portfolio(ledger: &Ledger, day: Day) -> Outcome<Portfolio> {
    let view = ledger.view();
    let mut kept = view.totals.ok_or("a ledger that is open keeps totals")?.lock().map_err(|_| "a question stopped")?;
    kept.follow(&view.projections, view.head);
    let mut portfolio = Portfolio::new();
    for total in kept.on(&[By::Funder], day) {
        let Group::Funder(funder) = &total.place.group else { continue };
        for footed in total.on.values().filter(|footed| footed.counts().amounts > 0) {
            let pounds = footed.known.pounds().ok_or("more than money can be")?.pounds();
            let of: &mut Total =
                portfolio.entry(funder.as_ref().map(ToString::to_string).unwrap_or_default()).or_default();
            of.pence += pence(pounds)?;
            of.added += u64::try_from(footed.known.amounts)?;
            of.lacking += u64::try_from(footed.lacks())?;
        }
    }
    Ok(portfolio)
}

/// The same from line to line, which is what peers are held to, and is not measured.
pub fn portfolio_by_line(ledger: &Ledger, table: &Table, day: Day) -> Outcome<Portfolio> {
    let at = At { as_of: day, head: ledger.head(), decided_by: None };
    let lines = each_line(ledger, table, |number, timeline| {
        let there = timeline.select(at).answer.is_some();
        Ok(there.then_some((number, pence_on(timeline, at)?)))
    })?;
    let mut portfolio = Portfolio::new();
    for (number, pence) in lines {
        let total: &mut Total = portfolio.entry(table.lines[number as usize].funder.clone()).or_default();
        match pence {
            Some(pence) => (total.pence, total.added) = (total.pence + pence, total.added + 1),
            None => total.lacking += 1,
        }
    }
    Ok(portfolio)
}

/// What a line is on a day, every change since it was set included; nothing where that is not known.
fn pence_on(timeline: &Timeline, at: At) -> Outcome<Option<i64>> {
    let selection = timeline.select(at);
    let Some(fact) = selection.answer.filter(|_| selection.conflicting.is_empty()) else { return Ok(None) };
    match amount(fact)? {
        (pence, false) => Ok(pence),
        (None, true) => Ok(None),
        (Some(by), true) => {
            let before = fact.effective().earliest().pred_opt();
            let before = before.map(|day| pence_on(timeline, at.on(day))).transpose()?.flatten();
            Ok(before.map(|pence| pence + by))
        }
    }
}

/// The program, with the ledger at a folder.
pub fn program(path: &Path, ledger: &Path) -> Command {
    let mut command = Command::new(path);
    command.arg("--ledger").arg(ledger).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Runs a command to its end, which must be good: how long it took, and its most resident memory in bytes.
pub fn run(command: &mut Command) -> Outcome<(Duration, u64)> {
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
    let peak = watch(&mut child)?;
    let time = start.elapsed();
    let status = child.wait()?;
    if status.success() { Ok((time, peak)) } else { Err(format!("{command:?} ended with {status}").into()) }
}

/// What a command printed, and how long it took from its start to its end: nothing looks at it meanwhile.
pub fn answered(command: &mut Command) -> Outcome<(Duration, Vec<u8>)> {
    let (time, out) = timed(|| command.stderr(Stdio::inherit()).stdout(Stdio::piped()).output());
    let out = out.map_err(|error| format!("cannot start {command:?}: {error}"))?;
    if out.status.success() {
        Ok((time, out.stdout))
    } else {
        Err(format!("{command:?} ended with {}", out.status).into())
    }
}

/// Waits for a process; its most resident memory as it was last seen, a moment before it ended.
fn watch(child: &mut Child) -> Outcome<u64> {
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = resident(&child.id().to_string(), "VmHWM").unwrap_or(0).max(peak);
        sleep(Duration::from_millis(5));
    }
    Ok(peak)
}

/// Memory of a process in bytes, by the name it has in `/proc/…/status`; nothing where there is none.
pub fn resident(process: &str, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// What another process of ours printed, as JSON.
pub fn printed(command: &mut Command) -> Outcome<Value> {
    Ok(serde_json::from_slice(&answered(command)?.1)?)
}

/// Opens a ledger: what it takes of memory, with nothing else done.
pub fn open(folder: &Path) -> Outcome<Value> {
    let ledger = Ledger::open(folder, |_, _| {})?;
    let rss = resident("self", "VmRSS").ok_or("this system does not say how much memory a process has")?;
    Ok(serde_json::json!({ "events": events(&ledger), "entries": ledger.head(), "resident": rss }))
}

/// Opens a ledger that left a snapshot, and makes every timeline of the packed entries in it, on one core.
pub fn packed(folder: &Path) -> Outcome<Value> {
    let (opening, ledger) = timed(|| Ledger::open(folder, |_, _| {}));
    let ledger = ledger?;
    let count =
        || ledger.view().projections.timelines().map(|(_, timeline)| timeline.facts().len() as u64).sum::<u64>();
    let (making, facts) = timed(count);
    let events = events(&ledger);
    let (opening, making) = (opening.as_secs_f64(), making.as_secs_f64());
    Ok(serde_json::json!({ "events": events, "facts": facts, "opening": opening, "making": making }))
}

pub fn events(ledger: &Ledger) -> u64 {
    ledger.view().projections.log().iter().map(|recorded| recorded.entry.events.len() as u64).sum()
}

/// Rebuilds every projection and its root from the stored bytes, three times; the median.
pub fn rebuild(folder: &Path) -> Outcome<Value> {
    let ledger = Ledger::open(folder, |_, _| {})?;
    let mut times = vec![];
    for _ in 0..3 {
        let (time, folded) = timed(|| ledger.rebuild(false, |_, _| {}).map(|(folded, _)| folded.head()));
        drop(folded?);
        times.push(time);
    }
    times.sort_unstable();
    Ok(serde_json::json!({ "events": events(&ledger), "seconds": times[1].as_secs_f64() }))
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime with no driver always builds")
}

/// Durable appends by some writers at once, shared out among them; each waits for its receipt, and claims nothing of what
/// the others record meanwhile.
pub fn appends(ledger: &Arc<Ledger>, drafts: Vec<Draft>, writers: usize) -> Outcome<Duration> {
    let start = Instant::now();
    let work = async {
        let share = drafts.len().div_ceil(writers);
        let mut drafts = drafts.into_iter();
        let all: Vec<_> = (0..writers)
            .map(|_| spawn_local(writer(Arc::clone(ledger), drafts.by_ref().take(share).collect())))
            .collect();
        for writer in all {
            writer.await??;
        }
        Ok::<_, Fault>(())
    };
    finish(work)?;
    Ok(start.elapsed())
}

async fn writer(ledger: Arc<Ledger>, drafts: Vec<Draft>) -> Outcome<()> {
    for draft in drafts {
        ledger.record_next(draft).await?;
    }
    Ok(())
}

fn finish<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    LocalSet::new().block_on(&runtime(), work)
}
