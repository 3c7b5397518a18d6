//! The command line as its users have it: help with examples, exit statuses, answers that begin with their coordinates
//! or parse as JSON, plain text where no terminal is, and what each command leaves in the ledger.

use crate::places::also_on_a_server;
use crate::run::{BINARY, Place, assigned_and_struck, defines, ran};
use assert_cmd::Command;

/// Every question, with what it needs beside its name.
const QUESTIONS: [&[&str]; 11] = [
    &["state"],
    &["register"],
    &["value"],
    &["lots"],
    &["network"],
    &["decisions"],
    &["findings"],
    &["diff", "--from", "2017-09-30", "--to", "2018-04-01"],
    &["why", "live-well-kent-2016", "lot-2/holder"],
    &["replay", "--from", "10", "--to", "12"],
    &["explain", "7"],
];

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let commands = help.split_once("Commands:\n").map_or("", |(_, rest)| rest.split_once("\n\n").unwrap().0);
    commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(ToOwned::to_owned)
        .collect()
}

/// Holds the help of a command and of those below it to having examples; how many there are below.
fn has_examples(place: &Place, above: &[&str]) -> usize {
    let help = place.run(&[above, &["--help"]].concat()).ok().prints(&["Example"]);
    let (names, example) = (commands(&help.out), format!("  minutebook {}", above.join(" ")));
    assert!(help.out.contains(example.trim_end()), "{help:#?}");
    names.len() + names.iter().map(|name| has_examples(place, &[above, &[name.as_str()]].concat())).sum::<usize>()
}

#[test]
fn the_help_of_every_command_has_an_example() {
    let place = Place::empty();
    place.run(&["--help"]).ok().prints(&["Exit status: 0, 1 or 2\n", "\n  0  ", "\n  1  ", "\n  2  "]);
    let count = has_examples(&place, &[]);
    assert!(count >= 28, "{count} commands");
}

#[test]
fn wrong_use_ends_with_2_and_says_what_would_be_right() {
    let place = Place::kent();
    for (args, words) in [
        (&["stat"][..], "a similar subcommand exists: 'state'"),
        (&["check"], "<FILES>..."),
        (&["state", "--as-of", "2021-02-30"], "\"2021-02-30\" is not a day of the calendar: write it as 2018-06-01"),
        (&["state", "--as-of", "2021-02"], "is more than one day"),
        (&["state", "--known-at", "soon"], "is neither a position nor an instant: write 12, or 2026-"),
        (&["state", "--known-at", "900"], "position 900 is past the head: the ledger holds"),
        (
            &["state", "live-well-kent-2106"],
            "there is no contract \"live-well-kent-2106\": did you mean live-well-kent-2016?",
        ),
        (&["state", "street-lighting"], "there is no contract \"street-lighting\": there are "),
        (&["state", "Live Well"], "is not a contract id"),
        (&["why", "live-well-kent-2016", "lot-2/holdr"], "has no fact \"lot-2/holdr\": did you mean lot-2/holder?"),
        (&["diff", "--from", "2020-01-02", "--to", "2020-01-01"], "--from 2020-01-02 is after --to 2020-01-01"),
        (&["record", "--expected-head", "x", "x.toml"], "--expected-head"),
    ] {
        place.run(args).ends(2).says(&[words]);
    }
}

/// A server that runs, or the server of the log: not both; but a flag counts before the environment.
#[test]
fn a_server_and_a_store_are_not_both_asked() {
    let place = Place::empty();
    let url = "postgres://minutes@127.0.0.1/council?ledger=kent";
    for args in [
        ["--server", "http://127.0.0.1:1", "--store", url, "state"],
        ["state", "--store", url, "--server", "http://127.0.0.1:1"],
    ] {
        place.run(&args).ends(2).says(&["--server is asked in place of what --store names: leave one of them out"]);
    }
    let asked = ran(place.command().env("MINUTEBOOK_STORE", url).args(["state", "--server", "http://127.0.0.1:1"]));
    asked.ends(2).says(&["cannot ask http://127.0.0.1:1"]);
}

#[test]
fn every_answer_begins_with_its_coordinates_and_parses_as_json() {
    let place = Place::kent();
    for question in QUESTIONS {
        let text = place.run(question).ok();
        let first = text.out.lines().next().unwrap();
        for words in ["as of ", "position ", "whenever decided"] {
            assert!(first.to_lowercase().contains(words), "{question:?} begins: {first}");
        }
        let json = place.run(&[question, &["--json"]].concat()).ok().json();
        assert_eq!(json["question"], question[0]);
        for coordinate in ["as_of", "known_at", "decided_by", "answer"] {
            assert!(json.get(coordinate).is_some(), "{question:?} has no {coordinate}");
        }
    }
    let at = ["state", "--as-of", "2018-06-01", "--known-at", "5", "--decided-by", "2017-12-31"];
    let first = place.run(&at).ok().out.lines().next().unwrap().to_owned();
    for words in ["1 June 2018", "position 5", "decided by 31 December 2017"] {
        assert!(first.contains(words), "{first}");
    }
    assert!(place.run(&["verify", "--json"]).ok().json()["verified"]["entries"].as_u64() > Some(0));
}

