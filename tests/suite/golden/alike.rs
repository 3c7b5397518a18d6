//! The thirteen questions, asked of the command line, of the API, of a server by the command line, and of pages: the same answer
//! from each, word for word. It must not know what is right, which `questions` does.

use super::ask::{Asked, on};
use crate::places::also_on_a_server;
use crate::run::{Place, Ran, ran};
use crate::served::Server;
use crate::shared::shared;
use std::fs;

const LWK: &str = "live-well-kent-2016";
const WELLBEING: &str = "community-wellbeing";

/// So wide that no cell of a table is broken over lines.
const WIDE: &str = "20000";

/// What is asked for each of the questions.
fn asked() -> Vec<(usize, Vec<Asked>)> {
    let of_lot_4 = on("lots", WELLBEING, "2022-06-30");
    vec![
        (1, vec![on("lots", LWK, "2018-06-01")]),
        (2, vec![on("lots", LWK, "2021-12-31")]),
        (3, vec![on("lots", LWK, "2022-03-31")]),
        (4, vec![on("register", LWK, "2020-04-01")]),
        (5, vec![on("value", LWK, "2017-10-01")]),
        (6, vec![on("lots", LWK, "2017-10-01"), on("value", LWK, "2018-04-01")]),
        (7, vec![on("state", "live-well-medway", "2021-06-30"), on("network", "live-well-medway", "2021-06-30")]),
        (8, vec![on("value", LWK, "2021-06-30")]),
        (9, vec![on("value", "live-well-kent-2023", "2023-06-30")]),
        (
            10,
            vec![
                of_lot_4,
                of_lot_4.decided_by("2022-03-01"),
                of_lot_4.decided_by("2025-10-02"),
                of_lot_4.known_at("30"),
            ],
        ),
        (11, vec![on("value", WELLBEING, "2022-06-30")]),
        (12, vec![on("state", WELLBEING, "2022-06-30"), on("value", "", "2022-06-30")]),
        (13, vec![on("value", WELLBEING, "2025-10-02"), on("value", "community-navigation", "2025-10-02")]),
    ]
}

/// The numbers of the questions in their file.
fn numbers(file: &str) -> Vec<usize> {
    file.lines().filter_map(|line| line.split_once(". ")?.0.parse().ok()).collect()
}

#[test]
fn every_front_end_gives_the_same_answer_to_every_question() {
    let Some(file) = shared("questions.md") else { return };
    let numbers = numbers(&fs::read_to_string(file).unwrap());
    assert_eq!(numbers, asked().iter().map(|(number, _)| *number).collect::<Vec<_>>(), "each is asked here");
    let (server, copy) = (Server::start(false), Place::kent());
    let url = format!("http://{}", server.address);
    let mut cells = 0;
    for (number, asked) in asked().iter().flat_map(|(number, each)| each.iter().map(move |asked| (number, asked))) {
        let (args, address) = (asked.args(), asked.address());
        let told = |args: &[&str]| -> Ran { ran(copy.command().args(args).env("COLUMNS", WIDE)).ok() };
        let from_server = [&["--server", &url], &args[..]].concat();
        let (json, text) = (told(&[&args[..], &["--json"]].concat()).out, told(&args).out);
        assert_eq!(told(&[&from_server[..], &["--json"]].concat()).out, json, "{number}: {address}");
        assert_eq!(told(&from_server).out, text, "{number}: {address}");
        let api = format!("/api/v1{address}");
        assert_eq!(server.get(&api).gives(200).body, json, "{number}: {address}");
        let request = server.request("GET", &api).header("Accept", format!("text/plain; width={WIDE}"));
        assert_eq!(server.send(request, b"").gives(200).body, text, "{number}: {address}");
        let page = parsed(&server.get(&address).gives(200).body);
        let shown = tables_of_page(&page);
        let heading = page.find("p", "words").expect("a page says what was asked").text();
        assert_eq!(Some(heading.as_str()), text.lines().next(), "{number}: {address}");
        let told = tables_of_text(&text, &shown);
        assert_eq!(shown.len(), told.len(), "{number}: {address}");
        for (shown, told) in shown.iter().zip(&told) {
            assert_eq!((&shown.heading, shown.rows.len()), (&told.heading, told.rows.len()), "{number}: {address}");
            for (shown, told) in shown.rows.iter().flatten().zip(told.rows.iter().flatten()) {
                assert_eq!(shown, told, "{number}: {address}");
            }
        }
        cells += shown.iter().flat_map(|table| &table.rows).flatten().filter(|cell| !cell.is_empty()).count();
    }
    assert!(cells > 500, "{cells}");
}

