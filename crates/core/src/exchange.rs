//! What goes out and what comes back, between the pipeline and the socket.

use crate::body::{Body, ByteStream};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};
use url::Url;

/// A request as it will be sent.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// The headers; secret ones are marked as sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// Whether a successful answer is handed on while it arrives instead of being collected.
    pub streamed: bool,
    /// The most bytes of an answer that are collected, counted after they are unpacked.
    pub limit: usize,
    /// How long a transfer may stand still: an upload, or an answer that is handed on while it arrives.
    pub stall: Option<Duration>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::with_capacity(6),
            body: Body::Empty,
            streamed: false,
            limit: usize::MAX,
            stall: None,
        }
    }
}

/// Shows everything but secrets: sensitive headers, query values and bodies stay out.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bare = self.url.clone();
        bare.set_query(None);
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &bare.as_str())
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// An answer as it came off the wire.
#[derive(Debug)]
#[non_exhaustive]
pub struct RawResponse {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, collected or arriving.
    pub payload: Payload,
}

impl RawResponse {
    /// An answer with everything in it.
    pub fn new(status: StatusCode, headers: HeaderMap, payload: impl Into<Payload>) -> Self {
        Self { status, headers, payload: payload.into() }
    }
    /// The text of a header; nothing when it is missing or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The body of an answer.
pub enum Payload {
    /// All of it.
    Bytes(Bytes),
    /// As it arrives.
    Stream(ByteStream),
}

impl Payload {
    /// The bytes that were collected; none for a stream.
    pub fn bytes(&self) -> &Bytes {
        static NONE: Bytes = Bytes::new();
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Stream(_) => &NONE,
        }
    }
    pub(crate) fn into_stream(self) -> ByteStream {
        match self {
            Self::Stream(stream) => stream,
            Self::Bytes(bytes) => Box::pin(futures_util::stream::once(async move { Ok(bytes) })),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "[{} bytes]", bytes.len()),
            Self::Stream(_) => f.write_str("[stream]"),
        }
    }
}

/// A success, with the envelope taken off.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The id under which the service logged the request.
    pub request_id: Option<String>,
    /// What the operation yields, still encoded: a slice of the body, never a copy.
    pub payload: Payload,
    /// How many attempts it took.
    pub(crate) attempts: u32,
}

impl Opened {
    /// A success whose payload is the whole body.
    pub fn whole(response: RawResponse, request_id: Option<String>) -> Self {
        let RawResponse { status, headers, payload } = response;
        Self { status, headers, request_id, payload, attempts: 0 }
    }
}

/// What came with an answer, beside its value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Meta {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The id under which the service logged the request.
    pub request_id: Option<String>,
    /// What is left of the allowance, when the service says.
    pub rate: Option<Rate>,
}

/// What the service says about the allowance of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rate {
    /// Calls allowed in a window.
    pub limit: u64,
    /// Calls left in this window.
    pub remaining: u64,
    /// When the next window begins, in seconds since 1970.
    pub resets_at: u64,
}

impl Rate {
    /// Reads the three headers that most services use; nothing unless all are there.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        Some(Self {
            limit: number(headers, "x-ratelimit-limit")?,
            remaining: number(headers, "x-ratelimit-remaining")?,
            resets_at: number(headers, "x-ratelimit-reset")?,
        })
    }
}

/// A header that is a number.
pub(crate) fn number<T: FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// How long an answer asks to wait, by `Retry-After` in seconds or as a date.
///
/// A date is measured against the answer's own `Date`, so that a wrong clock here does no harm.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(sent_at(headers)).unwrap_or_default())
}

/// When an answer was sent, by its `Date`; now where it has none.
pub fn sent_at(headers: &HeaderMap) -> SystemTime {
    headers
        .get(header::DATE)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok())
        .unwrap_or_else(SystemTime::now)
}
