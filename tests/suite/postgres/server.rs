//! A PostgreSQL server on a free port of this machine, in a folder that goes away with it: stopped when its test ends, however
//! it ends. PostgreSQL refuses to run as root, and runs as its own user then.

use minutebook::copies::between;
use minutebook::store::{self, Address, Grants, Place, migrate};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Nothing here takes this long: what does, hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What may differ between servers.
#[derive(Default)]
pub struct Setup<'a> {
    /// Settings, as `fsync=off`.
    pub settings: &'a [&'a str],
    /// Lines of `pg_hba.conf` before the last, which lets the superuser in.
    pub hba: &'a str,
    /// Makes a key and a certificate for these names, and switches TLS on.
    pub tls: Option<&'a str>,
    /// A folder `small` of so many mebibytes, as a disk of its own.
    pub small: Option<u32>,
}

/// A server that runs.
pub struct Server {
    child: Mutex<Child>,
    folder: TempDir,
    pub port: u16,
    /// What it was started with, for whoever copies it.
    settings: Vec<String>,
    /// That Kent's record was brought here.
    kent: Once,
}

/// Where the server's programs are; `None`, with the reason printed, where they are not.
fn programs() -> Option<PathBuf> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|item| item.path().join("bin"));
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut found: Vec<_> = debian
        .chain(on_path)
        .filter(|folder| ["initdb", "postgres", "pg_basebackup"].iter().all(|name| folder.join(name).exists()))
        .collect();
    found.sort();
    let found = found.pop();
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "PostgreSQL is missing: CI must have it");
        println!("skipped: PostgreSQL is missing: tools/test installs it");
    }
    found
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user and the group that the server runs as, where we are root.
fn postgres() -> (u32, u32) {
    let of = |flag: &str| {
        let said = Command::new("id").args([flag, "postgres"]).output().unwrap().stdout;
        String::from_utf8(said).unwrap().trim().parse().expect("there is a user postgres")
    };
    (of("-u"), of("-g"))
}

/// A command as the server's user. It is stopped with the thread that starts it.
fn as_its_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
    }
    command.arg("--").arg(program).current_dir("/").stdin(Stdio::null());
    command
}

/// A process to start, and where it goes.
type Start = (Command, Sender<Child>);

/// Starts a process on a thread that lasts as long as this one does, so that it is stopped where this one is killed.
pub fn start(mut command: Command) -> Child {
    static STARTER: OnceLock<Mutex<Sender<Start>>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (commands, inbox) = channel::<Start>();
        std::thread::spawn(move || {
            for (mut command, reply) in inbox {
                reply.send(command.spawn().expect("it starts")).unwrap();
            }
        });
        Mutex::new(commands)
    });
    command.stdout(Stdio::null());
    let (reply, child) = channel();
    starter.lock().unwrap().send((command, reply)).unwrap();
    child.recv().unwrap()
}

impl Server {
    /// Starts one with a database `council` of the role `owner`, its tables made, and a role `minutes` that reads and appends.
    pub fn new(setup: &Setup) -> Option<Self> {
        let server = Self::bare(setup)?;
        let grants = Grants { append: vec!["minutes".to_owned()], read: vec!["reader".to_owned()] };
        // Whatever the test is about, the tables are made by who may.
        migrate(server.address("super", "any", "&loss=allowed"), &grants).unwrap();
        server.sql("alter schema minutebook owner to owner");
        for table in server.sql("select tablename from pg_tables where schemaname = 'minutebook'").lines() {
            server.sql(&format!("alter table minutebook.{table} owner to owner"));
        }
        Some(server)
    }

