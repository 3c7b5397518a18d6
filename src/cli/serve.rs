//! `serve`: pages and the API on one ledger, until a signal ends it.

use super::{Outcome, Stop, output};
use crate::web::{Site, serve};
use clap::Args;
use std::future::pending;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

pub(super) const HELP: &str = "\
Examples:
  minutebook serve
  minutebook serve --listen 127.0.0.1:9000 --may-record
  curl 'http://127.0.0.1:8080/api/v1/lots?contract=live-well-kent-2016&as-of=2018-06-01'

While it runs it holds the ledger: ask it, not the folder. What it answers is public: no exempt content is in it. There are no \
accounts yet, so that only whoever is on this machine reaches it, unless --open-to-network says otherwise, and nobody records \
through it unless --may-record says so.";

/// The most answers that are made at once, which more than the cores of a machine gain nothing by.
const BLOCKING: usize = 32;

/// Where pages and the API are.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The address and port
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", env = "MINUTEBOOK_LISTEN")]
    listen: SocketAddr,
    /// A name under which it is reached, beside those of this machine; may be given several times
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// Let whoever reaches it record entries through the API
    #[arg(long, conflicts_with = "open_to_network")]
    may_record: bool,
    /// Listen at an address that others than this machine reach, without TLS and without accounts
    #[arg(long)]
    open_to_network: bool,
}

impl Serve {
    /// Of this machine alone, and only to be asked.
    pub(super) fn usual() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self { listen, host: vec![], may_record: false, open_to_network: false }
    }

    pub(super) fn run(self, folder: &Path) -> Result<Outcome, Stop> {
        let Self { listen, host, may_record, open_to_network } = self;
        if !listen.ip().is_loopback() && !open_to_network {
            return Err(format!(
                "{listen} can be reached from other machines, and there is no TLS and no account: listen at 127.0.0.1 behind a \
                 server that has both, or say --open-to-network"
            )
            .into());
        }
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING).build()?;
        runtime.block_on(async {
            let cannot = |error| format!("cannot listen at {listen}: {error}; name another with --listen");
            let listener = TcpListener::bind(listen).await.map_err(cannot)?;
            let address = listener.local_addr()?;
            let hosts = host.into_iter().chain([address.ip().to_string()]).collect();
            let site = Site::of(folder, may_record, hosts);
            // The ledger is opened while the server says that it is.
            let opening = site.clone();
            let opened = tokio::task::spawn_blocking(move || opening.open());
            output::print(&format!("Minutebook listens at http://{address} and answers once the ledger is open\n"))?;
            let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
            let failed = async move {
                if matches!(opened.await, Ok(Ok(()))) {
                    pending::<()>().await;
                }
            };
            let stop = async move {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    () = failed => {}
                }
            };
            serve(listener, site.clone(), stop).await?;
            site.failure().map_or(Ok(Outcome::Answered), |error| Err(error.into()))
        })
    }
}
