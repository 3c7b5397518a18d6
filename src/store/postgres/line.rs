//! Connections to the server of the log: made, made anew where one ended, given up in time. It must not know what is said.
//!
//! Where the server may be on one of several hosts, all connections are to the one that was reached last: what is read on one and
//! what is appended on another is of one server.
//!
//! A thread of its own drives them, so that whoever waits for an answer may be on any thread, that of a runtime too.

use super::address::{Address, Host, Tls};
use super::fault::Fault;
use super::password::{self, Password};
use super::tls::Maker;
use crate::store::OpenError;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Client, Config, Statement};

/// How much longer than the server's own limit an answer is waited for.
const GRACE: Duration = Duration::from_secs(5);

/// How long nothing may be heard of the other end before its machine is asked whether it is there.
const QUIET: Duration = Duration::from_secs(15);

/// How connections to one server are made.
pub(super) struct Lines {
    pub(super) address: Address,
    tls: Maker,
    /// Taken when it is dropped.
    runtime: Option<Runtime>,
    /// Which of the hosts was reached last.
    host: AtomicUsize,
    /// How many connections were made.
    made: AtomicU64,
}

/// A connection, or the place of one that ended.
#[derive(Default)]
pub(super) struct Line {
    slot: Mutex<Option<Open>>,
    /// The number of the connection that was made last.
    made: AtomicU64,
    /// The number of the connection whose server was held to what durable means.
    pub(super) held: AtomicU64,
}

/// A connection as it was made.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) client: Arc<Client>,
    /// Its number among all that were made, from 1 on.
    pub(super) number: u64,
    /// Which of the hosts it is to.
    host: usize,
    /// What the server has parsed on it, by its text.
    statements: Arc<Mutex<HashMap<&'static str, Statement>>>,
    /// What the server warned of since they were last taken.
    warnings: Warnings,
}

impl Open {
    /// A statement that the server parses once for a connection: to parse and plan the insert of an entry anew takes longer than
    /// to run it.
    pub(super) async fn statement(&self, sql: &'static str, types: &[Type]) -> Result<Statement, Fault> {
        let statements = || self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        let known = statements().get(sql).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let made = self.client.prepare_typed(sql, types).await?;
        statements().insert(sql, made.clone());
        Ok(made)
    }

