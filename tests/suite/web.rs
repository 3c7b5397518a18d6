//! Pages and the API as whoever asks over HTTP sees them: the same answers as from the command line, and a clear word where there
//! is none.

use crate::given::act;
use crate::places::also_on_a_server;
use crate::run::{Place, ran, topics};
use crate::served::{Server, Serving};
use minutebook::ledger::Ledger;
use minutebook::question::{Question, Topic};
use minutebook::report;
use minutebook::web::Settings;
use minutebook_events::EntryId;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A draft that defines a party.
fn defines(party: &str, name: &str) -> Value {
    json!({
        "id": EntryId::from_text(party).to_string(),
        "act": { "reference": party, "title": "A party", "kind": "definition", "decided": "2026-11-01" },
        "documents": [{ "code": "Z", "title": "Paper" }],
        "events": [{
            "effective": "2026-11-01", "standing": "decided", "sources": ["Z 1"],
            "kind": { "party-defined": { "party": party, "name": name } },
        }],
    })
}

/// An address that holds a question.
fn address(question: &Question) -> String {
    let mut query = vec![format!("as-of={}", question.as_of)];
    query.extend(question.contract.iter().map(|contract| format!("contract={contract}")));
    query.extend(question.decided_by.iter().map(|day| format!("decided-by={day}")));
    match &question.topic {
        Topic::Diff { to } => query.push(format!("to={to}")),
        Topic::Why { fact } => query.push(format!("fact={fact}")),
        Topic::Totals { by, ends_within } => {
            query.push(format!("by={}", by.word()));
            query.extend(ends_within.iter().map(|months| format!("ends-within={}", months.0)));
        }
        _ => {}
    }
    format!("/api/v1/{}?{}", question.topic.word(), query.join("&"))
}

