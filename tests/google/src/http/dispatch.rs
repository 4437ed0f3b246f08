//! From a request to its answer: who asks, whether they may, what it costs, which fault
//! comes in between.

use std::sync::Arc;

use super::{Answer, Body, Request, batch, routes};
use crate::error::{ApiError, Result};
use crate::faults::{Effect, Place};
use crate::fields::Selection;
use crate::http::routes::{Method, Params, Service};
use crate::world::{Shared, World};
use crate::{control, drive, oauth};

/// Answers a request.
pub(crate) fn answer(shared: &Arc<Shared>, request: Request) -> Answer {
    let path = request.path.clone();
    if let Some(operation) = path.strip_prefix("/_control/") {
        return control::answer(shared, operation, &request);
    }
    if path == "/batch" || path.starts_with("/batch/") {
        return batch::answer(shared, &request);
    }
    if let Some(answer) = oauth::answer(shared, &request) {
        return answer;
    }
    let mut world = shared.lock();
    api(&mut world, request, &[])
}

/// Answers a call of an API. `meddling` are faults that the caller already knows of.
pub(crate) fn api(world: &mut World, request: Request, meddling: &[Effect]) -> Answer {
    if let Some(answer) = drive::links::answer(world, &request) {
        return answer;
    }
    let Some((method, params)) = routes::find(&request) else {
        return Answer::html(
            404,
            "Error 404 (Not Found)!!1",
            "The requested URL was not found on this server.",
        );
    };
    let names_status = method.service() == Service::Gmail;
    let mut delay = 0;
    let result = faulty(world, method, params, request, meddling, &mut delay);
    let mut answer = result.unwrap_or_else(|error| error.answer(names_status));
    answer.delay = answer.delay.max(delay);
    answer
}

fn faulty(
    world: &mut World,
    method: &'static Method,
    params: Params,
    request: Request,
    meddling: &[Effect],
    delay: &mut u64,
) -> Result<Answer> {
    let now = world.now();
    let caller = world.oauth.caller(request.bearer(), now);
    let account = caller.as_ref().map(|caller| caller.account.clone()).unwrap_or_default();
    world.quota.count(method.id, &account);
    let has_page = request.query.get("pageToken").is_some();
    let mut effects = world.faults.at(Place::Call { method: method.id, account: &account, has_page }, now);
    effects.extend_from_slice(meddling);
    for effect in &effects {
        match effect {
            Effect::Delay { millis } => *delay += millis,
            Effect::VirtualDelay { millis } => world.advance(*millis as i64),
            _ => {}
        }
    }
    if let Some(answer) = effects.iter().find_map(|effect| effect.answer(method.service(), world.now())) {
        return Ok(answer);
    }
    let caller = caller?;
    if !routes::allows(&caller.scopes, method.scopes) {
        return Err(ApiError::scopes(method.service().name(), method.id));
    }
    if !world.accounts.contains_key(&account) {
        return Err(ApiError::new(400, "failedPrecondition", "Precondition check failed.")
            .with_status("FAILED_PRECONDITION"));
    }
    world.quota.spend(method, &caller.project, &account, now)?;
    let mut selection = request.query.get("fields").map(Selection::parse).transpose()?;
    if method.service() == Service::Drive {
        match &selection {
            Some(selection) => drive::schema::check(selection, method.id)?,
            None => selection = drive::schema::defaults(method.id),
        }
    }
    world.effects = effects;
    let call = routes::call(method, params, request, caller, selection);
    let answer = (method.run)(world, &call);
    world.effects.clear();
    let mut answer = answer?;
    if let (Body::Json(value), Some(selection)) = (&mut answer.body, &call.selection) {
        *value = selection.apply(std::mem::take(value));
    }
    Ok(answer)
}
