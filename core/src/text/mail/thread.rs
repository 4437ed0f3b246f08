//! Which conversation a mail belongs to.

use std::collections::HashSet;

use crate::domain::MailFacts;
use crate::text::charset;

/// What joins a mail to others of its conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadKey {
    /// The id of the first mail of the conversation, as far as this one tells: the first of
    /// `References`, else `In-Reply-To`, else its own.
    pub root: Option<String>,
    /// Every mail this one names, itself last, each once. Two mails with an id in common
    /// are in one conversation.
    pub message_ids: Vec<String>,
    /// The subject without reply marks and list tags, case-folded; empty if nothing is left.
    pub subject: String,
    /// Whether the mail says it is a reply but names no mail: then an equal `subject`
    /// among recent mail of the same people is the only hint.
    pub join_by_subject: bool,
}

/// What `facts` and the subject say about the conversation.
#[must_use]
pub fn thread_key(facts: &MailFacts, subject: &str) -> ThreadKey {
    let named = facts.references.iter().chain(&facts.in_reply_to);
    let mut seen = HashSet::new();
    let message_ids: Vec<String> =
        named.chain(&facts.message_id).filter(|id| seen.insert(id.as_str())).cloned().collect();
    let (normalised, is_reply) = normalise_subject(subject);
    let names_others = !facts.references.is_empty() || !facts.in_reply_to.is_empty();
    ThreadKey {
        root: message_ids.first().cloned(),
        message_ids,
        join_by_subject: is_reply && !names_others && !normalised.is_empty(),
        subject: normalised,
    }
}

/// Reply and forward marks, in lower case and without colon.
const MARKS: &[&str] = &[
    "re",
    "r",
    "fw",
    "fwd",
    "aw",
    "wg",
    "antw",
    "antwort",
    "antwoord",
    "betr",
    "doorst",
    "sv",
    "vs",
    "vb",
    "vl",
    "ref",
    "rif",
    "i",
    "tr",
    "rv",
    "rés",
    "réf",
    "enc",
    "res",
    "odp",
    "pd",
    "ynt",
    "ilt",
    "atb",
    "vá",
    "továbbítás",
    "回复",
    "回覆",
    "答复",
    "转发",
    "轉寄",
    "返信",
    "転送",
    "답장",
    "전달",
    "отв",
    "на",
    "пересл",
    "fyi",
    "απ",
    "πρθ",
];

/// Marks that mean forwarding; a forwarded mail starts a conversation of its own.
const FORWARD_MARKS: &[&str] = &[
    "fw",
    "fwd",
    "wg",
    "doorst",
    "vb",
    "vl",
    "i",
    "tr",
    "rv",
    "enc",
    "pd",
    "ilt",
    "továbbítás",
    "转发",
    "轉寄",
    "転送",
    "전달",
    "пересл",
    "fyi",
    "πρθ",
];

/// The subject without reply and forward marks and list tags, white space collapsed and
/// case-folded; and whether a reply mark was among them.
#[must_use]
pub fn normalise_subject(subject: &str) -> (String, bool) {
    let folded = subject.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let mut rest = folded.as_str();
    let mut is_reply = false;
    loop {
        rest = rest.trim_start();
        if let Some((mark, after)) = leading_mark(rest) {
            is_reply |= !FORWARD_MARKS.contains(&mark);
            rest = after;
        } else if let Some(after) = leading_tag(rest) {
            rest = after;
        } else {
            break;
        }
    }
    let rest = rest.trim_end();
    let rest = rest.strip_suffix("(fwd)").unwrap_or(rest).trim();
    (rest.to_owned(), is_reply)
}

/// Whether the outermost mark of the subject says that the mail is a forward.
pub(super) fn is_forward_subject(subject: &str) -> bool {
    let folded = head(subject.trim_start()).to_lowercase();
    let untagged = leading_tag(&folded).unwrap_or(&folded).trim_start();
    leading_mark(untagged).is_some_and(|(mark, _)| FORWARD_MARKS.contains(&mark))
}

/// `re:`, `re[2]:`, `aw (3):`, `回复：`; the mark and what follows it.
fn leading_mark(text: &str) -> Option<(&str, &str)> {
    let start = head(text);
    let colon = start.find([':', '：'])?;
    let colon_length = start[colon..].chars().next().map_or(1, char::len_utf8);
    let before = start[..colon].trim_end();
    let mark = before.trim_end_matches(|c: char| {
        c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')' | '^' | '*' | ' ')
    });
    MARKS.contains(&mark).then(|| (mark, &text[colon + colon_length..]))
}

/// A mark is short: looking only at the beginning keeps a megabyte of `re: re:` linear.
fn head(text: &str) -> &str {
    charset::prefix(text, 40)
}

/// `[list]` in front of something else.
fn leading_tag(text: &str) -> Option<&str> {
    let inner = head(text).strip_prefix('[')?;
    let end = inner.find(']')?;
    let after = &text[end + 2..];
    (end > 0 && !after.trim().is_empty()).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn subjects_lose_marks_and_tags() {
        for (subject, expected, reply) in [
            ("Re: AW: [shoots]  Lisbon   Permit", "lisbon permit", true),
            ("Fwd: Lisbon permit", "lisbon permit", false),
            ("RE[2]: Lisbon permit (fwd)", "lisbon permit", true),
            ("回复：Lisbon permit", "lisbon permit", true),
            ("SV: WG: Lisbon permit", "lisbon permit", true),
            ("Regarding: Lisbon", "regarding: lisbon", false),
            ("[draft]", "[draft]", false),
            ("Re:", "", true),
        ] {
            assert_eq!(normalise_subject(subject), (expected.to_owned(), reply), "{subject}");
        }
    }

    #[test]
    fn the_root_is_the_oldest_mail_named() {
        let mut facts = MailFacts { message_id: Some("c@x".into()), ..MailFacts::default() };
        assert_eq!(thread_key(&facts, "Permit").root.as_deref(), Some("c@x"));
        assert!(thread_key(&facts, "Re: Permit").join_by_subject);
        facts.in_reply_to = vec!["b@x".into()];
        facts.references = vec!["a@x".into(), "b@x".into()];
        let key = thread_key(&facts, "Re: Permit");
        assert_eq!(key.message_ids, ["a@x", "b@x", "c@x"]);
        assert!(!key.join_by_subject);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(subject in "(re: |\\[a\\] |Fwd: |[A-Za-z :\\[\\]]){0,6}\\PC{0,20}") {
            let (once, _) = normalise_subject(&subject);
            let (twice, _) = normalise_subject(&once);
            prop_assert!(twice == once || once.ends_with("(fwd)"), "{once:?} {twice:?}");
        }
    }
}
