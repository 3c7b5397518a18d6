//! Who may do what with a ledger that is served: every route by every role, tokens that do not count, sessions and forms, and
//! recording in a browser.

use crate::places::also_on_a_server;
use crate::run::Place;
use crate::sealed::{councils, seal};
use crate::served::{Answered, Server};
use minutebook::kent::decision_files;
use minutebook::ledger::Ledger;
use minutebook::node::Settings as Following;
use minutebook::sealed::ReadKey;
use minutebook::web::Settings;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Makes a token with these roles, and gives its text.
fn token(place: &Place, roles: &[&str]) -> String {
    is_a_node(place);
    let roles = roles.iter().flat_map(|role| ["--role", role]);
    let made = place.run(&[&["token", "new", "--label", "a desk"], &roles.collect::<Vec<_>>()[..]].concat()).ok();
    made.says(&["shown once", "minutebook token revoke"]).out.trim().to_owned()
}

/// Has the folder of a node made, where a server keeps the entries: who may do what there lies in it.
fn is_a_node(place: &Place) {
    if let Some(server) = place.at().server {
        drop(Ledger::follow(&place.ledger(), server, Following::default(), |_, _| {}).unwrap());
    }
}

fn id_of(token: &str) -> &str {
    token.split('_').nth(1).unwrap()
}

/// A server of Kent's record, with what lies sealed in it, and the tokens of officer, recorder and auditor.
fn served() -> (Server, [String; 3]) {
    let place = Place::kent();
    councils(&place);
    seal(&place, "appendix", "bids");
    let tokens = ["officer", "recorder", "auditor"].map(|role| token(&place, &[role]));
    let read_key = Some(ReadKey::read(&place.path().join("officer.key")).unwrap());
    (Server::of(place, Settings { read_key, ..Settings::default() }), tokens)
}

fn with_token(server: &Server, method: &str, path: &str, token: Option<&str>) -> Answered {
    let mut request = server.request(method, path).header("Content-Type", "application/json");
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    server.send(request, if method == "POST" { b"{}" } else { b"" })
}

#[test]
fn every_route_by_every_role() {
    let (server, tokens) = served();
    let asked = "?as-of=2024-06-01";
    let open = [
        "/state",
        "/register",
        "/value",
        "/lots",
        "/network",
        "/totals",
        "/decisions",
        "/diff",
        "/findings",
        "/audit",
        "/contracts/live-well-kent-2016",
        "/entries/3",
        "/sign-in",
        "/static/style.css",
        "/health",
        "/ready",
        "/metrics",
        "/api/v1/state",
        "/api/v1/register",
        "/api/v1/value",
        "/api/v1/lots",
        "/api/v1/network",
        "/api/v1/totals",
        "/api/v1/decisions",
        "/api/v1/findings",
        "/api/v1/head",
    ];
    let roles = [None, Some(&tokens[0]), Some(&tokens[1]), Some(&tokens[2])].map(|token| token.map(String::as_str));
    for path in open {
        let path =
            if path.contains("head") || !path.contains("api") { path.to_owned() } else { format!("{path}{asked}") };
        for role in roles {
            with_token(&server, "GET", &path, role).gives(200);
        }
    }
    // Of each: what the public gets, then officer, recorder and auditor.
    let guarded: [(&str, &str, [u16; 4]); 10] = [
        ("GET", "/api/v1/entries", [401, 403, 403, 200]),
        ("GET", "/api/v1/entries/3", [401, 403, 403, 200]),
        ("GET", "/api/v1/entries/3/explained", [401, 403, 403, 200]),
        ("GET", "/api/v1/entries/new?from=x", [401, 403, 403, 400]),
        // Not a draft: whoever may record hears that.
        ("POST", "/api/v1/entries", [401, 403, 400, 403]),
        ("GET", "/record", [303, 403, 200, 403]),
        ("POST", "/record/check", [401, 403, 400, 403]),
        ("GET", "/contracts/lwk/contents/bids", [303, 200, 403, 200]),
        // No provider is set: nothing is there.
        ("GET", "/sign-in/openid", [404; 4]),
        ("GET", "/sign-in/openid/back", [404; 4]),
    ];
    for (method, path, expected) in guarded {
        let got = roles.map(|role| with_token(&server, method, path, role).status);
        assert_eq!(got, expected, "{method} {path}");
    }
    // What the public reads has nothing of the content, and where it is led is said.
    for path in ["/contracts/lwk", "/register?contract=lwk", "/api/v1/register?contract=lwk"] {
        let page = server.get(path).gives(200).body;
        assert!(page.contains("bids") && !page.contains("4,711"), "{path}");
    }
    let led = server.get("/contracts/lwk/contents/bids");
    assert_eq!(led.header("location"), "/sign-in?to=%2Fcontracts%2Flwk%2Fcontents%2Fbids");
    let read = with_token(&server, "GET", "/contracts/lwk/contents/bids", roles[1]);
    assert_eq!(read.body, fs::read_to_string(server.place().path().join("appendix")).unwrap());
    assert_eq!((read.header("cache-control"), read.header("content-type")), ("no-store", "application/octet-stream"));
    let public = server.get("/api/v1/entries").problem(401, "no-token");
    assert!(public["detail"].as_str().unwrap().contains("auditor"));
    assert_eq!(server.get("/api/v1/entries").header("www-authenticate"), "Bearer");
    let none = with_token(&server, "GET", "/contracts/lwk/contents/bid", roles[1]).gives(404).body;
    assert!(none.contains("nothing is at"), "{none}");
}

