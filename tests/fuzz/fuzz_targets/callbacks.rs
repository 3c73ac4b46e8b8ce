//! What comes back from sign-ins: redirect addresses, tickets of CAS, tokens, ID tokens. Nothing is taken that does not answer
//! our own request, and a forged ID token never.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use libfuzzer_sys::fuzz_target;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};
use yunkit_core::http::HeaderMap;
use yunkit_core::oauth::{Application, Authorization, code_from};
use yunkit_core::rest::Base;
use yunkit_core::secrecy::ExposeSecret;
use yunkit_fuzz::{Frame, Scripted, now, once, refused};
use yunkit_huawei::credentials::AccessKey;
use yunkit_huawei::{Cloud, HuaweiProtocol, Region};
use yunkit_orgid::oidc::{OidcConfig, OidcVerifier};
use yunkit_orgid::{OrgId, validate_ticket};
use yunkit_servicestage::authorization::Authorization as RepositoryAuthorization;
use yunkit_testkit::ManualSurroundings;

fuzz_target!(|input: &[u8]| {
    let frames = Frame::several(input);
    let Some((first, answers)) = frames.split_first() else { return };
    let service = Scripted::new(answers);
    match first.word(0) {
        "callback" => callback(first.text().unwrap_or_default()),
        "repository" => repository(first.text().unwrap_or_default(), &service),
        "ticket" => ticket(first.text().unwrap_or_default(), &service),
        "tokens" => tokens(&service),
        "id-token" => id_token(first.text().unwrap_or_default(), &service),
        "claims" => claims(first),
        _ => {}
    }
});

/// `STATE` in the address stands for the state that the browser left with.
fn callback(address: &str) {
    let request = Authorization::begin(once("https://example.com/authorize".parse()));
    let state = request.state().expose_secret();
    assert!(request.code_from(address).is_err(), "another sign-in is accepted");
    match request.code_from(&address.replace("STATE", state)) {
        Ok(code) => assert!(!code.expose_secret().is_empty()),
        Err(error) => refused(None, &error),
    }
    if code_from(address, &"STATE".into()).is_ok() {
        assert!(code_from(address, &"STAT".into()).is_err());
    }
}

/// The first answer holds the address to open.
fn repository(address: &str, service: &Arc<Scripted>) {
    let client = service.client(huawei());
    let mut authorization = match now(RepositoryAuthorization::begin(&client, "gitee")) {
        Ok(authorization) => authorization,
        Err(error) => return refused(None, &error),
    };
    let _ = format!("{authorization:?}");
    for _ in 0..2 {
        if let Err(error) = now(authorization.finish(&client, "name", address)) {
            refused(None, &error);
        }
    }
}

fn ticket(ticket: &str, service: &Arc<Scripted>) {
    match now(validate_ticket(&service.client(huawei()), "https://app.example.com/login", &ticket.into())) {
        Ok(ticket) => drop(format!("{ticket:?}")),
        Err(error) => refused(None, &error),
    }
}

/// The same answer for every service that sells tokens.
fn tokens(service: &Arc<Scripted>) {
    static GITEE: LazyLock<yunkit_gitee::oauth::OAuth> =
        LazyLock::new(|| once(yunkit_gitee::Gitee::new().oauth(application())));
    static CODING: LazyLock<yunkit_coding_rest::oauth::OAuth> =
        LazyLock::new(|| once(once(yunkit_coding_rest::CodingRest::of_team("anywhere")).oauth(application())));
    let client = service.client(huawei());
    let code = "c0d3".into();
    let orgid = {
        let key = AccessKey::new("AK", "SK".into());
        let cloud = Cloud::with_transport(Region::CN_NORTH_4, key, service.clone()).domain_id("d");
        let cloud = cloud.surroundings(Arc::new(ManualSurroundings::default()));
        once(OrgId::signed(&cloud, application()))
    };
    for result in [
        now(GITEE.clone().through(&client).exchange(&code)),
        now(CODING.clone().through(&client).exchange(&code)),
        now(orgid.exchange(&code)),
    ] {
        match result {
            Ok(tokens) => drop(format!("{tokens:?}")),
            Err(error) => {
                refused(None, &error);
                assert!(error.raw_body().is_empty(), "an answer with tokens is in the error");
            }
        }
    }
}

/// Any token with any keys. Nobody has signed it with a key that is ours.
fn id_token(token: &str, service: &Arc<Scripted>) {
    let refuses = |service: &Arc<Scripted>| {
        let error = now(verifier(service).verify(&token.into(), Some("n"))).err();
        error.iter().for_each(|error| refused(None, error));
        error.is_some()
    };
    refuses(service);
    assert!(refuses(&KEY.service()), "a forged token is accepted");
}

/// Any claims, well signed; `altered` tokens are refused.
fn claims(frame: &Frame<'_>) {
    let Ok(claims) = serde_json::from_slice::<Value>(frame.body) else { return };
    let header = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::ES256) };
    let Ok(token) = jsonwebtoken::encode(&header, &claims, &KEY.signs) else { return };
    let verify = |token: &str| now(verifier(&KEY.service()).verify(&token.into(), None));
    match verify(&token) {
        Ok(verified) => {
            assert_eq!(verified["iss"], "https://orgid.example.com");
            assert!(verified["exp"].as_f64().is_some_and(|end| end + 60.0 >= 1_767_225_600.0), "it has expired");
        }
        Err(error) => refused(None, &error),
    }
    let at = frame.word(1).parse::<usize>().unwrap_or_default() % token.len();
    // The last digit has bits that stand for nothing.
    if at + 1 < token.len() {
        let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        let altered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert!(verify(&altered).is_err(), "an altered token is accepted");
    }
}

struct Key {
    signs: EncodingKey,
    published: String,
}

static KEY: LazyLock<Key> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let pkcs8 = once(EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random));
    let pair = once(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random));
    let point = pair.public_key().as_ref();
    let packed = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "alg": "ES256",
        "x": packed(&point[1..33]), "y": packed(&point[33..])});
    Key { signs: EncodingKey::from_ec_der(pkcs8.as_ref()), published: json!({"keys": [key]}).to_string() }
});

impl Key {
    /// A service that publishes it.
    fn service(&self) -> Arc<Scripted> {
        let frame = Frame { words: vec!["200"], headers: HeaderMap::new(), body: self.published.as_bytes() };
        Scripted::new(&[frame])
    }
}

fn verifier(service: &Arc<Scripted>) -> OidcVerifier {
    let config = OidcConfig {
        issuer: "https://orgid.example.com".to_owned(),
        audience: "our-client".to_owned(),
        jwks: once("https://orgid.example.com/jwks".parse()),
        userinfo: None,
        global_logout: None,
    };
    OidcVerifier::with(config, service.clone(), Arc::new(ManualSurroundings::default()))
}

fn huawei() -> HuaweiProtocol {
    HuaweiProtocol::new(once(Base::parse("https://orgid.huaweiapaas.cn")))
}

fn application() -> Application {
    Application::new("id", "s3cr3t".into(), "http://localhost:1/cb")
}
