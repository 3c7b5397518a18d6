//! The layer between a process and its disk (`tools/faults/layer.c`): it is built here, a process is run on it, and what
//! it journalled is read. It must not know what the process does. Linux alone has it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

const SOURCE: &str = include_str!("../../../tools/faults/layer.c");

/// Nothing here takes this long: what does, hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What befalls the call that a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No space, once.
    NoSpace,
    /// A short write where it is one, and no space from then on.
    Full,
    /// An I/O error, once.
    Error,
    /// I/O errors from then on.
    Dead,
    /// A write that takes half of the bytes, which is no error.
    Short,
    /// The process is killed before the call.
    Kill,
    /// The process is killed in the call, half-way through a write.
    Tear,
}

impl Fault {
    fn word(self) -> &'static str {
        match self {
            Self::NoSpace => "ENOSPC",
            Self::Full => "FULL",
            Self::Error => "EIO",
            Self::Dead => "DEAD",
            Self::Short => "SHORT",
            Self::Kill => "KILL",
            Self::Tear => "TEAR",
        }
    }
}

/// A call that the layer journalled. Paths are below the folder that it watches; a file is named by its inode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A file came into being.
    Created { path: PathBuf, file: u64 },
    /// A folder came into being.
    Folder { path: PathBuf, file: u64 },
    /// A name changed.
    Renamed { path: PathBuf, to: PathBuf },
    /// A name went away.
    Removed { path: PathBuf },
    /// Bytes were written.
    Written { file: u64, at: u64, bytes: Vec<u8> },
    /// A file got this length.
    Resized { file: u64, to: u64 },
    /// All that was written to a file, or the names in a folder, is on the disk.
    Synced { file: u64 },
    /// The disk was told to start writing, which promises nothing.
    Started,
    /// The process wrote to its standard output.
    Printed(Vec<u8>),
    /// The call met the fault.
    Met { path: PathBuf },
}

impl Call {
    /// Whether the layer counts it, so that a fault can befall it.
    pub fn counts(&self) -> bool {
        !matches!(self, Self::Printed(_) | Self::Met { .. })
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    With(i32),
    /// By `kill -9`.
    Killed,
    /// Not at all: it was stopped after a minute.
    Hung,
}

/// What became of a process.
pub struct Ran {
    pub ended: Ended,
    pub out: String,
    pub err: String,
    pub calls: Vec<Call>,
}

impl std::fmt::Debug for Ran {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        let calls = self.calls.len();
        write!(out, "{:?} after {calls} calls, having printed:\n{}and on stderr:\n{}", self.ended, self.out, self.err)
    }
}

impl Ran {
    /// How many calls a fault could have befallen.
    pub fn count(&self) -> u64 {
        self.calls.iter().filter(|call| call.counts()).count() as u64
    }

    /// Where the fault was met, if it was.
    pub fn met(&self) -> Option<&Path> {
        self.calls.iter().find_map(|call| if let Call::Met { path } = call { Some(path.as_path()) } else { None })
    }
}

/// The layer, built; or why there is none.
pub fn library() -> Result<&'static Path, &'static str> {
    static LIBRARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    LIBRARY.get_or_init(build).as_ref().map(PathBuf::as_path).map_err(String::as_str)
}

fn build() -> Result<PathBuf, String> {
    if !cfg!(target_os = "linux") {
        return Err("the layer below the program is made for Linux".to_owned());
    }
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let library = program.with_file_name("minutebook-layer.so");
    let draft = program.with_file_name(format!("minutebook-layer-{}.so", std::process::id()));
    let compiler = Command::new("cc")
        .args(["-x", "c", "-O1", "-shared", "-fPIC", "-", "-pthread", "-o"])
        .arg(&draft)
        .stdin(Stdio::piped())
        .spawn();
    let mut compiler = compiler.map_err(|e| format!("cc, the C compiler, cannot be started: {e}"))?;
    compiler.stdin.take().expect("it is piped").write_all(SOURCE.as_bytes()).map_err(|e| e.to_string())?;
    match compiler.wait() {
        Ok(status) if status.success() => {}
        other => return Err(format!("cc, the C compiler, does not build tools/faults/layer.c: {other:?}")),
    }
    fs::rename(&draft, &library).map_err(|e| e.to_string())?;
    Ok(library)
}