#[test]
fn a_token_that_does_not_count_is_refused() {
    let (server, [officer, _, auditor]) = served();
    let place = server.place();
    let get = |token: &str| with_token(&server, "GET", "/api/v1/entries/3", Some(token));
    get(&auditor).gives(200);
    let mut altered = auditor.clone().into_bytes();
    *altered.last_mut().unwrap() ^= 1;
    let altered = String::from_utf8(altered).unwrap();
    let swapped = format!("minutebook_{}_{}", id_of(&auditor), officer.rsplit('_').next().unwrap());
    for wrong in ["", "x", "minutebook_", "minutebook_0_1", &altered, &swapped, &auditor[..auditor.len() - 1]] {
        get(wrong).problem(401, "no-such-token");
    }
    let basic = server.request("GET", "/api/v1/entries/3").header("Authorization", "Basic YTpi");
    server.send(basic, b"").problem(401, "no-such-token");
    // Even where the public may ask, a wrong token is told.
    with_token(&server, "GET", "/api/v1/state", Some("x")).problem(401, "no-such-token");
    // A server hears of it at once.
    let until = place.run(&["token", "new", "--role", "auditor", "--label", "this year", "--until", "2999-12-31"]).ok();
    get(until.out.trim()).gives(200);
    let file = place.ledger().join("access/tokens.json");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("2999-12-31", "2025-12-31")).unwrap();
    get(until.out.trim()).problem(401, "no-such-token");
    place.run(&["token", "revoke", id_of(&auditor)]).ok().prints(&["revoked"]);
    get(&auditor).problem(401, "no-such-token");
    place.run(&["token", "list"]).ok().prints(&["officer", "auditor", "revoked", "counted until 31 December 2025"]);
    place.run(&["token", "revoke", "0000"]).ends(2).says(&["there is no token 0000", "token list"]);
    for (label, until, words) in [
        ("x", "2020-01-01", "1 January 2020 is over"),
        (" ", "2999-01-01", "a label is"),
        ("a\nb", "2999-01-01", "a label is"),
    ] {
        place.run(&["token", "new", "--role", "auditor", "--label", label, "--until", until]).ends(2).says(&[words]);
    }
    place.run(&["token", "new", "--role", "clerk", "--label", "x"]).ends(2).says(&["officer, recorder or auditor"]);
    // What is kept is no token, and only its owner reads it; a copy does not take it along.
    let kept = place.ledger().join("access/tokens.json");
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("$argon2id$") && !text.contains(officer.rsplit('_').next().unwrap()));
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    // Nobody is let in where it cannot be read.
    fs::write(&kept, "{").unwrap();
    get(&officer).gives(401);
    server.get("/state").gives(503);
    fs::write(&kept, &text).unwrap();
    get(&officer).gives(403);
    let place = server.stop();
    let verified = place.run(&["verify"]).ok();
    assert!(!verified.out.contains("Note"), "{verified:#?}");
    place.run(&["backup", "--out", "copy"]).ok();
    assert!(!place.path().join("copy/access").exists());
    fs::write(&kept, "{").unwrap();
    place.run(&["serve"]).ends(2).says(&["is not a list of tokens", "make new tokens"]);
    place.run(&["--ledger", "nowhere", "token", "list"]).ends(2).says(&["there is no ledger at nowhere"]);
}

