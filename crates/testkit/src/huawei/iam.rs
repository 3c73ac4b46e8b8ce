//! What the fakes of IAM, STS and a server's metadata remember: tokens and temporary keys.

use crate::engine::{Checked, Reply};
use crate::huawei::gateway::Key;
use crate::huawei::{ACCOUNT, DOMAIN_ID, PASSWORD, PROJECT_ID, REGION, USER};
use crate::sample::Random;
use serde_json::{Value, json};
use yunkit_core::civil::Civil;
use yunkit_core::operation::Method::{Get, Post, Put};
use yunkit_core::operation::Route;
use yunkit_core::secrecy::SecretString;

#[derive(Debug)]
pub(crate) struct Iam {
    pub(crate) keys: Vec<Key>,
    /// Tokens, and when they end.
    pub(crate) tokens: Vec<(SecretString, u64)>,
    random: Random,
}

const DAY: u64 = 86_400;

impl Iam {
    pub(crate) fn new(seed: u64, key: Key) -> Self {
        Self { keys: vec![key], tokens: Vec::new(), random: Random::new(seed, "iam") }
    }

    /// Whether an operation is answered to callers that prove nothing by a signature or a token.
    pub(crate) fn is_open(call: &Checked) -> bool {
        let Route::Rest { path, .. } = call.entry.info.route else { return false };
        path.starts_with("/meta-data/")
            || path.starts_with("/openstack/")
            || path.ends_with("/assume-with-oidc")
            || path.contains("id-token")
            || path.contains("/OS-FEDERATION/")
    }

    /// As [`is_open`](Self::is_open), for what carries its proof in its body.
    pub(crate) fn proves_itself(call: &Checked) -> bool {
        auth_of(call)["identity"]["methods"]
            .as_array()
            .is_some_and(|methods| methods.iter().any(|m| m == "password"))
    }