/// Runs a process to its end on the layer, which watches what lies below `root`. `notes` is a folder for what it prints
/// and journals, elsewhere. At the call with this number, counted from 1, the fault befalls it.
pub fn run(mut command: Command, root: &Path, notes: &Path, fault: Option<(u64, Fault)>) -> Ran {
    let library = library().unwrap_or_else(|why| panic!("{why}"));
    let [journal, out, err] = ["journal", "out", "err"].map(|name| notes.join(name));
    let _ = fs::remove_file(&journal);
    command.env("LD_PRELOAD", library).env("MINUTEBOOK_LAYER_ROOT", root).env("MINUTEBOOK_LAYER_JOURNAL", &journal);
    if let Some((at, what)) = fault {
        command.env("MINUTEBOOK_LAYER_AT", at.to_string()).env("MINUTEBOOK_LAYER_DO", what.word());
    }
    let file = |path| File::create(path).expect("a file for what it prints");
    command.stdin(Stdio::null()).stdout(file(&out)).stderr(file(&err));
    let ended = wait(command);
    let text = |path| String::from_utf8_lossy(&fs::read(path).expect("what it printed")).into_owned();
    Ran { ended, out: text(&out), err: text(&err), calls: read(&journal, root) }
}

fn wait(mut command: Command) -> Ended {
    let mut running = command.spawn().expect("the program starts");
    let started = Instant::now();
    loop {
        if let Some(status) = running.try_wait().expect("it can be waited for") {
            return ended(status);
        }
        if started.elapsed() > PATIENCE {
            running.kill().expect("it runs");
            running.wait().expect("it ends");
            return Ended::Hung;
        }
        sleep(Duration::from_millis(1));
    }
}

fn ended(status: ExitStatus) -> Ended {
    status.code().map_or(Ended::Killed, Ended::With)
}

/// The calls of a journal. A kill may have cut off the last.
fn read(journal: &Path, root: &Path) -> Vec<Call> {
    let mut bytes = Vec::new();
    File::open(journal).and_then(|mut file| file.read_to_end(&mut bytes)).expect("the layer was loaded, and journals");
    let mut rest = bytes.as_slice();
    let mut calls = Vec::new();
    while let Some(call) = call(&mut rest, root) {
        calls.push(call);
    }
    calls
}

fn call(rest: &mut &[u8], root: &Path) -> Option<Call> {
    let kind = take(rest, 4)?[0];
    let lengths: [usize; 3] = [number(rest, 4)?, number(rest, 4)?, number(rest, 4)?].map(|length| length as usize);
    let (file, at) = (number(rest, 8)?, number(rest, 8)?);
    let path = below(take(rest, lengths[0])?, root);
    let to = below(take(rest, lengths[1])?, root);
    let bytes = take(rest, lengths[2])?.to_vec();
    Some(match kind {
        b'c' => Call::Created { path, file },
        b'm' => Call::Folder { path, file },
        b'n' => Call::Renamed { path, to },
        b'u' => Call::Removed { path },
        b'w' => Call::Written { file, at, bytes },
        b't' => Call::Resized { file, to: at },
        b's' => Call::Synced { file },
        b'r' => Call::Started,
        b'p' => Call::Printed(bytes),
        b'x' => Call::Met { path },
        other => panic!("the journal has a record of kind {other}"),
    })
}

fn below(name: &[u8], root: &Path) -> PathBuf {
    let name = PathBuf::from(std::str::from_utf8(name).expect("our paths are text"));
    name.strip_prefix(root).map(Path::to_owned).unwrap_or(name)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

/// A number of this many bytes, in the machine's own order, which is little-endian wherever this runs.
fn number(rest: &mut &[u8], length: usize) -> Option<u64> {
    Some(take(rest, length)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
