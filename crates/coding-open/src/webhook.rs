//! Receiving webhooks and service hooks: is a delivery authentic, and what does it say?
//!
//! ```
//! use yunkit_coding_open::webhook::{Event, Webhook};
//! # use yunkit_core::http::HeaderMap;
//! # fn handle(headers: &HeaderMap, body: &[u8]) -> Result<(), yunkit_coding_open::Error> {
//! let webhook = Webhook::with_token("the token of the webhook".into());
//! match webhook.open(headers, body)?.event {
//!     Event::Push(push) => println!("{:?} is at {:?} now", push.r#ref, push.after),
//!     Event::Ping(_) => println!("the webhook was set up"),
//!     other => println!("not for us: {other:?}"),
//! }
//! # Ok(()) }
//! ```
//!
//! CODING has two kinds. The older webhooks sign the raw body with their token: `X-Coding-Signature` is the HMAC-SHA1 of
//! it; those of version 1 write the token into the body instead. Service hooks are told by
//! `X-Coding-Service-Hook-Event`, and sign nothing: whoever knows their address can call it. Read those with
//! [`Webhook::unsigned`], at an address that nobody guesses, and ask the API about what matters.

use serde_json::Value as Json;
use std::fmt::{self, Debug, Formatter};
use yunkit_core::http::{HeaderMap, header};
use yunkit_core::mac;
use yunkit_core::record::{self, Value};
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::{Error, ErrorKind};

pub use crate::events::*;

const NAME: &str = "webhook";

/// A webhook as it is set up at the service.
#[derive(Clone)]
pub struct Webhook {
    token: Option<SecretString>,
}

impl Webhook {
    /// One that has a token: deliveries without it are refused.
    pub fn with_token(token: SecretString) -> Self {
        Self { token: Some(token) }
    }

    /// One without a token, and every service hook: anybody's deliveries are taken.
    pub fn unsigned() -> Self {
        Self { token: None }
    }

    /// The signature of a body: what the service puts into `X-Coding-Signature`. Nothing for a webhook without a token.
    ///
    /// ```
    /// use yunkit_coding_open::webhook::Webhook;
    ///
    /// // RFC 2202, test case 2
    /// let webhook = Webhook::with_token("Jefe".into());
    /// let signature = webhook.sign(b"what do ya want for nothing?");
    /// assert_eq!(signature.as_deref(), Some("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
    /// ```
    pub fn sign(&self, body: &[u8]) -> Option<String> {
        let code = mac::sha1(self.token.as_ref()?.expose_secret().as_bytes(), body);
        Some(format!("sha1={}", mac::hex(&code)))
    }

    /// Checks that a delivery comes from somebody who knows the token: by its signature, or by the token in a body of
    /// version 1. The body must be the bytes as they came.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Delivery`] when the signature is wrong, or there is neither a signature nor a token.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Error> {
        let Some(token) = &self.token else {
            return Ok(());
        };
        if let Some(signature) = text(headers, "x-coding-signature") {
            let expected = self.sign(body).unwrap_or_default();
            return match mac::same(signature.trim().to_ascii_lowercase().as_bytes(), expected.as_bytes()) {
                true => Ok(()),
                false => Err(refuse("the signature is wrong")),
            };
        }
        let json: Json =
            serde_json::from_str(&payload(headers, body)?).map_err(|_| refuse("the body is no JSON"))?;
        match json.get("token").and_then(Json::as_str) {
            Some(brought) if mac::same(brought.as_bytes(), token.expose_secret().as_bytes()) => Ok(()),
            Some(_) => Err(refuse("the token in the body is wrong")),
            None if text(headers, SERVICE_HOOK).is_some() => {
                Err(refuse("service hooks are not signed; read them with Webhook::unsigned"))
            }
            None => Err(refuse("there is no X-Coding-Signature and no token in the body")),
        }
    }

    /// Verifies a delivery and reads it.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), and [`ErrorKind::Delivery`] when the body is not JSON or does not fit its kind.
    pub fn open(&self, headers: &HeaderMap, body: &[u8]) -> Result<Delivery, Error> {
        self.verify(headers, body)?;
        let own = |name: &str| text(headers, name).map(str::to_owned);
        let payload = payload(headers, body)?;
        let name = match own(SERVICE_HOOK).or_else(|| own("x-coding-event")) {
            Some(name) => name,
            None => {
                let json: Json = serde_json::from_str(&payload).map_err(|_| refuse("the body is no JSON"))?;
                json.get("event").and_then(Json::as_str).unwrap_or_default().to_owned()
            }
        };
        Ok(Delivery {
            event: Event::parse(&name, &payload)?,
            name,
            id: own("x-coding-delivery"),
            hook_id: own("x-coding-service-hook-id"),
            action: own("x-coding-service-hook-action"),
        })
    }
}

