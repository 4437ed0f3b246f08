//! The small endpoints: who is it, is it valid, never again, and the keys.

use serde_json::{Map, Value, json};

use super::keys::Jwt;
use super::{authorize, exchange};
use crate::faults::{Effect, Place};
use crate::http::routes::{Service, allows};
use crate::http::{Answer, Request};
use crate::world::{Account, World};

/// Answers a request that is about OAuth.
pub(super) fn answer(world: &mut World, request: &Request) -> Option<Answer> {
    let is_get = request.method == "GET";
    let is_post = request.method == "POST";
    Some(match request.path.as_str() {
        "/o/oauth2/v2/auth" | "/o/oauth2/auth" if is_get => authorize::answer(world, &request.query),
        "/token" | "/o/oauth2/token" if is_post => exchange::answer(world, request),
        "/revoke" | "/o/oauth2/revoke" if is_get || is_post => revoke(world, request),
        "/tokeninfo" | "/oauth2/v3/tokeninfo" if is_get || is_post => token_info(world, request, false),
        "/oauth2/v2/tokeninfo" if is_get || is_post => token_info(world, request, true),
        "/v1/userinfo" | "/oauth2/v3/userinfo" if is_get || is_post => user_info(world, request, false),
        "/oauth2/v2/userinfo" | "/userinfo/v2/me" if is_get => user_info(world, request, true),
        "/oauth2/v3/certs" if is_get => certs(world, true),
        "/oauth2/v1/certs" if is_get => certs(world, false),
        "/.well-known/openid-configuration" if is_get => configuration(world),
        _ => return None,
    })
}

/// Claims about a user, as far as the scopes go.
pub(super) fn profile(account: &Account, scopes: &[String]) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut add = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    add("sub", json!(account.sub));
    if allows(scopes, &["userinfo.email"]) {
        add("email", json!(account.email));
        add("email_verified", json!(true));
    }
    if let Some(domain) = &account.domain {
        add("hd", json!(domain));
    }
    if allows(scopes, &["userinfo.profile"]) {
        let (given, family) = account.name.split_once(' ').unwrap_or((&account.name, ""));
        add("name", json!(account.name));
        add("given_name", json!(given));
        add("family_name", json!(family));
        add("picture", json!(format!("https://lh3.googleusercontent.com/a/{}=s96-c", account.sub)));
    }
    claims
}

fn revoke(world: &mut World, request: &Request) -> Answer {
    let form = exchange::form(request);
    let token = form.get("token").or_else(|| request.query.get("token"));
    match token {
        Some(token) if world.oauth.revoke(token) => Answer::json(200, json!({})),
        Some(_) => Answer::json(
            400,
            json!({"error": "invalid_token", "error_description": "Token expired or revoked"}),
        ),
        None => Answer::json(400, json!({"error": "invalid_request", "error_description": "Missing token"})),
    }
}

