//! Service accounts: assertions they sign, and the delegation that lets them be others.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::exchange::{Refusal, refuse};
use super::grants::ACCESS_LIFE;
use super::keys::{Jwt, key};
use crate::http::Query;
use crate::world::World;

/// Keys of service accounts have numbers from here on.
const FIRST_KEY: u64 = 1_000;
/// Clocks may differ so much.
const SKEW: i64 = 300;

/// A service account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceAccount {
    /// `...@....iam.gserviceaccount.com`
    pub email: String,
    /// The numeric id by which domains delegate to it.
    pub client_id: String,
    /// The project whose account it is.
    pub project: String,
    /// Scopes that the domains' administrators have delegated, to the letter. Empty: none.
    pub delegated_scopes: BTreeSet<String>,
    /// Which of the fake's keys it signs with.
    #[serde(default)]
    pub(crate) key: u64,
}

/// Makes a service account; what its key file says, with `token_uri` at the fake.
pub(crate) fn add(world: &mut World, name: &str, project: &str, delegated: &[&str]) -> Value {
    let number = world.oauth.service_accounts.len() as u64;
    let account = ServiceAccount {
        email: format!("{name}@{project}.iam.gserviceaccount.com"),
        client_id: format!("1{:020}", 7 + number),
        project: project.to_owned(),
        delegated_scopes: delegated.iter().map(|scope| (*scope).to_owned()).collect(),
        key: FIRST_KEY + number,
    };
    let key = key(world.oauth.seed, account.key);
    let file = json!({
        "type": "service_account",
        "project_id": project,
        "private_key_id": key.id,
        "private_key": key.private_pem(),
        "client_email": account.email,
        "client_id": account.client_id,
        "auth_uri": format!("{}/o/oauth2/auth", world.base_url),
        "token_uri": format!("{}/token", world.base_url),
    });
    world.add_account(&account.email, name, false);
    world.oauth.service_accounts.insert(account.email.clone(), account);
    file
}

/// An assertion for an access token.
pub(super) fn grant(world: &mut World, form: &Query, now: i64) -> Result<Value, Refusal> {
    let Some(jwt) = form.get("assertion").and_then(Jwt::parse) else {
        return refuse(400, "invalid_grant", "Invalid JWT: Failed to parse the assertion.");
    };
    let Some(account) = world.oauth.service_accounts.get(jwt.claim("iss")).cloned() else {
        return refuse(400, "invalid_grant", "Invalid grant: account not found");
    };
    if !jwt.is_of(&key(world.oauth.seed, account.key)) {
        return refuse(400, "invalid_grant", "Invalid JWT Signature.");
    }
    let audience = jwt.claim("aud");
    if !["/token", "/oauth2/v4/token", "/o/oauth2/token"].iter().any(|path| audience.ends_with(path)) {
        return refuse(400, "invalid_grant", "Invalid JWT: Failed audience check.");
    }
    let seconds = now.div_euclid(1000);
    let time = |name: &str| jwt.claims.get(name).and_then(Value::as_i64);
    let is_timely = matches!((time("iat"), time("exp")), (Some(iat), Some(exp))
        if iat <= seconds + SKEW && exp > seconds - SKEW && exp > iat && exp - iat <= 3600);
    if !is_timely {
        let text = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";
        return refuse(400, "invalid_grant", text);
    }
    // Compared to the letter: no scope covers another one here.
    let asked: Vec<String> = jwt.claim("scope").split_whitespace().map(str::to_owned).collect();
    if asked.is_empty() {
        return refuse(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    }
    let subject = match jwt.claim("sub") {
        "" => account.email.clone(),
        user => {
            if asked.iter().any(|scope| !account.delegated_scopes.contains(scope)) {
                let text = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.";
                return refuse(401, "unauthorized_client", text);
            }
            // Domains delegate, so only their accounts can be impersonated.
            match world.accounts.get(user) {
                Some(user) if user.domain.is_some() => user.email.clone(),
                Some(_) => {
                    return refuse(
                        401,
                        "unauthorized_client",
                        "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
                    );
                }
                None => return refuse(400, "invalid_grant", "Invalid email or User ID"),
            }
        }
    };
    let token = world.oauth.add_access(&account.client_id, &account.project, &subject, asked, false, now);
    Ok(json!({"access_token": token, "expires_in": ACCESS_LIFE / 1000, "token_type": "Bearer"}))
}
