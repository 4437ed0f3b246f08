//! Calendars and events.

use serde_json::Value;

use super::FakeGoogle;

fn object(value: &Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

impl FakeGoogle {
    /// Makes a calendar beside the account's own, whose id is the address; its id.
    pub fn add_calendar(&self, email: &str, summary: &str, time_zone: &str) -> String {
        let mut world = self.lock();
        let id = format!("c_{}@group.calendar.google.com", world.ids.hex(64));
        world.add_calendar(&id, email, summary, time_zone);
        id
    }

    /// Gives somebody a role on a calendar (`reader`, `writer`, `owner`, `freeBusyReader`), or
    /// takes it (`None`).
    pub fn share_calendar(&self, calendar: &str, email: &str, role: Option<&str>) -> bool {
        self.lock().set_calendar_role(calendar, email, role)
    }

    /// Deletes a calendar.
    pub fn remove_calendar(&self, calendar: &str) -> bool {
        self.lock().delete_calendar(calendar)
    }

    /// Makes an event from the fields of the resource; its id.
    ///
    /// # Errors
    /// What Google would say.
    pub fn add_event(&self, calendar: &str, event: &Value) -> Result<String, String> {
        let mut world = self.lock();
        let made = world.insert_event(calendar, calendar, object(event), true);
        made.map(|event| event.id().to_owned()).map_err(|error| error.message)
    }

    /// Changes fields of an event, or of an instance (`{series}_{20260701T090000Z}`), which
    /// becomes an exception; `null` takes a field away.
    ///
    /// # Errors
    /// What Google would say.
    pub fn edit_event(&self, calendar: &str, id: &str, changes: &Value) -> Result<(), String> {
        let mut world = self.lock();
        let made = world.change_event(calendar, id, object(changes), false, true);
        made.map(|_| ()).map_err(|error| error.message)
    }

    /// Cancels an event, a series, or an instance; whether it was there.
    pub fn cancel_event(&self, calendar: &str, id: &str) -> bool {
        self.lock().cancel_event(calendar, id).is_ok()
    }

    /// Makes all sync tokens of a calendar invalid: they are answered 410.
    pub fn expire_sync_tokens(&self, calendar: &str) {
        let mut world = self.lock();
        if let Some(own) = world.calendars.calendars.get_mut(calendar) {
            own.last += 1;
            own.floor = own.last;
        }
    }

    /// Makes all sync tokens of an account's calendar list invalid.
    pub fn expire_list_tokens(&self, email: &str) {
        if let Some(list) = self.lock().calendars.lists.get_mut(email) {
            list.last += 1;
            list.floor = list.last;
        }
    }

    /// Makes a calendar one that cannot be watched, as those of holidays.
    pub fn refuse_calendar_push(&self, calendar: &str, is_refused: bool) {
        if let Some(own) = self.lock().calendars.calendars.get_mut(calendar) {
            own.is_push_refused = is_refused;
        }
    }
}
