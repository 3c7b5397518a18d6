//! Pages, complete without a script: each asks the ledger a question that its address holds, and shows the answer with
//! its coordinates. They must not make or change a figure.

use super::asked::{AUDIT, Asked, CONTRACT, COORDINATES, EXPLAINED, Read, Wrong, has_pages, taken};
use super::form;
use super::html::{PageTable, Shown, Visitor, tables_of};
use super::inputs::{self, How, Piece};
use super::problem::Problem;
use super::site::Site;
use super::who::Who;
use crate::audit::checkpoint::Signed;
use crate::audit::explain::explain;
use crate::ledger::{Ledger, View};
use crate::question::{self, Answer, Bound, Cell, Question, QuestionError, Range, Topic, asked};
use crate::report::draw::{Drawn, Picture, pictures};
use crate::report::tables;
use crate::today::today;
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router};
use chrono::Datelike;
use minutebook_events::{Act, Day, Position, working_days};
use std::collections::BTreeSet;

/// What every page can be reached from: address and name.
const PLACES: [(&str, &str); 10] = [
    ("/state", "State"),
    ("/register", "Contracts"),
    ("/value", "Value"),
    ("/lots", "Lots"),
    ("/network", "Network"),
    ("/totals", "Totals"),
    ("/decisions", "Decisions"),
    ("/diff", "What changed"),
    ("/findings", "Findings"),
    ("/audit", "Audit"),
];

pub(super) fn routes() -> Router<Site> {
    let topics = PLACES.iter().filter(|(path, _)| *path != "/audit").fold(Router::new(), |routes, (path, _)| {
        let topic = &path[1..];
        routes.route(path, get(move |page, asked| topic_page(topic, page, asked)))
    });
    topics
        .route("/", get(first))
        .route("/why", get(|page, asked| topic_page("why", page, asked)))
        .route("/contracts/{contract}", get(contract))
        .route("/entries/{position}", get(entry))
        .route("/audit", get(audit))
        .route(
            "/static/page.js",
            get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], include_str!("page.js")) }),
        )
        .route(
            "/static/style.css",
            get(|| async { ([(header::CONTENT_TYPE, "text/css")], include_str!("../report/templates/style.css")) }),
        )
}

/// Leads to the page that is shown first, with what was asked.
async fn first(RawQuery(query): RawQuery) -> Redirect {
    let query = query.filter(|query| !query.is_empty()).unwrap_or_else(|| format!("as-of={}", today()));
    Redirect::to(&format!("/state?{query}"))
}

/// A day in the three fields of a form.
struct Fields {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    day: String,
    month: String,
    year: String,
    wrong: Option<String>,
}

impl Fields {
    fn of(name: &'static str, label: &'static str, hint: &'static str, text: &str, wrong: &[Wrong]) -> Self {
        let mut parts = text.splitn(3, '-').map(|part| part.trim_start_matches('0').to_owned());
        let [year, month, day] = [(); 3].map(|()| parts.next().unwrap_or_default());
        let wrong = wrong.iter().find(|wrong| wrong.field == name).map(|wrong| wrong.what.clone());
        Self { name, label, hint, day, month, year, wrong }
    }
}

/// What is asked besides the coordinates, in fields of one line.
struct Besides {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    /// What can be chosen, where it is a choice.
    choices: Vec<String>,
    wrong: Option<String>,
}

/// A page that is asked for: its address, what is asked there, and who asks.
struct Page {
    title: String,
    path: String,
    topic: &'static str,
    visitor: Visitor,
}

/// Where a page is asked for, and by whom.
type Asking = (State<Site>, Extension<Who>, Uri);

impl Page {
    fn of(title: &str, topic: &'static str, (State(site), Extension(who), uri): &Asking) -> Self {
        Self { title: title.to_owned(), path: uri.path().to_owned(), topic, visitor: who.visitor(site) }
    }
}

/// The most days that a slider goes over, and of how large a ledger they are looked for.
const SLIDES: usize = 600;
const LARGE: usize = 2_000;

