//! Nodes of one ledger: what is recorded on one is answered by the others, a lost race is told or goes on, and what a node keeps is
//! the log, byte for byte.

use super::proxy::{CUTS_AFTER, CUTS_ALL, CUTS_BEFORE, ONCE, PASSES, Proxy};
use super::server::{Server, Setup};
use crate::run::{BINARY, Place, assigned_and_struck, defines, ran, topics};
use crate::served::Server as Http;
use minutebook::ledger::{Ledger, RecordError, Run};
use minutebook::node::{Settings, State};
use minutebook::question::Question;
use minutebook::report::in_hand::InHand;
use minutebook::report::json;
use minutebook::store::{self, Address, PostgresStore};
use minutebook_events::{Draft, Position};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// Nothing here takes this long: what does, hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn node(folder: &Path, address: &Address) -> Ledger {
    Ledger::follow(folder, address.clone(), Settings::default(), |_, _| {}).unwrap()
}

/// A new ledger on the server.
pub fn made(address: &Address) {
    drop(PostgresStore::create(address.clone()).unwrap());
}

pub fn draft(party: &str) -> Draft {
    InHand::parse(party.to_owned(), defines(party).as_bytes()).unwrap().parsed.draft
}

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Waits until a ledger has so many entries.
#[track_caller]
pub fn has(ledger: &Ledger, size: u64) {
    let mut heads = ledger.heads();
    let waited = async { tokio::time::timeout(PATIENCE, heads.wait_for(|head| *head >= size)).await.is_ok() };
    assert!(runtime().block_on(waited), "{:?} of {size}", ledger.head());
}

/// Waits until something is so.
#[track_caller]
pub fn soon(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "{what} takes too long");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_is_recorded_on_one_node_is_answered_by_the_others() {
    let Some(server) = Server::shared() else { return };
    let (address, place, runtime) = (server.new_ledger(), Place::empty(), runtime());
    made(&address);
    let nodes: Vec<Ledger> = ["a", "b", "c"].map(|name| node(&place.path().join(name), &address)).into();
    for n in 0..12_u64 {
        let receipt = runtime.block_on(nodes[n as usize % 3].record_next(draft(&format!("party-{n}")))).unwrap();
        assert_eq!((receipt.position, receipt.repeated), (Position(n), false));
    }
    nodes.iter().for_each(|node| has(node, 12));
    for node in &nodes {
        assert_eq!(node.tree().root(12), nodes[0].tree().root(12));
        assert!(node.stored(Position(11)).unwrap().is_some(), "the copy has it, too");
        let (here, state) = (node.head(), node.following().unwrap().standing(node.head()));
        assert_eq!((state.log, state.state), (Some(12), State::Follows), "{here}");
    }
    let again = runtime.block_on(nodes[2].record(draft("party-0"), Position(7))).unwrap();
    assert_eq!(
        (again.position, again.repeated),
        (Position(0), true),
        "a repeat gives the first receipt, whoever recorded it"
    );
    let stale = runtime.block_on(nodes[1].record(draft("late"), Position(11))).unwrap_err();
    assert!(matches!(stale, RecordError::Conflict { expected: Position(11), actual: Position(12) }), "{stale}");
    drop(nodes);
    for name in ["a", "b", "c"] {
        ran(place.command().args(["--ledger", name, "verify"])).ok().prints(&["Verified 12 entries"]);
        let args = ["--ledger", name, "--store", &server.url("minutes", address.ledger(), "")];
        ran(place.command().args(args).args(["store", "compare"])).ok().prints(&["Equal: 12 entries"]);
        place.file("one.toml", defines("somebody"));
        let alone = ran(place.command().args(["--ledger", name, "record", "one.toml"]));
        alone.ends(2).says(&["this folder is a node's copy of the log at postgres://minutes@127.0.0.1:"]);
    }
}

