//! Several nodes on several servers: many writers at once, servers and nodes that are killed and stopped; a sample of what
//! `tools/faults.rs` does at length. `MINUTEBOOK_SEED` repeats a run; `MINUTEBOOK_FAULTS` says how many rounds.

use crate::cluster::check::{Row, check};
use crate::cluster::clients::{Call, Told};
use crate::cluster::races::race;
use crate::cluster::rounds::{FAULTS, Rounds};
use crate::faults::random;
use crate::run::BINARY;
use crate::survival::{count, seed};
use std::process::Command;
use std::time::Duration;

fn program() -> Command {
    Command::new(BINARY)
}

#[test]
fn of_writers_on_several_nodes_each_position_is_given_to_one() {
    let Some(raced) = race(program, 1_000) else { return };
    println!("{:?} in {:?}", raced.counts, raced.took);
}

#[test]
fn what_has_a_receipt_outlives_every_server_and_node() {
    let Some(mut rounds) = Rounds::new(program) else { return };
    let seed = seed();
    for (number, fault) in (0..count(FAULTS.len() as u64)).zip(FAULTS.into_iter().cycle()) {
        println!("{}", rounds.round(fault, random(seed, number)));
    }
}

/// Three entries in the log, and who was told of them.
fn log_and_calls() -> (Vec<Row>, Vec<Call>) {
    let row = |position: u64| Row {
        position,
        id: format!("id-{position}"),
        leaf: format!("leaf-{position}"),
        is_of_bytes: true,
        bytes: format!(r#"{{"id":"id-{position}","expected_head":{position},"recorded":"2026-01-0{}"}}"#, position + 1),
    };
    let call = |id: u64, claim: u64, began: u64, ended: u64, told: Told| {
        let at = Duration::from_millis;
        Call { id: format!("id-{id}"), claim, began: at(began), ended: at(ended), told }
    };
    let kept = |position: u64| Told::Kept { position, leaf: format!("leaf-{position}") };
    let calls = vec![
        call(0, 0, 0, 10, kept(0)),
        call(2, 0, 1, 12, Told::Conflict { actual: 1 }),
        call(1, 1, 13, 20, Told::Unknown("cut".to_owned())),
        call(2, 1, 14, 25, Told::Conflict { actual: 2 }),
        call(2, 2, 26, 30, kept(2)),
        call(1, 2, 27, 31, kept(1)),
    ];
    ((0..3).map(row).collect(), calls)
}

/// Who checks finds whatever is not true.
#[test]
fn the_checker_finds_each_thing_that_is_not_true() {
    let (log, calls) = log_and_calls();
    let counts = check(&log, &calls).unwrap();
    assert_eq!((counts.kept, counts.conflicts, counts.unknown, counts.unknown_and_kept), (3, 2, 1, 1));
    type Change = fn(&mut Vec<Row>, &mut Vec<Call>);
    let changes: [(&str, Change); 12] = [
        ("an acknowledged entry is lost", |log, _| drop(log.pop())),
        ("a position is missing", |log, _| drop(log.remove(1))),
        ("an id is there twice", |log, _| {
            log[2].id = "id-1".to_owned();
            log[2].bytes = log[2].bytes.replace("id-2", "id-1");
        }),
        ("other bytes", |log, _| log[1].is_of_bytes = false),
        ("another entry than was acknowledged", |log, _| log[2].leaf = "another".to_owned()),
        ("a stale claim was accepted", |log, _| log[1].bytes = log[1].bytes.replace("head\":1", "head\":0")),
        ("instants go back", |log, _| log[1].bytes = log[1].bytes.replace("-02", "-00")),
        ("two receipts for one position", |_, calls| {
            calls[0].told = Told::Kept { position: 1, leaf: "leaf-1".to_owned() }
        }),
        ("a conflict with what was claimed", |_, calls| calls[1].told = Told::Conflict { actual: 0 }),
        ("a conflict, and it was kept by that call", |_, calls| calls[4].told = Told::Conflict { actual: 3 }),
        ("refused, and it is there", |_, calls| {
            calls.retain(|call| call.id != "id-1");
            calls.push(Call { told: Told::Refused("no".to_owned()), ..calls[0].clone() });
            calls.last_mut().unwrap().id = "id-1".to_owned();
        }),
        ("it began after the receipt of one that is later", |_, calls| calls[0].began = Duration::from_millis(40)),
    ];
    for (what, change) in changes {
        let (mut log, mut calls) = log_and_calls();
        change(&mut log, &mut calls);
        check(&log, &calls).expect_err(what);
    }
    let (log, mut calls) = log_and_calls();
    calls[3].ended = Duration::from_millis(12);
    check(&log, &calls).expect_err("a conflict was told before the other was sent");
}
