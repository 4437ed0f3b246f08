//! Any text: a link that comes out is a safe address, and its own link.
#![no_main]

use besunny::text::meeting_link;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(link) = meeting_link(text) {
        let is_safe = |c: char| c.is_ascii_graphic() && !"<>\"'`\\^{}|".contains(c);
        assert!(link.starts_with("https://") && link.chars().all(is_safe));
        assert_eq!(meeting_link(&link).as_deref(), Some(link.as_str()));
    }
});
