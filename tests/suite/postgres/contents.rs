//! Exempt content on several nodes, over TLS: sealed beside one of them, recorded there, and told by all as by a ledger in a folder;
//! read where it lies, refused where it does not, and erased wherever it is.

use super::nodes::{made, soon};
use super::server::{Server, Setup};
use crate::given::{copy, erasing, lwk, sealing};
use crate::run::{Place, ran};
use crate::sealed::SECRET;
use crate::served::Server as Http;
use minutebook::report::in_hand::InHand;
use serde_json::Value;

fn draft(file: &str) -> Value {
    serde_json::to_value(InHand::parse("one".to_owned(), file.as_bytes()).unwrap().parsed.draft).unwrap()
}

#[test]
fn what_is_sealed_on_one_node_is_told_by_all_and_read_where_it_lies() {
    let hba = "hostssl all minutes 127.0.0.1/32 trust";
    let Some(server) = Server::new(&Setup { hba, tls: Some("IP:127.0.0.1"), ..Setup::default() }) else { return };
    let verified = format!("&sslmode=verify-full&sslrootcert={}", server.folder().join("ca.pem").display());
    let address = server.address("minutes", "kent", &verified);
    made(&address);
    let (here, there) = (Http::node(Place::empty(), address.clone()), Http::node(Place::empty(), address.clone()));
    let store = server.url("minutes", "kent", &verified);
    let beside = |node: &Http, args: &[&str]| ran(node.place().command().args(["--store", &store]).args(args));
    here.append("", &draft(&lwk())).gives(201);

    // Sealed beside one node, while it runs.
    here.place().file("appendix", SECRET);
    let public = here.place().run(&["content", "key", "--out", "officer.key"]).ok().out;
    let seal = ["content", "seal", "appendix", "--to", public.trim()];
    let commitment = beside(&here, &seal).ok().out;
    let sealed = draft(&sealing("seal", "bids", commitment.trim()));
    let refused = there.append("", &sealed).problem(422, "unready");
    assert!(refused["detail"].as_str().unwrap().contains("sealed"), "it does not lie there: {refused}");
    here.append("", &sealed).gives(201);

    // Told by both, as a ledger in a folder tells it.
    let question = "/api/v1/register?contract=lwk&as-of=2022-01-01&known-at=1";
    let asked = there.request("GET", question).header("Minutebook-At-Least", "1");
    let told = there.send(asked, b"").gives(200).body;
    assert_eq!(here.get(question).gives(200).body, told);
    let alone = here.place();
    alone.run(&["store", "copy", "--from", &store, "--to", "alone"]).ok();
    copy(&alone.ledger().join("sealed"), &alone.path().join("alone/sealed"));
    let args = ["--ledger", "alone", "register", "lwk", "--as-of", "2022-01-01", "--known-at", "1", "--json"];
    assert_eq!(alone.run(&args).ok().out, told);
    assert!(told.contains("bidders would not bid again"), "it is withheld, with its ground: {told}");
    let encrypted = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'minutes'";
    assert_eq!(server.sql(encrypted), "t");

    // Read where it lies.
    let read = ["content", "read", "lwk", "bids", "--key", "officer.key"];
    assert_eq!(beside(&here, &read).ok().out.as_bytes(), SECRET);
    assert_eq!(alone.run(&[&["--ledger", "alone"], &read[..]].concat()).ok().out.as_bytes(), SECRET);
    std::fs::copy(here.place().path().join("officer.key"), there.place().path().join("officer.key")).unwrap();
    beside(&there, &read).ends(2).says(&["sealed"]);

    // Carried to the other node, it is read there; and erased on one, it is gone on both.
    copy(&here.place().ledger().join("sealed"), &there.place().ledger().join("sealed"));
    assert_eq!(beside(&there, &read).ok().out.as_bytes(), SECRET);
    here.append("", &draft(&erasing("erase", "bids"))).problem(422, "erases");
    here.place().file("erasing.toml", erasing("erase", "bids"));
    beside(&here, &["content", "erase", "erasing.toml"]).ok();
    let is_gone = |node: &Http| std::fs::read_dir(node.place().ledger().join("sealed")).unwrap().next().is_none();
    soon("to be gone", || is_gone(&here) && is_gone(&there));
    beside(&there, &read).ends(1);
}
