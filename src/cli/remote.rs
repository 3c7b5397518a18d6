//! A question to a server that runs, in place of the ledger's folder: nobody waits for the ledger's lock. It must not know what
//! an answer says: the server words it.

use super::{Outcome, Stop, output};
use crate::here::is_here;
use crate::question::Question;
use crate::report::{Terminal, visible};
use crate::web::{Asked, TEXT};
use std::str::FromStr;
use std::time::Duration;
use ureq::http::Uri;
use ureq::http::uri::InvalidUri;

/// How long an answer may take: longer than a server takes to say that it takes too long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most bytes of an answer.
const MOST: u64 = 256 << 20;

/// What an answer for programs is.
const JSON: &str = "application/json";

/// A token that is shown to the server: never an argument, which everybody on the machine could read.
pub(super) const TOKEN: &str = "MINUTEBOOK_TOKEN";

/// Asks the server at an address, and prints what it answers.
pub(super) fn ask(server: &str, question: &Question, json: bool) -> Result<Outcome, Stop> {
    let Server { address: server, is_for_token } = &server.parse()?;
    let address = format!("{server}/api/v1/{}{}", question.topic.word(), Asked::from(question).query());
    let accept = if json { JSON.to_owned() } else { format!("{TEXT}; width={}", Terminal::of_stdout().width()) };
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let agent: ureq::Agent = config.timeout_global(Some(PATIENCE)).build().into();
    let mut request = agent.get(&address).header("Accept", &accept);
    if let Some(token) =
        std::env::var(TOKEN).ok().map(|token| token.trim().to_owned()).filter(|token| !token.is_empty())
    {
        if !is_for_token {
            return Err(format!(
                "{TOKEN} would go to {server} where others can read it: ask at an https address, or on this machine"
            )
            .into());
        }
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let cannot =
        |error| format!("cannot ask {server}: {error}; see that the server runs, and that this is its address");
    let mut answer = request.call().map_err(cannot)?;
    let body = answer.body_mut().with_config().limit(MOST).read_to_string().map_err(cannot)?;
    // What is in place of a Minutebook, as the page of a network that wants a password, is no answer.
    let kind = answer.headers().get("Content-Type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_answer = match json {
        true => kind.starts_with(JSON) && serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok(),
        false => kind.starts_with(TEXT),
    };
    // What a terminal would obey is shown, whoever sent it; JSON holds none of it as it is.
    let body = if json { body } else { visible(&body) };
    match answer.status().as_u16() {
        200 if is_answer => output::print(&body).map(|()| Outcome::Answered),
        status => Err(said(server, status, &body).into()),
    }
}

/// Where a server is: scheme, host and port, and what a server before it puts in front of its paths.
struct Server {
    address: String,
    /// Whether a token may be sent there: it is encrypted, or leads nowhere but to this machine.
    is_for_token: bool,
}

impl FromStr for Server {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{text} is no address of a server: {why}; write it as http://127.0.0.1:8080");
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| wrong("it begins with neither http:// nor https://"))?;
        // RFC 3986, 3.1: a scheme's case does not matter.
        let scheme = scheme.to_ascii_lowercase();
        if !["http", "https"].contains(&scheme.as_str()) {
            return Err(wrong("it begins with neither http:// nor https://"));
        }
        if let Some(mark) = rest.chars().find(|c| matches!(c, '?' | '#')) {
            return Err(wrong(&format!("\"{mark}\" begins what is asked, which the command adds itself")));
        }
        let address = format!("{scheme}://{}", rest.trim_end_matches('/'));
        let uri: Uri = address.parse().map_err(|error: InvalidUri| wrong(&error.to_string()))?;
        let authority = uri.authority().filter(|it| !it.host().is_empty()).ok_or_else(|| wrong("it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it names somebody before the \"@\", and a token is given in MINUTEBOOK_TOKEN"));
        }
        let port = authority.as_str().strip_prefix(authority.host()).and_then(|port| port.strip_prefix(':'));
        if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
            return Err(wrong("after the last \":\" stands no port from 1 to 65535"));
        }
        Ok(Self { is_for_token: scheme == "https" || is_here(authority.host()), address })
    }
}

/// What the server says of an answer that is none.
fn said(server: &str, status: u16, body: &str) -> String {
    let problem = serde_json::from_str::<serde_json::Value>(body).ok();
    let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str()).map(visible);
    match detail {
        Some(detail) => detail,
        None => format!(
            "{server} answers with status {status}, and is no Minutebook, or one of another version: see its address"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_no_more_than_a_path() {
        let read = |text: &str| text.parse::<Server>().map(|server| (server.address, server.is_for_token));
        for (text, address, is_for_token) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("HTTP://LocalHost:8080/", "http://LocalHost:8080", true),
            ("Https://minutes.example/ledger/", "https://minutes.example/ledger", true),
            ("http://[::1]:80", "http://[::1]:80", true),
            ("http://minutes.example", "http://minutes.example", false),
            ("http://127.0.0.1.minutes.example", "http://127.0.0.1.minutes.example", false),
        ] {
            assert_eq!(read(text), Ok((address.to_owned(), is_for_token)), "{text}");
        }
        for (text, why) in [
            ("127.0.0.1:8080", "neither http:// nor https://"),
            ("ftp://127.0.0.1", "neither http:// nor https://"),
            ("http://127.0.0.1:8080?as-of=2018-06-01", "\"?\" begins what is asked"),
            ("http://127.0.0.1:8080/#top", "\"#\" begins what is asked"),
            ("http://localhost@minutes.example", "names somebody before the \"@\""),
            ("http://127.0.0.1:80800", "no port from 1 to 65535"),
            ("http://127.0.0.1:", "no port from 1 to 65535"),
            ("http://", "is no address"),
            ("http://a b", "is no address"),
        ] {
            let said = read(text).expect_err(text);
            assert!(said.contains(why) && said.contains("write it as http://127.0.0.1:8080"), "{text}: {said}");
        }
    }
}
