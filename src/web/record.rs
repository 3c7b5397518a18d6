//! Recording in a browser: an entry is drafted in the fields of a form, or as the text of a decision file, or uploaded, and
//! checked as a decision file whichever it is; what it would change is shown before it is recorded. Nothing is kept of a
//! draft but in the page itself. It must not decide whether an entry holds together.

use super::asked::Asked;
use super::form::{self, Filled, Left};
use super::html::Visitor;
use super::inputs::{self, Wrong};
use super::pages::{self, Section};
use super::problem::Problem;
use super::site::Site;
use super::who::{self, Who};
use crate::ledger::{Ledger, RecordError, View, rehearse};
use crate::question::{Bound, Range};
use crate::report::in_hand::{Fault, InHand};
use crate::today::today;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use minutebook_events::Position;
use minutebook_events::decision_file::MAX_FILE_BYTES;
use uuid::Uuid;

/// What a file is called where it was written here.
const NAME: &str = "decision.toml";

/// What the addresses of these pages begin with.
pub(super) const PATH: &str = "/record";

/// The most bytes of a form: its fields take more room than the file that they make.
pub(super) const MOST: usize = 2 * MAX_FILE_BYTES;

pub(super) fn routes() -> Router<Site> {
    Router::new()
        .route("/record", get(begin))
        .route("/record/form", post(in_form))
        .route("/record/text", post(as_text))
        .route("/record/check", post(check))
        .route("/record/file", post(file))
        .route("/record/entry", post(record))
        .layer(DefaultBodyLimit::max(MOST))
}

/// A draft as it was written.
#[derive(Clone)]
enum Written {
    /// In the fields of a form.
    Form(Filled),
    /// As the text of a decision file.
    Text(String),
}

