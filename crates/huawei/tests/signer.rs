//! The signer beside one that is written for reading: strings put together line by line, with the hashes of `hmac` and `sha2`.

#![allow(clippy::unwrap_used)] // a test that cannot go on says so by panicking

use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yunkit_core::http::{self, HeaderMap, HeaderName, HeaderValue};
use yunkit_huawei::signer::{HeaderRule, Parts, Signer, is_usual_host};

const DATE: &str = "20260102T030405Z";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_323_045)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encoded(bytes: &[u8]) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    bytes.iter().map(|b| if plain(*b) { char::from(*b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The signature of a request whose path and query are given before encoding.
fn by_hand(
    method: &str,
    segments: &[String],
    query: &[(String, String)],
    headers: &BTreeMap<String, String>,
    body: &[u8],
) -> String {
    let mut path = String::new();
    for segment in segments {
        path += &format!("/{}", encoded(segment.as_bytes()));
    }
    let mut pairs = query.to_vec();
    pairs.sort();
    let pairs: Vec<String> =
        pairs.iter().map(|(n, v)| format!("{}={}", encoded(n.as_bytes()), encoded(v.as_bytes()))).collect();
    let mut headers = headers.clone();
    headers.insert("host".into(), "h.example.com".into());
    headers.insert("x-sdk-date".into(), DATE.into());
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names = headers.keys().cloned().collect::<Vec<_>>().join(";");
    let canonical =
        format!("{method}\n{path}/\n{}\n{lines}\n{names}\n{}", pairs.join("&"), hex(&Sha256::digest(body)));
    let to_sign = format!("SDK-HMAC-SHA256\n{DATE}\n{}", hex(&Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"the secret").unwrap();
    mac.update(to_sign.as_bytes());
    format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders={names}, Signature={}", hex(&mac.finalize().into_bytes()))
}

proptest! {
    #[test]
    fn any_request_is_signed_as_by_hand(
        method in prop::sample::select(vec!["GET", "POST", "DELETE"]),
        segments in prop::collection::vec("[a-zA-Z0-9 +%é*~.-]{1,12}", 1..6),
        query in prop::collection::vec(("[a-z é&=+_-]{1,6}", "[a-zA-Z0-9 +&=%é*~]{0,8}"), 0..20),
        headers in prop::collection::btree_map("x-[a-z]{1,9}", "[a-zA-Z0-9 ;:,]{0,60}", 0..20),
        body in prop::collection::vec(any::<u8>(), 0..1500),
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            map.insert(HeaderName::try_from(name.as_str()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let path: String = segments.iter().map(|segment| format!("/{}", encoded(segment.as_bytes()))).collect();
        let sent: Vec<String> =
            query.iter().map(|(n, v)| format!("{}={}", encoded(n.as_bytes()), encoded(v.as_bytes()))).collect();
        let sent = sent.join("&");
        let parts = Parts { method, host: "h.example.com", port: None, path: &path, query: &sent, body: Some(&body) };

        Signer::new("AK", "the secret".into()).sign_parts(&parts, &mut map, now()).unwrap();

        prop_assert_eq!(map["authorization"].to_str().unwrap(), by_hand(method, &segments, &query, &headers, &body));
    }
}

#[test]
fn a_request_is_signed_whole_and_once() {
    let signer = Signer::new("AK", "the secret".into());
    let mut request = http::Request::put("https://h.example.com:8443/a%2Fb?z=1&a=%20").body("{}").unwrap();
    request.headers_mut().insert("x_underscore", HeaderValue::from_static("stays out"));

    signer.sign(&mut request, now()).unwrap();
    let first = request.headers().clone();
    signer.sign(&mut request, now() + Duration::from_secs(60)).unwrap();

    assert_eq!(*request.headers(), first, "what is signed stays as it is");
    assert_eq!(request.headers()["x-sdk-date"], DATE);
    let parts = Parts {
        method: "PUT",
        host: "h.example.com",
        port: Some(8443),
        path: "/a%2Fb",
        query: "z=1&a=%20",
        body: Some(b"{}"),
    };
    let canonical = signer.canonical(&parts, request.headers()).unwrap();
    let expected = format!(
        "PUT\n/a/b/\na=%20&z=1\nhost:h.example.com:8443\nx-sdk-date:{DATE}\n\nhost;x-sdk-date\n{}",
        hex(&Sha256::digest("{}"))
    );
    assert_eq!(canonical, expected);
}

#[test]
fn what_is_no_json_stays_unsigned_and_says_so() {
    let rows: [(&str, &[u8], &str, bool); 4] = [
        ("application/octet-stream", b"x", "UNSIGNED-PAYLOAD", true),
        ("application/octet-stream", b"", "e3b0c442", true),
        ("application/json;charset=utf8", b"x", "2d711642", false),
        ("application/bson", b"x", "2d711642", false),
    ];

    for (content_type, body, last, says_so) in rows {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        let parts = Parts { method: "PUT", host: "h", port: None, path: "/", query: "", body: Some(body) };
        let signer = Signer::new("AK", "SK".into());
        signer.sign_parts(&parts, &mut headers, now()).unwrap();
        let canonical = signer.canonical(&parts, &headers).unwrap();
        assert!(canonical.lines().last().unwrap().starts_with(last), "{canonical}");
        assert_eq!(headers.contains_key("x-sdk-content-sha256"), says_so, "{content_type}");
    }
}

#[test]
fn secrets_are_masked_where_people_read() {
    let mut headers = HeaderMap::new();
    headers.insert("x-security-token", HeaderValue::from_static("canary"));
    let parts = Parts { method: "GET", host: "h", port: None, path: "/", query: "", body: Some(b"") };
    let signer = Signer::new("AK", "canary".into());
    signer.sign_parts(&parts, &mut headers, now()).unwrap();

    let shown = format!("{signer:?} {}", signer.canonical(&parts, &headers).unwrap());

    assert!(shown.contains("x-security-token:***") && !shown.contains("canary"), "{shown}");
}

#[test]
fn a_request_without_a_host_is_refused_and_other_rules_need_none() {
    let parts = Parts { method: "GET", host: "", port: None, path: "/", query: "", body: Some(b"") };

    let refused = Signer::new("AK", "SK".into()).sign_parts(&parts, &mut HeaderMap::new(), now()).unwrap_err();
    let go =
        Signer::new("AK", "SK".into()).headers(HeaderRule::Go).sign_parts(&parts, &mut HeaderMap::new(), now());

    assert!(refused.to_string().contains("the request names no host"), "{refused}");
    assert!(go.is_ok());
}

#[test]
fn the_usual_hosts_are_those_of_the_official_pattern() {
    let rows = [
        ("servicestage.cn-north-4.myhuaweicloud.com", true),
        ("iam.myhuaweicloud.com", true),
        ("ecs.eu-west-101.myhuaweicloud.com", false),
        ("obs.cn-north-4.huaweicloud.cn", true),
        ("orgid.huaweiapaas.cn", false),
        ("1am.myhuaweicloud.com", false),
        ("127.0.0.1", false),
        ("iam.cn_north_4.myhuaweicloud.com", false),
    ];

    for (host, usual) in rows {
        assert_eq!(is_usual_host(host), usual, "{host}");
    }
}