/// Posts a form as a browser does from a page of this site.
pub fn post(server: &Server, path: &str, cookie: &str, origin: &str, fields: &[(&str, &str)]) -> Answered {
    let body: String = fields
        .iter()
        .map(|(name, value)| {
            format!(
                "--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n",
                value.replace('\n', "\r\n")
            )
        })
        .collect();
    let request = server.request("POST", path).header("Cookie", cookie).header("Origin", origin);
    let request = request.header("Content-Type", "multipart/form-data; boundary=edge");
    server.send(request, format!("{body}--edge--\r\n").as_bytes())
}

/// Signs in, and gives the cookie and what forms of the session hold.
fn signed_in(server: &Server, token: &str) -> (String, String) {
    let origin = format!("http://{}", server.address);
    let request = server.request("POST", "/sign-in").header("Origin", origin);
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    let answer = server.send(request, format!("token={token}&to=%2Frecord").as_bytes()).gives(303);
    assert_eq!(answer.header("location"), "/record");
    let cookie = answer.header("set-cookie");
    for needed in ["__Host-minutebook=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(needed), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = server.send(server.request("GET", "/record").header("Cookie", &cookie), b"").gives(200).body;
    let key = page.split("name=\"form-key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    (cookie, key)
}

#[test]
fn a_session_is_its_own_and_forms_come_from_its_pages() {
    let (server, [officer, recorder, _]) = served();
    let ours = format!("http://{}", server.address);
    let (cookie, key) = signed_in(&server, &recorder);
    let page = |path: &str, cookie: &str| server.send(server.request("GET", path).header("Cookie", cookie), b"");
    assert!(page("/state?as-of=2024-06-01", &cookie).gives(200).body.contains("a desk: recorder"));
    // A forged cookie is nobody's.
    let forged = format!("__Host-minutebook={}", "0".repeat(64));
    page("/record", &forged).gives(303);
    // A form from elsewhere, or without what the page was given, does nothing.
    let fields = [("form-key", key.as_str()), ("text", "")];
    post(&server, "/record/check", &cookie, &ours, &fields).gives(422);
    post(&server, "/record/check", &cookie, "http://elsewhere.example", &fields).gives(403);
    post(&server, "/record/check", &cookie, "null", &fields).gives(403);
    post(&server, "/record/check", &cookie, &ours, &[("text", "")]).gives(403);
    let (_, other) = signed_in(&server, &recorder);
    post(&server, "/record/check", &cookie, &ours, &[("form-key", &other), ("text", "")]).gives(403);
    let from_elsewhere = server.request("POST", "/sign-in").header("Origin", "http://elsewhere.example");
    let from_elsewhere = from_elsewhere.header("Content-Type", "application/x-www-form-urlencoded");
    server.send(from_elsewhere, format!("token={officer}").as_bytes()).gives(403);
    // Where somebody is led is of this site.
    for to in ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "/%09/elsewhere.example"] {
        let led = page(&format!("/sign-in?to={to}"), "").gives(200).body;
        assert!(led.contains("name=\"to\" value=\"/\""), "{to}");
    }
    // Who is revoked is nobody in particular from then on; who signs out, too.
    let request = server.request("POST", "/sign-out").header("Cookie", &cookie).header("Origin", &ours);
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    let out = server.send(request, format!("form-key={key}").as_bytes()).gives(303);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    page("/record", &cookie).gives(303);
    let (cookie, _) = signed_in(&server, &recorder);
    server.place().run(&["token", "revoke", id_of(&recorder)]).ok();
    page("/record", &cookie).gives(303);
}

#[test]
fn an_entry_is_drafted_checked_and_recorded_in_a_browser() {
    let (server, [_, recorder, auditor]) = served();
    let ours = format!("http://{}", server.address);
    let (cookie, key) = signed_in(&server, &recorder);
    let send = |path: &str, fields: &[(&str, &str)]| {
        post(&server, path, &cookie, &ours, &[&[("form-key", key.as_str())], fields].concat())
    };
    // What does not hold together is shown at its line, and nothing is recorded.
    let (_, kents) = decision_files()[0];
    let text = kents.replacen("id = \"", "id = \"0", 1);
    let wrong = send("/record/check", &[("text", &text)]).gives(422).body;
    assert!(wrong.contains("There is a problem") && wrong.contains("decision.toml:"), "{wrong}");
    let draft = crate::given::act(
        "Z2026",
        "2026-11-01",
        "[[event]]\nkind = \"ended\"\ncontract = \"live-well-medway\"\neffective = 2026-12-31\nstanding = \"planned\"\n\
         sources = [\"Z2026 1\"]\n",
    );
    let unknown = draft.replace("live-well-medway", "live-well-margate");
    let wrong = send("/record/check", &[("text", &unknown)]).gives(422).body;
    assert!(wrong.contains("live-well-margate") && wrong.contains("decision.toml:"), "{wrong}");
    // What it would change is shown, and the file that a browser uploads counts as what is written.
    let head = server.get("/api/v1/head").json()["size"].as_u64().unwrap();
    for field in ["text", "file"] {
        let shown = send("/record/check", &[(field, &draft)]).gives(200).body;
        assert!(shown.contains("What recording this would change"), "{shown}");
        assert!(shown.contains("live-well-medway") && shown.contains("planned"), "{shown}");
        assert!(shown.contains(&format!("Record it at position {head}")), "{shown}");
    }
    assert_eq!(send("/record/file", &[("text", &draft)]).gives(200).body, draft);
    assert_eq!(server.get("/api/v1/head").json()["size"], head);
    // Of another head than it was checked for, it is not recorded: it is checked again.
    let late = send("/record/entry", &[("text", &draft), ("expected-head", &(head - 1).to_string())]).gives(409).body;
    assert!(late.contains("nothing was recorded") && late.contains(&format!("Record it at position {head}")), "{late}");
    let done = send("/record/entry", &[("text", &draft), ("expected-head", &head.to_string())]).gives(303);
    assert!(done.header("location").starts_with(&format!("/entries/{head}")));
    let stored = with_token(&server, "GET", &format!("/api/v1/entries/{head}"), Some(&auditor)).gives(200).json();
    assert_eq!(stored["entry"]["act"]["reference"], "Z2026");
    // It is a plan, and stays one.
    let state = server.get("/api/v1/register?contract=live-well-medway&as-of=2027-01-31").gives(200).body;
    assert!(state.contains("\"in force\""), "{state}");
    let again = send("/record/check", &[("text", &draft)]).gives(422).body;
    assert!(again.contains("already recorded at position"), "{again}");
    // What erases is asked for elsewhere.
    let erasing = crate::given::erasing("E", "bids");
    assert!(send("/record/check", &[("text", &erasing)]).gives(422).body.contains("minutebook content erase"));
}

/// An address that gives many wrong tokens is not looked at for a while; nobody else is kept from theirs, though it is the one
/// that was guessed at, and was not given since the server began.
#[test]
fn wrong_tokens_keep_nobody_from_theirs() {
    let (server, [_, _, auditor]) = served();
    let from = |address: &str, token: &str| {
        let request = server.request("GET", "/api/v1/entries/3").header("X-Forwarded-For", address);
        server.send(request.header("Authorization", format!("Bearer {token}")), b"")
    };
    let guess = |n: usize| format!("minutebook_{}_{n:064}", id_of(&auditor));
    let told: Vec<Answered> = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..60).map(|n| scope.spawn(move || from("192.0.2.1", &guess(n)))).collect();
        guesses.into_iter().map(|guessed| guessed.join().unwrap()).collect()
    });
    assert!(told.iter().all(|told| [401, 429].contains(&told.status)), "{told:?}");
    let waits = told.into_iter().find(|told| told.status == 429).expect("so many at once are too many");
    assert_eq!(waits.header("retry-after"), "1");
    waits.problem(429, "too-often");
    from("192.0.2.2", &auditor).gives(200);
    // Once it is known, it counts from anywhere.
    from("192.0.2.1", &auditor).gives(200);
}

