//! What of a mailbox is read, and how.

use std::time::Duration;

use super::costs::GmailCosts;
use crate::base::Timestamp;

/// Labels of messages that are never mirrored.
const NEVER: [&str; 2] = ["SPAM", "TRASH"];

/// What of a mailbox is read, and how.
#[derive(Clone, Debug)]
pub(crate) struct GmailOptions {
    /// Messages that Gmail accepted before this instant are left out.
    pub(crate) since: Option<Timestamp>,
    /// A listing ends after this many messages, newest first; those that come later are added
    /// to them. A listing that has to be made again keeps the newest ones only.
    pub(crate) max_messages: Option<u64>,
    /// Ids of labels whose messages are left out, besides spam and trash.
    pub(crate) leave_out: Vec<String>,
    /// The Pub/Sub topic to notify (`projects/{project}/topics/{topic}`); without one, no watch
    /// can be asked for.
    pub(crate) topic: Option<String>,
    /// What calls cost.
    pub(crate) costs: GmailCosts,
    /// A larger message, in bytes as sent, is not read.
    pub(crate) max_message_bytes: u64,
    /// A batch whose answer is larger, in bytes, is asked for again in halves.
    pub(crate) max_batch_bytes: u64,
    /// How often a message is asked for whose part of a batch fails.
    pub(crate) tries: u32,
    /// How long it is waited before the second try; doubled with each further one.
    pub(crate) pause: Duration,
}

impl Default for GmailOptions {
    fn default() -> Self {
        Self {
            since: None,
            max_messages: None,
            // Each time a draft is saved, it is another message.
            leave_out: vec!["DRAFT".to_owned()],
            topic: None,
            costs: GmailCosts::default(),
            max_message_bytes: 64 << 20,
            max_batch_bytes: 32 << 20,
            tries: 4,
            pause: Duration::from_secs(1),
        }
    }
}

impl GmailOptions {
    /// Whether a message with this label is left out.
    pub(super) fn hides(&self, label: &str) -> bool {
        NEVER.contains(&label) || self.leave_out.iter().any(|hidden| hidden == label)
    }

    /// Names what is mirrored: options of another fingerprint mirror something else.
    pub(super) fn fingerprint(&self) -> String {
        let mut hidden = self.leave_out.clone();
        hidden.sort_unstable();
        hidden.dedup();
        let since = self.since.map(|since| since.as_micros().to_string()).unwrap_or_default();
        let most = self.max_messages.map(|most| most.to_string()).unwrap_or_default();
        format!("gmail-1;since={since};most={most};without={}", hidden.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_about_what_is_mirrored_only() {
        let options = GmailOptions::default();
        let same = GmailOptions { tries: 9, topic: Some("t".into()), ..options.clone() };
        assert_eq!(options.fingerprint(), same.fingerprint());
        let reordered = |labels: &[&str]| GmailOptions {
            leave_out: labels.iter().map(|&l| l.into()).collect(),
            ..options.clone()
        };
        assert_eq!(reordered(&["A", "B"]).fingerprint(), reordered(&["B", "A", "B"]).fingerprint());
        let other = GmailOptions { since: Some(Timestamp::from_seconds(1)), ..options.clone() };
        assert_ne!(options.fingerprint(), other.fingerprint());
    }

    #[test]
    fn spam_and_trash_are_always_left_out() {
        let options = GmailOptions { leave_out: Vec::new(), ..GmailOptions::default() };
        assert!(options.hides("SPAM") && options.hides("TRASH") && !options.hides("DRAFT"));
        assert!(GmailOptions::default().hides("DRAFT"));
    }
}
