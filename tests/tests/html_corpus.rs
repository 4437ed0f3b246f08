//! HTML pages with the text another converter makes of them, where they are at hand; see
//! `mail_corpora.rs`. Compared are the words: the other one lays tables out with
//! blanks and marks lists with `*`, `+` and `o`.

use std::collections::HashMap;

use besunny::text::{Limits, to_text};

fn words(text: &str) -> HashMap<&str, i64> {
    let mut counts = HashMap::new();
    for word in text
        .split(|c: char| c.is_whitespace() || "*|-#+".contains(c))
        .filter(|word| !matches!(*word, "" | "o"))
    {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

#[test]
fn words_agree_with_another_converter() {
    let Some(data) = besunny_tests::data("html_text_pairs") else { return };
    let pairs = std::fs::read_to_string(data.join("pairs.jsonl")).expect("list of pairs");
    let (mut shared, mut ours, mut theirs) = (0, 0, 0);
    for line in pairs.lines() {
        let pair: serde_json::Value = serde_json::from_str(line).expect("a pair");
        let file = |key: &str| data.join(pair[key].as_str().unwrap_or_default());
        let page = std::fs::read(file("html")).expect("a page");
        let expected = std::fs::read_to_string(file("text")).expect("its text");
        let found = to_text(&page, Some("text/html"), None, &Limits::default()).expect("a page is read").text;
        let (found, expected) = (words(&found), words(&expected));
        let common: i64 =
            found.iter().map(|(word, count)| (*count).min(*expected.get(word).unwrap_or(&0))).sum();
        let (mine, other): (i64, i64) = (found.values().sum(), expected.values().sum());
        if common < mine.max(other) {
            println!("{}: {common} shared of {mine} and {other}", file("html").display());
        }
        (shared, ours, theirs) = (shared + common, ours + mine, theirs + other);
    }
    let (precision, recall) = (shared as f64 / ours as f64, shared as f64 / theirs as f64);
    println!("words: precision {precision:.4}, recall {recall:.4} ({shared} shared of {ours} and {theirs})");
    assert!(recall >= 0.98 && precision >= 0.95);
}
