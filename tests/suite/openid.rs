//! Signing in with a provider of OpenID Connect: the program itself, a browser that keeps cookies, and a provider of the test's
//! own, which can be told to say what is not so.

use crate::run::{BINARY, Place};
use crate::served::Answered;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::oneshot;

const CLIENT: &str = "minutebook-at-the-council";
const SECRET: &str = "the secret of the client";
/// Where people reach the program, as the settings say.
const HOST: &str = "minutes.example.gov.uk";
const SUB: &str = "somebody@example.gov.uk";

/// What the provider says that is not so, or does not do.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    Denied,
    OtherIssuer,
    OtherIssuerSendsBack,
    OtherIssuerDescribed,
    OtherAudience,
    SecondAudience,
    OtherNonce,
    NoNonce,
    Expired,
    Unsigned,
    SignedByPublicKey,
    SignedByClientSecret,
    SignedByAnother,
    Altered,
    NoIdToken,
    NotExchanged,
    NotJson,
    Slow,
    Huge,
    LeadsElsewhere,
    KeysInTheOpen,
    Failing,
}

struct Play {
    base: String,
    wrong: Wrong,
    /// What it says of whoever signs in, besides who that is.
    claims: Value,
    /// Whether it signs with another kind of key than it did.
    rotated: bool,
    codes: HashMap<String, HashMap<String, String>>,
    /// How often it was asked what it is.
    described: usize,
}

type Shared = Arc<Mutex<Play>>;

/// A provider at a port of its own, which stops when this goes.
struct Provider {
    base: String,
    play: Shared,
    stop: Option<oneshot::Sender<()>>,
}

impl Provider {
    fn start() -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn at(listener: TcpListener) -> Self {
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (wrong, claims, codes) = (Wrong::Nothing, json!({}), HashMap::new());
        let play = Play { base: base.clone(), wrong, claims, rotated: false, codes, described: 0 };
        let play = Arc::new(Mutex::new(play));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(Arc::clone(&play));
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, routes) => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { base, play, stop: Some(stop) }
    }

    fn says(&self, wrong: Wrong, claims: Value) {
        let mut play = self.play.lock().unwrap();
        (play.wrong, play.claims) = (wrong, claims);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

fn rsa_pem() -> &'static str {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| {
        let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, 2048).unwrap();
        key.to_pkcs1_pem(rsa::pkcs1::LineEnding::LF).unwrap().to_string()
    })
}

fn rsa() -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(rsa_pem(), Some(JsonWebKeyId::new("rsa".to_owned()))).unwrap()
}

/// An Ed25519 key of these bytes, as RFC 8410 writes it.
fn ed25519(byte: u8) -> CoreEdDsaPrivateSigningKey {
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend([byte; 32]);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new("ed".to_owned()))).unwrap()
}

async fn describe(State(play): State<Shared>) -> Response {
    let (base, wrong) = {
        let mut play = play.lock().unwrap();
        play.described += 1;
        (play.base.clone(), play.wrong)
    };
    match wrong {
        Wrong::Slow => std::future::pending().await,
        Wrong::Huge => ([(header::CONTENT_TYPE, "application/json")], vec![b' '; 4 << 20]).into_response(),
        Wrong::Failing => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Wrong::NotJson => "a page of a network that wants a password".into_response(),
        _ => {
            let authorize = match wrong {
                Wrong::LeadsElsewhere => "http://elsewhere.example/authorize".to_owned(),
                _ => format!("{base}/authorize"),
            };
            let keys = match wrong {
                Wrong::KeysInTheOpen => "http://elsewhere.example/keys".to_owned(),
                _ => format!("{base}/keys"),
            };
            Json(json!({
                "issuer": if wrong == Wrong::OtherIssuerDescribed { "https://elsewhere.example" } else { &base },
                "authorization_endpoint": authorize,
                "token_endpoint": format!("{base}/token"),
                "jwks_uri": keys,
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                // Those of a provider that would take anything.
                "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256", "none"],
            }))
            .into_response()
        }
    }
}

async fn keys(State(play): State<Shared>) -> Response {
    let key = match play.lock().unwrap().rotated {
        true => serde_json::to_value(ed25519(7).as_verification_key()),
        false => serde_json::to_value(rsa().as_verification_key()),
    };
    Json(json!({ "keys": [key.unwrap()] })).into_response()
}

