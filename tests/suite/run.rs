//! The binary, run as its user would: in a folder that goes away, with or without Kent's record. It must not look
//! inside a ledger.

pub use crate::given::{copy, defines};
use crate::places;
use crate::postgres::server::Server;
use assert_cmd::Command;
use minutebook::ledger::Ledger;
use minutebook::question::Topic;
use minutebook::store::{self, Address};
use minutebook_events::{Day, Months};
use minutebook_projections::By;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;

pub const BINARY: &str = env!("CARGO_BIN_EXE_minutebook");

/// Nothing here takes this long: what does, hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The ledger's folder, where no option names one.
const LEDGER: &str = "minutebook-ledger";

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn ok(self) -> Self {
        self.ends(0)
    }

    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// What went wrong holds these words.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        words.iter().for_each(|words| assert!(self.err.contains(words), "\"{words}\" is not in {self:#?}"));
        assert!(!self.err.contains("panicked"), "{self:#?}");
        self
    }

    /// What was printed holds these words.
    #[track_caller]
    pub fn prints(self, words: &[&str]) -> Self {
        words.iter().for_each(|words| assert!(self.out.contains(words), "\"{words}\" is not in {self:#?}"));
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A folder to work in; and where a server keeps the entries, in a test that runs on one.
pub struct Place {
    folder: TempDir,
    server: Option<(Arc<Server>, Address)>,
}

impl Place {
    pub fn empty() -> Self {
        Self { folder: TempDir::new().unwrap(), server: places::on_the_server() }
    }

    /// One with Kent's record in its ledger, which is made once and copied.
    pub fn kent() -> Self {
        static KENT: OnceLock<PathBuf> = OnceLock::new();
        let made = KENT.get_or_init(|| {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kent");
            let _ = fs::remove_dir_all(&folder);
            let mut command = command(Path::new("."));
            ran(command.arg("--ledger").arg(&folder).arg("demo")).ok();
            folder
        });
        let place = Self::empty();
        match &place.server {
            Some((server, address)) => server.kent(made, address),
            None => copy(made, &place.ledger()),
        }
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The ledger's folder; where a server keeps the entries, what lies beside them.
    pub fn ledger(&self) -> PathBuf {
        self.path().join(LEDGER)
    }

    /// Where the ledger is.
    pub fn at(&self) -> store::Place {
        let server = self.server.as_ref().map(|(_, address)| address.clone());
        store::Place { server, ..store::Place::from(&self.ledger()) }
    }

    pub fn command(&self) -> Command {
        let mut command = command(self.path());
        if let Some((_, address)) = &self.server {
            command.env("MINUTEBOOK_STORE", address.to_string());
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.command();
        command.args(args);
        // Who records first makes a ledger in a folder, and on a server where that is asked for.
        if self.server.is_some() && args.first() == Some(&"record") {
            command.arg("--new");
        }
        ran(&mut command)
    }

    /// Writes a file for a command to read.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path().join(name), content).unwrap();
        self
    }

    /// How many entries the ledger holds, and all roots: what a command that records nothing leaves as it was.
    pub fn roots(&self) -> serde_json::Value {
        self.run(&["rebuild", "--json"]).ok().json()
    }
}

/// Runs a command.
pub fn ran(command: &mut Command) -> Ran {
    let output = command.timeout(PATIENCE).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("killed, or took over {PATIENCE:?}: {output:?}"));
    Ran { code, out: text(output.stdout), err: text(output.stderr) }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(BINARY);
    for name in ["MINUTEBOOK_LEDGER", "MINUTEBOOK_STORE", "MINUTEBOOK_LOG", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

/// Opens a ledger in this process.
pub fn reopen(place: impl Into<store::Place>) -> Ledger {
    Ledger::open(place, |_, _| {}).unwrap()
}

/// Every question that can be asked of a contract; the later day is that of a comparison.
pub fn topics(to: Day) -> [Topic; 11] {
    let fact = "status".to_owned();
    [
        Topic::State,
        Topic::Register,
        Topic::Value,
        Topic::Lots,
        Topic::Network,
        Topic::Decisions,
        Topic::Findings,
        Topic::Totals { by: By::Funder, ends_within: Some(Months(12)) },
        Topic::Totals { by: By::Lot, ends_within: None },
        Topic::Diff { to },
        Topic::Why { fact },
    ]
}

/// A contract whose first lot is with somebody, and the correction that strikes this.
pub fn assigned_and_struck() -> (String, String) {
    let event = |kind: &str, rest: &str| {
        format!(
            "\n[[event]]\nkind = \"{kind}\"\neffective = 2022-04-01\nstanding = \"decided\"\nsources = [\"C 4.1\"]\n{rest}"
        )
    };
    let mut assigned = defines("somebody");
    assigned += &event("contract-defined", "contract = \"lwk\"\ntitle = \"Live Well\"\n");
    assigned += &event("lot-defined", "contract = \"lwk\"\nlot = \"1\"\ntitle = \"Lot 1\"\n");
    assigned += &event("lot-assigned", "contract = \"lwk\"\nlot = \"1\"\nparty = \"somebody\"\n");
    let id = minutebook_events::EntryId::from_text("somebody");
    let head = defines("correction").split("\n[[event]]").next().unwrap().to_owned();
    let strikes = format!("strikes = {{ entry = \"{id}\", event = 3 }}\nreason = \"the paper names someone else\"\n");
    (assigned, head + &event("correction", &strikes))
}
