//! ID tokens against keys that are made here: what is accepted, what is not, and how often keys are fetched.

#![cfg(feature = "oidc")]
#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yunkit_core::{Error, OperationInfo, RawResponse, Request, Surroundings, Transport, async_trait};
use yunkit_orgid::oidc::{OidcConfig, OidcVerifier};

const NOW: u64 = 1_767_225_600;

/// A key of the service: it signs, and is published under its id.
struct Key {
    id: &'static str,
    signs: EncodingKey,
    published: Value,
}

impl Key {
    fn new(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let packed = |bytes: &[u8]| {
            use base64::Engine;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
        };
        let published = json!({"kty": "EC", "crv": "P-256", "kid": id, "use": "sig", "alg": "ES256",
            "x": packed(&point[1..33]), "y": packed(&point[33..])});
        Self { id, signs: EncodingKey::from_ec_der(pkcs8.as_ref()), published }
    }

    fn sign(&self, claims: &Value) -> yunkit_core::secrecy::SecretString {
        let header = Header { kid: Some(self.id.to_owned()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.signs).unwrap().into()
    }
}

/// Publishes keys, and counts how often they are fetched.
#[derive(Debug, Default)]
struct Keys {
    published: Mutex<Vec<Value>>,
    fetched: AtomicUsize,
    clock: AtomicUsize,
}

#[async_trait]
impl Transport for Keys {
    async fn send(&self, _: &'static OperationInfo, _: Request) -> Result<RawResponse, Error> {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        let body = json!({"keys": *self.published.lock().unwrap()}).to_string();
        Ok(RawResponse::new(yunkit_core::http::StatusCode::OK, Default::default(), body))
    }
}

#[async_trait]
impl Surroundings for Keys {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW + self.clock.load(Ordering::SeqCst) as u64)
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn random(&self) -> f64 {
        0.5
    }
    async fn sleep(&self, _: Duration) {}
}

fn verifier(keys: &[&Key]) -> (Arc<Keys>, OidcVerifier) {
    let service = Arc::new(Keys::default());
    *service.published.lock().unwrap() = keys.iter().map(|key| key.published.clone()).collect();
    let config = OidcConfig {
        issuer: "https://orgid.example.com".to_owned(),
        audience: "our-client".to_owned(),
        jwks: "https://orgid.example.com/jwks".parse().unwrap(),
        userinfo: None,
        global_logout: None,
    };
    (service.clone(), OidcVerifier::with(config, service.clone(), service))
}

fn claims(changes: Value) -> Value {
    let mut claims = json!({"iss": "https://orgid.example.com", "aud": "our-client", "sub": "demo", "exp": NOW + 300,
        "iat": NOW, "nonce": "n-1"});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[tokio::test]
async fn a_token_that_is_right_in_everything_brings_its_claims() {
    let key = Key::new("one");
    let (service, verifier) = verifier(&[&key]);

    let first = verifier.verify(&key.sign(&claims(json!({}))), Some("n-1")).await.unwrap();
    let second = verifier.verify(&key.sign(&claims(json!({"aud": ["other", "our-client"]}))), None).await.unwrap();

    assert_eq!((first["sub"].as_str(), second["sub"].as_str()), (Some("demo"), Some("demo")));
    assert_eq!(service.fetched.load(Ordering::SeqCst), 1, "keys are kept");
}

#[tokio::test]
async fn each_wrong_token_is_refused_for_its_own_reason() {
    let (key, other) = (Key::new("one"), Key::new("one"));
    let (_, verifier) = verifier(&[&key]);
    let shared =
        jsonwebtoken::encode(&Header::default(), &claims(json!({})), &EncodingKey::from_secret(b"s")).unwrap();
    let rows = [
        (other.sign(&claims(json!({}))), "InvalidSignature"),
        (key.sign(&claims(json!({"iss": "https://evil.example.com"}))), "InvalidIssuer"),
        (key.sign(&claims(json!({"aud": "another-client"}))), "InvalidAudience"),
        (key.sign(&claims(json!({"exp": NOW - 61}))), "it has expired"),
        (key.sign(&claims(json!({"nbf": NOW + 61}))), "it is not good yet"),
        (key.sign(&claims(json!({"nonce": "n-2"}))), "its nonce is not that of our request"),
        (key.sign(&claims(json!({"nonce": null}))), "its nonce is not that of our request"),
        (shared.into(), "it is signed by HS256, which no published key can verify"),
        ("no.token".into(), "it is no token"),
    ];

    for (token, said) in rows {
        let error = verifier.verify(&token, Some("n-1")).await.unwrap_err();
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_and_a_forger_cannot_make_us_ask_again_and_again() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let (service, verifier) = verifier(&[&old]);
    verifier.verify(&old.sign(&claims(json!({}))), None).await.unwrap();

    let forged = Key::new("forged");
    for _ in 0..10 {
        verifier.verify(&forged.sign(&claims(json!({}))), None).await.unwrap_err();
    }
    let while_pausing = service.fetched.load(Ordering::SeqCst);
    *service.published.lock().unwrap() = vec![old.published.clone(), new.published.clone()];
    service.clock.store(61, Ordering::SeqCst);
    let rotated = verifier.verify(&new.sign(&claims(json!({}))), None).await;

    assert!(rotated.is_ok(), "{rotated:?}");
    assert_eq!((while_pausing, service.fetched.load(Ordering::SeqCst)), (1, 2));
}
