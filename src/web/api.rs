//! The API: the questions of the command line with the same JSON, entries as they are stored, appends, and new entries
//! as they come. It must not answer a question itself.

use super::asked::{Asked, EXPLAINED, Entries, Expecting, MOST_CONTRACTS, Read, TOPICS, Wrong, has_pages};
use super::problem::Problem;
use super::site::Site;
use crate::audit::checkpoint::Signed;
use crate::audit::explain::{bytes, explain};
use crate::ledger::Ledger;
use crate::node::{Standing, State as NodeState};
use crate::question::{KnownAt, Page, Question, asked};
use crate::report::{self, Terminal};
use crate::sealed::{ERASES, erasures};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use minutebook_events::{Draft, Hash, Position};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use std::convert::Infallible;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

/// The most entries on one page, and how many there are, or contracts, where nothing is said.
const MOST: usize = 1000;
const USUAL: usize = 100;

/// What everybody may ask.
pub(super) fn questions() -> Router<Site> {
    let questions = TOPICS.iter().fold(Router::new(), |routes, topic| {
        routes.route(
            &format!("/api/v1/{topic}"),
            get(move |site, query, asked, headers| question(topic, site, query, asked, headers)),
        )
    });
    questions
        .route("/api/v1/head", get(head))
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
}

/// Where entries are read and recorded.
pub(super) const ENTRIES: &str = "/api/v1/entries";

/// Entries as they are stored, and their proofs.
pub(super) fn proofs() -> Router<Site> {
    Router::new()
        .route(ENTRIES, get(entries))
        .route("/api/v1/entries/{position}", get(entry))
        .route("/api/v1/entries/{position}/explained", get(explained))
}

/// What records.
pub(super) fn appends() -> Router<Site> {
    Router::new().route(ENTRIES, post(append))
}

/// What goes on for as long as whoever asks listens.
pub(super) fn streams() -> Router<Site> {
    Router::new().route("/api/v1/entries/new", get(new_entries))
}

type Answered = Result<Response, Problem>;

fn json_of(value: &impl Serialize) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], report::json(value) + "\n").into_response()
}

/// That fields of a question are wrong.
fn wrong(wrong: &[Wrong]) -> Problem {
    let said: Vec<String> = wrong.iter().map(|Wrong { field, what }| format!("{field}: {what}")).collect();
    let fields: Vec<Value> = wrong.iter().map(|wrong| json!(wrong)).collect();
    Problem::new(StatusCode::BAD_REQUEST, "wrong-question", said.join("; ")).with("fields", fields)
}

/// What a program asks of a topic. An empty field of a form was left out; a program that sends one meant something, and so does
/// one that sends what does nothing there.
fn understood(topic: &str, query: Option<String>, asked: Result<Read<Asked>, Problem>) -> Result<Asked, Problem> {
    let Read(mut asked) = asked?;
    let query = query.unwrap_or_default();
    if let Some(name) = query.split('&').filter(|pair| !pair.is_empty()).find_map(|pair| match pair.split_once('=') {
        Some((name, "")) => Some(name),
        None => Some(pair),
        _ => None,
    }) {
        let what = format!("{name}: nothing is given: leave it out, or give it a value");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "wrong-question", what));
    }
    asked.in_one_field();
    let idle = asked.idle(topic, &[]);
    if idle.is_empty() { Ok(asked) } else { Err(wrong(&idle)) }
}

async fn question(
    topic: &'static str,
    State(site): State<Site>,
    RawQuery(query): RawQuery,
    asked: Result<Read<Asked>, Problem>,
    headers: HeaderMap,
) -> Answered {
    let asked = understood(topic, query, asked)?;
    let question = asked.question(topic).map_err(|fields| wrong(&fields))?;
    let page = asked.page(USUAL);
    let known: Option<String> =
        headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).map(ToOwned::to_owned);
    let terminal = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).and_then(in_text);
    site.count();
    site.with(move |ledger| {
        let (head, contracts) = of_ledger(ledger, &question)?;
        let tag = tag(&question, page.as_ref(), head, terminal);
        let tag_value = HeaderValue::from_str(&tag).expect("a tag is of letters and digits");
        let etag = [(header::ETAG, tag_value), (header::VARY, HeaderValue::from_static("Accept"))];
        if known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag || known.trim() == "*")) {
            return Ok((StatusCode::NOT_MODIFIED, etag).into_response());
        }
        if page.is_none() && question.contract.is_none() && has_pages(topic) && contracts > MOST_CONTRACTS {
            let what = format!(
                "an answer about all {contracts} contracts is too long: ask for pages of it with limit, up to {MOST_CONTRACTS}, of one \
                 contract, or for totals"
            );
            return Err(Problem::new(StatusCode::BAD_REQUEST, "too-many-contracts", what));
        }
        let answer = ledger.answer(&question, page.as_ref())?;
        Ok(match terminal {
            Some(terminal) => (etag, report::text(&answer, terminal)).into_response(),
            None => (etag, json_of(&answer)).into_response(),
        })
    })
    .await
}

