//! The workbook, opened again by another hand than the one that wrote it: every figure of every sheet is what the ledger answers,
//! a number where it is one and a day where it is one, with its standing; and nothing in it is more than that.

use crate::given::act;
use crate::places::also_on_a_server;
use crate::run::{Place, reopen};
use crate::sealed;
use calamine::{Data, DataType, Reader, Xlsx, open_workbook};
use chrono::NaiveDate;
use minutebook_events::decision_file::DecisionFile;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// A sheet as it is read: its headings, and its rows.
struct Sheet {
    headings: Vec<String>,
    rows: Vec<Vec<Data>>,
}

impl Sheet {
    fn cell(&self, row: usize, heading: &str) -> &Data {
        let column = self.headings.iter().position(|known| known == heading);
        &self.rows[row][column.unwrap_or_else(|| panic!("no {heading} among {:?}", self.headings))]
    }

    /// The rows by what stands in their first column.
    fn column(&self, heading: &str) -> Vec<String> {
        (0..self.rows.len()).map(|row| self.cell(row, heading).to_string()).collect()
    }
}

fn report(place: &Place, coordinates: &[&str]) -> PathBuf {
    place.run(&[&["report", "--out", "out", "--formats", "xlsx"], coordinates].concat()).ok();
    place.path().join("out").join("contracts.xlsx")
}

fn opened(path: &PathBuf) -> BTreeMap<String, Sheet> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let names = book.sheet_names();
    let read = names.into_iter().map(|name| {
        assert!(book.worksheet_formula(&name).unwrap().is_empty(), "{name} has a formula");
        let range = book.worksheet_range(&name).unwrap();
        let mut rows: Vec<Vec<Data>> = range.rows().map(<[Data]>::to_vec).collect();
        if rows.is_empty() {
            return (name, Sheet { headings: vec![], rows });
        }
        let headings = rows.remove(0).iter().map(ToString::to_string).collect();
        (name, Sheet { headings, rows })
    });
    read.collect()
}

/// Everything in the package, unpacked, by its name.
fn unpacked(path: &PathBuf) -> BTreeMap<String, String> {
    let mut package = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let names: Vec<String> = package.file_names().map(|name| name.unwrap().into_owned()).collect();
    let read = names.into_iter().map(|name| {
        let mut text = String::new();
        package.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
        (name, text)
    });
    read.collect()
}

/// What a sheet has to say: the question, whether of each contract alone, the kinds of rows, and for each heading the cell that
/// stands there as it is.
struct Says {
    sheet: &'static str,
    question: &'static str,
    of_each: bool,
    kinds: &'static [&'static str],
    words: &'static [(&'static str, &'static str)],
    figures: &'static [(&'static str, &'static str)],
}

