//! A PostgreSQL server on a free port of this machine, in a folder that goes away with it: stopped when its test ends, however
//! it ends. PostgreSQL refuses to run as root, and runs as its own user then.

use minutebook::store::{Address, Grants, migrate};
use std::cell::RefCell;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, Weak};
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
}

/// Where the server's programs are; `None`, with the reason printed, where they are not.
fn programs() -> Option<PathBuf> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|item| item.path().join("bin"));
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut found: Vec<_> = debian.chain(on_path).filter(|folder| folder.join("initdb").exists()).collect();
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
fn start(mut command: Command) -> Child {
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
        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        for path in [&data, &folder.path().join("small")] {
            fs::create_dir(path).unwrap();
            if is_root() {
                let (user, group) = postgres();
                chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let made = as_its_user(&programs.join("initdb"))
            .args(["-U", "super", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let hba = format!("{}\nhost all super 127.0.0.1/32 trust\n", setup.hba);
        let hba = if setup.hba.is_empty() { "host all all 127.0.0.1/32 trust\n".to_owned() } else { hba };
        fs::write(data.join("pg_hba.conf"), hba).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut settings = vec![
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "shared_buffers=16MB".to_owned(),
            "max_connections=40".to_owned(),
            "logging_collector=off".to_owned(),
        ];
        if let Some(names) = setup.tls {
            certified(folder.path(), &data, names);
            settings.push("ssl=on".to_owned());
        }
        settings.extend(setup.settings.iter().map(|setting| (*setting).to_owned()));
        let mut command = as_its_user(&programs.join("postgres"));
        command.arg("-D").arg(&data).args(settings.iter().flat_map(|setting| ["-c", setting]));
        if let Some(size) = setup.small {
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
        let server = Self { child: Mutex::new(start(command)), folder, port };
        let began = Instant::now();
        while let Err(error) = server.try_sql("super", "postgres", "select 1") {
            assert!(began.elapsed() < PATIENCE, "the server does not start: {error}; {}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
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

    /// One that several tests use at once, each a ledger of its own; it ends with the last of their threads.
    pub fn shared() -> Option<Arc<Self>> {
        thread_local! {
            static HELD: RefCell<Option<Arc<Server>>> = const { RefCell::new(None) };
        }
        let shared = Self::found_or_new()?;
        HELD.set(Some(Arc::clone(&shared)));
        Some(shared)
    }

    fn found_or_new() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::new(&Setup::default())?);
        *shared = Arc::downgrade(&server);
        Some(server)
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
        let output = psql.env_remove("PGPASSWORD").output().unwrap();
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
        let mut child = self.child.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let (Ok(None), Some(pid)) = (child.try_wait(), rustix::process::Pid::from_raw(child.id() as i32)) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        }
        let _ = child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
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
