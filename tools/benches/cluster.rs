//! A log on a primary with two synchronous standbys, and nodes on it: durable appends by one writer beside `pgbench` with an
//! insert of the same size, 64 writers beside one, how soon an append is seen on another node, how fast a new node catches up
//! with so many entries (`-- 200000`), and what an entry takes on the server's disk; or those of it that are named, as `-- one seen`
//! (one, many, seen, idle, follow). All of it is on this machine, the servers
//! and the nodes share its cores and its disk, and what is compared takes turns.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot go on stops")]

#[path = "../../tests/suite/cluster/mod.rs"]
#[allow(dead_code, reason = "nothing fails here")]
mod cluster;
#[path = "../../tests/suite/postgres/proxy.rs"]
#[allow(dead_code, reason = "nothing fails here")]
mod proxy;
mod recorded;
#[path = "../../tests/suite/postgres/server.rs"]
#[allow(dead_code, reason = "the suite asks more of a server")]
mod server;

/// By the name that the suite has for them.
mod postgres {
    pub(crate) use crate::{proxy, server};
}

use cluster::clients::{Client, draft};
use cluster::node::Node;
use cluster::servers::{Cluster, address};
use minutebook::copies::between;
use minutebook::store::{NewEntry, Place, PostgresStore, Store};
use minutebook_events::{EntryId, Position};
use minutebook_tools::national::{National, Sizes};
use recorded::record;
use std::env;
use std::fs;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of an entry that are compared with an insert of the same size: a small one as most are.
const SIZE: usize = 425;

const WRITERS: usize = 64;

/// How long each turn is, how many there are, and how many appends are looked for on another node.
struct Measure {
    turn: Duration,
    turns: usize,
    looked_for: usize,
    entries: u64,
}

const AS_MINUTEBOOK: &str = "MINUTEBOOK_BENCH_AS_MINUTEBOOK";

/// The program is this one: it has all of `minutebook` in it.
fn program() -> Command {
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command.env(AS_MINUTEBOOK, "1");
    command
}

fn main() -> ExitCode {
    if env::var_os(AS_MINUTEBOOK).is_some() {
        return minutebook::cli::main();
    }
    let words: Vec<String> = env::args().skip(1).collect();
    // `cargo test` runs benches once each, to see that they run.
    let measure = if words.iter().any(|word| word == "--bench") {
        let entries = words.iter().find_map(|word| word.parse().ok()).unwrap_or(200_000);
        Measure { turn: Duration::from_secs(3), turns: 5, looked_for: 300, entries }
    } else {
        Measure { turn: Duration::from_secs(1), turns: 1, looked_for: 3, entries: 200 }
    };
    let Some(cluster) = Cluster::new(true) else { return ExitCode::SUCCESS };
    println!(
        "a primary and two synchronous standbys (ANY 1), {} cores",
        thread::available_parallelism().map_or(1, usize::from)
    );
    type Part = fn(&Cluster, &Measure);
    let parts: [(&str, Part); 5] =
        [("one", one_writer), ("many", many_writers), ("seen", another_node), ("idle", idle), ("follow", catching_up)];
    let is_named = |name: &str| words.iter().any(|word| word == name);
    let all = !parts.iter().any(|(name, _)| is_named(name));
    parts.iter().filter(|(name, _)| all || is_named(name)).for_each(|(_, part)| part(&cluster, &measure));
    ExitCode::SUCCESS
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// A ledger on the servers, made anew.
fn made(cluster: &Cluster, ledger: &str) -> String {
    let store = address(&cluster.ports(), ledger, "");
    drop(PostgresStore::create(store.parse().expect("an address")).unwrap_or_else(|error| panic!("{error}")));
    store
}

/// `pgbench`, which inserts rows of the size of an entry, and how many a second.
struct PgBench<'a>(&'a Cluster, tempfile::TempDir);

impl<'a> PgBench<'a> {
    fn new(cluster: &'a Cluster) -> Self {
        cluster.primary().sql(
            "create table bench (position bigserial primary key, id uuid not null unique, leaf bytea not null, bytes bytea not null)",
        );
        let folder = tempfile::TempDir::new().expect("a temporary folder");
        let script = format!(
            "insert into bench (id, leaf, bytes) values (gen_random_uuid(), '\\x{}', '\\x{}');\n",
            "ab".repeat(32),
            "cd".repeat(SIZE)
        );
        fs::write(folder.path().join("insert.sql"), script).expect("a file");
        Self(cluster, folder)
    }

