//! A primary and two standbys, as an operations team has them: each copies the whole of the primary, and of an append one of
//! both has it before it is acknowledged, or neither need where that is asked for. Failing over is done by hand here, as
//! Patroni does it: who was the primary is ended first, then whoever has most takes its place. It must not know what is stored.

use super::until;
use crate::postgres::server::{Server, Setup, free_port};

/// What all of them are set to: to find each other again soon.
const SETTINGS: [&str; 2] = ["wal_retrieve_retry_interval=100ms", "max_wal_size=256MB"];

/// How many there are.
pub const MEMBERS: usize = 3;

/// The servers, by number.
pub struct Cluster {
    members: Vec<Server>,
    primary: usize,
    /// Whether a standby has what is acknowledged.
    is_synchronous: bool,
}

impl Cluster {
    /// One whose acknowledged entries are on two machines, or, where it is not synchronous, on one. Nothing where there is no
    /// PostgreSQL.
    pub fn new(is_synchronous: bool) -> Option<Self> {
        let first = Server::new(&Setup { settings: &SETTINGS, ..Setup::default() })?;
        if is_synchronous {
            let names: Vec<String> = (0..MEMBERS).map(name).collect();
            first.sql(&format!("alter system set synchronous_standby_names = 'ANY 1 ({})'", names.join(", ")));
        }
        let standbys = (1..MEMBERS).map(|number| first.standby(&name(number), free_port()));
        let standbys: Vec<Server> = standbys.collect();
        let cluster = Self { members: [first].into_iter().chain(standbys).collect(), primary: 0, is_synchronous };
        cluster.await_standbys(MEMBERS - 1);
        // What is asked for holds once there is somebody to wait for.
        cluster.primary().sql("select pg_reload_conf()");
        Some(cluster)
    }

    /// Whoever takes writes.
    pub fn primary(&self) -> &Server {
        &self.members[self.primary]
    }

    pub fn primary_number(&self) -> usize {
        self.primary
    }

    pub fn member(&self, number: usize) -> &Server {
        &self.members[number]
    }

    /// The number of a standby, by any number.
    pub fn standby(&self, any: u64) -> usize {
        (self.primary + 1 + (any as usize) % (MEMBERS - 1)) % MEMBERS
    }

    /// The ports of all of them.
    pub fn ports(&self) -> Vec<u16> {
        self.members.iter().map(|member| member.port).collect()
    }

    /// Ends whoever is the primary, and makes of the standbys that one the primary which has most.
    pub fn fail_over(&mut self) {
        self.primary().kill();
        let standbys: Vec<usize> = (0..MEMBERS).filter(|number| *number != self.primary).collect();
        for standby in &standbys {
            until("a standby has all that was on its way", || {
                self.members[*standby].sql("select count(*) from pg_stat_wal_receiver") == "0"
            });
        }
        let has = |number: &usize| -> u64 {
            let received = self.members[*number].sql("select pg_last_wal_receive_lsn() - '0/0'");
            received.parse().expect("a number of bytes")
        };
        let first = standbys.iter().copied().max_by_key(has).expect("there are standbys");
        assert_eq!(self.members[first].sql("select pg_promote()"), "t");
        self.primary = first;
        for other in standbys.into_iter().filter(|number| *number != first) {
            let conninfo = self.primary().followed_as(&name(other));
            self.members[other].sql(&format!("alter system set primary_conninfo = '{conninfo}'"));
            self.members[other].sql("select pg_reload_conf()");
        }
        self.await_standbys(MEMBERS - 2);
    }

    /// Has the standbys hear nothing more of the primary.
    pub fn part(&self) {
        for standby in (0..MEMBERS).filter(|number| *number != self.primary) {
            self.members[standby].sql("alter system set primary_conninfo = ''");
            self.members[standby].sql("select pg_reload_conf()");
        }
        until("nobody follows", || self.primary().sql("select count(*) from pg_stat_replication") == "0");
    }

    /// Makes a member that was killed a standby, of a new copy of the primary.
    pub fn rebuild(&mut self, number: usize) {
        assert_ne!(number, self.primary, "the primary is no standby");
        let port = self.members[number].port;
        self.members[number].kill();
        self.members[number] = self.primary().standby(&name(number), port);
        self.await_standbys(MEMBERS - 1);
    }

    /// Waits until so many standbys follow.
    pub fn await_standbys(&self, count: usize) {
        let follows =
            if self.is_synchronous { "sync_state = 'quorum' or state = 'streaming'" } else { "state = 'streaming'" };
        let following = format!("select count(*) from pg_stat_replication where {follows}");
        until("the standbys follow", || self.primary().sql(&following) == count.to_string());
    }
}

fn name(number: usize) -> String {
    format!("member_{number}")
}

/// The address of a ledger behind any of these ports.
pub fn address(ports: &[u16], ledger: &str, more: &str) -> String {
    let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    format!("postgres://minutes@{}/council?ledger={ledger}{more}", hosts.join(","))
}
