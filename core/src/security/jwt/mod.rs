//! Signed tokens (RFC 7515, compact form), RS256 only: made for service accounts, checked for
//! what Google signs.
//!
//! On `ring` and not through a crate for tokens: the usual one takes its RSA from `aws-lc-rs`,
//! which needs CMake and a C toolchain, or from `rsa`, whose timing leaks keys (the Marvin
//! attack). What is left to do is to take three parts apart.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::{Error, ErrorKind, Result};

/// The longest token that is read. Google's have about 1,200 bytes.
const MAX_TOKEN: usize = 16 << 10;
/// The longest name of a key.
const MAX_KID: usize = 256;

/// A token that is taken apart, its signature not checked yet: there is no way to its claims
/// but through [`Jws::verify`].
pub(crate) struct Jws<'a> {
    kid: Option<String>,
    /// What is signed: header and claims as they came.
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

fn refused(message: &'static str) -> Error {
    Error::new(ErrorKind::Unauthenticated, "security.token", message)
}

impl<'a> Jws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// `unauthenticated` for anything but three parts of base64url, and for every algorithm
    /// but RS256, before anything else is looked at.
    pub(crate) fn parse(token: &'a str) -> Result<Self> {
        if token.len() > MAX_TOKEN {
            return Err(refused("the token is too long"));
        }
        let no_token = || refused("this is not a signed token");
        let (signed, signature) = token.rsplit_once('.').ok_or_else(no_token)?;
        let (header, claims) = signed.split_once('.').ok_or_else(no_token)?;
        if claims.contains('.') {
            return Err(no_token());
        }
        let header = unbase64url(header).ok_or_else(no_token)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| no_token())?;
        // A public key must never become the secret of an HS256, nor a signature be left out.
        if header.alg != "RS256" {
            return Err(refused("the token is not signed with RS256"));
        }
        if header.crit.is_some() {
            return Err(refused("the token demands extensions that are not known here"));
        }
        if header.kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
            return Err(no_token());
        }
        let signature = unbase64url(signature).ok_or_else(no_token)?;
        Ok(Self { kid: header.kid, signed, claims, signature })
    }

    /// The name of the key that is said to have signed it.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Checks the signature, and reads the claims.
    ///
    /// # Errors
    /// `unauthenticated` when `key` did not sign this, or the claims are of another form.
    pub(crate) fn verify<T: DeserializeOwned>(&self, key: &RsaPublicKey) -> Result<T> {
        let components = RsaPublicKeyComponents { n: &key.modulus, e: &key.exponent };
        components
            .verify(&RSA_PKCS1_2048_8192_SHA256, self.signed.as_bytes(), &self.signature)
            .map_err(|_| refused("the signature of the token is wrong"))?;
        let malformed = || refused("the token does not say what it should");
        let claims = unbase64url(self.claims).ok_or_else(malformed)?;
        serde_json::from_slice(&claims).map_err(|_| malformed())
    }
}

/// The public half of an RSA key: its numbers as big-endian bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RsaPublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl RsaPublicKey {
    /// From the `n` and `e` of a JSON Web Key.
    pub(crate) fn from_jwk(n: &str, e: &str) -> Option<Self> {
        // Leading zeros are not allowed there, but come; ring refuses them.
        let number = |text: &str| {
            let bytes = unbase64url(text)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            Some(bytes[zeros..].to_vec())
        };
        Some(Self { modulus: number(n)?, exponent: number(e)? })
    }
}

/// A private RSA key that signs.
pub(crate) struct SigningKey(RsaKeyPair);

impl SigningKey {
    /// From a key in PEM (`-----BEGIN PRIVATE KEY-----`), as service accounts have it.
    ///
    /// # Errors
    /// `invalid_input` when it is none.
    pub(crate) fn from_pem(pem: &str) -> Result<Self> {
        let bad = || {
            let message = "the private key is not an RSA key of 2048 bits or more in PEM \
                           (-----BEGIN PRIVATE KEY-----)";
            Error::new(ErrorKind::InvalidInput, "security.signing_key", message)
        };
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| bad())?;
        RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map(Self).map_err(|_| bad())
    }

    /// A token with these claims, signed.
    ///
    /// # Errors
    /// `internal` when the operating system gives no random bytes.
    pub(crate) fn sign(&self, kid: Option<&str>, claims: &Value) -> Result<String> {
        let mut header = json!({"alg": "RS256", "typ": "JWT"});
        if let Some(kid) = kid {
            header["kid"] = kid.into();
        }
        let signed = format!(
            "{}.{}",
            base64url(header.to_string().as_bytes()),
            base64url(claims.to_string().as_bytes())
        );
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| Error::new(ErrorKind::Internal, "security.sign", "signing failed"))?;
        Ok(format!("{signed}.{}", base64url(&signature)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// base64url without padding, as tokens have it.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url; `None` for padding, other alphabets and loose bits at the end.
pub(crate) fn unbase64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
pub(crate) mod tests;
