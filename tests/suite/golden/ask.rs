//! Asking: one ledger made by `demo`, every question put to the library and to the binary, and what a golden answer
//! holds of a row and of a figure. It must know nothing of the record.

use assert_cmd::Command;
use minutebook::ledger::Ledger;
use minutebook::question::{self, Question, Topic};
use minutebook::report;
use serde_json::Value;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use tempfile::TempDir;

/// The ledger of the demonstration, twice: one folder for the binary, and one that the library has open.
pub struct Demo {
    folder: TempDir,
    copy: TempDir,
    /// The ledger that the library has open.
    pub ledger: Ledger,
    // One process has a ledger at a time.
    binary: Mutex<()>,
}

pub static DEMO: LazyLock<Demo> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = tempfile::tempdir().expect("a temporary folder");
    binary(folder.path()).arg("demo").assert().success();
    copy_folder(folder.path(), copy.path());
    let ledger = Ledger::open(&copy.path().join("ledger"), |_, _| {}).expect("what demo wrote opens");
    Demo { folder, copy, ledger, binary: Mutex::new(()) }
});

fn binary(ledger: &Path) -> Command {
    let mut command = Command::cargo_bin("minutebook").expect("the binary was built with the tests");
    command.arg("--ledger").arg(ledger.join("ledger"));
    command
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder in a temporary folder");
    for file in std::fs::read_dir(from).expect("the ledger's folder") {
        let file = file.expect("a file of the ledger");
        let target = to.join(file.file_name());
        if file.file_type().expect("a file has a type").is_dir() {
            copy_folder(&file.path(), &target);
        } else {
            std::fs::copy(file.path(), target).expect("a copy of a file");
        }
    }
}

/// A question as both front ends take it.
#[derive(Clone, Copy)]
pub struct Asked {
    topic: &'static str,
    contract: &'static str,
    as_of: &'static str,
    known_at: &'static str,
    decided_by: &'static str,
}

/// A question of a contract on a day; an empty contract is all of them.
pub fn on(topic: &'static str, contract: &'static str, as_of: &'static str) -> Asked {
    Asked { topic, contract, as_of, known_at: "", decided_by: "" }
}

impl Asked {
    pub fn known_at(self, known_at: &'static str) -> Self {
        Self { known_at, ..self }
    }

    pub fn decided_by(self, decided_by: &'static str) -> Self {
        Self { decided_by, ..self }
    }

    /// The answer, which the library and the binary give alike.
    pub fn answer(self) -> Answer {
        let (library, binary) = (self.of_library(), self.of_binary());
        assert_eq!(library, binary, "the binary prints what the library answers");
        Answer(serde_json::from_str(&binary).expect("--json prints JSON"))
    }

    fn of_library(self) -> String {
        report::json(&self.library()) + "\n"
    }

    /// The answer of the library, with what JSON leaves out.
    pub fn library(self) -> question::Answer {
        let topic = match self.topic {
            "state" => Topic::State,
            "register" => Topic::Register,
            "value" => Topic::Value,
            "lots" => Topic::Lots,
            "network" => Topic::Network,
            "decisions" => Topic::Decisions,
            "findings" => Topic::Findings,
            other => unreachable!("no test asks for {other}"),
        };
        let given = |text: &'static str| (!text.is_empty()).then_some(text);
        let question = Question {
            topic,
            contract: given(self.contract).map(|id| id.parse().expect("a contract's id")),
            as_of: self.as_of.parse().expect("a day"),
            known_at: given(self.known_at).map(|at| at.parse().expect("a position")),
            decided_by: given(self.decided_by).map(|day| day.parse().expect("a day")),
        };
        DEMO.ledger.view().ask(&question).expect("an answer")
    }

    fn of_binary(self) -> String {
        run(&self.args())
    }

