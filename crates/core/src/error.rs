//! The one error type: a line a person can act on, and the facts behind it for programs.

use crate::operation::OperationInfo;
use bytes::Bytes;
use http::StatusCode;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What went wrong, in one word.
///
/// Match on it with a wildcard arm; for the usual questions there are methods on [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request could not be built from what was given. Nothing was sent.
    Input,
    /// There is no usable credential, or it could not be renewed. Nothing was sent.
    Credential,
    /// No connection to the host came about. Nothing was sent.
    Connect,
    /// The deadline of the call passed.
    Timeout,
    /// The connection broke during the exchange.
    Transport,
    /// The service answered, and refused.
    Service,
    /// The service answered, but not in the shape it documents.
    Decode,
    /// The answer points somewhere this client will not go.
    Redirect,
    /// A [`RateGate`](crate::RateGate) or a `Pace` held the call back: there are too many. Nothing was sent.
    Held,
    /// A webhook delivery is not authentic, or not what the service documents.
    Delivery,
    /// A file on this machine could not be written.
    File,
}

/// Whether the request can have reached the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WasSent {
    /// It cannot: repeating the call is safe, even a write.
    No,
    /// It may have, and may have had its effect.
    Maybe,
    /// It has: the service answered.
    Yes,
}

/// What a refusal means for whoever decides about trying again. Protocols set it; the status alone often cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing that matters to the pipeline.
    #[default]
    Other,
    /// Too many requests; a later one may pass.
    Throttled,
    /// The token is missing, wrong or expired; another one may pass.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// The thing does not exist, or is not visible to the caller.
    NotFound,
    /// The service failed; the same request may pass later.
    Unavailable,
    /// The session is over, and only the user can begin another.
    Reauthorize,
}

impl Reason {
    /// The meaning HTTP gives to a status.
    pub fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 | 410 => Self::NotFound,
            429 => Self::Throttled,
            500 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Other,
        }
    }
}

/// The error of every call.
///
/// Its line reads *operation: what failed (HTTP status, code): the service's words \[request id\]*, and holds no secret and
/// no address with a query. It is one word wide and cheap to clone.
///
/// ```
/// # use yunkit_core::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Service, "repos::Get")
///     .with_status(http::StatusCode::NOT_FOUND)
///     .with_message("Not Found Project");
/// assert_eq!(error.to_string(), "repos::Get: the service refused (HTTP 404): Not Found Project");
/// assert!(!error.is_retryable());
/// ```
#[derive(Clone)]
pub struct Error(Box<Repr>);

#[derive(Clone)]
struct Repr {
    kind: ErrorKind,
    reason: Reason,
    operation: &'static str,
    status: Option<StatusCode>,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    was_sent: WasSent,
    attempts: u32,
    body: Bytes,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `operation`; for those who write protocols, credentials and transports.
    pub fn new(kind: ErrorKind, operation: &'static str) -> Self {
        let was_sent = match kind {
            ErrorKind::Input
            | ErrorKind::Credential
            | ErrorKind::Connect
            | ErrorKind::Held
            | ErrorKind::Delivery => WasSent::No,
            ErrorKind::Timeout | ErrorKind::Transport => WasSent::Maybe,
            ErrorKind::Service | ErrorKind::Decode | ErrorKind::Redirect | ErrorKind::File => WasSent::Yes,
        };
        Self(Box::new(Repr {
            kind,
            reason: Reason::Other,
            operation,
            status: None,
            code: None,
            message: None,
            request_id: None,
            retry_after: None,
            was_sent,
            attempts: 0,
            body: Bytes::new(),
            source: None,
        }))
    }

