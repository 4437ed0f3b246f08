//! Whether a stream is well, said before its user notices. Pure.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::notes::Notes;
use crate::base::{Error, ErrorKind, Timestamp};
use crate::domain::text_enum;
use crate::domain::{Account, AccountStatus, Channel, ChannelState, Stream, WorkCounts};

const HOUR: Duration = Duration::from_hours(1);

text_enum! {
    /// How well something is.
    Health, "health" {
        /// All is well.
        Green = "green",
        /// Something needs attention, and nothing is missing yet.
        Yellow = "yellow",
        /// Something is missing, or soon will be.
        Red = "red",
    }
}

/// How a stream is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamHealth {
    /// `gmail`, `drive`, `drive:{shared drive}` or `calendar:{calendar}`.
    pub stream: String,
    /// How well it is.
    pub health: Health,
    /// Why it is not green, in words.
    pub reasons: Vec<String>,
    /// When everything that was known of was last stored.
    pub succeeded_at: Option<Timestamp>,
    /// How long what waits has waited, in seconds; 0 when nothing waits.
    pub lag: u64,
    /// When the channel that notifies ends; `None` without one.
    pub watch_expires_at: Option<Timestamp>,
    /// When a channel last notified.
    pub heard_at: Option<Timestamp>,
    /// When it is looked at next.
    pub next_at: Option<Timestamp>,
    /// Objects that wait.
    pub waiting: u64,
    /// Objects that were set aside because they failed too often.
    pub aside: u64,
    /// Objects that are known.
    pub objects: u64,
}

/// What health is judged by.
pub(crate) struct Facts<'a> {
    pub(crate) account: &'a Account,
    pub(crate) stream: &'a Stream,
    pub(crate) counts: WorkCounts,
    pub(crate) objects: u64,
    pub(crate) channels: &'a [Channel],
    /// Whether notifications could reach us.
    pub(crate) notified: bool,
    pub(crate) now: Timestamp,
}

/// Judges.
pub(crate) fn judge(facts: &Facts<'_>) -> StreamHealth {
    let Facts { account, stream, counts, channels, now, .. } = facts;
    let now = *now;
    let notes = Notes::read(&stream.state);
    let active =
        channels.iter().filter(|channel| channel.state == ChannelState::Active && channel.file.is_none());
    let watch_expires_at = active.map(|channel| channel.expires_at).max();
    let heard_at = channels.iter().filter_map(|channel| channel.heard_at).max();
    let lag = counts.oldest_since.map_or(Duration::ZERO, |since| now.since(since));
    let mut found: Vec<(Health, String)> = Vec::new();
    let mut say = |health, reason: String| found.push((health, reason));

    match account.status {
        AccountStatus::Active => {}
        AccountStatus::NeedsReauth => say(Health::Red, "the account's owner has to consent again".into()),
        AccountStatus::Revoked => say(Health::Red, "the account was disconnected".into()),
    }
    let since_success = now.since(notes.succeeded_at.unwrap_or(stream.created_at));
    if since_success > 4 * HOUR {
        say(Health::Red, format!("nothing could be brought level for {} h", since_success.as_secs() / 3600));
    } else if notes.failures >= 3 {
        let why = notes.error.as_ref().map_or("", |(_, message)| message);
        say(Health::Yellow, format!("the last {} runs failed: {why}", notes.failures));
    }
    if notes.snapshots_last_day(now) > 2 {
        say(Health::Red, "the source refuses its own cursors; everything is listed over and over".into());
    } else if stream.snapshot.is_some() && notes.snapshots > 1 {
        say(Health::Yellow, "the cursor was too old; everything is being listed anew".into());
    }
    if lag > HOUR {
        say(Health::Red, format!("something waits for {} h", lag.as_secs() / 3600));
    } else if lag > HOUR / 4 {
        say(Health::Yellow, format!("something waits for {} min", lag.as_secs() / 60));
    }
    if counts.aside > 0 {
        say(Health::Yellow, format!("{} objects were set aside", counts.aside));
    }
    if facts.notified && !notes.unwatchable {
        let why = notes.watch_error.as_ref().map_or("it was not renewed", |(_, message)| message);
        match watch_expires_at.map(|at| at.since(now)) {
            Some(left) if left < HOUR && notes.watch_failures > 0 => {
                say(Health::Red, format!("notifications end within the hour: {why}"));
            }
            Some(left) if left < 24 * HOUR && notes.watch_failures > 0 => {
                let health = if left < 12 * HOUR { Health::Red } else { Health::Yellow };
                say(health, format!("notifications end in {} h: {why}", left.as_secs() / 3600));
            }
            Some(_) => {}
            None if notes.watch_failures > 0 => {
                say(Health::Yellow, format!("the source does not notify, only polls see changes: {why}"));
            }
            None => {}
        }
        if watch_expires_at.is_some() && notes.is_suspect(heard_at) {
            say(Health::Yellow, "a change was not announced; notifications are being renewed".into());
        }
    }
    let health = found.iter().map(|(health, _)| *health).max().unwrap_or(Health::Green);
    StreamHealth {
        stream: stream.key.name.clone(),
        health,
        reasons: found.into_iter().map(|(_, reason)| reason).collect(),
        succeeded_at: notes.succeeded_at,
        lag: lag.as_secs(),
        watch_expires_at,
        heard_at,
        next_at: stream.next_at,
        waiting: counts.waiting,
        aside: counts.aside,
        objects: facts.objects,
    }
}