/// A table, each cell of it in lines.
#[derive(Debug, PartialEq)]
struct Table {
    heading: String,
    columns: Vec<String>,
    rows: Vec<Vec<Vec<String>>>,
}

/// The tables of an answer in text, whose columns are known to be called so.
fn tables_of_text(text: &str, known: &[Table]) -> Vec<Table> {
    let parts = text.split("\n\n").skip(1).filter(|part| !part.starts_with("All that stands beside a figure"));
    parts.zip(known).map(|(part, known)| table_of_text(part.trim_end_matches('\n'), &known.columns)).collect()
}

fn table_of_text(text: &str, columns: &[String]) -> Table {
    let is_rule = |line: &&str| !line.is_empty() && line.chars().all(|c| matches!(c, '─' | '═' | '╌'));
    let mut lines = text.lines();
    let heading = lines.next().unwrap().to_owned();
    let lines: Vec<&str> = lines.collect();
    let mut parts = lines.split(is_rule).filter(|part| !part.is_empty());
    let head: Vec<char> = parts.next().unwrap().concat().chars().collect();
    let head_words: String = head.iter().collect();
    assert_eq!(
        head_words.split_whitespace().collect::<Vec<_>>(),
        columns.iter().flat_map(|name| name.split(' ')).collect::<Vec<_>>(),
        "{heading}: the columns are the same"
    );
    // Each column begins where its name does.
    let (mut starts, mut after) = (vec![], 0);
    for name in columns {
        let name: Vec<char> = name.chars().collect();
        let start = (after..).find(|at| head[*at..].starts_with(&name)).unwrap();
        starts.push(start);
        after = start + name.len();
    }
    let cell = |lines: &[&str], column: usize| {
        let end = starts.get(column + 1).copied().unwrap_or(usize::MAX);
        let part = |line: &&str| line.chars().take(end).skip(starts[column]).collect::<String>().trim_end().to_owned();
        let mut lines: Vec<String> = lines.iter().map(part).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    };
    let rows = parts.map(|lines| (0..columns.len()).map(|column| cell(lines, column)).collect()).collect();
    Table { heading, columns: columns.to_vec(), rows }
}

/// The tables of a page, each cell in the words in which a terminal has them.
fn tables_of_page(page: &Node) -> Vec<Table> {
    assert!(page.find("dl", "block").is_none(), "no answer here has more words than a table has room for");
    let texts = |nodes: Vec<&Node>| nodes.into_iter().map(Node::text).collect::<Vec<_>>();
    page.all("table", "")
        .into_iter()
        .map(|table| {
            let body = table.find("tbody", "").unwrap();
            let row = |row: &Node| row.inside.iter().filter(|cell| !cell.name.is_empty()).map(cell_of_page).collect();
            Table {
                heading: table.find("caption", "").unwrap().text(),
                columns: texts(table.find("thead", "").unwrap().all("th", "")).iter().map(|name| small(name)).collect(),
                rows: body.all("tr", "").into_iter().map(row).collect(),
            }
        })
        .collect()
}

fn small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

fn cell_of_page(cell: &Node) -> Vec<String> {
    let figures = cell.all("details", "");
    if figures.is_empty() {
        // What a terminal has after commas has a line of its own on a page.
        return Some(cell.text().replace('\n', ", ")).filter(|text| !text.is_empty()).into_iter().collect();
    }
    figures.into_iter().flat_map(figure_of_page).collect()
}

