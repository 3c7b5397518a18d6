//! Minutebook over HTTP: pages for people, an API for programs, on one open ledger. It owns the server, its routes and
//! its limits. It must not decide what an entry means, nor make or change a figure: it asks the ledger and shows what
//! comes back.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `api` | questions, entries and new entries as JSON |
//! | `asked` | a question as an address holds it |
//! | `draw` | pictures of an answer |
//! | `html` | an answer as what the templates show |
//! | `pages` | pages |
//! | `problem` | what went wrong, for a program |
//! | `site` | the ledger while it is opened, and once it is |

mod api;
mod asked;
mod draw;
mod html;
mod pages;
mod problem;
mod site;

pub use site::Site;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use minutebook_events::codec::MAX_BYTES;
use problem::Problem;
use std::io;
use std::time::Duration;
use tokio::net::TcpListener;
use tower_http::set_header::SetResponseHeaderLayer;

/// How long a request may take, but for the stream of new entries.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long those that are answered when the server is stopped may take to their end.
const LEAVE: Duration = Duration::from_secs(5);

/// What a browser may do with a page: styles, pictures and scripts of this site, forms to it, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Answers at an address until `stop` ends; requests that are under way then are answered first.
///
/// # Errors
/// What the operating system says of the address.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (told, mut stopping) = (site.clone(), site.stopping());
    let stop = async move {
        stop.await;
        told.stop();
    };
    let served = axum::serve(listener, routes(site)).with_graceful_shutdown(stop);
    tokio::select! {
        ended = served.into_future() => ended,
        // Whoever sends a request byte by byte is not waited for longer.
        () = async {
            let _ = stopping.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(LEAVE).await;
        } => Ok(()),
    }
}

fn routes(site: Site) -> Router {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let timed = Router::new().merge(pages::routes()).merge(api::routes()).layer(middleware::from_fn(in_time));
    Router::new()
        .merge(timed)
        .merge(api::streams())
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(site.clone(), of_this_host))
        .layer(DefaultBodyLimit::max(2 * MAX_BYTES))
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::CACHE_CONTROL, "no-cache"))
        .with_state(site)
}

/// Whoever waits hears that it takes too long; the answer may still be made, and whoever asks again waits for less.
async fn in_time(request: Request, next: Next) -> Response {
    let is_for_programs = request.uri().path().starts_with("/api/");
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        let what = format!("the answer takes longer than {} s: ask of one contract, or ask again", PATIENCE.as_secs());
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "takes-too-long", what);
        if is_for_programs { problem.into_response() } else { pages::sorry(&problem) }
    })
}

async fn nothing_here(request: Request) -> Response {
    let path = request.uri().path();
    let problem = Problem::nothing_here(path);
    if path.starts_with("/api/") { problem.into_response() } else { pages::sorry(&problem) }
}

async fn not_so(request: Request) -> Response {
    let what = format!("{} cannot be asked with {}", request.uri().path(), request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-such-method", what).into_response()
}

/// A page elsewhere that had its own name lead to this machine would be read with the rights of this site: a request
/// names the host that it is for.
async fn of_this_host(site: axum::extract::State<Site>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.parse::<u16>().is_ok() { name } else { host });
    if site.is_host(name) {
        return next.run(request).await;
    }
    let what = "the request names a host that this is not: where it is reached by that name, start it with --host NAME";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "no-such-host", what).into_response()
}
