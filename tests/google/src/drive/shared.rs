//! `drives`: shared drives and their members.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::files::forbidden;
use super::model::{Entry, Log, SharedDrive, Subject};
use crate::clock::rfc3339;
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

pub(crate) fn resource(drive: &SharedDrive) -> Value {
    json!({
        "kind": "drive#drive", "id": drive.id, "name": drive.name, "createdTime": rfc3339(drive.created),
        "hidden": false, "colorRgb": "#5d6ac0", "themeId": "abacus",
    })
}

fn found<'a>(world: &'a World, call: &Call) -> Result<&'a SharedDrive> {
    let id = call.param("driveId");
    let drive = world.drive.drives.get(id).filter(|drive| drive.members.contains_key(&call.account));
    drive.ok_or_else(|| {
        ApiError::not_found(format!("Shared drive not found: {id}")).at("parameter", "driveId")
    })
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let size = call.query().size("pageSize", 10, 100)?;
    let after = call.query().get("pageToken").unwrap_or_default().to_owned();
    let own = world.drive.drives.range(after..).map(|(_, drive)| drive);
    let mut own = own.filter(|drive| drive.members.contains_key(&call.account));
    let page: Vec<Value> = own.by_ref().take(size).map(resource).collect();
    let mut out = json!({"kind": "drive#driveList", "drives": page});
    if let Some(next) = own.next() {
        out["nextPageToken"] = json!(next.id);
    }
    Ok(Answer::json(200, out))
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    Ok(Answer::json(200, resource(found(world, call)?)))
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Answer> {
    call.query().required("requestId")?;
    let body = call.request.json()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    let members = BTreeMap::from([(call.account.clone(), "organizer".to_owned())]);
    let id = world.add_shared_drive(name, members, &call.account);
    let drive = world.drive.drives.get(&id).map(resource);
    drive.map(|drive| Answer::json(200, drive)).ok_or_else(forbidden)
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Answer> {
    let body = call.request.json()?;
    if found(world, call)?.members.get(&call.account).map(String::as_str) != Some("organizer") {
        return Err(forbidden());
    }
    let id = call.param("driveId");
    if let (Some(name), Some(drive)) =
        (body.get("name").and_then(Value::as_str), world.drive.drives.get_mut(id))
    {
        drive.name = name.to_owned();
    }
    world.shared_drive_changed(id);
    get(world, call)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Answer> {
    let drive = found(world, call)?;
    if drive.members.get(&call.account).map(String::as_str) != Some("organizer") {
        return Err(forbidden());
    }
    let id = drive.id.clone();
    if world.drive.children.get(&id).is_some_and(|children| !children.is_empty()) {
        return Err(ApiError::new(
            403,
            "cannotDeleteResourceWithChildren",
            "A shared drive must be empty to be deleted.",
        ));
    }
    let members: Vec<String> = drive.members.keys().cloned().collect();
    for member in members {
        world.set_member(&id, &member, None);
    }
    world.drive.drives.remove(&id);
    Ok(Answer::nothing())
}

impl World {
    /// Makes a shared drive; its id.
    pub(crate) fn add_shared_drive(
        &mut self,
        name: &str,
        members: BTreeMap<String, String>,
        by: &str,
    ) -> String {
        let now = self.now();
        let id = format!("0A{}Uk9PVA", self.ids.url_text(11));
        let log = Log::new(self.drive.seed, &id);
        let drive = SharedDrive { id: id.clone(), name: name.to_owned(), created: now, members, log };
        self.drive.drives.insert(id.clone(), drive);
        self.add_drive_root(&id, name, by);
        self.shared_drive_changed(&id);
        id
    }

    /// A line about the drive itself in the logs of its members.
    pub(crate) fn shared_drive_changed(&mut self, id: &str) {
        let members =
            self.drive.drives.get(id).map(|drive| drive.members.keys().cloned().collect::<Vec<_>>());
        for member in members.unwrap_or_default() {
            self.log_drive(id, &member);
        }
    }

    fn log_drive(&mut self, id: &str, account: &str) {
        let (now, linger) = (self.now(), self.settings.stop_linger);
        let visible_at = self.visible_at("change.drive", account);
        if let Some(user) = self.drive.users.get_mut(account) {
            let entry = Entry { at: now, subject: Subject::Drive(id.to_owned()), drive: Some(id.to_owned()) };
            user.log.add(entry, visible_at);
        }
        let resource = format!("drive.changes/{account}/all");
        self.push.notify(&mut self.faults, &resource, "change", None, linger, now);
    }

    /// Makes somebody a member of a shared drive, or no longer one (`None`).
    pub(crate) fn set_member(&mut self, id: &str, account: &str, role: Option<&str>) -> bool {
        let Some(drive) = self.drive.drives.get_mut(id) else { return false };
        match role {
            Some(role) => drive.members.insert(account.to_owned(), role.to_owned()),
            None => drive.members.remove(account),
        };
        if let Some(root) = self.drive.number(id) {
            self.spread_access(root, role.is_some());
        }
        self.log_drive(id, account);
        true
    }
}