impl Debug for Webhook {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("has_token", &self.token.is_some()).finish_non_exhaustive()
    }
}

const SERVICE_HOOK: &str = "x-coding-service-hook-event";

/// What was delivered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// What happened.
    pub event: Event,
    /// The name of the event: `GIT_PUSHED` of a service hook, `push` of an older webhook.
    pub name: String,
    /// The id of the delivery; a repeated one has the same.
    pub id: Option<String>,
    /// The number of the service hook.
    pub hook_id: Option<String>,
    /// What the service hook does, such as `webhook_http_post`.
    pub action: Option<String>,
}

/// What happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Nothing: the webhook was set up.
    Ping(Box<Ping>),
    /// Commits were pushed, or a branch or tag was created or deleted.
    Push(Box<PushEvent>),
    /// Something happened to a merge request.
    MergeRequest(Box<MergeRequestEvent>),
    /// Something happened to an issue.
    Issue(Box<IssueEvent>),
    /// Somebody commented on an issue.
    IssueComment(Box<IssueCommentEvent>),
    /// Something happened to an iteration.
    Iteration(Box<IterationEvent>),
    /// A job was changed, started or finished.
    CiJob(Box<CiJobEvent>),
    /// Something happened to an artifact or its repository.
    Artifact(Box<ArtifactEvent>),
    /// Something happened to a page of the wiki.
    Wiki(Box<WikiEvent>),
    /// Something happened to files or folders.
    File(Box<FileEvent>),
    /// Somebody joined or left a project, or got another role.
    Member(Box<MemberEvent>),
    /// Something that nobody has described.
    Other {
        /// Its name.
        name: String,
        /// All it says.
        body: Json,
    },
}

impl Event {
    /// Reads an event by its name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Delivery`] when the text is not JSON or does not fit the event.
    pub fn parse(name: &str, json: &str) -> Result<Self, Error> {
        let mut event = Self::empty(name);
        let place: &mut dyn Value = match &mut event {
            Self::Ping(event) => event,
            Self::Push(event) => event,
            Self::MergeRequest(event) => event,
            Self::Issue(event) => event,
            Self::IssueComment(event) => event,
            Self::Iteration(event) => event,
            Self::CiJob(event) => event,
            Self::Artifact(event) => event,
            Self::Wiki(event) => event,
            Self::File(event) => event,
            Self::Member(event) => event,
            Self::Other { body, .. } => body,
        };
        record::decode(json, place).map_err(|error| refuse(&error.to_string()).with_source(error))?;
        Ok(event)
    }

    fn empty(name: &str) -> Self {
        match name {
            "ping" => Self::Ping(Box::default()),
            "push" | "GIT_PUSHED" => Self::Push(Box::default()),
            "merge request" | "merge_request" => Self::MergeRequest(Box::default()),
            "ISSUE_COMMENT_CREATED" => Self::IssueComment(Box::default()),
            name if name.starts_with("GIT_MR_") => Self::MergeRequest(Box::default()),
            name if name.starts_with("ISSUE_") => Self::Issue(Box::default()),
            name if name.starts_with("ITERATION_") => Self::Iteration(Box::default()),
            name if name.starts_with("CI_JOB_") => Self::CiJob(Box::default()),
            name if name.starts_with("ARTIFACTS_") => Self::Artifact(Box::default()),
            // The official page gives `WIKI_DELETED` to who joins a project as well; here it is a page, as it says elsewhere.
            name if name.starts_with("WIKI_") => Self::Wiki(Box::default()),
            name if name.starts_with("FILE_") => Self::File(Box::default()),
            name if name.starts_with("MEMBER_") => Self::Member(Box::default()),
            name => Self::Other { name: name.to_owned(), body: Json::Null },
        }
    }
}