/// The days of the record, on which something was decided or takes effect: what a slider goes over. Of a large ledger none.
fn days_of(view: &View<'_>) -> Vec<String> {
    if view.projections.log().len() > LARGE {
        return vec![];
    }
    let mut days: BTreeSet<Day> = BTreeSet::new();
    for recorded in view.projections.recorded() {
        days.insert(recorded.entry.act.decided.latest());
        days.extend(recorded.entry.events.iter().map(|event| event.effective.earliest()));
    }
    if days.len() > SLIDES { vec![] } else { days.iter().map(ToString::to_string).collect() }
}

/// What is around the content of every page.
struct Frame {
    title: String,
    path: String,
    visitor: Visitor,
    /// Whether the page asks for coordinates.
    has_coordinates: bool,
    /// The days of the record.
    days_of_record: Vec<String>,
    /// The coordinates of links to other pages.
    coordinates: String,
    places: &'static [(&'static str, &'static str)],
    days: Vec<Fields>,
    besides: Vec<Besides>,
    hidden: Vec<(&'static str, String)>,
    wrong: Vec<Wrong>,
}

impl Frame {
    fn of(page: &Page, asked: &Asked, wrong: Vec<Wrong>) -> Self {
        let Page { title, path, topic, visitor } = page;
        let takes = |name: &str| taken(topic).contains(&name);
        let as_of = if asked.as_of.is_empty() { today().to_string() } else { asked.as_of.clone() };
        let by = "Only what had been decided by then; empty for all";
        let days = [
            Fields::of("as-of", "As of", "The state on this day", &as_of, &wrong),
            Fields::of("decided-by", "Decided by", by, &asked.decided_by, &wrong),
        ];
        let one = |name, label, hint, value: &str, choices: Vec<String>| {
            let wrong = wrong.iter().find(|wrong| wrong.field == name).map(|wrong| wrong.what.clone());
            Besides { name, label, hint, value: value.to_owned(), choices, wrong }
        };
        let known = "As the ledger knew it: the number of an entry, or an instant; empty for now";
        let groups = minutebook_projections::By::EACH.map(|by| by.word().to_owned()).to_vec();
        let by = if asked.by.is_empty() { "funder" } else { &asked.by };
        let besides = [
            one("known-at", "Known at", known, &asked.known_at, vec![]),
            one("to", "Compared with", "The later day, as 2026-04-01", &asked.to, vec![]),
            one("by", "By", "How sums are grouped", by, groups),
            one("ends-within", "Ends within", "Months from that day on; empty for none", &asked.ends_within, vec![]),
            one("from", "From contract", "Contracts from this one on; empty for the first", &asked.from, vec![]),
        ];
        let is_paged = asked.contract.is_empty();
        // What nobody changes here, and the coordinates of which only the pages that links lead to take notice.
        let kept = [("known-at", &asked.known_at), ("decided-by", &asked.decided_by)];
        let kept = kept.into_iter().filter(|(name, _)| !takes(name));
        let hidden =
            [("contract", &asked.contract), ("fact", &asked.fact), ("limit", &asked.limit)].into_iter().chain(kept);
        let hidden = hidden.filter(|(_, value)| !value.is_empty());
        Self {
            title: title.clone(),
            path: path.clone(),
            visitor: visitor.clone(),
            has_coordinates: true,
            days_of_record: vec![],
            coordinates: asked.coordinates().query(),
            places: &PLACES,
            days: days.into_iter().filter(|day| takes(day.name)).collect(),
            besides: besides.into_iter().filter(|one| takes(one.name) && (is_paged || one.name != "from")).collect(),
            hidden: hidden.map(|(name, value)| (name, value.clone())).collect(),
            wrong,
        }
    }