    /// The question as a command line has it.
    pub fn args(self) -> Vec<&'static str> {
        let mut args = vec![self.topic];
        args.extend((!self.contract.is_empty()).then_some(self.contract));
        for (option, value) in
            [("--as-of", self.as_of), ("--known-at", self.known_at), ("--decided-by", self.decided_by)]
        {
            if !value.is_empty() {
                args.extend([option, value]);
            }
        }
        args
    }

    /// The question as the address of a page has it.
    pub fn address(self) -> String {
        let fields = [
            ("contract", self.contract),
            ("as-of", self.as_of),
            ("known-at", self.known_at),
            ("decided-by", self.decided_by),
        ];
        let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let said: Vec<String> = said.map(|(name, value)| format!("{name}={value}")).collect();
        format!("/{}?{}", self.topic, said.join("&"))
    }
}

/// What the binary prints with `--json`.
pub fn run(args: &[&str]) -> String {
    let demo = &*DEMO;
    assert!(demo.copy.path().exists(), "the library's ledger lives as long as the demonstration");
    let _one = demo.binary.lock().unwrap_or_else(PoisonError::into_inner);
    let output = binary(demo.folder.path()).args(args).arg("--json").assert().success().get_output().stdout.clone();
    String::from_utf8(output).expect("JSON is UTF-8")
}

/// An answer as JSON.
pub struct Answer(pub Value);

impl Answer {
    pub fn rows(&self) -> &[Value] {
        self.0["answer"].as_array().expect("an answer is a list of rows")
    }

    /// The one row with these cells.
    pub fn row(&self, cells: &[(&str, &str)]) -> &Value {
        let mut fitting = self.rows().iter().filter(|row| cells.iter().all(|(name, text)| row[*name] == *text));
        let row = fitting.next().unwrap_or_else(|| unreachable!("no row has {cells:?} in {:#}", self.0));
        assert!(fitting.next().is_none(), "several rows have {cells:?}");
        row
    }

    pub fn has(&self, cells: &[(&str, &str)]) -> bool {
        self.rows().iter().any(|row| cells.iter().all(|(name, text)| row[*name] == *text))
    }
}

/// Words in a list.
pub fn list(value: &Value) -> Vec<&str> {
    value.as_array().map_or(vec![], |items| items.iter().filter_map(Value::as_str).collect())
}

fn sorted<'a>(items: &[&'a str]) -> Vec<&'a str> {
    let mut items = items.to_vec();
    items.sort_unstable();
    items
}

#[track_caller]
fn stands(figure: &Value, knowledge: &str, standing: &str, sources: &[&str]) {
    assert_eq!(figure["knowledge"], knowledge, "{figure:#}");
    assert_eq!(figure["standing"], standing, "{figure:#}");
    assert_eq!(sorted(&list(&figure["sources"])), sorted(sources), "{figure:#}");
    assert!(!figure["entries"].as_array().expect("entries are a list").is_empty(), "{figure:#}");
}

/// A value, its standing, and the paragraphs it comes from.
#[track_caller]
pub fn known(figure: &Value, value: &str, standing: &str, sources: &[&str]) {
    assert_eq!(figure["value"], value, "{figure:#}");
    stands(figure, "known", standing, sources);
}

/// Withheld, on a ground.
#[track_caller]
pub fn withheld(figure: &Value, ground: &str, standing: &str, sources: &[&str]) {
    stands(figure, "withheld", standing, sources);
    assert!(figure["value"].is_null(), "{figure:#}");
    assert!(figure["text"].as_str().expect("words").contains(ground), "{figure:#}");
}

/// Not determined, and why.
#[track_caller]
pub fn not_determined(figure: &Value, why: &str) {
    assert_eq!(figure["knowledge"], "unknown", "{figure:#}");
    assert!(figure["value"].is_null(), "{figure:#}");
    let text = figure["text"].as_str().expect("words");
    assert!(text.starts_with("not determined: ") && text.contains(why), "{figure:#}");
}

/// What stands beside a figure: why it does, its standing, what it says, from when.
#[track_caller]
pub fn beside(figure: &Value, others: &[(&str, &str, &str, &str)]) {
    let found: Vec<_> = figure["others"]
        .as_array()
        .expect("others are a list")
        .iter()
        .map(|it| ["beside", "standing", "text", "effective"].map(|name| it[name].as_str().expect("words")))
        .map(|[a, b, c, d]| (a, b, c, d))
        .collect();
    assert_eq!(found, others, "{figure:#}");
}
