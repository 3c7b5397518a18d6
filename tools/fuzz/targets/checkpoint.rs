//! Checkpoints, notes and keys: what is read is written as it was, and nothing else is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutebook::audit::checkpoint::Checkpoint;
use minutebook::audit::key::PublicKey;
use minutebook::audit::note;

const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fuzz_target!(|text: &str| {
    let key: PublicKey = KEY.parse().expect("a key of the note format's own documentation");
    if let Ok(checkpoint) = Checkpoint::open(text, &[]) {
        assert!(text.starts_with(&checkpoint.text()));
        assert!(Checkpoint::open(text, &[key.clone()]).is_err(), "a fuzzer signs nothing");
    }
    let _ = note::open(text, &[key]);
    let _ = text.parse::<PublicKey>();
});
