use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::base::ErrorKind;
use crate::google::gmail::raw_of_full;
use crate::text::Limits;
use crate::text::mail::{ParsedMail, parse};

fn read(raw: &[u8]) -> ParsedMail {
    parse(raw, &Limits::default()).unwrap()
}

fn data(bytes: &[u8]) -> Value {
    json!({"size": bytes.len(), "data": URL_SAFE_NO_PAD.encode(bytes)})
}

fn field(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn full(payload: Value) -> ParsedMail {
    let message = json!({"id": "1", "threadId": "1", "internalDate": "1", "payload": payload});
    read(&raw_of_full(message.to_string().as_bytes()).unwrap())
}

/// The mail as it was sent, and as Gmail's full format has it: the text in UTF-8 and the header as
/// it was.
fn both(charset: &str, sent: &[u8], text: &str) -> (ParsedMail, ParsedMail) {
    let mut raw =
        format!("Message-ID: <1@tide.example>\r\nSubject: Hello\r\nContent-Type: text/plain; charset={charset}\r\n\r\n")
            .into_bytes();
    raw.extend_from_slice(sent);
    let payload = json!({
        "mimeType": "text/plain",
        "headers": [
            field("Message-ID", "<1@tide.example>"),
            field("Subject", "Hello"),
            field("Content-Type", &format!("text/plain; charset={charset}")),
            field("Content-Transfer-Encoding", "8bit"),
        ],
        "body": data(text.as_bytes()),
    });
    (read(&raw), full(payload))
}

#[test]
fn trap_16_full_and_raw_have_the_same_text() {
    let japanese = "会議は金曜日です";
    let (iso_2022_jp, _, _) = encoding_rs::ISO_2022_JP.encode(japanese);
    for (charset, sent, text) in [
        ("iso-8859-1", b"Gr\xfc\xdfe aus K\xf6ln".as_slice(), "Grüße aus Köln"),
        ("windows-1252", b"5 \x80".as_slice(), "5 €"),
        ("iso-2022-jp", &iso_2022_jp, japanese),
        ("\"iso-8859-1\"", "mislabelled: Grüße".as_bytes(), "mislabelled: Grüße"),
        ("utf-8", "Grüße".as_bytes(), "Grüße"),
    ] {
        let (raw, full) = both(charset, sent, text);
        assert_eq!(raw.text.trim(), text, "{charset}");
        assert_eq!(full.text.trim(), text, "{charset}");
        assert_eq!(full.content_hash, raw.content_hash, "{charset}: the same mail by either way");
    }
}

#[test]
fn trap_16_a_text_that_was_not_turned_into_utf8_keeps_its_charset() {
    let (sent, _, _) = encoding_rs::ISO_2022_JP.encode("会議");
    for (charset, bytes, text) in
        [("iso-8859-2", b"\xb1\xe6".as_slice(), "ąć"), ("iso-2022-jp", &sent, "会議")]
    {
        let payload = json!({
            "mimeType": "text/plain",
            "headers": [field("Subject", "x"), field("content-type", &format!("text/plain; charset={charset}"))],
            "body": data(bytes),
        });
        assert_eq!(full(payload).text.trim(), text);
    }
}

#[test]
fn parts_names_and_fields_stay() {
    let mail = full(json!({
        "mimeType": "multipart/mixed",
        "headers": [
            field("From", "João Brás <joao@tide.example>"),
            field("To", "ai+ana@besunny.ai"),
            field("Subject", "=?utf-8?q?Gr=C3=BC=C3=9Fe?="),
            field("References", "<a@tide.example>\r\n <b@tide.example>"),
            field("Content-Type", "multipart/mixed; boundary=\"old\"; x=\"a;b\""),
        ],
        "parts": [
            {
                "mimeType": "multipart/alternative",
                "headers": [field("Content-Type", "multipart/alternative; boundary=inner")],
                "parts": [
                    {"mimeType": "text/plain", "headers": [], "body": data("Olá".as_bytes())},
                    {"mimeType": "text/html", "headers": [field("Content-Type", "text/html; charset=iso-8859-1")],
                     "body": data("<meta charset=iso-8859-1><p>Olá".as_bytes())},
                ],
            },
            {
                "mimeType": "text/csv", "filename": "preço.csv", "body": data(b"a,b\n1,2\n"),
            },
            {
                "mimeType": "application/pdf", "filename": "plan.pdf",
                "headers": [field("Content-Disposition", "attachment; filename=\"plan.pdf\"")],
                "body": {"attachmentId": "xyz", "size": 12345},
            },
            {
                "mimeType": "message/rfc822", "filename": "",
                "headers": [field("Content-Type", "message/rfc822")],
                "parts": [{"mimeType": "text/plain", "headers": [field("Subject", "Inner")], "body": data(b"Deep")}],
            },
        ],
    }));
    assert_eq!(mail.subject, "Grüße");
    assert_eq!(mail.text.trim(), "Olá");
    assert_eq!(mail.facts.from[0].name.as_deref(), Some("João Brás"));
    assert_eq!(mail.facts.to[0].address, "ai+ana@besunny.ai");
    assert_eq!(mail.facts.references, ["a@tide.example", "b@tide.example"]);
    let attachments: Vec<_> = mail
        .attachments
        .iter()
        .map(|attachment| {
            (attachment.facts.name.as_str(), attachment.facts.media_type.as_str(), attachment.facts.size)
        })
        .collect();
    assert_eq!(attachments[0], ("preço.csv", "text/csv", 8));
    assert_eq!(attachments[1], ("plan.pdf", "application/pdf", 0), "listed, without its content");
    assert_eq!((attachments[2].0, attachments[2].1), ("Inner.eml", "message/rfc822"));
}

#[test]
fn a_value_cannot_begin_a_field_of_its_own() {
    let mail = full(json!({
        "mimeType": "text/plain",
        "headers": [
            field("Subject", "one\r\nTo: evil@tide.example\r\n\r\nbody"),
            field("Bad name", "x"),
            field("", "x"),
            field("Bad:Name", "x"),
        ],
        "body": data(b"text"),
    }));
    assert!(mail.facts.to.is_empty());
    assert_eq!(mail.subject, "one To: evil@tide.example body");
    assert_eq!(mail.text.trim(), "text");
}

#[test]
fn a_raw_message_is_itself() {
    let json = json!({"raw": URL_SAFE_NO_PAD.encode(b"Subject: x\r\n\r\ny")});
    assert_eq!(raw_of_full(json.to_string().as_bytes()).unwrap(), b"Subject: x\r\n\r\ny");
}

#[test]
fn what_is_no_message_is_malformed() {
    let deep = format!("{{\"payload\":{}1{}}}", "{\"parts\":[".repeat(100), "]}".repeat(100));
    for json in [
        "",
        "[]",
        "{}",
        "{\"payload\": 1}",
        "{\"raw\": \"?\"}",
        "{\"payload\": {\"body\": {\"data\": \"?\"}}}",
        &deep,
    ] {
        assert_eq!(raw_of_full(json.as_bytes()).unwrap_err().kind(), ErrorKind::Malformed, "{json:.40}");
    }
}