/// Up to which entry a question knows, and how many contracts there are.
fn of_ledger(ledger: &Ledger, question: &Question) -> Result<(Position, usize), Problem> {
    let view = ledger.view();
    Ok((view.at(question)?.head, view.projections.streams().contracts().len()))
}

/// The media type of an answer in words, as a terminal shows it. A parameter says how wide that is.
pub(crate) const TEXT: &str = "text/plain";

/// The terminal for which an answer is asked for in words, as in `text/plain; width=100`: where that is what is accepted first.
fn in_text(accept: &str) -> Option<Terminal> {
    let mut parts = accept.split(',').next()?.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case(TEXT) {
        return None;
    }
    let width = parts.find_map(|part| part.strip_prefix("width=")).and_then(|width| width.parse().ok());
    Some(width.map_or_else(Terminal::usual, Terminal::plain))
}

/// What an answer follows from: the question, up to which entry it knows, and how it is worded.
fn tag(question: &Question, page: Option<&Page>, head: Position, terminal: Option<Terminal>) -> String {
    let known_at = Some(KnownAt::Position(head));
    let asked = serde_json::to_vec(&Question { known_at, ..question.clone() });
    let asked = asked.expect("a question has only text and numbers, which JSON always holds");
    // Another program may answer otherwise.
    let worded = format!("{page:?} {terminal:?} {}", env!("CARGO_PKG_VERSION"));
    let hash = Hash::of([asked.as_slice(), worded.as_bytes()]);
    format!("\"{}\"", &hash.to_string()[..32])
}

async fn head(State(site): State<Site>) -> Answered {
    site.with(|ledger| {
        let (head, tree) = (ledger.head(), ledger.tree());
        let root = tree.root(head.0).map(|root| root.to_string());
        let mut answer = json!({ "size": head, "root": root });
        if ledger.following().is_some() {
            answer["log"] = log_of(ledger);
        }
        Ok(json_of(&answer))
    })
    .await
}

async fn entries(State(site): State<Site>, asked: Result<Read<Entries>, Problem>) -> Answered {
    let Read(Entries { from, limit }) = asked?;
    let (from, limit) = (from.unwrap_or(0), limit.unwrap_or(USUAL));
    if !(1..=MOST).contains(&limit) {
        let what = format!("limit: a page has from 1 to {MOST} entries");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "wrong-question", what));
    }
    site.with(move |ledger| {
        let head = ledger.head();
        let page = (from..head.0).take(limit).map(|position| stored(ledger, Position(position)));
        let entries = page.collect::<Result<Vec<_>, _>>()?;
        let next = from.saturating_add(entries.len() as u64);
        Ok(json_of(&Stored { from, head, next: (next < head.0).then_some(next), entries }))
    })
    .await
}

/// Some entries, and where those after them begin.
#[derive(Serialize)]
struct Stored {
    from: u64,
    head: Position,
    next: Option<u64>,
    entries: Vec<Entry>,
}

/// An entry as it is stored, byte for byte, with where that is and under which hash.
#[derive(Serialize)]
struct Entry {
    position: Position,
    leaf: Hash,
    entry: Box<RawValue>,
}

fn stored(ledger: &Ledger, position: Position) -> Result<Entry, Problem> {
    let stored = bytes(ledger, position)?;
    let entry = String::from_utf8(stored.bytes).ok().and_then(|text| RawValue::from_string(text).ok());
    Ok(Entry { position, leaf: stored.leaf, entry: entry.expect("what the ledger opened with was JSON") })
}

fn position(text: &str) -> Result<Position, Problem> {
    asked::position(text).map_err(|what| Problem::new(StatusCode::BAD_REQUEST, "wrong-question", what))
}

async fn entry(State(site): State<Site>, Path(text): Path<String>) -> Answered {
    let position = position(&text)?;
    site.with(move |ledger| Ok(json_of(&stored(ledger, position)?))).await
}

async fn explained(
    State(site): State<Site>,
    Path(text): Path<String>,
    RawQuery(query): RawQuery,
    asked: Result<Read<Asked>, Problem>,
) -> Answered {
    let (position, asked) = (position(&text)?, understood(EXPLAINED, query, asked)?);
    let as_of = asked.question("state").map_err(|fields| wrong(&fields))?.as_of;
    let signed = Signed::of(site.folder());
    site.with(move |ledger| Ok(json_of(&explain(ledger, &signed, position, as_of)?))).await
}

