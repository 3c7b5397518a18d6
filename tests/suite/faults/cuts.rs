//! The power going: a process runs to its end on the layer, and its journal is cut anywhere. What the disk may hold then is
//! put into a folder, and held to the receipts that were given before the cut.

use super::disk::Disk;
use super::layer::{Call, Ended};
use super::scenarios::{Scenario, Scene};
use super::{Checks, Program, random};

/// Cuts the power `count` times, in these scenarios in turns. Every third cut is followed by another, while the process
/// does the same again: opening what the first left above all.
pub fn cuts(program: &Program, scenarios: &[&Scenario], seed: u64, count: u64, report: impl FnMut(&str)) {
    let recordings: Vec<_> = scenarios.iter().map(|scenario| Recording::of(program, scenario)).collect();
    cut_each(program, &recordings, seed, count, report).end();
}

/// The same as if no process ever synced anything, and how many checks then fail: what shows that a cut takes something.
pub fn cuts_without_syncs(
    program: &Program,
    scenarios: &[&Scenario],
    seed: u64,
    count: u64,
    report: impl FnMut(&str),
) -> usize {
    let mut recordings: Vec<_> = scenarios.iter().map(|scenario| Recording::of(program, scenario)).collect();
    for recording in &mut recordings {
        recording.calls.retain(|call| !matches!(call, Call::Synced { .. }));
    }
    cut_each(program, &recordings, seed, count, report).failed.len()
}

fn cut_each(
    program: &Program,
    recordings: &[Recording],
    seed: u64,
    count: u64,
    mut report: impl FnMut(&str),
) -> Checks {
    let (mut done, mut checks) = (0, Checks::default());
    for round in 0.. {
        if done >= count {
            break;
        }
        let recording = &recordings[round as usize % recordings.len()];
        let twice = round % 3 == 2 && done + 2 <= count;
        done += 1 + u64::from(twice);
        let words = format!("{done} of {count}: {}, round {round}", recording.scenario.name);
        checks.check(&words, || recording.cut(program, random(seed, round), twice));
        report(&words);
    }
    checks
}

/// A scenario that has played: the disk before, and every call.
struct Recording<'a> {
    scenario: &'a Scenario,
    before: Disk,
    calls: Vec<Call>,
}

impl<'a> Recording<'a> {
    fn of(program: &Program, scenario: &'a Scenario) -> Self {
        let scene = scenario.scene(program);
        let before = Disk::of(&scene.work());
        let ran = scenario.run(program, &scene, None);
        assert_eq!(ran.ended, Ended::With(0), "{}: {}", scenario.name, ran.err);
        Self { scenario, before, calls: ran.calls }
    }

    fn cut(&self, program: &Program, seed: u64, twice: bool) {
        let at = moment(&self.calls, seed);
        let mut words = format!("seed {seed}, cut after call {at} of {}", self.calls.len());
        let mut scene = cut(&self.before, &self.calls[..at], seed);
        let mut printed = printed(&self.calls[..at]);
        if twice {
            let before = Disk::of(&scene.work());
            let again = self.scenario.run(program, &scene, None);
            let at = moment(&again.calls, !seed);
            words += &format!(", and done again, cut after call {at} of {}", again.calls.len());
            scene = cut(&before, &again.calls[..at], !seed);
            printed += &self::printed(&again.calls[..at]);
        }
        println!("{}: {words}", self.scenario.name);
        self.scenario.check(program, &scene, &printed);
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

/// What may be there if the power goes after these calls.
fn cut(before: &Disk, calls: &[Call], seed: u64) -> Scene {
    let mut disk = before.clone();
    calls.iter().for_each(|call| disk.apply(call));
    Scene::of(|work| disk.cut(seed, work))
}

fn printed(calls: &[Call]) -> String {
    let printed = calls.iter().filter_map(|call| if let Call::Printed(bytes) = call { Some(bytes) } else { None });
    String::from_utf8(printed.flatten().copied().collect()).expect("what is printed is text")
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("a machine of 64 bits")
}