/// Who may write the list of tokens takes any role: that is said at the start, with what to do.
#[test]
fn a_list_of_tokens_that_others_may_change_is_told() {
    let place = Place::kent();
    token(&place, &["officer"]);
    let wrong = ["serve", "--may-record", "--open-to-network"];
    assert!(!place.run(&wrong).ends(2).err.contains("who may do what"));
    for (path, mode, usual) in [("access", 0o777, 0o700), ("access/tokens.json", 0o640, 0o600)] {
        let remedy = format!("chmod go= minutebook-ledger/{path}");
        let path = place.ledger().join(path);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        place.run(&wrong).ends(2).says(&["others than its owner may read or change who may do what", &remedy]);
        fs::set_permissions(&path, fs::Permissions::from_mode(usual)).unwrap();
    }
}

/// Where no token was ever made, who is on this machine may read all; whom a server before this one asks for is the public, even
/// where it does not say who that is.
#[test]
fn nobody_elsewhere_is_taken_for_this_machine() {
    let server = Server::start(true);
    let entries = || server.request("GET", "/api/v1/entries");
    server.send(entries(), b"").gives(200);
    for (name, value) in [
        ("X-Forwarded-For", "192.0.2.1"),
        ("Forwarded", "for=192.0.2.1"),
        ("X-Forwarded-Host", "minutes.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", "192.0.2.1"),
        ("Via", "1.1 proxy"),
    ] {
        server.send(entries().header(name, value), b"").problem(401, "no-token");
    }
    server.send(server.request("GET", "/record").header("X-Forwarded-For", "192.0.2.1"), b"").gives(303);
}

