//! `ai+{username}@domain`: the addresses that name a user of the shared mailbox.

use crate::domain::{MailFacts, Username};

/// A virtual address found in a mail.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VirtualAddress {
    /// Whose address it is, as written.
    pub username: Username,
    /// The whole address, as written.
    pub address: String,
}

impl VirtualAddress {
    /// Reads one address: prefix and domain in any case, the username exactly as it is.
    #[must_use]
    pub fn read(address: &str, domain: &str) -> Option<Self> {
        let (local, host) = address.trim().split_once('@')?;
        if !host.eq_ignore_ascii_case(domain) {
            return None;
        }
        let (prefix, name) = local.split_once('+')?;
        if !prefix.eq_ignore_ascii_case("ai") {
            return None;
        }
        Some(Self { username: name.parse().ok()?, address: address.trim().to_owned() })
    }
}

/// The users a mail is for: from `To`, `Cc`, `Delivered-To` and `X-Original-To` in that
/// order, each username once. Only real addresses count, never text in a display name.
#[must_use]
pub fn virtual_recipients(facts: &MailFacts, domain: &str) -> Vec<VirtualAddress> {
    let mailboxes = facts.to.iter().chain(&facts.cc).map(|mailbox| mailbox.address.as_str());
    let envelope = facts.delivered_to.iter().chain(&facts.x_original_to).map(String::as_str);
    let mut seen = std::collections::HashSet::new();
    mailboxes
        .chain(envelope)
        .filter_map(|address| VirtualAddress::read(address, domain))
        .filter(|found| seen.insert(found.username.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Limits;
    use crate::text::mail::parse;

    fn users(headers: &str) -> Vec<String> {
        let mail = parse(format!("{headers}\n\nBody").as_bytes(), &Limits::default()).unwrap();
        virtual_recipients(&mail.facts, "besunny.ai").into_iter().map(|a| a.username.to_string()).collect()
    }

    #[test]
    fn finds_every_recipient_once_in_order() {
        let headers = "To: x@y.example, \"B, o\" <AI+Bob@BeSunny.ai>\nCc: team: ai+ana@besunny.ai, c@d.example;\nDelivered-To: ai+Bob@besunny.ai\nX-Original-To: ai+zed1@besunny.ai";
        assert_eq!(users(headers), ["Bob", "ana", "zed1"]);
    }

    #[test]
    fn look_alikes_are_not_matched() {
        for to in [
            "ai+bob@evil.example",
            "ai+bob@besunny.ai.evil.example",
            "ai+bob@sub.besunny.ai",
            "x+ai@besunny.ai",
            "xai+bob@besunny.ai",
            "ai@besunny.ai",
            "ai+@besunny.ai",
            "ai+bo@besunny.ai",
            "ai+7bob@besunny.ai",
            "ai+bob+eve@besunny.ai",
            "ai+bob@besunny.ai@evil.example",
            "\"ai+bob@besunny.ai\" <eve@evil.example>",
            "eve@evil.example (ai+bob@besunny.ai)",
        ] {
            assert_eq!(users(&format!("To: {to}")), Vec::<String>::new(), "{to}");
        }
    }
}
