//! What is wrong with a decision file and where: one row per fault, with the text that is underlined and the words.
//! And that no text at all makes the reader panic or leaves an error without a place.
#![allow(clippy::unwrap_used, clippy::panic)]

use minutebook_events::decision_file::{DecisionFile, FileError, MAX_FILE_BYTES, render};
use minutebook_events::{EntryId, EventKind};
use proptest::prelude::*;

const DRAFT: &str = include_str!("every-kind.toml");
const HEAD: &str = "id = \"ab61f2c8-6d3b-4a37-9d3c-5f0c6f1f2a10\"\n\
    [act]\nreference = \"21/00110\"\ntitle = \"Award\"\nkind = \"decision\"\ndecided = 2021-12-20\n";

fn file(events: &str) -> String {
    format!("{HEAD}{events}\n")
}

/// A value-set that is right but for what `more` adds to it or `event` takes from it.
fn value(more: &str) -> String {
    file(&format!(
        "[[event]]\nkind = \"value-set\"\neffective = 2022-04-01\nstanding = \"decided\"\nsources = [\"C 4.1\"]\n\
         contract = \"lwk\"\n{more}"
    ))
}

fn clause(clause: &str) -> String {
    value("").replace("value-set", "clause-set") + &format!("clause = {clause}\n")
}

fn ended(more: &str) -> String {
    file(&format!(
        "[[event]]\nkind = \"ended\"\nstanding = \"decided\"\nsources = [\"C 1\"]\ncontract = \"lwk\"\n{more}"
    ))
}

fn error(text: &str) -> FileError {
    DecisionFile::parse(text).expect_err(text)
}

/// One row: a file, the text that is underlined in it, and words of what is wrong and what would be right.
#[track_caller]
fn wrong(text: &str, underlined: &str, words: &str) {
    let error = error(text);
    assert_eq!(&text[error.span.clone()], underlined, "the place of \"{error}\"");
    assert!(error.to_string().contains(words), "\"{error}\" does not say \"{words}\"");
}

/// A content-sealed that is right.
const SEALED: &str = "content = \"bids\"\ntitle = \"Appendix 1\"\n\
     classification = { exempt = { paragraphs = [3], public_interest = \"prices\" } }\n\
     commitment = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n";

fn sealed(from: &str, to: &str) -> String {
    assert!(SEALED.contains(from));
    value(&SEALED.replace(from, to)).replace("value-set", "content-sealed")
}

const GOOD: &str = "line = { measure = \"value\" }\namount = \"£1m\"\nbasis = \"year\"\n";

