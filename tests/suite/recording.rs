//! Recording in a browser by the fields of a form, over HTTP and without a script: what a page holds is read out of it, filled
//! in, and sent as a browser sends it. Who may do so is tested in `access`.

use crate::access::post;
use crate::places::also_on_a_server;
use crate::served::{Answered, Server};
use minutebook::kent::decision_files;
use minutebook_events::decision_file::{DecisionFile, MAX_FILE_BYTES};

/// A browser with a page of the form open.
struct Browser<'s> {
    server: &'s Server,
    page: String,
    /// What is written in its fields, in their order.
    fields: Vec<(String, String)>,
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(inner, _)| inner)
}

fn plain(html: &str) -> String {
    [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")]
        .iter()
        .fold(html.to_owned(), |text, (code, sign)| text.replace(code, sign))
}

/// What the fields of a form hold: our own templates write them, one way each.
fn fields_of(page: &str) -> Vec<(String, String)> {
    let Some(form) = between(page, "<form class=\"draft\"", "</form>") else { return vec![] };
    let starts = form.match_indices('<').map(|(at, _)| &form[at..]);
    let field = |tag: &str| -> Option<(String, String)> {
        let head = tag.split('>').next()?;
        let value = match head.split_whitespace().next()? {
            "<input" => between(head, "value=\"", "\"")?,
            "<textarea" => between(tag, ">\n", "</textarea>")?,
            "<select" => {
                let options = tag.split("</select>").next()?;
                let chosen = options
                    .split("<option")
                    .skip(1)
                    .find(|option| option.split('>').next().is_some_and(|head| head.ends_with(" selected")));
                between(chosen.or(options.split("<option").nth(1))?, "value=\"", "\"")?
            }
            _ => return None,
        };
        Some((between(head, "name=\"", "\"")?.to_owned(), plain(value)))
    };
    starts.filter_map(field).collect()
}

impl<'s> Browser<'s> {
    fn open(server: &'s Server) -> Self {
        let mut browser = Self { server, page: String::new(), fields: vec![] };
        browser.shows(server.get("/record").gives(200));
        browser
    }

    fn shows(&mut self, answered: Answered) {
        self.fields = fields_of(&answered.body);
        self.page = answered.body;
    }

    /// Writes in fields that the page has.
    #[track_caller]
    fn fill(&mut self, values: &[(&str, &str)]) -> &mut Self {
        for (name, value) in values {
            let found = self.fields.iter_mut().find(|(field, _)| field == name);
            found.unwrap_or_else(|| panic!("no field {name}")).1 = (*value).to_owned();
        }
        self
    }

    /// What is sent where a button is pressed.
    fn sent(&self, path: &str, button: &[(&str, &str)]) -> Answered {
        let fields: Vec<(&str, &str)> =
            self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let origin = format!("http://{}", self.server.address);
        post(self.server, path, "", &origin, &[&fields[..], button].concat())
    }

    #[track_caller]
    fn press(&mut self, path: &str, button: &[(&str, &str)], status: u16) -> &mut Self {
        let answered = self.sent(path, button).gives(status);
        self.shows(answered);
        self
    }

    #[track_caller]
    fn add(&mut self, kind: &str) -> &mut Self {
        self.fill(&[("kind", kind)]).press("/record/form", &[("add", "event")], 200)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    fn says(&self, words: &[&str]) -> &Self {
        words.iter().for_each(|words| assert!(self.page.contains(words), "{words} is not in {}", self.page));
        self
    }
}

const ACT: [(&str, &str); 6] = [
    ("act.reference", "Z2026"),
    ("act.title", "End Live Well \"Medway\""),
    ("act.kind", "decision"),
    ("act.decided", "2026-11-01"),
    ("document.0.code", "Z"),
    ("document.0.title", "Report"),
];

#[test]
fn an_entry_is_drafted_in_a_form_and_each_rejection_is_at_its_field() {
    let server = Server::start(true);
    let mut browser = Browser::open(&server);
    // Of nothing filled in all that is needed is told at once.
    browser.add("ended").press("/record/check", &[], 422);
    for field in ["act.reference", "act.title", "act.kind", "act.decided", "document.0.code", "event.0.contract"] {
        browser.says(&[&format!("<a href=\"#{field}\">"), &format!("<div id=\"{field}-wrong\">")]);
    }
    browser.says(&["Event 1: Standing must be given", "Document 1: Code must be given"]);
    // A name that is not known is told at its field, which says so to whoever does not see it, and keeps what was written.
    browser.fill(&ACT).fill(&[
        ("event.0.contract", "live-well-margate"),
        ("event.0.last_day", "2026-12-30"),
        ("event.0.standing", "planned"),
        ("event.0.sources", "Z 1\nY 2"),
    ]);
    browser.press("/record/check", &[], 422).says(&[
        "<a href=\"#event.0.contract\">Event 1: contract &#34;live-well-margate&#34; is not known",
        "aria-describedby=\"event.0.contract-hint event.0.contract-wrong\" aria-invalid=\"true\"",
        "<a href=\"#event.0.sources\">Event 1: the document &#34;Y&#34; is cited and not listed",
        "<option value=\"live-well-medway\"></option>",
    ]);
    assert_eq!(browser.value("act.title"), Some("End Live Well \"Medway\""));
    // What it would change is shown, and nothing else is done.
    browser.fill(&[("event.0.contract", "live-well-medway"), ("event.0.sources", "Z 1")]);
    browser.press("/record/check", &[], 200).says(&["What recording this would change", "Record it at position 39"]);
    assert_eq!(server.get("/api/v1/head").json()["size"], 39);
    // What is recorded is the decision file that was checked.
    let file = browser.sent("/record/file", &[]).gives(200).body;
    assert!(
        file.contains("[[event]]\nkind = \"ended\"\ncontract = \"live-well-medway\"\nlast_day = 2026-12-30\n"),
        "{file}"
    );
    let text = plain(between(&browser.page, "<textarea name=\"text\" hidden>\n", "</textarea>").unwrap());
    assert_eq!(text, file);
    let again = [("view", "form"), ("text", text.as_str()), ("expected-head", "38")];
    let origin = format!("http://{}", server.address);
    let late = post(&server, "/record/entry", "", &origin, &again).gives(409);
    browser.shows(late);
    browser.says(&["nothing was recorded", "Record it at position 39", "What recording this would change"]);
    assert_eq!(browser.value("event.0.contract"), Some("live-well-medway"), "it goes on in the form");
    let now = [("view", "form"), ("text", text.as_str()), ("expected-head", "39")];
    let done = post(&server, "/record/entry", "", &origin, &now).gives(303);
    assert!(done.header("location").starts_with("/entries/39"));
    let stored = server.get("/api/v1/entries/39").json();
    assert_eq!(stored["entry"]["act"]["title"], "End Live Well \"Medway\"");
    assert_eq!(stored["entry"]["events"][0]["effective"], "2026-12-31");
}

#[test]
fn events_and_lists_are_added_and_removed_and_what_is_written_stays() {
    let server = Server::start(true);
    let mut browser = Browser::open(&server);
    browser.fill(&ACT).add("funding-set").fill(&[
        ("event.0.contract", "live-well-kent-2016"),
        ("event.0.funders.0.party", "kcc"),
        ("event.0.effective", "2016-04-01"),
        ("event.0.standing", "happened"),
        ("event.0.sources", "Z 1"),
    ]);
    browser.press("/record/form", &[("add", "event.0.funders")], 200);
    browser.fill(&[("event.0.funders.1.party", "nowhere"), ("event.0.funders.1.share", "many")]);
    browser.add("clause-set self-delivery-cap").press("/record/check", &[], 422);
    browser.says(&[
        "<a href=\"#event.0.funders.1.share\">Event 1: ",
        "<a href=\"#event.1.clause.self-delivery-cap.share\">",
    ]);
    browser.press("/record/form", &[("remove", "event.0.funders.1")], 200);
    browser.fill(&[
        ("event.1.contract", "live-well-kent-2016"),
        ("event.1.clause.self-delivery-cap.share", "in an exempt appendix"),
        ("event.1.clause.self-delivery-cap.share-is", "withheld"),
        ("event.1.effective", "2016-04-01"),
        ("event.1.standing", "happened"),
        ("event.1.sources", "Z 1"),
    ]);
    browser.press("/record/check", &[], 200).says(&["What recording this would change", "in an exempt appendix"]);
    browser.press("/record/form", &[("remove", "event.0")], 200);
    assert_eq!(browser.value("event.0.kind"), Some("clause-set"));
    assert_eq!(browser.value("event.0.clause.self-delivery-cap.share-is"), Some("withheld"));
    assert_eq!(browser.value("event.1.kind"), None);
    browser.press("/record/form", &[("remove", "event.0")], 200).press("/record/check", &[], 422);
    browser.says(&["<a href=\"#kind\">the entry has no events"]);
    browser.fill(&[("kind", "content-erased")]).press("/record/form", &[("add", "event")], 422);
    browser.says(&["is no kind of event"]);
}

#[test]
fn every_entry_of_kents_record_goes_from_file_to_form_to_file() {
    let server = Server::start(true);
    let origin = format!("http://{}", server.address);
    for (name, text) in decision_files() {
        let mut browser = Browser::open(&server);
        let opened = post(&server, "/record/form", "", &origin, &[("file", text)]).gives(200);
        // Comments are not shown in the form: it says so, and keeps the text until it is told to leave them out.
        assert_eq!(fields_of(&opened.body), [], "{name}");
        assert!(opened.body.contains("The form does not show all of this file"), "{name}");
        let line = text.lines().position(|line| line.starts_with('#')).unwrap() + 1;
        assert!(opened.body.contains(&format!("<li>line {line}: a comment</li>")), "{name}: {}", opened.body);
        let opened = post(&server, "/record/form", "", &origin, &[("text", text), ("without", "yes")]).gives(200);
        browser.shows(opened);
        let file = browser.sent("/record/file", &[]).gives(200).body;
        assert_eq!(DecisionFile::parse(&file).unwrap().draft, DecisionFile::parse(text).unwrap().draft, "{name}");
    }
}

#[test]
fn a_draft_goes_on_as_a_decision_file_and_back_in_the_form() {
    let server = Server::start(true);
    let origin = format!("http://{}", server.address);
    let mut browser = Browser::open(&server);
    browser.fill(&ACT).add("milestone").fill(&[("event.0.title", "Bids <due>"), ("event.0.effective", "2026-11")]);
    let text = browser.sent("/record/text", &[]).gives(200).body;
    let text = plain(between(&text, "aria-describedby=\"text-hint\">\n", "</textarea>").unwrap());
    assert!(text.contains("title = \"Bids <due>\"\neffective = \"2026-11\"\n"), "{text}");
    let back = post(&server, "/record/form", "", &origin, &[("text", &text)]).gives(200);
    let fields = browser.fields.clone();
    browser.shows(back);
    assert_eq!(browser.fields, fields);
    // What is no decision file stays text, with what is wrong at its line.
    let wrong = post(&server, "/record/form", "", &origin, &[("text", "id = \n")]).gives(422).body;
    assert!(wrong.contains("decision.toml:1:") && fields_of(&wrong).is_empty(), "{wrong}");
}

#[test]
fn a_draft_that_is_too_large_is_told_how_large_one_may_be() {
    let server = Server::start(true);
    let origin = format!("http://{}", server.address);
    let large = "#".repeat(MAX_FILE_BYTES + 1);
    let told = post(&server, "/record/check", "", &origin, &[("text", &large)]).gives(413).body;
    assert!(
        told.contains("a decision file has at most 4194304 bytes") && told.contains("write one act a file"),
        "{told}"
    );
    // As large as one may be it is read.
    let told = post(&server, "/record/check", "", &origin, &[("text", &large[1..])]).gives(422).body;
    assert!(told.contains("the file has no id"));
    // Whoever still sends when it is refused may find the connection closed, and not hear why.
    let request = server.request("POST", "/record/check").header("Origin", &origin);
    let request = request.header("Content-Type", "multipart/form-data; boundary=edge");
    let body =
        format!("--edge\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{large}{large}{large}\r\n--edge--\r\n");
    match server.try_send(request, body.as_bytes()) {
        Ok(answered) => assert!(answered.gives(413).body.contains("a decision file has at most 4194304 bytes")),
        Err(error) => assert!(matches!(error, ureq::Error::Io(_)), "{error}"),
    }
}

also_on_a_server! {
    an_entry_is_drafted_in_a_form_and_each_rejection_is_at_its_field,
    events_and_lists_are_added_and_removed_and_what_is_written_stays,
    every_entry_of_kents_record_goes_from_file_to_form_to_file,
    a_draft_goes_on_as_a_decision_file_and_back_in_the_form,
    a_draft_that_is_too_large_is_told_how_large_one_may_be,
}
