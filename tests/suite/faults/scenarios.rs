//! What a process does when a fault befalls it. To add a command to all kinds of faults, add it to those in [`ALL`]: what is there
//! before it, its command line, and what must hold afterwards. It must not know which fault it was.

use super::appends::Appends;
use super::contents;
use super::layer::{self, Fault, Ran};
use super::{Program, random};
use crate::given::{copy, defines};
use minutebook::audit::verify::verify;
use minutebook::sealed::Contents;
use minutebook::store::{self, OpenError, Stored};
use minutebook_events::Draft;
use minutebook_events::codec;
use minutebook_events::decision_file::DecisionFile;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Decision files in every scene: enough that recording all seals a block.
const FILES: u64 = 72;

/// Something that a process does.
pub struct Scenario {
    pub name: &'static str,
    /// Makes what is there before.
    pub prepare: fn(&Program, &Scene),
    /// The process.
    pub command: fn(&Program, &Scene) -> Command,
    /// Holds what it printed to what is there, and then to work: panics with what is wrong.
    pub check: fn(&Program, &Scene, printed: &str),
}

/// Those of entries.
static ENTRIES: [Scenario; 9] = [
    Scenario {
        name: "creating a ledger",
        prepare: |_, _| {},
        command: |program, scene| scene.record(program, 0..3),
        check: |program, scene, printed| recorded(program, scene, 0, printed),
    },
    Scenario {
        name: "recording",
        prepare: |program, scene| scene.has_recorded(program, 5),
        command: |program, scene| scene.record(program, 5..9),
        check: |program, scene, printed| recorded(program, scene, 5, printed),
    },
    Scenario {
        name: "sealing a block",
        prepare: |program, scene| scene.has_recorded(program, 62),
        command: |program, scene| scene.record(program, 62..66),
        check: |program, scene, printed| recorded(program, scene, 62, printed),
    },
    // The first opening after a run of appends replays them, and writes sled's snapshot.
    Scenario {
        name: "opening, with sled's snapshot",
        prepare: |program, scene| scene.has_recorded(program, 70),
        command: |program, scene| scene.minutebook(program, &["state"]),
        check: |program, scene, printed| recorded(program, scene, 70, printed),
    },
    Scenario {
        name: "opening after a crash in an opening",
        prepare: |program, scene| {
            scene.has_recorded(program, 70);
            let trial = scene.copy();
            let opening = trial.run(trial.minutebook(program, &["state"]), None);
            // With the copy kept aside, and sled's own files half-way.
            scene.run(scene.minutebook(program, &["state"]), Some((opening.count() * 2 / 3, Fault::Kill)));
            assert!(scene.ledger().join("sled.kept").is_dir(), "it was to be killed with a copy kept aside");
        },
        command: |program, scene| scene.minutebook(program, &["verify"]),
        check: |program, scene, printed| recorded(program, scene, 70, printed),
    },
    Scenario {
        name: "checkpointing",
        prepare: |program, scene| {
            scene.has_recorded(program, 20);
            scene.has_key(program);
        },
        command: |program, scene| scene.checkpoint(program),
        check: |program, scene, printed| {
            recorded(program, scene, 20, printed);
            signed(program, scene, printed);
        },
    },
    Scenario {
        name: "backing up",
        prepare: |program, scene| {
            scene.has_recorded(program, 66);
            scene.has_key(program);
            scene.works(scene.checkpoint(program));
        },
        command: |program, scene| scene.back_up(program),
        check: |program, scene, printed| {
            backed_up(program, scene, printed);
            recorded(program, scene, 66, printed);
        },
    },
    Scenario {
        name: "appending in groups",
        prepare: |_, scene| GROUPS.create(&scene.ledger(), 4),
        command: |program, scene| GROUPS.told((program.child)(), &scene.ledger(), Some(6)),
        check: |_, scene, printed| GROUPS.holds(&scene.ledger(), 4, printed),
    },
    Scenario {
        name: "appending a great deal at once",
        prepare: |_, scene| GREAT.create(&scene.ledger(), 2),
        command: |program, scene| GREAT.told((program.child)(), &scene.ledger(), Some(4)),
        check: |_, scene, printed| GREAT.holds(&scene.ledger(), 2, printed),
    },
];

