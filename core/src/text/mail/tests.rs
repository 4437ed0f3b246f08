//! Whole mails: what is taken as body, what as attachment, and what is refused.

use proptest::prelude::*;

use super::*;
use crate::base::ErrorKind;
use crate::text::Limits;

fn read(raw: &str) -> ParsedMail {
    parse(raw.as_bytes(), &Limits::default()).unwrap()
}

fn refusal(raw: &[u8]) -> ErrorKind {
    parse(raw, &Limits::default()).unwrap_err().kind()
}

fn text_of(attachment: &Attachment) -> &str {
    match &attachment.content {
        AttachmentContent::Text { text, .. } => text,
        _ => "",
    }
}

const MIXED: &str = "Received: by a\nMessage-ID: <1@x>\nFrom: Ana <ana@x.example>\nTo: bo@x.example\nSubject: Permit\n\
    Date: Mon, 2 Mar 2026 10:00:00 +0100\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n\
    --m\nContent-Type: multipart/alternative; boundary=a\n\n\
    --a\nContent-Type: text/plain; charset=utf-8\n\nPlain body\n\
    --a\nContent-Type: text/html\n\n<p>HTML body</p>\n--a--\n\
    --m\nContent-Type: text/plain\n\nFooter\n\
    --m\nContent-Type: application/octet-stream; name=crew.csv\nContent-Transfer-Encoding: base64\n\nbmFtZSxjaXR5CkFuYSxMaXNib24K\n\
    --m\nContent-Type: application/pdf\nContent-Disposition: attachment\n\nPDF\n\
    --m\nContent-Type: message/rfc822\n\nSubject: Inner\n\nInner body\n--m--\n";

#[test]
fn body_and_attachments() {
    let mail = read(MIXED);
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Permit", "Plain body\n\nFooter"));
    assert_eq!(mail.facts.message_id.as_deref(), Some("1@x"));
    assert_eq!(mail.facts.author().map(|a| a.address.as_str()), Some("ana@x.example"));
    assert_eq!(mail.facts.date.unwrap().to_string(), "2026-03-02T09:00:00Z");
    let names: Vec<_> = mail.attachments.iter().map(|a| a.facts.name.as_str()).collect();
    assert_eq!(names, ["crew.csv", "attachment-2.pdf", "Inner.eml"]);
    assert_eq!(text_of(&mail.attachments[0]), "name: Ana; city: Lisbon");
    assert!(matches!(mail.attachments[1].content, AttachmentContent::Opaque));
    assert_eq!(mail.attachments[1].facts.size, 3);
    assert_eq!(text_of(&mail.attachments[2]), "Inner\n\nInner body");
}

#[test]
fn html_alone_is_converted_and_an_empty_plain_part_gives_way_to_it() {
    assert_eq!(read("Content-Type: text/html\n\n<p>a<p>b").text, "a\n\nb");
    let raw = "Content-Type: multipart/alternative; boundary=a\n\n--a\n\n \n--a\nContent-Type: text/html\n\n<b>x</b>\n--a--";
    assert_eq!(read(raw).text, "x");
}

#[test]
fn the_hash_is_of_the_mail_and_not_of_its_route() {
    let hash = read(MIXED).content_hash;
    let other_route =
        MIXED.replace("Received: by a", "Received: by b\nDelivered-To: c@x.example\nX-Spam-Flag: NO");
    assert_eq!(read(&other_route).content_hash, hash);
    assert_eq!(read(&MIXED.replace('\n', "\r\n")).content_hash, hash, "line ends of text are not content");
    assert_ne!(read(&MIXED.replace("Footer", "Fooler")).content_hash, hash);
    assert_ne!(read(&MIXED.replace("Permit", "Permits")).content_hash, hash);
    assert_ne!(read(&MIXED.replace("bmFt", "bmFu")).content_hash, hash);
}

