//! Recognises mail that no person wrote to this recipient, by its headers alone.

use super::header::{Header, Parameters};
use crate::domain::{Automatic, Mailbox};

/// Every reason that applies, in declaration order.
pub(super) fn recognise(header: &Header<'_>, content_type: &Parameters, from: &[Mailbox]) -> Vec<Automatic> {
    let mut found = Vec::new();
    let mut note = |reason, applies| {
        if applies {
            found.push(reason);
        }
    };
    note(Automatic::Bounce, is_bounce(header, content_type, from));
    note(Automatic::AutoReply, is_auto_reply(header, content_type));
    note(Automatic::List, is_list(header));
    note(Automatic::Bulk, is_bulk(header));
    note(Automatic::Spam, is_spam(header));
    found
}

/// The identifier in `List-Id`: inside the angle brackets if there are any.
pub(super) fn list_id(header: &Header<'_>) -> Option<String> {
    let value = header.plain("list-id")?;
    let inner = value.rsplit_once('<').map_or(value.as_str(), |(_, rest)| rest.trim_end_matches('>'));
    Some(inner.trim().to_owned()).filter(|id| !id.is_empty())
}

fn precedence(header: &Header<'_>) -> Option<String> {
    header.plain("precedence").map(|value| value.to_ascii_lowercase())
}

fn first_word(header: &Header<'_>, name: &str) -> Option<String> {
    let value = header.plain(name)?.to_ascii_lowercase();
    value.split([';', ' ', '(', ',']).next().map(str::to_owned)
}

/// RFC 3464 reports, and what older systems send instead.
fn is_bounce(header: &Header<'_>, content_type: &Parameters, from: &[Mailbox]) -> bool {
    let report = content_type.value == "multipart/report"
        && content_type.get("report-type").is_some_and(|kind| kind.eq_ignore_ascii_case("delivery-status"));
    let postman = |address: &str| {
        let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
        local == "mailer-daemon" || local == "postmaster"
    };
    // An empty reverse path is required of every report (RFC 5321 4.5.5), auto-replies
    // use it too: they say what they are.
    let null_path = header.plain("return-path").is_some_and(|path| path == "<>");
    let auto_reply = is_auto_reply(header, content_type) && !report;
    report
        || header.has("x-failed-recipients")
        || ((null_path || from.iter().any(|mailbox| postman(&mailbox.address))) && !auto_reply)
}

/// RFC 3834, and the headers in use before it.
fn is_auto_reply(header: &Header<'_>, content_type: &Parameters) -> bool {
    let submitted = first_word(header, "auto-submitted").is_some_and(|word| {
        // `auto-generated` also marks notices and newsletters: those answer nobody.
        word == "auto-replied" || (word == "auto-generated" && header.has("in-reply-to"))
    });
    let report = content_type.value == "multipart/report";
    let answered = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from"];
    (submitted && !report)
        || answered.iter().any(|name| header.plain(name).is_some_and(|v| !v.eq_ignore_ascii_case("no")))
        || precedence(header).is_some_and(|value| value == "auto_reply")
        || first_word(header, "x-precedence").is_some_and(|value| value == "auto_reply")
}

fn is_bulk(header: &Header<'_>) -> bool {
    let generated = ["auto-generated", "auto-notified"];
    precedence(header).is_some_and(|value| value == "bulk" || value == "junk")
        || first_word(header, "auto-submitted").is_some_and(|word| generated.contains(&word.as_str()))
}

/// RFC 2919 and RFC 2369, and what list managers added before them.
fn is_list(header: &Header<'_>) -> bool {
    let marks = [
        "list-id",
        "list-post",
        "list-unsubscribe",
        "list-subscribe",
        "x-mailing-list",
        "mailing-list",
        "x-mailman-version",
        "x-list",
        "x-listname",
        "x-beenthere",
    ];
    marks.iter().any(|name| header.has(name)) || precedence(header).is_some_and(|value| value == "list")
}

fn is_spam(header: &Header<'_>) -> bool {
    let yes = |name: &str| first_word(header, name).is_some_and(|word| word == "yes" || word == "true");
    let bogofilter = first_word(header, "x-bogosity").is_some_and(|word| word == "spam" || word == "yes");
    yes("x-spam-flag") || yes("x-spam-status") || yes("x-spam") || bogofilter
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Limits;
    use crate::text::mail::parse;

    fn of(headers: &str) -> Vec<Automatic> {
        parse(format!("{headers}\n\nBody").as_bytes(), &Limits::default()).unwrap().facts.automatic
    }

    #[test]
    fn each_reason_by_its_headers() {
        use Automatic::{AutoReply, Bounce, Bulk, List, Spam};
        for (headers, expected) in [
            ("From: Ana <ana@x.example>\nReturn-Path: <ana@x.example>", vec![]),
            ("From: MAILER-DAEMON@x.example", vec![Bounce]),
            ("Return-Path: <>\nFrom: a@x.example", vec![Bounce]),
            ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", vec![Bounce]),
            ("X-Failed-Recipients: b@x.example", vec![Bounce]),
            ("Return-Path: <>\nAuto-Submitted: auto-replied (vacation)", vec![AutoReply]),
            ("Precedence: auto_reply", vec![AutoReply]),
            ("Auto-Submitted: no", vec![]),
            ("Auto-Submitted: auto-generated", vec![Bulk]),
            ("List-Id: Shoots <shoots.x.example>\nPrecedence: bulk", vec![List, Bulk]),
            ("List-Unsubscribe: <mailto:u@x.example>", vec![List]),
            ("X-Spam-Status: Yes, score=9.1", vec![Spam]),
            ("X-Spam-Flag: NO", vec![]),
        ] {
            assert_eq!(of(headers), expected, "{headers}");
        }
    }

    #[test]
    fn the_list_id_is_without_its_description() {
        let mail = parse(b"List-Id: \"Our list\" <shoots.x.example>\n\nx", &Limits::default()).unwrap();
        assert_eq!(mail.facts.list_id.as_deref(), Some("shoots.x.example"));
    }
}
