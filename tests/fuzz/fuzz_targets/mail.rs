//! Any bytes as a mail: no panic, typed errors, and everything built on it holds.
#![no_main]

use besunny::ErrorKind;
use besunny::text::mail::{Mbox, parse, split_reply, thread_key, virtual_recipients};
use besunny::text::{ChunkOptions, Limits, chunks, terms};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    for message in Mbox::new(bytes, &limits) {
        assert!(message.is_ok());
    }
    match parse(bytes, &limits) {
        Ok(mail) => {
            let parts = split_reply(&mail.subject, &mail.text);
            assert_eq!(parts.new_text.is_empty(), mail.text.trim().is_empty());
            let _ = thread_key(&mail.facts, &mail.subject);
            let _ = virtual_recipients(&mail.facts, "besunny.ai");
            for chunk in chunks(&mail.text, &ChunkOptions::default()) {
                assert!(!mail.text[chunk.start..chunk.end].trim().is_empty());
            }
            for term in terms(&mail.text) {
                assert!(!mail.text[term.start..term.end].is_empty());
            }
            // Neither line ends nor the route are part of the mail's identity.
            assert_eq!(mail.content_hash, parse(bytes, &limits).map(|m| m.content_hash).unwrap_or_default());
        }
        Err(error) => assert!(matches!(error.kind(), ErrorKind::Malformed | ErrorKind::LimitExceeded)),
    }
});
