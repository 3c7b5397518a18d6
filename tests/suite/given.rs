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

/// A decision file of one act with these events.
pub fn act(reference: &str, decided: &str, events: &str) -> String {
    let id = minutebook_events::EntryId::from_text(reference);
    format!(
        "id = \"{id}\"\n[act]\nreference = \"{reference}\"\ntitle = \"An act\"\nkind = \"decision\"\ndecided = {decided}\n\
         [[document]]\ncode = \"{reference}\"\ntitle = \"Report\"\n{events}"
    )
}

/// One decided event of that contract, with what its kind needs.
fn about_lwk(kind: &str, reference: &str, effective: &str, more: &str) -> String {
    format!(
        "[[event]]\nkind = \"{kind}\"\neffective = {effective}\nstanding = \"decided\"\nsources = [\"{reference} 1\"]\n\
         contract = \"lwk\"\n{more}\n"
    )
}

/// Defines the contract that contents here are of.
pub fn lwk() -> String {
    act("D", "2016-01-01", &about_lwk("contract-defined", "D", "2016-04-01", "title = \"Live Well Kent\""))
}

/// Seals a content of it under a line `commitment = "…"`.
pub fn sealing(reference: &str, content: &str, commitment: &str) -> String {
    let more = format!(
        "content = \"{content}\"\ntitle = \"Exempt appendix\"\n{commitment}\n\
         classification = {{ exempt = {{ paragraphs = [3], public_interest = \"bidders would not bid again\" }} }}"
    );
    act(reference, "2021-12-20", &about_lwk("content-sealed", reference, "2021-12-20", &more))
}

/// Publishes a content of it with a line `salt = "…"`.
pub fn publishing(reference: &str, content: &str, salt: &str) -> String {
    let more = format!("content = \"{content}\"\n{salt}");
    act(reference, "2022-06-01", &about_lwk("content-published", reference, "2022-06-01", &more))
}

/// Erases a content of it.
pub fn erasing(reference: &str, content: &str) -> String {
    let more = format!("content = \"{content}\"\nreason = \"kept no longer than needed\"");
    act(reference, "2023-01-01", &about_lwk("content-erased", reference, "2023-01-01", &more))
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
