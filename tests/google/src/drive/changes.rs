//! `changes`: the log of an account, or of a shared drive.

use serde_json::{Value, json};

use super::is_of_app;
use super::model::{Entry, Log, Subject};
use super::render;
use crate::clock::rfc3339;
use crate::error::{ApiError, Result};
use crate::fields::Fields;
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

/// The log that a call is about.
fn log<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Log> {
    match call.query().get("driveId") {
        None => {
            let user = world.drive.users.get_mut(&call.account);
            user.map(|user| &mut user.log).ok_or_else(ApiError::credentials)
        }
        Some(id) => {
            if !call.query().flag("supportsAllDrives", false)? {
                let message =
                    "The supportsAllDrives parameter must be set to true to access items in shared drives.";
                return Err(ApiError::new(403, "teamDrivesSupportRequired", message));
            }
            let drive =
                world.drive.drives.get_mut(id).filter(|drive| drive.members.contains_key(&call.account));
            let unknown =
                || ApiError::not_found(format!("Shared drive not found: {id}")).at("parameter", "driveId");
            drive.map(|drive| &mut drive.log).ok_or_else(unknown)
        }
    }
}

/// A page token, which must be a number that the log has reached.
pub(super) fn check_token(world: &mut World, call: &Call) -> Result<u64> {
    let now = world.now();
    let token = call.query().required("pageToken")?;
    let invalid = || ApiError::parameter("pageToken", "Invalid Value");
    let token: u64 = token.parse().map_err(|_| invalid())?;
    let end = log(world, call)?.end(now);
    if token == 0 || token > end { Err(invalid()) } else { Ok(token) }
}

pub(super) fn start_page_token(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    let token = log(world, call)?.end(now);
    Ok(Answer::json(200, json!({"kind": "drive#startPageToken", "startPageToken": token.to_string()})))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let now = world.now();
    if world.is_cursor_expired() {
        let message = "The page token is no longer valid.";
        return Err(ApiError::new(410, "gone", message).at("parameter", "pageToken"));
    }
    let token = check_token(world, call)?;
    let query = call.query();
    let size = query.size("pageSize", 100, 1000)?;
    let filter = Filter::of(call)?;
    let is_empty = world.is_empty_page();
    let log = log(world, call)?;
    let end = log.end(now);
    let mut out = json!({"kind": "drive#changeList"});
    let mut taken: Vec<Entry> = Vec::new();
    let mut next = is_empty.then_some(token);
    if !is_empty {
        for (scanned, (id, entry)) in log.entries.range(token..end).enumerate() {
            // Of a page that is full the rest is left; one that is all filtered out ends, too.
            if taken.len() == size || scanned == size * 20 {
                next = Some(*id);
                break;
            }
            if filter.may_show(entry) {
                taken.push(entry.clone());
            }
        }
    }
    let fields = call.fields(&["changes", "file"]);
    let changes: Vec<Value> =
        taken.iter().filter_map(|entry| change(world, call, &fields, &filter, entry)).collect();
    out["changes"] = Value::Array(changes);
    match next {
        Some(next) => out["nextPageToken"] = json!(next.to_string()),
        None => out["newStartPageToken"] = json!(end.to_string()),
    }
    Ok(Answer::json(200, out))
}

/// What of a log is wanted.
struct Filter {
    with_drives: bool,
    with_removed: bool,
    only_mine: bool,
    is_of_drive: bool,
}

impl Filter {
    fn of(call: &Call) -> Result<Self> {
        let query = call.query();
        let knows = query.flag("supportsAllDrives", false)?;
        Ok(Self {
            with_drives: knows && query.flag("includeItemsFromAllDrives", false)?,
            with_removed: query.flag("includeRemoved", true)?,
            only_mine: query.flag("restrictToMyDrive", false)?,
            is_of_drive: query.get("driveId").is_some(),
        })
    }

    fn may_show(&self, entry: &Entry) -> bool {
        self.is_of_drive || entry.drive.is_none() || (self.with_drives && !self.only_mine)
    }
}

/// A change as it stands now: of a file that is gone, or that one may not see, only that.
fn change(world: &World, call: &Call, fields: &Fields<'_>, filter: &Filter, entry: &Entry) -> Option<Value> {
    let mut out = json!({"kind": "drive#change", "time": rfc3339(entry.at)});
    match &entry.subject {
        Subject::File(number, id) => {
            out["changeType"] = json!("file");
            out["type"] = json!("file");
            out["fileId"] = json!(id);
            let file = world.drive.files.get(number).filter(|file| file.access.contains(&call.account));
            // What left the drive is removed from its log, whoever still sees it.
            let file = file.filter(|file| !filter.is_of_drive || file.drive == entry.drive);
            if file.is_some_and(|file| {
                !is_of_app(call, file)
                    || (filter.only_mine && file.owner.as_deref() != Some(call.account.as_str()))
            }) {
                return None;
            }
            match file {
                Some(file) => out["file"] = render::file(world, file, &call.account, fields),
                None if !filter.with_removed => return None,
                None => {}
            }
            out["removed"] = json!(file.is_none());
        }
        Subject::Drive(id) => {
            out["changeType"] = json!("drive");
            out["type"] = json!("teamDrive");
            out["driveId"] = json!(id);
            out["teamDriveId"] = json!(id);
            let drive = world.drive.drives.get(id).filter(|drive| drive.members.contains_key(&call.account));
            match drive {
                Some(drive) => out["drive"] = super::shared::resource(drive),
                None if !filter.with_removed => return None,
                None => {}
            }
            out["removed"] = json!(drive.is_none());
        }
    }
    Some(out)
}
