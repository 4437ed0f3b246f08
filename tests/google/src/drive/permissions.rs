//! `permissions`: who may do what with a file.

use serde_json::{Value, json};

use super::files::{editable, forbidden};
use super::model::Permission;
use super::render;
use crate::error::{ApiError, Result};
use crate::http::Answer;
use crate::http::routes::Call;
use crate::world::World;

fn own(world: &World, number: u64) -> Vec<Permission> {
    world.drive.files.get(&number).map(|file| file.permissions.clone()).unwrap_or_default()
}

fn found(world: &World, call: &Call, number: u64) -> Result<Permission> {
    let id = call.param("permissionId");
    let permission = own(world, number).into_iter().find(|own| own.id == id);
    permission.ok_or_else(|| {
        ApiError::not_found(format!("Permission not found: {id}.")).at("parameter", "permissionId")
    })
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Answer> {
    let number = editable(world, call)?;
    let permissions: Vec<Value> =
        own(world, number).iter().map(|permission| render::permission(world, permission)).collect();
    Ok(Answer::json(200, json!({"kind": "drive#permissionList", "permissions": permissions})))
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Answer> {
    let number = super::file(world, call)?;
    let permission = found(world, call, number)?;
    Ok(Answer::json(200, render::permission(world, &permission)))
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Answer> {
    let number = editable(world, call)?;
    let body = call.request.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let role = text("role").ok_or_else(|| ApiError::required("permission.role"))?;
    if !matches!(role, "reader" | "commenter" | "writer" | "fileOrganizer" | "organizer") {
        return Err(ApiError::parameter(
            "permission.role",
            "The specified role is invalid or not supported.",
        ));
    }
    let permission = match (text("type"), text("emailAddress")) {
        (Some("user" | "group"), Some(email)) => {
            world.share(number, email, Some(role));
            own(world, number).into_iter().find(|own| own.email.as_deref() == Some(email))
        }
        (Some("anyone" | "domain"), _) => {
            let anyone = Permission {
                id: "anyoneWithLink".to_owned(),
                kind: "anyone".to_owned(),
                email: None,
                role: role.to_owned(),
            };
            if let Some(file) = world.drive.files.get_mut(&number) {
                file.permissions.retain(|own| own.kind != "anyone");
                file.permissions.push(anyone.clone());
            }
            world.changed(number, "update", Some("permissions"));
            Some(anyone)
        }
        _ => return Err(ApiError::new(400, "invalidSharingRequest", "Bad Request. User message: \"\"")),
    };
    let permission = permission.ok_or_else(forbidden)?;
    Ok(Answer::json(200, render::permission(world, &permission)))
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Answer> {
    let number = editable(world, call)?;
    let permission = found(world, call, number)?;
    let body = call.request.json()?;
    let role =
        body.get("role").and_then(Value::as_str).ok_or_else(|| ApiError::required("permission.role"))?;
    if let Some(email) = permission.email.filter(|_| permission.role != "owner") {
        world.share(number, &email, Some(role));
    }
    let permission = found(world, call, number)?;
    Ok(Answer::json(200, render::permission(world, &permission)))
}

/// Takes a permission; anybody may give up their own.
pub(super) fn delete(world: &mut World, call: &Call) -> Result<Answer> {
    let number = super::file(world, call)?;
    let permission = found(world, call, number)?;
    let is_own = permission.email.as_deref() == Some(call.account.as_str());
    if permission.role == "owner" || !(is_own || editable(world, call).is_ok()) {
        return Err(forbidden());
    }
    match permission.email {
        Some(email) => world.share(number, &email, None),
        None => {
            if let Some(file) = world.drive.files.get_mut(&number) {
                file.permissions.retain(|own| own.kind != "anyone");
            }
            world.changed(number, "update", Some("permissions"));
        }
    }
    Ok(Answer::nothing())
}
