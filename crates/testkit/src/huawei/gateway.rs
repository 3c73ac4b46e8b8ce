//! The gateway in front of the services: it computes every signature itself, from the request as it arrived.

use crate::engine::Reply;
use serde_json::json;
use std::time::SystemTime;
use wiremock::Request;
use yunkit_core::http::{HeaderMap, HeaderName};
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_huawei::signer::{HeaderRule, Parts, Signer};

/// An access key that the gateway knows.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) access: String,
    pub(crate) secret: SecretString,
    /// What a temporary key has to come with.
    pub(crate) security_token: Option<String>,
    pub(crate) ends: Option<u64>,
}

/// Checks who is calling by a signature. Answers the access key.
///
/// # Errors
///
/// The answer of the gateway.
pub(crate) fn verify(request: &Request, keys: &[Key], now: u64) -> Result<String, Reply> {
    let Some(given) = request.headers.get("authorization").and_then(|value| value.to_str().ok()) else {
        return Err(refuse("there is neither a signature nor a token"));
    };
    let Some((scheme, rest)) = given.split_once(' ') else {
        return Err(refuse("Authorization has no scheme"));
    };
    let field = |name: &str| {
        rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    };
    let (credential, signed) = match (field("Access").or_else(|| field("Credential")), field("SignedHeaders")) {
        (Some(credential), Some(signed)) => (credential, signed),
        _ => return Err(refuse("Authorization names no key or no headers")),
    };
    let mut pieces = credential.split('/');
    let access = pieces.next().unwrap_or_default();
    let Some(key) = keys.iter().find(|key| key.access == access) else {
        return Err(refuse("the access key is unknown"));
    };
    if key.ends.is_some_and(|ends| ends <= now) {
        return Err(refuse("the access key has expired"));
    }
    let token = request.headers.get("x-security-token").and_then(|value| value.to_str().ok());
    if key.security_token.as_deref() != token {
        return Err(refuse("the security token is not that of the key"));
    }
    // Only what the signature names is signed again.
    let names: Vec<&str> = signed.split(';').collect();
    let mut headers = HeaderMap::new();
    for name in names.iter().filter(|name| **name != "authorization") {
        let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        for value in request.headers.get_all(&header) {
            headers.append(header.clone(), value.clone());
        }
    }
    let rule = if names.contains(&"host") { HeaderRule::All } else { HeaderRule::Terraform };
    let signer = match scheme {
        "SDK-HMAC-SHA256" => Signer::new(access, key.secret.clone()),
        "V11-HMAC-SHA256" => {
            let (_, region, service) = (pieces.next(), pieces.next(), pieces.next());
            Signer::derived(access, key.secret.clone(), region.unwrap_or_default(), service.unwrap_or_default())
        }
        "SDK-HMAC-SM3" => Signer::sm3(access, &key.secret),
        other => return Err(refuse(&format!("the scheme {other} is unknown"))),
    }
    .headers(rule);
    let parts = Parts::of_url(request.method.as_str(), &request.url, Some(&request.body));
    let signature = |value: &str| value.rsplit("Signature=").next().unwrap_or_default().to_owned();
    let expected = signer.sign_parts(&parts, &mut headers, SystemTime::now());
    let computed = headers.get("authorization").and_then(|value| value.to_str().ok()).map(signature);
    if expected.is_ok() && computed.is_some_and(|computed| computed == signature(given)) {
        return Ok(access.to_owned());
    }
    headers.remove("authorization");
    let canonical = signer.canonical_in_full(&parts, &headers).unwrap_or_default().replace('\n', "|");
    Err(refuse(&format!("verify aksk signature fail, canonicalRequest:{canonical}")))
}

/// Whether a token in `X-Auth-Token` is one that was issued and is still good.
pub(crate) fn token<'r>(
    request: &'r Request,
    issued: &[(SecretString, u64)],
    now: u64,
) -> Option<Result<&'r str, Reply>> {
    let given = request.headers.get("x-auth-token")?.to_str().ok()?;
    let known = issued.iter().find(|(token, _)| token.expose_secret() == given);
    Some(match known {
        Some((_, ends)) if *ends > now => Ok(given),
        Some(_) => Err(refuse("The token must be updated")),
        None => Err(refuse("the token is unknown")),
    })
}

fn refuse(why: &str) -> Reply {
    let body = json!({
        "error_msg": format!("Incorrect IAM authentication information: {why}"),
        "error_code": "APIGW.0301",
        "request_id": "fake-gateway",
    });
    Reply::json(401, &body)
}
