//! Recording in a browser: a decision file is written, or uploaded, and checked; what it would change is shown before it is
//! recorded. Nothing is kept of a draft but in the page itself. It must not decide whether an entry holds together.

use super::asked::Asked;
use super::html::Visitor;
use super::pages::{self, Section};
use super::problem::Problem;
use super::site::Site;
use super::skeleton;
use super::who::{self, Who};
use crate::ledger::{Ledger, View, rehearse};
use crate::question::{Bound, Range};
use crate::report::in_hand::{Fault, InHand};
use crate::today::today;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use minutebook_events::Position;
use minutebook_events::decision_file::MAX_FILE_BYTES;
use uuid::Uuid;

/// What a file is called where it was written here.
const NAME: &str = "decision.toml";

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/record", get(begin))
        .route("/record/event", post(add_event))
        .route("/record/check", post(check))
        .route("/record/file", post(file))
        .route("/record/entry", post(record))
}

/// What a form of these pages holds.
#[derive(Default)]
struct Written {
    form_key: String,
    /// The decision file.
    text: String,
    /// A kind of event to be added.
    kind: String,
    /// For how many entries it was checked.
    expected_head: String,
}

type Form = Result<Multipart, MultipartRejection>;

/// What a form of this session holds: an uploaded file takes the place of what was written.
async fn written(who: &Who, headers: &HeaderMap, form: Form) -> Result<Written, Problem> {
    let mut form = form.map_err(|error| Problem::new(error.status(), "unreadable-form", error.body_text()))?;
    let mut written = Written::default();
    let unread = |error: axum::extract::multipart::MultipartError| {
        Problem::new(error.status(), "unreadable-form", error.body_text())
    };
    while let Some(field) = form.next_field().await.map_err(unread)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(unread)?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
            let what = format!("{name} is not UTF-8: a decision file is text");
            Problem::new(StatusCode::BAD_REQUEST, "unreadable-form", what)
        })?;
        match name.as_str() {
            "form-key" => written.form_key = text,
            "kind" => written.kind = text,
            "expected-head" => written.expected_head = text,
            // A browser sends the lines of a text with both ends (HTML, 4.10.21.4).
            "text" if written.text.is_empty() => written.text = text.replace("\r\n", "\n"),
            "file" if !text.is_empty() => written.text = text,
            _ => {}
        }
    }
    who::of_this_session(who, headers, &written.form_key)?;
    if written.text.len() > MAX_FILE_BYTES {
        let what = format!("a decision file has at most {MAX_FILE_BYTES} bytes: write one act a file");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", what));
    }
    Ok(written)
}

/// The page, whatever there is to show on it.
fn page(visitor: Visitor, text: String, faults: Vec<String>, checked: Option<(Position, Vec<Section>)>) -> Response {
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    pages::recording(visitor, pages::Recording { text, faults, checked, kinds: skeleton::kinds().collect() }, status)
}

async fn begin(State(site): State<Site>, Extension(who): Extension<Who>) -> Response {
    page(who.visitor(&site), skeleton::file(Uuid::new_v4()), vec![], None)
}

async fn add_event(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let visitor = who.visitor(&site);
    match written(&who, &headers, form).await {
        Ok(Written { text, kind, .. }) => match skeleton::event(&kind) {
            Some(event) => page(visitor, format!("{}\n{event}", text.trim_end()), vec![], None),
            None => page(visitor, text, vec![format!("\"{kind}\" is no kind of event")], None),
        },
        Err(problem) => pages::sorry(&problem, visitor),
    }
}

/// Gives what was written as a file.
async fn file(State(site): State<Site>, Extension(who): Extension<Who>, headers: HeaderMap, form: Form) -> Response {
    match written(&who, &headers, form).await {
        Ok(Written { text, .. }) => {
            let as_file = format!("attachment; filename=\"{NAME}\"");
            ([(header::CONTENT_TYPE, "application/toml"), (header::CONTENT_DISPOSITION, as_file.as_str())], text)
                .into_response()
        }
        Err(problem) => pages::sorry(&problem, who.visitor(&site)),
    }
}

/// Says what is wrong with a file, or what recording it would change.
async fn check(State(site): State<Site>, Extension(who): Extension<Who>, headers: HeaderMap, form: Form) -> Response {
    let visitor = who.visitor(&site);
    let text = match written(&who, &headers, form).await {
        Ok(Written { text, .. }) => text,
        Err(problem) => return pages::sorry(&problem, visitor),
    };
    checked(&site, visitor, text, vec![]).await
}

/// The page of a file that was checked, with what is wrong besides.
async fn checked(site: &Site, visitor: Visitor, text: String, besides: Vec<String>) -> Response {
    let (shown, asked) = (text.clone(), visitor.clone());
    let made = site.with(move |ledger| {
        Ok(match would_change(ledger, &text) {
            Ok(checked) => page(asked, text, besides, Some(checked)),
            Err(fault) => page(asked, text, besides.iter().chain(fault.reasons()).cloned().collect(), None),
        })
    });
    made.await.unwrap_or_else(|problem| page(visitor, shown, vec![problem.detail().to_owned()], None))
}

/// What recording a file would change, and at which position.
fn would_change(ledger: &Ledger, text: &str) -> Result<(Position, Vec<Section>), Fault> {
    let file = InHand::parse(NAME.to_owned(), text.as_bytes())?;
    file.erases_nothing()?;
    let mut projections = ledger.view().projections.clone();
    let receipt = rehearse(&mut projections, ledger.contents(), file.parsed.draft.clone());
    let receipt = receipt.map_err(|error| file.fault(error))?;
    if receipt.repeated {
        return Err(Fault::in_file(file.said(&receipt, "recorded")));
    }
    let at = Some(Bound::Position(receipt.position));
    let range = Range { from: at, to: at, ..Range::default() };
    let changes = View::of(&projections).replay(today(), &range);
    let changes = changes.map_err(|error| Fault::elsewhere(error.to_string()))?;
    Ok((receipt.position, vec![Section::of(&changes, &Asked::default())]))
}

/// Records a file, where the ledger is what it was when it was checked.
async fn record(State(site): State<Site>, Extension(who): Extension<Who>, headers: HeaderMap, form: Form) -> Response {
    let visitor = who.visitor(&site);
    let Written { text, expected_head, .. } = match written(&who, &headers, form).await {
        Ok(written) => written,
        Err(problem) => return pages::sorry(&problem, visitor),
    };
    let Ok(expected) = expected_head.parse().map(Position) else {
        return checked(&site, visitor, text, vec![]).await;
    };
    let file =
        match InHand::parse(NAME.to_owned(), text.as_bytes()).and_then(|file| file.erases_nothing().map(|()| file)) {
            Ok(file) => file,
            Err(fault) => return page(visitor, text, fault.reasons().to_vec(), None),
        };
    let recorded = match site.ledger() {
        Ok(ledger) => ledger.record(file.parsed.draft.clone(), expected).await,
        Err(problem) => return page(visitor, text, vec![problem.detail().to_owned()], None),
    };
    match recorded {
        Ok(receipt) => {
            tracing::info!(position = receipt.position.0, recorder = who.name(), "recorded in a browser");
            Redirect::to(&format!("/entries/{}?as-of={}", receipt.position, today())).into_response()
        }
        Err(crate::ledger::RecordError::Conflict { expected, actual }) => {
            let what = format!(
                "The ledger holds {actual} entries now, and held {expected} when this was checked: nothing was recorded. What it \
                 would change now is below."
            );
            checked(&site, visitor, text, vec![what]).await
        }
        Err(error) => page(visitor, text, file.fault(error).reasons().to_vec(), None),
    }
}
