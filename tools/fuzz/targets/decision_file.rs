//! Decision files: what a recorder hands in is read, decided and folded, or refused at a place in the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutebook::ledger::rehearse;
use minutebook::sealed::Contents;
use std::path::Path;
use minutebook_events::decision_file::{DecisionFile, render};
use minutebook_projections::Projections;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    match DecisionFile::from_bytes(bytes) {
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                let shown = render("fuzzed.toml", &text, error.span.clone(), &error.reason, error.remedy.as_deref());
                assert!(shown.starts_with("fuzzed.toml"));
            }
        }
        Ok(file) => {
            let (mut projections, contents) = (Projections::default(), Contents::beside(Path::new("no such ledger")));
            if rehearse(&mut projections, &contents, file.draft).is_ok() {
                projections.settle();
                assert_eq!(projections.head().0, 1);
            }
        }
    }
});