fn token_info(world: &World, request: &Request, is_legacy: bool) -> Answer {
    let now = world.now();
    let form = exchange::form(request);
    let given = |name: &str| form.get(name).or_else(|| request.query.get(name)).map(str::to_owned);
    let refused =
        || Answer::json(400, json!({"error": "invalid_token", "error_description": "Invalid Value"}));
    if let Some(token) = given("id_token") {
        let jwt = Jwt::parse(&token)
            .filter(|jwt| world.oauth.keys.live().iter().any(|key| jwt.is_of(key)))
            .filter(|jwt| jwt.claims.get("exp").and_then(Value::as_i64).is_some_and(|exp| exp * 1000 > now));
        let Some(jwt) = jwt else { return refused() };
        // Here all values are text.
        let claims = jwt.claims.into_iter().map(|(name, value)| match value {
            Value::String(_) => (name, value),
            other => (name, json!(other.to_string())),
        });
        let mut body: Map<String, Value> = claims.collect();
        body.extend(jwt.header);
        return Answer::json(200, Value::Object(body));
    }
    let token = given("access_token");
    let access = token.and_then(|token| world.oauth.access.get(&token)).filter(|access| access.expires > now);
    let Some(access) = access else { return refused() };
    let account = world.accounts.get(&access.account);
    let sub = account.map(|account| account.sub.clone()).unwrap_or_default();
    let seconds = (access.expires - now) / 1000;
    let access_type = if access.is_offline { "offline" } else { "online" };
    let is_email = allows(&access.scopes, &["userinfo.email"]);
    let scope = access.scopes.join(" ");
    let mut body = if is_legacy {
        json!({"issued_to": access.client, "audience": access.client, "user_id": sub, "scope": scope,
            "expires_in": seconds, "access_type": access_type})
    } else {
        json!({"azp": access.client, "aud": access.client, "sub": sub, "scope": scope,
            "exp": (access.expires / 1000).to_string(), "expires_in": seconds.to_string(),
            "access_type": access_type})
    };
    if is_email {
        body["email"] = json!(access.account);
        body[if is_legacy { "verified_email" } else { "email_verified" }] =
            if is_legacy { json!(true) } else { json!("true") };
    }
    Answer::json(200, body)
}

fn user_info(world: &World, request: &Request, is_legacy: bool) -> Answer {
    let caller = match world.oauth.caller(request.bearer(), world.now()) {
        Ok(caller) => caller,
        Err(error) if is_legacy => return error.answer(true),
        Err(_) => {
            let body = json!({"error": "invalid_request", "error_description": "Invalid Credentials"});
            return Answer::json(401, body);
        }
    };
    let Some(account) = world.accounts.get(&caller.account) else { return Answer::json(401, json!({})) };
    let mut claims = profile(account, &caller.scopes);
    if is_legacy {
        for (new, old) in [("sub", "id"), ("email_verified", "verified_email")] {
            if let Some(value) = claims.remove(new) {
                claims.insert(old.to_owned(), value);
            }
        }
    }
    Answer::json(200, Value::Object(claims))
}

fn certs(world: &mut World, as_jwks: bool) -> Answer {
    let now = world.now();
    let effects = world.faults.at(Place::Call { method: "oauth.certs", account: "", has_page: false }, now);
    world.oauth.certs_fetched += 1;
    let delay =
        effects.iter().map(|effect| if let Effect::Delay { millis } = effect { *millis } else { 0 }).sum();
    if let Some(answer) = effects.iter().find_map(|effect| effect.answer(Service::Gmail, now)) {
        return Answer { delay, ..answer };
    }
    let keys = world.oauth.keys.live();
    let body = if as_jwks {
        json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()})
    } else {
        let pairs = keys.iter().map(|key| (key.id.clone(), json!(key.certificate_pem(now))));
        Value::Object(pairs.collect())
    };
    let max_age = world.oauth.certs_max_age;
    let mut answer = Answer::json(200, body)
        .with("Cache-Control", format!("public, max-age={max_age}, must-revalidate, no-transform"))
        .with("Expires", crate::clock::http_date(now + max_age as i64 * 1000));
    answer.delay = delay;
    answer
}

fn configuration(world: &World) -> Answer {
    let base = &world.base_url;
    Answer::json(
        200,
        json!({
            "issuer": "https://accounts.google.com",
            "authorization_endpoint": format!("{base}/o/oauth2/v2/auth"),
            "token_endpoint": format!("{base}/token"),
            "userinfo_endpoint": format!("{base}/v1/userinfo"),
            "revocation_endpoint": format!("{base}/revoke"),
            "jwks_uri": format!("{base}/oauth2/v3/certs"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "email", "email_verified", "exp", "family_name", "given_name", "iat",
                "iss", "name", "picture", "sub"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code", "refresh_token",
                "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        }),
    )
    .with("Cache-Control", "public, max-age=3600")
}
