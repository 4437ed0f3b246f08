//! Which occurrences of events are meetings.
//!
//! | | a meeting? | why |
//! |---|---|---|
//! | no link to join by | no (`require_link`) | nobody can be sent there |
//! | cancelled | no | it does not take place |
//! | declined by the owner | yes (`include_declined`), with that status | what was there must say that it is declined, rather than vanish |
//! | not answered, tentative | yes, with that status | the owner may still come |
//! | whole days | no (`include_all_day`) | a fair or a holiday; whoever joins at its start joins at midnight |
//! | focus time, out of office, working place, birthday | no | nobody is met, whatever link is in their text |
//! | any other type, also one not known yet | yes | the link says that one meets |
//! | only busy time is shown | no | it shows no link either |
//! | outside of the window | no | it is read anew every day, and comes in then |

use std::collections::BTreeMap;
use std::time::Duration;

use super::event::CalendarEvent;
use super::occurrence::described;
use super::recurrence::{Instance, Window, instances};
use crate::base::{MeetingId, Result, Timestamp};
use crate::domain::{EventStatus, Meeting, Occurrence, Username};
use crate::text::mail::VirtualAddress;

/// Types of events at which nobody is met.
const ALONE: [&str; 4] = ["focusTime", "outOfOffice", "workingLocation", "birthday"];

/// The title of a meeting that has none.
const UNTITLED: &str = "Untitled Meeting";

/// Which occurrences of events become meetings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeetingRules {
    /// Only those with a link to join by.
    pub require_link: bool,
    /// Those that the owner declined, too.
    pub include_declined: bool,
    /// Those that take whole days, too.
    pub include_all_day: bool,
    /// How long ago a meeting may have ended.
    pub window_past: Duration,
    /// In how long a meeting may begin.
    pub window_future: Duration,
}

impl Default for MeetingRules {
    fn default() -> Self {
        Self {
            require_link: true,
            include_declined: true,
            include_all_day: false,
            window_past: Duration::from_hours(7 * 24),
            window_future: Duration::from_hours(60 * 24),
        }
    }
}

impl MeetingRules {
    /// The window that meetings are kept for, as seen at `now`.
    pub(crate) fn window(&self, now: Timestamp) -> Window {
        Window { from: now.before(self.window_past), until: now.after(self.window_future) }
    }

    fn may_be(&self, instance: &Instance<'_>) -> bool {
        let kind = instance.event.event_type.as_deref().unwrap_or("default");
        !ALONE.contains(&kind) && (self.include_all_day || !instance.is_all_day)
    }

    fn has(&self, occurrence: &Occurrence) -> bool {
        (!self.require_link || occurrence.meeting_url.is_some())
            && (self.include_declined || occurrence.status != EventStatus::Declined)
    }
}

/// A meeting before it is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MeetingDraft {
    /// The occurrence that it is.
    pub(crate) occurrence: Occurrence,
    /// Whose virtual addresses are invited.
    pub(crate) virtual_attendees: Vec<VirtualAddress>,
}

impl MeetingDraft {
    fn of(occurrence: Occurrence, domain: &str) -> Self {
        let mut virtual_attendees: Vec<VirtualAddress> = Vec::new();
        for attendee in &occurrence.attendees {
            let address = VirtualAddress::read(&attendee.email, domain);
            let is_new =
                |new: &VirtualAddress| virtual_attendees.iter().all(|known| known.username != new.username);
            virtual_attendees.extend(address.filter(is_new));
        }
        Self { occurrence, virtual_attendees }
    }

    /// The meeting as it is stored the first time; `calendar` is the stream it comes from, and
    /// `owner` whose calendar that is, where that is a user.
    pub(crate) fn into_meeting(
        self,
        id: MeetingId,
        calendar: &str,
        owner: Option<&Username>,
        now: Timestamp,
    ) -> Meeting {
        let Self { occurrence, virtual_attendees } = self;
        let url = occurrence.meeting_url.unwrap_or_default();
        let times = (occurrence.start, occurrence.end);
        let mut meeting = Meeting::new(id, occurrence.event_id, calendar.to_owned(), url, times, now);
        meeting.ical_uid = occurrence.ical_uid;
        meeting.series_id = occurrence.series_id;
        meeting.original_start = occurrence.original_start;
        meeting.title = occurrence.title.unwrap_or_else(|| UNTITLED.to_owned());
        meeting.description = occurrence.description;
        meeting.status = occurrence.status;
        meeting.attendees = occurrence.attendees;
        let own = virtual_attendees.into_iter().find(|address| Some(&address.username) == owner);
        meeting.virtual_attendee = own.map(|address| address.address);
        meeting
    }
}

/// The meetings in a window that come from `events`: single events, and series with all their
/// exceptions, in any order. `domain` is that of virtual addresses.
///
/// # Errors
/// `malformed`, `unsupported` or `limit_exceeded` for an event whose times cannot be told.
pub(crate) fn meetings_of(
    events: &[CalendarEvent],
    rules: &MeetingRules,
    window: &Window,
    domain: &str,
) -> Result<Vec<MeetingDraft>> {
    let mut series: BTreeMap<&str, Vec<&CalendarEvent>> = BTreeMap::new();
    for event in events {
        series.entry(event.recurring_event_id.as_deref().unwrap_or(&event.id)).or_default().push(event);
    }
    let mut drafts = Vec::new();
    for members in series.into_values() {
        let (exceptions, masters): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|event| event.recurring_event_id.is_some());
        let mut found = instances(masters.first().copied(), &exceptions, window)?;
        found.retain(|instance| rules.may_be(instance));
        let kept = described(&found).into_iter().filter(|occurrence| rules.has(occurrence));
        drafts.extend(kept.map(|occurrence| MeetingDraft::of(occurrence, domain)));
    }
    Ok(drafts)
}
