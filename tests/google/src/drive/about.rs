//! `about`: the user and the drive.

use serde_json::{Map, Value, json};

use super::{export, render};
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    if call.query().get("fields").is_none() {
        let message = "The 'fields' parameter is required for this method.";
        return Err(ApiError::new(400, "required", message).at("parameter", "fields"));
    }
    let kinds = ["document", "spreadsheet", "presentation", "drawing", "script"];
    let formats: Map<String, Value> = kinds
        .iter()
        .map(|kind| format!("application/vnd.google-apps.{kind}"))
        .map(|kind| (kind.clone(), json!(export::formats(&kind))))
        .collect();
    let user = world.drive.users.get(&call.account);
    let files =
        user.into_iter().flat_map(|user| &user.visible).filter_map(|number| world.drive.files.get(number));
    let own = files.filter(|file| file.owner.as_deref() == Some(call.account.as_str()));
    let used: usize = own.map(render::size).sum();
    Ok(Answer::json(
        200,
        json!({
            "kind": "drive#about",
            "user": render::user(world, &call.account, &call.account),
            "storageQuota": {"limit": "16106127360", "usage": used.to_string(),
                "usageInDrive": used.to_string(), "usageInDriveTrash": "0"},
            "exportFormats": formats,
            "importFormats": {},
            "maxImportSizes": {},
            "maxUploadSize": "5497558138880",
            "appInstalled": false,
            "canCreateDrives": true,
            "canCreateTeamDrives": true,
            "folderColorPalette": ["#ac725e", "#d06b64"],
            "driveThemes": [],
            "teamDriveThemes": [],
        }),
    ))
}
