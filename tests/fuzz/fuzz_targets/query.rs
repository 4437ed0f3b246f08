//! Any text is a query, and its terms point into it.
#![no_main]

use besunny::text::parse_query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let query = parse_query(input);
    for (term, written) in query.spellings() {
        assert!(!term.is_empty() && !written.is_empty());
    }
    for phrase in query.phrases.iter().chain(&query.excluded) {
        assert!(!phrase.is_empty());
    }
});
