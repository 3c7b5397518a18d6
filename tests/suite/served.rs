//! A server in this process, or as the program is one, at a free port, and what it answers. Shared by the tests of pages, the
//! API, and who may do what.

use crate::run::{BINARY, Place};
use minutebook::store::{self, Address};
use minutebook::web::{Settings, Site, listen, serve};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Nothing here takes this long: what does, hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, which stops when this goes.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// Until it is asked back.
    place: Option<Place>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn gives(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// A problem of this kind, with all that RFC 9457 names.
    #[track_caller]
    pub fn problem(self, status: u16, kind: &str) -> Value {
        let this = self.gives(status);
        assert_eq!(this.header("content-type"), "application/problem+json");
        let problem = this.json();
        assert_eq!((&problem["type"], &problem["status"]), (&format!("urn:minutebook:{kind}").into(), &status.into()));
        assert!(problem["title"].is_string() && problem["detail"].as_str().is_some_and(|detail| detail.len() > 10));
        problem
    }
}

impl Server {
    /// Of Kent's record.
    pub fn start(may_record: bool) -> Self {
        Self::of(Place::kent(), Settings { may_record, ..Settings::default() })
    }

    /// Of the ledger of a place; a node of it, where a server keeps its entries.
    pub fn of(place: Place, settings: Settings) -> Self {
        let server = place.at().server;
        Self::on(place, server, settings)
    }

    /// A node of the ledger at an address, with its copy where the ledger of a place would be.
    pub fn node(place: Place, address: Address) -> Self {
        Self::on(place, Some(address), Settings { may_record: true, ..Settings::default() })
    }

    fn on(place: Place, server: Option<Address>, settings: Settings) -> Self {
        let hosts = vec!["minutes.example".to_owned()];
        let at = store::Place { folder: place.ledger(), server };
        let site = Site::of(at, Settings { hosts, ..settings }).unwrap();
        let (address, started) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
                site.open().unwrap();
                address.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, site, async { drop(stopped.await) }).await;
            });
        });
        Self { address: started.recv().unwrap(), stop: Some(stop), thread: Some(thread), place: Some(place) }
    }

    /// Where its ledger is.
    pub fn place(&self) -> &Place {
        self.place.as_ref().unwrap()
    }

    /// Stops, and gives the place with the ledger.
    pub fn stop(mut self) -> Place {
        self.place.take().unwrap()
    }

    pub fn send(&self, request: ureq::http::request::Builder, body: &[u8]) -> Answered {
        self.try_send(request, body).unwrap()
    }

    pub fn try_send(&self, request: ureq::http::request::Builder, body: &[u8]) -> Result<Answered, ureq::Error> {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent: ureq::Agent = config.timeout_global(Some(Duration::from_secs(30))).build().into();
        let mut answer = agent.run(request.body(body).unwrap())?;
        let body = answer.body_mut().with_config().limit(64 << 20).read_to_string()?;
        Ok(Answered { status: answer.status().as_u16(), headers: answer.headers().clone(), body })
    }

    pub fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address))
    }

    pub fn get(&self, path: &str) -> Answered {
        self.send(self.request("GET", path), b"")
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Answered {
        self.send(self.request("POST", path).header("Content-Type", "application/json"), body)
    }

    pub fn append(&self, query: &str, draft: &Value) -> Answered {
        self.post(&format!("/api/v1/entries{query}"), &serde_json::to_vec(draft).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

/// The program as it serves Kent's record.
pub struct Serving {
    pub process: Child,
    pub address: String,
    place: Place,
}

impl Serving {
    pub fn start(options: &[&str]) -> Self {
        let place = Place::kent();
        let mut command = Command::new(BINARY);
        command.args(["serve", "--listen", "127.0.0.1:0", "--ledger"]).arg(place.ledger()).args(options);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        let serving = Self { process, address, place };
        let ready = (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            serving.get("/ready").starts_with("HTTP/1.1 200")
        });
        assert!(ready, "the ledger is open soon");
        serving
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// What is answered on a connection of its own.
    pub fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Where its ledger is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// The most memory that it ever held, in bytes; nothing where the system does not say.
    pub fn most_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
    }

    /// Stops as it is told, and leaves a ledger that holds together.
    pub fn stop(mut self) {
        self.signal("TERM");
        assert!(self.process.wait().unwrap().success());
        self.place.run(&["verify"]).ok();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