#[test]
fn the_api_answers_as_the_ledger_does() {
    let server = Server::start(false);
    let ledger = {
        let copy = Place::kent();
        let ledger = Ledger::open(copy.at(), |_, _| {}).unwrap();
        (ledger, copy)
    };
    let mut asked = 0;
    for contract in [None, Some("live-well-kent-2016"), Some("community-wellbeing")] {
        for (as_of, decided_by) in [("2018-06-01", None), ("2025-11-22", Some("2021-12-31"))] {
            for topic in topics("2032-01-01".parse().unwrap()) {
                if matches!(&topic, Topic::Why { .. }) && contract.is_none() {
                    continue;
                }
                let question = Question {
                    topic,
                    contract: contract.map(|contract| contract.parse().unwrap()),
                    as_of: as_of.parse().unwrap(),
                    known_at: None,
                    decided_by: decided_by.map(|day: &str| day.parse().unwrap()),
                };
                let got = server.get(&address(&question));
                match ledger.0.view().ask(&question) {
                    Ok(answer) => assert_eq!(got.gives(200).body, report::json(&answer) + "\n", "{question:?}"),
                    Err(error) => {
                        let problem = got.gives(404).json();
                        assert_eq!(problem["detail"], error.to_string(), "{question:?}");
                    }
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "{asked}");
}

fn contract_defined(contract: &str) -> String {
    format!(
        "[[event]]\nkind = \"contract-defined\"\neffective = 2016-04-01\nstanding = \"decided\"\nsources = [\"many 1\"]\n\
         contract = \"{contract}\"\ntitle = \"A contract\"\n"
    )
}

/// A register of many contracts comes in pages, and each contract is on one of them.
#[test]
fn many_contracts_come_in_pages() {
    let place = Place::empty();
    let contracts: Vec<String> = (1000..2001).map(|number| format!("contract-{number}")).collect();
    let events: Vec<String> = contracts.iter().map(|contract| contract_defined(contract)).collect();
    place.file("many.toml", act("many", "2016-01-01", &events.concat()));
    place.run(&["record", "many.toml"]).ok();
    let server = Server::of(place, Settings::default());
    let page = |path: &str| server.get(path).gives(200).body.replace("&#38;", "&");
    let has = |page: &str, contract: &str| page.contains(&format!("/contracts/{contract}?"));
    let (first, all) = (page("/register?as-of=2020-01-01"), page("/register?as-of=2020-01-01&limit=60"));
    let next = "/register?as-of=2020-01-01&from=contract-1025";
    assert!(first.contains(next) && first.contains("contracts contract-1000 to contract-1024"), "{first}");
    let second = page(next);
    for (number, contract) in contracts.iter().enumerate() {
        assert_eq!(has(&all, contract), number < 60, "{contract}");
        assert_eq!(has(&first, contract), number < 25, "{contract}");
        assert_eq!(has(&second, contract), (25..50).contains(&number), "{contract}");
    }
    assert!(second.contains("Next contracts") && second.contains("First contracts"), "{second}");
    assert!(!page("/register?as-of=2020-01-01&from=contract-1980").contains("Next contracts"));
    // The same for programs.
    let (mut from, mut seen) = (None, vec![]);
    loop {
        let next = from.map(|from: String| format!("&from={from}")).unwrap_or_default();
        let answer = server.get(&format!("/api/v1/register?as-of=2020-01-01&limit=400{next}")).gives(200).json();
        let rows = answer["answer"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["contract"].as_str().unwrap().to_owned()));
        from = answer["next"].as_str().map(ToOwned::to_owned);
        if from.is_none() {
            break;
        }
    }
    assert_eq!(seen, contracts);
    for wrong in ["limit=0", "limit=1001", "limit=many", "from=No contract", "limit=5&contract=contract-1000"] {
        server.get(&format!("/api/v1/state?{}", wrong.replace(' ', "%20"))).gives(400);
    }
    server.get("/api/v1/totals?limit=5").gives(400);
    // All at once would keep everybody else waiting.
    let problem = server.get("/api/v1/register?as-of=2020-01-01").problem(400, "too-many-contracts");
    assert!(problem["detail"].as_str().unwrap().contains("all 1001 contracts"), "{problem}");
    server.get("/api/v1/totals?as-of=2020-01-01").gives(200);
    server.get("/api/v1/register?as-of=2020-01-01&contract=contract-1000").gives(200);
}

/// The command line asks a server as it asks a folder, and never the folder that the server holds.
#[test]
fn the_command_line_asks_a_server() {
    let server = Server::start(false);
    let (url, copy) = (format!("http://{}/", server.address), Place::kent());
    // When each ledger was recorded differs, and is said in the first line.
    let rest = |out: &str| out.split_once('\n').unwrap().1.to_owned();
    let answer = |out: &str| serde_json::from_str::<Value>(out).unwrap()["answer"].clone();
    let questions: [&[&str]; 7] = [
        &["state", "--as-of", "2024-06-01"],
        &["lots", "live-well-kent-2016", "--as-of", "2018-06-01"],
        &["value", "community-wellbeing", "--as-of", "2025-11-22", "--decided-by", "2021-12-31"],
        &["totals", "--by", "partner", "--as-of", "2022-12-01", "--ends-within", "6"],
        &["diff", "--from", "2025-10-01", "--to", "2026-04-01"],
        &["why", "live-well-kent-2016", "line/budget/service-sis-hrs", "--as-of", "2017-12-01"],
        &["decisions", "--known-at", "12", "--as-of", "2024-06-01"],
    ];
    for question in questions {
        let asked = [&["--server", &url], question].concat();
        assert_eq!(rest(&copy.run(&asked).ok().out), rest(&copy.run(question).ok().out), "{question:?}");
        let json = copy.run(&[&asked[..], &["--json"]].concat()).ok().out;
        assert_eq!(answer(&json), answer(&copy.run(&[question, &["--json"]].concat()).ok().out), "{question:?}");
    }
    let narrow =
        server.send(server.request("GET", "/api/v1/state").header("Accept", "text/plain; width=60"), b"").gives(200);
    assert!(narrow.body.lines().all(|line| line.chars().count() <= 60 || !line.contains('│')), "{}", narrow.body);
    assert_eq!(narrow.header("content-type"), "text/plain; charset=utf-8");
    assert_ne!(narrow.header("etag"), server.get("/api/v1/state").header("etag"));
    // A token goes nowhere where others could read it, and one that is empty is none.
    let with_token = |token: &str, at: &str| {
        ran(copy.command().args(["--server", at, "state", "--as-of", "2024-06-01"]).env("MINUTEBOOK_TOKEN", token))
    };
    with_token("secret", "http://192.0.2.1").ends(2).says(&["MINUTEBOOK_TOKEN", "https address"]);
    with_token("", &url).ok();
    with_token("x", &url).ends(2).says(&["wrong, expired or revoked"]);
    // What a server does not answer is said as the folder says it.
    let wrong = ["lots", "live-well-kant-2016"];
    let said = copy.run(&[&["--server", &url], &wrong[..]].concat()).ends(2);
    assert_eq!(said.err, copy.run(&wrong).ends(2).err);
    copy.run(&["--server", &url, "verify"]).ends(2).says(&["asked questions alone", "leave it out"]);
    copy.run(&["--server", "127.0.0.1:8080", "state"]).ends(2).says(&["write it as http://127.0.0.1:8080"]);
    let loud = url.replace("http", "HTTP");
    assert_eq!(copy.run(&["--server", &loud, "lots"]).ok().out, copy.run(&["--server", &url, "lots"]).ok().out);
    let asks = format!("{url}?as-of=2018-06-01");
    copy.run(&["--server", &asks, "state"]).ends(2).says(&["\"?\" begins what is asked", "write it as http://"]);
    copy.run(&["--server", &format!("{url}nowhere"), "state"]).ends(2).says(&["status 404", "is no Minutebook"]);
    let place = server.stop();
    copy.run(&["--server", &url, "state"]).ends(2).says(&["cannot ask", "see that the server runs"]);
    drop(place);
}

#[test]
fn an_answer_that_has_not_changed_is_not_sent_again() {
    let server = Server::start(true);
    let path = "/api/v1/lots?contract=live-well-kent-2016&as-of=2018-06-01";
    let tag = server.get(path).gives(200).header("etag").to_owned();
    let again = |tag: &str| server.send(server.request("GET", path).header("If-None-Match", tag), b"");
    assert_eq!(again(&tag).gives(304).body, "");
    again("\"something else\"").gives(200);
    assert_ne!(server.get("/api/v1/lots?contract=live-well-kent-2016&as-of=2018-06-02").gives(200).header("etag"), tag);
    // Of a larger ledger it is another answer, even where its rows are the same.
    server.append("", &defines("somebody", "Somebody")).gives(201);
    again(&tag).gives(200);
}

#[test]
fn wrong_questions_are_told_what_would_be_right() {
    let server = Server::start(false);
    // In our words, wherever an address has fields.
    for (address, says) in [
        ("/api/v1/lots?asof=2018-06-01", "asof: there is no such field: did you mean as-of?"),
        ("/api/v1/lots?zz=1", "zz: there is no such field: there are contract, as-of, known-at"),
        ("/api/v1/lots?as-of=2018-06-01&as-of=2018-06-01", "as-of: it is given twice: give it once"),
        ("/api/v1/entries?form=1", "form: there is no such field: did you mean from?"),
        ("/api/v1/entries?from=x", "from: \"x\" is no whole number"),
    ] {
        let problem = server.get(address).problem(400, "wrong-question");
        assert!(problem["detail"].as_str().unwrap().starts_with(says), "{address}: {problem:#}");
    }
    let page = server.get("/lots?as-off=2018-06-01&as-of-day=1").gives(400).body;
    assert!(page.contains("as-off: there is no such field: did you mean as-of?"), "the page says it too");
    let problem = server.get("/api/v1/lots?as-of=2018-06-31&decided-by=soon").problem(400, "wrong-question");
    assert_eq!(problem["fields"].as_array().unwrap().len(), 2);
    assert_eq!(problem["fields"][0]["field"], "as-of");
    assert!(problem["detail"].as_str().unwrap().contains("write it as 2018-06-01"));
    server.get("/api/v1/state?as_of=2018-06-01").problem(400, "wrong-question");
    server.get("/api/v1/diff?as-of=2018-06-01").problem(400, "wrong-question");
    server.get("/api/v1/why?contract=live-well-kent-2016").problem(400, "wrong-question");
    server.get("/api/v1/diff?as-of=2018-06-01&to=2018-05-01").problem(400, "backwards");
    // What does nothing is refused: whoever sends it meant something.
    for (address, field, taken) in [
        ("state?fact=status", "fact", "contract, as-of, known-at, decided-by, from, limit"),
        ("lots?by=funder", "by", "contract, as-of, known-at, decided-by, from, limit"),
        ("totals?to=2026-04-01", "to", "contract, as-of, known-at, decided-by, by, ends-within"),
        ("entries/31/explained?known-at=30", "known-at", "as-of"),
        ("entries/31/explained?decided-by=2018-01-01", "decided-by", "as-of"),
    ] {
        let problem = server.get(&format!("/api/v1/{address}")).problem(400, "wrong-question");
        assert_eq!(problem["fields"][0]["field"], field, "{address}");
        let what = format!("it does nothing here: leave it out; what is taken here is {taken}");
        assert_eq!(problem["fields"][0]["what"], what.as_str(), "{address}");
    }
    for address in
        ["/lots?fact=status", "/entries/12?contract=live-well-kent-2016", "/contracts/community-wellbeing?contract=x"]
    {
        assert!(server.get(address).gives(400).body.contains("it does nothing here: leave it out"), "{address}");
    }
    server.get("/api/v1/totals?by=colour").problem(400, "wrong-question");
    let problem = server.get("/api/v1/lots?contract=live-well-kent").problem(404, "no-such-contract");
    assert!(problem["detail"].as_str().unwrap().contains("did you mean live-well-kent-2023?"));
    server.get("/api/v1/state?known-at=400").problem(404, "past-the-head");
    server.get("/api/v1/entries/400").problem(404, "past-the-head");
    server.get("/api/v1/entries/last").problem(400, "wrong-question");
    server.get("/api/v1/entries?limit=0").problem(400, "wrong-question");
    server.get("/api/v1/opinions").problem(404, "no-such-address");
    server.get("/api/v1/../../etc/passwd").gives(404);
    server.send(server.request("DELETE", "/api/v1/entries"), b"").problem(405, "no-such-method");
}

#[test]
fn entries_go_out_as_they_are_stored() {
    let server = Server::start(false);
    let page = server.get("/api/v1/entries?from=30&limit=5").gives(200);
    assert_eq!((&page.json()["next"], page.json()["entries"].as_array().unwrap().len()), (&35.into(), 5));
    assert_eq!(server.get("/api/v1/entries?from=35").gives(200).json()["next"], Value::Null);
    let copy = Place::kent();
    let bytes = copy.run(&["explain", "31", "--bytes"]).ok().out;
    assert!(page.body.contains(&bytes), "byte for byte");
    let one = server.get("/api/v1/entries/31").gives(200);
    assert!(one.body.contains(&bytes) && one.json()["leaf"] == page.json()["entries"][1]["leaf"]);
    assert_eq!(server.get("/api/v1/head").gives(200).json()["size"], 39);
    let explained = server.get("/api/v1/entries/31/explained?as-of=2026-11-22").gives(200);
    assert_eq!(explained.body, copy.run(&["explain", "31", "--json", "--as-of", "2026-11-22"]).ok().out);
}

#[test]
fn appends_claim_a_head_and_are_repeated_without_harm() {
    let server = Server::start(true);
    let draft = defines("somebody", "Somebody");
    let problem = server.append("?expected-head=12", &draft).problem(409, "conflict");
    assert_eq!((&problem["expected"], &problem["actual"]), (&12.into(), &39.into()));
    let first = server.append("?expected-head=39", &draft).gives(201);
    assert_eq!(first.header("location"), "/api/v1/entries/39");
    let again = server.append("?expected-head=39", &draft).gives(200).json();
    assert_eq!((&again["repeated"], &again["leaf"]), (&true.into(), &first.json()["leaf"]));
    let mut other = draft.clone();
    other["act"]["title"] = json!("Another");
    server.append("", &other).problem(409, "other-content");
    let mut unheard = defines("somebody-else", "Somebody else");
    unheard["events"][0]["sources"] = json!(["Q 1"]);
    let problem = server.append("", &unheard).problem(422, "rejected");
    assert_eq!(
        (&problem["rejections"][0]["event"], &problem["rejections"][0]["field"]),
        (&0.into(), &"sources.0".into())
    );
    server.append("", &json!({ "id": 7 })).problem(400, "no-draft");
    server.post("/api/v1/entries", b"no json").problem(400, "no-draft");
    let problem = server.post("/api/v1/entries", &vec![b' '; 3 << 20]).problem(413, "too-large");
    assert_eq!(problem["limit"], 2 << 20);
    let form = server.request("POST", "/api/v1/entries").header("Content-Type", "text/plain");
    server.send(form, &serde_json::to_vec(&draft).unwrap()).problem(415, "no-json");
    assert_eq!(server.get("/api/v1/head").json()["size"], 40);
    // What it recorded is in the ledger, once it has let go of it.
    let place = server.stop();
    place.run(&["explain", "39"]).ok().prints(&["somebody"]);
    place.run(&["verify"]).ok();
}

#[test]
fn a_server_that_only_answers_records_nothing() {
    let server = Server::start(false);
    server.append("", &defines("somebody", "Somebody")).problem(403, "may-not-record");
    assert_eq!(server.get("/api/v1/head").json()["size"], 39);
}

#[test]
fn new_entries_come_as_they_are_recorded() {
    let server = Server::start(true);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET /api/v1/entries/new?from=38 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap).filter(|line| line.starts_with("id: "));
    assert_eq!(lines.next().unwrap(), "id: 38");
    for (number, expected) in (0..3).zip(39..) {
        server.append("", &defines(&format!("party-{number}"), "A party")).gives(201);
        assert_eq!(lines.next().unwrap(), format!("id: {expected}"));
    }
    // Whoever was cut off goes on after the last that it saw.
    let mut stream = TcpStream::connect(server.address).unwrap();
    write!(stream, "GET /api/v1/entries/new HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 40\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap).filter(|line| line.starts_with("id: "));
    assert_eq!(lines.next().unwrap(), "id: 41");
}

#[test]
fn every_page_answers_and_holds_its_coordinates() {
    let server = Server::start(false);
    let at = "?as-of=2018-06-01&decided-by=2018-01-01&known-at=30";
    for (path, words) in [
        ("/state", "In force, by firm facts"),
        ("/register", "Live Well Kent"),
        ("/value", "a year"),
        ("/lots", "Porchlight"),
        ("/network", "Partners"),
        ("/totals", "By funder"),
        ("/decisions", "Acts"),
        ("/findings", "Findings"),
        ("/audit", "Entry 30"),
        ("/contracts/live-well-kent-2016", "Shaw Trust"),
        ("/entries/12", "Proof that they are in the ledger"),
    ] {
        let page = server.get(&format!("{path}{at}")).gives(200);
        assert!(page.body.contains(words), "{path} has no \"{words}\"");
        assert!(page.body.contains("as of 1 June 2018"), "{path}");
        assert!(
            page.body.contains("as-of=2018-06-01&#38;known-at=30&#38;decided-by=2018-01-01"),
            "{path}: links keep them"
        );
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
        // No script but the one file, and no style.
        assert_eq!(
            page.body.replace("<script src=\"/static/page.js\" defer></script>", "").matches("<script").count(),
            0
        );
        assert!(!page.body.contains(" style="), "{path}");
    }
    // A page asks for no coordinate that it takes no notice of, and keeps it for its links.
    for (path, shown) in [("/state", [true, true]), ("/audit", [true, false]), ("/entries/12", [false, false])] {
        let page = server.get(&format!("{path}{at}")).gives(200).body;
        let asked = ["id=\"known-at\"", "id=\"decided-by\""].map(|field| page.contains(field));
        assert_eq!(asked, shown, "{path}");
        let kept = ["name=\"known-at\" value=\"30\"", "name=\"decided-by\" value=\"2018-01-01\""]
            .map(|field| page.contains(&format!("<input type=\"hidden\" {field}>")));
        assert_eq!(kept, shown.map(|shown| !shown), "{path}");
    }
    // The first page leads on with what was asked.
    let first = |query: &str| server.get(&format!("/{query}")).gives(303).header("location").to_owned();
    assert_eq!(first("?as-of=2018-06-01&known-at=30"), "/state?as-of=2018-06-01&known-at=30");
    assert!(first("").starts_with("/state?as-of=2"));
    let page = server.get("/diff?as-of=2025-10-01&to=2026-04-01").gives(200);
    assert!(page.body.contains("from 1 October 2025 to 1 April 2026"));
    server.get("/static/style.css").gives(200);
    assert!(server.get("/nowhere").gives(404).body.contains("nothing is at /nowhere"));
    assert!(server.get("/contracts/no-such").gives(404).body.contains("there is no contract"));
}

/// Pictures say what the tables say: as many bars as years, no bar of what is not known, and all of it in words.
#[test]
fn pictures_show_what_is_known_and_how_firmly() {
    let server = Server::start(false);
    let page = server.get("/value?contract=live-well-kent-2016&as-of=2022-06-01").gives(200).body;
    let budget = page.split("<figure").find(|figure| figure.contains("Budget of live-well-kent-2016")).unwrap();
    assert_eq!(budget.matches("<rect class=\"tentative\"").count(), 6, "{budget}");
    assert!(budget.contains("<desc>2017/18: £2,525,000 (proposed);") && budget.contains(">£2.525m</text>"));
    let page = server.get("/contracts/community-wellbeing?as-of=2022-06-01").gives(200).body;
    let envelope = page.split("<figure").find(|figure| figure.contains("Envelope of community-wellbeing")).unwrap();
    assert_eq!(envelope.matches("<rect").count(), 5);
    assert!(!envelope.contains("class=\"firm\""), "no plan is drawn as a fact");
    let network = server.get("/network?contract=live-well-kent-2016&as-of=2019-01-01").gives(200).body;
    let network = network.split("<figure").nth(1).unwrap();
    assert_eq!(network.matches("<line").count(), 2, "two networks, each under one partner");
    assert!(network.contains("class=\"unknown box\"") && network.contains("sources conflict"));
    let network = server.get("/network?contract=community-wellbeing&as-of=2021-04-01").gives(200).body;
    let network = network.split("<figure").nth(1).unwrap();
    assert!(network.contains("class=\"uncertain box\"") && !network.contains("class=\"firm box\""));
    assert!(
        !server.get("/network?as-of=2019-01-01").gives(200).body.contains("<svg"),
        "of all contracts it is a table"
    );
}

#[test]
fn days_are_typed_as_day_month_and_year() {
    let server = Server::start(false);
    let typed = server.get("/lots?as-of-day=1&as-of-month=6&as-of-year=2018&decided-by-day=&known-at=").gives(303);
    assert_eq!(typed.header("location"), "/lots?as-of=2018-06-01");
    let wrong = server.get("/lots?as-of=2018-06-31").gives(400);
    assert!(wrong.body.contains("There is a problem") && wrong.body.contains("href=\"#as-of\""));
    assert!(wrong.body.contains("<title>Error: Lots"));
    // What was typed is still there.
    assert!(wrong.body.contains("name=\"as-of-day\" inputmode=\"numeric\" size=\"2\" value=\"31\""));
}

#[test]
fn what_others_wrote_is_text_on_a_page() {
    let server = Server::start(true);
    let name = "<script>alert(1)</script> & \"sons\"";
    server.append("", &defines("hostile", name)).gives(201);
    let page = server.get("/entries/39").gives(200);
    assert!(!page.body.contains("<script>") && page.body.contains("&#60;script&#62;"), "{}", page.body);
    let page = server.get("/contracts/%3Cscript%3E").gives(400);
    assert!(!page.body.contains("<script>"));
}

/// A page says how much it leaves out; the API leaves out nothing.
#[test]
fn a_page_of_a_large_ledger_says_what_it_leaves_out() {
    let server = Server::start(true);
    for number in 0..480 {
        server.append("", &defines(&format!("party-{number}"), "A party")).gives(201);
    }
    let rows = server.get("/api/v1/decisions").gives(200).json()["answer"].as_array().unwrap().len();
    assert!(rows > 500);
    let page = server.get("/decisions").gives(200).body;
    assert!(page.contains(&format!("{} more rows are not shown here", rows - 500)), "{rows} rows");
    assert!(!server.get("/lots?as-of=2018-06-01").gives(200).body.contains("not shown here"));
}

/// A page elsewhere that leads a name of its own to this machine gets nothing.
#[test]
fn requests_are_for_this_host() {
    let server = Server::start(false);
    let of = |host: &str| server.send(server.request("GET", "/health").header("Host", host), b"");
    for ours in ["localhost", "localhost:8080", "127.0.0.1", "[::1]:80", "minutes.example", "MINUTES.example:443"] {
        assert_eq!(of(ours).gives(200).body, "ok\n", "{ours}");
    }
    for other in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080"] {
        of(other).problem(421, "no-such-host");
        let page = server.send(server.request("GET", "/state").header("Host", other), b"").gives(421);
        assert!(page.header("content-type").starts_with("text/html"), "a person is shown a page");
        assert!(page.body.contains("start it with --host NAME") && !page.body.contains("Live Well"), "{}", page.body);
    }
}

/// The program itself, which says where it is, what it refuses, and stops when it is told.
#[test]
fn the_command_serves_until_it_is_stopped() {
    let place = Place::kent();
    place.run(&["serve", "--listen", "0.0.0.0:0"]).ends(2).says(&["no token was ever made", "--open-to-network"]);
    place.run(&["serve", "--listen", "here"]).ends(2).says(&["--listen"]);
    let server = Serving::start(&[]);
    assert!(server.get("/metrics").contains("minutebook_entries 39"));
    // While it runs it holds the ledger.
    server.place().run(&["state"]).ends(2).says(&["is in use by process"]);
    // Nor is it kept by who listens for new entries, or sends a request byte by byte.
    let mut listening = server.connect();
    write!(listening, "GET /api/v1/entries/new HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut slow = server.connect();
    write!(slow, "GET /state HTTP/1.1\r\nHo").unwrap();
    assert!(listening.read(&mut [0; 64]).unwrap() > 0);
    server.stop();
}

/// A ledger that cannot be opened ends the server, and says why.
#[test]
fn a_ledger_that_is_none_ends_the_server() {
    let place = Place::empty();
    place.run(&["serve", "--listen", "127.0.0.1:0"]).ends(2).says(&["there is no ledger at"]);
}

/// Every address of the description answers as it says, and the page that shows it may ask this site alone.
#[test]
fn the_api_is_described_as_it_answers() {
    let server = Server::start(true);
    let described = server.get("/api/v1/openapi.json").gives(200).json();
    assert!(described["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut operations = 0;
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = path.replace("{position}", "3");
            let mut query: Vec<String> = vec![];
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
                query.extend(match name {
                    "as-of" | "decided-by" => Some(format!("{name}=2024-06-01")),
                    "to" => Some("to=2025-06-01".to_owned()),
                    "fact" => Some("fact=status".to_owned()),
                    // A page is one of all contracts.
                    "contract" if operation["parameters"].to_string().contains("\"limit\"") => None,
                    "contract" => Some("contract=live-well-kent-2016".to_owned()),
                    "by" => Some(format!("by={}", schema["enum"][0].as_str().unwrap())),
                    "known-at" | "from" => Some(format!("{name}=38")),
                    "ends-within" | "limit" => Some(format!("{name}=6")),
                    "expected-head" | "position" => None,
                    other => panic!("{other} of {path}"),
                });
            }
            operations += 1;
            if path.ends_with("/new") {
                continue;
            }
            let address = format!("{path}?{}", query.join("&"));
            let answer = if method == "post" { server.post(&path, b"{}") } else { server.get(&address) };
            let status = answer.status.to_string();
            let said = &operation["responses"][&status];
            assert!(said.is_object(), "{method} {address}: {answer:#?}");
            assert_eq!(status, if method == "post" { "400" } else { "200" }, "{address}");
            let media: Vec<&String> = said["content"].as_object().unwrap().keys().collect();
            assert_eq!(media, [answer.header("content-type")], "{address}");
        }
    }
    assert_eq!(operations, 16);
    let page = server.get("/api/docs/").gives(200);
    assert!(page.body.contains("swagger-ui") && page.header("content-security-policy").contains("connect-src 'self'"));
}

/// A tile has a lot where the lot's title names the district, as firmly as that is in force, and no lot that names none.
#[test]
fn lots_lie_on_the_districts_that_their_titles_name() {
    let server = Server::start(false);
    let tile = |page: &str, district: &str| {
        let (before, after) = page.split_once(&format!(">{district}</text>")).unwrap_or_else(|| panic!("{district}"));
        let class = before.rsplit_once("<rect class=\"").unwrap().1.split('"').next().unwrap().to_owned();
        let lines = after.split("<rect").next().unwrap().split("</svg>").next().unwrap();
        let words =
            lines.split("<text").skip(1).map(|text| text.split_once('>').unwrap().1.split("</").next().unwrap().trim());
        (class, words.collect::<Vec<_>>().join(" "))
    };
    let firm = server.get("/lots?contract=live-well-kent-2016&as-of=2018-06-01").gives(200).body;
    // A 2.7, B 7.1: lot 1 is of Dartford, Gravesham, Swanley and Swale; "West Kent" names no district.
    assert_eq!(tile(&firm, "Swale"), ("firm box".to_owned(), "lot 1: Porchlight".to_owned()));
    assert_eq!(tile(&firm, "Ashford"), ("firm box".to_owned(), "lot 3: Shaw Trust".to_owned()));
    assert_eq!(tile(&firm, "Sevenoaks"), ("empty box".to_owned(), String::new()));
    assert!(firm.contains("no district is in their titles: lots 2."), "{firm}");
    // C 3.2: planned, and its providers withheld.
    let planned = server.get("/lots?contract=community-wellbeing&as-of=2024-06-01").gives(200).body;
    assert_eq!(
        tile(&planned, "Ashford"),
        ("tentative box".to_owned(), "lot 4: withheld, planned to be in force".to_owned())
    );
    // Whether an extension was decided is in no document: words say so, not a border alone.
    let perhaps = server.get("/lots?contract=live-well-kent-2016&as-of=2023-04-01").gives(200).body;
    let said = "lot 1: Porchlight, in force (uncertain)".to_owned();
    assert_eq!(tile(&perhaps, "Swale"), ("uncertain box".to_owned(), said));
    // A term that is inferred is drawn as ours (A 1.4), and an option as what may be.
    let terms = server.get("/contracts/live-well-kent-2016?as-of=2018-06-01").gives(200).body;
    let picture = terms
        .split("Terms of live-well-kent-2016, as they are on this day</title>")
        .nth(1)
        .unwrap()
        .split("</svg>")
        .next()
        .unwrap();
    assert!(picture.contains("rect class=\"ours\"") && picture.contains("rect class=\"further\""), "{picture}");
    assert!(!server.get("/lots?as-of=2018-06-01").gives(200).body.contains("districts that their titles name"));
}

/// While entries come, each answer is that of one head: two that name the same are the same, whoever was asked when.
#[test]
fn no_answer_mixes_two_heads() {
    let server = Server::start(true);
    let ended = |number: u64| {
        json!({
            "id": EntryId::from_text(&format!("end-{number}")).to_string(),
            "act": { "reference": format!("Z{number}"), "title": "A plan", "kind": "proposal", "decided": "2026-11-01" },
            "documents": [{ "code": "Z", "title": "Paper" }],
            "events": [{
                "effective": format!("20{}-01-01", 30 + number), "standing": "planned", "sources": ["Z 1"],
                "kind": { "ended": { "contract": "live-well-medway" } },
            }],
        })
    };
    let paths = ["register", "state", "decisions"].map(|topic| {
        format!(
            "/api/v1/{topic}?as-of=2070-01-01{}",
            if topic == "register" { "&contract=live-well-medway" } else { "" }
        )
    });
    let is_over = std::sync::atomic::AtomicBool::new(false);
    let seen = std::sync::Mutex::new(std::collections::HashMap::<(String, u64), String>::new());
    std::thread::scope(|scope| {
        for path in &paths {
            let (server, is_over, seen) = (&server, &is_over, &seen);
            scope.spawn(move || {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    let body = server.get(path).gives(200).body;
                    let head = serde_json::from_str::<Value>(&body).unwrap()["known_at"]["position"].as_u64().unwrap();
                    let known =
                        seen.lock().unwrap().entry((path.clone(), head)).or_insert_with(|| body.clone()).clone();
                    assert_eq!(known, body, "{path} at {head}");
                }
            });
        }
        for number in 0..30 {
            server.append("", &ended(number)).gives(201);
        }
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() > 6, "{}", seen.len());
    for ((path, head), body) in seen {
        assert_eq!(server.get(&format!("{path}&known-at={head}")).gives(200).body, body, "{path} at {head}");
    }
}

also_on_a_server! {
    the_api_answers_as_the_ledger_does,
    many_contracts_come_in_pages,
    the_command_line_asks_a_server,
    an_answer_that_has_not_changed_is_not_sent_again,
    wrong_questions_are_told_what_would_be_right,
    entries_go_out_as_they_are_stored,
    appends_claim_a_head_and_are_repeated_without_harm,
    a_server_that_only_answers_records_nothing,
    new_entries_come_as_they_are_recorded,
    every_page_answers_and_holds_its_coordinates,
    pictures_show_what_is_known_and_how_firmly,
    days_are_typed_as_day_month_and_year,
    what_others_wrote_is_text_on_a_page,
    a_page_of_a_large_ledger_says_what_it_leaves_out,
    requests_are_for_this_host,
    a_ledger_that_is_none_ends_the_server,
    the_api_is_described_as_it_answers,
    lots_lie_on_the_districts_that_their_titles_name,
    no_answer_mixes_two_heads,
}
