//! HTTP by reqwest, with everything it would decide for us turned off.

use crate::body::{Body, ByteStream};
use crate::error::{Error, ErrorKind};
use crate::exchange::{Payload, RawResponse, Request};
use crate::operation::OperationInfo;
use crate::seams::Transport;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

/// Sends over HTTP/1.1 and HTTP/2, with TLS by rustls and the system's certificates.
///
/// Redirects are not followed here, nothing is retried, and proxies are taken from the usual environment variables.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// A transport with connections of its own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`] when the system's certificates cannot be used.
    pub fn new() -> Result<Self, Error> {
        // reqwest leaves the choice to the process. Whoever made one before us keeps it; the error says just that.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(15))
            .build()
            .map(Self::from)
            .map_err(|error| Error::input("client", cause(&error)))
    }
}

/// Takes a client that was configured elsewhere: a proxy, a private certificate authority.
///
/// It should follow no redirects: on its own it would carry credentials that live in other headers than `Authorization`
/// to foreign hosts.
impl From<reqwest::Client> for HttpTransport {
    fn from(client: reqwest::Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, info: &'static OperationInfo, request: Request) -> Result<RawResponse, Error> {
        let (streamed, limit) = (request.streamed, request.limit);
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        match request.body {
            Body::Empty => {}
            Body::Bytes(bytes) => *outgoing.body_mut() = Some(bytes.into()),
            Body::Source(source) => {
                *outgoing.body_mut() = Some(reqwest::Body::wrap(Upload {
                    remaining: source.len(),
                    stream: Mutex::new(source.open()),
                }));
            }
        }
        let mut response = self.client.execute(outgoing).await.map_err(|error| failure(info, error))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let payload = if streamed && status.is_success() {
            Payload::Stream(download(response))
        } else {
            let announced = headers.get(http::header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
            Payload::Bytes(collect(info, response, announced, limit).await?)
        };
        Ok(RawResponse::new(status, headers, payload))
    }
}

async fn collect(
    info: &'static OperationInfo,
    mut response: reqwest::Response,
    announced: Option<usize>,
    limit: usize,
) -> Result<Bytes, Error> {
    let status = response.status();
    let too_large = || {
        Error::new(ErrorKind::Decode, info.name)
            .with_status(status)
            .with_message(format!("larger than the limit of {limit} bytes"))
    };
    if announced.is_some_and(|len| len > limit) {
        return Err(too_large());
    }
    let failure = |error| failure(info, error);
    let Some(first) = response.chunk().await.map_err(failure)? else {
        return Ok(Bytes::new());
    };
    if announced == Some(first.len()) && first.len() <= limit {
        // Most answers arrive in one piece; it is handed on as it is.
        return Ok(first);
    }
    // An announced length is only trusted for as much as a lie may cost.
    let mut whole = BytesMut::with_capacity(announced.unwrap_or(16 * 1024).min(4 * 1024 * 1024));
    let mut next = Some(first);
    while let Some(chunk) = next {
        if whole.len() + chunk.len() > limit {
            return Err(too_large());
        }
        whole.extend_from_slice(&chunk);
        next = response.chunk().await.map_err(failure)?;
    }
    Ok(whole.freeze())
}

fn download(response: reqwest::Response) -> ByteStream {
    Box::pin(futures_util::stream::try_unfold(response, |mut response| async move {
        match response.chunk().await {
            Ok(chunk) => Ok(chunk.map(|chunk| (chunk, response))),
            Err(error) => Err(io::Error::other(error.without_url())),
        }
    }))
}

fn failure(info: &'static OperationInfo, error: reqwest::Error) -> Error {
    let kind = if error.is_connect() {
        ErrorKind::Connect
    } else if error.is_timeout() {
        ErrorKind::Timeout
    } else if error.is_builder() {
        ErrorKind::Input
    } else {
        ErrorKind::Transport
    };
    // The address may hold a token in its query, and reqwest would print it.
    let error = error.without_url();
    Error::new(kind, info.name).with_message(cause(&error)).with_source(error)
}

/// The words of the innermost cause: the outer ones only say that there is one.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// A request's body that is read while it is sent. The lock is never contended: reqwest asks for `Sync`, and a stream is not.
struct Upload {
    stream: Mutex<ByteStream>,
    remaining: Option<u64>,
}

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let stream = match self.stream.get_mut() {
            Ok(stream) => stream,
            Err(poisoned) => poisoned.into_inner(),
        };
        let next = std::task::ready!(stream.as_mut().poll_next(cx));
        if let (Some(Ok(chunk)), Some(remaining)) = (&next, &mut self.remaining) {
            *remaining = remaining.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(next.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
