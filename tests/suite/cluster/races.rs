//! Many writers on several nodes of one log, each claiming the ledger's size with every entry. It must not make anything fail.

use super::check::{Counts, check, log};
use super::clients::{Abandons, History, write};
use super::node::{Node, Program};
use super::servers::{Cluster, address};
use minutebook::store::PostgresStore;
use std::thread;
use std::time::{Duration, Instant};

const WRITERS: u64 = 8;
const NODES: usize = 3;

/// What came of it.
pub struct Raced {
    pub counts: Counts,
    pub took: Duration,
}

/// So many appends by 8 writers on 3 nodes on a primary with two synchronous standbys; nothing where there is no PostgreSQL.
pub fn race(program: Program, appends: u64) -> Option<Raced> {
    let cluster = Cluster::new(true)?;
    let store = address(&cluster.ports(), "raced", "");
    drop(PostgresStore::create(store.parse().unwrap()).unwrap());
    let nodes: Vec<Node> = (0..NODES).map(|_| Node::start(program, &store)).collect();
    let ports: Vec<u16> = nodes.iter().map(|node| node.port).collect();
    let (history, began) = (History::default(), Instant::now());
    thread::scope(|scope| {
        let _abandons = Abandons(&history);
        let (history, ports) = (&history, &ports);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| scope.spawn(move || write(ports, writer, 0, appends / WRITERS, history)))
            .collect();
        writers.into_iter().for_each(|writer| writer.join().expect("a writer ends"));
    });
    let took = began.elapsed();
    let log = log(cluster.primary(), "raced");
    let counts = check(&log, &history.calls()).unwrap_or_else(|what| panic!("{what}"));
    assert_eq!(log.len() as u64, appends / WRITERS * WRITERS, "each was kept once, and nothing else");
    assert_eq!((counts.kept, counts.refused, counts.unknown), (log.len() as u64, 0, 0));
    assert!(counts.conflicts > 0, "they did not meet");
    same_everywhere(&nodes, log.len() as u64);
    Some(Raced { counts, took })
}

/// Holds every node to have so many entries, and the same.
pub fn same_everywhere(nodes: &[Node], size: u64) {
    nodes.iter().for_each(|node| node.await_size(size));
    let heads: Vec<_> = nodes.iter().map(Node::head).collect();
    assert!(heads[0].is_some() && heads.iter().all(|head| *head == heads[0]), "{heads:?}");
}