    fn rate(&self, turn: Duration) -> f64 {
        let Self(cluster, folder) = self;
        let port = cluster.primary().port.to_string();
        let run = Command::new("pgbench")
            .args([
                "-n",
                "-M",
                "prepared",
                "-c",
                "1",
                "-T",
                &turn.as_secs().to_string(),
                "-h",
                "127.0.0.1",
                "-p",
                &port,
            ])
            .args(["-U", "super", "-f"])
            .arg(folder.path().join("insert.sql"))
            .arg("council")
            .output()
            .expect("pgbench is there: it comes with PostgreSQL");
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        tps.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&run.stderr)))
    }
}

/// Durable appends of one writer, by the store and by a node over HTTP, beside pgbench.
fn one_writer(cluster: &Cluster, measure: &Measure) {
    let pgbench = PgBench::new(cluster);
    let store =
        PostgresStore::open(made(cluster, "one").parse().expect("an address")).unwrap_or_else(|e| panic!("{e}"));
    let node = Node::start(program, &made(cluster, "one-node"));
    let (mut theirs, mut ours, mut of_node) = (vec![], vec![], vec![]);
    for _ in 0..measure.turns {
        theirs.push(pgbench.rate(measure.turn));
        ours.push(by_store(&store, measure.turn));
        of_node.push(by_node(&node, "one", 1, measure.turn));
    }
    let [theirs, ours, of_node] = [theirs, ours, of_node].map(median);
    println!("one writer, {SIZE} bytes: pgbench {theirs:.0} a second, our store {ours:.0}: {:.2} ×", ours / theirs);
    println!(
        "one writer through a node (decided, kept on both, over HTTP): {of_node:.0} a second: {:.2} ×",
        of_node / theirs
    );
}

fn by_store(store: &PostgresStore, turn: Duration) -> f64 {
    let (began, first) = (Instant::now(), store.len());
    while began.elapsed() < turn {
        let position = Position(store.len());
        let text = format!("{{\"number\":{position:>20}}}");
        let bytes = text.into_bytes().into_iter().cycle().take(SIZE).collect();
        let id = EntryId::from_text(&position.to_string());
        let entry = NewEntry::new(id, vec!["contract cbw".parse().expect("a subject")], bytes);
        store.append(position, &[entry]).unwrap_or_else(|error| panic!("{error}"));
    }
    (store.len() - first) as f64 / began.elapsed().as_secs_f64()
}

/// Appends a second of so many writers at once, who claim nothing of each other.
fn by_node(node: &Node, name: &str, writers: usize, turn: Duration) -> f64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let (kept, is_over, began) = (AtomicU64::new(0), AtomicBool::new(false), Instant::now());
    thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                let mut client = Client::of(node.port);
                while !is_over.load(Ordering::Relaxed) {
                    let (_, body) = draft(&format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
                    let (status, said) = client.ask("POST", "/api/v1/entries", &body).expect("a node that answers");
                    assert_eq!(status, 201, "{said}");
                    kept.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(turn);
        is_over.store(true, Ordering::Relaxed);
    });
    kept.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// Many writers on one node beside one.
fn many_writers(cluster: &Cluster, measure: &Measure) {
    let node = Node::start(program, &made(cluster, "many"));
    let (mut one, mut many) = (vec![], vec![]);
    for _ in 0..measure.turns {
        one.push(by_node(&node, "a", 1, measure.turn));
        many.push(by_node(&node, "b", WRITERS, measure.turn));
    }
    let [one, many] = [one, many].map(median);
    println!("{WRITERS} writers on a node: {many:.0} a second, one {one:.0}: {:.1} ×", many / one);
}

