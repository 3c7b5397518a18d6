//! What went wrong, for a program: problem details (RFC 9457), one kind for each thing that the caller can do about it.
//! It must not find what is wrong, nor say what a secret is.

use super::MOST;
use crate::audit::explain::ExplainError;
use crate::ledger::RecordError;
use crate::question::QuestionError;
use crate::sealed::ContentError;
use crate::store::StoreError;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use minutebook_events::codec::MAX_BYTES;
use minutebook_events::decide::Rejection;
use serde_json::{Map, Value, json};

/// A problem: its kind, what it is here, and what belongs to it besides.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    kind: &'static str,
    detail: String,
    besides: Map<String, Value>,
}

impl Problem {
    /// One of a kind: a word that stays the same, however the detail is put.
    pub(super) fn new(status: StatusCode, kind: &'static str, detail: impl ToString) -> Self {
        Self { status, kind, detail: detail.to_string(), besides: Map::new() }
    }

    /// The same, with something that a program may act on.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.besides.insert(name.to_owned(), value.into());
        self
    }

    /// That nothing is at an address.
    pub(super) fn nothing_here(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "no-such-address", format!("nothing is at {path}"))
    }

    /// That a request is too large to be read.
    pub(super) fn too_large() -> Self {
        let what =
            format!("more than {MOST} bytes are not read: an entry may take {MAX_BYTES}; split the act into several");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", what).with("limit", MOST)
    }

    /// That a form cannot be read: it is larger than it may be, or is none.
    pub(super) fn unreadable_form(status: StatusCode, why: impl ToString) -> Self {
        Self::new(status, "unreadable-form", why)
    }

    /// What to say of it to a person.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, kind, detail, besides } = self;
        let mut body = json!({
            "type": format!("urn:minutebook:{kind}"),
            "title": kind.replace('-', " "),
            "status": status.as_u16(),
            "detail": detail,
        });
        if let Value::Object(body) = &mut body {
            body.extend(besides);
        }
        (status, [(header::CONTENT_TYPE, "application/problem+json")], format!("{body:#}\n")).into_response()
    }
}

impl From<QuestionError> for Problem {
    fn from(error: QuestionError) -> Self {
        let (status, kind) = match &error {
            QuestionError::PastHead { .. } => (StatusCode::NOT_FOUND, "past-the-head"),
            QuestionError::NoContract { .. } => (StatusCode::NOT_FOUND, "no-such-contract"),
            QuestionError::NoFact { .. } => (StatusCode::NOT_FOUND, "no-such-fact"),
            QuestionError::LastFirst { .. } | QuestionError::Backwards { .. } => (StatusCode::BAD_REQUEST, "backwards"),
        };
        let detail = match error {
            QuestionError::Backwards { from, to } => {
                format!("as-of {from} is after to {to}: give the earlier day first")
            }
            error => error.to_string(),
        };
        Self::new(status, kind, detail)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store cannot be read");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", error)
    }
}

impl From<ContentError> for Problem {
    fn from(error: ContentError) -> Self {
        tracing::error!(%error, "a content cannot be read");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "unreadable", "the content cannot be read: the log says why")
    }
}

impl From<ExplainError> for Problem {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::Question(error) => error.into(),
            ExplainError::Read(error) => error.into(),
            other => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "does-not-hold", other),
        }
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        let detail = error.to_string();
        let of = |status, kind| Self::new(status, kind, &detail);
        match error {
            RecordError::Rejected(rejections) => {
                let rejections: Vec<Value> = rejections.iter().map(rejection).collect();
                of(StatusCode::UNPROCESSABLE_ENTITY, "rejected").with("rejections", rejections)
            }
            RecordError::Conflict { expected, actual } => {
                let what = format!(
                    "the ledger holds {actual} entries, and {expected} were expected: look at what was recorded since, then try \
                     again with expected-head={actual}"
                );
                let conflict = Self::new(StatusCode::CONFLICT, "conflict", what);
                conflict.with("expected", expected.0).with("actual", actual.0)
            }
            RecordError::OtherContent { id, position } => {
                of(StatusCode::CONFLICT, "other-content").with("id", id.to_string()).with("position", position.0)
            }
            RecordError::TooLarge { limit, .. } => of(StatusCode::PAYLOAD_TOO_LARGE, "too-large").with("limit", limit),
            RecordError::Unready(_) => of(StatusCode::UNPROCESSABLE_ENTITY, "unready"),
            RecordError::ClockWentBack { .. } => of(StatusCode::SERVICE_UNAVAILABLE, "clock-went-back"),
            RecordError::NotErased { position, .. } => {
                of(StatusCode::SERVICE_UNAVAILABLE, "not-erased").with("position", position.0)
            }
            RecordError::Store(error) => match &*error {
                StoreError::Unknown { cause, .. } => {
                    let what = format!(
                        "whether the entry was kept is unknown: {cause}; send it again under the same id: what was kept is not \
                         recorded twice"
                    );
                    Self::new(StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown", what)
                }
                StoreError::Unsafe { .. } => of(StatusCode::SERVICE_UNAVAILABLE, "unsafe"),
                _ => of(StatusCode::SERVICE_UNAVAILABLE, "store-failed"),
            },
            RecordError::CopyOf(_) => of(StatusCode::CONFLICT, "copy"),
            RecordError::Parted(parted) => {
                of(StatusCode::SERVICE_UNAVAILABLE, "parted").with("position", parted.position.0)
            }
            RecordError::Closed => of(StatusCode::SERVICE_UNAVAILABLE, "closed"),
        }
    }
}

/// One thing that does not hold together, at its place.
fn rejection(rejection: &Rejection) -> Value {
    json!({
        "event": rejection.event,
        "field": rejection.field,
        "what": rejection.why.to_string(),
        "remedy": rejection.why.remedy().to_string(),
    })
}
