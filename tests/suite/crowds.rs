//! A server in a crowd: ten thousand connections at once, and bodies of a gigabyte. Whoever asks for more than there is room
//! for is refused clearly, and everybody else is served meanwhile. Nothing here is timed; what takes longer than a long patience
//! hangs.

use crate::postgres::nodes::soon;
use crate::served::Serving;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many come at once.
const CROWD: u64 = 10_000;

/// Files that the other tests of this process may have open meanwhile.
const OTHERS: u64 = 2_000;

/// How much more memory a server may hold after a gigabyte was sent to it: what it reads of a request, many times over.
const MOST_MEMORY: u64 = 64 << 20;

const GIGABYTE: usize = 1 << 30;

/// One crowd at a time.
static CROWDS: Mutex<()> = Mutex::new(());

/// Lets this process have as many files open as the system allows it; how many of them are for a crowd.
fn room() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(CROWD + OTHERS);
    let raised = Rlimit { current: Some(most), maximum: limit.maximum };
    let now = setrlimit(Resource::Nofile, raised).map_or(limit.current.unwrap_or(most), |()| most);
    let room = now.saturating_sub(OTHERS).min(CROWD);
    if room < CROWD {
        eprintln!("{room} connections in place of {CROWD}: this process may have {now} files open");
    }
    room
}