/// Whoever is at the browser signs in without more ado, and is sent back.
async fn authorize(State(play): State<Shared>, Query(asked): Query<HashMap<String, String>>) -> Response {
    let mut play = play.lock().unwrap();
    let is = |name: &str, value: &str| assert_eq!(asked.get(name).map(String::as_str), Some(value), "{asked:?}");
    is("response_type", "code");
    is("client_id", CLIENT);
    is("scope", "openid");
    is("code_challenge_method", "S256");
    is("redirect_uri", &format!("https://{HOST}/sign-in/openid/back"));
    let code = format!("code-{}", play.codes.len());
    let mut back = vec![("state", asked["state"].as_str())];
    match play.wrong {
        Wrong::Denied => back.extend([("error", "access_denied"), ("error_description", "Somebody may not")]),
        Wrong::OtherIssuerSendsBack => back.extend([("code", code.as_str()), ("iss", "https://elsewhere.example")]),
        _ => back.extend([("code", code.as_str()), ("iss", play.base.as_str())]),
    }
    let to = format!("{}?{}", asked["redirect_uri"], serde_urlencoded::to_string(back).unwrap());
    play.codes.insert(code, asked);
    (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
}

async fn token(State(play): State<Shared>, headers: HeaderMap, Form(given): Form<HashMap<String, String>>) -> Response {
    let mut play = play.lock().unwrap();
    let refused =
        |code| (StatusCode::BAD_REQUEST, Json(json!({ "error": code, "error_description": SUB }))).into_response();
    // RFC 6749, 2.3.1: both parts are encoded as in a form first.
    let known = STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+")));
    if headers.get(header::AUTHORIZATION).is_none_or(|said| said != &format!("Basic {known}")) {
        return refused("invalid_client");
    }
    let Some(asked) = play.codes.get_mut(&given["code"]).filter(|asked| !asked.contains_key("used")) else {
        return refused("invalid_grant");
    };
    asked.insert("used".to_owned(), String::new());
    let asked = asked.clone();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&given["code_verifier"]));
    let is_ours = challenge == asked["code_challenge"] && given["redirect_uri"] == asked["redirect_uri"];
    if !is_ours || given["grant_type"] != "authorization_code" || play.wrong == Wrong::NotExchanged {
        return refused("invalid_grant");
    }
    let mut answer = json!({ "access_token": "an access token", "token_type": "Bearer", "expires_in": 60 });
    if play.wrong != Wrong::NoIdToken {
        answer["id_token"] = id_token(&play, &asked["nonce"]).into();
    }
    Json(answer).into_response()
}

/// An ID token that says what is so, but for one thing.
fn id_token(play: &Play, nonce: &str) -> String {
    let now = chrono::Utc::now().timestamp();
    let mut claims = json!({
        "iss": play.base, "sub": SUB, "aud": CLIENT, "nonce": nonce, "iat": now, "exp": now + 300,
        "name": "Somebody Named", "email": SUB,
    });
    claims.as_object_mut().unwrap().extend(play.claims.as_object().unwrap().clone());
    match play.wrong {
        Wrong::OtherIssuer => claims["iss"] = "https://elsewhere.example".into(),
        Wrong::OtherAudience => claims["aud"] = "another client".into(),
        Wrong::SecondAudience => claims["aud"] = json!([CLIENT, "another client"]),
        Wrong::OtherNonce => claims["nonce"] = "of another sign-in".into(),
        Wrong::NoNonce => drop(claims.as_object_mut().unwrap().remove("nonce")),
        Wrong::Expired => claims["exp"] = (now - 1).into(),
        _ => {}
    }
    let rs256 = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
    let hs256 = CoreJwsSigningAlgorithm::HmacSha256;
    let eddsa = CoreJwsSigningAlgorithm::EdDsa;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = |alg: &str, kid: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let text = format!("{}.{}", part(&json!({ "alg": alg, "kid": kid, "typ": "JWT" })), part(&claims));
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(sign(text.as_bytes())))
    };
    match play.wrong {
        Wrong::Unsigned => signed("none", "rsa", &|_| vec![]),
        Wrong::SignedByPublicKey => {
            let public = serde_json::to_vec(&rsa().as_verification_key()).unwrap();
            signed("HS256", "rsa", &|text| CoreHmacKey::new(public.clone()).sign(&hs256, text).unwrap())
        }
        Wrong::SignedByClientSecret => {
            signed("HS256", "rsa", &|text| CoreHmacKey::new(SECRET).sign(&hs256, text).unwrap())
        }
        Wrong::SignedByAnother => signed("EdDSA", "ed", &|text| ed25519(9).sign(&eddsa, text).unwrap()),
        Wrong::Altered => signed("RS256", "rsa", &|text| rsa().sign(&rs256, &[text, b"x"].concat()).unwrap()),
        _ if play.rotated => signed("EdDSA", "ed", &|text| ed25519(7).sign(&eddsa, text).unwrap()),
        _ => signed("RS256", "rsa", &|text| rsa().sign(&rs256, text).unwrap()),
    }
}

