//! Where an event is joined.

use super::event::{CalendarEvent, Conference};
use crate::text::meeting_link;

/// Bytes of the longest address that is taken.
const MAX_URL: usize = 2_048;

/// Services that are no more; their links lead nowhere.
const DEAD: [&str; 2] = ["eventHangout", "eventNamedHangout"];

/// Where an event is joined: by its conference, whatever service that is; else by its Meet link;
/// else by the only link to a known service in its place, or in its description. Telephone and
/// SIP numbers are none.
pub(super) fn meeting_url(event: &CalendarEvent) -> Option<String> {
    let in_text = |text: &Option<String>| meeting_link(text.as_deref()?);
    event
        .conference_data
        .as_ref()
        .and_then(video)
        .or_else(|| in_text(&event.hangout_link))
        .or_else(|| in_text(&event.location))
        .or_else(|| in_text(&event.description))
}

/// The video entry of a conference; there is at most one.
fn video(conference: &Conference) -> Option<String> {
    let key = conference.conference_solution.as_ref().and_then(|solution| solution.key.as_ref());
    if key.and_then(|key| key.kind.as_deref()).is_some_and(|kind| DEAD.contains(&kind)) {
        return None;
    }
    let is_video = |kind: &Option<String>| kind.as_deref() == Some("video");
    let entries = conference.entry_points.iter().filter(|entry| is_video(&entry.entry_point_type));
    entries.filter_map(|entry| entry.uri.as_deref()).find_map(web_address)
}

/// A web address as it is, if it is one.
fn web_address(uri: &str) -> Option<String> {
    let uri = uri.trim();
    let scheme = ["https://", "http://"]
        .iter()
        .find(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let has_host = uri[scheme.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '[');
    let is_plain = uri.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>\"".contains(c));
    (has_host && is_plain && uri.len() <= MAX_URL).then(|| uri.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn url(event: Value) -> Option<String> {
        meeting_url(&CalendarEvent::from_google(event, None).unwrap())
    }

    fn conference(kind: &str, entries: &[(&str, &str)]) -> Value {
        let entries: Vec<Value> =
            entries.iter().map(|(kind, uri)| json!({"entryPointType": kind, "uri": uri})).collect();
        json!({"entryPoints": entries, "conferenceSolution": {"key": {"type": kind}, "name": "x"}})
    }

    #[test]
    fn the_order_is_conference_meet_place_description() {
        let mut event = json!({
            "conferenceData": conference("addOn", &[("phone", "tel:+1-646"), ("video", "https://calls.example/room?k=1")]),
            "hangoutLink": "https://meet.google.com/abc-defg-hij",
            "location": "Room 4 / https://zoom.us/j/1",
            "description": "<a href=\"https://teams.microsoft.com/meet/2?p=x\">join</a>",
        });
        assert_eq!(url(event.clone()).unwrap(), "https://calls.example/room?k=1");
        event["conferenceData"] = Value::Null;
        assert_eq!(url(event.clone()).unwrap(), "https://meet.google.com/abc-defg-hij");
        event["hangoutLink"] = Value::Null;
        assert_eq!(url(event.clone()).unwrap(), "https://zoom.us/j/1");
        event["location"] = json!("Room 4");
        assert_eq!(url(event.clone()).unwrap(), "https://teams.microsoft.com/meet/2?p=x");
        event["description"] = Value::Null;
        assert_eq!(url(event), None);
    }

    #[test]
    fn two_links_in_one_text_are_none_from_that_text() {
        let event = json!({
            "location": "https://zoom.us/j/1 https://zoom.us/j/2",
            "description": "https://zoom.us/j/3",
        });
        assert_eq!(url(event).unwrap(), "https://zoom.us/j/3");
    }

    #[test]
    fn what_is_no_web_address_is_no_place_to_join() {
        for entries in [
            &[("phone", "https://tel.meet/x")][..],
            &[("sip", "sip:1@calls.example")],
            &[("video", "tel:+1-646"), ("video", "sip:1@calls.example")],
            &[("video", "javascript:alert(1)"), ("video", "https://")],
            &[("video", "https://calls.example/a b"), ("video", "https://calls.example/\"><x")],
        ] {
            assert_eq!(url(json!({"conferenceData": conference("addOn", entries)})), None, "{entries:?}");
        }
        let dead = conference("eventHangout", &[("video", "https://plus.google.com/hangouts/_/x")]);
        let hangout = "https://plus.google.com/hangouts/_/x";
        assert_eq!(url(json!({"conferenceData": dead, "hangoutLink": hangout})), None);
    }

    #[test]
    fn a_conference_that_is_still_being_made_has_no_link_yet() {
        let pending = json!({"createRequest": {"requestId": "r", "status": {"statusCode": "pending"}}});
        assert_eq!(url(json!({"conferenceData": pending})), None);
        let made = conference("hangoutsMeet", &[("video", "https://meet.google.com/abc-defg-hij")]);
        assert_eq!(url(json!({"conferenceData": made})).unwrap(), "https://meet.google.com/abc-defg-hij");
    }
}
