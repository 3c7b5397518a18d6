//! The API described for programs (OpenAPI 3.1), and the same for people, to be read and tried in a browser. It must not promise
//! what a route does not do: a test holds every address and every status to it.

use super::asked::{EXPLAINED, MOST_CONTRACTS, TOPICS, taken};
use super::site::Site;
use super::viewer;
use axum::http::{HeaderName, HeaderValue, header};
use axum::routing::get;
use axum::{Json, Router};
use minutebook_events::codec::MAX_BYTES;
use minutebook_projections::By;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tower_http::set_header::SetResponseHeaderLayer;

/// Where a program finds the description, and where a person reads it.
const DESCRIBED: &str = "/api/v1/openapi.json";
const READ: &str = "/api/docs";

/// What the page for people may do besides: ask this site, and set the styles of its own parts.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Site> {
    let described = Arc::new(described());
    let pages = viewer::routes(READ, DESCRIBED).route(DESCRIBED, get(async move || Json(described)));
    let policy: HeaderName = header::CONTENT_SECURITY_POLICY;
    pages.layer(SetResponseHeaderLayer::overriding(policy, HeaderValue::from_static(POLICY)))
}

/// The whole description.
pub(super) fn described() -> Value {
    let mut paths: Map<String, Value> =
        TOPICS.into_iter().map(|topic| (format!("/api/v1/{topic}"), json!({ "get": question(topic) }))).collect();
    paths.extend(
        [
            ("/api/v1/head", json!({ "get": head() })),
            ("/api/v1/entries", json!({ "get": entries(), "post": append() })),
            ("/api/v1/entries/{position}", json!({ "get": entry() })),
            ("/api/v1/entries/{position}/explained", json!({ "get": explained() })),
            ("/api/v1/entries/new", json!({ "get": new_entries() })),
        ]
        .map(|(path, operations)| (path.to_owned(), operations)),
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Minutebook",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What a council has decided about its contracts, as of any day, as known at any moment, as decided by any \
                            day. Each figure says how firmly it stands, where it is written, and by which entries: a plan never \
                            becomes a fact.",
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token, as `minutebook token new` shows it once",
                },
            },
            "schemas": { "Answer": answer(), "Entry": stored(), "Problem": problem() },
        },
    })
}

/// How whoever asks shows who it is.
const TOKEN: &str = "token";

fn answer() -> Value {
    json!({
        "type": "object",
        "description": "An answer: its coordinates, and rows. A figure in a row has value, knowledge, standing, sources, entries, \
                        acts and others; money is a decimal as text.",
        "required": ["question", "as_of", "known_at", "decided_by", "answer"],
        "properties": {
            "question": { "type": "string" },
            "contract": { "type": "string" },
            "as_of": { "type": ["string", "null"] },
            "to": { "type": "string", "format": "date" },
            "known_at": { "type": "object" },
            "decided_by": { "type": ["string", "null"] },
            "next": { "type": "string", "description": "Of a page: the contract with which the next one begins" },
            "answer": { "type": "array", "items": { "type": "object", "required": ["row"] } },
        },
    })
}

fn stored() -> Value {
    json!({
        "type": "object",
        "description": "An entry as it is stored, byte for byte under \"entry\", with its position and its leaf hash (RFC 6962).",
        "required": ["position", "leaf", "entry"],
        "properties": {
            "position": { "type": "integer" },
            "leaf": { "type": "string" },
            "entry": { "type": "object" },
        },
    })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "What went wrong (RFC 9457): \"type\" stays the same for one kind, however the detail is put.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
        },
    })
}

/// A parameter: where it is, its name, what it says, and its shape.
fn parameter(at: &str, name: &str, says: &str, of: Value) -> Value {
    json!({ "in": at, "name": name, "description": says, "required": at == "path", "schema": of })
}

fn asked(name: &str, says: &str, of: Value) -> Value {
    parameter("query", name, says, of)
}

fn day(name: &str, says: &str) -> Value {
    asked(name, says, json!({ "type": "string", "format": "date" }))
}

