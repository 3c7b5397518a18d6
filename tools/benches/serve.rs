//! How long pages take at the server, and how many questions of the API it answers a second while entries are appended: of
//! Kent's record, or of a synthetic register of so many entries (`-- 1000000`). Clients are in the same process, on connections
//! that they keep, so that both share the cores.
#![allow(clippy::panic, reason = "a benchmark that cannot go on stops")]

mod recorded;

use minutebook::kent;
use minutebook::web::{Settings, Site, serve};
use minutebook_events::decision_file::DecisionFile;
use minutebook_events::{EntryId, Position};
use minutebook_tools::national::{National, Sizes};
use recorded::record;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Requests of each page, and how long the load goes on.
const TURNS: usize = 500;
const LOAD: Duration = Duration::from_secs(5);

/// How many connections ask at once.
const CLIENTS: usize = 8;

/// A connection that is kept.
struct Client(BufReader<TcpStream>, SocketAddr);

impl Client {
    fn of(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a server that listens");
        stream.set_nodelay(true).expect("a socket");
        Self(BufReader::new(stream), address)
    }

    /// The status of the answer, and how many bytes its body has.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, usize) {
        let Self(stream, address) = self;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all((head + body).as_bytes()).expect("a connection that is kept");
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).expect("an answer");
            let line = line.trim_end();
            if let Some(said) = line.strip_prefix("HTTP/1.1 ") {
                status = said[..3].parse().expect("a status");
            } else if let Some(said) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = said.parse().expect("a length");
            } else if line.is_empty() {
                break;
            }
        }
        stream.read_exact(&mut vec![0; length]).expect("a whole body");
        (status, length)
    }
}

/// A draft that defines another party.
fn another(number: usize) -> String {
    let id = EntryId::from_text(&format!("bench-{number}"));
    format!(
        r#"{{"id":"{id}","act":{{"reference":"bench-{number}","title":"A party","kind":"definition","decided":"2026-11-01"}},
        "documents":[{{"code":"Z","title":"Paper"}}],"events":[{{"effective":"2026-11-01","standing":"decided",
        "sources":["Z 1"],"kind":{{"party-defined":{{"party":"bench-{number}","name":"Party {number}"}}}}}}]}}"#
    )
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let entries: Option<u64> = words.iter().find_map(|word| word.parse().ok());
    // `cargo test` runs benches once each, to see that they run.
    let is_measured = words.iter().any(|word| word == "--bench");
    let (turns, load) = if is_measured { (TURNS, LOAD) } else { (3, Duration::from_millis(50)) };
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let ledger = folder.path().join("ledger");
    let (contract, as_of) = match entries {
        None => {
            let files = kent::decision_files().into_iter();
            record(
                &ledger,
                files.map(|(name, text)| DecisionFile::parse(text).unwrap_or_else(|e| panic!("{name}: {e}")).draft),
            );
            ("live-well-kent-2016", "2018-06-01")
        }
        Some(entries) => {
            let national = National { seed: 1, entries_a_contract: 10, sizes: Sizes::LongTail };
            record(&ledger, (0..entries).map(|number| national.draft(number)));
            ("contract-55555", "2024-06-01")
        }
    };
    let site = Site::of(&ledger, Settings { may_record: true, ..Settings::default() }).expect("a ledger's folder");
    let (said, heard) = channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            site.open().unwrap_or_else(|error| panic!("{error}"));
            said.send(listener.local_addr().expect("an address")).expect("somebody hears");
            serve(listener, site, async { drop(stopped.await) }).await;
        });
    });
    let address = heard.recv().expect("a server");
    let mut client = Client::of(address);
    let held: Position = Position(entries.unwrap_or(kent::decision_files().len() as u64));
    println!("{held} entries");
    // Of a register of many contracts the page that begins with this one: the first of all holds one contract in a hundred entries.
    let state = if entries.is_some() {
        format!("/state?from={contract}&as-of={as_of}")
    } else {
        format!("/state?as-of={as_of}")
    };
    for path in [
        state,
        format!("/contracts/{contract}?as-of={as_of}"),
        format!("/lots?contract={contract}&as-of={as_of}"),
        format!("/api/v1/lots?contract={contract}&as-of={as_of}"),
    ] {
        // One answer over a large register takes long: it is asked less often.
        let began = Instant::now();
        let (status, bytes) = client.ask("GET", &path, "");
        let turns = if began.elapsed() > Duration::from_millis(500) { 3 } else { turns };
        if status == 503 {
            println!("{path:<60} is told that the answer takes too long");
            continue;
        }
        assert_eq!(status, 200, "{path}");
        let mut took: Vec<Duration> = (0..turns)
            .map(|_| {
                let began = Instant::now();
                client.ask("GET", &path, "");
                began.elapsed()
            })
            .collect();
        took.sort_unstable();
        let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
        println!(
            "{path:<60} median {:>8.2} ms, p99 {:>8.2} ms, {bytes} bytes",
            ms(took[turns / 2]),
            ms(took[turns * 99 / 100])
        );
    }
    let path = format!("/api/v1/lots?contract={contract}&as-of={as_of}");
    let is_over = AtomicBool::new(false);
    let (asked, appended) = thread::scope(|scope| {
        let is_over = &is_over;
        let ask = || {
            let (mut client, mut asked) = (Client::of(address), 0_u64);
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(client.ask("GET", &path, "").0, 200);
                asked += 1;
            }
            asked
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(ask)).collect();
        let writer = scope.spawn(move || {
            let (mut client, mut appended) = (Client::of(address), 0);
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(client.ask("POST", "/api/v1/entries", &another(appended)).0, 201);
                appended += 1;
                thread::sleep(Duration::from_millis(10));
            }
            appended
        });
        thread::sleep(load);
        is_over.store(true, Ordering::Relaxed);
        let asked: u64 = clients.into_iter().map(|client| client.join().expect("a client")).sum();
        (asked, writer.join().expect("a writer"))
    });
    let seconds = load.as_secs_f64();
    println!(
        "{CLIENTS} connections: {:.0} questions a second, while {:.0} entries a second were appended",
        asked as f64 / seconds,
        appended as f64 / seconds
    );
    let _ = stop.send(());
    server.join().expect("a server that ends");
}
