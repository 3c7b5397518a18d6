//! The tables: made once whoever makes them and how often, and refusing to everybody what would change the record.

use super::server::{Server, Setup};
use crate::run::{Place, ran};
use minutebook::store::{Grants, Migrated, OpenError, PostgresStore, migrate};
use std::thread;

#[test]
fn tables_are_made_once_however_many_make_them() {
    let Some(server) = Server::bare(&Setup::default()) else { return };
    let unmade = PostgresStore::open(server.address("owner", "kent", "")).map(drop).unwrap_err();
    assert!(matches!(unmade, OpenError::Unmigrated { found: None, .. }), "{unmade}");
    assert!(
        unmade.to_string().ends_with("has no tables of Minutebook: run `minutebook store migrate` as their owner"),
        "{unmade}"
    );
    let grants = Grants { append: vec!["minutes".to_owned()], ..Grants::default() };
    let made: Vec<Migrated> = thread::scope(|scope| {
        let each = || migrate(server.address("owner", "kent", ""), &grants);
        let all: Vec<_> = (0..6).map(|_| scope.spawn(each)).collect();
        all.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| **made == Migrated::Made).count(), 1, "{made:?}");
    assert_eq!(migrate(server.address("owner", "kent", ""), &Grants::default()).unwrap(), Migrated::Already);
    assert_eq!(server.sql("select version from minutebook.schema_version"), "1");

    let nobody = PostgresStore::open(server.address("minutes", "kent", "")).map(drop).unwrap_err();
    assert!(matches!(nobody, OpenError::NotThere { .. }), "a name that was mistyped is no ledger: {nobody}");
    drop(PostgresStore::create(server.address("minutes", "kent", "")).unwrap());
    let again = PostgresStore::create(server.address("minutes", "kent", "")).map(drop).unwrap_err();
    assert!(matches!(again, OpenError::AlreadyThere { .. }), "{again}");
    let barred = PostgresStore::open(server.address("reader", "kent", "")).map(drop).unwrap_err().to_string();
    assert!(barred.contains("permission denied") && barred.contains("store migrate --grant ROLE"), "{barred}");

    server.sql("update minutebook.schema_version set version = 2");
    let newer = "has format 2, and this program reads 1: use a newer minutebook";
    let refused = PostgresStore::open(server.address("minutes", "kent", "")).map(drop).unwrap_err().to_string();
    assert!(refused.contains(newer), "{refused}");
    let refused = migrate(server.address("owner", "kent", ""), &Grants::default()).unwrap_err().to_string();
    assert!(refused.contains(newer), "{refused}");
}

#[test]
fn what_is_recorded_is_changed_by_nobody_who_follows_the_rules() {
    let Some(server) = Server::new(&Setup::default()) else { return };
    drop(PostgresStore::create(server.address("minutes", "kent", "")).unwrap());
    let insert = |position: u64| {
        format!("insert into minutebook.entry values ('kent', {position}, gen_random_uuid(), sha256('x'), 'x')")
    };
    let minutes = |sql: &str| server.try_sql("minutes", "council", sql);
    minutes(&insert(0)).unwrap();
    minutes(&format!("{}; {}", insert(1), insert(2))).unwrap();
    // A position that is taken, and one past the end: the table itself says no, whoever asks.
    assert!(minutes(&insert(1)).unwrap_err().contains("23505"));
    for role in ["minutes", "owner", "super"] {
        let refused = server.try_sql(role, "council", &insert(4)).unwrap_err();
        assert!(refused.contains("MB001") && refused.contains("nothing is stored before position 4"), "{refused}");
    }
    let part = server.sql("select tableoid::regclass from minutebook.entry limit 1");
    let changes = [
        "update minutebook.entry set bytes = 'y' where position = 1".to_owned(),
        "delete from minutebook.entry where position = 2".to_owned(),
        "truncate minutebook.entry".to_owned(),
        format!("update {part} set bytes = 'y'"),
        format!("delete from {part}"),
        format!("truncate {part}"),
        "delete from minutebook.ledger".to_owned(),
        "truncate minutebook.led".to_owned(),
    ];
    for change in &changes {
        let denied = minutes(change).unwrap_err();
        assert!(denied.contains("42501"), "by grants: {denied}");
        for role in ["owner", "super"] {
            let refused = server.try_sql(role, "council", change).unwrap_err();
            assert!(refused.contains("MB002") && refused.contains("is never changed"), "by a trigger: {refused}");
        }
    }
    assert_eq!(
        server.sql("select count(*), string_agg(distinct encode(bytes, 'hex'), ',') from minutebook.entry"),
        "3|78"
    );
}

#[test]
fn who_lets_in_a_role_that_is_not_there_makes_nothing() {
    let Some(server) = Server::bare(&Setup::default()) else { return };
    let place = Place::empty();
    let url = server.url("owner", "any", "");
    let migrate = |role: &str| ran(place.command().args(["--store", &url, "store", "migrate", "--grant", role]));
    migrate("nosuch").ends(2).says(&["there is no role nosuch at the server of postgres://", "nothing was made"]);
    assert_eq!(server.sql("select count(*) from pg_namespace where nspname = 'minutebook'"), "0");
    migrate("minutes").ok().prints(&["Made the tables", "minutes may read and append"]);
}
