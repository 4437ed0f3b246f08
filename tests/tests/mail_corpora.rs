//! Real and malformed mail, where a collection of it is at hand (`$BESUNNY_DATA`). Without it
//! these tests say so and pass.
//!
//! The collections are not part of the project. Nothing of them is printed but file names
//! and the names of the fields that differ.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use besunny::base::Timestamp;
use besunny::text::mail::{ParsedMail, parse, split_reply};
use besunny::text::{Limits, to_text};
use serde_json::Value;

/// The share of fields that must agree with the other parser, on mail that is not made to
/// be malformed.
const REQUIRED_AGREEMENT: f64 = 0.98;

/// Where the difference is meant, and why.
const INTENDED: &[(&str, &str, &str)] = &[
    ("malformed/001.eml", "body", "a multipart without any of its delimiters is read as text"),
    ("malformed/001.eml", "attachments", "an empty part is no attachment"),
    ("malformed/002.eml", "body", "a multipart without any of its delimiters is read as text"),
    ("malformed/002.eml", "attachments", "the same text is an attachment there"),
    ("malformed/003.eml", "body", "an unclosed part is still the body"),
    ("malformed/003.eml", "attachments", "the same text is an attachment there"),
    ("malformed/004.eml", "body", "a delimiter is a whole line, not a beginning of one"),
    ("malformed/004.eml", "attachments", "the same text is an attachment there"),
    ("malformed/006.eml", "body", "an unclosed part is still the body"),
    ("malformed/006.eml", "attachments", "the same text is an attachment there"),
    ("malformed/007.eml", "attachments", "an empty part is no attachment"),
    ("malformed/008.eml", "body", "an unclosed part is still the body"),
    ("malformed/008.eml", "attachments", "the same text is an attachment there"),
    ("malformed/009.eml", "body", "an inner multipart ends where the outer one goes on"),
    ("malformed/009.eml", "attachments", "the same text is an attachment there"),
    ("malformed/011.eml", "body", "an inner multipart ends where the outer one goes on"),
    ("malformed/011.eml", "attachments", "the same text is an attachment there"),
    ("malformed/012.eml", "attachments", "an inner multipart ends where the outer one goes on"),
    ("malformed/016.eml", "body", "a delimiter is a whole line, not a beginning of one"),
    ("malformed/016.eml", "attachments", "the same text is an attachment there"),
    ("malformed/019.eml", "body", "a header without empty line ends where text begins"),
    ("malformed/020.eml", "body", "the first part lacks its delimiter; there the raw source is the body"),
    ("malformed/021.eml", "body", "the first part lacks its delimiter; there the raw source is the body"),
    ("thirdparty/000.eml", "body", "a lone carriage return and a NUL are not kept"),
    (
        "thirdparty/002.eml",
        "body",
        "text labelled base64 that cannot be is text; a remark after the padding is dropped",
    ),
    ("thirdparty/002.eml", "attachments", "the same text is an attachment there"),
    ("thirdparty/005.eml", "body", "a delimiter stands at the beginning of a line"),
    ("thirdparty/015.eml", "attachments", "an attached message without empty line is still found"),
];

/// The folder that holds all collections.
fn data() -> Option<PathBuf> {
    besunny_tests::data("mail_corpora")?.parent().map(Path::to_owned)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The value of the last header of that name in a part, by the tag of its JSON form.
fn header<'a>(part: &'a Value, name: &str, tag: &str) -> Option<&'a Value> {
    let headers = part["headers"].as_array()?;
    headers.iter().filter(|header| header["name"] == name).find_map(|header| header["value"].get(tag))
}

fn attribute(part: &Value, header_name: &str, attribute: &str) -> Option<String> {
    let attributes = header(part, header_name, "ContentType")?["attributes"].as_array()?;
    let found = attributes.iter().find(|found| found["name"] == attribute)?;
    found["value"].as_str().map(words)
}

fn expected_from(top: &Value) -> Vec<(String, String)> {
    let Some(addresses) = header(top, "from", "Address").or_else(|| header(top, "sender", "Address")) else {
        return Vec::new();
    };
    let groups =
        addresses["Group"].as_array().into_iter().flatten().flat_map(|group| group["addresses"].as_array());
    let lists = addresses["List"].as_array().into_iter().chain(groups);
    let text = |value: &Value| words(value.as_str().unwrap_or_default());
    lists.flatten().map(|address| (text(&address["name"]), text(&address["address"]))).collect()
}

fn expected_date(top: &Value) -> Option<Timestamp> {
    let date = header(top, "date", "DateTime")?;
    let number = |name: &str| date[name].as_u64().unwrap_or(0);
    let sign = if date["tz_before_gmt"].as_bool().unwrap_or(false) { '-' } else { '+' };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
        number("year"),
        number("month"),
        number("day"),
        number("hour"),
        number("minute"),
        number("second"),
        number("tz_hour"),
        number("tz_minute"),
    )
    .parse()
    .ok()
}

fn expected_body(message: &Value) -> String {
    let parts = message["text_body"].as_array().into_iter().flatten().filter_map(Value::as_u64);
    let texts = parts.filter_map(|id| {
        let body = &message["parts"][usize::try_from(id).ok()?]["body"];
        let html =
            || to_text(body["Html"].as_str()?.as_bytes(), Some("text/html"), None, &Limits::default()).ok();
        body["Text"].as_str().map(str::to_owned).or_else(|| html().map(|html| html.text))
    });
    words(&texts.collect::<Vec<_>>().join("\n"))
}

