//! Any bytes as each text format: no panic, text within the limit and without NUL.
#![no_main]

use besunny::ErrorKind;
use besunny::text::{Limits, to_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    for media_type in ["text/html", "text/markdown", "text/csv", "application/json", "text/plain"] {
        match to_text(bytes, Some(media_type), None, &limits) {
            Ok(read) => assert!(!read.text.contains(['\0', '\r']) && read.text.len() <= limits.max_text_bytes),
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::LimitExceeded)),
        }
    }
});