/// The program, which serves Kent's record, until this goes.
struct Program {
    place: Place,
    child: Child,
    address: String,
    log: PathBuf,
}

/// The settings of a provider, for a file.
fn settings(issuer: &str) -> String {
    format!(
        "address = \"https://{HOST}\"\nopenid-issuer = \"{issuer}\"\nopenid-client = \"{CLIENT}\"\n\
         openid-secret-file = \"openid.secret\"\nopenid-roles-claim = \"groups\"\n\
         openid-roles = [\"Officers=officer\", \"Contract Office=recorder\", \"Audit=auditor\", \"Heads=officer\"]\n"
    )
}

fn with_secret(place: &Place, mode: u32) {
    place.file("openid.secret", format!("{SECRET}\n"));
    fs::set_permissions(place.path().join("openid.secret"), fs::Permissions::from_mode(mode)).unwrap();
}

impl Program {
    /// Everything that can be logged is.
    fn start(issuer: &str) -> Self {
        let place = Place::kent();
        with_secret(&place, 0o600);
        place.file("m.toml", settings(issuer));
        let log = place.path().join("log");
        let mut child = Command::new(BINARY)
            .args(["--config", "m.toml", "--log", "trace", "serve", "--listen", "127.0.0.1:0", "--ledger"])
            .arg(place.ledger())
            .current_dir(place.path())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        let program = Self { place, child, address, log };
        let is_ready = |_| {
            std::thread::sleep(Duration::from_millis(50));
            program.browser().get("/ready").status == 200
        };
        assert!((0..600).any(is_ready), "the ledger is open soon");
        program
    }

    fn browser(&self) -> Browser {
        Browser { address: self.address.clone(), cookies: HashMap::new() }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn sent(request: ureq::http::request::Builder, body: &str) -> Answered {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    let agent: ureq::Agent = config.timeout_global(Some(Duration::from_secs(60))).build().into();
    let mut answer = agent.run(request.body(body.to_owned()).unwrap()).unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    Answered { status: answer.status().as_u16(), headers: answer.headers().clone(), body }
}

/// Whoever sits at a browser: it reaches the program by its public name, and keeps cookies.
struct Browser {
    address: String,
    cookies: HashMap<String, String>,
}

impl Browser {
    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
        let request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        let kept: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("Host", HOST).header("Cookie", kept.join("; "));
        let answer = sent(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)), body);
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            for needed in ["__Host-", "; Path=/", "; Secure", "; HttpOnly", "; SameSite="] {
                assert!(cookie.contains(needed), "{cookie}");
            }
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match cookie.contains("Max-Age=0;") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        answer
    }

    fn get(&mut self, path: &str) -> Answered {
        self.send("GET", path, &[], "")
    }

    /// Begins to sign in, and gives the address at this site to which the provider leads back.
    fn goes(&mut self, to: &str) -> String {
        let there = self.get(&format!("/sign-in/openid?to={to}")).gives(303);
        assert!(there.headers["set-cookie"].to_str().unwrap().contains("SameSite=Lax"), "{there:#?}");
        assert_eq!(there.header("cache-control"), "no-store");
        let back = sent(ureq::http::Request::builder().uri(there.header("location")), "").gives(302);
        back.header("location").strip_prefix(&format!("https://{HOST}")).unwrap().to_owned()
    }

    /// Signs in, as far as that goes.
    fn signs_in(&mut self, to: &str) -> Answered {
        let back = self.goes(to);
        self.get(&back)
    }

    fn is_signed_in(&self) -> bool {
        self.cookies.contains_key("__Host-minutebook")
    }

    fn posts(&mut self, path: &str, origin: &str, form: &str) -> Answered {
        let kind = "application/x-www-form-urlencoded";
        self.send("POST", path, &[("Origin", origin), ("Content-Type", kind)], form)
    }

    /// Posts a form of the recording pages.
    fn records(&mut self, origin: &str, form_key: &str) -> Answered {
        let field = |name: &str, value: &str| {
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let form = format!("{}{}--edge--\r\n", field("form-key", form_key), field("text", ""));
        let kind = "multipart/form-data; boundary=edge";
        self.send("POST", "/record/check", &[("Origin", origin), ("Content-Type", kind)], &form)
    }
}

