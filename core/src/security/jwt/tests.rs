//! Tokens: what is refused before any key is looked at, and what a signature proves.

use proptest::prelude::*;
use ring::hmac;

use super::*;

/// Two keys that sign, for whichever test needs one.
pub(crate) fn signing_key(number: usize) -> SigningKey {
    let pem = [include_str!("test_keys/one.pem"), include_str!("test_keys/two.pem")][number];
    SigningKey::from_pem(pem).expect("a key")
}

/// The public half of such a key.
pub(crate) fn public_key(number: usize) -> RsaPublicKey {
    let jwk = jwk(number, "any");
    let text = |name: &str| jwk[name].as_str().expect("a text").to_owned();
    RsaPublicKey::from_jwk(&text("n"), &text("e")).expect("a key")
}

/// The public half as a JSON Web Key.
pub(crate) fn jwk(number: usize, kid: &str) -> Value {
    let key = signing_key(number);
    let public: RsaPublicKeyComponents<Vec<u8>> = key.0.public().into();
    json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
        "n": base64url(&public.n),
        "e": base64url(&public.e),
    })
}

fn with_header(header: &Value, claims: &Value, signature: impl Fn(&str) -> Vec<u8>) -> String {
    let signed =
        format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = base64url(&signature(&signed));
    format!("{signed}.{signature}")
}

fn kind(result: Result<impl Sized>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn a_token_made_by_another_program_is_read() {
    // `openssl dgst -sha256 -sign`, with the first key.
    let token = "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogIm9uZSJ9.eyJzdWIiOiAiNyJ9.xneqY4hyUitHXfmZvZOEARdbL5dDnE9XZkFQ2p1C_izwGQ5LtCsP090uNbYbCqj6YSpARRaYznvunzbJqxlMogwdBzlLXCLiSBfi-e53HcFapoyRSaem9ELB4yrd4nLc50zZ3V4zAWerz8-7bRWeg8XB_tPfgJPd-mUZbKNAFwFpQiqvdLzINweolSVeIBS3x--Ilwwsz3RTey8_wTDM5WcpuCxZgm7xa3nkNywGMvrTvZ_PfJN_N5fUK7KnTPTlwymkXu-ikwNX1984d_v5DfPoe0pumZtlAbM0oFY1x0fVRw5QG5EUHgJOMbfyBveOdGmOKYdXP64SCbz-ohZ6Hw";
    let jws = Jws::parse(token).expect("a token");
    assert_eq!(jws.kid(), Some("one"));
    assert_eq!(jws.verify::<Value>(&public_key(0)).expect("signed"), json!({"sub": "7"}));
}

#[test]
fn what_is_signed_here_is_verified_by_the_right_key_only() {
    let token = signing_key(0).sign(Some("k"), &json!({"sub": "1"})).expect("a token");
    let jws = Jws::parse(&token).expect("a token");
    assert_eq!(jws.verify::<Value>(&public_key(0)).expect("signed")["sub"], "1");
    assert_eq!(kind(jws.verify::<Value>(&public_key(1))), Some(ErrorKind::Unauthenticated));
    let mut parts: Vec<&str> = token.split('.').collect();
    let forged = base64url(br#"{"sub":"2"}"#);
    parts[1] = &forged;
    let forged = parts.join(".");
    let jws = Jws::parse(&forged).expect("a token");
    assert_eq!(kind(jws.verify::<Value>(&public_key(0))), Some(ErrorKind::Unauthenticated));
}

#[test]
fn trap_24_no_other_algorithm_is_taken_from_the_header() {
    let claims = json!({"sub": "1"});
    let jwk = jwk(0, "k");
    let public = jwk.to_string();
    let confused = with_header(&json!({"alg": "HS256", "kid": "k"}), &claims, |signed| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes()), signed.as_bytes()).as_ref().to_vec()
    });
    let unsigned = with_header(&json!({"alg": "none"}), &claims, |_| Vec::new());
    let mixed_case = with_header(&json!({"alg": "nOnE"}), &claims, |_| Vec::new());
    let demanding = with_header(&json!({"alg": "RS256", "crit": ["exp"]}), &claims, |_| vec![0; 256]);
    for token in [&confused, &unsigned, &mixed_case, &demanding] {
        assert_eq!(kind(Jws::parse(token)), Some(ErrorKind::Unauthenticated), "{token}");
    }
}

#[test]
fn nothing_but_three_parts_of_base64url_is_a_token() {
    let good = signing_key(0).sign(None, &json!({})).expect("a token");
    let padded = good.replacen('.', "=.", 1);
    let long = format!("{good}{}", "A".repeat(MAX_TOKEN));
    for token in ["", ".", "..", "a.b", "a.b.c.d", &padded, &long, &format!("{good}.x"), &format!(" {good}")]
    {
        assert_eq!(kind(Jws::parse(token)), Some(ErrorKind::Unauthenticated), "{token}");
    }
}

#[test]
fn a_private_key_is_pem_and_is_not_shown() {
    assert!(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_err());
    assert!(SigningKey::from_pem("").is_err());
    assert_eq!(format!("{:?}", signing_key(0)), "SigningKey(..)");
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,300}", alphabet in "[A-Za-z0-9_.-]{0,300}") {
        for token in [&text, &alphabet] {
            if let Ok(jws) = Jws::parse(token) {
                prop_assert!(jws.verify::<Value>(&public_key(0)).is_err());
            }
        }
    }

    #[test]
    fn no_changed_byte_of_a_token_passes(at in 0_usize..10_000, to in 0_u8..128) {
        let token = signing_key(0).sign(Some("k"), &json!({"sub": "1"})).expect("a token");
        let mut bytes = token.clone().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        let changed = String::from_utf8(bytes).expect("ASCII");
        let verified = Jws::parse(&changed).and_then(|jws| jws.verify::<Value>(&public_key(0)));
        prop_assert!(verified.is_err());
    }
}
