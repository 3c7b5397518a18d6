//! Backups, archives, and ledgers made from them: what comes back is what was there, whatever is wrong with a copy is told
//! before anything is in its place, and nothing is ever overwritten.

mod damage;
mod meanwhile;
mod places;
mod trips;

use crate::run::{Place, Ran, defines};
use minutebook::copies::{self, Copied};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A place with Kent's record and more: two checkpoints, an entry that neither covers, and files beside the entries.
fn council() -> (Place, String) {
    let place = Place::kent();
    let public = place.run(&["key", "new", "kent.example/minutebook", "--out", "kent.key"]).ok().out.trim().to_owned();
    for party in ["a-party", "b-party"] {
        place.run(&["checkpoint", "--key", "kent.key"]).ok();
        place.file("new.toml", defines(party)).run(&["record", "new.toml"]).ok();
    }
    for (name, bytes) in [("sealed/5e", &b"\0\r\n\xff"[..]), ("sealed/a1", b""), ("sealed/07", b"The price was met.\n")]
    {
        let path = place.ledger().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::set_permissions(place.ledger().join("sealed"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(place.ledger().join("sealed/5e"), fs::Permissions::from_mode(0o400)).unwrap();
    (place, public)
}

/// A place with an archive of Kent's record, which one checkpoint covers, beside its ledger.
fn archived() -> (Place, String) {
    let place = Place::kent();
    let public = place.run(&["key", "new", "kent.example/minutebook", "--out", "kent.key"]).ok().out.trim().to_owned();
    place.file("kept.note", place.run(&["checkpoint", "--key", "kent.key"]).ok().out);
    place.run(&["archive", "--out", "archive"]).ok();
    (place, public)
}

/// Every file in a folder, by its path in it.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(folder: &Path, name: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for item in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = format!("{name}/{}", item.file_name().into_string().unwrap());
            let kind = item.file_type().unwrap();
            if kind.is_dir() {
                walk(&item.path(), &name, found);
            } else if kind.is_file() {
                found.insert(name, fs::read(item.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, "", &mut found);
    found
}

/// The files beside the entries.
fn beside(ledger: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(ledger);
    files.retain(|name, _| copies::FOLDERS.iter().any(|folder| name.starts_with(&format!("/{folder}/"))));
    files
}

/// What a ledger says of itself: all roots, what verification counts, and the state on a day.
fn answers(place: &Place, ledger: &str) -> Vec<serde_json::Value> {
    let asked = [&["rebuild", "--json"][..], &["verify", "--json"], &["state", "--as-of", "2022-06-01", "--json"]];
    asked.iter().map(|args| place.run(&[&["--ledger", ledger], *args].concat()).ok().json()).collect()
}

fn restore(place: &Place, from: &str, to: &str) -> Ran {
    place.run(&["restore", "--from", from, "--ledger", to])
}

/// Restores in this process.
fn restored(from: &Path, to: &Path) -> Copied {
    copies::restore(from, to, Default::default(), &mut |_, _, _| {}).unwrap().1
}

/// Writes the hashes of an archive anew, as whoever changes it on purpose would.
fn sum_again(archive: &Path) {
    let mut files = tree(archive);
    files.remove("/SHA256SUMS");
    let line = |(name, bytes): (&String, &Vec<u8>)| {
        format!("{}  {}\n", minutebook_events::Hash::of([bytes.as_slice()]), &name[1..])
    };
    fs::write(archive.join("SHA256SUMS"), files.iter().map(line).collect::<String>()).unwrap();
}

/// No draft was left beside anything here.
fn assert_no_draft(place: &Path) {
    let names = fs::read_dir(place).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap());
    let drafts: Vec<_> = names.filter(|name| name.ends_with(".draft")).collect();
    assert!(drafts.is_empty(), "{drafts:?}");
}
