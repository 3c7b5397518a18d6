//! The API described for programs (OpenAPI 3.1), and the same for people, to be read and tried in a browser. It must not promise
//! what a route does not do: a test holds every address and every status to it.

use super::asked::{EXPLAINED, MOST_CONTRACTS, TOPICS, taken};
use super::site::Site;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use minutebook_events::codec::MAX_BYTES;
use minutebook_projections::By;
use serde_json::{Value, json};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HttpMethod, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem,
    PathsBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where a program finds the description, and where a person reads it.
const DESCRIBED: &str = "/api/v1/openapi.json";
const READ: &str = "/api/docs";

/// What the page for people may do besides: ask this site, and set the styles of its own parts.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Site> {
    let config = Config::from(DESCRIBED).validator_url("none").try_it_out_enabled(true);
    let pages: Router<Site> = SwaggerUi::new(READ).url(DESCRIBED, described()).config(config).into();
    let policy: HeaderName = header::CONTENT_SECURITY_POLICY;
    pages.layer(SetResponseHeaderLayer::overriding(policy, HeaderValue::from_static(POLICY)))
}

/// The whole description.
pub(super) fn described() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Minutebook")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "What a council has decided about its contracts, as of any day, as known at any moment, as decided by any day. Each \
             figure says how firmly it stands, where it is written, and by which entries: a plan never becomes a fact. Where several \
             nodes serve one ledger, a request with the header Minutebook-At-Least is answered once the entry at that position, as \
             a receipt tells it, is on the node that is asked; after some seconds the answer is 503 with Retry-After.",
        ))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()));
    let mut paths = PathsBuilder::new();
    for topic in TOPICS {
        paths = paths.path(format!("/api/v1/{topic}"), PathItem::new(HttpMethod::Get, question(topic)));
    }
    let get = |operation| PathItem::new(HttpMethod::Get, operation);
    let mut entries = get(entries());
    entries.post = Some(append());
    paths = paths
        .path("/api/v1/head", get(head()))
        .path("/api/v1/entries", entries)
        .path("/api/v1/entries/{position}", get(entry()))
        .path("/api/v1/entries/{position}/explained", get(explained()))
        .path("/api/v1/entries/new", get(new_entries()));
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token, as `minutebook token new` shows it once"))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("token", SecurityScheme::Http(token))
        .schema("Answer", schema(&answer()))
        .schema("Entry", schema(&stored()))
        .schema("Problem", schema(&problem()))
        .build();
    OpenApiBuilder::new().info(info.build()).paths(paths.build()).components(Some(components)).build()
}

fn schema(of: &Value) -> RefOr<Schema> {
    serde_json::from_value(of.clone())
        .unwrap_or_else(|error| unreachable!("a schema that is written here is one: {error} {of}"))
}

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
fn parameter(at: ParameterIn, name: &str, says: &str, of: &Value) -> Parameter {
    let required = if at == ParameterIn::Path { Required::True } else { Required::False };
    let parameter = ParameterBuilder::new().name(name).parameter_in(at).required(required);
    parameter.description(Some(says)).schema(Some(schema(of))).build()
}

fn asked(name: &str, says: &str, of: &Value) -> Parameter {
    parameter(ParameterIn::Query, name, says, of)
}

fn day(name: &str, says: &str) -> Parameter {
    asked(name, says, &json!({ "type": "string", "format": "date" }))
}

fn contract(name: &str, says: &str) -> Parameter {
    asked(name, says, &json!({ "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$" }))
}

fn text(name: &str, says: &str) -> Parameter {
    asked(name, says, &json!({ "type": "string" }))
}

/// The largest whole number that is read.
const MOST: u64 = u64::MAX;

fn whole(name: &str, says: &str, least: u64) -> Parameter {
    asked(name, says, &json!({ "type": "integer", "minimum": least, "maximum": MOST }))
}

fn needed(mut parameter: Parameter) -> Parameter {
    parameter.required = Required::True;
    parameter
}

fn position() -> Parameter {
    parameter(
        ParameterIn::Path,
        "position",
        "The entry's place in the ledger, from 0",
        &json!({ "type": "integer", "minimum": 0 }),
    )
}

fn refers(to: &str) -> RefOr<Schema> {
    Ref::from_schema_name(to).into()
}

fn said(what: &str, media: &str, of: RefOr<Schema>) -> Response {
    ResponseBuilder::new().description(what).content(media, ContentBuilder::new().schema(Some(of)).build()).build()
}

