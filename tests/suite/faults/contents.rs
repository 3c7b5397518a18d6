//! Faults that befall a process while it seals, commits to, publishes or erases a content: what was acknowledged is there or
//! gone, what was cut short is told or does no harm, and doing it again ends it.

use super::Program;
use super::layer::{Ended, Ran};
use super::scenarios::{Scenario, Scene};
use crate::given::{erasing, lwk, publishing, sealing};
use minutebook::sealed::{Contents, ReadKey, SealKeyError};
use minutebook_events::Commitment;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// More than two chunks of the envelope.
fn content() -> Vec<u8> {
    (0..140_000u64).map(|n| (n * n / 11) as u8).collect()
}

/// All of them. A file is named by its position in the ledger, as receipts of faults are read.
pub static SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "sealing a content",
        prepare: has_defined,
        command: |program, scene| scene.minutebook(program, &["content", "seal", "appendix", "--to", &seal_key()]),
        check: |program, scene, printed| {
            quoted(printed, "commitment").for_each(|commitment| assert!(read(scene, &commitment) == content()));
            verified(program, scene);
            has_sealed(program, scene);
        },
    },
    Scenario {
        name: "committing to a content",
        prepare: has_sealed,
        command: |program, scene| scene.record(program, 1..2),
        check: |program, scene, _| {
            // The commitment is in the file whatever happens to its entry, and must be good.
            let commitment = committed(scene);
            assert!(read(scene, &commitment) == content());
            verified(program, scene);
            done(scene, scene.record(program, 1..2));
            verified(program, scene);
        },
    },
    Scenario {
        name: "publishing a content",
        prepare: has_recorded,
        command: |program, scene| publish(program, scene),
        check: |program, scene, _| {
            verified(program, scene);
            has_published(program, scene);
            assert!(fs::read(lies(scene)[1].as_path()).expect("it is published") == content());
            verified(program, scene);
        },
    },
    Scenario {
        name: "erasing a content",
        prepare: |program, scene| {
            has_recorded(program, scene);
            has_published(program, scene);
            fs::write(scene.work().join("3.toml"), erasing("E", "bids")).expect("a file in our own folder");
        },
        command: |program, scene| scene.minutebook(program, &["content", "erase", "3.toml"]),
        check: |program, scene, printed| {
            if printed.contains("\nholds every entry as it was recorded") {
                gone(scene);
            }
            // Where it is recorded and not gone, that is told, and what to do.
            let told = scene.run(scene.minutebook(program, &["verify"]), None);
            let still_there = told.out.contains(" is still there: erase it again with the same decision file");
            assert!(told.ended == Ended::With(0) || still_there, "{told:?}");
            let certificate = done(scene, scene.minutebook(program, &["content", "erase", "3.toml"]));
            assert!(certificate.out.starts_with("unsigned erasure certificate\nentries 4\n"), "{certificate:?}");
            gone(scene);
            verified(program, scene);
        },
    },
];

/// A read key that no fault befalls: it is not in the scene. Made once.
fn key() -> PathBuf {
    let path = std::env::current_exe().expect("this binary has a path").with_file_name("minutebook-faults.key");
    match ReadKey::create(&path) {
        Ok(_) | Err(SealKeyError::AlreadyThere(_)) => path,
        Err(error) => panic!("{error}"),
    }
}

fn seal_key() -> String {
    ReadKey::read(&key()).expect("we made it").seal_key().to_string()
}

fn has_defined(program: &Program, scene: &Scene) {
    fs::write(scene.work().join("appendix"), content()).expect("a file in our own folder");
    fs::write(scene.work().join("0.toml"), lwk()).expect("a file in our own folder");
    done(scene, scene.record(program, 0..1));
}

/// Seals the content, and writes the decision file that commits to it.
fn has_sealed(program: &Program, scene: &Scene) {
    if !scene.ledger().exists() {
        has_defined(program, scene);
    }
    let sealed = done(scene, scene.minutebook(program, &["content", "seal", "appendix", "--to", &seal_key()]));
    let file = sealing("S", "bids", sealed.out.trim());
    fs::write(scene.work().join("1.toml"), file).expect("a file in our own folder");
}

fn has_recorded(program: &Program, scene: &Scene) {
    has_sealed(program, scene);
    done(scene, scene.record(program, 1..2));
}

fn publish(program: &Program, scene: &Scene) -> Command {
    let key = key();
    let key = key.to_str().expect("our paths are text");
    scene.minutebook(program, &["content", "publish", "lwk", "bids", "--key", key])
}

fn has_published(program: &Program, scene: &Scene) {
    let published = done(scene, publish(program, scene));
    let file = publishing("P", "bids", published.out.trim());
    fs::write(scene.work().join("2.toml"), file).expect("a file in our own folder");
    done(scene, scene.record(program, 2..3));
}

fn done(scene: &Scene, command: Command) -> Ran {
    let ran = scene.run(command, None);
    assert_eq!(ran.ended, Ended::With(0), "{ran:?}");
    ran
}

fn verified(program: &Program, scene: &Scene) {
    done(scene, scene.minutebook(program, &["verify"]));
}

/// The whole values in lines `NAME = "…"`.
fn quoted<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let values = lines.filter_map(move |line| line.strip_prefix(name)?.strip_prefix(" = \""));
    values.filter_map(|value| value.strip_suffix('"')).map(ToOwned::to_owned)
}

fn committed(scene: &Scene) -> String {
    let file = fs::read_to_string(scene.work().join("1.toml")).expect("we wrote it");
    quoted(&file, "commitment").next().expect("it commits")
}

/// What is sealed under a commitment.
fn read(scene: &Scene, commitment: &str) -> Vec<u8> {
    let commitment: Commitment = commitment.parse().expect("a commitment");
    let key = ReadKey::read(&key()).expect("we made it");
    let mut out = vec![];
    let read = Contents::beside(&scene.ledger()).read(&commitment, &key, &mut out);
    read.expect("what was acknowledged can be read");
    out
}

/// Where the content lies: sealed, and for everybody.
fn lies(scene: &Scene) -> [PathBuf; 2] {
    let commitment = committed(scene);
    ["sealed", "published"].map(|folder: &str| scene.ledger().join(folder).join(&commitment))
}

fn gone(scene: &Scene) {
    let there = |path: &Path| path.exists();
    assert!(!lies(scene).iter().any(|path| there(path)), "what was certified to be gone is there");
}
