//! Who asks: by a token, by a session, or nobody in particular; and what that allows. It owns signing in with a token and
//! signing out, and refuses what is not allowed. It must not know what is done with a right, nor say why a token is refused.

use super::html::Visitor;
use super::openid;
use super::pages;
use super::problem::Problem;
use super::rate::{self, asking};
use super::sessions::{Begun, COOKIE};
use super::site::Site;
use crate::access::{Holder, KnownBy, Refused, Right};
use crate::today::today;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Form, Router};
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum Who {
    /// Whoever is on this machine, where nobody signs in.
    Machine,
    /// Anybody.
    Public,
    /// Who sent a token with the request.
    Token(Holder),
    /// Who signed in, with one or with the provider.
    Session(Holder, Begun),
}

impl Who {
    /// By what the log names it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Machine => "this machine".to_owned(),
            Self::Public => "public".to_owned(),
            Self::Token(holder) | Self::Session(holder, _) => holder.known_by.to_string(),
        }
    }

    /// Whether that is allowed.
    pub(super) fn may(&self, right: Right, site: &Site) -> bool {
        match self {
            Self::Machine if right == Right::Record => site.may_record(),
            Self::Machine => true,
            Self::Public => false,
            Self::Token(holder) | Self::Session(holder, _) => holder.may(right),
        }
    }

    /// What a page shows of it.
    pub(super) fn visitor(&self, site: &Site) -> Visitor {
        let may_record = self.may(Right::Record, site);
        let signed_in = match self {
            Self::Session(holder, begun) => {
                let roles: Vec<&str> = holder.roles.iter().map(|role| role.word()).collect();
                Some((format!("{}: {}", holder.label, roles.join(", ")), begun.form_key.clone()))
            }
            _ => None,
        };
        Visitor { may_record, may_sign_in: matches!(self, Self::Public), signed_in, node: site.node() }
    }
}

/// What is not allowed: 401 where a token would help, 403 where another would.
fn refused(who: &Who, right: Right) -> Problem {
    let what = match right {
        Right::ReadExempt => "to read what is exempt takes the role of officer or auditor",
        Right::Record => "to record takes the role of recorder",
        Right::Prove => "to take entries as they are stored, and proofs, takes the role of auditor",
    };
    match who {
        Who::Machine => {
            let what = "this server only answers questions: start it with --may-record to record through it";
            Problem::new(StatusCode::FORBIDDEN, "may-not-record", what)
        }
        Who::Public => Problem::new(StatusCode::UNAUTHORIZED, "no-token", format!("{what}: send a token that has it")),
        Who::Token(holder) | Who::Session(holder, _) => {
            let whose = match holder.known_by {
                KnownBy::Token(_) => "this token has not got it",
                KnownBy::Provider(_) => "you had not got it when you signed in",
            };
            Problem::new(StatusCode::FORBIDDEN, "not-allowed", format!("{what}, and {whose}"))
        }
    }
}

/// Lets through who has a right.
pub(super) async fn needs(right: Right, site: Site, who: Who, request: Request, next: Next) -> Response {
    if who.may(right, &site) {
        return next.run(request).await;
    }
    if matches!(who, Who::Public) && request.method() != Method::GET && !is_for_programs(request.uri()) {
        return pages::sorry(&refused(&who, right), who.visitor(&site));
    }
    refusal(&who, right, &site, request.uri())
}

/// Whether a program asks, and not a person.
pub(super) fn is_for_programs(uri: &Uri) -> bool {
    uri.path().starts_with("/api/") || ["/health", "/ready", "/metrics"].contains(&uri.path())
}

/// How a problem is told to who sent a request: a program, or a person.
pub(super) struct Instead(Option<Visitor>);

impl Instead {
    pub(super) fn of(site: &Site, request: &Request) -> Self {
        let visitor = || request.extensions().get::<Who>().map(|who| who.visitor(site)).unwrap_or_default();
        Self((!is_for_programs(request.uri())).then(visitor))
    }

    pub(super) fn of_problem(self, problem: Problem) -> Response {
        match self.0 {
            None => problem.into_response(),
            Some(visitor) => pages::sorry(&problem, visitor),
        }
    }
}