#[test]
fn a_claim_of_what_another_node_has_just_recorded_holds() {
    let Some(server) = Server::shared() else { return };
    let (address, place, runtime) = (server.new_ledger(), Place::empty(), runtime());
    made(&address);
    // This one does not look by itself for as long as the test takes.
    let slow = Settings { every: PATIENCE, ..Settings::default() };
    let late = Ledger::follow(&place.path().join("late"), address.clone(), slow, |_, _| {}).unwrap();
    let first = node(&place.path().join("first"), &address);
    for n in 0..3 {
        runtime.block_on(first.record(draft(&format!("party-{n}")), Position(n))).unwrap();
    }
    assert_eq!(late.head(), Position(0));
    let receipt = runtime.block_on(late.record(draft("party-3"), Position(3))).unwrap();
    assert_eq!(receipt.position, Position(3));
    // What only the other node's entries define is known here by then.
    runtime.block_on(first.record_next(draft("party-4"))).unwrap();
    let again = runtime.block_on(late.record_next(draft("party-4"))).unwrap();
    assert_eq!((again.position, again.repeated), (Position(4), true));
}

#[test]
fn of_claims_at_once_one_holds_and_the_others_are_told_and_runs_go_on() {
    let Some(server) = Server::shared() else { return };
    let (address, place) = (server.new_ledger(), Place::empty());
    made(&address);
    let nodes: Vec<Ledger> = ["a", "b", "c"].map(|name| node(&place.path().join(name), &address)).into();
    const WRITERS: usize = 6;
    const EACH: usize = 15;
    let together = Barrier::new(WRITERS);
    // Half of the writers claim the size, half of them record whatever it is.
    let (nodes_, together_) = (&nodes, &together);
    let kept: Vec<Vec<Position>> = thread::scope(|scope| {
        let write = move |writer: usize| {
            let (node, runtime) = (&nodes_[writer % 3], runtime());
            together_.wait();
            let mut kept = vec![];
            for n in 0..EACH {
                let draft = draft(&format!("party-{writer}-{n}"));
                loop {
                    let claimed = node.head();
                    let recorded = match writer % 2 {
                        0 => runtime.block_on(node.record(draft.clone(), claimed)),
                        _ => runtime.block_on(node.record_next(draft.clone())),
                    };
                    match recorded {
                        Ok(receipt) => {
                            assert!(!receipt.repeated, "{receipt:?}");
                            kept.push(receipt.position);
                            break;
                        }
                        Err(RecordError::Conflict { expected, actual }) => {
                            assert!(
                                writer.is_multiple_of(2) && expected == claimed && actual > claimed,
                                "{expected} {actual}"
                            );
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            kept
        };
        let all: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut positions: Vec<u64> = kept.iter().flatten().map(|position| position.0).collect();
    positions.sort_unstable();
    let all = (WRITERS * EACH) as u64;
    assert_eq!(positions, (0..all).collect::<Vec<_>>(), "each position once");
    nodes.iter().for_each(|node| has(node, all));
    let roots: Vec<_> = nodes.iter().map(|node| runtime().block_on(node.roots()).unwrap()).collect();
    assert!(roots[0] == roots[1] && roots[1] == roots[2]);
}

#[test]
fn a_node_that_was_stopped_catches_up_and_one_without_a_server_answers() {
    let Some(server) = Server::new(&Setup::default()) else { return };
    let address = server.address("minutes", "kent", "&connect_timeout=2");
    let (place, runtime) = (Place::kent(), runtime());
    let kent = store::Place::from(&place.ledger());
    let there = store::Place { server: Some(address.clone()), ..store::Place::from("") };
    minutebook::copies::between(&kent, &there, &mut |_, _, _| {}).unwrap();
    let (a, b) = (place.path().join("a"), place.path().join("b"));
    let nowhere = Ledger::follow(&a, server.address("minutes", "kemt", ""), Settings::default(), |_, _| {});
    assert!(nowhere.is_err() && !a.exists(), "a ledger that is not there makes no folder");
    let first = node(&a, &address);
    assert_eq!(first.head(), Position(39), "what the log has is here when it is open");
    drop(first);
    let second = node(&b, &address);
    for n in 0..5 {
        runtime.block_on(second.record_next(draft(&format!("party-{n}")))).unwrap();
    }
    let first = node(&a, &address);
    assert_eq!(first.head(), Position(44));
    drop(first);
    server.stop();
    let refused = runtime.block_on(second.record_next(draft("nobody"))).unwrap_err();
    assert!(refused.to_string().contains("see whether the server runs"), "{refused}");
    let first = node(&a, &address);
    assert_eq!(first.head(), Position(44), "without the log it answers from its copy");
    let state = first.following().unwrap().standing(first.head());
    assert!(matches!(&state.state, State::Unreached(_)) && state.log.is_none(), "{state:?}");
    let why = first.following().unwrap().unready(first.head()).expect("its copy may be of any age");
    assert!(why.contains("was not heard since this node started, with 44 entries here"), "{why}");
    let new = Ledger::follow(&place.path().join("new"), address, Settings::default(), |_, _| {});
    assert!(new.is_err(), "what has no copy cannot answer");
}

#[test]
fn what_nodes_record_in_turn_is_what_one_ledger_records() {
    let Some(server) = Server::shared() else { return };
    let (address, place, runtime) = (server.new_ledger(), Place::empty(), runtime());
    made(&address);
    let nodes: Vec<Ledger> = ["a", "b", "c"].map(|name| node(&place.path().join(name), &address)).into();
    let alone = Ledger::create(&place.path().join("alone")).unwrap();
    // Each decision of Kent on a node that another one was not: what it rests on was recorded elsewhere a moment before.
    for (n, (name, text)) in minutebook::kent::decision_files().into_iter().enumerate() {
        let draft = InHand::parse(name.to_owned(), text.as_bytes()).unwrap().parsed.draft;
        runtime.block_on(nodes[n * 7 % 3].record(draft.clone(), Position(n as u64))).unwrap();
        runtime.block_on(alone.record(draft, Position(n as u64))).unwrap();
    }
    for node in &nodes {
        has(node, 39);
        for topic in topics("2026-04-01".parse().unwrap()) {
            let question = Question {
                topic,
                contract: Some("live-well-kent-2016".parse().unwrap()),
                as_of: "2018-06-01".parse().unwrap(),
                known_at: None,
                decided_by: None,
            };
            let answer = |ledger: &Ledger| json(&ledger.answer(&question, None).unwrap());
            let (theirs, ours) = (answer(node), answer(&alone));
            // But for when it was recorded.
            let differs = theirs.lines().zip(ours.lines()).find(|(a, b)| a != b && !a.contains("Z\""));
            assert_eq!(differs, None, "{question:?} is answered otherwise");
        }
    }
}

/// A group of drafts that rest on each other, and one that does not hold together, at once on one node.
#[test]
fn what_rests_on_a_draft_of_the_same_group_is_decided_with_it() {
    let Some(server) = Server::shared() else { return };
    let (address, place, runtime) = (server.new_ledger(), Place::empty(), runtime());
    made(&address);
    let node = node(&place.path().join("a"), &address);
    let (assigned, struck) = assigned_and_struck();
    let parsed = |text: &str| InHand::parse("one".to_owned(), text.as_bytes()).unwrap().parsed.draft;
    let drafts = vec![draft("first"), parsed(&assigned), parsed(&struck), draft("last")];
    let receipts = runtime.block_on(node.record_all(drafts, Position(0)));
    let positions: Vec<u64> = receipts.into_iter().map(|receipt| receipt.unwrap().position.0).collect();
    assert_eq!(positions, [0, 1, 2, 3]);
    // The same again, with one that is refused in between: what comes after it conflicts.
    let other = Draft { events: vec![], ..draft("nothing") };
    let receipts = runtime.block_on(node.record_all(vec![draft("fifth"), other, draft("sixth")], Position(4)));
    let told: Vec<bool> = receipts.iter().map(Result::is_ok).collect();
    assert_eq!(told, [true, false, false]);
    assert!(matches!(&receipts[1], Err(RecordError::Rejected(_))), "{receipts:?}");
    assert!(matches!(&receipts[2], Err(RecordError::Conflict { .. })), "{receipts:?}");
    drop(node);
    ran(place.command().args(["--ledger", "a", "verify"])).ok().prints(&["Verified 5 entries"]);
}

#[test]
fn over_http_a_node_says_how_far_it_is_and_waits_for_what_was_recorded_elsewhere() {
    let Some(server) = Server::shared() else { return };
    let address = server.new_ledger();
    made(&address);
    let (one, two) = (Http::node(Place::empty(), address.clone()), Http::node(Place::empty(), address.clone()));
    let sent = serde_json::to_value(draft("party")).unwrap();
    let receipt = one.append("?expected-head=0", &sent).gives(201).json();
    assert_eq!(receipt["position"], 0);
    let asked = two.request("GET", "/api/v1/head").header("Minutebook-At-Least", "0");
    let head = two.send(asked, b"").gives(200).json();
    assert_eq!((&head["size"], &head["log"]["size"], &head["log"]["state"]), (&1.into(), &1.into(), &"follows".into()));
    two.append("", &sent).gives(200);
    two.append("?expected-head=0", &serde_json::to_value(draft("late")).unwrap()).problem(409, "conflict");
    let ready = two.get("/ready").gives(200).body;
    assert!(ready.starts_with("ready: 1 entries; the log has 1, heard "), "{ready}");
    assert!(two.get("/state").body.contains("This node has 1 entries; the log of the ledger, 1 when last heard"));
    assert!(two.get("/metrics").body.contains("minutebook_log_entries 1\n"));
    let ahead = two.send(two.request("GET", "/api/v1/head").header("Minutebook-At-Least", "1"), b"");
    assert_eq!(ahead.header("retry-after"), "1");
    assert_eq!(ahead.problem(503, "not-here-yet")["head"], 1);
    two.send(two.request("GET", "/api/v1/head").header("Minutebook-At-Least", "soon"), b"")
        .problem(400, "wrong-question");

    server.sql(&format!(
        "set session_replication_role = replica; delete from minutebook.entry where ledger = '{}'",
        address.ledger()
    ));
    soon("to find it", || two.get("/ready").status == 503);
    let why = two.get("/ready").problem(503, "not-ready");
    assert_eq!((&why["log"]["state"], &why["log"]["parted"]["position"]), (&"parted".into(), &0.into()), "{why}");
    let refused = two.append("", &serde_json::to_value(draft("nobody")).unwrap()).problem(503, "parted");
    assert_eq!(refused["position"], 0);
    two.get("/api/v1/state").gives(200);
    assert!(two.get("/state").body.contains("Nothing is recorded here: the log parts"));
}

#[test]
fn what_became_of_an_append_that_was_cut_is_found_out() {
    let Some(server) = Server::shared() else { return };
    let (direct, place, runtime) = (server.new_ledger(), Place::empty(), runtime());
    made(&direct);
    let proxy = Proxy::new(server.port);
    let url = server.url("minutes", direct.ledger(), "");
    let through: Address = url.replace(&server.port.to_string(), &proxy.port.to_string()).parse().unwrap();
    let (node, other) = (node(&place.path().join("a"), &through), node(&place.path().join("b"), &direct));
    for round in 0..8_u64 {
        let cuts = if round % 2 == 0 { CUTS_BEFORE } else { CUTS_AFTER };
        proxy.mode.store(cuts | ONCE, Ordering::SeqCst);
        let receipt = runtime.block_on(node.record(draft(&format!("party-{round}")), Position(round))).unwrap();
        assert_eq!((receipt.position, receipt.repeated), (Position(round), false), "kept once, and its own");
    }
    has(&other, 8);
    assert_eq!(proxy.cuts.load(Ordering::SeqCst), 8);
    // Where nobody can be reached any more, nobody knows.
    proxy.mode.store(CUTS_ALL, Ordering::SeqCst);
    let began = Instant::now();
    let unknown = runtime.block_on(node.record(draft("lost"), Position(8))).unwrap_err();
    let refused = "see whether the server runs";
    assert!(unknown.to_string().contains("is unknown") || unknown.to_string().contains(refused), "{unknown}");
    assert!(began.elapsed() < PATIENCE);
    proxy.mode.store(PASSES, Ordering::SeqCst);
    let again = runtime.block_on(async {
        loop {
            match node.record(draft("lost"), Position(8)).await {
                Ok(receipt) => break receipt,
                Err(error) => assert!(error.to_string().contains(refused), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(again.position, Position(8));
    has(&other, 9);
}

/// A number that is as good as drawn.
fn drawn(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// A draft about a few contracts, lots and parties, which may hold together or not with what came before.
fn any_draft(number: u64, state: &mut u64) -> Draft {
    let head = defines(&format!("draft-{number}")).split("\n[[event]]").next().unwrap().to_owned();
    let mut text = head;
    for _ in 0..=drawn(state, 2) {
        let (contract, lot, party) = (drawn(state, 3), drawn(state, 3), drawn(state, 4));
        let (kind, rest) = match drawn(state, 5) {
            0 => ("party-defined", format!("party = \"p-{party}\"\nname = \"Party {party}\"")),
            1 => ("contract-defined", format!("contract = \"c-{contract}\"\ntitle = \"Contract\"")),
            2 => ("lot-defined", format!("contract = \"c-{contract}\"\nlot = \"{lot}\"\ntitle = \"Lot\"")),
            _ => ("lot-assigned", format!("contract = \"c-{contract}\"\nlot = \"{lot}\"\nparty = \"p-{party}\"")),
        };
        let day = 1 + drawn(state, 28);
        text += &format!(
            "\n[[event]]\nkind = \"{kind}\"\neffective = 2022-04-{day:02}\nstanding = \"decided\"\nsources = [\"C 4.1\"]\n{rest}\n"
        );
    }
    InHand::parse("one".to_owned(), text.as_bytes()).unwrap().parsed.draft
}

/// Drafts at once, in groups of any size, on any node: each comes to what it comes to one after the other in a ledger alone.
#[test]
fn a_random_history_through_three_nodes_is_that_of_one_ledger() {
    let Some(server) = Server::shared() else { return };
    let (mut kept, mut refused) = (0, 0);
    for seed in 0..4_u64 {
        let (address, place, runtime, mut state) = (server.new_ledger(), Place::empty(), runtime(), seed);
        made(&address);
        let nodes: Vec<Ledger> = ["a", "b", "c"].map(|name| node(&place.path().join(name), &address)).into();
        let alone = Ledger::create(&place.path().join("alone")).unwrap();
        let drafts: Vec<Draft> = (0..90).map(|number| any_draft(number, &mut state)).collect();
        let mut rest = &drafts[..];
        while !rest.is_empty() {
            let (group, after) = rest.split_at((1 + drawn(&mut state, 12) as usize).min(rest.len()));
            rest = after;
            let on = &nodes[drawn(&mut state, 3) as usize];
            let send = |ledger: &Ledger| {
                let sent: Vec<_> =
                    group.iter().map(|draft| ledger.send_all(&Run::default(), vec![draft.clone()])).collect();
                let told = sent.into_iter().map(|sent| match runtime.block_on(sent.receipts()).pop().unwrap() {
                    Ok(receipt) => Some((receipt.id, receipt.position)),
                    Err(RecordError::Rejected(_)) => None,
                    Err(error) => panic!("{error}"),
                });
                told.collect::<Vec<_>>()
            };
            let (theirs, ours) = (send(on), send(&alone));
            assert_eq!(theirs, ours, "seed {seed}");
            kept += ours.iter().flatten().count();
            refused += ours.iter().filter(|told| told.is_none()).count();
        }
        let size = alone.head().0;
        for node in &nodes {
            has(node, size);
            for position in (0..size).map(Position) {
                let entry = |ledger: &Ledger| ledger.view().projections.entry(position).unwrap().entry.clone();
                assert!(entry(node).is_record_of(&entry(&alone)));
            }
        }
        drop(nodes);
        ran(place.command().args(["--ledger", "a", "verify"])).ok().prints(&[&format!("Verified {size} entries")]);
    }
    assert!(kept > 40 && refused > 40, "some hold together and some do not: {kept} {refused}");
}

/// The program as an operator starts it: what the log's server is set to is told, and a signal stops it.
#[test]
fn the_program_is_a_node_where_it_is_given_a_store() {
    let Some(server) = Server::shared() else { return };
    let (address, place) = (server.new_ledger(), Place::empty());
    made(&address);
    let url = server.url("minutes", address.ledger(), "");
    let mut command = Command::new(BINARY);
    command.args(["serve", "--listen", "127.0.0.1:0", "--may-record", "--store", &url, "--ledger"]);
    command.arg(place.path().join("a")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let (mut said, mut told) = (String::new(), String::new());
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let mut errors = BufReader::new(process.stderr.take().unwrap());
    errors.read_line(&mut told).unwrap();
    assert!(said.starts_with("Minutebook listens at http://127.0.0.1:"), "{said}");
    for words in ["the server of the log is set so: synchronous_commit=on, fsync=on", "standbys seen: 0"] {
        assert!(told.contains(words), "{told}");
    }
    let stopped = Command::new("kill").args(["-s", "TERM", &process.id().to_string()]).status().unwrap();
    assert!(stopped.success() && process.wait().unwrap().success());
    ran(place.command().args(["--ledger", "a", "verify"])).ok().prints(&["Verified 0 entries"]);
}
