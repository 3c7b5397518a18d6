//! A fault under load, the way on that an operations team takes, and what must hold then: no entry with a receipt is lost, none
//! is there twice, and every node goes on with the same ledger.

use super::check::{Counts, check, log};
use super::clients::{Abandons, History, Told, write};
use super::node::{Node, Program};
use super::races::same_everywhere;
use super::servers::{Cluster, MEMBERS, address};
use super::{PATIENCE, until};
use crate::postgres::proxy::{CUTS_AFTER, CUTS_BEFORE, PASSES, Proxy};
use minutebook::store::PostgresStore;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

const WRITERS: u64 = 6;
const NODES: usize = 3;

/// How many receipts there are before a fault, and after it.
const LOAD: u64 = 30;

/// Every time-out that the address sets, in seconds, and what the program gives on top.
const TIME_OUTS: &str = "&connect_timeout=1&statement_timeout=1";
const LONGER: Duration = Duration::from_secs(20);

/// What befalls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    KilledPrimary,
    KilledStandby,
    KilledNode,
    /// For longer than every time-out; it goes on then.
    FrozenPrimary,
    /// The same, and a standby takes its place.
    FrozenForGood,
    /// Connections, some before the server has the append and some after it has answered.
    Cut,
}

/// All of them, in turn.
pub const FAULTS: [Fault; 6] = [
    Fault::KilledPrimary,
    Fault::Cut,
    Fault::KilledNode,
    Fault::FrozenForGood,
    Fault::KilledStandby,
    Fault::FrozenPrimary,
];

impl Fault {
    fn words(self) -> &'static str {
        match self {
            Self::KilledPrimary => "kill -9 of the primary, a standby takes its place",
            Self::KilledStandby => "kill -9 of a standby",
            Self::KilledNode => "kill -9 of a node",
            Self::FrozenPrimary => "the primary stopped for longer than every time-out, then it goes on",
            Self::FrozenForGood => "the primary stopped for longer than every time-out, a standby takes its place",
            Self::Cut => "connections cut in the middle of a commit",
        }
    }
}

/// Servers, nodes on them, and what was written so far.
pub struct Rounds {
    cluster: Cluster,
    /// One before each server.
    proxies: Vec<Proxy>,
    nodes: Vec<Node>,
    history: History,
    round: u64,
}

const LEDGER: &str = "rounds";

impl Rounds {
    /// Nothing where there is no PostgreSQL.
    pub fn new(program: Program) -> Option<Self> {
        let cluster = Cluster::new(true)?;
        drop(PostgresStore::create(cluster.primary().address("minutes", LEDGER, "")).unwrap());
        let proxies: Vec<Proxy> = cluster.ports().into_iter().map(Proxy::new).collect();
        let store = address(&proxies.iter().map(|proxy| proxy.port).collect::<Vec<_>>(), LEDGER, TIME_OUTS);
        let nodes = (0..NODES).map(|_| Node::start(program, &store)).collect();
        Some(Self { cluster, proxies, nodes, history: History::default(), round: 0 })
    }

    /// One fault under load, at a moment and of a member that the dice choose, and what must hold after it; in words, what came of it.
    pub fn round(&mut self, fault: Fault, dice: u64) -> String {
        let Self { cluster, proxies, nodes, history, round } = self;
        let ports: Vec<u16> = nodes.iter().map(|node| node.port).collect();
        let first = *round * 1_000_000;
        let before = history.calls().len();
        history.stop(false);
        thread::scope(|scope| {
            let (history, ports) = (&*history, &ports);
            let _abandons = Abandons(history);
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || write(ports, writer, first, u64::MAX, history)))
                .collect();
            let more = |what: &str| {
                let from = history.kept();
                until(what, || history.kept() >= from + LOAD);
            };
            more("entries are appended before the fault");
            // At any moment of an append.
            thread::sleep(Duration::from_micros(dice % 20_000));
            befall(fault, dice, cluster, proxies, nodes, history);
            more("entries are appended after the fault");
            nodes.iter().for_each(Node::await_ready);
            history.stop(true);
            writers.into_iter().for_each(|writer| writer.join().expect("a writer ends"));
        });
        *round += 1;
        let log = log(cluster.primary(), LEDGER);
        let calls = history.calls();
        let words = fault.words();
        check(&log, &calls).unwrap_or_else(|what| panic!("round {round}, {words}: {what}"));
        same_everywhere(nodes, log.len() as u64);
        let now = check(&log, &calls[before..]).unwrap_or_else(|what| panic!("round {round}, {words}: {what}"));
        let Counts { kept, conflicts, refused, unknown, unknown_and_kept } = now;
        let gap = longest_gap(&calls[before..]);
        format!(
            "round {round}: {words}: {kept} receipts, {conflicts} conflicts, {unknown} unknown ({unknown_and_kept} entries of those in the \
             log), {refused} refused, {:.1} s without a receipt; {} entries",
            gap.as_secs_f64(),
            log.len()
        )
    }
}

/// Makes it happen, and does what an operations team does then.
fn befall(fault: Fault, dice: u64, cluster: &mut Cluster, proxies: &[Proxy], nodes: &mut [Node], history: &History) {
    match fault {
        Fault::KilledPrimary => {
            let lost = cluster.primary_number();
            cluster.fail_over();
            cluster.rebuild(lost);
        }
        Fault::FrozenForGood => {
            let lost = cluster.primary_number();
            cluster.primary().freeze();
            thread::sleep(LONGER);
            cluster.fail_over();
            cluster.rebuild(lost);
        }
        Fault::FrozenPrimary => {
            cluster.primary().freeze();
            thread::sleep(LONGER);
            cluster.primary().thaw();
        }
        Fault::KilledStandby => {
            let lost = cluster.standby(dice);
            cluster.member(lost).kill();
            let from = history.kept();
            until("one standby is enough", || history.kept() >= from + LOAD);
            cluster.rebuild(lost);
        }
        Fault::KilledNode => {
            let lost = dice as usize % nodes.len();
            nodes[lost].kill();
            let from = history.kept();
            until("the other nodes go on", || history.kept() >= from + LOAD);
            nodes[lost].restart();
        }
        Fault::Cut => {
            let cut = |mode: u8, most: u16| {
                let so_far = || proxies.iter().map(|proxy| proxy.cuts.load(Ordering::SeqCst)).sum::<u16>();
                let from = so_far();
                proxies.iter().for_each(|proxy| proxy.mode.store(mode, Ordering::SeqCst));
                until("connections are cut", || so_far() >= from + most);
                proxies.iter().for_each(|proxy| proxy.mode.store(PASSES, Ordering::SeqCst));
            };
            cut(CUTS_AFTER, 2);
            cut(CUTS_BEFORE, 2);
        }
    }
    cluster.await_standbys(MEMBERS - 1);
}

/// The longest time without a receipt.
fn longest_gap(calls: &[super::clients::Call]) -> Duration {
    let mut ended: Vec<Duration> =
        calls.iter().filter(|call| matches!(call.told, Told::Kept { .. })).map(|call| call.ended).collect();
    ended.sort_unstable();
    ended.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(PATIENCE)
}
