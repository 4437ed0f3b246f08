//! Any bytes as the answer to a batch of Gmail's: parts within the body, or a typed error.
#![no_main]

use besunny::ErrorKind;
use libfuzzer_sys::fuzz_target;

/// What the parser needs of the library, where it looks for it.
mod base {
    pub use besunny::{Error, ErrorKind, Result};
}
#[path = "../../../core/src/google/gmail/multipart.rs"]
mod multipart;

fuzz_target!(|input: (&str, &[u8])| {
    let (content_type, body) = input;
    for content_type in [content_type, "multipart/mixed; boundary=b", "multipart/mixed; boundary=\"=_\\\"b\""] {
        match multipart::answers(content_type, body) {
            Ok(answers) => {
                let bytes: usize = answers.iter().map(|answer| answer.id.len() + answer.body.len()).sum();
                assert!(bytes <= body.len());
                assert!(answers.iter().all(|answer| (100..600).contains(&answer.status)));
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Upstream),
        }
    }
});