const GROUPS: Appends = Appends { seed: 7, great: false };
const GREAT: Appends = Appends { seed: 7, great: true };

/// All of them.
pub static ALL: [&[Scenario]; 2] = [&ENTRIES, &contents::SCENARIOS];

/// The names of all.
pub fn names() -> Vec<&'static str> {
    ALL.iter().copied().flatten().map(|scenario| scenario.name).collect()
}

/// Those whose name holds these words.
pub fn named(words: &str) -> Vec<&'static Scenario> {
    let found: Vec<_> = ALL.iter().copied().flatten().filter(|scenario| scenario.name.contains(words)).collect();
    assert!(!found.is_empty(), "no scenario is named \"{words}\": there are {:?}", names());
    found
}

impl Scenario {
    /// What is there before.
    pub fn scene(&self, program: &Program) -> Scene {
        let scene = Scene::new();
        (0..FILES).for_each(|number| fs::write(scene.file(number), party(number)).expect("a file in our own folder"));
        (self.prepare)(program, &scene);
        scene
    }

    /// Runs the process in a scene, to its end or to the fault.
    pub fn run(&self, program: &Program, scene: &Scene, fault: Option<(u64, Fault)>) -> Ran {
        scene.run((self.command)(program, scene), fault)
    }

    /// Panics unless all is there that was printed, nothing that was not recorded, and the ledger works again.
    pub fn check(&self, program: &Program, scene: &Scene, printed: &str) {
        (self.check)(program, scene, printed);
    }
}

/// A folder where a scenario plays: a ledger, and whatever else its process reads and writes.
pub struct Scene {
    home: TempDir,
}

impl Scene {
    fn new() -> Self {
        let home = TempDir::new().expect("a temporary folder");
        for folder in ["work", "notes"] {
            fs::create_dir(home.path().join(folder)).expect("a folder in our own");
        }
        Self { home }
    }

    /// The folder; no link is in its path.
    pub fn work(&self) -> PathBuf {
        self.home.path().canonicalize().expect("it is there").join("work")
    }

    pub fn ledger(&self) -> PathBuf {
        self.work().join("ledger")
    }

    /// The same in another place.
    pub fn copy(&self) -> Self {
        Self::of(|work| copy(&self.work(), work))
    }

    /// What `fill` puts into its folder.
    pub fn of(fill: impl FnOnce(&Path)) -> Self {
        let scene = Self::new();
        fill(&scene.work());
        scene
    }

    /// Runs a process on the layer, which watches this folder.
    pub fn run(&self, command: Command, fault: Option<(u64, Fault)>) -> Ran {
        layer::run(command, &self.work(), &self.home.path().join("notes"), fault)
    }

    fn file(&self, number: u64) -> PathBuf {
        self.work().join(format!("{number}.toml"))
    }

    pub fn minutebook(&self, program: &Program, words: &[&str]) -> Command {
        let mut command = (program.minutebook)();
        command.env_remove("MINUTEBOOK_LOG").current_dir(self.work()).arg("--ledger").arg(self.ledger()).args(words);
        command
    }

    pub fn record(&self, program: &Program, numbers: std::ops::Range<u64>) -> Command {
        let mut command = self.minutebook(program, &["record"]);
        command.args(numbers.map(|number| format!("{number}.toml")));
        command
    }

    fn checkpoint(&self, program: &Program) -> Command {
        self.minutebook(program, &["checkpoint", "--key", "key"])
    }

    /// Backs up to the next folder: a process that was killed in its very last step leaves a backup that is whole.
    fn back_up(&self, program: &Program) -> Command {
        let mut command = self.minutebook(program, &["backup", "--out"]);
        command.arg(self.work().join(format!("backup-{}", self.backups())));
        command
    }

    /// How many backups there are.
    fn backups(&self) -> usize {
        (0..).find(|n| !self.work().join(format!("backup-{n}")).exists()).expect("backups end somewhere")
    }

    fn has_recorded(&self, program: &Program, count: u64) {
        self.works(self.record(program, 0..count));
    }

    /// A private key in the file `key`, and the public one in `public`.
    fn has_key(&self, program: &Program) {
        let public = self.works(self.minutebook(program, &["key", "new", "example.org/ledger", "--out", "key"])).out;
        fs::write(self.work().join("public"), public).expect("a file in our own folder");
    }

