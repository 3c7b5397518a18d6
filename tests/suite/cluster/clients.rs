//! Writers that claim the ledger's size with every entry, over HTTP, and keep what each call was told and when. Where a
//! call's outcome is not known they ask again by the entry's id. They must not look at the log.

use minutebook_events::EntryId;
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any node takes to say that it does not know.
const ANSWER: Duration = Duration::from_secs(60);

/// A connection to a node, made anew where it ended.
pub struct Client {
    port: u16,
    stream: Option<BufReader<TcpStream>>,
}

impl Client {
    pub fn of(port: u16) -> Self {
        Self { port, stream: None }
    }

    /// The status of the answer, and its body.
    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
        let answer = self.try_ask(method, path, body);
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    /// Whether there is somebody to ask.
    fn connect(&mut self) -> io::Result<&mut BufReader<TcpStream>> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(ANSWER))?;
            self.stream = Some(BufReader::new(stream));
        }
        Ok(self.stream.as_mut().expect("it was made"))
    }

    fn try_ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
        let port = self.port;
        let stream = self.connect()?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all((head + body).as_bytes())?;
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            if let Some(said) = line.strip_prefix("HTTP/1.1 ") {
                status = said.get(..3).and_then(|status| status.parse().ok());
            } else if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = said.parse().unwrap_or(0);
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body)?;
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// What a call was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A receipt, of an entry that was there before where it is repeated.
    Kept { position: u64, leaf: String, repeated: bool },
    /// That the ledger held so many entries, and not what was claimed.
    Conflict { actual: u64 },
    /// That it was not taken, for another reason.
    Refused(String),
    /// That nobody knows, or nothing at all.
    Unknown(String),
}

/// One call: an entry, by its id, and a claim.
#[derive(Debug, Clone)]
pub struct Call {
    pub id: String,
    pub claim: u64,
    pub began: Duration,
    pub ended: Duration,
    pub told: Told,
}

/// What all writers were told, by one clock.
pub struct History {
    start: Instant,
    calls: Mutex<Vec<Call>>,
    kept: AtomicU64,
    stop: AtomicBool,
    abandoned: AtomicBool,
}

/// Lets writers go where whoever waits for them cannot go on.
pub struct Abandons<'a>(pub &'a History);

impl Drop for Abandons<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.abandoned.store(true, Ordering::SeqCst);
        }
    }
}

impl Default for History {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            calls: Mutex::default(),
            kept: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
        }
    }
}

impl History {
    /// All calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("no writer panics with it").clone()
    }

    /// How many entries have a receipt.
    pub fn kept(&self) -> u64 {
        self.kept.load(Ordering::SeqCst)
    }

    /// Tells the writers to end what they are at, or that they may go on.
    pub fn stop(&self, stop: bool) {
        self.stop.store(stop, Ordering::SeqCst);
    }

    fn call(&self, client: &mut Client, id: &str, claim: u64, body: &str) -> Told {
        let began = self.start.elapsed();
        let answer = client.ask("POST", &format!("/api/v1/entries?expected-head={claim}"), body);
        let told = told(answer);
        if matches!(told, Told::Kept { .. }) {
            self.kept.fetch_add(1, Ordering::SeqCst);
        }
        let call = Call { id: id.to_owned(), claim, began, ended: self.start.elapsed(), told: told.clone() };
        self.calls.lock().expect("no writer panics with it").push(call);
        told
    }
}

/// What an answer says of the entry. Whatever does not say that it was not kept leaves that open.
fn told(answer: io::Result<(u16, String)>) -> Told {
    let (status, body) = match answer {
        Ok(answer) => answer,
        Err(error) => return Told::Unknown(error.to_string()),
    };
    let json: Value = serde_json::from_str(&body).unwrap_or_default();
    let number = |name: &str| json[name].as_u64();
    match (status, json["type"].as_str().unwrap_or_default()) {
        (200 | 201, _) => match (number("position"), json["leaf"].as_str()) {
            (Some(position), Some(leaf)) => {
                Told::Kept { position, leaf: leaf.to_owned(), repeated: json["repeated"] == true }
            }
            _ => Told::Unknown(body),
        },
        (409, "urn:minutebook:conflict") => match number("actual") {
            Some(actual) => Told::Conflict { actual },
            None => Told::Unknown(body),
        },
        (_, kind) if REFUSALS.contains(&kind) => Told::Refused(body),
        _ => Told::Unknown(body),
    }
}

/// Kinds of problems that say that an entry was not taken.
const REFUSALS: [&str; 5] = [
    "urn:minutebook:rejected",
    "urn:minutebook:not-ready",
    "urn:minutebook:parted",
    "urn:minutebook:store-failed",
    "urn:minutebook:clock-went-back",
];

/// A draft that defines a party of this name, and its id.
pub fn draft(name: &str) -> (String, String) {
    let id = EntryId::from_text(name).to_string();
    let body = format!(
        r#"{{"id":"{id}","act":{{"reference":"{name}","title":"A party","kind":"definition","decided":"2026-11-01"}},"documents":[{{"code":"Z","title":"Paper"}}],"events":[{{"effective":"2026-11-01","standing":"decided","sources":["Z 1"],"kind":{{"party-defined":{{"party":"{name}","name":"Party {name}"}}}}}}]}}"#
    );
    (id, body)
}

/// One writer: entries one after the other, each until there is a receipt for it, each under a claim of the ledger's size; until
/// it is told to stop, or has written as many as it should.
pub fn write(nodes: &[u16], writer: u64, first: u64, most: u64, history: &History) {
    let mut at = writer as usize % nodes.len();
    let mut client = Client::of(nodes[at]);
    let mut head = 0;
    for number in (first..).take(usize::try_from(most).unwrap_or(usize::MAX)) {
        if history.stop.load(Ordering::SeqCst) {
            return;
        }
        let (id, body) = draft(&format!("writer-{writer}-{number}"));
        for turn in 0.. {
            if history.abandoned.load(Ordering::SeqCst) {
                return;
            }
            // Where nobody is there, nothing was sent.
            if client.connect().is_err() {
                at = (at + 1) % nodes.len();
                client = Client::of(nodes[at]);
                thread::sleep(Duration::from_millis(20));
                continue;
            }
            match history.call(&mut client, &id, head, &body) {
                Told::Kept { position, .. } => {
                    head = head.max(position + 1);
                    break;
                }
                Told::Conflict { actual } => head = actual,
                Told::Refused(_) | Told::Unknown(_) => {
                    // Another node may know more.
                    at = (at + 1) % nodes.len();
                    client = Client::of(nodes[at]);
                    thread::sleep(Duration::from_millis(20 + (writer + turn) * 7 % 30));
                }
            }
        }
    }
}
