//! Vectors for Huawei's request signing: the canonical request, what is signed, and the header that comes out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use std::time::{Duration, UNIX_EPOCH};
use yunkit_core::civil::Civil;
use yunkit_core::http::{HeaderMap, HeaderName, HeaderValue};
use yunkit_huawei::signer::{HeaderRule, Parts, Signer};

/// Signs what a vector describes.
///
/// # Errors
///
/// In words, what came out differently.
pub fn check(vector: &Json) -> Result<(), String> {
    let (input, expected) = (&vector["input"], &vector["expected"]);
    let text = |name: &str| input[name].as_str().unwrap_or_default();
    let rule = match text("profile") {
        "default" | "" => HeaderRule::All,
        "go" => HeaderRule::Go,
        "golangsdk" => HeaderRule::Terraform,
        other => return Err(format!("the profile `{other}` is unknown")),
    };
    let (ak, sk) = (text("ak"), text("sk").to_owned().into());
    let signer = match vector["algorithm"].as_str().unwrap_or_default().to_lowercase().as_str() {
        "sdk-hmac-sha256" => Signer::new(ak, sk),
        "v11-hmac-sha256" => Signer::derived(ak, sk, text("region_id"), text("derived_auth_service_name")),
        "sdk-hmac-sm3" => Signer::sm3(ak, &sk),
        other => return Err(format!("the algorithm `{other}` is unknown")),
    }
    .headers(rule);
    let mut headers = HeaderMap::new();
    let mut put = |name: &str, value: &str| {
        let name = HeaderName::try_from(name).map_err(|error| format!("{name}: {error}"))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|error| format!("{name}: {error}"))?;
        headers.append(name, value);
        Ok::<(), String>(())
    };
    for (name, value) in input["headers"].as_object().into_iter().flatten() {
        put(name, value.as_str().unwrap_or_default())?;
    }
    for (member, name) in
        [("project_id", "X-Project-Id"), ("domain_id", "X-Domain-Id"), ("security_token", "X-Security-Token")]
    {
        if !text(member).is_empty() {
            put(name, text(member))?;
        }
    }
    let body = match (&input["body"]["base64"], &input["body"]["utf8"]) {
        (Json::String(packed), _) => STANDARD.decode(packed).map_err(|error| error.to_string())?,
        (_, Json::String(text)) => text.clone().into_bytes(),
        _ => Vec::new(),
    };
    let query = query_of(&input["query"]);
    let (host, port) = match text("host").rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()),
        None => (text("host"), None),
    };
    let method = text("method");
    let parts = Parts { method, host, port, path: text("path"), query: &query, body: Some(&body) };
    signer.sign_parts(&parts, &mut headers, now_of(text("date"))).map_err(|error| error.to_string())?;
    let shown = |result: Result<String, yunkit_core::Error>| result.map_err(|error| error.to_string());
    let got = [
        ("canonical_request", shown(signer.canonical_in_full(&parts, &headers))?),
        ("string_to_sign", shown(signer.string_to_sign(&parts, &headers))?),
        ("authorization", headers["authorization"].to_str().unwrap_or_default().to_owned()),
    ];
    let differing =
        got.iter().filter(|(name, got)| expected[*name].as_str().is_some_and(|expected| expected != got));
    let differing: Vec<String> =
        differing.map(|(name, got)| format!("{name}: expected {}, got {got:?}", expected[*name])).collect();
    if differing.is_empty() { Ok(()) } else { Err(differing.join("; ")) }
}

fn now_of(date: &str) -> std::time::SystemTime {
    let dashed = |d: &str| {
        Some(format!(
            "{}-{}-{}T{}:{}:{}Z",
            d.get(..4)?,
            d.get(4..6)?,
            d.get(6..8)?,
            d.get(9..11)?,
            d.get(11..13)?,
            d.get(13..15)?
        ))
    };
    let seconds = dashed(date).and_then(|date| Civil::parse_unix(&date)).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The pairs as an address has them: values of lists one by one, everything encoded.
fn query_of(pairs: &Json) -> String {
    let mut out: Vec<String> = Vec::new();
    let encoded = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
        text.bytes()
            .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect::<String>()
    };
    let plain = |value: &Json| match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    };
    let mut push = |name: &Json, value: &Json| match value {
        Json::Array(values) => {
            out.extend(values.iter().map(|value| format!("{}={}", encoded(&plain(name)), encoded(&plain(value)))));
        }
        value => out.push(format!("{}={}", encoded(&plain(name)), encoded(&plain(value)))),
    };
    match pairs {
        Json::Array(pairs) => pairs.iter().for_each(|pair| push(&pair[0], &pair[1])),
        Json::Object(pairs) => pairs.iter().for_each(|(name, value)| push(&Json::from(name.as_str()), value)),
        _ => {}
    }
    out.join("&")
}