/// Records a draft: 201 with the receipt, 200 where it had been recorded before.
async fn append(
    State(site): State<Site>,
    asked: Result<Read<Expecting>, Problem>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answered {
    // A form on a page elsewhere cannot say so without asking first.
    let said = headers.get(header::CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    if said.split(';').next().map(str::trim) != Some("application/json") {
        let what = "a draft is sent as JSON: say Content-Type: application/json";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "no-json", what));
    }
    let Read(expecting) = asked?;
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(),
        status => Problem::new(status, "unreadable-body", error.body_text()),
    })?;
    let draft: Draft = serde_json::from_slice(&body).map_err(|error| {
        let what = format!("line {} column {}: it is no draft: {error}", error.line(), error.column());
        Problem::new(StatusCode::BAD_REQUEST, "no-draft", what)
    })?;
    if !erasures(&draft).is_empty() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "erases", ERASES));
    }
    let ledger = site.ledger()?;
    let receipt = match expecting.head() {
        Some(expected) => ledger.record(draft, expected).await?,
        None => ledger.record_next(draft).await?,
    };
    let status = if receipt.repeated { StatusCode::OK } else { StatusCode::CREATED };
    let place = format!("/api/v1/entries/{}", receipt.position);
    let receipt = json!({
        "id": receipt.id.to_string(), "position": receipt.position, "recorded": receipt.recorded,
        "leaf": receipt.leaf, "repeated": receipt.repeated,
    });
    Ok((status, [(header::LOCATION, place)], json_of(&receipt)).into_response())
}

/// Every entry from a position on, and each new one once it is durable, as server-sent events; each names its position,
/// so that whoever was cut off goes on after the last.
async fn new_entries(
    State(site): State<Site>,
    asked: Result<Read<Entries>, Problem>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Read(Entries { from, .. }) = asked?;
    let seen = headers.get("last-event-id").and_then(|last| last.to_str().ok()).and_then(|last| last.parse().ok());
    let after_seen = seen.and_then(|last: u64| last.checked_add(1));
    let (mut heads, listens) = (site.ledger()?.heads(), site.listens()?);
    let mut stopping = site.stopping();
    let mut next = after_seen.or(from).unwrap_or_else(|| *heads.borrow());
    let (events, stream) = mpsc::channel(16);
    tokio::spawn(async move {
        let _listens = listens;
        loop {
            let head = *heads.borrow_and_update();
            while next < head {
                let at = next;
                let Ok(entry) = site.with(move |ledger| stored(ledger, Position(at))).await else { return };
                let Ok(event) = Event::default().id(at.to_string()).event("entry").json_data(entry) else { return };
                // Whoever listened has gone.
                let sent = tokio::select! {
                    sent = events.send(Ok(event)) => sent,
                    _ = stopping.wait_for(|stopping| *stopping) => return,
                };
                if sent.is_err() {
                    return;
                }
                next += 1;
            }
            tokio::select! {
                changed = heads.changed() => if changed.is_err() { return },
                () = events.closed() => return,
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    });
    Ok(Sse::new(ReceiverStream::new(stream)).keep_alive(KeepAlive::default()))
}

/// Whether it may be asked: of a node with how far it is behind the log, or why it is not ready.
async fn ready(State(site): State<Site>) -> Answered {
    let ledger = site.ledger()?;
    let head = ledger.head();
    let Some(following) = ledger.following() else { return Ok(format!("ready: {head} entries\n").into_response()) };
    match following.unready(head) {
        None => Ok(format!("ready: {}\n", following.standing(head)).into_response()),
        Some(why) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", why).with("log", log_of(ledger))),
    }
}

/// How a node stands with the log that it follows; null of a ledger that is no node.
fn log_of(ledger: &Ledger) -> Value {
    let Some(following) = ledger.following() else { return Value::Null };
    let Standing { log, heard, state, .. } = following.standing(ledger.head());
    let parted = match &state {
        NodeState::Parted(parted) => json!({
            "position": parted.position, "here": parted.here, "there": parted.there, "entries_here": parted.size,
            "entries_there": parted.log,
        }),
        _ => Value::Null,
    };
    json!({ "size": log, "heard_ms_ago": heard.as_millis() as u64, "state": state.word(), "parted": parted })
}

/// What a Prometheus server collects, in its text format.
async fn metrics(State(site): State<Site>) -> Answered {
    let (ready, head) = site.ledger().map_or((0, 0), |ledger| (1, ledger.head().0));
    let mut lines = format!(
        "# HELP minutebook_ready Whether the ledger is open.\n# TYPE minutebook_ready gauge\nminutebook_ready {ready}\n\
         # HELP minutebook_entries Durable entries.\n# TYPE minutebook_entries gauge\nminutebook_entries {head}\n\
         # HELP minutebook_questions_total Questions asked.\n# TYPE minutebook_questions_total counter\n\
         minutebook_questions_total {}\n",
        site.questions()
    );
    if let Some(following) = site.ledger().ok().and_then(Ledger::following) {
        let Standing { log, heard, state, .. } = following.standing(Position(head));
        let follows = u8::from(state == NodeState::Follows);
        lines += &format!(
            "# HELP minutebook_log_entries Entries that the log was last heard to have.\n# TYPE minutebook_log_entries gauge\n\
             minutebook_log_entries {}\n\
             # HELP minutebook_log_heard_seconds How long ago that was.\n# TYPE minutebook_log_heard_seconds gauge\n\
             minutebook_log_heard_seconds {}\n\
             # HELP minutebook_follows Whether the log is followed.\n# TYPE minutebook_follows gauge\nminutebook_follows {follows}\n",
            log.unwrap_or_default(),
            heard.as_secs_f64(),
        );
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], lines).into_response())
}
