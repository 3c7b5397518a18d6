//! `kill -9`. A kill leaves to the disk all that the process had written, synced or not: what a loss of power does
//! besides is in `cuts`.

use super::appends::Appends;
use super::layer::{Ended, Fault};
use super::scenarios::{Scenario, Scene};
use super::{Checks, MOST_RUNS, Program, random};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{ChildStdout, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// Kills a process of these scenarios in turns, `count` times, each at a call that writes or syncs, and checks what is there.
/// A scene is killed up to three times before it is checked, so that recovery is killed as well. `report` hears each.
pub fn at_calls(program: &Program, scenarios: &[&Scenario], seed: u64, count: u64, mut report: impl FnMut(&str)) {
    let sounds: Vec<_> = scenarios.iter().map(|scenario| Sound::of(program, scenario)).collect();
    let (mut done, mut checks) = (0, Checks::default());
    for round in 0.. {
        let sound = &sounds[round as usize % sounds.len()];
        let kills = (1 + random(seed ^ 1, round) % MOST_RUNS).min(count - done);
        if kills == 0 {
            break;
        }
        done += kills;
        let words = format!("{done} of {count}: {}, round {round}", sound.scenario.name);
        checks.check(&words, || sound.kill(program, random(seed, round), kills));
        report(&words);
    }
    checks.end();
}

/// A scenario that plays soundly, and how many calls that takes.
struct Sound<'a> {
    scenario: &'a Scenario,
    scene: Scene,
    calls: u64,
}

impl<'a> Sound<'a> {
    fn of(program: &Program, scenario: &'a Scenario) -> Self {
        let scene = scenario.scene(program);
        let ran = scenario.run(program, &scene.copy(), None);
        assert_eq!(ran.ended, Ended::With(0), "{}: {}", scenario.name, ran.err);
        Self { scenario, scene, calls: ran.count() }
    }

    fn kill(&self, program: &Program, seed: u64, kills: u64) {
        let scene = self.scene.copy();
        let mut printed = String::new();
        let mut words = Vec::new();
        for n in 0..kills {
            let dice = random(seed, n);
            let (at, fault) = (1 + dice % self.calls, if dice >> 32 & 1 == 0 { Fault::Kill } else { Fault::Tear });
            let ran = self.scenario.run(program, &scene, Some((at, fault)));
            let place = ran.met().map_or_else(|| "nowhere".to_owned(), |path| path.display().to_string());
            words.push(format!("{fault:?} at call {at} on {place}"));
            assert!(matches!(ran.ended, Ended::Killed | Ended::With(0)), "{}, {words:?}: {ran:?}", self.scenario.name);
            printed += &ran.out;
            printed += "\n";
        }
        let words = words.join(", ");
        println!("{}: {words}", self.scenario.name);
        self.scenario.check(program, &scene, &printed);
    }
}

/// Kills processes that append to one ledger at any moment, `rounds` times, and checks it after each. `report` hears of
/// each round, with the size of the ledger.
pub fn at_any_moment(program: &Program, dir: &Path, seed: u64, rounds: u64, mut report: impl FnMut(u64, u64)) {
    let appends = Appends { seed, great: false };
    appends.create(dir, 0);
    let mut printed = String::new();
    for round in 0..rounds {
        let mut command = appends.told((program.child)(), dir, None);
        let mut running = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("the child starts");
        let mut lines = BufReader::new(running.stdout.take().expect("its output is piped"));
        let dice = random(seed ^ 0xDEAD, round);
        // One in four is killed while it opens the ledger, the others up to 400 ms into their appends.
        let opening = dice.is_multiple_of(4);
        if !opening {
            wait_for_opening(&mut lines, seed);
        }
        let listener = std::thread::spawn(move || {
            let mut printed = String::new();
            lines.read_to_string(&mut printed).expect("receipts are text");
            printed
        });
        sleep(Duration::from_micros((dice >> 8) % if opening { 60_000 } else { 400_000 }));
        running.kill().expect("it runs");
        running.wait().expect("it ends");
        printed += &listener.join().expect("it only reads");
        let size = appends.check(dir, &printed, 1);
        // What was there beyond the last receipt was kept, and later rounds build on it.
        printed = appends.receipts(size);
        report(round, size);
    }
}

fn wait_for_opening(lines: &mut BufReader<ChildStdout>, seed: u64) {
    let mut line = String::new();
    while line != "opened\n" {
        line.clear();
        assert!(lines.read_line(&mut line).expect("text") > 0, "seed {seed}: the child ended by itself");
    }
}