fn form_key(page: &str) -> String {
    page.split("name=\"form-key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn people_have_the_roles_that_the_provider_says() {
    let provider = Provider::start();
    let program = Program::start(&provider.base);
    // Who signs in nowhere is the public, though on this machine.
    let mut nobody = program.browser();
    nobody.get("/state?as-of=2024-06-01").gives(200);
    nobody.get("/api/v1/entries").problem(401, "no-token");
    assert_eq!(nobody.get("/record").gives(303).header("location"), "/sign-in?to=%2Frecord");
    let page = nobody.get("/sign-in?to=%2Frecord").gives(200).body;
    let link = "href=\"/sign-in/openid?to=%2Frecord\">Sign in with your organisation’s account</a> at 127.0.0.1";
    assert!(page.contains(link) && page.contains("name=\"token\""), "{page}");
    // Of each: what it has from the provider, its role, and how entries, recording and a sealed content answer.
    for (groups, role, entries, record) in [
        (json!(["Staff", "Officers"]), "officer", 403, 403),
        (json!("Contract Office"), "recorder", 403, 200),
        (json!(["Audit"]), "auditor", 200, 403),
        (json!(["Audit", "Contract Office", "Heads"]), "officer, recorder, auditor", 200, 200),
    ] {
        provider.says(Wrong::Nothing, json!({ "groups": groups }));
        let mut browser = program.browser();
        let back = browser.signs_in("%2Fstate%3Fas-of%3D2024-06-01").gives(200);
        // The page leads on by itself, since a browser shows the cookie to no redirect that began elsewhere.
        assert_eq!(back.header("refresh"), "0; url=/state?as-of=2024-06-01");
        assert!(
            back.body.contains("You are signed in") && back.header("referrer-policy") == "no-referrer",
            "{back:#?}"
        );
        let kept: Vec<&str> = browser.cookies.keys().map(String::as_str).collect();
        assert_eq!(kept, ["__Host-minutebook"]);
        let page = browser.get("/state?as-of=2024-06-01").gives(200).body;
        assert!(page.contains(&format!("signed in at 127.0.0.1: {role}")), "{role}");
        assert!(!page.contains("Somebody Named") && !page.contains(SUB));
        assert_eq!((browser.get("/api/v1/entries").status, browser.get("/record").status), (entries, record), "{role}");
    }
    // What it knows of the provider, it asks once.
    assert_eq!(provider.play.lock().unwrap().described, 1);
}

#[test]
fn a_session_of_a_person_is_as_one_of_a_token() {
    let provider = Provider::start();
    let program = Program::start(&provider.base);
    provider.says(Wrong::Nothing, json!({ "groups": ["Contract Office"] }));
    let ours = format!("https://{HOST}");
    let (mut browser, mut other) = (program.browser(), program.browser());
    browser.signs_in("/record").gives(200);
    other.signs_in("/record").gives(200);
    let key = form_key(&browser.get("/record").gives(200).body);
    let others = form_key(&other.get("/record").gives(200).body);
    // A form comes from a page of this session alone.
    browser.records(&ours, &key).gives(422);
    browser.records("https://elsewhere.example", &key).gives(403);
    browser.records("null", &key).gives(403);
    browser.records(&ours, &others).gives(403);
    browser.records(&ours, "").gives(403);
    // What a role does not allow is said so.
    let told = browser.get("/api/v1/entries").problem(403, "not-allowed");
    assert!(told["detail"].as_str().unwrap().contains("you had not got it when you signed in"), "{told}");
    // Tokens count beside it, and each has its own.
    let made = program.place.run(&["token", "new", "--role", "auditor", "--label", "a desk"]).ok();
    let bearer = format!("Bearer {}", made.out.trim());
    program.browser().send("GET", "/api/v1/entries", &[("Authorization", &bearer)], "").gives(200);
    browser.get("/record").gives(200);
    // Who signs out is nobody in particular; a link from elsewhere signs nobody out.
    browser.posts("/sign-out", &ours, &format!("form-key={others}")).gives(403);
    browser.get("/sign-out").gives(303);
    browser.get("/record").gives(200);
    browser.posts("/sign-out", &ours, &format!("form-key={key}")).gives(303);
    assert!(!browser.is_signed_in());
    browser.get("/record").gives(303);
    other.get("/record").gives(200);
    // The log knows a person by a hash, and nothing that anybody could use.
    let log = program.log();
    let person = &minutebook_events::Hash::of([SUB.as_bytes()]).to_string()[..16];
    assert!(log.contains(&format!("person {person}")), "{log}");
    let secrets: Vec<String> = provider
        .play
        .lock()
        .unwrap()
        .codes
        .iter()
        .flat_map(|(code, asked)| {
            [code.clone(), asked["state"].clone(), asked["nonce"].clone(), asked["code_challenge"].clone()]
        })
        .collect();
    let known = STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+")));
    let besides = [SECRET, SUB, "Somebody", "eyJ", "an access token", &key, &known].map(ToOwned::to_owned);
    for secret in secrets.iter().chain(&besides).chain(other.cookies.values()) {
        assert!(!log.contains(secret.as_str()), "{secret}: {log}");
    }
}

#[test]
fn what_does_not_hold_signs_nobody_in() {
    let provider = Provider::start();
    let program = Program::start(&provider.base);
    let does_not_hold = "what 127.0.0.1 says of you does not hold";
    for (wrong, status, told, logged) in [
        (Wrong::Denied, 403, "127.0.0.1 did not sign you in (access_denied)", "the provider refuses: access_denied"),
        (Wrong::OtherIssuer, 502, does_not_hold, "Invalid issuer"),
        (Wrong::OtherIssuerSendsBack, 502, does_not_hold, "another provider sent the browser back"),
        (Wrong::OtherAudience, 502, does_not_hold, "Invalid audiences"),
        (Wrong::SecondAudience, 502, does_not_hold, "Invalid audiences"),
        (Wrong::OtherNonce, 502, does_not_hold, "Invalid nonce: nonce mismatch"),
        (Wrong::NoNonce, 502, does_not_hold, "Invalid nonce: missing"),
        (Wrong::Expired, 502, does_not_hold, "Expired"),
        (Wrong::Unsigned, 502, does_not_hold, "its signature"),
        (Wrong::SignedByPublicKey, 502, does_not_hold, "Disallowed signature algorithm"),
        (Wrong::SignedByClientSecret, 502, does_not_hold, "Disallowed signature algorithm"),
        (Wrong::SignedByAnother, 502, does_not_hold, "its signature"),
        (Wrong::Altered, 502, does_not_hold, "its signature"),
        (Wrong::NoIdToken, 502, does_not_hold, "it gave no ID token"),
        (Wrong::NotExchanged, 502, does_not_hold, "it does not exchange the code: invalid_grant"),
    ] {
        provider.says(wrong, json!({ "groups": ["Audit"] }));
        let mut browser = program.browser();
        let page = browser.signs_in("/record").gives(status).body;
        assert!(page.contains(told), "{wrong:?}: {page}");
        // It can be tried again, and leads where it would have led.
        assert!(page.contains("href=\"/sign-in/openid?to=%2Frecord\""), "{wrong:?}: {page}");
        assert!(!browser.is_signed_in(), "{wrong:?}");
        browser.get("/api/v1/entries").gives(401);
        let log = program.log();
        let last = log.lines().rfind(|line| line.contains("nobody is signed in")).unwrap();
        assert!(last.contains(logged), "{wrong:?}: {last}");
    }
    // Who is known and has no role is told so.
    for groups in [
        json!({}),
        json!({ "groups": [] }),
        json!({ "groups": ["officer"] }),
        json!({ "groups": 1 }),
        json!({ "roles": ["Audit"] }),
    ] {
        provider.says(Wrong::Nothing, groups);
        let mut browser = program.browser();
        let page = browser.signs_in("/record").gives(403).body;
        let told = format!("you are known to {}, but no role is given to you here", provider.base);
        assert!(page.contains(&told) && !browser.is_signed_in(), "{page}");
    }
    let log = program.log();
    assert!(!log.contains("Somebody") && !log.contains(SUB) && !log.contains("eyJ"), "{log}");
}

#[test]
fn what_comes_back_ends_one_sign_in_of_its_browser() {
    let provider = Provider::start();
    let program = Program::start(&provider.base);
    provider.says(Wrong::Nothing, json!({ "groups": ["Audit"] }));
    let mut browser = program.browser();
    let back = browser.goes("/record");
    let not_begun = |answer: Answered| {
        let page = answer.gives(400).body;
        assert!(page.contains("this sign-in was not begun in this browser"), "{page}");
    };
    // Neither another browser nor another state ends it.
    not_begun(program.browser().get(&back));
    let mut another = program.browser();
    another.goes("/record");
    not_begun(another.get(&back));
    let other_state = back.replace("state=", "state=0");
    for wrong in
        ["/sign-in/openid/back", "/sign-in/openid/back?code=code-0", "/sign-in/openid/back?state=", &other_state]
    {
        not_begun(browser.get(wrong));
    }
    browser.get(&back).gives(200);
    assert!(browser.is_signed_in());
    // It ends once, even where the browser kept what belongs to it.
    let mut again = program.browser();
    let back = again.goes("/record");
    let kept = again.cookies.clone();
    again.get(&back).gives(200);
    again.cookies = kept;
    not_begun(again.get(&back));
    assert!(!again.is_signed_in());
    // Where somebody goes on is of this site.
    for to in ["https://elsewhere.example", "//elsewhere.example", "/%5Celsewhere.example", "/%09/elsewhere.example"] {
        assert_eq!(program.browser().signs_in(to).gives(200).header("refresh"), "0; url=/", "{to}");
    }
    let long = format!("/{}", "x".repeat(5_000));
    assert_eq!(program.browser().signs_in(&long).gives(200).header("refresh"), "0; url=/");
    // What no header holds is a link.
    let link = program.browser().signs_in("/state%3Fas-of%3D%C3%A9").gives(200);
    assert!(link.header("refresh").is_empty() && link.body.contains("href=\"/state?as-of=é\""), "{link:#?}");
}

/// What the provider says of itself must hold too, and its keys may change.
#[test]
fn a_provider_that_does_not_answer_as_it_must_is_told() {
    for (wrong, status, logged) in [
        (Wrong::OtherIssuerDescribed, 502, "unexpected issuer URI"),
        (Wrong::NotJson, 502, "or not in JSON"),
        (Wrong::Huge, 502, "its answer has more than 1048576 bytes"),
        (Wrong::LeadsElsewhere, 502, "at an address that others can read"),
        (Wrong::KeysInTheOpen, 502, "http://elsewhere.example is not encrypted"),
        (Wrong::Failing, 503, "it answers with status 500"),
        (Wrong::Slow, 503, "no answer within 8 s"),
    ] {
        let provider = Provider::start();
        provider.says(wrong, json!({}));
        let program = Program::start(&provider.base);
        let page = program.browser().get("/sign-in/openid?to=/record").gives(status).body;
        let told = if status == 503 { "127.0.0.1 does not answer" } else { "what 127.0.0.1 says of you does not hold" };
        assert!(page.contains(told) && page.contains("name=\"token\""), "{wrong:?}: {page}");
        assert!(program.log().contains(logged), "{wrong:?}: {}", program.log());
        program.browser().get("/state?as-of=2024-06-01").gives(200);
    }
}

#[test]
fn keys_that_change_are_asked_for_anew() {
    let provider = Provider::start();
    let program = Program::start(&provider.base);
    provider.says(Wrong::Nothing, json!({ "groups": ["Audit"] }));
    program.browser().signs_in("/record").gives(200);
    provider.play.lock().unwrap().rotated = true;
    let mut browser = program.browser();
    browser.signs_in("/record").gives(200);
    browser.get("/api/v1/entries").gives(200);
}

/// The server starts and answers though the provider is down, and people sign in once it is there.
#[test]
fn a_provider_that_is_down_keeps_nobody_else_waiting() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    let program = Program::start(&format!("http://{address}"));
    let mut browser = program.browser();
    browser.get("/state?as-of=2024-06-01").gives(200);
    browser.get("/sign-in").gives(200);
    let page = browser.get("/sign-in/openid").gives(503).body;
    assert!(page.contains("127.0.0.1 does not answer: try again in a minute, or sign in with a token"), "{page}");
    let made = program.place.run(&["token", "new", "--role", "recorder", "--label", "a desk"]).ok();
    let form = format!("token={}&to=/record", made.out.trim());
    browser.posts("/sign-in", &format!("https://{HOST}"), &form).gives(303);
    browser.get("/record").gives(200);
    let provider = Provider::at(TcpListener::bind(address).unwrap());
    provider.says(Wrong::Nothing, json!({ "groups": ["Audit"] }));
    let is_up = |_| {
        std::thread::sleep(Duration::from_millis(200));
        program.browser().get("/sign-in/openid").status == 303
    };
    assert!((0..300).any(is_up));
    program.browser().signs_in("/record").gives(200);
}