#[test]
#[rustfmt::skip] // one row per fault
fn every_fault_has_a_place_and_says_what_would_be_right() {
    // No TOML.
    wrong("id = \"a", "", "invalid basic string");
    wrong("id = \"a\"\nid = \"b\"", "id", "duplicate key");
    wrong("a = [1,\n2", "", "unclosed array");
    wrong(&value("until = 2022-02-30"), "2022-02-30", "invalid date, expected day between 01 and 28");
    wrong(&format!("a = {}", "[".repeat(100_000)), "[", "recurs");
    // The act.
    wrong("", "", "the file has no id");
    wrong("id = 5", "5", "\"5\" is not an entry's id: write a UUID");
    wrong("id = \"zz\"", "\"zz\"", "is not an entry's id");
    wrong(HEAD.split_once('\n').unwrap().0, "", "the file has no act: add a table [act]");
    wrong(&HEAD.replace("[act]", "[[act]]"), "[[act]]", "`act` is a list, and a table belongs here: write [act]");
    wrong(&HEAD.replace("[act]", "[acts]"), "acts", "did you mean `act`?");
    wrong(&HEAD.replace("title =", "titel ="), "titel", "unknown key `titel`: did you mean `title`?");
    wrong(&HEAD.replace("\"Award\"", "4"), "4", "the number 4 where text in quotes belongs");
    wrong(&HEAD.replace("\"Award\"", "2021-12-20"), "2021-12-20", "a date, 2021-12-20, where text in quotes belongs");
    wrong(&HEAD.replace("\"decision\"", "\"decison\""), "\"decison\"", "unknown word \"decison\": did you mean `decision`?");
    wrong(&HEAD.replace("decided = 2021-12-20", ""), "[act]", "the key `decided` is missing: add the day of the act");
    wrong(&file("answers = \"20/1\""), "\"20/1\"", "the text \"20/1\" where a list, in [ ], belongs");
    wrong(&file("key_decision = \"yes\""), "\"yes\"", "where true or false belongs");
    wrong(&file("[[document]]\ncode = \"C\""), "[[document]]", "the key `title` is missing: add title = …");
    wrong(&file("[[document]]\ncode = \"C 1\"\ntitle = \"x\""), "\"C 1\"", "is not a source");
    wrong(&file("[[documents]]\ncode = \"C\""), "documents", "did you mean `document`?");
    // Events.
    wrong(&file("[event]\nkind = \"ended\""), "[event]", "write [[event]], with two brackets");
    wrong(&file("[[event]]\neffective = 2022-01-01"), "[[event]]", "the kinds are `contract-defined`");
    wrong(&file("[[event]]\nkind = 4"), "4", "a number where the kind of event belongs");
    wrong(&file("[[event]]\nkind = \"endde\""), "\"endde\"", "did you mean `ended`?");
    wrong(&value(GOOD).replace("standing = \"decided\"\n", ""), "[[event]]", "say how firmly it stands");
    wrong(&value(GOOD).replace("\"decided\"\nsources", "\"decide\"\nsources"), "\"decide\"", "did you mean `decided`?");
    wrong(&value(GOOD).replace("effective = 2022-04-01\n", ""), "[[event]]", "add the day from which it holds");
    wrong(&value(GOOD).replace("sources = [\"C 4.1\"]\n", ""), "[[event]]", "say where it is written");
    wrong(&value(GOOD).replace("\"C 4.1\"", "\"C4.1\""), "\"C4.1\"", "write a document's code, a space and the paragraph");
    wrong(&value(&format!("{GOOD}becuase = \"x\"")), "becuase", "did you mean `because`?");
    wrong(&value(&format!("{GOOD}last_day = 2023-03-31")), "last_day", "the last day on which it holds is `until`");
    wrong(&value(&format!("{GOOD}zebra = 1")), "zebra", "the keys here are `contract`, `line`, `amount`, `basis`, `with`, `kind`");
    wrong(&value(&GOOD.replace("basis = \"year\"", "")), "[[event]]", "`year`, `whole-period`, `once` or `full-year`; `unstated` is for a source that does not say");
    wrong(&value(&GOOD.replace("\"year\"", "\"yearly\"")), "\"yearly\"", "did you mean `year`?");
    wrong(&value(&GOOD.replace("\"year\"", "4")), "4", "the words are `year`, `whole-period`");
    wrong(&value(&GOOD.replace("\"£1m\"", "997350.68")), "997350.68", "write it in quotes, as \"997350.68\", so that no digit is lost");
    wrong(&value(&GOOD.replace("\"£1m\"", "nan")), "nan", "a float, nan, where");
    wrong(&value(&GOOD.replace("\"£1m\"", "\"£1,0\"")), "\"£1,0\"", "is not an amount");
    wrong(&value(&GOOD.replace("\"£1m\"", "99999999999999999999")), "99999999999999999999", "too large");
    wrong(&value(&GOOD.replace("\"£1m\"", "true")), "true", "true where a value in quotes");
    wrong(&value(&GOOD.replace("\"£1m\"", "{ unknwon = \"x\" }")), "{ unknwon = \"x\" }", "did you mean `unknown`?");
    wrong(&value(&GOOD.replace("\"£1m\"", "{ unknown = \"\" }")), "{ unknown = \"\" }", "with no reason");
    wrong(&value(&GOOD.replace("{ measure = \"value\" }", "4")), "4", "a table, in { }, belongs");
    wrong(&value(&GOOD.replace("\"value\"", "\"vlaue\"")), "\"vlaue\"", "did you mean `value`?");
    wrong(&value(&GOOD.replace("measure = \"value\"", "part = \"lot 1\"")), "{ part = \"lot 1\" }", "the key `measure` is missing");
    wrong(&value(&GOOD.replace("\"value\"", "\"value\", prt = \"lot 1\"")), "prt", "did you mean `part`?");
    wrong(&value(&GOOD.replace("\"value\"", "\"value\", part = \"lott 1\"")), "\"lott 1\"", "write \"whole\", \"lot 4\"");
    wrong(&value(&format!("{GOOD}until = \"2022-02-30\"")), "\"2022-02-30\"", "is not a date");
    wrong(&value(&format!("{GOOD}until = 2022-02-20T10:00:00Z")), "2022-02-20T10:00:00Z", "is not a date");
    wrong(&clause("{ term_cap = { months = 4 } }"), "term_cap", "did you mean `term-cap`?");
    wrong(&clause("\"term-cap\""), "\"term-cap\"", "a word alone where a table");
    wrong(&clause("{ term-cap = { months = -4 } }"), "-4", "the number -4 where a whole number from 0 belongs");
    wrong(&clause("{ term-cap = { months = 4.5 } }"), "4.5", "a float, 4.5, where a whole number from 0 belongs");
    wrong(&clause("{ eligibility = { from_age = 300 } }"), "300", "from 0 to 255");
    wrong(&sealed("[3]", "[8]"), "[8]", "8 is not a paragraph of Part 1 of Schedule 12A: write 1 to 7");
    wrong(&sealed("[3]", "[0]"), "[0]", "0 is not a paragraph of Part 1 of Schedule 12A");
    wrong(&sealed("[3]", "3"), "3", "the number 3 where a list, in [ ], belongs");
    wrong(&sealed("[3]", "[3.0]"), "3.0", "a float, 3.0, where a whole number");
    wrong(&sealed(", public_interest = \"prices\"", ""), "{ paragraphs = [3] }", "say why the public interest in keeping it exempt outweighs that in disclosing it");
    wrong(&sealed("exempt =", "exmpt ="), "exmpt", "did you mean `exempt`?");
    wrong(&sealed("classification =", "clasification ="), "clasification", "did you mean `classification`?");
    wrong(&sealed("commitment = \"0011", "commitment = \"001"), &format!("\"001{}\"", &"00112233445566778899aabbccddeeff".repeat(2)[4..]), "the text is not a commitment: write its 64 hexadecimal digits");
    wrong(&sealed(&SEALED[SEALED.find("commitment").unwrap()..], ""), "[[event]]", "seal the content first, with `minutebook content seal`");
    wrong(&ended(""), "[[event]]", "the key `effective` is missing");
    wrong(&ended("last_day = \"soon\""), "\"soon\"", "\"soon\" is not a date");
    wrong(&ended("last_day = 2022-03-31\neffective = 2022-04-01"), "last_day", "both `effective` and `last_day`");
}