#[test]
fn what_no_terminal_reads_has_no_escape_codes() {
    let place = Place::kent();
    place.file("wrong.toml", "id = 1");
    for args in QUESTIONS.into_iter().chain([&["--help"][..], &["check", "wrong.toml"], &["verify"], &["man"]]) {
        for colour in [&[][..], &[("NO_COLOR", "1")], &[("MINUTEBOOK_LOG", "trace")]] {
            let ran = ran(place.command().envs(colour.iter().copied()).args(args));
            assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{args:?} {colour:?}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let place = Place::kent();
    place.file("wrong.toml", "id = 1");
    for (line, status) in [
        ("$MB state | head -1", "0"),
        ("$MB decisions --json | head -1", "0"),
        ("$MB man | true", "0"),
        ("$MB completions bash | true", "0"),
        ("$MB --help | true", "0"),
        ("$MB check wrong.toml 2>&1 >/dev/null | true", "1"),
        ("$MB state nothing 2>&1 | true", "2"),
        ("$MB state > /dev/full | true", "2"),
    ] {
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("{line}; echo status ${{PIPESTATUS[0]}}")]).env("MB", BINARY);
        let ran = ran(shell.current_dir(place.path())).ok().says(&[]);
        assert!(ran.out.ends_with(&format!("status {status}\n")), "{line}: {ran:#?}");
    }
}

#[test]
fn the_ledger_is_named_by_the_option_then_the_environment() {
    let place = Place::empty();
    place.file("a.toml", defines("somebody"));
    ran(place.command().env("MINUTEBOOK_LEDGER", "theirs").args(["record", "a.toml"]))
        .ok()
        .prints(&["there was no ledger at theirs: a new one was made\n"]);
    assert!(place.path().join("theirs/minutebook.json").is_file() && !place.ledger().exists());
    place.run(&["--ledger", "theirs", "state"]).ok();
    ran(place.command().env("MINUTEBOOK_LEDGER", "theirs").args(["state", "--ledger", "nowhere"]))
        .ends(2)
        .says(&["there is no ledger at nowhere"]);
}

#[test]
fn shells_and_man_get_what_they_read() {
    let place = Place::empty();
    for (shell, words) in
        [("bash", "complete -F _minutebook"), ("zsh", "#compdef minutebook"), ("fish", "complete -c minutebook")]
    {
        place.run(&["completions", shell]).ok().prints(&[words, "known-at"]);
    }
    let words = [".TH minutebook 1", "minutebook\\-why", "minutebook\\-content\\-seal", "MINUTEBOOK_LEDGER"];
    place.run(&["man"]).ok().prints(&words);
    assert!(!place.ledger().exists());
}

#[test]
fn demo_again_changes_nothing() {
    let place = Place::kent();
    let before = place.roots();
    place.run(&["demo"]).ok().prints(&["decisions are already recorded in minutebook-ledger: nothing was changed."]);
    assert_eq!(place.roots(), before);
}

#[test]
fn demo_leaves_a_ledger_with_its_own_record_alone() {
    let place = Place::empty();
    place.file("a.toml", defines("somebody"));
    place.run(&["record", "a.toml"]).ok();
    let before = place.roots();
    place.run(&["demo"]).ends(2).says(&["has a record of its own (position 0: somebody)", "name another folder"]);
    assert_eq!(place.roots(), before);
}