const SAYS: [Says; 12] = [
    Says {
        sheet: "State",
        question: "state",
        of_each: false,
        kinds: &["in-force", "may-be-in-force", "said-to-be-in-force", "not-yet-in-force", "not-determined", "ended"],
        words: &[("Contract", "contract"), ("Title", "title")],
        figures: &[("Status", "status"), ("Amount a year (£)", "value"), ("Term to", "term")],
    },
    Says {
        sheet: "Register",
        question: "register",
        of_each: true,
        kinds: &["contract", "lot"],
        words: &[("Contract", "contract")],
        figures: &[("Status", "status"), ("Term to", "term"), ("Option", "option"), ("Latest end", "latest-end")],
    },
    Says {
        sheet: "Clauses and steps",
        question: "register",
        of_each: true,
        kinds: &["clause", "milestone", "content", "detail"],
        words: &[("Contract", "contract"), ("Fact", "what")],
        figures: &[("Says", "says")],
    },
    Says {
        sheet: "Value",
        question: "value",
        of_each: true,
        kinds: &["value"],
        words: &[("Contract", "contract"), ("Measure", "measure")],
        figures: VALUES,
    },
    Says {
        sheet: "Value by year",
        question: "value",
        of_each: true,
        kinds: &["financial-year"],
        words: &[("Contract", "contract"), ("Financial year", "year"), ("Measure", "measure")],
        figures: &[("Amount (£)", "amount")],
    },
    Says {
        sheet: "Value by funder",
        question: "value",
        of_each: true,
        kinds: &["by-funder"],
        words: &[("Contract", "contract"), ("Funder", "funder"), ("Measure", "measure")],
        figures: VALUES,
    },
    Says {
        sheet: "Stated totals",
        question: "value",
        of_each: true,
        kinds: &["stated-total"],
        words: &[
            ("Contract", "contract"),
            ("Total", "total"),
            ("Of which parts", "parts"),
            ("Difference", "difference"),
        ],
        figures: &[("Stated (£)", "stated"), ("Computed (£)", "computed")],
    },
    Says {
        sheet: "Lots",
        question: "lots",
        of_each: false,
        kinds: &["lot"],
        words: &[("Contract", "contract"), ("Lot", "lot"), ("Title of the lot", "title")],
        figures: &[("Holder", "holder"), ("Status", "status")],
    },
    Says {
        sheet: "Services",
        question: "lots",
        of_each: false,
        kinds: &["service"],
        words: &[("Contract", "contract"), ("Service", "service")],
        figures: &[("Says", "says"), ("Status", "status")],
    },
    Says {
        sheet: "Partners",
        question: "network",
        of_each: false,
        kinds: &["partner"],
        words: &[("Contract", "contract"), ("Role", "role")],
        figures: &[("Party", "party")],
    },
    Says {
        sheet: "Decisions",
        question: "decisions",
        of_each: false,
        kinds: &["act", "perhaps-decided-by-then"],
        words: &[("Reference", "reference"), ("Title", "title"), ("Kind", "kind"), ("Office", "office")],
        figures: &[],
    },
    Says {
        sheet: "Findings",
        question: "findings",
        of_each: false,
        kinds: &["finding"],
        words: &[("Weight", "weight"), ("Rule", "rule"), ("Finding", "finding")],
        figures: &[],
    },
];

const VALUES: &[(&str, &str)] = &[
    ("A year (£)", "a-year"),
    ("First term (£)", "first-term"),
    ("With options (£)", "with-options"),
    ("Left, with options (£)", "left"),
];

fn rows(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["answer"].as_array().unwrap().iter()
}

fn str_of<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

/// A day as a spreadsheet counts it.
fn serial(day: NaiveDate) -> f64 {
    (day - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap()).num_days() as f64
}

/// The cell that a figure has to be, from the ledger's own answer as JSON.
#[track_caller]
fn same(cell: &Data, figure: &Value, is_term: bool) {
    let (text, value) = (str_of(figure, "text"), &figure["value"]);
    let told = |says: &str| assert_eq!(cell, &Data::String(says.to_owned()), "{figure:#}");
    let day = |day: NaiveDate| match cell {
        Data::DateTime(at) => assert_eq!(at.as_f64(), serial(day), "{figure:#}"),
        other => panic!("{other:?} is no day: {figure:#}"),
    };
    let term = text.split_once("to ").and_then(|(_, last)| NaiveDate::parse_from_str(last, "%d %B %Y").ok());
    match (figure["knowledge"].as_str().unwrap(), value.as_str()) {
        ("known", _) if is_term && term.is_some() => day(term.unwrap()),
        ("known", Some(pounds)) if text.contains('£') && pounds.parse::<f64>().is_ok() => {
            assert_eq!(cell, &Data::Float(pounds.parse().unwrap()), "{figure:#}");
        }
        ("known", Some(date)) if NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok() => {
            day(NaiveDate::parse_from_str(date, "%Y-%m-%d").unwrap());
        }
        ("known", _) if value.is_number() => assert_eq!(cell, &Data::Float(value.as_f64().unwrap())),
        _ if text == "not determined: nothing in effect on this day" => told("nothing"),
        _ => told(text),
    }
}

fn standing(figure: &Value) -> String {
    let word = match (figure["knowledge"].as_str().unwrap(), figure["standing"].as_str()) {
        ("known", Some(standing)) => standing,
        ("known", None) => "computed",
        // What is withheld may be proposed, and no more.
        ("withheld", Some(standing)) => &format!("withheld, {standing}"),
        (knowledge, _) => knowledge,
    };
    if figure["uncertain"].is_null() { word.to_owned() } else { format!("{word}, uncertain") }
}

