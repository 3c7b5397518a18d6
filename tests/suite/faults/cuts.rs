//! The power going: a process runs to its end on the layer, and its journal is cut anywhere. What the disk may hold then is
//! put into a folder, and held to the receipts that were given before the cut.

use super::disk::Disk;
use super::layer::{Call, Ended, Fault};
use super::scenarios::{Scenario, Scene};
use super::{Checks, Program, random};

/// Cuts the power `count` times, in these scenarios in turns: one in three as the process plays, one after a kill, when
/// another process has found what the first left unsynced, and one twice, when what the first cut left is opened.
pub fn cuts(program: &Program, scenarios: &[&Scenario], seed: u64, count: u64, report: impl FnMut(&str)) {
    cut_each(program, scenarios, true, seed, count, report).end();
}

/// The same as if no process ever synced anything, and how many checks then fail: what shows that a cut takes something.
pub fn cuts_without_syncs(
    program: &Program,
    scenarios: &[&Scenario],
    seed: u64,
    count: u64,
    report: impl FnMut(&str),
) -> usize {
    cut_each(program, scenarios, false, seed, count, report).failed.len()
}

fn cut_each(
    program: &Program,
    scenarios: &[&Scenario],
    synced: bool,
    seed: u64,
    count: u64,
    mut report: impl FnMut(&str),
) -> Checks {
    let stages: Vec<_> = scenarios.iter().map(|scenario| Stage::of(program, scenario, synced)).collect();
    let (mut done, mut checks) = (0, Checks::default());
    for round in 0.. {
        if done >= count {
            break;
        }
        let stage = &stages[round as usize % stages.len()];
        let how = match round / stages.len() as u64 % 3 {
            0 => How::Once,
            1 => How::AfterAKill,
            _ if done + 2 <= count => How::Twice,
            _ => How::Once,
        };
        done += if how == How::Twice { 2 } else { 1 };
        let words = format!("{done} of {count}: {}, {how:?}, round {round}", stage.scenario.name);
        checks.check(&words, || stage.cut(program, random(seed, round), how));
        report(&words);
    }
    checks
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Once,
    AfterAKill,
    Twice,
}

/// A scenario, what is there before it, and how it played once.
struct Stage<'a> {
    scenario: &'a Scenario,
    scene: Scene,
    play: Play,
    synced: bool,
}

/// What processes did, one after the other: the disk before them, and every call.
struct Play {
    before: Disk,
    calls: Vec<Call>,
    /// Calls of a process that was killed, before the one in which the power goes.
    killed: usize,
}

impl<'a> Stage<'a> {
    fn of(program: &Program, scenario: &'a Scenario, synced: bool) -> Self {
        let scene = scenario.scene(program);
        let played = scene.copy();
        let before = Disk::of(&played.work());
        let ran = scenario.run(program, &played, None);
        assert_eq!(ran.ended, Ended::With(0), "{}: {}", scenario.name, ran.err);
        Self { scenario, scene, play: Play { before, calls: ran.calls, killed: 0 }, synced }
    }

    fn cut(&self, program: &Program, seed: u64, how: How) {
        let (scene, printed) = match how {
            How::Once => self.cut_in(&self.play, seed),
            How::AfterAKill => self.cut_in(&self.after_a_kill(program, seed), seed),
            How::Twice => {
                let (scene, printed) = self.cut_in(&self.play, seed);
                let before = Disk::of(&scene.work());
                let again = self.scenario.run(program, &scene, None);
                let (scene, more) = self.cut_in(&Play { before, calls: again.calls, killed: 0 }, !seed);
                (scene, printed + &more)
            }
        };
        self.scenario.check(program, &scene, &printed);
    }

    /// A process is killed, and another does the same again. What the first wrote and did not sync is there for the
    /// second to see, and not yet on the disk.
    fn after_a_kill(&self, program: &Program, seed: u64) -> Play {
        let scene = self.scene.copy();
        let before = Disk::of(&scene.work());
        let at = 1 + random(seed, 1) % self.play.calls.iter().filter(|call| call.counts()).count() as u64;
        let mut calls = self.scenario.run(program, &scene, Some((at, Fault::Kill))).calls;
        let killed = calls.len();
        calls.extend(self.scenario.run(program, &scene, None).calls);
        Play { before, calls, killed }
    }

    /// What may be there if the power goes in a play, and what had been printed.
    fn cut_in(&self, play: &Play, seed: u64) -> (Scene, String) {
        let at = play.killed + moment(&play.calls[play.killed..], seed);
        println!("{}: seed {seed}, cut after call {at} of {}", self.scenario.name, play.calls.len());
        let mut disk = play.before.clone();
        let calls = &play.calls[..at];
        calls
            .iter()
            .filter(|call| self.synced || !matches!(call, Call::Synced { .. }))
            .for_each(|call| disk.apply(call));
        (Scene::of(|work| disk.cut(seed, work)), printed(calls))
    }
}

/// After how many calls the power goes: any, or just before a sync, when most is at stake.
fn moment(calls: &[Call], seed: u64) -> usize {
    let dice = size(random(seed, 0));
    let syncs: Vec<_> = (0..calls.len()).filter(|at| matches!(calls[*at], Call::Synced { .. })).collect();
    if dice.is_multiple_of(2) && !syncs.is_empty() {
        syncs[dice / 2 % syncs.len()]
    } else {
        dice / 2 % (calls.len() + 1)
    }
}

fn printed(calls: &[Call]) -> String {
    let printed = calls.iter().filter_map(|call| if let Call::Printed(bytes) = call { Some(bytes) } else { None });
    String::from_utf8(printed.flatten().copied().collect()).expect("what is printed is text")
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("a machine of 64 bits")
}