/// An operation, with the problems that it may answer with.
fn operation(id: &str, summary: &str, problems: &[(&str, &str)]) -> OperationBuilder {
    let mut operation = OperationBuilder::new().operation_id(Some(id)).summary(Some(summary));
    let always = [
        ("400", "The question is not understood: each field that is wrong is named"),
        ("401", "A token that does not count, or none where one is needed"),
        ("429", "Too many requests from this address, or too many wrong tokens"),
        ("503", "The ledger is being opened, or the answer takes too long"),
    ];
    for (status, what) in always.iter().chain(problems) {
        operation = operation.response(*status, said(what, "application/problem+json", refers("Problem")));
    }
    operation
}

const PAST: (&str, &str) = ("404", "There is no such contract, fact or entry");
const NOT_ALLOWED: (&str, &str) = ("403", "The token has not the role that this takes");

fn needs_token(operation: OperationBuilder) -> Operation {
    operation.security(SecurityRequirement::new("token", Vec::<String>::new())).build()
}

/// A field of a question.
fn field(topic: &str, name: &str) -> Parameter {
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
            asked(name, "By what they are grouped", &json!({ "type": "string", "enum": groups }))
        }
        "ends-within" => {
            let months = json!({ "type": "integer", "minimum": 1, "maximum": 1200 });
            asked(name, "Also what ends within so many months", &months)
        }
        "fact" => needed(text(name, "The figure, by the name that answers give it as \"fact\"")),
        "from" => contract(name, "Of all contracts: a page that begins with this one, or the next"),
        "limit" => {
            let of = json!({ "type": "integer", "minimum": 1, "maximum": MOST_CONTRACTS });
            asked(name, "Of all contracts: a page of so many; what is about none of them is left out", &of)
        }
        other => unreachable!("{other} is no field of a question"),
    }
}

fn question(topic: &str) -> Operation {
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
    let operation = taken(topic)
        .iter()
        .fold(operation(topic, summary, &[PAST]), |operation, name| operation.parameter(field(topic, name)))
        .response("304", ResponseBuilder::new().description("The answer is the one whose ETag was sent").build());
    let answer = said("The answer; in words for whoever accepts text/plain", "application/json", refers("Answer"));
    operation.response("200", answer).build()
}

fn head() -> Operation {
    let of = json!({ "type": "object", "required": ["size", "root"], "properties": {
        "size": { "type": "integer" },
        "log": {
            "type": "object",
            "description": "Of a node: how many entries the log had when it was last heard, how long ago that was, whether the node \
                            follows, catches-up, is unreached, parted or broken, and where it parted",
        },
    } });
    let operation = operation("head", "How many entries there are, and the Merkle root over all of them", &[]);
    operation.response("200", said("The head", "application/json", schema(&of))).build()
}

fn entries() -> Operation {
    let of = json!({
        "type": "object",
        "required": ["from", "head", "next", "entries"],
        "properties": {
            "from": { "type": "integer" },
            "head": { "type": "integer" },
            "next": { "type": ["integer", "null"], "description": "Where the next page begins; none at the end" },
            "entries": { "type": "array", "items": { "$ref": "#/components/schemas/Entry" } },
        },
    });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 });
    let operation = operation("entries", "A page of entries as they are stored; auditors", &[NOT_ALLOWED])
        .parameter(whole("from", "The first", 0))
        .parameter(asked("limit", "How many", &limit));
    needs_token(operation.response("200", said("The page", "application/json", schema(&of))))
}

fn entry() -> Operation {
    let operation =
        operation("entry", "An entry as it is stored; auditors", &[NOT_ALLOWED, PAST]).parameter(position());
    needs_token(operation.response("200", said("The entry", "application/json", refers("Entry"))))
}

fn explained() -> Operation {
    let summary = "An entry with its proof, what it changed, and what came of it; auditors";
    let operation = operation("explained", summary, &[NOT_ALLOWED, PAST]).parameter(position());
    let operation =
        taken(EXPLAINED).iter().fold(operation, |operation, name| operation.parameter(field(EXPLAINED, name)));
    needs_token(operation.response("200", said("The answer", "application/json", refers("Answer"))))
}

fn new_entries() -> Operation {
    let stream = said("Server-sent events, each an entry", "text/event-stream", schema(&json!({ "type": "string" })));
    let operation =
        operation("new-entries", "Each entry from a position on, and new ones as they come; auditors", &[NOT_ALLOWED])
            .parameter(whole("from", "The first; those to come where it is left out", 0));
    needs_token(operation.response("200", stream))
}

fn append() -> Operation {
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
    let body = RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content("application/json", ContentBuilder::new().schema(Some(schema(&draft))).build());
    let operation = operation("append", "Record a draft; recorders", &problems)
        .parameter(whole("expected-head", "The size that the ledger must have; any where it is left out", 0))
        .request_body(Some(body.build()))
        .response("200", said("It had been recorded before: the first receipt", "application/json", schema(&of)))
        .response("201", said("It is on disk: the receipt", "application/json", schema(&of)));
    needs_token(operation)
}