impl Written {
    /// The decision file that it is.
    fn text(&self) -> String {
        match self {
            Self::Form(form) => form.text(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What a form of these pages sends.
struct Sent {
    draft: Written,
    /// For how many entries it was checked.
    expected_head: String,
    /// A kind of event to be added.
    kind: String,
    /// A list that gets one more.
    add: String,
    /// What is taken out of its list.
    remove: String,
    /// Whether it is opened in the form, whatever of it the form does not show.
    without: bool,
}

type Form = Result<Multipart, MultipartRejection>;

/// That a decision file is larger than one may be.
pub(super) fn too_large() -> Problem {
    let what = format!("a decision file has at most {MAX_FILE_BYTES} bytes, and this is larger: write one act a file");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", what)
}

/// What a form of this session sends: an uploaded file takes the place of what was written.
async fn sent(who: &Who, headers: &HeaderMap, form: Form) -> Result<Sent, Problem> {
    let mut form = form.map_err(|error| Problem::unreadable_form(error.status(), error.body_text()))?;
    let unread = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        status => Problem::unreadable_form(status, error.body_text()),
    };
    let (mut fields, mut form_key, mut view) = (Filled::default(), String::new(), String::new());
    let (mut written, mut uploaded) = (None, None);
    let mut sent = Sent {
        draft: Written::Text(String::new()),
        expected_head: String::new(),
        kind: String::new(),
        add: String::new(),
        remove: String::new(),
        without: false,
    };
    while let Some(field) = form.next_field().await.map_err(unread)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(unread)?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| {
            let what = format!("{name} is not UTF-8: a decision file is text");
            Problem::unreadable_form(StatusCode::BAD_REQUEST, what)
        })?;
        match name.as_str() {
            "form-key" => form_key = text,
            "expected-head" => sent.expected_head = text,
            "kind" => sent.kind = text,
            "add" => sent.add = text,
            "remove" => sent.remove = text,
            "without" => sent.without = true,
            "view" => view = text,
            // A browser sends the lines of a text with both ends (HTML, 4.10.21.4).
            "text" => written = Some(text.replace("\r\n", "\n")),
            "file" => uploaded = Some(text),
            _ => fields.set(name, text.replace("\r\n", "\n")),
        }
    }
    who::of_this_session(who, headers, &form_key)?;
    let text = uploaded.filter(|text| !text.is_empty() || written.is_none()).or(written);
    sent.draft = match text {
        // What was checked in the form goes on there.
        Some(text) if view == "form" => Filled::of(&text).map_or(Written::Text(text), |(form, _)| Written::Form(form)),
        Some(text) => Written::Text(text),
        None => Written::Form(fields),
    };
    if sent.draft.text().len() > MAX_FILE_BYTES { Err(too_large()) } else { Ok(sent) }
}

/// What is said of a draft.
#[derive(Default)]
struct Said {
    /// Why it is not taken.
    fault: Option<Fault>,
    /// What went wrong with something else.
    besides: Option<String>,
    /// Where it would be recorded, and what that would change.
    checked: Option<(Position, Vec<Section>)>,
    /// What of it the form does not show, where it was to be opened there.
    left: Left,
    /// The answer's status, where it is not that of whether something is wrong.
    status: Option<StatusCode>,
}

impl Said {
    fn besides(what: impl Into<String>) -> Self {
        Self { besides: Some(what.into()), ..Self::default() }
    }
}

/// The page of a draft, with what is said of it.
fn page(ledger: Option<&Ledger>, visitor: Visitor, draft: Written, said: Said) -> Response {
    let Said { fault, besides, checked, left, status } = said;
    let reasons = fault.as_ref().map_or(&[][..], Fault::reasons);
    let mut wrong: Vec<Wrong> = besides.into_iter().map(Wrong::said).collect();
    let text = draft.text();
    let (draft, events) = match draft {
        Written::Text(_) => {
            wrong.extend(reasons.iter().map(Wrong::in_text));
            (pages::Draft::Text { left }, 0)
        }
        Written::Form(form) => {
            let mut pieces = inputs::pieces(&form);
            wrong.extend(inputs::place(&mut pieces, reasons));
            let kinds = form::kinds().map(|kind| (form::choice(kind), inputs::words(kind))).collect();
            let lists = ledger.map_or(vec![], |ledger| inputs::known(&form, &*ledger.view().projections));
            (pages::Draft::Form { pieces, kinds, lists }, form.count("event"))
        }
    };
    let usual = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    pages::recording(visitor, pages::Recording { draft, text, events, wrong, checked }, status.unwrap_or(usual))
}

/// The same, with what the ledger says of it.
async fn shown(
    site: &Site,
    visitor: Visitor,
    draft: Written,
    says: impl FnOnce(&Ledger, &Written) -> Said + Send + 'static,
) -> Response {
    let (again, who) = (draft.clone(), visitor.clone());
    let made = site.with(move |ledger| {
        let said = says(ledger, &draft);
        Ok(page(Some(ledger), visitor, draft, said))
    });
    made.await.unwrap_or_else(|problem| page(None, who, again, Said::besides(problem.detail())))
}

async fn begin(State(site): State<Site>, Extension(who): Extension<Who>) -> Response {
    shown(&site, who.visitor(&site), Written::Form(Filled::new(Uuid::new_v4())), |_, _| Said::default()).await
}

/// Shows a draft in the form, with what was added to it or taken away; or as the text that it is, where the form does not
/// show all of it.
async fn in_form(State(site): State<Site>, Extension(who): Extension<Who>, headers: HeaderMap, form: Form) -> Response {
    let visitor = who.visitor(&site);
    let Sent { draft, kind, add, remove, without, .. } = match sent(&who, &headers, form).await {
        Ok(sent) => sent,
        Err(problem) => return pages::sorry(&problem, visitor),
    };
    let mut form = match draft {
        Written::Form(form) => form,
        Written::Text(text) => match Filled::of(&text) {
            Some((form, left)) if left.is_empty() || without => form,
            Some((_, left)) => {
                let said = Said { left, ..Said::default() };
                return shown(&site, visitor, Written::Text(text), |_, _| said).await;
            }
            None => return checked(&site, visitor, Written::Text(text)).await,
        },
    };
    let said = match add.as_str() {
        "" => Said::default(),
        "event" if form.add_event(&kind) => Said::default(),
        "event" => Said::besides(format!("\"{kind}\" is no kind of event")),
        list => {
            form.add(list);
            Said::default()
        }
    };
    form.remove(&remove);
    shown(&site, visitor, Written::Form(form), |_, _| said).await
}

/// Shows a draft as the text of a decision file.
async fn as_text(State(site): State<Site>, Extension(who): Extension<Who>, headers: HeaderMap, form: Form) -> Response {
    let visitor = who.visitor(&site);
    match sent(&who, &headers, form).await {
        Ok(Sent { draft, .. }) => shown(&site, visitor, Written::Text(draft.text()), |_, _| Said::default()).await,
        Err(problem) => pages::sorry(&problem, visitor),
    }
}

/// Gives what was written as a file.
async fn file(State(site): State<Site>, Extension(who): Extension<Who>, headers: HeaderMap, form: Form) -> Response {
    match sent(&who, &headers, form).await {
        Ok(Sent { draft, .. }) => {
            let as_file = format!("attachment; filename=\"{NAME}\"");
            let headers = [(header::CONTENT_TYPE, "application/toml"), (header::CONTENT_DISPOSITION, as_file.as_str())];
            (headers, draft.text()).into_response()
        }
        Err(problem) => pages::sorry(&problem, who.visitor(&site)),
    }
}

/// Says what is wrong with a draft, or what recording it would change.
async fn check(State(site): State<Site>, Extension(who): Extension<Who>, headers: HeaderMap, form: Form) -> Response {
    let visitor = who.visitor(&site);
    match sent(&who, &headers, form).await {
        Ok(Sent { draft, .. }) => checked(&site, visitor, draft).await,
        Err(problem) => pages::sorry(&problem, visitor),
    }
}

async fn checked(site: &Site, visitor: Visitor, draft: Written) -> Response {
    shown(site, visitor, draft, |ledger, draft| said_of(ledger, &draft.text())).await
}

fn said_of(ledger: &Ledger, text: &str) -> Said {
    match would_change(ledger, text) {
        Ok(checked) => Said { checked: Some(checked), ..Said::default() },
        Err(fault) => Said { fault: Some(fault), ..Said::default() },
    }
}

fn in_hand(text: &str) -> Result<InHand, Fault> {
    let file = InHand::parse(NAME.to_owned(), text.as_bytes())?;
    file.erases_nothing()?;
    Ok(file)
}

/// What recording a file would change, and at which position.
fn would_change(ledger: &Ledger, text: &str) -> Result<(Position, Vec<Section>), Fault> {
    let file = in_hand(text)?;
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

/// Records a draft, where the ledger is what it was when it was checked.
async fn record(State(site): State<Site>, Extension(who): Extension<Who>, headers: HeaderMap, form: Form) -> Response {
    let visitor = who.visitor(&site);
    let Sent { draft, expected_head, .. } = match sent(&who, &headers, form).await {
        Ok(sent) => sent,
        Err(problem) => return pages::sorry(&problem, visitor),
    };
    let Ok(expected) = expected_head.parse().map(Position) else {
        return checked(&site, visitor, draft).await;
    };
    let file = match in_hand(&draft.text()) {
        Ok(file) => file,
        Err(fault) => {
            let said = Said { fault: Some(fault), ..Said::default() };
            return shown(&site, visitor, draft, |_, _| said).await;
        }
    };
    let recorded = match site.ledger() {
        Ok(ledger) => ledger.record(file.parsed.draft.clone(), expected).await,
        Err(problem) => return page(None, visitor, draft, Said::besides(problem.detail())),
    };
    match recorded {
        Ok(receipt) => {
            tracing::info!(position = receipt.position.0, recorder = who.name(), "recorded in a browser");
            Redirect::to(&format!("/entries/{}?as-of={}", receipt.position, today())).into_response()
        }
        Err(RecordError::Conflict { expected, actual }) => {
            let what = format!(
                "The ledger holds {actual} entries now, and held {expected} when this was checked: nothing was recorded. What it \
                 would change now is below."
            );
            let says = move |ledger: &Ledger, draft: &Written| Said {
                besides: Some(what),
                status: Some(StatusCode::CONFLICT),
                ..said_of(ledger, &draft.text())
            };
            shown(&site, visitor, draft, says).await
        }
        Err(error) => {
            let said = Said { fault: Some(file.fault(error)), ..Said::default() };
            shown(&site, visitor, draft, |_, _| said).await
        }
    }
}
