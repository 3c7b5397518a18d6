//! Reading what was just recorded elsewhere: a request names a position in a header, and is answered once the entry there is here.
//! It must not know where entries come from.

use super::problem::Problem;
use super::site::Site;
use super::who::Instead;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Duration;

/// The header.
pub(super) const AT_LEAST: &str = "minutebook-at-least";

/// For how long an entry is waited for that is not here yet.
const WAIT: Duration = Duration::from_secs(5);

/// Answers a request that names a position once its entry is here, or says that it is not.
pub(super) async fn answered(site: State<Site>, request: Request, next: Next) -> Response {
    let Some(said) = request.headers().get(AT_LEAST) else { return next.run(request).await };
    let position = said.to_str().ok().and_then(|text| text.parse().ok());
    match waits(&site, position).await {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let is_late = problem.status() == StatusCode::SERVICE_UNAVAILABLE;
            let mut response = Instead::of(&site, &request).of_problem(problem);
            if is_late {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            response
        }
    }
}

/// Waits until the entry at a position is here.
async fn waits(site: &Site, position: Option<u64>) -> Result<(), Problem> {
    let position = position.ok_or_else(|| {
        let what = "Minutebook-At-Least: give the position of the entry that must be here, as a receipt tells it";
        Problem::new(StatusCode::BAD_REQUEST, "wrong-question", what)
    })?;
    let mut heads = site.ledger()?.heads();
    let waited = tokio::time::timeout(WAIT, heads.wait_for(|head| *head > position)).await;
    if matches!(waited, Ok(Ok(_))) {
        return Ok(());
    }
    let ledger = site.ledger()?;
    let head = ledger.head();
    let stands = match ledger.following() {
        Some(following) => following.standing(head).to_string(),
        None => format!("{head} entries"),
    };
    let what = format!(
        "the entry at position {position} is not here yet: here are {stands}; try again, or ask where it was recorded"
    );
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-here-yet", what).with("head", head.0))
}