#[test]
fn record_takes_files_one_by_one_and_says_where_it_stopped() {
    let place = Place::empty();
    for party in ["a", "b", "c"] {
        place.file(&format!("{party}.toml"), defines(party));
    }
    place.file("twice.toml", defines("other").replace("party = \"other\"", "party = \"a\""));
    place.run(&["record", "a.toml", "twice.toml", "b.toml"]).ends(1).prints(&["a.toml: recorded at position 0"]).says(
        &[
            "party \"a\" is defined already",
            "stopped at twice.toml: 1 of 3 files are in the ledger, this one and those after it are not",
        ],
    );
    assert_eq!(place.roots()["entries"], 1);
    // What cannot be read at all is told before anything is recorded.
    place.file("wrong.toml", "id = 1");
    place.run(&["record", "b.toml", "wrong.toml"]).ends(1).says(&[
        "wrong.toml:1:6",
        "0 of 2 files",
        "nothing was recorded",
    ]);
    assert_eq!(place.roots()["entries"], 1);
    place.run(&["record", "--dry-run", "b.toml", "c.toml"]).ok().prints(&[
        "b.toml: would be recorded at position 1",
        "c.toml: would be recorded at position 2",
        "nothing was recorded: this was a dry run",
    ]);
    assert_eq!(place.roots()["entries"], 1);
    place.run(&["record", "a.toml", "b.toml", "c.toml"]).ok().prints(&[
        "a.toml: already recorded at position 0",
        "b.toml: recorded at position 1",
        "c.toml: recorded at position 2",
    ]);
    assert_eq!(place.roots()["entries"], 3);
}

#[test]
fn a_dry_run_makes_no_ledger() {
    let place = Place::empty();
    place.file("a.toml", defines("somebody"));
    place.run(&["record", "--dry-run", "a.toml"]).ok();
    place.run(&["check", "a.toml"]).ok().prints(&["1 of 1 file holds together; nothing was recorded"]);
    assert!(!place.ledger().exists());
}

#[test]
fn a_correction_strikes_from_its_own_position_on() {
    let place = Place::empty();
    let (assigned, struck) = assigned_and_struck();
    place.file("assigned.toml", assigned).file("struck.toml", &struck);
    place.run(&["record", "assigned.toml", "struck.toml"]).ok();
    let why = |args: &[&str]| {
        let args = [&["why", "lwk", "lot-1/holder", "--as-of", "2023-01-01", "--json"], args].concat();
        let answer = place.run(&args).ok().json()["answer"].clone();
        answer[1]["counts-as"].as_str().unwrap().to_owned()
    };
    assert_eq!(why(&[]), "struck by the correction at position 1");
    assert_eq!(why(&["--known-at", "0"]), "the answer");
    // Twice is once too often.
    let again = struck.replace(
        &minutebook_events::EntryId::from_text("correction").to_string(),
        "ab61f2c8-6d3b-4a37-9d3c-5f0c6f1f2a10",
    );
    place.file("again.toml", again);
    place.run(&["record", "again.toml"]).ends(1).says(&["is struck already", "leave the correction out"]);
    assert_eq!(place.roots()["equal"], true);
}

#[test]
fn rebuild_and_verify_count_what_there_is() {
    let place = Place::kent();
    let rebuilt = place.roots();
    assert_eq!(rebuilt["equal"], true);
    let text = place.run(&["rebuild"]).ok();
    assert_eq!(text.out.matches("equal to the live one").count(), rebuilt["projections"].as_array().unwrap().len() + 2);
    let verified = place.run(&["verify", "--json"]).ok().json();
    assert_eq!(verified["fault"], serde_json::Value::Null);
    for count in ["entries", "events"] {
        assert_eq!(verified["verified"][count], rebuilt[count], "{count}");
    }
    let files = minutebook::kent::decision_files().len();
    assert_eq!(verified["verified"]["entries"], files);
    place.run(&["verify"]).ok().prints(&[&format!("Verified {files} entries, {} events", rebuilt["events"])]);
}

/// Whoever says how wide lines may be gets none that is wider.
#[test]
fn columns_is_kept_to() {
    let place = Place::kent();
    for width in [40, 60, 80, 120] {
        for args in QUESTIONS {
            let shown = ran(place.command().env("COLUMNS", width.to_string()).args(args)).ok();
            let wide: Vec<_> = shown.out.lines().filter(|line| line.trim_end().chars().count() > width).collect();
            assert!(wide.is_empty(), "{width} {args:?}: {wide:#?}");
        }
    }
}

