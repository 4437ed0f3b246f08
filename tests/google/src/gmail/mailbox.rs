//! A mailbox: messages in the order in which lists have them, threads, and the history of
//! all changes by historyId.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::labels::Label;
use super::mime;
use super::watch::Watch;
use crate::rng::Rng;

/// A message. Its raw text never changes.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) thread: u64,
    pub(crate) labels: BTreeSet<String>,
    /// Milliseconds at which it was accepted.
    pub(crate) date: i64,
    /// The historyId of its last change.
    pub(crate) history_id: u64,
    pub(crate) raw: Arc<[u8]>,
    pub(crate) rfc_id: String,
}

/// What happened to a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    Added,
    Deleted,
    LabelsAdded(Vec<String>),
    LabelsRemoved(Vec<String>),
}

/// A line of the history.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) at: i64,
    pub(crate) event: Event,
    pub(crate) message: u64,
    pub(crate) thread: u64,
    /// Those that the message had then, after the event.
    pub(crate) labels: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) email: String,
    pub(crate) messages: BTreeMap<u64, Message>,
    /// By date; the newest is last.
    pub(crate) order: BTreeSet<(i64, u64)>,
    /// By `Message-ID`, without angle brackets.
    pub(crate) by_rfc_id: HashMap<String, BTreeSet<u64>>,
    pub(crate) threads: BTreeMap<u64, BTreeSet<u64>>,
    pub(crate) labels: BTreeMap<String, Label>,
    pub(crate) history: BTreeMap<u64, Record>,
    /// Records that cannot be seen yet, and from when on they can.
    late: BTreeMap<u64, i64>,
    /// The historyId of the last change.
    pub(crate) last: u64,
    /// A cursor before this has lost its records.
    pub(crate) floor: u64,
    /// By project.
    pub(crate) watches: BTreeMap<String, Watch>,
    last_id: u64,
    rng: Rng,
}

impl Mailbox {
    pub(crate) fn new(email: &str, seed: u64) -> Self {
        let mut rng = Rng::new(seed, email);
        // Above 32 bits, below what a JSON number holds exactly.
        let last = (1 << 33) + rng.below(1 << 34);
        Self {
            email: email.to_owned(),
            messages: BTreeMap::new(),
            order: BTreeSet::new(),
            by_rfc_id: HashMap::new(),
            threads: BTreeMap::new(),
            labels: super::labels::system(),
            history: BTreeMap::new(),
            late: BTreeMap::new(),
            last,
            floor: last,
            watches: BTreeMap::new(),
            last_id: 0,
            rng,
        }
    }

    /// Writes a line of the history; its id.
    fn record(
        &mut self,
        now: i64,
        visible_at: i64,
        event: Event,
        message: (u64, u64),
        labels: &BTreeSet<String>,
    ) -> u64 {
        self.last += 1 + self.rng.below(40);
        let labels = labels.iter().cloned().collect();
        if visible_at > now {
            self.late.insert(self.last, visible_at);
        }
        let record = Record { at: now, event, message: message.0, thread: message.1, labels };
        self.history.insert(self.last, record);
        self.last
    }

    /// The historyId up to which everything can be seen. A record that is late holds back
    /// those after it, as a cursor must not pass it.
    pub(crate) fn last_visible(&mut self, now: i64) -> u64 {
        self.late.retain(|_, visible_at| *visible_at > now);
        let Some((late, _)) = self.late.first_key_value() else { return self.last };
        self.history.range(..late).next_back().map_or(self.floor, |(id, _)| *id)
    }

    /// Forgets what is older than `before`.
    pub(crate) fn expire(&mut self, before: i64) {
        while let Some(first) = self.history.first_entry() {
            if first.get().at >= before {
                break;
            }
            self.floor = *first.key();
            first.remove();
        }
    }

    /// Forgets all history: every cursor up to now is too old.
    pub(crate) fn expire_all(&mut self) {
        self.history.clear();
        self.late.clear();
        // An id of its own, so that the current one expires as well.
        self.last += 1 + self.rng.below(40);
        self.floor = self.last;
    }

    /// Puts a message in; its id.
    pub(crate) fn add(
        &mut self,
        raw: Arc<[u8]>,
        labels: BTreeSet<String>,
        thread: Option<u64>,
        date: i64,
        now: i64,
        visible_at: i64,
    ) -> u64 {
        // Those of later messages are larger, also of those that are deleted since.
        let by_clock = (now.unsigned_abs() << 20) & (u64::MAX >> 1);
        let id = by_clock.max(self.last_id) + 1 + self.rng.below(1 << 10);
        self.last_id = id;
        let headers = mime::headers(&raw);
        let clean = |text: &str| text.trim().trim_matches(['<', '>']).to_owned();
        let rfc_id = mime::value(&headers, "message-id").map(clean).unwrap_or_default();
        let known = |text: &str| {
            let ids = text.split_whitespace().rev().map(clean);
            ids.filter(|id| !id.is_empty()).find_map(|id| self.by_rfc_id.get(&id)?.first().copied())
        };
        let before = mime::value(&headers, "in-reply-to").and_then(known);
        let before = before.or_else(|| mime::value(&headers, "references").and_then(known));
        let of_answered = before.and_then(|id| self.messages.get(&id)).map(|message| message.thread);
        let thread = thread.filter(|thread| self.threads.contains_key(thread)).or(of_answered).unwrap_or(id);
        let history_id = self.record(now, visible_at, Event::Added, (id, thread), &labels);
        if !rfc_id.is_empty() {
            self.by_rfc_id.entry(rfc_id.clone()).or_default().insert(id);
        }
        self.order.insert((date, id));
        self.threads.entry(thread).or_default().insert(id);
        self.messages.insert(id, Message { id, thread, labels, date, history_id, raw, rfc_id });
        id
    }

    /// Adds and removes labels; the labels that matter to a watch, if anything changed.
    pub(crate) fn relabel(
        &mut self,
        id: u64,
        add: &[String],
        remove: &[String],
        now: i64,
        visible_at: i64,
    ) -> Option<BTreeSet<String>> {
        let message = self.messages.get_mut(&id)?;
        let thread = message.thread;
        let added: Vec<String> =
            add.iter().filter(|label| !message.labels.contains(*label)).cloned().collect();
        message.labels.extend(added.iter().cloned());
        let removed: Vec<String> =
            remove.iter().filter(|label| message.labels.remove(*label)).cloned().collect();
        let labels = message.labels.clone();
        let touched: BTreeSet<String> = labels.iter().chain(&removed).cloned().collect();
        let mut last = None;
        if !added.is_empty() {
            last = Some(self.record(now, visible_at, Event::LabelsAdded(added), (id, thread), &labels));
        }
        if !removed.is_empty() {
            last = Some(self.record(now, visible_at, Event::LabelsRemoved(removed), (id, thread), &labels));
        }
        self.messages.get_mut(&id)?.history_id = last?;
        Some(touched)
    }

    /// Deletes a message for good; the labels that it had.
    pub(crate) fn delete(&mut self, id: u64, now: i64, visible_at: i64) -> Option<BTreeSet<String>> {
        let message = self.messages.remove(&id)?;
        self.order.remove(&(message.date, id));
        if let Some(thread) = self.threads.get_mut(&message.thread) {
            thread.remove(&id);
            if thread.is_empty() {
                self.threads.remove(&message.thread);
            }
        }
        if let Some(ids) = self.by_rfc_id.get_mut(&message.rfc_id) {
            ids.remove(&id);
        }
        self.record(now, visible_at, Event::Deleted, (id, message.thread), &message.labels);
        Some(message.labels)
    }
}