#[test]
fn the_first_fault_in_the_file_is_the_one_told() {
    wrong(&value("line = 1\namount = 1.5\nbasis = 2"), "1", "the number 1 where a table");
}

#[test]
fn a_missing_id_is_suggested_and_the_suggestion_is_stable() {
    let text = HEAD.split_once('\n').unwrap().1;
    let remedy = error(text).remedy.unwrap();
    assert_eq!(remedy, format!("add, as the first line: id = \"{}\"", EntryId::from_text(text)));
    let line = remedy.split_once(": ").unwrap().1;
    assert!(DecisionFile::parse(&format!("{line}\n{text}")).is_ok());
}

#[test]
fn last_day_means_effective_on_the_day_after() {
    for (last_day, effective) in
        [("2022-03-31", "2022-04-01"), ("\"2022-03-31\"", "2022-04-01"), ("\"../2022-03-31\"", "../2022-04-01")]
    {
        let text = ended(&format!("last_day = {last_day}"));
        let file = DecisionFile::parse(&text).unwrap();
        assert_eq!(file.draft.events[0].effective.canonical(), effective);
        assert_eq!(&text[file.place_of(Some(0), Some("effective"))], last_day);
    }
    let EventKind::TermSet { last_day, .. } = &DecisionFile::parse(DRAFT).unwrap().draft.events[7].kind else {
        panic!()
    };
    assert_eq!(last_day.canonical(), "2021-03-31");
}

#[test]
fn a_place_falls_back_from_the_field_to_the_event_to_the_file() {
    let text = value("line.measure = \"value\"\nline.part = \"lot 1\"\namount = 5\nbasis = \"year\"");
    let file = DecisionFile::parse(&text).unwrap();
    let at = |event, field| &text[file.place_of(event, field)];
    assert_eq!(at(Some(0), Some("line.part")), "\"lot 1\"");
    assert_eq!(at(Some(0), Some("sources.0")), "\"C 4.1\"");
    assert_eq!(at(Some(0), Some("sources.7")), "[\"C 4.1\"]");
    assert_eq!(at(Some(0), Some("until")), "[[event]]");
    assert_eq!(at(Some(0), None), "[[event]]");
    assert_eq!(at(None, Some("act.reference")), "\"21/00110\"");
    assert_eq!(at(None, Some("act.office")), "[act]");
    assert_eq!(file.place_of(None, None), 0..0);
    assert_eq!(file.place_of(Some(9), Some("line")), 0..0);
}

