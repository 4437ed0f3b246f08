//! RSA keys, what they sign, and how they are published.
//!
//! Making a key takes long, so keys are shared by all fakes of a process that have the same
//! seed, and made when they are first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rsa::PrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::der;
use crate::rng::Rng;

const BITS: usize = 2048;

/// A key.
pub(crate) struct Key {
    pub(crate) id: String,
    private: PrivateKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The key with a number.
pub(crate) fn key(seed: u64, number: u64) -> Arc<Key> {
    type Keys = Mutex<HashMap<(u64, u64), Arc<Key>>>;
    static KEYS: OnceLock<Keys> = OnceLock::new();
    // Whoever wants a key that is being made waits for it.
    let mut keys = KEYS.get_or_init(Keys::default).lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(keys.entry((seed, number)).or_insert_with(|| Arc::new(Key::new(seed, number))))
}

impl Key {
    fn new(seed: u64, number: u64) -> Self {
        let mut rng = Rng::new(seed, &format!("key {number}"));
        loop {
            // Fails only when the numbers drawn are unfit.
            if let Ok(private) = PrivateKey::new(&mut rng, BITS) {
                let digest = Sha256::digest(private.as_public_key().n_bytes());
                let id = digest[..20].iter().map(|byte| format!("{byte:02x}")).collect();
                return Self { id, private };
            }
        }
    }

    fn n(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.private.as_public_key().n_bytes())
    }

    /// PKCS#1 v1.5 with SHA-256.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.private.pkcs1v15_sign::<Sha256>(message).unwrap_or_default()
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.private.as_public_key().pkcs1v15_verify::<Sha256>(message, signature).is_ok()
    }

    /// As in the JSON file of a service account.
    pub(crate) fn private_pem(&self) -> String {
        self.private.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).unwrap_or_default()
    }

    pub(crate) fn public_pem(&self) -> String {
        self.private.as_public_key().to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }

    fn public_der(&self) -> Vec<u8> {
        let der = self.private.as_public_key().to_public_key_der();
        der.map(|der| der.as_bytes().to_vec()).unwrap_or_default()
    }

    /// A certificate that it signed for itself.
    pub(crate) fn certificate_pem(&self, now: i64) -> String {
        let der = der::certificate(&self.public_der(), now, |tbs| self.sign(tbs));
        let text = STANDARD.encode(der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap_or_default()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// As in a JWKS.
    pub(crate) fn jwk(&self) -> Value {
        let e = URL_SAFE_NO_PAD.encode(self.private.as_public_key().e_bytes());
        json!({"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.id, "n": self.n(), "e": e})
    }

    /// A token with these claims.
    pub(crate) fn jwt(&self, claims: &Value) -> String {
        let signed = unsigned(&json!({"alg": "RS256", "kid": self.id, "typ": "JWT"}), claims);
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// Header and claims, encoded and joined.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// HMAC-SHA-256, for the attack in which a public key serves as a secret.
pub(crate) fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if secret.len() > 64 {
        block[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        block[..secret.len()].copy_from_slice(secret);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

/// A token, taken apart.
#[derive(Debug)]
pub(crate) struct Jwt {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

impl Jwt {
    pub(crate) fn parse(token: &str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |text: &str| -> Option<Map<String, Value>> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header: object(header)?, claims: object(claims)?, signed: signed.to_owned(), signature })
    }

    pub(crate) fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it is an RS256 token of this key.
    pub(crate) fn is_of(&self, key: &Key) -> bool {
        self.header.get("alg").and_then(Value::as_str) == Some("RS256")
            && key.verify(self.signed.as_bytes(), &self.signature)
    }
}

/// The keys that Google signs with: two are published, the newer one signs.
#[derive(Debug)]
pub(crate) struct KeyRing {
    seed: u64,
    /// The number of the older of the two.
    first: u64,
}

impl KeyRing {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, first: 0 }
    }

    /// The keys that are published, the older one first.
    pub(crate) fn live(&self) -> [Arc<Key>; 2] {
        [key(self.seed, self.first), key(self.seed, self.first + 1)]
    }

    pub(crate) fn signing(&self) -> Arc<Key> {
        key(self.seed, self.first + 1)
    }

    /// Drops the older key, and signs with a new one from now on.
    pub(crate) fn rotate(&mut self) {
        self.first += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_signs_publishes_and_rotates() {
        let mut ring = KeyRing::new(99);
        let token = ring.signing().jwt(&json!({"sub": "1"}));
        let jwt = Jwt::parse(&token).unwrap();
        let kid = jwt.header["kid"].as_str().unwrap().to_owned();
        assert!(ring.live()[1].id == kid && jwt.is_of(&ring.live()[1]) && !jwt.is_of(&ring.live()[0]));
        ring.rotate();
        assert!(jwt.is_of(&ring.live()[0]), "the old key is still published");
        ring.rotate();
        assert!(ring.live().iter().all(|key| key.id != kid && !jwt.is_of(key)));
    }

    #[test]
    fn other_algorithms_are_not_ours() {
        let key = key(99, 1);
        let signed = unsigned(&json!({"alg": "HS256", "kid": key.id}), &json!({}));
        let signature = URL_SAFE_NO_PAD.encode(hmac(key.public_pem().as_bytes(), signed.as_bytes()));
        assert!(!Jwt::parse(&format!("{signed}.{signature}")).unwrap().is_of(&key));
        for broken in ["", "a.b", "a.b.c", "..", "e30.e30"] {
            assert!(Jwt::parse(broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn the_mac_is_that_of_rfc_4231() {
        let mac: String =
            hmac(b"Jefe", b"what do ya want for nothing?").iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