/// How soon an append on one node is seen on another, from its receipt.
fn another_node(cluster: &Cluster, measure: &Measure) {
    let store = made(cluster, "seen");
    let nodes = [Node::start(program, &store), Node::start(program, &store)];
    let mut here = Client::of(nodes[0].port);
    let mut took: Vec<f64> = vec![];
    for number in 0..measure.looked_for {
        let (_, body) = draft(&format!("seen-{number}"));
        let (status, said) = here.ask("POST", "/api/v1/entries", &body).expect("a node that answers");
        assert_eq!(status, 201, "{said}");
        let began = Instant::now();
        while nodes[1].head().is_none_or(|head| head.0 <= number as u64) {
            thread::sleep(Duration::from_micros(500));
        }
        took.push(began.elapsed().as_secs_f64() * 1e3);
        // Not in step with the other node.
        thread::sleep(Duration::from_micros(number as u64 * 7_919 % 40_000));
    }
    took.sort_unstable_by(f64::total_cmp);
    let (median, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("seen on another node after its receipt: median {median:.1} ms, p99 {p99:.1} ms");
}

/// What nodes cost the server that have nothing to do but to ask what is new, and to read older entries again.
fn idle(cluster: &Cluster, measure: &Measure) {
    let store = made(cluster, "idle");
    let nodes: Vec<Node> = (0..4).map(|_| Node::start(program, &store)).collect();
    by_node(&nodes[0], "idle", 1, measure.turn);
    // Who asks is a client of the server too, and is left out of what is counted.
    let sql = "select sum(xact_commit) from pg_stat_database where datname = 'council'";
    let asked = || -> f64 { cluster.primary().sql(sql).parse().expect("a number") };
    let pids = cluster.primary().sql("select pid from pg_stat_activity where usename = 'minutes'");
    let used = || -> Duration { pids.lines().map(processor_time).sum() };
    // The server counts what it did some time after.
    let (began, before, used_before) = (Instant::now(), asked(), used());
    thread::sleep(measure.turn * 4);
    let (after, used_after, seconds) = (asked(), used(), began.elapsed().as_secs_f64());
    let a_node = |of: f64| of / seconds / nodes.len() as f64;
    println!(
        "a node with nothing to do: {:.0} transactions a second at the server, {:.2} % of a core there",
        a_node(after - before),
        a_node((used_after - used_before).as_secs_f64() * 100.0)
    );
}

/// The time that a process has had a core.
fn processor_time(pid: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or_default();
    // In user mode and in the kernel, in hundredths of a second.
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// Nodes with an empty folder on a register as the other benchmarks have it, and on one as a council has; one of them killed and
/// started again; and what an entry takes at the server.
fn catching_up(cluster: &Cluster, measure: &Measure) {
    let entries = measure.entries;
    followed(cluster, measure, "long-tail", &National { seed: 1, entries_a_contract: 10, sizes: Sizes::LongTail });
    let council = National { seed: 1, entries_a_contract: 5, sizes: Sizes::Council };
    let mut node = followed(cluster, measure, "register", &council);
    node.kill();
    let began = Instant::now();
    node.restart();
    node.await_ready();
    println!("the same node, killed and started again, is ready in {:.2} s", began.elapsed().as_secs_f64());
    let size = |tables: &str| -> f64 {
        let sql = format!(
            "select sum(pg_total_relation_size(inhrelid)) from pg_inherits \
             where inhparent = 'minutebook.{tables}'::regclass and \
             inhrelid = (select tableoid from minutebook.{tables} where ledger = 'register' limit 1)"
        );
        cluster.primary().sql(&sql).parse().expect("a number of bytes")
    };
    let each = |bytes: f64| bytes / entries as f64;
    println!(
        "at the server an entry of {:.0} bytes takes {:.0}, indexes included, and {:.0} more lead to it by what it is about",
        each(bytes_of(cluster, "register")),
        each(size("entry")),
        each(size("led"))
    );
}

/// Records a register on the servers, and starts nodes on it, one after the other: the last of them.
fn followed(cluster: &Cluster, measure: &Measure, ledger: &str, national: &National) -> Node {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let from = Place::from(&folder.path().join("ledger"));
    let entries = measure.entries;
    record(&folder.path().join("ledger"), (0..entries).map(|number| national.draft(number)));
    let store = address(&cluster.ports(), ledger, "");
    let to = Place { server: Some(store.parse().expect("an address")), ..Place::from("") };
    between(&from, &to, &mut |_, _, _| {}).unwrap_or_else(|error| panic!("{error}"));
    let (mut rates, mut node) = (vec![], None);
    for _ in 0..measure.turns {
        // The one before goes, folder and all. The first one pays for memory that the machine has to get from its host.
        drop(node.take());
        let began = Instant::now();
        node = Some(Node::start(program, &store));
        rates.push(entries as f64 / began.elapsed().as_secs_f64());
    }
    let told: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    println!(
        "a new node follows {entries} entries of {:.0} bytes, its start included: {:.0} a second, the median of {}",
        bytes_of(cluster, ledger) / entries as f64,
        median(rates),
        told.join(", ")
    );
    node.expect("there is a turn")
}

fn bytes_of(cluster: &Cluster, ledger: &str) -> f64 {
    let sql = format!("select sum(octet_length(bytes)) from minutebook.entry where ledger = '{ledger}'");
    cluster.primary().sql(&sql).parse().expect("a number of bytes")
}
