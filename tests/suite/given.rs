//! What tests are given to work on: decision files, and copies of folders. Shared with `tools/faults.rs`.

use std::fs;
use std::path::Path;

/// A decision file that holds together by itself: it defines one party.
pub fn defines(party: &str) -> String {
    let id = minutebook_events::EntryId::from_text(party);
    format!(
        "id = \"{id}\"\n\n[act]\nreference = \"{party}\"\ntitle = \"A party\"\nkind = \"decision\"\n\
         decided = 2021-12-20\n\n[[document]]\ncode = \"C\"\ntitle = \"Report\"\n\n[[event]]\nkind = \"party-defined\"\n\
         effective = 2022-04-01\nstanding = \"decided\"\nsources = [\"C 4.1\"]\nparty = \"{party}\"\nname = \"{party}\"\n"
    )
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(item.file_name());
        if item.file_type().unwrap().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).unwrap();
        }
    }
}