    pub(crate) fn answer(&mut self, call: &Checked, subject: Option<&str>, now: u64) -> Option<Reply> {
        let Route::Rest { method, path } = call.entry.info.route else { return None };
        Some(match (method, path) {
            (Post, "/v3/auth/tokens") => {
                let identity = &auth_of(call)["identity"];
                let user = &identity["password"]["user"];
                let methods = identity["methods"].as_array().cloned().unwrap_or_default();
                let wrong = methods.iter().any(|m| m == "password")
                    && (user["name"] != USER || user["password"] != PASSWORD || user["domain"]["name"] != ACCOUNT);
                if wrong {
                    let error = json!({"code": 401, "message": "The username or password is wrong.", "title": "Unauthorized"});
                    return Some(Reply::json(401, &json!({"error": error})));
                }
                let token = self.token(now + DAY);
                let scope = &auth_of(call)["scope"];
                let mut info = json!({
                    "methods": methods,
                    "issued_at": iso(now),
                    "expires_at": iso(now + DAY),
                    "user": {"id": "fake-user", "name": USER, "domain": {"id": DOMAIN_ID, "name": ACCOUNT}},
                });
                if scope.get("project").is_some() {
                    info["project"] =
                        json!({"id": PROJECT_ID, "name": REGION, "domain": {"id": DOMAIN_ID, "name": ACCOUNT}});
                } else {
                    info["domain"] = json!({"id": DOMAIN_ID, "name": ACCOUNT});
                }
                Reply::json(201, &json!({"token": info})).header("X-Subject-Token", token)
            }
            (Post, "/v3.0/OS-AUTH/id-token/tokens") => {
                let token = self.token(now + DAY);
                let user = json!({"id": "fake-user", "name": USER, "OS-FEDERATION": {"groups": []}});
                let info = json!({"issued_at": iso(now), "expires_at": iso(now + DAY), "user": user});
                Reply::json(201, &json!({"token": info})).header("X-Subject-Token", token)
            }
            (Post, "/v3.0/OS-CREDENTIAL/securitytokens") => {
                let identity = &auth_of(call)["identity"];
                let asked = identity["token"]["duration_seconds"]
                    .as_u64()
                    .or(identity["assume_role"]["duration_seconds"].as_u64());
                let ends = now + asked.unwrap_or(900);
                let (access, secret, token) = self.key(ends);
                Reply::json(
                    201,
                    &json!({"credential": {"access": access, "secret": secret, "securitytoken": token, "expires_at": iso(ends)}}),
                )
            }
            (Post, "/v5/agencies/assume" | "/v5/agencies/assume-with-oidc") => {
                let ends = now + call.number("duration_seconds").unwrap_or(3600);
                let (access, secret, token) = self.key(ends);
                let credentials = json!({"access_key_id": access, "secret_access_key": secret, "security_token": token, "expiration": iso(ends)});
                Reply::json(200, &json!({"credentials": credentials}))
            }
            (Get, "/v5/caller-identity") => Reply::json(
                200,
                &json!({"account_id": DOMAIN_ID, "principal_id": "fake-user", "principal_urn": "sts::fake:user"}),
            ),
            (Get, "/v3/projects") => {
                let name = call.text("name");
                let project = json!({"id": PROJECT_ID, "name": REGION, "domain_id": DOMAIN_ID, "parent_id": DOMAIN_ID,
                    "enabled": true, "is_domain": false, "description": "", "links": {"self": "https://iam.example.com/v3/projects"}});
                let found: Vec<Value> = if name.is_empty() || name == REGION { vec![project] } else { vec![] };
                Reply::json(
                    200,
                    &json!({"projects": found, "links": {"self": "https://iam.example.com/v3/projects"}}),
                )
                .header("X-IAM-Trace-Id", "token_cn-north-4_fake")
            }
            (Get, "/v3/auth/domains") => {
                let domain = json!({"id": DOMAIN_ID, "name": ACCOUNT, "enabled": true, "description": "", "links": {"self": "https://iam.example.com/v3/domains"}});
                Reply::json(
                    200,
                    &json!({"domains": [domain], "links": {"self": "https://iam.example.com/v3/auth/domains"}}),
                )
            }
            (Put, "/meta-data/latest/api/token") => {
                let token = self.random.hex(32);
                self.tokens.push((token.clone().into(), now + 21_600));
                Reply { body: Some(("text/plain".to_owned(), token.into_bytes())), ..Reply::empty(200) }
            }
            (Get, "/openstack/latest/securitykey") => {
                use yunkit_core::secrecy::ExposeSecret;
                let known = subject.is_some_and(|given| {
                    self.tokens.iter().any(|(token, ends)| token.expose_secret() == given && *ends > now)
                });
                if !known {
                    return Some(Reply::json(
                        401,
                        &json!({"error": {"code": 401, "message": "the metadata token is not valid", "title": "Unauthorized"}}),
                    ));
                }
                let ends = now + 6 * 3600;
                let (access, secret, token) = self.key(ends);
                Reply::json(
                    200,
                    &json!({"credential": {"access": access, "secret": secret, "securitytoken": token, "expires_at": iso(ends)}}),
                )
            }
            _ => return None,
        })
    }

    fn token(&mut self, ends: u64) -> String {
        let token = format!("MIIF{}", self.random.hex(64));
        self.tokens.push((token.clone().into(), ends));
        token
    }

    fn key(&mut self, ends: u64) -> (String, String, String) {
        let (access, secret, token) = (
            format!("HST{}", self.random.hex(17).to_uppercase()),
            self.random.hex(40),
            format!("gQpj{}", self.random.hex(40)),
        );
        let key = Key {
            access: access.clone(),
            secret: secret.clone().into(),
            security_token: Some(token.clone()),
            ends: Some(ends),
        };
        self.keys.push(key);
        (access, secret, token)
    }
}

/// The member that says who asks; null where there is none.
fn auth_of(call: &Checked) -> &Value {
    call.members.get("auth").unwrap_or(&Value::Null)
}

/// As IAM writes times.
fn iso(seconds: u64) -> String {
    let Civil { year, month, day, hour, minute, second } = Civil::from_unix(seconds);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000000Z")
}