fn written(figure: &Value) -> String {
    let list = |name: &str| -> Vec<String> {
        let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), ToOwned::to_owned);
        figure[name].as_array().unwrap().iter().map(text).collect()
    };
    match list("entries").as_slice() {
        [] => "in no entry".to_owned(),
        [entry] => format!("{}; entry {entry}", list("sources").join(", ")),
        entries => format!("{}; entries {}", list("sources").join(", "), entries.join(", ")),
    }
}

/// The figures of a sheet that stand as firmly as that, and how many there are.
fn checked(says: &Says, sheet: &Sheet, answers: &[Value]) -> usize {
    let mut expected: Vec<&Value> =
        answers.iter().flat_map(rows).filter(|row| says.kinds.contains(&row["row"].as_str().unwrap())).collect();
    // Sheets are in the order of contracts, the state in that of its groups.
    expected.sort_by_key(|row| str_of(row, "contract"));
    if expected.is_empty() {
        assert_eq!(sheet.rows[0][0].to_string(), "nothing in the record at these coordinates", "{}", says.sheet);
        return 0;
    }
    assert_eq!(sheet.rows.len(), expected.len(), "{}", says.sheet);
    let mut figures = 0;
    for (number, row) in expected.into_iter().enumerate() {
        for (heading, name) in says.words {
            let said = if str_of(row, name).is_empty() { "none" } else { str_of(row, name) };
            assert_eq!(sheet.cell(number, heading).to_string(), said, "{}: {row:#}", says.sheet);
        }
        for (heading, name) in says.figures {
            let [cell, how, places] = ["", ": standing", ": where it is written"]
                .map(|more| sheet.cell(number, &format!("{heading}{more}")).clone());
            let one = match &row[*name] {
                Value::Array(several) => several.clone(),
                one => vec![one.clone()],
            };
            match one.as_slice() {
                [] => assert_eq!(
                    [&cell, &how].map(ToString::to_string),
                    ["not in the record", "unknown"].map(ToOwned::to_owned)
                ),
                [figure] => {
                    same(&cell, figure, *name == "term");
                    assert_eq!(
                        [how.to_string(), places.to_string()],
                        [standing(figure), written(figure)],
                        "{figure:#}"
                    );
                }
                several => {
                    // In words, each with its measure; nothing is added up.
                    for figure in several {
                        let measure = str_of(figure, "fact").strip_prefix("a-year/").unwrap();
                        assert!(cell.to_string().contains(&format!("{measure}: {}", str_of(figure, "text"))));
                        assert!(how.to_string().contains(&format!("{measure}: {}", standing(figure))));
                        assert!(places.to_string().contains(&format!("{measure}: {}", written(figure))));
                    }
                }
            }
            let beside = sheet.cell(number, "How it was made, doubts, and what stands beside").to_string();
            for figure in &one {
                let doubt = figure["uncertain"].as_str().map(|doubt| format!("uncertain: {doubt}"));
                let others = figure["others"].as_array().unwrap().iter();
                let others = others.map(|other| format!("{}: {}", str_of(other, "standing"), str_of(other, "text")));
                doubt.into_iter().chain(others).for_each(|says| assert!(beside.contains(&says), "{says}: {beside}"));
                figures += 1;
            }
        }
    }
    figures
}

