//! Calendar: wire forms, recurrence, meeting links, and a calendar as a source.
//!
//! **What a page tells**: listings carry whole events, so an event is told by `News::Is`, shortened
//! to what is used, and there is nothing to fetch. Series are told as they are, one event with its
//! rules; their exceptions are events of their own that name the series, and hang from it
//! (`recurringEventId` is the parent). What is kept of an event has Google's names: `updated` and
//! `sequence` tell its age. One that cannot be read is told as changed: fetched by itself, it fails
//! by itself.
//!
//! **What is gone**: a deleted event that is no exception. A cancelled exception is an event like
//! any other, for as long as its series is there: it keeps its occurrence from taking place. Who
//! takes a series out takes its exceptions out as well; Google need not tell them one by one.
//!
//! **Meetings** are made from the events that belong together, a series with its exceptions, by
//! pure functions ([`meetings_of`]); whoever stores them asks again when one of these events
//! changes, and every day for the window to move on. Which occurrences count is in the module
//! `meetings`, when a series takes place in `recurrence`, where a meeting is joined in `links`.
//!
//! Invariant: a listing has the same parameters every time, and its sync token with every page; it
//! ends where no page token follows, not where items end.
//! Invariant: only a sync token that Google refuses as such is expired; any other failure is one.
//! Invariant: what an event costs is bounded, whatever its rules and texts are.
//! Invariant: no field of an event is taken for granted.

mod calendars;
mod event;
mod links;
mod listing;
mod meetings;
mod occurrence;
mod recurrence;
mod source;
#[cfg(test)]
mod tests;
mod time;
mod watching;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use calendars::CalendarEntry;
pub(crate) use calendars::calendars;
pub(crate) use event::CalendarEvent;
pub use meetings::MeetingRules;
pub(crate) use meetings::meetings_of;
pub(crate) use source::CalendarSource;

/// What any call costs: Calendar counts calls.
const UNITS: u32 = 1;

/// An id as a segment of a path: ids are addresses, and have `@` and `#` in them.
fn segment(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}
