//! The OAuth server: codes that work once, access tokens that expire, refresh tokens that rotate.

use crate::consent::Consent;
use crate::engine::{Reply, media_type_of};
use crate::gitee::LOGIN;
use crate::sample::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wiremock::Request;
use yunkit_core::Url;

pub(crate) const PERSONAL_TOKEN: &str = "00000000000000000000000000004321";
pub(crate) const CLIENT_ID: &str = "fake-client-id";
pub(crate) const CLIENT_SECRET: &str = "fake-client-secret";
pub(crate) const REDIRECT_URI: &str = "http://localhost:8080/callback";

/// How long an access token lives.
const DAY: u64 = 86_400;
/// How long a code lives.
const CODE_LIFE: u64 = 600;

/// Everything that was handed out.
#[derive(Debug)]
pub(crate) struct Tokens {
    random: Random,
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, Access>,
    refresh: BTreeMap<String, Refresh>,
    sign_ins: u64,
}

#[derive(Debug)]
struct Code {
    scope: String,
    ends: u64,
}

#[derive(Debug)]
struct Access {
    sign_in: u64,
    ends: u64,
}

#[derive(Debug)]
struct Refresh {
    sign_in: u64,
    scope: String,
    access: String,
    spent: bool,
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed, "tokens"),
            codes: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
            sign_ins: 0,
        }
    }

    /// Whose token it is: nobody's where there is none, or why it is no good.
    pub(crate) fn who(&self, token: Option<String>, now: u64) -> Result<Option<&'static str>, &'static str> {
        let Some(token) = token else {
            return Ok(None);
        };
        if token == PERSONAL_TOKEN {
            return Ok(Some(LOGIN));
        }
        match self.access.get(&token) {
            None => Err("401 Unauthorized: Access token does not exist"),
            Some(access) if access.ends <= now => Err("401 Unauthorized: Access token is expired"),
            Some(_) => Ok(Some(LOGIN)),
        }
    }

    fn issue(&mut self, sign_in: u64, scope: &str, now: u64) -> Value {
        let access = self.random.hex(32);
        let refresh = self.random.hex(64);
        self.access.insert(access.clone(), Access { sign_in, ends: now + DAY });
        let entry = Refresh { sign_in, scope: scope.to_owned(), access: access.clone(), spent: false };
        self.refresh.insert(refresh.clone(), entry);
        json!({
            "access_token": access,
            "token_type": "bearer",
            "expires_in": DAY,
            "refresh_token": refresh,
            "scope": scope,
            "created_at": now,
        })
    }

    fn by_code(&mut self, code: &str, now: u64) -> Option<Value> {
        let Code { scope, ends } = self.codes.remove(code)?;
        if ends <= now {
            return None;
        }
        self.sign_ins += 1;
        Some(self.issue(self.sign_ins, &scope, now))
    }

    fn by_refresh(&mut self, token: &str, now: u64) -> Option<Value> {
        let refresh = self.refresh.get_mut(token)?;
        let (sign_in, scope) = (refresh.sign_in, refresh.scope.clone());
        if std::mem::replace(&mut refresh.spent, true) {
            // Spent twice: somebody has a copy, so nobody keeps anything.
            self.refresh.retain(|_, refresh| refresh.sign_in != sign_in);
            self.access.retain(|_, access| access.sign_in != sign_in);
            return None;
        }
        let old = refresh.access.clone();
        self.access.remove(&old);
        Some(self.issue(sign_in, &scope, now))
    }
}

/// The consent page, and the user who agrees.
pub(crate) fn authorize(tokens: &mut Tokens, url: &Url, now: u64) -> Result<String, String> {
    let asked = Consent::asked(url, CLIENT_ID, REDIRECT_URI)?;
    let scope = asked.scope.clone().unwrap_or_else(|| "user_info".to_owned());
    let code = tokens.random.hex(64);
    tokens.codes.insert(code.clone(), Code { scope, ends: now + CODE_LIFE });
    asked.back(&[("code", &code)])
}

pub(crate) fn answer(tokens: &mut Tokens, request: &Request, now: u64) -> Reply {
    match (request.method.as_str(), request.url.path()) {
        ("GET", "/oauth/authorize") => match authorize(tokens, &request.url, now) {
            Ok(back) => Reply::empty(302).header("Location", back),
            Err(message) => Reply::json(400, &json!({"error": "invalid_request", "error_description": message})),
        },
        ("POST", "/oauth/token") => token(tokens, request, now),
        (method, path) => {
            let message =
                format!("the fake knows no {method} {path}; there are GET /oauth/authorize and POST /oauth/token");
            Reply::json(501, &json!({"message": message}))
        }
    }
}

fn token(tokens: &mut Tokens, request: &Request, now: u64) -> Reply {
    if request.headers.get("user-agent").is_none() {
        return Reply::json(403, &json!({"message": "Forbidden"}));
    }
    let fields = fields(request);
    let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let application = get("client_id") == CLIENT_ID && get("client_secret") == CLIENT_SECRET;
    let sold = match get("grant_type") {
        "authorization_code" if application && get("redirect_uri") == REDIRECT_URI => {
            tokens.by_code(get("code"), now)
        }
        "password" if application && get("username").contains('@') && !get("password").is_empty() => {
            tokens.sign_ins += 1;
            let scope = match get("scope") {
                "" => "user_info",
                scope => scope,
            };
            Some(tokens.issue(tokens.sign_ins, scope, now))
        }
        // The service asks for no client credentials here; what it is given anyway must be right.
        "refresh_token" if application || get("client_id").is_empty() => {
            tokens.by_refresh(get("refresh_token"), now)
        }
        "authorization_code" | "password" | "refresh_token" => None,
        _ => return refusal("invalid_request"),
    };
    sold.map_or_else(|| refusal("invalid_grant"), |tokens| Reply::json(200, &tokens))
}

fn refusal(code: &str) -> Reply {
    let description = "the fake does not accept the grant: wrong, expired, used or revoked";
    Reply::json(401, &json!({"error": code, "error_description": description}))
}

/// The fields of a request, from body and query, as the service takes them.
fn fields(request: &Request) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
    let media_type = media_type_of(request);
    if media_type.starts_with("application/json") {
        if let Ok(Value::Object(body)) = serde_json::from_slice(&request.body) {
            let texts = body.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            fields.extend(texts);
        }
    } else {
        fields.extend(url::form_urlencoded::parse(&request.body).into_owned());
    }
    fields
}
