//! Occurrences of events, in the words of `domain`.

use super::event::{CalendarEvent, Guest};
use super::links::meeting_url;
use super::recurrence::Instance;
use crate::domain::{Attendee, EventStatus, Occurrence};
use crate::text::{Limits, TextKind, to_text_of_kind};

/// The occurrences that some instances are, in their order.
pub(super) fn described(instances: &[Instance<'_>]) -> Vec<Occurrence> {
    // All that a series says itself is the same; it is read once.
    let mut read: Vec<(&CalendarEvent, Contents)> = Vec::new();
    let mut occurrences = Vec::with_capacity(instances.len());
    for instance in instances {
        let known = read.iter().find(|(event, _)| std::ptr::eq(*event, instance.event));
        let contents = match known {
            Some((_, contents)) => contents.clone(),
            None => Contents::of(instance.event),
        };
        if known.is_none() && instance.event.recurring_event_id.is_none() {
            read.push((instance.event, contents.clone()));
        }
        occurrences.push(contents.at(instance));
    }
    occurrences
}

/// What an event says, but for when it takes place.
#[derive(Clone)]
struct Contents {
    title: Option<String>,
    description: Option<String>,
    meeting_url: Option<String>,
    status: EventStatus,
    attendees: Vec<Attendee>,
}

impl Contents {
    fn of(event: &CalendarEvent) -> Self {
        let trimmed = |text: &Option<String>| {
            text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Self {
            title: trimmed(&event.summary),
            description: event.description.as_deref().and_then(plain),
            meeting_url: meeting_url(event),
            status: status(event),
            attendees: event.attendees.iter().filter_map(attendee).collect(),
        }
    }

    fn at(self, instance: &Instance<'_>) -> Occurrence {
        Occurrence {
            event_id: instance.id.clone(),
            series_id: instance.series.map(str::to_owned),
            ical_uid: instance.event.ical_uid.clone(),
            original_start: instance.original_start,
            start: instance.start,
            end: instance.end,
            title: self.title,
            description: self.description,
            meeting_url: self.meeting_url,
            status: self.status,
            attendees: self.attendees,
        }
    }
}

/// What the owner answered. Who made an event or called it, and is not among its attendees, comes.
fn status(event: &CalendarEvent) -> EventStatus {
    if let Some(own) = event.attendees.iter().find(|guest| guest.is_self == Some(true)) {
        return answer(own);
    }
    let is_self = |person: &super::event::Person| person.is_self == Some(true);
    let is_own = event.organizer.iter().chain(&event.creator).any(is_self);
    if is_own { EventStatus::Accepted } else { EventStatus::NeedsAction }
}

fn answer(guest: &Guest) -> EventStatus {
    guest.response_status.as_deref().and_then(|told| told.parse().ok()).unwrap_or(EventStatus::NeedsAction)
}

/// Rooms are not people.
fn attendee(guest: &Guest) -> Option<Attendee> {
    let email = guest.email.as_deref().map(str::trim).filter(|email| !email.is_empty())?;
    (guest.resource != Some(true)).then(|| Attendee {
        email: email.to_owned(),
        name: guest.display_name.clone(),
        response: answer(guest),
        organizer: guest.organizer == Some(true),
    })
}

/// A description without markup; `None` where nothing is left. Calendar shows the line ends of a
/// description that has markup, unlike a browser.
fn plain(description: &str) -> Option<String> {
    let text = if has_markup(description) {
        let page = description.replace("\r\n", "\n").replace('\n', "<br>\n");
        let read = to_text_of_kind(page.as_bytes(), TextKind::Html, Some("utf-8"), &Limits::default());
        read.map_or_else(|_| description.to_owned(), |read| read.text)
    } else {
        description.to_owned()
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Whether a text is HTML: has a tag or a character by its name.
fn has_markup(text: &str) -> bool {
    let is_tag = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
    let is_name = |rest: &str| {
        let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
        name.starts_with(';') && name.len() < rest.len()
    };
    let last_end = text.rfind('>').unwrap_or_default();
    text[..last_end].match_indices('<').any(|(at, _)| is_tag(&text[at + 1..]))
        || text.match_indices('&').any(|(at, _)| is_name(&text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn contents(event: Value) -> Contents {
        Contents::of(&CalendarEvent::from_google(event, None).unwrap())
    }

    #[test]
    fn a_description_is_read_as_calendar_shows_it() {
        for (description, text) in [
            (
                "Bring the slate.\nAnd <3 water, 5 < 6 & 7 > 2",
                "Bring the slate.\nAnd <3 water, 5 < 6 & 7 > 2",
            ),
            ("Agenda:<br><ul><li>crew</li><li>kit &amp; van</li></ul>", "Agenda:\n\n- crew\n- kit & van"),
            ("One\nTwo <b>bold</b>\n\nThree", "One\nTwo bold\n\nThree"),
            ("A&nbsp;B", "A B"),
            ("Grüße <i>é</i> 日本", "Grüße é 日本"),
        ] {
            assert_eq!(contents(json!({"description": description})).description.as_deref(), Some(text));
        }
        assert_eq!(contents(json!({"description": " <p> </p> "})).description, None);
    }

    #[test]
    fn the_owners_answer_is_their_own_else_that_they_made_it() {
        let status = |event: Value| contents(event).status;
        let own = |answer: &str| json!({"attendees": [{"email": "a@b.example"}, {"self": true, "responseStatus": answer}]});
        assert_eq!(status(own("declined")), EventStatus::Declined);
        assert_eq!(status(own("tentative")), EventStatus::Tentative);
        assert_eq!(status(own("perhaps")), EventStatus::NeedsAction);
        assert_eq!(status(json!({"organizer": {"self": true}})), EventStatus::Accepted);
        assert_eq!(
            status(json!({"creator": {"self": true}, "organizer": {"self": false}})),
            EventStatus::Accepted
        );
        assert_eq!(status(json!({"organizer": {"email": "a@b.example"}})), EventStatus::NeedsAction);
        let mut declined = own("declined");
        declined["organizer"] = json!({"self": true});
        assert_eq!(status(declined), EventStatus::Declined);
    }

    #[test]
    fn people_are_invited_and_rooms_are_not() {
        let event = json!({"attendees": [
            {"email": "ana@tideline.example", "displayName": "Ana", "organizer": true, "responseStatus": "accepted"},
            {"email": "room-4@resource.calendar.example", "resource": true},
            {"displayName": "Nobody"},
            {"email": "otto@kiln.example"},
        ]});
        let attendees = contents(event).attendees;
        assert_eq!(attendees.len(), 2);
        assert_eq!(attendees[0].name.as_deref(), Some("Ana"));
        assert!(attendees[0].organizer && attendees[0].response == EventStatus::Accepted);
        assert_eq!(
            (attendees[1].email.as_str(), attendees[1].response),
            ("otto@kiln.example", EventStatus::NeedsAction)
        );
    }
}
