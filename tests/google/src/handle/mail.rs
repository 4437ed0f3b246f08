//! Mail.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::FakeGoogle;
use crate::gmail::labels;

fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

impl FakeGoogle {
    /// Delivers a message; its id, or `None` when the account has no mailbox. Labels that the
    /// mailbox does not have are taken all the same.
    pub fn deliver(&self, email: &str, raw: &[u8], labels: &[&str]) -> Option<String> {
        let labels: BTreeSet<String> = owned(labels).into_iter().collect();
        let id = self.lock().add_message(email, Arc::from(raw), labels, None, None);
        id.map(|id| format!("{id:016x}"))
    }

    /// Delivers a message that was accepted at another time, in milliseconds since 1970.
    pub fn deliver_at(&self, email: &str, raw: &[u8], labels: &[&str], date: i64) -> Option<String> {
        let labels: BTreeSet<String> = owned(labels).into_iter().collect();
        let id = self.lock().add_message(email, Arc::from(raw), labels, None, Some(date));
        id.map(|id| format!("{id:016x}"))
    }

    /// Adds and removes labels of a message; whether it is there.
    pub fn relabel(&self, email: &str, id: &str, add: &[&str], remove: &[&str]) -> bool {
        let Ok(id) = u64::from_str_radix(id, 16) else { return false };
        self.lock().relabel(email, id, &owned(add), &owned(remove))
    }

    /// Puts a message into the trash; whether it is there.
    pub fn trash_mail(&self, email: &str, id: &str) -> bool {
        self.relabel(email, id, &["TRASH"], &["INBOX"])
    }

    /// Takes a message out of the trash; whether it is there.
    pub fn untrash_mail(&self, email: &str, id: &str) -> bool {
        self.relabel(email, id, &["INBOX"], &["TRASH"])
    }

    /// Deletes a message for good; whether it was there.
    pub fn delete_mail(&self, email: &str, id: &str) -> bool {
        let Ok(id) = u64::from_str_radix(id, 16) else { return false };
        self.lock().delete_message(email, id)
    }

    /// Makes a label; its id, or `None` when there is one of that name.
    pub fn add_label(&self, email: &str, name: &str) -> Option<String> {
        let mut world = self.lock();
        labels::add(world.mail.get_mut(email)?, name).ok()
    }

    /// The historyId of the last change of a mailbox.
    #[must_use]
    pub fn history_id(&self, email: &str) -> Option<u64> {
        self.lock().mail.get(email).map(|mailbox| mailbox.last)
    }

    /// Forgets all history: every cursor up to now is answered 404.
    pub fn expire_history(&self, email: &str) {
        if let Some(mailbox) = self.lock().mail.get_mut(email) {
            mailbox.expire_all();
        }
    }

    /// Lets the watches on a mailbox die without a word; how many there were.
    pub fn kill_mail_watch(&self, email: &str) -> usize {
        let mut world = self.lock();
        let watches = world.mail.get_mut(email).into_iter().flat_map(|mailbox| mailbox.watches.values_mut());
        watches.map(|watch| watch.is_dead = true).count()
    }

    /// When the watches on a mailbox end, by topic, in milliseconds since 1970.
    #[must_use]
    pub fn mail_watches(&self, email: &str) -> Vec<(String, i64)> {
        let world = self.lock();
        let now = world.now();
        let watches = world.mail.get(email).into_iter().flat_map(|mailbox| mailbox.watches.values());
        watches.filter(|own| own.expires > now).map(|own| (own.topic.clone(), own.expires)).collect()
    }
}
