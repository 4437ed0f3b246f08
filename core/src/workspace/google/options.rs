//! How much of linked accounts is kept level, and how often it is looked at.

use crate::base::Timestamp;
use crate::google::calendar::MeetingRules;
use crate::sync::IntervalBounds;

/// How much of linked accounts is kept level, and how often it is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyncOptions {
    /// Mail that Gmail accepted before this instant is left out; all of it is taken if `None`.
    pub mail_since: Option<Timestamp>,
    /// The first listing of a mailbox ends after so many messages, newest first.
    pub max_messages: Option<u64>,
    /// Which events become meetings.
    pub meetings: MeetingRules,
    /// The shortest and longest waits between two polls.
    pub intervals: IntervalBounds,
}
