//! How long to wait before a stream is looked at again. Pure.
//!
//! The first row that holds decides; a healthy channel makes polls four times as rare (they only
//! prove it), and every wait lies between the floor and the ceiling, give or take a tenth.
//!
//! | What is so | Wait |
//! |---|---|
//! | a notification, a forced sync | none |
//! | the source asks for patience | until the instant it names |
//! | the last runs failed | 30 s, doubled with each, at most 1 h |
//! | a channel is suspect, or virtual mail came in the last 30 min | 1 min |
//! | the user was active in the last 5 min | 1 min |
//! | more than 20 changes in the last hour | 1 min |
//! | more than 5 changes in the last hour | 3 min |
//! | any change in the last day | 10 min |
//! | nothing for a day | 15 min, half as much again with each empty poll, at most the ceiling |

use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_hours(1);
/// By how much a healthy channel stretches a wait.
const CHANNEL_FACTOR: u32 = 4;

/// The shortest and longest waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IntervalBounds {
    /// No wait is shorter, but for a notification.
    pub floor: Duration,
    /// No wait is longer without a channel.
    pub ceiling: Duration,
    /// No wait is longer with a healthy channel.
    pub ceiling_with_channel: Duration,
}

impl Default for IntervalBounds {
    fn default() -> Self {
        Self {
            floor: MINUTE,
            ceiling: Duration::from_hours(1),
            ceiling_with_channel: Duration::from_hours(2),
        }
    }
}

/// What the policy looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Situation {
    /// How many runs in a row failed.
    pub(crate) failures: u32,
    /// Whether virtual mail came in the last 30 minutes.
    pub(crate) virtual_mail: bool,
    /// Whether the user was active in the last 5 minutes.
    pub(crate) active: bool,
    /// How many objects changed in the last hour.
    pub(crate) changes_last_hour: u32,
    /// Whether any object changed in the last day.
    pub(crate) changed_last_day: bool,
    /// How many polls in a row found nothing.
    pub(crate) empty_polls: u32,
    /// Whether a channel notifies, as far as we know.
    pub(crate) channel: bool,
    /// Whether a poll found something that the channel did not announce.
    pub(crate) suspect: bool,
}

/// The wait. `random` is uniform over its range and spreads streams, so that they do not all
/// ask at the same second.
pub(crate) fn interval(situation: &Situation, bounds: &IntervalBounds, random: u64) -> Duration {
    let Situation { failures, empty_polls, channel, suspect, .. } = *situation;
    if failures > 0 {
        let doubled = FIRST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(16));
        return jittered(doubled.min(LONGEST_RETRY), random);
    }
    let hurried = suspect || situation.virtual_mail;
    let wait = if hurried || situation.active || situation.changes_last_hour > 20 {
        MINUTE
    } else if situation.changes_last_hour > 5 {
        3 * MINUTE
    } else if situation.changed_last_day {
        10 * MINUTE
    } else {
        let mut wait = 15 * MINUTE;
        for _ in 0..empty_polls.min(16) {
            wait = wait.saturating_mul(3) / 2;
        }
        wait
    };
    let proves = channel && !hurried;
    let (wait, ceiling) =
        if proves { (wait * CHANNEL_FACTOR, bounds.ceiling_with_channel) } else { (wait, bounds.ceiling) };
    jittered(wait.clamp(bounds.floor, ceiling.max(bounds.floor)), random)
}

/// A tenth more or less at most.
fn jittered(wait: Duration, random: u64) -> Duration {
    let part = random as f64 / u64::MAX as f64;
    wait.mul_f64(0.9 + 0.2 * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: u64 = u64::MAX / 2;

    fn minutes(situation: &Situation) -> u64 {
        (interval(situation, &IntervalBounds::default(), MIDDLE).as_secs_f64() / 60.0).round() as u64
    }

    #[test]
    fn the_table_holds() {
        let quiet = Situation::default();
        let busy = |changes_last_hour| Situation { changes_last_hour, changed_last_day: true, ..quiet };
        assert_eq!(minutes(&Situation { virtual_mail: true, ..quiet }), 1);
        assert_eq!(minutes(&Situation { active: true, ..quiet }), 1);
        assert_eq!([21, 6, 1].map(|changes| minutes(&busy(changes))), [1, 3, 10]);
        let empty = |empty_polls| Situation { empty_polls, ..quiet };
        assert_eq!([0, 1, 2, 3, 4, 99].map(|polls| minutes(&empty(polls))), [15, 23, 34, 51, 60, 60]);
    }

    #[test]
    fn a_healthy_channel_makes_polls_rare_and_a_suspect_one_does_not() {
        let told = Situation { channel: true, changed_last_day: true, ..Situation::default() };
        assert_eq!(minutes(&told), 40);
        assert_eq!(minutes(&Situation { suspect: true, ..told }), 1);
        assert_eq!(minutes(&Situation { channel: true, empty_polls: 20, ..Situation::default() }), 120);
    }

    #[test]
    fn failures_double_the_wait_up_to_an_hour() {
        let seconds = |failures| {
            let situation = Situation { failures, active: true, ..Situation::default() };
            interval(&situation, &IntervalBounds::default(), MIDDLE).as_secs_f64().round() as u64
        };
        assert_eq!([1, 2, 3, 7, 8, 1000].map(seconds), [30, 60, 120, 1920, 3600, 3600]);
    }

    #[test]
    fn waits_are_spread_by_a_tenth() {
        let quiet = Situation::default();
        let at = |random| interval(&quiet, &IntervalBounds::default(), random).as_secs();
        assert_eq!((at(0), at(u64::MAX)), (810, 990));
    }
}