/// A figure of a page, in the words and lines of a terminal.
fn figure_of_page(figure: &Node) -> Vec<String> {
    let summary = figure.find("summary", "").unwrap();
    let said = summary.inside.iter().filter(|node| node.name.is_empty()).map(Node::text).collect::<String>();
    let said = said.trim().to_owned();
    // What a lot has of its contract is told there.
    if said == "as the whole contract" || said == "nothing" {
        return vec![said];
    }
    let standings = summary.all("span", "").into_iter().map(|label| format!(" ({})", label.text()));
    let behind: Vec<&Node> =
        figure.find("dl", "").unwrap().inside.iter().filter(|node| !node.name.is_empty()).collect();
    let of = |label: &str| -> Vec<String> {
        behind.chunks(2).filter(|pair| pair[0].text() == label).map(|pair| pair[1].text()).collect()
    };
    let sources = of("Written in").concat();
    let sources: Vec<&str> = sources.split(", ").filter(|source| !source.is_empty()).collect();
    let sources = match &sources[..] {
        [] => String::new(),
        [first, second, rest @ ..] if rest.len() > 1 => format!(" [{first}, {second} and {} more]", rest.len()),
        few => format!(" [{}]", few.join(", ")),
    };
    let uncertain = of("Uncertain");
    let mut lines = vec![format!("{said}{}{sources}", standings.collect::<String>())];
    lines.extend(uncertain.iter().map(|why| format!("  uncertain: {why}")));
    let others: Vec<String> =
        of("Beside").into_iter().filter(|other| !uncertain.iter().any(|why| why.ends_with(other))).collect();
    lines.extend(others.first().map(|other| format!("  beside: {other}")));
    if let more @ 1.. = others.len().saturating_sub(1) {
        let link = &figure.find("a", "").and_then(|_| figure.all("a", "").pop()).unwrap().link;
        let fields: Vec<(String, String)> = serde_urlencoded::from_str(link.split_once('?').unwrap().1).unwrap();
        let fact = fields.into_iter().find(|(name, _)| name == "fact").unwrap().1;
        lines.push(format!("  and {more} more beside: why {fact}"));
    }
    lines
}

/// A part of a page: an element, or a text, which has no name.
#[derive(Debug, Default)]
struct Node {
    name: String,
    class: String,
    link: String,
    said: String,
    inside: Vec<Node>,
}

impl Node {
    /// All words in it; a line where the page breaks one.
    fn text(&self) -> String {
        match self.name.as_str() {
            "" => self.said.clone(),
            "br" => "\n".to_owned(),
            _ => self.inside.iter().map(Self::text).collect(),
        }
    }

    /// The elements in it of that name, and of that class where one is given, in order.
    fn all(&self, name: &str, class: &str) -> Vec<&Self> {
        let of = |node: &Self| node.name == name && (class.is_empty() || node.class.split(' ').any(|it| it == class));
        let each =
            self.inside.iter().flat_map(|node| of(node).then_some(node).into_iter().chain(node.all(name, class)));
        each.collect()
    }

    fn find(&self, name: &str, class: &str) -> Option<&Self> {
        self.all(name, class).first().copied()
    }
}

/// What our own templates write: every element is closed, apart from those that hold nothing.
fn parsed(html: &str) -> Node {
    let html = html.split_once("<main").unwrap().1.split_once('>').unwrap().1.split_once("</main>").unwrap().0;
    let mut open = vec![Node::default()];
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        let said = decoded(text);
        if !said.trim().is_empty() {
            open.last_mut().unwrap().inside.push(Node { said, ..Node::default() });
        }
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop().unwrap();
            assert_eq!(closed.name, name, "each element is closed");
            open.last_mut().unwrap().inside.push(closed);
            continue;
        }
        let attribute = |name: &str| {
            let value = tag.split_once(&format!(" {name}=\"")).map(|(_, value)| value.split('"').next().unwrap());
            decoded(value.unwrap_or_default())
        };
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        let node = Node { class: attribute("class"), link: attribute("href"), name, ..Node::default() };
        match tag.ends_with('/') || matches!(node.name.as_str(), "br" | "input") {
            true => open.last_mut().unwrap().inside.push(node),
            false => open.push(node),
        }
    }
    assert_eq!(open.len(), 1, "each element is closed");
    let mut page = open.pop().unwrap();
    page.name = "main".to_owned();
    page
}

fn decoded(text: &str) -> String {
    [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (written, meant)| text.replace(written, meant))
}

also_on_a_server! {
    every_front_end_gives_the_same_answer_to_every_question,
}
