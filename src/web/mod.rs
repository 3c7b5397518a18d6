//! Minutebook over HTTP: pages for people, an API for programs, on one open ledger. It owns the server, its routes and
//! its limits. It must not decide what an entry means, nor make or change a figure: it asks the ledger and shows what
//! comes back.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `api` | questions, entries and new entries as JSON |
//! | `asked` | a question as an address holds it |
//! | `at_least` | reading what was just recorded elsewhere |
//! | `connections` | how many there may be, and for how long |
//! | `contents` | what is exempt, for whoever may read it |
//! | `described` | the API described, for programs and for people |
//! | `form` | a draft as the fields of a form, and as a decision file |
//! | `html` | an answer as what the templates show |
//! | `inputs` | the fields of a form as the page shows them |
//! | `openid` | signing in with a provider |
//! | `pages` | pages |
//! | `problem` | what went wrong, for a program |
//! | `rate` | how fast one address may ask |
//! | `record` | recording in a browser |
//! | `sessions` | who signed in, in cookies |
//! | `site` | the ledger while it is opened, and once it is |
//! | `viewer` | the page on which a description of the API is read |
//! | `who` | who asks, and what that allows |

mod api;
mod asked;
mod at_least;
mod connections;
mod contents;
mod described;
mod form;
mod html;
mod inputs;
mod openid;
mod pages;
mod problem;
mod rate;
mod record;
mod sessions;
mod site;
mod viewer;
mod who;

pub(crate) use api::TEXT;
pub(crate) use asked::Asked;
pub use connections::listen;
pub use site::{Beside, Settings, Site};

use crate::access::Right;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Extension, Router};
use minutebook_events::codec::MAX_BYTES;
use problem::Problem;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tower_http::set_header::SetResponseHeaderLayer;
use who::{Instead, Who};

/// How long a request may take, but for the stream of new entries.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes that are read of a request: the decision file of the largest entry, and what is around it in a form.
const MOST: usize = 2 * MAX_BYTES;

/// How long those that are answered when the server is stopped may take to their end.
const LEAVE: Duration = Duration::from_secs(5);

/// What a browser may do with a page: styles, pictures and scripts of this site, forms to it, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// Answers at an address until `stop` ends; requests that are under way then are answered first.
pub async fn serve(listener: TcpListener, site: Site, stop: impl Future<Output = ()>) {
    let (told, mut stopping) = (site.clone(), site.stopping());
    let stop = async move {
        stop.await;
        told.stop();
    };
    tokio::select! {
        () = connections::serve(listener, routes(site), stop) => {}
        // Whoever sends a request byte by byte is not waited for longer.
        () = async {
            let _ = stopping.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(LEAVE).await;
        } => {}
    }
}

fn routes(site: Site) -> Router {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    let with = |right: Right, routes: Router<Site>| {
        let site = site.clone();
        let needs =
            move |Extension(who): Extension<Who>, request, next| who::needs(right, site.clone(), who, request, next);
        routes.route_layer(middleware::from_fn(needs))
    };
    let timed = Router::new()
        .merge(pages::routes())
        .merge(contents::routes())
        .merge(described::routes())
        .merge(who::routes())
        .merge(openid::routes())
        .merge(api::questions())
        .merge(with(Right::Prove, api::proofs()))
        .merge(with(Right::Record, api::appends()))
        .merge(with(Right::Record, record::routes()))
        .layer(middleware::from_fn_with_state(site.clone(), at_least::answered))
        .layer(middleware::from_fn_with_state(site.clone(), in_time));
    Router::new()
        .merge(timed)
        .merge(with(Right::Prove, api::streams()))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn(logged))
        .layer(middleware::from_fn_with_state(site.clone(), who::found))
        .layer(middleware::from_fn_with_state(site.clone(), rate::kept))
        .layer(middleware::from_fn_with_state(site.clone(), of_this_host))
        .layer(middleware::from_fn_with_state(site.clone(), not_too_large))
        .layer(DefaultBodyLimit::max(MOST))
        .layer(header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::CACHE_CONTROL, "no-cache"))
        .with_state(site)
}

/// Says in the log what was asked, by whom, and how it ended. What an address asks after its path is left out: nobody should
/// put a secret there, and somebody will.
async fn logged(Extension(who): Extension<Who>, request: Request, next: Next) -> Response {
    let (method, path, began) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let response = next.run(request).await;
    let (status, ms) = (response.status().as_u16(), began.elapsed().as_millis() as u64);
    tracing::info!(target: "minutebook::access", %method, path, status, ms, who = who.name(), "answered");
    response
}

/// Whoever waits hears that it takes too long; the answer may still be made, and whoever asks again waits for less.
async fn in_time(site: State<Site>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let records = request.method() == Method::POST && (path == api::ENTRIES || path.starts_with(record::PATH));
    let instead = Instead::of(&site, &request);
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        if records {
            let what = format!(
                "it takes longer than {} s, and nobody knows yet whether it was recorded: send the same draft again, under its id, \
                 which records nothing twice",
                PATIENCE.as_secs()
            );
            return instead.of_problem(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown", what));
        }
        let what = format!("the answer takes longer than {} s: ask of one contract, or ask again", PATIENCE.as_secs());
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "takes-too-long", what);
        instead.of_problem(problem)
    })
}

async fn nothing_here(site: State<Site>, request: Request) -> Response {
    let problem = Problem::nothing_here(request.uri().path());
    Instead::of(&site, &request).of_problem(problem)
}

async fn not_so(site: State<Site>, request: Request) -> Response {
    let what = format!("{} cannot be asked with {}", request.uri().path(), request.method());
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-such-method", what);
    Instead::of(&site, &request).of_problem(problem)
}

/// A page elsewhere that had its own name lead to this machine would be read with the rights of this site: a request
/// names the host that it is for.
async fn of_this_host(site: State<Site>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.parse::<u16>().is_ok() { name } else { host });
    if site.is_host(name) {
        return next.run(request).await;
    }
    let what = "the request names a host that this is not: where it is reached by that name, start it with --host NAME";
    let problem = Problem::new(StatusCode::MISDIRECTED_REQUEST, "no-such-host", what);
    Instead::of(&site, &request).of_problem(problem)
}

/// What says that it is too large is refused before any of it is read, so that whoever waits to be told to send need not.
async fn not_too_large(site: State<Site>, request: Request, next: Next) -> Response {
    let says =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let (most, problem): (usize, fn() -> Problem) = match request.uri().path().starts_with(record::PATH) {
        true => (record::MOST, record::too_large),
        false => (MOST, Problem::too_large),
    };
    if says.is_none_or(|length| length <= most as u64) {
        return next.run(request).await;
    }
    let mut response = Instead::of(&site, &request).of_problem(problem());
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