/// What does not hold ends with 1 and what cannot be read with 2, whichever command is given it.
#[test]
fn the_same_fault_ends_every_command_with_the_same_status() {
    let place = Place::kent();
    let key = |name: &str| place.run(&["key", "new", "kent.example/minutebook", "--out", name]).ok().out;
    let (kent, other) = (key("kent.key"), key("other.key"));
    place.file("kept.note", place.run(&["checkpoint", "--key", "kent.key"]).ok().out).file("text", "no note\u{e9}");
    place.run(&["answer", "lots", "--bundle", "lots.json"]).ok();
    place.file("proof.json", place.run(&["prove", "inclusion", "7"]).ok().out);
    place.run(&["backup", "--out", "b"]).ok();
    let (kent, other) = (kent.trim(), other.trim());
    let commands = |note: &'static str, bundle: &'static str, key| -> [Vec<&str>; 6] {
        [
            vec!["verify", "--checkpoint", note, "--key", key],
            vec!["restore", "--from", "b", "--ledger", "new", "--checkpoint", note, "--key", key],
            vec!["prove", "check", "proof.json", "--checkpoint", note, "--key", key],
            vec!["checkpoint", "--countersign", note, "--signed-by", key, "--key", "other.key"],
            vec!["key", "check", note, "--key", key],
            vec!["verify-answer", bundle, "--key", key],
        ]
    };
    for (note, bundle, key, status) in [
        ("kept.note", "lots.json", other, 1),
        ("text", "text", kent, 1),
        ("nowhere", "nowhere", kent, 2),
        (".", ".", kent, 2),
    ] {
        for args in commands(note, bundle, key) {
            place.run(&args).ends(status);
        }
    }
    for (file, status) in [("text", 1), ("nowhere", 2), (".", 2)] {
        for command in [&["check", file][..], &["record", file], &["prove", "check", file], &["content", "erase", file]]
        {
            place.run(command).ends(status);
        }
    }
    // What a check finds is in its JSON; what stops a command is on standard error alone.
    let found = place.run(&["verify", "--json", "--checkpoint", "text"]).ends(1);
    assert!(found.json()["fault"].as_str().unwrap().starts_with("text: it is no checkpoint"), "{found:#?}");
    let stopped = place.run(&["verify", "--json", "--checkpoint", "nowhere"]).ends(2).says(&["cannot read nowhere"]);
    assert_eq!(stopped.out, "");
}

#[test]
fn settings_are_read_from_a_file_and_what_is_typed_counts_before_it() {
    let place = Place::empty();
    place.file(
        "m.toml",
        "ledger = \"elsewhere\"\nlisten = \"127.0.0.1:9000\"\nhost = [\"a.example\", \"b.example\"]\nmay-record = true\nlog-format = \"json\"\n",
    );
    let show = place.run(&["--config", "m.toml", "config", "show"]).ok();
    let line = |out: &str, name: &str| out.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    for (name, value) in [
        ("listen ", "127.0.0.1:9000"),
        ("host ", "a.example, b.example"),
        ("may-record ", "true"),
        ("log-format ", "json"),
        ("open-to-network ", "false"),
    ] {
        assert!(line(&show.out, name).contains(value), "{}", show.out);
    }
    assert!(line(&show.out, "listen ").ends_with("said by m.toml"));
    assert!(line(&show.out, "read-key ").contains("none") && line(&show.out, "read-key ").contains("default"));
    // A flag counts before the environment, and that before the file.
    let mut command = place.command();
    command.args(["--config", "m.toml", "config", "show"]).env("MINUTEBOOK_LISTEN", "127.0.0.1:9001");
    let listen = line(&ran(&mut command).ok().out, "listen ");
    assert!(listen.contains("127.0.0.1:9001") && listen.ends_with("MINUTEBOOK_LISTEN"), "{listen}");
    let typed = place.run(&["--config", "m.toml", "--ledger", "here", "config", "show"]).ok();
    assert!(line(&typed.out, "ledger ").contains("here") && line(&typed.out, "ledger ").ends_with("the command line"));
    // The ledger that the file names is the one that is asked.
    place.run(&["--config", "m.toml", "state", "--ledger", "there"]).ends(2).says(&["there"]);
    let mut command = place.command();
    command.args(["--config", "m.toml", "state"]).env_remove("MINUTEBOOK_LEDGER");
    ran(&mut command).ends(2).says(&["elsewhere"]);
    for (text, words) in [
        ("lisen = 1", &["no setting \"lisen\"", "listen"][..]),
        ("listen = 1", &["listen is a text"]),
        ("host = \"a\"", &["host is a list of texts"]),
        ("may-record = \"yes\"", &["may-record is true or false"]),
        ("listen = \"x\"", &["wrong.toml: listen: invalid value 'x'"]),
        ("rate = -1", &["wrong.toml: rate: invalid value '-1'"]),
        ("log-format = \"yaml\"", &["wrong.toml: log-format: invalid value 'yaml'", "text, json"]),
        ("host = [\"\"]", &["wrong.toml: host: "]),
        ("listen =", &["is no file of settings"]),
    ] {
        place.file("wrong.toml", text);
        place.run(&["--config", "wrong.toml", "serve"]).ends(2).says(words);
    }
    // A variable that is empty is none.
    let mut command = place.command();
    command.args(["--config", "m.toml", "config", "show"]).env("MINUTEBOOK_HOST", "").env("MINUTEBOOK_LISTEN", "");
    let shown = ran(&mut command).ok().out;
    assert!(
        line(&shown, "host ").contains("a.example, b.example") && line(&shown, "listen ").contains("9000"),
        "{shown}"
    );
    let mut command = place.command();
    let shown = ran(command.args(["config", "show"]).env("MINUTEBOOK_CONFIG", "").env("MINUTEBOOK_HOST", "")).ok().out;
    assert!(line(&shown, "host ").contains("none"), "{shown}");
    place.run(&["--config", "nowhere.toml", "state"]).ends(2).says(&["cannot read nowhere.toml"]);
    // What is logged can be read by a program.
    let logged = place.run(&["--config", "m.toml", "--log", "minutebook=debug", "--ledger", "l", "demo"]).ok().err;
    let first: serde_json::Value = serde_json::from_str(logged.lines().next().unwrap()).unwrap();
    assert_eq!(first["level"], "DEBUG");
}

