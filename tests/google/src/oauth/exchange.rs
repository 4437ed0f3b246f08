//! The token endpoint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::grants::ACCESS_LIFE;
use super::{Client, service_accounts};
use crate::http::{Answer, Query, Request};
use crate::world::World;

/// A refusal of the token endpoint.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) u16, pub(super) &'static str, pub(super) String);

pub(super) fn refuse<T>(status: u16, error: &'static str, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(status, error, text.into()))
}

pub(super) fn answer(world: &mut World, request: &Request) -> Answer {
    let form = form(request);
    let now = world.now();
    let effects = {
        let refresh = form.get("refresh_token").and_then(|token| world.oauth.refresh.get(token));
        let account = refresh.map(|refresh| refresh.account.clone()).unwrap_or_default();
        let place = crate::faults::Place::Call { method: "oauth.token", account: &account, has_page: false };
        world.faults.at(place, now)
    };
    let mut delay = 0;
    for effect in &effects {
        match effect {
            crate::faults::Effect::Delay { millis } => delay += millis,
            crate::faults::Effect::VirtualDelay { millis } => world.advance(*millis as i64),
            _ => {}
        }
    }
    let now = world.now();
    let kind = form.get("grant_type");
    match kind {
        Some("authorization_code") => world.oauth.calls.exchanges += 1,
        Some("refresh_token") => {
            world.oauth.calls.refreshes += 1;
            let refresh = form.get("refresh_token").and_then(|token| world.oauth.refresh.get(token));
            if let Some(account) = refresh.map(|refresh| refresh.account.clone()) {
                *world.oauth.calls.refreshes_of.entry(account).or_default() += 1;
            }
        }
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => world.oauth.calls.assertions += 1,
        _ => {}
    }
    let fault = effects.iter().find_map(|effect| match effect {
        crate::faults::Effect::Unavailable { status, html: false } => {
            let body = json!({"error": "internal_failure", "error_description": "Backend Error"});
            Some(Answer::json(*status, body))
        }
        effect => effect.answer(crate::http::routes::Service::Gmail, now),
    });
    let mut answer = fault.unwrap_or_else(|| {
        let granted = match kind {
            Some("authorization_code") => exchange(world, request, &form, now),
            Some("refresh_token") => refresh(world, request, &form, now),
            Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => service_accounts::grant(world, &form, now),
            Some(other) => refuse(400, "unsupported_grant_type", format!("Invalid grant_type: {other}")),
            None => refuse(400, "invalid_request", "Required parameter is missing: grant_type"),
        };
        match granted {
            Ok(body) => Answer::json(200, body),
            Err(Refusal(status, error, text)) => {
                Answer::json(status, json!({"error": error, "error_description": text}))
            }
        }
    });
    if answer.status != 200 {
        world.oauth.calls.failures += 1;
    }
    answer.delay = delay;
    answer.with("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate").with("Pragma", "no-cache")
}

/// The form of a request; Google takes JSON as well.
pub(super) fn form(request: &Request) -> Query {
    let is_json = request.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    if is_json {
        let pairs = request.json().unwrap_or_default();
        let pairs = pairs.iter().filter_map(|(name, value)| {
            Some(format!(
                "{}={}",
                crate::http::query::encode(name),
                crate::http::query::encode(value.as_str()?)
            ))
        });
        return Query::parse(&pairs.collect::<Vec<_>>().join("&"));
    }
    Query::parse(&String::from_utf8_lossy(&request.body))
}

