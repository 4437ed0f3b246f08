//! What happened to messages: from Gmail's records to news, one piece for each message.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use super::options::GmailOptions;
use super::wire::{HistoryRecord, MessageEvent};
use crate::domain::{News, Told};

/// Orders two history ids: decimal numbers of any length, which are compared as such and never
/// computed with.
pub(crate) fn compare_history_ids(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// Whether this can be a history id.
pub(super) fn is_history_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// The news of a page's records, in the order in which each message is first named.
pub(super) fn news(records: Vec<HistoryRecord>, options: &GmailOptions) -> Vec<Told> {
    let mut found = Found { options, told: Vec::new(), places: HashMap::new() };
    for record in records {
        for event in record.messages_added {
            found.added(event);
        }
        for event in record.labels_added {
            found.labelled(event);
        }
        for event in record.labels_removed {
            found.unlabelled(event);
        }
        // Deleting is the last that happens to a message.
        for event in record.messages_deleted {
            found.put(event.message.id, |_| State::Gone);
        }
    }
    found.told.into_iter().map(|(id, state)| Told { id, what: state.into() }).collect()
}

/// What is known of a message after some of the records.
enum State {
    Changed,
    Relabelled { added: BTreeSet<String>, removed: BTreeSet<String> },
    Gone,
}

impl From<State> for News {
    fn from(state: State) -> Self {
        match state {
            State::Changed => Self::Changed,
            State::Gone => Self::Gone,
            State::Relabelled { added, removed } => Self::Relabelled {
                added: added.into_iter().collect(),
                removed: removed.into_iter().collect(),
            },
        }
    }
}

struct Found<'a> {
    options: &'a GmailOptions,
    told: Vec<(String, State)>,
    places: HashMap<String, usize>,
}