#[test]
fn bytes_that_are_no_text_have_a_place() {
    let bytes = [HEAD.as_bytes(), b"verb = \"caf\xe9\"\n"].concat();
    let error = DecisionFile::from_bytes(&bytes).unwrap_err().remove(0);
    assert!(error.reason.contains("the byte 0xE9 at offset"), "{error}");
    let text = String::from_utf8_lossy(&bytes);
    let shown = render("a.toml", &text, error.span, &error.reason, error.remedy.as_deref());
    assert!(
        shown.starts_with("a.toml:7:12\n  |\n7 | verb = \"caf\u{fffd}\"\n  |            ^\n\nthe byte 0xE9"),
        "{shown}"
    );
    let cut = DecisionFile::from_bytes(&[0xc2]).unwrap_err().remove(0);
    assert!(cut.reason.contains("offset 0, in line 1"), "{cut}");
}

#[test]
fn a_file_over_the_limit_is_refused() {
    let text = " ".repeat(MAX_FILE_BYTES + 1);
    assert_eq!(error(&text).reason, "the file has 4194305 bytes, and the limit is 4194304");
    assert!(error(&text[1..]).reason.contains("no id"));
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_read() {
    let text = format!("\u{feff}{}", DRAFT.replace('\n', "\r\n"));
    assert_eq!(DecisionFile::parse(&text).unwrap().draft, DecisionFile::parse(DRAFT).unwrap().draft);
    let text = text.replace("title = \"Every", "titel = \"Every");
    let error = error(&text);
    let shown = render("a.toml", &text, error.span, &error.reason, None);
    assert!(shown.starts_with("a.toml:6:1\n  |\n6 | titel = \"Every kind of event\"\n  | ^^^^^\n"), "{shown}");
}

#[test]
fn an_error_is_shown_with_place_excerpt_and_explanation() {
    let text = value(&GOOD.replace("\"£1m\"", "997350.68"));
    let error = error(&text);
    let shown = render("award.toml", &text, error.span, &error.reason, error.remedy.as_deref());
    let expected = "award.toml:14:10
   |
14 | amount = 997350.68
   |          ^^^^^^^^^

a float, 997350.68, where a value in quotes (or { unknown = \"why\" }, or { withheld = \"ground\" }) belongs
write it in quotes, as \"997350.68\", so that no digit is lost
";
    assert_eq!(shown, expected);
}

#[test]
fn columns_count_characters_and_a_long_line_is_cut_around_the_fault() {
    let shown = |text: &str, span| render("f", text, span, "why", None);
    assert_eq!(shown("££x", 4..5), "f:1:3\n  |\n1 | ££x\n  |   ^\n\nwhy\n");
    assert_eq!(shown("\ta\u{1b}[2J", 1..2), "f:1:2\n  |\n1 |  a [2J\n  |  ^\n\nwhy\n");
    assert_eq!(shown("", 7..9), "f:1:1\n  |\n1 | \n  | ^\n\nwhy\n");
    assert_eq!(shown("a\nb\n", 4..4), "f:3:1\n  |\n3 | \n  | ^\n\nwhy\n");
    let long = shown(&"x".repeat(100_000), 50_000..50_002);
    assert!(long.starts_with("f:1:50001\n") && long.contains(&format!("| {}^^\n", " ".repeat(60))) && long.len() < 500);
}

/// Of each fault of a file: the event it is in, the field, and whether that is missing.
fn told(text: &str) -> Vec<(Option<usize>, String, bool)> {
    let faults = DecisionFile::read(text).unwrap_err();
    faults.into_iter().map(|fault| (fault.event, fault.field.unwrap_or_default(), fault.is_missing)).collect()
}

#[test]
fn every_fault_of_a_file_is_told_with_its_event_and_its_field() {
    let text = value(&GOOD.replace("\"£1m\"", "1.5").replace("basis = \"year\"", "basis = \"month\""))
        + "[[event]]\nkind = \"clause-set\"\nclause = { tolerance = { lower = \"many\" } }\nsources = [\"C 1\", \"C\"]\n\
           [[event]]\nkind = \"ended\"\nlast_day = \"soon\"\ncontract = \"lwk\"\nstanding = \"decided\"\nsources = [\"C 1\"]\n\
           [[event]]\nkind = \"nonsense\"\nstanding = 7\n[[document]]\ntitle = 1\n";
    let text = text.replacen("kind = \"decision\"\ndecided = 2021-12-20\n", "", 1);
    let of = |event, field: &str, is_missing| (event, field.to_owned(), is_missing);
    let expected = [
        of(None, "act.decided", true),
        of(None, "act.kind", true),
        of(None, "document.0.code", true),
        of(None, "document.0.title", false),
        of(Some(0), "amount", false),
        of(Some(0), "basis", false),
        of(Some(1), "clause.tolerance.lower", false),
        of(Some(1), "contract", true),
        of(Some(1), "effective", true),
        of(Some(1), "sources.1", false),
        of(Some(1), "standing", true),
        of(Some(2), "last_day", false),
        of(Some(3), "kind", false),
    ];
    let mut told = told(&text);
    told.sort();
    assert_eq!(told, expected);
    assert_eq!(error(&text), DecisionFile::read(&text).unwrap_err().remove(0));
}

#[test]
fn a_misspelt_key_is_one_fault() {
    let text = value(&GOOD.replace("amount", "amuont"));
    assert_eq!(told(&text), [(Some(0), String::new(), false)]);
}

#[test]
fn a_rejection_is_of_the_field_that_the_file_has() {
    let file = DecisionFile::parse(&ended("last_day = 2022-03-31")).unwrap();
    let fault = file.fault(Some(0), Some("effective"), "why".to_owned(), None);
    assert_eq!((fault.event, fault.field.as_deref()), (Some(0), Some("last_day")));
}

/// A line of a decision file: mostly right, often not.
fn line() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "id",
        "kind",
        "effective",
        "until",
        "last_day",
        "standing",
        "sources",
        "contract",
        "line",
        "line.part",
        "amount",
        "basis",
        "clause",
        "party",
        "strikes",
        "because",
        "months",
        "readings",
        "decided",
        "\"\"",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "\"ended\"",
            "\"value-set\"",
            "\"clause-set\"",
            "\"total-stated\"",
            "\"correction\"",
            "\"decided\"",
            "2021-05-01",
            "\"2021-05\"",
            "9999-12-31",
            "\"../9999-12-31\"",
            "12:00:00",
            "1.5",
            "-inf",
            "0x7fffffffffffffffff",
            "-1",
            "[]",
            "{}",
            "[\"C 1\"]",
            "{ measure = \"value\" }",
            "{ term-cap = {} }",
            "[[1], {a = 1}]",
            "true",
            "\"£1m\"",
            "'''x'''",
            "{ entry = \"ab61f2c8-6d3b-4a37-9d3c-5f0c6f1f2a10\", event = 1 }",
            "[{ label = \"a\", parts = [{}] }]",
        ])
        .prop_map(ToOwned::to_owned),
        "\"\\PC{0,8}\"",
    ];
    let header =
        prop::sample::select(vec!["[act]", "[[event]]", "[[document]]", "[event]", "[[event.readings]]", "[x.y]"]);
    prop_oneof![
        4 => (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
        2 => header.prop_map(ToOwned::to_owned),
        1 => "\\PC{0,20}",
    ]
}

