//! Any request for Huawei's signer: it never panics, signs the same twice, and what it signs is what it says it signs.
//!
//! ```text
//! all sha256 POST 8443
//! servicestage.example.com
//! /v1/a%2Fb
//! limit=1&name=x
//! content-type: application/json
//!
//! {"body": 1}
//! ```

#![no_main]

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yunkit_core::http::{HeaderMap, Request, Uri, header};
use yunkit_core::mac;
use yunkit_fuzz::{Frame, refused};
use yunkit_huawei::signer::{HeaderRule, Parts, SDK_DATE, Signer};

const SECRET: &str = "the secret key";

fuzz_target!(|input: &[u8]| {
    // The first four lines, and from the fifth on a frame without words.
    let mut lines = input.splitn(5, |byte| *byte == b'\n');
    let mut text = || lines.next().and_then(|line| std::str::from_utf8(line).ok()).unwrap_or_default();
    let (first, host, path, query) = (text(), text(), text(), text());
    let rest = [b"\n", lines.next().unwrap_or_default()].concat();
    let frame = Frame::read(&rest);
    let mut words = first.split(' ');
    let rule = match words.next() {
        Some("go") => HeaderRule::Go,
        Some("terraform") => HeaderRule::Terraform,
        _ => HeaderRule::All,
    };
    let scheme = words.next().unwrap_or_default();
    let secret = SECRET.into();
    let signer = match scheme {
        "sm3" => Signer::sm3("AK", &secret),
        "derived" => Signer::derived("AK", secret, "cn-north-4", "servicestage"),
        _ => Signer::new("AK", secret),
    };
    let signer = signer.headers(rule);
    let method = words.next().unwrap_or_default();
    let port = words.next().and_then(|port| port.parse().ok());
    let parts = Parts { method, host, port, path, query, body: Some(frame.body) };
    signed(&signer, scheme, &parts, &frame.headers);
    signed(&signer, scheme, &Parts { body: None, ..parts }, &frame.headers);
    whole(&signer, &parts, &frame.headers);
});

fn time() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn signed(signer: &Signer, scheme: &str, parts: &Parts<'_>, headers: &HeaderMap) {
    let (mut once, mut twice) = (headers.clone(), headers.clone());
    let result = signer.sign_parts(parts, &mut once, time());
    assert_eq!(result.is_ok(), signer.sign_parts(parts, &mut twice, time()).is_ok());
    assert_eq!(once, twice, "signing twice gives the same");
    let _ = signer.canonical(parts, headers);
    if let Err(error) = result {
        assert_eq!(once, *headers, "a request that cannot be signed stays as it is");
        return refused(None, &error);
    }
    if headers.contains_key(header::AUTHORIZATION) {
        return assert_eq!(once, *headers, "a signed request stays as it is");
    }
    for date in once.get_all(SDK_DATE) {
        assert!(is_date(date.as_bytes().trim_ascii()), "signed for the date {date:?}");
    }
    let authorization = once[header::AUTHORIZATION].to_str().expect("the signature is text");
    let (_, signature) = authorization.rsplit_once("Signature=").expect("there is a signature");
    assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let text = signer.string_to_sign(parts, &once).expect("what was signed has its text");
    // A date or a header may be no text, and is shown as what it is not.
    let shown = |text: &str| !text.contains('\u{fffd}');
    if !matches!(scheme, "sm3" | "derived") && shown(&text) {
        let expected = hex(&mac::sha256(SECRET.as_bytes(), text.as_bytes()));
        assert_eq!(signature, expected, "the signature is not that of {text:?}");
    }
    let canonical = signer.canonical_in_full(parts, &once).expect("what was signed has a canonical form");
    if scheme != "sm3" && shown(&canonical) {
        assert!(text.ends_with(&hex(&Sha256::digest(&canonical))), "{text:?} is not of {canonical:?}");
    }
}

/// The same by way of a whole request, where the address is one.
fn whole(signer: &Signer, parts: &Parts<'_>, headers: &HeaderMap) {
    let address = format!("https://{}{}?{}", parts.host, parts.path, parts.query);
    let Ok(uri) = address.parse::<Uri>() else { return };
    let Ok(mut request) = Request::post(uri).body(parts.body.unwrap_or_default()) else { return };
    *request.headers_mut() = headers.clone();
    if let Err(error) = signer.sign(&mut request, time()) {
        refused(None, &error);
    }
}

/// `20260102T030405Z`
fn is_date(text: &[u8]) -> bool {
    let fits = |(at, byte): (usize, &u8)| match at {
        8 => *byte == b'T',
        15 => *byte == b'Z',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 16 && text.iter().enumerate().all(fits)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