#[test]
fn what_says_nothing_and_what_nobody_hears_is_told() {
    let place = Place::kent();
    for args in [
        &["report", "--out", "out", "--ocds-publisher", ""][..],
        &["report", "--out", "out", "--ocds-publisher", "  "],
        &["serve", "--openid-client", ""],
        &["serve", "--openid-roles-claim", ""],
        &["serve", "--host", ""],
    ] {
        place.run(args).ends(2).says(&["it says nothing: give it a value"]);
    }
    let with = |name: &str, value: &str| ran(place.command().args(["register", "--json"]).env(name, value)).ok();
    let told = with("MINUTEBOOK_LISTN", "127.0.0.1:9000");
    assert_eq!(
        told.err,
        "minutebook: MINUTEBOOK_LISTN is set, and is no setting: nothing comes of it: did you mean MINUTEBOOK_LISTEN?\n"
    );
    assert!(with("MINUTEBOOK_ZZZ", "1").err.ends_with("nothing comes of it\n"));
    // What is ours, is empty, or is another's is not spoken of.
    for (name, value) in
        [("MINUTEBOOK_TOKEN", "x"), ("MINUTEBOOK_LISTN", ""), ("MINUTEBOOKS", "1"), ("MINUTEBOOK_RATE", "9")]
    {
        assert_eq!(with(name, value).err, "", "{name}={value}");
    }
}

/// A sum names each ground on which an amount in it is withheld, and not that of the first amount alone.
#[test]
fn a_sum_names_every_ground() {
    let place = Place::empty();
    let line = |name: &str, amount: &str| {
        format!(
            "[[event]]\nkind = \"value-set\"\ncontract = \"care\"\nline = {{ measure = \"value\", name = \"{name}\" }}\n\
             amount = {amount}\nbasis = \"year\"\neffective = 2021-04-01\nstanding = \"decided\"\nsources = [\"R 1\"]\n"
        )
    };
    let defined = "[[event]]\nkind = \"contract-defined\"\ncontract = \"care\"\ntitle = \"Care\"\neffective = 2021-04-01\n\
                   standing = \"decided\"\nsources = [\"R 1\"]\n";
    let lines = [
        line("a", "{ unknown = \"no page has it\" }"),
        line("b", "{ withheld = \"Exempt Appendix 1\" }"),
        line("c", "{ withheld = \"Exempt Appendix 2\" }"),
        line("d", "{ withheld = \"Exempt Appendix 1\" }"),
    ];
    place.file("care.toml", crate::given::act("R", "2021-01-01", &(defined.to_owned() + &lines.concat())));
    place.run(&["record", "care.toml"]).ok();
    let value = place.run(&["value", "--as-of", "2022-01-01", "--json"]).ok().json();
    let said = value["answer"][0]["a-year"]["text"].as_str().unwrap();
    let grounds = "the first: no page has it; withheld: Exempt Appendix 1; withheld: Exempt Appendix 2";
    assert_eq!(said, format!("not determined: 4 of 4 amounts are not known; {grounds}"));
}

also_on_a_server! {
    the_help_of_every_command_has_an_example,
    wrong_use_ends_with_2_and_says_what_would_be_right,
    every_answer_begins_with_its_coordinates_and_parses_as_json,
    what_no_terminal_reads_has_no_escape_codes,
    shells_and_man_get_what_they_read,
    demo_leaves_a_ledger_with_its_own_record_alone,
    record_takes_files_one_by_one_and_says_where_it_stopped,
    a_correction_strikes_from_its_own_position_on,
    rebuild_and_verify_count_what_there_is,
    columns_is_kept_to,
    what_says_nothing_and_what_nobody_hears_is_told,
    a_sum_names_every_ground,
}