impl Found<'_> {
    fn added(&mut self, event: MessageEvent) {
        // Spam comes with its label, and need not be fetched to be left out.
        let hidden = self.hide(&event.message.label_ids);
        self.put(event.message.id, |_| if hidden { State::Gone } else { State::Changed });
    }

    fn labelled(&mut self, event: MessageEvent) {
        if self.hide(&event.label_ids) {
            self.put(event.message.id, |_| State::Gone);
        } else {
            self.relabel(event.message.id, event.label_ids, true);
        }
    }

    fn unlabelled(&mut self, event: MessageEvent) {
        if self.hide(&event.label_ids) {
            // From spam to trash: it lost a label and is still left out.
            let hidden = self.hide(&event.message.label_ids);
            self.put(event.message.id, |_| if hidden { State::Gone } else { State::Changed });
        } else {
            self.relabel(event.message.id, event.label_ids, false);
        }
    }

    fn relabel(&mut self, id: String, labels: Vec<String>, is_added: bool) {
        self.put(id, |before| match before {
            // What is fetched has the labels of then; what is gone has none.
            Some(state @ (State::Changed | State::Gone)) => state,
            before => {
                let (mut added, mut removed) = match before {
                    Some(State::Relabelled { added, removed }) => (added, removed),
                    _ => Default::default(),
                };
                let (to, from) =
                    if is_added { (&mut added, &mut removed) } else { (&mut removed, &mut added) };
                for label in labels {
                    from.remove(&label);
                    to.insert(label);
                }
                State::Relabelled { added, removed }
            }
        });
    }

    fn hide(&self, labels: &[String]) -> bool {
        labels.iter().any(|label| self.options.hides(label))
    }

    fn put(&mut self, id: String, change: impl FnOnce(Option<State>) -> State) {
        if id.is_empty() {
            return;
        }
        match self.places.get(&id) {
            Some(&place) => {
                let state = &mut self.told[place].1;
                let before = std::mem::replace(state, State::Gone);
                *state = change(Some(before));
            }
            None => {
                self.places.insert(id.clone(), self.told.len());
                self.told.push((id, change(None)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(records: Value) -> Vec<Told> {
        news(serde_json::from_value(records).unwrap(), &GmailOptions::default())
    }

    fn is(id: &str, what: News) -> Told {
        Told { id: id.into(), what }
    }

    fn relabelled(added: &[&str], removed: &[&str]) -> News {
        let all = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect();
        News::Relabelled { added: all(added), removed: all(removed) }
    }

    #[test]
    fn history_ids_are_numbers_of_any_length() {
        for (small, large) in
            [("9", "10"), ("0099", "100"), ("18446744073709551615", "184467440737095516150")]
        {
            assert_eq!(compare_history_ids(small, large), Ordering::Less);
            assert_eq!(compare_history_ids(large, small), Ordering::Greater);
        }
        assert_eq!(compare_history_ids("007", "7"), Ordering::Equal);
        assert!(is_history_id("12") && !is_history_id("") && !is_history_id("-1") && !is_history_id("1a"));
    }

    #[test]
    fn each_kind_of_record_is_news() {
        let records = json!([
            {"id": "1", "messages": [{"id": "a"}], "messagesAdded": [{"message": {"id": "a", "labelIds": ["INBOX"]}}]},
            {"messagesDeleted": [{"message": {"id": "b"}}]},
            {"labelsAdded": [{"message": {"id": "c"}, "labelIds": ["STARRED", "WORK"]}]},
            {"labelsRemoved": [{"message": {"id": "d"}, "labelIds": ["UNREAD"]}]},
            {"labelsAdded": [{"message": {"id": "e"}, "labelIds": ["TRASH"]}]},
            {"labelsRemoved": [{"message": {"id": "f"}, "labelIds": ["SPAM"]}]},
            {"messagesAdded": [{"message": {"id": "g", "labelIds": ["SPAM"]}}]},
            {"messages": [{"id": "h"}]},
            {},
        ]);
        assert_eq!(
            told(records),
            [
                is("a", News::Changed),
                is("b", News::Gone),
                is("c", relabelled(&["STARRED", "WORK"], &[])),
                is("d", relabelled(&[], &["UNREAD"])),
                is("e", News::Gone),
                is("f", News::Changed),
                is("g", News::Gone),
            ]
        );
    }

    #[test]
    fn several_records_about_a_message_are_one_piece_of_news() {
        let added = json!({"messagesAdded": [{"message": {"id": "a"}}]});
        let deleted = json!({"messagesDeleted": [{"message": {"id": "a"}}]});
        let label = |kind: &str, label: &str| json!({kind: [{"message": {"id": "a"}, "labelIds": [label]}]});
        let (plus, minus) =
            (|name: &str| label("labelsAdded", name), |name: &str| label("labelsRemoved", name));
        for (records, news) in [
            (json!([added, plus("X")]), News::Changed),
            (json!([plus("X"), added]), News::Changed),
            (json!([added, deleted]), News::Gone),
            (json!([plus("X"), deleted]), News::Gone),
            (json!([plus("X"), plus("Y"), minus("X")]), relabelled(&["Y"], &["X"])),
            (json!([minus("X"), plus("X")]), relabelled(&["X"], &[])),
            (json!([plus("TRASH"), minus("INBOX")]), News::Gone),
            (json!([plus("TRASH"), minus("INBOX"), minus("TRASH"), plus("INBOX")]), News::Changed),
            (json!([added, plus("TRASH")]), News::Gone),
            (json!([minus("SPAM"), plus("INBOX")]), News::Changed),
        ] {
            assert_eq!(told(records.clone()), [is("a", news)], "{records}");
        }
    }

    #[test]
    fn moved_from_spam_to_trash_it_is_still_left_out() {
        let moved = json!({
            "labelsAdded": [{"message": {"id": "a", "labelIds": ["TRASH"]}, "labelIds": ["TRASH"]}],
            "labelsRemoved": [{"message": {"id": "a", "labelIds": ["TRASH"]}, "labelIds": ["SPAM"]}],
        });
        assert_eq!(told(json!([moved])), [is("a", News::Gone)]);
    }

    #[test]
    fn a_label_that_is_left_out_hides_like_the_trash() {
        let options = GmailOptions { leave_out: vec!["Label_7".into()], ..GmailOptions::default() };
        let records = json!([
            {"labelsAdded": [{"message": {"id": "a"}, "labelIds": ["Label_7"]}]},
            {"labelsRemoved": [{"message": {"id": "b"}, "labelIds": ["Label_7"]}]},
        ]);
        let told = news(serde_json::from_value(records).unwrap(), &options);
        assert_eq!(told, [is("a", News::Gone), is("b", News::Changed)]);
    }
}
