//! What is exempt or personal, for whoever may read it: by the read key that the server was given. What was published is for
//! everybody. It must not show anything of a content to anybody else, nor keep it.

use super::problem::Problem;
use super::site::Site;
use super::who::{self, Who};
use crate::access::Right;
use crate::sealed::ContentError;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use minutebook_events::{ContractId, Slug};
use minutebook_projections::{Knowing, tell};
use std::io::Read;

/// The most bytes of a content that are sent: it is in memory whole, checked, before the first of them goes.
const MOST: u64 = 64 << 20;

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/contracts/{contract}/contents/{content}", get(content))
}

fn too_large() -> Problem {
    let what = format!("the content has more than {MOST} bytes: read it with `minutebook content read`");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", what)
}

async fn content(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path((contract, name)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let visitor = who.visitor(&site);
    let may_read = who.may(Right::ReadExempt, &site);
    let reader = who.name();
    let (here, named) = (site.clone(), (contract, name));
    let read = site.with(move |ledger| {
        let (contract, name) = &named;
        let nothing = || Problem::nothing_here(&format!("/contracts/{contract}/contents/{name}"));
        let (Ok(contract), Ok(name)) = (contract.parse::<ContractId>(), name.parse::<Slug>()) else {
            return Err(nothing());
        };
        let view = ledger.view();
        let content = view.projections.content(&contract, &name, view.head).ok_or_else(nothing)?;
        if let Some(erased) = content.erased {
            let says = Knowing::from(tell(erased.event())).words();
            return Err(Problem::new(StatusCode::GONE, "erased", format!("the content is gone: {says}")));
        }
        let mut bytes = vec![];
        if let Some(salt) = content.salt() {
            let file = ledger.contents().open_published(&content.commitment, &salt)?;
            let read = file.take(MOST + 1).read_to_end(&mut bytes);
            read.map_err(|source| ContentError::Content { doing: "read", source })?;
        } else if !may_read {
            return Ok(None);
        } else {
            let Some(key) = here.read_key() else {
                let what = "this server was given no key that reads what is exempt: start it with --read-key FILE";
                return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no-read-key", what));
            };
            // Before any of it is in memory.
            let sealed = ledger.contents().sealed(&content.commitment).metadata();
            if sealed.is_ok_and(|sealed| sealed.len() > MOST) {
                return Err(too_large());
            }
            ledger.contents().read(&content.commitment, key, &mut bytes)?;
            tracing::info!(%contract, content = %name, reader, "exempt content was read");
        }
        if bytes.len() as u64 > MOST { Err(too_large()) } else { Ok(Some((name, bytes))) }
    });
    match read.await {
        Ok(Some((name, bytes))) => {
            let as_file = format!("attachment; filename=\"{name}\"");
            let headers = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CONTENT_DISPOSITION, &as_file),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, bytes).into_response()
        }
        Ok(None) => who::refusal(&who, Right::ReadExempt, &site, &uri),
        Err(problem) => super::pages::sorry(&problem, visitor),
    }
}