fn contract(name: &str, says: &str) -> Value {
    asked(name, says, json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$" }))
}

fn text(name: &str, says: &str) -> Value {
    asked(name, says, json!({ "type": "string" }))
}

/// The largest whole number that is read.
const MOST: u64 = u64::MAX;

fn whole(name: &str, says: &str, least: u64) -> Value {
    asked(name, says, json!({ "type": "integer", "minimum": least, "maximum": MOST }))
}

fn needed(mut parameter: Value) -> Value {
    parameter["required"] = true.into();
    parameter
}

fn position() -> Value {
    let of = json!({ "type": "integer", "minimum": 0 });
    parameter("path", "position", "The entry's place in the ledger, from 0", of)
}

fn refers(to: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{to}") })
}

fn said(what: &str, media: &str, of: Value) -> Value {
    json!({ "description": what, "content": { media: { "schema": of } } })
}

/// An operation: its name, what it does, what it takes, what it answers with, and the problems that it may answer with besides.
fn operation(
    id: &str,
    summary: &str,
    parameters: Vec<Value>,
    answers: impl IntoIterator<Item = (&'static str, Value)>,
    problems: &[(&'static str, &str)],
) -> Value {
    let always = [
        ("400", "The question is not understood: each field that is wrong is named"),
        ("401", "A token that does not count, or none where one is needed"),
        ("429", "Too many requests from this address, or too many wrong tokens"),
        ("503", "The ledger is being opened, or the answer takes too long"),
    ];
    let problem =
        |(status, what): &(&'static str, &str)| (*status, said(what, "application/problem+json", refers("Problem")));
    let problems = always.iter().chain(problems).map(problem);
    let responses: Map<String, Value> =
        answers.into_iter().chain(problems).map(|(status, said)| (status.to_owned(), said)).collect();
    json!({ "operationId": id, "summary": summary, "parameters": parameters, "responses": responses })
}

const PAST: (&str, &str) = ("404", "There is no such contract, fact or entry");
const NOT_ALLOWED: (&str, &str) = ("403", "The token has not the role that this takes");

fn needs_token(mut operation: Value) -> Value {
    operation["security"] = json!([{ TOKEN: [] }]);
    operation
}

/// A field of a question.
fn field(topic: &str, name: &str) -> Value {
    match name {
        "contract" if topic == "why" => needed(contract(name, "The contract that the figure is of")),
        "contract" => contract(name, "One contract; all of them where it is left out"),
        "as-of" if topic == EXPLAINED => day(name, "What came of it by this day; today where it is left out"),
        "as-of" => day(name, "The state on this day; today where it is left out"),
        "known-at" => text(name, "As the ledger knew it: a position, or an instant as 2026-11-22T09:30:00Z"),
        "decided-by" => day(name, "Only what had been decided by this day"),
        "to" => needed(day(name, "The later day")),
        "by" => {
            let groups: Vec<&str> = By::EACH.iter().map(|by| by.word()).collect();
            asked(name, "By what they are grouped", json!({ "type": "string", "enum": groups }))
        }
        "ends-within" => {
            let months = json!({ "type": "integer", "minimum": 1, "maximum": 1200 });
            asked(name, "Also what ends within so many months", months)
        }
        "fact" => needed(text(name, "The figure, by the name that answers give it as \"fact\"")),
        "from" => contract(name, "Of all contracts: a page that begins with this one, or the next"),
        "limit" => {
            let of = json!({ "type": "integer", "minimum": 1, "maximum": MOST_CONTRACTS });
            asked(name, "Of all contracts: a page of so many; what is about none of them is left out", of)
        }
        other => unreachable!("{other} is no field of a question"),
    }
}

fn question(topic: &str) -> Value {
    let summary = match topic {
        "state" => "Everything that matters on a day",
        "register" => "Contracts with their terms, options, clauses and milestones",
        "value" => "What contracts are worth",
        "lots" => "Who runs which lot, and which services there are",
        "network" => "Who funds, commissions and provides",
        "decisions" => "Acts of governance",
        "findings" => "What the record itself shows",
        "totals" => "What all contracts are worth a year, by group",
        "diff" => "What changed between two days",
        "why" => "The chain of entries behind one figure",
        other => other,
    };
    let answers = [
        ("200", said("The answer; in words for whoever accepts text/plain", "application/json", refers("Answer"))),
        ("304", json!({ "description": "The answer is the one whose ETag was sent" })),
    ];
    operation(topic, summary, fields(topic), answers, &[PAST])
}

fn fields(topic: &str) -> Vec<Value> {
    taken(topic).iter().map(|name| field(topic, name)).collect()
}

fn head() -> Value {
    let of = json!({ "type": "object", "required": ["size", "root"], "properties": {
        "size": { "type": "integer" },
        "log": {
            "type": "object",
            "description": "Of a node: how many entries the log had when it was last heard, how long ago that was, whether the node \
                            follows, catches-up, is unreached, parted, unsafe or broken, and where it parted",
        },
    } });
    let summary = "How many entries there are, and the Merkle root over all of them";
    operation("head", summary, vec![], [("200", said("The head", "application/json", of))], &[])
}

fn entries() -> Value {
    let of = json!({
        "type": "object",
        "required": ["from", "head", "next", "entries"],
        "properties": {
            "from": { "type": "integer" },
            "head": { "type": "integer" },
            "next": { "type": ["integer", "null"], "description": "Where the next page begins; none at the end" },
            "entries": { "type": "array", "items": refers("Entry") },
        },
    });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 });
    let parameters = vec![whole("from", "The first", 0), asked("limit", "How many", limit)];
    let page = [("200", said("The page", "application/json", of))];
    needs_token(operation(
        "entries",
        "A page of entries as they are stored; auditors",
        parameters,
        page,
        &[NOT_ALLOWED],
    ))
}

fn entry() -> Value {
    let answers = [("200", said("The entry", "application/json", refers("Entry")))];
    let summary = "An entry as it is stored; auditors";
    needs_token(operation("entry", summary, vec![position()], answers, &[NOT_ALLOWED, PAST]))
}

fn explained() -> Value {
    let summary = "An entry with its proof, what it changed, and what came of it; auditors";
    let parameters = [vec![position()], fields(EXPLAINED)].concat();
    let answers = [("200", said("The answer", "application/json", refers("Answer")))];
    needs_token(operation("explained", summary, parameters, answers, &[NOT_ALLOWED, PAST]))
}

fn new_entries() -> Value {
    let stream = said("Server-sent events, each an entry", "text/event-stream", json!({ "type": "string" }));
    let summary = "Each entry from a position on, and new ones as they come; auditors";
    let parameters = vec![whole("from", "The first; those to come where it is left out", 0)];
    needs_token(operation("new-entries", summary, parameters, [("200", stream)], &[NOT_ALLOWED]))
}

fn append() -> Value {
    let problems = [
        NOT_ALLOWED,
        ("409", "The ledger has another size than was expected, or the id is that of another entry"),
        ("413", "It is more than an entry may take"),
        ("415", "It is not sent as application/json"),
        ("422", "It does not hold together: each rejection is at its field"),
    ];
    let of = json!({
        "type": "object",
        "required": ["id", "position", "recorded", "leaf", "repeated"],
        "properties": { "id": { "type": "string" }, "position": { "type": "integer" }, "repeated": { "type": "boolean" } },
    });
    let draft = json!({
        "type": "object",
        "description": format!("A draft, as a decision file in JSON; an entry may take {MAX_BYTES} bytes"),
        "required": ["id", "act", "documents", "events"],
    });
    let answers = [
        ("200", said("It had been recorded before: the first receipt", "application/json", of.clone())),
        ("201", said("It is on disk: the receipt", "application/json", of)),
    ];
    let parameters = vec![whole("expected-head", "The size that the ledger must have; any where it is left out", 0)];
    let mut append = operation("append", "Record a draft; recorders", parameters, answers, &problems);
    append["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": draft } } });
    needs_token(append)
}
