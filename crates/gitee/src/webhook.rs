//! Receiving webhooks: is a delivery authentic, and what does it say?
//!
//! ```
//! use std::time::SystemTime;
//! use yunkit_gitee::webhook::{Event, Webhook};
//! # use yunkit_core::http::HeaderMap;
//! # fn handle(headers: &HeaderMap, body: &[u8]) -> Result<(), yunkit_gitee::Error> {
//! let webhook = Webhook::signed("the secret of the webhook".into());
//! match webhook.open(headers, body, SystemTime::now())? {
//!     Event::Push(push) => println!("{:?} is at {:?} now", push.r#ref, push.after),
//!     Event::Issue(event) => println!("an issue: {:?}", event.action),
//!     other => println!("not for us: {other:?}"),
//! }
//! # Ok(()) }
//! ```
//!
//! Neither of Gitee's two modes covers the body: the password mode sends a fixed password, the signature mode signs the time
//! with the secret. Whoever sees one delivery can send another body within the hour; use https, and ask the API about what
//! matters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::{self, Debug, Formatter};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yunkit_core::http::HeaderMap;
use yunkit_core::mac;
use yunkit_core::record::{self, Value};
use yunkit_core::secrecy::{ExposeSecret, SecretString};
use yunkit_core::{Error, ErrorKind};

pub use crate::events::*;

/// How long a signature is good for, before and after its time.
const WINDOW: Duration = Duration::from_secs(3600);

const NAME: &str = "webhook";

/// A webhook as it is set up at the service: its mode and its secret.
#[derive(Clone)]
pub struct Webhook {
    secret: SecretString,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mode {
    Password,
    Signature,
}

impl Webhook {
    /// One that sends its password with every delivery (`encryption_type` 0).
    pub fn with_password(password: SecretString) -> Self {
        Self { secret: password, mode: Mode::Password }
    }

    /// One that signs the time of every delivery (`encryption_type` 1).
    pub fn signed(secret: SecretString) -> Self {
        Self { secret, mode: Mode::Signature }
    }

    /// The signature of a time, in milliseconds since 1970; what the service puts into `X-Gitee-Token`.
    ///
    /// ```
    /// use yunkit_gitee::webhook::Webhook;
    ///
    /// // The published vector
    /// let webhook = Webhook::signed("bBg5lrt03VixkX85CNqYIcecC0SIGASE".into());
    /// assert_eq!(webhook.sign(1_633_679_083_918), "Xvh4YPVe6l31XpDRL9J2yeaEXabsckIoUUschpXiVck=");
    /// ```
    pub fn sign(&self, timestamp: u64) -> String {
        let secret = self.secret.expose_secret();
        STANDARD.encode(mac::sha256(secret.as_bytes(), format!("{timestamp}\n{secret}").as_bytes()))
    }

    /// Checks that a delivery comes from somebody who knows the secret, by its headers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Delivery`] when a header is missing, the password or signature is wrong, or the signature is more than
    /// an hour away from `now`.
    pub fn verify(&self, headers: &HeaderMap, now: SystemTime) -> Result<(), Error> {
        let token = header(headers, "x-gitee-token").ok_or_else(|| refuse("there is no X-Gitee-Token"))?;
        if self.mode == Mode::Password {
            return match mac::same(token.as_bytes(), self.secret.expose_secret().as_bytes()) {
                true => Ok(()),
                false => Err(refuse("the password is wrong")),
            };
        }
        let timestamp =
            header(headers, "x-gitee-timestamp").ok_or_else(|| refuse("there is no X-Gitee-Timestamp"))?;
        let timestamp: u64 = timestamp.trim().parse().map_err(|_| refuse("X-Gitee-Timestamp is no number"))?;
        // The help tells senders to percent-encode; deliveries that were recorded are not encoded.
        let token = percent_encoding::percent_decode_str(token).decode_utf8_lossy();
        if !mac::same(token.as_bytes(), self.sign(timestamp).as_bytes()) {
            return Err(refuse("the signature is wrong"));
        }
        let sent = UNIX_EPOCH.checked_add(Duration::from_millis(timestamp));
        let apart = sent.map(|sent| sent.duration_since(now).unwrap_or_else(|early| early.duration()));
        match apart {
            Some(apart) if apart <= WINDOW => Ok(()),
            _ => Err(refuse("the signature is more than an hour away from now")),
        }
    }

