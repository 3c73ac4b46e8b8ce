//! Who may call: the sign-in, and every kind of token.

use crate::consent::Consent;
use crate::engine::Reply;
use crate::sample::Random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wiremock::Request;
use yunkit_core::Url;

pub(crate) const TEAM: &str = "demo";
pub(crate) const PERSONAL_TOKEN: &str = "fake0000000000000000000000000000004321";
pub(crate) const PROJECT_USER: &str = "ptfake000001";
pub(crate) const PROJECT_PASSWORD: &str = "fake-project-token";
pub(crate) const CLIENT_ID: &str = "fake-coding-client";
pub(crate) const CLIENT_SECRET: &str = "fake-coding-secret";
pub(crate) const REDIRECT_URI: &str = "http://localhost:8080/coding";

/// How long an access token lives, in seconds.
const TWO_HOURS: u64 = 7200;
/// How long a refresh token lives.
const NINETY_DAYS: u64 = 90 * 86_400;
/// How long a code lives.
const FIVE_MINUTES: u64 = 300;

/// Everything that was handed out.
#[derive(Debug)]
pub(crate) struct Tokens {
    random: Random,
    /// When each code ends, and what it is for.
    codes: BTreeMap<String, (u64, String)>,
    /// When each access token ends.
    access: BTreeMap<String, u64>,
    refresh: BTreeMap<String, Refresh>,
    refreshes: u64,
}

#[derive(Debug)]
struct Refresh {
    ends: u64,
    scope: String,
    access: String,
}

/// Why nobody is known behind a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stranger {
    NoToken,
    Wrong,
    Expired,
}

impl Stranger {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NoToken => "there is no token",
            Self::Wrong => "the token is wrong, or a newer one has replaced it",
            Self::Expired => "the token has expired",
        }
    }
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed, "coding tokens"),
            codes: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
            refreshes: 0,
        }
    }

    /// How often tokens were refreshed.
    pub(crate) fn refreshes(&self) -> u64 {
        self.refreshes
    }

    fn known(&self, token: &str, now: u64) -> Result<(), Stranger> {
        if token == PERSONAL_TOKEN {
            return Ok(());
        }
        match self.access.get(token) {
            None => Err(Stranger::Wrong),
            Some(ends) if *ends <= now => Err(Stranger::Expired),
            Some(_) => Ok(()),
        }
    }

    /// Whether somebody known stands behind a request: by a header, by the query, or by the members of a body that may
    /// hold a token.
    pub(crate) fn admit(&self, request: &Request, now: u64) -> Result<(), Stranger> {
        if let Some(value) = request.headers.get("authorization").and_then(|value| value.to_str().ok()) {
            return self.by_header(value, now);
        }
        if let Some((_, token)) = request.url.query_pairs().find(|(name, _)| name == "access_token") {
            return self.known(&token, now);
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        match (text("AccessToken"), text("Authorization")) {
            (Some(token), _) => self.known(token, now),
            (None, Some(value)) => self.by_header(value, now),
            (None, None) => Err(Stranger::NoToken),
        }
    }

    fn by_header(&self, value: &str, now: u64) -> Result<(), Stranger> {
        match value.split_once(' ') {
            // A personal token as Bearer is refused: what one source says, and the stricter reading.
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && token != PERSONAL_TOKEN => {
                self.known(token.trim(), now)
            }
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("token") => self.known(token.trim(), now),
            Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => {
                let known = format!("{PROJECT_USER}:{PROJECT_PASSWORD}");
                match STANDARD.decode(pair.trim()).is_ok_and(|pair| pair == known.as_bytes()) {
                    true => Ok(()),
                    false => Err(Stranger::Wrong),
                }
            }
            // In a body the token may stand alone.
            None => self.known(value.trim(), now),
            Some(_) => Err(Stranger::Wrong),
        }
    }

    fn issue(&mut self, scope: String, refresh: Option<String>, now: u64) -> Value {
        let access = self.random.hex(40);
        let refresh = refresh.unwrap_or_else(|| self.random.hex(40));
        self.access.insert(access.clone(), now + TWO_HOURS);
        let kept = Refresh { ends: now + NINETY_DAYS, scope: scope.clone(), access: access.clone() };
        self.refresh.insert(refresh.clone(), kept);
        json!({
            "access_token": access,
            "refresh_token": refresh,
            "team": TEAM,
            "expires_in": TWO_HOURS.to_string(),
            "token_type": "Bearer",
            "scope": scope.replace(',', " "),
        })
    }

    fn by_code(&mut self, code: &str, now: u64) -> Option<Value> {
        let (ends, scope) = self.codes.remove(code)?;
        (ends > now).then(|| self.issue(scope, None, now))
    }

    fn by_refresh(&mut self, token: &str, now: u64) -> Option<Value> {
        let refresh = self.refresh.get(token)?;
        if refresh.ends <= now {
            return None;
        }
        // The old access token dies at once; the refresh token stays.
        let (scope, old) = (refresh.scope.clone(), refresh.access.clone());
        self.access.remove(&old);
        self.refreshes += 1;
        Some(self.issue(scope, Some(token.to_owned()), now))
    }
}

/// The consent page, and the user who agrees.
pub(crate) fn authorize(tokens: &mut Tokens, url: &Url, now: u64) -> Result<String, String> {
    let asked = Consent::asked(url, CLIENT_ID, REDIRECT_URI)?;
    let scope = asked.scope.clone().unwrap_or_else(|| "user".to_owned());
    let code = agreed(tokens, &scope, now);
    asked.back(&[("code", &code), ("team", TEAM), ("scope", &scope)])
}

/// A code, as if somebody had agreed.
pub(crate) fn agreed(tokens: &mut Tokens, scope: &str, now: u64) -> String {
    let code = tokens.random.hex(32);
    tokens.codes.insert(code.clone(), (now + FIVE_MINUTES, scope.to_owned()));
    code
}

/// `POST /api/oauth/access_token`
pub(crate) fn token(tokens: &mut Tokens, request: &Request, now: u64) -> Reply {
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .chain(request.url.query_pairs().into_owned())
        .collect();
    let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let refuse = |key: &str, text: &str| Reply::json(200, &json!({"code": 1, "msg": {key: text}}));
    if get("client_id") != CLIENT_ID || get("client_secret") != CLIENT_SECRET {
        return refuse("client_id", "the fake knows no such application");
    }
    let sold = match (get("grant_type"), get("refresh_token")) {
        ("refresh_token", token) => tokens.by_refresh(token, now),
        // What the service's own example shows for a refresh.
        ("authorization_code", token) if !token.is_empty() => tokens.by_refresh(token, now),
        ("authorization_code", _) => tokens.by_code(get("code"), now),
        _ => return refuse("grant_type", "expected authorization_code or refresh_token"),
    };
    match sold {
        Some(sold) => Reply::json(200, &sold),
        None => refuse("oauth_code", "the code or refresh token is wrong, expired or used"),
    }
}