#[test]
fn what_is_missing_or_wrong_is_told_at_the_start() {
    let place = Place::kent();
    with_secret(&place, 0o600);
    let all = settings("https://login.example.gov.uk");
    let without = |name: &str| all.lines().filter(|line| !line.starts_with(name)).collect::<Vec<_>>().join("\n");
    let starts = |text: &str, words: &[&str]| {
        place.file("m.toml", text);
        place.run(&["--config", "m.toml", "serve", "--listen", "127.0.0.1:0"]).ends(2).says(words);
    };
    for name in ["address", "openid-issuer", "openid-client", "openid-secret-file", "openid-roles ="] {
        starts(&without(name), &["nothing says", name.trim_end_matches(" =")]);
    }
    starts(
        "openid-roles-claim = \"groups\"",
        &["openid-issuer, openid-client, openid-secret-file, openid-roles, address"],
    );
    for (from, to, words) in [
        ("https://login", "http://login", ["m.toml: openid-issuer", "others could read what goes there"]),
        ("https://login.example.gov.uk", "login", ["m.toml: openid-issuer", "it is no address"]),
        ("https://minutes", "http://minutes", ["m.toml: address", "others could read what goes there"]),
        ("minutes.example.gov.uk", "minutes.example.gov.uk/x", ["m.toml: address", "leave the path \"/x\" out"]),
        ("Officers=officer", "Officers", ["m.toml: openid-roles", "it is VALUE=ROLE"]),
        ("Officers=officer", "Officers=clerk", ["m.toml: openid-roles", "\"clerk\" is no role"]),
        ("openid.secret", "nowhere", ["cannot read", "nowhere"]),
    ] {
        starts(&all.replace(from, to), &words);
    }
    with_secret(&place, 0o640);
    starts(&all, &["others than its owner may read openid.secret", "chmod 600"]);
    with_secret(&place, 0o600);
    place.file("openid.secret", " \n");
    starts(&all, &["openid.secret holds no secret"]);
    // What is set is shown, and of the secret its place alone.
    with_secret(&place, 0o600);
    place.file("m.toml", &all);
    let shown = place.run(&["--config", "m.toml", "config", "show"]).ok();
    let shown = shown.prints(&["openid.secret", "Contract Office=recorder", "groups", "https://login.example.gov.uk"]);
    assert!(!shown.out.contains(SECRET));
    // With a provider, others may reach it: what is said is that this machine has no such address.
    place
        .run(&["--config", "m.toml", "serve", "--listen", "192.0.2.1:1"])
        .ends(2)
        .says(&["cannot listen at 192.0.2.1:1"]);
}

/// Where no provider is set, nothing is at its addresses, and no page leads there.
#[test]
fn without_a_provider_nothing_is_there() {
    let server = crate::served::Server::start(false);
    for path in ["/sign-in/openid", "/sign-in/openid/back?code=x&state=y"] {
        server.get(path).gives(404);
    }
    assert!(!server.get("/sign-in").gives(200).body.contains("organisation"));
}
