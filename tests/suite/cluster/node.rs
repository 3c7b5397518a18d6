//! `minutebook serve` on a log that others append to, as a process with a folder of its own: started, killed, started again.
//! It must not know what its answers mean.

use super::clients::Client;
use super::{PATIENCE, until};
use crate::postgres::server::{free_port, start};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How a node is started: the program, and what it is given.
pub type Program = fn() -> Command;

/// A node. It goes with this, and its folder too.
pub struct Node {
    program: Program,
    store: String,
    folder: TempDir,
    pub port: u16,
    process: Child,
}

impl Node {
    /// One on the log at an address, with an empty folder, once it is ready.
    pub fn start(program: Program, store: &str) -> Self {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let process = process(program, store, &folder, port);
        let node = Self { program, store: store.to_owned(), folder, port, process };
        node.await_ready();
        node
    }

    /// The folder of its copy.
    pub fn copy(&self) -> PathBuf {
        self.folder.path().join("copy")
    }

    /// Ends it where it is.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again on what is in its folder.
    pub fn restart(&mut self) {
        self.process = process(self.program, &self.store, &self.folder, self.port);
    }

    /// What it says of itself: the status, and the words.
    pub fn ready(&self) -> Option<(u16, String)> {
        Client::of(self.port).ask("GET", "/ready", "").ok()
    }

    /// How many entries it has, and their root.
    pub fn head(&self) -> Option<(u64, String)> {
        let (_, body) = Client::of(self.port).ask("GET", "/api/v1/head", "").ok()?;
        let head: Value = serde_json::from_str(&body).ok()?;
        Some((head["size"].as_u64()?, head["root"].as_str()?.to_owned()))
    }

    /// Waits until it is ready.
    #[track_caller]
    pub fn await_ready(&self) {
        let began = Instant::now();
        while self.ready().is_none_or(|(status, _)| status != 200) {
            let said = self.ready();
            assert!(began.elapsed() < PATIENCE, "a node is not ready: {said:?}; it says: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it has so many entries.
    #[track_caller]
    pub fn await_size(&self, size: u64) {
        until(&format!("a node has {size} entries"), || self.head().is_some_and(|head| head.0 == size));
    }

    /// What it wrote to standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn process(program: Program, store: &str, folder: &TempDir, port: u16) -> Child {
    let mut command = program();
    command.args(["serve", "--may-record", "--store", store, "--listen", &format!("127.0.0.1:{port}"), "--ledger"]);
    command.arg(folder.path().join("copy"));
    // It is ended with this process, however that ends.
    let mut within = Command::new("setpriv");
    within.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program()).args(command.get_args());
    within.envs(command.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
    within.current_dir(folder.path());
    let log = fs::File::options().create(true).append(true).open(folder.path().join("log")).unwrap();
    within.stderr(log);
    start(within)
}