/// Ten thousand who ask nothing, or send part of a request, or take no answer, keep nobody out.
#[test]
fn whoever_holds_ten_thousand_connections_keeps_nobody_out() {
    let _one = CROWDS.lock().unwrap_or_else(PoisonError::into_inner);
    let server = Serving::start(&[]);
    let beginnings: [&[u8]; 4] = [
        b"",
        b"GET /state HTTP/1.1\r\nHo",
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\ntoken=",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    let mut crowd = vec![];
    for (number, beginning) in (0..room()).zip(beginnings.iter().cycle()) {
        let mut stream = server.connect();
        // Whoever was closed to make room may hear of it here.
        let _ = stream.write_all(beginning);
        crowd.push(stream);
        if number % 500 == 499 {
            let page = server.get("/lots?contract=live-well-kent-2016&as-of=2018-06-01");
            assert!(page.starts_with("HTTP/1.1 200") && page.ends_with("</html>"), "after {number}: {page}");
            assert!(server.get("/api/v1/head").contains("\"size\": 39"), "after {number}");
        }
    }
    // All of them are still held here: whoever comes now is served all the same, and so is who asks again and again.
    let mut patient = BufReader::new(server.connect());
    for _ in 0..20 {
        write!(patient.get_mut(), "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut line = String::new();
        patient.read_line(&mut line).unwrap();
        assert_eq!(line, "HTTP/1.1 200 OK\r\n");
        while line.trim() != "ok" {
            line.clear();
            assert!(patient.read_line(&mut line).unwrap() > 0);
        }
    }
    drop(crowd);
    server.stop();
}

/// Ten thousand who all ask are all answered, however few there is room for at once.
#[test]
fn ten_thousand_who_ask_at_once_are_all_answered() {
    let _one = CROWDS.lock().unwrap_or_else(PoisonError::into_inner);
    let server = Serving::start(&[]);
    let (room, parts) = (room(), 8);
    std::thread::scope(|scope| {
        for part in 0..parts {
            let server = &server;
            scope.spawn(move || {
                let mut asking = vec![];
                for _ in 0..room / parts {
                    let mut stream = server.connect();
                    write!(stream, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
                    asking.push(stream);
                }
                for (number, mut stream) in asking.into_iter().enumerate() {
                    let mut answer = String::new();
                    stream.read_to_string(&mut answer).unwrap();
                    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nok\n"), "{part} {number}");
                }
            });
        }
    });
    server.stop();
}

/// Sends the rest of a body in parts, until it is all sent or nobody takes it any more; how much was taken.
fn sends(stream: &mut TcpStream, length: usize, part: &[u8]) -> usize {
    let mut sent = 0;
    while sent < length {
        match stream.write_all(part) {
            Ok(()) => sent += part.len(),
            Err(error) => {
                let gone =
                    [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionAborted];
                assert!(gone.contains(&error.kind()), "{error}");
                break;
            }
        }
    }
    sent
}

/// The head of an answer, and what follows it.
fn answered(stream: &mut TcpStream) -> (String, String) {
    let mut answer = vec![];
    let mut part = [0; 4096];
    let ends = |answer: &[u8]| {
        let text = String::from_utf8_lossy(answer);
        text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with("}\n") || body.ends_with("</html>"))
    };
    while !ends(&answer) {
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..read]);
    }
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn a_gigabyte_is_refused_before_it_is_read() {
    let server = Serving::start(&["--may-record"]);
    let before = server.most_memory();
    let part = vec![b' '; 1 << 20];
    let json = "Content-Type: application/json\r\nHost: localhost";
    let most = "more than 2097152 bytes are not read";
    for (path, says) in
        [("/api/v1/entries", most), ("/record/check", "a decision file has at most 4194304 bytes"), ("/sign-in", most)]
    {
        let mut stream = server.connect();
        write!(stream, "POST {path} HTTP/1.1\r\n{json}\r\nContent-Length: {GIGABYTE}\r\n\r\n").unwrap();
        // Nothing of the body was sent yet.
        let (head, body) = answered(&mut stream);
        assert!(head.starts_with("HTTP/1.1 413") && head.to_lowercase().contains("connection: close"), "{head}");
        assert!(body.contains(says), "{body}");
        assert_eq!(body.starts_with('{'), path.starts_with("/api/"), "a program and a person are told each their way");
        sends(&mut stream, GIGABYTE, &part);
        assert!(server.get("/health").starts_with("HTTP/1.1 200"));
    }
    // One that does not say how long it is.
    let mut stream = server.connect();
    write!(stream, "POST /api/v1/entries HTTP/1.1\r\n{json}\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), &part, b"\r\n"].concat();
    sends(&mut stream, 4 * chunk.len(), &chunk);
    let (head, body) = answered(&mut stream);
    assert!(head.starts_with("HTTP/1.1 413") && body.contains("urn:minutebook:too-large"), "{head} {body}");
    sends(&mut stream, GIGABYTE, &chunk);
    assert!(server.get("/api/v1/head").contains("\"size\": 39"));
    match before.zip(server.most_memory()) {
        Some((before, after)) => assert!(after < before + MOST_MEMORY, "{before} bytes before, {after} after"),
        None => eprintln!("skipped: this system does not say how much memory a process held"),
    }
    server.stop();
}

/// Waits until the server has read what was sent to it: the system tells how many bytes of each connection are waiting for that
/// (proc_pid_net(5)).
fn until_read(sent: &TcpStream) {
    let [server, own] = [sent.peer_addr(), sent.local_addr()].map(|at| format!(":{:04X}", at.unwrap().port()));
    let is_read = || {
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).any(|fields| {
            let [_, local, remote, _, queues, ..] = fields.as_slice() else { return false };
            local.ends_with(&server) && remote.ends_with(&own) && queues.ends_with(":00000000")
        })
    };
    soon("a server to read what was sent", is_read);
}

/// A first signal stops the server once what is under way is answered; a second ends it at once, and says so.
#[test]
fn a_second_signal_ends_the_server_at_once() {
    let mut server = Serving::start(&[]);
    // Whoever sends a request byte by byte is waited for a while.
    let mut slow = server.connect();
    slow.write_all(b"GET /state HTTP/1.1\r\nHo").unwrap();
    until_read(&slow);
    // One signal that comes twice is one; another one later is the second.
    server.signal("INT");
    server.signal("INT");
    while server.process.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(700));
        server.signal("TERM");
    }
    let mut said = String::new();
    server.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(server.process.wait().unwrap().code(), Some(2), "{said}");
    assert!(said.contains("ended at once by a second signal") && said.contains("is on disk, or was refused"), "{said}");
    server.place().run(&["verify"]).ok();
}