/// Tokens that vanish while a ledger is served, or a list with none left in it, let nobody in.
#[test]
fn tokens_that_vanish_let_nobody_in() {
    let (server, [_, _, auditor]) = served();
    let file = server.place().ledger().join("access/tokens.json");
    let kept = std::fs::read(&file).unwrap();
    let public = || with_token(&server, "GET", "/api/v1/entries", None).status;
    assert_eq!(public(), 401);
    std::fs::write(&file, "{\"tokens\":[]}").unwrap();
    assert_eq!(public(), 401);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(public(), 503);
    with_token(&server, "GET", "/api/v1/entries", Some(&auditor)).gives(401);
    std::fs::write(&file, kept).unwrap();
    assert_eq!(public(), 401);
    with_token(&server, "GET", "/api/v1/entries", Some(&auditor)).gives(200);
}

#[test]
fn who_asks_too_fast_is_told_to_wait() {
    let server = Server::of(Place::kent(), Settings { rate: 1, ..Settings::default() });
    let from =
        |address: &str| server.send(server.request("GET", "/api/v1/head").header("X-Forwarded-For", address), b"");
    let told: Vec<u16> = (0..20).map(|_| from("192.0.2.1").status).collect();
    assert!(told[..2] == [200, 200] && told[2..].contains(&429), "{told:?}");
    from("192.0.2.2").gives(200);
    // Whoever is on this machine is not limited.
    assert!((0..20).all(|_| server.get("/api/v1/head").status == 200));
}

also_on_a_server! {
    every_route_by_every_role,
    a_session_is_its_own_and_forms_come_from_its_pages,
    an_entry_is_drafted_checked_and_recorded_in_a_browser,
    wrong_tokens_keep_nobody_from_theirs,
    a_list_of_tokens_that_others_may_change_is_told,
    nobody_elsewhere_is_taken_for_this_machine,
    tokens_that_vanish_let_nobody_in,
    who_asks_too_fast_is_told_to_wait,
}
