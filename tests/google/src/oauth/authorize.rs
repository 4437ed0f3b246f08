//! The authorization endpoint, with a user who answers at once.

use std::collections::BTreeSet;

use super::grants::Code;
use super::{Client, scopes};
use crate::http::query::encode;
use crate::http::{Answer, Query};
use crate::world::World;

/// A page instead of a redirect: the application must not be told.
fn page(status: u16, error: &str, text: &str) -> Answer {
    Answer::html(status, &format!("Error {status}: {error}"), text)
}

/// Whether a redirect is one of the client's.
pub(super) fn is_redirect_allowed(client: &Client, uri: &str) -> bool {
    client.redirect_uris.iter().any(|own| {
        let is_loopback = own == "http://127.0.0.1" || own == "http://localhost";
        let rest = uri.strip_prefix(own.as_str());
        own == uri
            || (is_loopback && rest.is_some_and(|rest| rest.starts_with([':', '/']) || rest.is_empty()))
    })
}

pub(super) fn answer(world: &mut World, query: &Query) -> Answer {
    let Some(client) = query.get("client_id").and_then(|id| world.oauth.clients.get(id)).cloned() else {
        return page(401, "invalid_client", "The OAuth client was not found.");
    };
    let Some(redirect_uri) = query.get("redirect_uri") else {
        return page(400, "invalid_request", "Missing required parameter: redirect_uri");
    };
    if !is_redirect_allowed(&client, redirect_uri) {
        let text = "You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy.";
        return page(400, "redirect_uri_mismatch", text);
    }
    let state = query.get("state").map(|state| format!("&state={}", encode(state))).unwrap_or_default();
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    let refuse = |error: &str| Answer::redirect(format!("{redirect_uri}{separator}error={error}{state}"));
    if query.get("response_type") != Some("code") {
        return page(400, "invalid_request", "Required parameter is missing or wrong: response_type");
    }
    let asked = scopes::parse(query.get("scope").unwrap_or_default());
    if asked.is_empty() {
        return page(400, "invalid_request", "Missing required parameter: scope");
    }
    if let Some(unknown) = asked.iter().find(|scope| !scopes::is_known(scope)) {
        return page(
            400,
            "invalid_scope",
            &format!("Some requested scopes were invalid. invalid=[{unknown}]"),
        );
    }
    let challenge = match (query.get("code_challenge"), query.get("code_challenge_method")) {
        (None, None) => None,
        (Some(challenge), Some("S256")) => Some((challenge.to_owned(), true)),
        (Some(challenge), None | Some("plain")) => Some((challenge.to_owned(), false)),
        _ => return page(400, "invalid_request", "Invalid code_challenge_method"),
    };
    let consent = world.oauth.consents.pop_front().unwrap_or_default();
    let hint = query.get("login_hint");
    let by_hint = |world: &World| {
        let found = world
            .accounts
            .values()
            .find(|own| Some(own.email.as_str()) == hint || Some(own.sub.as_str()) == hint);
        found.map(|account| account.email.clone())
    };
    let only = |world: &World| (world.mail.len() == 1).then(|| world.mail.keys().next().cloned()).flatten();
    let account = consent.account.clone().or_else(|| by_hint(world)).or_else(|| only(world));
    let Some(account) = account.filter(|account| world.accounts.contains_key(account)) else {
        return if query.get("prompt") == Some("none") {
            refuse("login_required")
        } else {
            page(400, "access_blocked", "Nobody is signed in: name an account in login_hint, or by control.")
        };
    };
    if consent.is_denied {
        return refuse("access_denied");
    }
    let key = (client.project.clone(), account.clone());
    let before: BTreeSet<String> =
        world.oauth.grants.get(&key).map(|grant| grant.scopes.clone()).unwrap_or_default();
    let prompts: Vec<&str> = query.get("prompt").unwrap_or_default().split(' ').collect();
    let asks = prompts.contains(&"consent") || asked.iter().any(|scope| !before.contains(scope));
    if asks && prompts.contains(&"none") {
        return refuse("interaction_required");
    }
    let ticked: Option<BTreeSet<String>> =
        consent.scopes.map(|ticked| ticked.iter().map(|scope| scopes::normal(scope)).collect());
    let mut granted: BTreeSet<String> = asked
        .into_iter()
        .filter(|scope| ticked.as_ref().is_none_or(|ticked| ticked.contains(scope) || scope == "openid"))
        .collect();
    if granted.is_empty() {
        return refuse("access_denied");
    }
    if query.get("include_granted_scopes") == Some("true") {
        granted.extend(before);
    }
    world.oauth.grants.entry(key).or_default().scopes.extend(granted.iter().cloned());
    let is_offline = query.get("access_type") == Some("offline");
    let now = world.now();
    let code = Code {
        client: client.client_id.clone(),
        account,
        scopes: granted.iter().cloned().collect(),
        redirect_uri: redirect_uri.to_owned(),
        challenge,
        nonce: query.get("nonce").map(str::to_owned),
        gives_refresh_token: is_offline && asks,
        is_offline,
        expires: 0,
        used_for: None,
    };
    let scope = code.scopes.join(" ");
    let prompt = if asks { "consent" } else { "none" };
    let code = world.oauth.add_code(code, now);
    Answer::redirect(format!(
        "{redirect_uri}{separator}code={}{state}&scope={}&authuser=0&prompt={prompt}",
        encode(&code),
        encode(&scope)
    ))
}
