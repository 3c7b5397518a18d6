//! Bundles: whatever the file says, the check says yes or which check failed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutebook::audit::bundle::Bundle;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(bundle) = Bundle::read(bytes) {
        assert_eq!(bundle.write(), bytes);
        // With no key every check but the signature's runs.
        let _ = bundle.check(&[]);
    }
});