#[test]
fn every_figure_is_what_the_ledger_answers() {
    let place = Place::kent();
    for at in [
        &["--as-of", "2018-06-01"][..],
        &["--as-of", "2025-11-22"],
        &["--as-of", "2024-06-01", "--decided-by", "2022-02-01", "--known-at", "30"],
    ] {
        let path = report(&place, at);
        let sheets = opened(&path);
        let asked: RefCell<BTreeMap<String, Value>> = RefCell::default();
        let ask = |args: &[&str]| {
            let mut asked = asked.borrow_mut();
            let of = || place.run(&[args, at, &["--json"]].concat()).ok().json();
            asked.entry(args.join(" ")).or_insert_with(of).clone()
        };
        let state = ask(&["state"]);
        let contracts: BTreeSet<String> = rows(&ask(&["register"]))
            .filter(|row| row["row"] == "contract")
            .map(|row| str_of(row, "contract").to_owned())
            .collect();
        let mut figures = 0;
        for says in &SAYS {
            let answers: Vec<Value> = match says.of_each {
                true => contracts.iter().map(|contract| ask(&[says.question, contract])).collect(),
                false => vec![ask(&[says.question])],
            };
            figures += checked(says, &sheets[says.sheet], &answers);
            if says.sheet == "Value by year" {
                years(&sheets["Years together"], &answers);
            }
        }
        assert!(figures > 100, "{figures}");
        // Acts are dated: by days, where they are known to the day.
        let decisions = &sheets["Decisions"];
        for (number, row) in rows(&ask(&["decisions"])).enumerate() {
            let said = str_of(row, "decided");
            match (decisions.cell(number, "Decided"), NaiveDate::parse_from_str(said, "%d %B %Y")) {
                (Data::DateTime(at), Ok(day)) => assert_eq!(at.as_f64(), serial(day)),
                (Data::String(words), Err(_)) => assert_eq!(words, said),
                other => panic!("{other:?}: {row:#}"),
            }
        }
        let about: Vec<String> = sheets["About"].rows.iter().map(|row| format!("{}|{}", row[0], row[2])).collect();
        let says = |says: &str| assert!(about.iter().any(|line| line.contains(says)), "{says}: {about:#?}");
        let as_of = NaiveDate::parse_from_str(str_of(&state, "as_of"), "%Y-%m-%d").unwrap();
        says(&format!("As of|{}", as_of.format("%-d %B %Y")));
        says(&format!("As known at|position {}, recorded ", state["known_at"]["position"]));
        for word in ["happened", "decided", "planned", "endorsed", "proposed", "inferred", "withheld", "conflicting"] {
            says(&format!("{word}|"));
        }
    }
}

/// The sums over all contracts are of one measure and of the same class of standing, and of nothing else.
#[track_caller]
fn years(sheet: &Sheet, answers: &[Value]) {
    const SUMS: [&str; 4] =
        ["Firm (£)", "Planned, endorsed or proposed (£)", "Inferred (£)", "May not hold on the day (£)"];
    #[derive(Default)]
    struct Year {
        sums: [f64; 4],
        counts: [f64; 3],
    }
    let mut expected: BTreeMap<(String, String), Year> = BTreeMap::new();
    for row in answers.iter().flat_map(rows).filter(|row| row["row"] == "financial-year") {
        let (measure, amount) = (str_of(row, "measure"), &row["amount"]);
        let (own, others) = measure.split_once(" with ").unwrap_or((measure, ""));
        let year = expected.entry((own.to_owned(), str_of(row, "year").to_owned())).or_default();
        if !others.is_empty() {
            year.counts[2] += 1.0;
        } else if amount["knowledge"] == "known" {
            let sum = match amount["standing"].as_str() {
                _ if !amount["uncertain"].is_null() => 3,
                Some("happened" | "decided") => 0,
                Some("planned" | "endorsed" | "proposed") => 1,
                _ => 2,
            };
            year.sums[sum] += str_of(amount, "value").parse::<f64>().unwrap();
            year.counts[0] += 1.0;
        } else {
            year.counts[1] += 1.0;
        }
    }
    if expected.is_empty() {
        return assert_eq!(sheet.rows[0][0].to_string(), "nothing in the record at these coordinates");
    }
    assert_eq!(sheet.rows.len(), expected.len());
    for (number, ((measure, name), year)) in expected.into_iter().enumerate() {
        assert_eq!(
            [sheet.cell(number, "Measure"), sheet.cell(number, "Financial year")].map(ToString::to_string),
            [measure, name]
        );
        let number_in = |column: usize| sheet.rows[number][column].as_f64().unwrap();
        for (column, (heading, sum)) in SUMS.into_iter().zip(year.sums).enumerate() {
            assert_eq!(sheet.headings[column + 2], heading);
            assert!((number_in(column + 2) - sum).abs() < 0.005, "{heading}: {:?}", sheet.rows[number]);
        }
        assert_eq!([6, 7, 8].map(number_in), year.counts, "{:?}", sheet.rows[number]);
    }
}