    /// What the server has warned of; it is forgotten.
    pub(super) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Lines {
    pub(super) fn new(address: Address) -> Result<Self, OpenError> {
        let tls = Maker::new(&address.tls).map_err(|what| Fault::Lost(what).opening("connect", &address))?;
        if address.tls == Tls::Unverified {
            tracing::warn!(%address, "sslmode=require: whose certificate the server shows is not checked");
        }
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("store-server").enable_all().build();
        let runtime = runtime.map_err(|error| Fault::Lost(error.to_string()).opening("connect", &address))?;
        let (host, made) = (AtomicUsize::new(0), AtomicU64::new(0));
        Ok(Self { address, tls, runtime: Some(runtime), host, made })
    }

    /// Does work with a connection that was opened, and waits for it. Where the connection ended, so did what was under way, or
    /// not.
    pub(super) fn with<T, F>(&self, line: &Line, open: Open, work: impl FnOnce(Open) -> F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let done = self.wait(self.address.answer + GRACE, work(open));
        if matches!(done, Err(Fault::Late(_) | Fault::Lost(_))) {
            line.end();
        }
        done
    }

    /// The same with a connection that is opened where there is none.
    pub(super) fn once<T, F>(&self, line: &Line, work: impl FnOnce(Open) -> F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        self.with(line, self.open(line)?, work)
    }

    /// The same for what may be done twice: where the connection ended, it is made anew, and the work done again.
    pub(super) fn ask<T, F>(&self, line: &Line, work: impl Fn(Open) -> F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        match self.once(line, &work) {
            Err(Fault::Lost(_)) => self.once(line, &work),
            done => done,
        }
    }

    /// The connection of a line, made where there is none.
    pub(super) fn open(&self, line: &Line) -> Result<Open, Fault> {
        let mut slot = line.slot();
        let is_where_the_others_are = |open: &&Open| open.host == self.host.load(Ordering::SeqCst);
        if let Some(open) = slot.as_ref().filter(|open| !open.client.is_closed()).filter(is_where_the_others_are) {
            return Ok(open.clone());
        }
        let open = self.reach()?;
        line.made.store(open.number, Ordering::SeqCst);
        *slot = Some(open.clone());
        Ok(open)
    }

    /// A connection to the first host that lets us in, from the one that was reached last on; where there are several, to the first
    /// that takes writes too, which a standby does not.
    fn reach(&self) -> Result<Open, Fault> {
        let (hosts, last) = (&self.address.hosts, self.host.load(Ordering::SeqCst));
        let mut faults = vec![];
        for (number, host) in hosts.iter().enumerate().cycle().skip(last).take(hosts.len()) {
            let password = password::find(&self.address, host).map_err(Fault::Lost)?;
            let made = connect(self.address.clone(), host.clone(), password, self.tls.clone());
            match self.wait(self.address.connect, made) {
                Ok((client, warnings)) => {
                    if self.host.swap(number, Ordering::SeqCst) != number {
                        tracing::warn!(%host, "the server of the log is reached on another host");
                    }
                    let made = self.made.fetch_add(1, Ordering::SeqCst) + 1;
                    return Ok(Open { client, number: made, host: number, statements: Arc::default(), warnings });
                }
                Err(fault) => faults.push((host, fault)),
            }
        }
        Err(Fault::of_hosts(faults))
    }

    /// Waits so long for work on the thread that drives connections.
    fn wait<T, F>(&self, limit: Duration, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let (reply, answer) = sync_channel(1);
        self.runtime.as_ref().expect("it is there until it is dropped").spawn(async move {
            let done = timeout(limit, work).await.unwrap_or(Err(Fault::Late(limit)));
            // Whoever asked waits.
            let _ = reply.send(done);
        });
        answer.recv().unwrap_or_else(|_| Err(Fault::Lost("the thread that drives connections stopped".to_owned())))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // Connections end with it; whoever drops it may be on a thread that must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Line {
    fn slot(&self) -> MutexGuard<'_, Option<Open>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets its connection go: the next one is made anew.
    pub(super) fn end(&self) {
        *self.slot() = None;
    }

    /// The number of the connection that was made last; 0 where none was.
    pub(super) fn number(&self) -> u64 {
        self.made.load(Ordering::SeqCst)
    }
}

/// What the server warned of on a connection.
type Warnings = Arc<Mutex<Vec<String>>>;

/// Makes a connection to one host, on which the server gives up in time too.
async fn connect(
    address: Address,
    host: Host,
    password: Option<Password>,
    tls: Maker,
) -> Result<(Arc<Client>, Warnings), Fault> {
    let mut config = Config::new();
    config
        .host(&host.name)
        .port(host.port)
        .user(&address.user)
        .dbname(&address.database)
        .application_name(concat!("minutebook ", env!("CARGO_PKG_VERSION")))
        .ssl_mode(if address.tls == Tls::Plain { SslMode::Disable } else { SslMode::Require })
        .connect_timeout(address.connect)
        .keepalives_idle(QUIET)
        .tcp_user_timeout(address.answer);
    if address.hosts.len() > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    if let Some(Password(password)) = password {
        config.password(password);
    }
    let (client, mut connection) = config.connect(tls).await?;
    let warnings = Arc::new(Mutex::new(vec![]));
    let heard = Arc::clone(&warnings);
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notice(notice) = message {
                tracing::debug!(%notice, "the server of the log says");
                if notice.severity() == "WARNING" {
                    heard.lock().unwrap_or_else(PoisonError::into_inner).push(notice.message().to_owned());
                }
            }
        }
    });
    let limit = address.answer.as_millis();
    client
        .batch_execute(&format!(
            "set statement_timeout = {limit}; set lock_timeout = {limit}; \
             set idle_in_transaction_session_timeout = {limit}; set client_min_messages = warning"
        ))
        .await?;
    Ok((Arc::new(client), warnings))
}