    /// Verifies a delivery and reads its event.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify) and [`Event::parse`].
    pub fn open(&self, headers: &HeaderMap, body: &[u8], now: SystemTime) -> Result<Event, Error> {
        self.verify(headers, now)?;
        let kind = header(headers, "x-gitee-event").or_else(|| header(headers, "x-git-oschina-event"));
        Event::parse(kind, body)
    }
}

impl Debug for Webhook {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// Whether a delivery is only a test, sent from the settings page.
pub fn is_ping(headers: &HeaderMap) -> bool {
    header(headers, "x-gitee-ping").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// What happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Commits were pushed, or a branch was created or deleted.
    Push(Box<PushEvent>),
    /// A tag was pushed or deleted.
    TagPush(Box<PushEvent>),
    /// Something happened to a pull request.
    MergeRequest(Box<MergeRequestEvent>),
    /// Something happened to an issue.
    Issue(Box<IssueEvent>),
    /// Somebody commented.
    Note(Box<NoteEvent>),
    /// An event of a kind that is not documented.
    Other {
        /// The kind, as the header or the body names it.
        kind: String,
        /// The body as it came.
        body: serde_json::Value,
    },
}

impl Event {
    /// Reads the body of a delivery without verifying it. `kind` is what `X-Gitee-Event` says; without it the body's
    /// `hook_name` decides.
    ///
    /// Very old webhooks send a form with the event in the field `hook`; that is read, too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Delivery`] when the body is not JSON or does not fit the kind.
    pub fn parse(kind: Option<&str>, body: &[u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(body).map_err(|_| refuse("the body is not UTF-8 text"))?;
        let unpacked = text.strip_prefix("hook=").map(|hook| {
            let hook = hook.split('&').next().unwrap_or_default().replace('+', " ");
            percent_encoding::percent_decode_str(&hook).decode_utf8_lossy().into_owned()
        });
        let text = unpacked.as_deref().unwrap_or(text);
        let kind = match kind {
            Some(kind) => kind.to_owned(),
            None => {
                let body: serde_json::Value =
                    serde_json::from_str(text).map_err(|_| refuse("the body is no JSON"))?;
                body.get("hook_name").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
            }
        };
        let mut event = match kind.as_str() {
            "Push Hook" | "push_hooks" => Self::Push(Box::default()),
            "Tag Push Hook" | "tag_push_hooks" => Self::TagPush(Box::default()),
            "Merge Request Hook" | "merge_request_hooks" => Self::MergeRequest(Box::default()),
            "Issue Hook" | "issue_hooks" => Self::Issue(Box::default()),
            "Note Hook" | "note_hooks" => Self::Note(Box::default()),
            _ => Self::Other { kind, body: serde_json::Value::Null },
        };
        let place: &mut dyn Value = match &mut event {
            Self::Push(event) | Self::TagPush(event) => event,
            Self::MergeRequest(event) => event,
            Self::Issue(event) => event,
            Self::Note(event) => event,
            Self::Other { body, .. } => body,
        };
        record::decode(text, place).map_err(|error| refuse(&error.to_string()).with_source(error))?;
        Ok(event)
    }

    /// An empty value of the model that an event of this kind has; for tools that compare what came with what was read.
    #[doc(hidden)]
    pub fn empty(&self) -> Box<dyn Value> {
        match self {
            Self::Push(_) | Self::TagPush(_) => Box::<PushEvent>::default(),
            Self::MergeRequest(_) => Box::<MergeRequestEvent>::default(),
            Self::Issue(_) => Box::<IssueEvent>::default(),
            Self::Note(_) => Box::<NoteEvent>::default(),
            Self::Other { .. } => Box::<serde_json::Value>::default(),
        }
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn refuse(why: &str) -> Error {
    Error::new(ErrorKind::Delivery, NAME).with_message(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use yunkit_core::http::HeaderValue;

    const SENT: u64 = 1_767_225_600_000;

    fn at(millis: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(millis)
    }

    fn headers(rows: &[(&'static str, &str)]) -> HeaderMap {
        rows.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_signature_is_good_for_an_hour_and_for_its_secret_only() {
        let webhook = Webhook::signed("s3cr3t".into());
        let signature = webhook.sign(SENT);
        let encoded = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let time = SENT.to_string();
        let hour = 3_600_000;
        let rows = [
            (&*signature, &*time, SENT, None),
            (&*encoded, &*time, SENT, None),
            (&*signature, &*time, SENT + hour, None),
            (&*signature, &*time, SENT - hour, None),
            (&*signature, &*time, SENT + hour + 1, Some("the signature is more than an hour away from now")),
            (&*signature, &*time, SENT - hour - 1, Some("the signature is more than an hour away from now")),
            ("AAAA", &*time, SENT, Some("the signature is wrong")),
            (&*signature, "1767225600001", SENT, Some("the signature is wrong")),
            (&*signature, "soon", SENT, Some("X-Gitee-Timestamp is no number")),
        ];

        for (token, time, now, expected) in rows {
            let headers = headers(&[("x-gitee-token", token), ("x-gitee-timestamp", time)]);
            let said = webhook.verify(&headers, at(now)).err();
            assert_eq!(said.as_ref().and_then(Error::message), expected, "{token} {time} {now}");
        }
        let missing = webhook.verify(&HeaderMap::new(), at(SENT)).unwrap_err();
        assert_eq!(missing.to_string(), "webhook: the delivery was not accepted: there is no X-Gitee-Token");
    }

    #[test]
    fn a_password_is_compared_and_never_shown() {
        let webhook = Webhook::with_password("s3cr3t".into());

        assert!(webhook.verify(&headers(&[("x-gitee-token", "s3cr3t")]), at(SENT)).is_ok());
        assert!(webhook.verify(&headers(&[("x-gitee-token", "s3cr3")]), at(SENT)).is_err());
        assert!(!format!("{webhook:?}").contains("s3cr3t"));
        let event = Event::parse(None, br#"{"hook_name":"push_hooks","password":"s3cr3t"}"#).unwrap();
        assert!(!format!("{event:?}").contains("s3cr3t"), "{event:?}");
    }

    #[test]
    fn the_kind_comes_from_the_header_or_the_body_and_an_unknown_one_is_kept() {
        let kind = |header: Option<&str>, body: &str| match Event::parse(header, body.as_bytes()).unwrap() {
            Event::Push(_) => "push",
            Event::TagPush(_) => "tag",
            Event::MergeRequest(_) => "merge request",
            Event::Issue(_) => "issue",
            Event::Note(_) => "note",
            Event::Other { .. } => "other",
        };

        assert_eq!(kind(Some("Tag Push Hook"), r#"{"hook_name":"push_hooks"}"#), "tag");
        assert_eq!(kind(None, r#"{"hook_name":"merge_request_hooks"}"#), "merge request");
        assert_eq!(kind(None, "hook=%7B%22hook_name%22%3A%22issue_hooks%22%7D&x=1"), "issue");
        assert_eq!(kind(Some("Wiki Hook"), r#"{"a":1}"#), "other");
        assert!(Event::parse(Some("Push Hook"), b"[]").is_err());
        assert!(Event::parse(None, b"not json").is_err());
    }
}
