//! A disk that is full or fails, at a call of a run: what the process says of it, what it had promised, and that it works
//! again afterwards.

use super::layer::{Ended, Fault, Ran};
use super::scenarios::{Scenario, Scene, promised};
use super::{Checks, Program, random};

const FAULTS: [Fault; 5] = [Fault::NoSpace, Fault::Full, Fault::Error, Fault::Dead, Fault::Short];

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Calls that met a fault.
    pub met: u64,
    /// Of those, runs that ended with an error.
    pub told: u64,
}

/// Fails every call of these scenarios in every way, or one in `every` of those, as the seed has it.
pub fn errors(program: &Program, scenarios: &[&Scenario], seed: u64, every: u64, mut report: impl FnMut(&str)) -> Seen {
    let (mut seen, mut checks) = (Seen::default(), Checks::default());
    let mut number = 0;
    for scenario in scenarios {
        let scene = scenario.scene(program);
        let ran = scenario.run(program, &scene.copy(), None);
        assert_eq!(ran.ended, Ended::With(0), "{}: {}", scenario.name, ran.err);
        for at in 1..=ran.count() {
            for fault in FAULTS {
                number += 1;
                if random(seed, number).is_multiple_of(every) {
                    let words = format!("{}, {fault:?} at call {at}", scenario.name);
                    checks.check(&words, || fail(program, scenario, &scene, at, fault, &mut seen));
                }
            }
        }
        report(&format!("{}: {} calls; so far {seen:?}", scenario.name, ran.count()));
    }
    checks.end();
    seen
}

fn fail(program: &Program, scenario: &Scenario, scene: &Scene, at: u64, fault: Fault, seen: &mut Seen) {
    let scene = scene.copy();
    let ran = scenario.run(program, &scene, Some((at, fault)));
    let Some(place) = ran.met() else { return };
    println!("{}: {fault:?} at call {at} on {}: {:?}", scenario.name, place.display(), ran.ended);
    seen.met += 1;
    seen.told += u64::from(ran.ended != Ended::With(0));
    told(&ran, &scene, fault);
    scenario.check(program, &scene, &ran.out);
}

/// The end is one that a user can act on: done in spite of it, or status 2 with the place, the cause and the way out.
fn told(ran: &Ran, scene: &Scene, fault: Fault) {
    assert!(!ran.err.contains("panicked"), "{ran:?}");
    match ran.ended {
        Ended::With(0) => return,
        Ended::With(2) => {}
        other => panic!("{other:?}: {ran:?}"),
    }
    let says =
        |words: &[&str]| assert!(words.iter().any(|words| ran.err.contains(words)), "none of {words:?}: {ran:?}");
    assert_ne!(fault, Fault::Short, "a short write is no error: {ran:?}");
    match fault {
        Fault::Error | Fault::Dead => says(&["Input/output error"]),
        _ => says(&["the disk is full", "no storage space", "No space left on device"]),
    }
    says(&[&scene.work().display().to_string(), "the entry at position ", " entries from position "]);
    says(&["try again", "look up its id", "look up their ids", "nothing was signed"]);
    // Where a file was being recorded, the outcome is named, and the count is that of the receipts.
    if let Some((_, rest)) = ran.err.split_once("minutebook: stopped at ") {
        let receipts = promised(&ran.out).count();
        assert!(rest.contains(&format!(": {receipts} of ")), "{ran:?}");
        says(&["kept is unknown: "]);
        says(&["record the same files again: what was kept is not recorded twice"]);
    }
}
