//! Stored bytes: what decodes is folded and asked about, as the log of a stranger would be, and encodes to what decodes again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutebook::ledger::View;
use minutebook::question::{Question, Topic};
use minutebook_events::{Day, Hash, codec};
use minutebook_projections::Projections;

fuzz_target!(|bytes: &[u8]| {
    // Entries one after the other, a line each: a later one may strike or repeat an earlier one.
    let mut projections = Projections::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(entry) = codec::decode(line) else { continue };
        let again = codec::encode(&entry);
        assert_eq!(codec::decode(&again).as_ref(), Ok(&entry));
        projections.apply(entry, Hash::leaf(line));
    }
    projections.settle();
    let as_of = Day::from_ymd_opt(2022, 6, 1).expect("a day");
    for topic in [Topic::State, Topic::Value, Topic::Decisions, Topic::Network] {
        let question = Question { topic, contract: None, as_of, known_at: None, decided_by: Some(as_of) };
        View::of(&projections).ask(&question).expect("a question of all contracts has an answer");
    }
});
