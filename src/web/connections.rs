//! Connections: how many there may be at once, and how long whoever is connected may take to say what is asked. It must not know
//! what that is.

use axum::extract::connect_info::ConnectInfo;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How long the head of a request may take; also how long a connection is kept on which nobody asks.
const HEAD: Duration = Duration::from_secs(20);

/// The most connections at once: a process may have 1,024 files open, where nobody says otherwise. More wait until one ends.
const MOST: usize = 900;

/// How long to wait where the system gives no connection, as where too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until `stop` ends; requests that are under way then are answered first.
pub(super) async fn serve(listener: TcpListener, routes: Router, stop: impl Future<Output = ()>) {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MOST)));
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.expect("nobody closes it");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken for a moment");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let routes = TowerToHyperService::new(routes.clone().layer(Extension(ConnectInfo(from))));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD);
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), routes));
        tokio::spawn(async move {
            let _until_it_ends = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}