    /// One without tables.
    pub fn bare(setup: &Setup) -> Option<Self> {
        let programs = programs()?;
        let folder = folder();
        let data = folder.path().join("data");
        let made = as_its_user(&programs.join("initdb"))
            .args(["-U", "super", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let hba = format!("{}\nhost all super 127.0.0.1/32 trust\n", setup.hba);
        let hba = if setup.hba.is_empty() { "host all all 127.0.0.1/32 trust\n".to_owned() } else { hba };
        fs::write(data.join("pg_hba.conf"), hba + "host replication super 127.0.0.1/32 trust\n").unwrap();
        let mut settings: Vec<String> = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "shared_buffers=16MB",
            "max_connections=100",
            "logging_collector=off",
        ]
        .map(ToOwned::to_owned)
        .into();
        if let Some(names) = setup.tls {
            certified(folder.path(), &data, names);
            settings.push("ssl=on".to_owned());
        }
        settings.extend(setup.settings.iter().map(|setting| (*setting).to_owned()));
        let server = Self::start(&programs, folder, free_port(), settings, setup.small);
        server
            .try_sql(
                "super",
                "postgres",
                "create role owner login; create role minutes login; create role reader login",
            )
            .unwrap();
        server.try_sql("super", "postgres", "create database council owner owner").unwrap();
        Some(server)
    }

    /// One that follows this one, under a name by which this one knows it.
    pub fn standby(&self, name: &str, port: u16) -> Self {
        let programs = programs().expect("they are there: one runs");
        let folder = folder();
        let copied = as_its_user(&programs.join("pg_basebackup"))
            .args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync", "--dbname"])
            .arg(self.followed_as(name))
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .output()
            .unwrap();
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        Self::start(&programs, folder, port, self.settings.clone(), None)
    }

    /// What a standby is told of this server.
    pub fn followed_as(&self, name: &str) -> String {
        format!("host=127.0.0.1 port={} user=super application_name={name}", self.port)
    }

    /// Starts one on what is in its folder, and waits until it answers.
    fn start(programs: &Path, folder: TempDir, port: u16, settings: Vec<String>, small: Option<u32>) -> Self {
        let mut command = as_its_user(&programs.join("postgres"));
        command.arg("-D").arg(folder.path().join("data")).args(["-p", &port.to_string()]);
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        if let Some(size) = small {
            let (user, group) = postgres();
            let mut within = Command::new("unshare");
            let mount =
                format!("mount -t tmpfs -o size={size}m,uid={user},gid={group},mode=700 none \"$0\" && exec \"$@\"");
            within.args(["-m", "sh", "-c", &mount]).arg(folder.path().join("small")).arg(command.get_program());
            within.args(command.get_args()).current_dir("/").stdin(Stdio::null());
            command = within;
        }
        let log = fs::File::create(folder.path().join("log")).unwrap();
        command.stderr(log);
        let server = Self { child: Mutex::new(start(command)), folder, port, settings, kent: Once::new() };
        let began = Instant::now();
        while let Err(error) = server.try_sql("super", "postgres", "select 1") {
            assert!(began.elapsed() < PATIENCE, "the server does not start: {error}; {}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// One that several tests use at once, each a ledger of its own; it ends with the program.
    pub fn shared() -> Option<Arc<Self>> {
        static SHARED: OnceLock<Option<Arc<Server>>> = OnceLock::new();
        let new = || {
            let server = Self::new(&Setup::default())?;
            server.is_cleared_away();
            Some(Arc::new(server))
        };
        SHARED.get_or_init(new).clone()
    }

    /// Has its folder removed once this program and the server have ended: nothing drops what lasts as long as the program.
    fn is_cleared_away(&self) {
        let mut waits = Command::new("sh");
        waits.args(["-c", "trap '' INT; cat; while kill -0 \"$0\"; do sleep 0.1; done; rm -rf \"$1\""]);
        waits.arg(self.child().id().to_string()).arg(self.folder()).stdin(Stdio::piped());
        let waits = waits.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // The end of what it reads is that of this program.
        std::mem::forget(waits);
    }

    /// The address of a ledger as a role, with more after it.
    pub fn url(&self, role: &str, ledger: &str, more: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/council?ledger={ledger}{more}", self.port)
    }

    pub fn address(&self, role: &str, ledger: &str, more: &str) -> Address {
        self.url(role, ledger, more).parse().unwrap()
    }

    /// A ledger that no other test has, as the role that reads and appends.
    pub fn new_ledger(&self) -> Address {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        self.address("minutes", &format!("ledger-{}", NEXT.fetch_add(1, Ordering::SeqCst)), "")
    }

    /// Makes Kent's record a ledger of its own: the entries of the one in this folder, which are brought here once.
    pub fn kent(&self, folder: &Path, to: &Address) {
        let of = |address: Address| Place { server: Some(address), ..Place::from("") };
        let kent = || of(self.address("minutes", "kent-to-copy", ""));
        self.kent.call_once(|| drop(between(&Place::from(folder), &kent(), &mut |_, _, _| {}).unwrap()));
        drop(store::create(of(to.clone())).unwrap());
        let to = to.ledger();
        for (table, columns) in [("entry", "position, id, leaf, bytes"), ("led", "key, position")] {
            self.sql(&format!(
                "insert into minutebook.{table} (ledger, {columns}) select '{to}', {columns} from minutebook.{table} \
                 where ledger = 'kent-to-copy' order by position"
            ));
        }
    }

    /// What the superuser is answered by PostgreSQL's own client.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        self.try_sql("super", "council", sql).unwrap()
    }

    /// What a role is answered, or why not.
    pub fn try_sql(&self, role: &str, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-w"]);
        psql.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", role, "-d", database, "-c", sql]);
        let output = psql.env_remove("PGPASSWORD").env("PGCONNECT_TIMEOUT", "5").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// A program that comes with the server.
    pub fn program(&self, name: &str) -> Command {
        let starts = programs().expect("the server was started").join("initdb");
        // On the path there may be links to some of them alone.
        Command::new(fs::canonicalize(starts).unwrap().with_file_name(name))
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Stops it at once.
    pub fn stop(&self) {
        self.thaw();
        self.signal(Signal::QUIT);
        let _ = self.child().wait();
    }

    /// Kills all its processes where they are: nothing is written any more, no connection is ended with a word.
    pub fn kill(&self) {
        self.freeze();
        let of_memory = fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap_or_default();
        self.family().into_iter().for_each(|pid| send(pid, Signal::KILL));
        let _ = self.child().wait();
        // What it held in shared memory outlives it.
        let id = of_memory.lines().nth(6).and_then(|line| line.split_whitespace().nth(1));
        if let Some(id) = id {
            let _ = Command::new("ipcrm").args(["-m", id]).stderr(Stdio::null()).status();
        }
    }

    /// Stops all its processes where they are, until they are let go on: nothing is answered, and nobody is told.
    pub fn freeze(&self) {
        // Who starts others first, so that none is left out.
        self.signal(Signal::STOP);
        self.family().into_iter().for_each(|pid| send(pid, Signal::STOP));
    }

    /// Lets them go on.
    pub fn thaw(&self) {
        self.family().into_iter().rev().for_each(|pid| send(pid, Signal::CONT));
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.family().first() {
            send(*pid, signal);
        }
    }

    /// Its first process, and those that this one started; none where it has ended.
    fn family(&self) -> Vec<Pid> {
        let mut child = self.child();
        let (Ok(None), Some(first)) = (child.try_wait(), Pid::from_raw(child.id() as i32)) else { return vec![] };
        let of = |item: fs::DirEntry| -> Option<Pid> {
            let pid = item.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(item.path().join("stat")).ok()?;
            // The program's name is in brackets, and may hold any.
            let parent: i32 = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            Pid::from_raw(pid).filter(|_| parent == first.as_raw_pid())
        };
        [first].into_iter().chain(fs::read_dir("/proc").unwrap().flatten().filter_map(of)).collect()
    }
}

fn send(pid: Pid, signal: Signal) {
    // One that has just ended hears nothing.
    let _ = kill_process(pid, signal);
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A folder for a server's data, and a small disk.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for path in ["data", "small"].map(|name| folder.path().join(name)) {
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        if is_root() {
            let (user, group) = postgres();
            chown(&path, Some(user), Some(group)).unwrap();
        }
    }
    folder
}

/// A port that nobody listens at now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A key, and a certificate for these names that an authority of the test's own signed, in `ca.pem`.
fn certified(folder: &Path, data: &Path, names: &str) {
    let openssl = |args: &[&str]| {
        let done = Command::new("openssl").args(args).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl(
        &[&["req", "-x509", "-days", "3650", "-subj", "/CN=Tests", "-keyout", "ca.key", "-out", "ca.pem"], &key[..]]
            .concat(),
    );
    openssl(&[&["req", "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr"], &key[..]].concat());
    fs::write(folder.join("names"), format!("subjectAltName={names}\n")).unwrap();
    openssl(&[
        "x509",
        "-req",
        "-days",
        "3650",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-extfile",
        "names",
        "-out",
        "server.crt",
    ]);
    for file in ["server.key", "server.crt"] {
        let path = data.join(file);
        fs::copy(folder.join(file), &path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            let (user, group) = postgres();
            chown(&path, Some(user), Some(group)).unwrap();
        }
    }
}