/// The JSON of a delivery: the body, or the field `payload` of a form.
fn payload(headers: &HeaderMap, body: &[u8]) -> Result<String, Error> {
    let body = std::str::from_utf8(body).map_err(|_| refuse("the body is not UTF-8 text"))?;
    let form = text(headers, header::CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    if !form {
        return Ok(body.to_owned());
    }
    let field = body.split('&').find_map(|field| field.strip_prefix("payload="));
    let field = field.ok_or_else(|| refuse("the form has no field `payload`"))?.replace('+', " ");
    Ok(percent_encoding::percent_decode_str(&field).decode_utf8_lossy().into_owned())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn refuse(why: &str) -> Error {
    Error::new(ErrorKind::Delivery, NAME).with_message(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yunkit_core::http::{HeaderName, HeaderValue};

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        all.iter().map(pair).collect()
    }

    #[test]
    fn a_signed_push_is_read_and_a_changed_one_is_not() {
        let webhook = Webhook::with_token("s3cr3t".into());
        let body = br#"{"ref": "refs/heads/main", "after": "a1", "commits": [{"id": "a1", "modified": ["x"]}]}"#;
        let signature = webhook.sign(body).unwrap();
        let headers = headers(&[
            ("X-Coding-Event", "push"),
            ("X-Coding-Delivery", "d-1"),
            ("X-Coding-Signature", &signature),
        ]);

        let delivery = webhook.open(&headers, body).unwrap();

        assert_eq!(delivery.id.as_deref(), Some("d-1"));
        let Event::Push(push) = delivery.event else { panic!("{:?}", delivery.event) };
        assert_eq!(push.after.as_deref(), Some("a1"));
        let changed = webhook.open(&headers, b"{}").unwrap_err();
        assert_eq!(changed.to_string(), "webhook: the delivery was not accepted: the signature is wrong");
    }

    #[test]
    fn the_token_of_version_1_is_looked_for_in_the_body_also_in_that_of_a_form() {
        let webhook = Webhook::with_token("s3cr3t".into());
        let json = headers(&[("X-Coding-Event", "ping")]);
        let form = headers(&[
            ("X-Coding-Event", "ping"),
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        ]);

        let ping = webhook.open(&json, br#"{"token": "s3cr3t", "zen": "Keep calm"}"#).unwrap();
        let again = webhook.open(&form, b"payload=%7B%22token%22%3A%22s3cr3t%22%2C%22zen%22%3A%22Keep+calm%22%7D");

        for delivery in [ping, again.unwrap()] {
            let Event::Ping(ping) = &delivery.event else { panic!("{delivery:?}") };
            assert_eq!(ping.zen.as_deref(), Some("Keep calm"));
            assert!(!format!("{delivery:?}").contains("s3cr3t"));
        }
        for (body, said) in [
            (r#"{"token": "other"}"#, "the token in the body is wrong"),
            (r#"{"zen": "x"}"#, "there is no X-Coding-Signature and no token in the body"),
            ("x", "the body is no JSON"),
        ] {
            assert_eq!(webhook.open(&json, body.as_bytes()).unwrap_err().message(), Some(said));
        }
    }

    #[test]
    fn a_service_hook_is_told_by_its_headers_and_read_only_by_who_asks_for_it_unsigned() {
        let headers = headers(&[
            ("X-Coding-Service-Hook-Event", "GIT_MR_MERGED"),
            ("X-Coding-Service-Hook-Id", "77"),
            ("X-Coding-Service-Hook-Action", "webhook_http_post"),
        ]);
        let body = br#"{"event": "GIT_MR_MERGED", "mergeRequest": {"number": "3", "merged": "true"}, "new": 1}"#;

        let delivery = Webhook::unsigned().open(&headers, body).unwrap();

        assert_eq!(delivery.hook_id.as_deref(), Some("77"));
        let Event::MergeRequest(event) = delivery.event else { panic!() };
        let request = event.merge_request.unwrap();
        assert_eq!((request.number, request.merged), (Some(3), Some(true)));
        let refused = Webhook::with_token("s3cr3t".into()).open(&headers, body).unwrap_err();
        assert_eq!(refused.message(), Some("service hooks are not signed; read them with Webhook::unsigned"));
    }

    #[test]
    fn events_that_nobody_has_described_come_whole() {
        let headers = headers(&[("X-Coding-Service-Hook-Event", "PLAN_STATUE_CHANGED")]);

        let delivery = Webhook::unsigned().open(&headers, br#"{"plan": 1}"#).unwrap();

        let Event::Other { name, body } = delivery.event else { panic!() };
        assert_eq!((name.as_str(), body["plan"].as_i64()), ("PLAN_STATUE_CHANGED", Some(1)));
    }
}