/// The name of each attachment where it has one, those of attached messages after them.
fn expected_attachments(message: &Value) -> Vec<Option<String>> {
    let mut names = Vec::new();
    for id in message["attachments"].as_array().into_iter().flatten().filter_map(Value::as_u64) {
        let Some(part) = usize::try_from(id).ok().and_then(|id| message["parts"].get(id)) else { continue };
        names.push(
            attribute(part, "content_disposition", "filename")
                .or_else(|| attribute(part, "content_type", "name")),
        );
        if part["body"].get("Message").is_some() {
            names.extend(expected_attachments(&part["body"]["Message"]));
        }
    }
    names
}

/// What of a field is compared: whether it is the same, and whether the other parser lost
/// characters that are read here (bytes without a declared charset).
struct Comparison(&'static str, bool, bool);

fn compare(mail: &ParsedMail, expected: &Value) -> Vec<Comparison> {
    let top = &expected["parts"][0];
    let subject = header(top, "subject", "Text").and_then(Value::as_str).unwrap_or_default();
    let from: Vec<_> = mail
        .facts
        .from
        .iter()
        .map(|mailbox| (words(mailbox.name.as_deref().unwrap_or_default()), words(&mailbox.address)))
        .collect();
    let names = expected_attachments(expected);
    let same_names = names.len() == mail.attachments.len()
        && names.iter().zip(&mail.attachments).all(|(expected, found)| {
            expected.as_ref().is_none_or(|expected| *expected == words(&found.facts.name))
        });
    let lost = |expected: &str| expected.contains('\u{fffd}');
    let body = expected_body(expected);
    let from_expected = expected_from(top);
    vec![
        Comparison("subject", words(subject) == words(&mail.subject), lost(subject)),
        Comparison("from", from_expected == from, from_expected.iter().any(|(name, _)| lost(name))),
        Comparison("date", expected_date(top) == mail.facts.date, false),
        Comparison("body", body == words(&mail.text), lost(&body)),
        Comparison("attachments", same_names, names.iter().flatten().any(|name| lost(name))),
    ]
}

#[test]
fn agrees_with_another_parser() {
    let Some(data) = data() else { return };
    // Agreeing, repaired here, intended, and all fields; per kind of collection.
    let mut tally: BTreeMap<(bool, &str), [usize; 4]> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for path in files(&data.join("mail_corpora/stalwart_mail_parser/eml")) {
        let Ok(json) = std::fs::read(path.with_extension("json")) else { continue };
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let short: PathBuf = path.components().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
        let short = short.to_string_lossy().replace('\\', "/");
        let expected: Value = serde_json::from_slice(&json).expect("expected output");
        let raw = std::fs::read(&path).expect("a file of the collection");
        let mail = parse(&raw, &Limits::default()).expect("every message of the collection is readable");
        for Comparison(field, same, repaired) in compare(&mail, &expected) {
            let intended = INTENDED.iter().find(|(file, name, _)| *file == short && *name == field);
            let outcome = match (same, repaired, intended) {
                (true, ..) => 0,
                (_, true, _) => 1,
                (.., Some(_)) => 2,
                _ => {
                    unexplained.push(format!("{short} {field}"));
                    3
                }
            };
            let count = tally.entry((short.starts_with("malformed"), field)).or_default();
            if outcome < 3 {
                count[outcome] += 1;
            }
            count[3] += 1;
        }
    }
    for malformed in [false, true] {
        let counts = tally.iter().filter(|((kind, _), _)| *kind == malformed).map(|(_, count)| count);
        let [same, repaired, intended, all] =
            counts.fold([0; 4], |sum, count| std::array::from_fn(|at| sum[at] + count[at]));
        println!("malformed {malformed}: {same} same, {repaired} repaired, {intended} intended, of {all}");
        if all > 0 && !malformed {
            assert!((same + repaired) as f64 / all as f64 >= REQUIRED_AGREEMENT);
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:?}");
}

#[test]
fn no_mail_is_lost() {
    let Some(data) = data() else { return };
    let (mut read, mut without_text, mut characters, mut new_characters) = (0, 0, 0, 0);
    for path in ["spamassassin/eml", "mail_corpora"].iter().flat_map(|folder| files(&data.join(folder))) {
        if path.extension().is_some_and(|extension| extension == "json" || extension == "msg") {
            continue;
        }
        let raw = std::fs::read(&path).expect("a file of the collection");
        let mail = parse(&raw, &Limits::default()).expect("every message of the collections is readable");
        read += 1;
        without_text += usize::from(mail.text.trim().is_empty() && mail.attachments.is_empty());
        characters += mail.text.len();
        new_characters += split_reply(&mail.subject, &mail.text).new_text.len();
    }
    println!("read {read}, without any text {without_text}");
    println!("{new_characters} of {characters} bytes are new text");
}

/// Writes what was read of each mail as JSON lines to `$BESUNNY_DUMP`, for comparing.
#[test]
#[ignore = "writes a file"]
fn dump() {
    let (Some(data), Some(target)) = (data(), besunny_tests::variable("BESUNNY_DUMP")) else { return };
    let mut lines = String::new();
    for path in ["spamassassin/eml", "mail_corpora"].iter().flat_map(|folder| files(&data.join(folder))) {
        let Ok(mail) = std::fs::read(&path).map(|raw| parse(&raw, &Limits::default())) else { continue };
        let Ok(mail) = mail else { continue };
        let parts = split_reply(&mail.subject, &mail.text);
        let line = serde_json::json!({
            "path": path, "subject": mail.subject, "facts": mail.facts, "text": mail.text,
            "new": parts.new_text, "quoted": parts.quoted, "signature": parts.signature,
            "attachments": mail.attachments.iter().map(|a| &a.facts).collect::<Vec<_>>(),
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    std::fs::write(target, lines).expect("the target can be written");
}
