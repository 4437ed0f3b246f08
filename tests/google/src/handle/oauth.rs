//! Accounts, clients, consent, tokens and keys.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::FakeGoogle;
use crate::oauth::keys::{hmac, key, unsigned};
use crate::oauth::{Client, Consent, TokenCalls, scopes, service_accounts};
use crate::push::deliver::push_claims;

/// Tokens that were given without a dance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Lives for an hour.
    pub access_token: String,
    /// Lives on.
    pub refresh_token: String,
    /// Of the standard client.
    pub client_id: String,
    /// Of the standard client.
    pub client_secret: String,
}

/// What kind of OIDC token a test wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// As Pub/Sub sends it.
    Valid,
    /// It ended two minutes ago.
    Expired,
    /// It was issued one second ahead of the clock, which a verifier ought to bear.
    SkewedOneSecond,
    /// It was issued two minutes ahead of the clock, which it ought not.
    FromTheFuture,
    /// Signed by a key that was never published, with a key id of its own.
    UnknownKey,
    /// Signed by another key than its key id says.
    WrongSignature,
    /// HS256, with the public key's PEM as the secret.
    HmacWithPublicKey,
    /// `alg` is `none`, and there is no signature.
    Unsigned,
    /// Issued by somebody else.
    WrongIssuer,
    /// `email_verified` is false.
    UnverifiedEmail,
}

impl FakeGoogle {
    /// Adds an account with mailbox, drive and calendar. The domain of an address that does
    /// not end in `@gmail.com` is a Workspace domain. One that is there stays as it is.
    pub fn add_account(&self, email: &str, name: &str) {
        self.lock().add_account(email, name, true);
    }

    /// The numeric id of an account.
    #[must_use]
    pub fn sub(&self, email: &str) -> Option<String> {
        self.lock().accounts.get(email).map(|account| account.sub.clone())
    }

    /// Takes mail away from an account: Gmail answers `failedPrecondition` then.
    pub fn disable_mail(&self, email: &str) {
        self.lock().mail.remove(email);
    }

    /// Adds or replaces a client.
    pub fn add_client(&self, client: Client) {
        self.lock().oauth.clients.insert(client.client_id.clone(), client);
    }

    /// Removes a client: its users' tokens go on working, but are not refreshed any more.
    pub fn remove_client(&self, client_id: &str) -> bool {
        self.lock().oauth.clients.remove(client_id).is_some()
    }

    /// What the user does at the next consent screen; several wait for their turn.
    pub fn next_consent(&self, consent: Consent) {
        self.lock().oauth.consents.push_back(consent);
    }

    /// Tokens of the standard client for an account, as if the user had consented.
    pub fn tokens(&self, email: &str, scopes: &[&str]) -> Tokens {
        self.tokens_of(&Client::standard(), email, scopes)
    }

    /// The same for another client.
    pub fn tokens_of(&self, client: &Client, email: &str, scopes: &[&str]) -> Tokens {
        let mut world = self.lock();
        let now = world.now();
        let scopes = scopes::parse(&scopes.join(" "));
        let oauth = &mut world.oauth;
        let refresh_token = oauth.add_refresh(client, email, scopes.clone(), now);
        let access_token = oauth.add_access(&client.client_id, &client.project, email, scopes, true, now);
        Tokens {
            access_token,
            refresh_token,
            client_id: client.client_id.clone(),
            client_secret: client.client_secret.clone(),
        }
    }

    /// Ends all that an account has granted: the user revoked it, or changed the password.
    pub fn revoke(&self, email: &str) {
        self.lock().oauth.revoke_account(email);
    }

    /// Ends the access tokens of an account; refresh tokens go on.
    pub fn expire_access_tokens(&self, email: &str) {
        self.lock().oauth.expire_access(email);
    }

    /// What was asked of the token endpoint so far.
    #[must_use]
    pub fn token_calls(&self) -> TokenCalls {
        self.lock().oauth.calls.clone()
    }

    /// Counts calls of the token endpoint and fetches of keys anew.
    pub fn reset_token_calls(&self) {
        let mut world = self.lock();
        world.oauth.calls = TokenCalls::default();
        world.oauth.certs_fetched = 0;
    }

    /// Makes a service account and delegates scopes of the domains to it; its key file.
    #[must_use]
    pub fn add_service_account(&self, name: &str, project: &str, delegated: &[&str]) -> Value {
        service_accounts::add(&mut self.lock(), name, project, delegated)
    }

    /// Signs with a new key from now on. The last one stays published until the next time.
    pub fn rotate_keys(&self) {
        self.lock().oauth.keys.rotate();
    }

    /// How often the keys were fetched.
    #[must_use]
    pub fn certs_fetched(&self) -> u64 {
        self.lock().oauth.certs_fetched
    }

    /// Sets how many seconds the keys may be cached.
    pub fn set_certs_max_age(&self, seconds: u64) {
        self.lock().oauth.certs_max_age = seconds;
    }

    /// A bearer token such as Pub/Sub's, or one that only looks like it.
    #[must_use]
    pub fn oidc_token(&self, kind: TokenKind, account: &str, audience: &str) -> String {
        let (now, seed, signing, other) = {
            let world = self.lock();
            let [other, signing] = world.oauth.keys.live();
            (world.now(), world.oauth.seed, signing, other)
        };
        let shifted = |millis: i64| push_claims(account, audience, now + millis);
        match kind {
            TokenKind::Valid => signing.jwt(&shifted(0)),
            TokenKind::Expired => signing.jwt(&shifted(-3_720_000)),
            TokenKind::SkewedOneSecond => signing.jwt(&shifted(1_000)),
            TokenKind::FromTheFuture => signing.jwt(&shifted(120_000)),
            TokenKind::UnknownKey => key(seed, 900).jwt(&shifted(0)),
            TokenKind::WrongSignature => {
                let header = json!({"alg": "RS256", "kid": signing.id, "typ": "JWT"});
                sealed(&header, &shifted(0), |message| other.sign(message))
            }
            TokenKind::HmacWithPublicKey => {
                let header = json!({"alg": "HS256", "kid": signing.id, "typ": "JWT"});
                sealed(&header, &shifted(0), |message| hmac(signing.public_pem().as_bytes(), message))
            }
            TokenKind::Unsigned => {
                let header = json!({"alg": "none", "kid": signing.id, "typ": "JWT"});
                sealed(&header, &shifted(0), |_| Vec::new())
            }
            TokenKind::WrongIssuer => {
                let mut claims = shifted(0);
                claims["iss"] = json!("https://accounts.example");
                signing.jwt(&claims)
            }
            TokenKind::UnverifiedEmail => {
                let mut claims = shifted(0);
                claims["email_verified"] = json!(false);
                signing.jwt(&claims)
            }
        }
    }

    /// A token with any claims, signed by the key that signs now.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let key = self.lock().oauth.keys.signing();
        key.jwt(claims)
    }
}

fn sealed(header: &Value, claims: &Value, seal: impl Fn(&[u8]) -> Vec<u8>) -> String {
    use base64::Engine;
    let signed = unsigned(header, claims);
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(seal(signed.as_bytes()));
    format!("{signed}.{signature}")
}