    /// Runs a process that must succeed.
    fn works(&self, command: Command) -> Ran {
        let ran = self.run(command, None);
        assert_eq!(ran.ended, layer::Ended::With(0), "{ran:?}");
        ran
    }
}

/// The decision file with this number. Some are long, so that a ledger of them fills more than a page of the store.
fn party(number: u64) -> String {
    let doubt: String = (0..random(0, number) % 900).map(|n| char::from(b'a' + random(number, n) as u8 % 26)).collect();
    let doubt = doubt.as_bytes().chunks(11).map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ");
    let file = defines(&format!("party-{number}"));
    if doubt.is_empty() { file } else { file.replace("sources = [", &format!("doubt = \"a {}\"\nsources = [", doubt)) }
}

fn draft(number: u64) -> Draft {
    DecisionFile::parse(&party(number)).expect("our own files hold together").draft
}

/// The positions that were said to be recorded, now or before.
pub fn promised(printed: &str) -> impl Iterator<Item = u64> {
    let lines = printed.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    let told = lines.filter_map(|line| {
        line.split_once(": recorded at position ").or(line.split_once(": already recorded at position "))
    });
    told.map(|(file, rest)| {
        let position = rest.split(',').next().and_then(|number| number.parse().ok()).expect("a position");
        assert_eq!(file, format!("{position}.toml"), "each file is recorded at its own number");
        position
    })
}

/// The files with the first numbers are in the ledger, and nothing else: at least those that were there before or were
/// promised. It is verified; then all files are recorded, which must work.
fn recorded(program: &Program, scene: &Scene, before: u64, printed: &str) {
    let least = promised(printed).map(|position| position + 1).max().unwrap_or(0).max(before);
    let size = match store::open(&scene.ledger()) {
        Ok(store) => {
            let (verified, _) = verify(&*store, Some(&Contents::beside(&scene.ledger())), &[], |_, _| {})
                .expect("what is there holds together");
            for stored in store.scan(0..u64::MAX) {
                let Stored { position, bytes, .. } = stored.expect("it reads");
                let entry = codec::decode(&bytes).expect("an entry");
                assert!(entry.records(&draft(position.0)), "another entry at {position}");
                assert_eq!(store.read(position).expect("it reads").expect("it is there").bytes, bytes);
            }
            verified.entries
        }
        Err(OpenError::NotALedger { .. } | OpenError::NotThere { .. }) if least == 0 => 0,
        Err(error) => panic!("it does not open: {error}"),
    };
    assert!((least..=FILES).contains(&size), "{size} entries are there, and at least {least} must be");
    let again = scene.works(scene.record(program, 0..FILES));
    assert_eq!(again.out.matches("already recorded").count() as u64, size, "{}", again.out);
    let whole = scene.works(scene.minutebook(program, &["verify", "--json"]));
    assert!(whole.out.contains(&format!("\"entries\": {FILES},")), "{whole:?}");
}

/// The ledger is held to the checkpoint that was printed, and signs again.
fn signed(program: &Program, scene: &Scene, printed: &str) {
    let mut verify = scene.minutebook(program, &["verify", "--key", "public"]);
    if let Some(at) = printed.find("example.org/ledger\n") {
        fs::write(scene.work().join("note"), &printed[at..]).expect("a file in our own folder");
        verify.args(["--checkpoint", "note"]);
    }
    scene.works(verify);
    scene.works(scene.checkpoint(program));
    scene.works(scene.minutebook(program, &["verify", "--key", "public"]));
}

/// As many backups are there as were said to be, or those that were killed before they could say it; none is there in
/// part, and another one is made.
fn backed_up(program: &Program, scene: &Scene, printed: &str) {
    let said = printed.matches("Backed up").count();
    assert!(scene.backups() >= said, "{said} backups were said to be made, and there are {}", scene.backups());
    scene.works(scene.back_up(program));
    for n in 0..scene.backups() {
        let mut verify = (program.minutebook)();
        verify.current_dir(scene.work()).args(["verify", "--key", "public", "--ledger", &format!("backup-{n}")]);
        assert!(scene.works(verify).out.contains("Verified 66 entries"));
    }
}
