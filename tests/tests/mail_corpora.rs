//! Real and malformed mail, where a collection of it is at hand (`$BESUNNY_DATA`). Without it
//! these tests say so and pass.
//!
//! The collections are not part of the project. Nothing of them is printed but file names
//! and the names of the fields that differ.

use std::path::{Path, PathBuf};

use besunny::base::Timestamp;
use besunny::text::mail::{ParsedMail, parse, split_reply};
use besunny::text::{Limits, to_text};
use serde_json::Value;

/// The share of fields that must agree with the other parser.
const REQUIRED_AGREEMENT: f64 = 0.98;

/// Where the difference is meant, and why.
const INTENDED: &[(&str, &str, &str)] = &[
    ("malformed/001.eml", "body", "a whole delimiter of an outer multipart is not one of the inner"),
    ("malformed/009.eml", "body", "an inner multipart ends where the outer one goes on"),
    ("malformed/011.eml", "body", "an inner multipart ends where the outer one goes on"),
    ("malformed/016.eml", "body", "a whole delimiter of an outer multipart is not one of the inner"),
    ("malformed/019.eml", "body", "a header without empty line ends where text begins"),
    ("malformed/020.eml", "body", "the first part lacks its delimiter; there the raw source is the body"),
    ("malformed/021.eml", "body", "the first part lacks its delimiter; there the raw source is the body"),
    ("thirdparty/000.eml", "body", "a NUL is not kept"),
    ("thirdparty/002.eml", "body", "a remark after the padding of base64 is not part of the text"),
    ("thirdparty/005.eml", "body", "a delimiter stands at the beginning of a line"),
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

/// The text of the parts whose numbers are listed under `list`.
fn texts(message: &Value, list: &str, keep: impl Fn(&Value) -> bool) -> Vec<String> {
    let parts = message[list].as_array().into_iter().flatten().filter_map(Value::as_u64);
    let parts =
        parts.filter_map(|id| message["parts"].get(usize::try_from(id).ok()?)).filter(|part| keep(part));
    let text = |part: &Value| {
        let html = || {
            to_text(part["body"]["Html"].as_str()?.as_bytes(), Some("text/html"), None, &Limits::default())
                .ok()
        };
        part["body"]["Text"].as_str().map(str::to_owned).or_else(|| html().map(|html| html.text))
    };
    parts.filter_map(text).collect()
}

fn expected_body(message: &Value) -> String {
    words(&texts(message, "text_body", |_| true).join("\n"))
}

/// The body and, after it, the texts without a name that the other parser files under the
/// attachments because nothing closed them.
fn expected_body_with_unclosed(message: &Value) -> String {
    let unclosed = |part: &Value| {
        name_of(part).is_none() && header(part, "content_disposition", "ContentType").is_none()
    };
    let mut all = texts(message, "text_body", |_| true);
    all.extend(texts(message, "attachments", unclosed));
    words(&all.join("\n"))
}

fn name_of(part: &Value) -> Option<String> {
    attribute(part, "content_disposition", "filename").or_else(|| attribute(part, "content_type", "name"))
}

/// The names of the attachments that have one, those inside an attached message after it.
fn expected_names(message: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for id in message["attachments"].as_array().into_iter().flatten().filter_map(Value::as_u64) {
        let Some(part) = usize::try_from(id).ok().and_then(|id| message["parts"].get(id)) else { continue };
        names.extend(name_of(part));
        if part["body"].get("Message").is_some() {
            names.extend(expected_names(&part["body"]["Message"]));
        }
    }
    names
}

/// How a field compares.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Identical,
    /// The same but for characters the other parser lost (U+FFFD) and this one reads.
    Repaired,
    /// The same text, of which the other parser files an unclosed part as an attachment.
    Unclosed,
    Different,
}

/// Whether `found` is `expected` with each run of U+FFFD replaced by some characters
/// outside ASCII.
fn repairs(expected: &str, found: &str) -> bool {
    let mut rest = found;
    for (number, piece) in expected.split('\u{fffd}').enumerate() {
        // The first piece stands at the start; an empty one is between two lost characters.
        let at = if number == 0 { rest.starts_with(piece).then_some(0) } else { rest.find(piece) };
        let Some(at) = at else { return false };
        if rest[..at].chars().any(|character| character.is_ascii()) {
            return false;
        }
        rest = &rest[at + piece.len()..];
    }
    expected.contains('\u{fffd}') && rest.chars().all(|character| !character.is_ascii())
}

fn outcome(expected: &str, found: &str) -> Outcome {
    match expected == found {
        true => Outcome::Identical,
        false if repairs(expected, found) => Outcome::Repaired,
        false => Outcome::Different,
    }
}

fn compare(mail: &ParsedMail, expected: &Value) -> [(&'static str, Outcome); 5] {
    let top = &expected["parts"][0];
    let subject = header(top, "subject", "Text").and_then(Value::as_str).unwrap_or_default();
    let from = mail.facts.from.iter();
    let from =
        from.map(|mailbox| (words(mailbox.name.as_deref().unwrap_or_default()), words(&mailbox.address)));
    let lines = |pairs: &[(String, String)]| {
        pairs.iter().map(|(name, at)| format!("{name} <{at}>\n")).collect::<String>()
    };
    let expected_names = expected_names(expected);
    // A part without a name is given one here: a number, or the subject of an attached message.
    let named = mail.attachments.iter().enumerate().filter(|(index, attachment)| {
        let facts = &attachment.facts;
        let is_message = facts.media_type.starts_with("message/");
        !facts.name.starts_with(&format!("attachment-{}.", index + 1))
            && (!is_message || expected_names.contains(&words(&facts.name)))
    });
    let named: Vec<_> = named.map(|(_, attachment)| words(&attachment.facts.name)).collect();
    let date = |date: Option<Timestamp>| date.map(|date| date.to_string()).unwrap_or_default();
    let found_body = words(&mail.text);
    let body = match outcome(&expected_body(expected), &found_body) {
        Outcome::Different if expected_body_with_unclosed(expected) == found_body => Outcome::Unclosed,
        other => other,
    };
    [
        ("subject", outcome(&words(subject), &words(&mail.subject))),
        ("from", outcome(&lines(&expected_from(top)), &lines(&from.collect::<Vec<_>>()))),
        ("date", outcome(&date(expected_date(top)), &date(mail.facts.date))),
        ("body", body),
        ("attachments", outcome(&expected_names.join("\n"), &named.join("\n"))),
    ]
}

#[test]
fn agrees_with_another_parser() {
    let Some(data) = data() else { return };
    let mut outcomes = Vec::new();
    // Differences that are not listed, and listed ones that are none.
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
        for (field, outcome) in compare(&mail, &expected) {
            let intended = INTENDED.iter().any(|(file, name, _)| *file == short && *name == field);
            if (outcome == Outcome::Different) != intended {
                unexplained.push(format!("{short} {field}"));
            }
            outcomes.push(outcome);
        }
    }
    let count = |outcome| outcomes.iter().filter(|&&found| found == outcome).count();
    let (all, different) = (outcomes.len(), count(Outcome::Different));
    println!(
        "{} of {all} fields agree: {} identical, {} with lost characters read, {} with an unclosed part as body",
        all - different,
        count(Outcome::Identical),
        count(Outcome::Repaired),
        count(Outcome::Unclosed),
    );
    for (file, field, reason) in INTENDED {
        println!("{file} {field}: {reason}");
    }
    assert!(unexplained.is_empty(), "{unexplained:?}");
    assert!((all - different) as f64 >= REQUIRED_AGREEMENT * all as f64);
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
