//! A question to a server that runs, in place of the ledger's folder: nobody waits for the ledger's lock. It must not know what
//! an answer says: the server words it.

use super::{Outcome, Stop, output};
use crate::question::Question;
use crate::report::{Terminal, visible};
use crate::web::{Asked, TEXT};
use std::net::IpAddr;
use std::time::Duration;

/// How long an answer may take: longer than a server takes to say that it takes too long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most bytes of an answer.
const MOST: u64 = 256 << 20;

/// What an answer for programs is.
const JSON: &str = "application/json";

/// A token that is shown to the server: never an argument, which everybody on the machine could read.
const TOKEN: &str = "MINUTEBOOK_TOKEN";

/// Asks the server at an address, and prints what it answers.
pub(super) fn ask(server: &str, question: &Question, json: bool) -> Result<Outcome, Stop> {
    let server = server.trim_end_matches('/');
    if !(server.starts_with("http://") || server.starts_with("https://")) {
        return Err(format!("{server} is no address of a server: write it as http://127.0.0.1:8080").into());
    }
    let address = format!("{server}/api/v1/{}{}", question.topic.word(), Asked::from(question).query());
    let accept = if json { JSON.to_owned() } else { format!("{TEXT}; width={}", Terminal::of_stdout().width()) };
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let agent: ureq::Agent = config.timeout_global(Some(PATIENCE)).build().into();
    let mut request = agent.get(&address).header("Accept", &accept);
    if let Some(token) =
        std::env::var(TOKEN).ok().map(|token| token.trim().to_owned()).filter(|token| !token.is_empty())
    {
        if !is_for_token(server) {
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

/// Whether a token may be sent to an address: it is encrypted, or leads nowhere but to this machine.
fn is_for_token(server: &str) -> bool {
    let Some(rest) = server.strip_prefix("http://") else { return true };
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