    /// Bad input of `operation`, in words that say what to change.
    pub fn input(operation: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, operation).with_message(message)
    }

    /// Adds the HTTP status, and the meaning HTTP gives it.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self.0.reason = Reason::of_status(status);
        self
    }
    /// Says what the refusal means where the status does not.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.0.reason = reason;
        self
    }
    /// Adds the service's own code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }
    /// Adds the service's own words, or ours where it has none.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }
    /// Adds the id under which the service logged the request.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }
    /// Adds how long the service asks to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }
    /// Says whether the request can have reached the service.
    #[must_use]
    pub fn with_was_sent(mut self, was_sent: WasSent) -> Self {
        self.0.was_sent = was_sent;
        self
    }
    /// Adds the answer as it came, unless the operation keeps its answers to itself.
    #[must_use]
    pub fn with_body(mut self, info: &OperationInfo, body: Bytes) -> Self {
        if !info.sensitive {
            self.0.body = body;
        }
        self
    }
    /// Adds the cause. Its text must hold no secret and no address with a query.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }
    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }
    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = operation;
        self
    }

    /// The same failure, seen by the call that wanted a credential: there is none to call with, and nothing of the call was
    /// sent.
    #[must_use]
    pub fn into_credential(mut self) -> Self {
        if self.0.kind != ErrorKind::Input {
            self.0.kind = ErrorKind::Credential;
        }
        self.0.was_sent = WasSent::No;
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    /// The operation, as `module::Name`.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }
    /// The HTTP status, when there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }
    /// The service's own code, when it sent one.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }
    /// The service's own words, or what we can say in their place.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
    /// The id under which the service logged the request; quote it to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }
    /// How long the service asks to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
    /// What the refusal means.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }
    /// Whether the request can have reached the service.
    pub fn was_sent(&self) -> WasSent {
        self.0.was_sent
    }
    /// How many attempts were made before giving up; 0 when nothing was tried.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }
    /// The answer as it came; empty when there was none, and for operations that handle tokens.
    pub fn raw_body(&self) -> &Bytes {
        &self.0.body
    }

    /// Whether the session is over: no call will pass before the user has signed in again.
    pub fn is_reauthorization_required(&self) -> bool {
        self.0.reason == Reason::Reauthorize
    }
    /// Whether the same request may pass later. Says nothing about whether repeating it is safe; see [`was_sent`](Self::was_sent).
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Transport => true,
            ErrorKind::Service => {
                matches!(self.0.reason, Reason::Throttled | Reason::Unavailable)
            }
            _ => false,
        }
    }
    /// Whether the thing does not exist, or is not visible to the caller.
    pub fn is_not_found(&self) -> bool {
        self.0.reason == Reason::NotFound
    }
    /// Whether the service wants fewer requests.
    pub fn is_rate_limited(&self) -> bool {
        self.0.reason == Reason::Throttled
    }
    /// Whether the token is missing, wrong or expired.
    pub fn is_unauthenticated(&self) -> bool {
        self.0.reason == Reason::Unauthenticated
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("reason", &self.0.reason)
            .field("operation", &self.0.operation)
            .field("status", &self.0.status)
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("request_id", &self.0.request_id)
            .field("retry_after", &self.0.retry_after)
            .field("was_sent", &self.0.was_sent)
            .field("attempts", &self.0.attempts)
            .field("body_len", &self.0.body.len())
            .field("source", &self.0.source)
            .finish()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.kind {
            ErrorKind::Input => "the request is not valid",
            ErrorKind::Credential => "there is no usable credential",
            ErrorKind::Connect => "could not connect",
            ErrorKind::Timeout => "timed out",
            ErrorKind::Transport => "the connection broke",
            ErrorKind::Service => "the service refused",
            ErrorKind::Decode => "the answer is not what the service documents",
            ErrorKind::Redirect => "the redirect was not followed",
            ErrorKind::Held => "the call was held back",
            ErrorKind::Delivery => "the delivery was not accepted",
            ErrorKind::File => "the file could not be written",
        };
        write!(f, "{}: {what}", self.0.operation)?;
        match (self.0.status, &self.0.code) {
            (Some(status), Some(code)) => write!(f, " (HTTP {}, {})", status.as_u16(), one_line(code))?,
            (Some(status), None) => write!(f, " (HTTP {})", status.as_u16())?,
            (None, Some(code)) => write!(f, " ({})", one_line(code))?,
            (None, None) => {}
        }
        if let Some(message) = &self.0.message {
            write!(f, ": {}", one_line(message))?;
        }
        if let Some(id) = &self.0.request_id {
            write!(f, " [{}]", one_line(id))?;
        }
        Ok(())
    }
}

/// Whatever the service sent.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
