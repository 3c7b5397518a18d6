//! Signing in with a provider of OpenID Connect: a browser is sent there, and comes back. It owns the two addresses and the
//! cookie in between. It must not know what the provider is asked, nor what it is believed.

use super::pages;
use super::sessions::cookies;
use super::site::Site;
use super::who::{self, To, Who};
use crate::access::openid::{BACK, Back, LASTS, NotSignedIn};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};

/// Where signing in begins: a link leads there, since a form may lead to this site alone.
pub(super) const BEGIN: &str = "/sign-in/openid";

/// By which a browser that comes back is known to be the one that was sent. It comes from elsewhere, so the cookie is sent then too.
const COOKIE: &str = "__Host-minutebook-openid";

/// The longest address that somebody goes on to: what is longer is not kept.
const LONGEST: usize = 2_000;

pub(super) fn routes() -> Router<Site> {
    Router::new().route(BEGIN, get(begin)).route(BACK, get(back))
}

fn cookie(secret: &str, seconds: u64) -> String {
    format!("{COOKIE}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}

async fn begin(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    to: Result<Query<To>, QueryRejection>,
) -> Response {
    let to = to.map(|Query(to)| to).unwrap_or_default();
    let to = if to.path().len() > LONGEST { "/" } else { to.path() }.to_owned();
    let then = to.clone();
    match site.ask_provider(move |provider| provider.begin(&then)).await {
        Ok(Ok(begun)) => {
            let headers = [(header::SET_COOKIE, cookie(&begun.secret, LASTS.as_secs())), no_store()];
            (AppendHeaders(headers), Redirect::to(&begun.to)).into_response()
        }
        Ok(Err(not)) => not_signed_in(&site, &who, &not, &to),
        Err(problem) => pages::sorry(&problem, who.visitor(&site)),
    }
}

async fn back(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    back: Result<Query<Back>, QueryRejection>,
) -> Response {
    let back = back.map(|Query(back)| back).unwrap_or_default();
    let secret = cookies(&headers, COOKIE).next().map(ToOwned::to_owned);
    match site.ask_provider(move |provider| provider.end(back, secret.as_deref())).await {
        Ok(Ok((holder, to))) => {
            tracing::info!(who = %holder.known_by, "signed in");
            let session = site.sessions().begin(holder);
            let gone = HeaderValue::from_str(&cookie("", 0)).expect("it is of letters, digits and marks");
            let mut response = pages::signed_in(who.visitor(&site), &to);
            let headers = response.headers_mut();
            headers.append(header::SET_COOKIE, session);
            headers.append(header::SET_COOKIE, gone);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            // This address has the code in it.
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            // Browsers do not show the cookie of a session to where another site leads them (RFC 6265bis, 5.2), and a redirect from
            // here would be that: this page leads on. Where its address cannot be said in a header, the page has a link.
            if let Ok(on) = HeaderValue::from_str(&format!("0; url={to}"))
                && to.is_ascii()
            {
                headers.insert(header::REFRESH, on);
            }
            response
        }
        Ok(Err((not, to))) => not_signed_in(&site, &who, &not, to.as_deref().unwrap_or("/")),
        Err(problem) => pages::sorry(&problem, who.visitor(&site)),
    }
}

fn no_store() -> (header::HeaderName, String) {
    (header::CACHE_CONTROL, "no-store".to_owned())
}

/// The page on which somebody signs in, with why they are not.
fn not_signed_in(site: &Site, who: &Who, not: &NotSignedIn, to: &str) -> Response {
    tracing::warn!(why = not.why(), "nobody is signed in");
    let status = match not {
        NotSignedIn::NotBegun => StatusCode::BAD_REQUEST,
        NotSignedIn::Denied { .. } | NotSignedIn::NoRole { .. } => StatusCode::FORBIDDEN,
        NotSignedIn::Unreachable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        NotSignedIn::DoesNotHold { .. } => StatusCode::BAD_GATEWAY,
    };
    let mut response = who::sign_in_with(site, who, to, Some(&not.to_string()), status);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
