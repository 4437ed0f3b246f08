//! What the engine remembers about a stream besides its cursor.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::policy::Situation;
use crate::base::Timestamp;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// How long after a change that no channel announced its notification may still come.
const LATE_NOTICE: Duration = Duration::from_mins(2);

/// The notes of a stream; JSON in its `state`. A field that is missing is as if new.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Notes {
    /// What the cursor depends on.
    pub(crate) fingerprint: String,
    /// Grows with each snapshot.
    pub(crate) snapshots: u64,
    /// When the snapshots of the last day began.
    pub(crate) snapshots_at: Vec<Timestamp>,
    /// When everything that was known of was last stored.
    pub(crate) succeeded_at: Option<Timestamp>,
    /// When a run last began.
    pub(crate) tried_at: Option<Timestamp>,
    /// How many runs in a row failed.
    pub(crate) failures: u32,
    /// The code and words of the last failure; gone with the next success.
    pub(crate) error: Option<(String, String)>,
    /// How many hints the last run had heard.
    pub(crate) hints_seen: u64,
    /// How many polls in a row found nothing.
    pub(crate) empty_polls: u32,
    /// Changes by the hour they were told in, latest last; the last day's.
    pub(crate) changes: Vec<(Timestamp, u32)>,
    /// When virtual mail last came.
    pub(crate) virtual_mail_at: Option<Timestamp>,
    /// When the user was last active.
    pub(crate) active_at: Option<Timestamp>,
    /// When a poll last found what no channel had announced.
    pub(crate) unannounced_at: Option<Timestamp>,
    /// Why there is no channel though there could be one.
    pub(crate) watch_error: Option<(String, String)>,
    /// How often in a row a channel was refused, and when to ask again.
    pub(crate) watch_failures: u32,
    /// When a channel may be asked for again.
    pub(crate) watch_again_at: Option<Timestamp>,
    /// Whether the source cannot notify about this at all.
    pub(crate) unwatchable: bool,
    /// Cursors that are not old enough to be taken over, and since when each is known.
    pub(crate) settling: Vec<(String, Timestamp)>,
    /// When the window of meetings was last moved on.
    pub(crate) rolled_at: Option<Timestamp>,
}

impl Notes {
    /// Reads notes; what cannot be read is as if new, for everything in it comes again.
    pub(crate) fn read(state: &str) -> Self {
        serde_json::from_str(state).unwrap_or_default()
    }

    /// Their form in the store.
    pub(crate) fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Counts changes that were told now.
    pub(crate) fn count_changes(&mut self, changes: u32, now: Timestamp) {
        self.changes.retain(|&(hour, _)| now.since(hour) < DAY);
        if changes == 0 {
            return;
        }
        match self.changes.last_mut() {
            // Quarters of an hour, so that an hour back is known well enough.
            Some((since, count)) if now.since(*since) < HOUR / 4 => *count = count.saturating_add(changes),
            _ => self.changes.push((now, changes)),
        }
    }

    /// How many changes were told in the last hour.
    pub(crate) fn changes_last_hour(&self, now: Timestamp) -> u32 {
        let recent = self.changes.iter().filter(|&&(since, _)| now.since(since) < HOUR);
        recent.fold(0, |sum, &(_, count)| sum.saturating_add(count))
    }

    /// How many snapshots began in the last day.
    pub(crate) fn snapshots_last_day(&self, now: Timestamp) -> usize {
        self.snapshots_at.iter().filter(|&&at| now.since(at) < DAY).count()
    }

    /// Counts a snapshot that begins now; its number.
    pub(crate) fn begin_snapshot(&mut self, now: Timestamp) -> u64 {
        self.snapshots += 1;
        self.snapshots_at.retain(|&at| now.since(at) < DAY);
        self.snapshots_at.push(now);
        self.snapshots
    }

    /// Whether a channel should have announced a change and did not, even late.
    pub(crate) fn is_suspect(&self, heard_at: Option<Timestamp>) -> bool {
        self.unannounced_at.is_some_and(|unannounced| {
            // Heard shortly before or at any time after: it was on its way, or lives again.
            heard_at.is_none_or(|heard| heard.after(LATE_NOTICE) < unannounced)
        })
    }

    /// What the interval depends on.
    pub(crate) fn situation(&self, channel: bool, suspect: bool, now: Timestamp) -> Situation {
        let within = |at: Option<Timestamp>, span: Duration| at.is_some_and(|at| now.since(at) < span);
        Situation {
            failures: self.failures,
            virtual_mail: within(self.virtual_mail_at, Duration::from_mins(30)),
            active: within(self.active_at, Duration::from_mins(5)),
            changes_last_hour: self.changes_last_hour(now),
            changed_last_day: !self.changes.is_empty(),
            empty_polls: self.empty_polls,
            channel,
            suspect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + minutes * 60)
    }

    #[test]
    fn changes_are_counted_by_the_hour_and_forgotten_after_a_day() {
        let mut notes = Notes::default();
        for (minute, changes, last_hour) in [(0, 3, 3), (10, 2, 5), (40, 4, 9), (70, 1, 5)] {
            notes.count_changes(changes, at(minute));
            assert_eq!(notes.changes_last_hour(at(minute)), last_hour);
        }
        assert_eq!(notes.changes_last_hour(at(75)), 5);
        notes.count_changes(0, at(24 * 60 + 75));
        assert!(notes.changes.is_empty());
    }

    #[test]
    fn a_channel_is_suspect_until_it_is_heard_again() {
        let mut notes = Notes::default();
        assert!(!notes.is_suspect(None));
        notes.unannounced_at = Some(at(60));
        assert!(notes.is_suspect(None) && notes.is_suspect(Some(at(10))));
        assert!(!notes.is_suspect(Some(at(59))), "it was on its way");
        assert!(!notes.is_suspect(Some(at(61))), "it came late");
    }

    #[test]
    fn notes_of_another_version_are_as_if_new() {
        assert_eq!(Notes::read("nonsense"), Notes::default());
        let mut notes = Notes { failures: 3, ..Notes::default() };
        assert_eq!(notes.begin_snapshot(at(0)), 1);
        assert_eq!(Notes::read(&notes.written()), notes);
        assert_eq!(notes.snapshots_last_day(at(60)), 1);
    }
}
