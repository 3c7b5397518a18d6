//! Who gets in: by a password from each place where one may be, over TLS where that is asked; and nothing that shows one.

use super::server::{Server, Setup};
use crate::run::{Place, Ran, ran};
use minutebook::store::PostgresStore;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const SECRET: &str = "a:secret'of ours";

/// A server that asks the roles for a password.
fn asks() -> Option<Server> {
    let server = Server::new(&Setup { hba: "host all minutes,owner 127.0.0.1/32 scram-sha-256", ..Setup::default() })?;
    server.sql("set password_encryption = 'scram-sha-256'; alter role minutes password 'a:secret''of ours'");
    Some(server)
}

/// Runs a question with more in the environment; whatever it prints, no password is in it.
fn with(place: &Place, url: &str, args: &[&str], env: &[(&str, &str)]) -> Ran {
    let mut command = place.command();
    for name in ["PGPASSWORD", "PGPASSFILE", "MINUTEBOOK_STORE_PASSWORD"] {
        command.env_remove(name);
    }
    command.env("HOME", place.path()).env("MINUTEBOOK_LOG", "debug").envs(env.iter().copied());
    let ran = ran(command.args(["--store", url]).args(args));
    let shown = format!("{ran:?}");
    assert!(!shown.contains("secret'of") && !shown.contains("hunter2"), "a password is shown: {shown}");
    ran
}

#[test]
fn a_password_is_read_from_each_place_and_shown_in_none() {
    let Some(server) = asks() else { return };
    let place = Place::empty();
    let url = server.url("minutes", "kent", "");
    let none = with(&place, &url, &["demo"], &[]).ends(2);
    assert!(none.err.contains("password") && none.err.contains("MINUTEBOOK_STORE_PASSWORD, PGPASSWORD"), "{none:?}");
    let wrong = with(&place, &url, &["demo"], &[("PGPASSWORD", "hunter2")]).ends(2);
    assert!(wrong.err.contains("password authentication failed for user \"minutes\""), "{wrong:?}");

    with(&place, &url, &["demo"], &[("PGPASSWORD", SECRET)]).ok();
    with(&place, &url, &["state"], &[("MINUTEBOOK_STORE_PASSWORD", SECRET), ("PGPASSWORD", "hunter2")]).ok();
    let private = |name: &str, text: &str| {
        place.file(name, text);
        fs::set_permissions(place.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    private("secret", &format!("{SECRET}\n"));
    let by_file = server.url("minutes", "kent", &format!("&password_file={}/secret", place.path().display()));
    with(&place, &by_file, &["state"], &[("PGPASSWORD", "hunter2")]).ok();
    private(".pgpass", &format!("127.0.0.1:*:council:minutes:{}\n", SECRET.replace(':', "\\:")));
    with(&place, &url, &["state"], &[]).ok();
    fs::set_permissions(place.path().join(".pgpass"), fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = with(&place, &url, &["state"], &[]).ends(2);
    assert!(exposed.err.contains("can be read by others than its owner: `chmod 600 "), "{exposed:?}");

    let shown = with(&place, &url, &["config", "show"], &[("PGPASSWORD", SECRET)]).ok();
    assert!(shown.out.contains(&url) && shown.out.contains("said by the command line"), "{shown:?}");
    let inside = url.replace("minutes@", "minutes:hunter2@");
    for args in [&["state"][..], &["config", "show"], &["store", "migrate"]] {
        let refused = with(&place, &inside, args, &[]).ends(2);
        assert!(refused.err.contains("holds a password") && refused.err.contains("password_file=FILE"), "{refused:?}");
        let by_env = ran(place.command().env("MINUTEBOOK_STORE", &inside).args(args)).ends(2);
        assert!(by_env.err.contains("holds a password") && !by_env.err.contains("hunter2"), "{by_env:?}");
    }
    let help = ran(place.command().env("MINUTEBOOK_STORE", &inside).arg("--help")).ok();
    assert!(help.out.contains("MINUTEBOOK_STORE") && !help.out.contains("hunter2"), "{help:?}");
    let copied = with(&place, &url, &["store", "copy", "--from", &inside, "--to", "copied"], &[]).ends(2);
    assert!(copied.err.contains("holds a password"), "{copied:?}");
    assert!(!server.log().contains("secret'of"), "nor in the server's log");
}

#[test]
fn a_connection_over_tls_is_held_to_what_was_asked() {
    let hba = "hostssl all minutes 127.0.0.1/32 trust";
    let Some(server) = Server::new(&Setup { hba, tls: Some("IP:127.0.0.1"), ..Setup::default() }) else { return };
    let open = |more: &str| {
        let opened = PostgresStore::open(server.address("minutes", "kent", more));
        opened.map(drop).map_err(|error| error.to_string())
    };
    let ca = server.folder().join("ca.pem");
    let verified = format!("&sslmode=verify-full&sslrootcert={}", ca.display());
    drop(PostgresStore::create(server.address("minutes", "kent", &verified)).unwrap());
    open(&verified).unwrap();
    open("&sslmode=require").unwrap();
    let store = PostgresStore::open(server.address("minutes", "kent", &verified)).unwrap();
    let encrypted = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'minutes'";
    assert_eq!(server.sql(encrypted), "t");
    drop(store);
    let plain = open("&sslmode=disable").unwrap_err();
    assert!(plain.contains("no pg_hba.conf entry") && plain.contains("no encryption"), "{plain}");
    // No authority that browsers trust signed it.
    let stranger = open("&sslmode=verify-full").unwrap_err();
    assert!(stranger.contains("certificate"), "{stranger}");
    let named = server.url("minutes", "kent", &verified).replace("127.0.0.1", "localhost");
    let other = PostgresStore::open(named.parse().unwrap()).map(drop).unwrap_err().to_string();
    assert!(other.contains("certificate"), "the certificate is for another name: {other}");
}

#[test]
fn a_server_without_tls_is_not_asked_in_the_open() {
    let Some(server) = Server::shared() else { return };
    let address = server.address("minutes", "kent", "&sslmode=require");
    let refused = PostgresStore::open(address).map(drop).unwrap_err().to_string();
    assert!(refused.contains("TLS") || refused.contains("tls"), "{refused}");
}