fn reads_or_has_a_place(text: &str) -> Result<(), TestCaseError> {
    let Err(errors) = DecisionFile::read(text) else { return Ok(()) };
    prop_assert!(!errors.is_empty());
    for error in errors {
        prop_assert!(text.get(error.span.clone()).is_some(), "{:?} is no place in {:?}", error.span, text);
        prop_assert!(!error.reason.is_empty());
        let shown = render("f.toml", text, error.span, &error.reason, error.remedy.as_deref());
        prop_assert!(shown.starts_with("f.toml:"));
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        reads_or_has_a_place(&text)?;
    }

    #[test]
    fn no_lines_break_the_reader(lines in prop::collection::vec(line(), 0..20), headed in any::<bool>()) {
        let lines = lines.join("\n");
        reads_or_has_a_place(&if headed { file(&lines) } else { lines })?;
    }

    #[test]
    fn no_change_to_a_good_file_breaks_the_reader(at in 0..DRAFT.len(), cut in 0..40usize, put in "\\PC{0,6}") {
        let bytes = DRAFT.as_bytes();
        let end = (at + cut).min(bytes.len());
        let changed = [&bytes[..at], put.as_bytes(), &bytes[end..]].concat();
        match String::from_utf8(changed) {
            Ok(text) => reads_or_has_a_place(&text)?,
            Err(error) => prop_assert!(DecisionFile::from_bytes(error.as_bytes()).is_err()),
        }
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for error in DecisionFile::from_bytes(&bytes).err().unwrap_or_default() {
            render("f", &String::from_utf8_lossy(&bytes), error.span, &error.reason, error.remedy.as_deref());
        }
    }

    #[test]
    fn no_span_breaks_the_excerpt(text in any::<String>(), from in 0..300usize, len in 0..300usize) {
        render("f", &text, from..from + len, "why", Some("so"));
    }
}
