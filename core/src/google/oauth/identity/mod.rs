//! Who Google says that somebody is: its OpenID tokens, and the keys it signs them with.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::base::{Clock, Error, ErrorKind, Result};
use crate::net::{Http, HttpRequest};
use crate::security::{FetchKeys, FetchedKeys, Jws, KeySet, RsaPublicKey};

/// Who signs.
const ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];
/// How far clocks may be apart, in seconds. With none, a host that is one second behind refuses
/// fresh tokens.
const LEEWAY: i64 = 30;
/// How long keys hold where the answer does not say.
const USUAL_AGE: Duration = Duration::from_secs(3_600);

/// Claims of a token that was verified.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    pub(crate) sub: String,
    exp: i64,
    iat: i64,
    pub(crate) email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    pub(crate) email_verified: bool,
    pub(crate) nonce: Option<String>,
    pub(crate) hd: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) picture: Option<String>,
}

/// `true`, or `"true"` as some of Google's endpoints have it.
pub(super) fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value == Value::Bool(true) || value == "true")
}

/// Google's keys, and what they prove.
pub(crate) struct GoogleKeys {
    keys: KeySet<Published>,
    clock: Arc<dyn Clock>,
}

/// Where Google publishes its keys.
struct Published {
    http: Arc<Http>,
    url: String,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kid: Option<String>,
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwk {
    /// Its name and the key, where it is one that signs with RSA.
    fn signs(self) -> Option<(String, RsaPublicKey)> {
        let is_fit = self.kty == "RSA" && self.usage.as_ref().is_none_or(|usage| usage == "sig");
        let key = is_fit.then(|| RsaPublicKey::from_jwk(self.n.as_deref()?, self.e.as_deref()?)).flatten()?;
        Some((self.kid?, key))
    }
}

#[async_trait]
impl FetchKeys for Published {
    async fn fetch(&self) -> Result<FetchedKeys> {
        let operation = "google.keys";
        let mut request = HttpRequest::new(operation, Method::GET, &self.url)?;
        // A push waits for this, and Pub/Sub for the push.
        request.timeout = Duration::from_secs(5);
        let answer = self.http.send(request).await?;
        let failed =
            |message| Error::new(ErrorKind::Upstream, operation, message).with("status", answer.status);
        if answer.status != 200 {
            return Err(failed("Google's keys could not be fetched"));
        }
        let document: Document = serde_json::from_slice(&answer.body)
            .map_err(|_| failed("what should be Google's keys is none"))?;
        let age = answer.header("age").and_then(|age| age.trim().parse().ok()).unwrap_or(0);
        let max_age = answer.header("cache-control").and_then(max_age).unwrap_or(USUAL_AGE);
        Ok(FetchedKeys {
            keys: document.keys.into_iter().filter_map(Jwk::signs).collect(),
            max_age: max_age.saturating_sub(Duration::from_secs(age)),
        })
    }
}

/// The `max-age` of a `Cache-Control`.
fn max_age(header: &str) -> Option<Duration> {
    let seconds = header.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("max-age").then(|| value.trim().trim_matches('"').parse().ok())?
    });
    seconds.map(Duration::from_secs)
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorKind::Unauthenticated, "google.identity", message)
}

impl GoogleKeys {
    /// `www` is the base address of the keys.
    pub(crate) fn new(http: Arc<Http>, www: &str, clock: Arc<dyn Clock>) -> Self {
        let source = Published { http, url: format!("{www}/oauth2/v3/certs") };
        Self { keys: KeySet::new(source, Arc::clone(&clock)), clock }
    }

    /// Verifies a token that Google signed for `audience`.
    ///
    /// # Errors
    /// `unauthenticated` when it is not; `upstream` when Google's keys cannot be had.
    pub(crate) async fn verify(&self, token: &str, audience: &str) -> Result<Claims> {
        let jws = Jws::parse(token)?;
        let kid = jws.kid().ok_or_else(|| refused("the token does not name its key"))?;
        let key = self.keys.key(kid).await?.ok_or_else(|| refused("Google has no key of that name"))?;
        let claims: Claims = jws.verify(&key)?;
        if !ISSUERS.contains(&claims.iss.as_str()) {
            return Err(refused("the token is not Google's"));
        }
        if claims.aud != audience {
            return Err(refused("the token is meant for others"));
        }
        let now = self.clock.now().as_micros().div_euclid(1_000_000);
        if claims.exp.saturating_add(LEEWAY) <= now {
            return Err(refused("the token has expired"));
        }
        if claims.iat.saturating_sub(LEEWAY) > now {
            return Err(refused("the token is from the future: check this machine's clock"));
        }
        Ok(claims)
    }
}

#[cfg(test)]
pub(crate) mod tests;
