//! `record --lines`: drafts a line each, as a decision file a line; where a line is none, what is before it is kept, and
//! the same file goes on from there.

use crate::places::also_on_a_server;
use crate::run::{Place, defines};
use minutebook::kent::decision_files;
use minutebook_events::decision_file::DecisionFile;

/// The draft of a decision file, as a line.
fn line(file: &str) -> String {
    serde_json::to_string(&DecisionFile::parse(file).unwrap().draft).unwrap()
}

fn lines(parties: &[&str]) -> String {
    parties.iter().map(|party| line(&defines(party)) + "\n").collect()
}

#[test]
fn the_lines_of_a_record_answer_as_its_decision_files_do() {
    let (files, place) = (Place::kent(), Place::empty());
    let kent: String = decision_files().into_iter().map(|(_, text)| line(text) + "\n").collect();
    place.file("kent.jsonl", &kent);
    place.run(&["record", "--lines", "kent.jsonl"]).ok().prints(&["recorded 39 entries in "]);
    for question in ["state", "value", "findings", "decisions"] {
        // When each was recorded differs, and is said in the first line.
        let answered = |place: &Place| place.run(&[question]).ok().out.split_once('\n').unwrap().1.to_owned();
        assert_eq!(answered(&place), answered(&files), "{question}");
    }
    place.run(&["verify"]).ok().prints(&["Verified 39 entries"]);
    place.run(&["record", "--lines", "kent.jsonl"]).ok().prints(&["recorded 0 entries", "and 39 were there already"]);
}

#[test]
fn a_line_that_is_refused_stops_the_rest_and_the_mended_file_goes_on() {
    let place = Place::empty();
    let twice = line(&defines("c").replace("party = \"c\"", "party = \"a\""));
    let rest = lines(&["d", "e"]);
    for (wrong, words) in [
        (twice.as_str(), "party \"a\" is defined already"),
        ("{\"id\": 1}", "column 8: it is no draft"),
        ("", "the line is empty"),
    ] {
        place.file("parties.jsonl", lines(&["a", "b"]) + wrong + "\n" + &rest);
        place.run(&["record", "--lines", "parties.jsonl"]).ends(1).says(&[
            "parties.jsonl:3: ",
            words,
            "stopped at line 3: ",
            "this one and those after it are not",
        ]);
        assert_eq!(place.roots()["entries"], 2, "{wrong}");
    }
    // One that comes twice in the file is recorded once.
    place.file("parties.jsonl", lines(&["a", "b", "c", "c", "a"]) + &rest);
    let mended = place.run(&["record", "--lines", "parties.jsonl"]).ok();
    mended.prints(&["recorded 3 entries in ", "and 4 were there already"]);
    assert_eq!(place.roots()["entries"], 5);
}

#[test]
fn what_erases_or_is_not_there_or_is_not_expected_records_nothing() {
    let place = Place::empty();
    place.file("one.jsonl", lines(&["a"]));
    place.run(&["record", "--lines", "none.jsonl"]).ends(2).says(&["cannot read none.jsonl"]);
    place.run(&["record", "--lines", "one.jsonl", "--dry-run"]).ends(2).says(&["cannot be used with"]);
    place
        .run(&["record", "--lines", "one.jsonl", "--expected-head", "3"])
        .ends(1)
        .says(&["one.jsonl:1: ", "3 were expected"]);
    place.file("erases.jsonl", line(&crate::given::erasing("1/1", "appendix")) + "\n");
    place.run(&["record", "--lines", "erases.jsonl"]).ends(1).says(&["minutebook content erase"]);
    place.file("empty.jsonl", "");
    place.run(&["record", "--lines", "empty.jsonl"]).ok().prints(&["recorded 0 entries"]);
    assert_eq!(place.roots()["entries"], 0);
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let place = Place::empty();
    let mut command = place.command();
    command.args(["record", "--lines", "-"]).write_stdin(lines(&["a", "b"]));
    command.assert().success();
    assert_eq!(place.roots()["entries"], 2);
}

#[test]
fn a_refusal_far_from_the_end_of_the_file_is_told() {
    let place = Place::empty();
    let twice = line(&defines("c").replace("party = \"c\"", "party = \"a\"")) + "\n";
    let rest = lines(&["a"]).repeat(12_000);
    place.file("parties.jsonl", lines(&["a"]) + &twice + &rest);
    place.run(&["record", "--lines", "parties.jsonl"]).ends(1).says(&["parties.jsonl:2: ", "1 entries were recorded"]);
    assert_eq!(place.roots()["entries"], 1);
}

#[test]
fn a_refusal_is_told_while_standard_input_stays_open() {
    let twice = line(&defines("c").replace("party = \"c\"", "party = \"a\"")) + "\n";
    // A whole group is there, and more may come.
    let group = lines(&["a"]) + &twice + &lines(&["a"]).repeat(998);
    // What is no draft is told at once, with what is before it; half a line is still to come.
    let wrong = lines(&["a", "b"]) + "no draft\n" + &lines(&["d"])[..20];
    for (written, entries) in [(group, 1), (wrong, 2)] {
        let place = Place::empty();
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_minutebook"))
            .args(["record", "--lines", "-"])
            .current_dir(place.path())
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut open = program.stdin.take().unwrap();
        std::io::Write::write_all(&mut open, written.as_bytes()).unwrap();
        assert_eq!(program.wait().unwrap().code(), Some(1));
        drop(open);
        assert_eq!(place.roots()["entries"], entries);
    }
}

also_on_a_server! {
    the_lines_of_a_record_answer_as_its_decision_files_do,
    a_line_that_is_refused_stops_the_rest_and_the_mended_file_goes_on,
    what_erases_or_is_not_there_or_is_not_expected_records_nothing,
    a_refusal_far_from_the_end_of_the_file_is_told,
}
