//! Who asks: by a token, by a session that a token began, or nobody in particular; and what that allows. It owns signing in
//! and out, and refuses what is not allowed. It must not know what is done with a right, nor say why a token is refused.

use super::html::Visitor;
use super::pages;
use super::problem::Problem;
use super::rate::FORWARDED;
use super::sessions::{Begun, COOKIE};
use super::site::Site;
use crate::access::{Holder, Refused, Right};
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
    /// Whoever is on this machine, where no token was ever made.
    Machine,
    /// Anybody.
    Public,
    /// Who sent a token with the request.
    Token(Holder),
    /// Who signed in with one.
    Session(Holder, Begun),
}

impl Who {
    /// By what the log names it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Machine => "this machine".to_owned(),
            Self::Public => "public".to_owned(),
            Self::Token(holder) | Self::Session(holder, _) => format!("token {}", holder.id),
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
        Visitor { may_record, may_sign_in: matches!(self, Self::Public), signed_in }
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
        _ => Problem::new(StatusCode::FORBIDDEN, "not-allowed", format!("{what}, and this token has not got it")),
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
    uri.path().starts_with("/api/")
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
    let to = to.map_or("/", |to| to.as_str());
    serde_urlencoded::to_string([("to", to)]).map_or_else(|_| "/sign-in".to_owned(), |to| format!("/sign-in?{to}"))
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
        return holder(site, token.trim()).await.map(Who::Token).map_err(no_such_token);
    }
    if let Some((id, begun)) = headers.get_all(header::COOKIE).iter().find_map(|cookie| site.sessions().of(cookie)) {
        // Who was revoked meanwhile is nobody in particular again.
        return Ok(site.tokens().still(&id, today()).map_or(Who::Public, |holder| Who::Session(holder, begun)));
    }
    let has_tokens = site.has_tokens().map_err(|error| {
        tracing::error!(%error, "who may do what cannot be read");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "who may do what cannot be read: the log says more")
    })?;
    // A server on this machine that asks for somebody else says so.
    let is_here = connected.to_canonical().is_loopback() && !headers.contains_key(FORWARDED);
    Ok(if is_here && !has_tokens { Who::Machine } else { Who::Public })
}

async fn holder(site: &Site, token: &str) -> Result<Holder, Refused> {
    if let Some(known) = site.tokens().known(token, today()) {
        return known;
    }
    let (site, token) = (site.clone(), token.to_owned());
    let held = tokio::task::spawn_blocking(move || site.tokens().holder(&token, today()));
    held.await.unwrap_or(Err(Refused::Unknown))
}

/// That a token counts for nothing. Which of the reasons it is, only the log says.
fn no_such_token(why: Refused) -> Problem {
    tracing::warn!(%why, "a token was refused");
    match why {
        Refused::TooOften => {
            let what = "too many wrong tokens were given: wait a minute, then try again";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-often", what)
        }
        _ => {
            let what =
                "the token is none that counts here: it may be wrong, expired or revoked; ask who runs this server";
            Problem::new(StatusCode::UNAUTHORIZED, "no-such-token", what)
        }
    }
}

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/sign-out", get(|| async { Redirect::to("/sign-in") }).post(sign_out))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct To {
    /// Where whoever signed in goes on: a path of this site.
    to: String,
}

impl To {
    /// A path of this site, and of no other.
    fn path(&self) -> &str {
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
    pages::sign_in(who.visitor(&site), to.path(), None, StatusCode::OK)
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
    headers: HeaderMap,
    form: Result<Form<SigningIn>, FormRejection>,
) -> Result<Response, Problem> {
    own_form(&headers)?;
    let Form(SigningIn { token, to }) =
        form.map_err(|error| Problem::unreadable_form(error.status(), error.body_text()))?;
    let to = To { to };
    match holder(&site, token.trim()).await {
        Ok(holder) => {
            tracing::info!(token = holder.id, "signed in");
            let cookie = site.sessions().begin(holder.id);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to.path())).into_response())
        }
        Err(why) => {
            let problem = no_such_token(why);
            Ok(pages::sign_in(who.visitor(&site), to.path(), Some(problem.detail()), problem.status()))
        }
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
    headers.get_all(header::COOKIE).iter().for_each(|cookie| site.sessions().end(cookie));
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
