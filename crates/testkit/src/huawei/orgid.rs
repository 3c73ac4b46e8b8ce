//! What the fake of OrgID remembers: codes, tokens and tickets.

use crate::engine::{Checked, Reply};
use crate::huawei::{CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, USER};
use crate::sample::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use wiremock::Request;
use yunkit_core::Url;
use yunkit_core::operation::Route;

#[derive(Debug)]
pub(crate) struct OrgId {
    random: Random,
    /// Codes that were not used, and their scope.
    codes: BTreeMap<String, String>,
    /// Tokens and when they end.
    tokens: BTreeMap<String, u64>,
    /// Tickets that were not used, and the service they are for.
    tickets: BTreeMap<String, String>,
}

const HOUR: u64 = 3600;

impl OrgId {
    pub(crate) fn new(seed: u64) -> Self {
        let random = Random::new(seed, "orgid");
        Self { random, codes: BTreeMap::new(), tokens: BTreeMap::new(), tickets: BTreeMap::new() }
    }

    /// The consent page, and the user who agrees.
    pub(crate) fn authorize(&mut self, url: &Url) -> Result<String, String> {
        let get = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
        for (name, expected) in
            [("client_id", CLIENT_ID), ("redirect_uri", REDIRECT_URI), ("response_type", "code")]
        {
            if get(name).as_deref() != Some(expected) {
                return Err(format!("the {name} is not the registered one"));
            }
        }
        let code = self.random.hex(32);
        self.codes.insert(code.clone(), get("scope").unwrap_or_default());
        let mut back = Url::parse(REDIRECT_URI).map_err(|error| error.to_string())?;
        back.query_pairs_mut().append_pair("code", &code);
        if let Some(state) = get("state") {
            back.query_pairs_mut().append_pair("state", &state);
        }
        Ok(back.into())
    }

    /// A ticket as the browser brings it after a sign-in by CAS.
    pub(crate) fn ticket(&mut self, service: &str) -> String {
        let ticket = format!("ST-{}", self.random.hex(24));
        self.tickets.insert(ticket.clone(), service.to_owned());
        ticket
    }

    pub(crate) fn answer(&mut self, call: &Checked, request: &Request, now: u64) -> Option<Reply> {
        let Route::Rest { path, .. } = call.entry.info.route else { return None };
        Some(match path {
            "/oauth2/authorize" => match self.authorize(&request.url) {
                Ok(back) => Reply::empty(302).header("Location", back),
                Err(why) => refuse(400, &why),
            },
            "/oauth/logout" => Reply::empty(302).header(
                "Location",
                match call.text("service") {
                    "" => "https://orgid.example.com/",
                    service => service,
                },
            ),
            "/orgid/openapi/v1/oauth2/token" => {
                let application =
                    call.text("client_id") == CLIENT_ID && call.text("client_secret") == CLIENT_SECRET;
                if call.text("grant_type") != "authorization_code"
                    || !application
                    || call.text("redirect_uri") != REDIRECT_URI
                {
                    return Some(refuse(400, "the application or the grant is not valid"));
                }
                let Some(scope) = self.codes.remove(call.text("code")) else {
                    return Some(refuse(400, "the code is not valid"));
                };
                let token = format!("u-{}", self.random.hex(30));
                self.tokens.insert(token.clone(), now + HOUR);
                let mut answer =
                    json!({"access_token": token, "token_type": "Bearer", "expires_in": HOUR, "scope": scope});
                if call.text("access_type") == "offline" {
                    answer["refresh_token"] = format!("r-{}", self.random.hex(30)).into();
                }
                Reply::json(200, &answer)
            }
            "/orgid/openapi/v1/oauth2/userinfo" => {
                let known = call
                    .text("X-OrgID-Authorization")
                    .strip_prefix("Bearer ")
                    .and_then(|token| self.tokens.get(token));
                if known.is_none_or(|ends| *ends <= now) {
                    return Some(refuse(401, "the token is not valid"));
                }
                Reply::json(
                    200,
                    &json!({"name": "Demo User", "user_name": USER, "user_id": "fake-user", "tenant": "fake-tenant",
                    "role": "user", "mobile": "00861380000000", "email": "demo@example.com"}),
                )
            }
            "/orgid/openapi/v1/cas/p3/serviceValidate" => {
                let (service, ticket) = (call.text("service"), call.text("ticket"));
                let response: Value = match self.tickets.remove(ticket) {
                    Some(expected) if expected == service => {
                        json!({"authenticationSuccess": {"user": USER, "attributes": {"userName": USER, "displayName": "Demo User"}}})
                    }
                    Some(_) => {
                        json!({"authenticationFailure": {"code": "INVALID_SERVICE", "description": "the ticket is for another service"}})
                    }
                    None => {
                        json!({"authenticationFailure": {"code": "INVALID_TICKET", "description": "the ticket is not known"}})
                    }
                };
                Reply::json(200, &json!({"serviceResponse": response}))
            }
            _ => return None,
        })
    }
}

fn refuse(status: u16, why: &str) -> Reply {
    Reply::json(
        status,
        &json!({"error_code": "ORGID.OAUTH.0001", "error_msg": why, "error": "invalid_request", "error_description": why}),
    )
}
