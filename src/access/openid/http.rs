//! How the provider is asked: one request, encrypted, in a bounded time, with a bounded answer, and nowhere else than at the
//! address that was named. It must not know what is asked.

use crate::here::is_here;
use openidconnect::url::Url;
use openidconnect::{HttpRequest, HttpResponse, SyncHttpClient};
use std::io;
use std::time::Duration;

/// How long an answer may take, from the name of the host to its last byte.
const PATIENCE: Duration = Duration::from_secs(8);

/// The most bytes of an answer: those of providers have some tens of thousands.
const MOST: u64 = 1 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error(
        "{0} is not encrypted, and others can read what goes there: it begins with https://, or leads to this machine"
    )]
    Exposed(String),
    #[error("no address: {0}")]
    NoAddress(#[from] openidconnect::url::ParseError),
    #[error("its answer has more than {MOST} bytes")]
    TooLarge,
    #[error("no answer within {} s", PATIENCE.as_secs())]
    TooSlow,
    #[error("it answers with status {0}")]
    Down(u16),
    #[error("{0}")]
    Failed(ureq::Error),
}

impl HttpError {
    /// Whether the provider answers, and what it says is wrong.
    pub(super) fn is_of_the_answer(&self) -> bool {
        matches!(self, Self::Exposed(_) | Self::NoAddress(_) | Self::TooLarge)
    }
}

impl From<ureq::Error> for HttpError {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::BodyExceedsLimit(_) => Self::TooLarge,
            ureq::Error::Timeout(_) => Self::TooSlow,
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => Self::TooSlow,
            error => Self::Failed(error),
        }
    }
}

/// What asks.
pub(super) struct Http(ureq::Agent);

impl Http {
    pub(super) fn new() -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        Self(config.timeout_global(Some(PATIENCE)).user_agent("minutebook").build().into())
    }
}

impl SyncHttpClient for Http {
    type Error = HttpError;

    fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = Url::parse(&request.uri().to_string())?;
        if !is_private(&url) {
            return Err(HttpError::Exposed(format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())));
        }
        let mut answer = self.0.run(request)?;
        if answer.status().is_server_error() {
            return Err(HttpError::Down(answer.status().as_u16()));
        }
        let body = answer.body_mut().with_config().limit(MOST).read_to_vec()?;
        Ok(answer.map(|_| body))
    }
}

/// Whether what goes to an address is read by nobody on the way: it is encrypted, or does not leave this machine.
pub(super) fn is_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    !host.is_empty() && (url.scheme() == "https" || (url.scheme() == "http" && is_here(host)))
}
