//! A proxy between us and a server, which cuts the connection that carries an append, before the server has it or after it has
//! answered. It has no tests.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};
use std::thread;

/// What a proxy does to the connection that carries an append.
pub const PASSES: u8 = 0;
pub const CUTS_BEFORE: u8 = 1;
pub const CUTS_AFTER: u8 = 2;
pub const CUTS_ALL: u8 = 3;
/// The next one alone, before or after.
pub const ONCE: u8 = 4;

/// A proxy between us and the server, which cuts the connection when an append goes by: before the server has it, or after it
/// has answered and before we hear.
pub struct Proxy {
    pub port: u16,
    pub mode: Arc<AtomicU8>,
    /// How often it has cut.
    pub cuts: Arc<AtomicU16>,
}

impl Proxy {
    /// To the server that listens at a port, now or later.
    pub fn new(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, cuts) = (Arc::new(AtomicU8::new(PASSES)), Arc::new(AtomicU16::new(0)));
        let proxy = Self { port, mode: Arc::clone(&mode), cuts: Arc::clone(&cuts) };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let (mode, cuts) = (Arc::clone(&mode), Arc::clone(&cuts));
                thread::spawn(move || carry(&client, &server, &mode, &cuts));
            }
        });
        proxy
    }
}

/// What an append is called on this connection from then on, with the noughts around it by which it is asked for, where it is
/// sent to be parsed.
fn name_of_append(sent: &[u8]) -> Option<Vec<u8>> {
    let sql = sent.windows(15).position(|bytes| bytes == b"with entries as" || bytes == b"with follows as")?;
    let name = sent[..sql - 1].rsplit(|byte| *byte == 0).next()?;
    // Before it is the length of the message, whose last byte may be any.
    let start = name.iter().rposition(|byte| *byte == b's')?;
    Some([&[0], &name[start..], &[0]].concat())
}

fn carry(client: &TcpStream, server: &TcpStream, mode: &AtomicU8, cuts: &AtomicU16) {
    let ends = || {
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    };
    for stream in [client, server] {
        let _ = stream.set_nodelay(true);
    }
    // Set once an append went by whose answer must not come back.
    let silent = AtomicU8::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut from, mut to, mut buffer) = (server, client, [0; 65536]);
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                // The answer to the execution of a statement: it is committed when this comes.
                let answers = buffer[..count].windows(9).any(|bytes| bytes == b"INSERT 0 " || bytes == b"SELECT 1\0");
                if silent.load(Ordering::SeqCst) == 1 && answers {
                    cuts.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                if to.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            ends();
        });
        let (mut from, mut to, mut buffer) = (client, server, [0; 65536]);
        let mut called: Vec<Vec<u8>> = vec![];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            called.extend(name_of_append(&buffer[..count]));
            let appends = called.iter().any(|name| buffer[..count].windows(name.len()).any(|bytes| bytes == name));
            let told = mode.load(Ordering::SeqCst);
            if appends && told & ONCE != 0 {
                mode.store(PASSES, Ordering::SeqCst);
            }
            match told & !ONCE {
                CUTS_ALL => break,
                CUTS_BEFORE if appends => {
                    cuts.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                CUTS_AFTER if appends => silent.store(1, Ordering::SeqCst),
                _ => {}
            }
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        ends();
    });
}