/// What a spreadsheet does with a sheet: it stands still under its headings, is filtered, prints on a page's width.
#[test]
fn a_sheet_is_ready_to_be_read_filtered_and_printed() {
    let place = Place::kent();
    let path = report(&place, &["--as-of", "2025-11-22"]);
    let parts = unpacked(&path);
    let number = |name: &str| opened_order(&path).iter().position(|known| known == name).unwrap() + 1;
    assert_eq!(number("About"), 1);
    for says in &SAYS {
        let sheet = &parts[&format!("xl/worksheets/sheet{}.xml", number(says.sheet))];
        let print = ["state=\"frozen\"", "<autoFilter ref=\"A1:", "fitToPage=\"1\"", "orientation=\"landscape\""];
        for has in print.into_iter().chain(["paperSize=\"9\"", "Page &amp;P of &amp;N", "as of 22 November 2025"]) {
            assert!(sheet.contains(has), "{}: {has}", says.sheet);
        }
        assert!(parts["xl/workbook.xml"].contains(&format!("'{}'!$1:$1", says.sheet)) || !says.sheet.contains(' '));
    }
    // It was made when the last entry was recorded, whenever that is asked.
    let recorded = reopen(place.at()).view().projections.entry(minutebook_events::Position(38)).unwrap().entry.recorded;
    let core = &parts["docProps/core.xml"];
    assert!(core.contains(&recorded.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()), "{core}");
    assert!(core.contains("<dc:title>Contracts</dc:title>") && core.contains("as of 22 November 2025"), "{core}");
    // Stacked by standing, of the measures that say what a contract is worth.
    let charts: Vec<&String> =
        parts.iter().filter(|(name, _)| name.starts_with("xl/charts/chart")).map(|(_, text)| text).collect();
    assert!(!charts.is_empty());
    for chart in charts {
        assert!(chart.contains("<c:grouping val=\"stacked\"/>") && chart.matches("<c:ser>").count() == 4, "{chart}");
    }
    assert!(!parts.values().any(|text| text.contains("<f>") && text.contains("<sheetData>")), "a formula");
    // What is not firm is in italics: the cells of a figure look other than those of a firm one.
    let looks = |standing: &str| -> BTreeSet<String> {
        let sheet = opened(&path).remove("State").unwrap();
        let at = sheet.headings.iter().position(|heading| heading == "Status: standing").unwrap();
        let letter = char::from(b'A' + u8::try_from(at).unwrap());
        let rows = sheet.column("Status: standing");
        let xml = &parts[&format!("xl/worksheets/sheet{}.xml", number("State"))];
        let rows = rows.iter().enumerate().filter(|(_, word)| *word == standing);
        rows.map(|(row, _)| {
            let cell = xml.split(&format!("r=\"{letter}{}\" s=\"", row + 2)).nth(1).unwrap();
            cell.split('"').next().unwrap().to_owned()
        })
        .collect()
    };
    let (firm, not) = (looks("happened"), looks("happened, uncertain"));
    assert!(!firm.is_empty() && !not.is_empty() && firm.is_disjoint(&not), "{firm:?} {not:?}");
}

fn opened_order(path: &PathBuf) -> Vec<String> {
    open_workbook::<Xlsx<_>, _>(path).unwrap().sheet_names()
}

/// A contract of a title, and a value of it.
fn titled(contract: &str, title: &str, more: &str) -> String {
    let title = serde_json::to_string(title).unwrap();
    act(
        contract,
        "2020-01-01",
        &format!(
            "[[event]]\nkind = \"contract-defined\"\neffective = 2020-04-01\nstanding = \"decided\"\n\
             sources = [\"{contract} 1\"]\ncontract = \"{contract}\"\ntitle = {title}\n{more}"
        ),
    )
}

