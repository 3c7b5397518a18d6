//! Asking: one ledger made by `demo`, every question put to the library and to the binary, and what a golden answer
//! holds of a row and of a figure. It must know nothing of the record.

use crate::places::is_on_a_server;
use crate::run::{Place, reopen};
use minutebook::ledger::{Ledger, View};
use minutebook::question::{self, Question, Topic};
use minutebook::report;
use serde_json::Value;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The ledger of the demonstration, twice: one place for the binary, and one that the library has open.
struct Demo {
    // One process has a folder at a time.
    binary: Mutex<Place>,
    ledger: Ledger,
    _of_library: Place,
}

impl Demo {
    fn new() -> Self {
        let (binary, of_library) = (Mutex::new(Place::kent()), Place::kent());
        Self { binary, ledger: reopen(of_library.at()), _of_library: of_library }
    }
}

/// Does something with the demonstration: in a folder, where all tests share it, or on a server, where those of a thread do.
fn with<T>(work: impl FnOnce(&Demo) -> T) -> T {
    static IN_A_FOLDER: LazyLock<Demo> = LazyLock::new(Demo::new);
    thread_local! {
        static ON_A_SERVER: Demo = Demo::new();
    }
    if is_on_a_server() { ON_A_SERVER.with(work) } else { work(&IN_A_FOLDER) }
}

/// Looks at what the library has open.
pub fn of_view<T>(look: impl FnOnce(&View<'_>) -> T) -> T {
    with(|demo| look(&demo.ledger.view()))
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
        of_view(|view| view.ask(&question).expect("an answer"))
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
    with(|demo| demo.binary.lock().unwrap_or_else(PoisonError::into_inner).run(&[args, &["--json"]].concat()).ok().out)
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