/// What is told to who asks for what is not allowed: a person who may sign in is led there.
pub(super) fn refusal(who: &Who, right: Right, site: &Site, uri: &Uri) -> Response {
    let problem = refused(who, right);
    match who {
        _ if is_for_programs(uri) => {
            let mut response = problem.into_response();
            if response.status() == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
        Who::Public => Redirect::to(&sign_in_for(uri.path_and_query())).into_response(),
        who => pages::sorry(&problem, who.visitor(site)),
    }
}

fn sign_in_for(to: Option<&axum::http::uri::PathAndQuery>) -> String {
    leading("/sign-in", to.map_or("/", |to| to.as_str()))
}

/// The address of a page that leads on to another.
fn leading(page: &str, to: &str) -> String {
    serde_urlencoded::to_string([("to", to)]).map_or_else(|_| page.to_owned(), |to| format!("{page}?{to}"))
}

/// Finds out who asks, for all that comes after.
pub(super) async fn found(
    State(site): State<Site>,
    ConnectInfo(connected): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let path_is_for_programs = is_for_programs(request.uri());
    match of(&site, connected.ip(), request.headers()).await {
        Ok(who) => {
            request.extensions_mut().insert(who);
            next.run(request).await
        }
        Err(problem) if problem.status() == StatusCode::TOO_MANY_REQUESTS => rate::later(problem.into_response()),
        Err(problem) if path_is_for_programs || problem.status() != StatusCode::UNAUTHORIZED => {
            let mut response = problem.into_response();
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        Err(problem) => pages::sorry(&problem, Visitor::default()),
    }
}

async fn of(site: &Site, connected: IpAddr, headers: &HeaderMap) -> Result<Who, Problem> {
    if let Some(said) = headers.get(header::AUTHORIZATION) {
        let token = said.to_str().ok().and_then(|said| said.split_once(' ')).filter(|(scheme, _)| {
            // RFC 9110, 11.1: a scheme's case does not matter.
            scheme.eq_ignore_ascii_case("bearer")
        });
        let Some((_, token)) = token else { return Err(no_such_token(Refused::Unknown)) };
        return holder(site, token.trim(), asking(connected, headers)).await.map(Who::Token);
    }
    if let Some((holder, begun)) = site.sessions().of(headers) {
        let now = match &holder.known_by {
            KnownBy::Token(id) => site.tokens().still(id, today()),
            KnownBy::Provider(_) => Ok(holder),
        };
        // Who was revoked meanwhile is nobody in particular again.
        return Ok(now.map_or(Who::Public, |holder| Who::Session(holder, begun)));
    }
    let asks_who = site.asks_who().map_err(|error| {
        tracing::error!(%error, "who may do what cannot be read");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "who may do what cannot be read: the log says more")
    })?;
    Ok(if rate::is_here(connected, headers) && !asks_who { Who::Machine } else { Who::Public })
}

/// Who holds a token that an address gives.
async fn holder(site: &Site, token: &str, address: Option<IpAddr>) -> Result<Holder, Problem> {
    if let Some(known) = site.tokens().known(token, today()) {
        return known.map_err(no_such_token);
    }
    let looks = site.looks(address).await?;
    let (site, token) = (site.clone(), token.to_owned());
    let held = tokio::task::spawn_blocking(move || {
        let _until_done = looks;
        site.tokens().holder(&token, today())
    });
    held.await.unwrap_or(Err(Refused::Unknown)).map_err(no_such_token)
}

/// That a token counts for nothing. Which of the reasons it is, only the log says.
fn no_such_token(why: Refused) -> Problem {
    tracing::warn!(%why, "a token was refused");
    let what = "the token is none that counts here: it may be wrong, expired or revoked; ask who runs this server";
    Problem::new(StatusCode::UNAUTHORIZED, "no-such-token", what)
}

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/sign-out", get(|| async { Redirect::to("/sign-in") }).post(sign_out))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct To {
    /// Where whoever signed in goes on: a path of this site.
    to: String,
}

impl To {
    /// A path of this site, and of no other.
    pub(super) fn path(&self) -> &str {
        // Browsers drop tabs and line ends out of an address before they read it (URL Standard, 4.4): "/\t/elsewhere" leads away.
        let leads_away = |c: char| c == '\\' || c.is_control();
        let is_ours = self.to.starts_with('/') && !self.to.starts_with("//") && !self.to.contains(leads_away);
        if is_ours { &self.to } else { "/" }
    }
}

async fn sign_in_page(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    to: Result<Query<To>, QueryRejection>,
) -> Response {
    let to = to.map(|Query(to)| to).unwrap_or_default();
    sign_in_with(&site, &who, to.path(), None, StatusCode::OK)
}

/// The page on which somebody signs in; with what is wrong, where that was refused.
pub(super) fn sign_in_with(site: &Site, who: &Who, to: &str, wrong: Option<&str>, status: StatusCode) -> Response {
    let provider = site.provider().map(|provider| (provider.host().to_owned(), leading(openid::BEGIN, to)));
    pages::sign_in(who.visitor(site), to, provider, wrong, status)
}

#[derive(Deserialize)]
struct SigningIn {
    token: String,
    #[serde(default)]
    to: String,
}

async fn sign_in(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    ConnectInfo(connected): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Result<Form<SigningIn>, FormRejection>,
) -> Result<Response, Problem> {
    own_form(&headers)?;
    let Form(SigningIn { token, to }) =
        form.map_err(|error| Problem::unreadable_form(error.status(), error.body_text()))?;
    let to = To { to };
    match holder(&site, token.trim(), asking(connected.ip(), &headers)).await {
        Ok(holder) => {
            tracing::info!(who = %holder.known_by, "signed in");
            let cookie = site.sessions().begin(holder);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to.path())).into_response())
        }
        Err(problem) => Ok(sign_in_with(&site, &who, to.path(), Some(problem.detail()), problem.status())),
    }
}

async fn sign_out(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    form: Result<Form<Keyed>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Keyed { form_key }) = form.map_err(|error| Problem::unreadable_form(error.status(), error.body_text()))?;
    of_this_session(&who, &headers, &form_key)?;
    site.sessions().end(&headers);
    let gone = format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/")).into_response())
}

#[derive(Deserialize)]
struct Keyed {
    #[serde(rename = "form-key", default)]
    form_key: String,
}

/// That a form was sent from a page of this site: every browser says where a form comes from.
fn own_form(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    if origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    let what = "the form was not sent from a page of this site: open the page here, and send it from there";
    Err(Problem::new(StatusCode::FORBIDDEN, "form-from-elsewhere", what))
}

/// That a form was sent from a page of this site, in the session of who sends it.
pub(super) fn of_this_session(who: &Who, headers: &HeaderMap, form_key: &str) -> Result<(), Problem> {
    own_form(headers)?;
    match who {
        Who::Session(_, begun) if !begun.is_form_key(form_key) => {
            let what = "the form belongs to another session: open the page again, and send it from there";
            Err(Problem::new(StatusCode::FORBIDDEN, "form-of-another-session", what))
        }
        _ => Ok(()),
    }
}