#[test]
fn nothing_is_malformed_and_anything_readable_is_a_mail() {
    assert_eq!(refusal(b""), ErrorKind::Malformed);
    assert_eq!(refusal(b"\r\n \n"), ErrorKind::Malformed);
    assert_eq!(refusal(b"\x00\x01\x02\x89PNG\xff\xd8"), ErrorKind::Malformed);
    assert_eq!(read("just text, no header").text, "just text, no header");
    assert_eq!(read("Subject: only").subject, "only");
    assert_eq!(read("From a@x Mon Jan 1 00:00:00 2001\nSubject: s\n\nb").subject, "s");
}

#[test]
fn an_encoded_message_is_opened_only_so_often() {
    let mut raw = "Subject: core\n\nCore".to_owned();
    for level in 0..6 {
        let encoded = raw.bytes().map(|byte| format!("={byte:02X}")).collect::<Vec<_>>().join("=\n");
        raw = format!(
            "Subject: s{level}\nContent-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n{encoded}"
        );
    }
    let mail = read(&raw);
    let names: Vec<_> = mail.attachments.iter().map(|a| a.facts.name.as_str()).collect();
    assert_eq!(names, ["s4.eml", "s3.eml", "s2.eml", "attachment-4.eml"]);
}

/// Each of these took minutes with a parser that is quadratic somewhere.
#[test]
fn hostile_messages_are_answered_in_linear_time() {
    let nested_html = format!("Content-Type: text/html\n\n{}", "<div><blockquote>".repeat(50_000));
    let addresses = format!("To: {}\n\nx", "a@x.example, ".repeat(60_000));
    let parameters = format!("Content-Type: text/plain; {}\n\nx", "a*1=b; ".repeat(100_000));
    let words = format!("Subject: {}\n\nx", "=?utf-8?q?x ".repeat(60_000));
    let comments = format!("From: {}a@x.example\n\nx", "(".repeat(500_000));
    let colons = format!("{}\n\nx", "a:\n".repeat(200_000));
    let unclosed: String =
        format!("{}x", "Content-Type: multipart/mixed; boundary=b\n\n--c\n\n".repeat(50_000));
    let dashes = format!("Content-Type: multipart/mixed; boundary=\"-\"\n\n{}", "--\n".repeat(500_000));
    for raw in [nested_html, addresses, parameters, words, comments, colons, unclosed, dashes] {
        if let Err(error) = parse(raw.as_bytes(), &Limits::default()) {
            assert!(matches!(error.kind(), ErrorKind::LimitExceeded), "{error}");
        }
    }
    let long_header = format!("Subject: {}\n\nx", "x".repeat(2 << 20));
    assert_eq!(refusal(long_header.as_bytes()), ErrorKind::LimitExceeded);
    assert_eq!(refusal(&vec![b'a'; (64 << 20) + 1]), ErrorKind::LimitExceeded);
}

#[test]
fn a_long_body_is_cut_and_a_long_attachment_is_kept_without_text() {
    let limits = Limits { max_text_bytes: 100, ..Limits::default() };
    let mail = parse(format!("Subject: s\n\n{}", "é".repeat(200)).as_bytes(), &limits).unwrap();
    assert!(mail.truncated && mail.text.len() == 100);
    let raw = format!(
        "Content-Type: text/csv; name=a.csv\nContent-Disposition: attachment\n\n{}",
        "a,b\n".repeat(200)
    );
    let mail = parse(raw.as_bytes(), &limits).unwrap();
    assert!(
        matches!(&mail.attachments[0].content, AttachmentContent::Failed(e) if e.kind() == ErrorKind::LimitExceeded)
    );
    let small = Limits { max_decoded_bytes: 10, ..Limits::default() };
    assert_eq!(parse(MIXED.as_bytes(), &small).unwrap_err().kind(), ErrorKind::LimitExceeded);
}

proptest! {
    #[test]
    fn any_bytes_give_a_mail_or_a_typed_error(bytes: Vec<u8>) {
        if let Err(error) = parse(&bytes, &Limits::default()) {
            prop_assert_eq!(error.kind(), ErrorKind::Malformed);
        }
    }

    #[test]
    fn a_damaged_mail_is_still_read(at in 0..MIXED.len(), byte: u8) {
        let mut raw = MIXED.as_bytes().to_vec();
        raw[at] = byte;
        prop_assert!(parse(&raw, &Limits::default()).is_ok());
    }
}
