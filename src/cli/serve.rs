//! `serve`: pages and the API on one ledger, until a signal ends it.

use super::openid::OpenId;
use super::{Outcome, Stop, call_in, output, said};
use crate::node;
use crate::sealed::ReadKey;
use crate::store::Place;
use crate::web::{self, Beside, Settings, Site, serve};
use clap::Args;
use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::Builder;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

pub(super) const HELP: &str = "\
Examples:
  minutebook serve
  minutebook serve --listen 127.0.0.1:9000 --may-record
  minutebook serve --ledger node-a --store 'postgres://minutes@db.example/council?ledger=kent'
  curl 'http://127.0.0.1:8080/api/v1/lots?contract=live-well-kent-2016&as-of=2018-06-01'

While it runs it holds the ledger: ask it, not the folder. A signal (Ctrl-C) stops it once what is under way is answered; a \
second one at once. What everybody is answered has no exempt content in it.

Who may do more shows a token, see `minutebook token --help`, or signs in with the organisation's provider of OpenID Connect, see \
`minutebook config --help`. Where no token was ever made and no provider is set, only whoever is on this machine reaches it, unless \
--open-to-network says otherwise, and nobody records through it unless --may-record says so. It speaks no TLS: for more than this \
machine, put a server with TLS before it.

With --store it is one node of several: entries go to the server first, and the folder of --ledger keeps a verified copy, from which \
it answers; see `minutebook store --help`. A request with the header Minutebook-At-Least: N is answered once the entry at position N, \
as a receipt tells it, has come to this node. /ready is 503 where the log has parted from the copy, \
or was not heard since the start or for long, and where the copy cannot be written.";

/// Signals so close together are one.
const AT_ONCE: Duration = Duration::from_millis(500);

/// The most answers that are made at once, which more than the cores of a machine gain nothing by.
const BLOCKING: usize = 32;

/// Where pages and the API are.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The address and port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", env = "MINUTEBOOK_LISTEN")]
    listen: SocketAddr,
    /// A name under which it is reached, beside those of this machine; may be given several times
    #[arg(long, value_name = "NAME", env = "MINUTEBOOK_HOST", value_delimiter = ',', value_parser = said)]
    host: Vec<String>,
    /// Let whoever is on this machine record entries, where no token was ever made and no provider is set
    #[arg(long, env = "MINUTEBOOK_MAY_RECORD")]
    may_record: bool,
    /// Listen at an address that others than this machine reach, though no token was ever made and no provider is set
    #[arg(long, env = "MINUTEBOOK_OPEN_TO_NETWORK")]
    open_to_network: bool,
    /// The key that reads what is exempt, for officers and auditors
    #[arg(long, value_name = "FILE", env = "MINUTEBOOK_READ_KEY")]
    read_key: Option<PathBuf>,
    /// How many requests a second one address may send, this machine apart; 0 for as many as it can
    #[arg(long, value_name = "N", default_value = "50", env = "MINUTEBOOK_RATE")]
    rate: u32,
    /// How many working days a decision may be called in, by the constitution: its page then says when it may be implemented
    #[arg(long, value_name = "DAYS", env = "MINUTEBOOK_CALL_IN", value_parser = call_in())]
    call_in: Option<u32>,
    /// Of a node: how many milliseconds pass before the log is asked again for what others appended
    #[arg(long, value_name = "MS", default_value = "20", env = "MINUTEBOOK_FOLLOW_EVERY", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    follow_every: u64,
    /// Of a node: for how many seconds the log may not be heard before /ready says so
    #[arg(long, value_name = "SECONDS", default_value = "30", env = "MINUTEBOOK_LOG_SILENCE", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    log_silence: u64,
    #[command(flatten)]
    openid: OpenId,
}

impl Serve {
    pub(super) fn run(self, place: &Place) -> Result<Outcome, Stop> {
        let Self {
            listen,
            host,
            may_record,
            open_to_network,
            read_key,
            rate,
            call_in,
            follow_every,
            log_silence,
            openid,
        } = self;
        let node =
            node::Settings { every: Duration::from_millis(follow_every), silence: Duration::from_secs(log_silence) };
        let read_key = read_key.map(|path| ReadKey::read(&path)).transpose()?;
        let hosts = host.into_iter().chain(openid.host()).chain([listen.ip().to_string()]).collect();
        let openid = openid.settings()?;
        let site = Site::of(place, Settings { may_record, hosts, read_key, rate, call_in, openid, node })?;
        if may_record && open_to_network {
            return Err("--may-record is for who is on this machine alone, and --open-to-network lets everybody reach it: leave \
                        one out, or make tokens with `minutebook token new`"
                .into());
        }
        if !listen.ip().is_loopback() && !open_to_network && !site.asks_who()? {
            return Err(format!(
                "{listen} can be reached from other machines, and no token was ever made: make one with `minutebook token new`, \
                 set a provider of OpenID Connect, listen at 127.0.0.1, or say --open-to-network where everybody may ask"
            )
            .into());
        }
        let stopped = signals(site.beside())?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING).build()?;
        runtime.block_on(async {
            let cannot = |error| format!("cannot listen at {listen}: {error}; name another with --listen");
            let listener = web::listen(listen).map_err(cannot)?;
            let address = listener.local_addr()?;
            // The ledger is opened while the server says that it is.
            let opening = site.clone();
            let opened = tokio::task::spawn_blocking(move || opening.open());
            output::print(&format!("Minutebook listens at http://{address} and answers once the ledger is open\n"))?;
            let of_log = site.clone();
            let failed = async move {
                if matches!(opened.await, Ok(Ok(()))) {
                    if let Some(set) = of_log.log_set() {
                        output::complain(&format_args!("minutebook: the server of the log is set so: {set}\n"));
                    }
                    pending::<()>().await;
                }
            };
            let stop = async move {
                tokio::select! {
                    _ = stopped => {}
                    () = failed => {}
                }
            };
            serve(listener, site.clone(), stop).await;
            site.failure().map_or(Ok(Outcome::Answered), |error| Err(error.into()))
        })
    }
}

/// Hears signals, on a thread of its own, whatever the others are at: the first stops the server once what is under way is
/// answered. The second ends the process: whoever waits is cut off, and nothing else is waited for than what is being recorded.
fn signals(site: Beside) -> Result<oneshot::Receiver<()>, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate) = {
        let _within = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let (stop, stopped) = oneshot::channel();
    let hear = move || {
        runtime.block_on(async {
            let mut heard = async || {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            heard().await;
            let _ = stop.send(());
            // Some programs send a signal to a process and again to its group: that is one.
            let first = Instant::now();
            loop {
                heard().await;
                if first.elapsed() > AT_ONCE {
                    break;
                }
            }
            let recorded = match site.settled().await {
                Ok(()) => "what was to be recorded is on disk, or was refused".to_owned(),
                Err(error) => error.to_string(),
            };
            let what = "ended at once by a second signal: whoever waited for an answer was cut off";
            output::complain(&format_args!("minutebook: {what}; {recorded}\n"));
            std::process::exit(2)
        })
    };
    Builder::new().name("signals".to_owned()).spawn(hear)?;
    Ok(stopped)
}
