//! Conferences: asked for with an event, there some time later.

use serde_json::{Map, Value, json};

use crate::world::World;

impl World {
    /// Begins to make a conference, if the body asks for one.
    pub(super) fn begin_conference(
        &mut self,
        calendar: &str,
        id: &str,
        body: &mut Map<String, Value>,
        is_wanted: bool,
    ) {
        if !is_wanted {
            // Without conferenceDataVersion what is said about conferences is not looked at.
            let is_new = body
                .get("conferenceData")
                .is_some_and(|data| data.get("createRequest").is_some() && data.get("entryPoints").is_none());
            if is_new {
                body.remove("conferenceData");
            }
            return;
        }
        let Some(data) = body.get_mut("conferenceData").and_then(Value::as_object_mut) else { return };
        let is_asked = data.contains_key("createRequest") && !data.contains_key("entryPoints");
        if !is_asked {
            return;
        }
        if let Some(request) = data.get_mut("createRequest").and_then(Value::as_object_mut) {
            request.insert("status".to_owned(), json!({"statusCode": "pending"}));
            request.entry("conferenceSolutionKey").or_insert(json!({"type": "hangoutsMeet"}));
        }
        self.calendars.next += 1;
        let due = (self.now() + self.settings.conference_delay, self.calendars.next);
        self.calendars.conferences.insert(due, (calendar.to_owned(), id.to_owned()));
    }

    fn make_conference(&mut self, calendar: &str, id: &str) {
        let Ok(mut event) = self.stored(calendar, id) else { return };
        if event.is_cancelled() {
            return;
        }
        let letters = |length: usize, world: &mut Self| -> String {
            (0..length).map(|_| char::from(b'a' + world.ids.below(26) as u8)).collect()
        };
        let code = format!("{}-{}-{}", letters(3, self), letters(4, self), letters(3, self));
        let link = format!("https://meet.google.com/{code}");
        let Some(data) = event.body.get_mut("conferenceData").and_then(Value::as_object_mut) else { return };
        if let Some(request) = data.get_mut("createRequest") {
            request["status"] = json!({"statusCode": "success"});
        }
        data.insert("conferenceId".to_owned(), json!(code));
        data.insert("conferenceSolution".to_owned(), json!({
            "key": {"type": "hangoutsMeet"}, "name": "Google Meet",
            "iconUri": "https://fonts.gstatic.com/s/i/productlogos/meet_2020q4/v6/web-512dp/logo_meet_2020q4_color_2x_web_512dp.png",
        }));
        data.insert(
            "entryPoints".to_owned(),
            json!([
                {"entryPointType": "video", "uri": link, "label": format!("meet.google.com/{code}")},
            ]),
        );
        event.body.insert("hangoutLink".to_owned(), json!(link));
        self.store(calendar, event.clone());
        self.copy_to_attendees(calendar, &event);
    }
}

/// Finishes the conferences that are due.
pub(crate) fn catch_up(world: &mut World, now: i64) {
    while let Some(first) = world.calendars.conferences.first_entry() {
        if first.key().0 > now {
            break;
        }
        let (calendar, id) = first.remove();
        world.make_conference(&calendar, &id);
    }
}