#[test]
fn no_name_is_a_formula_and_none_is_lost() {
    let place = Place::empty();
    let titles = [
        "=HYPERLINK(\"http://example.org\")",
        "+44, \"quoted\", and a comma",
        "-2+3",
        "@SUM(A1)",
        "<b>&amp; ]]></b>",
        "_x0041_ is no escape",
        "עברית and العربية",
        "123",
        "2020-04-01",
        "TRUE",
    ];
    for (number, title) in titles.iter().enumerate() {
        let contract = format!("c-{number}");
        place.file("c.toml", titled(&contract, title, "")).run(&["record", "c.toml"]).ok();
    }
    let path = report(&place, &["--as-of", "2021-01-01"]);
    let sheets = opened(&path);
    for name in ["State", "Register"] {
        let read = &sheets[name];
        let cells: Vec<&Data> = (0..titles.len()).map(|row| read.cell(row, "Title")).collect();
        let expected: Vec<Data> = titles.iter().map(|title| Data::String((*title).to_owned())).collect();
        assert_eq!(cells, expected.iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn withheld_content_is_nowhere_in_it() {
    let place = sealed::council();
    sealed::seal(&place, "appendix", "appendix");
    let path = report(&place, &["--as-of", "2024-06-01"]);
    let secret = std::str::from_utf8(sealed::SECRET).unwrap();
    for (name, text) in unpacked(&path) {
        assert!(!text.contains(secret) && !text.contains("4,711"), "{name}");
    }
    let sheets = opened(&path);
    let clauses = &sheets["Clauses and steps"];
    assert_eq!(clauses.column("Says: standing"), ["withheld, decided"]);
    assert!(clauses.column("Says")[0].starts_with("withheld: "), "{:?}", clauses.rows);
}

#[test]
fn a_ledger_without_contracts_has_a_workbook_too() {
    let place = Place::empty();
    place.file("a.toml", crate::given::defines("a")).run(&["record", "a.toml"]).ok();
    let sheets = opened(&report(&place, &["--as-of", "2024-06-01"]));
    for says in SAYS.iter().filter(|says| !matches!(says.sheet, "Decisions" | "Findings")) {
        assert_eq!(sheets[says.sheet].rows[0][0].to_string(), "nothing in the record at these coordinates");
    }
    // What is about no contract stands there.
    assert_eq!(sheets["Decisions"].column("Reference"), ["a"]);
}

/// Of so many contracts that decisions and findings are gathered part by part: each stands once, and the sheet says what is not there.
#[test]
fn what_several_contracts_share_stands_once() {
    const MANY: usize = 1_001;
    let place = Place::empty();
    let line = |file: &str| serde_json::to_string(&DecisionFile::parse(file).unwrap().draft).unwrap() + "\n";
    let value = |contract: &str| {
        format!(
            "[[event]]\nkind = \"value-set\"\neffective = 2020-04-01\nuntil = 2021-03-31\nstanding = \"planned\"\n\
             sources = [\"all 1\"]\ncontract = \"{contract}\"\nline = {{ measure = \"value\", part = \"whole\" }}\n\
             amount = \"£1,000.50\"\nbasis = \"year\"\n"
        )
    };
    let names: Vec<String> = (0..MANY).map(|number| format!("c-{number:04}")).collect();
    let mut lines: String = names.iter().map(|name| line(&titled(name, "A contract", ""))).collect();
    lines += &line(&crate::given::defines("nobody"));
    // One act about contracts that are made in several parts.
    let shared: String = names.iter().step_by(100).map(|name| value(name)).collect();
    lines += &line(&act("all", "2020-02-01", &shared));
    place.file("lines.jsonl", lines).run(&["record", "--lines", "lines.jsonl"]).ok();
    let sheets = opened(&report(&place, &["--as-of", "2020-06-01"]));
    assert_eq!(sheets["State"].column("Contract"), names);
    let decisions: Vec<String> = sheets["Decisions"].column("Reference");
    let each: BTreeSet<&String> = decisions.iter().collect();
    assert_eq!((decisions.len(), each.len()), (MANY + 1, MANY + 1));
    assert!(each.contains(&"all".to_owned()) && !each.contains(&"nobody".to_owned()));
    let about = &sheets["About"];
    let said = |row: &Vec<Data>| row[0] == "Decisions" && row[2].to_string().contains("What is about no contract");
    assert!(about.rows.iter().any(said), "{:?}", about.rows);
    let together = &sheets["Years together"];
    assert_eq!(together.rows.len(), 1);
    assert_eq!(together.cell(0, "Planned, endorsed or proposed (£)"), &Data::Float(11.0 * 1_000.50));
    assert_eq!(together.cell(0, "Firm (£)"), &Data::Float(0.0));
}

also_on_a_server! {
    every_figure_is_what_the_ledger_answers,
    a_sheet_is_ready_to_be_read_filtered_and_printed,
    no_name_is_a_formula_and_none_is_lost,
    withheld_content_is_nowhere_in_it,
    a_ledger_without_contracts_has_a_workbook_too,
    what_several_contracts_share_stands_once,
}