/// The client, by id and secret in the form or in the header.
fn client(world: &World, request: &Request, form: &Query) -> Result<Client, Refusal> {
    let basic = request.header("authorization").and_then(|value| {
        let text = value.strip_prefix("Basic ")?;
        let text = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((crate::http::query::decode(id), crate::http::query::decode(secret)))
    });
    let (id, secret) = match basic {
        Some(pair) => pair,
        None => match (form.get("client_id"), form.get("client_secret")) {
            (Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
            (None, _) => {
                return refuse(400, "invalid_request", "Could not determine client ID from request.");
            }
            (_, None) => return refuse(400, "invalid_request", "client_secret is missing."),
        },
    };
    match world.oauth.clients.get(&id) {
        None => refuse(401, "invalid_client", "The OAuth client was not found."),
        Some(client) if client.client_secret != secret => refuse(401, "invalid_client", "Unauthorized"),
        Some(client) => Ok(client.clone()),
    }
}

fn exchange(world: &mut World, request: &Request, form: &Query, now: i64) -> Result<Value, Refusal> {
    let client = client(world, request, form)?;
    let Some(text) = form.get("code") else {
        return refuse(400, "invalid_request", "Missing required parameter: code");
    };
    let Some(code) = world.oauth.codes.get_mut(text) else {
        return refuse(400, "invalid_grant", "Malformed auth code.");
    };
    if code.client != client.client_id || code.expires <= now {
        return refuse(400, "invalid_grant", "Bad Request");
    }
    if let Some(given) = code.used_for.clone() {
        // A code that comes twice has been stolen: what was given for it ends.
        world.oauth.access.remove(&given);
        return refuse(400, "invalid_grant", "Bad Request");
    }
    if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
        return refuse(400, "redirect_uri_mismatch", "Bad Request");
    }
    match (&code.challenge, form.get("code_verifier")) {
        (None, None) => {}
        (None, Some(_)) => return refuse(400, "invalid_grant", "code_verifier or verifier is not needed."),
        (Some(_), None) => return refuse(400, "invalid_grant", "Missing code verifier."),
        (Some((challenge, is_hash)), Some(verifier)) => {
            let is_form = (43..=128).contains(&verifier.len())
                && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
            let derived = if *is_hash {
                URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
            } else {
                verifier.to_owned()
            };
            if !is_form || derived != *challenge {
                return refuse(400, "invalid_grant", "Invalid code verifier.");
            }
        }
    }
    let (account, scopes, nonce) = (code.account.clone(), code.scopes.clone(), code.nonce.clone());
    let (gives_refresh_token, is_offline) = (code.gives_refresh_token, code.is_offline);
    let oauth = &mut world.oauth;
    let token =
        oauth.add_access(&client.client_id, &client.project, &account, scopes.clone(), is_offline, now);
    if let Some(code) = oauth.codes.get_mut(text) {
        code.used_for = Some(token.clone());
    }
    let mut body = tokens(&token, &scopes);
    if gives_refresh_token {
        let refresh = oauth.add_refresh(&client, &account, scopes.clone(), now);
        if let Some(seconds) = oauth.refresh_expires_in(&refresh) {
            body["refresh_token_expires_in"] = json!(seconds);
        }
        body["refresh_token"] = json!(refresh);
    }
    add_id_token(world, &mut body, &client, &account, &scopes, nonce.as_deref(), now);
    Ok(body)
}

fn refresh(world: &mut World, request: &Request, form: &Query, now: i64) -> Result<Value, Refusal> {
    let client = client(world, request, form)?;
    let Some(text) = form.get("refresh_token") else {
        return refuse(400, "invalid_request", "Missing required parameter: refresh_token");
    };
    if world.oauth.refresh.get(text).is_some_and(|refresh| refresh.client != client.client_id) {
        return refuse(401, "unauthorized_client", "Unauthorized");
    }
    let Some(refresh) = world.oauth.use_refresh(text, now) else {
        let text = if text.starts_with("1//") { "Token has been expired or revoked." } else { "Bad Request" };
        return refuse(400, "invalid_grant", text);
    };
    let (account, mut scopes) = (refresh.account.clone(), refresh.scopes.clone());
    if let Some(narrower) = form.get("scope") {
        let narrower = super::scopes::parse(narrower);
        if narrower.iter().any(|scope| !scopes.contains(scope)) {
            return refuse(400, "invalid_scope", "Bad Request");
        }
        scopes = narrower;
    }
    let token =
        world.oauth.add_access(&client.client_id, &client.project, &account, scopes.clone(), true, now);
    let mut body = tokens(&token, &scopes);
    add_id_token(world, &mut body, &client, &account, &scopes, None, now);
    Ok(body)
}

fn tokens(access: &str, scopes: &[String]) -> Value {
    json!({
        "access_token": access,
        "expires_in": ACCESS_LIFE / 1000,
        "scope": scopes.join(" "),
        "token_type": "Bearer",
    })
}

fn add_id_token(
    world: &World,
    body: &mut Value,
    client: &Client,
    account: &str,
    scopes: &[String],
    nonce: Option<&str>,
    now: i64,
) {
    let Some(account) = world.accounts.get(account).filter(|_| scopes.iter().any(|scope| scope == "openid"))
    else {
        return;
    };
    let access = body["access_token"].as_str().unwrap_or_default();
    let at_hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(access.as_bytes())[..16]);
    let mut claims = super::endpoints::profile(account, scopes);
    let iat = now.div_euclid(1000);
    let more = json!({
        "iss": "https://accounts.google.com", "azp": client.client_id, "aud": client.client_id,
        "at_hash": at_hash, "iat": iat, "exp": iat + 3600,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        claims.insert(name.clone(), value.clone());
    }
    if let Some(nonce) = nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    body["id_token"] = json!(world.oauth.keys.signing().jwt(&Value::Object(claims)));
}
