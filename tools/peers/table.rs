//! What was measured, as the one table that is printed: a row for each peer beside which a thing was measured, the
//! ratio first. It must not measure anything.

use super::measure::Outcome;
use super::ours;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// What is measured, in the order of the table, and what it is called.
const ROWS: [(&str, &str); 21] = [
    ("rebuild", "rebuild all projections from the stored bytes, all cores; peers: one query over all facts"),
    ("rebuild-one", "the same on one core"),
    ("open-snapshot", "open from the snapshot"),
    ("packed", "make every timeline from packed entries, one core"),
    ("fold", "the fact in effect on every value line on a day"),
    ("cold", "open, first answer, end: a new process, files in the page cache"),
    ("cold-checked", "the same, every hash checked"),
    ("cold-total", "a total by funder: a new process, files in the page cache"),
    ("lines", "one contract, each value line, random coordinates"),
    ("lines-by-weight", "the same, contracts drawn by their facts"),
    ("value", "one contract, the whole `value` answer"),
    ("value-by-weight", "the same, contracts drawn by their facts"),
    ("portfolio", "what is funded on a day, by funder"),
    ("portfolio-made", "make the totals that this is asked of, once"),
    ("import", "import, durable"),
    ("append-one", "durable appends, one writer"),
    ("append-many", "durable appends, 64 writers at once"),
    ("memory-open", "resident memory after opening"),
    ("memory-import", "most resident memory of the import"),
    ("disk", "disk, entries and what finds them"),
    ("disk-facts", "disk, what answers questions"),
];

/// Of how many entries a thing was measured.
fn entries(line: &Value) -> u64 {
    line["entries"].as_u64().unwrap_or_default()
}

pub fn print(measured: &Path) -> Outcome<()> {
    let text = fs::read_to_string(measured)?;
    let lines = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let size = lines.iter().map(entries).max().ok_or("nothing was measured")?;
    println!("| ratio | {size} entries | Minutebook | peer | the peer | how |\n| --- | --- | --- | --- | --- | --- |");
    for (row, called) in ROWS {
        let at_size: Vec<&Value> = lines.iter().filter(|line| line["row"] == row && entries(line) == size).collect();
        let mine = at_size.iter().find(|line| line["who"] == ours::NAME);
        let peers: Vec<&&Value> = at_size.iter().filter(|line| line["who"] != ours::NAME).collect();
        if let (Some(mine), []) = (mine, &peers[..]) {
            println!("| — | {called} | {} | — | — | {} |", figure(mine), how(mine));
        }
        for peer in peers {
            let ratio = mine.and_then(|mine| ratio(mine, peer)).map_or("—".to_owned(), times);
            let (who, mine_is) =
                (peer["who"].as_str().unwrap_or_default(), mine.map_or("—".to_owned(), |it| figure(it)));
            println!(
                "| {ratio} | {called} | {mine_is} | {who} | {} | {}{} |",
                figure(peer),
                mine.map_or(String::new(), |it| ours_how(it)),
                how(peer)
            );
        }
    }
    grown(&lines, size);
    Ok(())
}

/// How each figure grew from the smaller register to this one, where both were measured.
fn grown(lines: &[Value], size: u64) {
    let Some(small) = lines.iter().map(entries).filter(|entries| *entries < size).max() else { return };
    println!("\n| grows by | from {small} to {size} entries | of | from | to |\n| --- | --- | --- | --- | --- |");
    for (row, called) in ROWS {
        for line in lines.iter().filter(|line| line["row"] == row && entries(line) == size) {
            let before = lines.iter().find(|it| it["row"] == row && it["who"] == line["who"] && entries(it) == small);
            let Some((before, grows)) = before.and_then(|before| Some((before, ratio(before, line)?))) else {
                continue;
            };
            let who = line["who"].as_str().unwrap_or_default();
            println!("| {} | {called} | {who} | {} | {} |", times(grows), figure(before), figure(line));
        }
    }
}

/// How many times as good `mine` is: above 1 it takes less, or does more.
fn ratio(mine: &Value, peer: &Value) -> Option<f64> {
    let (mine_is, peer_is) = (mine["value"].as_f64()?, peer["value"].as_f64()?);
    Some(if mine["better"] == "less" { peer_is / mine_is } else { mine_is / peer_is })
}

fn times(ratio: f64) -> String {
    format!("{} ×", digits(ratio))
}

/// Three digits that count.
fn digits(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

fn figure(line: &Value) -> String {
    let Some(value) = line["value"].as_f64() else { return "—".to_owned() };
    let unit = line["unit"].as_str().unwrap_or_default();
    match (unit, line["p99"].as_f64()) {
        ("s", Some(p99)) => format!("{}, p99 {}", time(value), time(p99)),
        ("s", None) => time(value),
        _ => format!("{} {unit}", digits(value)),
    }
}

fn time(seconds: f64) -> String {
    let (number, unit) = match seconds {
        _ if seconds >= 1.0 => (seconds, "s"),
        _ if seconds >= 1e-3 => (seconds * 1e3, "ms"),
        _ => (seconds * 1e6, "µs"),
    };
    format!("{} {unit}", digits(number))
}

fn how(line: &Value) -> &str {
    line["how"].as_str().unwrap_or_default()
}

fn ours_how(line: &Value) -> String {
    line["how"].as_str().map(|how| format!("ours: {how}; peer: ")).unwrap_or_default()
}
