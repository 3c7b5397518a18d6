//! Swagger UI: the page on which people read a description of an API and try it, out of the archive that its makers publish. It
//! must not know what is described. (The crate that wraps that archive brings a build script and macros that take as long to build
//! as our own projections.)

use super::problem::Problem;
use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::sync::{Arc, OnceLock};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// The folder of the archive's that holds what a browser loads.
const FOLDER: &str = "/dist/";

/// What the page is begun by.
const FIRST: &str = "index.html";

/// The one file that is ours: which description is shown.
const BEGINS: &str = "swagger-initializer.js";

/// Why the archive can be read.
const WITHIN: &str = "it is in the binary";

/// What a browser loads, and what each is.
const FILES: [(&str, &str); 7] = [
    (FIRST, "text/html; charset=utf-8"),
    ("index.css", "text/css; charset=utf-8"),
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8"),
    ("favicon-16x16.png", "image/png"),
    ("favicon-32x32.png", "image/png"),
];

/// The page under an address, for the description at another.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(address: &str, described: &str) -> Router<S> {
    let (under, begins) = (format!("{address}/"), begins(described).into());
    let to = under.clone();
    let file = move |name: &str| told(name, &begins);
    let first = file.clone();
    Router::new()
        .route(address, get(async move || Redirect::to(&to)))
        .route(&under, get(async move || first(FIRST)))
        .route(&format!("{under}{{file}}"), get(async move |Path(name): Path<String>| file(&name)))
}

/// The script with which the page begins: it asks this site alone, and no validator elsewhere.
fn begins(described: &str) -> String {
    let settings = serde_json::json!({
        "url": described,
        "dom_id": "#swagger-ui",
        "deepLinking": true,
        "layout": "StandaloneLayout",
        "validatorUrl": "none",
        "tryItOutEnabled": true,
    });
    format!(
        "window.onload = () => {{ window.ui = SwaggerUIBundle({{ ...{settings}, presets: [SwaggerUIBundle.presets.apis, \
         SwaggerUIStandalonePreset] }}); }};\n"
    )
}

fn told(name: &str, begins: &Arc<str>) -> Result<Response, Problem> {
    if name == BEGINS {
        return Ok(([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], begins.to_string()).into_response());
    }
    let file = FILES.iter().find(|(own, _)| *own == name);
    let (name, kind) = file.ok_or_else(|| Problem::nothing_here(name))?;
    Ok(([(header::CONTENT_TYPE, *kind)], unpacked()[name].as_slice()).into_response())
}

/// The files, unpacked when somebody first asks for one.
fn unpacked() -> &'static HashMap<&'static str, Vec<u8>> {
    static UNPACKED: OnceLock<HashMap<&'static str, Vec<u8>>> = OnceLock::new();
    UNPACKED.get_or_init(|| {
        let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED)).expect(WITHIN);
        let names: Vec<String> = archive.file_names().map(|name| name.expect(WITHIN).into_owned()).collect();
        let mut read = |name: &str| {
            let path = names.iter().find(|path| path.ends_with(&format!("{FOLDER}{name}")));
            let mut bytes = vec![];
            let file = archive.by_name(path.expect("the archive has what its page loads"));
            file.and_then(|mut file| Ok(file.read_to_end(&mut bytes)?)).expect(WITHIN);
            bytes
        };
        FILES.iter().map(|(name, _)| (*name, read(name))).collect()
    })
}