    /// The same, with what the ledger has to be asked by.
    fn of_ledger(mut self, view: &View<'_>) -> Self {
        self.days_of_record = days_of(view);
        // Where all contracts are on one page, there is no other to go to.
        self.besides.retain(|one| one.name != "from" || !one.value.is_empty() || is_large(view));
        self
    }
}

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerPage {
    frame: Frame,
    sections: Vec<Section>,
    /// Links to what is before and after, with what they are called.
    around: Vec<(&'static str, String)>,
}

/// What there is to show of a draft.
pub(super) struct Recording {
    /// As what it is written.
    pub(super) draft: Draft,
    /// The decision file that it is.
    pub(super) text: String,
    /// How many events it has.
    pub(super) events: usize,
    /// Why it is not taken.
    pub(super) wrong: Vec<inputs::Wrong>,
    /// Where it would be recorded, and what that would change.
    pub(super) checked: Option<(Position, Vec<Section>)>,
}

/// A draft as its recorder writes it.
pub(super) enum Draft {
    /// In the fields of a form: its pieces, the choices of an event to be added, and what is known, by the names of lists.
    Form { pieces: Vec<Piece>, kinds: Vec<(String, String)>, lists: Vec<(&'static str, Vec<String>)> },
    /// As the text of a decision file: with what of it the form does not show, where it was to be opened there.
    Text { left: form::Left },
}

impl Recording {
    fn is_text(&self) -> bool {
        matches!(self.draft, Draft::Text { .. })
    }
}

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    frame: Frame,
    recording: Recording,
}

/// The page on which somebody records.
pub(super) fn recording(visitor: Visitor, recording: Recording, status: StatusCode) -> Response {
    shown(&RecordPage { frame: plain("Record", "/record", visitor), recording }, status)
}

/// One answer on a page.
pub(super) struct Section {
    heading: String,
    pictures: Vec<Picture>,
    tables: Vec<PageTable>,
    left_out: usize,
}

impl Section {
    pub(super) fn of(answer: &Answer, asked: &Asked) -> Self {
        let (tables, left_out) = tables_of(answer, asked);
        Self { heading: tables::heading(answer), pictures: pictures(answer), tables, left_out }
    }
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct Sorry {
    frame: Frame,
    detail: String,
}

fn shown(page: &impl Template, status: StatusCode) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says what went wrong.
pub(super) fn sorry(problem: &Problem, visitor: Visitor) -> Response {
    let title = match problem.status() {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => "Not allowed",
        StatusCode::TOO_MANY_REQUESTS => "Not now",
        status if status.is_client_error() => "Not like this",
        _ => "Not now",
    };
    let frame = plain(title, "/state", visitor);
    shown(
        &Sorry { frame: Frame { has_coordinates: true, ..frame }, detail: problem.detail().to_owned() },
        problem.status(),
    )
}

/// What is around a page that asks for no coordinates.
fn plain(title: &str, path: &str, visitor: Visitor) -> Frame {
    let page = Page { title: title.to_owned(), path: path.to_owned(), topic: "state", visitor };
    Frame { has_coordinates: false, ..Frame::of(&page, &Asked::default(), vec![]) }
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn {
    frame: Frame,
    to: String,
    /// The host of the provider that knows people, and where signing in with it begins.
    provider: Option<(String, String)>,
    wrong: Option<String>,
}

/// The page on which somebody signs in; with what is wrong, where that was refused.
pub(super) fn sign_in(
    visitor: Visitor,
    to: &str,
    provider: Option<(String, String)>,
    wrong: Option<&str>,
    status: StatusCode,
) -> Response {
    let (to, wrong) = (to.to_owned(), wrong.map(ToOwned::to_owned));
    shown(&SignIn { frame: plain("Sign in", "/sign-in", visitor), to, provider, wrong }, status)
}

#[derive(Template)]
#[template(path = "signed-in.html")]
struct SignedIn {
    frame: Frame,
    to: String,
}

/// The page that somebody comes back to who signed in elsewhere, and from which they go on.
pub(super) fn signed_in(visitor: Visitor, to: &str) -> Response {
    shown(&SignedIn { frame: plain("Signed in", "/sign-in", visitor), to: to.to_owned() }, StatusCode::OK)
}

/// An answer in place of the page that was asked for.
struct Instead(Box<Response>);

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<Response> for Instead {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

/// What a page is asked, with each day in one field. Where a form gave it in three, the address that says it so; where
/// something is wrong with it, the same page with what that is.
fn understood(
    page: &Page,
    asked: Result<Read<Asked>, Problem>,
    complete: impl FnOnce(&mut Asked),
) -> Result<(Asked, Question), Instead> {
    let Read(mut asked) = asked.map_err(|problem| sorry(&problem, page.visitor.clone()))?;
    if asked.in_one_field() {
        return Err(Redirect::to(&format!("{}{}", page.path, asked.query())).into_response().into());
    }
    let shown_as = asked.clone();
    let wrong = |wrong| {
        let frame = Frame::of(page, &shown_as, wrong);
        Instead::from(shown(&AnswerPage { frame, sections: vec![], around: vec![] }, StatusCode::BAD_REQUEST))
    };
    let idle = asked.idle(page.topic, &COORDINATES);
    if !idle.is_empty() {
        return Err(wrong(idle));
    }
    complete(&mut asked);
    let question = asked.question(page.topic).map_err(wrong)?;
    Ok((asked, question))
}

/// Shows what answers a page's questions, or why it cannot be answered.
async fn answered(
    site: &Site,
    (page, asked): (Page, Asked),
    answers: impl FnOnce(&Ledger, &Asked) -> Result<(Vec<Answer>, Vec<(&'static str, String)>), Problem> + Send + 'static,
) -> Response {
    let frame = Frame::of(&page, &asked, vec![]);
    site.count();
    let made = site.with(move |ledger| {
        let (answers, around) = answers(ledger, &asked)?;
        let sections = answers.iter().map(|answer| Section::of(answer, &asked)).collect();
        let frame = frame.of_ledger(&ledger.view());
        Ok(shown(&AnswerPage { frame, sections, around }, StatusCode::OK))
    });
    made.await.unwrap_or_else(|problem| sorry(&problem, page.visitor))
}

fn name_of(path: &str) -> &'static str {
    PLACES.iter().find(|(place, _)| *place == path).map_or("Why", |(_, name)| name)
}

async fn topic_page(
    topic: &'static str,
    asking: Asking,
    asked: Result<Read<Asked>, Problem>,
) -> Result<Response, Instead> {
    let page = Page::of(name_of(asking.2.path()), topic, &asking);
    let (asked, question) = understood(&page, asked, |asked| {
        if topic == "diff" && asked.to.is_empty() {
            // What is asked first is what changed in the year up to today.
            let to = today();
            let year_before = to.with_year(to.year() - 1).unwrap_or(to);
            if asked.as_of.is_empty() {
                asked.as_of = year_before.to_string();
            }
            asked.to = to.to_string();
        }
    })?;
    let answers = move |ledger: &Ledger, asked: &Asked| {
        let is_paged = question.contract.is_none() && has_pages(topic) && is_large(&ledger.view());
        let usual = || is_paged.then_some(question::Page { from: None, limit: CONTRACTS });
        let page = asked.page(CONTRACTS).or_else(usual);
        let answer = ledger.answer(&question, page.as_ref())?;
        let link = |from: String| format!("/{topic}{}", Asked { from, ..asked.clone() }.query());
        let first = page.and_then(|page| page.from).map(|_| ("First contracts", link(String::new())));
        let next = answer.next.as_ref().map(|next| ("Next contracts", link(next.to_string())));
        Ok((vec![answer], first.into_iter().chain(next).collect()))
    };
    Ok(answered(&asking.0, (page, asked), answers).await)
}

/// How many contracts are on one page; and a ledger that has more of them is shown in pages.
const CONTRACTS: usize = 25;

fn is_large(view: &View<'_>) -> bool {
    view.projections.streams().contracts().len() > CONTRACTS
}

/// All about one contract, from one view, so that no figure is of another head than the next.
async fn contract(
    Path(contract): Path<String>,
    asking: Asking,
    asked: Result<Read<Asked>, Problem>,
) -> Result<Response, Instead> {
    let page = Page::of(&contract, CONTRACT, &asking);
    let (asked, question) = understood(&page, asked, |asked| asked.contract.clone_from(&contract))?;
    // The address names the contract already.
    let asked = Asked { contract: String::new(), ..asked };
    let answers = move |ledger: &Ledger, _: &Asked| Ok((all_about(ledger, &question)?, vec![]));
    Ok(answered(&asking.0, (page, asked), answers).await)
}

fn all_about(ledger: &Ledger, question: &Question) -> Result<Vec<Answer>, Problem> {
    let topics = [Topic::Register, Topic::Value, Topic::Lots, Topic::Network, Topic::Decisions, Topic::Findings];
    let questions = topics.into_iter().map(|topic| Question { topic, ..question.clone() });
    let slice = ledger.view().slice(question)?;
    let answers: Result<Vec<Answer>, QuestionError> = match slice {
        Some(slice) => questions.map(|question| slice.ask(&question)).collect(),
        None => {
            let view = ledger.view();
            questions.map(|question| view.ask(&question)).collect()
        }
    };
    Ok(answers?.into_iter().filter(|answer| !answer.answer.is_empty()).collect())
}

async fn entry(
    Path(position): Path<String>,
    asking: Asking,
    asked: Result<Read<Asked>, Problem>,
) -> Result<Response, Instead> {
    let page = Page::of(&format!("Entry {position}"), EXPLAINED, &asking);
    let (asked, question) = understood(&page, asked, |_| {})?;
    let (signed, call_in) = (Signed::of(asking.0.folder()), asking.0.call_in());
    let answers = move |ledger: &Ledger, asked: &Asked| {
        let position =
            asked::position(&position).map_err(|what| Problem::new(StatusCode::NOT_FOUND, "no-such-entry", what))?;
        let mut answer = explain(ledger, &signed, position, question.as_of)?;
        let act = ledger.view().projections.entry(position).map(|recorded| recorded.entry.act.clone());
        if let (Some(ends), Some(row)) = (act.zip(call_in).and_then(call_in_ends), answer.answer.first_mut()) {
            row.cells.push(("may-be-implemented", Cell::Text(ends)));
        }
        Ok((vec![answer], neighbours(position, ledger.head(), "/entries/", asked)))
    };
    Ok(answered(&asking.0, (page, asked), answers).await)
}

/// From when a decision may be implemented, in words.
fn call_in_ends((act, days): (Act, u32)) -> Option<String> {
    let ends = working_days::call_in_ends(&act, days)?;
    let on = if ends.exact().is_some() { "after" } else { "after a day of" };
    Some(format!(
        "{on} {ends}, unless it is called in: {days} working days of call-in, as the settings of this server have it"
    ))
}

/// Links to the entries before and after one.
fn neighbours(position: Position, head: Position, to: &str, asked: &Asked) -> Vec<(&'static str, String)> {
    let link = |position: u64| format!("{to}{position}{}", asked.coordinates().query());
    let before = position.0.checked_sub(1).map(|before| ("Entry before", link(before)));
    let after = Some(position.next()).filter(|after| *after < head).map(|after| ("Entry after", link(after.0)));
    before.into_iter().chain(after).collect()
}

/// The ledger's head, and what its last entry changed, from where each entry before leads on.
async fn audit(asking: Asking, asked: Result<Read<Asked>, Problem>) -> Result<Response, Instead> {
    let page = Page::of("Audit", AUDIT, &asking);
    let (asked, question) = understood(&page, asked, |_| {})?;
    let answers = move |ledger: &Ledger, asked: &Asked| {
        let view = ledger.view();
        let head = view.at(&question)?.head;
        let Some(last) = head.0.checked_sub(1).map(Position) else { return Ok((vec![], vec![])) };
        let range = Range { from: Some(Bound::Position(last)), to: Some(Bound::Position(last)), ..Range::default() };
        let step = |to: u64| format!("/audit{}", Asked { known_at: to.to_string(), ..asked.coordinates() }.query());
        let back = last.0.checked_sub(1).map(|before| ("Step back", step(before)));
        let forward = Some(head).filter(|head| *head < view.head).map(|next| ("Step forward", step(next.0)));
        let whole = Some(("This entry, with its proof", format!("/entries/{last}{}", asked.coordinates().query())));
        Ok((vec![view.replay(question.as_of, &range)?], back.into_iter().chain(forward).chain(whole).collect()))
    };
    Ok(answered(&asking.0, (page, asked), answers).await)
}
